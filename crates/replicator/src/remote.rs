//! Copies to a peer, by OCI Distribution. What the peer has is not sent; an upload that broke off goes on
//! where the peer has it, also after this process was killed.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use gantry_blobs::Digest;
use gantry_registry::{Registry, RegistryId, RepoId};
use gantry_upstream::{ByteStream, Kind, MANIFESTS, ReadAt, Remote, Started};

use crate::config::limits;
use crate::copy::Target;
use crate::failure::{ACCESS_DENIED, Failure};
use crate::peers::Peer;

pub struct Away {
    registry: Registry,
    source: RepoId,
    destination: RegistryId,
    peer: Arc<Peer>,
    remote: Remote,
}

/// A blob of ours, as an upload reads it.
struct Ours {
    registry: Registry,
    repo: RepoId,
    digest: Digest,
}

#[async_trait]
impl ReadAt for Ours {
    async fn open(&self, offset: u64) -> io::Result<ByteStream> {
        let reader =
            self.registry.open_blob(&self.repo, &self.digest, offset..u64::MAX).await.map_err(io::Error::other)?;
        let chunks = stream::unfold(reader, |mut reader| async move { reader.next().await.map(|c| (c, reader)) });
        Ok(Box::pin(chunks))
    }
}

impl Away {
    pub async fn open(
        registry: &Registry,
        peer: &Arc<Peer>,
        source: &RepoId,
        destination: &RegistryId,
    ) -> Result<Self, Failure> {
        let remote = peer.remote(destination, &source.name, &source.registry).await?;
        Ok(Self {
            registry: registry.clone(),
            source: source.clone(),
            destination: destination.clone(),
            peer: peer.clone(),
            remote,
        })
    }

    /// A token that is no longer good is not used again.
    fn failed(&self, e: gantry_upstream::Error) -> Failure {
        let failure = Failure::from(e);
        if failure.code == ACCESS_DENIED {
            self.peer.forget_token(&self.destination);
        }
        failure
    }

    async fn bring_one(&self, digest: &Digest) -> Result<(), Failure> {
        if self.remote.blob_exists(digest.as_str()).await.map_err(|e| self.failed(e))? {
            return Ok(());
        }
        let size = self.registry.blob_size(&self.source, digest).await?;
        let ours = Ours { registry: self.registry.clone(), repo: self.source.clone(), digest: digest.clone() };
        let keep = |location| self.registry.set_replication_upload(&self.source, digest, &self.destination, location);
        if let Some(location) = self.registry.replication_upload(&self.source, digest, &self.destination).await? {
            match self.remote.continue_upload(&location, digest.as_str(), size, &ours).await {
                Ok(_) => return Ok(keep(None).await?),
                Err(e) if may_go_on(&e) => return Err(self.failed(e)),
                // Forgotten there, or spoilt: from the start.
                Err(_) => keep(None).await?,
            }
        }
        let location = match self.remote.start_upload(digest.as_str(), None).await.map_err(|e| self.failed(e))? {
            Started::Mounted => return Ok(()),
            Started::Upload { location } => location,
        };
        keep(Some(&location)).await?;
        let sent = self.remote.continue_upload(&location, digest.as_str(), size, &ours).await;
        if sent.as_ref().err().is_none_or(|e| !may_go_on(e)) {
            keep(None).await?;
        }
        sent.map(drop).map_err(|e| self.failed(e))
    }
}

/// Whether the upload is worth keeping. One that the peer thinks is still being written to is: it does so
/// until it notices that the writer has died.
fn may_go_on(e: &gantry_upstream::Error) -> bool {
    e.is_temporary() || e.kind == Kind::Unauthorized || e.status == Some(http::StatusCode::CONFLICT)
}

#[async_trait]
impl Target for Away {
    async fn has(&self, digest: &Digest) -> Result<bool, Failure> {
        match self.remote.head_manifest(digest.as_str(), MANIFESTS).await {
            Ok(_) => Ok(true),
            Err(e) if e.kind == Kind::NotFound => Ok(false),
            Err(e) => Err(self.failed(e)),
        }
    }

    async fn bring(&self, blobs: &[Digest]) -> Result<(), Failure> {
        // The first alone: it may have to make the repository.
        let Some((first, rest)) = blobs.split_first() else { return Ok(()) };
        self.bring_one(first).await?;
        stream::iter(rest.to_vec())
            .map(|digest| async move { self.bring_one(&digest).await })
            .buffer_unordered(limits::BLOBS_AT_ONCE)
            .try_collect::<()>()
            .await
    }

    async fn put(&self, digest: &Digest, media_type: &str, bytes: Bytes, tag: Option<&str>) -> Result<(), Failure> {
        let reference = tag.unwrap_or(digest.as_str());
        self.remote.put_manifest(reference, media_type, bytes).await.map_err(|e| self.failed(e))
    }

    async fn delete(&self, digest: &Digest, tag: Option<&str>) -> Result<(), Failure> {
        let Some(tag) = tag else {
            return self.remote.delete_manifest(digest.as_str()).await.map(drop).map_err(|e| self.failed(e));
        };
        match self.remote.head_manifest(tag, MANIFESTS).await {
            // It points elsewhere by now.
            Ok(head) if head.digest.as_deref() != Some(digest.as_str()) => Ok(()),
            Ok(_) => self.remote.delete_manifest(tag).await.map(drop).map_err(|e| self.failed(e)),
            Err(e) if e.kind == Kind::NotFound => Ok(()),
            Err(e) => Err(self.failed(e)),
        }
    }
}
