//! Reading an account's usage from the store.

use bytes::Bytes;
use gantry_agent_api::{FargateUsage, usage_key};
use gantry_base::{AccountId, Timestamp};
use gantry_store::{KeyRange, KeyValue, RangeRequest, Store, Versioned};

use crate::bill::Bill;
use crate::limits::PAGE;
use crate::meter::meter;
use crate::{Error, Period, PriceBook, Result};

/// The keys of everything that began before `before`. The hour of a resource's start is part of its
/// key, and it may have run on for any time, so a bill has to read from the beginning.
fn range(account: &AccountId, before: Timestamp) -> KeyRange {
    let last = usage_key(account, before.plus_ms(-1), "");
    // All of that hour: `0` follows `/`, which ends the hour.
    let hour = last.strip_suffix("/fargate/").unwrap_or(&last);
    KeyRange::span(format!("/usage/{account}/"), format!("{hour}0"))
}

/// The kind in `/usage/<account>/<hour>/<kind>/<id>`.
fn kind(key: &[u8]) -> Option<&[u8]> {
    key.split(|b| *b == b'/').nth(4)
}

fn add(bill: &mut Bill, prices: &PriceBook, kv: &KeyValue) -> Result<()> {
    let key = String::from_utf8_lossy(&kv.key);
    let bad = |reason: String| Error::Record { key: key.to_string(), reason };
    if kind(&kv.key) != Some(b"fargate") {
        return Err(bad("it is of a kind that this version does not know".to_owned()));
    }
    let record: Versioned<FargateUsage> = Versioned::decode(kv).map_err(|e| bad(e.to_string()))?;
    meter(bill, prices, &key, &record.value)
}

/// What `account` owes for `period`, as known now: running tasks are billed up to `now`.
///
/// # Errors
/// [`Error::Record`] for a record that cannot be billed: it is never just left out.
pub async fn bill(
    store: &Store,
    prices: &PriceBook,
    account: &AccountId,
    period: Period,
    now: Timestamp,
) -> Result<Bill> {
    let mut bill = Bill::new(account.clone(), period, now);
    let mut range = range(account, period.end());
    loop {
        let wrap = |source| Error::Store { account: account.to_string(), source };
        let page = store.range(RangeRequest::new(range.clone()).first(PAGE)).await.map_err(wrap)?;
        for kv in &page.kvs {
            add(&mut bill, prices, kv)?;
        }
        match page.kvs.last().filter(|_| page.more) {
            // The next page begins right after the last key of this one.
            Some(last) => range.start = Bytes::from([&last.key[..], &[0]].concat()),
            None => return Ok(bill),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_ends_with_the_hour() {
        let account: AccountId = "123456789012".parse().unwrap();
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        let range = range(&account, at("2026-12-01T00:00:00Z"));
        let key = |text: &str| usage_key(&account, at(text), "ffff");
        assert!(range.contains(key("2026-11-30T23:59:59Z").as_bytes()));
        assert!(range.contains(key("2020-01-01T00:00:00Z").as_bytes()));
        assert!(!range.contains(key("2026-12-01T00:00:00Z").as_bytes()));
        assert!(!range.contains(b"/usage/123456789013/2026010100/fargate/x"));
        assert_eq!(kind(key("2026-11-30T23:59:59Z").as_bytes()), Some(&b"fargate"[..]));
        assert_eq!(kind(b"/usage"), None);
    }
}
