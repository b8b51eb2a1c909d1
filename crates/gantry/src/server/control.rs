//! What the operator asks of a running server: over the control socket, and reset also over the port of a
//! throwaway stack.

use std::sync::Arc;
use std::time::Instant;

use http::{Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::listen::{Body, Handler, Peer};
use super::route::{answer, refusal};
use super::wiring::Parts;

pub struct Control {
    parts: Arc<Parts>,
    stop: CancellationToken,
    /// `--auth off`.
    throwaway: bool,
}

impl Control {
    pub fn new(parts: Arc<Parts>, stop: CancellationToken, throwaway: bool) -> Self {
        Self { parts, stop, throwaway }
    }

    /// Empties the stack: every account's resources, usage and logs. Containers are killed as their
    /// assignments vanish.
    pub async fn reset(&self) -> Response<Body> {
        if !self.throwaway {
            return refusal(
                StatusCode::FORBIDDEN,
                "reset is only for throwaway stacks; start the server with `gantry up --auth off` to have one",
            );
        }
        let began = Instant::now();
        match self.parts.reset().await {
            Ok(()) => answer(StatusCode::OK, &json!({ "took_ms": began.elapsed().as_millis() as u64 })),
            Err(error) => {
                tracing::error!(%error, "reset failed");
                refusal(StatusCode::INTERNAL_SERVER_ERROR, &format!("reset failed: {error:#}"))
            }
        }
    }

    async fn down(&self) -> Response<Body> {
        match self.parts.drain().await {
            Ok(stopped) => {
                self.stop.cancel();
                answer(StatusCode::OK, &json!({ "stopped": stopped }))
            }
            Err(error) => {
                refusal(StatusCode::INTERNAL_SERVER_ERROR, &format!("not all tasks could be stopped: {error:#}"))
            }
        }
    }

    async fn bill(&self, query: &str) -> Response<Body> {
        match self.parts.bill(query).await {
            Ok(text) => answer(StatusCode::OK, &json!({ "text": text })),
            Err(error) => refusal(StatusCode::BAD_REQUEST, &format!("{error:#}")),
        }
    }
}

impl Handler for Control {
    async fn handle(&self, request: Request<Incoming>, _: Peer) -> Response<Body> {
        match (request.method(), request.uri().path()) {
            (&Method::POST, "/_gantry/reset") => self.reset().await,
            (&Method::POST, "/_gantry/down") => self.down().await,
            (&Method::POST, "/_gantry/scan-db/reload") => super::scans::reload(&self.parts.scanner).await,
            (method @ (&Method::GET | &Method::POST), "/_gantry/sbom") => {
                let query = request.uri().query().unwrap_or_default();
                super::scans::sbom(&self.parts, query, method == Method::POST).await
            }
            (&Method::GET, "/_gantry/bill") => self.bill(request.uri().query().unwrap_or_default()).await,
            _ => refusal(StatusCode::NOT_FOUND, "the control socket has no such path"),
        }
    }
}
