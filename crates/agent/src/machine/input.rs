//! What goes into the machine and what comes out.

use gantry_agent_api::Desired;
use gantry_base::Timestamp;

use crate::runtime::PulledImage;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Nothing but that time has passed.
    Tick,
    Desired(Desired),
    /// The operator takes the host down.
    Drain,
    /// The assignment is no longer there.
    Forgotten,
    NetworkAttached,
    NetworkFailed {
        reason: String,
    },
    SandboxCreated,
    SandboxFailed {
        reason: String,
    },
    /// The runtime lost the sandbox: its shim is gone.
    Lost {
        reason: String,
    },
    Destroyed,
    DestroyFailed,
    Container {
        name: String,
        what: ContainerInput,
    },
}

/// Something that happened to one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContainerInput {
    Pulled(PulledImage),
    PullFailed {
        reason: String,
    },
    LogsOpened,
    LogsFailed {
        reason: String,
    },
    Created,
    CreateFailed {
        reason: String,
    },
    /// The start succeeded; the runtime's event and the call's answer may both say so.
    Started {
        at: Timestamp,
    },
    StartFailed {
        reason: String,
    },
    Exited {
        code: i32,
        oom: bool,
        at: Timestamp,
    },
    /// Some more output has reached the sink.
    LogsMoved,
    /// All output is with the sink, or there is none to come.
    LogsDrained,
    /// A health check has ended; time-outs and commands that could not be run are not healthy.
    Probed {
        healthy: bool,
    },
}

impl ContainerInput {
    pub fn of(self, name: impl Into<String>) -> Input {
        Input::Container { name: name.into(), what: self }
    }
}

/// Something to do. Answers in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// [`NetworkAttached`, `NetworkFailed`]
    AttachNetwork,
    /// [`SandboxCreated`, `SandboxFailed`]
    CreateSandbox,
    /// [`Pulled`, `PullFailed`]; may be dropped once the sandbox is being destroyed.
    Pull { container: String },
    /// [`LogsOpened`, `LogsFailed`]; may be dropped once the sandbox is being destroyed.
    OpenLogs { container: String },
    /// [`Created`, `CreateFailed`]
    Create { container: String, image: PulledImage },
    /// [`Started`, `StartFailed`, `Exited`]
    Start { container: String },
    /// No answer: what counts is the exit.
    Kill { container: String, signal: i32 },
    /// [`Probed`]
    Probe { container: String, timeout_secs: u32 },
    /// Containers, sandbox, network, ids and records. [`Destroyed`, `DestroyFailed`]
    Destroy,
}
