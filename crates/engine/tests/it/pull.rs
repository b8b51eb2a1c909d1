//! Images, good and evil.

use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gantry_engine::{
    BlobSource, Engine, EngineConfig, Error, ImageRef, ImageSource, ManifestBytes, PrunePolicy, PullFailure,
    RegistryAuth,
};

use crate::rig::{self, DirSource, OCI_GZIP, OCI_TAR, OCI_ZSTD, TarBuilder, gzip, reference};

const NOW: Duration = Duration::ZERO;
const NEVER: Duration = Duration::MAX;
/// Lets go of all that no sandbox uses.
const NONE_KEPT: PrunePolicy = PrunePolicy { max_idle: NOW, max_bytes: 0, min_idle: NOW };

struct Puller {
    tmp: tempfile::TempDir,
    engine: Engine,
    source: DirSource,
}

impl Puller {
    async fn new() -> Self {
        let tmp = tempfile::Builder::new().prefix("gantry-engine-test").tempdir_in("/var/tmp").unwrap();
        let mut config = EngineConfig::new(tmp.path().join("data"), "00000000", rig::shim_command());
        config.warm_shims = 0;
        config.image_limits.unpacked_bytes = 600 << 20;
        let engine = Engine::open(config).await.unwrap();
        let source = DirSource::new(&tmp.path().join("blobs"));
        Self { tmp, engine, source }
    }

    async fn pull(&self, tag: &str) -> Result<gantry_engine::Image, Error> {
        self.engine.pull(&reference(tag), &self.source, None).await
    }

    fn left_overs(&self) -> usize {
        fs::read_dir(self.tmp.path().join("data/tmp")).unwrap().count()
    }
}

