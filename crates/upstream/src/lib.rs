//! One client of OCI Distribution 1.1
//! (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md>), for everybody here who
//! speaks to a registry elsewhere: the engine that pulls, the pull-through cache, and replication.
//!
//! ```no_run
//! # async fn example() -> Result<(), gantry_upstream::Error> {
//! use gantry_upstream::{Basic, Client, Endpoint, MANIFESTS, Options, system_tls};
//! let client = Client::new(system_tls()?, Options::default());
//! let endpoint: Endpoint = "registry.example:5000".parse()?;
//! let remote = client.remote(endpoint, "team/app").with_credentials(Basic::new("me", "secret"));
//! let manifest = remote.get_manifest("v1", MANIFESTS).await?;
//! let blob = remote.open_blob("sha256:…", 0..u64::MAX).await?;
//! # Ok(())
//! # }
//! ```
//!
//! What always holds:
//! - HTTPS, but for loopback and hosts that were named as insecure; never from HTTPS down to HTTP.
//! - Credentials go to the registry and to the token server that it names, and nowhere along a redirect
//!   to another host, whose challenges are not answered either.
//! - Every wait, body, redirect and retry has a limit with a name ([`limits`]).
//! - A manifest's digest is computed from its bytes and never taken from a header. A *blob's* bytes are
//!   handed on as they come: **whoever stores them verifies them** (a commit to the blob store does, and
//!   so does unpacking a layer). A stream that broke and was resumed is one stream to its reader.
#![forbid(unsafe_code)]

mod auth;
mod client;
mod endpoint;
mod error;
mod fetch;
mod outgoing;
mod pull;
mod push;
mod remote;
mod transport;

pub use client::{Client, Options, limits};
pub use endpoint::Endpoint;
pub use error::{Error, Kind, Result};
pub use fetch::File;
pub use outgoing::ReadAt;
pub use pull::{Blob, ByteStream, Fetched, ManifestHead, RemoteManifest};
pub use push::{Started, Uploaded};
pub use remote::{Basic, Descriptor, Remote};
pub use transport::{system_tls, tls_trusting};

/// The manifest media types that registries commonly hold, for `Accept`.
pub const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";
