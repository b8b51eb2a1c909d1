//! Clusters. A deleted one stays as INACTIVE, as in ECS, and may be made again.

use gantry_aws_api::ecs as model;
use gantry_aws_api::ecs::errors;
use gantry_aws_wire::{AwsError, Context};
use gantry_store::{Compare, Txn, Versioned};

use super::{EcsApi, MAX_TRIES};
use crate::controller::put;
use crate::names::{self, DEFAULT_CLUSTER};
use crate::records::{ClusterRecord, ClusterStatus, Scope};
use crate::validate::{invalid, tags};

/// Clusters that DescribeClusters takes at once (ECS's limit).
const MAX_DESCRIBED: usize = 100;
const MAX_PAGE: i32 = 100;
/// Providers in one strategy (ECS's limit).
const MAX_STRATEGY: usize = 20;
pub(super) const PROVIDERS: [&str; 2] = ["FARGATE", "FARGATE_SPOT"];

pub(crate) fn not_found() -> AwsError {
    errors::cluster_not_found_exception("Cluster not found.")
}

/// The cluster as the store has it, if it is there and something may be done in it.
pub(crate) async fn active(api: &EcsApi, scope: &Scope, name: &str) -> Result<Versioned<ClusterRecord>, AwsError> {
    let key = scope.cluster_key(name);
    let found = api.store.get_as::<ClusterRecord>(&key).await.map_err(crate::error::Error::store("read", key))?;
    found.filter(|c| c.value.status == ClusterStatus::Active).ok_or_else(not_found)
}

/// Include flags of DescribeClusters.
#[derive(Clone, Copy, Debug, Default)]
struct Include {
    tags: bool,
    statistics: bool,
    settings: bool,
    configurations: bool,
}

impl Include {
    fn of(words: Option<&[String]>) -> Self {
        let has = |word: &str| words.is_some_and(|w| w.iter().any(|x| x == word));
        Self {
            tags: has("TAGS"),
            statistics: has("STATISTICS"),
            settings: has("SETTINGS"),
            configurations: has("CONFIGURATIONS"),
        }
    }

    const ALL: Self = Self { tags: true, statistics: false, settings: true, configurations: true };
}

fn shown(api: &EcsApi, scope: &Scope, record: &ClusterRecord, include: Include) -> model::Cluster {
    let (running, pending) = api.view.counts(scope, &record.name);
    let statistics = [
        ("runningEC2TasksCount", 0),
        ("runningFargateTasksCount", running),
        ("pendingEC2TasksCount", 0),
        ("pendingFargateTasksCount", pending),
        ("activeEC2ServiceCount", 0),
        ("activeFargateServiceCount", 0),
        ("drainingEC2ServiceCount", 0),
        ("drainingFargateServiceCount", 0),
    ];
    let pair = |(name, count): (&str, i32)| model::KeyValuePair {
        name: Some(name.to_owned()),
        value: Some(count.to_string()),
    };
    model::Cluster {
        cluster_arn: Some(record.arn.clone()),
        cluster_name: Some(record.name.clone()),
        configuration: record.configuration.clone().filter(|_| include.configurations),
        status: Some(record.status.as_str().to_owned()),
        registered_container_instances_count: Some(0),
        running_tasks_count: Some(running),
        pending_tasks_count: Some(pending),
        active_services_count: Some(0),
        statistics: Some(if include.statistics { statistics.into_iter().map(pair).collect() } else { Vec::new() }),
        tags: Some(if include.tags { record.tags.clone() } else { Vec::new() }),
        settings: Some(if include.settings { record.settings.clone() } else { Vec::new() }),
        capacity_providers: Some(record.capacity_providers.clone()),
        default_capacity_provider_strategy: Some(record.default_capacity_provider_strategy.clone()),
        service_connect_defaults: record
            .service_connect_namespace
            .clone()
            .map(|namespace| model::ClusterServiceConnectDefaults { namespace: Some(namespace) }),
        ..model::Cluster::default()
    }
}

fn check_settings(settings: &[model::ClusterSetting]) -> Result<Vec<model::ClusterSetting>, AwsError> {
    for setting in settings {
        let (name, value) = (setting.name.as_deref().unwrap_or_default(), setting.value.as_deref().unwrap_or_default());
        if name != "containerInsights" {
            return Err(invalid(format!("Invalid setting name '{name}'.")));
        }
        if !matches!(value, "enabled" | "disabled" | "enhanced") {
            return Err(invalid(format!("Invalid value '{value}' for setting containerInsights.")));
        }
    }
    Ok(settings.to_vec())
}

