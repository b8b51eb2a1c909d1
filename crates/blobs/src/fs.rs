//! The filesystem engine: `blobs/<algorithm>/<first two hex digits>/<hex>` and `uploads/<id>`.
//!
//! A blob's file appears by a rename after its bytes were hashed and synced, so a file under
//! `blobs/` is always whole. Directories are 0700 and files 0600.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;

use crate::fs_upload::{FsUpload, Sessions};
use crate::limits::{LIST_PAGE, READ_INLINE};
use crate::reader::{FileSource, Inline, read_exactly};
use crate::{Algorithm, BlobReader, BlobStat, Blobs, Digest, Error, Result, Upload, UploadId};

/// Blobs in a directory of this machine. Cheap to clone.
#[derive(Clone)]
pub struct FsBlobs {
    tree: Arc<Tree>,
    sessions: Arc<Sessions>,
}

/// Paths, and the steps that make a file a blob.
pub(crate) struct Tree {
    root: PathBuf,
}

impl FsBlobs {
    /// Opens the directory, made if it is missing. Half-written manifests of a process that was
    /// killed are removed; uploads are kept, since their clients may come back.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self> {
        let tree = Tree { root: root.into() };
        for algorithm in Algorithm::ALL {
            make_dir(&tree.root.join("blobs").join(algorithm.as_str()))?;
        }
        make_dir(&tree.uploads())?;
        make_dir(&tree.tmp())?;
        for entry in list_dir(&tree.tmp())? {
            let path = entry.path();
            fs::remove_file(&path).map_err(Error::io("remove", path.display()))?;
        }
        Ok(Self { tree: Arc::new(tree), sessions: Arc::default() })
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Tree) -> Result<T> + Send + 'static) -> Result<T> {
        let tree = Arc::clone(&self.tree);
        run_blocking(move || work(&tree)).await
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

    /// Makes the synced file at `from` the blob `digest`. An older file of that name is replaced:
    /// the new bytes have just been checked.
    pub(crate) fn publish(&self, from: &Path, digest: &Digest) -> Result<()> {
        let to = self.blob(digest);
        let dir = to.parent().unwrap_or(&self.root);
        if !dir.exists() {
            make_dir(dir)?;
            sync_dir(dir.parent().unwrap_or(&self.root))?;
        }
        fs::rename(from, &to).map_err(Error::io("rename to", to.display()))?;
        sync_dir(dir)
    }

    fn open_file(&self, digest: &Digest) -> Result<File> {
        File::open(self.blob(digest)).map_err(|e| missing(e, digest, "open"))
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

fn open_span(tree: &Tree, digest: &Digest, span: &Range<u64>) -> Result<BlobReader> {
    let mut file = tree.open_file(digest)?;
    let size = file.metadata().map_err(Error::io("stat", digest))?.len();
    if span.start > size || (span.start == size && size > 0) {
        return Err(Error::Range { digest: digest.clone(), start: span.start, size });
    }
    let len = span.end.clamp(span.start, size) - span.start;
    if span.start > 0 {
        file.seek(SeekFrom::Start(span.start)).map_err(Error::io("seek in", digest))?;
    }
    let source: Box<dyn crate::ChunkSource> = if len <= READ_INLINE {
        Box::new(Inline(read_exactly(&file, len).map_err(Error::io("read", digest))?))
    } else {
        Box::new(FileSource::new(file, len))
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
    let there = tree.blob(digest);
    if fs::metadata(&there).is_ok_and(|m| m.len() == bytes.len() as u64) && fs::read(&there).is_ok_and(|b| b == bytes) {
        return sync_dir(there.parent().unwrap_or(&tree.root));
    }
    let mut name = [0; 16];
    gantry_base::Entropy::fill(&gantry_base::SystemEntropy, &mut name);
    let path = tree.tmp().join(hex::encode(name));
    let written = (|| {
        let mut file = create_private(&path)?;
        file.write_all(bytes)?;
        file.sync_all()
    })();
    let done = written.map_err(Error::io("write", digest)).and_then(|()| tree.publish(&path, digest));
    if done.is_err() {
        let _ = fs::remove_file(&path);
    }
    done
}

#[async_trait]
impl Blobs for FsBlobs {
    async fn create_upload(&self, id: &UploadId, algorithm: Algorithm) -> Result<()> {
        let path = self.tree.upload(id);
        let name = id.clone();
        self.blocking(move |_| create_private(&path).map(drop).map_err(Error::io("create upload", name))).await?;
        self.sessions.start(id, algorithm);
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
        let digest = digest.clone();
        self.blocking(move |tree| open_span(tree, &digest, &span)).await
    }

    async fn local_file(&self, digest: &Digest) -> Result<Option<File>> {
        let digest = digest.clone();
        self.blocking(move |tree| tree.open_file(&digest).map(Some)).await
    }

    async fn stat(&self, digest: &Digest) -> Result<BlobStat> {
        let digest = digest.clone();
        self.blocking(move |tree| {
            let meta = fs::metadata(tree.blob(&digest)).map_err(|e| missing(e, &digest, "stat"))?;
            Ok(BlobStat { digest, size: meta.len() })
        })
        .await
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
