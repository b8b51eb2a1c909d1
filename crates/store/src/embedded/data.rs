//! The data file: every key as of one revision, cut into partitions that are read one at a time.
//!
//! What always holds: the file is as of the revision that its `META` names, which one redb
//! transaction moves on together with all that changed (see `checkpoint`). The partitions' first keys
//! divide the whole key space; a partition is a base and the deltas written on top of it, newest
//! last. Each transaction leaves behind what redb needs to open the file at once, however large it
//! is and however the process ended.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::RwLock;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};

use super::fault::Fault;
use super::holes::Span;
use super::record;
use crate::{KeyValue, LeaseId, Result, Revision};

/// Grows when the files can no longer be read by an older program.
pub(super) const FORMAT: u64 = 2;

pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// Partitions by their first key; that of the first is empty.
pub(super) const PARTITIONS: TableDefinition<&[u8], PartitionRow> = TableDefinition::new("partitions");
/// By partition: 0 is its base, the others its deltas in the order in which they were written.
pub(super) const CHUNKS: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("chunks");
/// The lease of each key that has one, so that nobody must look through all keys for them.
pub(super) const ATTACHED: TableDefinition<&[u8], i64> = TableDefinition::new("attached");

pub(super) mod meta {
    pub(in super::super) const FORMAT: &str = "format";
    pub(in super::super) const REVISION: &str = "revision";
    pub(in super::super) const NEXT_PARTITION: &str = "next_partition";
}

/// redb's page cache: small, since what was read stays in memory anyway.
const CACHE_BYTES: usize = 4 << 20;

type PartitionRow = (u64, u64, u64, u64, u64, u64);

/// What is known of a partition without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Partition {
    pub(super) id: u64,
    /// Keys that it has, deltas included.
    pub(super) live: u64,
    pub(super) base_keys: u64,
    pub(super) base_bytes: u64,
    pub(super) deltas: u64,
    pub(super) delta_bytes: u64,
}

impl Partition {
    fn from_row((id, live, base_keys, base_bytes, deltas, delta_bytes): PartitionRow) -> Self {
        Self { id, live, base_keys, base_bytes, deltas, delta_bytes }
    }

    pub(super) fn row(&self) -> PartitionRow {
        (self.id, self.live, self.base_keys, self.base_bytes, self.deltas, self.delta_bytes)
    }
}

/// What a data file says of itself when it is opened.
pub(super) struct Contents {
    pub(super) revision: Revision,
    /// How many keys each partition has, by its first key.
    pub(super) partitions: Vec<(Bytes, usize)>,
    pub(super) attached: BTreeMap<Bytes, LeaseId>,
}

pub(super) struct DataFile {
    path: PathBuf,
    open: RwLock<Open>,
    chunks_read: AtomicU64,
}

enum Open {
    Yes(Database),
    /// Failed, or never worked since; tried again with the next use.
    Not,
    Closed,
}

impl DataFile {
    /// Lays out a new file as of `revision`, without any key. It is made as `unfinished`, and will be
    /// renamed to `path`.
    pub(super) fn make(unfinished: &Path, path: &Path, revision: Revision) -> Result<Self, Fault> {
        let database = redb::Builder::new().set_cache_size(CACHE_BYTES).create(unfinished)?;
        let txn = database.begin_write()?;
        {
            let mut table = txn.open_table(META)?;
            table.insert(meta::FORMAT, FORMAT)?;
            table.insert(meta::REVISION, revision)?;
            txn.open_table(PARTITIONS)?;
            txn.open_table(CHUNKS)?;
            txn.open_table(ATTACHED)?;
        }
        txn.commit()?;
        Ok(Self::over(path, database))
    }

    pub(super) fn over(path: &Path, database: Database) -> Self {
        Self { path: path.to_owned(), open: RwLock::new(Open::Yes(database)), chunks_read: AtomicU64::new(0) }
    }

    /// Chunks read since it was opened.
    #[cfg(test)]
    pub(super) fn chunks_read(&self) -> u64 {
        self.chunks_read.load(Ordering::Relaxed)
    }

    /// Waits for whoever uses it, and lets go of the file.
    pub(super) fn close(&self) {
        *self.open.write() = Open::Closed;
    }

