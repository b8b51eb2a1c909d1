//! What can go wrong in the engine, with the operation and its subject.

use std::io;

/// Failures of the engine. Texts complete "failed to ..." or stand alone as the tail of an ECS
/// reason (`CannotPullContainerError: <text>`), and never carry a credential.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused.
    #[error("{op} {subject}: {source}")]
    Io { op: &'static str, subject: String, source: io::Error },

    /// An image reference that cannot be parsed.
    #[error("invalid reference format: {0}")]
    Reference(String),

    /// An image that cannot be pulled; the text is ready for `CannotPullContainerError`.
    #[error("{kind}: {image}: {reason}")]
    Pull { kind: PullFailure, image: String, reason: String },

    /// A container whose process cannot be started; the reason is worded as runc words it.
    #[error("{reason}")]
    CannotStart { container: String, reason: String },

    /// A value in a configuration that the engine refuses.
    #[error("invalid {what}: {reason}")]
    Invalid { what: &'static str, reason: String },

    /// A container or sandbox that is not there.
    #[error("no such {kind}: {name}")]
    NotFound { kind: &'static str, name: String },

    /// A container or sandbox that is there already.
    #[error("{kind} {name} already exists")]
    Exists { kind: &'static str, name: String },

    /// An operation that the container's present state does not allow.
    #[error("container {name} is {state}")]
    State { name: String, state: &'static str },

    /// This host lacks something.
    #[error("{feature} is not supported on this host: {mend}")]
    Unsupported { feature: &'static str, mend: String },

    /// The sandbox's shim is gone or does not answer.
    #[error("sandbox {sandbox}: {reason}")]
    Shim { sandbox: String, reason: String },
}

/// Why a pull failed, for callers that retry some failures and not others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullFailure {
    /// No such repository, manifest or blob.
    NotFound,
    /// The registry refused the credentials.
    Denied,
    /// The registry could not be reached or broke off; worth another try.
    Network,
    /// Content does not match its digest.
    Digest,
    /// Content that breaks a format's rules or tries to climb out of the root.
    Malformed,
    /// Larger than a named limit.
    Limit,
    /// A media type, platform or compression that the engine does not take.
    Unsupported,
    /// The local disk failed or is full.
    Storage,
}

impl std::fmt::Display for PullFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotFound => "not found",
            Self::Denied => "pull access denied",
            Self::Network => "failed to reach the registry",
            Self::Digest => "digest verification failed",
            Self::Malformed => "malformed image",
            Self::Limit => "image exceeds a limit",
            Self::Unsupported => "unsupported image",
            Self::Storage => "failed to store the image",
        })
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Adds the operation and the subject to an I/O error.
pub(crate) trait IoContext<T> {
    fn during(self, op: &'static str, subject: impl std::fmt::Display) -> Result<T>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn during(self, op: &'static str, subject: impl std::fmt::Display) -> Result<T> {
        self.map_err(|source| Error::Io { op, subject: subject.to_string(), source })
    }
}
