//! The store as simply as it can be said: a whole copy of the keys for each revision.

use std::collections::BTreeMap;

use bytes::Bytes;
use gantry_store::{
    Compare, CompareOp, CompareTarget, Event, EventKind, KeyRange, KeyValue, Op, OpResult, RangeRequest, RangeResult,
    Revision, Txn, TxnResult, WatchBatch,
};

type Keys = BTreeMap<Bytes, KeyValue>;

pub struct Model {
    /// The revision of the first of `states`.
    pub base: Revision,
    pub states: Vec<Keys>,
    pub batches: Vec<WatchBatch>,
    pub compacted: Revision,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    Future,
    Compacted,
}

impl Model {
    pub fn new(base: Revision) -> Self {
        Self { base, states: vec![Keys::new()], batches: Vec::new(), compacted: base }
    }

    pub fn revision(&self) -> Revision {
        self.base + self.states.len() as u64 - 1
    }

    pub fn now(&self) -> &Keys {
        self.states.last().unwrap()
    }

    pub fn txn(&mut self, txn: &Txn) -> Result<TxnResult, Refused> {
        let succeeded = txn.compares.iter().all(|compare| holds(self.now(), compare));
        let ops = if succeeded { &txn.success } else { &txn.failure };
        let mut keys = self.now().clone();
        let mut events = Vec::new();
        let mut results = Vec::new();
        let revision = self.revision() + 1;
        for op in ops {
            results.push(match op {
                Op::Put { key, value, lease } => {
                    let prev = keys.get(key).cloned();
                    let kv = KeyValue {
                        key: key.clone(),
                        value: value.clone(),
                        create_revision: prev.as_ref().map_or(revision, |prev| prev.create_revision),
                        mod_revision: revision,
                        version: prev.as_ref().map_or(1, |prev| prev.version + 1),
                        lease: *lease,
                    };
                    keys.insert(key.clone(), kv.clone());
                    events.push(Event { kind: EventKind::Put, kv: kv.into(), prev: prev.map(Into::into) });
                    OpResult::Put
                }
                Op::Delete(range) => {
                    let doomed: Vec<_> = keys.keys().filter(|key| range.contains(key)).cloned().collect();
                    for key in &doomed {
                        let prev = keys.remove(key);
                        let kv = KeyValue {
                            key: key.clone(),
                            value: Bytes::new(),
                            create_revision: 0,
                            mod_revision: revision,
                            version: 0,
                            lease: 0,
                        };
                        events.push(Event { kind: EventKind::Delete, kv: kv.into(), prev: prev.map(Into::into) });
                    }
                    OpResult::Deleted(doomed.len())
                }
                Op::Range(request) => {
                    let newest = if events.is_empty() { revision - 1 } else { revision };
                    let then = if request.revision == 0 { keys.clone() } else { self.at(request.revision)?.clone() };
                    OpResult::Range(range(&then, request, newest))
                }
            });
        }
        let wrote = !events.is_empty();
        if wrote {
            self.states.push(keys);
            self.batches.push(WatchBatch { revision, events });
        }
        Ok(TxnResult { revision: self.revision(), succeeded, results })
    }

    pub fn range(&self, request: &RangeRequest) -> Result<RangeResult, Refused> {
        let keys = if request.revision == 0 { self.now() } else { self.at(request.revision)? };
        Ok(range(keys, request, self.revision()))
    }

    fn at(&self, revision: Revision) -> Result<&Keys, Refused> {
        if revision > self.revision() {
            return Err(Refused::Future);
        }
        if revision < self.compacted {
            return Err(Refused::Compacted);
        }
        Ok(&self.states[(revision - self.base) as usize])
    }

    pub fn compact(&mut self, revision: Revision) -> Result<(), Refused> {
        if revision > self.revision() {
            return Err(Refused::Future);
        }
        if revision <= self.compacted {
            return Err(Refused::Compacted);
        }
        self.compacted = revision;
        Ok(())
    }

    /// Ends a lease: its keys go, as one revision.
    pub fn revoke(&mut self, lease: i64) {
        let held: Vec<Bytes> = self.now().values().filter(|kv| kv.lease == lease).map(|kv| kv.key.clone()).collect();
        let deletes = held.into_iter().fold(Txn::new(), |txn, key| txn.then(Op::delete(key)));
        self.txn(&deletes).unwrap();
    }

    /// A store just opened keeps no history.
    pub fn reopened(&mut self) {
        self.compacted = self.revision();
    }

    /// What a watch of `range` from `from` sees. What a key held before its first kept revision is
    /// for the engine to know or not.
    pub fn watched(&self, range: &KeyRange, from: Revision) -> Vec<WatchBatch> {
        let narrowed = self.batches.iter().filter(|batch| batch.revision >= from).map(|batch| WatchBatch {
            revision: batch.revision,
            events: batch.events.iter().filter(|event| range.contains(&event.kv.key)).cloned().collect(),
        });
        narrowed.filter(|batch| !batch.events.is_empty()).collect()
    }
}

fn range(keys: &Keys, request: &RangeRequest, newest: Revision) -> RangeResult {
    let mut found: Vec<_> = keys.values().filter(|kv| request.range.contains(&kv.key)).cloned().collect();
    let count = found.len();
    if request.reverse {
        found.reverse();
    }
    if request.limit > 0 {
        found.truncate(request.limit);
    }
    let more = found.len() < count && !request.count_only;
    if request.keys_only {
        for kv in &mut found {
            kv.value = Bytes::new();
        }
    }
    if request.count_only {
        found.clear();
    }
    RangeResult { revision: newest, kvs: found.into_iter().map(Into::into).collect(), count, more }
}

fn holds(keys: &Keys, compare: &Compare) -> bool {
    let kv = keys.get(&compare.key);
    let number = |of: fn(&KeyValue) -> u64| kv.map_or(0, of);
    let ordering = match &compare.target {
        CompareTarget::CreateRevision(want) => number(|kv| kv.create_revision).cmp(want),
        CompareTarget::ModRevision(want) => number(|kv| kv.mod_revision).cmp(want),
        CompareTarget::Version(want) => number(|kv| kv.version).cmp(want),
        CompareTarget::Lease(want) => kv.map_or(0, |kv| kv.lease).cmp(want),
        CompareTarget::Value(want) => match kv {
            Some(kv) => kv.value.cmp(want),
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
