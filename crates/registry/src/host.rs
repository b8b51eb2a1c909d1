//! Which registry a host name means, and which image references are ours.
//!
//! ECR's names are `<account>.dkr.ecr.<region>.amazonaws.com`. Here also `localhost:<port>`, which
//! names no account, and the same form under a domain of the operator's.

use gantry_base::{AccountId, Region};

use crate::{Reference, RegistryId, RepoId, is_repository_name};

/// The names this server goes by.
#[derive(Clone, Debug)]
pub struct RegistryNames {
    /// The registry meant by a host that names none.
    pub default: RegistryId,
    /// Hosts (with port) that are this server, such as `localhost:4566`.
    pub hosts: Vec<String>,
    /// The operator's domain: `<account>.dkr.ecr.<region>.<domain>`.
    pub domain: Option<String>,
    /// The port that clients must name with [`RegistryNames::domain`]; `None` for the scheme's own.
    pub domain_port: Option<u16>,
}

impl RegistryNames {
    /// The host part of a registry's URIs, as clients on this host reach it: `repositoryUri` less the name.
    pub fn endpoint(&self, registry: &RegistryId) -> String {
        match (&self.domain, self.domain_port) {
            (Some(domain), Some(port)) => format!("{}.dkr.ecr.{}.{domain}:{port}", registry.account, registry.region),
            (Some(domain), None) => format!("{}.dkr.ecr.{}.{domain}", registry.account, registry.region),
            (None, _) => self.hosts.first().cloned().unwrap_or_else(|| "localhost".to_owned()),
        }
    }

    fn is_our_suffix(&self, suffix: &str) -> bool {
        matches!(suffix, "amazonaws.com" | "amazonaws.com.cn" | "localhost") || self.domain.as_deref() == Some(suffix)
    }
}

/// What a `Host` header says about the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryHost {
    pub registry: RegistryId,
    /// The host itself names account and region; if not, the caller's token decides.
    pub named: bool,
}

impl RegistryHost {
    /// Any host is understood: one that names no registry means the default.
    pub fn parse(host: &str, names: &RegistryNames) -> Self {
        match parse_ecr_host(host) {
            Some((registry, _)) => Self { registry, named: true },
            None => Self { registry: names.default.clone(), named: false },
        }
    }
}

/// An image that is in one of our registries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalImage {
    pub repo: RepoId,
    pub reference: Reference,
}

/// Reads `host/name[:tag][@digest]`; `None` if the image is somebody else's or the text is no reference.
/// A digest wins over a tag, and neither means `latest`, as for docker and ECS.
pub fn resolve_image_ref(text: &str, names: &RegistryNames) -> Option<LocalImage> {
    let (host, rest) = text.split_once('/')?;
    let registry = match parse_ecr_host(host) {
        Some((registry, suffix)) => names.is_our_suffix(suffix).then_some(registry)?,
        None => names.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host)).then(|| names.default.clone())?,
    };
    let (rest, digest) = match rest.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest.parse().ok()?)),
        None => (rest, None),
    };
    let (name, tag) = match rest.split_once(':') {
        Some((name, tag)) => (name, tag),
        None => (rest, "latest"),
    };
    if !is_repository_name(name) || tag.contains(':') {
        return None;
    }
    let tag: Reference = tag.parse().ok()?;
    let reference = digest.map_or(tag, Reference::Digest);
    Some(LocalImage { repo: RepoId::new(registry, name), reference })
}

/// Splits `<account>.dkr.ecr.<region>.<suffix>[:port]`, and AWS's dual-stack and FIPS forms of it.
fn parse_ecr_host(host: &str) -> Option<(RegistryId, &str)> {
    let host = host.rsplit_once(':').map_or(
        host,
        |(name, port)| {
            if port.bytes().all(|b| b.is_ascii_digit()) { name } else { host }
        },
    );
    let (account, rest) = host.split_once('.')?;
    let account: AccountId = account.parse().ok()?;
    let after = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."];
    let rest = after.iter().find_map(|form| rest.strip_prefix(form))?;
    let (region, suffix) = rest.split_once('.')?;
    let region: Region = region.parse().ok()?;
    // Dual-stack names end in on.aws; they mean the same registry.
    let suffix = if suffix == "on.aws" { "amazonaws.com" } else { suffix };
    (!suffix.is_empty()).then_some((RegistryId { account, region }, suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> RegistryNames {
        RegistryNames {
            default: RegistryId { account: "000000000001".parse().unwrap(), region: "us-east-1".parse().unwrap() },
            hosts: vec!["localhost:4566".into(), "127.0.0.1:4566".into()],
            domain: Some("reg.example".into()),
            domain_port: Some(4566),
        }
    }

    #[test]
    fn hosts_name_registries() {
        for (host, account, region, named) in [
            ("localhost:4566", "000000000001", "us-east-1", false),
            ("10.0.0.1:4566", "000000000001", "us-east-1", false),
            ("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "123456789012", "eu-west-1", true),
            ("123456789012.dkr.ecr.eu-west-1.reg.example:4566", "123456789012", "eu-west-1", true),
            ("123456789012.dkr-ecr.eu-west-1.on.aws", "123456789012", "eu-west-1", true),
            ("12345.dkr.ecr.eu-west-1.amazonaws.com", "000000000001", "us-east-1", false),
            ("", "000000000001", "us-east-1", false),
        ] {
            let found = RegistryHost::parse(host, &names());
            assert_eq!(found.registry.account.as_str(), account, "{host}");
            assert_eq!(found.registry.region.as_str(), region, "{host}");
            assert_eq!(found.named, named, "{host}");
        }
        assert_eq!(names().endpoint(&names().default), "000000000001.dkr.ecr.us-east-1.reg.example:4566");
    }

    #[test]
    fn our_images_are_recognised() {
        let digest = gantry_blobs::Digest::sha256(b"x");
        for (text, expected) in [
            ("localhost:4566/app:v1", Some(("000000000001", "app", "v1".to_owned()))),
            ("localhost:4566/a/b", Some(("000000000001", "a/b", "latest".to_owned()))),
            ("123456789012.dkr.ecr.us-east-1.amazonaws.com/app:v1", Some(("123456789012", "app", "v1".into()))),
            ("123456789012.dkr.ecr.us-east-1.reg.example:4566/app", Some(("123456789012", "app", "latest".into()))),
            (&format!("localhost:4566/app:v1@{digest}"), Some(("000000000001", "app", digest.to_string()))),
            ("123456789012.dkr.ecr.us-east-1.evil.example/app:v1", None),
            ("localhost:5000/app:v1", None),
            ("docker.io/library/busybox", None),
            ("busybox", None),
            ("localhost:4566/App", None),
            ("localhost:4566/app:", None),
            ("localhost:4566/app:a:b", None),
            ("localhost:4566/app@sha256:zz", None),
            ("localhost:4566/../app", None),
        ] {
            let found = resolve_image_ref(text, &names());
            let found = found.map(|i| (i.repo.registry.account.to_string(), i.repo.name, i.reference.to_string()));
            let expected = expected.map(|(a, n, r)| (a.to_owned(), n.to_owned(), r));
            assert_eq!(found, expected, "{text}");
        }
    }
}
