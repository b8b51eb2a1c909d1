//! Uploads to the bucket: parts of one size, one gathered while another is hashed and sent.
//!
//! What always holds: the state in the bucket names parts and a tail that are stored; a part is hashed when
//! it is sent, so a hash state is one of whole parts. One that is lost (another server, a restart) cannot be
//! derived from parts, which S3 shows to nobody: then the completed bytes are read back before the commit.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use gantry_base::{Entropy, SystemEntropy};
use object_store::multipart::{MultipartStore, PartId};
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion};
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::read::hash_all;
use super::{Bucket, PART, check_bytes, is_missing};
use crate::fs::run_blocking;
use crate::limits::MAX_BLOB;
use crate::sessions::{Claim, Parked};
use crate::{Algorithm, Digest, Error, Hasher, Result, Upload, UploadId};

/// The state is written after so many parts: what a killed server can lose of a chunk that it has not
/// acknowledged.
const PARTS_PER_SAVE: usize = 8;
/// Bytes of a state: ten thousand parts with their ETags.
const MAX_STATE: u64 = 2 * 1024 * 1024;

/// An upload as the bucket has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct State {
    algorithm: String,
    /// Bytes of each part.
    part_size: usize,
    /// S3's id of the multipart upload, once there is one.
    multipart: Option<String>,
    /// ETags in order.
    parts: Vec<String>,
    tail: Option<Tail>,
}

/// Bytes after the last whole part.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Tail {
    /// Random: a writer that was refused cannot have replaced it.
    name: String,
    digest: Digest,
    len: usize,
}

impl State {
    fn new(algorithm: Algorithm) -> Self {
        Self {
            algorithm: algorithm.as_str().to_owned(),
            part_size: PART,
            multipart: None,
            parts: Vec::new(),
            tail: None,
        }
    }

    /// Bytes of the parts.
    fn sent(&self) -> u64 {
        self.parts.len() as u64 * self.part_size as u64
    }

    pub(super) fn size(&self) -> u64 {
        self.sent() + self.tail.as_ref().map_or(0, |tail| tail.len as u64)
    }
}

pub(super) async fn create(bucket: &Bucket, id: &UploadId, algorithm: Algorithm) -> Result<()> {
    let mark = save(bucket, id, &State::new(algorithm), PutMode::Create).await?;
    bucket.sessions.start(id, algorithm, mark);
    Ok(())
}

/// Returns the ETag.
async fn save(bucket: &Bucket, id: &UploadId, state: &State, mode: PutMode) -> Result<Option<String>> {
    let bytes = serde_json::to_vec(state).map_err(|e| Error::io("write state of", id)(e.into()))?;
    let options = PutOptions { mode, ..PutOptions::default() };
    match bucket.store.put_opts(&bucket.names.state(id), PutPayload::from(bytes), options).await {
        Ok(put) => Ok(put.e_tag),
        Err(StoreError::Precondition { .. } | StoreError::AlreadyExists { .. }) => Err(Error::UploadBusy(id.clone())),
        Err(e) if is_missing(&e) => Err(Error::UploadNotFound(id.clone())),
        Err(e) => Err(Error::store("write state of", id)(e)),
    }
}

/// The state with its ETag; `None` if there is no such upload.
pub(super) async fn read_state(bucket: &Bucket, id: &UploadId) -> Result<Option<(State, Option<String>)>> {
    let got = match bucket.store.get(&bucket.names.state(id)).await {
        Ok(got) if got.meta.size <= MAX_STATE => got,
        Ok(_) => return Err(Error::io("read state of", id)(std::io::ErrorKind::InvalidData.into())),
        Err(e) if is_missing(&e) => return Ok(None),
        Err(e) => return Err(Error::store("read state of", id)(e)),
    };
    let mark = got.meta.e_tag.clone();
    let bytes = got.bytes().await.map_err(Error::store("read state of", id))?;
    let state: State = serde_json::from_slice(&bytes).map_err(|e| Error::io("read state of", id)(e.into()))?;
    if state.part_size == 0 || state.part_size > 16 * PART {
        return Err(Error::io("read state of", id)(std::io::ErrorKind::InvalidData.into()));
    }
    Ok(Some((state, mark)))
}

async fn read_tail(bucket: &Bucket, id: &UploadId, state: &State) -> Result<BytesMut> {
    let mut gathered = BytesMut::new();
    let Some(tail) = &state.tail else { return Ok(gathered) };
    let got = bucket.store.get(&bucket.names.tail(id, &tail.name)).await.map_err(Error::store("read tail of", id))?;
    if got.meta.size != tail.len as u64 || tail.len > state.part_size {
        return Err(Error::io("read tail of", id)(std::io::ErrorKind::InvalidData.into()));
    }
    let bytes = got.bytes().await.map_err(Error::store("read tail of", id))?;
    gathered.reserve(state.part_size);
    gathered.extend_from_slice(&bytes);
    let expected = tail.digest.clone();
    run_blocking(move || check_bytes(&expected, &bytes)).await?;
    Ok(gathered)
}

