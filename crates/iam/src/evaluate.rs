//! Deciding a request by all the policies that bear on it.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::principal::Naming;
use crate::{Context, Decision, Effect, Matched, Outcome, Policy, Principal, PrincipalKind, Reason, Source};

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub principal: &'a Principal,
    /// `ecs:RunTask`; case does not matter.
    pub action: &'a str,
    /// An ARN, or `*` for actions without resources.
    pub resource: &'a str,
    pub context: &'a Context,
    /// Whose the resource is; `None` for the caller's own account's.
    pub resource_account: Option<&'a str>,
    /// The resource's policy must allow even within one account: true for a role's trust policy.
    pub resource_policy_required: bool,
}

/// The policies that bear on a request.
#[derive(Clone, Copy, Debug, Default)]
pub struct PolicySet<'a> {
    /// Attached to and inline in the user and its groups, or the role.
    pub identity: &'a [Arc<Policy>],
    pub boundary: Option<&'a Policy>,
    /// Given when the session was made; `None` if none were.
    pub session: Option<&'a [Arc<Policy>]>,
    /// Per level of the organisation, from its root to the account: every level must allow.
    pub service_control: &'a [Vec<Arc<Policy>>],
    pub resource: Option<&'a Policy>,
}

/// What one source says.
#[derive(Clone, Copy)]
struct Verdict {
    allows: Naming,
}

struct Evaluation<'a> {
    request: &'a Request<'a>,
    allowing: Vec<Matched>,
    denying: Vec<Matched>,
}

/// Decides. Pure, and the same for any order of policies and statements.
pub fn evaluate(request: &Request<'_>, set: &PolicySet<'_>) -> Decision {
    let mut run = Evaluation { request, allowing: Vec::new(), denying: Vec::new() };
    let caller = request.principal;
    let mut levels_allow = true;
    let mut base = 0;
    for level in set.service_control.iter().filter(|_| caller.has_account()) {
        levels_allow &= run.scan(Source::ServiceControl, base, level.iter().map(|p| &**p)).allows > Naming::No;
        base += level.len();
    }
    let resource = run.scan(Source::Resource, 0, set.resource.into_iter());
    // A root user has no policies of its own; services and anonymous callers have none at all.
    let has_own = caller.has_account() && caller.kind != PrincipalKind::Root;
    let own = |policies: &'_ [Arc<Policy>]| if has_own { policies.len() } else { 0 };
    let identity = run.scan(Source::Identity, 0, set.identity[..own(set.identity)].iter().map(|p| &**p));
    let boundary = set.boundary.filter(|_| has_own).map(|policy| run.scan(Source::Boundary, 0, [policy].into_iter()));
    let session = set.session.map(|policies| run.scan(Source::Session, 0, policies.iter().map(|p| &**p)));

    if let Some(first) = run.denying.iter().map(|matched| matched.source).min() {
        return Decision { outcome: Outcome::ExplicitDeny, reason: Some(Reason::Denied(first)), matched: run.denying };
    }
    let reason = if !levels_allow {
        Some(Source::ServiceControl)
    } else {
        let limits = Limits { identity, boundary, session };
        shortfall(request, resource.allows, limits)
    };
    Decision {
        outcome: if reason.is_none() { Outcome::Allowed } else { Outcome::ImplicitDeny },
        reason: reason.map(Reason::NotAllowed),
        matched: run.allowing,
    }
}

/// The caller's own side.
#[derive(Clone, Copy)]
struct Limits {
    identity: Verdict,
    boundary: Option<Verdict>,
    session: Option<Verdict>,
}

impl Limits {
    fn outer(&self) -> Option<Source> {
        let lacks = |verdict: Option<Verdict>| verdict.is_some_and(|v| v.allows == Naming::No);
        if lacks(self.boundary) {
            Some(Source::Boundary)
        } else if lacks(self.session) {
            Some(Source::Session)
        } else {
            None
        }
    }
}

/// The first source whose allowing is needed and lacking. Denials have been looked for before.
fn shortfall(request: &Request<'_>, granted: Naming, own: Limits) -> Option<Source> {
    let caller = request.principal;
    if !caller.has_account() {
        return if granted > Naming::No { None } else { Some(Source::Resource) };
    }
    let is_root = caller.kind == PrincipalKind::Root;
    let identity_lacks = !is_root && own.identity.allows == Naming::No;
    let crosses = request.resource_account.is_some_and(|account| account != caller.account);
    if crosses {
        if identity_lacks {
            return Some(Source::Identity);
        }
        return own.outer().or((granted == Naming::No).then_some(Source::Resource));
    }
    if request.resource_policy_required && granted == Naming::No {
        return Some(Source::Resource);
    }
    match granted {
        Naming::Direct => None,
        Naming::Indirect => own.outer(),
        Naming::Account | Naming::No if identity_lacks => Some(Source::Identity),
        Naming::Account | Naming::No => own.outer(),
    }
}

impl Evaluation<'_> {
    fn scan<'p>(&mut self, source: Source, base: usize, policies: impl Iterator<Item = &'p Policy>) -> Verdict {
        let Request { principal, action, resource, context, .. } = *self.request;
        let mut verdict = Verdict { allows: Naming::No };
        for (nth, policy) in policies.enumerate() {
            for (at, statement) in policy.statements().iter().enumerate() {
                let Some(naming) = statement.applies(principal, action, resource, context) else {
                    continue;
                };
                let effect = statement.effect();
                let matched = Matched { source, policy: base + nth, statement: at, effect };
                match effect {
                    Effect::Deny => self.denying.push(matched),
                    Effect::Allow => {
                        verdict.allows = verdict.allows.max(naming);
                        self.allowing.push(matched);
                    }
                }
            }
        }
        verdict
    }
}

/// Condition keys that statements about this action refer to and the request does not have,
/// lower-case: `MissingContextValues` of the simulation operations.
pub fn missing_context<'p>(
    policies: impl IntoIterator<Item = &'p Policy>,
    action: &str,
    context: &Context,
) -> BTreeSet<String> {
    policies
        .into_iter()
        .flat_map(Policy::statements)
        .filter(|statement| statement.covers_action(action))
        .flat_map(|statement| statement.keys())
        .filter(|key| context.lookup(key).is_none())
        .map(str::to_owned)
        .collect()
}
