//! What scans found. The ECR service starts scans and shows them; the scanner does them. They meet here.
//!
//! What always holds: a record's findings are all there and are those that its counts count, since they
//! are written under a name of their own first and the record turns to them in one transaction; what is
//! kept of an image goes in the transaction that deletes it, and is not written after it.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

use bytes::Bytes;
use flate2::Compression;
use flate2::bufread::{DeflateDecoder, DeflateEncoder};
use gantry_base::{Timestamp, hex_id};
use gantry_blobs::Digest;
use gantry_store::{Compare, KeyRange, KeyValue, Op, Revision, Store, Txn, Versioned};
use serde::{Deserialize, Serialize};

use crate::images::after_prefix;
use crate::queue::{self, Queued};
use crate::scanning::ScanType;
use crate::{Error, ImageRecord, Page, Reference, Registry, RegistryId, RepoId, Result, keys};

/// Bytes of findings in one record of the store, before they are compressed.
const CHUNK: usize = 512 * 1024;
/// Bytes that one record of findings may inflate to.
const MAX_CHUNK: u64 = 8 << 20;
/// Findings kept of one scan, the worst first.
pub const MAX_FINDINGS: usize = 20_000;
/// Images that are queued in one transaction.
const QUEUE_BATCH: usize = 100;
/// Characters of a scan's name among an image's findings.
const ID_DIGITS: usize = 16;

/// ECR's `ScanStatus`, as far as scans come to it here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanStatus {
    InProgress,
    Complete,
    Failed,
    UnsupportedImage,
    /// Scanned, and to be scanned again whenever there are newer advisories.
    Active,
    Pending,
    FindingsUnavailable,
    LimitExceeded,
    ImageArchived,
}

impl ScanStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
            Self::UnsupportedImage => "UNSUPPORTED_IMAGE",
            Self::Active => "ACTIVE",
            Self::Pending => "PENDING",
            Self::FindingsUnavailable => "FINDINGS_UNAVAILABLE",
            Self::LimitExceeded => "LIMIT_EXCEEDED",
            Self::ImageArchived => "IMAGE_ARCHIVED",
        }
    }

    /// The scan looked, so that what it did not find is not there as far as its advisories know.
    pub const fn has_findings(self) -> bool {
        matches!(self, Self::Complete | Self::Active)
    }
}

/// One image's scan of one type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanRecord {
    pub status: ScanStatus,
    pub description: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// How old the advisories are that it went by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_updated_at: Option<Timestamp>,
    /// Which advisories those were; empty where there were none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub database: String,
    /// Findings by severity; only those above zero.
    #[serde(default)]
    pub counts: BTreeMap<String, u32>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    id: String,
    /// The number of the first finding in each record of findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    starts: Vec<usize>,
    #[serde(default)]
    total: usize,
}

impl ScanRecord {
    pub fn new(status: ScanStatus, description: impl Into<String>, requested_at: Timestamp) -> Self {
        Self {
            status,
            description: description.into(),
            requested_at,
            completed_at: None,
            source_updated_at: None,
            database: String::new(),
            counts: BTreeMap::new(),
            id: String::new(),
            starts: Vec::new(),
            total: 0,
        }
    }

    /// In progress. The findings of the scan before stay for it to compare with; nobody is shown them.
    fn begun(now: Timestamp, before: Option<&Versioned<Self>>) -> Self {
        let mut record = Self::new(ScanStatus::InProgress, "", now);
        if let Some(Versioned { value, .. }) = before {
            (record.id, record.starts, record.total) = (value.id.clone(), value.starts.clone(), value.total);
        }
        record
    }

    /// Tells one scan's findings from the next one's.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub fn total(&self) -> usize {
        self.total
    }
}

/// A CVSS score of a vulnerability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FindingCvss {
    /// Who scored.
    pub source: String,
    /// `3.1`
    pub version: String,
    pub vector: String,
    pub base: f64,
}

/// A package that has a vulnerability.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingPackage {
    pub name: String,
    pub version: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub arch: String,
    /// `OS`, `NPM`, `PYTHONPKG`, …: Inspector's `packageManager`.
    pub manager: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub file_path: String,
    /// Digest of the layer that has it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub layer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_in: Option<String>,
}

