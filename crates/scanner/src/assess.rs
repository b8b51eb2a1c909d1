//! From an inventory and the advisories to findings. Nothing but the database's files is read here.

use std::collections::{BTreeMap, BTreeSet};

use gantry_advisory::{
    Affected, CvssScore, Detail, Ecosystem, OsRelease, Severity, Verdict, affects, best_score, score,
};
use gantry_base::Timestamp;
use gantry_inventory::{Evidence, GapKind, Inventory, Package, PackageKind};
use gantry_registry::{Finding, FindingCvss, FindingPackage, ScanType};

use crate::Result;
use crate::db::{Reader, Snapshot};

/// Packages that are named in one finding.
const MAX_FINDING_PACKAGES: usize = 100;
const MAX_REFERENCES: usize = 32;
const MAX_RELATED: usize = 32;

/// What can be said of an image.
#[derive(Debug)]
pub enum Assessment {
    /// Nobody publishes advisories for what is in it.
    Unsupported(String),
    /// Somebody does, and they were not imported. Their ecosystems.
    NoAdvisories(Vec<String>),
    Assessed(Assessed),
}

#[derive(Debug, Default)]
pub struct Assessed {
    /// The worst first.
    pub findings: Vec<Finding>,
    pub counts: BTreeMap<String, u32>,
    /// When the advisories that were used were imported.
    pub updated_at: Option<Timestamp>,
    /// What was not looked at, in sentences.
    pub caveats: Vec<String>,
}

/// A package as advisories name it.
struct Subject<'i> {
    ecosystem: Ecosystem,
    name: String,
    version: &'i str,
    package: &'i Package,
}

/// One vulnerability being put together.
struct Draft {
    /// Number of the source whose advisory matched first.
    source: usize,
    vendor: Option<Severity>,
    vendor_status: Option<String>,
    packages: Vec<FindingPackage>,
}

/// Whose advisories are about the image's own packages.
pub fn system_of(inventory: &Inventory) -> Option<Ecosystem> {
    let os = inventory.os.as_ref()?;
    if os.id == "alpine" {
        return Some(Ecosystem::alpine(&inventory.apk_branch()?));
    }
    Ecosystem::of_system(OsRelease {
        id: &os.id,
        version_id: os.version_id.as_deref().unwrap_or_default(),
        codename: os.version_codename.as_deref().unwrap_or_default(),
    })
}

fn language(kind: PackageKind) -> Option<Ecosystem> {
    Some(match kind {
        PackageKind::Npm => Ecosystem::npm(),
        PackageKind::PyPi => Ecosystem::pypi(),
        PackageKind::Cargo => Ecosystem::crates_io(),
        PackageKind::Go => Ecosystem::go(),
        PackageKind::Maven => Ecosystem::maven(),
        PackageKind::Deb | PackageKind::Apk | PackageKind::Rpm => return None,
    })
}

/// Inspector's `packageManager`.
fn manager(package: &Package) -> &'static str {
    let file = package.file_path.rsplit('/').next().unwrap_or_default();
    match package.kind {
        PackageKind::Deb | PackageKind::Apk | PackageKind::Rpm => "OS",
        PackageKind::Npm if file == "yarn.lock" => "YARN",
        PackageKind::Npm if package.evidence == Evidence::Lock => "NPM",
        PackageKind::Npm => "NODEPKG",
        PackageKind::PyPi if file == "poetry.lock" => "POETRY",
        PackageKind::PyPi if file == "Pipfile.lock" => "PIPENV",
        PackageKind::PyPi if package.evidence == Evidence::Lock => "PIP",
        PackageKind::PyPi => "PYTHONPKG",
        PackageKind::Cargo => "CARGO",
        PackageKind::Go if package.evidence == Evidence::Lock => "GOMOD",
        PackageKind::Go => "GOBINARY",
        PackageKind::Maven if file == "pom.xml" => "POM",
        PackageKind::Maven => "JAR",
    }
}

fn subject<'i>(package: &'i Package, system: Option<&Ecosystem>) -> Option<Subject<'i>> {
    let (ecosystem, name, version) = match (package.kind, &package.source) {
        // Debian's advisories are about source packages, which have versions of their own.
        (PackageKind::Deb, Some(source)) => (system?.clone(), source.name.as_str(), source.version.as_str()),
        // Alpine's are about the package that an `APKBUILD` is named by; its version is that of all it makes.
        (PackageKind::Apk, Some(source)) => (system?.clone(), source.name.as_str(), package.version.as_str()),
        (kind, _) if kind.is_os() => (system?.clone(), package.name.as_str(), package.version.as_str()),
        (kind, _) => (language(kind)?, package.name.as_str(), package.version.as_str()),
    };
    let name = ecosystem.normal_name(name);
    Some(Subject { ecosystem, name, version, package })
}

