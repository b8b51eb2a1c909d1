//! Running, describing, listing and stopping tasks.

use std::time::Duration;

use gantry_agent_api::{Desired, FargateUsage, Phase, keys, usage_key};
use gantry_aws_api::ecs::Ecs as _;
use gantry_base::Clock as _;
use serde_json::{Value, json};

use crate::support::{Stack, app, blank_report, container, id_of, merge, run_input, typed_describe};

#[tokio::test]
async fn a_task_goes_its_whole_way() {
    let stack = Stack::with_app().await;
    let input = json!({"tags": [{"key": "team", "value": "a"}], "startedBy": "me"});
    let answer = stack.ok("RunTask", run_input(input)).await;
    assert_eq!(answer["failures"], json!([]));
    let task = &answer["tasks"][0];
    let arn = task["taskArn"].as_str().expect("an arn").to_owned();
    for (member, value) in [
        ("lastStatus", json!("PROVISIONING")),
        ("desiredStatus", json!("RUNNING")),
        ("launchType", json!("FARGATE")),
        ("platformVersion", json!("1.4.0")),
        ("group", json!("family:app")),
        ("cpu", json!("256")),
        ("memory", json!("512")),
        ("version", json!(1)),
        ("startedBy", json!("me")),
        ("ephemeralStorage", json!({"sizeInGiB": 20})),
    ] {
        assert_eq!(task[member], value, "{member}");
    }
    assert_eq!(task["attachments"][0]["status"], "PRECREATED");
    let environment = stack.environment(&arn).await;
    assert_eq!(environment.spec.containers[0].environment, [("A".to_owned(), "1".to_owned())]);
    assert_eq!(environment.spec.containers[0].stop_timeout_secs, 30);

    stack.place(&arn).await;
    let pending = stack.status(&arn, "PENDING").await;
    assert_eq!(pending["containers"][0]["networkInterfaces"][0]["privateIpv4Address"], "172.31.0.7");
    assert_eq!(pending["availabilityZone"], "us-east-1a");
    let attributes = pending["attributes"].to_string();
    assert!(attributes.contains("gantry.fargate-isolation") && attributes.contains("namespace"), "{attributes}");

    let mut report = stack.start(&arn).await;
    let running = stack.status(&arn, "RUNNING").await;
    assert_eq!(running["connectivity"], "CONNECTED");
    assert_eq!(running["attachments"][0]["status"], "ATTACHED");
    assert_eq!(running["attachments"][0]["id"], task["attachments"][0]["id"]);
    assert_eq!(running["containers"][0]["runtimeId"], "runtime-1");
    assert!(running["startedAt"].is_number() && running["pullStartedAt"].is_number());
    let usage = usage(&stack, &arn, &report).await;
    assert_eq!((usage.cpu_units, usage.memory_mib, usage.stopped_at), (256, 512, None));

    let stopped = stack.ok("StopTask", json!({"cluster": "c1", "task": arn, "reason": "enough"})).await;
    assert_eq!(stopped["task"]["lastStatus"], "DEACTIVATING");
    assert_eq!(stopped["task"]["desiredStatus"], "STOPPED");
    assert_eq!(stack.desired(&arn).await, Desired::Stopped);
    report.phase = Phase::Stopping;
    stack.report(&report).await;
    stack.status(&arn, "STOPPING").await;
    stack.clock.advance_ms(5000);
    stack.finish(report.clone(), 143).await;
    let end = stack.status(&arn, "STOPPED").await;
    assert_eq!(end["stopCode"], "UserInitiated");
    assert_eq!(end["stoppedReason"], "enough");
    assert_eq!(end["containers"][0]["exitCode"], 143);
    assert_eq!(end["containers"][0]["lastStatus"], "STOPPED");
    assert_eq!(end["attachments"][0]["status"], "DELETED");
    assert_eq!(end["tags"], json!([{"key": "team", "value": "a"}]));
    for stamp in ["createdAt", "connectivityAt", "pullStoppedAt", "stoppingAt", "executionStoppedAt", "stoppedAt"] {
        assert!(end[stamp].is_number(), "{stamp}");
    }
    assert!(end["version"].as_i64().expect("a version") >= 6);
    assert!(!stack.has_environment(&arn).await);
    assert!(stack.store.get(keys::report(id_of(&arn))).await.expect("a read").is_none());
    let usage = self::usage(&stack, &arn, &report).await;
    assert_eq!(usage.stopped_at, Some(stack.clock.now()));

    // Stopping what has stopped changes nothing.
    let again = stack.ok("StopTask", json!({"cluster": "c1", "task": arn, "reason": "other"})).await;
    assert_eq!(again["task"]["stoppedReason"], "enough");
    assert_eq!(again["task"]["version"], end["version"]);
}

