//! One door for all services: picks the service and operation of an HTTP request, proves the caller,
//! decodes, validates, authorises, calls, and encodes the answer.
//!
//! What always holds: no handler runs before the signature over this very body has been checked (unless
//! the operation takes unsigned requests or `--auth off` was asked for) and every access has been
//! allowed; a handler, once begun, runs to its end even if the client goes away; a panic in it becomes a
//! 500 that tells nothing of the inside; every answer carries `x-amzn-requestid`.

mod auth;
mod body;
mod route;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gantry_base::{AccountId, Region, SharedClock, SharedEntropy, uuid};
use http::request::Parts;
use http::{HeaderValue, Response};
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;
use tracing::Instrument as _;

use crate::call::{Authority, Caller, Context, Output, Service};
use crate::protocol::query::Params;
use crate::protocol::{self, Reply, json, rest};
use crate::schema::{OperationSchema, Protocol, ServiceSchema};
use crate::{AwsError, validate};

pub use body::ResponseBody;

/// What one request may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a request's body. The largest that AWS has here is an ECR layer part, 20 MiB as base64.
    pub body_bytes: usize,
    /// Bytes of the body of a request without a signature; web identity and SAML tokens are the largest.
    pub unsigned_body_bytes: usize,
    /// From the first to the last byte of a body.
    pub body_timeout: Duration,
    /// Bytes of the bodies of known keys being read at once, over all connections; more wait their turn.
    pub bodies_bytes: usize,
    /// The same of requests without a signature, who so cannot hold up the others.
    pub unsigned_bodies_at_once: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 28 * 1024 * 1024,
            unsigned_body_bytes: 256 * 1024,
            body_timeout: Duration::from_secs(30),
            bodies_bytes: 512 * 1024 * 1024,
            unsigned_bodies_at_once: 32,
        }
    }
}

/// What [`Limits::bodies_bytes`] is counted in: the least that a body counts for.
pub(crate) const BODY_UNIT: usize = 64 * 1024;

/// What calls are given where the request does not say.
#[derive(Clone)]
pub struct Defaults {
    /// The account of unsigned requests.
    pub account: AccountId,
    /// The region of unsigned requests.
    pub region: Region,
    pub clock: SharedClock,
    pub entropy: SharedEntropy,
    pub limits: Limits,
}

/// See the [module](self).
#[derive(Clone)]
pub struct Frontend {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    services: Vec<Arc<dyn Service>>,
    authority: Arc<dyn Authority>,
    defaults: Defaults,
    bodies: tokio::sync::Semaphore,
    unsigned_bodies: tokio::sync::Semaphore,
}

/// A request as far as it is understood; what is known shapes how an error is written.
#[derive(Default)]
struct Progress {
    service: Option<&'static ServiceSchema>,
    operation: Option<&'static OperationSchema>,
    caller: Option<Arc<Caller>>,
}

enum Answer {
    Whole(Reply),
    Events(ResponseBody),
}

impl Frontend {
    pub fn new(services: Vec<Arc<dyn Service>>, authority: Arc<dyn Authority>, defaults: Defaults) -> Self {
        let bodies = tokio::sync::Semaphore::new((defaults.limits.bodies_bytes / BODY_UNIT).max(1));
        let unsigned_bodies = tokio::sync::Semaphore::new(defaults.limits.unsigned_bodies_at_once.max(1));
        Self { inner: Arc::new(Inner { services, authority, defaults, bodies, unsigned_bodies }) }
    }

    /// Whether a request looks like one for an AWS API rather than for a path of the binary's own.
    pub fn claims(&self, parts: &Parts) -> bool {
        route::claims(&self.inner.services, parts)
    }

