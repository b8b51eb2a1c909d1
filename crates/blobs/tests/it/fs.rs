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

fn blob_file(root: &Path, digest: &Digest) -> std::path::PathBuf {
    root.join("blobs").join(digest.algorithm().as_str()).join(&digest.hex()[..2]).join(digest.hex())
}

/// Other bytes of the same length, and if `quietly` the old modification time: as an attacker would.
fn corrupt(path: &Path, quietly: bool) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
    let modified = file.metadata().unwrap().modified().unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, 0).unwrap();
    file.write_all_at(&[byte[0] ^ 1], 0).unwrap();
    if quietly {
        file.set_modified(modified).unwrap();
    }
}

#[tokio::test]
async fn changed_bytes_are_not_served() {
    let dir = tempfile::tempdir().unwrap();
    let mut blobs = FsBlobs::open(dir.path()).unwrap();
    for (n, (quietly, restarted, size)) in [
        (false, false, 10),
        (true, false, 10),
        (false, false, 2_000_000),
        (true, false, 2_000_000),
        (false, true, 2_000_000),
        (true, true, 2_000_000),
    ]
    .into_iter()
    .enumerate()
    {
        for algorithm in Algorithm::ALL {
            let mut bytes = pattern(size);
            bytes.push(n as u8);
            let digest = Digest::of(algorithm, &bytes);
            upload(&blobs, &format!("u-{n}-{}", algorithm.as_str()), &[&bytes], &digest).await.unwrap();
            assert_eq!(read(&blobs, &digest, 0, u64::MAX).await.unwrap(), bytes);
            if restarted {
                // A change within the very moment of the commit is seen only by the process that made it.
                tokio::time::sleep(std::time::Duration::from_millis(80)).await;
                blobs = FsBlobs::open(dir.path()).unwrap();
                assert_eq!(read(&blobs, &digest, 0, u64::MAX).await.unwrap(), bytes);
            }
            corrupt(&blob_file(dir.path(), &digest), quietly);
            if restarted {
                blobs = FsBlobs::open(dir.path()).unwrap();
            }
            let span = if n % 2 == 0 { 0..u64::MAX } else { 3..5 };
            let got = read(&blobs, &digest, span.start, span.end).await;
            assert!(matches!(got, Err(Error::NotFound(_))), "case {n}, {algorithm:?}: {got:?}");
            assert!(matches!(blobs.stat(&digest).await, Err(Error::NotFound(_))));
            assert!(matches!(blobs.local_file(&digest).await, Err(Error::NotFound(_))));
            let aside = dir.path().join(format!("quarantine/{}-{}", algorithm.as_str(), digest.hex()));
            assert_eq!(std::fs::metadata(aside).unwrap().len(), bytes.len() as u64, "an operator can look at it");
            upload(&blobs, &format!("v-{n}-{}", algorithm.as_str()), &[&bytes], &digest).await.unwrap();
            assert_eq!(read(&blobs, &digest, 0, u64::MAX).await.unwrap(), bytes, "stored again it is served again");
        }
    }
}

#[tokio::test]
async fn what_was_touched_but_is_right_is_served_and_stamped_anew() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    let bytes = pattern(1_000_000);
    let digest = Digest::sha256(&bytes);
    upload(&blobs, "u", &[&bytes], &digest).await.unwrap();
    let path = blob_file(dir.path(), &digest);
    // As a restored backup: another inode, another time, no attribute.
    std::fs::copy(&path, dir.path().join("copy")).unwrap();
    std::fs::rename(dir.path().join("copy"), &path).unwrap();
    for blobs in [&blobs, &FsBlobs::open(dir.path()).unwrap()] {
        let readers = (0..8).map(|_| read(blobs, &digest, 1, 5));
        for got in futures_util::future::join_all(readers).await {
            assert_eq!(got.unwrap(), &bytes[1..5]);
        }
    }
    assert!(blobs.verify(&digest).await.unwrap());
    corrupt(&path, true);
    assert!(!blobs.verify(&digest).await.unwrap());
    assert!(matches!(blobs.verify(&digest).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_not_read_to_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    let bytes = pattern(8 * gantry_blobs::limits::READ_CHUNK);
    let digest = Digest::sha256(&bytes);
    upload(&blobs, "u", &[&bytes], &digest).await.unwrap();
    let mut reader = blobs.open(&digest, 0..u64::MAX).await.unwrap();
    reader.next().await.unwrap().unwrap();
    corrupt(&blob_file(dir.path(), &digest), false);
    let mut read = gantry_blobs::limits::READ_CHUNK;
    let broken = loop {
        match reader.next().await {
            Some(Ok(chunk)) => read += chunk.len(),
            end => break end,
        }
    };
    assert!(matches!(broken, Some(Err(_))) && read < bytes.len(), "{read} of {}", bytes.len());
}

#[tokio::test]
async fn the_quarantine_stays_small() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    for n in 0..gantry_blobs::limits::MAX_QUARANTINED + 3 {
        let bytes = n.to_string();
        let digest = Digest::sha256(bytes.as_bytes());
        blobs.put(&digest, bytes.into()).await.unwrap();
        corrupt(&blob_file(dir.path(), &digest), false);
        assert!(read(&blobs, &digest, 0, 9).await.is_err());
    }
    let kept = std::fs::read_dir(dir.path().join("quarantine")).unwrap().count();
    assert_eq!(kept, gantry_blobs::limits::MAX_QUARANTINED);
}

#[tokio::test]
async fn an_upload_changed_behind_our_back_is_hashed_anew() {
    let dir = tempfile::tempdir().unwrap();
    let blobs = FsBlobs::open(dir.path()).unwrap();
    blobs.create_upload(&id("u"), Algorithm::Sha256).await.unwrap();
    let mut up = blobs.open_upload(&id("u")).await.unwrap();
    up.write(Bytes::from_static(b"right")).await.unwrap();
    up.suspend().await.unwrap();
    std::fs::write(dir.path().join("uploads/u"), b"wrong").unwrap();
    let up = blobs.open_upload(&id("u")).await.unwrap();
    let done = up.commit(&Digest::sha256(b"right")).await;
    assert!(matches!(done, Err(Error::DigestMismatch { .. })), "{done:?}");
}
