//! The durable half: one redb file with the log of revisions and a snapshot.
//!
//! What always holds: the snapshot at revision `s` and the log above `s` make the whole store, and
//! every change to either is one redb transaction, fsynced before it counts. Snapshots are written a
//! chunk at a time, each chunk in the transaction of a group that commits anyway, so nobody waits
//! for a snapshot and no second copy of the data is made; the log below it is trimmed the same way.
//!
//! redb refuses everything after an I/O error. A full disk is survived: the file is opened anew with
//! the next write and put in line with memory. Any other error ends writing until a restart, for
//! after a failed fsync nobody knows what the disk holds.

use std::collections::VecDeque;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::Shared;
use super::committer::LeaseChange;
use super::record::{self, Record};
use crate::{Error, KeyValue, LeaseId, Result, Revision, WatchBatch};

pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// Records by their first revision.
pub(super) const LOG: TableDefinition<u64, &[u8]> = TableDefinition::new("log");
/// Chunks by snapshot and number; only the snapshot that `META` names counts.
pub(super) const SNAPSHOTS: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("snapshots");
/// Seconds to live by lease.
pub(super) const LEASES: TableDefinition<i64, i64> = TableDefinition::new("leases");

pub(super) mod meta {
    pub(in super::super) const FORMAT: &str = "format";
    pub(in super::super) const SNAPSHOT: &str = "snapshot";
    pub(in super::super) const SNAPSHOT_REVISION: &str = "snapshot_revision";
    pub(in super::super) const COMPACTED: &str = "compacted";
}

/// redb's page cache: small, since every value that is read lies in memory already.
const CACHE_BYTES: usize = 8 << 20;
/// A chunk of a snapshot, one value more or less.
const CHUNK_BYTES: usize = 250 << 10;
const CHUNK_KEYS: usize = 4096;
/// Rows taken out with one group while the log and old snapshots are trimmed.
const TRIM_RECORDS: usize = 512;
const TRIM_CHUNKS: usize = 32;

type Refused = Box<redb::Error>;

/// A record in the file.
pub(super) struct Logged {
    pub(super) first: Revision,
    pub(super) last: Revision,
    pub(super) bytes: usize,
}

/// What the file holds beside its tables' contents.
#[derive(Default)]
pub(super) struct Layout {
    pub(super) log: VecDeque<Logged>,
    pub(super) log_bytes: usize,
    pub(super) snapshot: u64,
    pub(super) snapshot_revision: Revision,
    pub(super) upkeep: Upkeep,
}

/// The work that goes along with groups.
#[derive(Default)]
pub(super) enum Upkeep {
    #[default]
    None,
    /// Chunks up to key `after` of the snapshot at `revision` are written.
    Snapshot { id: u64, revision: Revision, after: Option<Bytes>, chunk: u64 },
    /// Rows of older snapshots, or log below the newest, may still be there.
    Trim,
}

/// What one transaction does beside the log.
enum Step {
    None,
    Chunk { kvs: Vec<Arc<KeyValue>>, last: bool },
    Trim,
}

pub(super) struct Disk {
    pub(super) path: PathBuf,
    /// Held for as long as the directory is ours.
    pub(super) _lock: File,
    /// `None` after a failure, until the next write opens it again.
    pub(super) database: Option<Database>,
    pub(super) layout: Layout,
    pub(super) snapshot_after_bytes: usize,
    /// Why nothing can be written any more.
    pub(super) ended: Option<String>,
    /// The last write failed: upkeep waits for one that works.
    pub(super) resting: bool,
}

impl Disk {
    pub(super) fn has_upkeep(&self) -> bool {
        !self.resting && !matches!(self.layout.upkeep, Upkeep::None)
    }

    /// The revision that a snapshot in the making still reads.
    pub(super) fn pinned(&self) -> Revision {
        match self.layout.upkeep {
            Upkeep::Snapshot { revision, .. } => revision,
            _ => Revision::MAX,
        }
    }

    /// Makes batches and a lease's change durable together.
    pub(super) fn write(&mut self, shared: &Shared, batches: &[Arc<WatchBatch>], lease: LeaseChange) -> Result<()> {
        self.ready(shared)?;
        let records = record::encode_log(batches);
        let step = self.next_step(shared);
        let written = self.transact(|database, layout| write_group(database, layout, &records, lease, &step));
        let trimmed = written.map_err(|refused| self.fail("write to", &refused))?;
        self.resting = false;
        self.layout.wrote(records, step, trimmed);
        Ok(())
    }

