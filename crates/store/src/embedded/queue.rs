//! What waits for the committer: bounded by bytes, taken out a group at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::{Error, LeaseId, Result, Revision, Txn, TxnResult, validate};

/// Bytes of waiting transactions; whoever comes on top waits for room.
const QUEUE_BYTES: usize = 64 << 20;
/// Transactions in one group, which share one fsync.
const GROUP_TXNS: usize = 1024;
/// Bytes in one group, one transaction more or less.
const GROUP_BYTES: usize = 4 << 20;

pub(super) enum Command {
    Txn { txn: Txn, reply: oneshot::Sender<Result<TxnResult>> },
    Grant { lease: LeaseId, ttl_secs: i64, reply: oneshot::Sender<Result<()>> },
    Revoke { lease: LeaseId, reply: oneshot::Sender<Result<()>> },
    Compact { revision: Revision, reply: oneshot::Sender<Result<()>> },
}

impl Command {
    fn weight(&self) -> usize {
        match self {
            Self::Txn { txn, .. } => validate::weight(txn),
            _ => 256,
        }
    }
}

struct Queued {
    command: Command,
    weight: usize,
    room: OwnedSemaphorePermit,
}

/// A transaction on its way; its room in the queue is free again once it is answered.
pub(super) struct WaitingTxn {
    pub(super) txn: Txn,
    pub(super) reply: oneshot::Sender<Result<TxnResult>>,
    _room: OwnedSemaphorePermit,
}

pub(super) enum Work {
    Txns(Vec<WaitingTxn>),
    /// Anything else runs by itself, so that it sees all before it as durable.
    Other(Command),
    Nothing,
    Closed,
}

#[derive(Default)]
struct Waiting {
    commands: VecDeque<Queued>,
    closed: bool,
    /// There is something to do that nobody waits for.
    nudged: bool,
}

pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    room: Arc<Semaphore>,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self { waiting: Mutex::default(), arrived: Condvar::new(), room: Arc::new(Semaphore::new(QUEUE_BYTES)) }
    }

    pub(super) async fn push(&self, command: Command) -> Result<()> {
        let weight = command.weight();
        let permits = u32::try_from(weight).unwrap_or(u32::MAX);
        let room = self.room.clone().acquire_many_owned(permits).await.map_err(|_| Error::Closed)?;
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            return Err(Error::Closed);
        }
        waiting.commands.push_back(Queued { command, weight, room });
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// The next thing to do, waiting up to `patience` for it (`None`: for ever).
    pub(super) fn take(&self, patience: Option<Duration>) -> Work {
        let until = patience.map(|patience| Instant::now() + patience);
        let mut waiting = self.waiting.lock();
        while waiting.commands.is_empty() && !waiting.closed && !waiting.nudged {
            match until {
                None => self.arrived.wait(&mut waiting),
                Some(until) => {
                    if self.arrived.wait_until(&mut waiting, until).timed_out() {
                        break;
                    }
                }
            }
        }
        if waiting.closed {
            return Work::Closed;
        }
        waiting.nudged = false;
        waiting.next_group()
    }

    /// Makes who waits in [`take`](Self::take) look at its other work.
    pub(super) fn nudge(&self) {
        self.waiting.lock().nudged = true;
        self.arrived.notify_one();
    }

    pub(super) fn close(&self) {
        let mut waiting = self.waiting.lock();
        waiting.closed = true;
        waiting.commands.clear();
        drop(waiting);
        self.room.close();
        self.arrived.notify_one();
    }
}

impl Waiting {
    fn next_group(&mut self) -> Work {
        let mut group = Vec::new();
        let mut bytes = 0;
        while group.len() < GROUP_TXNS && bytes < GROUP_BYTES {
            let Some(Queued { command, weight, room }) = self.commands.pop_front() else { break };
            match command {
                Command::Txn { txn, reply } => {
                    bytes += weight;
                    group.push(WaitingTxn { txn, reply, _room: room });
                }
                other if group.is_empty() => return Work::Other(other),
                other => {
                    self.commands.push_front(Queued { command: other, weight, room });
                    break;
                }
            }
        }
        if group.is_empty() { Work::Nothing } else { Work::Txns(group) }
    }
}
