//! The worker: takes images off the queue, scans them, and scans again what newer advisories may concern.
//!
//! What is to be done stands in the store: an entry leaves the queue after its findings are written. Two
//! servers of one store that take the same entry do the same work twice, and one of them writes it.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use gantry_base::{SharedClock, Timestamp};
use gantry_registry::queue::{self, Queued};
use gantry_registry::{
    Error as RegistryError, Outdated, Reference, Registry, ScanFrequency, ScanRecord, ScanStatus, ScanType,
};
use gantry_store::{Op, Versioned};
use serde::Serialize;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use crate::assess::{Assessed, Assessment, assess};
use crate::db::ScanDb;
use crate::image::{Kept, Looked, kept_dir, look};
use crate::sweep::sweep;
use crate::{Error, Result};

/// What the worker will not exceed.
pub mod limits {
    /// Images that are read at once.
    pub const MAX_SCANS: usize = 2;
    /// How often an image whose bytes cannot be read is tried.
    pub const MAX_READS: u32 = 3;
    /// Images that wait for another try; while there are more, the queue waits with them.
    pub const MAX_WAITING: usize = 1000;
    /// Findings of the scan before that are asked when they were first seen.
    pub const MAX_KNOWN: usize = 20_000;
}

/// The first wait after a failure; it doubles with each, up to the longest.
const RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_mins(5);
/// Images that one look at those to be scanned again brings.
const PAGE: usize = 50;

/// `imageScanStatus` of a scan that went well.
const COMPLETE: &str = "The scan was completed successfully.";
const ARCHIVED: &str = "The image is archived. Restore it before you scan it.";
const CONTINUOUS: &str = "Continuous scan is selected for image.";

/// Runs until it is dropped.
pub struct Scanner {
    context: Arc<Context>,
    tasks: [JoinHandle<()>; 2],
}

pub(crate) struct Context {
    pub(crate) registry: Registry,
    pub(crate) db: Arc<ScanDb>,
    pub(crate) kept: Arc<Kept>,
    pub(crate) clock: SharedClock,
}

impl Drop for Scanner {
    fn drop(&mut self) {
        // The queue has what was being done: the next start takes it up.
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Scanner {
    /// `dir` is the database's. Must be called within a runtime.
    pub fn start(registry: Registry, dir: &Path, clock: SharedClock) -> Result<Self> {
        let db = ScanDb::open(dir)?;
        let kept = Arc::new(Kept::open(kept_dir(dir))?);
        let context = Arc::new(Context { registry, db, kept, clock });
        let tasks = [tokio::spawn(run(Arc::clone(&context))), tokio::spawn(sweeps(Arc::clone(&context)))];
        Ok(Self { context, tasks })
    }

    pub fn db(&self) -> &Arc<ScanDb> {
        &self.context.db
    }

    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.context
    }

    /// Turns to what was imported since, and scans again what it may concern. Tells whether there was something.
    pub async fn reload(&self) -> Result<bool> {
        let db = Arc::clone(&self.context.db);
        tokio::task::spawn_blocking(move || db.reload()).await?
    }
}

/// What there is to do.
#[derive(Clone, Debug)]
enum Job {
    Asked(Queued),
    Again(Outdated),
}

impl Job {
    fn entry(&self) -> &Queued {
        match self {
            Self::Asked(entry) => entry,
            Self::Again(outdated) => &outdated.entry,
        }
    }
}

/// An image that could not be scanned for now.
struct Waiting {
    until: Instant,
    failures: u32,
}

struct Done {
    job: Job,
    /// The advisories that there were when it began.
    version: String,
    result: Result<()>,
}

#[derive(Default)]
struct State {
    running: JoinSet<Done>,
    busy: BTreeSet<String>,
    waiting: BTreeMap<String, Waiting>,
    /// Where the look at images to be scanned again has come to; `None` if it is done.
    again: Option<Option<String>>,
    ready: Vec<Outdated>,
}

async fn run(context: Arc<Context>) {
    let mut failures = 0;
    loop {
        if let Err(error) = serve(&context, &mut failures).await {
            tracing::warn!(%error, "the scanner starts anew");
        }
        failures += 1;
        tokio::time::sleep(backoff(failures)).await;
    }
}

/// Goes through registries as their configurations change.
async fn sweeps(context: Arc<Context>) {
    let mut failures = 0;
    loop {
        let round = async {
            let mut changes = context.registry.watch_registries_to_scan().await?;
            loop {
                sweep(&context.registry, context.clock.now()).await?;
                match changes.next().await {
                    Some(Ok(_)) => {}
                    Some(Err(e)) => return Err(Error::from(RegistryError::from(e))),
                    None => return Ok(()),
                }
            }
        };
        match round.await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "failed to go through a registry's images"),
        }
        failures += 1;
        tokio::time::sleep(backoff(failures)).await;
    }
}

