//! What a control plane and a host's agent say to each other: records in the store, and the few
//! services an agent needs that are not records.
//!
//! The control plane writes an [`Assignment`]; the host's agent watches its own assignments, acts, and
//! writes a [`SandboxReport`]. Neither writes the other's record. Secrets never stand in a record.
#![forbid(unsafe_code)]

pub mod assignment;
pub mod default_network;
pub mod environment;
pub mod fargate_rules;
pub mod host;
pub mod keys;
pub mod report;
pub mod services;
pub mod usage;

pub use assignment::*;
pub use environment::*;
pub use host::*;
pub use report::*;
pub use services::*;
pub use usage::*;
