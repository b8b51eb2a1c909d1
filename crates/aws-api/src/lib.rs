//! The AWS services' contracts: types, schema tables, errors and one trait per service, all generated
//! by `cargo xtask codegen`. Services implement the traits; nothing here acts.
#![forbid(unsafe_code)]

#[expect(clippy::pedantic, reason = "generated text is read by few and linted by none")]
mod generated;
mod support;

pub use generated::*;
pub use support::Events;
