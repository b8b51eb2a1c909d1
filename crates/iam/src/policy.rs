//! Policy documents and their statements, checked and compiled.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use std::collections::{BTreeSet, HashSet};

use crate::arn::ResourcePattern;
use crate::condition::{self, Condition};
use crate::json::Json;
use crate::limits::MAX_DOCUMENT_LEN;
use crate::pattern::{Pattern, Reading};
use crate::principal::{Naming, PrincipalPatterns};
use crate::{Context, PolicyError, Principal};

/// Where a document is to be used: which elements it must and must not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// Of a user, group or role; also boundaries and session policies.
    Identity,
    /// Of a resource: has principals; `Resource` may be left out for "this resource".
    Resource,
    /// Of a role: has principals, only `sts:` actions, and no `Resource`.
    Trust,
    /// Of an organisation.
    ServiceControl,
}

impl PolicyKind {
    fn has_principal(self) -> bool {
        matches!(self, Self::Resource | Self::Trust)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// The default where a document names none: no policy variables.
    V2008,
    V2012,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Allow,
    Deny,
}

/// A policy document, ready to decide by.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    version: Version,
    id: Option<String>,
    statements: Box<[Statement]>,
}

/// An element that comes in a plain and a `Not…` form.
#[derive(Clone, Debug, PartialEq)]
enum Either<T> {
    Is(T),
    Not(T),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    sid: Option<String>,
    effect: Effect,
    principal: Option<Either<PrincipalPatterns>>,
    action: Either<Box<[Pattern]>>,
    /// `None`: the resource that the policy is attached to.
    resource: Option<Either<Box<[ResourcePattern]>>>,
    conditions: Box<[Condition]>,
}

impl Policy {
    /// Reads and checks a document.
    ///
    /// # Errors
    /// [`PolicyError`], worded as IAM's `MalformedPolicyDocument`.
    pub fn parse(document: &str, kind: PolicyKind) -> Result<Self, PolicyError> {
        if document.len() > MAX_DOCUMENT_LEN {
            return Err(PolicyError::TooLong(MAX_DOCUMENT_LEN));
        }
        let Ok(Json::Object(members)) = serde_json::from_str(document) else {
            return Err(PolicyError::Syntax);
        };
        let (mut version, mut id, mut statements) = (Version::V2008, None, None);
        for (name, value) in &members {
            match (name.as_str(), value) {
                ("Version", Json::String(text)) => version = Version::parse(text)?,
                ("Id", Json::String(text)) => id = Some(text.clone()),
                ("Statement", Json::Array(items)) if !items.is_empty() => statements = Some(items.as_slice()),
                ("Statement", one @ Json::Object(_)) => statements = Some(std::slice::from_ref(one)),
                _ => return Err(PolicyError::Syntax),
            }
        }
        let statements = statements.ok_or(PolicyError::Syntax)?;
        let statements: Box<[Statement]> =
            statements.iter().map(|item| Statement::parse(item, kind, version)).collect::<Result<_, _>>()?;
        let mut sids = HashSet::new();
        if !statements.iter().filter_map(|s| s.sid.as_deref()).all(|sid| sids.insert(sid)) {
            return Err(PolicyError::malformed("Statement IDs (SID) in a single policy must be unique."));
        }
        Ok(Self { version, id, statements })
    }

    pub fn version(&self) -> Version {
        self.version
    }

    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// All condition keys that deciding by this policy may need, lower-case.
    pub fn context_keys(&self) -> BTreeSet<String> {
        self.statements.iter().flat_map(|s| s.keys()).map(str::to_owned).collect()
    }

    /// The IAM ARNs named as principals.
    pub fn principal_arns(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().filter_map(|s| s.principal.as_ref()).flat_map(|either| match either {
            Either::Is(patterns) | Either::Not(patterns) => patterns.arns(),
        })
    }
}

impl Version {
    fn parse(text: &str) -> Result<Self, PolicyError> {
        match text {
            "2008-10-17" => Ok(Self::V2008),
            "2012-10-17" => Ok(Self::V2012),
            _ => Err(PolicyError::malformed("Policy document must be version 2012-10-17 or greater.")),
        }
    }
}

impl Statement {
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    pub fn effect(&self) -> Effect {
        self.effect
    }

