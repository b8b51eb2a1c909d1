//! The service over a store in memory, with an authority that a test opens and closes.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use gantry_aws_api::secretsmanager::{SERVICE, SecretsManagerService};
use gantry_aws_wire::{
    Access, Authority, AwsError, Caller, CallerKind, Context, Credential, Output, PageTokens, Service as _, validate,
};
use gantry_base::{Clock as _, ManualClock, SystemEntropy, Timestamp};
use gantry_secrets::{Config, Secrets, seal_key};
use gantry_store::{Embedded, KeyRange, RangeRequest, Store};
use serde_json::{Value, json};

pub const ACCOUNT: &str = "123456789012";
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Allows everything but what is in `denied`: actions, or `action resource-substring`.
#[derive(Default)]
pub struct TestAuthority {
    pub denied: Mutex<HashSet<String>>,
}

#[async_trait]
impl Authority for TestAuthority {
    async fn credential(&self, _: &str, _: Option<&str>) -> Result<Credential, AwsError> {
        Err(AwsError::sender("InvalidClientTokenId", "not used here"))
    }

    async fn authorize(&self, _: &Context, accesses: &[Access]) -> Result<(), AwsError> {
        let denied = self.denied.lock().unwrap();
        let barred = |access: &Access| {
            denied.iter().any(|rule| match rule.split_once(' ') {
                Some((action, part)) => access.action == action && access.resource.contains(part),
                None => access.action == *rule,
            })
        };
        match accesses.iter().find(|a| barred(a)) {
            Some(a) => Err(AwsError::access_denied(format!("not authorized to perform: {}", a.action))),
            None => Ok(()),
        }
    }
}

pub struct World {
    pub secrets: Arc<Secrets>,
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub authority: Arc<TestAuthority>,
}

impl World {
    pub async fn new() -> Self {
        let store = Embedded::in_memory();
        let clock = ManualClock::at(Timestamp::from_secs(1_800_000_000));
        let authority = Arc::new(TestAuthority::default());
        let secrets = Secrets::start(Config {
            store: store.clone(),
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy),
            pages: PageTokens::new(b"a key"),
            key: seal_key(&store, &SystemEntropy).await.unwrap(),
            authority: authority.clone(),
        });
        Self { secrets, store, clock, authority }
    }

    pub fn context(&self) -> Context {
        self.context_of(ACCOUNT)
    }

    pub fn context_of(&self, account: &str) -> Context {
        Context {
            request_id: "r".into(),
            caller: Arc::new(Caller {
                arn: format!("arn:aws:iam::{account}:user/dev"),
                account: account.parse().unwrap(),
                user_id: "AIDA".into(),
                kind: CallerKind::User { name: "dev".into() },
                access_key_id: "AKIA".into(),
                session_context: Vec::new(),
                session_policies: Vec::new(),
            }),
            account: account.parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            now: self.clock.now(),
            source_ip: "127.0.0.1".parse().unwrap(),
            user_agent: "test".into(),
            secure_transport: false,
            host: String::new(),
        }
    }

    /// One operation as the front end runs it: validated, authorised, called.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        self.call_as(&self.context(), operation, input).await
    }

    pub async fn call_as(&self, context: &Context, operation: &str, input: Value) -> Result<Value, AwsError> {
        let service = SecretsManagerService(self.secrets.clone());
        let schema = SERVICE.operation(operation).expect("an operation");
        validate::check(&SERVICE, schema, &input)?;
        let accesses = service.accesses(schema, &input, context).await?;
        assert!(!accesses.is_empty(), "{operation} asks for nothing");
        self.authority.authorize(context, &accesses).await?;
        match service.call(schema, input, context).await? {
            Output::Value(value) => Ok(value),
            _ => panic!("{operation} answers with a value"),
        }
    }

    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        self.call(operation, input).await.unwrap_or_else(|e| panic!("{operation}: {e}"))
    }

    /// Code and message of an operation's error.
    pub async fn error(&self, operation: &str, input: Value) -> (String, String) {
        let error = self.call(operation, input.clone()).await.expect_err(&format!("{operation} {input}"));
        (error.code, error.message)
    }

    /// Makes a secret; returns its ARN.
    pub async fn create(&self, name: &str, value: &str) -> String {
        let made = self.ok("CreateSecret", json!({ "Name": name, "SecretString": value })).await;
        made["ARN"].as_str().unwrap().to_owned()
    }

    pub async fn text(&self, id: &str) -> String {
        self.ok("GetSecretValue", json!({ "SecretId": id })).await["SecretString"].as_str().unwrap().to_owned()
    }

    pub async fn accesses(&self, operation: &str, input: Value) -> Vec<Access> {
        let schema = SERVICE.operation(operation).expect("an operation");
        let service = SecretsManagerService(self.secrets.clone());
        service.accesses(schema, &input, &self.context()).await.unwrap()
    }

    /// Every key and value of the account, as text.
    pub async fn dump(&self) -> String {
        let all = self.store.range(RangeRequest::new(KeyRange::prefix("/aws/"))).await.unwrap();
        let show = |kv: &Arc<gantry_store::KeyValue>| {
            format!("{} = {}\n", String::from_utf8_lossy(&kv.key), String::from_utf8_lossy(&kv.value))
        };
        all.kvs.iter().map(show).collect()
    }
}
