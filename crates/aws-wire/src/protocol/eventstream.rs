//! `application/vnd.amazon.eventstream` messages.
//!
//! A message is: total length, length of the headers, CRC-32 of those eight bytes, headers, payload,
//! CRC-32 of all before. <https://smithy.io/2.0/aws/amazon-eventstream.html>

use bytes::Bytes;
use serde_json::Value;

use super::json;
use crate::schema::{Kind, OperationSchema, ServiceSchema, Structure};

pub const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";
/// Most bytes of one message: the protocol's own limit is 24 MiB.
pub const MAX_MESSAGE: usize = 16 * 1024 * 1024;

const TYPE_STRING: u8 = 7;

/// Encodes one message whose headers are all strings.
pub fn message(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let mut head = Vec::with_capacity(96);
    for (name, value) in headers {
        head.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
        head.extend_from_slice(name.as_bytes());
        head.push(TYPE_STRING);
        head.extend_from_slice(&u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
        head.extend_from_slice(value.as_bytes());
    }
    let total = 16 + head.len() + payload.len();
    let mut out = Vec::with_capacity(total);
    out.extend_from_slice(&(total as u32).to_be_bytes());
    out.extend_from_slice(&(head.len() as u32).to_be_bytes());
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(payload);
    out.extend_from_slice(&crc32(&out).to_be_bytes());
    out.into()
}

/// The first message of an answer in the JSON-RPC protocols, which have no headers to put output in.
pub fn initial_response() -> Bytes {
    message(
        &[(":message-type", "event"), (":event-type", "initial-response"), (":content-type", "application/json")],
        b"{}",
    )
}

/// One event of an operation's output stream; an event whose shape is an error goes as an exception.
pub fn event(
    service: &'static ServiceSchema,
    operation: &'static OperationSchema,
    name: &str,
    payload: &Value,
) -> Bytes {
    let member = stream(service, operation).and_then(|s| s.members.iter().find(|m| m.name == name));
    let mut body = Vec::with_capacity(256);
    let mut is_error = false;
    match member {
        Some(member) => {
            let shape = &service.shape(member.shape).kind;
            is_error = matches!(shape, Kind::Structure(Structure { error: Some(_), .. }));
            json::write(service, member.shape, payload, &mut body);
        }
        None => body.extend_from_slice(b"{}"),
    }
    if body.len() > MAX_MESSAGE {
        body = b"{}".to_vec();
    }
    if is_error {
        let headers =
            [(":message-type", "exception"), (":exception-type", name), (":content-type", "application/json")];
        return message(&headers, &body);
    }
    message(&[(":message-type", "event"), (":event-type", name), (":content-type", "application/json")], &body)
}

fn stream(service: &'static ServiceSchema, operation: &'static OperationSchema) -> Option<&'static Structure> {
    let Kind::Structure(output) = &service.shape(operation.output?).kind else { return None };
    output.members.iter().find_map(|m| match &service.shape(m.shape).kind {
        Kind::Structure(inner) if inner.event_stream => Some(inner),
        _ => None,
    })
}

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0u32; 256];
    let mut at = 0;
    while at < 256 {
        let mut value = at as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { 0xedb8_8320 ^ (value >> 1) } else { value >> 1 };
            bit += 1;
        }
        table[at] = value;
        at += 1;
    }
    table
}

/// CRC-32 as in zlib and gzip.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| TABLE[usize::from((crc as u8) ^ byte)] ^ (crc >> 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_the_common_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
    }

    #[test]
    fn a_message_has_its_bytes() {
        // The empty message and the first with a payload of the format's own test vectors.
        assert_eq!(message(&[], b"")[..], [0, 0, 0, 16, 0, 0, 0, 0, 5, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff]);
        let one = message(&[("content-type", "application/json")], b"{'foo':'bar'}");
        assert_eq!(one.len(), 0x3d);
        assert_eq!(one[..12], [0, 0, 0, 0x3d, 0, 0, 0, 0x20, 0x07, 0xfd, 0x83, 0x96]);
    }
}
