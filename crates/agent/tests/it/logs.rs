//! Output from container to sink.

use std::sync::atomic::Ordering;

use gantry_agent_api::*;

use crate::rig::*;

#[tokio::test]
async fn all_output_arrives_in_order_before_the_container_is_reported_stopped() {
    let rig = Rig::new();
    rig.sink.groups.lock().insert("/ecs/app".to_owned());
    let agent = rig.agent().await;
    let task = assignment(vec![logged(container("a", &["run"]), "/ecs/app", &[])]);
    let id = task.sandbox_id.clone();
    put(&rig.store, &task).await;
    phase(&rig.store, &id, Phase::Running).await;
    let sandbox = rig.runtime.sandbox(&id).expect("a sandbox");
    let expected: Vec<String> = (0..25_000).map(|n| format!("line {n}")).collect();
    for line in &expected {
        sandbox.write("a", line);
    }
    sandbox.exit("a", 0, false);
    phase(&rig.store, &id, Phase::Stopped).await;
    assert_eq!(rig.sink.lines(&format!("/ecs/app/ecs/a/{id}")), expected);
    assert!(rig.sink.batches.load(Ordering::SeqCst) < 100, "lines travel in batches");
    assert_eq!(sandbox.container("a").acked.load(Ordering::SeqCst), 25_000);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_sink_that_is_down_is_waited_for_but_not_for_ever() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let spec = logged(container("a", &["run"]), "/g", &[("awslogs-create-group", "true")]);
    let task = assignment(vec![spec]);
    let id = task.sandbox_id.clone();
    put(&rig.store, &task).await;
    phase(&rig.store, &id, Phase::Running).await;
    let sandbox = rig.runtime.sandbox(&id).expect("a sandbox");
    rig.sink.down.store(true, Ordering::SeqCst);
    sandbox.write("a", "late");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    rig.sink.down.store(false, Ordering::SeqCst);
    let stream = format!("/g/ecs/a/{id}");
    eventually("the line", || rig.sink.lines(&stream) == ["late"]).await;
    rig.sink.down.store(true, Ordering::SeqCst);
    sandbox.write("a", "never");
    sandbox.exit("a", 0, false);
    phase(&rig.store, &id, Phase::Stopped).await;
    assert_eq!(rig.sink.lines(&stream), ["late"]);
    rig.assert_clean();
    agent.shutdown().await;
}

#[tokio::test]
async fn blocks_of_lines_are_one_event() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let options = [("awslogs-create-group", "true"), ("awslogs-multiline-pattern", "^(INFO|ERROR)")];
    let task = assignment(vec![logged(container("a", &["run"]), "/g", &options)]);
    let id = task.sandbox_id.clone();
    put(&rig.store, &task).await;
    phase(&rig.store, &id, Phase::Running).await;
    let sandbox = rig.runtime.sandbox(&id).expect("a sandbox");
    for line in ["ERROR x", "  at y", "  at z", "INFO w"] {
        sandbox.write("a", line);
    }
    sandbox.exit("a", 1, false);
    phase(&rig.store, &id, Phase::Stopped).await;
    assert_eq!(rig.sink.lines(&format!("/g/ecs/a/{id}")), ["ERROR x\n  at y\n  at z", "INFO w"]);
    agent.shutdown().await;
}
