//! ECS: clusters, task definitions and tasks.
//!
//! The handlers in [`api`] check a request and write what is wanted; the controller moves each task on
//! from what Fargate placed and what agents reported; reads come from an in-memory [`view`] of tasks
//! and clusters that a store watch feeds. ECS never talks to a host: it meets Fargate in environment
//! requests and the agents in their reports.
//!
//! What always holds: each change of a task is one transaction that compares what it was made from; a
//! caller reads its own writes; a stopped task stays for an hour, with its reason.
#![forbid(unsafe_code)]

mod access;
pub mod api;
mod controller;
mod error;
pub mod lifecycle;
mod names;
pub mod records;
mod sandbox;
pub mod validate;
pub mod view;

pub use access::covered_operations;
pub use api::{Dependencies, EcsApi};
pub use error::{Error, Result};
