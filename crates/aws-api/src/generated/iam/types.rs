// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::shapes;
use gantry_base::Timestamp;
use std::collections::BTreeMap;

shapes! {
    pub struct AccessKey {
        "UserName" req user_name: String,
        "AccessKeyId" req access_key_id: String,
        "Status" req status: String,
        "SecretAccessKey" req secret_access_key: String,
        "CreateDate" opt create_date: Timestamp,
    }
    pub struct AccessKeyLastUsed {
        "LastUsedDate" opt last_used_date: Timestamp,
        "ServiceName" req service_name: String,
        "Region" req region: String,
    }
    pub struct AccessKeyMetadata {
        "UserName" opt user_name: String,
        "AccessKeyId" opt access_key_id: String,
        "Status" opt status: String,
        "CreateDate" opt create_date: Timestamp,
    }
    pub struct AddRoleToInstanceProfileRequest {
        "InstanceProfileName" req instance_profile_name: String,
        "RoleName" req role_name: String,
    }
    pub struct AddUserToGroupRequest {
        "GroupName" req group_name: String,
        "UserName" req user_name: String,
    }
    pub struct AttachGroupPolicyRequest {
        "GroupName" req group_name: String,
        "PolicyArn" req policy_arn: String,
    }
    pub struct AttachRolePolicyRequest {
        "RoleName" req role_name: String,
        "PolicyArn" req policy_arn: String,
    }
    pub struct AttachUserPolicyRequest {
        "UserName" req user_name: String,
        "PolicyArn" req policy_arn: String,
    }
    pub struct AttachedPermissionsBoundary {
        "PermissionsBoundaryType" opt permissions_boundary_type: String,
        "PermissionsBoundaryArn" opt permissions_boundary_arn: String,
    }
    pub struct AttachedPolicy {
        "PolicyName" opt policy_name: String,
        "PolicyArn" opt policy_arn: String,
    }
    pub struct ContextEntry {
        "ContextKeyName" opt context_key_name: String,
        "ContextKeyValues" opt context_key_values: Vec<String>,
        "ContextKeyType" opt context_key_type: String,
    }
    pub struct CreateAccessKeyRequest {
        "UserName" opt user_name: String,
    }
    pub struct CreateAccessKeyResponse {
        "AccessKey" req access_key: AccessKey,
    }
    pub struct CreateAccountAliasRequest {
        "AccountAlias" req account_alias: String,
    }
    pub struct CreateGroupRequest {
        "Path" opt path: String,
        "GroupName" req group_name: String,
    }
    pub struct CreateGroupResponse {
        "Group" req group: Group,
    }
    pub struct CreateInstanceProfileRequest {
        "InstanceProfileName" req instance_profile_name: String,
        "Path" opt path: String,
        "Tags" opt tags: Vec<Tag>,
    }
    pub struct CreateInstanceProfileResponse {
        "InstanceProfile" req instance_profile: InstanceProfile,
    }
    pub struct CreatePolicyRequest {
        "PolicyName" req policy_name: String,
        "Path" opt path: String,
        "PolicyDocument" req policy_document: String,
        "Description" opt description: String,
        "Tags" opt tags: Vec<Tag>,
    }
    pub struct CreatePolicyResponse {
        "Policy" opt policy: Policy,
    }
    pub struct CreatePolicyVersionRequest {
        "PolicyArn" req policy_arn: String,
        "PolicyDocument" req policy_document: String,
        "SetAsDefault" opt set_as_default: bool,
    }
    pub struct CreatePolicyVersionResponse {
        "PolicyVersion" opt policy_version: PolicyVersion,
    }
    pub struct CreateRoleRequest {
        "Path" opt path: String,
        "RoleName" req role_name: String,
        "AssumeRolePolicyDocument" req assume_role_policy_document: String,
        "Description" opt description: String,
        "MaxSessionDuration" opt max_session_duration: i32,
        "PermissionsBoundary" opt permissions_boundary: String,
        "Tags" opt tags: Vec<Tag>,
    }
    pub struct CreateRoleResponse {
        "Role" req role: Role,
    }
    pub struct CreateServiceLinkedRoleRequest {
        "AWSServiceName" req aws_service_name: String,
        "Description" opt description: String,
        "CustomSuffix" opt custom_suffix: String,
    }
    pub struct CreateServiceLinkedRoleResponse {
        "Role" opt role: Role,
    }
    pub struct CreateUserRequest {
        "Path" opt path: String,
        "UserName" req user_name: String,
        "PermissionsBoundary" opt permissions_boundary: String,
        "Tags" opt tags: Vec<Tag>,
    }
    pub struct CreateUserResponse {
        "User" opt user: User,
    }
    pub struct DeleteAccessKeyRequest {
        "UserName" opt user_name: String,
        "AccessKeyId" req access_key_id: String,
    }
    pub struct DeleteAccountAliasRequest {
        "AccountAlias" req account_alias: String,
    }
    pub struct DeleteGroupPolicyRequest {
        "GroupName" req group_name: String,
        "PolicyName" req policy_name: String,
    }
    pub struct DeleteGroupRequest {
        "GroupName" req group_name: String,
    }
    pub struct DeleteInstanceProfileRequest {
        "InstanceProfileName" req instance_profile_name: String,
    }
    pub struct DeletePolicyRequest {
        "PolicyArn" req policy_arn: String,
    }
    pub struct DeletePolicyVersionRequest {
        "PolicyArn" req policy_arn: String,
        "VersionId" req version_id: String,
    }
    pub struct DeleteRolePermissionsBoundaryRequest {
        "RoleName" req role_name: String,
    }
    pub struct DeleteRolePolicyRequest {
        "RoleName" req role_name: String,
        "PolicyName" req policy_name: String,
    }
    pub struct DeleteRoleRequest {
        "RoleName" req role_name: String,
    }
    pub struct DeleteServiceLinkedRoleRequest {
        "RoleName" req role_name: String,
    }
    pub struct DeleteServiceLinkedRoleResponse {
        "DeletionTaskId" req deletion_task_id: String,
    }
    pub struct DeleteUserPermissionsBoundaryRequest {
        "UserName" req user_name: String,
    }
    pub struct DeleteUserPolicyRequest {
        "UserName" req user_name: String,
        "PolicyName" req policy_name: String,
    }
    pub struct DeleteUserRequest {
        "UserName" req user_name: String,
    }
    pub struct DeletionTaskFailureReasonType {
        "Reason" opt reason: String,
        "RoleUsageList" opt role_usage_list: Vec<RoleUsageType>,
    }
    pub struct DetachGroupPolicyRequest {
        "GroupName" req group_name: String,
        "PolicyArn" req policy_arn: String,
    }
    pub struct DetachRolePolicyRequest {
        "RoleName" req role_name: String,
        "PolicyArn" req policy_arn: String,
    }
    pub struct DetachUserPolicyRequest {
        "UserName" req user_name: String,
        "PolicyArn" req policy_arn: String,
    }
    pub struct EvaluationResult {
        "EvalActionName" req eval_action_name: String,
        "EvalResourceName" opt eval_resource_name: String,
        "EvalDecision" req eval_decision: String,
        "MatchedStatements" opt matched_statements: Vec<Statement>,
        "MissingContextValues" opt missing_context_values: Vec<String>,
        "OrganizationsDecisionDetail" opt organizations_decision_detail: OrganizationsDecisionDetail,
        "PermissionsBoundaryDecisionDetail" opt permissions_boundary_decision_detail: PermissionsBoundaryDecisionDetail,
        "EvalDecisionDetails" opt eval_decision_details: BTreeMap<String, String>,
        "ResourceSpecificResults" opt resource_specific_results: Vec<ResourceSpecificResult>,
    }
    pub struct GetAccessKeyLastUsedRequest {
        "AccessKeyId" req access_key_id: String,
    }
    pub struct GetAccessKeyLastUsedResponse {
        "UserName" opt user_name: String,
        "AccessKeyLastUsed" opt access_key_last_used: AccessKeyLastUsed,
    }
    pub struct GetAccountAuthorizationDetailsRequest {
        "Filter" opt filter: Vec<String>,
        "MaxItems" opt max_items: i32,
        "Marker" opt marker: String,
    }
    pub struct GetAccountAuthorizationDetailsResponse {
        "UserDetailList" opt user_detail_list: Vec<UserDetail>,
        "GroupDetailList" opt group_detail_list: Vec<GroupDetail>,
        "RoleDetailList" opt role_detail_list: Vec<RoleDetail>,
        "Policies" opt policies: Vec<ManagedPolicyDetail>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct GetAccountSummaryResponse {
        "SummaryMap" opt summary_map: BTreeMap<String, i32>,
    }
    pub struct GetContextKeysForCustomPolicyRequest {
        "PolicyInputList" req policy_input_list: Vec<String>,
    }
    pub struct GetContextKeysForPolicyResponse {
        "ContextKeyNames" opt context_key_names: Vec<String>,
    }
    pub struct GetContextKeysForPrincipalPolicyRequest {
        "PolicySourceArn" req policy_source_arn: String,
        "PolicyInputList" opt policy_input_list: Vec<String>,
    }
    pub struct GetGroupPolicyRequest {
        "GroupName" req group_name: String,
        "PolicyName" req policy_name: String,
    }
    pub struct GetGroupPolicyResponse {
        "GroupName" req group_name: String,
        "PolicyName" req policy_name: String,
        "PolicyDocument" req policy_document: String,
    }
    pub struct GetGroupRequest {
        "GroupName" req group_name: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct GetGroupResponse {
        "Group" req group: Group,
        "Users" req users: Vec<User>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct GetInstanceProfileRequest {
        "InstanceProfileName" req instance_profile_name: String,
    }
    pub struct GetInstanceProfileResponse {
        "InstanceProfile" req instance_profile: InstanceProfile,
    }
    pub struct GetPolicyRequest {
        "PolicyArn" req policy_arn: String,
    }
    pub struct GetPolicyResponse {
        "Policy" opt policy: Policy,
    }
    pub struct GetPolicyVersionRequest {
        "PolicyArn" req policy_arn: String,
        "VersionId" req version_id: String,
    }
    pub struct GetPolicyVersionResponse {
        "PolicyVersion" opt policy_version: PolicyVersion,
    }
    pub struct GetRolePolicyRequest {
        "RoleName" req role_name: String,
        "PolicyName" req policy_name: String,
    }
    pub struct GetRolePolicyResponse {
        "RoleName" req role_name: String,
        "PolicyName" req policy_name: String,
        "PolicyDocument" req policy_document: String,
    }
    pub struct GetRoleRequest {
        "RoleName" req role_name: String,
    }
    pub struct GetRoleResponse {
        "Role" req role: Role,
    }
    pub struct GetServiceLinkedRoleDeletionStatusRequest {
        "DeletionTaskId" req deletion_task_id: String,
    }
    pub struct GetServiceLinkedRoleDeletionStatusResponse {
        "Status" req status: String,
        "Reason" opt reason: DeletionTaskFailureReasonType,
    }
    pub struct GetUserPolicyRequest {
        "UserName" req user_name: String,
        "PolicyName" req policy_name: String,
    }
    pub struct GetUserPolicyResponse {
        "UserName" req user_name: String,
        "PolicyName" req policy_name: String,
        "PolicyDocument" req policy_document: String,
    }
    pub struct GetUserRequest {
        "UserName" opt user_name: String,
    }
    pub struct GetUserResponse {
        "User" req user: User,
    }
    pub struct Group {
        "Path" req path: String,
        "GroupName" req group_name: String,
        "GroupId" req group_id: String,
        "Arn" req arn: String,
        "CreateDate" req create_date: Timestamp,
    }
    pub struct GroupDetail {
        "Path" opt path: String,
        "GroupName" opt group_name: String,
        "GroupId" opt group_id: String,
        "Arn" opt arn: String,
        "CreateDate" opt create_date: Timestamp,
        "GroupPolicyList" opt group_policy_list: Vec<PolicyDetail>,
        "AttachedManagedPolicies" opt attached_managed_policies: Vec<AttachedPolicy>,
    }
    pub struct InlinePolicyIdentifierType {
        "PolicyName" req policy_name: String,
        "AttachmentType" req attachment_type: String,
        "AttachmentName" req attachment_name: String,
    }
    pub struct InstanceProfile {
        "Path" req path: String,
        "InstanceProfileName" req instance_profile_name: String,
        "InstanceProfileId" req instance_profile_id: String,
        "Arn" req arn: String,
        "CreateDate" req create_date: Timestamp,
        "Roles" req roles: Vec<Role>,
        "Tags" opt tags: Vec<Tag>,
    }
    pub struct ListAccessKeysRequest {
        "UserName" opt user_name: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListAccessKeysResponse {
        "AccessKeyMetadata" req access_key_metadata: Vec<AccessKeyMetadata>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListAccountAliasesRequest {
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListAccountAliasesResponse {
        "AccountAliases" req account_aliases: Vec<String>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListAttachedGroupPoliciesRequest {
        "GroupName" req group_name: String,
        "PathPrefix" opt path_prefix: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListAttachedGroupPoliciesResponse {
        "AttachedPolicies" opt attached_policies: Vec<AttachedPolicy>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListAttachedRolePoliciesRequest {
        "RoleName" req role_name: String,
        "PathPrefix" opt path_prefix: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListAttachedRolePoliciesResponse {
        "AttachedPolicies" opt attached_policies: Vec<AttachedPolicy>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListAttachedUserPoliciesRequest {
        "UserName" req user_name: String,
        "PathPrefix" opt path_prefix: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListAttachedUserPoliciesResponse {
        "AttachedPolicies" opt attached_policies: Vec<AttachedPolicy>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListEntitiesForPolicyRequest {
        "PolicyArn" req policy_arn: String,
        "EntityFilter" opt entity_filter: String,
        "PathPrefix" opt path_prefix: String,
        "PolicyUsageFilter" opt policy_usage_filter: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListEntitiesForPolicyResponse {
        "PolicyGroups" opt policy_groups: Vec<PolicyGroup>,
        "PolicyUsers" opt policy_users: Vec<PolicyUser>,
        "PolicyRoles" opt policy_roles: Vec<PolicyRole>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListGroupPoliciesRequest {
        "GroupName" req group_name: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListGroupPoliciesResponse {
        "PolicyNames" req policy_names: Vec<String>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListGroupsForUserRequest {
        "UserName" req user_name: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListGroupsForUserResponse {
        "Groups" req groups: Vec<Group>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListGroupsRequest {
        "PathPrefix" opt path_prefix: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListGroupsResponse {
        "Groups" req groups: Vec<Group>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListInstanceProfileTagsRequest {
        "InstanceProfileName" req instance_profile_name: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListInstanceProfileTagsResponse {
        "Tags" req tags: Vec<Tag>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListInstanceProfilesForRoleRequest {
        "RoleName" req role_name: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListInstanceProfilesForRoleResponse {
        "InstanceProfiles" req instance_profiles: Vec<InstanceProfile>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListInstanceProfilesRequest {
        "PathPrefix" opt path_prefix: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListInstanceProfilesResponse {
        "InstanceProfiles" req instance_profiles: Vec<InstanceProfile>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListPoliciesRequest {
        "Scope" opt scope: String,
        "OnlyAttached" opt only_attached: bool,
        "PathPrefix" opt path_prefix: String,
        "PolicyUsageFilter" opt policy_usage_filter: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListPoliciesResponse {
        "Policies" opt policies: Vec<Policy>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListPolicyTagsRequest {
        "PolicyArn" req policy_arn: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListPolicyTagsResponse {
        "Tags" req tags: Vec<Tag>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListPolicyVersionsRequest {
        "PolicyArn" req policy_arn: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListPolicyVersionsResponse {
        "Versions" opt versions: Vec<PolicyVersion>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListRolePoliciesRequest {
        "RoleName" req role_name: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListRolePoliciesResponse {
        "PolicyNames" req policy_names: Vec<String>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListRoleTagsRequest {
        "RoleName" req role_name: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListRoleTagsResponse {
        "Tags" req tags: Vec<Tag>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListRolesRequest {
        "PathPrefix" opt path_prefix: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListRolesResponse {
        "Roles" req roles: Vec<Role>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListUserPoliciesRequest {
        "UserName" req user_name: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListUserPoliciesResponse {
        "PolicyNames" req policy_names: Vec<String>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListUserTagsRequest {
        "UserName" req user_name: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListUserTagsResponse {
        "Tags" req tags: Vec<Tag>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ListUsersRequest {
        "PathPrefix" opt path_prefix: String,
        "Marker" opt marker: String,
        "MaxItems" opt max_items: i32,
    }
    pub struct ListUsersResponse {
        "Users" req users: Vec<User>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct ManagedPolicyDetail {
        "PolicyName" opt policy_name: String,
        "PolicyId" opt policy_id: String,
        "Arn" opt arn: String,
        "Path" opt path: String,
        "DefaultVersionId" opt default_version_id: String,
        "AttachmentCount" opt attachment_count: i32,
        "PermissionsBoundaryUsageCount" opt permissions_boundary_usage_count: i32,
        "IsAttachable" opt is_attachable: bool,
        "Description" opt description: String,
        "CreateDate" opt create_date: Timestamp,
        "UpdateDate" opt update_date: Timestamp,
        "PolicyVersionList" opt policy_version_list: Vec<PolicyVersion>,
    }
    pub struct OrderedOrganizationPolicyType {
        "ServiceControlPolicyInputList" opt service_control_policy_input_list: Vec<String>,
    }
    pub struct OrganizationsDecisionDetail {
        "AllowedByOrganizations" opt allowed_by_organizations: bool,
    }
    pub struct PermissionsBoundaryDecisionDetail {
        "AllowedByPermissionsBoundary" opt allowed_by_permissions_boundary: bool,
    }
    pub struct Policy {
        "PolicyName" opt policy_name: String,
        "PolicyId" opt policy_id: String,
        "Arn" opt arn: String,
        "Path" opt path: String,
        "DefaultVersionId" opt default_version_id: String,
        "AttachmentCount" opt attachment_count: i32,
        "PermissionsBoundaryUsageCount" opt permissions_boundary_usage_count: i32,
        "IsAttachable" opt is_attachable: bool,
        "Description" opt description: String,
        "CreateDate" opt create_date: Timestamp,
        "UpdateDate" opt update_date: Timestamp,
        "Tags" opt tags: Vec<Tag>,
    }
    pub struct PolicyDetail {
        "PolicyName" opt policy_name: String,
        "PolicyDocument" opt policy_document: String,
    }
    pub struct PolicyGroup {
        "GroupName" opt group_name: String,
        "GroupId" opt group_id: String,
    }
    pub struct PolicyIdentifier {
        "PolicyType" opt policy_type: String,
        "PolicyArn" opt policy_arn: String,
        "InlinePolicyIdentifier" opt inline_policy_identifier: InlinePolicyIdentifierType,
    }
    pub struct PolicyRole {
        "RoleName" opt role_name: String,
        "RoleId" opt role_id: String,
    }
    pub struct PolicyUser {
        "UserName" opt user_name: String,
        "UserId" opt user_id: String,
    }
    pub struct PolicyVersion {
        "Document" opt document: String,
        "VersionId" opt version_id: String,
        "IsDefaultVersion" opt is_default_version: bool,
        "CreateDate" opt create_date: Timestamp,
    }
    pub struct Position {
        "Line" opt line: i32,
        "Column" opt column: i32,
    }
    pub struct PutGroupPolicyRequest {
        "GroupName" req group_name: String,
        "PolicyName" req policy_name: String,
        "PolicyDocument" req policy_document: String,
    }
    pub struct PutRolePermissionsBoundaryRequest {
        "RoleName" req role_name: String,
        "PermissionsBoundary" req permissions_boundary: String,
    }
    pub struct PutRolePolicyRequest {
        "RoleName" req role_name: String,
        "PolicyName" req policy_name: String,
        "PolicyDocument" req policy_document: String,
    }
    pub struct PutUserPermissionsBoundaryRequest {
        "UserName" req user_name: String,
        "PermissionsBoundary" req permissions_boundary: String,
    }
    pub struct PutUserPolicyRequest {
        "UserName" req user_name: String,
        "PolicyName" req policy_name: String,
        "PolicyDocument" req policy_document: String,
    }
    pub struct RemoveRoleFromInstanceProfileRequest {
        "InstanceProfileName" req instance_profile_name: String,
        "RoleName" req role_name: String,
    }
    pub struct RemoveUserFromGroupRequest {
        "GroupName" req group_name: String,
        "UserName" req user_name: String,
    }
    pub struct ResourceSpecificResult {
        "EvalResourceName" req eval_resource_name: String,
        "EvalResourceDecision" req eval_resource_decision: String,
        "MatchedStatements" opt matched_statements: Vec<Statement>,
        "MissingContextValues" opt missing_context_values: Vec<String>,
        "EvalDecisionDetails" opt eval_decision_details: BTreeMap<String, String>,
        "PermissionsBoundaryDecisionDetail" opt permissions_boundary_decision_detail: PermissionsBoundaryDecisionDetail,
    }
    pub struct Role {
        "Path" req path: String,
        "RoleName" req role_name: String,
        "RoleId" req role_id: String,
        "Arn" req arn: String,
        "CreateDate" req create_date: Timestamp,
        "AssumeRolePolicyDocument" opt assume_role_policy_document: String,
        "Description" opt description: String,
        "MaxSessionDuration" opt max_session_duration: i32,
        "PermissionsBoundary" opt permissions_boundary: AttachedPermissionsBoundary,
        "Tags" opt tags: Vec<Tag>,
        "RoleLastUsed" opt role_last_used: RoleLastUsed,
        "SourceRoleTemplate" opt source_role_template: SourceRoleTemplate,
    }
    pub struct RoleDetail {
        "Path" opt path: String,
        "RoleName" opt role_name: String,
        "RoleId" opt role_id: String,
        "Arn" opt arn: String,
        "CreateDate" opt create_date: Timestamp,
        "AssumeRolePolicyDocument" opt assume_role_policy_document: String,
        "InstanceProfileList" opt instance_profile_list: Vec<InstanceProfile>,
        "RolePolicyList" opt role_policy_list: Vec<PolicyDetail>,
        "AttachedManagedPolicies" opt attached_managed_policies: Vec<AttachedPolicy>,
        "PermissionsBoundary" opt permissions_boundary: AttachedPermissionsBoundary,
        "Tags" opt tags: Vec<Tag>,
        "RoleLastUsed" opt role_last_used: RoleLastUsed,
    }
    pub struct RoleLastUsed {
        "LastUsedDate" opt last_used_date: Timestamp,
        "Region" opt region: String,
    }
    pub struct RoleUsageType {
        "Region" opt region: String,
        "Resources" opt resources: Vec<String>,
    }
    pub struct SetDefaultPolicyVersionRequest {
        "PolicyArn" req policy_arn: String,
        "VersionId" req version_id: String,
    }
    pub struct SimulateCustomPolicyRequest {
        "PolicyInputList" req policy_input_list: Vec<String>,
        "PermissionsBoundaryPolicyInputList" opt permissions_boundary_policy_input_list: Vec<String>,
        "OrderedOrganizationPolicyInputList" opt ordered_organization_policy_input_list: Vec<OrderedOrganizationPolicyType>,
        "ActionNames" req action_names: Vec<String>,
        "ResourceArns" opt resource_arns: Vec<String>,
        "ResourcePolicy" opt resource_policy: String,
        "ResourceOwner" opt resource_owner: String,
        "CallerArn" opt caller_arn: String,
        "ContextEntries" opt context_entries: Vec<ContextEntry>,
        "ResourceHandlingOption" opt resource_handling_option: String,
        "MaxItems" opt max_items: i32,
        "Marker" opt marker: String,
    }
    pub struct SimulatePolicyResponse {
        "EvaluationResults" opt evaluation_results: Vec<EvaluationResult>,
        "IsTruncated" opt is_truncated: bool,
        "Marker" opt marker: String,
    }
    pub struct SimulatePrincipalPolicyRequest {
        "PolicySourceArn" req policy_source_arn: String,
        "PolicyInputList" opt policy_input_list: Vec<String>,
        "PermissionsBoundaryPolicyInputList" opt permissions_boundary_policy_input_list: Vec<String>,
        "PolicyExclusionList" opt policy_exclusion_list: Vec<PolicyIdentifier>,
        "ActionNames" req action_names: Vec<String>,
        "ResourceArns" opt resource_arns: Vec<String>,
        "ResourcePolicy" opt resource_policy: String,
        "ResourceOwner" opt resource_owner: String,
        "CallerArn" opt caller_arn: String,
        "ContextEntries" opt context_entries: Vec<ContextEntry>,
        "ResourceHandlingOption" opt resource_handling_option: String,
        "MaxItems" opt max_items: i32,
        "Marker" opt marker: String,
    }
    pub struct SourceRoleTemplate {
        "TemplateArn" req template_arn: String,
        "TemplateMinorVersion" req template_minor_version: i32,
    }
    pub struct Statement {
        "SourcePolicyId" opt source_policy_id: String,
        "SourcePolicyType" opt source_policy_type: String,
        "StartPosition" opt start_position: Position,
        "EndPosition" opt end_position: Position,
    }
    pub struct Tag {
        "Key" req key: String,
        "Value" req value: String,
    }
    pub struct TagInstanceProfileRequest {
        "InstanceProfileName" req instance_profile_name: String,
        "Tags" req tags: Vec<Tag>,
    }
    pub struct TagPolicyRequest {
        "PolicyArn" req policy_arn: String,
        "Tags" req tags: Vec<Tag>,
    }
    pub struct TagRoleRequest {
        "RoleName" req role_name: String,
        "Tags" req tags: Vec<Tag>,
    }
    pub struct TagUserRequest {
        "UserName" req user_name: String,
        "Tags" req tags: Vec<Tag>,
    }
    pub struct UntagInstanceProfileRequest {
        "InstanceProfileName" req instance_profile_name: String,
        "TagKeys" req tag_keys: Vec<String>,
    }
    pub struct UntagPolicyRequest {
        "PolicyArn" req policy_arn: String,
        "TagKeys" req tag_keys: Vec<String>,
    }
    pub struct UntagRoleRequest {
        "RoleName" req role_name: String,
        "TagKeys" req tag_keys: Vec<String>,
    }
    pub struct UntagUserRequest {
        "UserName" req user_name: String,
        "TagKeys" req tag_keys: Vec<String>,
    }
    pub struct UpdateAccessKeyRequest {
        "UserName" opt user_name: String,
        "AccessKeyId" req access_key_id: String,
        "Status" req status: String,
    }
    pub struct UpdateAssumeRolePolicyRequest {
        "RoleName" req role_name: String,
        "PolicyDocument" req policy_document: String,
    }
    pub struct UpdateGroupRequest {
        "GroupName" req group_name: String,
        "NewPath" opt new_path: String,
        "NewGroupName" opt new_group_name: String,
    }
    pub struct UpdateRoleDescriptionRequest {
        "RoleName" req role_name: String,
        "Description" req description: String,
    }
    pub struct UpdateRoleDescriptionResponse {
        "Role" opt role: Role,
    }
    pub struct UpdateRoleRequest {
        "RoleName" req role_name: String,
        "Description" opt description: String,
        "MaxSessionDuration" opt max_session_duration: i32,
    }
    pub struct UpdateRoleResponse {
    }
    pub struct UpdateUserRequest {
        "UserName" req user_name: String,
        "NewPath" opt new_path: String,
        "NewUserName" opt new_user_name: String,
    }
    pub struct User {
        "Path" req path: String,
        "UserName" req user_name: String,
        "UserId" req user_id: String,
        "Arn" req arn: String,
        "CreateDate" req create_date: Timestamp,
        "PasswordLastUsed" opt password_last_used: Timestamp,
        "PermissionsBoundary" opt permissions_boundary: AttachedPermissionsBoundary,
        "Tags" opt tags: Vec<Tag>,
    }
    pub struct UserDetail {
        "Path" opt path: String,
        "UserName" opt user_name: String,
        "UserId" opt user_id: String,
        "Arn" opt arn: String,
        "CreateDate" opt create_date: Timestamp,
        "UserPolicyList" opt user_policy_list: Vec<PolicyDetail>,
        "GroupList" opt group_list: Vec<String>,
        "AttachedManagedPolicies" opt attached_managed_policies: Vec<AttachedPolicy>,
        "PermissionsBoundary" opt permissions_boundary: AttachedPermissionsBoundary,
        "Tags" opt tags: Vec<Tag>,
    }
}
