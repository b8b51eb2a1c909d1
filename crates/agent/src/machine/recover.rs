//! Taking a sandbox up again after the agent was away: the runtime's truth first, then what was last reported.

use std::sync::Arc;

use gantry_agent_api::{Assignment, ContainerReport, Phase, SandboxReport};
use gantry_base::Timestamp;

use super::{Container, ESSENTIAL_EXITED_REASON, HealthStatus, Machine, OOM_REASON, Stage, Step, stop_code};
use crate::runtime::{ContainerState, ContainerTruth};

impl Machine {
    /// The sandbox is there. The network is attached anew (which gives the same address), and what had not
    /// been started yet goes on from where it was.
    pub fn recovered(
        assignment: Arc<Assignment>,
        host_id: impl Into<String>,
        truths: &[ContainerTruth],
        before: Option<&SandboxReport>,
        now: Timestamp,
    ) -> Self {
        let mut machine = Self::new(assignment, host_id);
        machine.sandbox = Step::Done;
        machine.adopt_times(before);
        for container in &mut machine.containers {
            let reported = before.and_then(|r| r.containers.iter().find(|c| c.name == container.spec.name));
            if let Some(truth) = truths.iter().find(|t| t.name == container.spec.name) {
                adopt(container, truth, now);
            } else if let Some(reported) = reported.filter(|r| r.status == "STOPPED") {
                // It failed before the runtime ever had it.
                container.never_started(reported.reason.clone());
                container.exit_code = reported.exit_code;
            }
            if let Some(reported) = reported {
                adopt_report(container, reported, now);
            }
        }
        if let Some(before) = before.filter(|b| b.phase >= Phase::Stopping) {
            machine.phase = Phase::Stopping;
            machine.stopping_at = before.stopping_at.or(Some(now));
            return machine;
        }
        machine.phase = before.map_or(Phase::Pending, |b| b.phase.min(Phase::Running));
        let ended = |c: &&Container| c.spec.essential && c.stage == Stage::Exited && c.has_started();
        if let Some(container) = machine.containers.iter().find(ended) {
            let reason = match &container.reason {
                Some(why) if why != OOM_REASON => format!("{ESSENTIAL_EXITED_REASON}: {why}"),
                _ => ESSENTIAL_EXITED_REASON.to_owned(),
            };
            machine.begin_stop(now, Some((stop_code::ESSENTIAL_EXITED, reason)));
        }
        machine
    }

    /// The task had been started, and its sandbox is not there any more: the host was restarted, or the
    /// shim was killed while the agent was away. Only the tidying up is left.
    pub fn vanished(
        assignment: Arc<Assignment>,
        host_id: impl Into<String>,
        before: &SandboxReport,
        now: Timestamp,
    ) -> Self {
        Self::ended(assignment, host_id, before, now, "the host or its sandbox went down")
    }

    /// Nothing of the sandbox is to go on, because of `what`.
    pub fn ended(
        assignment: Arc<Assignment>,
        host_id: impl Into<String>,
        before: &SandboxReport,
        now: Timestamp,
        what: &str,
    ) -> Self {
        let mut machine = Self::new(assignment, host_id);
        machine.network = Step::Done;
        machine.adopt_times(Some(before));
        for container in &mut machine.containers {
            let reported = before.containers.iter().find(|c| c.name == container.spec.name);
            if let Some(reported) = reported {
                container.started_at = reported.started_at;
                adopt_report(container, reported, now);
            }
            let was_over = reported.is_some_and(|r| r.status == "STOPPED");
            if was_over {
                container.exit_code = reported.and_then(|r| r.exit_code);
                container.finished_at = reported.and_then(|r| r.finished_at);
            } else if container.has_started() {
                container.exited(now, now, None);
                container.reason = Some(format!("{what} while the container ran"));
            }
            container.stage = Stage::Exited;
            container.drained = true;
        }
        if before.phase >= Phase::Stopping {
            machine.phase = Phase::Stopping;
            machine.stopping_at = before.stopping_at.or(Some(now));
            return machine;
        }
        if crate::agent::has_started(before) {
            let reason = format!("{ESSENTIAL_EXITED_REASON}: {what} while the task ran");
            machine.begin_stop(now, Some((stop_code::ESSENTIAL_EXITED, reason)));
        } else {
            machine.fail_to_start(now, format!("ResourceInitializationError: {what}"));
        }
        machine
    }

    fn adopt_times(&mut self, before: Option<&SandboxReport>) {
        let Some(before) = before else { return };
        self.connected_at = before.connected_at;
        self.pull_started_at = before.pull_started_at;
        self.pull_stopped_at = before.pull_stopped_at;
        self.started_at = before.started_at;
        self.execution_stopped_at = before.execution_stopped_at;
        self.stop_code = before.stop_code.clone();
        self.stop_reason = before.stop_reason.clone();
    }
}

fn adopt(container: &mut Container, truth: &ContainerTruth, now: Timestamp) {
    container.pull = Step::Done;
    container.logs = Step::Done;
    container.image_digest = truth.image.as_ref().map(|i| i.digest.clone());
    container.image.clone_from(&truth.image);
    container.reason.clone_from(&truth.reason);
    container.created_at = truth.created_at;
    match truth.state {
        ContainerState::Created => container.stage = Stage::Created,
        ContainerState::Running => container.running(truth.started_at.unwrap_or(now)),
        ContainerState::Exited { code, oom } => {
            container.started_at = truth.started_at;
            container.exited(now, truth.finished_at.unwrap_or(now), Some(code));
            if oom {
                container.reason = Some(OOM_REASON.to_owned());
            }
        }
    }
}

fn adopt_report(container: &mut Container, reported: &ContainerReport, now: Timestamp) {
    if container.reason.is_none() {
        container.reason.clone_from(&reported.reason);
    }
    if container.image_digest.is_none() {
        container.image_digest.clone_from(&reported.image_digest);
    }
    container.created_at = container.created_at.or(reported.created_at);
    if let Some(health) = &mut container.health {
        health.resumed(now, HealthStatus::parse(&reported.health), reported.health_since);
    }
}
