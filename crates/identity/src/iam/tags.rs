//! Tags of users, roles, policies and instance profiles.

use gantry_aws_api::iam as api;
use gantry_aws_wire::AwsError;

use super::inline::own_user;
use super::{check, shape};
use crate::core::Call;
use crate::draft::Draft;
use crate::page::Page;
use crate::record::{InstanceProfile, ManagedPolicy, Role, Tags};
use crate::state::Account;

fn untag(tags: &mut Tags, keys: &[String]) {
    tags.retain(|key, _| !keys.iter().any(|gone| gone.eq_ignore_ascii_case(key)));
}

fn own_role(account: &Account, _: &Call<'_>, name: &str) -> Result<Role, AwsError> {
    // Tags of service-linked roles are the account's.
    check::role(account, name).map(|role| Role::clone(role))
}

fn user_of(account: &Draft, _: &Call<'_>, name: &str) -> Result<crate::record::User, AwsError> {
    own_user(account, name)
}

fn own_policy(account: &Account, call: &Call<'_>, arn: &str) -> Result<ManagedPolicy, AwsError> {
    check::own_policy(account, call.account_id(), arn)
}

fn own_profile(account: &Account, _: &Call<'_>, name: &str) -> Result<InstanceProfile, AwsError> {
    check::profile(account, name).map(|profile| InstanceProfile::clone(profile))
}

macro_rules! tagged {
    ($name:ident, $own:path, $find:expr, $tag:ident($tag_in:ident), $untag:ident($untag_in:ident),
     $list:ident($list_in:ident -> $list_out:ident, $operation:literal)) => {
        pub(super) fn $tag(draft: &mut Draft, call: &Call<'_>, input: api::$tag_in) -> Result<(), AwsError> {
            let mut holder = $own(draft, call, &input.$name)?;
            holder.tags = check::tags(&holder.tags, Some(input.tags))?;
            draft.put(holder);
            Ok(())
        }

        pub(super) fn $untag(draft: &mut Draft, call: &Call<'_>, input: api::$untag_in) -> Result<(), AwsError> {
            let mut holder = $own(draft, call, &input.$name)?;
            untag(&mut holder.tags, &input.tag_keys);
            draft.put(holder);
            Ok(())
        }

        pub(super) fn $list(call: &Call<'_>, input: api::$list_in) -> Result<api::$list_out, AwsError> {
            let find: fn(&Account, &Call<'_>, &str) -> Result<Tags, AwsError> = $find;
            let tags = find(&call.account, call, &input.$name)?;
            let all = shape::tags(&tags).into_iter().map(|tag| (tag.key.clone(), tag));
            let page = Page::cut(call, $operation, &input.$name, input.marker.as_deref(), input.max_items, all)?;
            Ok(api::$list_out { tags: page.items, is_truncated: Some(page.is_truncated), marker: page.marker })
        }
    };
}

tagged! {
    user_name, user_of, |account, _, name| check::user(account, name).map(|user| user.tags.clone()),
    tag_user(TagUserRequest), untag_user(UntagUserRequest),
    list_user_tags(ListUserTagsRequest -> ListUserTagsResponse, "ListUserTags")
}
tagged! {
    role_name, own_role, |account, _, name| check::role(account, name).map(|role| role.tags.clone()),
    tag_role(TagRoleRequest), untag_role(UntagRoleRequest),
    list_role_tags(ListRoleTagsRequest -> ListRoleTagsResponse, "ListRoleTags")
}
tagged! {
    policy_arn, own_policy,
    |account, call, arn| check::policy(account, call.account_id(), arn).map(|policy| policy.tags.clone()),
    tag_policy(TagPolicyRequest), untag_policy(UntagPolicyRequest),
    list_policy_tags(ListPolicyTagsRequest -> ListPolicyTagsResponse, "ListPolicyTags")
}
tagged! {
    instance_profile_name, own_profile,
    |account, _, name| check::profile(account, name).map(|profile| profile.tags.clone()),
    tag_instance_profile(TagInstanceProfileRequest), untag_instance_profile(UntagInstanceProfileRequest),
    list_instance_profile_tags(ListInstanceProfileTagsRequest -> ListInstanceProfileTagsResponse, "ListInstanceProfileTags")
}
