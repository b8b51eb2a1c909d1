//! Rules that a task definition must keep to run on Fargate.
//!
//! Source: Amazon ECS Developer Guide, "Amazon ECS task definition differences for Fargate".

use gantry_agent_api::fargate_rules as rules;
use gantry_aws_api::ecs::{ContainerDefinition, RegisterTaskDefinitionRequest};
use gantry_aws_wire::AwsError;

use super::definition::name_of;
use super::{Check, client, ensure};

/// CPU units and MiB of a Fargate task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskSize {
    pub cpu_units: u32,
    pub memory_mib: u32,
}

/// Both must be there, well formed, and a pair that Fargate has.
pub fn size(cpu: Option<&str>, memory: Option<&str>) -> Result<TaskSize, AwsError> {
    let cpu = cpu.ok_or_else(|| client("Fargate requires that 'cpu' be defined at the task level."))?;
    let memory = memory.ok_or_else(|| client("Fargate requires that 'memory' be defined at the task level."))?;
    let (cpu_units, memory_mib) = (parse_cpu(cpu)?, parse_memory(memory)?);
    ensure(rules::is_size(cpu_units, memory_mib), || {
        format!(
            "No Fargate configuration exists for given values: {cpu_units} CPU, {memory_mib} memory. \
             See the Amazon ECS documentation for the valid values."
        )
    })?;
    Ok(TaskSize { cpu_units, memory_mib })
}

pub fn parse_cpu(text: &str) -> Result<u32, AwsError> {
    rules::parse_cpu(text).filter(|units| *units > 0).ok_or_else(|| {
        client(
            "Invalid 'cpu' setting for task. For more information, see the Troubleshooting section of the Amazon \
             ECS Developer Guide.",
        )
    })
}

pub fn parse_memory(text: &str) -> Result<u32, AwsError> {
    rules::parse_memory(text).filter(|mib| *mib > 0).ok_or_else(|| {
        client(
            "Invalid 'memory' setting for task. For more information, see the Troubleshooting section of the Amazon \
             ECS Developer Guide.",
        )
    })
}

/// `ephemeralStorage`, 21 to 200 GiB.
pub fn ephemeral_storage(gib: Option<i32>) -> Check {
    let Some(gib) = gib else { return Ok(()) };
    let (least, most) = (rules::EPHEMERAL_STORAGE_GIB.start(), rules::EPHEMERAL_STORAGE_GIB.end());
    ensure(gib >= *least, || format!("EphemeralStorage size should be at least {least}"))?;
    ensure(gib <= *most, || format!("EphemeralStorage size should be at most {most}"))
}

pub fn check(request: &RegisterTaskDefinitionRequest) -> Check {
    ensure(request.network_mode.as_deref() == Some("awsvpc"), || {
        "Fargate only supports network mode ‘awsvpc’.".into()
    })?;
    let size = size(request.cpu.as_deref(), request.memory.as_deref())?;
    ephemeral_storage(request.ephemeral_storage.as_ref().map(|s| s.size_in_gi_b))?;
    ensure(request.placement_constraints.as_ref().is_none_or(Vec::is_empty), || {
        "Fargate does not support task placement constraints.".into()
    })?;
    if let Some(mode) = request.pid_mode.as_deref().filter(|m| *m != "task") {
        return Err(client(format!(
            "Tasks using the Fargate launch type do not support pidMode '{mode}'. The supported value for pidMode is 'task'."
        )));
    }
    ensure(request.ipc_mode.is_none(), || "Tasks using the Fargate launch type do not support ipcMode.".into())?;
    ensure(request.inference_accelerators.as_ref().is_none_or(Vec::is_empty), || {
        "Fargate does not support inference accelerators.".into()
    })?;
    check_platform(request)?;
    check_volumes(request)?;
    check_roles(request)?;
    for container in &request.container_definitions {
        check_container(container)?;
    }
    check_sums(request, size)
}

fn check_platform(request: &RegisterTaskDefinitionRequest) -> Check {
    let Some(platform) = &request.runtime_platform else { return Ok(()) };
    ensure(platform.cpu_architecture.as_deref().is_none_or(|a| matches!(a, "X86_64" | "ARM64")), || {
        "Invalid 'cpuArchitecture' setting for task.".into()
    })?;
    ensure(platform.operating_system_family.as_deref().is_none_or(|f| f == "LINUX"), || {
        "Fargate here runs operating system family LINUX only.".into()
    })
}

fn check_volumes(request: &RegisterTaskDefinitionRequest) -> Check {
    for volume in request.volumes.iter().flatten() {
        let sets_path = volume.host.as_ref().is_some_and(|h| h.source_path.as_ref().is_some_and(|p| !p.is_empty()));
        ensure(!sets_path, || "host.sourcePath should not be set for volumes in Fargate.".into())?;
        ensure(volume.docker_volume_configuration.is_none(), || {
            "Fargate does not support Docker volume configurations.".into()
        })?;
        ensure(volume.fsx_windows_file_server_volume_configuration.is_none(), || {
            "Fargate does not support FSx for Windows File Server volumes.".into()
        })?;
    }
    Ok(())
}

