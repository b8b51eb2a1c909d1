//! What runs on a host: it watches the host's assignments in the store, runs them with a container engine
//! and a network, and writes a report of each.
//!
//! What always holds:
//! - The agent writes its host record and the reports of its sandboxes (and deletes those); nothing else.
//! - Level-triggered: whatever was missed while it was away, or while its watch was, is made good by
//!   listing again. Running sandboxes outlive the agent and are taken up again by the next one.
//! - Decisions are the [`machine`]'s, which is pure; everything that acts answers to it.
//! - Nothing a sandbox does waits for the store, and nothing one sandbox does waits for another, but for the
//!   limited number of pulls.
#![forbid(unsafe_code)]

mod actor;
mod agent;
mod arrive;
mod destroy;
mod environment;
mod error;
mod host_config;
mod host_network;
mod host_runtime;
mod logs;
pub mod machine;
mod metadata;
mod ops;
mod record;
mod registration;
mod reporter;
mod runtime;
mod users;

pub use agent::{Agent, AgentConfig, limits};
pub use error::{Error, Result};
pub use host_network::HostNetworking;
pub use host_runtime::{HostRuntime, Images, OneSource};
pub use record::load_or_make_host_id;
pub use runtime::*;
