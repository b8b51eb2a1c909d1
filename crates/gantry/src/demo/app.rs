//! What runs inside the demo's container: a page that shows the task's own metadata.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::client;

pub async fn serve(port: u16) -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from(([0, 0, 0, 0], port))).await?;
    println!("demo: listening on port {port}");
    // As the first process of its container it gets no default action for SIGTERM.
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => accepted?,
            _ = terminate.recv() => return Ok(()),
        };
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(request, peer));
            // A client that hangs up early is no error of the demo's.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    request: Request<hyper::body::Incoming>,
    peer: SocketAddr,
) -> Result<Response<Full<Bytes>>, http::Error> {
    println!("demo: {} {} from {}", request.method(), request.uri().path(), peer.ip());
    let (kind, body) = match (request.uri().path(), metadata().await) {
        ("/metadata", Ok(task)) => ("application/json", serde_json::to_vec_pretty(&task).unwrap_or_default()),
        (_, Ok(task)) => ("text/html; charset=utf-8", page(&task).into_bytes()),
        (_, Err(error)) => {
            let text = format!("the task metadata endpoint did not answer: {error:#}\n");
            return Response::builder().status(503).header("content-type", "text/plain").body(Full::new(text.into()));
        }
    };
    Response::builder().header("content-type", kind).body(Full::new(body.into()))
}

/// The task as the ECS task metadata endpoint (version 4) tells it.
async fn metadata() -> Result<Value> {
    let uri = std::env::var("ECS_CONTAINER_METADATA_URI_V4").context("ECS_CONTAINER_METADATA_URI_V4 is not set")?;
    let rest = uri.strip_prefix("http://").context("the metadata URI is not http")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let authority = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let answer = client::get(&authority, &format!("/{path}/task")).await?;
    Ok(serde_json::from_slice(answer.body())?)
}

fn page(task: &Value) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rows: String = [
        "TaskARN",
        "Cluster",
        "Family",
        "Revision",
        "LaunchType",
        "AvailabilityZone",
        "Limits",
        "KnownStatus",
        "PullStartedAt",
    ]
    .iter()
    .filter_map(|name| task.get(name).map(|value| format!("<tr><th>{name}<td>{}", escape(&text(value)))))
    .collect();
    let containers: Vec<String> = task
        .get("Containers")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|container| {
            let cell = |name: &str| escape(&container.get(name).map(text).unwrap_or_default());
            let address = container.pointer("/Networks/0/IPv4Addresses/0").map(text).unwrap_or_default();
            format!("<tr><td>{}<td>{}<td>{}<td>{}", cell("Name"), cell("KnownStatus"), escape(&address), cell("Image"))
        })
        .collect();
    let containers = containers.concat();
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Hello from Fargate</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:3rem auto;padding:0 1rem;color:#1b2430}}\
         h1{{font-size:1.6rem}}table{{border-collapse:collapse;width:100%;margin:1rem 0}}\
         th,td{{text-align:left;padding:.35rem .75rem;border-bottom:1px solid #dde3ea;vertical-align:top;overflow-wrap:anywhere}}\
         th{{white-space:nowrap;color:#52606d;font-weight:600}}</style>\
         <h1>This page comes from a container on Fargate</h1>\
         <p>It runs on your machine, in an environment made for this task alone. What follows is what the task \
         metadata endpoint told it; <a href=/metadata>here it is as JSON</a>.</p>\
         <table>{rows}</table><h2>Containers</h2><table><tr><th>Name<th>Status<th>Address<th>Image{containers}</table></html>"
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_escaped() {
        let page = page(&serde_json::json!({ "Family": "<script>", "Containers": [{ "Name": "a&b" }] }));
        assert!(page.contains("&lt;script&gt;") && page.contains("a&amp;b") && !page.contains("<script>"));
    }
}
