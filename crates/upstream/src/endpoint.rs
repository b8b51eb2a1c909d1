//! Where a registry is: a scheme, if one was given, and a host with an optional port.

use std::fmt;
use std::str::FromStr;

use http::Uri;
use http::uri::Authority;

use crate::error::{Error, Failure, Kind};

/// A registry's address, read from `host[:port]` or `http(s)://host[:port]`. Docker Hub's name stands
/// for the host that serves it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Whether HTTPS was asked for or ruled out; without either the host decides.
    pub(crate) secure: Option<bool>,
    pub(crate) authority: Authority,
}

impl Endpoint {
    /// `host[:port]`
    pub fn authority(&self) -> &str {
        self.authority.as_str()
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let shown: String = text.chars().take(256).collect();
        let bad = |reason: &str| Failure::new(Kind::Refused, reason).during("read the address", shown.clone());
        let (secure, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (Some(true), rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (Some(false), rest),
            Some(_) => return Err(bad("the scheme must be http or https")),
            None => (None, text),
        };
        let host = rest.strip_suffix('/').unwrap_or(rest);
        let host = if host == "docker.io" || host == "index.docker.io" { "registry-1.docker.io" } else { host };
        let authority: Authority = host.parse().map_err(|_| bad("it is not host[:port]"))?;
        if authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(bad("it is not host[:port]"));
        }
        Ok(Self { secure, authority })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.authority.fmt(f)
    }
}

/// Whether plain HTTP may be spoken to this host: loopback, and what was named as insecure.
pub(crate) fn may_be_plain(authority: &Authority, insecure: &[String]) -> bool {
    let host = bare_host(authority);
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        || insecure.iter().any(|i| i == authority.as_str())
}

/// The host without an IPv6 address's brackets.
pub(crate) fn bare_host(authority: &Authority) -> &str {
    authority.host().trim_start_matches('[').trim_end_matches(']')
}

/// Where `location` leads from `base` (RFC 9110, section 10.2.2); never from HTTPS to HTTP.
pub(crate) fn resolve(base: &Uri, location: &str) -> Result<Uri, Failure> {
    let nowhere = || Failure::malformed("a redirect to nowhere");
    let target: Uri = location.parse().map_err(|_| nowhere())?;
    let mut parts = base.clone().into_parts();
    let to = target.into_parts();
    if to.authority.is_some() {
        let scheme = to.scheme.or_else(|| parts.scheme.clone());
        if parts.scheme == Some(http::uri::Scheme::HTTPS) && scheme != parts.scheme {
            return Err(Failure::malformed("a redirect from HTTPS to HTTP"));
        }
        parts.scheme = scheme;
        parts.authority = to.authority;
    }
    parts.path_and_query = to.path_and_query;
    Uri::from_parts(parts).map_err(|_| nowhere())
}

pub(crate) fn same_origin(a: &Uri, b: &Uri) -> bool {
    a.scheme() == b.scheme() && a.authority() == b.authority()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (text, secure, host) in [
            ("reg.example", None, "reg.example"),
            ("reg.example:5000", None, "reg.example:5000"),
            ("https://reg.example:4566/", Some(true), "reg.example:4566"),
            ("HTTP://127.0.0.1:1", Some(false), "127.0.0.1:1"),
            ("docker.io", None, "registry-1.docker.io"),
            ("[::1]:5000", None, "[::1]:5000"),
        ] {
            let read: Endpoint = text.parse().unwrap();
            assert_eq!((read.secure, read.authority()), (secure, host), "{text}");
        }
        for text in ["", "ftp://a", "http://", "a/b", "user:pw@host", "a b", "https://u@h"] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_and_named_hosts() {
        let insecure = ["reg.lan:5000".to_owned()];
        for (host, plain) in [
            ("localhost:4566", true),
            ("127.0.0.1:5000", true),
            ("[::1]:5000", true),
            ("reg.lan:5000", true),
            ("reg.lan", false),
            ("localhost.evil.example", false),
            ("10.0.0.1:80", false),
        ] {
            assert_eq!(may_be_plain(&host.parse().unwrap(), &insecure), plain, "{host}");
        }
    }

    #[test]
    fn locations_are_resolved() {
        let base: Uri = "https://a.example/v2/x?y=1".parse().unwrap();
        for (location, expected) in [
            ("/other?z", Some("https://a.example/other?z")),
            ("https://b.example/p", Some("https://b.example/p")),
            ("http://a.example/p", None),
            ("", None),
        ] {
            let got = resolve(&base, location).ok().map(|u| u.to_string());
            assert_eq!(got.as_deref(), expected, "{location}");
        }
    }
}
