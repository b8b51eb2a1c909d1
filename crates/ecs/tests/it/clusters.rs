//! Clusters.

use serde_json::json;

use crate::support::Stack;

#[tokio::test]
async fn clusters_are_made_described_and_deleted() {
    let stack = Stack::new().await;
    let input = json!({"clusterName": "web", "tags": [{"key": "a", "value": "b"}],
                       "settings": [{"name": "containerInsights", "value": "enabled"}]});
    let made = stack.ok("CreateCluster", input).await;
    assert_eq!(made["cluster"]["status"], "ACTIVE");
    assert_eq!(made["cluster"]["clusterArn"], "arn:aws:ecs:us-east-1:123456789012:cluster/web");

    let described = stack
        .ok("DescribeClusters", json!({"clusters": ["web", "nope"], "include": ["TAGS", "SETTINGS", "STATISTICS"]}))
        .await;
    assert_eq!(described["clusters"][0]["tags"][0]["key"], "a");
    assert_eq!(described["clusters"][0]["settings"][0]["value"], "enabled");
    assert!(described["clusters"][0]["statistics"].as_array().is_some_and(|s| !s.is_empty()));
    assert_eq!(
        described["failures"],
        json!([{"arn": "arn:aws:ecs:us-east-1:123456789012:cluster/nope", "reason": "MISSING"}])
    );
    // Making it again answers with what is there.
    assert_eq!(stack.ok("CreateCluster", json!({"clusterName": "web"})).await["cluster"]["tags"][0]["key"], "a");

    let gone = stack.ok("DeleteCluster", json!({"cluster": "web"})).await;
    assert_eq!(gone["cluster"]["status"], "INACTIVE");
    assert_eq!(stack.ok("ListClusters", json!({})).await["clusterArns"], json!([]));
    let described = stack.ok("DescribeClusters", json!({"clusters": ["web"]})).await;
    assert_eq!(described["clusters"][0]["status"], "INACTIVE");
    assert_eq!(stack.ok("CreateCluster", json!({"clusterName": "web"})).await["cluster"]["status"], "ACTIVE");
}

#[tokio::test]
async fn the_default_cluster_is_called_default() {
    let stack = Stack::new().await;
    assert_eq!(stack.ok("CreateCluster", json!({})).await["cluster"]["clusterName"], "default");
    assert_eq!(stack.ok("DescribeClusters", json!({})).await["clusters"][0]["clusterName"], "default");
}

#[tokio::test]
async fn a_cluster_with_tasks_stays() {
    let stack = Stack::with_app().await;
    let arn = stack.run(json!({})).await.remove(0);
    let (code, message) = stack.refused("DeleteCluster", json!({"cluster": "c1"})).await;
    assert_eq!(code, "ClusterContainsTasksException");
    assert_eq!(message, "The Cluster cannot be deleted while Tasks are active.");
    let counts = stack.ok("DescribeClusters", json!({"clusters": ["c1"]})).await;
    assert_eq!(
        (&counts["clusters"][0]["status"], &counts["clusters"][0]["pendingTasksCount"]),
        (&json!("ACTIVE"), &json!(1))
    );
    let report = stack.start(&arn).await;
    let counts = stack.ok("DescribeClusters", json!({"clusters": ["c1"]})).await;
    assert_eq!(counts["clusters"][0]["runningTasksCount"], 1);
    stack.finish(report, 0).await;
    stack.status(&arn, "STOPPED").await;
    let counts = stack.ok("DescribeClusters", json!({"clusters": ["c1"]})).await;
    assert_eq!(counts["clusters"][0]["runningTasksCount"], 0);
    stack.ok("DeleteCluster", json!({"cluster": "c1"})).await;
}

#[tokio::test]
async fn deleting_and_running_at_once_leaves_no_task_in_a_deleted_cluster() {
    let stack = Stack::with_app().await;
    for round in 0..20 {
        let name = format!("race{round}");
        stack.ok("CreateCluster", json!({"clusterName": name})).await;
        let run = stack.call("RunTask", crate::support::run_input(json!({"cluster": name})));
        let delete = stack.call("DeleteCluster", json!({"cluster": name}));
        let (ran, deleted) = tokio::join!(run, delete);
        assert!(ran.is_err() || deleted.is_err(), "round {round}: both went through");
    }
}

