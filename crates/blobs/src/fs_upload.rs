//! Uploads of the filesystem engine: bytes are hashed and written in batches on the blocking pool,
//! one batch behind the network.
//!
//! What always holds: at most one [`State`] exists per upload, and only it touches the file; when it
//! goes, wherever that happens (a cut connection drops it in the middle of a batch), its hash state
//! and size go back to [`Sessions`]. A hash state that is lost is derived anew from the file.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::fs::{Tree, run_blocking};
use crate::limits::{IDLE_UPLOADS, MAX_BLOB, READ_CHUNK, WRITE_BATCH, WRITE_PARTS};
use crate::{Algorithm, Digest, Error, Hasher, Result, Upload, UploadId};

enum Slot {
    Busy,
    Idle { hasher: Hasher, size: u64 },
}

/// Who writes to which upload, and the hash states of those that wait for their next chunk.
#[derive(Default)]
pub(crate) struct Sessions(Mutex<HashMap<UploadId, Slot>>);

impl Sessions {
    fn slots(&self) -> MutexGuard<'_, HashMap<UploadId, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn start(&self, id: &UploadId, algorithm: Algorithm) {
        self.park(id, Hasher::new(algorithm), 0);
    }

    fn park(&self, id: &UploadId, hasher: Hasher, size: u64) {
        let mut slots = self.slots();
        if slots.len() >= IDLE_UPLOADS {
            let idle = slots.iter().find(|(_, s)| matches!(s, Slot::Idle { .. })).map(|(id, _)| id.clone());
            if let Some(idle) = idle {
                slots.remove(&idle);
            }
        }
        slots.insert(id.clone(), Slot::Idle { hasher, size });
    }

    /// Marks the upload busy; gives its hash state if that is still known.
    fn take(&self, id: &UploadId) -> Result<Option<(Hasher, u64)>> {
        match self.slots().insert(id.clone(), Slot::Busy) {
            Some(Slot::Busy) => Err(Error::UploadBusy(id.clone())),
            Some(Slot::Idle { hasher, size }) => Ok(Some((hasher, size))),
            None => Ok(None),
        }
    }

    fn release(&self, id: &UploadId) {
        self.slots().remove(id);
    }

    /// Drops an upload's state unless somebody is writing to it.
    pub(crate) fn forget_idle(&self, id: &UploadId) -> bool {
        let mut slots = self.slots();
        if matches!(slots.get(id), Some(Slot::Busy)) {
            return false;
        }
        slots.remove(id);
        true
    }
}

/// The one right to write to an upload's file.
struct State {
    id: UploadId,
    path: PathBuf,
    file: File,
    /// `None` once the state no longer describes the file: it is then not given back.
    hasher: Option<Hasher>,
    size: u64,
    sessions: Arc<Sessions>,
}

impl Drop for State {
    fn drop(&mut self) {
        match self.hasher.take() {
            Some(hasher) => self.sessions.park(&self.id, hasher, self.size),
            None => self.sessions.release(&self.id),
        }
    }
}

/// Gives the busy mark back if opening fails half-way.
struct Claim<'a> {
    sessions: &'a Sessions,
    id: &'a UploadId,
    done: bool,
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.sessions.release(self.id);
        }
    }
}

impl State {
    fn open(tree: &Tree, sessions: Arc<Sessions>, id: UploadId) -> Result<Self> {
        let known = sessions.take(&id)?;
        let mut claim = Claim { sessions: &sessions, id: &id, done: false };
        let path = tree.upload(&id);
        let opened = OpenOptions::new().read(true).write(true).open(&path);
        let mut file = opened.map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => Error::UploadNotFound(id.clone()),
            _ => Error::io("open upload", &id)(e),
        })?;
        let len = file.metadata().map_err(Error::io("stat upload", &id))?.len();
        let (hasher, size) = match known {
            Some((hasher, size)) if size == len => (hasher, size),
            // After a restart or a failed write: what is on disk is the upload.
            other => {
                let algorithm = other.map_or(Algorithm::Sha256, |(h, _)| h.algorithm());
                (hash_file(&mut file, algorithm).map_err(Error::io("read upload", &id))?, len)
            }
        };
        file.seek(SeekFrom::Start(size)).map_err(Error::io("seek in upload", &id))?;
        claim.done = true;
        drop(claim);
        Ok(Self { id, path, file, hasher: Some(hasher), size, sessions })
    }

    fn append(&mut self, batch: &[Bytes]) -> Result<()> {
        let mut hasher = self.hasher.take().ok_or_else(|| Error::UploadNotFound(self.id.clone()))?;
        let written = write_batch(&mut self.file, batch);
        if let Err(e) = written {
            // Bytes past `size` may be there: cut them off, and let the next opener hash anew.
            let _ = self.file.set_len(self.size);
            return Err(Error::io("write upload", &self.id)(e));
        }
        for part in batch {
            hasher.update(part);
            self.size += part.len() as u64;
        }
        self.hasher = Some(hasher);
        Ok(())
    }

    fn commit(mut self, tree: &Tree, expected: &Digest) -> Result<u64> {
        let checked = self.check(expected);
        let done = checked.and_then(|()| {
            self.file.sync_all().map_err(Error::io("sync upload", &self.id))?;
            tree.publish(&self.path, expected)
        });
        if done.is_err() {
            let _ = fs::remove_file(&self.path);
        }
        done.map(|()| self.size)
    }

    fn check(&mut self, expected: &Digest) -> Result<()> {
        let mut hasher = self.hasher.take().ok_or_else(|| Error::UploadNotFound(self.id.clone()))?;
        if hasher.algorithm() != expected.algorithm() {
            hasher = hash_file(&mut self.file, expected.algorithm()).map_err(Error::io("read upload", &self.id))?;
        }
        let actual = hasher.finish();
        if actual == *expected { Ok(()) } else { Err(Error::DigestMismatch { expected: expected.clone(), actual }) }
    }
}

