//! What is remembered on disk: the VPC's CIDR, and one file for each attached sandbox.
//!
//! A sandbox's file is written (whole, by rename) after the kernel has everything and removed before
//! the kernel loses anything, so a file always stands for something that was complete.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Attachment, Error, Ipv4Net, Result};

/// A record is well under this; a larger file is not one.
const MAX_RECORD_BYTES: u64 = 64 * 1024;

/// What the whole network is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRecord {
    pub vpc: Ipv4Net,
}

/// The state directory, locked against a second user.
#[derive(Debug)]
pub struct State {
    root: PathBuf,
    _lock: Flock<File>,
}

fn make_dir(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(|e| Error::file("create", path, e))
}

fn write_whole<T: Serialize>(path: &Path, value: &T) -> Result<()> {
    let bad = |e: serde_json::Error| Error::Record { path: path.to_owned(), reason: e.to_string() };
    let bytes = serde_json::to_vec(value).map_err(bad)?;
    let beside = path.with_extension("new");
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&bytes)?;
        fs::rename(&beside, path)
    };
    write().map_err(|e| Error::file("write", path, e))
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let bytes = match fs::metadata(path)
        .and_then(|m| if m.len() > MAX_RECORD_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { fs::read(path) })
    {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|e| Error::file("read", path, e))?,
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|e| Error::Record { path: path.to_owned(), reason: e.to_string() })
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::file("remove", path, e)),
        _ => Ok(()),
    }
}

fn names(dir: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(dir).map_err(|e| Error::file("list", dir, e))?;
    Ok(entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect())
}

impl State {
    pub fn open(root: &Path) -> Result<Self> {
        make_dir(root)?;
        make_dir(&root.join("netns"))?;
        make_dir(&root.join("sandboxes"))?;
        let path = root.join("lock");
        let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path);
        let file = file.map_err(|e| Error::file("open", &path, e))?;
        let lock = Flock::lock(file, FlockArg::LockExclusiveNonblock).map_err(|(_, e)| match e {
            nix::errno::Errno::EWOULDBLOCK => Error::InUse(root.to_owned()),
            other => Error::file("lock", &path, other.into()),
        })?;
        // An absolute path: it goes into records and to other processes.
        let root = fs::canonicalize(root).map_err(|e| Error::file("resolve", root, e))?;
        Ok(Self { root, _lock: lock })
    }

    pub fn netns_path(&self, slot: &str) -> PathBuf {
        self.root.join("netns").join(slot)
    }

    fn sandbox_path(&self, id: &str) -> PathBuf {
        self.root.join("sandboxes").join(format!("{id}.json"))
    }

    pub fn network(&self) -> Result<Option<NetworkRecord>> {
        read(&self.root.join("network.json"))
    }

    pub fn set_network(&self, record: &NetworkRecord) -> Result<()> {
        write_whole(&self.root.join("network.json"), record)
    }

    pub fn put(&self, attachment: &Attachment) -> Result<()> {
        write_whole(&self.sandbox_path(&attachment.sandbox_id), attachment)
    }

    pub fn remove(&self, sandbox_id: &str) -> Result<()> {
        remove(&self.sandbox_path(sandbox_id))
    }

    /// All readable records. What a crash left unreadable is removed: nothing can be done with it,
    /// and its namespace is then cleaned up as one that nobody has.
    pub fn sandboxes(&self) -> Result<Vec<Attachment>> {
        let dir = self.root.join("sandboxes");
        let mut found = Vec::new();
        for name in names(&dir)? {
            let path = dir.join(&name);
            match name.strip_suffix(".json").map(|_| read::<Attachment>(&path)) {
                Some(Ok(Some(record))) if self.sandbox_path(&record.sandbox_id) == path => found.push(record),
                other => {
                    tracing::warn!(path = %path.display(), ?other, "removing a network record that is not one");
                    remove(&path)?;
                }
            }
        }
        Ok(found)
    }

    /// The names of all kept namespaces.
    pub fn slots(&self) -> Result<Vec<String>> {
        names(&self.root.join("netns"))
    }

    /// Removes everything here that this module made; the lock stays until `self` is dropped.
    pub fn clear(&self) -> Result<()> {
        remove(&self.root.join("network.json"))?;
        for dir in ["netns", "sandboxes"] {
            let path = self.root.join(dir);
            match fs::remove_dir_all(&path) {
                Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(Error::file("remove", path, e)),
                _ => {}
            }
        }
        remove(&self.root.join("lock"))
    }
}
