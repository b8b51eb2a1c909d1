//! One repository of a registry elsewhere.

use std::fmt;

use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri, header};
use serde::{Deserialize, Serialize};

use crate::auth::Scope;
use crate::client::{Call, Client, body, drain, expect, limits};
use crate::endpoint::{Endpoint, resolve};
use crate::error::{Failure, Kind, Result, Step};

/// User name and password (or token). Never printed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Basic {
    pub user: String,
    pub password: String,
}

impl Basic {
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into() }
    }
}

impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basic").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A descriptor of OCI Image 1.1, as a referrers list has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    pub media_type: String,
    pub digest: String,
    pub size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub annotations: std::collections::BTreeMap<String, String>,
}

/// A repository, and who asks. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Remote {
    pub(crate) client: Client,
    pub(crate) endpoint: Endpoint,
    pub(crate) repository: String,
    pub(crate) credentials: Option<Basic>,
    /// Sent with every request to the registry's own host.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Remote {
    pub(crate) fn new(client: Client, endpoint: Endpoint, repository: String) -> Self {
        Self { client, endpoint, repository, credentials: None, headers: Vec::new() }
    }

    #[must_use]
    pub fn with_credentials(mut self, credentials: impl Into<Option<Basic>>) -> Self {
        self.credentials = credentials.into();
        self
    }

    /// Adds a header to every request to the registry's own host, never to another's.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// `host/repository:tag` or `host/repository@digest`
    pub(crate) fn subject(&self, reference: &str) -> String {
        let mark = if reference.contains(':') { '@' } else { ':' };
        format!("{}/{}{mark}{reference}", self.endpoint, self.repository)
    }

    pub(crate) fn uri(&self, rest: &str) -> Step<Uri> {
        self.client.uri(&self.endpoint, &format!("/v2/{}/{rest}", self.repository))
    }

    /// Whether there is a registry that takes these credentials: `GET /v2/`.
    pub async fn ping(&self) -> Result<()> {
        let work = async {
            let call = Call::new(Method::GET, self.client.uri(&self.endpoint, "/v2/")?);
            let response = self.client.call(self, Scope::Pull, &call).await?;
            drain(expect(&call.method, response, &[StatusCode::OK]).await?).await;
            Ok(())
        };
        work.await.map_err(|f: Failure| f.during("ask", self.endpoint.to_string()))
    }

    /// What refers to an image, from the referrers API, else from the tag that stands in for it
    /// (OCI Distribution 1.1, "Listing Referrers"). Nothing refers to an image that is not there.
    pub async fn referrers(&self, digest: &str, artifact_type: Option<&str>) -> Result<Vec<Descriptor>> {
        let found = match self.referrers_api(digest).await {
            Err(f) if f.kind == Kind::NotFound => self.referrers_tag(digest).await,
            other => other,
        };
        let mut found = found.map_err(|f| f.during("list referrers", self.subject(digest)))?;
        // A registry need not filter, so everybody must.
        found.retain(|d| artifact_type.is_none_or(|t| d.artifact_type.as_deref() == Some(t)));
        Ok(found)
    }

    async fn referrers_api(&self, digest: &str) -> Step<Vec<Descriptor>> {
        let mut uri = self.uri(&format!("referrers/{digest}"))?;
        let mut all = Vec::new();
        for _ in 0..limits::MAX_PAGES {
            let call = Call::new(Method::GET, uri.clone()).header(header::ACCEPT, crate::MANIFESTS)?;
            let response = self.client.call(self, Scope::Pull, &call).await?;
            let response = expect(&call.method, response, &[StatusCode::OK]).await?;
            let next =
                response.headers().get(header::LINK).and_then(|l| next_link(l.to_str().ok()?)).map(str::to_owned);
            all.extend(read_index(&body(response, limits::MAX_MANIFEST).await?)?);
            if all.len() > limits::MAX_REFERRERS {
                return Err(Failure::new(Kind::TooLarge, format!("over {} referrers", limits::MAX_REFERRERS)));
            }
            match next {
                Some(next) => {
                    let to = resolve(&uri, &next)?;
                    if !crate::endpoint::same_origin(&to, &uri) {
                        return Err(Failure::malformed("a list that goes on at another host"));
                    }
                    uri = to;
                }
                None => return Ok(all),
            }
        }
        Err(Failure::new(Kind::TooLarge, format!("a list of over {} pages", limits::MAX_PAGES)))
    }

    async fn referrers_tag(&self, digest: &str) -> Step<Vec<Descriptor>> {
        let tag: String = digest.replacen(':', "-", 1).chars().take(128).collect();
        let call = Call::new(Method::GET, self.uri(&format!("manifests/{tag}"))?);
        let call = call.header(header::ACCEPT, crate::MANIFESTS)?;
        let response = self.client.call(self, Scope::Pull, &call).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(Vec::new());
        }
        let response = expect(&call.method, response, &[StatusCode::OK]).await?;
        read_index(&body(response, limits::MAX_MANIFEST).await?)
    }
}

fn read_index(bytes: &[u8]) -> Step<Vec<Descriptor>> {
    #[derive(Deserialize)]
    struct Index {
        #[serde(default)]
        manifests: Vec<Descriptor>,
    }
    let index: Index = serde_json::from_slice(bytes)
        .map_err(|e| Failure::malformed(format!("a referrers list that is no index: {e}")))?;
    Ok(index.manifests)
}

/// The target of `<target>; rel="next"` (RFC 8288).
fn next_link(text: &str) -> Option<&str> {
    let (target, rest) = text.strip_prefix('<')?.split_once('>')?;
    let rest = rest.replace([' ', '"'], "");
    rest.split(';').any(|p| p.eq_ignore_ascii_case("rel=next")).then_some(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_read() {
        assert_eq!(next_link(r#"</v2/a/referrers/x?last=1>; rel="next""#), Some("/v2/a/referrers/x?last=1"));
        assert_eq!(next_link("</v2/a>;rel=next"), Some("/v2/a"));
        assert_eq!(next_link(r#"</v2/a>; rel="prev""#), None);
        assert_eq!(next_link("junk"), None);
    }
}
