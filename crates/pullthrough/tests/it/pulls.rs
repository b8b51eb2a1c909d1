//! Pulling: the first time, again, by many, and after a day.

use std::sync::Arc;
use std::time::Duration;

use gantry_registry::{
    CacheRule, EncryptionRecord, Mutability, NewImage, PULL_THROUGH_CACHE, REFRESH_MS, RegistryId, TemplateRecord,
    Upstream as _,
};
use serde_json::json;
use tokio::sync::Semaphore;

use crate::rig::{Rig, ask, ask_at, registry_id, repo};

#[tokio::test]
async fn a_first_pull_brings_the_image_for_good() {
    let rig = Rig::new().await;
    let (digest, layer) = rig.hub.image("library/app", Some("v1"), b"one");
    let got = rig.get("/v2/hub/library/app/manifests/v1").await;
    assert_eq!(
        (got.status, got.headers["docker-content-digest"].to_str().unwrap()),
        (200, digest.as_str()),
        "{}",
        got.text()
    );
    assert_eq!(rig.get(&format!("/v2/hub/library/app/blobs/{layer}")).await.text(), "one");
    let (stored, record) = rig.stored("hub/library/app", "v1").await;
    assert_eq!((stored, record.image_size), (digest.clone(), 5));
    let events = rig.events(1).await;
    assert_eq!(
        events[0]["detail"],
        json!({ "rule-version": "1", "sync-status": "SUCCESS", "ecr-repository-prefix": "hub",
                "repository-name": "hub/library/app", "upstream-registry-url": rig.hub.address(),
                "image-tag": "v1", "image-digest": digest })
    );
    // With upstream gone, and without its being asked.
    rig.hub.asked();
    rig.hub.fail(Some(500));
    for path in [format!("manifests/{digest}"), "manifests/v1".into(), format!("blobs/{layer}")] {
        for method in ["GET", "HEAD"] {
            assert_eq!(rig.ask(method, &format!("/v2/hub/library/app/{path}")).await.status, 200, "{method} {path}");
        }
    }
    assert!(rig.hub.asked().is_empty());
    assert_eq!(rig.registry.repository(&repo("hub/library/app")).await.unwrap().value.mutability, Mutability::Mutable);
}

/// The answer does not wait for the layers, which come while the client already knows what it wants.
#[tokio::test]
async fn the_manifest_is_answered_before_the_layers_are_here() {
    let rig = Rig::new().await;
    let (digest, layer) = rig.hub.image("app", Some("v1"), &vec![7; 3_000_000]);
    let gate = Arc::new(Semaphore::new(0));
    *rig.hub.gate.lock().unwrap() = Some(gate.clone());
    let head = rig.ask("HEAD", "/v2/hub/app/manifests/v1").await;
    assert_eq!((head.status, head.headers["docker-content-digest"].to_str().unwrap()), (200, digest.as_str()));
    assert_eq!(rig.get(&format!("/v2/hub/app/manifests/{digest}")).await.status, 200);
    assert!(!rig.is_stored("hub/app", "v1").await);
    let wire = rig.wire.clone();
    let blob = format!("/v2/hub/app/blobs/{layer}");
    let waiting = tokio::spawn(async move { ask(&wire, "GET", &blob).await.body.len() });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    gate.add_permits(10);
    assert_eq!(waiting.await.unwrap(), 3_000_000);
    rig.stored("hub/app", "v1").await;
    let manifests = rig.hub.asked().iter().filter(|path| path.contains("/manifests/")).count();
    assert_eq!(manifests, 1, "the same import serves tag and digest");
}

