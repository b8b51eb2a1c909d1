//! The registry's handle, and reading from inside this process.

use std::sync::Arc;

use bytes::Bytes;
use gantry_base::{SharedClock, SharedEntropy, Timestamp};
use gantry_blobs::{BlobReader, Blobs, Digest};
use gantry_store::Store;

use crate::cache::ManifestCache;
use crate::{Access, Error, ImageRecord, Reference, RegistryNames, RepoId, Result};

/// What the registry will not exceed, whatever it is asked.
pub mod limits {
    /// Bytes of one manifest (OCI Distribution's suggested limit, and ECR's).
    pub const MAX_MANIFEST: usize = 4 * 1024 * 1024;
    /// Blobs or images that one manifest may name.
    pub const MAX_REFERENCES: usize = 4096;
    /// Bytes of a referrer's descriptor, which carries the manifest's annotations.
    pub const MAX_REFERRER: usize = 256 * 1024;
    /// Tags of one image (ECR's quota).
    pub const MAX_IMAGE_TAGS: usize = 1000;
    /// Tags given in one push.
    pub const MAX_PUSHED_TAGS: usize = 10;
    /// Tags in one page of a tag list.
    pub const MAX_TAG_PAGE: usize = 1000;
    /// Principals whose pulls are not recorded (ECR's quota).
    pub const MAX_PULL_EXCLUSIONS: usize = 100;
    /// Referrers in one page.
    pub const MAX_REFERRER_PAGE: usize = 200;
    /// Scopes of one bearer token.
    pub const MAX_TOKEN_SCOPES: usize = 100;
    /// How often a write starts anew because somebody else wrote in between.
    pub const MAX_TRIES: usize = 64;
    /// Seconds that a body may go without a byte.
    pub const BODY_IDLE_SECS: u64 = 120;
    /// Seconds after which an upload that nobody writes to is removed.
    pub const UPLOAD_IDLE_SECS: u64 = 24 * 3600;
    /// How long a blob stays that no image names yet: its push may be slow.
    pub const UPLOADED_GRACE_MS: i64 = 24 * 3600 * 1000;
    /// How long the blobs of a deleted image stay. A client that asks for one of them meanwhile is
    /// promised it anew.
    pub const DELETED_GRACE_MS: i64 = 15 * 60 * 1000;
}

/// One handle for every registry of this server. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    pub(crate) store: Store,
    pub(crate) blobs: Arc<dyn Blobs>,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: SharedEntropy,
    pub(crate) names: Arc<RegistryNames>,
    cache: Arc<ManifestCache>,
    pub(crate) pulls: Arc<crate::storage_class::KnownPulls>,
    /// Where the search for stray blobs has come to.
    pub(crate) walked: Arc<parking_lot::Mutex<Option<Digest>>>,
    /// After which blob scrubbing goes on: `Some(None)` is the first one, `None` not known yet.
    pub(crate) scrubbed: Arc<parking_lot::Mutex<Option<Option<Digest>>>>,
}

/// A manifest's bytes with what they are.
#[derive(Clone, Debug)]
pub struct ResolvedManifest {
    pub digest: Digest,
    pub media_type: String,
    pub bytes: Bytes,
}

/// An image that a tag or digest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub digest: Digest,
    pub record: ImageRecord,
    /// Of a tag that a cache rule brought: when upstream was last seen to have it so.
    pub checked_at: Option<Timestamp>,
}

impl Registry {
    pub fn new(
        store: Store,
        blobs: Arc<dyn Blobs>,
        clock: SharedClock,
        entropy: SharedEntropy,
        names: RegistryNames,
    ) -> Self {
        Self {
            store,
            blobs,
            clock,
            entropy,
            names: Arc::new(names),
            cache: Arc::default(),
            pulls: Arc::default(),
            walked: Arc::default(),
            scrubbed: Arc::default(),
        }
    }

    pub fn names(&self) -> &RegistryNames {
        &self.names
    }

    /// Binds the registry to who decides about access, for serving the wire.
    pub fn with_access(self, access: Arc<dyn Access>) -> crate::wire::Wire {
        crate::wire::Wire::new(self, access)
    }

    /// [`Registry::resolve_for`] nobody whose pulls might be left out: this process itself.
    pub async fn resolve(&self, repo: &RepoId, reference: &Reference) -> Result<ResolvedManifest> {
        self.resolve_for(repo, reference, "").await
    }

