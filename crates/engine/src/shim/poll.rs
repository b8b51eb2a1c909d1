//! The shim's loop: one poll over everything that can happen, then handlers that do not block.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixListener;

use super::conn::Conn;
use super::container::{Container, Phase, Waiter};
use super::helper::Helper;
use super::mounts::Mounts;
use crate::cgroup::{Cgroup, CgroupTree};
use crate::proto::{Answer, Event, Failure, FailureKind, FromShim, InitOp, STATE, ShimState};
use crate::sys;

/// Servers connected at once; one is usual, two while one takes over from another.
const MAX_CONNS: usize = 8;
/// Ended processes whose helper has not told their pid yet.
const MAX_STRAYS: usize = 256;
/// Another try after a full disk.
const FLUSH_RETRY_MS: i64 = 500;

pub(super) struct Sandbox {
    pub(super) init: InitOp,
    pub(super) cgroup: Cgroup,
    pub(super) netns: OwnedFd,
    pub(super) userns: Option<OwnedFd>,
}

pub(super) enum Purpose {
    Create { name: String },
    Exec { exec: u64 },
}

pub(super) struct PendingHelper {
    pub(super) helper: Helper,
    pub(super) text: Vec<u8>,
    pub(super) deadline_ms: i64,
    pub(super) purpose: Purpose,
}

pub(super) struct ExecRun {
    pub(super) waiter: Waiter,
    pub(super) pid: Option<i32>,
    pub(super) output: Option<OwnedFd>,
    pub(super) text: Vec<u8>,
    pub(super) limit: usize,
    pub(super) truncated: bool,
    pub(super) status: Option<OwnedFd>,
    pub(super) status_text: Vec<u8>,
    pub(super) deadline_ms: i64,
    pub(super) timed_out: bool,
    pub(super) code: Option<i32>,
}

pub(super) struct Shim {
    pub(super) mounts: Mounts,
    pub(super) tree: CgroupTree,
    pub(super) sandbox: Option<Sandbox>,
    pub(super) containers: BTreeMap<String, Container>,
    pub(super) helpers: BTreeMap<u64, PendingHelper>,
    pub(super) execs: BTreeMap<u64, ExecRun>,
    pub(super) conns: BTreeMap<u64, Conn>,
    pub(super) listener: UnixListener,
    pub(super) signals: OwnedFd,
    pub(super) strays: HashMap<i32, i32>,
    pub(super) next_id: u64,
    pub(super) closing: Option<Closing>,
}

#[derive(Clone, Copy)]
pub(super) struct Closing {
    pub(super) waiter: Waiter,
    pub(super) until_ms: i64,
}

#[derive(Clone, Debug)]
enum Token {
    Signal,
    Listener,
    Conn(u64),
    Helper(u64),
    Status(String),
    Output(String, usize),
    ExecOutput(u64),
    ExecStatus(u64),
}

impl Shim {
    pub(super) fn run(&mut self) -> io::Result<()> {
        loop {
            let ready = self.wait()?;
            let signalled = ready.iter().any(|(token, _)| matches!(token, Token::Signal));
            for (token, events) in ready {
                self.handle(token, events);
            }
            // Last, so that a process's word is read before its end is seen.
            if signalled {
                self.reap();
            }
            self.run_deadlines();
            self.flush_logs();
            self.conns.retain(|_, conn| !conn.broken());
            if self.sandbox.is_none() && self.conns.is_empty() {
                // A warm shim whose server went away.
                return Ok(());
            }
            if self.closing.is_some() && self.try_close() {
                return Ok(());
            }
        }
    }

