//! What a task can ask about itself from inside: the task metadata endpoint (versions 4, 3 and 2) and the
//! container credentials endpoint, at `http://169.254.170.2` in the sandbox's own namespace (AWS: "Amazon ECS
//! task metadata endpoint version 4 for tasks on Fargate", "Task IAM role").
//!
//! What always holds: a sandbox's endpoint knows that sandbox only; credentials are given only for the id
//! that stands in its containers' environment, compared in constant time, and are never logged; requests
//! beyond the limits are refused, not queued.

mod credentials;
mod document;
mod rate;
mod routes;
mod server;
mod stats;
mod view;

pub(crate) use self::server::MetadataServer;
pub(crate) use self::view::TaskView;
