//! Which service and operation a request is for.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use http::request::Parts;

use crate::AwsError;
use crate::call::Service;
use crate::protocol::query::Params;
use crate::protocol::rest;
use crate::schema::{OperationSchema, Protocol, ServiceSchema};

const TARGET: &str = "x-amz-target";

fn target(parts: &Parts) -> Option<&str> {
    parts.headers.get(TARGET)?.to_str().ok()
}

fn host(parts: &Parts) -> Option<&str> {
    let header = parts.headers.get(http::header::HOST).and_then(|h| h.to_str().ok());
    header.or_else(|| parts.uri.host())
}

/// See [`super::Frontend::claims`].
pub(super) fn claims(services: &[Arc<dyn Service>], parts: &Parts) -> bool {
    let signed = parts.headers.get(http::header::AUTHORIZATION).is_some_and(|v| v.as_bytes().starts_with(b"AWS4-"));
    let query = parts.uri.query().unwrap_or_default();
    let at_root = parts.uri.path() == "/";
    signed
        || target(parts).is_some()
        || query.split('&').any(|p| p.starts_with("X-Amz-Credential=") || p.starts_with("X-Amz-Algorithm="))
        || (at_root && (parts.method == Method::POST || query.split('&').any(|p| p.starts_with("Action="))))
        || by_host(services, parts).is_some()
}

/// The service as far as a request's head tells: target first, then the signature's scope, then the host.
pub(super) fn by_head(
    services: &[Arc<dyn Service>],
    parts: &Parts,
    scope_service: Option<&str>,
) -> Option<Arc<dyn Service>> {
    if let Some((prefix, _)) = target(parts).and_then(|t| t.rsplit_once('.')) {
        let found = services.iter().find(|s| s.schema().target_prefix == prefix && !prefix.is_empty());
        if found.is_some() {
            return found.cloned();
        }
    }
    let by_scope = services.iter().find(|s| Some(s.schema().signing_name) == scope_service).cloned();
    by_scope.or_else(|| by_host(services, parts))
}

/// `ecs.us-east-1.amazonaws.com`, or the same under a domain of the operator's own.
fn by_host(services: &[Arc<dyn Service>], parts: &Parts) -> Option<Arc<dyn Service>> {
    let host = host(parts)?;
    let of_host = |s: &&Arc<dyn Service>| {
        let rest = host.strip_prefix(s.schema().endpoint_prefix);
        rest.is_some_and(|rest| rest.starts_with('.') && rest.len() > 1)
    };
    services.iter().find(of_host).cloned()
}

/// A query service by the API version its request names, for what neither signature nor host tells.
pub(super) fn by_version(services: &[Arc<dyn Service>], params: &Params) -> Option<Arc<dyn Service>> {
    let version = params.get("Version")?;
    let action = params.get("Action")?;
    let of_version = services.iter().filter(|s| is_query(s.schema()) && s.schema().api_version == version);
    of_version.clone().find(|s| s.schema().operation(action).is_some()).or_else(|| of_version.clone().next()).cloned()
}

pub(super) fn is_query(schema: &ServiceSchema) -> bool {
    matches!(schema.protocol, Protocol::AwsQuery | Protocol::Ec2Query)
}

/// Whether a client of no known service reads JSON rather than XML.
pub(super) fn speaks_json(parts: &Parts) -> bool {
    let kind = parts.headers.get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    target(parts).is_some() || kind.contains("json")
}

/// Parameters of the form body and of the URL.
pub(super) fn params(parts: &Parts, body: &Bytes) -> Result<Params, AwsError> {
    let kind = parts.headers.get(http::header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut params = Params::default();
    if !kind.contains("json") && !kind.contains("cbor") {
        params.add(body)?;
    }
    params.add(parts.uri.query().unwrap_or_default().as_bytes())?;
    Ok(params)
}

/// The operation of a service that a request names.
pub(super) fn operation(
    schema: &'static ServiceSchema,
    parts: &Parts,
    params: &Params,
) -> Result<&'static OperationSchema, AwsError> {
    let found =
        |name: &str, version: &str| schema.operation(name).ok_or_else(|| unknown_operation(schema, name, version));
    match schema.protocol {
        Protocol::AwsJson => {
            let Some(target) = target(parts) else { return Err(unknown_operation(schema, "", "")) };
            let (prefix, name) = target.rsplit_once('.').unwrap_or(("", target));
            if prefix == schema.target_prefix { found(name, "") } else { Err(unknown_operation(schema, target, "")) }
        }
        Protocol::AwsQuery | Protocol::Ec2Query => {
            let Some(action) = params.get("Action") else {
                return Err(AwsError::sender("MissingAction", "The request must contain the parameter Action"));
            };
            let version = params.get("Version").unwrap_or(schema.api_version);
            if version != schema.api_version {
                return Err(match schema.protocol {
                    Protocol::Ec2Query => AwsError::sender(
                        "NoSuchVersion",
                        format!(
                            "The requested version ({}) of service {} does not exist",
                            short(version),
                            schema.full_name
                        ),
                    ),
                    _ => unknown_operation(schema, action, version),
                });
            }
            found(action, version)
        }
        Protocol::RestJson => {
            let query = parts.uri.query().unwrap_or_default();
            rest::route(schema, parts.method.as_str(), parts.uri.path(), query)
                .ok_or_else(|| unknown_operation(schema, parts.uri.path(), ""))
        }
        Protocol::RpcV2Cbor => Err(AwsError::not_implemented("the protocol rpc-v2-cbor")),
    }
}

fn short(text: &str) -> String {
    text.chars().take(128).collect()
}

pub(super) fn unknown_operation(schema: &ServiceSchema, name: &str, version: &str) -> AwsError {
    let name = short(name);
    match schema.protocol {
        Protocol::AwsQuery => {
            let message = format!("Could not find operation {name} for version {}", short(version));
            AwsError::sender("InvalidAction", message)
        }
        Protocol::Ec2Query => {
            AwsError::sender("InvalidAction", format!("The action {name} is not valid for this web service."))
        }
        Protocol::RestJson => {
            AwsError::sender("UnknownOperationException", "The requested operation does not exist.").with_status(404)
        }
        Protocol::AwsJson | Protocol::RpcV2Cbor => {
            AwsError::sender("UnknownOperationException", format!("The operation {name} is not known to this service."))
        }
    }
}

pub(super) fn unknown_service(scope_service: Option<&str>) -> AwsError {
    match scope_service {
        Some(name) => AwsError::not_implemented(&format!("the service {}", short(name))),
        None => AwsError::sender(
            "InvalidAction",
            "The request names no service: it has no signature, no X-Amz-Target, and no Action with a known Version.",
        ),
    }
}
