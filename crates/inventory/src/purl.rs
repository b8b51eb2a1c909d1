//! Package-urls: one line that names a package everywhere, <https://github.com/package-url/purl-spec>.

use std::fmt::Write as _;

use crate::model::{Package, PackageKind};

pub(crate) fn of(package: &Package) -> String {
    let mut purl = format!("pkg:{}/", package.kind.purl_type());
    let (namespace, name) = split(package);
    for part in namespace.iter().flat_map(|all| all.split('/')).filter(|part| !part.is_empty()) {
        encode(&mut purl, part);
        purl.push('/');
    }
    encode(&mut purl, &name);
    let (epoch, version) = epoch_apart(package);
    purl.push('@');
    encode(&mut purl, version);
    // Qualifiers are sorted by key, as the canonical form asks.
    let mut mark = '?';
    for (key, value) in [
        ("arch", package.arch.as_deref()),
        ("distro", package.distro.as_deref()),
        ("epoch", epoch),
        ("rpmmod", package.module.as_deref()),
    ] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            purl.push(mark);
            mark = '&';
            purl.push_str(key);
            purl.push('=');
            encode(&mut purl, value);
        }
    }
    purl
}

/// An image in a registry: `pkg:oci/shop@sha256:…?repository_url=…&tag=…`.
pub(crate) fn of_image(name: &str, tag: Option<&str>, digest: &str) -> String {
    let mut purl = "pkg:oci/".to_owned();
    encode(&mut purl, &name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase());
    purl.push('@');
    encode(&mut purl, digest);
    purl.push_str("?repository_url=");
    for (at, part) in name.split('/').enumerate() {
        purl.push_str(if at > 0 { "/" } else { "" });
        encode(&mut purl, part);
    }
    if let Some(tag) = tag {
        purl.push_str("&tag=");
        encode(&mut purl, tag);
    }
    purl
}

/// rpm's epoch is a qualifier of its own; dpkg's is part of the version.
fn epoch_apart(package: &Package) -> (Option<&str>, &str) {
    match package.version.split_once(':') {
        Some((epoch, rest)) if package.kind == PackageKind::Rpm => (Some(epoch), rest),
        _ => (None, &package.version),
    }
}

/// Namespace and name, with the case and character rules of each type.
fn split(package: &Package) -> (Option<String>, String) {
    let name = package.name.as_str();
    let by_last = |text: &str, at: char| match text.rsplit_once(at) {
        Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
        None => (None, text.to_owned()),
    };
    let namespace = || package.namespace.as_ref().map(|text| text.to_ascii_lowercase());
    match package.kind {
        PackageKind::Deb | PackageKind::Apk => (namespace(), name.to_ascii_lowercase()),
        PackageKind::Rpm => (namespace(), name.to_owned()),
        PackageKind::Npm => by_last(&name.to_lowercase(), '/'),
        PackageKind::Go => by_last(&name.to_lowercase(), '/'),
        PackageKind::Maven => by_last(name, ':'),
        PackageKind::PyPi => (None, name.to_lowercase().replace('_', "-")),
        PackageKind::Cargo => (None, name.to_owned()),
    }
}

/// Percent-encoding that leaves letters, digits, `.-_~` and the colon.
fn encode(into: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b".-_~:".contains(&byte) {
            into.push(char::from(byte));
        } else {
            let _ = write!(into, "%{byte:02X}");
        }
    }
}
