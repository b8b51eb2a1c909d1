//! One container inside the shim, from being made to having ended.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use super::logs::LogWriter;
use crate::cgroup::Cgroup;
use crate::proto::{ContainerPhase, ContainerState, CreateOp, Exit};
use crate::sys;

/// Who waits for an answer: the connection and its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Waiter {
    pub(super) conn: u64,
    pub(super) request: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Creating(Waiter),
    Created,
    Starting(Waiter),
    Running,
    /// The first process is gone, its output not all read yet.
    Draining {
        until_ms: i64,
    },
    Exited,
}

pub(super) struct Container {
    pub(super) op: CreateOp,
    pub(super) phase: Phase,
    pub(super) cgroup: Cgroup,
    pub(super) pid: i32,
    pub(super) pidfd: Option<OwnedFd>,
    pub(super) started_at: Option<i64>,
    pub(super) exit: Option<Exit>,
    pub(super) logs: LogWriter,
    pub(super) pipes: [Option<OwnedFd>; 2],
    pub(super) status: Option<OwnedFd>,
    pub(super) status_text: Vec<u8>,
    pub(super) log_told: u64,
}

/// Read from a pipe at once.
const READ_BYTES: usize = 64 << 10;
/// Longest error text a starting process may send.
const MAX_STATUS_BYTES: usize = 4096;

impl Container {
    /// Reads what the container wrote, as far as there is room. With `all` the limit is passed
    /// over: an ended container has at most a pipe's worth left.
    pub(super) fn read_output(&mut self, stream: usize, all: bool) -> io::Result<()> {
        let mut buffer = vec![0u8; READ_BYTES];
        while all || self.logs.has_room() {
            let Some(pipe) = &self.pipes[stream] else { return Ok(()) };
            match sys::read_nonblocking(pipe.as_fd(), &mut buffer)? {
                None => return Ok(()),
                Some(0) => {
                    self.logs.feed_end(stream, sys::now_ms());
                    self.pipes[stream] = None;
                }
                Some(n) => {
                    self.logs.feed(stream, &buffer[..n], sys::now_ms());
                    if !all {
                        // One pipe must not starve the others.
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Gives up on pipes that something outside the container still holds.
    pub(super) fn close_output(&mut self) {
        for stream in 0..2 {
            self.logs.feed_end(stream, sys::now_ms());
            self.pipes[stream] = None;
        }
    }

    pub(super) fn drained(&self) -> bool {
        self.pipes.iter().all(Option::is_none)
    }

    /// Reads the starting process's word. `Some(Ok)`: the program runs. `Some(Err)`: it does not.
    pub(super) fn read_status(&mut self) -> Option<Result<(), String>> {
        let mut buffer = [0u8; 1024];
        let status = self.status.as_ref()?;
        loop {
            match sys::read_nonblocking(status.as_fd(), &mut buffer) {
                Ok(None) => return None,
                Ok(Some(n)) if n > 0 && self.status_text.len() < MAX_STATUS_BYTES => {
                    self.status_text.extend_from_slice(&buffer[..n]);
                }
                Ok(Some(n)) if n > 0 => {}
                _ => break,
            }
        }
        self.status = None;
        let text = String::from_utf8_lossy(&std::mem::take(&mut self.status_text)).into_owned();
        Some(if text.is_empty() { Ok(()) } else { Err(text) })
    }

    /// An error already said, though the process that said it may still hold the pipe.
    pub(super) fn status_error(&mut self) -> Option<String> {
        let ended = self.read_status();
        let held = String::from_utf8_lossy(&self.status_text).into_owned();
        match ended {
            Some(Err(text)) => Some(text),
            _ => Some(held).filter(|text| !text.is_empty()),
        }
    }

    pub(super) fn state(&self) -> ContainerState {
        ContainerState {
            name: self.op.name.clone(),
            phase: match self.phase {
                Phase::Creating(_) | Phase::Created | Phase::Starting(_) => ContainerPhase::Created,
                Phase::Running | Phase::Draining { .. } => ContainerPhase::Running,
                Phase::Exited => ContainerPhase::Exited,
            },
            pid: self.pid,
            started_at: self.started_at,
            exit: if self.phase == Phase::Exited { self.exit.clone() } else { None },
            log_end: self.logs.end(),
            log_acked: self.logs.acked(),
            log_dropped: self.logs.dropped(),
        }
    }
}
