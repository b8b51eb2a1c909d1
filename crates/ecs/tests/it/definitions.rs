//! Task definitions.

use serde_json::{Value, json};

use crate::support::{EXECUTION_ROLE, Stack, app, merge};

#[tokio::test]
async fn revisions_only_grow() {
    let stack = Stack::new().await;
    for revision in 1..=3 {
        let made = stack.ok("RegisterTaskDefinition", app()).await;
        assert_eq!(made["taskDefinition"]["revision"], revision);
    }
    stack.ok("DeregisterTaskDefinition", json!({"taskDefinition": "app:3"})).await;
    assert_eq!(stack.ok("RegisterTaskDefinition", app()).await["taskDefinition"]["revision"], 4);
    stack.ok("DeregisterTaskDefinition", json!({"taskDefinition": "app:4"})).await;
    // The newest active one is meant where no revision is named.
    let newest = stack.ok("DescribeTaskDefinition", json!({"taskDefinition": "app"})).await;
    assert_eq!(newest["taskDefinition"]["revision"], 2);
    let inactive = stack.ok("DescribeTaskDefinition", json!({"taskDefinition": "app:4"})).await;
    assert_eq!(inactive["taskDefinition"]["status"], "INACTIVE");
    assert!(inactive["taskDefinition"]["deregisteredAt"].is_number());
}

