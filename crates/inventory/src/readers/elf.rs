//! Binaries that say what they were built from: Go's build information and cargo-auditable's list of crates.
//!
//! A binary is read once, front to back, through a window; what is looked for is known by its own marks, so that
//! the section table, which linkers put at the end, is not needed.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status};
use memchr::memmem;

use super::elf_window::{Segments, Window};
use super::{cargo, go_mod};
use crate::findings::Findings;
use crate::limits::MAX_BUILD_INFO_BYTES;
use crate::model::GapKind;

/// Starts `.go.buildinfo`, at an address (and so an offset) that 16 divides.
/// <https://go.dev/src/debug/buildinfo/buildinfo.go>
const GO_MAGIC: &[u8] = b"\xff Go buildinf:";
const GO_ALIGN: u64 = 16;
const GO_HEADER_BYTES: usize = 32;
/// In the header's flags: the strings follow inline (since Go 1.18); the pointers are big-endian.
const GO_INLINE: u8 = 2;
const GO_BIG_ENDIAN: u8 = 1;
/// Frame a module list wherever it lies, <https://go.dev/src/cmd/go/internal/modload/build.go>.
const MODULES_START: &[u8] = b"\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6";
const MODULES_END: &[u8] = b"\xf9\x32\x43\x31\x86\x18\x20\x72\x00\x82\x42\x10\x41\x16\xd8\xf2";
const MAX_TOOLCHAIN_BYTES: usize = 256;
/// Marks that turned out to be something else; a binary has one of each.
const MAX_FALSE_MARKS: usize = 64;
/// Places that may be the toolchain's version, for binaries that point to it.
const MAX_TOOLCHAINS: usize = 4096;
const TOOLCHAIN_MARK: &[u8] = b"go1.";

/// Of each such place: enough for a released toolchain's version.
const MAX_REMEMBERED_BYTES: usize = 64;

/// How the JSON of cargo-auditable begins.
const CRATES_START: &[u8] = b"{\"packages\":[";

pub(crate) fn read(data: &mut dyn Read, found: &mut Findings) {
    // An error is the layer's, and its owner knows of it.
    let _ = Scan::new(data).run(found);
}

struct Scan<'a> {
    window: Window<'a>,
    segments: Option<Segments>,
    modules: Option<Vec<u8>>,
    toolchains: Vec<(u64, Vec<u8>)>,
    /// Where the string header of the toolchain's version lies, once a pointer told.
    toolchain_at: Option<(u64, Pointers)>,
    is_go: bool,
    false_marks: usize,
    inflater: Decompress,
}

/// How a binary of Go before 1.18 writes its pointers.
#[derive(Clone, Copy)]
struct Pointers {
    bytes: usize,
    big_endian: bool,
}

impl Pointers {
    fn read(self, from: &[u8]) -> Option<u64> {
        let raw = from.get(..self.bytes)?;
        let fold = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if self.big_endian { raw.iter().fold(0, fold) } else { raw.iter().rev().fold(0, fold) })
    }
}

impl<'a> Scan<'a> {
    fn new(data: &'a mut dyn Read) -> Self {
        Self {
            window: Window::new(data),
            segments: None,
            modules: None,
            toolchains: Vec::new(),
            toolchain_at: None,
            is_go: false,
            false_marks: 0,
            inflater: Decompress::new(true),
        }
    }

    fn run(&mut self, found: &mut Findings) -> io::Result<()> {
        while let Some(range) = self.window.advance()? {
            if self.segments.is_none() {
                self.segments = Some(Segments::parse(self.window.bytes()));
            }
            self.remember_toolchains(range.clone());
            if self.modules.is_none() {
                self.find_modules(range.clone())?;
            }
            if self.find_go(range.clone(), found)? || self.follow_toolchain(found)? {
                return Ok(());
            }
            if !self.is_go && self.find_crates(range, found)? {
                return Ok(());
            }
        }
        // No version was come by: the modules still are what they are.
        if let Some(modules) = &self.modules {
            go_mod::module_info(&String::from_utf8_lossy(modules), found);
        }
        if self.is_go {
            found
                .fault(GapKind::Unsupported, "the version of the Go toolchain that built it is not where it points to");
        }
        Ok(())
    }

