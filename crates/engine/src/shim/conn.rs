//! The shim's side of its connections: non-blocking, line by line, bounded both ways.

use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;

use crate::proto::{FromShim, MAX_LINE_BYTES, Request};

/// Answers and events waiting for a server that does not read; beyond, it has to reconnect.
const MAX_WAITING_BYTES: usize = 4 << 20;

pub(super) struct Conn {
    stream: UnixStream,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    broken: bool,
}

impl Conn {
    pub(super) fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self { stream, incoming: Vec::new(), outgoing: Vec::new(), broken: false })
    }

    pub(super) fn fd(&self) -> RawFd {
        self.stream.as_raw_fd()
    }

    pub(super) fn wants_write(&self) -> bool {
        !self.outgoing.is_empty()
    }

    pub(super) fn broken(&self) -> bool {
        self.broken
    }

    pub(super) fn send(&mut self, message: &FromShim) {
        if self.broken {
            return;
        }
        match serde_json::to_vec(message) {
            Ok(line) => {
                self.outgoing.extend_from_slice(&line);
                self.outgoing.push(b'\n');
            }
            Err(_) => self.broken = true,
        }
        self.flush();
        self.broken |= self.outgoing.len() > MAX_WAITING_BYTES;
    }

    pub(super) fn flush(&mut self) {
        while !self.outgoing.is_empty() && !self.broken {
            match self.stream.write(&self.outgoing) {
                Ok(n) if n > 0 => {
                    self.outgoing.drain(..n);
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                _ => self.broken = true,
            }
        }
        self.outgoing.shrink_to(16 << 10);
    }

    /// Whole requests that have come in. A line that is too long or no request breaks the connection.
    pub(super) fn receive(&mut self) -> Vec<Request> {
        let mut buffer = [0u8; 16 << 10];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.broken = true,
                Ok(n) => {
                    self.incoming.extend_from_slice(&buffer[..n]);
                    if self.incoming.len() > 2 * MAX_LINE_BYTES {
                        self.broken = true;
                    }
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => break,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.broken = true,
            }
            if self.broken {
                break;
            }
        }
        let mut requests = Vec::new();
        while let Some(end) = self.incoming.iter().position(|b| *b == b'\n') {
            let line: Vec<u8> = self.incoming.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(request) if line.len() <= MAX_LINE_BYTES => requests.push(request),
                _ => self.broken = true,
            }
        }
        self.incoming.shrink_to(16 << 10);
        requests
    }
}
