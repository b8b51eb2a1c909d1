//! An inventory written down for others: SPDX 2.3 and CycloneDX 1.6, both as JSON.
//!
//! What always holds:
//! - Nothing in a document depends on when or where it is made: the same inventory and [`Subject`] give the same
//!   bytes, identifiers included.
//! - A package that several files tell of is one entry, which names the files.
//! - Gaps of the inventory are in the document: it does not pass for whole when it is not.

mod cyclonedx;
mod spdx;

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::model::{Inventory, Package};

pub use cyclonedx::{CYCLONEDX_MEDIA_TYPE, cyclonedx};
pub use spdx::{SPDX_MEDIA_TYPE, spdx};

/// Who made the document.
const TOOL: &str = "gantry";
const TOOL_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The image that a document is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// `123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop`.
    pub name: &'a str,
    /// `latest`, where there is one.
    pub tag: Option<&'a str>,
    /// `sha256:…`: the manifest's digest.
    pub digest: &'a str,
    /// RFC 3339 in UTC, `2026-11-22T10:00:00Z`: when the inventory was made. A fraction of a second is left out.
    pub created: &'a str,
}

impl Subject<'_> {
    /// With whole seconds, the only form that SPDX takes.
    fn created(&self) -> String {
        match self.created.split_once('.') {
            Some((seconds, _)) => format!("{seconds}Z"),
            None => self.created.to_owned(),
        }
    }

    fn purl(&self) -> String {
        crate::purl::of_image(self.name, self.tag, self.digest)
    }
}

/// Packages by what they are, whichever files tell of them; in a fixed order.
fn by_purl(inventory: &Inventory) -> BTreeMap<String, Vec<&Package>> {
    let mut packages: BTreeMap<String, Vec<&Package>> = BTreeMap::new();
    for package in &inventory.packages {
        packages.entry(package.purl()).or_default().push(package);
    }
    packages
}

/// A UUID (version 8, RFC 9562) that is this content's own.
fn uuid(of: &impl Serialize, format: &'static str) -> Result<String, Error> {
    let mut hash = Sha256::new();
    serde_json::to_writer(&mut hash, of).map_err(|source| Error::Write { format, source })?;
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex = hex::encode(bytes);
    Ok([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-"))
}

/// Enough of a hash to tell the packages of one document apart.
fn short_hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..8])
}

fn gap_text(gap: &crate::model::Gap) -> String {
    let place = [gap.path.as_str(), gap.layer.as_str()].into_iter().filter(|part| !part.is_empty());
    let place = place.collect::<Vec<_>>().join(" in layer ");
    let place = if place.is_empty() { "the image" } else { &place };
    format!("not covered: {place}: {}", gap.detail)
}
