//! Collecting blobs that nothing needs, while pushes go on.
//!
//! A repository's hold on a blob (its *link*) is needed while an image of that repository uses the
//! blob; bytes are needed while somebody holds or uses them. What always holds: a link that no image
//! uses has an *idle* entry, made when the blob came, when its last image went, or when the
//! repository was deleted. So a round looks at the idle entries that are due and at nothing else, and
//! costs what has changed since.
//!
//! A push is never waited for. A link goes only by a transaction that fails if an image was pushed to
//! the repository since the uses were looked at. Bytes go in three steps: the blob is condemned, then
//! looked at once more, then deleted; a push of a condemned blob waits for the moment this takes, and
//! one of a blob that is soon due makes itself known before it writes.
//!
//! Entries of uses outlive their images (a deleted repository's are far too many for one
//! transaction); whoever meets one looks whether the image is still there.

use std::time::{Duration, Instant};

use gantry_base::Timestamp;
use gantry_blobs::Digest;
use gantry_store::{Compare, KeyRange, KeyValue, Op, RangeRequest, Revision, Txn};

use crate::catalog::contended;
use crate::images::after_prefix;
use crate::{Error, Registry, RepoId, Result, keys, limits};

/// Entries that one read brings.
const PAGE: usize = 500;
/// Idle entries written in one transaction.
const MARK_BATCH: usize = 100;
/// Blobs looked at side by side.
const AT_ONCE: usize = 8;
/// Stored blobs that one round compares with what is known of them.
const WALK: usize = 500;
/// A round ends here and the next one goes on, so that it is over long before the lease is.
const ROUND: Duration = Duration::from_mins(1);
const LEASE_SECS: i64 = 300;
/// A push of a blob that is due sooner than this makes itself known before it writes the bytes.
const SOON_MS: i64 = 10 * 60 * 1000;
const _: () = assert!(SOON_MS < limits::DELETED_GRACE_MS, "an entry made later is due after the push");
/// How long a push waits for a condemned blob to be gone.
const CONDEMNED_WAIT: Duration = Duration::from_secs(10);

/// What one round did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// Holds of repositories on blobs that no image of theirs used.
    pub links: usize,
    /// Blobs whose bytes are gone.
    pub blobs: usize,
    /// Blobs found that nothing knew of; they go once they have been idle.
    pub strays: usize,
}

/// Whether an image needs a blob.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Live,
    /// A push has said that it will.
    Pending,
    None,
}

/// An idle entry as a round found it.
struct Idle {
    digest: Digest,
    /// `None` for bytes that nothing knew of.
    repo: Option<RepoId>,
    key: String,
    seen: Revision,
}

impl Idle {
    fn read(kv: &KeyValue) -> Option<Self> {
        let key = String::from_utf8_lossy(&kv.key).into_owned();
        // A digest has one colon and a repository's name none.
        let (digest, repo) = key.strip_prefix(keys::IDLE)?.rsplit_once(':')?;
        Some(Self { digest: digest.parse().ok()?, repo: repo.parse().ok(), seen: kv.mod_revision, key })
    }

    fn unchanged(&self) -> Compare {
        Compare::unchanged(self.key.clone(), self.seen)
    }
}

fn due(kv: &KeyValue) -> Timestamp {
    Timestamp::from_millis(std::str::from_utf8(&kv.value).ok().and_then(|t| t.parse().ok()).unwrap_or(0))
}

impl Registry {
    /// One round of collection. Safe to call at any time, and from several servers: one of them works.
    pub async fn collect(&self) -> Result<Collected> {
        let strays = self.find_strays().await?;
        if !self.has_work().await? {
            return Ok(Collected { strays, ..Collected::default() });
        }
        let lease = self.store.engine().lease_grant(LEASE_SECS).await?;
        let claim = Op::Put { key: keys::COLLECTOR.into(), value: bytes::Bytes::new(), lease };
        let claimed = self.store.txn(Txn::new().when(Compare::absent(keys::COLLECTOR)).then(claim)).await;
        let done = match claimed {
            Ok(txn) if txn.succeeded => self.collect_round().await,
            Ok(_) => Ok(Collected::default()),
            Err(e) => Err(e.into()),
        };
        self.store.engine().lease_revoke(lease).await?;
        done.map(|done| Collected { strays, ..done })
    }

