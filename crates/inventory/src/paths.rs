//! Paths of a layer: relative, clean, without a leading slash; `..` never leaves the root.

use crate::limits::MAX_PATH_BYTES;

/// `./a//b/` → `a/b`; the root is the empty string. `None` for a path that climbs or is too long: no runtime
/// unpacks it.
pub(crate) fn clean(raw: &str) -> Option<String> {
    if raw.len() > MAX_PATH_BYTES || raw.contains('\0') {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in raw.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// Where a symbolic link at `link` with the text `target` points, inside the root: as `chroot` has it,
/// climbing above the root stays at the root.
pub(crate) fn join(link: &str, target: &str) -> Option<String> {
    if target.len() > MAX_PATH_BYTES || target.contains('\0') {
        return None;
    }
    let parent = if target.starts_with('/') { "" } else { split(link).0 };
    let mut parts: Vec<&str> = parent.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    (path.len() <= MAX_PATH_BYTES).then_some(path)
}

/// `a/b/c` → (`a/b`, `c`); `c` → (``, `c`).
pub(crate) fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans() {
        for (raw, expect) in [
            ("./a//b/", Some("a/b")),
            ("/a", Some("a")),
            ("./", Some("")),
            ("a/../b", Some("b")),
            ("../b", None),
            ("a/../../b", None),
        ] {
            assert_eq!(clean(raw).as_deref(), expect, "{raw}");
        }
    }

    #[test]
    fn joins() {
        for (link, target, expect) in [
            ("etc/os-release", "../usr/lib/os-release", "usr/lib/os-release"),
            ("etc/os-release", "/usr/lib/os-release", "usr/lib/os-release"),
            ("lib", "usr/lib", "usr/lib"),
            ("var/lib/rpm", "../../../../usr/lib/sysimage/rpm", "usr/lib/sysimage/rpm"),
        ] {
            assert_eq!(join(link, target).as_deref(), Some(expect), "{link} {target}");
        }
    }
}
