//! Images: names, manifests, and layers unpacked once and shared.

pub(crate) mod manifest;
mod prune;
mod pull;
mod reference;
mod remote;
mod source;
mod tar;
mod unpack;
pub(crate) mod user;

use std::path::PathBuf;
use std::sync::Arc;

pub use manifest::{ImageConfig, RootFs, RunConfig};
pub use prune::{PrunePolicy, Pruned};
pub use pull::ImageLimits;
pub(crate) use pull::ImageStore;
pub use reference::ImageRef;
pub use remote::RemoteSource;
pub use source::{BlobSource, ByteStream, ImageSource, ManifestBytes, RegistryAuth};

/// An image that is on this host, whole. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Image {
    pub(crate) inner: Arc<ImageInner>,
}

#[derive(Debug)]
pub(crate) struct ImageInner {
    pub(crate) digest: String,
    pub(crate) config: ImageConfig,
    pub(crate) config_digest: String,
    pub(crate) layers: Vec<String>,
    pub(crate) layer_dirs: Vec<PathBuf>,
    pub(crate) size_bytes: u64,
}

impl Image {
    /// Digest of the manifest or index that the reference named, as ECS's `imageDigest`.
    pub fn digest(&self) -> &str {
        &self.inner.digest
    }

    /// Digest of the image's configuration, which Docker calls the image's id. Empty for an image
    /// that was pulled before this was kept.
    pub fn config_digest(&self) -> &str {
        &self.inner.config_digest
    }

    pub fn config(&self) -> &ImageConfig {
        &self.inner.config
    }

    /// Digests of the unpacked layers, lowest first.
    pub fn layers(&self) -> &[String] {
        &self.inner.layers
    }

    /// Compressed size: what the registry sends.
    pub fn size_bytes(&self) -> u64 {
        self.inner.size_bytes
    }
}
