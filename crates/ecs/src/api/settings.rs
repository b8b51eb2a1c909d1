//! Account settings: recorded and answered; what they switch in ECS is on in Gantry throughout.
//!
//! Source: Amazon ECS Developer Guide, "Access Amazon ECS features with account settings".

use std::collections::BTreeMap;

use gantry_aws_api::ecs as model;
use gantry_aws_wire::{AwsError, Context};
use gantry_store::{Compare, Op, Txn};

use super::{EcsApi, listing};
use crate::controller::put;
use crate::error::Error;
use crate::records::{Scope, SettingRecord};
use crate::validate::invalid;

/// AWS gives ten without being asked; there are few more settings than that, so one page shows all.
const MAX_PAGE: i32 = 100;
const DEFAULT_PRINCIPAL: &str = "default";

/// Name, what it is where nobody set it, and what it may be.
const SETTINGS: [(&str, &str, &[&str]); 12] = [
    ("awsvpcTrunking", "disabled", ON_OFF),
    ("containerInsights", "disabled", &["enabled", "disabled", "enhanced"]),
    ("containerInstanceLongArnFormat", "enabled", ON_OFF),
    ("defaultLogDriverMode", "non-blocking", &["blocking", "non-blocking"]),
    ("dualStackIPv6", "disabled", ON_OFF),
    ("fargateFIPSMode", "disabled", ON_OFF),
    ("fargateTaskRetirementWaitPeriod", "7", &["0", "7", "14"]),
    ("guardDutyActivate", "off", &["on", "off"]),
    ("serviceLongArnFormat", "enabled", ON_OFF),
    ("tagResourceAuthorization", "on", &["on", "off"]),
    ("taskLongArnFormat", "enabled", ON_OFF),
    ("fargateEventWindows", "disabled", ON_OFF),
];
const ON_OFF: &[&str] = &["enabled", "disabled", "on", "off"];

fn check(name: &str, value: Option<&str>) -> Result<(), AwsError> {
    let Some((_, _, values)) = SETTINGS.iter().find(|(known, ..)| *known == name) else {
        return Err(invalid(format!("Setting not found: {name}")));
    };
    if name == "guardDutyActivate" && value.is_some() {
        return Err(invalid("You cannot modify the guardDutyActivate setting. It is managed by Amazon GuardDuty."));
    }
    match value {
        Some(value) if !values.contains(&value) => Err(invalid(format!("Invalid value '{value}' for setting {name}."))),
        _ => Ok(()),
    }
}

fn principal_key(arn: &str) -> String {
    if arn.is_empty() { DEFAULT_PRINCIPAL.to_owned() } else { arn.replace('/', "|") }
}

fn shown(record: SettingRecord) -> model::Setting {
    let kind = if record.name == "guardDutyActivate" { "aws_managed" } else { "user" };
    model::Setting {
        name: Some(record.name),
        value: Some(record.value),
        principal_arn: Some(record.principal_arn),
        r#type: Some(kind.to_owned()),
    }
}

/// The caller's own ARN unless another principal of the account is named.
fn principal(context: &Context, asked: Option<&str>) -> Result<String, AwsError> {
    let Some(arn) = asked.filter(|a| !a.is_empty()) else { return Ok(context.caller.arn.clone()) };
    let parsed: gantry_base::Arn = arn.parse().map_err(|_| invalid("Invalid principalArn."))?;
    if !matches!(parsed.service.as_str(), "iam" | "sts") || parsed.account != context.account.as_str() {
        return Err(invalid("Invalid principalArn."));
    }
    Ok(arn.to_owned())
}

fn root_arn(context: &Context) -> String {
    format!("arn:{}:iam::{}:root", gantry_base::PARTITION, context.account)
}

async fn write(
    api: &EcsApi,
    context: &Context,
    name: &str,
    value: &str,
    principal_arn: String,
) -> Result<model::Setting, AwsError> {
    check(name, Some(value))?;
    // Root's own setting is the account's default.
    let stored_for = if principal_arn == root_arn(context) { String::new() } else { principal_arn.clone() };
    let key = Scope::of(context).setting_key(&principal_key(&stored_for), name);
    let record = SettingRecord { name: name.to_owned(), value: value.to_owned(), principal_arn: stored_for };
    api.commit("put account setting", Txn::new().then(put(&key, &record)?)).await?;
    Ok(shown(SettingRecord { principal_arn, ..record }))
}

