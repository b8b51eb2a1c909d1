//! Pulling: resolve, verify, unpack what is missing, remember the rest.
//!
//! On disk below the engine's directory: `layers/<diff id>` (complete, or not there: a layer is
//! unpacked beside it and renamed), `images/<manifest digest>.json`, `tmp/` (emptied at open).
//! Pulls of the same layer at the same time are one; the others wait for it.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, TryStreamExt};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::manifest::{self, Descriptor, ImageConfig, MAX_CONFIG_BYTES, MAX_MANIFEST_BYTES, Manifest};
use super::reference::{ImageRef, is_digest};
use super::source::{BlobSource, ImageSource, ManifestBytes, RegistryAuth};
use super::tar::{TarError, TarReader};
use super::{Image, ImageInner, unpack};
use crate::error::{Error, IoContext, PullFailure, Result};
use crate::remove::remove_tree;

/// Layers of one image unpacked at once.
const PARALLEL_LAYERS: usize = 3;
/// Layers unpacked at once on the host.
const PARALLEL_UNPACKS: usize = 4;
/// Chunks between the network and the unpacking thread.
const STREAM_DEPTH: usize = 16;
/// Below this many bytes a layer's compression ratio is nobody's business.
const RATIO_FREE_BYTES: u64 = 256 << 20;

/// What an image may cost.
#[derive(Clone, Copy, Debug)]
pub struct ImageLimits {
    /// All layers of an image, unpacked.
    pub unpacked_bytes: u64,
    /// Unpacked over compressed size of a layer, once it is large: real layers stay below 100.
    pub ratio: u64,
}

impl Default for ImageLimits {
    fn default() -> Self {
        // Fargate's ephemeral storage, which holds the image too, is 20 GiB by default.
        Self { unpacked_bytes: 20 << 30, ratio: 200 }
    }
}

pub(crate) struct ImageStore {
    pub(super) root: PathBuf,
    limits: ImageLimits,
    /// Pulls hold it together, pruning alone.
    pub(super) gate: tokio::sync::RwLock<()>,
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    unpacks: tokio::sync::Semaphore,
    next_tmp: AtomicU64,
}

#[derive(Debug, Serialize, Deserialize)]
struct ImageRecord {
    digest: String,
    config: ImageConfig,
    /// Empty in records of before it was kept.
    #[serde(default)]
    config_digest: String,
    size_bytes: u64,
}

/// A failure before it knows its image.
struct Failure(PullFailure, String);

type Step<T> = std::result::Result<T, Failure>;

fn storage(e: impl std::fmt::Display) -> Failure {
    Failure(PullFailure::Storage, e.to_string())
}

impl ImageStore {
    pub(crate) fn open(root: &Path, limits: ImageLimits) -> Result<Self> {
        let tmp = root.join("tmp");
        if tmp.exists() {
            remove_tree(&tmp).during("clean", tmp.display())?;
        }
        for dir in ["tmp", "layers", "images", "sizes"] {
            fs::create_dir_all(root.join(dir)).during("create", root.join(dir).display())?;
        }
        Ok(Self {
            root: root.to_owned(),
            limits,
            gate: tokio::sync::RwLock::default(),
            locks: Mutex::default(),
            unpacks: tokio::sync::Semaphore::new(PARALLEL_UNPACKS),
            next_tmp: AtomicU64::new(0),
        })
    }

    fn layer_dir(&self, diff_id: &str) -> PathBuf {
        self.root.join("layers").join(diff_id.trim_start_matches("sha256:"))
    }

    fn record_path(&self, digest: &str) -> PathBuf {
        self.root.join("images").join(format!("{}.json", digest.trim_start_matches("sha256:")))
    }

    fn lock(&self, key: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut locks = self.locks.lock();
        locks.retain(|_, lock| Arc::strong_count(lock) > 1);
        Arc::clone(locks.entry(key.to_owned()).or_default())
    }

