//! The way down: dependents before what they depend on, the stop signal, the stop timeout, SIGKILL; then
//! everything is destroyed.

use gantry_agent_api::Phase;
use gantry_base::Timestamp;

use super::container::{SIGKILL, Stopping};
use super::{
    Action, DESTROY_BACKOFF_MS, DESTROY_TRIES, Destruction, ESSENTIAL_EXITED_REASON, KILL_GRACE_MS, Machine, Stage,
    Step, stop_code,
};

impl Machine {
    pub(super) fn advance_stop(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        for container in &mut self.containers {
            // Those that wait for nothing but us: they will not be started any more.
            if matches!(container.stage, Stage::Waiting | Stage::Created) {
                container.never_started(None);
            }
            if container.drain_by.is_some_and(|by| by <= now) {
                container.drained = true;
            }
        }
        for index in 0..self.containers.len() {
            self.stop_one(now, index, actions);
        }
        if self.all_exited() && self.execution_stopped_at.is_none() {
            self.execution_stopped_at = Some(now);
        }
        let quiet = self.network != Step::Busy && self.sandbox != Step::Busy;
        let due = match self.destruction {
            Destruction::Idle => true,
            Destruction::Busy => false,
            Destruction::RetryAt(at) => at <= now,
        };
        if quiet && due && self.containers.iter().all(super::Container::is_over) {
            self.destruction = Destruction::Busy;
            actions.push(Action::Destroy);
        }
    }

    fn stop_one(&mut self, now: Timestamp, index: usize, actions: &mut Vec<Action>) {
        if self.containers[index].stage != Stage::Running {
            return;
        }
        let needed = !self.forced && self.is_needed(&self.containers[index].spec.name);
        let forced = self.forced;
        let container = &mut self.containers[index];
        let name = container.spec.name.clone();
        let give_up_at = now.plus_ms(KILL_GRACE_MS);
        match container.stopping {
            Stopping::No if forced => {
                container.stopping = Stopping::Killed { give_up_at };
                actions.push(Action::Kill { container: name, signal: SIGKILL });
            }
            Stopping::No if needed => {}
            Stopping::No => {
                let timeout_ms = i64::from(container.spec.stop_timeout_secs) * 1000;
                container.stopping = Stopping::Asked { kill_at: now.plus_ms(timeout_ms) };
                actions.push(Action::Kill { container: name, signal: container.stop_signal() });
            }
            Stopping::Asked { kill_at } if forced || kill_at <= now => {
                container.stopping = Stopping::Killed { give_up_at };
                actions.push(Action::Kill { container: name, signal: SIGKILL });
            }
            Stopping::Killed { give_up_at } if give_up_at <= now => {
                // Destroying the sandbox takes the whole control group with it.
                container.exited(now, now, Some(128 + SIGKILL));
                container.drained = true;
            }
            Stopping::Asked { .. } | Stopping::Killed { .. } => {}
        }
    }

    /// The shim is gone and everything in the sandbox with it.
    pub(super) fn lost(&mut self, now: Timestamp, reason: &str) {
        let text = format!("the sandbox was lost: {reason}");
        let mut essential = false;
        for container in &mut self.containers {
            if container.stage == Stage::Exited {
                continue;
            }
            essential |= container.spec.essential && container.has_started();
            if container.has_started() {
                container.exited(now, now, Some(128 + SIGKILL));
                container.reason.get_or_insert_with(|| text.clone());
            } else {
                container.never_started(Some(text.clone()));
            }
        }
        if self.sandbox == Step::Busy {
            // The call's own answer is still to come.
            return self.fail_to_start(now, format!("ResourceInitializationError: {text}"));
        }
        let cause = if essential {
            (stop_code::ESSENTIAL_EXITED, format!("{ESSENTIAL_EXITED_REASON}: {text}"))
        } else {
            (stop_code::FAILED_TO_START, format!("ResourceInitializationError: {text}"))
        };
        self.begin_stop(now, Some(cause));
    }

    pub(super) fn destroyed(&mut self, now: Timestamp) {
        if self.destruction == Destruction::Busy {
            self.phase = Phase::Stopped;
            self.stopped_at = Some(now);
        }
    }

    pub(super) fn destroy_failed(&mut self, now: Timestamp) {
        if self.destruction != Destruction::Busy {
            return;
        }
        self.destroy_tries += 1;
        if self.destroy_tries >= DESTROY_TRIES {
            return self.destroyed(now);
        }
        let wait_ms = DESTROY_BACKOFF_MS << self.destroy_tries.min(10);
        self.destruction = Destruction::RetryAt(now.plus_ms(wait_ms));
    }
}
