//! Between registries of one store.

use gantry_registry::{RepoId, TemplateRecord};
use serde_json::{Value, json};

use crate::rig::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_is_copied_without_a_byte_and_told_of() {
    let s = Server::new().await;
    let app = repo("us-east-1", "team/app");
    s.create(&app, |_| {}).await;
    let before = s.push(&app, &["old"], &[b"old"]).await;
    s.rules(&app.registry, to("eu-west-1")).await;
    let _replicator = s.replicate(&[]);
    let digest = s.push(&app, &["v1", "latest"], &[b"layer"]).await;
    let stored = s.stored();
    assert_eq!(s.settled(&app, &digest).await, ["eu-west-1 COMPLETE"]);
    let copy = repo("eu-west-1", "team/app");
    assert_eq!(s.tags(&copy, &digest).await.unwrap(), ["latest", "v1"]);
    assert_eq!(s.stored(), stored, "no file more");
    let original = s.registry.original(&copy, &digest).await.unwrap().unwrap();
    assert!(original.record.replica);
    assert!(s.registry.blob_size(&copy, &original.manifest.blobs[1]).await.is_ok(), "it can be pulled whole");
    assert_eq!(s.tags(&copy, &before).await, None, "what was there before the rule");
    let mut events = s.events().await;
    events.sort_by_key(|(_, e)| e["image-tag"].to_string());
    let tags: Vec<&str> = events.iter().filter_map(|(_, e)| e["image-tag"].as_str()).collect();
    assert_eq!(tags, ["latest", "v1"]);
    let (region, first) = &events[0];
    assert_eq!(
        (region.as_str(), first),
        (
            "eu-west-1",
            &json!({ "result": "SUCCESS", "repository-name": "team/app", "image-digest": digest,
                     "source-account": HOME, "action-type": "REPLICATE", "source-region": "us-east-1",
                     "image-tag": "latest" })
        )
    );
    // A tag that moves moves there too.
    let next = s.push(&app, &["latest"], &[b"next"]).await;
    s.settled(&app, &next).await;
    assert_eq!(s.tags(&copy, &next).await.unwrap(), ["latest"]);
    assert_eq!(s.tags(&copy, &digest).await.unwrap(), ["v1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_choose_and_copies_are_not_copied_on() {
    let s = Server::new().await;
    let rule = |region: &str, prefix: &str| {
        json!({ "destinations": [{ "region": region, "registryId": HOME }],
                "repositoryFilters": [{ "filter": prefix, "filterType": "PREFIX_MATCH" }] })
    };
    let rules = json!([rule("eu-west-1", "prod"), rule("eu-west-2", "prod/a"), rule("eu-west-3", "dev")]);
    s.rules(&id(HOME, "us-east-1"), rules).await;
    s.rules(&id(HOME, "eu-west-1"), to("us-west-2")).await;
    let _replicator = s.replicate(&[]);
    let app = repo("us-east-1", "prod/app");
    s.create(&app, |_| {}).await;
    let digest = s.push(&app, &["v1"], &[b"layer"]).await;
    assert_eq!(s.settled(&app, &digest).await, ["eu-west-1 COMPLETE", "eu-west-2 COMPLETE"]);
    let plain = repo("us-east-1", "plain");
    s.create(&plain, |_| {}).await;
    let other = s.push(&plain, &["v1"], &[b"layer"]).await;
    assert!(s.settled(&plain, &other).await.is_empty());
    a_while().await;
    let copy = repo("eu-west-1", "prod/app");
    assert_eq!(s.tags(&repo("us-west-2", "prod/app"), &digest).await, None, "no chain");
    assert!(s.registry.replications(&copy, &digest).await.unwrap().is_empty());
    // Pushed there by somebody it is an image of that registry.
    let own = s.push(&copy, &["mine"], &[b"own"]).await;
    assert_eq!(s.settled(&copy, &own).await, ["us-west-2 COMPLETE"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn indexes_bring_their_images_and_signatures_follow() {
    let s = Server::new().await;
    let app = repo("us-east-1", "app");
    s.create(&app, |_| {}).await;
    let child = s.push(&app, &[], &[b"amd64"]).await;
    let archived = s.push(&app, &["cold"], &[b"cold"]).await;
    s.rules(&app.registry, to("eu-west-1")).await;
    s.registry.archive_image(&app, &archived, None).await.unwrap();
    let replicator = s.replicate(&[]);
    let inner = s.push_index(&app, &[], &[&child]).await;
    let index = s.push_index(&app, &["multi"], &[&inner, &child]).await;
    assert_eq!(s.settled(&app, &index).await, ["eu-west-1 COMPLETE"]);
    let copy = repo("eu-west-1", "app");
    assert_eq!(s.tags(&copy, &index).await.unwrap(), ["multi"]);
    assert_eq!(s.tags(&copy, &child).await.unwrap(), [""; 0]);
    let config = s.blob(&app, b"{}").await;
    let signature = s
        .put(
            &app,
            &[],
            json!({ "schemaVersion": 2, "artifactType": "a/sig", "config": config, "layers": [],
                    "subject": { "mediaType": "x/y", "digest": index, "size": 2 } }),
        )
        .await;
    assert_eq!(s.settled(&app, &signature).await, ["eu-west-1 COMPLETE"]);
    let referrers = s.registry.referrers(&copy, &index, None, 10).await.unwrap();
    assert_eq!(referrers.items[0].digest, signature);
    drop(replicator);
    // Archived before the replicator came to it: it is not copied.
    let late = s.push(&app, &["late"], &[b"late"]).await;
    s.registry.archive_image(&app, &late, None).await.unwrap();
    let _replicator = s.replicate(&[]);
    assert!(s.settled(&app, &late).await.is_empty());
    assert_eq!(s.tags(&copy, &late).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_account_must_allow_it() {
    let s = Server::new().await;
    let app = repo("us-east-1", "app");
    s.create(&app, |_| {}).await;
    s.rules(&app.registry, json!([{ "destinations": [{ "region": "us-east-1", "registryId": OTHER }] }])).await;
    let _replicator = s.replicate(&[]);
    let target = id(OTHER, "us-east-1");
    let allow = |actions: Value| {
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": actions,
            "Principal": { "AWS": format!("arn:aws:iam::{HOME}:root") },
            "Resource": format!("arn:aws:ecr:us-east-1:{OTHER}:repository/*") }] })
        .to_string()
    };
    let policy = |text: String| {
        let (registry, target) = (s.registry.clone(), target.clone());
        async move { registry.set_setting(&target, "policy", Some(&text)).await.unwrap() }
    };
    let first = s.push(&app, &["v1"], &[b"1"]).await;
    assert_eq!(s.settled(&app, &first).await, ["us-east-1 other FAILED AccessDenied"]);
    let (region, event) = &s.events().await[0];
    assert_eq!((region.as_str(), &event["result"]), ("us-east-1", &json!("FAILED")));
    policy(allow(json!(["ecr:ReplicateImage"]))).await;
    let second = s.push(&app, &["v2"], &[b"2"]).await;
    assert_eq!(
        s.settled(&app, &second).await,
        ["us-east-1 other FAILED AccessDenied"],
        "it may not make the repository"
    );
    policy(allow(json!(["ecr:ReplicateImage", "ecr:CreateRepository"]))).await;
    // A push of the image anew asks for another round.
    let again = s.push(&app, &["v1", "again"], &[b"1"]).await;
    assert_eq!(again, first);
    assert_eq!(s.settled(&app, &again).await, ["us-east-1 other COMPLETE"]);
    let copy = RepoId::new(target, "app");
    assert_eq!(s.tags(&copy, &first).await.unwrap(), ["again", "v1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn templates_make_repositories_and_immutable_tags_stay() {
    let s = Server::new().await;
    let away = id(HOME, "eu-west-1");
    let template = TemplateRecord {
        prefix: "team".into(),
        description: None,
        encryption: gantry_registry::EncryptionRecord { kind: "AES256".into(), kms_key: None },
        tags: [("made-by".to_owned(), "replication".to_owned())].into(),
        mutability: gantry_registry::Mutability::Immutable,
        exclusion_filters: Vec::new(),
        repository_policy: None,
        lifecycle_policy: None,
        applied_for: vec!["REPLICATION".into()],
        custom_role_arn: None,
        created_at: gantry_base::Timestamp::from_secs(1),
        updated_at: gantry_base::Timestamp::from_secs(1),
    };
    assert!(s.registry.create_template(&away, &template).await.unwrap());
    s.rules(&id(HOME, "us-east-1"), to("eu-west-1")).await;
    let _replicator = s.replicate(&[]);
    let (app, other) = (repo("us-east-1", "team/app"), repo("us-east-1", "other"));
    for r in [&app, &other] {
        s.create(r, |_| {}).await;
        let digest = s.push(r, &["v1", "v2"], &[b"1"]).await;
        assert_eq!(s.settled(r, &digest).await, ["eu-west-1 COMPLETE"]);
    }
    let made = s.registry.repository(&repo("eu-west-1", "team/app")).await.unwrap().value;
    assert_eq!(made.tags["made-by"], "replication");
    let made = s.registry.repository(&repo("eu-west-1", "other")).await.unwrap().value;
    assert!(made.tags.is_empty() && made.mutability == gantry_registry::Mutability::Mutable);
    // The tag may move here, and may not there: the image comes without it.
    let moved = s.push(&app, &["v1", "v3"], &[b"moved"]).await;
    assert_eq!(s.settled(&app, &moved).await, ["eu-west-1 FAILED ImageTagAlreadyExists"]);
    assert_eq!(s.tags(&repo("eu-west-1", "team/app"), &moved).await.unwrap(), ["v3"]);
    let record = &s.registry.replications(&app, &moved).await.unwrap()[0].1;
    assert!(record.reason.as_deref().unwrap().contains("'v1'"), "{record:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletes_go_along_only_where_a_rule_says_so() {
    let s = Server::new().await;
    let rules = json!([
        { "destinations": [{ "region": "eu-west-1", "registryId": HOME }], "deleteReplication": { "enabled": true } },
        { "destinations": [{ "region": "eu-west-2", "registryId": HOME }] }]);
    s.rules(&id(HOME, "us-east-1"), rules).await;
    // Deletes that came by replication go no further.
    let on = json!([{ "destinations": [{ "region": "eu-west-2", "registryId": HOME }], "deleteReplication": { "enabled": true } }]);
    s.rules(&id(HOME, "eu-west-1"), on).await;
    let _replicator = s.replicate(&[]);
    let app = repo("us-east-1", "app");
    s.create(&app, |_| {}).await;
    let first = s.push(&app, &["a", "b", "c"], &[b"1"]).await;
    let second = s.push(&app, &["d"], &[b"2"]).await;
    s.settled(&app, &first).await;
    s.settled(&app, &second).await;
    s.registry.delete_tagged(&app, "a", None).await.unwrap();
    s.registry.delete_image(&app, &second, true).await.unwrap();
    let (follows, stays) = (repo("eu-west-1", "app"), repo("eu-west-2", "app"));
    wait("the tag to go", || async { s.tags(&follows, &first).await.unwrap() == ["b", "c"] }).await;
    wait("the image to go", || async { s.tags(&follows, &second).await.is_none() }).await;
    s.registry.delete_tagged(&app, "b", None).await.unwrap();
    s.registry.delete_tagged(&app, "c", None).await.unwrap();
    wait("the image to go", || async { s.tags(&follows, &first).await.is_none() }).await;
    wait("the queue to be empty", || async { s.registry.queued_deletes(None, 10).await.unwrap().items.is_empty() })
        .await;
    a_while().await;
    assert_eq!(s.tags(&stays, &first).await.unwrap(), ["a", "b", "c"]);
    assert_eq!(s.tags(&stays, &second).await.unwrap(), ["d"]);
    assert!(s.registry.replications(&app, &first).await.unwrap().is_empty(), "the image's states went with it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_replicators_one_works_and_the_other_takes_over() {
    let s = Server::new().await;
    let app = repo("us-east-1", "app");
    s.create(&app, |_| {}).await;
    s.rules(&app.registry, to("eu-west-1")).await;
    let (first, second) = (s.replicate(&[]), s.replicate(&[]));
    let digests = |from: u32| {
        let (s, app) = (&s, &app);
        async move {
            let mut all = Vec::new();
            for n in from..from + 20 {
                all.push(s.push(app, &[&format!("v{n}")], &[&some_bytes(n, 10)]).await);
            }
            all
        }
    };
    let all = digests(0).await;
    drop(first);
    for digest in all.iter().chain(&digests(20).await) {
        assert_eq!(s.settled(&app, digest).await, ["eu-west-1 COMPLETE"]);
    }
    drop(second);
    assert_eq!(s.events().await.len(), 40, "each once");
}
