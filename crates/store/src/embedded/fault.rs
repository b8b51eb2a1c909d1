//! What can be wrong with a file of the store.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::record::Damaged;
use crate::{Error, Revision};

#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error(transparent)]
    File(#[from] Box<redb::Error>),
    #[error("its format is {found}, and this program knows {known}")]
    Format { found: u64, known: u64 },
    #[error("{what} {at} is damaged: {how}")]
    Damaged { what: &'static str, at: u64, how: Damaged },
    #[error("the log goes on at revision {found} where {expected} was expected")]
    Gap { expected: Revision, found: Revision },
    #[error("the store is closed")]
    Closed,
}

impl<E: RedbError> From<E> for Fault {
    fn from(e: E) -> Self {
        Self::File(Box::new(e.into()))
    }
}

/// The errors of redb's single operations, each of which is one of its errors at large.
pub(super) trait RedbError: Into<redb::Error> {}
impl RedbError for io::Error {}
impl RedbError for redb::Error {}
impl RedbError for redb::DatabaseError {}
impl RedbError for redb::StorageError {}
impl RedbError for redb::TableError {}
impl RedbError for redb::TransactionError {}
impl RedbError for redb::CommitError {}
impl RedbError for redb::SetDurabilityError {}

impl Fault {
    /// Whether it says that there is no room, which can pass.
    pub(super) fn is_full(&self) -> bool {
        match self {
            Self::File(refused) => match &**refused {
                redb::Error::Io(e) => {
                    matches!(e.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
                }
                _ => false,
            },
            _ => false,
        }
    }

    pub(super) fn doing(&self, what: &str, path: &Path) -> Error {
        match self {
            Self::Closed => Error::Closed,
            _ => Error::Io(format!("failed to {what} {}: {self}", path.display())),
        }
    }
}
