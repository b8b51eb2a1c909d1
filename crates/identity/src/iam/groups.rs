//! Groups and who is in them. A user's record holds its groups.

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::{delete_conflict_exception, no_such_entity_exception};
use gantry_aws_wire::AwsError;

use super::{check, shape};
use crate::core::Call;
use crate::draft::Draft;
use crate::names::unique_id;
use crate::page::Page;
use crate::record::{Group, User};

const GROUPS_PER_ACCOUNT: usize = 300;
const GROUPS_PER_USER: usize = 10;

pub(super) fn create_group(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::CreateGroupRequest,
) -> Result<api::CreateGroupResponse, AwsError> {
    check::free(&draft.groups, "Group", &input.group_name)?;
    check::quota(draft.groups.len(), GROUPS_PER_ACCOUNT, "GroupsPerAccount")?;
    let group = Group {
        path: check::path(input.path),
        id: unique_id(&*call.inner.options.entropy, "AGPA"),
        created: call.now(),
        name: input.group_name,
        holdings: Default::default(),
    };
    let shown = shape::group(call.account_id(), &group);
    draft.put(group);
    Ok(api::CreateGroupResponse { group: shown })
}

pub(super) fn get_group(call: &Call<'_>, input: api::GetGroupRequest) -> Result<api::GetGroupResponse, AwsError> {
    let group = check::group(&call.account, &input.group_name)?;
    let members = call.account.users.iter().filter(|(_, user)| user.groups.contains(&group.name));
    let members = members.map(|(key, user)| (key.clone(), shape::user(call.account_id(), user, false)));
    let page = Page::cut(call, "GetGroup", &group.name, input.marker.as_deref(), input.max_items, members)?;
    Ok(api::GetGroupResponse {
        group: shape::group(call.account_id(), group),
        users: page.items,
        is_truncated: Some(page.is_truncated),
        marker: page.marker,
    })
}

pub(super) fn list_groups(call: &Call<'_>, input: api::ListGroupsRequest) -> Result<api::ListGroupsResponse, AwsError> {
    let prefix = check::path(input.path_prefix);
    let all = call.account.groups.iter().filter(|(_, group)| group.path.starts_with(&prefix));
    let all = all.map(|(key, group)| (key.clone(), shape::group(call.account_id(), group)));
    let page = Page::cut(call, "ListGroups", &prefix, input.marker.as_deref(), input.max_items, all)?;
    Ok(api::ListGroupsResponse { groups: page.items, is_truncated: Some(page.is_truncated), marker: page.marker })
}

pub(super) fn list_groups_for_user(
    call: &Call<'_>,
    input: api::ListGroupsForUserRequest,
) -> Result<api::ListGroupsForUserResponse, AwsError> {
    let user = check::user(&call.account, &input.user_name)?;
    let all = call.account.groups.iter().filter(|(_, group)| user.groups.contains(&group.name));
    let all = all.map(|(key, group)| (key.clone(), shape::group(call.account_id(), group)));
    let page = Page::cut(call, "ListGroupsForUser", &user.name, input.marker.as_deref(), input.max_items, all)?;
    Ok(api::ListGroupsForUserResponse {
        groups: page.items,
        is_truncated: Some(page.is_truncated),
        marker: page.marker,
    })
}

pub(super) fn update_group(draft: &mut Draft, _: &Call<'_>, input: api::UpdateGroupRequest) -> Result<(), AwsError> {
    let mut group = Group::clone(check::group(draft, &input.group_name)?);
    if let Some(path) = input.new_path {
        group.path = path;
    }
    if let Some(name) = input.new_group_name.filter(|name| *name != input.group_name) {
        if !name.eq_ignore_ascii_case(&group.name) {
            check::free(&draft.groups, "Group", &name)?;
        }
        let members: Vec<User> =
            draft.users.values().filter(|user| user.groups.contains(&group.name)).map(|u| User::clone(u)).collect();
        // All records of a change go into one transaction of the store.
        check::quota(members.len(), gantry_store::limits::MAX_TXN_OPS - 8, "UsersPerGroupRename")?;
        for mut user in members {
            user.groups.iter_mut().filter(|held| **held == group.name).for_each(|held| name.clone_into(held));
            draft.put(user);
        }
        draft.remove::<Group>(&group.name.to_lowercase());
        group.name = name;
    }
    draft.put(group);
    Ok(())
}

pub(super) fn delete_group(draft: &mut Draft, _: &Call<'_>, input: api::DeleteGroupRequest) -> Result<(), AwsError> {
    let group = check::group(draft, &input.group_name)?.clone();
    let conflict = if draft.users.values().any(|user| user.groups.contains(&group.name)) {
        Some("Cannot delete entity, must remove users from group first.")
    } else if !group.holdings.inline.is_empty() {
        Some("Cannot delete entity, must delete policies first.")
    } else if !group.holdings.attached.is_empty() {
        Some("Cannot delete entity, must detach all policies first.")
    } else {
        None
    };
    if let Some(conflict) = conflict {
        return Err(delete_conflict_exception(conflict));
    }
    draft.remove::<Group>(&group.name.to_lowercase());
    Ok(())
}

pub(super) fn add_user_to_group(
    draft: &mut Draft,
    _: &Call<'_>,
    input: api::AddUserToGroupRequest,
) -> Result<(), AwsError> {
    let group = check::group(draft, &input.group_name)?.name.clone();
    let mut user = User::clone(check::user(draft, &input.user_name)?);
    if !user.groups.contains(&group) {
        check::quota(user.groups.len(), GROUPS_PER_USER, "GroupsPerUser")?;
        user.groups.push(group);
        draft.put(user);
    }
    Ok(())
}

pub(super) fn remove_user_from_group(
    draft: &mut Draft,
    _: &Call<'_>,
    input: api::RemoveUserFromGroupRequest,
) -> Result<(), AwsError> {
    let group = check::group(draft, &input.group_name)?.name.clone();
    let mut user = User::clone(check::user(draft, &input.user_name)?);
    let before = user.groups.len();
    user.groups.retain(|held| *held != group);
    if user.groups.len() == before {
        return Err(no_such_entity_exception(format!("User {} is not in group {group}.", input.user_name)));
    }
    draft.put(user);
    Ok(())
}
