//! Netlink (RFC 3549; kernel `Documentation/userspace-api/netlink`): messages, attributes, and one
//! blocking socket. Route and nf_tables messages are both built from these.
//!
//! A socket belongs to the network namespace of the thread that opened it, for good: it may be used
//! from any thread afterwards. All integers here are the machine's own byte order; nf_tables'
//! big-endian ones are made by their encoder.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt, socket,
    sockopt,
};
use nix::sys::time::{TimeVal, TimeValLike};

/// The kernel answers at once; a silence this long means that it never will.
const REPLY_TIMEOUT_S: i64 = 10;
/// The kernel fills dumps in pieces of at most 32 KiB.
const RECEIVE_BYTES: usize = 64 * 1024;
/// More replies than this to one dump are not read.
const MAX_DUMP_MESSAGES: usize = 1 << 16;

const HEADER: usize = 16;

pub const F_ACK: u16 = 0x4;
pub const F_DUMP: u16 = 0x300;
pub const F_EXCL: u16 = 0x200;
pub const F_REPLACE: u16 = 0x100;
pub const F_CREATE: u16 = 0x400;
pub const F_APPEND: u16 = 0x800;
const F_REQUEST: u16 = 0x1;
const MSG_ERROR: u16 = 2;
const MSG_DONE: u16 = 3;
const NESTED: u16 = 0x8000;
const TYPE_MASK: u16 = 0x3fff;

/// One request under construction.
#[derive(Clone, Debug)]
pub struct Message(Vec<u8>);

impl Message {
    /// A message of `kind` whose fixed part is `body`.
    pub fn new(kind: u16, flags: u16, body: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&0u32.to_ne_bytes());
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&(flags | F_REQUEST).to_ne_bytes());
        bytes.extend_from_slice(&[0; 8]);
        bytes.extend_from_slice(body);
        let mut message = Self(bytes);
        message.pad();
        message
    }

    pub fn attr(mut self, kind: u16, value: &[u8]) -> Self {
        self.put(kind, value);
        self
    }

    /// A text attribute, with the final zero byte that the kernel's strings have.
    pub fn text(self, kind: u16, value: &str) -> Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.attr(kind, &bytes)
    }

    pub fn u32(self, kind: u16, value: u32) -> Self {
        self.attr(kind, &value.to_ne_bytes())
    }

    /// An attribute that holds what `fill` adds (a fixed part may come first, by [`Message::raw`]).
    pub fn nest(mut self, kind: u16, fill: impl FnOnce(Self) -> Self) -> Self {
        let start = self.0.len();
        self.put(kind | NESTED, &[]);
        let mut filled = fill(self);
        let length = u16::try_from(filled.0.len() - start).unwrap_or(u16::MAX);
        filled.0[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        filled
    }

    /// Bytes that are no attribute, as the header inside a veth's peer.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self.pad();
        self
    }

    pub fn with_flags(mut self, flags: u16) -> Self {
        let all = u16::from_ne_bytes([self.0[6], self.0[7]]) | flags;
        self.0[6..8].copy_from_slice(&all.to_ne_bytes());
        self
    }

    fn put(&mut self, kind: u16, value: &[u8]) {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self.0.extend_from_slice(&length.to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(value);
        self.pad();
    }

    fn pad(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    fn seal(&mut self, sequence: u32) {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0[8..12].copy_from_slice(&sequence.to_ne_bytes());
    }
}

/// Which protocol a socket speaks.
#[derive(Clone, Copy, Debug)]
pub enum Family {
    Route,
    Netfilter,
}

/// A blocking netlink socket of the namespace it was opened in.
#[derive(Debug)]
pub struct Socket {
    fd: OwnedFd,
    sequence: u32,
}

/// What the kernel said to one message of a request.
pub type Outcome = Result<(), Errno>;

impl Socket {
    pub fn open(family: Family) -> io::Result<Self> {
        let protocol = match family {
            Family::Route => SockProtocol::NetlinkRoute,
            Family::Netfilter => SockProtocol::NetlinkNetFilter,
        };
        let fd = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        setsockopt(&fd, sockopt::ReceiveTimeout, &TimeVal::seconds(REPLY_TIMEOUT_S))?;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        Ok(Self { fd, sequence: 0 })
    }

    fn send(&mut self, messages: &mut [Message]) -> io::Result<u32> {
        let first = self.sequence.wrapping_add(1);
        let mut bytes = Vec::new();
        for message in messages {
            self.sequence = self.sequence.wrapping_add(1);
            message.seal(self.sequence);
            bytes.extend_from_slice(&message.0);
        }
        send(self.fd.as_raw_fd(), &bytes, MsgFlags::empty())?;
        Ok(first)
    }

    fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match recv(self.fd.as_raw_fd(), buffer, MsgFlags::empty()) {
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Err(io::ErrorKind::TimedOut.into()),
                other => return Ok(other?),
            }
        }
    }

    /// Sends all messages in one call and answers what the kernel said to each, in order. The kernel
    /// goes on after a message that it refused.
    pub fn request(&mut self, mut messages: Vec<Message>) -> io::Result<Vec<Outcome>> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        messages = messages.into_iter().map(|m| m.with_flags(F_ACK)).collect();
        let first = self.send(&mut messages)?;
        let mut outcomes: Vec<Option<Outcome>> = vec![None; messages.len()];
        let mut buffer = vec![0; RECEIVE_BYTES];
        while outcomes.iter().any(Option::is_none) {
            let got = self.receive(&mut buffer)?;
            for reply in replies(&buffer[..got]) {
                let at = reply.sequence.wrapping_sub(first) as usize;
                if let (Some(slot), Some(outcome)) = (outcomes.get_mut(at), reply.outcome()) {
                    *slot = Some(outcome);
                }
            }
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// Sends an nf_tables batch (begin and end included) and answers its first error. The last
    /// message before the end must ask for an acknowledgement; `last` is its index.
    pub fn batch(&mut self, mut messages: Vec<Message>, last: usize) -> io::Result<Outcome> {
        let first = self.send(&mut messages)?;
        let mut buffer = vec![0; RECEIVE_BYTES];
        let mut failed = None;
        loop {
            let got = self.receive(&mut buffer)?;
            for reply in replies(&buffer[..got]) {
                let at = reply.sequence.wrapping_sub(first) as usize;
                let Some(outcome) = reply.outcome().filter(|_| at < messages.len()) else { continue };
                if outcome.is_err() && failed.is_none() {
                    failed = outcome.err();
                }
                // An error on the first message is the verdict on the whole batch.
                if at >= last || (at == 0 && outcome.is_err()) {
                    return Ok(failed.map_or(Ok(()), Err));
                }
            }
        }
    }

    /// The bodies of all messages that a dump (or a plain get) answers with.
    pub fn dump(&mut self, message: Message) -> io::Result<Vec<Vec<u8>>> {
        let mut message = [message.with_flags(F_ACK)];
        let sequence = self.send(&mut message)?;
        let mut buffer = vec![0; RECEIVE_BYTES];
        let mut bodies = Vec::new();
        loop {
            let got = self.receive(&mut buffer)?;
            for reply in replies(&buffer[..got]).filter(|r| r.sequence == sequence) {
                match reply.outcome() {
                    Some(Ok(())) => return Ok(bodies),
                    Some(Err(errno)) => return Err(errno.into()),
                    None if bodies.len() >= MAX_DUMP_MESSAGES => return Err(io::ErrorKind::OutOfMemory.into()),
                    None => bodies.push(reply.body.to_vec()),
                }
            }
        }
    }
}

