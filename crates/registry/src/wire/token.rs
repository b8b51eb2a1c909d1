//! `GET /v2/token`: bearer tokens for clients that know no other way in, by distribution's "Token
//! Authentication Specification". Who asks proves it as everywhere else; the answer is a token that
//! says the same and may be narrower.

use http::header::{CACHE_CONTROL, HeaderValue};
use http::{Method, StatusCode};
use serde::Serialize;

use super::answer::{Answer, Build, answer};
use super::query::Query;
use super::serve::Wire;
use crate::{Error, Peer, Result, Scope};

/// Where tokens are had. The second is what clients of other registries are configured with.
const PATHS: &[&str] = &["/v2/token", "/token"];

#[derive(Serialize)]
struct Token<'a> {
    token: &'a str,
    /// The same, by its OAuth 2.0 name.
    access_token: &'a str,
    /// Seconds.
    expires_in: i64,
    /// RFC 3339.
    issued_at: String,
}

pub(super) fn is_token_path(path: &str) -> bool {
    PATHS.contains(&path)
}

impl Wire {
    /// `service` and `account` are taken and change nothing: there is one service, and the account is the
    /// token's.
    pub(super) async fn give_token(&self, parts: &http::request::Parts, query: &Query, peer: Peer) -> Result<Answer> {
        let principal = self.access.authenticate(&parts.headers, &peer).await?;
        if parts.method != Method::GET {
            return Err(Error::Unsupported);
        }
        let scopes = Scope::parse_all(query.all("scope"))?;
        let issued = self.access.issue_token(&principal, scopes.as_deref())?;
        let now = self.registry.clock.now();
        let body = Token {
            token: &issued.token,
            access_token: &issued.token,
            expires_in: issued.expires.since_ms(now) / 1000,
            issued_at: now.rfc3339_secs(),
        };
        let mut response = answer(StatusCode::OK).json(&body)?;
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        Ok(response)
    }
}
