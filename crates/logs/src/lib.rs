//! CloudWatch Logs: groups and streams in the state store, events in files of their own.
//!
//! What always holds: an acknowledged event survives `kill -9` of this process (the module `storage` tells of the
//! loss of power); a container's batch is never taken twice; events past their group's retention are
//! never told, and their files go within the hour. Followers are woken by appends, they do not poll.
//!
//! Events lie on the host of the server that took them; servers that share one store do not share them.
#![forbid(unsafe_code)]

mod access;
mod api;
mod error;
mod groups;
mod pattern;
mod put;
mod read;
mod records;
mod sink;
mod storage;
mod streams;
mod sweep;
mod tags;
mod tail;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use gantry_aws_wire::PageTokens;
use gantry_base::{SharedClock, SharedEntropy};
use gantry_store::Store;
use tokio::sync::{Notify, Semaphore, oneshot};

pub use error::Error;
pub use pattern::{Invalid as InvalidPattern, Pattern};

use storage::Storage;
use storage::select::Page;

/// Pages of events read at once; further readers wait their turn.
const MAX_READS: usize = 8;

pub struct Config {
    /// The folder for events; made if it is not there.
    pub data_dir: PathBuf,
    pub store: Store,
    pub clock: SharedClock,
    pub entropy: SharedEntropy,
    pub pages: PageTokens,
}

/// The service, and the [`gantry_agent_api::LogSink`] of agents in the same process. Wrap it in
/// [`gantry_aws_api::logs::LogsService`].
pub struct Logs {
    storage: Arc<Storage>,
    store: Store,
    clock: SharedClock,
    entropy: SharedEntropy,
    pages: PageTokens,
    tails: tail::Tails,
    /// Pages of events being read at once: each holds a segment or two in memory.
    reads: Semaphore,
    /// Woken when there is something to put on the disk.
    dirty: Arc<Notify>,
    /// Dropped with the service, which ends the background work.
    _alive: oneshot::Sender<()>,
}

impl Logs {
    /// Opens the events and starts the background work, which ends when the last handle is dropped.
    ///
    /// # Errors
    /// [`Error::Io`] if the folder cannot be made or moved.
    pub async fn open(config: Config) -> Result<Arc<Self>, Error> {
        let root = config.data_dir.join("streams");
        let storage = tokio::task::spawn_blocking(move || Storage::open(root))
            .await
            .map_err(|e| Error::Io(io::Error::other(e)))??;
        let (alive, ended) = oneshot::channel();
        let logs = Arc::new(Self {
            storage: Arc::new(storage),
            store: config.store,
            clock: config.clock,
            entropy: config.entropy,
            pages: config.pages,
            tails: tail::Tails::default(),
            reads: Semaphore::new(MAX_READS),
            dirty: Arc::new(Notify::new()),
            _alive: alive,
        });
        sweep::start(&logs, ended);
        Ok(logs)
    }

    /// Forgets every event of every account. The records are the caller's to delete, before this.
    pub async fn clear(&self) -> Result<(), Error> {
        let aside = self.blocking(|storage| storage.clear().map_err(Error::Io)).await?;
        // What was moved aside may take its time.
        drop(tokio::task::spawn_blocking(move || std::fs::remove_dir_all(aside)));
        Ok(())
    }

    /// A page of events, when it is its turn.
    async fn page<F>(&self, work: F) -> Result<Page, Error>
    where
        F: FnOnce(&Storage) -> io::Result<Page> + Send + 'static,
    {
        let _turn = self.reads.acquire().await.map_err(|e| Error::Io(io::Error::other(e)))?;
        self.blocking(|storage| work(storage).map_err(Error::Io)).await
    }

    /// Runs file work where it may block.
    async fn blocking<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Storage) -> Result<T, Error> + Send + 'static,
    {
        let storage = self.storage.clone();
        let done = tokio::task::spawn_blocking(move || work(&storage)).await;
        done.map_err(|e| Error::Io(io::Error::other(e)))?
    }
}
