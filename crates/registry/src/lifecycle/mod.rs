//! Lifecycle policies: keeping them, telling what they would do, and doing it.
//!
//! What always holds: a preview and a run decide by the same function over the same picture of a
//! repository; an image that was pushed or tagged after the picture was taken is left alone.

mod evaluate;
mod policy;

use std::collections::{BTreeMap, HashMap, HashSet};

use gantry_base::Timestamp;
use gantry_blobs::Digest;
use gantry_store::{Compare, KeyRange, KeyValue, Op, RangeRequest, Revision, Store, Txn, Versioned};
use serde::{Deserialize, Serialize};

use evaluate::{LifecycleImage, evaluate};
pub use policy::{Action, LifecyclePolicy};

use crate::catalog::{contended, not_found};
use crate::images::after_prefix;
use crate::queue::Origin;
use crate::records::TagRecord;
use crate::{Error, ImageRecord, Page, Registry, RepoId, Result, keys, limits};

/// A policy is run this often; ECR says within 24 hours.
pub const RUN_EVERY_MS: i64 = 3600 * 1000;
/// How long a preview can be read.
const PREVIEW_SECS: i64 = 24 * 3600;
/// Keys that one read of a picture brings.
const PAGE: usize = 1000;
/// Results of a preview in one record.
const PREVIEW_CHUNK: usize = 200;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LifecycleRecord {
    /// As it was put.
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated_at: Option<Timestamp>,
}

/// One image that a policy would act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewResult {
    pub digest: Digest,
    pub tags: Vec<String>,
    pub pushed_at: Timestamp,
    pub archived: bool,
    pub priority: u32,
    pub expire: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewRecord {
    pub text: String,
    pub expiring: usize,
    pub archiving: usize,
    chunks: usize,
    id: String,
}

impl PreviewRecord {
    /// Tells one preview from the next.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LifecycleRun {
    pub expired: usize,
    pub archived: usize,
}

/// A repository as it was at one revision.
struct Picture {
    images: Vec<LifecycleImage>,
    /// Of each image's record.
    revisions: Vec<Revision>,
}

impl Registry {
    pub async fn lifecycle_policy(&self, repo: &RepoId) -> Result<Option<LifecycleRecord>> {
        match self.store.get_as(&keys::lifecycle(repo)).await? {
            Some(record) => Ok(Some(record.value)),
            None => self.repository(repo).await.map(|_| None),
        }
    }

    /// Sets or, with `None`, removes the policy; returns what was there. The text has been checked.
    pub async fn set_lifecycle_policy(&self, repo: &RepoId, text: Option<&str>) -> Result<Option<LifecycleRecord>> {
        let key = keys::lifecycle(repo);
        for _ in 0..limits::MAX_TRIES {
            let before = self.store.get_as::<LifecycleRecord>(&key).await?;
            let op = match text {
                Some(text) => {
                    let record = LifecycleRecord { text: text.to_owned(), evaluated_at: None };
                    Op::put(key.clone(), Store::encode(&key, &record)?)
                }
                None => Op::delete(key.clone()),
            };
            let txn = Txn::new()
                .when(Compare::exists(keys::repository(repo)))
                .when(Compare::unchanged(key.clone(), before.as_ref().map_or(0, |b| b.mod_revision)))
                .then(op);
            if self.store.txn(txn).await?.succeeded {
                return Ok(before.map(|b| b.value));
            }
            self.repository(repo).await?;
        }
        Err(contended(repo))
    }

    /// Runs every policy that is due.
    pub async fn run_lifecycle_policies(&self) -> Result<LifecycleRun> {
        let mut done = LifecycleRun::default();
        let mut after: Option<String> = None;
        loop {
            let (kvs, more) = self.page(keys::LIFECYCLES, after.as_deref(), PAGE).await?;
            for kv in &kvs {
                let name = after_prefix(kv, keys::LIFECYCLES);
                let Ok(repo) = name.parse::<RepoId>() else { continue };
                let record = Versioned::<LifecycleRecord>::decode(kv)?;
                let fresh = |at: Timestamp| self.clock.now().since_ms(at) < RUN_EVERY_MS;
                if record.value.evaluated_at.is_some_and(fresh) {
                    continue;
                }
                // One repository's trouble is not the others'.
                match self.run_lifecycle_policy(&repo, record).await {
                    Ok(run) => {
                        done.expired += run.expired;
                        done.archived += run.archived;
                    }
                    Err(error) => tracing::warn!(%error, %repo, "failed to run a lifecycle policy"),
                }
            }
            match kvs.last() {
                Some(last) if more => after = Some(after_prefix(last, keys::LIFECYCLES)),
                _ => return Ok(done),
            }
        }
    }

