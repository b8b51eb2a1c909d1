//! Replication's and backfills' cases for the walk over the model, and what their requests may not say.

use serde_json::{Value, json};

use crate::model_cases::{Case, Missing, given};
use crate::support::{ACCOUNT, Fixture};

const NO_BACKFILL: &str = "00000000-0000-4000-8000-000000000000";
const NOT_FOUND: &str = "ReplicationBackfillNotFoundException";

fn to(region: &str) -> Value {
    json!({ "region": region, "registryId": ACCOUNT })
}

fn configuration() -> Value {
    json!({ "replicationConfiguration": { "rules": [
        { "destinations": [to("eu-west-1")], "repositoryFilters": [{ "filter": "app", "filterType": "PREFIX_MATCH" }],
          "deleteReplication": { "enabled": true } }] } })
}

async fn configure(f: &Fixture) {
    f.call("PutReplicationConfiguration", configuration()).await.unwrap();
}

async fn backfill(f: &Fixture) -> Value {
    configure(f).await;
    let started = f.call("StartReplicationBackfill", json!({ "destination": to("eu-west-1") })).await.unwrap();
    json!({ "replicationBackfillId": started["replicationBackfillId"] })
}

pub const CASES: &[Case] = &[
    Case {
        operation: "DescribeImageReplicationStatus",
        needs: &[("ecr:DescribeImageReplicationStatus", "repository/app")],
        given: given!(|f| {
            configure(f).await;
            f.create("app").await;
            f.push_image("app", Some("v1"), "layer").await;
            json!({ "repositoryName": "app", "imageId": { "imageTag": "v1" } })
        }),
        shows: "/replicationStatuses/0/status",
        missing: Missing::Cases(&[
            (|| json!({ "repositoryName": "none", "imageId": { "imageTag": "v1" } }), "RepositoryNotFoundException"),
            (|| json!({ "repositoryName": "empty", "imageId": { "imageTag": "v1" } }), "ImageNotFoundException"),
        ]),
    },
    Case {
        operation: "DescribeReplicationBackfillResults",
        needs: &[("ecr:DescribeReplicationBackfillResults", "*")],
        given: given!(|f| backfill(f).await),
        shows: "/status",
        missing: Missing::Cases(&[(|| json!({ "replicationBackfillId": NO_BACKFILL }), NOT_FOUND)]),
    },
    Case {
        operation: "ListReplicationBackfills",
        needs: &[("ecr:ListReplicationBackfills", "*")],
        given: given!(|f| {
            backfill(f).await;
            json!({})
        }),
        shows: "/backfills/0/status",
        missing: Missing::Never("a registry without backfills has an empty list"),
    },
    Case {
        operation: "PutReplicationConfiguration",
        needs: &[("ecr:PutReplicationConfiguration", "*")],
        given: given!(|_f| configuration()),
        shows: "/replicationConfiguration/rules/0/destinations/0/region",
        missing: Missing::Never("it sets what there is one of"),
    },
    Case {
        operation: "StartReplicationBackfill",
        needs: &[("ecr:StartReplicationBackfill", "*")],
        given: given!(|f| {
            configure(f).await;
            json!({ "destination": to("eu-west-1") })
        }),
        shows: "/replicationBackfillId",
        missing: Missing::Cases(&[(|| json!({ "destination": to("eu-west-1") }), "InvalidParameterException")]),
    },
    Case {
        operation: "StopReplicationBackfill",
        needs: &[("ecr:StopReplicationBackfill", "*")],
        given: given!(|f| backfill(f).await),
        shows: "/status",
        missing: Missing::Cases(&[(|| json!({ "replicationBackfillId": NO_BACKFILL }), NOT_FOUND)]),
    },
];