fn backoff(failures: u32) -> Duration {
    RETRY.saturating_mul(1 << failures.clamp(1, 16).saturating_sub(1)).min(LONGEST_RETRY)
}

async fn serve(context: &Arc<Context>, failures: &mut u32) -> Result<()> {
    let mut state = State { again: Some(None), ..State::default() };
    let mut changes = context.db.changes();
    // Watched before it is read, so that nothing falls in between.
    let mut arrivals = context.registry.watch_scan_queue().await?;
    loop {
        while state.running.len() < limits::MAX_SCANS {
            let Some(job) = next(context, &mut state).await? else { break };
            state.busy.insert(job.entry().key.clone());
            let context = Arc::clone(context);
            let version = context.db.snapshot().version().to_owned();
            state.running.spawn(async move {
                let done = AssertUnwindSafe(scan(&context, &job)).catch_unwind().await;
                let result = done.unwrap_or_else(|_| Err(Error::Broken("it panicked".to_owned())));
                Done { job, version, result }
            });
        }
        *failures = 0;
        let soonest = state.waiting.values().map(|w| w.until).min();
        let idle = state.running.is_empty();
        tokio::select! {
            Some(done) = state.running.join_next(), if !idle => settle(context, &mut state, done).await,
            arrival = arrivals.next() => match arrival {
                Some(Ok(_)) => while let Some(Ok(_)) = arrivals.try_next() {},
                Some(Err(e)) => return Err(RegistryError::from(e).into()),
                None => return Err(RegistryError::from(gantry_store::Error::Closed).into()),
            },
            changed = changes.changed() => match changed {
                Ok(()) => (state.again, state.ready) = (Some(None), Vec::new()),
                Err(_) => return Ok(()),
            },
            () = tokio::time::sleep_until(soonest.unwrap_or_else(Instant::now)), if soonest.is_some() => {
                let now = Instant::now();
                // Due long ago and not taken up since: it is not there any more.
                state.waiting.retain(|_, w| w.until > now || w.failures & DUE == 0);
                for waiting in state.waiting.values_mut().filter(|w| w.until <= now) {
                    // Due: kept for the count of its failures, far off until it is tried.
                    waiting.until = now + LONGEST_RETRY;
                    waiting.failures |= DUE;
                }
                if state.waiting.iter().any(|(key, w)| w.failures & DUE != 0 && !key.starts_with(queue::SCAN)) {
                    state.again.get_or_insert(None);
                }
            },
        }
    }
}

/// Marks a [`Waiting`] that may be tried.
const DUE: u32 = 1 << 31;

