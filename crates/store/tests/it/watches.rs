//! Watches: nothing missed, nothing twice, nobody unbounded.

use std::time::Duration;

use gantry_store::{Embedded, Error, Etcd, EtcdOptions, EventKind, KeyRange, Op, Txn, Watch, WatchBatch, limits};

use crate::engines::{EtcdServer, Running, on_every_engine};

on_every_engine!(
    batches_are_whole_and_in_order,
    the_past_runs_into_the_present,
    a_watch_may_begin_in_the_future,
    a_watch_of_nothing_is_silent,
    joining_under_load_leaves_no_gap,
);

async fn next(watch: &mut Watch) -> WatchBatch {
    tokio::time::timeout(Duration::from_secs(10), watch.next()).await.expect("a batch in time").unwrap().unwrap()
}

async fn batches_are_whole_and_in_order(Running { store, .. }: &Running) {
    let mut prefix = store.watch(KeyRange::prefix("/b/"), 0).await.unwrap();
    let mut key = store.watch(KeyRange::key("/b/2"), 0).await.unwrap();
    let mut span = store.watch(KeyRange::span("/b/2", "/b/4"), 0).await.unwrap();
    let mut elsewhere = store.watch(KeyRange::prefix("/bb"), 0).await.unwrap();
    let first = store
        .txn(Txn::new().then(Op::put("/b/1", "1")).then(Op::put("/b/2", "2")).then(Op::put("/b/3", "3")))
        .await
        .unwrap()
        .revision;
    store.put("/b/2", "22").await.unwrap();
    store.txn(Txn::new().then(Op::Delete(KeyRange::prefix("/b/")))).await.unwrap();
    store.put("/bb", "end").await.unwrap();
    let shape = |batch: WatchBatch| {
        let events: Vec<_> = batch
            .events
            .iter()
            .map(|e| {
                let prev = e.prev.as_ref().map(|prev| prev.value.to_vec());
                (e.kind, e.kv.key.to_vec(), e.kv.value.to_vec(), prev, e.kv.mod_revision - batch.revision)
            })
            .collect();
        (batch.revision - first, events)
    };
    let put = |key: &str, value: &str, prev: Option<&str>| {
        (EventKind::Put, key.as_bytes().to_vec(), value.as_bytes().to_vec(), prev.map(|p| p.as_bytes().to_vec()), 0)
    };
    let gone =
        |key: &str, prev: &str| (EventKind::Delete, key.as_bytes().to_vec(), vec![], Some(prev.as_bytes().to_vec()), 0);
    assert_eq!(
        shape(next(&mut prefix).await),
        (0, vec![put("/b/1", "1", None), put("/b/2", "2", None), put("/b/3", "3", None)])
    );
    assert_eq!(shape(next(&mut prefix).await), (1, vec![put("/b/2", "22", Some("2"))]));
    assert_eq!(shape(next(&mut prefix).await), (2, vec![gone("/b/1", "1"), gone("/b/2", "22"), gone("/b/3", "3")]));
    assert_eq!(shape(next(&mut key).await), (0, vec![put("/b/2", "2", None)]));
    assert_eq!(shape(next(&mut key).await), (1, vec![put("/b/2", "22", Some("2"))]));
    assert_eq!(shape(next(&mut key).await), (2, vec![gone("/b/2", "22")]));
    assert_eq!(shape(next(&mut span).await), (0, vec![put("/b/2", "2", None), put("/b/3", "3", None)]));
    assert_eq!(next(&mut elsewhere).await.revision, first + 3);
    assert!(prefix.try_next().is_none());
}

async fn the_past_runs_into_the_present(Running { store, .. }: &Running) {
    let first = store.put("/past/0", "0").await.unwrap();
    for n in 1..20 {
        store.put(format!("/past/{n}"), "x").await.unwrap();
        store.put("/elsewhere", "x").await.unwrap();
    }
    let mut watch = store.watch(KeyRange::prefix("/past/"), first + 1).await.unwrap();
    for n in 20..40 {
        store.put(format!("/past/{n}"), "x").await.unwrap();
    }
    for n in 1..40 {
        let batch = next(&mut watch).await;
        assert_eq!(batch.events[0].kv.key, format!("/past/{n}"));
        assert_eq!(batch.events.len(), 1);
    }
    assert!(watch.try_next().is_none());
}

async fn a_watch_may_begin_in_the_future(Running { store, .. }: &Running) {
    let now = store.revision().await.unwrap();
    let mut watch = store.watch(KeyRange::prefix("/f/"), now + 3).await.unwrap();
    for n in 1..=4 {
        store.put("/f/a", n.to_string()).await.unwrap();
    }
    assert_eq!(next(&mut watch).await.revision, now + 3);
    assert_eq!(next(&mut watch).await.revision, now + 4);
}

async fn a_watch_of_nothing_is_silent(Running { store, .. }: &Running) {
    let mut watch = store.watch(KeyRange::span("/n/b", "/n/a"), 0).await.unwrap();
    store.put("/n/a", "x").await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), watch.next()).await.is_err());
    assert!(matches!(store.watch(KeyRange::key(""), 0).await, Err(Error::EmptyKey)));
}

