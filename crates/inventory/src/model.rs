//! What an inventory is made of.

use serde::{Deserialize, Serialize};

/// The software of one image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inventory {
    /// `None`: a scratch or otherwise unnamed image. Packages may be there all the same.
    pub os: Option<OsRelease>,
    /// Sorted by kind, name, version, architecture, file. The same package found in two files is there twice.
    pub packages: Vec<Package>,
    /// What was not looked at, or not understood. Empty: everything that a reader exists for was read.
    pub gaps: Vec<Gap>,
    /// The lines of `/etc/apk/repositories`, comments left out.
    pub apk_repositories: Vec<String>,
}

impl Inventory {
    /// Alpine's release branch as its repositories name it: `v3.20`, or `edge`. Falls back to `os`'s version.
    pub fn apk_branch(&self) -> Option<String> {
        let of_line = |line: &String| {
            let url = line.split_whitespace().next_back()?;
            let mut parts = url.trim_end_matches('/').rsplit('/');
            let (_repository, branch) = (parts.next()?, parts.next()?);
            let numbered = branch.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            (numbered || branch == "edge").then(|| branch.to_owned())
        };
        self.apk_repositories.iter().find_map(of_line).or_else(|| {
            let os = self.os.as_ref().filter(|os| os.id == "alpine")?;
            let version = os.version_id.as_deref()?;
            if version.contains("_alpha") {
                return Some("edge".to_owned());
            }
            let mut numbers = version.split('.');
            Some(format!("v{}.{}", numbers.next()?, numbers.next()?))
        })
    }
}

/// `os-release`(5), or what older systems' own files say in its terms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OsRelease {
    /// `debian`, `ubuntu`, `alpine`, `rhel`, `fedora`, `amzn`; lower case; `linux` where the file names none.
    pub id: String,
    /// `12`, `22.04`, `3.20.1`, `9.4`; rolling and testing systems have none.
    pub version_id: Option<String>,
    /// `bookworm`, `jammy`.
    pub version_codename: Option<String>,
    pub pretty_name: Option<String>,
    /// The systems that this one derives from, closest first.
    pub id_like: Vec<String>,
    /// The Common Platform Enumeration name, where the vendor gives one.
    pub cpe_name: Option<String>,
}

/// An ecosystem: whose names, versions and advisories apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PackageKind {
    Deb,
    Apk,
    Rpm,
    Npm,
    PyPi,
    Cargo,
    Go,
    Maven,
}

impl PackageKind {
    pub const ALL: [Self; 8] =
        [Self::Deb, Self::Apk, Self::Rpm, Self::Npm, Self::PyPi, Self::Cargo, Self::Go, Self::Maven];

    /// Installed by the operating system's package manager, and so covered by its vendor's advisories.
    pub const fn is_os(self) -> bool {
        matches!(self, Self::Deb | Self::Apk | Self::Rpm)
    }

    /// The package-url type.
    pub const fn purl_type(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::Npm => "npm",
            Self::PyPi => "pypi",
            Self::Cargo => "cargo",
            Self::Go => "golang",
            Self::Maven => "maven",
        }
    }
}

/// How sure it is that a package is really there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// A package manager's database of what it installed: dpkg, apk, rpm.
    Database,
    /// The installed package's own description: `node_modules/x/package.json`, `x.dist-info`, a jar.
    Installed,
    /// The build's own record inside a binary: Go's build information, cargo-auditable.
    Binary,
    /// A lock file or requirements: what an install would bring, which may have happened elsewhere.
    Lock,
}

/// One package at one version, found in one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    pub kind: PackageKind,
    /// As the ecosystem's advisories name it: `openssl`; `@scope/name` (npm); PEP 503 form (PyPI);
    /// the module path, or `stdlib` for the toolchain's library (Go); `group:artifact`, or `artifact` alone
    /// where the archive does not tell its group (Maven).
    pub name: String,
    /// In the ecosystem's own form, never empty: `[epoch:]upstream[-revision]` (deb), `1.2.3-r0` (apk),
    /// `[epoch:]version-release` (rpm), `v1.2.3` (Go, `stdlib` too), else plain.
    pub version: String,
    /// As the database says: `amd64`, `all`, `x86_64`, `noarch`.
    pub arch: Option<String>,
    /// What it was built from. Always there for deb and apk (itself, where the database names no other),
    /// for rpm where the header tells.
    pub source: Option<SourcePackage>,
    /// The file that told, without a leading slash. In an archive: `app.jar!/BOOT-INF/lib/x.jar`.
    pub file_path: String,
    /// The layer that brought this version, as [`crate::Collector::add_layer`] was told.
    pub layer: String,
    pub evidence: Evidence,
    /// rpm: the module stream that it is of, `nodejs:18:8090020230:…`.
    pub module: Option<String>,
    /// As the package states it; not checked against SPDX's list.
    pub license: Option<String>,
    /// Language packages: the operating system's package that installed the file. Its vendor patches it without
    /// changing its version, so that the vendor's advisories, not the ecosystem's, speak for it.
    pub owner: Option<String>,
    /// Operating-system packages: the `id` of `os`, the namespace of the package-url.
    pub namespace: Option<String>,
    /// Operating-system packages: `debian-12`, the `distro` qualifier of the package-url.
    pub distro: Option<String>,
}

impl Package {
    /// A package of which nothing but this is known; the collector adds file and layer.
    pub fn new(kind: PackageKind, name: impl Into<String>, version: impl Into<String>, evidence: Evidence) -> Self {
        Self {
            kind,
            name: name.into(),
            version: version.into(),
            arch: None,
            source: None,
            file_path: String::new(),
            layer: String::new(),
            evidence,
            module: None,
            license: None,
            owner: None,
            namespace: None,
            distro: None,
        }
    }

    /// The package-url, <https://github.com/package-url/purl-spec>.
    pub fn purl(&self) -> String {
        crate::purl::of(self)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePackage {
    pub name: String,
    /// In the form of [`Package::version`]; for rpm without an epoch, which source packages' names lack.
    pub version: String,
}

/// Something that the inventory does not cover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    pub kind: GapKind,
    /// As [`crate::Collector::add_layer`] was told; empty where it is of no single layer.
    pub layer: String,
    /// Empty where it is the layer as a whole.
    pub path: String,
    /// One sentence for people, with the limit or the fault.
    pub detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GapKind {
    /// A file that a reader wanted is over its size limit.
    FileTooLarge,
    /// The rest of a layer was not read: entries, unpacked bytes or the ratio of a decompression bomb.
    LayerCut,
    /// More packages, files or gaps than are kept.
    TooMany,
    /// A file that a reader wanted, or a part of it, does not follow its format.
    Damaged,
    /// A form that no reader here knows, though it is valid: an encrypted layer, a write-ahead log.
    Unsupported,
    /// A link to something that was wanted leads nowhere.
    BrokenLink,
}
