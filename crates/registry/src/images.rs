//! Images: pushing, deleting and listing. Each write is one transaction (a delete of an image with
//! very many tags is several, each leaving a whole picture).

use bytes::Bytes;
use gantry_base::Timestamp;
use gantry_blobs::{Algorithm, Digest};
use gantry_store::{Compare, KeyRange, KeyValue, Op, RangeRequest, Revision, Store, Txn, Versioned};
use serde::{Deserialize, Serialize};

use crate::catalog::{contended, not_found};
use crate::queue::Origin;
use crate::records::{ImageRecord, RepositoryRecord, TagRecord};
use crate::{Error, Manifest, Page, Reference, Registry, RegistryId, RepoId, Result, keys, limits};

/// Compares or puts for one manifest's blobs and children in the transaction that adds it; what is
/// beyond is checked or written just before. Keeps the transaction within the store's limit.
const GUARDED: usize = 30;
/// Tags taken off an image in one transaction.
const UNTAG_BATCH: usize = 20;

/// An image to be pushed.
#[derive(Clone, Debug)]
pub struct NewImage {
    pub manifest: Bytes,
    /// As the client said it.
    pub content_type: Option<String>,
    pub tags: Vec<String>,
    /// What the manifest's digest must be; without it SHA-256 names the image.
    pub digest: Option<Digest>,
    pub origin: Origin,
}

#[derive(Clone, Debug)]
pub struct PutImage {
    pub digest: Digest,
    pub record: ImageRecord,
    /// The image, or one of the tags, was not there before.
    pub changed: bool,
}

/// An image of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageEntry {
    pub digest: Digest,
    pub record: ImageRecord,
    /// In order.
    pub tags: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedImage {
    pub digest: Digest,
    /// Tags that are gone with it.
    pub tags: Vec<String>,
    /// The image itself is gone, not only a tag.
    pub image_gone: bool,
}

/// A referrer as the referrers list shows it: an OCI descriptor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReferrerRecord {
    pub media_type: String,
    pub digest: Digest,
    pub size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub annotations: std::collections::BTreeMap<String, String>,
}

impl Registry {
    pub(crate) async fn image(&self, repo: &RepoId, digest: &Digest) -> Result<Option<Versioned<ImageRecord>>> {
        Ok(self.store.get_as(&keys::image(repo, digest)).await?)
    }

    pub(crate) async fn tag_target(&self, repo: &RepoId, tag: &str) -> Result<Option<(Digest, Revision)>> {
        let found = self.store.get_as::<TagRecord>(&keys::tag(repo, tag)).await?;
        Ok(found.map(|t| (t.value.digest, t.mod_revision)))
    }

    /// Stores a manifest and points tags at it. What it names must be there; its subject need not.
    pub async fn put_image(&self, repo: &RepoId, new: NewImage) -> Result<PutImage> {
        self.put_image_from(repo, new, None).await
    }

    /// `source` is the registry that a replica comes from.
    pub(crate) async fn put_image_from(
        &self,
        repo: &RepoId,
        new: NewImage,
        source: Option<&RegistryId>,
    ) -> Result<PutImage> {
        let repository = self.repository(repo).await?;
        let manifest = Manifest::parse(&new.manifest, new.content_type.as_deref())?;
        if new.tags.len() > limits::MAX_PUSHED_TAGS {
            return Err(Error::TooManyTags { limit: limits::MAX_PUSHED_TAGS });
        }
        if let Some(bad) = new.tags.iter().find(|t| !crate::is_tag(t)) {
            return Err(Error::TagSyntax(bad.chars().take(160).collect()));
        }
        let algorithm = new.digest.as_ref().map_or(Algorithm::Sha256, Digest::algorithm);
        let digest = Digest::of(algorithm, &new.manifest);
        if let Some(expected) = new.digest.filter(|d| *d != digest) {
            return Err(Error::ManifestDigest { expected, actual: digest });
        }
        let mut tags = new.tags;
        tags.sort();
        tags.dedup();
        // Refused before anything is written; checked again in the transaction.
        self.check_tags(repo, &repository.value, &tags, &digest).await?;
        let image_size = self.check_references(repo, &manifest, new.origin).await?;
        self.keep(repo, &digest).await?;
        self.blobs.put(&digest, new.manifest.clone()).await?;
        self.remember(&digest, &new.manifest);
        let record = ImageRecord {
            media_type: manifest.media_type.as_str().to_owned(),
            artifact_type: manifest.artifact_type.clone(),
            manifest_size: new.manifest.len() as u64,
            image_size,
            pushed_at: self.clock.now(),
            subject: manifest.subject.clone(),
            archived: false,
            last_archived_at: None,
            last_activated_at: None,
            replica: new.origin == Origin::Replication,
        };
        self.write_image(repo, digest, record, &manifest, &tags, (new.origin, source)).await
    }

