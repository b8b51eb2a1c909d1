//! The loop: queues into the snapshot, plan, start, settle, again. It sleeps until something comes or a
//! deadline that the plan named is there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use gantry_base::{SharedClock, SharedEntropy};
use gantry_registry::queue::{Queued, REPLICATE};
use gantry_registry::{
    Access, BACKFILLS, QueuedBackfill, QueuedDelete, REPLICATE_DELETE, Reference, Registry, RegistryId,
};
use gantry_store::{Compare, EventKind, KeyRange, KeyValue, LeaseId, Op, RangeRequest, Revision, Store, Txn, Watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::backfill;
use crate::config::{Config, limits};
use crate::engine::{Engine, Outcome};
use crate::failure::{Cure, Failure};
use crate::peers::Peers;
use crate::plan::{Item, Place, Snapshot, What, destination_key, plan};

/// All queues, and the key of the replicator that works.
const QUEUES: &str = "/aws/ecr-queue/";
const LEADER: &str = "/aws/ecr-queue/replicator";
/// Pause after the store failed, before all is read anew.
const RELOAD: Duration = Duration::from_millis(500);
/// Longest sleep towards a deadline: the injected clock may be moved while the timer runs.
const MAX_SLEEP_MS: i64 = 60_000;

type Error = gantry_registry::Error;
type Result<T> = std::result::Result<T, Error>;

/// What a replicator needs.
pub struct Parts {
    pub store: Store,
    pub registry: Registry,
    /// Asked what other accounts' replication may do here.
    pub access: Arc<dyn Access>,
    pub peers: Peers,
    pub clock: SharedClock,
    pub entropy: SharedEntropy,
    pub config: Config,
}

/// Runs until it is dropped.
pub struct Replicator(JoinHandle<()>);

impl Drop for Replicator {
    fn drop(&mut self) {
        // Every line can be the last: whoever comes next goes on.
        self.0.abort();
    }
}

impl Replicator {
    /// Starts on the current tokio runtime.
    pub fn start(parts: Parts) -> Self {
        let Parts { store, registry, access, peers, clock, entropy, config } = parts;
        let engine = Engine::new(registry, access, peers, clock, entropy, config);
        let worker = Worker { store, engine };
        Self(tokio::spawn(async move { worker.run().await }))
    }
}

struct Worker {
    store: Store,
    engine: Engine,
}

/// An entry of a queue: what is left of it before it leaves.
struct Entry {
    seen: Revision,
    pending: HashSet<RegistryId>,
}

#[derive(Default)]
struct State {
    snapshot: Snapshot,
    entries: HashMap<String, Entry>,
    backfills: HashSet<QueuedBackfill>,
    /// There is more in the store than is tracked.
    overflow: bool,
}

enum Finished {
    Item(Box<Item>, Outcome),
    Backfill(QueuedBackfill),
}

impl State {
    fn is_idle(&self) -> bool {
        self.entries.is_empty() && self.backfills.is_empty() && !self.overflow
    }
}

impl Worker {
    async fn run(self) {
        loop {
            if let Err(error) = self.watch_and_work().await {
                tracing::warn!(%error, "the replicator starts anew");
            }
            tokio::time::sleep(RELOAD).await;
        }
    }

    /// Rests, without a lease, while the queues are empty.
    async fn watch_and_work(&self) -> Result<()> {
        let revision = self.store.revision().await?;
        let mut watch = self.store.watch(KeyRange::prefix(QUEUES), revision + 1).await?;
        loop {
            if !self.is_work().await? {
                next_batch(&mut watch).await?;
                continue;
            }
            let lease = self.store.engine().lease_grant(limits::LEASE_SECS).await?;
            let claim = Op::Put { key: LEADER.into(), value: bytes::Bytes::new(), lease };
            if !self.store.txn(Txn::new().when(Compare::absent(LEADER)).then(claim)).await?.succeeded {
                self.store.engine().lease_revoke(lease).await?;
                // Another one works; it says so by its key, which goes with it.
                let patience = Duration::from_secs(limits::LEASE_SECS.unsigned_abs());
                let _ = tokio::time::timeout(patience, next_batch(&mut watch)).await;
                continue;
            }
            let worked = self.work(&mut watch, lease).await;
            let _ = self.store.engine().lease_revoke(lease).await;
            worked?;
        }
    }

    async fn is_work(&self) -> Result<bool> {
        for queue in [REPLICATE, REPLICATE_DELETE, BACKFILLS] {
            if !self.store.range(RangeRequest::new(KeyRange::prefix(queue)).first(1)).await?.kvs.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn work(&self, watch: &mut Watch, lease: LeaseId) -> Result<()> {
        let mut state = State::default();
        let mut running = JoinSet::new();
        self.load(&mut state, &mut running).await?;
        let mut tick = tokio::time::interval(limits::KEEP_ALIVE);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let wake_at = self.start_what_is_due(&mut state, &mut running);
            let now = self.engine.clock.now();
            let sleep_ms = wake_at.map_or(MAX_SLEEP_MS, |at| at.since_ms(now).clamp(1, MAX_SLEEP_MS));
            tokio::select! {
                batch = watch.next() => {
                    let batch = batch.unwrap_or(Err(gantry_store::Error::Closed))?;
                    for event in &batch.events {
                        self.take(&mut state, &mut running, &event.kv, event.kind == EventKind::Delete).await?;
                    }
                }
                Some(finished) = running.join_next(), if !running.is_empty() => {
                    if let Ok(finished) = finished {
                        self.finish(&mut state, finished).await?;
                    } else {
                        // A copy that panicked: all is read anew.
                        return Err(Error::Internal("a replication ended badly".to_owned()));
                    }
                    if state.overflow && state.snapshot.tracked() < limits::MAX_TRACKED / 2 {
                        self.load(&mut state, &mut running).await?;
                    }
                }
                _ = tick.tick() => {
                    self.store.engine().lease_keep_alive(lease).await?;
                    if state.is_idle() {
                        return Ok(());
                    }
                }
                () = tokio::time::sleep(Duration::from_millis(sleep_ms.unsigned_abs())), if wake_at.is_some() => {}
            }
        }
    }

    /// Takes in what the queues have, as far as there is room.
    async fn load(&self, state: &mut State, running: &mut JoinSet<Finished>) -> Result<()> {
        state.overflow = false;
        for queue in [REPLICATE, REPLICATE_DELETE, BACKFILLS] {
            let all = KeyRange::prefix(queue);
            let mut start = all.start.clone();
            loop {
                let range = KeyRange { start: start.clone(), end: all.end.clone() };
                let page = self.store.range(RangeRequest::new(range).first(limits::PAGE)).await?;
                for kv in &page.kvs {
                    self.take(state, running, kv, false).await?;
                }
                let Some(last) = page.kvs.last().filter(|_| page.more && !state.overflow) else { break };
                let mut next = last.key.to_vec();
                next.push(0);
                start = next.into();
            }
        }
        Ok(())
    }

    /// Takes one change of a queue in.
    async fn take(&self, state: &mut State, running: &mut JoinSet<Finished>, kv: &KeyValue, gone: bool) -> Result<()> {
        let Ok(key) = std::str::from_utf8(&kv.key) else { return Ok(()) };
        if let Some(backfill) = QueuedBackfill::read(kv) {
            if !gone && state.backfills.insert(backfill.clone()) {
                let engine = self.engine.clone();
                running.spawn(async move {
                    backfill::run(engine, backfill.clone()).await;
                    Finished::Backfill(backfill)
                });
            }
            return Ok(());
        }
        if gone {
            forget(state, key);
            return Ok(());
        }
        if state.entries.get(key).is_some_and(|entry| entry.seen >= kv.mod_revision) {
            return Ok(());
        }
        if !key.starts_with(REPLICATE) && !key.starts_with(REPLICATE_DELETE) {
            return Ok(());
        }
        if state.snapshot.tracked() >= limits::MAX_TRACKED {
            state.overflow = true;
            return Ok(());
        }
        let items = match (Queued::read(REPLICATE, kv), QueuedDelete::read(kv)) {
            (Some(entry), _) => self.copies(&entry).await?,
            (None, Some(entry)) => self.deletions(&entry).await?,
            (None, None) => Vec::new(),
        };
        forget(state, key);
        if items.is_empty() {
            self.engine.registry.unqueue_at(key, kv.mod_revision).await?;
            return Ok(());
        }
        let pending = items.iter().map(|i| i.destination.clone()).collect();
        state.entries.insert(key.to_owned(), Entry { seen: kv.mod_revision, pending });
        for item in items {
            let place = (item.seen, item.key.clone());
            state.snapshot.of(&item.destination).waiting.insert(place, item);
        }
        Ok(())
    }

    /// Where an image must still go.
    async fn copies(&self, entry: &Queued) -> Result<Vec<Item>> {
        let registry = &self.engine.registry;
        let now = self.engine.clock.now();
        match registry.locate(&entry.repo, &Reference::Digest(entry.digest.clone())).await {
            Ok((_, record)) if !record.archived => {}
            Ok(_) | Err(Error::ImageNotFound { .. } | Error::RepositoryNotFound { .. }) => return Ok(Vec::new()),
            Err(e) => return Err(e),
        }
        let rules = registry.replication_rules(&entry.repo.registry).await?;
        let known = registry.replications(&entry.repo, &entry.digest).await?;
        let mut items = Vec::new();
        for destination in rules.destinations(&entry.repo.name) {
            let record = known.iter().find(|(id, _)| *id == destination).map(|(_, record)| record);
            if record.is_some_and(|r| r.is_settled(entry.seen)) {
                continue;
            }
            // A restart goes on counting, and tries at once.
            let same_round = record.filter(|r| r.seen == entry.seen);
            items.push(Item {
                what: What::Copy,
                repo: entry.repo.clone(),
                digest: entry.digest.clone(),
                destination,
                key: entry.key.clone(),
                seen: entry.seen,
                attempts: same_round.map_or(0, |r| r.attempts),
                since: same_round.map_or(now, |r| r.since),
                not_before: now,
            });
        }
        Ok(items)
    }

    async fn deletions(&self, entry: &QueuedDelete) -> Result<Vec<Item>> {
        let now = self.engine.clock.now();
        let rules = self.engine.registry.replication_rules(&entry.repo.registry).await?;
        let item = |destination: RegistryId| Item {
            what: What::Delete(entry.tag.clone()),
            repo: entry.repo.clone(),
            digest: entry.digest.clone(),
            destination,
            key: entry.key.clone(),
            seen: entry.seen,
            attempts: 0,
            since: now,
            not_before: now,
        };
        Ok(rules.delete_destinations(&entry.repo.name).into_iter().map(item).collect())
    }

    fn start_what_is_due(&self, state: &mut State, running: &mut JoinSet<Finished>) -> Option<gantry_base::Timestamp> {
        let planned = plan(&state.snapshot, self.engine.clock.now());
        for (destination, place) in planned.start {
            let Some(at) = state.snapshot.destinations.get_mut(&destination) else { continue };
            let Some(item) = at.waiting.remove(&place) else { continue };
            at.busy.insert(item.repo.clone());
            let engine = self.engine.clone();
            running.spawn(async move {
                let outcome = engine.run(&item).await;
                Finished::Item(Box::new(item), outcome)
            });
        }
        planned.wake_at
    }

    async fn finish(&self, state: &mut State, finished: Finished) -> Result<()> {
        let (item, outcome) = match finished {
            Finished::Backfill(backfill) => {
                state.backfills.remove(&backfill);
                return Ok(());
            }
            Finished::Item(item, outcome) => (*item, outcome),
        };
        let at = state.snapshot.of(&item.destination);
        at.busy.remove(&item.repo);
        let is_current = state.entries.get(&item.key).is_some_and(|e| e.seen == item.seen);
        match outcome {
            Outcome::Later(failure) => self.put_back(state, item, &failure, is_current),
            Outcome::Done => {
                (at.failures, at.not_before) = (0, None);
                if is_current {
                    self.settle(state, &item).await?;
                }
            }
        }
        Ok(())
    }

    fn put_back(&self, state: &mut State, mut item: Item, failure: &Failure, is_current: bool) {
        let engine = &self.engine;
        let now = engine.clock.now();
        let ms = |wait: Duration| i64::try_from(wait.as_millis()).unwrap_or(i64::MAX);
        let at = state.snapshot.of(&item.destination);
        item.attempts += 1;
        let wait = if failure.cure == Cure::Unreachable {
            at.failures += 1;
            let wait = engine.config.wait(at.failures, &*engine.entropy);
            at.not_before = Some(now.plus_ms(ms(wait)));
            wait
        } else {
            (at.failures, at.not_before) = (0, None);
            let asked = if let Cure::Retry(Some(asked)) = failure.cure { asked } else { Duration::ZERO };
            engine.config.wait(item.attempts, &*engine.entropy).max(asked)
        };
        tracing::info!(repo = %item.repo, digest = %item.digest, region = %item.destination.region,
            reason = %failure.reason, wait_ms = wait.as_millis() as u64, "a replication is tried again later");
        // A push since has put another item in its place.
        if is_current {
            if failure.cure != Cure::Unreachable {
                item.not_before = now.plus_ms(ms(wait));
            }
            at.waiting.insert((item.seen, item.key.clone()), item);
        }
    }

    /// One destination of an entry is settled; with the last one the entry leaves the queue.
    async fn settle(&self, state: &mut State, item: &Item) -> Result<()> {
        let Some(entry) = state.entries.get_mut(&item.key) else { return Ok(()) };
        entry.pending.remove(&item.destination);
        if entry.pending.is_empty() {
            state.entries.remove(&item.key);
            self.engine.registry.unqueue_at(&item.key, item.seen).await?;
        }
        Ok(())
    }
}

/// Takes an entry and what waits of it out.
fn forget(state: &mut State, key: &str) {
    let Some(entry) = state.entries.remove(key) else { return };
    let place: Place = (entry.seen, key.to_owned());
    for destination in &entry.pending {
        if let Some(at) = state.snapshot.destinations.get_mut(&destination_key(destination)) {
            at.waiting.remove(&place);
        }
    }
}

async fn next_batch(watch: &mut Watch) -> Result<()> {
    watch.next().await.unwrap_or(Err(gantry_store::Error::Closed))?;
    while let Some(more) = watch.try_next() {
        more?;
    }
    Ok(())
}
