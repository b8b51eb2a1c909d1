//! Java archives: the Maven coordinates that their files state, archives inside of them included.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use super::zip::{Budget, Member, ZipError, ZipReader};
use crate::findings::Findings;
use crate::limits::{MAX_JAR_BYTES, MAX_JAR_DEPTH, MAX_JAR_ENTRIES, MAX_JAR_FILE_BYTES, MAX_PATH_BYTES};
use crate::model::{Evidence, GapKind, Package, PackageKind};
use crate::paths::split;

/// Read at a time, for each level of nesting.
const BUFFER_BYTES: usize = 32 << 10;

pub(crate) fn read(path: &str, data: &mut dyn Read, found: &mut Findings) {
    let budget = Budget { bytes: Cell::new(MAX_JAR_BYTES), entries: Cell::new(MAX_JAR_ENTRIES) };
    archive(&budget, Place { file_name: split(path).1, inside: "", depth: 0 }, data, found);
}

/// Which archive is being read.
#[derive(Clone, Copy)]
struct Place<'a> {
    file_name: &'a str,
    /// The way to it from the outermost archive: `!/BOOT-INF/lib/x.jar`.
    inside: &'a str,
    depth: usize,
}

/// What an archive says of itself.
#[derive(Default)]
struct Stated {
    coordinates: Vec<Package>,
    manifest: BTreeMap<String, String>,
}

fn archive(budget: &Budget, place: Place<'_>, data: &mut dyn Read, found: &mut Findings) {
    let mut stated = Stated::default();
    if let Err(why) = members(budget, place, data, found, &mut stated) {
        let limit = budget.bytes.get() == 0 || matches!(why, ZipError::Limit);
        let kind = if limit { GapKind::FileTooLarge } else { GapKind::Damaged };
        found.fault(kind, [place.inside, &why.to_string()].join(" ").trim_start().to_owned());
    }
    if stated.coordinates.is_empty() {
        stated.coordinates.extend(by_manifest(place.file_name, &stated.manifest));
    }
    for mut package in stated.coordinates {
        place.inside.clone_into(&mut package.file_path);
        found.push(package);
    }
}

fn members(
    budget: &Budget,
    place: Place<'_>,
    data: &mut dyn Read,
    found: &mut Findings,
    stated: &mut Stated,
) -> Result<(), ZipError> {
    let mut buffered = BufReader::with_capacity(BUFFER_BYTES, data);
    let mut zip = ZipReader::new(&mut buffered, budget);
    while let Some(member) = zip.next_member()? {
        zip.visit(&member, |data| {
            if let Some(data) = data {
                inspect(budget, place, &member, data, found, stated);
            }
        })?;
    }
    Ok(())
}

fn inspect(
    budget: &Budget,
    place: Place<'_>,
    member: &Member,
    data: &mut dyn Read,
    found: &mut Findings,
    stated: &mut Stated,
) {
    let name = member.name.as_str();
    if name == "META-INF/MANIFEST.MF" {
        stated.manifest = manifest(&head(data));
    } else if name.starts_with("META-INF/maven/") && name.ends_with("/pom.properties") {
        stated.coordinates.extend(pom_properties(&head(data)));
    } else if is_archive(name) {
        let inside = format!("{}!/{name}", place.inside);
        if place.depth + 1 >= MAX_JAR_DEPTH || inside.len() > MAX_PATH_BYTES {
            return found.fault(GapKind::TooMany, format!("archives are nested deeper than {MAX_JAR_DEPTH}"));
        }
        let nested = Place { file_name: split(name).1, inside: &inside, depth: place.depth + 1 };
        archive(budget, nested, data, found);
    }
}

fn is_archive(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| {
        ["jar", "war", "ear", "par"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

fn head(data: &mut dyn Read) -> String {
    let mut bytes = Vec::new();
    // What breaks off here breaks off for the archive's own reader, too.
    let _ = data.take(MAX_JAR_FILE_BYTES).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What Maven writes into what it builds: `groupId=…`, `artifactId=…`, `version=…`.
fn pom_properties(text: &str) -> Option<Package> {
    let value = |key: &str| {
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        let value = lines.find_map(|line| line.split_once('=').filter(|(at, _)| at.trim() == key))?.1.trim();
        // Left as the build's own variable: no version.
        (!value.is_empty() && !value.contains("${")).then_some(value)
    };
    let name = format!("{}:{}", value("groupId")?, value("artifactId")?);
    Some(Package::new(PackageKind::Maven, name, value("version")?, Evidence::Installed))
}

/// The main section: `Name: value`, a line that begins with a space goes on with the one before.
/// <https://docs.oracle.com/en/java/javase/21/docs/specs/jar/jar.html#jar-manifest>
fn manifest(text: &str) -> BTreeMap<String, String> {
    let mut attributes = BTreeMap::new();
    let mut last: Option<(String, String)> = None;
    for line in text.lines() {
        if line.is_empty() {
            break;
        }
        match (line.strip_prefix(' '), &mut last) {
            (Some(rest), Some((_, value))) => value.push_str(rest),
            _ => {
                attributes.extend(last.take());
                last = line.split_once(':').map(|(key, value)| (key.to_ascii_lowercase(), value.trim().to_owned()));
            }
        }
    }
    attributes.extend(last);
    attributes
}

/// For archives without Maven's files: the file's name in Maven's own form, then the manifest.
fn by_manifest(file_name: &str, manifest: &BTreeMap<String, String>) -> Option<Package> {
    let of = |keys: &[&str]| {
        let values = keys.iter().filter_map(|key| manifest.get(*key));
        values.map(|value| value.trim()).find(|value| !value.is_empty() && !value.contains("${"))
    };
    let stem = file_name.rsplit_once('.').map_or(file_name, |(stem, _)| stem);
    let named = stem.match_indices('-').find_map(|(at, _)| {
        let version = &stem[at + 1..];
        version.starts_with(|c: char| c.is_ascii_digit()).then(|| (&stem[..at], version))
    });
    // OSGi: `org.apache.commons.lang3;singleton:=true`.
    let bundle = of(&["bundle-symbolicname"]).and_then(|name| name.split(';').next()).map(str::trim);
    let stated = of(&["implementation-version", "bundle-version", "specification-version"]);
    let (artifact, version) = match named {
        Some(named) => named,
        None => (if stem.is_empty() { return None } else { stem }, stated?),
    };
    let by_bundle = || bundle?.strip_suffix(artifact)?.strip_suffix('.');
    let group = of(&["implementation-vendor-id"]).or_else(by_bundle).filter(|group| !group.contains([' ', ':']));
    let name = group.map_or_else(|| artifact.to_owned(), |group| format!("{group}:{artifact}"));
    Some(Package::new(PackageKind::Maven, name, version, Evidence::Installed))
}
