//! What the agent asks of a container engine: no more than this, so that a fake can stand in for it in
//! tests and simulations.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_agent_api::{ContainerSpec, NetworkSpec};
use gantry_base::{AccountId, Region, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Why the runtime or the network refused; the text is the tail of an ECS reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RuntimeError {
    pub message: String,
    /// Trying the same thing again may help.
    pub retryable: bool,
    /// What was asked for is not there (any more).
    pub not_found: bool,
}

impl RuntimeError {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), retryable: false, not_found: false }
    }

    pub fn retryable(message: impl Into<String>) -> Self {
        Self { message: message.into(), retryable: true, not_found: false }
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self { message: message.into(), retryable: false, not_found: true }
    }
}

pub type RuntimeResult<T> = Result<T, RuntimeError>;

/// An image to pull, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// As the user wrote it.
    pub image: String,
    pub account: AccountId,
    pub region: Region,
    pub execution_role_arn: Option<String>,
}

/// A pulled image, ready to start containers from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PulledImage {
    /// The reference that was pulled, as the user wrote it.
    pub reference: String,
    /// The manifest's digest, `sha256:…`.
    pub digest: String,
    /// The configuration's digest, which Docker calls the image id.
    pub image_id: String,
    /// The configuration's `StopSignal`, such as `SIGQUIT` or `3`.
    pub stop_signal: Option<String>,
}

/// A range of user and group ids that is a sandbox's own: its root is `base` on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserRange {
    pub base: u32,
    pub size: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct SandboxSetup {
    pub id: String,
    pub hostname: String,
    /// The network namespace to join; `None` where the networking has none to give (fakes).
    pub netns: Option<PathBuf>,
    /// 1024 units are one vCPU; 0: no limit.
    pub cpu_units: u32,
    /// 0: no limit.
    pub memory_mib: u32,
    pub pids_limit: u32,
    pub users: Option<UserRange>,
    pub dns_servers: Vec<String>,
    pub dns_search: Vec<String>,
    /// Lines of `/etc/hosts` beyond the loopback ones: name, address.
    pub hosts: Vec<(String, String)>,
    pub volumes: Vec<String>,
    pub shared_pid_namespace: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ContainerSetup {
    pub spec: ContainerSpec,
    pub image: PulledImage,
    /// All of the container's environment beyond the image's own.
    pub environment: Vec<(String, String)>,
    /// The id that the outside knows it by.
    pub runtime_id: String,
    pub output: OutputMode,
}

/// What becomes of a container's output while nobody takes it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputMode {
    /// Nobody ever will (`logDriver: none`, or no log configuration).
    Discard,
    /// The container waits once the runtime's buffer is full.
    Blocking,
    /// What does not fit into this many bytes is lost.
    NonBlocking { buffer_bytes: usize },
}

/// What a container did, told as it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuntimeEvent {
    Started {
        container: String,
        at: Timestamp,
    },
    /// `code` is 0-255, 128+n for a death by signal n.
    Exited {
        container: String,
        code: i32,
        oom: bool,
        at: Timestamp,
    },
    /// The shim is gone: nothing more will be heard of the sandbox, and nothing of it runs.
    Lost {
        reason: String,
    },
}

/// The runtime's truth about one container of a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerTruth {
    pub name: String,
    pub state: ContainerState,
    /// Why it ended, if not by itself.
    pub reason: Option<String>,
    /// `None` where the runtime does not remember; the agent does.
    pub image: Option<PulledImage>,
    pub created_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerState {
    Created,
    Running,
    Exited { code: i32, oom: bool },
}

/// How a command run inside a container ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecOutcome {
    Exited {
        code: i32,
    },
    /// It took longer than it was given, and was killed.
    TimedOut,
    Failed {
        reason: String,
    },
}

/// One piece of a container's output. Lines longer than the runtime's buffer come in several pieces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPiece {
    pub at: Timestamp,
    /// Without the line's newline.
    pub bytes: Bytes,
    /// It was written to standard error.
    pub stderr: bool,
    /// The line ends here.
    pub ends_line: bool,
    /// Where reading would go on after this piece.
    pub next_offset: u64,
}

