//! Where packages come from: a distribution's release or a language's registry.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Scheme;

/// An OSV ecosystem (<https://ossf.github.io/osv-schema/>, "Defined Ecosystems"), in the one spelling that
/// advisories and images share: `Debian:12`, `Alpine:v3.19`, `npm`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ecosystem(String);

/// What `/etc/os-release` says (freedesktop.org, os-release(5)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OsRelease<'a> {
    /// `ID`
    pub id: &'a str,
    /// `VERSION_ID`
    pub version_id: &'a str,
    /// `VERSION_CODENAME`
    pub codename: &'a str,
}

const DEBIAN: &[(&str, &str)] = &[
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
];

const MAX_NAME: usize = 128;

impl Ecosystem {
    /// From OSV's name of it.
    pub fn from_osv(name: &str) -> Self {
        let name: String = name.trim().chars().take(MAX_NAME).collect();
        let (base, release) = name.split_once(':').unwrap_or((&name, ""));
        let release = match base {
            // `22.04:LTS`; `Pro:22.04:LTS` has packages of its own and stays apart.
            "Ubuntu" => release.trim_end_matches(":LTS").to_owned(),
            // `enterprise_linux:9::baseos`: repositories of one release are one.
            "Red Hat" => match release.strip_prefix("enterprise_linux:") {
                Some(rest) => major(rest.split(':').next().unwrap_or_default()).to_owned(),
                None => release.to_owned(),
            },
            "AlmaLinux" | "Rocky Linux" => major(release).to_owned(),
            _ => release.to_owned(),
        };
        Self::named(base, &release)
    }

    /// Of a Debian release by its codename; `sid` and others without a number keep it.
    pub fn debian(codename: &str) -> Self {
        let number = DEBIAN.iter().find(|(name, _)| *name == codename).map(|(_, number)| *number);
        Self::named("Debian", number.unwrap_or(codename))
    }

    /// Of an Alpine branch, `v3.19` or `edge`.
    pub fn alpine(branch: &str) -> Self {
        Self::named("Alpine", branch)
    }

    pub fn npm() -> Self {
        Self("npm".to_owned())
    }

    pub fn pypi() -> Self {
        Self("PyPI".to_owned())
    }

    pub fn crates_io() -> Self {
        Self("crates.io".to_owned())
    }

    pub fn go() -> Self {
        Self("Go".to_owned())
    }

    pub fn maven() -> Self {
        Self("Maven".to_owned())
    }

    /// Whose advisories are about this system's packages; `None` for systems that nobody publishes for.
    pub fn of_system(os: OsRelease<'_>) -> Option<Self> {
        let version = os.version_id;
        Some(match os.id {
            "debian" if version.is_empty() => Self::debian(os.codename),
            "debian" => Self::named("Debian", major(version)),
            "ubuntu" => Self::named("Ubuntu", version),
            "alpine" => Self::alpine(&branch(version)),
            "wolfi" => Self::named("Wolfi", ""),
            "chainguard" => Self::named("Chainguard", ""),
            "rhel" | "centos" => Self::named("Red Hat", major(version)),
            "almalinux" => Self::named("AlmaLinux", major(version)),
            "rocky" => Self::named("Rocky Linux", major(version)),
            "amzn" => Self::named("Amazon Linux", version),
            "ol" => Self::named("Oracle Linux", major(version)),
            "fedora" => Self::named("Fedora", version),
            "opensuse-leap" => Self::named("openSUSE", &format!("Leap {version}")),
            "opensuse-tumbleweed" => Self::named("openSUSE", "Tumbleweed"),
            "sles" => Self::named("SUSE", &service_pack(version)),
            "photon" => Self::named("Photon OS", version),
            "azurelinux" | "mariner" => Self::named("Azure Linux", major(version)),
            "mageia" => Self::named("Mageia", version),
            "openEuler" => Self::named("openEuler", version),
            "minimos" => Self::named("MinimOS", ""),
            _ => return None,
        })
        .filter(|found| found.0.len() <= MAX_NAME)
    }

    fn named(base: &str, release: &str) -> Self {
        if release.is_empty() { Self(base.to_owned()) } else { Self(format!("{base}:{release}")) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `Debian` of `Debian:12`.
    pub fn base(&self) -> &str {
        self.0.split(':').next().unwrap_or(&self.0)
    }

    /// How its versions are ordered; `None` where this is not known.
    pub fn scheme(&self) -> Option<Scheme> {
        Some(match self.base() {
            "Debian" | "Ubuntu" | "Echo" => Scheme::Dpkg,
            "Alpine" | "Wolfi" | "Chainguard" | "MinimOS" | "Alpaquita" | "BellSoft Hardened Containers" => Scheme::Apk,
            "Red Hat" | "AlmaLinux" | "Rocky Linux" | "Amazon Linux" | "Oracle Linux" | "Fedora" | "openSUSE"
            | "SUSE" | "Photon OS" | "Azure Linux" | "Mageia" | "openEuler" => Scheme::Rpm,
            "npm" | "crates.io" | "Hex" | "Pub" | "SwiftURL" => Scheme::Semver,
            "Go" => Scheme::Go,
            "PyPI" => Scheme::Pep440,
            "Maven" => Scheme::Maven,
            _ => return None,
        })
    }

    /// A system's packages, as against a language's.
    pub fn is_system(&self) -> bool {
        matches!(self.scheme(), Some(Scheme::Dpkg | Scheme::Apk | Scheme::Rpm))
    }

    /// The spelling of a package's name by which two are the same.
    pub fn normal_name(&self, name: &str) -> String {
        match self.base() {
            // PEP 503
            "PyPI" => {
                let words = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
                words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
            }
            _ => name.to_owned(),
        }
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}

/// `v3.19` of `3.19.1`; a version with a date in it is of the rolling branch.
fn branch(version: &str) -> String {
    let mut parts = version.split('.');
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) if !version.contains(['_', '-']) && !major.is_empty() => format!("v{major}.{minor}"),
        _ => "edge".to_owned(),
    }
}

/// SUSE's name of `15.5`.
fn service_pack(version: &str) -> String {
    match version.split_once('.') {
        Some((major, pack)) => format!("Linux Enterprise Server {major} SP{pack}"),
        None => format!("Linux Enterprise Server {version}"),
    }
}
