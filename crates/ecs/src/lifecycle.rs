//! How a task moves from PROVISIONING to STOPPED: pure, from what is recorded and reported to what is
//! to be written.
//!
//! What always holds: a task's status never goes back; its version grows by one with each change; the
//! usage record is written with the change that it follows from; planning again over what was written
//! plans nothing.
//!
//! Source: Amazon ECS Developer Guide, "Amazon ECS task lifecycle" and "Stopped tasks error messages".

use gantry_agent_api::{EnvironmentRequest, FargateUsage, NetworkSpec, Phase, Placement, SandboxReport};
use gantry_aws_api::ecs as model;
use gantry_base::Timestamp;

use crate::records::{STOPPED_TASK_KEPT_MS, TaskRecord};

/// A task's statuses in the order that it goes through them.
pub const STATUSES: [&str; 8] =
    ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"];
const PROVISIONING: usize = 0;
const PENDING: usize = 1;
const ACTIVATING: usize = 2;
const RUNNING: usize = 3;
const DEACTIVATING: usize = 4;
const STOPPING: usize = 5;
const DEPROVISIONING: usize = 6;
const STOPPED: usize = 7;

/// What ECS gives as the reason when StopTask gave none.
pub const DEFAULT_STOP_REASON: &str = "Task stopped by user";
const ESSENTIAL_EXITED: &str = "Essential container in task exited";
/// The attribute that tells the truth about a task's isolation: `namespace` or `microvm`.
pub const ISOLATION_ATTRIBUTE: &str = "gantry.fargate-isolation";

/// Everything known of one task.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    pub task: &'a TaskRecord,
    pub environment: Option<&'a EnvironmentRequest>,
    pub report: Option<&'a SandboxReport>,
    pub now: Timestamp,
}

/// To be written in one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    pub record: Option<Box<TaskRecord>>,
    pub usage: Option<FargateUsage>,
    pub delete_environment: bool,
    pub delete_report: bool,
    /// Holds only while there is really no environment: ours may not have been seen yet.
    pub environment_must_be_absent: bool,
}

