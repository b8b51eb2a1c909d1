//! One suite over every engine, and what only the durable one must survive.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod durable;
mod engines;
mod full_disk;
mod histories;
mod killed;
mod model;
mod semantics;
mod watches;