fn kind(result: Result<gantry_engine::Image, Error>) -> (PullFailure, String) {
    match result {
        Err(Error::Pull { kind, reason, .. }) => (kind, reason),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn evil_archives_are_refused() {
    if !rig::able("evil_archives_are_refused") {
        return;
    }
    let mut p = Puller::new().await;
    let victim = p.tmp.path().join("victim");
    fs::write(&victim, "untouched").unwrap();
    let outside = victim.to_str().unwrap().to_owned();
    let long = "x".repeat(300);
    type Make<'a> = &'a dyn Fn(&mut TarBuilder);
    let table: [(&str, PullFailure, Make<'_>); 12] = [
        ("dotdot", PullFailure::Malformed, &|t| {
            t.file("../victim", b"evil");
        }),
        ("inner-dotdot", PullFailure::Malformed, &|t| {
            t.file("a/../../victim", b"evil");
        }),
        ("absolute", PullFailure::Malformed, &|t| {
            t.file("/etc/evil", b"evil");
        }),
        ("symlink-parent-absolute", PullFailure::Malformed, &|t| {
            t.entry("d", b'2', 0o777, "/etc", b"").file("d/evil", b"evil");
        }),
        ("symlink-parent-relative", PullFailure::Malformed, &|t| {
            t.entry("d", b'2', 0o777, "../../..", b"").file("d/victim", b"evil");
        }),
        ("symlink-chain", PullFailure::Malformed, &|t| {
            t.dir("a")
                .entry("a/b", b'2', 0o777, "..", b"")
                .entry("c", b'2', 0o777, "a/b/..", b"")
                .file("c/victim", b"evil");
        }),
        ("hardlink-dotdot", PullFailure::Malformed, &|t| {
            t.entry("h", b'1', 0o644, "../victim", b"");
        }),
        ("hardlink-absolute", PullFailure::Malformed, &|t| {
            t.entry("h", b'1', 0o644, "/etc/passwd", b"");
        }),
        ("hardlink-through-symlink", PullFailure::Malformed, &|t| {
            t.entry("d", b'2', 0o777, "/etc", b"").entry("h", b'1', 0o644, "d/passwd", b"");
        }),
        ("whiteout-dotdot", PullFailure::Malformed, &|t| {
            t.file(".wh...", b"");
        }),
        ("sparse", PullFailure::Malformed, &|t| {
            t.entry("s", b'S', 0o644, "", b"");
        }),
        ("bad-type", PullFailure::Malformed, &|t| {
            t.entry("s", b'Z', 0o644, "", b"");
        }),
    ];
    for (name, want, make) in table {
        let mut tar = TarBuilder::default();
        make(&mut tar);
        let tar = tar.finish();
        p.source.image(name, &[(OCI_TAR, tar.clone(), tar)], serde_json::json!({}));
        let (got, reason) = kind(p.pull(name).await);
        assert_eq!(got, want, "{name}: {reason}");
        eprintln!("{name}: {reason}");
    }
    // A long name by GNU's extension.
    let mut tar = TarBuilder::default();
    tar.entry("././@LongLink", b'L', 0, "", format!("{long}\0").as_bytes()).file("x", b"");
    let tar = tar.finish();
    p.source.image("long", &[(OCI_TAR, tar.clone(), tar)], serde_json::json!({}));
    assert_eq!(kind(p.pull("long").await).0, PullFailure::Limit);
    // Cut off, and with a broken checksum.
    let mut tar = TarBuilder::default();
    tar.file("f", &[7; 5000]);
    let whole = tar.finish();
    for (name, bytes) in [
        ("cut", whole[..2000].to_vec()),
        ("sum", {
            let mut b = whole.clone();
            b[10] ^= 1;
            b
        }),
    ] {
        p.source.image(name, &[(OCI_TAR, bytes.clone(), bytes)], serde_json::json!({}));
        assert_eq!(kind(p.pull(name).await).0, PullFailure::Malformed, "{name}");
    }
    assert_eq!(fs::read_to_string(&victim).unwrap(), "untouched", "{outside}");
    assert_eq!(p.left_overs(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_are_refused() {
    if !rig::able("bombs_are_refused") {
        return;
    }
    let mut p = Puller::new().await;
    // 10 GB of zeros behind a true header; made of one compressed chunk repeated, as gzip allows.
    let mut header = TarBuilder::default();
    header.file("zeros", b"");
    let mut head = header.0.clone();
    head[124..136].copy_from_slice(format!("{:011o}\0", (8u64 << 30) - 512).as_bytes());
    head[148..156].fill(b' ');
    let sum: u32 = head[..512].iter().map(|b| u32::from(*b)).sum();
    head[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bomb = gzip(&head[..512]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![0u8; 64 << 20]).unwrap();
    let chunk = encoder.finish().unwrap();
    for _ in 0..160 {
        bomb.extend_from_slice(&chunk);
    }
    eprintln!("the bomb: {} bytes", bomb.len());
    p.source.image("bomb", &[(OCI_GZIP, bomb, vec![])], serde_json::json!({}));
    let (got, reason) = kind(p.pull("bomb").await);
    assert_eq!(got, PullFailure::Limit, "{reason}");
    assert_eq!(reason, "the layer expands beyond what a real one does");
    assert_eq!(p.left_overs(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_match_is_refused() {
    if !rig::able("what_does_not_match_is_refused") {
        return;
    }
    let mut p = Puller::new().await;
    let mut tar = TarBuilder::default();
    let tar = tar.dir("a").finish();
    p.source.image("diff", &[(OCI_TAR, tar.clone(), b"other".to_vec())], serde_json::json!({}));
    assert_eq!(kind(p.pull("diff").await).0, PullFailure::Digest);
    assert_eq!(kind(p.pull("missing").await).0, PullFailure::NotFound);
    p.source.image("gz", &[(OCI_GZIP, vec![0x1f, 0x8b, 1, 2, 3], tar.clone())], serde_json::json!({}));
    assert_eq!(kind(p.pull("gz").await).0, PullFailure::Malformed);
    p.source.image("kind", &[("application/x-thing", tar.clone(), tar.clone())], serde_json::json!({}));
    assert_eq!(kind(p.pull("kind").await).0, PullFailure::Unsupported);
    p.source.manifest("junk", "application/json", b"{\"schemaVersion\":2}".to_vec());
    assert_eq!(kind(p.pull("junk").await).0, PullFailure::Malformed);
    p.source.manifest("large", "application/json", vec![b' '; 5 << 20]);
    assert_eq!(kind(p.pull("large").await).0, PullFailure::Limit);
    // A blob changed on disk under its name.
    let digest = p.source.image("flip", &[(OCI_TAR, tar.clone(), tar.clone())], serde_json::json!({}));
    let blob = p.tmp.path().join("blobs").join(rig::digest(&tar).replace(':', "-"));
    fs::write(blob, [&tar[..], &[0; 512]].concat()).unwrap();
    assert_eq!(kind(p.pull("flip").await).0, PullFailure::Digest);
    assert!(p.engine.image(&digest).is_none());
    assert_eq!(p.left_overs(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn layers_come_out_right_and_once() {
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
    if !rig::able("layers_come_out_right_and_once") {
        return;
    }
    let mut p = Puller::new().await;
    let mut one = TarBuilder::default();
    one.entry("d", b'5', 0o1777, "", b"")
        .entry_owned("d/suid", b'0', 0o4755, "", b"x", 12)
        .entry("d/link", b'2', 0o777, "/absolute/target", b"")
        .entry("d/hard", b'1', 0o644, "d/suid", b"")
        .entry("implied/parent/f", b'0', 0o600, "", b"y")
        .entry("dev/null", b'3', 0o666, "", b"")
        .entry("fifo", b'6', 0o600, "", b"")
        .entry("twice", b'0', 0o600, "", b"first")
        .entry("twice", b'0', 0o644, "", b"second")
        .entry("fold", b'2', 0o777, "d", b"")
        .entry("fold/via-link", b'0', 0o644, "", b"z");
    let one = one.finish();
    let mut two = TarBuilder::default();
    two.file("d/.wh.suid", b"").file("gone/.wh..wh..opq", b"").file("kept", b"k").file(".wh.kept", b"");
    let two = two.finish();
    let packed = zstd::encode_all(&two[..], 3).unwrap();
    let child = p.source.image(
        "child",
        &[(OCI_GZIP, gzip(&one), one.clone()), (OCI_ZSTD, packed, two.clone())],
        serde_json::json!({"User": "7"}),
    );
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let index = serde_json::json!({"schemaVersion": 2, "manifests": [
        {"digest": format!("sha256:{}", "1".repeat(64)), "platform": {"os": "linux", "architecture": "riscv64"}},
        {"digest": child, "platform": {"os": "linux", "architecture": arch}}]});
    let top = p.source.manifest("v1", "application/vnd.oci.image.index.v1+json", index.to_string().into_bytes());
    p.source.streamed = true;
    let engine = p.engine.clone();
    let source = Arc::new(p.source);
    let pulls = (0..8).map(|_| {
        let (engine, source) = (engine.clone(), Arc::clone(&source));
        tokio::spawn(async move { engine.pull(&reference("v1"), &*source, None).await.unwrap() })
    });
    let images = futures_util::future::join_all(pulls).await;
    let image = images.into_iter().next().unwrap().unwrap();
    assert_eq!(source.opened.load(Ordering::SeqCst), 3, "one configuration and two layers, once each");
    assert_eq!((image.digest(), image.config().config.user.as_str()), (top.as_str(), "7"));
    assert_eq!(image.layers(), [rig::digest(&one), rig::digest(&two)]);
    let dir = |i: usize| p.tmp.path().join("data/layers").join(image.layers()[i].trim_start_matches("sha256:"));
    let stat = |path: &str| fs::symlink_metadata(dir(0).join(path)).unwrap();
    assert_eq!(stat("d").permissions().mode() & 0o7777, 0o1777);
    assert_eq!(stat("d").mtime(), 1_700_000_000);
    assert_eq!(
        (stat("d/suid").permissions().mode() & 0o7777, stat("d/suid").uid(), stat("d/suid").nlink()),
        (0o4755, 12, 2)
    );
    assert_eq!(fs::read_link(dir(0).join("d/link")).unwrap().to_str(), Some("/absolute/target"));
    assert_eq!(fs::read(dir(0).join("implied/parent/f")).unwrap(), b"y");
    assert!(!dir(0).join("dev/null").exists());
    assert!(stat("fifo").file_type().is_fifo());
    assert_eq!(fs::read(dir(0).join("twice")).unwrap(), b"second");
    assert_eq!(fs::read(dir(0).join("d/via-link")).unwrap(), b"z");
    let white = fs::symlink_metadata(dir(1).join("d/suid")).unwrap();
    assert!(white.file_type().is_char_device() && white.rdev() == 0);
    assert_eq!(fs::read(dir(1).join("kept")).unwrap(), b"k");
    // Nothing is kept that nobody wants.
    assert!(engine.image(&top).is_some());
    let pruned = engine.prune_images(NONE_KEPT).await.unwrap().unwrap();
    assert_eq!((pruned.images, pruned.layers, pruned.left_bytes), (1, 2, 0), "{pruned:?}");
    assert!(pruned.freed_bytes > 0 && engine.image(&top).is_none());
    let by_digest: ImageRef = format!("localhost:1/app@{top}").parse().unwrap();
    engine.pull(&by_digest, &*source, None).await.unwrap();
    let left_behind = p.tmp.path().join("data/tmp/layer-9");
    fs::create_dir(&left_behind).unwrap();
    let again = rig::open(&p.tmp.path().join("data"), "00000000").await;
    assert!(!left_behind.exists() && again.image(&top).is_some());
}

fn sendable<T: Send>(value: T) -> T {
    value
}

/// Holds a blob's opening back until told.
struct Slow {
    source: DirSource,
    go: tokio::sync::Semaphore,
}

#[async_trait::async_trait]
impl ImageSource for Slow {
    async fn resolve(&self, r: &ImageRef, auth: Option<&RegistryAuth>) -> gantry_engine::Result<ManifestBytes> {
        self.source.resolve(r, auth).await
    }

    async fn open_blob(&self, r: &ImageRef, digest: &str) -> gantry_engine::Result<BlobSource> {
        self.go.acquire().await.unwrap().forget();
        self.source.open_blob(r, digest).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn images_go_when_nobody_has_used_them_and_never_under_a_pull() {
    if !rig::able("images_go_when_nobody_has_used_them_and_never_under_a_pull") {
        return;
    }
    let mut p = Puller::new().await;
    let layer = |name: &str| TarBuilder::default().file(name, &vec![b'x'; 100_000]).finish();
    let (base, old, new) = (layer("base"), layer("old"), layer("new"));
    let plain = |tar: &Vec<u8>| (OCI_TAR, tar.clone(), tar.clone());
    p.source.image("old", &[plain(&base), plain(&old)], serde_json::json!({}));
    p.source.image("new", &[plain(&base), plain(&new)], serde_json::json!({}));
    let first = sendable(p.pull("old")).await.unwrap();
    assert!(first.config_digest().starts_with("sha256:") && first.config_digest() != first.digest());
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let second = p.pull("new").await.unwrap();
    let keep_all = PrunePolicy { max_idle: NEVER, max_bytes: u64::MAX, min_idle: NOW };
    let pruned = p.engine.prune_images(keep_all).await.unwrap().unwrap();
    assert_eq!((pruned.images, pruned.layers), (0, 0));
    assert!(pruned.left_bytes > 300_000, "{pruned:?}");
    // Too much in all, but used just now.
    let young = PrunePolicy { max_bytes: 0, min_idle: Duration::from_hours(1), ..keep_all };
    assert_eq!(p.engine.prune_images(young).await.unwrap().unwrap().images, 0);
    // The longest unused goes, with the layer that is its own, and no more than it takes.
    let full = PrunePolicy { max_bytes: pruned.left_bytes - 1, ..keep_all };
    let pruned = p.engine.prune_images(full).await.unwrap().unwrap();
    assert_eq!((pruned.images, pruned.layers), (1, 1), "{pruned:?}");
    assert!(p.engine.image(first.digest()).is_none() && p.engine.image(second.digest()).is_some());
    assert_eq!(p.left_overs(), 0);

    // A pull is under way: what it has so far is nobody's yet, and stays.
    let source = Arc::new(Slow { source: p.source, go: tokio::sync::Semaphore::new(1) });
    let (engine, under_way) = (p.engine.clone(), Arc::clone(&source));
    let pull = tokio::spawn(async move { engine.pull(&reference("old"), &*under_way, None).await });
    // Five for the two images above, and its configuration.
    while source.source.opened.load(Ordering::SeqCst) < 6 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(p.engine.prune_images(NONE_KEPT).await.unwrap(), None);
    source.go.add_permits(10);
    pull.await.unwrap().unwrap();
    assert_eq!(p.engine.prune_images(NONE_KEPT).await.unwrap().unwrap().images, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_a_sandbox_uses_stays() {
    if !rig::able("an_image_that_a_sandbox_uses_stays") {
        return;
    }
    let rig = rig::Rig::new().await;
    let sandbox = rig.sandbox("s").await;
    let script = "while [ ! -e /go ]; do sleep 0.05; done; cat /etc/group";
    sandbox.create_container(rig.container("c", script)).await.unwrap();
    sandbox.start("c").await.unwrap();
    let prune = async || rig.engine.prune_images(NONE_KEPT).await.unwrap().unwrap();
    let pruned = prune().await;
    assert_eq!((pruned.images, pruned.layers), (0, 0), "{pruned:?}");
    // Its layers are mounted still when its record is lost.
    let record = rig.image.digest().trim_start_matches("sha256:");
    fs::write(rig.tmp.path().join(format!("data/images/{record}.json")), "lost").unwrap();
    assert_eq!(prune().await.layers, 0);
    sandbox.exec("c", gantry_engine::ExecConfig::new(["touch", "/go"])).await.unwrap();
    assert_eq!(sandbox.wait("c").await.unwrap().code, 0);
    assert!(rig::read_all(&sandbox, "c").await.0.contains("audio"));
    sandbox.destroy().await.unwrap();
    let pruned = prune().await;
    assert_eq!(pruned.layers, 1, "{pruned:?}");
    // What is gone cannot be made containers of.
    let sandbox = rig.sandbox("t").await;
    let gone = sandbox.create_container(rig.container("c", "true")).await;
    assert!(matches!(gone, Err(Error::NotFound { .. })), "{gone:?}");
    sandbox.destroy().await.unwrap();
    rig.assert_clean().await;
}

/// Sends the beginning of each large blob and then nothing, for ever.
struct Stuck(DirSource);

#[async_trait::async_trait]
impl ImageSource for Stuck {
    async fn resolve(&self, r: &ImageRef, auth: Option<&RegistryAuth>) -> gantry_engine::Result<ManifestBytes> {
        self.0.resolve(r, auth).await
    }

    async fn open_blob(&self, r: &ImageRef, digest: &str) -> gantry_engine::Result<BlobSource> {
        use futures_util::StreamExt;
        match self.0.open_blob(r, digest).await? {
            BlobSource::File(file) if file.metadata().unwrap().len() > 100_000 => {
                let mut start = vec![0; 100_000];
                std::os::unix::fs::FileExt::read_exact_at(&file, &mut start, 0).unwrap();
                let start = futures_util::stream::iter([Ok(start.into())]);
                Ok(BlobSource::Stream(Box::pin(start.chain(futures_util::stream::pending()))))
            }
            other => Ok(other),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_that_is_given_up_leaves_nothing() {
    if !rig::able("a_pull_that_is_given_up_leaves_nothing") {
        return;
    }
    let mut p = Puller::new().await;
    let tar = TarBuilder::default().file("large", &vec![b'x'; 300_000]).finish();
    p.source.image("v1", &[(OCI_TAR, tar.clone(), tar)], serde_json::json!({}));
    let left_overs = || fs::read_dir(p.tmp.path().join("data/tmp")).unwrap().count();
    let (engine, source) = (p.engine.clone(), Stuck(p.source));
    let pull = tokio::spawn(async move { engine.pull(&reference("v1"), &source, None).await });
    while left_overs() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    pull.abort();
    for _ in 0..1000 {
        if left_overs() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(left_overs(), 0);
    assert!(p.engine.prune_images(NONE_KEPT).await.unwrap().is_some(), "the pull still holds the gate");
}
