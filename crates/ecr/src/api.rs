//! The generated `Ecr` trait: each operation is a line here and a function in the file of its subject.
//! Operations that are not here answer `501 NotImplemented` by name, after authorisation.

use async_trait::async_trait;
use gantry_aws_api::ecr::{self, Ecr};
use gantry_aws_wire::{Access, AwsError, Context, PageTokens};
use gantry_base::SharedClock;
use gantry_registry::{Registry, RegistryId, RepoId};
use serde_json::Value;

use crate::errors::invalid;
use crate::rules;
use crate::token::TokenKey;

/// Amazon ECR over one [`Registry`].
pub struct EcrApi {
    pub(crate) registry: Registry,
    pub(crate) key: TokenKey,
    pub(crate) clock: SharedClock,
    pub(crate) pull_through: Option<crate::pull_through::PullThrough>,
    pages: PageTokens,
}

impl EcrApi {
    pub fn new(registry: Registry, key: TokenKey, clock: SharedClock) -> Self {
        let pages = PageTokens::new(key.bytes());
        Self { registry, key, clock, pull_through: None, pages }
    }

    pub(crate) fn registry_id(context: &Context, registry_id: Option<&String>) -> Result<RegistryId, AwsError> {
        rules::registry_of(registry_id.map(String::as_str), &context.account, &context.region)
    }

    pub(crate) fn repo(
        context: &Context,
        registry_id: Option<&String>,
        name: impl Into<String>,
    ) -> Result<RepoId, AwsError> {
        Ok(RepoId::new(Self::registry_id(context, registry_id)?, name))
    }

    /// `scope` is what the listing is of, filters included.
    pub(crate) fn seal_page(&self, operation: &str, scope: &str, next: Option<String>) -> Option<String> {
        next.map(|key| self.pages.seal(operation, scope, &key))
    }

    pub(crate) fn open_page(
        &self,
        operation: &str,
        scope: &str,
        token: Option<&String>,
    ) -> Result<Option<String>, AwsError> {
        let open = |token: &String| {
            self.pages.open(operation, scope, token).map_err(|_| invalid("nextToken", "Invalid pagination token"))
        };
        token.map(open).transpose()
    }
}

macro_rules! operations {
    ($($module:ident::$name:ident($input:ident) -> $output:ident;)*) => {
        #[async_trait]
        impl Ecr for EcrApi {
            async fn accesses(
                &self,
                operation: &str,
                input: &Value,
                context: &Context,
            ) -> Result<Vec<Access>, AwsError> {
                let (account, region) = (&context.account, &context.region);
                rules::accesses(&self.registry, operation, input, account, region, &context.caller.account).await
            }

            $(async fn $name(&self, context: &Context, input: ecr::$input) -> Result<ecr::$output, AwsError> {
                crate::$module::$name(self, context, input).await
            })*
        }
    };
}

