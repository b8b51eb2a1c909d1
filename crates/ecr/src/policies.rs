//! Repository policies: checked when set, and part of every decision about the repository.

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_iam::{Policy, PolicyKind};
use gantry_registry::RepoId;

use crate::api::EcrApi;
use crate::errors::{aws, invalid};
use crate::lockout::locks_out;

fn none(repo: &RepoId) -> AwsError {
    errors::repository_policy_not_found_exception(format!(
        "Repository policy does not exist for the repository with name '{}' in the registry with id '{}'",
        repo.name, repo.registry.account
    ))
}

pub(crate) async fn set_repository_policy(
    api: &EcrApi,
    context: &Context,
    input: ecr::SetRepositoryPolicyRequest,
) -> Result<ecr::SetRepositoryPolicyResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let policy = Policy::parse(&input.policy_text, PolicyKind::Resource)
        .map_err(|e| invalid("PolicyText", &format!("Invalid repository policy provided: {e}")))?;
    if input.force != Some(true) {
        let record = api.registry.repository(&repo).await.map_err(aws)?.value;
        if locks_out(&policy, context, &repo, record.tags.iter()) {
            let why = "The policy would prevent you from setting another policy in the future; use force to set it";
            return Err(invalid("PolicyText", why));
        }
    }
    api.registry.set_repository_policy(&repo, Some(&input.policy_text)).await.map_err(aws)?;
    Ok(ecr::SetRepositoryPolicyResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        policy_text: Some(input.policy_text),
    })
}

pub(crate) async fn get_repository_policy(
    api: &EcrApi,
    context: &Context,
    input: ecr::GetRepositoryPolicyRequest,
) -> Result<ecr::GetRepositoryPolicyResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let text = api.registry.repository_policy(&repo).await.map_err(aws)?.ok_or_else(|| none(&repo))?;
    Ok(ecr::GetRepositoryPolicyResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        policy_text: Some(text),
    })
}

pub(crate) async fn delete_repository_policy(
    api: &EcrApi,
    context: &Context,
    input: ecr::DeleteRepositoryPolicyRequest,
) -> Result<ecr::DeleteRepositoryPolicyResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let text = api.registry.set_repository_policy(&repo, None).await.map_err(aws)?.ok_or_else(|| none(&repo))?;
    Ok(ecr::DeleteRepositoryPolicyResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        policy_text: Some(text),
    })
}
