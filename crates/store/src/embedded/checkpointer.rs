//! The thread that makes checkpoints, and what the committer has for it.
//!
//! What always holds: what is not in the data file yet is in the log and here, in the order of its
//! revisions; it is handed over whole, and comes back if it could not be written. Only the committer
//! gives work, one piece at a time, so writers wait for a checkpoint only when they are far ahead of it.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::Shared;
use super::checkpoint::{self, Sizes};
use super::fault::Fault;
use crate::{Error, Event, Revision, WatchBatch};

/// What replaying an event costs beside its key and value, in bytes that take as long: about a
/// microsecond.
const EVENT_OVERHEAD: usize = 1024;
/// How far writers may be ahead of a checkpoint under way, in what makes one due, before they wait.
const AHEAD: usize = 1;
/// How far while checkpoints find no room on the disk, before writers are refused.
const AHEAD_WITHOUT_ROOM: usize = 4;
/// How long after one that found no room the next is tried.
const RETRY: Duration = Duration::from_secs(1);
/// A closing store leaves less than this for the next open to replay.
const LEFT_AT_CLOSE: usize = 256 << 10;

/// Durable revisions that the data file does not have yet.
#[derive(Default)]
struct Unsaved {
    batches: Vec<Arc<WatchBatch>>,
    weight: usize,
}

impl Unsaved {
    fn push(&mut self, batch: Arc<WatchBatch>) {
        self.weight += batch.events.iter().map(weight).sum::<usize>();
        self.batches.push(batch);
    }
}

fn weight(event: &Event) -> usize {
    EVENT_OVERHEAD + event.kv.key.len() + event.kv.value.len()
}

#[derive(Default)]
struct Desk {
    job: Option<Unsaved>,
    busy: bool,
    done: Option<Done>,
    closing: bool,
}

enum Done {
    Saved(Revision),
    Refused(Unsaved, Fault),
    /// What it had been given is only in the log now.
    Panicked,
}

#[derive(Default)]
struct Board {
    desk: Mutex<Desk>,
    changed: Condvar,
}

/// How a look at the thread's work ended.
pub(super) enum News {
    None,
    /// The data file has everything up to here.
    Saved(Revision),
    /// It failed for good.
    Failed(Error),
}

pub(super) struct Checkpointer {
    board: Arc<Board>,
    thread: Option<JoinHandle<()>>,
    unsaved: Unsaved,
    /// What makes a checkpoint due.
    after: usize,
    /// The disk was full at the last try.
    no_room_until: Option<Instant>,
    /// Nothing may be written after what could not be.
    failed: bool,
}

impl Checkpointer {
    /// Starts the thread; `unsaved` is what the log had at the open.
    pub(super) fn start(
        shared: Arc<Shared>,
        sizes: Sizes,
        after: usize,
        unsaved: Vec<Arc<WatchBatch>>,
    ) -> std::io::Result<Self> {
        let board = Arc::new(Board::default());
        let theirs = board.clone();
        let thread = std::thread::Builder::new()
            .name("store-checkpoint".to_owned())
            .spawn(move || theirs.run(&shared, &sizes))?;
        let mut it = Self {
            board,
            thread: Some(thread),
            unsaved: Unsaved::default(),
            after,
            no_room_until: None,
            failed: false,
        };
        it.push(&unsaved);
        Ok(it)
    }

    /// Durable revisions, to be taken into the data file some time.
    pub(super) fn push(&mut self, batches: &[Arc<WatchBatch>]) {
        for batch in batches {
            self.unsaved.push(batch.clone());
        }
    }

    /// Whether writers must be refused: checkpoints find no room, and too much waits for them.
    pub(super) fn is_stuck(&self) -> bool {
        self.no_room_until.is_some() && self.unsaved.weight > self.after.saturating_mul(AHEAD_WITHOUT_ROOM)
    }

    /// Takes back what is done, and gives out what is due.
    pub(super) fn look(&mut self) -> News {
        let mut news = self.collect();
        if self.failed {
            return news;
        }
        if self.unsaved.weight > self.after && self.no_room_until.is_none_or(|until| until <= Instant::now()) {
            if self.unsaved.weight > self.after.saturating_mul(AHEAD) && self.wait() {
                news = self.collect();
            }
            self.give();
        }
        news
    }

