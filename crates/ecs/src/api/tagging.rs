//! Tags on clusters, task definitions and tasks.

use gantry_aws_api::ecs as model;
use gantry_aws_wire::{AwsError, Context};
use gantry_base::Arn;
use gantry_store::{Compare, Txn};
use serde::{Serialize, de::DeserializeOwned};

use super::{EcsApi, MAX_TRIES};
use crate::controller::put;
use crate::error::Error;
use crate::names;
use crate::records::{ClusterRecord, ClusterStatus, DefinitionRecord, Scope, TaskRecord};
use crate::validate::{invalid, tags};

/// What an ARN of ours names.
pub(crate) enum Target {
    Cluster(String),
    Definition(String),
    Task(String),
}

pub(crate) fn target(api: &EcsApi, scope: &Scope, text: &str) -> Result<Target, AwsError> {
    let bad = || invalid("The specified resource ARN is invalid.");
    let arn: Arn = text.parse().map_err(|_| bad())?;
    if arn.service != "ecs" || arn.account != scope.account.as_str() || arn.region != scope.region.as_str() {
        return Err(bad());
    }
    match arn.resource_type() {
        "cluster" => Ok(Target::Cluster(scope.cluster_key(&names::cluster(Some(text), scope)?))),
        "task-definition" => {
            let wanted = names::definition(text, scope).ok_or_else(bad)?;
            let revision = wanted.revision.ok_or_else(bad)?;
            Ok(Target::Definition(scope.definition_key(&wanted.family, revision)))
        }
        "task" => {
            let id = arn.resource_name().rsplit('/').next().unwrap_or_default();
            let entry = api.view.task_by_id(id).filter(|t| t.record.arn() == text);
            let entry = entry.ok_or_else(|| invalid("The specified task is not found."))?;
            Ok(Target::Task(entry.record.key()))
        }
        "service" | "container-instance" | "task-set" | "capacity-provider" => {
            Err(invalid(format!("The specified {} is not found.", arn.resource_type())))
        }
        _ => Err(bad()),
    }
}

/// A record with tags.
trait Tagged: Serialize + DeserializeOwned {
    const MISSING: &'static str;
    fn tags(&self) -> &[model::Tag];
    fn set_tags(&mut self, tags: Vec<model::Tag>);
    fn is_there(&self) -> bool {
        true
    }
}

impl Tagged for ClusterRecord {
    const MISSING: &'static str = "The specified cluster is not found.";
    fn tags(&self) -> &[model::Tag] {
        &self.tags
    }
    fn set_tags(&mut self, tags: Vec<model::Tag>) {
        self.tags = tags;
    }
    fn is_there(&self) -> bool {
        self.status != ClusterStatus::Inactive
    }
}

impl Tagged for DefinitionRecord {
    const MISSING: &'static str = "The specified task definition is not found.";
    fn tags(&self) -> &[model::Tag] {
        &self.tags
    }
    fn set_tags(&mut self, tags: Vec<model::Tag>) {
        self.tags = tags;
    }
}

impl Tagged for TaskRecord {
    const MISSING: &'static str = "The specified task is not found.";
    fn tags(&self) -> &[model::Tag] {
        self.task.tags.as_deref().unwrap_or_default()
    }
    fn set_tags(&mut self, tags: Vec<model::Tag>) {
        self.task.tags = Some(tags);
    }
}

async fn read<T: Tagged>(api: &EcsApi, key: &str) -> Result<Vec<model::Tag>, AwsError> {
    let found = api.store.get_as::<T>(key).await.map_err(Error::store("read", key))?;
    let found = found.filter(|f| f.value.is_there()).ok_or_else(|| invalid(T::MISSING))?;
    Ok(found.value.tags().to_vec())
}

async fn change<T: Tagged>(
    api: &EcsApi,
    key: &str,
    edit: &(dyn Fn(&[model::Tag]) -> Result<Vec<model::Tag>, AwsError> + Send + Sync),
) -> Result<(), AwsError> {
    for _ in 0..MAX_TRIES {
        let found = api.store.get_as::<T>(key).await.map_err(Error::store("read", key))?;
        let mut found = found.filter(|f| f.value.is_there()).ok_or_else(|| invalid(T::MISSING))?;
        let tags = edit(found.value.tags())?;
        found.value.set_tags(tags);
        let txn = Txn::new().when(Compare::unchanged(key.to_owned(), found.mod_revision)).then(put(key, &found.value)?);
        if api.commit("change tags", txn).await? {
            return Ok(());
        }
    }
    Err(EcsApi::contended())
}