    /// Every tag may be pointed at `digest`; returns where each points now.
    async fn check_tags(
        &self,
        repo: &RepoId,
        repository: &RepositoryRecord,
        tags: &[String],
        digest: &Digest,
    ) -> Result<Vec<Option<(Digest, Revision)>>> {
        let mut targets = Vec::with_capacity(tags.len());
        for tag in tags {
            let target = self.tag_target(repo, tag).await?;
            let moves = target.as_ref().is_some_and(|(at, _)| at != digest);
            if moves && repository.is_immutable(tag) {
                return Err(Error::TagImmutable { tag: tag.clone(), name: repo.name.clone() });
            }
            targets.push(target);
        }
        Ok(targets)
    }

    /// Every blob and child is in the repository; returns the image's size as ECR counts it. An index that
    /// came through a cache rule is kept without the images that nobody has asked for yet.
    async fn check_references(&self, repo: &RepoId, manifest: &Manifest, origin: Origin) -> Result<u64> {
        let (name, account) = (repo.name.clone(), repo.registry.account.clone());
        let mut missing = Vec::new();
        for digest in &manifest.blobs {
            if self.store.get(keys::blob(repo, digest)).await?.is_none() {
                missing.push(digest.clone());
            }
        }
        if !missing.is_empty() {
            return Err(Error::LayersNotFound { name, account, missing });
        }
        let mut largest = 0;
        for digest in &manifest.children {
            match self.image(repo, digest).await? {
                Some(child) => largest = child.value.image_size.max(largest),
                None if origin == Origin::PullThrough => {}
                None => missing.push(digest.clone()),
            }
        }
        if !missing.is_empty() {
            return Err(Error::ReferencedImagesNotFound { name, account, missing });
        }
        Ok(if manifest.media_type.is_index() { largest } else { manifest.image_size })
    }

