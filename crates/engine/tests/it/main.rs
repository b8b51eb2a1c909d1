//! The engine on the real kernel: needs root, overlayfs and cgroups, and Debian's static busybox.

mod lifecycle;
mod limits;
mod pull;
mod rig;
mod survival;