async fn usage(stack: &Stack, arn: &str, report: &gantry_agent_api::SandboxReport) -> FargateUsage {
    let account = "123456789012".parse().expect("an account");
    let key = usage_key(&account, report.pull_started_at.expect("a pull"), id_of(arn));
    stack.store.get_as(&key).await.expect("a read").expect("usage").value
}

#[tokio::test]
async fn an_essential_container_that_exits_stops_the_task() {
    let stack = Stack::with_app().await;
    let arn = stack.run(json!({})).await.remove(0);
    let mut report = stack.start(&arn).await;
    report.stop_code = Some("EssentialContainerExited".to_owned());
    report.stop_reason = Some("Essential container in task exited".to_owned());
    stack.finish(report, 3).await;
    let end = stack.status(&arn, "STOPPED").await;
    assert_eq!(end["stopCode"], "EssentialContainerExited");
    assert_eq!(end["stoppedReason"], "Essential container in task exited");
    assert_eq!(end["containers"][0]["exitCode"], 3);
}

#[tokio::test]
async fn a_task_that_cannot_start_says_why() {
    let stack = Stack::with_app().await;
    let arn = stack.run(json!({})).await.remove(0);
    stack.place(&arn).await;
    let mut report = blank_report(&arn);
    report.phase = Phase::Stopped;
    report.pull_started_at = Some(stack.clock.now());
    report.stop_code = Some("TaskFailedToStart".to_owned());
    report.stop_reason = Some("CannotPullContainerError: no such image".to_owned());
    report.containers = vec![container("web", "STOPPED", None)];
    stack.report(&report).await;
    let end = stack.status(&arn, "STOPPED").await;
    assert_eq!(end["stopCode"], "TaskFailedToStart");
    assert_eq!(end["stoppedReason"], "CannotPullContainerError: no such image");
    assert!(usage(&stack, &arn, &report).await.stopped_at.is_some());
}

#[tokio::test]
async fn a_refused_task_stops_with_the_reason() {
    let stack = Stack::with_app().await;
    let arn = stack.run(json!({})).await.remove(0);
    stack.refuse(&arn, "Capacity is unavailable at this time.").await;
    let end = stack.status(&arn, "STOPPED").await;
    assert_eq!(end["stopCode"], "TaskFailedToStart");
    assert_eq!(end["stoppedReason"], "Capacity is unavailable at this time.");
    assert!(!stack.has_environment(&arn).await);

    let lost = stack.run(json!({})).await.remove(0);
    stack.start(&lost).await;
    stack.refuse(&lost, "The host is lost").await;
    let end = stack.status(&lost, "STOPPED").await;
    assert_eq!((&end["stopCode"], &end["stoppedReason"]), (&json!("TerminationNotice"), &json!("The host is lost")));
}

#[tokio::test]
async fn a_task_stopped_before_it_was_placed_ends_at_once() {
    let stack = Stack::with_app().await;
    let arn = stack.run(json!({})).await.remove(0);
    stack.ok("StopTask", json!({"cluster": "c1", "task": id_of(&arn)})).await;
    let end = stack.status(&arn, "STOPPED").await;
    assert_eq!(end["stoppedReason"], "Task stopped by user");
    assert!(!stack.has_environment(&arn).await);
}

#[tokio::test]
async fn tasks_go_on_where_they_were_after_a_restart() {
    let stack = Stack::with_app().await;
    let arns = stack.run(json!({"count": 3})).await;
    stack.start(&arns[0]).await;
    let Stack { store, clock, api } = stack;
    drop(api);
    let stack = Stack::over(store, clock).await;
    assert_eq!(stack.describe(&arns[0]).await["lastStatus"], "RUNNING");
    stack.start(&arns[1]).await;
    stack.ok("StopTask", json!({"cluster": "c1", "task": arns[2]})).await;
    stack.status(&arns[2], "STOPPED").await;
}

