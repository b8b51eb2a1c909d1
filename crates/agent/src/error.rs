//! Everything that can go wrong in the agent itself. What goes wrong with a task is not an error here: it
//! is that task's stopped reason.

use std::io;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("failed to {operation} {subject}: {source}")]
    Store { operation: &'static str, subject: String, source: gantry_store::Error },
    #[error("failed to {operation} {}: {source}", path.display())]
    File { operation: &'static str, path: PathBuf, source: io::Error },
    #[error("failed to recover this host's sandboxes: {0}")]
    Recover(#[source] crate::RuntimeError),
    #[error("the record {} cannot be read: {reason}", path.display())]
    Record { path: PathBuf, reason: String },
    #[error("no free range of user ids: {0} sandboxes hold one each")]
    NoUserIds(usize),
    #[error("{0} sandboxes did not stop in time")]
    Drain(usize),
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn file(operation: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::File { operation, path: path.into(), source }
    }

    pub(crate) fn store(operation: &'static str, subject: impl Into<String>, source: gantry_store::Error) -> Self {
        Self::Store { operation, subject: subject.into(), source }
    }
}
