//! Taking off the host what an instance put there, when no server of it runs any more.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::wiring;
use crate::datadir::DataDir;

const EXIT_PATIENCE: Duration = Duration::from_mins(4);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Waits until the server that was asked to stop has let go of the directory.
pub async fn wait_for_exit(data: &DataDir) -> Result<()> {
    let give_up = tokio::time::Instant::now() + EXIT_PATIENCE;
    while data.lock().is_err() {
        if tokio::time::Instant::now() > give_up {
            let pid = data.endpoint()?.map_or(0, |e| e.pid);
            bail!("the server (process {pid}) has not ended within {} s", EXIT_PATIENCE.as_secs());
        }
        // A file lock has no notification.
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// What was taken away.
pub struct Report {
    sandboxes: usize,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.sandboxes {
            0 => f.write_str("nothing was left on the host"),
            1 => f.write_str("one sandbox was taken off the host"),
            n => write!(f, "{n} sandboxes were taken off the host"),
        }
    }
}

/// Destroys every sandbox, then the network. The data directory keeps all else.
pub async fn host(data: &DataDir) -> Result<Report> {
    let _lock = data.lock()?;
    let instance = data.instance()?.context("the data directory has no instance.json")?;
    let engine = wiring::engine(data, &instance, 0).await?;
    let sandboxes = engine.recover().await.context("find what is left of sandboxes")?;
    let count = sandboxes.len();
    for sandbox in sandboxes {
        sandbox.destroy().await.context("take a sandbox off the host")?;
    }
    engine.purge().await.context("remove the cgroups")?;
    let network = wiring::network(data, &instance).await?;
    network.destroy().await.context("remove the bridge and its rules")?;
    // A stale endpoint would send clients to nobody.
    data.forget_endpoint();
    let _ = std::fs::remove_file(data.control_socket());
    Ok(Report { sandboxes: count })
}
