//! The store inside this process: what was asked for is in memory, every write on disk before it is
//! answered.
//!
//! Index, state, watchers, leases and the two files are files of their own, as in etcd's `mvcc`; this
//! one joins them to an [`Engine`]. Writes wait for the log, a small file; what it has is taken over
//! into the data file now and then. A store opens without reading its data: the index begins as holes,
//! and whoever first touches one has it filled, a partition at a time. From then on reads take one
//! short lock and never wait for the disk. Locks are taken in the order hub, state, leases.

mod apply;
mod catch_up;
mod checkpoint;
mod checkpointer;
mod committer;
mod data;
mod fault;
mod holes;
mod index;
mod lease;
mod legacy;
mod load;
mod log;
mod open;
mod queue;
mod record;
mod state;
#[cfg(test)]
mod tests;
mod watch;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_base::{SharedClock, SharedEntropy, SystemEntropy};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{mpsc, oneshot};

use self::catch_up::CatchUp;
use self::checkpoint::{SIZES, Sizes};
use self::checkpointer::Checkpointer;
use self::committer::{Committer, Disk};
use self::data::DataFile;
use self::lease::{LeaseClock, Leases};
use self::open::Opened;
use self::queue::{Command, Queue};
pub use self::state::HistoryBudget;
use self::state::State;
use self::watch::{CHANNEL, Hub};
use crate::api::limits;
use crate::{
    Engine, Error, KeyRange, LeaseId, Op, RangeRequest, RangeResult, Result, Revision, Store, Txn, TxnResult, Watch,
    validate,
};

/// How an [`Embedded`] store is set up; the defaults fit a laptop.
#[derive(Clone)]
pub struct EmbeddedOptions {
    /// History kept for watches and reads of the past; older revisions are compacted by themselves.
    pub history: HistoryBudget,
    /// A checkpoint is made when the log has grown by this much, a kilobyte for each key counted in;
    /// this, or twice as much under a flood of writes, is what an open after a kill has to replay,
    /// whatever else is stored.
    pub checkpoint_after_bytes: usize,
    /// Bytes of what is read from the data file as one.
    pub partition_bytes: usize,
    /// Where lease ids come from.
    pub entropy: SharedEntropy,
    /// A clock for leases that a test moves; without one they count on a clock that never jumps.
    pub lease_clock: Option<SharedClock>,
}

impl EmbeddedOptions {
    fn sizes(&self) -> Sizes {
        Sizes { chunk_bytes: self.partition_bytes.max(1) as u64, ..SIZES }
    }
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self {
            history: HistoryBudget { revisions: 100_000, bytes: 64 << 20 },
            checkpoint_after_bytes: 24 << 20,
            partition_bytes: 250 << 10,
            entropy: Arc::new(SystemEntropy),
            lease_clock: None,
        }
    }
}

/// What the committer and the callers share.
struct Shared {
    state: RwLock<State>,
    leases: Mutex<Leases>,
    hub: Arc<Hub>,
    queue: Queue,
    budget: HistoryBudget,
    /// `None`: in memory only.
    data: Option<DataFile>,
    /// Held by who fills holes for a reader or a writer to be.
    filling: tokio::sync::Mutex<()>,
}

impl Shared {
    fn new(state: State, leases: Leases, data: Option<DataFile>, options: &EmbeddedOptions) -> Arc<Self> {
        Arc::new(Self {
            state: RwLock::new(state),
            leases: Mutex::new(leases),
            hub: Arc::default(),
            queue: Queue::new(),
            budget: options.history,
            data,
            filling: tokio::sync::Mutex::default(),
        })
    }
}

/// The embedded engine; dropping it ends its thread and lets go of its directory.
pub struct Embedded {
    shared: Arc<Shared>,
    entropy: SharedEntropy,
    committer: Option<JoinHandle<()>>,
    /// Held for as long as the directory is ours; let go of last.
    lock: Option<File>,
}

impl Embedded {
    /// A store that forgets everything when dropped: for tests and throwaway stacks.
    pub fn in_memory() -> Store {
        Self::in_memory_with(EmbeddedOptions::default())
    }

    /// The same, set up otherwise.
    pub fn in_memory_with(options: EmbeddedOptions) -> Store {
        let leases = Leases::new(LeaseClock::new(options.lease_clock.clone()));
        let shared = Shared::new(State::new(), leases, None, &options);
        Self::start(shared, None, None, options)
            .map(Store::new)
            .expect("a thread can be started: without one nothing in this process works")
    }

    /// A store in the directory `path`, made if it is not there. Its data is for its owner's eyes only.
    /// This reads what was written last and not what is stored, which is read when it is asked for.
    ///
    /// # Errors
    /// [`Error::Locked`] if any process has it open; [`Error::Io`] if it cannot be read or made.
    pub fn open(path: &Path, options: EmbeddedOptions) -> Result<Store> {
        let Opened { lock, log, data, unsaved, state, leases } = open::open(path, &options)?;
        let shared = Shared::new(state, leases, Some(data), &options);
        let checkpoints = Checkpointer::start(shared.clone(), options.sizes(), options.checkpoint_after_bytes, unsaved)
            .map_err(|e| no_thread(&e))?;
        Self::start(shared, Some(Disk { log, checkpoints }), Some(lock), options).map(Store::new)
    }

