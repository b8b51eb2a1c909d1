//! Task definitions: registered once, never changed, only deregistered and deleted.

use std::collections::BTreeSet;

use gantry_aws_api::ecs as model;
use gantry_aws_wire::{AwsError, Context};
use gantry_base::Timestamp;
use gantry_store::{Compare, KeyRange, Op, RangeRequest, Store, Txn, Versioned};

use super::{EcsApi, MAX_TRIES};
use crate::controller::put;
use crate::error::Error;
use crate::names::{self, DefinitionRef};
use crate::records::{DefinitionRecord, DefinitionStatus, FamilyRecord, Scope};
use crate::validate::{self, client, definition::name_of, fargate};

/// Task definitions that DeleteTaskDefinitions takes at once (ECS's limit).
const MAX_DELETED: usize = 10;

pub(super) async fn register(
    api: &EcsApi,
    context: &Context,
    mut input: model::RegisterTaskDefinitionRequest,
) -> Result<model::RegisterTaskDefinitionResponse, AwsError> {
    validate::definition::check(&input)?;
    let wants_fargate = input.requires_compatibilities.iter().flatten().any(|c| c == "FARGATE");
    let fargate = fargate::check(&input);
    if wants_fargate {
        fargate?;
    }
    let fits_fargate = wants_fargate || fargate::check(&input).is_ok();
    let scope = Scope::of(context);
    let tags = input.tags.take().unwrap_or_default();
    let mut record = DefinitionRecord { definition: definition(input, fits_fargate, context)?, tags };
    let family = record.family().to_owned();
    let family_key = scope.family_key(&family);
    for _ in 0..MAX_TRIES {
        let found = api.store.get_as::<FamilyRecord>(&family_key).await.map_err(Error::store("read", &family_key))?;
        let seen = found.as_ref().map_or(0, |f| f.mod_revision);
        let mut counted = found.map(|f| f.value).unwrap_or_default();
        counted.last_revision =
            counted.last_revision.checked_add(1).ok_or_else(|| client("Too many revisions of this family."))?;
        counted.active += 1;
        let revision = counted.last_revision;
        record.definition.revision = Some(revision);
        record.definition.task_definition_arn = Some(scope.arn(format!("task-definition/{family}:{revision}")));
        let key = scope.definition_key(&family, revision);
        let write = put(&key, &record)?;
        if matches!(&write, Op::Put { value, .. } if value.len() > validate::definition::MAX_DEFINITION_BYTES) {
            return Err(client("Task definition size cannot exceed 64 KB."));
        }
        let index = scope.definition_index_key(DefinitionStatus::Active, &family, revision);
        let txn = Txn::new()
            .when(Compare::unchanged(family_key.clone(), seen))
            .when(Compare::absent(key.clone()))
            .then(write)
            .then(Op::put(index, ""))
            .then(put(&family_key, &counted)?);
        if api.commit("register task definition", txn).await? {
            return Ok(model::RegisterTaskDefinitionResponse {
                task_definition: Some(record.definition),
                tags: Some(record.tags),
            });
        }
    }
    Err(EcsApi::contended())
}

/// The definition as DescribeTaskDefinition shows it, with ECS's defaults filled in.
fn definition(
    input: model::RegisterTaskDefinitionRequest,
    fits_fargate: bool,
    context: &Context,
) -> Result<model::TaskDefinition, AwsError> {
    let requires_attributes = attributes(&input);
    let awsvpc = input.network_mode.as_deref() == Some("awsvpc");
    let mut containers = input.container_definitions;
    for container in &mut containers {
        fill_container(container, awsvpc);
    }
    let mut compatibilities = vec!["EC2".to_owned()];
    if fits_fargate {
        compatibilities.push("FARGATE".to_owned());
    }
    Ok(model::TaskDefinition {
        container_definitions: Some(containers),
        family: Some(input.family),
        task_role_arn: input.task_role_arn.filter(|r| !r.is_empty()),
        execution_role_arn: input.execution_role_arn.filter(|r| !r.is_empty()),
        network_mode: input.network_mode,
        volumes: Some(input.volumes.unwrap_or_default()),
        status: Some(DefinitionStatus::Active.as_str().to_owned()),
        requires_attributes: Some(requires_attributes),
        placement_constraints: Some(input.placement_constraints.unwrap_or_default()),
        compatibilities: Some(compatibilities),
        runtime_platform: input.runtime_platform,
        requires_compatibilities: input.requires_compatibilities,
        cpu: input.cpu.map(|c| fargate::parse_cpu(&c).map(|v| v.to_string())).transpose()?,
        memory: input.memory.map(|m| fargate::parse_memory(&m).map(|v| v.to_string())).transpose()?,
        inference_accelerators: input.inference_accelerators,
        pid_mode: input.pid_mode,
        ipc_mode: input.ipc_mode,
        proxy_configuration: input.proxy_configuration,
        registered_at: Some(context.now),
        registered_by: Some(context.caller.arn.clone()),
        ephemeral_storage: input.ephemeral_storage,
        enable_fault_injection: input.enable_fault_injection,
        trusted_execution_configuration: input.trusted_execution_configuration,
        ..model::TaskDefinition::default()
    })
}

