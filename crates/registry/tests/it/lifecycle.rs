//! Lifecycle policies at work: a preview is what then happens, and what changed meanwhile stays.

use std::collections::{BTreeMap, BTreeSet};

use gantry_blobs::Digest;
use gantry_registry::{LifecycleRun, PreviewResult, Reference, limits};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Fixture, manifest, repo};

const DAY_MS: i64 = 24 * 3600 * 1000;

fn policy(rules: &[Value]) -> String {
    json!({ "rules": rules }).to_string()
}

fn expire(priority: u32, selection: Value) -> Value {
    json!({ "rulePriority": priority, "selection": selection, "action": { "type": "expire" } })
}

impl Fixture {
    async fn preview(&self, text: &str) -> Vec<PreviewResult> {
        let registry = self.wire.registry();
        let record = registry.preview_lifecycle_policy(&repo("app"), text).await.unwrap();
        assert_eq!(registry.lifecycle_preview(&repo("app")).await.unwrap(), Some(record.clone()));
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page =
                registry.lifecycle_preview_results(&repo("app"), &record, after.as_deref(), 3, |_| true).await.unwrap();
            assert!(page.items.len() <= 3);
            all.extend(page.items);
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        assert_eq!((record.expiring, record.archiving), {
            let expiring = all.iter().filter(|r| r.expire).count();
            (expiring, all.len() - expiring)
        });
        all
    }

    /// Digest, tags, archived.
    async fn images(&self) -> BTreeMap<Digest, (Vec<String>, bool)> {
        let page = self.wire.registry().images(&repo("app"), None, 1000).await.unwrap();
        page.items.into_iter().map(|i| (i.digest, (i.tags, i.record.archived))).collect()
    }
}

