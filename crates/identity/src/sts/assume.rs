//! AssumeRole: who may become which role, and what the session then is.

use gantry_aws_api::sts as api;
use gantry_aws_wire::{Access, AwsError, CallerKind};
use serde_json::Value;

use super::{HOUR, NewSession, duration, refuse_mfa, session_policies, session_tags, validation};
use crate::core::Call;
use crate::names::{arn, split_arn};
use crate::record::Role;
use crate::session::Kind;

fn denied(call: &Call<'_>, role_arn: &str) -> AwsError {
    AwsError::access_denied(format!(
        "User: {} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
        call.context.caller.arn
    ))
}

/// The role of an ARN, in whichever account. AWS does not tell a role that does not exist from one
/// that may not be assumed.
fn find_role(call: &Call<'_>, role_arn: &str) -> Result<(String, std::sync::Arc<Role>), AwsError> {
    let Some((account_id, "role", name)) = split_arn(role_arn) else {
        return Err(validation(format!("{role_arn} is invalid")));
    };
    let account = call.inner.snapshot().account(account_id);
    let role = account.role(name).filter(|role| arn(account_id, "role", &role.path, &role.name) == role_arn);
    role.map(|role| (account_id.to_owned(), role.clone())).ok_or_else(|| denied(call, role_arn))
}

/// `sts:AssumeRole` on the role, by its trust policy; `sts:TagSession` and `sts:SetSourceIdentity` too
/// where tags and a source identity are given.
pub(super) fn accesses(call: &Call<'_>, input: &Value) -> Result<Vec<Access>, AwsError> {
    let text = |member: &str| input.get(member).and_then(Value::as_str);
    let role_arn = text("RoleArn").unwrap_or_default();
    let (account_id, role) = find_role(call, role_arn)?;
    let mut actions = vec!["sts:AssumeRole"];
    if input.get("Tags").and_then(Value::as_array).is_some_and(|tags| !tags.is_empty()) {
        actions.push("sts:TagSession");
    }
    if text("SourceIdentity").is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    let one = |action: &str| {
        let mut access = Access::new(action, role_arn);
        access.resource_policy = Some(role.trust.text.clone());
        access.resource_account = account_id.parse().ok();
        for (member, key) in [
            ("ExternalId", "sts:ExternalId"),
            ("RoleSessionName", "sts:RoleSessionName"),
            ("SourceIdentity", "sts:SourceIdentity"),
        ] {
            if let Some(value) = text(member) {
                access = access.condition(key, vec![value.to_owned()]);
            }
        }
        let transitive = input.get("TransitiveTagKeys").and_then(Value::as_array).into_iter().flatten();
        let transitive: Vec<String> = transitive.filter_map(|key| key.as_str().map(str::to_owned)).collect();
        if !transitive.is_empty() {
            access = access.condition("sts:TransitiveTagKeys", transitive);
        }
        for (key, value) in &role.tags {
            access = access
                .condition(format!("iam:ResourceTag/{key}"), vec![value.clone()])
                .condition(format!("aws:ResourceTag/{key}"), vec![value.clone()]);
        }
        crate::access::request_tags(access, input)
    };
    Ok(actions.into_iter().map(one).collect())
}

pub(super) fn assume_role(call: &Call<'_>, input: api::AssumeRoleRequest) -> Result<api::AssumeRoleResponse, AwsError> {
    let (account_id, role) = find_role(call, &input.role_arn)?;
    if call.context.caller.kind == CallerKind::Root && call.inner.options.checked {
        return Err(AwsError::access_denied("Roles may not be assumed by root accounts."));
    }
    refuse_mfa(input.serial_number.as_deref(), input.token_code.as_deref())?;
    let chained = matches!(call.context.caller.kind, CallerKind::AssumedRole { .. });
    let asked = input.duration_seconds.unwrap_or(HOUR);
    if asked > role.max_session_secs {
        return Err(validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
    }
    if chained && asked > HOUR {
        return Err(validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        ));
    }
    let duration_secs = duration(asked, role.max_session_secs)?;
    let (policies, packed) =
        session_policies(call, &account_id, input.policy.as_deref(), input.policy_arns.as_deref())?;
    let tags = input.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect();
    let mut context = session_tags(&role.tags, tags)?;
    if let Some(source) = &input.source_identity {
        context.push(("aws:SourceIdentity".to_owned(), vec![source.clone()]));
    }
    let session_name = input.role_session_name;
    let user = api::AssumedRoleUser {
        assumed_role_id: format!("{}:{session_name}", role.id),
        arn: format!("arn:aws:sts::{account_id}:assumed-role/{}/{session_name}", role.name),
    };
    let session = NewSession {
        account: &account_id,
        arn: user.arn.clone(),
        user_id: user.assumed_role_id.clone(),
        kind: Kind::Role { arn: input.role_arn, name: role.name.clone(), session: session_name },
        duration_secs,
        context,
        policies,
    };
    Ok(api::AssumeRoleResponse {
        credentials: Some(call.inner.new_session(session, call.now())?),
        assumed_role_user: Some(user),
        packed_policy_size: packed,
        source_identity: input.source_identity,
        ..Default::default()
    })
}
