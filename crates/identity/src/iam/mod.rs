//! Identity and Access Management: each operation is a function of the call, beside others about the
//! same entity.
//!
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/>

mod account;
mod attached;
mod check;
mod groups;
mod inline;
mod keys;
mod policies;
mod profiles;
mod roles;
mod shape;
mod simulate;
mod tags;
mod users;
mod versions;

use async_trait::async_trait;
use gantry_aws_api::iam::{self as api, Iam};
use gantry_aws_wire::{Access, AwsError, Context};
use serde_json::Value;

use crate::core::Identity;

/// The generated trait, each of its methods sent to a function: `read`ers get the call, `write`rs a
/// draft of the account beside it.
macro_rules! operations {
    (read { $($read:ident($read_in:ident) -> $read_out:ty = $read_fn:path;)* }
     write { $($write:ident($write_in:ident) -> $write_out:ty = $write_fn:path;)* }) => {
        #[async_trait]
        impl Iam for Identity {
            async fn accesses(&self, operation: &str, input: &Value, context: &Context) -> Result<Vec<Access>, AwsError> {
                Ok(crate::access::iam(&self.inner.call(context), operation, input))
            }

            async fn get_account_summary(&self, context: &Context) -> Result<api::GetAccountSummaryResponse, AwsError> {
                account::get_account_summary(&self.inner.call(context))
            }

            $(
                async fn $read(&self, context: &Context, input: api::$read_in) -> Result<$read_out, AwsError> {
                    $read_fn(&self.inner.call(context), input)
                }
            )*

            $(
                async fn $write(&self, context: &Context, input: api::$write_in) -> Result<$write_out, AwsError> {
                    let call = self.inner.call(context);
                    self.inner.write(context.account.as_str(), |draft| $write_fn(draft, &call, input.clone())).await
                }
            )*
        }
    };
}

