//! Work in the background: putting appended events on the disk, and taking back the room of expired events
//! and deleted streams.

use std::sync::Arc;
use std::time::Duration;

use gantry_base::Timestamp;
use tokio::sync::oneshot;

use crate::records::{GroupRecord, StreamRecord, group_key_of_stream_key};
use crate::storage::Folder;
use crate::{Error, Logs};

/// Most time between an acknowledged append and its being on the disk.
const SYNC_EVERY: Duration = Duration::from_secs(1);
const FIRST_SWEEP: Duration = Duration::from_mins(1);
const SWEEP_EVERY: Duration = Duration::from_hours(1);
/// A folder without a record is left alone for this long: it costs little, and a server that was pointed at
/// the wrong store by mistake must not delete everything.
const ORPHAN_AGE: Duration = Duration::from_hours(24);

/// `alive` ends the work when its other end is dropped with the service.
pub fn start(logs: &Arc<Logs>, mut alive: oneshot::Receiver<()>) {
    let weak = Arc::downgrade(logs);
    let dirty = logs.dirty.clone();
    tokio::spawn(async move {
        let mut sweep = tokio::time::interval_at(tokio::time::Instant::now() + FIRST_SWEEP, SWEEP_EVERY);
        loop {
            tokio::select! {
                () = dirty.notified() => {
                    tokio::time::sleep(SYNC_EVERY).await;
                    let Some(logs) = weak.upgrade() else { return };
                    drop(logs.sync().await);
                }
                _ = sweep.tick() => {
                    let Some(logs) = weak.upgrade() else { return };
                    if let Err(error) = logs.sweep().await {
                        tracing::warn!(%error, "failed to sweep old log events");
                    }
                }
                _ = &mut alive => return,
            }
        }
    });
}

impl Logs {
    /// Puts everything acknowledged so far on the disk.
    pub async fn sync(&self) -> Result<(), Error> {
        self.blocking(|storage| {
            storage.sync();
            Ok(())
        })
        .await
    }

    /// Deletes what has expired, and the folders of streams that are no more; tells how many segments and
    /// how many folders.
    pub async fn sweep(&self) -> Result<(usize, usize), Error> {
        self.sweep_orphans_older_than(ORPHAN_AGE).await
    }

    #[doc(hidden)]
    pub async fn sweep_orphans_older_than(&self, orphan_age: Duration) -> Result<(usize, usize), Error> {
        self.storage.forget_cached();
        let on_disk = self.blocking(|storage| storage.on_disk().map_err(Error::Io)).await?;
        let now = self.clock.now();
        let (mut segments, mut folders) = (0, 0);
        for Folder { uid, owner, age } in on_disk {
            let Some(group_key) = group_key_of_stream_key(&owner) else { continue };
            let record = self.store.get_as::<StreamRecord>(&owner).await?.map(|v| v.value);
            if record.is_some_and(|record| record.uid == uid) {
                segments += self.expire(&uid, &owner, &group_key, now).await?;
            } else if age >= orphan_age {
                self.blocking(move |storage| storage.remove(&uid).map_err(Error::Io)).await?;
                folders += 1;
            }
        }
        Ok((segments, folders))
    }

    async fn expire(&self, uid: &str, owner: &str, group_key: &str, now: Timestamp) -> Result<usize, Error> {
        let Some(group) = self.store.get_as::<GroupRecord>(group_key).await? else { return Ok(0) };
        if group.value.retention_days.is_none() {
            return Ok(0);
        }
        let floor = group.value.floor_ts(now);
        let (uid, owner) = (uid.to_owned(), owner.to_owned());
        self.blocking(move |storage| Ok(storage.stream(&uid, &owner)?.expire(floor)?)).await
    }
}
