//! The client against our own registry's wire through a line that breaks, and against registries that
//! misbehave.
#![expect(clippy::unwrap_used, reason = "tests")]

mod rig;
mod scripted;
mod wire;
