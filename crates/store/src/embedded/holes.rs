//! The parts of the key space that are on disk and not in memory.
//!
//! What always holds: the index has no key in a hole, and a hole's keys as of now are those of the
//! data file with the hole's overlay on top, whichever checkpoint the file has reached. So nobody
//! writes into a hole: it is filled first. All that is in one is at or below the revision at which
//! the store was opened, the oldest that can be read.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;

use super::index::Index;
use crate::{KeyRange, KeyValue, RangeRequest, Revision};

/// A part of the key space; without an end it goes up to the last key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: Bytes,
    pub(super) end: Option<Bytes>,
}

impl Span {
    pub(super) fn contains(&self, key: &[u8]) -> bool {
        key >= &self.start[..] && self.end.as_ref().is_none_or(|end| key < &end[..])
    }
}

/// What the log says of keys that are in a hole, ascending: put, or gone.
pub(super) type Overlay = Vec<(Bytes, Option<Arc<KeyValue>>)>;

struct Hole {
    end: Option<Bytes>,
    /// Its keys, those of the overlay included.
    live: usize,
    overlay: Overlay,
}

#[derive(Default)]
pub(super) struct Holes {
    by_start: BTreeMap<Bytes, Hole>,
}

impl Holes {
    /// One hole for each partition, by their first keys and how many keys they have.
    pub(super) fn of(partitions: Vec<(Bytes, usize)>) -> Self {
        let ends: Vec<Option<Bytes>> =
            partitions.iter().skip(1).map(|(first, _)| Some(first.clone())).chain([None]).collect();
        let holes = partitions.into_iter().zip(ends);
        Self {
            by_start: holes.map(|((start, live), end)| (start, Hole { end, live, overlay: Overlay::new() })).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_start.is_empty()
    }

    /// Lays what the log has put or deleted since over the file; `born` is how many keys more there
    /// are for it. Keys come in ascending order, and holes are everywhere: this is for a store at its open.
    pub(super) fn lay_over(&mut self, key: Bytes, newest: Option<Arc<KeyValue>>, born: i64) {
        let below = self.by_start.range_mut::<[u8], _>((Bound::Unbounded, Bound::Included(&key[..]))).next_back();
        if let Some((_, hole)) = below {
            hole.live = hole.live.saturating_add_signed(born as isize);
            hole.overlay.push((key, newest));
        }
    }

    /// Takes out a hole that is being filled; `None` if somebody else has.
    pub(super) fn take(&mut self, span: &Span) -> Option<(Overlay, usize)> {
        let hole = self.by_start.get(&span.start)?;
        if hole.end != span.end {
            return None;
        }
        self.by_start.remove(&span.start).map(|hole| (hole.overlay, hole.live))
    }

    pub(super) fn has(&self, span: &Span) -> bool {
        self.by_start.get(&span.start).is_some_and(|hole| hole.end == span.end)
    }

    /// The keys of holes that lie wholly in `range`.
    pub(super) fn keys_within(&self, range: &KeyRange) -> usize {
        self.touching(range).filter(|(start, hole)| hole.is_within(start, range)).map(|(_, hole)| hole.live).sum()
    }

    /// The hole that `key` is in.
    pub(super) fn around(&self, key: &[u8]) -> Option<Span> {
        self.hole_around(key).map(|(start, hole)| hole.span(start))
    }

    fn hole_around(&self, key: &[u8]) -> Option<(&Bytes, &Hole)> {
        let below = self.by_start.range::<[u8], _>((Bound::Unbounded, Bound::Included(key))).next_back();
        below.filter(|(_, hole)| hole.reaches(key))
    }

    fn touching<'a>(&'a self, range: &KeyRange) -> impl DoubleEndedIterator<Item = (&'a Bytes, &'a Hole)> + use<'a> {
        let end = end_of(range);
        let some = match end {
            Bound::Excluded(end) => range.start[..] < *end,
            _ => true,
        };
        let first = if some { self.hole_around(&range.start) } else { None };
        let rest = some.then(|| self.by_start.range::<[u8], _>((Bound::Excluded(&range.start[..]), end)));
        first.into_iter().chain(rest.into_iter().flatten())
    }

    /// The holes that must be filled before `request` can be answered from `index`.
    ///
    /// How many keys a hole has is known without filling it. So one that is wholly in the range
    /// matters only for what it adds to the answer, and none of it once the limit is reached.
    pub(super) fn needed(&self, request: &RangeRequest, index: &Index, at: Revision) -> Vec<Span> {
        let range = &request.range;
        if self.is_empty() {
            return Vec::new();
        }
        if range.end.is_none() {
            return self.around(&range.start).into_iter().collect();
        }
        let limit = match (request.count_only, request.limit) {
            (true, _) => 0,
            (false, 0) => usize::MAX,
            (false, limit) => limit,
        };
        let mut needed = Vec::new();
        let mut have = 0;
        let mut take = |start: &Bytes, hole: &Hole, loaded: &dyn Fn(usize) -> usize| {
            let whole = hole.is_within(start, range);
            if have < limit && limit != usize::MAX {
                have += loaded(limit - have);
            }
            if !whole || have < limit {
                needed.push(hole.span(start));
            }
            if whole && limit != usize::MAX {
                have += hole.live;
            }
        };
        if request.reverse {
            let mut upper = end_of(range);
            for (start, hole) in self.touching(range).rev() {
                if let Some(end) = &hole.end {
                    take(start, hole, &|most| index.live_between(Bound::Included(end), upper, at, most));
                } else {
                    take(start, hole, &|_| 0);
                }
                upper = Bound::Excluded(start);
            }
        } else {
            let mut lower = &range.start;
            for (start, hole) in self.touching(range) {
                take(start, hole, &|most| index.live_between(Bound::Included(lower), Bound::Excluded(start), at, most));
                lower = hole.end.as_ref().unwrap_or(start);
            }
        }
        needed
    }
}

impl Hole {
    fn reaches(&self, key: &[u8]) -> bool {
        self.end.as_ref().is_none_or(|end| key < &end[..])
    }

    fn span(&self, start: &Bytes) -> Span {
        Span { start: start.clone(), end: self.end.clone() }
    }

    fn is_within(&self, start: &Bytes, range: &KeyRange) -> bool {
        let ends_within = match (end_of(range), &self.end) {
            (Bound::Excluded(range_end), Some(end)) => &end[..] <= range_end,
            (Bound::Excluded(_), None) => false,
            _ => true,
        };
        *start >= range.start && ends_within
    }
}

/// Where a range ends that is more than one key; etcd says it with one zero byte if it has no end.
fn end_of(range: &KeyRange) -> Bound<&[u8]> {
    match &range.end {
        Some(end) if end[..] == [0] => Bound::Unbounded,
        Some(end) => Bound::Excluded(&end[..]),
        None => Bound::Included(&range.start[..]),
    }
}
