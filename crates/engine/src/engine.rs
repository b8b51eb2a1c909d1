//! The engine itself: its directory, its images, its sandboxes and their shims.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gantry_base::SharedClock;
use parking_lot::Mutex;
use tokio::net::UnixStream;

use crate::cgroup::CgroupTree;
use crate::error::{Error, IoContext, Result};
use crate::image::{Image, ImageLimits, ImageRef, ImageSource, ImageStore, PrunePolicy, Pruned, RegistryAuth};
use crate::proto::{Answer, CONFIG, Op, STATE, ShimState};
use crate::remove::remove_tree;
use crate::sandbox::{Link, Sandbox, SandboxConfig, SandboxRecord, Shared};
use crate::shim::{BOOT, Boot};
use crate::sys;

/// A shim sets itself up in milliseconds; on a host that is on its knees it may take longer.
const READY_TIMEOUT: Duration = Duration::from_secs(20);

/// How to run this program as a shim: `<exe> <args..> <directory>` must call [`crate::shim::main`].
#[derive(Clone, Debug)]
pub struct ShimCommand {
    pub exe: PathBuf,
    pub args: Vec<String>,
}

/// What an engine needs to know.
#[derive(Clone)]
pub struct EngineConfig {
    /// The engine's own directory; made if missing, mode 0700.
    pub data_dir: PathBuf,
    /// Tells engines of one host apart in cgroup paths: 8 hexadecimal digits.
    pub instance_id: String,
    pub shim: ShimCommand,
    pub clock: SharedClock,
    pub image_limits: ImageLimits,
    /// Shims kept started for the next sandboxes (each some 2 MB); 0 for none.
    pub warm_shims: usize,
}

impl EngineConfig {
    pub fn new(data_dir: impl Into<PathBuf>, instance_id: impl Into<String>, shim: ShimCommand) -> Self {
        Self {
            data_dir: data_dir.into(),
            instance_id: instance_id.into(),
            shim,
            clock: Arc::new(gantry_base::SystemClock),
            image_limits: ImageLimits::default(),
            warm_shims: 1,
        }
    }
}

/// How long [`Engine::purge`] waits for killed processes to leave, and how often it looks.
const PURGE_PATIENCE: Duration = Duration::from_secs(10);
const PURGE_PAUSE: Duration = Duration::from_millis(5);

/// A shim process without a sandbox.
struct WarmShim {
    dir: PathBuf,
    stream: StdUnixStream,
    pidfd: OwnedFd,
    child: Child,
}

struct Inner {
    config: EngineConfig,
    images: Arc<ImageStore>,
    cgroups: CgroupTree,
    warm: Mutex<VecDeque<WarmShim>>,
    next_warm: AtomicU64,
}

/// The container engine of a host. Clones are the same engine.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

impl Engine {
    /// Opens (or makes) the engine's directory and cleans what an unfinished pull left in it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the host has no usable cgroups; [`Error::Io`].
    pub async fn open(config: EngineConfig) -> Result<Self> {
        let hex = |b: u8| b.is_ascii_digit() || matches!(b, b'a'..=b'f');
        if config.instance_id.len() != 8 || !config.instance_id.bytes().all(hex) {
            return Err(Error::Invalid { what: "instance id", reason: format!("{:?}", config.instance_id) });
        }
        let inner = tokio::task::spawn_blocking(move || open_blocking(config))
            .await
            .map_err(io::Error::other)
            .during("open", "engine")??;
        let engine = Self { inner: Arc::new(inner) };
        engine.refill();
        Ok(engine)
    }

    /// The image that the reference names now, pulled as far as it is not here.
    ///
    /// # Errors
    /// [`Error::Pull`], its text ready for `CannotPullContainerError`.
    pub async fn pull(
        &self,
        reference: &ImageRef,
        source: &dyn ImageSource,
        auth: Option<&RegistryAuth>,
    ) -> Result<Image> {
        self.inner.images.pull(reference, source, auth).await
    }

    /// An image that is here already, by [`Image::digest`]; does not ask a registry.
    pub fn image(&self, digest: &str) -> Option<Image> {
        self.inner.images.known(digest)
    }

