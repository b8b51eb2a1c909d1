//! A window that moves over a binary, and the map from its addresses to places in the file.

use std::io::{self, Read};
use std::ops::Range;

/// Bytes read at a time.
const CHUNK_BYTES: usize = 256 << 10;

pub(super) struct Window<'a> {
    data: &'a mut dyn Read,
    bytes: Vec<u8>,
    /// Of `bytes[0]` in the file.
    base: u64,
    /// Up to where [`Window::advance`] has given out positions.
    given: usize,
    at_end: bool,
}

impl<'a> Window<'a> {
    /// Bytes that are there behind every position given out, the file's end apart: more than any mark has, and
    /// more than deflate's own tables take before the first byte of text comes out.
    pub(super) const OVERLAP: usize = 512;

    pub(super) fn new(data: &'a mut dyn Read) -> Self {
        Self { data, bytes: Vec::new(), base: 0, given: 0, at_end: false }
    }

    /// The next positions to look at; `None` when the file is through. What was given before is forgotten.
    pub(super) fn advance(&mut self) -> io::Result<Option<Range<usize>>> {
        self.bytes.drain(..self.given);
        self.base += self.given as u64;
        self.given = 0;
        self.ensure(CHUNK_BYTES)?;
        let end = if self.at_end { self.bytes.len() } else { self.bytes.len().saturating_sub(Self::OVERLAP) };
        self.given = end;
        Ok((end > 0).then_some(0..end))
    }

    /// Reads on until there are `length` bytes in the window, or the file ends.
    pub(super) fn ensure(&mut self, length: usize) -> io::Result<()> {
        let missing = length.saturating_sub(self.bytes.len());
        if missing > 0 && !self.at_end {
            let read = (&mut *self.data).take(missing as u64).read_to_end(&mut self.bytes)?;
            self.at_end = read < missing;
        }
        Ok(())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Of a position of the window, in the file.
    pub(super) fn offset(&self, at: usize) -> u64 {
        self.base + at as u64
    }

    /// Of an offset in the file, in the window; `None` if it has gone by. It may lie ahead.
    pub(super) fn position(&self, offset: u64) -> Option<usize> {
        offset.checked_sub(self.base).and_then(|at| usize::try_from(at).ok())
    }
}

/// An ELF file's loaded segments. <https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html>
pub(super) struct Segments {
    /// Address, offset, bytes in the file.
    loads: Vec<(u64, u64, u64)>,
}

impl Segments {
    /// From the file's first window: the program headers follow right after the file's own.
    pub(super) fn parse(file: &[u8]) -> Self {
        Self { loads: Self::loads(file).unwrap_or_default() }
    }

    fn loads(file: &[u8]) -> Option<Vec<(u64, u64, u64)>> {
        const PT_LOAD: u64 = 1;
        let wide = *file.get(4)? == 2;
        let big_endian = *file.get(5)? == 2;
        let number = |at: usize, bytes: usize| -> Option<u64> {
            let raw = file.get(at..at.checked_add(bytes)?)?;
            let fold = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
            Some(if big_endian { raw.iter().fold(0, fold) } else { raw.iter().rev().fold(0, fold) })
        };
        let word = if wide { 8 } else { 4 };
        let table = usize::try_from(number(if wide { 0x20 } else { 0x1c }, word)?).ok()?;
        let size = number(if wide { 0x36 } else { 0x2a }, 2)? as usize;
        let count = number(if wide { 0x38 } else { 0x2c }, 2)? as usize;
        let mut loads = Vec::new();
        for at in 0..count {
            let head = table.checked_add(at.checked_mul(size)?)?;
            // Headers out of the window are none: the loop ends with them.
            let kind = number(head, 4)?;
            let (offset, address, bytes) = if wide { (8, 16, 32) } else { (4, 8, 16) };
            if kind == PT_LOAD {
                loads.push((number(head + address, word)?, number(head + offset, word)?, number(head + bytes, word)?));
            }
        }
        Some(loads)
    }

    /// Where the byte at `address` is in the file.
    pub(super) fn offset(&self, address: u64) -> Option<u64> {
        self.loads.iter().find_map(|(start, offset, bytes)| {
            let into = address.checked_sub(*start).filter(|into| into < bytes)?;
            offset.checked_add(into)
        })
    }
}
