//! `Packages`, a Berkeley DB hash file (RHEL up to 8, CentOS, Amazon Linux 2): header blobs as values, most of them
//! on chains of overflow pages. Written in the byte order of the machine that made it.

use super::{Budget, array};
use crate::findings::Findings;

const HASH_MAGIC: u32 = 0x0006_1561;
const PAGE_HEADER_BYTES: usize = 26;
const P_HASH_UNSORTED: u8 = 2;
const P_OVERFLOW: u8 = 7;
const P_HASH: u8 = 13;
const H_KEYDATA: u8 = 1;
const H_OFFPAGE: u8 = 3;

pub(crate) fn read(file: &[u8], found: &mut Findings) {
    if file.is_empty() {
        return;
    }
    if let Err(why) = read_pages(file, found) {
        found.damaged(why);
    }
}

fn read_pages(file: &[u8], found: &mut Findings) -> Result<(), String> {
    let database = Database::open(file).ok_or("it is no Berkeley DB hash file")?;
    let mut budget = Budget::new(file);
    // Page 0 is the file's own description.
    for page in file.chunks_exact(database.page_bytes).skip(1) {
        if !matches!(page[25], P_HASH | P_HASH_UNSORTED) {
            continue;
        }
        let items = database.items(page).ok_or("a page is damaged")?;
        for pair in items.chunks_exact(2) {
            let (key, value) = (pair[0], pair[1]);
            // Key 0 has the number that the next package gets.
            if key.get(1..) == Some(&[0; 4]) {
                continue;
            }
            match value.first() {
                Some(&H_KEYDATA) => {
                    budget.take(value.len())?;
                    super::package(&value[1..], found);
                }
                Some(&H_OFFPAGE) => super::package(&database.chain(value, &mut budget)?, found),
                _ => found.damaged("a value is of no known kind"),
            }
        }
    }
    Ok(())
}

struct Database<'a> {
    file: &'a [u8],
    page_bytes: usize,
    big_endian: bool,
}

impl<'a> Database<'a> {
    fn open(file: &'a [u8]) -> Option<Self> {
        let magic = array(file, 12)?;
        let big_endian = u32::from_be_bytes(magic) == HASH_MAGIC;
        if !big_endian && u32::from_le_bytes(magic) != HASH_MAGIC {
            return None;
        }
        let mut database = Self { file, page_bytes: 0, big_endian };
        database.page_bytes = database.u32(file, 20)?;
        // Encrypted files name an algorithm.
        let usable = (512..=65536).contains(&database.page_bytes) && database.page_bytes.is_power_of_two();
        (usable && file.get(24) == Some(&0)).then_some(database)
    }

    fn u32(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let raw = array(bytes, at)?;
        usize::try_from(if self.big_endian { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) }).ok()
    }

    fn u16(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let raw = array(bytes, at)?;
        Some(usize::from(if self.big_endian { u16::from_be_bytes(raw) } else { u16::from_le_bytes(raw) }))
    }

    /// The items of a hash page, keys and values in turn. They fill the page from its end towards its index.
    fn items(&self, page: &'a [u8]) -> Option<Vec<&'a [u8]>> {
        let count = self.u16(page, 20)?;
        let mut items = Vec::new();
        let mut end = page.len();
        for at in 0..count {
            let start = self.u16(page, PAGE_HEADER_BYTES + 2 * at)?;
            items.push(page.get(start..end)?);
            end = start;
        }
        Some(items)
    }

    /// A value on overflow pages: `kind, 3 unused, first page, length`.
    fn chain(&self, value: &[u8], budget: &mut Budget) -> Result<Vec<u8>, String> {
        const CUT: &str = "an overflow chain is damaged";
        let (mut number, length) = self.u32(value, 4).zip(self.u32(value, 8)).ok_or(CUT)?;
        budget.take(length)?;
        let mut bytes = Vec::new();
        // Every page of a chain has at least a byte of it, so that a circle ends with the length.
        while bytes.len() < length {
            let start = number.checked_mul(self.page_bytes).ok_or(CUT)?;
            let page = self.file.get(start..start.saturating_add(self.page_bytes)).ok_or(CUT)?;
            let on_page = self.u16(page, 22).ok_or(CUT)?;
            if page[25] != P_OVERFLOW || on_page == 0 {
                return Err(CUT.to_owned());
            }
            let data = page.get(PAGE_HEADER_BYTES..PAGE_HEADER_BYTES + on_page).ok_or(CUT)?;
            bytes.extend_from_slice(&data[..on_page.min(length - bytes.len())]);
            number = self.u32(page, 16).ok_or(CUT)?;
        }
        Ok(bytes)
    }
}
