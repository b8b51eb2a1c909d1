//! Challenges and their answers: Basic (RFC 7617), and Bearer with a token server
//! (<https://distribution.github.io/distribution/spec/auth/token/>).

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{self, HeaderMap, HeaderValue};
use http::{Method, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::client::{Call, Client, body, expect, limits};
use crate::error::{Failure, Kind, Step};
use crate::remote::{Basic, Remote};

/// What a token must allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    Pull,
    Push,
}

/// What an authorisation was given for. Credentials are part of it: another user's token is no use.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct SessionKey {
    endpoint: crate::Endpoint,
    repository: String,
    scope: Scope,
    credentials: Option<Basic>,
}

impl SessionKey {
    pub(crate) fn new(remote: &Remote, scope: Scope) -> Self {
        Self {
            endpoint: remote.endpoint.clone(),
            repository: remote.repository.clone(),
            scope,
            credentials: remote.credentials.clone(),
        }
    }
}

fn denied(reason: &str) -> Failure {
    Failure::new(Kind::Unauthorized, reason)
}

fn secret(text: String) -> Step<HeaderValue> {
    let mut value = HeaderValue::from_str(&text).map_err(|_| denied("credentials that cannot be a header's value"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn basic(credentials: &Basic) -> Step<HeaderValue> {
    secret(format!("Basic {}", STANDARD.encode(format!("{}:{}", credentials.user, credentials.password))))
}

impl Client {
    /// The header that answers a challenge of the registry's own.
    pub(crate) async fn answer(
        &self,
        remote: &Remote,
        scope: Scope,
        asked: &Uri,
        headers: &HeaderMap,
    ) -> Step<HeaderValue> {
        for value in headers.get_all(header::WWW_AUTHENTICATE) {
            let Ok(text) = value.to_str() else { continue };
            let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
            if scheme.eq_ignore_ascii_case("basic") {
                return basic(remote.credentials.as_ref().ok_or_else(|| denied("no basic auth credentials"))?);
            }
            if scheme.eq_ignore_ascii_case("bearer") {
                return self.token(remote, scope, asked, &challenge(rest)).await;
            }
        }
        Err(denied("the registry asks for an authentication that is not supported"))
    }

    async fn token(
        &self,
        remote: &Remote,
        scope: Scope,
        asked: &Uri,
        fields: &HashMap<String, String>,
    ) -> Step<HeaderValue> {
        let realm = fields.get("realm").ok_or_else(|| denied("a challenge without a realm"))?;
        let actions = match scope {
            Scope::Pull => "pull",
            Scope::Push => "pull,push",
        };
        let quote = |s: &str| utf8_percent_encode(s, NON_ALPHANUMERIC).to_string();
        let mut url = format!(
            "{realm}{}service={}",
            if realm.contains('?') { '&' } else { '?' },
            quote(fields.get("service").map_or("", String::as_str))
        );
        if !remote.repository.is_empty() {
            url += &format!("&scope={}", quote(&format!("repository:{}:{actions}", remote.repository)));
        }
        let uri: Uri = url.parse().map_err(|_| denied("a challenge whose realm is no address"))?;
        if asked.scheme_str() == Some("https") && uri.scheme_str() != Some("https") {
            return Err(denied("a token server without HTTPS for a registry with it"));
        }
        let authorization = remote.credentials.as_ref().map(basic).transpose()?;
        let call = Call::new(Method::GET, uri).header(header::ACCEPT, "application/json")?;
        let (response, _) = self.follow(&call, &[], authorization.as_ref()).await?;
        let response = expect(&call.method, response, &[http::StatusCode::OK]).await?;
        let said = body(response, limits::MAX_TOKEN).await?;
        let json: serde_json::Value =
            serde_json::from_slice(&said).map_err(|_| denied("the token server's answer is no JSON"))?;
        let token = json.get("token").or_else(|| json.get("access_token")).and_then(|t| t.as_str());
        secret(format!("Bearer {}", token.ok_or_else(|| denied("the token server gave no token"))?))
    }
}

/// `key="value",key=value` of RFC 9110 section 11.2.
fn challenge(text: &str) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    let mut rest = text.trim();
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim_matches([',', ' ']).to_ascii_lowercase();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        fields.insert(key, value.trim().to_owned());
        rest = after;
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let got =
            challenge(r#"realm="https://auth.example/token",service="reg.example",scope="repository:a/b:pull,push""#);
        assert_eq!(got["realm"], "https://auth.example/token");
        assert_eq!(got["scope"], "repository:a/b:pull,push");
        assert_eq!(challenge("Realm=x, service=y")["service"], "y");
        assert!(challenge("").is_empty());
    }

    #[test]
    fn credentials_are_not_shown() {
        let value = basic(&Basic::new("me", "secret")).unwrap();
        assert!(value.is_sensitive());
        assert!(!format!("{:?} {value:?}", Basic::new("me", "secret")).contains("secret"));
        assert!(secret("Bearer a\nb".into()).is_err());
    }
}