/// What to do next: first what was asked for.
async fn next(context: &Context, state: &mut State) -> Result<Option<Job>> {
    let free = |state: &State, key: &str| {
        !state.busy.contains(key) && state.waiting.get(key).is_none_or(|w| w.failures & DUE != 0)
    };
    if state.waiting.len() < limits::MAX_WAITING {
        let look = limits::MAX_SCANS + state.waiting.len() + 1;
        let page = context.registry.queued(queue::SCAN, None, look).await?;
        if let Some(entry) = page.items.into_iter().find(|entry| free(state, &entry.key)) {
            return Ok(Some(Job::Asked(entry)));
        }
    }
    loop {
        while let Some(outdated) = state.ready.pop() {
            if free(state, &outdated.entry.key) {
                return Ok(Some(Job::Again(outdated)));
            }
        }
        let Some(after) = state.again.take() else { return Ok(None) };
        let version = context.db.snapshot().version().to_owned();
        let page = context.registry.outdated_scans(after.as_deref(), PAGE).await?;
        state.again = page.next.map(Some);
        state.ready = page.items.into_iter().filter(|o| o.database != version).collect();
    }
}

async fn settle(context: &Context, state: &mut State, done: Result<Done, tokio::task::JoinError>) {
    let Done { job, version, result } = match done {
        Ok(done) => done,
        Err(error) => {
            // Which one it was is not known any more: all that are not running may be taken up.
            tracing::error!(%error, "a scan broke down");
            state.busy.clear();
            return;
        }
    };
    let entry = job.entry();
    state.busy.remove(&entry.key);
    let Err(error) = result else {
        state.waiting.remove(&entry.key);
        if context.db.snapshot().version() != version {
            // The look for what is to be scanned again may have passed it before it was written.
            state.again = Some(None);
        }
        return;
    };
    let failures = state.waiting.get(&entry.key).map_or(0, |w| w.failures & !DUE) + 1;
    tracing::warn!(%error, repo = %entry.repo, image = %entry.digest, failures, "failed to scan an image");
    let hopeless = failures >= limits::MAX_READS && !matches!(error, Error::Registry(RegistryError::Store(_)));
    if hopeless && give_up(context, &job, &error).await.is_ok() {
        state.waiting.remove(&entry.key);
        return;
    }
    state.waiting.insert(entry.key.clone(), Waiting { until: Instant::now() + backoff(failures), failures });
}

/// An image that cannot be read has a scan that failed.
async fn give_up(context: &Context, job: &Job, error: &Error) -> Result<()> {
    let text = match error {
        // What went wrong with our own disks is for the log.
        Error::Registry(e) => e.public_message(),
        Error::Read(text) => text.clone(),
        _ => "internal error".to_owned(),
    };
    let Some(task) = Task::of(context, job).await? else { return Ok(()) };
    let description = format!("The scan failed: {text:.300}");
    task.conclude(context, Ending::plain(ScanStatus::Failed, description)).await
}

async fn scan(context: &Context, job: &Job) -> Result<()> {
    let Some(mut task) = Task::of(context, job).await? else { return Ok(()) };
    if task.archived {
        // Between the request and now.
        return task.conclude(context, Ending::plain(ScanStatus::ImageArchived, ARCHIVED.to_owned())).await;
    }
    let entry = &task.entry;
    if task.seen.as_ref().is_none_or(|seen| !seen.value.status.has_findings()) || matches!(job, Job::Asked(_)) {
        let begun = context.registry.begin_scan(&entry.repo, &entry.digest, task.scan_type, task.seen.as_ref()).await?;
        // Another one's, or gone: this entry is looked at once more, and then knows.
        let Some(begun) = begun else { return Err(Error::Read("the scan was changed meanwhile".to_owned())) };
        task.requested_at = begun.value.requested_at;
        task.seen = Some(begun);
    }
    let looked = match look(&context.registry, &context.kept, &entry.repo, &entry.digest).await {
        // Deleted meanwhile, and its scan with it.
        Err(Error::Registry(RegistryError::ImageNotFound { .. } | RegistryError::RepositoryNotFound { .. })) => {
            context.registry.unqueue(entry).await?;
            return Ok(());
        }
        other => other?,
    };
    let ending = match looked {
        Looked::Unsupported(why) => {
            Ending::plain(ScanStatus::UnsupportedImage, format!("UnsupportedImageError: {why}"))
        }
        Looked::TooLarge(why) => Ending::plain(ScanStatus::LimitExceeded, why),
        Looked::Damaged(why) => Ending::plain(ScanStatus::Failed, format!("The scan failed: {why:.300}")),
        Looked::Inventory(inventory) => {
            let (db, scan_type, now) = (context.db.snapshot(), task.scan_type, context.clock.now());
            let known = std::mem::take(&mut task.first_seen);
            let database = db.version().to_owned();
            let assessed = tokio::task::spawn_blocking(move || assess(&db, &inventory, scan_type, now, &known));
            task.ending(assessed.await??, database)
        }
    };
    task.conclude(context, ending).await
}

