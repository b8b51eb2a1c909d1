//! The bytes of rows, which log records, partitions and their deltas are made of. Integers are
//! little-endian; lengths are 32 bits.
//!
//! A row says all there is to say of its key at its revision, so that reading one needs no earlier
//! one. What is read shares the buffer that it was read from: nothing is copied.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::{Event, EventKind, KeyValue, Revision, WatchBatch};

/// Where a record is cut: redb rounds a large value up to a power of two, so stay below one.
const RECORD_BYTES: usize = 60 << 10;

const PUT: u8 = 1;
const DELETE: u8 = 2;

/// Bytes of a row beside its key and value.
const PUT_OVERHEAD: usize = 41;

/// Bytes that are not what this file writes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Damaged(pub(super) &'static str);

/// The revisions of one group, or a part of it, without a gap.
pub(super) struct Record {
    pub(super) first: Revision,
    pub(super) last: Revision,
    pub(super) bytes: Vec<u8>,
}

pub(super) fn encode_log(batches: &[Arc<WatchBatch>]) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for batch in batches {
        let record = match records.last_mut() {
            Some(record) if record.bytes.len() + size(batch) <= RECORD_BYTES => record,
            _ => {
                records.push(Record { first: batch.revision, last: batch.revision, bytes: Vec::new() });
                let last = records.len() - 1;
                &mut records[last]
            }
        };
        record.last = batch.revision;
        record.bytes.reserve(size(batch));
        record.bytes.extend(batch.revision.to_le_bytes());
        record.bytes.extend((batch.events.len() as u32).to_le_bytes());
        for event in &batch.events {
            encode_row(event.kind, &event.kv, &mut record.bytes);
        }
    }
    records
}

fn size(batch: &WatchBatch) -> usize {
    12 + batch.events.iter().map(|event| PUT_OVERHEAD + event.kv.key.len() + event.kv.value.len()).sum::<usize>()
}

/// What a key is from a revision on: put, or gone.
pub(super) fn encode_row(kind: EventKind, kv: &KeyValue, out: &mut Vec<u8>) {
    match kind {
        EventKind::Put => {
            out.push(PUT);
            put_bytes(&kv.key, out);
            put_bytes(&kv.value, out);
            for number in [kv.create_revision, kv.mod_revision, kv.version, kv.lease.cast_unsigned()] {
                out.extend(number.to_le_bytes());
            }
        }
        EventKind::Delete => {
            out.push(DELETE);
            put_bytes(&kv.key, out);
        }
    }
}

/// The batches of a record; what keys held before is not in it.
pub(super) fn decode_log(bytes: &Bytes) -> Result<Vec<WatchBatch>, Damaged> {
    let mut input = Input(bytes);
    let mut batches = Vec::new();
    while !input.0.is_empty() {
        let revision = input.u64()?;
        let count = input.u32()? as usize;
        // Not trusted for an allocation: each row takes at least five bytes.
        let mut events = Vec::with_capacity(count.min(input.0.len() / 5));
        for _ in 0..count {
            let row = input.row(bytes)?;
            let (kind, kv) = match row.kv()? {
                Some(kv) if kv.mod_revision != revision => return Err(Damaged("a row is of another revision")),
                Some(kv) => (EventKind::Put, kv),
                None => (EventKind::Delete, gone(row.source.slice_ref(row.key), revision)),
            };
            events.push(Event { kind, kv: Arc::new(kv), prev: None });
        }
        batches.push(WatchBatch { revision, events });
    }
    Ok(batches)
}

/// What stands for a key in the event of its end.
pub(super) fn gone(key: Bytes, revision: Revision) -> KeyValue {
    KeyValue { key, value: Bytes::new(), create_revision: 0, mod_revision: revision, version: 0, lease: 0 }
}

/// A row where it lies in a partition's base or delta.
pub(super) struct Row<'a> {
    source: &'a Bytes,
    at: Range<usize>,
    pub(super) key: &'a [u8],
    pub(super) put: bool,
}

impl Row<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.source[self.at.clone()]
    }

    /// The row as a key and its value, sharing their bytes; `None` of a key that is gone.
    pub(super) fn kv(&self) -> Result<Option<KeyValue>, Damaged> {
        if !self.put {
            return Ok(None);
        }
        let mut input = Input(&self.bytes()[1..]);
        Ok(Some(KeyValue {
            key: self.source.slice_ref(input.slice()?),
            value: self.source.slice_ref(input.slice()?),
            create_revision: input.u64()?,
            mod_revision: input.u64()?,
            version: input.u64()?,
            lease: input.u64()?.cast_signed(),
        }))
    }
}

