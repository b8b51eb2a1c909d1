//! The engine on any S3-compatible store, so that several servers share one set of blobs.
//!
//! Objects: `blobs/<algorithm>/<hex>`, and while an upload is under way `uploads/<id>/…`: its state, a tail
//! that is too short for a part, and for a moment the completed bytes. A multipart upload is invisible until
//! it is completed, and it is completed under the upload's own key: only after the digest was compared do
//! bytes come to be under `blobs/`. All of an upload's state is in the bucket, so another server can go on
//! with it; a state is only ever replaced by one that knew it (`If-Match`), so that of two servers that
//! write to one upload one is refused.
//!
//! Bytes are compared with their digest when they come, and at the first read by this process; after that
//! reads demand the same ETag (see [`proven`]).

mod copy;
mod http;
mod place;
mod proven;
mod read;
mod upload;

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta, ObjectStoreExt, PutPayload};
use tokio::sync::Semaphore;

use crate::fs::run_blocking;
use crate::limits::{CHECKS_AT_ONCE, LIST_PAGE};
use crate::sessions::Sessions;
use crate::{Algorithm, BlobReader, BlobStat, Blobs, Digest, Error, Result, Upload, UploadId};
use place::Names;
pub use place::{S3Key, S3Options};
use proven::Proven;

/// Bytes of one part; S3 wants 5 MiB at least and 10,000 parts at most, and all but the last alike suits every
/// compatible store. One part may be gathered while another is sent: two per upload.
pub const PART: usize = 6 * 1024 * 1024;
const _: () = assert!(crate::limits::MAX_BLOB / PART as u64 + 1 < 10_000, "the largest blob fits S3's 10,000 parts");

/// Marked by the ETag of the state that describes the parts.
type S3Sessions = Sessions<Option<String>>;

/// Blobs in a bucket. Cheap to clone.
#[derive(Clone)]
pub struct S3Blobs {
    bucket: Arc<Bucket>,
}

/// The bucket, and what this process knows of it.
struct Bucket {
    store: AmazonS3,
    names: Names,
    sessions: Arc<S3Sessions>,
    proven: Proven,
    checks: Semaphore,
    /// Larger objects are copied through this process, because S3 copies none in one step.
    copy_limit: u64,
}

/// S3's own limit for CopyObject: 5 GiB
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>).
const COPY_LIMIT: u64 = 5 * 1024 * 1024 * 1024;

/// A store that says nothing for so long is not there, or not reachable from here.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);

impl S3Blobs {
    /// Looks whether the bucket answers. [`Error::Address`], [`Error::Store`].
    pub async fn open(options: &S3Options) -> Result<Self> {
        Self::open_with(options, COPY_LIMIT).await
    }

    /// For tests: with another size up to which the store copies.
    #[doc(hidden)]
    pub async fn open_with(options: &S3Options, copy_limit: u64) -> Result<Self> {
        let bucket = Bucket {
            store: options.connect()?,
            names: Names::new(&options.prefix),
            sessions: Arc::default(),
            proven: Proven::default(),
            checks: Semaphore::new(CHECKS_AT_ONCE),
            copy_limit,
        };
        let address = format!("s3://{}", options.bucket);
        // A listing fails where there is no such bucket; a look at one object might not.
        let listed = tokio::time::timeout(OPEN_TIMEOUT, bucket.page(&bucket.names.uploads(), None, 1)).await;
        listed.map_err(|_| Error::Address { address, reason: "it does not answer".to_owned() })??;
        Ok(Self { bucket: Arc::new(bucket) })
    }
}

/// Whether an error says that there is no such object.
fn is_missing(e: &StoreError) -> bool {
    matches!(e, StoreError::NotFound { .. })
}

