//! Events on disk, outside the state store: one folder of append-only segments for each stream.
//!
//! What always holds: a batch is in its stream whole or not at all, also after `kill -9`; a batch with a
//! sequence number is in it at most once. An append is acknowledged when the kernel has it (page cache),
//! so it survives the end of this process; [`Storage::sync`], run every second while there is something
//! to do, puts it on the disk, so the loss of power costs at most the last second.
//!
//! `<root>/<first two digits>/<stream uid>/00000001.seg`, with a `.sum` beside each segment that is full,
//! and `owner`, the stream's key in the state store, by which folders of deleted streams are found.

pub mod segment;
pub mod select;
pub mod stream;

use std::collections::{HashMap, VecDeque};
use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use self::segment::Loaded;
use self::stream::Stream;

/// Streams held in memory (some hundred bytes each) before idle ones are let go.
const MAX_LOADED_STREAMS: usize = 20_000;
/// Full segments kept in memory for the next page of a listing.
const MAX_CACHED_SEGMENTS: usize = 2;
/// Folders that were cleared and are being deleted: `streams.cleared0`.
const CLEARED: &str = "cleared";
/// The file that names a stream's record.
const OWNER: &str = "owner";

pub struct Storage {
    root: PathBuf,
    streams: Mutex<HashMap<String, Arc<Stream>>>,
    /// Held while a stream is read from disk: two that mended one tail at once could cut off what the
    /// faster has appended since.
    loading: Mutex<()>,
    cache: Mutex<VecDeque<(String, u32, Arc<Loaded>)>>,
    dirty: Mutex<HashMap<String, Arc<Stream>>>,
}

/// A stream's folder.
#[derive(Debug)]
pub struct Folder {
    pub uid: String,
    /// The stream's key in the state store.
    pub owner: String,
    /// Since a segment was last begun or deleted in it.
    pub age: Duration,
}

/// What a process that ended while it deleted has left.
fn remove_cleared(root: &Path) {
    let siblings = root.parent().and_then(|parent| std::fs::read_dir(parent).ok());
    for path in siblings.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())) {
        let is_cleared = path.file_stem() == root.file_name()
            && path.extension().and_then(|e| e.to_str()).is_some_and(|e| e.starts_with(CLEARED));
        if is_cleared && let Err(error) = std::fs::remove_dir_all(&path) {
            tracing::warn!(path = %path.display(), %error, "failed to delete cleared log events");
        }
    }
}

/// A folder that only its owner may look into.
pub fn make_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

pub fn create_file(path: &Path) -> io::Result<std::fs::File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// All or nothing for a process that is killed, by rename. What it is used for can be told again from the
/// segments, should the power fail.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let mut file = create_file(&temporary)?;
    io::Write::write_all(&mut file, bytes)?;
    std::fs::rename(&temporary, path)
}

impl Storage {
    pub fn open(root: PathBuf) -> io::Result<Self> {
        make_dir(&root)?;
        remove_cleared(&root);
        Ok(Self {
            root,
            streams: Mutex::default(),
            loading: Mutex::default(),
            cache: Mutex::default(),
            dirty: Mutex::default(),
        })
    }

    fn dir(&self, uid: &str) -> PathBuf {
        self.root.join(uid.get(..2).unwrap_or("__")).join(uid)
    }

    /// The stream of a uid, read from disk the first time. `owner` is its key in the state store.
    pub fn stream(&self, uid: &str, owner: &str) -> io::Result<Arc<Stream>> {
        if let Some(stream) = self.streams.lock().get(uid) {
            return Ok(stream.clone());
        }
        let _turn = self.loading.lock();
        if let Some(stream) = self.streams.lock().get(uid) {
            return Ok(stream.clone());
        }
        let loaded = Arc::new(Stream::load(uid.to_owned(), owner.to_owned(), self.dir(uid))?);
        let mut streams = self.streams.lock();
        if streams.len() >= MAX_LOADED_STREAMS {
            streams.retain(|_, stream| Arc::strong_count(stream) > 1);
        }
        streams.insert(uid.to_owned(), loaded.clone());
        Ok(loaded)
    }

