//! Deleting and restoring; descriptions, tags, policies.

use serde_json::{Value, json};

use crate::support::{DAY_MS, World};

const MARKED: &str = "You can't perform this operation on the secret because it was marked for deletion.";

#[tokio::test]
async fn a_deleted_secret_can_be_restored_in_its_window() {
    let world = World::new().await;
    world.create("app", "s").await;
    let app = json!({ "SecretId": "app" });
    for days in [6, 31, 0] {
        let (code, _) = world.error("DeleteSecret", json!({ "SecretId": "app", "RecoveryWindowInDays": days })).await;
        assert_eq!(code, "InvalidParameterException", "{days}");
    }
    let both = json!({ "SecretId": "app", "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": true });
    assert_eq!(world.error("DeleteSecret", both).await.0, "InvalidParameterException");
    let deleted = world.ok("DeleteSecret", json!({ "SecretId": "app", "RecoveryWindowInDays": 7 })).await;
    assert_eq!(deleted["DeletionDate"].as_f64(), Some(1_800_000_000.0 + 7.0 * 86_400.0));
    for (operation, more) in [
        ("GetSecretValue", json!({})),
        ("PutSecretValue", json!({ "SecretString": "x" })),
        ("UpdateSecret", json!({ "Description": "x" })),
        ("TagResource", json!({ "Tags": [{ "Key": "a", "Value": "b" }] })),
        ("UntagResource", json!({ "TagKeys": ["a"] })),
        ("GetResourcePolicy", json!({})),
        ("DeleteResourcePolicy", json!({})),
        ("DeleteSecret", json!({})),
    ] {
        let mut input = more;
        input["SecretId"] = "app".into();
        assert_eq!(
            world.error(operation, input).await,
            ("InvalidRequestException".into(), MARKED.into()),
            "{operation}"
        );
    }
    let (code, message) = world.error("CreateSecret", json!({ "Name": "app" })).await;
    assert_eq!(code, "InvalidRequestException");
    assert!(message.contains("already scheduled for deletion"), "{message}");
    assert!(world.ok("DescribeSecret", app.clone()).await["DeletedDate"].is_number());
    world.ok("RestoreSecret", app.clone()).await;
    assert_eq!(world.text("app").await, "s");
    assert!(world.ok("DescribeSecret", app.clone()).await["DeletedDate"].is_null());
}

#[tokio::test]
async fn past_its_window_a_secret_is_gone() {
    let world = World::new().await;
    let arn = world.create("app", "s").await;
    world.create("stays", "t").await;
    world.ok("DeleteSecret", json!({ "SecretId": "app", "RecoveryWindowInDays": 7 })).await;
    world.clock.advance_ms(7 * DAY_MS - 1);
    assert_eq!(world.secrets.sweep().await.unwrap(), 0);
    world.clock.advance_ms(1);
    for operation in ["GetSecretValue", "DescribeSecret", "RestoreSecret"] {
        assert_eq!(world.error(operation, json!({ "SecretId": arn })).await.0, "ResourceNotFoundException");
    }
    // The name is free before the sweep comes by, and what was there does not shine through.
    let again = world.create("app", "new").await;
    assert_ne!(again, arn);
    assert_eq!(world.text("app").await, "new");
    assert_eq!(world.dump().await.matches("/secretsmanager/value/").count(), 2);
    world.ok("DeleteSecret", json!({ "SecretId": "app" })).await;
    world.clock.advance_ms(30 * DAY_MS);
    assert_eq!(world.secrets.sweep().await.unwrap(), 1);
    assert_eq!(world.secrets.sweep().await.unwrap(), 0);
    assert_eq!(world.dump().await.matches("/secretsmanager/").count(), 2, "record and value of the one that stays");
}

