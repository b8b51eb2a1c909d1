//! The machine by tables: one scripted life per rule. Random lives are in `properties`.

use std::sync::Arc;

use gantry_agent_api::{
    Assignment, ContainerSpec, Dependency, DependencyCondition, Desired, HealthCheck, Isolation, LogConfiguration,
    NetworkSpec, Phase, SandboxReport, SandboxSpec,
};
use gantry_base::Timestamp;

use super::container::signal_number;
use super::input::ContainerInput as C;
use super::*;
use crate::runtime::{ContainerState, ContainerTruth, PulledImage};

const T0: Timestamp = Timestamp::from_secs(1_000_000);

pub(super) fn spec(name: &str) -> ContainerSpec {
    ContainerSpec {
        name: name.to_owned(),
        image: "busybox".to_owned(),
        essential: true,
        stop_timeout_secs: 30,
        ..ContainerSpec::default()
    }
}

pub(super) fn depends(mut spec: ContainerSpec, on: &str, condition: DependencyCondition) -> ContainerSpec {
    spec.depends_on.push(Dependency { container: on.to_owned(), condition });
    spec
}

pub(super) fn with_health(mut spec: ContainerSpec) -> ContainerSpec {
    spec.health_check = Some(HealthCheck {
        command: vec!["CMD".to_owned(), "true".to_owned()],
        interval_secs: 10,
        timeout_secs: 2,
        retries: 2,
        start_period_secs: 0,
    });
    spec
}

pub(super) fn assignment(containers: Vec<ContainerSpec>) -> Arc<Assignment> {
    Arc::new(Assignment {
        sandbox_id: "0123456789abcdef0123456789abcdef".to_owned(),
        host_id: "host".to_owned(),
        account: "123456789012".parse().expect("an account"),
        region: "us-east-1".parse().expect("a region"),
        desired: Desired::Running,
        created_at: T0,
        spec: SandboxSpec { containers, ..SandboxSpec::default() },
        network: NetworkSpec {
            eni_id: "eni-1".to_owned(),
            attachment_id: "a".to_owned(),
            subnet_id: "subnet-1".to_owned(),
            vpc_id: "vpc-1".to_owned(),
            availability_zone: "us-east-1a".to_owned(),
            security_groups: vec![],
            private_ip: std::net::Ipv4Addr::new(172, 31, 0, 7),
            subnet_cidr: "172.31.0.0/20".to_owned(),
            vpc_cidr: "172.31.0.0/16".to_owned(),
            mac: "02:00:00:00:00:01".to_owned(),
            private_dns_name: "ip-172-31-0-7.ec2.internal".to_owned(),
        },
        isolation: Isolation::Namespace,
    })
}

pub(super) fn image(stop_signal: Option<&str>) -> PulledImage {
    PulledImage {
        reference: "busybox".to_owned(),
        digest: "sha256:aa".to_owned(),
        image_id: "sha256:bb".to_owned(),
        stop_signal: stop_signal.map(str::to_owned),
    }
}

/// A machine, a clock, and answers that all go well unless a test says otherwise.
struct Life {
    machine: Machine,
    now: Timestamp,
    /// Kills and destructions as they were asked for.
    log: Vec<String>,
    stop_signal: Option<&'static str>,
    /// Containers that do not obey SIGTERM.
    deaf: bool,
}

impl Life {
    fn new(containers: Vec<ContainerSpec>) -> Self {
        let machine = Machine::new(assignment(containers), "host");
        Self { machine, now: T0, log: Vec::new(), stop_signal: None, deaf: false }
    }

