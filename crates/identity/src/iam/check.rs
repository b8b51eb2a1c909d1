//! Checks and lookups that several operations share, with IAM's wording.
//!
//! Quotas: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>

use std::collections::BTreeMap;
use std::sync::Arc;

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::{
    entity_already_exists_exception, invalid_input_exception, limit_exceeded_exception,
    malformed_policy_document_exception, no_such_entity_exception, unmodifiable_entity_exception,
};
use gantry_aws_wire::AwsError;
use gantry_iam::{Policy, PolicyKind, limits};

use crate::effective;
use crate::record::{Document, Group, InstanceProfile, ManagedPolicy, Role, Tags, User};
use crate::state::Account;

pub(super) const MAX_TAGS: usize = 50;

pub(super) fn user<'a>(account: &'a Account, name: &str) -> Result<&'a Arc<User>, AwsError> {
    account.user(name).ok_or_else(|| missing("user", name))
}

pub(super) fn group<'a>(account: &'a Account, name: &str) -> Result<&'a Arc<Group>, AwsError> {
    account.group(name).ok_or_else(|| missing("group", name))
}

pub(super) fn role<'a>(account: &'a Account, name: &str) -> Result<&'a Arc<Role>, AwsError> {
    account.role(name).ok_or_else(|| missing("role", name))
}

/// A role that its account may change.
pub(super) fn own_role(account: &Account, name: &str) -> Result<Role, AwsError> {
    let role = role(account, name)?;
    if role.is_service_linked() {
        return Err(unmodifiable_entity_exception(format!(
            "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
        )));
    }
    Ok(Role::clone(role))
}

pub(super) fn profile<'a>(account: &'a Account, name: &str) -> Result<&'a Arc<InstanceProfile>, AwsError> {
    let missing = || no_such_entity_exception(format!("Instance Profile {name} cannot be found."));
    account.profile(name).ok_or_else(missing)
}

pub(super) fn policy<'a>(account: &'a Account, id: &str, arn: &str) -> Result<&'a ManagedPolicy, AwsError> {
    effective::managed(account, id, arn).ok_or_else(|| no_such_entity_exception(format!("Policy {arn} was not found.")))
}

/// A policy of the account's own, to be changed.
pub(super) fn own_policy(account: &Account, id: &str, arn: &str) -> Result<ManagedPolicy, AwsError> {
    if arn.starts_with("arn:aws:iam::aws:") {
        return Err(AwsError::access_denied(format!("Cannot perform the operation on the AWS managed policy {arn}.")));
    }
    policy(account, id, arn).cloned()
}

pub(super) fn missing(kind: &str, name: &str) -> AwsError {
    no_such_entity_exception(format!("The {kind} with name {name} cannot be found."))
}

/// Names are free if no other differs from them in case only.
pub(super) fn free<T>(map: &BTreeMap<String, T>, kind: &str, name: &str) -> Result<(), AwsError> {
    if map.contains_key(&name.to_lowercase()) {
        return Err(entity_already_exists_exception(format!("{kind} with name {name} already exists.")));
    }
    Ok(())
}

pub(super) fn quota(count: usize, limit: usize, name: &str) -> Result<(), AwsError> {
    if count >= limit {
        return Err(limit_exceeded_exception(format!("Cannot exceed quota for {name}: {limit}")));
    }
    Ok(())
}

pub(super) fn path(given: Option<String>) -> String {
    given.unwrap_or_else(|| "/".to_owned())
}

/// A policy document that IAM takes for this use.
pub(super) fn document(text: &str, kind: PolicyKind) -> Result<Document, AwsError> {
    Policy::parse(text, kind).map_err(|error| malformed_policy_document_exception(error.to_string()))?;
    let (limit, name) = match kind {
        PolicyKind::Trust => (limits::ROLE_TRUST_POLICY, "ACLSizePerRole"),
        _ => (limits::MANAGED_POLICY, "PolicySize"),
    };
    if limits::policy_size(text) > limit {
        return Err(limit_exceeded_exception(format!("Cannot exceed quota for {name}: {limit}")));
    }
    Ok(Document::new(text))
}

/// A trust policy, whose principals must exist where they are of this account.
pub(super) fn trust(account: &Account, id: &str, text: &str) -> Result<Document, AwsError> {
    let document = document(text, PolicyKind::Trust)?;
    let policy =
        document.policy(PolicyKind::Trust).map_err(|error| malformed_policy_document_exception(error.to_string()))?;
    for arn in policy.principal_arns() {
        let exists = match crate::names::split_arn(arn) {
            Some((owner, _, _)) if owner != id => true,
            Some((_, "user", name)) => account.user(name).is_some(),
            Some((_, "role", name)) => account.role(name).is_some(),
            _ => true,
        };
        if !exists {
            return Err(malformed_policy_document_exception(format!("Invalid principal in policy: \"AWS\":\"{arn}\"")));
        }
    }
    Ok(document)
}

/// A boundary must be a managed policy that exists.
pub(super) fn boundary(account: &Account, id: &str, arn: Option<String>) -> Result<Option<String>, AwsError> {
    let Some(arn) = arn else {
        return Ok(None);
    };
    if effective::managed(account, id, &arn).is_none() {
        return Err(no_such_entity_exception(format!("Scope ARN: {arn} does not exist or is not attachable.")));
    }
    Ok(Some(arn))
}

/// Tags given, put over those that are there.
pub(super) fn tags(before: &Tags, given: Option<Vec<api::Tag>>) -> Result<Tags, AwsError> {
    let mut tags = before.clone();
    let mut seen = std::collections::BTreeSet::new();
    for tag in given.unwrap_or_default() {
        if !seen.insert(tag.key.to_lowercase()) {
            return Err(invalid_input_exception(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        if tag.key.to_lowercase().starts_with("aws:") {
            return Err(invalid_input_exception("Tag keys beginning with aws: are reserved for system use."));
        }
        // Keys are compared without case, kept as last given.
        tags.retain(|key, _| !key.eq_ignore_ascii_case(&tag.key));
        tags.insert(tag.key, tag.value);
    }
    if tags.len() > MAX_TAGS {
        return Err(limit_exceeded_exception(format!(
            "The number of tags has reached the maximum limit of {MAX_TAGS}."
        )));
    }
    Ok(tags)
}
