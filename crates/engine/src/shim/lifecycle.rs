//! What happens to containers without being asked: helpers end, programs start, write and end,
//! times run out.

use std::os::fd::AsFd;
use std::time::Duration;

use super::container::Phase;
use super::poll::{ExecRun, PendingHelper, Purpose, Shim};
use crate::proto::{Answer, Event, ExecResult, Exit, Failure, FailureKind};
use crate::sys;

/// How long pipes may stay open after the container's first process has gone.
const DRAIN_MS: i64 = 5_000;
/// Output of an exec is not waited for longer than this once it has ended.
const EXEC_DRAIN_MS: i64 = 500;
/// Reads of an exec's output at a time.
const EXEC_READS: usize = 8;
/// How long a killed exec may take to be reaped before it is answered anyway.
const EXEC_KILL_MS: i64 = 5_000;

impl Shim {
    pub(super) fn on_helper(&mut self, id: u64) {
        let Some(pending) = self.helpers.get_mut(&id) else { return };
        let mut buffer = [0u8; 4096];
        loop {
            match sys::read_nonblocking(pending.helper.result.as_fd(), &mut buffer) {
                Ok(Some(n)) if n > 0 => pending.text.extend_from_slice(&buffer[..n]),
                Ok(None) if pending.text.last() != Some(&0) => return,
                _ => break,
            }
        }
        pending.text.pop_if(|b| *b == 0);
        if let Some(pending) = self.helpers.remove(&id) {
            self.helper_done(pending);
        }
    }

    fn helper_done(&mut self, pending: PendingHelper) {
        let text = String::from_utf8_lossy(&pending.text).into_owned();
        let outcome = match text.strip_prefix('!') {
            Some(error) => Err(error.to_owned()),
            None => text.parse::<i32>().map_err(|_| "the helper ended without a word".to_owned()),
        };
        match pending.purpose {
            Purpose::Create { name } => self.created(&name, outcome),
            Purpose::Exec { exec } => self.exec_made(exec, outcome),
        }
    }

    fn created(&mut self, name: &str, outcome: Result<i32, String>) {
        let Some(c) = self.containers.get_mut(name) else { return };
        let Phase::Creating(waiter) = c.phase else { return };
        match outcome {
            Ok(pid) => {
                c.pid = pid;
                c.pidfd = sys::pidfd_open(pid).ok();
                c.phase = Phase::Created;
                self.save();
                self.reply(waiter, Ok(Answer::Done));
                if let Some(status) = self.strays.remove(&pid) {
                    self.on_exit(pid, status);
                }
            }
            Err(text) => {
                let text = c.status_error().unwrap_or(text);
                c.cgroup.kill();
                self.discard(name);
                self.save();
                self.reply(waiter, Err(Failure { kind: FailureKind::CannotStart, text }));
            }
        }
    }

    pub(super) fn on_status(&mut self, name: &str) {
        let Some(c) = self.containers.get_mut(name) else { return };
        let Phase::Starting(waiter) = c.phase else { return };
        let Some(outcome) = c.read_status() else { return };
        let (pid, at) = (c.pid, sys::now_ms());
        match outcome {
            Ok(()) => {
                c.phase = Phase::Running;
                c.started_at = Some(at);
                self.reply(waiter, Ok(Answer::Started { pid, at }));
                self.tell(&Event::Started { name: name.to_owned(), pid, at });
            }
            Err(text) => {
                c.phase = Phase::Exited;
                c.close_output();
                self.reply(waiter, Err(Failure { kind: FailureKind::CannotStart, text }));
            }
        }
        self.save();
    }

    pub(super) fn on_output(&mut self, name: &str, stream: usize) {
        if let Some(c) = self.containers.get_mut(name) {
            let all = matches!(c.phase, Phase::Draining { .. });
            if c.read_output(stream, all).is_err() {
                c.pipes[stream] = None;
            }
        }
    }

