//! The agent on the real engine and network: needs root, overlayfs, cgroups, network namespaces, and Debian's
//! static busybox.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_agent::{Agent, HostNetworking, HostRuntime, OneSource};
use gantry_agent_api::*;
use gantry_base::{SystemEntropy, hex_id};
use gantry_engine::{Engine, EngineConfig, ShimCommand};
use gantry_net::dns::Upstreams;
use gantry_net::{NetConfig, Network};
use gantry_store::{Embedded, Store};

use crate::fakes::{FakeCredentials, FakeSink};
use crate::image::{BusyboxSource, busybox};
use crate::rig::*;

/// True if this host can run the tests; says so loudly if not.
pub fn able(test: &str) -> bool {
    let root = std::fs::metadata("/proc/self").is_ok_and(|m| std::os::unix::fs::MetadataExt::uid(&m) == 0);
    if !root {
        eprintln!("SKIP {test}: needs root");
        return false;
    }
    if busybox().is_none() {
        eprintln!("SKIP {test}: needs busybox (Debian package busybox-static)");
        return false;
    }
    true
}

fn shim() -> ShimCommand {
    let exe = std::env::current_exe().expect("a path");
    let exe = exe.ancestors().nth(2).expect("a target directory").join("examples/agent-shim");
    assert!(exe.exists(), "{} is built by cargo test", exe.display());
    ShimCommand { exe, args: Vec::new() }
}

/// What stays when an agent goes.
pub struct World {
    pub dir: PathBuf,
    /// Removes `dir`, unless that is somebody else's to do.
    tmp: Option<tempfile::TempDir>,
    pub instance: String,
    pub store: Store,
    sink: Arc<FakeSink>,
    pub logs: Arc<dyn LogSink>,
    credentials: Arc<FakeCredentials>,
    images: Arc<BusyboxSource>,
}

/// What is opened anew with each agent.
pub struct Host {
    pub agent: Option<Agent>,
    engine: Engine,
    network: Arc<Network>,
}

impl World {
    pub fn new() -> Self {
        let tmp = tempfile::Builder::new().prefix("gantry-agent-test").tempdir_in("/var/tmp").expect("a directory");
        let sink = Arc::new(FakeSink::default());
        sink.groups.lock().insert("/ecs/app".to_owned());
        let (dir, instance) = (tmp.path().to_owned(), hex_id(&SystemEntropy, 8));
        Self { tmp: Some(tmp), sink: sink.clone(), ..Self::at(dir, instance, Embedded::in_memory(), sink) }
    }

    /// A world that others have been in, or will be.
    pub fn at(dir: PathBuf, instance: String, store: Store, logs: Arc<dyn LogSink>) -> Self {
        let images = Arc::new(BusyboxSource::new(&dir.join("blobs")));
        Self { dir, tmp: None, instance, store, sink: Arc::default(), logs, credentials: Arc::default(), images }
    }

    pub async fn open(&self) -> Host {
        let mut config = NetConfig::new(&*self.instance, self.dir.join("net"));
        config.pool_size = 2;
        let network = Arc::new(Network::open(config).await.expect("the network opens"));
        let mut config = EngineConfig::new(self.dir.join("engine"), &*self.instance, shim());
        config.warm_shims = 0;
        let engine = Engine::open(config).await.expect("the engine opens");
        let runtime = Arc::new(HostRuntime::new(engine.clone(), Arc::new(OneSource(self.images.clone()))));
        let upstreams = Arc::new(Upstreams::fixed(Vec::new()));
        let networking = Arc::new(HostNetworking::new(network.clone(), upstreams, "us-east-1"));
        let (sink, credentials) = (self.logs.clone(), self.credentials.clone());
        let state = self.dir.join("agent");
        let config = base_config(&self.store, &state, sink, credentials, runtime, networking);
        let agent = Some(Agent::start(config).await.expect("the agent starts"));
        Host { agent, engine, network }
    }

