// Made by `cargo xtask codegen` from the public service model. Do not edit.

use bytes::Bytes;
use gantry_aws_wire::shapes;
use gantry_base::Timestamp;
use std::collections::BTreeMap;

shapes! {
    pub struct Attribute {
        "key" req key: String,
        "value" opt value: String,
    }
    pub struct AuthorizationData {
        "authorizationToken" opt authorization_token: String,
        "expiresAt" opt expires_at: Timestamp,
        "proxyEndpoint" opt proxy_endpoint: String,
    }
    pub struct AwsEcrContainerImageDetails {
        "architecture" opt architecture: String,
        "author" opt author: String,
        "imageHash" opt image_hash: String,
        "imageTags" opt image_tags: Vec<String>,
        "platform" opt platform: String,
        "pushedAt" opt pushed_at: Timestamp,
        "lastInUseAt" opt last_in_use_at: Timestamp,
        "inUseCount" opt in_use_count: i64,
        "registry" opt registry: String,
        "repositoryName" opt repository_name: String,
    }
    pub struct BatchCheckLayerAvailabilityRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "layerDigests" req layer_digests: Vec<String>,
    }
    pub struct BatchCheckLayerAvailabilityResponse {
        "layers" opt layers: Vec<Layer>,
        "failures" opt failures: Vec<LayerFailure>,
    }
    pub struct BatchDeleteImageRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "imageIds" req image_ids: Vec<ImageIdentifier>,
    }
    pub struct BatchDeleteImageResponse {
        "imageIds" opt image_ids: Vec<ImageIdentifier>,
        "failures" opt failures: Vec<ImageFailure>,
    }
    pub struct BatchGetImageRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "imageIds" req image_ids: Vec<ImageIdentifier>,
        "acceptedMediaTypes" opt accepted_media_types: Vec<String>,
    }
    pub struct BatchGetImageResponse {
        "images" opt images: Vec<Image>,
        "failures" opt failures: Vec<ImageFailure>,
    }
    pub struct BatchGetRepositoryScanningConfigurationRequest {
        "repositoryNames" req repository_names: Vec<String>,
    }
    pub struct BatchGetRepositoryScanningConfigurationResponse {
        "scanningConfigurations" opt scanning_configurations: Vec<RepositoryScanningConfiguration>,
        "failures" opt failures: Vec<RepositoryScanningConfigurationFailure>,
    }
    pub struct CompleteLayerUploadRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "uploadId" req upload_id: String,
        "layerDigests" req layer_digests: Vec<String>,
    }
    pub struct CompleteLayerUploadResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "uploadId" opt upload_id: String,
        "layerDigest" opt layer_digest: String,
    }
    pub struct CreatePullThroughCacheRuleRequest {
        "ecrRepositoryPrefix" req ecr_repository_prefix: String,
        "upstreamRegistryUrl" req upstream_registry_url: String,
        "registryId" opt registry_id: String,
        "upstreamRegistry" opt upstream_registry: String,
        "credentialArn" opt credential_arn: String,
        "customRoleArn" opt custom_role_arn: String,
        "upstreamRepositoryPrefix" opt upstream_repository_prefix: String,
    }
    pub struct CreatePullThroughCacheRuleResponse {
        "ecrRepositoryPrefix" opt ecr_repository_prefix: String,
        "upstreamRegistryUrl" opt upstream_registry_url: String,
        "createdAt" opt created_at: Timestamp,
        "registryId" opt registry_id: String,
        "upstreamRegistry" opt upstream_registry: String,
        "credentialArn" opt credential_arn: String,
        "customRoleArn" opt custom_role_arn: String,
        "upstreamRepositoryPrefix" opt upstream_repository_prefix: String,
    }
    pub struct CreateRepositoryCreationTemplateRequest {
        "prefix" req prefix: String,
        "description" opt description: String,
        "encryptionConfiguration" opt encryption_configuration: EncryptionConfigurationForRepositoryCreationTemplate,
        "resourceTags" opt resource_tags: Vec<Tag>,
        "imageTagMutability" opt image_tag_mutability: String,
        "imageTagMutabilityExclusionFilters" opt image_tag_mutability_exclusion_filters: Vec<ImageTagMutabilityExclusionFilter>,
        "repositoryPolicy" opt repository_policy: String,
        "lifecyclePolicy" opt lifecycle_policy: String,
        "appliedFor" req applied_for: Vec<String>,
        "customRoleArn" opt custom_role_arn: String,
    }
    pub struct CreateRepositoryCreationTemplateResponse {
        "registryId" opt registry_id: String,
        "repositoryCreationTemplate" opt repository_creation_template: RepositoryCreationTemplate,
    }
    pub struct CreateRepositoryRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "tags" opt tags: Vec<Tag>,
        "imageTagMutability" opt image_tag_mutability: String,
        "imageTagMutabilityExclusionFilters" opt image_tag_mutability_exclusion_filters: Vec<ImageTagMutabilityExclusionFilter>,
        "imageScanningConfiguration" opt image_scanning_configuration: ImageScanningConfiguration,
        "encryptionConfiguration" opt encryption_configuration: EncryptionConfiguration,
    }
    pub struct CreateRepositoryResponse {
        "repository" opt repository: Repository,
    }
    pub struct CvssScore {
        "baseScore" opt base_score: f64,
        "scoringVector" opt scoring_vector: String,
        "source" opt source: String,
        "version" opt version: String,
    }
    pub struct CvssScoreAdjustment {
        "metric" opt metric: String,
        "reason" opt reason: String,
    }
    pub struct CvssScoreDetails {
        "adjustments" opt adjustments: Vec<CvssScoreAdjustment>,
        "score" opt score: f64,
        "scoreSource" opt score_source: String,
        "scoringVector" opt scoring_vector: String,
        "version" opt version: String,
    }
    pub struct DeleteLifecyclePolicyRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
    }
    pub struct DeleteLifecyclePolicyResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "lifecyclePolicyText" opt lifecycle_policy_text: String,
        "lastEvaluatedAt" opt last_evaluated_at: Timestamp,
    }
    pub struct DeletePullThroughCacheRuleRequest {
        "ecrRepositoryPrefix" req ecr_repository_prefix: String,
        "registryId" opt registry_id: String,
    }
    pub struct DeletePullThroughCacheRuleResponse {
        "ecrRepositoryPrefix" opt ecr_repository_prefix: String,
        "upstreamRegistryUrl" opt upstream_registry_url: String,
        "createdAt" opt created_at: Timestamp,
        "registryId" opt registry_id: String,
        "credentialArn" opt credential_arn: String,
        "customRoleArn" opt custom_role_arn: String,
        "upstreamRepositoryPrefix" opt upstream_repository_prefix: String,
    }
    pub struct DeleteRegistryPolicyRequest {
    }
    pub struct DeleteRegistryPolicyResponse {
        "registryId" opt registry_id: String,
        "policyText" opt policy_text: String,
    }
    pub struct DeleteReplication {
        "enabled" req enabled: bool,
    }
    pub struct DeleteRepositoryCreationTemplateRequest {
        "prefix" req prefix: String,
    }
    pub struct DeleteRepositoryCreationTemplateResponse {
        "registryId" opt registry_id: String,
        "repositoryCreationTemplate" opt repository_creation_template: RepositoryCreationTemplate,
    }
    pub struct DeleteRepositoryPolicyRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
    }
    pub struct DeleteRepositoryPolicyResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "policyText" opt policy_text: String,
    }
    pub struct DeleteRepositoryRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "force" opt force: bool,
    }
    pub struct DeleteRepositoryResponse {
        "repository" opt repository: Repository,
    }
    pub struct DeleteSigningConfigurationRequest {
    }
    pub struct DeleteSigningConfigurationResponse {
        "registryId" opt registry_id: String,
        "signingConfiguration" opt signing_configuration: SigningConfiguration,
    }
    pub struct DeregisterPullTimeUpdateExclusionRequest {
        "principalArn" req principal_arn: String,
    }
    pub struct DeregisterPullTimeUpdateExclusionResponse {
        "principalArn" opt principal_arn: String,
    }
    pub struct DescribeImageReplicationStatusRequest {
        "repositoryName" req repository_name: String,
        "imageId" req image_id: ImageIdentifier,
        "registryId" opt registry_id: String,
    }
    pub struct DescribeImageReplicationStatusResponse {
        "repositoryName" opt repository_name: String,
        "imageId" opt image_id: ImageIdentifier,
        "replicationStatuses" opt replication_statuses: Vec<ImageReplicationStatus>,
    }
    pub struct DescribeImageScanFindingsRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "imageId" req image_id: ImageIdentifier,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct DescribeImageScanFindingsResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "imageId" opt image_id: ImageIdentifier,
        "imageScanStatus" opt image_scan_status: ImageScanStatus,
        "imageScanFindings" opt image_scan_findings: ImageScanFindings,
        "nextToken" opt next_token: String,
    }
    pub struct DescribeImageSigningStatusRequest {
        "repositoryName" req repository_name: String,
        "imageId" req image_id: ImageIdentifier,
        "registryId" opt registry_id: String,
    }
    pub struct DescribeImageSigningStatusResponse {
        "repositoryName" opt repository_name: String,
        "imageId" opt image_id: ImageIdentifier,
        "registryId" opt registry_id: String,
        "signingStatuses" opt signing_statuses: Vec<ImageSigningStatus>,
    }
    pub struct DescribeImagesFilter {
        "tagStatus" opt tag_status: String,
        "imageStatus" opt image_status: String,
    }
    pub struct DescribeImagesRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "imageIds" opt image_ids: Vec<ImageIdentifier>,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
        "filter" opt filter: DescribeImagesFilter,
    }
    pub struct DescribeImagesResponse {
        "imageDetails" opt image_details: Vec<ImageDetail>,
        "nextToken" opt next_token: String,
    }
    pub struct DescribePullThroughCacheRulesRequest {
        "registryId" opt registry_id: String,
        "ecrRepositoryPrefixes" opt ecr_repository_prefixes: Vec<String>,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct DescribePullThroughCacheRulesResponse {
        "pullThroughCacheRules" opt pull_through_cache_rules: Vec<PullThroughCacheRule>,
        "nextToken" opt next_token: String,
    }
    pub struct DescribeRegistryRequest {
    }
    pub struct DescribeRegistryResponse {
        "registryId" opt registry_id: String,
        "replicationConfiguration" opt replication_configuration: ReplicationConfiguration,
    }
    pub struct DescribeReplicationBackfillResultsRequest {
        "registryId" opt registry_id: String,
        "replicationBackfillId" req replication_backfill_id: String,
        "resultStatusFilter" opt result_status_filter: String,
        "maxResults" opt max_results: i32,
        "nextToken" opt next_token: String,
    }
    pub struct DescribeReplicationBackfillResultsResponse {
        "registryId" opt registry_id: String,
        "replicationBackfillId" opt replication_backfill_id: String,
        "destination" opt destination: ReplicationDestination,
        "status" opt status: String,
        "failureCode" opt failure_code: String,
        "progress" opt progress: ReplicationBackfillProgress,
        "results" opt results: Vec<ReplicationBackfillResult>,
        "startedAt" opt started_at: Timestamp,
        "endedAt" opt ended_at: Timestamp,
        "nextToken" opt next_token: String,
    }
    pub struct DescribeRepositoriesRequest {
        "registryId" opt registry_id: String,
        "repositoryNames" opt repository_names: Vec<String>,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct DescribeRepositoriesResponse {
        "repositories" opt repositories: Vec<Repository>,
        "nextToken" opt next_token: String,
    }
    pub struct DescribeRepositoryCreationTemplatesRequest {
        "prefixes" opt prefixes: Vec<String>,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct DescribeRepositoryCreationTemplatesResponse {
        "registryId" opt registry_id: String,
        "repositoryCreationTemplates" opt repository_creation_templates: Vec<RepositoryCreationTemplate>,
        "nextToken" opt next_token: String,
    }
    pub struct EncryptionConfiguration {
        "encryptionType" req encryption_type: String,
        "kmsKey" opt kms_key: String,
    }
    pub struct EncryptionConfigurationForRepositoryCreationTemplate {
        "encryptionType" req encryption_type: String,
        "kmsKey" opt kms_key: String,
    }
    pub struct EnhancedImageScanFinding {
        "awsAccountId" opt aws_account_id: String,
        "description" opt description: String,
        "findingArn" opt finding_arn: String,
        "firstObservedAt" opt first_observed_at: Timestamp,
        "lastObservedAt" opt last_observed_at: Timestamp,
        "packageVulnerabilityDetails" opt package_vulnerability_details: PackageVulnerabilityDetails,
        "remediation" opt remediation: Remediation,
        "resources" opt resources: Vec<Resource>,
        "score" opt score: f64,
        "scoreDetails" opt score_details: ScoreDetails,
        "severity" opt severity: String,
        "status" opt status: String,
        "title" opt title: String,
        "type" opt r#type: String,
        "updatedAt" opt updated_at: Timestamp,
        "fixAvailable" opt fix_available: String,
        "exploitAvailable" opt exploit_available: String,
    }
    pub struct GetAccountSettingRequest {
        "name" req name: String,
    }
    pub struct GetAccountSettingResponse {
        "name" opt name: String,
        "value" opt value: String,
    }
    pub struct GetAuthorizationTokenRequest {
        "registryIds" opt registry_ids: Vec<String>,
    }
    pub struct GetAuthorizationTokenResponse {
        "authorizationData" opt authorization_data: Vec<AuthorizationData>,
    }
    pub struct GetDownloadUrlForLayerRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "layerDigest" req layer_digest: String,
    }
    pub struct GetDownloadUrlForLayerResponse {
        "downloadUrl" opt download_url: String,
        "layerDigest" opt layer_digest: String,
    }
    pub struct GetLifecyclePolicyPreviewRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "imageIds" opt image_ids: Vec<ImageIdentifier>,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
        "filter" opt filter: LifecyclePolicyPreviewFilter,
    }
    pub struct GetLifecyclePolicyPreviewResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "lifecyclePolicyText" opt lifecycle_policy_text: String,
        "status" opt status: String,
        "nextToken" opt next_token: String,
        "previewResults" opt preview_results: Vec<LifecyclePolicyPreviewResult>,
        "summary" opt summary: LifecyclePolicyPreviewSummary,
    }
    pub struct GetLifecyclePolicyRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
    }
    pub struct GetLifecyclePolicyResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "lifecyclePolicyText" opt lifecycle_policy_text: String,
        "lastEvaluatedAt" opt last_evaluated_at: Timestamp,
    }
    pub struct GetRegistryPolicyRequest {
    }
    pub struct GetRegistryPolicyResponse {
        "registryId" opt registry_id: String,
        "policyText" opt policy_text: String,
    }
    pub struct GetRegistryScanningConfigurationRequest {
    }
    pub struct GetRegistryScanningConfigurationResponse {
        "registryId" opt registry_id: String,
        "scanningConfiguration" opt scanning_configuration: RegistryScanningConfiguration,
    }
    pub struct GetRepositoryPolicyRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
    }
    pub struct GetRepositoryPolicyResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "policyText" opt policy_text: String,
    }
    pub struct GetSigningConfigurationRequest {
    }
    pub struct GetSigningConfigurationResponse {
        "registryId" opt registry_id: String,
        "signingConfiguration" opt signing_configuration: SigningConfiguration,
    }
    pub struct Image {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "imageId" opt image_id: ImageIdentifier,
        "imageManifest" opt image_manifest: String,
        "imageManifestMediaType" opt image_manifest_media_type: String,
    }
    pub struct ImageDetail {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "imageDigest" opt image_digest: String,
        "imageTags" opt image_tags: Vec<String>,
        "imageSizeInBytes" opt image_size_in_bytes: i64,
        "imagePushedAt" opt image_pushed_at: Timestamp,
        "imageScanStatus" opt image_scan_status: ImageScanStatus,
        "imageScanFindingsSummary" opt image_scan_findings_summary: ImageScanFindingsSummary,
        "imageManifestMediaType" opt image_manifest_media_type: String,
        "artifactMediaType" opt artifact_media_type: String,
        "lastRecordedPullTime" opt last_recorded_pull_time: Timestamp,
        "subjectManifestDigest" opt subject_manifest_digest: String,
        "imageStatus" opt image_status: String,
        "lastArchivedAt" opt last_archived_at: Timestamp,
        "lastActivatedAt" opt last_activated_at: Timestamp,
    }
    pub struct ImageFailure {
        "imageId" opt image_id: ImageIdentifier,
        "failureCode" opt failure_code: String,
        "failureReason" opt failure_reason: String,
    }
    pub struct ImageIdentifier {
        "imageDigest" opt image_digest: String,
        "imageTag" opt image_tag: String,
    }
    pub struct ImageReferrer {
        "digest" req digest: String,
        "mediaType" req media_type: String,
        "artifactType" opt artifact_type: String,
        "size" req size: i64,
        "annotations" opt annotations: BTreeMap<String, String>,
        "artifactStatus" opt artifact_status: String,
    }
    pub struct ImageReplicationStatus {
        "region" opt region: String,
        "registryId" opt registry_id: String,
        "status" opt status: String,
        "failureCode" opt failure_code: String,
    }
    pub struct ImageScanFinding {
        "name" opt name: String,
        "description" opt description: String,
        "uri" opt uri: String,
        "severity" opt severity: String,
        "attributes" opt attributes: Vec<Attribute>,
    }
    pub struct ImageScanFindings {
        "imageScanCompletedAt" opt image_scan_completed_at: Timestamp,
        "vulnerabilitySourceUpdatedAt" opt vulnerability_source_updated_at: Timestamp,
        "findingSeverityCounts" opt finding_severity_counts: BTreeMap<String, i32>,
        "findings" opt findings: Vec<ImageScanFinding>,
        "enhancedFindings" opt enhanced_findings: Vec<EnhancedImageScanFinding>,
    }
    pub struct ImageScanFindingsSummary {
        "imageScanCompletedAt" opt image_scan_completed_at: Timestamp,
        "vulnerabilitySourceUpdatedAt" opt vulnerability_source_updated_at: Timestamp,
        "findingSeverityCounts" opt finding_severity_counts: BTreeMap<String, i32>,
    }
    pub struct ImageScanStatus {
        "status" opt status: String,
        "description" opt description: String,
    }
    pub struct ImageScanningConfiguration {
        "scanOnPush" opt scan_on_push: bool,
    }
    pub struct ImageSigningStatus {
        "signingProfileArn" opt signing_profile_arn: String,
        "failureCode" opt failure_code: String,
        "failureReason" opt failure_reason: String,
        "status" opt status: String,
    }
    pub struct ImageTagMutabilityExclusionFilter {
        "filterType" req filter_type: String,
        "filter" req filter: String,
    }
    pub struct InitiateLayerUploadRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
    }
    pub struct InitiateLayerUploadResponse {
        "uploadId" opt upload_id: String,
        "partSize" opt part_size: i64,
    }
    pub struct Layer {
        "layerDigest" opt layer_digest: String,
        "layerAvailability" opt layer_availability: String,
        "layerSize" opt layer_size: i64,
        "mediaType" opt media_type: String,
    }
    pub struct LayerFailure {
        "layerDigest" opt layer_digest: String,
        "failureCode" opt failure_code: String,
        "failureReason" opt failure_reason: String,
    }
    pub struct LifecyclePolicyPreviewFilter {
        "tagStatus" opt tag_status: String,
    }
    pub struct LifecyclePolicyPreviewResult {
        "imageTags" opt image_tags: Vec<String>,
        "imageDigest" opt image_digest: String,
        "imagePushedAt" opt image_pushed_at: Timestamp,
        "action" opt action: LifecyclePolicyRuleAction,
        "appliedRulePriority" opt applied_rule_priority: i32,
        "storageClass" opt storage_class: String,
    }
    pub struct LifecyclePolicyPreviewSummary {
        "expiringImageTotalCount" opt expiring_image_total_count: i32,
        "transitioningImageTotalCounts" opt transitioning_image_total_counts: Vec<TransitioningImageTotalCount>,
    }
    pub struct LifecyclePolicyRuleAction {
        "type" opt r#type: String,
        "targetStorageClass" opt target_storage_class: String,
    }
    pub struct ListImageReferrersFilter {
        "artifactTypes" opt artifact_types: Vec<String>,
        "artifactStatus" opt artifact_status: String,
    }
    pub struct ListImageReferrersRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "subjectId" req subject_id: SubjectIdentifier,
        "filter" opt filter: ListImageReferrersFilter,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct ListImageReferrersResponse {
        "referrers" opt referrers: Vec<ImageReferrer>,
        "nextToken" opt next_token: String,
    }
    pub struct ListImagesFilter {
        "tagStatus" opt tag_status: String,
        "imageStatus" opt image_status: String,
    }
    pub struct ListImagesRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
        "filter" opt filter: ListImagesFilter,
    }
    pub struct ListImagesResponse {
        "imageIds" opt image_ids: Vec<ImageIdentifier>,
        "nextToken" opt next_token: String,
    }
    pub struct ListPullTimeUpdateExclusionsRequest {
        "maxResults" opt max_results: i32,
        "nextToken" opt next_token: String,
    }
    pub struct ListPullTimeUpdateExclusionsResponse {
        "pullTimeUpdateExclusions" opt pull_time_update_exclusions: Vec<String>,
        "nextToken" opt next_token: String,
    }
    pub struct ListReplicationBackfillsRequest {
        "registryId" opt registry_id: String,
        "maxResults" opt max_results: i32,
        "nextToken" opt next_token: String,
    }
    pub struct ListReplicationBackfillsResponse {
        "registryId" opt registry_id: String,
        "backfills" opt backfills: Vec<ReplicationBackfillSummary>,
        "nextToken" opt next_token: String,
    }
    pub struct ListTagsForResourceRequest {
        "resourceArn" req resource_arn: String,
    }
    pub struct ListTagsForResourceResponse {
        "tags" opt tags: Vec<Tag>,
    }
    pub struct PackageVulnerabilityDetails {
        "cvss" opt cvss: Vec<CvssScore>,
        "referenceUrls" opt reference_urls: Vec<String>,
        "relatedVulnerabilities" opt related_vulnerabilities: Vec<String>,
        "source" opt source: String,
        "sourceUrl" opt source_url: String,
        "vendorCreatedAt" opt vendor_created_at: Timestamp,
        "vendorSeverity" opt vendor_severity: String,
        "vendorUpdatedAt" opt vendor_updated_at: Timestamp,
        "vulnerabilityId" opt vulnerability_id: String,
        "vulnerablePackages" opt vulnerable_packages: Vec<VulnerablePackage>,
    }
    pub struct PullThroughCacheRule {
        "ecrRepositoryPrefix" opt ecr_repository_prefix: String,
        "upstreamRegistryUrl" opt upstream_registry_url: String,
        "createdAt" opt created_at: Timestamp,
        "registryId" opt registry_id: String,
        "credentialArn" opt credential_arn: String,
        "customRoleArn" opt custom_role_arn: String,
        "upstreamRepositoryPrefix" opt upstream_repository_prefix: String,
        "upstreamRegistry" opt upstream_registry: String,
        "updatedAt" opt updated_at: Timestamp,
    }
    pub struct PutAccountSettingRequest {
        "name" req name: String,
        "value" req value: String,
    }
    pub struct PutAccountSettingResponse {
        "name" opt name: String,
        "value" opt value: String,
    }
    pub struct PutImageRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "imageManifest" req image_manifest: String,
        "imageManifestMediaType" opt image_manifest_media_type: String,
        "imageTag" opt image_tag: String,
        "imageDigest" opt image_digest: String,
    }
    pub struct PutImageResponse {
        "image" opt image: Image,
    }
    pub struct PutImageScanningConfigurationRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "imageScanningConfiguration" req image_scanning_configuration: ImageScanningConfiguration,
    }
    pub struct PutImageScanningConfigurationResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "imageScanningConfiguration" opt image_scanning_configuration: ImageScanningConfiguration,
    }
    pub struct PutImageTagMutabilityRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "imageTagMutability" req image_tag_mutability: String,
        "imageTagMutabilityExclusionFilters" opt image_tag_mutability_exclusion_filters: Vec<ImageTagMutabilityExclusionFilter>,
    }
    pub struct PutImageTagMutabilityResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "imageTagMutability" opt image_tag_mutability: String,
        "imageTagMutabilityExclusionFilters" opt image_tag_mutability_exclusion_filters: Vec<ImageTagMutabilityExclusionFilter>,
    }
    pub struct PutLifecyclePolicyRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "lifecyclePolicyText" req lifecycle_policy_text: String,
    }
    pub struct PutLifecyclePolicyResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "lifecyclePolicyText" opt lifecycle_policy_text: String,
    }
    pub struct PutRegistryPolicyRequest {
        "policyText" req policy_text: String,
    }
    pub struct PutRegistryPolicyResponse {
        "registryId" opt registry_id: String,
        "policyText" opt policy_text: String,
    }
    pub struct PutRegistryScanningConfigurationRequest {
        "scanType" opt scan_type: String,
        "rules" opt rules: Vec<RegistryScanningRule>,
    }
    pub struct PutRegistryScanningConfigurationResponse {
        "registryScanningConfiguration" opt registry_scanning_configuration: RegistryScanningConfiguration,
    }
    pub struct PutReplicationConfigurationRequest {
        "replicationConfiguration" req replication_configuration: ReplicationConfiguration,
    }
    pub struct PutReplicationConfigurationResponse {
        "replicationConfiguration" opt replication_configuration: ReplicationConfiguration,
    }
    pub struct PutSigningConfigurationRequest {
        "signingConfiguration" req signing_configuration: SigningConfiguration,
    }
    pub struct PutSigningConfigurationResponse {
        "signingConfiguration" opt signing_configuration: SigningConfiguration,
    }
    pub struct Recommendation {
        "url" opt url: String,
        "text" opt text: String,
    }
    pub struct RegisterPullTimeUpdateExclusionRequest {
        "principalArn" req principal_arn: String,
    }
    pub struct RegisterPullTimeUpdateExclusionResponse {
        "principalArn" opt principal_arn: String,
        "createdAt" opt created_at: Timestamp,
    }
    pub struct RegistryScanningConfiguration {
        "scanType" opt scan_type: String,
        "rules" opt rules: Vec<RegistryScanningRule>,
    }
    pub struct RegistryScanningRule {
        "scanFrequency" req scan_frequency: String,
        "repositoryFilters" req repository_filters: Vec<ScanningRepositoryFilter>,
    }
    pub struct Remediation {
        "recommendation" opt recommendation: Recommendation,
    }
    pub struct ReplicationBackfillProgress {
        "totalReplicationCount" req total_replication_count: i32,
        "completedReplicationCount" req completed_replication_count: i32,
        "failedReplicationCount" req failed_replication_count: i32,
        "failureCodes" req failure_codes: Vec<String>,
    }
    pub struct ReplicationBackfillResult {
        "repositoryName" req repository_name: String,
        "imageId" req image_id: ImageIdentifier,
        "status" req status: String,
        "failureCode" opt failure_code: String,
        "subImageFailureCodes" opt sub_image_failure_codes: Vec<String>,
    }
    pub struct ReplicationBackfillSummary {
        "replicationBackfillId" req replication_backfill_id: String,
        "destination" req destination: ReplicationDestination,
        "status" req status: String,
        "failureCode" opt failure_code: String,
        "progress" opt progress: ReplicationBackfillProgress,
        "startedAt" req started_at: Timestamp,
        "endedAt" opt ended_at: Timestamp,
    }
    pub struct ReplicationConfiguration {
        "rules" req rules: Vec<ReplicationRule>,
    }
    pub struct ReplicationDestination {
        "region" req region: String,
        "registryId" req registry_id: String,
    }
    pub struct ReplicationRule {
        "destinations" req destinations: Vec<ReplicationDestination>,
        "repositoryFilters" opt repository_filters: Vec<RepositoryFilter>,
        "deleteReplication" opt delete_replication: DeleteReplication,
    }
    pub struct Repository {
        "repositoryArn" opt repository_arn: String,
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "repositoryUri" opt repository_uri: String,
        "createdAt" opt created_at: Timestamp,
        "imageTagMutability" opt image_tag_mutability: String,
        "imageTagMutabilityExclusionFilters" opt image_tag_mutability_exclusion_filters: Vec<ImageTagMutabilityExclusionFilter>,
        "imageScanningConfiguration" opt image_scanning_configuration: ImageScanningConfiguration,
        "encryptionConfiguration" opt encryption_configuration: EncryptionConfiguration,
    }
    pub struct RepositoryCreationTemplate {
        "prefix" opt prefix: String,
        "description" opt description: String,
        "encryptionConfiguration" opt encryption_configuration: EncryptionConfigurationForRepositoryCreationTemplate,
        "resourceTags" opt resource_tags: Vec<Tag>,
        "imageTagMutability" opt image_tag_mutability: String,
        "imageTagMutabilityExclusionFilters" opt image_tag_mutability_exclusion_filters: Vec<ImageTagMutabilityExclusionFilter>,
        "repositoryPolicy" opt repository_policy: String,
        "lifecyclePolicy" opt lifecycle_policy: String,
        "appliedFor" opt applied_for: Vec<String>,
        "customRoleArn" opt custom_role_arn: String,
        "createdAt" opt created_at: Timestamp,
        "updatedAt" opt updated_at: Timestamp,
    }
    pub struct RepositoryFilter {
        "filter" req filter: String,
        "filterType" req filter_type: String,
    }
    pub struct RepositoryScanningConfiguration {
        "repositoryArn" opt repository_arn: String,
        "repositoryName" opt repository_name: String,
        "scanOnPush" opt scan_on_push: bool,
        "scanFrequency" opt scan_frequency: String,
        "appliedScanFilters" opt applied_scan_filters: Vec<ScanningRepositoryFilter>,
    }
    pub struct RepositoryScanningConfigurationFailure {
        "repositoryName" opt repository_name: String,
        "failureCode" opt failure_code: String,
        "failureReason" opt failure_reason: String,
    }
    pub struct Resource {
        "details" opt details: ResourceDetails,
        "id" opt id: String,
        "tags" opt tags: BTreeMap<String, String>,
        "type" opt r#type: String,
    }
    pub struct ResourceDetails {
        "awsEcrContainerImage" opt aws_ecr_container_image: AwsEcrContainerImageDetails,
    }
    pub struct ScanningRepositoryFilter {
        "filter" req filter: String,
        "filterType" req filter_type: String,
    }
    pub struct ScoreDetails {
        "cvss" opt cvss: CvssScoreDetails,
    }
    pub struct SetRepositoryPolicyRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "policyText" req policy_text: String,
        "force" opt force: bool,
    }
    pub struct SetRepositoryPolicyResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "policyText" opt policy_text: String,
    }
    pub struct SigningConfiguration {
        "rules" req rules: Vec<SigningRule>,
    }
    pub struct SigningRepositoryFilter {
        "filter" req filter: String,
        "filterType" req filter_type: String,
    }
    pub struct SigningRule {
        "signingProfileArn" req signing_profile_arn: String,
        "repositoryFilters" opt repository_filters: Vec<SigningRepositoryFilter>,
    }
    pub struct StartImageScanRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "imageId" req image_id: ImageIdentifier,
    }
    pub struct StartImageScanResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "imageId" opt image_id: ImageIdentifier,
        "imageScanStatus" opt image_scan_status: ImageScanStatus,
    }
    pub struct StartLifecyclePolicyPreviewRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "lifecyclePolicyText" opt lifecycle_policy_text: String,
    }
    pub struct StartLifecyclePolicyPreviewResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "lifecyclePolicyText" opt lifecycle_policy_text: String,
        "status" opt status: String,
    }
    pub struct StartReplicationBackfillRequest {
        "registryId" opt registry_id: String,
        "destination" req destination: ReplicationDestination,
    }
    pub struct StartReplicationBackfillResponse {
        "replicationBackfillId" opt replication_backfill_id: String,
        "registryId" opt registry_id: String,
        "destination" opt destination: ReplicationDestination,
        "status" opt status: String,
        "startedAt" opt started_at: Timestamp,
    }
    pub struct StopReplicationBackfillRequest {
        "registryId" opt registry_id: String,
        "replicationBackfillId" req replication_backfill_id: String,
    }
    pub struct StopReplicationBackfillResponse {
        "registryId" opt registry_id: String,
        "replicationBackfillId" opt replication_backfill_id: String,
        "destination" opt destination: ReplicationDestination,
        "status" opt status: String,
        "startedAt" opt started_at: Timestamp,
    }
    pub struct SubjectIdentifier {
        "imageDigest" req image_digest: String,
    }
    pub struct Tag {
        "Key" req key: String,
        "Value" req value: String,
    }
    pub struct TagResourceRequest {
        "resourceArn" req resource_arn: String,
        "tags" req tags: Vec<Tag>,
    }
    pub struct TagResourceResponse {
    }
    pub struct TransitioningImageTotalCount {
        "targetStorageClass" opt target_storage_class: String,
        "imageTotalCount" opt image_total_count: i32,
    }
    pub struct UntagResourceRequest {
        "resourceArn" req resource_arn: String,
        "tagKeys" req tag_keys: Vec<String>,
    }
    pub struct UntagResourceResponse {
    }
    pub struct UpdateImageStorageClassRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "imageId" req image_id: ImageIdentifier,
        "targetStorageClass" req target_storage_class: String,
    }
    pub struct UpdateImageStorageClassResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "imageId" opt image_id: ImageIdentifier,
        "imageStatus" opt image_status: String,
    }
    pub struct UpdatePullThroughCacheRuleRequest {
        "registryId" opt registry_id: String,
        "ecrRepositoryPrefix" req ecr_repository_prefix: String,
        "credentialArn" opt credential_arn: String,
        "customRoleArn" opt custom_role_arn: String,
    }
    pub struct UpdatePullThroughCacheRuleResponse {
        "ecrRepositoryPrefix" opt ecr_repository_prefix: String,
        "registryId" opt registry_id: String,
        "updatedAt" opt updated_at: Timestamp,
        "credentialArn" opt credential_arn: String,
        "customRoleArn" opt custom_role_arn: String,
        "upstreamRepositoryPrefix" opt upstream_repository_prefix: String,
    }
    pub struct UpdateRepositoryCreationTemplateRequest {
        "prefix" req prefix: String,
        "description" opt description: String,
        "encryptionConfiguration" opt encryption_configuration: EncryptionConfigurationForRepositoryCreationTemplate,
        "resourceTags" opt resource_tags: Vec<Tag>,
        "imageTagMutability" opt image_tag_mutability: String,
        "imageTagMutabilityExclusionFilters" opt image_tag_mutability_exclusion_filters: Vec<ImageTagMutabilityExclusionFilter>,
        "repositoryPolicy" opt repository_policy: String,
        "lifecyclePolicy" opt lifecycle_policy: String,
        "appliedFor" opt applied_for: Vec<String>,
        "customRoleArn" opt custom_role_arn: String,
    }
    pub struct UpdateRepositoryCreationTemplateResponse {
        "registryId" opt registry_id: String,
        "repositoryCreationTemplate" opt repository_creation_template: RepositoryCreationTemplate,
    }
    pub struct UploadLayerPartRequest {
        "registryId" opt registry_id: String,
        "repositoryName" req repository_name: String,
        "uploadId" req upload_id: String,
        "partFirstByte" req part_first_byte: i64,
        "partLastByte" req part_last_byte: i64,
        "layerPartBlob" req layer_part_blob: Bytes,
    }
    pub struct UploadLayerPartResponse {
        "registryId" opt registry_id: String,
        "repositoryName" opt repository_name: String,
        "uploadId" opt upload_id: String,
        "lastByteReceived" opt last_byte_received: i64,
    }
    pub struct ValidatePullThroughCacheRuleRequest {
        "ecrRepositoryPrefix" req ecr_repository_prefix: String,
        "registryId" opt registry_id: String,
    }
    pub struct ValidatePullThroughCacheRuleResponse {
        "ecrRepositoryPrefix" opt ecr_repository_prefix: String,
        "registryId" opt registry_id: String,
        "upstreamRegistryUrl" opt upstream_registry_url: String,
        "credentialArn" opt credential_arn: String,
        "customRoleArn" opt custom_role_arn: String,
        "upstreamRepositoryPrefix" opt upstream_repository_prefix: String,
        "isValid" opt is_valid: bool,
        "failure" opt failure: String,
    }
    pub struct VulnerablePackage {
        "arch" opt arch: String,
        "epoch" opt epoch: i32,
        "filePath" opt file_path: String,
        "name" opt name: String,
        "packageManager" opt package_manager: String,
        "release" opt release: String,
        "sourceLayerHash" opt source_layer_hash: String,
        "version" opt version: String,
        "fixedInVersion" opt fixed_in_version: String,
    }
}
