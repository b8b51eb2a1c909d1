//! Carries one container's output from the runtime to the sink until the container has ended and
//! everything is there.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_agent_api::{LogEvent, LogSink};

use super::assemble::{Assembled, Assembler};
use super::cursor::Intent;
use super::{LogCursor, LogDestination, batch};
use crate::runtime::{LogPiece, LogSource, RuntimeError, SandboxHandle};

/// Pieces that are taken from the runtime at a time.
const READ_PIECES: usize = 4096;
/// How long an unfinished block of lines waits for its end, as Docker's driver has it.
const BLOCK_WAIT: Duration = Duration::from_secs(5);
/// How often it is told, at most, that output moves.
const TELL_EVERY: Duration = Duration::from_secs(1);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(10);
/// Tries to open the runtime's log before the container's output is given up.
const OPEN_TRIES: u32 = 5;

pub(crate) struct LogPump {
    destination: LogDestination,
    sink: Arc<dyn LogSink>,
    cursor: LogCursor,
    moved: Box<dyn Fn() + Send + Sync>,
    told_at: Option<Instant>,
    /// Number of the next batch.
    sequence: u64,
    /// Where the next batch begins.
    start: u64,
}

impl LogPump {
    /// `moved` is called now and then while output reaches the sink.
    pub fn new(
        destination: LogDestination,
        sink: Arc<dyn LogSink>,
        cursor: LogCursor,
        moved: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self { destination, sink, cursor, moved: Box::new(moved), told_at: None, sequence: 0, start: 0 }
    }

    /// Ends when the container has, or when its output cannot be had any more.
    pub async fn run(mut self, handle: &dyn SandboxHandle, container: &str) {
        if let Err(error) = self.carry(handle, container).await {
            tracing::warn!(container, %error, "gave up on a container's output");
        }
    }

    async fn carry(&mut self, handle: &dyn SandboxHandle, container: &str) -> Result<(), RuntimeError> {
        let intent = self.cursor.read().unwrap_or_else(|error| {
            tracing::error!(container, %error, "a log cursor is unreadable; output may come twice");
            None
        });
        if let Some(intent) = intent {
            (self.sequence, self.start) = (intent.sequence, intent.start);
        }
        let mut source = open(handle, container, self.start).await?;
        let held = match intent {
            None => Vec::new(),
            Some(intent) => match self.resend(&mut *source, intent).await {
                Ok(held) => held,
                // The span was acknowledged before the restart, and its bytes are gone.
                Err(_) => {
                    (self.sequence, self.start) = (intent.sequence + 1, intent.end);
                    source = open(handle, container, self.start).await?;
                    Vec::new()
                }
            },
        };
        self.carry_on(&mut *source, held).await
    }

    /// The span that may or may not have been taken before the restart goes again under its old number.
    /// Gives back what was read beyond it.
    async fn resend(&mut self, source: &mut dyn LogSource, intent: Intent) -> Result<Vec<LogPiece>, RuntimeError> {
        let mut assembler = Assembler::new(self.destination.multiline.clone());
        let (mut events, mut beyond) = (Vec::new(), Vec::new());
        let mut reached = intent.start;
        while reached < intent.end && beyond.is_empty() {
            let pieces = source.next(READ_PIECES).await?;
            if pieces.is_empty() {
                break;
            }
            for piece in pieces {
                if piece.next_offset > intent.end {
                    beyond.push(piece);
                } else {
                    reached = piece.next_offset;
                    assembler.push(&piece, &mut events);
                }
            }
        }
        assembler.flush(&mut events);
        // Nothing left of the span: it had been acknowledged.
        if !events.is_empty() {
            self.append(intent.sequence, &events).await;
            source.ack(intent.end).await?;
        }
        (self.sequence, self.start) = (intent.sequence + 1, intent.end);
        Ok(beyond)
    }

