//! A registry killed with SIGKILL while it is pushed to: every acknowledged push is there afterwards,
//! whole, and nothing that can be read is broken.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use gantry_blobs::Digest;
use gantry_registry::{Manifest, Reference, Registry};
use gantry_store::{Embedded, EmbeddedOptions};

use crate::s3::{Moto, bucket};
use crate::support::{Fixture, open, open_over, repo};

const CHILD_DIR: &str = "GANTRY_REGISTRY_CRASH_DIR";

/// Names the port of the S3 server that has the blobs, if they are not in the directory.
const BUCKET: &str = "bucket";

async fn open_at(dir: &Path) -> Fixture {
    let store = Embedded::open(&dir.join("store"), EmbeddedOptions::default()).unwrap();
    let (wire, access) = match std::fs::read_to_string(dir.join(BUCKET)) {
        Ok(port) => {
            let blobs = bucket(port.parse().unwrap()).await;
            open_over(store.clone(), blobs, std::sync::Arc::new(gantry_base::SystemClock))
        }
        Err(_) => open(store.clone(), dir),
    };
    let clock = gantry_base::ManualClock::at(gantry_base::Timestamp::from_secs(1));
    Fixture { wire, clock, access, dir: tempfile::tempdir().unwrap(), store }
}

/// Run by [`acknowledged_pushes_survive_a_kill`] in a process of its own: four writers push for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn crash_child() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else { return };
    let f = std::sync::Arc::new(open_at(Path::new(&dir)).await);
    if f.wire.registry().repository(&repo("app")).await.is_err() {
        f.create("app").await;
    }
    let mut writers = Vec::new();
    for writer in 0..4 {
        let f = std::sync::Arc::clone(&f);
        writers.push(tokio::spawn(async move {
            for n in 0.. {
                // The same tag moves now and then, so that a push also takes one off another image.
                let tag = format!("w{writer}-{}", n % 10);
                let digest = f.push_image("app", &tag, &format!("layer {writer} {n}")).await;
                println!("acked {tag} {digest}");
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

async fn check_image(registry: &Registry, reference: &Reference) -> Digest {
    let found = registry.resolve(&repo("app"), reference).await.unwrap();
    assert_eq!(Digest::sha256(&found.bytes), found.digest);
    for blob in Manifest::parse(&found.bytes, Some(&found.media_type)).unwrap().blobs {
        let reader = registry.open_blob(&repo("app"), &blob, 0..u64::MAX).await.unwrap();
        assert_eq!(Digest::sha256(&reader.read_to_end(1 << 20).await.unwrap()), blob);
    }
    found.digest
}

#[tokio::test]
async fn acknowledged_pushes_survive_a_kill() {
    let rounds = if std::env::var_os("GANTRY_LONG").is_some() { 60 } else { 6 };
    kill_writers(tempfile::tempdir().unwrap(), rounds).await;
}

#[tokio::test]
async fn acknowledged_pushes_to_a_bucket_survive_a_kill() {
    let Some(moto) = Moto::start("acknowledged_pushes_to_a_bucket_survive_a_kill") else { return };
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(BUCKET), moto.port.to_string()).unwrap();
    let rounds = if std::env::var_os("GANTRY_LONG").is_some() { 6 } else { 1 };
    kill_writers(dir, rounds).await;
}

async fn kill_writers(dir: tempfile::TempDir, rounds: usize) {
    let mut pushes = 0;
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["crash::crash_child", "--exact", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acked = Vec::new();
        let mut take = |line: String| {
            if let Some((_, line)) = line.split_once("acked ")
                && let Some((tag, digest)) = line.split_once(' ')
                && let Ok(digest) = digest.parse::<Digest>()
            {
                acked.push((tag.to_owned(), digest));
            }
        };
        for _ in 0..10 + round * 7 {
            take(lines.next().expect("the child goes on until it is killed").unwrap());
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What was on its way through the pipe was acknowledged too.
        lines.map_while(Result::ok).for_each(take);
        pushes += acked.len();

        let f = open_at(dir.path()).await;
        let registry = f.wire.registry();
        for (tag, digest) in &acked {
            check_image(registry, &Reference::Digest(digest.clone())).await;
            // The tag may have moved on since.
            check_image(registry, &Reference::Tag(tag.clone())).await;
        }
        for image in registry.images(&repo("app"), None, 10_000).await.unwrap().items {
            check_image(registry, &Reference::Digest(image.digest.clone())).await;
            for tag in image.tags {
                assert_eq!(check_image(registry, &Reference::Tag(tag)).await, image.digest, "both ways agree");
            }
        }
    }
    println!("{pushes} acknowledged pushes over {rounds} kills, none lost");
}
