//! The registry's replication configuration, and how an image's copies are. The replicator acts on both.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html>

use std::collections::HashSet;

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_base::{AccountId, Region};
use gantry_registry::{Error, Reference, RegistryId, ReplicationDestination, ReplicationRules, ReplicationStatus};

use crate::api::EcrApi;
use crate::errors::{aws, invalid};
use crate::images::Wanted;

/// Destinations of all rules together.
const MAX_DESTINATIONS: usize = 100;

fn server(e: &serde_json::Error) -> AwsError {
    errors::server_exception(format!("failed to read or write a replication configuration: {e}"))
}

/// A destination as the request has it; `what` is the parameter that is found fault with.
pub(crate) fn destination(
    asked: &ecr::ReplicationDestination,
    source: &RegistryId,
    what: &str,
) -> Result<RegistryId, AwsError> {
    let region: Region = asked.region.parse().map_err(|_| invalid(what, "Invalid destination region"))?;
    let account: AccountId = asked
        .registry_id
        .parse()
        .map_err(|_| invalid(what, "registryId must satisfy regular expression pattern: [0-9]{12}"))?;
    let destination = RegistryId { account, region };
    if destination == *source {
        return Err(invalid(what, "Replication destination cannot be the same as the source registry and region"));
    }
    if partition(&destination.region) != partition(&source.region) {
        return Err(invalid(what, "Replication is not supported between partitions"));
    }
    Ok(destination)
}

/// The partition that a region is in, by its name.
fn partition(region: &Region) -> &'static str {
    let name = region.as_str();
    match name {
        _ if name.starts_with("cn-") => "aws-cn",
        _ if name.starts_with("us-gov-") => "aws-us-gov",
        _ if name.starts_with("us-iso") || name.starts_with("eu-iso") => "aws-iso",
        _ => "aws",
    }
}

pub(crate) async fn put_replication_configuration(
    api: &EcrApi,
    context: &Context,
    input: ecr::PutReplicationConfigurationRequest,
) -> Result<ecr::PutReplicationConfigurationResponse, AwsError> {
    const WHAT: &str = "replicationConfiguration";
    let registry = EcrApi::registry_id(context, None)?;
    let configuration = input.replication_configuration;
    let mut all = HashSet::new();
    for rule in &configuration.rules {
        let mut own = HashSet::new();
        for asked in &rule.destinations {
            let destination = destination(asked, &registry, WHAT)?;
            if !own.insert(destination.clone()) {
                return Err(invalid(WHAT, "Replication destinations must be unique within a rule"));
            }
            all.insert(destination);
        }
    }
    if all.len() > MAX_DESTINATIONS {
        return Err(invalid(WHAT, &format!("There may be at most {MAX_DESTINATIONS} unique destinations")));
    }
    let text = serde_json::to_value(&configuration).map_err(|e| server(&e))?;
    let rules: ReplicationRules = serde_json::from_value(text).map_err(|e| server(&e))?;
    api.registry.set_replication_rules(&registry, &rules).await.map_err(aws)?;
    Ok(ecr::PutReplicationConfigurationResponse { replication_configuration: Some(configuration) })
}

/// For DescribeRegistry.
pub(crate) async fn configuration(
    api: &EcrApi,
    registry: &RegistryId,
) -> Result<ecr::ReplicationConfiguration, AwsError> {
    let rules = api.registry.replication_rules(registry).await.map_err(aws)?;
    let value = serde_json::to_value(&rules).map_err(|e| server(&e))?;
    serde_json::from_value(value).map_err(|e| server(&e))
}

pub(crate) async fn describe_image_replication_status(
    api: &EcrApi,
    context: &Context,
    input: ecr::DescribeImageReplicationStatusRequest,
) -> Result<ecr::DescribeImageReplicationStatusResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let wanted = Wanted::parse(&input.image_id).map_err(|(_, reason)| invalid("imageId", &reason))?;
    let missing = |id: &ecr::ImageIdentifier| {
        let (digest, tag) = (id.image_digest.as_deref().unwrap_or("null"), id.image_tag.as_deref().unwrap_or("null"));
        errors::image_not_found_exception(format!(
            "The image with imageId {{imageDigest:'{digest}', imageTag:'{tag}'}} does not exist within the repository with name '{}' in the registry with id '{}'",
            repo.name, repo.registry.account
        ))
    };
    let reference = wanted.reference().unwrap_or_else(|| Reference::Tag(String::new()));
    let (digest, _) = match api.registry.locate(&repo, &reference).await {
        Err(Error::ImageNotFound { .. }) => return Err(missing(&input.image_id)),
        other => other.map_err(aws)?,
    };
    if wanted.digest.as_ref().is_some_and(|d| *d != digest) {
        return Err(missing(&input.image_id));
    }
    let mut known = api.registry.replications(&repo, &digest).await.map_err(aws)?;
    let mut statuses = Vec::new();
    // What a push has asked for and the replicator has not come to yet is under way too.
    if let Some(seen) = api.registry.replication_queued(&repo, &digest).await.map_err(aws)? {
        let rules = api.registry.replication_rules(&repo.registry).await.map_err(aws)?;
        for destination in rules.destinations(&repo.name) {
            if known.iter().any(|(id, record)| *id == destination && record.is_settled(seen)) {
                continue;
            }
            known.retain(|(id, _)| *id != destination);
            statuses.push(status(&destination, ReplicationStatus::InProgress, None));
        }
    }
    statuses.extend(known.into_iter().map(|(id, record)| status(&id, record.status, record.failure_code)));
    statuses.sort_by(|a, b| (&a.region, &a.registry_id).cmp(&(&b.region, &b.registry_id)));
    Ok(ecr::DescribeImageReplicationStatusResponse {
        repository_name: Some(repo.name),
        image_id: Some(ecr::ImageIdentifier { image_digest: Some(digest.to_string()), image_tag: wanted.tag }),
        replication_statuses: Some(statuses),
    })
}

fn status(
    destination: &RegistryId,
    status: ReplicationStatus,
    failure_code: Option<String>,
) -> ecr::ImageReplicationStatus {
    ecr::ImageReplicationStatus {
        region: Some(destination.region.to_string()),
        registry_id: Some(destination.account.to_string()),
        status: Some(status.as_str().to_owned()),
        failure_code: failure_code.filter(|_| status == ReplicationStatus::Failed),
    }
}

/// As the API has a destination.
pub(crate) fn view(destination: &ReplicationDestination) -> ecr::ReplicationDestination {
    ecr::ReplicationDestination {
        region: destination.region.to_string(),
        registry_id: destination.registry_id.to_string(),
    }
}
