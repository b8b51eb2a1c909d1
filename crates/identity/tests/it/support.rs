//! An installation of its own for each test.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use gantry_aws_api::iam::{self as api, Iam};
use gantry_aws_wire::{Access, Authority, AwsError, Caller, CallerKind, Context};
use gantry_base::{AccountId, ManualClock, SystemEntropy, Timestamp};
use gantry_identity::{AdminCredentials, Identity, Options};
use gantry_store::{Embedded, Store};

pub const ACCOUNT: &str = "123456789012";
pub const NOW: Timestamp = Timestamp::from_secs(1_795_341_600);
pub const ADMIN_POLICY: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
pub const ECS_TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

pub struct World {
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub identity: Identity,
    pub admin: AdminCredentials,
}

pub fn account() -> AccountId {
    ACCOUNT.parse().expect("an account")
}

pub async fn open(store: &Store, clock: &Arc<ManualClock>, checked: bool) -> Identity {
    let options = Options { clock: clock.clone(), entropy: Arc::new(SystemEntropy), checked };
    Identity::open(store.clone(), options).await.expect("opens")
}

impl World {
    pub async fn new() -> Self {
        let store = Embedded::in_memory();
        let clock = ManualClock::at(NOW);
        let identity = open(&store, &clock, true).await;
        let admin = identity.bootstrap(&account()).await.expect("bootstraps").expect("a key");
        Self { store, clock, identity, admin }
    }

    /// A call as the holder of a key makes it.
    pub async fn call(&self, key: &str, token: Option<&str>) -> Result<Context, AwsError> {
        let credential = self.identity.credential(key, token).await?;
        Ok(context(credential.caller, self.identity.now()))
    }

    pub async fn admin(&self) -> Context {
        self.call(&self.admin.access_key_id, None).await.expect("the administrator's key")
    }

    /// A user with a key and, if given, one inline policy of these statements.
    pub async fn user(&self, name: &str, statements: Option<&str>) -> Context {
        let admin = self.admin().await;
        let request = api::CreateUserRequest { user_name: name.into(), ..Default::default() };
        self.identity.create_user(&admin, request).await.expect("a user");
        if let Some(statements) = statements {
            self.grant(name, statements).await;
        }
        let request = api::CreateAccessKeyRequest { user_name: Some(name.into()) };
        let key = self.identity.create_access_key(&admin, request).await.expect("a key").access_key;
        self.call(&key.access_key_id, None).await.expect("the user's key")
    }

    pub async fn grant(&self, user: &str, statements: &str) {
        let request = api::PutUserPolicyRequest {
            user_name: user.into(),
            policy_name: "inline".into(),
            policy_document: document(statements),
        };
        self.identity.put_user_policy(&self.admin().await, request).await.expect("a policy");
    }

    pub async fn role(&self, name: &str, trust: &str) -> api::Role {
        let request = api::CreateRoleRequest {
            role_name: name.into(),
            assume_role_policy_document: trust.into(),
            ..Default::default()
        };
        self.identity.create_role(&self.admin().await, request).await.expect("a role").role
    }

    pub async fn policy(&self, name: &str, statements: &str) -> String {
        let request = api::CreatePolicyRequest {
            policy_name: name.into(),
            policy_document: document(statements),
            ..Default::default()
        };
        let made = self.identity.create_policy(&self.admin().await, request).await.expect("a policy");
        made.policy.and_then(|policy| policy.arn).expect("an ARN")
    }

    /// Whether a caller may; the message if not.
    pub async fn may(&self, call: &Context, action: &str, resource: &str) -> Result<(), String> {
        let accesses = [Access::new(action, resource)];
        self.identity.authorize(call, &accesses).await.map_err(|error| error.message)
    }
}

pub fn document(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{statements}}}"#)
}

pub fn context(caller: Arc<Caller>, now: Timestamp) -> Context {
    Context {
        request_id: "r".into(),
        account: caller.account.clone(),
        caller,
        region: "us-east-1".parse().expect("a region"),
        now,
        source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: "test".into(),
        secure_transport: false,
        host: "localhost".into(),
    }
}

pub fn root() -> Context {
    let caller = Caller {
        arn: format!("arn:aws:iam::{ACCOUNT}:root"),
        account: account(),
        user_id: ACCOUNT.into(),
        kind: CallerKind::Root,
        access_key_id: String::new(),
        session_context: Vec::new(),
        session_policies: Vec::new(),
    };
    context(Arc::new(caller), NOW)
}

/// Asserts an error's code and a part of its message.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, AwsError>, code: &str, wording: &str) {
    let error = result.expect_err(code);
    assert!(error.code == code && error.message.contains(wording), "{error} is not {code}: {wording}");
}

pub fn trust(principal: &str) -> String {
    document(&format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":["sts:AssumeRole","sts:TagSession"]}}"#))
}
