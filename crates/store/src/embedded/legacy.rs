//! Stores of format 1, which had one file: a snapshot in chunks and the log after it. Such a store is
//! read whole, once, and written as one of today.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

use super::checkpoint::{self, Sizes};
use super::data::{DataFile, META};
use super::fault::Fault;
use super::record::{Damaged, Input};
use crate::{KeyValue, LeaseId, Revision};

pub(super) const FORMAT: u64 = 1;

const LOG: TableDefinition<u64, &[u8]> = TableDefinition::new("log");
const SNAPSHOTS: TableDefinition<(u64, u64), &[u8]> = TableDefinition::new("snapshots");
const LEASES: TableDefinition<i64, i64> = TableDefinition::new("leases");
const SNAPSHOT: &str = "snapshot";
const SNAPSHOT_REVISION: &str = "snapshot_revision";

const PUT: u8 = 1;
const DELETE: u8 = 2;

/// Keys written with one transaction of the new file.
const STEP_KEYS: usize = 25_000;

/// All that a store of format 1 holds.
pub(super) struct Old {
    keys: BTreeMap<Bytes, KeyValue>,
    revision: Revision,
    pub(super) leases: Vec<(LeaseId, i64)>,
}

pub(super) fn read(database: &Database) -> Result<Old, Fault> {
    let txn = database.begin_read()?;
    let meta = txn.open_table(META)?;
    let number = |name| -> Result<u64, Fault> { Ok(meta.get(name)?.map_or(0, |row| row.value())) };
    let (snapshot, snapshot_revision) = (number(SNAPSHOT)?, number(SNAPSHOT_REVISION)?);
    let mut old = Old { keys: BTreeMap::new(), revision: snapshot_revision.max(1), leases: Vec::new() };
    for row in txn.open_table(SNAPSHOTS)?.range((snapshot, 0)..(snapshot + 1, 0))? {
        let (at, chunk) = row?;
        let damaged = |how| Fault::Damaged { what: "snapshot chunk", at: at.value().1, how };
        old.take_chunk(chunk.value()).map_err(damaged)?;
    }
    for row in txn.open_table(LOG)?.iter()? {
        let (at, record) = row?;
        old.take_record(at.value(), record.value())?;
    }
    for row in txn.open_table(LEASES)?.iter()? {
        let (lease, ttl_secs) = row?;
        old.leases.push((lease.value(), ttl_secs.value()));
    }
    Ok(old)
}

impl Old {
    fn take_chunk(&mut self, chunk: &[u8]) -> Result<(), Damaged> {
        let mut input = Input(chunk);
        while !input.0.is_empty() {
            let kv = KeyValue {
                key: Bytes::copy_from_slice(input.slice()?),
                value: Bytes::copy_from_slice(input.slice()?),
                create_revision: input.u64()?,
                mod_revision: input.u64()?,
                version: input.u64()?,
                lease: input.u64()?.cast_signed(),
            };
            self.keys.insert(kv.key.clone(), kv);
        }
        Ok(())
    }

    fn take_record(&mut self, at: Revision, record: &[u8]) -> Result<(), Fault> {
        let damaged = |how| Fault::Damaged { what: "log record", at, how };
        let mut input = Input(record);
        while !input.0.is_empty() {
            let revision = input.u64().map_err(damaged)?;
            let expected = self.revision + 1;
            if revision > expected {
                return Err(Fault::Gap { expected, found: revision });
            }
            for _ in 0..input.u32().map_err(damaged)? {
                self.take_operation(&mut input, revision, revision == expected).map_err(damaged)?;
            }
            self.revision = self.revision.max(revision);
        }
        Ok(())
    }

    /// One operation; those that the snapshot has already are only passed over.
    fn take_operation(&mut self, input: &mut Input<'_>, revision: Revision, counts: bool) -> Result<(), Damaged> {
        match input.u8()? {
            PUT => {
                let key = Bytes::copy_from_slice(input.slice()?);
                let value = Bytes::copy_from_slice(input.slice()?);
                let lease = input.u64()?.cast_signed();
                if counts {
                    let before = self.keys.get(&key);
                    let create_revision = before.map_or(revision, |before| before.create_revision);
                    let version = before.map_or(0, |before| before.version) + 1;
                    let kv =
                        KeyValue { key: key.clone(), value, create_revision, mod_revision: revision, version, lease };
                    self.keys.insert(key, kv);
                }
            }
            DELETE => {
                let key = input.slice()?;
                if counts {
                    self.keys.remove(key);
                }
            }
            _ => return Err(Damaged("unknown kind of operation")),
        }
        Ok(())
    }