    /// The manifest behind a tag or digest, to be pulled by `caller`, an ARN. The caller has seen to
    /// authorisation.
    ///
    /// [`Error::RepositoryNotFound`], [`Error::ImageNotFound`], [`Error::Archived`].
    pub async fn resolve_for(&self, repo: &RepoId, reference: &Reference, caller: &str) -> Result<ResolvedManifest> {
        let found = self.find(repo, reference).await?;
        self.resolve_found(repo, found, caller).await
    }

    pub(crate) async fn resolve_found(&self, repo: &RepoId, found: Found, caller: &str) -> Result<ResolvedManifest> {
        let Found { digest, record, .. } = found;
        if record.archived {
            return Err(Error::Archived { digest });
        }
        let bytes = self.manifest_bytes(&digest).await?;
        if let Err(error) = self.record_pull(repo, &digest, caller).await {
            // The pull itself is none the worse for it.
            tracing::warn!(%error, %repo, "failed to record a pull");
        }
        Ok(ResolvedManifest { digest, media_type: record.media_type, bytes })
    }

    /// The manifest behind a tag or digest for our own use: it counts as no pull, and an archived one is read.
    pub async fn peek(&self, repo: &RepoId, reference: &Reference) -> Result<ResolvedManifest> {
        let (digest, record) = self.locate(repo, reference).await?;
        let bytes = self.manifest_bytes(&digest).await?;
        Ok(ResolvedManifest { digest, media_type: record.media_type, bytes })
    }

    /// The image behind a tag or digest, without its manifest.
    pub async fn locate(&self, repo: &RepoId, reference: &Reference) -> Result<(Digest, ImageRecord)> {
        let found = self.find(repo, reference).await?;
        Ok((found.digest, found.record))
    }

    /// [`Registry::locate`], and when upstream was asked about the tag.
    ///
    /// [`Error::RepositoryNotFound`], [`Error::ImageNotFound`].
    pub async fn find(&self, repo: &RepoId, reference: &Reference) -> Result<Found> {
        let (digest, checked_at) = match reference {
            Reference::Digest(digest) => (Some(digest.clone()), None),
            Reference::Tag(tag) => match self.tag_record(repo, tag).await? {
                Some(tag) => (Some(tag.digest), tag.checked_at),
                None => (None, None),
            },
        };
        let found = match digest {
            Some(digest) => {
                let record = self.image(repo, &digest).await?;
                record.map(|record| Found { digest, record: record.value, checked_at })
            }
            None => None,
        };
        match found {
            Some(found) => Ok(found),
            None => {
                self.repository(repo).await?;
                Err(Error::ImageNotFound { name: repo.name.clone(), reference: reference.to_string() })
            }
        }
    }

    /// A blob of a repository, or a span of it. For unpacking on this machine without a copy see
    /// [`Registry::local_blob`].
    pub async fn open_blob(&self, repo: &RepoId, digest: &Digest, span: std::ops::Range<u64>) -> Result<BlobReader> {
        self.blob_size(repo, digest).await?;
        Ok(self.blobs.open(digest, span).await?)
    }

    /// A blob as a file of this machine, where the blob engine has one.
    pub async fn local_blob(&self, repo: &RepoId, digest: &Digest) -> Result<Option<std::fs::File>> {
        self.blob_size(repo, digest).await?;
        Ok(self.blobs.local_file(digest).await?)
    }

    /// The bytes of a manifest or of a small blob.
    pub(crate) async fn manifest_bytes(&self, digest: &Digest) -> Result<Bytes> {
        if let Some(bytes) = self.cache.get(digest) {
            return Ok(bytes);
        }
        let reader = self.blobs.open(digest, 0..u64::MAX).await?;
        let bytes = reader
            .read_to_end(limits::MAX_MANIFEST)
            .await
            .map_err(|e| Error::Internal(format!("failed to read manifest {digest}: {e}")))?;
        // Four MiB at the most, once per cache miss: a manifest that rotted on disk must not be served.
        let actual = Digest::of(digest.algorithm(), &bytes);
        if actual != *digest {
            return Err(Error::Internal(format!("manifest {digest} has become {actual} on disk")));
        }
        self.cache.insert(digest, bytes.clone());
        Ok(bytes)
    }

    pub(crate) fn remember(&self, digest: &Digest, bytes: &Bytes) {
        // A copy: the pushed bytes may be a slice of a much larger network buffer.
        self.cache.insert(digest, Bytes::copy_from_slice(bytes));
    }

    /// Removes uploads that nobody came back to; to be called now and then.
    pub async fn expire_uploads(&self) -> Result<usize> {
        Ok(self.blobs.expire_uploads(limits::UPLOAD_IDLE_SECS).await?)
    }
}
