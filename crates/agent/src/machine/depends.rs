//! `dependsOn`: what a container waits for, and when waiting has become pointless. The wordings are those
//! of ECS's agent.

use gantry_agent_api::{Dependency, DependencyCondition};
use gantry_base::Timestamp;

use super::{Container, HealthStatus, Machine, Stage};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready,
    Waiting,
    /// Never: the container's reason.
    Never(String),
}

impl Machine {
    /// Whether the container at `index` may be created.
    pub(super) fn readiness(&self, now: Timestamp, index: usize) -> Readiness {
        let target = &self.containers[index];
        let mut waiting = false;
        for dependency in &target.spec.depends_on {
            let Some(other) = self.container(&dependency.container) else {
                return Readiness::Never(format!(
                    "dependency graph: container ordering dependency [{}] for target [{}] does not exist.",
                    dependency.container, target.spec.name
                ));
            };
            match judge(now, dependency, other, &target.spec.name) {
                Readiness::Ready => {}
                Readiness::Waiting => waiting = true,
                never @ Readiness::Never(_) => return never,
            }
        }
        if waiting { Readiness::Waiting } else { Readiness::Ready }
    }

    /// When the next start timeout of a dependency runs out that somebody waits for.
    pub(super) fn dependency_deadline(&self) -> Option<Timestamp> {
        let waiting = self.containers.iter().filter(|c| c.stage == Stage::Waiting);
        waiting
            .flat_map(|c| &c.spec.depends_on)
            .filter_map(|d| self.container(&d.container).and_then(|other| times_out_at(d.condition, other)))
            .min()
    }

    /// Whether somebody that still runs, or may yet run, depends on `name`: then it is not to be stopped yet.
    pub(super) fn is_needed(&self, name: &str) -> bool {
        self.containers
            .iter()
            .any(|c| c.stage != Stage::Exited && c.spec.depends_on.iter().any(|d| d.container == name))
    }
}

fn judge(now: Timestamp, dependency: &Dependency, other: &Container, target: &str) -> Readiness {
    let name = &other.spec.name;
    let exited = other.stage == Stage::Exited;
    if exited && !other.has_started() {
        return Readiness::Never(format!(
            "dependency graph: failed to resolve container ordering dependency [{name}] for target [{target}] \
             because dependency will never start"
        ));
    }
    let resolved = match dependency.condition {
        DependencyCondition::Start => other.has_started(),
        DependencyCondition::Complete => exited,
        DependencyCondition::Success if exited && other.exit_code != Some(0) => {
            return Readiness::Never(format!(
                "dependency graph: failed to resolve container ordering dependency [{name}] for target [{target}] \
                 as dependency did not exit successfully."
            ));
        }
        DependencyCondition::Success => exited,
        DependencyCondition::Healthy => {
            let healthy = other.health.as_ref().is_some_and(|h| h.status == HealthStatus::Healthy);
            if exited && !healthy {
                return Readiness::Never(format!(
                    "dependency graph: failed to resolve container ordering dependency [{name}] for target \
                     [{target}] as dependency stopped before it was healthy."
                ));
            }
            healthy
        }
    };
    if resolved {
        return Readiness::Ready;
    }
    if times_out_at(dependency.condition, other).is_some_and(|at| at <= now) {
        return Readiness::Never(format!(
            "dependency graph: container ordering dependency [{name}] for target [{target}] has timed out."
        ));
    }
    Readiness::Waiting
}

/// `startTimeout` stands at the dependency and counts from its start.
fn times_out_at(condition: DependencyCondition, other: &Container) -> Option<Timestamp> {
    if condition == DependencyCondition::Start || other.stage == Stage::Exited {
        return None;
    }
    let timeout_secs = other.spec.start_timeout_secs.filter(|secs| *secs > 0)?;
    Some(other.started_at?.plus_ms(i64::from(timeout_secs) * 1000))
}
