//! What the engine and a sandbox's shim say to each other: JSON lines over a Unix socket.
//!
//! The shim may be older than the server that reconnects to it, so fields are only ever added,
//! with defaults.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::cgroup::{Limits, Usage};

/// Longest line either side takes.
pub(crate) const MAX_LINE_BYTES: usize = 1 << 20;

/// Name of the socket in a sandbox's directory.
pub(crate) const SOCKET: &str = "shim.sock";
/// What the shim has done so far, in a sandbox's directory.
pub(crate) const STATE: &str = "state.json";
/// What the sandbox was asked to be, in a sandbox's directory.
pub(crate) const CONFIG: &str = "config.json";

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) id: u64,
    pub(crate) op: Op,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Op {
    Init(Box<InitOp>),
    Create(Box<CreateOp>),
    Start {
        name: String,
    },
    Kill {
        name: String,
        signal: i32,
    },
    Exec(Box<ExecOp>),
    Stats {
        name: Option<String>,
    },
    Remove {
        name: String,
    },
    AckLog {
        name: String,
        offset: u64,
    },
    Status,
    /// Kill everything, answer, end.
    Shutdown,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InitOp {
    pub(crate) id: String,
    pub(crate) hostname: String,
    pub(crate) netns: PathBuf,
    /// Path of the sandbox's group below each hierarchy's root.
    pub(crate) cgroup: PathBuf,
    pub(crate) limits: Limits,
    pub(crate) userns: Option<UidRange>,
    pub(crate) resolv_conf: String,
    pub(crate) hosts: String,
}

/// Host user and group ids that a sandbox's ids 0.. map to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UidRange {
    pub host_start: u32,
    pub len: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CreateOp {
    pub(crate) name: String,
    /// Unpacked layers, lowest first.
    pub(crate) layers: Vec<PathBuf>,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) user: String,
    pub(crate) working_dir: String,
    pub(crate) read_only_rootfs: bool,
    pub(crate) tmpfs: Vec<Tmpfs>,
    pub(crate) mounts: Vec<BindMount>,
    pub(crate) ulimits: Vec<Ulimit>,
    pub(crate) limits: Limits,
    pub(crate) caps: Vec<String>,
    pub(crate) no_new_privileges: bool,
    pub(crate) shm_bytes: u64,
    pub(crate) sysctls: Vec<(String, String)>,
    pub(crate) log: LogMode,
    pub(crate) hostname: Option<String>,
    pub(crate) share_pid: bool,
    pub(crate) init: bool,
    pub(crate) extra_hosts: String,
    pub(crate) resolv_conf: Option<String>,
}

/// An empty in-memory file system in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tmpfs {
    pub destination: PathBuf,
    pub size_bytes: u64,
    /// Mount options of tmpfs(5) and mount(8), as ECS's `mountOptions`.
    pub options: Vec<String>,
}

/// A directory or file of the host shown in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BindMount {
    pub source: PathBuf,
    pub destination: PathBuf,
    pub read_only: bool,
}

/// A resource limit; `name` as ECS writes it (`nofile`, `memlock`, ...); `u64::MAX` is unlimited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    pub name: String,
    pub soft: u64,
    pub hard: u64,
}

/// What happens when nobody takes a container's output away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogMode {
    /// The container waits: nothing is lost.
    #[default]
    Blocking,
    /// Output beyond `max_buffer` bytes is dropped and counted.
    NonBlocking { max_buffer: u64 },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ExecOp {
    pub(crate) name: String,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<String>,
    pub(crate) user: Option<String>,
    pub(crate) working_dir: Option<String>,
    pub(crate) timeout_ms: u64,
    pub(crate) output_limit: usize,
}

/// The outcome of a process run inside a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecResult {
    /// The exit code; 128 + n when signal n ended it. `None`: the time was up and it was killed.
    pub exit_code: Option<i32>,
    /// stdout and stderr as they came, up to the limit; invalid UTF-8 replaced.
    pub output: String,
    pub truncated: bool,
    pub timed_out: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromShim {
    Reply { id: u64, result: Result<Answer, Failure> },
    Event(Event),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    Done,
    Started { pid: i32, at: i64 },
    Exec(ExecResult),
    Stats(Usage),
    State(ShimState),
}

/// An [`crate::Error`] on the wire.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FailureKind {
    CannotStart,
    Invalid,
    NotFound,
    Exists,
    State,
    Unsupported,
    Io,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Event {
    Started { name: String, pid: i32, at: i64 },
    Exited { name: String, exit: Exit },
    LogGrew { name: String, end: u64 },
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// As ECS shows it: the exit code, or 128 + n when signal n ended the process.
    pub code: i32,
    pub signal: Option<i32>,
    /// The kernel killed a process of the container for want of memory, and the container ended by it.
    pub oom: bool,
    /// Milliseconds since the epoch.
    pub at: i64,
    /// Where the log ends: a reader that has got there has everything.
    pub log_end: u64,
    /// Set when the container did not end by itself (its shim or host went away).
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContainerPhase {
    Created,
    Running,
    Exited,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ContainerState {
    pub(crate) name: String,
    pub(crate) phase: ContainerPhase,
    pub(crate) pid: i32,
    pub(crate) started_at: Option<i64>,
    pub(crate) exit: Option<Exit>,
    pub(crate) log_end: u64,
    pub(crate) log_acked: u64,
    pub(crate) log_dropped: u64,
}

/// Everything the shim would tell a server that reconnects; also kept on disk.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct ShimState {
    pub(crate) sandbox: String,
    pub(crate) shim_pid: i32,
    pub(crate) containers: Vec<ContainerState>,
}
