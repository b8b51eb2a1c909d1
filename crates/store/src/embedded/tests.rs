//! What only the inside can tell: how much of the data file is read, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use gantry_base::{Entropy, SeededEntropy};

use super::*;
use crate::KeyValue;

const WRITERS: usize = 8;

fn options() -> EmbeddedOptions {
    EmbeddedOptions { checkpoint_after_bytes: 256 << 10, partition_bytes: 4 << 10, ..Default::default() }
}

fn key(n: usize) -> String {
    format!("/k/{n:06}")
}

async fn fill(dir: &Path, keys: usize, options: EmbeddedOptions) {
    let store = Embedded::open(dir, options).unwrap();
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            for first in (0..keys).step_by(100).skip(writer).step_by(WRITERS) {
                let some = first..keys.min(first + 100);
                let puts = some.fold(Txn::new(), |txn, n| txn.then(Op::put(key(n), n.to_string())));
                store.txn(puts).await.unwrap();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

/// The engine itself, and how many chunks of its data file have been read.
fn open(dir: &Path, options: EmbeddedOptions) -> (Arc<Shared>, Store) {
    let Opened { lock, log, data, unsaved, state, leases } = open::open(dir, &options).unwrap();
    let shared = Shared::new(state, leases, Some(data), &options);
    let after = options.checkpoint_after_bytes;
    let checkpoints = Checkpointer::start(shared.clone(), options.sizes(), after, unsaved).unwrap();
    let engine = Embedded::start(shared.clone(), Some(Disk { log, checkpoints }), Some(lock), options).unwrap();
    (shared, Store::new(engine))
}

fn chunks_read(shared: &Shared) -> u64 {
    shared.data.as_ref().unwrap().chunks_read()
}

#[tokio::test]
async fn opening_reads_no_partition_however_many_there_are() {
    let dir = tempfile::tempdir().unwrap();
    let keys = 300_000;
    fill(dir.path(), keys, EmbeddedOptions::default()).await;
    let (shared, store) = open(dir.path(), EmbeddedOptions::default());
    let count = RangeRequest { count_only: true, ..RangeRequest::new(KeyRange::prefix("/k/")) };
    assert_eq!(store.range(count).await.unwrap().count, keys);
    assert_eq!(store.get("/none").await.unwrap(), None);
    let few = chunks_read(&shared);
    assert!(few <= 20, "{few} chunks, where one partition holds both ends of the prefix");
    let one = store.get(key(keys / 2)).await.unwrap().unwrap();
    assert_eq!(one.value, (keys / 2).to_string());
    let page = store.range(RangeRequest::new(KeyRange::prefix("/k/")).limit(100)).await.unwrap();
    assert_eq!((page.kvs.len(), page.count, page.more), (100, keys, true));
    assert!(chunks_read(&shared) <= few + 40);
    let all = store.list("/k/").await.unwrap();
    assert_eq!((all.kvs.len(), all.count, all.more), (keys, keys, false));
    assert!(all.kvs.iter().enumerate().all(|(n, kv)| kv.key == key(n) && kv.value == n.to_string()));
    let whole = chunks_read(&shared);
    assert_eq!(store.list("/k/").await.unwrap().count, keys);
    assert_eq!(chunks_read(&shared), whole, "what was read stays in memory");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_many_ask_for_at_once_is_read_once() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 5_000, options()).await;
    let (shared, store) = open(dir.path(), options());
    let alone = {
        store.list("").await.unwrap();
        chunks_read(&shared)
    };
    drop((shared, store));
    let (shared, store) = open(dir.path(), options());
    let readers = (0..16).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.list("").await.unwrap().kvs.len() })
    });
    for reader in readers.collect::<Vec<_>>() {
        assert_eq!(reader.await.unwrap(), 5_000);
    }
    assert_eq!(chunks_read(&shared), alone);
}

/// Readers, writers and deletes meet in holes that are being filled, beside checkpoints.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holes_may_be_filled_from_all_sides() {
    const KEYS: usize = 4_000;
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), KEYS, options()).await;
    for round in 1..4 {
        let (_, store) = open(dir.path(), options());
        let tasks = (0..WRITERS).map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for step in 0..KEYS / WRITERS {
                    // Each its own keys, scattered over all partitions.
                    let n = (step * 1_237 % (KEYS / WRITERS)) * WRITERS + writer;
                    let before = store.get(key(n)).await.unwrap();
                    assert_eq!(before.map(|kv| kv.version), (!n.is_multiple_of(5) || round == 1).then_some(round));
                    if n.is_multiple_of(5) {
                        assert_eq!(store.delete(key(n)).await.unwrap(), round == 1);
                    } else {
                        store.put(key(n), "x".repeat(step % 100)).await.unwrap();
                    }
                    if step % 50 == 0 {
                        let from = key(n);
                        let some = RangeRequest::new(KeyRange::span(from, "/l")).limit(20);
                        assert!(store.range(some).await.unwrap().kvs.len() <= 20);
                    }
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        let all = store.list("").await.unwrap();
        assert_eq!(all.count, KEYS - KEYS / 5);
        assert!(all.kvs.iter().all(|kv| kv.version == round + 1));
    }
}

