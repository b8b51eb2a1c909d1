//! GetLogEvents and FilterLogEvents.

use std::fmt::Write as _;

use gantry_aws_api::logs::{
    FilterLogEventsRequest, FilterLogEventsResponse, FilteredLogEvent, GetLogEventsRequest, GetLogEventsResponse,
    OutputLogEvent,
};
use gantry_aws_wire::Context;

use crate::error::Refusal;
use crate::pattern::Pattern;
use crate::records::{Scope, StreamRecord};
use crate::storage::select::{self, Found, MAX_PAGE_EVENTS, Place, Query};
use crate::{Error, Logs};

/// AWS's limit on `logStreamNames`, which the model has too.
const MAX_STREAM_NAMES: usize = 100;

fn limit(given: Option<i32>) -> usize {
    given.and_then(|n| usize::try_from(n).ok()).unwrap_or(MAX_PAGE_EVENTS).clamp(1, MAX_PAGE_EVENTS)
}

impl Logs {
    pub(crate) async fn get_events(
        &self,
        context: &Context,
        input: GetLogEventsRequest,
    ) -> Result<GetLogEventsResponse, Error> {
        let scope = Scope::of(context);
        let name = Self::named_group(scope, input.log_group_name, input.log_group_identifier.as_deref())?;
        let (group, record) = self.stream(scope, &name, &input.log_stream_name).await?;
        let token_scope = format!("{}|{}|{name}|{}", scope.account, scope.region, record.uid);
        let (newest, gap) = match &input.next_token {
            None => (!input.start_from_head.unwrap_or(false), None),
            Some(token) => {
                let (newest, sealed) = if let Some(rest) = token.strip_prefix("f/") {
                    (false, rest)
                } else {
                    (true, token.strip_prefix("b/").ok_or(Refusal::Token)?)
                };
                let sealed = sealed.strip_suffix("/s").ok_or(Refusal::Token)?;
                let opened = self.pages.open("GetLogEvents", &token_scope, sealed).map_err(|_| Refusal::Token)?;
                (newest, Some(Place::read(&opened).ok_or(Refusal::Token)?))
            }
        };
        let first_ts = input.start_time.unwrap_or(i64::MIN).max(group.floor_ts(context.now));
        // `endTime` itself is left out here, unlike in FilterLogEvents.
        let last_ts = input.end_time.map_or(i64::MAX, |end| end.saturating_sub(1));
        let limit = limit(input.limit);
        let (from, to) = match &gap {
            Some(gap) if newest => (Place::start(), Some(gap.clone())),
            Some(gap) => (gap.clone(), None),
            None => (Place::start(), None),
        };
        let streams = self.open_records(scope, &name, vec![record]).await?;
        let page = self
            .page(move |storage| {
                let query = Query { from, to, first_ts, last_ts, limit, newest, matcher: &|_| true };
                select::page(storage, &streams, &query)
            })
            .await?;
        // Tokens are gaps between events: an empty page gives back the one that was asked with.
        let here = gap.unwrap_or_else(Place::start);
        let before = page.events.first().map_or_else(|| here.clone(), |e| e.place.clone());
        let after = page.events.last().map_or(here, |e| e.place.after());
        let seal = |mark: char, place: &Place| {
            format!("{mark}/{}/s", self.pages.seal("GetLogEvents", &token_scope, &place.write()))
        };
        Ok(GetLogEventsResponse {
            next_forward_token: Some(seal('f', &after)),
            next_backward_token: Some(seal('b', &before)),
            events: Some(page.events.into_iter().map(output).collect()),
        })
    }

    pub(crate) async fn filter_events(
        &self,
        context: &Context,
        input: FilterLogEventsRequest,
    ) -> Result<FilterLogEventsResponse, Error> {
        let scope = Scope::of(context);
        let name = Self::named_group(scope, input.log_group_name, input.log_group_identifier.as_deref())?;
        let group = self.group(scope, &name).await?.value;
        let pattern_text = input.filter_pattern.unwrap_or_default();
        let pattern = Pattern::parse(&pattern_text).map_err(|e| Refusal::invalid(e.to_string()))?;
        let names = input.log_stream_names.unwrap_or_default();
        if !names.is_empty() && input.log_stream_name_prefix.is_some() {
            let message = "logStreamNamePrefix and logStreamNames are mutually exclusive parameters.";
            return Err(Refusal::invalid(message).into());
        }
        if names.len() > MAX_STREAM_NAMES {
            return Err(Refusal::invalid(format!("At most {MAX_STREAM_NAMES} log streams can be named.")).into());
        }
        if let (Some(start), Some(end)) = (input.start_time, input.end_time)
            && start > end
        {
            return Err(Refusal::invalid("startTime must not be later than endTime.").into());
        }
        let prefix = input.log_stream_name_prefix.unwrap_or_default();
        let mut token_scope = format!("{}|{}|{name}|{prefix}|{names:?}|{pattern_text}", scope.account, scope.region);
        let _ = write!(token_scope, "|{:?}|{:?}", input.start_time, input.end_time);
        let from = match &input.next_token {
            None => Place::start(),
            Some(token) => {
                let opened = self.pages.open("FilterLogEvents", &token_scope, token).map_err(|_| Refusal::Token)?;
                Place::read(&opened).ok_or(Refusal::Token)?
            }
        };
        let streams = if names.is_empty() {
            self.open_streams(scope, &name, &prefix).await?
        } else {
            let mut records = Vec::with_capacity(names.len());
            for stream in &names {
                let found = self.store.get_as::<StreamRecord>(&scope.stream_key(&name, stream)).await?;
                records.push(found.ok_or(Refusal::NoStream)?.value);
            }
            records.sort_by(|a, b| a.name.cmp(&b.name));
            records.dedup();
            self.open_records(scope, &name, records).await?
        };
        let first_ts = input.start_time.unwrap_or(i64::MIN).max(group.floor_ts(context.now));
        let last_ts = input.end_time.unwrap_or(i64::MAX);
        let limit = limit(input.limit);
        let page = self
            .page(move |storage| {
                let matcher = |message: &str| pattern.matches(message);
                let query = Query { from, to: None, first_ts, last_ts, limit, newest: false, matcher: &matcher };
                select::page(storage, &streams, &query)
            })
            .await?;
        let next_token = page.next.map(|place| self.pages.seal("FilterLogEvents", &token_scope, &place.write()));
        Ok(FilterLogEventsResponse {
            events: Some(page.events.into_iter().map(filtered).collect()),
            // AWS stopped telling which streams it has searched, and answers an empty list.
            searched_log_streams: Some(Vec::new()),
            next_token,
        })
    }
}

fn output(found: Found) -> OutputLogEvent {
    OutputLogEvent {
        timestamp: Some(found.place.ts),
        message: Some(found.message),
        ingestion_time: Some(found.ingestion),
    }
}

fn filtered(found: Found) -> FilteredLogEvent {
    FilteredLogEvent {
        event_id: Some(event_id(&found)),
        timestamp: Some(found.place.ts),
        message: Some(found.message),
        ingestion_time: Some(found.ingestion),
        log_stream_name: Some(found.place.stream),
    }
}

/// 56 digits that grow with time and are an event's own: its time, its stream, its place in the stream.
fn event_id(found: &Found) -> String {
    let stream = u64::from_str_radix(found.uid.get(..16).unwrap_or("0"), 16).unwrap_or(0);
    format!("{:016}{stream:020}{:010}{:010}", found.place.ts.max(0), found.place.segment, found.place.ordinal)
}
