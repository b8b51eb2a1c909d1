//! Which files of an image some reader wants, by path alone. Binaries are told by their first bytes instead.

use crate::limits::{
    Limits, MAX_APK_BYTES, MAX_DPKG_BYTES, MAX_JAR_BYTES, MAX_MANIFEST_BYTES, MAX_METADATA_BYTES, MAX_SMALL_FILE_BYTES,
};
use crate::paths::split;

/// Who reads a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    OsRelease,
    /// `/etc/alpine-release` and its kin, for systems older than `os-release`.
    AlpineRelease,
    RedhatRelease,
    DebianVersion,
    ApkRepositories,
    Dpkg,
    /// Which files are of a package.
    DpkgFiles,
    Apk,
    RpmSqlite,
    RpmNdb,
    RpmBdb,
    /// SQLite's write-ahead log: what is in it is not in the database yet.
    RpmLog,
    NpmManifest,
    NpmLock,
    YarnLock,
    PnpmLock,
    PythonMetadata,
    PythonLock,
    PipfileLock,
    Requirements,
    CargoLock,
    GoMod,
    GoSum,
    Jar,
    Elf,
}

impl Reader {
    /// Bytes of a file that it takes. Those that stop early by themselves have no bound on the file.
    pub(crate) fn limit(self, limits: &Limits) -> u64 {
        match self {
            Self::OsRelease
            | Self::AlpineRelease
            | Self::RedhatRelease
            | Self::DebianVersion
            | Self::ApkRepositories => MAX_SMALL_FILE_BYTES,
            Self::Dpkg | Self::DpkgFiles => MAX_DPKG_BYTES,
            Self::Apk => MAX_APK_BYTES,
            Self::RpmSqlite | Self::RpmNdb | Self::RpmBdb => limits.rpm_bytes,
            Self::NpmManifest => MAX_MANIFEST_BYTES,
            Self::NpmLock
            | Self::YarnLock
            | Self::PnpmLock
            | Self::PythonLock
            | Self::PipfileLock
            | Self::Requirements
            | Self::CargoLock
            | Self::GoMod
            | Self::GoSum => limits.lock_bytes,
            Self::Jar => MAX_JAR_BYTES,
            Self::PythonMetadata | Self::Elf | Self::RpmLog => u64::MAX,
        }
    }

    /// Bytes to read of a file that may be longer.
    pub(crate) fn head(self) -> Option<u64> {
        match self {
            Self::PythonMetadata => Some(MAX_METADATA_BYTES),
            Self::RpmLog => Some(0),
            _ => None,
        }
    }
}

pub(crate) const OS_RELEASE: [&str; 2] = ["etc/os-release", "usr/lib/os-release"];
pub(crate) const APK_REPOSITORIES: &str = "etc/apk/repositories";

/// Files at fixed places. A link on the way to one of them is followed.
pub(crate) const WELL_KNOWN: &[(&str, Reader)] = &[
    (OS_RELEASE[0], Reader::OsRelease),
    (OS_RELEASE[1], Reader::OsRelease),
    ("etc/alpine-release", Reader::AlpineRelease),
    ("etc/redhat-release", Reader::RedhatRelease),
    ("etc/system-release", Reader::RedhatRelease),
    ("etc/centos-release", Reader::RedhatRelease),
    ("etc/fedora-release", Reader::RedhatRelease),
    ("etc/debian_version", Reader::DebianVersion),
    (APK_REPOSITORIES, Reader::ApkRepositories),
    ("var/lib/dpkg/status", Reader::Dpkg),
    ("lib/apk/db/installed", Reader::Apk),
    ("usr/lib/apk/db/installed", Reader::Apk),
    ("usr/lib/sysimage/rpm/rpmdb.sqlite", Reader::RpmSqlite),
    ("usr/lib/sysimage/rpm/rpmdb.sqlite-wal", Reader::RpmLog),
    ("usr/lib/sysimage/rpm/Packages.db", Reader::RpmNdb),
    ("usr/lib/sysimage/rpm/Packages", Reader::RpmBdb),
    ("var/lib/rpm/rpmdb.sqlite", Reader::RpmSqlite),
    ("var/lib/rpm/rpmdb.sqlite-wal", Reader::RpmLog),
    ("var/lib/rpm/Packages.db", Reader::RpmNdb),
    ("var/lib/rpm/Packages", Reader::RpmBdb),
    ("usr/share/rpm/rpmdb.sqlite", Reader::RpmSqlite),
    ("usr/share/rpm/rpmdb.sqlite-wal", Reader::RpmLog),
    ("usr/share/rpm/Packages.db", Reader::RpmNdb),
    ("usr/share/rpm/Packages", Reader::RpmBdb),
];

