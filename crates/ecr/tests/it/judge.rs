//! Decisions by IAM's own rules, as the identity service makes them.

use std::sync::Arc;

use gantry_aws_wire::{Access, AwsError, Context};
use gantry_iam::{Policy, PolicyKind, PolicySet, Principal, Request, evaluate};
use serde_json::{Value, json};

pub fn judge(context: &Context, accesses: &[Access], policy: Option<&str>) -> Result<(), AwsError> {
    let caller = &context.caller;
    let principal = Principal::user(caller.arn.clone(), caller.account.as_str());
    let identity: Vec<Arc<Policy>> =
        policy.map(|text| Policy::parse(text, PolicyKind::Identity).unwrap()).into_iter().map(Arc::from).collect();
    for access in accesses {
        let mut known = gantry_iam::Context::new();
        for (key, values) in &access.conditions {
            known.set_all(key, values.clone());
        }
        let resource = access.resource_policy.as_ref().map(|text| Policy::parse(text, PolicyKind::Resource).unwrap());
        let request = Request {
            principal: &principal,
            action: &access.action,
            resource: &access.resource,
            context: &known,
            resource_account: access.resource_account.as_ref().map(|a| a.as_str()),
            resource_policy_required: false,
        };
        let set = PolicySet { identity: &identity, resource: resource.as_ref(), ..PolicySet::default() };
        let decision = evaluate(&request, &set);
        if !decision.is_allowed() {
            return Err(AwsError::access_denied(decision.message(&caller.arn, &access.action, &access.resource)));
        }
    }
    Ok(())
}

/// An identity policy that allows exactly these actions, each on its resource.
pub fn exactly<A: AsRef<str>, R: AsRef<str>>(needs: impl IntoIterator<Item = (A, R)>) -> Value {
    let statement = |(action, resource): (A, R)| json!({ "Effect": "Allow", "Action": action.as_ref(), "Resource": resource.as_ref() });
    json!({ "Version": "2012-10-17", "Statement": needs.into_iter().map(statement).collect::<Vec<_>>() })
}
