// Made by `cargo xtask codegen` from the public service model. Do not edit.

pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod iam;
pub mod logs;
pub mod secretsmanager;
pub mod sts;
