//! A container's health check: when to run it next, and what its results come to.
//!
//! As Docker and ECS have it: the first check comes one interval after the start; a success makes HEALTHY;
//! `retries` failures in a row make UNHEALTHY; failures within the start period do not count until the
//! first success (Docker's Dockerfile reference, `HEALTHCHECK`; ECS's `HealthCheck` API type).

use gantry_agent_api::HealthCheck;
use gantry_base::Timestamp;

/// Checks in a row that have to fail where the record says none: ECS's default.
const DEFAULT_RETRIES: u32 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HealthStatus {
    Unknown,
    Healthy,
    Unhealthy,
}

impl HealthStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Healthy => "HEALTHY",
            Self::Unhealthy => "UNHEALTHY",
        }
    }

    pub(crate) fn parse(text: &str) -> Self {
        match text {
            "HEALTHY" => Self::Healthy,
            "UNHEALTHY" => Self::Unhealthy,
            _ => Self::Unknown,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Health {
    interval_ms: i64,
    pub timeout_secs: u32,
    retries: u32,
    start_period_ms: i64,
    pub status: HealthStatus,
    pub since: Option<Timestamp>,
    started_at: Timestamp,
    succeeded: bool,
    failures: u32,
    next_at: Option<Timestamp>,
    in_flight: bool,
}

impl Health {
    /// `None` for a check that is switched off: `["NONE"]` or no command.
    pub fn new(check: &HealthCheck) -> Option<Self> {
        argv(check)?;
        Some(Self {
            interval_ms: i64::from(check.interval_secs.max(1)) * 1000,
            timeout_secs: check.timeout_secs.max(1),
            retries: if check.retries == 0 { DEFAULT_RETRIES } else { check.retries },
            start_period_ms: i64::from(check.start_period_secs) * 1000,
            status: HealthStatus::Unknown,
            since: None,
            started_at: Timestamp::default(),
            succeeded: false,
            failures: 0,
            next_at: None,
            in_flight: false,
        })
    }

    pub fn started(&mut self, at: Timestamp) {
        self.started_at = at;
        self.next_at = Some(at.plus_ms(self.interval_ms));
    }

    /// Carries on after the agent was away.
    pub fn resumed(&mut self, now: Timestamp, status: HealthStatus, since: Option<Timestamp>) {
        self.status = status;
        self.since = since;
        self.succeeded = status == HealthStatus::Healthy;
        self.failures = if status == HealthStatus::Unhealthy { self.retries } else { 0 };
        self.next_at = self.next_at.map(|at| if at < now { now } else { at });
    }

    pub fn next_at(&self) -> Option<Timestamp> {
        self.next_at.filter(|_| !self.in_flight)
    }

    /// Whether a check is to be run now; if so it counts as running.
    pub fn take_due(&mut self, now: Timestamp) -> bool {
        let due = self.next_at().is_some_and(|at| at <= now);
        self.in_flight |= due;
        due
    }

    pub fn probed(&mut self, now: Timestamp, healthy: bool) {
        self.in_flight = false;
        self.next_at = Some(now.plus_ms(self.interval_ms));
        if healthy {
            self.succeeded = true;
            self.failures = 0;
            self.become_status(now, HealthStatus::Healthy);
            return;
        }
        let forgiven = !self.succeeded && now < self.started_at.plus_ms(self.start_period_ms);
        if !forgiven {
            self.failures = self.failures.saturating_add(1);
        }
        if self.failures >= self.retries {
            self.become_status(now, HealthStatus::Unhealthy);
        }
    }

    fn become_status(&mut self, now: Timestamp, status: HealthStatus) {
        if self.status != status {
            self.status = status;
            self.since = Some(now);
        }
    }
}

/// The command line of a check: `CMD` is run as it stands, `CMD-SHELL` by the container's `/bin/sh`.
pub(crate) fn argv(check: &HealthCheck) -> Option<Vec<String>> {
    let (kind, rest) = check.command.split_first()?;
    match kind.as_str() {
        "NONE" => None,
        "CMD" if rest.is_empty() => None,
        "CMD" => Some(rest.to_vec()),
        "CMD-SHELL" if rest.is_empty() => None,
        "CMD-SHELL" => Some(vec!["/bin/sh".to_owned(), "-c".to_owned(), rest.join(" ")]),
        // Docker's oldest form: a plain command line.
        _ => Some(check.command.clone()),
    }
}