    pub(crate) async fn pull(
        &self,
        reference: &ImageRef,
        source: &dyn ImageSource,
        auth: Option<&RegistryAuth>,
    ) -> Result<Image> {
        let top = source.resolve(reference, auth).await?;
        let failed = |Failure(kind, reason)| Error::Pull { kind, image: reference.to_string(), reason };
        verify_manifest(&top, reference).map_err(failed)?;
        let _open = self.gate.read().await;
        let lock = self.lock(&top.digest);
        let _one = lock.lock().await;
        if let Some(image) = self.known(&top.digest) {
            return Ok(image);
        }
        let (config, layers) = self.choose(reference, source, auth, &top).await?;
        let size_bytes = layers.iter().fold(config.size, |sum, layer| sum.saturating_add(layer.size));
        let image_config = self.fetch_config(reference, source, &config).await?;
        let diff_ids = check_config(&image_config, &layers).map_err(failed)?;
        let budget = AtomicU64::new(0);
        let mut jobs: Vec<BoxFuture<'_, Result<()>>> = Vec::with_capacity(layers.len());
        for (layer, diff_id) in layers.iter().zip(diff_ids) {
            jobs.push(Box::pin(self.layer(reference, source, layer, diff_id, &budget)));
        }
        futures_util::stream::iter(jobs).buffer_unordered(PARALLEL_LAYERS).try_collect::<Vec<()>>().await?;
        let config_digest = config.digest;
        let record = ImageRecord { digest: top.digest.clone(), config: image_config, config_digest, size_bytes };
        self.remember(&record).map_err(failed)?;
        Ok(self.image(record))
    }

    fn image(&self, record: ImageRecord) -> Image {
        let layers = record.config.rootfs.diff_ids.clone();
        let layer_dirs = layers.iter().map(|l| self.layer_dir(l)).collect();
        Image {
            inner: Arc::new(ImageInner {
                digest: record.digest,
                config: record.config,
                config_digest: record.config_digest,
                layers,
                layer_dirs,
                size_bytes: record.size_bytes,
            }),
        }
    }

    /// An image that is here already, by the digest of its manifest or index.
    pub(crate) fn known(&self, digest: &str) -> Option<Image> {
        let image = self.find(digest)?;
        // Tells pruning that it is wanted. A failure only makes it look older.
        let touched = fs::File::open(self.record_path(digest)).and_then(|file| touch(&file));
        if let Err(error) = touched {
            tracing::debug!(digest, %error, "the use of an image was not noted");
        }
        Some(image)
    }

    /// As [`ImageStore::known`], without counting as a use.
    pub(super) fn find(&self, digest: &str) -> Option<Image> {
        let record: ImageRecord = serde_json::from_slice(&fs::read(self.record_path(digest)).ok()?).ok()?;
        let complete = record.config.rootfs.diff_ids.iter().all(|d| is_digest(d) && self.layer_dir(d).is_dir());
        complete.then(|| self.image(record))
    }

    fn remember(&self, record: &ImageRecord) -> Step<()> {
        let path = self.record_path(&record.digest);
        let fresh = self.tmp("image");
        serde_json::to_vec(record)
            .map_err(storage)
            .and_then(|bytes| fs::write(&fresh, bytes).map_err(storage))
            .and_then(|()| fs::rename(&fresh, path).map_err(storage))
    }

    pub(super) fn tmp(&self, kind: &str) -> PathBuf {
        let number = self.next_tmp.fetch_add(1, Ordering::Relaxed);
        self.root.join("tmp").join(format!("{kind}-{number}"))
    }

    /// The image manifest for this host's platform.
    async fn choose(
        &self,
        reference: &ImageRef,
        source: &dyn ImageSource,
        auth: Option<&RegistryAuth>,
        top: &ManifestBytes,
    ) -> Result<(Descriptor, Vec<Descriptor>)> {
        let failed = |kind, reason: String| Error::Pull { kind, image: reference.to_string(), reason };
        let parsed = |bytes: &[u8]| manifest::parse(bytes).map_err(|text| failed(PullFailure::Malformed, text));
        let list = match parsed(&top.bytes)? {
            Manifest::Image { config, layers } => return Ok((config, layers)),
            Manifest::Index(list) => list,
        };
        let child = manifest::choose(&list).ok_or_else(|| {
            let reason = format!("no image for platform linux/{} in the manifest list", manifest::ARCHITECTURE);
            failed(PullFailure::Unsupported, reason)
        })?;
        let by_digest = ImageRef { digest: Some(child.digest.clone()), ..reference.clone() };
        let got = source.resolve(&by_digest, auth).await?;
        verify_manifest(&got, &by_digest).map_err(|Failure(kind, reason)| failed(kind, reason))?;
        match parsed(&got.bytes)? {
            Manifest::Image { config, layers } => Ok((config, layers)),
            Manifest::Index(_) => Err(failed(PullFailure::Unsupported, "an index within an index".to_owned())),
        }
    }