    async fn has_work(&self) -> Result<bool> {
        if !self.is_empty(keys::CONDEMNED.to_owned()).await? {
            return Ok(true);
        }
        let mut after: Option<String> = None;
        loop {
            let (kvs, more) = self.page(keys::IDLE, after.as_deref(), PAGE).await?;
            let now = self.clock.now();
            if kvs.iter().any(|kv| due(kv) <= now) {
                return Ok(true);
            }
            match kvs.last() {
                Some(last) if more => after = Some(after_prefix(last, keys::IDLE)),
                _ => return Ok(false),
            }
        }
    }

    async fn collect_round(&self) -> Result<Collected> {
        let started = Instant::now();
        let mut done = Collected::default();
        // What a collector that was killed had begun.
        for kv in self.store.list(keys::CONDEMNED).await?.kvs {
            let key = String::from_utf8_lossy(&kv.key);
            if let Some(Ok(digest)) = key.strip_prefix(keys::CONDEMNED).map(str::parse) {
                done.blobs += usize::from(self.execute(&digest).await?);
            }
        }
        let mut after: Option<String> = None;
        loop {
            let (kvs, more) = self.page(keys::IDLE, after.as_deref(), PAGE).await?;
            after = kvs.last().map(|kv| after_prefix(kv, keys::IDLE));
            let now = self.clock.now();
            let due: Vec<Idle> = kvs.iter().filter(|kv| due(kv) <= now).filter_map(|kv| Idle::read(kv)).collect();
            let (links, blobs) = self.settle_all(due).await?;
            done.links += links;
            done.blobs += blobs;
            if !more || started.elapsed() > ROUND {
                return Ok(done);
            }
        }
    }