/// Fargate pulls and logs with the execution role, since there is no instance whose role it could use.
fn check_roles(request: &RegisterTaskDefinitionRequest) -> Check {
    if request.execution_role_arn.is_some() {
        return Ok(());
    }
    for container in &request.container_definitions {
        let driver = container.log_configuration.as_ref().map(|l| l.log_driver.as_str());
        ensure(driver != Some("awslogs"), || {
            "Fargate requires task definition to have execution role ARN to support log driver awslogs.".into()
        })?;
        ensure(!is_ecr_image(container.image.as_deref().unwrap_or_default()), || {
            "Fargate requires task definition to have execution role ARN to support ECR images.".into()
        })?;
        ensure(container.secrets.as_ref().is_none_or(Vec::is_empty), || {
            "Fargate requires task definition to have execution role ARN to support secrets.".into()
        })?;
    }
    Ok(())
}

/// `<account>.dkr.ecr.<region>.…/…`
pub fn is_ecr_image(image: &str) -> bool {
    let host = image.split('/').next().unwrap_or_default();
    let mut labels = host.split('.');
    labels.next().is_some_and(|a| a.len() == 12 && a.bytes().all(|b| b.is_ascii_digit()))
        && labels.next() == Some("dkr")
        && labels.next() == Some("ecr")
}

fn check_container(container: &ContainerDefinition) -> Check {
    let name = name_of(container);
    let refuse =
        |set: bool, what: &str| ensure(!set, || format!("Fargate does not support '{what}' (container '{name}')."));
    ensure(!container.privileged.unwrap_or(false), || "Fargate does not support privileged containers.".into())?;
    refuse(container.links.as_ref().is_some_and(|l| !l.is_empty()), "links")?;
    refuse(container.disable_networking.unwrap_or(false), "disableNetworking")?;
    refuse(container.dns_servers.as_ref().is_some_and(|l| !l.is_empty()), "dnsServers")?;
    refuse(container.dns_search_domains.as_ref().is_some_and(|l| !l.is_empty()), "dnsSearchDomains")?;
    refuse(container.extra_hosts.as_ref().is_some_and(|l| !l.is_empty()), "extraHosts")?;
    refuse(container.docker_security_options.as_ref().is_some_and(|l| !l.is_empty()), "dockerSecurityOptions")?;
    // In awsvpc mode the task has its own network; the host's name is its interface's.
    refuse(container.hostname.as_ref().is_some_and(|h| !h.is_empty()), "hostname")?;
    for need in container.resource_requirements.iter().flatten() {
        ensure(need.r#type != "GPU", || {
            "Tasks using the Fargate launch type do not support GPU resource requirements.".into()
        })?;
    }
    for control in container.system_controls.iter().flatten() {
        let namespace = control.namespace.as_deref().unwrap_or_default();
        let known = rules::SYSTEM_CONTROL_PREFIXES.iter().any(|prefix| namespace.starts_with(prefix));
        ensure(known, || format!("Fargate does not support the system control '{namespace}'."))?;
    }
    let driver = container.log_configuration.as_ref().map(|l| l.log_driver.as_str());
    ensure(driver.is_none_or(|d| matches!(d, "awslogs" | "splunk" | "awsfirelens" | "none")), || {
        format!("Fargate does not support the log driver '{}'.", driver.unwrap_or_default())
    })?;
    check_linux(container)?;
    check_awslogs(container)
}

fn check_awslogs(container: &ContainerDefinition) -> Check {
    let Some(log) = container.log_configuration.as_ref().filter(|l| l.log_driver == "awslogs") else { return Ok(()) };
    let has_prefix =
        log.options.iter().flatten().any(|(name, value)| name == "awslogs-stream-prefix" && !value.is_empty());
    ensure(has_prefix, || "Log driver awslogs requires options: awslogs-stream-prefix".into())
}

fn check_linux(container: &ContainerDefinition) -> Check {
    let Some(linux) = &container.linux_parameters else { return Ok(()) };
    let refuse =
        |set: bool, what: &str| ensure(!set, || format!("Fargate does not support '{what}' in linuxParameters."));
    refuse(linux.devices.as_ref().is_some_and(|d| !d.is_empty()), "devices")?;
    refuse(linux.shared_memory_size.is_some(), "sharedMemorySize")?;
    refuse(linux.tmpfs.as_ref().is_some_and(|t| !t.is_empty()), "tmpfs")?;
    refuse(linux.max_swap.is_some(), "maxSwap")?;
    refuse(linux.swappiness.is_some(), "swappiness")?;
    for added in linux.capabilities.iter().flat_map(|c| c.add.iter().flatten()) {
        ensure(rules::ADDABLE_CAPABILITIES.contains(&added.as_str()), || {
            format!(
                "Fargate does not support adding the Linux capability '{added}'. The only one that can be added is SYS_PTRACE."
            )
        })?;
    }
    Ok(())
}

fn check_sums(request: &RegisterTaskDefinitionRequest, size: TaskSize) -> Check {
    let containers = &request.container_definitions;
    let cpu: i64 = containers.iter().filter_map(|c| c.cpu).map(i64::from).sum();
    ensure(cpu <= i64::from(size.cpu_units), || {
        "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.".into()
    })?;
    let reserved: i64 = containers.iter().filter_map(|c| c.memory_reservation.or(c.memory)).map(i64::from).sum();
    ensure(reserved <= i64::from(size.memory_mib), || {
        "The sum of all container 'memoryReservation' values cannot be greater than the value of the task 'memory'."
            .into()
    })?;
    for container in containers {
        ensure(container.memory.is_none_or(|m| i64::from(m) <= i64::from(size.memory_mib)), || {
            format!(
                "Invalid setting for container '{}'. The 'memory' value cannot be greater than the value of the task 'memory'.",
                name_of(container)
            )
        })?;
    }
    Ok(())
}
