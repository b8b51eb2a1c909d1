//! A stack of its own for each test.

use std::sync::Arc;
use std::time::Duration;

use gantry_agent_api::{
    ContainerReport, Desired, EnvironmentRequest, Isolation, NetworkSpec, Phase, Placement, SandboxReport, keys,
};
use gantry_aws_api::ecs as model;
use gantry_aws_api::ecs::Ecs;
use gantry_aws_wire::{AwsError, Caller, CallerKind, Context, PageTokens, Shape as _};
use gantry_base::{Clock as _, ManualClock, SeededEntropy, Timestamp};
use gantry_ecs::{Dependencies, EcsApi};
use gantry_store::{Embedded, Store};
use serde_json::{Value, json};

/// Nothing here takes a second; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);
pub const EXECUTION_ROLE: &str = "arn:aws:iam::123456789012:role/exec";

pub struct Stack {
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub api: Arc<EcsApi>,
}

impl Stack {
    pub async fn new() -> Self {
        Self::over(Embedded::in_memory(), ManualClock::at(Timestamp::from_secs(1_800_000_000))).await
    }

    pub async fn over(store: Store, clock: Arc<ManualClock>) -> Self {
        let api = EcsApi::start(Dependencies {
            store: store.clone(),
            clock: clock.clone(),
            entropy: SeededEntropy::new(store.revision().await.expect("a revision") + 1),
            pages: PageTokens::new(&[7; 32]),
        })
        .await
        .expect("the api starts");
        Self { store, clock, api }
    }

    pub fn context(&self) -> Context {
        let account: gantry_base::AccountId = "123456789012".parse().expect("an account");
        Context {
            request_id: "r".to_owned(),
            caller: Arc::new(Caller {
                arn: format!("arn:aws:iam::{account}:user/u"),
                account: account.clone(),
                user_id: "AIDA".to_owned(),
                kind: CallerKind::User { name: "u".to_owned() },
                access_key_id: String::new(),
                session_context: Vec::new(),
                session_policies: Vec::new(),
            }),
            account,
            region: "us-east-1".parse().expect("a region"),
            now: self.clock.now(),
            source_ip: [127, 0, 0, 1].into(),
            user_agent: String::new(),
            secure_transport: false,
            host: "localhost:4566".to_owned(),
        }
    }

