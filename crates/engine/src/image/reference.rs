//! Names of images, `[host[:port]/]repository[:tag][@digest]`.
//!
//! Grammar as <https://pkg.go.dev/github.com/distribution/reference>; defaults as Docker's:
//! `docker.io`, `library/`, `latest`.

use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// Longest repository name a registry takes.
const MAX_NAME: usize = 255;
const MAX_TAG: usize = 128;

/// A parsed reference. `Display` gives the full form.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ImageRef {
    /// Host with port, as it is to be dialled.
    pub registry: String,
    pub repository: String,
    pub tag: Option<String>,
    /// `sha256:<64 hex>`; wins over the tag.
    pub digest: Option<String>,
}

impl ImageRef {
    /// What to ask the registry for: the digest, else the tag.
    pub fn manifest_name(&self) -> &str {
        self.digest.as_deref().or(self.tag.as_deref()).unwrap_or("latest")
    }
}

impl FromStr for ImageRef {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        parse(text).ok_or_else(|| Error::Reference(text.chars().take(512).collect()))
    }
}

fn parse(text: &str) -> Option<ImageRef> {
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) if is_digest(digest) => (rest, Some(digest.to_owned())),
        Some(_) => return None,
        None => (text, None),
    };
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    if tag.is_some_and(|t| !is_tag(t)) {
        return None;
    }
    let (registry, repository) = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" || host.starts_with('[') => {
            (host.to_owned(), path.to_owned())
        }
        Some(_) => ("docker.io".to_owned(), name.to_owned()),
        None => ("docker.io".to_owned(), format!("library/{name}")),
    };
    if repository.len() > MAX_NAME || !is_host(&registry) || !repository.split('/').all(is_component) {
        return None;
    }
    let tag = match (tag, &digest) {
        (Some(tag), _) => Some(tag.to_owned()),
        (None, Some(_)) => None,
        (None, None) => Some("latest".to_owned()),
    };
    Some(ImageRef { registry, repository, tag, digest })
}

fn is_host(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let name_ok = match name.strip_prefix('[').and_then(|n| n.strip_suffix(']')) {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.split('.').all(|l| {
            !l.is_empty()
                && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !l.starts_with('-')
                && !l.ends_with('-')
        }),
    };
    name_ok && port.is_none_or(|p| p.parse::<u16>().is_ok_and(|p| p != 0))
}

/// Lower case letters and digits, separated by one `.`, one or two `_`, or any number of `-`.
fn is_component(part: &str) -> bool {
    let b = part.as_bytes();
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    if b.is_empty() || !plain(b[0]) || !plain(b[b.len() - 1]) {
        return false;
    }
    part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|sep| matches!(sep, "" | "." | "_" | "__") || sep.bytes().all(|c| c == b'-'))
}

fn is_tag(tag: &str) -> bool {
    !tag.is_empty()
        && tag.len() <= MAX_TAG
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
        && !tag.starts_with(['.', '-'])
}

/// `sha256:` and 64 lower-case hexadecimal digits: the one algorithm the engine verifies.
pub(crate) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:")
        .is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f')))
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let d = format!("sha256:{}", "a".repeat(64));
        for (text, full) in [
            ("nginx", Some("docker.io/library/nginx:latest".to_owned())),
            ("me/app:v1", Some("docker.io/me/app:v1".into())),
            ("localhost/app", Some("localhost/app:latest".into())),
            ("localhost:4566/a/b:x", Some("localhost:4566/a/b:x".into())),
            ("[::1]:5000/a", Some("[::1]:5000/a:latest".into())),
            (
                "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:v1",
                Some("123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:v1".into()),
            ),
            (&format!("app@{d}"), Some(format!("docker.io/library/app@{d}"))),
            (&format!("app:v1@{d}"), Some(format!("docker.io/library/app:v1@{d}"))),
            ("App", None),
            ("a//b", None),
            ("a/../b", None),
            ("a:", None),
            ("a:-x", None),
            ("", None),
            ("a@sha256:12", None),
            ("host.example:99999/a", None),
            ("a b", None),
            ("a..b", None),
            ("a__b---c.d", Some("docker.io/library/a__b---c.d:latest".into())),
        ] {
            assert_eq!(text.parse::<ImageRef>().ok().map(|r| r.to_string()), full, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics_and_round_trips(text in ".{0,80}") {
            if let Ok(r) = text.parse::<ImageRef>() {
                proptest::prop_assert_eq!(r.to_string().parse::<ImageRef>().ok(), Some(r));
            }
        }
    }
}
