//! The account as a whole: alias, summary, and everything in one listing.

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::{entity_already_exists_exception, no_such_entity_exception};
use gantry_aws_wire::AwsError;

use super::shape;
use crate::aws_managed;
use crate::core::Call;
use crate::draft::Draft;
use crate::names::arn;
use crate::page::Page;
use crate::record::{Holdings, ManagedPolicy};

pub(super) fn create_account_alias(
    draft: &mut Draft,
    _: &Call<'_>,
    input: api::CreateAccountAliasRequest,
) -> Result<(), AwsError> {
    let mut facts = draft.facts();
    if facts.alias.as_ref() == Some(&input.account_alias) {
        return Err(entity_already_exists_exception(format!(
            "The account alias {} already exists.",
            input.account_alias
        )));
    }
    facts.alias = Some(input.account_alias);
    draft.put(facts);
    Ok(())
}

pub(super) fn delete_account_alias(
    draft: &mut Draft,
    _: &Call<'_>,
    input: api::DeleteAccountAliasRequest,
) -> Result<(), AwsError> {
    let mut facts = draft.facts();
    if facts.alias.as_ref() != Some(&input.account_alias) {
        return Err(no_such_entity_exception(format!("The account alias {} cannot be found.", input.account_alias)));
    }
    facts.alias = None;
    draft.put(facts);
    Ok(())
}

pub(super) fn list_account_aliases(
    call: &Call<'_>,
    input: api::ListAccountAliasesRequest,
) -> Result<api::ListAccountAliasesResponse, AwsError> {
    let all = call.account.facts().alias.into_iter().map(|alias| (alias.clone(), alias));
    let page = Page::cut(call, "ListAccountAliases", "", input.marker.as_deref(), input.max_items, all)?;
    Ok(api::ListAccountAliasesResponse {
        account_aliases: page.items,
        is_truncated: Some(page.is_truncated),
        marker: page.marker,
    })
}

pub(super) fn get_account_summary(call: &Call<'_>) -> Result<api::GetAccountSummaryResponse, AwsError> {
    let account = &call.account;
    let versions: usize = account.policies.values().map(|policy| policy.versions.len()).sum();
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    let entries = [
        ("Users", count(account.users.len())),
        ("UsersQuota", 5000),
        ("Groups", count(account.groups.len())),
        ("GroupsQuota", 300),
        ("Roles", count(account.roles.len())),
        ("RolesQuota", 1000),
        ("Policies", count(account.policies.len())),
        ("PoliciesQuota", 1500),
        ("PolicyVersionsInUse", count(versions)),
        ("PolicyVersionsInUseQuota", 10000),
        ("InstanceProfiles", count(account.profiles.len())),
        ("InstanceProfilesQuota", 1000),
        ("AccessKeysPerUserQuota", 2),
        ("AttachedPoliciesPerUserQuota", 10),
        ("AttachedPoliciesPerGroupQuota", 10),
        ("AttachedPoliciesPerRoleQuota", 10),
        ("VersionsPerPolicyQuota", 5),
        ("GroupsPerUserQuota", 10),
        ("PolicySizeQuota", 6144),
        ("AssumeRolePolicySizeQuota", 2048),
        ("UserPolicySizeQuota", 2048),
        ("GroupPolicySizeQuota", 5120),
        ("RolePolicySizeQuota", 10240),
        ("AccountAccessKeysPresent", 0),
        ("AccountMFAEnabled", 0),
        ("AccountPasswordPresent", 0),
        ("AccountSigningCertificatesPresent", 0),
        ("MFADevices", 0),
        ("MFADevicesInUse", 0),
        ("Providers", 0),
        ("ServerCertificates", 0),
    ];
    let summary = entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Ok(api::GetAccountSummaryResponse { summary_map: Some(summary) })
}

enum Detail {
    User(api::UserDetail),
    Group(api::GroupDetail),
    Role(api::RoleDetail),
    Policy(api::ManagedPolicyDetail),
}

fn inline(holdings: &Holdings) -> Vec<api::PolicyDetail> {
    let one = |(name, document): (&String, &crate::record::Document)| api::PolicyDetail {
        policy_name: Some(name.clone()),
        policy_document: Some(shape::encoded(document)),
    };
    holdings.inline.iter().map(one).collect()
}

