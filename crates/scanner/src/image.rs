//! An image's inventory: read from its layers once, then kept beside the database.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;
use gantry_blobs::{BlobReader, Digest};
use gantry_inventory::{Collector, Inventory};
use gantry_registry::{Registry, RepoId};
use serde::Deserialize;
use tokio::runtime::Handle;

use crate::{Error, Result};

/// What reading an image will not exceed.
pub mod limits {
    /// Bytes of an image's layers as they are stored.
    pub const MAX_IMAGE_BYTES: u64 = 64 << 30;
    /// Bytes of a kept inventory, unpacked.
    pub const MAX_KEPT_BYTES: u64 = 512 << 20;
    /// Inventories that are kept; of more the oldest go.
    pub const MAX_KEPT: usize = 50_000;
    /// How many are written between two looks at how many there are.
    pub const SWEEP_EVERY: usize = 256;
}

/// Images of another version are read anew.
const KEPT_VERSION: &str = "v1";
const CONFIGS: [&str; 2] =
    ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    #[serde(default)]
    media_type: String,
    digest: Digest,
    #[serde(default)]
    size: u64,
}

#[derive(Deserialize)]
struct Document {
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
}

/// What an image's bytes came to.
#[derive(Debug)]
pub(crate) enum Looked {
    Inventory(Box<Inventory>),
    /// It is no container image, or none that has packages: why.
    Unsupported(String),
    /// Larger than what is read.
    TooLarge(String),
    /// Its bytes are no layers, and will not be next time.
    Damaged(String),
}

/// Inventories by the digests of their images.
pub(crate) struct Kept {
    dir: PathBuf,
    written: std::sync::atomic::AtomicUsize,
}

impl Kept {
    pub(crate) fn open(dir: PathBuf) -> Result<Self> {
        fs::create_dir_all(&dir).map_err(|e| Error::io("make", &dir, e))?;
        Ok(Self { dir, written: std::sync::atomic::AtomicUsize::new(0) })
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.dir.join(format!("{KEPT_VERSION}-{}.json.gz", digest.as_str().replace(':', "-")))
    }

    /// `None` if there is none, or none that can be read any more.
    fn get(&self, digest: &Digest) -> Option<Inventory> {
        let file = File::open(self.path(digest)).ok()?;
        let plain = GzDecoder::new(BufReader::new(file)).take(limits::MAX_KEPT_BYTES);
        serde_json::from_reader(BufReader::new(plain)).ok()
    }

    fn put(&self, digest: &Digest, inventory: &Inventory) -> Result<()> {
        let path = self.path(digest);
        let write = || -> io::Result<()> {
            let partial = tempfile::Builder::new().suffix(".partial").tempfile_in(&self.dir)?;
            let mut packed = GzEncoder::new(BufWriter::new(partial.as_file()), Compression::fast());
            serde_json::to_writer(&mut packed, inventory)?;
            packed.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
            // Not fsynced: what a crash damages is read from the layers again.
            partial.persist(&path).map_err(|e| e.error)?;
            Ok(())
        };
        write().map_err(|e| Error::io("write", &path, e))?;
        let written = self.written.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if written.is_multiple_of(limits::SWEEP_EVERY) {
            self.sweep();
        }
        Ok(())
    }

    fn sweep(&self) {
        let files = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut files: Vec<_> = files.filter_map(|f| Some((f.metadata().ok()?.modified().ok()?, f.path()))).collect();
        if files.len() <= limits::MAX_KEPT {
            return;
        }
        files.sort();
        let surplus = files.len() - limits::MAX_KEPT * 9 / 10;
        for (_, path) in files.into_iter().take(surplus) {
            let _ = fs::remove_file(path);
        }
    }
}

/// The inventory of one image, from what is kept or from its layers.
pub(crate) async fn look(
    registry: &Registry,
    kept: &std::sync::Arc<Kept>,
    repo: &RepoId,
    digest: &Digest,
) -> Result<Looked> {
    let (at, named) = (std::sync::Arc::clone(kept), digest.clone());
    if let Some(found) = tokio::task::spawn_blocking(move || at.get(&named)).await? {
        return Ok(Looked::Inventory(Box::new(found)));
    }
    let (record, manifest) = registry.inspect(repo, digest).await?;
    let document: Document = match serde_json::from_slice(&manifest) {
        Ok(document) => document,
        Err(e) => return Ok(Looked::Damaged(format!("the manifest cannot be read: {e}"))),
    };
    let Some(config) = document.config else {
        return Ok(Looked::Unsupported(format!(
            "an image of type {} is not scanned; its images are",
            record.media_type
        )));
    };
    if !CONFIGS.contains(&config.media_type.as_str()) {
        return Ok(Looked::Unsupported(format!("{:.120} is not a container image", config.media_type)));
    }
    let size = document.layers.iter().fold(0_u64, |sum, layer| sum.saturating_add(layer.size));
    if size > limits::MAX_IMAGE_BYTES {
        return Ok(Looked::TooLarge(format!("the image has {size} bytes, the limit is {}", limits::MAX_IMAGE_BYTES)));
    }
    let mut collector = Collector::new();
    for layer in document.layers {
        if layer.media_type.contains("nondistributable") || layer.media_type.contains("foreign") {
            continue;
        }
        let reader = registry.open_blob(repo, &layer.digest, 0..u64::MAX).await?;
        let bridge = Bridge { reader, runtime: Handle::current(), chunk: Bytes::new() };
        let step = tokio::task::spawn_blocking(move || {
            let done = collector.add_layer(layer.digest.as_str(), &layer.media_type, bridge);
            (collector, done)
        });
        let (back, done) = step.await?;
        collector = back;
        match done {
            Ok(()) => {}
            Err(e @ (gantry_inventory::Error::Read { .. } | gantry_inventory::Error::Write { .. })) => {
                return Err(Error::Read(e.to_string()));
            }
            Err(e @ gantry_inventory::Error::Damaged { .. }) => return Ok(Looked::Damaged(e.to_string())),
            Err(e @ gantry_inventory::Error::TooManyLayers { .. }) => return Ok(Looked::TooLarge(e.to_string())),
        }
    }
    let (at, named) = (std::sync::Arc::clone(kept), digest.clone());
    let inventory = tokio::task::spawn_blocking(move || {
        let inventory = collector.finish();
        if let Err(error) = at.put(&named, &inventory) {
            tracing::warn!(%error, image = %named, "failed to keep an inventory");
        }
        inventory
    });
    Ok(Looked::Inventory(Box::new(inventory.await?)))
}

/// A blob for a reader that blocks, on a thread that may.
struct Bridge {
    reader: BlobReader,
    runtime: Handle,
    chunk: Bytes,
}

impl Read for Bridge {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.chunk.is_empty() {
            match self.runtime.block_on(self.reader.next()) {
                Some(chunk) => self.chunk = chunk?,
                None => return Ok(0),
            }
        }
        let taken = self.chunk.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&self.chunk.split_to(taken));
        Ok(taken)
    }
}

/// Where inventories are kept below the database's directory.
pub(crate) fn kept_dir(db: &Path) -> PathBuf {
    db.join("inventories")
}
