//! RunTask: checks the whole request, then writes every task with its environment request in one
//! transaction. The answer is the tasks in PROVISIONING; Fargate and the agents take it from there.

use gantry_agent_api::{Desired, EcsTask, EnvironmentRequest, fargate_rules, keys};
use gantry_aws_api::ecs as model;
use gantry_aws_api::ecs::errors;
use gantry_aws_wire::{AwsError, Context, Shape as _};
use gantry_base::{Timestamp, hex_id, uuid};
use gantry_store::{Compare, Op, Txn, Versioned};
use sha2::{Digest as _, Sha256};

use super::placement::{self, Network};
use super::{EcsApi, MAX_TRIES, clusters, definitions};
use crate::controller::put;
use crate::error::Error;
use crate::names;
use crate::records::{
    ClientTokenRecord, ClusterRecord, ContainerFacts, DefinitionRecord, DefinitionStatus, Scope, TaskRecord,
};
use crate::sandbox::{self, TaskFacts};
use crate::validate::definition::{is_essential, name_of};
use crate::validate::fargate::{self, TaskSize};
use crate::validate::{client, invalid, tags};

/// Tasks that one RunTask may start (ECS's limit).
const MAX_COUNT: i32 = 10;
const MAX_STARTED_BY: usize = 128;
const MAX_TOKEN: usize = 64;
/// Bytes of all overrides (ECS's limit).
const MAX_OVERRIDES_BYTES: usize = 8192;

pub(super) async fn run_task(
    api: &EcsApi,
    context: &Context,
    input: model::RunTaskRequest,
) -> Result<model::RunTaskResponse, AwsError> {
    let scope = Scope::of(context);
    let count = input.count.unwrap_or(1);
    if !(1..=MAX_COUNT).contains(&count) {
        return Err(invalid(format!("count must be between 1 and {MAX_COUNT}.")));
    }
    let cluster_name = names::cluster(input.cluster.as_deref(), &scope)?;
    check_words(&input)?;
    let token = token(&input, &cluster_name)?;
    for _ in 0..MAX_TRIES {
        if let Some(answer) = replay(api, &scope, token.as_ref()).await? {
            return Ok(answer);
        }
        let cluster = clusters::active(api, &scope, &cluster_name).await?;
        let definition = runnable(api, &scope, &input.task_definition).await?;
        let plan = Plan::new(&input, &cluster.value, &definition.value, count as usize)?;
        let batch = plan.tasks(api, context, &scope, &cluster.value, &definition.value, token.as_ref())?;
        let txn = transaction(&scope, &cluster, &definition, &batch, token.as_ref(), api.clock.now())?;
        if api.commit("run task", txn).await? {
            let tasks = batch.into_iter().map(|(record, _)| record.task).collect();
            return Ok(model::RunTaskResponse { tasks: Some(tasks), failures: Some(Vec::new()) });
        }
    }
    Err(EcsApi::contended())
}

fn check_words(input: &model::RunTaskRequest) -> Result<(), AwsError> {
    tags::check(input.tags.as_deref().unwrap_or_default())?;
    if input.started_by.as_ref().is_some_and(|s| s.len() > MAX_STARTED_BY) {
        return Err(invalid(format!("startedBy can be at most {MAX_STARTED_BY} characters long.")));
    }
    if input.group.as_deref().is_some_and(|g| g.starts_with("service:")) {
        return Err(invalid("Invalid namespace for group. Group names beginning with service: are reserved."));
    }
    if !matches!(input.propagate_tags.as_deref(), None | Some("TASK_DEFINITION" | "NONE")) {
        return Err(invalid("Invalid value for propagateTags. RunTask takes TASK_DEFINITION or NONE."));
    }
    placement::no_ec2_placement(input)
}

async fn runnable(api: &EcsApi, scope: &Scope, text: &str) -> Result<Versioned<DefinitionRecord>, AwsError> {
    let missing = || client("TaskDefinition not found.");
    let wanted = names::definition(text, scope).ok_or_else(missing)?;
    let found = definitions::find(&api.store, scope, &wanted).await?.ok_or_else(missing)?;
    if found.value.status() != DefinitionStatus::Active {
        return Err(client("TaskDefinition is inactive"));
    }
    if let Some(what) = definitions::not_runnable(&found.value.definition) {
        return Err(client(format!("Gantry cannot run this task definition yet: it does not have {what}.")));
    }
    Ok(found)
}

/// A client token, and a hash of what was asked with it.
struct Token {
    id: String,
    request: String,
    cluster: String,
}

