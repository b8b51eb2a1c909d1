//! Every task and cluster in memory, fed by one watch, with each task's JSON ready to be sent.
//!
//! What always holds: the view is the store's state at [`View::revision`], or later for nothing; an
//! index holds exactly the tasks that its key describes; a caller who waited for the revision of its
//! own write sees that write.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use gantry_aws_wire::Shape as _;
use gantry_base::Timestamp;
use gantry_store::{EventKind, KeyRange, KeyValue, RangeRequest, Revision, Store, Versioned, Watch, WatchBatch};
use parking_lot::{Mutex, RwLock};
use serde_json::Value;
use tokio::sync::{Notify, watch};

use crate::error::{Error, Result};
use crate::records::{ClusterRecord, Scope, TaskRecord};

/// All services' records lie under this; ECS's own are picked out by their key.
const PREFIX: &str = "/aws/";
/// Records read at once when the view is loaded.
const LOAD_PAGE: usize = 1000;

/// A task as it was read, and its answer to DescribeTasks.
#[derive(Debug)]
pub struct TaskEntry {
    pub record: TaskRecord,
    pub mod_revision: Revision,
    /// The task's JSON object up to the value of `tags`.
    head: Bytes,
    /// `[…]}` with the tags.
    tail: Bytes,
}

impl TaskEntry {
    fn new(record: TaskRecord, mod_revision: Revision) -> Self {
        let mut value = record.task.to_value();
        let tags = value.as_object_mut().and_then(|o| o.remove("tags")).unwrap_or(Value::Array(Vec::new()));
        let mut head = value.to_string();
        head.pop();
        head.push_str(",\"tags\":");
        Self { record, mod_revision, head: head.into(), tail: format!("{tags}}}").into() }
    }

    pub fn write_json(&self, out: &mut Vec<u8>, with_tags: bool) {
        out.extend_from_slice(&self.head);
        out.extend_from_slice(if with_tags { &self.tail } else { b"[]}" });
    }

    pub fn json_len(&self) -> usize {
        self.head.len() + self.tail.len()
    }
}

/// The tasks of one cluster.
#[derive(Debug, Default)]
pub struct ClusterTasks {
    by_id: BTreeMap<String, Arc<TaskEntry>>,
    by_family: HashMap<String, BTreeSet<String>>,
    by_started_by: HashMap<String, BTreeSet<String>>,
    by_service: HashMap<String, BTreeSet<String>>,
    /// By desired status.
    by_desired: HashMap<String, BTreeSet<String>>,
    /// By last status.
    counts: HashMap<String, i32>,
}

/// What ListTasks asks for; `None` matches all.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter<'a> {
    pub family: Option<&'a str>,
    pub started_by: Option<&'a str>,
    pub service: Option<&'a str>,
    pub desired: Option<&'a str>,
    pub launch_type: Option<&'a str>,
}

#[derive(Debug, Default)]
struct State {
    clusters: BTreeMap<(Scope, String), Arc<Versioned<ClusterRecord>>>,
    tasks: HashMap<(Scope, String), ClusterTasks>,
    /// Ids are random and as good as unique: reports name nothing else.
    by_id: HashMap<String, Arc<TaskEntry>>,
    forget: BTreeSet<(Timestamp, String)>,
    /// Task definitions that are to go once no task is left that was made from them.
    deleting: BTreeSet<Definition>,
    /// Since it was last asked for, one may have become free to go.
    deleting_changed: bool,
}

/// A revision of a task definition.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Definition {
    pub scope: Scope,
    pub family: String,
    pub revision: i32,
}

pub struct View {
    state: RwLock<State>,
    reached: watch::Sender<Revision>,
    /// Tasks that changed since the controller last asked; bounded by the number of tasks.
    dirty: Mutex<HashSet<String>>,
    dirtied: Notify,
}

fn service_of(record: &TaskRecord) -> Option<&str> {
    record.task.group.as_deref()?.strip_prefix("service:")
}

