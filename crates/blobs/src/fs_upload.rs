//! Uploads of the filesystem engine: bytes are hashed and written in batches on the blocking pool,
//! one batch behind the network.
//!
//! What always holds: at most one [`State`] exists per upload, and only it touches the file; when it
//! goes, wherever that happens (a cut connection drops it in the middle of a batch), its hash state
//! goes back to [`Sessions`]. One that is lost, or whose file was touched meanwhile, is derived anew.

use std::fs::{self, File, OpenOptions};
use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::fs::{FsSessions, Tree, run_blocking};
use crate::limits::{MAX_BLOB, READ_CHUNK, WRITE_BATCH, WRITE_PARTS};
use crate::sessions::{Claim, Parked};
use crate::stamp::Traits;
use crate::{Algorithm, Digest, Error, Hasher, Result, Upload, UploadId};

/// The one right to write to an upload's file.
struct State {
    id: UploadId,
    path: PathBuf,
    file: File,
    /// `None` once the state no longer describes the file: it is then not given back.
    hasher: Option<Hasher>,
    size: u64,
    claim: Claim<Traits>,
}

impl Drop for State {
    fn drop(&mut self) {
        if let (Some(hasher), Ok(meta)) = (self.hasher.take(), self.file.metadata()) {
            self.claim.leave(Parked { hasher, size: self.size, mark: Traits::of(&meta) });
        }
    }
}

impl State {
    fn open(tree: &Tree, sessions: &Arc<FsSessions>, id: UploadId) -> Result<Self> {
        let (claim, known) = Claim::take(sessions, &id)?;
        let path = tree.upload(&id);
        let opened = OpenOptions::new().read(true).write(true).open(&path);
        let mut file = opened.map_err(|e| match e.kind() {
            io::ErrorKind::NotFound => Error::UploadNotFound(id.clone()),
            _ => Error::io("open upload", &id)(e),
        })?;
        let meta = file.metadata().map_err(Error::io("stat upload", &id))?;
        let (hasher, size) = match known {
            Some(known) if known.size == meta.len() && known.mark.same_bytes(&Traits::of(&meta)) => {
                (known.hasher, known.size)
            }
            // After a restart or a failed write: what is on disk is the upload.
            other => {
                let algorithm = other.map_or(Algorithm::Sha256, |known| known.hasher.algorithm());
                (hash_file(&mut file, algorithm).map_err(Error::io("read upload", &id))?, meta.len())
            }
        };
        file.seek(SeekFrom::Start(size)).map_err(Error::io("seek in upload", &id))?;
        Ok(Self { id, path, file, hasher: Some(hasher), size, claim })
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
            tree.publish(&self.file, &self.path, expected)
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

/// Hashes a file from its beginning; leaves it at its end.
pub(crate) fn hash_file(file: &mut File, algorithm: Algorithm) -> io::Result<Hasher> {
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
    pub(crate) async fn open(tree: &Arc<Tree>, sessions: &Arc<FsSessions>, id: &UploadId) -> Result<Box<dyn Upload>> {
        let (files, sessions, name) = (Arc::clone(tree), Arc::clone(sessions), id.clone());
        let state = run_blocking(move || State::open(&files, &sessions, name)).await?;
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
