//! Records as IAM's answers show them.

use gantry_aws_api::iam as api;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::names::arn;
use crate::record::{Document, Group, Holdings, InstanceProfile, ManagedPolicy, Role, Tags, User, Version};
use crate::state::Account;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Documents are answered URL-encoded, RFC 3986.
pub(super) fn encoded(document: &Document) -> String {
    utf8_percent_encode(&document.text, UNRESERVED).to_string()
}

pub(super) fn tags(tags: &Tags) -> Vec<api::Tag> {
    tags.iter().map(|(key, value)| api::Tag { key: key.clone(), value: value.clone() }).collect()
}

/// Absent rather than empty.
fn some_tags(all: &Tags) -> Option<Vec<api::Tag>> {
    (!all.is_empty()).then(|| tags(all))
}

fn boundary(arn: Option<&String>) -> Option<api::AttachedPermissionsBoundary> {
    arn.map(|arn| api::AttachedPermissionsBoundary {
        permissions_boundary_type: Some("Policy".to_owned()),
        permissions_boundary_arn: Some(arn.clone()),
    })
}

pub(super) fn user(account: &str, user: &User, whole: bool) -> api::User {
    api::User {
        path: user.path.clone(),
        user_name: user.name.clone(),
        user_id: user.id.clone(),
        arn: arn(account, "user", &user.path, &user.name),
        create_date: user.created,
        password_last_used: None,
        permissions_boundary: boundary(user.boundary.as_ref()).filter(|_| whole),
        tags: some_tags(&user.tags).filter(|_| whole),
    }
}

pub(super) fn group(account: &str, group: &Group) -> api::Group {
    api::Group {
        path: group.path.clone(),
        group_name: group.name.clone(),
        group_id: group.id.clone(),
        arn: arn(account, "group", &group.path, &group.name),
        create_date: group.created,
    }
}

/// `whole`: with what listings leave out.
pub(super) fn role(account: &str, role: &Role, whole: bool) -> api::Role {
    api::Role {
        path: role.path.clone(),
        role_name: role.name.clone(),
        role_id: role.id.clone(),
        arn: arn(account, "role", &role.path, &role.name),
        create_date: role.created,
        assume_role_policy_document: Some(encoded(&role.trust)),
        description: role.description.clone(),
        max_session_duration: Some(role.max_session_secs),
        permissions_boundary: boundary(role.boundary.as_ref()).filter(|_| whole),
        tags: some_tags(&role.tags).filter(|_| whole),
        role_last_used: whole.then(api::RoleLastUsed::default),
        ..Default::default()
    }
}

pub(super) fn profile(account: &Account, id: &str, profile: &InstanceProfile, whole: bool) -> api::InstanceProfile {
    let held = profile.role.as_ref().and_then(|name| account.role(name));
    api::InstanceProfile {
        path: profile.path.clone(),
        instance_profile_name: profile.name.clone(),
        instance_profile_id: profile.id.clone(),
        arn: arn(id, "instance-profile", &profile.path, &profile.name),
        create_date: profile.created,
        roles: held.map(|r| role(id, r, false)).into_iter().collect(),
        tags: some_tags(&profile.tags).filter(|_| whole),
    }
}

pub(super) fn policy_arn(account: &str, policy: &ManagedPolicy) -> String {
    arn(account, "policy", &policy.path, &policy.name)
}

/// How often policies are attached, and used as boundaries.
#[derive(Default)]
pub(super) struct Uses {
    attached: std::collections::HashMap<String, i32>,
    boundaries: std::collections::HashMap<String, i32>,
}

impl Uses {
    pub fn of(account: &Account) -> Self {
        let mut uses = Self::default();
        let holdings: Vec<&Holdings> = (account.users.values().map(|u| &u.holdings))
            .chain(account.groups.values().map(|g| &g.holdings))
            .chain(account.roles.values().map(|r| &r.holdings))
            .collect();
        for arn in holdings.into_iter().flat_map(|h| &h.attached) {
            *uses.attached.entry(arn.clone()).or_default() += 1;
        }
        let boundaries = (account.users.values().filter_map(|u| u.boundary.as_ref()))
            .chain(account.roles.values().filter_map(|r| r.boundary.as_ref()));
        for arn in boundaries {
            *uses.boundaries.entry(arn.clone()).or_default() += 1;
        }
        uses
    }

    pub fn attached(&self, arn: &str) -> i32 {
        self.attached.get(arn).copied().unwrap_or(0)
    }

    pub fn boundaries(&self, arn: &str) -> i32 {
        self.boundaries.get(arn).copied().unwrap_or(0)
    }
}

/// `account` is `aws` for AWS's own.
pub(super) fn policy(account: &str, policy: &ManagedPolicy, uses: &Uses, whole: bool) -> api::Policy {
    let arn = policy_arn(account, policy);
    api::Policy {
        policy_name: Some(policy.name.clone()),
        policy_id: Some(policy.id.clone()),
        path: Some(policy.path.clone()),
        default_version_id: Some(format!("v{}", policy.default_version)),
        attachment_count: Some(uses.attached(&arn)),
        permissions_boundary_usage_count: Some(uses.boundaries(&arn)),
        is_attachable: Some(true),
        description: policy.description.clone().filter(|_| whole),
        create_date: Some(policy.created),
        update_date: Some(policy.updated),
        tags: whole.then(|| tags(&policy.tags)),
        arn: Some(arn),
    }
}

pub(super) fn version(policy: &ManagedPolicy, version: &Version, with_document: bool) -> api::PolicyVersion {
    api::PolicyVersion {
        document: with_document.then(|| encoded(&version.document)),
        version_id: Some(format!("v{}", version.number)),
        is_default_version: Some(version.number == policy.default_version),
        create_date: Some(version.created),
    }
}

pub(super) fn attached(holdings: &Holdings) -> Vec<api::AttachedPolicy> {
    let name = |arn: &str| arn.rsplit('/').next().unwrap_or_default().to_owned();
    let one = |arn: &String| api::AttachedPolicy { policy_name: Some(name(arn)), policy_arn: Some(arn.clone()) };
    holdings.attached.iter().map(one).collect()
}
