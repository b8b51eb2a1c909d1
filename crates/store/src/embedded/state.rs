//! What the store holds in memory: the index with its holes, and the batches that watches may still
//! ask for.
//!
//! What always holds: a reader sees nothing above `visible`; versions above it belong to the group
//! the committer is writing now, and are rolled back if the disk refuses them. `history` ends
//! at `visible` and has one batch for each revision, in order and without a gap. It begins where the
//! store was opened: nothing older can be read or watched. Whoever reads or writes keys has their
//! holes filled first ([`needed`](State::needed)); nothing makes new ones.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::holes::{Holes, Span};
use super::index::Index;
use crate::{Error, Event, KeyRange, KeyValue, Op, RangeRequest, RangeResult, Result, Revision, Txn, WatchBatch};

/// What one event costs beside its key and value, for the history's budget.
const EVENT_OVERHEAD: usize = 160;

/// How much history is kept for watches and reads of the past; whichever is reached first.
#[derive(Clone, Copy, Debug)]
pub struct HistoryBudget {
    pub revisions: usize,
    /// Of keys and values, and what holding them costs.
    pub bytes: usize,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) index: Index,
    holes: Holes,
    history: VecDeque<Arc<WatchBatch>>,
    history_bytes: usize,
    /// The newest durable revision.
    visible: Revision,
    /// The oldest revision that may be read; watches begin above it.
    compacted: Revision,
}

impl State {
    /// An empty store; as in etcd its revision is 1, so that 0 can mean "none".
    pub(super) fn new() -> Self {
        Self::starting_at(1)
    }

    /// A store whose history begins after `revision`.
    pub(super) fn starting_at(revision: Revision) -> Self {
        // Revision 1 is the empty store, which nothing can have compacted.
        let compacted = if revision <= 1 { 0 } else { revision };
        Self { visible: revision, compacted, ..Self::default() }
    }

    /// A store just opened: what the data file has stays there until it is asked for.
    pub(super) fn opened(revision: Revision, holes: Holes) -> Self {
        Self { holes, ..Self::starting_at(revision) }
    }

    /// Takes in what the log says of a key: on top of a hole, or where there is none as it is. Keys
    /// come in ascending order.
    pub(super) fn lay_over(&mut self, key: Bytes, newest: Option<Arc<KeyValue>>, born: i64) {
        if self.holes.is_empty() {
            if let Some(kv) = newest {
                self.index.put_first(kv);
            }
        } else {
            self.holes.lay_over(key, newest, born);
        }
    }

    /// The holes that must be filled before `request` can be answered.
    pub(super) fn needed(&self, request: &RangeRequest, newest: Revision) -> Vec<Span> {
        let at = if request.revision == 0 { newest } else { request.revision };
        self.holes.needed(request, &self.index, at)
    }

    /// The holes that must be filled before `txn` can run, whichever way its compares go.
    pub(super) fn needed_by(&self, txn: &Txn) -> Vec<Span> {
        let mut needed = Vec::new();
        if self.holes.is_empty() {
            return needed;
        }
        let deletes = txn.success.iter().chain(&txn.failure).any(|op| matches!(op, Op::Delete(_)));
        needed.extend(txn.compares.iter().filter_map(|compare| self.holes.around(&compare.key)));
        for op in txn.success.iter().chain(&txn.failure) {
            match op {
                Op::Put { key, .. } => needed.extend(self.holes.around(key)),
                Op::Delete(range) => needed.extend(self.needed(&RangeRequest::new(range.clone()), self.visible)),
                // A limit reaches further after a delete of the same transaction.
                Op::Range(request) if deletes => {
                    let all = RangeRequest { limit: 0, count_only: false, ..request.clone() };
                    needed.extend(self.needed(&all, self.visible));
                }
                Op::Range(request) => needed.extend(self.needed(request, self.visible)),
            }
        }
        needed
    }

    /// The holes that `keys` are in.
    pub(super) fn around(&self, keys: &[Bytes]) -> Vec<Span> {
        keys.iter().filter_map(|key| self.holes.around(key)).collect()
    }

    /// Whether all that is stored is in memory.
    pub(super) fn is_whole(&self) -> bool {
        self.holes.is_empty()
    }

    pub(super) fn has_hole(&self, span: &Span) -> bool {
        self.holes.has(span)
    }

    /// Fills a hole with what the data file has there.
    pub(super) fn fill(&mut self, span: &Span, kvs: Vec<Arc<KeyValue>>) {
        // Somebody else may have been faster.
        let Some((overlay, live)) = self.holes.take(span) else { return };
        let mut filled = 0;
        let mut overlay = overlay.into_iter().peekable();
        let mut put = |kv| {
            filled += 1;
            self.index.put_first(kv);
        };
        for kv in kvs {
            while let Some((_, newer)) = overlay.next_if(|(key, _)| *key < kv.key) {
                newer.into_iter().for_each(&mut put);
            }
            match overlay.next_if(|(key, _)| *key == kv.key) {
                Some((_, newer)) => newer.into_iter().for_each(&mut put),
                None => put(kv),
            }
        }
        overlay.filter_map(|(_, newer)| newer).for_each(&mut put);
        debug_assert_eq!(filled, live, "a hole has as many keys as was said of it");
    }

    pub(super) fn visible(&self) -> Revision {
        self.visible
    }

