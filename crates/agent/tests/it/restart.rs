//! The agent goes and comes back; sandboxes do not notice.

use std::sync::atomic::Ordering;

use gantry_agent_api::*;

use crate::rig::*;

#[tokio::test]
async fn sandboxes_are_taken_up_again() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let mut checked = logged(container("a", &["run"]), "/ecs", &[("awslogs-create-group", "true")]);
    checked.health_check = Some(HealthCheck {
        command: vec!["CMD".to_owned(), "true".to_owned()],
        interval_secs: 1,
        timeout_secs: 1,
        retries: 1,
        start_period_secs: 0,
    });
    let task = assignment(vec![checked]);
    let id = task.sandbox_id.clone();
    put(&rig.store, &task).await;
    phase(&rig.store, &id, Phase::Running).await;
    let sandbox = rig.runtime.sandbox(&id).expect("a sandbox");
    let stream = format!("/ecs/ecs/a/{id}");
    sandbox.write("a", "one");
    eventually("the first line", || rig.sink.lines(&stream) == ["one"]).await;
    // A batch that was taken, but whose answer never came.
    rig.sink.answers_lost.store(true, Ordering::SeqCst);
    sandbox.write("a", "two");
    eventually("the second line", || rig.sink.lines(&stream).len() == 2).await;
    agent.shutdown().await;
    sandbox.write("a", "three");
    assert!(!sandbox.destroyed.load(Ordering::SeqCst));
    let (before, env) = (sandbox.setup.clone(), sandbox.container("a").setup.environment.clone());
    rig.sink.answers_lost.store(false, Ordering::SeqCst);

    let probes = sandbox.container("a").probes.load(Ordering::SeqCst);
    let agent = rig.agent().await;
    sandbox.write("a", "four");
    eventually("all lines once", || rig.sink.lines(&stream) == ["one", "two", "three", "four"]).await;
    eventually("health checks", || sandbox.container("a").probes.load(Ordering::SeqCst) > probes).await;
    report(&rig.store, &id, |r| r.containers[0].health == "HEALTHY").await;
    assert_eq!(rig.runtime.sandbox(&id).expect("the same sandbox").setup, before);
    assert_eq!(sandbox.container("a").setup.environment, env);
    assert_eq!(rig.networking.attached.lock().len(), 1);
    stop(&rig.store, &task).await;
    phase(&rig.store, &id, Phase::Stopped).await;
    rig.assert_clean();
    agent.shutdown().await;
}

#[tokio::test]
async fn what_happened_meanwhile_is_found_out() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let tasks: Vec<_> = (0..4).map(|_| assignment(vec![container("a", &["run"])])).collect();
    for task in &tasks {
        put(&rig.store, task).await;
        phase(&rig.store, &task.sandbox_id, Phase::Running).await;
    }
    agent.shutdown().await;
    let [exited, unassigned, vanished, stopped] = [0, 1, 2, 3].map(|n: usize| tasks[n].sandbox_id.clone());
    rig.runtime.sandbox(&exited).expect("a sandbox").exit("a", 5, false);
    remove(&rig.store, &unassigned).await;
    rig.runtime.sandboxes.lock().remove(&vanished);
    stop(&rig.store, &tasks[3]).await;
    let fresh = assignment(vec![container("a", &["run"])]);
    put(&rig.store, &fresh).await;

    let agent = rig.agent().await;
    let report = phase(&rig.store, &exited, Phase::Stopped).await;
    assert_eq!(report.containers[0].exit_code, Some(5));
    assert_eq!(report.stop_reason.as_deref(), Some("Essential container in task exited"));
    let report = phase(&rig.store, &vanished, Phase::Stopped).await;
    let reason = report.stop_reason.expect("a reason");
    assert!(reason.contains("the host or its sandbox went down"), "{reason}");
    assert!(report.started_at.is_some());
    phase(&rig.store, &stopped, Phase::Stopped).await;
    phase(&rig.store, &fresh.sandbox_id, Phase::Running).await;
    let sandbox = rig.runtime.sandbox(&unassigned).expect("a sandbox");
    eventually("destruction", || sandbox.destroyed.load(Ordering::SeqCst)).await;
    let key = keys::report(&unassigned);
    assert!(rig.store.get(key).await.expect("the store answers").is_none());
    agent.drain().await.expect("all stop");
    eventually("tidiness", || rig.networking.attached.lock().is_empty()).await;
    rig.assert_clean();

    // What had stopped stays stopped.
    let agent = rig.agent().await;
    assert_eq!(agent.running(), 0);
    assert_eq!(phase(&rig.store, &exited, Phase::Stopped).await.containers[0].exit_code, Some(5));
    agent.shutdown().await;
}

#[tokio::test]
async fn the_host_id_is_kept() {
    let dir = tempfile::tempdir().expect("a directory");
    let id = || gantry_agent::load_or_make_host_id(dir.path(), &gantry_base::SystemEntropy).expect("an id");
    let first = id();
    assert_eq!((first.len(), id()), (32, first));
}

/// Panics when told to, in whoever asks for the time.
struct Faulty(std::sync::atomic::AtomicU32);

impl gantry_base::Clock for Faulty {
    fn now(&self) -> gantry_base::Timestamp {
        let left = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        assert!(left.is_err(), "a fault of the clock, left to come: {left:?}");
        gantry_base::SystemClock.now()
    }
}

#[tokio::test]
async fn a_task_that_the_agent_itself_lets_down_is_told_stopped_and_taken_away() {
    for faults in [1, 2] {
        let rig = Rig::new();
        let clock = std::sync::Arc::new(Faulty(0.into()));
        let mut config = rig.config();
        config.clock = clock.clone();
        let agent = gantry_agent::Agent::start(config).await.expect("the agent starts");
        let task = assignment(vec![container("a", &["run"])]);
        let id = task.sandbox_id.clone();
        put(&rig.store, &task).await;
        phase(&rig.store, &id, Phase::Running).await;
        let sandbox = rig.runtime.sandbox(&id).expect("a sandbox");
        clock.0.store(faults, Ordering::SeqCst);
        // Anything makes the actor look at the clock.
        sandbox.write("a", "one");
        stop(&rig.store, &task).await;
        let report = phase(&rig.store, &id, Phase::Stopped).await;
        let reason = report.stop_reason.expect("a reason");
        assert!(reason.contains("the agent's care of the task broke off"), "{reason}");
        if faults == 1 {
            assert_eq!(report.stop_code.as_deref(), Some("EssentialContainerExited"));
            eventually("destruction", || sandbox.destroyed.load(Ordering::SeqCst)).await;
            rig.assert_clean();
        }
        // Another task is none the worse for it, and this one is forgotten like any.
        let other = assignment(vec![container("a", &["run"])]);
        put(&rig.store, &other).await;
        phase(&rig.store, &other.sandbox_id, Phase::Running).await;
        remove(&rig.store, &id).await;
        let mut gone = false;
        for _ in 0..500 {
            gone = rig.store.get(keys::report(&id)).await.expect("the store answers").is_none();
            if gone {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(gone, "the report stayed");
        agent.drain().await.expect("all stop");
    }
}
