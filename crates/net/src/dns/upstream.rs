//! The host's own resolvers, and asking them.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::limits::{MAX_RESOLV_CONF, MAX_UPSTREAMS, UPSTREAM_TIMEOUT};
use super::message::Query;

const PORT: u16 = 53;
const MAX_MESSAGE: usize = u16::MAX as usize;
/// A sandbox's own resolver: naming it would send questions in a circle.
const OURSELVES: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);

/// The resolvers in a resolv.conf(5), at most three. Lines that are not understood are passed over,
/// as the C library does.
pub fn parse_resolv_conf(text: &str) -> Vec<SocketAddr> {
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|w| *w == "nameserver").and_then(|_| words.next())?;
        address.parse::<IpAddr>().ok()
    });
    servers.filter(|ip| *ip != OURSELVES).take(MAX_UPSTREAMS).map(|ip| SocketAddr::new(ip, PORT)).collect()
}

/// What tells that a file was changed or replaced.
type Stamp = (u64, i64, i64, u64);

#[derive(Debug)]
enum Source {
    Fixed(Arc<[SocketAddr]>),
    File { path: PathBuf, read: Mutex<(Option<Stamp>, Arc<[SocketAddr]>)> },
}

/// A list of resolvers, in the order in which they are asked.
#[derive(Debug)]
pub struct Upstreams(Source);

impl Upstreams {
    pub fn fixed(servers: Vec<SocketAddr>) -> Self {
        Self(Source::Fixed(servers.into()))
    }

    /// Those of a resolv.conf, which is read again whenever it has changed. A file that cannot be
    /// read has none.
    pub fn resolv_conf(path: impl Into<PathBuf>) -> Self {
        Self(Source::File { path: path.into(), read: Mutex::new((None, Arc::new([]))) })
    }

    pub fn current(&self) -> Arc<[SocketAddr]> {
        let (path, read) = match &self.0 {
            Source::Fixed(list) => return list.clone(),
            Source::File { path, read } => (path, read),
        };
        let stamp = fs::metadata(path).ok().map(|m| (m.ino(), m.mtime(), m.mtime_nsec(), m.len()));
        let mut read = read.lock();
        if read.0 != stamp || stamp.is_none() {
            let fits = stamp.is_some_and(|s| s.3 <= MAX_RESOLV_CONF);
            let text = if fits { fs::read_to_string(path).unwrap_or_default() } else { String::new() };
            *read = (stamp, parse_resolv_conf(&text).into());
        }
        read.1.clone()
    }

    /// Asks one resolver after the other; `None` if none answers.
    pub(super) async fn ask(&self, query: &Query, message: &[u8], over_tcp: bool) -> Option<Vec<u8>> {
        for server in self.current().iter() {
            let answer = async {
                if over_tcp { ask_tcp(*server, message).await } else { ask_udp(*server, query, message).await }
            };
            match timeout(UPSTREAM_TIMEOUT, answer).await {
                Ok(Ok(reply)) if query.is_answered_by(message, &reply) => return Some(reply),
                other => {
                    tracing::debug!(%server, result = ?other.map(|r| r.map(|b| b.len())), "a resolver did not answer");
                }
            }
        }
        None
    }
}

/// A socket of its own for each question: its random port is what a forger would have to guess.
async fn ask_udp(server: SocketAddr, query: &Query, message: &[u8]) -> io::Result<Vec<u8>> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(message).await?;
    let mut reply = Vec::with_capacity(MAX_MESSAGE);
    loop {
        reply.clear();
        socket.recv_buf(&mut reply).await?;
        if query.is_answered_by(message, &reply) {
            return Ok(reply);
        }
    }
}

async fn ask_tcp(server: SocketAddr, message: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(server).await?;
    write_framed(&mut stream, message).await?;
    read_framed(&mut stream).await
}

/// A message with its length before it (RFC 1035 section 4.2.2).
pub(super) async fn write_framed(stream: &mut TcpStream, message: &[u8]) -> io::Result<()> {
    let length = u16::try_from(message.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
    let mut framed = length.to_be_bytes().to_vec();
    framed.extend_from_slice(message);
    stream.write_all(&framed).await
}

pub(super) async fn read_framed(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = usize::from(stream.read_u16().await?);
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn resolv_conf() {
        let table: &[(&str, &[&str])] = &[
            ("", &[]),
            ("nameserver 10.0.0.2\n", &["10.0.0.2:53"]),
            ("# nameserver 1.1.1.1\nsearch x\n  nameserver\t::1  # local\nnameserver nonsense\n", &["[::1]:53"]),
            (
                "nameserver 1.0.0.1\nnameserver 1.0.0.2\nnameserver 1.0.0.3\nnameserver 1.0.0.4",
                &["1.0.0.1:53", "1.0.0.2:53", "1.0.0.3:53"],
            ),
            ("nameserver 169.254.169.253\nnameserver 127.0.0.53", &["127.0.0.53:53"]),
            ("nameserver fe80::1%eth0\nnameserver", &[]),
        ];
        for (text, want) in table {
            let want: Vec<SocketAddr> = want.iter().map(|w| w.parse().unwrap()).collect();
            assert_eq!(parse_resolv_conf(text), want, "{text}");
        }
    }

    #[test]
    fn a_changed_file_is_read_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("resolv.conf");
        let upstreams = Upstreams::resolv_conf(&path);
        assert!(upstreams.current().is_empty());
        fs::write(&path, "nameserver 10.0.0.2").unwrap();
        assert_eq!(upstreams.current().len(), 1);
        fs::write(&path, "nameserver 10.0.0.2\nnameserver 10.0.0.3").unwrap();
        assert_eq!(upstreams.current().len(), 2);
        fs::remove_file(&path).unwrap();
        assert!(upstreams.current().is_empty());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "(nameserver|[ .:0-9a-f%#\n]){0,80}") {
            prop_assert!(parse_resolv_conf(&text).len() <= MAX_UPSTREAMS);
        }
    }
}
