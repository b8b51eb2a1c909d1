//! Who holds which keys on a lease, and when it runs out.
//!
//! Only the committer grants, ends and attaches; anybody may keep a lease alive. Deadlines count on
//! a clock that never jumps, unless a test gave its own: setting the machine's clock must not end
//! every lease there is.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gantry_base::SharedClock;

use crate::api::limits;
use crate::{Error, Event, LeaseId, Result};

/// How often a store with a clock of its own looks at it: such a clock cannot wake anybody.
const OWN_CLOCK_LOOK: Duration = Duration::from_millis(10);

/// How long a lease whose end could not be written is left before the next try.
const RETRY_MS: i64 = 1_000;

pub(super) struct LeaseClock {
    began: Instant,
    own: Option<SharedClock>,
}

impl LeaseClock {
    pub(super) fn new(own: Option<SharedClock>) -> Self {
        Self { began: Instant::now(), own }
    }

    fn now_ms(&self) -> i64 {
        match &self.own {
            Some(clock) => clock.now().millis(),
            None => i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX),
        }
    }
}

struct Lease {
    ttl_secs: i64,
    deadline_ms: i64,
    keys: HashSet<Bytes>,
}

pub(super) struct Leases {
    clock: LeaseClock,
    by_id: HashMap<LeaseId, Lease>,
    by_deadline: BTreeSet<(i64, LeaseId)>,
}

impl Leases {
    pub(super) fn new(clock: LeaseClock) -> Self {
        Self { clock, by_id: HashMap::new(), by_deadline: BTreeSet::new() }
    }

    pub(super) fn check(&self, lease: LeaseId) -> Result<()> {
        if lease == 0 || self.by_id.contains_key(&lease) { Ok(()) } else { Err(Error::LeaseNotFound(lease)) }
    }

    pub(super) fn grant(&mut self, lease: LeaseId, ttl_secs: i64) {
        let deadline_ms = self.deadline(ttl_secs);
        self.by_deadline.insert((deadline_ms, lease));
        self.by_id.insert(lease, Lease { ttl_secs, deadline_ms, keys: HashSet::new() });
    }

    pub(super) fn keep_alive(&mut self, lease: LeaseId) -> Result<()> {
        let ttl_secs = self.by_id.get(&lease).ok_or(Error::LeaseNotFound(lease))?.ttl_secs;
        let deadline_ms = self.deadline(ttl_secs);
        self.move_deadline(lease, deadline_ms);
        Ok(())
    }

    /// The lease's end could not be written: it is tried again later.
    pub(super) fn postpone(&mut self, lease: LeaseId) {
        let deadline_ms = self.clock.now_ms() + RETRY_MS;
        self.move_deadline(lease, deadline_ms);
    }

    fn move_deadline(&mut self, lease: LeaseId, deadline_ms: i64) {
        if let Some(held) = self.by_id.get_mut(&lease) {
            self.by_deadline.remove(&(held.deadline_ms, lease));
            held.deadline_ms = deadline_ms;
            self.by_deadline.insert((deadline_ms, lease));
        }
    }

    pub(super) fn end(&mut self, lease: LeaseId) {
        if let Some(held) = self.by_id.remove(&lease) {
            self.by_deadline.remove(&(held.deadline_ms, lease));
        }
    }

    /// The lease's keys in order, so that its end always reads the same.
    pub(super) fn keys(&self, lease: LeaseId) -> Result<Vec<Bytes>> {
        let held = self.by_id.get(&lease).ok_or(Error::LeaseNotFound(lease))?;
        let mut keys: Vec<Bytes> = held.keys.iter().cloned().collect();
        keys.sort_unstable();
        Ok(keys)
    }

    /// Follows a durable event: the key leaves the lease it had and joins the one it has.
    pub(super) fn follow(&mut self, event: &Event) {
        let before = event.prev.as_ref().map_or(0, |prev| prev.lease);
        if before == event.kv.lease {
            return;
        }
        if let Some(held) = self.by_id.get_mut(&before) {
            held.keys.remove(&event.kv.key);
        }
        if let Some(held) = self.by_id.get_mut(&event.kv.lease) {
            held.keys.insert(event.kv.key.clone());
        }
    }

    /// Attaches a key found in a store just opened.
    pub(super) fn attach(&mut self, lease: LeaseId, key: &Bytes) {
        if let Some(held) = self.by_id.get_mut(&lease) {
            held.keys.insert(key.clone());
        }
    }

    /// Every lease and its seconds to live.
    pub(super) fn all(&self) -> Vec<(LeaseId, i64)> {
        self.by_id.iter().map(|(lease, held)| (*lease, held.ttl_secs)).collect()
    }

    /// A lease that has run out.
    pub(super) fn expired(&self) -> Option<LeaseId> {
        let (deadline_ms, lease) = self.by_deadline.first()?;
        (*deadline_ms <= self.clock.now_ms()).then_some(*lease)
    }

    /// How long until the next one may; `None` while there is no lease.
    pub(super) fn next_look(&self) -> Option<Duration> {
        let (deadline_ms, _) = self.by_deadline.first()?;
        if self.clock.own.is_some() {
            return Some(OWN_CLOCK_LOOK);
        }
        Some(Duration::from_millis(u64::try_from(deadline_ms - self.clock.now_ms()).unwrap_or(0)))
    }

    fn deadline(&self, ttl_secs: i64) -> i64 {
        self.clock.now_ms().saturating_add(ttl_secs.clamp(1, limits::MAX_LEASE_SECS) * 1_000)
    }
}
