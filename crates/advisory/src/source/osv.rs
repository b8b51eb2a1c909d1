//! OSV (<https://ossf.github.io/osv-schema/>), version 1 of the schema. What is not known is passed over.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use gantry_base::Timestamp;
use serde::de::MapAccess;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::State;
use crate::matching::within;
use crate::record::cut;
use crate::{Affected, Detail, Ecosystem, Interval, Item, Scheme, Severity, compare, limits};

/// Keys that a record may begin with.
pub(super) const KEYS: &[&str] = &[
    "id",
    "schema_version",
    "modified",
    "published",
    "withdrawn",
    "aliases",
    "upstream",
    "related",
    "summary",
    "details",
    "severity",
    "affected",
    "references",
    "credits",
    "database_specific",
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Record {
    #[serde(deserialize_with = "lenient")]
    id: String,
    #[serde(deserialize_with = "lenient")]
    modified: String,
    #[serde(deserialize_with = "lenient")]
    published: String,
    #[serde(deserialize_with = "lenient")]
    withdrawn: Option<String>,
    #[serde(deserialize_with = "lenient")]
    aliases: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    upstream: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    related: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    summary: String,
    #[serde(deserialize_with = "lenient")]
    details: String,
    #[serde(deserialize_with = "lenient")]
    severity: Vec<Scored>,
    #[serde(deserialize_with = "lenient")]
    affected: Vec<Package>,
    #[serde(deserialize_with = "lenient")]
    references: Vec<Reference>,
    #[serde(deserialize_with = "lenient")]
    database_specific: Specific,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Scored {
    #[serde(rename = "type")]
    kind: String,
    score: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Package {
    #[serde(deserialize_with = "lenient")]
    package: Named,
    #[serde(deserialize_with = "lenient")]
    severity: Vec<Scored>,
    #[serde(deserialize_with = "lenient")]
    ranges: Vec<Range>,
    #[serde(deserialize_with = "lenient")]
    versions: Vec<String>,
    #[serde(deserialize_with = "lenient")]
    ecosystem_specific: Specific,
    #[serde(deserialize_with = "lenient")]
    database_specific: Specific,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Named {
    ecosystem: String,
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Range {
    #[serde(rename = "type")]
    kind: String,
    events: Vec<Event>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
    url: String,
}

/// The two words that databases use in their own corners.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Specific {
    #[serde(deserialize_with = "lenient")]
    severity: String,
    #[serde(deserialize_with = "lenient")]
    urgency: String,
}

/// A value of another shape than the schema's is as good as none.
fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + serde::de::DeserializeOwned,
{
    let value = Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}

impl Record {
    pub(super) fn from_map<'de, A: MapAccess<'de>>(first: String, map: A) -> Result<Self, A::Error> {
        super::collect(first, map)
    }

    /// What findings are called: the CVEs that the record is about, or itself where there are none.
    fn names(&self) -> BTreeSet<String> {
        if is_cve(&self.id) {
            return BTreeSet::from([self.id.clone()]);
        }
        let cves = |ids: &[String]| -> BTreeSet<String> { ids.iter().filter(|id| is_cve(id)).cloned().collect() };
        let mut names = cves(&self.aliases);
        names.extend(cves(&self.upstream));
        // Distributions' bulletins list what they mend as "related"; a language's advisory does not mean it.
        let bulletin = self.affected.iter().any(|p| Ecosystem::from_osv(&p.package.ecosystem).is_system());
        if names.is_empty() && bulletin {
            names = cves(&self.related);
        }
        if names.is_empty() { BTreeSet::from([self.id.clone()]) } else { names }
    }

    fn detail(&self, name: &str) -> Detail {
        let others =
            std::iter::once(&self.id).chain(&self.aliases).filter(|id| *id != name && id.len() <= limits::MAX_WORD);
        let aliases: BTreeSet<String> = others.take(limits::MAX_ALIASES).cloned().collect();
        let summary = if self.summary.is_empty() { &self.details } else { &self.summary };
        let page = self.references.iter().find(|r| r.kind == "ADVISORY").map(|r| r.url.as_str());
        let page = page.filter(|url| url.len() <= limits::MAX_WORD);
        let vectors = self.severity.iter().filter(|s| s.kind.starts_with("CVSS") && s.score.len() <= limits::MAX_WORD);
        let references = self.references.iter().map(|r| &r.url).filter(|url| url.len() <= limits::MAX_WORD);
        Detail {
            id: name.to_owned(),
            aliases: aliases.into_iter().collect(),
            summary: cut(summary, limits::MAX_SUMMARY),
            severity: self
                .severity
                .iter()
                .find_map(word)
                .or_else(|| Severity::from_word(&self.database_specific.severity)),
            vectors: vectors.take(limits::MAX_VECTORS).map(|s| s.score.clone()).collect(),
            url: page.map_or_else(|| format!("https://osv.dev/vulnerability/{}", self.id), str::to_owned),
            references: references.take(limits::MAX_REFERENCES).cloned().collect(),
            published: Timestamp::parse_rfc3339(&self.published),
            modified: Timestamp::parse_rfc3339(&self.modified),
        }
    }
}

fn is_cve(id: &str) -> bool {
    id.len() <= 32 && id.starts_with("CVE-")
}

/// A severity that is a word, as Ubuntu has them.
fn word(scored: &Scored) -> Option<Severity> {
    Some(scored).filter(|s| !s.kind.starts_with("CVSS")).and_then(|s| Severity::from_word(&s.score))
}

pub(super) fn hand_out<E: serde::de::Error>(record: Record, state: &mut State<'_, '_>) -> Result<(), E> {
    state.breathe();
    state.summary.records += 1;
    if record.id.is_empty() || record.id.len() > limits::MAX_WORD || record.withdrawn.is_some() {
        state.summary.skipped += 1;
        return Ok(());
    }
    let names = record.names();
    let affected: Vec<Affected> = record.affected.iter().filter_map(affected).collect();
    if affected.is_empty() {
        state.summary.skipped += 1;
    }
    for one in &affected {
        if !state.summary.scopes.contains(one.ecosystem.base()) {
            state.summary.scopes.insert(one.ecosystem.base().to_owned());
        }
    }
    for name in names {
        // Also without packages: what the CVE's own record says about severity serves other sources.
        state.give(Item::Detail(record.detail(&name)))?;
        for one in &affected {
            state.give(Item::Affected(Affected { id: name.clone(), ..one.clone() }))?;
        }
    }
    Ok(())
}

/// `None` if it is about no package of an ecosystem, or about no version of it.
fn affected(package: &Package) -> Option<Affected> {
    let Named { ecosystem, name } = &package.package;
    if ecosystem.is_empty() || name.is_empty() || name.len() > limits::MAX_WORD {
        return None;
    }
    let ecosystem = Ecosystem::from_osv(ecosystem);
    let scheme = ecosystem.scheme();
    let ranges = package.ranges.iter().filter(|r| r.kind == "SEMVER" || r.kind == "ECOSYSTEM");
    let mut intervals: Vec<Interval> = ranges.flat_map(|range| stretches(&range.events, scheme)).collect();
    intervals.truncate(limits::MAX_INTERVALS);
    let covered = |version: &String| {
        scheme.is_some_and(|s| intervals.iter().any(|interval| within(s, interval, version) == Some(true)))
    };
    let sane = package.versions.iter().filter(|v| !v.is_empty() && v.len() <= limits::MAX_WORD && !covered(v));
    let versions: Vec<String> = sane.take(limits::MAX_VERSIONS).cloned().collect();
    if intervals.is_empty() && versions.is_empty() {
        return None;
    }
    let own = [&package.ecosystem_specific, &package.database_specific];
    let severity = package.severity.iter().find_map(word);
    let severity = severity.or_else(|| own.iter().find_map(|s| Severity::from_word(&s.severity)));
    let severity = severity.or_else(|| own.iter().find_map(|s| Severity::from_word(&s.urgency)));
    let package = ecosystem.normal_name(name);
    Some(Affected { id: String::new(), ecosystem, package, intervals, versions, severity, status: None })
}

/// The stretches between a range's events, which need not be in order.
fn stretches(events: &[Event], scheme: Option<Scheme>) -> Vec<Interval> {
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Kind {
        // At one version an end comes before the next beginning.
        Fixed,
        Introduced,
        Last,
    }
    let mut all: Vec<(Kind, &str)> = Vec::new();
    for event in events {
        let known = [
            (Kind::Introduced, event.introduced.as_deref()),
            (Kind::Fixed, event.fixed.as_deref()),
            (Kind::Last, event.last_affected.as_deref()),
        ];
        let sane = |text: &str| !text.is_empty() && text.len() <= limits::MAX_WORD;
        all.extend(known.into_iter().filter_map(|(kind, at)| Some((kind, at.filter(|t| sane(t))?))));
    }
    // A pair that cannot be compared would make the order anything: then the file's order stands.
    let readable = scheme.is_some_and(|s| all.iter().all(|(_, at)| *at == "0" || compare(s, at, at).is_some()));
    if let Some(scheme) = scheme.filter(|_| readable) {
        let order = |a: &str, b: &str| match (a == "0", b == "0") {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => compare(scheme, a, b).unwrap_or(Ordering::Equal),
        };
        all.sort_by(|a, b| order(a.1, b.1).then(a.0.cmp(&b.0)));
    }
    let mut found = Vec::new();
    let mut open: Option<&str> = None;
    for (kind, at) in all {
        let end = |from: &str| Interval {
            introduced: if from == "0" { String::new() } else { from.to_owned() },
            fixed: (kind == Kind::Fixed).then(|| at.to_owned()),
            last: (kind == Kind::Last).then(|| at.to_owned()),
        };
        match kind {
            Kind::Introduced => open = open.or(Some(at)),
            Kind::Fixed | Kind::Last => found.extend(open.take().map(end)),
        }
    }
    if let Some(from) = open {
        let introduced = if from == "0" { String::new() } else { from.to_owned() };
        found.push(Interval { introduced, fixed: None, last: None });
    }
    found
}
