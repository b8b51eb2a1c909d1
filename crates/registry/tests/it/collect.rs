//! Collecting blobs: what goes, what stays, and that pushes never notice.

use std::collections::BTreeSet;
use std::sync::Arc;

use gantry_blobs::Digest;
use gantry_registry::{Collected, RepositoryDelete, limits};
use gantry_store::{Embedded, Store};

use crate::support::{Fixture, manifest, open_at, repo};

impl Fixture {
    async fn collect_after(&self, ms: i64) -> Collected {
        self.clock.advance_ms(ms);
        self.wire.registry().collect().await.unwrap()
    }

    /// The digests of the files that are there.
    fn stored(&self) -> BTreeSet<String> {
        let root = self.dir.path().join("blobs/blobs/sha256");
        let dirs = std::fs::read_dir(root).unwrap();
        let files = dirs.flat_map(|d| std::fs::read_dir(d.unwrap().path()).unwrap());
        files.map(|f| format!("sha256:{}", f.unwrap().file_name().to_string_lossy())).collect()
    }

    async fn delete(&self, name: &str, digest: &Digest) {
        let reply = self.send("DELETE", &format!("/v2/{name}/manifests/{digest}"), &[], "").await;
        assert_eq!(reply.status, 202, "{:?}", reply.body);
    }
}

const NOTHING: Collected = Collected { links: 0, blobs: 0, strays: 0 };

#[tokio::test]
async fn a_blob_that_no_image_names_stays_for_a_day() {
    let f = Fixture::new(&["app"]).await;
    let digest = f.push_blob("app", b"waits").await;
    let path = format!("/v2/app/blobs/{digest}");
    assert_eq!(f.collect_after(limits::UPLOADED_GRACE_MS - 1).await, NOTHING);
    // A client that sees it there relies on it.
    assert_eq!(f.send("HEAD", &path, &[], "").await.status, 200);
    assert_eq!(f.collect_after(limits::UPLOADED_GRACE_MS - 1).await, NOTHING);
    assert_eq!(f.get(&path).await.status, 200, "a mere read promises nothing");
    assert_eq!(f.collect_after(1).await, Collected { links: 1, blobs: 1, strays: 0 });
    assert_eq!((f.get(&path).await.status.as_u16(), f.stored().len()), (404, 0));
    assert_eq!(f.collect_after(limits::UPLOADED_GRACE_MS).await, NOTHING);
}

#[tokio::test]
async fn what_an_image_names_stays_as_long_as_the_image() {
    let f = Fixture::new(&["app", "other"]).await;
    let one = f.push_image("app", "one", "one").await;
    let two = f.push_image("app", "two", "two").await;
    let three = f.push_image("other", "one", "one").await;
    assert_eq!(one, three);
    let all = f.stored();
    assert_eq!(all.len(), 5, "a config, two layers, two manifests");
    assert_eq!(f.collect_after(2 * limits::UPLOADED_GRACE_MS).await, NOTHING);
    f.delete("app", &one).await;
    assert_eq!(f.collect_after(limits::DELETED_GRACE_MS - 1).await, NOTHING);
    // The other repository has the bytes; this one loses its hold on the layer alone.
    assert_eq!(f.collect_after(1).await, Collected { links: 1, blobs: 0, strays: 0 });
    assert_eq!(f.stored(), all);
    let layer = Digest::sha256(b"one");
    assert_eq!(f.get(&format!("/v2/app/blobs/{layer}")).await.status, 404);
    assert_eq!(f.get(&format!("/v2/other/blobs/{layer}")).await.status, 200);
    f.delete("other", &one).await;
    assert_eq!(f.collect_after(limits::DELETED_GRACE_MS).await, Collected { links: 2, blobs: 2, strays: 0 });
    f.delete("app", &two).await;
    assert_eq!(f.collect_after(limits::DELETED_GRACE_MS).await, Collected { links: 2, blobs: 3, strays: 0 });
    assert_eq!(f.stored().len(), 0);
    let left = f.store.list("/aws/blobs/").await.unwrap();
    assert_eq!(left.kvs, [], "no entry outlives its blob");
}

