//! The store on an etcd cluster (etcd 3.4 or newer): a translation, and rules for what to try again.
//!
//! What always holds: a read is tried again on another endpoint while that can help; a write only
//! if no connection was made, so it can never happen twice. A watch outlives lost connections and
//! goes on at the revision after the last it delivered.
//!
//! Deliberately absent for now: TLS and authentication towards etcd. Endpoints are plain `http://`
//! and belong on loopback or a network of their own.

mod call;
mod watch;
mod wire;

/// Written by the store's codegen from `proto/`.
#[expect(clippy::all, clippy::pedantic, reason = "generated code")]
mod generated {
    pub mod etcdserverpb {
        include!("generated/etcdserverpb.rs");
    }
    pub mod mvccpb {
        include!("generated/mvccpb.rs");
    }
}

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{mpsc, watch as signal};

use self::call::{Connections, Refused};
use self::generated::etcdserverpb as pb;
use self::wire::Space;
use crate::api::limits;
use crate::{
    Engine, Error, KeyRange, LeaseId, Op, RangeRequest, RangeResult, Result, Revision, Store, Txn, TxnResult, Watch,
    validate,
};

/// How an [`Etcd`] store is set up.
#[derive(Clone, Debug, Default)]
pub struct EtcdOptions {
    /// Put before every key, so that several users of one etcd do not see each other. Revisions
    /// stay those of the whole etcd.
    pub prefix: Bytes,
}

/// The engine on etcd.
pub struct Etcd {
    connections: Connections,
    space: Space,
    /// Dropped with the engine, which ends its watches.
    _open: signal::Sender<()>,
    closing: signal::Receiver<()>,
}

impl Etcd {
    /// A store on the etcd at `endpoints`, such as `http://127.0.0.1:2379`; asks it once to be sure
    /// that it is there.
    ///
    /// # Errors
    /// [`Error::Remote`] if an endpoint is not a plain `http://` address or none answers.
    pub async fn connect(endpoints: &[String], options: EtcdOptions) -> Result<Store> {
        let (open, closing) = signal::channel(());
        let etcd =
            Self { connections: Connections::new(endpoints)?, space: Space::new(options.prefix), _open: open, closing };
        etcd.revision().await?;
        Ok(Store::new(std::sync::Arc::new(etcd)))
    }

    /// What a refusal means for the caller. `asked` is the revision the request named.
    async fn explain(&self, refused: Refused, asked: Revision, lease: LeaseId) -> Error {
        match refused {
            // etcd does not say which revision is the oldest, only that it is a later one.
            Refused::Compacted => Error::Compacted { asked, oldest: asked + 1 },
            Refused::Future => match self.revision().await {
                Ok(newest) => Error::FutureRevision { asked, newest },
                Err(error) => error,
            },
            Refused::NoLease => Error::LeaseNotFound(lease),
            Refused::TooLarge => {
                Error::TooLarge { what: "request", size: limits::MAX_TXN_BYTES, limit: limits::MAX_TXN_BYTES }
            }
            Refused::Other(what) => Error::Remote(what),
        }
    }

    async fn lease_call<T>(&self, lease: LeaseId, called: Result<T, Refused>) -> Result<T> {
        match called {
            Ok(done) => Ok(done),
            Err(refused) => Err(self.explain(refused, 0, lease).await),
        }
    }
}

