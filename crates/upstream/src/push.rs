//! Writing: blobs in chunks that are taken up again after a break, and manifests.

use std::cmp::Ordering as Cmp;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::auth::Scope;
use crate::client::{Call, drain, expect, limits, refused};
use crate::endpoint::resolve;
use crate::error::{Failure, Kind, Result, Step};
use crate::outgoing::{OutBody, ReadAt, Sent};
use crate::remote::Remote;

/// What a registry answers to the wish to upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// The blob is there now, shared with the other repository.
    Mounted,
    /// Where the bytes go. Worth keeping: [`Remote::continue_upload`] goes on from it, also in another
    /// process.
    Upload { location: String },
}

/// A blob that is there now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// Bytes that were sent for it by this call, what had to be sent again included.
    pub sent: u64,
}

/// How an upload stands.
struct Place {
    uri: Uri,
    offset: u64,
    /// Bytes of a chunk.
    chunk: u64,
}

impl Remote {
    /// Uploads a blob of `size` bytes; the registry checks the digest.
    pub async fn upload_blob(&self, digest: &str, size: u64, source: &dyn ReadAt) -> Result<Uploaded> {
        match self.start_upload(digest, None).await? {
            Started::Mounted => Ok(Uploaded::default()),
            Started::Upload { location } => self.continue_upload(&location, digest, size, source).await,
        }
    }

    /// Shares a blob of another repository of the same registry; false if it must be uploaded.
    pub async fn mount_blob(&self, digest: &str, from: &str) -> Result<bool> {
        match self.start_upload(digest, Some(from)).await? {
            Started::Mounted => Ok(true),
            Started::Upload { location } => {
                self.cancel_upload(&location).await;
                Ok(false)
            }
        }
    }

    /// Starts an upload, or shares the blob that the repository `from` has.
    pub async fn start_upload(&self, digest: &str, from: Option<&str>) -> Result<Started> {
        let work = async {
            let quote = |s: &str| utf8_percent_encode(s, NON_ALPHANUMERIC).to_string();
            let query = match from {
                Some(from) => format!("?mount={}&from={}", quote(digest), quote(from)),
                // A registry that does not know it hashes once more at the end.
                None if digest.starts_with("sha512:") => "?digest-algorithm=sha512".to_owned(),
                None => String::new(),
            };
            let call = Call::new(Method::POST, self.uri(&format!("blobs/uploads/{query}"))?).body(Bytes::new());
            let response = self.client.call(self, Scope::Push, &call).await?;
            let response = expect(&call.method, response, &[StatusCode::ACCEPTED, StatusCode::CREATED]).await?;
            if response.status() == StatusCode::CREATED {
                drain(response).await;
                return Ok(Started::Mounted);
            }
            let location = location(&call.uri, response.headers())?;
            drain(response).await;
            Ok(Started::Upload { location: location.to_string() })
        };
        work.await.map_err(|f: Failure| f.during("start upload", self.subject(digest)))
    }

    /// Goes on with an upload from wherever it stands. [`Kind::NotFound`]: the registry has forgotten it.
    pub async fn continue_upload(
        &self,
        location: &str,
        digest: &str,
        size: u64,
        source: &dyn ReadAt,
    ) -> Result<Uploaded> {
        let sent = Arc::new(Sent::default());
        let work = self.upload(location, digest, size, source, &sent).await;
        work.map_err(|f| f.during("upload blob", self.subject(digest)))?;
        Ok(Uploaded { sent: sent.bytes.load(Ordering::Relaxed) })
    }

    async fn upload(&self, location: &str, digest: &str, size: u64, source: &dyn ReadAt, sent: &Arc<Sent>) -> Step<()> {
        let base = self.uri("")?;
        let mut place = self.place(resolve(&base, location)?, 0).await?;
        let mut breaks = 0;
        loop {
            let before = place.offset;
            let step = match place.offset.cmp(&size) {
                Cmp::Less => self.send_chunk(&mut place, size, source, sent).await,
                Cmp::Greater => {
                    Err(Failure::new(Kind::Refused, format!("the upload has {} bytes of {size}", place.offset)))
                }
                Cmp::Equal => match self.finish(&place, digest).await {
                    Ok(()) => return Ok(()),
                    // Its answer may be what got lost.
                    Err(f) if matches!(f.kind, Kind::Network | Kind::NotFound) => match self.blob_size(digest).await {
                        Ok(Some(_)) => return Ok(()),
                        _ => Err(f),
                    },
                    Err(f) => Err(f),
                },
            };
            let failure = match step {
                Ok(()) => continue,
                Err(f) => f,
            };
            let out_of_step = failure.status == Some(StatusCode::RANGE_NOT_SATISFIABLE);
            // After a break the registry may think for a while that the last request still writes.
            let busy = failure.status == Some(StatusCode::CONFLICT);
            let broke = matches!(failure.kind, Kind::Network | Kind::Unauthorized | Kind::Unavailable);
            let again = broke || out_of_step || busy;
            breaks += 1;
            if !again || breaks > limits::MAX_UPLOAD_BREAKS {
                return Err(failure);
            }
            tokio::time::sleep(limits::BREAK_WAIT * (1 << (breaks - 1))).await;
            // An upload of no byte and one of a single byte are both said to have `0-0`.
            let least = u64::from(out_of_step && before == 0);
            match self.place(place.uri.clone(), least).await {
                Ok(now) => {
                    if now.offset > before {
                        breaks = 0;
                    }
                    place = now;
                }
                Err(f) if f.kind == Kind::Network || f.kind == Kind::Unavailable => {}
                Err(f) => return Err(f),
            }
        }
    }

