//! The registry's wire, asked directly and over loopback.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod collect;
mod crash;
mod events;
mod flat;
mod images;
mod lifecycle;
mod loopback;
mod properties;
mod rot;
mod rules;
mod s3;
mod support;
mod uploads;
