//! PutLogEvents.

use gantry_aws_api::logs::{InputLogEvent, PutLogEventsRequest, PutLogEventsResponse, RejectedLogEventsInfo};
use gantry_aws_wire::Context;

use crate::error::Refusal;
use crate::records::{Scope, StreamRecord};
use crate::storage::segment::EVENT_OVERHEAD;
use crate::tail::Batch;
use crate::{Error, Logs};

/// AWS's limits, <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html>.
/// (That a batch has 10,000 events at most stands in the model.)
const MAX_BATCH_BYTES: u64 = 1_048_576;
const MAX_EVENT_BYTES: u64 = 1_048_576;
const MAX_SPAN_MS: i64 = 24 * 60 * 60 * 1000;
const TOO_OLD_MS: i64 = 14 * 24 * 60 * 60 * 1000;
const TOO_NEW_MS: i64 = 2 * 60 * 60 * 1000;
/// AWS still gives sequence tokens and takes any.
pub const SEQUENCE_TOKEN: &str = "49590302938276340195184792483903184275684752906713472002";

impl Logs {
    pub(crate) async fn put_events(
        &self,
        context: &Context,
        input: PutLogEventsRequest,
    ) -> Result<PutLogEventsResponse, Error> {
        let scope = Scope::of(context);
        let events = input.log_events;
        check(&events)?;
        let (group, record) = self.stream(scope, &input.log_group_name, &input.log_stream_name).await?;
        let now = context.now.millis();
        let before = |limit: i64| events.iter().take_while(|e| e.timestamp < limit).count();
        let too_old = before(now - TOO_OLD_MS);
        let expired = before(group.floor_ts(context.now));
        let too_new = events.iter().take_while(|e| e.timestamp <= now + TOO_NEW_MS).count();
        let first = too_old.max(expired).min(too_new);
        let index = |at: usize| i32::try_from(at).ok();
        let rejected = RejectedLogEventsInfo {
            too_new_log_event_start_index: index(too_new).filter(|_| too_new < events.len()),
            too_old_log_event_end_index: index(too_old).filter(|_| too_old > 0),
            expired_log_event_end_index: index(expired).filter(|_| expired > 0),
        };
        let all = too_new == events.len() && first == 0;
        let taken: Vec<(i64, Vec<u8>)> =
            events.into_iter().take(too_new).skip(first).map(|e| (e.timestamp, e.message.into_bytes())).collect();
        if !taken.is_empty() {
            self.append_events(scope, &input.log_group_name, record, None, now, taken).await?;
        }
        Ok(PutLogEventsResponse {
            next_sequence_token: Some(SEQUENCE_TOKEN.to_owned()),
            rejected_log_events_info: (!all).then_some(rejected),
            rejected_entity_info: None,
        })
    }

    /// Appends, and tells followers. Without a word if the sequence number has been taken before.
    pub(crate) async fn append_events(
        &self,
        scope: Scope<'_>,
        group: &str,
        record: StreamRecord,
        sequence: Option<u64>,
        ingestion: i64,
        events: Vec<(i64, Vec<u8>)>,
    ) -> Result<(), Error> {
        let owner = scope.stream_key(group, &record.name);
        let (wake, events) = self
            .blocking(move |storage| {
                let stream = storage.stream(&record.uid, &owner)?;
                let borrowed: Vec<(i64, &[u8])> = events.iter().map(|(ts, message)| (*ts, &message[..])).collect();
                let fresh = stream.append(sequence, ingestion, &borrowed)?;
                let wake = fresh && storage.mark_dirty(&stream);
                Ok((wake, fresh.then_some((record.name, events))))
            })
            .await?;
        if wake {
            self.dirty.notify_one();
        }
        if let Some((stream, events)) = events {
            self.tails.publish(&scope.group_key(group), || Batch {
                group_arn: scope.group_arn(group),
                stream,
                ingestion,
                events: events.iter().map(|(ts, m)| (*ts, String::from_utf8_lossy(m).into_owned())).collect(),
            });
        }
        Ok(())
    }
}

fn check(events: &[InputLogEvent]) -> Result<(), Refusal> {
    let size = |event: &InputLogEvent| event.message.len() as u64 + EVENT_OVERHEAD;
    if let Some(large) = events.iter().map(size).find(|size| *size > MAX_EVENT_BYTES) {
        return Err(Refusal::invalid(format!("Log event too large: {large} bytes exceeds limit of {MAX_EVENT_BYTES}")));
    }
    let total: u64 = events.iter().map(size).sum();
    if total > MAX_BATCH_BYTES {
        return Err(Refusal::invalid(format!("Upload too large: {total} bytes exceeds limit of {MAX_BATCH_BYTES}")));
    }
    if !events.is_sorted_by_key(|e| e.timestamp) {
        let message = "Log events in a single PutLogEvents request must be in chronological order.";
        return Err(Refusal::invalid(message));
    }
    if let (Some(first), Some(last)) = (events.first(), events.last())
        && last.timestamp.saturating_sub(first.timestamp) > MAX_SPAN_MS
    {
        let message = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.";
        return Err(Refusal::invalid(message));
    }
    Ok(())
}