    /// Feeds an input and answers all that follows from it.
    fn give(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            for action in self.machine.handle(self.now, input) {
                inputs.extend(self.answer(action));
            }
        }
    }

    fn answer(&mut self, action: Action) -> Vec<Input> {
        let at = self.now;
        match action {
            Action::AttachNetwork => vec![Input::NetworkAttached],
            Action::CreateSandbox => vec![Input::SandboxCreated],
            Action::Pull { container } => vec![C::Pulled(image(self.stop_signal)).of(container)],
            Action::OpenLogs { container } => vec![C::LogsOpened.of(container)],
            Action::Create { container, .. } => {
                self.log.push(format!("create {container}"));
                vec![C::Created.of(container)]
            }
            Action::Start { container } => vec![C::Started { at }.of(container)],
            Action::Kill { container, signal } => {
                self.log.push(format!("kill {container} {signal}"));
                let dies = !self.deaf || signal == 9;
                let exit = C::Exited { code: 128 + signal, oom: false, at }.of(&*container);
                if dies { vec![C::LogsDrained.of(container), exit] } else { vec![] }
            }
            Action::Probe { container, .. } => {
                self.log.push(format!("probe {container}"));
                vec![]
            }
            Action::Destroy => {
                self.log.push("destroy".to_owned());
                vec![Input::Destroyed]
            }
        }
    }

    fn start(&mut self) -> &mut Self {
        self.give(Input::Tick);
        self
    }

    fn pass(&mut self, secs: i64) {
        let end = self.now.plus_ms(secs * 1000);
        while let Some(at) = self.machine.deadline().filter(|at| *at <= end) {
            self.now = at.max(self.now);
            self.give(Input::Tick);
        }
        self.now = end;
    }

    fn exit(&mut self, name: &str, code: i32) {
        let at = self.now;
        self.give(C::Exited { code, oom: false, at }.of(name));
    }

    fn report(&self) -> SandboxReport {
        self.machine.report()
    }

    fn status(&self, name: &str) -> String {
        self.report().containers.into_iter().find(|c| c.name == name).expect(name).status
    }
}

#[test]
fn a_task_runs_and_stops_when_asked() {
    let mut life = Life::new(vec![spec("a"), spec("b")]);
    life.start();
    let report = life.report();
    assert_eq!(report.phase, Phase::Running);
    assert_eq!((report.connected_at, report.started_at), (Some(T0), Some(T0)));
    assert_eq!((report.pull_started_at, report.pull_stopped_at), (Some(T0), Some(T0)));
    life.pass(10);
    life.give(Input::Desired(Desired::Stopped));
    let report = life.report();
    assert_eq!(report.phase, Phase::Stopped);
    assert_eq!((report.stop_code, report.stop_reason), (None, None));
    assert_eq!(report.containers[0].exit_code, Some(143));
    assert_eq!(life.log, ["create a", "create b", "kill a 15", "kill b 15", "destroy"]);
    assert!(life.machine.handle(life.now, Input::Tick).is_empty());
    assert_eq!(life.machine.deadline(), None);
}

#[test]
fn an_essential_exit_stops_the_task_and_another_does_not() {
    let mut side = spec("side");
    side.essential = false;
    let mut life = Life::new(vec![spec("main"), side]);
    life.start();
    life.exit("side", 3);
    assert_eq!(life.report().phase, Phase::Running);
    assert_eq!(life.status("side"), "STOPPED");
    life.exit("main", 0);
    let report = life.report();
    assert_eq!(report.phase, Phase::Stopped);
    assert_eq!(report.stop_code.as_deref(), Some("EssentialContainerExited"));
    assert_eq!(report.stop_reason.as_deref(), Some("Essential container in task exited"));
    assert_eq!(report.containers[1].exit_code, Some(3));
}

#[test]
fn the_stop_timeout_then_sigkill_then_time_alone() {
    let mut life = Life::new(vec![spec("a")]);
    (life.deaf, life.stop_signal) = (true, Some("SIGQUIT"));
    life.start().give(Input::Desired(Desired::Stopped));
    assert_eq!(life.report().phase, Phase::Stopping);
    life.pass(29);
    assert_eq!(life.log, ["create a", "kill a 3"]);
    life.pass(1);
    assert_eq!(life.log, ["create a", "kill a 3", "kill a 9", "destroy"]);
    assert_eq!(life.report().containers[0].exit_code, Some(137));

    // Even SIGKILL may go unheard.
    let mut machine = Machine::new(assignment(vec![spec("a")]), "host");
    let mut life = Life::new(vec![spec("a")]);
    life.start();
    std::mem::swap(&mut machine, &mut life.machine);
    assert_eq!(machine.handle(T0, Input::Forgotten), [Action::Kill { container: "a".to_owned(), signal: 9 }]);
    let give_up = machine.deadline().expect("a deadline");
    assert_eq!(give_up, T0.plus_ms(KILL_GRACE_MS));
    assert_eq!(machine.handle(give_up, Input::Tick), [Action::Destroy]);
}