/// One vulnerability of an image: in one package (basic) or in all that have it (enhanced).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The CVE, or what stands for it.
    pub name: String,
    /// ECR's `FindingSeverity`.
    pub severity: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub uri: String,
    /// The one that the severity goes by comes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cvss: Vec<FindingCvss>,
    pub packages: Vec<FindingPackage>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<String>,
    /// Whose advisory it is.
    pub source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_severity: Option<String>,
    /// What the vendor says about a mend that is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<Timestamp>,
    pub first_observed_at: Timestamp,
    pub last_observed_at: Timestamp,
}

/// An image that may have to be scanned again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outdated {
    pub entry: Queued,
    /// The advisories that it was scanned with last.
    pub database: String,
}

/// What a delete of an image takes along.
pub(crate) fn forget(repo: &RepoId, digest: &Digest) -> [Op; 3] {
    [
        Op::Delete(KeyRange::prefix(keys::scans(repo, digest))),
        Op::Delete(KeyRange::prefix(keys::scan_findings(repo, digest))),
        Op::delete(keys::rescan(repo, digest)),
    ]
}

fn scan_key(repo: &RepoId, digest: &Digest, scan_type: ScanType) -> String {
    keys::scans(repo, digest) + scan_type.as_str()
}

fn findings_of(repo: &RepoId, digest: &Digest, scan_type: ScanType) -> String {
    format!("{}{}:", keys::scan_findings(repo, digest), scan_type.as_str())
}

fn chunk_key(repo: &RepoId, digest: &Digest, scan_type: ScanType, id: &str, chunk: usize) -> String {
    format!("{}{id}:{chunk:06}", findings_of(repo, digest, scan_type))
}

impl Registry {
    pub async fn scan(
        &self,
        repo: &RepoId,
        digest: &Digest,
        scan_type: ScanType,
    ) -> Result<Option<Versioned<ScanRecord>>> {
        Ok(self.store.get_as(&scan_key(repo, digest, scan_type)).await?)
    }

    /// An image's record and manifest, without a pull being recorded. [`Error::ImageNotFound`].
    pub async fn inspect(&self, repo: &RepoId, digest: &Digest) -> Result<(ImageRecord, Bytes)> {
        let (_, record) = self.locate(repo, &Reference::Digest(digest.clone())).await?;
        Ok((record, self.manifest_bytes(digest).await?))
    }

    /// Whether the scanner has still to look at what a push or a request asked for.
    pub async fn is_scan_queued(&self, repo: &RepoId, digest: &Digest) -> Result<bool> {
        Ok(self.store.get(queue::key(queue::SCAN, repo, digest)).await?.is_some())
    }

    /// Asks for a scan: it is IN_PROGRESS from here on. `seen` is the record that the caller decided by;
    /// false if there is another one by now, or the image is gone.
    pub async fn request_scan(
        &self,
        repo: &RepoId,
        digest: &Digest,
        scan_type: ScanType,
        seen: Option<&Versioned<ScanRecord>>,
    ) -> Result<bool> {
        let key = scan_key(repo, digest, scan_type);
        let record = ScanRecord::begun(self.clock.now(), seen);
        let txn = Txn::new()
            .when(Compare::exists(keys::image(repo, digest)))
            .when(Compare::unchanged(key.clone(), seen.map_or(0, |s| s.mod_revision)))
            .then(Op::put(key.clone(), Store::encode(&key, &record)?))
            .then(Op::put(queue::key(queue::SCAN, repo, digest), ""));
        Ok(self.store.txn(txn).await?.succeeded)
    }

    /// Says that the scan has begun. `None` if the image is gone, or the record another by now.
    pub async fn begin_scan(
        &self,
        repo: &RepoId,
        digest: &Digest,
        scan_type: ScanType,
        seen: Option<&Versioned<ScanRecord>>,
    ) -> Result<Option<Versioned<ScanRecord>>> {
        let key = scan_key(repo, digest, scan_type);
        let record = ScanRecord::begun(self.clock.now(), seen);
        let txn = Txn::new()
            .when(Compare::exists(keys::image(repo, digest)))
            .when(Compare::unchanged(key.clone(), seen.map_or(0, |s| s.mod_revision)))
            .then(Op::put(key.clone(), Store::encode(&key, &record)?));
        let done = self.store.txn(txn).await?;
        Ok(done.succeeded.then_some(Versioned { value: record, mod_revision: done.revision }))
    }

