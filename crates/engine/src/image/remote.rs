//! Registries elsewhere, by [`gantry_upstream`]: the engine's references, errors and digests over it.

use std::sync::Arc;

use async_trait::async_trait;
use gantry_upstream::{Basic, Client, Kind, MANIFESTS, Options, Remote};

use super::reference::ImageRef;
use super::source::{BlobSource, ImageSource, ManifestBytes, RegistryAuth};
use crate::error::{Error, PullFailure, Result};

/// Repositories whose credentials are remembered between resolving an image and opening its blobs.
const MAX_KNOWN: usize = 256;

/// Pulls from any registry.
pub struct RemoteSource {
    client: Client,
    known: parking_lot::Mutex<std::collections::HashMap<(String, String), RegistryAuth>>,
}

impl RemoteSource {
    /// `insecure` hosts (`host[:port]`) are asked over plain HTTP, as loopback is.
    pub fn new(tls: Arc<rustls::ClientConfig>, insecure: Vec<String>) -> Self {
        let client = Client::new(tls, Options { insecure, ..Options::default() });
        Self { client, known: parking_lot::Mutex::default() }
    }

    /// Trusts what this host's certificate store trusts.
    ///
    /// # Errors
    /// The TLS provider does not offer a usable protocol version.
    pub fn with_system_roots(insecure: Vec<String>) -> Result<Self> {
        let tls = gantry_upstream::system_tls()
            .map_err(|e| Error::Invalid { what: "TLS configuration", reason: e.to_string() })?;
        Ok(Self::new(tls, insecure))
    }

    fn remote(&self, reference: &ImageRef, auth: Option<RegistryAuth>) -> Result<Remote> {
        let endpoint = reference.registry.parse().map_err(|e| failed(e, reference))?;
        let credentials = auth.map(|a| Basic::new(a.username, a.password));
        Ok(self.client.remote(endpoint, reference.repository.clone()).with_credentials(credentials))
    }

    fn keep(&self, reference: &ImageRef, auth: Option<&RegistryAuth>) {
        let key = (reference.registry.clone(), reference.repository.clone());
        let mut known = self.known.lock();
        match auth {
            None => {
                known.remove(&key);
            }
            Some(auth) => {
                if known.len() >= MAX_KNOWN {
                    known.clear();
                }
                known.insert(key, auth.clone());
            }
        }
    }

    fn known(&self, reference: &ImageRef) -> Option<RegistryAuth> {
        self.known.lock().get(&(reference.registry.clone(), reference.repository.clone())).cloned()
    }
}

fn failed(error: gantry_upstream::Error, reference: &ImageRef) -> Error {
    let kind = match error.kind {
        Kind::NotFound => PullFailure::NotFound,
        Kind::Unauthorized | Kind::Denied => PullFailure::Denied,
        Kind::TooLarge => PullFailure::Limit,
        Kind::Malformed | Kind::TooManyRequests | Kind::Unavailable | Kind::Refused | Kind::Network | Kind::Source => {
            PullFailure::Network
        }
    };
    Error::Pull { kind, image: reference.to_string(), reason: error.reason }
}

#[async_trait]
impl ImageSource for RemoteSource {
    async fn resolve(&self, reference: &ImageRef, auth: Option<&RegistryAuth>) -> Result<ManifestBytes> {
        self.keep(reference, auth);
        let remote = self.remote(reference, auth.cloned())?;
        let manifest = remote.get_manifest(reference.manifest_name(), MANIFESTS).await;
        let manifest = manifest.map_err(|e| failed(e, reference))?;
        Ok(ManifestBytes { media_type: manifest.media_type, digest: manifest.digest, bytes: manifest.bytes })
    }

    async fn open_blob(&self, reference: &ImageRef, digest: &str) -> Result<BlobSource> {
        let remote = self.remote(reference, self.known(reference))?;
        let blob = remote.open_blob(digest, 0..u64::MAX).await.map_err(|e| failed(e, reference))?;
        Ok(BlobSource::Stream(blob.stream))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_hub_has_a_host_of_its_own() {
        let source = RemoteSource::with_system_roots(Vec::new()).unwrap();
        let reference: ImageRef = "nginx".parse().unwrap();
        let remote = source.remote(&reference, None).unwrap();
        assert_eq!((remote.endpoint().authority(), remote.repository()), ("registry-1.docker.io", "library/nginx"));
    }
}
