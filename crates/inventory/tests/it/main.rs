//! The inventory of images made up here, layer by layer.
#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

mod binaries;
mod collect;
mod databases;
mod fuzz;
mod jars;
mod layers;
mod locks;
mod memory;
mod purls;
mod sboms;
