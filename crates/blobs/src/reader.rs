//! Reading a blob in large chunks.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

/// Where a [`BlobReader`] gets its bytes from; one per engine.
pub trait ChunkSource: Send {
    /// The next bytes in order, at most `want` of them; never an empty chunk while `want > 0`.
    fn poll_chunk(&mut self, cx: &mut Context<'_>, want: u64) -> Poll<io::Result<Bytes>>;
}

/// A span of a blob, read front to back.
pub struct BlobReader {
    size: u64,
    start: u64,
    remaining: u64,
    source: Box<dyn ChunkSource>,
}

impl BlobReader {
    /// `len` bytes from `start` of a blob of `size` bytes.
    pub fn new(size: u64, start: u64, len: u64, source: Box<dyn ChunkSource>) -> Self {
        Self { size, start, remaining: len, source }
    }

    /// Bytes of the whole blob.
    pub fn blob_size(&self) -> u64 {
        self.size
    }

    /// Where in the blob the span began.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// Bytes still to come.
    pub fn remaining(&self) -> u64 {
        self.remaining
    }

    /// The next chunk; `None` at the end of the span. An engine that ends early is an error.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.remaining == 0 {
            return Poll::Ready(None);
        }
        let chunk = ready!(self.source.poll_chunk(cx, self.remaining));
        Poll::Ready(Some(chunk.and_then(|bytes| {
            if bytes.is_empty() || bytes.len() as u64 > self.remaining {
                self.remaining = 0;
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.remaining -= bytes.len() as u64;
            Ok(bytes)
        })))
    }

    /// [`BlobReader::poll_chunk`] for async callers.
    pub async fn next(&mut self) -> Option<io::Result<Bytes>> {
        std::future::poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// Everything that is left, refused if it is more than `limit` bytes.
    pub async fn read_to_end(mut self, limit: usize) -> io::Result<Bytes> {
        if self.remaining > limit as u64 {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("{} bytes are over the limit of {limit}", self.remaining),
            ));
        }
        let mut whole = Vec::new();
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            if whole.is_empty() && self.remaining == 0 {
                return Ok(chunk);
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.into())
    }
}

/// Bytes that were read when the blob was opened.
pub(crate) struct Inline(pub(crate) Bytes);

impl ChunkSource for Inline {
    fn poll_chunk(&mut self, _: &mut Context<'_>, _: u64) -> Poll<io::Result<Bytes>> {
        Poll::Ready(Ok(std::mem::take(&mut self.0)))
    }
}

/// Reads `len` bytes from `start` on.
pub(crate) fn read_at(file: &File, start: u64, len: u64) -> io::Result<Bytes> {
    let mut buffer = vec![0; len as usize];
    file.read_exact_at(&mut buffer, start)?;
    Ok(buffer.into())
}
