//! Work that a push leaves for others: images to scan and to replicate.
//!
//! The push's own transaction puts the entry, so that no image is forgotten, whoever is killed when.
//! A worker goes through its queue (and watches it for more), does what the image as it is *then* asks
//! for, and takes the entry out if it is still the one that it saw: a push meanwhile puts it anew.
//! Entries of images that are gone are for the worker to drop.

use gantry_blobs::Digest;
use gantry_store::{Compare, KeyValue, Op, Revision, Txn};

use crate::records::RepositoryRecord;
use crate::settings::setting;
use crate::{Page, Registry, RegistryId, RepoId, Result};

/// Images that scan-on-push or a rule of the registry may want scanned.
pub const SCAN: &str = "/aws/ecr-queue/scan/";
/// Registries whose scanning configuration has changed: what they hold already may be to be scanned now.
pub const SCAN_REGISTRIES: &str = "/aws/ecr-scan-registry/";
/// Images of registries that have replication rules.
pub const REPLICATE: &str = "/aws/ecr-queue/replicate/";

/// How an image came. What was replicated here is not replicated on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    #[default]
    Push,
    PullThrough,
    Replication,
}

/// One entry of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    pub repo: RepoId,
    pub digest: Digest,
    pub key: String,
    /// The revision at which it was put last.
    pub seen: Revision,
}

impl Queued {
    /// Reads an entry of `queue`; `None` if the key is none.
    pub fn read(queue: &str, kv: &KeyValue) -> Option<Self> {
        let key = std::str::from_utf8(&kv.key).ok()?;
        // A digest has one colon and a repository's name none.
        let (repo, digest) = key.strip_prefix(queue)?.split_once(':')?;
        Some(Self {
            repo: repo.parse().ok()?,
            digest: digest.parse().ok()?,
            key: key.to_owned(),
            seen: kv.mod_revision,
        })
    }

    /// Takes the entry out with the transaction that settles it, unless it was put anew meanwhile.
    pub fn settle(&self, txn: Txn) -> Txn {
        txn.when(Compare::unchanged(self.key.clone(), self.seen)).then(Op::delete(self.key.clone()))
    }
}

/// `<queue><account>/<region>/<repository>:<digest>`
pub fn key(queue: &str, repo: &RepoId, digest: &Digest) -> String {
    format!("{queue}{repo}:{digest}")
}

impl Registry {
    /// Entries in the order of their keys, after `after` (a key).
    pub async fn queued(&self, queue: &str, after: Option<&str>, limit: usize) -> Result<Page<Queued>> {
        let after = after.and_then(|key| key.strip_prefix(queue));
        let (kvs, more) = self.page(queue, after, limit).await?;
        let next = kvs.last().filter(|_| more).map(|kv| String::from_utf8_lossy(&kv.key).into_owned());
        Ok(Page { items: kvs.iter().filter_map(|kv| Queued::read(queue, kv)).collect(), next })
    }

    /// Takes an entry out; false if it was put anew meanwhile, or is gone already.
    pub async fn unqueue(&self, entry: &Queued) -> Result<bool> {
        Ok(self.store.txn(entry.settle(Txn::new())).await?.succeeded)
    }

    /// What a push of an image leaves for others.
    pub(crate) async fn follow_ups(
        &self,
        repo: &RepoId,
        repository: &RepositoryRecord,
        digest: &Digest,
        origin: Origin,
    ) -> Result<Vec<Op>> {
        let mut ops = Vec::new();
        if repository.scan_on_push || self.is_set(&repo.registry, setting::SCANNING).await? {
            ops.push(Op::put(key(SCAN, repo, digest), ""));
        }
        if origin != Origin::Replication && self.is_set(&repo.registry, setting::REPLICATION).await? {
            ops.push(Op::put(key(REPLICATE, repo, digest), ""));
        }
        Ok(ops)
    }

    async fn is_set(&self, registry: &RegistryId, name: &str) -> Result<bool> {
        Ok(self.store.get(crate::keys::setting(registry, name)).await?.is_some())
    }
}
