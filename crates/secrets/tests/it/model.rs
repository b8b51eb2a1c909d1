//! Every operation of the model: done, not found, denied; or 501 by name.

use gantry_aws_api::secretsmanager::SERVICE;
use serde_json::{Value, json};

use crate::support::World;

/// What has no answer but 501.
const REFUSED: &[(&str, &str)] = &[
    (
        "AssociateCrossAccountReplica",
        r#"{"CrossAccountReplicaARN": "arn:aws:secretsmanager:eu-west-1:999999999999:secret:a-AbCdEf"}"#,
    ),
    ("CancelRotateSecret", "{}"),
    (
        "DisassociateCrossAccountReplica",
        r#"{"CrossAccountReplicaARN": "arn:aws:secretsmanager:eu-west-1:999999999999:secret:a-AbCdEf"}"#,
    ),
    ("ListResourcePolicies", "{}"),
    ("RemoveRegionsFromReplication", r#"{"RemoveReplicaRegions": ["eu-west-1"]}"#),
    ("ReplicateSecretToRegions", r#"{"AddReplicaRegions": [{"Region": "eu-west-1"}]}"#),
    ("RotateSecret", "{}"),
    ("StopReplicationToReplica", "{}"),
];

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"999999999999"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}"#;

/// An input that works for a secret `app` with versions `v1…` and `v2…`, beside its id.
fn input(operation: &str) -> Option<Value> {
    Some(match operation {
        "BatchGetSecretValue" => json!({ "SecretIdList": ["app"] }),
        "CreateSecret" => json!({ "Name": "other", "SecretString": "x" }),
        "GetRandomPassword" | "ListSecrets" => json!({}),
        "PutResourcePolicy" | "ValidateResourcePolicy" => json!({ "ResourcePolicy": POLICY }),
        "PutSecretValue" => json!({ "SecretString": "x" }),
        "TagResource" => json!({ "Tags": [{ "Key": "a", "Value": "b" }] }),
        "UntagResource" => json!({ "TagKeys": ["a"] }),
        "UpdateSecretVersionStage" => json!({ "VersionStage": "x", "MoveToVersionId": "v".repeat(32) }),
        "DeleteResourcePolicy"
        | "DeleteSecret"
        | "DescribeSecret"
        | "GetResourcePolicy"
        | "GetSecretValue"
        | "ListSecretVersionIds"
        | "RestoreSecret"
        | "UpdateSecret" => json!({}),
        _ => return None,
    })
}

#[tokio::test]
async fn every_operation_is_done_not_found_and_denied() {
    const NO_SECRET: &[&str] = &["BatchGetSecretValue", "CreateSecret", "GetRandomPassword", "ListSecrets"];
    for operation in SERVICE.operations {
        let name = operation.name;
        let world = World::new().await;
        world
            .ok("CreateSecret", json!({ "Name": "app", "SecretString": "s", "ClientRequestToken": "v".repeat(32) }))
            .await;
        let refused = REFUSED.iter().find(|(op, _)| *op == name);
        let mut whole = match refused {
            Some((_, input)) => serde_json::from_str(input).unwrap(),
            None => input(name).unwrap_or_else(|| panic!("{name} has no case here")),
        };
        if !NO_SECRET.contains(&name) {
            let mut missing = whole.clone();
            missing["SecretId"] = "nothing".into();
            whole["SecretId"] = "app".into();
            if refused.is_none() {
                let expected = (
                    "ResourceNotFoundException".to_owned(),
                    "Secrets Manager can't find the specified secret.".to_owned(),
                );
                assert_eq!(world.error(name, missing).await, expected, "{name}");
            }
        }
        world.authority.denied.lock().unwrap().insert(format!("secretsmanager:{name}"));
        assert_eq!(world.error(name, whole.clone()).await.0, "AccessDeniedException", "{name}");
        world.authority.denied.lock().unwrap().clear();
        match world.call(name, whole).await {
            Ok(_) => assert!(refused.is_none(), "{name} answers"),
            Err(e) => {
                assert!(refused.is_some(), "{name}: {e}");
                assert_eq!((e.status, e.code.as_str()), (501, "NotImplemented"));
                assert!(e.message.contains(name), "{}", e.message);
            }
        }
    }
    assert_eq!(SERVICE.operations.len(), 26);
}

#[tokio::test]
async fn what_is_asked_of_iam() {
    let world = World::new().await;
    let tags = json!([{ "Key": "team", "Value": "a" }]);
    let made = world.ok("CreateSecret", json!({ "Name": "app", "SecretString": "s", "Tags": tags })).await;
    let arn = made["ARN"].as_str().unwrap();
    world.ok("PutResourcePolicy", json!({ "SecretId": "app", "ResourcePolicy": POLICY })).await;
    let get = world.accesses("GetSecretValue", json!({ "SecretId": "app", "VersionStage": "AWSCURRENT" })).await;
    assert_eq!(
        (get.len(), get[0].action.as_str(), get[0].resource.as_str()),
        (1, "secretsmanager:GetSecretValue", arn)
    );
    assert_eq!(get[0].resource_policy.as_deref(), Some(POLICY));
    let has = |access: &gantry_aws_wire::Access, key: &str, value: &str| {
        assert!(access.conditions.iter().any(|(k, v)| k == key && v == &[value]), "{key} in {:?}", access.conditions);
    };
    has(&get[0], "secretsmanager:SecretId", arn);
    has(&get[0], "secretsmanager:ResourceTag/team", "a");
    has(&get[0], "aws:ResourceTag/team", "a");
    has(&get[0], "secretsmanager:VersionStage", "AWSCURRENT");
    let create = json!({ "Name": "new", "Tags": tags, "Description": "d" });
    let create = world.accesses("CreateSecret", create).await;
    assert_eq!(
        create.iter().map(|a| a.action.as_str()).collect::<Vec<_>>(),
        ["secretsmanager:CreateSecret", "secretsmanager:TagResource"]
    );
    assert_eq!(create[0].resource, "arn:aws:secretsmanager:us-east-1:123456789012:secret:new-??????");
    has(&create[0], "secretsmanager:Name", "new");
    has(&create[0], "aws:RequestTag/team", "a");
    has(&create[1], "aws:TagKeys", "team");
    let delete = world.accesses("DeleteSecret", json!({ "SecretId": "app", "RecoveryWindowInDays": 7 })).await;
    has(&delete[0], "secretsmanager:RecoveryWindowInDays", "7");
    let batch = world.accesses("BatchGetSecretValue", json!({ "Filters": [] })).await;
    assert_eq!(batch.len(), 2);
    // Another account asks by ARN: the secret and its policy are the owner's.
    let foreign = world.context_of("999999999999");
    let got = world.call_as(&foreign, "GetSecretValue", json!({ "SecretId": arn })).await.unwrap();
    assert_eq!(got["SecretString"], "s");
    assert_eq!(
        world.call_as(&foreign, "GetSecretValue", json!({ "SecretId": "app" })).await.unwrap_err().code,
        "ResourceNotFoundException"
    );
}
