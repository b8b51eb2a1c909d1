//! How long a store takes to open, by what it holds: `cargo run --release -p gantry-store --example
//! open_store -- fill <dir> <keys>` makes one, `… open <dir>` opens it and reads a little. Run the second
//! as a process of its own, so that what is resident is the store's; kill the first for an unclean one.

use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use gantry_store::{Embedded, EmbeddedOptions, KeyRange, Op, RangeRequest, Txn};

const KEYS_PER_TXN: usize = 100;
const WRITERS: usize = 16;
/// About what a record of an image is.
const VALUE_BYTES: usize = 120;

type Error = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        ["fill", dir, keys] => fill(Path::new(dir), keys.parse()?, false).await,
        ["fill-and-die", dir, keys] => fill(Path::new(dir), keys.parse()?, true).await,
        ["open", dir] => open(Path::new(dir)).await,
        _ => Err("fill <dir> <keys> | fill-and-die <dir> <keys> | open <dir>".into()),
    }
}

async fn fill(dir: &Path, keys: usize, die: bool) -> Result<(), Error> {
    let store = Embedded::open(dir, EmbeddedOptions::default())?;
    let began = Instant::now();
    let writers = (0..WRITERS).map(|writer| {
        let store = store.clone();
        tokio::spawn(async move {
            let value = Bytes::from(vec![b'v'; VALUE_BYTES]);
            for n in (writer..keys / KEYS_PER_TXN).step_by(WRITERS) {
                let puts = (0..KEYS_PER_TXN).fold(Txn::new(), |txn, m| {
                    txn.then(Op::put(format!("/repositories/{:04}/images/{n:08}/{m:04}", n % 1_000), value.clone()))
                });
                store.txn(puts).await?;
            }
            Ok::<(), gantry_store::Error>(())
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await??;
    }
    println!("{keys} keys written in {:?}", began.elapsed());
    if die {
        std::process::abort();
    }
    let began = Instant::now();
    drop(store);
    println!("closed in {:?}", began.elapsed());
    Ok(())
}

async fn open(dir: &Path) -> Result<(), Error> {
    let (before, cpu_before) = (resident_bytes()?, cpu_micros()?);
    let began = Instant::now();
    let store = Embedded::open(dir, EmbeddedOptions::default())?;
    let took = began.elapsed();
    let (after, cpu) = (resident_bytes()?, cpu_micros()? - cpu_before);
    println!("opened in {took:?} ({cpu} µs on a CPU), {} KiB resident (+{})", after >> 10, (after - before) >> 10);
    let count = RangeRequest { count_only: true, ..RangeRequest::new(KeyRange::prefix("")) };
    let began = Instant::now();
    println!("{} keys counted in {:?}", store.range(count).await?.count, began.elapsed());
    let began = Instant::now();
    let first = store.range(RangeRequest::new(KeyRange::prefix("")).limit(100)).await?;
    println!(
        "the first {} of {} read in {:?}, {} KiB resident",
        first.kvs.len(),
        first.count,
        began.elapsed(),
        resident_bytes()? >> 10
    );
    let began = Instant::now();
    let all = store.list("").await?.kvs.len();
    println!("all {all} read in {:?}, {} KiB resident", began.elapsed(), resident_bytes()? >> 10);
    let began = Instant::now();
    drop(store);
    println!("closed in {:?}", began.elapsed());
    Ok(())
}

/// What the calling thread has had of a CPU: on a busy machine the better figure.
fn cpu_micros() -> Result<u64, Error> {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(schedstat.split(' ').next().unwrap_or_default().parse::<u64>()? / 1_000)
}

fn resident_bytes() -> Result<u64, Error> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    Ok(statm.split(' ').nth(1).unwrap_or_default().parse::<u64>()? * 4096)
}
