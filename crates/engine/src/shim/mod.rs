//! The process that holds a sandbox's containers, so that server and agent can come and go.
//!
//! Single-threaded, always: libcontainer forks and allocates in the child, and changes directory
//! for the whole process. One poll loop; nothing blocks but short file operations. Started as
//! `<exe> <args..> <sandbox directory>` with one end of a socket pair as its standard input.
//!
//! The shim never outlives its purpose: it ends when told to, or when the server goes away before
//! it was given a sandbox. Its containers never outlive it (`PR_SET_PDEATHSIG`).

pub(crate) mod caps;
mod conn;
mod container;
mod executor;
mod helper;
mod init;
mod lifecycle;
mod logs;
mod mounts;
mod ops;
mod poll;
mod setup;
mod spec;
mod userns;

pub(crate) use logs::MAX_RECORD_BYTES;
pub(crate) use setup::{BOOT, Boot};
pub(crate) use spec::rlimit;

use std::path::Path;

/// Runs the shim for the sandbox directory `dir` until it is shut down. Returns the process's exit
/// code. What goes wrong is written to standard error, which the engine points at a file in `dir`.
pub fn main(dir: &Path) -> i32 {
    match setup::prepare(dir) {
        Ok(mut shim) => match shim.run() {
            Ok(()) => 0,
            Err(e) => {
                eprintln!("shim: {e}");
                shim.abandon();
                1
            }
        },
        Err(e) => {
            eprintln!("shim: cannot prepare {}: {e}", dir.display());
            1
        }
    }
}
