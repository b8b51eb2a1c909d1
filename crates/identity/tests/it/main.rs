//! IAM and STS through their generated traits, on a store in memory.

mod access;
mod authority;
mod bootstrap;
mod entities;
mod policies;
mod simulate;
mod sts;
mod support;
mod wire;
