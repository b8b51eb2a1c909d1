//! Log streams.

use std::sync::Arc;

use gantry_aws_api::logs::{DescribeLogStreamsRequest, DescribeLogStreamsResponse, LogStream};
use gantry_aws_wire::Context;
use gantry_base::{Timestamp, hex_id};
use gantry_store::{Compare, KeyRange, Op, RangeRequest, Store, Txn, Versioned};

use crate::error::Refusal;
use crate::records::{Scope, StreamRecord};
use crate::storage::stream::{Stream, Totals};
use crate::{Error, Logs};

const PAGE: usize = 50;

impl Logs {
    pub(crate) async fn create_stream(
        &self,
        scope: Scope<'_>,
        group: &str,
        stream: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let record = StreamRecord { name: stream.to_owned(), uid: hex_id(&*self.entropy, 32), created_at: now };
        let key = scope.stream_key(group, stream);
        let value = Store::encode(&key, &record)?;
        let txn = Txn::new()
            .when(Compare::exists(scope.group_key(group)))
            .when(Compare::absent(key.clone()))
            .then(Op::put(key, value));
        if self.store.txn(txn).await?.succeeded {
            return Ok(());
        }
        self.group(scope, group).await?;
        Err(Refusal::StreamExists.into())
    }

    pub(crate) async fn delete_stream(&self, context: &Context, group: &str, stream: &str) -> Result<(), Error> {
        let scope = Scope::of(context);
        let (_, record) = self.stream(scope, group, stream).await?;
        if !self.store.delete(scope.stream_key(group, stream)).await? {
            return Err(Refusal::NoStream.into());
        }
        self.blocking(move |storage| storage.remove(&record.uid).map_err(Error::Io)).await
    }

    /// The files of a group's streams whose names begin with `prefix`, by name.
    pub(crate) async fn open_streams(
        &self,
        scope: Scope<'_>,
        group: &str,
        prefix: &str,
    ) -> Result<Vec<(String, Arc<Stream>)>, Error> {
        let key = scope.streams_prefix(group) + prefix;
        let records = self.store.list_as::<StreamRecord>(&key).await?.into_iter().map(|v| v.value).collect();
        self.open_records(scope, group, records).await
    }

    pub(crate) async fn open_records(
        &self,
        scope: Scope<'_>,
        group: &str,
        records: Vec<StreamRecord>,
    ) -> Result<Vec<(String, Arc<Stream>)>, Error> {
        let prefix = scope.streams_prefix(group);
        self.blocking(move |storage| {
            let open = |record: StreamRecord| {
                let stream = storage.stream(&record.uid, &(prefix.clone() + &record.name))?;
                Ok((record.name, stream))
            };
            records.into_iter().map(open).collect()
        })
        .await
    }

