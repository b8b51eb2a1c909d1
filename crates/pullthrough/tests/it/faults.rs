//! Upstreams that are away, refuse, or lie; callers who may not.

use gantry_blobs::Digest;
use gantry_registry::{CredentialFault, Upstream as _};

use crate::rig::{Rig, SECRET, registry_id, repo};

#[tokio::test]
async fn upstreams_faults_are_told_as_what_they_are() {
    let rig = Rig::new().await;
    rig.hub.image("app", Some("v1"), b"one");
    for (fault, status, code) in [
        (404, 404, "MANIFEST_UNKNOWN"),
        (401, 403, "DENIED"),
        (403, 403, "DENIED"),
        (429, 429, "TOOMANYREQUESTS"),
        (500, 502, "UNKNOWN"),
    ] {
        rig.hub.fail(Some(fault));
        let got = rig.get("/v2/hub/app/manifests/v1").await;
        assert_eq!((got.status, got.code().as_str()), (status, code), "{fault}: {}", got.text());
    }
    // Nothing came of it, not even a repository.
    assert!(rig.registry.repository(&repo("hub/app")).await.is_err());
    rig.hub.fail(None);
    assert_eq!(rig.get("/v2/hub/app/manifests/v2").await.status, 404);
    assert_eq!(rig.get("/v2/hub/app/manifests/v1").await.status, 200);
    let absent = Digest::sha256(b"nowhere");
    let got = rig.get(&format!("/v2/hub/app/blobs/{absent}")).await;
    assert_eq!((got.status, got.code().as_str()), (404, "BLOB_UNKNOWN"));
    let events = rig.events(4).await;
    let failed = events.iter().filter(|e| e["detail"]["sync-status"] == "FAILED").count();
    assert_eq!(failed, 4, "a missing image is no failure of the cache");
}

#[tokio::test]
async fn an_upstream_that_is_not_there_is_a_bad_gateway() {
    let rig = Rig::new().await;
    let changed = rig.registry.delete_cache_rule(&registry_id(), "hub").await.unwrap().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let rule = gantry_registry::CacheRule { upstream_url: closed.to_string(), credential_arn: None, ..changed };
    rig.registry.create_cache_rule(&registry_id(), &rule).await.unwrap();
    assert_eq!(rig.get("/v2/hub/app/manifests/v1").await.status, 502);
    let failure = rig.cache.validate(&registry_id(), &rule).await.unwrap_err();
    assert!(failure.contains("failed to pull from the upstream registry"), "{failure}");
}

