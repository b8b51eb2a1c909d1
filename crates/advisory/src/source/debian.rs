//! Debian's security tracker: source package → CVE → release → status.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::State;
use crate::record::cut;
use crate::{Affected, Detail, Ecosystem, Interval, Item, Severity, limits};

#[derive(Debug, Deserialize)]
struct Cve {
    #[serde(default)]
    description: String,
    releases: BTreeMap<String, Release>,
}

#[derive(Debug, Deserialize)]
struct Release {
    status: String,
    #[serde(default)]
    fixed_version: Option<String>,
    #[serde(default)]
    urgency: String,
    #[serde(default)]
    nodsa: Option<String>,
}

/// The vulnerabilities of one source package, handed out one by one: the kernel has ten thousand.
pub(super) struct Package<'a, 's, 'f> {
    pub(super) name: &'a str,
    pub(super) state: &'a mut State<'s, 'f>,
}

impl<'de> DeserializeSeed<'de> for Package<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Package<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the vulnerabilities of a Debian source package")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((id, cve)) = map.next_entry::<String, Cve>()? {
            hand_out(self.name, id, cve, self.state)?;
        }
        Ok(())
    }
}

fn hand_out<E: serde::de::Error>(package: &str, id: String, cve: Cve, state: &mut State<'_, '_>) -> Result<(), E> {
    state.breathe();
    state.summary.records += 1;
    let sane = |text: &str| !text.is_empty() && text.len() <= limits::MAX_WORD;
    let affected: Vec<Affected> = if sane(package) && sane(&id) {
        cve.releases.iter().filter_map(|(name, release)| affected(package, &id, name, release)).collect()
    } else {
        Vec::new()
    };
    if affected.is_empty() {
        // Affects no release, or nobody has looked yet.
        state.summary.skipped += 1;
        return Ok(());
    }
    state.give(Item::Detail(Detail {
        summary: cut(&cve.description, limits::MAX_SUMMARY),
        url: format!("https://security-tracker.debian.org/tracker/{id}"),
        id,
        ..Detail::default()
    }))?;
    for one in affected {
        state.give(Item::Affected(one))?;
    }
    Ok(())
}

fn affected(package: &str, id: &str, codename: &str, release: &Release) -> Option<Affected> {
    let (fixed, status) = match (release.status.as_str(), release.fixed_version.as_deref()) {
        // Fixed before the first version: never vulnerable.
        ("resolved", Some("0") | None) => return None,
        ("resolved", Some(fixed)) if fixed.len() <= limits::MAX_WORD => (Some(fixed.to_owned()), None),
        ("open", _) => (None, Some(release.nodsa.as_deref().unwrap_or("open"))),
        // `undetermined`: not said to be vulnerable.
        _ => return None,
    };
    Some(Affected {
        id: id.to_owned(),
        ecosystem: Ecosystem::debian(&cut(codename, 64)),
        package: package.to_owned(),
        intervals: vec![Interval { introduced: String::new(), fixed, last: None }],
        versions: Vec::new(),
        severity: Severity::from_word(&release.urgency),
        status: status.map(|text| cut(text, limits::MAX_WORD)),
    })
}