    async fn fetch_config(
        &self,
        reference: &ImageRef,
        source: &dyn ImageSource,
        descriptor: &Descriptor,
    ) -> Result<ImageConfig> {
        let failed = |Failure(kind, reason)| Error::Pull { kind, image: reference.to_string(), reason };
        let blob = source.open_blob(reference, &descriptor.digest).await?;
        let digest = descriptor.digest.clone();
        blocking(blob, move |reader| {
            let mut bytes = Vec::new();
            reader.take(MAX_CONFIG_BYTES + 1).read_to_end(&mut bytes).map_err(network)?;
            if bytes.len() as u64 > MAX_CONFIG_BYTES {
                let reason = format!("image configuration of more than {MAX_CONFIG_BYTES} bytes");
                return Err(Failure(PullFailure::Limit, reason));
            }
            verify(&digest, &hex_digest(&bytes))?;
            serde_json::from_slice(&bytes)
                .map_err(|e| Failure(PullFailure::Malformed, format!("image configuration: {e}")))
        })
        .await
        .map_err(failed)
    }

    async fn layer(
        &self,
        reference: &ImageRef,
        source: &dyn ImageSource,
        layer: &Descriptor,
        diff_id: &str,
        budget: &AtomicU64,
    ) -> Result<()> {
        let failed = |Failure(kind, reason)| Error::Pull { kind, image: reference.to_string(), reason };
        let lock = self.lock(diff_id);
        let _one = lock.lock().await;
        let target = self.layer_dir(diff_id);
        if target.is_dir() {
            return Ok(());
        }
        let _slot = self.unpacks.acquire().await.map_err(|e| failed(storage(e)))?;
        let blob = source.open_blob(reference, &layer.digest).await?;
        let tmp = self.tmp("layer");
        let left = self.limits.unpacked_bytes.saturating_sub(budget.load(Ordering::Relaxed));
        let limits = ImageLimits { unpacked_bytes: left, ..self.limits };
        let (digest, diff_id, work, place) = (layer.digest.clone(), diff_id.to_owned(), tmp, target.clone());
        let unpack = move |reader| {
            let done = unpack_layer(reader, &digest, &diff_id, &work, limits, &place);
            if done.is_err() {
                // Here, for whoever waited may have gone: then nobody else would do it.
                let _ = remove_tree(&work);
            }
            done
        };
        let unpacked = blocking(blob, unpack).await;
        match unpacked {
            Ok(bytes) => {
                self.note_size(&target, bytes);
                let total = budget.fetch_add(bytes, Ordering::Relaxed) + bytes;
                if total > self.limits.unpacked_bytes {
                    return Err(failed(too_large(self.limits.unpacked_bytes)));
                }
                Ok(())
            }
            Err(failure) => Err(failed(failure)),
        }
    }
}

/// Sets a file's time of change to now.
fn touch(file: &fs::File) -> io::Result<()> {
    // SAFETY: an open descriptor; null means now.
    crate::sys::check(i64::from(unsafe { libc::futimens(file.as_raw_fd(), std::ptr::null()) })).map(drop)
}

fn network(e: io::Error) -> Failure {
    Failure(PullFailure::Network, e.to_string())
}

fn too_large(limit: u64) -> Failure {
    Failure(PullFailure::Limit, format!("the image unpacks to more than {limit} bytes"))
}

fn hex_digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

fn verify(want: &str, got: &str) -> Step<()> {
    if want == got { Ok(()) } else { Err(Failure(PullFailure::Digest, format!("content of {want} has digest {got}"))) }
}

