// Made by `cargo xtask codegen` from the public service model. Do not edit.

use bytes::Bytes;
use gantry_aws_wire::shapes;
use gantry_base::Timestamp;
use std::collections::BTreeMap;

shapes! {
    pub struct APIErrorType {
        "SecretId" opt secret_id: String,
        "ErrorCode" opt error_code: String,
        "Message" opt message: String,
    }
    pub struct AssociateCrossAccountReplicaRequest {
        "SecretId" req secret_id: String,
        "CrossAccountReplicaARN" req cross_account_replica_arn: String,
        "ReplicaRestriction" opt replica_restriction: String,
        "ReplicationRoleARN" opt replication_role_arn: String,
    }
    pub struct AssociateCrossAccountReplicaResponse {
        "ARN" opt arn: String,
        "CrossAccountReplicaARN" opt cross_account_replica_arn: String,
        "ReplicationStatus" opt replication_status: String,
    }
    pub struct BatchGetSecretValueRequest {
        "SecretIdList" opt secret_id_list: Vec<String>,
        "Filters" opt filters: Vec<Filter>,
        "MaxResults" opt max_results: i32,
        "NextToken" opt next_token: String,
    }
    pub struct BatchGetSecretValueResponse {
        "SecretValues" opt secret_values: Vec<SecretValueEntry>,
        "NextToken" opt next_token: String,
        "Errors" opt errors: Vec<APIErrorType>,
    }
    pub struct CancelRotateSecretRequest {
        "SecretId" req secret_id: String,
    }
    pub struct CancelRotateSecretResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "VersionId" opt version_id: String,
    }
    pub struct CreateSecretRequest {
        "Name" req name: String,
        "ClientRequestToken" opt client_request_token: String,
        "Description" opt description: String,
        "KmsKeyId" opt kms_key_id: String,
        "SecretBinary" opt secret_binary: Bytes,
        "SecretString" opt secret_string: String,
        "Tags" opt tags: Vec<Tag>,
        "AddReplicaRegions" opt add_replica_regions: Vec<ReplicaRegionType>,
        "ForceOverwriteReplicaSecret" opt force_overwrite_replica_secret: bool,
        "Type" opt r#type: String,
        "CrossAccountPrimaryARN" opt cross_account_primary_arn: String,
    }
    pub struct CreateSecretResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "VersionId" opt version_id: String,
        "ReplicationStatus" opt replication_status: Vec<ReplicationStatusType>,
    }
    pub struct CrossAccountPrimaryType {
        "PrimarySecretARN" opt primary_secret_arn: String,
        "ReplicationStatus" opt replication_status: String,
        "StatusMessage" opt status_message: String,
    }
    pub struct CrossAccountReplicaEntry {
        "ReplicaSecretARN" opt replica_secret_arn: String,
        "ReplicationRoleARN" opt replication_role_arn: String,
        "ReplicationStatus" opt replication_status: String,
        "StatusMessage" opt status_message: String,
    }
    pub struct DeleteResourcePolicyRequest {
        "SecretId" req secret_id: String,
        "PolicyName" opt policy_name: String,
    }
    pub struct DeleteResourcePolicyResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "PolicyName" opt policy_name: String,
    }
    pub struct DeleteSecretRequest {
        "SecretId" req secret_id: String,
        "RecoveryWindowInDays" opt recovery_window_in_days: i64,
        "ForceDeleteWithoutRecovery" opt force_delete_without_recovery: bool,
    }
    pub struct DeleteSecretResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "DeletionDate" opt deletion_date: Timestamp,
    }
    pub struct DescribeSecretRequest {
        "SecretId" req secret_id: String,
    }
    pub struct DescribeSecretResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "Type" opt r#type: String,
        "Description" opt description: String,
        "KmsKeyId" opt kms_key_id: String,
        "RotationEnabled" opt rotation_enabled: bool,
        "RotationLambdaARN" opt rotation_lambda_arn: String,
        "RotationRules" opt rotation_rules: RotationRulesType,
        "ExternalSecretRotationMetadata" opt external_secret_rotation_metadata: Vec<ExternalSecretRotationMetadataItem>,
        "ExternalSecretRotationRoleArn" opt external_secret_rotation_role_arn: String,
        "LastRotatedDate" opt last_rotated_date: Timestamp,
        "LastChangedDate" opt last_changed_date: Timestamp,
        "LastAccessedDate" opt last_accessed_date: Timestamp,
        "DeletedDate" opt deleted_date: Timestamp,
        "NextRotationDate" opt next_rotation_date: Timestamp,
        "Tags" opt tags: Vec<Tag>,
        "VersionIdsToStages" opt version_ids_to_stages: BTreeMap<String, Vec<String>>,
        "OwningService" opt owning_service: String,
        "CreatedDate" opt created_date: Timestamp,
        "PrimaryRegion" opt primary_region: String,
        "ReplicationStatus" opt replication_status: Vec<ReplicationStatusType>,
        "CrossAccountPrimary" opt cross_account_primary: CrossAccountPrimaryType,
        "CrossAccountReplicas" opt cross_account_replicas: Vec<CrossAccountReplicaEntry>,
    }
    pub struct DisassociateCrossAccountReplicaRequest {
        "SecretId" req secret_id: String,
        "CrossAccountReplicaARN" req cross_account_replica_arn: String,
    }
    pub struct DisassociateCrossAccountReplicaResponse {
        "ARN" opt arn: String,
        "CrossAccountReplicaARN" opt cross_account_replica_arn: String,
    }
    pub struct ExternalSecretRotationMetadataItem {
        "Key" opt key: String,
        "Value" opt value: String,
    }
    pub struct Filter {
        "Key" opt key: String,
        "Values" opt values: Vec<String>,
    }
    pub struct GetRandomPasswordRequest {
        "PasswordLength" opt password_length: i64,
        "ExcludeCharacters" opt exclude_characters: String,
        "ExcludeNumbers" opt exclude_numbers: bool,
        "ExcludePunctuation" opt exclude_punctuation: bool,
        "ExcludeUppercase" opt exclude_uppercase: bool,
        "ExcludeLowercase" opt exclude_lowercase: bool,
        "IncludeSpace" opt include_space: bool,
        "RequireEachIncludedType" opt require_each_included_type: bool,
    }
    pub struct GetRandomPasswordResponse {
        "RandomPassword" opt random_password: String,
    }
    pub struct GetResourcePolicyRequest {
        "SecretId" req secret_id: String,
        "PolicyName" opt policy_name: String,
    }
    pub struct GetResourcePolicyResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "ResourcePolicy" opt resource_policy: String,
        "PolicyName" opt policy_name: String,
    }
    pub struct GetSecretValueRequest {
        "SecretId" req secret_id: String,
        "VersionId" opt version_id: String,
        "VersionStage" opt version_stage: String,
    }
    pub struct GetSecretValueResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "VersionId" opt version_id: String,
        "SecretBinary" opt secret_binary: Bytes,
        "SecretString" opt secret_string: String,
        "VersionStages" opt version_stages: Vec<String>,
        "CreatedDate" opt created_date: Timestamp,
    }
    pub struct ListResourcePoliciesRequest {
        "SecretId" req secret_id: String,
        "MaxResults" opt max_results: i32,
        "NextToken" opt next_token: String,
    }
    pub struct ListResourcePoliciesResponse {
        "ResourcePolicies" req resource_policies: Vec<ResourcePolicySummary>,
        "NextToken" opt next_token: String,
    }
    pub struct ListSecretVersionIdsRequest {
        "SecretId" req secret_id: String,
        "MaxResults" opt max_results: i32,
        "NextToken" opt next_token: String,
        "IncludeDeprecated" opt include_deprecated: bool,
    }
    pub struct ListSecretVersionIdsResponse {
        "Versions" opt versions: Vec<SecretVersionsListEntry>,
        "NextToken" opt next_token: String,
        "ARN" opt arn: String,
        "Name" opt name: String,
    }
    pub struct ListSecretsRequest {
        "IncludePlannedDeletion" opt include_planned_deletion: bool,
        "MaxResults" opt max_results: i32,
        "NextToken" opt next_token: String,
        "Filters" opt filters: Vec<Filter>,
        "SortOrder" opt sort_order: String,
        "SortBy" opt sort_by: String,
    }
    pub struct ListSecretsResponse {
        "SecretList" opt secret_list: Vec<SecretListEntry>,
        "NextToken" opt next_token: String,
    }
    pub struct PutResourcePolicyRequest {
        "SecretId" req secret_id: String,
        "ResourcePolicy" req resource_policy: String,
        "PolicyName" opt policy_name: String,
        "BlockPublicPolicy" opt block_public_policy: bool,
    }
    pub struct PutResourcePolicyResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "PolicyName" opt policy_name: String,
    }
    pub struct PutSecretValueRequest {
        "SecretId" req secret_id: String,
        "ClientRequestToken" opt client_request_token: String,
        "SecretBinary" opt secret_binary: Bytes,
        "SecretString" opt secret_string: String,
        "VersionStages" opt version_stages: Vec<String>,
        "RotationToken" opt rotation_token: String,
    }
    pub struct PutSecretValueResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "VersionId" opt version_id: String,
        "VersionStages" opt version_stages: Vec<String>,
    }
    pub struct RemoveRegionsFromReplicationRequest {
        "SecretId" req secret_id: String,
        "RemoveReplicaRegions" req remove_replica_regions: Vec<String>,
    }
    pub struct RemoveRegionsFromReplicationResponse {
        "ARN" opt arn: String,
        "ReplicationStatus" opt replication_status: Vec<ReplicationStatusType>,
    }
    pub struct ReplicaRegionType {
        "Region" opt region: String,
        "KmsKeyId" opt kms_key_id: String,
    }
    pub struct ReplicateSecretToRegionsRequest {
        "SecretId" req secret_id: String,
        "AddReplicaRegions" req add_replica_regions: Vec<ReplicaRegionType>,
        "ForceOverwriteReplicaSecret" opt force_overwrite_replica_secret: bool,
    }
    pub struct ReplicateSecretToRegionsResponse {
        "ARN" opt arn: String,
        "ReplicationStatus" opt replication_status: Vec<ReplicationStatusType>,
    }
    pub struct ReplicationStatusType {
        "Region" opt region: String,
        "KmsKeyId" opt kms_key_id: String,
        "Status" opt status: String,
        "StatusMessage" opt status_message: String,
        "LastAccessedDate" opt last_accessed_date: Timestamp,
    }
    pub struct ResourcePolicySummary {
        "PolicyName" opt policy_name: String,
    }
    pub struct RestoreSecretRequest {
        "SecretId" req secret_id: String,
    }
    pub struct RestoreSecretResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
    }
    pub struct RotateSecretRequest {
        "SecretId" req secret_id: String,
        "ClientRequestToken" opt client_request_token: String,
        "RotationLambdaARN" opt rotation_lambda_arn: String,
        "RotationRules" opt rotation_rules: RotationRulesType,
        "ExternalSecretRotationMetadata" opt external_secret_rotation_metadata: Vec<ExternalSecretRotationMetadataItem>,
        "ExternalSecretRotationRoleArn" opt external_secret_rotation_role_arn: String,
        "RotateImmediately" opt rotate_immediately: bool,
    }
    pub struct RotateSecretResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "VersionId" opt version_id: String,
    }
    pub struct RotationRulesType {
        "AutomaticallyAfterDays" opt automatically_after_days: i64,
        "Duration" opt duration: String,
        "ScheduleExpression" opt schedule_expression: String,
    }
    pub struct SecretListEntry {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "Type" opt r#type: String,
        "Description" opt description: String,
        "KmsKeyId" opt kms_key_id: String,
        "RotationEnabled" opt rotation_enabled: bool,
        "RotationLambdaARN" opt rotation_lambda_arn: String,
        "RotationRules" opt rotation_rules: RotationRulesType,
        "ExternalSecretRotationMetadata" opt external_secret_rotation_metadata: Vec<ExternalSecretRotationMetadataItem>,
        "ExternalSecretRotationRoleArn" opt external_secret_rotation_role_arn: String,
        "LastRotatedDate" opt last_rotated_date: Timestamp,
        "LastChangedDate" opt last_changed_date: Timestamp,
        "LastAccessedDate" opt last_accessed_date: Timestamp,
        "DeletedDate" opt deleted_date: Timestamp,
        "NextRotationDate" opt next_rotation_date: Timestamp,
        "Tags" opt tags: Vec<Tag>,
        "SecretVersionsToStages" opt secret_versions_to_stages: BTreeMap<String, Vec<String>>,
        "OwningService" opt owning_service: String,
        "CreatedDate" opt created_date: Timestamp,
        "PrimaryRegion" opt primary_region: String,
    }
    pub struct SecretValueEntry {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "VersionId" opt version_id: String,
        "SecretBinary" opt secret_binary: Bytes,
        "SecretString" opt secret_string: String,
        "VersionStages" opt version_stages: Vec<String>,
        "CreatedDate" opt created_date: Timestamp,
    }
    pub struct SecretVersionsListEntry {
        "VersionId" opt version_id: String,
        "VersionStages" opt version_stages: Vec<String>,
        "LastAccessedDate" opt last_accessed_date: Timestamp,
        "CreatedDate" opt created_date: Timestamp,
        "KmsKeyIds" opt kms_key_ids: Vec<String>,
    }
    pub struct StopReplicationToReplicaRequest {
        "SecretId" req secret_id: String,
    }
    pub struct StopReplicationToReplicaResponse {
        "ARN" opt arn: String,
    }
    pub struct Tag {
        "Key" opt key: String,
        "Value" opt value: String,
    }
    pub struct TagResourceRequest {
        "SecretId" req secret_id: String,
        "Tags" req tags: Vec<Tag>,
    }
    pub struct UntagResourceRequest {
        "SecretId" req secret_id: String,
        "TagKeys" req tag_keys: Vec<String>,
    }
    pub struct UpdateSecretRequest {
        "SecretId" req secret_id: String,
        "ClientRequestToken" opt client_request_token: String,
        "Description" opt description: String,
        "KmsKeyId" opt kms_key_id: String,
        "SecretBinary" opt secret_binary: Bytes,
        "SecretString" opt secret_string: String,
        "Type" opt r#type: String,
    }
    pub struct UpdateSecretResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
        "VersionId" opt version_id: String,
    }
    pub struct UpdateSecretVersionStageRequest {
        "SecretId" req secret_id: String,
        "VersionStage" req version_stage: String,
        "RemoveFromVersionId" opt remove_from_version_id: String,
        "MoveToVersionId" opt move_to_version_id: String,
    }
    pub struct UpdateSecretVersionStageResponse {
        "ARN" opt arn: String,
        "Name" opt name: String,
    }
    pub struct ValidateResourcePolicyRequest {
        "SecretId" opt secret_id: String,
        "ResourcePolicy" req resource_policy: String,
    }
    pub struct ValidateResourcePolicyResponse {
        "PolicyValidationPassed" opt policy_validation_passed: bool,
        "ValidationErrors" opt validation_errors: Vec<ValidationErrorsEntry>,
    }
    pub struct ValidationErrorsEntry {
        "CheckName" opt check_name: String,
        "ErrorMessage" opt error_message: String,
    }
}
