//! The metadata and credentials endpoints, over TCP.

use std::sync::atomic::Ordering;

use gantry_agent_api::*;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::rig::*;

async fn get(rig: &Rig, id: &str, path: &str) -> (u16, Value) {
    let at = *rig.networking.endpoints.lock().get(id).expect("an endpoint");
    let mut stream = tokio::net::TcpStream::connect(at).await.expect("a connection");
    let request = format!("GET {path} HTTP/1.1\r\nHost: 169.254.170.2\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
    (status, serde_json::from_str(body).expect("JSON"))
}

#[tokio::test]
async fn a_task_sees_itself() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let mut spec = logged(container("a", &["run"]), "/g", &[("awslogs-create-group", "true")]);
    spec.memory_mib = 128;
    spec.cpu_units = 10;
    let task = assignment(vec![spec, container("b", &["run"])]);
    let id = task.sandbox_id.clone();
    put(&rig.store, &task).await;
    let report = phase(&rig.store, &id, Phase::Running).await;
    let runtime_id = report.containers[0].runtime_id.clone();

    let (status, doc) = get(&rig, &id, &format!("/v4/{runtime_id}/task")).await;
    assert_eq!(status, 200);
    let ecs = task.spec.ecs.clone().expect("ECS");
    assert_eq!(doc["Cluster"], ecs.cluster_arn);
    assert_eq!(doc["TaskARN"], ecs.task_arn);
    assert_eq!((&doc["Family"], &doc["Revision"]), (&json!("app"), &json!("3")));
    assert_eq!((&doc["DesiredStatus"], &doc["KnownStatus"]), (&json!("RUNNING"), &json!("RUNNING")));
    assert_eq!(doc["Limits"], json!({ "CPU": 0.25, "Memory": 512 }));
    assert_eq!((&doc["AvailabilityZone"], &doc["LaunchType"]), (&json!("us-east-1a"), &json!("FARGATE")));
    assert_eq!(doc["PullStartedAt"], report.pull_started_at.expect("a time").rfc3339());
    assert_eq!(doc["Containers"].as_array().expect("a list").len(), 2);
    assert_eq!(doc.get("TaskTags"), None);
    let (_, tagged) = get(&rig, &id, &format!("/v4/{runtime_id}/taskWithTags")).await;
    assert_eq!(tagged["TaskTags"], json!({ "team": "x" }));

    let (_, own) = get(&rig, &id, &format!("/v4/{runtime_id}")).await;
    assert_eq!(own, doc["Containers"][0]);
    assert_eq!((&own["DockerId"], &own["Name"]), (&json!(runtime_id), &json!("a")));
    assert_eq!(own["ImageID"], "sha256:config-of-app");
    assert_eq!(own["Limits"], json!({ "CPU": 10, "Memory": 128 }));
    assert_eq!(own["LogOptions"]["awslogs-stream"], format!("ecs/a/{id}"));
    assert_eq!(own["Labels"]["com.amazonaws.ecs.task-definition-version"], "3");
    let network = json!({
        "NetworkMode": "awsvpc", "IPv4Addresses": ["172.31.0.7"], "AttachmentIndex": 0,
        "MACAddress": "02:00:ac:1f:00:07", "IPv4SubnetCIDRBlock": "172.31.0.0/20",
        "PrivateDNSName": "ip-172-31-0-7.ec2.internal", "SubnetGatewayIpv4Address": "172.31.0.1/20",
    });
    assert_eq!(own["Networks"], json!([network]));
    let (_, stats) = get(&rig, &id, &format!("/v4/{runtime_id}/stats")).await;
    assert_eq!((&stats["memory_stats"]["usage"], &stats["id"]), (&json!(4096), &json!(runtime_id)));
    let (_, all) = get(&rig, &id, &format!("/v3/{runtime_id}/task/stats")).await;
    assert_eq!(all.as_object().expect("a map").len(), 2);
    for path in ["/v4/nobody", "/v4/nobody/task", "/latest/meta-data", "/", "/v4/%00/../x"] {
        assert_eq!(get(&rig, &id, path).await.0, 404, "{path}");
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn credentials_are_for_those_who_know_the_id() {
    let rig = Rig::new();
    let agent = rig.agent().await;
    let mut task = assignment(vec![container("a", &["run"])]);
    task.spec.task_role_arn = Some("arn:aws:iam::123456789012:role/app".to_owned());
    let id = task.sandbox_id.clone();
    put(&rig.store, &task).await;
    phase(&rig.store, &id, Phase::Running).await;
    let env = rig.runtime.sandbox(&id).expect("a sandbox").container("a").setup.environment.clone();
    let uri = env.iter().find(|(k, _)| k == "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").expect("a path").1.clone();
    for _ in 0..3 {
        let (status, body) = get(&rig, &id, &uri).await;
        assert_eq!(status, 200);
        assert_eq!(body["RoleArn"], "arn:aws:iam::123456789012:role/app");
        assert_eq!((&body["AccessKeyId"], &body["Token"]), (&json!("ASIA0000000000000000"), &json!(id)));
        let expiration = body["Expiration"].as_str().expect("a time");
        assert!(expiration.len() == 20 && expiration.ends_with('Z'), "{expiration}");
    }
    assert_eq!(rig.credentials.asked.load(Ordering::SeqCst), 1, "they are kept");
    let (status, body) = get(&rig, &id, "/v2/credentials/0b2a4e0e-7e12-4d6d-9c0e-2f0f1f9b6f11").await;
    let refusal = json!({
        "code": "InvalidIdInRequest", "message": "CredentialsV2Request: Credentials not found", "HTTPErrorCode": 400,
    });
    assert_eq!((status, body), (400, refusal));
    assert_eq!(get(&rig, &id, "/v2/credentials").await.1["code"], "NoIdInRequest");

    // The id outlives the agent, for it stands in the containers' environment.
    agent.shutdown().await;
    let agent = rig.agent().await;
    eventually("the endpoint", || rig.networking.endpoints.lock().contains_key(&id)).await;
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert_eq!(get(&rig, &id, &uri).await.0, 200);
    let mut last = 200;
    for _ in 0..200 {
        last = get(&rig, &id, "/v2/credentials/x").await.0;
        if last == 429 {
            break;
        }
    }
    assert_eq!(last, 429, "a flood is refused");
    agent.shutdown().await;
}
