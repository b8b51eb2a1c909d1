//! XML answers of awsQuery and ec2Query.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::text;
use crate::schema::{Kind, Member, OperationSchema, Protocol, ServiceSchema, ShapeId, Structure, TimestampFormat};
use crate::{AwsError, Fault};

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// An operation's answer.
pub fn answer(
    service: &'static ServiceSchema,
    operation: &'static OperationSchema,
    output: &Value,
    request_id: &str,
) -> String {
    let ec2 = service.protocol == Protocol::Ec2Query;
    let mut writer = Writer { service, out: String::with_capacity(1024) };
    let name = operation.name;
    if ec2 {
        let namespace = service.xml_namespace.trim_end_matches('/');
        let _ = write!(writer.out, "{DECLARATION}<{name}Response xmlns=\"{namespace}/\">");
        writer.leaf("requestId", request_id);
    } else {
        let _ = write!(writer.out, "<{name}Response xmlns=\"{}\">", service.xml_namespace);
        if let Some(wrapper) = operation.result_wrapper {
            let _ = write!(writer.out, "<{wrapper}>");
        }
    }
    if let (Some(shape), Value::Object(map)) = (operation.output, output)
        && let Kind::Structure(structure) = &service.shape(shape).kind
    {
        writer.members(structure, map);
    }
    if !ec2 {
        if let Some(wrapper) = operation.result_wrapper {
            let _ = write!(writer.out, "</{wrapper}>");
        }
        writer.out.push_str("<ResponseMetadata>");
        writer.leaf("RequestId", request_id);
        writer.out.push_str("</ResponseMetadata>");
    }
    let _ = write!(writer.out, "</{name}Response>");
    writer.out
}

/// An error's answer: `<ErrorResponse>`, or EC2's `<Response><Errors>`.
pub fn error(service: &'static ServiceSchema, error: &AwsError, request_id: &str) -> String {
    let mut writer = Writer { service, out: String::with_capacity(512) };
    if service.protocol == Protocol::Ec2Query {
        writer.out.push_str(DECLARATION);
        writer.out.push_str("<Response><Errors><Error>");
        writer.leaf("Code", &error.code);
        writer.leaf("Message", &error.message);
        writer.out.push_str("</Error></Errors>");
        writer.leaf("RequestID", request_id);
        writer.out.push_str("</Response>");
        return writer.out;
    }
    let _ = write!(writer.out, "<ErrorResponse xmlns=\"{}\"><Error>", service.xml_namespace);
    writer.leaf("Type", if error.fault == Fault::Sender { "Sender" } else { "Receiver" });
    writer.leaf("Code", &error.code);
    writer.leaf("Message", &error.message);
    for (name, value) in &error.fields {
        if let Value::String(text) = value {
            writer.leaf(name, text);
        } else if !value.is_null() {
            writer.leaf(name, &value.to_string());
        }
    }
    writer.out.push_str("</Error>");
    writer.leaf("RequestId", request_id);
    writer.out.push_str("</ErrorResponse>");
    writer.out
}

struct Writer {
    service: &'static ServiceSchema,
    out: String,
}

impl Writer {
    fn members(&mut self, structure: &'static Structure, map: &Map<String, Value>) {
        for member in structure.members {
            if let Some(value) = map.get(member.name).filter(|v| !v.is_null()) {
                self.member(member, value);
            }
        }
    }

    fn member(&mut self, member: &'static Member, value: &Value) {
        let format = member.timestamp_format.unwrap_or(TimestampFormat::Iso8601);
        let name = member.wire_name();
        match (&self.service.shape(member.shape).kind, value) {
            (Kind::List { member: item, location_name, flattened, .. }, Value::Array(items))
                if *flattened || member.flattened =>
            {
                for value in items {
                    self.element(location_name.unwrap_or(name), *item, value, format);
                }
            }
            (Kind::Map { flattened, .. }, Value::Object(map)) if *flattened || member.flattened => {
                self.entries(name, member.shape, map, format);
            }
            _ => self.element(name, member.shape, value, format),
        }
    }

    fn element(&mut self, name: &str, shape: ShapeId, value: &Value, format: TimestampFormat) {
        match (&self.service.shape(shape).kind, value) {
            (Kind::Structure(structure), Value::Object(map)) => {
                self.open(name);
                self.members(structure, map);
                self.close(name);
            }
            (Kind::List { member, location_name, .. }, Value::Array(items)) => {
                if items.is_empty() {
                    let _ = write!(self.out, "<{name}/>");
                    return;
                }
                self.open(name);
                for item in items {
                    self.element(location_name.unwrap_or("member"), *member, item, format);
                }
                self.close(name);
            }
            (Kind::Map { .. }, Value::Object(map)) => {
                if map.is_empty() {
                    let _ = write!(self.out, "<{name}/>");
                    return;
                }
                self.open(name);
                self.entries("entry", shape, map, format);
                self.close(name);
            }
            (kind, value) => {
                if let Some(text) = text::write(kind, value, format) {
                    self.leaf(name, &text);
                }
            }
        }
    }

    fn entries(&mut self, name: &str, shape: ShapeId, map: &Map<String, Value>, format: TimestampFormat) {
        let Kind::Map { value: inner, key_name, value_name, .. } = &self.service.shape(shape).kind else { return };
        for (key, value) in map {
            self.open(name);
            self.leaf(key_name.unwrap_or("key"), key);
            self.element(value_name.unwrap_or("value"), *inner, value, format);
            self.close(name);
        }
    }

    fn open(&mut self, name: &str) {
        let _ = write!(self.out, "<{name}>");
    }

    fn close(&mut self, name: &str) {
        let _ = write!(self.out, "</{name}>");
    }

    fn leaf(&mut self, name: &str, text: &str) {
        self.open(name);
        escape(text, &mut self.out);
        self.close(name);
    }
}

/// Text content. What XML 1.0 cannot carry at all becomes U+FFFD, so that answers always parse.
fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#xD;"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() && u32::from(c) < 0x20 => out.push('\u{FFFD}'),
            '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
}

/// An error before it is known whose it is.
pub fn error_of_nobody(error: &AwsError, request_id: &str) -> String {
    let mut out = String::from("<ErrorResponse><Error><Type>Sender</Type><Code>");
    escape(&error.code, &mut out);
    out.push_str("</Code><Message>");
    escape(&error.message, &mut out);
    out.push_str("</Message></Error><RequestId>");
    escape(request_id, &mut out);
    out.push_str("</RequestId></ErrorResponse>");
    out
}