fn token(input: &model::RunTaskRequest, cluster: &str) -> Result<Option<Token>, AwsError> {
    let Some(text) = input.client_token.as_deref().filter(|t| !t.is_empty()) else { return Ok(None) };
    if text.len() > MAX_TOKEN || !text.bytes().all(|b| (33..=126).contains(&b)) {
        return Err(invalid("clientToken can be at most 64 characters long, in the range 33 to 126."));
    }
    Ok(Some(Token {
        // Hashed, since a token may hold any character and keys may not.
        id: hex::encode(Sha256::digest(format!("{cluster}\n{text}"))),
        request: hex::encode(Sha256::digest(input.to_value().to_string())),
        cluster: cluster.to_owned(),
    }))
}

/// The same request again gets the same tasks, as they are by now.
async fn replay(
    api: &EcsApi,
    scope: &Scope,
    token: Option<&Token>,
) -> Result<Option<model::RunTaskResponse>, AwsError> {
    let Some(token) = token else { return Ok(None) };
    let key = scope.client_token_key(&token.id);
    let found = api.store.get_as::<ClientTokenRecord>(&key).await.map_err(Error::store("read", key))?;
    let Some(found) = found else { return Ok(None) };
    if found.value.request != token.request {
        return Err(errors::conflict_exception(
            "The RunTask request could not be processed due to conflicts. The provided clientToken is already in use \
             with a different RunTask request.",
        )
        .with_field("resourceIds", found.value.tasks));
    }
    api.view.wait(found.mod_revision).await;
    let tasks = api.view.tasks(scope, &token.cluster, &found.value.tasks);
    Ok(Some(model::RunTaskResponse {
        tasks: Some(tasks.into_iter().flatten().map(|t| t.record.task.clone()).collect()),
        failures: Some(Vec::new()),
    }))
}

/// What all tasks of a request have in common, checked.
struct Plan<'a> {
    input: &'a model::RunTaskRequest,
    overrides: model::TaskOverride,
    providers: Vec<&'static str>,
    network: Network,
    platform_version: &'static str,
    size: TaskSize,
    ephemeral_storage_gib: u32,
    architecture: String,
}

impl<'a> Plan<'a> {
    fn new(
        input: &'a model::RunTaskRequest,
        cluster: &ClusterRecord,
        definition: &DefinitionRecord,
        count: usize,
    ) -> Result<Self, AwsError> {
        let d = &definition.definition;
        let providers = placement::providers(input, cluster, count)?;
        if !d.compatibilities.iter().flatten().any(|c| c == "FARGATE") {
            return Err(invalid("Task definition does not support launch_type FARGATE."));
        }
        let network = placement::network(input.network_configuration.as_ref())?;
        let overrides = input.overrides.clone().unwrap_or_default();
        check_overrides(&overrides, d)?;
        let size = fargate::size(
            overrides.cpu.as_deref().or(d.cpu.as_deref()),
            overrides.memory.as_deref().or(d.memory.as_deref()),
        )?;
        let storage = overrides.ephemeral_storage.as_ref().or(d.ephemeral_storage.as_ref()).map(|s| s.size_in_gi_b);
        fargate::ephemeral_storage(storage)?;
        let platform = d.runtime_platform.as_ref().and_then(|p| p.cpu_architecture.clone());
        Ok(Self {
            input,
            overrides,
            providers,
            network,
            platform_version: placement::platform_version(input.platform_version.as_deref())?,
            size,
            ephemeral_storage_gib: storage
                .and_then(|s| u32::try_from(s).ok())
                .unwrap_or(fargate_rules::DEFAULT_EPHEMERAL_STORAGE_GIB),
            architecture: platform.unwrap_or_else(|| "X86_64".to_owned()),
        })
    }

    fn tasks(
        &self,
        api: &EcsApi,
        context: &Context,
        scope: &Scope,
        cluster: &ClusterRecord,
        definition: &DefinitionRecord,
        token: Option<&Token>,
    ) -> Result<Vec<(TaskRecord, EnvironmentRequest)>, AwsError> {
        let tags = self.task_tags(cluster, definition)?;
        let now = context.now;
        Ok(self
            .providers
            .iter()
            .map(|provider| self.task(api, scope, cluster, definition, token, &tags, provider, now))
            .collect())
    }

    fn task_tags(&self, cluster: &ClusterRecord, definition: &DefinitionRecord) -> Result<Vec<model::Tag>, AwsError> {
        let propagate = self.input.propagate_tags.as_deref() == Some("TASK_DEFINITION");
        let base = if propagate { definition.tags.as_slice() } else { &[] };
        let mut all = tags::merge(base, self.input.tags.as_deref().unwrap_or_default())?;
        if self.input.enable_ecs_managed_tags == Some(true) {
            all.push(model::Tag { key: Some("aws:ecs:clusterName".to_owned()), value: Some(cluster.name.clone()) });
        }
        Ok(all)
    }

