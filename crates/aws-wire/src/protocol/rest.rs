//! restJson1: routing by method and path, and the parts of a message outside its body.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::{Reply, json, text};
use crate::AwsError;
use crate::schema::{Kind, Location, Member, OperationSchema, ServiceSchema, Structure, TimestampFormat};

/// What a request holds beside its body, raw.
#[derive(Clone, Copy, Debug)]
pub struct RestRequest<'a> {
    /// Still percent-encoded.
    pub path: &'a str,
    pub query: &'a str,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// The operation for a method and path: literal segments win over labels, labels over greedy ones.
pub fn route(
    service: &'static ServiceSchema,
    method: &str,
    path: &str,
    query: &str,
) -> Option<&'static OperationSchema> {
    let candidates = service.operations.iter().filter(|op| op.http_method == method);
    let scored = candidates.filter_map(|op| {
        let (pattern, fixed) = op.http_uri.split_once('?').unwrap_or((op.http_uri, ""));
        let fixed_held = fixed.split('&').filter(|p| !p.is_empty()).all(|p| query.split('&').any(|q| q == p));
        let score = labels(pattern, path).filter(|_| fixed_held)?.1;
        Some((score + u32::from(!fixed.is_empty()), op))
    });
    scored.max_by_key(|(score, _)| *score).map(|(_, op)| op)
}

/// Label values by name, and how literal the match was.
fn labels<'a>(pattern: &'static str, path: &'a str) -> Option<(Vec<(&'static str, &'a str)>, u32)> {
    let mut found = Vec::new();
    let mut score = 0;
    let mut rest = path.strip_prefix('/')?;
    let mut pattern_parts = pattern.strip_prefix('/')?.split('/').peekable();
    while let Some(part) = pattern_parts.next() {
        let last = pattern_parts.peek().is_none();
        if let Some(name) = part.strip_prefix('{').and_then(|p| p.strip_suffix("+}")) {
            let tail: Vec<&str> = pattern_parts.collect();
            let end = if tail.is_empty() {
                rest.len()
            } else {
                let tail = format!("/{}", tail.join("/"));
                rest.strip_suffix(tail.as_str())?.len()
            };
            found.push((name, &rest[..end]));
            return (end > 0).then_some((found, score));
        }
        let (segment, after) = match rest.split_once('/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (rest, None),
        };
        match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            Some(_) if segment.is_empty() => return None,
            Some(name) => {
                found.push((name, segment));
                score += 2;
            }
            None if part == segment => score += 4,
            None => return None,
        }
        match after {
            // A trailing slash is let pass.
            Some("") if last => {}
            Some(_) if last => return None,
            Some(after) => rest = after,
            None if last => {}
            None => return None,
        }
    }
    Some((found, score))
}

/// Shapes a request into the operation's canonical input.
pub fn decode(
    service: &'static ServiceSchema,
    operation: &'static OperationSchema,
    request: &RestRequest<'_>,
) -> Result<Value, AwsError> {
    let mut out = Map::new();
    let Some(shape) = operation.input else { return Ok(Value::Object(out)) };
    let Kind::Structure(structure) = &service.shape(shape).kind else { return Ok(Value::Object(out)) };
    if let Some(payload) = structure.payload {
        if let Some(member) = structure.members.iter().find(|m| m.name == payload)
            && let Some(value) = read_payload(service, member, request.body)?
        {
            out.insert(member.name.to_owned(), value);
        }
    } else if structure.members.iter().any(|m| m.location == Location::Body)
        && let Value::Object(body) = json::decode(service, Some(shape), request.body)?
    {
        out = body;
        // A body cannot speak for members that live elsewhere.
        out.retain(|name, _| structure.members.iter().any(|m| m.name == name && m.location == Location::Body));
    }
    let pattern = operation.http_uri.split('?').next().unwrap_or_default();
    let found = labels(pattern, request.path).map(|(found, _)| found).unwrap_or_default();
    let query: Vec<(String, String)> = decoded_query(request.query);
    for member in structure.members {
        let value = match member.location {
            Location::Uri => {
                let label = found.iter().find(|(name, _)| *name == member.wire_name());
                label.map(|(_, raw)| scalar(service, member, &decoded(raw), TimestampFormat::Iso8601)).transpose()?
            }
            Location::Query => read_query(service, member, structure, &query)?,
            Location::Header => read_header(service, member, request.headers)?,
            Location::Headers => Some(read_prefixed(member, request.headers)),
            Location::Body | Location::StatusCode => None,
        };
        if let Some(value) = value {
            out.insert(member.name.to_owned(), value);
        }
    }
    Ok(Value::Object(out))
}

