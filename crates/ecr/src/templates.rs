//! Repository creation templates. A push to a repository that is not there makes it by the template of
//! the longest prefix that is for CREATE_ON_PUSH; the other kinds are kept for replication and cache rules.

use std::collections::BTreeMap;

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_iam::{Policy, PolicyKind};
use gantry_registry::{EncryptionRecord, RegistryId, TemplateRecord};

use crate::api::EcrApi;
use crate::errors::{aws, invalid};
use crate::repositories::{encryption, filter_views, mutability, mutability_name};
use crate::rules::check_custom_role;
use crate::{lifecycle, tags};

const DEFAULT_PAGE: usize = 100;

fn not_found(registry: &RegistryId, prefix: &str) -> AwsError {
    errors::template_not_found_exception(format!(
        "The repository creation template with prefix '{prefix}' does not exist in the registry with id '{}'",
        registry.account
    ))
}

fn check_repository_policy(text: &str) -> Result<(), AwsError> {
    if text.is_empty() {
        return Ok(());
    }
    let read = Policy::parse(text, PolicyKind::Resource);
    read.map(drop).map_err(|e| invalid("repositoryPolicy", &format!("Invalid repository policy provided: {e}")))
}

/// An empty policy is none.
fn some(text: Option<String>) -> Option<String> {
    text.filter(|t| !t.is_empty())
}

fn encryption_of(
    asked: Option<ecr::EncryptionConfigurationForRepositoryCreationTemplate>,
    registry: &RegistryId,
) -> Result<EncryptionRecord, AwsError> {
    let asked = asked.map(|e| ecr::EncryptionConfiguration { encryption_type: e.encryption_type, kms_key: e.kms_key });
    encryption(asked, registry)
}

pub(crate) async fn create_repository_creation_template(
    api: &EcrApi,
    context: &Context,
    input: ecr::CreateRepositoryCreationTemplateRequest,
) -> Result<ecr::CreateRepositoryCreationTemplateResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    check_repository_policy(input.repository_policy.as_deref().unwrap_or_default())?;
    lifecycle::checked_template(input.lifecycle_policy.as_deref().unwrap_or_default())?;
    check_custom_role(input.custom_role_arn.as_deref(), &registry)?;
    if input.applied_for.is_empty() {
        return Err(invalid("appliedFor", "Member must have length greater than or equal to 1"));
    }
    let (mutability, exclusion_filters) =
        mutability(input.image_tag_mutability.as_deref(), input.image_tag_mutability_exclusion_filters)?;
    let now = api.clock.now();
    let record = TemplateRecord {
        prefix: input.prefix,
        description: input.description,
        encryption: encryption_of(input.encryption_configuration, &registry)?,
        tags: tags::merge(BTreeMap::new(), input.resource_tags.unwrap_or_default())?,
        mutability,
        exclusion_filters,
        repository_policy: some(input.repository_policy),
        lifecycle_policy: some(input.lifecycle_policy),
        applied_for: input.applied_for,
        custom_role_arn: input.custom_role_arn,
        created_at: now,
        updated_at: now,
    };
    if !api.registry.create_template(&registry, &record).await.map_err(aws)? {
        return Err(errors::template_already_exists_exception(format!(
            "The repository creation template with prefix '{}' already exists in the registry with id '{}'",
            record.prefix, registry.account
        )));
    }
    Ok(ecr::CreateRepositoryCreationTemplateResponse {
        registry_id: Some(registry.account.to_string()),
        repository_creation_template: Some(view(record)),
    })
}