fn add(index: &mut HashMap<String, BTreeSet<String>>, key: Option<&str>, id: &str) {
    if let Some(key) = key {
        index.entry(key.to_owned()).or_default().insert(id.to_owned());
    }
}

fn take(index: &mut HashMap<String, BTreeSet<String>>, key: Option<&str>, id: &str) {
    let Some(key) = key else { return };
    if let Some(ids) = index.get_mut(key) {
        ids.remove(id);
        if ids.is_empty() {
            index.remove(key);
        }
    }
}

impl ClusterTasks {
    fn insert(&mut self, entry: Arc<TaskEntry>) {
        let r = &entry.record;
        self.remove(&r.id);
        add(&mut self.by_family, Some(&r.family), &r.id);
        add(&mut self.by_started_by, r.task.started_by.as_deref(), &r.id);
        add(&mut self.by_service, service_of(r), &r.id);
        add(&mut self.by_desired, r.task.desired_status.as_deref(), &r.id);
        *self.counts.entry(r.last_status().to_owned()).or_default() += 1;
        self.by_id.insert(r.id.clone(), entry.clone());
    }

    fn remove(&mut self, id: &str) -> Option<Arc<TaskEntry>> {
        let entry = self.by_id.remove(id)?;
        let r = &entry.record;
        take(&mut self.by_family, Some(&r.family), id);
        take(&mut self.by_started_by, r.task.started_by.as_deref(), id);
        take(&mut self.by_service, service_of(r), id);
        take(&mut self.by_desired, r.task.desired_status.as_deref(), id);
        if let Some(count) = self.counts.get_mut(r.last_status()) {
            *count -= 1;
        }
        Some(entry)
    }

    fn matches(entry: &TaskEntry, filter: &TaskFilter<'_>) -> bool {
        let r = &entry.record;
        filter.family.is_none_or(|f| r.family == f)
            && filter.started_by.is_none_or(|s| r.task.started_by.as_deref() == Some(s))
            && filter.service.is_none_or(|s| service_of(r) == Some(s))
            && filter.desired.is_none_or(|d| r.desired_status() == d)
            && filter.launch_type.is_none_or(|l| r.task.launch_type.as_deref() == Some(l))
    }

    /// Up to `limit` tasks behind the id `after`, in order of ids; walks the smallest index that fits.
    fn list(&self, filter: &TaskFilter<'_>, after: Option<&str>, limit: usize) -> Vec<Arc<TaskEntry>> {
        let empty = BTreeSet::new();
        let candidates = [
            filter.family.map(|k| self.by_family.get(k)),
            filter.started_by.map(|k| self.by_started_by.get(k)),
            filter.service.map(|k| self.by_service.get(k)),
            filter.desired.map(|k| self.by_desired.get(k)),
        ];
        let smallest = candidates.into_iter().flatten().map(|ids| ids.unwrap_or(&empty)).min_by_key(|ids| ids.len());
        let from = match after {
            Some(id) => std::ops::Bound::Excluded(id),
            None => std::ops::Bound::Unbounded,
        };
        let bounds = (from, std::ops::Bound::Unbounded);
        match smallest {
            Some(ids) => ids
                .range::<str, _>(bounds)
                .filter_map(|id| self.by_id.get(id))
                .filter(|e| Self::matches(e, filter))
                .take(limit)
                .cloned()
                .collect(),
            None => {
                let all = self.by_id.range::<str, _>(bounds).map(|(_, entry)| entry);
                all.filter(|e| Self::matches(e, filter)).take(limit).cloned().collect()
            }
        }
    }

    fn count(&self, statuses: &[&str]) -> i32 {
        statuses.iter().filter_map(|s| self.counts.get(*s)).sum()
    }
}

impl State {
    fn put_task(&mut self, entry: Arc<TaskEntry>) {
        let r = &entry.record;
        self.forget_deadline(&r.id.clone());
        if let Some(at) = r.forget_at {
            self.forget.insert((at, r.id.clone()));
        }
        self.by_id.insert(r.id.clone(), entry.clone());
        self.tasks.entry((r.scope(), r.cluster.clone())).or_default().insert(entry.clone());
    }

