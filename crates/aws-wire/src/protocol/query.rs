//! awsQuery and ec2Query requests: form parameters into the canonical value.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>,
//! <https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html>

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::text;
use crate::AwsError;
use crate::schema::{Kind, Member, OperationSchema, Protocol, ServiceSchema, ShapeId, Structure, TimestampFormat};

/// Most parameters of one request.
pub const MAX_PARAMS: usize = 20_000;
/// Most dot-separated parts of one parameter's name.
pub const MAX_NAME_PARTS: usize = 40;

/// Decoded parameters by the parts of their names.
#[derive(Debug, Default)]
pub struct Params {
    value: Option<String>,
    children: BTreeMap<String, Params>,
}

impl Params {
    /// Reads `application/x-www-form-urlencoded` text, or a URL's query.
    ///
    /// # Errors
    /// `MalformedQueryString` for what is not UTF-8, too much or too deep.
    pub fn parse(form: &[u8]) -> Result<Self, AwsError> {
        let mut params = Self::default();
        params.add(form)?;
        Ok(params)
    }

    pub fn add(&mut self, form: &[u8]) -> Result<(), AwsError> {
        let form = std::str::from_utf8(form).map_err(|_| malformed("The query string is not UTF-8."))?;
        for (nth, piece) in form.split('&').filter(|piece| !piece.is_empty()).enumerate() {
            if nth >= MAX_PARAMS {
                return Err(malformed("The query string has too many parameters."));
            }
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            self.insert(&unescape(name)?, unescape(value)?)?;
        }
        Ok(())
    }

    fn insert(&mut self, name: &str, value: String) -> Result<(), AwsError> {
        let mut node = self;
        for (nth, part) in name.split('.').enumerate() {
            if nth >= MAX_NAME_PARTS {
                return Err(malformed("The query string has a parameter with too many parts."));
            }
            node = node.children.entry(part.to_owned()).or_default();
        }
        node.value.get_or_insert(value);
        Ok(())
    }

    /// A top-level parameter's own text: `Action`, `Version`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.children.get(name)?.value.as_deref()
    }

    fn child(&self, name: &str) -> Option<&Self> {
        // Names with dots of their own do not occur in models.
        self.children.get(name)
    }

    /// Numbered children in the order of their numbers.
    fn numbered(&self) -> Vec<&Self> {
        let mut items: Vec<(u64, &Self)> =
            self.children.iter().filter_map(|(k, v)| Some((k.parse().ok()?, v))).collect();
        items.sort_by_key(|(nth, _)| *nth);
        items.into_iter().map(|(_, node)| node).collect()
    }
}

fn malformed(message: &str) -> AwsError {
    AwsError::sender("MalformedQueryString", message)
}

fn unescape(text: &str) -> Result<String, AwsError> {
    let spaced;
    let text = if text.contains('+') {
        spaced = text.replace('+', " ");
        &spaced
    } else {
        text
    };
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| malformed("The query string is not UTF-8."))
}

/// Shapes the parameters into an operation's input.
pub fn decode(
    service: &'static ServiceSchema,
    operation: &'static OperationSchema,
    params: &Params,
) -> Result<Value, AwsError> {
    let Some(shape) = operation.input else { return Ok(Value::Object(Map::new())) };
    match &service.shape(shape).kind {
        Kind::Structure(structure) => Reader { service }.structure(structure, params, "").map(Value::Object),
        _ => Ok(Value::Object(Map::new())),
    }
}

struct Reader {
    service: &'static ServiceSchema,
}

impl Reader {
    fn ec2(&self) -> bool {
        self.service.protocol == Protocol::Ec2Query
    }

    fn structure(
        &self,
        structure: &'static Structure,
        node: &Params,
        path: &str,
    ) -> Result<Map<String, Value>, AwsError> {
        let mut out = Map::new();
        for member in structure.members {
            let name = self.member_name(member);
            let found = node.child(&name).or_else(|| node.child(member.name));
            if let Some(found) = found {
                let path = if path.is_empty() { name } else { format!("{path}.{name}") };
                let format = member.timestamp_format.unwrap_or(TimestampFormat::Iso8601);
                if let Some(value) = self.value(member.shape, member.flattened, found, format, &path)? {
                    out.insert(member.name.to_owned(), value);
                }
            }
        }
        Ok(out)
    }

    /// The parameter's name on the wire.
    fn member_name(&self, member: &'static Member) -> String {
        if self.ec2() {
            if let Some(name) = member.query_name {
                return name.to_owned();
            }
            return capital(member.wire_name());
        }
        if let Kind::List { location_name: Some(name), flattened, .. } = &self.service.shape(member.shape).kind
            && (member.flattened || *flattened)
        {
            return (*name).to_owned();
        }
        member.wire_name().to_owned()
    }

    fn value(
        &self,
        shape: ShapeId,
        flat: bool,
        node: &Params,
        format: TimestampFormat,
        path: &str,
    ) -> Result<Option<Value>, AwsError> {
        match &self.service.shape(shape).kind {
            Kind::Structure(structure) => {
                if node.children.is_empty() && node.value.as_deref().is_none_or(|v| !v.is_empty()) {
                    return Err(self.bad(path, node.value.as_deref().unwrap_or_default(), "a structure"));
                }
                self.structure(structure, node, path).map(|map| Some(Value::Object(map)))
            }
            Kind::List { member, location_name, flattened, .. } => {
                let holder = if flat || *flattened || self.ec2() {
                    Some(node)
                } else {
                    node.child(location_name.unwrap_or("member")).or_else(|| node.child("member"))
                };
                let items = holder.map(Params::numbered).unwrap_or_default();
                let mut list = Vec::with_capacity(items.len());
                for (nth, item) in items.into_iter().enumerate() {
                    let path = format!("{path}.{}", nth + 1);
                    list.extend(self.value(*member, false, item, format, &path)?);
                }
                Ok(Some(Value::Array(list)))
            }
            Kind::Map { key_name, value_name, flattened, value, .. } => {
                let holder = if flat || *flattened { Some(node) } else { node.child("entry") };
                let mut map = Map::new();
                for item in holder.map(Params::numbered).unwrap_or_default() {
                    let key = item.child(key_name.unwrap_or("key")).and_then(|k| k.value.clone());
                    let Some(key) = key else { continue };
                    if let Some(given) = item.child(value_name.unwrap_or("value"))
                        && let Some(given) = self.value(*value, false, given, format, path)?
                    {
                        map.insert(key, given);
                    }
                }
                Ok(Some(Value::Object(map)))
            }
            kind => {
                let Some(given) = &node.value else {
                    return Err(self.bad(path, "", "a scalar"));
                };
                if matches!(kind, Kind::Blob { .. }) && !super::json::is_base64(given) {
                    return Err(self.bad(path, given, "base64"));
                }
                text::parse(kind, given, format).map(Some).map_err(|e| self.bad(path, given, e.expected))
            }
        }
    }

    fn bad(&self, path: &str, given: &str, expected: &str) -> AwsError {
        let given: String = given.chars().take(64).collect();
        if self.ec2() {
            let message = format!("Value ({given}) for parameter {path} is invalid. Expecting {expected}.");
            return AwsError::sender("InvalidParameterValue", message);
        }
        let message = if expected == "a structure" || expected == "a scalar" {
            format!("Unexpected content at {path}")
        } else {
            format!("STRING_VALUE can not be converted to {expected} at {path}")
        };
        AwsError::sender("MalformedInput", message)
    }
}

pub(crate) fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}
