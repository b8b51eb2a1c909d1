//! The metadata documents, field by field as AWS documents them for tasks on Fargate ("Amazon ECS task
//! metadata v4 JSON response for tasks on Fargate"). What a task does not have is left out, as there.

use gantry_agent_api::{ContainerReport, ContainerSpec, EcsTask, Phase, SandboxReport};
use serde_json::{Map, Value, json};

use super::view::{Learned, TaskView};

/// CPU shares that a container without any of its own has, as Docker counts them.
const LEAST_CPU_SHARES: u32 = 2;

/// `/task`, and `/taskWithTags` if `tags`.
pub(super) fn task(view: &TaskView, tags: bool) -> Value {
    let (assignment, report) = (&view.assignment, view.report());
    let learned = view.learned.read();
    let none = EcsTask::default();
    let ecs = assignment.spec.ecs.as_ref().unwrap_or(&none);
    let containers: Vec<Value> = (assignment.spec.containers.iter())
        .filter_map(|spec| Some(container_json(view, &learned, &report, ecs, spec, find(&report, &spec.name)?)))
        .collect();
    let mut doc = Map::new();
    doc.insert("Cluster".into(), json!(ecs.cluster_arn));
    if let Some(service) = &ecs.service_name {
        doc.insert("ServiceName".into(), json!(service));
    }
    doc.insert("TaskARN".into(), json!(ecs.task_arn));
    doc.insert("Family".into(), json!(ecs.family));
    doc.insert("Revision".into(), json!(ecs.revision.to_string()));
    doc.insert("DesiredStatus".into(), json!(desired(&report)));
    doc.insert("KnownStatus".into(), json!(known(&report)));
    if let Some(limits) = task_limits(assignment.spec.cpu_units, assignment.spec.memory_mib) {
        doc.insert("Limits".into(), limits);
    }
    for (name, at) in [
        ("PullStartedAt", report.pull_started_at),
        ("PullStoppedAt", report.pull_stopped_at),
        ("ExecutionStoppedAt", report.execution_stopped_at),
    ] {
        if let Some(at) = at {
            doc.insert(name.into(), json!(at.rfc3339()));
        }
    }
    doc.insert("AvailabilityZone".into(), json!(assignment.network.availability_zone));
    doc.insert("LaunchType".into(), json!(ecs.launch_type));
    doc.insert("Containers".into(), json!(containers));
    if tags && !ecs.tags.is_empty() {
        doc.insert("TaskTags".into(), json!(ecs.tags));
    }
    Value::Object(doc)
}

/// `/`: the container that a runtime id names.
pub(super) fn container(view: &TaskView, runtime_id: &str) -> Option<Value> {
    let report = view.report();
    let found = report.containers.iter().find(|c| c.runtime_id == runtime_id)?;
    let spec = view.assignment.spec.containers.iter().find(|c| c.name == found.name)?;
    let none = EcsTask::default();
    let ecs = view.assignment.spec.ecs.as_ref().unwrap_or(&none);
    let learned = view.learned.read();
    Some(container_json(view, &learned, &report, ecs, spec, found))
}

fn find<'a>(report: &'a SandboxReport, name: &str) -> Option<&'a ContainerReport> {
    report.containers.iter().find(|c| c.name == name)
}

