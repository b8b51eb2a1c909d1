//! Describing, listing and stopping tasks. Reads come from the view and never from the store.

use bytes::Bytes;
use gantry_agent_api::{Desired, EnvironmentRequest, keys};
use gantry_aws_api::ecs as model;
use gantry_aws_wire::{AwsError, Context};
use gantry_store::{Compare, Txn};
use serde_json::Value;

use super::{EcsApi, MAX_TRIES, clusters, listing};
use crate::controller::put;
use crate::error::Error;
use crate::lifecycle;
use crate::names;
use crate::records::{ClusterStatus, Scope, TaskRecord};
use crate::validate::invalid;
use crate::view::TaskFilter;

/// Tasks that DescribeTasks takes at once (ECS's limit).
const MAX_DESCRIBED: usize = 100;
const MAX_PAGE: i32 = 100;
const MAX_REASON: usize = 1024;

/// The cluster's name, if there is such a cluster; deleted ones still show their stopped tasks.
fn known_cluster(api: &EcsApi, scope: &Scope, text: Option<&str>) -> Result<String, AwsError> {
    let name = names::cluster(text, scope)?;
    match api.view.cluster(scope, &name) {
        Some(cluster) if cluster.value.status != ClusterStatus::Inactive || api.view.counts(scope, &name) != (0, 0) => {
            Ok(name)
        }
        Some(_) | None => Err(clusters::not_found()),
    }
}

fn ids(scope: &Scope, cluster: &str, asked: &[&str]) -> Result<Vec<String>, AwsError> {
    if asked.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    if asked.len() > MAX_DESCRIBED {
        return Err(invalid("Tasks can not have more than 100 elements."));
    }
    asked.iter().map(|text| names::task_id(text, scope, cluster)).collect()
}

fn missing_arn(scope: &Scope, cluster: &str, text: &str) -> String {
    if text.starts_with("arn:") { text.to_owned() } else { scope.arn(format!("task/{cluster}/{text}")) }
}

/// The whole answer from fragments that are ready: the hot path of many clients' polling.
pub(super) fn describe_rendered(api: &EcsApi, input: &Value, context: &Context) -> Result<Bytes, AwsError> {
    let scope = Scope::of(context);
    let cluster = known_cluster(api, &scope, input.get("cluster").and_then(Value::as_str))?;
    let strings = |name: &str| -> Vec<&str> {
        input.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let asked = strings("tasks");
    let ids = ids(&scope, &cluster, &asked)?;
    let with_tags = strings("include").contains(&"TAGS");
    let found = api.view.tasks(&scope, &cluster, &ids);
    let size: usize = found.iter().flatten().map(|t| t.json_len() + 1).sum();
    let mut out = Vec::with_capacity(size + 128);
    out.extend_from_slice(b"{\"tasks\":[");
    let mut failures = Vec::new();
    let mut first = true;
    for (text, entry) in asked.iter().zip(&found) {
        let Some(entry) = entry else {
            failures.push(serde_json::json!({"arn": missing_arn(&scope, &cluster, text), "reason": "MISSING"}));
            continue;
        };
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        entry.write_json(&mut out, with_tags);
    }
    out.extend_from_slice(b"],\"failures\":");
    out.extend_from_slice(Value::Array(failures).to_string().as_bytes());
    out.push(b'}');
    Ok(out.into())
}

pub(super) async fn describe(
    api: &EcsApi,
    context: &Context,
    input: model::DescribeTasksRequest,
) -> Result<model::DescribeTasksResponse, AwsError> {
    let scope = Scope::of(context);
    let cluster = known_cluster(api, &scope, input.cluster.as_deref())?;
    let asked: Vec<&str> = input.tasks.iter().map(String::as_str).collect();
    let ids = ids(&scope, &cluster, &asked)?;
    let with_tags = input.include.iter().flatten().any(|i| i == "TAGS");
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for (text, entry) in asked.iter().zip(api.view.tasks(&scope, &cluster, &ids)) {
        match entry {
            Some(entry) => {
                let mut task = entry.record.task.clone();
                if !with_tags {
                    task.tags = Some(Vec::new());
                }
                tasks.push(task);
            }
            None => failures.push(model::Failure {
                arn: Some(missing_arn(&scope, &cluster, text)),
                reason: Some("MISSING".to_owned()),
                detail: None,
            }),
        }
    }
    Ok(model::DescribeTasksResponse { tasks: Some(tasks), failures: Some(failures) })
}

pub(super) async fn list(
    api: &EcsApi,
    context: &Context,
    input: model::ListTasksRequest,
) -> Result<model::ListTasksResponse, AwsError> {
    let scope = Scope::of(context);
    let cluster = known_cluster(api, &scope, input.cluster.as_deref())?;
    let limit = listing::page_size(input.max_results, MAX_PAGE)?;
    let desired = match input.desired_status.as_deref() {
        // PENDING is taken and matches nothing: ECS never sets it as a desired status.
        None => "RUNNING",
        Some(status @ ("RUNNING" | "PENDING" | "STOPPED")) => status,
        Some(other) => return Err(invalid(format!("Invalid desiredStatus '{other}'."))),
    };
    if !matches!(input.launch_type.as_deref(), None | Some("EC2" | "FARGATE" | "EXTERNAL" | "MANAGED_INSTANCES")) {
        return Err(invalid("Invalid launchType."));
    }
    if input.container_instance.is_some() {
        return Err(invalid("The referenced container instance was not found."));
    }
    if input.service_name.is_some() && (input.started_by.is_some() || input.family.is_some()) {
        return Err(invalid("You may only specify one of serviceName, family or startedBy."));
    }
    let page_scope = listing::page_scope(
        &scope,
        &[
            Some(&cluster),
            input.family.as_deref(),
            input.started_by.as_deref(),
            input.service_name.as_deref(),
            Some(desired),
            input.launch_type.as_deref(),
        ],
    );
    let after = listing::open(api, "ListTasks", &page_scope, input.next_token.as_deref())?;
    let filter = TaskFilter {
        family: input.family.as_deref(),
        started_by: input.started_by.as_deref(),
        service: input.service_name.as_deref(),
        desired: Some(desired),
        launch_type: input.launch_type.as_deref(),
    };
    // One more than the page holds tells whether there is another page.
    let mut found = api.view.list(&scope, &cluster, &filter, after.as_deref(), limit + 1);
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more);
    Ok(model::ListTasksResponse {
        next_token: last.map(|t| api.pages.seal("ListTasks", &page_scope, &t.record.id)),
        task_arns: Some(found.iter().map(|t| t.record.arn().to_owned()).collect()),
    })
}