#[test]
fn dependents_are_stopped_first() {
    use DependencyCondition::{Healthy, Start};
    let db = with_health(spec("db"));
    let mut life = Life::new(vec![db, depends(spec("app"), "db", Healthy), depends(spec("web"), "app", Start)]);
    life.start();
    assert_eq!(life.log, ["create db"]);
    assert_eq!(life.report().phase, Phase::Pending);
    life.pass(10);
    life.give(C::Probed { healthy: true }.of("db"));
    assert_eq!(life.report().phase, Phase::Running);
    life.log.clear();
    life.deaf = true;
    life.give(Input::Desired(Desired::Stopped));
    assert_eq!(life.log, ["kill web 15"]);
    life.exit("web", 0);
    assert_eq!(life.log, ["kill web 15", "kill app 15"]);
    life.exit("app", 0);
    assert_eq!(life.log[2], "kill db 15");
    life.pass(30);
    assert_eq!(life.report().phase, Phase::Stopped);
}

#[test]
fn dependency_conditions() {
    use DependencyCondition::{Complete, Healthy, Start, Success};
    // Condition, how the dependency ends, whether the target then starts.
    for (condition, code, starts) in [(Complete, 1, true), (Success, 0, true), (Success, 1, false), (Healthy, 0, false)]
    {
        let mut init = with_health(spec("init"));
        init.essential = false;
        let mut life = Life::new(vec![init, depends(spec("main"), "init", condition)]);
        life.start();
        assert_eq!(life.status("main"), "PENDING", "{condition:?}");
        life.exit("init", code);
        if starts {
            assert_eq!(life.report().phase, Phase::Running, "{condition:?}");
            continue;
        }
        let report = life.report();
        assert_eq!(report.phase, Phase::Stopped);
        assert_eq!(report.stop_code.as_deref(), Some("TaskFailedToStart"));
        let reason = report.containers[1].reason.clone().expect("a reason");
        assert!(reason.starts_with("CannotStartContainerError: dependency graph: failed to resolve"), "{reason}");
        assert_eq!(report.containers[1].exit_code, Some(143));
    }
    let mut life = Life::new(vec![depends(spec("b"), "a", Start), spec("a")]);
    life.start();
    assert_eq!(life.log, ["create a", "create b"]);
}

#[test]
fn a_start_timeout_ends_the_waiting() {
    let mut db = with_health(spec("db"));
    db.start_timeout_secs = Some(5);
    let mut life = Life::new(vec![db, depends(spec("app"), "db", DependencyCondition::Healthy)]);
    life.start();
    life.pass(4);
    assert_eq!(life.report().phase, Phase::Pending);
    life.pass(1);
    let report = life.report();
    assert_eq!(report.phase, Phase::Stopped);
    assert_eq!(
        report.stop_reason.as_deref(),
        Some(
            "CannotStartContainerError: dependency graph: container ordering dependency [db] for target [app] \
             has timed out."
        )
    );
}

