//! One stream's segments: opening, appending, sealing, expiring.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use super::segment::{self, HEADER, SEGMENT_BYTES, Summary};
use super::{OWNER, create_file, make_dir, write_whole};

/// A segment and whether it is full; the last one of a stream never is.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    pub number: u32,
    pub summary: Summary,
    pub full: bool,
}

pub struct Stream {
    uid: String,
    owner: String,
    dir: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In order of number; empty until the first append.
    segments: Vec<Segment>,
    closed: bool,
}

/// What DescribeLogStreams tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub first_ts: Option<i64>,
    pub last_ts: Option<i64>,
    pub last_ingestion: Option<i64>,
    pub stored_bytes: u64,
}

#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The stream has been deleted.
    #[error("the stream is gone")]
    Gone,
    #[error("a batch of more than {} bytes", segment::MAX_FRAME)]
    TooLarge,
    #[error("failed to append: {0}")]
    Io(#[from] io::Error),
}

impl Stream {
    /// Reads what is on disk. The last segment may end in half a batch, which is cut off.
    pub fn load(uid: String, owner: String, dir: PathBuf) -> io::Result<Self> {
        let mut numbers = segment_numbers(&dir)?;
        numbers.sort_unstable();
        let mut segments = Vec::with_capacity(numbers.len());
        for (nth, number) in numbers.iter().enumerate() {
            let full = nth + 1 < numbers.len();
            let before = segments.last().map_or(0, |s: &Segment| s.summary.next_sequence);
            let summary = if full { full_summary(&dir, *number)? } else { repair(&path(&dir, *number), before)? };
            segments.push(Segment { number: *number, summary, full });
        }
        Ok(Self { uid, owner, dir, state: Mutex::new(State { segments, closed: false }) })
    }

    pub fn uid(&self) -> &str {
        &self.uid
    }

    pub fn segment_path(&self, number: u32) -> PathBuf {
        path(&self.dir, number)
    }

    /// Appends a batch; false if its sequence number has been taken before.
    pub fn append(&self, sequence: Option<u64>, ingestion: i64, events: &[(i64, &[u8])]) -> Result<bool, AppendError> {
        let frame = segment::frame(sequence, ingestion, events).ok_or(AppendError::TooLarge)?;
        let mut state = self.state.lock();
        if state.closed {
            return Err(AppendError::Gone);
        }
        let next = state.segments.last().map_or(0, |s| s.summary.next_sequence);
        if sequence.is_some_and(|s| s < next) {
            return Ok(false);
        }
        if events.is_empty() && sequence.is_none() {
            return Ok(true);
        }
        self.make_room(&mut state, frame.len() as u64)?;
        let Some(active) = state.segments.last_mut() else {
            return Err(io::Error::other("a stream without a segment").into());
        };
        self.write(active, &frame)?;
        active.summary.add_batch(sequence, ingestion, events, frame.len());
        Ok(true)
    }

