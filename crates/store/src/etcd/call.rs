//! Calling one of several endpoints, and when to call again.

use std::error::Error as _;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tonic::transport::{Channel, Endpoint};
use tonic::{Code, ConnectError, Response, Status};

use super::generated::etcdserverpb as pb;
use crate::{Error, LeaseId, Result};

/// Calls of one request, the first included.
const MAX_TRIES: u32 = 6;
/// The wait before the second call; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(50);
/// One call.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// A dead peer is noticed after this and [`PING_TIMEOUT`]; etcd forbids more than one ping in 5 s.
const PING_EVERY: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(5);
/// A response: a list may hold many values.
pub(super) const MAX_RESPONSE_BYTES: usize = 256 << 20;
/// What may be in flight on a connection and on one of its streams.
const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;
const STREAM_WINDOW_BYTES: u32 = 1 << 20;

/// Why etcd did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("the revision has been compacted")]
    Compacted,
    #[error("the revision is in the future")]
    Future,
    #[error("there is no such lease")]
    NoLease,
    #[error("the request is too large")]
    TooLarge,
    #[error("{0}")]
    Other(String),
}

impl Refused {
    /// etcd tells these apart by wording only; the wording is part of its API (`rpctypes`).
    fn from_status(status: &Status) -> Self {
        let message = status.message();
        match status.code() {
            Code::OutOfRange if message.contains("compacted") => Self::Compacted,
            Code::OutOfRange if message.contains("future revision") => Self::Future,
            Code::NotFound if message.contains("lease not found") => Self::NoLease,
            Code::InvalidArgument if message.contains("too large") => Self::TooLarge,
            code => Self::Other(format!("{message} ({code:?})")),
        }
    }
}

/// A connection for calls and one for watches to each endpoint, made when first needed. They are
/// apart because a watch that is read slowly fills its connection's window.
#[derive(Clone)]
pub(super) struct Connections {
    endpoints: Arc<Vec<(Channel, Channel)>>,
    /// The endpoint that answered last.
    current: Arc<AtomicUsize>,
}

impl Connections {
    pub(super) fn new(endpoints: &[String]) -> Result<Self> {
        if endpoints.is_empty() {
            return Err(Error::Remote("no endpoint is given".to_owned()));
        }
        let endpoints = endpoints.iter().map(|address| {
            let endpoint = endpoint(address)?;
            Ok((endpoint.connect_lazy(), endpoint.connect_lazy()))
        });
        Ok(Self { endpoints: Arc::new(endpoints.collect::<Result<_>>()?), current: Arc::default() })
    }

    pub(super) fn for_watch(&self) -> Channel {
        self.endpoints[self.current.load(Ordering::Relaxed) % self.endpoints.len()].1.clone()
    }

    pub(super) fn turn(&self) {
        self.current.fetch_add(1, Ordering::Relaxed);
    }

    /// A request that may happen twice.
    pub(super) async fn read<T, F>(&self, call: impl Fn(Channel) -> F) -> Result<T, Refused>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        self.call(call, |status| matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded)).await
    }

    /// A request that may not: it is made again only if it never left.
    pub(super) async fn write<T, F>(&self, call: impl Fn(Channel) -> F) -> Result<T, Refused>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        self.call(call, never_sent).await
    }

    async fn call<T, F>(&self, call: impl Fn(Channel) -> F, again: impl Fn(&Status) -> bool) -> Result<T, Refused>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let mut wait = FIRST_WAIT;
        for tried in 1.. {
            let at = self.current.load(Ordering::Relaxed) % self.endpoints.len();
            let status = match tokio::time::timeout(CALL_TIMEOUT, call(self.endpoints[at].0.clone())).await {
                Ok(Ok(response)) => return Ok(response.into_inner()),
                Ok(Err(status)) => status,
                Err(_) => Status::deadline_exceeded(format!("no answer in {CALL_TIMEOUT:?}")),
            };
            if tried >= MAX_TRIES || !again(&status) {
                return Err(Refused::from_status(&status));
            }
            self.turn();
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(Refused::Other("not called".to_owned()))
    }
}

fn endpoint(address: &str) -> Result<Endpoint> {
    if !address.starts_with("http://") {
        return Err(Error::Remote(format!("endpoint `{address}` is not a plain http:// address")));
    }
    let endpoint = Endpoint::from_shared(address.to_owned())
        .map_err(|e| Error::Remote(format!("endpoint `{address}` is not an address: {e}")))?;
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .initial_stream_window_size(STREAM_WINDOW_BYTES))
}

/// Whether a call failed because no connection could be made.
fn never_sent(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<ConnectError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

pub(super) fn kv(channel: Channel) -> pb::kv_client::KvClient<Channel> {
    pb::kv_client::KvClient::new(channel).max_decoding_message_size(MAX_RESPONSE_BYTES)
}

/// etcd keeps leases alive over a stream; this is a stream of one.
pub(super) async fn keep_alive(
    channel: Channel,
    lease: LeaseId,
) -> Result<Response<pb::LeaseKeepAliveResponse>, Status> {
    let (requests, outgoing) = tokio::sync::mpsc::channel(1);
    // The channel is new and holds one.
    requests.send(pb::LeaseKeepAliveRequest { id: lease }).await.ok();
    let outgoing = tokio_stream::wrappers::ReceiverStream::new(outgoing);
    let mut responses = pb::lease_client::LeaseClient::new(channel).lease_keep_alive(outgoing).await?.into_inner();
    let response = responses.message().await?;
    drop(requests);
    response.map(Response::new).ok_or_else(|| Status::unavailable("the stream ended without an answer"))
}
