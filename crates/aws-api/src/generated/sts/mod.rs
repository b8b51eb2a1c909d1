//! AWS Security Token Service, API version 2011-06-15.
// Made by `cargo xtask codegen` from the public service model. Do not edit.

mod api;
pub mod errors;
mod schema;
mod types;

pub use api::{Sts, StsService};
pub use schema::SERVICE;
pub use types::*;
