//! What can go wrong with a blob, with the operation and its subject.

use std::io;

use crate::{Digest, UploadId};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("blob {0} does not exist")]
    NotFound(Digest),
    #[error("upload {0} does not exist")]
    UploadNotFound(UploadId),
    #[error("upload {0} is being written by another request")]
    UploadBusy(UploadId),
    #[error("`{0}` is not an upload id")]
    UploadIdSyntax(String),
    #[error("the bytes have digest {actual}, not {expected}")]
    DigestMismatch { expected: Digest, actual: Digest },
    #[error("upload {upload} would pass the limit of {limit} bytes")]
    TooLarge { upload: UploadId, limit: u64 },
    #[error("range starts at {start}, but blob {digest} has {size} bytes")]
    Range { digest: Digest, start: u64, size: u64 },
    #[error("failed to {operation} {subject}: {source}")]
    Io { operation: &'static str, subject: String, source: io::Error },
    #[error("failed to {operation} {subject}: {source}")]
    Store { operation: &'static str, subject: String, source: Box<object_store::Error> },
    #[error("`{address}` is not a place for blobs: {reason}")]
    Address { address: String, reason: String },
}

impl Error {
    pub(crate) fn io(operation: &'static str, subject: impl ToString) -> impl FnOnce(io::Error) -> Self {
        let subject = subject.to_string();
        move |source| Self::Io { operation, subject, source }
    }

    pub(crate) fn store(operation: &'static str, subject: impl ToString) -> impl FnOnce(object_store::Error) -> Self {
        let subject = subject.to_string();
        move |source| Self::Store { operation, subject, source: Box::new(source) }
    }

    /// The disk (or the quota on it) is full: the one failure that an operator mends.
    pub fn is_storage_full(&self) -> bool {
        matches!(self, Self::Io { source, .. }
            if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded))
    }
}
