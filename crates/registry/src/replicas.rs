//! Making copies: in another registry of the same store without moving a byte, and for a peer's
//! replication that comes over the wire.
//!
//! A replica is an image like any other, but that its record says so, its coming is told of as "ECR
//! Replication Action", and nothing replicates it on.

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use gantry_blobs::Digest;
use serde::Serialize;

use crate::queue::Origin;
use crate::records::RepositoryRecord;
use crate::replication::REPLICATION;
use crate::{
    DeletedImage, EncryptionRecord, Error, ImageRecord, Manifest, Mutability, NewImage, PutImage, Registry, RegistryId,
    RepoId, Result,
};

/// Blobs that are linked side by side.
const LINKS_AT_ONCE: usize = 8;

/// `detail` of "ECR Replication Action".
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct ReplicationAction<'a> {
    result: &'a str,
    repository_name: &'a str,
    image_digest: &'a Digest,
    source_account: &'a str,
    action_type: &'static str,
    source_region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_tag: Option<&'a str>,
}

/// An image that is to be copied.
#[derive(Clone, Debug)]
pub struct Original {
    pub record: ImageRecord,
    pub manifest: Manifest,
    pub bytes: Bytes,
}

impl Registry {
    /// An image with its manifest, without this counting as a pull. `None` if it is gone.
    pub async fn original(&self, repo: &RepoId, digest: &Digest) -> Result<Option<Original>> {
        let Some(record) = self.image(repo, digest).await? else { return Ok(None) };
        let bytes = self.manifest_bytes(digest).await?;
        let manifest = Manifest::parse(&bytes, Some(&record.value.media_type))?;
        Ok(Some(Original { record: record.value, manifest, bytes }))
    }

    /// Makes a repository that a replication needs: by the template of the longest prefix that is for
    /// REPLICATION, else with ECR's defaults. One that is there already stays as it is.
    pub async fn create_for_replication(&self, repo: &RepoId) -> Result<()> {
        let made = match self.template_for(repo, REPLICATION).await? {
            Some(template) => self.create_by_template(repo, template).await,
            None => {
                let record = RepositoryRecord {
                    name: repo.name.clone(),
                    created_at: self.clock.now(),
                    mutability: Mutability::Mutable,
                    exclusion_filters: Vec::new(),
                    scan_on_push: false,
                    encryption: EncryptionRecord { kind: "AES256".to_owned(), kms_key: None },
                    tags: std::collections::BTreeMap::new(),
                };
                self.create_repository(&repo.registry, &record).await
            }
        };
        match made {
            Ok(()) | Err(Error::RepositoryExists { .. }) => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// Shares blobs of one repository with another of this store. [`Error::BlobNotFound`] if the first
    /// no longer holds one.
    pub async fn link_replica(&self, from: &RepoId, to: &RepoId, blobs: &[Digest]) -> Result<()> {
        stream::iter(blobs.to_vec())
            .map(|digest| async move {
                let size = self.blob_size(from, &digest).await?;
                self.link_blob(to, &digest, size, Some(from)).await
            })
            .buffer_unordered(LINKS_AT_ONCE)
            .try_collect::<()>()
            .await
    }

    /// [`Registry::put_image`] for a copy of an image of `source`.
    pub async fn put_replica(&self, repo: &RepoId, source: &RegistryId, new: NewImage) -> Result<PutImage> {
        self.put_image_from(repo, NewImage { origin: Origin::Replication, ..new }, Some(source)).await
    }

    /// Takes a tag off a copy, if it points at the image; what came here by replication goes the same way.
    pub async fn delete_replica_tag(&self, repo: &RepoId, tag: &str, digest: Option<&Digest>) -> Result<DeletedImage> {
        self.delete_tag_from(repo, tag, digest, Origin::Replication).await
    }

    /// Deletes a copy with all its tags.
    pub async fn delete_replica(&self, repo: &RepoId, digest: &Digest) -> Result<DeletedImage> {
        self.delete_image_at(repo, digest, false, None, Origin::Replication).await
    }

    /// Tells of a copy: one event for each tag, in the registry that it is for.
    pub(crate) fn replication_events(
        &self,
        repo: &RepoId,
        source: &RegistryId,
        digest: &Digest,
        tags: &[String],
        result: &str,
    ) -> Result<Vec<gantry_store::Op>> {
        let event = |image_tag: Option<&str>| {
            let detail = ReplicationAction {
                result,
                repository_name: &repo.name,
                image_digest: digest,
                source_account: source.account.as_str(),
                action_type: "REPLICATE",
                source_region: source.region.as_str(),
                image_tag,
            };
            self.event_op(&repo.registry, "ECR Replication Action", vec![repo.arn().to_string()], detail)
        };
        if tags.is_empty() {
            return Ok(vec![event(None)?]);
        }
        tags.iter().map(|tag| event(Some(tag))).collect()
    }

    /// The event of a copy that failed for good, for the transaction that says so. It is told in the
    /// registry `at`.
    pub fn failed_replication_event(
        &self,
        source: &RepoId,
        at: &RegistryId,
        digest: &Digest,
    ) -> Result<Vec<gantry_store::Op>> {
        let target = RepoId::new(at.clone(), source.name.clone());
        self.replication_events(&target, &source.registry, digest, &[], "FAILED")
    }
}
