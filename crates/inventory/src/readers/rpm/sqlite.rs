//! `rpmdb.sqlite`: the table `Packages` (hnum, blob) of a SQLite file, read page by page.
//! <https://www.sqlite.org/fileformat2.html>: table b-trees with overflow chains; no index, no SQL.

use super::{Budget, be16, be32};
use crate::findings::Findings;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// Page 1 begins with the file's header.
const FILE_HEADER_BYTES: usize = 100;
const INTERIOR: u8 = 0x05;
const LEAF: u8 = 0x0d;
/// Levels of a b-tree; SQLite itself stops at 20.
const MAX_DEPTH: usize = 20;

pub(crate) fn read(file: &[u8], found: &mut Findings) {
    if file.is_empty() {
        return;
    }
    if let Err(why) = read_packages(file, found) {
        found.damaged(why);
    }
}

fn read_packages(file: &[u8], found: &mut Findings) -> Result<(), String> {
    let mut database = Database::open(file).ok_or("it is no SQLite database")?;
    let mut root = None;
    // sqlite_schema: type, name, tbl_name, rootpage, sql.
    database.walk(1, |row| {
        let columns = columns(row, 4);
        if let [Column::Text(b"table"), Column::Text(b"Packages"), _, Column::Int(page)] = columns.as_slice() {
            root = usize::try_from(*page).ok();
        }
    })?;
    let root = root.ok_or("it has no table Packages")?;
    database.walk(root, |row| match columns(row, 2).as_slice() {
        [_, Column::Blob(blob)] => super::package(blob, found),
        _ => found.damaged("a row of Packages has no blob"),
    })
}

struct Database<'a> {
    file: &'a [u8],
    page_bytes: usize,
    /// A page without the bytes that extensions reserve at its end.
    usable: usize,
    budget: Budget,
    pages_left: usize,
}

impl<'a> Database<'a> {
    fn open(file: &'a [u8]) -> Option<Self> {
        if !file.starts_with(MAGIC) {
            return None;
        }
        let page_bytes = match be16(file, 16)? {
            1 => 65536,
            bytes if bytes.is_power_of_two() && bytes >= 512 => bytes,
            _ => return None,
        };
        let usable = page_bytes - usize::from(*file.get(20)?);
        let pages = file.len() / page_bytes;
        // The format's own floor: less would make the payload sums below go under zero.
        (usable >= 480).then(|| Self { file, page_bytes, usable, budget: Budget::new(file), pages_left: pages + 1 })
    }

    fn page(&self, number: usize) -> Option<&'a [u8]> {
        let start = number.checked_sub(1)?.checked_mul(self.page_bytes)?;
        self.file.get(start..start.checked_add(self.page_bytes)?)
    }

    /// Every row's record of the table b-tree at `root`.
    fn walk(&mut self, root: usize, mut row: impl FnMut(&[u8])) -> Result<(), String> {
        let mut stack = vec![(root, 0)];
        while let Some((number, depth)) = stack.pop() {
            // A tree has each page once: more visits than pages are a circle.
            self.pages_left = self.pages_left.checked_sub(1).ok_or("its b-tree runs in a circle")?;
            if depth > MAX_DEPTH {
                return Err("its b-tree is too deep".to_owned());
            }
            let page = self.page(number).ok_or("its b-tree leads out of the file")?;
            let head = if number == 1 { FILE_HEADER_BYTES } else { 0 };
            let cells = be16(page, head + 3).ok_or("a page is cut off")?;
            match page[head] {
                INTERIOR => {
                    stack.push((be32(page, head + 8).ok_or("a page is cut off")?, depth + 1));
                    for at in 0..cells {
                        let cell = be16(page, head + 12 + 2 * at).ok_or("a page has more cells than room")?;
                        stack.push((be32(page, cell).ok_or("a cell lies outside of its page")?, depth + 1));
                    }
                    if stack.len() > self.file.len() / self.page_bytes + cells + 1 {
                        return Err("its b-tree names pages more than once".to_owned());
                    }
                }
                LEAF => {
                    for at in 0..cells {
                        let cell = be16(page, head + 8 + 2 * at).ok_or("a page has more cells than room")?;
                        row(&self.payload(page, cell)?);
                    }
                }
                _ => return Err("a page of its b-tree is of no known kind".to_owned()),
            }
        }
        Ok(())
    }

    /// A leaf cell's record, with what overflows from its page.
    fn payload(&mut self, page: &[u8], cell: usize) -> Result<Vec<u8>, String> {
        const CUT: &str = "a cell is cut off";
        let (length, at) = varint(page, cell).ok_or(CUT)?;
        let (_row_id, at) = varint(page, at).ok_or(CUT)?;
        let length = usize::try_from(length).map_err(|_| CUT)?;
        self.budget.take(length)?;
        let most = self.usable - 35;
        if length <= most {
            return page.get(at..at + length).map(<[u8]>::to_vec).ok_or_else(|| CUT.to_owned());
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitted = least + (length - least) % (self.usable - 4);
        let local = if fitted <= most { fitted } else { least };
        let mut bytes = page.get(at..at + local).ok_or(CUT)?.to_vec();
        let mut next = be32(page, at + local).ok_or(CUT)?;
        while bytes.len() < length {
            let overflow = self.page(next).ok_or("an overflow chain leads out of the file")?;
            let take = (length - bytes.len()).min(self.usable - 4);
            bytes.extend_from_slice(&overflow[4..4 + take]);
            next = be32(overflow, 0).ok_or(CUT)?;
        }
        Ok(bytes)
    }
}

#[derive(Debug)]
enum Column<'a> {
    Int(i64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
    Other,
}

/// The first `count` columns of a record; fewer where it is cut off.
fn columns(record: &[u8], count: usize) -> Vec<Column<'_>> {
    let mut columns = Vec::new();
    let Some((header_bytes, mut at)) = varint(record, 0) else { return columns };
    let Ok(header_end) = usize::try_from(header_bytes) else { return columns };
    let mut data = header_end;
    while columns.len() < count && at < header_end {
        let Some((serial, next)) = varint(record, at) else { break };
        at = next;
        let length = match serial {
            0 | 8..=11 => 0,
            1..=4 => serial as usize,
            5 => 6,
            6 | 7 => 8,
            _ => usize::try_from((serial - 12) / 2).unwrap_or(usize::MAX),
        };
        let Some(value) = data.checked_add(length).and_then(|end| record.get(data..end)) else { break };
        data += length;
        columns.push(match serial {
            1..=6 => {
                let negative = value[0] & 0x80 != 0;
                Column::Int(value.iter().fold(if negative { -1 } else { 0 }, |sum, byte| sum << 8 | i64::from(*byte)))
            }
            8 => Column::Int(0),
            9 => Column::Int(1),
            12.. if serial % 2 == 0 => Column::Blob(value),
            13.. => Column::Text(value),
            _ => Column::Other,
        });
    }
    columns
}

/// Big-endian, seven bits a byte, the ninth byte whole. Gives where it ends, too.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for step in 0..9 {
        let byte = *bytes.get(at.checked_add(step)?)?;
        if step == 8 {
            return Some((value << 8 | u64::from(byte), at + 9));
        }
        value = value << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((value, at + step + 1));
        }
    }
    None
}
