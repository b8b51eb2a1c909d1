//! What a host's agent says of a sandbox.

use gantry_base::Timestamp;
use serde::{Deserialize, Serialize};

/// At [`crate::keys::report`]. Written by the agent that runs the sandbox, and by nobody else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SandboxReport {
    pub sandbox_id: String,
    pub host_id: String,
    pub phase: Phase,
    /// When the agent took the assignment up and the network was there.
    pub connected_at: Option<Timestamp>,
    pub pull_started_at: Option<Timestamp>,
    pub pull_stopped_at: Option<Timestamp>,
    /// All containers that start at once have started.
    pub started_at: Option<Timestamp>,
    /// The first essential container ended, or a stop was asked for and begun.
    pub stopping_at: Option<Timestamp>,
    /// The last container ended.
    pub execution_stopped_at: Option<Timestamp>,
    pub stopped_at: Option<Timestamp>,
    /// Set when the sandbox stops of itself; ECS's stop codes: `EssentialContainerExited`, `TaskFailedToStart`.
    pub stop_code: Option<String>,
    /// As ECS words it: "Essential container in task exited", "CannotPullContainerError: …".
    pub stop_reason: Option<String>,
    pub containers: Vec<ContainerReport>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// Taken up: network, then pulling and starting.
    Pending,
    Running,
    Stopping,
    /// Nothing of it is left on the host.
    Stopped,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContainerReport {
    pub name: String,
    /// `PENDING`, `RUNNING` or `STOPPED`.
    pub status: String,
    pub runtime_id: String,
    pub image_digest: Option<String>,
    pub exit_code: Option<i32>,
    /// "OutOfMemoryError: Container killed due to memory usage", "CannotStartContainerError: …".
    pub reason: Option<String>,
    /// `UNKNOWN`, `HEALTHY` or `UNHEALTHY`.
    pub health: String,
    pub health_since: Option<Timestamp>,
    pub created_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}