    fn parse(item: &Json, kind: PolicyKind, version: Version) -> Result<Self, PolicyError> {
        let Json::Object(members) = item else {
            return Err(PolicyError::Syntax);
        };
        let variables = version == Version::V2012;
        let (mut sid, mut effect, mut principal, mut action, mut resource) = (None, None, None, None, None);
        let mut conditions = Vec::new();
        for (name, value) in members {
            match (name.as_str(), value) {
                ("Sid", Json::String(text)) => sid = Some(parse_sid(text, kind)?),
                ("Effect", Json::String(text)) if text == "Allow" => effect = Some(Effect::Allow),
                ("Effect", Json::String(text)) if text == "Deny" => effect = Some(Effect::Deny),
                ("Principal" | "NotPrincipal", _) if !kind.has_principal() => {
                    return Err(PolicyError::malformed("Policy document should not specify a principal."));
                }
                ("Principal", value) => once(&mut principal, Either::Is(PrincipalPatterns::parse(value)?))?,
                ("NotPrincipal", _) if kind == PolicyKind::Trust => {
                    return Err(PolicyError::malformed("AssumeRole policy must contain only allowed principals"));
                }
                ("NotPrincipal", value) => once(&mut principal, Either::Not(PrincipalPatterns::parse(value)?))?,
                ("Action", value) => once(&mut action, Either::Is(actions(value, kind)?))?,
                ("NotAction", value) => once(&mut action, Either::Not(actions(value, kind)?))?,
                ("Resource" | "NotResource", _) if kind == PolicyKind::Trust => {
                    return Err(PolicyError::malformed(format!("Has prohibited field {name}.")));
                }
                ("Resource", value) => once(&mut resource, Either::Is(resources(value, variables)?))?,
                ("NotResource", value) => once(&mut resource, Either::Not(resources(value, variables)?))?,
                ("Condition", value) => conditions = condition::parse(value, variables)?,
                _ => return Err(PolicyError::Syntax),
            }
        }
        let effect = effect.ok_or_else(|| PolicyError::malformed("Missing required field Effect."))?;
        if kind.has_principal() && principal.is_none() {
            return Err(PolicyError::malformed("Missing required field Principal."));
        }
        let action = action.ok_or_else(|| PolicyError::malformed("Policy statement must contain actions."))?;
        if resource.is_none() && !kind.has_principal() {
            return Err(PolicyError::malformed("Policy statement must contain resources."));
        }
        Ok(Self { sid, effect, principal, action, resource, conditions: conditions.into() })
    }

    /// Whether the statement speaks about this request, and how closely it names the caller
    /// ([`Naming::Direct`] where statements have no principals).
    pub(crate) fn applies(
        &self,
        caller: &Principal,
        action: &str,
        resource: &str,
        context: &Context,
    ) -> Option<Naming> {
        if !self.covers(action, resource, context) {
            return None;
        }
        let naming = self.names(caller);
        let holds = naming != Naming::No && self.conditions.iter().all(|c| c.holds(context, self.effect));
        holds.then_some(naming)
    }

    /// Whether action and resource are covered, conditions aside.
    pub(crate) fn covers(&self, action: &str, resource: &str, context: &Context) -> bool {
        let any_action = |patterns: &[Pattern]| patterns.iter().any(|p| p.matches_plain(action, true));
        let action_fits = match &self.action {
            Either::Is(patterns) => any_action(patterns),
            Either::Not(patterns) => !any_action(patterns),
        };
        action_fits
            && match &self.resource {
                None => true,
                Some(Either::Is(patterns)) => patterns.iter().any(|p| p.matches(resource, context)),
                Some(Either::Not(patterns)) => {
                    // "All but ${unknown}" would be all: too much to allow, not too much to deny.
                    let decidable = self.effect == Effect::Deny || patterns.iter().all(|p| p.resolves(context));
                    decidable && !patterns.iter().any(|p| p.matches(resource, context))
                }
            }
    }

    fn names(&self, caller: &Principal) -> Naming {
        match &self.principal {
            None => Naming::Direct,
            Some(Either::Is(patterns)) => patterns.naming(caller),
            Some(Either::Not(patterns)) => {
                let spared = match self.effect {
                    Effect::Deny => patterns.spares(caller),
                    // Allowing all but a few: anyone hinted at is taken for one of the few.
                    Effect::Allow => patterns.naming(caller) != Naming::No,
                };
                if spared { Naming::No } else { Naming::Indirect }
            }
        }
    }

