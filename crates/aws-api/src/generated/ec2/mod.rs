//! Amazon Elastic Compute Cloud, API version 2016-11-15.
// Made by `cargo xtask codegen` from the public service model. Do not edit.

mod api;
pub mod errors;
mod schema;
mod types;

pub use api::{Ec2, Ec2Service};
pub use schema::SERVICE;
pub use types::*;
