//! apk's database of installed packages, and the repositories that they come from.
//! One letter, a colon and a value a line: <https://wiki.alpinelinux.org/wiki/Apk_spec#Installed_Database_V2>.

use crate::findings::Findings;
use crate::limits::MAX_GAPS;
use crate::model::{Evidence, Package, PackageKind, SourcePackage};

#[derive(Default)]
struct Record<'a> {
    name: Option<&'a str>,
    version: Option<&'a str>,
    arch: Option<&'a str>,
    origin: Option<&'a str>,
    license: Option<&'a str>,
    directory: &'a str,
    files: Vec<String>,
}

pub(crate) fn read(text: &str, found: &mut Findings) {
    let mut record = Record::default();
    for line in text.lines() {
        if line.is_empty() {
            finish(std::mem::take(&mut record), found);
            continue;
        }
        let Some((key, value)) = line.split_once(':') else {
            found.damaged("a line has no key");
            continue;
        };
        match key {
            "P" => record.name = Some(value),
            "V" => record.version = Some(value),
            "A" => record.arch = Some(value),
            "o" => record.origin = Some(value),
            "L" => record.license = Some(value),
            // A directory, then the files in it.
            "F" => record.directory = value,
            "R" => record.files.push(format!("{}/{value}", record.directory)),
            _ => {}
        }
    }
    finish(record, found);
}

fn finish(record: Record<'_>, found: &mut Findings) {
    let Some(name) = record.name else { return };
    let Some(version) = record.version else {
        return found.damaged(format!("package {name:.80} has no version"));
    };
    let mut package = Package::new(PackageKind::Apk, name, version, Evidence::Database);
    let set = |value: Option<&str>| value.filter(|value| !value.is_empty()).map(str::to_owned);
    package.arch = set(record.arch);
    package.license = set(record.license);
    // An origin's packages are built together and bear one version.
    let origin = set(record.origin).unwrap_or_else(|| name.to_owned());
    package.source = Some(SourcePackage { name: origin, version: version.to_owned() });
    if found.push(package) {
        record.files.iter().for_each(|path| found.own(path));
    }
}

/// `/etc/apk/repositories`: a URL or path a line, perhaps behind `@tag`.
pub(crate) fn repositories(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.take(MAX_GAPS).map(str::to_owned).collect()
}
