//! The Security Token Service.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/>

mod assume;

use std::sync::Arc;

use async_trait::async_trait;
use gantry_aws_api::sts::{self as api, Sts};
use gantry_aws_wire::{Access, AwsError, CallerKind, Context};
use gantry_base::Timestamp;
use gantry_iam::{Policy, PolicyKind, limits};
use serde_json::Value;

use crate::core::{Call, Identity, Inner};
use crate::effective;
use crate::error::Error;
use crate::names::{access_key_id, account_of_key, secret};
use crate::record::ManagedPolicy;
use crate::session::{Kind, Session};

const MIN_DURATION: i32 = 900;
const MAX_USER_DURATION: i32 = 129_600;
const DEFAULT_USER_DURATION: i32 = 43_200;
/// Root users and sessions made from sessions get an hour at most.
const HOUR: i32 = 3600;
/// Managed policies given as session policies.
const MAX_SESSION_POLICY_ARNS: usize = 10;
const MAX_SESSION_TAGS: usize = 50;

/// A session to be sealed; keys and times are added.
pub(crate) struct NewSession<'a> {
    pub account: &'a str,
    pub arn: String,
    pub user_id: String,
    pub kind: Kind,
    pub duration_secs: i32,
    pub context: Vec<(String, Vec<String>)>,
    pub policies: Vec<Arc<str>>,
}

impl Inner {
    pub(crate) fn new_session(&self, new: NewSession<'_>, now: Timestamp) -> Result<api::Credentials, Error> {
        let entropy = &*self.options.entropy;
        let now = Timestamp::from_secs(now.secs());
        let session = Session {
            access_key_id: access_key_id(entropy, "ASIA", new.account),
            secret: secret(entropy).into(),
            account: new.account.to_owned(),
            arn: new.arn,
            user_id: new.user_id,
            kind: new.kind,
            issued: now,
            expires: now.plus_ms(i64::from(new.duration_secs) * 1000),
            context: new.context,
            policies: new.policies,
        };
        Ok(api::Credentials {
            session_token: self.sealer.seal(&session, entropy)?,
            access_key_id: session.access_key_id,
            secret_access_key: session.secret.to_string(),
            expiration: session.expires,
        })
    }
}

pub(super) fn validation(message: impl Into<String>) -> AwsError {
    AwsError::sender("ValidationError", message)
}

#[async_trait]
impl Sts for Identity {
    async fn accesses(&self, operation: &str, input: &Value, context: &Context) -> Result<Vec<Access>, AwsError> {
        let call = self.inner.call(context);
        match operation {
            // AWS asks no permission for these.
            "GetCallerIdentity" | "GetSessionToken" => Ok(Vec::new()),
            "AssumeRole" => assume::accesses(&call, input),
            "GetFederationToken" => {
                let name = input.get("Name").and_then(Value::as_str).unwrap_or_default();
                let resource = format!("arn:aws:sts::{}:federated-user/{name}", call.account_id());
                let access = Access::new("sts:GetFederationToken", resource);
                Ok(vec![crate::access::request_tags(access, input)])
            }
            other => Ok(vec![Access::new(format!("sts:{other}"), "*")]),
        }
    }

    async fn get_caller_identity(
        &self,
        context: &Context,
        _input: api::GetCallerIdentityRequest,
    ) -> Result<api::GetCallerIdentityResponse, AwsError> {
        let caller = &context.caller;
        Ok(api::GetCallerIdentityResponse {
            user_id: Some(caller.user_id.clone()),
            account: Some(caller.account.to_string()),
            arn: Some(caller.arn.clone()),
        })
    }

    async fn get_access_key_info(
        &self,
        _context: &Context,
        input: api::GetAccessKeyInfoRequest,
    ) -> Result<api::GetAccessKeyInfoResponse, AwsError> {
        let account = account_of_key(&input.access_key_id)
            .ok_or_else(|| validation(format!("Invalid Access Key ID: {}", input.access_key_id)))?;
        Ok(api::GetAccessKeyInfoResponse { account: Some(account) })
    }

    async fn get_session_token(
        &self,
        context: &Context,
        input: api::GetSessionTokenRequest,
    ) -> Result<api::GetSessionTokenResponse, AwsError> {
        let caller = &context.caller;
        if caller.access_key_id.starts_with("ASIA") {
            return Err(AwsError::access_denied("Cannot call GetSessionToken with session credentials"));
        }
        refuse_mfa(input.serial_number.as_deref(), input.token_code.as_deref())?;
        let (kind, longest) = match &caller.kind {
            CallerKind::Root => (Kind::Root, HOUR),
            CallerKind::User { name } => (Kind::User { name: name.clone() }, MAX_USER_DURATION),
            _ => return Err(AwsError::access_denied("Cannot call GetSessionToken with session credentials")),
        };
        let asked = input.duration_seconds.unwrap_or(DEFAULT_USER_DURATION.min(longest));
        let session = NewSession {
            account: caller.account.as_str(),
            arn: caller.arn.clone(),
            user_id: caller.user_id.clone(),
            kind,
            duration_secs: duration(asked.min(longest), longest)?,
            context: Vec::new(),
            policies: Vec::new(),
        };
        let credentials = self.inner.new_session(session, context.now)?;
        Ok(api::GetSessionTokenResponse { credentials: Some(credentials), ..Default::default() })
    }

