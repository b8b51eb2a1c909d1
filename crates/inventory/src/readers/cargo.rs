//! Cargo: `Cargo.lock`, and the list of crates that cargo-auditable links into a binary.

use serde::Deserialize;

use crate::findings::Findings;
use crate::model::{Evidence, Package, PackageKind};

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// Crates of the workspace itself have none.
    source: Option<String>,
}

/// Crates from a registry or repository; not the workspace's own.
/// <https://doc.rust-lang.org/cargo/guide/cargo-toml-vs-cargo-lock.html>
pub(crate) fn lock(text: &str, found: &mut Findings) {
    let lock: Lock = match toml::from_str(text) {
        Ok(lock) => lock,
        Err(e) => return found.damaged(format!("it is no Cargo.lock: {}", e.message())),
    };
    for locked in lock.package.into_iter().filter(|locked| locked.source.is_some()) {
        found.push(Package::new(PackageKind::Cargo, locked.name, locked.version, Evidence::Lock));
    }
}

#[derive(Deserialize)]
struct Auditable {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    /// `runtime` where it is not said; crates of the build alone are not in the binary.
    kind: Option<String>,
    /// `crates.io`, `git`, `registry`, or `local`: the workspace's own, whose names may be other crates' elsewhere.
    source: Option<String>,
}

fn counts(one: &Crate) -> bool {
    one.kind.as_deref() != Some("build") && one.source.as_deref() != Some("local")
}

/// The JSON of a `.dep-v0` section, unpacked. <https://github.com/rust-secure-code/cargo-auditable/blob/master/PARSING.md>
pub(crate) fn auditable(json: &[u8], found: &mut Findings) {
    let list: Auditable = match serde_json::from_slice(json) {
        Ok(list) => list,
        Err(e) => return found.damaged(format!("its list of crates is damaged: {e}")),
    };
    for one in list.packages.into_iter().filter(counts) {
        found.push(Package::new(PackageKind::Cargo, one.name, one.version, Evidence::Binary));
    }
}
