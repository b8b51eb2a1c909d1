//! What a set of policies would decide, without doing anything.
//!
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html>

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::{invalid_input_exception, malformed_policy_document_exception};
use gantry_aws_wire::AwsError;
use gantry_iam::{
    Context, Decision, Outcome, Policy, PolicyKind, PolicySet, Principal, Request, Source, evaluate, missing_context,
    statement_spans,
};

use super::check;
use crate::core::Call;
use crate::effective::{self, Effective, Named};
use crate::names::split_arn;
use crate::page::Page;

/// Actions times resources in one simulation.
const MAX_RESULTS: usize = 10_000;

/// All that one simulation decides by.
struct Simulation {
    effective: Effective,
    organization: Vec<Vec<Arc<Policy>>>,
    resource: Option<Named>,
    owner: Option<String>,
    principal: Principal,
    context: Context,
}

fn parse(text: &str, kind: PolicyKind) -> Result<Arc<Policy>, AwsError> {
    let parsed = Policy::parse(text, kind);
    parsed.map(Arc::new).map_err(|error| malformed_policy_document_exception(error.to_string()))
}

fn given(texts: &[String], prefix: &str) -> Result<Vec<Named>, AwsError> {
    let one = |(nth, text): (usize, &String)| {
        let policy = parse(text, PolicyKind::Identity)?;
        Ok(Named { id: format!("{prefix}.{}", nth + 1), text: text.as_str().into(), policy })
    };
    texts.iter().enumerate().map(one).collect()
}

fn boundary(texts: Option<&[String]>) -> Result<Option<Named>, AwsError> {
    let texts = texts.unwrap_or_default();
    if texts.len() > 1 {
        return Err(invalid_input_exception("Only one permissions boundary policy can be given."));
    }
    Ok(given(texts, "PermissionsBoundaryPolicyInputList")?.into_iter().next())
}

fn context(entries: Option<Vec<api::ContextEntry>>) -> Context {
    let mut context = Context::new();
    for entry in entries.unwrap_or_default() {
        if let Some(name) = entry.context_key_name {
            context.set_all(&name, entry.context_key_values.unwrap_or_default());
        }
    }
    context
}

/// The principal that an ARN names, for resource policies and `aws:` keys.
fn principal(arn: &str) -> Result<Principal, AwsError> {
    let invalid =
        || invalid_input_exception(format!("Invalid Entity Arn: {arn} does not clearly define entity type and name."));
    let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
    match split_arn(arn) {
        Some((_, "user", _)) => Ok(Principal::user(arn, account)),
        Some((_, "role", _)) => Ok(Principal::role(arn, account)),
        // A group is nobody: what it grants is looked at as for a user of it.
        Some((_, "group", _)) => Ok(Principal::user(arn, account)),
        _ if arn.ends_with(":root") => Ok(Principal::user(arn, account)),
        _ => Err(invalid()),
    }
}

fn effective_of(call: &Call<'_>, arn: &str) -> Result<Effective, AwsError> {
    let (account, id) = (&call.account, call.account_id());
    let found = match split_arn(arn).filter(|(owner, _, _)| *owner == id) {
        Some((_, "user", name)) => effective::of_user(account, id, check::user(account, name)?),
        Some((_, "role", name)) => effective::of_role(account, id, check::role(account, name)?),
        Some((_, "group", name)) => effective::of_group(account, id, name, &check::group(account, name)?.holdings),
        _ => {
            return Err(invalid_input_exception(format!(
                "Invalid Entity Arn: {arn} does not clearly define entity type and name."
            )));
        }
    };
    Ok(found?)
}

impl Simulation {
    fn decide(&self, action: &str, resource: &str) -> (Decision, Vec<String>) {
        let identity = self.effective.policies();
        let boundary = self.effective.boundary.as_ref().map(|named| named.policy.clone());
        let set = PolicySet {
            identity: &identity,
            boundary: boundary.as_deref(),
            session: None,
            service_control: &self.organization,
            resource: self.resource.as_ref().map(|named| &*named.policy),
        };
        let request = Request {
            principal: &self.principal,
            action,
            resource,
            context: &self.context,
            resource_account: self.owner.as_deref(),
            resource_policy_required: false,
        };
        let all = identity.iter().map(|policy| &**policy).chain(boundary.as_deref()).chain(set.resource);
        let missing = missing_context(all, action, &self.context).into_iter().collect();
        (evaluate(&request, &set), missing)
    }

