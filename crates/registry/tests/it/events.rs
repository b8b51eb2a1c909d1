//! What a push and a delete tell of and leave for others.

use gantry_base::event;
use gantry_registry::{queue, setting};
use serde_json::{Value, json};

use crate::support::{Fixture, registry_id, repo};

impl Fixture {
    async fn events(&self) -> Vec<Value> {
        let all = self.store.list(event::EVENTS).await.unwrap();
        all.kvs.iter().map(|kv| serde_json::from_slice(&kv.value).unwrap()).collect()
    }
}

#[tokio::test]
async fn pushes_and_deletes_are_told_once() {
    let f = Fixture::new(&["team/app"]).await;
    let digest = f.push_image("team/app", "v1", "layer").await;
    let events = f.events().await;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(
        (&event["version"], &event["source"], &event["detail-type"], &event["account"], &event["region"]),
        (&json!("0"), &json!("aws.ecr"), &json!("ECR Image Action"), &json!("000000000001"), &json!("us-east-1"))
    );
    assert_eq!(event["time"], "2027-01-15T08:00:00Z");
    let detail = json!({
        "result": "SUCCESS", "repository-name": "team/app", "image-digest": digest, "action-type": "PUSH",
        "image-tag": "v1", "manifest-media-type": "application/vnd.oci.image.manifest.v1+json",
        "artifact-media-type": "application/vnd.oci.image.config.v1+json",
    });
    assert_eq!(event["detail"], detail);

    f.push_image("team/app", "v1", "layer").await;
    assert_eq!(f.events().await.len(), 1, "nothing changed");

    f.clock.advance_ms(1);
    assert_eq!(f.send("DELETE", &format!("/v2/team/app/manifests/{digest}"), &[], "").await.status, 202);
    let events = f.events().await;
    assert_eq!((events.len(), &events[1]["detail"]["action-type"]), (2, &json!("DELETE")));
    assert_eq!(events[1]["detail"]["image-tag"], "v1");
    assert_eq!(f.put("team/app", "v2", "{}").await.status, 400);
    assert_eq!(f.events().await.len(), 2, "what was refused is not told");
}

#[tokio::test]
async fn old_events_go() {
    let f = Fixture::new(&["app"]).await;
    f.push_image("app", "v1", "one").await;
    f.clock.advance_ms(event::RETENTION_MS);
    f.push_image("app", "v2", "two").await;
    f.clock.advance_ms(1);
    assert_eq!(f.wire.registry().expire_events().await.unwrap(), 1);
    let left = f.events().await;
    assert_eq!((left.len(), &left[0]["detail"]["image-tag"]), (1, &json!("v2")));
}

#[tokio::test]
async fn a_push_leaves_work_where_somebody_asked_for_it() {
    let f = Fixture::new(&["plain"]).await;
    f.create_with("scanned", |r| r.scan_on_push = true).await;
    let registry = f.wire.registry().clone();
    f.push_image("plain", "v1", "one").await;
    assert_eq!(registry.queued(queue::SCAN, None, 10).await.unwrap().items, []);
    let digest = f.push_image("scanned", "v1", "one").await;
    let queued = registry.queued(queue::SCAN, None, 10).await.unwrap().items;
    assert_eq!((queued.len(), &queued[0].repo, &queued[0].digest), (1, &repo("scanned"), &digest));
    assert_eq!(registry.queued(queue::REPLICATE, None, 10).await.unwrap().items, []);

    // A push meanwhile keeps the entry.
    f.put("scanned", "v2", &f.image_manifest("scanned", "one").await).await;
    assert!(!registry.unqueue(&queued[0]).await.unwrap());
    let again = registry.queued(queue::SCAN, None, 10).await.unwrap().items;
    assert!(registry.unqueue(&again[0]).await.unwrap());
    assert_eq!(registry.queued(queue::SCAN, None, 10).await.unwrap().items, []);

    for name in [setting::REPLICATION, setting::SCANNING] {
        registry.set_setting(&registry_id(), name, Some("{}")).await.unwrap();
    }
    f.push_image("plain", "v2", "two").await;
    f.push_image("plain", "v3", "three").await;
    for name in [queue::REPLICATE, queue::SCAN] {
        let first = registry.queued(name, None, 1).await.unwrap();
        let rest = registry.queued(name, first.next.as_deref(), 10).await.unwrap();
        assert_eq!((first.items.len(), rest.items.len(), rest.next), (1, 1, None));
    }
}
