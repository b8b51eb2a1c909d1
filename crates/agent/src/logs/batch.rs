//! Events into batches that `PutLogEvents` takes.

use std::collections::VecDeque;

use super::assemble::Assembled;
use super::{EVENT_OVERHEAD, MAX_BATCH_BYTES, MAX_BATCH_EVENTS, MAX_BATCH_SPAN_MS};

/// The next batch from the front of `events`; empty only if there are none.
pub(super) fn cut(events: &mut VecDeque<Assembled>) -> Vec<Assembled> {
    let Some(first) = events.front().map(|e| e.at) else { return Vec::new() };
    let mut bytes = 0;
    let mut count = 0;
    for event in events.iter().take(MAX_BATCH_EVENTS) {
        bytes += event.message.len() + EVENT_OVERHEAD;
        if bytes > MAX_BATCH_BYTES || event.at.since_ms(first).abs() >= MAX_BATCH_SPAN_MS {
            break;
        }
        count += 1;
    }
    // One event alone always fits: see MAX_EVENT.
    let mut batch: Vec<Assembled> = events.drain(..count.max(1)).collect();
    // The service wants time order; a clock that was set back must not cost the batch.
    batch.sort_by_key(|e| e.at);
    batch
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use gantry_base::Timestamp;

    use super::*;

    fn events(count: usize, size: usize) -> VecDeque<Assembled> {
        let message = Bytes::from(vec![b'x'; size]);
        let event = |n| Assembled { at: Timestamp::from_secs(1), message: message.clone(), end: n as u64 };
        (0..count).map(event).collect()
    }

    #[test]
    fn batches_keep_the_services_limits() {
        let mut many = events(10_001, 1);
        assert_eq!((cut(&mut many).len(), cut(&mut many).len(), cut(&mut many).len()), (10_000, 1, 0));
        let mut large = events(5, super::super::MAX_EVENT);
        assert_eq!((cut(&mut large).len(), cut(&mut large).len()), (4, 1));
        let mut apart = events(2, 1);
        apart[1].at = apart[0].at.plus_ms(MAX_BATCH_SPAN_MS);
        assert_eq!((cut(&mut apart).len(), cut(&mut apart).len()), (1, 1));
    }
}
