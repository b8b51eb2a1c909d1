//! The work that no request waits for: forgotten uploads, lifecycle policies, blobs that nothing needs,
//! and blobs that may have rotted.

use std::time::Duration;

use crate::Registry;

/// How long the registry rests between two rounds.
pub const INTERVAL: Duration = Duration::from_mins(5);

/// Runs until it is dropped.
#[derive(Debug)]
pub struct Housekeeping(tokio::task::JoinHandle<()>);

impl Drop for Housekeeping {
    fn drop(&mut self) {
        // Every step of a round can be the last: the next start goes on.
        self.0.abort();
    }
}

impl Registry {
    /// Starts a round every [`INTERVAL`], the first one after it. Must be called within a runtime.
    pub fn start_housekeeping(&self) -> Housekeeping {
        let registry = self.clone();
        Housekeeping(tokio::spawn(async move {
            loop {
                tokio::time::sleep(INTERVAL).await;
                registry.housekeep().await;
            }
        }))
    }

    /// One round. What fails is logged, and tried again in the next.
    pub async fn housekeep(&self) {
        match self.expire_uploads().await {
            Ok(0) => {}
            Ok(uploads) => tracing::info!(uploads, "removed forgotten uploads"),
            Err(error) => tracing::warn!(%error, "failed to remove forgotten uploads"),
        }
        if let Err(error) = self.expire_events().await {
            tracing::warn!(%error, "failed to remove old events");
        }
        match self.run_lifecycle_policies().await {
            Ok(done) if done == crate::LifecycleRun::default() => {}
            Ok(done) => tracing::info!(expired = done.expired, archived = done.archived, "ran lifecycle policies"),
            Err(error) => tracing::warn!(%error, "failed to run lifecycle policies"),
        }
        match self.collect().await {
            Ok(done) if done == crate::Collected::default() => {}
            Ok(done) => tracing::info!(blobs = done.blobs, links = done.links, strays = done.strays, "collected"),
            Err(error) => tracing::warn!(%error, "failed to collect blobs"),
        }
        match self.scrub().await {
            Ok(done) if done.wrong == 0 => {}
            Ok(done) => tracing::error!(wrong = done.wrong, of = done.blobs, "put blobs aside whose bytes are wrong"),
            Err(error) => tracing::warn!(%error, "failed to read blobs again"),
        }
    }
}
