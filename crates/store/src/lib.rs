//! One ordered key space with etcd's data model, behind one trait and two engines (DESIGN D2).
//!
//! What always holds, whichever engine: every write belongs to exactly one revision; a revision's
//! writes are seen together or not at all; an acknowledged write survives `kill -9`; a watch from
//! revision `r` delivers every later event in order, once, or ends with [`Error::Compacted`].
#![forbid(unsafe_code)]

mod api;
mod embedded;
mod etcd;
mod typed;
mod validate;

pub use api::{
    Compare, CompareOp, CompareTarget, Engine, Error, Event, EventKind, KeyRange, KeyValue, LeaseId, Op, OpResult,
    RangeRequest, RangeResult, Result, Revision, Store, Txn, TxnResult, Watch, WatchBatch, limits,
};
pub use embedded::{Embedded, EmbeddedOptions, HistoryBudget};
pub use etcd::{Etcd, EtcdOptions};
pub use typed::Versioned;
