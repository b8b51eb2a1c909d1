//! What a reader found in one file, and what it could not make out.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::limits::{MAX_NAME_BYTES, MAX_OWNED_FILES};
use crate::model::{GapKind, OsRelease, Package};

/// Faults that are told of one file; more say nothing new.
const MAX_FAULTS: usize = 8;

#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) packages: Vec<Package>,
    pub(crate) os: Option<OsRelease>,
    pub(crate) repositories: Vec<String>,
    pub(crate) faults: Vec<(GapKind, String)>,
    /// Files that packages of this database installed: [`file_key`], and the package's place in `packages`.
    pub(crate) owned: Vec<(u64, u32)>,
    /// The package that all of `owned` are of, where it is a file of its own that lists them.
    pub(crate) owner: Option<String>,
    /// Packages left out because there were too many already.
    crowded: bool,
}

impl Findings {
    /// Keeps `package`, unless its name or version is no text that a package can bear. Whether it was kept.
    pub(crate) fn push(&mut self, package: Package) -> bool {
        let sane = |text: &str| !text.is_empty() && text.len() <= MAX_NAME_BYTES && !text.chars().any(char::is_control);
        if !sane(&package.name) || !sane(&package.version) {
            self.damaged("a record has no usable name or version");
            return false;
        }
        if self.packages.len() >= crate::limits::MAX_PACKAGES {
            if !self.crowded {
                self.crowded = true;
                self.fault(GapKind::TooMany, format!("more than {} packages", crate::limits::MAX_PACKAGES));
            }
            return false;
        }
        self.packages.push(package);
        true
    }

    /// `path` is a file of the package pushed last.
    pub(crate) fn own(&mut self, path: &str) {
        if self.owned.len() < MAX_OWNED_FILES {
            self.owned.push((file_key(path), self.packages.len().saturating_sub(1) as u32));
        } else {
            self.fault(GapKind::TooMany, format!("more than {MAX_OWNED_FILES} files of packages"));
        }
    }

    pub(crate) fn push_some(&mut self, package: Option<Package>) {
        if let Some(package) = package {
            self.push(package);
        }
    }

    pub(crate) fn damaged(&mut self, why: impl Into<String>) {
        self.fault(GapKind::Damaged, why);
    }

    pub(crate) fn fault(&mut self, kind: GapKind, why: impl Into<String>) {
        let why = why.into();
        if self.faults.len() < MAX_FAULTS && !self.faults.iter().any(|(_, known)| *known == why) {
            self.faults.push((kind, why));
        }
    }

    /// Nothing to remember of the file.
    pub(crate) fn is_empty(&self) -> bool {
        self.packages.is_empty()
            && self.os.is_none()
            && self.repositories.is_empty()
            && self.faults.is_empty()
            && self.owned.is_empty()
    }
}

/// What a file is known by when packages say which are theirs. Databases write `/lib/x` where a merged system has
/// `/usr/lib/x`: both are one.
pub(crate) fn file_key(path: &str) -> u64 {
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let merged = |rest: &&str| ["bin/", "sbin/", "lib"].iter().any(|directory| rest.starts_with(directory));
    let path = path.strip_prefix("usr/").filter(merged).unwrap_or(path);
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}
