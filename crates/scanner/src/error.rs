//! What can go wrong with scans and with the database of advisories.

use std::path::Path;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("failed to {doing} {subject}: {source}")]
    Io { doing: &'static str, subject: String, source: std::io::Error },
    #[error("failed to {doing} the database of advisories: {reason}")]
    Database { doing: &'static str, reason: String },
    #[error("{subject}: {reason}")]
    Import { subject: String, reason: String },
    #[error("another import is running on this data directory")]
    Busy,
    #[error("there is no source named `{0}`; `gantry scan-db status` lists them")]
    NoSource(String),
    #[error(transparent)]
    Download(#[from] gantry_upstream::Error),
    #[error(transparent)]
    Registry(#[from] gantry_registry::Error),
    /// The registry's bytes could not be read; another try may go better.
    #[error("{0}")]
    Read(String),
    #[error("{0}")]
    NotAnImage(String),
    #[error("a task of the scanner broke down: {0}")]
    Broken(String),
}

impl Error {
    pub(crate) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self::Io { doing, subject: path.display().to_string(), source }
    }

    pub(crate) fn db(doing: &'static str) -> impl Fn(redb::Error) -> Self {
        move |e| Self::Database { doing, reason: e.to_string() }
    }

    pub(crate) fn import(subject: impl Into<String>, reason: impl ToString) -> Self {
        Self::Import { subject: subject.into(), reason: reason.to_string() }
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::Broken(error.to_string())
    }
}
