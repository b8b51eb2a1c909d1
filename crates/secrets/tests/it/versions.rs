//! Values, versions and their stages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use crate::support::{DAY_MS, World};

#[tokio::test]
async fn values_come_back_and_lie_sealed() {
    let world = World::new().await;
    let arn = world.create("db/password", "hunter2-in-the-clear").await;
    assert!(arn.starts_with("arn:aws:secretsmanager:us-east-1:123456789012:secret:db/password-"), "{arn}");
    let got = world.ok("GetSecretValue", json!({ "SecretId": "db/password" })).await;
    assert_eq!((&got["ARN"], &got["SecretString"]), (&json!(arn), &json!("hunter2-in-the-clear")));
    assert_eq!(got["VersionStages"], json!(["AWSCURRENT"]));
    assert!(got["SecretBinary"].is_null());
    let bytes = BASE64.encode([0_u8, 159, 146, 150]);
    world.ok("CreateSecret", json!({ "Name": "bin", "SecretBinary": bytes })).await;
    let got = world.ok("GetSecretValue", json!({ "SecretId": "bin" })).await;
    assert_eq!((&got["SecretBinary"], got.get("SecretString")), (&json!(bytes), None));
    let dump = world.dump().await;
    for clear in ["hunter2", &bytes, &BASE64.encode("hunter2-in-the-clear")[..20]] {
        assert!(!dump.contains(clear), "{dump}");
    }
    let value = world.secrets.value(&world.context(), "db/password").await.unwrap();
    assert_eq!(value.as_text(), Some("hunter2-in-the-clear"));
    assert!(!format!("{value:?}").contains("hunter"));
    world.authority.denied.lock().unwrap().insert("secretsmanager:GetSecretValue".into());
    assert_eq!(world.secrets.value(&world.context(), &arn).await.unwrap_err().code, "AccessDeniedException");
}

/// A sealed value that is put in another's place opens as nothing.
#[tokio::test]
async fn a_value_moved_about_in_the_store_is_refused() {
    let world = World::new().await;
    world.create("a", "one").await;
    world.create("b", "two").await;
    let all = world.store.list("/aws/").await.unwrap();
    let values: Vec<_> = all.kvs.iter().filter(|kv| String::from_utf8_lossy(&kv.key).contains("/value/")).collect();
    assert_eq!(values.len(), 2);
    world.store.put(values[0].key.clone(), values[1].value.clone()).await.unwrap();
    let mut failed = 0;
    for name in ["a", "b"] {
        if let Err(e) = world.call("GetSecretValue", json!({ "SecretId": name })).await {
            assert_eq!(e.code, "DecryptionFailure");
            failed += 1;
        }
    }
    assert_eq!(failed, 1);
}

#[tokio::test]
async fn secrets_are_found_by_name_and_arn() {
    let world = World::new().await;
    let arn = world.create("app", "s").await;
    let partial = arn.rsplit_once('-').unwrap().0;
    for id in ["app", &arn, partial] {
        assert_eq!(world.text(id).await, "s", "{id}");
    }
    // A name that looks as if it had the six characters.
    let hard = world.create("app-secret", "t").await;
    for id in ["app-secret", &hard, hard.rsplit_once('-').unwrap().0] {
        assert_eq!(world.text(id).await, "t", "{id}");
    }
    let wrong = |id: &str| json!({ "SecretId": id });
    for id in [
        "ap",
        "app ",
        &format!("{partial}-AAAAAA"),
        &arn.replace("us-east-1", "eu-west-1"),
        &arn.replace("123456789012", "999999999999"),
        &arn.replace("secretsmanager", "ssm"),
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:",
        "arn:aws:secretsmanager",
    ] {
        assert_eq!(world.error("GetSecretValue", wrong(id)).await.0, "ResourceNotFoundException", "{id}");
    }
}

