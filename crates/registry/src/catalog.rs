//! Repositories, their policies, and which blobs they hold.

use gantry_blobs::Digest;
use gantry_store::{Compare, KeyRange, Op, RangeRequest, Store, Txn, Versioned};

use crate::records::{BlobLink, RepositoryRecord};
use crate::{Error, Registry, RegistryId, RepoId, Result, keys, limits};

/// One page of a list in key order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Where the next page starts after; `None` on the last page.
    pub next: Option<String>,
}

/// What a delete of a repository must find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepositoryDelete {
    /// [`Error::RepositoryNotEmpty`] if there are images.
    OnlyIfEmpty,
    /// With all images, as DeleteRepository's `force`.
    WithImages,
}

impl Registry {
    /// [`Error::RepositoryExists`].
    pub async fn create_repository(&self, registry: &RegistryId, record: &RepositoryRecord) -> Result<()> {
        let repo = RepoId::new(registry.clone(), record.name.clone());
        if !crate::is_repository_name(&repo.name) {
            return Err(Error::NameSyntax(repo.name));
        }
        if self.store.create_as(&keys::repository(&repo), record).await? {
            Ok(())
        } else {
            Err(Error::RepositoryExists { name: repo.name, account: repo.registry.account })
        }
    }

    /// [`Error::RepositoryNotFound`].
    pub async fn repository(&self, repo: &RepoId) -> Result<Versioned<RepositoryRecord>> {
        self.store.get_as(&keys::repository(repo)).await?.ok_or_else(|| not_found(repo))
    }

    /// Changes a repository's record by compare-and-swap; returns it as it is afterwards.
    pub async fn update_repository(
        &self,
        repo: &RepoId,
        mut change: impl FnMut(&mut RepositoryRecord) -> Result<()> + Send,
    ) -> Result<RepositoryRecord> {
        let updated = self
            .store
            .update(&keys::repository(repo), |record: Option<RepositoryRecord>| {
                let mut record = record.ok_or_else(|| not_found(repo))?;
                change(&mut record)?;
                Ok::<_, Error>(Some(record))
            })
            .await?;
        updated.ok_or_else(|| not_found(repo))
    }

