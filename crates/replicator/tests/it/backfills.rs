//! Images that were there before the rule.

use std::time::Duration;

use gantry_registry::{BackfillRecord, BackfillStart, BackfillStatus, BackfillStop};
use serde_json::json;

use crate::rig::*;

async fn start(s: &Server, region: &str) -> String {
    match s.registry.start_backfill(&id(HOME, "us-east-1"), &id(HOME, region)).await.unwrap() {
        BackfillStart::Started(record) => record.id,
        other => panic!("{other:?}"),
    }
}

async fn record(s: &Server, backfill: &str) -> BackfillRecord {
    s.registry.backfill(&id(HOME, "us-east-1"), backfill).await.unwrap().unwrap().value
}

async fn over(s: &Server, backfill: &str) -> BackfillRecord {
    wait("the backfill to end", || async { record(s, backfill).await.status.is_over() }).await;
    record(s, backfill).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_images_are_copied_and_counted() {
    let s = Server::new().await;
    let names = ["prod/a", "prod/b", "dev/c"];
    let mut pushed = Vec::new();
    for name in names {
        let r = repo("us-east-1", name);
        s.create(&r, |_| {}).await;
        let child = s.push(&r, &[], &[name.as_bytes()]).await;
        let index = s.push_index(&r, &["multi", "latest"], &[&child]).await;
        let cold = s.push(&r, &["cold"], &[b"cold"]).await;
        s.registry.archive_image(&r, &cold, None).await.unwrap();
        pushed.push((r, index, child, cold));
    }
    let untagged = s.push(&repo("us-east-1", "prod/a"), &[], &[b"untagged"]).await;
    let rules = json!([{ "destinations": [{ "region": "eu-west-1", "registryId": HOME }],
        "repositoryFilters": [{ "filter": "prod", "filterType": "PREFIX_MATCH" }] }]);
    s.rules(&id(HOME, "us-east-1"), rules).await;
    let _replicator = s.replicate(&[]);
    let backfill = start(&s, "eu-west-1").await;
    let done = over(&s, &backfill).await;
    let progress = done.progress.clone().unwrap();
    assert_eq!((done.status, progress.total, progress.completed, progress.failed), (BackfillStatus::Complete, 5, 5, 0));
    for (r, index, child, cold) in &pushed {
        let copy = repo("eu-west-1", &r.name);
        let there = s.tags(&copy, index).await;
        let expected = r.name.starts_with("prod").then(|| vec!["latest".to_owned(), "multi".to_owned()]);
        assert_eq!(there, expected, "{}", r.name);
        assert_eq!(s.tags(&copy, child).await.is_some(), expected.is_some());
        assert_eq!(s.tags(&copy, cold).await, None, "archived");
    }
    assert!(s.tags(&repo("eu-west-1", "prod/a"), &untagged).await.is_some());
    let results = s.registry.backfill_results(&id(HOME, "us-east-1"), &backfill, None, 100).await.unwrap().items;
    assert_eq!(results.len(), 5);
    assert_eq!(results.iter().filter(|r| r.tag.is_some() && r.is_index && r.failure_code.is_none()).count(), 4);
    // Replicas of that registry are not backfilled on.
    s.rules(&id(HOME, "eu-west-1"), to("us-west-2")).await;
    let on = s.registry.start_backfill(&id(HOME, "eu-west-1"), &id(HOME, "us-west-2")).await.unwrap();
    let BackfillStart::Started(on) = on else { panic!("{on:?}") };
    wait("the second backfill", || async {
        s.registry.backfill(&id(HOME, "eu-west-1"), &on.id).await.unwrap().unwrap().value.status.is_over()
    })
    .await;
    assert_eq!(s.tags(&repo("us-west-2", "prod/a"), &untagged).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_is_taken_up_by_another_and_stopped() {
    let (a, b) = (Server::new().await, Server::new().await);
    let app = repo("us-east-1", "app");
    a.create(&app, |_| {}).await;
    let mut all = Vec::new();
    for n in 0..12_u32 {
        all.push(a.push(&app, &[&format!("v{n}")], &[&some_bytes(n, 200_000)]).await);
    }
    a.rules(&app.registry, to("eu-west-1")).await;
    *b.traffic.stall_at.lock().unwrap() = Some(1_000_000);
    let replicator = a.replicate(&[("eu-west-1", &b)]);
    let backfill = start(&a, "eu-west-1").await;
    wait("some images", || async { b.blob_bytes() >= 1_000_000 }).await;
    let stopped_at = record(&a, &backfill).await;
    assert_eq!(stopped_at.status, BackfillStatus::InProgress);
    drop(replicator);
    a_while().await;
    assert_eq!(record(&a, &backfill).await.status, BackfillStatus::InProgress, "nobody works");
    *b.traffic.stall_at.lock().unwrap() = None;
    let replicator = a.replicate(&[("eu-west-1", &b)]);
    let done = over(&a, &backfill).await;
    let progress = done.progress.unwrap();
    assert_eq!((done.status, progress.total, progress.completed), (BackfillStatus::Complete, 12, 12));
    let results = a.registry.backfill_results(&app.registry, &backfill, None, 100).await.unwrap().items;
    let mut digests: Vec<_> = results.iter().map(|r| r.digest.clone()).collect();
    digests.dedup();
    assert_eq!(digests.len(), 12, "each image once");
    let sent = b.blob_bytes();
    assert!(sent <= 12 * 200_000 + 2 + 200_000, "what was there is not sent again: {sent}");
    for digest in &all {
        assert!(b.tags(&repo("eu-west-1", "app"), digest).await.is_some());
    }
    drop(replicator);
    // Started and stopped while nobody works.
    let second = start(&a, "eu-west-1").await;
    let registry = id(HOME, "us-east-1");
    assert!(
        matches!(a.registry.stop_backfill(&registry, &second).await.unwrap(), BackfillStop::Stopping(r) if r.status == BackfillStatus::Stopped)
    );
    // Stopped on its way.
    *b.traffic.stall_at.lock().unwrap() = Some(sent);
    a.push(&app, &["new"], &[&some_bytes(99, 300_000)]).await;
    let third = start(&a, "eu-west-1").await;
    let _replicator = a.replicate(&[("eu-west-1", &b)]);
    wait("it to be under way", || async { record(&a, &third).await.status == BackfillStatus::InProgress }).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let _ = a.registry.stop_backfill(&registry, &third).await.unwrap();
    *b.traffic.stall_at.lock().unwrap() = None;
    let ended = over(&a, &third).await;
    assert!(matches!(ended.status, BackfillStatus::Stopped | BackfillStatus::Complete), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backfill_that_fails_says_why() {
    let s = Server::new().await;
    let app = repo("us-east-1", "app");
    s.create(&app, |_| {}).await;
    for n in 0..3_u32 {
        s.push(&app, &[&format!("v{n}")], &[&some_bytes(n, 10)]).await;
    }
    s.rules(&app.registry, json!([{ "destinations": [{ "region": "us-east-1", "registryId": OTHER }] }])).await;
    let BackfillStart::Started(started) =
        s.registry.start_backfill(&app.registry, &id(OTHER, "us-east-1")).await.unwrap()
    else {
        panic!("not started")
    };
    let _replicator = s.replicate(&[]);
    let done = over(&s, &started.id).await;
    let progress = done.progress.unwrap();
    assert_eq!((done.status, progress.failed), (BackfillStatus::Complete, 3), "too few to be judged");
    assert_eq!(progress.failure_codes.into_iter().collect::<Vec<_>>(), ["AccessDenied"]);
}
