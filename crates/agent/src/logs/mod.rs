//! Container output to CloudWatch Logs, as Docker's `awslogs` driver sends it.
//!
//! What always holds: events of a container arrive in order, once each, whatever restarts; an event is a
//! line (or a multi-line block), never empty; nothing grows without a named limit.
//!
//! One difference from Fargate, on purpose: without a `mode` option output is passed on in `blocking` mode,
//! which loses nothing, where AWS has made `non-blocking` the default to keep tasks going when CloudWatch
//! does not answer.

mod assemble;
mod batch;
mod cursor;
mod options;
mod pump;
mod strftime;

pub(crate) use self::cursor::LogCursor;
pub(crate) use self::options::LogDestination;
pub(crate) use self::pump::LogPump;

/// Bytes of one event, CloudWatch's limit less its 26 bytes of overhead.
pub(crate) const MAX_EVENT: usize = 262_144 - EVENT_OVERHEAD;
/// Bytes that CloudWatch counts for each event beside its message.
pub(crate) const EVENT_OVERHEAD: usize = 26;
/// Bytes of one `PutLogEvents`, messages and overhead.
pub(crate) const MAX_BATCH_BYTES: usize = 1_048_576;
/// Events of one `PutLogEvents`.
pub(crate) const MAX_BATCH_EVENTS: usize = 10_000;
/// Milliseconds that the events of one `PutLogEvents` may lie apart.
pub(crate) const MAX_BATCH_SPAN_MS: i64 = 24 * 3600 * 1000;
