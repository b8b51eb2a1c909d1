//! Zip archives front to back, from one local header to the next: nothing is held and nothing is sought, so that an
//! archive inside of an archive inside of a layer is a stream like any other.
//! <https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT>

use std::cell::Cell;
use std::io::{self, BufRead, Read};

use memchr::memmem;

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const LOCAL_HEADER_BYTES: usize = 30;
/// What an archive may begin with: a shell script that runs it.
const MAX_PREFIX_BYTES: usize = 1 << 20;
/// A data descriptor at its longest, with its mark and two 8-byte sizes.
const MAX_DESCRIPTOR_BYTES: usize = 24;
const ENCRYPTED: u16 = 1;
/// Sizes come after the data.
const DESCRIPTOR: u16 = 8;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
const ZIP64: u16 = 1;

#[derive(Debug, thiserror::Error)]
pub(super) enum ZipError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the archive {0}")]
    Format(&'static str),
    #[error("the archive has more files than are looked at")]
    Limit,
}

/// What an archive and those inside of it may still unpack to, together.
pub(super) struct Budget {
    pub(super) bytes: Cell<u64>,
    pub(super) entries: Cell<u64>,
}

struct Metered<'a, R> {
    inner: R,
    budget: &'a Budget,
}

impl<R: Read> Read for Metered<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        let left = self.budget.bytes.get().checked_sub(n as u64);
        self.budget.bytes.set(left.unwrap_or_default());
        if left.is_some() { Ok(n) } else { Err(io::Error::other("the archive's limit is reached")) }
    }
}

pub(super) struct ZipReader<'a> {
    data: &'a mut dyn BufRead,
    budget: &'a Budget,
    started: bool,
    /// The next header's first bytes, where finding them took reading them.
    mark: Option<[u8; 4]>,
}

/// One file of an archive; it must be [`ZipReader::skip`]ped or read to its end before the next.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    method: u16,
    /// `None`: known only once the data has ended.
    packed: Option<u64>,
    has_descriptor: bool,
}

impl<'a> ZipReader<'a> {
    pub(super) fn new(data: &'a mut dyn BufRead, budget: &'a Budget) -> Self {
        Self { data, budget, started: false, mark: None }
    }

