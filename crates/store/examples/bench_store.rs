//! The embedded store beside etcd, on this machine, in one run: `cargo run --release -p gantry-store
//! --example bench_store`. Both write to the same filesystem with an fsync before each answer; rounds
//! alternate, and the table gives medians. Absolute numbers say more about the disk than about
//! either: read the ratios.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gantry_store::{Embedded, EmbeddedOptions, Etcd, EtcdOptions, KeyRange, RangeRequest, Store};

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(2);
const VALUE_BYTES: usize = 1024;
const LIST_KEYS: usize = 500;
const VERSIONS: usize = 5;
/// Readers at once: one alone would measure etcd's network, not etcd.
const READERS: usize = 8;

type Error = Box<dyn std::error::Error>;

#[derive(Clone, Copy)]
enum Load {
    Writes { in_flight: usize },
    Lists,
    Gets,
}

const LOADS: [(&str, Load, Option<f64>); 5] = [
    ("durable 1 KiB writes/s, 1 in flight", Load::Writes { in_flight: 1 }, None),
    ("durable 1 KiB writes/s, 64 in flight", Load::Writes { in_flight: 64 }, Some(5.0)),
    ("durable 1 KiB writes/s, 256 in flight", Load::Writes { in_flight: 256 }, None),
    ("lists of 500 keys/s, 8 in flight", Load::Lists, Some(20.0)),
    ("point gets/s, 8 in flight", Load::Gets, None),
];

#[tokio::main]
async fn main() -> Result<(), Error> {
    let dir = tempfile::tempdir()?;
    let (_etcd, address) = start_etcd(&dir.path().join("etcd"))?;
    let etcd = Etcd::connect(&[address], EtcdOptions::default()).await?;
    let began = Instant::now();
    let embedded = Embedded::open(&dir.path().join("embedded"), EmbeddedOptions::default())?;
    println!("an empty embedded store opens in {:?}", began.elapsed());
    for store in [&embedded, &etcd] {
        prepare(store).await?;
    }
    println!("{:<40} {:>12} {:>12} {:>8}   goal", "", "embedded", "etcd", "ratio");
    for (name, load, goal) in LOADS {
        let mut rates = [Vec::new(), Vec::new()];
        let mut slowest = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (side, store) in [&embedded, &etcd].into_iter().enumerate() {
                let (rate, p99) = round(store, load).await?;
                rates[side].push(rate);
                slowest[side].push(p99);
            }
        }
        let [ours, theirs] = rates.map(median);
        let [our_p99, their_p99] = slowest.map(median);
        let goal = goal.map_or(String::new(), |goal| {
            format!("{goal:.0}x {}", if ours / theirs >= goal { "met" } else { "MISSED" })
        });
        println!("{name:<40} {ours:>12.0} {theirs:>12.0} {:>7.1}x   {goal}", ours / theirs);
        println!("{:<40} {our_p99:>9.2} ms {their_p99:>9.2} ms", "    p99");
    }
    drop(embedded);
    let began = Instant::now();
    let again = Embedded::open(&dir.path().join("embedded"), EmbeddedOptions::default())?;
    let keys = again.range(RangeRequest { count_only: true, ..RangeRequest::new(KeyRange::prefix("")) }).await?.count;
    println!("opened again with {keys} keys in {:?}", began.elapsed());
    Ok(())
}

async fn prepare(store: &Store) -> Result<(), Error> {
    for version in 0..VERSIONS {
        let puts = (0..LIST_KEYS).map(|n| store.put(format!("/list/{n:04}"), vec![version as u8; VALUE_BYTES]));
        for done in futures(puts).await {
            done?;
        }
    }
    Ok(())
}

/// Awaits them in order; they are few and this is not measured.
async fn futures<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut done = Vec::new();
    for one in all {
        done.push(one.await);
    }
    done
}

/// Calls per second, and the 99th percentile in milliseconds.
async fn round(store: &Store, load: Load) -> Result<(f64, f64), Error> {
    let tasks = match load {
        Load::Writes { in_flight } => in_flight,
        Load::Lists | Load::Gets => READERS,
    };
    let began = Instant::now();
    let running: Vec<_> = (0..tasks).map(|task| tokio::spawn(work(store.clone(), load, task, began + ROUND))).collect();
    let mut times = Vec::new();
    for one in running {
        times.extend(one.await??);
    }
    let seconds = began.elapsed().as_secs_f64();
    times.sort_unstable();
    let p99 = times.get(times.len() * 99 / 100).copied().unwrap_or_default();
    Ok((times.len() as f64 / seconds, f64::from(p99) / 1000.0))
}

/// Microseconds of each call until `end`.
async fn work(store: Store, load: Load, task: usize, end: Instant) -> Result<Vec<u32>, gantry_store::Error> {
    let value = Bytes::from(vec![b'v'; VALUE_BYTES]);
    let mut times = Vec::new();
    for n in 0_usize.. {
        let began = Instant::now();
        if began >= end {
            break;
        }
        match load {
            Load::Writes { .. } => {
                store.put(format!("/write/{task}/{}", n % 200), value.clone()).await?;
            }
            Load::Lists => {
                let found = store.range(RangeRequest::new(KeyRange::prefix("/list/"))).await?;
                assert_eq!(found.kvs.len(), LIST_KEYS);
            }
            Load::Gets => {
                store.get(format!("/list/{:04}", (n * 7 + task) % LIST_KEYS)).await?;
            }
        }
        times.push(began.elapsed().as_micros() as u32);
        // Reads from memory never wait: give the others their turn.
        if n % 64 == 0 {
            tokio::task::yield_now().await;
        }
    }
    Ok(times)
}

fn median(mut of: Vec<f64>) -> f64 {
    of.sort_by(f64::total_cmp);
    of[of.len() / 2]
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// etcd as it is installed, with its defaults.
fn start_etcd(dir: &std::path::Path) -> Result<(Server, String), Error> {
    let free = || -> Result<u16, Error> { Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port()) };
    let client = format!("http://127.0.0.1:{}", free()?);
    let peer = format!("http://127.0.0.1:{}", free()?);
    let child = Command::new("etcd")
        .arg("--data-dir")
        .arg(dir)
        .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("default={peer}"), "--logger", "zap", "--log-level", "fatal"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    Ok((Server(child), client))
}
