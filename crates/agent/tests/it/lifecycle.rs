//! Assignments come, change and go; tasks fail in all the documented ways.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gantry_agent_api::*;

use crate::rig::*;

#[tokio::test]
async fn an_assignment_runs_is_reported_stops_and_is_forgotten() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let host: HostRecord = rig.store.get_as(&keys::host(HOST)).await.expect("the store answers").expect("a host").value;
    assert_eq!((host.cpu_units, host.availability_zone.as_str()), (2048, "us-east-1a"));

    let task = assignment(vec![container("a", &["run"]), container("b", &["run"])]);
    let id = task.sandbox_id.clone();
    put(&rig.store, &task).await;
    let running = phase(&rig.store, &id, Phase::Running).await;
    assert!(running.connected_at.is_some() && running.started_at.is_some() && running.pull_stopped_at.is_some());
    assert!(running.containers.iter().all(|c| c.status == "RUNNING" && c.image_digest.is_some()));
    assert!(running.containers[0].runtime_id.starts_with(&format!("{id}-")));
    assert_eq!(agent.running(), 1);
    let sandbox = rig.runtime.sandbox(&id).expect("a sandbox");
    assert_eq!(sandbox.setup.dns_servers, ["169.254.169.253"]);
    assert_eq!(sandbox.setup.users.expect("a range").size, 65_536);
    let env = sandbox.container("a").setup.environment.clone();
    let value = |name: &str| env.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
    assert_eq!(value("AWS_EXECUTION_ENV").as_deref(), Some("AWS_ECS_FARGATE"));
    assert_eq!(value("AWS_REGION").as_deref(), Some("us-east-1"));
    let uri = format!("http://169.254.170.2/v4/{}", running.containers[0].runtime_id);
    assert_eq!(value("ECS_CONTAINER_METADATA_URI_V4"), Some(uri));
    assert_eq!(value("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), None, "there is no task role");
    assert_eq!(value("AWS_ENDPOINT_URL"), None);

    stop(&rig.store, &task).await;
    let stopped = phase(&rig.store, &id, Phase::Stopped).await;
    assert_eq!((stopped.stop_code, stopped.stop_reason), (None, None));
    assert!(stopped.containers.iter().all(|c| c.exit_code == Some(143)));
    rig.assert_clean();
    remove(&rig.store, &id).await;
    let gone = async {
        while rig.store.get(keys::report(&id)).await.expect("the store answers").is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(WAIT, gone).await.expect("the report goes with the assignment");
    agent.shutdown().await;
}

#[tokio::test]
async fn failures_are_told_as_ecs_tells_them() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let mut no_image = container("a", &["run"]);
    no_image.image = "nowhere".to_owned();
    let no_group = logged(container("a", &["run"]), "/none", &[]);
    let bad_driver = {
        let mut spec = container("a", &["run"]);
        spec.log = Some(LogConfiguration { driver: "splunk".to_owned(), options: Default::default() });
        spec
    };
    for (spec, code, reason) in [
        (no_image, "TaskFailedToStart", "CannotPullContainerError: failed to resolve reference \"nowhere\""),
        (
            container("a", &["missing"]),
            "TaskFailedToStart",
            "CannotStartContainerError: exec: \"missing\": executable file not found in $PATH",
        ),
        (
            no_group,
            "TaskFailedToStart",
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: \
             failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not \
             exist. : exit status 1",
        ),
        (
            bad_driver,
            "TaskFailedToStart",
            "CannotStartContainerError: failed to initialize logging driver: the log driver `splunk` is not supported",
        ),
        (container("a", &["exit", "3"]), "EssentialContainerExited", "Essential container in task exited"),
    ] {
        let task = assignment(vec![spec, container("b", &["run"])]);
        put(&rig.store, &task).await;
        let stopped = phase(&rig.store, &task.sandbox_id, Phase::Stopped).await;
        assert_eq!(stopped.stop_code.as_deref(), Some(code), "{reason}");
        assert_eq!(stopped.stop_reason.as_deref(), Some(reason));
        rig.assert_clean();
    }
    let mut promised = assignment(vec![container("a", &["run"])]);
    promised.isolation = Isolation::Microvm;
    put(&rig.store, &promised).await;
    let stopped = phase(&rig.store, &promised.sandbox_id, Phase::Stopped).await;
    let reason = stopped.stop_reason.expect("a reason");
    assert_eq!(reason, "ResourceInitializationError: this host does not offer the isolation grade `microvm`");
    rig.networking.fails.store(true, Ordering::SeqCst);
    let task = assignment(vec![container("a", &["run"])]);
    put(&rig.store, &task).await;
    let stopped = phase(&rig.store, &task.sandbox_id, Phase::Stopped).await;
    let reason = stopped.stop_reason.expect("a reason");
    assert_eq!(reason, "ResourceInitializationError: unable to create network namespace");
    rig.assert_clean();
    agent.shutdown().await;
}

#[tokio::test]
async fn out_of_memory_and_a_lost_shim() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let task = assignment(vec![container("a", &["run"])]);
    put(&rig.store, &task).await;
    phase(&rig.store, &task.sandbox_id, Phase::Running).await;
    rig.runtime.sandbox(&task.sandbox_id).expect("a sandbox").exit("a", 137, true);
    let stopped = phase(&rig.store, &task.sandbox_id, Phase::Stopped).await;
    assert_eq!(stopped.containers[0].exit_code, Some(137));
    let reason = stopped.containers[0].reason.as_deref();
    assert_eq!(reason, Some("OutOfMemoryError: Container killed due to memory usage"));

    let task = assignment(vec![container("a", &["run"])]);
    put(&rig.store, &task).await;
    phase(&rig.store, &task.sandbox_id, Phase::Running).await;
    rig.runtime.sandbox(&task.sandbox_id).expect("a sandbox").lose();
    let stopped = phase(&rig.store, &task.sandbox_id, Phase::Stopped).await;
    assert!(stopped.stop_reason.expect("a reason").contains("the shim was killed"));
    rig.assert_clean();
    agent.shutdown().await;
}

