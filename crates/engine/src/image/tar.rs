//! Reading tar streams: POSIX ustar and pax, and GNU's long names and binary numbers.
//!
//! Only parses; what an entry may do to a disk is [`super::unpack`]'s business. Every length that
//! comes from the stream is checked against a named limit before memory is taken for it.

use std::io::{self, Read};

/// Longest path or link target.
pub(crate) const MAX_PATH_BYTES: usize = 4096;
/// Longest pax header, which may hold extended attributes.
const MAX_PAX_BYTES: u64 = 1 << 20;
const BLOCK: usize = 512;
/// More than any disk: keeps sums of lengths from overflowing.
const MAX_FILE_BYTES: u64 = 1 << 50;

#[derive(Debug, thiserror::Error)]
pub(crate) enum TarError {
    #[error("{0}")]
    Malformed(String),
    #[error("{0}")]
    Limit(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn malformed<T>(text: impl Into<String>) -> Result<T, TarError> {
    Err(TarError::Malformed(text.into()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    HardLink,
    Symlink,
    Directory,
    Fifo,
    Device,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) link: Vec<u8>,
    pub(crate) kind: Kind,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) size: u64,
    pub(crate) mtime_secs: i64,
    /// `security.capability`, if the archive has it.
    pub(crate) capability: Option<Vec<u8>>,
}

/// Overrides from extended headers for the next entry.
#[derive(Default)]
struct Overrides {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u32>,
    gid: Option<u32>,
    mtime_secs: Option<i64>,
    capability: Option<Vec<u8>>,
}

pub(crate) struct TarReader<R> {
    inner: R,
    /// Content of the current entry not read yet, and the padding after it.
    left: u64,
    padding: u64,
}

impl<R: Read> TarReader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, left: 0, padding: 0 }
    }

    /// Gives the stream back after the last entry.
    pub(crate) fn into_inner(self) -> R {
        self.inner
    }

    /// The next entry; what is left of the one before is skipped.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>, TarError> {
        let mut over = Overrides::default();
        loop {
            self.skip(self.left + self.padding)?;
            (self.left, self.padding) = (0, 0);
            let mut block = [0u8; BLOCK];
            if !self.read_block(&mut block)? {
                return Ok(None);
            }
            if block.iter().all(|b| *b == 0) {
                return Ok(None);
            }
            check_sum(&block)?;
            let header_size = number(&block[124..136])?;
            match block[156] {
                b'L' => over.path = Some(trim_nul(self.extension(header_size, MAX_PATH_BYTES as u64 + 1)?)),
                b'K' => over.link = Some(trim_nul(self.extension(header_size, MAX_PATH_BYTES as u64 + 1)?)),
                b'x' => {
                    let text = self.extension(header_size, MAX_PAX_BYTES)?;
                    pax(&text, &mut over)?;
                }
                b'g' => {
                    // Global headers carry comments (git archives); nothing in one applies here.
                    self.extension(header_size, MAX_PAX_BYTES)?;
                }
                flag => return self.entry(&block, flag, over, header_size).map(Some),
            }
        }
    }

    fn entry(&mut self, block: &[u8; BLOCK], flag: u8, over: Overrides, size: u64) -> Result<Entry, TarError> {
        let kind = match flag {
            b'0' | 0 | b'7' => Kind::File,
            b'1' => Kind::HardLink,
            b'2' => Kind::Symlink,
            b'3' | b'4' => Kind::Device,
            b'5' => Kind::Directory,
            b'6' => Kind::Fifo,
            b'S' => return malformed("sparse files in a layer are not supported"),
            other => return malformed(format!("archive entry of unknown type {:?}", char::from(other))),
        };
        let path = over.path.unwrap_or_else(|| ustar_path(block));
        let link = over.link.unwrap_or_else(|| field(&block[157..257]).to_vec());
        if path.len() > MAX_PATH_BYTES || link.len() > MAX_PATH_BYTES {
            return Err(TarError::Limit(format!("a path in the archive is longer than {MAX_PATH_BYTES} bytes")));
        }
        // Old archives say "directory" by a slash at the end of a regular file's name.
        let kind = if kind == Kind::File && path.last() == Some(&b'/') { Kind::Directory } else { kind };
        let size = if kind == Kind::File { over.size.unwrap_or(size) } else { 0 };
        if size > MAX_FILE_BYTES {
            return Err(TarError::Limit(format!("a file of {size} bytes in the archive")));
        }
        self.left = size;
        self.padding = size.next_multiple_of(BLOCK as u64) - size;
        let id = |over: Option<u32>, range: &[u8]| match over {
            Some(id) => Ok(id),
            None => number(range).and_then(|n| u32::try_from(n).or_else(|_| malformed("an id above 2^32"))),
        };
        Ok(Entry {
            kind,
            mode: (number(&block[100..108])? & 0o7777) as u32,
            uid: id(over.uid, &block[108..116])?,
            gid: id(over.gid, &block[116..124])?,
            size,
            mtime_secs: over.mtime_secs.unwrap_or(i64::try_from(number(&block[136..148])?).unwrap_or(0)),
            capability: over.capability,
            path,
            link,
        })
    }

    /// Reads content of the current entry; 0 at its end.
    pub(crate) fn read_content(&mut self, buffer: &mut [u8]) -> Result<usize, TarError> {
        let want = buffer.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        if want == 0 {
            return Ok(0);
        }
        let n = self.inner.read(&mut buffer[..want])?;
        if n == 0 {
            return malformed("the archive ends in the middle of a file");
        }
        self.left -= n as u64;
        Ok(n)
    }

    fn extension(&mut self, size: u64, limit: u64) -> Result<Vec<u8>, TarError> {
        if size > limit {
            return Err(TarError::Limit(format!("an extended header of {size} bytes, the limit is {limit}")));
        }
        let mut data = vec![0; size as usize];
        self.inner.read_exact(&mut data).map_err(cut_off)?;
        self.skip(size.next_multiple_of(BLOCK as u64) - size)?;
        Ok(data)
    }

    fn skip(&mut self, mut count: u64) -> Result<(), TarError> {
        let mut buffer = [0u8; 8192];
        while count > 0 {
            let want = buffer.len().min(usize::try_from(count).unwrap_or(usize::MAX));
            self.inner.read_exact(&mut buffer[..want]).map_err(cut_off)?;
            count -= want as u64;
        }
        Ok(())
    }

    /// False at a clean end of the stream.
    fn read_block(&mut self, block: &mut [u8; BLOCK]) -> Result<bool, TarError> {
        let mut have = 0;
        while have < BLOCK {
            match self.inner.read(&mut block[have..]) {
                Ok(0) if have == 0 => return Ok(false),
                Ok(0) => return malformed("the archive ends in the middle of a header"),
                Ok(n) => have += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(true)
    }
}

fn cut_off(e: io::Error) -> TarError {
    if e.kind() == io::ErrorKind::UnexpectedEof {
        TarError::Malformed("the archive is cut off".to_owned())
    } else {
        TarError::Io(e)
    }
}

/// Up to the first NUL.
fn field(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len())]
}

