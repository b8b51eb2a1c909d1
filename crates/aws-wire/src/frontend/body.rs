//! Bodies: reading requests within limits, and answers that are whole or a stream of events.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context as TaskContext, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{BODY_UNIT, Inner};
use crate::AwsError;
use crate::protocol::eventstream;
use crate::schema::{OperationSchema, Protocol, ServiceSchema};

/// An answer's body.
pub struct ResponseBody(Kind);

enum Kind {
    Whole(BoxBody<Bytes, Infallible>),
    Events {
        service: &'static ServiceSchema,
        operation: &'static OperationSchema,
        /// Still to be said first.
        first: Option<Bytes>,
        receiver: mpsc::Receiver<(&'static str, Value)>,
    },
}

impl ResponseBody {
    pub(super) fn whole(body: BoxBody<Bytes, Infallible>) -> Self {
        Self(Kind::Whole(body))
    }

    pub(super) fn events(
        service: &'static ServiceSchema,
        operation: &'static OperationSchema,
        receiver: mpsc::Receiver<(&'static str, Value)>,
    ) -> Self {
        let first = (service.protocol == Protocol::AwsJson).then(eventstream::initial_response);
        Self(Kind::Events { service, operation, first, receiver })
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Kind::Whole(body) => Pin::new(body).poll_frame(cx),
            Kind::Events { service, operation, first, receiver } => {
                if let Some(first) = first.take() {
                    return Poll::Ready(Some(Ok(Frame::data(first))));
                }
                receiver.poll_recv(cx).map(|event| {
                    event.map(|(name, value)| Ok(Frame::data(eventstream::event(service, operation, name, &value))))
                })
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(body) => body.is_end_stream(),
            Kind::Events { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(body) => body.size_hint(),
            Kind::Events { .. } => SizeHint::default(),
        }
    }
}

impl Inner {
    /// Reads a request's body whole, within the limits of size and time.
    pub(super) async fn read_body<B>(&self, body: B, signed: bool) -> Result<Bytes, AwsError>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: std::fmt::Display,
    {
        let limits = self.defaults.limits;
        let declared = body.size_hint();
        let (limit, turns, units) = if signed {
            // A body that does not say how long it is may come to be as long as any.
            let most = declared.upper().map_or(limits.body_bytes, |n| usize::try_from(n).unwrap_or(usize::MAX));
            let all = (limits.bodies_bytes / BODY_UNIT).max(1);
            let units = most.min(limits.body_bytes).div_ceil(BODY_UNIT).clamp(1, all);
            (limits.body_bytes, &self.bodies, u32::try_from(units).unwrap_or(u32::MAX))
        } else {
            (limits.unsigned_body_bytes, &self.unsigned_bodies, 1)
        };
        if declared.lower() > limit as u64 {
            return Err(too_large(limit));
        }
        if declared.exact() == Some(0) {
            return Ok(Bytes::new());
        }
        let _turn =
            turns.acquire_many(units).await.map_err(|_| AwsError::receiver("InternalFailure", "Shutting down."))?;
        match tokio::time::timeout(limits.body_timeout, collect(body, limit)).await {
            Ok(read) => read,
            Err(_) => {
                Err(AwsError::sender("RequestTimeout", "The request's body did not arrive in time.").with_status(408))
            }
        }
    }
}

async fn collect<B>(body: B, limit: usize) -> Result<Bytes, AwsError>
where
    B: Body<Data = Bytes> + Send,
    B::Error: std::fmt::Display,
{
    let declared = usize::try_from(body.size_hint().lower()).unwrap_or(limit).min(limit);
    let mut body = pin!(body);
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| AwsError::sender("IncompleteBody", format!("The body broke off: {e}")))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + rest.len() + data.len() > limit {
            return Err(too_large(limit));
        }
        if rest.is_empty() && first.is_empty() {
            // Most bodies come in one piece, which is then not copied.
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.reserve(declared.max(first.len() + data.len()));
            rest.extend_from_slice(&first);
            first = Bytes::new();
        }
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}

fn too_large(limit: usize) -> AwsError {
    AwsError::sender("RequestEntityTooLarge", format!("The request's body is over the limit of {limit} bytes."))
        .with_status(413)
}
