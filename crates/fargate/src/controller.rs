//! The loop: watch events into the snapshot, plan, apply, again. It sleeps until something changes or
//! a deadline that the plan named has come.
//!
//! Safe to stop at any line: what was not written is planned again. Two controllers on one store do
//! no harm either, since every transaction compares what it was planned from.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use gantry_agent_api::{EnvironmentRequest, HostRecord, keys};
use gantry_base::{SharedClock, SharedEntropy};
use gantry_store::{Event, EventKind, KeyRange, KeyValue, Revision, Store, Versioned, Watch, WatchBatch};
use tokio::task::JoinHandle;

use crate::apply::{self, Effect, Step};
use crate::config::{Config, MAX_IN_FLIGHT};
use crate::error::{Error, Result};
use crate::plan::{self, Action};
use crate::records::{ADDRESSES, AddressClaim, parse_address_key};
use crate::snapshot::Snapshot;

/// Pause after the store failed or refused, before all is read anew or tried again.
const RETRY_MS: u64 = 20;
const RELOAD_MS: u64 = 500;
/// Longest sleep towards a deadline: the injected clock may be moved while the timer runs.
const MAX_SLEEP_MS: i64 = 60_000;

/// A running controller; dropping it stops it.
pub struct Fargate {
    task: JoinHandle<()>,
}

impl Drop for Fargate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Fargate {
    /// Starts the controller on the current tokio runtime.
    pub fn start(store: Store, clock: SharedClock, entropy: SharedEntropy, config: Config) -> Self {
        let controller = Controller { store, clock, entropy, config };
        Self { task: tokio::spawn(async move { controller.run().await }) }
    }
}

/// The controller apart from its loop, so that tests can step it.
pub struct Controller {
    pub store: Store,
    pub clock: SharedClock,
    pub entropy: SharedEntropy,
    pub config: Config,
}

struct Watches {
    environments: Watch,
    hosts: Watch,
    claims: Watch,
}

enum Source {
    Environments,
    Hosts,
    Claims,
}

impl Controller {
    async fn run(self) {
        loop {
            if let Err(error) = self.watch_and_act().await {
                tracing::warn!(%error, "fargate controller starts anew");
            }
            tokio::time::sleep(Duration::from_millis(RELOAD_MS)).await;
        }
    }

    async fn watch_and_act(&self) -> Result<()> {
        let (mut snapshot, revision) = self.load().await?;
        let watch = |prefix: &'static str| async move {
            self.store.watch(KeyRange::prefix(prefix), revision + 1).await.map_err(Error::store("watch", prefix))
        };
        let mut watches = Watches {
            environments: watch(keys::ENVIRONMENTS).await?,
            hosts: watch(keys::HOSTS).await?,
            claims: watch(ADDRESSES).await?,
        };
        loop {
            let wake_at = self.step(&mut snapshot).await?;
            if !snapshot.dirty.is_empty() || snapshot.retry_waiting {
                // Something was refused because the store is ahead of us: take in what has come meanwhile.
                let pause = tokio::time::sleep(Duration::from_millis(RETRY_MS));
                tokio::select! {
                    () = pause => {}
                    more = self.next(&mut watches, &mut snapshot) => more?,
                }
                continue;
            }
            let now = self.clock.now();
            let sleep_ms = wake_at.map_or(MAX_SLEEP_MS, |at| at.since_ms(now).clamp(1, MAX_SLEEP_MS));
            tokio::select! {
                more = self.next(&mut watches, &mut snapshot) => more?,
                () = tokio::time::sleep(Duration::from_millis(sleep_ms.unsigned_abs())), if wake_at.is_some() => {}
            }
        }
    }

    /// All records, as of one revision.
    pub async fn load(&self) -> Result<(Snapshot, Revision)> {
        let revision = self.store.revision().await.map_err(Error::store("read", "revision"))?;
        let mut snapshot = Snapshot::default();
        for prefix in [keys::HOSTS, keys::ENVIRONMENTS, ADDRESSES] {
            let request = gantry_store::RangeRequest::new(KeyRange::prefix(prefix)).at(revision);
            let found = self.store.range(request).await.map_err(Error::store("list", prefix))?;
            for kv in &found.kvs {
                match prefix {
                    keys::HOSTS => put_host(&mut snapshot, kv),
                    keys::ENVIRONMENTS => put_environment(&mut snapshot, kv),
                    _ => put_claim(&mut snapshot, kv),
                }
            }
        }
        snapshot.find_lost(self.clock.now());
        plan::resume_cursors(&mut snapshot);
        Ok((snapshot, revision))
    }

    /// Waits for one event and takes in all that are there.
    async fn next(&self, watches: &mut Watches, snapshot: &mut Snapshot) -> Result<()> {
        let (source, batch) = tokio::select! {
            batch = watches.environments.next() => (Source::Environments, batch),
            batch = watches.hosts.next() => (Source::Hosts, batch),
            batch = watches.claims.next() => (Source::Claims, batch),
        };
        self.take(snapshot, &source, batch.unwrap_or(Err(gantry_store::Error::Closed)))?;
        for (source, watch) in [
            (Source::Environments, &mut watches.environments),
            (Source::Hosts, &mut watches.hosts),
            (Source::Claims, &mut watches.claims),
        ] {
            while let Some(batch) = watch.try_next() {
                self.take(snapshot, &source, batch)?;
            }
        }
        Ok(())
    }

    fn take(
        &self,
        snapshot: &mut Snapshot,
        source: &Source,
        batch: Result<WatchBatch, gantry_store::Error>,
    ) -> Result<()> {
        let batch = batch.map_err(Error::store("watch", "fargate's records"))?;
        for Event { kind, kv, .. } in &batch.events {
            match (source, kind) {
                (Source::Environments, EventKind::Put) => put_environment(snapshot, kv),
                (Source::Environments, EventKind::Delete) => {
                    if let Some(id) = last_part(kv) {
                        // The events of a key come in order, so a delete is always the newest word.
                        snapshot.remove_environment(id);
                    }
                }
                (Source::Hosts, EventKind::Put) => put_host(snapshot, kv),
                (Source::Hosts, EventKind::Delete) => {
                    if let Some(host) = host_of(kv) {
                        snapshot.remove_host(host, self.clock.now());
                    }
                }
                (Source::Claims, EventKind::Put) => put_claim(snapshot, kv),
                (Source::Claims, EventKind::Delete) => remove_claim(snapshot, kv),
            }
        }
        Ok(())
    }

    /// Plans once and applies all of it; returns when to look again.
    pub async fn step(&self, snapshot: &mut Snapshot) -> Result<Option<gantry_base::Timestamp>> {
        let now = self.clock.now();
        let planned = plan::plan(snapshot, &self.config, now);
        if planned.actions.is_empty() {
            return Ok(planned.wake_at);
        }
        let mut steps = Vec::with_capacity(planned.actions.len());
        for action in &planned.actions {
            if let Action::Refuse { sandbox_id, reason } = action {
                tracing::warn!(sandbox_id, reason, "fargate refuses a request");
            }
            steps.extend(apply::prepare(action, snapshot, &self.store, &*self.entropy, now).await?);
        }
        let store = &self.store;
        let done: Vec<(Step, Result<Option<Revision>>)> = stream::iter(steps)
            .map(|step| async move {
                let outcome = apply::run(&step, store).await;
                (step, outcome)
            })
            .buffer_unordered(MAX_IN_FLIGHT)
            .collect()
            .await;
        for (step, outcome) in done {
            match outcome? {
                Some(revision) => note(snapshot, step, revision),
                None => {
                    snapshot.dirty.insert(step.sandbox_id);
                }
            }
        }
        Ok(planned.wake_at)
    }
}