    /// The next file; `None` at the central directory, which ends them.
    pub(super) fn next_member(&mut self) -> Result<Option<Member>, ZipError> {
        let mark = match self.mark.take() {
            Some(mark) => mark,
            None if self.started => match self.exact::<4>() {
                Ok(mark) => mark,
                // Cut off after its last file: what it held has been seen.
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    return Err(ZipError::Format("ends without a directory"));
                }
                Err(e) => return Err(e.into()),
            },
            None => self.find_start()?,
        };
        self.started = true;
        match &mark {
            LOCAL => self.header().map(Some),
            // Central directory, its end (of an empty archive), zip64's end, and what signing tools put before.
            b"PK\x01\x02" | b"PK\x05\x06" | b"PK\x06\x06" | b"PK\x06\x08" => Ok(None),
            _ => Err(ZipError::Format("has something else where a file should begin")),
        }
    }

    fn header(&mut self) -> Result<Member, ZipError> {
        let entries = self.budget.entries.get().checked_sub(1);
        self.budget.entries.set(entries.ok_or(ZipError::Limit)?);
        let fixed = self.exact::<{ LOCAL_HEADER_BYTES - 4 }>()?;
        let u16_at = |at: usize| u16::from_le_bytes([fixed[at], fixed[at + 1]]);
        let u32_at = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let (flags, method) = (u16_at(2), u16_at(4));
        let (packed, unpacked) = (u32_at(14), u32_at(18));
        let name = self.take(usize::from(u16_at(22)))?;
        let extra = self.take(usize::from(u16_at(24)))?;
        if flags & ENCRYPTED != 0 {
            return Err(ZipError::Format("is encrypted"));
        }
        let has_descriptor = flags & DESCRIPTOR != 0;
        let packed = match packed {
            u32::MAX => Some(zip64_packed(&extra, unpacked).ok_or(ZipError::Format("has a file without a size"))?),
            // Directories are written this way too, and do end here.
            0 if has_descriptor && method != STORED => None,
            packed => Some(u64::from(packed)),
        };
        if packed.is_none() && method != DEFLATED {
            return Err(ZipError::Format("has a file whose end nothing tells"));
        }
        Ok(Member { name: String::from_utf8_lossy(&name).into_owned(), method, packed, has_descriptor })
    }

    /// Gives the data of `member` to `visit`, and passes over what that leaves. The data is `None` where it is packed
    /// in a way that is not known here.
    pub(super) fn visit<T>(
        &mut self,
        member: &Member,
        visit: impl FnOnce(Option<&mut dyn Read>) -> T,
    ) -> Result<T, ZipError> {
        let mut packed = (&mut *self.data).take(member.packed.unwrap_or(u64::MAX));
        let out = match member.method {
            STORED => visit(Some(&mut packed)),
            DEFLATED => {
                let inflated = flate2::bufread::DeflateDecoder::new(&mut packed);
                let mut inflated = Metered { inner: inflated, budget: self.budget };
                let out = visit(Some(&mut inflated));
                if member.packed.is_none() {
                    drain(&mut inflated)?;
                }
                out
            }
            _ => visit(None),
        };
        if member.packed.is_some() {
            drain(&mut packed)?;
            if packed.limit() > 0 {
                return Err(ZipError::Format("ends inside a file"));
            }
        }
        if member.has_descriptor {
            self.mark = Some(self.after_descriptor()?);
        }
        Ok(out)
    }

    /// Passes over a data descriptor, whose length depends on who wrote it, to the next mark.
    fn after_descriptor(&mut self) -> Result<[u8; 4], ZipError> {
        let mut mark = self.exact::<4>()?;
        for _ in 0..=MAX_DESCRIPTOR_BYTES {
            if matches!(&mark, LOCAL | b"PK\x01\x02" | b"PK\x05\x06" | b"PK\x06\x06" | b"PK\x06\x08") {
                return Ok(mark);
            }
            mark.rotate_left(1);
            mark[3] = self.exact::<1>()?[0];
        }
        Err(ZipError::Format("has something else where a file should begin"))
    }

    fn find_start(&mut self) -> Result<[u8; 4], ZipError> {
        let mut mark = self.exact::<4>().map_err(|_| ZipError::Format("is too short to be one"))?;
        if mark.starts_with(b"PK") {
            return Ok(mark);
        }
        let mut passed = 0;
        // By whole buffers, with the last bytes of each carried over.
        while passed < MAX_PREFIX_BYTES {
            let have = self.data.fill_buf()?;
            if have.is_empty() {
                break;
            }
            let joined = [&mark[..], have].concat();
            if let Some(at) = memmem::find(&joined, LOCAL) {
                self.data.consume(at);
                return Ok(*LOCAL);
            }
            mark.copy_from_slice(&joined[joined.len() - 4..]);
            let length = have.len();
            self.data.consume(length);
            passed += length;
        }
        Err(ZipError::Format("does not begin like one"))
    }

    fn exact<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.data.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        self.data.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

/// The packed size in the extra field of an archive with long sizes; it follows the unpacked one if that is long too.
fn zip64_packed(mut extra: &[u8], unpacked: u32) -> Option<u64> {
    while extra.len() >= 4 {
        let id = u16::from_le_bytes([extra[0], extra[1]]);
        let length = usize::from(u16::from_le_bytes([extra[2], extra[3]]));
        let body = extra.get(4..4 + length)?;
        if id == ZIP64 {
            let at = if unpacked == u32::MAX { 8 } else { 0 };
            return Some(u64::from_le_bytes(body.get(at..at + 8)?.try_into().ok()?));
        }
        extra = &extra[4 + length..];
    }
    None
}

fn drain(data: &mut dyn Read) -> io::Result<()> {
    io::copy(data, &mut io::sink()).map(drop)
}
