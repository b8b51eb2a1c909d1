//! Repositories and the registry itself.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_registry::{EncryptionRecord, Mutability, RegistryId, RepoId, RepositoryDelete, RepositoryRecord};

use crate::api::EcrApi;
use crate::errors::{aws, invalid};
use crate::tags;
use crate::token::TOKEN_LIFETIME_MS;

/// Repositories in a page where the request does not say.
const DEFAULT_PAGE: usize = 100;
/// Exclusion filters of one repository (ECR's quota).
const MAX_EXCLUSION_FILTERS: usize = 5;

pub(crate) async fn get_authorization_token(
    api: &EcrApi,
    context: &Context,
    input: ecr::GetAuthorizationTokenRequest,
) -> Result<ecr::GetAuthorizationTokenResponse, AwsError> {
    let ids = match input.registry_ids {
        Some(ids) if !ids.is_empty() => ids.into_iter().map(Some).collect(),
        _ => vec![None],
    };
    let expires = api.clock.now().plus_ms(TOKEN_LIFETIME_MS);
    let mut data = Vec::with_capacity(ids.len());
    for id in ids {
        let registry = EcrApi::registry_id(context, id.as_ref())?;
        let password = api
            .key
            .login(&registry, &context.caller, expires)
            .map_err(|e| errors::server_exception(format!("failed to make a token: {e}")))?;
        let scheme = if context.secure_transport { "https" } else { "http" };
        data.push(ecr::AuthorizationData {
            authorization_token: Some(BASE64.encode(format!("AWS:{password}"))),
            expires_at: Some(expires),
            proxy_endpoint: Some(format!("{scheme}://{}", api.registry.names().endpoint(&registry))),
        });
    }
    Ok(ecr::GetAuthorizationTokenResponse { authorization_data: Some(data) })
}

pub(crate) async fn describe_registry(
    api: &EcrApi,
    context: &Context,
    _: ecr::DescribeRegistryRequest,
) -> Result<ecr::DescribeRegistryResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    Ok(ecr::DescribeRegistryResponse {
        registry_id: Some(context.account.to_string()),
        replication_configuration: Some(crate::replication::configuration(api, &registry).await?),
    })
}

pub(crate) async fn create_repository(
    api: &EcrApi,
    context: &Context,
    input: ecr::CreateRepositoryRequest,
) -> Result<ecr::CreateRepositoryResponse, AwsError> {
    let registry = EcrApi::registry_id(context, input.registry_id.as_ref())?;
    let (mutability, exclusion_filters) =
        mutability(input.image_tag_mutability.as_deref(), input.image_tag_mutability_exclusion_filters)?;
    let record = RepositoryRecord {
        name: input.repository_name,
        created_at: api.clock.now(),
        mutability,
        exclusion_filters,
        scan_on_push: input.image_scanning_configuration.and_then(|c| c.scan_on_push).unwrap_or(false),
        encryption: encryption(input.encryption_configuration, &registry)?,
        tags: tags::merge(BTreeMap::new(), input.tags.unwrap_or_default())?,
    };
    api.registry.create_repository(&registry, &record).await.map_err(aws)?;
    Ok(ecr::CreateRepositoryResponse { repository: Some(view(api, &registry, record)) })
}

pub(crate) fn encryption(
    asked: Option<ecr::EncryptionConfiguration>,
    registry: &RegistryId,
) -> Result<EncryptionRecord, AwsError> {
    let Some(asked) = asked else { return Ok(EncryptionRecord { kind: "AES256".to_owned(), kms_key: None }) };
    if asked.encryption_type == "AES256" {
        return match asked.kms_key {
            Some(_) => Err(invalid("encryptionConfiguration", "KMS key can not be specified for AES256 encryption")),
            None => Ok(EncryptionRecord { kind: asked.encryption_type, kms_key: None }),
        };
    }
    // Without a key ECR takes the account's own one for ECR, named by its alias.
    let (account, region) = (&registry.account, &registry.region);
    let key = asked.kms_key.unwrap_or_else(|| format!("arn:aws:kms:{region}:{account}:alias/aws/ecr"));
    Ok(EncryptionRecord { kind: asked.encryption_type, kms_key: Some(key) })
}

pub(crate) fn mutability(
    asked: Option<&str>,
    filters: Option<Vec<ecr::ImageTagMutabilityExclusionFilter>>,
) -> Result<(Mutability, Vec<String>), AwsError> {
    let kind = match asked {
        None | Some("MUTABLE") => Mutability::Mutable,
        Some("IMMUTABLE") => Mutability::Immutable,
        Some("IMMUTABLE_WITH_EXCLUSION") => Mutability::ImmutableWithExclusion,
        Some("MUTABLE_WITH_EXCLUSION") => Mutability::MutableWithExclusion,
        Some(_) => {
            let kinds = "[MUTABLE, IMMUTABLE, IMMUTABLE_WITH_EXCLUSION, MUTABLE_WITH_EXCLUSION]";
            return Err(invalid("imageTagMutability", &format!("Member must satisfy enum value set: {kinds}")));
        }
    };
    let filters: Vec<String> = filters.unwrap_or_default().into_iter().map(|f| f.filter).collect();
    let takes = matches!(kind, Mutability::ImmutableWithExclusion | Mutability::MutableWithExclusion);
    let parameter = "imageTagMutabilityExclusionFilters";
    if takes == filters.is_empty() {
        let wants = if takes { "must be given with" } else { "can only be given with" };
        return Err(invalid(parameter, &format!("{wants} IMMUTABLE_WITH_EXCLUSION or MUTABLE_WITH_EXCLUSION")));
    }
    if filters.len() > MAX_EXCLUSION_FILTERS {
        return Err(invalid(parameter, "Member must have length less than or equal to 5"));
    }
    Ok((kind, filters))
}

