//! Making signatures: for in-process clients, command-line tools and tests.

use std::fmt;

use gantry_base::Timestamp;

use crate::canonical::{self, RequestView, encode};
use crate::{ALGORITHM, Kind, PayloadHash, Presented, SigningKey, TERMINATOR};

/// Who signs.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    /// Present for temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Headers to add to the request that was signed: `x-amz-date`, `x-amz-security-token` if there is a
/// token, `authorization`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub headers: Vec<(String, String)>,
}

/// Signs a request by header. `view.headers` must hold `host` and must not hold what [`Signed`] adds;
/// all of them are covered, save `user-agent`, `authorization` and others that proxies change.
pub fn sign(
    view: &RequestView<'_>,
    payload: PayloadHash,
    credentials: &Credentials,
    region: &str,
    service: &str,
    now: Timestamp,
) -> Signed {
    let stamp = now.amz_date();
    let mut added = vec![("x-amz-date".to_owned(), stamp)];
    if let Some(token) = &credentials.session_token {
        added.push(("x-amz-security-token".to_owned(), token.clone()));
    }
    if canonical::is_s3(service) && view.header("x-amz-content-sha256").is_none() {
        added.push(("x-amz-content-sha256".to_owned(), payload.hex()));
    }
    let mut headers: Vec<(&str, &str)> = view.headers.to_vec();
    headers.extend(added.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let full = RequestView { headers: &headers, ..*view };
    let presented = unsigned(Kind::Header, credentials, region, service, now, signable(&headers));
    let hash = full.header("x-amz-content-sha256").map_or_else(|| payload.hex(), str::to_owned);
    let signature = signature(&presented, &full, &hash, credentials);
    let authorization = format!(
        "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={signature}",
        credentials.access_key_id,
        presented.scope(),
        presented.signed_headers.join(";")
    );
    added.push(("authorization".to_owned(), authorization));
    Signed { headers: added }
}

/// Presigns a request: the whole query, `view.query`'s own parts first. Covers all of `view.headers`,
/// which must hold `host` and must be sent again with the URL.
pub fn presign(
    view: &RequestView<'_>,
    payload: PayloadHash,
    credentials: &Credentials,
    region: &str,
    service: &str,
    expires_secs: u32,
    now: Timestamp,
) -> String {
    let kind = Kind::Presigned { expires_secs: Some(expires_secs) };
    let presented = unsigned(kind, credentials, region, service, now, signable(view.headers));
    let mut query = view.query.to_owned();
    let mut add = |name: &str, value: &str| {
        let joint = if query.is_empty() { "" } else { "&" };
        query += &format!("{joint}{name}={}", encode(value));
    };
    add("X-Amz-Algorithm", ALGORITHM);
    add("X-Amz-Credential", &format!("{}/{}", credentials.access_key_id, presented.scope()));
    add("X-Amz-Date", &now.amz_date());
    add("X-Amz-Expires", &expires_secs.to_string());
    add("X-Amz-SignedHeaders", &presented.signed_headers.join(";"));
    if let Some(token) = &credentials.session_token {
        add("X-Amz-Security-Token", token);
    }
    let hash = if canonical::is_s3(service) { "UNSIGNED-PAYLOAD".to_owned() } else { payload.hex() };
    let signature = signature(&presented, &RequestView { query: &query, ..*view }, &hash, credentials);
    query + "&X-Amz-Signature=" + &signature
}

fn unsigned(
    kind: Kind,
    credentials: &Credentials,
    region: &str,
    service: &str,
    now: Timestamp,
    signed_headers: Vec<String>,
) -> Presented {
    Presented {
        kind,
        access_key_id: credentials.access_key_id.clone(),
        date: now,
        scope_date: now.amz_date()[..8].to_owned(),
        region: region.to_owned(),
        service: service.to_owned(),
        terminator: TERMINATOR.to_owned(),
        session_token: None,
        signed_headers,
        signature: String::new(),
    }
}

fn signature(presented: &Presented, view: &RequestView<'_>, payload: &str, credentials: &Credentials) -> String {
    let key = SigningKey::derive(
        &credentials.secret_access_key,
        &presented.scope_date,
        &presented.region,
        &presented.service,
    );
    let canonical = canonical::request(view, &presented.service, &presented.signed_headers, payload);
    hex::encode(key.sign(&canonical::string_to_sign(presented, &canonical)))
}

/// Names of the headers that a signature covers, sorted.
fn signable(headers: &[(&str, &str)]) -> Vec<String> {
    const CHANGED_ON_THE_WAY: [&str; 6] =
        ["authorization", "connection", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"];
    let mut names: Vec<String> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.retain(|name| !CHANGED_ON_THE_WAY.contains(&name.as_str()));
    names.sort_unstable();
    names.dedup();
    names
}
