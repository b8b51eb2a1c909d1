//! A reader of tar archives, as layers come: ustar, GNU long names and base-256 numbers, pax records.
//! Written for hostile input: extension headers are bounded, and no length is believed before bytes came.

use std::io::{self, BufRead, Read};

use crate::limits::MAX_TAR_EXTENSION_BYTES;

const BLOCK: usize = 512;
/// Extension headers before one entry. Real archives have at most three.
const MAX_EXTENSIONS: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    File,
    /// Its data in the archive is not what the file holds.
    SparseFile,
    HardLink,
    SymLink,
    Directory,
    /// Devices, pipes and types that are not known: nothing to read, but they take the place of what was there.
    Other,
}

#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// As the archive has it; bytes that are not UTF-8 are replaced.
    pub(crate) path: String,
    pub(crate) kind: EntryKind,
    /// The target of a link.
    pub(crate) link: String,
    /// Bytes of data that follow.
    pub(crate) size: u64,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum TarError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("the archive {0}")]
    Format(&'static str),
}

pub(crate) struct TarReader<R> {
    inner: R,
    /// Data of the current entry that was not read.
    data: u64,
    /// Padding after that data.
    padding: u64,
    /// Reading data failed: whoever read it may have taken that for the file's own fault.
    failed: Option<io::Error>,
}

/// What extension headers said of the entry after them.
#[derive(Default)]
struct Extension {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    sparse: bool,
    sparse_name: Option<Vec<u8>>,
}

impl<R: BufRead> TarReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, data: 0, padding: 0, failed: None }
    }

    /// Why the current entry's data could not be read, if it could not.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }

    /// The next entry; data of the last one that was not read is passed over. `None` at the archive's end.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>, TarError> {
        let mut extension = Extension::default();
        for _ in 0..=MAX_EXTENSIONS {
            self.skip_rest()?;
            let Some(block) = self.header()? else { return Ok(None) };
            let size = number(&block[124..136]).ok_or(TarError::Format("has an entry without a valid size"))?;
            match block[156] {
                b'x' | b'X' => read_pax(&self.extension(size)?, &mut extension)?,
                b'g' => drop(self.extension(size)?),
                b'L' => extension.path = Some(until_nul(&self.extension(size)?).to_vec()),
                b'K' => extension.link = Some(until_nul(&self.extension(size)?).to_vec()),
                flag => return self.entry(&block, flag, size, extension).map(Some),
            }
        }
        Err(TarError::Format("has too many extension headers before one entry"))
    }

    fn entry(&mut self, block: &[u8; BLOCK], flag: u8, size: u64, extension: Extension) -> Result<Entry, TarError> {
        let path = extension.sparse_name.or(extension.path).unwrap_or_else(|| header_path(block));
        let link = extension.link.unwrap_or_else(|| until_nul(&block[157..257]).to_vec());
        let size = extension.size.unwrap_or(size);
        let kind = match flag {
            b'0' | 0 | b'7' if path.ends_with(b"/") => EntryKind::Directory,
            b'0' | 0 | b'7' if extension.sparse => EntryKind::SparseFile,
            b'0' | 0 | b'7' => EntryKind::File,
            b'S' => EntryKind::SparseFile,
            b'1' => EntryKind::HardLink,
            b'2' => EntryKind::SymLink,
            b'5' => EntryKind::Directory,
            _ => EntryKind::Other,
        };
        if flag == b'S' {
            self.skip_sparse_map(block)?;
        }
        // Links, directories, devices and pipes have no data, whatever size they claim (Go's archive/tar too).
        let size = if matches!(flag, b'1'..=b'6') { 0 } else { size };
        self.data = size;
        self.padding = padding(size);
        Ok(Entry { path: text(&path), kind, link: text(&link), size })
    }

    /// One header block with a valid checksum, or `None` at the end: two zero blocks, or nothing more.
    fn header(&mut self) -> Result<Option<[u8; BLOCK]>, TarError> {
        let mut block = [0; BLOCK];
        if !self.block(&mut block)? {
            return Ok(None);
        }
        if block.iter().all(|byte| *byte == 0) {
            let more = self.block(&mut block)?;
            if more && block.iter().any(|byte| *byte != 0) {
                return Err(TarError::Format("goes on after its end"));
            }
            return Ok(None);
        }
        let sum: u64 = block.iter().enumerate().map(|(at, byte)| u64::from(summed(at, *byte))).sum();
        let signed: i64 = block.iter().enumerate().map(|(at, byte)| i64::from(summed(at, *byte).cast_signed())).sum();
        match number(&block[148..156]) {
            Some(told) if told == sum || i64::try_from(told) == Ok(signed) => Ok(Some(block)),
            _ => Err(TarError::Format("has a header whose checksum is wrong")),
        }
    }

    /// `false` where the stream ends before the block begins.
    fn block(&mut self, block: &mut [u8; BLOCK]) -> Result<bool, TarError> {
        let mut have = 0;
        while have < BLOCK {
            match self.inner.read(&mut block[have..]) {
                Ok(0) if have == 0 => return Ok(false),
                Ok(0) => return Err(TarError::Format("ends inside a header")),
                Ok(n) => have += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(true)
    }

    fn extension(&mut self, size: u64) -> Result<Vec<u8>, TarError> {
        if size > MAX_TAR_EXTENSION_BYTES {
            return Err(TarError::Format("has an extension header that is too long"));
        }
        self.data = size;
        self.padding = padding(size);
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn skip_sparse_map(&mut self, block: &[u8; BLOCK]) -> Result<(), TarError> {
        let mut more = block[482] != 0;
        let mut map = [0; BLOCK];
        while more {
            if !self.block(&mut map)? {
                return Err(TarError::Format("ends inside a sparse file's map"));
            }
            more = map[504] != 0;
        }
        Ok(())
    }

    fn skip_rest(&mut self) -> Result<(), TarError> {
        let mut left = self.data.saturating_add(self.padding);
        (self.data, self.padding) = (0, 0);
        while left > 0 {
            let have = match self.inner.fill_buf() {
                Ok(have) => have.len(),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(e.into()),
            };
            if have == 0 {
                return Err(TarError::Format("ends inside a file"));
            }
            let skip = left.min(have as u64);
            self.inner.consume(skip as usize);
            left -= skip;
        }
        Ok(())
    }
}

/// Reads the current entry's data.
impl<R: BufRead> Read for TarReader<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let want = self.data.min(buf.len() as u64) as usize;
        if want == 0 {
            return Ok(0);
        }
        let fault = match self.inner.read(&mut buf[..want]) {
            Ok(0) => io::Error::new(io::ErrorKind::UnexpectedEof, "the archive ends inside a file"),
            Ok(n) => {
                self.data -= n as u64;
                return Ok(n);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return Err(e),
            Err(e) => e,
        };
        self.failed = Some(io::Error::new(fault.kind(), fault.to_string()));
        Err(fault)
    }
}

const fn padding(size: u64) -> u64 {
    size.wrapping_neg() % BLOCK as u64
}

/// The checksum counts its own field as spaces.
const fn summed(at: usize, byte: u8) -> u8 {
    if at >= 148 && at < 156 { b' ' } else { byte }
}

fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Octal text, or base-256 where the first bit is set. `None`: neither, negative, or beyond 63 bits.
fn number(field: &[u8]) -> Option<u64> {
    let first = *field.first()?;
    if first & 0x80 != 0 {
        if first & 0x40 != 0 {
            return None;
        }
        let mut value = u64::from(first & 0x3f);
        for byte in &field[1..] {
            value = value.checked_mul(256)?.checked_add(u64::from(*byte))?;
        }
        return i64::try_from(value).is_ok().then_some(value);
    }
    let digits = field.iter().copied().skip_while(|byte| *byte == b' ');
    let mut value = 0_u64;
    for byte in digits.take_while(|byte| *byte != 0 && *byte != b' ') {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 8)?;
        value = value.checked_mul(8)?.checked_add(u64::from(digit))?;
    }
    i64::try_from(value).is_ok().then_some(value)
}

