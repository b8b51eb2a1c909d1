//! A token bucket.

use gantry_base::Timestamp;

/// Requests per second in the long run: ECS's `ECS_TASK_METADATA_RPS_LIMIT` default, `40,60`.
pub(super) const STEADY_PER_SECOND: i64 = 40;
/// Requests at once.
pub(super) const BURST: i64 = 60;

/// Counts in thousandths of a request.
#[derive(Debug)]
pub(super) struct Bucket {
    tokens: i64,
    filled_at: Option<Timestamp>,
}

impl Bucket {
    pub fn new() -> Self {
        Self { tokens: BURST * 1000, filled_at: None }
    }

    pub fn take(&mut self, now: Timestamp) -> bool {
        let passed_ms = self.filled_at.map_or(0, |at| now.since_ms(at).clamp(0, 60_000));
        self.filled_at = Some(now);
        self.tokens = (self.tokens + passed_ms * STEADY_PER_SECOND).min(BURST * 1000);
        if self.tokens < 1000 {
            return false;
        }
        self.tokens -= 1000;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_are_let_through_and_floods_are_not() {
        let mut bucket = Bucket::new();
        let start = Timestamp::from_secs(1);
        let taken = (0..100).filter(|_| bucket.take(start)).count();
        assert_eq!(taken as i64, BURST);
        let later = (0..1000).filter(|ms| bucket.take(start.plus_ms(*ms))).count() as i64;
        assert!((STEADY_PER_SECOND - 1..=STEADY_PER_SECOND).contains(&later), "{later}");
        // A clock that is set back neither fills nor breaks it.
        assert!(!bucket.take(Timestamp::from_secs(0)));
    }
}