/// A container's output from an offset on.
#[async_trait]
pub trait LogSource: Send {
    /// Up to `max` pieces, waiting for the first; empty once the container has exited and all was read.
    async fn next(&mut self, max: usize) -> RuntimeResult<Vec<LogPiece>>;

    /// Everything before `offset` is safe elsewhere and may be thrown away.
    async fn ack(&mut self, offset: u64) -> RuntimeResult<()>;
}

/// Counters of one container, as cgroups and the network have them; `None` where the host does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContainerStats {
    pub cpu_total_ns: u64,
    pub cpu_user_ns: u64,
    pub cpu_system_ns: u64,
    pub throttled_periods: u64,
    pub throttled_ns: u64,
    pub memory_bytes: u64,
    pub memory_peak_bytes: u64,
    pub memory_limit_bytes: u64,
    pub memory_cache_bytes: u64,
    pub pids: u64,
}

#[async_trait]
pub trait Runtime: Send + Sync + 'static {
    /// The image, if everything of it is on this host and the reference still means the same; else `None`.
    async fn cached(&self, request: &PullRequest) -> RuntimeResult<Option<PulledImage>>;

    async fn pull(&self, request: &PullRequest) -> RuntimeResult<PulledImage>;

    async fn create_sandbox(&self, setup: SandboxSetup) -> RuntimeResult<Arc<dyn SandboxHandle>>;

    /// Lets go of what no sandbox has used for long, so that the disk does not fill for ever.
    async fn tidy(&self) -> RuntimeResult<()> {
        Ok(())
    }

    /// Every sandbox that is still there from before.
    async fn recover(&self) -> RuntimeResult<Vec<Arc<dyn SandboxHandle>>>;
}

#[async_trait]
pub trait SandboxHandle: Send + Sync + 'static {
    fn id(&self) -> String;

    /// Why nothing of it runs any more, if its shim is gone.
    fn lost(&self) -> Option<String>;

    async fn create_container(&self, setup: ContainerSetup) -> RuntimeResult<()>;

    async fn start(&self, container: &str) -> RuntimeResult<()>;

    async fn kill(&self, container: &str, signal: i32) -> RuntimeResult<()>;

    async fn exec(&self, container: &str, argv: Vec<String>, timeout: Duration) -> ExecOutcome;

    async fn stats(&self, container: &str) -> RuntimeResult<ContainerStats>;

    /// Everything from the subscription on; to be taken before asking for [`SandboxHandle::truth`].
    async fn events(&self) -> RuntimeResult<mpsc::Receiver<RuntimeEvent>>;

    async fn truth(&self) -> RuntimeResult<Vec<ContainerTruth>>;

    async fn logs(&self, container: &str, from_offset: u64) -> RuntimeResult<Box<dyn LogSource>>;

    /// Kills what runs and removes every trace; again is fine.
    async fn destroy(&self) -> RuntimeResult<()>;
}

/// A sandbox's place on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    pub netns: Option<PathBuf>,
    pub gateway: Ipv4Addr,
    /// Bits of the subnet's mask, as in `10.0.2.1/24`.
    pub prefix_len: u8,
}

/// What the agent asks of the host's network.
#[async_trait]
pub trait Networking: Send + Sync + 'static {
    /// Makes the namespace and its address; again with the same spec gives the same.
    async fn attach(&self, sandbox_id: &str, network: &NetworkSpec) -> RuntimeResult<Attached>;

    /// Takes all of it away; nothing there is fine.
    async fn detach(&self, sandbox_id: &str) -> RuntimeResult<()>;

    /// Ids of all sandboxes that are attached, from before too.
    async fn attached(&self) -> RuntimeResult<Vec<String>>;

    /// A listener inside the sandbox's namespace.
    async fn listen_tcp(&self, sandbox_id: &str, at: SocketAddrV4) -> RuntimeResult<tokio::net::TcpListener>;

    /// Answers DNS at `at` inside the namespace with `names` first, else what the host's resolver says.
    /// Dropping the guard ends it.
    async fn serve_dns(
        &self,
        sandbox_id: &str,
        at: SocketAddrV4,
        names: Vec<(String, Ipv4Addr)>,
    ) -> RuntimeResult<Box<dyn std::any::Any + Send + Sync>>;
}