    async fn run_lifecycle_policy(&self, repo: &RepoId, record: Versioned<LifecycleRecord>) -> Result<LifecycleRun> {
        let policy = LifecyclePolicy::parse(&record.value.text).map_err(Error::Internal)?;
        let now = self.clock.now();
        let picture = self.picture(repo).await?;
        let mut done = LifecycleRun::default();
        for verdict in evaluate(&policy, &picture.images, now) {
            let (digest, seen) = (&picture.images[verdict.index].digest, picture.revisions[verdict.index]);
            let acted = match verdict.action {
                Action::Expire => {
                    self.delete_image_at(repo, digest, true, Some(seen), Origin::Push).await.map(|_| &mut done.expired)
                }
                Action::Archive => self.archive_image(repo, digest, Some(seen)).await.map(|_| &mut done.archived),
            };
            match acted {
                Ok(count) => *count += 1,
                // Pushed anew, gone, or named by an index since: the next run looks again.
                Err(Error::Changed { .. } | Error::ImageNotFound { .. } | Error::ReferencedByManifestList { .. }) => {}
                Err(e) => return Err(e),
            }
        }
        let key = keys::lifecycle(repo);
        let evaluated = LifecycleRecord { evaluated_at: Some(now), ..record.value };
        let txn = Txn::new()
            .when(Compare::unchanged(key.clone(), record.mod_revision))
            .then(Op::put(key.clone(), Store::encode(&key, &evaluated)?));
        // A policy that was put meanwhile is due by itself.
        self.store.txn(txn).await?;
        Ok(done)
    }

    async fn each_at(
        &self,
        revision: Revision,
        prefix: &str,
        mut see: impl FnMut(&KeyValue) -> Result<()> + Send,
    ) -> Result<()> {
        let mut range = KeyRange::prefix(prefix.to_owned());
        loop {
            let found = self.store.range(RangeRequest::new(range.clone()).at(revision).first(PAGE)).await?;
            for kv in &found.kvs {
                see(kv)?;
            }
            match found.kvs.last() {
                Some(last) if found.more => range.start = [&last.key[..], &[0]].concat().into(),
                _ => return Ok(()),
            }
        }
    }

    async fn picture(&self, repo: &RepoId) -> Result<Picture> {
        let at = self.store.revision().await?;
        let mut tags: HashMap<Digest, Vec<String>> = HashMap::new();
        let prefix = keys::tags(repo);
        self.each_at(at, &prefix, |kv| {
            let target = Versioned::<TagRecord>::decode(kv)?.value.digest;
            tags.entry(target).or_default().push(after_prefix(kv, &prefix));
            Ok(())
        })
        .await?;
        let mut pulls: HashMap<Digest, Timestamp> = HashMap::new();
        let prefix = keys::pulls(repo);
        self.each_at(at, &prefix, |kv| {
            pulls.insert(after_prefix(kv, &prefix).parse().map_err(Error::Digest)?, Versioned::decode(kv)?.value);
            Ok(())
        })
        .await?;
        // Which index names which image; entries outlive their index.
        let mut parents: Vec<(Digest, Digest)> = Vec::new();
        let prefix = keys::all_parents(repo);
        self.each_at(at, &prefix, |kv| {
            let text = after_prefix(kv, &prefix);
            let mut colons = text.match_indices(':').map(|(at, _)| at);
            let Some(middle) = colons.nth(1) else { return Ok(()) };
            let (child, parent) = (text[..middle].parse(), text[middle + 1..].parse());
            parents.push((child.map_err(Error::Digest)?, parent.map_err(Error::Digest)?));
            Ok(())
        })
        .await?;
        let (mut records, mut revisions) = (BTreeMap::new(), Vec::new());
        let prefix = keys::images(repo);
        self.each_at(at, &prefix, |kv| {
            let digest: Digest = after_prefix(kv, &prefix).parse().map_err(Error::Digest)?;
            let record = Versioned::<ImageRecord>::decode(kv)?;
            revisions.push((digest.clone(), record.mod_revision));
            records.insert(digest, record.value);
            Ok(())
        })
        .await?;
        let named: HashSet<Digest> =
            parents.into_iter().filter(|(_, parent)| records.contains_key(parent)).map(|(child, _)| child).collect();
        let revisions: BTreeMap<Digest, Revision> = revisions.into_iter().collect();
        let revisions = revisions.into_values().collect();
        let images = records.into_iter().map(|(digest, record)| LifecycleImage {
            tags: tags.remove(&digest).unwrap_or_default(),
            pushed_at: record.pushed_at,
            pulled_at: pulls.remove(&digest),
            archived_at: record.last_archived_at.filter(|_| record.archived),
            activated_at: record.last_activated_at,
            in_index: named.contains(&digest),
            subject: record.subject,
            digest,
        });
        Ok(Picture { images: images.collect(), revisions })
    }