fn default_settings() -> Vec<model::ClusterSetting> {
    vec![model::ClusterSetting { name: Some("containerInsights".to_owned()), value: Some("disabled".to_owned()) }]
}

fn check_providers(providers: &[String], strategy: &[model::CapacityProviderStrategyItem]) -> Result<(), AwsError> {
    if let Some(unknown) = providers.iter().find(|p| !PROVIDERS.contains(&p.as_str())) {
        return Err(invalid(format!("The specified capacity provider '{unknown}' was not found.")));
    }
    check_strategy(strategy, providers)
}

/// Weights, bases, and providers that the cluster has.
pub(crate) fn check_strategy(
    strategy: &[model::CapacityProviderStrategyItem],
    providers: &[String],
) -> Result<(), AwsError> {
    if strategy.len() > MAX_STRATEGY {
        return Err(invalid(format!(
            "A capacity provider strategy can contain a maximum of {MAX_STRATEGY} capacity providers."
        )));
    }
    if strategy.iter().filter(|item| item.base.unwrap_or(0) > 0).count() > 1 {
        return Err(invalid("Only one capacity provider in a capacity provider strategy can have a base defined."));
    }
    for item in strategy {
        if !providers.contains(&item.capacity_provider) {
            return Err(invalid(
                "The specified capacity provider strategy cannot contain a capacity provider that is not associated \
                 with the cluster. Associate the capacity provider with the cluster and try again.",
            ));
        }
        if !(0..=1000).contains(&item.weight.unwrap_or(0)) || !(0..=100_000).contains(&item.base.unwrap_or(0)) {
            return Err(invalid("Capacity provider weights range from 0 to 1000 and bases from 0 to 100000."));
        }
    }
    if !strategy.is_empty() && strategy.iter().all(|item| item.weight.unwrap_or(0) == 0) {
        return Err(invalid("At least one capacity provider in a strategy must have a weight greater than 0."));
    }
    Ok(())
}

pub(super) async fn create(
    api: &EcsApi,
    context: &Context,
    input: model::CreateClusterRequest,
) -> Result<model::CreateClusterResponse, AwsError> {
    let scope = Scope::of(context);
    let name = input.cluster_name.filter(|n| !n.is_empty()).unwrap_or_else(|| DEFAULT_CLUSTER.to_owned());
    if !names::is_name(&name) {
        return Err(invalid(
            "Invalid cluster name: up to 255 letters (uppercase and lowercase), numbers, underscores, and hyphens are allowed.",
        ));
    }
    let tags = input.tags.unwrap_or_default();
    tags::check(&tags)?;
    let settings = input.settings.as_deref().map(check_settings).transpose()?.unwrap_or_else(default_settings);
    let providers = input.capacity_providers.unwrap_or_default();
    let strategy = input.default_capacity_provider_strategy.unwrap_or_default();
    check_providers(&providers, &strategy)?;
    let record = ClusterRecord {
        arn: scope.arn(format!("cluster/{name}")),
        name: name.clone(),
        status: ClusterStatus::Active,
        created_at: api.clock.now(),
        settings,
        configuration: input.configuration,
        capacity_providers: providers,
        default_capacity_provider_strategy: strategy,
        service_connect_namespace: input.service_connect_defaults.map(|d| d.namespace),
        tags,
    };
    let key = scope.cluster_key(&name);
    for _ in 0..MAX_TRIES {
        let found = api.store.get_as::<ClusterRecord>(&key).await.map_err(crate::error::Error::store("read", &key))?;
        // Making what is there already answers with it, as ECS does.
        if let Some(there) = found.as_ref().filter(|c| c.value.status == ClusterStatus::Active) {
            return Ok(model::CreateClusterResponse { cluster: Some(shown(api, &scope, &there.value, Include::ALL)) });
        }
        let seen = found.map_or(0, |c| c.mod_revision);
        let txn = Txn::new().when(Compare::unchanged(key.clone(), seen)).then(put(&key, &record)?);
        if api.commit("create cluster", txn).await? {
            return Ok(model::CreateClusterResponse { cluster: Some(shown(api, &scope, &record, Include::ALL)) });
        }
    }
    Err(EcsApi::contended())
}

