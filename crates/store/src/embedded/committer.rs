//! The one thread that writes: it groups what waits, makes the group durable, then shows it.
//!
//! What always holds: the order is run, fsync, publish, tell watchers, answer; so whoever has an
//! answer finds it on disk, in reads and in watches. If the disk refuses a group, all of it is
//! rolled back and every writer in it gets the error. Only this thread changes keys, so what it has
//! filled of the index stays filled until it has run its group.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::Shared;
use super::apply;
use super::checkpointer::{Checkpointer, News};
use super::log::Log;
use super::queue::{Command, WaitingTxn, Work};
use crate::{Error, LeaseId, Result, Revision, TxnResult, WatchBatch};

/// Batches of history freed under one hold of the write lock.
const FORGET_STEP: usize = 1024;
/// Leases ended between two groups, so that a flood of them does not stop writers.
const EXPIRE_STEP: usize = 64;

/// Where a store keeps what it is told.
pub(super) struct Disk {
    pub(super) log: Log,
    pub(super) checkpoints: Checkpointer,
}

pub(super) struct Committer {
    shared: Arc<Shared>,
    /// `None`: in memory only.
    disk: Option<Disk>,
    /// There is history left to free.
    forgetting: bool,
}

impl Committer {
    pub(super) fn new(shared: Arc<Shared>, disk: Option<Disk>) -> Self {
        Self { shared, disk, forgetting: true }
    }

    /// Runs until the queue is closed.
    pub(super) fn run(mut self) {
        loop {
            self.checkpoint();
            match self.shared.queue.take(self.patience()) {
                Work::Closed => break,
                Work::Txns(group) => self.commit(group),
                Work::Other(command) => self.other(command),
                Work::Nothing => self.upkeep(),
            }
            self.forget();
            self.expire();
        }
        self.close();
    }

    fn patience(&self) -> Option<Duration> {
        if self.forgetting || self.disk.as_ref().is_some_and(|disk| disk.log.has_upkeep()) {
            return Some(Duration::ZERO);
        }
        self.shared.leases.lock().next_look()
    }

    fn commit(&mut self, group: Vec<WaitingTxn>) {
        let group = self.with_holes_filled(group);
        let mut batches = Vec::with_capacity(group.len());
        let mut answers = Vec::with_capacity(group.len());
        {
            let mut state = self.shared.state.write();
            let leases = self.shared.leases.lock();
            let mut head = state.visible();
            for waiting in &group {
                answers.push(apply::run(&mut state, &leases, &waiting.txn, head).map(|applied| {
                    if let Some(batch) = applied.batch {
                        head = batch.revision;
                        batches.push(batch);
                    }
                    applied.result
                }));
            }
        }
        let durable = self.make_durable(&batches, LeaseChange::None);
        for (waiting, answer) in group.into_iter().zip(answers) {
            answer_one(waiting.reply, answer, &durable);
        }
    }

    /// Who pushed a transaction has filled its holes, and nothing makes new ones; but nothing else
    /// that is written may depend on it. Answers those whose holes cannot be filled.
    fn with_holes_filled(&self, mut group: Vec<WaitingTxn>) -> Vec<WaitingTxn> {
        if self.shared.state.read().is_whole() {
            return group;
        }
        let mut at = 0;
        while let Some(waiting) = group.get(at) {
            let needed = self.shared.state.read().needed_by(&waiting.txn);
            match self.shared.fill(&needed) {
                Ok(()) => at += 1,
                Err(error) => {
                    group.remove(at).reply.send(Err(error)).ok();
                }
            }
        }
        group
    }

    /// Writes the batches and shows them, or takes them back.
    fn make_durable(&mut self, batches: &[Arc<WatchBatch>], lease: LeaseChange) -> Result<()> {
        if batches.is_empty() && matches!(lease, LeaseChange::None) {
            return Ok(());
        }
        if let Some(disk) = &mut self.disk
            && let Err(error) = disk.write(&self.shared, batches, lease)
        {
            self.shared.state.write().roll_back(batches.iter());
            return Err(error);
        }
        {
            let mut state = self.shared.state.write();
            for batch in batches {
                state.publish(batch.clone());
            }
        }
        if let Some(disk) = &mut self.disk {
            disk.checkpoints.push(batches);
        }
        {
            let mut leases = self.shared.leases.lock();
            if let LeaseChange::Grant(id, ttl_secs) = lease {
                leases.grant(id, ttl_secs);
            }
            for event in batches.iter().flat_map(|batch| &batch.events) {
                leases.follow(event);
            }
            if let LeaseChange::End(id) = lease {
                leases.end(id);
            }
        }
        self.shared.hub.deliver(batches);
        self.forgetting = true;
        Ok(())
    }