/// A lease holds keys that nobody has read since the store was opened.
#[tokio::test]
async fn leases_reach_into_holes() {
    let dir = tempfile::tempdir().unwrap();
    fill(dir.path(), 2_000, options()).await;
    let lease = {
        let store = Embedded::open(dir.path(), options()).unwrap();
        let lease = store.engine().lease_grant(1_000).await.unwrap();
        for n in (0..2_000).step_by(100) {
            store.txn(Txn::new().then(Op::Put { key: key(n).into(), value: "held".into(), lease })).await.unwrap();
        }
        store.put(key(100), "let go").await.unwrap();
        lease
    };
    let (shared, store) = open(dir.path(), options());
    assert_eq!(chunks_read(&shared), 0);
    store.engine().lease_revoke(lease).await.unwrap();
    assert_eq!(store.list("").await.unwrap().count, 2_000 - 19);
    assert_eq!(store.get(key(100)).await.unwrap().unwrap().value, "let go");
}

/// Numbers below a bound, the same ones for the same seed.
struct Random(Arc<SeededEntropy>);

impl Random {
    fn below(&self, bound: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        (u64::from_le_bytes(bytes) % bound as u64) as usize
    }
}

/// Many keys over many lives: after each open, what is asked for first is asked of holes, and deltas,
/// tombstones and partitions written anew lie under all of it.
#[tokio::test]
async fn many_lives_later_everything_is_as_it_should() {
    const KEYS: usize = 6_000;
    let seed = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    eprintln!("seed {seed}");
    let random = Random(SeededEntropy::new(seed));
    let dir = tempfile::tempdir().unwrap();
    let mut want: BTreeMap<String, (u64, usize)> = BTreeMap::new();
    let lives = if std::env::var_os("GANTRY_LONG").is_some() { 300 } else { 10 };
    for life in 0..lives {
        let (shared, store) = open(dir.path(), options());
        for _ in 0..12 {
            check_some(&store, &want, &random, KEYS).await;
        }
        for _ in 0..random.below(40) {
            let from = random.below(KEYS);
            let spread = 1 + random.below(40);
            let chosen: BTreeSet<usize> = (0..100).map(|n| (from + n * spread) % KEYS).collect();
            let mut txn = Txn::new();
            if random.below(4) == 0 {
                let (start, end) = (key(from), key(from + random.below(500)));
                txn = txn.then(Op::Delete(KeyRange::span(start.clone(), end.clone())));
                want.retain(|key, _| *key < start || *key >= end);
            } else {
                let size = random.below(120);
                for n in chosen {
                    txn = txn.then(Op::put(key(n), vec![7; size]));
                    let (version, of) = want.entry(key(n)).or_default();
                    (*version, *of) = (*version + 1, size);
                }
            }
            store.txn(txn).await.unwrap();
        }
        if life % 3 == 2 {
            check_some(&store, &want, &random, 1).await;
        }
        drop((shared, store));
    }
}

/// A key and three ranges at random, one of them whole if `spread` is 1.
async fn check_some(store: &Store, want: &BTreeMap<String, (u64, usize)>, random: &Random, spread: usize) {
    let one = key(random.below(spread));
    let found = store.get(one.clone()).await.unwrap().map(|kv| (kv.version, kv.value.len()));
    assert_eq!(found, want.get(&one).copied(), "{one}");
    for limit in [0, 1 + random.below(300)] {
        let start = random.below(spread);
        let length = if spread == 1 || random.below(5) == 0 { 1_000_000 } else { random.below(400) };
        let (start, end) = (key(start), key(start + length));
        let mut request = RangeRequest::new(KeyRange::span(start.clone(), end.clone())).limit(limit);
        request.reverse = random.below(2) == 0;
        request.count_only = random.below(4) == 0;
        let found = store.range(request.clone()).await.unwrap();
        let mut all: Vec<_> = want.range(start..end).collect();
        assert_eq!(found.count, all.len(), "{request:?}");
        if request.reverse {
            all.reverse();
        }
        if request.count_only {
            all.clear();
        } else if limit > 0 {
            all.truncate(limit);
        }
        let name = |kv: &KeyValue| String::from_utf8(kv.key.to_vec()).unwrap();
        let kvs: Vec<_> = found.kvs.iter().map(|kv| (name(kv), (kv.version, kv.value.len()))).collect();
        assert_eq!(kvs, all.into_iter().map(|(key, is)| (key.clone(), *is)).collect::<Vec<_>>(), "{request:?}");
    }
}
