//! Checks a decoded input against its model's constraints, and words what breaks them as AWS does.
//!
//! All that is wrong is found in one walk, up to [`MAX_VIOLATIONS`]. Patterns are the model's, which are
//! Java's; see [`pattern`].

pub mod pattern;

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::AwsError;
use crate::protocol::MAX_DEPTH;
use crate::schema::{Bounds, Kind, OperationSchema, Protocol, ServiceSchema, ShapeId, Structure, ValidationForm};

/// Violations found before the walk stops.
pub const MAX_VIOLATIONS: usize = 100;
/// Most characters of an offending value that are said back.
const MAX_SHOWN: usize = 512;

/// One broken constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// As AWS writes it: `tags.1.member.key`.
    pub path: String,
    /// `None` for an absent member.
    pub value: Option<String>,
    pub constraint: Constraint,
    /// The member is a list or a map.
    pub collection: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint {
    NotNull,
    MinLength(i64),
    MaxLength(i64),
    MinValue(i64),
    MaxValue(i64),
    Pattern(&'static str),
    Enum(&'static [&'static str]),
    /// A list's scalar items, or a map's keys or values: all that each must satisfy.
    Items {
        of: &'static str,
        each: Vec<Constraint>,
    },
}

impl Constraint {
    fn text(&self) -> String {
        match self {
            Self::NotNull => "Member must not be null".to_owned(),
            Self::MinLength(n) => format!("Member must have length greater than or equal to {n}"),
            Self::MaxLength(n) => format!("Member must have length less than or equal to {n}"),
            Self::MinValue(n) => format!("Member must have value greater than or equal to {n}"),
            Self::MaxValue(n) => format!("Member must have value less than or equal to {n}"),
            Self::Pattern(p) => format!("Member must satisfy regular expression pattern: {p}"),
            Self::Enum(values) => format!("Member must satisfy enum value set: [{}]", values.join(", ")),
            Self::Items { of, each } => {
                let each: Vec<String> = each.iter().map(Self::text).collect();
                format!("{of} must satisfy constraint: [{}]", each.join(", "))
            }
        }
    }
}

/// Checks an operation's input.
///
/// # Errors
/// The service's validation error, if the model's constraints do not hold.
pub fn check(
    service: &'static ServiceSchema,
    operation: &'static OperationSchema,
    input: &Value,
) -> Result<(), AwsError> {
    let Some(shape) = operation.input else { return Ok(()) };
    let found = violations(service, shape, input);
    if found.is_empty() { Ok(()) } else { Err(word(service, &found)) }
}

/// All that is wrong with a value, in the model's order.
pub fn violations(service: &'static ServiceSchema, shape: ShapeId, value: &Value) -> Vec<Violation> {
    let mut walk = Walk { service, path: String::new(), found: Vec::new() };
    walk.value(shape, value, 0);
    walk.found
}

fn word(service: &'static ServiceSchema, found: &[Violation]) -> AwsError {
    let first = &found[0];
    let null = first.constraint == Constraint::NotNull;
    if service.protocol == Protocol::Ec2Query && null {
        let name = crate::protocol::query::capital(&first.path);
        return AwsError::sender("MissingParameter", format!("The request must contain the parameter {name}"));
    }
    let message = match service.validation_form {
        ValidationForm::InvalidParameterAt => {
            let text = first.constraint.text();
            let text = match &first.constraint {
                Constraint::Pattern(p) => format!("must satisfy regular expression '{p}'"),
                _ => text,
            };
            format!("Invalid parameter at '{}' failed to satisfy constraint: '{text}'", first.path)
        }
        ValidationForm::Plain if null => {
            let lack = if first.collection { "cannot be empty" } else { "can not be blank" };
            format!("{} {lack}.", crate::protocol::query::capital(&first.path))
        }
        ValidationForm::Plain | ValidationForm::Detected => detected(found),
    };
    AwsError::sender(service.validation_code, message)
}

fn detected(found: &[Violation]) -> String {
    let plural = if found.len() == 1 { "" } else { "s" };
    let mut out = format!("{} validation error{plural} detected: ", found.len());
    for (nth, violation) in found.iter().enumerate() {
        if nth > 0 {
            out.push_str("; ");
        }
        match &violation.value {
            None => out.push_str("Value null"),
            Some(value) => {
                let _ = write!(out, "Value '{value}'");
            }
        }
        let _ = write!(out, " at '{}' failed to satisfy constraint: {}", violation.path, violation.constraint.text());
    }
    out
}

struct Walk {
    service: &'static ServiceSchema,
    path: String,
    found: Vec<Violation>,
}

