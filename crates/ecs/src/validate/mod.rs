//! What a task definition must be like before it is registered: pure, from a request to a refusal in
//! ECS's words.

pub mod definition;
pub mod fargate;
pub mod tags;

use gantry_aws_api::ecs::errors;
use gantry_aws_wire::AwsError;

pub(crate) type Check = Result<(), AwsError>;

pub(crate) fn client(message: impl Into<String>) -> AwsError {
    errors::client_exception(message)
}

pub(crate) fn invalid(message: impl Into<String>) -> AwsError {
    errors::invalid_parameter_exception(message)
}

/// `Err(ClientException)` unless `holds`.
pub(crate) fn ensure(holds: bool, message: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(client(message())) }
}