#[tokio::test]
async fn a_configuration_is_kept_shown_and_taken_away() {
    let f = Fixture::new().await;
    let described =
        || async { f.call("DescribeRegistry", json!({})).await.unwrap()["replicationConfiguration"].clone() };
    assert_eq!(described().await, json!({ "rules": [] }));
    let put = f.call("PutReplicationConfiguration", configuration()).await.unwrap();
    assert_eq!(put, configuration());
    assert_eq!(json!({ "replicationConfiguration": described().await }), configuration());
    f.call("PutReplicationConfiguration", json!({ "replicationConfiguration": { "rules": [] } })).await.unwrap();
    assert_eq!(described().await, json!({ "rules": [] }));
}

#[tokio::test]
async fn destinations_that_cannot_be_are_refused() {
    let f = Fixture::new().await;
    let many: Vec<Value> =
        (0..101).map(|n| json!({ "region": "eu-west-1", "registryId": format!("{n:012}") })).collect();
    for (destinations, why) in [
        (json!([to("us-east-1")]), "itself"),
        (json!([to("eu-west-1"), to("eu-west-1")]), "twice"),
        (json!([to("cn-north-1")]), "another partition"),
        (json!(many[..100]), ""),
    ] {
        let input = json!({ "replicationConfiguration": { "rules": [{ "destinations": destinations }] } });
        let put = f.call("PutReplicationConfiguration", input).await;
        assert_eq!(put.err().map(|e| e.code), (!why.is_empty()).then(|| "InvalidParameterException".into()), "{why}");
    }
    let rules: Vec<Value> = many.iter().map(|d| json!({ "destinations": [d] })).collect();
    let input = json!({ "replicationConfiguration": { "rules": rules } });
    assert!(f.call("PutReplicationConfiguration", input).await.is_err(), "over 25 rules, over 100 destinations");
}

#[tokio::test]
async fn one_backfill_at_a_time_goes_to_a_region() {
    let f = Fixture::new().await;
    let id = backfill(&f).await;
    let again = f.call("StartReplicationBackfill", json!({ "destination": to("eu-west-1") })).await.unwrap_err();
    assert_eq!(again.code, "ReplicationBackfillInProgressException");
    let shown = f.call("DescribeReplicationBackfillResults", id.clone()).await.unwrap();
    assert_eq!((&shown["status"], &shown["progress"]), (&json!("PREPARING"), &Value::Null));
    let stopped = f.call("StopReplicationBackfill", id.clone()).await.unwrap();
    assert_eq!(stopped["status"], "STOPPED", "nothing was under way");
    let twice = f.call("StopReplicationBackfill", id.clone()).await.unwrap_err();
    assert_eq!(twice.code, "ReplicationBackfillInvalidStatusException");
    backfill(&f).await;
    let listed = f.call("ListReplicationBackfills", json!({ "maxResults": 1 })).await.unwrap();
    let rest = json!({ "maxResults": 1, "nextToken": listed["nextToken"] });
    let rest = f.call("ListReplicationBackfills", rest).await.unwrap();
    let mut statuses = [&listed, &rest].map(|l| l["backfills"][0]["status"].as_str().unwrap().to_owned());
    statuses.sort();
    assert_eq!(statuses, ["PREPARING", "STOPPED"]);
    assert_eq!(rest["nextToken"], Value::Null);
}

#[tokio::test]
async fn at_most_ten_backfills_are_under_way() {
    let f = Fixture::new().await;
    let regions: Vec<String> = (1..=11).map(|n| format!("eu-west-{n}")).collect();
    let all: Vec<Value> = regions.iter().map(|r| to(r)).collect();
    let input = json!({ "replicationConfiguration": { "rules": [{ "destinations": all }] } });
    f.call("PutReplicationConfiguration", input).await.unwrap();
    for (n, region) in regions.iter().enumerate() {
        let started = f.call("StartReplicationBackfill", json!({ "destination": to(region) })).await;
        assert_eq!(started.err().map(|e| e.code), (n == 10).then(|| "LimitExceededException".into()));
    }
}
