//! The directory: who may open it, what is found in it again, and how large it gets.

use std::path::Path;
use std::time::{Duration, Instant};

use gantry_base::{ManualClock, Timestamp};
use gantry_store::{Embedded, EmbeddedOptions, Error, HistoryBudget, KeyRange, Op, RangeRequest, Store, Txn};

fn open(dir: &Path) -> Store {
    Embedded::open(dir, EmbeddedOptions::default()).unwrap()
}

#[tokio::test]
async fn a_second_open_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let again = Embedded::open(dir.path(), EmbeddedOptions::default()).err().unwrap();
    assert_eq!(again, Error::Locked { path: dir.path().display().to_string() });
    drop(store);
    open(dir.path());
}

#[tokio::test]
async fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("a/state");
    let _store = open(&state);
    assert_eq!(std::fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    for file in std::fs::read_dir(&state).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn what_is_no_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("store.redb"), b"not a database at all").unwrap();
    assert!(matches!(Embedded::open(dir.path(), EmbeddedOptions::default()), Err(Error::Io(_))));
    let file = dir.path().join("plain file");
    std::fs::write(&file, b"x").unwrap();
    assert!(matches!(Embedded::open(&file, EmbeddedOptions::default()), Err(Error::Io(_))));
}

#[tokio::test]
async fn everything_is_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let lease = store.engine().lease_grant(1000).await.unwrap();
    store.put("/a", "1").await.unwrap();
    store.txn(Txn::new().then(Op::Put { key: "/leased".into(), value: "x".into(), lease })).await.unwrap();
    store.put("/a", "2").await.unwrap();
    store.put("/b", "1").await.unwrap();
    store.delete("/b").await.unwrap();
    store.engine().compact(3).await.unwrap();
    let before = store.list("").await.unwrap();
    drop(store);

    let store = open(dir.path());
    assert_eq!(store.list("").await.unwrap(), before);
    // All but the history, which begins where the store was opened.
    let at = |revision| RangeRequest::new(KeyRange::prefix("")).at(revision);
    assert_eq!(store.range(at(6)).await.unwrap().count, 2);
    assert_eq!(store.range(at(5)).await.unwrap_err(), Error::Compacted { asked: 5, oldest: 6 });
    assert_eq!(store.watch(KeyRange::prefix(""), 6).await.err(), Some(Error::Compacted { asked: 6, oldest: 7 }));
    let mut watch = store.watch(KeyRange::prefix(""), 7).await.unwrap();
    assert!(watch.try_next().is_none());
    store.engine().lease_keep_alive(lease).await.unwrap();
    store.engine().lease_revoke(lease).await.unwrap();
    assert!(store.get("/leased").await.unwrap().is_none());
    drop(store);
    let store = open(dir.path());
    assert!(store.get("/leased").await.unwrap().is_none());
    assert_eq!(store.engine().lease_keep_alive(lease).await, Err(Error::LeaseNotFound(lease)));
}

#[tokio::test]
async fn leases_follow_the_clock_they_are_given() {
    let clock = ManualClock::at(Timestamp::from_millis(0));
    let options = EmbeddedOptions { lease_clock: Some(clock.clone()), ..Default::default() };
    let store = Embedded::in_memory_with(options);
    let lease = store.engine().lease_grant(30).await.unwrap();
    store.txn(Txn::new().then(Op::Put { key: "/a".into(), value: "x".into(), lease })).await.unwrap();
    let mut watch = store.watch(KeyRange::key("/a"), 0).await.unwrap();
    clock.advance_ms(29_000);
    store.engine().lease_keep_alive(lease).await.unwrap();
    clock.advance_ms(29_000);
    assert!(tokio::time::timeout(Duration::from_millis(50), watch.next()).await.is_err());
    clock.advance_ms(2_000);
    assert!(watch.next().await.unwrap().is_ok());
    assert!(store.get("/a").await.unwrap().is_none());
}