    /// Removes images and layers that no sandbox uses and the policy lets go. `None`: a pull is under
    /// way, and nothing was done; try again later. Pulls that begin meanwhile wait for it.
    ///
    /// # Errors
    /// [`Error::Io`]; what was not removed is found the next time.
    pub async fn prune_images(&self, policy: PrunePolicy) -> Result<Option<Pruned>> {
        let inner = Arc::clone(&self.inner);
        let prune =
            move || inner.images.prune(&policy, &inner.config.data_dir.join("sandboxes"), inner.config.clock.now());
        tokio::task::spawn_blocking(prune).await.map_err(io::Error::other).during("prune", "images")?
    }

    /// Makes a sandbox: shim, cgroups with the limits, user namespace; no container yet.
    ///
    /// # Errors
    /// [`Error::Exists`], [`Error::Invalid`], [`Error::Shim`], [`Error::Unsupported`].
    pub async fn create_sandbox(&self, config: SandboxConfig) -> Result<Sandbox> {
        let cgroup = PathBuf::from(self.root_cgroup()).join(&config.id);
        let record = SandboxRecord::from_config(config, cgroup)?;
        let dir = self.sandbox_dir(&record.id);
        if dir.exists() {
            return Err(Error::Exists { kind: "sandbox", name: record.id });
        }
        // A shim that was started before this namespace was made does not see its bind mount: mounts
        // spread to older mount namespaces only where the host's root is shared. Our descriptor it sees.
        let netns = fs::File::open(&record.netns).during("open network namespace", record.netns.display())?;
        let engine = self.clone();
        let (prepared, target) = (record.clone(), dir.clone());
        let shim = tokio::task::spawn_blocking(move || engine.take_shim(&prepared, &target))
            .await
            .map_err(io::Error::other)
            .during("start shim for", &record.id)??;
        self.refill();
        let cgroup = self.inner.cgroups.group(&record.cgroup);
        let mut init = record.init.clone();
        init.netns = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), netns.as_raw_fd()));
        let shared =
            Shared::new(dir, record, cgroup, Arc::clone(&self.inner.config.clock), Arc::clone(&self.inner.images));
        shim.stream.set_nonblocking(true).during("use socket of", &shared.id)?;
        let stream = UnixStream::from_std(shim.stream).during("use socket of", &shared.id)?;
        let link = Link::start(&shared, stream, shim.pidfd, Some(shim.child));
        let sandbox = Sandbox { shared, link };
        let made = sandbox.link.ask(&sandbox.shared, Op::Init(Box::new(init))).await;
        drop(netns);
        match made {
            Ok(_) => Ok(sandbox),
            Err(e) => {
                let e = with_shim_log(e, &sandbox.shared.dir);
                let _ = sandbox.destroy().await;
                Err(e)
            }
        }
    }

    /// Finds the sandboxes that an engine before this one left, and connects to their shims.
    /// Those whose shim is dead come back too, with all containers ended, to be destroyed.
    ///
    /// # Errors
    /// The directory cannot be read. A sandbox that cannot be made out is skipped and logged.
    pub async fn recover(&self) -> Result<Vec<Sandbox>> {
        let root = self.inner.config.data_dir.join("sandboxes");
        let entries = fs::read_dir(&root).during("list", root.display())?;
        let names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
        let mut found = Vec::new();
        for name in names.into_iter().filter(|n| !n.starts_with('.')) {
            match self.recover_one(&root.join(&name)).await {
                Ok(sandbox) => found.push(sandbox),
                Err(e) => {
                    tracing::error!(sandbox = name, error = %e, "cannot recover a sandbox");
                    self.clear_remnant(&name).await;
                }
            }
        }
        Ok(found)
    }

    /// Takes away a sandbox that cannot be made out (the host lost power while its record was written,
    /// say) and has no shim. Nobody could ever destroy it, or use its id again.
    async fn clear_remnant(&self, name: &str) {
        let dir = self.sandbox_dir(name);
        // Any other failure may be this process's own, with a shim that lives.
        let silent = |e: &io::Error| matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused);
        let dead = crate::sandbox::connect(&dir).await.is_err_and(|e| silent(&e));
        if !dead || crate::sandbox::check_name("sandbox id", name).is_err() {
            return;
        }
        let cgroup = self.inner.cgroups.group(PathBuf::from(self.root_cgroup()).join(name));
        let clear = move || {
            cgroup.kill();
            cgroup.remove().and_then(|_| remove_tree(&dir))
        };
        if let Err(e) = tokio::task::spawn_blocking(clear).await.map_err(io::Error::other).and_then(|done| done) {
            tracing::error!(sandbox = name, error = %e, "cannot remove what is left of a sandbox");
        }
    }

    async fn recover_one(&self, dir: &Path) -> Result<Sandbox> {
        let read = |file: &str| fs::read(dir.join(file)).during("read", dir.join(file).display());
        let record: SandboxRecord = serde_json::from_slice(&read(CONFIG)?)
            .map_err(io::Error::from)
            .during("parse", dir.join(CONFIG).display())?;
        let cgroup = self.inner.cgroups.group(&record.cgroup);
        let shared = Shared::new(
            dir.to_owned(),
            record,
            cgroup,
            Arc::clone(&self.inner.config.clock),
            Arc::clone(&self.inner.images),
        );
        if let Ok(stream) = crate::sandbox::connect(dir).await
            && let Some(pidfd) = stream.peer_cred().ok().and_then(|c| c.pid()).and_then(|p| sys::pidfd_open(p).ok())
        {
            let link = Link::start(&shared, stream, pidfd, None);
            if let Answer::State(state) = link.ask(&shared, Op::Status).await? {
                for container in &state.containers {
                    shared.learn(container);
                }
            }
            return Ok(Sandbox { shared, link });
        }
        let state: ShimState = read(STATE).ok().and_then(|b| serde_json::from_slice(&b).ok()).unwrap_or_default();
        for container in &state.containers {
            shared.learn(container);
        }
        let gone = Arc::clone(&shared);
        let told = tokio::task::spawn_blocking(move || {
            gone.shim_is_gone(
                "the sandbox's shim was not running when the engine came back (killed, or the host was restarted)",
            );
        });
        let _ = told.await;
        Ok(Sandbox { shared, link: Link::dead() })
    }

    fn root_cgroup(&self) -> String {
        format!("gantry-{}", self.inner.config.instance_id)
    }

    fn sandbox_dir(&self, id: &str) -> PathBuf {
        self.inner.config.data_dir.join("sandboxes").join(id)
    }

    /// Gives a shim, warm or fresh, the directory of its sandbox.
    fn take_shim(&self, record: &SandboxRecord, dir: &Path) -> Result<WarmShim> {
        if dir.exists() {
            return Err(Error::Exists { kind: "sandbox", name: record.id.clone() });
        }
        let mut shim = loop {
            let taken = self.inner.warm.lock().pop_front();
            match taken {
                None => break self.spawn_shim()?,
                Some(mut warm) => {
                    if matches!(warm.child.try_wait(), Ok(None)) {
                        break warm;
                    }
                    let _ = remove_tree(&warm.dir);
                }
            }
        };
        if let Err(e) = await_ready(&mut shim.stream) {
            let _ = shim.child.kill();
            let said = fs::read_to_string(shim.dir.join("shim.log")).unwrap_or_default();
            end_warm(shim);
            let reason = format!("the shim did not come up ({e}): {}", said.trim());
            return Err(Error::Shim { sandbox: record.id.clone(), reason });
        }
        let json = serde_json::to_vec(record).map_err(io::Error::from).during("write", CONFIG)?;
        fs::write(shim.dir.join(CONFIG), json).during("write", shim.dir.display())?;
        fs::rename(&shim.dir, dir).during("make", dir.display())?;
        shim.dir = dir.to_owned();
        Ok(shim)
    }

    fn spawn_shim(&self) -> Result<WarmShim> {
        let number = self.inner.next_warm.fetch_add(1, Ordering::Relaxed);
        let name = format!(".warm-{}-{number}", std::process::id());
        let dir = self.inner.config.data_dir.join("sandboxes").join(name);
        let start = || -> io::Result<WarmShim> {
            fs::DirBuilder::new().mode(0o700).create(&dir)?;
            let boot = Boot { shims_cgroup: PathBuf::from(self.root_cgroup()).join("shims") };
            fs::write(dir.join(BOOT), serde_json::to_vec(&boot)?)?;
            let (ours, theirs) = StdUnixStream::pair()?;
            let log = fs::File::create(dir.join("shim.log"))?;
            // No pre_exec: the standard library can then vfork, however large this process is.
            let child = Command::new(&self.inner.config.shim.exe)
                .args(&self.inner.config.shim.args)
                .arg(&dir)
                .env_clear()
                .stdin(Stdio::from(OwnedFd::from(theirs)))
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()?;
            let pidfd = sys::pidfd_open(child.id() as i32)?;
            Ok(WarmShim { dir: dir.clone(), stream: ours, pidfd, child })
        };
        start().during("start shim", self.inner.config.shim.exe.display())
    }

    /// Starts warm shims for those taken, off the caller's path.
    fn refill(&self) {
        if self.inner.config.warm_shims == 0 {
            return;
        }
        let engine = self.clone();
        tokio::task::spawn_blocking(move || {
            while engine.inner.warm.lock().len() < engine.inner.config.warm_shims {
                match engine.spawn_shim() {
                    Ok(shim) => engine.inner.warm.lock().push_back(shim),
                    Err(e) => {
                        tracing::warn!(error = %e, "cannot start a shim ahead of time");
                        return;
                    }
                }
            }
        });
    }

    /// Ends the warm shims and removes the engine's own cgroups. Sandboxes are not touched: their
    /// cgroup keeps the instance's alive.
    pub async fn close(self) {
        let _ = tokio::task::spawn_blocking(move || {
            let warm: Vec<WarmShim> = self.inner.warm.lock().drain(..).collect();
            for shim in warm {
                end_warm(shim);
            }
            let root = self.inner.cgroups.group(self.root_cgroup());
            let _ = root.child("shims").remove();
            let _ = root.remove_if_empty();
        })
        .await;
    }
}

