//! Python: installed distributions, and the lock files of pip, pipenv, Poetry and uv.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::findings::Findings;
use crate::model::{Evidence, Package, PackageKind};

fn package(name: &str, version: &str, evidence: Evidence) -> Package {
    Package::new(PackageKind::PyPi, normal(name), version, evidence)
}

/// The normal form of a name, <https://packaging.python.org/en/latest/specifications/name-normalization/>.
fn normal(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.trim().chars() {
        match c {
            '-' | '_' | '.' => {
                if !out.ends_with('-') {
                    out.push('-');
                }
            }
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// `METADATA` of a wheel, `PKG-INFO` of an egg: headers as in a mail, a description after them.
/// <https://packaging.python.org/en/latest/specifications/core-metadata/>
pub(crate) fn metadata(text: &str, found: &mut Findings) {
    let (mut name, mut version, mut license, mut expression) = (None, None, None, None);
    for line in text.lines() {
        if line.is_empty() {
            break;
        }
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        if line.starts_with([' ', '\t']) || value.is_empty() || value == "UNKNOWN" {
            continue;
        }
        match key.to_ascii_lowercase().as_str() {
            "name" => name = Some(value),
            "version" => version = Some(value),
            "license" => license = Some(value),
            "license-expression" => expression = Some(value),
            _ => {}
        }
    }
    let (Some(name), Some(version)) = (name, version) else {
        return found.damaged("it names no distribution or no version");
    };
    let mut package = package(name, version, Evidence::Installed);
    package.license = expression.or(license).map(str::to_owned);
    found.push(package);
}

/// What `poetry.lock` and `uv.lock` share: tables `[[package]]`.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: Option<String>,
    /// Poetry before 1.5: `main` or `dev`.
    category: Option<String>,
    /// uv: where it comes from; the project itself is `virtual`, `editable` or `directory`.
    source: Option<toml::Value>,
}

pub(crate) fn lock(text: &str, found: &mut Findings) {
    let lock: Lock = match toml::from_str(text) {
        Ok(lock) => lock,
        Err(e) => return found.damaged(format!("it is no lock file: {}", e.message())),
    };
    for locked in lock.package {
        let is = |key: &str| locked.source.as_ref().is_some_and(|source| source.get(key).is_some());
        let own = is("virtual") || is("editable") || is("directory");
        if own || locked.category.as_deref() == Some("dev") {
            continue;
        }
        if let Some(version) = locked.version {
            found.push(package(&locked.name, &version, Evidence::Lock));
        }
    }
}

#[derive(Deserialize)]
struct Pipfile {
    /// Not `develop`: that is for where the software is written.
    #[serde(default)]
    default: BTreeMap<String, Pinned>,
}

#[derive(Deserialize)]
struct Pinned {
    version: Option<String>,
}

pub(crate) fn pipfile_lock(bytes: &[u8], found: &mut Findings) {
    let lock: Pipfile = match serde_json::from_slice(bytes) {
        Ok(lock) => lock,
        Err(e) => return found.damaged(format!("it is no Pipfile.lock: {e}")),
    };
    for (name, pinned) in lock.default {
        // What comes from a path or a repository has no version.
        if let Some(version) = pinned.version.as_deref().and_then(|version| version.strip_prefix("==")) {
            found.push(package(&name, version.trim_start_matches('='), Evidence::Lock));
        }
    }
}

/// Pinned lines of a requirements file, `name[extras]==1.2.3 ; marker --hash=…`; others ask for no one version.
/// <https://pip.pypa.io/en/stable/reference/requirements-file-format/>
pub(crate) fn requirements(text: &str, found: &mut Findings) {
    for line in text.lines() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', '-']) {
            continue;
        }
        let line = line.split(" #").next().unwrap_or_default();
        let Some((name, version)) = line.split_once("==") else { continue };
        let name = name.split('[').next().unwrap_or_default().trim();
        let version = version.trim_start_matches('=').trim_start();
        let version = version.split([' ', '\t', ';', ',', '\\']).next().unwrap_or_default();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
        if is_name && !version.is_empty() && !version.contains('*') {
            found.push(package(name, version, Evidence::Lock));
        }
    }
}