    /// Repositories in the order of their names, after `after`.
    pub async fn repositories(
        &self,
        registry: &RegistryId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<RepositoryRecord>> {
        let (kvs, more) = self.page(&keys::repositories(registry), after, limit).await?;
        let mut items = Vec::with_capacity(kvs.len());
        for kv in &kvs {
            items.push(Versioned::<RepositoryRecord>::decode(kv)?.value);
        }
        let next = more.then(|| items.last().map(|r| r.name.clone())).flatten();
        Ok(Page { items, next })
    }

    /// The keys of a prefix after `after`, and whether there are more.
    pub(crate) async fn page(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<std::sync::Arc<gantry_store::KeyValue>>, bool)> {
        let mut range = KeyRange::prefix(prefix.to_owned());
        if let Some(after) = after {
            // The first key past `after`: nothing sorts between a key and itself with a zero byte.
            range.start = format!("{prefix}{after}\0").into();
        }
        // A limit of 0 means none to the store.
        let found = self.store.range(RangeRequest::new(range).first(limit.max(1))).await?;
        Ok((found.kvs, found.more))
    }

    pub(crate) async fn is_empty(&self, prefix: String) -> Result<bool> {
        Ok(self.store.range(RangeRequest::new(KeyRange::prefix(prefix)).first(1)).await?.kvs.is_empty())
    }

    /// Deletes a repository and all that is in it, in one transaction; returns its last record. The
    /// blobs' bytes stay until they are collected.
    pub async fn delete_repository(&self, repo: &RepoId, how: RepositoryDelete) -> Result<RepositoryRecord> {
        if how == RepositoryDelete::WithImages || self.is_empty(keys::images(repo)).await? {
            self.mark_contents_idle(repo).await?;
        }
        for _ in 0..limits::MAX_TRIES {
            let record = self.repository(repo).await?;
            let activity = self.store.get(keys::activity(repo)).await?.map_or(0, |kv| kv.mod_revision);
            if how == RepositoryDelete::OnlyIfEmpty && !self.is_empty(keys::images(repo)).await? {
                let (name, account) = (repo.name.clone(), repo.registry.account.clone());
                return Err(Error::RepositoryNotEmpty { name, account });
            }
            let mut txn = Txn::new()
                .when(Compare::unchanged(keys::repository(repo), record.mod_revision))
                .when(Compare::unchanged(keys::activity(repo), activity))
                .then(Op::delete(keys::repository(repo)))
                .then(Op::delete(keys::activity(repo)))
                .then(Op::delete(keys::policy(repo)))
                .then(Op::delete(keys::lifecycle(repo)));
            for prefix in keys::contents(repo) {
                txn = txn.then(Op::Delete(KeyRange::prefix(prefix)));
            }
            if self.store.txn(txn).await?.succeeded {
                return Ok(record.value);
            }
            self.mark_contents_idle(repo).await?;
        }
        Err(contended(repo))
    }

    /// The repository's policy as it was set. [`Error::RepositoryNotFound`].
    pub async fn repository_policy(&self, repo: &RepoId) -> Result<Option<String>> {
        match self.store.get(keys::policy(repo)).await? {
            Some(kv) => Ok(Some(String::from_utf8_lossy(&kv.value).into_owned())),
            None => self.repository(repo).await.map(|_| None),
        }
    }

    /// Sets or, with `None`, removes the policy; returns what it was. The text has been checked.
    pub async fn set_repository_policy(&self, repo: &RepoId, text: Option<&str>) -> Result<Option<String>> {
        for _ in 0..limits::MAX_TRIES {
            let before = self.store.get(keys::policy(repo)).await?;
            let op = match text {
                Some(text) => Op::put(keys::policy(repo), text.to_owned()),
                None => Op::delete(keys::policy(repo)),
            };
            let txn = Txn::new()
                .when(Compare::exists(keys::repository(repo)))
                .when(Compare::unchanged(keys::policy(repo), before.as_ref().map_or(0, |kv| kv.mod_revision)))
                .then(op);
            if self.store.txn(txn).await?.succeeded {
                return Ok(before.map(|kv| String::from_utf8_lossy(&kv.value).into_owned()));
            }
            self.repository(repo).await?;
        }
        Err(contended(repo))
    }

    /// Bytes of a blob that the repository holds. [`Error::BlobNotFound`], [`Error::RepositoryNotFound`].
    pub async fn blob_size(&self, repo: &RepoId, digest: &Digest) -> Result<u64> {
        match self.store.get_as::<BlobLink>(&keys::blob(repo, digest)).await? {
            Some(link) => Ok(link.value.size),
            None => {
                self.repository(repo).await?;
                Err(Error::BlobNotFound(digest.clone()))
            }
        }
    }

    /// Makes a stored blob one of the repository's, for as long as `from` holds it where that is given.
    ///
    /// [`Error::BlobNotFound`] if the bytes went meanwhile.
    pub(crate) async fn link_blob(
        &self,
        repo: &RepoId,
        digest: &Digest,
        size: u64,
        from: Option<&RepoId>,
    ) -> Result<()> {
        let key = keys::blob(repo, digest);
        let value = Store::encode(&key, &BlobLink { size })?;
        let mut txn = Txn::new()
            .when(Compare::exists(keys::repository(repo)))
            .when(Compare::absent(keys::condemned(digest)))
            .then(Op::put(key, value))
            .then(self.idle_op(repo, digest));
        if let Some(from) = from {
            txn = txn.when(Compare::exists(keys::blob(from, digest)));
        }
        if self.store.txn(txn).await?.succeeded {
            return Ok(());
        }
        self.repository(repo).await?;
        Err(Error::BlobNotFound(digest.clone()))
    }

    /// Takes a blob out of the repository. [`Error::BlobInUse`] while an image of it needs the blob, or one
    /// that is being pushed.
    pub(crate) async fn unlink_blob(&self, repo: &RepoId, digest: &Digest) -> Result<()> {
        for _ in 0..limits::MAX_TRIES {
            let activity = self.store.get(keys::activity(repo)).await?.map_or(0, |kv| kv.mod_revision);
            let Some(link) = self.store.get(keys::blob(repo, digest)).await? else {
                self.repository(repo).await?;
                return Err(Error::BlobNotFound(digest.clone()));
            };
            if self.needs_blob(repo, digest).await? {
                return Err(Error::BlobInUse(digest.clone()));
            }
            self.mark_idle(Some(repo), std::iter::once(digest), limits::DELETED_GRACE_MS).await?;
            let txn = Txn::new()
                .when(Compare::unchanged(link.key.clone(), link.mod_revision))
                .when(Compare::unchanged(keys::activity(repo), activity))
                .then(Op::delete(link.key.clone()));
            if self.store.txn(txn).await?.succeeded {
                return Ok(());
            }
        }
        Err(contended(repo))
    }

    /// Shares a blob of `from` with `to` without moving bytes; false if no image of `from` has it, or `from`
    /// is encrypted in another way or caches what is upstream.
    pub(crate) async fn mount_blob(&self, from: &RepoId, to: &RepoId, digest: &Digest) -> Result<bool> {
        let size = match self.blob_size(from, digest).await {
            Ok(size) => size,
            Err(Error::BlobNotFound(_) | Error::RepositoryNotFound { .. }) => return Ok(false),
            Err(e) => return Err(e),
        };
        // A blob that somebody merely uploaded is nobody's to take, and a cache's are not for mounting.
        if !self.has_image_with(from, digest).await? || self.cache_rule_for(from).await?.is_some() {
            return Ok(false);
        }
        // Bytes that rotted have to come anew.
        if matches!(self.blobs.stat(digest).await, Err(gantry_blobs::Error::NotFound(_))) {
            return Ok(false);
        }
        let target = self.repository(to).await?.value.encryption;
        match self.repository(from).await {
            Ok(source) if source.value.encryption == target => {}
            Ok(_) | Err(Error::RepositoryNotFound { .. }) => return Ok(false),
            Err(e) => return Err(e),
        }
        match self.link_blob(to, digest, size, Some(from)).await {
            Ok(()) => Ok(true),
            Err(Error::BlobNotFound(_)) => Ok(false),
            Err(e) => Err(e),
        }
    }
}

pub(crate) fn not_found(repo: &RepoId) -> Error {
    Error::RepositoryNotFound { name: repo.name.clone(), account: repo.registry.account.clone() }
}

pub(crate) fn contended(repo: &RepoId) -> Error {
    Error::Contended { subject: repo.to_string(), tries: limits::MAX_TRIES }
}