    /// Answers one request. Never fails: what goes wrong is an answer too.
    ///
    /// `tls` says whether the connection was encrypted (`aws:SecureTransport`).
    pub async fn handle<B>(&self, parts: Parts, body: B, peer: SocketAddr, tls: bool) -> Response<ResponseBody>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: std::fmt::Display,
    {
        let request_id = uuid(&*self.inner.defaults.entropy);
        let span = tracing::info_span!(
            "request",
            request_id = %request_id,
            service = tracing::field::Empty,
            operation = tracing::field::Empty,
            status = tracing::field::Empty,
            error = tracing::field::Empty,
            duration_us = tracing::field::Empty,
        );
        let begun = Instant::now();
        let mut progress = Progress::default();
        let answered = self.answer(&parts, body, peer, tls, &request_id, &mut progress).instrument(span.clone()).await;
        if let Some(service) = progress.service {
            span.record("service", service.name);
        }
        if let Some(operation) = progress.operation {
            span.record("operation", operation.name);
        }
        let response = match answered {
            Ok(Answer::Whole(reply)) => whole(reply, &request_id),
            Ok(Answer::Events(body)) => events(body, &request_id),
            Err(error) => {
                span.record("error", error.code.as_str());
                let service = progress.service;
                whole(refuse(service, &parts, &error, &request_id), &request_id)
            }
        };
        span.record("status", response.status().as_u16());
        span.record("duration_us", u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX));
        span.in_scope(|| tracing::debug!("answered"));
        response
    }

    /// A call from inside the process, validated and authorised like any other but without HTTP. `input`
    /// is canonical (see [`crate::shape`]); so is the answer.
    ///
    /// # Errors
    /// As the service, the validator or the authority words them. An event stream is refused.
    pub async fn invoke(
        &self,
        caller: Arc<Caller>,
        region: &Region,
        service: &str,
        operation: &str,
        input: Value,
    ) -> Result<Value, AwsError> {
        let inner = &self.inner;
        let found = inner.services.iter().find(|s| s.schema().name == service);
        let found = found.ok_or_else(|| AwsError::not_implemented(&format!("the service {service}")))?;
        let schema = found.schema();
        let operation = schema.operation(operation).ok_or_else(|| route::unknown_operation(schema, operation, ""))?;
        let context = Context {
            request_id: uuid(&*inner.defaults.entropy),
            account: caller.account.clone(),
            caller,
            region: region.clone(),
            now: inner.defaults.clock.now(),
            source_ip: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
            user_agent: "gantry".to_owned(),
            secure_transport: true,
            host: String::new(),
        };
        match inner.clone().call(found.clone(), operation, input, context).await? {
            Output::Value(value) => Ok(value),
            Output::Json(bytes) => json::decode(schema, operation.output, &bytes),
            Output::Events(_) => Err(AwsError::not_implemented("event streams inside the process")),
        }
    }

    async fn answer<B>(
        &self,
        parts: &Parts,
        body: B,
        peer: SocketAddr,
        tls: bool,
        request_id: &str,
        progress: &mut Progress,
    ) -> Result<Answer, AwsError>
    where
        B: http_body::Body<Data = Bytes> + Send,
        B::Error: std::fmt::Display,
    {
        let inner = &self.inner;
        let view = auth::View::new(parts)?;
        let claim = auth::Claim::read(&view, inner.authority.signatures_checked());
        let mut service = route::by_head(&inner.services, parts, claim.scope_service());
        progress.service = service.as_ref().map(|s| s.schema());
        // Keys that do not exist are refused before their bodies are read, and so is nobody at all where it
        // is known already that the service takes no unsigned requests.
        let proof = inner.prove(&claim, progress).await?;
        if let (None, Some(schema)) = (&proof, progress.service)
            && !auth::takes_unsigned(schema)
        {
            return Err(claim.refusal(schema));
        }
        let body = inner.read_body(body, proof.is_some()).await?;
        let mut params = Params::default();
        if service.as_ref().is_none_or(|s| route::is_query(s.schema())) {
            params = route::params(parts, &body)?;
        }
        if service.is_none() {
            service = route::by_version(&inner.services, &params);
            progress.service = service.as_ref().map(|s| s.schema());
        }
        let service = service.ok_or_else(|| route::unknown_service(claim.scope_service()))?;
        let schema = service.schema();
        if let Some(proof) = &proof {
            proof.verify(&view, &body, schema, inner.defaults.clock.now())?;
        }
        let operation = route::operation(schema, parts, &params)?;
        progress.operation = Some(operation);
        let caller = match proof {
            Some(proof) => proof.caller,
            None => inner.unsigned(&claim, schema, operation)?,
        };
        progress.caller = Some(caller.clone());
        if !operation.modelled {
            return Err(AwsError::not_implemented(operation.name));
        }
        let input = decode(schema, operation, parts, &params, &body)?;
        drop((params, body));
        let context = Context {
            request_id: request_id.to_owned(),
            account: caller.account.clone(),
            caller,
            region: claim.region().unwrap_or_else(|| inner.defaults.region.clone()),
            now: inner.defaults.clock.now(),
            source_ip: peer.ip().to_canonical(),
            user_agent: view.header("user-agent").unwrap_or_default().to_owned(),
            secure_transport: tls,
            host: view.header("host").unwrap_or_default().to_owned(),
        };
        match inner.clone().call(service, operation, input, context).await? {
            Output::Value(value) => protocol::encode(schema, operation, &value, request_id).map(Answer::Whole),
            Output::Json(ready) if matches!(schema.protocol, Protocol::AwsJson | Protocol::RestJson) => {
                Ok(Answer::Whole(Reply::new(operation.http_status, protocol::content_type(schema), ready)))
            }
            Output::Json(ready) => {
                let value = serde_json::from_slice(&ready).map_err(|_| internal(Some(schema)))?;
                protocol::encode(schema, operation, &value, request_id).map(Answer::Whole)
            }
            Output::Events(receiver) => Ok(Answer::Events(ResponseBody::events(schema, operation, receiver))),
        }
    }
}

