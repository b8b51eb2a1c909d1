//! Billable transitions, written in the same transaction as the state they follow (DESIGN D9).

use gantry_base::{AccountId, Region, Timestamp};
use serde::{Deserialize, Serialize};

/// At [`usage_key`]: one record per metered resource, replaced as the resource moves on, so that writing
/// it again after a crash changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FargateUsage {
    pub account: AccountId,
    pub region: Region,
    /// The task's ARN.
    pub resource: String,
    /// `FARGATE` or `FARGATE_SPOT`.
    pub capacity_provider: String,
    /// `X86_64` or `ARM64`.
    pub architecture: String,
    /// 1024 units are one vCPU.
    pub cpu_units: u32,
    pub memory_mib: u32,
    pub ephemeral_storage_gib: u32,
    /// Billing starts with the image pull.
    pub started_at: Timestamp,
    /// `None` while it runs.
    pub stopped_at: Option<Timestamp>,
    pub cluster_name: String,
    pub group: String,
    pub tags: std::collections::BTreeMap<String, String>,
}

/// `/usage/<account>/<hour of the start, yyyymmddhh>/fargate/<task id>`.
pub fn usage_key(account: &AccountId, started_at: Timestamp, task_id: &str) -> String {
    let stamp = started_at.amz_date();
    format!("/usage/{account}/{}{}/fargate/{task_id}", &stamp[..8], &stamp[9..11])
}