#[tokio::test]
async fn registering_at_once_gives_each_its_own_revision() {
    let stack = Stack::new().await;
    let all = futures_util::future::join_all((0..10).map(|_| stack.ok("RegisterTaskDefinition", app()))).await;
    let mut revisions: Vec<i64> = all.iter().filter_map(|a| a["taskDefinition"]["revision"].as_i64()).collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_definition_is_shown_with_defaults() {
    let stack = Stack::new().await;
    let mut input = app();
    merge(&mut input, json!({"cpu": ".25 vCPU", "memory": "0.5GB", "tags": [{"key": "k", "value": "v"}]}));
    let made = stack.ok("RegisterTaskDefinition", input).await;
    let d = &made["taskDefinition"];
    assert_eq!((&d["cpu"], &d["memory"]), (&json!("256"), &json!("512")));
    assert_eq!(d["compatibilities"], json!(["EC2", "FARGATE"]));
    assert_eq!(d["taskDefinitionArn"], "arn:aws:ecs:us-east-1:123456789012:task-definition/app:1");
    assert_eq!(d["registeredBy"], "arn:aws:iam::123456789012:user/u");
    let c = &d["containerDefinitions"][0];
    assert_eq!((&c["essential"], &c["cpu"]), (&json!(true), &json!(0)));
    assert_eq!(c["portMappings"][0], json!({"containerPort": 80, "hostPort": 80, "protocol": "tcp"}));
    assert_eq!(made["tags"], json!([{"key": "k", "value": "v"}]));
    let with_tags = stack.ok("DescribeTaskDefinition", json!({"taskDefinition": "app", "include": ["TAGS"]})).await;
    assert_eq!(with_tags["tags"], made["tags"]);
}

#[tokio::test]
async fn definitions_and_families_are_listed() {
    let stack = Stack::new().await;
    for family in ["app", "app", "app-b", "zed"] {
        let mut input = app();
        merge(&mut input, json!({"family": family}));
        stack.ok("RegisterTaskDefinition", input).await;
    }
    stack.ok("DeregisterTaskDefinition", json!({"taskDefinition": "zed:1"})).await;
    let names = |answer: &Value| -> Vec<String> {
        let arns = answer["taskDefinitionArns"].as_array().expect("arns");
        arns.iter().filter_map(|a| a.as_str()?.rsplit('/').next().map(str::to_owned)).collect()
    };
    let app_only = stack.ok("ListTaskDefinitions", json!({"familyPrefix": "app"})).await;
    assert_eq!(names(&app_only), ["app:1", "app:2"]);
    let descending = stack.ok("ListTaskDefinitions", json!({"familyPrefix": "app", "sort": "DESC"})).await;
    assert_eq!(names(&descending), ["app:2", "app:1"]);
    let inactive = stack.ok("ListTaskDefinitions", json!({"status": "INACTIVE"})).await;
    assert_eq!(names(&inactive), ["zed:1"]);
    for sort in ["ASC", "DESC"] {
        let (mut seen, mut token) = (Vec::new(), Value::Null);
        loop {
            let mut input = json!({"maxResults": 1, "sort": sort});
            merge(&mut input, json!({"nextToken": token}));
            let page = stack.ok("ListTaskDefinitions", input).await;
            seen.extend(names(&page));
            token = page["nextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        seen.sort();
        assert_eq!(seen, ["app-b:1", "app:1", "app:2"], "{sort}");
    }
    assert_eq!(stack.refused("ListTaskDefinitions", json!({"nextToken": "x"})).await.1, "Invalid token");

    let families = async |input: Value| stack.ok("ListTaskDefinitionFamilies", input).await["families"].clone();
    assert_eq!(families(json!({})).await, json!(["app", "app-b", "zed"]));
    assert_eq!(families(json!({"status": "ACTIVE"})).await, json!(["app", "app-b"]));
    assert_eq!(families(json!({"status": "INACTIVE"})).await, json!(["zed"]));
    assert_eq!(families(json!({"familyPrefix": "app-"})).await, json!(["app-b"]));
    let first = stack.ok("ListTaskDefinitionFamilies", json!({"maxResults": 2})).await;
    let rest = stack.ok("ListTaskDefinitionFamilies", json!({"maxResults": 2, "nextToken": first["nextToken"]})).await;
    assert_eq!(rest["families"], json!(["zed"]));
    assert_eq!(
        stack.refused("ListTaskDefinitionFamilies", json!({"status": "x"})).await.0,
        "InvalidParameterException"
    );
}

#[tokio::test]
async fn only_inactive_definitions_are_deleted() {
    let stack = Stack::with_app().await;
    let input = json!({"taskDefinitions": ["app:1", "app:7", "app"]});
    let answer = stack.ok("DeleteTaskDefinitions", input.clone()).await;
    assert_eq!(answer["taskDefinitions"], json!([]));
    assert_eq!(answer["failures"].as_array().map(Vec::len), Some(3));
    stack.ok("DeregisterTaskDefinition", json!({"taskDefinition": "app:1"})).await;
    let answer = stack.ok("DeleteTaskDefinitions", json!({"taskDefinitions": ["app:1"]})).await;
    assert_eq!(answer["taskDefinitions"][0]["status"], "DELETE_IN_PROGRESS");
    // Nothing was made from it, so it soon goes for good; its number is not given again.
    let gone = async {
        while stack.call("DescribeTaskDefinition", json!({"taskDefinition": "app:1"})).await.is_ok() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gone).await.expect("deleted in time");
    let deleting = stack.ok("ListTaskDefinitions", json!({"status": "DELETE_IN_PROGRESS"})).await;
    assert_eq!(deleting["taskDefinitionArns"], json!([]));
    assert_eq!(stack.ok("RegisterTaskDefinition", app()).await["taskDefinition"]["revision"], 2);
    assert_eq!(
        stack.refused("DeleteTaskDefinitions", json!({"taskDefinitions": []})).await.0,
        "InvalidParameterException"
    );
    for text in ["app", "nope:1", "a b"] {
        let got = stack.refused("DeregisterTaskDefinition", json!({"taskDefinition": text})).await;
        assert_eq!(got.0, "ClientException", "{text}");
    }
    let got = stack.refused("DescribeTaskDefinition", json!({"taskDefinition": "nope"})).await;
    assert_eq!(got, ("ClientException".to_owned(), "Unable to describe task definition.".to_owned()));
}

#[tokio::test]
async fn a_definition_in_use_stays_until_its_tasks_are_gone() {
    let stack = Stack::with_app().await;
    let arn = stack.run(json!({})).await.remove(0);
    stack.ok("DeregisterTaskDefinition", json!({"taskDefinition": "app:1"})).await;
    stack.ok("DeleteTaskDefinitions", json!({"taskDefinitions": ["app:1"]})).await;
    let (_, message) = stack.refused("RunTask", crate::support::run_input(json!({"taskDefinition": "app:1"}))).await;
    assert_eq!(message, "TaskDefinition is inactive");
    stack.ok("StopTask", json!({"cluster": "c1", "task": arn})).await;
    stack.status(&arn, "STOPPED").await;
    let kept = stack.ok("DescribeTaskDefinition", json!({"taskDefinition": "app:1"})).await;
    assert_eq!(kept["taskDefinition"]["status"], "DELETE_IN_PROGRESS");
    stack.clock.advance_ms(3_600_001);
    let gone = async {
        while stack.call("DescribeTaskDefinition", json!({"taskDefinition": "app:1"})).await.is_ok() {
            // Anything that happens wakes the controller, which then sees the time.
            stack.ok("RegisterTaskDefinition", app()).await;
            let other = stack.run(json!({})).await.remove(0);
            stack.ok("StopTask", json!({"cluster": "c1", "task": other})).await;
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), gone).await.expect("deleted in time");
}

/// The request with one container that has `more`.
fn with_container(more: Value) -> Value {
    let mut input = app();
    merge(&mut input["containerDefinitions"][0], more);
    input
}

fn with(more: Value) -> Value {
    let mut input = app();
    merge(&mut input, more);
    input
}

#[tokio::test]
async fn bad_definitions_are_refused_in_ecs_words() {
    let stack = Stack::new().await;
    let two = |a: Value, b: Value| {
        let mut containers = json!([{"name": "a", "image": "i"}, {"name": "b", "image": "i"}]);
        merge(&mut containers[0], a);
        merge(&mut containers[1], b);
        with(json!({"containerDefinitions": containers}))
    };
    let depends = |on: &str, condition: &str| json!({"dependsOn": [{"containerName": on, "condition": condition}]});
    let not_essential = |mut more: Value| {
        merge(&mut more, json!({"essential": false}));
        more
    };
    for (input, message) in [
        (with(json!({"family": "a b"})), "Family contains invalid characters."),
        (with(json!({"containerDefinitions": []})), "Container list cannot be empty."),
        (two(json!({}), json!({"name": "a"})), "Container names must be unique within a task definition."),
        (with_container(json!({"image": ""})), "Container.image should not be null or empty."),
        (with_container(json!({"essential": false})), "A task definition must have at least one essential container."),
        (
            with(json!({"memory": "5120"})),
            "No Fargate configuration exists for given values: 256 CPU, 5120 memory. See the Amazon ECS documentation for the valid values.",
        ),
        (with(json!({"cpu": null})), "Fargate requires that 'cpu' be defined at the task level."),
        (
            with(
                json!({"memory": null, "cpu": "256", "containerDefinitions": [{"name": "a", "image": "i", "memory": 64}]}),
            ),
            "Fargate requires that 'memory' be defined at the task level.",
        ),
        (with(json!({"networkMode": "bridge"})), "Fargate only supports network mode ‘awsvpc’."),
        (with(json!({"networkMode": null})), "Fargate only supports network mode ‘awsvpc’."),
        (
            with_container(json!({"portMappings": [{"containerPort": 80, "hostPort": 81}]})),
            "When networkMode=awsvpc, the host ports and container ports in port mappings must match.",
        ),
        (with_container(json!({"mountPoints": [{"sourceVolume": "x", "containerPath": "/x"}]})), "Unknown volume 'x'."),
        (
            with(json!({"volumes": [{"name": "v", "host": {"sourcePath": "/etc"}}]})),
            "host.sourcePath should not be set for volumes in Fargate.",
        ),
        (with_container(json!({"privileged": true})), "Fargate does not support privileged containers."),
        (
            with_container(json!({"logConfiguration": {"logDriver": "awslogs"}})),
            "Log driver awslogs requires options: awslogs-region, awslogs-group",
        ),
        (
            with(
                json!({"executionRoleArn": null, "containerDefinitions": [{"name": "a", "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a"}]}),
            ),
            "Fargate requires task definition to have execution role ARN to support ECR images.",
        ),
        (with(json!({"ephemeralStorage": {"sizeInGiB": 20}})), "EphemeralStorage size should be at least 21"),
        (with(json!({"ephemeralStorage": {"sizeInGiB": 201}})), "EphemeralStorage size should be at most 200"),
        (
            with(json!({"pidMode": "host"})),
            "Tasks using the Fargate launch type do not support pidMode 'host'. The supported value for pidMode is 'task'.",
        ),
        (
            with_container(json!({"cpu": 512})),
            "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
        ),
        (
            two(depends("b", "START"), depends("a", "START")),
            "A cyclic dependency was found among the containers' dependsOn.",
        ),
        (with_container(depends("web", "START")), "A cyclic dependency was found among the containers' dependsOn."),
        (
            two(depends("b", "SUCCESS"), json!({})),
            "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container",
        ),
        (
            two(depends("b", "HEALTHY"), not_essential(json!({}))),
            "Container 'b' must have a health check, since another container depends on it with condition HEALTHY.",
        ),
        (
            with_container(json!({"healthCheck": {"command": ["CMD", "true"], "interval": 1}})),
            "Health check interval must be between 5 and 300.",
        ),
        (with_container(json!({"stopTimeout": 121})), "stopTimeout must be between 0 and 120 seconds."),
        (
            with_container(json!({"linuxParameters": {"capabilities": {"add": ["SYS_ADMIN"]}}})),
            "Fargate does not support adding the Linux capability 'SYS_ADMIN'. The only one that can be added is SYS_PTRACE.",
        ),
    ] {
        let got = stack.refused("RegisterTaskDefinition", input.clone()).await;
        assert_eq!(got, ("ClientException".to_owned(), message.to_owned()), "{input}");
    }
    assert!(stack.store.list("/aws/").await.expect("a list").kvs.is_empty(), "nothing is half written");
}

#[tokio::test]
async fn good_definitions_of_many_kinds_are_taken() {
    let stack = Stack::new().await;
    let logs = json!({"logDriver": "awslogs", "options": {
        "awslogs-group": "g", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "p"}});
    for input in [
        with_container(json!({"logConfiguration": logs})),
        with_container(json!({"healthCheck": {"command": ["CMD-SHELL", "true"]}})),
        with_container(
            json!({"linuxParameters": {"capabilities": {"add": ["SYS_PTRACE"], "drop": ["ALL"]}, "initProcessEnabled": true}}),
        ),
        with(
            json!({"pidMode": "task", "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"}}),
        ),
        with(json!({"volumes": [{"name": "v"}], "containerDefinitions": [
            {"name": "init", "image": "i", "essential": false},
            {"name": "web", "image": "i", "mountPoints": [{"sourceVolume": "v", "containerPath": "/v", "readOnly": true}],
             "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}]}]})),
        json!({"family": "ec2", "containerDefinitions": [{"name": "a", "image": "i", "memory": 64, "privileged": true,
            "portMappings": [{"containerPort": 80, "hostPort": 8080}]}]}),
    ] {
        let made = stack.ok("RegisterTaskDefinition", input.clone()).await;
        let fargate = input.get("requiresCompatibilities").is_some();
        let shown = made["taskDefinition"]["compatibilities"].to_string();
        assert_eq!(shown.contains("FARGATE"), fargate, "{input}");
    }
    assert!(EXECUTION_ROLE.starts_with("arn:"));
}