#[test]
fn what_fails_at_the_start_is_told_as_ecs_tells_it() {
    let pull = || C::PullFailed { reason: "no such image".to_owned() }.of("a");
    let logs = || C::LogsFailed { reason: "ResourceInitializationError: no group".to_owned() }.of("a");
    let network = || Input::NetworkFailed { reason: "no bridge".to_owned() };
    let cases: [(fn() -> Input, &str); 3] = [
        (pull, "CannotPullContainerError: no such image"),
        (logs, "ResourceInitializationError: no group"),
        (network, "ResourceInitializationError: no bridge"),
    ];
    for (input, expected) in cases {
        let mut a = spec("a");
        a.log = Some(LogConfiguration { driver: "awslogs".to_owned(), options: std::collections::BTreeMap::new() });
        let mut machine = Machine::new(assignment(vec![a, spec("b")]), "host");
        let begun = machine.handle(T0, Input::Tick);
        assert_eq!(begun.len(), 4);
        machine.handle(T0, input());
        let done = machine.handle(
            T0,
            if matches!(input(), Input::NetworkFailed { .. }) { Input::Tick } else { Input::NetworkAttached },
        );
        let report = machine.report();
        assert_eq!(report.stop_code.as_deref(), Some("TaskFailedToStart"));
        assert_eq!(report.stop_reason.as_deref(), Some(expected));
        let destroys = done == [Action::Destroy] || machine.destruction == Destruction::Busy;
        assert!(destroys, "{expected}: {done:?}");
        machine.handle(T0, Input::Destroyed);
        assert_eq!(machine.report().phase, Phase::Stopped);
    }
}

#[test]
fn a_start_that_fails_and_an_oom() {
    let mut life = Life::new(vec![spec("a")]);
    life.start();
    let at = life.now;
    life.give(C::Exited { code: 137, oom: true, at }.of("a"));
    let report = life.report();
    assert_eq!(report.containers[0].reason.as_deref(), Some(OOM_REASON));
    assert_eq!(report.containers[0].exit_code, Some(137));

    let mut machine = Machine::new(assignment(vec![spec("a")]), "host");
    machine.handle(T0, Input::Tick);
    machine.handle(T0, Input::NetworkAttached);
    machine.handle(T0, Input::SandboxCreated);
    let created = machine.handle(T0, C::Pulled(image(None)).of("a"));
    assert!(matches!(created[..], [Action::Create { .. }]));
    let reason = "exec: \"nope\": executable file not found in $PATH".to_owned();
    assert_eq!(machine.handle(T0, C::CreateFailed { reason }.of("a")), [Action::Destroy]);
    let reason = machine.report().stop_reason.expect("a reason");
    assert!(reason.starts_with("CannotStartContainerError: exec: \"nope\""), "{reason}");
    assert_eq!(machine.report().containers[0].exit_code, None);
}

#[test]
fn health_follows_docker() {
    let mut app = with_health(spec("app"));
    app.health_check.as_mut().expect("a check").start_period_secs = 25;
    let mut life = Life::new(vec![app]);
    life.start();
    let health = |life: &Life| life.report().containers[0].health.clone();
    life.pass(9);
    assert!(!life.log.contains(&"probe app".to_owned()));
    // Failures within the start period do not count; two after it do.
    for (wait, healthy, expected) in [
        (1, false, "UNKNOWN"),
        (10, false, "UNKNOWN"),
        (10, false, "UNKNOWN"),
        (10, false, "UNHEALTHY"),
        (10, true, "HEALTHY"),
        (10, false, "HEALTHY"),
        (10, false, "UNHEALTHY"),
    ] {
        life.pass(wait);
        life.give(C::Probed { healthy }.of("app"));
        assert_eq!(health(&life), expected);
    }
    assert_eq!(life.log.iter().filter(|l| *l == "probe app").count(), 7);
    assert_eq!(life.report().phase, Phase::Running);
    // A check that does not come back is not run a second time.
    life.pass(300);
    assert_eq!(life.log.iter().filter(|l| *l == "probe app").count(), 8);
}

#[test]
fn a_container_is_stopped_once_its_output_is_safe_or_late() {
    let mut a = spec("a");
    a.essential = false;
    a.log = Some(LogConfiguration { driver: "awslogs".to_owned(), options: std::collections::BTreeMap::new() });
    for drained in [true, false] {
        let mut life = Life::new(vec![a.clone(), spec("b")]);
        life.start();
        life.exit("a", 0);
        assert_eq!(life.status("a"), "RUNNING");
        assert_eq!(life.report().containers[0].exit_code, None);
        life.give(if drained { C::LogsDrained.of("a") } else { Input::Desired(Desired::Stopped) });
        if !drained {
            assert_eq!(life.report().phase, Phase::Stopping);
            life.pass(LOG_DRAIN_MS / 1000);
            assert_eq!(life.report().phase, Phase::Stopped);
        }
        assert_eq!(life.status("a"), "STOPPED");
        assert_eq!(life.report().containers[0].exit_code, Some(0));
    }
}

