//! Condition keys of the Service Authorization Reference, deciding by the API and on the wire.

use serde_json::{Value, json};

use crate::routes::{app, basic};
use crate::support::{ACCOUNT, Fixture, context};

fn policy(action: &str, resource: &str, condition: Value) -> Value {
    let statement = json!({ "Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition });
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

impl Fixture {
    async fn allowed(&self, policy: Value, operation: &str, input: Value) -> bool {
        self.judge(Some((&context(), policy)));
        let done = self.call(operation, input).await;
        self.judge(None);
        match done {
            Err(e) if e.code == "AccessDeniedException" => false,
            Err(e) => panic!("{operation}: {e}"),
            Ok(_) => true,
        }
    }
}

#[tokio::test]
async fn resource_tags_decide_by_api_and_wire() {
    let f = Fixture::new().await;
    for (name, team) in [("app", "a"), ("other", "b")] {
        let input = json!({ "repositoryName": name, "tags": [{ "Key": "team", "Value": team }] });
        f.call("CreateRepository", input).await.unwrap();
    }
    let token = basic(&f.password().await);
    for key in ["ecr:ResourceTag/team", "aws:ResourceTag/team"] {
        let only = || policy("ecr:ListImages", "*", json!({ "StringEquals": { key: "a" } }));
        assert!(f.allowed(only(), "ListImages", json!({ "repositoryName": "app" })).await, "{key}");
        assert!(!f.allowed(only(), "ListImages", json!({ "repositoryName": "other" })).await, "{key}");
        f.judge(Some((&context(), only())));
        assert_eq!(f.ask("GET", "/v2/app/tags/list", Some(&token)).await.0, 200, "{key}");
        assert_eq!(f.ask("GET", "/v2/other/tags/list", Some(&token)).await.0, 403, "{key}");
        f.judge(None);
        // The tag as it is now, not as it was when the token was made.
        let untag = json!({ "resourceArn": app(), "tagKeys": ["team"] });
        f.call("UntagResource", untag).await.unwrap();
        f.judge(Some((&context(), only())));
        assert_eq!(f.ask("GET", "/v2/app/tags/list", Some(&token)).await.0, 403, "{key}");
        f.judge(None);
        let tag = json!({ "resourceArn": app(), "tags": [{ "Key": "team", "Value": "a" }] });
        f.call("TagResource", tag).await.unwrap();
    }
}

#[tokio::test]
async fn requested_tags_decide_about_making_and_tagging() {
    let f = Fixture::new().await;
    f.create("app").await;
    let asked = json!({ "StringEquals": { "aws:RequestTag/team": "a" },
                        "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] } });
    let make = |name: &str, tags: Value| json!({ "repositoryName": name, "tags": tags });
    let both = json!(["ecr:CreateRepository", "ecr:TagResource"]);
    let both = || {
        let statement = json!({ "Effect": "Allow", "Action": both, "Resource": "*", "Condition": asked });
        json!({ "Version": "2012-10-17", "Statement": [statement] })
    };
    for (name, tags, allowed) in [
        ("one", json!([{ "Key": "team", "Value": "a" }]), true),
        ("two", json!([{ "Key": "team", "Value": "b" }]), false),
        ("three", json!([{ "Key": "team", "Value": "a" }, { "Key": "more", "Value": "x" }]), false),
        ("four", json!([]), false),
    ] {
        assert_eq!(f.allowed(both(), "CreateRepository", make(name, tags)).await, allowed, "{name}");
    }
    // Tags need the permission to tag, also while a repository is made.
    let create = || policy("ecr:CreateRepository", "*", json!({}));
    assert!(!f.allowed(create(), "CreateRepository", make("five", json!([{ "Key": "team", "Value": "a" }]))).await);
    assert!(f.allowed(create(), "CreateRepository", make("five", json!([]))).await);

    let tag = |key: &str, value: &str| json!({ "resourceArn": app(), "tags": [{ "Key": key, "Value": value }] });
    assert!(f.allowed(both(), "TagResource", tag("team", "a")).await);
    assert!(!f.allowed(both(), "TagResource", tag("team", "b")).await);
    assert!(!f.allowed(both(), "TagResource", tag("else", "a")).await);
    let untag = json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] } });
    let untag = || policy("ecr:UntagResource", "*", untag.clone());
    assert!(f.allowed(untag(), "UntagResource", json!({ "resourceArn": app(), "tagKeys": ["team"] })).await);
    assert!(!f.allowed(untag(), "UntagResource", json!({ "resourceArn": app(), "tagKeys": ["team", "x"] })).await);
}

#[tokio::test]
async fn account_settings_are_delegated_one_by_one() {
    let f = Fixture::new().await;
    let only = json!({ "StringEquals": { "ecr:AccountSetting": "BLOB_MOUNTING" } });
    for (name, value, allowed) in [("BLOB_MOUNTING", "DISABLED", true), ("REGISTRY_POLICY_SCOPE", "V1", false)] {
        let put = policy("ecr:PutAccountSetting", "*", only.clone());
        assert_eq!(f.allowed(put, "PutAccountSetting", json!({ "name": name, "value": value })).await, allowed);
        let get = policy("ecr:GetAccountSetting", "*", only.clone());
        assert_eq!(f.allowed(get, "GetAccountSetting", json!({ "name": name })).await, allowed);
    }
}

/// A role is handed to ECR, and to nobody else.
#[tokio::test]
async fn a_template_passes_its_role_to_ecr_alone() {
    let f = Fixture::new().await;
    let role = format!("arn:aws:iam::{ACCOUNT}:role/maker");
    let input = json!({ "prefix": "prod", "appliedFor": ["REPLICATION"], "customRoleArn": role });
    for (service, allowed) in [("ecs-tasks.amazonaws.com", false), ("ecr.amazonaws.com", true)] {
        let pass = json!({ "StringEquals": { "iam:PassedToService": service } });
        let policy = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "ecr:Create*", "Resource": "*" },
            { "Effect": "Allow", "Action": "iam:PassRole", "Resource": role, "Condition": pass },
        ] });
        assert_eq!(f.allowed(policy, "CreateRepositoryCreationTemplate", input.clone()).await, allowed, "{service}");
    }
}