/// The last row of each key among `chunks`, oldest chunk first; ascending by key.
pub(super) fn newest_rows(chunks: &[Bytes]) -> Result<Vec<Row<'_>>, Damaged> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for chunk in chunks {
        let mut input = Input(chunk);
        while !input.0.is_empty() {
            rows.push(input.row(chunk)?);
        }
    }
    // Stable, so that of one key the newest comes last; cheap, since each chunk is sorted already.
    rows.sort_by(|a, b| a.key.cmp(b.key));
    let mut newest: Vec<Row<'_>> = Vec::with_capacity(rows.len());
    for row in rows {
        match newest.last_mut() {
            Some(last) if last.key == row.key => *last = row,
            _ => newest.push(row),
        }
    }
    Ok(newest)
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    // Keys and values are far below 4 GiB: `limits` says so, and requests are held to it.
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    /// The next row of `source`, whose rest this is.
    fn row(&mut self, source: &'a Bytes) -> Result<Row<'a>, Damaged> {
        let start = source.len() - self.0.len();
        let put = match self.u8()? {
            PUT => true,
            DELETE => false,
            _ => return Err(Damaged("unknown kind of row")),
        };
        let key = self.slice()?;
        if put {
            self.slice()?;
            self.take(4 * size_of::<u64>())?;
        }
        Ok(Row { source, at: start..source.len() - self.0.len(), key, put })
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Damaged("ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Damaged> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Damaged> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u32(&mut self) -> Result<u32, Damaged> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Damaged> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn slice(&mut self) -> Result<&'a [u8], Damaged> {
        let length = self.u32()? as usize;
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn event(kind: EventKind, key: Vec<u8>, value: Vec<u8>, lease: i64, revision: Revision) -> Event {
        let kv = match kind {
            EventKind::Put => KeyValue {
                key: key.into(),
                value: value.into(),
                create_revision: 2,
                mod_revision: revision,
                version: 7,
                lease,
            },
            EventKind::Delete => gone(key.into(), revision),
        };
        Event { kind, kv: Arc::new(kv), prev: None }
    }

    fn events() -> impl Strategy<Value = Vec<(bool, Vec<u8>, Vec<u8>, i64)>> {
        let value = (any::<u8>(), 0..40_000_usize).prop_map(|(byte, length)| vec![byte; length]);
        prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..3), value, any::<i64>()), 1..9)
    }

    fn batches(events: Vec<(bool, Vec<u8>, Vec<u8>, i64)>) -> Vec<Arc<WatchBatch>> {
        let numbered = events.into_iter().zip(5..);
        numbered
            .map(|((put, key, value, lease), revision)| {
                let kind = if put { EventKind::Put } else { EventKind::Delete };
                Arc::new(WatchBatch { revision, events: vec![event(kind, key, value, lease, revision)] })
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn a_log_that_is_written_is_read_again(events in events()) {
            let batches = batches(events);
            let mut read = Vec::new();
            for record in encode_log(&batches) {
                let found = decode_log(&record.bytes.into()).unwrap();
                prop_assert_eq!(record.first, found[0].revision);
                prop_assert_eq!(record.last, found[found.len() - 1].revision);
                read.extend(found.into_iter().map(Arc::new));
            }
            prop_assert_eq!(read, batches);
        }

        #[test]
        fn of_many_chunks_the_newest_row_of_each_key_is_read(chunks in prop::collection::vec(events(), 1..4)) {
            let mut want = BTreeMap::new();
            let mut encoded = Vec::new();
            for chunk in chunks {
                let mut bytes = Vec::new();
                for batch in batches(chunk) {
                    let event = &batch.events[0];
                    encode_row(event.kind, &event.kv, &mut bytes);
                    let put = event.kind == EventKind::Put;
                    want.insert(event.kv.key.clone(), put.then(|| KeyValue::clone(&event.kv)));
                }
                encoded.push(Bytes::from(bytes));
            }
            let rows = newest_rows(&encoded).unwrap();
            let keys: Vec<&[u8]> = rows.iter().map(|row| row.key).collect();
            prop_assert_eq!(keys, want.keys().map(|key| &key[..]).collect::<Vec<_>>());
            for (row, want) in rows.iter().zip(want.values()) {
                prop_assert_eq!(&row.kv().unwrap(), want);
            }
        }

        #[test]
        fn noise_is_refused_or_read_but_never_panics(bytes in prop::collection::vec(0..6_u8, 0..200)) {
            let bytes = Bytes::from(bytes);
            decode_log(&bytes).ok();
            if let Ok(rows) = newest_rows(std::slice::from_ref(&bytes)) {
                for row in rows {
                    row.kv().unwrap();
                }
            }
        }
    }
}
