//! What every engine must do. An engine's test calls [`all`] with a way to open the same place anew.

use std::sync::Arc;

use bytes::Bytes;
use gantry_blobs::{Algorithm, Blobs, Digest, Error, UploadId, limits};

pub type Open<'a> = &'a dyn Fn() -> Arc<dyn Blobs>;

pub fn id(name: &str) -> UploadId {
    name.parse().unwrap()
}

/// Bytes that differ at every offset, so that a wrong order shows.
pub fn pattern(len: usize) -> Vec<u8> {
    let mut word = 0x9e37_79b9_u32;
    let step = |_| {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (word >> 24) as u8
    };
    (0..len).map(step).collect()
}

pub async fn upload(blobs: &dyn Blobs, name: &str, chunks: &[&[u8]], digest: &Digest) -> Result<u64, Error> {
    blobs.create_upload(&id(name), Algorithm::Sha256).await?;
    let mut up = blobs.open_upload(&id(name)).await?;
    for chunk in chunks {
        up.write(Bytes::copy_from_slice(chunk)).await?;
    }
    up.commit(digest).await
}

pub async fn read(blobs: &dyn Blobs, digest: &Digest, from: u64, to: u64) -> Result<Vec<u8>, Error> {
    let mut reader = blobs.open(digest, from..to).await?;
    let mut all = Vec::new();
    while let Some(chunk) = reader.next().await {
        let chunk = chunk.unwrap();
        assert!(chunk.len() <= limits::READ_CHUNK.max(limits::READ_INLINE as usize));
        all.extend_from_slice(&chunk);
    }
    Ok(all)
}

pub async fn all(open: Open<'_>) {
    commits_and_reads(&*open()).await;
    ranges(&*open()).await;
    mismatch_leaves_nothing(&*open()).await;
    one_writer_at_a_time(&*open()).await;
    sessions_resume(open).await;
    other_algorithm(open).await;
    missing_things(&*open()).await;
    put_and_list(&*open()).await;
    replaced_bytes_and_deletes(&*open()).await;
    uploads_expire(&*open()).await;
}

async fn commits_and_reads(blobs: &dyn Blobs) {
    for len in [0, 1, 511, limits::READ_INLINE as usize + 1, 3 * limits::WRITE_BATCH + 17] {
        let bytes = pattern(len);
        let digest = Digest::sha256(&bytes);
        let chunks: Vec<&[u8]> = bytes.chunks(100_000).collect();
        assert_eq!(upload(blobs, &format!("c-{len}"), &chunks, &digest).await.unwrap(), len as u64);
        assert_eq!(blobs.stat(&digest).await.unwrap().size, len as u64);
        assert_eq!(read(blobs, &digest, 0, u64::MAX).await.unwrap(), bytes);
        assert!(matches!(blobs.open_upload(&id(&format!("c-{len}"))).await, Err(Error::UploadNotFound(_))));
    }
}

async fn ranges(blobs: &dyn Blobs) {
    let bytes = pattern(2 * limits::READ_CHUNK + 5);
    let digest = Digest::sha256(&bytes);
    upload(blobs, "ranges", &[&bytes], &digest).await.unwrap();
    let len = bytes.len() as u64;
    for (from, to) in [(0, 1), (7, 7), (5, len), (len - 1, len), (1, len + 100), (3, limits::READ_CHUNK as u64 * 2)] {
        let end = to.min(len) as usize;
        assert_eq!(read(blobs, &digest, from, to).await.unwrap(), &bytes[from as usize..end], "{from}..{to}");
    }
    assert!(matches!(read(blobs, &digest, len, len + 1).await, Err(Error::Range { size, .. }) if size == len));
}

async fn mismatch_leaves_nothing(blobs: &dyn Blobs) {
    let wrong = Digest::sha256(b"what was promised");
    let done = upload(blobs, "wrong", &[b"what came"], &wrong).await;
    assert!(matches!(done, Err(Error::DigestMismatch { expected, .. }) if expected == wrong));
    assert!(matches!(blobs.stat(&wrong).await, Err(Error::NotFound(_))));
    assert!(matches!(blobs.stat(&Digest::sha256(b"what came")).await, Err(Error::NotFound(_))));
    assert!(matches!(blobs.upload_size(&id("wrong")).await, Err(Error::UploadNotFound(_))));
}

async fn one_writer_at_a_time(blobs: &dyn Blobs) {
    let name = id("busy");
    blobs.create_upload(&name, Algorithm::Sha256).await.unwrap();
    let first = blobs.open_upload(&name).await.unwrap();
    assert!(matches!(blobs.open_upload(&name).await, Err(Error::UploadBusy(_))));
    drop(first);
    let second = blobs.open_upload(&name).await.unwrap();
    second.abort().await.unwrap();
    assert!(matches!(blobs.upload_size(&name).await, Err(Error::UploadNotFound(_))));
}