#[tokio::test]
async fn a_policy_that_locks_its_setter_out_must_be_forced() {
    let f = Fixture::new().await;
    f.create("app").await;
    let deny = |principal: Value, more: Value| {
        let mut statement = json!({ "Effect": "Deny", "Principal": principal, "Action": "ecr:SetRepositoryPolicy" });
        for (key, value) in more.as_object().unwrap() {
            statement[key] = value.clone();
        }
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    };
    let set = |text: &str, force: bool| json!({ "repositoryName": "app", "policyText": text, "force": force });
    let me = context().caller.arn.clone();
    for text in [
        deny(json!("*"), json!({})),
        deny(json!({ "AWS": me }), json!({})),
        deny(json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root") }), json!({ "Action": "ecr:*" })),
        deny(json!("*"), json!({ "Condition": { "StringNotEquals": { "aws:PrincipalAccount": "111111111111" } } })),
    ] {
        let refused = f.call("SetRepositoryPolicy", set(&text, false)).await.unwrap_err();
        assert_eq!(refused.code, "InvalidParameterException", "{text}");
        assert!(refused.message.starts_with("Invalid parameter at 'PolicyText'"), "{}", refused.message);
        assert_eq!(
            f.code("GetRepositoryPolicy", json!({ "repositoryName": "app" })).await,
            "RepositoryPolicyNotFoundException"
        );
        f.call("SetRepositoryPolicy", set(&text, true)).await.unwrap();
        f.call("DeleteRepositoryPolicy", json!({ "repositoryName": "app" })).await.unwrap();
    }
    for text in [
        deny(json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:user/else") }), json!({})),
        deny(json!("*"), json!({ "Action": "ecr:PutImage" })),
        deny(json!("*"), json!({ "Condition": { "StringEquals": { "ecr:ResourceTag/team": "x" } } })),
    ] {
        f.call("SetRepositoryPolicy", set(&text, false)).await.unwrap();
    }
}
