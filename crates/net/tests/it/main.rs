//! Needs root: makes real bridges, namespaces and rules, all under instance ids of its own.

mod crash;
mod dns;
mod isolation;
mod lifecycle;
mod support;