fn verify_manifest(manifest: &ManifestBytes, reference: &ImageRef) -> Step<()> {
    if manifest.bytes.len() > MAX_MANIFEST_BYTES {
        let reason = format!("a manifest of {} bytes, the limit is {MAX_MANIFEST_BYTES}", manifest.bytes.len());
        return Err(Failure(PullFailure::Limit, reason));
    }
    let got = hex_digest(&manifest.bytes);
    verify(&manifest.digest, &got)?;
    reference.digest.as_deref().map_or(Ok(()), |want| verify(want, &got))
}

fn check_config<'a>(config: &'a ImageConfig, layers: &[Descriptor]) -> Step<&'a [String]> {
    let diff_ids = &config.rootfs.diff_ids;
    if !config.os.is_empty() && config.os != "linux" {
        return Err(Failure(PullFailure::Unsupported, format!("image operating system {:?}", config.os)));
    }
    if !config.architecture.is_empty() && config.architecture != manifest::ARCHITECTURE {
        let reason = format!("image architecture {:?} on a host of {}", config.architecture, manifest::ARCHITECTURE);
        return Err(Failure(PullFailure::Unsupported, reason));
    }
    if diff_ids.len() != layers.len() {
        let reason = format!("{} layers in the manifest, {} in the configuration", layers.len(), diff_ids.len());
        return Err(Failure(PullFailure::Malformed, reason));
    }
    if let Some(bad) = diff_ids.iter().find(|d| !is_digest(d)) {
        return Err(Failure(PullFailure::Malformed, format!("unsupported layer digest {bad:?}")));
    }
    if let Some(layer) = layers.iter().find(|l| manifest::packing(&l.media_type).is_none()) {
        return Err(Failure(PullFailure::Unsupported, format!("layer of media type {:?}", layer.media_type)));
    }
    Ok(diff_ids)
}

/// Runs `work` on a blocking thread over the blob's bytes, wherever they come from.
async fn blocking<T: Send + 'static>(
    blob: BlobSource,
    work: impl FnOnce(Box<dyn Read + Send>) -> Step<T> + Send + 'static,
) -> Step<T> {
    match blob {
        BlobSource::File(file) => tokio::task::spawn_blocking(move || work(Box::new(file))).await.map_err(storage)?,
        BlobSource::Stream(mut stream) => {
            let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(STREAM_DEPTH);
            let job =
                tokio::task::spawn_blocking(move || work(Box::new(ChannelReader { receiver, held: Bytes::new() })));
            while let Some(chunk) = stream.next().await {
                // A closed channel: the worker gave up and says why itself.
                if sender.send(chunk).await.is_err() {
                    break;
                }
            }
            drop(sender);
            job.await.map_err(storage)?
        }
    }
}

/// The unpacking thread's end of a network stream.
struct ChannelReader {
    receiver: mpsc::Receiver<io::Result<Bytes>>,
    held: Bytes,
}

impl Read for ChannelReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.held.is_empty() {
            match self.receiver.blocking_recv() {
                Some(chunk) => self.held = chunk?,
                None => return Ok(0),
            }
        }
        let n = buffer.len().min(self.held.len());
        buffer[..n].copy_from_slice(&self.held.split_to(n));
        Ok(n)
    }
}

/// Hashes and counts what passes.
struct Hashing<R> {
    inner: R,
    hash: Sha256,
    count: Arc<AtomicU64>,
}

impl<R> Hashing<R> {
    fn new(inner: R) -> Self {
        Self { inner, hash: Sha256::new(), count: Arc::default() }
    }

    fn finish(self) -> (String, R) {
        (format!("sha256:{}", hex::encode(self.hash.finalize())), self.inner)
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.hash.update(&buffer[..n]);
        self.count.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// Stops a stream that grows beyond what its layer may cost.
struct Bounded<R> {
    inner: R,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    limits: ImageLimits,
}

const BOMB: &str = "the layer expands beyond what a real one does";

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.unpacked += n as u64;
        if self.unpacked > self.limits.unpacked_bytes {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "size"));
        }
        let packed = self.packed.load(Ordering::Relaxed);
        if self.unpacked > RATIO_FREE_BYTES && self.unpacked / self.limits.ratio.max(1) > packed {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, BOMB));
        }
        Ok(n)
    }
}

