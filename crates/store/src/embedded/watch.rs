//! Telling watchers what a durable revision did, without asking each of them.
//!
//! What always holds: a watcher gets every batch in its range from its first revision on, once and
//! in order; one that is [`WATCH_BUFFER`](limits::WATCH_BUFFER) batches behind is ended, so that
//! nobody's slowness costs more than that. Locks are taken hub first, state second.
//!
//! A watch is found by the key of an event in one look-up per *length* of watched prefix, so ten
//! thousand watches of `/assign/<host>/` cost a write no more than one.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use crate::api::limits;
use crate::{Error, Event, KeyRange, Result, Revision, WatchBatch};

pub(super) type Sender = mpsc::Sender<Result<WatchBatch>>;
type WatcherId = u64;

/// The buffer, and one place more for the error that ends a watch.
pub(super) const CHANNEL: usize = limits::WATCH_BUFFER + 1;

struct Watcher {
    range: KeyRange,
    /// Batches below this were replayed already.
    from: Revision,
    sender: Sender,
}

#[derive(Default)]
struct Watchers {
    next_id: WatcherId,
    closed: bool,
    all: HashMap<WatcherId, Watcher>,
    by_key: HashMap<Bytes, Vec<WatcherId>>,
    by_prefix: HashMap<Bytes, Vec<WatcherId>>,
    /// How many watched prefixes there are of each length.
    prefix_lengths: BTreeMap<usize, usize>,
    /// Ranges that are neither a key nor a prefix; few, so every event is held against each.
    spans: Vec<WatcherId>,
}

#[derive(Default)]
pub(super) struct Hub {
    watchers: Mutex<Watchers>,
}

/// Takes a watcher out when its [`crate::Watch`] is dropped.
pub(super) struct Registration {
    hub: Weak<Hub>,
    id: WatcherId,
}

impl Drop for Registration {
    fn drop(&mut self) {
        if let Some(hub) = self.hub.upgrade() {
            hub.watchers.lock().remove(self.id);
        }
    }
}

/// The hub held still: no batch is delivered while a watcher reads what it missed and joins.
pub(super) struct Joining<'a> {
    hub: &'a Arc<Hub>,
    watchers: parking_lot::MutexGuard<'a, Watchers>,
}

impl Joining<'_> {
    /// Adds a watcher for batches from revision `from` on.
    pub(super) fn add(&mut self, range: KeyRange, from: Revision, sender: Sender) -> Result<Registration> {
        if self.watchers.closed {
            return Err(Error::Closed);
        }
        let id = self.watchers.add(Watcher { range, from, sender });
        Ok(Registration { hub: Arc::downgrade(self.hub), id })
    }
}

impl Hub {
    pub(super) fn join(self: &Arc<Self>) -> Joining<'_> {
        Joining { hub: self, watchers: self.watchers.lock() }
    }

    pub(super) fn deliver(&self, batches: &[Arc<WatchBatch>]) {
        let mut watchers = self.watchers.lock();
        if watchers.all.is_empty() {
            return;
        }
        for batch in batches {
            watchers.deliver(batch);
        }
    }

    /// Ends every watch: the store is closing.
    pub(super) fn close(&self) {
        *self.watchers.lock() = Watchers { closed: true, ..Watchers::default() };
    }
}

impl Watchers {
    fn add(&mut self, watcher: Watcher) -> WatcherId {
        self.next_id += 1;
        let id = self.next_id;
        match shape(&watcher.range) {
            Shape::Key(key) => self.by_key.entry(key).or_default().push(id),
            Shape::Prefix(prefix) => {
                *self.prefix_lengths.entry(prefix.len()).or_default() += 1;
                self.by_prefix.entry(prefix).or_default().push(id);
            }
            Shape::Span => self.spans.push(id),
        }
        self.all.insert(id, watcher);
        id
    }

    fn remove(&mut self, id: WatcherId) {
        let Some(watcher) = self.all.remove(&id) else { return };
        match shape(&watcher.range) {
            Shape::Key(key) => take_out(&mut self.by_key, &key, id),
            Shape::Prefix(prefix) => {
                if let Some(count) = self.prefix_lengths.get_mut(&prefix.len()) {
                    *count -= 1;
                    if *count == 0 {
                        self.prefix_lengths.remove(&prefix.len());
                    }
                }
                take_out(&mut self.by_prefix, &prefix, id);
            }
            Shape::Span => self.spans.retain(|&other| other != id),
        }
    }

    fn deliver(&mut self, batch: &WatchBatch) {
        let mut due: HashMap<WatcherId, Vec<Event>> = HashMap::new();
        for event in &batch.events {
            self.for_each_watching(&event.kv.key, |id| due.entry(id).or_default().push(event.clone()));
        }
        for (id, events) in due {
            let Some(watcher) = self.all.get(&id) else { continue };
            if batch.revision < watcher.from {
                continue;
            }
            let lagged = watcher.sender.capacity() <= 1;
            let message =
                if lagged { Err(Error::WatchLagged) } else { Ok(WatchBatch { revision: batch.revision, events }) };
            if watcher.sender.try_send(message).is_err() || lagged {
                self.remove(id);
            }
        }
    }

    fn for_each_watching(&self, key: &Bytes, mut see: impl FnMut(WatcherId)) {
        if let Some(ids) = self.by_key.get(key) {
            for &id in ids {
                see(id);
            }
        }
        for &length in self.prefix_lengths.keys().take_while(|&&length| length <= key.len()) {
            if let Some(ids) = self.by_prefix.get(&key[..length]) {
                for &id in ids {
                    see(id);
                }
            }
        }
        for id in &self.spans {
            if self.all.get(id).is_some_and(|watcher| watcher.range.contains(key)) {
                see(*id);
            }
        }
    }
}

enum Shape {
    Key(Bytes),
    Prefix(Bytes),
    Span,
}

fn shape(range: &KeyRange) -> Shape {
    match &range.end {
        None => Shape::Key(range.start.clone()),
        Some(_) if *range == KeyRange::prefix(range.start.clone()) => Shape::Prefix(range.start.clone()),
        Some(_) => Shape::Span,
    }
}

fn take_out(map: &mut HashMap<Bytes, Vec<WatcherId>>, key: &Bytes, id: WatcherId) {
    if let Some(ids) = map.get_mut(key) {
        ids.retain(|&other| other != id);
        if ids.is_empty() {
            map.remove(key);
        }
    }
}
