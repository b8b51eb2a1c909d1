//! Amazon EC2 Container Service, API version 2014-11-13.
// Made by `cargo xtask codegen` from the public service model. Do not edit.

mod api;
pub mod errors;
mod schema;
mod types;

pub use api::{Ecs, EcsService};
pub use schema::SERVICE;
pub use types::*;