    /// Writes the rest, unless it is little; for a store that is closing.
    pub(super) fn finish(&mut self) -> News {
        self.wait();
        let news = self.collect();
        if matches!(news, News::Failed(_)) || self.no_room_until.is_some() || self.unsaved.weight < LEFT_AT_CLOSE {
            return news;
        }
        match self.retry() {
            News::None => news,
            newer => newer,
        }
    }

    /// Makes a checkpoint of all there is, now.
    pub(super) fn retry(&mut self) -> News {
        self.give();
        self.wait();
        self.collect()
    }

    fn collect(&mut self) -> News {
        let done = self.board.desk.lock().done.take();
        match done {
            None => News::None,
            Some(Done::Panicked) => {
                self.failed = true;
                News::Failed(Error::Io("the thread that makes checkpoints ended".to_owned()))
            }
            Some(Done::Saved(revision)) => {
                self.no_room_until = None;
                News::Saved(revision)
            }
            Some(Done::Refused(back, fault)) => self.refused(back, &fault),
        }
    }

    fn refused(&mut self, mut back: Unsaved, fault: &Fault) -> News {
        back.weight += self.unsaved.weight;
        back.batches.append(&mut self.unsaved.batches);
        self.unsaved = back;
        if fault.is_full() {
            tracing::warn!(%fault, "no room for a checkpoint; it is tried again, and the log grows until then");
            self.no_room_until = Some(Instant::now() + RETRY);
            return News::None;
        }
        self.failed = true;
        News::Failed(Error::Io(format!("failed to make a checkpoint: {fault}")))
    }

    fn give(&mut self) {
        let mut desk = self.board.desk.lock();
        if !self.failed && !desk.busy && desk.done.is_none() && !self.unsaved.batches.is_empty() {
            desk.job = Some(std::mem::take(&mut self.unsaved));
            desk.busy = true;
            self.board.changed.notify_all();
        }
    }

    /// Waits until the thread has nothing to do; tells whether it had.
    fn wait(&self) -> bool {
        let mut desk = self.board.desk.lock();
        let busy = desk.busy;
        while desk.busy {
            self.board.changed.wait(&mut desk);
        }
        busy
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.board.desk.lock().closing = true;
        self.board.changed.notify_all();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's checkpoints panicked");
        }
    }
}

impl Board {
    fn run(&self, shared: &Shared, sizes: &Sizes) {
        // However the thread ends, the committer does not wait for it.
        let _free = Free(self);
        while let Some(job) = self.next() {
            let done = match save(shared, sizes, &job) {
                Ok(revision) => Done::Saved(revision),
                Err(fault) => Done::Refused(job, fault),
            };
            let mut desk = self.desk.lock();
            desk.done = Some(done);
            desk.busy = false;
            drop(desk);
            self.changed.notify_all();
            // The log can be trimmed now, even if nobody writes.
            shared.queue.nudge();
        }
    }

    fn next(&self) -> Option<Unsaved> {
        let mut desk = self.desk.lock();
        loop {
            if let Some(job) = desk.job.take() {
                return Some(job);
            }
            if desk.closing {
                return None;
            }
            self.changed.wait(&mut desk);
        }
    }
}

struct Free<'a>(&'a Board);

impl Drop for Free<'_> {
    fn drop(&mut self) {
        let mut desk = self.0.desk.lock();
        if std::thread::panicking() {
            desk.done = Some(Done::Panicked);
        }
        desk.busy = false;
        drop(desk);
        self.0.changed.notify_all();
    }
}

fn save(shared: &Shared, sizes: &Sizes, job: &Unsaved) -> Result<Revision, Fault> {
    let (Some(data), Some(newest)) = (&shared.data, job.batches.last()) else { return Err(Fault::Closed) };
    let saved = checkpoint::write(data, &job.batches, sizes);
    if saved.is_err() {
        data.failed();
    }
    saved.map(|()| newest.revision)
}