#[tokio::test]
async fn reports_missed_while_away_are_taken_up() {
    let stack = Stack::with_app().await;
    let arn = stack.run(json!({})).await.remove(0);
    let report = stack.start(&arn).await;
    let Stack { store, clock, api } = stack;
    drop(api);
    let mut gone = report;
    gone.phase = Phase::Stopped;
    gone.stopped_at = Some(clock.now());
    store.put_as(&keys::report(id_of(&arn)), &gone).await.expect("reported");
    let stack = Stack::over(store, clock).await;
    let end = stack.status(&arn, "STOPPED").await;
    assert_eq!(end["stopCode"], "EssentialContainerExited");
}

#[tokio::test]
async fn stopped_tasks_are_forgotten_after_an_hour() {
    let stack = Stack::with_app().await;
    let arn = stack.run(json!({"clientToken": "t1"})).await.remove(0);
    stack.ok("StopTask", json!({"cluster": "c1", "task": arn})).await;
    stack.status(&arn, "STOPPED").await;
    stack.clock.advance_ms(3_600_001);
    // Anything that happens wakes the controller, which then sees the time.
    let gone = async {
        loop {
            let other = stack.run(json!({})).await.remove(0);
            stack.ok("StopTask", json!({"cluster": "c1", "task": other})).await;
            let answer = stack.ok("DescribeTasks", json!({"cluster": "c1", "tasks": [arn]})).await;
            if answer["tasks"] == json!([]) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let answer = tokio::time::timeout(Duration::from_secs(10), gone).await.expect("forgotten in time");
    assert_eq!(answer["failures"], json!([{"arn": arn, "reason": "MISSING"}]));
    let left = stack.store.list("/aws/123456789012/us-east-1/ecs/client-token/").await.expect("a list");
    assert!(left.kvs.is_empty());
}

#[tokio::test]
async fn rendered_and_typed_answers_are_the_same() {
    let stack = Stack::with_app().await;
    let arns = stack.run(json!({"count": 4, "tags": [{"key": "k", "value": "v"}]})).await;
    stack.start(&arns[1]).await;
    let input = json!({"cluster": "c1", "tasks": arns, "include": ["TAGS"]});
    assert_eq!(stack.ok("DescribeTasks", input).await, typed_describe(&stack, &arns).await);
    let plain = stack.ok("DescribeTasks", json!({"cluster": "c1", "tasks": arns})).await;
    assert_eq!(plain["tasks"][0]["tags"], json!([]));
}

#[tokio::test]
async fn listing_filters_and_pages() {
    let stack = Stack::with_app().await;
    let mut other = app();
    merge(&mut other, json!({"family": "other"}));
    stack.ok("RegisterTaskDefinition", other).await;
    let apps = stack.run(json!({"count": 7, "startedBy": "x"})).await;
    let others = stack.run(json!({"count": 3, "taskDefinition": "other"})).await;
    stack.ok("StopTask", json!({"cluster": "c1", "task": others[0]})).await;

    let count = async |filter: Value| {
        let mut input = json!({"cluster": "c1"});
        merge(&mut input, filter);
        stack.ok("ListTasks", input).await["taskArns"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(count(json!({})).await, 9);
    assert_eq!(count(json!({"family": "other"})).await, 2);
    assert_eq!(count(json!({"family": "other", "desiredStatus": "STOPPED"})).await, 1);
    assert_eq!(count(json!({"startedBy": "x"})).await, 7);
    assert_eq!(count(json!({"launchType": "EC2"})).await, 0);
    assert_eq!(count(json!({"serviceName": "s"})).await, 0);
    assert_eq!(count(json!({"desiredStatus": "PENDING"})).await, 0);

    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let mut input = json!({"cluster": "c1", "family": "app", "maxResults": 3});
        merge(&mut input, json!({"nextToken": token}));
        let page = stack.ok("ListTasks", input).await;
        seen.extend(page["taskArns"].as_array().expect("arns").iter().map(|a| a.as_str().expect("text").to_owned()));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
        // The token is this listing's alone.
        let stolen = json!({"cluster": "c1", "family": "other", "nextToken": token});
        assert_eq!(stack.refused("ListTasks", stolen).await.1, "Invalid token");
    }
    seen.sort();
    let mut want = apps.clone();
    want.sort();
    assert_eq!(seen, want);
    let forged = json!({"cluster": "c1", "nextToken": "AAAA"});
    assert_eq!(
        stack.refused("ListTasks", forged).await,
        ("InvalidParameterException".to_owned(), "Invalid token".to_owned())
    );
}

#[tokio::test]
async fn a_client_token_runs_tasks_once() {
    let stack = Stack::with_app().await;
    let first = stack.run(json!({"clientToken": "t", "count": 2})).await;
    let second = stack.run(json!({"clientToken": "t", "count": 2})).await;
    assert_eq!(first, second);
    let (code, message) = stack.refused("RunTask", run_input(json!({"clientToken": "t", "count": 3}))).await;
    assert_eq!(code, "ConflictException");
    assert!(message.contains("already in use"), "{message}");
    // The same token at the same time still makes one set of tasks.
    let racing = (0..8).map(|_| stack.run(json!({"clientToken": "race"})));
    let all = futures_util::future::join_all(racing).await;
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:?}");
}

#[tokio::test]
async fn overrides_reach_the_sandbox() {
    let stack = Stack::with_app().await;
    let overrides = json!({
        "cpu": "512", "memory": "1 GB",
        "taskRoleArn": "arn:aws:iam::123456789012:role/t",
        "ephemeralStorage": {"sizeInGiB": 30},
        "containerOverrides": [{
            "name": "web", "command": ["echo", "hi"], "memory": 256,
            "environment": [{"name": "A", "value": "2"}, {"name": "B", "value": "3"}],
        }],
    });
    let arn = stack.run(json!({"overrides": overrides})).await.remove(0);
    let spec = stack.environment(&arn).await.spec;
    assert_eq!((spec.cpu_units, spec.memory_mib, spec.ephemeral_storage_gib), (512, 1024, 30));
    assert_eq!(spec.task_role_arn.as_deref(), Some("arn:aws:iam::123456789012:role/t"));
    let web = &spec.containers[0];
    assert_eq!(web.command.as_deref(), Some(&["echo".to_owned(), "hi".to_owned()][..]));
    assert_eq!(web.environment, [("A".into(), "2".into()), ("B".into(), "3".into())]);
    assert_eq!(web.memory_mib, 256);
    let task = stack.describe(&arn).await;
    assert_eq!(task["overrides"]["containerOverrides"][0]["command"], json!(["echo", "hi"]));
    assert_eq!(task["memory"], "1024");
}

#[tokio::test]
async fn bad_run_requests_are_refused_in_ecs_words() {
    let stack = Stack::with_app().await;
    stack.ok("RegisterTaskDefinition", bridge()).await;
    for (more, code, message) in [
        (json!({"cluster": "nope"}), "ClusterNotFoundException", "Cluster not found."),
        (json!({"taskDefinition": "nope"}), "ClientException", "TaskDefinition not found."),
        (json!({"taskDefinition": "app:9"}), "ClientException", "TaskDefinition not found."),
        (json!({"count": 11}), "InvalidParameterException", "count must be between 1 and 10."),
        (
            json!({"networkConfiguration": null}),
            "InvalidParameterException",
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ),
        (
            json!({"launchType": "EC2"}),
            "InvalidParameterException",
            "No Container Instances were found in your cluster.",
        ),
        (
            json!({"launchType": null}),
            "InvalidParameterException",
            "No Container Instances were found in your cluster.",
        ),
        (
            json!({"overrides": {"containerOverrides": [{"name": "x"}]}}),
            "InvalidParameterException",
            "Override for container named x is not a container in the TaskDefinition.",
        ),
        (
            json!({"overrides": {"cpu": "256", "memory": "5120"}}),
            "ClientException",
            "No Fargate configuration exists for given values: 256 CPU, 5120 memory. See the Amazon ECS documentation for the valid values.",
        ),
        (
            json!({"platformVersion": "9.9"}),
            "PlatformUnknownException",
            "The specified platform version does not exist.",
        ),
        (
            json!({"taskDefinition": "bridge"}),
            "InvalidParameterException",
            "Task definition does not support launch_type FARGATE.",
        ),
    ] {
        let got = stack.refused("RunTask", run_input(more.clone())).await;
        assert_eq!(got, (code.to_owned(), message.to_owned()), "{more}");
    }
    let subnets = json!({"awsvpcConfiguration": {"subnets": ["subnet-zzz"]}});
    let (code, message) = stack.refused("RunTask", run_input(json!({"networkConfiguration": subnets}))).await;
    assert!(code == "InvalidParameterException" && message.contains("does not exist"), "{message}");
    assert!(stack.store.list(keys::ENVIRONMENTS).await.expect("a list").kvs.is_empty(), "nothing is half written");
}

fn bridge() -> Value {
    json!({"family": "bridge", "containerDefinitions": [{"name": "a", "image": "i", "memory": 64}]})
}

#[tokio::test]
async fn unknown_tasks_are_missing_or_refused() {
    let stack = Stack::with_app().await;
    let absent = "0123456789abcdef0123456789abcdef";
    let answer = stack.ok("DescribeTasks", json!({"cluster": "c1", "tasks": [absent]})).await;
    assert_eq!(answer["failures"][0]["reason"], "MISSING");
    assert_eq!(answer["failures"][0]["arn"], format!("arn:aws:ecs:us-east-1:123456789012:task/c1/{absent}"));
    let (code, message) = stack.refused("StopTask", json!({"cluster": "c1", "task": absent})).await;
    assert_eq!((code.as_str(), message.as_str()), ("InvalidParameterException", "The referenced task was not found."));
    let (_, message) = stack.refused("DescribeTasks", json!({"cluster": "c1", "tasks": []})).await;
    assert_eq!(message, "Tasks cannot be empty.");
    let many: Vec<String> = (0..101).map(|n| format!("{n:032x}")).collect();
    let (code, _) = stack.refused("DescribeTasks", json!({"cluster": "c1", "tasks": many})).await;
    assert_eq!(code, "InvalidParameterException");
}

#[tokio::test]
async fn capacity_provider_strategies_are_followed() {
    let stack = Stack::with_app().await;
    let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
    let input = run_input(json!({"launchType": null, "capacityProviderStrategy": strategy}));
    let (code, _) = stack.refused("RunTask", input.clone()).await;
    assert_eq!(code, "InvalidParameterException");
    stack
        .ok(
            "PutClusterCapacityProviders",
            json!({"cluster": "c1", "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
                   "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}]}),
        )
        .await;
    assert_eq!(stack.ok("RunTask", input).await["tasks"][0]["capacityProviderName"], "FARGATE_SPOT");
    let by_default = stack.ok("RunTask", run_input(json!({"launchType": null}))).await;
    assert_eq!(by_default["tasks"][0]["capacityProviderName"], "FARGATE");
}

#[tokio::test]
async fn ten_thousand_tasks_are_described_quickly() {
    let stack = Stack::with_app().await;
    let long = std::env::var_os("GANTRY_LONG").is_some();
    let runs = if long { 1000 } else { 100 };
    let mut arns = Vec::new();
    for _ in 0..runs {
        arns.extend(stack.run(json!({"count": 10})).await);
    }
    let asked: Vec<&String> = arns.iter().step_by(arns.len() / 100).take(100).collect();
    let mut times = Vec::new();
    for _ in 0..200 {
        let began = std::time::Instant::now();
        let input = json!({"cluster": "c1", "tasks": asked});
        let context = stack.context();
        let asked = stack.api.accesses("DescribeTasks", &input, &context).await.expect("accesses");
        assert_eq!(asked.len(), 100);
        let bytes = stack.api.prerendered("DescribeTasks", &input, &context).await;
        assert!(bytes.expect("rendered").expect("an answer").len() > 10_000);
        times.push(began.elapsed());
    }
    times.sort();
    println!("describe 100 of {}: median {:?}, p99 {:?}", arns.len(), times[100], times[197]);
}
