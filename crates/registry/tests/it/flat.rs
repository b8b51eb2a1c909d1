//! What a request costs the store, counted: the same in a repository of ten images and of two thousand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use gantry_store::{
    Embedded, Engine, KeyRange, LeaseId, OpResult, RangeRequest, RangeResult, Result, Revision, Store, Txn, TxnResult,
    Watch,
};

use crate::support::{Fixture, manifest, open};

const WRITERS: usize = 8;

/// Counts reads, keys read, and operations written, and passes everything on.
pub struct Counting {
    pub inner: Arc<dyn Engine>,
    pub counts: Arc<Counts>,
}

#[derive(Default)]
pub struct Counts {
    reads: AtomicUsize,
    keys: AtomicUsize,
    writes: AtomicUsize,
    deleted: AtomicUsize,
}

impl Counts {
    pub fn take(&self) -> [usize; 4] {
        [&self.reads, &self.keys, &self.writes, &self.deleted].map(|n| n.swap(0, Ordering::SeqCst))
    }
}

#[async_trait]
impl Engine for Counting {
    async fn range(&self, request: RangeRequest) -> Result<RangeResult> {
        let found = self.inner.range(request).await?;
        self.counts.reads.fetch_add(1, Ordering::SeqCst);
        self.counts.keys.fetch_add(found.kvs.len(), Ordering::SeqCst);
        Ok(found)
    }
    async fn txn(&self, txn: Txn) -> Result<TxnResult> {
        let done = self.inner.txn(txn).await?;
        self.counts.writes.fetch_add(done.results.len(), Ordering::SeqCst);
        for result in &done.results {
            if let OpResult::Deleted(n) = result {
                self.counts.deleted.fetch_add(*n, Ordering::SeqCst);
            }
        }
        Ok(done)
    }
    async fn watch(&self, range: KeyRange, from: Revision) -> Result<Watch> {
        self.inner.watch(range, from).await
    }
    async fn lease_grant(&self, ttl_secs: i64) -> Result<LeaseId> {
        self.inner.lease_grant(ttl_secs).await
    }
    async fn lease_keep_alive(&self, lease: LeaseId) -> Result<()> {
        self.inner.lease_keep_alive(lease).await
    }
    async fn lease_revoke(&self, lease: LeaseId) -> Result<()> {
        self.inner.lease_revoke(lease).await
    }
    async fn compact(&self, revision: Revision) -> Result<()> {
        self.inner.compact(revision).await
    }
    async fn revision(&self) -> Result<Revision> {
        self.inner.revision().await
    }
}

/// Costs of a push, a pull by tag, a page of tags, and a delete.
async fn costs(f: &Fixture, counts: &Counts, text: &str) -> Vec<[usize; 4]> {
    let digest = gantry_blobs::Digest::sha256(text.as_bytes());
    let mut all = Vec::new();
    counts.take();
    for (method, path, body) in [
        ("PUT", "/v2/app/manifests/aaa-measured".to_owned(), text),
        ("GET", "/v2/app/manifests/aaa-measured".to_owned(), ""),
        ("GET", "/v2/app/tags/list?n=5".to_owned(), ""),
        ("DELETE", format!("/v2/app/manifests/{digest}"), ""),
    ] {
        let reply = f.send(method, &path, &[], body.to_owned()).await;
        assert!(reply.status.is_success(), "{method} {path}: {:?}", reply.body);
        all.push(counts.take());
    }
    all
}

#[tokio::test]
async fn requests_cost_the_same_however_full_the_repository() {
    let dir = tempfile::tempdir().unwrap();
    let counts = Arc::new(Counts::default());
    let inner = Arc::clone(Embedded::in_memory().engine());
    let store = Store::new(Arc::new(Counting { inner, counts: Arc::clone(&counts) }));
    let (wire, access) = open(store.clone(), dir.path());
    let clock = gantry_base::ManualClock::at(gantry_base::Timestamp::from_secs(1));
    let f = Arc::new(Fixture { wire, clock, access, dir, store });
    f.create("app").await;
    let (config, layer) = (f.push_blob("app", b"{}").await, f.push_blob("app", b"layer").await);
    let numbered = |n: usize| manifest(&config, &layer, 5, &format!(r#","annotations":{{"n":"{n}"}}"#));
    let mut measured = Vec::new();
    let mut pushed = 0;
    for size in [10, 100, 2000] {
        let started = Instant::now();
        let mut writers = tokio::task::JoinSet::new();
        for first in 0..WRITERS {
            let texts: Vec<_> = (pushed + first..size).step_by(WRITERS).map(|n| (n, numbered(n))).collect();
            let f = Arc::clone(&f);
            writers.spawn(async move {
                for (n, text) in texts {
                    assert_eq!(f.put("app", &format!("v{n:05}"), &text).await.status, 201);
                }
            });
        }
        writers.join_all().await;
        let rate = (size - pushed) as f64 / started.elapsed().as_secs_f64();
        println!("{pushed} to {size} images: {rate:.0} manifest pushes/s by {WRITERS} writers, synced");
        pushed = size;
        measured.push(costs(&f, &counts, &numbered(90_000 + size)).await);
    }
    assert_eq!(measured[0], measured[1]);
    assert_eq!(measured[0], measured[2]);
    println!("[reads, keys read, operations, keys deleted] of put, get, list, delete: {:?}", measured[0]);
}