    /// A child has ended. False: it is none that we know (yet).
    pub(super) fn on_exit(&mut self, pid: i32, status: i32) -> bool {
        if let Some(exec) = self.execs.values_mut().find(|e| e.pid == Some(pid)) {
            exec.code = Some(exit_code(status));
            let soon = sys::monotonic_ms() + EXEC_DRAIN_MS;
            exec.deadline_ms = if exec.timed_out { soon } else { exec.deadline_ms.min(soon) };
            self.finish_execs();
            return true;
        }
        let Some(name) =
            self.containers.iter().find(|(_, c)| c.pid == pid && c.pidfd.is_some()).map(|(n, _)| n.clone())
        else {
            return false;
        };
        // The program's start may not have been noticed yet.
        self.on_status(&name);
        let Some(c) = self.containers.get_mut(&name) else { return true };
        c.pidfd = None;
        // Nothing of a container lives on after its first process.
        c.cgroup.kill();
        if c.phase == Phase::Exited {
            return true;
        }
        if let Phase::Starting(waiter) = c.phase {
            c.phase = Phase::Exited;
            let text = "the container's init was killed before it ran the program".to_owned();
            self.reply(waiter, Err(Failure { kind: FailureKind::CannotStart, text }));
            return true;
        }
        let signal = libc::WIFSIGNALED(status).then(|| libc::WTERMSIG(status));
        let code = exit_code(status);
        let oom = code == 128 + libc::SIGKILL && c.cgroup.oom_kills() > 0;
        c.exit = Some(Exit { code, signal, oom, at: sys::now_ms(), log_end: 0, reason: None });
        c.phase = Phase::Draining { until_ms: sys::monotonic_ms() + DRAIN_MS };
        for stream in 0..2 {
            if c.read_output(stream, true).is_err() {
                c.pipes[stream] = None;
            }
        }
        true
    }

    /// All output of an ended container is on disk: say so.
    pub(super) fn finish_exit(&mut self, name: &str) {
        let Some(c) = self.containers.get_mut(name) else { return };
        c.phase = Phase::Exited;
        let log_end = c.logs.end();
        let Some(exit) = c.exit.as_mut() else { return };
        exit.log_end = log_end;
        let event = Event::Exited { name: name.to_owned(), exit: exit.clone() };
        self.save();
        self.tell(&event);
    }

    fn exec_made(&mut self, id: u64, outcome: Result<i32, String>) {
        let Some(exec) = self.execs.get_mut(&id) else { return };
        match outcome {
            Ok(pid) => {
                exec.pid = Some(pid);
                if exec.timed_out {
                    kill_session(pid);
                }
                if let Some(status) = self.strays.remove(&pid) {
                    self.on_exit(pid, status);
                }
            }
            Err(text) => {
                let waiter = exec.waiter;
                self.execs.remove(&id);
                self.reply(waiter, Err(Failure { kind: FailureKind::CannotStart, text }));
            }
        }
    }

    pub(super) fn on_exec_output(&mut self, id: u64) {
        let Some(exec) = self.execs.get_mut(&id) else { return };
        read_exec(exec);
        self.finish_execs();
    }

    pub(super) fn on_exec_status(&mut self, id: u64) {
        let Some(exec) = self.execs.get_mut(&id) else { return };
        let mut buffer = [0u8; 1024];
        let Some(status) = &exec.status else { return };
        match sys::read_nonblocking(status.as_fd(), &mut buffer) {
            Ok(None) => {}
            Ok(Some(n)) if n > 0 => exec.status_text.extend_from_slice(&buffer[..n]),
            _ => exec.status = None,
        }
        self.finish_execs();
    }

    /// Answers for those processes that have ended and said everything.
    fn finish_execs(&mut self) {
        let now = sys::monotonic_ms();
        let done: Vec<u64> = self
            .execs
            .iter()
            .filter(|(_, e)| e.code.is_some() && e.status.is_none() && (e.output.is_none() || now >= e.deadline_ms))
            .map(|(id, _)| *id)
            .collect();
        for id in done {
            if let Some(exec) = self.execs.remove(&id) {
                self.answer_exec(exec);
            }
        }
    }

    fn answer_exec(&mut self, exec: ExecRun) {
        if !exec.status_text.is_empty() {
            let text = String::from_utf8_lossy(&exec.status_text).into_owned();
            self.reply(exec.waiter, Err(Failure { kind: FailureKind::CannotStart, text }));
            return;
        }
        let result = ExecResult {
            exit_code: exec.code.filter(|_| !exec.timed_out),
            output: String::from_utf8_lossy(&exec.text).into_owned(),
            truncated: exec.truncated,
            timed_out: exec.timed_out,
        };
        self.reply(exec.waiter, Ok(Answer::Exec(result)));
    }

