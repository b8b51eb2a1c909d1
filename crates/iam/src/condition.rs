//! The `Condition` element.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use crate::arn::ArnPattern;
use crate::json::Json;
use crate::pattern::{Pattern, Reading};
use crate::value::{self, Cidr};
use crate::{Context, Effect, PolicyError};

/// How an operator treats keys with several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantifier {
    /// No prefix.
    Plain,
    ForAllValues,
    ForAnyValue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What the values of the policy are compared as.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    String {
        patterns: Box<[Pattern]>,
        ignore_case: bool,
    },
    Arn(Box<[ArnPattern]>),
    Number(Order, Box<[f64]>),
    Date(Order, Box<[i64]>),
    Binary(Box<[Vec<u8>]>),
    Address(Box<[Cidr]>),
    /// Whether the key must be absent (`true`), present (`false`), or either (both given).
    Null(Box<[bool]>),
}

/// One operator on one key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    /// Lower-case.
    key: Box<str>,
    quantifier: Quantifier,
    if_exists: bool,
    negated: bool,
    test: Test,
}

/// Reads a `Condition` element: operator → key → one value or a list.
pub(crate) fn parse(element: &Json, variables: bool) -> Result<Vec<Condition>, PolicyError> {
    let Json::Object(operators) = element else {
        return Err(PolicyError::Syntax);
    };
    let mut conditions = Vec::new();
    for (operator, keys) in operators {
        let Json::Object(keys) = keys else {
            return Err(PolicyError::Syntax);
        };
        for (key, values) in keys {
            if !key.contains(':') {
                return Err(PolicyError::malformed(
                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
                ));
            }
            conditions.push(Condition::parse(operator, key, &texts(values)?, variables)?);
        }
    }
    Ok(conditions)
}

/// Numbers and booleans may stand bare in the document.
fn texts(values: &Json) -> Result<Vec<&str>, PolicyError> {
    let one = |value| match value {
        &Json::String(ref text) | &Json::Number(ref text) => Ok(text.as_str()),
        Json::Bool(true) => Ok("true"),
        Json::Bool(false) => Ok("false"),
        _ => Err(PolicyError::Syntax),
    };
    match values {
        Json::Array(items) => items.iter().map(one).collect(),
        single => Ok(vec![one(single)?]),
    }
}

impl Condition {
    fn parse(operator: &str, key: &str, values: &[&str], variables: bool) -> Result<Self, PolicyError> {
        let unknown = || PolicyError::malformed(format!("Invalid Condition type : {operator}."));
        let (quantifier, name) = match operator.split_once(':') {
            None => (Quantifier::Plain, operator),
            Some(("ForAllValues", name)) => (Quantifier::ForAllValues, name),
            Some(("ForAnyValue", name)) => (Quantifier::ForAnyValue, name),
            Some(_) => return Err(unknown()),
        };
        let (name, if_exists) = match name.strip_suffix("IfExists") {
            Some("Null") => return Err(unknown()),
            Some(name) => (name, true),
            None => (name, false),
        };
        let (name, negated) = match name {
            "NotIpAddress" => ("IpAddress", true),
            "ArnNotEquals" | "ArnNotLike" => ("ArnLike", true),
            "ArnEquals" => ("ArnLike", false),
            "StringNotEquals" => ("StringEquals", true),
            "StringNotEqualsIgnoreCase" => ("StringEqualsIgnoreCase", true),
            "StringNotLike" => ("StringLike", true),
            "NumericNotEquals" => ("NumericEquals", true),
            "DateNotEquals" => ("DateEquals", true),
            name => (name, false),
        };
        let test = Test::parse(name, values, variables).ok_or_else(unknown)??;
        Ok(Self { key: key.to_lowercase().into(), quantifier, if_exists, negated, test })
    }

    /// Whether the condition holds. `effect` is the statement's: a negated comparison with a variable
    /// that has no value is undecidable, and holds for `Deny` only.
    pub fn holds(&self, context: &Context, effect: Effect) -> bool {
        let values = context.lookup(&self.key);
        if let Test::Null(wanted) = &self.test {
            return wanted.contains(&values.is_none());
        }
        let Some(values) = values else {
            return self.if_exists
                || match self.quantifier {
                    Quantifier::Plain => self.negated,
                    Quantifier::ForAllValues => true,
                    Quantifier::ForAnyValue => false,
                };
        };
        if self.negated && !self.test.resolves(context) {
            return effect == Effect::Deny;
        }
        let fits = |value: &String| self.test.matches(value, context) != self.negated;
        match self.quantifier {
            Quantifier::ForAllValues => values.iter().all(fits),
            Quantifier::ForAnyValue => values.iter().any(fits),
            // `…Not…` is true exactly when its plain form is false.
            Quantifier::Plain if self.negated => values.iter().all(fits),
            Quantifier::Plain => values.iter().any(fits),
        }
    }

