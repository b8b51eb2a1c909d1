//! Importing advisories: files, directories and addresses, packed or not, into one source.
//!
//! What a file is shows in its bytes. A file that is no advisory is passed over in a directory or an
//! archive, and is an error by itself; one that breaks off after advisories have come from it is an error
//! everywhere, so that half a download never becomes a database.

mod unpack;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{Read, Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::rc::Rc;

use futures_util::StreamExt as _;
use gantry_advisory::{Format, Item, Summary, read_document};
use gantry_base::{Clock, Entropy};
use gantry_upstream::{Client, Options, system_tls};

use crate::db::{About, Builder, SourceInfo, WriteLock};
use crate::{Error, Result};

/// What an import will not exceed.
pub mod limits {
    /// Bytes of a download.
    pub const MAX_DOWNLOAD: u64 = 4 << 30;
    /// Bytes of all files of an import, unpacked.
    pub const MAX_BYTES: u64 = 64 << 30;
    /// Files of an import, those in archives included.
    pub const MAX_FILES: u64 = 5_000_000;
    /// Directories below one another.
    pub const MAX_DEPTH: usize = 16;
    /// Archives within archives.
    pub const MAX_NESTING: usize = 3;
    /// Characters of a source's name.
    pub const MAX_NAME: usize = 128;
}

/// Items that are handed to the database at once.
const BATCH: usize = 500;
/// Ecosystems that make up the name of a source; of more it is not named by them.
const NAMED: usize = 3;

/// Told how an import gets on.
pub trait Progress: Send {
    /// Bytes that there are to read, where that is known.
    fn total(&mut self, _: u64) {}
    /// Bytes that were read.
    fn read(&mut self, _: u64) {}
    /// Statements about packages so far.
    fn rows(&mut self, _: u64) {}
}

/// For those who do not want to know.
impl Progress for () {}

/// What is imported, and how it is to be called.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The source's name; by what is in it where it is not said. A source of the same name is replaced.
    pub name: Option<String>,
}

/// Imports a file or a directory. Reads and writes files: not for async threads.
///
/// # Errors
/// The database is as before after any of them.
pub fn import(
    dir: &Path,
    path: &Path,
    request: &Request,
    (clock, entropy): (&dyn Clock, &dyn Entropy),
    progress: &mut dyn Progress,
) -> Result<SourceInfo> {
    let origin = path.canonicalize().unwrap_or_else(|_| path.to_owned()).display().to_string();
    check_name(request)?;
    import_as(dir, WriteLock::take(dir)?, path, origin, request, (clock, entropy), progress)
}

/// Downloads to a temporary file in the database's directory and imports that.
pub async fn import_url(
    dir: &Path,
    url: &str,
    request: Request,
    clock: gantry_base::SharedClock,
    entropy: gantry_base::SharedEntropy,
    mut progress: Box<dyn Progress>,
) -> Result<SourceInfo> {
    check_name(&request)?;
    // Held from here on, so that nobody takes the download for one that was given up.
    let lock = WriteLock::take(dir)?;
    // Who asks for plain HTTP by its full address gets it from that host.
    let host = url.strip_prefix("http://").and_then(|rest| rest.split(['/', '?', '#']).next());
    let options = Options { insecure: host.map(str::to_owned).into_iter().collect(), ..Options::default() };
    let client = Client::new(system_tls()?, options);
    let mut fetched = client.fetch(url).await?;
    if fetched.size.is_some_and(|size| size > limits::MAX_DOWNLOAD) {
        return Err(Error::import(url, format!("more than {} bytes", limits::MAX_DOWNLOAD)));
    }
    progress.total(fetched.size.unwrap_or(0));
    let mut file = tempfile::Builder::new()
        .prefix("download-")
        .suffix(".partial")
        .tempfile_in(dir)
        .map_err(|e| Error::io("write into", dir, e))?;
    let mut size = 0_u64;
    while let Some(chunk) = fetched.bytes.next().await {
        let chunk = chunk.map_err(|e| Error::import(url, e))?;
        size += chunk.len() as u64;
        if size > limits::MAX_DOWNLOAD {
            return Err(Error::import(url, format!("more than {} bytes", limits::MAX_DOWNLOAD)));
        }
        progress.read(chunk.len() as u64);
        let written = tokio::task::spawn_blocking(move || file.write_all(&chunk).map(|()| file)).await?;
        file = written.map_err(|e| Error::io("write", dir, e))?;
    }
    if fetched.size.is_some_and(|expected| expected != size) {
        return Err(Error::import(url, "the download broke off"));
    }
    let origin = url.split(['?', '#']).next().unwrap_or(url).to_owned();
    let dir = dir.to_owned();
    tokio::task::spawn_blocking(move || {
        import_as(&dir, lock, file.path(), origin, &request, (&*clock, &*entropy), &mut *progress)
    })
    .await?
}

