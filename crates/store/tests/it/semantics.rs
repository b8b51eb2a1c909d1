//! What every engine answers, call by call. Revisions are counted from where a test finds the store.

use bytes::Bytes;
use gantry_store::{
    Compare, CompareOp, CompareTarget, Error, KeyRange, Op, OpResult, RangeRequest, Store, Txn, limits,
};

use crate::engines::{Running, on_every_engine};

on_every_engine!(
    puts_count_versions,
    ranges_have_an_order_a_limit_and_a_count,
    the_past_can_be_read,
    compares_decide,
    a_transaction_is_one_revision,
    a_transaction_sees_its_own_writes,
    what_is_out_of_bounds_is_refused,
    odd_ranges_hold_what_they_say,
    leases_hold_their_keys,
    leases_run_out,
    compaction_forgets_the_past,
    records_are_changed_by_compare_and_swap,
);

async fn keys(store: &Store, request: RangeRequest) -> Vec<String> {
    let found = store.range(request).await.unwrap();
    found.kvs.iter().map(|kv| String::from_utf8_lossy(&kv.key).into_owned()).collect()
}

async fn puts_count_versions(Running { store, .. }: &Running) {
    let base = store.revision().await.unwrap();
    assert_eq!(store.put("/v/a", "1").await.unwrap(), base + 1);
    assert_eq!(store.put("/v/a", "2").await.unwrap(), base + 2);
    let kv = store.get("/v/a").await.unwrap().unwrap();
    assert_eq!((kv.create_revision, kv.mod_revision, kv.version, &kv.value[..]), (base + 1, base + 2, 2, &b"2"[..]));
    assert!(store.delete("/v/a").await.unwrap());
    assert!(!store.delete("/v/a").await.unwrap());
    assert_eq!(store.revision().await.unwrap(), base + 3, "a delete of nothing is no revision");
    assert!(store.get("/v/a").await.unwrap().is_none());
    store.put("/v/a", "3").await.unwrap();
    let kv = store.get("/v/a").await.unwrap().unwrap();
    assert_eq!((kv.create_revision, kv.mod_revision, kv.version), (base + 4, base + 4, 1));
    store.put("/v/empty", "").await.unwrap();
    assert_eq!(store.get("/v/empty").await.unwrap().unwrap().value, Bytes::new());
}

async fn ranges_have_an_order_a_limit_and_a_count(Running { store, .. }: &Running) {
    for name in ["b", "d", "a", "c"] {
        store.put(format!("/r/{name}"), name).await.unwrap();
    }
    store.put("/r0", "outside").await.unwrap();
    let all = RangeRequest::new(KeyRange::prefix("/r/"));
    assert_eq!(keys(store, all.clone()).await, ["/r/a", "/r/b", "/r/c", "/r/d"]);
    assert_eq!(keys(store, RangeRequest { reverse: true, ..all.clone() }.limit(2)).await, ["/r/d", "/r/c"]);
    assert_eq!(keys(store, RangeRequest::new(KeyRange::span("/r/b", "/r/d"))).await, ["/r/b", "/r/c"]);
    let two = store.range(all.clone().limit(2)).await.unwrap();
    assert_eq!((two.kvs.len(), two.count, two.more), (2, 4, true));
    let first = store.range(all.clone().first(2)).await.unwrap();
    assert_eq!((first.kvs, first.more), (two.kvs, true));
    assert!(!store.range(all.clone().first(4)).await.unwrap().more);
    let four = store.range(all.clone().limit(4)).await.unwrap();
    assert_eq!((four.kvs.len(), four.count, four.more), (4, 4, false));
    let counted = store.range(RangeRequest { count_only: true, ..all.clone() }).await.unwrap();
    assert_eq!((counted.kvs.len(), counted.count, counted.more), (0, 4, false));
    let named = store.range(RangeRequest { keys_only: true, ..all }).await.unwrap();
    assert!(named.kvs.len() == 4 && named.kvs.iter().all(|kv| kv.value.is_empty() && kv.version == 1));
}

async fn the_past_can_be_read(Running { store, .. }: &Running) {
    let first = store.put("/p/a", "old").await.unwrap();
    store.put("/p/a", "new").await.unwrap();
    store.delete("/p/a").await.unwrap();
    let at = |revision| RangeRequest::new(KeyRange::key("/p/a")).at(revision);
    let value = |found: gantry_store::RangeResult| found.kvs.first().map(|kv| kv.value.clone());
    assert_eq!(value(store.range(at(first - 1)).await.unwrap()), None);
    assert_eq!(value(store.range(at(first)).await.unwrap()), Some("old".into()));
    assert_eq!(value(store.range(at(first + 1)).await.unwrap()), Some("new".into()));
    assert_eq!(value(store.range(at(first + 2)).await.unwrap()), None);
    let ahead = store.range(at(first + 3)).await.unwrap_err();
    assert_eq!(ahead, Error::FutureRevision { asked: first + 3, newest: first + 2 });
}