    pub(super) fn run_deadlines(&mut self) {
        let now = sys::monotonic_ms();
        let late: Vec<u64> = self.helpers.iter().filter(|(_, h)| now >= h.deadline_ms).map(|(id, _)| *id).collect();
        for id in late {
            if let Some(mut pending) = self.helpers.remove(&id) {
                // SAFETY: no pointers; the helper is our child and not reaped unless it ended,
                // in which case its result would have been read.
                unsafe { libc::kill(pending.helper.pid, libc::SIGKILL) };
                pending.text = b"!making the process took too long".to_vec();
                self.helper_done(pending);
            }
        }
        for c in self.containers.values_mut() {
            if let Phase::Draining { until_ms } = c.phase
                && now >= until_ms
            {
                c.close_output();
            }
        }
        self.expire_execs(now);
    }

    fn expire_execs(&mut self, now: i64) {
        let mut given_up = Vec::new();
        for (id, exec) in &mut self.execs {
            if now < exec.deadline_ms {
                continue;
            }
            if exec.code.is_some() {
                exec.output = None;
                exec.status = None;
            } else if exec.timed_out {
                given_up.push(*id);
            } else {
                exec.timed_out = true;
                exec.deadline_ms = now + EXEC_KILL_MS;
                if let Some(pid) = exec.pid {
                    kill_session(pid);
                }
            }
        }
        for id in given_up {
            if let Some(exec) = self.execs.remove(&id) {
                self.answer_exec(exec);
            }
        }
        self.finish_execs();
    }

    pub(super) fn kill_all(&mut self) {
        if let Some(sandbox) = &self.sandbox {
            sandbox.cgroup.kill();
        }
        // One that has a code was reaped: its pid may be somebody else's by now.
        for exec in self.execs.values().filter(|e| e.code.is_none()) {
            if let Some(pid) = exec.pid {
                kill_session(pid);
            }
        }
    }

    /// Goes on closing down; true once nothing is left (or the time is up).
    pub(super) fn try_close(&mut self) -> bool {
        let Some(closing) = self.closing else { return false };
        self.kill_all();
        let overdue = sys::monotonic_ms() >= closing.until_ms;
        let left = self.sandbox.as_ref().is_some_and(|s| !s.cgroup.pids().is_empty());
        let draining = self.containers.values().any(|c| matches!(c.phase, Phase::Draining { .. } | Phase::Running));
        if (left || draining) && !overdue {
            return false;
        }
        self.release_all();
        self.save();
        let result = if left {
            Err(Failure { kind: FailureKind::Io, text: "processes of the sandbox could not be killed".to_owned() })
        } else {
            Ok(Answer::Done)
        };
        self.reply(closing.waiter, result);
        true
    }

    fn release_all(&mut self) {
        let names: Vec<String> = self.containers.keys().cloned().collect();
        for name in names {
            self.mounts.release(&name);
        }
        if let Some(sandbox) = &self.sandbox {
            for _ in 0..100 {
                match sandbox.cgroup.remove() {
                    Ok(true) => break,
                    _ => std::thread::sleep(Duration::from_millis(2)),
                }
            }
        }
    }

    /// The loop itself failed: take the containers along rather than leave them unheld.
    pub(super) fn abandon(&mut self) {
        self.kill_all();
        self.save();
    }
}

/// ECS's and the shell's form of a wait status.
fn exit_code(status: i32) -> i32 {
    if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) }
}

/// An added process leads a session of its own: its group goes with it.
fn kill_session(pid: i32) {
    // SAFETY: no pointers; the pid is a child of ours that has not been reaped.
    unsafe {
        libc::kill(-pid, libc::SIGKILL);
        libc::kill(pid, libc::SIGKILL);
    }
}

/// Reads some of what is there: a process that writes without end must not keep the shim from the rest.
fn read_exec(exec: &mut ExecRun) {
    let mut buffer = vec![0u8; 16 << 10];
    for _ in 0..EXEC_READS {
        let Some(pipe) = &exec.output else { return };
        match sys::read_nonblocking(pipe.as_fd(), &mut buffer) {
            Ok(None) => return,
            Ok(Some(n)) if n > 0 => {
                let room = exec.limit.saturating_sub(exec.text.len());
                exec.truncated |= n > room;
                exec.text.extend_from_slice(&buffer[..n.min(room)]);
            }
            _ => exec.output = None,
        }
    }
}
