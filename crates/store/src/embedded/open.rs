//! Opening a directory: the lock, the file, and reading snapshot and log back into memory.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use redb::{Database, ReadableDatabase, ReadableTable, TableError};

use super::EmbeddedOptions;
use super::apply;
use super::disk::{self, Disk, LEASES, LOG, Layout, META, SNAPSHOTS, meta};
use super::lease::{LeaseClock, Leases};
use super::record::{self, Damaged};
use super::state::State;
use crate::{Error, Result, Revision};

/// Grows when the file can no longer be read by an older program.
const FORMAT: u64 = 1;
const LOCK_FILE: &str = "LOCK";
const DATA_FILE: &str = "store.redb";
const UNFINISHED_FILE: &str = "store.redb.new";

pub(super) struct Opened {
    pub(super) disk: Disk,
    pub(super) state: State,
    pub(super) leases: Leases,
}

pub(super) fn open(dir: &Path, options: &EmbeddedOptions) -> Result<Opened> {
    let failed =
        |doing: &str, e: &dyn std::fmt::Display| Error::Io(format!("failed to {doing} {}: {e}", dir.display()));
    make_dir(dir).map_err(|e| failed("make", &e))?;
    let lock = lock(dir)?;
    let path = dir.join(DATA_FILE);
    let database = if path.exists() { known(&path) } else { make(dir, &path) };
    let database = database.map_err(|e| failed("open the store in", &e))?;
    let layout = disk::survey(&database).map_err(|e| failed("read the store in", &e))?;
    let (state, leases) = load(&database, &layout, options).map_err(|e| failed("read the store in", &e))?;
    let disk = Disk {
        path,
        _lock: lock,
        database: Some(database),
        layout,
        snapshot_after_bytes: options.snapshot_after_bytes,
        ended: None,
        resting: false,
    };
    Ok(Opened { disk, state, leases })
}

fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Takes the directory for this process, or says at once that another has it.
fn lock(dir: &Path) -> Result<File> {
    let failed = |e: io::Error| Error::Io(format!("failed to lock {}: {e}", dir.display()));
    let file = private(&dir.join(LOCK_FILE)).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Locked { path: dir.display().to_string() }),
        Err(TryLockError::Error(e)) => Err(failed(e)),
    }
}

#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error(transparent)]
    File(#[from] Box<redb::Error>),
    #[error("its format is {0}, and this program knows {FORMAT}")]
    Format(u64),
    #[error("{what} {at} is damaged: {how}")]
    Damaged { what: &'static str, at: u64, how: Damaged },
    #[error("the log goes on at revision {found} where {expected} was expected")]
    Gap { expected: Revision, found: Revision },
}

impl<E: RedbError> From<E> for Unreadable {
    fn from(e: E) -> Self {
        Self::File(Box::new(e.into()))
    }
}

/// The errors of redb's single operations, each of which is one of its errors at large.
trait RedbError: Into<redb::Error> {}
impl RedbError for io::Error {}
impl RedbError for redb::StorageError {}
impl RedbError for TableError {}
impl RedbError for redb::TransactionError {}
impl RedbError for redb::CommitError {}

fn known(path: &Path) -> Result<Database, Unreadable> {
    let database = disk::open_file(path)?;
    match database.begin_read()?.open_table(META)?.get(meta::FORMAT)?.map_or(0, |row| row.value()) {
        FORMAT => Ok(database),
        format => Err(Unreadable::Format(format)),
    }
}

/// Makes the file under another name and gives it its own when it is whole: a process killed in
/// between must not leave a store that will not open.
fn make(dir: &Path, path: &Path) -> Result<Database, Unreadable> {
    let unfinished = dir.join(UNFINISHED_FILE);
    match fs::remove_file(&unfinished) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e.into()),
        _ => {}
    }
    // Made here first, since redb would make it readable by everybody.
    private(&unfinished)?;
    let database = disk::make_file(&unfinished)?;
    let txn = database.begin_write()?;
    txn.open_table(META)?.insert(meta::FORMAT, FORMAT)?;
    txn.open_table(LOG)?;
    txn.open_table(SNAPSHOTS)?;
    txn.open_table(LEASES)?;
    txn.commit()?;
    fs::rename(&unfinished, path)?;
    File::open(dir)?.sync_all()?;
    Ok(database)
}

fn load(database: &Database, layout: &Layout, options: &EmbeddedOptions) -> Result<(State, Leases), Unreadable> {
    let txn = database.begin_read()?;
    let mut state = State::starting_at(layout.snapshot_revision.max(1));
    for row in txn.open_table(SNAPSHOTS)?.range((layout.snapshot, 0)..(layout.snapshot + 1, 0))? {
        let (at, chunk) = row?;
        let kvs = record::decode_chunk(chunk.value()).map_err(|how| Unreadable::Damaged {
            what: "snapshot chunk",
            at: at.value().1,
            how,
        })?;
        for kv in kvs {
            state.load(kv);
        }
    }
    for row in txn.open_table(LOG)?.iter()? {
        let (at, bytes) = row?;
        let revisions = record::decode_log(bytes.value()).map_err(|how| Unreadable::Damaged {
            what: "log record",
            at: at.value(),
            how,
        })?;
        for (revision, ops) in revisions {
            let expected = state.visible() + 1;
            if revision < expected {
                continue;
            }
            if revision > expected {
                return Err(Unreadable::Gap { expected, found: revision });
            }
            let batch = apply::replay(&mut state, ops, revision);
            state.publish(batch);
        }
        // Memory stays within its budget however long the log is.
        while state.forget(1024, &options.history, Revision::MAX) {}
    }
    let compacted = txn.open_table(META)?.get(meta::COMPACTED)?.map_or(0, |row| row.value());
    state.mark_compacted(compacted.min(state.visible()));
    let mut leases = Leases::new(LeaseClock::new(options.lease_clock.clone()));
    for row in txn.open_table(LEASES)?.iter()? {
        let (lease, ttl_secs) = row?;
        leases.grant(lease.value(), ttl_secs.value());
    }
    for kv in state.index.after(None, state.visible()).filter(|kv| kv.lease != 0) {
        leases.attach(kv.lease, &kv.key);
    }
    Ok((state, leases))
}
