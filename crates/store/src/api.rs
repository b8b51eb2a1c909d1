//! The engine trait and the values that cross it. Field by field this follows etcd's KV, Watch and
//! Lease API (etcd.io/docs, "etcd API reference"), so that the etcd engine is a translation only.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

/// The store's only clock: grows by one with each transaction that writes.
pub type Revision = u64;

/// A lease; 0 means none.
pub type LeaseId = i64;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the store will not exceed, whatever it is asked.
pub mod limits {
    /// Bytes of one key.
    pub const MAX_KEY: usize = 2048;
    /// Bytes of one value (etcd's default request limit, less room for the key).
    pub const MAX_VALUE: usize = 1_500_000;
    /// Compares plus operations in one transaction (etcd's default `max-txn-ops`).
    pub const MAX_TXN_OPS: usize = 128;
    /// Bytes of all keys and values that one transaction carries (etcd's default request limit, less some room).
    pub const MAX_TXN_BYTES: usize = 1_540_000;
    /// Seconds of the longest lease (etcd's limit).
    pub const MAX_LEASE_SECS: i64 = 9_000_000_000;
    /// Batches a watch may be behind before it is ended with [`super::Error::WatchLagged`].
    pub const WATCH_BUFFER: usize = 4096;
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("revision {asked} has been compacted; the oldest kept is {oldest}")]
    Compacted { asked: Revision, oldest: Revision },
    #[error("revision {asked} is in the future; the newest is {newest}")]
    FutureRevision { asked: Revision, newest: Revision },
    #[error("watch fell more than {buffer} batches behind", buffer = limits::WATCH_BUFFER)]
    WatchLagged,
    #[error("lease {0} does not exist")]
    LeaseNotFound(LeaseId),
    #[error("{what} of {size} is over the limit of {limit}")]
    TooLarge { what: &'static str, size: usize, limit: usize },
    #[error("a key may not be empty")]
    EmptyKey,
    #[error("the store in `{path}` is open already, in this process or another")]
    Locked { path: String },
    #[error("transaction writes key `{0}` twice")]
    DuplicateKey(String),
    #[error("failed to decode the record at `{key}`: {reason}")]
    Decode { key: String, reason: String },
    #[error("`{key}` kept changing; gave up after {tries} tries")]
    Contended { key: String, tries: usize },
    #[error("the store's disk failed: {0}")]
    Io(String),
    #[error("the store is closed")]
    Closed,
    #[error("etcd: {0}")]
    Remote(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    pub key: Bytes,
    pub value: Bytes,
    pub create_revision: Revision,
    pub mod_revision: Revision,
    /// 1 at creation, then one more with each put; a delete starts it anew.
    pub version: u64,
    pub lease: LeaseId,
}

/// Half-open `[start, end)`; `end` of `None` means the single key `start`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRange {
    pub start: Bytes,
    pub end: Option<Bytes>,
}

impl KeyRange {
    pub fn key(key: impl Into<Bytes>) -> Self {
        Self { start: key.into(), end: None }
    }

    /// Every key that begins with `prefix`; the empty prefix is every key.
    pub fn prefix(prefix: impl Into<Bytes>) -> Self {
        let start = prefix.into();
        let end = prefix_end(&start);
        Self { start, end: Some(end) }
    }

    pub fn span(start: impl Into<Bytes>, end: impl Into<Bytes>) -> Self {
        Self { start: start.into(), end: Some(end.into()) }
    }

    pub fn contains(&self, key: &[u8]) -> bool {
        match &self.end {
            None => key == &self.start[..],
            // etcd's convention: an end of one zero byte is the end of the key space.
            Some(end) if end[..] == [0] => key >= &self.start[..],
            Some(end) => key >= &self.start[..] && key < &end[..],
        }
    }
}