async fn compares_decide(Running { store, .. }: &Running) {
    use CompareOp::{Equal, Greater, Less, NotEqual};
    use CompareTarget::{CreateRevision, Lease, ModRevision, Value, Version};
    let created = store.put("/c/a", "m").await.unwrap();
    store.put("/c/a", "m").await.unwrap();
    let table = [
        ("/c/a", Equal, CreateRevision(created), true),
        ("/c/a", Equal, ModRevision(created + 1), true),
        ("/c/a", Less, ModRevision(created + 1), false),
        ("/c/a", Equal, Version(2), true),
        ("/c/a", NotEqual, Version(2), false),
        ("/c/a", Greater, Version(1), true),
        ("/c/a", Equal, Value("m".into()), true),
        ("/c/a", Greater, Value("l".into()), true),
        ("/c/a", Less, Value("mm".into()), true),
        ("/c/a", NotEqual, Value("m".into()), false),
        ("/c/a", Equal, Lease(0), true),
        ("/c/none", Equal, CreateRevision(0), true),
        ("/c/none", Equal, ModRevision(0), true),
        ("/c/none", Less, Version(1), true),
        ("/c/none", Greater, CreateRevision(0), false),
        ("/c/none", Equal, Lease(0), true),
        ("/c/none", Equal, Value("".into()), false),
        ("/c/none", NotEqual, Value("x".into()), false),
    ];
    for (key, op, target, holds) in table {
        let compare = Compare { key: key.into(), op, target };
        let txn = Txn::new().when(compare.clone()).otherwise(Op::Range(RangeRequest::new(KeyRange::key("/c/a"))));
        let done = store.txn(txn).await.unwrap();
        assert_eq!(done.succeeded, holds, "{compare:?}");
        assert_eq!(done.results.len(), usize::from(!holds), "{compare:?}");
        assert_eq!(done.revision, created + 1, "reading makes no revision");
    }
    let both = Txn::new().when(Compare::exists("/c/a")).when(Compare::absent("/c/a")).then(Op::put("/c/b", "no"));
    assert!(!store.txn(both).await.unwrap().succeeded);
    assert!(store.txn(Txn::new()).await.unwrap().succeeded, "nothing to compare holds");
    assert!(store.get("/c/b").await.unwrap().is_none());
}

async fn a_transaction_is_one_revision(Running { store, .. }: &Running) {
    store.put("/t/gone", "x").await.unwrap();
    let base = store.revision().await.unwrap();
    let txn = Txn::new()
        .then(Op::put("/t/a", "1"))
        .then(Op::put("/t/b", "2"))
        .then(Op::delete("/t/gone"))
        .then(Op::delete("/t/never"));
    let done = store.txn(txn).await.unwrap();
    assert_eq!(done.revision, base + 1);
    assert_eq!(done.results, [OpResult::Put, OpResult::Put, OpResult::Deleted(1), OpResult::Deleted(0)]);
    let found = store.list("/t/").await.unwrap();
    assert_eq!(found.count, 2);
    assert!(found.kvs.iter().all(|kv| kv.mod_revision == base + 1));
}

async fn a_transaction_sees_its_own_writes(Running { store, .. }: &Running) {
    store.put("/w/old", "x").await.unwrap();
    let all = || Op::Range(RangeRequest::new(KeyRange::prefix("/w/")));
    let txn = Txn::new()
        .then(all())
        .then(Op::put("/x/new", "y"))
        .then(Op::Delete(KeyRange::prefix("/w/")))
        .then(all())
        .then(Op::Delete(KeyRange::span("/w/a", "/w/z")))
        .then(Op::Range(RangeRequest::new(KeyRange::key("/x/new"))));
    let done = store.txn(txn).await.unwrap();
    let counts: Vec<usize> = done
        .results
        .iter()
        .map(|result| match result {
            OpResult::Range(found) => found.count,
            OpResult::Deleted(count) => *count,
            OpResult::Put => 99,
        })
        .collect();
    assert_eq!(counts, [1, 99, 1, 0, 0, 1]);
}

