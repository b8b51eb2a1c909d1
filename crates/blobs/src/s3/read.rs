//! Reading blobs from the bucket, and comparing them with their digests.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use object_store::{Error as StoreError, GetOptions, GetRange, ObjectMeta, ObjectStore};
use tokio::sync::mpsc;

use super::{Bucket, is_missing};
use crate::limits::{READ_CHUNK, READ_INLINE};
use crate::reader::Inline;
use crate::{BlobReader, ChunkSource, Digest, Error, Hasher, Result};

type Bodies = BoxStream<'static, Result<Bytes, StoreError>>;

/// How often a blob that is replaced under a reader's hands is looked at anew.
const TRIES: usize = 4;

pub(super) async fn open(bucket: &Arc<Bucket>, digest: &Digest, span: Range<u64>) -> Result<BlobReader> {
    for _ in 0..TRIES {
        if let Some(seen) = bucket.proven.get(digest) {
            match open_proven(bucket, digest, &span, &seen.etag, seen.size).await? {
                Some(reader) => return Ok(reader),
                // Somebody wrote to the object since.
                None => bucket.proven.forget(digest),
            }
        }
        let meta = bucket.blob(digest).await?;
        let (start, end) = within(digest, &span, meta.size)?;
        if meta.size > READ_INLINE && (start, end) == (0, meta.size) && meta.e_tag.is_some() {
            return open_checking(bucket, digest, meta).await;
        }
        // A part of what is not known to be right: all of it is read through first. Stores without ETags
        // get no further than this for large blobs.
        let _turn = bucket.checks.acquire().await.map_err(|e| Error::io("wait", "a check")(io::Error::other(e)))?;
        if bucket.proven.get(digest).is_none() && !read_through(bucket, digest).await? {
            return Err(Error::NotFound(digest.clone()));
        }
    }
    Err(Error::io("read", digest)(io::Error::new(io::ErrorKind::InvalidData, "the object keeps changing")))
}

/// The part of `span` that a blob of `size` bytes has.
fn within(digest: &Digest, span: &Range<u64>, size: u64) -> Result<(u64, u64)> {
    if span.start > size || (span.start == size && size > 0) {
        return Err(Error::Range { digest: digest.clone(), start: span.start, size });
    }
    Ok((span.start, span.end.clamp(span.start, size)))
}

/// `None` if the object is not as it was when its bytes were compared.
async fn open_proven(
    bucket: &Bucket,
    digest: &Digest,
    span: &Range<u64>,
    etag: &str,
    size: u64,
) -> Result<Option<BlobReader>> {
    let (start, end) = within(digest, span, size)?;
    let len = end - start;
    let (if_match, head) = (Some(etag.to_owned()), len == 0);
    let range = (len > 0 && len < size).then_some(GetRange::Bounded(start..end));
    let options = GetOptions { if_match, range, head, ..GetOptions::default() };
    let got = match bucket.store.get_opts(&bucket.names.blob(digest), options).await {
        Ok(got) => got,
        Err(StoreError::Precondition { .. }) => return Ok(None),
        Err(e) if is_missing(&e) => return Err(Error::NotFound(digest.clone())),
        Err(e) => return Err(Error::store("read", digest)(e)),
    };
    // Not every store heeds the condition.
    if got.meta.e_tag.as_deref() != Some(etag) || got.meta.size != size {
        return Ok(None);
    }
    let source: Box<dyn ChunkSource> = if len == 0 {
        Box::new(Inline(Bytes::new()))
    } else {
        Box::new(Direct { bodies: got.into_stream(), rest: Bytes::new() })
    };
    Ok(Some(BlobReader::new(size, start, len, source)))
}

/// Pieces as the store sends them, cut to size.
struct Direct {
    bodies: Bodies,
    rest: Bytes,
}

/// Streams are read by one task at a time.
impl ChunkSource for Direct {
    fn poll_chunk(&mut self, cx: &mut Context<'_>, want: u64) -> Poll<io::Result<Bytes>> {
        while self.rest.is_empty() {
            match ready!(self.bodies.poll_next_unpin(cx)) {
                Some(Ok(bytes)) => self.rest = bytes,
                Some(Err(e)) => return Poll::Ready(Err(io::Error::other(e))),
                None => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
            }
        }
        let len = (self.rest.len() as u64).min(want).min(READ_CHUNK as u64);
        Poll::Ready(Ok(self.rest.split_to(len as usize)))
    }
}

async fn get(bucket: &Bucket, digest: &Digest, meta: &ObjectMeta) -> Result<Bodies> {
    let options = GetOptions { if_match: meta.e_tag.clone(), ..GetOptions::default() };
    match bucket.store.get_opts(&bucket.names.blob(digest), options).await {
        Ok(got) => Ok(got.into_stream()),
        Err(e) if is_missing(&e) => Err(Error::NotFound(digest.clone())),
        Err(e) => Err(Error::store("read", digest)(e)),
    }
}