    pub(super) fn mark_compacted(&mut self, shared: &Shared, revision: Revision) -> Result<()> {
        self.ready(shared)?;
        self.transact(|database, _| {
            let txn = database.begin_write()?;
            txn.open_table(META)?.insert(meta::COMPACTED, revision)?;
            Ok(txn.commit()?)
        })
        .map_err(|refused| self.fail("write to", &refused))
    }

    fn transact<T>(&self, run: impl FnOnce(&Database, &Layout) -> Result<T, redb::Error>) -> Result<T, Refused> {
        let database = self.database.as_ref().ok_or(Box::new(redb::Error::DatabaseClosed))?;
        run(database, &self.layout).map_err(Box::new)
    }

    fn fail(&mut self, doing: &str, refused: &redb::Error) -> Error {
        let what = format!("failed to {doing} {}: {refused}", self.path.display());
        self.database = None;
        self.resting = true;
        if !is_full(refused) {
            tracing::error!(error = %refused, "the store's file failed; nothing can be written until a restart");
            self.ended = Some(format!("{what}; nothing can be written until a restart"));
        }
        Error::Io(what)
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
            Ok((layout, database)) => {
                self.layout = layout;
                self.database = Some(database);
                Ok(())
            }
            Err(refused) => Err(self.fail("open again", &refused)),
        }
    }

    fn next_step(&mut self, shared: &Shared) -> Step {
        let state = shared.state.read();
        if matches!(self.layout.upkeep, Upkeep::None) {
            let allowed = state.history_bytes() + state.live_bytes().max(self.snapshot_after_bytes);
            if self.layout.log_bytes > allowed && state.compacted() > self.layout.snapshot_revision {
                self.layout.upkeep = Upkeep::Snapshot {
                    id: self.layout.snapshot + 1,
                    revision: state.compacted(),
                    after: None,
                    chunk: 0,
                };
            }
        }
        match &self.layout.upkeep {
            Upkeep::None => Step::None,
            Upkeep::Trim => Step::Trim,
            Upkeep::Snapshot { revision, after, .. } => {
                let mut bytes = 0;
                let mut found = state.index.after(after.as_deref(), *revision);
                let mut kvs = Vec::new();
                while bytes < CHUNK_BYTES && kvs.len() < CHUNK_KEYS {
                    let Some(kv) = found.next() else { return Step::Chunk { kvs, last: true } };
                    bytes += 40 + kv.key.len() + kv.value.len();
                    kvs.push(kv.clone());
                }
                Step::Chunk { kvs, last: false }
            }
        }
    }
}

impl Layout {
    /// Follows a transaction that is durable.
    fn wrote(&mut self, records: Vec<Record>, step: Step, trimmed: Trimmed) {
        for record in records {
            self.log_bytes += record.bytes.len();
            self.log.push_back(Logged { first: record.first, last: record.last, bytes: record.bytes.len() });
        }
        match step {
            Step::None => {}
            Step::Chunk { kvs, last } => self.chunk_written(&kvs, last),
            Step::Trim => {
                for gone in self.log.drain(..trimmed.records) {
                    self.log_bytes -= gone.bytes;
                }
                if trimmed.records < TRIM_RECORDS && trimmed.chunks < TRIM_CHUNKS {
                    self.upkeep = Upkeep::None;
                }
            }
        }
    }

    fn chunk_written(&mut self, kvs: &[Arc<KeyValue>], last: bool) {
        let Upkeep::Snapshot { id, revision, after, chunk } = &mut self.upkeep else { return };
        if last {
            self.snapshot = *id;
            self.snapshot_revision = *revision;
            self.upkeep = Upkeep::Trim;
        } else {
            *after = kvs.last().map(|kv| kv.key.clone());
            *chunk += 1;
        }
    }
}

#[derive(Default)]
struct Trimmed {
    records: usize,
    chunks: usize,
}

