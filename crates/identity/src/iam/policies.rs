//! Managed policies and who holds them.

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::{delete_conflict_exception, entity_already_exists_exception};
use gantry_aws_wire::AwsError;
use gantry_iam::PolicyKind;

use super::{check, shape};
use crate::aws_managed;
use crate::core::Call;
use crate::draft::Draft;
use crate::names::unique_id;
use crate::page::Page;
use crate::record::{Holdings, ManagedPolicy, Version};

const POLICIES_PER_ACCOUNT: usize = 1500;

pub(super) fn create_policy(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::CreatePolicyRequest,
) -> Result<api::CreatePolicyResponse, AwsError> {
    if draft.policies.contains_key(&input.policy_name.to_lowercase()) {
        return Err(entity_already_exists_exception(format!(
            "A policy called {} already exists. Duplicate names are not allowed.",
            input.policy_name
        )));
    }
    check::quota(draft.policies.len(), POLICIES_PER_ACCOUNT, "PoliciesPerAccount")?;
    let document = check::document(&input.policy_document, PolicyKind::Identity)?;
    let policy = ManagedPolicy {
        path: check::path(input.path),
        id: unique_id(&*call.inner.options.entropy, "ANPA"),
        created: call.now(),
        updated: call.now(),
        description: input.description,
        tags: check::tags(&Default::default(), input.tags)?,
        versions: vec![Version { number: 1, created: call.now(), document }],
        default_version: 1,
        next_version: 2,
        name: input.policy_name,
    };
    let shown = shape::policy(call.account_id(), &policy, &shape::Uses::default(), true);
    draft.put(policy);
    Ok(api::CreatePolicyResponse { policy: Some(shown) })
}

/// The account in a policy's ARN: `aws` for AWS's own.
fn owner<'a>(call: &'a Call<'_>, arn: &str) -> &'a str {
    if arn.starts_with("arn:aws:iam::aws:") { "aws" } else { call.account_id() }
}

pub(super) fn get_policy(call: &Call<'_>, input: api::GetPolicyRequest) -> Result<api::GetPolicyResponse, AwsError> {
    let arn = input.policy_arn;
    let policy = check::policy(&call.account, call.account_id(), &arn)?;
    let shown = shape::policy(owner(call, &arn), policy, &shape::Uses::of(&call.account), true);
    Ok(api::GetPolicyResponse { policy: Some(shown) })
}

pub(super) fn list_policies(
    call: &Call<'_>,
    input: api::ListPoliciesRequest,
) -> Result<api::ListPoliciesResponse, AwsError> {
    let prefix = check::path(input.path_prefix);
    let scope = input.scope.unwrap_or_else(|| "All".to_owned());
    let only_attached = input.only_attached.unwrap_or(false);
    let usage = input.policy_usage_filter.unwrap_or_default();
    let uses = shape::Uses::of(&call.account);
    let own = call.account.policies.values().map(|policy| (call.account_id(), &**policy)).filter(|_| scope != "AWS");
    let aws = aws_managed::all().iter().map(|policy| ("aws", policy)).filter(|_| scope != "Local");
    let wanted = |(account, policy): &(&str, &ManagedPolicy)| {
        let arn = shape::policy_arn(account, policy);
        let used = match usage.as_str() {
            "PermissionsBoundary" => uses.boundaries(&arn) > 0,
            "PermissionsPolicy" => uses.attached(&arn) > 0,
            _ => true,
        };
        policy.path.starts_with(&prefix) && used && (!only_attached || uses.attached(&arn) > 0)
    };
    let mut all: Vec<_> = own
        .chain(aws)
        .filter(wanted)
        .map(|(account, policy)| {
            // AWS's own come last, and may bear the name of one of ours.
            let key = format!("{}{}", if account == "aws" { "~" } else { "" }, policy.name.to_lowercase());
            (key, shape::policy(account, policy, &uses, false))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let asked = format!("{scope}|{only_attached}|{usage}|{prefix}");
    let page = Page::cut(call, "ListPolicies", &asked, input.marker.as_deref(), input.max_items, all)?;
    Ok(api::ListPoliciesResponse {
        policies: Some(page.items),
        is_truncated: Some(page.is_truncated),
        marker: page.marker,
    })
}

pub(super) fn delete_policy(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::DeletePolicyRequest,
) -> Result<(), AwsError> {
    let policy = check::own_policy(draft, call.account_id(), &input.policy_arn)?;
    let uses = shape::Uses::of(draft);
    if uses.attached(&input.policy_arn) > 0 || uses.boundaries(&input.policy_arn) > 0 {
        return Err(delete_conflict_exception("Cannot delete a policy attached to entities."));
    }
    if policy.versions.len() > 1 {
        return Err(delete_conflict_exception(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        ));
    }
    draft.remove::<ManagedPolicy>(&policy.name.to_lowercase());
    Ok(())
}

enum Holder {
    Group(api::PolicyGroup),
    User(api::PolicyUser),
    Role(api::PolicyRole),
}

pub(super) fn list_entities(
    call: &Call<'_>,
    input: api::ListEntitiesForPolicyRequest,
) -> Result<api::ListEntitiesForPolicyResponse, AwsError> {
    let arn = &input.policy_arn;
    check::policy(&call.account, call.account_id(), arn)?;
    let prefix = check::path(input.path_prefix);
    let filter = input.entity_filter.unwrap_or_default();
    let usage = input.policy_usage_filter.unwrap_or_default();
    let holds = |holdings: &Holdings, boundary: Option<&String>| {
        let attached = holdings.attached.contains(arn) && usage != "PermissionsBoundary";
        attached || (boundary == Some(arn) && usage != "PermissionsPolicy")
    };
    let of_kind = |kind: &str| filter.is_empty() || filter == kind;
    let mut all = Vec::new();
    for group in call.account.groups.values().filter(|_| of_kind("Group")) {
        if group.path.starts_with(&prefix) && holds(&group.holdings, None) {
            let (name, id) = (group.name.clone(), group.id.clone());
            let shown = api::PolicyGroup { group_name: Some(name), group_id: Some(id) };
            all.push((format!("1{}", group.name), Holder::Group(shown)));
        }
    }
    for role in call.account.roles.values().filter(|_| of_kind("Role")) {
        if role.path.starts_with(&prefix) && holds(&role.holdings, role.boundary.as_ref()) {
            let shown = api::PolicyRole { role_name: Some(role.name.clone()), role_id: Some(role.id.clone()) };
            all.push((format!("2{}", role.name), Holder::Role(shown)));
        }
    }
    for user in call.account.users.values().filter(|_| of_kind("User")) {
        if user.path.starts_with(&prefix) && holds(&user.holdings, user.boundary.as_ref()) {
            let shown = api::PolicyUser { user_name: Some(user.name.clone()), user_id: Some(user.id.clone()) };
            all.push((format!("3{}", user.name), Holder::User(shown)));
        }
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    let asked = format!("{arn}|{filter}|{usage}|{prefix}");
    let page = Page::cut(call, "ListEntitiesForPolicy", &asked, input.marker.as_deref(), input.max_items, all)?;
    let (mut groups, mut users, mut roles) = (Vec::new(), Vec::new(), Vec::new());
    for holder in page.items {
        match holder {
            Holder::Group(group) => groups.push(group),
            Holder::User(user) => users.push(user),
            Holder::Role(role) => roles.push(role),
        }
    }
    Ok(api::ListEntitiesForPolicyResponse {
        policy_groups: Some(groups),
        policy_users: Some(users),
        policy_roles: Some(roles),
        is_truncated: Some(page.is_truncated),
        marker: page.marker,
    })
}
