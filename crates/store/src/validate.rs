//! What a request must satisfy before any engine looks at it, so that both refuse the same.

use std::collections::BTreeSet;

use crate::api::limits;
use crate::{Error, KeyRange, Op, RangeRequest, Result, Txn};

pub(crate) fn range(request: &RangeRequest) -> Result<()> {
    key_range(&request.range)
}

pub(crate) fn key_range(range: &KeyRange) -> Result<()> {
    if range.end.is_none() && range.start.is_empty() {
        return Err(Error::EmptyKey);
    }
    within("key", range.start.len(), limits::MAX_KEY)?;
    // The end of a prefix range is never longer than its prefix.
    within("range end", range.end.as_ref().map_or(0, bytes::Bytes::len), limits::MAX_KEY)
}

pub(crate) fn txn(txn: &Txn) -> Result<()> {
    let operations = txn.compares.len() + txn.success.len() + txn.failure.len();
    within("transaction", operations, limits::MAX_TXN_OPS)?;
    let mut total = 0;
    for compare in &txn.compares {
        key(&compare.key)?;
        total += compare.key.len();
        if let crate::CompareTarget::Value(value) = &compare.target {
            within("value", value.len(), limits::MAX_VALUE)?;
            total += value.len();
        }
    }
    for op in txn.success.iter().chain(&txn.failure) {
        match op {
            Op::Put { key: name, value, .. } => {
                key(name)?;
                within("value", value.len(), limits::MAX_VALUE)?;
                total += name.len() + value.len();
            }
            Op::Delete(over) => key_range(over)?,
            Op::Range(request) => range(request)?,
        }
    }
    within("transaction's keys and values", total, limits::MAX_TXN_BYTES)?;
    no_key_written_twice(&txn.success)?;
    no_key_written_twice(&txn.failure)
}

/// The memory that a queued transaction holds, roughly.
pub(crate) fn weight(txn: &Txn) -> usize {
    let of_op = |op: &Op| match op {
        Op::Put { key, value, .. } => key.len() + value.len(),
        Op::Delete(range) | Op::Range(RangeRequest { range, .. }) => range.start.len(),
    };
    256 + txn.compares.len() * 64 + txn.success.iter().chain(&txn.failure).map(|op| 64 + of_op(op)).sum::<usize>()
}

fn key(key: &[u8]) -> Result<()> {
    if key.is_empty() {
        return Err(Error::EmptyKey);
    }
    within("key", key.len(), limits::MAX_KEY)
}

fn within(what: &'static str, size: usize, limit: usize) -> Result<()> {
    if size > limit { Err(Error::TooLarge { what, size, limit }) } else { Ok(()) }
}

/// As in etcd: no key is put twice, nor put and deleted; deletes may overlap.
fn no_key_written_twice(ops: &[Op]) -> Result<()> {
    let mut put = BTreeSet::new();
    for op in ops {
        if let Op::Put { key, .. } = op
            && !put.insert(&key[..])
        {
            return Err(duplicate(key));
        }
    }
    for op in ops {
        if let Op::Delete(range) = op
            && let Some(key) = put.iter().find(|key| range.contains(key))
        {
            return Err(duplicate(key));
        }
    }
    Ok(())
}

fn duplicate(key: &[u8]) -> Error {
    Error::DuplicateKey(String::from_utf8_lossy(key).into_owned())
}
