//! Running one transaction against the index, above what readers see. The holes that it needs have
//! been filled before.

use std::sync::Arc;

use bytes::Bytes;

use super::lease::Leases;
use super::record;
use super::state::State;
use crate::{
    Compare, CompareOp, CompareTarget, Event, EventKind, KeyRange, KeyValue, Op, OpResult, Result, Revision, Txn,
    TxnResult, WatchBatch,
};

/// A transaction that has run; without a batch it wrote nothing.
pub(super) struct Applied {
    pub(super) result: TxnResult,
    pub(super) batch: Option<Arc<WatchBatch>>,
}

/// Runs `txn` on top of revision `head`. On an error nothing has changed.
pub(super) fn run(state: &mut State, leases: &Leases, txn: &Txn, head: Revision) -> Result<Applied> {
    let succeeded = txn.compares.iter().all(|compare| holds(state, compare, head));
    let ops = if succeeded { &txn.success } else { &txn.failure };
    check(state, leases, ops, head)?;
    let mut writer = Writer { state, head, events: Vec::new() };
    let mut results = Vec::with_capacity(ops.len());
    for op in ops {
        results.push(writer.op(op)?);
    }
    let events = writer.events;
    let revision = if events.is_empty() { head } else { head + 1 };
    let batch = (!events.is_empty()).then(|| Arc::new(WatchBatch { revision, events }));
    Ok(Applied { result: TxnResult { revision, succeeded, results }, batch })
}

/// A transaction that cannot write whichever way its compares go: it needs no committer.
pub(super) fn read_only(txn: &Txn) -> bool {
    txn.success.iter().chain(&txn.failure).all(|op| matches!(op, Op::Range(_)))
}

/// The same for a transaction that only reads.
pub(super) fn run_read_only(state: &State, txn: &Txn) -> Result<TxnResult> {
    let revision = state.visible();
    let succeeded = txn.compares.iter().all(|compare| holds(state, compare, revision));
    let ops = if succeeded { &txn.success } else { &txn.failure };
    let mut results = Vec::with_capacity(ops.len());
    for op in ops {
        if let Op::Range(request) = op {
            results.push(OpResult::Range(state.range(request, revision)?));
        }
    }
    Ok(TxnResult { revision, succeeded, results })
}

/// Deletes the keys of a lease that has ended, as one revision.
pub(super) fn delete_keys(state: &mut State, keys: &[Bytes], head: Revision) -> Option<Arc<WatchBatch>> {
    let mut writer = Writer { state, head, events: Vec::new() };
    for key in keys {
        writer.delete(&KeyRange::key(key.clone()));
    }
    let events = writer.events;
    (!events.is_empty()).then(|| Arc::new(WatchBatch { revision: head + 1, events }))
}

/// Everything that can refuse an operation, before the first one changes anything.
fn check(state: &State, leases: &Leases, ops: &[Op], head: Revision) -> Result<()> {
    for op in ops {
        match op {
            Op::Put { lease, .. } => leases.check(*lease)?,
            Op::Range(request) => state.check_revision(request.revision, head)?,
            Op::Delete(_) => {}
        }
    }
    Ok(())
}

fn holds(state: &State, compare: &Compare, at: Revision) -> bool {
    let kv = state.index.get(&compare.key, at);
    let ordering = match &compare.target {
        CompareTarget::CreateRevision(want) => kv.map_or(0, |kv| kv.create_revision).cmp(want),
        CompareTarget::ModRevision(want) => kv.map_or(0, |kv| kv.mod_revision).cmp(want),
        CompareTarget::Version(want) => kv.map_or(0, |kv| kv.version).cmp(want),
        CompareTarget::Lease(want) => kv.map_or(0, |kv| kv.lease).cmp(want),
        CompareTarget::Value(want) => match kv {
            Some(kv) => kv.value.cmp(want),
            // As in etcd: there is no way to say "no value", so nothing holds of one.
            None => return false,
        },
    };
    match compare.op {
        CompareOp::Equal => ordering.is_eq(),
        CompareOp::NotEqual => ordering.is_ne(),
        CompareOp::Greater => ordering.is_gt(),
        CompareOp::Less => ordering.is_lt(),
    }
}

struct Writer<'a> {
    state: &'a mut State,
    head: Revision,
    events: Vec<Event>,
}

impl Writer<'_> {
    /// What an operation of this transaction reads: its own earlier writes included.
    fn reads_at(&self) -> Revision {
        if self.events.is_empty() { self.head } else { self.head + 1 }
    }

    fn op(&mut self, op: &Op) -> Result<OpResult> {
        Ok(match op {
            Op::Put { key, value, lease } => {
                self.put(key, value, *lease);
                OpResult::Put
            }
            Op::Delete(range) => OpResult::Deleted(self.delete(range)),
            Op::Range(request) => OpResult::Range(self.state.range(request, self.reads_at())?),
        })
    }

    fn put(&mut self, key: &Bytes, value: &Bytes, lease: i64) {
        let revision = self.head + 1;
        let prev = self.state.index.get(key, revision).cloned();
        let kv = Arc::new(KeyValue {
            key: prev.as_ref().map_or_else(|| key.clone(), |prev| prev.key.clone()),
            value: value.clone(),
            create_revision: prev.as_ref().map_or(revision, |prev| prev.create_revision),
            mod_revision: revision,
            version: prev.as_ref().map_or(0, |prev| prev.version) + 1,
            lease,
        });
        self.state.index.put(kv.clone());
        self.events.push(Event { kind: EventKind::Put, kv, prev });
    }

    fn delete(&mut self, range: &KeyRange) -> usize {
        let revision = self.head + 1;
        let doomed: Vec<Arc<KeyValue>> = match range.end {
            None => self.state.index.get(&range.start, revision).cloned().into_iter().collect(),
            Some(_) => self.state.index.range(range, revision).cloned().collect(),
        };
        for kv in &doomed {
            self.state.index.tombstone(&kv.key, revision);
            self.events.push(deleted(kv, revision));
        }
        doomed.len()
    }
}

/// The event of a key's end: the key and the delete's revision, and what it held before.
pub(super) fn deleted(kv: &Arc<KeyValue>, revision: Revision) -> Event {
    let gone = record::gone(kv.key.clone(), revision);
    Event { kind: EventKind::Delete, kv: Arc::new(gone), prev: Some(kv.clone()) }
}