    fn task(
        &self,
        api: &EcsApi,
        scope: &Scope,
        cluster: &ClusterRecord,
        definition: &DefinitionRecord,
        token: Option<&Token>,
        tags: &[model::Tag],
        provider: &str,
        now: Timestamp,
    ) -> (TaskRecord, EnvironmentRequest) {
        let entropy = &*api.entropy;
        let d = &definition.definition;
        let id = hex_id(entropy, 32);
        let task_arn = scope.arn(format!("task/{}/{id}", cluster.name));
        let containers: Vec<model::Container> = d
            .container_definitions
            .iter()
            .flatten()
            .map(|c| {
                let arn = scope.arn(format!("container/{}/{id}/{}", cluster.name, uuid(entropy)));
                self.container(c, arn, &task_arn)
            })
            .collect();
        let container_arns = containers.iter().filter_map(|c| c.container_arn.clone()).collect();
        let facts = TaskFacts {
            ecs: ecs_task(&task_arn, cluster, definition, tags),
            size: self.size,
            ephemeral_storage_gib: self.ephemeral_storage_gib,
            container_arns,
        };
        let environment = EnvironmentRequest {
            sandbox_id: id.clone(),
            account: scope.account.clone(),
            region: scope.region.clone(),
            desired: Desired::Running,
            requested_at: now,
            subnets: self.network.subnets.clone(),
            security_groups: self.network.security_groups.clone(),
            platform_version: self.platform_version.to_owned(),
            architecture: self.architecture.clone(),
            spec: sandbox::spec(d, &self.overrides, facts),
            placement: None,
        };
        let record = TaskRecord {
            account: scope.account.clone(),
            region: scope.region.clone(),
            cluster: cluster.name.clone(),
            id,
            family: definition.family().to_owned(),
            containers: d.container_definitions.iter().flatten().map(container_facts).collect(),
            architecture: self.architecture.clone(),
            cpu_units: self.size.cpu_units,
            memory_mib: self.size.memory_mib,
            ephemeral_storage_gib: self.ephemeral_storage_gib,
            client_token: token.map(|t| t.id.clone()),
            task: self.shown(api, cluster, definition, tags, provider, task_arn, containers, now),
            forget_at: None,
        };
        (record, environment)
    }

    fn container(&self, c: &model::ContainerDefinition, arn: String, task_arn: &str) -> model::Container {
        let changed =
            self.overrides.container_overrides.iter().flatten().find(|o| o.name.as_deref() == Some(name_of(c)));
        let text = |value: Option<i32>| value.map(|v| v.to_string());
        model::Container {
            container_arn: Some(arn),
            task_arn: Some(task_arn.to_owned()),
            name: c.name.clone(),
            image: c.image.clone(),
            last_status: Some("PENDING".to_owned()),
            network_interfaces: Some(Vec::new()),
            health_status: Some("UNKNOWN".to_owned()),
            cpu: Some(changed.and_then(|o| o.cpu).or(c.cpu).unwrap_or(0).to_string()),
            memory: text(changed.and_then(|o| o.memory).or(c.memory)),
            memory_reservation: text(changed.and_then(|o| o.memory_reservation).or(c.memory_reservation)),
            ..model::Container::default()
        }
    }

    fn shown(
        &self,
        api: &EcsApi,
        cluster: &ClusterRecord,
        definition: &DefinitionRecord,
        tags: &[model::Tag],
        provider: &str,
        task_arn: String,
        containers: Vec<model::Container>,
        now: Timestamp,
    ) -> model::Task {
        let attachment = model::Attachment {
            id: Some(uuid(&*api.entropy)),
            r#type: Some("ElasticNetworkInterface".to_owned()),
            status: Some("PRECREATED".to_owned()),
            details: Some(vec![model::KeyValuePair {
                name: Some("subnetId".to_owned()),
                value: self.network.subnets.first().cloned(),
            }]),
        };
        let architecture = model::Attribute {
            name: "ecs.cpu-architecture".to_owned(),
            value: Some(self.architecture.to_ascii_lowercase()),
            ..model::Attribute::default()
        };
        let mut overrides = self.overrides.clone();
        overrides.container_overrides.get_or_insert_default();
        overrides.inference_accelerator_overrides.get_or_insert_default();
        let by_strategy = self.input.launch_type.is_none();
        model::Task {
            attachments: Some(vec![attachment]),
            attributes: Some(vec![architecture]),
            capacity_provider_name: by_strategy.then(|| provider.to_owned()),
            cluster_arn: Some(cluster.arn.clone()),
            containers: Some(containers),
            cpu: Some(self.size.cpu_units.to_string()),
            created_at: Some(now),
            desired_status: Some("RUNNING".to_owned()),
            enable_execute_command: Some(self.input.enable_execute_command.unwrap_or(false)),
            group: Some(
                self.input
                    .group
                    .clone()
                    .filter(|g| !g.is_empty())
                    .unwrap_or_else(|| format!("family:{}", definition.family())),
            ),
            health_status: Some("UNKNOWN".to_owned()),
            inference_accelerators: Some(Vec::new()),
            last_status: Some("PROVISIONING".to_owned()),
            launch_type: Some("FARGATE".to_owned()),
            memory: Some(self.size.memory_mib.to_string()),
            overrides: Some(overrides),
            platform_version: Some(self.platform_version.to_owned()),
            platform_family: Some("Linux".to_owned()),
            started_by: self.input.started_by.clone().filter(|s| !s.is_empty()),
            tags: Some(tags.to_vec()),
            task_arn: Some(task_arn),
            task_definition_arn: Some(definition.arn().to_owned()),
            version: Some(1),
            ephemeral_storage: i32::try_from(self.ephemeral_storage_gib)
                .ok()
                .map(|size_in_gi_b| model::EphemeralStorage { size_in_gi_b }),
            ..model::Task::default()
        }
    }
}

