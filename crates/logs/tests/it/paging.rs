//! GetLogEvents and FilterLogEvents page by page, also over many segments.

use std::time::Instant;

use bytes::Bytes;
use gantry_agent_api::{LogEvent, LogSink as _};
use gantry_base::Timestamp;
use serde_json::{Value, json};

use crate::world::{NOW_MS, World, messages};

#[tokio::test]
async fn get_log_events_goes_both_ways() {
    let world = World::with_stream().await;
    let empty = world.ok("GetLogEvents", json!({"logGroupName": "g", "logStreamName": "s"})).await;
    assert_eq!(messages(&empty).len(), 0);
    let texts: Vec<String> = (0..10).map(|n| format!("m{n}")).collect();
    let events: Vec<(i64, &str)> = (0..10).zip(&texts).map(|(n, t)| (n - 100, t.as_str())).collect();
    world.put("s", &events).await;
    let get = async |more: Value| {
        let mut input = json!({"logGroupName": "g", "logStreamName": "s"});
        input.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        world.ok("GetLogEvents", input).await
    };
    // The token of an empty stream goes on to what came after.
    let later = get(json!({"nextToken": empty["nextForwardToken"]})).await;
    assert_eq!(messages(&later).len(), 10);
    let newest = get(json!({"limit": 3})).await;
    assert_eq!(messages(&newest), ["m7", "m8", "m9"]);
    let before = get(json!({"limit": 3, "nextToken": newest["nextBackwardToken"]})).await;
    assert_eq!(messages(&before), ["m4", "m5", "m6"]);
    let again = get(json!({"limit": 3, "nextToken": before["nextForwardToken"]})).await;
    assert_eq!(messages(&again), ["m7", "m8", "m9"]);
    let end = get(json!({"nextToken": again["nextForwardToken"]})).await;
    assert_eq!(messages(&end).len(), 0);
    // As clients tell that they are at the end: the token they asked with comes back.
    assert_eq!(end["nextForwardToken"], again["nextForwardToken"]);
    world.put("s", &[(0, "m10")]).await;
    let new = get(json!({"nextToken": end["nextForwardToken"]})).await;
    assert_eq!(messages(&new), ["m10"]);
    let head = get(json!({"limit": 4, "startFromHead": true})).await;
    assert_eq!(messages(&head), ["m0", "m1", "m2", "m3"]);
    let start = get(json!({"nextToken": head["nextBackwardToken"]})).await;
    assert_eq!(messages(&start).len(), 0);
    assert_eq!(start["nextBackwardToken"], head["nextBackwardToken"]);
    let span = get(json!({"startTime": NOW_MS - 98, "endTime": NOW_MS - 95, "startFromHead": true})).await;
    assert_eq!(messages(&span), ["m2", "m3", "m4"]);
    let foreign = json!({"logGroupName": "g", "logStreamName": "t", "nextToken": head["nextForwardToken"]});
    world.ok("CreateLogStream", json!({"logGroupName": "g", "logStreamName": "t"})).await;
    assert_eq!(
        world.ask("GetLogEvents", foreign).await.expect_err("another stream's").code,
        "InvalidParameterException"
    );
}

#[tokio::test]
async fn filter_log_events_merges_streams_in_order_of_time() {
    let world = World::with_stream().await;
    for stream in ["a", "b"] {
        world.ok("CreateLogStream", json!({"logGroupName": "g", "logStreamName": stream})).await;
    }
    for n in 0..20 {
        let stream = ["a", "b", "s"][n % 3];
        let text = format!("{} {n:02}", if n % 2 == 0 { "even" } else { "odd" });
        world.put(stream, &[(n as i64 - 50, &text)]).await;
    }
    // Late arrivals are put in their place.
    world.put("a", &[(-60, "even first")]).await;
    let all = async |mut input: Value| {
        let mut out = Vec::new();
        let mut ids = std::collections::BTreeSet::new();
        loop {
            let page = world.ok("FilterLogEvents", input.clone()).await;
            out.extend(messages(&page));
            for event in page["events"].as_array().expect("events") {
                assert!(ids.insert(event["eventId"].as_str().expect("an id").to_owned()));
            }
            if page["nextToken"].is_null() {
                return out;
            }
            input["nextToken"] = page["nextToken"].clone();
        }
    };
    let every = all(json!({"logGroupName": "g", "limit": 4})).await;
    assert_eq!(every.len(), 21);
    assert_eq!(every[0], "even first");
    assert_eq!(every[1..4], ["even 00", "odd 01", "even 02"]);
    let even = all(json!({"logGroupName": "g", "filterPattern": "even -first", "limit": 3, "interleaved": true})).await;
    assert_eq!(even.len(), 10);
    assert_eq!(all(json!({"logGroupName": "g", "logStreamNames": ["a", "s"], "limit": 2})).await.len(), 14);
    assert_eq!(all(json!({"logGroupName": "g", "logStreamNamePrefix": "b"})).await.len(), 7);
    let span = all(json!({"logGroupName": "g", "startTime": NOW_MS - 50, "endTime": NOW_MS - 48})).await;
    assert_eq!(span, ["even 00", "odd 01", "even 02"]);
    let unknown = world.ask("FilterLogEvents", json!({"logGroupName": "g", "logStreamNames": ["x"]})).await;
    assert_eq!(unknown.expect_err("unknown").code, "ResourceNotFoundException");
}

#[tokio::test]
async fn a_million_events_go_in_and_come_out() {
    let world = World::with_stream().await;
    let context = world.context();
    let total: u64 = if std::env::var_os("GANTRY_LONG").is_some() { 10_000_000 } else { 1_000_000 };
    let per_batch = 5_000;
    let begun = Instant::now();
    for sequence in 0..total / per_batch {
        let event = |n: u64| LogEvent {
            at: Timestamp::from_millis(NOW_MS - 1_000_000_000 + (sequence * per_batch + n) as i64),
            message: Bytes::from(format!("event {:010} of a container that says something", sequence * per_batch + n)),
        };
        let batch = (0..per_batch).map(event).collect();
        world.logs.append(&context.account, &context.region, "g", "s", sequence, batch).await.expect("taken");
    }
    let written = begun.elapsed();
    let begun = Instant::now();
    let mut count = 0_u64;
    let mut token = Value::Null;
    loop {
        let mut input = json!({"logGroupName": "g", "logStreamName": "s", "startFromHead": true});
        if !token.is_null() {
            input["nextToken"] = token.clone();
        }
        let page = world.ok("GetLogEvents", input).await;
        let texts = messages(&page);
        if texts.is_empty() {
            break;
        }
        assert!(texts[0].contains(&format!("{count:010}")), "{} at {count}", texts[0]);
        count += texts.len() as u64;
        token = page["nextForwardToken"].clone();
    }
    assert_eq!(count, total);
    let read = begun.elapsed();
    let rate = |secs: f64| (total as f64 / secs) as u64;
    println!(
        "{total} events: {} written/s, {} read/s (unoptimised build)",
        rate(written.as_secs_f64()),
        rate(read.as_secs_f64())
    );
    let begun = Instant::now();
    let filter = json!({"logGroupName": "g", "filterPattern": "\"0000999999\""});
    let mut found = Vec::new();
    let mut input = filter;
    let mut pages = 0;
    loop {
        let page = world.ok("FilterLogEvents", input.clone()).await;
        pages += 1;
        found.extend(messages(&page));
        if page["nextToken"].is_null() {
            break;
        }
        input["nextToken"] = page["nextToken"].clone();
    }
    println!("one found among them in {} pages and {:?}", pages, begun.elapsed());
    assert_eq!(found.len(), 1);
}
