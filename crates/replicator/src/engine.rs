//! Doing one thing: a copy or a deletion, with all that it needs to decide whether and where.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use gantry_base::{SharedClock, SharedEntropy};
use gantry_blobs::Digest;
use gantry_registry::{Access, Error, Reference, Registry, RegistryId, ReplicationRecord, ReplicationStatus, RepoId};
use parking_lot::Mutex;

use crate::config::Config;
use crate::copy::{Copied, Target, copy};
use crate::failure::{Cure, Failure};
use crate::local::Local;
use crate::peers::Peers;
use crate::plan::{Item, What};
use crate::remote::Away;

/// One repository on its way to one destination.
type Lane = (RepoId, RegistryId);

/// Everything that a copy needs. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) registry: Registry,
    pub(crate) access: Arc<dyn Access>,
    pub(crate) peers: Peers,
    pub(crate) clock: SharedClock,
    pub(crate) entropy: SharedEntropy,
    pub(crate) config: Config,
    lanes: Arc<Mutex<HashMap<Lane, Weak<tokio::sync::Mutex<()>>>>>,
}

/// What came of an item.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Settled, or there was nothing to do.
    Done,
    /// Another try at this time.
    Later(Failure),
}

impl Engine {
    pub(crate) fn new(
        registry: Registry,
        access: Arc<dyn Access>,
        peers: Peers,
        clock: SharedClock,
        entropy: SharedEntropy,
        config: Config,
    ) -> Self {
        Self { registry, access, peers, clock, entropy, config, lanes: Arc::default() }
    }

    /// A backfill and the queue do not copy images of one repository to one place at the same time.
    fn lane(&self, repo: &RepoId, destination: &RegistryId) -> Arc<tokio::sync::Mutex<()>> {
        let mut lanes = self.lanes.lock();
        lanes.retain(|_, lane| lane.strong_count() > 0);
        let kept = lanes.entry((repo.clone(), destination.clone())).or_default();
        kept.upgrade().unwrap_or_else(|| {
            let lane = Arc::new(tokio::sync::Mutex::new(()));
            *kept = Arc::downgrade(&lane);
            lane
        })
    }

    async fn target(&self, repo: &RepoId, destination: &RegistryId, create: bool) -> Result<Box<dyn Target>, Failure> {
        if let Some(peer) = self.peers.of(destination) {
            return Ok(Box::new(Away::open(&self.registry, peer, repo, destination).await?));
        }
        let target = RepoId::new(destination.clone(), repo.name.clone());
        Ok(Box::new(Local::open(&self.registry, &self.access, repo, target, create).await?))
    }

    /// Copies an image with the tags that it has now.
    pub(crate) async fn copy_now(
        &self,
        repo: &RepoId,
        digest: &Digest,
        destination: &RegistryId,
    ) -> Result<Vec<Copied>, Failure> {
        let lane = self.lane(repo, destination);
        let _held = lane.lock().await;
        let target = self.target(repo, destination, true).await?;
        let tags = self.registry.image_tags(repo, digest).await?;
        copy(&self.registry, &*target, repo, digest, &tags).await
    }

    pub(crate) async fn run(&self, item: &Item) -> Outcome {
        let done = match &item.what {
            What::Copy => self.run_copy(item).await,
            What::Delete(tag) => self.run_delete(item, tag.as_deref()).await,
        };
        match done {
            Ok(()) => Outcome::Done,
            Err(failure) => Outcome::Later(failure),
        }
    }

    /// An error is one that another try may mend.
    async fn run_copy(&self, item: &Item) -> Result<(), Failure> {
        let rules = self.registry.replication_rules(&item.repo.registry).await?;
        if !rules.destinations(&item.repo.name).contains(&item.destination) {
            return Ok(());
        }
        let failure = match self.copy_now(&item.repo, &item.digest, &item.destination).await {
            Ok(copied) => copied.into_iter().find_map(|c| c.failure),
            Err(f) if f.cure == Cure::Gone => return Ok(()),
            Err(f) => Some(f),
        };
        let now = self.clock.now();
        let tried_for = now.since_ms(item.since);
        let temporary = failure.as_ref().is_some_and(Failure::is_temporary)
            && tried_for < i64::try_from(self.config.give_up.as_millis()).unwrap_or(i64::MAX);
        let status = match &failure {
            None => ReplicationStatus::Complete,
            Some(_) if temporary => ReplicationStatus::InProgress,
            Some(f) => {
                tracing::warn!(repo = %item.repo, digest = %item.digest, destination = ?item.destination,
                    code = f.code, reason = %f.reason, "a replication failed");
                ReplicationStatus::Failed
            }
        };
        let record = ReplicationRecord {
            status,
            failure_code: failure.as_ref().map(|f| f.code.to_owned()),
            reason: failure.as_ref().map(|f| f.reason.clone()),
            seen: item.seen,
            attempts: item.attempts + u32::from(failure.is_some()),
            since: item.since,
            updated_at: now,
        };
        let events = match status {
            ReplicationStatus::Failed => {
                // Events of a peer's registry are the peer's to tell; that it failed is told where it began.
                let at = self.peers.of(&item.destination).map_or(&item.destination, |_| &item.repo.registry);
                self.registry.failed_replication_event(&item.repo, at, &item.digest)?
            }
            _ => Vec::new(),
        };
        self.registry.set_replication(&item.repo, &item.digest, &item.destination, &record, events).await?;
        match failure {
            Some(f) if temporary => Err(f),
            _ => Ok(()),
        }
    }

    async fn run_delete(&self, item: &Item, tag: Option<&str>) -> Result<(), Failure> {
        let rules = self.registry.replication_rules(&item.repo.registry).await?;
        if !rules.delete_destinations(&item.repo.name).contains(&item.destination) {
            return Ok(());
        }
        let lane = self.lane(&item.repo, &item.destination);
        let _held = lane.lock().await;
        // What was pushed again since stays.
        let reference = match tag {
            Some(tag) => Reference::Tag(tag.to_owned()),
            None => Reference::Digest(item.digest.clone()),
        };
        match self.registry.locate(&item.repo, &reference).await {
            Ok(_) => return Ok(()),
            Err(Error::ImageNotFound { .. } | Error::RepositoryNotFound { .. }) => {}
            Err(e) => return Err(e.into()),
        }
        let deleted = match self.target(&item.repo, &item.destination, false).await {
            Ok(target) => target.delete(&item.digest, tag).await,
            Err(f) => Err(f),
        };
        let tried_for = self.clock.now().since_ms(item.since);
        match deleted {
            Err(f)
                if f.is_temporary()
                    && tried_for < i64::try_from(self.config.give_up.as_millis()).unwrap_or(i64::MAX) =>
            {
                Err(f)
            }
            Err(f) => {
                tracing::warn!(repo = %item.repo, digest = %item.digest, tag, destination = ?item.destination,
                    code = f.code, reason = %f.reason, "a deletion was not replicated");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }
}
