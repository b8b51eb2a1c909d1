//! The records that ECS keeps, and where they lie: `/aws/<account>/<region>/ecs/<kind>/<id>`.

use gantry_agent_api::keys;
use gantry_aws_api::ecs as model;
use gantry_base::{AccountId, Arn, Region, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a stopped task can still be described, as in ECS.
pub const STOPPED_TASK_KEPT_MS: i64 = 3_600_000;

/// The account and region that a record belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    pub account: AccountId,
    pub region: Region,
}

impl Scope {
    pub fn of(context: &gantry_aws_wire::Context) -> Self {
        Self { account: context.account.clone(), region: context.region.clone() }
    }

    pub fn key(&self, kind: &str, id: &str) -> String {
        keys::aws(&self.account, &self.region, "ecs", kind, id)
    }

    pub fn arn(&self, resource: impl Into<String>) -> String {
        Arn::new("ecs", &self.region, &self.account, resource).to_string()
    }

    pub fn cluster_key(&self, name: &str) -> String {
        self.key("cluster", name)
    }

    pub fn task_key(&self, cluster: &str, id: &str) -> String {
        self.key("task", &format!("{cluster}/{id}"))
    }

    pub fn family_key(&self, family: &str) -> String {
        self.key("task-definition-family", family)
    }

    /// Revisions are padded, so that the order of keys is the order of revisions.
    pub fn definition_key(&self, family: &str, revision: i32) -> String {
        self.key("task-definition", &format!("{family}/{revision:010}"))
    }

    /// Empty records: the task definitions of one status, to be listed without reading any.
    pub fn definition_index_key(&self, status: DefinitionStatus, family: &str, revision: i32) -> String {
        self.key(status.index(), &format!("{family}/{revision:010}"))
    }

    pub fn setting_key(&self, principal: &str, name: &str) -> String {
        self.key("account-setting", &format!("{principal}/{name}"))
    }

    pub fn client_token_key(&self, token: &str) -> String {
        self.key("client-token", token)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClusterStatus {
    Active,
    /// Being deleted: nothing may start in it any more.
    Deprovisioning,
    Inactive,
}

impl ClusterStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Deprovisioning => "DEPROVISIONING",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// Counts of tasks are not here: they follow from the tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClusterRecord {
    pub name: String,
    pub arn: String,
    pub status: ClusterStatus,
    pub created_at: Timestamp,
    pub settings: Vec<model::ClusterSetting>,
    pub configuration: Option<model::ClusterConfiguration>,
    pub capacity_providers: Vec<String>,
    pub default_capacity_provider_strategy: Vec<model::CapacityProviderStrategyItem>,
    pub service_connect_namespace: Option<String>,
    pub tags: Vec<model::Tag>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefinitionStatus {
    Active,
    Inactive,
    DeleteInProgress,
}

impl DefinitionStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::DeleteInProgress => "DELETE_IN_PROGRESS",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Inactive, Self::DeleteInProgress].into_iter().find(|s| s.as_str() == text)
    }

    fn index(self) -> &'static str {
        match self {
            Self::Active => "task-definition-active",
            Self::Inactive => "task-definition-inactive",
            Self::DeleteInProgress => "task-definition-deleting",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DefinitionRecord {
    pub definition: model::TaskDefinition,
    pub tags: Vec<model::Tag>,
}

impl DefinitionRecord {
    pub fn status(&self) -> DefinitionStatus {
        self.definition.status.as_deref().and_then(DefinitionStatus::parse).unwrap_or(DefinitionStatus::Active)
    }

    pub fn family(&self) -> &str {
        self.definition.family.as_deref().unwrap_or_default()
    }

    pub fn revision(&self) -> i32 {
        self.definition.revision.unwrap_or_default()
    }

    pub fn arn(&self) -> &str {
        self.definition.task_definition_arn.as_deref().unwrap_or_default()
    }
}

/// Outlives its revisions, so that no revision number is given twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FamilyRecord {
    pub last_revision: i32,
    pub active: u32,
    pub inactive: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskRecord {
    pub account: AccountId,
    pub region: Region,
    pub cluster: String,
    /// 32 hex digits.
    pub id: String,
    pub family: String,
    /// Which containers' ends and health speak for the task, and which have a health check.
    pub containers: Vec<ContainerFacts>,
    pub architecture: String,
    pub cpu_units: u32,
    pub memory_mib: u32,
    pub ephemeral_storage_gib: u32,
    /// The task as the API shows it.
    pub task: model::Task,
    /// RunTask's client token, hashed; its record goes when this one does.
    pub client_token: Option<String>,
    /// When a stopped task is forgotten.
    pub forget_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerFacts {
    pub name: String,
    pub essential: bool,
    pub has_health_check: bool,
}

impl TaskRecord {
    pub fn scope(&self) -> Scope {
        Scope { account: self.account.clone(), region: self.region.clone() }
    }

    pub fn key(&self) -> String {
        self.scope().task_key(&self.cluster, &self.id)
    }

    pub fn last_status(&self) -> &str {
        self.task.last_status.as_deref().unwrap_or_default()
    }

    pub fn desired_status(&self) -> &str {
        self.task.desired_status.as_deref().unwrap_or_default()
    }

    pub fn arn(&self) -> &str {
        self.task.task_arn.as_deref().unwrap_or_default()
    }
}

/// RunTask was asked for with this token: the tasks it made, and what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientTokenRecord {
    /// SHA-256 of the request, hex.
    pub request: String,
    pub cluster: String,
    pub tasks: Vec<String>,
    pub created_at: Timestamp,
}

/// At [`Scope::setting_key`]; `principal` is an IAM ARN with `/` as `|`, or `default`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingRecord {
    pub name: String,
    pub value: String,
    /// Empty: the account's default.
    pub principal_arn: String,
}
