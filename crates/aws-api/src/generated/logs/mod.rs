//! Amazon CloudWatch Logs, API version 2014-03-28.
// Made by `cargo xtask codegen` from the public service model. Do not edit.

mod api;
pub mod errors;
mod schema;
mod types;

pub use api::{Logs, LogsService};
pub use schema::SERVICE;
pub use types::*;
