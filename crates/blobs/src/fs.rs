//! The filesystem engine: `blobs/<algorithm>/<first two hex digits>/<hex>` and `uploads/<id>`.
//!
//! A blob's file appears by a rename after its bytes were hashed and synced, so a file under
//! `blobs/` is always whole. Directories are 0700 and files 0600.
//!
//! A file that was touched since it was hashed (see [`crate::stamp`]) is hashed again before a byte of
//! it is served; one whose bytes are wrong goes to `quarantine/`, and its blob is not found from then on.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::file_source::FileSource;
use crate::fs_upload::{FsUpload, hash_file};
use crate::limits::{CHECKS_AT_ONCE, LIST_PAGE, MAX_QUARANTINED, READ_INLINE};
use crate::reader::{Inline, read_at};
use crate::sessions::Sessions;
use crate::stamp::{Stamps, Traits};
use crate::{Algorithm, BlobReader, BlobStat, Blobs, Digest, Error, Result, Upload, UploadId};

/// Hash states of uploads, marked by what their files were like.
pub(crate) type FsSessions = Sessions<Traits>;

/// Blobs in a directory of this machine. Cheap to clone.
#[derive(Clone)]
pub struct FsBlobs {
    tree: Arc<Tree>,
    sessions: Arc<FsSessions>,
    /// Turns at hashing what is stored; whoever waits for one finds the work done, mostly.
    checks: Arc<Semaphore>,
}

/// Paths, and the steps that make a file a blob.
pub(crate) struct Tree {
    root: PathBuf,
    stamps: Stamps,
}

impl FsBlobs {
    /// Opens the directory, made if it is missing. Half-written manifests of a process that was
    /// killed are removed; uploads are kept, since their clients may come back.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let tree = Tree { root: root.into(), stamps: Stamps::default() };
        for algorithm in Algorithm::ALL {
            make_dir(&tree.root.join("blobs").join(algorithm.as_str()))?;
        }
        make_dir(&tree.uploads())?;
        make_dir(&tree.tmp())?;
        make_dir(&tree.quarantine())?;
        for entry in list_dir(&tree.tmp())? {
            let path = entry.path();
            fs::remove_file(&path).map_err(Error::io("remove", path.display()))?;
        }
        Ok(Self { tree: Arc::new(tree), sessions: Arc::default(), checks: Arc::new(Semaphore::new(CHECKS_AT_ONCE)) })
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Tree) -> Result<T> + Send + 'static) -> Result<T> {
        let tree = Arc::clone(&self.tree);
        run_blocking(move || work(&tree)).await
    }

    /// Works with a blob's file once it is known to be what its digest says.
    async fn with_proven<T, W>(&self, digest: &Digest, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce(File, Traits) -> Result<T> + Send + 'static,
    {
        let name = digest.clone();
        let (work, done) = self
            .blocking(move |tree| match tree.open_proven(&name)? {
                Some((file, traits)) => work(file, traits).map(|done| (None, Some(done))),
                None => Ok((Some(work), None)),
            })
            .await?;
        match (work, done) {
            (_, Some(done)) => Ok(done),
            (Some(work), None) => {
                let _turn = self.turn().await?;
                let name = digest.clone();
                self.blocking(move |tree| {
                    let found = match tree.open_proven(&name)? {
                        Some(found) => Some(found),
                        None => tree.check(&name, false)?,
                    };
                    let (file, traits) = found.ok_or(Error::NotFound(name))?;
                    work(file, traits)
                })
                .await
            }
            (None, None) => Err(Error::NotFound(digest.clone())),
        }
    }

    async fn turn(&self) -> Result<SemaphorePermit<'_>> {
        self.checks.acquire().await.map_err(|e| Error::io("wait", "a check")(io::Error::other(e)))
    }
}

/// Runs file work off the async threads.
pub(crate) async fn run_blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(e) => Err(Error::io("run", "file work")(io::Error::other(e))),
    }
}