    fn other(&mut self, command: Command) {
        match command {
            Command::Grant { lease, ttl_secs, reply } => {
                let done = self.make_durable(&[], LeaseChange::Grant(lease, ttl_secs));
                reply.send(done).ok();
            }
            Command::Revoke { lease, reply } => {
                reply.send(self.end_lease(lease)).ok();
            }
            Command::Compact { revision, reply } => {
                reply.send(self.compact(revision)).ok();
            }
            Command::Txn { .. } => {}
        }
    }

    fn end_lease(&mut self, lease: LeaseId) -> Result<()> {
        let keys = self.shared.leases.lock().keys(lease)?;
        let holes = self.shared.state.read().around(&keys);
        self.shared.fill(&holes)?;
        let batch = {
            let mut state = self.shared.state.write();
            let head = state.visible();
            apply::delete_keys(&mut state, &keys, head)
        };
        self.make_durable(batch.as_slice(), LeaseChange::End(lease))
    }

    fn expire(&mut self) {
        for _ in 0..EXPIRE_STEP {
            let Some(lease) = self.shared.leases.lock().expired() else { return };
            if let Err(error) = self.end_lease(lease) {
                tracing::warn!(lease, %error, "failed to delete the keys of a lease that ran out");
                self.shared.leases.lock().postpone(lease);
            }
        }
    }

    fn compact(&mut self, revision: Revision) -> Result<()> {
        {
            let state = self.shared.state.read();
            if revision > state.visible() {
                return Err(Error::FutureRevision { asked: revision, newest: state.visible() });
            }
            if revision <= state.compacted() {
                return Err(Error::Compacted { asked: revision, oldest: state.compacted() });
            }
        }
        self.shared.state.write().mark_compacted(revision);
        self.forgetting = true;
        Ok(())
    }

    fn forget(&mut self) {
        if self.forgetting {
            self.forgetting = self.shared.state.write().forget(FORGET_STEP, &self.shared.budget);
        }
    }

    /// The disk's own work, done when nobody waits.
    fn upkeep(&mut self) {
        if let Some(disk) = &mut self.disk
            && disk.log.has_upkeep()
            && let Err(error) = disk.log.write(&self.shared, &[], LeaseChange::None)
        {
            tracing::warn!(%error, "failed to trim the log; it is tried again with the next write");
        }
    }

    fn checkpoint(&mut self) {
        if let Some(disk) = &mut self.disk {
            let news = disk.checkpoints.look();
            disk.take(news);
        }
    }

    /// Leaves a short log behind.
    fn close(&mut self) {
        if let Some(disk) = &mut self.disk
            && disk.log.works()
        {
            let news = disk.checkpoints.finish();
            disk.take(news);
        }
        while self.disk.as_ref().is_some_and(|disk| disk.log.works() && disk.log.has_upkeep()) {
            self.upkeep();
        }
    }
}

impl Disk {
    fn write(&mut self, shared: &Shared, batches: &[Arc<WatchBatch>], lease: LeaseChange) -> Result<()> {
        if self.checkpoints.is_stuck() {
            let news = self.checkpoints.retry();
            self.take(news);
        }
        if self.checkpoints.is_stuck() {
            return Err(Error::Io("no room for a checkpoint, and the log is as long as it may be".to_owned()));
        }
        self.log.write(shared, batches, lease)
    }

    fn take(&mut self, news: News) {
        match news {
            News::None => {}
            News::Saved(revision) => self.log.saved(revision),
            News::Failed(error) => self.log.end(&error),
        }
    }
}

/// However the thread ends, nobody is left waiting for it.
impl Drop for Committer {
    fn drop(&mut self) {
        self.shared.queue.close();
        self.shared.hub.close();
    }
}

#[derive(Clone, Copy)]
pub(super) enum LeaseChange {
    None,
    Grant(LeaseId, i64),
    End(LeaseId),
}

fn answer_one(reply: oneshot::Sender<Result<TxnResult>>, answer: Result<TxnResult>, durable: &Result<()>) {
    // Even one that only read may have seen what was then taken back.
    let answer = answer.and_then(|result| durable.clone().map(|()| result));
    reply.send(answer).ok();
}
