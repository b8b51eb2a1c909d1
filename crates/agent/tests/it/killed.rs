//! The whole server is killed with SIGKILL, at any moment, and started again; the task does not notice.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gantry_agent_api::*;
use gantry_base::{AccountId, Region, SystemEntropy, hex_id};
use gantry_store::{Embedded, EmbeddedOptions, Versioned};

use crate::real::{World, able, shell};
use crate::rig::*;

const CHILD: &str = "GANTRY_AGENT_KILLED_CHILD";
const UP: &str = "THE-TASK-IS-UP";
const COUNT: &str = "i=0; trap 'exit 0' TERM; while :; do echo \"line $i\"; i=$((i+1)); usleep 2000; done";

/// Keeps each batch in a file of its own, by its number, as durably as a killed process needs.
struct FileSink(PathBuf);

impl FileSink {
    fn lines(&self) -> Vec<String> {
        let batch = |n: u64| std::fs::read_to_string(self.0.join(n.to_string())).ok();
        let text: String = (0..).map_while(batch).collect();
        text.lines().map(str::to_owned).collect()
    }
}

#[async_trait]
impl LogSink for FileSink {
    async fn open_stream(&self, _: &AccountId, _: &Region, _: &str, _: &str, _: bool) -> Result<(), ServiceError> {
        Ok(())
    }

    async fn append(
        &self,
        _: &AccountId,
        _: &Region,
        _: &str,
        _: &str,
        sequence: u64,
        events: Vec<LogEvent>,
    ) -> Result<(), ServiceError> {
        let path = self.0.join(sequence.to_string());
        if !path.exists() {
            let text: Vec<u8> = events.iter().flat_map(|e| e.message.iter().copied().chain([b'\n'])).collect();
            let fresh = self.0.join("new");
            std::fs::write(&fresh, text).expect("a file");
            std::fs::rename(fresh, path).expect("a rename");
        }
        Ok(())
    }
}

fn world(dir: &Path, instance: &str) -> (World, Arc<FileSink>) {
    std::fs::create_dir_all(dir.join("sink")).expect("a directory");
    let store = Embedded::open(&dir.join("store"), EmbeddedOptions::default()).expect("the store opens");
    let sink = Arc::new(FileSink(dir.join("sink")));
    (World::at(dir.to_owned(), instance.to_owned(), store, sink.clone()), sink)
}

/// Not a test by itself: the server that the next test kills.
#[tokio::test(flavor = "multi_thread")]
async fn killed_child() {
    let Ok(arg) = std::env::var(CHILD) else { return };
    let (instance, dir) = arg.split_once(' ').expect("two words");
    let (world, _) = world(Path::new(dir), instance);
    let host = world.open().await;
    let there = world.store.list(keys::assignments(HOST)).await.expect("the store answers");
    let task = match there.kvs.first() {
        Some(kv) => Versioned::<Assignment>::decode(kv).expect("an assignment").value,
        None => World::task(&host, vec![shell("a", COUNT)], 50),
    };
    put(&world.store, &task).await;
    phase(&world.store, &task.sandbox_id, Phase::Running).await;
    println!("{UP}");
    tokio::time::sleep(Duration::from_mins(2)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_outlives_a_killed_server() {
    if !able("a_task_outlives_a_killed_server") {
        return;
    }
    let tmp = tempfile::Builder::new().prefix("gantry-agent-killed").tempdir_in("/var/tmp").expect("a directory");
    let instance = hex_id(&SystemEntropy, 8);
    let rounds = if std::env::var_os("GANTRY_LONG").is_some() { 20 } else { 4 };
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().expect("a path"))
            .args(["--exact", "killed::killed_child", "--nocapture"])
            .env(CHILD, format!("{instance} {}", tmp.path().display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("a child");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        // Every other time wherever the start has got to, else in the middle of work.
        if round % 2 == 0 {
            let said = tokio::task::spawn_blocking(move || {
                let found = lines.any(|l| l.is_ok_and(|l| l.contains(UP)));
                (found, lines)
            });
            // The pipe stays open: the child may have more to say.
            let (found, rest) = said.await.expect("a thread");
            assert!(found, "the child came up in round {round}");
            tokio::time::sleep(Duration::from_millis(100 + 37 * round)).await;
            child.kill().expect("it dies");
            drop(rest);
        } else {
            tokio::time::sleep(Duration::from_millis(20 + 13 * round)).await;
        }
        let _ = child.kill();
        child.wait().expect("it died");
    }
    let (world, sink) = world(tmp.path(), &instance);
    let there = world.store.list_as::<Assignment>(&keys::assignments(HOST)).await.expect("the store answers");
    let task = there[0].value.clone();
    let before = world.store.get_as::<SandboxReport>(&keys::report(&task.sandbox_id)).await.expect("the store answers");
    let host = world.open().await;
    let seen = sink.lines().len();
    eventually("more output", || sink.lines().len() > seen + 50).await;
    stop(&world.store, &task).await;
    let after = phase(&world.store, &task.sandbox_id, Phase::Stopped).await;
    assert_eq!(after.containers[0].exit_code, Some(0), "it was the same process all along");
    assert_eq!(after.started_at, before.expect("a report").value.started_at);
    let lines = sink.lines();
    let wrong = lines.iter().enumerate().find(|(n, l)| **l != format!("line {n}"));
    assert_eq!(wrong, None, "of {} lines none lost, none twice", lines.len());
    eprintln!("{} lines over {rounds} kills", lines.len());
    world.close(host).await;
}