/// An image with what its registry wants of it.
struct Task {
    entry: Queued,
    scan_type: ScanType,
    frequency: ScanFrequency,
    seen: Option<Versioned<ScanRecord>>,
    requested_at: Timestamp,
    first_seen: BTreeMap<String, Timestamp>,
    archived: bool,
}

/// What a scan came to.
struct Ending {
    status: ScanStatus,
    description: String,
    database: String,
    assessed: Assessed,
    /// To be scanned again once there are other advisories.
    again: bool,
}

impl Ending {
    fn plain(status: ScanStatus, description: String) -> Self {
        Self { status, description, database: String::new(), assessed: Assessed::default(), again: false }
    }
}

/// `detail` of "ECR Image Scan",
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html>
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ScanEvent<'a> {
    scan_status: &'a str,
    repository_name: &'a str,
    finding_severity_counts: &'a BTreeMap<String, u32>,
    image_digest: &'a str,
    image_tags: &'a [String],
}

impl Task {
    /// `None`, with the entry taken out, if there is nothing to do for it (any more).
    async fn of(context: &Context, job: &Job) -> Result<Option<Self>> {
        let (registry, entry) = (&context.registry, job.entry());
        let image = match registry.locate(&entry.repo, &Reference::Digest(entry.digest.clone())).await {
            Ok((_, record)) => Some(record),
            Err(RegistryError::ImageNotFound { .. } | RegistryError::RepositoryNotFound { .. }) => None,
            Err(e) => return Err(e.into()),
        };
        let Some(image) = image else {
            registry.unqueue(entry).await?;
            return Ok(None);
        };
        if image.archived && matches!(job, Job::Again(_)) {
            // What is restored later is scanned again with the next advisories.
            return Ok(None);
        }
        let repository = match registry.repository(&entry.repo).await {
            Ok(record) => record.value,
            Err(RegistryError::RepositoryNotFound { .. }) => return Ok(None),
            Err(e) => return Err(e.into()),
        };
        let configuration = registry.scanning_configuration(&entry.repo.registry).await?;
        let scan_type = configuration.scan_type;
        let (frequency, _) = configuration.frequency(&entry.repo.name, repository.scan_on_push);
        let seen = registry.scan(&entry.repo, &entry.digest, scan_type).await?;
        let version = context.db.snapshot().version().to_owned();
        if matches!(job, Job::Again(_)) && seen.as_ref().is_some_and(|s| s.value.database == version) {
            // Done since it was found.
            return Ok(None);
        }
        let wanted = match job {
            Job::Asked(_) => {
                let asked = seen.as_ref().is_some_and(|s| s.value.status == ScanStatus::InProgress);
                // Pushed again, as with another tag: what is known of it is as good as what would be found.
                let status = match frequency {
                    ScanFrequency::ContinuousScan => ScanStatus::Active,
                    ScanFrequency::ScanOnPush | ScanFrequency::Manual => ScanStatus::Complete,
                };
                let fresh = seen.as_ref().is_some_and(|s| s.value.status == status && s.value.database == version);
                // Signatures and the like come with an image and are not scanned as one.
                let pushed = frequency != ScanFrequency::Manual && !fresh && image.subject.is_none();
                asked || (pushed && !image.archived)
            }
            Job::Again(_) => seen
                .as_ref()
                .is_some_and(|s| !s.value.status.has_findings() || frequency == ScanFrequency::ContinuousScan),
        };
        if !wanted {
            registry.unqueue(entry).await?;
            return Ok(None);
        }
        let mut first_seen = BTreeMap::new();
        if let Some(seen) = seen.as_ref().filter(|s| s.value.total() > 0) {
            let found = registry.findings(&entry.repo, &entry.digest, scan_type, &seen.value, 0, limits::MAX_KNOWN);
            first_seen.extend(found.await?.into_iter().map(|f| (f.name, f.first_observed_at)));
        }
        let requested_at = seen.as_ref().map_or_else(|| context.clock.now(), |s| s.value.requested_at);
        Ok(Some(Self {
            entry: entry.clone(),
            scan_type,
            frequency,
            seen,
            requested_at,
            first_seen,
            archived: image.archived,
        }))
    }

