//! A writer killed with SIGKILL at any moment: whole blobs or none, and uploads that go on.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use gantry_blobs::{Algorithm, Blobs, Digest, Error, FsBlobs, PART, S3Blobs};

use crate::moto::{self, Moto};
use crate::suite::{id, pattern, read};

/// A directory, or `:` and the port of an S3 server.
const CHILD_PLACE: &str = "GANTRY_BLOBS_CRASH_PLACE";
const ROUNDS: usize = 8;

async fn open(place: &str) -> Arc<dyn Blobs> {
    match place.strip_prefix(':') {
        Some(port) => Arc::new(S3Blobs::open(&moto::options(port.parse().unwrap(), "")).await.unwrap()),
        None => Arc::new(FsBlobs::open(place).unwrap()),
    }
}

fn small(n: usize) -> Vec<u8> {
    pattern(1 + n * 977 % 70_000)
}

/// The long upload's bytes from `from` to `to`: made from their offset, so that any piece is cheap.
fn long_bytes(from: usize, to: usize) -> Vec<u8> {
    (from..to).map(|at| (at / 3 * 7 % 251) as u8).collect()
}

/// Run by [`killed_writers_leave_whole_blobs_only`] in a process of its own: stores blobs for ever,
/// telling each on standard output once it was acknowledged.
#[tokio::test]
async fn crash_child() {
    let Ok(place) = std::env::var(CHILD_PLACE) else { return };
    let blobs = open(&place).await;
    // To S3 the long upload makes a part a time, since it lives of nothing smaller.
    let step = if place.starts_with(':') { PART + 1 } else { 300_000 };
    if blobs.upload_size(&id("long")).await.is_err() {
        blobs.create_upload(&id("long"), Algorithm::Sha256).await.unwrap();
    }
    let mut long = blobs.open_upload(&id("long")).await.unwrap();
    for n in 0.. {
        let bytes = small(n);
        let digest = Digest::sha256(&bytes);
        blobs.put(&digest, bytes.into()).await.unwrap();
        println!("acked {n}");
        let at = long.offset() as usize;
        long.write(Bytes::from(long_bytes(at, at + step))).await.unwrap();
    }
}

/// Kills a writer, and another, and so on; returns how many blobs they had stored.
async fn kill_writers(place: &str, rounds: usize, first: usize) {
    let mut most = 0;
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::crash_child", "--exact", "--nocapture"])
            .env(CHILD_PLACE, place)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acked = 0;
        while acked < first + round * 3 {
            let line = lines.next().expect("the child goes on until it is killed").unwrap();
            // The harness's own words may stand on the same line as the first one.
            if let Some((_, n)) = line.split_once("acked ") {
                acked = n.parse::<usize>().unwrap() + 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        most = most.max(acked);

        let blobs = open(place).await;
        for n in 0..most {
            let bytes = small(n);
            assert_eq!(read(&*blobs, &Digest::sha256(&bytes), 0, u64::MAX).await.unwrap(), bytes, "acknowledged");
        }
        for stat in blobs.list(None, 1000).await.unwrap() {
            let bytes = read(&*blobs, &stat.digest, 0, u64::MAX).await.unwrap();
            assert_eq!(Digest::sha256(&bytes), stat.digest, "no blob is torn");
        }
    }
    let blobs = open(place).await;
    let long = blobs.open_upload(&id("long")).await.unwrap();
    let bytes = long_bytes(0, long.offset() as usize);
    assert!(!bytes.is_empty(), "the long upload kept bytes over {rounds} kills");
    long.commit(&Digest::sha256(&bytes)).await.unwrap();
    assert!(matches!(blobs.upload_size(&id("long")).await, Err(Error::UploadNotFound(_))));
}

#[tokio::test]
async fn killed_writers_leave_whole_blobs_only() {
    let dir = tempfile::tempdir().unwrap();
    kill_writers(dir.path().to_str().unwrap(), ROUNDS, 2).await;
    let tmp = dir.path().join("tmp");
    assert_eq!(std::fs::read_dir(tmp).unwrap().count(), 0, "leftovers are cleaned");
}

#[tokio::test]
async fn killed_writers_leave_whole_blobs_only_on_s3() {
    let Some(moto) = Moto::start("killed_writers_leave_whole_blobs_only_on_s3") else { return };
    let rounds = if std::env::var_os("GANTRY_LONG").is_some() { 10 } else { 2 };
    kill_writers(&format!(":{}", moto.port), rounds, 11).await;
    let left = moto.keys("uploads/");
    let known = |key: &String| key.starts_with("uploads/long/tail-");
    assert!(left.iter().all(known), "only a tail may be left that a killed server had just written: {left:?}");
}
