//! Where an image comes from: a registry elsewhere, or another of this server's own registries.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use gantry_blobs::Digest;
use gantry_registry::{Error, Reference, Registry, RepoId};
use gantry_upstream::{MANIFESTS, Remote, RemoteManifest};

use crate::fault::Fault;

pub(crate) type Chunks = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) enum Source {
    Elsewhere(Remote),
    /// A repository of another account or region; whether it may be pulled from has been seen to.
    Here {
        registry: Registry,
        repo: RepoId,
    },
}

/// What is not here is not there for whoever caches it.
fn here(e: Error) -> Fault {
    match e {
        Error::RepositoryNotFound { .. }
        | Error::ImageNotFound { .. }
        | Error::Archived { .. }
        | Error::BlobNotFound(_) => Fault::NotFound,
        other => other.into(),
    }
}

impl Source {
    /// What a tag names, where the source says so without giving the manifest.
    pub(crate) async fn digest_of(&self, tag: &str) -> Result<Option<String>, Fault> {
        match self {
            Self::Elsewhere(remote) => Ok(remote.head_manifest(tag, MANIFESTS).await?.digest),
            Self::Here { registry, repo } => {
                let found = registry.find(repo, &Reference::Tag(tag.to_owned())).await.map_err(here)?;
                Ok(Some(found.digest.to_string()))
            }
        }
    }

    pub(crate) async fn manifest(&self, reference: &Reference) -> Result<RemoteManifest, Fault> {
        match self {
            Self::Elsewhere(remote) => Ok(remote.get_manifest(&reference.to_string(), MANIFESTS).await?),
            Self::Here { registry, repo } => {
                let found = registry.resolve(repo, reference).await.map_err(here)?;
                let digest = found.digest.to_string();
                Ok(RemoteManifest { media_type: found.media_type, digest, bytes: found.bytes, etag: None })
            }
        }
    }

    pub(crate) async fn blob(&self, digest: &Digest) -> Result<Chunks, Fault> {
        match self {
            Self::Elsewhere(remote) => Ok(remote.open_blob(digest.as_str(), 0..u64::MAX).await?.stream),
            Self::Here { registry, repo } => {
                let mut reader = registry.open_blob(repo, digest, 0..u64::MAX).await.map_err(here)?;
                Ok(Box::pin(stream::poll_fn(move |cx| reader.poll_chunk(cx))))
            }
        }
    }

    /// Whether the source takes what credentials there are.
    pub(crate) async fn ping(&self) -> Result<(), Fault> {
        match self {
            Self::Elsewhere(remote) => Ok(remote.ping().await?),
            Self::Here { .. } => Ok(()),
        }
    }
}
