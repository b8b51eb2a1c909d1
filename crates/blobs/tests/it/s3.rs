//! The S3 engine on a real server: the common suite, what another server finds, large uploads, and objects
//! that were changed.

use std::sync::Arc;

use bytes::Bytes;
use gantry_blobs::{Algorithm, Blobs, Digest, Error, PART, S3Blobs, limits};

use crate::moto::{BUCKET, Moto};
use crate::suite::{self, id, pattern, read, upload};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn s3_engine_passes_the_suite() {
    let Some(moto) = Moto::start("s3_engine_passes_the_suite") else { return };
    let options = moto.options("a/b");
    suite::all(&|| {
        let options = options.clone();
        let open = async move { Arc::new(S3Blobs::open(&options).await.unwrap()) as Arc<dyn Blobs> };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(open))
    })
    .await;
    assert_eq!(moto.keys("a/b/uploads/"), Vec::<String>::new(), "nothing is left of any upload");
    assert_eq!(moto.multiparts(), 0, "and no parts that cost money");
    assert!(moto.keys("blobs/").is_empty(), "all of it is below the prefix");
}

/// Stores `bytes` in pieces, handing the upload on after each: to the same server, or to another.
async fn in_turns(moto: &Moto, name: &str, bytes: &[u8], cuts: &[usize], another: bool) -> Result<u64, Error> {
    let mut blobs = moto.open("").await;
    blobs.create_upload(&id(name), Algorithm::Sha256).await.unwrap();
    let mut from = 0;
    for &to in cuts {
        let mut up = blobs.open_upload(&id(name)).await.unwrap();
        assert_eq!(up.offset(), from as u64, "{name}");
        for chunk in bytes[from..to].chunks(1_000_000) {
            up.write(Bytes::copy_from_slice(chunk)).await.unwrap();
        }
        assert_eq!(up.suspend().await.unwrap(), to as u64);
        assert_eq!(blobs.upload_size(&id(name)).await.unwrap(), to as u64);
        from = to;
        if another {
            blobs = moto.open("").await;
        }
    }
    let up = blobs.open_upload(&id(name)).await.unwrap();
    up.commit(&Digest::sha256(bytes)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn uploads_of_many_parts_go_on_at_another_server() {
    let Some(moto) = Moto::start("uploads_of_many_parts_go_on_at_another_server") else { return };
    let bytes = pattern(3 * PART + 12_345);
    let len = bytes.len();
    let cuts: [&[usize]; 4] =
        [&[len], &[5, PART - 1, PART, PART + 1, len], &[2 * PART, 3 * PART], &[PART / 2, 2 * PART + 9, len]];
    for (n, cuts) in cuts.into_iter().enumerate() {
        let cut = *cuts.last().unwrap();
        for another in [false, true] {
            let bytes = &bytes[..cut];
            assert_eq!(in_turns(&moto, &format!("u-{n}-{another}"), bytes, cuts, another).await.unwrap(), cut as u64);
            let (digest, blobs) = (Digest::sha256(bytes), moto.open("").await);
            assert_eq!(blobs.stat(&digest).await.unwrap().size, cut as u64);
            assert!(read(&*blobs, &digest, 0, u64::MAX).await.unwrap() == bytes, "{n} {another}");
            assert!(read(&*blobs, &digest, PART as u64 - 1, PART as u64 + 1).await.unwrap() == bytes[PART - 1..=PART]);
            assert!(blobs.delete(&digest).await.unwrap());
        }
    }
    // A wrong digest, with and without the hash state.
    for another in [false, true] {
        let name = format!("wrong-{another}");
        let mut blobs = moto.open("").await;
        blobs.create_upload(&id(&name), Algorithm::Sha256).await.unwrap();
        let mut up = blobs.open_upload(&id(&name)).await.unwrap();
        up.write(Bytes::copy_from_slice(&bytes[..PART + 5])).await.unwrap();
        up.suspend().await.unwrap();
        if another {
            blobs = moto.open("").await;
        }
        let wrong = Digest::sha256(b"promised");
        let done = blobs.open_upload(&id(&name)).await.unwrap().commit(&wrong).await;
        assert!(matches!(done, Err(Error::DigestMismatch { .. })), "{done:?}");
        assert!(matches!(blobs.upload_size(&id(&name)).await, Err(Error::UploadNotFound(_))));
    }
    // A sha512 of many parts, whose upload began as sha256.
    let wide = Digest::of(Algorithm::Sha512, &bytes);
    let blobs = moto.open("").await;
    let chunks: Vec<&[u8]> = bytes.chunks(700_000).collect();
    upload(&*blobs, "wide", &chunks, &wide).await.unwrap();
    assert!(read(&*moto.open("").await, &wide, 0, u64::MAX).await.unwrap() == bytes);
    // What the store does not copy in one step goes through us.
    let far = S3Blobs::open_with(&moto.options(""), PART as u64).await.unwrap();
    let digest = Digest::sha256(&bytes);
    upload(&far, "far", &chunks, &digest).await.unwrap();
    assert!(read(&*moto.open("").await, &digest, 0, u64::MAX).await.unwrap() == bytes);
    assert_eq!((moto.keys("uploads/"), moto.multiparts()), (Vec::new(), 0), "nothing is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_that_write_to_one_upload_one_is_refused() {
    let Some(moto) = Moto::start("of_two_servers_that_write_to_one_upload_one_is_refused") else { return };
    let (one, two) = (moto.open("").await, moto.open("").await);
    one.create_upload(&id("u"), Algorithm::Sha256).await.unwrap();
    let mut first = one.open_upload(&id("u")).await.unwrap();
    let mut second = two.open_upload(&id("u")).await.unwrap();
    first.write(Bytes::from_static(b"first")).await.unwrap();
    second.write(Bytes::from_static(b"second")).await.unwrap();
    first.suspend().await.unwrap();
    assert!(matches!(second.suspend().await, Err(Error::UploadBusy(_))));
    let up = two.open_upload(&id("u")).await.unwrap();
    assert_eq!(up.offset(), 5);
    up.commit(&Digest::sha256(b"first")).await.unwrap();

    // A connection that is cut: what came is kept.
    let bytes = pattern(PART + 1000);
    one.create_upload(&id("cut"), Algorithm::Sha256).await.unwrap();
    let mut up = one.open_upload(&id("cut")).await.unwrap();
    up.write(Bytes::copy_from_slice(&bytes)).await.unwrap();
    drop(up);
    let up = loop {
        match one.open_upload(&id("cut")).await {
            Ok(up) => break up,
            Err(Error::UploadBusy(_)) => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
            Err(e) => panic!("{e}"),
        }
    };
    assert_eq!(up.offset(), bytes.len() as u64);
    up.commit(&Digest::sha256(&bytes)).await.unwrap();

    // Forgotten ones are removed with their parts, whoever began them.
    one.create_upload(&id("gone"), Algorithm::Sha256).await.unwrap();
    let mut up = one.open_upload(&id("gone")).await.unwrap();
    up.write(Bytes::copy_from_slice(&bytes)).await.unwrap();
    up.suspend().await.unwrap();
    assert_eq!(moto.multiparts(), 1);
    assert_eq!(two.expire_uploads(0).await.unwrap(), 1);
    assert_eq!((moto.keys("uploads/"), moto.multiparts()), (Vec::new(), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_objects_are_not_served() {
    let Some(moto) = Moto::start("changed_objects_are_not_served") else { return };
    let blobs = moto.open("").await;
    for (n, len) in [10, 3 * limits::READ_CHUNK, PART + 77].into_iter().enumerate() {
        let bytes = pattern(len);
        let digest = Digest::sha256(&bytes);
        let mut wrong = bytes.clone();
        wrong[len / 2] ^= 1;
        let path = format!("/{BUCKET}/blobs/sha256/{}", digest.hex());
        // Under a running server, and behind the back of one that starts.
        for restarted in [false, true] {
            for (from, to) in [(0, u64::MAX), (1, 3)] {
                let name = format!("u-{n}-{restarted}-{from}");
                upload(&*blobs, &name, &[&bytes], &digest).await.unwrap();
                assert!(
                    read(&*blobs, &digest, from, to).await.unwrap() == bytes[from as usize..(to as usize).min(len)]
                );
                assert!(moto.request("PUT", &path, &wrong).starts_with("HTTP/1.1 200"));
                let seen = if restarted { moto.open("").await } else { blobs.clone() };
                let mut got = 0;
                let broken = match seen.open(&digest, from..to).await {
                    Err(e) => matches!(e, Error::NotFound(_)),
                    Ok(mut reader) => loop {
                        match reader.next().await {
                            Some(Ok(chunk)) => got += chunk.len(),
                            Some(Err(_)) => break true,
                            None => break false,
                        }
                    },
                };
                assert!(broken && got < len, "{name}: {got} of {len} bytes");
                assert!(matches!(seen.stat(&digest).await, Err(Error::NotFound(_))), "{name}");
                assert_eq!(moto.keys("quarantine/").len(), n + 1, "an operator can look at it");
            }
        }
        upload(&*blobs, &format!("v-{n}"), &[&bytes], &digest).await.unwrap();
        assert!(blobs.verify(&digest).await.unwrap());
        moto.request("PUT", &path, &wrong);
        assert!(!blobs.verify(&digest).await.unwrap());
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_refused() {
    let options = crate::moto::options(1, "");
    let refused = tokio::time::timeout(std::time::Duration::from_mins(1), S3Blobs::open(&options)).await;
    if let Ok(opened) = refused {
        assert!(opened.is_err());
    }
}