operations! {
    read {
        get_user(GetUserRequest) -> api::GetUserResponse = users::get_user;
        list_users(ListUsersRequest) -> api::ListUsersResponse = users::list_users;
        list_user_tags(ListUserTagsRequest) -> api::ListUserTagsResponse = tags::list_user_tags;
        get_group(GetGroupRequest) -> api::GetGroupResponse = groups::get_group;
        list_groups(ListGroupsRequest) -> api::ListGroupsResponse = groups::list_groups;
        list_groups_for_user(ListGroupsForUserRequest) -> api::ListGroupsForUserResponse = groups::list_groups_for_user;
        get_role(GetRoleRequest) -> api::GetRoleResponse = roles::get_role;
        list_roles(ListRolesRequest) -> api::ListRolesResponse = roles::list_roles;
        list_role_tags(ListRoleTagsRequest) -> api::ListRoleTagsResponse = tags::list_role_tags;
        get_service_linked_role_deletion_status(GetServiceLinkedRoleDeletionStatusRequest)
            -> api::GetServiceLinkedRoleDeletionStatusResponse = roles::deletion_status;
        get_policy(GetPolicyRequest) -> api::GetPolicyResponse = policies::get_policy;
        list_policies(ListPoliciesRequest) -> api::ListPoliciesResponse = policies::list_policies;
        list_policy_tags(ListPolicyTagsRequest) -> api::ListPolicyTagsResponse = tags::list_policy_tags;
        list_entities_for_policy(ListEntitiesForPolicyRequest) -> api::ListEntitiesForPolicyResponse = policies::list_entities;
        get_policy_version(GetPolicyVersionRequest) -> api::GetPolicyVersionResponse = versions::get_policy_version;
        list_policy_versions(ListPolicyVersionsRequest) -> api::ListPolicyVersionsResponse = versions::list_policy_versions;
        get_user_policy(GetUserPolicyRequest) -> api::GetUserPolicyResponse = inline::get_user_policy;
        get_group_policy(GetGroupPolicyRequest) -> api::GetGroupPolicyResponse = inline::get_group_policy;
        get_role_policy(GetRolePolicyRequest) -> api::GetRolePolicyResponse = inline::get_role_policy;
        list_user_policies(ListUserPoliciesRequest) -> api::ListUserPoliciesResponse = inline::list_user_policies;
        list_group_policies(ListGroupPoliciesRequest) -> api::ListGroupPoliciesResponse = inline::list_group_policies;
        list_role_policies(ListRolePoliciesRequest) -> api::ListRolePoliciesResponse = inline::list_role_policies;
        list_attached_user_policies(ListAttachedUserPoliciesRequest)
            -> api::ListAttachedUserPoliciesResponse = attached::list_attached_user_policies;
        list_attached_group_policies(ListAttachedGroupPoliciesRequest)
            -> api::ListAttachedGroupPoliciesResponse = attached::list_attached_group_policies;
        list_attached_role_policies(ListAttachedRolePoliciesRequest)
            -> api::ListAttachedRolePoliciesResponse = attached::list_attached_role_policies;
        get_instance_profile(GetInstanceProfileRequest) -> api::GetInstanceProfileResponse = profiles::get_instance_profile;
        list_instance_profiles(ListInstanceProfilesRequest)
            -> api::ListInstanceProfilesResponse = profiles::list_instance_profiles;
        list_instance_profiles_for_role(ListInstanceProfilesForRoleRequest)
            -> api::ListInstanceProfilesForRoleResponse = profiles::list_instance_profiles_for_role;
        list_instance_profile_tags(ListInstanceProfileTagsRequest)
            -> api::ListInstanceProfileTagsResponse = tags::list_instance_profile_tags;
        list_access_keys(ListAccessKeysRequest) -> api::ListAccessKeysResponse = keys::list_access_keys;
        get_access_key_last_used(GetAccessKeyLastUsedRequest)
            -> api::GetAccessKeyLastUsedResponse = keys::get_access_key_last_used;
        list_account_aliases(ListAccountAliasesRequest) -> api::ListAccountAliasesResponse = account::list_account_aliases;
        get_account_authorization_details(GetAccountAuthorizationDetailsRequest)
            -> api::GetAccountAuthorizationDetailsResponse = account::get_account_authorization_details;
        simulate_custom_policy(SimulateCustomPolicyRequest) -> api::SimulatePolicyResponse = simulate::simulate_custom_policy;
        simulate_principal_policy(SimulatePrincipalPolicyRequest)
            -> api::SimulatePolicyResponse = simulate::simulate_principal_policy;
        get_context_keys_for_custom_policy(GetContextKeysForCustomPolicyRequest)
            -> api::GetContextKeysForPolicyResponse = simulate::get_context_keys_for_custom_policy;
        get_context_keys_for_principal_policy(GetContextKeysForPrincipalPolicyRequest)
            -> api::GetContextKeysForPolicyResponse = simulate::get_context_keys_for_principal_policy;
    }
    write {
        create_user(CreateUserRequest) -> api::CreateUserResponse = users::create_user;
        update_user(UpdateUserRequest) -> () = users::update_user;
        delete_user(DeleteUserRequest) -> () = users::delete_user;
        put_user_permissions_boundary(PutUserPermissionsBoundaryRequest) -> () = users::put_boundary;
        delete_user_permissions_boundary(DeleteUserPermissionsBoundaryRequest) -> () = users::delete_boundary;
        tag_user(TagUserRequest) -> () = tags::tag_user;
        untag_user(UntagUserRequest) -> () = tags::untag_user;
        create_group(CreateGroupRequest) -> api::CreateGroupResponse = groups::create_group;
        update_group(UpdateGroupRequest) -> () = groups::update_group;
        delete_group(DeleteGroupRequest) -> () = groups::delete_group;
        add_user_to_group(AddUserToGroupRequest) -> () = groups::add_user_to_group;
        remove_user_from_group(RemoveUserFromGroupRequest) -> () = groups::remove_user_from_group;
        create_role(CreateRoleRequest) -> api::CreateRoleResponse = roles::create_role;
        update_role(UpdateRoleRequest) -> api::UpdateRoleResponse = roles::update_role;
        update_role_description(UpdateRoleDescriptionRequest)
            -> api::UpdateRoleDescriptionResponse = roles::update_role_description;
        update_assume_role_policy(UpdateAssumeRolePolicyRequest) -> () = roles::update_assume_role_policy;
        delete_role(DeleteRoleRequest) -> () = roles::delete_role;
        put_role_permissions_boundary(PutRolePermissionsBoundaryRequest) -> () = roles::put_boundary;
        delete_role_permissions_boundary(DeleteRolePermissionsBoundaryRequest) -> () = roles::delete_boundary;
        create_service_linked_role(CreateServiceLinkedRoleRequest)
            -> api::CreateServiceLinkedRoleResponse = roles::create_service_linked_role;
        delete_service_linked_role(DeleteServiceLinkedRoleRequest)
            -> api::DeleteServiceLinkedRoleResponse = roles::delete_service_linked_role;
        tag_role(TagRoleRequest) -> () = tags::tag_role;
        untag_role(UntagRoleRequest) -> () = tags::untag_role;
        create_policy(CreatePolicyRequest) -> api::CreatePolicyResponse = policies::create_policy;
        delete_policy(DeletePolicyRequest) -> () = policies::delete_policy;
        tag_policy(TagPolicyRequest) -> () = tags::tag_policy;
        untag_policy(UntagPolicyRequest) -> () = tags::untag_policy;
        create_policy_version(CreatePolicyVersionRequest)
            -> api::CreatePolicyVersionResponse = versions::create_policy_version;
        delete_policy_version(DeletePolicyVersionRequest) -> () = versions::delete_policy_version;
        set_default_policy_version(SetDefaultPolicyVersionRequest) -> () = versions::set_default_policy_version;
        put_user_policy(PutUserPolicyRequest) -> () = inline::put_user_policy;
        put_group_policy(PutGroupPolicyRequest) -> () = inline::put_group_policy;
        put_role_policy(PutRolePolicyRequest) -> () = inline::put_role_policy;
        delete_user_policy(DeleteUserPolicyRequest) -> () = inline::delete_user_policy;
        delete_group_policy(DeleteGroupPolicyRequest) -> () = inline::delete_group_policy;
        delete_role_policy(DeleteRolePolicyRequest) -> () = inline::delete_role_policy;
        attach_user_policy(AttachUserPolicyRequest) -> () = attached::attach_user_policy;
        attach_group_policy(AttachGroupPolicyRequest) -> () = attached::attach_group_policy;
        attach_role_policy(AttachRolePolicyRequest) -> () = attached::attach_role_policy;
        detach_user_policy(DetachUserPolicyRequest) -> () = attached::detach_user_policy;
        detach_group_policy(DetachGroupPolicyRequest) -> () = attached::detach_group_policy;
        detach_role_policy(DetachRolePolicyRequest) -> () = attached::detach_role_policy;
        create_instance_profile(CreateInstanceProfileRequest)
            -> api::CreateInstanceProfileResponse = profiles::create_instance_profile;
        delete_instance_profile(DeleteInstanceProfileRequest) -> () = profiles::delete_instance_profile;
        add_role_to_instance_profile(AddRoleToInstanceProfileRequest) -> () = profiles::add_role;
        remove_role_from_instance_profile(RemoveRoleFromInstanceProfileRequest) -> () = profiles::remove_role;
        tag_instance_profile(TagInstanceProfileRequest) -> () = tags::tag_instance_profile;
        untag_instance_profile(UntagInstanceProfileRequest) -> () = tags::untag_instance_profile;
        create_access_key(CreateAccessKeyRequest) -> api::CreateAccessKeyResponse = keys::create_access_key;
        update_access_key(UpdateAccessKeyRequest) -> () = keys::update_access_key;
        delete_access_key(DeleteAccessKeyRequest) -> () = keys::delete_access_key;
        create_account_alias(CreateAccountAliasRequest) -> () = account::create_account_alias;
        delete_account_alias(DeleteAccountAliasRequest) -> () = account::delete_account_alias;
    }
}
