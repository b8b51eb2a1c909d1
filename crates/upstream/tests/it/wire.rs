//! Against our own registry.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use futures_util::TryStreamExt;
use gantry_registry::MediaType;
use gantry_upstream::{Kind, MANIFESTS, Started};

use crate::rig::Rig;

fn some_bytes(length: usize) -> Bytes {
    (0..length as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect::<Vec<_>>().into()
}

fn digest(bytes: &[u8]) -> String {
    gantry_blobs::Digest::sha256(bytes).to_string()
}

fn manifest(config: &[u8], layer: &[u8], more: &str) -> Bytes {
    let d = |kind: &str, b: &[u8]| format!(r#"{{"mediaType":"{kind}","digest":"{}","size":{}}}"#, digest(b), b.len());
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]{more}}}"#,
        MediaType::OciImage.as_str(),
        d("application/x.config", config),
        d("application/x.layer", layer)
    )
    .into()
}

async fn read(remote: &gantry_upstream::Remote, digest: &str, range: std::ops::Range<u64>) -> Bytes {
    let blob = remote.open_blob(digest, range).await.unwrap();
    let parts: Vec<Bytes> = blob.stream.try_collect().await.unwrap();
    parts.concat().into()
}

#[tokio::test]
async fn an_image_goes_up_and_comes_down() {
    let rig = Rig::new(&["app", "other"]).await;
    let remote = rig.remote("app");
    remote.ping().await.unwrap();
    let (config, layer) = (Bytes::from("{}"), some_bytes(3_500_000));
    assert!(!remote.blob_exists(&digest(&layer)).await.unwrap());
    for blob in [&config, &layer] {
        let uploaded = remote.upload_blob(&digest(blob), blob.len() as u64, blob).await.unwrap();
        assert_eq!(uploaded.sent, blob.len() as u64);
    }
    assert_eq!(remote.blob_size(&digest(&layer)).await.unwrap(), Some(3_500_000));
    let bytes = manifest(&config, &layer, "");
    remote.put_manifest("v1", MediaType::OciImage.as_str(), bytes.clone()).await.unwrap();
    let head = remote.head_manifest("v1", MANIFESTS).await.unwrap();
    assert_eq!((head.digest, head.size), (Some(digest(&bytes)), Some(bytes.len() as u64)));
    let got = remote.get_manifest("v1", MANIFESTS).await.unwrap();
    assert_eq!(
        (&got.bytes, got.digest, got.media_type.as_str()),
        (&bytes, digest(&bytes), MediaType::OciImage.as_str())
    );
    assert_eq!(read(&remote, &digest(&layer), 0..u64::MAX).await, layer);
    assert_eq!(read(&remote, &digest(&layer), 1_000_000..1_000_005).await, layer.slice(1_000_000..1_000_005));
    assert_eq!(read(&remote, &digest(&layer), 3_499_999..u64::MAX).await, layer.slice(3_499_999..));

    assert!(rig.remote("other").mount_blob(&digest(&layer), "app").await.unwrap());
    assert!(!rig.remote("other").mount_blob(&digest(b"nowhere"), "app").await.unwrap());
    let signature = manifest(
        &config,
        &config,
        &format!(
            r#","artifactType":"a/sig","subject":{{"mediaType":"x/y","digest":"{}","size":{}}}"#,
            digest(&bytes),
            bytes.len()
        ),
    );
    remote.put_manifest(&digest(&signature), MediaType::OciImage.as_str(), signature.clone()).await.unwrap();
    let found = remote.referrers(&digest(&bytes), Some("a/sig")).await.unwrap();
    assert_eq!(found.iter().map(|d| d.digest.as_str()).collect::<Vec<_>>(), [digest(&signature)]);
    assert!(remote.referrers(&digest(&bytes), Some("a/sbom")).await.unwrap().is_empty());
    assert!(remote.delete_manifest("v1").await.unwrap());
    assert!(!remote.delete_manifest("v1").await.unwrap());
    let connections = rig.line.connections.load(Ordering::Relaxed);
    assert!(connections <= 12, "{connections} connections for some 30 requests over four clients");
}

