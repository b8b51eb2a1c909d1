//! A machine that runs sandboxes.

use gantry_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Isolation;

/// At `/hosts/<host>/record`, kept under the agent's lease: gone when the agent is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HostRecord {
    pub host_id: String,
    /// The operator's name for it.
    pub name: String,
    pub registered_at: Timestamp,
    pub cpu_units: u32,
    pub memory_mib: u32,
    pub availability_zone: String,
    /// `x86_64` or `arm64`, as ECS's runtime platform says it in capitals.
    pub architecture: String,
    pub isolation: Vec<Isolation>,
    /// The bridge's CIDR that task addresses on this host come from.
    pub vpc_cidr: String,
}
