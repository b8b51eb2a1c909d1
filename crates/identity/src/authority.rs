//! Who calls, and whether they may.

use std::sync::Arc;

use async_trait::async_trait;
use gantry_aws_wire::{Access, Authority, AwsError, Caller, CallerKind, Context, Credential};
use gantry_base::{AccountId, Timestamp};
use gantry_iam::{Decision, Policy, PolicyKind, PolicySet, Principal, PrincipalKind, Request, evaluate};

use crate::core::{Identity, Inner};
use crate::effective::{self, Effective};
use crate::error::Error;
use crate::names::{account_of_key, arn, split_arn};
use crate::record::Tags;
use crate::session::{Kind, Session};

/// Context that is ours alone: ARN and id of the user who asked for a federated user's session.
pub(crate) const ISSUER: &str = "gantry:Issuer";
/// Keys that nearly every request has, with some room for the service's own.
const BASE_KEYS: usize = 20;
/// With `--auth off`, nobody looks at it.
const NO_SECRET: &str = "unchecked";

pub(crate) fn invalid_token() -> AwsError {
    AwsError::sender("UnrecognizedClientException", "The security token included in the request is invalid.")
        .with_status(403)
}

fn expired_token() -> AwsError {
    // The query protocols' name: STS has an operation error by the JSON protocols' one.
    AwsError::sender("ExpiredToken", "The security token included in the request is expired").with_status(403)
}

#[async_trait]
impl Authority for Identity {
    async fn credential(&self, access_key_id: &str, session_token: Option<&str>) -> Result<Credential, AwsError> {
        let found = self.inner.credential(access_key_id, session_token);
        if !self.inner.options.checked {
            return found.or_else(|_| self.inner.unchecked(access_key_id));
        }
        found
    }

    async fn authorize(&self, context: &Context, accesses: &[Access]) -> Result<(), AwsError> {
        self.inner.authorize(context, accesses)
    }

    fn signatures_checked(&self) -> bool {
        self.inner.options.checked
    }
}

impl Inner {
    fn credential(&self, key: &str, token: Option<&str>) -> Result<Credential, AwsError> {
        match token {
            Some(token) => self.session(key, token),
            None => self.long_term(key),
        }
    }

    fn long_term(&self, key: &str) -> Result<Credential, AwsError> {
        let account_id = account_of_key(key).ok_or_else(invalid_token)?;
        let account = self.snapshot().account(&account_id);
        let found = account.access_keys.get(key).filter(|found| found.active).ok_or_else(invalid_token)?;
        let user = account.user(&found.user).ok_or_else(invalid_token)?;
        let caller = Caller {
            arn: arn(&account_id, "user", &user.path, &user.name),
            account: parse_account(&account_id)?,
            user_id: user.id.clone(),
            kind: CallerKind::User { name: user.name.clone() },
            access_key_id: key.to_owned(),
            session_context: principal_tags(&user.tags),
            session_policies: Vec::new(),
        };
        Ok(Credential { secret: found.secret.clone(), caller: Arc::new(caller) })
    }

    fn session(&self, key: &str, token: &str) -> Result<Credential, AwsError> {
        let session = self.sealer.open(token).filter(|s| s.access_key_id == key).ok_or_else(invalid_token)?;
        if session.expires <= self.options.clock.now() {
            return Err(expired_token());
        }
        let Session { access_key_id, secret, account, arn, user_id, kind, mut context, policies, .. } = session;
        let stamp = |context: &mut Vec<(String, Vec<String>)>, key: &str, value: String| {
            context.push((key.to_owned(), vec![value]));
        };
        stamp(&mut context, "aws:TokenIssueTime", session.issued.rfc3339());
        stamp(&mut context, "aws:MultiFactorAuthPresent", "false".to_owned());
        let kind = match kind {
            Kind::Root => CallerKind::Root,
            Kind::User { name } => {
                // Tags are read when used, as for the user's own keys.
                if let Some(user) = self.snapshot().account(&account).user(&name) {
                    context.extend(principal_tags(&user.tags));
                }
                CallerKind::User { name }
            }
            Kind::Role { arn, name, session } => {
                CallerKind::AssumedRole { role_arn: arn, role_name: name, session_name: session }
            }
            Kind::Federated { name, user, user_id } => {
                context.push((ISSUER.to_owned(), vec![user, user_id]));
                CallerKind::FederatedUser { name }
            }
        };
        let caller = Caller {
            arn,
            account: parse_account(&account)?,
            user_id,
            kind,
            access_key_id,
            session_context: context,
            session_policies: policies,
        };
        Ok(Credential { secret, caller: Arc::new(caller) })
    }

