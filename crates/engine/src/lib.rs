//! The container engine under ECS tasks and pods: images, sandboxes, containers, output.
//!
//! A sandbox is one network namespace (made by somebody else) with its containers, held by a small
//! shim process of its own: server and agent may be killed and started again, containers go on.
//! What always holds:
//! - libcontainer runs in a shim only, never in a process with threads;
//! - every program runs behind the system call filter, in cgroups with the sandbox's limits;
//! - a layer is unpacked once, verified, and shared by all sandboxes whatever their user ids;
//! - output is on disk before the container's end is told, and freed only when acknowledged;
//! - [`Sandbox::destroy`] leaves no process, mount, cgroup or file.
//!
//! Linux only, and real root: the engine makes cgroups, mounts and namespaces.
#![cfg(target_os = "linux")]

mod cgroup;
mod engine;
mod error;
mod image;
mod logs;
mod probe;
mod proto;
mod remove;
mod sandbox;
mod seccomp;
pub mod shim;
mod sys;

pub use cgroup::{CgroupMode, Limits, Usage};
pub use engine::{Engine, EngineConfig, ShimCommand};
pub use error::{Error, PullFailure, Result};
pub use image::{
    BlobSource, ByteStream, Image, ImageConfig, ImageLimits, ImageRef, ImageSource, ManifestBytes, PrunePolicy, Pruned,
    RegistryAuth, RemoteSource, RootFs, RunConfig,
};
pub use logs::{LogReader, LogRecord, LogStream};
pub use probe::{Check, HostReport, probe};
pub use proto::{BindMount, ContainerPhase, ExecResult, Exit, LogMode, Tmpfs, UidRange, Ulimit};
pub use sandbox::{
    ContainerConfig, ContainerStatus, DEFAULT_CAPABILITIES, EventStream, ExecConfig, ResolvConf, Sandbox,
    SandboxConfig, SandboxEvent, Started,
};
pub use seccomp::SeccompProfile;