impl Walk {
    fn value(&mut self, shape: ShapeId, value: &Value, depth: usize) {
        if depth > MAX_DEPTH || self.found.len() >= MAX_VIOLATIONS {
            return;
        }
        match (&self.service.shape(shape).kind, value) {
            (Kind::Structure(structure), Value::Object(map)) => self.structure(structure, map, depth),
            (Kind::List { member, size, .. }, Value::Array(items)) => self.list(*member, *size, value, items, depth),
            (Kind::Map { key, value: inner, size, .. }, Value::Object(map)) => {
                self.map(*key, *inner, *size, value, map, depth);
            }
            (kind, value) => {
                let mut broken = Vec::new();
                scalar(kind, value, &mut broken);
                for constraint in broken {
                    self.add(Some(shown(value)), constraint);
                }
            }
        }
    }

    fn add(&mut self, value: Option<String>, constraint: Constraint) {
        if self.found.len() < MAX_VIOLATIONS {
            self.found.push(Violation { path: self.path.clone(), value, constraint, collection: false });
        }
    }

    fn add_missing(&mut self, member: ShapeId) {
        self.add(None, Constraint::NotNull);
        let kind = &self.service.shape(member).kind;
        if let Some(last) = self.found.last_mut() {
            last.collection = matches!(kind, Kind::List { .. } | Kind::Map { .. });
        }
    }

    fn structure(&mut self, structure: &'static Structure, map: &Map<String, Value>, depth: usize) {
        let base = self.path.len();
        for member in structure.members {
            if !self.path.is_empty() {
                self.path.push('.');
            }
            push_name(&mut self.path, member.name);
            match map.get(member.name).filter(|v| !v.is_null()) {
                Some(value) => self.value(member.shape, value, depth + 1),
                None if member.required => self.add_missing(member.shape),
                None => {}
            }
            self.path.truncate(base);
        }
    }

    fn list(&mut self, member: ShapeId, size: Bounds, whole: &Value, items: &[Value], depth: usize) {
        self.length(size, items.len(), whole);
        let kind = &self.service.shape(member).kind;
        if is_scalar(kind) {
            let mut broken = Vec::new();
            if items.iter().any(|item| {
                scalar(kind, item, &mut broken);
                !broken.is_empty()
            }) {
                self.add(Some(shown(whole)), Constraint::Items { of: "Member", each: all_constraints(kind) });
            }
            return;
        }
        let base = self.path.len();
        for (nth, item) in items.iter().enumerate() {
            let _ = write!(self.path, ".{}.member", nth + 1);
            if item.is_null() {
                self.add(None, Constraint::NotNull);
            } else {
                self.value(member, item, depth + 1);
            }
            self.path.truncate(base);
            if self.found.len() >= MAX_VIOLATIONS {
                return;
            }
        }
    }

    fn map(
        &mut self,
        key: ShapeId,
        inner: ShapeId,
        size: Bounds,
        whole: &Value,
        map: &Map<String, Value>,
        depth: usize,
    ) {
        self.length(size, map.len(), whole);
        let key_kind = &self.service.shape(key).kind;
        let inner_kind = &self.service.shape(inner).kind;
        let mut broken = Vec::new();
        if map.keys().any(|key| {
            string(key_kind, key, &mut broken);
            !broken.is_empty()
        }) {
            self.add(Some(shown(whole)), Constraint::Items { of: "Map keys", each: all_constraints(key_kind) });
        }
        if is_scalar(inner_kind) {
            broken.clear();
            if map.values().any(|item| {
                scalar(inner_kind, item, &mut broken);
                !broken.is_empty()
            }) {
                self.add(Some(shown(whole)), Constraint::Items { of: "Map value", each: all_constraints(inner_kind) });
            }
            return;
        }
        let base = self.path.len();
        for (name, item) in map {
            self.path.push('.');
            self.path.extend(name.chars().take(MAX_SHOWN));
            self.path.push_str(".member");
            self.value(inner, item, depth + 1);
            self.path.truncate(base);
        }
    }

    fn length(&mut self, size: Bounds, length: usize, whole: &Value) {
        let length = length as i64;
        if let Some(min) = size.min.filter(|min| length < *min) {
            self.add(Some(shown(whole)), Constraint::MinLength(min));
        }
        if let Some(max) = size.max.filter(|max| length > *max) {
            self.add(Some(shown(whole)), Constraint::MaxLength(max));
        }
    }
}

fn is_scalar(kind: &Kind) -> bool {
    !matches!(kind, Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. })
}