fn container_json(
    view: &TaskView,
    learned: &Learned,
    report: &SandboxReport,
    ecs: &EcsTask,
    spec: &ContainerSpec,
    state: &ContainerReport,
) -> Value {
    let mut doc = Map::new();
    doc.insert("DockerId".into(), json!(state.runtime_id));
    doc.insert("Name".into(), json!(spec.name));
    doc.insert("DockerName".into(), json!(spec.name));
    doc.insert("Image".into(), json!(spec.image));
    let image_id = learned.image_ids.get(&spec.name).or(state.image_digest.as_ref());
    doc.insert("ImageID".into(), json!(image_id.map_or("", String::as_str)));
    doc.insert("Labels".into(), labels(ecs, spec));
    doc.insert("DesiredStatus".into(), json!(desired(report)));
    doc.insert("KnownStatus".into(), json!(container_known(state)));
    if let Some(code) = state.exit_code {
        doc.insert("ExitCode".into(), json!(code));
    }
    let mut limits = json!({ "CPU": spec.cpu_units.max(LEAST_CPU_SHARES) });
    if spec.memory_mib > 0 {
        limits["Memory"] = json!(spec.memory_mib);
    }
    doc.insert("Limits".into(), limits);
    for (name, at) in
        [("CreatedAt", state.created_at), ("StartedAt", state.started_at), ("FinishedAt", state.finished_at)]
    {
        if let Some(at) = at {
            doc.insert(name.into(), json!(at.rfc3339()));
        }
    }
    doc.insert("Type".into(), json!("NORMAL"));
    if spec.health_check.is_some() {
        let mut health = json!({ "status": state.health });
        if let Some(since) = state.health_since {
            health["statusSince"] = json!(since.rfc3339());
        }
        doc.insert("Health".into(), health);
    }
    if let Some(log) = &spec.log {
        let mut options = log.options.clone();
        options.remove("awslogs-stream-prefix");
        if let Some(stream) = learned.log_streams.get(&spec.name) {
            options.insert("awslogs-stream".to_owned(), stream.clone());
        }
        doc.insert("LogDriver".into(), json!(log.driver));
        doc.insert("LogOptions".into(), json!(options));
    }
    doc.insert("ContainerARN".into(), json!(spec.arn));
    doc.insert("Networks".into(), json!([network(view, learned)]));
    doc.insert("Snapshotter".into(), json!("overlayfs"));
    Value::Object(doc)
}

fn labels(ecs: &EcsTask, spec: &ContainerSpec) -> Value {
    let mut labels: Map<String, Value> = Map::new();
    labels.extend(spec.docker_labels.iter().map(|(k, v)| (k.clone(), json!(v))));
    for (name, value) in [
        ("cluster", ecs.cluster_arn.clone()),
        ("container-name", spec.name.clone()),
        ("task-arn", ecs.task_arn.clone()),
        ("task-definition-family", ecs.family.clone()),
        ("task-definition-version", ecs.revision.to_string()),
    ] {
        labels.insert(format!("com.amazonaws.ecs.{name}"), json!(value));
    }
    Value::Object(labels)
}

fn network(view: &TaskView, learned: &Learned) -> Value {
    let network = &view.assignment.network;
    let mut doc = json!({
        "NetworkMode": "awsvpc",
        "IPv4Addresses": [network.private_ip],
        "AttachmentIndex": 0,
        "MACAddress": network.mac,
        "IPv4SubnetCIDRBlock": network.subnet_cidr,
        "PrivateDNSName": network.private_dns_name,
    });
    if let Some(attached) = &learned.attached {
        doc["SubnetGatewayIpv4Address"] = json!(format!("{}/{}", attached.gateway, attached.prefix_len));
    }
    doc
}

/// CPU in vCPUs, memory in MiB; left out where there is no limit.
fn task_limits(cpu_units: u32, memory_mib: u32) -> Option<Value> {
    let mut limits = Map::new();
    if cpu_units > 0 {
        limits.insert("CPU".into(), json!(f64::from(cpu_units) / 1024.0));
    }
    if memory_mib > 0 {
        limits.insert("Memory".into(), json!(memory_mib));
    }
    (!limits.is_empty()).then_some(Value::Object(limits))
}

fn desired(report: &SandboxReport) -> &'static str {
    if report.phase >= Phase::Stopping { "STOPPED" } else { "RUNNING" }
}

fn known(report: &SandboxReport) -> &'static str {
    match report.phase {
        Phase::Pending => "PENDING",
        Phase::Running | Phase::Stopping => "RUNNING",
        Phase::Stopped => "STOPPED",
    }
}

/// ECS's agent tells more finely how far a container has come than the API does.
fn container_known(state: &ContainerReport) -> &str {
    match (state.status.as_str(), state.created_at.is_some(), state.image_digest.is_some()) {
        ("PENDING", true, _) => "CREATED",
        ("PENDING", false, true) => "PULLED",
        ("PENDING", false, false) => "NONE",
        (status, ..) => status,
    }
}
