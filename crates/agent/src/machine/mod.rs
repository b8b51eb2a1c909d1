//! The life of one sandbox as a pure state machine: inputs in, actions out, no I/O, no clock of its own.
//!
//! What always holds:
//! - Every action whose result matters is answered by exactly one input; the machine counts on that, and
//!   survives that answers come late, twice or out of order.
//! - Once stopping, nothing is created or started any more. Once [`Phase::Stopped`], no action is asked for.
//! - The first cause of a stop is the one that is reported.
//! - After `Desired::Stopped`, or once an essential container has ended, the machine reaches
//!   [`Phase::Stopped`] by time alone, even if no container ever answers a signal.

mod container;
mod depends;
mod health;
mod input;
mod recover;
mod report;
mod start;
mod stop;

use std::sync::Arc;

use gantry_agent_api::{Assignment, Desired, Phase};
use gantry_base::Timestamp;

pub use self::container::signal_number;
pub(crate) use self::container::{Container, Stage};
pub use self::health::HealthStatus;
pub(crate) use self::health::argv as health_argv;
pub use self::input::{Action, ContainerInput, Input};
pub use self::report::runtime_id;

/// Milliseconds that a container's last output may stand still on its way to the log sink before the container
/// counts as stopped all the same.
pub const LOG_DRAIN_MS: i64 = 5_000;
/// Milliseconds that it may take in all, even if it keeps moving.
pub const LOG_DRAIN_MAX_MS: i64 = 60_000;
/// Milliseconds from SIGKILL until the container is given up and the sandbox taken down around it.
pub const KILL_GRACE_MS: i64 = 15_000;
/// How often a failed destruction is tried again before the sandbox is reported stopped all the same; what
/// is left then goes at the agent's next start.
pub const DESTROY_TRIES: u32 = 8;
/// Milliseconds before the second try; doubles with each.
pub const DESTROY_BACKOFF_MS: i64 = 250;

/// ECS's stop codes that an agent may give.
pub mod stop_code {
    pub const ESSENTIAL_EXITED: &str = "EssentialContainerExited";
    pub const FAILED_TO_START: &str = "TaskFailedToStart";
    pub const USER_INITIATED: &str = "UserInitiated";
}

pub const ESSENTIAL_EXITED_REASON: &str = "Essential container in task exited";
pub const DRAINED_REASON: &str = "Task stopped by its host's operator";
pub const OOM_REASON: &str = "OutOfMemoryError: Container killed due to memory usage";

/// A thing that is made once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Idle,
    Busy,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Destruction {
    Idle,
    Busy,
    RetryAt(Timestamp),
}

/// One sandbox. See the module's head.
#[derive(Clone, Debug)]
pub struct Machine {
    assignment: Arc<Assignment>,
    host_id: String,
    phase: Phase,
    network: Step,
    sandbox: Step,
    containers: Vec<Container>,
    /// The assignment is gone: no stop timeouts, no order.
    forced: bool,
    destruction: Destruction,
    destroy_tries: u32,
    connected_at: Option<Timestamp>,
    pull_started_at: Option<Timestamp>,
    pull_stopped_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    stopping_at: Option<Timestamp>,
    execution_stopped_at: Option<Timestamp>,
    stopped_at: Option<Timestamp>,
    stop_code: Option<String>,
    stop_reason: Option<String>,
}

impl Machine {
    pub fn new(assignment: Arc<Assignment>, host_id: impl Into<String>) -> Self {
        let containers = assignment.spec.containers.iter().map(Container::new).collect();
        Self {
            assignment,
            host_id: host_id.into(),
            phase: Phase::Pending,
            network: Step::Idle,
            sandbox: Step::Idle,
            containers,
            forced: false,
            destruction: Destruction::Idle,
            destroy_tries: 0,
            connected_at: None,
            pull_started_at: None,
            pull_stopped_at: None,
            started_at: None,
            stopping_at: None,
            execution_stopped_at: None,
            stopped_at: None,
            stop_code: None,
            stop_reason: None,
        }
    }

    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The assignment is gone, and so may be all that was kept for it.
    pub fn forgotten(&self) -> bool {
        self.forced
    }

    /// Takes one input and says what to do now. Also to be called with [`Input::Tick`] once at the start
    /// and whenever [`Machine::deadline`] has come.
    pub fn handle(&mut self, now: Timestamp, input: Input) -> Vec<Action> {
        if self.phase == Phase::Stopped {
            self.forced |= input == Input::Forgotten;
            return Vec::new();
        }
        self.take(now, input);
        let mut actions = Vec::new();
        if self.phase < Phase::Stopping {
            self.advance_start(now, &mut actions);
        }
        if self.phase == Phase::Stopping {
            self.advance_stop(now, &mut actions);
        }
        actions
    }

    fn take(&mut self, now: Timestamp, input: Input) {
        match input {
            Input::Tick => {}
            Input::Desired(Desired::Running) => {}
            Input::Desired(Desired::Stopped) => self.begin_stop(now, None),
            Input::Drain => {
                self.begin_stop(now, Some((stop_code::USER_INITIATED, DRAINED_REASON.to_owned())));
            }
            Input::Forgotten => {
                self.forced = true;
                self.begin_stop(now, None);
            }
            Input::NetworkAttached => {
                self.network = Step::Done;
                self.connected_at.get_or_insert(now);
            }
            Input::NetworkFailed { reason } => {
                // Part of it may be there: let it be taken away with the rest.
                self.network = Step::Done;
                self.fail_to_start(now, format!("ResourceInitializationError: {reason}"));
            }
            Input::SandboxCreated => self.sandbox = Step::Done,
            Input::SandboxFailed { reason } => {
                self.sandbox = Step::Done;
                self.fail_to_start(now, format!("ResourceInitializationError: {reason}"));
            }
            Input::Lost { reason } => self.lost(now, &reason),
            Input::Destroyed => self.destroyed(now),
            Input::DestroyFailed => self.destroy_failed(now),
            Input::Container { name, what } => self.take_container(now, &name, what),
        }
    }

    /// When the machine wants [`Input::Tick`], if nothing happens before.
    pub fn deadline(&self) -> Option<Timestamp> {
        if self.phase == Phase::Stopped {
            return None;
        }
        let stopping = self.phase == Phase::Stopping;
        let retry = match self.destruction {
            Destruction::RetryAt(at) => Some(at),
            Destruction::Idle | Destruction::Busy => None,
        };
        let own = self.containers.iter().filter_map(|c| c.deadline(stopping));
        let waits = (!stopping).then(|| self.dependency_deadline()).flatten();
        own.chain(retry).chain(waits).min()
    }

    /// Begins the stop, if it has not begun; `cause` is a stop code and a reason of the sandbox's own.
    fn begin_stop(&mut self, now: Timestamp, cause: Option<(&str, String)>) {
        if matches!(self.phase, Phase::Stopping | Phase::Stopped) {
            return;
        }
        self.phase = Phase::Stopping;
        self.stopping_at = Some(now);
        if let Some((code, reason)) = cause {
            self.stop_code = Some(code.to_owned());
            self.stop_reason = Some(reason);
        }
    }

    fn fail_to_start(&mut self, now: Timestamp, reason: String) {
        self.begin_stop(now, Some((stop_code::FAILED_TO_START, reason)));
    }

    fn container(&self, name: &str) -> Option<&Container> {
        self.containers.iter().find(|c| c.spec.name == name)
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