fn write_group(
    database: &Database,
    layout: &Layout,
    records: &[Record],
    lease: LeaseChange,
    step: &Step,
) -> Result<Trimmed, redb::Error> {
    // redb's default durability is what is wanted: `commit` returns after the fsync.
    let txn = database.begin_write()?;
    let mut trimmed = Trimmed::default();
    {
        let mut log = txn.open_table(LOG)?;
        for record in records {
            log.insert(record.first, &record.bytes[..])?;
        }
        match step {
            Step::None => {}
            Step::Chunk { kvs, last } => write_chunk(&txn, layout, kvs, *last)?,
            Step::Trim => {
                let old = layout.log.iter().take(TRIM_RECORDS);
                for record in old.take_while(|record| record.last <= layout.snapshot_revision) {
                    log.remove(record.first)?;
                    trimmed.records += 1;
                }
                trimmed.chunks = trim_snapshots(&txn, layout.snapshot)?;
            }
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
    txn.commit()?;
    Ok(trimmed)
}

fn write_chunk(
    txn: &redb::WriteTransaction,
    layout: &Layout,
    kvs: &[Arc<KeyValue>],
    last: bool,
) -> Result<(), redb::Error> {
    let Upkeep::Snapshot { id, revision, chunk, .. } = &layout.upkeep else { return Ok(()) };
    txn.open_table(SNAPSHOTS)?.insert((*id, *chunk), &record::encode_chunk(kvs)[..])?;
    if last {
        let mut table = txn.open_table(META)?;
        table.insert(meta::SNAPSHOT, *id)?;
        table.insert(meta::SNAPSHOT_REVISION, *revision)?;
    }
    Ok(())
}

/// Takes out chunks of any snapshot but the newest whole one.
fn trim_snapshots(txn: &redb::WriteTransaction, keep: u64) -> Result<usize, redb::Error> {
    let mut table = txn.open_table(SNAPSHOTS)?;
    let mut doomed = Vec::new();
    for rows in [table.range(..(keep, 0))?, table.range((keep + 1, 0)..)?] {
        for row in rows.take(TRIM_CHUNKS - doomed.len()) {
            doomed.push(row?.0.value());
        }
    }
    for row in &doomed {
        table.remove(row)?;
    }
    Ok(doomed.len())
}

pub(super) fn open_file(path: &Path) -> Result<Database, Refused> {
    redb::Builder::new().set_cache_size(CACHE_BYTES).open(path).map_err(|e| Box::new(e.into()))
}

/// Lays out a new file. Killed in between, it leaves one that redb will not open.
pub(super) fn make_file(path: &Path) -> Result<Database, Refused> {
    redb::Builder::new().set_cache_size(CACHE_BYTES).create(path).map_err(|e| Box::new(e.into()))
}

/// Brings the file in line with memory, which is what readers have seen and writers were told.
fn reconcile(database: &Database, visible: Revision, leases: &[(LeaseId, i64)]) -> Result<Layout, Refused> {
    let run = || -> Result<Layout, redb::Error> {
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
        survey(database)
    };
    run().map_err(Box::new)
}

/// Reads what the file holds, and whether there is anything to tidy.
pub(super) fn survey(database: &Database) -> Result<Layout, redb::Error> {
    let txn = database.begin_read()?;
    let mut layout = Layout::default();
    let table = txn.open_table(META)?;
    layout.snapshot = table.get(meta::SNAPSHOT)?.map_or(0, |row| row.value());
    layout.snapshot_revision = table.get(meta::SNAPSHOT_REVISION)?.map_or(0, |row| row.value());
    let table = txn.open_table(LOG)?;
    for row in table.iter()? {
        let (first, bytes) = row?;
        let (first, bytes) = (first.value(), bytes.value().len());
        // Revisions are dense: a record ends where the next begins.
        if let Some(before) = layout.log.back_mut() {
            before.last = first - 1;
        }
        layout.log_bytes += bytes;
        layout.log.push_back(Logged { first, last: first, bytes });
    }
    if let (Some(newest), Some(row)) = (layout.log.back_mut(), table.last()?) {
        newest.last = record::last_revision(row.1.value())
            .map_err(|damaged| redb::Error::Corrupted(format!("log record {}: {damaged}", newest.first)))?;
    }
    let snapshots = txn.open_table(SNAPSHOTS)?;
    let other_snapshots = snapshots.range(..(layout.snapshot, 0))?.next().is_some()
        || snapshots.range((layout.snapshot + 1, 0)..)?.next().is_some();
    let old_log = layout.log.front().is_some_and(|record| record.last <= layout.snapshot_revision);
    if other_snapshots || old_log {
        layout.upkeep = Upkeep::Trim;
    }
    Ok(layout)
}

/// Whether the error says that there is no room, which can pass.
fn is_full(refused: &redb::Error) -> bool {
    match refused {
        redb::Error::Io(e) => {
            matches!(e.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
        }
        _ => false,
    }
}
