//! The agent: registration, recovery, the watch over assignments, and one actor per sandbox.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gantry_agent_api::{Assignment, CredentialSource, HostRecord, Isolation, LogSink, Phase, SandboxReport, keys};
use gantry_base::{SharedClock, SharedEntropy};
use gantry_store::{EventKind, KeyRange, KeyValue, LeaseId, Revision, Store, Versioned};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::actor::{Arrival, SandboxActor, Shared};
use crate::destroy::destroy;
use crate::machine::Input;
use crate::record::{LocalRecord, Records};
use crate::registration;
use crate::runtime::{Networking, Runtime, SandboxHandle};
use crate::users::UserRanges;
use crate::{Error, Result};

/// What the agent will not exceed.
pub mod limits {
    use std::time::Duration;

    /// Image pulls at once, unless configured otherwise.
    pub const MAX_PULLS: usize = 4;
    /// How long [`super::Agent::drain`] waits beyond the longest stop timeout that ECS allows (120 s).
    pub const DRAIN_TIMEOUT: Duration = Duration::from_mins(3);
    /// How often unused images are looked for: as the ECS agent's `ECS_IMAGE_CLEANUP_INTERVAL`.
    pub const TIDY_INTERVAL: Duration = Duration::from_mins(30);
    /// Pause before listing again after the store failed.
    pub const RELIST_PAUSE: Duration = Duration::from_millis(500);
}

/// How an [`Agent`] is set up.
#[derive(Clone)]
pub struct AgentConfig {
    /// The same after every restart: see [`crate::load_or_make_host_id`].
    pub host_id: String,
    /// The operator's name for the host.
    pub name: String,
    /// For records of the agent's own; made if need be, mode 0700.
    pub state_dir: PathBuf,
    pub store: Store,
    pub clock: SharedClock,
    pub entropy: SharedEntropy,
    pub credentials: Arc<dyn CredentialSource>,
    pub logs: Arc<dyn LogSink>,
    pub runtime: Arc<dyn Runtime>,
    pub networking: Arc<dyn Networking>,
    /// What the host gives to sandboxes: 1024 units are one vCPU.
    pub cpu_units: u32,
    pub memory_mib: u32,
    pub availability_zone: String,
    /// `x86_64` or `arm64`.
    pub architecture: String,
    pub isolation: Vec<Isolation>,
    pub vpc_cidr: String,
    /// Each sandbox gets a user namespace with ids of its own.
    pub user_namespaces: bool,
    /// Set, it becomes `AWS_ENDPOINT_URL` in every container that does not set that itself.
    pub inject_endpoint: Option<String>,
    pub max_pulls: usize,
}

/// A running agent. Dropping it is like [`Agent::shutdown`] without waiting.
pub struct Agent {
    shared: Arc<Shared>,
    sandboxes: Arc<Mutex<HashMap<String, Sandbox>>>,
    lease: watch::Receiver<LeaseId>,
    tasks: Vec<JoinHandle<()>>,
}

enum Sandbox {
    Live(SandboxActor),
    /// It had stopped, and been reported so, before this agent started.
    Done,
}

impl Agent {
    /// Takes up what is there, registers the host, and begins to watch.
    ///
    /// # Errors
    /// If the store, the state directory, the runtime or the network cannot say what is there: an agent that
    /// does not know that would destroy the wrong things.
    pub async fn start(config: AgentConfig) -> Result<Self> {
        let host = host_record(&config);
        let records = Records::open(&config.state_dir)?;
        let mut kept = records.read_all()?;
        let mut users = UserRanges::default();
        kept.values().filter_map(|r| r.user_base).for_each(|base| users.keep(base));
        let shared = Arc::new(Shared {
            host_id: config.host_id,
            store: config.store,
            clock: config.clock,
            entropy: config.entropy,
            credentials: config.credentials,
            logs: config.logs,
            runtime: config.runtime,
            networking: config.networking,
            records,
            users: Mutex::new(users),
            pulls: Semaphore::new(config.max_pulls.max(1)),
            isolation: config.isolation,
            user_namespaces: config.user_namespaces,
            inject_endpoint: config.inject_endpoint,
        });
        let sandboxes = Arc::default();
        let revision = recover(&shared, &sandboxes, &mut kept).await?;
        let lease = registration::register(&shared.store, &host).await?;
        let (lease_sender, lease) = watch::channel(lease);
        let keeping = tokio::spawn(registration::keep(shared.store.clone(), host, lease_sender));
        let watching = tokio::spawn(watch_assignments(shared.clone(), sandboxes.clone(), revision));
        let tidying = tokio::spawn(tidy(shared.clone()));
        Ok(Self { shared, sandboxes, lease, tasks: vec![keeping, watching, tidying] })
    }

