//! From the tree as the last layer left it to an inventory: which files count, and what the system adds to them.

use std::collections::{BTreeMap, BTreeSet};

use crate::findings::file_key;
use crate::limits::MAX_GAPS;
use crate::model::{Gap, GapKind, Inventory, OsRelease, Package, PackageKind};
use crate::paths::split;
use crate::tree::{Kept, Tree};
use crate::wanted::{APK_REPOSITORIES, OS_RELEASE, Reader, WELL_KNOWN};

pub(crate) fn inventory(tree: &Tree, layers: &[String], gaps: Vec<Gap>) -> Inventory {
    let layer = |at: u16| layers.get(usize::from(at)).cloned().unwrap_or_default();
    let os = os(tree);
    let distro = os.as_ref().map(|os| match &os.version_id {
        Some(version) => format!("{}-{version}", os.id),
        None => match &os.version_codename {
            Some(codename) => format!("{}-{codename}", os.id),
            None => os.id.clone(),
        },
    });
    let mut inventory = Inventory { os, packages: Vec::new(), gaps, apk_repositories: Vec::new() };
    for (path, kept) in tree.files() {
        for (kind, detail) in &kept.findings.faults {
            let gap = Gap { kind: *kind, layer: layer(kept.layer), path: path.clone(), detail: detail.clone() };
            push_gap(&mut inventory.gaps, gap);
        }
        if is_superseded(tree, path, kept.reader) {
            continue;
        }
        for (package, of) in kept.findings.packages.iter().zip(&kept.package_layers) {
            let mut package = package.clone();
            // A reader of archives tells the path inside.
            package.file_path = format!("{path}{}", package.file_path);
            package.layer = layer(*of);
            if package.kind.is_os() {
                package.namespace = inventory.os.as_ref().map(|os| os.id.clone());
                package.distro.clone_from(&distro);
            }
            inventory.packages.push(package);
        }
    }
    inventory.apk_repositories =
        well_known(tree, APK_REPOSITORIES).map_or_else(Vec::new, |kept| kept.findings.repositories.clone());
    for (path, reader, at, target) in tree.well_known_links() {
        let is_stand_in = matches!(reader, Reader::AlpineRelease | Reader::RedhatRelease | Reader::DebianVersion);
        if !is_stand_in && target.as_ref().is_none_or(|target| !tree.files().contains_key(target)) {
            let detail = format!("a link to {:.200}, which was not read", target.unwrap_or_default());
            let gap = Gap { kind: GapKind::BrokenLink, layer: layer(at), path: path.to_owned(), detail };
            push_gap(&mut inventory.gaps, gap);
        }
    }
    owners(tree, &mut inventory.packages);
    sort(&mut inventory.packages);
    inventory
}

/// Language packages whose file a package of the system brought.
fn owners(tree: &Tree, packages: &mut [Package]) {
    let key = |package: &Package| file_key(package.file_path.split("!/").next().unwrap_or_default());
    let wanted: BTreeSet<u64> = packages.iter().filter(|package| !package.kind.is_os()).map(key).collect();
    let mut owners: BTreeMap<u64, &str> = BTreeMap::new();
    for kept in tree.files().values() {
        for (file, package) in kept.findings.owned.iter().filter(|(file, _)| wanted.contains(file)) {
            let by_index = kept.findings.packages.get(*package as usize).map(|package| package.name.as_str());
            owners.extend(kept.findings.owner.as_deref().or(by_index).map(|owner| (*file, owner)));
        }
    }
    for package in packages.iter_mut().filter(|package| !package.kind.is_os()) {
        package.owner = owners.get(&key(package)).map(|owner| (*owner).to_owned());
    }
}

/// What stands at a well-known path, through links.
fn well_known<'a>(tree: &'a Tree, path: &str) -> Option<&'a Kept> {
    tree.files().get(&tree.resolve(path, true)?)
}

fn os(tree: &Tree) -> Option<OsRelease> {
    let older = WELL_KNOWN.iter().map(|(path, _)| path).filter(|path| !OS_RELEASE.contains(path));
    let mut paths = OS_RELEASE.iter().chain(older);
    paths.find_map(|path| well_known(tree, path)?.findings.os.clone())
}

/// A file that another one beside it makes stale: the leftovers of an rpm database in an older format, and `go.sum`,
/// which also lists versions that were not chosen, beside a `go.mod` that lists all that were.
fn is_superseded(tree: &Tree, path: &str, reader: Reader) -> bool {
    let (parent, _) = split(path);
    let beside = |name: &str| {
        let sibling = if parent.is_empty() { name.to_owned() } else { format!("{parent}/{name}") };
        tree.files().get(&sibling).is_some_and(|kept| !kept.findings.packages.is_empty())
    };
    match reader {
        Reader::RpmBdb => beside("Packages.db") || beside("rpmdb.sqlite"),
        Reader::RpmNdb => beside("rpmdb.sqlite"),
        Reader::GoSum => beside("go.mod"),
        _ => false,
    }
}

fn push_gap(gaps: &mut Vec<Gap>, gap: Gap) {
    if gaps.len() < MAX_GAPS {
        gaps.push(gap);
    } else if gaps.len() == MAX_GAPS {
        let detail = "more gaps are not listed".to_owned();
        gaps.push(Gap { kind: GapKind::TooMany, layer: String::new(), path: String::new(), detail });
    }
}

fn sort(packages: &mut Vec<Package>) {
    fn key(package: &Package) -> (PackageKind, &str, &str, Option<&str>, &str) {
        (package.kind, &package.name, &package.version, package.arch.as_deref(), &package.file_path)
    }
    packages.sort_by(|a, b| key(a).cmp(&key(b)));
    packages.dedup_by(|a, b| key(a) == key(b));
}
