//! Resource tags of repositories.

use std::collections::BTreeMap;

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};

use crate::api::EcrApi;
use crate::errors::aws;
use crate::rules::repo_of_arn;

/// Tags of one resource (AWS's quota).
const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// `tags` with `added` over them.
pub(crate) fn merge(
    mut tags: BTreeMap<String, String>,
    added: Vec<ecr::Tag>,
) -> Result<BTreeMap<String, String>, AwsError> {
    let mut seen = std::collections::BTreeSet::new();
    for tag in added {
        let refuse = |why: &str| {
            Err(errors::invalid_tag_parameter_exception(format!(
                "Invalid parameter at 'tags' failed to satisfy constraint: '{why}'"
            )))
        };
        if tag.key.is_empty() || tag.key.chars().count() > MAX_KEY || tag.value.chars().count() > MAX_VALUE {
            return refuse("Tag keys have 1 to 128 characters and values at most 256");
        }
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            return refuse("Tag keys beginning with aws: are reserved");
        }
        if !seen.insert(tag.key.clone()) {
            return refuse("Duplicate tag keys");
        }
        tags.insert(tag.key, tag.value);
    }
    if tags.len() > MAX_TAGS {
        return Err(errors::too_many_tags_exception(format!("A repository can have at most {MAX_TAGS} tags.")));
    }
    Ok(tags)
}

pub(crate) async fn tag_resource(
    api: &EcrApi,
    _: &Context,
    input: ecr::TagResourceRequest,
) -> Result<ecr::TagResourceResponse, AwsError> {
    let repo = repo_of_arn(&input.resource_arn)?;
    change(api, &repo, |tags| merge(tags, input.tags.clone())).await?;
    Ok(ecr::TagResourceResponse {})
}

pub(crate) async fn untag_resource(
    api: &EcrApi,
    _: &Context,
    input: ecr::UntagResourceRequest,
) -> Result<ecr::UntagResourceResponse, AwsError> {
    let repo = repo_of_arn(&input.resource_arn)?;
    change(api, &repo, |mut tags| {
        tags.retain(|key, _| !input.tag_keys.contains(key));
        Ok(tags)
    })
    .await?;
    Ok(ecr::UntagResourceResponse {})
}

pub(crate) async fn list_tags_for_resource(
    api: &EcrApi,
    _: &Context,
    input: ecr::ListTagsForResourceRequest,
) -> Result<ecr::ListTagsForResourceResponse, AwsError> {
    let repo = repo_of_arn(&input.resource_arn)?;
    let record = api.registry.repository(&repo).await.map_err(aws)?.value;
    let tags = record.tags.into_iter().map(|(key, value)| ecr::Tag { key, value }).collect();
    Ok(ecr::ListTagsForResourceResponse { tags: Some(tags) })
}

async fn change(
    api: &EcrApi,
    repo: &gantry_registry::RepoId,
    mut new: impl FnMut(BTreeMap<String, String>) -> Result<BTreeMap<String, String>, AwsError> + Send,
) -> Result<(), AwsError> {
    let mut refused = None;
    let done = api.registry.update_repository(repo, |record| {
        refused = None;
        match new(record.tags.clone()) {
            Ok(tags) => record.tags = tags,
            Err(e) => refused = Some(e),
        }
        Ok(())
    });
    done.await.map_err(aws)?;
    refused.map_or(Ok(()), Err)
}
