//! Managed policies attached to users, groups and roles.

use gantry_aws_api::iam as api;
use gantry_aws_api::iam::errors::{no_such_entity_exception, policy_not_attachable_exception};
use gantry_aws_wire::AwsError;

use super::inline::{own_group, own_user};
use super::{check, shape};
use crate::core::Call;
use crate::draft::Draft;
use crate::effective;
use crate::page::Page;
use crate::record::Holdings;

/// AWS's default quota for users, groups and roles alike.
const ATTACHED_PER_HOLDER: usize = 10;

fn attach(draft: &Draft, call: &Call<'_>, holdings: &mut Holdings, arn: String, quota: &str) -> Result<(), AwsError> {
    if effective::managed(draft, call.account_id(), &arn).is_none() {
        return Err(no_such_entity_exception(format!("Policy {arn} does not exist or is not attachable.")));
    }
    if arn.starts_with("arn:aws:iam::aws:policy/aws-service-role/") {
        return Err(policy_not_attachable_exception(format!(
            "Cannot attach a Service Role Policy to a Customer Role: {arn}"
        )));
    }
    if !holdings.attached.contains(&arn) {
        check::quota(holdings.attached.len(), ATTACHED_PER_HOLDER, quota)?;
        holdings.attached.push(arn);
    }
    Ok(())
}

fn detach(holdings: &mut Holdings, arn: &str) -> Result<(), AwsError> {
    let before = holdings.attached.len();
    holdings.attached.retain(|held| held != arn);
    if holdings.attached.len() == before {
        return Err(no_such_entity_exception(format!("Policy {arn} was not found.")));
    }
    Ok(())
}

/// A policy's path, as its ARN has it.
fn path(arn: &str) -> &str {
    let (_, rest) = arn.split_once(":policy").unwrap_or_default();
    rest.rfind('/').map_or("/", |at| &rest[..=at])
}

macro_rules! attached {
    ($name:ident, $quota:literal, $find:path, $own:path, $attach:ident($attach_in:ident), $detach:ident($detach_in:ident),
     $list:ident($list_in:ident -> $list_out:ident, $operation:literal)) => {
        pub(super) fn $attach(draft: &mut Draft, call: &Call<'_>, input: api::$attach_in) -> Result<(), AwsError> {
            let mut holder = $own(draft, &input.$name)?;
            attach(draft, call, &mut holder.holdings, input.policy_arn, $quota)?;
            draft.put(holder);
            Ok(())
        }

        pub(super) fn $detach(draft: &mut Draft, _: &Call<'_>, input: api::$detach_in) -> Result<(), AwsError> {
            let mut holder = $own(draft, &input.$name)?;
            detach(&mut holder.holdings, &input.policy_arn)?;
            draft.put(holder);
            Ok(())
        }

        pub(super) fn $list(call: &Call<'_>, input: api::$list_in) -> Result<api::$list_out, AwsError> {
            let holder = $find(&call.account, &input.$name)?;
            let prefix = check::path(input.path_prefix);
            let mut all: Vec<_> = shape::attached(&holder.holdings)
                .into_iter()
                .filter_map(|policy| Some((policy.policy_arn.clone()?, policy)))
                .filter(|(arn, _)| path(arn).starts_with(&prefix))
                .collect();
            all.sort_by(|a, b| a.0.cmp(&b.0));
            let asked = format!("{}|{prefix}", input.$name);
            let page = Page::cut(call, $operation, &asked, input.marker.as_deref(), input.max_items, all)?;
            Ok(api::$list_out {
                attached_policies: Some(page.items),
                is_truncated: Some(page.is_truncated),
                marker: page.marker,
            })
        }
    };
}

attached! {
    user_name, "PoliciesPerUser", check::user, own_user,
    attach_user_policy(AttachUserPolicyRequest), detach_user_policy(DetachUserPolicyRequest),
    list_attached_user_policies(ListAttachedUserPoliciesRequest -> ListAttachedUserPoliciesResponse, "ListAttachedUserPolicies")
}
attached! {
    group_name, "PoliciesPerGroup", check::group, own_group,
    attach_group_policy(AttachGroupPolicyRequest), detach_group_policy(DetachGroupPolicyRequest),
    list_attached_group_policies(ListAttachedGroupPoliciesRequest -> ListAttachedGroupPoliciesResponse, "ListAttachedGroupPolicies")
}
attached! {
    role_name, "PoliciesPerRole", check::role, check::own_role,
    attach_role_policy(AttachRolePolicyRequest), detach_role_policy(DetachRolePolicyRequest),
    list_attached_role_policies(ListAttachedRolePoliciesRequest -> ListAttachedRolePoliciesResponse, "ListAttachedRolePolicies")
}
