//! Repository names, tags and references, by the grammar of OCI Distribution 1.1.

use std::fmt;
use std::str::FromStr;

use gantry_base::{AccountId, Arn, Region};
use gantry_blobs::Digest;

use crate::Error;

/// Characters of a repository name (ECR's limit).
pub const MAX_NAME: usize = 256;
/// Characters of a tag.
pub const MAX_TAG: usize = 128;

/// One registry: every account has one in every region.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RegistryId {
    pub account: AccountId,
    pub region: Region,
}

/// One repository of one registry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RepoId {
    pub registry: RegistryId,
    pub name: String,
}

impl RepoId {
    pub fn new(registry: RegistryId, name: impl Into<String>) -> Self {
        Self { registry, name: name.into() }
    }

    pub fn arn(&self) -> Arn {
        Arn::new("ecr", &self.registry.region, &self.registry.account, format!("repository/{}", self.name))
    }
}

impl fmt::Display for RepoId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.registry.account, self.registry.region, self.name)
    }
}

impl FromStr for RepoId {
    type Err = Error;

    /// Reads what [`RepoId`] displays.
    fn from_str(text: &str) -> Result<Self, Error> {
        let bad = || Error::NameSyntax(text.chars().take(MAX_NAME).collect());
        let (account, rest) = text.split_once('/').ok_or_else(bad)?;
        let (region, name) = rest.split_once('/').ok_or_else(bad)?;
        let (account, region) = (account.parse().map_err(|_| bad())?, region.parse().map_err(|_| bad())?);
        Ok(Self::new(RegistryId { account, region }, name))
    }
}

/// A tag or a digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    Tag(String),
    Digest(Digest),
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.contains(':') {
            text.parse().map(Self::Digest).map_err(Error::Digest)
        } else if is_tag(text) {
            Ok(Self::Tag(text.to_owned()))
        } else {
            Err(Error::TagSyntax(text.chars().take(160).collect()))
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tag(tag) => f.write_str(tag),
            Self::Digest(digest) => digest.fmt(f),
        }
    }
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
pub fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut bytes = text.bytes();
    text.len() <= MAX_TAG && bytes.next().is_some_and(word) && bytes.all(|b| word(b) || b == b'.' || b == b'-')
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`, at most 256 characters.
pub fn is_repository_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && text.split('/').all(is_name_part)
}

fn is_name_part(part: &str) -> bool {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.starts_with(word)
        && part.ends_with(word)
        && part.split(word).all(|gap| matches!(gap, "" | "." | "_" | "__") || gap.bytes().all(|b| b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_grammar() {
        for good in ["a", "app", "a/b/c", "a.b", "a__b", "a---b", "0/1", "team-x/app_y.z"] {
            assert!(is_repository_name(good), "{good}");
        }
        let long = "a".repeat(MAX_NAME + 1);
        for bad in
            ["", "/", "a/", "/a", "a//b", "A", "a..b", "a___b", "-a", "a-", "a._b", "a:b", "..", "a b", "ä", &long]
        {
            assert!(!is_repository_name(bad), "{bad}");
        }
    }

    #[test]
    fn references_are_tags_or_digests() {
        for good in ["v1", "_x", "1.0-rc.1", "A", &"t".repeat(128)] {
            assert!(matches!(good.parse(), Ok(Reference::Tag(_))), "{good}");
        }
        for bad in ["", ".x", "-x", "a/b", "a b", "ä", &"t".repeat(129)] {
            assert!(bad.parse::<Reference>().is_err(), "{bad}");
        }
        let digest = Digest::sha256(b"x");
        assert_eq!(digest.as_str().parse::<Reference>().unwrap(), Reference::Digest(digest));
        assert!("sha256:abc".parse::<Reference>().is_err());
    }
}
