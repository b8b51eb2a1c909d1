//! Secrets Manager, asked as through the wire.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod lifecycle;
mod listing;
mod model;
mod support;
mod versions;
