//! Taking what the log has over into the data file: one transaction, of which all or nothing counts.
//!
//! What a checkpoint writes follows from what changed and not from what is stored: the newest row of
//! each changed key goes into a delta of its partition. Now and then a partition is written anew, base
//! and deltas into one, so that what is stored stays within a small multiple of what lives; how much
//! of that one checkpoint does is bounded too.

use std::sync::Arc;

use bytes::Bytes;
use redb::{ReadableTable, ReadableTableMetadata, Table, WriteTransaction};

use super::data::{self, ATTACHED, CHUNKS, DataFile, META, PARTITIONS, Partition, meta};
use super::fault::Fault;
use super::record;
use crate::{Event, EventKind, KeyValue, Revision, WatchBatch};

/// How a data file is cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// A base, one row more or less. redb rounds a large value up to a power of two: stay below one.
    pub(super) chunk_bytes: u64,
    pub(super) chunk_keys: u64,
    /// Deltas of a partition, after which it is written anew.
    pub(super) deltas: u64,
    /// Bytes of partitions written anew with one checkpoint, one partition more or less.
    pub(super) rewrite_bytes: u64,
}

pub(super) const SIZES: Sizes = Sizes { chunk_bytes: 250 << 10, chunk_keys: 4096, deltas: 16, rewrite_bytes: 16 << 20 };

/// What became of a key.
pub(super) struct Change {
    pub(super) kind: EventKind,
    pub(super) kv: Arc<KeyValue>,
    /// How many keys more there are for it: one, none or one less.
    pub(super) born: i64,
}

/// The last event of each key, ascending by key. The batches may have no `prev`: a first version
/// tells of a birth.
pub(super) fn fold(batches: &[Arc<WatchBatch>]) -> Vec<Change> {
    let mut events: Vec<&Event> = batches.iter().flat_map(|batch| &batch.events).collect();
    // Stable: of one key the newest comes last.
    events.sort_by(|a, b| a.kv.key.cmp(&b.kv.key));
    let mut changes: Vec<Change> = Vec::with_capacity(events.len());
    for Event { kind, kv, .. } in events {
        let born = match kind {
            EventKind::Put => i64::from(kv.version == 1),
            EventKind::Delete => -1,
        };
        let change = Change { kind: *kind, kv: kv.clone(), born };
        match changes.last_mut() {
            Some(last) if last.kv.key == kv.key => *last = Change { born: born + last.born, ..change },
            _ => changes.push(change),
        }
    }
    changes
}

/// Moves the file on to the revision of the last batch. What it has already it does not take twice,
/// and it takes nothing that does not follow upon what it has.
pub(super) fn write(file: &DataFile, batches: &[Arc<WatchBatch>], sizes: &Sizes) -> Result<(), Fault> {
    let Some(through) = batches.last().map(|batch| batch.revision) else { return Ok(()) };
    file.with(|database| {
        let txn = data::begin(database)?;
        let has = txn.open_table(META)?.get(meta::REVISION)?.map_or(0, |row| row.value());
        let new = &batches[batches.partition_point(|batch| batch.revision <= has)..];
        match new.first() {
            None => return Ok(()),
            Some(batch) if batch.revision != has + 1 => {
                return Err(Fault::Gap { expected: has + 1, found: batch.revision });
            }
            Some(_) => {}
        }
        commit(file, txn, &fold(new), through, sizes)
    })
}

/// Adds keys that the file does not have, ascending and all as of its own revision.
pub(super) fn add<'a>(
    file: &DataFile,
    kvs: impl Iterator<Item = &'a Arc<KeyValue>>,
    sizes: &Sizes,
) -> Result<(), Fault> {
    let changes: Vec<Change> = kvs.map(|kv| Change { kind: EventKind::Put, kv: kv.clone(), born: 1 }).collect();
    file.with(|database| {
        let txn = data::begin(database)?;
        let has = txn.open_table(META)?.get(meta::REVISION)?.map_or(0, |row| row.value());
        commit(file, txn, &changes, has, sizes)
    })
}

fn commit(
    file: &DataFile,
    txn: WriteTransaction,
    changes: &[Change],
    through: Revision,
    sizes: &Sizes,
) -> Result<(), Fault> {
    attach(&txn, changes)?;
    let next_id = txn.open_table(META)?.get(meta::NEXT_PARTITION)?.map_or(0, |row| row.value());
    let next_id = {
        let (partitions, chunks) = (txn.open_table(PARTITIONS)?, txn.open_table(CHUNKS)?);
        let mut writing = Writing { file, sizes, next_id, partitions, chunks };
        writing.take_in(changes)?;
        writing.next_id
    };
    {
        let mut table = txn.open_table(META)?;
        table.insert(meta::NEXT_PARTITION, next_id)?;
        table.insert(meta::REVISION, through)?;
    }
    Ok(txn.commit()?)
}