#[tokio::test]
async fn a_deleted_repositorys_blobs_go_and_its_successors_stay() {
    let f = Fixture::new(&["app"]).await;
    for n in 0..40 {
        f.push_image("app", &format!("v{n}"), &format!("layer {n}")).await;
    }
    f.clock.advance_ms(limits::UPLOADED_GRACE_MS);
    f.wire.registry().delete_repository(&repo("app"), RepositoryDelete::WithImages).await.unwrap();
    f.create("app").await;
    let again = f.push_image("app", "v7", "layer 7").await;
    assert_eq!(f.collect_after(limits::DELETED_GRACE_MS).await.blobs, 39 * 2);
    assert_eq!(f.stored().len(), 3);
    assert_eq!(f.get(&format!("/v2/app/manifests/{again}")).await.status, 200);
    assert_eq!(f.collect_after(limits::UPLOADED_GRACE_MS).await, NOTHING);
}

#[tokio::test]
async fn images_of_very_many_layers_keep_them_all() {
    let f = Fixture::new(&["app"]).await;
    let config = f.push_blob("app", b"{}").await;
    let mut layers = Vec::new();
    for n in 0..100 {
        let text = format!("layer {n}");
        let digest = f.push_blob("app", text.as_bytes()).await;
        layers.push(format!(
            r#"{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{digest}","size":{}}}"#,
            text.len()
        ));
    }
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":2}},"layers":[{}]}}"#,
        layers.join(",")
    );
    assert_eq!(f.put("app", "big", &text).await.status, 201);
    assert_eq!(f.collect_after(limits::UPLOADED_GRACE_MS).await, NOTHING);
    assert_eq!(f.stored().len(), 102);
    f.delete("app", &Digest::sha256(text.as_bytes())).await;
    assert_eq!(f.collect_after(limits::DELETED_GRACE_MS).await.blobs, 102);
}

#[tokio::test]
async fn bytes_without_a_record_are_found() {
    let f = Fixture::new(&["app"]).await;
    let kept = f.push_image("app", "v1", "kept").await;
    let stray = Digest::sha256(b"stray");
    let dir = f.dir.path().join("blobs/blobs/sha256").join(&stray.hex()[..2]);
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join(stray.hex()), "stray").unwrap();
    assert_eq!(f.collect_after(0).await, Collected { links: 0, blobs: 0, strays: 1 });
    assert_eq!(f.collect_after(limits::UPLOADED_GRACE_MS).await, Collected { links: 0, blobs: 1, strays: 0 });
    assert_eq!(f.get(&format!("/v2/app/manifests/{kept}")).await.status, 200);
    assert_eq!(f.stored().len(), 3);
}

/// A collector that died with a blob condemned: the next one ends it, and a push waits for that.
#[tokio::test]
async fn a_push_of_a_condemned_blob_waits_for_it_to_be_gone() {
    let f = Arc::new(Fixture::new(&["app"]).await);
    let digest = f.push_blob("app", b"again").await;
    f.store.put(format!("/aws/blobs/condemned/{digest}"), "").await.unwrap();
    let pushing = tokio::spawn({
        let f = Arc::clone(&f);
        async move { f.push_blob("app", b"again").await }
    });
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    assert!(!pushing.is_finished());
    f.collect_after(0).await;
    pushing.await.unwrap();
    assert_eq!(f.get(&format!("/v2/app/blobs/{digest}")).await.body, "again");
}