#[tokio::test]
async fn many_waiting_pulls_cause_one_fetch() {
    let rig = Rig::new().await;
    let (digest, layer) = rig.hub.image("app", Some("v1"), &vec![5; 1_000_000]);
    let gate = Arc::new(Semaphore::new(0));
    *rig.hub.gate.lock().unwrap() = Some(gate.clone());
    // The first one goes away.
    let wire = rig.wire.clone();
    let first = tokio::spawn(async move { ask(&wire, "GET", "/v2/hub/app/manifests/v1").await });
    tokio::task::yield_now().await;
    first.abort();
    let pulls: Vec<_> = (0..32)
        .map(|n| {
            let (wire, digest, layer) = (rig.wire.clone(), digest.clone(), layer.clone());
            tokio::spawn(async move {
                let reference = if n % 2 == 0 { "v1".to_owned() } else { digest.to_string() };
                // By digest a little later, as clients do.
                tokio::time::sleep(Duration::from_millis(if n % 2 == 0 { 0 } else { 100 })).await;
                let manifest = ask(&wire, "GET", &format!("/v2/hub/app/manifests/{reference}")).await;
                assert_eq!(manifest.status, 200, "{}", manifest.text());
                let blob = ask(&wire, "GET", &format!("/v2/hub/app/blobs/{layer}")).await;
                assert_eq!((blob.status, blob.body.len()), (200, 1_000_000));
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    gate.add_permits(100);
    for pull in pulls {
        pull.await.unwrap();
    }
    rig.stored("hub/app", "v1").await;
    let mut asked = rig.hub.asked();
    asked.sort();
    assert_eq!(asked.len(), 3, "one manifest, one configuration, one layer: {asked:?}");
    assert_eq!(rig.events(1).await.len(), 1);
}

#[tokio::test]
async fn a_tag_is_checked_once_a_day() {
    let rig = Rig::new().await;
    let (one, _) = rig.hub.image("app", Some("v1"), b"one");
    let pull = async || rig.get("/v2/hub/app/manifests/v1").await.headers["docker-content-digest"].clone();
    assert_eq!(pull().await, one.as_str());
    rig.stored("hub/app", "v1").await;
    let (two, layer) = rig.hub.image("app", Some("v1"), b"two");
    rig.hub.asked();
    rig.clock.advance_ms(REFRESH_MS - 1);
    assert_eq!(pull().await, one.as_str());
    assert!(rig.hub.asked().is_empty());
    rig.clock.advance_ms(1);
    assert_eq!(pull().await, two.as_str());
    assert_eq!(rig.get(&format!("/v2/hub/app/blobs/{layer}")).await.text(), "two");
    rig.events(2).await;
    // What the tag was can still be pulled by its digest, without a question.
    rig.hub.asked();
    assert_eq!(rig.get(&format!("/v2/hub/app/manifests/{one}")).await.status, 200);
    assert_eq!(pull().await, two.as_str());
    assert!(rig.hub.asked().is_empty());
    // Unchanged: one HEAD, and none for another day.
    rig.clock.advance_ms(REFRESH_MS);
    assert_eq!((pull().await, pull().await), (two.as_str().parse().unwrap(), two.as_str().parse().unwrap()));
    assert_eq!(rig.hub.asked(), ["HEAD /v2/app/manifests/v1"]);
}

#[tokio::test]
async fn what_is_cached_is_served_whatever_upstream_says() {
    let rig = Rig::new().await;
    let (one, _) = rig.hub.image("app", Some("v1"), b"one");
    rig.get("/v2/hub/app/manifests/v1").await;
    rig.stored("hub/app", "v1").await;
    for fault in [500, 404, 401, 429] {
        rig.hub.fail(Some(fault));
        rig.clock.advance_ms(REFRESH_MS);
        let got = rig.get("/v2/hub/app/manifests/v1").await;
        assert_eq!(
            (got.status, got.headers["docker-content-digest"].to_str().unwrap()),
            (200, one.as_str()),
            "{fault}"
        );
    }
    // Who may not import is served from the cache, and upstream is not asked for him.
    rig.hub.fail(None);
    rig.clock.advance_ms(REFRESH_MS);
    rig.hub.asked();
    rig.gate.0.lock().unwrap().insert("ecr:BatchImportUpstreamImage");
    assert_eq!(rig.get("/v2/hub/app/manifests/v1").await.status, 200);
    assert!(rig.hub.asked().is_empty());
    // A rule that is gone leaves what it brought.
    rig.registry.delete_cache_rule(&registry_id(), "hub").await.unwrap();
    assert_eq!(rig.get("/v2/hub/app/manifests/v1").await.status, 200);
    assert_eq!(rig.get("/v2/hub/app/manifests/v2").await.status, 404);
    assert!(rig.hub.asked().is_empty());
}

#[tokio::test]
async fn a_template_says_what_the_repository_is_like_and_a_fixed_tag_stays() {
    let rig = Rig::new().await;
    let template = TemplateRecord {
        prefix: "hub".into(),
        description: None,
        encryption: EncryptionRecord { kind: "AES256".into(), kms_key: None },
        tags: [("team".to_owned(), "a".to_owned())].into(),
        mutability: Mutability::Immutable,
        exclusion_filters: Vec::new(),
        repository_policy: None,
        lifecycle_policy: None,
        applied_for: vec![PULL_THROUGH_CACHE.into()],
        custom_role_arn: None,
        created_at: gantry_base::Timestamp::from_secs(0),
        updated_at: gantry_base::Timestamp::from_secs(0),
    };
    rig.registry.create_template(&registry_id(), &template).await.unwrap();
    let (one, _) = rig.hub.image("app", Some("v1"), b"one");
    rig.get("/v2/hub/app/manifests/v1").await;
    rig.stored("hub/app", "v1").await;
    let made = rig.registry.repository(&repo("hub/app")).await.unwrap().value;
    assert_eq!((made.mutability, made.tags["team"].as_str()), (Mutability::Immutable, "a"));
    rig.hub.image("app", Some("v1"), b"two");
    rig.clock.advance_ms(REFRESH_MS);
    rig.hub.asked();
    assert_eq!(rig.get("/v2/hub/app/manifests/v1").await.headers["docker-content-digest"], one.as_str());
    assert!(rig.hub.asked().is_empty());
}

/// Of an index come the index and the images that are asked for.
#[tokio::test]
async fn of_an_index_only_what_is_asked_for_comes() {
    let rig = Rig::new().await;
    let (amd, layer) = rig.hub.image("app", None, b"amd64");
    let (arm, _) = rig.hub.image("app", None, b"arm64");
    let index = rig.hub.index("app", "v1", &[&amd, &arm]);
    assert_eq!(rig.get("/v2/hub/app/manifests/v1").await.headers["docker-content-digest"], index.as_str());
    rig.stored("hub/app", "v1").await;
    assert_eq!(rig.get(&format!("/v2/hub/app/manifests/{amd}")).await.status, 200);
    rig.stored("hub/app", amd.as_str()).await;
    assert!(!rig.is_stored("hub/app", arm.as_str()).await);
    rig.hub.fail(Some(500));
    for path in [format!("manifests/{index}"), format!("manifests/{amd}"), format!("blobs/{layer}")] {
        assert_eq!(rig.get(&format!("/v2/hub/app/{path}")).await.status, 200, "{path}");
    }
    let lacking = rig.get(&format!("/v2/hub/app/manifests/{arm}")).await;
    assert_eq!(lacking.status, 502, "{}", lacking.text());
    rig.hub.fail(None);
    assert_eq!(rig.get(&format!("/v2/hub/app/manifests/{arm}")).await.status, 200);
    rig.stored("hub/app", arm.as_str()).await;
    // The index holds its children.
    assert_eq!(rig.registry.referencing_index(&repo("hub/app"), &arm).await.unwrap(), Some(index));
}

/// A tag that somebody pushed is nobody's to replace.
#[tokio::test]
async fn a_pushed_tag_is_not_refreshed() {
    let rig = Rig::new().await;
    let (one, _) = rig.hub.image("app", Some("v1"), b"one");
    let manifest = rig.get("/v2/hub/app/manifests/v1").await.body;
    rig.stored("hub/app", "v1").await;
    let new =
        NewImage { manifest, content_type: None, tags: vec!["mine".into()], digest: None, origin: Default::default() };
    rig.registry.put_image(&repo("hub/app"), new).await.unwrap();
    rig.hub.image("app", Some("mine"), b"theirs");
    rig.clock.advance_ms(2 * REFRESH_MS);
    rig.hub.asked();
    assert_eq!(rig.get("/v2/hub/app/manifests/mine").await.headers["docker-content-digest"], one.as_str());
    assert!(rig.hub.asked().is_empty());
}

/// A rule for one of ECR's own registries means the one that this server has.
#[tokio::test]
async fn another_registry_of_this_server_can_be_upstream() {
    let rig = Rig::new().await;
    let (digest, layer) = rig.hub.image("app", Some("v1"), b"one");
    rig.get("/v2/hub/app/manifests/v1").await;
    rig.stored("hub/app", "v1").await;
    rig.hub.fail(Some(500));
    for (account, role, status) in [
        ("123456789012", None, 200),
        ("999999999999", None, 403),
        ("999999999999", Some("arn:aws:iam::999999999999:role/r"), 200),
    ] {
        let west = RegistryId { account: account.parse().unwrap(), region: "eu-west-1".parse().unwrap() };
        let rule = CacheRule {
            prefix: "east".into(),
            upstream_url: "123456789012.dkr.ecr.us-east-1.amazonaws.com".into(),
            upstream_registry: Some("ecr".into()),
            credential_arn: None,
            custom_role_arn: role.map(str::to_owned),
            upstream_prefix: Some("hub".into()),
            ..rig.rule()
        };
        let _ = rig.registry.delete_cache_rule(&west, "east").await.unwrap();
        assert!(rig.registry.create_cache_rule(&west, &rule).await.unwrap());
        let host = format!("{account}.dkr.ecr.eu-west-1.amazonaws.com");
        let got = ask_at(&rig.wire, &host, "GET", "/v2/east/app/manifests/v1").await;
        assert_eq!(got.status, status, "{}", got.text());
        assert_eq!(rig.cache.validate(&west, &rule).await.is_ok(), status == 200);
        if status == 200 {
            assert_eq!(got.headers["docker-content-digest"], digest.as_str());
            let blob = ask_at(&rig.wire, &host, "GET", &format!("/v2/east/app/blobs/{layer}")).await;
            assert_eq!(blob.text(), "one");
            let absent = ask_at(&rig.wire, &host, "GET", "/v2/east/app/manifests/v2").await;
            assert_eq!((absent.status, absent.code().as_str()), (404, "MANIFEST_UNKNOWN"));
        }
    }
}