fn attach(txn: &WriteTransaction, changes: &[Change]) -> Result<(), Fault> {
    let mut table = txn.open_table(ATTACHED)?;
    let mut some = !table.is_empty()?;
    for change in changes {
        let key = &change.kv.key;
        if change.kind == EventKind::Put && change.kv.lease != 0 {
            table.insert(&key[..], change.kv.lease)?;
            some = true;
        } else if some {
            table.remove(&key[..])?;
        }
    }
    Ok(())
}

/// A partition and what becomes of it.
struct Planned {
    first: Bytes,
    /// With the changes' births and deaths.
    partition: Partition,
    /// The changes as rows; empty without any.
    delta: Vec<u8>,
    rewrite: bool,
}

struct Writing<'a, 'txn> {
    file: &'a DataFile,
    sizes: &'a Sizes,
    next_id: u64,
    partitions: Table<'txn, &'static [u8], (u64, u64, u64, u64, u64, u64)>,
    chunks: Table<'txn, (u64, u64), &'static [u8]>,
}

impl Writing<'_, '_> {
    fn take_in(&mut self, changes: &[Change]) -> Result<(), Fault> {
        let mut plans = self.plan(changes)?;
        self.choose(&mut plans);
        let mut run: Vec<Planned> = Vec::new();
        for mut planned in plans {
            if planned.rewrite {
                run.push(planned);
                continue;
            }
            self.rewrite(std::mem::take(&mut run))?;
            if !planned.delta.is_empty() {
                let partition = &mut planned.partition;
                partition.deltas += 1;
                partition.delta_bytes += planned.delta.len() as u64;
                self.chunks.insert((partition.id, partition.deltas), &planned.delta[..])?;
                self.partitions.insert(&planned.first[..], partition.row())?;
            }
        }
        self.rewrite(run)
    }

    /// Every partition, and what of the changes belongs to it.
    fn plan(&mut self, changes: &[Change]) -> Result<Vec<Planned>, Fault> {
        let mut partitions = data::partitions_of(&self.partitions)?;
        if partitions.is_empty() {
            partitions.push((Bytes::new(), Partition { id: self.new_id(), ..Partition::default() }));
        }
        let mut plans: Vec<Planned> = Vec::with_capacity(partitions.len());
        let mut changes = changes.iter().peekable();
        let mut partitions = partitions.into_iter().peekable();
        while let Some((first, partition)) = partitions.next() {
            let mut planned = Planned { first, partition, delta: Vec::new(), rewrite: false };
            let end = partitions.peek().map(|(next, _)| next);
            while let Some(change) = changes.next_if(|change| end.is_none_or(|end| change.kv.key < end)) {
                record::encode_row(change.kind, &change.kv, &mut planned.delta);
                planned.partition.live = planned.partition.live.saturating_add_signed(change.born);
            }
            plans.push(planned);
        }
        Ok(plans)
    }

    /// Chooses what is written anew: what has most on top of its base first.
    fn choose(&self, plans: &mut [Planned]) {
        let mut due: Vec<(u64, usize)> = Vec::new();
        for (at, planned) in plans.iter().enumerate() {
            let Partition { live, base_keys, base_bytes, deltas, delta_bytes, .. } = planned.partition;
            let on_top = delta_bytes + planned.delta.len() as u64;
            let gone = live < base_keys / 2;
            if on_top > 0 && (on_top > base_bytes / 2 || deltas >= self.sizes.deltas || gone) {
                let weight = on_top.saturating_mul(1_000) / (base_bytes + 1);
                due.push((if gone { u64::MAX } else { weight }, at));
            }
        }
        due.sort_unstable_by(|a, b| b.cmp(a));
        let mut bytes = 0;
        for (_, at) in due {
            if bytes >= self.sizes.rewrite_bytes {
                break;
            }
            let planned = &mut plans[at];
            planned.rewrite = true;
            bytes += planned.partition.base_bytes + planned.partition.delta_bytes + planned.delta.len() as u64;
        }
    }