impl Tree {
    pub(crate) fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }

    pub(crate) fn upload(&self, id: &UploadId) -> PathBuf {
        self.uploads().join(id.as_str())
    }

    fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    fn blob(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        self.root.join("blobs").join(digest.algorithm().as_str()).join(&hex[..2]).join(hex)
    }

    fn quarantine(&self) -> PathBuf {
        self.root.join("quarantine")
    }

    /// Makes the synced `file` at `from` the blob `digest`. An older file of that name is replaced:
    /// the new bytes have just been checked.
    pub(crate) fn publish(&self, file: &File, from: &Path, digest: &Digest) -> Result<()> {
        let hashed = Traits::of(&file.metadata().map_err(Error::io("stat", digest))?);
        let to = self.blob(digest);
        let dir = to.parent().unwrap_or(&self.root);
        if !dir.exists() {
            make_dir(dir)?;
            sync_dir(dir.parent().unwrap_or(&self.root))?;
        }
        fs::rename(from, &to).map_err(Error::io("rename to", to.display()))?;
        self.stamps.prove(file, &hashed).map_err(Error::io("stamp", digest))?;
        sync_dir(dir)
    }

    fn open_file(&self, digest: &Digest) -> Result<(File, Traits)> {
        let file = File::open(self.blob(digest)).map_err(|e| missing(e, digest, "open"))?;
        let traits = Traits::of(&file.metadata().map_err(Error::io("stat", digest))?);
        Ok((file, traits))
    }

    /// `None` if it must be checked first.
    fn open_proven(&self, digest: &Digest) -> Result<Option<(File, Traits)>> {
        let (file, traits) = self.open_file(digest)?;
        Ok(self.stamps.is_proven(&file, &traits).then_some((file, traits)))
    }

    /// Hashes a blob's file and stamps it; `None` if its bytes are wrong and it was put aside. A `cold`
    /// check asks the medium and not the page cache.
    fn check(&self, digest: &Digest, cold: bool) -> Result<Option<(File, Traits)>> {
        let (mut file, traits) = self.open_file(digest)?;
        if cold {
            // Where the advice is not taken the check sees less, and is still one.
            let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
        }
        let hasher = hash_file(&mut file, digest.algorithm()).map_err(Error::io("read", digest))?;
        let actual = hasher.finish();
        if actual != *digest {
            tracing::error!(blob = %digest, %actual, "a blob's bytes are wrong; it is put aside and no longer served");
            self.put_aside(digest, &traits)?;
            return Ok(None);
        }
        self.stamps.prove(&file, &traits).map_err(Error::io("stamp", digest))?;
        file.seek(SeekFrom::Start(0)).map_err(Error::io("seek in", digest))?;
        Ok(Some((file, traits)))
    }

    /// Takes a wrong file out of the blobs, for an operator to look at. At most
    /// [`MAX_QUARANTINED`] are kept.
    fn put_aside(&self, digest: &Digest, wrong: &Traits) -> Result<()> {
        let (from, dir) = (self.blob(digest), self.quarantine());
        let mut kept = list_dir(&dir)?;
        kept.sort_by_key(|entry| entry.metadata().and_then(|m| m.modified()).ok());
        for entry in kept.iter().take((kept.len() + 1).saturating_sub(MAX_QUARANTINED)) {
            fs::remove_file(entry.path()).map_err(Error::io("remove", entry.path().display()))?;
        }
        let to = dir.join(format!("{}-{}", digest.algorithm().as_str(), digest.hex()));
        match fs::rename(&from, &to) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
            moved => moved.map_err(Error::io("put aside", digest))?,
        }
        let moved = fs::metadata(&to).map_err(Error::io("stat", to.display()))?;
        if !Traits::of(&moved).same_file(wrong) {
            // Good bytes were pushed at this very moment, and are not what was hashed.
            fs::rename(&to, &from).map_err(Error::io("put back", digest))?;
        }
        sync_dir(from.parent().unwrap_or(&self.root))
    }
}

