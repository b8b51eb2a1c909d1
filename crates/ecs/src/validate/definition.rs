//! Rules that hold for every task definition, whatever it runs on.
//!
//! Source: Amazon ECS API Reference, RegisterTaskDefinition and ContainerDefinition; the wording is
//! ECS's own where it is known from clients' reports.

use std::collections::{HashMap, HashSet};

use gantry_aws_api::ecs::{ContainerDefinition, RegisterTaskDefinitionRequest};

use super::{Check, client, ensure};
use crate::names;

/// Containers in one task definition (ECS service quota).
pub const MAX_CONTAINERS: usize = 10;
/// Bytes of one task definition (ECS service quota).
pub const MAX_DEFINITION_BYTES: usize = 64 * 1024;
/// MiB below which no container can be given a limit.
const MIN_MEMORY_MIB: i32 = 4;
const MAX_PORT: i32 = 65_535;

const LOG_DRIVERS: [&str; 9] =
    ["json-file", "syslog", "journald", "gelf", "fluentd", "awslogs", "splunk", "awsfirelens", "none"];

pub(crate) fn name_of(container: &ContainerDefinition) -> &str {
    container.name.as_deref().unwrap_or_default()
}

pub(crate) fn is_essential(container: &ContainerDefinition) -> bool {
    container.essential.unwrap_or(true)
}

pub fn check(request: &RegisterTaskDefinitionRequest) -> Check {
    check_head(request)?;
    let containers = &request.container_definitions;
    ensure(!containers.is_empty(), || "Container list cannot be empty.".into())?;
    ensure(containers.len() <= MAX_CONTAINERS, || {
        format!("Too many containers. A task definition can have at most {MAX_CONTAINERS} containers.")
    })?;
    check_names(containers)?;
    ensure(containers.iter().any(is_essential), || {
        "A task definition must have at least one essential container.".into()
    })?;
    let volumes = volume_names(request)?;
    for container in containers {
        check_container(container, request, &volumes)?;
    }
    check_dependencies(containers)?;
    super::tags::check(request.tags.as_deref().unwrap_or_default())
}

fn check_head(request: &RegisterTaskDefinitionRequest) -> Check {
    ensure(!request.family.is_empty(), || "Family should not be null or empty.".into())?;
    ensure(names::is_name(&request.family), || "Family contains invalid characters.".into())?;
    ensure(
        request
            .network_mode
            .as_deref()
            .is_none_or(|mode| matches!(mode, "bridge" | "host" | "awsvpc" | "none" | "default")),
        || "Invalid setting for network mode.".into(),
    )?;
    let known = ["EC2", "FARGATE", "EXTERNAL", "MANAGED_INSTANCES"];
    ensure(request.requires_compatibilities.iter().flatten().all(|c| known.contains(&c.as_str())), || {
        "Invalid 'requiresCompatibilities' setting for task.".into()
    })?;
    ensure(request.pid_mode.as_deref().is_none_or(|m| matches!(m, "host" | "task")), || {
        "Invalid 'pidMode' setting for task.".into()
    })?;
    ensure(request.ipc_mode.as_deref().is_none_or(|m| matches!(m, "host" | "task" | "none")), || {
        "Invalid 'ipcMode' setting for task.".into()
    })
}

fn check_names(containers: &[ContainerDefinition]) -> Check {
    let mut seen = HashSet::new();
    for container in containers {
        let name = name_of(container);
        ensure(!name.is_empty(), || "Container.name should not be null or empty.".into())?;
        ensure(names::is_name(name), || "Container.name contains invalid characters.".into())?;
        ensure(container.image.as_deref().is_some_and(|i| !i.trim().is_empty()), || {
            "Container.image should not be null or empty.".into()
        })?;
        ensure(container.image.as_deref().is_some_and(|i| i.len() <= 255), || {
            "Container.image should be at most 255 characters long.".into()
        })?;
        ensure(seen.insert(name), || "Container names must be unique within a task definition.".into())?;
    }
    Ok(())
}

fn volume_names(request: &RegisterTaskDefinitionRequest) -> Result<HashSet<&str>, gantry_aws_wire::AwsError> {
    let mut names = HashSet::new();
    for volume in request.volumes.iter().flatten() {
        let name = volume.name.as_deref().unwrap_or_default();
        ensure(names::is_name(name), || "Volume.name should not be null or empty, or hold invalid characters.".into())?;
        ensure(names.insert(name), || format!("Duplicate volume name '{name}'."))?;
    }
    Ok(names)
}

