//! `Effect`, `Action`, `Resource` and their `Not…` forms: one identity policy, one user.

use gantry_iam::Outcome::{self, Allowed, ExplicitDeny, ImplicitDeny};

use crate::support::page::{ACTION, EFFECT, LOGIC, NOT_ACTION, NOT_RESOURCE, RESOURCE, VARIABLES};
use crate::support::{CLUSTER, context, decide, policy};

/// Page, what is shown, statements, action, resource, outcome.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, Outcome);

const LOG: &str = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/app:log-stream:s";

const CASES: &[Case] = &[
    (
        LOGIC,
        "nothing said is denied",
        r#"{"Effect":"Allow","Action":"ecs:StopTask","Resource":"*"}"#,
        "ecs:RunTask",
        "*",
        ImplicitDeny,
    ),
    (EFFECT, "allow", r#"{"Effect":"Allow","Action":"ecs:RunTask","Resource":"*"}"#, "ecs:RunTask", "*", Allowed),
    (EFFECT, "deny", r#"{"Effect":"Deny","Action":"ecs:RunTask","Resource":"*"}"#, "ecs:RunTask", "*", ExplicitDeny),
    (
        LOGIC,
        "deny after allow",
        r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecs:RunTask","Resource":"*"}]"#,
        "ecs:RunTask",
        "*",
        ExplicitDeny,
    ),
    (
        LOGIC,
        "deny before allow",
        r#"[{"Effect":"Deny","Action":"ecs:RunTask","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
        "ecs:RunTask",
        "*",
        ExplicitDeny,
    ),
    (
        LOGIC,
        "deny of something else",
        r#"[{"Effect":"Deny","Action":"ecs:StopTask","Resource":"*"},{"Effect":"Allow","Action":"*","Resource":"*"}]"#,
        "ecs:RunTask",
        "*",
        Allowed,
    ),
    (ACTION, "no case", r#"{"Effect":"Allow","Action":"ECS:runtask","Resource":"*"}"#, "ecs:RunTask", "*", Allowed),
    (ACTION, "*", r#"{"Effect":"Allow","Action":"ecs:*","Resource":"*"}"#, "ecs:RunTask", "*", Allowed),
    (
        ACTION,
        "* of another service",
        r#"{"Effect":"Allow","Action":"ecr:*","Resource":"*"}"#,
        "ecs:RunTask",
        "*",
        ImplicitDeny,
    ),
    (ACTION, "* at the end", r#"{"Effect":"Allow","Action":"ecs:Run*","Resource":"*"}"#, "ecs:RunTask", "*", Allowed),
    (
        ACTION,
        "* in the middle",
        r#"{"Effect":"Allow","Action":"ecs:*Task","Resource":"*"}"#,
        "ecs:RunTask",
        "*",
        Allowed,
    ),
    (
        ACTION,
        "* in the middle must match to the end",
        r#"{"Effect":"Allow","Action":"ecs:*Task","Resource":"*"}"#,
        "ecs:ListTasks",
        "*",
        ImplicitDeny,
    ),
    (ACTION, "?", r#"{"Effect":"Allow","Action":"ecs:?unTask","Resource":"*"}"#, "ecs:RunTask", "*", Allowed),
    (
        ACTION,
        "a list",
        r#"{"Effect":"Allow","Action":["ecs:StopTask","ecs:RunTask"],"Resource":"*"}"#,
        "ecs:RunTask",
        "*",
        Allowed,
    ),
    (
        ACTION,
        "no prefix of a name",
        r#"{"Effect":"Allow","Action":"ecs:Run","Resource":"*"}"#,
        "ecs:RunTask",
        "*",
        ImplicitDeny,
    ),
    (
        NOT_ACTION,
        "allow all but",
        r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
        "ecs:RunTask",
        "*",
        Allowed,
    ),
    (
        NOT_ACTION,
        "allow all but this",
        r#"{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}"#,
        "iam:CreateUser",
        "*",
        ImplicitDeny,
    ),
    (
        NOT_ACTION,
        "deny all but",
        r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":["ecs:*","logs:*"],"Resource":"*"}]"#,
        "iam:CreateUser",
        "*",
        ExplicitDeny,
    ),
    (
        NOT_ACTION,
        "deny all but this",
        r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","NotAction":["ecs:*","logs:*"],"Resource":"*"}]"#,
        "ecs:RunTask",
        "*",
        Allowed,
    ),
    (
        RESOURCE,
        "exact",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:us-east-1:123456789012:cluster/web"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        Allowed,
    ),
    (
        RESOURCE,
        "is case-sensitive",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:us-east-1:123456789012:cluster/Web"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        ImplicitDeny,
    ),
    (
        RESOURCE,
        "another account",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:us-east-1:210987654321:cluster/web"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        ImplicitDeny,
    ),
    (
        RESOURCE,
        "another region",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:eu-west-1:123456789012:cluster/web"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        ImplicitDeny,
    ),
    (
        RESOURCE,
        "* for region and account",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:*:*:cluster/web"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        Allowed,
    ),
    (
        RESOURCE,
        "* as name",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:us-east-1:123456789012:cluster/*"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        Allowed,
    ),
    (
        RESOURCE,
        "* for all types",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:us-east-1:123456789012:*"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        Allowed,
    ),
    (
        RESOURCE,
        "* takes slashes",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/*/test/*"}"#,
        "s3:GetObject",
        "arn:aws:s3:::b/1/2/test/3/object.jpg",
        Allowed,
    ),
    (
        RESOURCE,
        "* takes nothing",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/*/test/*"}"#,
        "s3:GetObject",
        "arn:aws:s3:::b//test/",
        Allowed,
    ),
    (
        RESOURCE,
        "slashes stay",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/*/test/*"}"#,
        "s3:GetObject",
        "arn:aws:s3:::b/1-test/object.jpg",
        ImplicitDeny,
    ),
    (
        RESOURCE,
        "?",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:us-east-?:123456789012:cluster/w?b"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        Allowed,
    ),
    (
        RESOURCE,
        "inner * stays within its part",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:logs:us*2:log-group:/ecs/app:log-stream:s"}"#,
        "logs:PutLogEvents",
        LOG,
        ImplicitDeny,
    ),
    (
        RESOURCE,
        "inner * does not swallow the account",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:logs:us-*-1:log-group:/ecs/app:log-stream:s"}"#,
        "logs:PutLogEvents",
        LOG,
        ImplicitDeny,
    ),
    (
        RESOURCE,
        "* at a part's end may reach over colons",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:us-east-1:*"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        Allowed,
    ),
    (
        RESOURCE,
        "* at a part's end, then more",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:*:cluster/web*"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        Allowed,
    ),
    (
        RESOURCE,
        "the sixth part has colons of its own",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:logs:us-east-1:123456789012:log-group:/ecs/*:log-stream:*"}"#,
        "logs:PutLogEvents",
        LOG,
        Allowed,
    ),
    (
        RESOURCE,
        "no end, no match",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:logs:us-east-1:123456789012:log-group:/ecs/app"}"#,
        "logs:PutLogEvents",
        LOG,
        ImplicitDeny,
    ),
    (
        RESOURCE,
        "a list",
        r#"{"Effect":"Allow","Action":"*","Resource":["arn:aws:s3:::a","arn:aws:ecs:*:*:cluster/web"]}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        Allowed,
    ),
    (
        RESOURCE,
        "an ARN is not all",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:*:*:*"}"#,
        "ecs:ListClusters",
        "*",
        ImplicitDeny,
    ),
    (
        RESOURCE,
        "a * asked for is no wildcard",
        r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:ecs:*:*:cluster/web"}"#,
        "ecs:ListClusters",
        "*",
        ImplicitDeny,
    ),
    (
        NOT_RESOURCE,
        "allow all but",
        r#"{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::HR*"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        Allowed,
    ),
    (
        NOT_RESOURCE,
        "allow all but this",
        r#"{"Effect":"Allow","Action":"*","NotResource":"arn:aws:ecs:*:*:cluster/*"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        ImplicitDeny,
    ),
    (
        NOT_RESOURCE,
        "deny all but",
        r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","NotResource":["arn:aws:s3:::HRBucket/Payroll","arn:aws:s3:::HRBucket/Payroll/*"]}]"#,
        "s3:GetObject",
        "arn:aws:s3:::x",
        ExplicitDeny,
    ),
    (
        NOT_RESOURCE,
        "deny all but this",
        r#"[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"s3:*","NotResource":["arn:aws:s3:::HRBucket/Payroll","arn:aws:s3:::HRBucket/Payroll/*"]}]"#,
        "s3:GetObject",
        "arn:aws:s3:::HRBucket/Payroll/a",
        Allowed,
    ),
    (
        VARIABLES,
        "in the resource",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:username}/*"}"#,
        "s3:GetObject",
        "arn:aws:s3:::b/alice/x",
        Allowed,
    ),
    (
        VARIABLES,
        "in the resource, another's",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:username}/*"}"#,
        "s3:GetObject",
        "arn:aws:s3:::b/bob/x",
        ImplicitDeny,
    ),
    (
        VARIABLES,
        "in the resource, no value",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:userid}/*"}"#,
        "s3:GetObject",
        "arn:aws:s3:::b//x",
        ImplicitDeny,
    ),
    (
        VARIABLES,
        "in the resource, a value with a star",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/t}"}"#,
        "s3:GetObject",
        "arn:aws:s3:::b/secret",
        ImplicitDeny,
    ),
    (
        VARIABLES,
        "default in the resource",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/team, 'all'}/*"}"#,
        "s3:GetObject",
        "arn:aws:s3:::b/all/x",
        Allowed,
    ),
    (
        VARIABLES,
        "only after the fifth colon",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:us-east-1:${aws:PrincipalAccount}:cluster/web"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        ImplicitDeny,
    ),
    (
        VARIABLES,
        "a colon inside a variable parts nothing",
        r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:ecs:*:*:cluster/${aws:PrincipalTag/c}"}"#,
        "ecs:DeleteCluster",
        CLUSTER,
        Allowed,
    ),
    (
        VARIABLES,
        "NotResource, no value, allow",
        r#"{"Effect":"Allow","Action":"*","NotResource":"arn:aws:s3:::b/${aws:userid}/*"}"#,
        "s3:GetObject",
        "arn:aws:s3:::b/x",
        ImplicitDeny,
    ),
    (
        VARIABLES,
        "NotResource, no value, deny",
        r#"{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::b/${aws:userid}/*"}"#,
        "s3:GetObject",
        "arn:aws:s3:::b/x",
        ExplicitDeny,
    ),
];

pub fn count() -> usize {
    CASES.len()
}

#[test]
fn elements_cover_as_documented() {
    let context =
        context("aws:username=alice;aws:PrincipalTag/t=*;aws:PrincipalTag/c=web;aws:PrincipalAccount=123456789012");
    for &(page, name, statements, action, resource, outcome) in CASES {
        let decision = decide(policy(statements), action, resource, &context);
        assert_eq!(decision.outcome, outcome, "{page}: {name}");
        assert_eq!(decision.reason.is_none(), outcome == Allowed, "{page}: {name}");
    }
}

#[test]
fn a_decision_names_its_statements() {
    let both = policy(
        r#"[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"d","Effect":"Deny","Action":"ecs:*","Resource":"*"},
            {"Sid":"other","Effect":"Allow","Action":"s3:*","Resource":"*"}]"#,
    );
    let denied = decide(both.clone(), "ecs:RunTask", "*", &context(""));
    assert_eq!(denied.matched.iter().map(|m| (m.policy, m.statement)).collect::<Vec<_>>(), [(0, 1)]);
    assert_eq!(both.statements()[1].sid(), Some("d"));
    let allowed = decide(both, "s3:GetObject", "arn:aws:s3:::b/x", &context(""));
    assert_eq!(allowed.matched.iter().map(|m| (m.policy, m.statement)).collect::<Vec<_>>(), [(0, 0), (0, 2)]);
}

#[test]
fn long_patterns_and_texts_stay_cheap() {
    let stars = "a*".repeat(1000);
    let statements = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::{stars}b"}}"#);
    let arn = format!("arn:aws:s3:::{}", "a".repeat(2000));
    assert!(!decide(policy(&statements), "s3:GetObject", &arn, &context("")).is_allowed());
    let colons = format!("arn:{}", "a:".repeat(1000));
    let statements = r#"{"Effect":"Allow","Action":"*","Resource":"arn:a*:s3:*:*:b"}"#;
    let refused = gantry_iam::Policy::parse(
        &crate::support::document("2012-10-17", statements),
        gantry_iam::PolicyKind::Identity,
    );
    assert!(refused.is_err());
    let statements = r#"{"Effect":"Allow","Action":"*","Resource":"arn:*:s3:*:*:b"}"#;
    assert!(!decide(policy(statements), "s3:GetObject", &colons, &context("")).is_allowed());
}