impl Step {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn rank(status: &str) -> usize {
    STATUSES.iter().position(|s| *s == status).unwrap_or(PROVISIONING)
}

fn advance(task: &mut TaskRecord, to: usize) {
    if rank(task.last_status()) < to {
        task.task.last_status = Some(STATUSES[to].to_owned());
    }
}

/// What to write next for a task; empty if all is as it should be.
pub fn plan(seen: Seen<'_>) -> Step {
    let before = seen.task;
    let mut step = Step::default();
    if rank(before.last_status()) == STOPPED {
        step.delete_environment = seen.environment.is_some();
        step.delete_report = seen.report.is_some();
        return step;
    }
    let mut after = before.clone();
    match seen.environment {
        // A new task's environment is written with it; that we have not been told of it yet says nothing.
        None if rank(before.last_status()) == PROVISIONING => {}
        None => {
            step.environment_must_be_absent = true;
            finish(&mut after, seen.now);
        }
        // Written together with the environment's deletion, which we have not been told of yet.
        Some(_) if rank(before.last_status()) == DEPROVISIONING => {}
        Some(environment) => follow(&mut after, environment, seen, &mut step),
    }
    step.usage = usage_after(before, &after, seen);
    if after == *before {
        if !step.delete_environment {
            return Step::default();
        }
    } else {
        after.task.version = Some(before.task.version.unwrap_or(0) + 1);
    }
    step.record = Some(Box::new(after));
    step
}

fn follow(task: &mut TaskRecord, environment: &EnvironmentRequest, seen: Seen<'_>, step: &mut Step) {
    match &environment.placement {
        None => {
            if task.desired_status() == "STOPPED" {
                deprovision(task, seen.now);
                step.delete_environment = true;
            }
        }
        Some(Placement::Refused { reason }) => {
            let code = if task.task.started_at.is_some() { "TerminationNotice" } else { "TaskFailedToStart" };
            want_stopped(task, code, reason);
            deprovision(task, seen.now);
            step.delete_environment = true;
            step.delete_report = seen.report.is_some();
        }
        Some(Placement::Placed { network, isolation, .. }) => {
            take_network(task, network, isolation.as_str());
            advance(task, PENDING);
            if let Some(report) = seen.report {
                take_report(task, report);
                if report.phase == Phase::Stopped {
                    deprovision(task, seen.now);
                    step.delete_environment = true;
                    step.delete_report = true;
                }
            }
        }
    }
}

fn detail(name: &str, value: &str) -> model::KeyValuePair {
    model::KeyValuePair { name: Some(name.to_owned()), value: Some(value.to_owned()) }
}

fn take_network(task: &mut TaskRecord, network: &NetworkSpec, isolation: &str) {
    if task.task.availability_zone.as_deref() == Some(&network.availability_zone) {
        return;
    }
    task.task.availability_zone = Some(network.availability_zone.clone());
    // The attachment was announced with the task and keeps that id.
    let announced = task.task.attachments.iter().flatten().find_map(|a| a.id.clone());
    let attachment_id = announced.unwrap_or_else(|| network.attachment_id.clone());
    task.task.attachments = Some(vec![model::Attachment {
        id: Some(attachment_id.clone()),
        r#type: Some("ElasticNetworkInterface".to_owned()),
        status: Some("ATTACHING".to_owned()),
        details: Some(vec![
            detail("subnetId", &network.subnet_id),
            detail("networkInterfaceId", &network.eni_id),
            detail("macAddress", &network.mac),
            detail("privateDnsName", &network.private_dns_name),
            detail("privateIPv4Address", &network.private_ip.to_string()),
        ]),
    }]);
    let interface = model::NetworkInterface {
        attachment_id: Some(attachment_id),
        private_ipv4_address: Some(network.private_ip.to_string()),
        ..model::NetworkInterface::default()
    };
    for container in task.task.containers.iter_mut().flatten() {
        container.network_interfaces = Some(vec![interface.clone()]);
    }
    let attributes = task.task.attributes.get_or_insert_default();
    attributes.retain(|a| a.name != ISOLATION_ATTRIBUTE);
    attributes.push(model::Attribute {
        name: ISOLATION_ATTRIBUTE.to_owned(),
        value: Some(isolation.to_owned()),
        ..model::Attribute::default()
    });
}

fn set_attachment(task: &mut TaskRecord, status: &str) {
    for attachment in task.task.attachments.iter_mut().flatten() {
        attachment.status = Some(status.to_owned());
    }
}

fn take_report(task: &mut TaskRecord, report: &SandboxReport) {
    if let (Some(at), None) = (report.connected_at, task.task.connectivity_at) {
        task.task.connectivity = Some("CONNECTED".to_owned());
        task.task.connectivity_at = Some(at);
        set_attachment(task, "ATTACHED");
    }
    let t = &mut task.task;
    t.pull_started_at = t.pull_started_at.or(report.pull_started_at);
    t.pull_stopped_at = t.pull_stopped_at.or(report.pull_stopped_at);
    t.started_at = t.started_at.or(report.started_at);
    t.stopping_at = t.stopping_at.or(report.stopping_at);
    t.execution_stopped_at = t.execution_stopped_at.or(report.execution_stopped_at);
    take_containers(task, report);
    let status = match report.phase {
        Phase::Pending if report.pull_stopped_at.is_some() => ACTIVATING,
        Phase::Pending => PENDING,
        Phase::Running => RUNNING,
        Phase::Stopping => STOPPING,
        Phase::Stopped => DEPROVISIONING,
    };
    if report.phase >= Phase::Stopping || report.stop_code.is_some() {
        let code = report.stop_code.as_deref().unwrap_or("EssentialContainerExited");
        want_stopped(task, code, report.stop_reason.as_deref().unwrap_or(ESSENTIAL_EXITED));
    }
    advance(task, status);
}

fn take_containers(task: &mut TaskRecord, report: &SandboxReport) {
    for container in task.task.containers.iter_mut().flatten() {
        let Some(told) = report.containers.iter().find(|c| container.name.as_deref() == Some(&c.name)) else {
            continue;
        };
        container.last_status = Some(told.status.clone());
        if !told.runtime_id.is_empty() {
            container.runtime_id = Some(told.runtime_id.clone());
        }
        container.image_digest = told.image_digest.clone().or(container.image_digest.take());
        container.exit_code = told.exit_code.or(container.exit_code);
        container.reason = told.reason.clone().or(container.reason.take());
        if !told.health.is_empty() {
            container.health_status = Some(told.health.clone());
        }
    }
    task.task.health_status = Some(health(task));
}

/// A task is as healthy as its essential containers with a health check; the worst of them speaks.
fn health(task: &TaskRecord) -> String {
    let of = |name: &str| {
        let found = task.task.containers.iter().flatten().find(|c| c.name.as_deref() == Some(name));
        found.and_then(|c| c.health_status.clone()).unwrap_or_else(|| "UNKNOWN".to_owned())
    };
    let checked: Vec<String> =
        task.containers.iter().filter(|c| c.essential && c.has_health_check).map(|c| of(&c.name)).collect();
    let has = |status: &str| checked.iter().any(|h| h == status);
    if has("UNHEALTHY") {
        "UNHEALTHY"
    } else if checked.is_empty() || has("UNKNOWN") {
        "UNKNOWN"
    } else {
        "HEALTHY"
    }
    .to_owned()
}

/// The first reason to stop is the one that stays.
fn want_stopped(task: &mut TaskRecord, code: &str, reason: &str) {
    if task.desired_status() != "STOPPED" {
        task.task.desired_status = Some("STOPPED".to_owned());
        task.task.stop_code = Some(code.to_owned());
        task.task.stopped_reason = Some(reason.to_owned());
    }
}

fn deprovision(task: &mut TaskRecord, now: Timestamp) {
    task.task.stopping_at = task.task.stopping_at.or(Some(now));
    advance(task, DEPROVISIONING);
}

fn finish(task: &mut TaskRecord, now: Timestamp) {
    want_stopped(task, "TaskFailedToStart", "The task's environment was taken away");
    task.task.stopping_at = task.task.stopping_at.or(Some(now));
    task.task.stopped_at = Some(now);
    task.forget_at = Some(now.plus_ms(STOPPED_TASK_KEPT_MS));
    if task.task.connectivity.is_some() {
        task.task.connectivity = Some("DISCONNECTED".to_owned());
    }
    set_attachment(task, "DELETED");
    for container in task.task.containers.iter_mut().flatten() {
        container.last_status = Some("STOPPED".to_owned());
    }
    advance(task, STOPPED);
}

/// StopTask's change; `None` if the task was told to stop before.
pub fn stop(task: &TaskRecord, reason: Option<&str>, now: Timestamp) -> Option<TaskRecord> {
    if task.desired_status() == "STOPPED" {
        return None;
    }
    let mut after = task.clone();
    want_stopped(&mut after, "UserInitiated", reason.filter(|r| !r.is_empty()).unwrap_or(DEFAULT_STOP_REASON));
    if rank(after.last_status()) == RUNNING {
        after.task.stopping_at = Some(now);
        advance(&mut after, DEACTIVATING);
    }
    after.task.version = Some(task.task.version.unwrap_or(0) + 1);
    Some(after)
}

/// Billing begins with the pull and ends with the sandbox; each end is written once, with its cause.
fn usage_after(before: &TaskRecord, after: &TaskRecord, seen: Seen<'_>) -> Option<FargateUsage> {
    let started_at = after.task.pull_started_at?;
    let begins = before.task.pull_started_at.is_none();
    let ends = rank(before.last_status()) < DEPROVISIONING && rank(after.last_status()) >= DEPROVISIONING;
    if !begins && !ends {
        return None;
    }
    let told = seen.report.and_then(|r| r.stopped_at.or(r.execution_stopped_at));
    Some(FargateUsage {
        account: after.account.clone(),
        region: after.region.clone(),
        resource: after.arn().to_owned(),
        capacity_provider: after.task.capacity_provider_name.clone().unwrap_or_else(|| "FARGATE".to_owned()),
        architecture: after.architecture.clone(),
        cpu_units: after.cpu_units,
        memory_mib: after.memory_mib,
        ephemeral_storage_gib: after.ephemeral_storage_gib,
        started_at,
        stopped_at: ends.then(|| told.unwrap_or(seen.now)),
        cluster_name: after.cluster.clone(),
        group: after.task.group.clone().unwrap_or_default(),
        tags: after
            .task
            .tags
            .iter()
            .flatten()
            .filter_map(|t| Some((t.key.clone()?, t.value.clone().unwrap_or_default())))
            .collect(),
    })
}