#[test]
fn output_that_keeps_moving_gets_more_time_but_not_for_ever() {
    let mut a = spec("a");
    a.log = Some(LogConfiguration { driver: "awslogs".to_owned(), options: std::collections::BTreeMap::new() });
    let mut life = Life::new(vec![a]);
    life.start();
    life.exit("a", 0);
    let mut waited_ms = 0;
    while life.report().phase != Phase::Stopped {
        life.pass(1);
        waited_ms += 1000;
        life.give(C::LogsMoved.of("a"));
    }
    assert_eq!(waited_ms, LOG_DRAIN_MAX_MS);
}

#[test]
fn failed_destructions_are_tried_again_but_not_for_ever() {
    let mut life = Life::new(vec![spec("a")]);
    life.start();
    let at = life.now;
    let exited = C::Exited { code: 0, oom: false, at }.of("a");
    assert_eq!(life.machine.handle(at, exited), [Action::Destroy]);
    let mut now = at;
    for _ in 1..DESTROY_TRIES {
        assert_eq!(life.machine.handle(now, Input::DestroyFailed), []);
        now = life.machine.deadline().expect("a retry");
        assert_eq!(life.machine.handle(now, Input::Tick), [Action::Destroy]);
    }
    life.machine.handle(now, Input::DestroyFailed);
    assert_eq!(life.machine.phase(), Phase::Stopped);
}

#[test]
fn recovery_takes_up_what_is_there() {
    let containers = vec![with_health(spec("a")), spec("b")];
    let mut life = Life::new(containers.clone());
    life.start();
    life.pass(10);
    life.give(C::Probed { healthy: true }.of("a"));
    let before = life.report();
    let truth = |name: &str, state| ContainerTruth {
        name: name.to_owned(),
        state,
        reason: None,
        image: Some(image(None)),
        created_at: Some(T0),
        started_at: Some(T0),
        finished_at: None,
    };
    let now = life.now.plus_ms(60_000);
    let truths = [truth("a", ContainerState::Running), truth("b", ContainerState::Running)];
    let mut machine = Machine::recovered(assignment(containers.clone()), "host", &truths, Some(&before), now);
    assert_eq!(machine.report(), before, "nothing has changed, so nothing is reported");
    // The network is attached again, and the overdue health check is run.
    let actions = machine.handle(now, Input::Tick);
    assert!(actions.contains(&Action::AttachNetwork) && actions.len() == 2, "{actions:?}");

    let exited = ContainerState::Exited { code: 7, oom: false };
    let truths = [truth("a", ContainerState::Running), truth("b", exited)];
    let machine = Machine::recovered(assignment(containers.clone()), "host", &truths, Some(&before), now);
    assert_eq!(machine.report().phase, Phase::Stopping);
    assert_eq!(machine.report().containers[1].exit_code, Some(7));

    let mut machine = Machine::vanished(assignment(containers), "host", &before, now);
    assert_eq!(machine.handle(now, Input::Tick), [Action::Destroy]);
    machine.handle(now, Input::Destroyed);
    let report = machine.report();
    assert_eq!(report.phase, Phase::Stopped);
    assert_eq!(report.started_at, before.started_at);
    assert!(report.stop_reason.expect("a reason").contains("went down while the task ran"));
}

#[test]
fn signals_are_read_as_docker_writes_them() {
    for (text, number) in [
        ("SIGTERM", Some(15)),
        ("term", Some(15)),
        ("SIGQUIT", Some(3)),
        ("9", Some(9)),
        ("SIGRTMIN+3", Some(37)),
        ("RTMAX", Some(64)),
        ("SIGWINCH", Some(28)),
        ("0", None),
        ("65", None),
        ("SIGNOPE", None),
        ("SIGRTMIN+99", None),
        ("", None),
    ] {
        assert_eq!(signal_number(text), number, "{text}");
    }
}
