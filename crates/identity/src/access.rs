//! What each IAM operation asks of its caller: action, resource, condition keys.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>

use gantry_aws_wire::{Access, Caller, CallerKind};
use serde_json::Value;

use crate::core::Call;
use crate::names::arn;
use crate::record::Tags;

/// Which resource an operation is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// `UserName`, or the caller itself where it may be left out.
    User,
    Group,
    Role,
    /// `PolicyArn`.
    Policy,
    /// `PolicyName` and `Path`, for a policy to be made.
    NewPolicy,
    InstanceProfile,
    /// `PolicySourceArn`.
    PolicySource,
    /// All entities of a kind, below `PathPrefix`.
    Listing(&'static str),
    ServiceLinkedRole,
    Nothing,
}

fn about(operation: &str) -> About {
    match operation {
        "AddUserToGroup" | "RemoveUserFromGroup" => About::Group,
        "AddRoleToInstanceProfile" | "RemoveRoleFromInstanceProfile" => About::InstanceProfile,
        "CreatePolicy" => About::NewPolicy,
        "CreateServiceLinkedRole" => About::ServiceLinkedRole,
        "SimulatePrincipalPolicy" | "GetContextKeysForPrincipalPolicy" => About::PolicySource,
        "ListUsers" => About::Listing("user"),
        "ListGroups" => About::Listing("group"),
        "ListRoles" => About::Listing("role"),
        "ListInstanceProfiles" => About::Listing("instance-profile"),
        "ListInstanceProfilesForRole" | "DeleteServiceLinkedRole" => About::Role,
        "ListGroupsForUser" | "CreateAccessKey" | "DeleteAccessKey" | "UpdateAccessKey" | "ListAccessKeys" => {
            About::User
        }
        "ListEntitiesForPolicy" => About::Policy,
        "ListPolicies"
        | "GetAccountSummary"
        | "GetAccountAuthorizationDetails"
        | "ListAccountAliases"
        | "CreateAccountAlias"
        | "DeleteAccountAlias"
        | "SimulateCustomPolicy"
        | "GetContextKeysForCustomPolicy"
        | "GetAccessKeyLastUsed"
        | "GetServiceLinkedRoleDeletionStatus" => About::Nothing,
        "UpdateAssumeRolePolicy" => About::Role,
        name if name.contains("InstanceProfile") => About::InstanceProfile,
        name if name.contains("User") => About::User,
        name if name.contains("Group") => About::Group,
        name if name.contains("Role") => About::Role,
        name if name.contains("Policy") || name.contains("Policies") => About::Policy,
        _ => About::Nothing,
    }
}

fn text<'a>(input: &'a Value, member: &str) -> Option<&'a str> {
    input.get(member)?.as_str()
}

/// What the caller of an IAM operation must be allowed.
pub(crate) fn iam(call: &Call<'_>, operation: &str, input: &Value) -> Vec<Access> {
    let account = call.account_id();
    let (resource, tags) = resource(call, about(operation), input);
    let mut access = Access::new(format!("iam:{operation}"), resource);
    for (key, value) in tags.into_iter().flatten() {
        access = access
            .condition(format!("iam:ResourceTag/{key}"), vec![value.clone()])
            .condition(format!("aws:ResourceTag/{key}"), vec![value]);
    }
    access = request_tags(access, input);
    if operation.starts_with("Attach") || operation.starts_with("Detach") {
        access = with(access, "iam:PolicyARN", text(input, "PolicyArn"));
    }
    access = with(access, "iam:PermissionsBoundary", boundary(call, operation, input).as_deref());
    if operation == "CreateServiceLinkedRole" {
        access = with(access, "iam:AWSServiceName", text(input, "AWSServiceName"));
    }
    let mut accesses = vec![access];
    if operation == "AddRoleToInstanceProfile" {
        let name = text(input, "RoleName").unwrap_or_default();
        let path = call.account.role(name).map_or("/", |role| role.path.as_str());
        let pass = Access::new("iam:PassRole", arn(account, "role", path, name));
        accesses.push(pass.condition("iam:PassedToService", vec!["ec2.amazonaws.com".to_owned()]));
    }
    accesses
}

