//! One reader per file format: bytes in, [`Findings`] out. A reader never fails: what it cannot make out is a
//! fault among its findings.

mod apk;
mod cargo;
mod dpkg;
mod elf;
mod elf_window;
mod go_mod;
mod jar;
mod npm;
mod os_release;
mod python;
mod rpm;
mod zip;

use std::borrow::Cow;
use std::io::Read;

use crate::findings::Findings;
use crate::wanted::Reader;

/// Reads one file. `path` tells names that the content does not; `data` ends where the file ends.
pub(crate) fn read(reader: Reader, path: &str, data: &mut dyn Read) -> Findings {
    let mut found = Findings::default();
    match reader {
        Reader::Elf => elf::read(data, &mut found),
        Reader::Jar => jar::read(path, data, &mut found),
        _ => {
            let mut bytes = Vec::new();
            // If it fails, the layer itself broke off, which whoever owns it notices.
            if data.read_to_end(&mut bytes).is_ok() {
                held(reader, path, &bytes, &mut found);
            }
        }
    }
    found
}

/// Formats that are read from the whole file.
fn held(reader: Reader, path: &str, bytes: &[u8], found: &mut Findings) {
    match reader {
        Reader::OsRelease => found.os = os_release::read(&text(bytes)),
        Reader::AlpineRelease => found.os = os_release::alpine(&text(bytes)),
        Reader::RedhatRelease => found.os = os_release::redhat(&text(bytes)),
        Reader::DebianVersion => found.os = os_release::debian(&text(bytes)),
        Reader::ApkRepositories => found.repositories = apk::repositories(&text(bytes)),
        Reader::Dpkg => dpkg::read(&text(bytes), found),
        Reader::DpkgFiles => dpkg::files(path, &text(bytes), found),
        Reader::Apk => apk::read(&text(bytes), found),
        Reader::RpmSqlite => rpm::read_sqlite(bytes, found),
        Reader::RpmNdb => rpm::read_ndb(bytes, found),
        Reader::RpmBdb => rpm::read_bdb(bytes, found),
        Reader::NpmManifest => npm::manifest(bytes, found),
        Reader::NpmLock => npm::lock(bytes, found),
        Reader::YarnLock => npm::yarn(&text(bytes), found),
        Reader::PnpmLock => npm::pnpm(&text(bytes), found),
        Reader::PythonMetadata => python::metadata(&text(bytes), found),
        Reader::PythonLock => python::lock(&text(bytes), found),
        Reader::PipfileLock => python::pipfile_lock(bytes, found),
        Reader::Requirements => python::requirements(&text(bytes), found),
        Reader::CargoLock => cargo::lock(&text(bytes), found),
        Reader::GoMod => go_mod::go_mod(&text(bytes), found),
        Reader::GoSum => go_mod::go_sum(&text(bytes), found),
        // A write-ahead log is told by being there; the others are not held.
        Reader::RpmLog | Reader::Elf | Reader::Jar => {}
    }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
