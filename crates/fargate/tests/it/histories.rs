//! Random histories with a controller that is cut off at any transaction and started anew.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use gantry_agent_api::{Assignment, Desired, EnvironmentRequest, Placement, keys};
use gantry_base::{Clock as _, ManualClock, SeededEntropy};
use gantry_fargate::records::{ADDRESSES, AddressClaim};
use gantry_fargate::{Config, Controller};
use gantry_store::{Embedded, Store};
use proptest::prelude::*;

use crate::support::{Failing, START, host, request, subnets};

#[derive(Clone, Debug)]
enum Deed {
    Ask(usize),
    Stop(usize),
    Forget(usize),
    HostComes(usize),
    HostGoes(usize),
    TimePasses(i64),
    /// The controller reads everything and takes so many steps, cut off after so many transactions.
    Run {
        steps: usize,
        transactions: i64,
    },
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (0..40_usize).prop_map(Deed::Ask),
        2 => (0..40_usize).prop_map(Deed::Stop),
        2 => (0..40_usize).prop_map(Deed::Forget),
        2 => (0..4_usize).prop_map(Deed::HostComes),
        1 => (0..4_usize).prop_map(Deed::HostGoes),
        1 => (1..100_000_i64).prop_map(Deed::TimePasses),
        4 => (1..4_usize, 0..6_i64).prop_map(|(steps, transactions)| Deed::Run { steps, transactions }),
    ]
}

struct World {
    store: Store,
    failing: Arc<Failing>,
    clock: Arc<ManualClock>,
    controller: Controller,
}

impl World {
    fn new() -> Self {
        let store = Embedded::in_memory();
        let failing = Arc::new(Failing { inner: store.engine().clone(), left: AtomicI64::new(0) });
        let clock = ManualClock::at(START);
        let controller = Controller {
            store: Store::new(failing.clone()),
            clock: clock.clone(),
            entropy: SeededEntropy::new(3),
            config: Config::default(),
        };
        Self { store, failing, clock, controller }
    }

    async fn change(&self, id: &str, edit: impl Fn(&mut EnvironmentRequest)) {
        let key = keys::environment(id);
        let done = self.store.update::<EnvironmentRequest, gantry_store::Error, _>(&key, |found| {
            Ok(found.map(|mut request| {
                edit(&mut request);
                request
            }))
        });
        done.await.expect("changed");
    }

    async fn perform(&self, deed: &Deed) {
        let name = |n: &usize| format!("t{n:02}");
        match deed {
            Deed::Ask(n) => {
                let subnets = subnets();
                let mut asked = request(&name(n), &[&subnets[n % 3], &subnets[(n + 1) % 3]]);
                asked.requested_at = self.clock.now();
                self.store.create_as(&keys::environment(&name(n)), &asked).await.expect("asked");
            }
            Deed::Stop(n) => self.change(&name(n), |r| r.desired = Desired::Stopped).await,
            Deed::Forget(n) => {
                self.store.delete(keys::environment(&name(n))).await.expect("forgotten");
            }
            Deed::HostComes(n) => {
                let id = format!("h{n}");
                let zone = ["us-east-1a", "us-east-1b", "us-east-1c"][n % 3];
                self.store.put_as(&keys::host(&id), &host(&id, zone, 1024, 2048)).await.expect("a host");
            }
            Deed::HostGoes(n) => {
                self.store.delete(keys::host(&format!("h{n}"))).await.expect("gone");
            }
            Deed::TimePasses(by_ms) => self.clock.advance_ms(*by_ms),
            Deed::Run { steps, transactions } => {
                self.failing.allow(*transactions);
                let Ok((mut snapshot, _)) = self.controller.load().await else { return };
                for _ in 0..*steps {
                    if self.controller.step(&mut snapshot).await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    /// Runs without faults until a step finds nothing to do.
    async fn settle(&self) {
        self.failing.allow(i64::MAX);
        for _ in 0..50 {
            let before = self.store.revision().await.expect("a revision");
            let (mut snapshot, _) = self.controller.load().await.expect("loaded");
            self.controller.step(&mut snapshot).await.expect("a step");
            if self.store.revision().await.expect("a revision") == before {
                return;
            }
        }
        panic!("the controller never comes to rest");
    }

    async fn check(&self) {
        let environments = self.store.list_as::<EnvironmentRequest>(keys::ENVIRONMENTS).await.expect("a list");
        let claims = self.store.list_as::<AddressClaim>(ADDRESSES).await.expect("a list");
        let assignments = self.store.list_as::<Assignment>("/assign/").await.expect("a list");
        let enis = self.store.list("/aws/123456789012/us-east-1/ec2/network-interface/").await.expect("a list");
        let mut placed = BTreeMap::new();
        for env in environments.iter().map(|e| &e.value) {
            if let Some(Placement::Placed { host_id, network, .. }) = &env.placement {
                placed.insert(env.sandbox_id.clone(), (host_id.clone(), network.private_ip, env.desired));
            }
        }
        let of_claims: BTreeMap<_, _> = claims
            .iter()
            .map(|c| (c.value.sandbox_id.clone(), (c.value.host_id.clone(), c.value.private_ip)))
            .collect();
        let of_placed: BTreeMap<_, _> =
            placed.iter().map(|(id, (host, ip, _))| (id.clone(), (host.clone(), *ip))).collect();
        assert_eq!(of_claims, of_placed, "each placed request has its claim, and nothing else has one");
        let addresses: HashSet<_> = claims.iter().map(|c| c.value.private_ip).collect();
        assert_eq!(addresses.len(), claims.len(), "an address given twice");
        let assigned: BTreeMap<_, _> = assignments
            .iter()
            .map(|a| {
                (a.value.sandbox_id.clone(), (a.value.host_id.clone(), a.value.network.private_ip, a.value.desired))
            })
            .collect();
        assert_eq!(assigned, placed, "assignments follow the requests");
        assert_eq!(enis.kvs.len(), placed.len());
        let mut load: BTreeMap<&str, u32> = BTreeMap::new();
        for claim in &claims {
            *load.entry(&claim.value.host_id).or_default() += claim.value.cpu_units;
        }
        assert!(load.values().all(|units| *units <= 1024), "a host overfilled: {load:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_history_comes_to_rest_with_nothing_lost_or_given_twice(deeds in prop::collection::vec(deed(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let world = World::new();
            for deed in &deeds {
                world.perform(deed).await;
            }
            world.settle().await;
            world.check().await;
        });
    }
}