    /// Entries of one blob one after the other, different blobs side by side.
    async fn settle_all(&self, due: Vec<Idle>) -> Result<(usize, usize)> {
        let mut groups: Vec<Vec<Idle>> = Vec::new();
        for idle in due {
            match groups.last_mut() {
                Some(group) if group[0].digest == idle.digest => group.push(idle),
                _ => groups.push(vec![idle]),
            }
        }
        let (mut links, mut blobs) = (0, 0);
        let mut groups = groups.into_iter();
        let mut running = tokio::task::JoinSet::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(group) = groups.next()
            {
                let registry = self.clone();
                running.spawn(async move {
                    let mut done = (0, 0);
                    for idle in group {
                        let (link, blob) = registry.settle(&idle).await?;
                        done = (done.0 + usize::from(link), done.1 + usize::from(blob));
                    }
                    Ok::<_, Error>(done)
                });
            }
            let Some(settled) = running.join_next().await else { return Ok((links, blobs)) };
            let done = settled.map_err(|e| Error::Internal(format!("collection broke off: {e}")))??;
            links += done.0;
            blobs += done.1;
        }
    }

    /// Decides about one idle entry; tells whether the link and whether the bytes went.
    async fn settle(&self, idle: &Idle) -> Result<(bool, bool)> {
        let mut unlinked = false;
        if let Some(repo) = &idle.repo {
            let activity = self.store.get(keys::activity(repo)).await?.map_or(0, |kv| kv.mod_revision);
            let link = self.store.get(keys::blob(repo, &idle.digest)).await?;
            match self.need(&keys::uses_within(&idle.digest, repo)).await? {
                Need::Live => return self.forget_idle(idle).await.map(|()| (false, false)),
                Need::Pending => return Ok((false, false)),
                Need::None => {}
            }
            if let Some(link) = link {
                let txn = Txn::new()
                    .when(idle.unchanged())
                    .when(Compare::unchanged(link.key.clone(), link.mod_revision))
                    .when(Compare::unchanged(keys::activity(repo), activity))
                    .then(Op::delete(link.key.clone()));
                // Somebody pushed: the next round looks again.
                if !self.store.txn(txn).await?.succeeded {
                    return Ok((false, false));
                }
                unlinked = true;
            }
        }
        match self.need(&keys::uses(&idle.digest)).await? {
            Need::Live => self.forget_idle(idle).await?,
            Need::Pending => {}
            // The last of a blob's entries takes the bytes.
            Need::None if self.idle_entries(&idle.digest).await? > 1 => self.forget_idle(idle).await?,
            Need::None => {
                let txn = Txn::new()
                    .when(idle.unchanged())
                    .when(Compare::exists(keys::COLLECTOR))
                    .then(Op::delete(idle.key.clone()))
                    .then(Op::put(keys::condemned(&idle.digest), ""));
                if self.store.txn(txn).await?.succeeded {
                    return Ok((unlinked, self.execute(&idle.digest).await?));
                }
            }
        }
        Ok((unlinked, false))
    }

    async fn forget_idle(&self, idle: &Idle) -> Result<()> {
        self.store.txn(Txn::new().when(idle.unchanged()).then(Op::delete(idle.key.clone()))).await?;
        Ok(())
    }

    async fn idle_entries(&self, digest: &Digest) -> Result<usize> {
        let mut request = RangeRequest::new(KeyRange::prefix(keys::idle_of(digest)));
        request.count_only = true;
        Ok(self.store.range(request).await?.count)
    }

    /// Deletes a condemned blob's bytes unless somebody came in between.
    async fn execute(&self, digest: &Digest) -> Result<bool> {
        let wanted = self.idle_entries(digest).await? > 0 || !self.is_empty(keys::uses(digest)).await?;
        let gone = !wanted && self.blobs.delete(digest).await?;
        self.store.delete(keys::condemned(digest)).await?;
        Ok(gone)
    }

    /// Whether an image of the repository needs a blob, or one that is being pushed will.
    pub(crate) async fn needs_blob(&self, repo: &RepoId, digest: &Digest) -> Result<bool> {
        Ok(self.need(&keys::uses_within(digest, repo)).await? != Need::None)
    }

    /// Whether a pushed image of the repository has a blob.
    pub(crate) async fn has_image_with(&self, repo: &RepoId, digest: &Digest) -> Result<bool> {
        Ok(self.need(&keys::uses_within(digest, repo)).await? == Need::Live)
    }

    /// Whether an image needs a blob; entries of images that are gone are removed on the way.
    async fn need(&self, prefix: &str) -> Result<Need> {
        let mut need = Need::None;
        let mut after: Option<String> = None;
        // Mostly the first few tell: a layer that is shared by very many images is mostly live.
        let mut limit = 4;
        loop {
            let (kvs, more) = self.page(prefix, after.as_deref(), limit).await?;
            limit = MARK_BATCH / 2;
            let mut stale = Txn::new();
            for kv in &kvs {
                if self.is_live(kv).await? {
                    return Ok(Need::Live);
                }
                if due(kv).plus_ms(limits::UPLOADED_GRACE_MS) > self.clock.now() {
                    need = Need::Pending;
                } else {
                    stale = stale
                        .when(Compare::unchanged(kv.key.clone(), kv.mod_revision))
                        .then(Op::delete(kv.key.clone()));
                }
            }
            if !stale.success.is_empty() && !self.store.txn(stale).await?.succeeded {
                // One of them was written again.
                return Ok(Need::Pending);
            }
            match kvs.last() {
                Some(last) if more => after = Some(after_prefix(last, prefix)),
                _ => return Ok(need),
            }
        }
    }

    /// Whether the image of an entry of use is there.
    async fn is_live(&self, entry: &KeyValue) -> Result<bool> {
        let Some((repo, image)) = read_use(&entry.key) else { return Ok(false) };
        let mut request = RangeRequest::new(KeyRange::prefix(keys::images(&repo) + &image)).first(1);
        request.keys_only = true;
        Ok(!self.store.range(request).await?.kvs.is_empty())
    }

    /// Looks through a page of the stored blobs for such as nothing knows of: a server was killed
    /// between their bytes and their record. The next round goes on where this one ends.
    async fn find_strays(&self) -> Result<usize> {
        let after = self.walked.lock().clone();
        let found = self.blobs.list(after.as_ref(), WALK).await?;
        *self.walked.lock() = (found.len() == WALK).then(|| found.last().map(|b| b.digest.clone())).flatten();
        let mut strays = 0;
        for blob in found {
            if self.idle_entries(&blob.digest).await? > 0 {
                continue;
            }
            let (uses, _) = self.page(&keys::uses(&blob.digest), None, 1).await?;
            let repo = match uses.first() {
                Some(entry) if self.is_live(entry).await? => continue,
                Some(entry) => read_use(&entry.key).map(|(repo, _)| repo),
                None => None,
            };
            strays += 1;
            self.mark_idle(repo.as_ref(), std::iter::once(&blob.digest), limits::UPLOADED_GRACE_MS).await?;
        }
        Ok(strays)
    }

    /// Has these looked at after `grace_ms`. An entry for what is needed after all does no harm.
    pub(crate) async fn mark_idle(
        &self,
        repo: Option<&RepoId>,
        blobs: impl Iterator<Item = &Digest>,
        grace_ms: i64,
    ) -> Result<()> {
        let keys: Vec<String> = blobs.map(|blob| keys::idle(blob, repo)).collect();
        let mut batches = keys.chunks(MARK_BATCH / 2).map(<[String]>::to_vec);
        let mut running = tokio::task::JoinSet::new();
        loop {
            while running.len() < AT_ONCE
                && let Some(batch) = batches.next()
            {
                let registry = self.clone();
                running.spawn(async move { registry.mark_batch(&batch, grace_ms).await });
            }
            let Some(marked) = running.join_next().await else { return Ok(()) };
            marked.map_err(|e| Error::Internal(format!("marking idle blobs broke off: {e}")))??;
        }
    }

    async fn mark_batch(&self, batch: &[String], grace_ms: i64) -> Result<()> {
        for _ in 0..limits::MAX_TRIES {
            if self.try_mark(batch, self.clock.now().plus_ms(grace_ms)).await? {
                return Ok(());
            }
        }
        Err(Error::Contended { subject: "idle blobs".to_owned(), tries: limits::MAX_TRIES })
    }

    /// A later look that somebody has been promised stays. False: somebody wrote in between.
    async fn try_mark(&self, batch: &[String], look: Timestamp) -> Result<bool> {
        let mut txn = Txn::new();
        for key in batch {
            let there = self.store.get(key.clone()).await?;
            if there.as_ref().is_some_and(|kv| due(kv) >= look) {
                continue;
            }
            txn = txn
                .when(Compare::unchanged(key.clone(), there.map_or(0, |kv| kv.mod_revision)))
                .then(Op::put(key.clone(), look.millis().to_string()));
        }
        Ok(txn.success.is_empty() || self.store.txn(txn).await?.succeeded)
    }

    /// Marks all that a repository holds, before it is deleted.
    pub(crate) async fn mark_contents_idle(&self, repo: &RepoId) -> Result<()> {
        for prefix in [keys::blobs(repo), keys::images(repo)] {
            let mut after: Option<String> = None;
            loop {
                let (kvs, more) = self.page(&prefix, after.as_deref(), PAGE).await?;
                after = kvs.last().map(|kv| after_prefix(kv, &prefix));
                let digests: Vec<Digest> = kvs.iter().filter_map(|kv| after_prefix(kv, &prefix).parse().ok()).collect();
                self.mark_idle(Some(repo), digests.iter(), limits::DELETED_GRACE_MS).await?;
                if !more {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The put that a link or an upload's reservation carries: look again once the grace is over.
    pub(crate) fn idle_op(&self, repo: &RepoId, digest: &Digest) -> Op {
        let due = self.clock.now().plus_ms(limits::UPLOADED_GRACE_MS);
        Op::put(keys::idle(digest, Some(repo)), due.millis().to_string())
    }

    /// To be called before a blob's bytes are written: from here on they stay for [`SOON_MS`] at least.
    pub(crate) async fn keep(&self, repo: &RepoId, digest: &Digest) -> Result<()> {
        let soon = self.clock.now().plus_ms(SOON_MS);
        let entries = self.store.list(keys::idle_of(digest)).await?.kvs;
        let condemned = self.store.get(keys::condemned(digest)).await?.is_some();
        if !condemned && entries.iter().all(|kv| due(kv) > soon) {
            return Ok(());
        }
        for _ in 0..limits::MAX_TRIES {
            let txn = Txn::new().when(Compare::absent(keys::condemned(digest))).then(self.idle_op(repo, digest));
            if self.store.txn(txn).await?.succeeded {
                return Ok(());
            }
            self.condemned_gone(digest).await?;
        }
        Err(contended(repo))
    }

    async fn condemned_gone(&self, digest: &Digest) -> Result<()> {
        let key = keys::condemned(digest);
        let mut watch = self.store.watch(KeyRange::key(key.clone()), 0).await?;
        if self.store.get(key).await?.is_some() {
            // Whatever comes: the caller tries again.
            let _ = tokio::time::timeout(CONDEMNED_WAIT, watch.next()).await;
        }
        Ok(())
    }

    /// Bytes of a blob whose being there a client now relies on: it will not upload it again.
    pub async fn promise_blob(&self, repo: &RepoId, digest: &Digest) -> Result<u64> {
        let size = self.blob_size(repo, digest).await?;
        // Bytes that rotted have to come anew: a client that is told that they are there does not bring them.
        self.blobs.stat(digest).await?;
        let Some(idle) = self.store.get(keys::idle(digest, Some(repo))).await? else { return Ok(size) };
        if due(&idle) > self.clock.now().plus_ms(limits::UPLOADED_GRACE_MS / 2) {
            return Ok(size);
        }
        let txn = Txn::new()
            .when(Compare::exists(keys::blob(repo, digest)))
            .when(Compare::absent(keys::condemned(digest)))
            .then(self.idle_op(repo, digest));
        if self.store.txn(txn).await?.succeeded { Ok(size) } else { Err(Error::BlobNotFound(digest.clone())) }
    }

    /// What an entry of use holds that is written before its image: until when it may be waited for.
    pub(crate) fn pending_use(&self) -> String {
        self.clock.now().millis().to_string()
    }
}

/// `…/use/<blob>:<repository>:<image>`, where digests are cut short but keep their algorithm.
fn read_use(key: &[u8]) -> Option<(RepoId, String)> {
    let key = std::str::from_utf8(key).ok()?;
    let (rest, hex) = key.rsplit_once(':')?;
    let (rest, algorithm) = rest.rsplit_once(':')?;
    let (_, repo) = rest.rsplit_once(':')?;
    Some((repo.parse().ok()?, format!("{algorithm}:{hex}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_back() {
        let repo: RepoId = "000000000001/us-east-1/a/b".parse().unwrap();
        let (blob, image) = (Digest::sha256(b"x"), Digest::of(gantry_blobs::Algorithm::Sha512, b"y"));
        let (back, prefix) = read_use(keys::use_by(&blob, &repo, &image).as_bytes()).unwrap();
        assert_eq!(back, repo);
        assert!(image.as_str().starts_with(&prefix) && prefix.len() == "sha512:".len() + 32);
        for repo in [Some(repo), None] {
            let key = keys::idle(&blob, repo.as_ref());
            let kv = KeyValue {
                key: key.clone().into(),
                value: "12".into(),
                create_revision: 1,
                mod_revision: 1,
                version: 1,
                lease: 0,
            };
            let idle = Idle::read(&kv).unwrap();
            assert_eq!((idle.digest, idle.repo, idle.key), (blob.clone(), repo, key));
            assert_eq!(due(&kv), Timestamp::from_millis(12));
        }
    }
}
