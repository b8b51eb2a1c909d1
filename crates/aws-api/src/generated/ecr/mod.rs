//! Amazon Elastic Container Registry, API version 2015-09-21.
// Made by `cargo xtask codegen` from the public service model. Do not edit.

mod api;
pub mod errors;
mod schema;
mod types;

pub use api::{Ecr, EcrService};
pub use schema::SERVICE;
pub use types::*;
