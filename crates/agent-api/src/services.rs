//! What an agent asks of the control plane beyond records. In one process these are calls; on a worker
//! host they are signed requests to the server.

use async_trait::async_trait;
use bytes::Bytes;
use gantry_base::{AccountId, Region, Timestamp};

/// Why the control plane refused or failed; `message` is fit for a task's stopped reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    /// AWS's code, such as `ResourceNotFoundException`.
    pub code: String,
    pub message: String,
    /// Trying again may help.
    pub retryable: bool,
}

impl std::fmt::Display for ServiceError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ServiceError {}

/// Temporary credentials of a role. No `Debug`: they are not to be printed.
#[derive(Clone)]
pub struct RoleCredentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub session_token: String,
    pub expires_at: Timestamp,
    pub role_arn: String,
}

/// Credentials of task and execution roles.
#[async_trait]
pub trait CredentialSource: Send + Sync + 'static {
    /// The role's trust policy must let `ecs-tasks.amazonaws.com` assume it.
    async fn role_credentials(
        &self,
        account: &AccountId,
        role_arn: &str,
        session_name: &str,
    ) -> Result<RoleCredentials, ServiceError>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    pub at: Timestamp,
    pub message: Bytes,
}

/// Where container logs go.
#[async_trait]
pub trait LogSink: Send + Sync + 'static {
    /// Makes the stream (and the group, if `create_group`); already there is fine.
    async fn open_stream(
        &self,
        account: &AccountId,
        region: &Region,
        group: &str,
        stream: &str,
        create_group: bool,
    ) -> Result<(), ServiceError>;

    /// Appends in order; durable as far as the sink ever is when it returns. `sequence` grows by one with
    /// each batch of a stream: a batch that was taken before is not taken twice.
    async fn append(
        &self,
        account: &AccountId,
        region: &Region,
        group: &str,
        stream: &str,
        sequence: u64,
        events: Vec<LogEvent>,
    ) -> Result<(), ServiceError>;
}