    pub fn task(host: &Host, containers: Vec<ContainerSpec>, nth: u64) -> Assignment {
        let subnet = *gantry_net::default_subnets(host.network.vpc()).first().expect("a subnet");
        let address = subnet.nth(nth).expect("an address");
        let mut task = assignment(containers);
        task.network.private_ip = address;
        task.network.subnet_cidr = subnet.to_string();
        task.network.vpc_cidr = host.network.vpc().to_string();
        task.network.mac = format!("02:00:ac:1f:00:{nth:02x}");
        task.network.private_dns_name = gantry_net::private_dns_name(address, "us-east-1");
        task
    }

    /// Nothing is left of any sandbox; then the host itself is given back.
    pub async fn close(self, mut host: Host) {
        if let Some(agent) = host.agent.take() {
            agent.drain().await.expect("all stop");
        }
        let here = self.dir.to_str().expect("text").to_owned();
        for dir in ["engine/sandboxes", "agent/sandboxes"] {
            let left: Vec<PathBuf> =
                std::fs::read_dir(self.dir.join(dir)).expect(dir).flatten().map(|e| e.path()).collect();
            assert!(left.is_empty(), "left in {dir}: {left:?}");
        }
        assert!(host.network.recover().is_empty(), "attachments are left");
        host.engine.close().await;
        host.network.destroy().await.expect("the network goes");
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("mounts");
        let left: Vec<&str> = mounts.lines().filter(|l| l.contains(&here)).collect();
        assert!(left.is_empty(), "mounts are left: {left:?}");
        let left = processes_with(&here);
        assert!(left.is_empty(), "processes are left: {left:?}");
        drop(self.tmp);
    }
}

fn processes_with(path: &str) -> Vec<String> {
    let entries = std::fs::read_dir("/proc").expect("proc").flatten();
    let lines = entries.filter_map(|e| std::fs::read(e.path().join("cmdline")).ok());
    let texts = lines.map(|l| String::from_utf8_lossy(&l).replace('\0', " "));
    texts.filter(|l| l.contains(path)).collect()
}

pub fn shell(name: &str, script: &str) -> ContainerSpec {
    let mut spec = logged(container(name, &["sh", "-c", script]), "/ecs/app", &[]);
    spec.image = "localhost:1/app:v1".to_owned();
    spec
}

/// `CAP_SYS_RESOURCE`.
fn may_raise_limits() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let effective = status.lines().find_map(|l| l.strip_prefix("CapEff:")).expect("capabilities");
    u64::from_str_radix(effective.trim(), 16).expect("hex") >> 24 & 1 == 1
}

