//! Requests and answers in etcd's messages, with the prefix put on and taken off.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use super::generated::{etcdserverpb as pb, mvccpb};
use crate::{
    Compare, CompareOp, CompareTarget, Error, Event, EventKind, KeyRange, KeyValue, Op, OpResult, RangeRequest,
    RangeResult, Result, Revision, Txn, TxnResult, WatchBatch,
};

/// The part of etcd's key space that is ours.
#[derive(Clone)]
pub(super) struct Space {
    prefix: Bytes,
}

impl Space {
    pub(super) fn new(prefix: Bytes) -> Self {
        Self { prefix }
    }

    fn key(&self, key: &[u8]) -> Bytes {
        let mut full = BytesMut::with_capacity(self.prefix.len() + key.len());
        full.put_slice(&self.prefix);
        full.put_slice(key);
        full.freeze()
    }

    /// etcd's key and range end; an end of nothing means the single key.
    pub(super) fn bounds(&self, range: &KeyRange) -> (Bytes, Bytes) {
        let start = self.key(&range.start);
        match &range.end {
            None => (start, Bytes::new()),
            // A range of nothing: etcd takes an end that is the start for that.
            Some(_) if is_empty(range) => (start.clone(), start),
            Some(end) if end[..] == [0] => {
                let end = KeyRange::prefix(self.prefix.clone()).end.unwrap_or_default();
                // etcd takes no empty key; one zero byte is the first key there can be.
                (if start.is_empty() { Bytes::from_static(&[0]) } else { start }, end)
            }
            Some(end) => (if start.is_empty() { Bytes::from_static(&[0]) } else { start }, self.key(end)),
        }
    }

    pub(super) fn range_request(&self, request: &RangeRequest) -> pb::RangeRequest {
        let (key, range_end) = self.bounds(&request.range);
        let order =
            if request.reverse { pb::range_request::SortOrder::Descend } else { pb::range_request::SortOrder::None };
        pb::RangeRequest {
            key,
            range_end,
            limit: i64::try_from(request.limit).unwrap_or(i64::MAX),
            revision: signed(request.revision),
            sort_order: order.into(),
            sort_target: pb::range_request::SortTarget::Key.into(),
            serializable: false,
            keys_only: request.keys_only,
            count_only: request.count_only,
        }
    }

    pub(super) fn range_result(&self, response: pb::RangeResponse) -> RangeResult {
        RangeResult {
            revision: revision(response.header.as_ref()),
            kvs: response.kvs.into_iter().map(|kv| Arc::new(self.key_value(kv))).collect(),
            count: usize::try_from(response.count).unwrap_or(0),
            more: response.more,
        }
    }

    fn key_value(&self, kv: mvccpb::KeyValue) -> KeyValue {
        KeyValue {
            // Copied: a slice would keep the whole response in memory for one key of it.
            key: Bytes::copy_from_slice(kv.key.get(self.prefix.len()..).unwrap_or_default()),
            value: Bytes::copy_from_slice(&kv.value),
            create_revision: kv.create_revision.cast_unsigned(),
            mod_revision: kv.mod_revision.cast_unsigned(),
            version: kv.version.cast_unsigned(),
            lease: kv.lease,
        }
    }

    pub(super) fn txn_request(&self, txn: &Txn) -> pb::TxnRequest {
        pb::TxnRequest {
            compare: txn.compares.iter().map(|compare| self.compare(compare)).collect(),
            success: txn.success.iter().map(|op| self.op(op)).collect(),
            failure: txn.failure.iter().map(|op| self.op(op)).collect(),
        }
    }

    fn compare(&self, compare: &Compare) -> pb::Compare {
        use pb::compare::{CompareResult, CompareTarget as Target, TargetUnion};
        let result = match compare.op {
            CompareOp::Equal => CompareResult::Equal,
            CompareOp::NotEqual => CompareResult::NotEqual,
            CompareOp::Greater => CompareResult::Greater,
            CompareOp::Less => CompareResult::Less,
        };
        let (target, union) = match &compare.target {
            CompareTarget::CreateRevision(at) => (Target::Create, TargetUnion::CreateRevision(signed(*at))),
            CompareTarget::ModRevision(at) => (Target::Mod, TargetUnion::ModRevision(signed(*at))),
            CompareTarget::Version(version) => (Target::Version, TargetUnion::Version(signed(*version))),
            CompareTarget::Value(value) => (Target::Value, TargetUnion::Value(value.clone())),
            CompareTarget::Lease(lease) => (Target::Lease, TargetUnion::Lease(*lease)),
        };
        pb::Compare {
            result: result.into(),
            target: target.into(),
            key: self.key(&compare.key),
            target_union: Some(union),
        }
    }

    fn op(&self, op: &Op) -> pb::RequestOp {
        use pb::request_op::Request;
        let request = match op {
            Op::Put { key, value, lease } => {
                Request::RequestPut(pb::PutRequest { key: self.key(key), value: value.clone(), lease: *lease })
            }
            Op::Delete(range) => {
                let (key, range_end) = self.bounds(range);
                Request::RequestDeleteRange(pb::DeleteRangeRequest { key, range_end })
            }
            Op::Range(request) => Request::RequestRange(self.range_request(request)),
        };
        pb::RequestOp { request: Some(request) }
    }

    pub(super) fn txn_result(&self, response: pb::TxnResponse) -> Result<TxnResult> {
        use pb::response_op::Response;
        let results = response.responses.into_iter().map(|op| match op.response {
            Some(Response::ResponsePut(_)) => Ok(OpResult::Put),
            Some(Response::ResponseDeleteRange(gone)) => {
                Ok(OpResult::Deleted(usize::try_from(gone.deleted).unwrap_or(0)))
            }
            Some(Response::ResponseRange(found)) => Ok(OpResult::Range(self.range_result(found))),
            None => Err(Error::Remote("an answer within a transaction is of an unknown kind".to_owned())),
        });
        Ok(TxnResult {
            revision: revision(response.header.as_ref()),
            succeeded: response.succeeded,
            results: results.collect::<Result<_>>()?,
        })
    }

    /// One batch for each revision; etcd never splits a revision over two responses.
    pub(super) fn batches(&self, events: Vec<mvccpb::Event>) -> Vec<WatchBatch> {
        let mut batches: Vec<WatchBatch> = Vec::new();
        for event in events {
            let Some(kv) = event.kv else { continue };
            let kind = if event.r#type == i32::from(mvccpb::event::EventType::Delete) {
                EventKind::Delete
            } else {
                EventKind::Put
            };
            let kv = Arc::new(self.key_value(kv));
            let revision = kv.mod_revision;
            let event = Event { kind, kv, prev: event.prev_kv.map(|prev| Arc::new(self.key_value(prev))) };
            match batches.last_mut() {
                Some(batch) if batch.revision == revision => batch.events.push(event),
                _ => batches.push(WatchBatch { revision, events: vec![event] }),
            }
        }
        batches
    }
}

/// A range in which no key can lie.
pub(super) fn is_empty(range: &KeyRange) -> bool {
    range.end.as_ref().is_some_and(|end| end[..] != [0] && *end <= range.start)
}

pub(super) fn revision(header: Option<&pb::ResponseHeader>) -> Revision {
    header.map_or(0, |header| header.revision.cast_unsigned())
}

/// Revisions and versions are 64 bits with a sign on the wire.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