async fn what_is_out_of_bounds_is_refused(Running { store, .. }: &Running) {
    let base = store.revision().await.unwrap();
    let twice = Txn::new().then(Op::put("/o/a", "1")).then(Op::put("/o/a", "2"));
    assert_eq!(store.txn(twice).await.unwrap_err(), Error::DuplicateKey("/o/a".into()));
    let over = Txn::new().then(Op::put("/o/a", "1")).then(Op::Delete(KeyRange::prefix("/o/")));
    assert_eq!(store.txn(over).await.unwrap_err(), Error::DuplicateKey("/o/a".into()));
    assert_eq!(store.put("", "x").await.unwrap_err(), Error::EmptyKey);
    assert_eq!(store.get("").await.unwrap_err(), Error::EmptyKey);
    let long = "k".repeat(limits::MAX_KEY + 1);
    assert!(matches!(store.put(long, "x").await, Err(Error::TooLarge { what: "key", .. })));
    let big = vec![0; limits::MAX_VALUE + 1];
    assert!(matches!(store.put("/o/a", big).await, Err(Error::TooLarge { what: "value", .. })));
    let many = (0..=limits::MAX_TXN_OPS).fold(Txn::new(), |txn, n| txn.then(Op::put(format!("/o/{n}"), "")));
    assert!(matches!(store.txn(many).await, Err(Error::TooLarge { what: "transaction", .. })));
    let leased = Txn::new().then(Op::Put { key: "/o/a".into(), value: "1".into(), lease: 77 });
    assert_eq!(store.txn(leased).await.unwrap_err(), Error::LeaseNotFound(77));
    let half =
        Txn::new().then(Op::put("/o/a", "1")).then(Op::Range(RangeRequest::new(KeyRange::key("/o/a")).at(base + 9)));
    assert!(matches!(store.txn(half).await, Err(Error::FutureRevision { .. })));
    assert_eq!(store.lease_state().await, Err(Error::LeaseNotFound(77)));
    assert_eq!(store.revision().await.unwrap(), base, "what was refused left nothing behind");
    assert_eq!(store.list("/o/").await.unwrap().count, 0);
    // The largest that is allowed.
    let key = "k".repeat(limits::MAX_KEY);
    store.put(key.clone(), vec![7; limits::MAX_VALUE]).await.unwrap();
    assert_eq!(store.get(key.clone()).await.unwrap().unwrap().value.len(), limits::MAX_VALUE);
    store.delete(key).await.unwrap();
}

trait LeaseState {
    async fn lease_state(&self) -> Result<(), Error>;
}

impl LeaseState for Store {
    async fn lease_state(&self) -> Result<(), Error> {
        assert_eq!(self.engine().lease_revoke(77).await, Err(Error::LeaseNotFound(77)));
        self.engine().lease_keep_alive(77).await
    }
}

async fn odd_ranges_hold_what_they_say(Running { store, .. }: &Running) {
    store.put("/odd/a", "1").await.unwrap();
    store.put(Bytes::from_static(b"\xff\xff"), "last").await.unwrap();
    store.put(Bytes::from_static(b"\x00"), "first").await.unwrap();
    let whole = store.list("").await.unwrap();
    assert_eq!(whole.kvs.first().unwrap().key, Bytes::from_static(b"\x00"));
    assert_eq!(whole.kvs.last().unwrap().key, Bytes::from_static(b"\xff\xff"));
    assert_eq!(store.list(Bytes::from_static(b"\xff")).await.unwrap().count, 1);
    for (start, end) in [("b", "a"), ("/odd/a", "/odd/a"), ("/odd/a", "")] {
        let none = store.range(RangeRequest::new(KeyRange::span(start, end))).await.unwrap();
        assert_eq!(none.count, 0, "{start}..{end}");
        let done = store.txn(Txn::new().then(Op::Delete(KeyRange::span(start, end)))).await.unwrap();
        assert_eq!(done.results, [OpResult::Deleted(0)], "{start}..{end}");
    }
    let rest = store.range(RangeRequest::new(KeyRange::span("/odd/a", vec![0]))).await.unwrap();
    assert_eq!(rest.kvs.last().unwrap().key, Bytes::from_static(b"\xff\xff"));
}

