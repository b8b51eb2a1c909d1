//! Pages of events in order of time, out of one stream or many.
//!
//! Memory is bounded whatever is stored: segments are looked at one after the other, and of each no more
//! is kept than a page can hold.

use std::io;
use std::sync::Arc;

use super::Storage;
use super::segment::{EVENT_OVERHEAD, Entry, Loaded};
use super::stream::{Segment, Stream};

/// Segments looked at for one page before what was found is answered with a token to go on from.
const MAX_SEGMENTS_PER_PAGE: usize = 64;
/// AWS's limits on a page.
pub const MAX_PAGE_EVENTS: usize = 10_000;
pub const MAX_PAGE_BYTES: u64 = 1024 * 1024;

/// The place of an event among all of a group, or the gap before it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub ts: i64,
    /// The stream's name.
    pub stream: String,
    pub segment: u32,
    pub ordinal: u32,
}

impl Place {
    pub const fn start() -> Self {
        Self { ts: i64::MIN, stream: String::new(), segment: 0, ordinal: 0 }
    }

    /// The gap right after this event.
    pub fn after(&self) -> Self {
        Self { ordinal: self.ordinal + 1, ..self.clone() }
    }

    pub fn write(&self) -> String {
        format!("{}|{}|{}|{}", self.ts, self.segment, self.ordinal, self.stream)
    }

    pub fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '|');
        Some(Self {
            ts: parts.next()?.parse().ok()?,
            segment: parts.next()?.parse().ok()?,
            ordinal: parts.next()?.parse().ok()?,
            stream: parts.next()?.to_owned(),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub place: Place,
    pub uid: Arc<str>,
    pub ingestion: i64,
    pub message: String,
}

impl Found {
    fn size(&self) -> u64 {
        self.message.len() as u64 + EVENT_OVERHEAD
    }
}

pub struct Query<'a> {
    /// Inclusive.
    pub from: Place,
    /// Exclusive; `None`: no end.
    pub to: Option<Place>,
    /// First and last event time wanted, both inclusive.
    pub first_ts: i64,
    pub last_ts: i64,
    pub limit: usize,
    /// The latest events rather than the earliest.
    pub newest: bool,
    pub matcher: &'a (dyn Fn(&str) -> bool + Sync),
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In order of time.
    pub events: Vec<Found>,
    /// Where to go on, if there may be more.
    pub next: Option<Place>,
}

struct Unit<'a> {
    name: &'a str,
    stream: &'a Arc<Stream>,
    segment: Segment,
}

/// One page out of the named streams.
pub fn page(storage: &Storage, streams: &[(String, Arc<Stream>)], query: &Query<'_>) -> io::Result<Page> {
    let mut units: Vec<Unit<'_>> = Vec::new();
    for (name, stream) in streams {
        let wanted = |s: &Segment| {
            s.summary.events > 0
                && s.summary.max_ts >= query.first_ts.max(query.from.ts)
                && s.summary.min_ts <= query.last_ts
                && query.to.as_ref().is_none_or(|to| s.summary.min_ts <= to.ts)
        };
        units.extend(stream.segments().into_iter().filter(wanted).map(|segment| Unit { name, stream, segment }));
    }
    if query.newest {
        units.sort_by_key(|u| std::cmp::Reverse(u.segment.summary.max_ts));
    } else {
        units.sort_by_key(|u| u.segment.summary.min_ts);
    }
    let mut best = Best { events: Vec::new(), cut: false, newest: query.newest, limit: query.limit.max(1) };
    let mut horizon = None;
    for (looked_at, unit) in units.iter().enumerate() {
        if best.is_beyond(&unit.segment) {
            break;
        }
        let min_ts = unit.segment.summary.min_ts;
        if looked_at >= MAX_SEGMENTS_PER_PAGE && !query.newest && min_ts > query.from.ts.max(query.first_ts) {
            horizon = Some(min_ts);
            break;
        }
        let loaded = match storage.load(unit.stream, unit.segment.number, unit.segment.summary.len, unit.segment.full) {
            // Expired or deleted while we looked.
            Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
            other => other?,
        };
        take(unit, &loaded, query, &mut best);
    }
    let mut next = best.cut.then(|| best.events.last().map(|e| e.place.after())).flatten();
    if let Some(ts) = horizon {
        // All before the horizon has been looked at, and nothing beyond it is complete.
        best.events.retain(|e| e.place.ts < ts);
        if !best.cut || best.events.last().is_none_or(|e| next.as_ref().is_some_and(|n| n.ts > e.place.ts)) {
            next = Some(Place { ts, ..Place::start() });
        }
    }
    Ok(Page { events: best.events, next })
}

fn take(unit: &Unit<'_>, loaded: &Loaded, query: &Query<'_>, best: &mut Best) {
    let uid: Arc<str> = unit.stream.uid().into();
    let mut found = Vec::new();
    let mut bytes = 0;
    let mut consider = |entry: &Entry| {
        let place =
            Place { ts: entry.ts, stream: unit.name.to_owned(), segment: unit.segment.number, ordinal: entry.ordinal };
        if place < query.from || query.to.as_ref().is_some_and(|to| place >= *to) {
            return true;
        }
        let message = String::from_utf8_lossy(loaded.message(entry));
        if (query.matcher)(&message) {
            bytes += message.len() as u64 + EVENT_OVERHEAD;
            let message = message.into_owned();
            found.push(Found { place, uid: uid.clone(), ingestion: entry.ingestion, message });
        }
        // One more than a page, so that it shows that the page was cut.
        found.len() <= best.limit && bytes <= MAX_PAGE_BYTES
    };
    let first = loaded.entries.partition_point(|e| e.ts < query.first_ts.max(query.from.ts));
    let end = loaded.entries.partition_point(|e| e.ts <= query.last_ts);
    let wanted = loaded.entries.get(first..end).unwrap_or_default();
    if query.newest {
        // `all` stops at the first that says so.
        let _ = wanted.iter().rev().all(&mut consider);
    } else {
        let _ = wanted.iter().all(&mut consider);
    }
    best.add(found);
}

/// The best page so far.
struct Best {
    events: Vec<Found>,
    cut: bool,
    newest: bool,
    limit: usize,
}

impl Best {
    fn add(&mut self, found: Vec<Found>) {
        if found.is_empty() {
            return;
        }
        self.events.extend(found);
        self.events.sort_by(|a, b| a.place.cmp(&b.place));
        let mut bytes = 0;
        let mut keep = 0;
        let fits = |event: &Found| {
            bytes += event.size();
            keep += 1;
            keep <= self.limit && (bytes <= MAX_PAGE_BYTES || keep == 1)
        };
        let kept = if self.newest {
            self.events.iter().rev().map(fits).take_while(|fits| *fits).count()
        } else {
            self.events.iter().map(fits).take_while(|fits| *fits).count()
        };
        if kept < self.events.len() {
            self.cut = true;
            if self.newest {
                self.events.drain(..self.events.len() - kept);
            } else {
                self.events.truncate(kept);
            }
        }
    }

    /// The page is full, and nothing in this segment or after it could still come into it.
    fn is_beyond(&self, segment: &Segment) -> bool {
        if !self.cut {
            return false;
        }
        if self.newest {
            self.events.first().is_some_and(|first| segment.summary.max_ts < first.place.ts)
        } else {
            self.events.last().is_some_and(|last| segment.summary.min_ts > last.place.ts)
        }
    }
}