#[tokio::test]
async fn clusters_are_listed_in_pages() {
    let stack = Stack::new().await;
    for n in 0..7 {
        stack.ok("CreateCluster", json!({"clusterName": format!("c{n}")})).await;
    }
    stack.ok("DeleteCluster", json!({"cluster": "c2"})).await;
    let first = stack.ok("ListClusters", json!({"maxResults": 4})).await;
    assert_eq!(first["clusterArns"].as_array().map(Vec::len), Some(4));
    let second = stack.ok("ListClusters", json!({"maxResults": 4, "nextToken": first["nextToken"]})).await;
    assert_eq!(second["clusterArns"].as_array().map(Vec::len), Some(2));
    assert!(second["nextToken"].is_null());
    assert_eq!(stack.refused("ListClusters", json!({"nextToken": "x"})).await.1, "Invalid token");
    assert_eq!(stack.refused("ListClusters", json!({"maxResults": 101})).await.0, "InvalidParameterException");
}

#[tokio::test]
async fn clusters_are_changed() {
    let stack = Stack::with_app().await;
    let settings = json!([{"name": "containerInsights", "value": "enhanced"}]);
    let changed = stack.ok("UpdateClusterSettings", json!({"cluster": "c1", "settings": settings})).await;
    assert_eq!(changed["cluster"]["settings"], settings);
    let configuration = json!({"executeCommandConfiguration": {"logging": "NONE"}});
    let changed = stack.ok("UpdateCluster", json!({"cluster": "c1", "configuration": configuration})).await;
    assert_eq!(changed["cluster"]["configuration"], configuration);
    for (operation, input) in [
        ("UpdateClusterSettings", json!({"cluster": "nope", "settings": settings})),
        ("UpdateCluster", json!({"cluster": "nope"})),
        ("DeleteCluster", json!({"cluster": "nope"})),
        (
            "PutClusterCapacityProviders",
            json!({"cluster": "nope", "capacityProviders": [], "defaultCapacityProviderStrategy": []}),
        ),
    ] {
        assert_eq!(stack.refused(operation, input).await.0, "ClusterNotFoundException", "{operation}");
    }
    let bad = json!({"cluster": "c1", "settings": [{"name": "x", "value": "y"}]});
    assert_eq!(stack.refused("UpdateClusterSettings", bad).await.0, "InvalidParameterException");
    let unknown = json!({"cluster": "c1", "capacityProviders": ["x"], "defaultCapacityProviderStrategy": []});
    assert_eq!(stack.refused("PutClusterCapacityProviders", unknown).await.0, "InvalidParameterException");
    assert_eq!(stack.refused("CreateCluster", json!({"clusterName": "a b"})).await.0, "InvalidParameterException");
}

#[tokio::test]
async fn what_is_not_there_yet_is_told_honestly() {
    let stack = Stack::with_app().await;
    let answer = stack.ok("DescribeServices", json!({"cluster": "c1", "services": ["s"]})).await;
    assert_eq!(answer["failures"][0]["arn"], "arn:aws:ecs:us-east-1:123456789012:service/c1/s");
    assert_eq!(stack.ok("ListServices", json!({"cluster": "c1"})).await["serviceArns"], json!([]));
    assert_eq!(stack.ok("ListContainerInstances", json!({"cluster": "c1"})).await["containerInstanceArns"], json!([]));
    assert_eq!(stack.refused("ListServices", json!({"cluster": "x"})).await.0, "ClusterNotFoundException");
    let made = stack.refused("CreateService", json!({"serviceName": "s"})).await;
    assert_eq!(made.0, "NotImplemented");
    let providers = stack.ok("DescribeCapacityProviders", json!({})).await;
    assert_eq!(providers["capacityProviders"].as_array().map(Vec::len), Some(2));
}
