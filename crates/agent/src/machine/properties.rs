//! Random lives: whatever happens in whatever order, a stop comes to its end.

use gantry_agent_api::{ContainerSpec, DependencyCondition, Desired, Phase};
use gantry_base::Timestamp;
use proptest::prelude::*;

use super::input::ContainerInput as C;
use super::tests::{assignment, depends, image, spec, with_health};
use super::*;

/// How a random world treats one container or answer.
#[derive(Clone, Copy, Debug)]
struct Fate {
    pick: u16,
    outcome: u8,
    wait_ms: u16,
}

fn fates() -> impl Strategy<Value = Vec<Fate>> {
    let fate =
        (any::<u16>(), any::<u8>(), any::<u16>()).prop_map(|(pick, outcome, wait_ms)| Fate { pick, outcome, wait_ms });
    proptest::collection::vec(fate, 0..120)
}

/// Up to five containers; each depends on earlier ones only, so there are no circles (ECS refuses those).
fn containers() -> impl Strategy<Value = Vec<ContainerSpec>> {
    proptest::collection::vec((any::<bool>(), any::<bool>(), any::<bool>(), any::<u8>(), 0..4_u8), 1..5).prop_map(
        |shapes| {
            let mut all: Vec<ContainerSpec> = Vec::new();
            for (index, (essential, health, log, on, condition)) in shapes.into_iter().enumerate() {
                let mut one = spec(&format!("c{index}"));
                one.essential = essential || index == 0;
                if health {
                    one = with_health(one);
                }
                one.start_timeout_secs = health.then_some(3);
                one.log = log.then(|| gantry_agent_api::LogConfiguration {
                    driver: "awslogs".to_owned(),
                    options: std::collections::BTreeMap::new(),
                });
                if index > 0 && on % 3 != 0 {
                    let condition = match condition {
                        0 => DependencyCondition::Start,
                        1 => DependencyCondition::Complete,
                        2 => DependencyCondition::Success,
                        _ => DependencyCondition::Healthy,
                    };
                    one = depends(one, &format!("c{}", usize::from(on) % index), condition);
                }
                all.push(one);
            }
            all
        },
    )
}

/// The world outside the machine: actions that are not answered yet, and processes that run.
#[derive(Default)]
struct World {
    open: Vec<Action>,
    running: Vec<String>,
    destroyed: bool,
    destroy_fails: u8,
}

impl World {
    fn take(&mut self, actions: Vec<Action>, phase: Phase) {
        for action in actions {
            assert!(!self.destroyed, "nothing may follow destruction: {action:?}");
            match &action {
                Action::Create { .. } | Action::Start { .. } => assert!(phase < Phase::Stopping, "{action:?}"),
                Action::Destroy => {
                    let busy = self.open.iter().any(|a| {
                        matches!(
                            a,
                            Action::AttachNetwork
                                | Action::CreateSandbox
                                | Action::Create { .. }
                                | Action::Start { .. }
                        )
                    });
                    assert!(!busy, "destroyed under a call: {:?}", self.open);
                }
                _ => {}
            }
            self.open.push(action);
        }
    }