fn ecs_task(task_arn: &str, cluster: &ClusterRecord, definition: &DefinitionRecord, tags: &[model::Tag]) -> EcsTask {
    EcsTask {
        task_arn: task_arn.to_owned(),
        cluster_arn: cluster.arn.clone(),
        cluster_name: cluster.name.clone(),
        family: definition.family().to_owned(),
        revision: definition.revision(),
        task_definition_arn: definition.arn().to_owned(),
        launch_type: "FARGATE".to_owned(),
        service_name: None,
        tags: tags.iter().filter_map(|t| Some((t.key.clone()?, t.value.clone().unwrap_or_default()))).collect(),
    }
}

fn container_facts(c: &model::ContainerDefinition) -> ContainerFacts {
    ContainerFacts {
        name: name_of(c).to_owned(),
        essential: is_essential(c),
        has_health_check: c.health_check.as_ref().is_some_and(|h| h.command.first().is_some_and(|k| k != "NONE")),
    }
}

fn check_overrides(overrides: &model::TaskOverride, definition: &model::TaskDefinition) -> Result<(), AwsError> {
    if overrides.to_value().to_string().len() > MAX_OVERRIDES_BYTES {
        return Err(invalid("Container Overrides length must be at most 8192"));
    }
    for changed in overrides.container_overrides.iter().flatten() {
        let name = changed.name.as_deref().unwrap_or_default();
        if !definition.container_definitions.iter().flatten().any(|c| name_of(c) == name) {
            return Err(invalid(format!(
                "Override for container named {name} is not a container in the TaskDefinition."
            )));
        }
        if changed.environment_files.as_ref().is_some_and(|f| !f.is_empty()) {
            return Err(client("Gantry does not read environmentFiles."));
        }
        if changed.resource_requirements.as_ref().is_some_and(|r| !r.is_empty()) {
            return Err(client("Tasks using the Fargate launch type do not support GPU resource requirements."));
        }
        if [changed.cpu, changed.memory, changed.memory_reservation].into_iter().flatten().any(|v| v < 0) {
            return Err(invalid(format!(
                "Invalid override for container '{name}': cpu and memory cannot be negative."
            )));
        }
        let bad = |p: &model::KeyValuePair| p.name.as_deref().is_none_or(|n| n.is_empty() || n.contains(['=', '\0']));
        if changed.environment.iter().flatten().any(bad) {
            return Err(invalid("Environment variable name should not be null or empty."));
        }
    }
    Ok(())
}

fn transaction(
    scope: &Scope,
    cluster: &Versioned<ClusterRecord>,
    definition: &Versioned<DefinitionRecord>,
    batch: &[(TaskRecord, EnvironmentRequest)],
    token: Option<&Token>,
    now: Timestamp,
) -> Result<Txn, AwsError> {
    let d = &definition.value;
    let mut txn = Txn::new()
        .when(Compare::unchanged(scope.cluster_key(&cluster.value.name), cluster.mod_revision))
        .when(Compare::unchanged(scope.definition_key(d.family(), d.revision()), definition.mod_revision));
    for (record, environment) in batch {
        let key = record.key();
        txn = txn
            .when(Compare::absent(key.clone()))
            .then(put(&key, record)?)
            .then(put(&keys::environment(&record.id), environment)?);
    }
    if let Some(token) = token {
        let key = scope.client_token_key(&token.id);
        let told = ClientTokenRecord {
            request: token.request.clone(),
            cluster: token.cluster.clone(),
            tasks: batch.iter().map(|(record, _)| record.id.clone()).collect(),
            created_at: now,
        };
        let write: Op = put(&key, &told)?;
        txn = txn.when(Compare::absent(key)).then(write);
    }
    Ok(txn)
}