#[tokio::test]
async fn versions_move_the_stages() {
    let world = World::new().await;
    let (one, two, three) = ("1".repeat(32), "2".repeat(32), "3".repeat(32));
    world.ok("CreateSecret", json!({ "Name": "app", "SecretString": "a", "ClientRequestToken": one })).await;
    let put = json!({ "SecretId": "app", "SecretString": "b", "ClientRequestToken": two });
    let put = world.ok("PutSecretValue", put).await;
    assert_eq!((&put["VersionId"], &put["VersionStages"]), (&json!(two), &json!(["AWSCURRENT"])));
    let pending =
        json!({ "SecretId": "app", "SecretString": "c", "ClientRequestToken": three, "VersionStages": ["AWSPENDING"] });
    world.ok("PutSecretValue", pending).await;
    let read = async |more: Value| {
        let mut input = json!({ "SecretId": "app" });
        for (key, value) in more.as_object().unwrap() {
            input[key] = value.clone();
        }
        world.call("GetSecretValue", input).await.map(|v| v["SecretString"].clone()).map_err(|e| (e.code, e.message))
    };
    for (more, value) in [
        (json!({}), "b"),
        (json!({ "VersionStage": "AWSPREVIOUS" }), "a"),
        (json!({ "VersionStage": "AWSPENDING" }), "c"),
        (json!({ "VersionId": one }), "a"),
        (json!({ "VersionId": three, "VersionStage": "AWSPENDING" }), "c"),
    ] {
        assert_eq!(read(more.clone()).await.unwrap(), value, "{more}");
    }
    let (code, message) = read(json!({ "VersionId": one, "VersionStage": "AWSCURRENT" })).await.unwrap_err();
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId.")
    );
    let (code, message) = read(json!({ "VersionStage": "none" })).await.unwrap_err();
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: none")
    );
    assert_eq!(read(json!({ "VersionId": "4".repeat(32) })).await.unwrap_err().0, "ResourceNotFoundException");
    let shift = json!({ "SecretId": "app", "VersionStage": "AWSCURRENT", "MoveToVersionId": three, "RemoveFromVersionId": two });
    world.ok("UpdateSecretVersionStage", shift).await;
    let seen = world.ok("DescribeSecret", json!({ "SecretId": "app" })).await;
    assert_eq!(seen["VersionIdsToStages"], json!({ &two: ["AWSPREVIOUS"], &three: ["AWSPENDING", "AWSCURRENT"] }));
    let listed = world.ok("ListSecretVersionIds", json!({ "SecretId": "app" })).await;
    assert_eq!(listed["Versions"].as_array().unwrap().len(), 2);
    let listed = world.ok("ListSecretVersionIds", json!({ "SecretId": "app", "IncludeDeprecated": true })).await;
    assert_eq!(listed["Versions"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_token_makes_one_version() {
    let world = World::new().await;
    let token = "t".repeat(32);
    let create = json!({ "Name": "app", "SecretString": "a", "ClientRequestToken": token });
    let first = world.ok("CreateSecret", create.clone()).await;
    assert_eq!(world.ok("CreateSecret", create.clone()).await, first);
    let mut other = create.clone();
    other["SecretString"] = "b".into();
    let expected = (
        "ResourceExistsException".to_owned(),
        "The operation failed because the secret app already exists.".to_owned(),
    );
    assert_eq!(world.error("CreateSecret", other).await, expected);
    assert_eq!(world.error("CreateSecret", json!({ "Name": "app" })).await, expected);
    let put = json!({ "SecretId": "app", "SecretString": "b", "ClientRequestToken": "u".repeat(32) });
    let done = world.ok("PutSecretValue", put.clone()).await;
    assert_eq!(world.ok("PutSecretValue", put.clone()).await, done);
    for operation in ["PutSecretValue", "UpdateSecret"] {
        let mut clash = put.clone();
        clash["SecretString"] = "c".into();
        let (code, message) = world.error(operation, clash).await;
        assert_eq!(code, "ResourceExistsException");
        assert!(
            message.starts_with(&format!("You can't use ClientRequestToken {} because", "u".repeat(32))),
            "{message}"
        );
    }
    assert_eq!(world.text("app").await, "b");
}

#[tokio::test]
async fn values_have_their_limits() {
    let world = World::new().await;
    for (input, code) in [
        (json!({ "Name": "a b", "SecretString": "x" }), "ValidationException"),
        (json!({ "Name": "a", "SecretString": "x".repeat(65_537) }), "ValidationException"),
        // In bytes, not in characters.
        (json!({ "Name": "a", "SecretString": "ä".repeat(40_000) }), "ValidationException"),
        (json!({ "Name": "a", "SecretString": "x", "SecretBinary": "eA==" }), "InvalidRequestException"),
        (json!({ "Name": "a", "ClientRequestToken": "short" }), "ValidationException"),
        (json!({ "Name": "a", "Tags": [{ "Key": "aws:x", "Value": "" }] }), "InvalidParameterException"),
        (json!({ "Name": "a", "Tags": [{ "Key": "k" }, { "Key": "k" }] }), "InvalidParameterException"),
        (json!({ "Name": "a", "AddReplicaRegions": [{ "Region": "eu-west-1" }] }), "NotImplemented"),
    ] {
        assert_eq!(world.error("CreateSecret", input.clone()).await.0, code);
    }
    world.create("a", &"x".repeat(65_536)).await;
    assert_eq!(world.text("a").await.len(), 65_536);
    let (code, message) = world.error("PutSecretValue", json!({ "SecretId": "a" })).await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
    );
    let stages: Vec<String> = (0..20).map(|n| format!("s{n}")).collect();
    let put = json!({ "SecretId": "a", "SecretString": "y", "VersionStages": stages });
    assert_eq!(world.error("PutSecretValue", put).await.0, "LimitExceededException");
}

/// A hundred versions are kept; the oldest that no stage holds goes when it is a day old.
#[tokio::test]
async fn old_versions_make_room() {
    let world = World::new().await;
    world.create("a", "0").await;
    for n in 1..100 {
        world.ok("PutSecretValue", json!({ "SecretId": "a", "SecretString": n.to_string() })).await;
    }
    let more = json!({ "SecretId": "a", "SecretString": "one more" });
    assert_eq!(world.error("PutSecretValue", more.clone()).await.0, "LimitExceededException");
    world.clock.advance_ms(DAY_MS);
    world.ok("PutSecretValue", more).await;
    let all = json!({ "SecretId": "a", "IncludeDeprecated": true, "MaxResults": 7 });
    let (mut seen, mut token) = (0, Value::Null);
    loop {
        let mut input = all.clone();
        if !token.is_null() {
            input["NextToken"] = token;
        }
        let page = world.ok("ListSecretVersionIds", input).await;
        seen += page["Versions"].as_array().unwrap().len();
        token = page["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, 100);
    assert_eq!(world.dump().await.matches("/secretsmanager/value/").count(), 100);
}

/// Of those who put at once, each makes a version, and one of them is current.
#[tokio::test]
async fn puts_at_once_all_count() {
    let world = World::new().await;
    world.create("a", "0").await;
    let puts: Vec<_> = (0..16)
        .map(|n| {
            let (secrets, context) = (world.secrets.clone(), world.context());
            tokio::spawn(async move {
                use gantry_aws_api::secretsmanager::{PutSecretValueRequest, SecretsManager as _};
                let input = PutSecretValueRequest {
                    secret_id: "a".into(),
                    secret_string: Some(n.to_string()),
                    ..Default::default()
                };
                secrets.put_secret_value(&context, input).await.unwrap()
            })
        })
        .collect();
    for put in puts {
        put.await.unwrap();
    }
    let all = world.ok("ListSecretVersionIds", json!({ "SecretId": "a", "IncludeDeprecated": true })).await;
    let stages: Vec<&Value> = all["Versions"].as_array().unwrap().iter().map(|v| &v["VersionStages"]).collect();
    assert_eq!(stages.len(), 17);
    for stage in ["AWSCURRENT", "AWSPREVIOUS"] {
        assert_eq!(stages.iter().filter(|s| ***s == json!([stage])).count(), 1, "{stage}");
    }
}