    pub(crate) async fn describe_streams(
        &self,
        context: &Context,
        input: DescribeLogStreamsRequest,
    ) -> Result<DescribeLogStreamsResponse, Error> {
        let scope = Scope::of(context);
        let name = Self::named_group(scope, input.log_group_name, input.log_group_identifier.as_deref())?;
        let group = self.group(scope, &name).await?.value;
        let by_time = input.order_by.as_deref() == Some("LastEventTime");
        if by_time && input.log_stream_name_prefix.is_some() {
            return Err(Refusal::invalid("Cannot order by LastEventTime with a logStreamNamePrefix.").into());
        }
        let limit = input.limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE).min(PAGE);
        let prefix = input.log_stream_name_prefix.unwrap_or_default();
        let descending = input.descending.unwrap_or(false);
        let token_scope = format!("{}|{}|{name}|{prefix}|{by_time}|{descending}", scope.account, scope.region);
        let last = match &input.next_token {
            Some(token) => {
                Some(self.pages.open("DescribeLogStreams", &token_scope, token).map_err(|_| Refusal::Token)?)
            }
            None => None,
        };
        let listing = Listing { scope, group: &name, floor: group.floor_ts(context.now), limit, descending };
        let (page, next) = if by_time {
            self.streams_by_time(&listing, last).await?
        } else {
            self.streams_by_name(&listing, &prefix, last).await?
        };
        let views = page.into_iter().map(|(record, totals)| listing.view(record, totals)).collect();
        let next_token = next.map(|last| self.pages.seal("DescribeLogStreams", &token_scope, &last));
        Ok(DescribeLogStreamsResponse { log_streams: Some(views), next_token })
    }

    async fn streams_by_name(&self, listing: &Listing<'_>, prefix: &str, last: Option<String>) -> Result<Page, Error> {
        let whole = listing.scope.streams_prefix(listing.group);
        let mut range = KeyRange::prefix(whole.clone() + prefix);
        if let Some(last) = last {
            if listing.descending {
                range.end = Some((whole + &last).into());
            } else {
                range.start = (whole + &last + "\0").into();
            }
        }
        let mut request = RangeRequest::new(range).first(listing.limit);
        request.reverse = listing.descending;
        let found = self.store.range(request).await?;
        let records: Vec<StreamRecord> =
            found.kvs.iter().map(|kv| Versioned::decode(kv).map(|v| v.value)).collect::<Result<_, _>>()?;
        let next = records.last().filter(|_| found.more).map(|r| r.name.clone());
        let streams = self.open_records(listing.scope, listing.group, records.clone()).await?;
        let page = records.into_iter().zip(streams).map(|(r, (_, s))| (r, s.totals(listing.floor))).collect();
        Ok((page, next))
    }

    async fn streams_by_time(&self, listing: &Listing<'_>, last: Option<String>) -> Result<Page, Error> {
        let prefix = listing.scope.streams_prefix(listing.group);
        let records: Vec<StreamRecord> =
            self.store.list_as::<StreamRecord>(&prefix).await?.into_iter().map(|v| v.value).collect();
        let streams = self.open_records(listing.scope, listing.group, records.clone()).await?;
        let mut all: Vec<((i64, String), StreamRecord, Totals)> = records
            .into_iter()
            .zip(streams)
            .map(|(record, (_, stream))| {
                let totals = stream.totals(listing.floor);
                ((totals.last_ts.unwrap_or(i64::MIN), record.name.clone()), record, totals)
            })
            .collect();
        all.sort_by(|a, b| if listing.descending { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
        if let Some(last) = last {
            let (ts, name) = last.split_once('|').ok_or(Refusal::Token)?;
            let last = (ts.parse().map_err(|_| Refusal::Token)?, name.to_owned());
            all.retain(|(place, _, _)| if listing.descending { *place < last } else { *place > last });
        }
        let more = all.len() > listing.limit;
        all.truncate(listing.limit);
        let next = all.last().filter(|_| more).map(|((ts, name), _, _)| format!("{ts}|{name}"));
        Ok((all.into_iter().map(|(_, record, totals)| (record, totals)).collect(), next))
    }
}

type Page = (Vec<(StreamRecord, Totals)>, Option<String>);

struct Listing<'a> {
    scope: Scope<'a>,
    group: &'a str,
    floor: i64,
    limit: usize,
    descending: bool,
}

impl Listing<'_> {
    fn view(&self, record: StreamRecord, totals: Totals) -> LogStream {
        LogStream {
            arn: Some(self.scope.stream_arn(self.group, &record.name)),
            creation_time: Some(record.created_at.millis()),
            first_event_timestamp: totals.first_ts,
            last_event_timestamp: totals.last_ts,
            last_ingestion_time: totals.last_ingestion,
            // Sequence tokens mean nothing any more; the member is still told, as AWS tells it.
            upload_sequence_token: Some(crate::put::SEQUENCE_TOKEN.to_owned()),
            // AWS tells no size of single streams since 2019.
            stored_bytes: Some(0),
            log_stream_name: Some(record.name),
        }
    }
}