fn hash_file(file: &mut File, algorithm: Algorithm) -> io::Result<Hasher> {
    let mut hasher = Hasher::new(algorithm);
    let mut buffer = vec![0; READ_CHUNK];
    file.seek(SeekFrom::Start(0))?;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher),
            Ok(n) => hasher.update(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

fn write_batch(file: &mut File, batch: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = batch.iter().map(|part| IoSlice::new(part)).collect();
    let mut rest = &mut slices[..];
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(n) => IoSlice::advance_slices(&mut rest, n),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

enum Hand {
    Here(State),
    Writing(JoinHandle<(State, Result<()>)>),
    Lost,
}

/// An upload in hand, with the batch that is being gathered for it.
pub(crate) struct FsUpload {
    tree: Arc<Tree>,
    id: UploadId,
    hand: Hand,
    batch: Vec<Bytes>,
    batch_len: usize,
    offset: u64,
}

impl FsUpload {
    pub(crate) async fn open(tree: &Arc<Tree>, sessions: &Arc<Sessions>, id: &UploadId) -> Result<Box<dyn Upload>> {
        let (files, sessions, name) = (Arc::clone(tree), Arc::clone(sessions), id.clone());
        let state = run_blocking(move || State::open(&files, sessions, name)).await?;
        Ok(Box::new(Self {
            tree: Arc::clone(tree),
            id: id.clone(),
            offset: state.size,
            hand: Hand::Here(state),
            batch: Vec::new(),
            batch_len: 0,
        }))
    }

    /// Waits for the batch that is being written.
    async fn state(&mut self) -> Result<State> {
        match std::mem::replace(&mut self.hand, Hand::Lost) {
            Hand::Here(state) => Ok(state),
            Hand::Writing(task) => match task.await {
                Ok((state, done)) => done.map(|()| state),
                Err(e) => Err(Error::io("write upload", &self.id)(io::Error::other(e))),
            },
            Hand::Lost => Err(Error::UploadNotFound(self.id.clone())),
        }
    }

    async fn send_batch(&mut self) -> Result<()> {
        let mut state = self.state().await?;
        let batch = std::mem::take(&mut self.batch);
        self.batch_len = 0;
        self.hand = Hand::Writing(tokio::task::spawn_blocking(move || {
            let done = state.append(&batch);
            (state, done)
        }));
        Ok(())
    }

    async fn finish_writing(&mut self) -> Result<State> {
        if !self.batch.is_empty() {
            self.send_batch().await?;
        }
        self.state().await
    }
}

#[async_trait]
impl Upload for FsUpload {
    fn offset(&self) -> u64 {
        self.offset
    }

    async fn write(&mut self, chunk: Bytes) -> Result<()> {
        if chunk.is_empty() {
            return Ok(());
        }
        let after = self.offset.saturating_add(chunk.len() as u64);
        if after > MAX_BLOB {
            return Err(Error::TooLarge { upload: self.id.clone(), limit: MAX_BLOB });
        }
        self.offset = after;
        self.batch_len += chunk.len();
        self.batch.push(chunk);
        if self.batch_len >= WRITE_BATCH || self.batch.len() >= WRITE_PARTS {
            self.send_batch().await?;
        }
        Ok(())
    }

    async fn suspend(mut self: Box<Self>) -> Result<u64> {
        Ok(self.finish_writing().await?.size)
    }

    async fn commit(mut self: Box<Self>, digest: &Digest) -> Result<u64> {
        let state = self.finish_writing().await?;
        let (tree, digest) = (Arc::clone(&self.tree), digest.clone());
        run_blocking(move || state.commit(&tree, &digest)).await
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        self.batch.clear();
        let mut state = self.state().await?;
        run_blocking(move || {
            state.hasher = None;
            fs::remove_file(&state.path).map_err(Error::io("remove upload", &state.id))
        })
        .await
    }
}