pub(super) async fn put_setting(
    api: &EcsApi,
    context: &Context,
    input: model::PutAccountSettingRequest,
) -> Result<model::PutAccountSettingResponse, AwsError> {
    let principal = principal(context, input.principal_arn.as_deref())?;
    let setting = write(api, context, &input.name, &input.value, principal).await?;
    Ok(model::PutAccountSettingResponse { setting: Some(setting) })
}

pub(super) async fn put_default(
    api: &EcsApi,
    context: &Context,
    input: model::PutAccountSettingDefaultRequest,
) -> Result<model::PutAccountSettingDefaultResponse, AwsError> {
    let setting = write(api, context, &input.name, &input.value, root_arn(context)).await?;
    Ok(model::PutAccountSettingDefaultResponse { setting: Some(setting) })
}

pub(super) async fn delete(
    api: &EcsApi,
    context: &Context,
    input: model::DeleteAccountSettingRequest,
) -> Result<model::DeleteAccountSettingResponse, AwsError> {
    check(&input.name, None)?;
    let principal_arn = principal(context, input.principal_arn.as_deref())?;
    let stored_for = if principal_arn == root_arn(context) { String::new() } else { principal_arn.clone() };
    let key = Scope::of(context).setting_key(&principal_key(&stored_for), &input.name);
    let found = api.store.get_as::<SettingRecord>(&key).await.map_err(Error::store("read", &key))?;
    let Some(found) = found else {
        let value = default_value(&input.name).to_owned();
        let setting = shown(SettingRecord { name: input.name, value, principal_arn });
        return Ok(model::DeleteAccountSettingResponse { setting: Some(setting) });
    };
    // Deleted by somebody else meanwhile is as good.
    let txn = Txn::new().when(Compare::exists(key.clone())).then(Op::delete(key));
    api.commit("delete account setting", txn).await?;
    Ok(model::DeleteAccountSettingResponse { setting: Some(shown(SettingRecord { principal_arn, ..found.value })) })
}

fn default_value(name: &str) -> &'static str {
    SETTINGS.iter().find(|(known, ..)| *known == name).map_or("", |(_, value, _)| value)
}

pub(super) async fn list(
    api: &EcsApi,
    context: &Context,
    input: model::ListAccountSettingsRequest,
) -> Result<model::ListAccountSettingsResponse, AwsError> {
    let scope = Scope::of(context);
    let limit = listing::page_size(input.max_results, MAX_PAGE)?;
    if let Some(name) = &input.name {
        check(name, None)?;
    }
    let principal_arn = principal(context, input.principal_arn.as_deref())?;
    let effective = input.effective_settings.unwrap_or(false);
    let mut settings: BTreeMap<String, SettingRecord> = BTreeMap::new();
    if effective {
        for (name, value, _) in SETTINGS {
            let record =
                SettingRecord { name: name.to_owned(), value: value.to_owned(), principal_arn: principal_arn.clone() };
            settings.insert(name.to_owned(), record);
        }
        take(api, &scope, "", &principal_arn, &mut settings).await?;
    }
    let own = if principal_arn == root_arn(context) { "" } else { principal_arn.as_str() };
    take(api, &scope, own, &principal_arn, &mut settings).await?;
    settings.retain(|name, record| {
        input.name.as_ref().is_none_or(|n| n == name) && input.value.as_ref().is_none_or(|v| *v == record.value)
    });
    let filters = listing::page_scope(
        &scope,
        &[Some(&principal_arn), input.name.as_deref(), input.value.as_deref(), effective.then_some("effective")],
    );
    let after = listing::open(api, "ListAccountSettings", &filters, input.next_token.as_deref())?;
    let mut page: Vec<SettingRecord> =
        settings.into_values().filter(|s| after.as_ref().is_none_or(|a| s.name > *a)).take(limit + 1).collect();
    let more = page.len() > limit;
    page.truncate(limit);
    let next_token =
        page.last().filter(|_| more).map(|last| api.pages.seal("ListAccountSettings", &filters, &last.name));
    Ok(model::ListAccountSettingsResponse { settings: Some(page.into_iter().map(shown).collect()), next_token })
}

/// One principal's own settings over those taken so far.
async fn take(
    api: &EcsApi,
    scope: &Scope,
    stored_for: &str,
    shown_as: &str,
    settings: &mut BTreeMap<String, SettingRecord>,
) -> Result<(), AwsError> {
    let prefix = scope.setting_key(&principal_key(stored_for), "");
    for found in api.store.list_as::<SettingRecord>(&prefix).await.map_err(Error::store("list", &prefix))? {
        let record = SettingRecord { principal_arn: shown_as.to_owned(), ..found.value };
        settings.insert(record.name.clone(), record);
    }
    Ok(())
}