    fn forget_deadline(&mut self, id: &str) {
        if let Some(at) = self.by_id.get(id).and_then(|e| e.record.forget_at) {
            self.forget.remove(&(at, id.to_owned()));
        }
    }

    fn uses(&self, definition: &Definition) -> bool {
        let Definition { scope, family, revision } = definition;
        let arn = scope.arn(format!("task-definition/{family}:{revision}"));
        let clusters = self.tasks.iter().filter(|((of, _), _)| of == scope).map(|(_, tasks)| tasks);
        clusters.flat_map(|tasks| tasks.by_family.get(family).into_iter().flatten()).any(|id| {
            self.by_id.get(id).is_some_and(|t| t.record.task.task_definition_arn.as_deref() == Some(arn.as_str()))
        })
    }

    fn remove_task(&mut self, id: &str) {
        self.forget_deadline(id);
        self.deleting_changed = !self.deleting.is_empty();
        if let Some(entry) = self.by_id.remove(id) {
            let key = (entry.record.scope(), entry.record.cluster.clone());
            if let Some(tasks) = self.tasks.get_mut(&key) {
                tasks.remove(id);
                if tasks.by_id.is_empty() {
                    self.tasks.remove(&key);
                }
            }
        }
    }
}

/// What a key of ECS's names.
enum Named {
    Cluster(Scope, String),
    /// The task's id.
    Task(String),
    Deleting(Definition),
}

fn name_of(key: &[u8]) -> Option<Named> {
    let mut parts = std::str::from_utf8(key).ok()?.strip_prefix(PREFIX)?.splitn(5, '/');
    let (account, region, service, kind, id) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    if service != "ecs" {
        return None;
    }
    let scope = || Some(Scope { account: account.parse().ok()?, region: region.parse().ok()? });
    match kind {
        "cluster" => Some(Named::Cluster(scope()?, id.to_owned())),
        "task-definition-deleting" => {
            let (family, revision) = id.split_once('/')?;
            let revision = revision.parse().ok()?;
            Some(Named::Deleting(Definition { scope: scope()?, family: family.to_owned(), revision }))
        }
        "task" => Some(Named::Task(id.rsplit('/').next()?.to_owned())),
        _ => None,
    }
}

impl View {
    /// Reads all there is and opens the watch behind it.
    pub async fn load(store: &Store) -> Result<(Arc<Self>, Watch)> {
        let view = Arc::new(Self {
            state: RwLock::default(),
            reached: watch::Sender::new(0),
            dirty: Mutex::default(),
            dirtied: Notify::new(),
        });
        let feed = view.reload(store).await?;
        Ok((view, feed))
    }

    /// Starts anew from the store, as after a watch that fell behind.
    pub async fn reload(&self, store: &Store) -> Result<Watch> {
        let revision = store.revision().await.map_err(Error::store("read", "revision"))?;
        let mut fresh = State::default();
        let mut range = KeyRange::prefix(PREFIX);
        loop {
            let request = RangeRequest::new(range.clone()).at(revision).first(LOAD_PAGE);
            let page = store.range(request).await.map_err(Error::store("list", PREFIX))?;
            for kv in &page.kvs {
                put(&mut fresh, kv);
            }
            match page.kvs.last() {
                Some(last) if page.more => {
                    let mut next = last.key.to_vec();
                    next.push(0);
                    range.start = next.into();
                }
                _ => break,
            }
        }
        let watch = store.watch(KeyRange::prefix(PREFIX), revision + 1).await.map_err(Error::store("watch", PREFIX))?;
        let all: Vec<String> = fresh.by_id.keys().cloned().collect();
        *self.state.write() = fresh;
        self.mark(all);
        self.reached.send_replace(revision);
        Ok(watch)
    }

