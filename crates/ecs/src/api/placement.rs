//! Which capacity a request asks for, and over which network: read from the request, pure.

use gantry_agent_api::default_network::is_resource_id;
use gantry_aws_api::ecs as model;
use gantry_aws_api::ecs::errors;
use gantry_aws_wire::AwsError;

use crate::records::ClusterRecord;
use crate::validate::{client, invalid};

const MAX_SUBNETS: usize = 16;
const MAX_SECURITY_GROUPS: usize = 5;
/// The platform version that `LATEST` means for Linux.
pub(super) const LATEST_PLATFORM: &str = "1.4.0";

/// The provider of each of `count` tasks, in order.
pub(super) fn providers(
    input: &model::RunTaskRequest,
    cluster: &ClusterRecord,
    count: usize,
) -> Result<Vec<&'static str>, AwsError> {
    let asked = input.capacity_provider_strategy.as_deref().filter(|s| !s.is_empty());
    let strategy = match (input.launch_type.as_deref(), asked) {
        (Some(_), Some(_)) => {
            return Err(invalid("A launch type cannot be specified when a capacity provider strategy is specified."));
        }
        (Some("FARGATE"), None) => return Ok(vec!["FARGATE"; count]),
        (Some("EC2" | "EXTERNAL"), None) => return Err(no_instances()),
        (Some(other), None) => return Err(invalid(format!("Invalid launch type '{other}'."))),
        (None, Some(strategy)) => {
            super::clusters::check_strategy(strategy, &cluster.capacity_providers)?;
            strategy
        }
        (None, None) if cluster.default_capacity_provider_strategy.is_empty() => return Err(no_instances()),
        (None, None) => &cluster.default_capacity_provider_strategy,
    };
    Ok(spread(strategy, count))
}

/// As ECS words it when EC2 capacity is asked for and there is none.
fn no_instances() -> AwsError {
    invalid("No Container Instances were found in your cluster.")
}

/// The base first, then by weight: each task goes where the share is furthest behind.
fn spread(strategy: &[model::CapacityProviderStrategyItem], count: usize) -> Vec<&'static str> {
    let name = |item: &model::CapacityProviderStrategyItem| {
        if item.capacity_provider == "FARGATE_SPOT" { "FARGATE_SPOT" } else { "FARGATE" }
    };
    let mut out = Vec::with_capacity(count);
    for item in strategy {
        let base = usize::try_from(item.base.unwrap_or(0)).unwrap_or(0).min(count - out.len());
        out.extend(std::iter::repeat_n(name(item), base));
    }
    let mut given = vec![0_u64; strategy.len()];
    while out.len() < count {
        let weight = |at: usize| u64::try_from(strategy[at].weight.unwrap_or(0)).unwrap_or(0);
        // Compares (given + 1) / weight without dividing.
        let next = (0..strategy.len())
            .filter(|at| weight(*at) > 0)
            .min_by(|a, b| ((given[*a] + 1) * weight(*b)).cmp(&((given[*b] + 1) * weight(*a))));
        let Some(at) = next else {
            out.resize(count, "FARGATE");
            break;
        };
        given[at] += 1;
        out.push(name(&strategy[at]));
    }
    out
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Network {
    pub subnets: Vec<String>,
    pub security_groups: Vec<String>,
}

pub(super) fn network(configuration: Option<&model::NetworkConfiguration>) -> Result<Network, AwsError> {
    let vpc = configuration
        .and_then(|c| c.awsvpc_configuration.as_ref())
        .ok_or_else(|| invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified."))?;
    if vpc.subnets.is_empty() {
        return Err(invalid("subnets can not be empty."));
    }
    if vpc.subnets.len() > MAX_SUBNETS {
        return Err(invalid(format!("subnets can have at most {MAX_SUBNETS} items.")));
    }
    let groups = vpc.security_groups.clone().unwrap_or_default();
    if groups.len() > MAX_SECURITY_GROUPS {
        return Err(invalid(format!("securityGroups can have at most {MAX_SECURITY_GROUPS} items.")));
    }
    if let Some(bad) = vpc.subnets.iter().find(|id| !is_resource_id(id, "subnet")) {
        return Err(invalid(format!(
            "Error retrieving subnet information for [{bad}]: The subnet ID '{bad}' does not exist"
        )));
    }
    if let Some(bad) = groups.iter().find(|id| !is_resource_id(id, "sg")) {
        return Err(invalid(format!(
            "Error retrieving security group information for [{bad}]: The security group '{bad}' does not exist"
        )));
    }
    if !matches!(vpc.assign_public_ip.as_deref(), None | Some("ENABLED" | "DISABLED")) {
        return Err(invalid("assignPublicIp must be ENABLED or DISABLED."));
    }
    Ok(Network { subnets: vpc.subnets.clone(), security_groups: groups })
}

/// The version that the task will say it has.
pub(super) fn platform_version(asked: Option<&str>) -> Result<&'static str, AwsError> {
    match asked {
        None | Some("" | "LATEST" | LATEST_PLATFORM) => Ok(LATEST_PLATFORM),
        Some(_) => Err(errors::platform_unknown_exception("The specified platform version does not exist.")),
    }
}

/// EC2's placement says nothing to Fargate.
pub(super) fn no_ec2_placement(input: &model::RunTaskRequest) -> Result<(), AwsError> {
    if input.placement_constraints.as_ref().is_some_and(|p| !p.is_empty())
        || input.placement_strategy.as_ref().is_some_and(|p| !p.is_empty())
    {
        return Err(invalid("Placement strategies and constraints are not supported with FARGATE launch type."));
    }
    if input.volume_configurations.as_ref().is_some_and(|v| !v.is_empty()) {
        return Err(client("Gantry does not attach EBS volumes to tasks (volumeConfigurations)."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(name: &str, base: i32, weight: i32) -> model::CapacityProviderStrategyItem {
        model::CapacityProviderStrategyItem {
            capacity_provider: name.to_owned(),
            base: Some(base),
            weight: Some(weight),
        }
    }

    #[test]
    fn tasks_follow_base_and_weight() {
        let strategy = [item("FARGATE", 1, 1), item("FARGATE_SPOT", 0, 3)];
        let got = spread(&strategy, 9);
        assert_eq!(got[0], "FARGATE");
        assert_eq!(got[1..].iter().filter(|p| **p == "FARGATE_SPOT").count(), 6);
        assert_eq!(spread(&[item("FARGATE_SPOT", 20, 1)], 3), ["FARGATE_SPOT"; 3]);
        assert_eq!(spread(&[item("FARGATE", 0, 0)], 2).len(), 2);
    }
}
