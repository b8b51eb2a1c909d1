//! Needs root: makes real bridges, namespaces and rules, all under instance ids of its own.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

mod crash;
mod dns;
mod endpoints;
mod isolation;
mod lifecycle;
mod support;