#[tokio::test]
async fn credentials_are_tried_and_never_shown() {
    let rig = Rig::new().await;
    rig.hub.image("app", Some("v1"), b"one");
    let rule = rig.rule();
    assert_eq!(rig.cache.validate(&registry_id(), &rule).await, Ok(()));
    assert_eq!(rig.cache.check_credentials(&registry_id(), SECRET).await, Ok(()));
    *rig.vault.0.lock().unwrap() = Ok(r#"{"username":"me","accessToken":"hunter2"}"#.into());
    let failure = rig.cache.validate(&registry_id(), &rule).await.unwrap_err();
    let got = rig.get("/v2/hub/app/manifests/v1").await;
    assert_eq!((got.status, got.code().as_str()), (403, "DENIED"));
    let events = format!("{:?}", rig.events(1).await);
    for text in [&failure, &got.text(), &events] {
        assert!(!text.contains("hunter2") && !text.contains("aHVudGVy"), "{text}");
    }
    for fault in [CredentialFault::NotFound, CredentialFault::Inaccessible, CredentialFault::Undecryptable] {
        *rig.vault.0.lock().unwrap() = Err(fault.clone());
        assert_eq!(rig.cache.check_credentials(&registry_id(), SECRET).await, Err(fault.clone()));
        assert_eq!(rig.cache.validate(&registry_id(), &rule).await, Err(fault.to_string()));
        assert_eq!(rig.get("/v2/hub/app/manifests/v1").await.status, 403);
    }
    *rig.vault.0.lock().unwrap() = Ok("not json".into());
    assert_eq!(rig.cache.check_credentials(&registry_id(), SECRET).await, Err(CredentialFault::Malformed));
}

/// A blob that is not what its digest says is refused, and the image that names it is never stored.
#[tokio::test]
async fn bytes_that_are_not_what_they_should_be_are_never_committed() {
    let rig = Rig::new().await;
    let (digest, layer) = rig.hub.image("app", Some("v1"), b"one");
    rig.hub.put(&format!("app/blobs/{layer}"), "application/octet-stream", "evil");
    assert_eq!(rig.get("/v2/hub/app/manifests/v1").await.status, 200, "the manifest itself is true");
    let got = rig.get(&format!("/v2/hub/app/blobs/{layer}")).await;
    assert_eq!(got.status, 502, "{}", got.text());
    let failed = rig.events(1).await;
    assert_eq!(failed[0]["detail"]["sync-status"], "FAILED");
    assert!(!rig.is_stored("hub/app", "v1").await);
    assert!(rig.registry.blob_size(&repo("hub/app"), &layer).await.is_err());
    // A manifest under another's digest.
    let (other, _) = rig.hub.image("app", None, b"two");
    let bytes = rig.hub.has.lock().unwrap()[&format!("/v2/app/manifests/{other}")].clone();
    rig.hub.put(&format!("app/manifests/{digest}"), &bytes.0, bytes.1);
    assert_eq!(rig.get(&format!("/v2/hub/app/manifests/{digest}")).await.status, 502);
    // What is no manifest at all.
    for (tag, body) in [("junk", "<html>"), ("empty", ""), ("list", "[]")] {
        rig.hub.put(&format!("app/manifests/{tag}"), "text/html", body);
        assert_eq!(rig.get(&format!("/v2/hub/app/manifests/{tag}")).await.status, 502, "{tag}");
        assert!(!rig.is_stored("hub/app", tag).await);
    }
    // Mended upstream, the next pull is whole.
    rig.hub.image("app", Some("v1"), b"one");
    assert_eq!(rig.get("/v2/hub/app/manifests/v1").await.status, 200);
    rig.stored("hub/app", "v1").await;
    assert_eq!(rig.get(&format!("/v2/hub/app/blobs/{layer}")).await.text(), "one");
}

#[tokio::test]
async fn who_may_not_import_causes_no_fetch() {
    let rig = Rig::new().await;
    let (digest, layer) = rig.hub.image("app", Some("v1"), b"one");
    for action in ["ecr:BatchImportUpstreamImage", "ecr:CreateRepository", "ecr:BatchGetImage"] {
        rig.gate.0.lock().unwrap().insert(action);
        for path in ["manifests/v1".to_owned(), format!("manifests/{digest}")] {
            let got = rig.get(&format!("/v2/hub/app/{path}")).await;
            assert_eq!((got.status, got.code().as_str()), (403, "DENIED"), "{action} {path}");
            assert!(got.text().contains(action), "{}", got.text());
        }
        rig.gate.0.lock().unwrap().clear();
    }
    // No repository is made for a blob.
    assert_eq!(rig.get(&format!("/v2/hub/app/blobs/{layer}")).await.status, 404);
    assert!(rig.hub.asked().is_empty());
    assert!(rig.registry.repository(&repo("hub/app")).await.is_err());
    // The repository is there now, so that only the import is asked about.
    assert_eq!(rig.get("/v2/hub/app/manifests/v1").await.status, 200);
    rig.stored("hub/app", "v1").await;
    rig.hub.image("app", Some("v2"), b"two");
    rig.gate.0.lock().unwrap().insert("ecr:CreateRepository");
    assert_eq!(rig.get("/v2/hub/app/manifests/v2").await.status, 200);
}

#[tokio::test]
async fn names_that_no_rule_is_for_are_not_asked_about() {
    let rig = Rig::new().await;
    rig.hub.image("app", Some("v1"), b"one");
    for name in ["app", "hubs/app", "hub", "other/hub/app"] {
        let got = rig.get(&format!("/v2/{name}/manifests/v1")).await;
        assert_eq!((got.status, got.code().as_str()), (404, "NAME_UNKNOWN"), "{name}");
    }
    assert!(rig.hub.asked().is_empty());
}
