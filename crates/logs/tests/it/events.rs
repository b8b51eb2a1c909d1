//! Events: what is taken, what is told, what expires, who is told at once.

use std::time::Duration;

use bytes::Bytes;
use gantry_agent_api::{LogEvent, LogSink as _};
use gantry_aws_wire::Output;
use gantry_base::Timestamp;
use serde_json::{Value, json};

use crate::world::{NOW_MS, World, messages};

const DAY: i64 = 24 * 60 * 60 * 1000;

#[tokio::test]
async fn too_old_too_new_and_expired_events_are_told_apart() {
    let world = World::with_stream().await;
    let answer = world.put("s", &[(0, "now"), (3 * 60 * 60 * 1000, "tomorrow")]).await;
    assert_eq!(answer["rejectedLogEventsInfo"], json!({"tooNewLogEventStartIndex": 1}));
    assert!(answer["nextSequenceToken"].is_string());
    let answer = world.put("s", &[(-14 * DAY - 10, "old"), (-14 * DAY + 10, "just")]).await;
    assert_eq!(answer["rejectedLogEventsInfo"], json!({"tooOldLogEventEndIndex": 1}));
    world.ok("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 3})).await;
    let answer = world.put("s", &[(-3 * DAY - 10, "expired"), (-3 * DAY + 10, "kept")]).await;
    assert_eq!(answer["rejectedLogEventsInfo"], json!({"expiredLogEventEndIndex": 1}));
    // What was taken before has expired with the new policy.
    let all = world.ok("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "s", "startFromHead": true})).await;
    assert_eq!(messages(&all), ["kept", "now"]);
    let answer = world.put("s", &[(-20 * DAY, "a"), (-20 * DAY, "b")]).await;
    assert_eq!(answer["rejectedLogEventsInfo"], json!({"tooOldLogEventEndIndex": 2, "expiredLogEventEndIndex": 2}));
}

#[tokio::test]
async fn expired_segments_go_and_sequence_numbers_stay() {
    let mut world = World::with_stream().await;
    let context = world.context();
    let (account, region) = (&context.account, &context.region);
    let batch = |ms: i64| vec![LogEvent { at: Timestamp::from_millis(ms), message: Bytes::from_static(b"m") }];
    world.logs.append(account, region, "g", "s", 0, batch(NOW_MS)).await.expect("taken");
    world.ok("PutRetentionPolicy", json!({"logGroupName": "g", "retentionInDays": 1})).await;
    assert_eq!(world.logs.sweep().await.expect("swept"), (0, 0));
    world.clock.advance_ms(2 * DAY);
    assert_eq!(world.logs.sweep().await.expect("swept"), (1, 0));
    world.reopen().await;
    world.logs.append(account, region, "g", "s", 0, batch(NOW_MS + 2 * DAY)).await.expect("known");
    world.logs.append(account, region, "g", "s", 1, batch(NOW_MS + 2 * DAY)).await.expect("taken");
    let all = world.ok("FilterLogEvents", json!({"logGroupName": "g"})).await;
    assert_eq!(messages(&all).len(), 1);
}

#[tokio::test]
async fn a_batch_is_taken_once() {
    let mut world = World::new().await;
    let context = world.context();
    let (account, region) = (&context.account, &context.region);
    let missing = world.logs.open_stream(account, region, "new", "s", false).await.expect_err("no group");
    assert_eq!((missing.code.as_str(), missing.retryable), ("ResourceNotFoundException", false));
    for _ in 0..2 {
        world.logs.open_stream(account, region, "new", "s", true).await.expect("opened");
    }
    for round in 0..2 {
        for sequence in 0..5 {
            for _ in 0..2 {
                let event =
                    LogEvent { at: Timestamp::from_millis(NOW_MS), message: Bytes::from(format!("m{sequence}")) };
                world.logs.append(account, region, "new", "s", sequence, vec![event]).await.expect("taken");
            }
        }
        if round == 0 {
            world.reopen().await;
        }
    }
    let all =
        world.ok("GetLogEvents", json!({"logGroupName": "new", "logStreamName": "s", "startFromHead": true})).await;
    assert_eq!(messages(&all), ["m0", "m1", "m2", "m3", "m4"]);
    world.ok("DeleteLogStream", json!({"logGroupName": "new", "logStreamName": "s"})).await;
    let gone = world.logs.append(account, region, "new", "s", 9, Vec::new()).await.expect_err("gone");
    assert!(!gone.retryable);
    // A stream of the same name begins anew.
    world.logs.open_stream(account, region, "new", "s", true).await.expect("opened");
    let event = LogEvent { at: Timestamp::from_millis(NOW_MS), message: Bytes::from_static(b"\xff not UTF-8") };
    world.logs.append(account, region, "new", "s", 0, vec![event]).await.expect("taken");
    let all = world.ok("GetLogEvents", json!({"logGroupName": "new", "logStreamName": "s"})).await;
    assert_eq!(messages(&all), ["\u{FFFD} not UTF-8"]);
}

#[tokio::test]
async fn nothing_is_left_of_what_is_deleted() {
    let world = World::with_stream().await;
    world.put("s", &[(0, "m")]).await;
    let files = || {
        let found = std::process::Command::new("find").arg(world.folder.path()).args(["-type", "f"]).output();
        String::from_utf8_lossy(&found.expect("find").stdout).lines().count()
    };
    assert_eq!(files(), 2);
    let stored = world.ok("DescribeLogGroups", json!({})).await;
    assert_eq!(stored["logGroups"][0]["storedBytes"], 27);
    world.ok("DeleteLogGroup", json!({"logGroupName": "g"})).await;
    assert_eq!(files(), 0);
    // A crash between record and folder leaves the folder, for a while.
    world.ok("CreateLogGroup", json!({"logGroupName": "g"})).await;
    world.ok("CreateLogStream", json!({"logGroupName": "g", "logStreamName": "s"})).await;
    world.put("s", &[(0, "m")]).await;
    world.store.delete("/aws/123456789012/us-east-1/logs/stream/g:s").await.expect("deleted");
    assert_eq!(world.logs.sweep().await.expect("swept"), (0, 0));
    assert_eq!(world.logs.sweep_orphans_older_than(Duration::ZERO).await.expect("swept"), (0, 1));
    assert_eq!(files(), 0);
    world.ok("CreateLogStream", json!({"logGroupName": "g", "logStreamName": "s"})).await;
    world.put("s", &[(0, "m")]).await;
    for _ in 0..20 {
        world.logs.clear().await.expect("cleared");
        world.put("s", &[(0, "m")]).await;
    }
    world.logs.clear().await.expect("cleared");
    let all = world.ok("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "s"})).await;
    assert_eq!(messages(&all).len(), 0);
}

#[tokio::test]
async fn folders_are_their_owners_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::with_stream().await;
    world.put("s", &[(0, "m")]).await;
    let mut stack = vec![world.folder.path().join("streams")];
    while let Some(path) = stack.pop() {
        let mode = path.metadata().expect("there").permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            stack.extend(std::fs::read_dir(&path).expect("a folder").map(|e| e.expect("an entry").path()));
        } else {
            assert_eq!(mode, 0o600, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn followers_are_told_at_once() {
    let world = World::with_stream().await;
    world.ok("CreateLogStream", json!({"logGroupName": "g", "logStreamName": "other"})).await;
    let arn = "arn:aws:logs:us-east-1:123456789012:log-group:g";
    let input = json!({"logGroupIdentifiers": [arn], "logStreamNames": ["s"], "logEventFilterPattern": "yes"});
    let Ok(Output::Events(mut events)) = world.answer("StartLiveTail", input).await else { panic!("no events") };
    let (name, start) = events.recv().await.expect("a start");
    assert_eq!((name, &start["logGroupIdentifiers"]), ("sessionStart", &json!([arn])));
    world.put("s", &[(0, "yes 1"), (1, "no")]).await;
    world.put("other", &[(0, "yes but elsewhere")]).await;
    let mut seen: Vec<Value> = Vec::new();
    while seen.is_empty() {
        let (name, update) = events.recv().await.expect("an update");
        assert_eq!(name, "sessionUpdate");
        assert_eq!(update["sessionMetadata"]["sampled"], false);
        seen.extend(update["sessionResults"].as_array().expect("results").clone());
    }
    assert_eq!(seen.len(), 1);
    assert_eq!((&seen[0]["message"], &seen[0]["logGroupIdentifier"]), (&json!("yes 1"), &json!(arn)));
    for (input, code) in [
        (json!({"logGroupIdentifiers": ["g"]}), "InvalidParameterException"),
        (json!({"logGroupIdentifiers": [format!("{arn}x")]}), "ResourceNotFoundException"),
    ] {
        let error = world.answer("StartLiveTail", input).await.err().expect("refused");
        assert_eq!(error.code, code);
    }
}
