//! Which system an image is: `os-release`(5), and the one-line files of systems before it.

use crate::model::OsRelease;

/// `KEY=value` lines with a shell's quoting.
pub(crate) fn read(text: &str) -> Option<OsRelease> {
    let mut os = OsRelease::default();
    let mut any = false;
    for line in text.lines() {
        let Some((key, value)) = line.trim().split_once('=') else { continue };
        let value = unquote(value);
        if value.is_empty() || key.starts_with('#') {
            continue;
        }
        any = true;
        match key {
            "ID" => os.id = value.to_lowercase(),
            "VERSION_ID" => os.version_id = Some(value),
            "VERSION_CODENAME" => os.version_codename = Some(value),
            "PRETTY_NAME" => os.pretty_name = Some(value),
            "CPE_NAME" => os.cpe_name = Some(value),
            "ID_LIKE" => os.id_like = value.split_whitespace().map(str::to_lowercase).collect(),
            // Ubuntu before 16.10.
            "UBUNTU_CODENAME" if os.version_codename.is_none() => os.version_codename = Some(value),
            _ => {}
        }
    }
    if os.id.is_empty() {
        // os-release(5): "If not set, defaults to ID=linux".
        "linux".clone_into(&mut os.id);
    }
    any.then_some(os)
}

fn unquote(value: &str) -> String {
    let value = value.trim();
    if let Some(inner) = value.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
        return inner.to_owned();
    }
    let inner = value.strip_prefix('"').map_or(value, |rest| rest.strip_suffix('"').unwrap_or(rest));
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        out.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    out
}

/// `/etc/alpine-release`: `3.20.1`.
pub(crate) fn alpine(text: &str) -> Option<OsRelease> {
    let version = text.lines().next()?.trim();
    version.starts_with(|c: char| c.is_ascii_digit()).then(|| OsRelease {
        id: "alpine".to_owned(),
        version_id: Some(version.to_owned()),
        pretty_name: Some(format!("Alpine Linux {version}")),
        ..OsRelease::default()
    })
}

/// `/etc/debian_version`: `7.11`, or `bookworm/sid`.
pub(crate) fn debian(text: &str) -> Option<OsRelease> {
    let version = text.lines().next()?.trim();
    if version.is_empty() {
        return None;
    }
    let is_number = version.starts_with(|c: char| c.is_ascii_digit());
    Some(OsRelease {
        id: "debian".to_owned(),
        version_id: is_number.then(|| version.split('.').next().unwrap_or(version).to_owned()),
        version_codename: (!is_number).then(|| version.split('/').next().unwrap_or(version).to_owned()),
        pretty_name: Some(format!("Debian GNU/Linux {version}")),
        ..OsRelease::default()
    })
}

/// `/etc/redhat-release`: `CentOS release 6.10 (Final)`.
pub(crate) fn redhat(text: &str) -> Option<OsRelease> {
    let line = text.lines().next()?.trim();
    let lower = line.to_lowercase();
    let id = [
        ("centos", "centos"),
        ("red hat enterprise linux", "rhel"),
        ("fedora", "fedora"),
        ("oracle", "ol"),
        ("amazon", "amzn"),
        ("rocky", "rocky"),
        ("almalinux", "almalinux"),
        ("scientific", "scientific"),
    ];
    let (_, id) = id.into_iter().find(|(name, _)| lower.contains(name))?;
    let (_, after) = lower.split_once("release ")?;
    let version: String = after.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let id_like = if matches!(id, "fedora" | "amzn") { vec![] } else { vec!["rhel".to_owned(), "fedora".to_owned()] };
    Some(OsRelease {
        id: id.to_owned(),
        version_id: (!version.is_empty()).then_some(version),
        pretty_name: Some(line.to_owned()),
        id_like,
        ..OsRelease::default()
    })
}