async fn joining_under_load_leaves_no_gap(Running { store, .. }: &Running) {
    let first = store.put("/load/a", "0").await.unwrap();
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 0..400 {
                store.put("/load/a", n.to_string()).await.unwrap();
            }
        })
    };
    let mut watches = Vec::new();
    for n in 0..20 {
        tokio::time::sleep(Duration::from_millis(1)).await;
        let newest = store.revision().await.unwrap();
        let from = if n % 2 == 0 { first } else { newest + 1 };
        watches.push((from, store.watch(KeyRange::prefix("/load/"), from).await.unwrap()));
    }
    writer.await.unwrap();
    let last = store.revision().await.unwrap();
    for (from, watch) in &mut watches {
        for expected in *from..=last {
            assert_eq!(next(watch).await.revision, expected);
        }
    }
}

#[tokio::test]
async fn a_slow_watcher_is_ended_and_nobody_else() {
    let store = Embedded::in_memory();
    let mut slow = store.watch(KeyRange::prefix("/s/"), 0).await.unwrap();
    for n in 0..limits::WATCH_BUFFER + 10 {
        store.put("/s/a", n.to_string()).await.unwrap();
    }
    let mut got = 0;
    let end = loop {
        match slow.next().await {
            Some(Ok(_)) => got += 1,
            other => break other,
        }
    };
    assert_eq!((got, end), (limits::WATCH_BUFFER, Some(Err(Error::WatchLagged))));
    assert!(slow.next().await.is_none());
    // One that begins in the past reads at its own pace, however far it has to come.
    let mut late = store.watch(KeyRange::prefix("/s/"), 2).await.unwrap();
    for revision in 2..=limits::WATCH_BUFFER as u64 + 11 {
        assert_eq!(next(&mut late).await.revision, revision);
    }
    store.put("/s/a", "live").await.unwrap();
    assert_eq!(next(&mut late).await.events[0].kv.value, "live");
}

#[tokio::test]
async fn a_closed_store_ends_its_watches() {
    let store = Embedded::in_memory();
    let mut watch = store.watch(KeyRange::prefix("/"), 0).await.unwrap();
    store.put("/a", "x").await.unwrap();
    drop(store);
    assert!(watch.next().await.unwrap().is_ok(), "what was delivered can still be read");
    assert!(watch.next().await.is_none());
}

/// A write must not cost more the more watches there are elsewhere.
#[tokio::test]
async fn many_watches_do_not_slow_a_write() {
    let store = Embedded::in_memory();
    let time = async || {
        let began = std::time::Instant::now();
        for n in 0..2_000 {
            store.put(format!("/assign/host-{}/task", n % 10), "x").await.unwrap();
        }
        began.elapsed()
    };
    let alone = time().await;
    let mut watches = Vec::new();
    for n in 0..20_000 {
        watches.push(store.watch(KeyRange::prefix(format!("/assign/host-{}/", n + 100)), 0).await.unwrap());
    }
    let crowded = time().await;
    eprintln!("2,000 writes: {alone:?} alone, {crowded:?} beside 20,000 watches of other prefixes");
    assert!(crowded < alone * 4 + Duration::from_millis(200));
    assert!(watches.iter_mut().all(|watch| watch.try_next().is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_etcd_watch_outlives_its_server() {
    let Some(mut server) = EtcdServer::start("an_etcd_watch_outlives_its_server") else { return };
    let store = Etcd::connect(&[server.address()], EtcdOptions::default()).await.unwrap();
    let mut watch = store.watch(KeyRange::prefix("/k/"), 0).await.unwrap();
    let first = store.put("/k/a", "1").await.unwrap();
    assert_eq!(next(&mut watch).await.revision, first);
    server.restart();
    // Reads are tried again by themselves; a write is, if it was surely not sent.
    assert_eq!(store.get("/k/a").await.unwrap().unwrap().value, "1");
    let mut second = store.put("/k/b", "2").await;
    for _ in 0..20 {
        if second.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        second = store.put("/k/b", "2").await;
    }
    assert_eq!(next(&mut watch).await.revision, second.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_endpoint_is_passed_over() {
    let Some(server) = EtcdServer::start("a_dead_endpoint_is_passed_over") else { return };
    // Nothing listens on port 1.
    let endpoints = ["http://127.0.0.1:1".to_owned(), server.address()];
    let store = Etcd::connect(&endpoints, EtcdOptions::default()).await.unwrap();
    store.put("/a", "x").await.unwrap();
    assert_eq!(store.get("/a").await.unwrap().unwrap().value, "x");
    let fresh = Etcd::connect(&endpoints, EtcdOptions { prefix: "/other".into() }).await.unwrap();
    assert!(fresh.get("/a").await.unwrap().is_none(), "another prefix is another store");
    for bad in ["https://127.0.0.1:1", "127.0.0.1:2379", ""] {
        let refused = Etcd::connect(&[bad.to_owned()], EtcdOptions::default()).await;
        assert!(matches!(refused, Err(Error::Remote(_))), "{bad}");
    }
}
