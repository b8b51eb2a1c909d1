//! What the store holds in memory: the index, and the batches that watches may still ask for.
//!
//! What always holds: a reader sees nothing above `visible`; versions above it belong to the group
//! the committer is writing now, and are rolled back if the disk refuses them. `history` ends
//! at `visible` and has one batch for each revision, in order and without a gap.

use std::collections::VecDeque;
use std::sync::Arc;

use super::index::Index;
use crate::{Error, Event, EventKind, KeyRange, KeyValue, RangeRequest, RangeResult, Result, Revision, WatchBatch};

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
    history: VecDeque<Arc<WatchBatch>>,
    history_bytes: usize,
    /// The newest durable revision.
    visible: Revision,
    /// The oldest revision that may be read; watches begin above it.
    compacted: Revision,
    /// Bytes of all newest keys and values.
    live_bytes: usize,
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

    /// Takes in a key of a snapshot.
    pub(super) fn load(&mut self, kv: KeyValue) {
        self.live_bytes += size(&kv);
        self.index.put(Arc::new(kv));
    }

    pub(super) fn visible(&self) -> Revision {
        self.visible
    }

    pub(super) fn compacted(&self) -> Revision {
        self.compacted
    }

    pub(super) fn history_bytes(&self) -> usize {
        self.history_bytes
    }

    pub(super) fn live_bytes(&self) -> usize {
        self.live_bytes
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
        Ok(result)
    }

    /// Makes a durable revision readable and watchable.
    pub(super) fn publish(&mut self, batch: Arc<WatchBatch>) {
        debug_assert_eq!(batch.revision, self.visible + 1, "revisions are dense");
        self.visible = batch.revision;
        for event in &batch.events {
            let before = event.prev.as_ref().map_or(0, |prev| size(prev));
            let after = if event.kind == EventKind::Put { size(&event.kv) } else { 0 };
            self.live_bytes = (self.live_bytes + after).saturating_sub(before);
        }
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
    /// What is above `pinned` stays. Tells whether there is more to free.
    pub(super) fn forget(&mut self, batches: usize, budget: &HistoryBudget, pinned: Revision) -> bool {
        for _ in 0..batches {
            if !self.forgettable(budget, pinned) {
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
        self.forgettable(budget, pinned)
    }

    fn forgettable(&self, budget: &HistoryBudget, pinned: Revision) -> bool {
        let Some(oldest) = self.history.front().map(|batch| batch.revision) else { return false };
        let over = self.history.len() > budget.revisions || self.history_bytes > budget.bytes;
        oldest <= pinned && (oldest <= self.compacted || over)
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
        if request.count_only || result.kvs.len() >= limit {
            continue;
        }
        result.kvs.push(if request.keys_only { without_value(kv) } else { kv.clone() });
    }
    result.more = !request.count_only && result.count > result.kvs.len();
}

fn without_value(kv: &KeyValue) -> Arc<KeyValue> {
    Arc::new(KeyValue { value: bytes::Bytes::new(), ..kv.clone() })
}
