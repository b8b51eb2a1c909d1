//! What the agent itself keeps on disk of a sandbox: only what neither the store nor the runtime can tell it
//! after a restart. One directory per sandbox, files 0600: the credentials id is a bearer secret.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use gantry_base::{Entropy, hex_id};
use serde::{Deserialize, Serialize};

use crate::runtime::PulledImage;
use crate::{Error, Result};

/// Records that are read at the start; more than any host could run.
const MAX_RECORDS: usize = 65_536;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LocalRecord {
    pub sandbox_id: String,
    /// First id of the sandbox's own user range.
    pub user_base: Option<u32>,
    /// The path segment under `/v2/credentials/` by which the task's containers get the role's credentials.
    pub credentials_id: String,
    /// What each container was made from.
    #[serde(default)]
    pub images: BTreeMap<String, PulledImage>,
}

impl LocalRecord {
    pub fn new(sandbox_id: impl Into<String>, credentials_id: impl Into<String>) -> Self {
        Self {
            sandbox_id: sandbox_id.into(),
            user_base: None,
            credentials_id: credentials_id.into(),
            images: BTreeMap::new(),
        }
    }
}

/// The directory of all records.
#[derive(Clone, Debug)]
pub(crate) struct Records {
    root: PathBuf,
}

impl Records {
    pub fn open(state_dir: &Path) -> Result<Self> {
        let root = state_dir.join("sandboxes");
        make_dir(&root)?;
        Ok(Self { root })
    }

    /// Sandbox ids are hex digits or like them; one that is not may not choose where we write.
    pub fn dir(&self, sandbox_id: &str) -> Result<PathBuf> {
        let fits = !sandbox_id.is_empty()
            && sandbox_id.len() <= 128
            && sandbox_id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !fits {
            let reason = format!("`{}` is not a sandbox id", sandbox_id.chars().take(64).collect::<String>());
            return Err(Error::Record { path: self.root.clone(), reason });
        }
        Ok(self.root.join(sandbox_id))
    }

    pub fn read_all(&self) -> Result<BTreeMap<String, LocalRecord>> {
        let entries = fs::read_dir(&self.root).map_err(|e| Error::file("list", &self.root, e))?;
        let mut records = BTreeMap::new();
        for entry in entries.take(MAX_RECORDS) {
            let path = entry.map_err(|e| Error::file("list", &self.root, e))?.path().join("record.json");
            match read_json::<LocalRecord>(&path) {
                Ok(Some(record)) => {
                    records.insert(record.sandbox_id.clone(), record);
                }
                Ok(None) => {}
                // A half-written record cannot be: they are renamed into place. Better one task without
                // its user range than a host without an agent.
                Err(error) => tracing::error!(%error, "skipped an unreadable sandbox record"),
            }
        }
        Ok(records)
    }

    pub fn read(&self, sandbox_id: &str) -> Result<Option<LocalRecord>> {
        read_json(&self.dir(sandbox_id)?.join("record.json"))
    }

    pub fn write(&self, record: &LocalRecord) -> Result<()> {
        let dir = self.dir(&record.sandbox_id)?;
        make_dir(&dir)?;
        write_json(&dir.join("record.json"), record)
    }

    pub fn remove(&self, sandbox_id: &str) -> Result<()> {
        let dir = self.dir(sandbox_id)?;
        match fs::remove_dir_all(&dir) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::file("remove", dir, e)),
            _ => Ok(()),
        }
    }

    pub fn remove_all_but(&self, keep: impl Fn(&str) -> bool) -> Result<()> {
        let entries = fs::read_dir(&self.root).map_err(|e| Error::file("list", &self.root, e))?;
        for entry in entries.take(MAX_RECORDS) {
            let entry = entry.map_err(|e| Error::file("list", &self.root, e))?;
            if let Some(id) = entry.file_name().to_str()
                && !keep(id)
            {
                self.remove(id)?;
            }
        }
        Ok(())
    }
}

/// The host's id from `<state_dir>/host-id`: made at the first start, the same ever after. 32 hex digits, as
/// a container instance's id has in ECS.
pub fn load_or_make_host_id(state_dir: &Path, entropy: &dyn Entropy) -> Result<String> {
    make_dir(state_dir)?;
    let path = state_dir.join("host-id");
    if let Some(id) = read_json::<String>(&path)? {
        return Ok(id);
    }
    let id = hex_id(entropy, 32);
    write_json(&path, &id)?;
    Ok(id)
}

pub(crate) fn make_dir(path: &Path) -> Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|e| Error::file("make", path, e))
}

pub(crate) fn read_json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(None),
        Err(e) => return Err(Error::file("read", path, e)),
    };
    let value = serde_json::from_slice(&text);
    value.map(Some).map_err(|e| Error::Record { path: path.to_owned(), reason: e.to_string() })
}

/// Renamed into place, so that a reader sees the old or the new. Not synced: a crash of the whole machine
/// ends the sandbox too.
pub(crate) fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let text = serde_json::to_vec(value).map_err(|e| Error::Record { path: path.to_owned(), reason: e.to_string() })?;
    let fresh = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&fresh).map_err(|e| Error::file("create", &fresh, e))?;
    file.write_all(&text).map_err(|e| Error::file("write", &fresh, e))?;
    fs::rename(&fresh, path).map_err(|e| Error::file("rename", path, e))
}