fn trim_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    let len = field(&bytes).len();
    bytes.truncate(len);
    bytes
}

fn ustar_path(block: &[u8; BLOCK]) -> Vec<u8> {
    let name = field(&block[0..100]);
    let prefix = field(&block[345..500]);
    // Only POSIX archives ("ustar\0") have a prefix; GNU ones ("ustar ") keep times there.
    if &block[257..263] == b"ustar\0" && !prefix.is_empty() { [prefix, b"/", name].concat() } else { name.to_vec() }
}

fn check_sum(block: &[u8; BLOCK]) -> Result<(), TarError> {
    let want = number(&block[148..156])?;
    let sum: u64 =
        block.iter().enumerate().map(|(i, b)| if (148..156).contains(&i) { 32 } else { u64::from(*b) }).sum();
    if sum == want { Ok(()) } else { malformed("archive header with a wrong checksum") }
}

/// Octal text, or GNU's big-endian binary with the top bit set. Negative numbers are refused,
/// but for times, which the caller lets fall to zero by taking what fits.
fn number(bytes: &[u8]) -> Result<u64, TarError> {
    if bytes[0] & 0x80 != 0 {
        if bytes[0] & 0x40 != 0 {
            return Ok(0);
        }
        let mut value: u64 = u64::from(bytes[0] & 0x3f);
        for b in &bytes[1..] {
            value = value
                .checked_mul(256)
                .map(|v| v | u64::from(*b))
                .ok_or_else(|| TarError::Malformed("a number in the archive is too large".to_owned()))?;
        }
        return Ok(value);
    }
    let text = field(bytes);
    let text = std::str::from_utf8(text).unwrap_or("?").trim();
    if text.is_empty() {
        return Ok(0);
    }
    u64::from_str_radix(text, 8).or_else(|_| malformed("archive header with a broken number"))
}

/// `<length> <key>=<value>\n`, repeated.
fn pax(mut text: &[u8], over: &mut Overrides) -> Result<(), TarError> {
    let broken = || TarError::Malformed("a broken pax header".to_owned());
    while !text.is_empty() {
        let space = text.iter().position(|b| *b == b' ').ok_or_else(broken)?;
        let len: usize = std::str::from_utf8(&text[..space]).ok().and_then(|t| t.parse().ok()).ok_or_else(broken)?;
        if len <= space + 1 || len > text.len() || text[len - 1] != b'\n' {
            return Err(broken());
        }
        let record = &text[space + 1..len - 1];
        let equals = record.iter().position(|b| *b == b'=').ok_or_else(broken)?;
        let (key, value) = (&record[..equals], &record[equals + 1..]);
        let digits = || std::str::from_utf8(value).ok();
        match key {
            b"path" => over.path = Some(value.to_vec()),
            b"linkpath" => over.link = Some(value.to_vec()),
            b"size" => over.size = Some(digits().and_then(|d| d.parse().ok()).ok_or_else(broken)?),
            b"uid" => over.uid = Some(digits().and_then(|d| d.parse().ok()).ok_or_else(broken)?),
            b"gid" => over.gid = Some(digits().and_then(|d| d.parse().ok()).ok_or_else(broken)?),
            b"mtime" => {
                let whole = digits().and_then(|d| d.split('.').next()?.parse().ok());
                over.mtime_secs = Some(whole.ok_or_else(broken)?);
            }
            b"SCHILY.xattr.security.capability" => over.capability = Some(value.to_vec()),
            _ if key.starts_with(b"GNU.sparse.") => return malformed("sparse files in a layer are not supported"),
            _ => {}
        }
        text = &text[len..];
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2048)) {
            let mut tar = TarReader::new(&bytes[..]);
            while let Ok(Some(_)) = tar.next_entry() {}
        }

        #[test]
        fn pax_never_panics(bytes in "[0-9]{0,3} ?[a-z=\\n]{0,20}") {
            let _ = pax(bytes.as_bytes(), &mut Overrides::default());
        }
    }

    #[test]
    fn numbers() {
        assert_eq!(number(b"0000644\0").unwrap(), 0o644);
        assert_eq!(number(b"        ").unwrap(), 0);
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 1, 0]).unwrap(), 256);
        assert_eq!(number(&[0xff; 8]).unwrap(), 0);
        assert!(number(&[0x80, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(number(b"9999999\0").is_err());
    }
}
