//! The IAM policy language: reading policy documents and deciding requests by them. No I/O.
//!
//! What always holds:
//! - An explicit deny in any policy wins, whatever else allows, in whatever order.
//! - Nothing is allowed unless some policy says so (the account's root user apart).
//! - What cannot be understood does not allow: unknown elements and operators are refused when a
//!   policy is read; a variable without a value never makes an `Allow` apply nor lifts a `Deny`.
//! - A `*` in a request's or variable's *value* is a plain character; only the policy's own are wildcards.
//!
//! Read once with [`Policy::parse`], keep the `Arc`, and [`evaluate`] as often as needed: an
//! evaluation does not parse and hardly allocates.
//!
//! Follows <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>
//! and the pages beside it.
#![forbid(unsafe_code)]

mod arn;
mod condition;
mod context;
mod decision;
mod error;
mod evaluate;
mod json;
pub mod limits;
mod pattern;
mod policy;
mod principal;
mod span;
mod value;

pub use context::Context;
pub use decision::{Decision, Matched, Outcome, Reason, Source};
pub use error::PolicyError;
pub use evaluate::{PolicySet, Request, evaluate, missing_context};
pub use policy::{Effect, Policy, PolicyKind, Statement, Version};
pub use principal::{Principal, PrincipalKind};
pub use span::{Position, statement_spans};
