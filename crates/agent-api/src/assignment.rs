//! A sandbox that a host is to run: one ECS task, later one pod.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use gantry_base::{AccountId, Region, Timestamp};
use serde::{Deserialize, Serialize};

/// At `/assign/<host>/<sandbox>`. Written by control planes only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Assignment {
    /// 32 hex digits: an ECS task's id.
    pub sandbox_id: String,
    pub host_id: String,
    pub account: AccountId,
    pub region: Region,
    pub desired: Desired,
    pub created_at: Timestamp,
    pub spec: SandboxSpec,
    pub network: NetworkSpec,
    pub isolation: Isolation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Desired {
    Running,
    /// SIGTERM, each container's stop timeout, SIGKILL; then the sandbox is destroyed and reported stopped.
    Stopped,
}

/// The grade of isolation a sandbox really has (DESIGN D7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    /// A user namespace of its own on a shared kernel, with seccomp and the documented capabilities.
    Namespace,
    /// A kernel of its own.
    Microvm,
}

impl Isolation {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::Microvm => "microvm",
        }
    }
}

/// The sandbox's address, chosen by the control plane so that it outlives agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkSpec {
    /// `eni-…`
    pub eni_id: String,
    pub attachment_id: String,
    pub subnet_id: String,
    pub vpc_id: String,
    pub availability_zone: String,
    pub security_groups: Vec<String>,
    pub private_ip: Ipv4Addr,
    pub subnet_cidr: String,
    pub vpc_cidr: String,
    pub mac: String,
    /// `ip-172-31-0-7.ec2.internal`
    pub private_dns_name: String,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SandboxSpec {
    pub containers: Vec<ContainerSpec>,
    /// Names of volumes that live as long as the sandbox.
    pub volumes: Vec<String>,
    /// 1024 units are one vCPU; 0: no limit on the sandbox as a whole.
    pub cpu_units: u32,
    /// 0: no limit on the sandbox as a whole.
    pub memory_mib: u32,
    pub ephemeral_storage_gib: u32,
    pub pids_limit: u32,
    pub task_role_arn: Option<String>,
    pub execution_role_arn: Option<String>,
    /// All containers see one process namespace (`pidMode: task`).
    pub shared_pid_namespace: bool,
    pub ecs: Option<EcsTask>,
}

/// What the ECS task metadata endpoint tells of the task.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EcsTask {
    pub task_arn: String,
    pub cluster_arn: String,
    pub cluster_name: String,
    pub family: String,
    pub revision: i32,
    pub task_definition_arn: String,
    pub launch_type: String,
    pub service_name: Option<String>,
    pub tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ContainerSpec {
    pub name: String,
    /// The container's own ARN in ECS.
    pub arn: String,
    /// As the user wrote it.
    pub image: String,
    pub entry_point: Option<Vec<String>>,
    pub command: Option<Vec<String>>,
    pub environment: Vec<(String, String)>,
    pub user: Option<String>,
    pub working_directory: Option<String>,
    pub essential: bool,
    pub cpu_units: u32,
    /// Hard limit; 0: only the sandbox's.
    pub memory_mib: u32,
    pub memory_reservation_mib: u32,
    pub read_only_root: bool,
    pub privileged: bool,
    /// An init process that reaps children (`linuxParameters.initProcessEnabled`).
    pub init_process: bool,
    pub interactive: bool,
    pub pseudo_terminal: bool,
    pub capabilities_add: Vec<String>,
    pub capabilities_drop: Vec<String>,
    pub ulimits: Vec<Ulimit>,
    pub tmpfs: Vec<Tmpfs>,
    pub shared_memory_mib: u32,
    pub mounts: Vec<Mount>,
    pub sysctls: Vec<(String, String)>,
    pub docker_labels: BTreeMap<String, String>,
    pub depends_on: Vec<Dependency>,
    pub health_check: Option<HealthCheck>,
    pub start_timeout_secs: Option<u32>,
    /// SIGTERM to SIGKILL; ECS's default is 30.
    pub stop_timeout_secs: u32,
    pub port_mappings: Vec<PortMapping>,
    pub log: Option<LogConfiguration>,
    pub hostname: Option<String>,
    pub extra_hosts: Vec<(String, String)>,
    pub dns_servers: Vec<String>,
    pub dns_search_domains: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ulimit {
    pub name: String,
    pub soft: i64,
    pub hard: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tmpfs {
    pub path: String,
    pub size_mib: u32,
    pub options: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// One of [`SandboxSpec::volumes`].
    pub volume: String,
    pub path: String,
    pub read_only: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependency {
    pub container: String,
    pub condition: DependencyCondition,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum DependencyCondition {
    Start,
    Complete,
    Success,
    Healthy,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthCheck {
    /// As ECS takes it: `["CMD", …]` or `["CMD-SHELL", text]`.
    pub command: Vec<String>,
    pub interval_secs: u32,
    pub timeout_secs: u32,
    pub retries: u32,
    pub start_period_secs: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortMapping {
    pub container_port: u16,
    pub host_port: u16,
    pub protocol: String,
    pub name: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogConfiguration {
    /// `awslogs`; `none` keeps nothing.
    pub driver: String,
    pub options: BTreeMap<String, String>,
}
