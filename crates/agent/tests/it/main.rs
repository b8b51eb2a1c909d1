//! The agent with a store in memory: against fakes, and against the real engine and network.

mod fakes;
mod flaky;
mod image;
mod killed;
mod lifecycle;
mod logs;
mod metadata;
mod real;
mod restart;
mod rig;
