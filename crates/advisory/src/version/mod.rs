//! Which of two versions is the newer, by each ecosystem's own rules.

mod apk;
mod dpkg;
mod maven;
mod semver;

use std::cmp::Ordering;
use std::str::FromStr;

/// Bytes of a version that is looked at.
const MAX_VERSION: usize = 512;

/// A rule of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Debian Policy, "Version".
    Dpkg,
    /// apk-tools' package versions.
    Apk,
    /// `rpmvercmp` over epoch, version and release.
    Rpm,
    /// <https://semver.org>, read leniently: npm and crates.io.
    Semver,
    /// Semantic versions with Go's `v`, pseudo-versions, and the toolchain's `1.21rc2`.
    Go,
    /// PEP 440.
    Pep440,
    /// Maven's `ComparableVersion`.
    Maven,
}

impl Scheme {
    pub const ALL: [Self; 7] = [Self::Dpkg, Self::Apk, Self::Rpm, Self::Semver, Self::Go, Self::Pep440, Self::Maven];
}

/// `None` if the scheme cannot read one of them.
pub fn compare(scheme: Scheme, a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (a.trim(), b.trim());
    if a.is_empty() || b.is_empty() || a.len() > MAX_VERSION || b.len() > MAX_VERSION {
        return None;
    }
    match scheme {
        Scheme::Dpkg => Some(dpkg::Version::parse(a)?.cmp(&dpkg::Version::parse(b)?)),
        Scheme::Apk => Some(apk::Version::parse(a)?.cmp(&apk::Version::parse(b)?)),
        Scheme::Rpm => {
            let plain = |text: &str| text.bytes().all(|b| b.is_ascii_graphic());
            (plain(a) && plain(b)).then(|| rpm_version::rpm_evr_compare(a, b))
        }
        Scheme::Semver => Some(semver::Version::parse(a)?.cmp(&semver::Version::parse(b)?)),
        Scheme::Go => Some(semver::Version::parse_go(a)?.cmp(&semver::Version::parse_go(b)?)),
        Scheme::Pep440 => {
            let read = |text| pep440_rs::Version::from_str(text).ok();
            Some(read(a)?.cmp(&read(b)?))
        }
        Scheme::Maven => Some(maven::Version::parse(a)?.cmp(&maven::Version::parse(b)?)),
    }
}

/// Numbers of any length, as their digits.
fn cmp_digits(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}
