//! A container's output on disk: framed records in segment files, appended by the shim, read by
//! the server, deleted once acknowledged.
//!
//! Offsets count bytes since the container's first record and never go back. A segment's file name
//! is its first offset. What is written is never rewritten, except a tail that a full disk cut off.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::logs::{FLAG_PARTIAL, HEADER_BYTES, MAGIC, SEGMENT_BYTES, segment_name};
use crate::proto::LogMode;

/// Unacknowledged bytes at which a blocking container's pipes are no longer read.
pub(crate) const UNACKED_LIMIT_BYTES: u64 = 64 << 20;
/// A line longer than this is cut into partial records, as Docker does.
pub(crate) const MAX_RECORD_BYTES: usize = 16 << 10;

pub(crate) struct LogWriter {
    dir: PathBuf,
    mode: LogMode,
    /// First offsets of the segments on disk, ascending; the last one is being written.
    segments: VecDeque<u64>,
    file: Option<File>,
    /// Bytes framed so far, on disk or in `pending`.
    end: u64,
    acked: u64,
    dropped: u64,
    /// Framed records not on disk yet.
    pending: Vec<u8>,
    lines: [Vec<u8>; 2],
}

impl LogWriter {
    pub(crate) fn create(dir: &Path, mode: LogMode) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            mode,
            segments: VecDeque::new(),
            file: None,
            end: 0,
            acked: 0,
            dropped: 0,
            pending: Vec::new(),
            lines: [Vec::new(), Vec::new()],
        })
    }

    /// Where the log on disk ends.
    pub(crate) fn end(&self) -> u64 {
        self.end - self.pending.len() as u64
    }

    pub(crate) fn acked(&self) -> u64 {
        self.acked
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether the pipes should be read: false puts pressure on the container.
    pub(crate) fn has_room(&self) -> bool {
        self.pending.len() < SEGMENT_BYTES as usize / 4
            && (matches!(self.mode, LogMode::NonBlocking { .. }) || self.end - self.acked < UNACKED_LIMIT_BYTES)
    }

    pub(crate) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Takes what came from a pipe (`stream` 0 is stdout, 1 stderr) and frames the whole lines.
    pub(crate) fn feed(&mut self, stream: usize, mut bytes: &[u8], at: i64) {
        while !bytes.is_empty() {
            let held = self.lines[stream].len();
            let room = MAX_RECORD_BYTES - held;
            let window = &bytes[..bytes.len().min(room)];
            if let Some(newline) = window.iter().position(|b| *b == b'\n') {
                self.finish(stream, &bytes[..newline], false, at);
                bytes = &bytes[newline + 1..];
            } else if window.len() == room {
                self.finish(stream, window, true, at);
                bytes = &bytes[room..];
            } else {
                self.lines[stream].extend_from_slice(window);
                return;
            }
        }
    }

    /// The stream is at its end: what is held of an unfinished line is a record too.
    pub(crate) fn feed_end(&mut self, stream: usize, at: i64) {
        if !self.lines[stream].is_empty() {
            self.finish(stream, &[], false, at);
        }
    }

    fn finish(&mut self, stream: usize, tail: &[u8], partial: bool, at: i64) {
        let held = std::mem::take(&mut self.lines[stream]);
        let len = held.len() + tail.len();
        let framed = (HEADER_BYTES + len) as u64;
        if let LogMode::NonBlocking { max_buffer } = self.mode
            && self.end - self.acked + framed > max_buffer
        {
            self.dropped += len as u64;
        } else {
            self.pending.extend_from_slice(&(len as u32).to_le_bytes());
            self.pending.extend_from_slice(&at.to_le_bytes());
            self.pending.push(stream as u8 + 1);
            self.pending.push(if partial { FLAG_PARTIAL } else { 0 });
            self.pending.extend_from_slice(&MAGIC.to_le_bytes());
            self.pending.extend_from_slice(&held);
            self.pending.extend_from_slice(tail);
            self.end += framed;
        }
        // Keep the buffer's memory only while it is small: a shim has to stay tiny.
        let mut held = held;
        held.clear();
        self.lines[stream] = held;
    }

    /// Puts pending records on disk. On failure (a full disk) they are kept for another try.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let start = self.end();
        let current = self.segments.back().copied();
        let fresh = match current {
            Some(first) => start - first >= SEGMENT_BYTES,
            None => true,
        };
        if fresh {
            let path = self.dir.join(segment_name(start));
            self.file = Some(fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?);
            self.segments.push_back(start);
        }
        let (Some(file), Some(first)) = (&self.file, self.segments.back()) else {
            return Err(io::Error::other("no open log segment"));
        };
        // At a fixed place, so that a write cut short by a full disk is simply done again.
        file.write_all_at(&self.pending, start - first)?;
        self.pending.clear();
        self.pending.shrink_to(64 << 10);
        Ok(())
    }

    /// The reader has everything below `offset`: whole segments below it go.
    pub(crate) fn ack(&mut self, offset: u64) {
        self.acked = self.acked.max(offset.min(self.end()));
        while self.segments.len() > 1 && self.segments[1] <= self.acked {
            if let Some(first) = self.segments.pop_front() {
                let _ = fs::remove_file(self.dir.join(segment_name(first)));
            }
        }
    }
}