    /// Writes a data file with all of it.
    pub(super) fn write(self, unfinished: &Path, path: &Path, sizes: &Sizes) -> Result<DataFile, Fault> {
        let file = DataFile::make(unfinished, path, self.revision)?;
        let kvs: Vec<Arc<KeyValue>> = self.keys.into_values().map(Arc::new).collect();
        for step in kvs.chunks(STEP_KEYS) {
            checkpoint::add(&file, step.iter(), sizes)?;
        }
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::super::data::META;
    use super::*;
    use crate::{Embedded, EmbeddedOptions, Error};

    fn bytes(of: &str, out: &mut Vec<u8>) {
        out.extend((of.len() as u32).to_le_bytes());
        out.extend(of.as_bytes());
    }

    fn numbers(of: &[u64], out: &mut Vec<u8>) {
        for number in of {
            out.extend(number.to_le_bytes());
        }
    }

    /// A store of format 1 as its program left it: a snapshot at revision 9, and a log that begins
    /// below it. `lease` holds a key of each.
    fn lay_out(path: &Path, lease: i64) {
        let database = Database::create(path).unwrap();
        let txn = database.begin_write().unwrap();
        {
            let mut meta = txn.open_table(META).unwrap();
            for (name, number) in [("format", 1), (SNAPSHOT, 3), (SNAPSHOT_REVISION, 9), ("compacted", 9)] {
                meta.insert(name, number).unwrap();
            }
            let mut chunk = Vec::new();
            for (key, version, lease) in [("/a", 4, 0), ("/b", 1, 0), ("/leased", 2, lease)] {
                bytes(key, &mut chunk);
                bytes("old", &mut chunk);
                numbers(&[2, 8, version, lease.cast_unsigned()], &mut chunk);
            }
            let mut snapshots = txn.open_table(SNAPSHOTS).unwrap();
            snapshots.insert((2, 0), &b"of an older snapshot"[..]).unwrap();
            snapshots.insert((3, 0), &chunk[..]).unwrap();
            let mut record = Vec::new();
            for (revision, put, key, lease) in
                [(9, true, "/a", 0), (10, true, "/a", 0), (11, false, "/b", 0), (12, true, "/new", lease)]
            {
                numbers(&[revision], &mut record);
                record.extend(1_u32.to_le_bytes());
                record.push(if put { PUT } else { DELETE });
                bytes(key, &mut record);
                if put {
                    bytes("new", &mut record);
                    numbers(&[lease.cast_unsigned()], &mut record);
                }
            }
            txn.open_table(LOG).unwrap().insert(9, &record[..]).unwrap();
            txn.open_table(LEASES).unwrap().insert(lease, 1_000).unwrap();
        }
        txn.commit().unwrap();
    }

    #[tokio::test]
    async fn an_older_store_is_carried_over() {
        let dir = tempfile::tempdir().unwrap();
        lay_out(&dir.path().join("store.redb"), 77);
        // Left by a program that was killed while it did this.
        std::fs::write(dir.path().join("store.new"), b"half").unwrap();
        std::fs::write(dir.path().join("log.redb"), b"half").unwrap();
        for _ in 0..2 {
            let store = Embedded::open(dir.path(), EmbeddedOptions::default()).unwrap();
            let found = store.list("").await.unwrap();
            assert_eq!(found.revision, 12);
            let kvs = found
                .kvs
                .iter()
                .map(|kv| (&kv.key[..], &kv.value[..], [kv.create_revision, kv.mod_revision, kv.version], kv.lease));
            let want: [(&[u8], &[u8], _, _); 3] = [
                (b"/a", b"new", [2, 10, 5], 0),
                (b"/leased", b"old", [2, 8, 2], 77),
                (b"/new", b"new", [12, 12, 1], 77),
            ];
            assert_eq!(kvs.collect::<Vec<_>>(), want);
            assert!(!dir.path().join("store.new").exists());
        }
        let store = Embedded::open(dir.path(), EmbeddedOptions::default()).unwrap();
        store.engine().lease_revoke(77).await.unwrap();
        assert_eq!(store.list("").await.unwrap().count, 1);
    }

    #[tokio::test]
    async fn a_damaged_older_store_is_refused_and_left_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.redb");
        lay_out(&path, 77);
        let txn_on = Database::open(&path).unwrap();
        let txn = txn_on.begin_write().unwrap();
        txn.open_table(SNAPSHOTS).unwrap().insert((3, 1), &b"\x09"[..]).unwrap();
        txn.commit().unwrap();
        drop(txn_on);
        for _ in 0..2 {
            let refused = Embedded::open(dir.path(), EmbeddedOptions::default()).err();
            assert!(matches!(&refused, Some(Error::Io(why)) if why.contains("snapshot chunk 1")), "{refused:?}");
        }
    }
}