    fn start(
        shared: Arc<Shared>,
        disk: Option<Disk>,
        lock: Option<File>,
        options: EmbeddedOptions,
    ) -> Result<Arc<dyn Engine>> {
        let committer = Committer::new(shared.clone(), disk);
        let thread = std::thread::Builder::new()
            .name("store-committer".to_owned())
            .spawn(move || committer.run())
            .map_err(|e| no_thread(&e))?;
        Ok(Arc::new(Self { shared, entropy: options.entropy, committer: Some(thread), lock }))
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<Result<T>>) -> Command) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.shared.queue.push(command(reply)).await?;
        answer.await.map_err(|_| Error::Closed)?
    }

    fn new_lease_id(&self) -> LeaseId {
        let mut bytes = [0; 8];
        self.entropy.fill(&mut bytes);
        // Positive and never 0, which means "no lease".
        (i64::from_le_bytes(bytes) & i64::MAX).max(1)
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        self.shared.queue.close();
        if let Some(thread) = self.committer.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's committer panicked");
        }
        // A reader may still be at it, whom nobody waits for any more.
        if let Some(data) = &self.shared.data {
            data.close();
        }
        // Said, and not left to closing the file: a process that is just being started may have it too.
        if let Some(lock) = &self.lock
            && let Err(error) = lock.unlock()
        {
            tracing::warn!(%error, "failed to let go of the store's directory");
        }
    }
}

#[async_trait]
impl Engine for Embedded {
    async fn range(&self, request: RangeRequest) -> Result<RangeResult> {
        validate::range(&request)?;
        loop {
            {
                let state = self.shared.state.read();
                let newest = state.visible();
                state.check_revision(request.revision, newest)?;
                if state.needed(&request, newest).is_empty() {
                    return state.range(&request, newest);
                }
            }
            self.shared.fill_for(|state| state.needed(&request, state.visible())).await?;
        }
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult> {
        validate::txn(&txn)?;
        if apply::read_only(&txn) {
            loop {
                {
                    let state = self.shared.state.read();
                    if state.needed_by(&txn).is_empty() {
                        return apply::run_read_only(&state, &txn);
                    }
                }
                self.shared.fill_for(|state| state.needed_by(&txn)).await?;
            }
        }
        // Here, so that the committer need not read while others wait for it.
        if !self.shared.state.read().needed_by(&txn).is_empty() {
            self.shared.fill_for(|state| state.needed_by(&txn)).await?;
        }
        let txn = owning(txn);
        self.ask(|reply| Command::Txn { txn, reply }).await
    }

    async fn watch(&self, range: KeyRange, from: Revision) -> Result<Watch> {
        validate::key_range(&range)?;
        let (sender, batches) = mpsc::channel(CHANNEL);
        let next = if from == 0 { self.shared.state.read().visible() + 1 } else { from };
        let held = CatchUp { shared: self.shared.clone(), range, next, sender }.start()?;
        Ok(Watch { batches, _held: Some(Box::new(held)) })
    }

    async fn lease_grant(&self, ttl_secs: i64) -> Result<LeaseId> {
        if ttl_secs > limits::MAX_LEASE_SECS {
            let size = usize::try_from(ttl_secs).unwrap_or(usize::MAX);
            return Err(Error::TooLarge { what: "lease", size, limit: limits::MAX_LEASE_SECS as usize });
        }
        let lease = self.new_lease_id();
        self.ask(|reply| Command::Grant { lease, ttl_secs: ttl_secs.max(1), reply }).await?;
        Ok(lease)
    }

    async fn lease_keep_alive(&self, lease: LeaseId) -> Result<()> {
        self.shared.leases.lock().keep_alive(lease)
    }

    async fn lease_revoke(&self, lease: LeaseId) -> Result<()> {
        self.ask(|reply| Command::Revoke { lease, reply }).await
    }

    async fn compact(&self, revision: Revision) -> Result<()> {
        self.ask(|reply| Command::Compact { revision, reply }).await
    }

    async fn revision(&self) -> Result<Revision> {
        Ok(self.shared.state.read().visible())
    }
}

fn no_thread(e: &std::io::Error) -> Error {
    Error::Io(format!("failed to start a thread of the store: {e}"))
}

/// Copies what will stay: a slice of a caller's large buffer would keep all of it in memory.
fn owning(mut txn: Txn) -> Txn {
    for op in txn.success.iter_mut().chain(&mut txn.failure) {
        if let Op::Put { key, value, .. } = op {
            *key = Bytes::copy_from_slice(key);
            *value = Bytes::copy_from_slice(value);
        }
    }
    txn
}