fn scalar(kind: &'static Kind, value: &Value, broken: &mut Vec<Constraint>) {
    match (kind, value) {
        (_, Value::Null) => broken.push(Constraint::NotNull),
        (Kind::String { .. }, Value::String(text)) => string(kind, text, broken),
        (Kind::Blob { size, .. }, Value::String(text)) => {
            let padding = text.bytes().rev().take(2).filter(|b| *b == b'=').count();
            length(*size, (text.len() / 4 * 3).saturating_sub(padding), broken);
        }
        (Kind::Integer(bounds) | Kind::Long(bounds), Value::Number(n)) => {
            // The decoder has made it whole and in range of i64.
            let n = n.as_i64().unwrap_or_default();
            range(*bounds, bounds.min.is_some_and(|min| n < min), bounds.max.is_some_and(|max| n > max), broken);
        }
        (Kind::Float(bounds) | Kind::Double(bounds), Value::Number(n)) => {
            let n = n.as_f64().unwrap_or_default();
            let below = bounds.min.is_some_and(|min| n < min as f64);
            range(*bounds, below, bounds.max.is_some_and(|max| n > max as f64), broken);
        }
        _ => {}
    }
}

fn range(bounds: Bounds, below: bool, above: bool, broken: &mut Vec<Constraint>) {
    broken.extend(bounds.min.filter(|_| below).map(Constraint::MinValue));
    broken.extend(bounds.max.filter(|_| above).map(Constraint::MaxValue));
}

fn length(size: Bounds, length: usize, broken: &mut Vec<Constraint>) {
    let length = length as i64;
    broken.extend(size.max.filter(|max| length > *max).map(Constraint::MaxLength));
    broken.extend(size.min.filter(|min| length < *min).map(Constraint::MinLength));
}

fn string(kind: &'static Kind, text: &str, broken: &mut Vec<Constraint>) {
    let Kind::String { size, pattern, values } = kind else { return };
    if size.min.is_some() || size.max.is_some() {
        length(*size, text.chars().count(), broken);
    }
    if let Some(pattern) = pattern
        && !pattern::matches(pattern, text)
    {
        broken.push(Constraint::Pattern(pattern));
    }
    if !values.is_empty() && !values.contains(&text) {
        broken.push(Constraint::Enum(values));
    }
}

/// Everything a list's items must satisfy, in the order AWS says it.
fn all_constraints(kind: &'static Kind) -> Vec<Constraint> {
    let mut all = Vec::new();
    match kind {
        Kind::String { size, pattern, values } => {
            all.extend(size.max.map(Constraint::MaxLength));
            all.extend(size.min.map(Constraint::MinLength));
            all.extend(pattern.map(Constraint::Pattern));
            if !values.is_empty() {
                all.push(Constraint::Enum(values));
            }
        }
        Kind::Blob { size, .. } => {
            all.extend(size.max.map(Constraint::MaxLength));
            all.extend(size.min.map(Constraint::MinLength));
        }
        Kind::Integer(b) | Kind::Long(b) | Kind::Float(b) | Kind::Double(b) => {
            all.extend(b.max.map(Constraint::MaxValue));
            all.extend(b.min.map(Constraint::MinValue));
        }
        _ => {}
    }
    if all.is_empty() {
        all.push(Constraint::NotNull);
    }
    all
}

/// Members are said in lower camel case whatever the model has: `roleName` for IAM's `RoleName`.
fn push_name(path: &mut String, name: &str) {
    let mut chars = name.chars();
    if let Some(first) = chars.next() {
        path.push(first.to_ascii_lowercase());
        path.push_str(chars.as_str());
    }
}

/// A value as AWS prints it: `[a, b]` for lists, `{k=v}` for maps.
fn shown(value: &Value) -> String {
    fn put(value: &Value, out: &mut String) {
        if out.len() > MAX_SHOWN {
            return;
        }
        match value {
            Value::String(text) => out.extend(text.chars().take(MAX_SHOWN)),
            Value::Array(items) => {
                out.push('[');
                for (nth, item) in items.iter().enumerate() {
                    out.push_str(if nth > 0 { ", " } else { "" });
                    put(item, out);
                }
                out.push(']');
            }
            Value::Object(map) => {
                out.push('{');
                for (nth, (key, item)) in map.iter().enumerate() {
                    out.push_str(if nth > 0 { ", " } else { "" });
                    out.extend(key.chars().take(MAX_SHOWN));
                    out.push('=');
                    put(item, out);
                }
                out.push('}');
            }
            other => out.push_str(&other.to_string()),
        }
    }
    let mut out = String::new();
    put(value, &mut out);
    out
}
