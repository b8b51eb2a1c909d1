//! A store that fails: watches end, writes are refused; the agent makes good for all of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use gantry_agent_api::*;
use gantry_store::*;

use crate::rig::*;

struct Flaky {
    inner: Store,
    /// Writes and leases fail.
    down: AtomicBool,
    /// New watches fail, as after a compaction.
    blind: AtomicBool,
    watches: AtomicUsize,
}

fn broken<T>() -> Result<T> {
    Err(Error::Remote("unavailable".to_owned()))
}

#[async_trait]
impl Engine for Flaky {
    async fn range(&self, request: RangeRequest) -> Result<RangeResult> {
        self.inner.range(request).await
    }
    async fn txn(&self, txn: Txn) -> Result<TxnResult> {
        if self.down.load(Ordering::SeqCst) { broken() } else { self.inner.txn(txn).await }
    }
    async fn watch(&self, range: KeyRange, from: Revision) -> Result<Watch> {
        self.watches.fetch_add(1, Ordering::SeqCst);
        if self.blind.load(Ordering::SeqCst) {
            return Err(Error::Compacted { asked: from, oldest: from + 1 });
        }
        self.inner.watch(range, from).await
    }
    async fn lease_grant(&self, ttl_secs: i64) -> Result<LeaseId> {
        self.inner.engine().lease_grant(ttl_secs).await
    }
    async fn lease_keep_alive(&self, lease: LeaseId) -> Result<()> {
        self.inner.engine().lease_keep_alive(lease).await
    }
    async fn lease_revoke(&self, lease: LeaseId) -> Result<()> {
        self.inner.engine().lease_revoke(lease).await
    }
    async fn compact(&self, revision: Revision) -> Result<()> {
        self.inner.engine().compact(revision).await
    }
    async fn revision(&self) -> Result<Revision> {
        self.inner.revision().await
    }
}

fn rig() -> (Rig, Arc<Flaky>, Store) {
    let mut rig = Rig::new();
    let inner = rig.store.clone();
    let flaky = Arc::new(Flaky {
        inner: inner.clone(),
        down: AtomicBool::new(false),
        blind: AtomicBool::new(false),
        watches: AtomicUsize::new(0),
    });
    rig.store = Store::new(flaky.clone());
    (rig, flaky, inner)
}

#[tokio::test]
async fn without_a_watch_the_list_is_enough() {
    let (rig, flaky, inner) = rig();
    flaky.blind.store(true, Ordering::SeqCst);
    let agent = rig.agent().await;
    let (stays, goes) = (assignment(vec![container("a", &["run"])]), assignment(vec![container("a", &["deaf"])]));
    put(&inner, &stays).await;
    put(&inner, &goes).await;
    phase(&inner, &stays.sandbox_id, Phase::Running).await;
    phase(&inner, &goes.sandbox_id, Phase::Running).await;
    stop(&inner, &stays).await;
    remove(&inner, &goes.sandbox_id).await;
    phase(&inner, &stays.sandbox_id, Phase::Stopped).await;
    eventually("tidiness", || rig.networking.attached.lock().is_empty()).await;
    assert!(flaky.watches.load(Ordering::SeqCst) > 1);
    flaky.blind.store(false, Ordering::SeqCst);
    let next = assignment(vec![container("a", &["run"])]);
    put(&inner, &next).await;
    phase(&inner, &next.sandbox_id, Phase::Running).await;
    agent.drain().await.expect("all stop");
    rig.assert_clean();
}

#[tokio::test]
async fn sandboxes_do_not_wait_for_the_store() {
    let (rig, flaky, inner) = rig();
    let agent = rig.agent().await;
    flaky.down.store(true, Ordering::SeqCst);
    let task = assignment(vec![container("a", &["run"]), container("b", &["run"])]);
    put(&inner, &task).await;
    let id = task.sandbox_id.clone();
    let runs = || rig.runtime.sandbox(&id).is_some_and(|s| s.containers.lock().len() == 2);
    eventually("both containers", runs).await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert!(inner.get(keys::report(&id)).await.expect("the store answers").is_none());
    rig.runtime.sandbox(&id).expect("a sandbox").exit("a", 9, false);
    eventually("tidiness", || rig.networking.attached.lock().is_empty()).await;
    flaky.down.store(false, Ordering::SeqCst);
    let report = phase(&inner, &id, Phase::Stopped).await;
    assert_eq!(report.containers[0].exit_code, Some(9));
    agent.shutdown().await;
}

#[tokio::test]
async fn reports_are_written_only_when_something_changed() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let task = assignment(vec![container("a", &["run"])]);
    put(&rig.store, &task).await;
    phase(&rig.store, &task.sandbox_id, Phase::Running).await;
    let key = keys::report(&task.sandbox_id);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let before = rig.store.get(key.clone()).await.expect("the store answers").expect("a report");
    for _ in 0..5 {
        put(&rig.store, &task).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let after = rig.store.get(key.clone()).await.expect("the store answers").expect("a report");
    assert_eq!(before.mod_revision, after.mod_revision);
    agent.shutdown().await;
    let agent = rig.agent().await;
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let again = rig.store.get(key).await.expect("the store answers").expect("a report");
    assert_eq!(before.mod_revision, again.mod_revision, "a restart changes nothing");
    agent.drain().await.expect("all stop");
}
