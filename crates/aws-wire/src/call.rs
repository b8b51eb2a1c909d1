//! What a service implements, and what it is told about each call.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_base::{AccountId, Region, Timestamp};
use serde_json::Value;

use crate::AwsError;
use crate::schema::{OperationSchema, ServiceSchema};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallerKind {
    /// The account's root user.
    Root,
    User {
        name: String,
    },
    AssumedRole {
        role_arn: String,
        role_name: String,
        session_name: String,
    },
    FederatedUser {
        name: String,
    },
    /// A part of Gantry that acts as an AWS service principal, e.g. `ecs-tasks.amazonaws.com`.
    Service {
        principal: String,
    },
    /// An unsigned request to one of the few operations that take one.
    Anonymous,
}

/// Who calls, as the signature proved it.
#[derive(Clone, Debug, PartialEq)]
pub struct Caller {
    /// As GetCallerIdentity says it: `arn:aws:sts::…:assumed-role/Role/session`, `arn:aws:iam::…:user/x`.
    pub arn: String,
    pub account: AccountId,
    /// `AIDA…`, `AROA…:session`, or the account id for root.
    pub user_id: String,
    pub kind: CallerKind,
    /// Empty for parts of Gantry itself.
    pub access_key_id: String,
    /// Condition values that came with the credentials: principal and session tags, token issue time.
    /// Keys are full condition keys, such as `aws:PrincipalTag/team`.
    pub session_context: Vec<(String, Vec<String>)>,
    /// Session policies, as JSON, given when the session was made.
    pub session_policies: Vec<Arc<str>>,
}

/// One call's surroundings.
#[derive(Clone, Debug)]
pub struct Context {
    pub request_id: String,
    pub caller: Arc<Caller>,
    /// The account whose resources the call names: the caller's own, unless a resource says otherwise.
    pub account: AccountId,
    pub region: Region,
    pub now: Timestamp,
    pub source_ip: IpAddr,
    pub user_agent: String,
    pub secure_transport: bool,
    /// The `Host` header, for answers that must name the endpoint the client reached us by.
    pub host: String,
}

/// One thing the caller must be allowed to do for the call to go ahead.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Access {
    /// AWS's name: `ecs:RunTask`.
    pub action: String,
    /// A resource ARN, or `*` for actions without resource-level permissions.
    pub resource: String,
    /// Condition keys of the service beyond the global ones: `ecs:cluster`, `aws:RequestTag/x`.
    pub conditions: Vec<(String, Vec<String>)>,
    /// The resource's own policy (JSON), where it has one.
    pub resource_policy: Option<Arc<str>>,
    /// The account that owns the resource where it is not the caller's.
    pub resource_account: Option<AccountId>,
}

impl Access {
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into(), ..Self::default() }
    }

    pub fn condition(mut self, key: impl Into<String>, values: Vec<String>) -> Self {
        self.conditions.push((key.into(), values));
        self
    }
}

/// What an operation answers with.
pub enum Output {
    /// Encoded by the service's protocol against its output shape.
    Value(Value),
    /// Already encoded; only for the JSON protocols, where answers are large and asked for often.
    Json(Bytes),
    /// An `application/vnd.amazon.eventstream` answer: `(event type, payload)` until the sender is dropped.
    Events(tokio::sync::mpsc::Receiver<(&'static str, Value)>),
}

/// One AWS service. Implemented by a generated adapter for each generated trait.
#[async_trait]
pub trait Service: Send + Sync + 'static {
    fn schema(&self) -> &'static ServiceSchema;

    /// What the caller must be allowed before [`Service::call`] runs. An empty list means that AWS asks
    /// for no permission at all, as for `sts:GetCallerIdentity`.
    async fn accesses(
        &self,
        operation: &'static OperationSchema,
        input: &Value,
        context: &Context,
    ) -> Result<Vec<Access>, AwsError>;

    async fn call(
        &self,
        operation: &'static OperationSchema,
        input: Value,
        context: &Context,
    ) -> Result<Output, AwsError>;
}

/// Proves who calls and decides what they may do; identity implements it.
#[async_trait]
pub trait Authority: Send + Sync + 'static {
    /// The secret and the caller behind an access key. Errors as AWS: `InvalidClientTokenId`,
    /// `ExpiredToken`, `UnrecognizedClientException`.
    async fn credential(&self, access_key_id: &str, session_token: Option<&str>) -> Result<Credential, AwsError>;

    /// Every access must be allowed; the first that is not makes the error, worded as AWS does.
    async fn authorize(&self, context: &Context, accesses: &[Access]) -> Result<(), AwsError>;

    /// `--auth off`: signatures are read for who they name but not checked.
    fn signatures_checked(&self) -> bool {
        true
    }
}

#[derive(Clone)]
pub struct Credential {
    pub secret: Arc<str>,
    pub caller: Arc<Caller>,
}
