//! The handle: memory kept level with the store, and the one way to change it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use gantry_aws_wire::{AwsError, Context, PageTokens};
use gantry_base::{AccountId, Region, SharedClock, SharedEntropy, Timestamp};
use gantry_store::{KeyRange, Store};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;

use crate::cache::{LastUsed, PolicyCache};
use crate::draft::Draft;
use crate::error::Error;
use crate::session::Sealer;
use crate::state::{Account, PREFIX, Snapshot, server_key};

/// Tries of one change when other servers change the same account.
const MAX_WRITE_TRIES: usize = 32;
/// How long a change waits for memory to catch up before it answers all the same.
const CATCH_UP: Duration = Duration::from_secs(5);
/// Between attempts to watch the store anew.
const REWATCH_DELAY: Duration = Duration::from_millis(200);

pub struct Options {
    pub clock: SharedClock,
    /// Keys are made of it: [`gantry_base::SystemEntropy`] outside tests.
    pub entropy: SharedEntropy,
    /// `false` is `--auth off`: signatures are not checked and all is allowed.
    pub checked: bool,
}

/// IAM, STS and the [`gantry_aws_wire::Authority`] over them. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub store: Store,
    pub options: Options,
    pub sealer: Sealer,
    pub pages: PageTokens,
    pub policies: PolicyCache,
    pub last_used: LastUsed,
    /// The account that the installation was started for, and its region.
    pub home: OnceLock<(AccountId, Region)>,
    memory: Arc<Memory>,
    /// One change at a time from this process; others are told apart by the generation key.
    writing: Mutex<()>,
    follower: JoinHandle<()>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

struct Memory {
    snapshot: ArcSwap<Snapshot>,
    /// The store's revision up to which the snapshot is complete, as far as this prefix goes.
    applied: watch::Sender<u64>,
}

/// What an operation knows of its call.
pub(crate) struct Call<'a> {
    pub context: &'a Context,
    pub inner: &'a Inner,
    pub account: Arc<Account>,
}

impl Call<'_> {
    pub fn account_id(&self) -> &str {
        self.context.account.as_str()
    }

    /// IAM's dates have no fractions of seconds.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_secs(self.context.now.secs())
    }
}

impl Identity {
    /// Where accounts' identities are stored: what a reset of all accounts deletes, before
    /// [`Identity::catch_up`].
    pub const RECORDS: &str = PREFIX;

    /// Names the installation's own account and region, once: with `--auth off`, keys that name no account
    /// are of this one; and it is the region that tasks are said to be of when their roles are assumed.
    pub fn set_home(&self, account: AccountId, region: Region) {
        // A second home would be a mistake of the caller's; the first stays.
        let _first = self.inner.home.set((account, region));
    }

