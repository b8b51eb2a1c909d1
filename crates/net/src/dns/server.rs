//! The server's two loops, over UDP and TCP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::limits::{MAX_FORWARDS, MAX_QUERIES_PER_CONNECTION, MAX_TCP_CONNECTIONS, MAX_UDP_QUERY, TCP_IDLE};
use super::message::{Code, Query, Unfit, refusal};
use super::names::{Answer, Names, localhost};
use super::upstream::{Upstreams, read_framed, write_framed};

/// How long a loop rests after its socket failed: the usual reason is that no file can be opened.
const REST_AFTER_ERROR: Duration = Duration::from_millis(50);
const MAX_TCP_ANSWER: usize = u16::MAX as usize;

/// A running resolver. Dropping it ends it and closes its sockets; until then they keep the
/// sandbox's namespace from going away.
#[derive(Debug)]
pub struct DnsServer(JoinHandle<()>);

impl Drop for DnsServer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl DnsServer {
    /// Serves the two sockets, usually from [`crate::Network::bind_udp`] and
    /// [`crate::Network::listen_tcp`]. What `names` does not know goes to `upstreams`, asked from
    /// the host's namespace.
    pub fn serve(udp: UdpSocket, tcp: TcpListener, names: Arc<dyn Names>, upstreams: Arc<Upstreams>) -> Self {
        let resolver = Arc::new(Resolver { names, upstreams, forwards: Semaphore::new(MAX_FORWARDS) });
        Self(tokio::spawn(async move {
            tokio::join!(serve_udp(udp, resolver.clone()), serve_tcp(tcp, resolver));
        }))
    }
}

struct Resolver {
    names: Arc<dyn Names>,
    upstreams: Arc<Upstreams>,
    forwards: Semaphore,
}

/// What is to be done about a message.
enum Step {
    Nothing,
    Reply(Vec<u8>),
    Forward(Query),
}

impl Resolver {
    fn local(&self, query: &Query) -> Answer {
        match query.name.as_deref().filter(|_| query.internet) {
            None => Answer::NotMine,
            Some(name) => match localhost(name, query.kind) {
                Answer::NotMine => self.names.lookup(name, query.kind),
                known => known,
            },
        }
    }

    fn first_step(&self, message: &[u8], over_tcp: bool) -> Step {
        let query = match Query::parse(message) {
            Ok(query) => query,
            Err(Unfit::Ignore) => return Step::Nothing,
            Err(Unfit::Refuse(code)) => return Step::Reply(refusal(message, code)),
        };
        let limit = if over_tcp { MAX_TCP_ANSWER } else { query.own_udp_limit() };
        match self.local(&query) {
            Answer::NotMine => Step::Forward(query),
            Answer::NoSuchName => Step::Reply(query.answer(message, Code::NxDomain, &[], limit)),
            Answer::Records(records) => Step::Reply(query.answer(message, Code::NoError, &records, limit)),
        }
    }

    async fn forward(&self, query: &Query, message: &[u8], over_tcp: bool) -> Vec<u8> {
        let limit = if over_tcp { MAX_TCP_ANSWER } else { query.udp_limit };
        let reply = match self.forwards.try_acquire() {
            Ok(_permit) => self.upstreams.ask(query, message, over_tcp).await,
            Err(_) => None,
        };
        match reply {
            Some(reply) => query.fit(reply, limit),
            None => query.answer(message, Code::ServFail, &[], limit),
        }
    }
}

async fn serve_udp(socket: UdpSocket, resolver: Arc<Resolver>) {
    let socket = Arc::new(socket);
    // In a set, so that questions on their way end with the server.
    let mut forwards = JoinSet::new();
    let mut buffer = vec![0; MAX_UDP_QUERY];
    loop {
        while forwards.try_join_next().is_some() {}
        let (length, client) = match socket.recv_from(&mut buffer).await {
            Ok(got) => got,
            Err(error) => {
                tracing::debug!(%error, "the resolver's socket failed");
                tokio::time::sleep(REST_AFTER_ERROR).await;
                continue;
            }
        };
        let message = &buffer[..length];
        match resolver.first_step(message, false) {
            Step::Nothing => {}
            Step::Reply(reply) => send(&socket, &reply, client).await,
            Step::Forward(query) if forwards.len() >= MAX_FORWARDS => {
                let busy = query.answer(message, Code::ServFail, &[], query.own_udp_limit());
                send(&socket, &busy, client).await;
            }
            Step::Forward(query) => {
                let (socket, resolver, message) = (socket.clone(), resolver.clone(), message.to_vec());
                forwards.spawn(async move {
                    let reply = resolver.forward(&query, &message, false).await;
                    send(&socket, &reply, client).await;
                });
            }
        }
    }
}

async fn send(socket: &UdpSocket, reply: &[u8], client: SocketAddr) {
    if let Err(error) = socket.send_to(reply, client).await {
        tracing::debug!(%client, %error, "an answer could not be sent");
    }
}

async fn serve_tcp(listener: TcpListener, resolver: Arc<Resolver>) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                while connections.try_join_next().is_some() {}
                // One too many is closed at once.
                if connections.len() < MAX_TCP_CONNECTIONS {
                    connections.spawn(serve_connection(stream, resolver.clone()));
                }
            }
            Err(error) => {
                tracing::debug!(%error, "the resolver's listener failed");
                tokio::time::sleep(REST_AFTER_ERROR).await;
            }
        }
    }
}

async fn serve_connection(mut stream: TcpStream, resolver: Arc<Resolver>) {
    for _ in 0..MAX_QUERIES_PER_CONNECTION {
        let Ok(Ok(message)) = timeout(TCP_IDLE, read_framed(&mut stream)).await else { return };
        let reply = match resolver.first_step(&message, true) {
            Step::Nothing => return,
            Step::Reply(reply) => reply,
            Step::Forward(query) => resolver.forward(&query, &message, true).await,
        };
        if !matches!(timeout(TCP_IDLE, write_framed(&mut stream, &reply)).await, Ok(Ok(()))) {
            return;
        }
    }
}
