//! The database of advisories: a directory with one file for each source that was imported, and a list of
//! them.
//!
//! What always holds: the list names whole files only, and changes by a rename, so that an import that is
//! killed changes nothing and leaves a file that the next one removes; a source is replaced as a whole;
//! files are never written after the list names them. Readers keep what they have open and turn to a new
//! list when told ([`ScanDb::reload`]).

mod build;
mod manifest;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gantry_advisory::{Affected, Detail, Ecosystem, Severity};
use gantry_base::Timestamp;
use parking_lot::RwLock;
use redb::{ReadOnlyDatabase, ReadTransaction, ReadableDatabase, TableDefinition};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::{Error, Result};
pub(crate) use build::{About, Builder};
pub use manifest::SourceInfo;
pub(crate) use manifest::{Manifest, WriteLock};

/// `<ecosystem>\0<package>\0<id>\0<number>` → [`Row`] as JSON.
const AFFECTED: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("affected");
/// `<id>` → [`Detail`] as JSON.
const DETAILS: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("details");

/// Memory for pages of one source.
const READ_CACHE: usize = 8 << 20;
/// Advisories about one package of one source.
const MAX_ROWS: usize = 100_000;
/// How often a list is read anew because its files went in between.
const OPEN_TRIES: usize = 5;

/// What the key does not say of an [`Affected`].
#[derive(Serialize, Deserialize)]
struct Row {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    intervals: Vec<gantry_advisory::Interval>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    versions: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<String>,
}

fn prefix(ecosystem: &Ecosystem, package: &str) -> String {
    format!("{ecosystem}\0{package}\0")
}

/// The database as a server reads it.
pub struct ScanDb {
    dir: PathBuf,
    current: RwLock<Arc<Snapshot>>,
    version: watch::Sender<String>,
}

impl ScanDb {
    /// Makes the directory where it is missing; an empty database is one.
    pub fn open(dir: &Path) -> Result<Arc<Self>> {
        manifest::create_dir(dir)?;
        let snapshot = Arc::new(Snapshot::load(dir)?);
        let version = watch::Sender::new(snapshot.version.clone());
        Ok(Arc::new(Self { dir: dir.to_owned(), current: RwLock::new(snapshot), version }))
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The sources as they are now; they stay readable while this is held.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read())
    }

    /// Turns to the list as it is on the disk now; tells whether it is another.
    pub fn reload(&self) -> Result<bool> {
        if Manifest::load(&self.dir)?.version() == self.snapshot().version {
            return Ok(false);
        }
        let snapshot = Arc::new(Snapshot::load(&self.dir)?);
        let version = snapshot.version.clone();
        *self.current.write() = snapshot;
        self.version.send_replace(version);
        Ok(true)
    }

    /// Tells of every [`ScanDb::reload`] that changed something.
    pub fn changes(&self) -> watch::Receiver<String> {
        self.version.subscribe()
    }
}

/// The sources that are imported on a data directory, without opening them.
pub fn sources(dir: &Path) -> Result<Vec<SourceInfo>> {
    Ok(Manifest::load(dir)?.sources)
}

/// Takes a source out.
pub fn remove(dir: &Path, name: &str) -> Result<SourceInfo> {
    let lock = WriteLock::take(dir)?;
    let mut manifest = Manifest::load(dir)?;
    let Some(at) = manifest.sources.iter().position(|s| s.name == name) else {
        return Err(Error::NoSource(name.to_owned()));
    };
    let gone = manifest.sources.remove(at);
    manifest.save(dir, &lock)?;
    Ok(gone)
}

struct Source {
    info: SourceInfo,
    db: ReadOnlyDatabase,
}

/// All sources at one moment. Its methods read files: not for async threads.
pub struct Snapshot {
    version: String,
    sources: Vec<Source>,
}

/// An advisory about a package, and whose it is.
#[derive(Debug)]
pub struct Advice {
    /// Number of the source in its snapshot.
    pub source: usize,
    pub affected: Affected,
}

impl Snapshot {
    /// A file that cannot be opened is left out: what it covered is then not covered, and scans say so.
    fn load(dir: &Path) -> Result<Self> {
        let mut tries = 1;
        loop {
            let manifest = Manifest::load(dir)?;
            let (snapshot, faults) = Self::open(dir, &manifest);
            // An import may have replaced the list meanwhile, and removed what it no longer names.
            if !faults.is_empty() && tries < OPEN_TRIES && Manifest::load(dir)?.version() != manifest.version() {
                tries += 1;
                continue;
            }
            for (name, fault) in faults {
                tracing::error!(source = name, fault, "advisories cannot be read; import them anew");
            }
            return Ok(snapshot);
        }
    }