    fn statements(&self, decision: &Decision) -> Vec<api::Statement> {
        let one = |matched: &gantry_iam::Matched| {
            let (named, kind) = match matched.source {
                Source::Identity => (self.effective.identity.get(matched.policy)?, "IAM Policy"),
                Source::Boundary => (self.effective.boundary.as_ref()?, "PermissionsBoundary"),
                Source::Resource => (self.resource.as_ref()?, "Resource Policy"),
                Source::ServiceControl | Source::Session => return None,
            };
            let spans = statement_spans(&named.text);
            let (start, end) = spans.get(matched.statement)?;
            let place = |at: &gantry_iam::Position| api::Position {
                line: i32::try_from(at.line).ok(),
                column: i32::try_from(at.column).ok(),
            };
            Some(api::Statement {
                source_policy_id: Some(named.id.clone()),
                source_policy_type: Some(kind.to_owned()),
                start_position: Some(place(start)),
                end_position: Some(place(end)),
            })
        };
        decision.matched.iter().filter_map(one).collect()
    }

    fn result(&self, action: &str, resource: &str) -> api::EvaluationResult {
        let (decision, missing) = self.decide(action, resource);
        let matched = self.statements(&decision);
        let blocked = |source: Source| {
            matches!(decision.reason,
                Some(gantry_iam::Reason::Denied(by) | gantry_iam::Reason::NotAllowed(by)) if by == source)
        };
        let bounded = self.effective.boundary.as_ref().map(|_| api::PermissionsBoundaryDecisionDetail {
            allowed_by_permissions_boundary: Some(!blocked(Source::Boundary)),
        });
        let organized = (!self.organization.is_empty()).then(|| api::OrganizationsDecisionDetail {
            allowed_by_organizations: Some(!blocked(Source::ServiceControl)),
        });
        let mut by_source = BTreeMap::new();
        if self.resource.is_some() {
            for (source, name) in [(Source::Identity, "IAM Policy"), (Source::Resource, "Resource Policy")] {
                let says: BTreeSet<_> = decision
                    .matched
                    .iter()
                    .filter(|m| m.source == source)
                    .map(|m| m.effect == gantry_iam::Effect::Deny)
                    .collect();
                let word = match says.last() {
                    Some(true) => Outcome::ExplicitDeny,
                    Some(false) => Outcome::Allowed,
                    None => Outcome::ImplicitDeny,
                };
                by_source.insert(name.to_owned(), word.to_string());
            }
        }
        api::EvaluationResult {
            eval_action_name: action.to_owned(),
            eval_resource_name: Some(resource.to_owned()),
            eval_decision: decision.outcome.to_string(),
            matched_statements: Some(matched),
            missing_context_values: Some(missing),
            organizations_decision_detail: organized,
            permissions_boundary_decision_detail: bounded,
            eval_decision_details: (!by_source.is_empty()).then_some(by_source),
            resource_specific_results: None,
        }
    }

    fn answer(
        &self,
        call: &Call<'_>,
        operation: &str,
        (actions, resources): (Vec<String>, Option<Vec<String>>),
        (marker, max_items): (Option<String>, Option<i32>),
    ) -> Result<api::SimulatePolicyResponse, AwsError> {
        let resources = resources.filter(|all| !all.is_empty()).unwrap_or_else(|| vec!["*".to_owned()]);
        if actions.len().saturating_mul(resources.len()) > MAX_RESULTS {
            return Err(invalid_input_exception(format!("More than {MAX_RESULTS} results are asked for.")));
        }
        for action in &actions {
            if !action.contains(':') || action.contains('*') {
                return Err(invalid_input_exception(format!("Invalid Action Name: {action}")));
            }
        }
        let asked = format!("{}|{}", actions.join(","), resources.join(","));
        let pairs = actions.iter().flat_map(|action| resources.iter().map(move |resource| (action, resource)));
        let all = pairs.enumerate().map(|(nth, pair)| (format!("{nth:08}"), pair));
        let page = Page::cut(call, operation, &asked, marker.as_deref(), max_items, all)?;
        let results = page.items.into_iter().map(|(action, resource)| self.result(action, resource)).collect();
        Ok(api::SimulatePolicyResponse {
            evaluation_results: Some(results),
            is_truncated: Some(page.is_truncated),
            marker: page.marker,
        })
    }
}

/// A resource policy as given: kinds of resource differ in what their policies may hold, so only the
/// language is asked for.
fn resource_policy(text: Option<&String>) -> Result<Option<Named>, AwsError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let policy = parse(text, PolicyKind::Resource)?;
    Ok(Some(Named { id: "ResourcePolicy".to_owned(), text: text.as_str().into(), policy }))
}

