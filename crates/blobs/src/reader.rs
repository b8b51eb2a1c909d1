//! Reading a blob in large chunks, one ahead of the reader.

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::task::JoinHandle;

use crate::limits::READ_CHUNK;
use crate::stamp::Traits;

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

/// A file read on the blocking pool. The next chunk is being read while the last one is sent.
///
/// A file that is changed meanwhile breaks the reading off before its last chunk.
pub(crate) struct FileSource {
    file: Arc<File>,
    /// What the file was like when it was opened.
    traits: Traits,
    /// Bytes of the span that no read has been started for.
    unread: u64,
    ahead: Option<JoinHandle<io::Result<Bytes>>>,
}

impl FileSource {
    /// `file` stands at the first byte of a span of `len` bytes.
    pub(crate) fn new(file: File, len: u64, traits: Traits) -> Self {
        Self { file: Arc::new(file), traits, unread: len, ahead: None }
    }

    fn read_ahead(&mut self) -> Option<JoinHandle<io::Result<Bytes>>> {
        if self.unread == 0 {
            return None;
        }
        let len = self.unread.min(READ_CHUNK as u64);
        self.unread -= len;
        let (file, last) = (Arc::clone(&self.file), (self.unread == 0).then_some(self.traits));
        Some(tokio::task::spawn_blocking(move || {
            let bytes = read_exactly(&file, len)?;
            last.map_or(Ok(()), |traits| traits.still(&file))?;
            Ok(bytes)
        }))
    }
}

/// Reads `len` bytes at the file's position without clearing the buffer first.
pub(crate) fn read_exactly(mut file: &File, len: u64) -> io::Result<Bytes> {
    let mut buffer = Vec::with_capacity(len as usize);
    (&mut file).take(len).read_to_end(&mut buffer)?;
    if buffer.len() as u64 != len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(buffer.into())
}

impl ChunkSource for FileSource {
    fn poll_chunk(&mut self, cx: &mut Context<'_>, _: u64) -> Poll<io::Result<Bytes>> {
        if self.ahead.is_none() {
            self.ahead = self.read_ahead();
        }
        let Some(reading) = self.ahead.as_mut() else {
            return Poll::Ready(Ok(Bytes::new()));
        };
        let done = ready!(Pin::new(reading).poll(cx));
        // One read at a time: they share the file's position, and order is what makes them right.
        self.ahead = self.read_ahead();
        Poll::Ready(done.unwrap_or_else(|e| Err(io::Error::other(e))))
    }
}