pub(super) async fn describe(
    api: &EcsApi,
    context: &Context,
    input: model::DescribeClustersRequest,
) -> Result<model::DescribeClustersResponse, AwsError> {
    let scope = Scope::of(context);
    let asked = input.clusters.filter(|c| !c.is_empty()).unwrap_or_else(|| vec![DEFAULT_CLUSTER.to_owned()]);
    if asked.len() > MAX_DESCRIBED {
        return Err(invalid("Clusters can not have more than 100 elements."));
    }
    let include = Include::of(input.include.as_deref());
    let (mut clusters, mut failures) = (Vec::new(), Vec::new());
    for text in asked {
        let name = names::cluster(Some(&text), &scope).ok();
        match name.and_then(|name| api.view.cluster(&scope, &name)) {
            Some(found) => clusters.push(shown(api, &scope, &found.value, include)),
            None => failures.push(model::Failure {
                arn: Some(if text.starts_with("arn:") { text } else { scope.arn(format!("cluster/{text}")) }),
                reason: Some("MISSING".to_owned()),
                detail: None,
            }),
        }
    }
    Ok(model::DescribeClustersResponse { clusters: Some(clusters), failures: Some(failures) })
}

pub(super) async fn list(
    api: &EcsApi,
    context: &Context,
    input: model::ListClustersRequest,
) -> Result<model::ListClustersResponse, AwsError> {
    let scope = Scope::of(context);
    let limit = super::listing::page_size(input.max_results, MAX_PAGE)?;
    let page_scope = super::listing::page_scope(&scope, &[]);
    let after = super::listing::open(api, "ListClusters", &page_scope, input.next_token.as_deref())?;
    // Inactive clusters are passed over, so pages are filled from as many reads as it takes.
    let mut found = Vec::new();
    let mut from = after;
    while found.len() <= limit {
        let batch = api.view.clusters(&scope, from.as_deref(), limit + 1);
        let Some(last) = batch.last() else { break };
        from = Some(last.value.name.clone());
        found.extend(batch.into_iter().filter(|c| c.value.status == ClusterStatus::Active));
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next_token =
        found.last().filter(|_| more).map(|last| api.pages.seal("ListClusters", &page_scope, &last.value.name));
    Ok(model::ListClustersResponse {
        cluster_arns: Some(found.iter().map(|c| c.value.arn.clone()).collect()),
        next_token,
    })
}

/// Two steps, so that no task slips in: first nothing may start any more, then what runs is counted.
pub(super) async fn delete(
    api: &EcsApi,
    context: &Context,
    input: model::DeleteClusterRequest,
) -> Result<model::DeleteClusterResponse, AwsError> {
    let scope = Scope::of(context);
    let name = names::cluster(Some(&input.cluster), &scope)?;
    let closed = set_status(api, &scope, &name, ClusterStatus::Deprovisioning).await?;
    if closed.status == ClusterStatus::Inactive {
        return Ok(model::DeleteClusterResponse { cluster: Some(shown(api, &scope, &closed, Include::ALL)) });
    }
    if api.view.live(&scope, &name) > 0 {
        set_status(api, &scope, &name, ClusterStatus::Active).await?;
        return Err(errors::cluster_contains_tasks_exception("The Cluster cannot be deleted while Tasks are active."));
    }
    let gone = set_status(api, &scope, &name, ClusterStatus::Inactive).await?;
    Ok(model::DeleteClusterResponse { cluster: Some(shown(api, &scope, &gone, Include::ALL)) })
}

async fn set_status(api: &EcsApi, scope: &Scope, name: &str, status: ClusterStatus) -> Result<ClusterRecord, AwsError> {
    change(api, scope, name, |cluster| {
        if cluster.status != ClusterStatus::Inactive {
            cluster.status = status;
        }
        Ok(())
    })
    .await
}

/// Changes the record, whatever its status; answers ClusterNotFoundException if there is none.
pub(crate) async fn change(
    api: &EcsApi,
    scope: &Scope,
    name: &str,
    mut edit: impl FnMut(&mut ClusterRecord) -> Result<(), AwsError>,
) -> Result<ClusterRecord, AwsError> {
    let key = scope.cluster_key(name);
    for _ in 0..MAX_TRIES {
        let found = api.store.get_as::<ClusterRecord>(&key).await.map_err(crate::error::Error::store("read", &key))?;
        let Some(found) = found else { return Err(not_found()) };
        let mut after = found.value.clone();
        edit(&mut after)?;
        if after == found.value {
            api.view.wait(found.mod_revision).await;
            return Ok(after);
        }
        let txn = Txn::new().when(Compare::unchanged(key.clone(), found.mod_revision)).then(put(&key, &after)?);
        if api.commit("change cluster", txn).await? {
            return Ok(after);
        }
    }
    Err(EcsApi::contended())
}

/// The same for clusters in use.
async fn change_active(
    api: &EcsApi,
    scope: &Scope,
    name: &str,
    mut edit: impl FnMut(&mut ClusterRecord) -> Result<(), AwsError>,
) -> Result<model::Cluster, AwsError> {
    let record = change(api, scope, name, |cluster| {
        if cluster.status != ClusterStatus::Active {
            return Err(not_found());
        }
        edit(cluster)
    })
    .await?;
    Ok(shown(api, scope, &record, Include::ALL))
}

pub(super) async fn update(
    api: &EcsApi,
    context: &Context,
    input: model::UpdateClusterRequest,
) -> Result<model::UpdateClusterResponse, AwsError> {
    let scope = Scope::of(context);
    let name = names::cluster(Some(&input.cluster), &scope)?;
    let settings = input.settings.as_deref().map(check_settings).transpose()?;
    let namespace = input.service_connect_defaults.map(|d| d.namespace);
    let cluster = change_active(api, &scope, &name, |cluster| {
        if let Some(settings) = &settings {
            cluster.settings.clone_from(settings);
        }
        if let Some(configuration) = &input.configuration {
            cluster.configuration = Some(configuration.clone());
        }
        if let Some(namespace) = &namespace {
            // An empty namespace takes the default away, as the API's documentation has it.
            cluster.service_connect_namespace = Some(namespace.clone()).filter(|n| !n.is_empty());
        }
        Ok(())
    })
    .await?;
    Ok(model::UpdateClusterResponse { cluster: Some(cluster) })
}

pub(super) async fn update_settings(
    api: &EcsApi,
    context: &Context,
    input: model::UpdateClusterSettingsRequest,
) -> Result<model::UpdateClusterSettingsResponse, AwsError> {
    let scope = Scope::of(context);
    let name = names::cluster(Some(&input.cluster), &scope)?;
    let settings = check_settings(&input.settings)?;
    let cluster = change_active(api, &scope, &name, |cluster| {
        cluster.settings.clone_from(&settings);
        Ok(())
    })
    .await?;
    Ok(model::UpdateClusterSettingsResponse { cluster: Some(cluster) })
}

pub(super) async fn put_capacity_providers(
    api: &EcsApi,
    context: &Context,
    input: model::PutClusterCapacityProvidersRequest,
) -> Result<model::PutClusterCapacityProvidersResponse, AwsError> {
    let scope = Scope::of(context);
    let name = names::cluster(Some(&input.cluster), &scope)?;
    check_providers(&input.capacity_providers, &input.default_capacity_provider_strategy)?;
    let cluster = change_active(api, &scope, &name, |cluster| {
        cluster.capacity_providers.clone_from(&input.capacity_providers);
        cluster.default_capacity_provider_strategy.clone_from(&input.default_capacity_provider_strategy);
        Ok(())
    })
    .await?;
    Ok(model::PutClusterCapacityProvidersResponse { cluster: Some(cluster) })
}

pub(super) async fn describe_capacity_providers(
    _api: &EcsApi,
    context: &Context,
    input: model::DescribeCapacityProvidersRequest,
) -> Result<model::DescribeCapacityProvidersResponse, AwsError> {
    let scope = Scope::of(context);
    let asked = input.capacity_providers.unwrap_or_default();
    let arn = |name: &str| scope.arn(format!("capacity-provider/{name}"));
    let known = |text: &str| PROVIDERS.into_iter().find(|p| *p == text || arn(p) == text);
    let shown = |name: &str| model::CapacityProvider {
        capacity_provider_arn: Some(arn(name)),
        name: Some(name.to_owned()),
        status: Some("ACTIVE".to_owned()),
        tags: Some(Vec::new()),
        ..model::CapacityProvider::default()
    };
    let missing = asked.iter().filter(|text| known(text).is_none()).map(|text| model::Failure {
        arn: Some(if text.starts_with("arn:") { text.clone() } else { arn(text) }),
        reason: Some("MISSING".to_owned()),
        detail: None,
    });
    let found: Vec<_> = if asked.is_empty() {
        PROVIDERS.into_iter().map(shown).collect()
    } else {
        asked.iter().filter_map(|text| known(text)).map(shown).collect()
    };
    Ok(model::DescribeCapacityProvidersResponse {
        capacity_providers: Some(found),
        failures: Some(missing.collect()),
        ..model::DescribeCapacityProvidersResponse::default()
    })
}