fn fill_container(container: &mut model::ContainerDefinition, awsvpc: bool) {
    container.cpu.get_or_insert(0);
    container.essential.get_or_insert(true);
    container.environment.get_or_insert_default();
    container.mount_points.get_or_insert_default();
    container.volumes_from.get_or_insert_default();
    container.system_controls.get_or_insert_default();
    for mapping in container.port_mappings.get_or_insert_default() {
        mapping.protocol.get_or_insert_with(|| "tcp".to_owned());
        if awsvpc && mapping.host_port.unwrap_or(0) == 0 {
            mapping.host_port = mapping.container_port;
        }
    }
    if let Some(health) = &mut container.health_check {
        health.interval.get_or_insert(30);
        health.timeout.get_or_insert(5);
        health.retries.get_or_insert(3);
    }
}

/// What a container instance would have to offer; ECS lists it for every definition.
fn attributes(input: &model::RegisterTaskDefinitionRequest) -> Vec<model::Attribute> {
    let mut names = BTreeSet::new();
    let has_execution_role = input.execution_role_arn.is_some();
    if input.network_mode.as_deref() == Some("awsvpc") {
        names.insert("ecs.capability.task-eni".to_owned());
    }
    if input.task_role_arn.is_some() {
        names.insert("com.amazonaws.ecs.capability.task-iam-role".to_owned());
    }
    for container in &input.container_definitions {
        names.insert("com.amazonaws.ecs.capability.docker-remote-api.1.18".to_owned());
        if let Some(log) = &container.log_configuration {
            names.insert(format!("com.amazonaws.ecs.capability.logging-driver.{}", log.log_driver));
            names.insert("com.amazonaws.ecs.capability.docker-remote-api.1.19".to_owned());
            if log.log_driver == "awslogs" && has_execution_role {
                names.insert("ecs.capability.execution-role-awslogs".to_owned());
            }
        }
        if fargate::is_ecr_image(container.image.as_deref().unwrap_or_default()) {
            names.insert("com.amazonaws.ecs.capability.ecr-auth".to_owned());
            if has_execution_role {
                names.insert("ecs.capability.execution-role-ecr-pull".to_owned());
            }
        }
        if container.health_check.is_some() {
            names.insert("ecs.capability.container-health-check".to_owned());
        }
        if container.depends_on.as_ref().is_some_and(|d| !d.is_empty()) {
            names.insert("ecs.capability.container-ordering".to_owned());
        }
        if container.secrets.as_ref().is_some_and(|s| !s.is_empty()) {
            names.insert("ecs.capability.secrets.asm.environment-variables".to_owned());
        }
    }
    names.into_iter().map(|name| model::Attribute { name, ..model::Attribute::default() }).collect()
}

/// The record that a caller means: the family's newest active revision where none is named.
pub(crate) async fn find(
    store: &Store,
    scope: &Scope,
    wanted: &DefinitionRef,
) -> Result<Option<Versioned<DefinitionRecord>>, AwsError> {
    let revision = match wanted.revision {
        Some(revision) => revision,
        None => match newest_active(store, scope, &wanted.family).await? {
            Some(revision) => revision,
            None => return Ok(None),
        },
    };
    let key = scope.definition_key(&wanted.family, revision);
    Ok(store.get_as(&key).await.map_err(Error::store("read", key))?)
}

