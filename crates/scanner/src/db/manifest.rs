//! The list of sources, and who may change it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use gantry_base::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Error, Result};

const LIST: &str = "sources.json";
const LOCK: &str = "lock";
/// Endings of files that are ours to remove.
pub(super) const DATABASE: &str = "redb";
const PARTIAL: &str = "partial";

/// One import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceInfo {
    pub name: String,
    /// The file within the directory.
    pub file: String,
    /// What was imported: a path or an address.
    pub origin: String,
    /// `osv`, `debian-security-tracker`, `alpine-secdb`.
    pub formats: Vec<String>,
    pub imported_at: Timestamp,
    /// The newest change that an advisory tells of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// Records that were read, and of them those that nothing could be made of.
    pub records: u64,
    pub skipped: u64,
    /// How many statements about packages there are for each ecosystem.
    pub ecosystems: BTreeMap<String, u64>,
    pub bytes: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) sources: Vec<SourceInfo>,
}

/// Held by the one process that changes the list.
pub(crate) struct WriteLock(#[expect(dead_code, reason = "held for its lock")] File);

impl WriteLock {
    /// Takes the directory for one change, and removes what was left behind by those that were killed.
    ///
    /// [`Error::Busy`] while another runs.
    pub(crate) fn take(dir: &Path) -> Result<Self> {
        create_dir(dir)?;
        let path = dir.join(LOCK);
        let file = File::options().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = file.map_err(|e| Error::io("open", &path, e))?;
        match file.try_lock() {
            Ok(()) => {
                Manifest::load(dir)?.sweep(dir);
                Ok(Self(file))
            }
            Err(TryLockError::WouldBlock) => Err(Error::Busy),
            Err(TryLockError::Error(e)) => Err(Error::io("lock", &path, e)),
        }
    }
}

pub(super) fn create_dir(dir: &Path) -> Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|e| Error::io("make", dir, e))
}

impl Manifest {
    /// An empty one where there is none.
    pub(crate) fn load(dir: &Path) -> Result<Self> {
        let path = dir.join(LIST);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| Error::io("read", &path, e.into())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(e) => Err(Error::io("read", &path, e)),
        }
    }

    /// Empty without sources.
    pub(crate) fn version(&self) -> String {
        if self.sources.is_empty() {
            return String::new();
        }
        let files: BTreeSet<&str> = self.sources.iter().map(|s| s.file.as_str()).collect();
        let mut hash = Sha256::new();
        for file in files {
            hash.update(file);
            hash.update(b"\n");
        }
        hex::encode(&hash.finalize()[..8])
    }

    /// Makes this the list, durably, and removes the files that it does not name.
    pub(crate) fn save(&self, dir: &Path, _: &WriteLock) -> Result<()> {
        let (path, partial) = (dir.join(LIST), dir.join(format!("{LIST}.{PARTIAL}")));
        let put = || -> std::io::Result<()> {
            let mut file = File::options().create(true).truncate(true).write(true).mode(0o600).open(&partial)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            fs::rename(&partial, &path)?;
            File::open(dir)?.sync_all()
        };
        put().map_err(|e| Error::io("write", &path, e))?;
        self.sweep(dir);
        Ok(())
    }

    /// Removes what imports that were killed have left, and sources that were replaced. Who has them open
    /// reads on.
    fn sweep(&self, dir: &Path) {
        let named: BTreeSet<&str> = self.sources.iter().map(|s| s.file.as_str()).collect();
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let (name, path) = (entry.file_name(), entry.path());
            let ours = path.extension().is_some_and(|e| e == DATABASE || e == PARTIAL);
            if ours && !name.to_str().is_some_and(|name| named.contains(name)) {
                // What cannot be removed now is tried again by the next import.
                let _ = fs::remove_file(path);
            }
        }
    }
}
