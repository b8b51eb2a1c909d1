//! A span of a file, read for sending.
//!
//! What the page cache has is read where it is sent, into a buffer that was just sent from and is still
//! near the processor: no other thread has to wake up and no memory has to be found. What it does not have
//! is read on the blocking pool, so that no disk holds up a connection.
//!
//! A file that is changed meanwhile breaks the reading off before its last chunk.

use std::fs::File;
use std::io::{self, IoSliceMut};
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use parking_lot::Mutex;
use rustix::io::{Errno, ReadWriteFlags};
use tokio::task::JoinHandle;

use crate::limits::READ_CHUNK;
use crate::reader::ChunkSource;
use crate::stamp::Traits;

/// Buffers of one reader that wait for their next use; a connection holds some more while it sends.
const IDLE_BUFFERS: usize = 4;

pub(crate) struct FileSource {
    file: Arc<File>,
    /// What the file was like when it was opened.
    traits: Traits,
    /// Where the next read begins.
    at: u64,
    end: u64,
    buffers: Arc<Buffers>,
    /// A read that has to wait for the disk.
    waiting: Option<JoinHandle<io::Result<Chunk>>>,
    /// The filesystem cannot say what it has at hand.
    always_wait: bool,
}

impl FileSource {
    /// `len` bytes of `file` from `start` on; they are there.
    pub(crate) fn new(file: File, start: u64, len: u64, traits: Traits) -> Self {
        Self {
            file: Arc::new(file),
            traits,
            at: start,
            end: start + len,
            buffers: Arc::default(),
            waiting: None,
            always_wait: false,
        }
    }

    /// What is at hand of the next chunk; `None` if nothing is.
    fn read_now(&mut self, want: usize) -> io::Result<Option<Chunk>> {
        if self.always_wait {
            return Ok(None);
        }
        let mut chunk = self.buffers.take(want);
        let mut slices = [IoSliceMut::new(&mut chunk.bytes[..want])];
        match rustix::io::preadv2(&self.file, &mut slices, self.at, ReadWriteFlags::NOWAIT) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                chunk.len = read;
                Ok(Some(chunk))
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                self.always_wait = true;
                Ok(None)
            }
            Err(e) => Err(e.into()),
        }
    }

    fn read_later(&self, want: usize) -> JoinHandle<io::Result<Chunk>> {
        let (file, at, mut chunk) = (Arc::clone(&self.file), self.at, self.buffers.take(want));
        tokio::task::spawn_blocking(move || {
            file.read_exact_at(&mut chunk.bytes[..want], at)?;
            chunk.len = want;
            Ok(chunk)
        })
    }

    fn hand_out(&mut self, chunk: Chunk) -> io::Result<Bytes> {
        self.at += chunk.len as u64;
        if self.at == self.end {
            self.traits.still(&self.file)?;
        }
        Ok(Bytes::from_owner(chunk))
    }
}

impl ChunkSource for FileSource {
    fn poll_chunk(&mut self, cx: &mut Context<'_>, _: u64) -> Poll<io::Result<Bytes>> {
        let want = (self.end - self.at).min(READ_CHUNK as u64) as usize;
        if want == 0 {
            return Poll::Ready(Ok(Bytes::new()));
        }
        if self.waiting.is_none() {
            match self.read_now(want) {
                Ok(Some(chunk)) => return Poll::Ready(self.hand_out(chunk)),
                Ok(None) => self.waiting = Some(self.read_later(want)),
                Err(e) => return Poll::Ready(Err(e)),
            }
        }
        let Some(reading) = self.waiting.as_mut() else { return Poll::Ready(Ok(Bytes::new())) };
        let read = ready!(Pin::new(reading).poll(cx));
        self.waiting = None;
        Poll::Ready(match read {
            Ok(Ok(chunk)) => self.hand_out(chunk),
            Ok(Err(e)) => Err(e),
            Err(e) => Err(io::Error::other(e)),
        })
    }
}

/// Buffers that come back when what they held has been sent.
#[derive(Default)]
struct Buffers(Mutex<Vec<Vec<u8>>>);

impl Buffers {
    /// A buffer of at least `len` bytes, whatever they are.
    fn take(self: &Arc<Self>, len: usize) -> Chunk {
        let mut bytes = self.0.lock().pop().unwrap_or_default();
        if bytes.len() < len {
            bytes.resize(len, 0);
        }
        Chunk { bytes, len: 0, home: Arc::clone(self) }
    }
}

/// A buffer in use.
struct Chunk {
    bytes: Vec<u8>,
    /// How much of it was read.
    len: usize,
    home: Arc<Buffers>,
}

impl AsRef<[u8]> for Chunk {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        let mut idle = self.home.0.lock();
        if idle.len() < IDLE_BUFFERS {
            idle.push(std::mem::take(&mut self.bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::reader::BlobReader;

    fn file(bytes: &[u8]) -> (File, Traits) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let traits = Traits::of(&file.metadata().unwrap());
        (file, traits)
    }

    #[tokio::test]
    async fn a_span_is_read_whether_it_is_at_hand_or_not() {
        let bytes: Vec<u8> = (0..3 * READ_CHUNK + 17).map(|n| (n % 251) as u8).collect();
        let (file, traits) = file(&bytes);
        for always_wait in [false, true] {
            let len = bytes.len() as u64 - 10;
            let mut source = FileSource::new(file.try_clone().unwrap(), 10, len, traits);
            source.always_wait = always_wait;
            let reader = BlobReader::new(bytes.len() as u64, 10, len, Box::new(source));
            assert_eq!(reader.read_to_end(bytes.len()).await.unwrap(), &bytes[10..]);
        }
    }

    #[tokio::test]
    async fn buffers_are_used_again() {
        let (file, traits) = file(&vec![7; 8 * READ_CHUNK]);
        let source = FileSource::new(file, 0, 8 * READ_CHUNK as u64, traits);
        let buffers = source.buffers.clone();
        let mut reader = BlobReader::new(8 * READ_CHUNK as u64, 0, 8 * READ_CHUNK as u64, Box::new(source));
        while let Some(chunk) = reader.next().await {
            assert!(!chunk.unwrap().is_empty());
            assert_eq!(buffers.0.lock().len(), 1, "the one buffer came back");
        }
    }

    #[tokio::test]
    async fn a_file_that_shrank_or_changed_breaks_off() {
        for change in [|file: &File| file.set_len(5), |file: &File| file.write_all_at(b"x", 3)] {
            let (file, traits) = file(&vec![7; 2 * READ_CHUNK]);
            // Times may be as coarse as the kernel's tick.
            std::thread::sleep(std::time::Duration::from_millis(20));
            change(&file).unwrap();
            let len = 2 * READ_CHUNK as u64;
            let reader = BlobReader::new(len, 0, len, Box::new(FileSource::new(file, 0, len, traits)));
            assert!(reader.read_to_end(2 * READ_CHUNK).await.is_err());
        }
    }
}
