//! ECR's API against its documentation, and real clients over loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod access;
mod bearer;
mod clients;
mod conditions;
mod images;
mod judge;
mod layers;
mod lifecycle;
mod model;
mod model_cases;
mod pull_through;
mod registry;
mod replication_cases;
mod repositories;
mod routes;
mod signing;
mod support;
mod templates;
mod thin;