    /// Positions of `mark` that start in `range`.
    fn marks(&self, range: &std::ops::Range<usize>, mark: &[u8]) -> Vec<usize> {
        let bytes = self.window.bytes();
        let end = (range.end + mark.len() - 1).min(bytes.len());
        let found = memmem::find_iter(&bytes[range.start..end], mark);
        found.map(|at| at + range.start).take(MAX_TOOLCHAINS).collect()
    }

    fn remember_toolchains(&mut self, range: std::ops::Range<usize>) {
        for at in self.marks(&range, TOOLCHAIN_MARK) {
            if self.toolchains.len() >= MAX_TOOLCHAINS {
                return;
            }
            let text: Vec<u8> = self.window.bytes()[at..].iter().copied().take(MAX_REMEMBERED_BYTES).collect();
            self.toolchains.push((self.window.offset(at), text));
        }
    }

    fn find_modules(&mut self, range: std::ops::Range<usize>) -> io::Result<()> {
        for at in self.marks(&range, MODULES_START) {
            if self.false_marks >= MAX_FALSE_MARKS {
                break;
            }
            let start = at + MODULES_START.len();
            // Most lists are short: look near first.
            for most in [64 << 10, MAX_BUILD_INFO_BYTES] {
                self.window.ensure(start + most)?;
                let bytes = &self.window.bytes()[start..];
                let bytes = &bytes[..bytes.len().min(most)];
                if let Some(length) = memmem::find(bytes, MODULES_END) {
                    self.modules = Some(bytes[..length].to_vec());
                    return Ok(());
                }
            }
            // One search this far is dear; a handful is enough.
            self.false_marks += MAX_FALSE_MARKS / 4;
        }
        Ok(())
    }

    /// `true`: build information was found and told.
    fn find_go(&mut self, range: std::ops::Range<usize>, found: &mut Findings) -> io::Result<bool> {
        for at in self.marks(&range, GO_MAGIC) {
            if !self.window.offset(at).is_multiple_of(GO_ALIGN) || self.false_marks >= MAX_FALSE_MARKS {
                continue;
            }
            self.window.ensure(at + GO_HEADER_BYTES)?;
            let Some(header) = self.window.bytes().get(at..at + GO_HEADER_BYTES) else { continue };
            let (pointer_bytes, flags) = (usize::from(header[14]), header[15]);
            if flags & GO_INLINE != 0 {
                if let Some((toolchain, modules)) = self.inline(at + GO_HEADER_BYTES)? {
                    tell_go(&toolchain, &modules, found);
                    return Ok(true);
                }
            } else if matches!(pointer_bytes, 4 | 8) && flags <= GO_BIG_ENDIAN {
                let pointers = Pointers { bytes: pointer_bytes, big_endian: flags == GO_BIG_ENDIAN };
                let pointer = pointers.read(&header[16..]);
                if let Some(at) = pointer.and_then(|to| self.segments.as_ref()?.offset(to)) {
                    self.toolchain_at = Some((at, pointers));
                }
                self.is_go = true;
                continue;
            }
            self.false_marks += 1;
        }
        Ok(false)
    }