/// Writes the wish to stop onto the task and onto its environment request in one transaction.
pub(super) async fn stop(
    api: &EcsApi,
    context: &Context,
    input: model::StopTaskRequest,
) -> Result<model::StopTaskResponse, AwsError> {
    let scope = Scope::of(context);
    let cluster = known_cluster(api, &scope, input.cluster.as_deref())?;
    if input.reason.as_ref().is_some_and(|r| r.chars().count() > MAX_REASON) {
        return Err(invalid(format!("reason can be at most {MAX_REASON} characters long.")));
    }
    let id = names::task_id(&input.task, &scope, &cluster)?;
    let missing = || invalid("The referenced task was not found.");
    // The view knows every task; what is not there need not be asked for, whatever its name looks like.
    api.view.task(&scope, &cluster, &id).ok_or_else(missing)?;
    let key = scope.task_key(&cluster, &id);
    let environment_key = keys::environment(&id);
    for _ in 0..MAX_TRIES {
        let found = api.store.get_as::<TaskRecord>(&key).await.map_err(Error::store("read", &key))?;
        let found = found.ok_or_else(missing)?;
        let Some(after) = lifecycle::stop(&found.value, input.reason.as_deref(), api.clock.now()) else {
            return Ok(model::StopTaskResponse { task: Some(found.value.task) });
        };
        let environment = api
            .store
            .get_as::<EnvironmentRequest>(&environment_key)
            .await
            .map_err(Error::store("read", &environment_key))?;
        let seen = environment.as_ref().map_or(0, |e| e.mod_revision);
        let mut txn = Txn::new()
            .when(Compare::unchanged(key.clone(), found.mod_revision))
            .when(Compare::unchanged(environment_key.clone(), seen))
            .then(put(&key, &after)?);
        if let Some(environment) = environment {
            let stopped = EnvironmentRequest { desired: Desired::Stopped, ..environment.value };
            txn = txn.then(put(&environment_key, &stopped)?);
        }
        if api.commit("stop task", txn).await? {
            return Ok(model::StopTaskResponse { task: Some(after.task) });
        }
    }
    Err(EcsApi::contended())
}
