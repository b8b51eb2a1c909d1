//! Shared by the tables. Every case names the page it follows.

use std::sync::Arc;

use gantry_iam::{Context, Decision, Policy, PolicyKind, PolicySet, Principal, Request, evaluate};

/// Pages of <https://docs.aws.amazon.com/IAM/latest/UserGuide/>, by their file's name without `.html`.
pub mod page {
    pub const OPERATORS: &str = "reference_policies_elements_condition_operators";
    pub const SET_OPERATORS: &str = "reference_policies_condition-single-vs-multi-valued-context-keys";
    pub const MULTI: &str = "reference_policies_condition-logic-multiple-context-keys-or-values";
    pub const VARIABLES: &str = "reference_policies_variables";
    pub const RESOURCE: &str = "reference_policies_elements_resource";
    pub const NOT_RESOURCE: &str = "reference_policies_elements_notresource";
    pub const ACTION: &str = "reference_policies_elements_action";
    pub const NOT_ACTION: &str = "reference_policies_elements_notaction";
    pub const PRINCIPAL: &str = "reference_policies_elements_principal";
    pub const NOT_PRINCIPAL: &str = "reference_policies_elements_notprincipal";
    pub const EFFECT: &str = "reference_policies_elements_effect";
    pub const VERSION: &str = "reference_policies_elements_version";
    pub const SID: &str = "reference_policies_elements_sid";
    pub const CONDITION: &str = "reference_policies_elements_condition";
    pub const GRAMMAR: &str = "reference_policies_grammar";
    pub const LOGIC: &str = "reference_policies_evaluation-logic";
    pub const SAME_ACCOUNT: &str = "reference_policies_evaluation-logic_policy-eval-basics-single-account";
    pub const CROSS: &str = "reference_policies_evaluation-logic-cross-account";
    pub const BOUNDARY: &str = "access_policies_boundaries";
    pub const SESSION: &str = "access_policies#policies_session";
    pub const SCP: &str = "reference_policies_evaluation-logic_policy-eval-denyallow";
    pub const KEYS: &str = "reference_policies_condition-keys";
    pub const TRUST: &str = "id_roles_update-role-trust-policy";
}

pub const ACCOUNT: &str = "123456789012";
pub const OTHER: &str = "210987654321";
pub const ALICE: &str = "arn:aws:iam::123456789012:user/alice";
pub const CLUSTER: &str = "arn:aws:ecs:us-east-1:123456789012:cluster/web";

pub fn alice() -> Principal {
    Principal::user(ALICE, ACCOUNT)
}

pub fn document(version: &str, statements: &str) -> String {
    format!(r#"{{"Version":"{version}","Statement":{statements}}}"#)
}

pub fn policy(statements: &str) -> Arc<Policy> {
    parse("2012-10-17", statements, PolicyKind::Identity)
}

pub fn parse(version: &str, statements: &str, kind: PolicyKind) -> Arc<Policy> {
    let text = document(version, statements);
    Arc::new(Policy::parse(&text, kind).unwrap_or_else(|e| panic!("{e}: {text}")))
}

/// `a=1|2` is key `a` with two values; entries are parted by `;`.
pub fn context(text: &str) -> Context {
    let mut context = Context::new();
    for entry in text.split(';').filter(|entry| !entry.is_empty()) {
        let (key, values) = entry.split_once('=').expect("key=value");
        context.set_all(key, values.split('|').map(str::to_owned).collect());
    }
    context
}

/// One identity policy, one user, one account.
pub fn decide(policy: Arc<Policy>, action: &str, resource: &str, context: &Context) -> Decision {
    let set = PolicySet { identity: &[policy], ..PolicySet::default() };
    let principal = alice();
    evaluate(&request(&principal, action, resource, context), &set)
}

pub fn request<'a>(principal: &'a Principal, action: &'a str, resource: &'a str, context: &'a Context) -> Request<'a> {
    Request { principal, action, resource, context, resource_account: None, resource_policy_required: false }
}