    async fn get_federation_token(
        &self,
        context: &Context,
        input: api::GetFederationTokenRequest,
    ) -> Result<api::GetFederationTokenResponse, AwsError> {
        let caller = &context.caller;
        if !matches!(caller.kind, CallerKind::User { .. }) || caller.access_key_id.starts_with("ASIA") {
            return Err(AwsError::access_denied("Cannot call GetFederationToken with session credentials"));
        }
        let call = self.inner.call(context);
        let tags = input.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect();
        let (policies, packed) =
            session_policies(&call, call.account_id(), input.policy.as_deref(), input.policy_arns.as_deref())?;
        let account = call.account_id();
        let user = api::FederatedUser {
            federated_user_id: format!("{account}:{}", input.name),
            arn: format!("arn:aws:sts::{account}:federated-user/{}", input.name),
        };
        let asked = input.duration_seconds.unwrap_or(DEFAULT_USER_DURATION);
        let session = NewSession {
            account,
            arn: user.arn.clone(),
            user_id: user.federated_user_id.clone(),
            kind: Kind::Federated { name: input.name, user: caller.arn.clone(), user_id: caller.user_id.clone() },
            duration_secs: duration(asked, MAX_USER_DURATION)?,
            context: session_tags(&Default::default(), tags)?,
            policies,
        };
        let credentials = self.inner.new_session(session, context.now)?;
        Ok(api::GetFederationTokenResponse {
            credentials: Some(credentials),
            federated_user: Some(user),
            packed_policy_size: packed,
            ..Default::default()
        })
    }

    async fn assume_role(
        &self,
        context: &Context,
        input: api::AssumeRoleRequest,
    ) -> Result<api::AssumeRoleResponse, AwsError> {
        assume::assume_role(&self.inner.call(context), input)
    }
}

pub(super) fn refuse_mfa(serial: Option<&str>, code: Option<&str>) -> Result<(), AwsError> {
    if serial.is_some() || code.is_some() {
        return Err(AwsError::access_denied(
            "MultiFactorAuthentication failed, there is no MFA device of that serial number.",
        ));
    }
    Ok(())
}

pub(super) fn duration(asked: i32, longest: i32) -> Result<i32, AwsError> {
    if asked < MIN_DURATION {
        return Err(validation(format!(
            "1 validation error detected: Value '{asked}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to {MIN_DURATION}"
        )));
    }
    if asked > longest {
        return Err(validation(format!(
            "1 validation error detected: Value '{asked}' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to {longest}"
        )));
    }
    Ok(asked)
}

/// Session policies as documents, managed ones from the session's account, and the percentage of their quota that they take.
pub(super) fn session_policies(
    call: &Call<'_>,
    account_id: &str,
    inline: Option<&str>,
    arns: Option<&[api::PolicyDescriptorType]>,
) -> Result<(Vec<Arc<str>>, Option<i32>), AwsError> {
    let account = call.inner.snapshot().account(account_id);
    let mut policies = Vec::new();
    let mut size = 0;
    if let Some(text) = inline {
        Policy::parse(text, PolicyKind::Identity)
            .map_err(|e| api::errors::malformed_policy_document_exception(e.to_string()))?;
        size += limits::policy_size(text);
        policies.push(Arc::from(text));
    }
    let arns = arns.unwrap_or_default();
    if arns.len() > MAX_SESSION_POLICY_ARNS {
        return Err(validation(format!("The number of policy ARNs exceeds {MAX_SESSION_POLICY_ARNS}.")));
    }
    for arn in arns.iter().filter_map(|descriptor| descriptor.arn.as_deref()) {
        let found = effective::managed(&account, account_id, arn);
        let document = found.and_then(ManagedPolicy::default_document);
        let document = document.ok_or_else(|| validation(format!("PolicyArn {arn} does not exist.")))?;
        size += arn.len();
        policies.push(document.text.clone());
    }
    if size > limits::SESSION_POLICY {
        return Err(api::errors::packed_policy_too_large_exception(format!(
            "Packed size of session policies and tags is {}%, which exceeds the limit.",
            size * 100 / limits::SESSION_POLICY
        )));
    }
    let packed = (!policies.is_empty()).then(|| (size * 100 / limits::SESSION_POLICY).max(1) as i32);
    Ok((policies, packed))
}

/// Principal tags of a session: the role's or user's own, and over them those asked for.
pub(super) fn session_tags(
    own: &crate::record::Tags,
    asked: Vec<(String, String)>,
) -> Result<Vec<(String, Vec<String>)>, AwsError> {
    if asked.len() > MAX_SESSION_TAGS {
        return Err(validation(format!("The number of session tags exceeds {MAX_SESSION_TAGS}.")));
    }
    let mut tags = own.clone();
    let mut seen = std::collections::BTreeSet::new();
    for (key, value) in asked {
        if !seen.insert(key.to_lowercase()) {
            return Err(AwsError::sender(
                "InvalidParameterValue",
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        // Tag keys are compared without case: the session's replaces the role's.
        tags.retain(|own, _| !own.eq_ignore_ascii_case(&key));
        tags.insert(key, value);
    }
    Ok(crate::authority::principal_tags(&tags))
}
