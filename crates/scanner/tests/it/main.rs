//! Scans end to end: images pushed into a registry, advisories imported, findings read through the API.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod import;
mod rig;
mod scans;
