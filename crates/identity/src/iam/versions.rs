//! Versions of managed policies: up to five, one of them in force.

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::{delete_conflict_exception, limit_exceeded_exception, no_such_entity_exception};
use gantry_aws_wire::AwsError;
use gantry_iam::PolicyKind;

use super::{check, shape};
use crate::core::Call;
use crate::draft::Draft;
use crate::page::Page;
use crate::record::{ManagedPolicy, Version};

const MAX_VERSIONS: usize = 5;

fn find<'a>(policy: &'a ManagedPolicy, arn: &str, id: &str) -> Result<&'a Version, AwsError> {
    let number = id.strip_prefix('v').and_then(|n| n.parse::<u32>().ok());
    policy.versions.iter().find(|version| Some(version.number) == number).ok_or_else(|| {
        no_such_entity_exception(format!("Policy {arn} version {id} does not exist or is not attachable."))
    })
}

pub(super) fn create_policy_version(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::CreatePolicyVersionRequest,
) -> Result<api::CreatePolicyVersionResponse, AwsError> {
    let mut policy = check::own_policy(draft, call.account_id(), &input.policy_arn)?;
    let document = check::document(&input.policy_document, PolicyKind::Identity)?;
    if policy.versions.len() >= MAX_VERSIONS {
        return Err(limit_exceeded_exception(
            "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
        ));
    }
    let version = Version { number: policy.next_version, created: call.now(), document };
    policy.next_version += 1;
    policy.updated = call.now();
    if input.set_as_default.unwrap_or(false) {
        policy.default_version = version.number;
    }
    let shown = shape::version(&policy, &version, false);
    policy.versions.push(version);
    draft.put(policy);
    Ok(api::CreatePolicyVersionResponse { policy_version: Some(shown) })
}

pub(super) fn get_policy_version(
    call: &Call<'_>,
    input: api::GetPolicyVersionRequest,
) -> Result<api::GetPolicyVersionResponse, AwsError> {
    let policy = check::policy(&call.account, call.account_id(), &input.policy_arn)?;
    let version = find(policy, &input.policy_arn, &input.version_id)?;
    Ok(api::GetPolicyVersionResponse { policy_version: Some(shape::version(policy, version, true)) })
}

pub(super) fn list_policy_versions(
    call: &Call<'_>,
    input: api::ListPolicyVersionsRequest,
) -> Result<api::ListPolicyVersionsResponse, AwsError> {
    let policy = check::policy(&call.account, call.account_id(), &input.policy_arn)?;
    // Newest first.
    let all = policy.versions.iter().rev();
    let all = all.map(|v| (format!("{:010}", u32::MAX - v.number), shape::version(policy, v, false)));
    let (marker, asked) = (input.marker.as_deref(), &input.policy_arn);
    let page = Page::cut(call, "ListPolicyVersions", asked, marker, input.max_items, all)?;
    Ok(api::ListPolicyVersionsResponse {
        versions: Some(page.items),
        is_truncated: Some(page.is_truncated),
        marker: page.marker,
    })
}

pub(super) fn delete_policy_version(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::DeletePolicyVersionRequest,
) -> Result<(), AwsError> {
    let mut policy = check::own_policy(draft, call.account_id(), &input.policy_arn)?;
    let number = find(&policy, &input.policy_arn, &input.version_id)?.number;
    if number == policy.default_version {
        return Err(delete_conflict_exception("Cannot delete the default version of a policy."));
    }
    policy.versions.retain(|version| version.number != number);
    policy.updated = call.now();
    draft.put(policy);
    Ok(())
}

pub(super) fn set_default_policy_version(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::SetDefaultPolicyVersionRequest,
) -> Result<(), AwsError> {
    let mut policy = check::own_policy(draft, call.account_id(), &input.policy_arn)?;
    policy.default_version = find(&policy, &input.policy_arn, &input.version_id)?.number;
    policy.updated = call.now();
    draft.put(policy);
    Ok(())
}
