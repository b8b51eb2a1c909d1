//! awsJson bodies, and the JSON part of restJson1.
//!
//! Inbound JSON becomes the canonical value by moving, not copying; members that the model does not
//! have are dropped, as AWS drops them. Outbound JSON is written straight from the canonical value.

use serde_json::{Map, Number, Value};

use super::text;
use crate::AwsError;
use crate::schema::{Kind, Location, Member, ServiceSchema, ShapeId, Structure, TimestampFormat};

/// Parses a request body. An empty one counts as `{}`.
///
/// # Errors
/// `SerializationException` (400), worded as AWS does.
pub fn decode(service: &'static ServiceSchema, shape: Option<ShapeId>, body: &[u8]) -> Result<Value, AwsError> {
    let parsed = if body.is_empty() {
        Value::Object(Map::new())
    } else {
        serde_json::from_slice(body).map_err(|e| serialization(syntax(&e)))?
    };
    match shape {
        Some(shape) => read(service, shape, parsed, TimestampFormat::EpochSeconds),
        None if parsed.is_object() => Ok(Value::Object(Map::new())),
        None => Err(serialization("Unexpected field type")),
    }
}

fn syntax(error: &serde_json::Error) -> &'static str {
    match error.classify() {
        serde_json::error::Category::Eof => "Unexpected end-of-input",
        _ => "Could not parse the request body as JSON",
    }
}

pub(crate) fn serialization(message: impl Into<String>) -> AwsError {
    AwsError::sender("SerializationException", message)
}

/// Shapes one JSON value into the canonical form.
pub(crate) fn read(
    service: &'static ServiceSchema,
    shape: ShapeId,
    value: Value,
    format: TimestampFormat,
) -> Result<Value, AwsError> {
    match &service.shape(shape).kind {
        Kind::Structure(structure) => match value {
            Value::Object(map) => read_structure(service, structure, map).map(Value::Object),
            other => Err(mismatch(&other, "a structure")),
        },
        Kind::List { member, .. } => match value {
            Value::Array(items) => {
                let read_item = |item| match item {
                    Value::Null => Ok(Value::Null),
                    item => read(service, *member, item, format),
                };
                items.into_iter().map(read_item).collect::<Result<_, _>>().map(Value::Array)
            }
            other => Err(mismatch(&other, "a list")),
        },
        Kind::Map { value: inner, .. } => match value {
            Value::Object(map) => {
                let entries = map.into_iter().filter(|(_, v)| !v.is_null());
                let read_entry = |(k, v)| Ok((k, read(service, *inner, v, format)?));
                entries.map(read_entry).collect::<Result<Map<_, _>, AwsError>>().map(Value::Object)
            }
            other => Err(mismatch(&other, "a map")),
        },
        kind => scalar(kind, value, format),
    }
}

fn read_structure(
    service: &'static ServiceSchema,
    structure: &'static Structure,
    mut map: Map<String, Value>,
) -> Result<Map<String, Value>, AwsError> {
    let mut out = Map::new();
    for member in structure.members {
        let given = map.remove(wire_name(service, member)).filter(|v| !v.is_null());
        if let Some(given) = given {
            let format = member.timestamp_format.unwrap_or(TimestampFormat::EpochSeconds);
            out.insert(member.name.to_owned(), read(service, member.shape, given, format)?);
        }
    }
    if structure.union && out.len() > 1 {
        return Err(serialization("Cannot have more than one member set for a union"));
    }
    Ok(out)
}

/// awsJson has the model's own names; restJson1 may rename.
fn wire_name(service: &ServiceSchema, member: &Member) -> &'static str {
    if service.protocol == crate::schema::Protocol::AwsJson { member.name } else { member.wire_name() }
}

fn scalar(kind: &'static Kind, value: Value, format: TimestampFormat) -> Result<Value, AwsError> {
    match (kind, value) {
        (Kind::String { .. }, value @ Value::String(_)) | (Kind::Boolean, value @ Value::Bool(_)) => Ok(value),
        (Kind::Integer(_), Value::Number(n)) => whole(&n)
            .and_then(|n| i32::try_from(n).ok())
            .map(Value::from)
            .ok_or_else(|| serialization("NUMBER_VALUE can not be converted to an Integer")),
        (Kind::Long(_), Value::Number(n)) => {
            whole(&n).map(Value::from).ok_or_else(|| serialization("NUMBER_VALUE can not be converted to a Long"))
        }
        (Kind::Float(_) | Kind::Double(_), value @ Value::Number(_)) => Ok(value),
        (Kind::Float(_) | Kind::Double(_), Value::String(text))
            if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") =>
        {
            Ok(Value::String(text))
        }
        (Kind::Timestamp(_), Value::Number(n)) if n.as_f64().is_some_and(text::in_range) => Ok(Value::Number(n)),
        (Kind::Timestamp(own), Value::String(given)) => text::timestamp(&given, own.unwrap_or(format))
            .ok_or_else(|| serialization("STRING_VALUE can not be converted to a Timestamp")),
        (Kind::Blob { .. }, Value::String(given)) => {
            if is_base64(&given) {
                Ok(Value::String(given))
            } else {
                Err(serialization("STRING_VALUE can not be converted to a Blob: it is not base64"))
            }
        }
        (kind, value) => Err(mismatch(&value, kind_name(kind))),
    }
}