impl Engine {
    /// Removes every trace of the instance's engines from the host: what still runs in its cgroups is
    /// killed, and they go. For when no sandbox is left to be kept, as after the last [`Sandbox::destroy`].
    ///
    /// # Errors
    /// The cgroups are still held after [`PURGE_PATIENCE`].
    pub async fn purge(self) -> Result<()> {
        let engine = self.clone();
        self.close().await;
        let purge = move || -> io::Result<()> {
            let root = engine.inner.cgroups.group(engine.root_cgroup());
            let give_up = Instant::now() + PURGE_PATIENCE;
            loop {
                root.kill();
                // A killed process leaves its cgroup when it is reaped, and nothing tells of that.
                if root.remove()? {
                    return Ok(());
                }
                if Instant::now() > give_up {
                    return Err(io::ErrorKind::ResourceBusy.into());
                }
                std::thread::sleep(PURGE_PAUSE);
            }
        };
        tokio::task::spawn_blocking(purge)
            .await
            .map_err(io::Error::other)
            .and_then(|done| done)
            .during("remove", "cgroups")
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for shim in self.warm.lock().drain(..) {
            end_warm(shim);
        }
    }
}

/// Waits for the byte that says the shim has set itself up and no longer needs its path.
fn await_ready(stream: &mut StdUnixStream) -> io::Result<()> {
    stream.set_read_timeout(Some(READY_TIMEOUT))?;
    io::Read::read_exact(stream, &mut [0u8; 1])
}