/// The boundary that is asked for, or that stands already.
fn boundary(call: &Call<'_>, operation: &str, input: &Value) -> Option<String> {
    if let Some(asked) = text(input, "PermissionsBoundary") {
        return Some(asked.to_owned());
    }
    match about(operation) {
        About::User => call.account.user(text(input, "UserName")?)?.boundary.clone(),
        About::Role => call.account.role(text(input, "RoleName")?)?.boundary.clone(),
        _ => None,
    }
}

fn resource(call: &Call<'_>, about: About, input: &Value) -> (String, Option<Tags>) {
    let account = call.account_id();
    let asked_path = text(input, "Path").unwrap_or("/");
    let named = |kind: &str, name: &str, path: Option<&str>| arn(account, kind, path.unwrap_or(asked_path), name);
    match about {
        About::User => {
            let own = own_name(&call.context.caller);
            let Some(name) = text(input, "UserName").or(own) else {
                return (call.context.caller.arn.clone(), None);
            };
            let user = call.account.user(name);
            (named("user", name, user.map(|u| u.path.as_str())), user.map(|u| u.tags.clone()))
        }
        About::Group => {
            let name = text(input, "GroupName").unwrap_or_default();
            (named("group", name, call.account.group(name).map(|g| g.path.as_str())), None)
        }
        About::Role => {
            let name = text(input, "RoleName").unwrap_or_default();
            let role = call.account.role(name);
            (named("role", name, role.map(|r| r.path.as_str())), role.map(|r| r.tags.clone()))
        }
        About::InstanceProfile => {
            let name = text(input, "InstanceProfileName").unwrap_or_default();
            let profile = call.account.profile(name);
            (named("instance-profile", name, profile.map(|p| p.path.as_str())), profile.map(|p| p.tags.clone()))
        }
        About::Policy => {
            let policy_arn = text(input, "PolicyArn").unwrap_or("*");
            let policy = crate::effective::managed(&call.account, account, policy_arn);
            (policy_arn.to_owned(), policy.map(|p| p.tags.clone()))
        }
        About::NewPolicy => (named("policy", text(input, "PolicyName").unwrap_or_default(), None), None),
        About::PolicySource => (text(input, "PolicySourceArn").unwrap_or("*").to_owned(), None),
        About::Listing(kind) => (named(kind, "", text(input, "PathPrefix")), None),
        About::ServiceLinkedRole => {
            let service = text(input, "AWSServiceName").unwrap_or_default();
            (format!("arn:aws:iam::{account}:role/aws-service-role/{service}/*"), None)
        }
        About::Nothing => ("*".to_owned(), None),
    }
}

fn own_name(caller: &Caller) -> Option<&str> {
    match &caller.kind {
        CallerKind::User { name } => Some(name),
        _ => None,
    }
}

fn with(access: Access, key: &str, value: Option<&str>) -> Access {
    match value {
        Some(value) => access.condition(key, vec![value.to_owned()]),
        None => access,
    }
}

/// `aws:RequestTag/…` and `aws:TagKeys` of `Tags` and `TagKeys` members.
pub(crate) fn request_tags(mut access: Access, input: &Value) -> Access {
    let mut keys = Vec::new();
    for tag in input.get("Tags").and_then(Value::as_array).into_iter().flatten() {
        let (Some(key), Some(value)) = (text(tag, "Key"), text(tag, "Value")) else {
            continue;
        };
        keys.push(key.to_owned());
        access = access.condition(format!("aws:RequestTag/{key}"), vec![value.to_owned()]);
    }
    for key in input.get("TagKeys").and_then(Value::as_array).into_iter().flatten() {
        keys.extend(key.as_str().map(str::to_owned));
    }
    if keys.is_empty() { access } else { access.condition("aws:TagKeys", keys) }
}