    /// Takes one batch in.
    pub fn apply(&self, batch: &WatchBatch) {
        let mut changed = Vec::new();
        let mut wake = false;
        // Rendering is the dear part, so it is done before the lock is taken.
        let ready: Vec<_> = batch.events.iter().filter_map(|e| prepare(e.kind, &e.kv)).collect();
        if !ready.is_empty() {
            let mut state = self.state.write();
            for change in ready {
                if let Some(id) = change.task_id() {
                    changed.push(id.to_owned());
                }
                change.apply(&mut state);
            }
            wake = state.deleting_changed;
        }
        self.mark(changed);
        if wake {
            self.dirtied.notify_one();
        }
        self.reached.send_replace(batch.revision);
    }

    fn mark(&self, ids: Vec<String>) {
        if !ids.is_empty() {
            self.dirty.lock().extend(ids);
            self.dirtied.notify_one();
        }
    }

    /// Waits until a task has changed.
    pub async fn changed(&self) {
        self.dirtied.notified().await;
    }

    pub fn take_dirty(&self) -> HashSet<String> {
        std::mem::take(&mut *self.dirty.lock())
    }

    pub fn revision(&self) -> Revision {
        *self.reached.borrow()
    }

    /// Returns once the view has reached `revision`: a write's own, so that the writer reads it back.
    pub async fn wait(&self, revision: Revision) {
        let mut reached = self.reached.subscribe();
        // The sender lives in `self`, so this ends only when the revision is reached.
        let _ = reached.wait_for(|at| *at >= revision).await;
    }

    pub fn cluster(&self, scope: &Scope, name: &str) -> Option<Arc<Versioned<ClusterRecord>>> {
        self.state.read().clusters.get(&(scope.clone(), name.to_owned())).cloned()
    }

    /// Up to `limit` clusters of the account and region behind the name `after`, in order of names.
    pub fn clusters(&self, scope: &Scope, after: Option<&str>, limit: usize) -> Vec<Arc<Versioned<ClusterRecord>>> {
        let from = (scope.clone(), after.unwrap_or_default().to_owned());
        let state = self.state.read();
        let behind = state.clusters.range((std::ops::Bound::Excluded(from), std::ops::Bound::Unbounded));
        behind.take_while(|((of, _), _)| of == scope).take(limit).map(|(_, record)| record.clone()).collect()
    }

    /// `(running, pending)` of a cluster; pending is everything on the way to RUNNING.
    pub fn counts(&self, scope: &Scope, cluster: &str) -> (i32, i32) {
        let state = self.state.read();
        let tasks = state.tasks.get(&(scope.clone(), cluster.to_owned()));
        tasks.map_or((0, 0), |t| (t.count(&["RUNNING"]), t.count(&["PROVISIONING", "PENDING", "ACTIVATING"])))
    }

    /// Tasks of the cluster that have not stopped.
    pub fn live(&self, scope: &Scope, cluster: &str) -> usize {
        let state = self.state.read();
        let tasks = state.tasks.get(&(scope.clone(), cluster.to_owned()));
        tasks.map_or(0, |t| t.by_id.len() - usize::try_from(t.count(&["STOPPED"])).unwrap_or(0))
    }

    pub fn task(&self, scope: &Scope, cluster: &str, id: &str) -> Option<Arc<TaskEntry>> {
        let entry = self.state.read().by_id.get(id).cloned()?;
        (entry.record.cluster == cluster
            && entry.record.account == scope.account
            && entry.record.region == scope.region)
            .then_some(entry)
    }

    pub fn task_by_id(&self, id: &str) -> Option<Arc<TaskEntry>> {
        self.state.read().by_id.get(id).cloned()
    }

    /// Many at once under one lock, in the order asked for.
    pub fn tasks(&self, scope: &Scope, cluster: &str, ids: &[String]) -> Vec<Option<Arc<TaskEntry>>> {
        let state = self.state.read();
        let tasks = state.tasks.get(&(scope.clone(), cluster.to_owned()));
        ids.iter().map(|id| tasks.and_then(|t| t.by_id.get(id)).cloned()).collect()
    }

