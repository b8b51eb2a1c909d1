//! A runtime, a network, a log sink and a credential source that live in memory and can outlive an agent.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_agent::*;
use gantry_agent_api::{CredentialSource, LogEvent, LogSink, NetworkSpec, RoleCredentials, ServiceError};
use gantry_base::{AccountId, Clock, Region, SystemClock, Timestamp};
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

pub fn now() -> Timestamp {
    SystemClock.now()
}

#[derive(Default)]
pub struct FakeRuntime {
    pub sandboxes: Mutex<HashMap<String, Arc<FakeSandbox>>>,
    /// Image, how long its pull takes. `slow` ones are not cached.
    pub images: Mutex<BTreeMap<String, Duration>>,
    pub cached: Mutex<HashSet<String>>,
    pub pulling: AtomicUsize,
    pub most_pulling: AtomicUsize,
}

impl FakeRuntime {
    pub fn new() -> Arc<Self> {
        let fake = Self::default();
        fake.images.lock().insert("app".to_owned(), Duration::ZERO);
        fake.cached.lock().insert("app".to_owned());
        Arc::new(fake)
    }

    pub fn sandbox(&self, id: &str) -> Option<Arc<FakeSandbox>> {
        self.sandboxes.lock().get(id).cloned()
    }
}

fn image(name: &str) -> PulledImage {
    PulledImage {
        reference: name.to_owned(),
        digest: format!("sha256:{name}"),
        image_id: format!("sha256:config-of-{name}"),
        stop_signal: None,
    }
}

#[async_trait]
impl Runtime for FakeRuntime {
    async fn cached(&self, request: &PullRequest) -> RuntimeResult<Option<PulledImage>> {
        Ok(self.cached.lock().contains(&request.image).then(|| image(&request.image)))
    }

    async fn pull(&self, request: &PullRequest) -> RuntimeResult<PulledImage> {
        let delay = self.images.lock().get(&request.image).copied();
        let Some(delay) = delay else {
            return Err(RuntimeError::not_found(format!("failed to resolve reference \"{}\"", request.image)));
        };
        let many = self.pulling.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_pulling.fetch_max(many, Ordering::SeqCst);
        tokio::time::sleep(delay).await;
        self.pulling.fetch_sub(1, Ordering::SeqCst);
        Ok(image(&request.image))
    }

    async fn create_sandbox(&self, setup: SandboxSetup) -> RuntimeResult<Arc<dyn SandboxHandle>> {
        let sandbox = Arc::new(FakeSandbox { setup: setup.clone(), ..FakeSandbox::new(&setup) });
        self.sandboxes.lock().insert(setup.id, sandbox.clone());
        Ok(Arc::new(Handle(sandbox)))
    }

    async fn recover(&self) -> RuntimeResult<Vec<Arc<dyn SandboxHandle>>> {
        let all = self.sandboxes.lock();
        let left = all.values().filter(|s| !s.destroyed.load(Ordering::SeqCst));
        Ok(left.map(|s| Arc::new(Handle(s.clone())) as Arc<dyn SandboxHandle>).collect())
    }
}

pub struct FakeContainer {
    pub setup: ContainerSetup,
    state: Mutex<ContainerState>,
    started_at: Mutex<Option<Timestamp>>,
    finished_at: Mutex<Option<Timestamp>>,
    lines: Mutex<Vec<(Timestamp, Bytes)>>,
    grew: watch::Sender<(usize, bool)>,
    pub acked: AtomicU64,
    pub probes: AtomicUsize,
    pub healthy: AtomicBool,
    pub signals: Mutex<Vec<i32>>,
}

pub struct FakeSandbox {
    pub setup: SandboxSetup,
    pub containers: Mutex<BTreeMap<String, Arc<FakeContainer>>>,
    listeners: Mutex<Vec<mpsc::Sender<RuntimeEvent>>>,
    pub destroyed: AtomicBool,
}

impl FakeSandbox {
    fn new(setup: &SandboxSetup) -> Self {
        Self {
            setup: setup.clone(),
            containers: Mutex::default(),
            listeners: Mutex::default(),
            destroyed: AtomicBool::new(false),
        }
    }

    fn tell(&self, event: &RuntimeEvent) {
        self.listeners.lock().retain(|l| l.try_send(event.clone()).is_ok());
    }

    pub fn container(&self, name: &str) -> Arc<FakeContainer> {
        self.containers.lock().get(name).cloned().unwrap_or_else(|| panic!("no container {name}"))
    }

    pub fn write(&self, name: &str, line: &str) {
        let container = self.container(name);
        container.lines.lock().push((now(), Bytes::copy_from_slice(line.as_bytes())));
        container.grew.send_modify(|g| g.0 += 1);
    }