    /// Calls as the wire does, by name and with JSON.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        use gantry_aws_wire::{Output, Service as _};
        let service = model::EcsService(self.api.clone());
        let operation = service.schema().operation(operation).expect("an operation of the model");
        match service.call(operation, input, &self.context()).await? {
            Output::Value(value) => Ok(value),
            Output::Json(bytes) => Ok(serde_json::from_slice(&bytes).expect("JSON")),
            Output::Events(_) => panic!("no events in ECS"),
        }
    }

    pub async fn ok(&self, operation: &str, input: Value) -> Value {
        self.call(operation, input).await.unwrap_or_else(|e| panic!("{operation}: {e}"))
    }

    /// Code and message of the refusal.
    pub async fn refused(&self, operation: &str, input: Value) -> (String, String) {
        match self.call(operation, input).await {
            Err(error) => (error.code, error.message),
            Ok(answer) => panic!("{operation} answered {answer}"),
        }
    }

    /// A cluster `c1` and a task definition `app:1`.
    pub async fn with_app() -> Self {
        let stack = Self::new().await;
        stack.ok("CreateCluster", json!({"clusterName": "c1"})).await;
        stack.ok("RegisterTaskDefinition", app()).await;
        stack
    }

    pub async fn run(&self, more: Value) -> Vec<String> {
        let answer = self.ok("RunTask", run_input(more)).await;
        let tasks = answer["tasks"].as_array().expect("tasks");
        tasks.iter().map(|t| t["taskArn"].as_str().expect("an arn").to_owned()).collect()
    }

    pub async fn describe(&self, arn: &str) -> Value {
        let answer = self.ok("DescribeTasks", json!({"cluster": "c1", "tasks": [arn], "include": ["TAGS"]})).await;
        answer["tasks"][0].clone()
    }

    /// Waits until the task satisfies `holds`, and returns it.
    pub async fn until(&self, arn: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let waiting = async {
            loop {
                let task = self.describe(arn).await;
                if holds(&task) {
                    return task;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        match tokio::time::timeout(PATIENCE, waiting).await {
            Ok(task) => task,
            Err(elapsed) => panic!("{elapsed}: never {what}: {}", self.describe(arn).await),
        }
    }

    pub async fn status(&self, arn: &str, status: &str) -> Value {
        self.until(arn, status, |t| t["lastStatus"] == status).await
    }

    pub async fn environment(&self, arn: &str) -> EnvironmentRequest {
        let key = keys::environment(id_of(arn));
        self.store.get_as(&key).await.expect("a read").expect("an environment").value
    }

    pub async fn has_environment(&self, arn: &str) -> bool {
        self.store.get(keys::environment(id_of(arn))).await.expect("a read").is_some()
    }

    /// What Fargate's controller would write.
    pub async fn place(&self, arn: &str) {
        let now = self.clock.now();
        let key = keys::environment(id_of(arn));
        self.store
            .update::<EnvironmentRequest, gantry_store::Error, _>(&key, |found| {
                let mut request = found.expect("an environment");
                request.placement = Some(Placement::Placed {
                    host_id: "h1".to_owned(),
                    network: network(),
                    isolation: Isolation::Namespace,
                    placed_at: now,
                });
                Ok(Some(request))
            })
            .await
            .expect("placed");
    }

    pub async fn refuse(&self, arn: &str, reason: &str) {
        let key = keys::environment(id_of(arn));
        self.store
            .update::<EnvironmentRequest, gantry_store::Error, _>(&key, |found| {
                let mut request = found.expect("an environment");
                request.placement = Some(Placement::Refused { reason: reason.to_owned() });
                Ok(Some(request))
            })
            .await
            .expect("refused");
    }

    /// What the host's agent would write.
    pub async fn report(&self, report: &SandboxReport) {
        self.store.put_as(&keys::report(&report.sandbox_id), report).await.expect("reported");
    }

    /// Placed, pulled and running.
    pub async fn start(&self, arn: &str) -> SandboxReport {
        self.place(arn).await;
        let now = self.clock.now();
        let mut report = blank_report(arn);
        report.connected_at = Some(now);
        report.pull_started_at = Some(now);
        report.pull_stopped_at = Some(now.plus_ms(10));
        report.started_at = Some(now.plus_ms(20));
        report.phase = Phase::Running;
        report.containers = vec![container("web", "RUNNING", None)];
        self.report(&report).await;
        self.status(arn, "RUNNING").await;
        report
    }

    /// The agent has stopped everything.
    pub async fn finish(&self, mut report: SandboxReport, exit_code: i32) {
        let now = self.clock.now();
        report.phase = Phase::Stopped;
        report.stopping_at = Some(now);
        report.execution_stopped_at = Some(now);
        report.stopped_at = Some(now);
        report.containers = vec![container("web", "STOPPED", Some(exit_code))];
        self.report(&report).await;
    }

    pub async fn desired(&self, arn: &str) -> Desired {
        self.environment(arn).await.desired
    }
}

pub fn id_of(arn: &str) -> &str {
    arn.rsplit('/').next().expect("an id")
}

pub fn network() -> NetworkSpec {
    NetworkSpec {
        eni_id: "eni-0123456789abcdef0".to_owned(),
        attachment_id: "attachment".to_owned(),
        subnet_id: "subnet-0123456789abcdef0".to_owned(),
        vpc_id: "vpc-0123456789abcdef0".to_owned(),
        availability_zone: "us-east-1a".to_owned(),
        security_groups: vec!["sg-0123456789abcdef0".to_owned()],
        private_ip: [172, 31, 0, 7].into(),
        subnet_cidr: "172.31.0.0/20".to_owned(),
        vpc_cidr: "172.31.0.0/16".to_owned(),
        mac: "02:00:ac:1f:00:07".to_owned(),
        private_dns_name: "ip-172-31-0-7.ec2.internal".to_owned(),
    }
}

pub fn blank_report(arn: &str) -> SandboxReport {
    SandboxReport {
        sandbox_id: id_of(arn).to_owned(),
        host_id: "h1".to_owned(),
        phase: Phase::Pending,
        connected_at: None,
        pull_started_at: None,
        pull_stopped_at: None,
        started_at: None,
        stopping_at: None,
        execution_stopped_at: None,
        stopped_at: None,
        stop_code: None,
        stop_reason: None,
        containers: Vec::new(),
    }
}

pub fn container(name: &str, status: &str, exit_code: Option<i32>) -> ContainerReport {
    ContainerReport {
        name: name.to_owned(),
        status: status.to_owned(),
        runtime_id: "runtime-1".to_owned(),
        image_digest: Some("sha256:aa".to_owned()),
        exit_code,
        health: "UNKNOWN".to_owned(),
        ..ContainerReport::default()
    }
}

pub fn app() -> Value {
    json!({
        "family": "app",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": EXECUTION_ROLE,
        "containerDefinitions": [{
            "name": "web",
            "image": "busybox",
            "command": ["sleep", "1000"],
            "portMappings": [{"containerPort": 80}],
            "environment": [{"name": "A", "value": "1"}],
        }],
    })
}

pub fn network_configuration() -> Value {
    json!({"awsvpcConfiguration": {"subnets": ["subnet-0123456789abcdef0"], "securityGroups": ["sg-0123456789abcdef0"]}})
}

/// A good RunTask request with `more` on top.
pub fn run_input(more: Value) -> Value {
    let mut input = json!({
        "cluster": "c1",
        "taskDefinition": "app",
        "launchType": "FARGATE",
        "networkConfiguration": network_configuration(),
    });
    merge(&mut input, more);
    input
}

/// Members of `more` replace those of `base`; null takes one away.
pub fn merge(base: &mut Value, more: Value) {
    let (Some(base), Value::Object(more)) = (base.as_object_mut(), more) else { return };
    for (name, value) in more {
        if value.is_null() {
            base.remove(&name);
        } else {
            base.insert(name, value);
        }
    }
}

/// The typed answer must say the same as the rendered one.
pub async fn typed_describe(stack: &Stack, arns: &[String]) -> Value {
    let input = model::DescribeTasksRequest {
        cluster: Some("c1".to_owned()),
        tasks: arns.to_vec(),
        include: Some(vec!["TAGS".to_owned()]),
    };
    stack.api.describe_tasks(&stack.context(), input).await.expect("an answer").to_value()
}