pub(crate) fn is_base64(text: &str) -> bool {
    use base64::Engine as _;
    // Checked without keeping what it says; a whole layer part may pass here.
    let bytes = text.as_bytes();
    bytes.len().is_multiple_of(4)
        && bytes.chunks(4096).all(|chunk| {
            let mut room = [0u8; 3072];
            base64::engine::general_purpose::STANDARD.decode_slice(chunk, &mut room).is_ok()
        })
        && !bytes[..bytes.len().saturating_sub(2)].contains(&b'=')
}

/// A number without a fraction; `1.0` counts, as it does with AWS.
fn whole(n: &Number) -> Option<i64> {
    n.as_i64().or_else(|| {
        let f = n.as_f64()?;
        (f.fract() == 0.0 && f.abs() < 9_007_199_254_740_992.0).then_some(f as i64)
    })
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::String { .. } => "a String",
        Kind::Blob { .. } => "a Blob",
        Kind::Integer(_) => "an Integer",
        Kind::Long(_) => "a Long",
        Kind::Float(_) => "a Float",
        Kind::Double(_) => "a Double",
        Kind::Boolean => "a Boolean",
        Kind::Timestamp(_) => "a Timestamp",
        Kind::Structure(_) => "a structure",
        Kind::List { .. } => "a list",
        Kind::Map { .. } => "a map",
    }
}

fn mismatch(value: &Value, expected: &'static str) -> AwsError {
    let token = match value {
        Value::Object(_) => return serialization("Start of structure or map found where not expected."),
        Value::Array(_) => return serialization("Start of list found where not expected."),
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
    };
    if matches!(expected, "a structure" | "a list" | "a map") {
        return serialization("Unexpected field type");
    }
    serialization(format!("{token} can not be converted to {expected}"))
}

// --- outbound ---

/// Writes a canonical value as JSON, members in the model's order and only those of the model.
pub fn write(service: &'static ServiceSchema, shape: ShapeId, value: &Value, out: &mut Vec<u8>) {
    write_as(service, shape, value, TimestampFormat::EpochSeconds, out);
}

fn write_as(
    service: &'static ServiceSchema,
    shape: ShapeId,
    value: &Value,
    format: TimestampFormat,
    out: &mut Vec<u8>,
) {
    match (&service.shape(shape).kind, value) {
        (Kind::Structure(structure), Value::Object(map)) => {
            write_members(service, structure, map, |m| m.location == Location::Body, out);
        }
        (Kind::List { member, .. }, Value::Array(items)) => {
            out.push(b'[');
            for (nth, item) in items.iter().enumerate() {
                if nth > 0 {
                    out.push(b',');
                }
                write_as(service, *member, item, format, out);
            }
            out.push(b']');
        }
        (Kind::Map { value: inner, .. }, Value::Object(map)) => {
            out.push(b'{');
            for (nth, (key, item)) in map.iter().enumerate() {
                if nth > 0 {
                    out.push(b',');
                }
                string(key, out);
                out.push(b':');
                write_as(service, *inner, item, format, out);
            }
            out.push(b'}');
        }
        (Kind::Timestamp(own), Value::Number(n)) => match own.unwrap_or(format) {
            TimestampFormat::EpochSeconds => plain(value, out),
            other => string(&text::stamp(n, other), out),
        },
        _ => plain(value, out),
    }
}

/// Writes the members that `wanted` picks as one JSON object.
pub(crate) fn write_members(
    service: &'static ServiceSchema,
    structure: &'static Structure,
    map: &Map<String, Value>,
    wanted: impl Fn(&Member) -> bool,
    out: &mut Vec<u8>,
) {
    out.push(b'{');
    let mut first = true;
    for member in structure.members.iter().filter(|m| wanted(m)) {
        let Some(value) = map.get(member.name).filter(|v| !v.is_null()) else { continue };
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        string(wire_name(service, member), out);
        out.push(b':');
        let format = member.timestamp_format.unwrap_or(TimestampFormat::EpochSeconds);
        write_as(service, member.shape, value, format, out);
    }
    out.push(b'}');
}

fn string(text: &str, out: &mut Vec<u8>) {
    // Writing text to memory has no way to fail.
    let _ = serde_json::to_writer(&mut *out, text);
}

fn plain(value: &Value, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(&mut *out, value);
}

/// An error's body: `{"__type": …, "message": …}` and the members of its shape.
pub fn error(service: Option<&'static ServiceSchema>, error: &AwsError) -> Vec<u8> {
    let mut body = Map::new();
    body.insert("__type".to_owned(), Value::String(error.code.clone()));
    body.insert(message_name(service, error).to_owned(), Value::String(error.message.clone()));
    for (name, value) in &error.fields {
        body.insert(name.clone(), value.clone());
    }
    let mut out = Vec::with_capacity(128);
    plain(&Value::Object(body), &mut out);
    out
}

/// What the error's shape calls its message; the access check, which has no shape, says `Message`.
fn message_name(service: Option<&'static ServiceSchema>, error: &AwsError) -> &'static str {
    let modelled = service.into_iter().flat_map(|s| s.shapes).find_map(|shape| match &shape.kind {
        Kind::Structure(Structure { members, error: Some(info), .. }) if info.code == error.code => {
            Some(members.iter().map(|m| m.name).find(|name| name.eq_ignore_ascii_case("message")))
        }
        _ => None,
    });
    match modelled {
        Some(name) => name.unwrap_or("message"),
        None if error.code == "AccessDeniedException" => "Message",
        None => "message",
    }
}