/// `known`: when findings of the scan before were first seen, by their names.
pub fn assess(
    db: &Snapshot,
    inventory: &Inventory,
    scan_type: ScanType,
    now: Timestamp,
    known: &BTreeMap<String, Timestamp>,
) -> Result<Assessment> {
    let system = system_of(inventory);
    // What the system's own packages brought its vendor speaks for, and patches without a new version.
    let vendors = |p: &&Package| p.owner.is_some() && system.is_some();
    let looked_at = |p: &&Package| p.kind.is_os() || scan_type == ScanType::Enhanced && !vendors(p);
    let packages: Vec<&Package> = inventory.packages.iter().filter(looked_at).collect();
    let has_languages = packages.iter().any(|p| !p.kind.is_os());
    if system.is_none() && !has_languages {
        let os = inventory.os.as_ref().map_or("none", |os| os.pretty_name.as_deref().unwrap_or(&os.id));
        return Ok(Assessment::Unsupported(format!(
            "UnsupportedImageError: The operating system and/or package manager are not supported. (operating system: {os:.80})"
        )));
    }
    let mut wanted: BTreeSet<Ecosystem> = packages.iter().filter_map(|p| language(p.kind)).collect();
    wanted.extend(system.clone());
    let (covered, missing): (BTreeSet<_>, BTreeSet<_>) = wanted.into_iter().partition(|e| db.covers(e));
    // Without its own system's advisories a scan has not looked at the image, whatever else it could do.
    if covered.is_empty() || system.as_ref().is_some_and(|s| !covered.contains(s)) {
        return Ok(Assessment::NoAdvisories(missing.iter().map(ToString::to_string).collect()));
    }
    let mut matcher = Matcher { reader: db.reader()?, drafts: BTreeMap::new(), unread: 0, scan_type };
    for package in packages {
        if let Some(subject) = subject(package, system.as_ref()).filter(|s| covered.contains(&s.ecosystem)) {
            matcher.look_at(&subject)?;
        }
    }
    let mut assessed = Assessed { updated_at: db.updated_at(&covered), ..Assessed::default() };
    let unread = matcher.unread;
    assessed.findings = matcher.finish(db, now, known)?;
    for finding in &assessed.findings {
        *assessed.counts.entry(finding.severity.clone()).or_default() += 1;
    }
    assessed.caveats = caveats(inventory, &missing, unread, system.is_none());
    Ok(Assessment::Assessed(assessed))
}

fn caveats(inventory: &Inventory, missing: &BTreeSet<Ecosystem>, unread: usize, no_system: bool) -> Vec<String> {
    let mut found = Vec::new();
    if !missing.is_empty() {
        let names = missing.iter().map(Ecosystem::as_str).collect::<Vec<_>>().join(", ");
        found.push(format!("No advisories are imported for {names}: its packages were not looked at."));
    }
    if no_system && inventory.os.is_some() {
        found.push("The operating system is not supported: its packages were not looked at.".to_owned());
    }
    if inventory.gaps.iter().any(|g| matches!(g.kind, GapKind::LayerCut | GapKind::TooMany)) {
        found.push("A layer was too large to be read to its end.".to_owned());
    }
    let files = inventory.gaps.iter().filter(|g| !matches!(g.kind, GapKind::LayerCut | GapKind::TooMany)).count();
    if files > 0 {
        found.push(format!("{files} package files could not be read."));
    }
    if unread > 0 {
        found.push(format!("{unread} versions could not be compared with their advisories."));
    }
    found
}

struct Matcher<'d> {
    reader: Reader<'d>,
    /// By vulnerability, and for basic scans by package too.
    drafts: BTreeMap<(String, String), Draft>,
    unread: usize,
    scan_type: ScanType,
}