#[tokio::test]
async fn a_break_costs_no_more_than_what_was_on_the_line() {
    let rig = Rig::new(&["app"]).await;
    let remote = rig.remote("app");
    let layer = some_bytes(6_000_000);
    *rig.line.break_up.lock().unwrap() = vec![700_000, 1_500_000, 300_000];
    let uploaded = remote.upload_blob(&digest(&layer), layer.len() as u64, &layer).await.unwrap();
    assert!(uploaded.sent < 6_000_000 + 4_200_000, "{}", uploaded.sent);
    assert!(rig.line.break_up.lock().unwrap().is_empty(), "every break happened");
    *rig.line.break_down.lock().unwrap() = vec![4_000_000, 900_000, 100_000];
    assert_eq!(read(&remote, &digest(&layer), 0..u64::MAX).await, layer);
    *rig.line.break_down.lock().unwrap() = vec![50_000, 300_000];
    assert_eq!(read(&remote, &digest(&layer), 5_000_000..5_600_000).await, layer.slice(5_000_000..5_600_000));
    assert!(rig.line.break_down.lock().unwrap().is_empty(), "every break happened");
}

#[tokio::test]
async fn an_upload_is_taken_up_by_another_process() {
    let rig = Rig::new(&["app"]).await;
    let layer = some_bytes(4_000_000);
    let Started::Upload { location } = rig.remote("app").start_upload(&digest(&layer), None).await.unwrap() else {
        panic!("mounted");
    };
    // A first life sends two chunks and dies.
    struct Dies(Bytes);
    #[async_trait::async_trait]
    impl gantry_upstream::ReadAt for Dies {
        async fn open(&self, offset: u64) -> std::io::Result<gantry_upstream::ByteStream> {
            if offset >= 2 << 20 { Err(std::io::Error::other("gone")) } else { self.0.open(offset).await }
        }
    }
    let died = rig.remote("app").continue_upload(&location, &digest(&layer), 4_000_000, &Dies(layer.clone())).await;
    assert_eq!(died.unwrap_err().kind, Kind::Source);
    let resumed = rig.remote("app").continue_upload(&location, &digest(&layer), 4_000_000, &layer).await.unwrap();
    assert_eq!(resumed.sent, 4_000_000 - (2 << 20));
    let again = rig.remote("app").continue_upload(&location, &digest(&layer), 4_000_000, &layer).await;
    assert_eq!(again.unwrap_err().kind, Kind::NotFound, "the registry has forgotten it");
}

#[tokio::test]
async fn what_the_registry_refuses_is_told() {
    let rig = Rig::new(&["app"]).await;
    let remote = rig.remote("app");
    let missing = remote.get_manifest("v9", MANIFESTS).await.unwrap_err();
    assert_eq!(missing.kind, Kind::NotFound);
    assert!(missing.has_code("MANIFEST_UNKNOWN"), "{missing}");
    assert_eq!(rig.remote("none").start_upload("sha256:x", None).await.unwrap_err().kind, Kind::NotFound);
    let wrong = remote.upload_blob(&digest(b"other"), 4, &Bytes::from("this")).await.unwrap_err();
    assert_eq!(wrong.kind, Kind::Refused);
    assert!(wrong.has_code("DIGEST_INVALID"), "{wrong}");
    let short = remote.upload_blob(&digest(b"four"), 400, &Bytes::from("four")).await.unwrap_err();
    assert_eq!(short.kind, Kind::Source, "{short}");
    let nobody = rig.remote("app").with_credentials(None).ping().await.unwrap_err();
    assert_eq!(nobody.kind, Kind::Unauthorized);
    let stranger = rig.remote("app").with_credentials(gantry_upstream::Basic::new("me", "wrong"));
    let refused = stranger.head_manifest("v1", MANIFESTS).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Unauthorized);
    assert!(!format!("{refused} {refused:?} {stranger:?}").contains("wrong"));
    let one = Bytes::from("x");
    assert_eq!(remote.upload_blob(&digest(&one), 1, &one).await.unwrap().sent, 1);
    assert_eq!(remote.upload_blob(&digest(b""), 0, &Bytes::new()).await.unwrap().sent, 0);
}
