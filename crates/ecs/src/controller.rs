//! The loop that moves tasks on: placements and reports in, one transaction per task out.
//!
//! It looks only at tasks that something happened to, and sleeps otherwise. Safe to stop at any line:
//! each transaction compares what it was planned from, and on the next start every task is looked at.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use gantry_agent_api::{EnvironmentRequest, SandboxReport, keys, usage_key};
use gantry_base::{SharedClock, Timestamp};
use gantry_store::{Compare, EventKind, KeyRange, KeyValue, Op, Revision, Store, Txn, Versioned, Watch, WatchBatch};

use crate::error::{Error, Result};
use crate::lifecycle::{self, Seen, Step};
use crate::records::DefinitionStatus;
use crate::view::{Definition, TaskEntry, View};

/// Transactions under way at once.
const MAX_IN_FLIGHT: usize = 64;
/// Stopped tasks forgotten in one go.
const MAX_FORGET: usize = 256;
/// Longest sleep towards a deadline: the injected clock may be moved while the timer runs.
const MAX_SLEEP_MS: i64 = 60_000;
/// Pause before starting anew after the store failed.
const RELOAD_MS: u64 = 500;

pub(crate) struct Controller {
    pub store: Store,
    pub clock: SharedClock,
    pub view: Arc<View>,
}

#[derive(Default)]
struct Known {
    environments: HashMap<String, (EnvironmentRequest, Revision)>,
    reports: HashMap<String, SandboxReport>,
    dirty: HashSet<String>,
}

/// Keeps the view up with the store for as long as it runs.
pub(crate) async fn feed(view: Arc<View>, store: Store, mut watch: Watch) {
    loop {
        match watch.next().await {
            Some(Ok(batch)) => {
                view.apply(&batch);
                continue;
            }
            Some(Err(error)) => tracing::warn!(%error, "ecs reads its records anew"),
            None => tracing::warn!("ecs's watch ended; reading the records anew"),
        }
        loop {
            tokio::time::sleep(Duration::from_millis(RELOAD_MS)).await;
            match view.reload(&store).await {
                Ok(fresh) => {
                    watch = fresh;
                    break;
                }
                Err(error) => tracing::warn!(%error, "ecs cannot read its records yet"),
            }
        }
    }
}

impl Controller {
    pub async fn run(self) {
        loop {
            if let Err(error) = self.watch_and_act().await {
                tracing::warn!(%error, "ecs controller starts anew");
            }
            tokio::time::sleep(Duration::from_millis(RELOAD_MS)).await;
        }
    }

    async fn watch_and_act(&self) -> Result<()> {
        let (mut known, revision) = self.load().await?;
        let watch = |prefix: &'static str| async move {
            self.store.watch(KeyRange::prefix(prefix), revision + 1).await.map_err(Error::store("watch", prefix))
        };
        let mut environments = watch(keys::ENVIRONMENTS).await?;
        let mut reports = watch(keys::REPORTS).await?;
        loop {
            while let Some(batch) = environments.try_next() {
                take_environments(&mut known, batch)?;
            }
            while let Some(batch) = reports.try_next() {
                take_reports(&mut known, batch)?;
            }
            known.dirty.extend(self.view.take_dirty());
            self.act(&mut known).await?;
            let next = self.forget().await?;
            self.delete_definitions().await?;
            let now = self.clock.now();
            let sleep_ms = next.map_or(MAX_SLEEP_MS, |at| at.since_ms(now).clamp(1, MAX_SLEEP_MS));
            tokio::select! {
                batch = environments.next() => take_environments(&mut known, closed(batch))?,
                batch = reports.next() => take_reports(&mut known, closed(batch))?,
                () = self.view.changed() => {}
                () = tokio::time::sleep(Duration::from_millis(sleep_ms.unsigned_abs())), if next.is_some() => {}
            }
        }
    }

    async fn load(&self) -> Result<(Known, Revision)> {
        let revision = self.store.revision().await.map_err(Error::store("read", "revision"))?;
        let mut known = Known::default();
        for prefix in [keys::ENVIRONMENTS, keys::REPORTS] {
            let request = gantry_store::RangeRequest::new(KeyRange::prefix(prefix)).at(revision);
            let found = self.store.range(request).await.map_err(Error::store("list", prefix))?;
            for kv in &found.kvs {
                if prefix == keys::REPORTS { put_report(&mut known, kv) } else { put_environment(&mut known, kv) }
            }
        }
        // Tasks without an environment must be looked at too: theirs may be gone for good.
        known.dirty.extend(self.view.take_dirty());
        Ok((known, revision))
    }

    /// Plans for every dirty task and writes the plans side by side.
    async fn act(&self, known: &mut Known) -> Result<()> {
        let now = self.clock.now();
        let mut steps = Vec::new();
        for id in std::mem::take(&mut known.dirty) {
            let Some(entry) = self.view.task_by_id(&id) else { continue };
            let environment = known.environments.get(&id);
            let seen = Seen {
                task: &entry.record,
                environment: environment.map(|(request, _)| request),
                report: known.reports.get(&id),
                now,
            };
            let step = lifecycle::plan(seen);
            if !step.is_empty() {
                let txn = transaction(&entry, &step, environment.map(|(_, at)| *at))?;
                steps.push((id, step, txn));
            }
        }
        let store = &self.store;
        let mut running = stream::iter(steps)
            .map(|(id, step, txn)| async move {
                let done = store.txn(txn).await.map_err(Error::store("move on", &id));
                (id, step, done)
            })
            .buffer_unordered(MAX_IN_FLIGHT);
        while let Some((id, step, done)) = running.next().await {
            // Where a compare failed, a newer record is on its way through a watch and brings us back.
            if done?.succeeded {
                if step.delete_environment {
                    known.environments.remove(&id);
                }
                if step.delete_report {
                    known.reports.remove(&id);
                }
            }
        }
        Ok(())
    }

    /// Deletes stopped tasks whose hour is over; returns when the next one's will be.
    pub async fn forget(&self) -> Result<Option<Timestamp>> {
        loop {
            let (due, next) = self.view.forgettable(self.clock.now(), MAX_FORGET);
            if due.is_empty() {
                return Ok(next);
            }
            let mut newest = 0;
            for entry in &due {
                let key = entry.record.key();
                let mut txn =
                    Txn::new().when(Compare::unchanged(key.clone(), entry.mod_revision)).then(Op::delete(key.clone()));
                if let Some(token) = &entry.record.client_token {
                    txn = txn.then(Op::delete(entry.record.scope().client_token_key(token)));
                }
                let done = self.store.txn(txn).await.map_err(Error::store("forget", key))?;
                if done.succeeded {
                    newest = newest.max(done.revision);
                }
            }
            if newest == 0 {
                // All of them were changed just now (tagged, say); the view will bring the change and us back.
                return Ok(next);
            }
            self.view.wait(newest).await;
        }
    }
}

