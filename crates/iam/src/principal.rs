//! Who asks, and the `Principal` element that names who may.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use crate::PolicyError;
use crate::json::Json;

/// The maker of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    /// `arn:aws:iam::…:user/x`, `arn:aws:sts::…:assumed-role/Role/session`, `arn:aws:iam::…:root`,
    /// or a service's name such as `ecs-tasks.amazonaws.com`. Empty for anonymous.
    pub arn: String,
    /// 12 digits; empty for services and anonymous.
    pub account: String,
    pub kind: PrincipalKind,
    /// `AIDA…` or `AROA…`, where known: policies may name it.
    pub unique_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// The account's root user: allowed all in its own account that no policy denies.
    Root,
    User,
    /// A role itself, as simulations name it.
    Role,
    /// A session of a role.
    AssumedRole {
        role_arn: String,
    },
    /// A session of GetFederationToken.
    FederatedUser {
        user_arn: String,
    },
    /// Signed in by an identity provider, of which this is the ARN or domain.
    WebIdentity {
        provider: String,
    },
    Service,
    Anonymous,
}

impl Principal {
    pub fn user(arn: impl Into<String>, account: impl Into<String>) -> Self {
        Self { arn: arn.into(), account: account.into(), kind: PrincipalKind::User, unique_id: None }
    }

    pub fn root(account: impl Into<String>) -> Self {
        let account = account.into();
        Self { arn: format!("arn:aws:iam::{account}:root"), account, kind: PrincipalKind::Root, unique_id: None }
    }

    pub fn role(arn: impl Into<String>, account: impl Into<String>) -> Self {
        Self { arn: arn.into(), account: account.into(), kind: PrincipalKind::Role, unique_id: None }
    }

    pub fn assumed_role(arn: impl Into<String>, account: impl Into<String>, role_arn: impl Into<String>) -> Self {
        let kind = PrincipalKind::AssumedRole { role_arn: role_arn.into() };
        Self { arn: arn.into(), account: account.into(), kind, unique_id: None }
    }

    pub fn service(name: impl Into<String>) -> Self {
        Self { arn: name.into(), account: String::new(), kind: PrincipalKind::Service, unique_id: None }
    }

    pub fn anonymous() -> Self {
        Self { arn: String::new(), account: String::new(), kind: PrincipalKind::Anonymous, unique_id: None }
    }

    /// Services and anonymous callers belong to no account and have no policies of their own.
    pub(crate) fn has_account(&self) -> bool {
        !matches!(self.kind, PrincipalKind::Service | PrincipalKind::Anonymous | PrincipalKind::WebIdentity { .. })
    }
}

/// How closely a resource policy's statement names the caller; decides which other policies may
/// still withhold what it grants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Naming {
    No,
    /// The caller's account: the account's own policies must allow too.
    Account,
    /// Everybody, or the role behind a session: boundary and session policies must allow too.
    Indirect,
    /// The user, or this very session: enough by itself within the account.
    Direct,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Anyone,
    Account(Box<str>),
    Arn(Box<str>),
    UniqueId(Box<str>),
    Service(Box<str>),
    AnyService,
    Federated(Box<str>),
    /// An S3 canonical user: none exist here.
    CanonicalUser,
}

/// A `Principal` or `NotPrincipal` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PrincipalPatterns(Box<[Pattern]>);

impl PrincipalPatterns {
    pub fn parse(element: &Json) -> Result<Self, PolicyError> {
        let members = match element {
            Json::String(text) if text == "*" => return Ok(Self([Pattern::Anyone].into())),
            Json::String(text) => return Err(invalid_principal("AWS", text)),
            Json::Object(members) if !members.is_empty() => members,
            _ => return Err(PolicyError::Syntax),
        };
        let mut patterns = Vec::new();
        for (kind, values) in members {
            let one = [values.clone()];
            let values = match values {
                Json::Array(items) => items.as_slice(),
                _ => &one,
            };
            for value in values {
                let Json::String(text) = value else {
                    return Err(PolicyError::Syntax);
                };
                patterns.push(Pattern::parse(kind, text)?);
            }
        }
        if patterns.is_empty() {
            return Err(PolicyError::Syntax);
        }
        Ok(Self(patterns.into()))
    }

    /// The closest naming of this caller.
    pub fn naming(&self, caller: &Principal) -> Naming {
        self.0.iter().map(|pattern| pattern.naming(caller)).max().unwrap_or(Naming::No)
    }

