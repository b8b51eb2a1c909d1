//! What to do next, from what waits and what is under way: no I/O, no clock of its own.

use std::collections::{BTreeMap, HashSet};

use gantry_base::Timestamp;
use gantry_blobs::Digest;
use gantry_registry::{RegistryId, RepoId};
use gantry_store::Revision;

use crate::config::limits;

/// One image on its way to one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub what: What,
    pub repo: RepoId,
    pub digest: Digest,
    pub destination: RegistryId,
    /// The queue's entry.
    pub key: String,
    pub seen: Revision,
    /// Tries that failed.
    pub attempts: u32,
    pub since: Timestamp,
    pub not_before: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Copy,
    /// Of a tag, or of the image with all its tags.
    Delete(Option<String>),
}

/// Items of one destination in the order in which they were asked for.
pub type Place = (Revision, String);

/// What is known of one destination.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    pub waiting: BTreeMap<Place, Item>,
    /// Repositories of which an image is under way, one at a time.
    pub busy: HashSet<RepoId>,
    /// How often in a row it was out of reach.
    pub failures: u32,
    /// Out of reach until then.
    pub not_before: Option<Timestamp>,
}

/// All that the replicator has before it.
#[derive(Debug, Default)]
pub struct Snapshot {
    pub destinations: BTreeMap<(String, String), Destination>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To be started now.
    pub start: Vec<((String, String), Place)>,
    /// When something that waits for a time is due.
    pub wake_at: Option<Timestamp>,
}

pub fn destination_key(id: &RegistryId) -> (String, String) {
    (id.region.to_string(), id.account.to_string())
}

impl Snapshot {
    pub fn tracked(&self) -> usize {
        self.destinations.values().map(|d| d.waiting.len() + d.busy.len()).sum()
    }

    pub fn under_way(&self) -> usize {
        self.destinations.values().map(|d| d.busy.len()).sum()
    }

    pub fn of(&mut self, id: &RegistryId) -> &mut Destination {
        self.destinations.entry(destination_key(id)).or_default()
    }
}

pub fn plan(snapshot: &Snapshot, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let mut room = limits::IN_FLIGHT.saturating_sub(snapshot.under_way());
    let mut wake = |at: Timestamp| plan.wake_at = Some(plan.wake_at.map_or(at, |before| before.min(at)));
    for (key, destination) in &snapshot.destinations {
        // One that failed is tried with one image at a time.
        let most = if destination.failures > 0 { 1 } else { limits::IN_FLIGHT_PER_DESTINATION };
        let mut own_room = most.saturating_sub(destination.busy.len());
        if destination.waiting.is_empty() || own_room == 0 || room == 0 {
            continue;
        }
        if let Some(at) = destination.not_before.filter(|at| *at > now) {
            wake(at);
            continue;
        }
        let mut taken: HashSet<&RepoId> = HashSet::new();
        for (place, item) in &destination.waiting {
            if own_room == 0 || room == 0 {
                break;
            }
            if item.not_before > now {
                wake(item.not_before);
                continue;
            }
            if destination.busy.contains(&item.repo) || !taken.insert(&item.repo) {
                continue;
            }
            plan.start.push((key.clone(), place.clone()));
            own_room -= 1;
            room -= 1;
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(region: &str) -> RegistryId {
        RegistryId { account: "000000000001".parse().unwrap(), region: region.parse().unwrap() }
    }

    fn item(region: &str, repo: &str, seen: Revision, not_before: i64) -> Item {
        Item {
            what: What::Copy,
            repo: RepoId::new(registry("us-east-1"), repo),
            digest: Digest::sha256(repo.as_bytes()),
            destination: registry(region),
            key: format!("{repo}{seen}"),
            seen,
            attempts: 0,
            since: Timestamp::from_millis(0),
            not_before: Timestamp::from_millis(not_before),
        }
    }

    fn snapshot(items: &[Item]) -> Snapshot {
        let mut s = Snapshot::default();
        for i in items {
            s.of(&i.destination).waiting.insert((i.seen, i.key.clone()), i.clone());
        }
        s
    }

    fn started(plan: &Plan) -> Vec<String> {
        plan.start.iter().map(|((region, _), (_, key))| format!("{region} {key}")).collect()
    }

    const NOW: Timestamp = Timestamp::from_millis(1000);

    #[test]
    fn one_image_of_a_repository_at_a_time_in_order() {
        let s = snapshot(&[item("eu-west-1", "a", 5, 0), item("eu-west-1", "a", 3, 0), item("eu-west-1", "b", 4, 0)]);
        assert_eq!(started(&plan(&s, NOW)), ["eu-west-1 a3", "eu-west-1 b4"]);
        let mut s = s;
        s.of(&registry("eu-west-1")).busy.insert(RepoId::new(registry("us-east-1"), "a"));
        assert_eq!(started(&plan(&s, NOW)), ["eu-west-1 b4"]);
    }

    #[test]
    fn what_is_out_of_reach_waits_and_keeps_nobody_else_waiting() {
        let mut s = snapshot(&[
            item("eu-west-1", "a", 1, 0),
            item("eu-west-1", "b", 2, 0),
            item("us-west-2", "a", 1, 0),
            item("us-west-2", "b", 2, 5000),
        ]);
        let dead = s.of(&registry("eu-west-1"));
        (dead.failures, dead.not_before) = (3, Some(Timestamp::from_millis(3000)));
        let p = plan(&s, NOW);
        assert_eq!(started(&p), ["us-west-2 a1"]);
        assert_eq!(p.wake_at, Some(Timestamp::from_millis(3000)));
        let p = plan(&s, Timestamp::from_millis(3000));
        assert_eq!(started(&p), ["eu-west-1 a1", "us-west-2 a1"], "one image tries it");
    }

    #[test]
    fn there_is_a_limit_for_one_and_for_all() {
        let many: Vec<Item> = (0..100).map(|n| item("eu-west-1", &format!("r{n}"), n, 0)).collect();
        assert_eq!(plan(&snapshot(&many), NOW).start.len(), limits::IN_FLIGHT_PER_DESTINATION);
        let regions = ["eu-west-1", "eu-west-2", "eu-west-3", "us-west-1", "us-west-2", "eu-north-1"];
        let all: Vec<Item> =
            regions.iter().flat_map(|r| (0..10).map(move |n| item(r, &format!("r{n}"), n, 0))).collect();
        assert_eq!(plan(&snapshot(&all), NOW).start.len(), limits::IN_FLIGHT);
        assert_eq!(plan(&Snapshot::default(), NOW), Plan::default());
    }
}