    async fn write_image(
        &self,
        repo: &RepoId,
        digest: Digest,
        record: ImageRecord,
        manifest: &Manifest,
        tags: &[String],
        (origin, source): (Origin, Option<&RegistryId>),
    ) -> Result<PutImage> {
        let referrer = referrer_value(repo, &digest, &record, manifest)?;
        // What is beyond one transaction is said to be used before: collection waits for it.
        for blobs in manifest.blobs.get(GUARDED..).unwrap_or_default().chunks(GUARDED) {
            let mut txn =
                Txn::new().when(Compare::exists(keys::repository(repo))).then(Op::put(keys::activity(repo), ""));
            for blob in blobs {
                txn = txn.when(Compare::exists(keys::blob(repo, blob)));
                txn = txn.then(Op::put(keys::use_by(blob, repo, &digest), self.pending_use()));
            }
            if !self.store.txn(txn).await?.succeeded {
                self.repository(repo).await?;
                self.check_references(repo, manifest, origin).await?;
                return Err(contended(repo));
            }
        }
        // A parent entry whose index never comes does no harm: readers look whether the index exists.
        for children in manifest.children.get(GUARDED..).unwrap_or_default().chunks(GUARDED) {
            let mut txn = Txn::new().when(Compare::exists(keys::repository(repo)));
            for child in children {
                txn = txn.then(Op::put(keys::parent(repo, child, &digest), ""));
            }
            if !self.store.txn(txn).await?.succeeded {
                return Err(not_found(repo));
            }
        }
        for _ in 0..limits::MAX_TRIES {
            let repository = self.repository(repo).await?;
            let targets = self.check_tags(repo, &repository.value, tags, &digest).await?;
            let known = self.image(repo, &digest).await?;
            let added = targets.iter().filter(|t| t.as_ref().is_none_or(|(at, _)| *at != digest)).count();
            if added > 0 && known.is_some() {
                self.check_tag_count(repo, &digest, added).await?;
            }
            let is_new = known.is_none();
            let changed = is_new || added > 0 || known.as_ref().is_some_and(|k| k.value.archived);
            let image_key = keys::image(repo, &digest);
            // The same record again: it makes a delete of this image at the same moment start anew.
            // Pushing an archived image again restores it.
            let known = known.map(|mut k| {
                if k.value.archived {
                    (k.value.archived, k.value.last_activated_at) = (false, Some(self.clock.now()));
                }
                k.value.replica &= origin == Origin::Replication;
                k
            });
            let (guard, record) = match known {
                Some(known) => (Compare::unchanged(image_key.clone(), known.mod_revision), known.value),
                None => (Compare::absent(image_key.clone()), record.clone()),
            };
            let mut txn = Txn::new()
                .when(Compare::unchanged(keys::repository(repo), repository.mod_revision))
                .when(guard)
                .then(Op::put(image_key.clone(), Store::encode(&image_key, &record)?))
                .then(Op::put(keys::activity(repo), ""));
            for (tag, target) in tags.iter().zip(targets) {
                txn = point_tag(repo, txn, tag, &digest, target, self.checked_at(origin))?;
            }
            for blob in manifest.blobs.iter().take(GUARDED) {
                txn = txn.when(Compare::exists(keys::blob(repo, blob)));
                if is_new {
                    txn = txn.then(Op::put(keys::use_by(blob, repo, &digest), ""));
                }
            }
            if is_new {
                txn = txn
                    .when(Compare::absent(keys::condemned(&digest)))
                    .then(Op::put(keys::use_by(&digest, repo, &digest), ""));
            }
            for child in manifest.children.iter().take(GUARDED) {
                if origin != Origin::PullThrough {
                    txn = txn.when(Compare::exists(keys::image(repo, child)));
                }
                txn = txn.then(Op::put(keys::parent(repo, child, &digest), ""));
            }
            if let (Some(subject), Some(value)) = (&manifest.subject, &referrer) {
                txn = txn.then(Op::put(keys::referrer(repo, subject, &digest), value.clone()));
            }
            if changed {
                let media_types = (Some(record.media_type.as_str()), record.artifact_type.as_deref());
                let events = match source {
                    Some(source) => self.replication_events(repo, source, &digest, tags, "SUCCESS")?,
                    None => self.image_events(repo, &digest, "PUSH", tags, media_types)?,
                };
                let follow_ups = self.follow_ups(repo, &repository.value, &digest, origin).await?;
                txn.success.extend(events.into_iter().chain(follow_ups));
            }
            if self.store.txn(txn).await?.succeeded {
                return Ok(PutImage { digest, record, changed });
            }
            // A layer or child may have gone meanwhile: then say so instead of trying on.
            self.check_references(repo, manifest, origin).await?;
        }
        Err(contended(repo))
    }

    async fn check_tag_count(&self, repo: &RepoId, digest: &Digest, added: usize) -> Result<()> {
        let mut request = RangeRequest::new(KeyRange::prefix(keys::image_tags(repo, digest)));
        request.count_only = true;
        if self.store.range(request).await?.count + added > limits::MAX_IMAGE_TAGS {
            return Err(Error::TooManyTags { limit: limits::MAX_IMAGE_TAGS });
        }
        Ok(())
    }

    /// The tags of an image, in order.
    pub async fn image_tags(&self, repo: &RepoId, digest: &Digest) -> Result<Vec<String>> {
        let prefix = keys::image_tags(repo, digest);
        let mut request = RangeRequest::new(KeyRange::prefix(prefix.clone()));
        request.keys_only = true;
        Ok(self.store.range(request).await?.kvs.iter().map(|kv| after_prefix(kv, &prefix)).collect())
    }

    /// Images in the order of their digests, after `after`.
    pub async fn images(&self, repo: &RepoId, after: Option<&str>, limit: usize) -> Result<Page<ImageEntry>> {
        let prefix = keys::images(repo);
        let (kvs, more) = self.page(&prefix, after, limit).await?;
        if kvs.is_empty() {
            self.repository(repo).await?;
        }
        let mut items = Vec::with_capacity(kvs.len());
        for kv in &kvs {
            let digest: Digest = after_prefix(kv, &prefix).parse().map_err(Error::Digest)?;
            let tags = self.image_tags(repo, &digest).await?;
            items.push(ImageEntry { digest, record: Versioned::decode(kv)?.value, tags });
        }
        let next = more.then(|| items.last().map(|i| i.digest.to_string())).flatten();
        Ok(Page { items, next })
    }