#[tokio::test]
async fn a_policy_runs_from_housekeeping_and_once_an_hour() {
    let f = Fixture::new(&["app"]).await;
    let text = policy(&[expire(1, json!({ "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 2 }))]);
    let registry = f.wire.registry();
    registry.set_lifecycle_policy(&repo("app"), Some(&text)).await.unwrap();
    let mut digests = Vec::new();
    for n in 0..4 {
        digests.push(f.push_image("app", &format!("v{n}"), &format!("layer {n}")).await);
        f.clock.advance_ms(1000);
    }
    registry.housekeep().await;
    assert_eq!(f.images().await.into_keys().collect::<BTreeSet<_>>(), digests[2..].iter().cloned().collect());
    let record = registry.lifecycle_policy(&repo("app")).await.unwrap().unwrap();
    assert!(record.evaluated_at.is_some());
    f.push_image("app", "v4", "layer 4").await;
    assert_eq!(registry.run_lifecycle_policies().await.unwrap(), LifecycleRun::default(), "ran just now");
    f.clock.advance_ms(3600 * 1000);
    assert_eq!(registry.run_lifecycle_policies().await.unwrap(), LifecycleRun { expired: 1, archived: 0 });
    // What expired is collected like anything that was deleted.
    f.clock.advance_ms(limits::UPLOADED_GRACE_MS);
    assert!(registry.collect().await.unwrap().blobs >= 6);
    registry.set_lifecycle_policy(&repo("app"), None).await.unwrap();
    assert_eq!(registry.lifecycle_policy(&repo("app")).await.unwrap(), None);
}

#[tokio::test]
async fn archived_images_can_not_be_pulled_until_they_are_back() {
    let f = Fixture::new(&["app"]).await;
    let registry = f.wire.registry();
    let text = manifest(&f.push_blob("app", b"{}").await, &f.push_blob("app", b"x").await, 1, "");
    assert_eq!(f.put("app", "v1", &text).await.status, 201);
    let digest = Digest::sha256(text.as_bytes());
    let transition = json!({ "rulePriority": 1,
        "selection": { "tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 5 },
        "action": { "type": "transition", "targetStorageClass": "archive" } });
    registry.set_lifecycle_policy(&repo("app"), Some(&policy(&[transition]))).await.unwrap();
    f.clock.advance_ms(4 * DAY_MS);
    assert_eq!(f.get("/v2/app/manifests/v1").await.status, 200);
    assert_eq!(registry.last_pull(&repo("app"), &digest).await.unwrap(), Some(f.now()));
    f.clock.advance_ms(5 * DAY_MS);
    assert_eq!(registry.run_lifecycle_policies().await.unwrap(), LifecycleRun::default(), "not over five days");
    f.clock.advance_ms(DAY_MS);
    assert_eq!(registry.run_lifecycle_policies().await.unwrap(), LifecycleRun { expired: 0, archived: 1 });
    for reference in ["v1", digest.as_str()] {
        let reply = f.get(&format!("/v2/app/manifests/{reference}")).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "MANIFEST_UNKNOWN"));
    }
    // Pushing it again restores it, and it is young again.
    assert_eq!(f.put("app", "v1", &text).await.status, 201);
    assert_eq!(f.get("/v2/app/manifests/v1").await.body, text);
    let (_, record) = registry.locate(&repo("app"), &Reference::Tag("v1".into())).await.unwrap();
    assert_eq!((record.archived, record.last_activated_at), (false, Some(f.now())));
    assert!(record.last_archived_at.is_some());
    f.clock.advance_ms(4 * DAY_MS);
    assert_eq!(registry.run_lifecycle_policies().await.unwrap(), LifecycleRun::default());
}

/// Indexes keep what they name, referrers go with what they refer to.
#[tokio::test]
async fn children_wait_and_referrers_follow() {
    let f = Fixture::new(&["app"]).await;
    let registry = f.wire.registry();
    let child = f.push_image("app", "child", "child").await;
    let size = f.get("/v2/app/manifests/child").await.body.len();
    let index = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        { "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": child, "size": size }] })
    .to_string();
    assert_eq!(f.put("app", "index", &index).await.status, 201);
    let index = Digest::sha256(index.as_bytes());
    f.clock.advance_ms(10 * DAY_MS);
    let subject = format!(
        r#","subject":{{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"{index}","size":{size}}}"#
    );
    let signature = manifest(&f.push_blob("app", b"{}").await, &f.push_blob("app", b"sig").await, 3, &subject);
    assert_eq!(f.put("app", "sig", &signature).await.status, 201);
    let signature = Digest::sha256(signature.as_bytes());
    let old = json!({ "tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 5 });
    registry.set_lifecycle_policy(&repo("app"), Some(&policy(&[expire(1, old)]))).await.unwrap();
    let run = registry.run_lifecycle_policies().await.unwrap();
    assert_eq!(run, LifecycleRun { expired: 2, archived: 0 }, "the index, and its signature though that is young");
    let left: Vec<Digest> = f.images().await.into_keys().collect();
    assert_eq!(left, [child]);
    assert!(!left.contains(&signature));
    f.clock.advance_ms(DAY_MS);
    assert_eq!(registry.run_lifecycle_policies().await.unwrap().expired, 1, "the child, now that its index is gone");
}

#[derive(Clone, Debug)]
struct Push {
    age_days: u8,
    tags: BTreeSet<u8>,
    refers: Option<prop::sample::Index>,
    archived: bool,
}

fn any_push() -> impl Strategy<Value = Push> {
    let refers = prop::option::weighted(0.2, any::<prop::sample::Index>());
    (0..3_u8, prop::collection::btree_set(0..6_u8, 0..3), refers, prop::bool::weighted(0.2))
        .prop_map(|(age_days, tags, refers, archived)| Push { age_days, tags, refers, archived })
}

fn any_policy() -> impl Strategy<Value = String> {
    let count = prop_oneof![
        (1..4_u32).prop_map(|n| json!({ "countType": "imageCountMoreThan", "countNumber": n })),
        (1..5_u32).prop_map(|n| json!({ "countType": "sinceImagePushed", "countUnit": "days", "countNumber": n })),
    ];
    let rule = (0..3, count, any::<bool>()).prop_map(|(tags, count, archive)| {
        let mut selection = match tags {
            0 => json!({ "tagStatus": "tagged", "tagPatternList": ["t*"] }),
            1 => json!({ "tagStatus": "tagged", "tagPatternList": ["t1", "*2"] }),
            _ => json!({ "tagStatus": "tagged", "tagPatternList": ["*3*"] }),
        };
        for (key, value) in count.as_object().unwrap() {
            selection[key] = value.clone();
        }
        let action = if archive {
            json!({ "type": "transition", "targetStorageClass": "archive" })
        } else {
            json!({ "type": "expire" })
        };
        json!({ "rulePriority": 0, "selection": selection, "action": action })
    });
    (prop::collection::vec(rule, 1..4), any::<bool>()).prop_map(|(mut rules, any)| {
        if any {
            rules.push(expire(0, json!({ "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 2 })));
        }
        for (n, rule) in rules.iter_mut().enumerate() {
            rule["rulePriority"] = (n + 1).into();
        }
        policy(&rules)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_preview_is_what_then_happens(pushes in prop::collection::vec(any_push(), 1..10), text in any_policy()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let f = Fixture::new(&["app"]).await;
            let registry = f.wire.registry();
            let (config, layer) = (f.push_blob("app", b"{}").await, f.push_blob("app", b"x").await);
            let mut pushed: Vec<Digest> = Vec::new();
            for (n, push) in pushes.iter().enumerate() {
                f.clock.advance_ms(i64::from(push.age_days) * DAY_MS);
                let subject = push.refers.filter(|_| n > 0).map(|at| &pushed[at.index(n)]);
                let subject = subject.map_or_else(String::new, |s| format!(
                    r#","subject":{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"{s}","size":9}}"#));
                let manifest = manifest(&config, &layer, 1, &format!(r#","annotations":{{"n":"{n}"}}{subject}"#));
                let digest = Digest::sha256(manifest.as_bytes());
                assert_eq!(f.put("app", digest.as_str(), &manifest).await.status, 201);
                for tag in &push.tags {
                    assert_eq!(f.put("app", &format!("t{tag}"), &manifest).await.status, 201);
                }
                if push.archived {
                    registry.archive_image(&repo("app"), &digest, None).await.unwrap();
                }
                pushed.push(digest);
            }
            f.clock.advance_ms(DAY_MS);
            let mut expected = f.images().await;
            for result in f.preview(&text).await {
                if result.expire {
                    expected.remove(&result.digest).unwrap();
                } else {
                    expected.get_mut(&result.digest).unwrap().1 = true;
                }
            }
            registry.set_lifecycle_policy(&repo("app"), Some(&text)).await.unwrap();
            registry.run_lifecycle_policies().await.unwrap();
            assert_eq!(f.images().await, expected);
        });
    }
}
