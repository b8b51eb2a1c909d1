//! What is kept of an advisory: little, since there are hundreds of thousands.

use std::fmt;

use gantry_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Ecosystem;

/// What is kept of one advisory at most; the rest of it is left out.
pub mod limits {
    /// Bytes of one advisory in its file.
    pub const MAX_RECORD: usize = 16 << 20;
    /// Bytes of a summary.
    pub const MAX_SUMMARY: usize = 2048;
    /// Bytes of an identifier, a name, a version or an address.
    pub const MAX_WORD: usize = 512;
    pub const MAX_ALIASES: usize = 32;
    pub const MAX_REFERENCES: usize = 16;
    pub const MAX_VECTORS: usize = 8;
    /// Stretches of vulnerable versions of one package.
    pub const MAX_INTERVALS: usize = 256;
    /// Versions named one by one.
    pub const MAX_VERSIONS: usize = 4096;
}

/// ECR's `FindingSeverity`, from the least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    #[default]
    Undefined,
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Severity {
    pub const ALL: [Self; 6] =
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Informational, Self::Undefined];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undefined => "UNDEFINED",
            Self::Informational => "INFORMATIONAL",
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }

    /// The words that vendors use; `None` for those that say that nobody has looked yet.
    pub fn from_word(word: &str) -> Option<Self> {
        // Debian marks what its team has not confirmed with stars.
        Some(match word.trim().trim_end_matches('*').to_ascii_lowercase().as_str() {
            "critical" => Self::Critical,
            "high" | "important" => Self::High,
            "medium" | "moderate" => Self::Medium,
            "low" => Self::Low,
            "negligible" | "unimportant" | "none" | "informational" | "end-of-life" => Self::Informational,
            _ => return None,
        })
    }

    /// The bands of CVSS v3 and v4.
    pub fn from_score(score: f64) -> Self {
        match score {
            s if s >= 9.0 => Self::Critical,
            s if s >= 7.0 => Self::High,
            s if s >= 4.0 => Self::Medium,
            s if s > 0.0 => Self::Low,
            _ => Self::Informational,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One vulnerability as a source tells of it, whatever package has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The CVE where there is one.
    pub id: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// In the source's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// CVSS vectors of any version.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<String>,
    /// The source's page about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified: Option<Timestamp>,
}

/// Vulnerable versions from `introduced` on: up to but without `fixed`, or with `last`, or all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// Empty: from the first version on.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub introduced: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// Which versions of one package have a vulnerability.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// [`Detail::id`].
    pub id: String,
    pub ecosystem: Ecosystem,
    /// As [`Ecosystem::normal_name`] makes it.
    pub package: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<Interval>,
    /// Vulnerable versions that no interval says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// For this package, in the source's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What the vendor says about a mend that is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// What a reader hands out.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    Detail(Detail),
    Affected(Affected),
}

/// At most `limit` bytes of a text, cut between characters.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    let mut end = text.len().min(limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default().to_owned()
}