/// Unpacks, verifies both digests and puts the layer in place. Returns its unpacked size.
fn unpack_layer(
    reader: Box<dyn Read + Send>,
    digest: &str,
    diff_id: &str,
    tmp: &Path,
    limits: ImageLimits,
    target: &Path,
) -> Step<u64> {
    fs::create_dir(tmp).and_then(|()| set_traversable(tmp)).map_err(storage)?;
    let packed = Hashing::new(reader);
    let count = Arc::clone(&packed.count);
    let mut packed = BufReader::with_capacity(64 << 10, packed);
    // By content: registries hold layers whose media type and packing disagree.
    let magic: Vec<u8> = packed.fill_buf().map_err(network)?.iter().take(4).copied().collect();
    let (got_diff_id, unpacked, mut packed) = match &magic[..] {
        [0x1f, 0x8b, ..] => {
            let decoder = flate2::bufread::MultiGzDecoder::new(packed);
            let (id, size, decoder) = unpack_tar(decoder, &count, tmp, limits)?;
            (id, size, decoder.into_inner())
        }
        [0x28, 0xb5, 0x2f, 0xfd] => {
            let decoder = zstd::stream::read::Decoder::with_buffer(packed).map_err(storage)?;
            let (id, size, decoder) = unpack_tar(decoder, &count, tmp, limits)?;
            (id, size, decoder.finish())
        }
        _ => unpack_tar(packed, &count, tmp, limits)?,
    };
    // What follows the compressed stream belongs to the blob's digest too.
    io::copy(&mut packed, &mut io::sink()).map_err(network)?;
    let (got_digest, _) = packed.into_inner().finish();
    verify(digest, &got_digest)?;
    verify(diff_id, &got_diff_id)?;
    sync_to_disk(tmp).map_err(storage)?;
    match fs::rename(tmp, target) {
        Ok(()) => Ok(unpacked),
        // A pull that was given up by its caller went on, and was first.
        Err(_) if target.is_dir() => remove_tree(tmp).map(|()| unpacked).map_err(storage),
        Err(e) => Err(storage(e)),
    }
}

fn unpack_tar<R: Read>(decoder: R, packed: &Arc<AtomicU64>, tmp: &Path, limits: ImageLimits) -> Step<(String, u64, R)> {
    let bounded = Bounded { inner: decoder, packed: Arc::clone(packed), unpacked: 0, limits };
    let mut tar = TarReader::new(Hashing::new(bounded));
    let failed = |e: TarError| match e {
        TarError::Malformed(text) => Failure(PullFailure::Malformed, text),
        TarError::Limit(text) => Failure(PullFailure::Limit, text),
        TarError::Io(e) => stream_failure(e, limits),
    };
    unpack::unpack(&mut tar, tmp).map_err(failed)?;
    let mut rest = tar.into_inner();
    io::copy(&mut rest, &mut io::sink()).map_err(|e| stream_failure(e, limits))?;
    let (diff_id, bounded) = rest.finish();
    Ok((diff_id, bounded.unpacked, bounded.inner))
}

fn stream_failure(e: io::Error, limits: ImageLimits) -> Failure {
    match e.kind() {
        io::ErrorKind::FileTooLarge if e.to_string() == BOMB => Failure(PullFailure::Limit, BOMB.to_owned()),
        io::ErrorKind::FileTooLarge => too_large(limits.unpacked_bytes),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::ReadOnlyFilesystem => {
            Failure(PullFailure::Storage, e.to_string())
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            Failure(PullFailure::Malformed, format!("the layer cannot be decompressed: {e}"))
        }
        _ if e.raw_os_error().is_some() => Failure(PullFailure::Storage, e.to_string()),
        _ => Failure(PullFailure::Network, e.to_string()),
    }
}

/// A root directory that the archive does not mention must still be one that users may enter.
fn set_traversable(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755))
}

/// A layer in place is taken for whole ever after, also after a power cut.
fn sync_to_disk(dir: &Path) -> io::Result<()> {
    let open = fs::File::open(dir)?;
    // SAFETY: an open descriptor.
    crate::sys::check(i64::from(unsafe { libc::syncfs(open.as_raw_fd()) })).map(drop)
}