impl Matcher<'_> {
    fn look_at(&mut self, subject: &Subject<'_>) -> Result<()> {
        let Some(scheme) = subject.ecosystem.scheme() else { return Ok(()) };
        for advice in self.reader.advices(&subject.ecosystem, &subject.name)? {
            if !same_module(&advice.affected, subject.package) {
                continue;
            }
            match affects(scheme, &advice.affected, subject.version) {
                Verdict::No => {}
                Verdict::Unknown => self.unread += 1,
                Verdict::Yes { fixed } => self.note(subject, advice.source, advice.affected, fixed),
            }
        }
        Ok(())
    }

    fn note(&mut self, subject: &Subject<'_>, source: usize, affected: Affected, fixed: Option<String>) {
        let basic = self.scan_type == ScanType::Basic;
        let (name, version) = if basic {
            (subject.name.clone(), subject.version.to_owned())
        } else {
            (subject.package.name.clone(), subject.package.version.clone())
        };
        let key = (affected.id, if basic { format!("{name} {version}") } else { String::new() });
        let draft = self.drafts.entry(key).or_insert_with(|| Draft {
            source,
            vendor: None,
            vendor_status: None,
            packages: Vec::new(),
        });
        draft.vendor = draft.vendor.max(affected.severity);
        draft.vendor_status = draft.vendor_status.take().or(affected.status);
        let package = subject.package;
        // One source package makes many; basic findings name it once.
        let same = |p: &FindingPackage| {
            let place = basic || p.file_path == package.file_path && p.arch == arch(package);
            p.name == name && p.version == version && place
        };
        if let Some(known) = draft.packages.iter_mut().find(|p| same(p)) {
            known.fixed_in = known.fixed_in.take().or(fixed);
        } else if draft.packages.len() < MAX_FINDING_PACKAGES {
            draft.packages.push(FindingPackage {
                name,
                version,
                arch: arch(package),
                manager: manager(package).to_owned(),
                file_path: package.file_path.clone(),
                layer: package.layer.clone(),
                fixed_in: fixed,
            });
        }
    }

    fn finish(self, db: &Snapshot, now: Timestamp, known: &BTreeMap<String, Timestamp>) -> Result<Vec<Finding>> {
        let mut findings = Vec::with_capacity(self.drafts.len());
        for ((id, _), draft) in self.drafts {
            let details = self.reader.details(&id)?;
            findings.push(finding(db, id, draft, &details, now, known));
        }
        let rank = |f: &Finding| Severity::ALL.iter().position(|s| s.as_str() == f.severity);
        let base = |f: &Finding| f.cvss.first().map_or(0.0, |c| c.base);
        findings.sort_by(|a, b| {
            let package = |f: &Finding| f.packages.first().map(|p| p.name.clone());
            rank(a)
                .cmp(&rank(b))
                .then_with(|| base(b).total_cmp(&base(a)))
                .then_with(|| b.name.cmp(&a.name))
                .then_with(|| package(a).cmp(&package(b)))
        });
        Ok(findings)
    }
}

fn arch(package: &Package) -> String {
    package.arch.clone().unwrap_or_default()
}

/// Packages of module streams have advisories of their own, whose versions say so.
fn same_module(affected: &Affected, package: &Package) -> bool {
    if package.kind != PackageKind::Rpm {
        return true;
    }
    let modular = |text: &Option<String>| text.as_deref().is_some_and(|t| t.contains(".module"));
    let bounds: Vec<_> = affected.intervals.iter().filter_map(|i| i.fixed.clone().or(i.last.clone())).collect();
    bounds.is_empty() || bounds.iter().any(|b| modular(&Some(b.clone())) == package.module.is_some())
}

fn finding(
    db: &Snapshot,
    id: String,
    draft: Draft,
    details: &BTreeMap<usize, Detail>,
    now: Timestamp,
    known: &BTreeMap<String, Timestamp>,
) -> Finding {
    let own = details.get(&draft.source);
    // The advisory's own source speaks first.
    let all: Vec<(usize, &Detail)> = own
        .map(|detail| (draft.source, detail))
        .into_iter()
        .chain(details.iter().filter(|(n, _)| **n != draft.source).map(|(n, d)| (*n, d)))
        .collect();
    let first = |text: fn(&Detail) -> &String| {
        all.iter().map(|(_, d)| text(d)).find(|t| !t.is_empty()).cloned().unwrap_or_default()
    };
    let name_of = |number: usize| db.source(number).map_or_else(String::new, |s| s.name.clone());
    let mut cvss: Vec<FindingCvss> = Vec::new();
    for (number, detail) in &all {
        for CvssScore { version, vector, base } in detail.vectors.iter().filter_map(|v| score(v)) {
            if !cvss.iter().any(|c| c.vector == vector) {
                cvss.push(FindingCvss { source: name_of(*number), version: version.to_owned(), vector, base });
            }
        }
    }
    let best = all.iter().find_map(|(_, d)| best_score(&d.vectors));
    if let Some(best) = &best
        && let Some(at) = cvss.iter().position(|c| c.vector == best.vector)
    {
        cvss.swap(0, at);
    }
    let own_word = draft.vendor.or(own.and_then(|d| d.severity));
    let severity = own_word
        .or_else(|| best.as_ref().map(|b| Severity::from_score(b.base)))
        .or_else(|| all.iter().find_map(|(_, d)| d.severity))
        .unwrap_or_default();
    let mut references: Vec<String> = Vec::new();
    let mut related = BTreeSet::new();
    for (_, detail) in &all {
        for url in &detail.references {
            if references.len() < MAX_REFERENCES && !references.contains(url) {
                references.push(url.clone());
            }
        }
        related.extend(detail.aliases.iter().filter(|alias| **alias != id).cloned());
    }
    Finding {
        severity: severity.as_str().to_owned(),
        description: first(|d| &d.summary),
        uri: first(|d| &d.url),
        cvss,
        packages: draft.packages,
        references,
        related: related.into_iter().take(MAX_RELATED).collect(),
        source: name_of(draft.source),
        vendor_severity: own_word.map(|s| s.as_str().to_owned()),
        vendor_status: draft.vendor_status,
        published_at: all.iter().find_map(|(_, d)| d.published),
        modified_at: all.iter().find_map(|(_, d)| d.modified),
        first_observed_at: known.get(&id).copied().unwrap_or(now),
        last_observed_at: now,
        name: id,
    }
}
