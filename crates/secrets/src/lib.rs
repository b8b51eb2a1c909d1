//! AWS Secrets Manager, as users of ECR and ECS need it: secrets, their versions and stages, their policies.
//!
//! What always holds: a value lies in the store only sealed (AES-256-GCM, bound to its secret and version),
//! and is in no log, error or `Debug` text of this crate; a version's value never changes; a version and the
//! stages it takes from others change in one transaction; a secret past its recovery window is as good as
//! gone, whether or not the sweep has come by.
//!
//! The sealing key lies in the same store, under `/gantry/server-keys/`. That keeps values out of dumps of
//! `/aws/…`, of watches and of logs; it does not protect them from who can read the whole store. There is no
//! KMS: a `KmsKeyId` is recorded and shown, and the same key seals the value.
//!
//! Rotation, and replicas in other regions or accounts, answer `501 NotImplemented` by name.
#![forbid(unsafe_code)]

mod access;
mod api;
mod change;
mod delete;
mod describe;
mod error;
mod id;
mod list;
mod password;
mod policy;
mod records;
mod seal;
mod stages;
mod tags;
mod value;
mod write;

use std::sync::Arc;

use gantry_aws_wire::{Authority, PageTokens};
use gantry_base::{SharedClock, SharedEntropy};
use gantry_store::Store;
use tokio::sync::oneshot;

pub use error::Error;
pub use seal::{SealKey, SecretValue, seal_key};

pub struct Config {
    pub store: Store,
    pub clock: SharedClock,
    pub entropy: SharedEntropy,
    pub pages: PageTokens,
    /// From [`seal_key`].
    pub key: SealKey,
    /// Decides about each secret of a batch, and about callers in this process.
    pub authority: Arc<dyn Authority>,
}

/// The service. Wrap it in [`gantry_aws_api::secretsmanager::SecretsManagerService`]; callers in this
/// process use [`Secrets::value`].
pub struct Secrets {
    store: Store,
    clock: SharedClock,
    entropy: SharedEntropy,
    pages: PageTokens,
    key: SealKey,
    authority: Arc<dyn Authority>,
    /// Dropped with the service, which ends the sweep.
    _alive: oneshot::Sender<()>,
}

impl Secrets {
    /// Starts the sweep of secrets past their recovery windows; it ends when the last handle is dropped.
    pub fn start(config: Config) -> Arc<Self> {
        let (alive, ended) = oneshot::channel();
        let secrets = Arc::new(Self {
            store: config.store,
            clock: config.clock,
            entropy: config.entropy,
            pages: config.pages,
            key: config.key,
            authority: config.authority,
            _alive: alive,
        });
        delete::start_sweep(&secrets, ended);
        secrets
    }
}