impl Bucket {
    /// What is not aborted here goes by the bucket's own rule for multipart uploads that are never completed.
    pub(super) async fn abort_parts(&self, id: &UploadId, state: &State) {
        if let Some(multipart) = &state.multipart
            && let Err(error) = self.store.abort_multipart(&self.names.data(id), multipart).await
            && !is_missing(&error)
        {
            tracing::warn!(%error, upload = %id, "failed to abort a multipart upload");
        }
    }
}

/// A part on its way: the hash state with it, and the part's ETag.
type Sending = JoinHandle<Result<(Option<Hasher>, String)>>;

/// An upload in hand.
struct Hand {
    bucket: Arc<Bucket>,
    id: UploadId,
    claim: Claim<Option<String>>,
    state: State,
    /// The stored state's ETag.
    mark: Option<String>,
    /// Of the parts; `None` once it is lost.
    hasher: Option<Hasher>,
    sending: Option<Sending>,
    /// Bytes after the last part, at most one.
    gathered: BytesMut,
    /// A tail whose bytes are in a part by now; it goes once the stored state says so too.
    old_tail: Option<Tail>,
    /// The stored state is behind.
    unsaved: bool,
    /// Parts since the state was stored.
    unsaved_parts: usize,
}

impl Hand {
    async fn open(bucket: &Arc<Bucket>, id: &UploadId) -> Result<Self> {
        let (claim, known) = Claim::take(&bucket.sessions, id)?;
        let (state, mark) = read_state(bucket, id).await?.ok_or_else(|| Error::UploadNotFound(id.clone()))?;
        let gathered = read_tail(bucket, id, &state).await?;
        let hasher = match known {
            Some(known) if known.mark.is_some() && known.mark == mark && known.size == state.size() => {
                Some(known.hasher)
            }
            _ if state.parts.is_empty() => {
                Some(Hasher::new(Algorithm::from_name(&state.algorithm).unwrap_or_default()))
            }
            _ => None,
        };
        let (bucket, id) = (Arc::clone(bucket), id.clone());
        Ok(Self {
            bucket,
            id,
            claim,
            state,
            mark,
            hasher,
            sending: None,
            gathered,
            old_tail: None,
            unsaved: false,
            unsaved_parts: 0,
        })
    }

    /// Waits for the part that is on its way. May be given up and called again.
    async fn settle(&mut self) -> Result<()> {
        if let Some(sending) = &mut self.sending {
            let sent = sending.await;
            self.sending = None;
            let sent = sent.map_err(|e| Error::io("send part of", &self.id)(std::io::Error::other(e)))?;
            let (hasher, etag) = sent?;
            self.hasher = hasher;
            self.state.parts.push(etag);
            self.unsaved_parts += 1;
            self.old_tail = self.state.tail.take().or(self.old_tail.take());
        }
        if self.unsaved_parts >= PARTS_PER_SAVE {
            self.save().await?;
        }
        Ok(())
    }

    async fn save(&mut self) -> Result<()> {
        let known = UpdateVersion { e_tag: self.mark.clone(), version: None };
        let mode = if self.mark.is_some() { PutMode::Update(known) } else { PutMode::Overwrite };
        self.mark = save(&self.bucket, &self.id, &self.state, mode).await?;
        self.unsaved_parts = 0;
        if let Some(tail) = self.old_tail.take() {
            self.forget_tail(&tail).await;
        }
        Ok(())
    }

    /// Starts to send what is gathered once the part before has arrived. May be given up and called again.
    async fn send(&mut self) -> Result<()> {
        self.settle().await?;
        let path = self.bucket.names.data(&self.id);
        let multipart = match &self.state.multipart {
            Some(multipart) => multipart.clone(),
            None => {
                let made = self.bucket.store.create_multipart(&path).await;
                let made = made.map_err(Error::store("start multipart upload of", &self.id))?;
                // Known before it holds anything, so that it is aborted if nobody comes back.
                self.state.multipart = Some(made.clone());
                self.save().await?;
                made
            }
        };
        let (bucket, id, at) = (Arc::clone(&self.bucket), self.id.clone(), self.state.parts.len());
        let hasher = self.hasher.take();
        let bytes = std::mem::replace(&mut self.gathered, BytesMut::with_capacity(self.state.part_size)).freeze();
        self.unsaved = true;
        self.sending = Some(tokio::spawn(async move {
            let (whole, name) = (bytes.clone(), id.clone());
            let hashing = run_blocking(move || {
                let mut hasher = hasher;
                if let Some(hasher) = &mut hasher {
                    hasher.update(&whole);
                }
                Ok(hasher)
            });
            let putting = bucket.store.put_part(&path, &multipart, at, PutPayload::from(bytes));
            let (hasher, put) = tokio::join!(hashing, putting);
            let PartId { content_id } = put.map_err(Error::store("send part of", name))?;
            Ok((hasher?, content_id))
        }));
        Ok(())
    }