/// The ARN that a caller's words mean; a family without active revisions is named with `*`.
pub(crate) async fn arn(api: &EcsApi, scope: &Scope, text: &str) -> Result<String, AwsError> {
    let Some(wanted) = names::definition(text, scope) else {
        return Ok(if text.starts_with("arn:") { text.to_owned() } else { "*".to_owned() });
    };
    let revision = match wanted.revision {
        Some(revision) => Some(revision),
        None => newest_active(&api.store, scope, &wanted.family).await?,
    };
    let revision = revision.map_or_else(|| "*".to_owned(), |r| r.to_string());
    Ok(scope.arn(format!("task-definition/{}:{revision}", wanted.family)))
}

async fn newest_active(store: &Store, scope: &Scope, family: &str) -> Result<Option<i32>, AwsError> {
    let any = scope.definition_index_key(DefinitionStatus::Active, family, 0);
    let prefix = any.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned();
    let mut request = RangeRequest::new(KeyRange::prefix(prefix.clone())).first(1);
    request.reverse = true;
    request.keys_only = true;
    let found = store.range(request).await.map_err(Error::store("list", prefix))?;
    Ok(found.kvs.first().and_then(|kv| std::str::from_utf8(&kv.key).ok()?.rsplit('/').next()?.parse().ok()))
}

pub(super) async fn describe(
    api: &EcsApi,
    context: &Context,
    input: model::DescribeTaskDefinitionRequest,
) -> Result<model::DescribeTaskDefinitionResponse, AwsError> {
    let scope = Scope::of(context);
    let missing = || client("Unable to describe task definition.");
    let wanted = names::definition(&input.task_definition, &scope).ok_or_else(missing)?;
    let found = find(&api.store, &scope, &wanted).await?.ok_or_else(missing)?.value;
    let with_tags = input.include.iter().flatten().any(|i| i == "TAGS");
    Ok(model::DescribeTaskDefinitionResponse {
        task_definition: Some(found.definition),
        tags: Some(if with_tags { found.tags } else { Vec::new() }),
    })
}

/// Moves a definition to another status; `None` if it is not there.
async fn move_to(
    api: &EcsApi,
    scope: &Scope,
    family: &str,
    revision: i32,
    from: DefinitionStatus,
    to: DefinitionStatus,
) -> Result<Option<DefinitionRecord>, AwsError> {
    let key = scope.definition_key(family, revision);
    let family_key = scope.family_key(family);
    for _ in 0..MAX_TRIES {
        let found = api.store.get_as::<DefinitionRecord>(&key).await.map_err(Error::store("read", &key))?;
        let Some(found) = found else { return Ok(None) };
        if found.value.status() != from {
            return Ok(Some(found.value));
        }
        let counted = api.store.get_as::<FamilyRecord>(&family_key).await.map_err(Error::store("read", &family_key))?;
        let family_seen = counted.as_ref().map_or(0, |f| f.mod_revision);
        let mut counted = counted.map(|f| f.value).unwrap_or_default();
        match to {
            DefinitionStatus::Inactive => {
                counted.active = counted.active.saturating_sub(1);
                counted.inactive += 1;
            }
            _ => counted.inactive = counted.inactive.saturating_sub(1),
        }
        let mut after = found.value;
        after.definition.status = Some(to.as_str().to_owned());
        stamp(&mut after.definition, to, api.clock.now());
        let txn = Txn::new()
            .when(Compare::unchanged(key.clone(), found.mod_revision))
            .when(Compare::unchanged(family_key.clone(), family_seen))
            .then(put(&key, &after)?)
            .then(put(&family_key, &counted)?)
            .then(Op::delete(scope.definition_index_key(from, family, revision)))
            .then(Op::put(scope.definition_index_key(to, family, revision), ""));
        if api.commit("change task definition", txn).await? {
            return Ok(Some(after));
        }
    }
    Err(EcsApi::contended())
}

fn stamp(definition: &mut model::TaskDefinition, to: DefinitionStatus, now: Timestamp) {
    match to {
        DefinitionStatus::Inactive => definition.deregistered_at = Some(now),
        DefinitionStatus::DeleteInProgress => definition.delete_requested_at = Some(now),
        DefinitionStatus::Active => {}
    }
}

