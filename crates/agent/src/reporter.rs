//! Writes one sandbox's reports: only the newest, only if it changed, again until the store takes it.
//! The sandbox never waits for it.

use std::sync::Arc;
use std::time::Duration;

use gantry_agent_api::{Phase, SandboxReport, keys};
use gantry_store::Store;
use tokio::sync::watch;

const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// Runs until the stopped report is written or the sender is gone and everything is written.
pub(crate) async fn report(
    store: Store,
    mut reports: watch::Receiver<Arc<SandboxReport>>,
    before: Option<SandboxReport>,
) {
    let mut written = before;
    loop {
        let newest = reports.borrow_and_update().clone();
        if written.as_ref() != Some(&*newest) {
            // What is newer by now is seen at the next turn.
            written = put(&store, &newest, &mut reports).await.then(|| (*newest).clone());
        }
        let done = newest.phase == Phase::Stopped && !reports.has_changed().unwrap_or(false);
        if done || reports.changed().await.is_err() {
            return;
        }
    }
}

/// Whether it was written; gives up only for something newer.
async fn put(store: &Store, report: &SandboxReport, reports: &mut watch::Receiver<Arc<SandboxReport>>) -> bool {
    let key = keys::report(&report.sandbox_id);
    let mut wait = FIRST_RETRY;
    loop {
        let Err(error) = store.put_as(&key, report).await else { return true };
        tracing::warn!(sandbox = report.sandbox_id, %error, "failed to write a report; trying again");
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            changed = reports.changed() => {
                if changed.is_ok() {
                    reports.mark_changed();
                    tokio::time::sleep(wait).await;
                    return false;
                }
                // Nothing newer will ever come: keep trying with this one.
                tokio::time::sleep(wait).await;
            }
        }
        wait = (wait * 2).min(LAST_RETRY);
    }
}