fn check_container(
    container: &ContainerDefinition,
    request: &RegisterTaskDefinitionRequest,
    volumes: &HashSet<&str>,
) -> Check {
    check_memory(container, request.memory.is_some())?;
    check_ports(container, request.network_mode.as_deref())?;
    check_mounts(container, request, volumes)?;
    check_health(container)?;
    check_log(container)?;
    check_times(container)?;
    for pair in container.environment.iter().flatten() {
        ensure(pair.name.as_deref().is_some_and(|n| !n.is_empty() && !n.contains(['=', '\0'])), || {
            format!("Environment variable name for container '{}' should not be null or empty.", name_of(container))
        })?;
        ensure(pair.value.as_deref().is_none_or(|v| !v.contains('\0')), || {
            format!("Environment variable value for container '{}' contains invalid characters.", name_of(container))
        })?;
    }
    for limit in container.ulimits.iter().flatten() {
        ensure(limit.soft_limit <= limit.hard_limit || limit.hard_limit == -1, || {
            format!("Invalid ulimit '{}': the soft limit cannot be greater than the hard limit.", limit.name)
        })?;
    }
    Ok(())
}

fn check_memory(container: &ContainerDefinition, task_has_memory: bool) -> Check {
    let name = name_of(container);
    ensure(container.cpu.is_none_or(|cpu| cpu >= 0), || {
        format!("Invalid setting for container '{name}'. 'cpu' cannot be negative.")
    })?;
    ensure(task_has_memory || container.memory.is_some() || container.memory_reservation.is_some(), || {
        format!(
            "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be specified."
        )
    })?;
    for mib in [container.memory, container.memory_reservation].into_iter().flatten() {
        ensure(mib >= MIN_MEMORY_MIB, || {
            format!("Invalid setting for container '{name}'. Memory must be at least {MIN_MEMORY_MIB} MiB.")
        })?;
    }
    let fits = match (container.memory, container.memory_reservation) {
        (Some(hard), Some(soft)) => hard >= soft,
        _ => true,
    };
    ensure(fits, || {
        format!(
            "Invalid setting for container '{name}'. The 'memory' value must be greater than or equal to the 'memoryReservation' value."
        )
    })
}

fn check_ports(container: &ContainerDefinition, network_mode: Option<&str>) -> Check {
    let mut seen = HashSet::new();
    for mapping in container.port_mappings.iter().flatten() {
        if mapping.container_port_range.is_some() {
            continue;
        }
        let port = mapping.container_port.unwrap_or(0);
        ensure((1..=MAX_PORT).contains(&port), || {
            format!("Invalid container port {port} in container '{}'.", name_of(container))
        })?;
        let host = mapping.host_port.unwrap_or(0);
        ensure((0..=MAX_PORT).contains(&host), || {
            format!("Invalid host port {host} in container '{}'.", name_of(container))
        })?;
        let protocol = mapping.protocol.as_deref().unwrap_or("tcp");
        ensure(matches!(protocol, "tcp" | "udp"), || format!("Invalid protocol '{protocol}' in port mapping."))?;
        let same = host == 0 || host == port;
        ensure(same || !matches!(network_mode, Some("awsvpc" | "host")), || {
            format!(
                "When networkMode={}, the host ports and container ports in port mappings must match.",
                network_mode.unwrap_or_default()
            )
        })?;
        ensure(seen.insert((port, protocol)), || {
            format!("Duplicate port mapping {port}/{protocol} in container '{}'.", name_of(container))
        })?;
    }
    Ok(())
}

fn check_mounts(
    container: &ContainerDefinition,
    request: &RegisterTaskDefinitionRequest,
    volumes: &HashSet<&str>,
) -> Check {
    for mount in container.mount_points.iter().flatten() {
        let volume = mount.source_volume.as_deref().unwrap_or_default();
        ensure(volumes.contains(volume), || format!("Unknown volume '{volume}'."))?;
        ensure(mount.container_path.as_deref().is_some_and(|p| p.starts_with('/') && !p.contains('\0')), || {
            "MountPoint.containerPath should not be null or empty, and must be absolute.".into()
        })?;
    }
    for from in container.volumes_from.iter().flatten() {
        let source = from.source_container.as_deref().unwrap_or_default();
        let known = request.container_definitions.iter().any(|c| name_of(c) == source) && source != name_of(container);
        ensure(known, || format!("Unknown container '{source}' in volumesFrom."))?;
    }
    Ok(())
}