fn missing(e: io::Error, digest: &Digest, operation: &'static str) -> Error {
    if e.kind() == io::ErrorKind::NotFound { Error::NotFound(digest.clone()) } else { Error::io(operation, digest)(e) }
}

fn make_dir(path: &Path) -> Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(Error::io("create directory", path.display()))
}

fn sync_dir(path: &Path) -> Result<()> {
    File::open(path).and_then(|dir| dir.sync_all()).map_err(Error::io("sync directory", path.display()))
}

/// A directory's entries in the order of their names; empty if there is no such directory.
fn list_dir(path: &Path) -> Result<Vec<fs::DirEntry>> {
    let read = || -> io::Result<Vec<fs::DirEntry>> { fs::read_dir(path)?.collect() };
    match read() {
        Ok(mut entries) => {
            entries.sort_by_key(fs::DirEntry::file_name);
            Ok(entries)
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(e) => Err(Error::io("list", path.display())(e)),
    }
}

pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

fn open_span(file: File, traits: Traits, digest: &Digest, span: &Range<u64>) -> Result<BlobReader> {
    let size = traits.size();
    if span.start > size || (span.start == size && size > 0) {
        return Err(Error::Range { digest: digest.clone(), start: span.start, size });
    }
    let len = span.end.clamp(span.start, size) - span.start;
    let source: Box<dyn crate::ChunkSource> = if len <= READ_INLINE {
        let bytes = read_at(&file, span.start, len).and_then(|bytes| traits.still(&file).map(|()| bytes));
        Box::new(Inline(bytes.map_err(Error::io("read", digest))?))
    } else {
        Box::new(FileSource::new(file, span.start, len, traits))
    };
    Ok(BlobReader::new(size, span.start, len, source))
}

fn list_after(tree: &Tree, after: Option<&Digest>, limit: usize) -> Result<Vec<BlobStat>> {
    let mut found = Vec::new();
    for algorithm in Algorithm::ALL {
        if after.is_some_and(|d| d.algorithm() > algorithm) {
            continue;
        }
        let from = after.filter(|d| d.algorithm() == algorithm).map_or("", |d| d.hex());
        for dir in list_dir(&tree.root.join("blobs").join(algorithm.as_str()))? {
            if dir.file_name().to_string_lossy().as_ref() < from.get(..2).unwrap_or("") {
                continue;
            }
            for entry in list_dir(&dir.path())? {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                if name.as_ref() <= from {
                    continue;
                }
                // Files that somebody else put there are none of ours.
                let Ok(digest) = format!("{}:{name}", algorithm.as_str()).parse::<Digest>() else { continue };
                let Ok(meta) = entry.metadata() else { continue };
                found.push(BlobStat { digest, size: meta.len() });
                if found.len() == limit {
                    return Ok(found);
                }
            }
        }
    }
    Ok(found)
}

fn put_small(tree: &Tree, digest: &Digest, bytes: &[u8]) -> Result<()> {
    let actual = Digest::of(digest.algorithm(), bytes);
    if actual != *digest {
        return Err(Error::DigestMismatch { expected: digest.clone(), actual });
    }
    // What is there already is left, if it is still right; one that rotted is replaced.
    if let Ok((file, traits)) = tree.open_file(digest)
        && traits.size() == bytes.len() as u64
        && read_at(&file, 0, traits.size()).is_ok_and(|there| there == bytes)
    {
        if !tree.stamps.is_proven(&file, &traits) {
            tree.stamps.prove(&file, &traits).map_err(Error::io("stamp", digest))?;
        }
        return sync_dir(tree.blob(digest).parent().unwrap_or(&tree.root));
    }
    let mut name = [0; 16];
    gantry_base::Entropy::fill(&gantry_base::SystemEntropy, &mut name);
    let path = tree.tmp().join(hex::encode(name));
    let written = (|| {
        let mut file = create_private(&path)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(file)
    })();
    let done = written.map_err(Error::io("write", digest)).and_then(|file| tree.publish(&file, &path, digest));
    if done.is_err() {
        let _ = fs::remove_file(&path);
    }
    done
}

#[async_trait]
impl Blobs for FsBlobs {
    async fn create_upload(&self, id: &UploadId, algorithm: Algorithm) -> Result<()> {
        let path = self.tree.upload(id);
        let made = move || create_private(&path)?.metadata().map(|meta| Traits::of(&meta));
        let name = id.clone();
        let mark = self.blocking(move |_| made().map_err(Error::io("create upload", name))).await?;
        self.sessions.start(id, algorithm, mark);
        Ok(())
    }

    async fn open_upload(&self, id: &UploadId) -> Result<Box<dyn Upload>> {
        FsUpload::open(&self.tree, &self.sessions, id).await
    }

    async fn upload_size(&self, id: &UploadId) -> Result<u64> {
        let id = id.clone();
        self.blocking(move |tree| match fs::metadata(tree.upload(&id)) {
            Ok(meta) => Ok(meta.len()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Err(Error::UploadNotFound(id)),
            Err(e) => Err(Error::io("stat upload", id)(e)),
        })
        .await
    }

    async fn expire_uploads(&self, idle_secs: u64) -> Result<usize> {
        let sessions = Arc::clone(&self.sessions);
        self.blocking(move |tree| {
            let oldest = SystemTime::now().checked_sub(Duration::from_secs(idle_secs));
            let mut removed = 0;
            for entry in list_dir(&tree.uploads())? {
                let idle = entry.metadata().and_then(|m| m.modified()).is_ok_and(|at| oldest.is_some_and(|o| at <= o));
                let id = entry.file_name().to_string_lossy().parse::<UploadId>();
                let Ok(id) = id else { continue };
                // Taking the session first keeps a chunk from arriving while its file goes.
                if idle && sessions.forget_idle(&id) && fs::remove_file(entry.path()).is_ok() {
                    removed += 1;
                }
            }
            Ok(removed)
        })
        .await
    }

    async fn open(&self, digest: &Digest, span: Range<u64>) -> Result<BlobReader> {
        let name = digest.clone();
        self.with_proven(digest, move |file, traits| open_span(file, traits, &name, &span)).await
    }

    async fn local_file(&self, digest: &Digest) -> Result<Option<File>> {
        self.with_proven(digest, |file, _| Ok(Some(file))).await
    }

    async fn stat(&self, digest: &Digest) -> Result<BlobStat> {
        let name = digest.clone();
        self.with_proven(digest, move |_, traits| Ok(BlobStat { digest: name, size: traits.size() })).await
    }

    async fn verify(&self, digest: &Digest) -> Result<bool> {
        let _turn = self.turn().await?;
        let digest = digest.clone();
        self.blocking(move |tree| Ok(tree.check(&digest, true)?.is_some())).await
    }

    async fn delete(&self, digest: &Digest) -> Result<bool> {
        let digest = digest.clone();
        self.blocking(move |tree| match fs::remove_file(tree.blob(&digest)) {
            Ok(()) => Ok(true),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(e) => Err(Error::io("delete", digest)(e)),
        })
        .await
    }

    async fn list(&self, after: Option<&Digest>, limit: usize) -> Result<Vec<BlobStat>> {
        let after = after.cloned();
        let limit = limit.min(LIST_PAGE);
        if limit == 0 {
            return Ok(Vec::new());
        }
        self.blocking(move |tree| list_after(tree, after.as_ref(), limit)).await
    }

    async fn put(&self, digest: &Digest, bytes: Bytes) -> Result<()> {
        let digest = digest.clone();
        self.blocking(move |tree| put_small(tree, &digest, &bytes)).await
    }
}
