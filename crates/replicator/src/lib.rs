//! Replication: copies images to where their registry's rules send them, and deletes the copies where a
//! rule wants that too.
//!
//! A push puts an entry into the queue in its own transaction ([`gantry_registry::queue`]); this crate
//! works the queue off. Within one store a copy moves no byte: blobs are linked and the manifest is put.
//! To a [`Peer`], another Gantry server, it goes by OCI Distribution with what the peer has left out.
//!
//! What always holds:
//! - An entry leaves the queue when every destination has a record that says COMPLETE or FAILED for it.
//!   Whoever is killed at whatever line, the next replicator goes on from the store: a copy that was
//!   made is seen to be there, an upload goes on where the peer has it.
//! - What is copied is the image as it is *then*, with the tags that it has then; one image of a
//!   repository at a time goes to one destination, so that a tag that moved does not move back.
//! - Of several servers on one store one replicates: whoever holds the lease.
//! - A destination that does not answer is left alone for longer and longer, tried with one image at a
//!   time, and keeps no other destination waiting.
#![forbid(unsafe_code)]

mod backfill;
mod config;
mod copy;
mod engine;
mod failure;
mod local;
mod peers;
pub mod plan;
mod remote;
mod worker;

pub use config::{Config, limits};
pub use peers::{Error, Peer, PeerConfig, Peers};
pub use worker::{Parts, Replicator};
