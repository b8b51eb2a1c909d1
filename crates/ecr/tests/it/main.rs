//! ECR's API against its documentation, and real clients over loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod access;
mod clients;
mod images;
mod layers;
mod lifecycle;
mod registry;
mod repositories;
mod support;
mod templates;