/// Pushes, deletes, mounts and deleted repositories while rounds go on without any rest and time flies:
/// every image that was acknowledged and not deleted is whole, and in the end nothing else is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn collection_takes_nothing_from_pushes_going_on() {
    const WRITERS: usize = 6;
    let pushes = if std::env::var_os("GANTRY_LONG").is_some() { 1000 } else { 60 };
    let f = Arc::new(Fixture::new(&["a", "b"]).await);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let collector = tokio::spawn({
        let (f, stop) = (Arc::clone(&f), Arc::clone(&stop));
        async move {
            let mut collected = 0;
            while !stop.load(std::sync::atomic::Ordering::SeqCst) {
                // A pause of the pusher may be worth hours here, but never a whole grace.
                collected += f.collect_after(limits::DELETED_GRACE_MS / 16).await.blobs;
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            collected
        }
    });
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let f = Arc::clone(&f);
        writers.spawn(async move {
            let mut kept = BTreeSet::new();
            for n in 0..pushes {
                let name = if (n + writer) % 2 == 0 { "a" } else { "b" };
                // The same few layers again and again, so that they are idle and wanted in turns.
                let (config, layer) = (format!("{{\"n\":{}}}", n % 3), format!("layer {}", n % 5));
                let config = f.push_blob(name, config.as_bytes()).await;
                let size = layer.len();
                let layer = f.push_blob(name, layer.as_bytes()).await;
                let text = manifest(&config, &layer, size, &format!(r#","annotations":{{"w":"{writer}{n}"}}"#));
                let digest = Digest::sha256(text.as_bytes());
                let reply = f.put(name, &format!("w{writer}-{n}"), &text).await;
                assert_eq!(reply.status, 201, "{:?}", reply.body);
                if n % 10 == 0 {
                    kept.insert((name, digest, layer));
                } else {
                    f.delete(name, &digest).await;
                }
            }
            kept
        });
    }
    let kept: BTreeSet<_> = writers.join_all().await.into_iter().flatten().collect();
    stop.store(true, std::sync::atomic::Ordering::SeqCst);
    println!("{} blobs were collected meanwhile", collector.await.unwrap());
    let (mut needed, mut names) = (BTreeSet::new(), BTreeSet::new());
    f.collect_after(2 * limits::UPLOADED_GRACE_MS).await;
    f.collect_after(2 * limits::UPLOADED_GRACE_MS).await;
    for (name, digest, layer) in kept {
        let reply = f.get(&format!("/v2/{name}/manifests/{digest}")).await;
        assert_eq!(reply.status, 200, "{digest}");
        let config = reply.json()["config"]["digest"].as_str().unwrap().to_owned();
        for blob in [layer.as_str(), &config] {
            assert_eq!(f.get(&format!("/v2/{name}/blobs/{blob}")).await.status, 200, "{blob}");
        }
        needed.extend([digest.to_string(), layer.to_string(), config]);
        names.insert(digest);
    }
    assert_eq!(f.stored(), needed);
}

/// Long form only: what marking costs when a repository of very many images is deleted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_repository_is_deleted_and_collected() {
    if std::env::var_os("GANTRY_LONG").is_none() {
        return;
    }
    const IMAGES: usize = 10_000;
    let f = Fixture::new(&["app"]).await;
    let (config, layer) = (f.push_blob("app", b"{}").await, f.push_blob("app", b"layer").await);
    for n in 0..IMAGES {
        let text = manifest(&config, &layer, 5, &format!(r#","annotations":{{"n":"{n}"}}"#));
        assert_eq!(f.put("app", &format!("v{n}"), &text).await.status, 201);
    }
    let started = std::time::Instant::now();
    f.wire.registry().delete_repository(&repo("app"), RepositoryDelete::WithImages).await.unwrap();
    let deleted = started.elapsed();
    let (mut blobs, started) = (0, std::time::Instant::now());
    while blobs < IMAGES + 2 {
        blobs += f.collect_after(limits::UPLOADED_GRACE_MS).await.blobs;
    }
    println!("{IMAGES} images: deleted in {deleted:?}, collected in {:?}", started.elapsed());
}

/// What a round costs follows what was deleted, not what is there.
#[tokio::test]
async fn a_round_costs_what_has_changed() {
    let counts = Arc::new(crate::flat::Counts::default());
    let inner = Arc::clone(Embedded::in_memory().engine());
    let store = Store::new(Arc::new(crate::flat::Counting { inner, counts: Arc::clone(&counts) }));
    let dir = tempfile::tempdir().unwrap();
    let clock = gantry_base::ManualClock::at(gantry_base::Timestamp::from_secs(1_800_000_000));
    let (wire, access) = open_at(store.clone(), dir.path(), clock.clone());
    let f = Fixture { wire, clock, access, dir, store };
    f.create("app").await;
    let mut measured = Vec::new();
    let mut pushed = 0;
    for size in [10, 200] {
        for n in pushed..size {
            f.push_image("app", &format!("v{n}"), &format!("layer {n}")).await;
        }
        pushed = size;
        f.collect_after(limits::UPLOADED_GRACE_MS).await;
        let extra = f.push_image("app", "extra", "extra").await;
        f.collect_after(limits::UPLOADED_GRACE_MS).await;
        f.delete("app", &extra).await;
        counts.take();
        // The walk for strays is over in one step here; it has a limit of its own.
        f.wire.registry().collect().await.unwrap();
        let idle = counts.take();
        let done = f.collect_after(limits::DELETED_GRACE_MS).await;
        assert_eq!(done, Collected { links: 1, blobs: 2, strays: 0 });
        let [reads, keys, writes, _] = counts.take();
        measured.push([reads - idle[0], keys - idle[1], writes - idle[2]]);
    }
    println!("[reads, keys read, operations] of a round for one deleted image: {measured:?}");
    for (few, many) in measured[0].into_iter().zip(measured[1]) {
        assert!(few.abs_diff(many) <= 2, "{measured:?}");
    }
}
