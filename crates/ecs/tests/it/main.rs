//! ECS against the in-memory store, with a stand-in for Fargate and a host's agent that write the
//! records the real ones would.

mod access;
mod clusters;
mod definitions;
mod lifecycle;
mod settings;
mod support;
mod tasks;