/// Where distroless images keep one status file per package.
pub(crate) const DPKG_STATUS_D: &str = "var/lib/dpkg/status.d";

/// Where dpkg lists each package's files.
pub(crate) const DPKG_INFO: &str = "var/lib/dpkg/info";

/// The reader of a file by its name, wherever it is.
///
/// Lock files inside of installed packages (`node_modules`, Go's module cache, Cargo's registry) are those of the
/// package's own developers and say nothing of what is installed: they are left alone.
pub(crate) fn by_name(path: &str) -> Option<Reader> {
    let (parent, name) = split(path);
    let reader = match name {
        "package.json" => {
            let in_modules = |directory: &str| directory == "node_modules" || directory.ends_with("/node_modules");
            let (above, own) = split(parent);
            let (scope_parent, scope) = split(above);
            let is_package = in_modules(above) && !own.starts_with('.');
            return (is_package || (scope.starts_with('@') && in_modules(scope_parent))).then_some(Reader::NpmManifest);
        }
        "METADATA" if parent.ends_with(".dist-info") => return Some(Reader::PythonMetadata),
        "PKG-INFO" if parent.ends_with(".egg-info") || parent.ends_with("/EGG-INFO") => {
            return Some(Reader::PythonMetadata);
        }
        "package-lock.json" | "npm-shrinkwrap.json" => Reader::NpmLock,
        "yarn.lock" => Reader::YarnLock,
        "pnpm-lock.yaml" => Reader::PnpmLock,
        "poetry.lock" | "uv.lock" => Reader::PythonLock,
        "Pipfile.lock" => Reader::PipfileLock,
        "Cargo.lock" => Reader::CargoLock,
        "go.mod" => Reader::GoMod,
        "go.sum" => Reader::GoSum,
        _ => {
            let (stem, extension) = name.rsplit_once('.')?;
            match extension.to_ascii_lowercase().as_str() {
                "jar" | "war" | "ear" | "par" | "hpi" | "jpi" => return Some(Reader::Jar),
                "egg-info" => return Some(Reader::PythonMetadata),
                "txt" if stem.starts_with("requirements") => Reader::Requirements,
                _ => return None,
            }
        }
    };
    let inside = |directory: &str| parent.split('/').any(|part| part == directory);
    let is_cache = inside("node_modules")
        || inside("testdata")
        || inside("site-packages")
        || inside("dist-packages")
        || parent.contains("pkg/mod/")
        || parent.contains(".cargo/registry/")
        || parent.contains("cargo/registry/src/");
    (!is_cache).then_some(reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (path, expect) in [
            ("app/node_modules/left-pad/package.json", Some(Reader::NpmManifest)),
            ("app/node_modules/@babel/core/package.json", Some(Reader::NpmManifest)),
            ("app/node_modules/left-pad/test/package.json", None),
            ("app/node_modules/.package-lock.json", None),
            ("app/node_modules/x/yarn.lock", None),
            ("app/package.json", None),
            ("package-lock.json", Some(Reader::NpmLock)),
            ("usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO", Some(Reader::PythonMetadata)),
            ("usr/lib/python3/dist-packages/six-1.16.0.egg-info", Some(Reader::PythonMetadata)),
            ("usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA", Some(Reader::PythonMetadata)),
            ("srv/requirements-prod.txt", Some(Reader::Requirements)),
            ("srv/notes.txt", None),
            ("opt/App.WAR", Some(Reader::Jar)),
            ("root/go/pkg/mod/golang.org/x/net@v0.1.0/go.mod", None),
            ("src/go.mod", Some(Reader::GoMod)),
            ("root/.cargo/registry/src/index/serde-1.0.0/Cargo.lock", None),
        ] {
            assert_eq!(by_name(path), expect, "{path}");
        }
    }
}
