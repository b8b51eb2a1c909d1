//! Whether a repository's new policy keeps the one who sets it from ever setting another.

use std::sync::Arc;

use gantry_aws_wire::{CallerKind, Context};
use gantry_iam::{Outcome, Policy, PolicyKind, PolicySet, Principal, PrincipalKind, Request, evaluate};
use gantry_registry::RepoId;

const ACTION: &str = "ecr:SetRepositoryPolicy";
/// The caller's own policies do not matter here: they let it set this one.
const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// `tags` are the repository's.
pub(crate) fn locks_out<'a>(
    policy: &Policy,
    context: &Context,
    repo: &RepoId,
    tags: impl Iterator<Item = (&'a String, &'a String)>,
) -> bool {
    let caller = &context.caller;
    let kind = match &caller.kind {
        CallerKind::Root => PrincipalKind::Root,
        CallerKind::User { .. } => PrincipalKind::User,
        CallerKind::AssumedRole { role_arn, .. } => PrincipalKind::AssumedRole { role_arn: role_arn.clone() },
        CallerKind::FederatedUser { .. } => PrincipalKind::FederatedUser { user_arn: caller.arn.clone() },
        CallerKind::Service { .. } => PrincipalKind::Service,
        CallerKind::Anonymous => PrincipalKind::Anonymous,
    };
    let principal_arn = match &caller.kind {
        CallerKind::AssumedRole { role_arn, .. } => role_arn,
        _ => &caller.arn,
    };
    let principal = Principal {
        arn: caller.arn.clone(),
        account: caller.account.to_string(),
        kind,
        unique_id: Some(caller.user_id.clone()),
    };
    let mut known = gantry_iam::Context::new();
    for (key, values) in &caller.session_context {
        known.set_all(key, values.clone());
    }
    known.set("aws:PrincipalArn", principal_arn.as_str());
    known.set("aws:PrincipalAccount", caller.account.as_str());
    known.set("aws:userid", caller.user_id.as_str());
    known.set("aws:SourceIp", context.source_ip.to_string());
    known.set("aws:UserAgent", context.user_agent.as_str());
    known.set("aws:SecureTransport", context.secure_transport.to_string());
    known.set("aws:CurrentTime", context.now.rfc3339());
    known.set("aws:RequestedRegion", context.region.as_str());
    known.set("aws:ResourceAccount", repo.registry.account.as_str());
    for (key, value) in tags {
        known.set(&format!("aws:ResourceTag/{key}"), value.as_str());
        known.set(&format!("ecr:ResourceTag/{key}"), value.as_str());
    }
    let own: Vec<Arc<Policy>> = Policy::parse(ALL, PolicyKind::Identity).into_iter().map(Arc::from).collect();
    let resource = repo.arn().to_string();
    let request = Request {
        principal: &principal,
        action: ACTION,
        resource: &resource,
        context: &known,
        resource_account: Some(repo.registry.account.as_str()),
        resource_policy_required: false,
    };
    let set = PolicySet { identity: &own, resource: Some(policy), ..PolicySet::default() };
    evaluate(&request, &set).outcome != Outcome::Allowed
}
