// Made by `cargo xtask codegen` from the public service model. Do not edit.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_aws_wire::schema::{OperationSchema, ServiceSchema};
use gantry_aws_wire::{Access, AwsError, Context, Output, Service, Shape as _};
use serde_json::Value;

use super::{schema, types};
use crate::support::{empty, parse};

/// AWS Identity and Access Management. An operation that is not overridden answers `501 NotImplemented` with its name.
#[async_trait]
pub trait Iam: Send + Sync + 'static {
    /// What the caller must be allowed before `operation` runs; see [`Service::accesses`].
    async fn accesses(&self, operation: &str, input: &Value, context: &Context) -> Result<Vec<Access>, AwsError>;

    /// A whole answer that is ready as JSON, for operations where building it anew costs too much.
    async fn prerendered(&self, operation: &str, input: &Value, context: &Context) -> Option<Result<Bytes, AwsError>> {
        let _ = (operation, input, context);
        None
    }

    async fn add_role_to_instance_profile(
        &self,
        context: &Context,
        input: types::AddRoleToInstanceProfileRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("AddRoleToInstanceProfile"))
    }

    async fn add_user_to_group(&self, context: &Context, input: types::AddUserToGroupRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("AddUserToGroup"))
    }

    async fn attach_group_policy(
        &self,
        context: &Context,
        input: types::AttachGroupPolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("AttachGroupPolicy"))
    }

    async fn attach_role_policy(
        &self,
        context: &Context,
        input: types::AttachRolePolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("AttachRolePolicy"))
    }

    async fn attach_user_policy(
        &self,
        context: &Context,
        input: types::AttachUserPolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("AttachUserPolicy"))
    }

    async fn create_access_key(
        &self,
        context: &Context,
        input: types::CreateAccessKeyRequest,
    ) -> Result<types::CreateAccessKeyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateAccessKey"))
    }

    async fn create_account_alias(
        &self,
        context: &Context,
        input: types::CreateAccountAliasRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateAccountAlias"))
    }

    async fn create_group(
        &self,
        context: &Context,
        input: types::CreateGroupRequest,
    ) -> Result<types::CreateGroupResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateGroup"))
    }

    async fn create_instance_profile(
        &self,
        context: &Context,
        input: types::CreateInstanceProfileRequest,
    ) -> Result<types::CreateInstanceProfileResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateInstanceProfile"))
    }

    async fn create_policy(
        &self,
        context: &Context,
        input: types::CreatePolicyRequest,
    ) -> Result<types::CreatePolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreatePolicy"))
    }

    async fn create_policy_version(
        &self,
        context: &Context,
        input: types::CreatePolicyVersionRequest,
    ) -> Result<types::CreatePolicyVersionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreatePolicyVersion"))
    }

    async fn create_role(
        &self,
        context: &Context,
        input: types::CreateRoleRequest,
    ) -> Result<types::CreateRoleResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateRole"))
    }

    async fn create_service_linked_role(
        &self,
        context: &Context,
        input: types::CreateServiceLinkedRoleRequest,
    ) -> Result<types::CreateServiceLinkedRoleResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateServiceLinkedRole"))
    }

    async fn create_user(
        &self,
        context: &Context,
        input: types::CreateUserRequest,
    ) -> Result<types::CreateUserResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateUser"))
    }

    async fn delete_access_key(&self, context: &Context, input: types::DeleteAccessKeyRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteAccessKey"))
    }

    async fn delete_account_alias(
        &self,
        context: &Context,
        input: types::DeleteAccountAliasRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteAccountAlias"))
    }

    async fn delete_group(&self, context: &Context, input: types::DeleteGroupRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteGroup"))
    }

    async fn delete_group_policy(
        &self,
        context: &Context,
        input: types::DeleteGroupPolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteGroupPolicy"))
    }

    async fn delete_instance_profile(
        &self,
        context: &Context,
        input: types::DeleteInstanceProfileRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteInstanceProfile"))
    }

    async fn delete_policy(&self, context: &Context, input: types::DeletePolicyRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeletePolicy"))
    }

    async fn delete_policy_version(
        &self,
        context: &Context,
        input: types::DeletePolicyVersionRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeletePolicyVersion"))
    }

    async fn delete_role(&self, context: &Context, input: types::DeleteRoleRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteRole"))
    }

    async fn delete_role_permissions_boundary(
        &self,
        context: &Context,
        input: types::DeleteRolePermissionsBoundaryRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteRolePermissionsBoundary"))
    }

    async fn delete_role_policy(
        &self,
        context: &Context,
        input: types::DeleteRolePolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteRolePolicy"))
    }

    async fn delete_service_linked_role(
        &self,
        context: &Context,
        input: types::DeleteServiceLinkedRoleRequest,
    ) -> Result<types::DeleteServiceLinkedRoleResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteServiceLinkedRole"))
    }

    async fn delete_user(&self, context: &Context, input: types::DeleteUserRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteUser"))
    }

    async fn delete_user_permissions_boundary(
        &self,
        context: &Context,
        input: types::DeleteUserPermissionsBoundaryRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteUserPermissionsBoundary"))
    }

    async fn delete_user_policy(
        &self,
        context: &Context,
        input: types::DeleteUserPolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteUserPolicy"))
    }

    async fn detach_group_policy(
        &self,
        context: &Context,
        input: types::DetachGroupPolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DetachGroupPolicy"))
    }

    async fn detach_role_policy(
        &self,
        context: &Context,
        input: types::DetachRolePolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DetachRolePolicy"))
    }

    async fn detach_user_policy(
        &self,
        context: &Context,
        input: types::DetachUserPolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DetachUserPolicy"))
    }

    async fn get_access_key_last_used(
        &self,
        context: &Context,
        input: types::GetAccessKeyLastUsedRequest,
    ) -> Result<types::GetAccessKeyLastUsedResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetAccessKeyLastUsed"))
    }

    async fn get_account_authorization_details(
        &self,
        context: &Context,
        input: types::GetAccountAuthorizationDetailsRequest,
    ) -> Result<types::GetAccountAuthorizationDetailsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetAccountAuthorizationDetails"))
    }

    async fn get_account_summary(&self, context: &Context) -> Result<types::GetAccountSummaryResponse, AwsError> {
        let _ = context;
        Err(AwsError::not_implemented("GetAccountSummary"))
    }

    async fn get_context_keys_for_custom_policy(
        &self,
        context: &Context,
        input: types::GetContextKeysForCustomPolicyRequest,
    ) -> Result<types::GetContextKeysForPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetContextKeysForCustomPolicy"))
    }

    async fn get_context_keys_for_principal_policy(
        &self,
        context: &Context,
        input: types::GetContextKeysForPrincipalPolicyRequest,
    ) -> Result<types::GetContextKeysForPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetContextKeysForPrincipalPolicy"))
    }

    async fn get_group(
        &self,
        context: &Context,
        input: types::GetGroupRequest,
    ) -> Result<types::GetGroupResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetGroup"))
    }

    async fn get_group_policy(
        &self,
        context: &Context,
        input: types::GetGroupPolicyRequest,
    ) -> Result<types::GetGroupPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetGroupPolicy"))
    }

    async fn get_instance_profile(
        &self,
        context: &Context,
        input: types::GetInstanceProfileRequest,
    ) -> Result<types::GetInstanceProfileResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetInstanceProfile"))
    }

    async fn get_policy(
        &self,
        context: &Context,
        input: types::GetPolicyRequest,
    ) -> Result<types::GetPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetPolicy"))
    }

    async fn get_policy_version(
        &self,
        context: &Context,
        input: types::GetPolicyVersionRequest,
    ) -> Result<types::GetPolicyVersionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetPolicyVersion"))
    }

    async fn get_role(
        &self,
        context: &Context,
        input: types::GetRoleRequest,
    ) -> Result<types::GetRoleResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetRole"))
    }

    async fn get_role_policy(
        &self,
        context: &Context,
        input: types::GetRolePolicyRequest,
    ) -> Result<types::GetRolePolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetRolePolicy"))
    }

    async fn get_service_linked_role_deletion_status(
        &self,
        context: &Context,
        input: types::GetServiceLinkedRoleDeletionStatusRequest,
    ) -> Result<types::GetServiceLinkedRoleDeletionStatusResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetServiceLinkedRoleDeletionStatus"))
    }

    async fn get_user(
        &self,
        context: &Context,
        input: types::GetUserRequest,
    ) -> Result<types::GetUserResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetUser"))
    }

    async fn get_user_policy(
        &self,
        context: &Context,
        input: types::GetUserPolicyRequest,
    ) -> Result<types::GetUserPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetUserPolicy"))
    }

    async fn list_access_keys(
        &self,
        context: &Context,
        input: types::ListAccessKeysRequest,
    ) -> Result<types::ListAccessKeysResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListAccessKeys"))
    }

    async fn list_account_aliases(
        &self,
        context: &Context,
        input: types::ListAccountAliasesRequest,
    ) -> Result<types::ListAccountAliasesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListAccountAliases"))
    }

    async fn list_attached_group_policies(
        &self,
        context: &Context,
        input: types::ListAttachedGroupPoliciesRequest,
    ) -> Result<types::ListAttachedGroupPoliciesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListAttachedGroupPolicies"))
    }

    async fn list_attached_role_policies(
        &self,
        context: &Context,
        input: types::ListAttachedRolePoliciesRequest,
    ) -> Result<types::ListAttachedRolePoliciesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListAttachedRolePolicies"))
    }

    async fn list_attached_user_policies(
        &self,
        context: &Context,
        input: types::ListAttachedUserPoliciesRequest,
    ) -> Result<types::ListAttachedUserPoliciesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListAttachedUserPolicies"))
    }

    async fn list_entities_for_policy(
        &self,
        context: &Context,
        input: types::ListEntitiesForPolicyRequest,
    ) -> Result<types::ListEntitiesForPolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListEntitiesForPolicy"))
    }

    async fn list_group_policies(
        &self,
        context: &Context,
        input: types::ListGroupPoliciesRequest,
    ) -> Result<types::ListGroupPoliciesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListGroupPolicies"))
    }

    async fn list_groups(
        &self,
        context: &Context,
        input: types::ListGroupsRequest,
    ) -> Result<types::ListGroupsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListGroups"))
    }

    async fn list_groups_for_user(
        &self,
        context: &Context,
        input: types::ListGroupsForUserRequest,
    ) -> Result<types::ListGroupsForUserResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListGroupsForUser"))
    }

    async fn list_instance_profile_tags(
        &self,
        context: &Context,
        input: types::ListInstanceProfileTagsRequest,
    ) -> Result<types::ListInstanceProfileTagsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListInstanceProfileTags"))
    }

    async fn list_instance_profiles(
        &self,
        context: &Context,
        input: types::ListInstanceProfilesRequest,
    ) -> Result<types::ListInstanceProfilesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListInstanceProfiles"))
    }

    async fn list_instance_profiles_for_role(
        &self,
        context: &Context,
        input: types::ListInstanceProfilesForRoleRequest,
    ) -> Result<types::ListInstanceProfilesForRoleResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListInstanceProfilesForRole"))
    }

    async fn list_policies(
        &self,
        context: &Context,
        input: types::ListPoliciesRequest,
    ) -> Result<types::ListPoliciesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListPolicies"))
    }

    async fn list_policy_tags(
        &self,
        context: &Context,
        input: types::ListPolicyTagsRequest,
    ) -> Result<types::ListPolicyTagsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListPolicyTags"))
    }

    async fn list_policy_versions(
        &self,
        context: &Context,
        input: types::ListPolicyVersionsRequest,
    ) -> Result<types::ListPolicyVersionsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListPolicyVersions"))
    }

    async fn list_role_policies(
        &self,
        context: &Context,
        input: types::ListRolePoliciesRequest,
    ) -> Result<types::ListRolePoliciesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListRolePolicies"))
    }

    async fn list_role_tags(
        &self,
        context: &Context,
        input: types::ListRoleTagsRequest,
    ) -> Result<types::ListRoleTagsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListRoleTags"))
    }

    async fn list_roles(
        &self,
        context: &Context,
        input: types::ListRolesRequest,
    ) -> Result<types::ListRolesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListRoles"))
    }

    async fn list_user_policies(
        &self,
        context: &Context,
        input: types::ListUserPoliciesRequest,
    ) -> Result<types::ListUserPoliciesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListUserPolicies"))
    }

    async fn list_user_tags(
        &self,
        context: &Context,
        input: types::ListUserTagsRequest,
    ) -> Result<types::ListUserTagsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListUserTags"))
    }

    async fn list_users(
        &self,
        context: &Context,
        input: types::ListUsersRequest,
    ) -> Result<types::ListUsersResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListUsers"))
    }

    async fn put_group_policy(&self, context: &Context, input: types::PutGroupPolicyRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutGroupPolicy"))
    }

    async fn put_role_permissions_boundary(
        &self,
        context: &Context,
        input: types::PutRolePermissionsBoundaryRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutRolePermissionsBoundary"))
    }

    async fn put_role_policy(&self, context: &Context, input: types::PutRolePolicyRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutRolePolicy"))
    }

    async fn put_user_permissions_boundary(
        &self,
        context: &Context,
        input: types::PutUserPermissionsBoundaryRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutUserPermissionsBoundary"))
    }

    async fn put_user_policy(&self, context: &Context, input: types::PutUserPolicyRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutUserPolicy"))
    }

    async fn remove_role_from_instance_profile(
        &self,
        context: &Context,
        input: types::RemoveRoleFromInstanceProfileRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("RemoveRoleFromInstanceProfile"))
    }

    async fn remove_user_from_group(
        &self,
        context: &Context,
        input: types::RemoveUserFromGroupRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("RemoveUserFromGroup"))
    }

    async fn set_default_policy_version(
        &self,
        context: &Context,
        input: types::SetDefaultPolicyVersionRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("SetDefaultPolicyVersion"))
    }

    async fn simulate_custom_policy(
        &self,
        context: &Context,
        input: types::SimulateCustomPolicyRequest,
    ) -> Result<types::SimulatePolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("SimulateCustomPolicy"))
    }

    async fn simulate_principal_policy(
        &self,
        context: &Context,
        input: types::SimulatePrincipalPolicyRequest,
    ) -> Result<types::SimulatePolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("SimulatePrincipalPolicy"))
    }

    async fn tag_instance_profile(
        &self,
        context: &Context,
        input: types::TagInstanceProfileRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("TagInstanceProfile"))
    }

    async fn tag_policy(&self, context: &Context, input: types::TagPolicyRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("TagPolicy"))
    }

    async fn tag_role(&self, context: &Context, input: types::TagRoleRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("TagRole"))
    }

    async fn tag_user(&self, context: &Context, input: types::TagUserRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("TagUser"))
    }

    async fn untag_instance_profile(
        &self,
        context: &Context,
        input: types::UntagInstanceProfileRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UntagInstanceProfile"))
    }

    async fn untag_policy(&self, context: &Context, input: types::UntagPolicyRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UntagPolicy"))
    }

    async fn untag_role(&self, context: &Context, input: types::UntagRoleRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UntagRole"))
    }

    async fn untag_user(&self, context: &Context, input: types::UntagUserRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UntagUser"))
    }

    async fn update_access_key(&self, context: &Context, input: types::UpdateAccessKeyRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateAccessKey"))
    }

    async fn update_assume_role_policy(
        &self,
        context: &Context,
        input: types::UpdateAssumeRolePolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateAssumeRolePolicy"))
    }

    async fn update_group(&self, context: &Context, input: types::UpdateGroupRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateGroup"))
    }

    async fn update_role(
        &self,
        context: &Context,
        input: types::UpdateRoleRequest,
    ) -> Result<types::UpdateRoleResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateRole"))
    }

    async fn update_role_description(
        &self,
        context: &Context,
        input: types::UpdateRoleDescriptionRequest,
    ) -> Result<types::UpdateRoleDescriptionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateRoleDescription"))
    }

    async fn update_user(&self, context: &Context, input: types::UpdateUserRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateUser"))
    }
}

