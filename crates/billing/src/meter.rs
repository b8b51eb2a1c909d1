//! From usage records to bill lines, by Fargate's rules (AWS Fargate pricing page): billed by the
//! second, rounded up, for at least a minute, from the start of the image pull until the task has
//! ended, for the vCPU and memory asked for and for ephemeral storage above 20 GB.
//!
//! Pure. The minute is owed from the first moment, so that a bill never shrinks as time goes on.

use std::sync::Arc;

use gantry_agent_api::FargateUsage;
use gantry_base::{AccountId, Timestamp};

use crate::bill::{Bill, BillLine, Labels};
use crate::limits::MAX_LINES;
use crate::price::usage_type;
use crate::{Error, Period, PriceBook, Quantity, Result};

const SECOND_MS: i64 = 1000;
const MINIMUM_MS: i64 = 60 * SECOND_MS;
const FREE_STORAGE_GIB: u32 = gantry_agent_api::fargate_rules::DEFAULT_EPHEMERAL_STORAGE_GIB;
/// What AWS's reports have as the operation of a Fargate task's lines.
const OPERATION: &str = "FargateTask";

/// A usage type and how many 1024ths of its unit a task holds for as long as it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Held {
    usage: String,
    parts: u64,
}

fn held(record: &FargateUsage) -> Result<Vec<Held>, String> {
    let spot = match record.capacity_provider.as_str() {
        "FARGATE" => "",
        "FARGATE_SPOT" => "SpotUsage-",
        other => return Err(format!("`{other}` is not a Fargate capacity provider")),
    };
    let arm = match record.architecture.as_str() {
        "X86_64" => "",
        "ARM64" => "ARM-",
        other => return Err(format!("`{other}` is not an architecture that Fargate has a price for")),
    };
    let storage = u64::from(record.ephemeral_storage_gib.saturating_sub(FREE_STORAGE_GIB));
    let all = [
        (format!("{spot}Fargate-{arm}vCPU-Hours:perCPU"), u64::from(record.cpu_units)),
        (format!("{spot}Fargate-{arm}GB-Hours"), u64::from(record.memory_mib)),
        // Storage has one price, whatever the task runs on.
        ("Fargate-EphemeralStorage-GB-Hours".to_owned(), storage * 1024),
    ];
    Ok(all.into_iter().filter(|(_, parts)| *parts > 0).map(|(usage, parts)| Held { usage, parts }).collect())
}

/// From when to when a task is billed, as seen at `now`. A record whose end lies before its start
/// (clocks are set back) counts as one that ran for no time.
fn span(record: &FargateUsage, now: Timestamp) -> (Timestamp, Timestamp) {
    let ran_ms = record.stopped_at.unwrap_or(now).since_ms(record.started_at).max(0);
    let seconds = ran_ms / SECOND_MS + i64::from(ran_ms % SECOND_MS != 0);
    (record.started_at, record.started_at.plus_ms(seconds.saturating_mul(SECOND_MS).max(MINIMUM_MS)))
}

/// Adds the lines of one record to a bill.
pub(crate) fn meter(bill: &mut Bill, prices: &PriceBook, key: &str, record: &FargateUsage) -> Result<()> {
    let bad = |reason: String| Error::Record { key: key.to_owned(), reason };
    let (from, until) = span(record, bill.as_of);
    let Some((from, until)) = bill.period.overlap(from, until) else { return Ok(()) };
    let millis = u64::try_from(until.since_ms(from)).map_err(|e| bad(e.to_string()))?;
    let labels = Arc::new(Labels {
        resource: record.resource.clone(),
        region: record.region.clone(),
        capacity_provider: record.capacity_provider.clone(),
        cluster: record.cluster_name.clone(),
        group: record.group.clone(),
        tags: record.tags.clone(),
    });
    for held in held(record).map_err(bad)? {
        if bill.lines.len() >= MAX_LINES {
            return Err(Error::TooManyLines);
        }
        let price = prices.price(&held.usage, &record.region)?;
        let amount = Quantity::of(held.parts, millis);
        bill.lines.push(BillLine {
            service: price.service.clone(),
            usage_type: usage_type(&record.region, &held.usage),
            operation: OPERATION.to_owned(),
            description: price.description.clone(),
            labels: labels.clone(),
            amount,
            unit: price.unit.clone(),
            unit_price: price.usd,
            cost: amount.at(price.usd.nanos()),
            from,
            until,
            running: record.stopped_at.is_none(),
        });
    }
    Ok(())
}