    /// Two strings, each behind its length: the toolchain and the framed module list.
    fn inline(&mut self, at: usize) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        let Some((toolchain, at)) = self.string(at, MAX_TOOLCHAIN_BYTES)? else { return Ok(None) };
        if !toolchain.starts_with(b"go") && !toolchain.starts_with(b"devel") {
            return Ok(None);
        }
        let Some((framed, _)) = self.string(at, MAX_BUILD_INFO_BYTES)? else { return Ok(None) };
        // A build outside of any module has no list.
        let list = framed.len().checked_sub(MODULES_END.len()).and_then(|end| framed.get(MODULES_START.len()..end));
        Ok(Some((toolchain, list.unwrap_or_default().to_vec())))
    }

    fn string(&mut self, at: usize, most: usize) -> io::Result<Option<(Vec<u8>, usize)>> {
        self.window.ensure(at + 10)?;
        let Some((length, start)) = uvarint(self.window.bytes(), at) else { return Ok(None) };
        let Some(length) = usize::try_from(length).ok().filter(|length| *length <= most) else { return Ok(None) };
        self.window.ensure(start + length)?;
        Ok(self.window.bytes().get(start..start + length).map(|bytes| (bytes.to_vec(), start + length)))
    }

    /// Once the string header comes by, the version is one of the places remembered.
    fn follow_toolchain(&mut self, found: &mut Findings) -> io::Result<bool> {
        let Some((offset, pointers)) = self.toolchain_at else { return Ok(false) };
        let Some(at) = self.window.position(offset) else { return Ok(false) };
        if at >= self.window.bytes().len() {
            return Ok(false);
        }
        self.toolchain_at = None;
        self.window.ensure(at + 2 * pointers.bytes)?;
        let header = self.window.bytes().get(at..).unwrap_or_default();
        let text = pointers.read(header).and_then(|to| self.segments.as_ref()?.offset(to));
        let length = header.get(pointers.bytes..).and_then(|rest| pointers.read(rest));
        let (Some(text), Some(length)) = (text, length) else { return Ok(false) };
        let place = self.toolchains.iter().find(|(place, _)| *place == text);
        let version = place.and_then(|(_, bytes)| bytes.get(..usize::try_from(length).ok()?));
        let Some(version) = version else { return Ok(false) };
        tell_go(version, self.modules.as_deref().unwrap_or_default(), found);
        Ok(true)
    }

    /// A zlib stream whose text begins as cargo-auditable's does.
    fn find_crates(&mut self, range: std::ops::Range<usize>, found: &mut Findings) -> io::Result<bool> {
        let starts: Vec<usize> = {
            let bytes = self.window.bytes();
            let candidates = memchr::memchr_iter(0x78, &bytes[range.clone()]).map(|at| at + range.start);
            candidates.filter(|at| matches!(bytes.get(at + 1), Some(0x01 | 0x5e | 0x9c | 0xda))).collect()
        };
        for at in starts {
            if !self.begins_crates(at) || self.false_marks >= MAX_FALSE_MARKS {
                continue;
            }
            match self.inflate(at)? {
                Some(json) => {
                    cargo::auditable(&json, found);
                    return Ok(true);
                }
                None => self.false_marks += MAX_FALSE_MARKS / 4,
            }
        }
        Ok(false)
    }

    fn begins_crates(&mut self, at: usize) -> bool {
        let bytes = &self.window.bytes()[at..];
        let mut text = [0; CRATES_START.len()];
        self.inflater.reset(true);
        let outcome =
            self.inflater.decompress(&bytes[..bytes.len().min(Window::OVERLAP)], &mut text, FlushDecompress::None);
        outcome.is_ok() && text == CRATES_START
    }

    /// The whole stream at `at`; `None` where it breaks off or is too long.
    fn inflate(&mut self, at: usize) -> io::Result<Option<Vec<u8>>> {
        const STEP: usize = 64 << 10;
        let mut inflater = Decompress::new(true);
        let mut text = Vec::new();
        let mut out = vec![0; STEP];
        loop {
            let taken = usize::try_from(inflater.total_in()).unwrap_or(usize::MAX);
            if taken > MAX_BUILD_INFO_BYTES || text.len() > MAX_BUILD_INFO_BYTES {
                return Ok(None);
            }
            self.window.ensure(at + taken + STEP)?;
            let input = self.window.bytes().get(at + taken..).unwrap_or_default();
            let input = &input[..input.len().min(STEP)];
            let before = (inflater.total_in(), inflater.total_out());
            let Ok(status) = inflater.decompress(input, &mut out, FlushDecompress::None) else { return Ok(None) };
            text.extend_from_slice(&out[..(inflater.total_out() - before.1) as usize]);
            match status {
                Status::StreamEnd => return Ok(Some(text)),
                _ if before == (inflater.total_in(), inflater.total_out()) => return Ok(None),
                _ => {}
            }
        }
    }
}

fn tell_go(toolchain: &[u8], modules: &[u8], found: &mut Findings) {
    let toolchain = String::from_utf8_lossy(toolchain);
    let library = go_mod::standard_library(&toolchain);
    if library.is_none() {
        let shown: String = toolchain.chars().take(80).collect();
        found.fault(GapKind::Unsupported, format!("built by a toolchain that is no release of Go: {shown:?}"));
    }
    found.push_some(library);
    go_mod::module_info(&String::from_utf8_lossy(modules), found);
}

/// Little-endian, seven bits a byte. Gives where it ends, too.
fn uvarint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for step in 0..9 {
        let byte = *bytes.get(at + step)?;
        value |= u64::from(byte & 0x7f) << (7 * step);
        if byte & 0x80 == 0 {
            return Some((value, at + step + 1));
        }
    }
    None
}
