//! The running controller, watches and all.

use std::sync::Arc;
use std::time::Duration;

use gantry_agent_api::{Assignment, Desired, EnvironmentRequest, Placement, keys};
use gantry_base::{ManualClock, SeededEntropy};
use gantry_fargate::records::{ADDRESSES, NetworkInterfaceRecord, eni_key};
use gantry_fargate::{Config, Fargate};
use gantry_store::{Embedded, Store};

use crate::support::{START, host, request, subnets};

struct Stack {
    store: Store,
    clock: Arc<ManualClock>,
    _fargate: Fargate,
}

fn stack() -> Stack {
    let (store, clock) = (Embedded::in_memory(), ManualClock::at(START));
    let fargate = Fargate::start(store.clone(), clock.clone(), SeededEntropy::new(1), Config::default());
    Stack { store, clock, _fargate: fargate }
}

impl Stack {
    async fn put(&self, request: &EnvironmentRequest) {
        self.store.put_as(&keys::environment(&request.sandbox_id), request).await.expect("written");
    }

    async fn get(&self, id: &str) -> EnvironmentRequest {
        self.store.get_as(&keys::environment(id)).await.expect("a read").expect("an environment").value
    }

    async fn until<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let waiting = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("never {what}"))
    }

    async fn placement(&self, id: &str) -> Placement {
        self.until("placed", async || self.get(id).await.placement).await
    }

    async fn assignment(&self, host: &str, id: &str) -> Option<Assignment> {
        self.store.get_as(&keys::assignment(host, id)).await.expect("a read").map(|a| a.value)
    }
}

#[tokio::test]
async fn a_request_is_placed_stopped_and_taken_back() {
    let stack = stack();
    stack.store.put_as(&keys::host("h1"), &host("h1", "us-east-1a", 4096, 8192)).await.expect("written");
    stack.put(&request("t1", &[&subnets()[0]])).await;
    let Placement::Placed { host_id, network, .. } = stack.placement("t1").await else { panic!("refused") };
    assert_eq!(host_id, "h1");
    assert_eq!(network.private_dns_name, "ip-172-31-0-4.ec2.internal");
    let assignment = stack.assignment("h1", "t1").await.expect("an assignment");
    assert_eq!((assignment.desired, &assignment.network), (Desired::Running, &network));
    let key = eni_key(&assignment.account, &assignment.region, &network.eni_id);
    let eni = stack.store.get_as::<NetworkInterfaceRecord>(&key).await.expect("a read").expect("an interface");
    assert_eq!(eni.value.network, network);

    let mut stopped = stack.get("t1").await;
    stopped.desired = Desired::Stopped;
    stack.put(&stopped).await;
    stack.until("told", async || stack.assignment("h1", "t1").await.filter(|a| a.desired == Desired::Stopped)).await;
    stack.store.delete(keys::environment("t1")).await.expect("deleted");
    stack.until("taken back", async || stack.assignment("h1", "t1").await.is_none().then_some(())).await;
    assert!(stack.store.list(ADDRESSES).await.expect("a list").kvs.is_empty());
    assert!(stack.store.get(key).await.expect("a read").is_none());
}

#[tokio::test]
async fn a_host_under_a_lease_that_ends_is_lost() {
    let stack = stack();
    stack.store.put_as(&keys::host("h1"), &host("h1", "us-east-1a", 4096, 8192)).await.expect("written");
    stack.put(&request("t1", &[&subnets()[0]])).await;
    stack.placement("t1").await;
    stack.store.delete(keys::host("h1")).await.expect("deleted");
    // The delete has to be seen before the grace can pass.
    stack.put(&request("t2", &[&subnets()[0]])).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    stack.clock.advance_ms(gantry_fargate::HOST_GRACE_MS);
    stack.put(&request("t3", &[&subnets()[0]])).await;
    stack
        .until("given up", async || {
            matches!(stack.get("t1").await.placement, Some(Placement::Refused { .. })).then_some(())
        })
        .await;
    assert!(stack.assignment("h1", "t1").await.is_none());
    assert!(stack.store.list(ADDRESSES).await.expect("a list").kvs.is_empty());
}

#[tokio::test]
async fn a_hundred_requests_at_once_are_all_placed() {
    let stack = stack();
    stack.store.put_as(&keys::host("h1"), &host("h1", "us-east-1a", 100 * 256, 100 * 512)).await.expect("written");
    let began = std::time::Instant::now();
    let ids: Vec<String> = (0..100).map(|n| format!("t{n:03}")).collect();
    futures_util::future::join_all(ids.iter().map(|id| async {
        stack.put(&request(id, &[&subnets()[0]])).await;
    }))
    .await;
    let mut addresses = std::collections::HashSet::new();
    for id in &ids {
        let Placement::Placed { network, .. } = stack.placement(id).await else { panic!("{id} refused") };
        assert!(addresses.insert(network.private_ip), "{} given twice", network.private_ip);
    }
    println!("100 requests placed in {:?}", began.elapsed());
}
