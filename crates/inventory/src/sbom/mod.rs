//! An inventory written down for others: SPDX 2.3 and CycloneDX 1.6, both as JSON.
//!
//! Nothing in a document depends on when or where it is made: the same inventory and [`Subject`] give the same bytes.

/// The image that a document is about.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// `123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop`.
    pub name: &'a str,
    /// `latest`, where there is one.
    pub tag: Option<&'a str>,
    /// `sha256:…`: the manifest's digest.
    pub digest: &'a str,
    /// RFC 3339 in UTC with whole seconds, `2026-11-22T10:00:00Z`: when the inventory was made.
    pub created: &'a str,
}

/// Media type of [`spdx`] documents.
pub const SPDX_MEDIA_TYPE: &str = "application/spdx+json";
/// Media type of [`cyclonedx`] documents.
pub const CYCLONEDX_MEDIA_TYPE: &str = "application/vnd.cyclonedx+json";
