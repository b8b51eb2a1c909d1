//! The log: what every write waits for. A redb file of its own, kept small.
//!
//! What always holds: the data file at its revision `s` and the log above `s` make the whole store,
//! and a group is one redb transaction, fsynced before it counts. What the data file has taken over
//! is trimmed along with groups that commit anyway, so nobody waits for it.
//!
//! redb refuses everything after an I/O error. A full disk is survived: the file is opened anew with
//! the next write and put in line with memory. Any other error ends writing until a restart, for
//! after a failed fsync nobody knows what the disk holds.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::Shared;
use super::committer::LeaseChange;
use super::fault::Fault;
use super::record::{self, Record};
use crate::{Error, LeaseId, Result, Revision, WatchBatch};

/// Records by their first revision.
const LOG: TableDefinition<u64, &[u8]> = TableDefinition::new("log");
/// Seconds to live by lease. They stand here, since a group may grant or end one.
const LEASES: TableDefinition<i64, i64> = TableDefinition::new("leases");

/// redb's page cache: small, since the log is only read when it is opened.
const CACHE_BYTES: usize = 8 << 20;
/// Records taken out with one group while the log is trimmed.
const TRIM_RECORDS: usize = 512;

/// A record in the file.
struct Logged {
    first: Revision,
    last: Revision,
}

/// What was found in a log just opened.
pub(super) struct Found {
    pub(super) batches: Vec<Arc<WatchBatch>>,
    pub(super) leases: Vec<(LeaseId, i64)>,
}

pub(super) struct Log {
    path: PathBuf,
    /// `None` after a failure, until the next write opens it again.
    database: Option<Database>,
    records: VecDeque<Logged>,
    /// The revision of the data file: what is not above it may go.
    saved: Revision,
    /// Why nothing can be written any more.
    ended: Option<String>,
    /// The last write failed: upkeep waits for one that works.
    resting: bool,
}

impl Log {
    /// Lays out a new log in `path`, with the leases of an older store.
    pub(super) fn make(path: &Path, leases: &[(LeaseId, i64)]) -> Result<Database, Fault> {
        let database = redb::Builder::new().set_cache_size(CACHE_BYTES).create(path)?;
        let txn = database.begin_write()?;
        {
            txn.open_table(LOG)?;
            let mut table = txn.open_table(LEASES)?;
            for (lease, ttl_secs) in leases {
                table.insert(lease, ttl_secs)?;
            }
        }
        txn.commit()?;
        Ok(database)
    }

    /// Reads what a log has above revision `saved`, that of the data file beside it.
    pub(super) fn over(path: &Path, database: Database, saved: Revision) -> Result<(Self, Found), Fault> {
        let mut records = VecDeque::new();
        let mut found = Found { batches: Vec::new(), leases: Vec::new() };
        {
            let txn = database.begin_read()?;
            for row in txn.open_table(LOG)?.iter()? {
                let (first, bytes) = row?;
                let first = first.value();
                let damaged = |how| Fault::Damaged { what: "log record", at: first, how };
                let batches = record::decode_log(&Bytes::copy_from_slice(bytes.value())).map_err(damaged)?;
                let Some(last) = batches.last().map(|batch| batch.revision) else { continue };
                records.push_back(Logged { first, last });
                for batch in batches.into_iter().filter(|batch| batch.revision > saved) {
                    let expected = found.batches.last().map_or(saved, |before: &Arc<WatchBatch>| before.revision) + 1;
                    if batch.revision != expected {
                        return Err(Fault::Gap { expected, found: batch.revision });
                    }
                    found.batches.push(Arc::new(batch));
                }
            }
            for row in txn.open_table(LEASES)?.iter()? {
                let (lease, ttl_secs) = row?;
                found.leases.push((lease.value(), ttl_secs.value()));
            }
        }
        let path = path.to_owned();
        Ok((Self { path, database: Some(database), records, saved, ended: None, resting: false }, found))
    }

    pub(super) fn has_upkeep(&self) -> bool {
        !self.resting && self.records.front().is_some_and(|record| record.last <= self.saved)
    }