    pub fn mark_dirty(&self, stream: &Arc<Stream>) -> bool {
        self.dirty.lock().insert(stream.uid().to_owned(), stream.clone()).is_none()
    }

    /// Puts all that was appended on the disk.
    pub fn sync(&self) {
        let dirty = std::mem::take(&mut *self.dirty.lock());
        for stream in dirty.into_values() {
            if let Err(error) = stream.sync() {
                tracing::error!(stream = stream.uid(), %error, "failed to write log events through to the disk");
            }
        }
    }

    /// A segment's events; full segments come from a small cache.
    pub fn load(&self, stream: &Stream, number: u32, len: u64, full: bool) -> io::Result<Arc<Loaded>> {
        if full && let Some(found) = self.cached(stream.uid(), number) {
            return Ok(found);
        }
        let loaded = Arc::new(segment::load(&stream.segment_path(number), len)?);
        if full {
            let mut cache = self.cache.lock();
            cache.push_back((stream.uid().to_owned(), number, loaded.clone()));
            while cache.len() > MAX_CACHED_SEGMENTS {
                cache.pop_front();
            }
        }
        Ok(loaded)
    }

    pub fn forget_cached(&self) {
        self.cache.lock().clear();
    }

    fn cached(&self, uid: &str, number: u32) -> Option<Arc<Loaded>> {
        let mut cache = self.cache.lock();
        let at = cache.iter().position(|(u, n, _)| u == uid && *n == number)?;
        let entry = cache.remove(at)?;
        let loaded = entry.2.clone();
        cache.push_back(entry);
        Some(loaded)
    }

    /// Forgets a stream and its events.
    pub fn remove(&self, uid: &str) -> io::Result<()> {
        let known = self.streams.lock().remove(uid);
        if let Some(stream) = known {
            stream.close();
        }
        self.dirty.lock().remove(uid);
        self.cache.lock().retain(|(u, _, _)| u != uid);
        match std::fs::remove_dir_all(self.dir(uid)) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    /// Forgets everything. What was on disk is moved aside at once, and given back to be deleted.
    pub fn clear(&self) -> io::Result<PathBuf> {
        // Nobody reads a folder that is about to move.
        let _turn = self.loading.lock();
        let known = std::mem::take(&mut *self.streams.lock());
        for stream in known.into_values() {
            stream.close();
        }
        self.dirty.lock().clear();
        self.cache.lock().clear();
        // A name of its own: the one before may still be on its way out.
        let mut number = 0_u32;
        let aside = loop {
            let aside = self.root.with_extension(format!("{CLEARED}{number}"));
            match std::fs::rename(&self.root, &aside) {
                Ok(()) => break aside,
                Err(_) if aside.exists() && number < u32::MAX => number += 1,
                Err(error) => return Err(error),
            }
        };
        make_dir(&self.root)?;
        Ok(aside)
    }

    /// Every stream on disk.
    pub fn on_disk(&self) -> io::Result<Vec<Folder>> {
        let mut found = Vec::new();
        for shelf in std::fs::read_dir(&self.root)? {
            let shelf = shelf?.path();
            if !shelf.is_dir() {
                continue;
            }
            for dir in std::fs::read_dir(&shelf)? {
                let dir = dir?.path();
                let Some(uid) = dir.file_name().and_then(|n| n.to_str()) else { continue };
                let owner = std::fs::read_to_string(dir.join(OWNER)).unwrap_or_default();
                let touched = std::fs::metadata(&dir).and_then(|m| m.modified());
                let age = touched.ok().and_then(|at| at.elapsed().ok()).unwrap_or_default();
                found.push(Folder { uid: uid.to_owned(), owner, age });
            }
        }
        Ok(found)
    }
}
