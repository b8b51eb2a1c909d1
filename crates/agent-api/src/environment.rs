//! A fresh isolated environment that ECS asks of Fargate: the record the two meet in.

use gantry_base::{AccountId, Region, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Desired, Isolation, NetworkSpec, SandboxSpec};

/// At [`crate::keys::environment`]. ECS writes all but `placement`; Fargate's controller writes that.
/// ECS deletes the record once the task has stopped, and Fargate then takes back what it gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentRequest {
    /// The task's id.
    pub sandbox_id: String,
    pub account: AccountId,
    pub region: Region,
    pub desired: Desired,
    pub requested_at: Timestamp,
    /// The subnets of the network configuration; any of them may be chosen.
    pub subnets: Vec<String>,
    pub security_groups: Vec<String>,
    pub platform_version: String,
    /// `X86_64` or `ARM64`, as a task definition's runtime platform says it; empty: any host will do.
    #[serde(default)]
    pub architecture: String,
    pub spec: SandboxSpec,
    pub placement: Option<Placement>,
}

/// What Fargate made of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Placement {
    Placed {
        host_id: String,
        network: NetworkSpec,
        isolation: Isolation,
        placed_at: Timestamp,
    },
    /// Final. `reason` as ECS words it: "Capacity is unavailable at this time. Please try again later or in
    /// a different availability zone".
    Refused {
        reason: String,
    },
}