    fn wait(&mut self) -> io::Result<Vec<(Token, i16)>> {
        let mut sources: Vec<(Token, RawFd, i16)> = vec![
            (Token::Signal, self.signals.as_raw_fd(), libc::POLLIN),
            (Token::Listener, self.listener.as_raw_fd(), libc::POLLIN),
        ];
        for (id, conn) in &self.conns {
            let write = if conn.wants_write() { libc::POLLOUT } else { 0 };
            sources.push((Token::Conn(*id), conn.fd(), libc::POLLIN | write));
        }
        for (id, pending) in &self.helpers {
            sources.push((Token::Helper(*id), pending.helper.result.as_raw_fd(), libc::POLLIN));
        }
        let mut retry = false;
        for (name, c) in &self.containers {
            // Until it is started, an error is told with the helper's end.
            if let Some(fd) = c.status.as_ref().filter(|_| matches!(c.phase, Phase::Starting(_))) {
                sources.push((Token::Status(name.clone()), fd.as_raw_fd(), libc::POLLIN));
            }
            retry |= c.logs.has_pending();
            let drain = matches!(c.phase, Phase::Draining { .. });
            for (stream, pipe) in c.pipes.iter().enumerate() {
                if let Some(fd) = pipe
                    && (drain || c.logs.has_room())
                {
                    sources.push((Token::Output(name.clone(), stream), fd.as_raw_fd(), libc::POLLIN));
                }
            }
        }
        for (id, exec) in &self.execs {
            if let Some(fd) = &exec.output {
                sources.push((Token::ExecOutput(*id), fd.as_raw_fd(), libc::POLLIN));
            }
            if let Some(fd) = &exec.status {
                sources.push((Token::ExecStatus(*id), fd.as_raw_fd(), libc::POLLIN));
            }
        }
        let mut fds: Vec<libc::pollfd> =
            sources.iter().map(|(_, fd, events)| libc::pollfd { fd: *fd, events: *events, revents: 0 }).collect();
        let timeout = self.timeout_ms(retry);
        // SAFETY: the pointer and the count are those of `fds`.
        let n = unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout) };
        if n < 0 {
            let err = io::Error::last_os_error();
            return if err.kind() == io::ErrorKind::Interrupted { Ok(Vec::new()) } else { Err(err) };
        }
        let ready = sources.into_iter().zip(fds).filter(|(_, p)| p.revents != 0);
        Ok(ready.map(|((token, ..), p)| (token, p.revents)).collect())
    }

    fn timeout_ms(&self, retry: bool) -> i32 {
        let drains = self.containers.values().filter_map(|c| match c.phase {
            Phase::Draining { until_ms } => Some(until_ms),
            _ => None,
        });
        let next = self
            .helpers
            .values()
            .map(|h| h.deadline_ms)
            .chain(self.execs.values().map(|e| e.deadline_ms))
            .chain(drains)
            .chain(self.closing.map(|c| c.until_ms))
            .min();
        let now = sys::monotonic_ms();
        let mut wait = next.map_or(i64::MAX, |at| (at - now).max(0));
        if retry {
            wait = wait.min(FLUSH_RETRY_MS);
        }
        if self.closing.is_some() {
            // Processes of a shared group end without telling us.
            wait = wait.min(20);
        }
        if wait == i64::MAX { -1 } else { i32::try_from(wait).unwrap_or(i32::MAX) }
    }

    fn handle(&mut self, token: Token, events: i16) {
        match token {
            Token::Signal => self.drain_signals(),
            Token::Listener => self.accept(),
            Token::Conn(id) => self.on_conn(id, events),
            Token::Helper(id) => self.on_helper(id),
            Token::Status(name) => self.on_status(&name),
            Token::Output(name, stream) => self.on_output(&name, stream),
            Token::ExecOutput(id) => self.on_exec_output(id),
            Token::ExecStatus(id) => self.on_exec_status(id),
        }
    }

    fn drain_signals(&mut self) {
        let mut buffer = [0u8; size_of::<libc::signalfd_siginfo>() * 8];
        while matches!(sys::read_nonblocking(self.signals.as_fd(), &mut buffer), Ok(Some(n)) if n > 0) {}
    }

    fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            if self.conns.len() >= MAX_CONNS {
                // The oldest is the likeliest to be dead.
                self.conns.pop_first();
            }
            if let Ok(conn) = Conn::new(stream) {
                let id = self.id();
                self.conns.insert(id, conn);
            }
        }
    }

    fn on_conn(&mut self, id: u64, events: i16) {
        let Some(conn) = self.conns.get_mut(&id) else { return };
        if events & libc::POLLOUT != 0 {
            conn.flush();
            if !conn.wants_write() {
                // What it was not told while it did not keep up.
                for c in self.containers.values() {
                    conn.send(&FromShim::Event(Event::LogGrew { name: c.op.name.clone(), end: c.logs.end() }));
                }
            }
        }
        let requests = if events & !libc::POLLOUT != 0 { conn.receive() } else { Vec::new() };
        for request in requests {
            self.serve(Waiter { conn: id, request: request.id }, request.op);
        }
    }

    pub(super) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(super) fn reply(&mut self, waiter: Waiter, result: Result<Answer, Failure>) {
        if let Some(conn) = self.conns.get_mut(&waiter.conn) {
            conn.send(&FromShim::Reply { id: waiter.request, result });
        }
    }

    pub(super) fn tell(&mut self, event: &Event) {
        for conn in self.conns.values_mut() {
            conn.send(&FromShim::Event(event.clone()));
        }
    }

    /// Collects every child that has ended.
    fn reap(&mut self) {
        loop {
            let mut status = 0;
            // SAFETY: `status` is a valid out pointer.
            let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
            if pid <= 0 {
                return;
            }
            if !self.on_exit(pid, status) && self.strays.len() < MAX_STRAYS && !self.helpers.is_empty() {
                self.strays.insert(pid, status);
            }
            if self.helpers.is_empty() {
                self.strays.clear();
            }
        }
    }

    fn flush_logs(&mut self) {
        let mut grown = Vec::new();
        let mut ended = Vec::new();
        for (name, c) in &mut self.containers {
            if let Err(e) = c.logs.flush() {
                eprintln!("shim: log of {name}: {e}");
            }
            if c.logs.end() != c.log_told {
                c.log_told = c.logs.end();
                grown.push((name.clone(), c.log_told));
            }
            if matches!(c.phase, Phase::Draining { .. }) && c.drained() && !c.logs.has_pending() {
                ended.push(name.clone());
            }
        }
        // A connection that does not keep up hears of it with the next growth, or by asking.
        for (name, end) in grown {
            let event = FromShim::Event(Event::LogGrew { name, end });
            for conn in self.conns.values_mut().filter(|c| !c.wants_write()) {
                conn.send(&event);
            }
        }
        for name in ended {
            self.finish_exit(&name);
        }
    }

    pub(super) fn state(&self) -> ShimState {
        ShimState {
            sandbox: self.sandbox.as_ref().map(|s| s.init.id.clone()).unwrap_or_default(),
            shim_pid: std::process::id() as i32,
            containers: self.containers.values().map(Container::state).collect(),
        }
    }

    /// Puts the state on disk, whole or not at all. A failure costs a later server some truth, not
    /// the containers their lives.
    pub(super) fn save(&self) {
        let dir = self.mounts.path("s");
        let write = || -> io::Result<()> {
            let fresh = dir.join("state.json.new");
            fs::write(&fresh, serde_json::to_vec(&self.state())?)?;
            fs::rename(fresh, dir.join(STATE))
        };
        if let Err(e) = write() {
            eprintln!("shim: cannot save state: {e}");
        }
    }
}

pub(super) fn fail<T>(kind: FailureKind, text: impl Into<String>) -> Result<T, Failure> {
    Err(Failure { kind, text: text.into() })
}