pub(crate) const fn mutability_name(kind: Mutability) -> &'static str {
    match kind {
        Mutability::Mutable => "MUTABLE",
        Mutability::Immutable => "IMMUTABLE",
        Mutability::ImmutableWithExclusion => "IMMUTABLE_WITH_EXCLUSION",
        Mutability::MutableWithExclusion => "MUTABLE_WITH_EXCLUSION",
    }
}

pub(crate) fn filter_views(filters: &[String]) -> Option<Vec<ecr::ImageTagMutabilityExclusionFilter>> {
    let view = |filter: &String| ecr::ImageTagMutabilityExclusionFilter {
        filter_type: "WILDCARD".to_owned(),
        filter: filter.clone(),
    };
    (!filters.is_empty()).then(|| filters.iter().map(view).collect())
}

fn view(api: &EcrApi, registry: &RegistryId, record: RepositoryRecord) -> ecr::Repository {
    let repo = RepoId::new(registry.clone(), record.name.clone());
    ecr::Repository {
        repository_arn: Some(repo.arn().to_string()),
        registry_id: Some(registry.account.to_string()),
        repository_uri: Some(format!("{}/{}", api.registry.names().endpoint(registry), record.name)),
        repository_name: Some(record.name),
        created_at: Some(record.created_at),
        image_tag_mutability: Some(mutability_name(record.mutability).to_owned()),
        image_tag_mutability_exclusion_filters: filter_views(&record.exclusion_filters),
        image_scanning_configuration: Some(ecr::ImageScanningConfiguration { scan_on_push: Some(record.scan_on_push) }),
        encryption_configuration: Some(ecr::EncryptionConfiguration {
            encryption_type: record.encryption.kind,
            kms_key: record.encryption.kms_key,
        }),
    }
}

pub(crate) async fn describe_repositories(
    api: &EcrApi,
    context: &Context,
    input: ecr::DescribeRepositoriesRequest,
) -> Result<ecr::DescribeRepositoriesResponse, AwsError> {
    let registry = EcrApi::registry_id(context, input.registry_id.as_ref())?;
    if let Some(names) = input.repository_names.filter(|n| !n.is_empty()) {
        if input.next_token.is_some() || input.max_results.is_some() {
            return Err(invalid("maxResults", "can not be given with repositoryNames"));
        }
        let mut found = Vec::with_capacity(names.len());
        for name in names {
            let record = api.registry.repository(&RepoId::new(registry.clone(), name)).await.map_err(aws)?;
            found.push(view(api, &registry, record.value));
        }
        return Ok(ecr::DescribeRepositoriesResponse { repositories: Some(found), next_token: None });
    }
    let scope = format!("{}/{}", registry.account, registry.region);
    let after = api.open_page("DescribeRepositories", &scope, input.next_token.as_ref())?;
    let limit = input.max_results.map_or(DEFAULT_PAGE, |n| n.max(1) as usize);
    let page = api.registry.repositories(&registry, after.as_deref(), limit).await.map_err(aws)?;
    Ok(ecr::DescribeRepositoriesResponse {
        repositories: Some(page.items.into_iter().map(|r| view(api, &registry, r)).collect()),
        next_token: api.seal_page("DescribeRepositories", &scope, page.next),
    })
}

pub(crate) async fn delete_repository(
    api: &EcrApi,
    context: &Context,
    input: ecr::DeleteRepositoryRequest,
) -> Result<ecr::DeleteRepositoryResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let how = match input.force {
        Some(true) => RepositoryDelete::WithImages,
        _ => RepositoryDelete::OnlyIfEmpty,
    };
    let record = api.registry.delete_repository(&repo, how).await.map_err(aws)?;
    Ok(ecr::DeleteRepositoryResponse { repository: Some(view(api, &repo.registry, record)) })
}

pub(crate) async fn put_image_tag_mutability(
    api: &EcrApi,
    context: &Context,
    input: ecr::PutImageTagMutabilityRequest,
) -> Result<ecr::PutImageTagMutabilityResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let (kind, filters) = mutability(Some(&input.image_tag_mutability), input.image_tag_mutability_exclusion_filters)?;
    let changed = api.registry.update_repository(&repo, |record| {
        record.mutability = kind;
        record.exclusion_filters.clone_from(&filters);
        Ok(())
    });
    let record = changed.await.map_err(aws)?;
    Ok(ecr::PutImageTagMutabilityResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        image_tag_mutability: Some(mutability_name(record.mutability).to_owned()),
        image_tag_mutability_exclusion_filters: filter_views(&record.exclusion_filters),
    })
}

/// Records the wish; nothing scans yet, and DescribeImageScanFindings says so by not being there.
pub(crate) async fn put_image_scanning_configuration(
    api: &EcrApi,
    context: &Context,
    input: ecr::PutImageScanningConfigurationRequest,
) -> Result<ecr::PutImageScanningConfigurationResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let scan_on_push = input.image_scanning_configuration.scan_on_push.unwrap_or(false);
    let changed = api.registry.update_repository(&repo, |record| {
        record.scan_on_push = scan_on_push;
        Ok(())
    });
    changed.await.map_err(aws)?;
    Ok(ecr::PutImageScanningConfigurationResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        image_scanning_configuration: Some(ecr::ImageScanningConfiguration { scan_on_push: Some(scan_on_push) }),
    })
}
