//! Usage is written as ECS does it, with crashes in between: the bill must not care.

use gantry_agent_api::{FargateUsage, usage_key};
use gantry_base::{AccountId, Timestamp};
use gantry_billing::{Bill, Period, PriceBook, bill, bill_records};
use gantry_store::{Embedded, EmbeddedOptions, Op, Store, Txn};
use proptest::prelude::*;

pub const ACCOUNT: &str = "123456789012";
const DAY_MS: i64 = 86_400_000;

pub fn record(n: u32, start_ms: i64, stop_ms: Option<i64>) -> FargateUsage {
    FargateUsage {
        account: ACCOUNT.parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        resource: format!("arn:aws:ecs:us-east-1:{ACCOUNT}:task/c/{n:032x}"),
        capacity_provider: "FARGATE".to_owned(),
        architecture: "X86_64".to_owned(),
        cpu_units: 256 << (n % 4),
        memory_mib: 512 << (n % 4),
        ephemeral_storage_gib: 20 + n % 3,
        started_at: Timestamp::from_millis(start_ms),
        stopped_at: stop_ms.map(Timestamp::from_millis),
        cluster_name: "c".to_owned(),
        group: format!("service:s{}", n % 2),
        tags: [("team".to_owned(), format!("t{}", n % 3))].into(),
    }
}

pub fn key(n: u32, record: &FargateUsage) -> String {
    usage_key(&record.account, record.started_at, &format!("{n:032x}"))
}

fn put(n: u32, record: &FargateUsage) -> Txn {
    let key = key(n, record);
    Txn::new().then(Op::put(key.clone(), Store::encode(&key, record).unwrap()))
}

async fn bill_of(store: &Store, days: i64, now_ms: i64) -> Bill {
    let account: AccountId = ACCOUNT.parse().unwrap();
    let period = Period::new(Timestamp::from_millis(0), Timestamp::from_millis(days * DAY_MS)).unwrap();
    bill(store, &PriceBook::built_in().unwrap(), &account, period, Timestamp::from_millis(now_ms)).await.unwrap()
}

/// A task's life: when it starts, how long it runs, and how often each write is made.
type Life = (i64, Option<i64>, usize, usize);

fn lives() -> impl Strategy<Value = Vec<Life>> {
    proptest::collection::vec((0..2 * DAY_MS, proptest::option::of(0..DAY_MS), 1usize..4, 1usize..4), 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn repeated_writes_and_crashes_change_nothing(lives in lives(), crashes in proptest::collection::btree_set(0usize..80, 0..3), now in 0..3 * DAY_MS) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let mut store = Embedded::open(dir.path(), EmbeddedOptions::default()).unwrap();
            let mut truth = Vec::new();
            let mut writes = Vec::new();
            for (n, (start, ran, starts, stops)) in (0u32..).zip(&lives) {
                writes.extend(std::iter::repeat_n((n, record(n, *start, None)), *starts));
                let whole = record(n, *start, ran.map(|r| start + r));
                if whole.stopped_at.is_some() {
                    writes.extend(std::iter::repeat_n((n, whole.clone()), *stops));
                }
                truth.push(whole);
            }
            for (at, (n, record)) in writes.iter().enumerate() {
                store.txn(put(*n, record)).await.unwrap();
                if crashes.contains(&at) {
                    // Closed and opened anew, and the last write is made again, as a controller
                    // does that does not know whether it got through.
                    drop(store);
                    store = Embedded::open(dir.path(), EmbeddedOptions::default()).unwrap();
                    store.txn(put(*n, record)).await.unwrap();
                }
            }
            let got = bill_of(&store, 2, now).await;
            let prices = PriceBook::built_in().unwrap();
            let want = bill_records(&truth, &prices, &got.account, got.period, got.as_of).unwrap();
            assert_eq!(got.total(), want.total());
            assert_eq!(got.lines.len(), want.lines.len());
        });
    }
}

#[tokio::test]
async fn long_lists_and_other_accounts() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path(), EmbeddedOptions::default()).unwrap();
    let mut truth = Vec::new();
    for batch in 0..25u32 {
        let mut txn = Txn::new();
        for n in batch * 100..(batch + 1) * 100 {
            let usage = record(n, i64::from(n) * 60_000, Some(i64::from(n) * 60_000 + 90_000));
            txn = txn.then(Op::put(key(n, &usage), Store::encode("", &usage).unwrap()));
            truth.push(usage);
        }
        store.txn(txn).await.unwrap();
    }
    let mut foreign = record(1, 0, None);
    foreign.account = "999999999999".parse().unwrap();
    store.txn(put(1, &foreign)).await.unwrap();
    let got = bill_of(&store, 30, DAY_MS).await;
    let want = bill_records(&truth, &PriceBook::built_in().unwrap(), &got.account, got.period, got.as_of).unwrap();
    assert_eq!(got, want);
    assert_eq!(got.lines.iter().filter(|l| l.unit == "vCPU-Hours").count(), 2500);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let store = Embedded::open(dir.path(), EmbeddedOptions::default()).unwrap();
    let period = Period::parse("1970-01").unwrap();
    let account: AccountId = ACCOUNT.parse().unwrap();
    for bad in [format!("/usage/{ACCOUNT}/1970010100/fargate/x"), format!("/usage/{ACCOUNT}/1970010100/lambda/x")] {
        store.put(bad.clone(), "{}").await.unwrap();
        let got = bill(&store, &PriceBook::built_in().unwrap(), &account, period, Timestamp::from_secs(1)).await;
        assert!(matches!(got, Err(gantry_billing::Error::Record { ref key, .. }) if *key == bad), "{got:?}");
        store.delete(bad).await.unwrap();
    }
}
