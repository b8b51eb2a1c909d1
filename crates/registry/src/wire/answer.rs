//! Building answers: headers that every one has, and the specification's error bodies.

use bytes::Bytes;
use gantry_blobs::Digest;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde::Serialize;

use crate::{Error, RegistryBody};

pub(super) const DOCKER_DIGEST: HeaderName = HeaderName::from_static("docker-content-digest");
pub(super) const OCI_SUBJECT: HeaderName = HeaderName::from_static("oci-subject");
pub(super) const OCI_TAG: HeaderName = HeaderName::from_static("oci-tag");
pub(super) const OCI_FILTERS: HeaderName = HeaderName::from_static("oci-filters-applied");
pub(super) const UPLOAD_UUID: HeaderName = HeaderName::from_static("docker-upload-uuid");
const API_VERSION: HeaderName = HeaderName::from_static("docker-distribution-api-version");

pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

pub(super) type Answer = Response<RegistryBody>;

/// An answer with no body yet.
pub(super) fn answer(status: StatusCode) -> Answer {
    let mut response = Response::new(RegistryBody::Empty);
    *response.status_mut() = status;
    response.headers_mut().insert(API_VERSION, HeaderValue::from_static("registry/2.0"));
    response
}

/// Further steps of building an answer.
pub(super) trait Build: Sized {
    fn header(self, name: HeaderName, value: &str) -> Result<Self, Error>;
    fn body(self, content_type: HeaderValue, bytes: impl Into<Bytes>) -> Self;
    fn digest(self, digest: &Digest) -> Result<Self, Error> {
        self.header(DOCKER_DIGEST, digest.as_str())
    }
    /// Relative to the host the client used, so that it holds behind any name and proxy.
    fn location(self, path: &str) -> Result<Self, Error> {
        self.header(LOCATION, path)
    }
    fn json<T: Serialize>(self, value: &T) -> Result<Self, Error>;
}

impl Build for Answer {
    fn header(mut self, name: HeaderName, value: &str) -> Result<Self, Error> {
        let value = HeaderValue::from_str(value).map_err(|e| Error::Internal(format!("{name}: {e}")))?;
        self.headers_mut().append(name, value);
        Ok(self)
    }

    fn body(mut self, content_type: HeaderValue, bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        self.headers_mut().insert(CONTENT_TYPE, content_type);
        self.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        *self.body_mut() = bytes.into();
        self
    }

    fn json<T: Serialize>(self, value: &T) -> Result<Self, Error> {
        let bytes = serde_json::to_vec(value).map_err(|e| Error::Internal(e.to_string()))?;
        Ok(self.body(JSON, bytes))
    }
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    errors: [ErrorEntry<'a>; 1],
}

#[derive(Serialize)]
struct ErrorEntry<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<serde_json::Value>,
}

/// The answer to a request that failed. `host` is for the challenge.
pub(super) fn failure(error: &Error, host: &str) -> Answer {
    let (status, code) = error.oci();
    if status.is_server_error() {
        tracing::error!(error = %error, "registry request failed");
    }
    let mut response = answer(status);
    if matches!(error, Error::Unauthenticated) {
        // ECR's own form, body included.
        let host: String = host.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
        let challenge = format!("Basic realm=\"https://{host}/\",service=\"ecr.amazonaws.com\"");
        if let Ok(value) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(WWW_AUTHENTICATE, value);
        }
        return response.body(HeaderValue::from_static("text/plain; charset=utf-8"), "Not Authorized\n");
    }
    if let Error::RangeNotSatisfiable { size } = error
        && let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}"))
    {
        response.headers_mut().insert(http::header::CONTENT_RANGE, value);
    }
    let detail = match error {
        Error::LayersNotFound { missing, .. } | Error::ReferencedImagesNotFound { missing, .. } => {
            serde_json::to_value(missing).ok()
        }
        _ => None,
    };
    let message = error.public_message();
    let body = ErrorBody { errors: [ErrorEntry { code: code.as_str(), message: &message, detail }] };
    match serde_json::to_vec(&body) {
        Ok(bytes) => response.body(JSON, bytes),
        Err(_) => response,
    }
}
