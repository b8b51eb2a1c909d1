//! What every test needs: an image made on the spot, a network namespace, an engine, and a look
//! at the host afterwards.

use std::collections::HashMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_engine::{
    BlobSource, ContainerConfig, Engine, EngineConfig, Error, Exit, Image, ImageRef, ImageSource, LogStream,
    ManifestBytes, PullFailure, RegistryAuth, Sandbox, SandboxConfig, ShimCommand, UidRange,
};
use sha2::{Digest, Sha256};

/// Debian's static busybox, wherever it is on the `PATH`.
pub fn busybox() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join("busybox")).find(|file| file.is_file())
}

/// True if this host can run the tests; says so loudly if not.
pub fn able(test: &str) -> bool {
    // SAFETY: no arguments.
    if unsafe { libc::geteuid() } != 0 {
        eprintln!("SKIP {test}: needs root");
        return false;
    }
    if busybox().is_none() {
        eprintln!("SKIP {test}: needs busybox (Debian package busybox-static)");
        return false;
    }
    true
}

pub fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex::encode(Sha256::digest(bytes)))
}

/// Writes tar archives, honest and dishonest ones.
#[derive(Default)]
pub struct TarBuilder(pub Vec<u8>);

impl TarBuilder {
    pub fn entry(&mut self, path: &str, flag: u8, mode: u32, link: &str, data: &[u8]) -> &mut Self {
        self.entry_owned(path, flag, mode, link, data, 0)
    }

