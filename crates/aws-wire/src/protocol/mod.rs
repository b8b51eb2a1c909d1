//! The wire protocols. Each submodule walks the schema tables both ways; none knows an operation.

pub mod eventstream;
pub mod json;
pub mod query;
pub mod rest;
pub mod text;
pub mod xml;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

use crate::AwsError;
use crate::schema::{OperationSchema, Protocol, ServiceSchema};

/// Deepest nesting of a value, in or out. `serde_json` refuses deeper JSON by itself.
pub const MAX_DEPTH: usize = 128;

/// A whole answer, before it becomes an HTTP body.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub(crate) fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers, body: body.into() }
    }
}

/// The content type of a service's ordinary answers.
pub fn content_type(service: &ServiceSchema) -> &'static str {
    match (service.protocol, service.json_version) {
        (Protocol::AwsJson, "1.0") => "application/x-amz-json-1.0",
        (Protocol::AwsJson, _) => "application/x-amz-json-1.1",
        (Protocol::RestJson, _) => "application/json",
        (Protocol::AwsQuery, _) => "text/xml",
        (Protocol::Ec2Query, _) => "text/xml;charset=UTF-8",
        (Protocol::RpcV2Cbor, _) => "application/cbor",
    }
}

/// Encodes an operation's output.
///
/// # Errors
/// 500 if the service's value is not of the output's shape.
pub fn encode(
    service: &'static ServiceSchema,
    operation: &'static OperationSchema,
    output: &Value,
    request_id: &str,
) -> Result<Reply, AwsError> {
    let kind = content_type(service);
    match service.protocol {
        Protocol::AwsJson => {
            let mut out = Vec::with_capacity(256);
            match operation.output {
                Some(shape) => json::write(service, shape, output, &mut out),
                None => out.extend_from_slice(b"{}"),
            }
            Ok(Reply::new(operation.http_status, kind, out))
        }
        Protocol::RestJson => rest::encode(service, operation, output),
        Protocol::AwsQuery | Protocol::Ec2Query => {
            Ok(Reply::new(operation.http_status, kind, xml::answer(service, operation, output, request_id)))
        }
        Protocol::RpcV2Cbor => Err(AwsError::not_implemented("the protocol rpc-v2-cbor")),
    }
}

/// Encodes an error as the service's clients read it.
pub fn encode_error(service: &'static ServiceSchema, error: &AwsError, request_id: &str) -> Reply {
    match service.protocol {
        Protocol::AwsQuery | Protocol::Ec2Query => {
            Reply::new(error.status, content_type(service), xml::error(service, error, request_id))
        }
        Protocol::AwsJson | Protocol::RestJson | Protocol::RpcV2Cbor => {
            let mut reply = Reply::new(error.status, content_type(service), json::error(Some(service), error));
            if service.protocol == Protocol::RestJson
                && let Ok(code) = HeaderValue::from_str(&error.code)
            {
                reply.headers.insert("x-amzn-errortype", code);
            }
            reply
        }
    }
}
