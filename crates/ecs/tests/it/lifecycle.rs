//! The lifecycle's laws, over random reports and restarts.

use gantry_agent_api::{
    ContainerReport, Desired, EnvironmentRequest, FargateUsage, Isolation, Phase, Placement, SandboxReport, SandboxSpec,
};
use gantry_aws_api::ecs as model;
use gantry_base::Timestamp;
use gantry_ecs::lifecycle::{self, STATUSES, Seen};
use gantry_ecs::records::{ContainerFacts, TaskRecord};
use proptest::prelude::*;

use crate::support::network;

const START: Timestamp = Timestamp::from_secs(1_800_000_000);

fn task() -> TaskRecord {
    let containers = ["web", "side"].map(|name| model::Container {
        name: Some(name.to_owned()),
        last_status: Some("PENDING".to_owned()),
        ..model::Container::default()
    });
    TaskRecord {
        account: "123456789012".parse().expect("an account"),
        region: "us-east-1".parse().expect("a region"),
        cluster: "c1".to_owned(),
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        family: "app".to_owned(),
        containers: vec![
            ContainerFacts { name: "web".to_owned(), essential: true, has_health_check: true },
            ContainerFacts { name: "side".to_owned(), essential: false, has_health_check: true },
        ],
        architecture: "X86_64".to_owned(),
        cpu_units: 256,
        memory_mib: 512,
        ephemeral_storage_gib: 20,
        task: model::Task {
            containers: Some(containers.into()),
            desired_status: Some("RUNNING".to_owned()),
            last_status: Some("PROVISIONING".to_owned()),
            task_arn: Some("arn:aws:ecs:us-east-1:123456789012:task/c1/0".to_owned()),
            version: Some(1),
            ..model::Task::default()
        },
        client_token: None,
        forget_at: None,
    }
}

fn environment() -> EnvironmentRequest {
    EnvironmentRequest {
        sandbox_id: task().id,
        account: task().account,
        region: task().region,
        desired: Desired::Running,
        requested_at: START,
        subnets: Vec::new(),
        security_groups: Vec::new(),
        platform_version: "1.4.0".to_owned(),
        architecture: String::new(),
        spec: SandboxSpec::default(),
        placement: None,
    }
}

#[derive(Clone, Debug)]
enum Event {
    Placed,
    Refused,
    Report { phase: Phase, connected: bool, pulled: bool, health: &'static str, code: Option<&'static str> },
    StopAsked,
    Time(i64),
}

fn event() -> impl Strategy<Value = Event> {
    let phase = prop_oneof![Just(Phase::Pending), Just(Phase::Running), Just(Phase::Stopping), Just(Phase::Stopped)];
    let health = prop_oneof![Just("UNKNOWN"), Just("HEALTHY"), Just("UNHEALTHY")];
    let code = prop_oneof![3 => Just(None), 1 => Just(Some("TaskFailedToStart"))];
    prop_oneof![
        3 => Just(Event::Placed),
        1 => Just(Event::Refused),
        6 => (phase, any::<bool>(), any::<bool>(), health, code).prop_map(|(phase, connected, pulled, health, code)| {
            Event::Report { phase, connected, pulled, health, code }
        }),
        1 => Just(Event::StopAsked),
        1 => (1..10_000_i64).prop_map(Event::Time),
    ]
}

/// The records, and what was written of usage.
struct World {
    task: TaskRecord,
    environment: Option<EnvironmentRequest>,
    report: Option<SandboxReport>,
    now: Timestamp,
    usage: Vec<FargateUsage>,
}

fn rank(task: &TaskRecord) -> usize {
    STATUSES.iter().position(|s| *s == task.last_status()).expect("a known status")
}

