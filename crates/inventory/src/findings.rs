//! What a reader found in one file, and what it could not make out.

use crate::limits::MAX_NAME_BYTES;
use crate::model::{GapKind, OsRelease, Package};

/// Faults that are told of one file; more say nothing new.
const MAX_FAULTS: usize = 8;

#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) packages: Vec<Package>,
    pub(crate) os: Option<OsRelease>,
    pub(crate) repositories: Vec<String>,
    pub(crate) faults: Vec<(GapKind, String)>,
    /// Packages left out because there were too many already.
    crowded: bool,
}

impl Findings {
    /// Keeps `package`, unless its name or version is no text that a package can bear.
    pub(crate) fn push(&mut self, package: Package) {
        let sane = |text: &str| !text.is_empty() && text.len() <= MAX_NAME_BYTES && !text.chars().any(char::is_control);
        if !sane(&package.name) || !sane(&package.version) {
            self.damaged("a record has no usable name or version");
            return;
        }
        if self.packages.len() >= crate::limits::MAX_PACKAGES {
            if !self.crowded {
                self.crowded = true;
                self.fault(GapKind::TooMany, format!("more than {} packages", crate::limits::MAX_PACKAGES));
            }
            return;
        }
        self.packages.push(package);
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
        self.packages.is_empty() && self.os.is_none() && self.repositories.is_empty() && self.faults.is_empty()
    }
}