    /// Up to `limit` findings from number `from` on; empty once the scan is another one.
    pub async fn findings(
        &self,
        repo: &RepoId,
        digest: &Digest,
        scan_type: ScanType,
        record: &ScanRecord,
        from: usize,
        limit: usize,
    ) -> Result<Vec<Finding>> {
        let mut found = Vec::new();
        let first = record.starts.partition_point(|start| *start <= from).saturating_sub(1);
        for (chunk, start) in record.starts.iter().enumerate().skip(first) {
            if found.len() >= limit || *start >= from.saturating_add(limit) {
                break;
            }
            let key = chunk_key(repo, digest, scan_type, &record.id, chunk);
            let Some(kv) = self.store.get(key.clone()).await? else { return Ok(Vec::new()) };
            let all = inflate(&key, &kv.value)?;
            found.extend(all.into_iter().skip(from.saturating_sub(*start)).take(limit - found.len()));
        }
        Ok(found)
    }

    /// Writes what a scan came to. False, and nothing is changed, if the image is gone or the record is
    /// not the one that was `seen` (`None`: there was none) any more.
    ///
    /// `settled` is the queue's entry that this answers: it is taken out unless it was put anew meanwhile.
    /// `again`: the advisories that were used, to scan anew once there are others.
    pub async fn save_scan(
        &self,
        (repo, digest, scan_type): (&RepoId, &Digest, ScanType),
        seen: Option<&Versioned<ScanRecord>>,
        mut record: ScanRecord,
        findings: &[Finding],
        settled: Option<&Queued>,
        again: Option<&str>,
        events: Vec<Op>,
    ) -> Result<bool> {
        let image = || Compare::exists(keys::image(repo, digest));
        let (mut chunks, mut starts) = (Vec::new(), Vec::new());
        let mut rest = &findings[..findings.len().min(MAX_FINDINGS)];
        record.total = rest.len();
        while !rest.is_empty() {
            starts.push(record.total - rest.len());
            let (chunk, taken) = deflate(rest)?;
            chunks.push(chunk);
            rest = &rest[taken..];
        }
        record.id = hex_id(&*self.entropy, ID_DIGITS);
        record.starts = starts;
        for (n, chunk) in chunks.into_iter().enumerate() {
            let put = Op::put(chunk_key(repo, digest, scan_type, &record.id, n), chunk);
            if !self.store.txn(Txn::new().when(image()).then(put)).await?.succeeded {
                return Ok(false);
            }
        }
        let key = scan_key(repo, digest, scan_type);
        let all = findings_of(repo, digest, scan_type);
        let (before, after) = (format!("{all}{}:", record.id), format!("{all}{};", record.id));
        let end = format!("{};", all.trim_end_matches(':'));
        let again = match again {
            Some(database) => Op::put(keys::rescan(repo, digest), database.to_owned()),
            None => Op::delete(keys::rescan(repo, digest)),
        };
        let mut txn = Txn::new()
            .when(image())
            .when(Compare::unchanged(key.clone(), seen.map_or(0, |s| s.mod_revision)))
            .then(Op::put(key.clone(), Store::encode(&key, &record)?))
            // Those of the scan before, and of scans that were killed on the way.
            .then(Op::Delete(KeyRange::span(all.clone(), before)))
            .then(Op::Delete(KeyRange::span(after, end)))
            .then(again);
        txn.success.extend(events);
        if !self.store.txn(txn).await?.succeeded {
            return Ok(false);
        }
        if let Some(entry) = settled {
            // Put anew meanwhile: then it is looked at once more.
            self.unqueue(entry).await?;
        }
        Ok(true)
    }

