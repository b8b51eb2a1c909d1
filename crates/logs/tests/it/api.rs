//! Groups, streams, tags, permissions, and the words in which requests are refused.

use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn refusals_are_in_the_services_words() {
    let world = World::with_stream().await;
    let now = crate::world::NOW_MS;
    let put = |events: Value| json!({"logGroupName": "g", "logStreamName": "s", "logEvents": events});
    let many: Vec<Value> = (0..10_001).map(|n| json!({"timestamp": n, "message": "m"})).collect();
    for (operation, input, code, message) in [
        (
            "CreateLogGroup",
            json!({"logGroupName": "g"}),
            "ResourceAlreadyExistsException",
            "The specified log group already exists",
        ),
        (
            "CreateLogStream",
            json!({"logGroupName": "g", "logStreamName": "s"}),
            "ResourceAlreadyExistsException",
            "The specified log stream already exists",
        ),
        (
            "CreateLogStream",
            json!({"logGroupName": "x", "logStreamName": "s"}),
            "ResourceNotFoundException",
            "The specified log group does not exist.",
        ),
        (
            "DeleteLogGroup",
            json!({"logGroupName": "x"}),
            "ResourceNotFoundException",
            "The specified log group does not exist.",
        ),
        (
            "DeleteLogStream",
            json!({"logGroupName": "g", "logStreamName": "x"}),
            "ResourceNotFoundException",
            "The specified log stream does not exist.",
        ),
        (
            "GetLogEvents",
            json!({"logGroupName": "g", "logStreamName": "x"}),
            "ResourceNotFoundException",
            "The specified log stream does not exist.",
        ),
        (
            "GetLogEvents",
            json!({"logGroupName": "g", "logStreamName": "s", "nextToken": "f/forged/s"}),
            "InvalidParameterException",
            "The specified nextToken is invalid.",
        ),
        (
            "FilterLogEvents",
            json!({"logGroupName": "x"}),
            "ResourceNotFoundException",
            "The specified log group does not exist.",
        ),
        (
            "FilterLogEvents",
            json!({"logGroupName": "g", "filterPattern": "{ $.a"}),
            "InvalidParameterException",
            "Invalid filter pattern",
        ),
        (
            "FilterLogEvents",
            json!({"logGroupName": "g", "nextToken": "x"}),
            "InvalidParameterException",
            "The specified nextToken is invalid.",
        ),
        (
            "PutLogEvents",
            json!({"logGroupName": "g", "logStreamName": "x", "logEvents": [{"timestamp": 1, "message": "m"}]}),
            "ResourceNotFoundException",
            "The specified log stream does not exist.",
        ),
        (
            "PutLogEvents",
            put(json!([{"timestamp": now, "message": "b"}, {"timestamp": now - 1, "message": "a"}])),
            "InvalidParameterException",
            "Log events in a single PutLogEvents request must be in chronological order.",
        ),
        (
            "PutLogEvents",
            put(json!([{"timestamp": now - 86_400_001, "message": "a"}, {"timestamp": now, "message": "b"}])),
            "InvalidParameterException",
            "The batch of log events in a single PutLogEvents request cannot span more than 24 hours.",
        ),
        (
            "PutLogEvents",
            put(
                json!([{"timestamp": now, "message": "x".repeat(600_000)}, {"timestamp": now, "message": "x".repeat(600_000)}]),
            ),
            "InvalidParameterException",
            "Upload too large: 1200052 bytes exceeds limit of 1048576",
        ),
        (
            "PutLogEvents",
            put(json!([{"timestamp": now, "message": "x".repeat(1_048_576)}])),
            "InvalidParameterException",
            "Log event too large: 1048602 bytes exceeds limit of 1048576",
        ),
        (
            "PutLogEvents",
            put(Value::Array(many)),
            "InvalidParameterException",
            "Member must have length less than or equal to 10000",
        ),
        (
            "PutRetentionPolicy",
            json!({"logGroupName": "g", "retentionInDays": 2}),
            "InvalidParameterException",
            "Value '2' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5,",
        ),
        (
            "DescribeLogGroups",
            json!({"logGroupNamePrefix": "a", "logGroupNamePattern": "b"}),
            "InvalidParameterException",
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ),
        (
            "DescribeLogStreams",
            json!({"logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "a"}),
            "InvalidParameterException",
            "Cannot order by LastEventTime with a logStreamNamePrefix.",
        ),
        (
            "ListTagsForResource",
            json!({"resourceArn": "arn:aws:logs:us-east-1:999999999999:log-group:g"}),
            "ResourceNotFoundException",
            "The specified resource does not exist.",
        ),
        (
            "CreateLogGroup",
            json!({"logGroupName": "k", "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/1"}),
            "NotImplemented",
            "Gantry does not implement CreateLogGroup with a kmsKeyId.",
        ),
        (
            "TagLogGroup",
            json!({"logGroupName": "g", "tags": {"aws:x": "y"}}),
            "InvalidParameterException",
            "Tag keys starting with 'aws:' are reserved",
        ),
    ] {
        let error = world.answer(operation, input).await.err().unwrap_or_else(|| panic!("{message}"));
        assert!(error.code == code && error.message.contains(message), "{operation}: {error}");
    }
}

#[tokio::test]
async fn groups_are_listed_in_pages() {
    let world = World::new().await;
    for number in 0..23 {
        world.ok("CreateLogGroup", json!({"logGroupName": format!("/ecs/app-{number:02}")})).await;
    }
    world.ok("CreateLogGroup", json!({"logGroupName": "/ecs/app", "logGroupClass": "INFREQUENT_ACCESS"})).await;
    world.ok("CreateLogGroup", json!({"logGroupName": "other"})).await;
    let mut names = Vec::new();
    let mut token = Value::Null;
    loop {
        let mut input = json!({"logGroupNamePrefix": "/ecs/", "limit": 10});
        if !token.is_null() {
            input["nextToken"] = token;
        }
        let page = world.ok("DescribeLogGroups", input).await;
        let groups = page["logGroups"].as_array().expect("groups");
        assert!(groups.len() <= 10);
        names.extend(groups.iter().map(|g| g["logGroupName"].as_str().expect("a name").to_owned()));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
        // What comes and goes in between neither skips nor repeats the others.
        drop(world.ask("DeleteLogGroup", json!({"logGroupName": "/ecs/app-03"})).await);
    }
    assert_eq!(names.len(), 24);
    assert!(names.is_sorted());
    let found = world.ok("DescribeLogGroups", json!({"logGroupNamePattern": "APP-1"})).await;
    assert_eq!(found["logGroups"].as_array().map(Vec::len), Some(10));
    let found = world.ok("DescribeLogGroups", json!({"logGroupClass": "INFREQUENT_ACCESS"})).await;
    assert_eq!(found["logGroups"].as_array().map(Vec::len), Some(1));
    let group = &world.ok("DescribeLogGroups", json!({"logGroupNamePrefix": "other"})).await["logGroups"][0];
    assert_eq!(group["arn"], "arn:aws:logs:us-east-1:123456789012:log-group:other:*");
    assert_eq!(group["logGroupArn"], "arn:aws:logs:us-east-1:123456789012:log-group:other");
    assert_eq!(group["creationTime"], crate::world::NOW_MS);
}

#[tokio::test]
async fn streams_are_listed_by_name_and_by_time() {
    let world = World::with_stream().await;
    for number in 0..7 {
        let stream = format!("a-{number}");
        world.ok("CreateLogStream", json!({"logGroupName": "g", "logStreamName": stream})).await;
        world.put(&stream, &[(-1000 * number, "m")]).await;
    }
    let all = async |mut input: Value| {
        let mut names = Vec::new();
        loop {
            let page = world.ok("DescribeLogStreams", input.clone()).await;
            let streams = page["logStreams"].as_array().expect("streams").clone();
            names.extend(streams.iter().map(|s| s["logStreamName"].as_str().expect("a name").to_owned()));
            if page["nextToken"].is_null() {
                return names;
            }
            input["nextToken"] = page["nextToken"].clone();
        }
    };
    let by_name = all(json!({"logGroupName": "g", "limit": 3})).await;
    assert_eq!(by_name, ["a-0", "a-1", "a-2", "a-3", "a-4", "a-5", "a-6", "s"]);
    let down = all(json!({"logGroupName": "g", "limit": 3, "descending": true})).await;
    assert_eq!(down, by_name.iter().rev().cloned().collect::<Vec<_>>());
    let prefix = all(json!({"logGroupName": "g", "logStreamNamePrefix": "a-", "limit": 2})).await;
    assert_eq!(prefix.len(), 7);
    let newest = all(json!({"logGroupName": "g", "orderBy": "LastEventTime", "descending": true, "limit": 3})).await;
    assert_eq!(newest, ["a-0", "a-1", "a-2", "a-3", "a-4", "a-5", "a-6", "s"]);
    let page = world.ok("DescribeLogStreams", json!({"logGroupIdentifier": "arn:aws:logs:us-east-1:123456789012:log-group:g", "logStreamNamePrefix": "a-3"})).await;
    let stream = &page["logStreams"][0];
    assert_eq!(stream["lastEventTimestamp"], crate::world::NOW_MS - 3000);
    assert_eq!(stream["firstEventTimestamp"], crate::world::NOW_MS - 3000);
    assert_eq!(stream["lastIngestionTime"], crate::world::NOW_MS);
    assert_eq!(stream["arn"], "arn:aws:logs:us-east-1:123456789012:log-group:g:log-stream:a-3");
}

#[tokio::test]
async fn tags_by_both_apis() {
    let world = World::new().await;
    world.ok("CreateLogGroup", json!({"logGroupName": "g", "tags": {"a": "1"}})).await;
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:g";
    world.ok("TagResource", json!({"resourceArn": arn, "tags": {"b": "2"}})).await;
    world.ok("TagLogGroup", json!({"logGroupName": "g", "tags": {"c": "3"}})).await;
    let tags = world.ok("ListTagsForResource", json!({"resourceArn": arn})).await;
    assert_eq!(tags["tags"], json!({"a": "1", "b": "2", "c": "3"}));
    world.ok("UntagResource", json!({"resourceArn": arn, "tagKeys": ["a"]})).await;
    world.ok("UntagLogGroup", json!({"logGroupName": "g", "tags": ["b"]})).await;
    assert_eq!(world.ok("ListTagsLogGroup", json!({"logGroupName": "g"})).await["tags"], json!({"c": "3"}));
    let many: serde_json::Map<String, Value> = (0..50).map(|n| (format!("t{n}"), json!("v"))).collect();
    let error = world.ask("TagLogGroup", json!({"logGroupName": "g", "tags": many})).await.expect_err("too many");
    assert_eq!(error.code, "TooManyTagsException");
}

#[tokio::test]
async fn permissions_name_their_resources() {
    let world = World::with_stream().await;
    world.ok("TagLogGroup", json!({"logGroupName": "g", "tags": {"team": "x"}})).await;
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:g";
    for (operation, input, action, resource) in [
        (
            "DescribeLogGroups",
            json!({}),
            "logs:DescribeLogGroups",
            "arn:aws:logs:us-east-1:123456789012:log-group::log-stream:".to_owned(),
        ),
        (
            "CreateLogGroup",
            json!({"logGroupName": "n"}),
            "logs:CreateLogGroup",
            "arn:aws:logs:us-east-1:123456789012:log-group:n:log-stream:".to_owned(),
        ),
        (
            "PutLogEvents",
            json!({"logGroupName": "g", "logStreamName": "s"}),
            "logs:PutLogEvents",
            format!("{arn}:log-stream:s"),
        ),
        ("FilterLogEvents", json!({"logGroupIdentifier": arn}), "logs:FilterLogEvents", format!("{arn}:log-stream:")),
        ("TagResource", json!({"resourceArn": arn, "tags": {"k": "v"}}), "logs:TagResource", arn.to_owned()),
        ("StartLiveTail", json!({"logGroupIdentifiers": [arn]}), "logs:StartLiveTail", format!("{arn}:log-stream:")),
        ("TestMetricFilter", json!({}), "logs:TestMetricFilter", "*".to_owned()),
    ] {
        let accesses = world.accesses(operation, input).await;
        assert_eq!((accesses[0].action.as_str(), &accesses[0].resource), (action, &resource));
        if resource.starts_with(arn) {
            assert!(accesses[0].conditions.contains(&("aws:ResourceTag/team".into(), vec!["x".into()])), "{operation}");
        }
    }
    // Every operation of the model asks for something.
    for operation in gantry_aws_api::logs::SERVICE.operations.iter().filter(|o| o.modelled) {
        let input =
            json!({"logGroupName": "g", "logStreamName": "s", "resourceArn": arn, "logGroupIdentifiers": [arn]});
        let accesses = world.accesses(operation.name, input).await;
        assert!(!accesses.is_empty() && accesses[0].action == format!("logs:{}", operation.name));
    }
    let both = world.accesses("CreateLogGroup", json!({"logGroupName": "n", "tags": {"k": "v"}})).await;
    assert_eq!(both[1].action, "logs:TagResource");
    assert!(both[0].conditions.contains(&("aws:RequestTag/k".into(), vec!["v".into()])));
}

#[tokio::test]
async fn metric_filters_can_be_tried() {
    let world = World::new().await;
    let input =
        json!({"filterPattern": "{ $.code = 4* }", "logEventMessages": ["{\"code\":404}", "x", "{\"code\":200}"]});
    let answer = world.ok("TestMetricFilter", input).await;
    assert_eq!(
        answer["matches"],
        json!([{"eventNumber": 1, "eventMessage": "{\"code\":404}", "extractedValues": {"$.code": "404"}}])
    );
}
