// Made by `cargo xtask codegen` from the public service model. Do not edit.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_aws_wire::schema::{OperationSchema, ServiceSchema};
use gantry_aws_wire::{Access, AwsError, Context, Output, Service, Shape as _};
use serde_json::Value;

use super::{schema, types};
use crate::support::parse;

/// Amazon Elastic Container Registry. An operation that is not overridden answers `501 NotImplemented` with its name.
#[async_trait]
pub trait Ecr: Send + Sync + 'static {
    /// What the caller must be allowed before `operation` runs; see [`Service::accesses`].
    async fn accesses(&self, operation: &str, input: &Value, context: &Context) -> Result<Vec<Access>, AwsError>;

    /// A whole answer that is ready as JSON, for operations where building it anew costs too much.
    async fn prerendered(&self, operation: &str, input: &Value, context: &Context) -> Option<Result<Bytes, AwsError>> {
        let _ = (operation, input, context);
        None
    }

    async fn batch_check_layer_availability(
        &self,
        context: &Context,
        input: types::BatchCheckLayerAvailabilityRequest,
    ) -> Result<types::BatchCheckLayerAvailabilityResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("BatchCheckLayerAvailability"))
    }

    async fn batch_delete_image(
        &self,
        context: &Context,
        input: types::BatchDeleteImageRequest,
    ) -> Result<types::BatchDeleteImageResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("BatchDeleteImage"))
    }

    async fn batch_get_image(
        &self,
        context: &Context,
        input: types::BatchGetImageRequest,
    ) -> Result<types::BatchGetImageResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("BatchGetImage"))
    }

    async fn batch_get_repository_scanning_configuration(
        &self,
        context: &Context,
        input: types::BatchGetRepositoryScanningConfigurationRequest,
    ) -> Result<types::BatchGetRepositoryScanningConfigurationResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("BatchGetRepositoryScanningConfiguration"))
    }

    async fn complete_layer_upload(
        &self,
        context: &Context,
        input: types::CompleteLayerUploadRequest,
    ) -> Result<types::CompleteLayerUploadResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CompleteLayerUpload"))
    }

    async fn create_pull_through_cache_rule(
        &self,
        context: &Context,
        input: types::CreatePullThroughCacheRuleRequest,
    ) -> Result<types::CreatePullThroughCacheRuleResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreatePullThroughCacheRule"))
    }

    async fn create_repository(
        &self,
        context: &Context,
        input: types::CreateRepositoryRequest,
    ) -> Result<types::CreateRepositoryResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateRepository"))
    }

    async fn create_repository_creation_template(
        &self,
        context: &Context,
        input: types::CreateRepositoryCreationTemplateRequest,
    ) -> Result<types::CreateRepositoryCreationTemplateResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateRepositoryCreationTemplate"))
    }

    async fn delete_lifecycle_policy(
        &self,
        context: &Context,
        input: types::DeleteLifecyclePolicyRequest,
    ) -> Result<types::DeleteLifecyclePolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteLifecyclePolicy"))
    }

    async fn delete_pull_through_cache_rule(
        &self,
        context: &Context,
        input: types::DeletePullThroughCacheRuleRequest,
    ) -> Result<types::DeletePullThroughCacheRuleResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeletePullThroughCacheRule"))
    }

    async fn delete_registry_policy(
        &self,
        context: &Context,
        input: types::DeleteRegistryPolicyRequest,
    ) -> Result<types::DeleteRegistryPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteRegistryPolicy"))
    }

    async fn delete_repository(
        &self,
        context: &Context,
        input: types::DeleteRepositoryRequest,
    ) -> Result<types::DeleteRepositoryResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteRepository"))
    }

    async fn delete_repository_creation_template(
        &self,
        context: &Context,
        input: types::DeleteRepositoryCreationTemplateRequest,
    ) -> Result<types::DeleteRepositoryCreationTemplateResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteRepositoryCreationTemplate"))
    }

    async fn delete_repository_policy(
        &self,
        context: &Context,
        input: types::DeleteRepositoryPolicyRequest,
    ) -> Result<types::DeleteRepositoryPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteRepositoryPolicy"))
    }

    async fn delete_signing_configuration(
        &self,
        context: &Context,
        input: types::DeleteSigningConfigurationRequest,
    ) -> Result<types::DeleteSigningConfigurationResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteSigningConfiguration"))
    }

    async fn deregister_pull_time_update_exclusion(
        &self,
        context: &Context,
        input: types::DeregisterPullTimeUpdateExclusionRequest,
    ) -> Result<types::DeregisterPullTimeUpdateExclusionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeregisterPullTimeUpdateExclusion"))
    }

    async fn describe_image_replication_status(
        &self,
        context: &Context,
        input: types::DescribeImageReplicationStatusRequest,
    ) -> Result<types::DescribeImageReplicationStatusResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeImageReplicationStatus"))
    }

    async fn describe_image_scan_findings(
        &self,
        context: &Context,
        input: types::DescribeImageScanFindingsRequest,
    ) -> Result<types::DescribeImageScanFindingsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeImageScanFindings"))
    }

    async fn describe_image_signing_status(
        &self,
        context: &Context,
        input: types::DescribeImageSigningStatusRequest,
    ) -> Result<types::DescribeImageSigningStatusResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeImageSigningStatus"))
    }

    async fn describe_images(
        &self,
        context: &Context,
        input: types::DescribeImagesRequest,
    ) -> Result<types::DescribeImagesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeImages"))
    }

    async fn describe_pull_through_cache_rules(
        &self,
        context: &Context,
        input: types::DescribePullThroughCacheRulesRequest,
    ) -> Result<types::DescribePullThroughCacheRulesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribePullThroughCacheRules"))
    }

    async fn describe_registry(
        &self,
        context: &Context,
        input: types::DescribeRegistryRequest,
    ) -> Result<types::DescribeRegistryResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeRegistry"))
    }

    async fn describe_replication_backfill_results(
        &self,
        context: &Context,
        input: types::DescribeReplicationBackfillResultsRequest,
    ) -> Result<types::DescribeReplicationBackfillResultsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeReplicationBackfillResults"))
    }

    async fn describe_repositories(
        &self,
        context: &Context,
        input: types::DescribeRepositoriesRequest,
    ) -> Result<types::DescribeRepositoriesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeRepositories"))
    }

    async fn describe_repository_creation_templates(
        &self,
        context: &Context,
        input: types::DescribeRepositoryCreationTemplatesRequest,
    ) -> Result<types::DescribeRepositoryCreationTemplatesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeRepositoryCreationTemplates"))
    }

    async fn get_account_setting(
        &self,
        context: &Context,
        input: types::GetAccountSettingRequest,
    ) -> Result<types::GetAccountSettingResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetAccountSetting"))
    }

    async fn get_authorization_token(
        &self,
        context: &Context,
        input: types::GetAuthorizationTokenRequest,
    ) -> Result<types::GetAuthorizationTokenResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetAuthorizationToken"))
    }

    async fn get_download_url_for_layer(
        &self,
        context: &Context,
        input: types::GetDownloadUrlForLayerRequest,
    ) -> Result<types::GetDownloadUrlForLayerResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetDownloadUrlForLayer"))
    }

    async fn get_lifecycle_policy(
        &self,
        context: &Context,
        input: types::GetLifecyclePolicyRequest,
    ) -> Result<types::GetLifecyclePolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetLifecyclePolicy"))
    }

    async fn get_lifecycle_policy_preview(
        &self,
        context: &Context,
        input: types::GetLifecyclePolicyPreviewRequest,
    ) -> Result<types::GetLifecyclePolicyPreviewResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetLifecyclePolicyPreview"))
    }

    async fn get_registry_policy(
        &self,
        context: &Context,
        input: types::GetRegistryPolicyRequest,
    ) -> Result<types::GetRegistryPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetRegistryPolicy"))
    }

    async fn get_registry_scanning_configuration(
        &self,
        context: &Context,
        input: types::GetRegistryScanningConfigurationRequest,
    ) -> Result<types::GetRegistryScanningConfigurationResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetRegistryScanningConfiguration"))
    }

    async fn get_repository_policy(
        &self,
        context: &Context,
        input: types::GetRepositoryPolicyRequest,
    ) -> Result<types::GetRepositoryPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetRepositoryPolicy"))
    }

    async fn get_signing_configuration(
        &self,
        context: &Context,
        input: types::GetSigningConfigurationRequest,
    ) -> Result<types::GetSigningConfigurationResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetSigningConfiguration"))
    }

    async fn initiate_layer_upload(
        &self,
        context: &Context,
        input: types::InitiateLayerUploadRequest,
    ) -> Result<types::InitiateLayerUploadResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("InitiateLayerUpload"))
    }

    async fn list_image_referrers(
        &self,
        context: &Context,
        input: types::ListImageReferrersRequest,
    ) -> Result<types::ListImageReferrersResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListImageReferrers"))
    }

    async fn list_images(
        &self,
        context: &Context,
        input: types::ListImagesRequest,
    ) -> Result<types::ListImagesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListImages"))
    }

    async fn list_pull_time_update_exclusions(
        &self,
        context: &Context,
        input: types::ListPullTimeUpdateExclusionsRequest,
    ) -> Result<types::ListPullTimeUpdateExclusionsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListPullTimeUpdateExclusions"))
    }

    async fn list_replication_backfills(
        &self,
        context: &Context,
        input: types::ListReplicationBackfillsRequest,
    ) -> Result<types::ListReplicationBackfillsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListReplicationBackfills"))
    }

    async fn list_tags_for_resource(
        &self,
        context: &Context,
        input: types::ListTagsForResourceRequest,
    ) -> Result<types::ListTagsForResourceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListTagsForResource"))
    }

    async fn put_account_setting(
        &self,
        context: &Context,
        input: types::PutAccountSettingRequest,
    ) -> Result<types::PutAccountSettingResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutAccountSetting"))
    }

    async fn put_image(
        &self,
        context: &Context,
        input: types::PutImageRequest,
    ) -> Result<types::PutImageResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutImage"))
    }

    async fn put_image_scanning_configuration(
        &self,
        context: &Context,
        input: types::PutImageScanningConfigurationRequest,
    ) -> Result<types::PutImageScanningConfigurationResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutImageScanningConfiguration"))
    }

    async fn put_image_tag_mutability(
        &self,
        context: &Context,
        input: types::PutImageTagMutabilityRequest,
    ) -> Result<types::PutImageTagMutabilityResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutImageTagMutability"))
    }

    async fn put_lifecycle_policy(
        &self,
        context: &Context,
        input: types::PutLifecyclePolicyRequest,
    ) -> Result<types::PutLifecyclePolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutLifecyclePolicy"))
    }

    async fn put_registry_policy(
        &self,
        context: &Context,
        input: types::PutRegistryPolicyRequest,
    ) -> Result<types::PutRegistryPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutRegistryPolicy"))
    }

    async fn put_registry_scanning_configuration(
        &self,
        context: &Context,
        input: types::PutRegistryScanningConfigurationRequest,
    ) -> Result<types::PutRegistryScanningConfigurationResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutRegistryScanningConfiguration"))
    }

    async fn put_replication_configuration(
        &self,
        context: &Context,
        input: types::PutReplicationConfigurationRequest,
    ) -> Result<types::PutReplicationConfigurationResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutReplicationConfiguration"))
    }

    async fn put_signing_configuration(
        &self,
        context: &Context,
        input: types::PutSigningConfigurationRequest,
    ) -> Result<types::PutSigningConfigurationResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutSigningConfiguration"))
    }

    async fn register_pull_time_update_exclusion(
        &self,
        context: &Context,
        input: types::RegisterPullTimeUpdateExclusionRequest,
    ) -> Result<types::RegisterPullTimeUpdateExclusionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("RegisterPullTimeUpdateExclusion"))
    }

    async fn set_repository_policy(
        &self,
        context: &Context,
        input: types::SetRepositoryPolicyRequest,
    ) -> Result<types::SetRepositoryPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("SetRepositoryPolicy"))
    }

    async fn start_image_scan(
        &self,
        context: &Context,
        input: types::StartImageScanRequest,
    ) -> Result<types::StartImageScanResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("StartImageScan"))
    }

    async fn start_lifecycle_policy_preview(
        &self,
        context: &Context,
        input: types::StartLifecyclePolicyPreviewRequest,
    ) -> Result<types::StartLifecyclePolicyPreviewResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("StartLifecyclePolicyPreview"))
    }

    async fn start_replication_backfill(
        &self,
        context: &Context,
        input: types::StartReplicationBackfillRequest,
    ) -> Result<types::StartReplicationBackfillResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("StartReplicationBackfill"))
    }

    async fn stop_replication_backfill(
        &self,
        context: &Context,
        input: types::StopReplicationBackfillRequest,
    ) -> Result<types::StopReplicationBackfillResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("StopReplicationBackfill"))
    }

    async fn tag_resource(
        &self,
        context: &Context,
        input: types::TagResourceRequest,
    ) -> Result<types::TagResourceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("TagResource"))
    }

    async fn untag_resource(
        &self,
        context: &Context,
        input: types::UntagResourceRequest,
    ) -> Result<types::UntagResourceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UntagResource"))
    }

    async fn update_image_storage_class(
        &self,
        context: &Context,
        input: types::UpdateImageStorageClassRequest,
    ) -> Result<types::UpdateImageStorageClassResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateImageStorageClass"))
    }

    async fn update_pull_through_cache_rule(
        &self,
        context: &Context,
        input: types::UpdatePullThroughCacheRuleRequest,
    ) -> Result<types::UpdatePullThroughCacheRuleResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdatePullThroughCacheRule"))
    }

    async fn update_repository_creation_template(
        &self,
        context: &Context,
        input: types::UpdateRepositoryCreationTemplateRequest,
    ) -> Result<types::UpdateRepositoryCreationTemplateResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateRepositoryCreationTemplate"))
    }

    async fn upload_layer_part(
        &self,
        context: &Context,
        input: types::UploadLayerPartRequest,
    ) -> Result<types::UploadLayerPartResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UploadLayerPart"))
    }

    async fn validate_pull_through_cache_rule(
        &self,
        context: &Context,
        input: types::ValidatePullThroughCacheRuleRequest,
    ) -> Result<types::ValidatePullThroughCacheRuleResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ValidatePullThroughCacheRule"))
    }
}