/// A warm shim ends when its socket is closed.
fn end_warm(shim: WarmShim) {
    let WarmShim { dir, stream, mut child, .. } = shim;
    drop(stream);
    let _ = child.wait();
    let _ = remove_tree(&dir);
}

fn open_blocking(config: EngineConfig) -> Result<Inner> {
    let cgroups = CgroupTree::detect()
        .map_err(|_| Error::Unsupported { feature: "cgroups", mend: "mount cgroup2 at /sys/fs/cgroup".to_owned() })?;
    for dir in [config.data_dir.clone(), config.data_dir.join("sandboxes")] {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).during("create", dir.display())?;
    }
    let sandboxes = config.data_dir.join("sandboxes");
    for entry in fs::read_dir(&sandboxes).during("list", sandboxes.display())?.flatten() {
        // Shims that were warm ended with the engine that started them.
        if entry.file_name().to_string_lossy().starts_with(".warm-") {
            let _ = remove_tree(&entry.path());
        }
    }
    let images = Arc::new(ImageStore::open(&config.data_dir, config.image_limits)?);
    let warm = Mutex::default();
    Ok(Inner { config, images, cgroups, warm, next_warm: AtomicU64::new(0) })
}

/// The shim's own last words, where it had some.
fn with_shim_log(e: Error, dir: &Path) -> Error {
    match (e, fs::read_to_string(dir.join("shim.log"))) {
        (Error::Shim { sandbox, reason }, Ok(log)) if !log.trim().is_empty() => {
            let said: String = log.trim().chars().take(500).collect();
            Error::Shim { sandbox, reason: format!("{reason}: {said}") }
        }
        (e, _) => e,
    }
}