#[async_trait]
impl Engine for Etcd {
    async fn range(&self, request: RangeRequest) -> Result<RangeResult> {
        validate::range(&request)?;
        let message = self.space.range_request(&request);
        let called = self
            .connections
            .read(|channel| {
                let message = message.clone();
                async move { call::kv(channel).range(message).await }
            })
            .await;
        match called {
            Ok(response) => Ok(self.space.range_result(response)),
            Err(refused) => Err(self.explain(refused, request.revision, 0).await),
        }
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult> {
        validate::txn(&txn)?;
        let message = self.space.txn_request(&txn);
        let ask = |channel| {
            let message = message.clone();
            async move { call::kv(channel).txn(message).await }
        };
        let mut ops = txn.success.iter().chain(&txn.failure);
        let called = if ops.all(|op| matches!(op, Op::Range(_))) {
            self.connections.read(ask).await
        } else {
            self.connections.write(ask).await
        };
        match called {
            Ok(response) => self.space.txn_result(response),
            Err(refused) => {
                let (revision, lease) = named(&txn);
                Err(self.explain(refused, revision, lease).await)
            }
        }
    }

    async fn watch(&self, range: KeyRange, from: Revision) -> Result<Watch> {
        validate::key_range(&range)?;
        let (sender, batches) = mpsc::channel(limits::WATCH_BUFFER + 1);
        if wire::is_empty(&range) {
            // etcd refuses to watch nothing; here it is a watch that stays silent.
            return Ok(Watch { batches, _held: Some(Box::new(sender)) });
        }
        let watcher = watch::Watcher::new(self.connections.clone(), self.space.clone(), range, from, sender);
        watcher.start(self.closing.clone()).await?;
        Ok(Watch { batches, _held: None })
    }

    async fn lease_grant(&self, ttl_secs: i64) -> Result<LeaseId> {
        if ttl_secs > limits::MAX_LEASE_SECS {
            let size = usize::try_from(ttl_secs).unwrap_or(usize::MAX);
            return Err(Error::TooLarge { what: "lease", size, limit: limits::MAX_LEASE_SECS as usize });
        }
        let message = pb::LeaseGrantRequest { ttl: ttl_secs.max(1), id: 0 };
        let called = self
            .connections
            .write(|channel| async move { pb::lease_client::LeaseClient::new(channel).lease_grant(message).await })
            .await;
        let granted = self.lease_call(0, called).await?;
        if granted.error.is_empty() { Ok(granted.id) } else { Err(Error::Remote(granted.error)) }
    }

    async fn lease_keep_alive(&self, lease: LeaseId) -> Result<()> {
        let called = self.connections.read(|channel| call::keep_alive(channel, lease)).await;
        let alive = self.lease_call(lease, called).await?;
        // etcd answers with nothing to live, not with an error.
        if alive.ttl > 0 { Ok(()) } else { Err(Error::LeaseNotFound(lease)) }
    }

    async fn lease_revoke(&self, lease: LeaseId) -> Result<()> {
        let message = pb::LeaseRevokeRequest { id: lease };
        let called = self
            .connections
            .write(|channel| async move { pb::lease_client::LeaseClient::new(channel).lease_revoke(message).await })
            .await;
        self.lease_call(lease, called).await.map(|_| ())
    }

    async fn compact(&self, revision: Revision) -> Result<()> {
        let message = pb::CompactionRequest { revision: wire::signed(revision), physical: false };
        let called = self.connections.write(|channel| async move { call::kv(channel).compact(message).await }).await;
        match called {
            Ok(_) => Ok(()),
            Err(refused) => Err(self.explain(refused, revision, 0).await),
        }
    }

    async fn revision(&self) -> Result<Revision> {
        let message = pb::RangeRequest { key: Bytes::from_static(&[0]), count_only: true, ..Default::default() };
        let called = self
            .connections
            .read(|channel| {
                let message = message.clone();
                async move { call::kv(channel).range(message).await }
            })
            .await;
        match called {
            Ok(response) => Ok(wire::revision(response.header.as_ref())),
            Err(refused) => Err(Error::Remote(refused.to_string())),
        }
    }
}

/// The newest revision and the first lease a transaction names: the ones a refusal can be about.
fn named(txn: &Txn) -> (Revision, LeaseId) {
    let mut revision = 0;
    let mut lease = 0;
    for op in txn.success.iter().chain(&txn.failure) {
        match op {
            Op::Range(request) => revision = revision.max(request.revision),
            Op::Put { lease: named, .. } if lease == 0 => lease = *named,
            _ => {}
        }
    }
    (revision, lease)
}
