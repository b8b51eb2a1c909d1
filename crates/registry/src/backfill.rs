//! Replication backfills: copies of images that were there before the rule was, one destination at a time.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication-backfill.html>

use std::collections::BTreeSet;

use gantry_base::Timestamp;
use gantry_store::{Compare, KeyRange, KeyValue, Op, RangeRequest, Revision, Store, Txn, Versioned};
use serde::{Deserialize, Serialize};

use crate::replication::ReplicationDestination;
use crate::{Error, Page, Registry, RegistryId, Result, keys, limits};

/// Backfills that are not over yet, of all registries: somebody must run them.
pub const BACKFILLS: &str = "/aws/ecr-queue/backfill/";
/// Backfills of one registry that may be under way.
pub const MAX_BACKFILLS: usize = 10;
/// How long a backfill is shown after its end.
pub const BACKFILL_KEPT_MS: i64 = 90 * 24 * 3600 * 1000;

/// ECR's `ReplicationBackfillStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum BackfillStatus {
    Preparing,
    InProgress,
    Complete,
    Failed,
    Stopping,
    Stopped,
}

impl BackfillStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Preparing => "PREPARING",
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
            Self::Stopping => "STOPPING",
            Self::Stopped => "STOPPED",
        }
    }

    pub const fn is_over(self) -> bool {
        matches!(self, Self::Complete | Self::Failed | Self::Stopped)
    }
}

/// Each image and tag counts as one replication, and so does an image without tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackfillProgress {
    pub total: u64,
    pub completed: u64,
    pub failed: u64,
    pub failure_codes: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackfillRecord {
    pub id: String,
    pub destination: ReplicationDestination,
    pub status: BackfillStatus,
    pub failure_code: Option<String>,
    /// `None` until the images are counted.
    pub progress: Option<BackfillProgress>,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    /// The repository that is being worked through, and its last image that is done.
    #[serde(default)]
    pub cursor: Option<(String, Option<String>)>,
    /// Results kept so far.
    #[serde(default)]
    pub results: u64,
}

/// What became of one image and tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackfillResult {
    pub repository: String,
    pub digest: String,
    pub tag: Option<String>,
    pub failure_code: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sub_image_failure_codes: Vec<String>,
    /// It is a manifest list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_index: bool,
}

/// What came of the wish to start one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackfillStart {
    Started(BackfillRecord),
    /// Another one to that region is under way.
    InProgress,
    /// [`MAX_BACKFILLS`] are under way.
    TooMany,
}

/// What came of the wish to stop one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackfillStop {
    Stopping(BackfillRecord),
    NotFound,
    /// It is over, or being stopped already.
    InvalidStatus(BackfillRecord),
}

/// A backfill that is not over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueuedBackfill {
    pub registry: RegistryId,
    pub id: String,
}

impl QueuedBackfill {
    pub fn read(kv: &KeyValue) -> Option<Self> {
        let mut parts = std::str::from_utf8(&kv.key).ok()?.strip_prefix(BACKFILLS)?.splitn(3, '/');
        let (account, region) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { registry: RegistryId { account, region }, id: parts.next()?.to_owned() })
    }
}

fn queue_key(registry: &RegistryId, id: &str) -> String {
    format!("{BACKFILLS}{}/{}/{id}", registry.account, registry.region)
}

fn corrupt(e: gantry_store::Error) -> Error {
    e.into()
}

impl Registry {
    pub async fn start_backfill(&self, registry: &RegistryId, destination: &RegistryId) -> Result<BackfillStart> {
        let active = keys::backfills_active(registry);
        let own = format!("{active}{}", destination.region);
        for _ in 0..limits::MAX_TRIES {
            let guard = self.store.get(keys::backfill_guard(registry)).await?.map_or(0, |kv| kv.mod_revision);
            let under_way = self.store.list(active.clone()).await?.kvs;
            if under_way.iter().any(|kv| kv.key == own.as_bytes()) {
                return Ok(BackfillStart::InProgress);
            }
            if under_way.len() >= MAX_BACKFILLS {
                return Ok(BackfillStart::TooMany);
            }
            let record = BackfillRecord {
                id: gantry_base::uuid(&*self.entropy),
                destination: destination.into(),
                status: BackfillStatus::Preparing,
                failure_code: None,
                progress: None,
                started_at: self.clock.now(),
                ended_at: None,
                cursor: None,
                results: 0,
            };
            let key = keys::backfill(registry, &record.id);
            let txn = Txn::new()
                .when(Compare::absent(own.clone()))
                .when(Compare::unchanged(keys::backfill_guard(registry), guard))
                .then(Op::put(keys::backfill_guard(registry), ""))
                .then(Op::put(own.clone(), record.id.clone()))
                .then(Op::put(queue_key(registry, &record.id), ""))
                .then(Op::put(key.clone(), Store::encode(&key, &record)?));
            if self.store.txn(txn).await?.succeeded {
                return Ok(BackfillStart::Started(record));
            }
        }
        Err(Error::Contended { subject: own, tries: limits::MAX_TRIES })
    }