async fn edit(
    api: &EcsApi,
    context: &Context,
    arn: &str,
    edit: &(dyn Fn(&[model::Tag]) -> Result<Vec<model::Tag>, AwsError> + Send + Sync),
) -> Result<(), AwsError> {
    match target(api, &Scope::of(context), arn)? {
        Target::Cluster(key) => change::<ClusterRecord>(api, &key, edit).await,
        Target::Definition(key) => change::<DefinitionRecord>(api, &key, edit).await,
        Target::Task(key) => change::<TaskRecord>(api, &key, edit).await,
    }
}

pub(super) async fn tag(
    api: &EcsApi,
    context: &Context,
    input: model::TagResourceRequest,
) -> Result<model::TagResourceResponse, AwsError> {
    tags::check(&input.tags)?;
    edit(api, context, &input.resource_arn, &|old| tags::merge(old, &input.tags)).await?;
    Ok(model::TagResourceResponse {})
}

pub(super) async fn untag(
    api: &EcsApi,
    context: &Context,
    input: model::UntagResourceRequest,
) -> Result<model::UntagResourceResponse, AwsError> {
    let goes = |tag: &model::Tag| tag.key.as_ref().is_some_and(|key| input.tag_keys.contains(key));
    edit(api, context, &input.resource_arn, &|old| Ok(old.iter().filter(|t| !goes(t)).cloned().collect())).await?;
    Ok(model::UntagResourceResponse {})
}

pub(super) async fn list(
    api: &EcsApi,
    context: &Context,
    input: model::ListTagsForResourceRequest,
) -> Result<model::ListTagsForResourceResponse, AwsError> {
    let tags = match target(api, &Scope::of(context), &input.resource_arn)? {
        Target::Cluster(key) => read::<ClusterRecord>(api, &key).await?,
        Target::Definition(key) => read::<DefinitionRecord>(api, &key).await?,
        Target::Task(key) => read::<TaskRecord>(api, &key).await?,
    };
    Ok(model::ListTagsForResourceResponse { tags: Some(tags) })
}

/// The tags that a resource has now, for `aws:ResourceTag` conditions; none if it is not there. Asked for
/// every task of every DescribeTasks, so all but task definitions come from the view.
pub(crate) async fn tags_of(api: &EcsApi, scope: &Scope, arn: &str) -> Result<Vec<(String, String)>, AwsError> {
    let prefix = format!("arn:{}:ecs:{}:{}:", gantry_base::PARTITION, scope.region, scope.account);
    let Some(resource) = arn.strip_prefix(prefix.as_str()) else { return Ok(Vec::new()) };
    match resource.split_once('/') {
        Some(("task", name)) => {
            let entry = api.view.task_by_id(name.rsplit('/').next().unwrap_or_default());
            let entry = entry.filter(|e| e.record.account == scope.account && e.record.region == scope.region);
            Ok(entry.map(|e| pairs(e.record.task.tags.as_deref().unwrap_or_default())).unwrap_or_default())
        }
        Some(("cluster", name)) => Ok(api.view.cluster(scope, name).map(|c| pairs(&c.value.tags)).unwrap_or_default()),
        Some(("task-definition", _)) => match target(api, scope, arn) {
            Ok(Target::Definition(key)) => {
                let found = api.store.get_as::<DefinitionRecord>(&key).await.map_err(Error::store("read", key))?;
                Ok(found.map(|d| pairs(&d.value.tags)).unwrap_or_default())
            }
            _ => Ok(Vec::new()),
        },
        _ => Ok(Vec::new()),
    }
}

fn pairs(tags: &[model::Tag]) -> Vec<(String, String)> {
    tags.iter().filter_map(|t| Some((t.key.clone()?, t.value.clone().unwrap_or_default()))).collect()
}