    pub fn entry_owned(&mut self, path: &str, flag: u8, mode: u32, link: &str, data: &[u8], id: u32) -> &mut Self {
        let mut h = [0u8; 512];
        h[..path.len()].copy_from_slice(path.as_bytes());
        let mut put = |at: usize, text: String| h[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(100, format!("{mode:07o}\0"));
        put(108, format!("{id:07o}\0"));
        put(116, format!("{id:07o}\0"));
        put(124, format!("{:011o}\0", data.len()));
        put(136, format!("{:011o}\0", 1_700_000_000));
        h[156] = flag;
        h[157..157 + link.len()].copy_from_slice(link.as_bytes());
        h[257..265].copy_from_slice(b"ustar\x0000");
        h[148..156].fill(b' ');
        let sum: u32 = h.iter().map(|b| u32::from(*b)).sum();
        h[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.0.extend_from_slice(&h);
        self.0.extend_from_slice(data);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn dir(&mut self, path: &str) -> &mut Self {
        self.entry(path, b'5', 0o755, "", b"")
    }

    pub fn file(&mut self, path: &str, data: &[u8]) -> &mut Self {
        self.entry(path, b'0', 0o644, "", data)
    }

    pub fn finish(&mut self) -> Vec<u8> {
        let mut bytes = std::mem::take(&mut self.0);
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn busybox_layer() -> Vec<u8> {
    let busybox = fs::read(busybox().unwrap()).unwrap();
    let mut tar = TarBuilder::default();
    for dir in ["bin", "etc", "home", "home/app", "root", "usr", "usr/bin", "var"] {
        tar.dir(dir);
    }
    tar.entry("tmp", b'5', 0o1777, "", b"");
    tar.entry("bin/busybox", b'0', 0o755, "", &busybox);
    for tool in [
        "sh", "cat", "echo", "id", "ls", "sleep", "env", "mount", "head", "dd", "yes", "ulimit", "stat", "touch",
        "mkdir", "hostname", "kill", "ps", "unshare", "chroot", "grep", "true", "false", "pwd", "printf", "nc", "wc",
        "umount", "mknod", "chown", "seq", "trap", "tail", "ip", "rm", "date", "usleep",
    ] {
        tar.entry(&format!("bin/{tool}"), b'2', 0o777, "busybox", b"");
    }
    tar.file("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\n");
    tar.file("etc/group", b"root:x:0:\napp:x:1001:\naudio:x:29:app\n");
    tar.entry("bin/notexec", b'0', 0o644, "", b"#!/bin/sh\n");
    tar.entry("bin/badformat", b'0', 0o755, "", b"\x7fELFgarbage");
    tar.finish()
}

/// An in-memory registry whose blobs lie in files, as our own registry's do.
#[derive(Default)]
pub struct DirSource {
    dir: PathBuf,
    manifests: HashMap<String, (String, Bytes)>,
    pub opened: AtomicU32,
    pub streamed: bool,
}

impl DirSource {
    pub fn new(dir: &Path) -> Self {
        fs::create_dir_all(dir).unwrap();
        Self { dir: dir.to_owned(), ..Self::default() }
    }

    pub fn blob(&self, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        fs::write(self.dir.join(digest.replace(':', "-")), bytes).unwrap();
        digest
    }

    pub fn manifest(&mut self, name: &str, media_type: &str, bytes: Vec<u8>) -> String {
        let digest = digest(&bytes);
        let bytes = Bytes::from(bytes);
        self.manifests.insert(name.to_owned(), (media_type.to_owned(), bytes.clone()));
        self.manifests.insert(digest.clone(), (media_type.to_owned(), bytes));
        digest
    }

    /// Adds an image of (media type, packed bytes, unpacked bytes) layers.
    pub fn image(&mut self, tag: &str, layers: &[(&str, Vec<u8>, Vec<u8>)], run: serde_json::Value) -> String {
        let diff_ids: Vec<String> = layers.iter().map(|(_, _, tar)| digest(tar)).collect();
        let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
        let config = serde_json::json!({"architecture": arch, "os": "linux", "config": run,
            "rootfs": {"type": "layers", "diff_ids": diff_ids}})
        .to_string();
        let config_digest = self.blob(config.as_bytes());
        let layers: Vec<serde_json::Value> = layers
            .iter()
            .map(|(kind, packed, _)| serde_json::json!({"mediaType": kind, "digest": self.blob(packed), "size": packed.len()}))
            .collect();
        let manifest = serde_json::json!({"schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": config_digest, "size": config.len()},
            "layers": layers})
        .to_string();
        self.manifest(tag, "application/vnd.oci.image.manifest.v1+json", manifest.into_bytes())
    }
}

pub const OCI_GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
pub const OCI_TAR: &str = "application/vnd.oci.image.layer.v1.tar";
pub const OCI_ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";

#[async_trait]
impl ImageSource for DirSource {
    async fn resolve(&self, r: &ImageRef, _: Option<&RegistryAuth>) -> gantry_engine::Result<ManifestBytes> {
        let (media_type, bytes) = self.manifests.get(r.manifest_name()).cloned().ok_or_else(|| Error::Pull {
            kind: PullFailure::NotFound,
            image: r.to_string(),
            reason: "manifest unknown".to_owned(),
        })?;
        Ok(ManifestBytes { media_type, digest: digest(&bytes), bytes })
    }

    async fn open_blob(&self, r: &ImageRef, digest: &str) -> gantry_engine::Result<BlobSource> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let path = self.dir.join(digest.replace(':', "-"));
        let file = fs::File::open(&path).map_err(|e| Error::Pull {
            kind: PullFailure::NotFound,
            image: r.to_string(),
            reason: e.to_string(),
        })?;
        if !self.streamed {
            return Ok(BlobSource::File(file));
        }
        let bytes = fs::read(&path).unwrap();
        let chunks: Vec<_> = bytes.chunks(10_000).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
        Ok(BlobSource::Stream(Box::pin(futures_util::stream::iter(chunks))))
    }
}

/// A network namespace with nothing in it, kept by a bind mount.
pub struct NetNs(pub PathBuf);

impl NetNs {
    pub fn new(path: &Path) -> Self {
        fs::write(path, "").unwrap();
        let target = path.to_owned();
        std::thread::spawn(move || {
            let target = std::ffi::CString::new(target.to_str().unwrap()).unwrap();
            // SAFETY: a thread of its own enters a namespace; strings are NUL-terminated.
            unsafe {
                assert_eq!(libc::unshare(libc::CLONE_NEWNET), 0, "unshare: {}", std::io::Error::last_os_error());
                let ret = libc::mount(
                    c"/proc/thread-self/ns/net".as_ptr(),
                    target.as_ptr(),
                    std::ptr::null(),
                    libc::MS_BIND,
                    std::ptr::null(),
                );
                assert_eq!(ret, 0, "bind: {}", std::io::Error::last_os_error());
            }
        })
        .join()
        .unwrap();
        Self(path.to_owned())
    }
}

impl Drop for NetNs {
    fn drop(&mut self) {
        let path = std::ffi::CString::new(self.0.to_str().unwrap()).unwrap();
        // SAFETY: a NUL-terminated string.
        unsafe { libc::umount2(path.as_ptr(), libc::MNT_DETACH) };
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

pub struct Rig {
    pub tmp: tempfile::TempDir,
    pub engine: Engine,
    pub image: Image,
    pub instance: String,
    netns: std::sync::Mutex<Vec<NetNs>>,
}

pub fn shim_command() -> ShimCommand {
    if let Some(exe) = std::env::var_os("GANTRY_TEST_SHIM") {
        return ShimCommand { exe: exe.into(), args: Vec::new() };
    }
    let exe = std::env::current_exe().unwrap();
    let exe = exe.parent().unwrap().parent().unwrap().join("examples/engine-shim");
    assert!(exe.exists(), "{} is built by cargo test", exe.display());
    ShimCommand { exe, args: Vec::new() }
}

pub fn reference(tag: &str) -> ImageRef {
    format!("localhost:1/app:{tag}").parse().unwrap()
}

pub async fn open(dir: &Path, instance: &str) -> Engine {
    let mut config = EngineConfig::new(dir, instance, shim_command());
    config.warm_shims = std::env::var("GANTRY_TEST_WARM").ok().and_then(|n| n.parse().ok()).unwrap_or(0);
    Engine::open(config).await.unwrap()
}

impl Rig {
    pub async fn new() -> Self {
        let tmp = tempfile::Builder::new().prefix("gantry-engine-test").tempdir_in("/var/tmp").unwrap();
        let instance = format!("{:04x}{:04x}", std::process::id() & 0xffff, NEXT.fetch_add(1, Ordering::SeqCst));
        let mut source = DirSource::new(&tmp.path().join("blobs"));
        let layer = busybox_layer();
        let run =
            serde_json::json!({"Env": ["PATH=/bin:/usr/bin", "FROM_IMAGE=yes"], "Cmd": ["sh", "-c", "echo hello"]});
        source.image("v1", &[(OCI_GZIP, gzip(&layer), layer)], run);
        let engine = open(&tmp.path().join("data"), &instance).await;
        let image = engine.pull(&reference("v1"), &source, None).await.unwrap();
        Self { tmp, engine, image, instance, netns: std::sync::Mutex::default() }
    }

    pub fn config(&self, id: &str) -> SandboxConfig {
        let netns = NetNs::new(&self.tmp.path().join(format!("netns-{id}")));
        let mut config = SandboxConfig::new(id, netns.0.clone());
        self.netns.lock().unwrap().push(netns);
        config.userns = Some(UidRange { host_start: 1_000_000, len: 65_536 });
        config
    }

    pub async fn sandbox(&self, id: &str) -> Sandbox {
        self.engine.create_sandbox(self.config(id)).await.unwrap()
    }

    pub fn container(&self, name: &str, script: &str) -> ContainerConfig {
        let mut config = ContainerConfig::new(name, &self.image);
        config.args = ["sh", "-c", script].map(str::to_owned).to_vec();
        config
    }

    /// Cgroup directories of this rig's sandboxes that still exist.
    pub fn cgroups(&self) -> Vec<PathBuf> {
        let name = format!("gantry-{}", self.instance);
        let mut left = Vec::new();
        for hierarchy in fs::read_dir("/sys/fs/cgroup").unwrap().flatten() {
            for dir in [hierarchy.path().join(&name), PathBuf::from("/sys/fs/cgroup").join(&name)] {
                if let Ok(entries) = fs::read_dir(dir) {
                    left.extend(
                        entries.flatten().filter(|e| e.path().is_dir() && e.file_name() != "shims").map(|e| e.path()),
                    );
                }
            }
        }
        left
    }

    /// Asserts that nothing of any sandbox is left on the host, and takes the engine down.
    pub async fn assert_clean(&self) {
        let here = self.tmp.path().to_str().unwrap().to_owned();
        assert_eq!(self.cgroups(), Vec::<PathBuf>::new(), "cgroups left");
        let left: Vec<_> = fs::read_dir(self.tmp.path().join("data/sandboxes"))
            .unwrap()
            .flatten()
            .filter(|e| !e.file_name().to_string_lossy().starts_with(".warm-"))
            .map(|e| e.path())
            .collect();
        assert!(left.is_empty(), "files left: {left:?}");
        self.netns.lock().unwrap().clear();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let left: Vec<_> = mounts.lines().filter(|l| l.contains(&here)).collect();
        assert!(left.is_empty(), "mounts left: {left:?}");
        let mut left = processes_with(&here);
        for _ in 0..50 {
            if left.is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            left = processes_with(&here);
        }
        assert!(left.is_empty(), "processes left: {left:?}");
        self.engine.clone().close().await;
    }
}

/// A test that fails must not leave its sandboxes running either.
impl Drop for Rig {
    fn drop(&mut self) {
        for line in processes_with(self.tmp.path().to_str().unwrap_or("?")) {
            if let Some(pid) = line.split(':').next().and_then(|p| p.parse::<i32>().ok()) {
                // SAFETY: a shim that this test started, by the directory in its command line.
                unsafe { libc::kill(pid, libc::SIGKILL) };
            }
        }
    }
}

/// Command lines (of other processes) that mention a path.
pub fn processes_with(path: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.parse::<u32>().is_ok_and(|pid| pid != std::process::id())
            && let Ok(line) = fs::read(entry.path().join("cmdline"))
        {
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            if line.contains(path) {
                found.push(format!("{name}: {line}"));
            }
        }
    }
    found
}

/// Reads a container's whole log: (stdout, stderr).
pub async fn read_all(sandbox: &Sandbox, name: &str) -> (String, String) {
    let mut reader = sandbox.logs(name, Some(0)).unwrap();
    let (mut out, mut err) = (String::new(), String::new());
    while let Some(record) = reader.next().await.unwrap() {
        let text = match record.stream {
            LogStream::Stdout => &mut out,
            LogStream::Stderr => &mut err,
        };
        text.push_str(&String::from_utf8_lossy(&record.bytes));
        if !record.partial {
            text.push('\n');
        }
    }
    (out, err)
}

/// Creates, starts and waits for a container.
pub async fn run(sandbox: &Sandbox, config: ContainerConfig) -> (Exit, String, String) {
    let name = config.name.clone();
    sandbox.create_container(config).await.unwrap_or_else(|e| panic!("create {name}: {e}"));
    sandbox.start(&name).await.unwrap_or_else(|e| panic!("start {name}: {e}"));
    let exit =
        tokio::time::timeout(Duration::from_mins(1), sandbox.wait(&name)).await.expect("ends in a minute").unwrap();
    let (out, err) = read_all(sandbox, &name).await;
    (exit, out, err)
}