    /// The keys that deciding this needs, lower-case: its own and its variables'.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let variables: Vec<&str> = match &self.test {
            Test::String { patterns, .. } => patterns.iter().flat_map(Pattern::variables).collect(),
            Test::Arn(patterns) => patterns.iter().flat_map(ArnPattern::variables).collect(),
            _ => Vec::new(),
        };
        std::iter::once(self.key.as_ref()).chain(variables)
    }
}

impl Test {
    /// `None` for an operator that does not exist.
    fn parse(name: &str, values: &[&str], variables: bool) -> Option<Result<Self, PolicyError>> {
        let patterns = |wildcards: bool| -> Box<[Pattern]> {
            values.iter().map(|text| Pattern::parse(text, Reading { wildcards, variables })).collect()
        };
        let test = match name {
            "StringEquals" => Self::String { patterns: patterns(false), ignore_case: false },
            "StringEqualsIgnoreCase" => Self::String { patterns: patterns(false), ignore_case: true },
            "StringLike" => Self::String { patterns: patterns(true), ignore_case: false },
            "Bool" => {
                let fits = |text: &&str| is_boolean(text) || text.contains("${");
                if !values.iter().all(fits) {
                    return Some(Err(invalid(name)));
                }
                Self::String { patterns: patterns(false), ignore_case: true }
            }
            "ArnLike" => Self::Arn(values.iter().map(|text| ArnPattern::parse(text, variables)).collect()),
            "BinaryEquals" => return Some(all(values, name, value::base64).map(Self::Binary)),
            "IpAddress" => return Some(all(values, name, Cidr::parse).map(Self::Address)),
            "Null" => {
                let boolean = |text: &str| is_boolean(text).then(|| text.eq_ignore_ascii_case("true"));
                return Some(all(values, name, boolean).map(Self::Null));
            }
            name => {
                let (kind, order) = match name.strip_prefix("Numeric") {
                    Some(order) => ("Numeric", order),
                    None => ("Date", name.strip_prefix("Date")?),
                };
                let order = Order::parse(order)?;
                return Some(match kind {
                    "Numeric" => all(values, name, value::number).map(|numbers| Self::Number(order, numbers)),
                    _ => all(values, name, value::date).map(|dates| Self::Date(order, dates)),
                });
            }
        };
        Some(Ok(test))
    }

    fn resolves(&self, context: &Context) -> bool {
        match self {
            Self::String { patterns, .. } => patterns.iter().all(|pattern| pattern.resolves(context)),
            Self::Arn(patterns) => patterns.iter().all(|pattern| pattern.resolves(context)),
            _ => true,
        }
    }

    /// Whether one value of the request matches any value of the policy.
    fn matches(&self, given: &str, context: &Context) -> bool {
        match self {
            Self::String { patterns, ignore_case } => {
                patterns.iter().any(|pattern| pattern.matches(given, context, *ignore_case))
            }
            Self::Arn(patterns) => patterns.iter().any(|pattern| pattern.matches(given, context)),
            Self::Number(order, wanted) => {
                value::number(given).is_some_and(|given| wanted.iter().any(|w| order.holds(given, *w)))
            }
            Self::Date(order, wanted) => {
                value::date(given).is_some_and(|given| wanted.iter().any(|w| order.holds(given, *w)))
            }
            Self::Binary(wanted) => value::base64(given).is_some_and(|given| wanted.contains(&given)),
            Self::Address(ranges) => ranges.iter().any(|range| range.contains(given)),
            Self::Null(_) => false,
        }
    }
}

impl Order {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "Equals" => Self::Equal,
            "LessThan" => Self::Less,
            "LessThanEquals" => Self::LessOrEqual,
            "GreaterThan" => Self::Greater,
            "GreaterThanEquals" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds<T: PartialOrd>(self, given: T, wanted: T) -> bool {
        match self {
            Self::Equal => given == wanted,
            Self::Less => given < wanted,
            Self::LessOrEqual => given <= wanted,
            Self::Greater => given > wanted,
            Self::GreaterOrEqual => given >= wanted,
        }
    }
}

fn is_boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

fn invalid(operator: &str) -> PolicyError {
    PolicyError::malformed(format!("Invalid Condition value for {operator}."))
}

/// A value that is not of the operator's type would never match and so would silently turn a
/// negated test into a constant: it is refused instead.
fn all<T>(values: &[&str], operator: &str, parse: impl Fn(&str) -> Option<T>) -> Result<Box<[T]>, PolicyError> {
    values.iter().map(|text| parse(text).ok_or_else(|| invalid(operator))).collect()
}
