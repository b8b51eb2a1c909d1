//! Random histories, held against the model step by step.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use gantry_store::{
    Compare, CompareOp, CompareTarget, Embedded, EmbeddedOptions, Error, KeyRange, LeaseId, Op, RangeRequest, Revision,
    Store, Txn, Watch, WatchBatch,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use crate::engines;
use crate::model::{Model, Refused};

/// A step, with revisions as distances from the newest and keys without their prefix.
#[derive(Clone, Debug)]
enum Step {
    Txn { compares: Vec<(u8, u8, u8, u64)>, success: Vec<Shape>, failure: Vec<Shape> },
    Range { range: (u8, u8), back: u64, limit: usize, flags: u8 },
    Compact { back: u64 },
    Grant,
    Revoke { which: usize },
    Reopen,
}

#[derive(Clone, Debug)]
enum Shape {
    /// A key, a value and which lease, if there are so many.
    Put(u8, u8, usize),
    Delete(u8, u8),
    Range((u8, u8), u64),
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        4 => (0..6_u8, any::<u8>(), 0..6_usize).prop_map(|(key, value, lease)| Shape::Put(key, value, lease)),
        2 => (0..6_u8, 0..8_u8).prop_map(|(start, end)| Shape::Delete(start, end)),
        1 => ((0..6_u8, 0..8_u8), 0..4_u64).prop_map(|(range, back)| Shape::Range(range, back)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let compare = (0..6_u8, 0..4_u8, 0..4_u8, 0..4_u64);
    prop_oneof![
        8 => (prop::collection::vec(compare, 0..3), prop::collection::vec(shape(), 0..4), prop::collection::vec(shape(), 0..3))
            .prop_map(|(compares, success, failure)| Step::Txn { compares, success, failure }),
        6 => ((0..6_u8, 0..8_u8), 0..12_u64, 0..4_usize, 0..8_u8)
            .prop_map(|(range, back, limit, flags)| Step::Range { range, back, limit, flags }),
        1 => (0..6_u64).prop_map(|back| Step::Compact { back }),
        1 => Just(Step::Grant),
        1 => (0..4_usize).prop_map(|which| Step::Revoke { which }),
        1 => Just(Step::Reopen),
    ]
}

/// One engine, and one history after another on it.
struct Run {
    store: Store,
    prefix: String,
    model: Model,
    leases: Vec<LeaseId>,
    watch: Watch,
    /// Where `watch` began.
    live_from: Revision,
    reopen: Option<Box<dyn Fn() -> Store + Send + Sync>>,
}

impl Run {
    fn key(&self, key: u8) -> Bytes {
        format!("{}{key}", self.prefix).into()
    }

    fn range(&self, (start, end): (u8, u8)) -> KeyRange {
        match end {
            7 => KeyRange::prefix(self.prefix.clone()),
            6 => KeyRange::key(self.key(start)),
            end => KeyRange::span(self.key(start), self.key(end)),
        }
    }

    /// 0 stays "newest", else that many revisions back, and one step may ask for the future.
    fn revision(&self, back: u64) -> Revision {
        match back {
            0 => 0,
            1 => self.model.revision() + 1,
            back => self.model.revision().saturating_sub(back - 2).max(self.model.base),
        }
    }

    fn ops(&self, shapes: &[Shape]) -> Vec<Op> {
        let mut put = BTreeSet::new();
        let mut deleted: Vec<KeyRange> = Vec::new();
        let mut ops = Vec::new();
        for shape in shapes {
            match shape {
                Shape::Put(key, value, lease) => {
                    let key = self.key(*key);
                    let lease = self.leases.get(*lease).copied().unwrap_or(0);
                    // No engine takes a key written twice; `semantics` has those.
                    if !deleted.iter().any(|range| range.contains(&key)) && put.insert(key.clone()) {
                        ops.push(Op::Put { key, value: value.to_string().into(), lease });
                    }
                }
                Shape::Delete(start, end) => {
                    let range = self.range((*start, *end));
                    if !put.iter().any(|key| range.contains(key)) {
                        deleted.push(range.clone());
                        ops.push(Op::Delete(range));
                    }
                }
                Shape::Range(range, back) => {
                    ops.push(Op::Range(RangeRequest::new(self.range(*range)).at(self.revision(*back))));
                }
            }
        }
        ops
    }