const ASK: &str = r#"
    echo start
    wget -q -O - $ECS_CONTAINER_METADATA_URI_V4/task || echo no-metadata
    echo
    wget -q -O - http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || echo no-credentials
    echo
    nslookup $(hostname) 169.254.169.253 >/dev/null 2>&1 && echo resolved
    nc -l -p 80 </dev/null >/dev/null 2>&1 & n=$!; sleep 0.3; kill -0 $n && echo port-80-is-free; kill $n
    cat /etc/resolv.conf
    ulimit -n
    id -u
    i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); done
    echo err >&2
    trap 'echo bye; exit 7' TERM
    while :; do sleep 0.1; done
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_task_of_two_containers_end_to_end() {
    if !able("a_task_of_two_containers_end_to_end") {
        return;
    }
    let world = World::new();
    let host = world.open().await;
    let mut db = shell("db", "touch /tmp/ready; trap 'exit 0' TERM; while :; do sleep 0.1; done");
    db.health_check = Some(HealthCheck {
        command: vec!["CMD-SHELL".to_owned(), "test -e /tmp/ready".to_owned()],
        interval_secs: 1,
        timeout_secs: 2,
        retries: 3,
        start_period_secs: 0,
    });
    let mut app = shell("app", ASK);
    app.depends_on.push(Dependency { container: "db".to_owned(), condition: DependencyCondition::Healthy });
    let mut task = World::task(&host, vec![db, app], 9);
    task.spec.task_role_arn = Some("arn:aws:iam::123456789012:role/app".to_owned());
    let id = task.sandbox_id.clone();
    put(&world.store, &task).await;
    let running = phase(&world.store, &id, Phase::Running).await;
    assert_eq!(running.containers[0].health, "HEALTHY");
    assert!(running.containers[1].started_at > running.containers[0].started_at);
    let stream = format!("/ecs/app/ecs/app/{id}");
    eventually("the output", || world.sink.lines(&stream).iter().any(|l| l == "err")).await;
    stop(&world.store, &task).await;
    let stopped = phase(&world.store, &id, Phase::Stopped).await;
    assert_eq!(stopped.containers[0].exit_code, Some(0));
    assert_eq!(stopped.containers[1].exit_code, Some(7), "the trap ran");

    let lines = world.sink.lines(&stream);
    assert_eq!(lines[0], "start");
    let doc: serde_json::Value = serde_json::from_str(&lines[1]).unwrap_or_else(|e| panic!("{e}: {:?}", &lines[..8]));
    assert_eq!(doc["TaskARN"], task.spec.ecs.as_ref().expect("ECS").task_arn);
    let (image_id, digest) = (doc["Containers"][1]["ImageID"].as_str(), stopped.containers[1].image_digest.as_deref());
    assert!(image_id.is_some_and(|id| id.starts_with("sha256:")) && image_id != digest, "{image_id:?} {digest:?}");
    assert_eq!(doc["Containers"][1]["Networks"][0]["IPv4Addresses"][0], task.network.private_ip.to_string());
    let credentials: serde_json::Value = serde_json::from_str(&lines[2]).expect("credentials");
    assert_eq!(credentials["RoleArn"], "arn:aws:iam::123456789012:role/app");
    // Fargate's limit of open files, where this host lets us set it.
    let nofile = lines.iter().find_map(|l| l.parse::<u64>().ok()).expect("a limit");
    assert!(nofile == 65_535 || nofile < 65_535 && !may_raise_limits(), "{nofile}");
    for expected in ["resolved", "port-80-is-free", "nameserver 169.254.169.253", "0"] {
        assert!(lines.iter().any(|l| l == expected), "{expected} in {:?}", &lines[3..12.min(lines.len())]);
    }
    let numbered: Vec<&String> = lines.iter().filter(|l| l.starts_with("line ")).collect();
    assert_eq!(numbered.len(), 2000);
    assert!(numbered.iter().enumerate().all(|(n, l)| **l == format!("line {n}")));
    assert_eq!(lines.last().map(String::as_str), Some("bye"));
    world.close(host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_have_their_true_reasons() {
    if !able("failures_have_their_true_reasons") {
        return;
    }
    let world = World::new();
    let host = world.open().await;
    let mut missing = shell("a", "");
    missing.command = Some(vec!["/no/such/program".to_owned()]);
    let mut hungry = shell("a", "x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done");
    hungry.memory_mib = 16;
    let mut nowhere = shell("a", "");
    nowhere.image = "localhost:1/app:nowhere".to_owned();
    for (nth, spec, code, reason, exit) in [
        (10, missing, "TaskFailedToStart", "CannotStartContainerError: ", None),
        (11, nowhere, "TaskFailedToStart", "CannotPullContainerError: ", None),
        (12, hungry, "EssentialContainerExited", "Essential container in task exited", Some(137)),
        (13, shell("a", "exit 42"), "EssentialContainerExited", "Essential container in task exited", Some(42)),
        (
            14,
            shell("a", "sh -c 'kill -SEGV $$'; exit $?"),
            "EssentialContainerExited",
            "Essential container in task exited",
            Some(139),
        ),
    ] {
        let task = World::task(&host, vec![spec], nth);
        put(&world.store, &task).await;
        let stopped = phase(&world.store, &task.sandbox_id, Phase::Stopped).await;
        assert_eq!(stopped.stop_code.as_deref(), Some(code), "{stopped:#?}");
        let why = stopped.stop_reason.clone().expect("a reason");
        assert!(why.starts_with(reason), "{why}");
        assert_eq!(stopped.containers[0].exit_code, exit, "{stopped:#?}");
        if exit == Some(137) {
            let why = stopped.containers[0].reason.as_deref();
            assert_eq!(why, Some("OutOfMemoryError: Container killed due to memory usage"));
        }
    }
    world.close(host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_outlive_the_agent() {
    if !able("tasks_outlive_the_agent") {
        return;
    }
    let world = World::new();
    let mut host = world.open().await;
    let count = "i=0; trap 'exit 0' TERM; while :; do echo \"line $i\"; i=$((i+1)); usleep 5000; done";
    let task = World::task(&host, vec![shell("a", count)], 20);
    let id = task.sandbox_id.clone();
    put(&world.store, &task).await;
    let before = phase(&world.store, &id, Phase::Running).await;
    let stream = format!("/ecs/app/ecs/a/{id}");
    for round in 1..=3_usize {
        eventually("output", || world.sink.lines(&stream).len() >= round * 50).await;
        host.agent.take().expect("an agent").shutdown().await;
        // As a killed server would: all handles go, the shim stays.
        drop(host);
        tokio::time::sleep(Duration::from_millis(200)).await;
        host = world.open().await;
    }
    let seen = world.sink.lines(&stream).len();
    eventually("more output", || world.sink.lines(&stream).len() > seen + 50).await;
    stop(&world.store, &task).await;
    let after = phase(&world.store, &id, Phase::Stopped).await;
    assert_eq!(after.containers[0].exit_code, Some(0), "it was the same process all along");
    assert_eq!(after.started_at, before.started_at);
    let lines = world.sink.lines(&stream);
    assert!(lines.iter().enumerate().all(|(n, l)| *l == format!("line {n}")), "none lost, none twice");
    world.close(host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_cached_tasks_start_at_once() {
    if !able("many_cached_tasks_start_at_once") {
        return;
    }
    let world = World::new();
    let host = world.open().await;
    let count = if std::env::var_os("GANTRY_LONG").is_some() { 100 } else { 12 };
    let sleep = "trap 'exit 0' TERM; while :; do sleep 0.2; done";
    let first = World::task(&host, vec![shell("a", sleep)], 200);
    let begun = Instant::now();
    put(&world.store, &first).await;
    phase(&world.store, &first.sandbox_id, Phase::Running).await;
    eprintln!("one task, its image pulled as well, in {:?}", begun.elapsed());
    let second = World::task(&host, vec![shell("a", sleep)], 201);
    let begun = Instant::now();
    put(&world.store, &second).await;
    phase(&world.store, &second.sandbox_id, Phase::Running).await;
    eprintln!("one task of a cached image in {:?}", begun.elapsed());
    let begun = Instant::now();
    let tasks: Vec<Assignment> = (0..count).map(|n| World::task(&host, vec![shell("a", sleep)], 30 + n)).collect();
    for task in &tasks {
        put(&world.store, task).await;
    }
    for task in &tasks {
        phase(&world.store, &task.sandbox_id, Phase::Running).await;
    }
    eprintln!("{count} tasks from assignment to RUNNING in {:?}", begun.elapsed());
    let begun = Instant::now();
    for task in &tasks {
        stop(&world.store, task).await;
    }
    for task in &tasks {
        phase(&world.store, &task.sandbox_id, Phase::Stopped).await;
    }
    eprintln!("{count} tasks stopped in {:?}", begun.elapsed());
    world.close(host).await;
}