/// A whole blob, hashed as it passes. Its last chunk is not handed out before the hash was right.
async fn open_checking(bucket: &Arc<Bucket>, digest: &Digest, meta: ObjectMeta) -> Result<BlobReader> {
    let bodies = get(bucket, digest, &meta).await?;
    // One chunk waits here and one with the task: as everywhere, two per reader.
    let (chunks, receiver) = mpsc::channel(1);
    let (bucket, digest, size) = (Arc::clone(bucket), digest.clone(), meta.size);
    tokio::spawn(async move {
        let checked = pass_on(&bucket, &digest, &meta, bodies, &chunks).await;
        if let Err(e) = checked {
            // The reader has left, or hears of it.
            let _ = chunks.send(Err(e)).await;
        }
    });
    Ok(BlobReader::new(size, 0, size, Box::new(Checked(receiver))))
}

struct Checked(mpsc::Receiver<io::Result<Bytes>>);

impl ChunkSource for Checked {
    fn poll_chunk(&mut self, cx: &mut Context<'_>, _: u64) -> Poll<io::Result<Bytes>> {
        let chunk = ready!(self.0.poll_recv(cx));
        Poll::Ready(chunk.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into())))
    }
}

/// Gathers a stream into chunks of [`READ_CHUNK`]; the last one is shorter. `None` at its end.
async fn next_chunk(bodies: &mut Bodies, rest: &mut Bytes) -> io::Result<Option<Bytes>> {
    let mut chunk = BytesMut::new();
    while chunk.len() < READ_CHUNK {
        if rest.is_empty() {
            match bodies.try_next().await.map_err(io::Error::other)? {
                Some(bytes) => *rest = bytes,
                None => break,
            }
        }
        chunk.extend_from_slice(&rest.split_to(rest.len().min(READ_CHUNK - chunk.len())));
    }
    Ok((!chunk.is_empty()).then(|| chunk.freeze()))
}

async fn hash(mut hasher: Hasher, chunk: Bytes) -> io::Result<Hasher> {
    let hashed = tokio::task::spawn_blocking(move || {
        hasher.update(&chunk);
        hasher
    });
    hashed.await.map_err(io::Error::other)
}

async fn pass_on(
    bucket: &Bucket,
    digest: &Digest,
    meta: &ObjectMeta,
    mut bodies: Bodies,
    chunks: &mpsc::Sender<io::Result<Bytes>>,
) -> io::Result<()> {
    let mut hasher = Hasher::new(digest.algorithm());
    let mut rest = Bytes::new();
    let mut held: Option<Bytes> = None;
    while let Some(chunk) = next_chunk(&mut bodies, &mut rest).await? {
        if let Some(before) = held.replace(chunk.clone())
            && chunks.send(Ok(before)).await.is_err()
        {
            return Ok(());
        }
        hasher = hash(hasher, chunk).await?;
    }
    judge(bucket, digest, meta, hasher).await.map_err(io::Error::other)?;
    if let Some(last) = held {
        let _ = chunks.send(Ok(last)).await;
    }
    Ok(())
}

/// Remembers a blob that is right, and puts one aside that is wrong.
async fn judge(bucket: &Bucket, digest: &Digest, meta: &ObjectMeta, hasher: Hasher) -> Result<()> {
    let actual = hasher.finish();
    if actual == *digest {
        bucket.proven.insert(digest, meta.e_tag.clone(), meta.size);
        return Ok(());
    }
    bucket.put_aside(digest, &actual, meta).await?;
    Err(Error::NotFound(digest.clone()))
}

/// Reads all of a blob; whether it is right.
async fn read_through(bucket: &Bucket, digest: &Digest) -> Result<bool> {
    let meta = bucket.blob(digest).await?;
    let bodies = get(bucket, digest, &meta).await?;
    let hasher = hash_all(bodies, digest).await?;
    match judge(bucket, digest, &meta, hasher).await {
        Ok(()) => Ok(true),
        Err(Error::NotFound(_)) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Hashes a stream as `digest` asks for it.
pub(super) async fn hash_all(mut bodies: Bodies, digest: &Digest) -> Result<Hasher> {
    let mut hasher = Hasher::new(digest.algorithm());
    let mut rest = Bytes::new();
    while let Some(chunk) = next_chunk(&mut bodies, &mut rest).await.map_err(Error::io("read", digest))? {
        hasher = hash(hasher, chunk).await.map_err(Error::io("hash", digest))?;
    }
    Ok(hasher)
}

pub(super) async fn check(bucket: &Bucket, digest: &Digest) -> Result<bool> {
    let _turn = bucket.checks.acquire().await.map_err(|e| Error::io("wait", "a check")(io::Error::other(e)))?;
    read_through(bucket, digest).await
}
