//! A layer's bytes as a stream of tar entries: decompressed, measured, never held.

pub(crate) mod tar;

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use crate::limits::{Limits, MAX_ZSTD_WINDOW_LOG};

/// Bytes read from the caller, and unpacked, at a time.
const CHUNK_BYTES: usize = 64 << 10;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// zstd's skippable frames begin with one of sixteen magics that differ in the first byte.
const ZSTD_SKIPPABLE: &[u8] = &[0x2a, 0x4d, 0x18];
/// Compressions that no runtime takes for a layer.
const XZ: &[u8] = &[0xfd, b'7', b'z', b'X', b'Z'];
const BZIP2: &[u8] = b"BZh";

/// What the streams beneath the archive noticed: an I/O error at the top may be either's.
#[derive(Default)]
pub(crate) struct Watch {
    /// Bytes taken from the caller.
    packed: Cell<u64>,
    /// Bytes given to the archive, and of earlier layers.
    unpacked: Cell<u64>,
    /// The caller's own reader failed.
    failed: Cell<Option<io::Error>>,
    /// A limit was hit.
    cut: Cell<Option<String>>,
}

impl Watch {
    pub(crate) fn take_failure(&self) -> Option<io::Error> {
        self.failed.take()
    }

    pub(crate) fn take_cut(&self) -> Option<String> {
        self.cut.take()
    }

    /// Bytes of this layer that came out.
    pub(crate) fn unpacked(&self) -> u64 {
        self.unpacked.get()
    }
}

/// The archive inside of `reader`. By its first bytes, and by its media type only where those say nothing:
/// registries hold layers whose type is wrong, and runtimes sniff too. `Err` names what it is instead.
pub(crate) fn open<'a, R: Read + 'a>(
    reader: R,
    media_type: &str,
    limits: Limits,
    unpacked_before: u64,
) -> Result<(Box<dyn BufRead + 'a>, Rc<Watch>), String> {
    let watch = Rc::new(Watch::default());
    if media_type.contains("encrypted") {
        return Err(format!("the layer is encrypted ({media_type})"));
    }
    let mut raw = BufReader::with_capacity(CHUNK_BYTES, Packed { inner: reader, watch: Rc::clone(&watch) });
    let first: Vec<u8> = match raw.fill_buf() {
        Ok(bytes) => bytes.iter().copied().take(8).collect(),
        // Told by the watch at the first read.
        Err(_) => Vec::new(),
    };
    let plain: Box<dyn Read + 'a> = if first.starts_with(GZIP) {
        Box::new(flate2::bufread::MultiGzDecoder::new(raw))
    } else if first.starts_with(ZSTD) || (first.get(1..4) == Some(ZSTD_SKIPPABLE) && first[0] & 0xf0 == 0x50) {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(raw).map_err(|e| e.to_string())?;
        decoder.window_log_max(MAX_ZSTD_WINDOW_LOG).map_err(|e| e.to_string())?;
        Box::new(decoder)
    } else if first.starts_with(XZ) || first.starts_with(BZIP2) {
        return Err("the layer is compressed with xz or bzip2".to_owned());
    } else {
        Box::new(raw)
    };
    let metered = Metered { inner: plain, watch: Rc::clone(&watch), limits, before: unpacked_before };
    Ok((Box::new(BufReader::with_capacity(CHUNK_BYTES, metered)), watch))
}

struct Packed<R> {
    inner: R,
    watch: Rc<Watch>,
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.inner.read(buf) {
                Ok(n) => {
                    self.watch.packed.set(self.watch.packed.get() + n as u64);
                    return Ok(n);
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    let told = io::Error::new(e.kind(), "the layer's reader failed");
                    self.watch.failed.set(Some(e));
                    return Err(told);
                }
            }
        }
    }
}

struct Metered<R> {
    inner: R,
    watch: Rc<Watch>,
    limits: Limits,
    before: u64,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        let out = self.watch.unpacked.get() + n as u64;
        self.watch.unpacked.set(out);
        let cut = if self.before.saturating_add(out) > self.limits.unpacked_bytes {
            Some(format!("more than {} unpacked bytes in all layers", self.limits.unpacked_bytes))
        } else if out > self.limits.ratio_free_bytes && out / self.watch.packed.get().max(1) > self.limits.ratio {
            Some(format!("unpacks to more than {} times its size", self.limits.ratio))
        } else {
            None
        };
        if let Some(why) = cut {
            self.watch.cut.set(Some(why));
            return Err(io::Error::other("the layer's limit is reached"));
        }
        Ok(n)
    }
}
