//! Request bodies: none, some bytes, or a span of something that can be read again after a break.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::pull::ByteStream;

/// What is to be uploaded. Read again from where the registry has it if the connection breaks.
#[async_trait]
pub trait ReadAt: Send + Sync {
    /// The bytes from `offset` to the end.
    async fn open(&self, offset: u64) -> io::Result<ByteStream>;
}

#[async_trait]
impl ReadAt for Bytes {
    async fn open(&self, offset: u64) -> io::Result<ByteStream> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let rest = self.slice(offset..);
        Ok(Box::pin(futures_util::stream::once(async move { Ok(rest) })))
    }
}

/// The body of a request. Its length is always known.
pub(crate) enum OutBody {
    Bytes(Option<Bytes>),
    Span { stream: ByteStream, left: u64, sent: Arc<Sent> },
}

/// What became of a span on its way.
#[derive(Default)]
pub(crate) struct Sent {
    /// Bytes handed to the connection so far, over all requests.
    pub(crate) bytes: AtomicU64,
    /// It was the reading that failed, and not the connection.
    pub(crate) source_failed: AtomicBool,
}

impl Body for OutBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            Self::Bytes(bytes) => Poll::Ready(bytes.take().filter(|b| !b.is_empty()).map(|b| Ok(Frame::data(b)))),
            Self::Span { left: 0, .. } => Poll::Ready(None),
            Self::Span { stream, left, sent } => loop {
                let mut chunk = match std::task::ready!(stream.as_mut().poll_next(cx)) {
                    Some(Ok(chunk)) if chunk.is_empty() => continue,
                    Some(Ok(chunk)) => chunk,
                    Some(Err(e)) => {
                        sent.source_failed.store(true, Ordering::Relaxed);
                        return Poll::Ready(Some(Err(e)));
                    }
                    None => {
                        sent.source_failed.store(true, Ordering::Relaxed);
                        return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
                    }
                };
                chunk.truncate(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= chunk.len() as u64;
                sent.bytes.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                return Poll::Ready(Some(Ok(Frame::data(chunk))));
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Span { left, .. } => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Bytes(bytes) => bytes.as_ref().map_or(0, |b| b.len() as u64),
            Self::Span { left, .. } => *left,
        })
    }
}