fn import_as(
    dir: &Path,
    lock: WriteLock,
    path: &Path,
    origin: String,
    request: &Request,
    (clock, entropy): (&dyn Clock, &dyn Entropy),
    progress: &mut dyn Progress,
) -> Result<SourceInfo> {
    let total = size_of(path, 0)?;
    let mut import = Import {
        builder: Builder::begin(dir, lock, entropy)?,
        progress,
        summary: Summary::default(),
        files: 0,
        bytes: 0,
        unread: None,
        place: None,
    };
    import.progress.total(total);
    import.path(path, 0)?;
    let Import { builder, summary, unread, .. } = import;
    if summary.formats.is_empty() || builder.rows() == 0 {
        let reason = unread.unwrap_or_else(|| "there are no advisories in it".to_owned());
        return Err(Error::import(origin, reason));
    }
    let name = request.name.clone().unwrap_or_else(|| name_of(&summary));
    builder.publish(About {
        name,
        origin,
        formats: summary.formats.iter().map(|f| f.as_str().to_owned()).collect(),
        imported_at: clock.now(),
        records: summary.records,
        skipped: summary.skipped,
    })
}

fn check_name(request: &Request) -> Result<()> {
    match request.name.as_deref().filter(|name| !is_name(name)) {
        Some(name) => {
            let limit = limits::MAX_NAME;
            Err(Error::import(
                name,
                format!("a source's name has letters, digits and `._+:/-`, at most {limit} of them"),
            ))
        }
        None => Ok(()),
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+:/-".contains(c);
    (1..=limits::MAX_NAME).contains(&name.len()) && name.chars().all(plain)
}

/// A source by what is in it: importing a newer file of the same kind replaces the older.
fn name_of(summary: &Summary) -> String {
    let formats: BTreeSet<&str> = summary.formats.iter().map(|f| f.as_str()).collect();
    let kind = formats.into_iter().collect::<Vec<_>>().join("+");
    let whole = summary.formats == [Format::Debian] || summary.scopes.len() > NAMED || summary.scopes.is_empty();
    let scopes = summary.scopes.iter().map(String::as_str).collect::<Vec<_>>().join("+");
    let name = if whole { kind } else { format!("{kind}/{scopes}") };
    let plain = |c: char| if c.is_ascii_alphanumeric() || "._+:/-".contains(c) { c } else { '-' };
    name.chars().map(plain).take(limits::MAX_NAME).collect()
}

/// Bytes of a file, or of all files of a directory.
fn size_of(path: &Path, depth: usize) -> Result<u64> {
    let meta = fs::metadata(path).map_err(|e| Error::io("read", path, e))?;
    if !meta.is_dir() {
        return Ok(meta.len());
    }
    let mut total = 0_u64;
    for entry in entries(path, depth)? {
        total = total.saturating_add(size_of(&entry, depth + 1)?);
    }
    Ok(total)
}

/// Files and directories of a directory in order; links are not followed.
fn entries(path: &Path, depth: usize) -> Result<Vec<std::path::PathBuf>> {
    if depth >= limits::MAX_DEPTH {
        return Err(Error::import(
            path.display().to_string(),
            format!("more than {} directories deep", limits::MAX_DEPTH),
        ));
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(|e| Error::io("list", path, e))? {
        let entry = entry.map_err(|e| Error::io("list", path, e))?;
        let kind = entry.file_type().map_err(|e| Error::io("look at", &entry.path(), e))?;
        if kind.is_file() || kind.is_dir() {
            found.push(entry.path());
        }
        if found.len() as u64 > limits::MAX_FILES {
            return Err(Error::import(path.display().to_string(), format!("more than {} files", limits::MAX_FILES)));
        }
    }
    found.sort();
    Ok(found)
}

/// Counts what passes.
struct Counted<R> {
    inner: R,
    place: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.place.set(self.place.get() + read as u64);
        Ok(read)
    }
}

struct Import<'p> {
    builder: Builder,
    progress: &'p mut dyn Progress,
    summary: Summary,
    files: u64,
    bytes: u64,
    /// Why a file that gave nothing was not understood.
    unread: Option<String>,
    /// How far the file on the disk was read, and how much of that was told.
    place: Option<(Rc<Cell<u64>>, u64)>,
}