    pub fn exit(&self, name: &str, code: i32, oom: bool) {
        let container = self.container(name);
        {
            let mut state = container.state.lock();
            if *state != ContainerState::Running {
                return;
            }
            *state = ContainerState::Exited { code, oom };
            *container.finished_at.lock() = Some(now());
        }
        container.grew.send_modify(|g| g.1 = true);
        self.tell(&RuntimeEvent::Exited { container: name.to_owned(), code, oom, at: now() });
    }

    /// As if the shim had been killed.
    pub fn lose(&self) {
        self.tell(&RuntimeEvent::Lost { reason: "the shim was killed".to_owned() });
    }
}

struct Handle(Arc<FakeSandbox>);

#[async_trait]
impl SandboxHandle for Handle {
    fn id(&self) -> String {
        self.0.setup.id.clone()
    }

    fn lost(&self) -> Option<String> {
        None
    }

    async fn create_container(&self, setup: ContainerSetup) -> RuntimeResult<()> {
        if setup.spec.command.as_deref() == Some(&["missing".to_owned()]) {
            return Err(RuntimeError::new("exec: \"missing\": executable file not found in $PATH"));
        }
        let name = setup.spec.name.clone();
        let container = FakeContainer {
            setup,
            state: Mutex::new(ContainerState::Created),
            started_at: Mutex::default(),
            finished_at: Mutex::default(),
            lines: Mutex::default(),
            grew: watch::Sender::new((0, false)),
            acked: AtomicU64::new(0),
            probes: AtomicUsize::new(0),
            healthy: AtomicBool::new(true),
            signals: Mutex::default(),
        };
        self.0.containers.lock().insert(name, Arc::new(container));
        Ok(())
    }

    async fn start(&self, name: &str) -> RuntimeResult<()> {
        let container = self.0.container(name);
        *container.state.lock() = ContainerState::Running;
        *container.started_at.lock() = Some(now());
        self.0.tell(&RuntimeEvent::Started { container: name.to_owned(), at: now() });
        let command = container.setup.spec.command.clone().unwrap_or_default();
        if let [verb, code] = command.as_slice()
            && verb == "exit"
        {
            self.0.exit(name, code.parse().expect("a code"), false);
        }
        Ok(())
    }

    async fn kill(&self, name: &str, signal: i32) -> RuntimeResult<()> {
        let container = self.0.container(name);
        container.signals.lock().push(signal);
        let deaf = container.setup.spec.command.as_deref() == Some(&["deaf".to_owned()]);
        if !deaf || signal == 9 {
            self.0.exit(name, 128 + signal, false);
        }
        Ok(())
    }

    async fn exec(&self, name: &str, _: Vec<String>, _: Duration) -> ExecOutcome {
        let container = self.0.container(name);
        container.probes.fetch_add(1, Ordering::SeqCst);
        ExecOutcome::Exited { code: i32::from(!container.healthy.load(Ordering::SeqCst)) }
    }

    async fn stats(&self, _: &str) -> RuntimeResult<ContainerStats> {
        Ok(ContainerStats { cpu_total_ns: 5, memory_bytes: 4096, pids: 1, ..ContainerStats::default() })
    }

    async fn events(&self) -> RuntimeResult<mpsc::Receiver<RuntimeEvent>> {
        let (sender, receiver) = mpsc::channel(64);
        self.0.listeners.lock().push(sender);
        Ok(receiver)
    }

    async fn truth(&self) -> RuntimeResult<Vec<ContainerTruth>> {
        let all = self.0.containers.lock();
        let truth = |(name, c): (&String, &Arc<FakeContainer>)| ContainerTruth {
            name: name.clone(),
            state: *c.state.lock(),
            reason: None,
            image: None,
            created_at: None,
            started_at: *c.started_at.lock(),
            finished_at: *c.finished_at.lock(),
        };
        Ok(all.iter().map(truth).collect())
    }

    async fn logs(&self, name: &str, from: u64) -> RuntimeResult<Box<dyn LogSource>> {
        let container = self.0.container(name);
        let grew = container.grew.subscribe();
        Ok(Box::new(FakeLog { container, at: from as usize, grew }))
    }

    async fn destroy(&self) -> RuntimeResult<()> {
        self.0.destroyed.store(true, Ordering::SeqCst);
        Ok(())
    }
}

struct FakeLog {
    container: Arc<FakeContainer>,
    at: usize,
    grew: watch::Receiver<(usize, bool)>,
}

#[async_trait]
impl LogSource for FakeLog {
    async fn next(&mut self, max: usize) -> RuntimeResult<Vec<LogPiece>> {
        let at = self.at;
        let (_, ended) = *self.grew.wait_for(|g| g.0 > at || g.1).await.expect("the container lives");
        let lines = self.container.lines.lock();
        let taken: Vec<LogPiece> = (lines.iter().enumerate().skip(self.at).take(max))
            .map(|(n, (at, bytes))| LogPiece {
                at: *at,
                bytes: bytes.clone(),
                stderr: false,
                ends_line: true,
                next_offset: n as u64 + 1,
            })
            .collect();
        assert!(ended || !taken.is_empty());
        self.at += taken.len();
        Ok(taken)
    }

