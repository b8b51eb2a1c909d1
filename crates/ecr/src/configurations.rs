//! The registry's scanning configuration, and which of it is a repository's.

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_registry::{Error, RegistryId, RepoId, RepositoryRecord, ScanFrequency, ScanningConfiguration, setting};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::EcrApi;
use crate::errors::{aws, invalid};

const SCANNING: &str = setting::SCANNING;

fn server(e: &serde_json::Error) -> AwsError {
    errors::server_exception(format!("failed to read or write a configuration: {e}"))
}

async fn kept<T: DeserializeOwned>(api: &EcrApi, registry: &RegistryId, name: &str) -> Result<Option<T>, AwsError> {
    let text = api.registry.setting(registry, name).await.map_err(aws)?;
    text.map(|text| serde_json::from_str(&text).map_err(|e| server(&e))).transpose()
}

async fn keep<T: Serialize>(api: &EcrApi, registry: &RegistryId, name: &str, value: &T) -> Result<(), AwsError> {
    let text = serde_json::to_string(value).map_err(|e| server(&e))?;
    api.registry.set_setting(registry, name, Some(&text)).await.map_err(aws)?;
    Ok(())
}

async fn scanning(api: &EcrApi, registry: &RegistryId) -> Result<ecr::RegistryScanningConfiguration, AwsError> {
    let none = || ecr::RegistryScanningConfiguration { scan_type: Some("BASIC".to_owned()), rules: Some(Vec::new()) };
    Ok(kept(api, registry, SCANNING).await?.unwrap_or_else(none))
}

pub(crate) async fn put_registry_scanning_configuration(
    api: &EcrApi,
    context: &Context,
    input: ecr::PutRegistryScanningConfigurationRequest,
) -> Result<ecr::PutRegistryScanningConfigurationResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let scan_type = input.scan_type.unwrap_or_else(|| "BASIC".to_owned());
    let rules = input.rules.unwrap_or_default();
    for (n, rule) in rules.iter().enumerate() {
        let frequency = rule.scan_frequency.as_str();
        let fits = if scan_type == "BASIC" { frequency != "CONTINUOUS_SCAN" } else { frequency != "MANUAL" };
        if !fits {
            return Err(invalid("scanFrequency", &format!("{frequency} is not supported for scan type {scan_type}")));
        }
        if rules.iter().take(n).any(|other| other.scan_frequency == rule.scan_frequency) {
            return Err(invalid("rules", &format!("there may be one rule for the scan frequency {frequency}")));
        }
    }
    let configuration = ecr::RegistryScanningConfiguration { scan_type: Some(scan_type), rules: Some(rules) };
    keep(api, &registry, SCANNING, &configuration).await?;
    // What is there already is scanned as well where it is asked for.
    api.registry.queue_registry_scan(&registry).await.map_err(aws)?;
    Ok(ecr::PutRegistryScanningConfigurationResponse { registry_scanning_configuration: Some(configuration) })
}

pub(crate) async fn get_registry_scanning_configuration(
    api: &EcrApi,
    context: &Context,
    _: ecr::GetRegistryScanningConfigurationRequest,
) -> Result<ecr::GetRegistryScanningConfigurationResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    Ok(ecr::GetRegistryScanningConfigurationResponse {
        scanning_configuration: Some(scanning(api, &registry).await?),
        registry_id: Some(registry.account.to_string()),
    })
}

pub(crate) async fn batch_get_repository_scanning_configuration(
    api: &EcrApi,
    context: &Context,
    input: ecr::BatchGetRepositoryScanningConfigurationRequest,
) -> Result<ecr::BatchGetRepositoryScanningConfigurationResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let configuration = api.registry.scanning_configuration(&registry).await.map_err(aws)?;
    let (mut found, mut failures) = (Vec::new(), Vec::new());
    for name in input.repository_names {
        let repo = RepoId::new(registry.clone(), name);
        match api.registry.repository(&repo).await {
            Ok(record) => found.push(scanning_of(&repo, &record.value, &configuration)),
            Err(e @ Error::RepositoryNotFound { .. }) => failures.push(ecr::RepositoryScanningConfigurationFailure {
                repository_name: Some(repo.name),
                failure_code: Some("REPOSITORY_NOT_FOUND".to_owned()),
                failure_reason: Some(e.to_string()),
            }),
            Err(e) => return Err(aws(e)),
        }
    }
    Ok(ecr::BatchGetRepositoryScanningConfigurationResponse {
        scanning_configurations: Some(found),
        failures: Some(failures),
    })
}

fn scanning_of(
    repo: &RepoId,
    record: &RepositoryRecord,
    configuration: &ScanningConfiguration,
) -> ecr::RepositoryScanningConfiguration {
    let (frequency, filters) = configuration.frequency(&repo.name, record.scan_on_push);
    let filters = filters
        .into_iter()
        .map(|f| ecr::ScanningRepositoryFilter { filter: f.filter.clone(), filter_type: f.filter_type.clone() });
    ecr::RepositoryScanningConfiguration {
        repository_arn: Some(repo.arn().to_string()),
        repository_name: Some(repo.name.clone()),
        scan_on_push: Some(frequency != ScanFrequency::Manual),
        scan_frequency: Some(frequency.as_str().to_owned()),
        applied_scan_filters: Some(filters.collect()),
    }
}
