//! What was decided, and because of what.

use std::fmt;

/// As the simulation operations say it: `allowed`, `explicitDeny`, `implicitDeny`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Allowed,
    ExplicitDeny,
    ImplicitDeny,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allowed => "allowed",
            Self::ExplicitDeny => "explicitDeny",
            Self::ImplicitDeny => "implicitDeny",
        })
    }
}

/// Which of the caller's and resource's policies a statement stood in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    ServiceControl,
    Resource,
    Identity,
    Boundary,
    Session,
}

impl Source {
    /// As AWS's messages call it.
    pub fn wording(self) -> &'static str {
        match self {
            Self::ServiceControl => "service control policy",
            Self::Resource => "resource-based policy",
            Self::Identity => "identity-based policy",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policy",
        }
    }
}

/// A statement that applied: `set.<source>[policy].statements()[statement]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched {
    pub source: Source,
    /// Index among the policies of the source; service control policies are counted over all levels.
    pub policy: usize,
    pub statement: usize,
    pub effect: crate::Effect,
}

/// Why a request is not allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A statement denies.
    Denied(Source),
    /// No statement where one is needed allows.
    NotAllowed(Source),
}

/// The answer of [`crate::evaluate`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub outcome: Outcome,
    /// `None` if allowed.
    pub reason: Option<Reason>,
    /// If denied by statements, these; else the allowing ones of every source.
    pub matched: Vec<Matched>,
}

impl Decision {
    pub fn is_allowed(&self) -> bool {
        self.outcome == Outcome::Allowed
    }

    /// The message of AWS's AccessDenied, with the reason at its end. `principal` is the caller's ARN.
    ///
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
    pub fn message(&self, principal: &str, action: &str, resource: &str) -> String {
        let head = format!("User: {principal} is not authorized to perform: {action} on resource: {resource}");
        match self.reason {
            None => head,
            Some(Reason::NotAllowed(source)) => {
                format!("{head} because no {} allows the {action} action", source.wording())
            }
            Some(Reason::Denied(source)) => {
                let article = if source == Source::Identity { "an" } else { "a" };
                format!("{head} with an explicit deny in {article} {}", source.wording())
            }
        }
    }
}
