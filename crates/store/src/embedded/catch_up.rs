//! Bringing a watch from a past revision up to now, without a gap and without a batch twice.

use std::sync::Arc;

use parking_lot::Mutex;

use super::Shared;
use super::watch::{Registration, Sender};
use crate::{Error, KeyRange, Result, Revision};

/// Batches of history looked at under one hold of the lock.
const SCAN: usize = 4096;

/// Where a watch keeps its registration, empty until it has caught up.
pub(super) type Held = Arc<Mutex<Option<Registration>>>;

/// A watch that is still reading history.
pub(super) struct CatchUp {
    pub(super) shared: Arc<Shared>,
    pub(super) range: KeyRange,
    pub(super) next: Revision,
    pub(super) sender: Sender,
}

impl CatchUp {
    /// Joins the live watchers if at most one scan of history is left and its batches fit the
    /// buffer; otherwise hands itself back.
    ///
    /// The hub is held meanwhile, so nothing can be published to watchers between the two.
    fn join(self) -> Result<Joined> {
        let shared = self.shared.clone();
        let mut joining = shared.hub.join();
        let (found, next) = {
            let state = shared.state.read();
            let (found, next) = state.replay(&self.range, self.next, SCAN)?;
            if next <= state.visible() {
                return Ok(Joined::NotYet(self));
            }
            (found, next)
        };
        if found.len() >= self.sender.capacity() {
            return Ok(Joined::NotYet(self));
        }
        for batch in found {
            // There is room, and nobody else sends.
            self.sender.try_send(Ok(batch)).ok();
        }
        joining.add(self.range, next, self.sender).map(Joined::Live)
    }

    /// Joins at once where that is possible, and otherwise leaves a task behind that will.
    pub(super) fn start(self) -> Result<Held> {
        let held = Held::default();
        match self.join()? {
            Joined::Live(registration) => *held.lock() = Some(registration),
            Joined::NotYet(rest) => {
                tokio::spawn(rest.run(held.clone()));
            }
        }
        Ok(held)
    }

    /// Feeds history to the watcher at the pace it reads, until it has caught up or gone away.
    async fn run(mut self, held: Held) {
        let sender = self.sender.clone();
        loop {
            let next = match self.replay(&sender).await {
                Ok(Some(next)) => next,
                Ok(None) => return,
                Err(error) => break end(&sender, error).await,
            };
            self.next = next;
            match self.join() {
                Ok(Joined::NotYet(rest)) => self = rest,
                // If the watch is gone by now, its registration goes with this task.
                Ok(Joined::Live(registration)) => break *held.lock() = Some(registration),
                Err(error) => break end(&sender, error).await,
            }
        }
    }

    /// Sends one scan of history; `None` if nobody listens any more.
    async fn replay(&self, sender: &Sender) -> Result<Option<Revision>> {
        let (found, next) = self.shared.state.read().replay(&self.range, self.next, SCAN)?;
        for batch in found {
            if sender.send(Ok(batch)).await.is_err() {
                return Ok(None);
            }
        }
        Ok(Some(next))
    }
}

/// Tells the watcher why its watch ends; a closed store ends it without a word.
async fn end(sender: &Sender, error: Error) {
    if error != Error::Closed {
        sender.send(Err(error)).await.ok();
    }
}

enum Joined {
    Live(Registration),
    NotYet(CatchUp),
}
