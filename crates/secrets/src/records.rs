//! Secrets and their versions as records, and where they lie.

use std::collections::BTreeMap;

use gantry_agent_api::keys;
use gantry_base::{AccountId, Arn, Region, Timestamp};
use serde::{Deserialize, Serialize};

/// Stages that Secrets Manager gives a meaning to.
pub const CURRENT: &str = "AWSCURRENT";
pub const PREVIOUS: &str = "AWSPREVIOUS";

pub mod limits {
    /// Versions of a secret that AWS keeps.
    pub const MAX_VERSIONS: usize = 100;
    /// Stages over all versions of a secret.
    pub const MAX_STAGES: usize = 20;
    /// Bytes of a value.
    pub const MAX_VALUE: usize = 65_536;
    pub const MAX_TAGS: usize = 50;
    /// Versions younger than this are not dropped to make room.
    pub const KEEP_MS: i64 = 24 * 60 * 60 * 1000;
}

/// At `/aws/<account>/<region>/secretsmanager/secret/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRecord {
    pub name: String,
    /// Names the values' keys. A secret that is deleted and made again has another.
    pub uid: String,
    /// The six characters at the end of its ARN.
    pub suffix: String,
    pub description: Option<String>,
    /// As it was given; see the crate's head.
    pub kms_key_id: Option<String>,
    pub created_at: Timestamp,
    pub changed_at: Timestamp,
    /// To the day, as AWS tells it.
    pub accessed_at: Option<Timestamp>,
    /// When the recovery window ends.
    pub deletion_at: Option<Timestamp>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    pub policy: Option<String>,
    /// In the order in which they were made.
    #[serde(default)]
    pub versions: Vec<Version>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub id: String,
    /// Without any the version is deprecated.
    pub stages: Vec<String>,
    pub created_at: Timestamp,
    pub accessed_at: Option<Timestamp>,
    pub kms_key_id: Option<String>,
}

impl SecretRecord {
    /// What a sealed value is bound to.
    pub fn place(&self, version: &str) -> String {
        format!("{}/{version}", self.uid)
    }

    pub fn version(&self, id: &str) -> Option<&Version> {
        self.versions.iter().find(|v| v.id == id)
    }

    pub fn at_stage(&self, stage: &str) -> Option<&Version> {
        self.versions.iter().find(|v| v.stages.iter().any(|s| s == stage))
    }

    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.deletion_at.is_some_and(|at| at <= now)
    }

    /// Versions and their stages; deprecated versions are not told.
    pub fn stages_by_version(&self) -> Option<BTreeMap<String, Vec<String>>> {
        let staged = self.versions.iter().filter(|v| !v.stages.is_empty());
        let map: BTreeMap<_, _> = staged.map(|v| (v.id.clone(), v.stages.clone())).collect();
        (!map.is_empty()).then_some(map)
    }
}

/// Whose secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub account: AccountId,
    pub region: Region,
}

impl Scope {
    pub fn secret_key(&self, name: &str) -> String {
        keys::aws(&self.account, &self.region, "secretsmanager", "secret", name)
    }

    pub fn values_prefix(&self, uid: &str) -> String {
        keys::aws(&self.account, &self.region, "secretsmanager", "value", &format!("{uid}/"))
    }

    pub fn value_key(&self, uid: &str, version: &str) -> String {
        self.values_prefix(uid) + version
    }

    /// `tail` is a name with its six characters, or what stands in for them.
    pub fn arn(&self, tail: &str) -> String {
        Arn::new("secretsmanager", &self.region, &self.account, format!("secret:{tail}")).to_string()
    }

    pub fn arn_of(&self, record: &SecretRecord) -> String {
        self.arn(&format!("{}-{}", record.name, record.suffix))
    }
}

/// The first instant of a day, UTC.
pub fn day_of(now: Timestamp) -> Timestamp {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    Timestamp::from_millis(now.millis().div_euclid(DAY_MS) * DAY_MS)
}