    /// A tail that the stored state no longer names. One that stays goes with the upload.
    async fn forget_tail(&self, tail: &Tail) {
        if let Err(error) = self.bucket.remove(&self.bucket.names.tail(&self.id, &tail.name)).await {
            tracing::warn!(%error, upload = %self.id, "failed to remove an upload's tail");
        }
    }

    /// Stores all that came, and gives the upload back.
    async fn suspend(mut self) -> Result<u64> {
        self.settle().await?;
        if self.unsaved {
            let mut tail = None;
            if !self.gathered.is_empty() {
                let bytes = self.gathered.split().freeze();
                let mut name = [0; 16];
                SystemEntropy.fill(&mut name);
                let name = hex::encode(name);
                let whole = bytes.clone();
                let digest = run_blocking(move || Ok(Digest::sha256(&whole))).await?;
                let (path, len) = (self.bucket.names.tail(&self.id, &name), bytes.len());
                let put = self.bucket.store.put(&path, PutPayload::from(bytes)).await;
                put.map_err(Error::store("write tail of", &self.id))?;
                tail = Some(Tail { name, digest, len });
            }
            let old = std::mem::replace(&mut self.state.tail, tail);
            if let Err(e) = self.save().await {
                if let Some(tail) = &self.state.tail {
                    self.forget_tail(tail).await;
                }
                return Err(e);
            }
            if let Some(old) = old {
                self.forget_tail(&old).await;
            }
        }
        self.park();
        Ok(self.state.size())
    }

    fn park(&mut self) {
        if let Some(hasher) = self.hasher.take() {
            self.claim.leave(Parked { hasher, size: self.state.size(), mark: self.mark.clone() });
        }
    }

    async fn commit(&mut self, digest: &Digest) -> Result<u64> {
        self.settle().await?;
        let size = self.state.sent() + self.gathered.len() as u64;
        if self.state.multipart.is_none() {
            let bytes = self.gathered.split().freeze();
            let (expected, whole) = (digest.clone(), bytes.clone());
            run_blocking(move || check_bytes(&expected, &whole)).await?;
            self.bucket.put_blob(digest, bytes).await?;
            return Ok(size);
        }
        if !self.gathered.is_empty() || self.state.parts.is_empty() {
            self.send().await?;
            self.settle().await?;
        }
        let known = self.hasher.take().filter(|hasher| hasher.algorithm() == digest.algorithm());
        let checked = known.is_some();
        if let Some(hasher) = known {
            compare(digest, hasher)?;
        }
        self.complete(digest, size, checked).await?;
        Ok(size)
    }

    /// Makes one object of the parts and gives it the blob's key, its digest compared before.
    async fn complete(&mut self, digest: &Digest, size: u64, checked: bool) -> Result<()> {
        let (bucket, from, to) = (&self.bucket, self.bucket.names.data(&self.id), self.bucket.names.blob(digest));
        if checked && self.is_there(digest).await? {
            // The parts are aborted with the rest of the upload.
            return Ok(());
        }
        let parts = self.state.parts.drain(..).map(|content_id| PartId { content_id }).collect();
        let Some(multipart) = self.state.multipart.clone() else { return Err(Error::UploadNotFound(self.id.clone())) };
        let done = bucket.store.complete_multipart(&from, &multipart, parts).await;
        done.map_err(Error::store("complete", &self.id))?;
        self.state.multipart = None;
        if !checked {
            let got = bucket.store.get(&from).await.map_err(Error::store("read back", &self.id))?;
            compare(digest, hash_all(got.into_stream(), digest).await?)?;
        }
        bucket.copy(&from, &to, size).await.map_err(Error::store("copy to", digest))?;
        let meta = bucket.blob(digest).await?;
        bucket.proven.insert(digest, meta.e_tag, meta.size);
        Ok(())
    }

    /// Whether the blob is there already, as its bytes were when they were compared.
    async fn is_there(&self, digest: &Digest) -> Result<bool> {
        let Some(seen) = self.bucket.proven.get(digest) else { return Ok(false) };
        let there = self.bucket.head(&self.bucket.names.blob(digest)).await;
        let there = there.map_err(Error::store("look at", digest))?;
        Ok(there.is_some_and(|meta| meta.e_tag.as_deref() == Some(seen.etag.as_str())))
    }