    /// Reads all identities into memory and follows their changes. Makes the installation's own keys
    /// if this is its first start.
    pub async fn open(store: Store, options: Options) -> Result<Self, Error> {
        let session_key = server_secret(&store, &options, "session").await?;
        let page_key = server_secret(&store, &options, "page").await?;
        let (snapshot, revision) = Snapshot::load(&store).await?;
        let memory =
            Arc::new(Memory { snapshot: ArcSwap::from_pointee(snapshot), applied: watch::channel(revision).0 });
        let follower = tokio::spawn(follow(store.clone(), memory.clone(), revision));
        let inner = Inner {
            sealer: Sealer::new(&session_key)?,
            pages: PageTokens::new(&page_key),
            policies: PolicyCache::default(),
            last_used: LastUsed::default(),
            home: OnceLock::new(),
            store,
            options,
            memory,
            writing: Mutex::new(()),
            follower,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Waits until memory holds all that the store held when this was called. After the store was
    /// emptied or written to by others than [`Identity`].
    pub async fn catch_up(&self) -> Result<(), Error> {
        let (snapshot, revision) = Snapshot::load(&self.inner.store).await?;
        self.inner.memory.replace(snapshot, revision);
        Ok(())
    }
}

impl Inner {
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.memory.snapshot.load_full()
    }

    pub fn call<'a>(&'a self, context: &'a Context) -> Call<'a> {
        Call { context, inner: self, account: self.snapshot().account(context.account.as_str()) }
    }

    /// Changes an account: `change` works on a copy, and is called again on a newer one if another
    /// server was quicker. Nothing is written if it fails.
    pub async fn write<T>(
        &self,
        account: &str,
        mut change: impl FnMut(&mut Draft) -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        let _turn = self.writing.lock().await;
        for _ in 0..MAX_WRITE_TRIES {
            let mut draft = Draft::new(account, self.snapshot().account(account));
            let answer = change(&mut draft)?;
            let Some(txn) = draft.into_txn().map_err(Error::from)? else {
                return Ok(answer);
            };
            let done = self.store.txn(txn).await.map_err(Error::from)?;
            self.memory.reach(done.revision, done.succeeded).await;
            if done.succeeded {
                return Ok(answer);
            }
        }
        Err(gantry_aws_api::iam::errors::concurrent_modification_exception(
            "The request was rejected because multiple requests to change this object were submitted simultaneously.",
        ))
    }
}

impl Memory {
    /// Puts in place what was read whole, unless something newer is there.
    fn replace(&self, snapshot: Snapshot, revision: u64) {
        self.applied.send_if_modified(|applied| {
            let newer = revision >= *applied;
            if newer {
                self.snapshot.store(Arc::new(snapshot));
                *applied = revision;
            }
            newer
        });
    }

    /// Waits for a revision of our own writing. A lost race gives no revision of ours: the winner's
    /// batch is then waited for a little, and the try is repeated either way.
    async fn reach(&self, revision: u64, ours: bool) {
        let mut applied = self.applied.subscribe();
        let patience = if ours { CATCH_UP } else { Duration::from_millis(50) };
        let reached = tokio::time::timeout(patience, applied.wait_for(|at| *at >= revision)).await;
        if reached.is_err() && ours {
            tracing::warn!(revision, "identity has not caught up with its own write");
        }
    }
}

/// Applies the store's events until aborted, starting anew from a full read when the watch breaks.
async fn follow(store: Store, memory: Arc<Memory>, mut revision: u64) {
    loop {
        if let Err(error) = follow_from(&store, &memory, revision).await {
            tracing::warn!(%error, "identity's watch ended; reading anew");
        }
        tokio::time::sleep(REWATCH_DELAY).await;
        match Snapshot::load(&store).await {
            Ok((snapshot, at)) => {
                memory.replace(snapshot, at);
                revision = at;
            }
            Err(Error::Store(gantry_store::Error::Closed)) => return,
            Err(error) => tracing::warn!(%error, "identities cannot be read"),
        }
    }
}

async fn follow_from(store: &Store, memory: &Memory, revision: u64) -> Result<(), Error> {
    let mut events = store.watch(KeyRange::prefix(PREFIX), revision + 1).await?;
    while let Some(batch) = events.next().await {
        let batch = batch?;
        let mut failed = None;
        memory.applied.send_if_modified(|applied| {
            // A full read may have come first.
            if batch.revision <= *applied {
                return false;
            }
            match memory.snapshot.load().after(&batch.events) {
                Ok(next) => {
                    memory.snapshot.store(Arc::new(next));
                    *applied = batch.revision;
                    true
                }
                Err(error) => {
                    failed = Some(error);
                    false
                }
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
    }
    Ok(())
}

/// 32 random bytes that belong to the installation, made by whichever server is first.
async fn server_secret(store: &Store, options: &Options, name: &str) -> Result<Vec<u8>, Error> {
    let key = server_key(name);
    if store.get(key.clone()).await?.is_none() {
        let mut random = vec![0; 32];
        options.entropy.fill(&mut random);
        store.create_as(&key, &random).await?;
    }
    let found = store.get_as::<Vec<u8>>(&key).await?.ok_or(Error::SessionKey)?;
    Ok(found.value)
}
