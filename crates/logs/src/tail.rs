//! Live tail: followers are handed batches as they are appended.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use gantry_aws_api::Events;
use gantry_aws_api::logs::{
    LiveTailSessionLogEvent, LiveTailSessionMetadata, LiveTailSessionStart, LiveTailSessionUpdate, StartLiveTailRequest,
};
use gantry_aws_wire::{Context, Shape as _};
use gantry_base::uuid;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::error::Refusal;
use crate::pattern::Pattern;
use crate::records::Scope;
use crate::{Error, Logs};

/// AWS's limits: what one update carries, and how long a session lasts.
const MAX_EVENTS_PER_UPDATE: usize = 500;
const UPDATE_EVERY: Duration = Duration::from_secs(1);
const SESSION: Duration = Duration::from_hours(3);
/// Batches that wait for a follower before further ones pass it by, which the next update says.
const WAITING_BATCHES: usize = 256;
/// Updates that wait for a slow client.
const WAITING_UPDATES: usize = 4;
/// Sessions at once, over all accounts.
const MAX_SESSIONS: usize = 1_000;

/// Events of one append.
#[derive(Debug)]
pub struct Batch {
    pub group_arn: String,
    pub stream: String,
    pub ingestion: i64,
    pub events: Vec<(i64, String)>,
}

struct Follower {
    session: u64,
    sender: mpsc::Sender<Arc<Batch>>,
    missed: Arc<AtomicBool>,
}

/// Followers by the key of the group they follow.
#[derive(Default)]
pub struct Tails {
    followers: Arc<Mutex<HashMap<String, Vec<Follower>>>>,
    next_session: AtomicU64,
}

impl Tails {
    /// Hands a batch to all who follow the group; never waits.
    pub fn publish(&self, group_key: &str, batch: impl FnOnce() -> Batch) {
        let mut followers = self.followers.lock();
        let Some(list) = followers.get_mut(group_key) else { return };
        let batch = Arc::new(batch());
        for follower in list.iter() {
            if follower.sender.try_send(batch.clone()).is_err() {
                follower.missed.store(true, Ordering::Relaxed);
            }
        }
    }

    fn follow(&self, group_keys: &[String]) -> Option<Subscription> {
        let session = self.next_session.fetch_add(1, Ordering::Relaxed);
        let (sender, batches) = mpsc::channel(WAITING_BATCHES);
        let missed = Arc::new(AtomicBool::new(false));
        let mut followers = self.followers.lock();
        if followers.values().map(Vec::len).sum::<usize>() >= MAX_SESSIONS {
            return None;
        }
        for key in group_keys {
            let follower = Follower { session, sender: sender.clone(), missed: missed.clone() };
            followers.entry(key.clone()).or_default().push(follower);
        }
        Some(Subscription { followers: self.followers.clone(), session, batches, missed })
    }
}

/// One session's end of it; dropping it ends the following.
struct Subscription {
    followers: Arc<Mutex<HashMap<String, Vec<Follower>>>>,
    session: u64,
    batches: mpsc::Receiver<Arc<Batch>>,
    missed: Arc<AtomicBool>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.followers.lock().retain(|_, list| {
            list.retain(|f| f.session != self.session);
            !list.is_empty()
        });
    }
}

impl Logs {
    pub(crate) async fn live_tail(&self, context: &Context, input: StartLiveTailRequest) -> Result<Events, Error> {
        let scope = Scope::of(context);
        let mut keys = Vec::new();
        for identifier in &input.log_group_identifiers {
            if !identifier.starts_with("arn:") || identifier.ends_with(":*") {
                let message = "The log group identifiers must be ARNs of log groups, without an asterisk at the end.";
                return Err(Refusal::invalid(message).into());
            }
            let name = scope.group_of_identifier(identifier)?;
            self.group(scope, &name).await?;
            keys.push(scope.group_key(&name));
        }
        keys.sort();
        keys.dedup();
        let names = input.log_stream_names.clone().unwrap_or_default();
        let prefixes = input.log_stream_name_prefixes.clone().unwrap_or_default();
        if !names.is_empty() && !prefixes.is_empty() {
            let message = "logStreamNames and logStreamNamePrefixes are mutually exclusive parameters.";
            return Err(Refusal::invalid(message).into());
        }
        if keys.len() > 1 && !(names.is_empty() && prefixes.is_empty()) {
            let message = "Log streams can be named only with a single log group.";
            return Err(Refusal::invalid(message).into());
        }
        let text = input.log_event_filter_pattern.clone().unwrap_or_default();
        let pattern = Pattern::parse(&text).map_err(|e| Refusal::invalid(e.to_string()))?;
        let subscription = self.tails.follow(&keys).ok_or(Refusal::TooManySessions)?;
        let start = LiveTailSessionStart {
            request_id: Some(context.request_id.clone()),
            session_id: Some(uuid(&*self.entropy)),
            log_group_identifiers: Some(input.log_group_identifiers),
            log_stream_names: input.log_stream_names,
            log_stream_name_prefixes: input.log_stream_name_prefixes,
            log_event_filter_pattern: Some(text),
        };
        let (sender, receiver) = mpsc::channel(WAITING_UPDATES);
        let session = Session { subscription, names, prefixes, pattern, waiting: Vec::new(), sampled: false };
        tokio::spawn(session.run(start.to_value(), sender));
        Ok(receiver)
    }
}

struct Session {
    subscription: Subscription,
    names: Vec<String>,
    prefixes: Vec<String>,
    pattern: Pattern,
    waiting: Vec<LiveTailSessionLogEvent>,
    sampled: bool,
}

impl Session {
    async fn run(mut self, start: Value, to: mpsc::Sender<(&'static str, Value)>) {
        if to.send(("sessionStart", start)).await.is_err() {
            return;
        }
        let end = tokio::time::sleep(SESSION);
        tokio::pin!(end);
        let mut tick = tokio::time::interval(UPDATE_EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                batch = self.subscription.batches.recv() => match batch {
                    Some(batch) => self.take(&batch),
                    None => return,
                },
                _ = tick.tick() => {
                    let update = self.update();
                    if to.send(("sessionUpdate", update)).await.is_err() {
                        return;
                    }
                }
                () = to.closed() => return,
                () = &mut end => {
                    let message = json!({"message": "The session has reached its longest duration."});
                    drop(to.send(("SessionTimeoutException", message)).await);
                    return;
                }
            }
        }
    }

    fn take(&mut self, batch: &Batch) {
        let all = self.names.is_empty() && self.prefixes.is_empty();
        let named = self.names.contains(&batch.stream) || self.prefixes.iter().any(|p| batch.stream.starts_with(p));
        if !all && !named {
            return;
        }
        for (ts, message) in batch.events.iter().filter(|(_, message)| self.pattern.matches(message)) {
            if self.waiting.len() >= MAX_EVENTS_PER_UPDATE {
                self.sampled = true;
                return;
            }
            self.waiting.push(LiveTailSessionLogEvent {
                log_stream_name: Some(batch.stream.clone()),
                log_group_identifier: Some(batch.group_arn.clone()),
                message: Some(message.clone()),
                timestamp: Some(*ts),
                ingestion_time: Some(batch.ingestion),
            });
        }
    }

    fn update(&mut self) -> Value {
        let missed = self.subscription.missed.swap(false, Ordering::Relaxed);
        let sampled = std::mem::take(&mut self.sampled) || missed;
        let update = LiveTailSessionUpdate {
            session_metadata: Some(LiveTailSessionMetadata { sampled: Some(sampled) }),
            session_results: Some(std::mem::take(&mut self.waiting)),
        };
        update.to_value()
    }
}