#[tokio::test]
async fn pulls_are_bounded_and_cached_images_do_not_wait() {
    let rig = Rig::new();
    rig.runtime.images.lock().insert("big".to_owned(), Duration::from_millis(600));
    let agent = rig.agent().await;
    let mut waiting = Vec::new();
    for _ in 0..6 {
        let mut spec = container("a", &["run"]);
        spec.image = "big".to_owned();
        let task = assignment(vec![spec]);
        put(&rig.store, &task).await;
        waiting.push(task);
    }
    eventually("pulling", || rig.runtime.pulling.load(Ordering::SeqCst) == 2).await;
    let quick = assignment(vec![container("a", &["run"])]);
    put(&rig.store, &quick).await;
    phase(&rig.store, &quick.sandbox_id, Phase::Running).await;
    assert!(rig.runtime.pulling.load(Ordering::SeqCst) > 0, "others still pull");
    // One that is stopped while it waits for its pull stops at once.
    let last = waiting.pop().expect("there are six");
    stop(&rig.store, &last).await;
    phase(&rig.store, &last.sandbox_id, Phase::Stopped).await;
    for task in &waiting {
        phase(&rig.store, &task.sandbox_id, Phase::Running).await;
    }
    assert_eq!(rig.runtime.most_pulling.load(Ordering::SeqCst), 2);
    agent.drain().await.expect("all stop");
    rig.assert_clean();
}

#[tokio::test]
async fn draining_stops_everything_and_takes_the_host_away() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let tasks: Vec<_> = (0..20).map(|_| assignment(vec![container("a", &["run"])])).collect();
    for task in &tasks {
        put(&rig.store, task).await;
    }
    for task in &tasks {
        phase(&rig.store, &task.sandbox_id, Phase::Running).await;
    }
    agent.drain().await.expect("all stop");
    rig.assert_clean();
    for task in &tasks {
        let report = phase(&rig.store, &task.sandbox_id, Phase::Stopped).await;
        assert_eq!(report.stop_code.as_deref(), Some("UserInitiated"));
    }
    assert!(rig.store.get(keys::host(HOST)).await.expect("the store answers").is_none());
}

#[tokio::test]
async fn a_removed_assignment_is_killed_without_ceremony() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let task = assignment(vec![container("a", &["deaf"])]);
    put(&rig.store, &task).await;
    phase(&rig.store, &task.sandbox_id, Phase::Running).await;
    let sandbox = rig.runtime.sandbox(&task.sandbox_id).expect("a sandbox");
    remove(&rig.store, &task.sandbox_id).await;
    eventually("destruction", || sandbox.destroyed.load(Ordering::SeqCst)).await;
    assert_eq!(*sandbox.container("a").signals.lock(), [9]);
    eventually("tidiness", || rig.networking.attached.lock().is_empty()).await;
    agent.shutdown().await;
}

#[tokio::test]
async fn bad_records_do_not_take_others_down() {
    let rig = Rig::new();
    let key = keys::assignment(HOST, "broken");
    rig.store.put(key.clone(), &b"{\"not\": \"an assignment\"}"[..]).await.expect("the store takes it");
    let mut climbing = assignment(vec![container("a", &["run"])]);
    climbing.sandbox_id = "../../etc".to_owned();
    let agent = rig.agent().await;
    put(&rig.store, &climbing).await;
    rig.store.put(key, &b"\xff"[..]).await.expect("the store takes it");
    let good = assignment(vec![container("a", &["run"])]);
    put(&rig.store, &good).await;
    phase(&rig.store, &good.sandbox_id, Phase::Running).await;
    agent.shutdown().await;
}

#[tokio::test]
async fn a_lost_lease_is_taken_anew() {
    if std::env::var_os("GANTRY_LONG").is_none() {
        eprintln!("SKIP a_lost_lease_is_taken_anew: takes ten seconds; set GANTRY_LONG=1");
        return;
    }
    let rig = Rig::new();
    let agent = rig.agent().await;
    let key = keys::host(HOST);
    let lease = rig.store.get(key.clone()).await.expect("the store answers").expect("a host").lease;
    assert_ne!(lease, 0);
    rig.store.engine().lease_revoke(lease).await.expect("the lease was there");
    assert!(rig.store.get(key.clone()).await.expect("the store answers").is_none());
    let back = async {
        while rig.store.get(key.clone()).await.expect("the store answers").is_none() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(WAIT, back).await.expect("the host registers again");
    agent.shutdown().await;
}
