//! Alpine's secdb: packages of one repository of one branch, with the versions that fixed what.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::MapAccess;

use super::State;
use crate::{Affected, Detail, Ecosystem, Interval, Item, Scheme, compare, limits};

/// Packages of one file.
pub const MAX_SECDB_PACKAGES: usize = 50_000;

pub(super) const KEYS: &[&str] = &["apkurl", "archs", "reponame", "urlprefix", "distroversion", "packages"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Secdb {
    distroversion: String,
    reponame: String,
    packages: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    pkg: Package,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    #[serde(default)]
    secfixes: BTreeMap<String, Option<Vec<String>>>,
}

impl Secdb {
    pub(super) fn from_map<'de, A: MapAccess<'de>>(first: String, map: A) -> Result<Self, A::Error> {
        super::collect(first, map)
    }

    /// The branch's name; Wolfi's and Chainguard's files have none.
    fn ecosystem(&self) -> Ecosystem {
        match (self.distroversion.as_str(), self.reponame.as_str()) {
            ("", "os") => Ecosystem::from_osv("Wolfi"),
            ("", "chainguard") => Ecosystem::from_osv("Chainguard"),
            ("", _) => Ecosystem::alpine("edge"),
            (branch, _) => Ecosystem::alpine(&crate::record::cut(branch, 32)),
        }
    }
}

pub(super) fn hand_out<E: serde::de::Error>(secdb: Secdb, state: &mut State<'_, '_>) -> Result<(), E> {
    state.breathe();
    let ecosystem = secdb.ecosystem();
    state.summary.scopes.insert(format!("{ecosystem}-{}", crate::record::cut(&secdb.reponame, 32)));
    for Entry { pkg } in secdb.packages.into_iter().take(MAX_SECDB_PACKAGES) {
        if pkg.name.is_empty() || pkg.name.len() > limits::MAX_WORD {
            state.summary.skipped += 1;
            continue;
        }
        for (id, fixed) in fixes(&pkg.secfixes) {
            state.summary.records += 1;
            let Some(fixed) = fixed else {
                state.summary.skipped += 1;
                continue;
            };
            state.give(Item::Detail(Detail {
                url: format!("https://security.alpinelinux.org/vuln/{id}"),
                id: id.clone(),
                ..Detail::default()
            }))?;
            state.give(Item::Affected(Affected {
                id,
                ecosystem: ecosystem.clone(),
                package: pkg.name.clone(),
                intervals: vec![Interval { introduced: String::new(), fixed: Some(fixed), last: None }],
                versions: Vec::new(),
                severity: None,
                status: None,
            }))?;
        }
    }
    Ok(())
}

/// The version that fixes each vulnerability: the last, where it took several. `None`: never affected.
fn fixes(secfixes: &BTreeMap<String, Option<Vec<String>>>) -> BTreeMap<String, Option<String>> {
    let mut found: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut never = BTreeSet::new();
    for (version, ids) in secfixes {
        // A line may name a vulnerability by several ids: `CVE-2019-1 XSA-2 (+)`.
        let ids = ids.iter().flatten().filter_map(|line| line.split_whitespace().next());
        for id in ids.filter(|id| id.len() <= limits::MAX_WORD && id.contains('-')) {
            if version == "0" {
                never.insert(id.to_owned());
                continue;
            }
            let known = found.entry(id.to_owned()).or_default();
            let later = |old: &String| compare(Scheme::Apk, version, old) != Some(Ordering::Less);
            if version.len() <= limits::MAX_WORD && known.as_ref().is_none_or(later) {
                *known = Some(version.clone());
            }
        }
    }
    for id in never {
        found.insert(id, None);
    }
    found
}
