//! Removes the links of detached sandboxes in the background: the kernel takes tens of milliseconds
//! for one, and hardly more for many at once.
//!
//! By the time a link is handed over, nothing gets out of it any more and no record names it. One
//! that a killed server did not get to is removed when the network is next opened.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::pool::Host;
use crate::{Error, Result};

/// Tries to remove a link before it is left to the next open.
const TRIES: usize = 3;
const RETRY_AFTER: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
struct Queue {
    waiting: Vec<String>,
    /// Links that are being removed at the moment.
    under_way: usize,
    closed: bool,
}

#[derive(Debug)]
struct Shared {
    host: Arc<Host>,
    most: usize,
    queue: Mutex<Queue>,
    /// Something was handed over, done, or closed.
    changed: Condvar,
}

#[derive(Debug)]
pub struct Reaper {
    shared: Arc<Shared>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Shared {
    fn work(&self) {
        loop {
            let names = {
                let mut queue = self.queue.lock();
                queue.under_way = 0;
                self.changed.notify_all();
                while queue.waiting.is_empty() && !queue.closed {
                    self.changed.wait(&mut queue);
                }
                let names = std::mem::take(&mut queue.waiting);
                queue.under_way = names.len();
                names
            };
            if names.is_empty() {
                return;
            }
            self.remove(&names);
        }
    }

    fn remove(&self, names: &[String]) {
        for left in (0..TRIES).rev() {
            match self.host.remove_all(names) {
                Ok(()) => return,
                Err(error) => tracing::warn!(%error, left, "links of detached sandboxes were not removed"),
            }
            if left > 0 {
                std::thread::sleep(RETRY_AFTER);
            }
        }
    }
}

impl Reaper {
    /// For at most `most` links at a time; whoever hands over more waits.
    pub fn start(host: Arc<Host>, most: usize) -> Result<Self> {
        let shared = Arc::new(Shared { host, most, queue: Mutex::default(), changed: Condvar::new() });
        let worker = shared.clone();
        let thread = std::thread::Builder::new()
            .name("netns-reaper".to_owned())
            .spawn(move || worker.work())
            .map_err(|source| Error::Thread { subject: "the removal of links".to_owned(), source })?;
        Ok(Self { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Has the link removed soon, or at once where this is closed.
    pub fn take(&self, link: &str) -> Result<()> {
        let mut queue = self.shared.queue.lock();
        while !queue.closed && queue.waiting.len() + queue.under_way >= self.shared.most {
            self.shared.changed.wait(&mut queue);
        }
        if queue.closed {
            drop(queue);
            return self.shared.host.remove(link);
        }
        queue.waiting.push(link.to_owned());
        drop(queue);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Ends the thread when all that was handed over is done.
    pub fn close(&self) {
        self.shared.queue.lock().closed = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.lock().take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        self.close();
    }
}
