//! One segment: a header and frames, each a batch with its checksum.
//!
//! Header: `GLOGSEG1`, then the sequence number after the last that was taken before this segment (0:
//! none). Frame: payload's length, its CRC-32, payload. Payload: sequence number plus one (0: none), time
//! of ingestion, number of events, then of each its time, length and message. All numbers little-endian.

use std::io;
use std::path::Path;

use gantry_aws_wire::protocol::eventstream::crc32;
use serde::{Deserialize, Serialize};

pub const MAGIC: &[u8; 8] = b"GLOGSEG1";
pub const HEADER: usize = 16;
const FRAME_HEAD: usize = 8;
const BATCH_HEAD: usize = 20;
const EVENT_HEAD: usize = 12;
/// A segment is full when the next frame would take it over this.
pub const SEGMENT_BYTES: u64 = 4 * 1024 * 1024;
/// Largest frame: AWS's largest batch and its heads, twice over.
pub const MAX_FRAME: usize = 4 * 1024 * 1024;

/// What a segment holds, without its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub events: u64,
    /// Event times in milliseconds; meaningless without events.
    pub min_ts: i64,
    pub max_ts: i64,
    pub last_ingestion: i64,
    /// Messages' bytes plus 26 each, as CloudWatch Logs counts them.
    pub stored_bytes: u64,
    /// One more than the newest sequence number taken, in this segment or before it; 0: none.
    pub next_sequence: u64,
    /// Bytes of the file that are good.
    pub len: u64,
}

/// What AWS adds to each event's size.
pub const EVENT_OVERHEAD: u64 = 26;

impl Summary {
    pub fn empty(next_sequence: u64) -> Self {
        Self {
            events: 0,
            min_ts: i64::MAX,
            max_ts: i64::MIN,
            last_ingestion: 0,
            stored_bytes: 0,
            next_sequence,
            len: HEADER as u64,
        }
    }

    fn add_event(&mut self, ts: i64, len: usize) {
        self.events += 1;
        self.min_ts = self.min_ts.min(ts);
        self.max_ts = self.max_ts.max(ts);
        self.stored_bytes += len as u64 + EVENT_OVERHEAD;
    }

    /// Takes a batch that has been written into account.
    pub fn add_batch(&mut self, sequence: Option<u64>, ingestion: i64, events: &[(i64, &[u8])], frame: usize) {
        for (ts, message) in events {
            self.add_event(*ts, message.len());
        }
        self.last_ingestion = self.last_ingestion.max(ingestion);
        self.next_sequence = self.next_sequence.max(sequence.map_or(0, |s| s.saturating_add(1)));
        self.len += frame as u64;
    }
}

pub fn header(next_sequence: u64) -> [u8; HEADER] {
    let mut out = [0; HEADER];
    out[..8].copy_from_slice(MAGIC);
    out[8..].copy_from_slice(&next_sequence.to_le_bytes());
    out
}

/// The frame of a batch; `None` if it would be too large.
pub fn frame(sequence: Option<u64>, ingestion: i64, events: &[(i64, &[u8])]) -> Option<Vec<u8>> {
    let size: usize = BATCH_HEAD + events.iter().map(|(_, m)| EVENT_HEAD + m.len()).sum::<usize>();
    if size > MAX_FRAME {
        return None;
    }
    let mut out = Vec::with_capacity(FRAME_HEAD + size);
    out.extend_from_slice(&(size as u32).to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&sequence.map_or(0, |s| s.saturating_add(1)).to_le_bytes());
    out.extend_from_slice(&ingestion.to_le_bytes());
    out.extend_from_slice(&(events.len() as u32).to_le_bytes());
    for (ts, message) in events {
        out.extend_from_slice(&ts.to_le_bytes());
        out.extend_from_slice(&(message.len() as u32).to_le_bytes());
        out.extend_from_slice(message);
    }
    let crc = crc32(&out[FRAME_HEAD..]);
    out[4..8].copy_from_slice(&crc.to_le_bytes());
    Some(out)
}

/// One event within a loaded segment.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub ts: i64,
    pub ingestion: i64,
    /// Its number within the segment, from 0.
    pub ordinal: u32,
    at: u32,
    len: u32,
}

/// A segment in memory, its events in order of time and, within a millisecond, of arrival.
pub struct Loaded {
    data: Vec<u8>,
    pub entries: Vec<Entry>,
}

impl Loaded {
    pub fn message(&self, entry: &Entry) -> &[u8] {
        &self.data[entry.at as usize..(entry.at + entry.len) as usize]
    }
}

