//! Policies that stand in a user, group or role itself.

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::{limit_exceeded_exception, malformed_policy_document_exception};
use gantry_aws_wire::AwsError;
use gantry_iam::{Policy, PolicyKind, limits};

use super::{check, shape};
use crate::core::Call;
use crate::draft::Draft;
use crate::page::Page;
use crate::record::{Document, Group, Holdings, User};

/// Puts a policy, within the quota over all inline policies of its holder.
fn put(
    holdings: &mut Holdings,
    (kind, holder): (&str, &str),
    limit: usize,
    name: String,
    text: &str,
) -> Result<(), AwsError> {
    Policy::parse(text, PolicyKind::Identity).map_err(|e| malformed_policy_document_exception(e.to_string()))?;
    holdings.inline.insert(name, Document::new(text));
    let size: usize = holdings.inline.values().map(|document| limits::policy_size(&document.text)).sum();
    if size > limit {
        return Err(limit_exceeded_exception(format!(
            "Maximum policy size of {limit} bytes exceeded for {kind} {holder}"
        )));
    }
    Ok(())
}

fn missing(kind: &str, name: &str) -> AwsError {
    check::missing(&format!("{kind} policy"), name)
}

fn names(
    call: &Call<'_>,
    operation: &str,
    holder: &str,
    holdings: &Holdings,
    (marker, max_items): (Option<&str>, Option<i32>),
) -> Result<Page<String>, AwsError> {
    let all = holdings.inline.keys().map(|name| (name.clone(), name.clone()));
    Page::cut(call, operation, holder, marker, max_items, all)
}

/// The four operations of one kind of holder.
macro_rules! inline {
    ($kind:literal, $name:ident, $limit:path, $find:path, $own:expr,
     $put:ident($put_in:ident), $get:ident($get_in:ident -> $get_out:ident),
     $delete:ident($delete_in:ident), $list:ident($list_in:ident -> $list_out:ident, $operation:literal)) => {
        pub(super) fn $put(draft: &mut Draft, _: &Call<'_>, input: api::$put_in) -> Result<(), AwsError> {
            let mut holder = $own(draft, &input.$name)?;
            put(&mut holder.holdings, ($kind, &input.$name), $limit, input.policy_name, &input.policy_document)?;
            draft.put(holder);
            Ok(())
        }

        pub(super) fn $get(call: &Call<'_>, input: api::$get_in) -> Result<api::$get_out, AwsError> {
            let holder = $find(&call.account, &input.$name)?;
            let document =
                holder.holdings.inline.get(&input.policy_name).ok_or_else(|| missing($kind, &input.policy_name))?;
            Ok(api::$get_out {
                $name: input.$name,
                policy_name: input.policy_name,
                policy_document: shape::encoded(document),
            })
        }

        pub(super) fn $delete(draft: &mut Draft, _: &Call<'_>, input: api::$delete_in) -> Result<(), AwsError> {
            let mut holder = $own(draft, &input.$name)?;
            if holder.holdings.inline.remove(&input.policy_name).is_none() {
                return Err(missing($kind, &input.policy_name));
            }
            draft.put(holder);
            Ok(())
        }

        pub(super) fn $list(call: &Call<'_>, input: api::$list_in) -> Result<api::$list_out, AwsError> {
            let holder = $find(&call.account, &input.$name)?;
            let page = (input.marker.as_deref(), input.max_items);
            let page = names(call, $operation, &input.$name, &holder.holdings, page)?;
            Ok(api::$list_out { policy_names: page.items, is_truncated: Some(page.is_truncated), marker: page.marker })
        }
    };
}

pub(super) fn own_user(draft: &Draft, name: &str) -> Result<User, AwsError> {
    check::user(draft, name).map(|user| User::clone(user))
}

pub(super) fn own_group(draft: &Draft, name: &str) -> Result<Group, AwsError> {
    check::group(draft, name).map(|group| Group::clone(group))
}

inline! {
    "user", user_name, limits::USER_INLINE, check::user, own_user,
    put_user_policy(PutUserPolicyRequest), get_user_policy(GetUserPolicyRequest -> GetUserPolicyResponse),
    delete_user_policy(DeleteUserPolicyRequest),
    list_user_policies(ListUserPoliciesRequest -> ListUserPoliciesResponse, "ListUserPolicies")
}
inline! {
    "group", group_name, limits::GROUP_INLINE, check::group, own_group,
    put_group_policy(PutGroupPolicyRequest), get_group_policy(GetGroupPolicyRequest -> GetGroupPolicyResponse),
    delete_group_policy(DeleteGroupPolicyRequest),
    list_group_policies(ListGroupPoliciesRequest -> ListGroupPoliciesResponse, "ListGroupPolicies")
}
inline! {
    "role", role_name, limits::ROLE_INLINE, check::role, check::own_role,
    put_role_policy(PutRolePolicyRequest), get_role_policy(GetRolePolicyRequest -> GetRolePolicyResponse),
    delete_role_policy(DeleteRolePolicyRequest),
    list_role_policies(ListRolePoliciesRequest -> ListRolePoliciesResponse, "ListRolePolicies")
}
