//! Whole registries, within one store and on two servers, with what can go wrong in between.
#![expect(clippy::unwrap_used, reason = "tests")]

mod backfills;
mod peers;
mod rig;
mod within;
