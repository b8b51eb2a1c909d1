//! What an operator may set.

/// How long a request may wait for room before it is refused.
pub const CAPACITY_WAIT_MS: i64 = 120_000;
/// How long a host's record may be away before its tasks are given up: an agent that restarts keeps them.
pub const HOST_GRACE_MS: i64 = 60_000;
/// A host takes this many percent of the CPU that its record promises, in tasks' sizes. A record may
/// promise more than the machine has, since a task's size is its limit and not what it uses.
pub const CPU_OVERCOMMIT_PERCENT: u64 = 100;
/// The same of its memory.
pub const MEMORY_OVERCOMMIT_PERCENT: u64 = 100;
/// Transactions under way at once.
pub const MAX_IN_FLIGHT: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    pub capacity_wait_ms: i64,
    pub host_grace_ms: i64,
    /// 100: a host is full when the tasks' sizes add up to what its record promises.
    pub cpu_overcommit_percent: u64,
    pub memory_overcommit_percent: u64,
    /// The grade to give; `None`: the strongest the host has.
    pub isolation: Option<gantry_agent_api::Isolation>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            capacity_wait_ms: CAPACITY_WAIT_MS,
            host_grace_ms: HOST_GRACE_MS,
            cpu_overcommit_percent: CPU_OVERCOMMIT_PERCENT,
            memory_overcommit_percent: MEMORY_OVERCOMMIT_PERCENT,
            isolation: None,
        }
    }
}
