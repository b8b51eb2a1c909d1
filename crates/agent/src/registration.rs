//! The host's record, kept under a lease for as long as the agent lives.

use std::time::Duration;

use gantry_agent_api::{HostRecord, keys};
use gantry_store::{LeaseId, Op, Store, Txn};

use crate::{Error, Result};

/// Seconds without a word from the agent until the host counts as gone.
pub const LEASE_SECS: i64 = 30;
/// Three words may be lost.
const KEEP_ALIVE: Duration = Duration::from_secs(8);
const RETRY: Duration = Duration::from_secs(1);

/// Puts the record under a new lease. A record from before is replaced, lease and all.
pub(crate) async fn register(store: &Store, record: &HostRecord) -> Result<LeaseId> {
    let key = keys::host(&record.host_id);
    let failed = |e| Error::store("register the host", &record.host_id, e);
    let lease = store.engine().lease_grant(LEASE_SECS).await.map_err(failed)?;
    let value = Store::encode(&key, record).map_err(failed)?;
    let put = Op::Put { key: key.into(), value, lease };
    store.txn(Txn::new().then(put)).await.map_err(failed)?;
    Ok(lease)
}

/// Keeps the lease alive, and registers anew if it was lost all the same.
pub(crate) async fn keep(store: Store, record: HostRecord, lease: tokio::sync::watch::Sender<LeaseId>) {
    loop {
        tokio::time::sleep(KEEP_ALIVE).await;
        loop {
            let current = *lease.borrow();
            let kept = store.engine().lease_keep_alive(current).await;
            match kept {
                Ok(()) => break,
                Err(gantry_store::Error::LeaseNotFound(_)) => match register(&store, &record).await {
                    Ok(fresh) => {
                        tracing::warn!(host = record.host_id, "the host's lease had run out; registered again");
                        lease.send_replace(fresh);
                        break;
                    }
                    Err(error) => tracing::warn!(%error, "failed to register again"),
                },
                Err(error) => tracing::warn!(%error, "failed to keep the host's lease alive"),
            }
            tokio::time::sleep(RETRY).await;
        }
    }
}