fn details(call: &Call<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<(String, Detail)> {
    let (account, id) = (&call.account, call.account_id());
    let mut all = Vec::new();
    for (key, group) in account.groups.iter().filter(|_| wanted("Group")) {
        let detail = api::GroupDetail {
            path: Some(group.path.clone()),
            group_name: Some(group.name.clone()),
            group_id: Some(group.id.clone()),
            arn: Some(arn(id, "group", &group.path, &group.name)),
            create_date: Some(group.created),
            group_policy_list: Some(inline(&group.holdings)),
            attached_managed_policies: Some(shape::attached(&group.holdings)),
        };
        all.push((format!("1{key}"), Detail::Group(detail)));
    }
    let uses = shape::Uses::of(account);
    let own = account.policies.values().filter(|_| wanted("LocalManagedPolicy")).map(|policy| (id, &**policy));
    let aws = aws_managed::all().iter().filter(|_| wanted("AWSManagedPolicy")).map(|policy| ("aws", policy));
    for (owner, policy) in own.chain(aws) {
        all.push((format!("2{owner}{}", policy.name), Detail::Policy(policy_detail(owner, policy, &uses))));
    }
    for (key, role) in account.roles.iter().filter(|_| wanted("Role")) {
        let shown = shape::role(id, role, true);
        let profiles = account.profiles.values().filter(|profile| profile.role.as_ref() == Some(&role.name));
        let detail = api::RoleDetail {
            path: Some(shown.path),
            role_name: Some(shown.role_name),
            role_id: Some(shown.role_id),
            arn: Some(shown.arn),
            create_date: Some(shown.create_date),
            assume_role_policy_document: shown.assume_role_policy_document,
            instance_profile_list: Some(profiles.map(|p| shape::profile(account, id, p, false)).collect()),
            role_policy_list: Some(inline(&role.holdings)),
            attached_managed_policies: Some(shape::attached(&role.holdings)),
            permissions_boundary: shown.permissions_boundary,
            tags: shown.tags,
            role_last_used: shown.role_last_used,
        };
        all.push((format!("3{key}"), Detail::Role(detail)));
    }
    for (key, user) in account.users.iter().filter(|_| wanted("User")) {
        let shown = shape::user(id, user, true);
        let detail = api::UserDetail {
            path: Some(shown.path),
            user_name: Some(shown.user_name),
            user_id: Some(shown.user_id),
            arn: Some(shown.arn),
            create_date: Some(shown.create_date),
            user_policy_list: Some(inline(&user.holdings)),
            group_list: Some(user.groups.clone()),
            attached_managed_policies: Some(shape::attached(&user.holdings)),
            permissions_boundary: shown.permissions_boundary,
            tags: shown.tags,
        };
        all.push((format!("4{key}"), Detail::User(detail)));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn policy_detail(owner: &str, policy: &ManagedPolicy, uses: &shape::Uses) -> api::ManagedPolicyDetail {
    let shown = shape::policy(owner, policy, uses, true);
    api::ManagedPolicyDetail {
        policy_name: shown.policy_name,
        policy_id: shown.policy_id,
        arn: shown.arn,
        path: shown.path,
        default_version_id: shown.default_version_id,
        attachment_count: shown.attachment_count,
        permissions_boundary_usage_count: shown.permissions_boundary_usage_count,
        is_attachable: shown.is_attachable,
        description: shown.description,
        create_date: shown.create_date,
        update_date: shown.update_date,
        policy_version_list: Some(policy.versions.iter().map(|v| shape::version(policy, v, true)).collect()),
    }
}

pub(super) fn get_account_authorization_details(
    call: &Call<'_>,
    input: api::GetAccountAuthorizationDetailsRequest,
) -> Result<api::GetAccountAuthorizationDetailsResponse, AwsError> {
    let filter = input.filter.unwrap_or_default();
    let all = details(call, &|kind| filter.is_empty() || filter.iter().any(|wanted| wanted == kind));
    let (marker, asked) = (input.marker.as_deref(), filter.join(","));
    let page = Page::cut(call, "GetAccountAuthorizationDetails", &asked, marker, input.max_items, all)?;
    let (mut users, mut groups, mut roles, mut policies) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for detail in page.items {
        match detail {
            Detail::User(user) => users.push(user),
            Detail::Group(group) => groups.push(group),
            Detail::Role(role) => roles.push(role),
            Detail::Policy(policy) => policies.push(policy),
        }
    }
    Ok(api::GetAccountAuthorizationDetailsResponse {
        user_detail_list: Some(users),
        group_detail_list: Some(groups),
        role_detail_list: Some(roles),
        policies: Some(policies),
        is_truncated: Some(page.is_truncated),
        marker: page.marker,
    })
}
