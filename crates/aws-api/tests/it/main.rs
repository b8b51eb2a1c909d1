//! The wire's walkers over the whole generated models, alone and against botocore.

mod arbitrary;
mod botocore;
mod client;
mod hostile;
mod models;

use gantry_aws_wire::schema::ServiceSchema;

/// Every generated service.
pub const SERVICES: &[&ServiceSchema] = &[
    &gantry_aws_api::ec2::SERVICE,
    &gantry_aws_api::ecr::SERVICE,
    &gantry_aws_api::ecs::SERVICE,
    &gantry_aws_api::iam::SERVICE,
    &gantry_aws_api::logs::SERVICE,
    &gantry_aws_api::sts::SERVICE,
];
