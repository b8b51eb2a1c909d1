//! AWS Identity and Access Management, API version 2010-05-08.
// Made by `cargo xtask codegen` from the public service model. Do not edit.

mod api;
pub mod errors;
mod schema;
mod types;

pub use api::{Iam, IamService};
pub use schema::SERVICE;
pub use types::*;