    async fn ack(&mut self, offset: u64) -> RuntimeResult<()> {
        self.container.acked.fetch_max(offset, Ordering::SeqCst);
        Ok(())
    }
}

#[derive(Default)]
pub struct FakeNetworking {
    pub attached: Mutex<HashMap<String, NetworkSpec>>,
    /// Where each sandbox's endpoint can be reached by the test.
    pub endpoints: Mutex<HashMap<String, SocketAddr>>,
    pub fails: AtomicBool,
}

#[async_trait]
impl Networking for FakeNetworking {
    async fn attach(&self, id: &str, network: &NetworkSpec) -> RuntimeResult<Attached> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(RuntimeError::new("unable to create network namespace"));
        }
        self.attached.lock().insert(id.to_owned(), network.clone());
        Ok(Attached { netns: None, gateway: Ipv4Addr::new(172, 31, 0, 1), prefix_len: 20 })
    }

    async fn detach(&self, id: &str) -> RuntimeResult<()> {
        self.attached.lock().remove(id);
        Ok(())
    }

    async fn attached(&self) -> RuntimeResult<Vec<String>> {
        Ok(self.attached.lock().keys().cloned().collect())
    }

    async fn listen_tcp(&self, id: &str, _: SocketAddrV4) -> RuntimeResult<tokio::net::TcpListener> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        self.endpoints.lock().insert(id.to_owned(), listener.local_addr().expect("an address"));
        Ok(listener)
    }

    async fn serve_dns(
        &self,
        _: &str,
        _: SocketAddrV4,
        _: Vec<(String, Ipv4Addr)>,
    ) -> RuntimeResult<Box<dyn std::any::Any + Send + Sync>> {
        Ok(Box::new(()))
    }
}

/// Streams by `group/stream`.
#[derive(Default)]
pub struct FakeSink {
    pub groups: Mutex<HashSet<String>>,
    pub streams: Mutex<BTreeMap<String, Vec<String>>>,
    next: Mutex<HashMap<String, u64>>,
    pub batches: AtomicUsize,
    /// While set, batches are taken but the answer is an error, as when the connection breaks.
    pub answers_lost: AtomicBool,
    pub down: AtomicBool,
}

impl FakeSink {
    pub fn lines(&self, stream: &str) -> Vec<String> {
        self.streams.lock().get(stream).cloned().unwrap_or_default()
    }
}

fn unavailable() -> ServiceError {
    ServiceError { code: "ServiceUnavailableException".to_owned(), message: "down".to_owned(), retryable: true }
}

#[async_trait]
impl LogSink for FakeSink {
    async fn open_stream(
        &self,
        _: &AccountId,
        _: &Region,
        group: &str,
        stream: &str,
        create_group: bool,
    ) -> Result<(), ServiceError> {
        if create_group {
            self.groups.lock().insert(group.to_owned());
        }
        if !self.groups.lock().contains(group) {
            return Err(ServiceError {
                code: "ResourceNotFoundException".to_owned(),
                message: "The specified log group does not exist.".to_owned(),
                retryable: false,
            });
        }
        self.streams.lock().entry(format!("{group}/{stream}")).or_default();
        Ok(())
    }

    async fn append(
        &self,
        _: &AccountId,
        _: &Region,
        group: &str,
        stream: &str,
        sequence: u64,
        events: Vec<LogEvent>,
    ) -> Result<(), ServiceError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(unavailable());
        }
        let key = format!("{group}/{stream}");
        let mut next = self.next.lock();
        let next = next.entry(key.clone()).or_default();
        assert!(sequence <= *next, "batch {sequence} after {next}");
        if sequence == *next {
            *next += 1;
            self.batches.fetch_add(1, Ordering::SeqCst);
            let text = events.iter().map(|e| String::from_utf8_lossy(&e.message).into_owned());
            self.streams.lock().entry(key).or_default().extend(text);
        }
        if self.answers_lost.load(Ordering::SeqCst) { Err(unavailable()) } else { Ok(()) }
    }
}

#[derive(Default)]
pub struct FakeCredentials {
    pub asked: AtomicUsize,
    pub life_ms: AtomicU64,
}

#[async_trait]
impl CredentialSource for FakeCredentials {
    async fn role_credentials(
        &self,
        _: &AccountId,
        role_arn: &str,
        session: &str,
    ) -> Result<RoleCredentials, ServiceError> {
        let n = self.asked.fetch_add(1, Ordering::SeqCst);
        let life_ms = match self.life_ms.load(Ordering::SeqCst) {
            0 => 3_600_000,
            life => life as i64,
        };
        Ok(RoleCredentials {
            access_key_id: format!("ASIA{n:016}"),
            secret_access_key: "secret".to_owned(),
            session_token: session.to_owned(),
            expires_at: now().plus_ms(life_ms),
            role_arn: role_arn.to_owned(),
        })
    }
}
