//! Archives, told by their bytes.

use std::fs::File;
use std::io::{self, Read};

use super::limits;
use crate::{Error, Result};

/// Bytes that tell what something is: a tar's mark ends at 262.
const HEAD: usize = 512;
/// Bytes of one file in a zip.
const MAX_ZIPPED: u64 = 8 << 30;

/// Takes a file of an archive, by its name.
pub(super) type Member<'m> = dyn FnMut(&str, &mut dyn Read) -> Result<()> + 'm;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gzip,
    Zstd,
    Zip,
    Tar,
    Json,
    Other,
}

pub(super) fn is_zip(magic: &[u8]) -> bool {
    magic.starts_with(b"PK\x03\x04") || magic.starts_with(b"PK\x05\x06")
}

/// A stream whose first bytes were looked at.
pub(super) struct Peeked<'r> {
    head: Vec<u8>,
    at: usize,
    rest: &'r mut dyn Read,
}

impl<'r> Peeked<'r> {
    pub(super) fn new(rest: &'r mut dyn Read) -> io::Result<Self> {
        let mut head = Vec::with_capacity(HEAD);
        Read::take(&mut *rest, HEAD as u64).read_to_end(&mut head)?;
        Ok(Self { head, at: 0, rest })
    }

    pub(super) fn kind(&self) -> Kind {
        let head = self.head.as_slice();
        if head.starts_with(&[0x1f, 0x8b]) {
            Kind::Gzip
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Kind::Zstd
        } else if is_zip(head) {
            Kind::Zip
        } else if head.get(257..262) == Some(b"ustar") {
            Kind::Tar
        } else {
            let first = head.iter().find(|b| !b.is_ascii_whitespace());
            if matches!(first, Some(b'{' | b'[')) { Kind::Json } else { Kind::Other }
        }
    }
}

impl Read for Peeked<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.head.len() {
            return self.rest.read(buffer);
        }
        let read = (&self.head[self.at..]).read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

/// The regular files of a tar.
pub(super) fn tar(reader: impl Read, name: &str, member: &mut Member<'_>) -> Result<()> {
    let mut archive = tar::Archive::new(reader);
    for entry in archive.entries().map_err(|e| Error::import(name, e))? {
        let mut entry = entry.map_err(|e| Error::import(name, e))?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let inner = String::from_utf8_lossy(&entry.path_bytes()).chars().take(200).collect::<String>();
        member(&format!("{name}!{inner}"), &mut entry)?;
    }
    // What wraps the archive is to be whole too: its end tells.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(|e| Error::import(name, e))?;
    Ok(())
}

pub(super) fn zip(file: File, name: &str, member: &mut Member<'_>) -> Result<()> {
    let mut archive = zip::ZipArchive::new(io::BufReader::new(file)).map_err(|e| Error::import(name, e))?;
    if archive.len() as u64 > limits::MAX_FILES {
        return Err(Error::import(name, format!("more than {} files", limits::MAX_FILES)));
    }
    for number in 0..archive.len() {
        let entry = archive.by_index(number).map_err(|e| Error::import(name, e))?;
        if !entry.is_file() {
            continue;
        }
        let inner: String = entry.name().unwrap_or_default().chars().take(200).collect();
        member(&format!("{name}!{inner}"), &mut entry.take(MAX_ZIPPED))?;
    }
    Ok(())
}