impl World {
    fn meet(&mut self, event: &Event) {
        match event {
            Event::Time(by) => self.now = self.now.plus_ms(*by),
            Event::StopAsked => {
                if let Some(after) = lifecycle::stop(&self.task, Some("enough"), self.now) {
                    self.task = after;
                    if let Some(environment) = &mut self.environment {
                        environment.desired = Desired::Stopped;
                    }
                }
            }
            Event::Placed => {
                if let Some(environment) = self.environment.as_mut().filter(|e| e.placement.is_none()) {
                    environment.placement = Some(Placement::Placed {
                        host_id: "h1".to_owned(),
                        network: network(),
                        isolation: Isolation::Namespace,
                        placed_at: self.now,
                    });
                }
            }
            Event::Refused => {
                if let Some(environment) = &mut self.environment {
                    environment.placement = Some(Placement::Refused { reason: "no room".to_owned() });
                }
            }
            Event::Report { phase, connected, pulled, health, code } => {
                let container = |name: &str| ContainerReport {
                    name: name.to_owned(),
                    status: "RUNNING".to_owned(),
                    health: (*health).to_owned(),
                    ..ContainerReport::default()
                };
                self.report = Some(SandboxReport {
                    sandbox_id: self.task.id.clone(),
                    host_id: "h1".to_owned(),
                    phase: *phase,
                    connected_at: connected.then_some(self.now),
                    pull_started_at: pulled.then_some(self.now),
                    pull_stopped_at: None,
                    started_at: (*phase == Phase::Running).then_some(self.now),
                    stopping_at: None,
                    execution_stopped_at: None,
                    stopped_at: (*phase == Phase::Stopped).then_some(self.now),
                    stop_code: code.map(str::to_owned),
                    stop_reason: None,
                    containers: vec![container("web"), container("side")],
                });
            }
        }
    }

    /// One step planned and written; whether there was anything to do.
    fn step(&mut self) -> bool {
        let seen = Seen {
            task: &self.task,
            environment: self.environment.as_ref(),
            report: self.report.as_ref(),
            now: self.now,
        };
        let step = lifecycle::plan(seen);
        if step.is_empty() {
            return false;
        }
        if let Some(after) = step.record {
            assert!(rank(&after) >= rank(&self.task), "{} after {}", after.last_status(), self.task.last_status());
            let changed = *after != self.task;
            assert_eq!(
                after.task.version.expect("a version") - self.task.task.version.expect("a version"),
                i64::from(changed)
            );
            if self.task.desired_status() == "STOPPED" {
                assert_eq!(after.desired_status(), "STOPPED");
                assert_eq!(after.task.stopped_reason, self.task.task.stopped_reason, "the first reason stays");
            }
            self.task = *after;
        }
        self.usage.extend(step.usage);
        if step.delete_environment {
            self.environment = None;
        }
        if step.delete_report {
            self.report = None;
        }
        true
    }

    fn settle(&mut self) {
        for _ in 0..6 {
            if !self.step() {
                return;
            }
        }
        panic!("the plan never comes to rest: {:?}", self.task.task);
    }
}

proptest! {
    #[test]
    fn a_task_only_goes_forward_and_always_comes_to_rest(
        events in prop::collection::vec((event(), any::<bool>()), 1..30),
    ) {
        let mut world = World {
            task: task(), environment: Some(environment()), report: None, now: START, usage: Vec::new(),
        };
        for (event, settles) in &events {
            world.meet(event);
            // Not every event is seen before the next: a controller may be away.
            if *settles {
                world.settle();
            }
        }
        world.settle();
        // In the end it is stopped, whatever came before.
        world.meet(&Event::StopAsked);
        world.settle();
        world.meet(&Event::Report { phase: Phase::Stopped, connected: true, pulled: true, health: "UNKNOWN", code: None });
        world.settle();
        prop_assert_eq!(world.task.last_status(), "STOPPED");
        prop_assert!(world.environment.is_none() && world.report.is_none());
        prop_assert!(world.task.forget_at.is_some() && world.task.task.stopped_at.is_some());
        // Billed from one start to one end, if it ever pulled.
        let starts: std::collections::HashSet<_> = world.usage.iter().map(|u| u.started_at).collect();
        prop_assert!(starts.len() <= 1);
        prop_assert_eq!(world.usage.iter().filter(|u| u.stopped_at.is_some()).count(), starts.len());
        if let Some(last) = world.usage.last() {
            prop_assert!(last.stopped_at.is_some_and(|end| end >= last.started_at));
        }
        prop_assert_eq!(starts.is_empty(), world.task.task.pull_started_at.is_none());
    }
}

#[test]
fn only_essential_containers_speak_for_the_health() {
    let mut world =
        World { task: task(), environment: Some(environment()), report: None, now: START, usage: Vec::new() };
    world.meet(&Event::Placed);
    for (health, side, want) in
        [("HEALTHY", "UNHEALTHY", "HEALTHY"), ("UNHEALTHY", "HEALTHY", "UNHEALTHY"), ("UNKNOWN", "HEALTHY", "UNKNOWN")]
    {
        world.meet(&Event::Report { phase: Phase::Running, connected: true, pulled: true, health, code: None });
        if let Some(report) = &mut world.report {
            report.containers[1].health = side.to_owned();
        }
        world.settle();
        assert_eq!(world.task.task.health_status.as_deref(), Some(want), "{health}/{side}");
    }
}