async fn leases_hold_their_keys(Running { store, .. }: &Running) {
    let engine = store.engine();
    let lease = engine.lease_grant(60).await.unwrap();
    let other = engine.lease_grant(60).await.unwrap();
    assert_ne!(lease, other);
    let put = |key: &'static str, lease| Op::Put { key: key.into(), value: "x".into(), lease };
    for key in ["/l/stays", "/l/moves", "/l/leaves", "/l/deleted"] {
        store.txn(Txn::new().then(put(key, lease))).await.unwrap();
    }
    assert_eq!(store.get("/l/stays").await.unwrap().unwrap().lease, lease);
    store.txn(Txn::new().then(put("/l/moves", other)).then(put("/l/leaves", 0))).await.unwrap();
    store.delete("/l/deleted").await.unwrap();
    store.put("/l/deleted", "again, on no lease").await.unwrap();
    engine.lease_keep_alive(lease).await.unwrap();
    let base = store.revision().await.unwrap();
    engine.lease_revoke(lease).await.unwrap();
    assert_eq!(store.revision().await.unwrap(), base + 1);
    assert_eq!(keys(store, RangeRequest::new(KeyRange::prefix("/l/"))).await, ["/l/deleted", "/l/leaves", "/l/moves"]);
    assert_eq!(engine.lease_keep_alive(lease).await, Err(Error::LeaseNotFound(lease)));
    engine.lease_revoke(other).await.unwrap();
    let empty = engine.lease_grant(60).await.unwrap();
    engine.lease_revoke(empty).await.unwrap();
    assert_eq!(store.revision().await.unwrap(), base + 2, "a lease without keys leaves without a revision");
}

async fn leases_run_out(Running { store, .. }: &Running) {
    let lease = store.engine().lease_grant(1).await.unwrap();
    let mut watch = store.watch(KeyRange::prefix("/e/"), 0).await.unwrap();
    let put = |key: &'static str| Op::Put { key: key.into(), value: "x".into(), lease };
    let written = store.txn(Txn::new().then(put("/e/a")).then(put("/e/b"))).await.unwrap().revision;
    let next = async |watch: &mut gantry_store::Watch| {
        tokio::time::timeout(std::time::Duration::from_secs(15), watch.next()).await.unwrap().unwrap().unwrap()
    };
    assert_eq!(next(&mut watch).await.revision, written);
    let end = next(&mut watch).await;
    assert_eq!((end.revision, end.events.len()), (written + 1, 2), "both keys go as one revision");
    assert_eq!(store.list("/e/").await.unwrap().count, 0);
    assert_eq!(store.engine().lease_keep_alive(lease).await, Err(Error::LeaseNotFound(lease)));
}

async fn compaction_forgets_the_past(Running { store, is_etcd, .. }: &Running) {
    let first = store.put("/z/a", "1").await.unwrap();
    store.put("/z/a", "2").await.unwrap();
    store.put("/z/b", "1").await.unwrap();
    store.delete("/z/b").await.unwrap();
    store.put("/z/a", "3").await.unwrap();
    let newest = first + 4;
    let engine = store.engine();
    assert!(matches!(engine.compact(newest + 1).await, Err(Error::FutureRevision { .. })));
    engine.compact(first + 3).await.unwrap();
    assert!(matches!(engine.compact(first + 3).await, Err(Error::Compacted { .. })));
    let at = |revision| RangeRequest::new(KeyRange::prefix("/z/")).at(revision);
    let gone = store.range(at(first + 2)).await.unwrap_err();
    assert!(matches!(gone, Error::Compacted { asked, oldest } if asked == first + 2 && oldest == first + 3), "{gone}");
    let kept = store.range(at(first + 3)).await.unwrap();
    assert_eq!((kept.count, &kept.kvs[0].value[..]), (1, &b"2"[..]));
    let txn = Txn::new().then(Op::put("/z/no", "")).then(Op::Range(at(first)));
    assert!(matches!(store.txn(txn).await, Err(Error::Compacted { .. })));
    let refused = match store.watch(KeyRange::prefix("/z/"), first + 1).await {
        Ok(mut watch) => watch.next().await.unwrap().unwrap_err(),
        Err(error) => error,
    };
    assert!(matches!(refused, Error::Compacted { .. }), "{refused} on etcd: {is_etcd}");
    let mut watch = store.watch(KeyRange::prefix("/z/"), first + 4).await.unwrap();
    assert_eq!(watch.next().await.unwrap().unwrap().revision, newest);
}

async fn records_are_changed_by_compare_and_swap(Running { store, .. }: &Running) {
    assert!(store.create_as("/j/n", &0_u32).await.unwrap());
    assert!(!store.create_as("/j/n", &7_u32).await.unwrap());
    let adders = (0..4).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..10 {
                let add = |n: Option<u32>| Ok::<_, Error>(n.map(|n| n + 1));
                while store.update("/j/n", add).await.is_err() {}
            }
        })
    });
    for adder in adders.collect::<Vec<_>>() {
        adder.await.unwrap();
    }
    assert_eq!(store.get_as::<u32>("/j/n").await.unwrap().unwrap().value, 40);
    store.put("/j/n", "no number").await.unwrap();
    assert!(matches!(store.get_as::<u32>("/j/n").await, Err(Error::Decode { .. })));
}
