//! The pull-through cache: images that a cache rule promises, fetched from registries elsewhere when
//! somebody pulls them, and kept.
//!
//! What always holds: however many wait for an image, a tag or a blob, it is fetched once, and goes on being
//! fetched when they go away; bytes whose digest is not the one asked for are never committed; an image is
//! stored after all of its blobs, so that a stored one can be pulled with upstream gone; what is cached is
//! served whatever upstream says when it is asked again. Nothing here holds a blob in memory.
//!
//! A manifest is answered as soon as upstream has given it, while its blobs are still coming; who asks for one
//! of them waits until it is whole. Of an index only the index itself is imported, and the images that
//! somebody asks for.
//!
//! Fetching may end at any point, with the process if need be: the next pull finds what is missing.
#![forbid(unsafe_code)]

mod cache;
mod credentials;
mod events;
mod fault;
mod fetch;
mod flight;
mod source;

pub use cache::{Config, PullThrough, limits};
pub use credentials::{Roles, Secrets, read_credentials};