    /// Works out what a policy would do now, and keeps it for a day.
    pub async fn preview_lifecycle_policy(&self, repo: &RepoId, text: &str) -> Result<PreviewRecord> {
        let policy = LifecyclePolicy::parse(text).map_err(Error::Internal)?;
        let mut picture = self.picture(repo).await?;
        let mut results = Vec::new();
        for verdict in evaluate(&policy, &picture.images, self.clock.now()) {
            let image = &mut picture.images[verdict.index];
            results.push(PreviewResult {
                digest: image.digest.clone(),
                tags: std::mem::take(&mut image.tags),
                pushed_at: image.pushed_at,
                archived: image.archived_at.is_some(),
                priority: verdict.priority,
                expire: verdict.action == Action::Expire,
            });
        }
        let expiring = results.iter().filter(|r| r.expire).count();
        let record = PreviewRecord {
            text: text.to_owned(),
            expiring,
            archiving: results.len() - expiring,
            chunks: results.len().div_ceil(PREVIEW_CHUNK),
            id: gantry_base::uuid(&*self.entropy),
        };
        let lease = self.store.engine().lease_grant(PREVIEW_SECS).await?;
        self.store.txn(Txn::new().then(Op::Delete(KeyRange::prefix(keys::preview_results(repo))))).await?;
        for (n, chunk) in results.chunks(PREVIEW_CHUNK).enumerate() {
            self.put_leased(repo, keys::preview_result(repo, &record.id, n), &chunk, lease).await?;
        }
        self.put_leased(repo, keys::preview(repo), &record, lease).await?;
        Ok(record)
    }

    async fn put_leased<T: Serialize>(&self, repo: &RepoId, key: String, value: &T, lease: i64) -> Result<()> {
        let value = Store::encode(&key, value)?;
        let put = Op::Put { key: key.into(), value, lease };
        let txn = Txn::new().when(Compare::exists(keys::repository(repo))).then(put);
        if self.store.txn(txn).await?.succeeded { Ok(()) } else { Err(not_found(repo)) }
    }

    /// The last preview; `None` if there is none or it is over a day old.
    pub async fn lifecycle_preview(&self, repo: &RepoId) -> Result<Option<PreviewRecord>> {
        match self.store.get_as(&keys::preview(repo)).await? {
            Some(record) => Ok(Some(record.value)),
            None => self.repository(repo).await.map(|_| None),
        }
    }

    /// Results of a preview after the position `after`, which a page's `next` gives, that `fits` lets through.
    pub async fn lifecycle_preview_results(
        &self,
        repo: &RepoId,
        preview: &PreviewRecord,
        after: Option<&str>,
        limit: usize,
        fits: impl Fn(&PreviewResult) -> bool + Send,
    ) -> Result<Page<PreviewResult>> {
        let from: usize = after.and_then(|a| a.parse().ok()).unwrap_or(0);
        let mut items = Vec::new();
        for n in from / PREVIEW_CHUNK..preview.chunks {
            let chunk = self.store.get_as::<Vec<PreviewResult>>(&keys::preview_result(repo, &preview.id, n)).await?;
            for (at, result) in chunk.map(|c| c.value).unwrap_or_default().into_iter().enumerate() {
                let at = n * PREVIEW_CHUNK + at;
                if at < from || !fits(&result) {
                    continue;
                }
                if items.len() == limit {
                    return Ok(Page { items, next: Some(at.to_string()) });
                }
                items.push(result);
            }
        }
        Ok(Page { items, next: None })
    }
}
