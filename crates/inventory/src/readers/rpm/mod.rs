//! rpm's database in its three forms; each holds the same header blob for each package.
//!
//! The readers trust no offset and no length: what they take out of a file in all is never more than the file.

mod bdb;
mod header;
mod ndb;
mod sqlite;

use crate::findings::Findings;
use crate::limits::MAX_RPM_HEADER_BYTES;

pub(crate) use bdb::read as read_bdb;
pub(crate) use ndb::read as read_ndb;
pub(crate) use sqlite::read as read_sqlite;

/// Blobs taken from a database, counted: in a whole database they do not overlap, so that together they are
/// smaller than the file. One made to have the same bytes read over and over ends here.
struct Budget {
    left: usize,
}

impl Budget {
    fn new(file: &[u8]) -> Self {
        Self { left: file.len() }
    }

    fn take(&mut self, bytes: usize) -> Result<(), String> {
        if bytes > MAX_RPM_HEADER_BYTES {
            return Err(format!("a header of {bytes} bytes, the limit is {MAX_RPM_HEADER_BYTES}"));
        }
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => return Err("its records overlap or lie outside of it".to_owned()),
        }
        Ok(())
    }
}

fn package(blob: &[u8], found: &mut Findings) {
    match header::read(blob) {
        Ok(Some((package, header))) => {
            if found.push(package) {
                header.files(|path| found.own(path));
            }
        }
        Ok(None) => {}
        Err(why) => found.damaged(why),
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    array(bytes, at).map(|raw| usize::from(u16::from_be_bytes(raw)))
}

fn be32(bytes: &[u8], at: usize) -> Option<usize> {
    array(bytes, at).and_then(|raw| usize::try_from(u32::from_be_bytes(raw)).ok())
}

fn le32(bytes: &[u8], at: usize) -> Option<usize> {
    array(bytes, at).and_then(|raw| usize::try_from(u32::from_le_bytes(raw)).ok())
}
