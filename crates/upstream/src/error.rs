//! What can go wrong with a registry elsewhere, and what kind of thing it was.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Longest wait that a `Retry-After` is believed for.
const MAX_RETRY_AFTER: Duration = Duration::from_hours(1);

/// What a caller may decide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No such repository, manifest, blob or upload.
    NotFound,
    /// The registry does not know us: no credentials, or bad ones.
    Unauthorized,
    /// The registry knows us and says no.
    Denied,
    /// Asked to come back later; see [`Error::retry_after`].
    TooManyRequests,
    /// The registry's own fault: any 5xx.
    Unavailable,
    /// The registry finds fault with the request; its codes say what, in [`Error::codes`].
    Refused,
    /// The answer breaks the protocol.
    Malformed,
    /// More than a named limit.
    TooLarge,
    /// Not reached, or it broke off.
    Network,
    /// The bytes that were to be sent could not be read here.
    Source,
}

/// Names the operation and its subject; never a credential.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{operation} {subject}: {reason}")]
pub struct Error {
    pub kind: Kind,
    pub operation: &'static str,
    /// `host/repository…`
    pub subject: String,
    pub reason: String,
    pub status: Option<StatusCode>,
    /// OCI's error codes, such as `TAG_INVALID`, where the answer had some.
    pub codes: Vec<String>,
    pub retry_after: Option<Duration>,
}

impl Error {
    /// Whether the same request may succeed later.
    pub fn is_temporary(&self) -> bool {
        matches!(self.kind, Kind::TooManyRequests | Kind::Unavailable | Kind::Network)
    }

    pub fn has_code(&self, code: &str) -> bool {
        self.codes.iter().any(|c| c == code)
    }
}

/// An [`Error`] that does not know yet what it happened to.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: Kind,
    pub(crate) reason: String,
    pub(crate) status: Option<StatusCode>,
    pub(crate) codes: Vec<String>,
    pub(crate) retry_after: Option<Duration>,
}

pub(crate) type Step<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(kind: Kind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into(), status: None, codes: Vec::new(), retry_after: None }
    }

    pub(crate) fn network(reason: impl Into<String>) -> Self {
        Self::new(Kind::Network, reason)
    }

    pub(crate) fn malformed(reason: impl Into<String>) -> Self {
        Self::new(Kind::Malformed, reason)
    }

    /// From an answer that is not the one hoped for; `body` is the beginning of what it said.
    pub(crate) fn answer(method: &http::Method, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let kind = match status {
            StatusCode::NOT_FOUND => Kind::NotFound,
            StatusCode::UNAUTHORIZED => Kind::Unauthorized,
            StatusCode::FORBIDDEN => Kind::Denied,
            StatusCode::TOO_MANY_REQUESTS => Kind::TooManyRequests,
            StatusCode::REQUEST_TIMEOUT => Kind::Unavailable,
            s if s.is_server_error() => Kind::Unavailable,
            s if s.is_client_error() => Kind::Refused,
            _ => Kind::Malformed,
        };
        let (codes, said) = oci_errors(body);
        let mut reason = format!("unexpected status from {method} request: {status}");
        if !said.is_empty() {
            reason = format!("{reason}: {said}");
        }
        Self { kind, reason, status: Some(status), codes, retry_after: retry_after(headers) }
    }

    pub(crate) fn during(self, operation: &'static str, subject: impl Into<String>) -> Error {
        let Self { kind, reason, status, codes, retry_after } = self;
        Error { kind, operation, subject: subject.into(), reason, status, codes, retry_after }
    }
}

/// Seconds only: a date says nothing to a host whose clock may differ.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u64 = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// Codes and messages of an OCI error body, cut to what a log line bears.
fn oci_errors(body: &[u8]) -> (Vec<String>, String) {
    const NAMED: usize = 3;
    const LONG: usize = 300;
    let cut = |text: &str| text.chars().filter(|c| !c.is_control()).take(LONG).collect::<String>();
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let errors = value["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let (mut codes, mut said) = (Vec::new(), Vec::new());
    for error in errors.iter().take(NAMED) {
        if let Some(code) = error["code"].as_str() {
            codes.push(cut(code));
        }
        said.push(cut(error["message"].as_str().or(error["code"].as_str()).unwrap_or_default()));
    }
    (codes, said.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_kinds() {
        let body = br#"{"errors":[{"code":"TAG_INVALID","message":"immutable"}]}"#;
        for (status, kind) in [
            (404, Kind::NotFound),
            (401, Kind::Unauthorized),
            (403, Kind::Denied),
            (429, Kind::TooManyRequests),
            (500, Kind::Unavailable),
            (503, Kind::Unavailable),
            (400, Kind::Refused),
            (204, Kind::Malformed),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let failure = Failure::answer(&http::Method::GET, status, &HeaderMap::new(), body);
            assert_eq!(failure.kind, kind, "{status}");
            let error = failure.during("get manifest", "h/r:v1");
            assert!(error.has_code("TAG_INVALID") && error.to_string().contains("immutable"), "{error}");
        }
    }

    #[test]
    fn a_retry_after_is_bounded() {
        let mut headers = HeaderMap::new();
        for (text, expected) in [("5", Some(5)), ("99999999", Some(3600)), ("Fri, 31 Dec 1999 23:59:59 GMT", None)] {
            headers.insert(header::RETRY_AFTER, text.parse().unwrap());
            assert_eq!(retry_after(&headers), expected.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn what_a_registry_says_is_cut() {
        let long = serde_json::json!({"errors": [{"code": "X", "message": "y".repeat(10_000)}]}).to_string();
        assert!(oci_errors(long.as_bytes()).1.len() <= 300);
        assert_eq!(oci_errors(b"<html>"), (Vec::new(), String::new()));
        assert_eq!(oci_errors(br#"{"errors":{"code":1}}"#), (Vec::new(), String::new()));
    }
}