/// The bill of one account from its usage records; those of other accounts are passed over.
pub fn bill_records<'a>(
    records: impl IntoIterator<Item = &'a FargateUsage>,
    prices: &PriceBook,
    account: &AccountId,
    period: Period,
    now: Timestamp,
) -> Result<Bill> {
    let mut bill = Bill::new(account.clone(), period, now);
    for record in records.into_iter().filter(|r| r.account == *account) {
        meter(&mut bill, prices, &record.resource, record)?;
    }
    Ok(bill)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(cpu_units: u32, memory_mib: u32, start_s: i64, stop_s: Option<i64>) -> FargateUsage {
        FargateUsage {
            account: "123456789012".parse().unwrap(),
            region: "us-east-1".parse().unwrap(),
            resource: format!("arn:aws:ecs:us-east-1:123456789012:task/c/{cpu_units}-{start_s}"),
            capacity_provider: "FARGATE".to_owned(),
            architecture: "X86_64".to_owned(),
            cpu_units,
            memory_mib,
            ephemeral_storage_gib: 20,
            started_at: Timestamp::from_secs(start_s),
            stopped_at: stop_s.map(Timestamp::from_secs),
            cluster_name: "c".to_owned(),
            group: "family:f".to_owned(),
            tags: Default::default(),
        }
    }

    fn total(records: &[FargateUsage], from_ms: i64, to_ms: i64, now_ms: i64) -> Bill {
        let period = Period::new(Timestamp::from_millis(from_ms), Timestamp::from_millis(to_ms)).unwrap();
        let account = "123456789012".parse().unwrap();
        let prices = PriceBook::built_in().unwrap();
        bill_records(records, &prices, &account, period, Timestamp::from_millis(now_ms)).unwrap()
    }

    const MONTH_MS: i64 = 30 * 86_400_000;

    /// The pricing page's own examples, worked by hand without its rounding in between.
    #[test]
    fn examples_of_the_pricing_page() {
        // 5 tasks of 1 vCPU and 2 GB, 10 minutes each day of a 30-day month:
        // 25 vCPU-hours * 0.04048 = 1.012; 50 GB-hours * 0.004445 = 0.22225.
        let five: Vec<_> =
            (0..150).map(|n| record(1024, 2048, (n / 5) * 86_400, Some((n / 5) * 86_400 + 600))).collect();
        assert_eq!(total(&five, 0, MONTH_MS, MONTH_MS).total().decimal(5), "1.23425");
        // 10 tasks of 0.25 vCPU and 1 GB, an hour each day: 75 * 0.04048 + 300 * 0.004445.
        let ten: Vec<_> =
            (0..300).map(|n| record(256, 1024, (n / 10) * 86_400, Some((n / 10) * 86_400 + 3600))).collect();
        assert_eq!(total(&ten, 0, MONTH_MS, MONTH_MS).total().decimal(4), "4.3695");
        // One task with 200 GB of storage for a day: 180 * 24 * 0.000111.
        let mut stored = record(256, 512, 0, Some(86_400));
        stored.ephemeral_storage_gib = 200;
        let bill = total(&[stored], 0, MONTH_MS, MONTH_MS);
        let line = bill.lines.iter().find(|l| l.usage_type == "USE1-Fargate-EphemeralStorage-GB-Hours").unwrap();
        assert_eq!((line.amount.decimal(0), line.cost.decimal(5)), ("4320".to_owned(), "0.47952".to_owned()));
    }

    #[test]
    fn rules() {
        let hours = |r: FargateUsage, now_s: i64| {
            let bill = total(&[r], 0, MONTH_MS, now_s * 1000);
            bill.lines.iter().find(|l| l.unit == "vCPU-Hours").map(|l| (l.amount.decimal(6), l.running))
        };
        let seconds = |s: i64, running| Some((Quantity::of(1024, s as u64 * 1000).decimal(6), running));
        // At least a minute, from the first moment.
        assert_eq!(hours(record(1024, 2048, 100, Some(101)), 1000), seconds(60, false));
        assert_eq!(hours(record(1024, 2048, 100, None), 100), seconds(60, true));
        assert_eq!(hours(record(1024, 2048, 100, None), 161), seconds(61, true));
        // Rounded up to the second.
        let mut part = record(1024, 2048, 100, None);
        part.stopped_at = Some(Timestamp::from_millis(200_001));
        assert_eq!(hours(part, 1000), seconds(101, false));
        // Clocks set back; a record from the future.
        assert_eq!(hours(record(1024, 2048, 100, Some(50)), 1000), seconds(60, false));
        assert_eq!(hours(record(1024, 2048, 500, None), 100), seconds(60, true));
        // Outside the period.
        assert_eq!(hours(record(1024, 2048, 31 * 86_400, None), 32 * 86_400), None);
    }

    #[test]
    fn usage_types() {
        let types = |provider: &str, architecture: &str| {
            let mut r = record(256, 512, 0, Some(60));
            (r.capacity_provider, r.architecture, r.ephemeral_storage_gib) = (provider.into(), architecture.into(), 21);
            total(&[r], 0, MONTH_MS, 0).lines.into_iter().map(|l| l.usage_type).collect::<Vec<_>>()
        };
        let storage = "USE1-Fargate-EphemeralStorage-GB-Hours";
        for (provider, architecture, cpu, memory) in [
            ("FARGATE", "X86_64", "USE1-Fargate-vCPU-Hours:perCPU", "USE1-Fargate-GB-Hours"),
            ("FARGATE", "ARM64", "USE1-Fargate-ARM-vCPU-Hours:perCPU", "USE1-Fargate-ARM-GB-Hours"),
            ("FARGATE_SPOT", "X86_64", "USE1-SpotUsage-Fargate-vCPU-Hours:perCPU", "USE1-SpotUsage-Fargate-GB-Hours"),
            (
                "FARGATE_SPOT",
                "ARM64",
                "USE1-SpotUsage-Fargate-ARM-vCPU-Hours:perCPU",
                "USE1-SpotUsage-Fargate-ARM-GB-Hours",
            ),
        ] {
            assert_eq!(types(provider, architecture), [cpu, memory, storage]);
        }
    }

    #[test]
    fn what_has_no_price_is_not_passed_over() {
        let period = Period::parse("1970-01").unwrap();
        let account = "123456789012".parse().unwrap();
        for spoil in [
            |r: &mut FargateUsage| r.architecture = "RISCV".into(),
            |r: &mut FargateUsage| {
                r.capacity_provider = "mine".into();
            },
        ] {
            let mut bad = record(256, 512, 0, Some(60));
            spoil(&mut bad);
            let got = bill_records([&bad], &PriceBook::built_in().unwrap(), &account, period, Timestamp::from_secs(90));
            assert!(matches!(got, Err(Error::Record { .. })));
        }
    }

    prop_compose! {
        fn any_record()(cpu in 0u32..20_000, mem in 0u32..200_000, gib in 0u32..300, start in 0i64..10_000_000,
            ran in proptest::option::of(-1000i64..10_000_000), spot: bool, arm: bool) -> FargateUsage {
            let mut r = record(cpu, mem, 0, None);
            r.ephemeral_storage_gib = gib;
            r.started_at = Timestamp::from_millis(start);
            r.stopped_at = ran.map(|ms| Timestamp::from_millis(start + ms));
            if spot { r.capacity_provider = "FARGATE_SPOT".into(); }
            if arm { r.architecture = "ARM64".into(); }
            r
        }
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_whole(records in proptest::collection::vec(any_record(), 0..6), at in 1i64..29_999_999, now in 0i64..40_000_000) {
            let whole = total(&records, 0, 30_000_000, now).total();
            let parts = total(&records, 0, at, now).total() + total(&records, at, 30_000_000, now).total();
            prop_assert_eq!(whole, parts);
        }

        #[test]
        fn a_bill_never_shrinks(record in any_record(), now in 0i64..30_000_000, later in 0i64..10_000_000, ends in 0i64..10_000_000) {
            let before = total(std::slice::from_ref(&record), 0, 50_000_000, now).total();
            let after = total(std::slice::from_ref(&record), 0, 50_000_000, now + later).total();
            prop_assert!(before <= after);
            if record.stopped_at.is_none() {
                let mut stopped = record.clone();
                stopped.stopped_at = Some(Timestamp::from_millis(record.started_at.millis().max(now) + ends));
                prop_assert!(before <= total(&[stopped], 0, 50_000_000, now).total());
            }
        }
    }
}