    /// Stops the agent and leaves the sandboxes running for the next one. The host's record stays until its
    /// lease runs out, so that a quick restart is not taken for a lost host.
    pub async fn shutdown(mut self) {
        let actors = self.halt();
        for actor in actors {
            actor.task.abort();
            let _ = actor.task.await;
        }
    }

    /// Stops every sandbox as `StopTask` would, waits until they are gone and reported, and takes the host's
    /// record away.
    ///
    /// # Errors
    /// If some did not stop in time; they are left to the next agent.
    pub async fn drain(mut self) -> Result<()> {
        let actors = self.halt();
        for actor in &actors {
            let _ = actor.inputs.send(Input::Drain).await;
        }
        let deadline = tokio::time::Instant::now() + limits::DRAIN_TIMEOUT;
        let mut left = 0;
        for mut actor in actors {
            let stopped = actor.phase.wait_for(|report| report.phase == Phase::Stopped);
            // An error means that the actor is through, which it is only when stopped.
            if tokio::time::timeout_at(deadline, stopped).await.is_err() {
                left += 1;
                actor.task.abort();
                continue;
            }
            // The last report is being written; nothing else is left to do.
            drop(actor.inputs);
            if tokio::time::timeout_at(deadline, &mut actor.task).await.is_err() {
                actor.task.abort();
            }
        }
        let lease = *self.lease.borrow();
        if let Err(error) = self.shared.store.engine().lease_revoke(lease).await {
            tracing::warn!(%error, "failed to revoke the host's lease; it runs out by itself");
        }
        if left > 0 { Err(Error::Drain(left)) } else { Ok(()) }
    }

    /// Sandboxes that have not stopped.
    pub fn running(&self) -> usize {
        let sandboxes = self.sandboxes.lock();
        sandboxes
            .values()
            .filter(|s| matches!(s, Sandbox::Live(actor) if actor.phase.borrow().phase != Phase::Stopped))
            .count()
    }

    /// No new sandboxes from here on.
    fn halt(&mut self) -> Vec<SandboxActor> {
        self.tasks.drain(..).for_each(|task| task.abort());
        let sandboxes = std::mem::take(&mut *self.sandboxes.lock());
        sandboxes
            .into_values()
            .filter_map(|s| match s {
                Sandbox::Live(actor) => Some(actor),
                Sandbox::Done => None,
            })
            .collect()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        for actor in self.halt() {
            actor.task.abort();
        }
    }
}

fn host_record(config: &AgentConfig) -> HostRecord {
    HostRecord {
        host_id: config.host_id.clone(),
        name: config.name.clone(),
        registered_at: config.clock.now(),
        cpu_units: config.cpu_units,
        memory_mib: config.memory_mib,
        availability_zone: config.availability_zone.clone(),
        architecture: config.architecture.clone(),
        isolation: config.isolation.clone(),
        vpc_cidr: config.vpc_cidr.clone(),
    }
}

type Sandboxes = Mutex<HashMap<String, Sandbox>>;

