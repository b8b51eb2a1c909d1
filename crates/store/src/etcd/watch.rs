//! A watch on etcd: one stream, made again where it broke off.

use std::time::Duration;

use tokio::sync::{mpsc, watch as signal};
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Status, Streaming};

use super::call::{Connections, MAX_RESPONSE_BYTES};
use super::generated::etcdserverpb as pb;
use super::wire::{self, Space};
use crate::{Error, KeyRange, Result, Revision, WatchBatch};

/// How long a watcher may leave its buffer full before its watch is ended.
const LAG_PATIENCE: Duration = Duration::from_secs(5);
/// How long a watch tries to come back before it ends with an error.
const RECONNECT_FOR: Duration = Duration::from_mins(1);
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// The answer to a new watch.
const CREATE_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Watcher {
    connections: Connections,
    space: Space,
    range: KeyRange,
    /// The first revision not delivered yet; 0 until etcd has told where "now" is.
    next: Revision,
    sender: mpsc::Sender<Result<WatchBatch>>,
}

struct Stream {
    responses: Streaming<pb::WatchResponse>,
    /// etcd ends the watch when this closes.
    _requests: mpsc::Sender<pb::WatchRequest>,
}

/// Why a stream was left.
enum Left {
    /// For good, with what the watcher is told last, if anything.
    Ended(Option<Error>),
    /// The connection broke; the watch goes on.
    Broken(Status),
}

impl Watcher {
    pub(super) fn new(
        connections: Connections,
        space: Space,
        range: KeyRange,
        from: Revision,
        sender: mpsc::Sender<Result<WatchBatch>>,
    ) -> Self {
        Self { connections, space, range, next: from, sender }
    }

    /// Returns once etcd watches, so that no later write is missed; the rest runs by itself.
    pub(super) async fn start(mut self, mut closing: signal::Receiver<()>) -> Result<()> {
        let stream = self.connect().await?;
        let sender = self.sender.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = self.run(stream) => {}
                () = sender.closed() => {}
                // Nothing is ever sent: this ends when the engine is dropped.
                _ = closing.changed() => {}
            }
        });
        Ok(())
    }

    async fn run(&mut self, mut stream: Stream) {
        loop {
            match self.follow(&mut stream).await {
                Left::Ended(None) => return,
                Left::Ended(Some(error)) => return self.end(error).await,
                Left::Broken(status) => tracing::debug!(%status, "an etcd watch broke off; connecting again"),
            }
            match self.connect().await {
                Ok(again) => stream = again,
                Err(error) => return self.end(error).await,
            }
        }
    }

    async fn end(&self, error: Error) {
        timeout(LAG_PATIENCE, self.sender.send(Err(error))).await.ok();
    }

    /// A new stream, tried for a while.
    async fn connect(&mut self) -> Result<Stream> {
        let give_up = Instant::now() + RECONNECT_FOR;
        let mut wait = FIRST_WAIT;
        loop {
            let status = match timeout(CREATE_TIMEOUT, self.create()).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(status)) => status,
                Err(_) => Status::unavailable("etcd did not answer a new watch"),
            };
            if status.code() == Code::OutOfRange {
                return Err(Error::Compacted { asked: self.next, oldest: self.next + 1 });
            }
            let passing = matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled);
            if !passing || Instant::now() + wait > give_up {
                return Err(Error::Remote(format!("failed to watch: {}", status.message())));
            }
            self.connections.turn();
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn create(&mut self) -> Result<Stream, Status> {
        let (key, range_end) = self.space.bounds(&self.range);
        let create = pb::WatchCreateRequest {
            key,
            range_end,
            start_revision: wire::signed(self.next),
            // Tells now and then how far a silent watch has come, so that it can go on from there.
            progress_notify: true,
            prev_kv: true,
            fragment: false,
        };
        let (requests, outgoing) = mpsc::channel(1);
        let request = pb::WatchRequest { request_union: Some(pb::watch_request::RequestUnion::CreateRequest(create)) };
        // The channel is new and holds one.
        requests.send(request).await.ok();
        let mut client = pb::watch_client::WatchClient::new(self.connections.for_watch())
            .max_decoding_message_size(MAX_RESPONSE_BYTES);
        let outgoing = tokio_stream::wrappers::ReceiverStream::new(outgoing);
        let mut responses = client.watch(outgoing).await?.into_inner();
        let first = responses.message().await?.ok_or_else(|| Status::unavailable("the stream ended at once"))?;
        if first.canceled {
            let code = if first.compact_revision > 0 { Code::OutOfRange } else { Code::InvalidArgument };
            return Err(Status::new(code, first.cancel_reason));
        }
        if self.next == 0 {
            self.next = wire::revision(first.header.as_ref()) + 1;
        }
        Ok(Stream { responses, _requests: requests })
    }

    async fn follow(&mut self, stream: &mut Stream) -> Left {
        loop {
            let response = match stream.responses.message().await {
                Ok(Some(response)) => response,
                Ok(None) => return Left::Broken(Status::unavailable("the stream ended")),
                Err(status) => return Left::Broken(status),
            };
            if response.compact_revision > 0 {
                let oldest = response.compact_revision.cast_unsigned() + 1;
                return Left::Ended(Some(Error::Compacted { asked: self.next, oldest }));
            }
            if response.canceled {
                return Left::Broken(Status::unavailable(response.cancel_reason));
            }
            if response.created {
                continue;
            }
            let silent = response.events.is_empty();
            for batch in self.space.batches(response.events) {
                if batch.revision < self.next {
                    continue;
                }
                self.next = batch.revision + 1;
                if let Err(left) = self.deliver(batch).await {
                    return left;
                }
            }
            if silent {
                self.next = self.next.max(wire::revision(response.header.as_ref()) + 1);
            }
        }
    }

    /// Waits a little for a watcher that is slow, then ends its watch: its stream shares a
    /// connection with the others.
    async fn deliver(&self, batch: WatchBatch) -> Result<(), Left> {
        match timeout(LAG_PATIENCE, self.sender.reserve_many(2)).await {
            Ok(Ok(mut room)) => {
                if let Some(place) = room.next() {
                    place.send(Ok(batch));
                }
                Ok(())
            }
            Ok(Err(_)) => Err(Left::Ended(None)),
            // One place was kept for this.
            Err(_) => Err(Left::Ended(Some(Error::WatchLagged))),
        }
    }
}
