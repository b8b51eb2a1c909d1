//! IAM and STS, and the authority by which every signed call is judged.
//!
//! What always holds:
//! - Deciding a call reads memory only: the store is watched, and a call made here is answered after
//!   memory has caught up with what it wrote.
//! - An account's changes are made one after another; limits and conflicts are checked against
//!   exactly the state that is written over.
//! - A session's credentials live in its token, sealed under the installation's own key: they outlive
//!   restarts, need no record, and end by themselves.
//! - A policy that cannot be read denies.
#![forbid(unsafe_code)]

mod access;
mod authority;
mod aws_managed;
mod bootstrap;
mod cache;
mod core;
mod draft;
mod effective;
mod error;
mod iam;
mod names;
mod page;
mod record;
mod session;
mod state;
mod sts;

pub use bootstrap::AdminCredentials;
pub use core::{Identity, Options};
pub use error::Error;
