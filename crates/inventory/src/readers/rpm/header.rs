//! rpm's header: a table of tags, then their data. <https://rpm-software-management.github.io/rpm/manual/format_header.html>

use super::be32;
use crate::model::{Evidence, Package, PackageKind, SourcePackage};

const NAME: usize = 1000;
const VERSION: usize = 1001;
const RELEASE: usize = 1002;
const EPOCH: usize = 1003;
const LICENSE: usize = 1014;
const ARCH: usize = 1022;
const SOURCE_RPM: usize = 1044;
const DIRECTORY_INDEXES: usize = 1116;
const BASE_NAMES: usize = 1117;
const DIRECTORY_NAMES: usize = 1118;
const MODULARITY_LABEL: usize = 5096;

const TYPE_INT32: usize = 4;
const TYPE_STRING: usize = 6;
const TYPE_STRING_ARRAY: usize = 8;
const TYPE_I18N_STRING: usize = 9;

const ENTRY_BYTES: usize = 16;
/// Of one package.
const MAX_DIRECTORIES: usize = 200_000;
/// Longer values (no tag read here has one) are taken as missing.
const MAX_VALUE_BYTES: usize = 4096;

pub(super) struct Header<'a> {
    index: &'a [u8],
    data: &'a [u8],
}

impl<'a> Header<'a> {
    /// As in a database: without the magic that a package file's header begins with.
    fn parse(blob: &'a [u8]) -> Option<Self> {
        let (entries, data_bytes) = (be32(blob, 0)?, be32(blob, 4)?);
        let index_end = entries.checked_mul(ENTRY_BYTES)?.checked_add(8)?;
        let index = blob.get(8..index_end)?;
        let data = blob.get(index_end..index_end.checked_add(data_bytes)?)?;
        Some(Self { index, data })
    }

    fn find(&self, tag: usize, types: &[usize]) -> Option<&'a [u8]> {
        // Entries after the immutable region replace those inside of it, so the last one counts.
        let entries = self.index.chunks_exact(ENTRY_BYTES).rev();
        let mut of_tag = entries.filter(|entry| be32(entry, 0) == Some(tag));
        let entry = of_tag.find(|entry| be32(entry, 4).is_some_and(|of| types.contains(&of)))?;
        self.data.get(be32(entry, 8)?..)
    }

    fn text(&self, tag: usize) -> Option<String> {
        let value = self.find(tag, &[TYPE_STRING, TYPE_STRING_ARRAY, TYPE_I18N_STRING])?;
        let end = value.iter().take(MAX_VALUE_BYTES).position(|byte| *byte == 0)?;
        (end > 0).then(|| String::from_utf8_lossy(&value[..end]).into_owned())
    }

    /// An array of texts. The data after the array is no part of it: whoever asks knows how many there are.
    fn texts(&self, tag: usize) -> impl Iterator<Item = &'a [u8]> {
        self.find(tag, &[TYPE_STRING_ARRAY]).unwrap_or_default().split(|byte| *byte == 0)
    }

    /// Every file of the package: base names, each with the index of its directory.
    pub(super) fn files(&self, mut each: impl FnMut(&str)) {
        let entries = self.index.chunks_exact(ENTRY_BYTES);
        let count = entries.filter(|entry| be32(entry, 0) == Some(BASE_NAMES)).find_map(|entry| be32(entry, 12));
        let indexes = self.find(DIRECTORY_INDEXES, &[TYPE_INT32]).unwrap_or_default();
        let indexes = || indexes.chunks_exact(4).take(count.unwrap_or_default()).filter_map(|raw| be32(raw, 0));
        let directories: Vec<&[u8]> = match indexes().max() {
            Some(most) => self.texts(DIRECTORY_NAMES).take(most.min(MAX_DIRECTORIES) + 1).collect(),
            None => return,
        };
        for (name, index) in self.texts(BASE_NAMES).zip(indexes()) {
            let directory = directories.get(index).copied().unwrap_or_default();
            if directory.len() + name.len() <= MAX_VALUE_BYTES {
                each(&String::from_utf8_lossy(&[directory, name].concat()));
            }
        }
    }

    fn number(&self, tag: usize) -> Option<usize> {
        be32(self.find(tag, &[TYPE_INT32])?, 0)
    }
}

/// The package that a header describes; `None` for one that is no software (a public key of the keyring).
pub(super) fn read(blob: &[u8]) -> Result<Option<(Package, Header<'_>)>, String> {
    let header = Header::parse(blob).ok_or("a header is cut off or no header")?;
    let name = header.text(NAME).ok_or("a header has no name")?;
    if name == "gpg-pubkey" {
        return Ok(None);
    }
    let version = header.text(VERSION).ok_or_else(|| format!("package {name:.80} has no version"))?;
    let release = header.text(RELEASE).ok_or_else(|| format!("package {name:.80} has no release"))?;
    // An epoch of 0 and none are the same to rpm; advisories leave it out.
    let epoch = header.number(EPOCH).filter(|epoch| *epoch > 0).map_or_else(String::new, |epoch| format!("{epoch}:"));
    let mut package = Package::new(PackageKind::Rpm, name, format!("{epoch}{version}-{release}"), Evidence::Database);
    package.arch = header.text(ARCH);
    package.license = header.text(LICENSE);
    package.module = header.text(MODULARITY_LABEL).filter(|label| label != "(none)");
    package.source = header.text(SOURCE_RPM).and_then(|file| source(&file));
    Ok(Some((package, header)))
}

/// `bash-5.1.8-6.el9.src.rpm` → bash, 5.1.8-6.el9.
fn source(file: &str) -> Option<SourcePackage> {
    let stem = file.strip_suffix(".src.rpm").or_else(|| file.strip_suffix(".nosrc.rpm"))?;
    let (rest, release) = stem.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    Some(SourcePackage { name: name.to_owned(), version: format!("{version}-{release}") })
}
