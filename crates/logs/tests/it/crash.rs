//! `kill -9` while events are appended, and tails torn at every byte.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use bytes::Bytes;
use gantry_agent_api::{LogEvent, LogSink as _};
use gantry_base::{ManualClock, Timestamp};
use gantry_store::{Embedded, EmbeddedOptions};
use serde_json::json;

use crate::world::{NOW_MS, World, messages, open};

const CHILD: &str = "GANTRY_LOGS_CRASH_CHILD";
const PER_BATCH: u64 = 7;

/// Not a test of its own: the process that is killed. Appends batches and says which were acknowledged.
#[tokio::test]
async fn child_that_appends() {
    let Some(folder) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let store = Embedded::open(&folder.join("state"), EmbeddedOptions::default()).expect("the store");
    let clock = ManualClock::at(Timestamp::from_millis(NOW_MS));
    let logs = open(&folder.join("logs"), &store, &clock).await;
    let (account, region) = ("123456789012".parse().expect("an account"), "us-east-1".parse().expect("a region"));
    logs.open_stream(&account, &region, "g", "s", true).await.expect("opened");
    let from: u64 = std::env::var("FROM").expect("a number").parse().expect("a number");
    for sequence in from.. {
        let event = |n| LogEvent {
            at: Timestamp::from_millis(NOW_MS - 1000),
            message: Bytes::from(format!("{:08} {}", sequence * PER_BATCH + n, "x".repeat(500))),
        };
        let batch = (0..PER_BATCH).map(event).collect();
        logs.append(&account, &region, "g", "s", sequence, batch).await.expect("taken");
        println!("ack {sequence}");
    }
}

async fn stored(folder: &Path) -> Vec<u64> {
    let store = Embedded::open(&folder.join("state"), EmbeddedOptions::default()).expect("the store");
    let mut world = World::new().await;
    world.store = store;
    world.logs = open(&folder.join("logs"), &world.store, &world.clock).await;
    let mut out = Vec::new();
    let mut input = json!({"logGroupName": "g", "logStreamName": "s", "startFromHead": true});
    loop {
        let page = world.ok("GetLogEvents", input.clone()).await;
        let texts = messages(&page);
        if texts.is_empty() {
            return out;
        }
        out.extend(texts.iter().map(|t| t[..8].parse::<u64>().expect("a number")));
        input["nextToken"] = page["nextForwardToken"].clone();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_events_survive_kill_9() {
    let folder = tempfile::tempdir().expect("a folder");
    let rounds = if std::env::var_os("GANTRY_LONG").is_some() { 60 } else { 12 };
    let mut next = 0;
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().expect("this binary"))
            .args(["--exact", "crash::child_that_appends", "--nocapture"])
            .env(CHILD, folder.path())
            // Again from a batch before, as an agent does that does not know whether it was taken.
            .env("FROM", u64::saturating_sub(next, 2).to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a child");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut acknowledged = None;
        let stop_after = 5 + (round * 37) % 90;
        let mut heard = 0;
        while heard < stop_after {
            let line = lines.next().expect("a line").expect("text");
            if let Some(n) = line.rsplit_once("ack ").and_then(|(_, n)| n.parse::<u64>().ok()) {
                acknowledged = Some(n);
                heard += 1;
            }
        }
        if round % 3 == 0 {
            tokio::time::sleep(Duration::from_micros(300 * round)).await;
        }
        child.kill().expect("killed");
        for line in lines.map_while(Result::ok) {
            acknowledged = line.rsplit_once("ack ").and_then(|(_, n)| n.parse().ok()).or(acknowledged);
        }
        assert_eq!(child.wait().expect("ended").signal(), Some(libc::SIGKILL));
        let acknowledged = acknowledged.expect("at least one batch");
        let found = stored(folder.path()).await;
        assert!(found.iter().copied().eq(0..found.len() as u64), "events are once each and in order");
        assert_eq!(found.len() as u64 % PER_BATCH, 0, "no half batch");
        assert!(found.len() as u64 >= (acknowledged + 1) * PER_BATCH, "{} of {acknowledged}", found.len());
        next = found.len() as u64 / PER_BATCH;
    }
    println!("{rounds} kills, {next} batches, none lost, none twice");
}

#[tokio::test]
async fn a_tail_torn_at_any_byte_costs_only_its_batch() {
    let mut world = World::with_stream().await;
    let context = world.context();
    let (account, region) = (&context.account, &context.region);
    let event =
        |text: &str| vec![LogEvent { at: Timestamp::from_millis(NOW_MS), message: Bytes::from(text.to_owned()) }];
    for (sequence, text) in ["one", "two", "three"].into_iter().enumerate() {
        world.logs.append(account, region, "g", "s", sequence as u64, event(text)).await.expect("taken");
    }
    let segment = find(world.folder.path(), "seg").expect("a segment");
    let whole = std::fs::read(&segment).expect("read");
    let frame = 8 + 20 + 12;
    let before_last = whole.len() - frame - "three".len();
    for cut in before_last..whole.len() {
        for damage in [false, true] {
            let mut torn = whole[..if damage { whole.len() } else { cut }].to_vec();
            if damage {
                torn[cut] ^= 0x40;
            }
            std::fs::write(&segment, &torn).expect("written");
            world.reopen().await;
            world.logs.append(account, region, "g", "s", 1, event("again")).await.expect("known");
            world.logs.append(account, region, "g", "s", 2, event("3")).await.expect("taken");
            let input = json!({"logGroupName": "g", "logStreamName": "s", "startFromHead": true});
            assert_eq!(messages(&world.ok("GetLogEvents", input).await), ["one", "two", "3"], "cut at {cut}");
        }
    }
}

fn find(folder: &Path, extension: &str) -> Option<PathBuf> {
    for entry in std::fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        let found = if path.is_dir() { find(&path, extension) } else { None };
        if found.is_some() {
            return found;
        }
        if path.extension().is_some_and(|e| e == extension) {
            return Some(path);
        }
    }
    None
}

#[tokio::test]
async fn a_segment_begun_and_not_written_keeps_the_numbers_before_it() {
    let mut world = World::with_stream().await;
    let context = world.context();
    let (account, region) = (&context.account, &context.region);
    let event =
        |text: &str| vec![LogEvent { at: Timestamp::from_millis(NOW_MS), message: Bytes::from(text.to_owned()) }];
    world.logs.append(account, region, "g", "s", 0, event("one")).await.expect("taken");
    let segment = find(world.folder.path(), "seg").expect("a segment");
    for half in [0, 5] {
        std::fs::write(segment.with_file_name("00000002.seg"), vec![b'G'; half]).expect("written");
        world.reopen().await;
        world.logs.append(account, region, "g", "s", 0, event("again")).await.expect("known");
        let input = json!({"logGroupName": "g", "logStreamName": "s", "startFromHead": true});
        assert_eq!(messages(&world.ok("GetLogEvents", input).await), ["one"]);
    }
}