    /// Asks the registry how far an upload is.
    async fn place(&self, uri: Uri, least: u64) -> Step<Place> {
        let call = Call::new(Method::GET, uri);
        let response = self.client.call(self, Scope::Push, &call).await?;
        let response = expect(&call.method, response, &[StatusCode::NO_CONTENT, StatusCode::OK]).await?;
        let headers = response.headers();
        let uri = location(&call.uri, headers).unwrap_or(call.uri);
        let place = Place { uri, offset: have(headers, least), chunk: self.chunk(headers) };
        drain(response).await;
        Ok(place)
    }

    fn chunk(&self, headers: &HeaderMap) -> u64 {
        let least = headers.get("oci-chunk-min-length").and_then(|v| v.to_str().ok()?.parse().ok()).unwrap_or(0);
        self.client.chunk_bytes().max(least)
    }

    async fn send_chunk(&self, place: &mut Place, size: u64, source: &dyn ReadAt, sent: &Arc<Sent>) -> Step<()> {
        let length = place.chunk.min(size - place.offset);
        let end = place.offset + length;
        let read = |e: std::io::Error| Failure::new(Kind::Source, e.to_string());
        let stream = source.open(place.offset).await.map_err(read)?;
        let call = Call::new(Method::PATCH, place.uri.clone())
            .header(header::CONTENT_TYPE, "application/octet-stream")?
            .header(header::CONTENT_RANGE, &format!("{}-{}", place.offset, end - 1))?;
        let body = OutBody::Span { stream, left: length, sent: Arc::clone(sent) };
        let response = self.client.send_span(self, call, body, sent).await?;
        if response.status() != StatusCode::ACCEPTED {
            return Err(refused(&Method::PATCH, response).await);
        }
        let next = location(&place.uri, response.headers()).unwrap_or_else(|_| place.uri.clone());
        let have = have(response.headers(), 0);
        drain(response).await;
        (place.uri, place.offset) = (next, if have == 0 { end } else { have });
        Ok(())
    }

    async fn finish(&self, place: &Place, digest: &str) -> Step<()> {
        let join = if place.uri.query().is_some() { '&' } else { '?' };
        let digest = utf8_percent_encode(digest, NON_ALPHANUMERIC);
        let uri: Uri = format!("{}{join}digest={digest}", place.uri)
            .parse()
            .map_err(|_| Failure::malformed("an upload's location that is no address"))?;
        let call = Call::new(Method::PUT, uri).body(Bytes::new());
        let response = self.client.call(self, Scope::Push, &call).await?;
        drain(expect(&call.method, response, &[StatusCode::CREATED, StatusCode::NO_CONTENT]).await?).await;
        Ok(())
    }

    /// Lets the registry forget an upload. It would of itself, so that a failure is no matter.
    pub async fn cancel_upload(&self, location: &str) {
        let work = async {
            let call = Call::new(Method::DELETE, resolve(&self.uri("")?, location)?);
            drain(self.client.call(self, Scope::Push, &call).await?).await;
            Ok::<(), Failure>(())
        };
        if let Err(f) = work.await {
            tracing::debug!(reason = %f.reason, "an upload was not cancelled");
        }
    }

    /// Puts a manifest under a tag or its digest; what it names must be there.
    pub async fn put_manifest(&self, reference: &str, media_type: &str, bytes: Bytes) -> Result<()> {
        let work = async {
            let call = Call::new(Method::PUT, self.uri(&format!("manifests/{reference}"))?)
                .header(header::CONTENT_TYPE, media_type)?
                .body(bytes);
            let response = self.client.call(self, Scope::Push, &call).await?;
            let good = [StatusCode::CREATED, StatusCode::OK, StatusCode::ACCEPTED];
            drain(expect(&call.method, response, &good).await?).await;
            Ok(())
        };
        work.await.map_err(|f: Failure| f.during("put manifest", self.subject(reference)))
    }

    /// Deletes a tag, or an image by its digest; false if it was not there.
    pub async fn delete_manifest(&self, reference: &str) -> Result<bool> {
        let work = async {
            let call = Call::new(Method::DELETE, self.uri(&format!("manifests/{reference}"))?);
            let response = self.client.call(self, Scope::Push, &call).await?;
            if response.status() == StatusCode::NOT_FOUND {
                drain(response).await;
                return Ok(false);
            }
            let good = [StatusCode::ACCEPTED, StatusCode::OK, StatusCode::NO_CONTENT];
            drain(expect(&call.method, response, &good).await?).await;
            Ok(true)
        };
        work.await.map_err(|f: Failure| f.during("delete manifest", self.subject(reference)))
    }
}

fn location(base: &Uri, headers: &HeaderMap) -> Step<Uri> {
    let text = headers.get(header::LOCATION).and_then(|l| l.to_str().ok());
    resolve(base, text.ok_or_else(|| Failure::malformed("an upload without a Location"))?)
}

/// Bytes that an upload has, from `Range: 0-<last>`.
fn have(headers: &HeaderMap, least: u64) -> u64 {
    let text = headers.get(header::RANGE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let last = text.trim_start_matches("bytes=").split_once('-').and_then(|(_, last)| last.parse::<u64>().ok());
    last.filter(|last| *last > 0).map_or(least, |last| last + 1)
}
