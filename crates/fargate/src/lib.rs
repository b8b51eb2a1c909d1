//! Fargate: an isolated environment for each task that asks for one, on capacity hosts that no account
//! sees (DESIGN D7).
//!
//! ECS (and later EKS) writes an `EnvironmentRequest`; this controller finds it a host and an address,
//! writes the `Placement` and the host's `Assignment`, passes on that it is to stop, and takes
//! everything back when the request is deleted. It never talks to an agent and never touches a task.
//!
//! What always holds: placement, assignment, network interface and address claim appear in one
//! transaction and go in one transaction; no address of a VPC is claimed twice.
#![forbid(unsafe_code)]

mod apply;
mod config;
mod controller;
mod error;
pub mod plan;
pub mod records;
pub mod snapshot;

pub use config::{
    CAPACITY_WAIT_MS, CPU_OVERCOMMIT_PERCENT, Config, HOST_GRACE_MS, MAX_IN_FLIGHT, MEMORY_OVERCOMMIT_PERCENT,
};
pub use controller::{Controller, Fargate};
pub use error::{Error, Result};
