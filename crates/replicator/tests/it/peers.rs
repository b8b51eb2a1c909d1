//! To another server, over the network.

use gantry_registry::REPLICATION_SOURCE;
use serde_json::json;

use crate::rig::*;

const MIB: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_gets_what_it_has_not() {
    let (a, b) = (Server::new().await, Server::new().await);
    let app = repo("us-east-1", "team/app");
    a.create(&app, |_| {}).await;
    a.rules(&app.registry, to("eu-west-1")).await;
    let _replicator = a.replicate(&[("eu-west-1", &b)]);
    let base = some_bytes(1, 3 * MIB);
    let first = a.push(&app, &["v1"], &[&base, b"one"]).await;
    assert_eq!(a.settled(&app, &first).await, ["eu-west-1 COMPLETE"]);
    let copy = repo("eu-west-1", "team/app");
    assert_eq!(b.tags(&copy, &first).await.unwrap(), ["v1"]);
    assert!(b.registry.original(&copy, &first).await.unwrap().unwrap().record.replica);
    assert_eq!(a.tags(&copy, &first).await, None, "the region is the peer's");
    let sent = b.blob_bytes();
    assert_eq!(sent, 3 * MIB as u64 + 5, "each byte once");
    // The base is there.
    let second = a.push(&app, &["v2"], &[&base, b"two"]).await;
    assert_eq!(a.settled(&app, &second).await, ["eu-west-1 COMPLETE"]);
    assert_eq!(b.blob_bytes() - sent, 3);
    let index = a.push_index(&app, &["multi"], &[&first, &second]).await;
    assert_eq!(a.settled(&app, &index).await, ["eu-west-1 COMPLETE"]);
    assert_eq!(b.tags(&copy, &index).await.unwrap(), ["multi"]);
    assert_eq!(b.blob_bytes() - sent, 3, "nothing of an image that is there");
    let told: Vec<_> = b.events().await.into_iter().filter(|(_, e)| !e["image-tag"].is_null()).collect();
    assert_eq!(told.len(), 3);
    assert_eq!((told[0].0.as_str(), &told[0].1["source-region"]), ("eu-west-1", &json!("us-east-1")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_that_dies_in_an_upload_is_gone_on_with() {
    let (a, mut b) = (Server::new().await, Server::new().await);
    let app = repo("us-east-1", "app");
    a.create(&app, |_| {}).await;
    a.rules(&app.registry, to("eu-west-1")).await;
    let layer = some_bytes(2, 8 * MIB);
    *b.traffic.stall_at.lock().unwrap() = Some(3 * MIB as u64 + 100_000);
    let _replicator = a.replicate(&[("eu-west-1", &b)]);
    let digest = a.push(&app, &["v1"], &[&layer]).await;
    wait("the upload to be under way", || async { b.blob_bytes() >= 3 * MIB as u64 + 100_000 }).await;
    b.close().await;
    // Long enough for several tries to find nobody.
    wait("a try to fail", || async {
        let known = a.registry.replications(&app, &digest).await.unwrap();
        known.first().is_some_and(|(_, r)| r.attempts >= 1)
    })
    .await;
    assert_eq!(a.states(&app, &digest).await, ["eu-west-1 IN_PROGRESS DestinationUnavailable"]);
    *b.traffic.stall_at.lock().unwrap() = None;
    b.open().await;
    assert_eq!(a.settled(&app, &digest).await, ["eu-west-1 COMPLETE"]);
    assert_eq!(b.tags(&repo("eu-west-1", "app"), &digest).await.unwrap(), ["v1"]);
    let again = b.blob_bytes() - layer.len() as u64;
    assert!(again <= MIB as u64 + 2, "at most the chunk that was on the line is sent again: {again}");
    println!("a destination killed at 3.1 of 8 MiB: {again} bytes were sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replicator_that_dies_in_an_upload_is_gone_on_from() {
    let (a, b) = (Server::new().await, Server::new().await);
    let app = repo("us-east-1", "app");
    a.create(&app, |_| {}).await;
    a.rules(&app.registry, to("eu-west-1")).await;
    let (done, layer) = (some_bytes(3, MIB), some_bytes(4, 8 * MIB));
    *b.traffic.stall_at.lock().unwrap() = Some(5 * MIB as u64 + 100_000);
    let replicator = a.replicate(&[("eu-west-1", &b)]);
    let digest = a.push(&app, &["v1"], &[&done, &layer]).await;
    wait("the upload to be under way", || async { b.blob_bytes() >= 5 * MIB as u64 + 100_000 }).await;
    drop(replicator);
    a_while().await;
    *b.traffic.stall_at.lock().unwrap() = None;
    let _replicator = a.replicate(&[("eu-west-1", &b)]);
    assert_eq!(a.settled(&app, &digest).await, ["eu-west-1 COMPLETE"]);
    let again = b.blob_bytes() - 9 * MIB as u64 - 2;
    assert!(again <= 2 * MIB as u64, "at most the chunks that were on the line are sent again: {again}");
    println!("a replicator killed at 5.1 of 9 MiB: {again} bytes were sent twice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_destination_keeps_nobody_waiting() {
    let (a, mut b) = (Server::new().await, Server::new().await);
    b.close().await;
    let app = repo("us-east-1", "app");
    a.create(&app, |_| {}).await;
    let destinations =
        json!([{ "region": "eu-west-1", "registryId": HOME }, { "region": "us-west-2", "registryId": HOME }]);
    a.rules(&app.registry, json!([{ "destinations": destinations }])).await;
    let _replicator = a.replicate(&[("eu-west-1", &b)]);
    let mut all = Vec::new();
    for n in 0..30_u32 {
        all.push(a.push(&app, &[&format!("v{n}")], &[&some_bytes(n, 100)]).await);
    }
    let near = repo("us-west-2", "app");
    wait("the living destination", || async { a.tags(&near, &all[29]).await.is_some_and(|t| !t.is_empty()) }).await;
    b.open().await;
    for digest in &all {
        assert_eq!(a.settled(&app, digest).await, ["eu-west-1 COMPLETE", "us-west-2 COMPLETE"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_says_no() {
    let (a, b) = (Server::new().await, Server::new().await);
    let app = repo("us-east-1", "app");
    a.create(&app, |_| {}).await;
    a.rules(&app.registry, to("eu-west-1")).await;
    let replicator = a.replicate_to(vec![b.as_peer("eu-west-1", "wrong")]);
    let digest = a.push(&app, &["v1"], &[b"1"]).await;
    assert_eq!(a.settled(&app, &digest).await, ["eu-west-1 FAILED AccessDenied"]);
    let record = &a.registry.replications(&app, &digest).await.unwrap()[0].1;
    assert!(!format!("{record:?}").contains("wrong"));
    drop(replicator);
    // The peer's registry is another account's, whose policy does not know ours.
    let _replicator = a.replicate(&[("eu-west-1", &b)]);
    a.rules(&app.registry, json!([{ "destinations": [{ "region": "eu-west-1", "registryId": OTHER }] }])).await;
    let denied = a.push(&app, &["v2"], &[b"2"]).await;
    assert_eq!(a.settled(&app, &denied).await, ["eu-west-1 other FAILED AccessDenied"]);
    assert_eq!(b.blob_bytes(), 0, "not a byte was sent");
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "ecr:*",
        "Principal": { "AWS": format!("arn:aws:iam::{HOME}:root") }, "Resource": "*" }] });
    b.registry.set_setting(&id(OTHER, "eu-west-1"), "policy", Some(&policy.to_string())).await.unwrap();
    let allowed = a.push(&app, &["v3"], &[b"3"]).await;
    assert_eq!(a.settled(&app, &allowed).await, ["eu-west-1 other COMPLETE"]);
    // An immutable tag stays there too, and deletes go along.
    let copy = gantry_registry::RepoId::new(id(OTHER, "eu-west-1"), "app");
    b.registry
        .update_repository(&copy, |r| {
            r.mutability = gantry_registry::Mutability::Immutable;
            Ok(())
        })
        .await
        .unwrap();
    let moved = a.push(&app, &["v3"], &[b"moved"]).await;
    assert_eq!(a.settled(&app, &moved).await, ["eu-west-1 other FAILED ImageTagAlreadyExists"]);
    let on = json!([{ "destinations": [{ "region": "eu-west-1", "registryId": OTHER }], "deleteReplication": { "enabled": true } }]);
    a.rules(&app.registry, on).await;
    a.registry.delete_image(&app, &moved, true).await.unwrap();
    wait("the image to go", || async { b.tags(&copy, &moved).await.is_none() }).await;
    assert_eq!(b.tags(&copy, &allowed).await.unwrap(), ["v3"]);
}

/// By the wire itself: the header turns a push's permissions into a replication's, and opens nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_header_opens_only_what_a_replication_needs() {
    let s = Server::new().await;
    let app = repo("us-east-1", "app");
    s.create(&app, |_| {}).await;
    let digest = s.push(&app, &["v1"], &[b"1"]).await;
    let client = gantry_upstream::Client::new(gantry_upstream::system_tls().unwrap(), Default::default());
    let endpoint: gantry_upstream::Endpoint = format!("http://{}", s.address).parse().unwrap();
    let token = s.token().await;
    let remote = |source: &str| {
        client
            .remote(endpoint.clone(), "app")
            .with_credentials(gantry_upstream::Basic::new("AWS", token.clone()))
            .with_header(http::HeaderName::from_static(REPLICATION_SOURCE), source.parse().unwrap())
    };
    let near = remote(&format!("{HOME}/eu-west-1"));
    assert!(near.head_manifest("v1", gantry_upstream::MANIFESTS).await.is_ok());
    let get = near.get_manifest(digest.as_str(), gantry_upstream::MANIFESTS).await.unwrap_err();
    assert!(get.has_code("UNSUPPORTED"), "{get}");
    let far = remote(&format!("{OTHER}/eu-west-1")).head_manifest("v1", gantry_upstream::MANIFESTS).await.unwrap_err();
    assert_eq!(far.kind, gantry_upstream::Kind::Denied, "{far}");
    for bad in ["", "x", "1/2/3", "000000000000"] {
        let refused = remote(bad).head_manifest("v1", gantry_upstream::MANIFESTS).await.unwrap_err();
        assert_eq!(refused.kind, gantry_upstream::Kind::Denied, "{bad}");
    }
}