/// Tells the snapshot at once what the watches will tell it again: the next plan must not repeat it.
fn note(snapshot: &mut Snapshot, step: Step, revision: Revision) {
    match step.effect {
        Effect::Claimed(claim, request) => {
            snapshot.put_environment(*request, revision);
            snapshot.put_claim(*claim);
        }
        Effect::Refused(request) => {
            snapshot.remove_claim(&step.sandbox_id);
            snapshot.put_environment(*request, revision);
        }
        Effect::StopSent => {
            if let Some(env) = snapshot.environments.get_mut(&step.sandbox_id) {
                env.stop_sent = true;
            }
        }
        Effect::Released => snapshot.remove_claim(&step.sandbox_id),
    }
}

fn last_part(kv: &KeyValue) -> Option<&str> {
    std::str::from_utf8(&kv.key).ok()?.rsplit('/').next()
}

fn host_of(kv: &KeyValue) -> Option<&str> {
    std::str::from_utf8(&kv.key).ok()?.strip_prefix(keys::HOSTS)?.strip_suffix("/record")
}

fn decode<T: serde::de::DeserializeOwned>(kv: &KeyValue) -> Option<T> {
    match Versioned::<T>::decode(kv) {
        Ok(found) => Some(found.value),
        Err(error) => {
            tracing::error!(%error, "record cannot be read and is passed over");
            None
        }
    }
}

fn put_host(snapshot: &mut Snapshot, kv: &Arc<KeyValue>) {
    // What else a host keeps under its prefix is not for us.
    if let Some(host) = host_of(kv).and_then(|_| decode::<HostRecord>(kv)) {
        snapshot.put_host(host);
    }
}

fn put_environment(snapshot: &mut Snapshot, kv: &Arc<KeyValue>) {
    if let Some(request) = decode::<EnvironmentRequest>(kv) {
        snapshot.put_environment(request, kv.mod_revision);
    }
}

fn put_claim(snapshot: &mut Snapshot, kv: &Arc<KeyValue>) {
    if let Some(claim) = decode::<AddressClaim>(kv) {
        snapshot.put_claim(claim);
    }
}

fn remove_claim(snapshot: &mut Snapshot, kv: &KeyValue) {
    let holder = parse_address_key(&kv.key).and_then(|address| snapshot.addresses.get(&address).cloned());
    if let Some(sandbox_id) = holder {
        snapshot.remove_claim(&sandbox_id);
    }
}