/// Reads a segment's first `len` bytes. What does not check is left out, and said in the log.
pub fn load(path: &Path, len: u64) -> io::Result<Loaded> {
    let mut data = std::fs::read(path)?;
    data.truncate(usize::try_from(len).unwrap_or(usize::MAX));
    let mut entries = Vec::new();
    let mut sorted = true;
    let good = walk(&data, |batch| {
        for (ts, at, len) in batch.events {
            let ordinal = entries.len() as u32;
            sorted &= entries.last().is_none_or(|before: &Entry| before.ts <= ts);
            entries.push(Entry { ts, ingestion: batch.ingestion, ordinal, at, len });
        }
    });
    if good < data.len() {
        tracing::error!(path = %path.display(), good, len = data.len(), "a log segment is damaged; its tail is left out");
    }
    if !sorted {
        entries.sort_by_key(|e| (e.ts, e.ordinal));
    }
    Ok(Loaded { data, entries })
}

/// A segment's summary as its bytes tell it; `len` is where the good ones end.
pub fn summarise(data: &[u8]) -> Summary {
    let before = data.get(8..HEADER).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes);
    let mut summary = Summary::empty(if data.starts_with(MAGIC) { before } else { 0 });
    let good = walk(data, |batch| {
        for (ts, _, len) in &batch.events {
            summary.add_event(*ts, *len as usize);
        }
        summary.last_ingestion = summary.last_ingestion.max(batch.ingestion);
        summary.next_sequence = summary.next_sequence.max(batch.next_sequence);
    });
    summary.len = good as u64;
    summary
}

struct Batch {
    next_sequence: u64,
    ingestion: i64,
    /// `(time, offset of the message in the data, its length)`
    events: Vec<(i64, u32, u32)>,
}

/// Visits the good frames in order; tells where they end.
fn walk(data: &[u8], mut visit: impl FnMut(Batch)) -> usize {
    if data.len() < HEADER || !data.starts_with(MAGIC) {
        return 0;
    }
    let mut at = HEADER;
    while let Some((batch, next)) = batch_at(data, at) {
        visit(batch);
        at = next;
    }
    at
}

fn batch_at(data: &[u8], at: usize) -> Option<(Batch, usize)> {
    let head = data.get(at..at + FRAME_HEAD)?;
    let size = u32::from_le_bytes(head[..4].try_into().ok()?) as usize;
    let crc = u32::from_le_bytes(head[4..].try_into().ok()?);
    if !(BATCH_HEAD..=MAX_FRAME).contains(&size) {
        return None;
    }
    let start = at + FRAME_HEAD;
    let payload = data.get(start..start + size)?;
    if crc32(payload) != crc {
        return None;
    }
    let next_sequence = u64::from_le_bytes(payload[..8].try_into().ok()?);
    let ingestion = i64::from_le_bytes(payload[8..16].try_into().ok()?);
    let count = u32::from_le_bytes(payload[16..20].try_into().ok()?) as usize;
    let mut events = Vec::with_capacity(count.min(size / EVENT_HEAD));
    let mut offset = BATCH_HEAD;
    for _ in 0..count {
        let head = payload.get(offset..offset + EVENT_HEAD)?;
        let ts = i64::from_le_bytes(head[..8].try_into().ok()?);
        let len = u32::from_le_bytes(head[8..].try_into().ok()?);
        offset += EVENT_HEAD;
        payload.get(offset..offset + len as usize)?;
        events.push((ts, (start + offset) as u32, len));
        offset += len as usize;
    }
    Some((Batch { next_sequence, ingestion, events }, start + size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(batches: &[(Option<u64>, Vec<(i64, Vec<u8>)>)]) -> Vec<u8> {
        let mut out = header(0).to_vec();
        for (sequence, events) in batches {
            let events: Vec<(i64, &[u8])> = events.iter().map(|(t, m)| (*t, &m[..])).collect();
            out.extend(frame(*sequence, 7, &events).expect("a small frame"));
        }
        out
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_left_out(data in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut data = data;
            summarise(&data);
            data.splice(..0, header(3));
            prop_assert!(summarise(&data).len <= data.len() as u64);
        }

        #[test]
        fn a_cut_anywhere_keeps_the_whole_batches_before_it(
            batches in prop::collection::vec(
                (prop::option::of(0u64..9), prop::collection::vec((0i64..50, prop::collection::vec(any::<u8>(), 0..20)), 0..5)),
                0..6,
            ),
            cut in any::<prop::sample::Index>(),
        ) {
            let data = bytes(&batches);
            let cut = cut.index(data.len() + 1);
            let summary = summarise(&data[..cut]);
            let mut kept = 0;
            while kept < batches.len() && bytes(&batches[..=kept]).len() <= cut {
                kept += 1;
            }
            let expected: usize = batches[..kept].iter().map(|(_, e)| e.len()).sum();
            prop_assert_eq!(summary.events, expected as u64);
            if cut >= HEADER {
                prop_assert_eq!(summary.len, bytes(&batches[..kept]).len() as u64);
            }
        }
    }
}