/// Brings together what the store wants, what the runtime has, and what was last reported. Returns the
/// revision that the store was read at.
async fn recover(
    shared: &Arc<Shared>,
    sandboxes: &Arc<Sandboxes>,
    kept: &mut BTreeMap<String, LocalRecord>,
) -> Result<Revision> {
    let mut handles: HashMap<String, Arc<dyn SandboxHandle>> =
        shared.runtime.recover().await.map_err(Error::Recover)?.into_iter().map(|h| (h.id(), h)).collect();
    let attached = shared.networking.attached().await.map_err(Error::Recover)?;
    let (revision, assignments) = list(shared).await?;
    let mut reports = own_reports(shared).await?;
    let wanted: HashSet<String> = assignments.keys().cloned().collect();
    for (id, assignment) in assignments {
        let before = reports.remove(&id);
        let handle = handles.remove(&id);
        let arrival = match (handle, before) {
            (None, Some(before)) if before.phase == Phase::Stopped => {
                sandboxes.lock().insert(id, Sandbox::Done);
                continue;
            }
            (Some(handle), Some(before)) if before.phase == Phase::Stopped => {
                Arrival::Vanished { handle: Some(handle), before }
            }
            (Some(handle), before) => Arrival::Recovered { handle, before },
            (None, Some(before)) if has_started(&before) => Arrival::Vanished { handle: None, before },
            (None, _) => Arrival::Fresh,
        };
        let actor = SandboxActor::spawn(shared.clone(), assignment, arrival, kept.remove(&id));
        sandboxes.lock().insert(id, Sandbox::Live(actor));
    }
    let leftovers = handles.keys().cloned().chain(attached).chain(kept.keys().cloned());
    let leftovers: HashSet<String> = leftovers.filter(|id| !wanted.contains(id)).collect();
    for id in leftovers {
        let record = kept.remove(&id).unwrap_or_else(|| LocalRecord::new(&*id, ""));
        tokio::spawn(remove_leftover(shared.clone(), handles.remove(&id), record));
    }
    for id in reports.keys() {
        let deleted = shared.store.delete(keys::report(id)).await;
        deleted.map_err(|e| Error::store("delete the report of", id, e))?;
    }
    if let Err(error) = shared.records.remove_all_but(|id| wanted.contains(id) || kept.contains_key(id)) {
        tracing::warn!(%error, "failed to remove old sandbox records");
    }
    Ok(revision)
}

/// How often a leftover's destruction is tried before it is left to the next start.
const LEFTOVER_TRIES: u32 = 5;
const LEFTOVER_PAUSE: Duration = Duration::from_secs(1);

async fn remove_leftover(shared: Arc<Shared>, handle: Option<Arc<dyn SandboxHandle>>, record: LocalRecord) {
    for attempt in 1..=LEFTOVER_TRIES {
        match destroy(&shared, handle.clone(), &record).await {
            Ok(()) => return tracing::info!(sandbox = record.sandbox_id, "removed a sandbox without assignment"),
            Err(error) => tracing::warn!(sandbox = record.sandbox_id, %error, attempt, "failed to remove a sandbox"),
        }
        tokio::time::sleep(LEFTOVER_PAUSE * attempt).await;
    }
}

pub(crate) fn has_started(report: &SandboxReport) -> bool {
    report.phase >= Phase::Running || report.containers.iter().any(|c| c.started_at.is_some())
}

/// Now and then lets the runtime let go of what nobody uses; a failure waits for the next time.
async fn tidy(shared: Arc<Shared>) {
    loop {
        tokio::time::sleep(limits::TIDY_INTERVAL).await;
        if let Err(error) = shared.runtime.tidy().await {
            tracing::warn!(%error, "failed to prune images");
        }
    }
}

/// All assignments of this host. One that cannot be read is skipped, loudly: it must not take the others down.
async fn list(shared: &Shared) -> Result<(Revision, BTreeMap<String, Assignment>)> {
    let prefix = keys::assignments(&shared.host_id);
    let listed = shared.store.list(prefix.clone()).await.map_err(|e| Error::store("list", &prefix, e))?;
    let decoded = listed.kvs.iter().filter_map(|kv| decode(kv)).map(|a| (a.sandbox_id.clone(), a));
    Ok((listed.revision, decoded.collect()))
}

