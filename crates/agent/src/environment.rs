//! The environment that a task's containers get beyond what their image and their definition say
//! (AWS: "Amazon ECS environment variables", "Task metadata endpoint version 4", "Task IAM role").

use std::collections::BTreeMap;

use gantry_agent_api::{Assignment, ContainerSpec};

use crate::machine::runtime_id;

/// Where tasks find metadata and credentials (on port 80), and their resolver, as in a VPC (on port 53).
pub use gantry_net::{DNS_ADDRESS, METADATA_ADDRESS};

/// Where the agent listens for what goes to those ports, which stay free for the containers.
pub const METADATA_PORT: u16 = gantry_net::ports::METADATA;
pub const DNS_PORT: u16 = gantry_net::ports::DNS;

/// What the definition says wins over what is injected, but for the addresses of our own endpoints.
pub(crate) fn environment(
    assignment: &Assignment,
    container: &ContainerSpec,
    credentials_id: &str,
    endpoint: Option<&str>,
) -> Vec<(String, String)> {
    let mut all = BTreeMap::new();
    let region = assignment.region.as_str();
    if let Some(task) = &assignment.spec.ecs {
        all.insert("AWS_EXECUTION_ENV".to_owned(), format!("AWS_ECS_{}", task.launch_type));
        all.insert("AWS_REGION".to_owned(), region.to_owned());
        all.insert("AWS_DEFAULT_REGION".to_owned(), region.to_owned());
    }
    if let Some(endpoint) = endpoint {
        all.insert("AWS_ENDPOINT_URL".to_owned(), endpoint.to_owned());
    }
    all.extend(container.environment.iter().cloned());
    if assignment.spec.ecs.is_some() {
        let id = runtime_id(&assignment.sandbox_id, &container.name);
        all.insert("ECS_CONTAINER_METADATA_URI".to_owned(), format!("http://{METADATA_ADDRESS}/v3/{id}"));
        all.insert("ECS_CONTAINER_METADATA_URI_V4".to_owned(), format!("http://{METADATA_ADDRESS}/v4/{id}"));
        if assignment.spec.task_role_arn.is_some() {
            let path = format!("/v2/credentials/{credentials_id}");
            all.insert("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI".to_owned(), path);
        }
    }
    all.into_iter().collect()
}
