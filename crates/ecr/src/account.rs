//! Account settings, and the principals whose pulls are not recorded.

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_registry::{limits, setting};

use crate::api::EcrApi;
use crate::errors::{aws, invalid};

/// Name, values, of which the first is the default. ECR mounts blobs only for who asks for it; a mount
/// is what OCI clients expect, so here it is on.
const SETTINGS: &[(&str, &[&str])] = &[
    ("BASIC_SCAN_TYPE_VERSION", &["AWS_NATIVE"]),
    ("REGISTRY_POLICY_SCOPE", &["V2", "V1"]),
    ("BLOB_MOUNTING", &["ENABLED", "DISABLED"]),
];
const DEFAULT_PAGE: usize = 100;

pub(crate) fn setting_name(name: &str) -> String {
    format!("account/{name}")
}

fn known(name: &str) -> Result<&'static [&'static str], AwsError> {
    let found = SETTINGS.iter().find(|(known, _)| *known == name);
    let names = || SETTINGS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    found
        .map(|(_, values)| *values)
        .ok_or_else(|| invalid("name", &format!("Member must satisfy enum value set: [{}]", names())))
}

pub(crate) async fn get_account_setting(
    api: &EcrApi,
    context: &Context,
    input: ecr::GetAccountSettingRequest,
) -> Result<ecr::GetAccountSettingResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let values = known(&input.name)?;
    let value = api.registry.setting(&registry, &setting_name(&input.name)).await.map_err(aws)?;
    let value = value.or_else(|| values.first().map(|v| (*v).to_owned()));
    Ok(ecr::GetAccountSettingResponse { name: Some(input.name), value })
}

pub(crate) async fn put_account_setting(
    api: &EcrApi,
    context: &Context,
    input: ecr::PutAccountSettingRequest,
) -> Result<ecr::PutAccountSettingResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let values = known(&input.name)?;
    if !values.contains(&input.value.as_str()) {
        return Err(invalid("value", &format!("Member must satisfy enum value set: [{}]", values.join(", "))));
    }
    api.registry.set_setting(&registry, &setting_name(&input.name), Some(&input.value)).await.map_err(aws)?;
    Ok(ecr::PutAccountSettingResponse { name: Some(input.name), value: Some(input.value) })
}

fn exclusion(arn: &str) -> String {
    format!("{}{arn}", setting::PULL_EXCLUSION)
}

pub(crate) async fn register_pull_time_update_exclusion(
    api: &EcrApi,
    context: &Context,
    input: ecr::RegisterPullTimeUpdateExclusionRequest,
) -> Result<ecr::RegisterPullTimeUpdateExclusionResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let all = api.registry.settings(&registry, setting::PULL_EXCLUSION, None, limits::MAX_PULL_EXCLUSIONS);
    let all = all.await.map_err(aws)?.items;
    let exists = || {
        errors::exclusion_already_exists_exception(format!(
            "The pull time update exclusion for the principal '{}' already exists in the registry with id '{}'",
            input.principal_arn, registry.account
        ))
    };
    if all.iter().any(|(arn, _)| *arn == input.principal_arn) {
        return Err(exists());
    }
    if all.len() >= limits::MAX_PULL_EXCLUSIONS {
        return Err(errors::limit_exceeded_exception("A registry can have at most 100 pull time update exclusions."));
    }
    let now = api.clock.now();
    let (name, since) = (exclusion(&input.principal_arn), now.millis().to_string());
    if !api.registry.create_setting(&registry, &name, &since).await.map_err(aws)? {
        return Err(exists());
    }
    Ok(ecr::RegisterPullTimeUpdateExclusionResponse { principal_arn: Some(input.principal_arn), created_at: Some(now) })
}

pub(crate) async fn deregister_pull_time_update_exclusion(
    api: &EcrApi,
    context: &Context,
    input: ecr::DeregisterPullTimeUpdateExclusionRequest,
) -> Result<ecr::DeregisterPullTimeUpdateExclusionResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let before = api.registry.set_setting(&registry, &exclusion(&input.principal_arn), None).await.map_err(aws)?;
    if before.is_none() {
        return Err(errors::exclusion_not_found_exception(format!(
            "The pull time update exclusion for the principal '{}' does not exist in the registry with id '{}'",
            input.principal_arn, registry.account
        )));
    }
    Ok(ecr::DeregisterPullTimeUpdateExclusionResponse { principal_arn: Some(input.principal_arn) })
}

pub(crate) async fn list_pull_time_update_exclusions(
    api: &EcrApi,
    context: &Context,
    input: ecr::ListPullTimeUpdateExclusionsRequest,
) -> Result<ecr::ListPullTimeUpdateExclusionsResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let scope = format!("{}/{}", registry.account, registry.region);
    let after = api.open_page("ListPullTimeUpdateExclusions", &scope, input.next_token.as_ref())?;
    let limit = input.max_results.map_or(DEFAULT_PAGE, |n| n.max(1) as usize);
    let page = api.registry.settings(&registry, setting::PULL_EXCLUSION, after.as_deref(), limit);
    let page = page.await.map_err(aws)?;
    Ok(ecr::ListPullTimeUpdateExclusionsResponse {
        pull_time_update_exclusions: Some(page.items.into_iter().map(|(arn, _)| arn).collect()),
        next_token: api.seal_page("ListPullTimeUpdateExclusions", &scope, page.next),
    })
}