    /// Lets go of a file that has failed: redb refuses everything after that, until it is opened anew.
    pub(super) fn failed(&self) {
        let mut open = self.open.write();
        if matches!(*open, Open::Yes(_)) {
            *open = Open::Not;
        }
    }

    pub(super) fn with<T>(&self, run: impl FnOnce(&Database) -> Result<T, Fault>) -> Result<T, Fault> {
        if matches!(*self.open.read(), Open::Not) {
            let mut open = self.open.write();
            if matches!(*open, Open::Not) {
                *open = Open::Yes(open_file(&self.path)?);
            }
        }
        match &*self.open.read() {
            Open::Yes(database) => run(database),
            Open::Not => Err(Fault::File(Box::new(redb::Error::DatabaseClosed))),
            Open::Closed => Err(Fault::Closed),
        }
    }

    pub(super) fn contents(&self) -> Result<Contents, Fault> {
        self.with(|database| {
            let txn = database.begin_read()?;
            let revision = txn.open_table(META)?.get(meta::REVISION)?.map_or(0, |row| row.value());
            let mut partitions = Vec::new();
            for (first, partition) in partitions_of(&txn.open_table(PARTITIONS)?)? {
                partitions.push((first, partition.live as usize));
            }
            let mut attached = BTreeMap::new();
            for row in txn.open_table(ATTACHED)?.iter()? {
                let (key, lease) = row?;
                attached.insert(Bytes::copy_from_slice(key.value()), lease.value());
            }
            Ok(Contents { revision, partitions, attached })
        })
    }

    /// All keys of a span, ascending.
    pub(super) fn read(&self, span: &Span) -> Result<Vec<Arc<KeyValue>>> {
        let read = || {
            let mut kvs = Vec::new();
            self.with(|database| {
                let txn = database.begin_read()?;
                let (partitions, chunks) = (txn.open_table(PARTITIONS)?, txn.open_table(CHUNKS)?);
                let start = &span.start[..];
                let first = partitions.range::<&[u8]>(..=start)?.next_back().transpose()?;
                let end = span.end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
                let mut ids: Vec<u64> = first.map(|(_, row)| row.value().0).into_iter().collect();
                for row in partitions.range::<&[u8]>((Bound::Excluded(start), end))? {
                    ids.push(row?.1.value().0);
                }
                for id in ids {
                    let chunks = self.chunks_of(&chunks, id)?;
                    let damaged = |how| Fault::Damaged { what: "partition", at: id, how };
                    for row in record::newest_rows(&chunks).map_err(damaged)? {
                        if span.contains(row.key)
                            && let Some(kv) = row.kv().map_err(damaged)?
                        {
                            kvs.push(Arc::new(kv));
                        }
                    }
                }
                Ok(())
            })?;
            Ok(kvs)
        };
        read().map_err(|fault: Fault| {
            if matches!(fault, Fault::File(_)) {
                self.failed();
            }
            fault.doing("read", &self.path)
        })
    }

    /// The chunks of a partition, oldest first.
    pub(super) fn chunks_of(
        &self,
        table: &impl ReadableTable<(u64, u64), &'static [u8]>,
        id: u64,
    ) -> Result<Vec<Bytes>, Fault> {
        let mut chunks = Vec::new();
        for row in table.range((id, 0)..=(id, u64::MAX))? {
            chunks.push(Bytes::copy_from_slice(row?.1.value()));
        }
        self.chunks_read.fetch_add(chunks.len() as u64, Ordering::Relaxed);
        Ok(chunks)
    }
}

pub(super) fn partitions_of(
    table: &impl ReadableTable<&'static [u8], PartitionRow>,
) -> Result<Vec<(Bytes, Partition)>, Fault> {
    let mut partitions = Vec::new();
    for row in table.iter()? {
        let (first, row) = row?;
        partitions.push((Bytes::copy_from_slice(first.value()), Partition::from_row(row.value())));
    }
    Ok(partitions)
}

/// The file as it is, of whatever format.
pub(super) fn open_file(path: &Path) -> Result<Database, Fault> {
    Ok(redb::Builder::new().set_cache_size(CACHE_BYTES).open(path)?)
}

/// Begins a transaction after which the file opens at once, even if the process is killed: without
/// that redb walks all of it.
pub(super) fn begin(database: &Database) -> Result<WriteTransaction, Fault> {
    let mut txn = database.begin_write()?;
    txn.set_quick_repair(true);
    Ok(txn)
}
