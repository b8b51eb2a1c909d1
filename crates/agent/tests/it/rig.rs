//! An agent over fakes, and what a control plane would do to it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gantry_agent::{Agent, AgentConfig};
use gantry_agent_api::*;
use gantry_base::{SystemClock, SystemEntropy, hex_id};
use gantry_store::{Embedded, KeyRange, Store, Versioned};

use crate::fakes::*;

pub const HOST: &str = "h1";
pub const WAIT: Duration = Duration::from_secs(20);

pub struct Rig {
    pub store: Store,
    pub runtime: Arc<FakeRuntime>,
    pub networking: Arc<FakeNetworking>,
    pub sink: Arc<FakeSink>,
    pub credentials: Arc<FakeCredentials>,
    pub dir: tempfile::TempDir,
}

impl Rig {
    pub fn new() -> Self {
        Self {
            store: Embedded::in_memory(),
            runtime: FakeRuntime::new(),
            networking: Arc::default(),
            sink: Arc::default(),
            credentials: Arc::default(),
            dir: tempfile::tempdir().expect("a directory"),
        }
    }

    pub fn config(&self) -> AgentConfig {
        let (sink, credentials) = (self.sink.clone(), self.credentials.clone());
        base_config(&self.store, self.dir.path(), sink, credentials, self.runtime.clone(), self.networking.clone())
    }

    pub async fn agent(&self) -> Agent {
        Agent::start(self.config()).await.expect("the agent starts")
    }

    /// Nothing of any sandbox is left.
    pub fn assert_clean(&self) {
        let alive = |s: &Arc<FakeSandbox>| !s.destroyed.load(std::sync::atomic::Ordering::SeqCst);
        assert!(!self.runtime.sandboxes.lock().values().any(alive), "a sandbox is left");
        assert!(self.networking.attached.lock().is_empty(), "an attachment is left");
        let left: Vec<_> = std::fs::read_dir(self.dir.path().join("sandboxes")).expect("a directory").collect();
        assert!(left.is_empty(), "records are left: {left:?}");
    }
}

pub fn base_config(
    store: &Store,
    dir: &Path,
    logs: Arc<dyn LogSink>,
    credentials: Arc<dyn CredentialSource>,
    runtime: Arc<dyn gantry_agent::Runtime>,
    networking: Arc<dyn gantry_agent::Networking>,
) -> AgentConfig {
    AgentConfig {
        host_id: HOST.to_owned(),
        name: "test".to_owned(),
        state_dir: dir.to_owned(),
        store: store.clone(),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        credentials,
        logs,
        runtime,
        networking,
        cpu_units: 2048,
        memory_mib: 4096,
        availability_zone: "us-east-1a".to_owned(),
        architecture: "x86_64".to_owned(),
        isolation: vec![Isolation::Namespace],
        vpc_cidr: "172.31.0.0/16".to_owned(),
        user_namespaces: true,
        inject_endpoint: None,
        max_pulls: 2,
    }
}

pub fn container(name: &str, command: &[&str]) -> ContainerSpec {
    ContainerSpec {
        name: name.to_owned(),
        arn: format!("arn:aws:ecs:us-east-1:123456789012:container/c1/t/{name}"),
        image: "app".to_owned(),
        command: Some(command.iter().map(|c| (*c).to_owned()).collect()),
        essential: true,
        stop_timeout_secs: 30,
        ..ContainerSpec::default()
    }
}

pub fn logged(mut spec: ContainerSpec, group: &str, options: &[(&str, &str)]) -> ContainerSpec {
    let mut all = BTreeMap::from([
        ("awslogs-group".to_owned(), group.to_owned()),
        ("awslogs-region".to_owned(), "us-east-1".to_owned()),
        ("awslogs-stream-prefix".to_owned(), "ecs".to_owned()),
    ]);
    all.extend(options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    spec.log = Some(LogConfiguration { driver: "awslogs".to_owned(), options: all });
    spec
}

pub fn assignment(containers: Vec<ContainerSpec>) -> Assignment {
    let id = hex_id(&SystemEntropy, 32);
    let ecs = EcsTask {
        task_arn: format!("arn:aws:ecs:us-east-1:123456789012:task/c1/{id}"),
        cluster_arn: "arn:aws:ecs:us-east-1:123456789012:cluster/c1".to_owned(),
        cluster_name: "c1".to_owned(),
        family: "app".to_owned(),
        revision: 3,
        task_definition_arn: "arn:aws:ecs:us-east-1:123456789012:task-definition/app:3".to_owned(),
        launch_type: "FARGATE".to_owned(),
        service_name: None,
        tags: BTreeMap::from([("team".to_owned(), "x".to_owned())]),
    };
    Assignment {
        sandbox_id: id,
        host_id: HOST.to_owned(),
        account: "123456789012".parse().expect("an account"),
        region: "us-east-1".parse().expect("a region"),
        desired: Desired::Running,
        created_at: now(),
        spec: SandboxSpec {
            containers,
            cpu_units: 256,
            memory_mib: 512,
            pids_limit: 1024,
            ecs: Some(ecs),
            ..SandboxSpec::default()
        },
        network: NetworkSpec {
            eni_id: "eni-0123456789abcdef0".to_owned(),
            attachment_id: "attachment".to_owned(),
            subnet_id: "subnet-1".to_owned(),
            vpc_id: "vpc-1".to_owned(),
            availability_zone: "us-east-1a".to_owned(),
            security_groups: vec!["sg-1".to_owned()],
            private_ip: Ipv4Addr::new(172, 31, 0, 7),
            subnet_cidr: "172.31.0.0/20".to_owned(),
            vpc_cidr: "172.31.0.0/16".to_owned(),
            mac: "02:00:ac:1f:00:07".to_owned(),
            private_dns_name: "ip-172-31-0-7.ec2.internal".to_owned(),
        },
        isolation: Isolation::Namespace,
    }
}

pub async fn put(store: &Store, assignment: &Assignment) {
    let key = keys::assignment(HOST, &assignment.sandbox_id);
    store.put_as(&key, assignment).await.expect("the store takes it");
}

pub async fn stop(store: &Store, assignment: &Assignment) {
    put(store, &Assignment { desired: Desired::Stopped, ..assignment.clone() }).await;
}

pub async fn remove(store: &Store, id: &str) {
    store.delete(keys::assignment(HOST, id)).await.expect("the store takes it");
}

/// Waits until the sandbox's report is as `wanted` says.
pub async fn report(store: &Store, id: &str, wanted: impl Fn(&SandboxReport) -> bool) -> SandboxReport {
    let key = keys::report(id);
    let mut watch = store.watch(KeyRange::key(key.clone()), 0).await.expect("a watch");
    let mut last = store.get_as::<SandboxReport>(&key).await.expect("the store answers").map(|v| v.value);
    let wait = async {
        loop {
            if let Some(found) = last.as_ref().filter(|r| wanted(r)) {
                return found.clone();
            }
            let batch = watch.next().await.expect("the store is open").expect("the watch goes on");
            for event in &batch.events {
                last = Versioned::decode(&event.kv).ok().map(|v| v.value);
            }
        }
    };
    match tokio::time::timeout(WAIT, wait).await {
        Ok(found) => found,
        Err(_) => {
            let last = store.get_as::<SandboxReport>(&key).await.expect("the store answers");
            panic!("the report did not come; the last is {last:#?}");
        }
    }
}

pub async fn phase(store: &Store, id: &str, phase: Phase) -> SandboxReport {
    report(store, id, |r| r.phase == phase).await
}

pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + WAIT;
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "{what} did not come about");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
