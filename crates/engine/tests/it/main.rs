//! The engine on the real kernel: needs root, overlayfs and cgroups, and Debian's static busybox.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod hostile;
mod lifecycle;
mod limits;
mod pull;
mod remote;
mod rig;
mod survival;
