//! From a task definition and a request's overrides to the sandbox that a host is to run: pure.

use std::collections::BTreeMap;

use gantry_agent_api::fargate_rules as rules;
use gantry_agent_api::{
    ContainerSpec, Dependency, DependencyCondition, EcsTask, HealthCheck, LogConfiguration, Mount, PortMapping,
    SandboxSpec, Tmpfs, Ulimit,
};
use gantry_aws_api::ecs as model;

use crate::validate::definition::{is_essential, name_of};
use crate::validate::fargate::TaskSize;

/// SIGTERM to SIGKILL where the definition does not say.
const DEFAULT_STOP_TIMEOUT_SECS: u32 = 30;
/// Health checks where the definition does not say.
const HEALTH_INTERVAL_SECS: u32 = 30;
const HEALTH_TIMEOUT_SECS: u32 = 5;
const HEALTH_RETRIES: u32 = 3;

/// What differs between tasks of one definition.
#[derive(Clone, Debug)]
pub struct TaskFacts {
    pub ecs: EcsTask,
    pub size: TaskSize,
    pub ephemeral_storage_gib: u32,
    /// By container, in the definition's order.
    pub container_arns: Vec<String>,
}

pub fn spec(definition: &model::TaskDefinition, overrides: &model::TaskOverride, facts: TaskFacts) -> SandboxSpec {
    let containers = definition.container_definitions.iter().flatten().zip(facts.container_arns).map(|(c, arn)| {
        let changed = overrides.container_overrides.iter().flatten().find(|o| o.name.as_deref() == Some(name_of(c)));
        container(c, changed, arn)
    });
    SandboxSpec {
        containers: containers.collect(),
        volumes: definition.volumes.iter().flatten().filter_map(|v| v.name.clone()).collect(),
        cpu_units: facts.size.cpu_units,
        memory_mib: facts.size.memory_mib,
        ephemeral_storage_gib: facts.ephemeral_storage_gib,
        pids_limit: rules::PIDS_LIMIT,
        task_role_arn: overrides.task_role_arn.clone().or_else(|| definition.task_role_arn.clone()),
        execution_role_arn: overrides.execution_role_arn.clone().or_else(|| definition.execution_role_arn.clone()),
        shared_pid_namespace: definition.pid_mode.as_deref() == Some("task"),
        ecs: Some(facts.ecs),
    }
}

fn unsigned(value: Option<i32>) -> u32 {
    value.and_then(|v| u32::try_from(v).ok()).unwrap_or(0)
}

fn unsigned_or(value: Option<i32>, default: u32) -> u32 {
    value.and_then(|v| u32::try_from(v).ok()).unwrap_or(default)
}

fn container(c: &model::ContainerDefinition, o: Option<&model::ContainerOverride>, arn: String) -> ContainerSpec {
    let linux = c.linux_parameters.clone().unwrap_or_default();
    let capabilities = linux.capabilities.unwrap_or_default();
    ContainerSpec {
        name: name_of(c).to_owned(),
        arn,
        image: c.image.clone().unwrap_or_default(),
        entry_point: c.entry_point.clone().filter(|e| !e.is_empty()),
        command: o.and_then(|o| o.command.clone()).or_else(|| c.command.clone()).filter(|e| !e.is_empty()),
        environment: environment(c, o),
        user: c.user.clone().filter(|u| !u.is_empty()),
        working_directory: c.working_directory.clone().filter(|d| !d.is_empty()),
        essential: is_essential(c),
        cpu_units: unsigned(o.and_then(|o| o.cpu).or(c.cpu)),
        memory_mib: unsigned(o.and_then(|o| o.memory).or(c.memory)),
        memory_reservation_mib: unsigned(o.and_then(|o| o.memory_reservation).or(c.memory_reservation)),
        read_only_root: c.readonly_root_filesystem.unwrap_or(false),
        privileged: c.privileged.unwrap_or(false),
        init_process: linux.init_process_enabled.unwrap_or(false),
        interactive: c.interactive.unwrap_or(false),
        pseudo_terminal: c.pseudo_terminal.unwrap_or(false),
        capabilities_add: capabilities.add.unwrap_or_default(),
        capabilities_drop: capabilities.drop.unwrap_or_default(),
        ulimits: c.ulimits.iter().flatten().map(ulimit).collect(),
        tmpfs: linux.tmpfs.iter().flatten().map(tmpfs).collect(),
        shared_memory_mib: unsigned(linux.shared_memory_size),
        mounts: c.mount_points.iter().flatten().filter_map(mount).collect(),
        sysctls: c
            .system_controls
            .iter()
            .flatten()
            .filter_map(|s| Some((s.namespace.clone()?, s.value.clone().unwrap_or_default())))
            .collect(),
        docker_labels: c.docker_labels.clone().unwrap_or_default(),
        depends_on: c.depends_on.iter().flatten().filter_map(dependency).collect(),
        health_check: c.health_check.as_ref().filter(|h| h.command.first().is_some_and(|k| k != "NONE")).map(health),
        start_timeout_secs: c.start_timeout.and_then(|s| u32::try_from(s).ok()),
        stop_timeout_secs: unsigned_or(c.stop_timeout, DEFAULT_STOP_TIMEOUT_SECS),
        port_mappings: c.port_mappings.iter().flatten().filter_map(port_mapping).collect(),
        log: c
            .log_configuration
            .as_ref()
            .map(|l| LogConfiguration { driver: l.log_driver.clone(), options: l.options.clone().unwrap_or_default() }),
        hostname: c.hostname.clone(),
        extra_hosts: c.extra_hosts.iter().flatten().map(|h| (h.hostname.clone(), h.ip_address.clone())).collect(),
        dns_servers: c.dns_servers.clone().unwrap_or_default(),
        dns_search_domains: c.dns_search_domains.clone().unwrap_or_default(),
    }
}

