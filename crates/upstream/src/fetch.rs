//! Files elsewhere, by their address: no registry, no credentials.

use std::io;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{Method, StatusCode, Uri};
use http_body_util::{BodyDataStream, BodyExt as _};
use hyper::body::Incoming;

use crate::Client;
use crate::client::{Call, expect, limits};
use crate::error::{Failure, Kind, Result};
use crate::pull::ByteStream;

/// A file that is being fetched.
pub struct File {
    /// As its sender says, which may be wrong.
    pub size: Option<u64>,
    /// Ends with an error where it breaks off or does not move.
    pub bytes: ByteStream,
}

impl Client {
    /// GETs an `http` or `https` address, redirects followed. What comes is not checked against anything.
    pub async fn fetch(&self, url: &str) -> Result<File> {
        let subject = || shown(url);
        let bad = |reason: &str| Failure::new(Kind::Refused, reason).during("fetch", subject());
        let uri: Uri = url.parse().map_err(|_| bad("it is no address"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.host().is_none_or(str::is_empty) {
            return Err(bad("the address must be http or https"));
        }
        if uri.authority().is_some_and(|a| a.as_str().contains('@')) {
            return Err(bad("an address with a user is not taken"));
        }
        let fetched = async {
            let (response, _) = self.follow(&Call::new(Method::GET, uri), &[], None).await?;
            expect(&Method::GET, response, &[StatusCode::OK]).await
        };
        let response = fetched.await.map_err(|f| f.during("fetch", subject()))?;
        let size = response.headers().get(http::header::CONTENT_LENGTH);
        let size = size.and_then(|v| v.to_str().ok()).and_then(|v| v.parse().ok());
        Ok(File { size, bytes: moving(response.into_body().into_data_stream()) })
    }
}

/// A body that fails once it does not move any more.
fn moving(body: BodyDataStream<Incoming>) -> ByteStream {
    Box::pin(futures_util::stream::unfold(Some(body), |body| async move {
        let mut body = body?;
        let next: Option<io::Result<Bytes>> = match tokio::time::timeout(limits::IDLE_TIMEOUT, body.next()).await {
            Ok(chunk) => chunk.map(|c| c.map_err(io::Error::other)),
            Err(_) => Some(Err(io::Error::new(io::ErrorKind::TimedOut, "the sender has stopped sending"))),
        };
        let next = next?;
        let rest = next.is_ok().then_some(body);
        Some((next, rest))
    }))
}

/// Without what may be a secret.
fn shown(url: &str) -> String {
    let plain = url.split(['?', '#']).next().unwrap_or_default();
    match plain.split_once("://").map(|(scheme, rest)| (scheme, rest.rsplit_once('@'))) {
        Some((scheme, Some((_, host)))) => format!("{scheme}://{host}"),
        _ => plain.to_owned(),
    }
}
