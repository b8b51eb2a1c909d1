//! Groups and streams as records, their keys and their ARNs.

use std::collections::BTreeMap;

use gantry_agent_api::keys;
use gantry_aws_wire::Context;
use gantry_base::{AccountId, Arn, Region, Timestamp};
use gantry_store::Versioned;
use serde::{Deserialize, Serialize};

use crate::error::Refusal;
use crate::{Error, Logs};

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// At `/aws/<account>/<region>/logs/group/<name>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRecord {
    pub name: String,
    pub created_at: Timestamp,
    pub retention_days: Option<i32>,
    pub tags: BTreeMap<String, String>,
    /// `STANDARD`, `INFREQUENT_ACCESS` or `DELIVERY`.
    pub class: String,
    pub deletion_protection: bool,
}

impl GroupRecord {
    /// Events before this have expired.
    pub fn floor_ts(&self, now: Timestamp) -> i64 {
        self.retention_days.map_or(i64::MIN, |days| now.millis().saturating_sub(i64::from(days) * DAY_MS))
    }
}

/// At `/aws/<account>/<region>/logs/stream/<group>:<name>`; neither name may hold a colon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamRecord {
    pub name: String,
    /// The folder of its events. A stream that is deleted and made again has another.
    pub uid: String,
    pub created_at: Timestamp,
}

/// Whose groups.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub account: &'a AccountId,
    pub region: &'a Region,
}

impl<'a> Scope<'a> {
    pub fn of(context: &'a Context) -> Self {
        Self { account: &context.account, region: &context.region }
    }

    pub fn group_key(self, group: &str) -> String {
        keys::aws(self.account, self.region, "logs", "group", group)
    }

    pub fn streams_prefix(self, group: &str) -> String {
        keys::aws(self.account, self.region, "logs", "stream", &format!("{group}:"))
    }

    pub fn stream_key(self, group: &str, stream: &str) -> String {
        self.streams_prefix(group) + stream
    }

    pub fn group_arn(self, group: &str) -> String {
        Arn::new("logs", self.region, self.account, format!("log-group:{group}")).to_string()
    }

    pub fn stream_arn(self, group: &str, stream: &str) -> String {
        format!("{}:log-stream:{stream}", self.group_arn(group))
    }

    /// The group of an ARN of this account and region, with or without `:*` at its end.
    pub fn group_of_arn(self, arn: &str) -> Option<String> {
        let arn: Arn = arn.parse().ok()?;
        let ours = arn.service == "logs" && arn.region == self.region.as_str() && arn.account == self.account.as_str();
        let name = arn.resource.strip_prefix("log-group:").filter(|_| ours)?;
        let name = name.strip_suffix(":*").unwrap_or(name);
        (!name.is_empty() && !name.contains(':')).then(|| name.to_owned())
    }

    /// A group's name, given as that or as an ARN.
    pub fn group_of_identifier(self, identifier: &str) -> Result<String, Refusal> {
        if identifier.starts_with("arn:") {
            return self.group_of_arn(identifier).ok_or(Refusal::NoGroup);
        }
        Ok(identifier.to_owned())
    }
}

/// A group's key by one of its streams' keys.
pub fn group_key_of_stream_key(key: &str) -> Option<String> {
    let (before, rest) = key.split_once("/logs/stream/")?;
    let (group, _) = rest.split_once(':')?;
    Some(format!("{before}/logs/group/{group}"))
}

impl Logs {
    pub(crate) async fn group(&self, scope: Scope<'_>, group: &str) -> Result<Versioned<GroupRecord>, Error> {
        Ok(self.store.get_as(&scope.group_key(group)).await?.ok_or(Refusal::NoGroup)?)
    }

    /// A stream's record; says whether it is the group that is missing.
    pub(crate) async fn stream(
        &self,
        scope: Scope<'_>,
        group: &str,
        stream: &str,
    ) -> Result<(GroupRecord, StreamRecord), Error> {
        let group_record = self.group(scope, group).await?.value;
        let found = self.store.get_as::<StreamRecord>(&scope.stream_key(group, stream)).await?;
        Ok((group_record, found.ok_or(Refusal::NoStream)?.value))
    }

    /// The group that a request names in one of two ways.
    pub(crate) fn named_group(
        scope: Scope<'_>,
        name: Option<String>,
        identifier: Option<&str>,
    ) -> Result<String, Refusal> {
        match (name, identifier) {
            (Some(_), Some(_)) => {
                Err(Refusal::invalid("LogGroupName and LogGroupIdentifier are mutually exclusive parameters."))
            }
            (Some(name), None) => Ok(name),
            (None, Some(identifier)) => scope.group_of_identifier(identifier),
            (None, None) => Err(Refusal::invalid("One of LogGroupName and LogGroupIdentifier must be given.")),
        }
    }
}