    /// `--auth off`: twelve digits name an account, whose root user then calls.
    fn unchecked(&self, key: &str) -> Result<Credential, AwsError> {
        let digits = key.parse::<AccountId>().ok().or_else(|| account_of_key(key)?.parse().ok());
        let account = match digits {
            Some(account) => account,
            None => match self.home.get() {
                Some((account, _)) => account.clone(),
                None => parse_account("000000000000")?,
            },
        };
        let caller = Caller {
            arn: format!("arn:aws:iam::{account}:root"),
            user_id: account.as_str().to_owned(),
            account,
            kind: CallerKind::Root,
            access_key_id: key.to_owned(),
            session_context: Vec::new(),
            session_policies: Vec::new(),
        };
        Ok(Credential { secret: NO_SECRET.into(), caller: Arc::new(caller) })
    }

    fn authorize(&self, context: &Context, accesses: &[Access]) -> Result<(), AwsError> {
        let caller = &context.caller;
        if let Some(first) = accesses.first() {
            let service = first.action.split(':').next().unwrap_or_default();
            let now = Timestamp::from_secs(context.now.secs());
            self.last_used.note(&caller.access_key_id, now, service, context.region.as_str());
        }
        if !self.options.checked {
            return Ok(());
        }
        // A user's session without a second factor may not touch IAM, as for AWS's GetSessionToken.
        let is_user_session = matches!(caller.kind, CallerKind::User { .. } | CallerKind::Root)
            && caller.access_key_id.starts_with("ASIA");
        let barred = |access: &Access| access.action.starts_with("iam:") && access.action != "iam:PassRole";
        if is_user_session && accesses.iter().any(barred) {
            return Err(invalid_token());
        }
        if accesses.is_empty() {
            return Ok(());
        }
        let judge = Judge::new(self, caller)?;
        let mut base = Judge::base_context(context);
        let mut left = accesses.len();
        for access in accesses {
            left -= 1;
            // Most calls have one access: its context is the last use of the base.
            let context = if left == 0 { std::mem::take(&mut base) } else { base.clone() };
            let (decision, _) = judge.decide(access, context)?;
            if !decision.is_allowed() {
                return Err(AwsError::access_denied(decision.message(&caller.arn, &access.action, &access.resource)));
            }
        }
        Ok(())
    }
}

fn parse_account(id: &str) -> Result<AccountId, AwsError> {
    id.parse().map_err(|_| invalid_token())
}

pub(crate) fn principal_tags(tags: &Tags) -> Vec<(String, Vec<String>)> {
    tags.iter().map(|(key, value)| (format!("aws:PrincipalTag/{key}"), vec![value.clone()])).collect()
}

/// A caller with all of its own policies at hand.
pub(crate) struct Judge<'a> {
    inner: &'a Inner,
    pub principal: Principal,
    identity: Vec<Arc<Policy>>,
    boundary: Option<Arc<Policy>>,
    session: Option<Vec<Arc<Policy>>>,
}

impl<'a> Judge<'a> {
    pub fn new(inner: &'a Inner, caller: &Caller) -> Result<Self, Error> {
        let id = caller.account.as_str();
        let account = inner.snapshot().account(id);
        let user_of = |name: &str, user_id: &str| -> Result<Effective, Error> {
            // A user made anew under an old name is another user.
            let same = account.user(name).filter(|user| user.id == user_id);
            same.map_or_else(|| Ok(Effective::default()), |user| effective::of_user(&account, id, user))
        };
        let mut session = None;
        if !caller.session_policies.is_empty() {
            let compile = |text: &Arc<str>| inner.policies.get(text, PolicyKind::Identity);
            session = Some(caller.session_policies.iter().map(compile).collect::<Result<Vec<_>, _>>()?);
        }
        let (kind, effective) = match &caller.kind {
            CallerKind::Root => (PrincipalKind::Root, Effective::default()),
            CallerKind::User { name } => (PrincipalKind::User, user_of(name, &caller.user_id)?),
            CallerKind::AssumedRole { role_arn, role_name, .. } => {
                // A role made anew under an old name is another role: its id is in the caller's.
                let role = account.role(role_name).filter(|role| caller.user_id.split(':').next() == Some(&role.id));
                let own = role.map(|role| effective::of_role(&account, id, role)).transpose()?;
                (PrincipalKind::AssumedRole { role_arn: role_arn.clone() }, own.unwrap_or_default())
            }
            CallerKind::FederatedUser { .. } => {
                let issuer = caller.session_context.iter().find(|(key, _)| key == ISSUER);
                let (user_arn, user_id) = match issuer.map(|(_, values)| values.as_slice()) {
                    Some([arn, id]) => (arn.clone(), id.as_str()),
                    _ => (String::new(), ""),
                };
                let own = match split_arn(&user_arn) {
                    Some((_, "user", name)) => user_of(name, user_id)?,
                    _ => Effective::default(),
                };
                // Without session policies nothing of the user's own reaches the session.
                session.get_or_insert_default();
                (PrincipalKind::FederatedUser { user_arn }, own)
            }
            CallerKind::Service { .. } => (PrincipalKind::Service, Effective::default()),
            CallerKind::Anonymous => (PrincipalKind::Anonymous, Effective::default()),
        };
        let arn = match &caller.kind {
            CallerKind::Service { principal } => principal.clone(),
            _ => caller.arn.clone(),
        };
        let principal = Principal { arn, account: id.to_owned(), kind, unique_id: Some(caller.user_id.clone()) };
        let boundary = effective.boundary.as_ref().map(|named| named.policy.clone());
        Ok(Self { inner, principal, identity: effective.policies(), boundary, session })
    }

