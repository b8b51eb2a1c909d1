//! dpkg's database: `/var/lib/dpkg/status`, and `status.d/*` of images built without dpkg.
//! Paragraphs of `Field: value` lines, <https://www.debian.org/doc/debian-policy/ch-controlfields.html>.

use crate::findings::Findings;
use crate::model::{Evidence, Package, PackageKind, SourcePackage};
use crate::paths::split;

/// The files of one package: `info/<package>[:<arch>].list`, a path a line, or distroless' `<package>.md5sums`, a
/// checksum before each.
pub(crate) fn files(path: &str, text: &str, found: &mut Findings) {
    let name = split(path).1;
    let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    found.owner = Some(name.split(':').next().unwrap_or(name).to_owned());
    let has_sums = path.ends_with(".md5sums");
    for line in text.lines() {
        let path = if has_sums { line.split_once("  ").map(|(_, path)| path) } else { Some(line) };
        if let Some(path) = path.filter(|path| !path.is_empty()) {
            found.own(path);
        }
    }
}

#[derive(Default)]
struct Paragraph<'a> {
    package: Option<&'a str>,
    version: Option<&'a str>,
    status: Option<&'a str>,
    architecture: Option<&'a str>,
    source: Option<&'a str>,
}

pub(crate) fn read(text: &str, found: &mut Findings) {
    let mut paragraph = Paragraph::default();
    for line in text.lines() {
        if line.trim().is_empty() {
            finish(&std::mem::take(&mut paragraph), found);
            continue;
        }
        // Continuation lines begin with white space: descriptions, file lists.
        if line.starts_with([' ', '\t']) {
            continue;
        }
        let Some((field, value)) = line.split_once(':') else {
            found.damaged("a line is neither a field nor a continuation");
            continue;
        };
        let value = Some(value.trim());
        // Field names are case-insensitive.
        match field.to_ascii_lowercase().as_str() {
            "package" => paragraph.package = value,
            "version" => paragraph.version = value,
            "status" => paragraph.status = value,
            "architecture" => paragraph.architecture = value,
            "source" => paragraph.source = value,
            _ => {}
        }
    }
    finish(&paragraph, found);
}

fn finish(paragraph: &Paragraph<'_>, found: &mut Findings) {
    let Some(name) = paragraph.package else { return };
    // Distroless' files have no status: a file there is an installed package.
    if !paragraph.status.is_none_or(is_installed) {
        return;
    }
    let Some(version) = paragraph.version else {
        return found.damaged(format!("package {name:.80} has no version"));
    };
    let mut package = Package::new(PackageKind::Deb, name, version, Evidence::Database);
    package.arch = paragraph.architecture.map(str::to_owned);
    package.source = Some(source(paragraph.source, name, version));
    found.push(package);
}

/// `<want> <error> <state>`: what counts is the state. A package that is half installed or half configured has its
/// files on the disk; one with only its configuration left has not.
fn is_installed(status: &str) -> bool {
    let state = status.split_whitespace().next_back().unwrap_or_default();
    !matches!(state, "not-installed" | "config-files")
}

/// `Source: name (version)`, without the version where it is the package's own.
fn source(field: Option<&str>, name: &str, version: &str) -> SourcePackage {
    let Some(field) = field.filter(|field| !field.is_empty()) else {
        return SourcePackage { name: name.to_owned(), version: version.to_owned() };
    };
    let (source, of) = match field.split_once('(') {
        Some((source, rest)) => (source.trim(), rest.trim().trim_end_matches(')').trim()),
        None => (field, version),
    };
    SourcePackage { name: source.to_owned(), version: if of.is_empty() { version } else { of }.to_owned() }
}
