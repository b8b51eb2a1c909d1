//! Reading a container's output, line by line and without loss.
//!
//! The shim frames and stores output; a [`LogReader`] follows it from an offset, waiting on the
//! shim's word that it grew, and ends when the container has ended and all is read. What the
//! consumer has taken care of it acknowledges ([`crate::Sandbox::ack_log`]); the shim then frees it.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use gantry_base::Timestamp;
use tokio::sync::watch;

use crate::error::{Error, IoContext, Result};

/// length u32, time i64, stream u8, flags u8, magic u16; little endian.
pub(crate) const HEADER_BYTES: usize = 16;
pub(crate) const MAGIC: u16 = 0x474c;
pub(crate) const FLAG_PARTIAL: u8 = 1;
/// A segment is closed once it is this long.
pub(crate) const SEGMENT_BYTES: u64 = 4 << 20;
/// Bytes read from disk at once.
const READ_BYTES: usize = 256 << 10;

pub(crate) fn segment_name(first: u64) -> String {
    format!("{first:016x}.log")
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogStream {
    Stdout,
    Stderr,
}

/// One line of output, or a part of a long one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRecord {
    pub at: Timestamp,
    pub stream: LogStream,
    /// The line goes on in the next record of the same stream.
    pub partial: bool,
    /// Without the newline.
    pub bytes: Bytes,
    /// Acknowledge this once the record is taken care of; a reader opened here goes on after it.
    pub next_offset: u64,
}

/// How far a log reaches, and whether it can still grow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LogMark {
    pub(crate) end: u64,
    pub(crate) closed: bool,
}

/// Follows one container's log.
pub struct LogReader {
    dir: PathBuf,
    offset: u64,
    buffer: Bytes,
    mark: watch::Receiver<LogMark>,
}

impl LogReader {
    pub(crate) fn new(dir: PathBuf, offset: u64, mark: watch::Receiver<LogMark>) -> Self {
        Self { dir, offset, buffer: Bytes::new(), mark }
    }

    /// Where the next record begins.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The next record, waiting for one; `None` once the container has ended and all is read.
    ///
    /// # Errors
    /// A segment that cannot be read, or whose framing is broken.
    pub async fn next(&mut self) -> Result<Option<LogRecord>> {
        loop {
            if let Some(record) = self.take_buffered()? {
                return Ok(Some(record));
            }
            let mark = *self.mark.borrow_and_update();
            if self.offset + (self.buffer.len() as u64) < mark.end {
                self.fill(mark.end).await?;
            } else if mark.closed {
                return Ok(None);
            } else if self.mark.changed().await.is_err() {
                // The sandbox is gone and with it whatever could still write.
                return Ok(None);
            }
        }
    }

    /// Everything there is right now, without waiting; at most `limit` records.
    pub async fn next_batch(&mut self, limit: usize) -> Result<Vec<LogRecord>> {
        let mut batch = Vec::new();
        match self.next().await? {
            Some(record) => batch.push(record),
            None => return Ok(batch),
        }
        while batch.len() < limit
            && let Some(record) = self.take_buffered()?
        {
            batch.push(record);
        }
        Ok(batch)
    }

    fn take_buffered(&mut self) -> Result<Option<LogRecord>> {
        let Some(header) = self.buffer.first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        let [l0, l1, l2, l3, time @ .., stream, flags, m0, m1] = *header;
        let len = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if u16::from_le_bytes([m0, m1]) != MAGIC || len > super::shim::MAX_RECORD_BYTES {
            let reason = format!("no record at offset {}", self.offset);
            return Err(Error::Invalid { what: "log segment", reason });
        }
        if self.buffer.len() < HEADER_BYTES + len {
            return Ok(None);
        }
        let mut frame = self.buffer.split_to(HEADER_BYTES + len);
        self.offset += frame.len() as u64;
        let bytes = frame.split_off(HEADER_BYTES);
        Ok(Some(LogRecord {
            at: Timestamp::from_millis(i64::from_le_bytes(time)),
            stream: if stream == 2 { LogStream::Stderr } else { LogStream::Stdout },
            partial: flags & FLAG_PARTIAL != 0,
            bytes,
            next_offset: self.offset,
        }))
    }

    async fn fill(&mut self, end: u64) -> Result<()> {
        let from = self.offset + self.buffer.len() as u64;
        let dir = self.dir.clone();
        let held = self.buffer.clone();
        let more = tokio::task::spawn_blocking(move || read_segments(&dir, from, end))
            .await
            .map_err(io::Error::other)
            .and_then(|read| read)
            .during("read log", self.dir.display())?;
        self.buffer = if held.is_empty() { more } else { [held, more].concat().into() };
        Ok(())
    }
}

/// Reads at least a byte and at most [`READ_BYTES`] from `from`, within one segment.
fn read_segments(dir: &Path, from: u64, end: u64) -> io::Result<Bytes> {
    let mut firsts: Vec<u64> = std::fs::read_dir(dir)?
        .flatten()
        .filter_map(|e| u64::from_str_radix(e.file_name().to_str()?.strip_suffix(".log")?, 16).ok())
        .filter(|first| *first < end)
        .collect();
    firsts.sort_unstable();
    let at = firsts.partition_point(|first| *first <= from);
    let first = at
        .checked_sub(1)
        .map(|i| firsts[i])
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("offset {from} was already freed")))?;
    let until = firsts.get(at).copied().unwrap_or(end).min(end);
    let want = usize::try_from(until - from).unwrap_or(READ_BYTES).min(READ_BYTES);
    let mut buffer = vec![0; want];
    File::open(dir.join(segment_name(first)))?.read_exact_at(&mut buffer, from - first)?;
    Ok(buffer.into())
}

/// Where the log on disk ends, for a shim that can no longer tell: after the last whole record.
pub(crate) fn scan_end(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    let last = entries
        .flatten()
        .filter_map(|e| u64::from_str_radix(e.file_name().to_str()?.strip_suffix(".log")?, 16).ok())
        .max();
    let Some(first) = last else { return 0 };
    let Ok(bytes) = std::fs::read(dir.join(segment_name(first))) else { return first };
    let mut at = 0;
    while let Some(header) = bytes.get(at..at + HEADER_BYTES) {
        let len = u32::from_le_bytes([header[0], header[1], header[2], header[3]]) as usize;
        if u16::from_le_bytes([header[14], header[15]]) != MAGIC || at + HEADER_BYTES + len > bytes.len() {
            break;
        }
        at += HEADER_BYTES + len;
    }
    first + at as u64
}