    /// The global condition keys.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
    pub fn base_context(call: &Context) -> gantry_iam::Context {
        let caller = &call.caller;
        let mut context = gantry_iam::Context::with_capacity(BASE_KEYS + caller.session_context.len());
        for (key, values) in &caller.session_context {
            context.set_all(key, values.clone());
        }
        let (kind, arn) = match &caller.kind {
            CallerKind::Root => ("Account", caller.arn.as_str()),
            CallerKind::User { .. } => ("User", caller.arn.as_str()),
            CallerKind::AssumedRole { role_arn, .. } => ("AssumedRole", role_arn.as_str()),
            CallerKind::FederatedUser { .. } => ("FederatedUser", caller.arn.as_str()),
            CallerKind::Service { .. } => ("Service", caller.arn.as_str()),
            CallerKind::Anonymous => ("Anonymous", ""),
        };
        context.set_lower("aws:principaltype", kind);
        if !arn.is_empty() {
            context.set_lower("aws:principalarn", arn);
            context.set_lower("aws:principalaccount", caller.account.as_str());
            context.set_lower("aws:userid", caller.user_id.as_str());
        }
        if let CallerKind::User { name } = &caller.kind {
            context.set_lower("aws:username", name.as_str());
        }
        let is_service = matches!(caller.kind, CallerKind::Service { .. });
        context.set_lower("aws:principalisawsservice", is_service.to_string());
        context.set_lower("aws:viaawsservice", "false");
        context.set_lower("aws:sourceip", call.source_ip.to_string());
        context.set_lower("aws:useragent", call.user_agent.as_str());
        context.set_lower("aws:securetransport", call.secure_transport.to_string());
        context.set_lower("aws:currenttime", call.now.rfc3339());
        context.set_lower("aws:epochtime", call.now.secs().to_string());
        context.set_lower("aws:requestedregion", call.region.as_str());
        context
    }

    /// One access, with the context it was decided in.
    pub fn decide(
        &self,
        access: &Access,
        mut context: gantry_iam::Context,
    ) -> Result<(Decision, gantry_iam::Context), Error> {
        for (key, values) in &access.conditions {
            context.set_all(key, values.clone());
        }
        let in_arn = access.resource.split(':').nth(4).filter(|id| id.len() == 12);
        let owner = access.resource_account.as_ref().map(AccountId::as_str).or(in_arn);
        context.set_lower("aws:resourceaccount", owner.unwrap_or(&self.principal.account));
        let resource = access.resource_policy.as_ref();
        let resource = resource.map(|text| self.inner.policies.get(text, PolicyKind::Resource)).transpose()?;
        let set = PolicySet {
            identity: &self.identity,
            boundary: self.boundary.as_deref(),
            session: self.session.as_deref(),
            service_control: &[],
            resource: resource.as_deref(),
        };
        let request = Request {
            principal: &self.principal,
            action: &access.action,
            resource: &access.resource,
            context: &context,
            resource_account: owner,
            resource_policy_required: is_trust(&access.action),
        };
        let decision = evaluate(&request, &set);
        Ok((decision, context))
    }
}

/// Actions that a role's trust policy must allow, in its own account too.
fn is_trust(action: &str) -> bool {
    matches!(action, "sts:AssumeRole" | "sts:TagSession" | "sts:SetSourceIdentity" | "sts:AssumeRoleWithWebIdentity")
}
