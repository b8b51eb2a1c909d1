//! Amazon ECR: the API over [`gantry_registry`], its tokens, and its authorisation.
//!
//! What always holds: an image is the same thing whether it came over `/v2/` or the API; a token says
//! who calls and nothing about what they may do, which IAM and the repository's policy decide anew at
//! every request; no operation, built or not, runs before its `ecr:` action was allowed.
//!
//! [`EcrApi`] implements the generated `Ecr` trait, [`EcrAccess`] the registry's [`gantry_registry::Access`].
#![forbid(unsafe_code)]

mod access;
mod account;
mod api;
mod backfill;
mod configurations;
mod errors;
mod images;
mod layers;
mod lifecycle;
mod listing;
mod lockout;
mod logins;
mod policies;
mod pull_through;
mod referrers;
mod registry_policy;
mod replication;
mod repositories;
mod rules;
mod scans;
mod signing;
mod storage;
mod tags;
mod templates;
mod token;
mod translate;

pub use access::EcrAccess;
pub use api::EcrApi;
pub use token::{TOKEN_LIFETIME_MS, TokenKey, token_key};
