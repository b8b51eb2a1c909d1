//! Getting and deleting blobs.

use gantry_blobs::Digest;
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, HeaderValue, RANGE};
use http::{Response, StatusCode};

use super::answer::{Answer, Build, answer};
use super::query::{Span, byte_range};
use super::serve::{Call, Wire};
use crate::{Error, RegistryBody, RepoId, Result};

/// Bytes of blobs that are kept in memory for a while.
const SMALL: u64 = 16 * 1024;

impl Wire {
    pub(super) async fn get_blob(&self, call: &Call, digest: &str) -> Result<Answer> {
        let digest: Digest = digest.parse().map_err(Error::Digest)?;
        match self.send_blob(&call.repo, &digest, &call.headers, call.head_only).await {
            Err(e @ (Error::BlobNotFound(_) | Error::RepositoryNotFound { .. })) => {
                if !self.bring_blob(call, &digest).await? {
                    return Err(e);
                }
                self.send_blob(&call.repo, &digest, &call.headers, call.head_only).await
            }
            other => other,
        }
    }

    pub(super) async fn send_blob(
        &self,
        repo: &RepoId,
        digest: &Digest,
        headers: &HeaderMap,
        head_only: bool,
    ) -> Result<Answer> {
        let size = if head_only {
            self.registry.promise_blob(repo, digest).await?
        } else {
            self.registry.blob_size(repo, digest).await?
        };
        let asked = headers.get(RANGE).and_then(|v| v.to_str().ok());
        let (status, start, end) = match byte_range(asked, size) {
            Span::Whole => (StatusCode::OK, 0, size),
            Span::Part { start, end } => (StatusCode::PARTIAL_CONTENT, start, end),
            Span::Unsatisfiable => return Err(Error::RangeNotSatisfiable { size }),
        };
        let mut response: Response<RegistryBody> = answer(status).digest(digest)?;
        if status == StatusCode::PARTIAL_CONTENT {
            response = response.header(CONTENT_RANGE, &format!("bytes {start}-{}/{size}", end - 1))?;
        }
        let out = response.headers_mut();
        out.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        out.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        out.insert(CONTENT_LENGTH, HeaderValue::from(end - start));
        if head_only {
            return Ok(response);
        }
        if size <= SMALL {
            // Configurations are pulled with every image: they are kept as manifests are.
            let bytes = self.registry.manifest_bytes(digest).await?;
            let span = start as usize..(end as usize).min(bytes.len());
            *response.body_mut() = bytes.get(span).map_or(RegistryBody::Empty, |part| bytes.slice_ref(part).into());
        } else {
            let reader = self.registry.blobs.open(digest, start..end).await?;
            *response.body_mut() = RegistryBody::Blob(reader);
        }
        Ok(response)
    }

    pub(super) async fn delete_blob(&self, call: &Call, digest: &str) -> Result<Answer> {
        let digest: Digest = digest.parse().map_err(Error::Digest)?;
        self.registry.unlink_blob(&call.repo, &digest).await?;
        Ok(answer(StatusCode::ACCEPTED))
    }
}
