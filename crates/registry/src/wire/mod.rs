//! OCI Distribution 1.1 over HTTP: one handler per route, and what they share.

mod answer;
mod blobs;
mod listing;
mod manifests;
mod query;
mod serve;
mod token;
mod uploads;

pub use serve::Wire;
