//! Log groups.

use std::collections::BTreeMap;

use gantry_aws_api::logs::{
    CreateLogGroupRequest, DescribeLogGroupsRequest, DescribeLogGroupsResponse, LogGroup, PutRetentionPolicyRequest,
};
use gantry_aws_wire::Context;
use gantry_store::{KeyRange, Op, RangeRequest, Txn, Versioned};

use crate::error::Refusal;
use crate::records::{GroupRecord, Scope, StreamRecord};
use crate::tags::check_tags;
use crate::{Error, Logs};

/// AWS's page, default and most.
const PAGE: usize = 50;
/// Groups looked at for one page that a name pattern thins out.
const MAX_SCANNED: usize = 5_000;
const RETENTIONS: &[i32] =
    &[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

impl Logs {
    pub(crate) async fn create_group(&self, context: &Context, input: CreateLogGroupRequest) -> Result<(), Error> {
        if input.kms_key_id.is_some() {
            return Err(Refusal::NotImplemented("CreateLogGroup with a kmsKeyId").into());
        }
        if input.log_group_name.starts_with("aws/") {
            return Err(Refusal::invalid("Log groups cannot start with the string \"aws/\"").into());
        }
        let tags = input.tags.unwrap_or_default();
        check_tags(&BTreeMap::new(), &tags)?;
        let record = GroupRecord {
            name: input.log_group_name,
            created_at: context.now,
            retention_days: None,
            tags,
            class: input.log_group_class.unwrap_or_else(|| "STANDARD".to_owned()),
            deletion_protection: input.deletion_protection_enabled.unwrap_or(false),
        };
        let key = Scope::of(context).group_key(&record.name);
        if self.store.create_as(&key, &record).await? { Ok(()) } else { Err(Refusal::GroupExists.into()) }
    }

    pub(crate) async fn delete_group(&self, context: &Context, name: &str) -> Result<(), Error> {
        let scope = Scope::of(context);
        let group = self.group(scope, name).await?.value;
        if group.deletion_protection {
            let message = "The log group has deletion protection enabled and cannot be deleted.";
            return Err(Refusal::Protected(message.to_owned()).into());
        }
        let streams = self.store.list_as::<StreamRecord>(&scope.streams_prefix(name)).await?;
        let gone = Txn::new()
            .then(Op::delete(scope.group_key(name)))
            .then(Op::Delete(KeyRange::prefix(scope.streams_prefix(name))));
        self.store.txn(gone).await?;
        let uids: Vec<String> = streams.into_iter().map(|s| s.value.uid).collect();
        // A folder that stays behind, after a crash right here, is found by the sweep.
        self.blocking(move |storage| uids.iter().try_for_each(|uid| storage.remove(uid)).map_err(Error::Io)).await
    }

    pub(crate) async fn describe_groups(
        &self,
        context: &Context,
        input: DescribeLogGroupsRequest,
    ) -> Result<DescribeLogGroupsResponse, Error> {
        if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
            let message = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
            return Err(Refusal::invalid(message).into());
        }
        let scope = Scope::of(context);
        let limit = input.limit.and_then(|n| usize::try_from(n).ok()).unwrap_or(PAGE).min(PAGE);
        let only: Option<Vec<String>> = match &input.log_group_identifiers {
            Some(ids) => Some(ids.iter().map(|id| scope.group_of_identifier(id)).collect::<Result<_, _>>()?),
            None => None,
        };
        let pattern = input.log_group_name_pattern.as_deref().unwrap_or_default().to_lowercase();
        let prefix = scope.group_key(input.log_group_name_prefix.as_deref().unwrap_or_default());
        let token_scope = format!(
            "{}|{}|{:?}|{pattern}|{:?}|{only:?}",
            scope.account, scope.region, input.log_group_name_prefix, input.log_group_class
        );
        let mut range = KeyRange::prefix(prefix);
        if let Some(token) = &input.next_token {
            let last = self.pages.open("DescribeLogGroups", &token_scope, token).map_err(|_| Refusal::Token)?;
            range.start = (scope.group_key(&last) + "\0").into();
        }
        let found = self.store.range(RangeRequest::new(range).first(MAX_SCANNED)).await?;
        let mut groups = Vec::new();
        let mut next = None;
        let mut last = String::new();
        for kv in &found.kvs {
            let group = Versioned::<GroupRecord>::decode(kv)?.value;
            let wanted = (pattern.is_empty() || group.name.to_lowercase().contains(&pattern))
                && only.as_ref().is_none_or(|only| only.contains(&group.name))
                && input.log_group_class.as_ref().is_none_or(|class| *class == group.class);
            if wanted && groups.len() == limit {
                next = Some(last.clone());
                break;
            }
            last.clone_from(&group.name);
            if wanted {
                groups.push(self.group_view(scope, group, context).await?);
            }
        }
        if next.is_none() && found.more {
            next = Some(last);
        }
        let next_token = next.map(|last| self.pages.seal("DescribeLogGroups", &token_scope, &last));
        Ok(DescribeLogGroupsResponse { log_groups: Some(groups), next_token })
    }

    async fn group_view(&self, scope: Scope<'_>, group: GroupRecord, context: &Context) -> Result<LogGroup, Error> {
        let streams = self.open_streams(scope, &group.name, "").await?;
        let floor = group.floor_ts(context.now);
        let stored: u64 = streams.iter().map(|(_, stream)| stream.totals(floor).stored_bytes).sum();
        let arn = scope.group_arn(&group.name);
        Ok(LogGroup {
            arn: Some(format!("{arn}:*")),
            log_group_arn: Some(arn),
            creation_time: Some(group.created_at.millis()),
            retention_in_days: group.retention_days,
            metric_filter_count: Some(0),
            stored_bytes: i64::try_from(stored).ok(),
            log_group_class: Some(group.class),
            deletion_protection_enabled: Some(group.deletion_protection),
            log_group_name: Some(group.name),
            ..LogGroup::default()
        })
    }

    pub(crate) async fn put_retention(&self, context: &Context, input: PutRetentionPolicyRequest) -> Result<(), Error> {
        let days = input.retention_in_days;
        if !RETENTIONS.contains(&days) {
            let allowed: Vec<String> = RETENTIONS.iter().map(ToString::to_string).collect();
            return Err(Refusal::invalid(format!(
                "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
                allowed.join(", ")
            ))
            .into());
        }
        self.change_group(context, &input.log_group_name, |group| {
            group.retention_days = Some(days);
            Ok(())
        })
        .await
    }

    /// Changes a group's record; nothing may have come in between.
    pub(crate) async fn change_group(
        &self,
        context: &Context,
        name: &str,
        mut change: impl FnMut(&mut GroupRecord) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let key = Scope::of(context).group_key(name);
        let changed = self.store.update::<GroupRecord, Error, _>(&key, |group| {
            let mut group = group.ok_or(Refusal::NoGroup)?;
            change(&mut group)?;
            Ok(Some(group))
        });
        changed.await.map(|_| ())
    }
}
