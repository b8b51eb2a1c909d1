//! AWS Secrets Manager, API version 2017-10-17.
// Made by `cargo xtask codegen` from the public service model. Do not edit.

mod api;
pub mod errors;
mod schema;
mod types;

pub use api::{SecretsManager, SecretsManagerService};
pub use schema::SERVICE;
pub use types::*;
