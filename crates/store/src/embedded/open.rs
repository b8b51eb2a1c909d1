//! Opening a directory: the lock, the two files, and what the log says on top of the data.
//!
//! What always holds: the data file gets its name last, so a store with one is whole; one that was
//! killed while it was made, or while one of an older format was carried over, is made anew. What is
//! read is bounded by how far the log may be ahead, and does not grow with what is stored.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use redb::{Database, ReadableDatabase};

use super::EmbeddedOptions;
use super::checkpoint;
use super::data::{self, DataFile, FORMAT, META, meta};
use super::fault::Fault;
use super::holes::Holes;
use super::lease::{LeaseClock, Leases};
use super::legacy;
use super::log::{self, Log};
use super::state::State;
use crate::{Error, EventKind, LeaseId, Result, WatchBatch};

const LOCK_FILE: &str = "LOCK";
const DATA_FILE: &str = "store.redb";
const LOG_FILE: &str = "log.redb";
/// What a file is called until it is whole.
const UNFINISHED: &str = "new";

pub(super) struct Opened {
    pub(super) lock: File,
    pub(super) log: Log,
    pub(super) data: DataFile,
    /// What the log has and the data file has not.
    pub(super) unsaved: Vec<Arc<WatchBatch>>,
    pub(super) state: State,
    pub(super) leases: Leases,
}

pub(super) fn open(dir: &Path, options: &EmbeddedOptions) -> Result<Opened> {
    let failed =
        |doing: &str, e: &dyn std::fmt::Display| Error::Io(format!("failed to {doing} {}: {e}", dir.display()));
    make_dir(dir).map_err(|e| failed("make", &e))?;
    let lock = lock(dir)?;
    let path = dir.join(DATA_FILE);
    let (data, log) = if path.exists() {
        known(dir, &path, options).map_err(|e| failed("open the store in", &e))?
    } else {
        make(dir, &[], |unfinished| DataFile::make(unfinished, &path, 1)).map_err(|e| failed("make a store in", &e))?
    };
    load(dir, lock, data, log, options).map_err(|e| failed("read the store in", &e))
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

/// The data file and the log, carried over first if they are of an older format.
fn known(dir: &Path, path: &Path, options: &EmbeddedOptions) -> Result<(DataFile, Database), Fault> {
    let database = data::open_file(path)?;
    match format(&database)? {
        FORMAT => Ok((DataFile::over(path, database), log::open_file(&dir.join(LOG_FILE))?)),
        legacy::FORMAT => {
            tracing::info!(path = %path.display(), "carrying the store over to format {FORMAT}");
            let old = legacy::read(&database)?;
            drop(database);
            let leases = old.leases.clone();
            make(dir, &leases, |unfinished| old.write(unfinished, path, &options.sizes()))
        }
        found => Err(Fault::Format { found, known: FORMAT }),
    }
}

fn format(database: &Database) -> Result<u64, Fault> {
    let txn = database.begin_read()?;
    Ok(txn.open_table(META)?.get(meta::FORMAT)?.map_or(0, |row| row.value()))
}

/// Makes both files under other names and gives them their own when they are whole, the data file
/// last: a process killed in between must not leave a store that will not open.
fn make(
    dir: &Path,
    leases: &[(LeaseId, i64)],
    data: impl FnOnce(&Path) -> Result<DataFile, Fault>,
) -> Result<(DataFile, Database), Fault> {
    let unfinished = |name: &str| -> io::Result<_> {
        let path = dir.join(name).with_extension(UNFINISHED);
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
        // Made here first, since redb would make it readable by everybody.
        private(&path)?;
        Ok(path)
    };
    let path = unfinished(LOG_FILE)?;
    let log = Log::make(&path, leases)?;
    fs::rename(path, dir.join(LOG_FILE))?;
    let path = unfinished(DATA_FILE)?;
    let data = data(&path)?;
    File::open(dir)?.sync_all()?;
    fs::rename(path, dir.join(DATA_FILE))?;
    File::open(dir)?.sync_all()?;
    Ok((data, log))
}

fn load(dir: &Path, lock: File, data: DataFile, log: Database, options: &EmbeddedOptions) -> Result<Opened, Fault> {
    let contents = data.contents()?;
    let (log, found) = Log::over(&dir.join(LOG_FILE), log, contents.revision)?;
    let newest = found.batches.last().map_or(contents.revision, |batch| batch.revision);
    let mut state = State::opened(newest, Holes::of(contents.partitions));
    let mut attached = contents.attached;
    for change in checkpoint::fold(&found.batches) {
        let key = &change.kv.key;
        let put = change.kind == EventKind::Put;
        if put && change.kv.lease != 0 {
            attached.insert(key.clone(), change.kv.lease);
        } else {
            attached.remove(key);
        }
        let key = key.clone();
        state.lay_over(key, put.then_some(change.kv), change.born);
    }
    let mut leases = Leases::new(LeaseClock::new(options.lease_clock.clone()));
    for (lease, ttl_secs) in found.leases {
        leases.grant(lease, ttl_secs);
    }
    for (key, lease) in attached {
        leases.attach(lease, &key);
    }
    Ok(Opened { lock, log, data, unsaved: found.batches, state, leases })
}
