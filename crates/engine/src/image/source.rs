//! Where images come from, as the engine sees it.

use std::fmt;
use std::io;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::Stream;

use super::reference::ImageRef;
use crate::error::Result;

/// A manifest or index as the registry holds it.
#[derive(Clone, Debug)]
pub struct ManifestBytes {
    pub media_type: String,
    /// `sha256:<hex>`; the engine verifies it against `bytes`.
    pub digest: String,
    pub bytes: Bytes,
}

pub type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// The content of a blob.
pub enum BlobSource {
    /// A file on this host, read in place: our own registry's blobs take no network hop.
    File(std::fs::File),
    Stream(ByteStream),
}

impl fmt::Debug for BlobSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File(_) => "BlobSource::File",
            Self::Stream(_) => "BlobSource::Stream",
        })
    }
}

/// User name and password (or token) for a registry. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct RegistryAuth {
    pub username: String,
    pub password: String,
}

impl fmt::Debug for RegistryAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryAuth").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A registry, near or far. Errors are [`crate::Error::Pull`].
#[async_trait]
pub trait ImageSource: Send + Sync {
    /// The manifest or index that the reference names now. `reference.digest` may name a child.
    async fn resolve(&self, reference: &ImageRef, auth: Option<&RegistryAuth>) -> Result<ManifestBytes>;

    /// Opens a blob of the reference's repository. Called after [`ImageSource::resolve`] of the
    /// same reference, with the same authorisation still standing.
    async fn open_blob(&self, reference: &ImageRef, digest: &str) -> Result<BlobSource>;
}
