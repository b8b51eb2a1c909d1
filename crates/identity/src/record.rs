//! What the store holds of an account's identities: one JSON record per entity under
//! `/iam/<account>/<kind>/<key>`.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use gantry_base::Timestamp;
use gantry_iam::{Policy, PolicyError, PolicyKind};
use serde::{Deserialize, Serialize};

/// A policy's text, compiled when first asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Document {
    pub text: Arc<str>,
    #[serde(skip)]
    compiled: OnceLock<Arc<Policy>>,
}

impl Document {
    pub fn new(text: &str) -> Self {
        Self { text: text.into(), compiled: OnceLock::new() }
    }

    pub fn policy(&self, kind: PolicyKind) -> Result<Arc<Policy>, PolicyError> {
        if let Some(policy) = self.compiled.get() {
            return Ok(policy.clone());
        }
        let policy = Arc::new(Policy::parse(&self.text, kind)?);
        Ok(self.compiled.get_or_init(|| policy).clone())
    }
}

pub(crate) type Tags = BTreeMap<String, String>;

/// What users, groups and roles have in common: policies attached by ARN, policies of their own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Holdings {
    pub attached: Vec<String>,
    pub inline: BTreeMap<String, Document>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct User {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created: Timestamp,
    #[serde(default)]
    pub tags: Tags,
    #[serde(default)]
    pub boundary: Option<String>,
    #[serde(default)]
    pub holdings: Holdings,
    /// Names of groups.
    #[serde(default)]
    pub groups: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Group {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created: Timestamp,
    #[serde(default)]
    pub holdings: Holdings,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Role {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created: Timestamp,
    pub trust: Document,
    #[serde(default)]
    pub description: Option<String>,
    pub max_session_secs: i32,
    #[serde(default)]
    pub tags: Tags,
    #[serde(default)]
    pub boundary: Option<String>,
    #[serde(default)]
    pub holdings: Holdings,
}

impl Role {
    /// Service-linked roles are changed by their services only.
    pub fn is_service_linked(&self) -> bool {
        self.path.starts_with("/aws-service-role/")
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Version {
    /// The number in `v1`.
    pub number: u32,
    pub created: Timestamp,
    pub document: Document,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ManagedPolicy {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created: Timestamp,
    pub updated: Timestamp,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub tags: Tags,
    /// Oldest first; never empty.
    pub versions: Vec<Version>,
    pub default_version: u32,
    /// The number that the next version gets: numbers are not used again.
    pub next_version: u32,
}

impl ManagedPolicy {
    /// The version in force. A policy always has one.
    pub fn default_document(&self) -> Option<&Document> {
        self.versions.iter().find(|v| v.number == self.default_version).map(|v| &v.document)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InstanceProfile {
    pub name: String,
    pub path: String,
    pub id: String,
    pub created: Timestamp,
    #[serde(default)]
    pub tags: Tags,
    #[serde(default)]
    pub role: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AccessKey {
    pub id: String,
    pub user: String,
    pub secret: Arc<str>,
    pub active: bool,
    pub created: Timestamp,
}

impl std::fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKey").field("id", &self.id).field("user", &self.user).finish_non_exhaustive()
    }
}

/// Of an account there are few facts: its alias and its first key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Facts {
    #[serde(default)]
    pub alias: Option<String>,
    /// The key that was made with the account.
    #[serde(default)]
    pub first_key: Option<String>,
    #[serde(default)]
    pub deleted_service_roles: BTreeMap<String, Timestamp>,
}
