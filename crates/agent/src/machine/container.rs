//! One container's part of the machine.

use std::sync::Arc;

use gantry_agent_api::ContainerSpec;
use gantry_base::Timestamp;

use super::health::Health;
use super::{LOG_DRAIN_MAX_MS, LOG_DRAIN_MS, Step};
use crate::runtime::PulledImage;

pub(crate) const SIGTERM: i32 = 15;
pub(crate) const SIGKILL: i32 = 9;
/// The first real-time signal that programs may use, as the C library counts.
const SIGRTMIN: i32 = 34;
const SIGRTMAX: i32 = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// For its image, its log stream, the sandbox, and its dependencies.
    Waiting,
    Creating,
    Created,
    Starting,
    Running,
    /// Or never started, and never to be.
    Exited,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopping {
    No,
    /// The stop signal is sent; SIGKILL follows at this time.
    Asked {
        kill_at: Timestamp,
    },
    /// SIGKILL is sent; at this time the container counts as gone.
    Killed {
        give_up_at: Timestamp,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Container {
    pub spec: Arc<ContainerSpec>,
    pub stage: Stage,
    pub pull: Step,
    pub image: Option<PulledImage>,
    pub image_digest: Option<String>,
    pub logs: Step,
    /// Its output is with the sink, or there is none.
    pub drained: bool,
    pub drain_by: Option<Timestamp>,
    pub drain_end: Option<Timestamp>,
    pub stopping: Stopping,
    pub health: Option<Health>,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
    pub created_at: Option<Timestamp>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
}

impl Container {
    pub fn new(spec: &ContainerSpec) -> Self {
        let health = spec.health_check.as_ref().and_then(Health::new);
        Self {
            spec: Arc::new(spec.clone()),
            stage: Stage::Waiting,
            pull: Step::Idle,
            image: None,
            image_digest: None,
            logs: if keeps_logs(spec) { Step::Idle } else { Step::Done },
            drained: !keeps_logs(spec),
            drain_by: None,
            drain_end: None,
            stopping: Stopping::No,
            health,
            exit_code: None,
            reason: None,
            created_at: None,
            started_at: None,
            finished_at: None,
        }
    }

    pub fn stop_signal(&self) -> i32 {
        let named = self.image.as_ref().and_then(|i| i.stop_signal.as_deref());
        named.and_then(signal_number).unwrap_or(SIGTERM)
    }

    pub fn running(&mut self, at: Timestamp) {
        self.stage = Stage::Running;
        self.started_at = Some(at);
        if let Some(health) = &mut self.health {
            health.started(at);
        }
    }

    /// The process has ended, whoever ended it.
    pub fn exited(&mut self, now: Timestamp, at: Timestamp, code: Option<i32>) {
        self.stage = Stage::Exited;
        self.exit_code = code.map(|c| c.clamp(0, 255));
        self.finished_at = Some(at);
        self.stopping = Stopping::No;
        if self.started_at.is_none() {
            // So short-lived that the exit was heard before the start.
            self.started_at = Some(at);
        }
        if !self.drained {
            self.drain_by = Some(now.plus_ms(LOG_DRAIN_MS));
            self.drain_end = Some(now.plus_ms(LOG_DRAIN_MAX_MS));
        }
    }

    pub fn logs_moved(&mut self, now: Timestamp) {
        if let (Some(by), Some(end)) = (self.drain_by, self.drain_end) {
            self.drain_by = Some(now.plus_ms(LOG_DRAIN_MS).max(by).min(end));
        }
    }

    /// It did not start, and will not.
    pub fn never_started(&mut self, reason: Option<String>) {
        self.stage = Stage::Exited;
        self.drained = true;
        if self.reason.is_none() {
            self.reason = reason;
        }
    }

    pub fn has_started(&self) -> bool {
        self.started_at.is_some()
    }

    /// A create or start is under way whose outcome decides what there is to clean up.
    pub fn is_busy(&self) -> bool {
        matches!(self.stage, Stage::Creating | Stage::Starting)
    }

    pub fn is_over(&self) -> bool {
        self.stage == Stage::Exited && self.drained
    }

    pub fn deadline(&self, stopping: bool) -> Option<Timestamp> {
        let stop = match self.stopping {
            Stopping::No => None,
            Stopping::Asked { kill_at } => Some(kill_at),
            Stopping::Killed { give_up_at } => Some(give_up_at),
        };
        let drain = self.drain_by.filter(|_| self.stage == Stage::Exited && !self.drained);
        let probing = self.stage == Stage::Running && !stopping;
        let probe = self.health.as_ref().filter(|_| probing).and_then(Health::next_at);
        stop.into_iter().chain(drain).chain(probe).min()
    }
}

/// Whether the container's output goes anywhere.
pub(crate) fn keeps_logs(spec: &ContainerSpec) -> bool {
    spec.log.as_ref().is_some_and(|l| l.driver != "none")
}

/// The number of `SIGTERM`, `TERM`, `15` or `SIGRTMIN+3`, as an image's `StopSignal` may say it (Linux on
/// x86-64 and arm64, signal(7)).
pub fn signal_number(text: &str) -> Option<i32> {
    const NAMES: [&str; 31] = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ];
    let upper = text.trim().to_ascii_uppercase();
    let within = |n: i32| (1..=SIGRTMAX).contains(&n).then_some(n);
    if let Ok(number) = upper.parse::<i32>() {
        return within(number);
    }
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    if let Some(offset) = name.strip_prefix("RTMIN") {
        let add = if offset.is_empty() { 0 } else { offset.strip_prefix('+')?.parse::<u8>().ok()? };
        return within(SIGRTMIN + i32::from(add));
    }
    if let Some(offset) = name.strip_prefix("RTMAX") {
        let less = if offset.is_empty() { 0 } else { offset.strip_prefix('-')?.parse::<u8>().ok()? };
        return within(SIGRTMAX - i32::from(less)).filter(|n| *n >= SIGRTMIN);
    }
    NAMES.iter().position(|n| *n == name).map(|at| at as i32 + 1)
}
