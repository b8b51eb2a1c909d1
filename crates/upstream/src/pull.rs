//! Reading: manifests, and blobs as streams that outlive a broken connection.

use std::io;
use std::ops::Range;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::{BodyDataStream, BodyExt};
use hyper::body::Incoming;
use sha2::{Digest, Sha256, Sha512};

use crate::auth::Scope;
use crate::client::{Call, body, expect, limits};
use crate::error::{Error, Failure, Kind, Result, Step};
use crate::remote::Remote;

pub type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// A manifest or index as the registry holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteManifest {
    pub media_type: String,
    /// Computed from `bytes`, by the algorithm of the digest that was asked for, else SHA-256. Whoever
    /// asked by digest compares.
    pub digest: String,
    pub bytes: Bytes,
    pub etag: Option<String>,
}

/// What a HEAD says of a manifest; the digest is the registry's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestHead {
    pub media_type: String,
    pub digest: Option<String>,
    pub size: Option<u64>,
    pub etag: Option<String>,
}

/// The answer to a conditional request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// It is still what the caller has.
    NotModified,
    Manifest(RemoteManifest),
}

/// A blob's bytes on their way. Errors within the stream hold an [`Error`].
pub struct Blob {
    /// Bytes of the whole blob, where the registry says.
    pub size: Option<u64>,
    pub stream: ByteStream,
}

fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<String> {
    headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned)
}

fn media_type(headers: &HeaderMap) -> String {
    text(headers, header::CONTENT_TYPE).unwrap_or_else(|| "application/octet-stream".to_owned())
}

fn digest_of(reference: &str, bytes: &[u8]) -> String {
    if reference.starts_with("sha512:") {
        format!("sha512:{}", hex::encode(Sha512::digest(bytes)))
    } else {
        format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
    }
}

impl Remote {
    /// What a tag or digest names, without its bytes. `accept`: media types, such as [`crate::MANIFESTS`].
    pub async fn head_manifest(&self, reference: &str, accept: &str) -> Result<ManifestHead> {
        let work = async {
            let call = Call::new(Method::HEAD, self.uri(&format!("manifests/{reference}"))?);
            let call = call.header(header::ACCEPT, accept)?;
            let response = self.client.call(self, Scope::Pull, &call).await?;
            let response = expect(&call.method, response, &[StatusCode::OK]).await?;
            let headers = response.headers();
            Ok(ManifestHead {
                media_type: media_type(headers),
                digest: text(headers, "docker-content-digest"),
                size: text(headers, header::CONTENT_LENGTH).and_then(|l| l.parse().ok()),
                etag: text(headers, header::ETAG),
            })
        };
        work.await.map_err(|f: Failure| f.during("look at manifest", self.subject(reference)))
    }

    /// The manifest that a tag or digest names.
    pub async fn get_manifest(&self, reference: &str, accept: &str) -> Result<RemoteManifest> {
        match self.get_manifest_unless(reference, accept, None).await? {
            Fetched::Manifest(manifest) => Ok(manifest),
            Fetched::NotModified => Err(Failure::malformed("\"not modified\" without having been asked")
                .during("get manifest", self.subject(reference))),
        }
    }

    /// [`Remote::get_manifest`], unless it is the one that has this `ETag`. Registries that do not know
    /// conditional requests answer with the manifest.
    pub async fn get_manifest_unless(&self, reference: &str, accept: &str, etag: Option<&str>) -> Result<Fetched> {
        let work = async {
            let mut call = Call::new(Method::GET, self.uri(&format!("manifests/{reference}"))?);
            call = call.header(header::ACCEPT, accept)?;
            if let Some(etag) = etag {
                call = call.header(header::IF_NONE_MATCH, etag)?;
            }
            let response = self.client.call(self, Scope::Pull, &call).await?;
            if response.status() == StatusCode::NOT_MODIFIED {
                return Ok(Fetched::NotModified);
            }
            let response = expect(&call.method, response, &[StatusCode::OK]).await?;
            let (media_type, etag) = (media_type(response.headers()), text(response.headers(), header::ETAG));
            let bytes = body(response, limits::MAX_MANIFEST).await?;
            Ok(Fetched::Manifest(RemoteManifest { media_type, digest: digest_of(reference, &bytes), bytes, etag }))
        };
        work.await.map_err(|f: Failure| f.during("get manifest", self.subject(reference)))
    }

    /// The size of a blob; `None` if the registry does not have it.
    pub async fn blob_size(&self, digest: &str) -> Result<Option<u64>> {
        let work = async {
            let call = Call::new(Method::HEAD, self.uri(&format!("blobs/{digest}"))?);
            let response = self.client.call(self, Scope::Pull, &call).await?;
            if response.status() == StatusCode::NOT_FOUND {
                return Ok(None);
            }
            let response = expect(&call.method, response, &[StatusCode::OK]).await?;
            Ok(Some(text(response.headers(), header::CONTENT_LENGTH).and_then(|l| l.parse().ok()).unwrap_or(0)))
        };
        work.await.map_err(|f: Failure| f.during("look at blob", self.subject(digest)))
    }

    pub async fn blob_exists(&self, digest: &str) -> Result<bool> {
        Ok(self.blob_size(digest).await?.is_some())
    }

