//! The bytes of log records and snapshot chunks. Integers are little-endian; lengths are 32 bits.
//!
//! A record holds the revisions of one group, or a part of it, without a gap. Versions and creation
//! revisions are not written: replaying the log works them out again.

use std::sync::Arc;

use bytes::Bytes;

use crate::{EventKind, KeyValue, LeaseId, Revision, WatchBatch};

/// Where a record is cut: redb rounds a large value up to a power of two, so stay below one.
const RECORD_BYTES: usize = 60 << 10;

const PUT: u8 = 1;
const DELETE: u8 = 2;

/// Bytes that are not what this file writes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Damaged(pub(super) &'static str);

pub(super) struct Record {
    pub(super) first: Revision,
    pub(super) last: Revision,
    pub(super) bytes: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum LogOp {
    Put { key: Bytes, value: Bytes, lease: LeaseId },
    Delete { key: Bytes },
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
        encode_batch(batch, &mut record.bytes);
    }
    records
}

fn size(batch: &WatchBatch) -> usize {
    12 + batch.events.iter().map(|event| 17 + event.kv.key.len() + event.kv.value.len()).sum::<usize>()
}

fn encode_batch(batch: &WatchBatch, out: &mut Vec<u8>) {
    out.reserve(size(batch));
    out.extend(batch.revision.to_le_bytes());
    out.extend((batch.events.len() as u32).to_le_bytes());
    for event in &batch.events {
        match event.kind {
            EventKind::Put => {
                out.push(PUT);
                put_bytes(&event.kv.key, out);
                put_bytes(&event.kv.value, out);
                out.extend(event.kv.lease.to_le_bytes());
            }
            EventKind::Delete => {
                out.push(DELETE);
                put_bytes(&event.kv.key, out);
            }
        }
    }
}

/// The operations of each revision in a record.
pub(super) fn decode_log(bytes: &[u8]) -> Result<Vec<(Revision, Vec<LogOp>)>, Damaged> {
    let mut input = Input(bytes);
    let mut revisions = Vec::new();
    while !input.0.is_empty() {
        let revision = input.u64()?;
        let count = input.u32()? as usize;
        // Not trusted for an allocation: each operation takes at least five bytes.
        let mut ops = Vec::with_capacity(count.min(input.0.len() / 5));
        for _ in 0..count {
            ops.push(match input.u8()? {
                PUT => LogOp::Put { key: input.bytes()?, value: input.bytes()?, lease: input.u64()?.cast_signed() },
                DELETE => LogOp::Delete { key: input.bytes()? },
                _ => return Err(Damaged("unknown kind of operation")),
            });
        }
        revisions.push((revision, ops));
    }
    Ok(revisions)
}

/// The last revision in a record, without building its operations.
pub(super) fn last_revision(bytes: &[u8]) -> Result<Revision, Damaged> {
    let mut input = Input(bytes);
    let mut last = 0;
    while !input.0.is_empty() {
        last = input.u64()?;
        for _ in 0..input.u32()? {
            let skipped = match input.u8()? {
                PUT => {
                    input.slice()?;
                    input.slice()?;
                    input.u64().map(|_| ())
                }
                DELETE => input.slice().map(|_| ()),
                _ => Err(Damaged("unknown kind of operation")),
            };
            skipped?;
        }
    }
    Ok(last)
}

pub(super) fn encode_chunk(kvs: &[Arc<KeyValue>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(kvs.iter().map(|kv| 40 + kv.key.len() + kv.value.len()).sum());
    for kv in kvs {
        put_bytes(&kv.key, &mut out);
        put_bytes(&kv.value, &mut out);
        for number in [kv.create_revision, kv.mod_revision, kv.version, kv.lease.cast_unsigned()] {
            out.extend(number.to_le_bytes());
        }
    }
    out
}

pub(super) fn decode_chunk(bytes: &[u8]) -> Result<Vec<KeyValue>, Damaged> {
    let mut input = Input(bytes);
    let mut kvs = Vec::new();
    while !input.0.is_empty() {
        kvs.push(KeyValue {
            key: input.bytes()?,
            value: input.bytes()?,
            create_revision: input.u64()?,
            mod_revision: input.u64()?,
            version: input.u64()?,
            lease: input.u64()?.cast_signed(),
        });
    }
    Ok(kvs)
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    // Keys and values are far below 4 GiB: `limits` says so, and requests are held to it.
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
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

    fn u8(&mut self) -> Result<u8, Damaged> {
        Ok(self.array::<1>()?[0])
    }

    fn u32(&mut self) -> Result<u32, Damaged> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, Damaged> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn slice(&mut self) -> Result<&'a [u8], Damaged> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    fn bytes(&mut self) -> Result<Bytes, Damaged> {
        Ok(Bytes::copy_from_slice(self.slice()?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Event;

    fn event(kind: EventKind, key: Vec<u8>, value: Vec<u8>, lease: i64, revision: Revision) -> Event {
        let kv = KeyValue {
            key: key.into(),
            value: value.into(),
            create_revision: 2,
            mod_revision: revision,
            version: 7,
            lease,
        };
        Event { kind, kv: Arc::new(kv), prev: None }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_is_read_again(
            events in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..9),
                (any::<u8>(), 0..40_000_usize).prop_map(|(byte, length)| vec![byte; length]), any::<i64>()), 1..9)
        ) {
            let batches: Vec<_> = events.into_iter().zip(5..).map(|((put, key, value, lease), revision)| {
                let kind = if put { EventKind::Put } else { EventKind::Delete };
                Arc::new(WatchBatch { revision, events: vec![event(kind, key, value, lease, revision)] })
            }).collect();
            let mut next = 5;
            for record in encode_log(&batches) {
                prop_assert_eq!(record.first, next);
                prop_assert_eq!(last_revision(&record.bytes).unwrap(), record.last);
                for (revision, ops) in decode_log(&record.bytes).unwrap() {
                    let kv = &batches[(revision - 5) as usize].events[0];
                    let want = match kv.kind {
                        EventKind::Put =>
                            LogOp::Put { key: kv.kv.key.clone(), value: kv.kv.value.clone(), lease: kv.kv.lease },
                        EventKind::Delete => LogOp::Delete { key: kv.kv.key.clone() },
                    };
                    prop_assert_eq!(ops, vec![want]);
                    next = revision + 1;
                }
            }
            prop_assert_eq!(next, 5 + batches.len() as u64);
            let kvs: Vec<_> = batches.iter().map(|batch| batch.events[0].kv.clone()).collect();
            let back: Vec<_> = decode_chunk(&encode_chunk(&kvs)).unwrap().into_iter().map(Arc::new).collect();
            prop_assert_eq!(back, kvs);
        }

        #[test]
        fn noise_is_refused_or_read_but_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            decode_log(&bytes).ok();
            last_revision(&bytes).ok();
            decode_chunk(&bytes).ok();
        }
    }
}
