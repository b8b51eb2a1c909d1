//! Which part answers a request: AWS APIs, the registry, or the few paths of the binary's own.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use gantry_aws_wire::Frontend;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use serde_json::{Value, json};

use super::control::Control;
use super::listen::{Body, Handler, Peer};
use super::metrics::Metrics;
use super::registry::RegistryEndpoint;

/// Everything that answers on the port.
pub struct Router {
    pub frontend: Frontend,
    pub registry: RegistryEndpoint,
    pub control: Arc<Control>,
    pub metrics: Arc<Metrics>,
}

impl Handler for Router {
    async fn handle(&self, request: Request<Incoming>, peer: Peer) -> Response<Body> {
        let began = Instant::now();
        let path = request.uri().path();
        let (endpoint, response) = if path == "/v2" || path.starts_with("/v2/") || path == "/token" {
            ("registry", self.registry.handle(request, peer).await)
        } else if self.frontend.claims_path(&request) {
            let (parts, body) = request.into_parts();
            let response = self.frontend.handle(parts, body, peer.address, peer.tls).await;
            ("aws", response.map(|body| body.map_err(std::io::Error::other).boxed_unsync()))
        } else {
            ("own", self.own(&request).await)
        };
        self.metrics.answered(endpoint, response.status().as_u16(), began.elapsed());
        response
    }
}

/// Whether a request is for an AWS API: everything but the binary's own paths.
trait ClaimsPath {
    fn claims_path(&self, request: &Request<Incoming>) -> bool;
}

impl ClaimsPath for Frontend {
    fn claims_path(&self, request: &Request<Incoming>) -> bool {
        let path = request.uri().path();
        let own = path == "/healthz" || path == "/metrics" || path.starts_with("/_gantry/");
        let greeting = path == "/" && request.method() == Method::GET && request.uri().query().is_none();
        !own && (!greeting || request.headers().contains_key(header::AUTHORIZATION))
    }
}

impl Router {
    async fn own(&self, request: &Request<Incoming>) -> Response<Body> {
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/healthz") => text(StatusCode::OK, "ok\n"),
            (&Method::GET, "/metrics") => {
                let mut response = text(StatusCode::OK, self.metrics.render());
                let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
                response
            }
            (&Method::GET, "/") => text(
                StatusCode::OK,
                "Gantry: ECS, EKS, Fargate and ECR on machines you own.\nPoint a client here with: eval \"$(gantry env)\"\n",
            ),
            // Only a throwaway stack may be emptied by whoever reaches the port.
            (&Method::POST, "/_gantry/reset") => self.control.reset().await,
            _ => refusal(StatusCode::NOT_FOUND, "nothing is served here"),
        }
    }
}

pub fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(full(body.into()));
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

pub fn answer(status: StatusCode, value: &Value) -> Response<Body> {
    let mut response = text(status, value.to_string());
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    response
}

pub fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    answer(status, &json!({ "message": message }))
}

fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}