fn decoded(raw: &str) -> String {
    percent_decode_str(raw).decode_utf8_lossy().into_owned()
}

fn decoded_query(raw: &str) -> Vec<(String, String)> {
    gantry_sigv4::decode_query(raw).collect()
}

fn scalar(
    service: &'static ServiceSchema,
    member: &'static Member,
    given: &str,
    format: TimestampFormat,
) -> Result<Value, AwsError> {
    text::parse(&service.shape(member.shape).kind, given, member.timestamp_format.unwrap_or(format)).map_err(|e| {
        json::serialization(format!("STRING_VALUE can not be converted to {} at {}", e.expected, member.wire_name()))
    })
}

fn read_payload(
    service: &'static ServiceSchema,
    member: &'static Member,
    body: &[u8],
) -> Result<Option<Value>, AwsError> {
    match &service.shape(member.shape).kind {
        _ if body.is_empty() => Ok(None),
        Kind::Blob { .. } => Ok(Some(Value::String(BASE64.encode(body)))),
        Kind::String { .. } => std::str::from_utf8(body)
            .map(|text| Some(Value::String(text.to_owned())))
            .map_err(|_| json::serialization("The request body is not UTF-8.")),
        _ => json::decode(service, Some(member.shape), body).map(Some),
    }
}

fn read_query(
    service: &'static ServiceSchema,
    member: &'static Member,
    structure: &'static Structure,
    query: &[(String, String)],
) -> Result<Option<Value>, AwsError> {
    let name = member.wire_name();
    match &service.shape(member.shape).kind {
        Kind::List { member: item, .. } => {
            let kind = &service.shape(*item).kind;
            let given = query.iter().filter(|(n, _)| n == name);
            let parse = |(_, v): &(String, String)| {
                text::parse(kind, v, TimestampFormat::Iso8601)
                    .map_err(|e| json::serialization(format!("Expecting {} at {name}", e.expected)))
            };
            let list = given.map(parse).collect::<Result<Vec<_>, _>>()?;
            Ok((!list.is_empty()).then_some(Value::Array(list)))
        }
        // `httpQueryParams`: all parameters that no other member has claimed.
        Kind::Map { value, .. } => {
            let claimed = |n: &str| {
                structure
                    .members
                    .iter()
                    .any(|m| m.location == Location::Query && m.name != member.name && m.wire_name() == n)
            };
            let many = matches!(service.shape(*value).kind, Kind::List { .. });
            let mut map = Map::new();
            for (n, v) in query.iter().filter(|(n, _)| !claimed(n) && !n.starts_with("X-Amz-")) {
                if many {
                    let list = map.entry(n.clone()).or_insert_with(|| Value::Array(Vec::new()));
                    if let Value::Array(list) = list {
                        list.push(Value::String(v.clone()));
                    }
                } else {
                    map.entry(n.clone()).or_insert_with(|| Value::String(v.clone()));
                }
            }
            Ok((!map.is_empty()).then_some(Value::Object(map)))
        }
        _ => {
            let given = query.iter().find(|(n, _)| n == name);
            given.map(|(_, v)| scalar(service, member, v, TimestampFormat::Iso8601)).transpose()
        }
    }
}

fn read_header(
    service: &'static ServiceSchema,
    member: &'static Member,
    headers: &HeaderMap,
) -> Result<Option<Value>, AwsError> {
    let name = member.wire_name();
    let texts: Vec<&str> = headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).map(str::trim).collect();
    if texts.is_empty() {
        return Ok(None);
    }
    match &service.shape(member.shape).kind {
        Kind::List { member: item, .. } => {
            let kind = &service.shape(*item).kind;
            let pieces = texts.iter().flat_map(|t| t.split(',')).map(|t| t.trim().trim_matches('"'));
            let parse = |t: &str| {
                text::parse(kind, t, TimestampFormat::Rfc822)
                    .map_err(|e| json::serialization(format!("Expecting {} at {name}", e.expected)))
            };
            pieces.filter(|t| !t.is_empty()).map(parse).collect::<Result<_, _>>().map(|l| Some(Value::Array(l)))
        }
        _ => scalar(service, member, texts[0], TimestampFormat::Rfc822).map(Some),
    }
}

