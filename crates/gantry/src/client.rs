//! The little that the CLI asks of a running server: signed calls over its port, and the control socket.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use gantry_base::{Clock as _, Region, SystemClock};
use gantry_sigv4::{Credentials, PayloadHash, RequestView, sign};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use serde_json::Value;

use crate::datadir::{AdminKey, DataDir};

/// Largest answer that the CLI reads.
const MAX_ANSWER: usize = 64 << 20;
const TIMEOUT: Duration = Duration::from_mins(2);

/// Talks to one server as one AWS principal.
pub struct Client {
    authority: String,
    region: Region,
    credentials: Credentials,
}

impl Client {
    /// `authority` is `host:port` of the plain listener.
    pub fn new(authority: String, region: Region, key: &AdminKey) -> Self {
        let credentials = Credentials {
            access_key_id: key.access_key_id.clone(),
            secret_access_key: key.secret_access_key.clone(),
            session_token: None,
        };
        Self { authority, region, credentials }
    }

    /// An awsJson 1.1 call; the error carries AWS's code and message.
    pub async fn aws_json(&self, service: &str, target: &str, input: &Value) -> Result<Value> {
        let body = Bytes::from(serde_json::to_vec(input)?);
        let plain = [
            ("host", self.authority.as_str()),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target),
        ];
        let view = RequestView { method: "POST", path: "/", query: "", headers: &plain };
        let hash = PayloadHash::of(&body);
        let signed = sign(&view, hash, &self.credentials, self.region.as_str(), service, SystemClock.now());
        let mut request = Request::builder().method(Method::POST).uri("/");
        for (name, value) in plain {
            request = request.header(name, value);
        }
        for (name, value) in &signed.headers {
            request = request.header(name, value);
        }
        let (status, answer) = self.send(request.body(Full::new(body))?).await?;
        let value: Value = if answer.is_empty() { Value::Null } else { serde_json::from_slice(&answer)? };
        if !status.is_success() {
            let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let message = text("message") + &text("Message");
            bail!("{} refused: {}: {message}", target.rsplit('.').next().unwrap_or(target), text("__type"));
        }
        Ok(value)
    }

    /// A request to the registry with a token from GetAuthorizationToken.
    pub async fn registry(
        &self,
        method: Method,
        path: &str,
        token: &str,
        content_type: &str,
        body: Bytes,
    ) -> Result<Response<Bytes>> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.authority)
            .header("authorization", format!("Basic {token}"))
            .header("content-type", content_type)
            .body(Full::new(body))?;
        let stream = tokio::net::TcpStream::connect(&self.authority).await?;
        exchange(TokioIo::new(stream), request).await
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes)> {
        let stream = tokio::net::TcpStream::connect(&self.authority)
            .await
            .with_context(|| format!("nothing answers at {}", self.authority))?;
        let answer = exchange(TokioIo::new(stream), request).await?;
        Ok((answer.status(), answer.into_body()))
    }
}

/// Fetches a page over plain HTTP.
pub async fn get(authority: &str, path: &str) -> Result<Response<Bytes>> {
    let stream = tokio::time::timeout(Duration::from_secs(5), tokio::net::TcpStream::connect(authority)).await??;
    let request = Request::builder().uri(path).header("host", authority).body(Full::new(Bytes::new()))?;
    exchange(TokioIo::new(stream), request).await
}

/// Asks the server that runs on this data directory, over its control socket.
pub async fn control(data: &DataDir, method: Method, path: &str) -> Result<Value> {
    let socket = data.control_socket();
    let stream = tokio::net::UnixStream::connect(&socket).await.with_context(|| not_running(data.path()))?;
    let request = Request::builder().method(method).uri(path).header("host", "gantry").body(Full::new(Bytes::new()))?;
    let answer = exchange(TokioIo::new(stream), request).await?;
    let status = answer.status();
    let value: Value = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
    if !status.is_success() {
        bail!("{}", value.get("message").and_then(Value::as_str).unwrap_or("the server refused"));
    }
    Ok(value)
}

pub fn not_running(data: &Path) -> String {
    format!("no server is running on {}; start one with `gantry up`, or name another with --data-dir", data.display())
}

async fn exchange<S>(stream: TokioIo<S>, request: Request<Full<Bytes>>) -> Result<Response<Bytes>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let work = async {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
        let driver = tokio::spawn(connection);
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let bytes = Limited::new(body, MAX_ANSWER).collect().await.map_err(|e| anyhow::anyhow!("{e}"))?.to_bytes();
        driver.abort();
        Ok(Response::from_parts(parts, bytes))
    };
    tokio::time::timeout(TIMEOUT, work).await.context("the server did not answer in time")?
}