    pub fn list(
        &self,
        scope: &Scope,
        cluster: &str,
        filter: &TaskFilter<'_>,
        after: Option<&str>,
        limit: usize,
    ) -> Vec<Arc<TaskEntry>> {
        let state = self.state.read();
        let tasks = state.tasks.get(&(scope.clone(), cluster.to_owned()));
        tasks.map_or_else(Vec::new, |t| t.list(filter, after, limit))
    }

    /// Task definitions on their way out that no task needs any more; looks only if something changed.
    pub fn deletable(&self) -> Vec<Definition> {
        if !self.state.read().deleting_changed {
            return Vec::new();
        }
        let mut state = self.state.write();
        state.deleting_changed = false;
        state.deleting.iter().filter(|d| !state.uses(d)).cloned().collect()
    }

    /// What [`View::deletable`] gave could not be deleted: it is to be given again.
    pub fn retry_deletable(&self) {
        self.state.write().deleting_changed = true;
    }

    /// Stopped tasks whose time is over, and when the next one's will be.
    pub fn forgettable(&self, now: Timestamp, limit: usize) -> (Vec<Arc<TaskEntry>>, Option<Timestamp>) {
        let state = self.state.read();
        let due = state.forget.iter().take_while(|(at, _)| *at <= now).take(limit);
        let due: Vec<_> = due.filter_map(|(_, id)| state.by_id.get(id)).cloned().collect();
        (due, state.forget.iter().map(|(at, _)| *at).find(|at| *at > now))
    }
}

enum Change {
    Cluster(Scope, String, Option<Arc<Versioned<ClusterRecord>>>),
    Task(String, Option<Arc<TaskEntry>>),
    Deleting(Definition),
    Deleted(Definition),
}

impl Change {
    fn task_id(&self) -> Option<&str> {
        match self {
            Self::Task(id, _) => Some(id),
            Self::Cluster(..) | Self::Deleting(_) | Self::Deleted(_) => None,
        }
    }

    fn apply(self, state: &mut State) {
        match self {
            Self::Cluster(scope, name, Some(record)) => {
                state.clusters.insert((scope, name), record);
            }
            Self::Cluster(scope, name, None) => {
                state.clusters.remove(&(scope, name));
            }
            Self::Task(_, Some(entry)) => state.put_task(entry),
            Self::Task(id, None) => state.remove_task(&id),
            Self::Deleting(definition) => {
                state.deleting.insert(definition);
                state.deleting_changed = true;
            }
            Self::Deleted(definition) => {
                state.deleting.remove(&definition);
            }
        }
    }
}

fn prepare(kind: EventKind, kv: &KeyValue) -> Option<Change> {
    let deleted = kind == EventKind::Delete;
    match name_of(&kv.key)? {
        Named::Cluster(scope, name) if deleted => Some(Change::Cluster(scope, name, None)),
        Named::Cluster(scope, name) => Some(Change::Cluster(scope, name, Some(Arc::new(decode(kv)?)))),
        Named::Deleting(definition) if deleted => Some(Change::Deleted(definition)),
        Named::Deleting(definition) => Some(Change::Deleting(definition)),
        Named::Task(id) if deleted => Some(Change::Task(id, None)),
        Named::Task(id) => {
            let found = decode::<TaskRecord>(kv)?;
            Some(Change::Task(id, Some(Arc::new(TaskEntry::new(found.value, found.mod_revision)))))
        }
    }
}

fn put(state: &mut State, kv: &KeyValue) {
    if let Some(change) = prepare(EventKind::Put, kv) {
        change.apply(state);
    }
}

fn decode<T: serde::de::DeserializeOwned>(kv: &KeyValue) -> Option<Versioned<T>> {
    match Versioned::decode(kv) {
        Ok(found) => Some(found),
        Err(error) => {
            tracing::error!(%error, "record cannot be read and is passed over");
            None
        }
    }
}
