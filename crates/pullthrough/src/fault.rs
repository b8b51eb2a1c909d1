//! What goes wrong with an import, in a form that all who wait for it can be told.

use std::io;

use gantry_registry::{CredentialFault, Error, RepoId, UpstreamFault};
use gantry_upstream::Kind;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the upstream registry does not have it")]
    NotFound,
    #[error("failed to pull from the upstream registry: {reason}")]
    Upstream { fault: UpstreamFault, reason: String },
    #[error("{0}")]
    Credentials(CredentialFault),
    #[error("too many images are being imported")]
    Full,
    #[error("failed to keep what upstream sent: {0}")]
    Local(String),
}

impl Fault {
    pub(crate) fn broken(reason: impl Into<String>) -> Self {
        Self::Upstream { fault: UpstreamFault::Broken, reason: reason.into() }
    }

    /// The registry's error for `what` of a repository: a reference.
    pub(crate) fn about(self, repo: &RepoId, what: &str) -> Error {
        let reason = self.to_string();
        match self {
            Self::NotFound => Error::ImageNotFound { name: repo.name.clone(), reference: what.to_owned() },
            Self::Upstream { fault, .. } => Error::Upstream { fault, reason },
            Self::Credentials(_) => Error::Upstream { fault: UpstreamFault::Denied, reason },
            Self::Full => Error::Upstream { fault: UpstreamFault::Busy, reason },
            Self::Local(reason) => Error::Internal(reason),
        }
    }
}

impl From<gantry_upstream::Error> for Fault {
    fn from(e: gantry_upstream::Error) -> Self {
        let fault = match e.kind {
            Kind::NotFound => return Self::NotFound,
            Kind::Unauthorized | Kind::Denied => UpstreamFault::Denied,
            Kind::TooManyRequests => UpstreamFault::Busy,
            Kind::Unavailable | Kind::Network => UpstreamFault::Unreachable,
            Kind::Refused | Kind::Malformed | Kind::TooLarge | Kind::Source => UpstreamFault::Broken,
        };
        Self::Upstream { fault, reason: e.to_string() }
    }
}

/// A blob's stream that broke.
impl From<io::Error> for Fault {
    fn from(e: io::Error) -> Self {
        match e.get_ref().and_then(|inner| inner.downcast_ref::<gantry_upstream::Error>()) {
            Some(upstream) => upstream.clone().into(),
            None => Self::Upstream { fault: UpstreamFault::Unreachable, reason: e.to_string() },
        }
    }
}

impl From<Error> for Fault {
    fn from(e: Error) -> Self {
        match e {
            Error::UploadDigest { expected, actual } => {
                Self::broken(format!("the bytes of blob {expected} have the digest {actual}"))
            }
            Error::BlobTooLarge { limit } => Self::broken(format!("a blob has over {limit} bytes")),
            Error::ManifestInvalid(reason) => Self::broken(format!("its manifest cannot be read: {reason}")),
            other => Self::Local(other.to_string()),
        }
    }
}
