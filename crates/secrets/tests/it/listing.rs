//! ListSecrets and batches.

use serde_json::{Value, json};

use crate::support::World;

async fn names(world: &World, input: Value) -> Vec<String> {
    let listed = world.ok("ListSecrets", input).await;
    listed["SecretList"].as_array().unwrap().iter().map(|s| s["Name"].as_str().unwrap().to_owned()).collect()
}

async fn filled() -> World {
    let world = World::new().await;
    for (name, description, tag) in
        [("prod/db", "The Database of production", "db"), ("prod/api", "key", "web"), ("test/db", "", "db")]
    {
        let tags = json!([{ "Key": "kind", "Value": tag }]);
        let input = json!({ "Name": name, "Description": description, "Tags": tags, "SecretString": name });
        world.ok("CreateSecret", input).await;
        world.clock.advance_ms(1000);
    }
    world
}

#[tokio::test]
async fn filters_choose() {
    let world = filled().await;
    let filter = |key: &str, values: &[&str]| json!([{ "Key": key, "Values": values }]);
    let all = ["test/db", "prod/api", "prod/db"];
    for (filters, expected) in [
        (json!([]), &all[..]),
        (filter("name", &["prod/"]), &["prod/api", "prod/db"][..]),
        (filter("name", &["!prod/"]), &["test/db"]),
        (filter("name", &["prod/api", "test"]), &["test/db", "prod/api"]),
        (filter("name", &["PROD"]), &[]),
        (filter("description", &["data"]), &["prod/db"]),
        (filter("tag-key", &["kind"]), &all),
        (filter("tag-value", &["db"]), &["test/db", "prod/db"]),
        (filter("tag-value", &["DB"]), &[]),
        (filter("all", &["db"]), &["test/db", "prod/db"]),
        (filter("all", &["Production database"]), &["prod/db"]),
        (filter("owning-service", &["rds"]), &[]),
        (filter("primary-region", &["us-east-1"]), &all),
        (json!([{ "Key": "name", "Values": ["prod"] }, { "Key": "tag-value", "Values": ["db"] }]), &["prod/db"]),
    ] {
        assert_eq!(names(&world, json!({ "Filters": filters })).await, expected, "{filters}");
    }
    assert_eq!(names(&world, json!({ "SortOrder": "asc" })).await, ["prod/db", "prod/api", "test/db"]);
    assert_eq!(
        names(&world, json!({ "SortBy": "name", "SortOrder": "asc" })).await,
        ["prod/api", "prod/db", "test/db"]
    );
    world.ok("DeleteSecret", json!({ "SecretId": "prod/db" })).await;
    assert_eq!(names(&world, json!({})).await, ["test/db", "prod/api"]);
    assert_eq!(names(&world, json!({ "IncludePlannedDeletion": true })).await, all);
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat() {
    let world = World::new().await;
    for n in 0..25 {
        world.create(&format!("s{n:02}"), "x").await;
    }
    for (by, order) in [("name", "asc"), ("name", "desc"), ("created-date", "asc"), ("last-changed-date", "desc")] {
        let (mut seen, mut token) = (Vec::new(), Value::Null);
        loop {
            let mut input = json!({ "MaxResults": 4, "SortBy": by, "SortOrder": order });
            if !token.is_null() {
                input["NextToken"] = token;
            }
            let page = world.ok("ListSecrets", input).await;
            seen.extend(page["SecretList"].as_array().unwrap().iter().map(|s| s["Name"].to_string()));
            token = page["NextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        let mut unique = seen.clone();
        unique.sort();
        unique.dedup();
        assert_eq!((seen.len(), unique.len()), (25, 25), "{by} {order}");
    }
    let first = world.ok("ListSecrets", json!({ "MaxResults": 4 })).await;
    for bad in [json!("nonsense"), json!("AAAA")] {
        assert_eq!(world.error("ListSecrets", json!({ "NextToken": bad })).await.0, "InvalidNextTokenException");
    }
    let moved = json!({ "NextToken": first["NextToken"], "Filters": [{ "Key": "name", "Values": ["s"] }] });
    assert_eq!(world.error("ListSecrets", moved).await.0, "InvalidNextTokenException");
}

#[tokio::test]
async fn a_batch_tells_what_it_may() {
    let world = filled().await;
    world.authority.denied.lock().unwrap().insert("secretsmanager:GetSecretValue prod/api".into());
    let got = world.ok("BatchGetSecretValue", json!({ "SecretIdList": ["prod/db", "prod/api", "nothing"] })).await;
    let values: Vec<&Value> = got["SecretValues"].as_array().unwrap().iter().map(|v| &v["SecretString"]).collect();
    assert_eq!(values, ["prod/db"]);
    let errors: Vec<_> = got["Errors"].as_array().unwrap().iter().map(|e| (&e["SecretId"], &e["ErrorCode"])).collect();
    assert_eq!(
        errors,
        [
            (&json!("prod/api"), &json!("AccessDeniedException")),
            (&json!("nothing"), &json!("ResourceNotFoundException"))
        ]
    );
    let filters = json!([{ "Key": "tag-value", "Values": ["db"] }]);
    let page = world.ok("BatchGetSecretValue", json!({ "Filters": filters, "MaxResults": 1 })).await;
    assert_eq!(page["SecretValues"][0]["Name"], "test/db");
    let rest = json!({ "Filters": filters, "MaxResults": 1, "NextToken": page["NextToken"] });
    let rest = world.ok("BatchGetSecretValue", rest).await;
    assert_eq!((&rest["SecretValues"][0]["Name"], &rest["NextToken"]), (&json!("prod/db"), &Value::Null));
    for bad in [
        json!({}),
        json!({ "SecretIdList": ["a"], "Filters": filters }),
        json!({ "SecretIdList": ["a"], "MaxResults": 2 }),
    ] {
        assert_eq!(world.error("BatchGetSecretValue", bad).await.0, "InvalidParameterException");
    }
}