    /// Whether `NotPrincipal` spares this caller: a user must be listed together with its account, a
    /// session together with its role and account, as AWS documents.
    pub fn spares(&self, caller: &Principal) -> bool {
        let lists = |naming: &dyn Fn(&Pattern) -> bool| self.0.iter().any(naming);
        if lists(&|pattern| *pattern == Pattern::Anyone) {
            return true;
        }
        let direct = lists(&|pattern| pattern.naming(caller) == Naming::Direct);
        let account = !caller.has_account()
            || caller.kind == PrincipalKind::Root
            || lists(&|pattern| matches!(pattern, Pattern::Account(account) if **account == *caller.account));
        let role = match &caller.kind {
            PrincipalKind::AssumedRole { role_arn } => {
                lists(&|pattern| matches!(pattern, Pattern::Arn(arn) if **arn == **role_arn))
            }
            PrincipalKind::Role => lists(&|pattern| pattern.naming(caller) == Naming::Indirect),
            _ => true,
        };
        (direct || caller.kind == PrincipalKind::Role) && account && role
    }

    /// Exact values that are IAM ARNs: identity checks that they exist and pins them.
    pub fn arns(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|pattern| match pattern {
            Pattern::Arn(arn) => Some(arn.as_ref()),
            _ => None,
        })
    }
}

impl Pattern {
    fn parse(kind: &str, text: &str) -> Result<Self, PolicyError> {
        match kind {
            "AWS" => Self::parse_aws(text).ok_or_else(|| invalid_principal(kind, text)),
            "Service" if text == "*" => Ok(Self::AnyService),
            "Service" => {
                let fits = text.contains('.')
                    && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
                if fits { Ok(Self::Service(text.into())) } else { Err(invalid_principal(kind, text)) }
            }
            "Federated" if text == "*" => Ok(Self::Anyone),
            "Federated" if !text.is_empty() => Ok(Self::Federated(text.into())),
            "CanonicalUser" if !text.is_empty() => Ok(Self::CanonicalUser),
            "Federated" | "CanonicalUser" => Err(invalid_principal(kind, text)),
            _ => Err(PolicyError::Syntax),
        }
    }

    fn parse_aws(text: &str) -> Option<Self> {
        let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        if text == "*" {
            return Some(Self::Anyone);
        }
        if is_account(text) {
            return Some(Self::Account(text.into()));
        }
        // Part of a principal's name cannot be a wildcard.
        if text.contains(['*', '?']) {
            return None;
        }
        let is_id = |text: &str| text.len() >= 16 && text.bytes().all(|b| b.is_ascii_alphanumeric());
        if (text.starts_with("AIDA") || text.starts_with("AROA")) && is_id(text) {
            return Some(Self::UniqueId(text.into()));
        }
        let mut parts = text.splitn(6, ':');
        let (head, _partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        if head != "arn" || !matches!(service, "iam" | "sts") || !region.is_empty() || !is_account(account) {
            return None;
        }
        match resource.split_once('/') {
            None if resource == "root" => Some(Self::Account(account.into())),
            Some(("user" | "role" | "assumed-role" | "federated-user", name)) if !name.is_empty() => {
                Some(Self::Arn(text.into()))
            }
            _ => None,
        }
    }

    fn naming(&self, caller: &Principal) -> Naming {
        let when = |fits: bool, naming: Naming| if fits { naming } else { Naming::No };
        match self {
            Self::Anyone => Naming::Indirect,
            Self::Account(account) if caller.has_account() && **account == *caller.account => {
                if caller.kind == PrincipalKind::Root { Naming::Direct } else { Naming::Account }
            }
            Self::Arn(arn) => match &caller.kind {
                PrincipalKind::AssumedRole { role_arn } if **arn == **role_arn => Naming::Indirect,
                PrincipalKind::FederatedUser { user_arn } if **arn == **user_arn => Naming::Indirect,
                PrincipalKind::Role => when(**arn == *caller.arn, Naming::Indirect),
                PrincipalKind::Service | PrincipalKind::Anonymous => Naming::No,
                _ => when(**arn == *caller.arn, Naming::Direct),
            },
            Self::UniqueId(id) => {
                let same = caller.unique_id.as_deref().is_some_and(|own| own.split(':').next() == Some(id));
                let is_user = caller.kind == PrincipalKind::User;
                when(same, if is_user { Naming::Direct } else { Naming::Indirect })
            }
            Self::Service(name) => when(caller.kind == PrincipalKind::Service && **name == *caller.arn, Naming::Direct),
            Self::AnyService => when(caller.kind == PrincipalKind::Service, Naming::Indirect),
            Self::Federated(name) => {
                let same = matches!(&caller.kind, PrincipalKind::WebIdentity { provider } if **provider == **name);
                when(same, Naming::Direct)
            }
            Self::Account(_) | Self::CanonicalUser => Naming::No,
        }
    }
}

fn invalid_principal(kind: &str, text: &str) -> PolicyError {
    let shown: String = text.chars().take(256).collect();
    PolicyError::malformed(format!("Invalid principal in policy: \"{kind}\":\"{shown}\""))
}