/// The first key after all that begin with `prefix`; `\0` (the end of the key space) if there is none.
fn prefix_end(prefix: &[u8]) -> Bytes {
    match prefix.iter().rposition(|&b| b != 0xff) {
        None => Bytes::from_static(&[0]),
        Some(at) => {
            let mut end = prefix[..=at].to_vec();
            end[at] += 1;
            end.into()
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeRequest {
    pub range: KeyRange,
    /// 0: the newest revision.
    pub revision: Revision,
    /// 0: no limit.
    pub limit: usize,
    pub keys_only: bool,
    pub count_only: bool,
    /// Descending by key.
    pub reverse: bool,
    /// Nobody asks how many keys there are beyond the limit, and so none of them is looked at:
    /// [`RangeResult::count`] says nothing.
    pub uncounted: bool,
}

impl RangeRequest {
    pub fn new(range: KeyRange) -> Self {
        Self { range, revision: 0, limit: 0, keys_only: false, count_only: false, reverse: false, uncounted: false }
    }

    /// At most `limit` keys, whatever there is beyond: for pages, whose cost then is their own.
    pub fn first(mut self, limit: usize) -> Self {
        self.uncounted = true;
        self.limit(limit)
    }

    /// At most `limit` keys, and a count of all.
    pub fn limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    pub fn at(mut self, revision: Revision) -> Self {
        self.revision = revision;
        self
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeResult {
    /// The store's revision when the range was read.
    pub revision: Revision,
    pub kvs: Vec<Arc<KeyValue>>,
    /// Keys in the range, whatever the limit.
    pub count: usize,
    /// More keys than the limit let through.
    pub more: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompareOp {
    Equal,
    NotEqual,
    Greater,
    Less,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompareTarget {
    /// 0 for a key that does not exist, as in etcd.
    CreateRevision(Revision),
    ModRevision(Revision),
    Version(u64),
    Value(Bytes),
    Lease(LeaseId),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compare {
    pub key: Bytes,
    pub op: CompareOp,
    pub target: CompareTarget,
}

impl Compare {
    pub fn absent(key: impl Into<Bytes>) -> Self {
        Self { key: key.into(), op: CompareOp::Equal, target: CompareTarget::CreateRevision(0) }
    }

    pub fn exists(key: impl Into<Bytes>) -> Self {
        Self { key: key.into(), op: CompareOp::Greater, target: CompareTarget::CreateRevision(0) }
    }

    pub fn unchanged(key: impl Into<Bytes>, mod_revision: Revision) -> Self {
        Self { key: key.into(), op: CompareOp::Equal, target: CompareTarget::ModRevision(mod_revision) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    Put { key: Bytes, value: Bytes, lease: LeaseId },
    Delete(KeyRange),
    Range(RangeRequest),
}

impl Op {
    pub fn put(key: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        Self::Put { key: key.into(), value: value.into(), lease: 0 }
    }

    pub fn delete(key: impl Into<Bytes>) -> Self {
        Self::Delete(KeyRange::key(key))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpResult {
    Put,
    /// How many keys were deleted.
    Deleted(usize),
    Range(RangeResult),
}

/// If every compare holds, `success` runs, otherwise `failure`; either way as one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    pub compares: Vec<Compare>,
    pub success: Vec<Op>,
    pub failure: Vec<Op>,
}

impl Txn {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn when(mut self, compare: Compare) -> Self {
        self.compares.push(compare);
        self
    }

    pub fn then(mut self, op: Op) -> Self {
        self.success.push(op);
        self
    }

    pub fn otherwise(mut self, op: Op) -> Self {
        self.failure.push(op);
        self
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxnResult {
    /// The transaction's own revision if it wrote, else the newest.
    pub revision: Revision,
    pub succeeded: bool,
    pub results: Vec<OpResult>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    Put,
    Delete,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub kind: EventKind,
    /// For a delete: the key and the delete's revision, with an empty value.
    pub kv: Arc<KeyValue>,
    /// What the key held before, where the engine still has it.
    pub prev: Option<Arc<KeyValue>>,
}

/// All events of one revision that fall in the watched range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WatchBatch {
    pub revision: Revision,
    pub events: Vec<Event>,
}

/// A running watch; dropping it ends it.
pub struct Watch {
    pub(crate) batches: tokio::sync::mpsc::Receiver<Result<WatchBatch>>,
    /// What the engine must let go of when nobody listens any more.
    pub(crate) _held: Option<Box<dyn std::any::Any + Send + Sync>>,
}

impl Watch {
    /// The next batch; `None` once the store is closed or an error has been delivered.
    pub async fn next(&mut self) -> Option<Result<WatchBatch>> {
        self.batches.recv().await
    }

    /// A batch that is already there, without waiting.
    pub fn try_next(&mut self) -> Option<Result<WatchBatch>> {
        self.batches.try_recv().ok()
    }
}

/// A storage engine. All methods may be called from many tasks at once.
#[async_trait]
pub trait Engine: Send + Sync + 'static {
    async fn range(&self, request: RangeRequest) -> Result<RangeResult>;
    /// Durable before it returns. Dropping the future does not take the transaction back: it may
    /// still happen, as it may after [`Error::Io`] or [`Error::Remote`].
    async fn txn(&self, txn: Txn) -> Result<TxnResult>;
    /// Events in `range` with revision at or above `from`; 0 means from now on.
    ///
    /// A `from` that has been compacted is [`Error::Compacted`], either here or as the first batch.
    async fn watch(&self, range: KeyRange, from: Revision) -> Result<Watch>;
    /// A lease of `ttl_secs`; keys put with it are deleted when it runs out.
    async fn lease_grant(&self, ttl_secs: i64) -> Result<LeaseId>;
    async fn lease_keep_alive(&self, lease: LeaseId) -> Result<()>;
    async fn lease_revoke(&self, lease: LeaseId) -> Result<()>;
    /// Forgets versions older than `revision` that are not the newest of their key.
    async fn compact(&self, revision: Revision) -> Result<()>;
    async fn revision(&self) -> Result<Revision>;
}

/// A handle on the store; cheap to clone.
#[derive(Clone)]
pub struct Store {
    engine: Arc<dyn Engine>,
}

impl Store {
    pub fn new(engine: Arc<dyn Engine>) -> Self {
        Self { engine }
    }

    pub fn engine(&self) -> &Arc<dyn Engine> {
        &self.engine
    }

    pub async fn get(&self, key: impl Into<Bytes>) -> Result<Option<Arc<KeyValue>>> {
        let found = self.engine.range(RangeRequest::new(KeyRange::key(key))).await?;
        Ok(found.kvs.into_iter().next())
    }

    pub async fn range(&self, request: RangeRequest) -> Result<RangeResult> {
        self.engine.range(request).await
    }

    pub async fn list(&self, prefix: impl Into<Bytes>) -> Result<RangeResult> {
        self.engine.range(RangeRequest::new(KeyRange::prefix(prefix))).await
    }

    pub async fn txn(&self, txn: Txn) -> Result<TxnResult> {
        self.engine.txn(txn).await
    }

    pub async fn put(&self, key: impl Into<Bytes>, value: impl Into<Bytes>) -> Result<Revision> {
        Ok(self.engine.txn(Txn::new().then(Op::put(key, value))).await?.revision)
    }

    /// Whether there was something to delete.
    pub async fn delete(&self, key: impl Into<Bytes>) -> Result<bool> {
        let done = self.engine.txn(Txn::new().then(Op::delete(key))).await?;
        Ok(matches!(done.results.first(), Some(OpResult::Deleted(1..))))
    }

    pub async fn watch(&self, range: KeyRange, from: Revision) -> Result<Watch> {
        self.engine.watch(range, from).await
    }

    pub async fn revision(&self) -> Result<Revision> {
        self.engine.revision().await
    }
}
