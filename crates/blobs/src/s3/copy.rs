//! Objects from one key to another, and wrong blobs out of the way.

use futures_util::TryStreamExt;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt, PutPayload};

use super::{Bucket, PART};
use crate::limits::MAX_QUARANTINED;
use crate::{Digest, Error, Result};

impl Bucket {
    /// Copies an object of `size` bytes; the store does it alone where it can.
    pub(super) async fn copy(&self, from: &Path, to: &Path, size: u64) -> Result<(), object_store::Error> {
        if size <= self.copy_limit {
            return self.store.copy(from, to).await;
        }
        let id = self.store.create_multipart(to).await?;
        let done = self.copy_parts(from, to, &id).await;
        if done.is_err() {
            // The failure itself is what the caller has to hear of.
            let _ = self.store.abort_multipart(to, &id).await;
        }
        done
    }

    async fn copy_parts(&self, from: &Path, to: &Path, id: &String) -> Result<(), object_store::Error> {
        let mut stream = self.store.get(from).await?.into_stream();
        let (mut part, mut parts) = (Vec::with_capacity(PART), Vec::new());
        loop {
            let chunk = stream.try_next().await?;
            let over = chunk.is_none();
            let mut chunk = chunk.unwrap_or_default();
            while part.len() + chunk.len() >= PART {
                part.extend_from_slice(&chunk.split_to(PART - part.len()));
                let whole = std::mem::replace(&mut part, Vec::with_capacity(PART));
                parts.push(self.store.put_part(to, id, parts.len(), PutPayload::from(whole)).await?);
            }
            part.extend_from_slice(&chunk);
            if over {
                break;
            }
        }
        if !part.is_empty() {
            parts.push(self.store.put_part(to, id, parts.len(), PutPayload::from(part)).await?);
        }
        self.store.complete_multipart(to, id, parts).await?;
        Ok(())
    }

    /// Takes a blob with wrong bytes out of the blobs, for an operator to look at.
    pub(super) async fn put_aside(&self, digest: &Digest, actual: &Digest, wrong: &ObjectMeta) -> Result<()> {
        tracing::error!(blob = %digest, %actual, "a blob's bytes are wrong; it is put aside and no longer served");
        self.proven.forget(digest);
        let mut kept = self.page(&self.names.quarantine(), None, 2 * MAX_QUARANTINED).await?;
        kept.sort_by_key(|object| object.last_modified);
        for object in kept.iter().take((kept.len() + 1).saturating_sub(MAX_QUARANTINED)) {
            self.remove(&object.location).await.map_err(Error::store("remove", &object.location))?;
        }
        let blob = self.names.blob(digest);
        let aside = self.names.quarantined(digest);
        self.copy(&blob, &aside, wrong.size).await.map_err(Error::store("put aside", digest))?;
        if self.blob(digest).await?.e_tag != wrong.e_tag {
            // Good bytes were pushed at this very moment.
            return Ok(());
        }
        self.remove(&blob).await.map_err(Error::store("put aside", digest))
    }
}
