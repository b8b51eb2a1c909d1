//! Lifecycle policies and their previews.

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_registry::{LifecyclePolicy, PreviewResult, RepoId};

use crate::api::EcrApi;
use crate::errors::{aws, invalid};

/// Results in a page where the request does not say.
const DEFAULT_PAGE: usize = 100;

fn none(repo: &RepoId) -> AwsError {
    errors::lifecycle_policy_not_found_exception(format!(
        "Lifecycle policy does not exist for the repository with name '{}' in the registry with id '{}'",
        repo.name, repo.registry.account
    ))
}

fn checked(text: &str) -> Result<(), AwsError> {
    LifecyclePolicy::parse(text)
        .map(drop)
        .map_err(|why| invalid("LifecyclePolicyText", &format!("Lifecycle policy validation failure: {why}")))
}

/// A creation template's policy may be empty: none.
pub(crate) fn checked_template(text: &str) -> Result<(), AwsError> {
    if text.is_empty() { Ok(()) } else { checked(text) }
}

pub(crate) async fn put_lifecycle_policy(
    api: &EcrApi,
    context: &Context,
    input: ecr::PutLifecyclePolicyRequest,
) -> Result<ecr::PutLifecyclePolicyResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    checked(&input.lifecycle_policy_text)?;
    api.registry.set_lifecycle_policy(&repo, Some(&input.lifecycle_policy_text)).await.map_err(aws)?;
    Ok(ecr::PutLifecyclePolicyResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        lifecycle_policy_text: Some(input.lifecycle_policy_text),
    })
}

pub(crate) async fn get_lifecycle_policy(
    api: &EcrApi,
    context: &Context,
    input: ecr::GetLifecyclePolicyRequest,
) -> Result<ecr::GetLifecyclePolicyResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let record = api.registry.lifecycle_policy(&repo).await.map_err(aws)?.ok_or_else(|| none(&repo))?;
    Ok(ecr::GetLifecyclePolicyResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        lifecycle_policy_text: Some(record.text),
        last_evaluated_at: record.evaluated_at,
    })
}

pub(crate) async fn delete_lifecycle_policy(
    api: &EcrApi,
    context: &Context,
    input: ecr::DeleteLifecyclePolicyRequest,
) -> Result<ecr::DeleteLifecyclePolicyResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let record = api.registry.set_lifecycle_policy(&repo, None).await.map_err(aws)?.ok_or_else(|| none(&repo))?;
    Ok(ecr::DeleteLifecyclePolicyResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        lifecycle_policy_text: Some(record.text),
        last_evaluated_at: record.evaluated_at,
    })
}

/// The preview is worked out before this answers; it says IN_PROGRESS as ECR does, and the first look at
/// it finds it complete.
pub(crate) async fn start_lifecycle_policy_preview(
    api: &EcrApi,
    context: &Context,
    input: ecr::StartLifecyclePolicyPreviewRequest,
) -> Result<ecr::StartLifecyclePolicyPreviewResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let kept = api.registry.lifecycle_policy(&repo).await.map_err(aws)?;
    let text = match input.lifecycle_policy_text {
        Some(text) => text,
        None => kept.ok_or_else(|| none(&repo))?.text,
    };
    checked(&text)?;
    let preview = api.registry.preview_lifecycle_policy(&repo, &text).await.map_err(aws)?;
    Ok(ecr::StartLifecyclePolicyPreviewResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        lifecycle_policy_text: Some(preview.text),
        status: Some("IN_PROGRESS".to_owned()),
    })
}

pub(crate) async fn get_lifecycle_policy_preview(
    api: &EcrApi,
    context: &Context,
    input: ecr::GetLifecyclePolicyPreviewRequest,
) -> Result<ecr::GetLifecyclePolicyPreviewResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let preview = api.registry.lifecycle_preview(&repo).await.map_err(aws)?.ok_or_else(|| {
        errors::lifecycle_policy_preview_not_found_exception(format!(
            "Lifecycle policy preview does not exist for the repository with name '{}' in the registry with id '{}'",
            repo.name, repo.registry.account
        ))
    })?;
    let ids = input.image_ids.unwrap_or_default();
    if !ids.is_empty() && (input.next_token.is_some() || input.max_results.is_some()) {
        return Err(invalid("maxResults", "can not be given with imageIds"));
    }
    let status = input.filter.and_then(|f| f.tag_status);
    let wanted = |result: &PreviewResult| {
        let tagged = match status.as_deref() {
            Some("TAGGED") => !result.tags.is_empty(),
            Some("UNTAGGED") => result.tags.is_empty(),
            _ => true,
        };
        let named = |id: &ecr::ImageIdentifier| {
            id.image_digest.as_ref().is_none_or(|d| d == result.digest.as_str())
                && id.image_tag.as_ref().is_none_or(|t| result.tags.contains(t))
        };
        tagged && (ids.is_empty() || ids.iter().any(named))
    };
    let scope = format!("{repo} {} {}", status.as_deref().unwrap_or_default(), preview.id());
    let after = api.open_page("GetLifecyclePolicyPreview", &scope, input.next_token.as_ref())?;
    let limit = input.max_results.map_or(DEFAULT_PAGE, |n| n.max(1) as usize);
    let page =
        api.registry.lifecycle_preview_results(&repo, &preview, after.as_deref(), limit, wanted).await.map_err(aws)?;
    let archiving = ecr::TransitioningImageTotalCount {
        target_storage_class: Some("ARCHIVE".to_owned()),
        image_total_count: Some(preview.archiving as i32),
    };
    Ok(ecr::GetLifecyclePolicyPreviewResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        lifecycle_policy_text: Some(preview.text),
        status: Some("COMPLETE".to_owned()),
        next_token: api.seal_page("GetLifecyclePolicyPreview", &scope, page.next),
        preview_results: Some(page.items.into_iter().map(view).collect()),
        summary: Some(ecr::LifecyclePolicyPreviewSummary {
            expiring_image_total_count: Some(preview.expiring as i32),
            transitioning_image_total_counts: Some(
                Some(archiving).filter(|_| preview.archiving > 0).into_iter().collect(),
            ),
        }),
    })
}

fn view(result: PreviewResult) -> ecr::LifecyclePolicyPreviewResult {
    let (kind, target) = if result.expire { ("EXPIRE", None) } else { ("TRANSITION", Some("ARCHIVE".to_owned())) };
    let action = ecr::LifecyclePolicyRuleAction { r#type: Some(kind.to_owned()), target_storage_class: target };
    ecr::LifecyclePolicyPreviewResult {
        image_tags: Some(result.tags),
        image_digest: Some(result.digest.to_string()),
        image_pushed_at: Some(result.pushed_at),
        action: Some(action),
        applied_rule_priority: i32::try_from(result.priority).ok(),
        storage_class: Some(if result.archived { "ARCHIVE" } else { "STANDARD" }.to_owned()),
    }
}
