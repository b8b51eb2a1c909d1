//! The filesystem engine: the common suite, chunkings, modes, and what a crash leaves.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use gantry_blobs::{Algorithm, Blobs, Digest, Error, FsBlobs};
use proptest::prelude::*;

use crate::suite::{self, id, pattern, read, upload};

#[tokio::test]
async fn filesystem_engine_passes_the_suite() {
    let dir = tempfile::tempdir().unwrap();
    suite::all(&|| Arc::new(FsBlobs::open(dir.path()).unwrap())).await;
}

fn files(root: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

#[tokio::test]
async fn nobody_else_may_read_and_failures_leave_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path().join("b")).unwrap();
    let digest = Digest::sha256(b"x");
    upload(&blobs, "u", &[b"x"], &digest).await.unwrap();
    let wrong = Digest::sha256(b"z");
    assert!(upload(&blobs, "v", &[b"y"], &wrong).await.is_err());
    assert!(blobs.put(&wrong, Bytes::from_static(b"y")).await.is_err());
    let all = files(&dir.path().join("b"));
    let expected = dir.path().join("b/blobs/sha256").join(&digest.hex()[..2]).join(digest.hex());
    assert_eq!(all, std::slice::from_ref(&expected), "one blob, and nothing left of the failures");
    let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&expected), 0o600);
    assert_eq!(mode(expected.parent().unwrap()), 0o700);
    assert!(blobs.local_file(&digest).await.unwrap().is_some());
}

#[tokio::test]
async fn storing_again_mends_what_rotted() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    let digest = Digest::sha256(b"right");
    blobs.put(&digest, Bytes::from_static(b"right")).await.unwrap();
    let path = dir.path().join("blobs/sha256").join(&digest.hex()[..2]).join(digest.hex());
    for again in ["put", "upload"] {
        std::fs::write(&path, b"wrong").unwrap();
        if again == "put" {
            blobs.put(&digest, Bytes::from_static(b"right")).await.unwrap();
        } else {
            upload(&blobs, "again", &[b"right"], &digest).await.unwrap();
        }
        assert_eq!(read(&blobs, &digest, 0, 9).await.unwrap(), b"right", "{again}");
    }
}

#[tokio::test]
async fn a_dropped_writer_gives_back_what_reached_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    let bytes = pattern(3_000_000);
    let name = id("cut");
    blobs.create_upload(&name, Algorithm::Sha256).await.unwrap();
    let mut up = blobs.open_upload(&name).await.unwrap();
    up.write(Bytes::copy_from_slice(&bytes[..2_000_000])).await.unwrap();
    drop(up);
    let mut up = loop {
        match blobs.open_upload(&name).await {
            Ok(up) => break up,
            Err(Error::UploadBusy(_)) => tokio::task::yield_now().await,
            Err(e) => panic!("{e}"),
        }
    };
    let at = up.offset() as usize;
    up.write(Bytes::copy_from_slice(&bytes[at..])).await.unwrap();
    up.commit(&Digest::sha256(&bytes)).await.unwrap();
}

#[tokio::test]
async fn bytes_that_came_behind_the_hash_are_hashed_anew() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    let name = id("grown");
    blobs.create_upload(&name, Algorithm::Sha256).await.unwrap();
    // As after a crash between a write and its bookkeeping.
    std::fs::write(dir.path().join("uploads/grown"), b"more than was known").unwrap();
    let up = blobs.open_upload(&name).await.unwrap();
    assert_eq!(up.offset(), 19);
    up.commit(&Digest::sha256(b"more than was known")).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// However a body is cut, and wherever the session rests or the engine restarts, the same blob comes out.
    #[test]
    fn any_chunking_gives_the_same_blob(
        len in 0_usize..1_400_000,
        cuts in proptest::collection::vec((0.0_f64..1.0, 0_u8..4), 0..12),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let mut blobs = FsBlobs::open(dir.path()).unwrap();
            let bytes = pattern(len);
            let mut points: Vec<(usize, u8)> = cuts.iter().map(|(at, how)| ((at * len as f64) as usize, *how)).collect();
            points.sort_unstable();
            points.push((len, 3));
            let name = id("p");
            blobs.create_upload(&name, Algorithm::Sha256).await.unwrap();
            let mut up = blobs.open_upload(&name).await.unwrap();
            let mut from = 0;
            for (to, how) in points {
                up.write(Bytes::copy_from_slice(&bytes[from..to])).await.unwrap();
                from = to;
                if how < 2 {
                    assert_eq!(up.suspend().await.unwrap(), to as u64);
                    if how == 0 {
                        blobs = FsBlobs::open(dir.path()).unwrap();
                    }
                    up = blobs.open_upload(&name).await.unwrap();
                }
            }
            let digest = Digest::sha256(&bytes);
            assert_eq!(up.commit(&digest).await.unwrap(), len as u64);
            assert_eq!(read(&blobs, &digest, 0, u64::MAX).await.unwrap(), bytes);
        });
    }
}