/// Makes a [`Service`] of any [`Ecr`].
pub struct EcrService<T>(pub Arc<T>);

#[async_trait]
impl<T: Ecr> Service for EcrService<T> {
    fn schema(&self) -> &'static ServiceSchema {
        &schema::SERVICE
    }

    async fn accesses(
        &self,
        operation: &'static OperationSchema,
        input: &Value,
        context: &Context,
    ) -> Result<Vec<Access>, AwsError> {
        self.0.accesses(operation.name, input, context).await
    }

    async fn call(
        &self,
        operation: &'static OperationSchema,
        input: Value,
        context: &Context,
    ) -> Result<Output, AwsError> {
        let api = &*self.0;
        if let Some(ready) = api.prerendered(operation.name, &input, context).await {
            return ready.map(Output::Json);
        }
        Ok(match operation.name {
            "BatchCheckLayerAvailability" => {
                let answer = api.batch_check_layer_availability(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "BatchDeleteImage" => {
                let answer = api.batch_delete_image(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "BatchGetImage" => {
                let answer = api.batch_get_image(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "BatchGetRepositoryScanningConfiguration" => {
                let answer = api.batch_get_repository_scanning_configuration(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CompleteLayerUpload" => {
                let answer = api.complete_layer_upload(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreatePullThroughCacheRule" => {
                let answer = api.create_pull_through_cache_rule(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateRepository" => {
                let answer = api.create_repository(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateRepositoryCreationTemplate" => {
                let answer = api.create_repository_creation_template(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteLifecyclePolicy" => {
                let answer = api.delete_lifecycle_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeletePullThroughCacheRule" => {
                let answer = api.delete_pull_through_cache_rule(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteRegistryPolicy" => {
                let answer = api.delete_registry_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteRepository" => {
                let answer = api.delete_repository(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteRepositoryCreationTemplate" => {
                let answer = api.delete_repository_creation_template(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteRepositoryPolicy" => {
                let answer = api.delete_repository_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteSigningConfiguration" => {
                let answer = api.delete_signing_configuration(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeregisterPullTimeUpdateExclusion" => {
                let answer = api.deregister_pull_time_update_exclusion(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeImageReplicationStatus" => {
                let answer = api.describe_image_replication_status(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeImageScanFindings" => {
                let answer = api.describe_image_scan_findings(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeImageSigningStatus" => {
                let answer = api.describe_image_signing_status(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeImages" => {
                let answer = api.describe_images(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribePullThroughCacheRules" => {
                let answer = api.describe_pull_through_cache_rules(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeRegistry" => {
                let answer = api.describe_registry(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeReplicationBackfillResults" => {
                let answer = api.describe_replication_backfill_results(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeRepositories" => {
                let answer = api.describe_repositories(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeRepositoryCreationTemplates" => {
                let answer = api.describe_repository_creation_templates(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetAccountSetting" => {
                let answer = api.get_account_setting(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetAuthorizationToken" => {
                let answer = api.get_authorization_token(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetDownloadUrlForLayer" => {
                let answer = api.get_download_url_for_layer(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetLifecyclePolicy" => {
                let answer = api.get_lifecycle_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetLifecyclePolicyPreview" => {
                let answer = api.get_lifecycle_policy_preview(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetRegistryPolicy" => {
                let answer = api.get_registry_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetRegistryScanningConfiguration" => {
                let answer = api.get_registry_scanning_configuration(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetRepositoryPolicy" => {
                let answer = api.get_repository_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetSigningConfiguration" => {
                let answer = api.get_signing_configuration(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "InitiateLayerUpload" => {
                let answer = api.initiate_layer_upload(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListImageReferrers" => {
                let answer = api.list_image_referrers(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListImages" => {
                let answer = api.list_images(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListPullTimeUpdateExclusions" => {
                let answer = api.list_pull_time_update_exclusions(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListReplicationBackfills" => {
                let answer = api.list_replication_backfills(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListTagsForResource" => {
                let answer = api.list_tags_for_resource(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutAccountSetting" => {
                let answer = api.put_account_setting(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutImage" => {
                let answer = api.put_image(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutImageScanningConfiguration" => {
                let answer = api.put_image_scanning_configuration(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutImageTagMutability" => {
                let answer = api.put_image_tag_mutability(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutLifecyclePolicy" => {
                let answer = api.put_lifecycle_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutRegistryPolicy" => {
                let answer = api.put_registry_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutRegistryScanningConfiguration" => {
                let answer = api.put_registry_scanning_configuration(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutReplicationConfiguration" => {
                let answer = api.put_replication_configuration(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutSigningConfiguration" => {
                let answer = api.put_signing_configuration(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "RegisterPullTimeUpdateExclusion" => {
                let answer = api.register_pull_time_update_exclusion(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "SetRepositoryPolicy" => {
                let answer = api.set_repository_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "StartImageScan" => {
                let answer = api.start_image_scan(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "StartLifecyclePolicyPreview" => {
                let answer = api.start_lifecycle_policy_preview(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "StartReplicationBackfill" => {
                let answer = api.start_replication_backfill(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "StopReplicationBackfill" => {
                let answer = api.stop_replication_backfill(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "TagResource" => {
                let answer = api.tag_resource(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UntagResource" => {
                let answer = api.untag_resource(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateImageStorageClass" => {
                let answer = api.update_image_storage_class(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdatePullThroughCacheRule" => {
                let answer = api.update_pull_through_cache_rule(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateRepositoryCreationTemplate" => {
                let answer = api.update_repository_creation_template(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UploadLayerPart" => {
                let answer = api.upload_layer_part(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ValidatePullThroughCacheRule" => {
                let answer = api.validate_pull_through_cache_rule(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            other => return Err(AwsError::not_implemented(other)),
        })
    }
}