    /// Removes all that the upload has in the bucket. What fails is found by [`crate::Blobs::expire_uploads`].
    async fn clear_away(&mut self) -> Result<()> {
        if let Some(sending) = self.sending.take() {
            // A part that arrived after the abort would be kept, and paid for.
            let _ = sending.await;
        }
        self.bucket.abort_parts(&self.id, &self.state).await;
        let names = &self.bucket.names;
        let tails = self.state.tail.take().into_iter().chain(self.old_tail.take());
        let tails: Vec<_> = tails.map(|tail| names.tail(&self.id, &tail.name)).collect();
        // The state last: as long as it is there a killed removal is found again.
        let data = self.state.parts.is_empty().then(|| names.data(&self.id));
        for path in tails.into_iter().chain(data).chain([names.state(&self.id)]) {
            self.bucket.remove(&path).await.map_err(Error::store("remove", path))?;
        }
        Ok(())
    }
}

fn compare(expected: &Digest, hasher: Hasher) -> Result<()> {
    let actual = hasher.finish();
    if actual == *expected { Ok(()) } else { Err(Error::DigestMismatch { expected: expected.clone(), actual }) }
}

/// An upload in hand, until it is given back.
pub(super) struct S3Upload {
    id: UploadId,
    hand: Option<Hand>,
    offset: u64,
    /// A part could not be stored: what the bucket has is the upload.
    failed: bool,
}

impl S3Upload {
    pub(super) async fn open(bucket: &Arc<Bucket>, id: &UploadId) -> Result<Box<dyn Upload>> {
        let hand = Hand::open(bucket, id).await?;
        Ok(Box::new(Self { id: id.clone(), offset: hand.state.size(), hand: Some(hand), failed: false }))
    }

    fn take(&mut self) -> Result<Hand> {
        let hand = self.hand.take().filter(|_| !self.failed);
        hand.ok_or_else(|| Error::UploadNotFound(self.id.clone()))
    }
}

#[async_trait]
impl Upload for S3Upload {
    fn offset(&self) -> u64 {
        self.offset
    }

    async fn write(&mut self, mut chunk: Bytes) -> Result<()> {
        let after = self.offset.saturating_add(chunk.len() as u64);
        if after > MAX_BLOB {
            return Err(Error::TooLarge { upload: self.id.clone(), limit: MAX_BLOB });
        }
        let failed = || Error::UploadNotFound(self.id.clone());
        let hand = self.hand.as_mut().filter(|_| !self.failed).ok_or_else(failed)?;
        let part = hand.state.part_size;
        while !chunk.is_empty() {
            if hand.gathered.capacity() == 0 {
                hand.gathered.reserve(chunk.len().min(part));
            }
            hand.unsaved = true;
            hand.gathered.extend_from_slice(&chunk.split_to(chunk.len().min(part - hand.gathered.len())));
            if hand.gathered.len() == part
                && let Err(e) = hand.send().await
            {
                self.failed = true;
                return Err(e);
            }
        }
        self.offset = after;
        Ok(())
    }

    async fn suspend(mut self: Box<Self>) -> Result<u64> {
        self.take()?.suspend().await
    }

    async fn commit(mut self: Box<Self>, digest: &Digest) -> Result<u64> {
        let mut hand = self.take()?;
        let done = hand.commit(digest).await;
        // The blob is there (or it is not); the rest is only in the way.
        if let Err(error) = hand.clear_away().await {
            tracing::warn!(%error, upload = %self.id, "failed to clear an upload away");
        }
        done
    }

    async fn abort(mut self: Box<Self>) -> Result<()> {
        // Also one that failed.
        match self.hand.take() {
            Some(mut hand) => hand.clear_away().await,
            None => Err(Error::UploadNotFound(self.id.clone())),
        }
    }
}

impl Drop for S3Upload {
    /// A connection that was cut: what came is kept as if it had been suspended.
    fn drop(&mut self) {
        let Some(mut hand) = self.hand.take() else { return };
        match tokio::runtime::Handle::try_current() {
            _ if self.failed => {}
            Ok(runtime) if hand.unsaved => {
                runtime.spawn(async move {
                    let id = hand.id.clone();
                    if let Err(error) = hand.suspend().await {
                        tracing::warn!(%error, upload = %id, "failed to keep what came of an upload");
                    }
                });
            }
            Ok(_) => hand.park(),
            // The process ends: the state in the bucket is the upload.
            Err(_) => {}
        }
    }
}