impl Controller {
    /// Takes away task definitions whose deletion was asked for, once no task is left of them.
    async fn delete_definitions(&self) -> Result<()> {
        for Definition { scope, family, revision } in self.view.deletable() {
            let key = scope.definition_key(&family, revision);
            let index = scope.definition_index_key(DefinitionStatus::DeleteInProgress, &family, revision);
            // Nothing brings a definition back from here, so there is nothing to compare but that it is so.
            let txn =
                Txn::new().when(Compare::exists(index.clone())).then(Op::delete(key.clone())).then(Op::delete(index));
            if let Err(error) = self.store.txn(txn).await {
                self.view.retry_deletable();
                return Err(Error::store("delete", key)(error));
            }
        }
        Ok(())
    }
}

fn closed(batch: Option<gantry_store::Result<WatchBatch>>) -> gantry_store::Result<WatchBatch> {
    batch.unwrap_or(Err(gantry_store::Error::Closed))
}

fn transaction(entry: &TaskEntry, step: &Step, environment: Option<Revision>) -> Result<Txn> {
    let key = entry.record.key();
    let id = &entry.record.id;
    let environment_key = keys::environment(id);
    let mut txn = Txn::new().when(Compare::unchanged(key.clone(), entry.mod_revision));
    if let Some(record) = &step.record {
        txn = txn.then(put(&key, record)?);
    }
    if let Some(usage) = &step.usage {
        txn = txn.then(put(&usage_key(&usage.account, usage.started_at, id), usage)?);
    }
    if step.environment_must_be_absent {
        txn = txn.when(Compare::absent(environment_key));
    } else if step.delete_environment {
        if let Some(at) = environment {
            txn = txn.when(Compare::unchanged(environment_key.clone(), at));
        }
        txn = txn.then(Op::delete(environment_key));
    }
    if step.delete_report {
        txn = txn.then(Op::delete(keys::report(id)));
    }
    Ok(txn)
}

pub(crate) fn put<T: serde::Serialize>(key: &str, value: &T) -> Result<Op> {
    Ok(Op::put(key.to_owned(), Store::encode(key, value).map_err(Error::store("encode", key))?))
}

fn take_environments(known: &mut Known, batch: gantry_store::Result<WatchBatch>) -> Result<()> {
    for event in batch.map_err(Error::store("watch", keys::ENVIRONMENTS))?.events {
        match event.kind {
            EventKind::Put => put_environment(known, &event.kv),
            EventKind::Delete => {
                if let Some(id) = last_part(&event.kv) {
                    known.environments.remove(id);
                    known.dirty.insert(id.to_owned());
                }
            }
        }
    }
    Ok(())
}

fn take_reports(known: &mut Known, batch: gantry_store::Result<WatchBatch>) -> Result<()> {
    for event in batch.map_err(Error::store("watch", keys::REPORTS))?.events {
        match event.kind {
            EventKind::Put => put_report(known, &event.kv),
            EventKind::Delete => {
                if let Some(id) = last_part(&event.kv) {
                    known.reports.remove(id);
                }
            }
        }
    }
    Ok(())
}

fn put_environment(known: &mut Known, kv: &KeyValue) {
    match Versioned::<EnvironmentRequest>::decode(kv) {
        // Pods have environments too; they are not ECS's.
        Ok(found) if found.value.spec.ecs.is_some() => {
            let id = found.value.sandbox_id.clone();
            known.dirty.insert(id.clone());
            known.environments.insert(id, (found.value, found.mod_revision));
        }
        Ok(_) => {}
        Err(error) => tracing::error!(%error, "environment cannot be read and is passed over"),
    }
}

fn put_report(known: &mut Known, kv: &KeyValue) {
    match Versioned::<SandboxReport>::decode(kv) {
        Ok(found) => {
            known.dirty.insert(found.value.sandbox_id.clone());
            known.reports.insert(found.value.sandbox_id.clone(), found.value);
        }
        Err(error) => tracing::error!(%error, "report cannot be read and is passed over"),
    }
}

fn last_part(kv: &KeyValue) -> Option<&str> {
    std::str::from_utf8(&kv.key).ok()?.rsplit('/').next()
}