    fn write(&self, active: &Segment, frame: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).open(self.segment_path(active.number))?;
        let written = file.write_all(frame);
        if written.is_err() {
            // A full disk: what stands there of the batch is taken back, or else cut off at the next start.
            file.set_len(active.summary.len)?;
        }
        written
    }

    /// Sees to it that the last segment has room for a frame.
    fn make_room(&self, state: &mut State, frame: u64) -> io::Result<()> {
        let next = match state.segments.last() {
            Some(last) if last.summary.len + frame <= SEGMENT_BYTES || last.summary.events == 0 => return Ok(()),
            Some(last) => (last.number + 1, last.summary.next_sequence),
            None => (1, 0),
        };
        self.begin_segment(state, next.0, next.1)
    }

    fn begin_segment(&self, state: &mut State, number: u32, next_sequence: u64) -> io::Result<()> {
        if state.segments.is_empty() {
            make_dir(&self.dir)?;
            write_whole(&self.dir.join(OWNER), self.owner.as_bytes())?;
        }
        let mut file = create_file(&self.segment_path(number))?;
        file.write_all(&segment::header(next_sequence))?;
        if let Some(last) = state.segments.last_mut() {
            write_summary(&self.dir, last.number, &last.summary)?;
            last.full = true;
        }
        state.segments.push(Segment { number, summary: Summary::empty(next_sequence), full: false });
        Ok(())
    }

    pub fn segments(&self) -> Vec<Segment> {
        self.state.lock().segments.clone()
    }

    /// `floor_ts`: events before it have expired.
    pub fn totals(&self, floor_ts: i64) -> Totals {
        let state = self.state.lock();
        let mut totals = Totals::default();
        for summary in state.segments.iter().map(|s| &s.summary).filter(|s| s.events > 0 && s.max_ts >= floor_ts) {
            let first = summary.min_ts.max(floor_ts);
            totals.first_ts = Some(totals.first_ts.map_or(first, |t| t.min(first)));
            totals.last_ts = Some(totals.last_ts.map_or(summary.max_ts, |t| t.max(summary.max_ts)));
            totals.last_ingestion = Some(totals.last_ingestion.unwrap_or(0).max(summary.last_ingestion));
            totals.stored_bytes += summary.stored_bytes;
        }
        totals
    }

    /// Deletes the segments whose events are all before `floor_ts`; tells how many.
    pub fn expire(&self, floor_ts: i64) -> io::Result<usize> {
        let mut state = self.state.lock();
        if state.closed {
            return Ok(0);
        }
        let old = |s: &Segment| s.summary.events > 0 && s.summary.max_ts < floor_ts;
        if let Some(last) = state.segments.last().copied().filter(old) {
            // The sequence numbers that were taken outlive their events in the next segment's header.
            self.begin_segment(&mut state, last.number + 1, last.summary.next_sequence)?;
        }
        let gone: Vec<u32> = state.segments.iter().filter(|s| s.full && old(s)).map(|s| s.number).collect();
        for number in &gone {
            remove(&self.segment_path(*number))?;
            remove(&summary_path(&self.dir, *number))?;
        }
        state.segments.retain(|s| !gone.contains(&s.number));
        Ok(gone.len())
    }

    pub fn sync(&self) -> io::Result<()> {
        let last = {
            let state = self.state.lock();
            if state.closed { None } else { state.segments.last().map(|s| s.number) }
        };
        let Some(number) = last else { return Ok(()) };
        // The one before may have been filled since.
        for number in [number.saturating_sub(1), number] {
            match OpenOptions::new().append(true).open(self.segment_path(number)) {
                Ok(file) => file.sync_data()?,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }

    /// No append passes after this.
    pub fn close(&self) {
        self.state.lock().closed = true;
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}.seg"))
}

fn summary_path(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:08}.sum"))
}

fn segment_numbers(dir: &Path) -> io::Result<Vec<u32>> {
    let entries = match std::fs::read_dir(dir) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other?,
    };
    let mut numbers = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        let number: Option<u32> = name.to_str().and_then(|n| n.strip_suffix(".seg")).and_then(|n| n.parse().ok());
        numbers.extend(number);
    }
    Ok(numbers)
}

/// A full segment's summary: from the file beside it, or from the segment if that is missing or odd.
fn full_summary(dir: &Path, number: u32) -> io::Result<Summary> {
    let kept = std::fs::read(summary_path(dir, number)).ok();
    let on_disk = std::fs::metadata(path(dir, number))?.len();
    if let Some(summary) = kept.and_then(|bytes| serde_json::from_slice::<Summary>(&bytes).ok())
        && summary.len <= on_disk
    {
        return Ok(summary);
    }
    let summary = segment::summarise(&std::fs::read(path(dir, number))?);
    write_summary(dir, number, &summary)?;
    Ok(summary)
}

fn write_summary(dir: &Path, number: u32, summary: &Summary) -> io::Result<()> {
    let bytes = serde_json::to_vec(summary).map_err(io::Error::other)?;
    write_whole(&summary_path(dir, number), &bytes)
}

/// Cuts half a batch off the end of the segment that was being written. Even its header may be half
/// there; what sequence numbers were taken `before` it is known from the segment before.
fn repair(path: &Path, before: u64) -> io::Result<Summary> {
    let data = std::fs::read(path)?;
    let mut summary = segment::summarise(&data);
    summary.next_sequence = summary.next_sequence.max(before);
    if summary.len < data.len() as u64 || data.len() < HEADER {
        let cut = data.len() as u64 - summary.len;
        tracing::warn!(path = %path.display(), cut, "a log segment ended in half a batch; it is cut off");
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.set_len(summary.len)?;
        if summary.len < HEADER as u64 {
            file.write_all(&segment::header(summary.next_sequence))?;
            summary.len = HEADER as u64;
        }
        file.sync_data()?;
    }
    Ok(summary)
}