async fn sessions_resume(open: Open<'_>) {
    let bytes = pattern(limits::WRITE_BATCH * 2 + 99);
    let (head, tail) = bytes.split_at(limits::WRITE_BATCH + 7);
    let digest = Digest::sha256(&bytes);
    for reopen in [false, true] {
        let name = id(if reopen { "resume-reopened" } else { "resume" });
        let blobs = open();
        blobs.create_upload(&name, Algorithm::Sha256).await.unwrap();
        let mut up = blobs.open_upload(&name).await.unwrap();
        up.write(Bytes::copy_from_slice(head)).await.unwrap();
        assert_eq!(up.suspend().await.unwrap(), head.len() as u64);
        let blobs = if reopen { open() } else { blobs };
        assert_eq!(blobs.upload_size(&name).await.unwrap(), head.len() as u64);
        let mut up = blobs.open_upload(&name).await.unwrap();
        assert_eq!(up.offset(), head.len() as u64);
        up.write(Bytes::copy_from_slice(tail)).await.unwrap();
        up.commit(&digest).await.unwrap();
        assert_eq!(read(&*blobs, &digest, 0, u64::MAX).await.unwrap(), bytes);
        blobs.delete(&digest).await.unwrap();
    }
}

async fn other_algorithm(open: Open<'_>) {
    let blobs = open();
    let digest = Digest::of(Algorithm::Sha512, b"wide");
    upload(&*blobs, "wide", &[b"wi", b"de"], &digest).await.unwrap();
    assert_eq!(read(&*blobs, &digest, 0, 9).await.unwrap(), b"wide");
    assert!(matches!(blobs.stat(&Digest::sha256(b"wide")).await, Err(Error::NotFound(_))));
}

async fn missing_things(blobs: &dyn Blobs) {
    let none = Digest::sha256(b"never stored");
    assert!(matches!(blobs.open(&none, 0..1).await, Err(Error::NotFound(_))));
    assert!(matches!(blobs.local_file(&none).await, Err(Error::NotFound(_)) | Ok(None)));
    assert!(matches!(blobs.stat(&none).await, Err(Error::NotFound(_))));
    assert!(!blobs.delete(&none).await.unwrap());
    assert!(matches!(blobs.open_upload(&id("nobody")).await, Err(Error::UploadNotFound(_))));
    // A failed opening must not leave the name busy.
    blobs.create_upload(&id("nobody"), Algorithm::Sha256).await.unwrap();
    blobs.open_upload(&id("nobody")).await.unwrap().abort().await.unwrap();
    for bad in ["", "..", "a/b", "A", "a\0b", &"x".repeat(limits::MAX_UPLOAD_ID + 1)] {
        assert!(bad.parse::<UploadId>().is_err(), "{bad:?}");
    }
}

async fn put_and_list(blobs: &dyn Blobs) {
    let mut expected: Vec<Digest> = Vec::new();
    for n in 0..20_u32 {
        let bytes = Bytes::from(format!("manifest {n}"));
        let algorithm = if n % 5 == 0 { Algorithm::Sha512 } else { Algorithm::Sha256 };
        let digest = Digest::of(algorithm, &bytes);
        blobs.put(&digest, bytes.clone()).await.unwrap();
        blobs.put(&digest, bytes).await.unwrap();
        expected.push(digest);
    }
    let wrong = blobs.put(&expected[0], Bytes::from_static(b"other")).await;
    assert!(matches!(wrong, Err(Error::DigestMismatch { .. })));
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = blobs.list(after.as_ref(), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.digest.clone());
        seen.extend(page.into_iter().map(|s| s.digest));
    }
    assert!(seen.is_sorted(), "pages come in order");
    seen.retain(|d| expected.contains(d));
    expected.sort();
    assert_eq!(seen, expected);
}

async fn replaced_bytes_and_deletes(blobs: &dyn Blobs) {
    let bytes = pattern(limits::READ_CHUNK * 3);
    let digest = Digest::sha256(&bytes);
    upload(blobs, "first", &[&bytes], &digest).await.unwrap();
    let mut reader = blobs.open(&digest, 0..u64::MAX).await.unwrap();
    let mut left = reader.next().await.unwrap().unwrap().len();
    upload(blobs, "again", &[&bytes], &digest).await.unwrap();
    assert!(blobs.delete(&digest).await.unwrap());
    while let Some(chunk) = reader.next().await {
        left += chunk.unwrap().len();
    }
    assert_eq!(left, bytes.len(), "an open reader reads on");
    assert!(matches!(blobs.stat(&digest).await, Err(Error::NotFound(_))));
}

async fn uploads_expire(blobs: &dyn Blobs) {
    blobs.create_upload(&id("idle"), Algorithm::Sha256).await.unwrap();
    blobs.create_upload(&id("held"), Algorithm::Sha256).await.unwrap();
    let held = blobs.open_upload(&id("held")).await.unwrap();
    assert_eq!(blobs.expire_uploads(3600).await.unwrap(), 0);
    assert!(blobs.expire_uploads(0).await.unwrap() >= 1);
    assert!(matches!(blobs.upload_size(&id("idle")).await, Err(Error::UploadNotFound(_))));
    held.abort().await.unwrap();
}
