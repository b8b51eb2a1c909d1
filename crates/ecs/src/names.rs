//! The ways a caller may name a cluster, a task or a task definition: by name or by ARN.

use gantry_aws_api::ecs::errors;
use gantry_aws_wire::AwsError;
use gantry_base::Arn;

use crate::records::Scope;

/// The cluster that is meant when none is named.
pub const DEFAULT_CLUSTER: &str = "default";
/// Longest name of a cluster or family.
pub const MAX_NAME: usize = 255;

/// Up to 255 letters, digits, `-` and `_`.
pub fn is_name(text: &str) -> bool {
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// `None` for an ARN of another account, region, service or kind.
fn own_resource(arn: &str, scope: &Scope, kind: &str) -> Option<String> {
    let arn: Arn = arn.parse().ok()?;
    let ours = arn.service == "ecs"
        && arn.account == scope.account.as_str()
        && arn.region == scope.region.as_str()
        && arn.resource_type() == kind;
    ours.then(|| arn.resource_name().to_owned())
}

/// The cluster's name. A cluster that cannot exist is "not found", as AWS says it.
pub fn cluster(text: Option<&str>, scope: &Scope) -> Result<String, AwsError> {
    match text {
        None | Some("") => Ok(DEFAULT_CLUSTER.to_owned()),
        Some(arn) if arn.starts_with("arn:") => {
            own_resource(arn, scope, "cluster").filter(|name| is_name(name)).ok_or_else(|| {
                errors::invalid_parameter_exception(
                    "Invalid identifier: Identifier is for a different cluster or account.",
                )
            })
        }
        Some(name) if is_name(name) => Ok(name.to_owned()),
        Some(_) => Err(errors::cluster_not_found_exception("Cluster not found.")),
    }
}

/// The task's id: 32 hex digits, a task's ARN with the cluster in it, or one in the old form without.
pub fn task_id(text: &str, scope: &Scope, cluster: &str) -> Result<String, AwsError> {
    if !text.starts_with("arn:") {
        return Ok(text.to_owned());
    }
    let bad = || errors::invalid_parameter_exception("Invalid identifier: Unexpected resource type or account.");
    let name = own_resource(text, scope, "task").ok_or_else(bad)?;
    match name.split_once('/') {
        None => Ok(name),
        Some((of, id)) if of == cluster => Ok(id.to_owned()),
        Some((of, _)) => Err(errors::invalid_parameter_exception(format!(
            "Invalid identifier: Identifier is for {of}. Your cluster is {cluster}"
        ))),
    }
}

/// A family, and a revision where one was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionRef {
    pub family: String,
    pub revision: Option<i32>,
}

/// `family`, `family:revision` or an ARN; `None` if it is none of them.
pub fn definition(text: &str, scope: &Scope) -> Option<DefinitionRef> {
    let name = if text.starts_with("arn:") { own_resource(text, scope, "task-definition")? } else { text.to_owned() };
    let (family, revision) = match name.split_once(':') {
        None => (name.as_str(), None),
        Some((family, revision)) => (family, Some(revision.parse::<i32>().ok().filter(|r| *r > 0)?)),
    };
    is_name(family).then(|| DefinitionRef { family: family.to_owned(), revision })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope() -> Scope {
        Scope { account: "123456789012".parse().expect("an account"), region: "us-east-1".parse().expect("a region") }
    }

    #[test]
    fn clusters_by_name_and_by_arn() {
        for (text, name) in [
            (None, Some("default")),
            (Some(""), Some("default")),
            (Some("c1"), Some("c1")),
            (Some("arn:aws:ecs:us-east-1:123456789012:cluster/c1"), Some("c1")),
            (Some("arn:aws:ecs:us-east-1:123456789013:cluster/c1"), None),
            (Some("arn:aws:ecs:eu-west-1:123456789012:cluster/c1"), None),
            (Some("arn:aws:ecs:us-east-1:123456789012:task/c1"), None),
            (Some("a/b"), None),
        ] {
            assert_eq!(cluster(text, &scope()).ok().as_deref(), name, "{text:?}");
        }
    }

    #[test]
    fn definitions_in_three_forms() {
        for (text, want) in [
            ("web", Some(("web", None))),
            ("web:3", Some(("web", Some(3)))),
            ("arn:aws:ecs:us-east-1:123456789012:task-definition/web:3", Some(("web", Some(3)))),
            ("web:0", None),
            ("web:x", None),
            ("web:3:4", None),
            ("we b", None),
            ("", None),
        ] {
            let got = definition(text, &scope());
            assert_eq!(got.as_ref().map(|d| (d.family.as_str(), d.revision)), want, "{text}");
        }
    }

    #[test]
    fn tasks_of_another_cluster_are_refused() {
        let arn = "arn:aws:ecs:us-east-1:123456789012:task/c1/0123456789abcdef0123456789abcdef";
        assert_eq!(task_id(arn, &scope(), "c1").ok().as_deref(), Some("0123456789abcdef0123456789abcdef"));
        let error = task_id(arn, &scope(), "c2").expect_err("another cluster");
        assert_eq!(error.message, "Invalid identifier: Identifier is for c1. Your cluster is c2");
    }
}
