//! What the machine says of itself.

use gantry_agent_api::{ContainerReport, SandboxReport};

use super::{Container, HealthStatus, Machine, Stage};

/// The id by which ECS and the metadata endpoint know a container on Fargate: the task's id, a dash, and
/// ten digits that follow from the container's name, so that it is the same after every restart.
pub fn runtime_id(sandbox_id: &str, container: &str) -> String {
    // FNV-1a, 32 bits: spread, not secrecy, is what is wanted.
    let hash = container.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    format!("{sandbox_id}-{hash:010}")
}

impl Machine {
    pub fn report(&self) -> SandboxReport {
        SandboxReport {
            sandbox_id: self.assignment.sandbox_id.clone(),
            host_id: self.host_id.clone(),
            phase: self.phase,
            connected_at: self.connected_at,
            pull_started_at: self.pull_started_at,
            pull_stopped_at: self.pull_stopped_at,
            started_at: self.started_at,
            stopping_at: self.stopping_at,
            execution_stopped_at: self.execution_stopped_at,
            stopped_at: self.stopped_at,
            stop_code: self.stop_code.clone(),
            stop_reason: self.stop_reason.clone(),
            containers: self.containers.iter().map(|c| self.container_report(c)).collect(),
        }
    }

    fn container_report(&self, container: &Container) -> ContainerReport {
        let health = container.health.as_ref();
        ContainerReport {
            name: container.spec.name.clone(),
            status: status(container).to_owned(),
            runtime_id: runtime_id(&self.assignment.sandbox_id, &container.spec.name),
            image_digest: container.image_digest.clone(),
            exit_code: container.exit_code.filter(|_| container.is_over()),
            reason: container.reason.clone(),
            health: health.map_or(HealthStatus::Unknown, |h| h.status).as_str().to_owned(),
            health_since: health.and_then(|h| h.since),
            created_at: container.created_at,
            started_at: container.started_at,
            finished_at: container.finished_at.filter(|_| container.is_over()),
        }
    }
}

/// A container whose last words are still on their way to the log is not stopped yet.
fn status(container: &Container) -> &'static str {
    match container.stage {
        Stage::Waiting | Stage::Creating | Stage::Created | Stage::Starting => "PENDING",
        Stage::Running => "RUNNING",
        Stage::Exited if container.is_over() => "STOPPED",
        Stage::Exited => "RUNNING",
    }
}
