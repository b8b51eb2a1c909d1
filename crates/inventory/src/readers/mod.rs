//! One reader per file format: bytes in, [`Findings`] out. A reader never fails: what it cannot make out is a
//! fault among its findings.

pub(crate) mod apk;
pub(crate) mod dpkg;
pub(crate) mod os_release;

use std::io::Read;

use crate::findings::Findings;
use crate::wanted::Reader;

/// Reads one file. `path` tells names that the content does not; `data` ends where the file ends.
pub(crate) fn read(reader: Reader, path: &str, data: &mut dyn Read) -> Findings {
    match reader {
        Reader::Elf | Reader::Jar => Findings::default(),
        _ => {
            let mut bytes = Vec::new();
            match data.read_to_end(&mut bytes) {
                Ok(_) => held(reader, path, &bytes),
                // The layer itself broke off, which whoever owns it notices.
                Err(_) => Findings::default(),
            }
        }
    }
}

fn held(reader: Reader, _path: &str, bytes: &[u8]) -> Findings {
    let mut found = Findings::default();
    match reader {
        Reader::OsRelease => found.os = os_release::read(&text(bytes)),
        Reader::AlpineRelease => found.os = os_release::alpine(&text(bytes)),
        Reader::RedhatRelease => found.os = os_release::redhat(&text(bytes)),
        Reader::DebianVersion => found.os = os_release::debian(&text(bytes)),
        Reader::ApkRepositories => found.repositories = apk::repositories(&text(bytes)),
        Reader::Dpkg => dpkg::read(&text(bytes), &mut found),
        Reader::Apk => apk::read(&text(bytes), &mut found),
        _ => {}
    }
    found
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