struct Reply<'a> {
    kind: u16,
    sequence: u32,
    body: &'a [u8],
}

impl Reply<'_> {
    /// `Some` if this ends a request: an acknowledgement, an error, or a dump's end.
    fn outcome(&self) -> Option<Outcome> {
        if self.kind != MSG_ERROR && self.kind != MSG_DONE {
            return None;
        }
        match get_i32(self.body, 0).unwrap_or(0) {
            0 => Some(Ok(())),
            code => Some(Err(Errno::from_raw(code.saturating_neg()))),
        }
    }
}

fn replies(mut bytes: &[u8]) -> impl Iterator<Item = Reply<'_>> {
    std::iter::from_fn(move || {
        let length = get_u32(bytes, 0)? as usize;
        let body = bytes.get(HEADER..length)?;
        let reply = Reply { kind: get_u16(bytes, 4)?, sequence: get_u32(bytes, 8)?, body };
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some(reply)
    })
}

/// The attributes in `bytes`, as (type, value); stops at the first that does not fit.
pub fn attrs(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(get_u16(bytes, 0)?);
        let kind = get_u16(bytes, 2)? & TYPE_MASK;
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

pub fn get_u16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

pub fn get_u32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

pub fn get_i32(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// A text attribute's value without its final zero.
pub fn get_text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.strip_suffix(&[0]).unwrap_or(bytes)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn attributes_nest_and_pad() {
        let mut message = Message::new(16, 0, &[1, 2, 3, 4]).text(3, "ab").nest(18, |m| m.u32(1, 7).attr(2, &[9]));
        message.seal(5);
        assert_eq!(get_u32(&message.0, 0), Some(message.0.len() as u32));
        let got: Vec<_> = attrs(&message.0[HEADER + 4..]).collect();
        assert_eq!(got[0], (3, &b"ab\0"[..]));
        let inner: Vec<_> = attrs(got[1].1).collect();
        assert_eq!(inner, vec![(1, &7u32.to_ne_bytes()[..]), (2, &[9][..])]);
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for reply in replies(&bytes) {
                let _ = reply.outcome();
                prop_assert!(attrs(reply.body).count() <= bytes.len());
            }
        }
    }
}
