//! How patient and how busy the replicator is.

use std::time::Duration;

use gantry_base::Entropy;

/// What the replicator will not exceed.
pub mod limits {
    use std::time::Duration;

    /// Copies under way, over all destinations.
    pub const IN_FLIGHT: usize = 16;
    /// Copies under way to one destination.
    pub const IN_FLIGHT_PER_DESTINATION: usize = 4;
    /// Blobs of one image that are sent side by side.
    pub const BLOBS_AT_ONCE: usize = 3;
    /// Copies and deletions held in memory; what is beyond waits in the store.
    pub const MAX_TRACKED: usize = 20_000;
    /// Entries that one read of a queue brings.
    pub const PAGE: usize = 500;
    /// Indexes of indexes that are followed.
    pub const MAX_DEPTH: usize = 8;
    /// The lease of the replicator that works; another takes over after this.
    pub const LEASE_SECS: i64 = 5;
    pub const KEEP_ALIVE: Duration = Duration::from_millis(1500);
    /// Bytes of a peer's answer to GetAuthorizationToken.
    pub const MAX_TOKEN: usize = 256 * 1024;
    /// A peer's token is renewed so long before it expires.
    pub const TOKEN_MARGIN_MS: i64 = 10 * 60 * 1000;
    /// Tries of one image in a backfill.
    pub const BACKFILL_TRIES: u32 = 8;
    /// A backfill fails if half of its replications did, from so many on.
    pub const BACKFILL_JUDGED_FROM: u64 = 100;
}

#[derive(Clone, Debug)]
pub struct Config {
    /// The first wait after a failure that may pass; it doubles up to `retry_most`.
    pub retry_first: Duration,
    pub retry_most: Duration,
    /// A copy that has been tried for so long has failed.
    pub give_up: Duration,
    /// Bytes of one request of an upload to a peer.
    pub chunk_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            retry_first: Duration::from_secs(1),
            retry_most: Duration::from_mins(5),
            give_up: Duration::from_hours(24),
            chunk_bytes: 64 * 1024 * 1024,
        }
    }
}

impl Config {
    /// How long to wait after the `attempts`th failure: half of it fixed, half by chance, so that many
    /// who failed together do not come back together.
    pub fn wait(&self, attempts: u32, entropy: &dyn Entropy) -> Duration {
        let doubled =
            self.retry_first.saturating_mul(1_u32.checked_shl(attempts.saturating_sub(1)).unwrap_or(u32::MAX));
        let half = doubled.min(self.retry_most) / 2;
        let mut bytes = [0; 4];
        entropy.fill(&mut bytes);
        half + half.mul_f64(f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_limit() {
        let config = Config::default();
        let entropy = gantry_base::SeededEntropy::new(7);
        for (attempts, least, most) in [(1, 500, 1000), (2, 1000, 2000), (5, 8_000, 16_000), (40, 150_000, 300_000)] {
            for _ in 0..50 {
                let wait = config.wait(attempts, &*entropy).as_millis();
                assert!((least..=most).contains(&wait), "{attempts}: {wait}");
            }
        }
    }
}