    /// Reads no further than it has sent: what the sink does not take stays with the runtime, whose buffer
    /// is bounded and in the end blocks the container or drops its output, as the log's mode says.
    async fn carry_on(&mut self, source: &mut dyn LogSource, held: Vec<LogPiece>) -> Result<(), RuntimeError> {
        let mut assembler = Assembler::new(self.destination.multiline.clone());
        let mut events = Vec::new();
        let mut pieces = held;
        loop {
            for piece in &pieces {
                assembler.push(piece, &mut events);
            }
            self.send(source, &mut events).await?;
            match next(source, &assembler).await? {
                Next::Pieces(more) => pieces = more,
                Next::Idle => {
                    pieces.clear();
                    assembler.flush(&mut events);
                }
                Next::End => break,
            }
        }
        assembler.flush(&mut events);
        self.send(source, &mut events).await
    }

    async fn send(&mut self, source: &mut dyn LogSource, events: &mut Vec<Assembled>) -> Result<(), RuntimeError> {
        let mut queue: VecDeque<Assembled> = events.drain(..).collect();
        while !queue.is_empty() {
            let batch = batch::cut(&mut queue);
            let end = self.note(&batch);
            self.append(self.sequence, &batch).await;
            self.sent(source, end).await?;
        }
        Ok(())
    }

    /// Writes down what is about to be sent, and gives where it ends.
    fn note(&self, batch: &[Assembled]) -> u64 {
        let end = batch.iter().map(|e| e.end).max().unwrap_or(self.start).max(self.start);
        let intent = Intent { sequence: self.sequence, start: self.start, end };
        if let Err(error) = self.cursor.write(intent) {
            // A full disk must not stop the output; only a restart right now would double it.
            tracing::error!(%error, "failed to write a log cursor");
        }
        end
    }

    async fn sent(&mut self, source: &mut dyn LogSource, end: u64) -> Result<(), RuntimeError> {
        self.sequence += 1;
        self.start = end;
        if self.told_at.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
            self.told_at = Some(Instant::now());
            (self.moved)();
        }
        source.ack(end).await
    }

    /// Tries until the sink takes the batch or refuses it for good.
    async fn append(&self, sequence: u64, batch: &[Assembled]) {
        let to = &self.destination;
        let mut wait = FIRST_RETRY;
        loop {
            let events = batch.iter().map(|e| LogEvent { at: e.at, message: e.message.clone() }).collect();
            let taken = self.sink.append(&to.account, &to.region, &to.group, to.stream(), sequence, events).await;
            match taken {
                Ok(()) => return,
                Err(error) if error.retryable => {
                    tracing::debug!(group = to.group, stream = to.stream(), %error, "log sink; trying again");
                }
                Err(error) => {
                    // The group was deleted, say. Holding on would only fill the buffer.
                    let lost = batch.len();
                    tracing::warn!(group = to.group, stream = to.stream(), %error, lost, "log events refused");
                    return;
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LAST_RETRY);
        }
    }
}

enum Next {
    Pieces(Vec<LogPiece>),
    /// A block has waited long enough for more.
    Idle,
    End,
}

async fn next(source: &mut dyn LogSource, assembler: &Assembler) -> Result<Next, RuntimeError> {
    let pieces = if assembler.is_holding() {
        match tokio::time::timeout(BLOCK_WAIT, source.next(READ_PIECES)).await {
            Ok(pieces) => pieces?,
            Err(_) => return Ok(Next::Idle),
        }
    } else {
        source.next(READ_PIECES).await?
    };
    Ok(if pieces.is_empty() { Next::End } else { Next::Pieces(pieces) })
}

async fn open(handle: &dyn SandboxHandle, container: &str, from: u64) -> Result<Box<dyn LogSource>, RuntimeError> {
    let mut tries = 1;
    loop {
        match handle.logs(container, from).await {
            Ok(source) => return Ok(source),
            Err(error) if tries >= OPEN_TRIES => return Err(error),
            Err(_) => tokio::time::sleep(FIRST_RETRY * tries).await,
        }
        tries += 1;
    }
}
