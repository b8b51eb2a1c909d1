//! Every modelled operation through botocore, over HTTP: what a real client sends is what the handler
//! gets, and what the handler answers is what the real client reads.

use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use gantry_aws_wire::schema::{OperationSchema, ServiceSchema};
use gantry_aws_wire::{
    Access, Authority, AwsError, Caller, CallerKind, Context, Credential, Defaults, Frontend, Limits, Output, Service,
};
use gantry_base::{SystemClock, SystemEntropy};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

use crate::SERVICES;
use crate::arbitrary::Maker;

const SCRIPT: &str = include_str!("botocore.py");
const SEED: u64 = 20_261_122;

type Seen = Arc<Mutex<HashMap<String, Value>>>;

/// Answers a repeatable output and keeps the input.
struct Echo {
    schema: &'static ServiceSchema,
    seen: Seen,
}

fn key(service: &ServiceSchema, operation: &str) -> String {
    format!("{}.{operation}", service.name)
}

#[async_trait]
impl Service for Echo {
    fn schema(&self) -> &'static ServiceSchema {
        self.schema
    }

    async fn accesses(
        &self,
        operation: &'static OperationSchema,
        _: &Value,
        _: &Context,
    ) -> Result<Vec<Access>, AwsError> {
        Ok(vec![Access::new(format!("{}:{}", self.schema.name, operation.name), "*")])
    }

    async fn call(&self, operation: &'static OperationSchema, input: Value, _: &Context) -> Result<Output, AwsError> {
        self.seen.lock().expect("not poisoned").insert(key(self.schema, operation.name), input);
        if operation.event_stream {
            let (sender, receiver) = tokio::sync::mpsc::channel(4);
            for (name, value) in [
                ("sessionStart", json!({"sessionId": "s-1", "requestId": "r-1"})),
                ("sessionUpdate", json!({"sessionResults": [{"message": "hello", "timestamp": 5}]})),
            ] {
                sender.send((name, value)).await.map_err(|_| AwsError::receiver("x", "closed"))?;
            }
            return Ok(Output::Events(receiver));
        }
        Ok(Output::Value(Maker::new(self.schema, SEED).root(operation.output)))
    }
}

struct OneKey;

#[async_trait]
impl Authority for OneKey {
    async fn credential(&self, access_key_id: &str, _: Option<&str>) -> Result<Credential, AwsError> {
        if access_key_id != "AKIAIOSFODNN7EXAMPLE" {
            return Err(AwsError::sender(
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            ));
        }
        let caller = Caller {
            arn: "arn:aws:iam::123456789012:user/x".into(),
            account: "123456789012".parse().expect("an account"),
            user_id: "AIDAEXAMPLE".into(),
            kind: CallerKind::User { name: "x".into() },
            access_key_id: access_key_id.into(),
            session_context: Vec::new(),
            session_policies: Vec::new(),
        };
        Ok(Credential { secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(), caller: Arc::new(caller) })
    }

    async fn authorize(&self, context: &Context, accesses: &[Access]) -> Result<(), AwsError> {
        if context.user_agent.contains("denied-agent") {
            let action = &accesses[0].action;
            return Err(AwsError::access_denied(format!(
                "User: {} is not authorized to perform: {action}",
                context.caller.arn
            )));
        }
        Ok(())
    }
}

async fn serve(seen: Seen) -> u16 {
    let services: Vec<Arc<dyn Service>> =
        SERVICES.iter().map(|schema| Arc::new(Echo { schema, seen: seen.clone() }) as Arc<dyn Service>).collect();
    let defaults = Defaults {
        account: "123456789012".parse().expect("an account"),
        region: "us-east-1".parse().expect("a region"),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        limits: Limits::default(),
    };
    let frontend = Frontend::new(services, Arc::new(OneKey), defaults);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let frontend = frontend.clone();
            tokio::spawn(async move {
                let answer = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let frontend = frontend.clone();
                    async move {
                        let (parts, body) = request.into_parts();
                        assert!(frontend.claims(&parts), "{parts:?}");
                        Ok::<_, std::convert::Infallible>(frontend.handle(parts, body, peer, false).await)
                    }
                });
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                drop(server.serve_connection(TokioIo::new(stream), answer).await);
            });
        }
    });
    port
}