pub(super) async fn deregister(
    api: &EcsApi,
    context: &Context,
    input: model::DeregisterTaskDefinitionRequest,
) -> Result<model::DeregisterTaskDefinitionResponse, AwsError> {
    let scope = Scope::of(context);
    let missing = || client("The specified task definition does not exist.");
    let wanted = names::definition(&input.task_definition, &scope).ok_or_else(missing)?;
    // Only whole names: nobody should have to guess which revision went.
    let revision =
        wanted.revision.ok_or_else(|| client("Invalid revision number. Number must be a positive integer."))?;
    let (from, to) = (DefinitionStatus::Active, DefinitionStatus::Inactive);
    let after = move_to(api, &scope, &wanted.family, revision, from, to).await?.ok_or_else(missing)?;
    if after.status() == DefinitionStatus::DeleteInProgress {
        return Err(client("The specified task definition is being deleted. Unable to deregister it."));
    }
    Ok(model::DeregisterTaskDefinitionResponse { task_definition: Some(after.definition) })
}

pub(super) async fn delete(
    api: &EcsApi,
    context: &Context,
    input: model::DeleteTaskDefinitionsRequest,
) -> Result<model::DeleteTaskDefinitionsResponse, AwsError> {
    let scope = Scope::of(context);
    let asked = input.task_definitions;
    if asked.is_empty() || asked.len() > MAX_DELETED {
        return Err(validate::invalid(format!("Specify between 1 and {MAX_DELETED} task definitions.")));
    }
    let (mut done, mut failures) = (Vec::new(), Vec::new());
    for text in asked {
        let mut fail = |reason: &str| {
            let arn =
                if text.starts_with("arn:") { text.clone() } else { scope.arn(format!("task-definition/{text}")) };
            failures.push(model::Failure { arn: Some(arn), reason: Some(reason.to_owned()), detail: None });
        };
        let wanted = names::definition(&text, &scope).and_then(|w| Some((w.family, w.revision?)));
        let Some((family, revision)) = wanted else {
            fail(
                "The specified task definition identifier is invalid. Specify a valid name or ARN with its revision and try again.",
            );
            continue;
        };
        let (from, to) = (DefinitionStatus::Inactive, DefinitionStatus::DeleteInProgress);
        match move_to(api, &scope, &family, revision, from, to).await? {
            None => fail(
                "The specified task definition does not exist. Specify a valid account, family, revision and try again.",
            ),
            Some(after) if after.status() == DefinitionStatus::Active => {
                fail(
                    "The specified task definition is still in ACTIVE status. Please deregister the target and try again.",
                );
            }
            Some(after) => done.push(after.definition),
        }
    }
    Ok(model::DeleteTaskDefinitionsResponse { task_definitions: Some(done), failures: Some(failures) })
}

/// What of a definition Gantry cannot run yet; running it anyway would not be what was asked for.
pub(crate) fn not_runnable(definition: &model::TaskDefinition) -> Option<String> {
    for volume in definition.volumes.iter().flatten() {
        let lasting = volume.efs_volume_configuration.is_some()
            || volume.s3files_volume_configuration.is_some()
            || volume.configured_at_launch == Some(true);
        if lasting {
            return Some(format!(
                "volume '{}' (EFS, S3 Files and EBS volumes)",
                volume.name.as_deref().unwrap_or_default()
            ));
        }
    }
    if definition.proxy_configuration.is_some() {
        return Some("proxyConfiguration".to_owned());
    }
    definition.container_definitions.iter().flatten().find_map(|c| {
        let some = |set: bool, what: &str| set.then(|| format!("{what} of container '{}'", name_of(c)));
        some(c.secrets.as_ref().is_some_and(|s| !s.is_empty()), "secrets")
            .or_else(|| some(c.environment_files.as_ref().is_some_and(|f| !f.is_empty()), "environmentFiles"))
            .or_else(|| some(c.repository_credentials.is_some(), "repositoryCredentials"))
            .or_else(|| some(c.firelens_configuration.is_some(), "firelensConfiguration"))
            .or_else(|| some(c.restart_policy.as_ref().is_some_and(|p| p.enabled), "restartPolicy"))
            .or_else(|| some(c.volumes_from.as_ref().is_some_and(|v| !v.is_empty()), "volumesFrom"))
            .or_else(|| some(c.credential_specs.as_ref().is_some_and(|v| !v.is_empty()), "credentialSpecs"))
            .or_else(|| {
                let log = c.log_configuration.as_ref()?;
                let secret = log.secret_options.as_ref().is_some_and(|s| !s.is_empty());
                some(secret || !matches!(log.log_driver.as_str(), "awslogs" | "none"), "logConfiguration")
            })
    })
}
