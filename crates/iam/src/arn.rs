//! ARNs in policies: the `Resource` element's and the `Arn…` condition operators'.

use crate::Context;
use crate::pattern::{Pattern, Reading, variable_at};

/// An ARN has six parts; the sixth may hold colons of its own.
const PARTS: usize = 6;

/// Colons beyond this one in a request's ARN are not tried as part boundaries.
const MAX_BOUNDARIES: usize = 64;

/// One value of `Resource` or `NotResource`.
///
/// Parts are compared one by one. As AWS documents, a `*` that ends a part may reach over the colon
/// after it, and so may stand for all further parts; a `*` inside a part never does.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResourcePattern {
    Any,
    Arn(Box<[Pattern]>),
}

impl ResourcePattern {
    pub fn parse(text: &str, variables: bool) -> Self {
        if text == "*" {
            return Self::Any;
        }
        let parts = split(text, variables);
        let compile = |(at, part): (usize, &&str)| {
            // AWS takes variables only in the resource's own part: `${…}` before that is plain text.
            Pattern::parse(part, Reading { wildcards: true, variables: variables && at == PARTS - 1 })
        };
        Self::Arn(parts.iter().enumerate().map(compile).collect())
    }

    pub fn matches(&self, arn: &str, context: &Context) -> bool {
        match self {
            Self::Any => true,
            Self::Arn(parts) => {
                parts.iter().all(|part| part.resolves(context))
                    && Matcher { parts, arn, context, failed: [0; PARTS] }.from(0, 0, 0)
            }
        }
    }

    pub fn resolves(&self, context: &Context) -> bool {
        match self {
            Self::Any => true,
            Self::Arn(parts) => parts.iter().all(|part| part.resolves(context)),
        }
    }

    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let parts: &[Pattern] = match self {
            Self::Any => &[],
            Self::Arn(parts) => parts,
        };
        parts.iter().flat_map(Pattern::variables)
    }
}

struct Matcher<'a> {
    parts: &'a [Pattern],
    arn: &'a str,
    context: &'a Context,
    /// Per part, a bit for each boundary from which it is known not to match: each is tried once.
    failed: [u64; PARTS],
}

impl Matcher<'_> {
    /// Whether parts from `part` on match the ARN from byte `at`, `boundary` colons in.
    fn from(&mut self, part: usize, at: usize, boundary: usize) -> bool {
        let pattern = &self.parts[part];
        let rest = &self.arn[at..];
        if part + 1 == self.parts.len() {
            let whole = part + 1 == PARTS || pattern.ends_with_star() || !rest.contains(':');
            return whole && pattern.matches(rest, self.context, false);
        }
        if boundary >= MAX_BOUNDARIES || self.failed[part] & (1 << boundary) != 0 {
            return false;
        }
        let reach = if pattern.ends_with_star() { MAX_BOUNDARIES - boundary } else { 1 };
        for (nth, (colon, _)) in rest.match_indices(':').take(reach).enumerate() {
            let fits = pattern.matches(&rest[..colon], self.context, false);
            if fits && self.from(part + 1, at + colon + 1, boundary + nth + 1) {
                return true;
            }
        }
        self.failed[part] |= 1 << boundary;
        false
    }
}

/// One value of `ArnLike`, `ArnEquals` and their negations: six parts, each on its own, and no
/// wildcard reaches over a colon, save in the sixth. A lone `*` is any ARN.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArnPattern(Box<[Pattern]>);

impl ArnPattern {
    pub fn parse(text: &str, variables: bool) -> Self {
        let reading = Reading { wildcards: true, variables };
        Self(split(text, variables).iter().map(|part| Pattern::parse(part, reading)).collect())
    }

    pub fn resolves(&self, context: &Context) -> bool {
        self.0.iter().all(|part| part.resolves(context))
    }

    pub fn matches(&self, arn: &str, context: &Context) -> bool {
        if !arn.starts_with("arn:") {
            return false;
        }
        // A variable may hold a whole ARN: `${aws:PrincipalArn}` is then one part against six.
        if let [one] = &*self.0 {
            return (one.is_any() || one.variables().next().is_some()) && one.matches(arn, context, false);
        }
        let mut parts = arn.splitn(PARTS, ':');
        self.0.len() == PARTS
            && self.0.iter().all(|pattern| parts.next().is_some_and(|part| pattern.matches(part, context, false)))
    }

    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(Pattern::variables)
    }
}

/// Splits at the first five colons that stand outside variables.
fn split(text: &str, variables: bool) -> Vec<&str> {
    let mut parts = Vec::with_capacity(PARTS);
    let (mut start, mut at) = (0, 0);
    while at < text.len() && parts.len() < PARTS - 1 {
        if variables && let Some((inside, _)) = variable_at(&text[at..]) {
            at += inside.len() + 3;
            continue;
        }
        if text.as_bytes()[at] == b':' {
            parts.push(&text[start..at]);
            start = at + 1;
        }
        at += text[at..].chars().next().map_or(1, char::len_utf8);
    }
    parts.push(&text[start..]);
    parts
}
