//! The engine trait and the values that cross it.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use async_trait::async_trait;
use bytes::Bytes;

use crate::{Algorithm, BlobReader, Digest, Error, Result};

/// What no engine will exceed, whatever it is asked.
pub mod limits {
    /// Bytes of one blob: ECR's documented layer limit of 52,000 MiB.
    pub const MAX_BLOB: u64 = 52_000 * 1024 * 1024;
    /// Bytes gathered before an upload hashes and writes them; two such batches may exist per upload.
    pub const WRITE_BATCH: usize = 512 * 1024;
    /// Pieces in one batch, so that a body of one-byte chunks costs no more memory than another.
    pub const WRITE_PARTS: usize = 256;
    /// Bytes of one chunk that a reader hands out. Few enough to stay near the processor between being
    /// read and being sent; HTTP/1 gathers some 400 KiB of them before it sends.
    pub const READ_CHUNK: usize = 128 * 1024;
    /// Blobs up to this size are read in the same step that opens them.
    pub const READ_INLINE: u64 = 64 * 1024;
    /// Hash states of uploads that wait for their next chunk; beyond it the oldest is derived anew
    /// from its bytes when it is wanted.
    pub const IDLE_UPLOADS: usize = 4096;
    /// Characters of an upload id.
    pub const MAX_UPLOAD_ID: usize = 128;
    /// Entries in one page of [`super::Blobs::list`].
    pub const LIST_PAGE: usize = 1000;
    /// Blobs that are read through at one time to see whether they are still right.
    pub const CHECKS_AT_ONCE: usize = 2;
    /// Blobs with wrong bytes that are kept for an operator to look at; the oldest goes first.
    pub const MAX_QUARANTINED: usize = 64;
}

/// Names one upload. The caller chooses it, and must make it hard to guess: lower-case letters,
/// digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UploadId(String);

impl UploadId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UploadId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let fits = (1..=limits::MAX_UPLOAD_ID).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if fits { Ok(Self(text.to_owned())) } else { Err(Error::UploadIdSyntax(text.chars().take(160).collect())) }
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobStat {
    pub digest: Digest,
    /// Bytes.
    pub size: u64,
}

/// A place that keeps blobs. All methods may be called from many tasks at once.
#[async_trait]
pub trait Blobs: Send + Sync + 'static {
    /// Starts an upload of no bytes. `algorithm` says which hash runs along; a commit under another
    /// is possible, but reads everything again.
    async fn create_upload(&self, id: &UploadId, algorithm: Algorithm) -> Result<()>;

    /// Takes an upload for writing at its end. One holder at a time; dropping the handle gives it
    /// back with what was written so far.
    ///
    /// [`Error::UploadNotFound`], [`Error::UploadBusy`].
    async fn open_upload(&self, id: &UploadId) -> Result<Box<dyn Upload>>;

    /// Bytes that an upload has so far; also while somebody writes to it.
    async fn upload_size(&self, id: &UploadId) -> Result<u64>;

    /// Removes uploads that nobody has written to for `idle_secs`; tells how many.
    async fn expire_uploads(&self, idle_secs: u64) -> Result<usize>;

    /// Opens `span` of a blob; an end past the blob's end means its end. A blob that may have been
    /// changed where it is kept is read through first, so this can take as long as that.
    ///
    /// [`Error::NotFound`]; [`Error::Range`] if the span starts past the last byte of a blob that
    /// is not empty.
    async fn open(&self, digest: &Digest, span: Range<u64>) -> Result<BlobReader>;

    /// The blob as a file of this machine, where the engine has one: for unpacking without a copy.
    async fn local_file(&self, digest: &Digest) -> Result<Option<std::fs::File>>;

    /// [`Error::NotFound`] if there is no such blob.
    async fn stat(&self, digest: &Digest) -> Result<BlobStat>;

    /// Reads a whole blob where it is kept, past caches; whether its bytes are still those of its digest.
    /// If not they are put aside, and the blob is [`Error::NotFound`] until it is stored again.
    async fn verify(&self, digest: &Digest) -> Result<bool>;

    /// Whether there was something to delete. Readers that have it open read on.
    async fn delete(&self, digest: &Digest) -> Result<bool>;

    /// The next blobs after `after` in the order of their digests, at most `limit` and
    /// [`limits::LIST_PAGE`].
    async fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<BlobStat>>;

    /// Stores bytes that are already in memory, such as a manifest. Durable before it returns.
    async fn put(&self, digest: &Digest, bytes: Bytes) -> Result<()>;
}

/// An upload in hand.
#[async_trait]
pub trait Upload: Send {
    /// Where the next byte goes.
    fn offset(&self) -> u64;

    /// Takes bytes in; some may wait in memory (at most two of [`limits::WRITE_BATCH`]) until
    /// [`Upload::suspend`] or [`Upload::commit`].
    async fn write(&mut self, chunk: Bytes) -> Result<()>;

    /// Writes out what waits and gives the upload back; returns its size.
    async fn suspend(self: Box<Self>) -> Result<u64>;

    /// Checks the digest, makes the bytes durable, and only then lets the blob be seen; returns its
    /// size. If that fails the upload and its bytes are gone.
    async fn commit(self: Box<Self>, digest: &Digest) -> Result<u64>;

    /// Forgets the upload and its bytes.
    async fn abort(self: Box<Self>) -> Result<()>;
}