/// What the request does not name stays as it is.
pub(crate) async fn update_repository_creation_template(
    api: &EcrApi,
    context: &Context,
    input: ecr::UpdateRepositoryCreationTemplateRequest,
) -> Result<ecr::UpdateRepositoryCreationTemplateResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    check_repository_policy(input.repository_policy.as_deref().unwrap_or_default())?;
    lifecycle::checked_template(input.lifecycle_policy.as_deref().unwrap_or_default())?;
    check_custom_role(input.custom_role_arn.as_deref(), &registry)?;
    let mutability = match &input.image_tag_mutability {
        Some(kind) => Some(mutability(Some(kind), input.image_tag_mutability_exclusion_filters.clone())?),
        None => None,
    };
    let encryption = match input.encryption_configuration.clone() {
        Some(asked) => Some(encryption_of(Some(asked), &registry)?),
        None => None,
    };
    let new_tags = match input.resource_tags.clone() {
        Some(given) => Some(tags::merge(BTreeMap::new(), given)?),
        None => None,
    };
    let now = api.clock.now();
    let changed = api.registry.update_template(&registry, &input.prefix, |record| {
        record.updated_at = now;
        if let Some((kind, filters)) = &mutability {
            record.mutability = *kind;
            record.exclusion_filters.clone_from(filters);
        }
        if let Some(encryption) = &encryption {
            record.encryption.clone_from(encryption);
        }
        if let Some(tags) = &new_tags {
            record.tags.clone_from(tags);
        }
        if let Some(applied_for) = input.applied_for.as_ref().filter(|a| !a.is_empty()) {
            record.applied_for.clone_from(applied_for);
        }
        if input.repository_policy.is_some() {
            record.repository_policy = some(input.repository_policy.clone());
        }
        if input.lifecycle_policy.is_some() {
            record.lifecycle_policy = some(input.lifecycle_policy.clone());
        }
        if input.description.is_some() {
            record.description.clone_from(&input.description);
        }
        if input.custom_role_arn.is_some() {
            record.custom_role_arn.clone_from(&input.custom_role_arn);
        }
    });
    let record = changed.await.map_err(aws)?.ok_or_else(|| not_found(&registry, &input.prefix))?;
    Ok(ecr::UpdateRepositoryCreationTemplateResponse {
        registry_id: Some(registry.account.to_string()),
        repository_creation_template: Some(view(record)),
    })
}

pub(crate) async fn delete_repository_creation_template(
    api: &EcrApi,
    context: &Context,
    input: ecr::DeleteRepositoryCreationTemplateRequest,
) -> Result<ecr::DeleteRepositoryCreationTemplateResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let gone = api.registry.delete_template(&registry, &input.prefix).await.map_err(aws)?;
    let record = gone.ok_or_else(|| not_found(&registry, &input.prefix))?;
    Ok(ecr::DeleteRepositoryCreationTemplateResponse {
        registry_id: Some(registry.account.to_string()),
        repository_creation_template: Some(view(record)),
    })
}

pub(crate) async fn describe_repository_creation_templates(
    api: &EcrApi,
    context: &Context,
    input: ecr::DescribeRepositoryCreationTemplatesRequest,
) -> Result<ecr::DescribeRepositoryCreationTemplatesResponse, AwsError> {
    let registry = EcrApi::registry_id(context, None)?;
    let registry_id = Some(registry.account.to_string());
    if let Some(prefixes) = input.prefixes.filter(|p| !p.is_empty()) {
        if input.next_token.is_some() || input.max_results.is_some() {
            return Err(invalid("maxResults", "can not be given with prefixes"));
        }
        let mut found = Vec::new();
        for prefix in prefixes {
            // The model has no error for one that is not there.
            found.extend(api.registry.template(&registry, &prefix).await.map_err(aws)?.map(view));
        }
        return Ok(ecr::DescribeRepositoryCreationTemplatesResponse {
            registry_id,
            repository_creation_templates: Some(found),
            next_token: None,
        });
    }
    let scope = format!("{}/{}", registry.account, registry.region);
    let after = api.open_page("DescribeRepositoryCreationTemplates", &scope, input.next_token.as_ref())?;
    let limit = input.max_results.map_or(DEFAULT_PAGE, |n| n.max(1) as usize);
    let page = api.registry.templates(&registry, after.as_deref(), limit).await.map_err(aws)?;
    Ok(ecr::DescribeRepositoryCreationTemplatesResponse {
        registry_id,
        repository_creation_templates: Some(page.items.into_iter().map(view).collect()),
        next_token: api.seal_page("DescribeRepositoryCreationTemplates", &scope, page.next),
    })
}

fn view(record: TemplateRecord) -> ecr::RepositoryCreationTemplate {
    let tags: Vec<_> = record.tags.into_iter().map(|(key, value)| ecr::Tag { key, value }).collect();
    ecr::RepositoryCreationTemplate {
        prefix: Some(record.prefix),
        description: record.description,
        encryption_configuration: Some(ecr::EncryptionConfigurationForRepositoryCreationTemplate {
            encryption_type: record.encryption.kind,
            kms_key: record.encryption.kms_key,
        }),
        resource_tags: Some(tags),
        image_tag_mutability: Some(mutability_name(record.mutability).to_owned()),
        image_tag_mutability_exclusion_filters: filter_views(&record.exclusion_filters),
        repository_policy: record.repository_policy,
        lifecycle_policy: record.lifecycle_policy,
        applied_for: Some(record.applied_for),
        custom_role_arn: record.custom_role_arn,
        created_at: Some(record.created_at),
        updated_at: Some(record.updated_at),
    }
}
