//! Taking a sandbox away: containers first, then the network, then ids and records. Each step may find its
//! work done already, so that a failed destruction can simply be tried again.

use std::sync::Arc;
use std::time::Duration;

use crate::actor::Shared;
use crate::record::LocalRecord;
use crate::runtime::{RuntimeError, RuntimeResult, SandboxHandle};

const DESTROY_TIMEOUT: Duration = Duration::from_mins(2);

pub(crate) async fn destroy(
    shared: &Shared,
    handle: Option<Arc<dyn SandboxHandle>>,
    record: &LocalRecord,
) -> RuntimeResult<()> {
    let work = async {
        if let Some(handle) = handle {
            handle.destroy().await.or_else(absent_is_fine)?;
        }
        shared.networking.detach(&record.sandbox_id).await.or_else(absent_is_fine)?;
        shared.records.remove(&record.sandbox_id).map_err(|e| RuntimeError::retryable(e.to_string()))?;
        if let Some(base) = record.user_base {
            shared.users.lock().release(base);
        }
        Ok(())
    };
    match tokio::time::timeout(DESTROY_TIMEOUT, work).await {
        Ok(done) => done,
        Err(_) => Err(RuntimeError::retryable(format!("it took longer than {} s", DESTROY_TIMEOUT.as_secs()))),
    }
}

fn absent_is_fine(error: RuntimeError) -> RuntimeResult<()> {
    if error.not_found { Ok(()) } else { Err(error) }
}
