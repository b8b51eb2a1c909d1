//! Copies to another registry of the same store: blobs are linked, and no byte moves.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_blobs::Digest;
use gantry_registry::queue::Origin;
use gantry_registry::{Access, Error, NewImage, Reference, Registry, RepoId};

use crate::copy::Target;
use crate::failure::Failure;

pub struct Local {
    registry: Registry,
    source: RepoId,
    target: RepoId,
}

impl Local {
    /// Asks the destination's policies; makes the repository if `create` and it is not there.
    pub async fn open(
        registry: &Registry,
        access: &Arc<dyn Access>,
        source: &RepoId,
        target: RepoId,
        create: bool,
    ) -> Result<Self, Failure> {
        access.authorize_replication(&source.registry, &target, &["ecr:ReplicateImage"]).await?;
        match registry.repository(&target).await {
            Ok(_) => {}
            Err(Error::RepositoryNotFound { .. }) if create => {
                access.authorize_replication(&source.registry, &target, &["ecr:CreateRepository"]).await?;
                registry.create_for_replication(&target).await?;
            }
            Err(Error::RepositoryNotFound { .. }) => {}
            Err(e) => return Err(e.into()),
        }
        Ok(Self { registry: registry.clone(), source: source.clone(), target })
    }
}

#[async_trait]
impl Target for Local {
    async fn has(&self, digest: &Digest) -> Result<bool, Failure> {
        match self.registry.locate(&self.target, &Reference::Digest(digest.clone())).await {
            Ok((_, record)) => Ok(!record.archived),
            Err(Error::ImageNotFound { .. }) => Ok(false),
            Err(e) => Err(e.into()),
        }
    }

    async fn bring(&self, blobs: &[Digest]) -> Result<(), Failure> {
        Ok(self.registry.link_replica(&self.source, &self.target, blobs).await?)
    }

    async fn put(&self, digest: &Digest, media_type: &str, bytes: Bytes, tag: Option<&str>) -> Result<(), Failure> {
        let new = NewImage {
            manifest: bytes,
            content_type: Some(media_type.to_owned()),
            tags: tag.map(str::to_owned).into_iter().collect(),
            digest: Some(digest.clone()),
            origin: Origin::Replication,
        };
        self.registry.put_replica(&self.target, &self.source.registry, new).await?;
        Ok(())
    }

    async fn delete(&self, digest: &Digest, tag: Option<&str>) -> Result<(), Failure> {
        let deleted = match tag {
            Some(tag) => self.registry.delete_replica_tag(&self.target, tag, Some(digest)).await,
            None => self.registry.delete_replica(&self.target, digest).await,
        };
        match deleted {
            Ok(_) | Err(Error::ImageNotFound { .. } | Error::RepositoryNotFound { .. }) => Ok(()),
            Err(e) => Err(e.into()),
        }
    }
}