fn has_botocore() -> bool {
    let found = Command::new("python3").args(["-c", "import botocore"]).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

#[tokio::test(flavor = "multi_thread")]
async fn botocore_and_the_wire_agree_on_every_operation() {
    if !has_botocore() {
        eprintln!("SKIP botocore_and_the_wire_agree_on_every_operation: python3 has no botocore");
        return;
    }
    let seen = Seen::default();
    let port = serve(seen.clone()).await;
    let mut calls = Vec::new();
    for service in SERVICES {
        for operation in service.operations.iter().filter(|o| o.modelled) {
            let input = Maker::new(service, SEED).root(operation.input);
            calls.push(json!({"service": service.name, "operation": operation.name, "input": valid_enough(service, operation, input)}));
        }
    }
    let order = json!({"endpoint": format!("http://127.0.0.1:{port}"), "calls": calls});
    let done = tokio::task::spawn_blocking(move || python(&order)).await.expect("the client's thread");
    let results = done["results"].as_array().expect("results");
    let mut agreed = 0;
    for result in results {
        let (service, operation) =
            (result["service"].as_str().expect("text"), result["operation"].as_str().expect("text"));
        let schema = SERVICES.iter().find(|s| s.name == service).expect("a service");
        let op = schema.operation(operation).expect("an operation");
        if let Some(error) = result["error"].as_str() {
            panic!("{service} {operation}: {error}");
        }
        let got = seen.lock().expect("not poisoned").remove(&key(schema, operation)).expect("the handler was called");
        assert_eq!(got, result["sent"], "{service} {operation}: input");
        let answered = Maker::new(schema, SEED).root(op.output);
        if op.event_stream {
            assert_eq!(result["events"], json!(["sessionStart", "sessionUpdate"]));
        } else {
            assert_eq!(prune(&answered, &result["received"]), result["received"], "{service} {operation}: output");
            agreed += usize::from(answered == result["received"]);
        }
    }
    println!("{} operations called, {agreed} outputs equal to the last member", results.len());
    assert!(results.len() > 200 && agreed * 10 > results.len() * 9, "{} called, {agreed} equal", results.len());
    for refusal in done["refusals"].as_array().expect("refusals") {
        let told = |name: &str| refusal[name].as_str().unwrap_or_default().to_owned();
        println!("{refusal}");
        assert_eq!(told("expected"), told("got"), "{refusal}");
    }
    assert_eq!(done["refusals"].as_array().map(Vec::len), Some(16));
}

/// The installed client may be older than the models: what it does not know, it does not say.
fn prune(ours: &Value, theirs: &Value) -> Value {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.iter().filter_map(|(k, v)| Some((k.clone(), prune(v, theirs.get(k)?)))).collect()
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            ours.iter().zip(theirs).map(|(a, b)| prune(a, b)).collect()
        }
        _ => ours.clone(),
    }
}

/// Takes out what the model's constraints forbid, so that the call reaches its handler.
fn valid_enough(service: &'static ServiceSchema, operation: &'static OperationSchema, input: Value) -> Value {
    crate::arbitrary::valid(service, operation.input, input)
}

fn python(order: &Value) -> Value {
    let mut child = Command::new("python3")
        .args(["-c", SCRIPT])
        .env_remove("AWS_PROFILE")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3");
    let mut stdin = child.stdin.take().expect("standard input");
    stdin.write_all(order.to_string().as_bytes()).expect("the order is read");
    drop(stdin);
    let done = child.wait_with_output().expect("python3 ends");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).expect("JSON from the client")
}