    /// Writes neighbours anew: as many partitions as their keys need now.
    fn rewrite(&mut self, run: Vec<Planned>) -> Result<(), Fault> {
        let Some((first, at)) = run.first().map(|planned| (planned.first.clone(), planned.partition.id)) else {
            return Ok(());
        };
        let mut chunks: Vec<Bytes> = Vec::new();
        for planned in run {
            let id = planned.partition.id;
            chunks.extend(self.file.chunks_of(&self.chunks, id)?);
            // A partition's rows come after those of its neighbour below, so the order stays right.
            chunks.push(planned.delta.into());
            self.chunks.retain_in((id, 0)..=(id, u64::MAX), |_, _| false)?;
            self.partitions.remove(&planned.first[..])?;
        }
        let damaged = |how| Fault::Damaged { what: "partition", at, how };
        let rows: Vec<record::Row<'_>> =
            record::newest_rows(&chunks).map_err(damaged)?.into_iter().filter(|row| row.put).collect();
        let bytes: u64 = rows.iter().map(|row| row.bytes().len() as u64).sum();
        let count = bytes.div_ceil(self.sizes.chunk_bytes).max((rows.len() as u64).div_ceil(self.sizes.chunk_keys));
        // Of even size, or the last one would be tiny.
        let (most_bytes, most_keys) = (bytes.div_ceil(count.max(1)), (rows.len() as u64).div_ceil(count.max(1)));
        let mut rows = rows.into_iter().peekable();
        let mut first = Some(first);
        while rows.peek().is_some() || first.as_ref().is_some_and(Bytes::is_empty) {
            let mut base = Vec::with_capacity(most_bytes as usize);
            let mut keys = 0;
            let start = first.take().or_else(|| rows.peek().map(|row| Bytes::copy_from_slice(row.key)));
            while (base.len() as u64) < most_bytes
                && keys < most_keys.max(1)
                && let Some(row) = rows.next()
            {
                base.extend_from_slice(row.bytes());
                keys += 1;
            }
            let partition = Partition {
                id: self.new_id(),
                live: keys,
                base_keys: keys,
                base_bytes: base.len() as u64,
                ..Partition::default()
            };
            self.chunks.insert((partition.id, 0), &base[..])?;
            self.partitions.insert(&start.unwrap_or_default()[..], partition.row())?;
        }
        Ok(())
    }

    fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::holes::Span;
    use super::super::record::gone;
    use super::*;
    use crate::KeyValue;

    fn everything() -> Span {
        Span { start: Bytes::new(), end: None }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        /// Whatever is put and deleted, and however it is cut: what is read is what was written, every
        /// partition says how many keys it has, and little is stored beside what lives.
        #[test]
        fn a_file_has_what_was_written(
            rounds in prop::collection::vec(prop::collection::vec((0..60_u8, 0..200_usize), 1..40), 1..12),
            chunk_bytes in 1..2_000_u64,
            deltas in 1..5_u64,
            rewrite_bytes in 1..4_000_u64,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("data");
            let sizes = Sizes { chunk_bytes, deltas, rewrite_bytes, ..SIZES };
            let file = DataFile::make(&path, &path, 1).unwrap();
            let mut want: BTreeMap<Bytes, Arc<KeyValue>> = BTreeMap::new();
            let mut revision = 1;
            for round in rounds {
                let mut batches = Vec::new();
                for (key, size) in round {
                    let key = Bytes::from(format!("{key:02}"));
                    revision += 1;
                    // One in four deletes.
                    let (kind, kv) = if size % 4 == 0 {
                        if want.remove(&key).is_none() {
                            revision -= 1;
                            continue;
                        }
                        (EventKind::Delete, Arc::new(gone(key, revision)))
                    } else {
                        let version = want.get(&key).map_or(0, |kv| kv.version) + 1;
                        let value = vec![7; size].into();
                        let lease = (size % 3) as i64;
                        let kv = KeyValue { key, value, create_revision: 1, mod_revision: revision, version, lease };
                        let kv = Arc::new(kv);
                        want.insert(kv.key.clone(), kv.clone());
                        (EventKind::Put, kv)
                    };
                    batches.push(Arc::new(WatchBatch { revision, events: vec![Event { kind, kv, prev: None }] }));
                }
                write(&file, &batches, &sizes).unwrap();
                // Again, as after a failure of which nobody knows whether it was one.
                write(&file, &batches, &sizes).unwrap();
                prop_assert_eq!(file.read(&everything()).unwrap(), want.values().cloned().collect::<Vec<_>>());
                let contents = file.contents().unwrap();
                prop_assert_eq!(contents.revision, revision);
                let attached: BTreeMap<Bytes, i64> =
                    want.values().filter(|kv| kv.lease != 0).map(|kv| (kv.key.clone(), kv.lease)).collect();
                prop_assert_eq!(contents.attached, attached);
                if let Some((first, _)) = contents.partitions.first() {
                    prop_assert!(first.is_empty());
                }
                let ends = contents.partitions.iter().skip(1).map(|(first, _)| Some(first.clone())).chain([None]);
                for ((start, live), end) in contents.partitions.iter().zip(ends) {
                    let span = Span { start: start.clone(), end };
                    prop_assert_eq!(file.read(&span).unwrap().len(), *live);
                }
            }
            let gap = Arc::new(WatchBatch { revision: revision + 2, events: Vec::new() });
            let refused = matches!(write(&file, &[gap], &sizes), Err(Fault::Gap { .. }));
            prop_assert!(refused);
        }
    }
}
