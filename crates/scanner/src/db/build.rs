//! Writing one source's file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gantry_advisory::{Affected, Detail, Item};
use gantry_base::{Entropy, Timestamp, hex_id};
use redb::{Database, Durability, ReadableTable as _, Table, WriteTransaction};

use super::manifest::{DATABASE, Manifest, SourceInfo, WriteLock};
use super::{AFFECTED, DETAILS, Row, prefix};
use crate::{Error, Result};

/// Memory for pages while a source is written.
const WRITE_CACHE: usize = 64 << 20;
/// Statements after which what was written is let go of.
const BATCH: u64 = 50_000;

/// A source that is being imported. Nobody sees it before [`Builder::publish`]; dropped before, it goes.
pub(crate) struct Builder {
    dir: PathBuf,
    file: String,
    lock: WriteLock,
    db: Option<Database>,
    txn: Option<WriteTransaction>,
    rows: u64,
    ecosystems: BTreeMap<String, u64>,
    newest: Option<Timestamp>,
}

/// What only the reader of the files knows.
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) origin: String,
    pub(crate) formats: Vec<String>,
    pub(crate) imported_at: Timestamp,
    pub(crate) records: u64,
    pub(crate) skipped: u64,
}

fn failed(error: impl Into<redb::Error>) -> Error {
    Error::db("write")(error.into())
}

impl Builder {
    pub(crate) fn begin(dir: &Path, lock: WriteLock, entropy: &dyn Entropy) -> Result<Self> {
        let file = format!("{}.{DATABASE}", hex_id(entropy, 16));
        let db = redb::Builder::new().set_cache_size(WRITE_CACHE).create(dir.join(&file)).map_err(failed)?;
        let mut builder = Self {
            dir: dir.to_owned(),
            file,
            lock,
            db: Some(db),
            txn: None,
            rows: 0,
            ecosystems: BTreeMap::new(),
            newest: None,
        };
        // Also a source without anything has its tables.
        builder.with_tables(|_, _| Ok(()))?;
        Ok(builder)
    }

    fn with_tables(
        &mut self,
        write: impl FnOnce(&mut Table<'_, &str, &[u8]>, &mut Table<'_, &str, &[u8]>) -> Result<(), redb::Error>,
    ) -> Result<()> {
        let txn = match self.txn.take() {
            Some(txn) => txn,
            None => {
                let db = self.db.as_ref().ok_or_else(|| failed(redb::Error::DatabaseClosed))?;
                let mut txn = db.begin_write().map_err(failed)?;
                // The last commit is the one that counts.
                txn.set_durability(Durability::None).map_err(failed)?;
                txn
            }
        };
        let run = || -> Result<(), redb::Error> {
            let (mut affected, mut details) = (txn.open_table(AFFECTED)?, txn.open_table(DETAILS)?);
            write(&mut affected, &mut details)
        };
        run().map_err(failed)?;
        self.txn = Some(txn);
        Ok(())
    }

    pub(crate) fn add(&mut self, items: &[Item]) -> Result<()> {
        let mut rows = self.rows;
        self.with_tables(|affected, details| {
            for item in items {
                match item {
                    Item::Detail(detail) => put_detail(details, detail)?,
                    Item::Affected(one) => {
                        put_affected(affected, one, rows)?;
                        rows += 1;
                    }
                }
            }
            Ok(())
        })?;
        for item in items {
            match item {
                Item::Detail(detail) => self.newest = self.newest.max(detail.modified.or(detail.published)),
                Item::Affected(one) => match self.ecosystems.get_mut(one.ecosystem.as_str()) {
                    Some(count) => *count += 1,
                    None => drop(self.ecosystems.insert(one.ecosystem.as_str().to_owned(), 1)),
                },
            }
        }
        if rows / BATCH != self.rows / BATCH
            && let Some(txn) = self.txn.take()
        {
            txn.commit().map_err(failed)?;
        }
        self.rows = rows;
        Ok(())
    }

    /// Statements about packages so far.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// Makes the file durable and puts it on the list in place of the source of the same name.
    pub(crate) fn publish(mut self, about: About) -> Result<SourceInfo> {
        if let Some(txn) = self.txn.take() {
            txn.commit().map_err(failed)?;
        }
        if let Some(mut db) = self.db.take() {
            let txn = db.begin_write().map_err(failed)?;
            txn.commit().map_err(failed)?;
            db.compact().map_err(failed)?;
            db.close().map_err(failed)?;
        }
        let path = self.dir.join(&self.file);
        let bytes = fs::metadata(&path).map_err(|e| Error::io("look at", &path, e))?.len();
        let info = SourceInfo {
            name: about.name,
            file: self.file.clone(),
            origin: about.origin,
            formats: about.formats,
            imported_at: about.imported_at,
            newest: self.newest,
            records: about.records,
            skipped: about.skipped,
            ecosystems: std::mem::take(&mut self.ecosystems),
            bytes,
        };
        let mut manifest = Manifest::load(&self.dir)?;
        manifest.sources.retain(|s| s.name != info.name);
        manifest.sources.push(info.clone());
        manifest.sources.sort_by(|a, b| a.name.cmp(&b.name));
        manifest.save(&self.dir, &self.lock)?;
        self.file.clear();
        Ok(info)
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        if !self.file.is_empty() {
            self.txn = None;
            self.db = None;
            let _ = fs::remove_file(self.dir.join(&self.file));
        }
    }
}

fn encode<T: serde::Serialize>(value: &T) -> Result<Vec<u8>, redb::Error> {
    serde_json::to_vec(value).map_err(|e| redb::Error::Corrupted(e.to_string()))
}

/// Two advisories about one vulnerability (a language's and a distribution's) are put together.
fn put_detail(table: &mut Table<'_, &str, &[u8]>, detail: &Detail) -> Result<(), redb::Error> {
    let known = match table.get(detail.id.as_str())? {
        Some(value) => serde_json::from_slice::<Detail>(value.value()).ok(),
        None => None,
    };
    let Some(known) = known else {
        table.insert(detail.id.as_str(), encode(detail)?.as_slice())?;
        return Ok(());
    };
    let merged = Detail {
        summary: if known.summary.is_empty() { detail.summary.clone() } else { known.summary.clone() },
        severity: known.severity.or(detail.severity),
        vectors: if known.vectors.is_empty() { detail.vectors.clone() } else { known.vectors.clone() },
        references: if known.references.is_empty() { detail.references.clone() } else { known.references.clone() },
        modified: known.modified.max(detail.modified),
        ..known.clone()
    };
    if merged != known {
        table.insert(detail.id.as_str(), encode(&merged)?.as_slice())?;
    }
    Ok(())
}

fn put_affected(table: &mut Table<'_, &str, &[u8]>, one: &Affected, number: u64) -> Result<(), redb::Error> {
    let row = Row {
        intervals: one.intervals.clone(),
        versions: one.versions.clone(),
        severity: one.severity,
        status: one.status.clone(),
    };
    let key = format!("{}{}\0{number:x}", prefix(&one.ecosystem, &one.package), one.id);
    table.insert(key.as_str(), encode(&row)?.as_slice())?;
    Ok(())
}
