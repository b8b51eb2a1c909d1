//! Instance profiles: what gives an EC2 instance its role.

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::{
    delete_conflict_exception, entity_already_exists_exception, no_such_entity_exception,
};
use gantry_aws_wire::AwsError;

use super::{check, shape};
use crate::core::Call;
use crate::draft::Draft;
use crate::names::unique_id;
use crate::page::Page;
use crate::record::InstanceProfile;

const PROFILES_PER_ACCOUNT: usize = 1000;

pub(super) fn create_instance_profile(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::CreateInstanceProfileRequest,
) -> Result<api::CreateInstanceProfileResponse, AwsError> {
    let name = input.instance_profile_name;
    if draft.profiles.contains_key(&name.to_lowercase()) {
        return Err(entity_already_exists_exception(format!("Instance Profile {name} already exists.")));
    }
    check::quota(draft.profiles.len(), PROFILES_PER_ACCOUNT, "InstanceProfilesPerAccount")?;
    let profile = InstanceProfile {
        path: check::path(input.path),
        id: unique_id(&*call.inner.options.entropy, "AIPA"),
        created: call.now(),
        tags: check::tags(&Default::default(), input.tags)?,
        role: None,
        name,
    };
    let shown = shape::profile(draft, call.account_id(), &profile, true);
    draft.put(profile);
    Ok(api::CreateInstanceProfileResponse { instance_profile: shown })
}

pub(super) fn get_instance_profile(
    call: &Call<'_>,
    input: api::GetInstanceProfileRequest,
) -> Result<api::GetInstanceProfileResponse, AwsError> {
    let profile = check::profile(&call.account, &input.instance_profile_name)?;
    let instance_profile = shape::profile(&call.account, call.account_id(), profile, true);
    Ok(api::GetInstanceProfileResponse { instance_profile })
}

pub(super) fn list_instance_profiles(
    call: &Call<'_>,
    input: api::ListInstanceProfilesRequest,
) -> Result<api::ListInstanceProfilesResponse, AwsError> {
    let prefix = check::path(input.path_prefix);
    let all = call.account.profiles.iter().filter(|(_, profile)| profile.path.starts_with(&prefix));
    let all = all.map(|(key, p)| (key.clone(), shape::profile(&call.account, call.account_id(), p, false)));
    let page = Page::cut(call, "ListInstanceProfiles", &prefix, input.marker.as_deref(), input.max_items, all)?;
    Ok(api::ListInstanceProfilesResponse {
        instance_profiles: page.items,
        is_truncated: Some(page.is_truncated),
        marker: page.marker,
    })
}

pub(super) fn list_instance_profiles_for_role(
    call: &Call<'_>,
    input: api::ListInstanceProfilesForRoleRequest,
) -> Result<api::ListInstanceProfilesForRoleResponse, AwsError> {
    let role = &check::role(&call.account, &input.role_name)?.name;
    let all = call.account.profiles.iter().filter(|(_, profile)| profile.role.as_ref() == Some(role));
    let all = all.map(|(key, p)| (key.clone(), shape::profile(&call.account, call.account_id(), p, false)));
    let marker = input.marker.as_deref();
    let page = Page::cut(call, "ListInstanceProfilesForRole", role, marker, input.max_items, all)?;
    Ok(api::ListInstanceProfilesForRoleResponse {
        instance_profiles: page.items,
        is_truncated: Some(page.is_truncated),
        marker: page.marker,
    })
}

pub(super) fn delete_instance_profile(
    draft: &mut Draft,
    _: &Call<'_>,
    input: api::DeleteInstanceProfileRequest,
) -> Result<(), AwsError> {
    let profile = check::profile(draft, &input.instance_profile_name)?.clone();
    if profile.role.is_some() {
        return Err(delete_conflict_exception("Cannot delete entity, must remove roles from instance profile first."));
    }
    draft.remove::<InstanceProfile>(&profile.name.to_lowercase());
    Ok(())
}

pub(super) fn add_role(
    draft: &mut Draft,
    _: &Call<'_>,
    input: api::AddRoleToInstanceProfileRequest,
) -> Result<(), AwsError> {
    let mut profile = InstanceProfile::clone(check::profile(draft, &input.instance_profile_name)?);
    let role = check::own_role(draft, &input.role_name)?;
    // One role each, and no replacing.
    check::quota(usize::from(profile.role.is_some()), 1, "InstanceSessionsPerInstanceProfile")?;
    profile.role = Some(role.name);
    draft.put(profile);
    Ok(())
}

pub(super) fn remove_role(
    draft: &mut Draft,
    _: &Call<'_>,
    input: api::RemoveRoleFromInstanceProfileRequest,
) -> Result<(), AwsError> {
    let mut profile = InstanceProfile::clone(check::profile(draft, &input.instance_profile_name)?);
    check::role(draft, &input.role_name)?;
    if profile.role.as_ref() != Some(&input.role_name) {
        return Err(no_such_entity_exception(format!(
            "Role {} in Instance Profile {} cannot be found.",
            input.role_name, input.instance_profile_name
        )));
    }
    profile.role = None;
    draft.put(profile);
    Ok(())
}
