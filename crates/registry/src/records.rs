//! What the store keeps about repositories and images, as JSON.

use std::collections::BTreeMap;

use gantry_base::Timestamp;
use gantry_blobs::Digest;
use serde::{Deserialize, Serialize};

/// Whether a tag may move to another image. Names are ECR's `imageTagMutability`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mutability {
    #[default]
    Mutable,
    Immutable,
    /// Tags that match a filter may move, others not.
    ImmutableWithExclusion,
    /// Tags that match a filter may not move, others may.
    MutableWithExclusion,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptionRecord {
    /// `AES256`, `KMS` or `KMS_DSSE`.
    pub kind: String,
    pub kms_key: Option<String>,
}

/// A repository. Pushes read it and never write it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryRecord {
    pub name: String,
    pub created_at: Timestamp,
    #[serde(default)]
    pub mutability: Mutability,
    /// Patterns in which `*` stands for any characters.
    #[serde(default)]
    pub exclusion_filters: Vec<String>,
    #[serde(default)]
    pub scan_on_push: bool,
    pub encryption: EncryptionRecord,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl RepositoryRecord {
    /// Whether `tag`, once it is there, must stay where it is.
    pub fn is_immutable(&self, tag: &str) -> bool {
        let matches = || self.exclusion_filters.iter().any(|f| tag_filter_matches(f, tag));
        match self.mutability {
            Mutability::Mutable => false,
            Mutability::Immutable => true,
            Mutability::ImmutableWithExclusion => !matches(),
            Mutability::MutableWithExclusion => matches(),
        }
    }
}

/// `*` stands for any characters, also none. Time grows with the product of the lengths at most.
pub fn tag_filter_matches(filter: &str, tag: &str) -> bool {
    let (filter, tag) = (filter.as_bytes(), tag.as_bytes());
    let (mut f, mut t) = (0, 0);
    // Where to go on if what follows the last star does not fit.
    let mut retry = None;
    while t < tag.len() {
        if filter.get(f) == Some(&b'*') {
            retry = Some((f, t));
            f += 1;
        } else if filter.get(f) == Some(&tag[t]) {
            f += 1;
            t += 1;
        } else if let Some((star, from)) = retry {
            retry = Some((star, from + 1));
            f = star + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    filter[f..].iter().all(|&b| b == b'*')
}

/// An image. A push that only adds a tag writes it again as it is: that makes a delete of the image
/// at the same moment start anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageRecord {
    pub media_type: String,
    /// The manifest's `artifactType`, or else its configuration's media type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Bytes of the manifest.
    pub manifest_size: u64,
    /// Bytes of configuration and layers; of an index: of its largest image, as ECR counts.
    pub image_size: u64,
    pub pushed_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Digest>,
    /// Out of reach until it is restored.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_archived_at: Option<Timestamp>,
    /// When it was last restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_activated_at: Option<Timestamp>,
    /// It came by replication, and nobody has pushed it here since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replica: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TagRecord {
    pub(crate) digest: Digest,
    /// Of a tag that a cache rule brought: when upstream was last seen to have it so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) checked_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BlobLink {
    pub(crate) size: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_ecr_documents() {
        for (filter, tag, fits) in [
            ("dev-*", "dev-1", true),
            ("dev-*", "dev-", true),
            ("dev-*", "xdev-1", false),
            ("*", "anything", true),
            ("*latest*", "my-latest-1", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("v1.0", "v1x0", false),
            ("v1", "v1", true),
            ("v1", "v11", false),
            ("**a", "ba", true),
        ] {
            assert_eq!(tag_filter_matches(filter, tag), fits, "{filter} {tag}");
        }
        let stars = "*a".repeat(60);
        assert!(!tag_filter_matches(&stars, &format!("{}b", "a".repeat(127))));
    }
}
