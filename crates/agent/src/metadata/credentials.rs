//! The task role's credentials: fetched once, kept until shortly before they expire, by one request at a time.

use std::sync::Arc;

use gantry_agent_api::{Assignment, CredentialSource, RoleCredentials, ServiceError};
use gantry_base::{SharedClock, Timestamp};
use serde_json::{Value, json};
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;

/// Credentials are renewed this long before they expire, or with a quarter of their life left if that is less.
const RENEW_BEFORE_MS: i64 = 15 * 60 * 1000;
/// A failed renewal is not tried again at once, so that a hasty client cannot make us flood the control plane.
const FAILURE_PAUSE_MS: i64 = 1000;

struct Kept {
    credentials: RoleCredentials,
    renew_at: Timestamp,
}

#[derive(Default)]
struct State {
    kept: Option<Kept>,
    failed: Option<(Timestamp, ServiceError)>,
}

pub(super) struct TaskCredentials {
    id: String,
    assignment: Arc<Assignment>,
    source: Arc<dyn CredentialSource>,
    clock: SharedClock,
    state: Mutex<State>,
}

/// A refusal as ECS's agent words it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: u16,
    pub body: Value,
}

impl Refusal {
    fn new(status: u16, code: &str, message: &str) -> Self {
        let message = format!("CredentialsV2Request: {message}");
        Self { status, body: json!({ "code": code, "message": message, "HTTPErrorCode": status }) }
    }
}

impl TaskCredentials {
    pub fn new(id: String, assignment: Arc<Assignment>, source: Arc<dyn CredentialSource>, clock: SharedClock) -> Self {
        Self { id, assignment, source, clock, state: Mutex::default() }
    }

    /// `id` is what the request's path says.
    pub async fn get(&self, id: &str) -> Result<Value, Refusal> {
        if id.is_empty() {
            return Err(Refusal::new(400, "NoIdInRequest", "No ID in the request"));
        }
        let known = bool::from(id.as_bytes().ct_eq(self.id.as_bytes()));
        let role = self.assignment.spec.task_role_arn.as_deref().filter(|_| known);
        let Some(role) = role else {
            return Err(Refusal::new(400, "InvalidIdInRequest", "Credentials not found"));
        };
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if let Some(kept) = state.kept.as_ref().filter(|k| now < k.renew_at) {
            return Ok(document(&kept.credentials));
        }
        let pause = state.failed.as_ref().filter(|(at, _)| now.since_ms(*at).abs() < FAILURE_PAUSE_MS);
        let fetched = match pause {
            Some((_, error)) => Err(error.clone()),
            None => self.fetch(role).await,
        };
        match fetched {
            Ok(credentials) => {
                let left_ms = credentials.expires_at.since_ms(now).max(0);
                let renew_at = credentials.expires_at.plus_ms(-RENEW_BEFORE_MS.min(left_ms / 4));
                let body = document(&credentials);
                *state = State { kept: Some(Kept { credentials, renew_at }), failed: None };
                Ok(body)
            }
            Err(error) => {
                if pause.is_none() {
                    tracing::warn!(role, %error, "failed to get a task role's credentials");
                    state.failed = Some((now, error.clone()));
                }
                // The old ones are good until they expire.
                match &state.kept {
                    Some(kept) if now < kept.credentials.expires_at => Ok(document(&kept.credentials)),
                    _ => Err(Refusal::new(503, "CredentialsUninitialized", &error.to_string())),
                }
            }
        }
    }

    async fn fetch(&self, role: &str) -> Result<RoleCredentials, ServiceError> {
        // ECS names the session by the task's id.
        self.source.role_credentials(&self.assignment.account, role, &self.assignment.sandbox_id).await
    }
}

fn document(credentials: &RoleCredentials) -> Value {
    let seconds = Timestamp::from_secs(credentials.expires_at.secs()).rfc3339();
    json!({
        "RoleArn": credentials.role_arn,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key,
        "Token": credentials.session_token,
        // Without the fraction: some SDKs take no other form.
        "Expiration": seconds.replace(".000", ""),
    })
}