    fn ending(&self, assessment: Assessment, database: String) -> Ending {
        let continuous = self.frequency == ScanFrequency::ContinuousScan;
        match assessment {
            Assessment::Unsupported(why) => Ending::plain(ScanStatus::UnsupportedImage, why),
            Assessment::NoAdvisories(names) => {
                // ECR's basic scans have no word for it but that they failed; enhanced ones have.
                let status = match self.scan_type {
                    ScanType::Basic => ScanStatus::Failed,
                    ScanType::Enhanced => ScanStatus::FindingsUnavailable,
                };
                let description = format!(
                    "No advisories are imported for {}, so that nothing could be looked up. Import some with `gantry scan-db import`; the image is then scanned.",
                    names.join(", ")
                );
                Ending { again: true, database, ..Ending::plain(status, description) }
            }
            Assessment::Assessed(assessed) => {
                let (status, first) =
                    if continuous { (ScanStatus::Active, CONTINUOUS) } else { (ScanStatus::Complete, COMPLETE) };
                let description = std::iter::once(first).chain(assessed.caveats.iter().map(String::as_str));
                let description = description.collect::<Vec<_>>().join(" ");
                Ending { status, description, database, assessed, again: continuous }
            }
        }
    }

    async fn conclude(&self, context: &Context, ending: Ending) -> Result<()> {
        let (registry, entry) = (&context.registry, &self.entry);
        let mut record = ScanRecord::new(ending.status, ending.description, self.requested_at);
        record.completed_at = Some(context.clock.now());
        record.source_updated_at = ending.assessed.updated_at;
        record.counts = ending.assessed.counts;
        record.database = ending.database;
        let events = self.events(registry, &record).await?;
        let again = ending.again.then(|| record.database.clone());
        let place = (&entry.repo, &entry.digest, self.scan_type);
        let findings = &ending.assessed.findings;
        let settled = entry.key.starts_with(queue::SCAN).then_some(entry);
        let saved = registry.save_scan(place, self.seen.as_ref(), record, findings, settled, again.as_deref(), events);
        if saved.await? || registry.scan(&entry.repo, &entry.digest, self.scan_type).await?.is_none() {
            return Ok(());
        }
        Err(Error::Read("the scan was changed meanwhile".to_owned()))
    }

    async fn events(&self, registry: &Registry, record: &ScanRecord) -> Result<Vec<Op>> {
        let tags = registry.image_tags(&self.entry.repo, &self.entry.digest).await?;
        let status = if record.status.has_findings() { "COMPLETE" } else { "FAILED" };
        let detail = ScanEvent {
            scan_status: status,
            repository_name: &self.entry.repo.name,
            finding_severity_counts: &record.counts,
            image_digest: self.entry.digest.as_str(),
            image_tags: &tags,
        };
        let resources = vec![self.entry.repo.arn().to_string()];
        Ok(vec![registry.event_op(&self.entry.repo.registry, "ECR Image Scan", resources, detail)?])
    }
}