/// `ResourceOwner` is an account's root ARN.
fn owner(arn: Option<&String>) -> Option<String> {
    arn.and_then(|arn| arn.split(':').nth(4)).filter(|id| id.len() == 12).map(str::to_owned)
}

pub(super) fn simulate_custom_policy(
    call: &Call<'_>,
    input: api::SimulateCustomPolicyRequest,
) -> Result<api::SimulatePolicyResponse, AwsError> {
    let mut organization = Vec::new();
    for level in input.ordered_organization_policy_input_list.unwrap_or_default() {
        let texts = level.service_control_policy_input_list.unwrap_or_default();
        organization.push(texts.iter().map(|text| parse(text, PolicyKind::ServiceControl)).collect::<Result<_, _>>()?);
    }
    if input.resource_policy.is_some() && input.caller_arn.is_none() {
        return Err(invalid_input_exception("CallerArn is required when a resource policy is given."));
    }
    let root = format!("arn:aws:iam::{}:root", call.account_id());
    let simulation = Simulation {
        effective: Effective {
            identity: given(&input.policy_input_list, "PolicyInputList")?,
            boundary: boundary(input.permissions_boundary_policy_input_list.as_deref())?,
        },
        organization,
        resource: resource_policy(input.resource_policy.as_ref())?,
        owner: owner(input.resource_owner.as_ref()),
        principal: principal(input.caller_arn.as_deref().unwrap_or(&root))?,
        context: context(input.context_entries),
    };
    let (asked, page) = ((input.action_names, input.resource_arns), (input.marker, input.max_items));
    simulation.answer(call, "SimulateCustomPolicy", asked, page)
}

pub(super) fn simulate_principal_policy(
    call: &Call<'_>,
    input: api::SimulatePrincipalPolicyRequest,
) -> Result<api::SimulatePolicyResponse, AwsError> {
    let source = &input.policy_source_arn;
    let mut effective = effective_of(call, source)?;
    let excluded = input.policy_exclusion_list.unwrap_or_default();
    effective.identity.retain(|named| !excluded.iter().any(|one| one.policy_arn.as_ref() == Some(&named.id)));
    effective.identity.extend(given(&input.policy_input_list.unwrap_or_default(), "PolicyInputList")?);
    if let Some(other) = boundary(input.permissions_boundary_policy_input_list.as_deref())? {
        effective.boundary = Some(other);
    }
    let principal = principal(input.caller_arn.as_deref().unwrap_or(source))?;
    let mut context = context(input.context_entries);
    // What the simulator knows of the principal by itself.
    if context.get("aws:PrincipalArn").is_none() {
        context.set("aws:PrincipalArn", principal.arn.as_str());
    }
    if let Some((_, "user", name)) = split_arn(&principal.arn)
        && context.get("aws:username").is_none()
    {
        context.set("aws:username", name);
    }
    let simulation = Simulation {
        effective,
        organization: Vec::new(),
        resource: resource_policy(input.resource_policy.as_ref())?,
        owner: owner(input.resource_owner.as_ref()),
        principal,
        context,
    };
    let (asked, page) = ((input.action_names, input.resource_arns), (input.marker, input.max_items));
    simulation.answer(call, "SimulatePrincipalPolicy", asked, page)
}

fn keys<'a>(policies: impl IntoIterator<Item = &'a Arc<Policy>>) -> api::GetContextKeysForPolicyResponse {
    let names: BTreeSet<String> = policies.into_iter().flat_map(|policy| policy.context_keys()).collect();
    api::GetContextKeysForPolicyResponse { context_key_names: Some(names.into_iter().collect()) }
}

pub(super) fn get_context_keys_for_custom_policy(
    _: &Call<'_>,
    input: api::GetContextKeysForCustomPolicyRequest,
) -> Result<api::GetContextKeysForPolicyResponse, AwsError> {
    let policies = given(&input.policy_input_list, "PolicyInputList")?;
    Ok(keys(policies.iter().map(|named| &named.policy)))
}

pub(super) fn get_context_keys_for_principal_policy(
    call: &Call<'_>,
    input: api::GetContextKeysForPrincipalPolicyRequest,
) -> Result<api::GetContextKeysForPolicyResponse, AwsError> {
    let held = effective_of(call, &input.policy_source_arn)?;
    let more = given(&input.policy_input_list.unwrap_or_default(), "PolicyInputList")?;
    Ok(keys(held.identity.iter().chain(held.boundary.as_ref()).chain(&more).map(|named| &named.policy)))
}