impl Inner {
    /// Validates, authorises and calls, in a task of its own: a client that hangs up does not cut a
    /// handler off in the middle, and a panic ends there.
    async fn call(
        self: Arc<Self>,
        service: Arc<dyn Service>,
        operation: &'static OperationSchema,
        input: Value,
        context: Context,
    ) -> Result<Output, AwsError> {
        let schema = service.schema();
        if !operation.modelled {
            return Err(AwsError::not_implemented(operation.name));
        }
        validate::check(schema, operation, &input)?;
        let run = async move {
            let accesses = service.accesses(operation, &input, &context).await?;
            self.authority.authorize(&context, &accesses).await?;
            service.call(operation, input, &context).await
        };
        match tokio::spawn(run.in_current_span()).await {
            Ok(done) => done.map_err(|error| auth::in_protocol(schema, error)),
            Err(stopped) => {
                tracing::error!(panicked = stopped.is_panic(), "a handler did not finish");
                Err(internal(Some(schema)))
            }
        }
    }
}

fn decode(
    schema: &'static ServiceSchema,
    operation: &'static OperationSchema,
    parts: &Parts,
    params: &Params,
    body: &[u8],
) -> Result<Value, AwsError> {
    match schema.protocol {
        Protocol::AwsJson => json::decode(schema, operation.input, body),
        Protocol::RestJson => {
            let request = rest::RestRequest {
                path: parts.uri.path(),
                query: parts.uri.query().unwrap_or_default(),
                headers: &parts.headers,
                body,
            };
            rest::decode(schema, operation, &request)
        }
        Protocol::AwsQuery | Protocol::Ec2Query => protocol::query::decode(schema, operation, params),
        Protocol::RpcV2Cbor => Err(AwsError::not_implemented("the protocol rpc-v2-cbor")),
    }
}

/// An error of our own making, without a word about its cause.
fn internal(schema: Option<&'static ServiceSchema>) -> AwsError {
    let (code, message) = match schema.map(|s| (s.name, s.protocol)) {
        Some(("ecs" | "ecr", _)) => ("ServerException", "Service Unavailable. Please try again later."),
        Some((_, Protocol::Ec2Query)) => ("InternalError", "An internal error has occurred"),
        _ => ("InternalFailure", "An internal error has occurred. Retry your request."),
    };
    AwsError::receiver(code, message)
}

fn refuse(service: Option<&'static ServiceSchema>, parts: &Parts, error: &AwsError, request_id: &str) -> Reply {
    match service {
        Some(service) => protocol::encode_error(service, error, request_id),
        None if route::speaks_json(parts) => {
            Reply::new(error.status, "application/x-amz-json-1.1", json::error(None, error))
        }
        None => Reply::new(error.status, "text/xml", protocol::xml::error_of_nobody(error, request_id)),
    }
}

fn whole(reply: Reply, request_id: &str) -> Response<ResponseBody> {
    let body = Full::new(reply.body).boxed();
    let mut response = Response::new(ResponseBody::whole(body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    stamp(&mut response, request_id);
    response
}

fn events(body: ResponseBody, request_id: &str) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    let kind = HeaderValue::from_static(protocol::eventstream::CONTENT_TYPE);
    response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
    stamp(&mut response, request_id);
    response
}

fn stamp(response: &mut Response<ResponseBody>, request_id: &str) {
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
}
