//! The way up: network, sandbox, images, log streams, then containers in the order of their dependencies.

use gantry_agent_api::Phase;
use gantry_base::Timestamp;

use super::depends::Readiness;
use super::input::ContainerInput;
use super::{Action, ESSENTIAL_EXITED_REASON, Machine, OOM_REASON, Stage, Step, stop_code};

/// What Docker reports for a SIGTERM; ECS's agent gives it to containers whose dependencies failed.
const DEPENDENCY_FAILED_EXIT: i32 = 143;

impl Machine {
    pub(super) fn advance_start(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        self.prepare(now, actions);
        if self.network == Step::Done && self.sandbox == Step::Done {
            self.create_ready(now, actions);
        }
        if self.phase != Phase::Stopping && self.all_exited() {
            // No essential container is left that could end; there is nothing to wait for.
            self.begin_stop(now, Some((stop_code::ESSENTIAL_EXITED, ESSENTIAL_EXITED_REASON.to_owned())));
        }
        if self.phase == Phase::Stopping {
            return;
        }
        self.settle(now);
        for container in &mut self.containers {
            if container.stage != Stage::Running {
                continue;
            }
            if let Some(health) = &mut container.health
                && health.take_due(now)
            {
                let (container, timeout_secs) = (container.spec.name.clone(), health.timeout_secs);
                actions.push(Action::Probe { container, timeout_secs });
            }
        }
    }

    fn prepare(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        if self.network == Step::Idle {
            self.network = Step::Busy;
            actions.push(Action::AttachNetwork);
        }
        if self.network == Step::Done && self.sandbox == Step::Idle {
            self.sandbox = Step::Busy;
            actions.push(Action::CreateSandbox);
        }
        for container in &mut self.containers {
            if container.stage != Stage::Waiting {
                continue;
            }
            let name = || container.spec.name.clone();
            if container.pull == Step::Idle {
                container.pull = Step::Busy;
                self.pull_started_at.get_or_insert(now);
                actions.push(Action::Pull { container: name() });
            }
            if container.logs == Step::Idle {
                container.logs = Step::Busy;
                actions.push(Action::OpenLogs { container: name() });
            }
        }
    }

    fn create_ready(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        // A dependency that has failed fails those behind it, in turn: go round until nothing changes.
        while let Some((index, reason)) = self.next_hopeless(now) {
            self.containers[index].exit_code = Some(DEPENDENCY_FAILED_EXIT);
            self.failed(now, index, format!("CannotStartContainerError: {reason}"));
        }
        if self.phase == Phase::Stopping {
            return;
        }
        for index in 0..self.containers.len() {
            let waiting = self.containers[index].stage == Stage::Waiting;
            if waiting && self.readiness(now, index) == Readiness::Ready {
                self.create_one(index, actions);
            }
        }
        for container in &mut self.containers {
            if container.stage == Stage::Created {
                container.stage = Stage::Starting;
                actions.push(Action::Start { container: container.spec.name.clone() });
            }
        }
    }

    /// A waiting container that waits in vain, and why.
    fn next_hopeless(&self, now: Timestamp) -> Option<(usize, String)> {
        let waiting = self.containers.iter().enumerate().filter(|(_, c)| c.stage == Stage::Waiting);
        waiting.map(|(index, _)| (index, self.readiness(now, index))).find_map(|(index, readiness)| match readiness {
            Readiness::Never(reason) => Some((index, reason)),
            Readiness::Ready | Readiness::Waiting => None,
        })
    }

    fn create_one(&mut self, index: usize, actions: &mut Vec<Action>) {
        let container = &mut self.containers[index];
        if container.logs != Step::Done {
            return;
        }
        let Some(image) = container.image.clone() else { return };
        container.stage = Stage::Creating;
        actions.push(Action::Create { container: container.spec.name.clone(), image });
    }

    pub(super) fn all_exited(&self) -> bool {
        self.containers.iter().all(|c| c.stage == Stage::Exited)
    }

    /// RUNNING once every container has started, whether or not it has ended since.
    fn settle(&mut self, now: Timestamp) {
        let up = self.containers.iter().all(|c| c.stage == Stage::Running || c.stage == Stage::Exited)
            && self.containers.iter().any(|c| c.stage == Stage::Running);
        if up && self.phase == Phase::Pending {
            self.phase = Phase::Running;
            self.started_at.get_or_insert(now);
        }
    }

    /// The container could not be started; if it is essential, so could the task not.
    fn failed(&mut self, now: Timestamp, index: usize, reason: String) {
        let container = &mut self.containers[index];
        container.never_started(Some(reason.clone()));
        if container.spec.essential {
            self.fail_to_start(now, reason);
        }
    }

    pub(super) fn take_container(&mut self, now: Timestamp, name: &str, what: ContainerInput) {
        let Some(index) = self.containers.iter().position(|c| c.spec.name == name) else { return };
        let container = &mut self.containers[index];
        match what {
            ContainerInput::Pulled(image) => {
                container.pull = Step::Done;
                container.image_digest = Some(image.digest.clone());
                container.image = Some(image);
                self.note_pulled(now);
            }
            ContainerInput::PullFailed { reason } => {
                container.pull = Step::Done;
                self.note_pulled(now);
                if self.containers[index].stage == Stage::Waiting {
                    self.failed(now, index, format!("CannotPullContainerError: {reason}"));
                }
            }
            ContainerInput::LogsOpened => container.logs = Step::Done,
            ContainerInput::LogsFailed { reason } => {
                container.logs = Step::Done;
                if container.stage == Stage::Waiting {
                    self.failed(now, index, reason);
                }
            }
            ContainerInput::Created if container.stage == Stage::Creating => {
                container.stage = Stage::Created;
                container.created_at = Some(now);
            }
            ContainerInput::Created => {}
            ContainerInput::CreateFailed { reason } | ContainerInput::StartFailed { reason } => {
                if container.is_busy() {
                    self.failed(now, index, format!("CannotStartContainerError: {reason}"));
                }
            }
            ContainerInput::Started { at } => match container.stage {
                Stage::Creating | Stage::Created | Stage::Starting => container.running(at),
                Stage::Waiting | Stage::Running | Stage::Exited => {}
            },
            ContainerInput::Exited { code, oom, at } => self.exited(now, index, code, oom, at),
            ContainerInput::LogsMoved => container.logs_moved(now),
            ContainerInput::LogsDrained => container.drained = true,
            ContainerInput::Probed { healthy } => {
                if container.stage == Stage::Running
                    && let Some(health) = &mut container.health
                {
                    health.probed(now, healthy);
                }
            }
        }
    }

    fn exited(&mut self, now: Timestamp, index: usize, code: i32, oom: bool, at: Timestamp) {
        let container = &mut self.containers[index];
        if matches!(container.stage, Stage::Waiting | Stage::Exited) {
            return;
        }
        container.exited(now, at, Some(code));
        if oom {
            container.reason = Some(OOM_REASON.to_owned());
        }
        if container.spec.essential {
            self.begin_stop(now, Some((stop_code::ESSENTIAL_EXITED, ESSENTIAL_EXITED_REASON.to_owned())));
        }
    }

    fn note_pulled(&mut self, now: Timestamp) {
        if self.containers.iter().all(|c| c.pull == Step::Done) {
            self.pull_stopped_at.get_or_insert(now);
        }
    }
}