    /// Condition keys and variables, lower-case.
    pub(crate) fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = self.conditions.iter().flat_map(Condition::keys).collect();
        if let Some(Either::Is(patterns) | Either::Not(patterns)) = &self.resource {
            keys.extend(patterns.iter().flat_map(ResourcePattern::variables));
        }
        keys
    }

    /// Whether the action alone is covered.
    pub(crate) fn covers_action(&self, action: &str) -> bool {
        match &self.action {
            Either::Is(patterns) => patterns.iter().any(|p| p.matches_plain(action, true)),
            Either::Not(patterns) => !patterns.iter().any(|p| p.matches_plain(action, true)),
        }
    }
}

/// A plain element and its `Not…` form exclude each other.
fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), PolicyError> {
    if slot.replace(value).is_some() { Err(PolicyError::Syntax) } else { Ok(()) }
}

fn parse_sid(text: &str, kind: PolicyKind) -> Result<String, PolicyError> {
    // Services with policies of their own take more characters in a Sid than IAM does.
    if kind != PolicyKind::Resource && !text.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(PolicyError::malformed(
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
        ));
    }
    Ok(text.to_owned())
}

/// A string or a list of strings.
fn strings<'a>(value: &'a Json, lacking: &str) -> Result<Vec<&'a str>, PolicyError> {
    let one = |value: &'a Json| match value {
        Json::String(text) => Ok(text.as_str()),
        _ => Err(PolicyError::Syntax),
    };
    match value {
        Json::Array(items) if items.is_empty() => Err(PolicyError::malformed(lacking)),
        Json::Array(items) => items.iter().map(one).collect(),
        single => Ok(vec![one(single)?]),
    }
}

fn actions(value: &Json, kind: PolicyKind) -> Result<Box<[Pattern]>, PolicyError> {
    let texts = strings(value, "Policy statement must contain actions.")?;
    for text in &texts {
        check_action(text, kind)?;
    }
    let reading = Reading { wildcards: true, variables: false };
    Ok(texts.iter().map(|text| Pattern::parse(text, reading)).collect())
}

fn check_action(text: &str, kind: PolicyKind) -> Result<(), PolicyError> {
    if kind == PolicyKind::Trust && !text.to_ascii_lowercase().starts_with("sts:") {
        return Err(PolicyError::malformed("AssumeRole policy may only specify STS AssumeRole actions."));
    }
    if text == "*" {
        return Ok(());
    }
    let Some((vendor, name)) = text.split_once(':').filter(|(vendor, name)| !vendor.is_empty() && !name.is_empty())
    else {
        return Err(PolicyError::malformed(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ));
    };
    if name.contains(':') {
        return Err(PolicyError::malformed("Actions/Condition can contain only one colon."));
    }
    let vendor_fits = vendor == "*" || vendor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !vendor_fits {
        return Err(PolicyError::malformed(format!("Vendor {vendor} is not valid")));
    }
    let name_fits = name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'*' | b'?' | b'-' | b'_' | b'.'));
    if name_fits { Ok(()) } else { Err(PolicyError::Syntax) }
}

fn resources(value: &Json, variables: bool) -> Result<Box<[ResourcePattern]>, PolicyError> {
    let texts = strings(value, "Policy statement must contain resources.")?;
    for text in &texts {
        check_resource(text)?;
    }
    Ok(texts.iter().map(|text| ResourcePattern::parse(text, variables)).collect())
}

fn check_resource(text: &str) -> Result<(), PolicyError> {
    if text == "*" {
        return Ok(());
    }
    let not_arn = || PolicyError::malformed(format!("Resource {text} must be in ARN format or \"*\"."));
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    if parts[0] != "arn" || parts.len() < 4 {
        return Err(not_arn());
    }
    let (partition, service) = (parts[1], parts[2]);
    if !matches!(partition, "aws" | "aws-cn" | "aws-us-gov" | "*") {
        return Err(PolicyError::malformed(format!("Partition \"{partition}\" is not valid for resource \"{text}\".")));
    }
    if service.is_empty() || service.contains(['*', '?']) {
        return Err(PolicyError::malformed("Resource vendor must be fully qualified and cannot contain regexes."));
    }
    // Parts may be left out only where a `*` at a part's end can stand for them.
    if parts.len() < 6 && !parts[3..].iter().any(|part| part.ends_with('*')) {
        return Err(not_arn());
    }
    if parts.len() == 6 && matches!(service, "iam") && !parts[3].is_empty() && parts[3] != "*" {
        return Err(PolicyError::malformed(format!("IAM resource {text} cannot contain region information.")));
    }
    Ok(())
}
