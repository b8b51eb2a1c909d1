//! `Packages.db`, rpm's own format ("ndb", of SUSE): pages of slots, each naming a blob in 16-byte blocks.
//! The layout is that of rpm's `lib/backend/ndb/rpmpkg.c`; all numbers are little-endian.

use super::{Budget, le32};
use crate::findings::Findings;

const MAGIC: &[u8] = b"RpmP";
const SLOT_MAGIC: &[u8] = b"Slot";
const BLOB_MAGIC: &[u8] = b"BlbS";
const PAGE_BYTES: usize = 4096;
/// Of a slot, a block, and a blob's head alike.
const UNIT_BYTES: usize = 16;
/// The file's header takes the place of the first slots.
const HEADER_BYTES: usize = 32;

pub(crate) fn read(file: &[u8], found: &mut Findings) {
    if file.is_empty() {
        return;
    }
    if let Err(why) = read_slots(file, found) {
        found.damaged(why);
    }
}

fn read_slots(file: &[u8], found: &mut Findings) -> Result<(), String> {
    if !file.starts_with(MAGIC) || le32(file, 4) != Some(0) {
        return Err("it is no ndb database of version 0".to_owned());
    }
    let pages = le32(file, 12).ok_or("its header is cut off")?;
    let end =
        pages.checked_mul(PAGE_BYTES).filter(|end| *end <= file.len()).ok_or("it has fewer pages than it says")?;
    let mut budget = Budget::new(file);
    for slot in file.get(HEADER_BYTES..end).unwrap_or_default().chunks_exact(UNIT_BYTES) {
        if !slot.starts_with(SLOT_MAGIC) {
            return Err("a slot is damaged".to_owned());
        }
        let (Some(index), Some(block)) = (le32(slot, 4), le32(slot, 8)) else { continue };
        // A free slot.
        if block == 0 {
            continue;
        }
        match blob(file, index, block).filter(|_| index != 0) {
            Some(blob) => {
                budget.take(blob.len())?;
                super::package(blob, found);
            }
            None => found.damaged("a slot names no blob"),
        }
    }
    Ok(())
}

fn blob(file: &[u8], index: usize, block: usize) -> Option<&[u8]> {
    let head = file.get(block.checked_mul(UNIT_BYTES)?..)?;
    if !head.starts_with(BLOB_MAGIC) || le32(head, 4)? != index {
        return None;
    }
    head.get(UNIT_BYTES..UNIT_BYTES.checked_add(le32(head, 12)?)?)
}