    /// A blob's bytes within `range` (an end past the blob's end means its end), as one stream: breaks are
    /// mended by asking for the rest.
    pub async fn open_blob(&self, digest: &str, range: Range<u64>) -> Result<Blob> {
        let failed = |f: Failure| f.during("get blob", self.subject(digest));
        let opened = self.open_at(digest, range.start, range.end).await.map_err(failed)?;
        let size = opened.size;
        let reading = Reading {
            remote: self.clone(),
            digest: digest.to_owned(),
            at: range.start,
            end: size.map_or(range.end, |s| s.min(range.end)),
            known_end: size.is_some(),
            breaks: 0,
            open: Some(opened),
        };
        let stream = futures_util::stream::try_unfold(reading, Reading::next);
        Ok(Blob { size, stream: Box::pin(stream) })
    }

    async fn open_at(&self, digest: &str, start: u64, end: u64) -> Step<Opened> {
        let mut call = Call::new(Method::GET, self.uri(&format!("blobs/{digest}"))?).header(header::ACCEPT, "*/*")?;
        let whole = start == 0 && end == u64::MAX;
        if !whole {
            let last = if end == u64::MAX { String::new() } else { end.saturating_sub(1).to_string() };
            call = call.header(header::RANGE, &format!("bytes={start}-{last}"))?;
        }
        let response = self.client.call(self, Scope::Pull, &call).await?;
        let response = expect(&call.method, response, &[StatusCode::OK, StatusCode::PARTIAL_CONTENT]).await?;
        let length = text(response.headers(), header::CONTENT_LENGTH).and_then(|l| l.parse::<u64>().ok());
        let (size, skip) = if response.status() == StatusCode::PARTIAL_CONTENT {
            let (first, size) = text(response.headers(), header::CONTENT_RANGE)
                .and_then(|r| content_range(&r))
                .ok_or_else(|| Failure::malformed("a partial answer without Content-Range"))?;
            if first != start {
                return Err(Failure::malformed(format!("bytes from {first} where {start} was asked for")));
            }
            (size, 0)
        } else {
            // The registry knows no ranges: what comes before is read and dropped.
            (length, start)
        };
        Ok(Opened { size, skip, data: response.into_body().into_data_stream() })
    }
}

struct Opened {
    size: Option<u64>,
    /// Bytes still to be dropped.
    skip: u64,
    data: BodyDataStream<Incoming>,
}

/// A blob being read.
struct Reading {
    remote: Remote,
    digest: String,
    at: u64,
    end: u64,
    known_end: bool,
    /// Breaks since the last byte.
    breaks: usize,
    open: Option<Opened>,
}

impl Reading {
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        loop {
            if self.at >= self.end {
                return Ok(None);
            }
            let failure = match self.step().await {
                Ok(Some(bytes)) => {
                    self.at += bytes.len() as u64;
                    self.breaks = 0;
                    return Ok(Some((bytes, self)));
                }
                Ok(None) if !self.known_end => return Ok(None),
                Ok(None) => Failure::network("the blob ended early"),
                Err(failure) => failure,
            };
            self.open = None;
            self.breaks += 1;
            let temporary = matches!(failure.kind, Kind::Network | Kind::Unavailable);
            if !temporary || self.breaks > limits::MAX_RESUMES {
                let error: Error = failure.during("get blob", self.remote.subject(&self.digest));
                return Err(io::Error::other(error));
            }
            tokio::time::sleep(limits::BREAK_WAIT * (1 << (self.breaks - 1))).await;
        }
    }

    /// The next bytes; `None` at the end of the answer.
    async fn step(&mut self) -> Step<Option<Bytes>> {
        let mut opened = match self.open.take() {
            Some(opened) => opened,
            None => self.remote.open_at(&self.digest, self.at, self.end).await?,
        };
        loop {
            let chunk = tokio::time::timeout(limits::IDLE_TIMEOUT, opened.data.next())
                .await
                .map_err(|_| Failure::network("the registry stopped sending"))?;
            let Some(chunk) = chunk else { return Ok(None) };
            let mut chunk = chunk.map_err(|e| Failure::network(e.to_string()))?;
            let skipped = opened.skip.min(chunk.len() as u64);
            opened.skip -= skipped;
            let _ = chunk.split_to(skipped as usize);
            chunk.truncate(usize::try_from(self.end - self.at).unwrap_or(usize::MAX));
            if !chunk.is_empty() {
                self.open = Some(opened);
                return Ok(Some(chunk));
            }
        }
    }
}

/// First byte and whole size of `bytes 5-9/100`.
fn content_range(text: &str) -> Option<(u64, Option<u64>)> {
    let (span, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, _) = span.split_once('-')?;
    Some((first.trim().parse().ok()?, size.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        for (text, expected) in [
            ("bytes 5-9/100", Some((5, Some(100)))),
            ("bytes 0-0/*", Some((0, None))),
            ("bytes */100", None),
            ("5-9/100", None),
            ("", None),
        ] {
            assert_eq!(content_range(text), expected, "{text}");
        }
    }

    #[test]
    fn digests_are_of_the_algorithm_that_was_asked_for() {
        assert!(digest_of("v1", b"").starts_with("sha256:e3b0c442"));
        assert!(digest_of("sha512:x", b"").starts_with("sha512:cf83e135"));
    }
}
