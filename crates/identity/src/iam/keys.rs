//! Access keys: two to a user, each secret shown once.

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::no_such_entity_exception;
use gantry_aws_wire::AwsError;

use super::check;
use super::users::name_or_caller;
use crate::core::Call;
use crate::draft::Draft;
use crate::names::{access_key_id, secret};
use crate::page::Page;
use crate::record::AccessKey;
use crate::state::Account;

const KEYS_PER_USER: usize = 2;

fn status(key: &AccessKey) -> String {
    if key.active { "Active" } else { "Inactive" }.to_owned()
}

fn find(account: &Account, user: &str, id: &str) -> Result<AccessKey, AwsError> {
    check::user(account, user)?;
    let found = account.access_keys.get(id).filter(|key| key.user == user);
    let missing = || no_such_entity_exception(format!("The Access Key with id {id} cannot be found."));
    found.map(|key| AccessKey::clone(key)).ok_or_else(missing)
}

pub(super) fn create_access_key(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::CreateAccessKeyRequest,
) -> Result<api::CreateAccessKeyResponse, AwsError> {
    let user = check::user(draft, &name_or_caller(call, input.user_name)?)?.name.clone();
    let held = draft.access_keys.values().filter(|key| key.user == user).count();
    check::quota(held, KEYS_PER_USER, "AccessKeysPerUser")?;
    let entropy = &*call.inner.options.entropy;
    let key = AccessKey {
        id: access_key_id(entropy, "AKIA", call.account_id()),
        secret: secret(entropy).into(),
        active: true,
        created: call.now(),
        user,
    };
    let access_key = api::AccessKey {
        user_name: key.user.clone(),
        access_key_id: key.id.clone(),
        status: status(&key),
        secret_access_key: key.secret.to_string(),
        create_date: Some(key.created),
    };
    draft.put(key);
    Ok(api::CreateAccessKeyResponse { access_key })
}

pub(super) fn list_access_keys(
    call: &Call<'_>,
    input: api::ListAccessKeysRequest,
) -> Result<api::ListAccessKeysResponse, AwsError> {
    let user = check::user(&call.account, &name_or_caller(call, input.user_name)?)?.name.clone();
    let all = call.account.access_keys.values().filter(|key| key.user == user).map(|key| {
        let shown = api::AccessKeyMetadata {
            user_name: Some(key.user.clone()),
            access_key_id: Some(key.id.clone()),
            status: Some(status(key)),
            create_date: Some(key.created),
        };
        (key.id.clone(), shown)
    });
    let page = Page::cut(call, "ListAccessKeys", &user, input.marker.as_deref(), input.max_items, all)?;
    Ok(api::ListAccessKeysResponse {
        access_key_metadata: page.items,
        is_truncated: Some(page.is_truncated),
        marker: page.marker,
    })
}

pub(super) fn get_access_key_last_used(
    call: &Call<'_>,
    input: api::GetAccessKeyLastUsedRequest,
) -> Result<api::GetAccessKeyLastUsedResponse, AwsError> {
    // AWS does not tell a key that is nobody's from one that is another account's.
    let key = call.account.access_keys.get(&input.access_key_id).ok_or_else(|| {
        AwsError::access_denied(format!(
            "User: {} is not authorized to perform: iam:GetAccessKeyLastUsed on resource: access key {}",
            call.context.caller.arn, input.access_key_id
        ))
    })?;
    let used = call.inner.last_used.get(&key.id);
    let not_used = || "N/A".to_owned();
    let last = api::AccessKeyLastUsed {
        last_used_date: used.as_ref().map(|used| used.at),
        service_name: used.as_ref().map_or_else(not_used, |used| used.service.clone()),
        region: used.map_or_else(not_used, |used| used.region),
    };
    Ok(api::GetAccessKeyLastUsedResponse { user_name: Some(key.user.clone()), access_key_last_used: Some(last) })
}

pub(super) fn update_access_key(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::UpdateAccessKeyRequest,
) -> Result<(), AwsError> {
    let mut key = find(draft, &name_or_caller(call, input.user_name)?, &input.access_key_id)?;
    key.active = match input.status.as_str() {
        "Active" => true,
        "Inactive" => false,
        other => {
            return Err(AwsError::sender("ValidationError", format!("{other} is not a status that can be set.")));
        }
    };
    draft.put(key);
    Ok(())
}

pub(super) fn delete_access_key(
    draft: &mut Draft,
    call: &Call<'_>,
    input: api::DeleteAccessKeyRequest,
) -> Result<(), AwsError> {
    let key = find(draft, &name_or_caller(call, input.user_name)?, &input.access_key_id)?;
    draft.remove::<AccessKey>(&key.id);
    Ok(())
}