fn check_health(container: &ContainerDefinition) -> Check {
    let Some(health) = &container.health_check else { return Ok(()) };
    let kind = health.command.first().map(String::as_str).unwrap_or_default();
    ensure(matches!(kind, "CMD" | "CMD-SHELL" | "NONE"), || {
        "Health check command must start with CMD, CMD-SHELL or NONE.".into()
    })?;
    ensure(kind == "NONE" || health.command.len() >= 2, || "Health check command should not be empty.".into())?;
    let ranges = [
        ("interval", health.interval, 5..=300),
        ("timeout", health.timeout, 2..=120),
        ("retries", health.retries, 1..=10),
        ("startPeriod", health.start_period, 0..=300),
    ];
    for (what, value, range) in ranges {
        ensure(value.is_none_or(|v| range.contains(&v)), || {
            format!("Health check {what} must be between {} and {}.", range.start(), range.end())
        })?;
    }
    Ok(())
}

fn check_log(container: &ContainerDefinition) -> Check {
    let Some(log) = &container.log_configuration else { return Ok(()) };
    ensure(LOG_DRIVERS.contains(&log.log_driver.as_str()), || format!("Invalid log driver '{}'.", log.log_driver))?;
    if log.log_driver != "awslogs" {
        return Ok(());
    }
    let has = |option: &str| log.options.iter().flatten().any(|(name, value)| name == option && !value.is_empty());
    ensure(has("awslogs-region") && has("awslogs-group"), || {
        "Log driver awslogs requires options: awslogs-region, awslogs-group".into()
    })
}

fn check_times(container: &ContainerDefinition) -> Check {
    let fits = |secs: Option<i32>, range: std::ops::RangeInclusive<i32>| secs.is_none_or(|s| range.contains(&s));
    ensure(fits(container.start_timeout, 2..=120), || "startTimeout must be between 2 and 120 seconds.".into())?;
    ensure(fits(container.stop_timeout, 0..=120), || "stopTimeout must be between 0 and 120 seconds.".into())
}

fn check_dependencies(containers: &[ContainerDefinition]) -> Check {
    let by_name: HashMap<&str, &ContainerDefinition> = containers.iter().map(|c| (name_of(c), c)).collect();
    for container in containers {
        for dependency in container.depends_on.iter().flatten() {
            let on = dependency.container_name.as_str();
            let target = by_name.get(on).ok_or_else(|| {
                client(format!(
                    "Container '{}' depends on container '{on}', which is not in the task definition.",
                    name_of(container)
                ))
            })?;
            match dependency.condition.as_str() {
                "START" => {}
                "COMPLETE" | "SUCCESS" => ensure(!is_essential(target), || {
                    "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container".into()
                })?,
                "HEALTHY" => ensure(target.health_check.is_some(), || {
                    format!(
                        "Container '{on}' must have a health check, since another container depends on it with condition HEALTHY."
                    )
                })?,
                other => return Err(client(format!("Invalid dependency condition '{other}'."))),
            }
        }
    }
    ensure(!has_cycle(containers), || "A cyclic dependency was found among the containers' dependsOn.".into())
}

/// Takes away containers that depend on nothing left; what cannot be taken away is a circle.
fn has_cycle(containers: &[ContainerDefinition]) -> bool {
    let mut left: HashMap<&str, HashSet<&str>> = containers
        .iter()
        .map(|c| (name_of(c), c.depends_on.iter().flatten().map(|d| d.container_name.as_str()).collect()))
        .collect();
    loop {
        let free: Vec<&str> = left.iter().filter(|(_, on)| on.is_empty()).map(|(name, _)| *name).collect();
        if free.is_empty() {
            return !left.is_empty();
        }
        for name in free {
            left.remove(name);
            for on in left.values_mut() {
                on.remove(name);
            }
        }
    }
}
