//! What the registry tells of: events in EventBridge's shape, put by the transaction that did it.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html>

use gantry_base::event::{self, Event};
use gantry_base::{AccountId, Region};
use gantry_blobs::Digest;
use gantry_store::{KeyRange, Op, OpResult, RangeRequest, Store, Txn};
use serde::Serialize;

use crate::{Registry, RegistryId, RepoId, Result};

const SOURCE: &str = "aws.ecr";
/// Registries whose old events one round of housekeeping removes.
const REGISTRIES_A_ROUND: usize = 1000;

/// `detail` of "ECR Image Action".
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ImageAction<'a> {
    result: &'static str,
    repository_name: &'a str,
    image_digest: &'a Digest,
    action_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_tag: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifest_media_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_media_type: Option<&'a str>,
}

impl Registry {
    /// An event as an operation for the transaction that makes it true. `detail` is as AWS documents it
    /// for `detail_type`, such as `ECR Image Scan`.
    pub fn event_op(
        &self,
        registry: &RegistryId,
        detail_type: &str,
        resources: Vec<String>,
        detail: impl Serialize,
    ) -> Result<Op> {
        let now = self.clock.now();
        let place = (&registry.account, &registry.region);
        let mut event = Event::new(SOURCE, detail_type, place, now, &*self.entropy, detail);
        event.resources = resources;
        let key = event.key(now);
        let value = Store::encode(&key, &event)?;
        Ok(Op::put(key, value))
    }

    /// Tells of something that no other write goes with.
    pub async fn emit(
        &self,
        registry: &RegistryId,
        detail_type: &str,
        resources: Vec<String>,
        detail: impl Serialize,
    ) -> Result<()> {
        let op = self.event_op(registry, detail_type, resources, detail)?;
        self.store.txn(Txn::new().then(op)).await?;
        Ok(())
    }

    /// One event for each tag; one without a tag if there is none.
    pub(crate) fn image_events(
        &self,
        repo: &RepoId,
        digest: &Digest,
        action: &str,
        tags: &[String],
        media_types: (Option<&str>, Option<&str>),
    ) -> Result<Vec<Op>> {
        let untagged = [None];
        let tagged: Vec<_> = tags.iter().map(|tag| Some(tag.as_str())).collect();
        let names = if tagged.is_empty() { &untagged[..] } else { &tagged[..] };
        let event = |tag: Option<&str>| {
            let detail = ImageAction {
                result: "SUCCESS",
                repository_name: &repo.name,
                image_digest: digest,
                action_type: action,
                image_tag: tag,
                manifest_media_type: media_types.0,
                artifact_media_type: media_types.1,
            };
            self.event_op(&repo.registry, "ECR Image Action", Vec::new(), detail)
        };
        names.iter().copied().map(event).collect()
    }

    /// Removes events past their time; returns how many went.
    pub async fn expire_events(&self) -> Result<usize> {
        let mut gone = 0;
        let mut after = event::EVENTS.to_owned();
        for _ in 0..REGISTRIES_A_ROUND {
            // One key tells which account and region come next.
            let range = KeyRange { start: after.clone().into(), end: KeyRange::prefix(event::EVENTS).end };
            let mut first = RangeRequest::new(range).first(1);
            first.keys_only = true;
            let Some(key) = self.store.range(first).await?.kvs.first().map(|kv| kv.key.clone()) else { break };
            let Some((account, region)) = place_of(&key) else { break };
            gone += self.expire_events_of(&account, &region).await?;
            // `0` comes right after `/`.
            after = format!("{}{account}/{region}0", event::EVENTS);
        }
        Ok(gone)
    }

    async fn expire_events_of(&self, account: &AccountId, region: &Region) -> Result<usize> {
        let all = format!("{}{account}/{region}/", event::EVENTS);
        let old = event::key_before(account, region, self.clock.now().plus_ms(-event::RETENTION_MS));
        let mut gone = self.delete_span(KeyRange::span(all.clone(), old)).await?;
        let mut count = RangeRequest::new(KeyRange::prefix(all.clone()));
        count.count_only = true;
        let kept = self.store.range(count).await?.count;
        if kept > event::MAX_KEPT {
            let mut oldest = RangeRequest::new(KeyRange::prefix(all.clone())).first(kept - event::MAX_KEPT);
            oldest.keys_only = true;
            if let Some(last) = self.store.range(oldest).await?.kvs.last() {
                let mut end = last.key.to_vec();
                end.push(0);
                gone += self.delete_span(KeyRange::span(all, end)).await?;
            }
        }
        Ok(gone)
    }

    async fn delete_span(&self, range: KeyRange) -> Result<usize> {
        let done = self.store.txn(Txn::new().then(Op::Delete(range))).await?;
        Ok(match done.results.first() {
            Some(OpResult::Deleted(gone)) => *gone,
            _ => 0,
        })
    }
}

fn place_of(key: &[u8]) -> Option<(AccountId, Region)> {
    let text = std::str::from_utf8(key).ok()?.strip_prefix(event::EVENTS)?;
    let mut parts = text.split('/');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}
