//! No operation is open: each asks for something, by AWS's name.

use std::sync::Arc;

use gantry_aws_api::{iam, sts};
use gantry_aws_wire::Service;
use serde_json::json;

use crate::support::{ACCOUNT, World};

/// AWS asks no permission for these.
const OPEN: [&str; 2] = ["GetCallerIdentity", "GetSessionToken"];

#[tokio::test]
async fn every_operation_of_the_models_asks_for_something() {
    let world = World::new().await;
    let call = world.admin().await;
    let identity = Arc::new(world.identity.clone());
    let services: [Box<dyn Service>; 2] =
        [Box::new(iam::IamService(identity.clone())), Box::new(sts::StsService(identity))];
    for service in services {
        let schema = service.schema();
        for operation in schema.operations.iter().filter(|operation| operation.modelled) {
            // AssumeRole needs a role to be asked about.
            let input = if operation.name == "AssumeRole" {
                let arn = world.role("r", crate::support::ECS_TRUST).await.arn;
                json!({"RoleArn": arn, "RoleSessionName": "s1"})
            } else {
                json!({})
            };
            let accesses = service.accesses(operation, &input, &call).await.expect(operation.name);
            if OPEN.contains(&operation.name) {
                assert!(accesses.is_empty(), "{}", operation.name);
                continue;
            }
            let first = accesses.first().unwrap_or_else(|| panic!("{} is open to all", operation.name));
            assert_eq!(first.action, format!("{}:{}", schema.name, operation.name));
            assert!(
                first.resource == "*" || first.resource.starts_with("arn:aws:"),
                "{}: {}",
                operation.name,
                first.resource
            );
        }
    }
}

#[tokio::test]
async fn resources_and_conditions_are_aws_s() {
    let world = World::new().await;
    let call = world.admin().await;
    let service = iam::IamService(Arc::new(world.identity.clone()));
    let arn = |rest: &str| format!("arn:aws:iam::{ACCOUNT}:{rest}");
    for (operation, input, resource) in [
        ("CreateUser", json!({"UserName": "u", "Path": "/a/"}), arn("user/a/u")),
        ("GetUser", json!({}), arn("user/admin")),
        ("CreateAccessKey", json!({}), arn("user/admin")),
        ("ListUsers", json!({}), arn("user/")),
        ("ListRoles", json!({"PathPrefix": "/x/"}), arn("role/x/")),
        ("AddUserToGroup", json!({"GroupName": "g", "UserName": "u"}), arn("group/g")),
        ("ListGroupsForUser", json!({"UserName": "u"}), arn("user/u")),
        ("AttachRolePolicy", json!({"RoleName": "r", "PolicyArn": "arn:aws:iam::aws:policy/X"}), arn("role/r")),
        ("AttachGroupPolicy", json!({"GroupName": "g", "PolicyArn": "arn:aws:iam::aws:policy/X"}), arn("group/g")),
        ("PutUserPolicy", json!({"UserName": "u"}), arn("user/u")),
        ("CreatePolicy", json!({"PolicyName": "p", "Path": "/q/"}), arn("policy/q/p")),
        ("DeletePolicy", json!({"PolicyArn": arn("policy/p")}), arn("policy/p")),
        ("CreatePolicyVersion", json!({"PolicyArn": arn("policy/p")}), arn("policy/p")),
        ("ListEntitiesForPolicy", json!({"PolicyArn": arn("policy/p")}), arn("policy/p")),
        ("UpdateAssumeRolePolicy", json!({"RoleName": "r"}), arn("role/r")),
        (
            "CreateServiceLinkedRole",
            json!({"AWSServiceName": "ecs.amazonaws.com"}),
            arn("role/aws-service-role/ecs.amazonaws.com/*"),
        ),
        ("SimulatePrincipalPolicy", json!({"PolicySourceArn": arn("user/u")}), arn("user/u")),
        ("GetAccountSummary", json!({}), "*".to_owned()),
    ] {
        let schema = service.schema().operation(operation).expect(operation);
        let accesses = service.accesses(schema, &input, &call).await.expect(operation);
        assert_eq!(accesses[0].resource, resource, "{operation}");
    }
    let conditions = async |operation: &str, input: serde_json::Value| {
        let schema = service.schema().operation(operation).expect("an operation");
        service.accesses(schema, &input, &call).await.expect("accesses").remove(0).conditions
    };
    let tags = conditions("CreateUser", json!({"UserName": "u", "Tags": [{"Key": "team", "Value": "red"}]})).await;
    assert!(tags.contains(&("aws:RequestTag/team".into(), vec!["red".into()])));
    assert!(tags.contains(&("aws:TagKeys".into(), vec!["team".into()])));
    let attach =
        conditions("AttachUserPolicy", json!({"UserName": "u", "PolicyArn": "arn:aws:iam::aws:policy/X"})).await;
    assert!(attach.contains(&("iam:PolicyARN".into(), vec!["arn:aws:iam::aws:policy/X".into()])));
    let boundary = conditions("CreateRole", json!({"RoleName": "r", "PermissionsBoundary": "arn:x"})).await;
    assert!(boundary.contains(&("iam:PermissionsBoundary".into(), vec!["arn:x".into()])));
    let schema = service.schema().operation("AddRoleToInstanceProfile").expect("an operation");
    let input = json!({"InstanceProfileName": "p", "RoleName": "r"});
    let both = service.accesses(schema, &input, &call).await.expect("accesses");
    assert_eq!(both[1].action, "iam:PassRole");
}