#[tokio::test]
async fn deletion_by_force_leaves_nothing() {
    let world = World::new().await;
    let force = |id: &str| json!({ "SecretId": id, "ForceDeleteWithoutRecovery": true });
    let arn = world.create("app", "s").await;
    world.ok("DeleteSecret", json!({ "SecretId": "app" })).await;
    assert_eq!(world.ok("DeleteSecret", force("app")).await["ARN"], arn);
    assert_eq!(world.dump().await, "");
    // As AWS: what is not there is deleted all the same.
    assert_eq!(world.ok("DeleteSecret", force("app")).await["Name"], "app");
    assert_eq!(world.error("DeleteSecret", json!({ "SecretId": "app" })).await.0, "ResourceNotFoundException");
    assert_ne!(world.create("app", "t").await, arn);
}

#[tokio::test]
async fn updates_change_what_they_name() {
    let world = World::new().await;
    let made = json!({ "Name": "app", "Description": "one", "SecretString": "a", "KmsKeyId": "alias/x" });
    let made = world.ok("CreateSecret", made).await;
    world.clock.advance_ms(5000);
    let updated = world.ok("UpdateSecret", json!({ "SecretId": "app", "Description": "two" })).await;
    assert!(updated["VersionId"].is_null());
    let seen = world.ok("DescribeSecret", json!({ "SecretId": "app" })).await;
    assert_eq!((&seen["Description"], &seen["KmsKeyId"]), (&json!("two"), &json!("alias/x")));
    assert!(seen["LastChangedDate"].as_f64() > seen["CreatedDate"].as_f64());
    assert!(seen["LastAccessedDate"].is_null());
    let updated = world.ok("UpdateSecret", json!({ "SecretId": "app", "SecretString": "b" })).await;
    assert_ne!(updated["VersionId"], made["VersionId"]);
    assert_eq!(world.text("app").await, "b");
    let day = world.ok("DescribeSecret", json!({ "SecretId": "app" })).await["LastAccessedDate"].as_f64().unwrap();
    assert_eq!((day as i64) % 86_400, 0);
}

#[tokio::test]
async fn tags_and_policies_come_and_go() {
    let world = World::new().await;
    world.create("app", "s").await;
    let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    world.ok("TagResource", json!({ "SecretId": "app", "Tags": [tag("a", "1"), tag("b", "2")] })).await;
    world.ok("TagResource", json!({ "SecretId": "app", "Tags": [tag("a", "3")] })).await;
    world.ok("UntagResource", json!({ "SecretId": "app", "TagKeys": ["b", "c"] })).await;
    let seen = world.ok("DescribeSecret", json!({ "SecretId": "app" })).await;
    assert_eq!(seen["Tags"], json!([tag("a", "3")]));
    let many: Vec<Value> = (0..50).map(|n| tag(&format!("k{n}"), "")).collect();
    assert_eq!(
        world.error("TagResource", json!({ "SecretId": "app", "Tags": many })).await.0,
        "InvalidParameterException"
    );

    let statement =
        json!({ "Effect": "Allow", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*" });
    let public = json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string();
    let put =
        |policy: &str, block: bool| json!({ "SecretId": "app", "ResourcePolicy": policy, "BlockPublicPolicy": block });
    assert_eq!(world.error("PutResourcePolicy", put("{}", false)).await.0, "MalformedPolicyDocumentException");
    assert_eq!(world.error("PutResourcePolicy", put(&public, true)).await.0, "PublicPolicyException");
    world.ok("PutResourcePolicy", put(&public, false)).await;
    assert_eq!(world.ok("GetResourcePolicy", json!({ "SecretId": "app" })).await["ResourcePolicy"], public);
    let checked = world.ok("ValidateResourcePolicy", json!({ "ResourcePolicy": public })).await;
    assert_eq!(checked["PolicyValidationPassed"], false);
    world.ok("DeleteResourcePolicy", json!({ "SecretId": "app" })).await;
    assert!(world.ok("GetResourcePolicy", json!({ "SecretId": "app" })).await["ResourcePolicy"].is_null());
}
