//! Users.

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::delete_conflict_exception;
use gantry_aws_wire::{AwsError, CallerKind};

use super::{check, shape};
use crate::core::Call;
use crate::draft::Draft;
use crate::names::unique_id;
use crate::page::Page;
use crate::record::{AccessKey, User};

const USERS_PER_ACCOUNT: usize = 5000;

/// The user that an operation is about: the caller where no name is given.
pub(super) fn name_or_caller(call: &Call<'_>, name: Option<String>) -> Result<String, AwsError> {
    match (name, &call.context.caller.kind) {
        (Some(name), _) => Ok(name),
        (None, CallerKind::User { name }) => Ok(name.clone()),
        (None, _) => {
            Err(AwsError::sender("ValidationError", "Must specify userName when calling with non-User credentials"))
        }
    }
}

pub(super) fn create_user(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::CreateUserRequest,
) -> Result<api::CreateUserResponse, AwsError> {
    check::free(&draft.users, "User", &input.user_name)?;
    check::quota(draft.users.len(), USERS_PER_ACCOUNT, "UsersPerAccount")?;
    let user = User {
        path: check::path(input.path),
        id: unique_id(&*call.inner.options.entropy, "AIDA"),
        created: call.now(),
        tags: check::tags(&Default::default(), input.tags)?,
        boundary: check::boundary(draft, call.account_id(), input.permissions_boundary)?,
        name: input.user_name,
        holdings: Default::default(),
        groups: Vec::new(),
    };
    let shown = shape::user(call.account_id(), &user, true);
    draft.put(user);
    Ok(api::CreateUserResponse { user: Some(shown) })
}

pub(super) fn get_user(call: &Call<'_>, input: api::GetUserRequest) -> Result<api::GetUserResponse, AwsError> {
    if input.user_name.is_none() && call.context.caller.kind == CallerKind::Root {
        // The root user has neither a name nor a record.
        let caller = &call.context.caller;
        let user = api::User {
            path: "/".to_owned(),
            user_name: "root".to_owned(),
            user_id: caller.user_id.clone(),
            arn: caller.arn.clone(),
            ..Default::default()
        };
        return Ok(api::GetUserResponse { user });
    }
    let name = name_or_caller(call, input.user_name)?;
    let user = check::user(&call.account, &name)?;
    Ok(api::GetUserResponse { user: shape::user(call.account_id(), user, true) })
}

pub(super) fn list_users(call: &Call<'_>, input: api::ListUsersRequest) -> Result<api::ListUsersResponse, AwsError> {
    let prefix = check::path(input.path_prefix);
    let all = call.account.users.iter().filter(|(_, user)| user.path.starts_with(&prefix));
    let all = all.map(|(key, user)| (key.clone(), shape::user(call.account_id(), user, false)));
    let page = Page::cut(call, "ListUsers", &prefix, input.marker.as_deref(), input.max_items, all)?;
    Ok(api::ListUsersResponse { users: page.items, is_truncated: Some(page.is_truncated), marker: page.marker })
}

pub(super) fn update_user(draft: &mut Draft, _: &Call<'_>, input: api::UpdateUserRequest) -> Result<(), AwsError> {
    let mut user = User::clone(check::user(draft, &input.user_name)?);
    if let Some(path) = input.new_path {
        user.path = path;
    }
    if let Some(name) = input.new_user_name.filter(|name| *name != input.user_name) {
        if !name.eq_ignore_ascii_case(&user.name) {
            check::free(&draft.users, "User", &name)?;
        }
        draft.remove::<User>(&user.name.to_lowercase());
        let held: Vec<AccessKey> =
            draft.access_keys.values().filter(|key| key.user == user.name).map(|key| AccessKey::clone(key)).collect();
        for key in held {
            draft.put(AccessKey { user: name.clone(), ..key });
        }
        user.name = name;
    }
    draft.put(user);
    Ok(())
}

pub(super) fn delete_user(draft: &mut Draft, _: &Call<'_>, input: api::DeleteUserRequest) -> Result<(), AwsError> {
    let user = check::user(draft, &input.user_name)?.clone();
    let conflict = if draft.access_keys.values().any(|key| key.user == user.name) {
        Some("Cannot delete entity, must delete access keys first.")
    } else if !user.holdings.inline.is_empty() {
        Some("Cannot delete entity, must delete policies first.")
    } else if !user.holdings.attached.is_empty() {
        Some("Cannot delete entity, must detach all policies first.")
    } else if !user.groups.is_empty() {
        Some("Cannot delete entity, must remove user from all groups first.")
    } else {
        None
    };
    if let Some(conflict) = conflict {
        return Err(delete_conflict_exception(conflict));
    }
    draft.remove::<User>(&user.name.to_lowercase());
    Ok(())
}

pub(super) fn put_boundary(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::PutUserPermissionsBoundaryRequest,
) -> Result<(), AwsError> {
    let mut user = User::clone(check::user(draft, &input.user_name)?);
    user.boundary = check::boundary(draft, call.account_id(), Some(input.permissions_boundary))?;
    draft.put(user);
    Ok(())
}

pub(super) fn delete_boundary(
    draft: &mut Draft,
    _: &Call<'_>,
    input: api::DeleteUserPermissionsBoundaryRequest,
) -> Result<(), AwsError> {
    let mut user = User::clone(check::user(draft, &input.user_name)?);
    if user.boundary.take().is_none() {
        return Err(gantry_aws_api::iam::errors::no_such_entity_exception(format!(
            "The user with name {} does not have a permissions boundary.",
            user.name
        )));
    }
    draft.put(user);
    Ok(())
}
