//! A small HTTP/1.1 server in the sandbox's namespace.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use super::{TaskView, routes};

/// Connections that a sandbox may have open; more wait to be accepted.
const MAX_CONNECTIONS: usize = 64;
/// Bytes of one request's head. There are no bodies.
const MAX_HEAD: usize = 16 * 1024;
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest that one connection is served.
const CONNECTION_LIFE: Duration = Duration::from_mins(5);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until dropped.
pub(crate) struct MetadataServer(JoinHandle<()>);

impl MetadataServer {
    pub fn spawn(listener: TcpListener, view: Arc<TaskView>) -> Self {
        Self(tokio::spawn(serve(listener, view)))
    }
}

impl Drop for MetadataServer {
    fn drop(&mut self) {
        // The connections go with it: they are in its JoinSet.
        self.0.abort();
    }
}

async fn serve(listener: TcpListener, view: Arc<TaskView>) {
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok(permit) = permits.clone().acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, say: others will close theirs.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let view = view.clone();
        connections.spawn(async move {
            let _permit = permit;
            // An error is the client's going away or its nonsense; there is nobody to tell.
            let _ = tokio::time::timeout(CONNECTION_LIFE, connection(stream, view)).await;
        });
    }
}

async fn connection(stream: TcpStream, view: Arc<TaskView>) -> Result<(), hyper::Error> {
    let service = service_fn(move |request: http::Request<Incoming>| {
        let view = view.clone();
        async move {
            let reply = routes::answer(&view, request.method(), request.uri().path()).await;
            let mut response = Response::new(Full::new(Bytes::from(reply.body.to_string())));
            *response.status_mut() = reply.status;
            let json = header::HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            Ok::<_, Infallible>(response)
        }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await
}
