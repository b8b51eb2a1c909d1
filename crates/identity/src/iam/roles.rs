//! Roles, and those that services make for themselves.

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::{delete_conflict_exception, invalid_input_exception, no_such_entity_exception};
use gantry_aws_wire::AwsError;
use gantry_base::uuid;

use super::{check, shape};
use crate::core::Call;
use crate::draft::Draft;
use crate::names::unique_id;
use crate::page::Page;
use crate::record::{Document, Holdings, Role};

const ROLES_PER_ACCOUNT: usize = 1000;
const DEFAULT_SESSION_SECS: i32 = 3600;
/// Deletions whose outcome is remembered.
const MAX_DELETIONS: usize = 100;

pub(super) fn create_role(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::CreateRoleRequest,
) -> Result<api::CreateRoleResponse, AwsError> {
    check::free(&draft.roles, "Role", &input.role_name)?;
    check::quota(draft.roles.len(), ROLES_PER_ACCOUNT, "RolesPerAccount")?;
    let path = check::path(input.path);
    if path.starts_with("/aws-service-role/") {
        return Err(invalid_input_exception(
            "The aws-service-role path is reserved for service-linked roles; use CreateServiceLinkedRole.",
        ));
    }
    let role = Role {
        path,
        id: unique_id(&*call.inner.options.entropy, "AROA"),
        created: call.now(),
        trust: check::trust(draft, call.account_id(), &input.assume_role_policy_document)?,
        description: input.description,
        max_session_secs: input.max_session_duration.unwrap_or(DEFAULT_SESSION_SECS),
        tags: check::tags(&Default::default(), input.tags)?,
        boundary: check::boundary(draft, call.account_id(), input.permissions_boundary)?,
        name: input.role_name,
        holdings: Holdings::default(),
    };
    let shown = shape::role(call.account_id(), &role, true);
    draft.put(role);
    Ok(api::CreateRoleResponse { role: api::Role { role_last_used: None, ..shown } })
}

pub(super) fn get_role(call: &Call<'_>, input: api::GetRoleRequest) -> Result<api::GetRoleResponse, AwsError> {
    let role = check::role(&call.account, &input.role_name)?;
    Ok(api::GetRoleResponse { role: shape::role(call.account_id(), role, true) })
}

pub(super) fn list_roles(call: &Call<'_>, input: api::ListRolesRequest) -> Result<api::ListRolesResponse, AwsError> {
    let prefix = check::path(input.path_prefix);
    let all = call.account.roles.iter().filter(|(_, role)| role.path.starts_with(&prefix));
    let all = all.map(|(key, role)| (key.clone(), shape::role(call.account_id(), role, false)));
    let page = Page::cut(call, "ListRoles", &prefix, input.marker.as_deref(), input.max_items, all)?;
    Ok(api::ListRolesResponse { roles: page.items, is_truncated: Some(page.is_truncated), marker: page.marker })
}

pub(super) fn update_role(
    draft: &mut Draft,
    _: &Call<'_>,
    input: api::UpdateRoleRequest,
) -> Result<api::UpdateRoleResponse, AwsError> {
    let mut role = check::own_role(draft, &input.role_name)?;
    if input.description.is_some() {
        role.description = input.description;
    }
    // Left out, it is the default again, as AWS documents.
    role.max_session_secs = input.max_session_duration.unwrap_or(DEFAULT_SESSION_SECS);
    draft.put(role);
    Ok(api::UpdateRoleResponse {})
}

pub(super) fn update_role_description(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::UpdateRoleDescriptionRequest,
) -> Result<api::UpdateRoleDescriptionResponse, AwsError> {
    let mut role = Role::clone(check::role(draft, &input.role_name)?);
    role.description = Some(input.description);
    let shown = shape::role(call.account_id(), &role, true);
    draft.put(role);
    Ok(api::UpdateRoleDescriptionResponse { role: Some(shown) })
}

pub(super) fn update_assume_role_policy(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::UpdateAssumeRolePolicyRequest,
) -> Result<(), AwsError> {
    let mut role = check::own_role(draft, &input.role_name)?;
    role.trust = check::trust(draft, call.account_id(), &input.policy_document)?;
    draft.put(role);
    Ok(())
}

pub(super) fn delete_role(draft: &mut Draft, _: &Call<'_>, input: api::DeleteRoleRequest) -> Result<(), AwsError> {
    let role = check::own_role(draft, &input.role_name)?;
    let conflict = if draft.profiles.values().any(|profile| profile.role.as_ref() == Some(&role.name)) {
        Some("Cannot delete entity, must remove roles from instance profile first.")
    } else if !role.holdings.inline.is_empty() {
        Some("Cannot delete entity, must delete policies first.")
    } else if !role.holdings.attached.is_empty() {
        Some("Cannot delete entity, must detach all policies first.")
    } else {
        None
    };
    if let Some(conflict) = conflict {
        return Err(delete_conflict_exception(conflict));
    }
    draft.remove::<Role>(&role.name.to_lowercase());
    Ok(())
}

