//! npm: what is installed (`node_modules/*/package.json`), and `package-lock.json` in its three versions.
//! <https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::findings::Findings;
use crate::model::{Evidence, Package, PackageKind};

fn package(name: &str, version: &str, evidence: Evidence) -> Package {
    Package::new(PackageKind::Npm, name, version, evidence)
}

#[derive(Deserialize)]
struct Manifest {
    // Of any JSON type: hand-written manifests have all sorts of things here.
    name: Option<Value>,
    version: Option<Value>,
    license: Option<Value>,
}

/// `package.json` of an installed package. One without a name or version is a bare marker (`{"type": "module"}`).
pub(crate) fn manifest(bytes: &[u8], found: &mut Findings) {
    let manifest: Manifest = match serde_json::from_slice(strip_mark(bytes)) {
        Ok(manifest) => manifest,
        Err(e) => return found.damaged(format!("it is no package.json: {e}")),
    };
    let (Some(Value::String(name)), Some(Value::String(version))) = (manifest.name, manifest.version) else { return };
    if name.is_empty() || version.is_empty() {
        return;
    }
    let mut package = package(&name, &version, Evidence::Installed);
    package.license = manifest.license.as_ref().and_then(Value::as_str).map(str::to_owned);
    found.push(package);
}

#[derive(Deserialize)]
struct Lock {
    /// Versions 2 and 3: by the path of the installation.
    packages: Option<BTreeMap<String, Locked>>,
    /// Version 1, and 2 for the sake of older clients.
    dependencies: Option<BTreeMap<String, Nested>>,
}

#[derive(Deserialize)]
struct Locked {
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    link: bool,
    license: Option<Value>,
}

#[derive(Deserialize)]
struct Nested {
    version: Option<String>,
    #[serde(default)]
    dev: bool,
    dependencies: Option<BTreeMap<String, Nested>>,
}

/// Development dependencies are left out: an image is not where they are for.
pub(crate) fn lock(bytes: &[u8], found: &mut Findings) {
    let lock: Lock = match serde_json::from_slice(strip_mark(bytes)) {
        Ok(lock) => lock,
        Err(e) => return found.damaged(format!("it is no package-lock.json: {e}")),
    };
    let mut seen: BTreeMap<(String, String), Option<String>> = BTreeMap::new();
    match lock.packages {
        Some(packages) => {
            for (path, locked) in packages.into_iter().filter(|(_, locked)| !locked.dev && !locked.link) {
                // "" and paths outside of node_modules are the project's own.
                let Some((_, name)) = path.rsplit_once("node_modules/") else { continue };
                let license = locked.license.as_ref().and_then(Value::as_str).map(str::to_owned);
                if let Some(version) = locked.version {
                    seen.insert((locked.name.unwrap_or_else(|| name.to_owned()), version), license);
                }
            }
        }
        None => nested(lock.dependencies.unwrap_or_default(), &mut seen),
    }
    for ((name, version), license) in seen {
        let mut package = package(&name, &version, Evidence::Lock);
        package.license = license;
        found.push(package);
    }
}

/// The depth is bounded by that of JSON's own reader.
fn nested(dependencies: BTreeMap<String, Nested>, seen: &mut BTreeMap<(String, String), Option<String>>) {
    for (name, dependency) in dependencies.into_iter().filter(|(_, dependency)| !dependency.dev) {
        if let Some(version) = dependency.version {
            // `npm:real-name@1.2.3` is an alias; URLs and paths have no version to compare.
            let alias = version.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@'));
            match alias {
                Some((real, version)) => drop(seen.insert((real.to_owned(), version.to_owned()), None)),
                None if version.starts_with(|c: char| c.is_ascii_digit()) => drop(seen.insert((name, version), None)),
                None => {}
            }
        }
        nested(dependency.dependencies.unwrap_or_default(), seen);
    }
}

/// `yarn.lock`, classic and berry: a block per package, its head naming what was asked for.
/// <https://classic.yarnpkg.com/lang/en/docs/yarn-lock/>
pub(crate) fn yarn(text: &str, found: &mut Findings) {
    let mut name: Option<String> = None;
    for line in text.lines() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if !line.starts_with([' ', '\t']) {
            name = yarn_name(line.trim_end().trim_end_matches(':'));
            continue;
        }
        let Some(rest) = line.trim().strip_prefix("version") else { continue };
        // `version "1.2.3"` (classic), `version: 1.2.3` (berry); two spaces in, deeper ones are dependencies.
        let is_own = line.starts_with("  ") && !line.starts_with("   ") && rest.starts_with([' ', ':']);
        let version = rest.trim_start_matches(':').trim().trim_matches('"');
        if is_own && let Some(name) = name.take() {
            found.push(package(&name, version, Evidence::Lock));
        }
    }
}

/// `"@babel/core@^7.0.0", "@babel/core@^7.1.0"` → `@babel/core`. `None` for what is of the project itself.
fn yarn_name(head: &str) -> Option<String> {
    let first = head.split(',').next()?.trim().trim_matches('"');
    let at = first.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at)?;
    let (name, wanted) = (&first[..at], &first[at + 1..]);
    if wanted.starts_with("workspace:") || wanted.starts_with("link:") || wanted.starts_with("portal:") {
        return None;
    }
    // An alias: `lodash-old@npm:lodash@3`.
    let alias = wanted.strip_prefix("npm:").and_then(|alias| alias.rsplit_once('@'));
    Some(alias.map(|(real, _)| real).filter(|real| !real.is_empty()).unwrap_or(name).to_owned())
}

/// `pnpm-lock.yaml`: only the keys of its map `packages` are needed, which lie on lines of their own.
/// <https://github.com/pnpm/spec/tree/master/lockfile>: `/name/1.2.3` (5), `/name@1.2.3` (6), `name@1.2.3` (9), each
/// perhaps with the peers it was resolved with behind.
pub(crate) fn pnpm(text: &str, found: &mut Findings) {
    let mut in_packages = false;
    let mut last: Option<Package> = None;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            continue;
        }
        if !line.starts_with(' ') {
            in_packages = line == "packages:";
            continue;
        }
        if !in_packages {
            continue;
        }
        if line.starts_with("  ") && !line.starts_with("   ") {
            found.push_some(last.take());
            let key = line.trim().trim_end_matches("{}").trim_end().strip_suffix(':');
            last = key.and_then(|key| pnpm_key(key.trim_matches(['\'', '"'])));
        } else if line.trim() == "dev: true" {
            last = None;
        }
    }
    found.push_some(last);
}

fn pnpm_key(key: &str) -> Option<Package> {
    let key = key.split('(').next()?;
    let key = key.strip_prefix('/').unwrap_or(key);
    // The at of a scope apart; a name has one slash with a scope, else none: with more it is version 5's.
    let at = key.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| (&key[..at], &key[at + 1..]));
    let is_name = |name: &str| name.matches('/').count() == usize::from(name.starts_with('@'));
    let (name, version) = match at {
        Some((name, version)) if is_name(name) => (name, version),
        _ => {
            let own = key.split('_').next()?;
            own.rsplit_once('/')?
        }
    };
    // Version 5 puts peers behind an underscore.
    let version = version.split('_').next()?;
    let is_version = version.starts_with(|c: char| c.is_ascii_digit());
    (is_version && !name.is_empty()).then(|| package(name, version, Evidence::Lock))
}

/// A byte order mark, which JSON's reader does not take and editors leave.
fn strip_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