/// The override's variables on top of the definition's, each name once.
fn environment(c: &model::ContainerDefinition, o: Option<&model::ContainerOverride>) -> Vec<(String, String)> {
    let mut order = Vec::new();
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    let pairs = c.environment.iter().flatten().chain(o.iter().flat_map(|o| o.environment.iter().flatten()));
    for pair in pairs {
        let Some(name) = pair.name.clone() else { continue };
        if values.insert(name.clone(), pair.value.clone().unwrap_or_default()).is_none() {
            order.push(name);
        }
    }
    order.into_iter().filter_map(|name| values.remove(&name).map(|value| (name, value))).collect()
}

fn ulimit(u: &model::Ulimit) -> Ulimit {
    Ulimit { name: u.name.clone(), soft: i64::from(u.soft_limit), hard: i64::from(u.hard_limit) }
}

fn tmpfs(t: &model::Tmpfs) -> Tmpfs {
    Tmpfs {
        path: t.container_path.clone(),
        size_mib: unsigned(Some(t.size)),
        options: t.mount_options.clone().unwrap_or_default(),
    }
}

fn mount(m: &model::MountPoint) -> Option<Mount> {
    Some(Mount {
        volume: m.source_volume.clone()?,
        path: m.container_path.clone()?,
        read_only: m.read_only.unwrap_or(false),
    })
}

fn dependency(d: &model::ContainerDependency) -> Option<Dependency> {
    let condition = match d.condition.as_str() {
        "START" => DependencyCondition::Start,
        "COMPLETE" => DependencyCondition::Complete,
        "SUCCESS" => DependencyCondition::Success,
        "HEALTHY" => DependencyCondition::Healthy,
        _ => return None,
    };
    Some(Dependency { container: d.container_name.clone(), condition })
}

fn health(h: &model::HealthCheck) -> HealthCheck {
    HealthCheck {
        command: h.command.clone(),
        interval_secs: unsigned_or(h.interval, HEALTH_INTERVAL_SECS),
        timeout_secs: unsigned_or(h.timeout, HEALTH_TIMEOUT_SECS),
        retries: unsigned_or(h.retries, HEALTH_RETRIES),
        start_period_secs: unsigned(h.start_period),
    }
}

fn port_mapping(p: &model::PortMapping) -> Option<PortMapping> {
    let container_port = u16::try_from(p.container_port?).ok()?;
    Some(PortMapping {
        container_port,
        host_port: p.host_port.and_then(|h| u16::try_from(h).ok()).filter(|h| *h != 0).unwrap_or(container_port),
        protocol: p.protocol.clone().unwrap_or_else(|| "tcp".to_owned()),
        name: p.name.clone(),
    })
}