pub(super) fn put_boundary(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::PutRolePermissionsBoundaryRequest,
) -> Result<(), AwsError> {
    let mut role = check::own_role(draft, &input.role_name)?;
    role.boundary = check::boundary(draft, call.account_id(), Some(input.permissions_boundary))?;
    draft.put(role);
    Ok(())
}

pub(super) fn delete_boundary(
    draft: &mut Draft,
    _: &Call<'_>,
    input: api::DeleteRolePermissionsBoundaryRequest,
) -> Result<(), AwsError> {
    let mut role = check::own_role(draft, &input.role_name)?;
    if role.boundary.take().is_none() {
        return Err(no_such_entity_exception(format!(
            "The role with name {} does not have a permissions boundary.",
            role.name
        )));
    }
    draft.put(role);
    Ok(())
}

/// Role and policy that each service links.
fn linked(service: &str) -> Option<(&'static str, Option<&'static str>)> {
    Some(match service {
        "ecs.amazonaws.com" => {
            ("AWSServiceRoleForECS", Some("arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"))
        }
        "eks.amazonaws.com" => ("AWSServiceRoleForAmazonEKS", None),
        "eks-nodegroup.amazonaws.com" => ("AWSServiceRoleForAmazonEKSNodegroup", None),
        "eks-fargate.amazonaws.com" => ("AWSServiceRoleForAmazonEKSForFargate", None),
        "replication.ecr.amazonaws.com" => ("AWSServiceRoleForECRReplication", None),
        "autoscaling.amazonaws.com" => ("AWSServiceRoleForAutoScaling", None),
        "elasticloadbalancing.amazonaws.com" => ("AWSServiceRoleForElasticLoadBalancing", None),
        "ecs.application-autoscaling.amazonaws.com" => ("AWSServiceRoleForApplicationAutoScaling_ECSService", None),
        _ => return None,
    })
}

pub(super) fn create_service_linked_role(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::CreateServiceLinkedRoleRequest,
) -> Result<api::CreateServiceLinkedRoleResponse, AwsError> {
    let service = input.aws_service_name;
    let (base, policy) = linked(&service).ok_or_else(|| {
        invalid_input_exception(format!("{service} is not a service that has a service-linked role."))
    })?;
    let name = match input.custom_suffix {
        None => base.to_owned(),
        Some(suffix) if service == "autoscaling.amazonaws.com" => format!("{base}_{suffix}"),
        Some(_) => return Err(invalid_input_exception("Custom suffix is not allowed for this service.")),
    };
    if draft.role(&name).is_some() {
        return Err(invalid_input_exception(format!(
            "Service role name {name} has been taken in this account, please try a different suffix."
        )));
    }
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let attached = policy.into_iter().map(str::to_owned).collect();
    let role = Role {
        name,
        path: format!("/aws-service-role/{service}/"),
        id: unique_id(&*call.inner.options.entropy, "AROA"),
        created: call.now(),
        trust: Document::new(&trust),
        description: input.description,
        max_session_secs: DEFAULT_SESSION_SECS,
        tags: Default::default(),
        boundary: None,
        holdings: Holdings { attached, inline: Default::default() },
    };
    let shown = shape::role(call.account_id(), &role, true);
    draft.put(role);
    Ok(api::CreateServiceLinkedRoleResponse { role: Some(api::Role { role_last_used: None, ..shown }) })
}

pub(super) fn delete_service_linked_role(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::DeleteServiceLinkedRoleRequest,
) -> Result<api::DeleteServiceLinkedRoleResponse, AwsError> {
    let role = check::role(draft, &input.role_name)?.clone();
    if !role.is_service_linked() {
        return Err(no_such_entity_exception(format!(
            "The role with name {} is not a service-linked role.",
            input.role_name
        )));
    }
    let id = format!("task{}{}/{}", role.path, role.name, uuid(&*call.inner.options.entropy));
    let mut facts = draft.facts();
    if facts.deleted_service_roles.len() >= MAX_DELETIONS {
        let oldest = facts.deleted_service_roles.iter().min_by_key(|(_, at)| **at).map(|(id, _)| id.clone());
        oldest.map(|id| facts.deleted_service_roles.remove(&id));
    }
    facts.deleted_service_roles.insert(id.clone(), call.now());
    draft.remove::<Role>(&role.name.to_lowercase());
    draft.put(facts);
    Ok(api::DeleteServiceLinkedRoleResponse { deletion_task_id: id })
}

pub(super) fn deletion_status(
    call: &Call<'_>,
    input: api::GetServiceLinkedRoleDeletionStatusRequest,
) -> Result<api::GetServiceLinkedRoleDeletionStatusResponse, AwsError> {
    if !call.account.facts().deleted_service_roles.contains_key(&input.deletion_task_id) {
        return Err(no_such_entity_exception("The deletion task cannot be found."));
    }
    Ok(api::GetServiceLinkedRoleDeletionStatusResponse { status: "SUCCEEDED".to_owned(), reason: None })
}