fn decode(kv: &KeyValue) -> Option<Assignment> {
    match Versioned::<Assignment>::decode(kv) {
        Ok(decoded) if kv.key.ends_with(format!("/{}", decoded.value.sandbox_id).as_bytes()) => Some(decoded.value),
        Ok(decoded) => {
            tracing::error!(sandbox = decoded.value.sandbox_id, "an assignment stands at another's key");
            None
        }
        Err(error) => {
            tracing::error!(%error, "skipped an assignment");
            None
        }
    }
}

async fn own_reports(shared: &Shared) -> Result<HashMap<String, SandboxReport>> {
    let listed = shared.store.list(keys::REPORTS).await.map_err(|e| Error::store("list", keys::REPORTS, e))?;
    let decoded = listed.kvs.iter().filter_map(|kv| Versioned::<SandboxReport>::decode(kv).ok()).map(|v| v.value);
    Ok(decoded.filter(|r| r.host_id == shared.host_id).map(|r| (r.sandbox_id.clone(), r)).collect())
}

/// Follows the assignments for ever; lists again whenever the watch cannot go on.
async fn watch_assignments(shared: Arc<Shared>, sandboxes: Arc<Sandboxes>, listed_at: Revision) {
    let mut from = listed_at + 1;
    loop {
        if let Err(error) = follow(&shared, &sandboxes, &mut from).await {
            tracing::warn!(%error, "the watch over assignments ended; listing again");
        }
        tokio::time::sleep(limits::RELIST_PAUSE).await;
        match list(&shared).await {
            Ok((revision, assignments)) => {
                let gone: Vec<String> =
                    sandboxes.lock().keys().filter(|id| !assignments.contains_key(*id)).cloned().collect();
                for id in gone {
                    forget(&shared, &sandboxes, &id).await;
                }
                for assignment in assignments.into_values() {
                    assign(&shared, &sandboxes, assignment).await;
                }
                from = revision + 1;
            }
            Err(error) => tracing::warn!(%error, "failed to list assignments"),
        }
    }
}

async fn follow(shared: &Arc<Shared>, sandboxes: &Sandboxes, from: &mut Revision) -> gantry_store::Result<()> {
    let prefix = keys::assignments(&shared.host_id);
    let mut watch = shared.store.watch(KeyRange::prefix(prefix.clone()), *from).await?;
    while let Some(batch) = watch.next().await {
        let batch = batch?;
        for event in &batch.events {
            match event.kind {
                EventKind::Put => {
                    if let Some(assignment) = decode(&event.kv) {
                        assign(shared, sandboxes, assignment).await;
                    }
                }
                EventKind::Delete => {
                    let id = event.kv.key.get(prefix.len()..).unwrap_or_default();
                    forget(shared, sandboxes, &String::from_utf8_lossy(id)).await;
                }
            }
        }
        *from = batch.revision + 1;
    }
    Ok(())
}

/// A new or a changed assignment; what is known already does no harm.
async fn assign(shared: &Arc<Shared>, sandboxes: &Sandboxes, assignment: Assignment) {
    let id = assignment.sandbox_id.clone();
    let desired = Input::Desired(assignment.desired);
    let inputs = {
        let mut sandboxes = sandboxes.lock();
        match sandboxes.get(&id) {
            Some(Sandbox::Live(actor)) => actor.inputs.clone(),
            Some(Sandbox::Done) => return,
            None => {
                let actor = SandboxActor::spawn(shared.clone(), assignment, Arrival::Fresh, None);
                sandboxes.insert(id, Sandbox::Live(actor));
                return;
            }
        }
    };
    // Bounded: an actor takes its inputs without waiting for anything.
    let _ = inputs.send(desired).await;
}

async fn forget(shared: &Shared, sandboxes: &Sandboxes, id: &str) {
    let sandbox = sandboxes.lock().remove(id);
    match sandbox {
        // It goes on by itself: takes the sandbox down, deletes the report, and ends.
        Some(Sandbox::Live(actor)) => {
            let _ = actor.inputs.send(Input::Forgotten).await;
        }
        Some(Sandbox::Done) => {
            if let Err(error) = shared.store.delete(keys::report(id)).await {
                tracing::warn!(sandbox = id, %error, "failed to delete a report");
            }
        }
        None => {}
    }
}