    pub async fn backfill(&self, registry: &RegistryId, id: &str) -> Result<Option<Versioned<BackfillRecord>>> {
        self.store.get_as(&keys::backfill(registry, id)).await.map_err(corrupt)
    }

    /// Backfills in the order of their identifiers, after `after`; those that ended too long ago are left out.
    pub async fn backfills(
        &self,
        registry: &RegistryId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<BackfillRecord>> {
        let (kvs, more) = self.page(&keys::backfills(registry), after, limit).await?;
        let all: Vec<BackfillRecord> =
            kvs.iter().map(|kv| Ok(Versioned::decode(kv)?.value)).collect::<Result<_, gantry_store::Error>>()?;
        let next = all.last().filter(|_| more).map(|r| r.id.clone());
        let now = self.clock.now();
        let items = all.into_iter().filter(|r| r.ended_at.is_none_or(|at| now.since_ms(at) < BACKFILL_KEPT_MS));
        Ok(Page { items: items.collect(), next })
    }

    /// Backfills that are not over, of all registries.
    pub async fn queued_backfills(&self) -> Result<Vec<QueuedBackfill>> {
        let all = self.store.range(RangeRequest::new(KeyRange::prefix(BACKFILLS))).await?;
        Ok(all.kvs.iter().filter_map(|kv| QueuedBackfill::read(kv)).collect())
    }

    /// Asks for a stop. One that is still counting stops at once; else the replication that is under way ends first.
    pub async fn stop_backfill(&self, registry: &RegistryId, id: &str) -> Result<BackfillStop> {
        for _ in 0..limits::MAX_TRIES {
            let Some(found) = self.backfill(registry, id).await? else { return Ok(BackfillStop::NotFound) };
            let mut record = found.value;
            match record.status {
                BackfillStatus::Preparing => {
                    record.status = BackfillStatus::Stopped;
                    record.ended_at = Some(self.clock.now());
                }
                BackfillStatus::InProgress => record.status = BackfillStatus::Stopping,
                _ => return Ok(BackfillStop::InvalidStatus(record)),
            }
            if self.save_backfill(registry, found.mod_revision, &record, &[]).await? {
                return Ok(BackfillStop::Stopping(record));
            }
        }
        Err(Error::Contended { subject: id.to_owned(), tries: limits::MAX_TRIES })
    }

    /// Writes a backfill on, with more results; false if it changed since `seen`. One that is over leaves
    /// the queue in the same transaction. `record.results` counts the new results already.
    pub async fn save_backfill(
        &self,
        registry: &RegistryId,
        seen: Revision,
        record: &BackfillRecord,
        results: &[BackfillResult],
    ) -> Result<bool> {
        let key = keys::backfill(registry, &record.id);
        let first = record.results - results.len() as u64;
        // Results before the record that counts them: what is beyond its count is written again.
        for (n, chunk) in results.chunks(RESULTS_A_WRITE).enumerate() {
            let mut txn = Txn::new().when(Compare::unchanged(key.clone(), seen));
            for (m, result) in chunk.iter().enumerate() {
                let number = first + (n * RESULTS_A_WRITE + m) as u64;
                let at = format!("{}{number:010}", keys::backfill_results(registry, &record.id));
                txn = txn.then(Op::put(at.clone(), Store::encode(&at, result)?));
            }
            if !self.store.txn(txn).await?.succeeded {
                return Ok(false);
            }
        }
        let mut txn = Txn::new()
            .when(Compare::unchanged(key.clone(), seen))
            .then(Op::put(key.clone(), Store::encode(&key, record)?));
        if record.status.is_over() {
            let active = format!("{}{}", keys::backfills_active(registry), record.destination.region);
            txn = txn.then(Op::delete(active)).then(Op::delete(queue_key(registry, &record.id)));
        }
        Ok(self.store.txn(txn).await?.succeeded)
    }

    /// Results with their numbers, after `after`.
    pub async fn backfill_results(
        &self,
        registry: &RegistryId,
        id: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<BackfillResult>> {
        let prefix = keys::backfill_results(registry, id);
        let (kvs, more) = self.page(&prefix, after, limit).await?;
        let next = kvs.last().filter(|_| more).map(|kv| crate::images::after_prefix(kv, &prefix));
        let items =
            kvs.iter().map(|kv| Ok(Versioned::decode(kv)?.value)).collect::<Result<_, gantry_store::Error>>()?;
        Ok(Page { items, next })
    }

    /// Forgets backfills whose time is over.
    pub async fn expire_backfills(&self, registry: &RegistryId) -> Result<()> {
        let now = self.clock.now();
        for kv in &self.store.list(keys::backfills(registry)).await?.kvs {
            let record = Versioned::<BackfillRecord>::decode(kv)?.value;
            if record.ended_at.is_some_and(|at| now.since_ms(at) >= BACKFILL_KEPT_MS) {
                let results = KeyRange::prefix(keys::backfill_results(registry, &record.id));
                let txn = Txn::new().then(Op::Delete(results)).then(Op::delete(keys::backfill(registry, &record.id)));
                self.store.txn(txn).await?;
            }
        }
        Ok(())
    }
}

/// Results in one transaction.
const RESULTS_A_WRITE: usize = 100;
