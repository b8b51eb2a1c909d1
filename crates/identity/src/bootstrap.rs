//! An account's first user, and credentials for what runs in it.

use std::fmt;

use async_trait::async_trait;
use gantry_agent_api::services::{CredentialSource, RoleCredentials, ServiceError};
use gantry_base::{AccountId, Timestamp};
use gantry_iam::{Context, PolicyKind, PolicySet, Principal, Request, evaluate};

use crate::aws_managed::ADMINISTRATOR;
use crate::core::Identity;
use crate::error::Error;
use crate::names::{access_key_id, secret, split_arn, unique_id};
use crate::record::{AccessKey, Holdings, User};
use crate::session::Kind;
use crate::sts::NewSession;

/// The administrator's name.
const ADMIN: &str = "admin";
/// How long credentials of tasks live; ECS renews them well before.
const TASK_SESSION_SECS: i32 = 6 * 3600;
const ECS_TASKS: &str = "ecs-tasks.amazonaws.com";

/// The key that was made with an account: for a file of mode 0600, and never for a log.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminCredentials {
    pub access_key_id: String,
    pub secret_access_key: String,
}

impl fmt::Debug for AdminCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminCredentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

impl Identity {
    /// Makes the account's administrator on the first call: a user `admin` with AdministratorAccess and
    /// one access key. Later calls answer the same key, or `None` once somebody has deleted it.
    pub async fn bootstrap(&self, account: &AccountId) -> Result<Option<AdminCredentials>, Error> {
        let inner = &self.inner;
        let done = inner.write(account.as_str(), |draft| {
            let mut facts = draft.facts();
            if let Some(id) = &facts.first_key {
                return Ok(draft.access_keys.get(id).filter(|key| key.active).map(|key| AdminCredentials {
                    access_key_id: key.id.clone(),
                    secret_access_key: key.secret.to_string(),
                }));
            }
            let (entropy, now) = (&*inner.options.entropy, inner.options.clock.now());
            let key = AccessKey {
                id: access_key_id(entropy, "AKIA", account.as_str()),
                user: ADMIN.to_owned(),
                secret: secret(entropy).into(),
                active: true,
                created: now,
            };
            let credentials =
                AdminCredentials { access_key_id: key.id.clone(), secret_access_key: key.secret.to_string() };
            if draft.user(ADMIN).is_none() {
                draft.put(User {
                    name: ADMIN.to_owned(),
                    path: "/".to_owned(),
                    id: unique_id(entropy, "AIDA"),
                    created: now,
                    tags: Default::default(),
                    boundary: None,
                    holdings: Holdings { attached: vec![ADMINISTRATOR.to_owned()], inline: Default::default() },
                    groups: Vec::new(),
                });
            }
            facts.first_key = Some(key.id.clone());
            draft.put(key);
            draft.put(facts);
            Ok(Some(credentials))
        });
        done.await.map_err(Error::Refused)
    }

    /// Credentials of a role for an AWS service, as the service would get them by assuming it: the
    /// role's trust policy must let it.
    ///
    /// # Errors
    /// [`Error::Role`] if there is no such role or it does not trust the service.
    pub fn service_credentials(
        &self,
        role_arn: &str,
        service: &str,
        session_name: &str,
        duration_secs: i32,
    ) -> Result<RoleCredentials, Error> {
        let inner = &self.inner;
        let refused = || {
            Error::Role(format!(
                "{service} is unable to assume the role '{role_arn}'. Please verify that the role being passed has the proper trust relationship and permissions."
            ))
        };
        let (account_id, name) = match split_arn(role_arn) {
            Some((account, "role", name)) => (account, name),
            _ => return Err(refused()),
        };
        let account = inner.snapshot().account(account_id);
        let role =
            account.role(name).filter(|role| role_arn == crate::names::arn(account_id, "role", &role.path, &role.name));
        let role = role.ok_or_else(refused)?;
        let trust = role.trust.policy(PolicyKind::Trust)?;
        let mut context = Context::new();
        context.set("aws:SourceAccount", account_id);
        if let (ECS_TASKS, Some((_, region))) = (service, inner.home.get()) {
            let task = format!("arn:aws:ecs:{region}:{account_id}:task/{session_name}");
            context.set("aws:SourceArn", task);
        }
        context.set("aws:PrincipalIsAWSService", "true");
        context.set("sts:RoleSessionName", session_name);
        let request = Request {
            principal: &Principal::service(service),
            action: "sts:AssumeRole",
            resource: role_arn,
            context: &context,
            resource_account: Some(account_id),
            resource_policy_required: true,
        };
        let set = PolicySet { resource: Some(&trust), ..PolicySet::default() };
        if !evaluate(&request, &set).is_allowed() {
            return Err(refused());
        }
        let session = NewSession {
            account: account_id,
            arn: format!("arn:aws:sts::{account_id}:assumed-role/{}/{session_name}", role.name),
            user_id: format!("{}:{session_name}", role.id),
            kind: Kind::Role { arn: role_arn.to_owned(), name: role.name.clone(), session: session_name.to_owned() },
            duration_secs: duration_secs.clamp(1, role.max_session_secs.max(TASK_SESSION_SECS)),
            context: crate::authority::principal_tags(&role.tags),
            policies: Vec::new(),
        };
        let made = inner.new_session(session, inner.options.clock.now())?;
        Ok(RoleCredentials {
            access_key_id: made.access_key_id,
            secret_access_key: made.secret_access_key,
            session_token: made.session_token,
            expires_at: made.expiration,
            role_arn: role_arn.to_owned(),
        })
    }

    /// [`Identity::service_credentials`] for a task; its id is the session's name.
    pub fn task_credentials(&self, role_arn: &str, task_id: &str) -> Result<RoleCredentials, Error> {
        self.service_credentials(role_arn, ECS_TASKS, task_id, TASK_SESSION_SECS)
    }

    /// When the clock of this installation says it is.
    pub fn now(&self) -> Timestamp {
        self.inner.options.clock.now()
    }
}

#[async_trait]
impl CredentialSource for Identity {
    async fn role_credentials(
        &self,
        account: &AccountId,
        role_arn: &str,
        session_name: &str,
    ) -> Result<RoleCredentials, ServiceError> {
        let of_account = split_arn(role_arn).is_some_and(|(id, _, _)| id == account.as_str());
        let made = if of_account {
            self.task_credentials(role_arn, session_name)
        } else {
            Err(Error::Role(format!("The role '{role_arn}' is not of account {account}.")))
        };
        made.map_err(|error| match error {
            Error::Role(message) => {
                ServiceError { code: "AccessDeniedException".to_owned(), message, retryable: false }
            }
            other => ServiceError { code: "ServiceFailure".to_owned(), message: other.to_string(), retryable: true },
        })
    }
}
