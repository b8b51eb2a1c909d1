//! Go: modules named by `go.mod` and `go.sum`, and by the build information of a binary.

use std::collections::BTreeMap;

use crate::findings::Findings;
use crate::model::{Evidence, Package, PackageKind};

/// A module path and a version, or nothing where the version is no release (`(devel)`, a local directory).
fn package(path: &str, version: &str, evidence: Evidence) -> Option<Package> {
    let is_version = version.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    is_version.then(|| Package::new(PackageKind::Go, path, version, evidence))
}

/// `require` lines, with `replace` lines applied. <https://go.dev/ref/mod#go-mod-file>
pub(crate) fn go_mod(text: &str, found: &mut Findings) {
    let mut required: Vec<(&str, &str)> = Vec::new();
    let mut replaced: BTreeMap<(&str, Option<&str>), (&str, Option<&str>)> = BTreeMap::new();
    let mut block = "";
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default().trim();
        let mut words = line.split_whitespace().map(|word| word.trim_matches('"'));
        let Some(first) = words.next() else { continue };
        let verb = if block.is_empty() { first } else { block };
        if first == ")" {
            block = "";
            continue;
        }
        let mut rest: Vec<&str> = words.take(8).collect();
        if !block.is_empty() {
            rest.insert(0, first);
        } else if rest.first() == Some(&"(") {
            block = first;
            continue;
        }
        match (verb, rest.as_slice()) {
            ("require", [path, version, ..]) => required.push((path, version)),
            ("replace", [path, "=>", to, rest @ ..]) => {
                replaced.insert((path, None), (to, rest.first().copied()));
            }
            ("replace", [path, version, "=>", to, rest @ ..]) => {
                replaced.insert((path, Some(version)), (to, rest.first().copied()));
            }
            _ => {}
        }
    }
    for (path, version) in required {
        let replacement = replaced.get(&(path, Some(version))).or_else(|| replaced.get(&(path, None)));
        let (path, version) = match replacement {
            Some((to, Some(version))) => (*to, *version),
            // A directory: no version that an advisory could name.
            Some((_, None)) => continue,
            None => (path, version),
        };
        found.push_some(package(path, version, Evidence::Lock));
    }
}

/// Modules whose content `go.sum` has a hash of; lines of a `go.mod` alone took part in choosing only.
pub(crate) fn go_sum(text: &str, found: &mut Findings) {
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (Some(path), Some(version)) = (words.next(), words.next()) else { continue };
        if !version.ends_with("/go.mod") {
            found.push_some(package(path, version, Evidence::Lock));
        }
    }
}

/// The module list that `go version -m` shows: lines of tab-separated words, `mod`, `dep`, and `=>` for what
/// replaces the line before. <https://pkg.go.dev/runtime/debug#BuildInfo>
pub(crate) fn module_info(text: &str, found: &mut Findings) {
    let mut last: Option<Package> = None;
    for line in text.lines() {
        let mut words = line.split('\t');
        let verb = words.next().unwrap_or_default();
        let named = words.next().zip(words.next()).and_then(|(path, version)| package(path, version, Evidence::Binary));
        match verb {
            "mod" | "dep" => {
                found.push_some(last.take());
                last = named;
            }
            "=>" => last = named,
            _ => {}
        }
    }
    found.push_some(last);
}

/// The standard library by its toolchain: `go1.21.3` → `v1.21.3`, `go1.21rc2` → `v1.21.0-rc.2`; anything behind a
/// space names experiments. `None` for a toolchain between releases (`devel …`).
pub(crate) fn standard_library(toolchain: &str) -> Option<Package> {
    let text = toolchain.split([' ', '+']).next()?.strip_prefix("go")?;
    // Distributions put their own mark behind: `go1.20.12-2.el9`.
    let text = text.split('-').next()?;
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let numbers: Vec<&str> = numbers.split('.').filter(|number| !number.is_empty()).collect();
    let (major, minor, patch) = match numbers.as_slice() {
        [major, minor] => (major, minor, &"0"),
        [major, minor, patch] => (major, minor, patch),
        _ => return None,
    };
    let pre = ["rc", "beta"].into_iter().find_map(|word| {
        let number = rest.strip_prefix(word)?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("-{word}.{number}"))
    });
    let version = format!("v{major}.{minor}.{patch}{}", pre.unwrap_or_default());
    package("stdlib", &version, Evidence::Binary)
}