impl Import<'_> {
    fn path(&mut self, path: &Path, depth: usize) -> Result<()> {
        if !path.is_dir() {
            return self.file(path);
        }
        for entry in entries(path, depth)? {
            self.path(&entry, depth + 1)?;
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<()> {
        let mut file = File::open(path).map_err(|e| Error::io("open", path, e))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut magic = [0; 4];
        let read = file.read(&mut magic).and_then(|n| file.seek(SeekFrom::Start(0)).map(|_| n));
        let read = read.map_err(|e| Error::io("read", path, e))?;
        if read == magic.len() && unpack::is_zip(&magic) {
            // A zip's list of files is at its end: it is not a stream.
            let size = file.metadata().map_or(0, |m| m.len());
            unpack::zip(file, &name, &mut |name, reader| self.member(name, reader, 1))?;
            self.progress.read(size);
            return Ok(());
        }
        let size = file.metadata().map_or(0, |m| m.len());
        // Its place in the file is what the progress of a long one shows.
        let place = Rc::new(Cell::new(0));
        let counted = Counted { inner: file, place: Rc::clone(&place) };
        self.place = Some((place, 0));
        self.member(&name, &mut std::io::BufReader::with_capacity(128 * 1024, counted), 0)?;
        let told = self.place.take().map_or(0, |(_, told)| told);
        self.progress.read(size.saturating_sub(told));
        Ok(())
    }

    /// A file, or a part of an archive.
    fn member(&mut self, name: &str, reader: &mut dyn Read, nesting: usize) -> Result<()> {
        self.files += 1;
        if self.files > limits::MAX_FILES {
            return Err(Error::import(name, format!("more than {} files", limits::MAX_FILES)));
        }
        if nesting > limits::MAX_NESTING {
            return Err(Error::import(name, format!("archives more than {} deep", limits::MAX_NESTING)));
        }
        let mut reader = unpack::Peeked::new(reader).map_err(|e| Error::import(name, e))?;
        match reader.kind() {
            unpack::Kind::Gzip => self.member(name, &mut flate2::read::MultiGzDecoder::new(reader), nesting + 1),
            unpack::Kind::Zstd => {
                let mut plain = zstd::Decoder::new(reader).map_err(|e| Error::import(name, e))?;
                self.member(name, &mut plain, nesting + 1)
            }
            unpack::Kind::Tar => unpack::tar(reader, name, &mut |name, reader| self.member(name, reader, nesting + 1)),
            unpack::Kind::Json => self.document(name, &mut reader),
            unpack::Kind::Zip => Err(Error::import(name, "a zip within an archive; unpack it first")),
            unpack::Kind::Other => {
                self.unread.get_or_insert_with(|| format!("{name} is neither JSON nor an archive of it"));
                Ok(())
            }
        }
    }

    fn document(&mut self, name: &str, reader: &mut dyn Read) -> Result<()> {
        let limit = limits::MAX_BYTES - self.bytes;
        let mut bounded = reader.take(limit);
        let mut batch: Vec<Item> = Vec::with_capacity(BATCH);
        let (builder, progress, place) = (&mut self.builder, &mut *self.progress, &mut self.place);
        let (mut given, mut failure) = (false, None);
        let mut sink = |item| {
            given = true;
            batch.push(item);
            if batch.len() >= BATCH {
                builder.add(&batch).map_err(|e| {
                    let text = e.to_string();
                    failure = Some(e);
                    text
                })?;
                batch.clear();
                progress.rows(builder.rows());
                if let Some((place, told)) = place.as_mut() {
                    progress.read(place.get() - *told);
                    *told = place.get();
                }
            }
            Ok(())
        };
        let done = read_document(&mut bounded, &mut sink);
        self.bytes += limit - bounded.limit();
        if let Some(failure) = failure {
            return Err(failure);
        }
        match done {
            Ok(summary) => {
                self.builder.add(&batch)?;
                self.progress.rows(self.builder.rows());
                self.merge(summary);
                Ok(())
            }
            Err(e) if given => Err(Error::import(name, e)),
            Err(e) => {
                self.unread.get_or_insert_with(|| format!("{name}: {e}"));
                Ok(())
            }
        }
    }

    fn merge(&mut self, other: Summary) {
        for format in other.formats {
            if !self.summary.formats.contains(&format) {
                self.summary.formats.push(format);
            }
        }
        self.summary.records += other.records;
        self.summary.skipped += other.skipped;
        self.summary.scopes.extend(other.scopes);
    }
}