#[tokio::test]
async fn an_empty_store_opens_fast() {
    let dir = tempfile::tempdir().unwrap();
    let mut times: Vec<Duration> = (0..9)
        .map(|n| {
            let began = Instant::now();
            open(&dir.path().join(n.to_string()));
            began.elapsed()
        })
        .collect();
    times.sort();
    eprintln!("an empty store is made, opened and closed in {:?} (median of 9), {:?} at most", times[4], times[8]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_keys_open_fast() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let writers = (0..64).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for n in (writer..1_000).step_by(64) {
                let puts =
                    (0..100).fold(Txn::new(), |txn, m| txn.then(Op::put(format!("/k/{n:04}/{m:02}"), vec![7; 512])));
                store.txn(puts).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    drop(store);
    let began = Instant::now();
    let store = open(dir.path());
    let took = began.elapsed();
    eprintln!("100,000 keys of 512 bytes: opened in {took:?}, {} MB on disk", disk_bytes(dir.path()) >> 20);
    assert_eq!(store.list("/k/").await.unwrap().count, 100_000);
}

/// Checkpoints of much data are made while one writer writes: how long did it ever wait?
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkpoints_do_not_stall_writers() {
    let dir = tempfile::tempdir().unwrap();
    let options = EmbeddedOptions {
        history: HistoryBudget { revisions: 1_000, bytes: 1 << 20 },
        checkpoint_after_bytes: 1 << 20,
        ..Default::default()
    };
    let store = Embedded::open(dir.path(), options).unwrap();
    let value = bytes::Bytes::from(vec![7; 4096]);
    let fill = async |names: std::ops::Range<usize>| {
        for n in names {
            let puts = (0..100).fold(Txn::new(), |txn, m| txn.then(Op::put(format!("/s/{n}/{m}"), value.clone())));
            store.txn(puts).await.unwrap();
        }
    };
    fill(0..150).await;
    // Sixty megabytes live; as much again leaves partitions to be written anew.
    fill(0..150).await;
    let before = disk_bytes(dir.path());
    let mut waits = Vec::new();
    for n in 0..1_500_usize {
        let began = Instant::now();
        store.put(format!("/one/{}", n % 10), "x").await.unwrap();
        waits.push(began.elapsed());
    }
    waits.sort();
    eprintln!(
        "a writer beside checkpoints of 60 MB waited {:?} (median), {:?} (99%), {:?} (max); the file grew by {} MB",
        waits[750],
        waits[1_485],
        waits[1_499],
        disk_bytes(dir.path()).saturating_sub(before) >> 20
    );
    assert!(waits[1_485] < Duration::from_millis(100));
}

const ALONE: &str = "GANTRY_STORE_TEST_ALONE";

/// Ten million overwrites of a thousand keys (a short form unless GANTRY_LONG is set): neither disk
/// nor memory may grow with them. Run in a process of its own, whose memory is nobody else's.
#[test]
fn overwrites_do_not_pile_up() {
    let done = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["durable::overwrites_alone", "--exact", "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    eprintln!("{said}");
    assert!(done.status.success() && said.contains("overwrites of 1,000 keys"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overwrites_alone() {
    if std::env::var_os(ALONE).is_none() {
        return;
    }
    let long = std::env::var_os("GANTRY_LONG").is_some();
    let writes: usize = if long { 10_000_000 } else { 300_000 };
    let dir = tempfile::tempdir().unwrap();
    let options = EmbeddedOptions {
        history: HistoryBudget { revisions: 20_000, bytes: 8 << 20 },
        checkpoint_after_bytes: 4 << 20,
        ..Default::default()
    };
    let store = Embedded::open(dir.path(), options.clone()).unwrap();
    let mut measured = Vec::new();
    let rounds = 10;
    for _ in 0..rounds {
        overwrite(&store, writes / rounds).await;
        measured.push((disk_bytes(dir.path()), resident_bytes()));
    }
    let (disk_early, memory_early) = measured[2];
    let (disk, memory) = measured[rounds - 1];
    eprintln!(
        "{writes} overwrites of 1,000 keys of 100 bytes: disk {} KB after three tenths, {} KB at the end; \
         resident {} MB, {} MB",
        disk_early >> 10,
        disk >> 10,
        memory_early >> 20,
        memory >> 20
    );
    assert!(disk < 64 << 20, "{disk} bytes on disk");
    assert!(memory < memory_early + (16 << 20), "{memory} bytes of memory, {memory_early} before");
    let newest = store.revision().await.unwrap();
    let before = store.list("/o/").await.unwrap().kvs;
    drop(store);
    let store = Embedded::open(dir.path(), options).unwrap();
    assert_eq!(store.revision().await.unwrap(), newest);
    assert_eq!(store.list("/o/").await.unwrap().kvs, before);
}

async fn overwrite(store: &Store, writes: usize) {
    let writers = (0..64).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let value = bytes::Bytes::from(vec![b'x'; 100]);
            for n in (writer..writes).step_by(64) {
                store.put(format!("/o/{:03}", n % 1_000), value.clone()).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

fn disk_bytes(dir: &Path) -> u64 {
    std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