    /// The data file has everything up to `revision`.
    pub(super) fn saved(&mut self, revision: Revision) {
        self.saved = revision;
    }

    /// Nothing is written any more, and every writer is told why.
    pub(super) fn end(&mut self, why: &Error) {
        tracing::error!(error = %why, "the store's files failed; nothing can be written until a restart");
        self.ended.get_or_insert_with(|| format!("{why}; nothing can be written until a restart"));
    }

    pub(super) fn works(&self) -> bool {
        self.ended.is_none() && !self.resting
    }

    /// Makes batches and a lease's change durable together.
    pub(super) fn write(&mut self, shared: &Shared, batches: &[Arc<WatchBatch>], lease: LeaseChange) -> Result<()> {
        self.ready(shared)?;
        let records = record::encode_log(batches);
        let old = self.records.iter().take(TRIM_RECORDS).take_while(|record| record.last <= self.saved);
        let old: Vec<Revision> = old.map(|record| record.first).collect();
        let written = match &self.database {
            Some(database) => write_group(database, &records, lease, &old),
            None => Err(Fault::Closed),
        };
        written.map_err(|fault| self.fail("write to", &fault))?;
        self.resting = false;
        self.records.drain(..old.len());
        self.records.extend(records.iter().map(|record| Logged { first: record.first, last: record.last }));
        Ok(())
    }

    fn fail(&mut self, doing: &str, fault: &Fault) -> Error {
        let error = fault.doing(doing, &self.path);
        self.database = None;
        self.resting = true;
        if !fault.is_full() {
            self.end(&error);
        }
        error
    }

    /// Opens the file again after it was full, and takes out of it what was refused.
    fn ready(&mut self, shared: &Shared) -> Result<()> {
        if let Some(why) = &self.ended {
            return Err(Error::Io(why.clone()));
        }
        if self.database.is_some() {
            return Ok(());
        }
        let visible = shared.state.read().visible();
        let leases = shared.leases.lock().all();
        match open_file(&self.path).and_then(|database| Ok((reconcile(&database, visible, &leases)?, database))) {
            Ok((records, database)) => {
                self.records = records;
                self.database = Some(database);
                Ok(())
            }
            Err(fault) => Err(self.fail("open again", &fault)),
        }
    }
}

pub(super) fn open_file(path: &Path) -> Result<Database, Fault> {
    Ok(redb::Builder::new().set_cache_size(CACHE_BYTES).open(path)?)
}

fn write_group(database: &Database, records: &[Record], lease: LeaseChange, old: &[Revision]) -> Result<(), Fault> {
    // redb's default durability is what is wanted: `commit` returns after the fsync.
    let txn = database.begin_write()?;
    {
        let mut log = txn.open_table(LOG)?;
        for record in records {
            log.insert(record.first, &record.bytes[..])?;
        }
        for first in old {
            log.remove(first)?;
        }
    }
    match lease {
        LeaseChange::None => {}
        LeaseChange::Grant(lease, ttl_secs) => {
            txn.open_table(LEASES)?.insert(lease, ttl_secs)?;
        }
        LeaseChange::End(lease) => {
            txn.open_table(LEASES)?.remove(lease)?;
        }
    }
    Ok(txn.commit()?)
}

/// Brings the file in line with memory, which is what readers have seen and writers were told.
fn reconcile(database: &Database, visible: Revision, leases: &[(LeaseId, i64)]) -> Result<VecDeque<Logged>, Fault> {
    let txn = database.begin_write()?;
    {
        txn.open_table(LOG)?.retain_in(visible + 1.., |_, _| false)?;
        let mut table = txn.open_table(LEASES)?;
        table.retain(|_, _| false)?;
        for (lease, ttl_secs) in leases {
            table.insert(lease, ttl_secs)?;
        }
    }
    txn.commit()?;
    let mut records: VecDeque<Logged> = VecDeque::new();
    for row in database.begin_read()?.open_table(LOG)?.iter()? {
        let first = row?.0.value();
        // Revisions are dense: a record ends where the next begins, and the last one with memory.
        if let Some(before) = records.back_mut() {
            before.last = first - 1;
        }
        records.push_back(Logged { first, last: visible });
    }
    Ok(records)
}