/// Makes a [`Service`] of any [`Iam`].
pub struct IamService<T>(pub Arc<T>);

#[async_trait]
impl<T: Iam> Service for IamService<T> {
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
            "AddRoleToInstanceProfile" => {
                let answer = api.add_role_to_instance_profile(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "AddUserToGroup" => {
                let answer = api.add_user_to_group(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "AttachGroupPolicy" => {
                let answer = api.attach_group_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "AttachRolePolicy" => {
                let answer = api.attach_role_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "AttachUserPolicy" => {
                let answer = api.attach_user_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "CreateAccessKey" => {
                let answer = api.create_access_key(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateAccountAlias" => {
                let answer = api.create_account_alias(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "CreateGroup" => {
                let answer = api.create_group(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateInstanceProfile" => {
                let answer = api.create_instance_profile(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreatePolicy" => {
                let answer = api.create_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreatePolicyVersion" => {
                let answer = api.create_policy_version(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateRole" => {
                let answer = api.create_role(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateServiceLinkedRole" => {
                let answer = api.create_service_linked_role(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateUser" => {
                let answer = api.create_user(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteAccessKey" => {
                let answer = api.delete_access_key(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteAccountAlias" => {
                let answer = api.delete_account_alias(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteGroup" => {
                let answer = api.delete_group(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteGroupPolicy" => {
                let answer = api.delete_group_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteInstanceProfile" => {
                let answer = api.delete_instance_profile(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeletePolicy" => {
                let answer = api.delete_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeletePolicyVersion" => {
                let answer = api.delete_policy_version(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteRole" => {
                let answer = api.delete_role(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteRolePermissionsBoundary" => {
                let answer = api.delete_role_permissions_boundary(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteRolePolicy" => {
                let answer = api.delete_role_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteServiceLinkedRole" => {
                let answer = api.delete_service_linked_role(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteUser" => {
                let answer = api.delete_user(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteUserPermissionsBoundary" => {
                let answer = api.delete_user_permissions_boundary(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteUserPolicy" => {
                let answer = api.delete_user_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DetachGroupPolicy" => {
                let answer = api.detach_group_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DetachRolePolicy" => {
                let answer = api.detach_role_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DetachUserPolicy" => {
                let answer = api.detach_user_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "GetAccessKeyLastUsed" => {
                let answer = api.get_access_key_last_used(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetAccountAuthorizationDetails" => {
                let answer = api.get_account_authorization_details(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetAccountSummary" => {
                let answer = api.get_account_summary(context).await?;
                Output::Value(answer.to_value())
            }
            "GetContextKeysForCustomPolicy" => {
                let answer = api.get_context_keys_for_custom_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetContextKeysForPrincipalPolicy" => {
                let answer = api.get_context_keys_for_principal_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetGroup" => {
                let answer = api.get_group(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetGroupPolicy" => {
                let answer = api.get_group_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetInstanceProfile" => {
                let answer = api.get_instance_profile(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetPolicy" => {
                let answer = api.get_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetPolicyVersion" => {
                let answer = api.get_policy_version(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetRole" => {
                let answer = api.get_role(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetRolePolicy" => {
                let answer = api.get_role_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetServiceLinkedRoleDeletionStatus" => {
                let answer = api.get_service_linked_role_deletion_status(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetUser" => {
                let answer = api.get_user(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetUserPolicy" => {
                let answer = api.get_user_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListAccessKeys" => {
                let answer = api.list_access_keys(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListAccountAliases" => {
                let answer = api.list_account_aliases(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListAttachedGroupPolicies" => {
                let answer = api.list_attached_group_policies(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListAttachedRolePolicies" => {
                let answer = api.list_attached_role_policies(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListAttachedUserPolicies" => {
                let answer = api.list_attached_user_policies(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListEntitiesForPolicy" => {
                let answer = api.list_entities_for_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListGroupPolicies" => {
                let answer = api.list_group_policies(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListGroups" => {
                let answer = api.list_groups(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListGroupsForUser" => {
                let answer = api.list_groups_for_user(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListInstanceProfileTags" => {
                let answer = api.list_instance_profile_tags(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListInstanceProfiles" => {
                let answer = api.list_instance_profiles(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListInstanceProfilesForRole" => {
                let answer = api.list_instance_profiles_for_role(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListPolicies" => {
                let answer = api.list_policies(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListPolicyTags" => {
                let answer = api.list_policy_tags(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListPolicyVersions" => {
                let answer = api.list_policy_versions(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListRolePolicies" => {
                let answer = api.list_role_policies(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListRoleTags" => {
                let answer = api.list_role_tags(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListRoles" => {
                let answer = api.list_roles(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListUserPolicies" => {
                let answer = api.list_user_policies(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListUserTags" => {
                let answer = api.list_user_tags(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListUsers" => {
                let answer = api.list_users(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutGroupPolicy" => {
                let answer = api.put_group_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "PutRolePermissionsBoundary" => {
                let answer = api.put_role_permissions_boundary(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "PutRolePolicy" => {
                let answer = api.put_role_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "PutUserPermissionsBoundary" => {
                let answer = api.put_user_permissions_boundary(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "PutUserPolicy" => {
                let answer = api.put_user_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "RemoveRoleFromInstanceProfile" => {
                let answer = api.remove_role_from_instance_profile(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "RemoveUserFromGroup" => {
                let answer = api.remove_user_from_group(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "SetDefaultPolicyVersion" => {
                let answer = api.set_default_policy_version(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "SimulateCustomPolicy" => {
                let answer = api.simulate_custom_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "SimulatePrincipalPolicy" => {
                let answer = api.simulate_principal_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "TagInstanceProfile" => {
                let answer = api.tag_instance_profile(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "TagPolicy" => {
                let answer = api.tag_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "TagRole" => {
                let answer = api.tag_role(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "TagUser" => {
                let answer = api.tag_user(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "UntagInstanceProfile" => {
                let answer = api.untag_instance_profile(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "UntagPolicy" => {
                let answer = api.untag_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "UntagRole" => {
                let answer = api.untag_role(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "UntagUser" => {
                let answer = api.untag_user(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "UpdateAccessKey" => {
                let answer = api.update_access_key(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "UpdateAssumeRolePolicy" => {
                let answer = api.update_assume_role_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "UpdateGroup" => {
                let answer = api.update_group(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "UpdateRole" => {
                let answer = api.update_role(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateRoleDescription" => {
                let answer = api.update_role_description(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateUser" => {
                let answer = api.update_user(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            other => return Err(AwsError::not_implemented(other)),
        })
    }
}