    /// One answer to one open action, or one exit.
    fn step(&mut self, fate: Fate, at: Timestamp) -> Option<Input> {
        let exits = !self.running.is_empty() && (self.open.is_empty() || fate.outcome.is_multiple_of(7));
        if exits {
            let name = self.running.remove(usize::from(fate.pick) % self.running.len());
            return Some(C::Exited { code: i32::from(fate.outcome % 3), oom: fate.outcome % 5 == 1, at }.of(name));
        }
        if self.open.is_empty() {
            return None;
        }
        let action = self.open.remove(usize::from(fate.pick) % self.open.len());
        let well = fate.outcome % 8 != 3;
        let reason = "chance".to_owned();
        Some(match action {
            Action::AttachNetwork if well => Input::NetworkAttached,
            Action::AttachNetwork => Input::NetworkFailed { reason },
            Action::CreateSandbox if well => Input::SandboxCreated,
            Action::CreateSandbox => Input::SandboxFailed { reason },
            Action::Pull { container } if well => C::Pulled(image(None)).of(container),
            Action::Pull { container } => C::PullFailed { reason }.of(container),
            Action::OpenLogs { container } if well => C::LogsOpened.of(container),
            Action::OpenLogs { container } => C::LogsFailed { reason }.of(container),
            Action::Create { container, .. } if well => C::Created.of(container),
            Action::Create { container, .. } => C::CreateFailed { reason }.of(container),
            Action::Start { container } if well => {
                self.running.push(container.clone());
                C::Started { at }.of(container)
            }
            Action::Start { container } => C::StartFailed { reason }.of(container),
            Action::Kill { container, signal } => {
                let dies = signal == 9 || fate.outcome.is_multiple_of(2);
                let found = self.running.iter().position(|r| *r == container).filter(|_| dies)?;
                self.running.remove(found);
                C::Exited { code: 128 + signal, oom: false, at }.of(container)
            }
            Action::Probe { container, .. } => C::Probed { healthy: well }.of(container),
            Action::Destroy if well || self.destroy_fails > 2 => {
                self.destroyed = true;
                self.running.clear();
                Input::Destroyed
            }
            Action::Destroy => {
                self.destroy_fails += 1;
                Input::DestroyFailed
            }
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn every_stop_ends_with_everything_destroyed(
        containers in containers(),
        fates in fates(),
        stop_at in 0..120_usize,
        stray in proptest::collection::vec(any::<u8>(), 0..4),
    ) {
        let mut machine = Machine::new(assignment(containers), "host");
        let mut world = World::default();
        let mut now = Timestamp::from_secs(1_000_000);
        let first = machine.handle(now, Input::Tick);
        world.take(first, machine.phase());
        for (step, fate) in fates.iter().enumerate() {
            now = now.plus_ms(i64::from(fate.wait_ms));
            let input = if step == stop_at { Some(Input::Desired(Desired::Stopped)) } else { world.step(*fate, now) };
            let actions = machine.handle(now, input.unwrap_or(Input::Tick));
            world.take(actions, machine.phase());
            if machine.phase() == Phase::Stopped {
                break;
            }
        }
        // Answers that come twice, or for nobody, change nothing for the worse.
        for code in stray {
            let name = format!("c{}", code % 6);
            let what = match code % 4 {
                0 => C::Created,
                1 => C::LogsDrained,
                2 => C::Probed { healthy: true },
                _ => C::LogsOpened,
            };
            // Not while it is being created: then it would be a lie, not a stray.
            let creating = world.open.iter().any(|a| matches!(a, Action::Create { container, .. } if *container == name));
            if !creating {
                let actions = machine.handle(now, what.of(name));
                world.take(actions, machine.phase());
            }
        }
        let actions = machine.handle(now, Input::Desired(Desired::Stopped));
        world.take(actions, machine.phase());
        // From here on only calls are answered and time passes; no process obeys anything but SIGKILL.
        for _ in 0..2_000 {
            if machine.phase() == Phase::Stopped {
                break;
            }
            let answer = world.step(Fate { pick: 0, outcome: 1, wait_ms: 0 }, now);
            let input = match answer {
                Some(input) => input,
                None => {
                    if world.open.is_empty()
                        && let Some(at) = machine.deadline()
                    {
                        now = now.max(at);
                    }
                    Input::Tick
                }
            };
            let actions = machine.handle(now, input);
            world.take(actions, machine.phase());
        }
        prop_assert_eq!(machine.phase(), Phase::Stopped);
        prop_assert!(world.destroyed);
        let report = machine.report();
        prop_assert!(report.containers.iter().all(|c| c.status == "STOPPED"));
        prop_assert!(report.stopped_at.is_some() && report.stopping_at.is_some());
        prop_assert!(report.containers.iter().all(|c| c.exit_code.is_none_or(|code| (0..=255).contains(&code))));
    }
}