operations! {
    pull_through::create_pull_through_cache_rule(CreatePullThroughCacheRuleRequest) -> CreatePullThroughCacheRuleResponse;
    pull_through::delete_pull_through_cache_rule(DeletePullThroughCacheRuleRequest) -> DeletePullThroughCacheRuleResponse;
    pull_through::describe_pull_through_cache_rules(DescribePullThroughCacheRulesRequest) -> DescribePullThroughCacheRulesResponse;
    pull_through::update_pull_through_cache_rule(UpdatePullThroughCacheRuleRequest) -> UpdatePullThroughCacheRuleResponse;
    pull_through::validate_pull_through_cache_rule(ValidatePullThroughCacheRuleRequest) -> ValidatePullThroughCacheRuleResponse;
    layers::batch_check_layer_availability(BatchCheckLayerAvailabilityRequest) -> BatchCheckLayerAvailabilityResponse;
    images::batch_delete_image(BatchDeleteImageRequest) -> BatchDeleteImageResponse;
    images::batch_get_image(BatchGetImageRequest) -> BatchGetImageResponse;
    configurations::batch_get_repository_scanning_configuration(BatchGetRepositoryScanningConfigurationRequest) -> BatchGetRepositoryScanningConfigurationResponse;
    layers::complete_layer_upload(CompleteLayerUploadRequest) -> CompleteLayerUploadResponse;
    repositories::create_repository(CreateRepositoryRequest) -> CreateRepositoryResponse;
    templates::create_repository_creation_template(CreateRepositoryCreationTemplateRequest) -> CreateRepositoryCreationTemplateResponse;
    lifecycle::delete_lifecycle_policy(DeleteLifecyclePolicyRequest) -> DeleteLifecyclePolicyResponse;
    registry_policy::delete_registry_policy(DeleteRegistryPolicyRequest) -> DeleteRegistryPolicyResponse;
    repositories::delete_repository(DeleteRepositoryRequest) -> DeleteRepositoryResponse;
    templates::delete_repository_creation_template(DeleteRepositoryCreationTemplateRequest) -> DeleteRepositoryCreationTemplateResponse;
    policies::delete_repository_policy(DeleteRepositoryPolicyRequest) -> DeleteRepositoryPolicyResponse;
    signing::delete_signing_configuration(DeleteSigningConfigurationRequest) -> DeleteSigningConfigurationResponse;
    account::deregister_pull_time_update_exclusion(DeregisterPullTimeUpdateExclusionRequest) -> DeregisterPullTimeUpdateExclusionResponse;
    signing::describe_image_signing_status(DescribeImageSigningStatusRequest) -> DescribeImageSigningStatusResponse;
    replication::describe_image_replication_status(DescribeImageReplicationStatusRequest) -> DescribeImageReplicationStatusResponse;
    scans::describe_image_scan_findings(DescribeImageScanFindingsRequest) -> DescribeImageScanFindingsResponse;
    listing::describe_images(DescribeImagesRequest) -> DescribeImagesResponse;
    repositories::describe_registry(DescribeRegistryRequest) -> DescribeRegistryResponse;
    backfill::describe_replication_backfill_results(DescribeReplicationBackfillResultsRequest) -> DescribeReplicationBackfillResultsResponse;
    repositories::describe_repositories(DescribeRepositoriesRequest) -> DescribeRepositoriesResponse;
    templates::describe_repository_creation_templates(DescribeRepositoryCreationTemplatesRequest) -> DescribeRepositoryCreationTemplatesResponse;
    account::get_account_setting(GetAccountSettingRequest) -> GetAccountSettingResponse;
    repositories::get_authorization_token(GetAuthorizationTokenRequest) -> GetAuthorizationTokenResponse;
    layers::get_download_url_for_layer(GetDownloadUrlForLayerRequest) -> GetDownloadUrlForLayerResponse;
    lifecycle::get_lifecycle_policy(GetLifecyclePolicyRequest) -> GetLifecyclePolicyResponse;
    lifecycle::get_lifecycle_policy_preview(GetLifecyclePolicyPreviewRequest) -> GetLifecyclePolicyPreviewResponse;
    registry_policy::get_registry_policy(GetRegistryPolicyRequest) -> GetRegistryPolicyResponse;
    configurations::get_registry_scanning_configuration(GetRegistryScanningConfigurationRequest) -> GetRegistryScanningConfigurationResponse;
    policies::get_repository_policy(GetRepositoryPolicyRequest) -> GetRepositoryPolicyResponse;
    signing::get_signing_configuration(GetSigningConfigurationRequest) -> GetSigningConfigurationResponse;
    layers::initiate_layer_upload(InitiateLayerUploadRequest) -> InitiateLayerUploadResponse;
    referrers::list_image_referrers(ListImageReferrersRequest) -> ListImageReferrersResponse;
    listing::list_images(ListImagesRequest) -> ListImagesResponse;
    account::list_pull_time_update_exclusions(ListPullTimeUpdateExclusionsRequest) -> ListPullTimeUpdateExclusionsResponse;
    backfill::list_replication_backfills(ListReplicationBackfillsRequest) -> ListReplicationBackfillsResponse;
    tags::list_tags_for_resource(ListTagsForResourceRequest) -> ListTagsForResourceResponse;
    account::put_account_setting(PutAccountSettingRequest) -> PutAccountSettingResponse;
    images::put_image(PutImageRequest) -> PutImageResponse;
    repositories::put_image_scanning_configuration(PutImageScanningConfigurationRequest) -> PutImageScanningConfigurationResponse;
    repositories::put_image_tag_mutability(PutImageTagMutabilityRequest) -> PutImageTagMutabilityResponse;
    lifecycle::put_lifecycle_policy(PutLifecyclePolicyRequest) -> PutLifecyclePolicyResponse;
    registry_policy::put_registry_policy(PutRegistryPolicyRequest) -> PutRegistryPolicyResponse;
    configurations::put_registry_scanning_configuration(PutRegistryScanningConfigurationRequest) -> PutRegistryScanningConfigurationResponse;
    replication::put_replication_configuration(PutReplicationConfigurationRequest) -> PutReplicationConfigurationResponse;
    signing::put_signing_configuration(PutSigningConfigurationRequest) -> PutSigningConfigurationResponse;
    account::register_pull_time_update_exclusion(RegisterPullTimeUpdateExclusionRequest) -> RegisterPullTimeUpdateExclusionResponse;
    policies::set_repository_policy(SetRepositoryPolicyRequest) -> SetRepositoryPolicyResponse;
    scans::start_image_scan(StartImageScanRequest) -> StartImageScanResponse;
    lifecycle::start_lifecycle_policy_preview(StartLifecyclePolicyPreviewRequest) -> StartLifecyclePolicyPreviewResponse;
    backfill::start_replication_backfill(StartReplicationBackfillRequest) -> StartReplicationBackfillResponse;
    backfill::stop_replication_backfill(StopReplicationBackfillRequest) -> StopReplicationBackfillResponse;
    tags::tag_resource(TagResourceRequest) -> TagResourceResponse;
    tags::untag_resource(UntagResourceRequest) -> UntagResourceResponse;
    storage::update_image_storage_class(UpdateImageStorageClassRequest) -> UpdateImageStorageClassResponse;
    templates::update_repository_creation_template(UpdateRepositoryCreationTemplateRequest) -> UpdateRepositoryCreationTemplateResponse;
    layers::upload_layer_part(UploadLayerPartRequest) -> UploadLayerPartResponse;
}
