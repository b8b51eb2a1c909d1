//! The registry's policy: part of every decision about a repository of the registry, as the
//! repository's own is.

use std::sync::Arc;

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_iam::{Policy, PolicyKind};
use gantry_registry::{Registry, RegistryId};
use serde_json::{Value, json};

use crate::api::EcrApi;
use crate::errors::{aws, invalid};

const POLICY: &str = "policy";
/// The actions that a registry policy decides about in scope V1; in V2 it is all of them.
const SCOPE_V1: &[&str] = &["ecr:ReplicateImage", "ecr:BatchImportUpstreamImage", "ecr:CreateRepository"];

fn none(registry: &RegistryId) -> AwsError {
    errors::registry_policy_not_found_exception(format!(
        "Registry policy does not exist in the registry with id '{}'",
        registry.account
    ))
}

pub(crate) async fn put_registry_policy(
    api: &EcrApi,
    context: &Context,
    input: ecr::PutRegistryPolicyRequest,
) -> Result<ecr::PutRegistryPolicyResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    if let Err(e) = Policy::parse(&input.policy_text, PolicyKind::Resource) {
        return Err(invalid("PolicyText", &format!("Invalid registry policy provided: {e}")));
    }
    api.registry.set_setting(&registry, POLICY, Some(&input.policy_text)).await.map_err(aws)?;
    Ok(ecr::PutRegistryPolicyResponse {
        registry_id: Some(registry.account.to_string()),
        policy_text: Some(input.policy_text),
    })
}

pub(crate) async fn get_registry_policy(
    api: &EcrApi,
    context: &Context,
    _: ecr::GetRegistryPolicyRequest,
) -> Result<ecr::GetRegistryPolicyResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let text = api.registry.setting(&registry, POLICY).await.map_err(aws)?.ok_or_else(|| none(&registry))?;
    Ok(ecr::GetRegistryPolicyResponse { registry_id: Some(registry.account.to_string()), policy_text: Some(text) })
}

pub(crate) async fn delete_registry_policy(
    api: &EcrApi,
    context: &Context,
    _: ecr::DeleteRegistryPolicyRequest,
) -> Result<ecr::DeleteRegistryPolicyResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let before = api.registry.set_setting(&registry, POLICY, None).await.map_err(aws)?;
    let text = before.ok_or_else(|| none(&registry))?;
    Ok(ecr::DeleteRegistryPolicyResponse { registry_id: Some(registry.account.to_string()), policy_text: Some(text) })
}

/// A registry's policy and the actions it decides about.
#[derive(Clone, Default)]
pub(crate) struct RegistryPolicy {
    text: Option<Arc<str>>,
    only_v1: bool,
}

impl RegistryPolicy {
    pub(crate) async fn of(registry: &Registry, id: &RegistryId) -> Result<Self, gantry_registry::Error> {
        let Some(text) = registry.setting(id, POLICY).await? else { return Ok(Self::default()) };
        let scope = registry.setting(id, &crate::account::setting_name("REGISTRY_POLICY_SCOPE")).await?;
        Ok(Self { text: Some(text.into()), only_v1: scope.as_deref() == Some("V1") })
    }

    /// The policy of a repository for this action, with the registry's own.
    pub(crate) fn with(&self, action: &str, repository: Option<&Arc<str>>) -> Option<Arc<str>> {
        let own = self.text.as_ref().filter(|_| !self.only_v1 || SCOPE_V1.contains(&action));
        match (own, repository) {
            (None, policy) | (policy, None) => policy.cloned(),
            (Some(own), Some(repository)) => Some(both(repository, own)),
        }
    }
}

/// One policy that says what two say: either may allow, and either may deny. Both have been read when
/// they were put; one that cannot be any more denies everything.
fn both(first: &str, second: &str) -> Arc<str> {
    let mut statements = Vec::new();
    for text in [first, second] {
        match serde_json::from_str::<Value>(text).map(|mut policy| policy["Statement"].take()) {
            Ok(Value::Array(all)) => statements.extend(all),
            Ok(one @ Value::Object(_)) => statements.push(one),
            _ => statements.push(json!({ "Effect": "Deny", "Principal": "*", "Action": "*" })),
        }
    }
    for statement in &mut statements {
        // Unique in each of the two, maybe not in both.
        if let Value::Object(fields) = statement {
            fields.remove("Sid");
        }
    }
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string().into()
}