impl Bucket {
    /// `None` if there is no such object.
    async fn head(&self, path: &Path) -> Result<Option<ObjectMeta>, StoreError> {
        match self.store.head(path).await {
            Ok(meta) => Ok(Some(meta)),
            Err(e) if is_missing(&e) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// An object that is gone already is just as good.
    async fn remove(&self, path: &Path) -> Result<(), StoreError> {
        match self.store.delete(path).await {
            Err(e) if !is_missing(&e) => Err(e),
            _ => Ok(()),
        }
    }

    /// The blob's object; [`Error::NotFound`].
    async fn blob(&self, digest: &Digest) -> Result<ObjectMeta> {
        let found = self.head(&self.names.blob(digest)).await.map_err(Error::store("look at", digest))?;
        found.ok_or_else(|| Error::NotFound(digest.clone()))
    }

    /// Objects under `prefix` after `after`, in the order of their keys.
    async fn page(&self, prefix: &Path, after: Option<&Path>, limit: usize) -> Result<Vec<ObjectMeta>> {
        use object_store::ObjectStore;
        let found = match after {
            Some(after) => self.store.list_with_offset(Some(prefix), after),
            None => self.store.list(Some(prefix)),
        };
        found.take(limit).try_collect().await.map_err(Error::store("list", prefix))
    }

    /// Removes all that an upload has in the bucket.
    async fn remove_upload(&self, id: &UploadId) -> Result<()> {
        let state = upload::read_state(self, id).await?;
        if let Some((state, _)) = state {
            self.abort_parts(id, &state).await;
        }
        /// State, completed bytes, and tails of writers that were killed; what is over goes the next time.
        const OBJECTS: usize = 100;
        let folder = Path::from(format!("{}/{id}", self.names.uploads()));
        let mut objects = self.page(&folder, None, OBJECTS).await?;
        // The state last: as long as it is there a killed removal is found again.
        objects.sort_by_key(|object| object.location == self.names.state(id));
        for object in objects {
            self.remove(&object.location).await.map_err(Error::store("remove", object.location))?;
        }
        Ok(())
    }
}

#[async_trait]
impl Blobs for S3Blobs {
    async fn create_upload(&self, id: &UploadId, algorithm: Algorithm) -> Result<()> {
        upload::create(&self.bucket, id, algorithm).await
    }

    async fn open_upload(&self, id: &UploadId) -> Result<Box<dyn Upload>> {
        upload::S3Upload::open(&self.bucket, id).await
    }

    async fn upload_size(&self, id: &UploadId) -> Result<u64> {
        let state = upload::read_state(&self.bucket, id).await?;
        state.map(|(state, _)| state.size()).ok_or_else(|| Error::UploadNotFound(id.clone()))
    }

    async fn expire_uploads(&self, idle_secs: u64) -> Result<usize> {
        let bucket = &self.bucket;
        let Some(oldest) = SystemTime::now().checked_sub(Duration::from_secs(idle_secs)) else { return Ok(0) };
        let (mut after, mut removed) = (None, 0);
        let mut gone = None;
        loop {
            let page = bucket.page(&bucket.names.uploads(), after.as_ref(), LIST_PAGE).await?;
            let Some(last) = page.last() else { return Ok(removed) };
            after = Some(last.location.clone());
            for object in &page {
                let Some(id) = bucket.names.upload_of(&object.location).filter(|id| gone.as_ref() != Some(id)) else {
                    continue;
                };
                // The state is written anew while bytes come; without one there is nothing to go on with.
                let speaks = object.location == bucket.names.state(&id)
                    || bucket.head(&bucket.names.state(&id)).await.map_err(Error::store("look at", &id))?.is_none();
                let idle = speaks && SystemTime::from(object.last_modified) <= oldest;
                if idle && bucket.sessions.forget_idle(&id) {
                    bucket.remove_upload(&id).await?;
                    removed += 1;
                    gone = Some(id);
                }
            }
        }
    }

    async fn open(&self, digest: &Digest, span: Range<u64>) -> Result<BlobReader> {
        read::open(&self.bucket, digest, span).await
    }

    async fn local_file(&self, _: &Digest) -> Result<Option<std::fs::File>> {
        Ok(None)
    }

    async fn stat(&self, digest: &Digest) -> Result<BlobStat> {
        let size = self.bucket.blob(digest).await?.size;
        Ok(BlobStat { digest: digest.clone(), size })
    }

    async fn verify(&self, digest: &Digest) -> Result<bool> {
        read::check(&self.bucket, digest).await
    }

    async fn delete(&self, digest: &Digest) -> Result<bool> {
        let path = self.bucket.names.blob(digest);
        self.bucket.proven.forget(digest);
        if self.bucket.head(&path).await.map_err(Error::store("look at", digest))?.is_none() {
            return Ok(false);
        }
        self.bucket.remove(&path).await.map_err(Error::store("delete", digest))?;
        Ok(true)
    }

    async fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<BlobStat>> {
        let (mut found, limit) = (Vec::new(), limit.min(LIST_PAGE));
        for algorithm in Algorithm::ALL {
            if found.len() == limit || after.is_some_and(|d| d.algorithm() > algorithm) {
                continue;
            }
            let from = after.filter(|d| d.algorithm() == algorithm).map(|d| self.bucket.names.blob(d));
            let page =
                self.bucket.page(&self.bucket.names.blobs(algorithm), from.as_ref(), limit - found.len()).await?;
            // Objects that somebody else put there are none of ours.
            found.extend(page.into_iter().filter_map(|object| {
                let digest = format!("{}:{}", algorithm.as_str(), object.location.filename()?).parse().ok()?;
                Some(BlobStat { digest, size: object.size })
            }));
        }
        Ok(found)
    }

    async fn put(&self, digest: &Digest, bytes: Bytes) -> Result<()> {
        let (name, whole) = (digest.clone(), bytes.clone());
        run_blocking(move || check_bytes(&name, &whole)).await?;
        self.bucket.put_blob(digest, bytes).await
    }
}

fn check_bytes(digest: &Digest, bytes: &[u8]) -> Result<()> {
    let actual = Digest::of(digest.algorithm(), bytes);
    if actual == *digest { Ok(()) } else { Err(Error::DigestMismatch { expected: digest.clone(), actual }) }
}

impl Bucket {
    /// Stores bytes that were compared with their digest.
    async fn put_blob(&self, digest: &Digest, bytes: Bytes) -> Result<()> {
        let size = bytes.len() as u64;
        let path = self.names.blob(digest);
        let put = self.store.put(&path, PutPayload::from(bytes)).await.map_err(Error::store("write", digest))?;
        self.proven.insert(digest, put.e_tag, size);
        Ok(())
    }
}