    fn open(dir: &Path, manifest: &Manifest) -> (Self, Vec<(String, String)>) {
        let (mut sources, mut faults) = (Vec::with_capacity(manifest.sources.len()), Vec::new());
        for info in &manifest.sources {
            let opened = redb::Builder::new().set_cache_size(READ_CACHE).open_read_only(dir.join(&info.file));
            match opened {
                Ok(db) => sources.push(Source { info: info.clone(), db }),
                Err(e) => faults.push((info.name.clone(), e.to_string())),
            }
        }
        (Self { version: manifest.version(), sources }, faults)
    }

    /// Tells one set of sources from another; a source that is imported anew makes another.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn sources(&self) -> impl Iterator<Item = &SourceInfo> {
        self.sources.iter().map(|s| &s.info)
    }

    pub fn source(&self, number: usize) -> Option<&SourceInfo> {
        self.sources.get(number).map(|s| &s.info)
    }

    /// Whether any source has advisories for it.
    pub fn covers(&self, ecosystem: &Ecosystem) -> bool {
        self.sources().any(|s| s.ecosystems.contains_key(ecosystem.as_str()))
    }

    /// When the newest source that has advisories for one of these was imported.
    pub fn updated_at<'a>(&self, ecosystems: impl IntoIterator<Item = &'a Ecosystem>) -> Option<Timestamp> {
        let named: Vec<&Ecosystem> = ecosystems.into_iter().collect();
        let serves = |s: &&SourceInfo| named.iter().any(|e| s.ecosystems.contains_key(e.as_str()));
        self.sources().filter(serves).map(|s| s.imported_at).max()
    }

    /// Starts reading; lookups of one image share it.
    pub fn reader(&self) -> Result<Reader<'_>> {
        let begin = |s: &Source| s.db.begin_read().map_err(|e| Error::db("read")(e.into()));
        let transactions = self.sources.iter().map(begin).collect::<Result<_>>()?;
        Ok(Reader { snapshot: self, transactions })
    }
}

/// Lookups in all sources of a [`Snapshot`].
pub struct Reader<'s> {
    snapshot: &'s Snapshot,
    transactions: Vec<ReadTransaction>,
}

impl Reader<'_> {
    /// Every advisory about a package, whatever versions it means. `package` is in its normal form.
    pub fn advices(&self, ecosystem: &Ecosystem, package: &str) -> Result<Vec<Advice>> {
        let prefix = prefix(ecosystem, package);
        // Nothing sorts between the prefix with 0x00 at its end and with 0x01.
        let end = format!("{}\u{1}", prefix.strip_suffix('\0').unwrap_or(&prefix));
        let mut found = Vec::new();
        for (source, txn) in self.transactions.iter().enumerate() {
            if !self.snapshot.sources[source].info.ecosystems.contains_key(ecosystem.as_str()) {
                continue;
            }
            let mut read = || -> Result<(), redb::Error> {
                let table = txn.open_table(AFFECTED)?;
                for row in table.range(prefix.as_str()..end.as_str())?.take(MAX_ROWS) {
                    let (key, value) = row?;
                    let id = key.value()[prefix.len()..].split('\0').next().unwrap_or_default().to_owned();
                    let row: Row = serde_json::from_slice(value.value())
                        .map_err(|e| redb::Error::Corrupted(format!("{id}: {e}")))?;
                    let affected = Affected {
                        id,
                        ecosystem: ecosystem.clone(),
                        package: package.to_owned(),
                        intervals: row.intervals,
                        versions: row.versions,
                        severity: row.severity,
                        status: row.status,
                    };
                    found.push(Advice { source, affected });
                }
                Ok(())
            };
            read().map_err(Error::db("read"))?;
        }
        Ok(found)
    }

    /// What each source tells about a vulnerability, by the source's number.
    pub fn details(&self, id: &str) -> Result<BTreeMap<usize, Detail>> {
        let mut found = BTreeMap::new();
        for (source, txn) in self.transactions.iter().enumerate() {
            let read = || -> Result<Option<Detail>, redb::Error> {
                let Some(value) = txn.open_table(DETAILS)?.get(id)? else { return Ok(None) };
                let detail = serde_json::from_slice(value.value());
                detail.map(Some).map_err(|e| redb::Error::Corrupted(format!("{id}: {e}")))
            };
            if let Some(detail) = read().map_err(Error::db("read"))? {
                found.insert(source, detail);
            }
        }
        Ok(found)
    }
}
