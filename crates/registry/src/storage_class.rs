//! Archiving and restoring images, and when they were last pulled.

use std::collections::HashMap;

use gantry_base::Timestamp;
use gantry_blobs::Digest;
use gantry_store::{Compare, Op, Revision, Store, Txn};
use parking_lot::Mutex;

use crate::catalog::contended;
use crate::{Error, ImageRecord, Registry, RepoId, Result, keys, limits};

/// Pulls within this of the last recorded one are not recorded; ECR promises a day.
pub const PULL_GRAIN_MS: i64 = 3600 * 1000;
/// Images whose last recorded pull is known without a look at the store.
const KNOWN_PULLS: usize = 16 * 1024;

#[derive(Default)]
pub(crate) struct KnownPulls(Mutex<HashMap<(RepoId, Digest), Timestamp>>);

impl Registry {
    /// Puts an image into the archive: it can not be pulled until it is restored. `seen` is the
    /// revision that its record must have: [`Error::Changed`].
    pub async fn archive_image(&self, repo: &RepoId, digest: &Digest, seen: Option<Revision>) -> Result<ImageRecord> {
        let now = self.clock.now();
        self.change_image(repo, digest, seen, |record| {
            if !record.archived {
                record.archived = true;
                record.last_archived_at = Some(now);
            }
        })
        .await
    }

    /// Takes an image out of the archive, at once.
    pub async fn restore_image(&self, repo: &RepoId, digest: &Digest) -> Result<ImageRecord> {
        let now = self.clock.now();
        self.change_image(repo, digest, None, |record| {
            if record.archived {
                record.archived = false;
                record.last_activated_at = Some(now);
            }
        })
        .await
    }

    async fn change_image(
        &self,
        repo: &RepoId,
        digest: &Digest,
        seen: Option<Revision>,
        change: impl Fn(&mut ImageRecord) + Send,
    ) -> Result<ImageRecord> {
        let key = keys::image(repo, digest);
        for _ in 0..limits::MAX_TRIES {
            let Some(image) = self.image(repo, digest).await? else {
                self.repository(repo).await?;
                return Err(Error::ImageNotFound { name: repo.name.clone(), reference: digest.to_string() });
            };
            if seen.is_some_and(|seen| seen != image.mod_revision) {
                return Err(Error::Changed { digest: digest.clone() });
            }
            let mut record = image.value.clone();
            change(&mut record);
            if record == image.value {
                return Ok(record);
            }
            let txn = Txn::new()
                .when(Compare::unchanged(key.clone(), image.mod_revision))
                .then(Op::put(key.clone(), Store::encode(&key, &record)?));
            if self.store.txn(txn).await?.succeeded {
                return Ok(record);
            }
        }
        Err(contended(repo))
    }

    /// When an image was last recorded to be pulled.
    pub async fn last_pull(&self, repo: &RepoId, digest: &Digest) -> Result<Option<Timestamp>> {
        Ok(self.store.get_as(&keys::pull(repo, digest)).await?.map(|at| at.value))
    }

    /// Records a pull, unless one was within [`PULL_GRAIN_MS`] or the caller's are left out.
    pub(crate) async fn record_pull(&self, repo: &RepoId, digest: &Digest, caller: &str) -> Result<()> {
        let now = self.clock.now();
        let recent = |at: Timestamp| now.since_ms(at) < PULL_GRAIN_MS;
        let id = (repo.clone(), digest.clone());
        if self.pulls.0.lock().get(&id).copied().is_some_and(recent) {
            return Ok(());
        }
        if self.is_pull_excluded(&repo.registry, caller).await? {
            return Ok(());
        }
        let key = keys::pull(repo, digest);
        let last = self.store.get_as::<Timestamp>(&key).await?.map(|at| at.value).filter(|&at| recent(at));
        if last.is_none() {
            let txn = Txn::new()
                .when(Compare::exists(keys::image(repo, digest)))
                .then(Op::put(key.clone(), Store::encode(&key, &now)?));
            self.store.txn(txn).await?;
        }
        let mut known = self.pulls.0.lock();
        if known.len() >= KNOWN_PULLS {
            known.clear();
        }
        known.insert(id, last.unwrap_or(now));
        Ok(())
    }
}