    fn compare(&self, (key, op, target, number): (u8, u8, u8, u64)) -> Compare {
        let near = (self.model.revision() + 1).saturating_sub(number);
        Compare {
            key: self.key(key),
            op: [CompareOp::Equal, CompareOp::NotEqual, CompareOp::Greater, CompareOp::Less][op as usize],
            target: match target {
                0 => CompareTarget::CreateRevision(if number == 0 { 0 } else { near }),
                1 => CompareTarget::ModRevision(near),
                2 => CompareTarget::Version(number),
                _ => CompareTarget::Value(number.to_string().into()),
            },
        }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Txn { compares, success, failure } => {
                let txn = Txn {
                    compares: compares.iter().map(|compare| self.compare(*compare)).collect(),
                    success: self.ops(success),
                    failure: self.ops(failure),
                };
                let done = self.store.txn(txn.clone()).await;
                same(&done, &self.model.txn(&txn), &txn);
            }
            Step::Range { range, back, limit, flags } => {
                let request = RangeRequest {
                    range: self.range(*range),
                    revision: self.revision(*back),
                    limit: *limit,
                    keys_only: flags & 1 != 0,
                    count_only: flags & 6 == 6,
                    reverse: flags & 2 != 0,
                    uncounted: false,
                };
                let uncounted = RangeRequest { uncounted: !request.count_only, ..request.clone() };
                if let (Ok(found), Ok(first)) =
                    (self.store.range(request.clone()).await, self.store.range(uncounted).await)
                {
                    assert_eq!((first.kvs, first.more), (found.kvs, found.more), "{request:?}");
                }
                same(&self.store.range(request.clone()).await, &self.model.range(&request), &request);
            }
            Step::Compact { back } => {
                let revision = self.model.revision().saturating_sub(*back).max(self.model.base);
                // What was there before this history is not the model's business.
                if revision > self.model.compacted {
                    same(&self.store.engine().compact(revision).await, &self.model.compact(revision), &revision);
                }
            }
            Step::Grant => self.leases.push(self.store.engine().lease_grant(10_000).await.unwrap()),
            Step::Revoke { which } => {
                if *which < self.leases.len() {
                    let lease = self.leases.remove(*which);
                    self.store.engine().lease_revoke(lease).await.unwrap();
                    self.model.revoke(lease);
                }
            }
            Step::Reopen => {
                if let Some(reopen) = self.reopen.take() {
                    self.check_live().await;
                    // Closes the store: it has no other owner.
                    self.store = Embedded::in_memory();
                    self.store = reopen();
                    self.reopen = Some(reopen);
                    assert_eq!(self.store.revision().await.unwrap(), self.model.revision());
                    self.model.reopened();
                    self.watch = self.store.watch(KeyRange::prefix(self.prefix.clone()), 0).await.unwrap();
                    self.live_from = self.model.revision() + 1;
                }
            }
        }
    }

    /// The live watch has seen everything since it began.
    async fn check_live(&mut self) {
        for want in self.model.watched(&KeyRange::prefix(self.prefix.clone()), self.live_from) {
            let got = next(&mut self.watch).await;
            assert_same_batch(&got, &want, self.model.compacted);
        }
        assert!(self.watch.try_next().is_none());
    }

    async fn finish(mut self) {
        let whole = KeyRange::prefix(self.prefix.clone());
        let from = self.model.compacted + 1;
        let mut past = self.store.watch(whole.clone(), from).await.unwrap();
        for want in self.model.watched(&whole, from) {
            let got = next(&mut past).await;
            assert_same_batch(&got, &want, self.model.compacted);
        }
        assert!(past.try_next().is_none());
        self.check_live().await;
    }
}

async fn next(watch: &mut Watch) -> WatchBatch {
    tokio::time::timeout(Duration::from_secs(10), watch.next()).await.expect("a batch in time").unwrap().unwrap()
}

