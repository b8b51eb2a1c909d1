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
