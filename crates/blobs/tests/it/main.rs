//! One suite for every blob engine, and what only the filesystem engine has to prove.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]

mod crash;
mod fs;
mod moto;
mod s3;
mod suite;
