//! Scalars as text, for headers, queries and XML, and the forms of a timestamp.

use gantry_base::Timestamp;
use serde_json::{Number, Value};

use crate::schema::{Kind, TimestampFormat};

/// Text in an inbound message that is not of its member's type; worded as AWS does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadText {
    pub expected: &'static str,
}

/// Reads a scalar's text into its canonical form.
pub fn parse(kind: &Kind, text: &str, format: TimestampFormat) -> Result<Value, BadText> {
    let bad = |expected| BadText { expected };
    match kind {
        Kind::String { .. } | Kind::Blob { .. } => Ok(Value::String(text.to_owned())),
        Kind::Boolean => match text {
            "true" | "True" | "TRUE" => Ok(Value::Bool(true)),
            "false" | "False" | "FALSE" => Ok(Value::Bool(false)),
            _ => Err(bad("a Boolean")),
        },
        Kind::Integer(_) => text.trim().parse::<i32>().map(Value::from).map_err(|_| bad("an Integer")),
        Kind::Long(_) => text.trim().parse::<i64>().map(Value::from).map_err(|_| bad("a Long")),
        Kind::Float(_) | Kind::Double(_) => float(text.trim()).ok_or(bad("a Double")),
        Kind::Timestamp(own) => timestamp(text.trim(), own.unwrap_or(format)).ok_or(bad("a Timestamp")),
        Kind::Structure(_) | Kind::List { .. } | Kind::Map { .. } => Err(bad("a structure")),
    }
}

fn float(text: &str) -> Option<Value> {
    match text {
        "NaN" | "Infinity" | "-Infinity" => Some(Value::String(text.to_owned())),
        _ => Number::from_f64(text.parse::<f64>().ok()?).map(Value::Number),
    }
}

/// Any of AWS's three forms, the expected one first; canonical epoch seconds.
pub fn timestamp(text: &str, expected: TimestampFormat) -> Option<Value> {
    let forms = match expected {
        TimestampFormat::EpochSeconds => [from_epoch, from_iso, from_http],
        TimestampFormat::Iso8601 => [from_iso, from_http, from_epoch],
        TimestampFormat::Rfc822 => [from_http, from_iso, from_epoch],
    };
    forms.into_iter().find_map(|form| form(text)).map(|t| crate::Shape::to_value(&t))
}

fn from_epoch(text: &str) -> Option<Timestamp> {
    let secs = text.parse::<f64>().ok()?;
    in_range(secs).then(|| Timestamp::from_epoch_seconds(secs))
}

/// Within what milliseconds since the epoch can say without loss.
pub fn in_range(secs: f64) -> bool {
    secs.is_finite() && secs.abs() < 1e12
}

fn from_iso(text: &str) -> Option<Timestamp> {
    if let Some(t) = Timestamp::parse_rfc3339(text) {
        return Some(t);
    }
    // Clients leave the zone out, or the time of day.
    let tail = if text.len() == 10 { "T00:00:00Z" } else { "Z" };
    Timestamp::parse_rfc3339(&format!("{text}{tail}"))
}

fn from_http(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp::from_millis(zoned.timestamp().as_millisecond()))
}

/// A scalar's text on the way out; `None` if the value is not of the kind.
pub fn write(kind: &Kind, value: &Value, format: TimestampFormat) -> Option<String> {
    match (kind, value) {
        (Kind::String { .. } | Kind::Blob { .. }, Value::String(text)) => Some(text.clone()),
        (Kind::Boolean, Value::Bool(flag)) => Some(flag.to_string()),
        (Kind::Integer(_) | Kind::Long(_) | Kind::Float(_) | Kind::Double(_), Value::Number(n)) => Some(n.to_string()),
        (Kind::Float(_) | Kind::Double(_), Value::String(text)) => Some(text.clone()),
        (Kind::Timestamp(own), Value::Number(n)) => Some(stamp(n, own.unwrap_or(format))),
        _ => None,
    }
}

/// A canonical timestamp in one of the three forms.
pub fn stamp(secs: &Number, format: TimestampFormat) -> String {
    let at = Timestamp::from_epoch_seconds(secs.as_f64().unwrap_or_default());
    match format {
        TimestampFormat::EpochSeconds => secs.to_string(),
        TimestampFormat::Iso8601 => iso(at),
        TimestampFormat::Rfc822 => at.http_date(),
    }
}

/// RFC 3339 in UTC, with milliseconds only where there are some.
fn iso(at: Timestamp) -> String {
    let text = at.rfc3339();
    match text.strip_suffix(".000Z") {
        Some(whole) => format!("{whole}Z"),
        None => text,
    }
}