/// Name, behind ustar's prefix where there is one.
fn header_path(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = until_nul(&block[..100]);
    let is_posix = &block[257..263] == b"ustar\0";
    let prefix = until_nul(&block[345..500]);
    if is_posix && !prefix.is_empty() { [prefix, b"/", name].concat() } else { name.to_vec() }
}

/// Records `<length> <key>=<value>\n`.
fn read_pax(mut bytes: &[u8], into: &mut Extension) -> Result<(), TarError> {
    const BROKEN: TarError = TarError::Format("has a broken pax record");
    while !bytes.is_empty() && bytes[0] != 0 {
        let space = bytes.iter().take(20).position(|byte| *byte == b' ').ok_or(BROKEN)?;
        let length: usize = std::str::from_utf8(&bytes[..space]).ok().and_then(|t| t.parse().ok()).ok_or(BROKEN)?;
        let record = bytes.get(space + 1..length).ok_or(BROKEN)?;
        let record = record.strip_suffix(b"\n").ok_or(BROKEN)?;
        let equals = record.iter().position(|byte| *byte == b'=').ok_or(BROKEN)?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        match key {
            b"path" => into.path = Some(value.to_vec()),
            b"linkpath" => into.link = Some(value.to_vec()),
            b"size" => {
                let size = std::str::from_utf8(value).ok().and_then(|text| text.parse::<i64>().ok());
                into.size = Some(size.and_then(|size| u64::try_from(size).ok()).ok_or(BROKEN)?);
            }
            b"GNU.sparse.name" => into.sparse_name = Some(value.to_vec()),
            b"GNU.sparse.major" | b"GNU.sparse.map" => into.sparse = true,
            _ => {}
        }
        bytes = &bytes[length..];
    }
    Ok(())
}