    /// Tags in order, after `after`, with the digests they point at.
    pub async fn tags(&self, repo: &RepoId, after: Option<&str>, limit: usize) -> Result<Page<(String, Digest)>> {
        let prefix = keys::tags(repo);
        let (kvs, more) = self.page(&prefix, after, limit).await?;
        if kvs.is_empty() {
            self.repository(repo).await?;
        }
        let mut items = Vec::with_capacity(kvs.len());
        for kv in &kvs {
            items.push((after_prefix(kv, &prefix), Versioned::<TagRecord>::decode(kv)?.value.digest));
        }
        let next = more.then(|| items.last().map(|(tag, _)| tag.clone())).flatten();
        Ok(Page { items, next })
    }

    /// Referrers of an image, which need not be there, in the order of their digests after `after`; a
    /// page ends early where its annotations are very long.
    pub async fn referrers(
        &self,
        repo: &RepoId,
        subject: &Digest,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<ReferrerRecord>> {
        let (kvs, more) = self.page(&keys::referrers(repo, subject), after, limit).await?;
        if kvs.is_empty() {
            self.repository(repo).await?;
        }
        let (mut items, mut bytes, mut more) = (Vec::<ReferrerRecord>::new(), 0, more);
        for kv in &kvs {
            bytes += kv.value.len();
            if bytes > limits::MAX_MANIFEST && !items.is_empty() {
                more = true;
                break;
            }
            items.push(Versioned::decode(kv)?.value);
        }
        let next = more.then(|| items.last().map(|r| r.digest.to_string())).flatten();
        Ok(Page { items, next })
    }

    /// An index that still exists and names the image.
    pub async fn referencing_index(&self, repo: &RepoId, digest: &Digest) -> Result<Option<Digest>> {
        let prefix = keys::parents(repo, digest);
        let mut after: Option<String> = None;
        loop {
            let (kvs, more) = self.page(&prefix, after.as_deref(), limits::MAX_REFERRER_PAGE).await?;
            for kv in &kvs {
                let parent: Digest = after_prefix(kv, &prefix).parse().map_err(Error::Digest)?;
                if self.image(repo, &parent).await?.is_some() {
                    return Ok(Some(parent));
                }
            }
            match kvs.last() {
                Some(last) if more => after = Some(after_prefix(last, &prefix)),
                _ => return Ok(None),
            }
        }
    }

    /// Takes one tag off; the image stays.
    pub async fn delete_tag(&self, repo: &RepoId, tag: &str) -> Result<DeletedImage> {
        self.delete_tag_from(repo, tag, None, Origin::Push).await
    }

    /// `expected` is the digest that the tag must point at: [`Error::ImageNotFound`] if it does not.
    pub(crate) async fn delete_tag_from(
        &self,
        repo: &RepoId,
        tag: &str,
        expected: Option<&Digest>,
        origin: Origin,
    ) -> Result<DeletedImage> {
        for _ in 0..limits::MAX_TRIES {
            let target = self.tag_target(repo, tag).await?;
            let Some((digest, seen)) = target.filter(|(at, _)| expected.is_none_or(|e| e == at)) else {
                self.repository(repo).await?;
                return Err(Error::ImageNotFound { name: repo.name.clone(), reference: tag.to_owned() });
            };
            let txn = Txn::new()
                .when(Compare::unchanged(keys::tag(repo, tag), seen))
                .then(Op::delete(keys::tag(repo, tag)))
                .then(Op::delete(keys::image_tag(repo, &digest, tag)));
            let tags = vec![tag.to_owned()];
            let txn = self.tell_of_delete(txn, repo, &digest, &tags, false, origin).await?;
            if self.store.txn(txn).await?.succeeded {
                return Ok(DeletedImage { digest, tags, image_gone: false });
            }
        }
        Err(contended(repo))
    }

    /// Deletes an image with all its tags. The bytes stay until they are collected.
    ///
    /// With `keep_children`, an image that an index names stays: [`Error::ReferencedByManifestList`].
    pub async fn delete_image(&self, repo: &RepoId, digest: &Digest, keep_children: bool) -> Result<DeletedImage> {
        self.delete_image_at(repo, digest, keep_children, None, Origin::Push).await
    }

    /// `seen` is the revision that its record must have: [`Error::Changed`].
    pub(crate) async fn delete_image_at(
        &self,
        repo: &RepoId,
        digest: &Digest,
        keep_children: bool,
        seen: Option<Revision>,
        origin: Origin,
    ) -> Result<DeletedImage> {
        let mut gone = Vec::new();
        for _ in 0..limits::MAX_TRIES + limits::MAX_IMAGE_TAGS / UNTAG_BATCH {
            let Some(image) = self.image(repo, digest).await? else {
                self.repository(repo).await?;
                return Err(Error::ImageNotFound { name: repo.name.clone(), reference: digest.to_string() });
            };
            if seen.is_some_and(|seen| seen != image.mod_revision) {
                return Err(Error::Changed { digest: digest.clone() });
            }
            if keep_children && let Some(parent) = self.referencing_index(repo, digest).await? {
                return Err(Error::ReferencedByManifestList { digest: digest.clone(), parent });
            }
            let tags = self.image_tags(repo, digest).await?;
            let (now, last) = (&tags[..tags.len().min(UNTAG_BATCH)], tags.len() <= UNTAG_BATCH);
            let mut txn = Txn::new().when(Compare::unchanged(keys::image(repo, digest), image.mod_revision));
            for tag in now {
                txn = match self.tag_target(repo, tag).await? {
                    Some((at, seen)) if at == *digest => {
                        txn.when(Compare::unchanged(keys::tag(repo, tag), seen)).then(Op::delete(keys::tag(repo, tag)))
                    }
                    _ => txn,
                };
                txn = txn.then(Op::delete(keys::image_tag(repo, digest, tag)));
            }
            if last {
                txn = self.forget_image(repo, digest, &image.value, txn).await?;
            }
            txn = self.tell_of_delete(txn, repo, digest, now, last, origin).await?;
            if !self.store.txn(txn).await?.succeeded {
                continue;
            }
            gone.extend_from_slice(now);
            if last {
                return Ok(DeletedImage { digest: digest.clone(), tags: gone, image_gone: true });
            }
        }
        Err(contended(repo))
    }

    /// An image's manifest; `None` if its bytes cannot be read any more, since a delete must go on.
    pub(crate) async fn manifest(&self, digest: &Digest, record: &ImageRecord) -> Option<Manifest> {
        let read = match self.manifest_bytes(digest).await {
            Ok(bytes) => Manifest::parse(&bytes, Some(&record.media_type)),
            Err(e) => Err(e),
        };
        read.ok()
    }

    /// Takes a tag off as BatchDeleteImage does: with its last tag the image goes too.
    ///
    /// `expected` is the digest that the tag must point at: [`Error::ImageNotFound`] if it does not.
    pub async fn delete_tagged(&self, repo: &RepoId, tag: &str, expected: Option<&Digest>) -> Result<DeletedImage> {
        let missing = || Error::ImageNotFound { name: repo.name.clone(), reference: tag.to_owned() };
        for _ in 0..limits::MAX_TRIES {
            let Some((digest, seen)) = self.tag_target(repo, tag).await? else {
                self.repository(repo).await?;
                return Err(missing());
            };
            if expected.is_some_and(|e| *e != digest) {
                return Err(missing());
            }
            // Gone between the two reads: look again.
            let Some(image) = self.image(repo, &digest).await? else { continue };
            let image_gone = self.image_tags(repo, &digest).await?.len() <= 1;
            if image_gone && let Some(parent) = self.referencing_index(repo, &digest).await? {
                return Err(Error::ReferencedByManifestList { digest, parent });
            }
            let key = keys::image(repo, &digest);
            let mut txn = Txn::new()
                .when(Compare::unchanged(key.clone(), image.mod_revision))
                .when(Compare::unchanged(keys::tag(repo, tag), seen))
                .then(Op::delete(keys::tag(repo, tag)))
                .then(Op::delete(keys::image_tag(repo, &digest, tag)));
            if image_gone {
                txn = self.forget_image(repo, &digest, &image.value, txn).await?;
            } else {
                // Written again, so that of two deletes that each see the other's tag one starts anew.
                txn = txn.then(Op::put(key.clone(), Store::encode(&key, &image.value)?));
            }
            let tags = vec![tag.to_owned()];
            txn = self.tell_of_delete(txn, repo, &digest, &tags, image_gone, Origin::Push).await?;
            if self.store.txn(txn).await?.succeeded {
                return Ok(DeletedImage { digest, tags, image_gone });
            }
        }
        Err(contended(repo))
    }

    async fn tell_of_delete(
        &self,
        mut txn: Txn,
        repo: &RepoId,
        digest: &Digest,
        tags: &[String],
        image_gone: bool,
        origin: Origin,
    ) -> Result<Txn> {
        txn.success.extend(self.image_events(repo, digest, "DELETE", tags, (None, None))?);
        txn.success.extend(self.delete_follow_ups(repo, digest, tags, image_gone, origin).await?);
        Ok(txn)
    }

    /// What goes with an image besides its tags.
    async fn forget_image(&self, repo: &RepoId, digest: &Digest, image: &ImageRecord, mut txn: Txn) -> Result<Txn> {
        txn = txn.then(Op::delete(keys::image(repo, digest))).then(Op::delete(keys::pull(repo, digest)));
        txn.success.extend(crate::scans::forget(repo, digest));
        txn.success.push(crate::replication::forget(repo, digest));
        if let Some(subject) = &image.subject {
            txn = txn.then(Op::delete(keys::referrer(repo, subject, digest)));
        }
        let manifest = self.manifest(digest, image).await;
        let blobs = manifest.iter().flat_map(|m| &m.blobs).chain([digest]);
        self.mark_idle(Some(repo), blobs, limits::DELETED_GRACE_MS).await?;
        for child in manifest.iter().flat_map(|m| &m.children).take(GUARDED) {
            txn = txn.then(Op::delete(keys::parent(repo, child, digest)));
        }
        Ok(txn)
    }

    /// Deletes by tag or digest as the wire does: a tag alone, or an image with its tags.
    pub async fn delete_reference(&self, repo: &RepoId, reference: &Reference) -> Result<DeletedImage> {
        match reference {
            Reference::Tag(tag) => self.delete_tag(repo, tag).await,
            Reference::Digest(digest) => self.delete_image(repo, digest, false).await,
        }
    }
}

pub(crate) fn after_prefix(kv: &KeyValue, prefix: &str) -> String {
    String::from_utf8_lossy(kv.key.get(prefix.len()..).unwrap_or_default()).into_owned()
}

fn point_tag(
    repo: &RepoId,
    mut txn: Txn,
    tag: &str,
    digest: &Digest,
    target: Option<(Digest, Revision)>,
    checked_at: Option<Timestamp>,
) -> Result<Txn> {
    let key = keys::tag(repo, tag);
    let value = Store::encode(&key, &TagRecord { digest: digest.clone(), checked_at })?;
    txn = txn.when(Compare::unchanged(key.clone(), target.as_ref().map_or(0, |(_, seen)| *seen)));
    match target {
        Some((at, _)) if at == *digest => return Ok(txn),
        Some((at, _)) => txn = txn.then(Op::delete(keys::image_tag(repo, &at, tag))),
        None => {}
    }
    Ok(txn.then(Op::put(key, value)).then(Op::put(keys::image_tag(repo, digest, tag), "")))
}

fn referrer_value(repo: &RepoId, digest: &Digest, record: &ImageRecord, manifest: &Manifest) -> Result<Option<Bytes>> {
    let Some(subject) = &manifest.subject else { return Ok(None) };
    let value = Store::encode(
        &keys::referrer(repo, subject, digest),
        &ReferrerRecord {
            media_type: record.media_type.clone(),
            digest: digest.clone(),
            size: record.manifest_size,
            artifact_type: manifest.artifact_type.clone(),
            annotations: manifest.annotations.clone(),
        },
    )?;
    if value.len() > limits::MAX_REFERRER {
        let limit = limits::MAX_REFERRER;
        return Err(Error::ManifestInvalid(format!("a referrer's annotations may have at most {limit} bytes")));
    }
    Ok(Some(value))
}
