//! "ECR Pull Through Cache Action".
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html>

use gantry_blobs::Digest;
use gantry_registry::{MatchedRule, Reference, Registry, RepoId};
use serde::Serialize;

use crate::fault::Fault;

const DETAIL_TYPE: &str = "ECR Pull Through Cache Action";

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Detail<'a> {
    rule_version: &'static str,
    sync_status: &'static str,
    ecr_repository_prefix: &'a str,
    repository_name: &'a str,
    upstream_registry_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_digest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
}

/// Tells how an import ended; `digest` as far as it is known. Failing to tell is not the import's failure.
pub(crate) async fn tell(
    registry: &Registry,
    repo: &RepoId,
    matched: &MatchedRule,
    reference: &Reference,
    digest: Option<&Digest>,
    ended: Result<(), &Fault>,
) {
    let (image_tag, asked) = match reference {
        Reference::Tag(tag) => (Some(tag.as_str()), None),
        Reference::Digest(digest) => (None, Some(digest)),
    };
    let detail = Detail {
        rule_version: "1",
        sync_status: if ended.is_ok() { "SUCCESS" } else { "FAILED" },
        ecr_repository_prefix: &matched.rule.prefix,
        repository_name: &repo.name,
        upstream_registry_url: &matched.rule.upstream_url,
        image_tag,
        image_digest: digest.or(asked).map(ToString::to_string),
        failure_reason: ended.err().map(ToString::to_string),
    };
    let resources = vec![repo.arn().to_string()];
    if let Err(error) = registry.emit(&repo.registry, DETAIL_TYPE, resources, detail).await {
        tracing::warn!(%error, %repo, "failed to tell of an import");
    }
}