fn read_prefixed(member: &'static Member, headers: &HeaderMap) -> Value {
    let prefix = member.wire_name().to_ascii_lowercase();
    let named = headers.iter().filter_map(|(name, value)| {
        let rest = name.as_str().strip_prefix(prefix.as_str())?;
        Some((rest.to_owned(), Value::String(value.to_str().ok()?.to_owned())))
    });
    Value::Object(named.collect())
}

/// Encodes an output: status code, headers, then payload or JSON body.
pub fn encode(
    service: &'static ServiceSchema,
    operation: &'static OperationSchema,
    output: &Value,
) -> Result<Reply, AwsError> {
    let empty = Map::new();
    let map = output.as_object().unwrap_or(&empty);
    let Some(Kind::Structure(structure)) = operation.output.map(|shape| &service.shape(shape).kind) else {
        return Ok(Reply::new(operation.http_status, "application/json", &b"{}"[..]));
    };
    let mut reply = Reply::new(operation.http_status, "application/json", Vec::new());
    for member in structure.members {
        let Some(value) = map.get(member.name).filter(|v| !v.is_null()) else { continue };
        match member.location {
            Location::StatusCode => {
                let status = value.as_u64().and_then(|n| u16::try_from(n).ok());
                reply.status = status.and_then(|n| http::StatusCode::from_u16(n).ok()).unwrap_or(reply.status);
            }
            Location::Header => add_header(&mut reply, member.wire_name(), &header_text(service, member, value))?,
            Location::Headers => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    let name = format!("{}{name}", member.wire_name());
                    add_header(&mut reply, &name, value.as_str().unwrap_or_default())?;
                }
            }
            Location::Body | Location::Uri | Location::Query => {}
        }
    }
    let mut body = Vec::new();
    match structure.payload.and_then(|name| structure.members.iter().find(|m| m.name == name)) {
        Some(member) => {
            if let Some(value) = map.get(member.name).filter(|v| !v.is_null()) {
                write_payload(service, member, value, &mut reply, &mut body)?;
            }
        }
        None => json::write_members(service, structure, map, |m| m.location == Location::Body, &mut body),
    }
    reply.body = body.into();
    Ok(reply)
}

fn write_payload(
    service: &'static ServiceSchema,
    member: &'static Member,
    value: &Value,
    reply: &mut Reply,
    body: &mut Vec<u8>,
) -> Result<(), AwsError> {
    let raw = |reply: &mut Reply, kind: &'static str| {
        reply.headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(kind));
    };
    match (&service.shape(member.shape).kind, value) {
        (Kind::Blob { .. }, Value::String(text)) => {
            raw(reply, "application/octet-stream");
            *body = BASE64.decode(text).map_err(|_| broken(member.name))?;
        }
        (Kind::String { .. }, Value::String(text)) => {
            raw(reply, "text/plain");
            body.extend_from_slice(text.as_bytes());
        }
        _ => json::write(service, member.shape, value, body),
    }
    Ok(())
}

fn header_text(service: &'static ServiceSchema, member: &'static Member, value: &Value) -> String {
    let format = member.timestamp_format.unwrap_or(TimestampFormat::Rfc822);
    match (&service.shape(member.shape).kind, value) {
        (Kind::List { member: item, .. }, Value::Array(items)) => {
            let kind = &service.shape(*item).kind;
            let texts: Vec<String> = items.iter().filter_map(|v| text::write(kind, v, format)).collect();
            texts.join(",")
        }
        (kind, value) => text::write(kind, value, format).unwrap_or_default(),
    }
}

fn add_header(reply: &mut Reply, name: &str, text: &str) -> Result<(), AwsError> {
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| broken(name))?;
    let value = HeaderValue::from_str(text).map_err(|_| broken(name))?;
    reply.headers.insert(header, value);
    Ok(())
}

fn broken(name: &str) -> AwsError {
    AwsError::receiver("InternalFailure", format!("The answer's member {name} could not be written."))
}