    /// Images that were scanned to be scanned again, in the order of their keys.
    pub async fn outdated_scans(&self, after: Option<&str>, limit: usize) -> Result<Page<Outdated>> {
        let after = after.and_then(|key| key.strip_prefix(keys::RESCAN));
        let (kvs, more) = self.page(keys::RESCAN, after, limit).await?;
        let next = kvs.last().filter(|_| more).map(|kv| keys::RESCAN.to_owned() + &after_prefix(kv, keys::RESCAN));
        let read = |kv: &Arc<KeyValue>| {
            let entry = Queued::read(keys::RESCAN, kv)?;
            Some(Outdated { entry, database: String::from_utf8_lossy(&kv.value).into_owned() })
        };
        Ok(Page { items: kvs.iter().filter_map(read).collect(), next })
    }

    /// Asks for a look at all that a registry holds, since its scanning configuration is another.
    pub async fn queue_registry_scan(&self, registry: &RegistryId) -> Result<()> {
        let key = format!("{}{}/{}", queue::SCAN_REGISTRIES, registry.account, registry.region);
        self.store.put(key, "").await?;
        Ok(())
    }

    /// Registries that [`Registry::queue_registry_scan`] named, with the revision at which it did last.
    pub async fn registries_to_scan(&self) -> Result<Vec<(RegistryId, Revision)>> {
        let found = self.store.list(queue::SCAN_REGISTRIES).await?;
        let read = |kv: &Arc<KeyValue>| {
            let name = after_prefix(kv, queue::SCAN_REGISTRIES);
            let (account, region) = name.split_once('/')?;
            let registry = RegistryId { account: account.parse().ok()?, region: region.parse().ok()? };
            Some((registry, kv.mod_revision))
        };
        Ok(found.kvs.iter().filter_map(read).collect())
    }

    /// It was looked at, unless it was named anew since.
    pub async fn registry_queued(&self, registry: &RegistryId, seen: Revision) -> Result<()> {
        let key = format!("{}{}/{}", queue::SCAN_REGISTRIES, registry.account, registry.region);
        let txn = Txn::new().when(Compare::unchanged(key.clone(), seen)).then(Op::delete(key));
        self.store.txn(txn).await?;
        Ok(())
    }

    /// Puts images into the queue of scans, as their pushes would have.
    pub async fn queue_scans(&self, repo: &RepoId, images: &[Digest]) -> Result<()> {
        for some in images.chunks(QUEUE_BATCH) {
            let puts = some.iter().map(|digest| Op::put(queue::key(queue::SCAN, repo, digest), ""));
            let txn = Txn { success: puts.collect(), ..Txn::new() };
            self.store.txn(txn).await?;
        }
        Ok(())
    }

    pub async fn watch_registries_to_scan(&self) -> Result<gantry_store::Watch> {
        Ok(self.store.watch(KeyRange::prefix(queue::SCAN_REGISTRIES), 0).await?)
    }

    /// Watches the queue of scans from the store's present on.
    pub async fn watch_scan_queue(&self) -> Result<gantry_store::Watch> {
        Ok(self.store.watch(KeyRange::prefix(queue::SCAN), 0).await?)
    }
}

/// As many findings from the front as make one chunk, at least one, and how many those are.
fn deflate(findings: &[Finding]) -> Result<(Bytes, usize)> {
    let mut plain = vec![b'['];
    let mut taken = 0;
    for finding in findings {
        if taken > 0 {
            plain.push(b',');
        }
        serde_json::to_writer(&mut plain, finding).map_err(|e| Error::Internal(format!("a finding: {e}")))?;
        taken += 1;
        if plain.len() >= CHUNK {
            break;
        }
    }
    plain.push(b']');
    let mut packed = Vec::new();
    DeflateEncoder::new(&plain[..], Compression::fast())
        .read_to_end(&mut packed)
        .map_err(|e| Error::Internal(format!("findings: {e}")))?;
    Ok((packed.into(), taken))
}

fn inflate(key: &str, packed: &[u8]) -> Result<Vec<Finding>> {
    let plain = DeflateDecoder::new(packed).take(MAX_CHUNK);
    serde_json::from_reader(std::io::BufReader::new(plain)).map_err(|e| Error::Internal(format!("{key}: {e}")))
}
