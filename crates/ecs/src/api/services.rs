//! Services and container instances, of which there are none yet: asking about them is answered as a
//! cluster without any answers, and nothing can be made.

use gantry_aws_api::ecs as model;
use gantry_aws_api::ecs::errors;
use gantry_aws_wire::{AwsError, Context};

use super::{EcsApi, clusters};
use crate::names;
use crate::records::Scope;
use crate::validate::invalid;

/// Services that DescribeServices takes at once (ECS's limit).
const MAX_DESCRIBED_SERVICES: usize = 10;
const MAX_DESCRIBED_INSTANCES: usize = 100;

async fn cluster(api: &EcsApi, context: &Context, text: Option<&str>) -> Result<(Scope, String), AwsError> {
    let scope = Scope::of(context);
    let name = names::cluster(text, &scope)?;
    clusters::active(api, &scope, &name).await?;
    Ok((scope, name))
}

fn missing(scope: &Scope, cluster: &str, kind: &str, text: &str) -> model::Failure {
    let arn = if text.starts_with("arn:") { text.to_owned() } else { scope.arn(format!("{kind}/{cluster}/{text}")) };
    model::Failure { arn: Some(arn), reason: Some("MISSING".to_owned()), detail: None }
}

fn no_token(token: Option<&str>) -> Result<(), AwsError> {
    if token.is_some() { Err(invalid("Invalid token")) } else { Ok(()) }
}

pub(super) async fn describe(
    api: &EcsApi,
    context: &Context,
    input: model::DescribeServicesRequest,
) -> Result<model::DescribeServicesResponse, AwsError> {
    let (scope, name) = cluster(api, context, input.cluster.as_deref()).await?;
    if input.services.is_empty() {
        return Err(invalid("Services cannot be empty."));
    }
    if input.services.len() > MAX_DESCRIBED_SERVICES {
        return Err(invalid("Services can not have more than 10 elements."));
    }
    let failures = input.services.iter().map(|s| missing(&scope, &name, "service", s)).collect();
    Ok(model::DescribeServicesResponse { services: Some(Vec::new()), failures: Some(failures) })
}

pub(super) async fn list(
    api: &EcsApi,
    context: &Context,
    input: model::ListServicesRequest,
) -> Result<model::ListServicesResponse, AwsError> {
    cluster(api, context, input.cluster.as_deref()).await?;
    no_token(input.next_token.as_deref())?;
    Ok(model::ListServicesResponse { service_arns: Some(Vec::new()), next_token: None })
}

pub(super) async fn list_container_instances(
    api: &EcsApi,
    context: &Context,
    input: model::ListContainerInstancesRequest,
) -> Result<model::ListContainerInstancesResponse, AwsError> {
    cluster(api, context, input.cluster.as_deref()).await?;
    no_token(input.next_token.as_deref())?;
    Ok(model::ListContainerInstancesResponse { container_instance_arns: Some(Vec::new()), next_token: None })
}

pub(super) async fn describe_container_instances(
    api: &EcsApi,
    context: &Context,
    input: model::DescribeContainerInstancesRequest,
) -> Result<model::DescribeContainerInstancesResponse, AwsError> {
    let (scope, name) = cluster(api, context, input.cluster.as_deref()).await?;
    if input.container_instances.is_empty() {
        return Err(invalid("Container instances cannot be empty."));
    }
    if input.container_instances.len() > MAX_DESCRIBED_INSTANCES {
        return Err(invalid("Container instances can not have more than 100 elements."));
    }
    let failures = input.container_instances.iter().map(|i| missing(&scope, &name, "container-instance", i)).collect();
    Ok(model::DescribeContainerInstancesResponse { container_instances: Some(Vec::new()), failures: Some(failures) })
}

pub(super) async fn list_attributes(
    api: &EcsApi,
    context: &Context,
    input: model::ListAttributesRequest,
) -> Result<model::ListAttributesResponse, AwsError> {
    cluster(api, context, input.cluster.as_deref()).await?;
    if input.target_type != "container-instance" {
        return Err(invalid("Invalid targetType."));
    }
    no_token(input.next_token.as_deref())?;
    Ok(model::ListAttributesResponse { attributes: Some(Vec::new()), next_token: None })
}

pub(super) async fn start_task(
    api: &EcsApi,
    context: &Context,
    input: model::StartTaskRequest,
) -> Result<model::StartTaskResponse, AwsError> {
    cluster(api, context, input.cluster.as_deref()).await?;
    if input.container_instances.is_empty() || input.container_instances.len() > MAX_DESCRIBED_SERVICES {
        return Err(invalid("Container instances must have between 1 and 10 elements."));
    }
    Err(errors::invalid_parameter_exception("The referenced container instance was not found."))
}