    pub(super) fn compacted(&self) -> Revision {
        self.compacted
    }

    pub(super) fn check_revision(&self, asked: Revision, newest: Revision) -> Result<()> {
        if asked > newest {
            return Err(Error::FutureRevision { asked, newest });
        }
        if asked != 0 && asked < self.compacted {
            return Err(Error::Compacted { asked, oldest: self.compacted });
        }
        Ok(())
    }

    /// Reads as a client does: at its revision, or at `newest`.
    pub(super) fn range(&self, request: &RangeRequest, newest: Revision) -> Result<RangeResult> {
        self.check_revision(request.revision, newest)?;
        let at = if request.revision == 0 { newest } else { request.revision };
        let mut result = RangeResult { revision: newest, ..RangeResult::default() };
        if request.range.end.is_none() {
            collect(self.index.get(&request.range.start, at).into_iter(), request, &mut result);
        } else if request.reverse {
            collect(self.index.range(&request.range, at).rev(), request, &mut result);
        } else {
            collect(self.index.range(&request.range, at), request, &mut result);
        }
        if request.range.end.is_some() {
            result.count += self.holes.keys_within(&request.range);
        }
        result.more = !request.count_only && result.count > result.kvs.len();
        Ok(result)
    }

    /// Makes a durable revision readable and watchable.
    pub(super) fn publish(&mut self, batch: Arc<WatchBatch>) {
        debug_assert_eq!(batch.revision, self.visible + 1, "revisions are dense");
        self.visible = batch.revision;
        self.history_bytes += weight(&batch);
        self.history.push_back(batch);
    }

    /// Takes back what a group wrote before the disk refused it.
    pub(super) fn roll_back<'a>(&mut self, batches: impl Iterator<Item = &'a Arc<WatchBatch>>) {
        for batch in batches {
            for event in &batch.events {
                self.index.roll_back(&event.kv.key, self.visible);
            }
        }
    }

    /// From now on nothing below `revision` can be read, nor a watch begin at or below it.
    pub(super) fn mark_compacted(&mut self, revision: Revision) {
        self.compacted = self.compacted.max(revision);
    }

    /// Frees up to `batches` batches of history, oldest first, and the versions that only they
    /// needed: those that a compaction let go, and as many as it takes to fit `budget` again.
    /// Tells whether there is more to free.
    pub(super) fn forget(&mut self, batches: usize, budget: &HistoryBudget) -> bool {
        for _ in 0..batches {
            if !self.forgettable(budget) {
                return false;
            }
            let Some(batch) = self.history.pop_front() else { return false };
            self.mark_compacted(batch.revision);
            self.history_bytes -= weight(&batch);
            for event in &batch.events {
                self.index.prune(&event.kv.key, batch.revision);
            }
        }
        if self.history.len() * 4 < self.history.capacity() {
            self.history.shrink_to(self.history.len() * 2);
        }
        self.forgettable(budget)
    }

    fn forgettable(&self, budget: &HistoryBudget) -> bool {
        let Some(oldest) = self.history.front().map(|batch| batch.revision) else { return false };
        let over = self.history.len() > budget.revisions || self.history_bytes > budget.bytes;
        oldest <= self.compacted || over
    }

    /// Up to `scan` batches of history from revision `from` on, cut down to `range`; and the
    /// revision to go on from.
    pub(super) fn replay(&self, range: &KeyRange, from: Revision, scan: usize) -> Result<(Vec<WatchBatch>, Revision)> {
        if from <= self.compacted {
            return Err(Error::Compacted { asked: from, oldest: self.compacted + 1 });
        }
        let oldest = self.history.front().map_or(from, |batch| batch.revision);
        let skip = from.saturating_sub(oldest) as usize;
        let mut found = Vec::new();
        for batch in self.history.iter().skip(skip).take(scan) {
            found.extend(narrow(batch, range));
        }
        let next = self.history.get(skip + scan).map_or(self.visible + 1, |unseen| unseen.revision);
        Ok((found, next.max(from)))
    }
}

/// The part of a batch that lies in `range`, if any.
fn narrow(batch: &WatchBatch, range: &KeyRange) -> Option<WatchBatch> {
    let events: Vec<Event> = batch.events.iter().filter(|event| range.contains(&event.kv.key)).cloned().collect();
    (!events.is_empty()).then_some(WatchBatch { revision: batch.revision, events })
}

fn size(kv: &KeyValue) -> usize {
    kv.key.len() + kv.value.len()
}

fn weight(batch: &WatchBatch) -> usize {
    batch.events.iter().map(|event| EVENT_OVERHEAD + size(&event.kv)).sum()
}

fn collect<'a>(found: impl Iterator<Item = &'a Arc<KeyValue>>, request: &RangeRequest, result: &mut RangeResult) {
    let limit = if request.limit == 0 { usize::MAX } else { request.limit };
    for kv in found {
        result.count += 1;
        if !request.count_only && result.kvs.len() >= limit {
            if request.uncounted {
                // One more than the limit: that is all there is to know.
                return;
            }
            continue;
        }
        if request.count_only {
            continue;
        }
        result.kvs.push(if request.keys_only { without_value(kv) } else { kv.clone() });
    }
}

fn without_value(kv: &KeyValue) -> Arc<KeyValue> {
    Arc::new(KeyValue { value: Bytes::new(), ..kv.clone() })
}
