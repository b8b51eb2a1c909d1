//! Events in the shape that EventBridge delivers, and where they wait in the store.
//!
//! Whoever changes something that AWS tells of puts the event into the same transaction. Nobody is told
//! directly: consumers read the range, or watch it from a revision on. Events go after
//! [`RETENTION_MS`], whether anybody read them or not.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>

use serde::{Deserialize, Serialize};

use crate::{AccountId, Entropy, Region, Timestamp, uuid};

/// Where the events of all accounts and regions lie.
pub const EVENTS: &str = "/events/";
/// How long events wait for consumers.
pub const RETENTION_MS: i64 = 3600 * 1000;
/// Events of one account and region beyond which the oldest go early.
pub const MAX_KEPT: usize = 10_000;

/// One event. `D` is its `detail`, which is the service's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Event<D> {
    /// Always `0`.
    pub version: String,
    pub id: String,
    pub detail_type: String,
    /// Such as `aws.ecr`.
    pub source: String,
    pub account: AccountId,
    /// RFC 3339, in whole seconds.
    pub time: String,
    pub region: Region,
    /// ARNs of what the event is about.
    pub resources: Vec<String>,
    pub detail: D,
}

impl<D> Event<D> {
    pub fn new(
        source: &str,
        detail_type: &str,
        (account, region): (&AccountId, &Region),
        now: Timestamp,
        entropy: &dyn Entropy,
        detail: D,
    ) -> Self {
        Self {
            version: "0".to_owned(),
            id: uuid(entropy),
            detail_type: detail_type.to_owned(),
            source: source.to_owned(),
            account: account.clone(),
            time: now.rfc3339_secs(),
            region: region.clone(),
            resources: Vec::new(),
            detail,
        }
    }

    /// `/events/<account>/<region>/<milliseconds>-<id>`: in the order of time.
    pub fn key(&self, now: Timestamp) -> String {
        format!("{EVENTS}{}/{}/{}-{}", self.account, self.region, stamp(now), self.id)
    }
}

/// The end of the events of one account and region that are older than `time`.
pub fn key_before(account: &AccountId, region: &Region, time: Timestamp) -> String {
    format!("{EVENTS}{account}/{region}/{}", stamp(time))
}

/// Thirteen digits: enough until the year 2286.
fn stamp(time: Timestamp) -> String {
    format!("{:013}", time.millis().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SeededEntropy;

    #[test]
    fn keys_sort_by_time() {
        let (account, region) = ("123456789012".parse().unwrap(), "us-east-1".parse().unwrap());
        let entropy = SeededEntropy::new(1);
        let key = |ms| {
            let now = Timestamp::from_millis(ms);
            Event::new("aws.ecr", "ECR Image Action", (&account, &region), now, &*entropy, ()).key(now)
        };
        assert!(key(999) < key(1_000) && key(1_000) < key(1_700_000_000_000));
        assert!(key_before(&account, &region, Timestamp::from_millis(1_000)) <= key(1_000));
        assert!(key_before(&account, &region, Timestamp::from_millis(1_000)) > key(999));
    }
}
