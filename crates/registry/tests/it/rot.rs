//! Bytes that were changed on the disk: never served, not promised, and mended by the next push.

use std::path::PathBuf;

use gantry_blobs::Digest;

use crate::support::*;

fn file(f: &Fixture, digest: &Digest) -> PathBuf {
    f.dir.path().join("blobs/blobs/sha256").join(&digest.hex()[..2]).join(digest.hex())
}

/// Other bytes of the same length.
fn rot(path: &PathBuf) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[0] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_rotten_layer_is_not_served_and_can_be_pushed_again() {
    let f = Fixture::new(&["app", "other"]).await;
    // Larger than what is kept in memory: that would be served, and rightly.
    let content = "a layer ".repeat(10_000);
    f.push_image("app", "v1", &content).await;
    let layer = Digest::sha256(content.as_bytes());
    let path = format!("/v2/app/blobs/{layer}");
    assert!(f.get(&path).await.body == content);
    for first in ["GET", "HEAD", "mount"] {
        rot(&file(&f, &layer));
        let (method, path, refused) = match first {
            "mount" => ("POST", format!("/v2/other/blobs/uploads/?mount={layer}&from=app"), 202),
            method => (method, path.clone(), 404),
        };
        let reply = f.send(method, &path, &[], "").await;
        assert_eq!(reply.status, refused, "{first}");
        if first == "GET" {
            assert_eq!(reply.code(), "BLOB_UNKNOWN");
        }
        f.push_blob("app", content.as_bytes()).await;
        assert!(f.get(&format!("/v2/app/blobs/{layer}")).await.body == content, "{first}");
    }
}

#[tokio::test]
async fn a_rotten_manifest_is_not_served_and_can_be_pushed_again() {
    let f = Fixture::new(&["app"]).await;
    let manifest = f.image_manifest("app", "a layer").await;
    assert_eq!(f.put("app", "v1", &manifest).await.status, 201);
    rot(&file(&f, &Digest::sha256(manifest.as_bytes())));
    // Another handle: this one's cache still has the right bytes.
    let (wire, access) = open_at(f.store.clone(), f.dir.path(), f.clock.clone());
    let f = Fixture { wire, access, ..f };
    assert_eq!(f.get("/v2/app/manifests/v1").await.status, 404);
    assert_eq!(f.put("app", "v1", &manifest).await.status, 201);
    assert_eq!(f.get("/v2/app/manifests/v1").await.body, manifest);
}

#[tokio::test]
async fn scrubbing_reads_all_blobs_in_turn_and_puts_wrong_ones_aside() {
    let f = Fixture::new(&["app"]).await;
    let registry = f.wire.registry();
    let mut layers = Vec::new();
    for n in 0..20 {
        layers.push(f.push_blob("app", format!("layer {n}").as_bytes()).await);
    }
    rot(&file(&f, &layers[3]));
    rot(&file(&f, &layers[17]));
    let (mut blobs, mut wrong) = (0, 0);
    // The first round begins anywhere, the second one at the beginning.
    for _ in 0..2 {
        let done = registry.scrub().await.unwrap();
        (blobs, wrong) = (blobs + done.blobs, wrong + done.wrong);
    }
    assert!((20..40).contains(&blobs), "{blobs}");
    assert_eq!(wrong, 2);
    assert_eq!(registry.scrub().await.unwrap().wrong, 0);
    for (n, layer) in layers.iter().enumerate() {
        let expected = if n == 3 || n == 17 { 404 } else { 200 };
        assert_eq!(f.get(&format!("/v2/app/blobs/{layer}")).await.status, expected);
    }
}
