//! The cache between a registry of ours and one elsewhere, which a script plays.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod faults;
mod pulls;
mod rig;
