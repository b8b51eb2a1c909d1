//! Killed at any moment, the store loses nothing it acknowledged and shows no half transaction.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gantry_base::{Entropy, SeededEntropy};
use gantry_store::{Embedded, EmbeddedOptions, HistoryBudget, Op, Store, Txn};

const CHILD_DIR: &str = "GANTRY_STORE_TEST_CHILD_DIR";
const WRITERS: usize = 8;
const KILLS: usize = 200;

/// Small enough that many kills fall into a checkpoint or a trim, and that there are partitions.
fn open(dir: &Path) -> Store {
    let options = EmbeddedOptions {
        history: HistoryBudget { revisions: 200, bytes: 64 << 10 },
        checkpoint_after_bytes: 64 << 10,
        partition_bytes: 2 << 10,
        ..Default::default()
    };
    Embedded::open(dir, options).unwrap()
}

/// Not a test of its own: the process that is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let store = open(Path::new(&dir));
    let writers = (0..WRITERS).map(|writer| tokio::spawn(write_for_ever(store.clone(), writer)));
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

async fn write_for_ever(store: Store, writer: usize) {
    let mut count = stored(&store, writer, "a").await;
    loop {
        count += 1;
        let text = format!("{count} {}", "x".repeat(500));
        let txn =
            ["a", "b", "c"].iter().fold(Txn::new(), |txn, key| txn.then(Op::put(path(writer, key), text.clone())));
        store.txn(txn).await.unwrap();
        let mut out = std::io::stdout().lock();
        // One write for the line: a kill must not leave a part of it.
        out.write_all(format!("\nack {writer} {count}\n").as_bytes()).unwrap();
        out.flush().unwrap();
    }
}

fn path(writer: usize, key: &str) -> String {
    format!("/writer/{writer}/{key}")
}

async fn stored(store: &Store, writer: usize, key: &str) -> u64 {
    match store.get(path(writer, key)).await.unwrap() {
        None => 0,
        Some(kv) => std::str::from_utf8(&kv.value).unwrap().split(' ').next().unwrap().parse().unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_kills_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let seed = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    eprintln!("seed {seed}");
    let random = SeededEntropy::new(seed);
    let mut acked = [0_u64; WRITERS];
    let mut opened = Vec::new();
    let mut acks = 0;
    for kill in 0..KILLS {
        let mut byte = [0];
        random.fill(&mut byte);
        for (writer, count) in one_life(dir.path(), Duration::from_micros(500 * u64::from(byte[0]))) {
            assert!(count > acked[writer], "kill {kill}: writer {writer} went back to {count}");
            acked[writer] = count;
            acks += 1;
        }
        let began = Instant::now();
        let store = open(dir.path());
        opened.push(began.elapsed());
        for (writer, acked) in acked.iter_mut().enumerate() {
            let found = [
                stored(&store, writer, "a").await,
                stored(&store, writer, "b").await,
                stored(&store, writer, "c").await,
            ];
            assert!(found[0] >= *acked, "kill {kill}: writer {writer} was told {acked}, and {} is there", found[0]);
            assert!(found.iter().all(|count| *count == found[0]), "kill {kill}: half a transaction: {found:?}");
            *acked = found[0];
        }
    }
    opened.sort();
    eprintln!(
        "{KILLS} kills, {acks} acknowledged transactions of 3 keys, none lost; opened again in {:?} (median), {:?} (max)",
        opened[KILLS / 2],
        opened[KILLS - 1]
    );
    assert!(acks > KILLS, "the children hardly wrote");
}

/// Killed while it makes its file, a store can still be opened.
#[tokio::test]
async fn kills_at_birth_leave_a_store_that_opens() {
    let random = SeededEntropy::new(7);
    let mut unmade = 0;
    for _ in 0..60 {
        let dir = tempfile::tempdir().unwrap();
        let mut byte = [0];
        random.fill(&mut byte);
        let acked = one_life(dir.path(), Duration::from_micros(200 * u64::from(byte[0])));
        unmade += usize::from(!dir.path().join("store.redb").exists());
        let store = open(dir.path());
        for (writer, count) in acked {
            assert!(stored(&store, writer, "c").await >= count);
        }
    }
    eprintln!("60 stores killed in their first 50 ms, {unmade} of them before there was a file");
}

/// Runs a child for a while, kills it, and gives what it acknowledged.
fn one_life(dir: &Path, life: Duration) -> Vec<(usize, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["killed::child", "--exact", "--nocapture", "--test-threads", "1"])
        .env(CHILD_DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let lines = output.lines().map_while(Result::ok);
        lines.filter_map(|line| parse(&line)).collect::<Vec<_>>()
    });
    std::thread::sleep(life);
    child.kill().unwrap();
    child.wait().unwrap();
    reader.join().unwrap()
}

fn parse(line: &str) -> Option<(usize, u64)> {
    let (writer, count) = line.strip_prefix("ack ")?.split_once(' ')?;
    Some((writer.parse().ok()?, count.parse().ok()?))
}