/// An engine may have lost what a key held before the oldest kept revision.
fn assert_same_batch(got: &WatchBatch, want: &WatchBatch, compacted: Revision) {
    assert_eq!((got.revision, got.events.len()), (want.revision, want.events.len()));
    for (got, want) in got.events.iter().zip(&want.events) {
        assert_eq!((got.kind, &got.kv), (want.kind, &want.kv));
        if got.prev.is_some() || want.kv.mod_revision > compacted + 1 {
            assert_eq!(got.prev, want.prev);
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(
    got: &Result<T, Error>,
    want: &Result<T, Refused>,
    asked: &dyn std::fmt::Debug,
) {
    match (got, want) {
        (Ok(got), Ok(want)) => assert_eq!(got, want, "{asked:?}"),
        (Err(Error::FutureRevision { .. }), Err(Refused::Future)) => {}
        (Err(Error::Compacted { .. }), Err(Refused::Compacted)) => {}
        _ => panic!("{asked:?} gave {got:?}, and should {want:?}"),
    }
}

/// A `TestRunner` cannot await: histories are drawn first and run one after the other. What fails
/// prints its seed and its steps.
async fn run(store: Store, cases: u32, steps: usize, reopen: Option<fn(&Path) -> Store>, dir: Option<&Path>) {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
    let mut store = store;
    for case in 0..cases {
        let history = prop::collection::vec(step(), steps).new_tree(&mut runner).unwrap().current();
        let prefix = format!("/case-{case:04}/");
        let model = Model::new(store.revision().await.unwrap());
        let watch = store.watch(KeyRange::prefix(prefix.clone()), 0).await.unwrap();
        let reopen = reopen.zip(dir).map(|(open, dir)| {
            let dir = dir.to_owned();
            Box::new(move || open(&dir)) as Box<dyn Fn() -> Store + Send + Sync>
        });
        // A store that is reopened must have one owner.
        let live_from = model.base + 1;
        let mut run = Run { store, prefix, model, leases: Vec::new(), watch, live_from, reopen };
        eprintln!("history {case}: {history:?}");
        for step in &history {
            run.step(step).await;
        }
        store = run.store.clone();
        run.finish().await;
    }
}

fn cases(usual: u32) -> u32 {
    if std::env::var_os("GANTRY_LONG").is_some() { usual * 20 } else { usual }
}

#[tokio::test]
async fn in_memory() {
    run(Embedded::in_memory(), cases(150), 60, None, None).await;
}

#[tokio::test]
async fn durable_and_reopened() {
    fn open(dir: &Path) -> Store {
        Embedded::open(dir, EmbeddedOptions::default()).unwrap()
    }
    let dir = tempfile::tempdir().unwrap();
    run(open(dir.path()), cases(40), 60, Some(open), Some(dir.path())).await;
}

fn open_cut(dir: &Path, partition_bytes: usize, checkpoint_after_bytes: usize) -> Store {
    let options = EmbeddedOptions { partition_bytes, checkpoint_after_bytes, ..Default::default() };
    Embedded::open(dir, options).unwrap()
}

/// Checkpoints all the time, and partitions of a few keys: what is read back comes from a base, its
/// deltas and the log in every mixture, and ranges go over what is in memory and what is not.
#[tokio::test]
async fn durable_with_tiny_partitions() {
    let dir = tempfile::tempdir().unwrap();
    let open = |dir: &Path| open_cut(dir, 300, 1);
    run(open(dir.path()), cases(40), 60, Some(open), Some(dir.path())).await;
}

#[tokio::test]
async fn durable_with_a_partition_for_each_key() {
    let dir = tempfile::tempdir().unwrap();
    let open = |dir: &Path| open_cut(dir, 1, 8_000);
    run(open(dir.path()), cases(40), 60, Some(open), Some(dir.path())).await;
}

#[tokio::test]
async fn durable_with_deltas_and_a_long_log() {
    let dir = tempfile::tempdir().unwrap();
    let open = |dir: &Path| open_cut(dir, 2_000, 40_000);
    run(open(dir.path()), cases(40), 60, Some(open), Some(dir.path())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn etcd() {
    if let Some(running) = engines::etcd("histories::etcd").await {
        run(running.store.clone(), cases(20), 60, None, None).await;
    }
}
