//! A service over a temporary folder and a store in memory.

use std::path::Path;
use std::sync::Arc;

use gantry_aws_api::logs::{LogsService, SERVICE};
use gantry_aws_wire::{AwsError, Caller, CallerKind, Context, Output, PageTokens, Service as _, validate};
use gantry_base::{Clock as _, ManualClock, SystemEntropy, Timestamp};
use gantry_logs::{Config, Logs};
use gantry_store::{Embedded, Store};
use serde_json::{Value, json};

pub const NOW_MS: i64 = 1_795_341_600_000;

pub struct World {
    pub folder: tempfile::TempDir,
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub logs: Arc<Logs>,
}

pub fn caller() -> Caller {
    Caller {
        arn: "arn:aws:iam::123456789012:root".into(),
        account: "123456789012".parse().expect("an account"),
        user_id: "123456789012".into(),
        kind: CallerKind::Root,
        access_key_id: String::new(),
        session_context: Vec::new(),
        session_policies: Vec::new(),
    }
}

pub async fn open(folder: &Path, store: &Store, clock: &Arc<ManualClock>) -> Arc<Logs> {
    let config = Config {
        data_dir: folder.to_owned(),
        store: store.clone(),
        clock: clock.clone(),
        entropy: Arc::new(SystemEntropy),
        pages: PageTokens::new(b"a key"),
    };
    Logs::open(config).await.expect("opened")
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Embedded::in_memory();
        let clock = ManualClock::at(Timestamp::from_millis(NOW_MS));
        let logs = open(folder.path(), &store, &clock).await;
        Self { folder, store, clock, logs }
    }

    /// With a group `g` and a stream `s`.
    pub async fn with_stream() -> Self {
        let world = Self::new().await;
        world.ok("CreateLogGroup", json!({"logGroupName": "g"})).await;
        world.ok("CreateLogStream", json!({"logGroupName": "g", "logStreamName": "s"})).await;
        world
    }

    /// As after a restart of the process.
    pub async fn reopen(&mut self) {
        self.logs = open(self.folder.path(), &self.store, &self.clock).await;
    }

    pub fn context(&self) -> Context {
        let caller = caller();
        Context {
            request_id: "r".into(),
            account: caller.account.clone(),
            caller: Arc::new(caller),
            region: "us-east-1".parse().expect("a region"),
            now: self.clock.now(),
            source_ip: "127.0.0.1".parse().expect("an address"),
            user_agent: String::new(),
            secure_transport: false,
            host: String::new(),
        }
    }

    pub async fn answer(&self, operation: &str, input: Value) -> Result<Output, AwsError> {
        let service = LogsService(self.logs.clone());
        let operation = SERVICE.operation(operation).expect("an operation");
        validate::check(&SERVICE, operation, &input)?;
        service.call(operation, input, &self.context()).await
    }

    pub async fn ask(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        match self.answer(operation, input).await? {
            Output::Value(value) => Ok(value),
            _ => panic!("not a value"),
        }
    }

    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        self.ask(operation, input).await.unwrap_or_else(|e| panic!("{operation}: {e}"))
    }

    pub async fn accesses(&self, operation: &str, input: Value) -> Vec<gantry_aws_wire::Access> {
        let operation = SERVICE.operation(operation).expect("an operation");
        LogsService(self.logs.clone()).accesses(operation, &input, &self.context()).await.expect("accesses")
    }

    /// Puts messages with these times relative to now.
    pub async fn put(&self, stream: &str, events: &[(i64, &str)]) -> Value {
        let events: Vec<Value> =
            events.iter().map(|(at, m)| json!({"timestamp": self.clock.now().millis() + at, "message": m})).collect();
        self.ok("PutLogEvents", json!({"logGroupName": "g", "logStreamName": stream, "logEvents": events})).await
    }
}

pub fn messages(answer: &Value) -> Vec<String> {
    let events = answer["events"].as_array().expect("events");
    events.iter().map(|e| e["message"].as_str().expect("text").to_owned()).collect()
}
