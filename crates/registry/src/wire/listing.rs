//! Tag lists and referrers.

use http::StatusCode;
use http::header::{HeaderValue, LINK};
use serde::Serialize;

use super::answer::{Answer, Build, OCI_FILTERS, answer};
use super::query::escape;
use super::serve::{Call, Wire};
use crate::images::ReferrerRecord;
use crate::{Error, MediaType, Result, limits};

#[derive(Serialize)]
struct TagList<'a> {
    name: &'a str,
    tags: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Index {
    schema_version: u32,
    media_type: &'static str,
    manifests: Vec<ReferrerRecord>,
}

impl Wire {
    /// Tags in byte order: at most `n`, after `last`.
    pub(super) async fn list_tags(&self, call: &Call) -> Result<Answer> {
        let n = match call.query.get("n").filter(|n| !n.is_empty()) {
            Some(text) => text.parse::<usize>().map_err(|_| Error::Pagination(format!("n={}", escape(text))))?,
            None => limits::MAX_TAG_PAGE,
        };
        let last = call.query.get("last").filter(|l| !l.is_empty());
        let page = self.registry.tags(&call.repo, last, n.min(limits::MAX_TAG_PAGE)).await?;
        let tags = page.items.into_iter().map(|(tag, _)| tag).take(n).collect();
        let mut response = answer(StatusCode::OK).json(&TagList { name: &call.repo.name, tags })?;
        if let (Some(next), 1..) = (page.next, n) {
            let n = n.min(limits::MAX_TAG_PAGE);
            let link = format!("</v2/{}/tags/list?n={n}&last={}>; rel=\"next\"", call.repo.name, escape(&next));
            response = response.header(LINK, &link)?;
        }
        Ok(response)
    }

    /// Manifests whose `subject` is this digest, of one artifact type if asked.
    pub(super) async fn list_referrers(&self, call: &Call, digest: &str) -> Result<Answer> {
        let subject = digest.parse().map_err(Error::Digest)?;
        let wanted = call.query.get("artifactType").filter(|t| !t.is_empty());
        let after = call.query.get("last").filter(|l| !l.is_empty());
        let page = self.registry.referrers(&call.repo, &subject, after, limits::MAX_REFERRER_PAGE).await?;
        let fits = |r: &ReferrerRecord| wanted.is_none_or(|w| r.artifact_type.as_deref() == Some(w));
        let index = Index {
            schema_version: 2,
            media_type: MediaType::OciIndex.as_str(),
            manifests: page.items.into_iter().filter(fits).collect(),
        };
        let mut response = answer(StatusCode::OK).json(&index)?;
        response
            .headers_mut()
            .insert(http::header::CONTENT_TYPE, HeaderValue::from_static(MediaType::OciIndex.as_str()));
        if wanted.is_some() {
            response = response.header(OCI_FILTERS, "artifactType")?;
        }
        if let Some(next) = page.next {
            let filter = wanted.map(|w| format!("&artifactType={}", escape(w))).unwrap_or_default();
            let path = format!("/v2/{}/referrers/{subject}?last={}{filter}", call.repo.name, escape(&next));
            response = response.header(LINK, &format!("<{path}>; rel=\"next\""))?;
        }
        Ok(response)
    }
}
