//! [`Runtime`] by this host's own container engine: `gantry-engine`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gantry_agent_api::ContainerSpec;
use gantry_base::Timestamp;
use gantry_engine::{
    BindMount, ContainerConfig, ContainerPhase, DEFAULT_CAPABILITIES, Engine, Error, ExecConfig, Image, ImageRef,
    ImageSource, LogMode, LogReader, PullFailure, RegistryAuth, ResolvConf, Sandbox, SandboxConfig, SandboxEvent,
    Tmpfs, UidRange, Ulimit,
};
use tokio::sync::mpsc;

use crate::runtime::*;

/// Events that wait for the agent; the engine keeps more.
const EVENT_QUEUE: usize = 64;
/// Output of a health check that is kept: none of it is shown.
const PROBE_OUTPUT: usize = 1024;
/// Fargate's documented limit of open files, soft and hard.
const NOFILE: u64 = 65_535;
/// The unread output that a container without a log driver may have.
const DISCARD_BUFFER: u64 = 64 * 1024;
/// Docker's least CPU shares.
const LEAST_CPU_SHARES: u32 = 2;

/// Who knows which registry an image comes from.
#[async_trait]
pub trait Images: Send + Sync + 'static {
    /// Where to pull from, and with whose authorisation; an error is the tail of a `CannotPullContainerError`.
    async fn source(
        &self,
        request: &PullRequest,
        reference: &ImageRef,
    ) -> RuntimeResult<(Arc<dyn ImageSource>, Option<RegistryAuth>)>;
}

/// One source for all images, without authorisation of its own.
pub struct OneSource(pub Arc<dyn ImageSource>);

#[async_trait]
impl Images for OneSource {
    async fn source(
        &self,
        _: &PullRequest,
        _: &ImageRef,
    ) -> RuntimeResult<(Arc<dyn ImageSource>, Option<RegistryAuth>)> {
        Ok((self.0.clone(), None))
    }
}

/// Containers by this host's engine.
pub struct HostRuntime {
    engine: Engine,
    images: Arc<dyn Images>,
    /// Open files of a container that does not say.
    nofile: u64,
}

impl HostRuntime {
    pub fn new(engine: Engine, images: Arc<dyn Images>) -> Self {
        let nofile = default_nofile();
        if nofile < NOFILE {
            tracing::warn!(nofile, wanted = NOFILE, "this host lets no container open as many files as Fargate does");
        }
        Self { engine, images, nofile }
    }
}

fn failed(error: Error) -> RuntimeError {
    let retryable = matches!(error, Error::Pull { kind: PullFailure::Network, .. } | Error::Io { .. });
    let not_found = matches!(error, Error::NotFound { .. } | Error::State { .. });
    RuntimeError { message: error.to_string(), retryable, not_found }
}

fn pulled(request: &PullRequest, image: &Image) -> PulledImage {
    let stop_signal = image.config().config.stop_signal.clone();
    PulledImage {
        reference: request.image.clone(),
        digest: image.digest().to_owned(),
        // The engine does not tell the configuration's digest; the manifest's names the image as well.
        image_id: image.digest().to_owned(),
        stop_signal: Some(stop_signal).filter(|s| !s.is_empty()),
    }
}

#[async_trait]
impl Runtime for HostRuntime {
    async fn cached(&self, request: &PullRequest) -> RuntimeResult<Option<PulledImage>> {
        let reference: ImageRef = request.image.parse().map_err(failed)?;
        let (source, auth) = self.images.source(request, &reference).await?;
        // A tag may have moved, and the right to pull may have gone: the registry is asked each time.
        let manifest = source.resolve(&reference, auth.as_ref()).await.map_err(failed)?;
        Ok(self.engine.image(&manifest.digest).map(|image| pulled(request, &image)))
    }

    async fn pull(&self, request: &PullRequest) -> RuntimeResult<PulledImage> {
        let reference: ImageRef = request.image.parse().map_err(failed)?;
        let (source, auth) = self.images.source(request, &reference).await?;
        let (engine, here) = (self.engine.clone(), tokio::runtime::Handle::current());
        // On a thread of its own: the pull's future may not be sent between threads. It goes on if the task
        // is stopped meanwhile, and the next task finds the image.
        let pull = move || here.block_on(engine.pull(&reference, &*source, auth.as_ref()));
        let image = tokio::task::spawn_blocking(pull).await.map_err(|e| RuntimeError::new(e.to_string()))?;
        image.map(|image| pulled(request, &image)).map_err(failed)
    }

    async fn create_sandbox(&self, setup: SandboxSetup) -> RuntimeResult<Arc<dyn SandboxHandle>> {
        let Some(netns) = &setup.netns else {
            return Err(RuntimeError::new("the network gave the sandbox no namespace"));
        };
        if setup.shared_pid_namespace {
            return Err(RuntimeError::new("pidMode `task` is not supported"));
        }
        let mut config = SandboxConfig::new(&*setup.id, netns);
        config.hostname.clone_from(&setup.hostname);
        config.cpu_quota = Some(setup.cpu_units).filter(|units| *units > 0);
        config.memory_bytes = mebibytes(setup.memory_mib);
        config.pids_limit = Some(setup.pids_limit).filter(|pids| *pids > 0);
        config.userns = setup.users.map(|u| UidRange { host_start: u.base, len: u.size });
        config.dns = resolv_conf(&setup.dns_servers, &setup.dns_search)?;
        config.hosts = hosts(&setup.hosts)?;
        let sandbox = self.engine.create_sandbox(config).await.map_err(failed)?;
        Ok(Arc::new(HostSandbox { engine: self.engine.clone(), nofile: self.nofile, sandbox }))
    }

    async fn recover(&self) -> RuntimeResult<Vec<Arc<dyn SandboxHandle>>> {
        let found = self.engine.recover().await.map_err(failed)?;
        let handle = |sandbox| {
            Arc::new(HostSandbox { engine: self.engine.clone(), nofile: self.nofile, sandbox })
                as Arc<dyn SandboxHandle>
        };
        Ok(found.into_iter().map(handle).collect())
    }
}

struct HostSandbox {
    engine: Engine,
    nofile: u64,
    sandbox: Sandbox,
}

#[async_trait]
impl SandboxHandle for HostSandbox {
    fn id(&self) -> String {
        self.sandbox.id().to_owned()
    }

    fn lost(&self) -> Option<String> {
        self.sandbox.gone()
    }

    async fn create_container(&self, setup: ContainerSetup) -> RuntimeResult<()> {
        let Some(image) = self.engine.image(&setup.image.digest) else {
            return Err(RuntimeError::not_found(format!("image {} is not here any more", setup.image.digest)));
        };
        let mut config = container_config(&setup, &image, self.nofile)?;
        for mount in &setup.spec.mounts {
            let source = self.sandbox.volume(&mount.volume).await.map_err(failed)?;
            let destination = PathBuf::from(&mount.path);
            config.mounts.push(BindMount { source, destination, read_only: mount.read_only });
        }
        self.sandbox.create_container(config).await.map_err(failed)
    }

    async fn start(&self, container: &str) -> RuntimeResult<()> {
        self.sandbox.start(container).await.map(|_| ()).map_err(failed)
    }

    async fn kill(&self, container: &str, signal: i32) -> RuntimeResult<()> {
        self.sandbox.kill(container, signal).await.map_err(failed)
    }

    async fn exec(&self, container: &str, argv: Vec<String>, timeout: Duration) -> ExecOutcome {
        let mut config = ExecConfig::new(argv);
        config.timeout = timeout;
        config.output_limit = PROBE_OUTPUT;
        match self.sandbox.exec(container, config).await {
            Ok(result) => result.exit_code.map_or(ExecOutcome::TimedOut, |code| ExecOutcome::Exited { code }),
            Err(error) => ExecOutcome::Failed { reason: error.to_string() },
        }
    }

    async fn stats(&self, container: &str) -> RuntimeResult<ContainerStats> {
        let usage = self.sandbox.stats(Some(container)).await.map_err(failed)?;
        Ok(ContainerStats {
            cpu_total_ns: usage.cpu_ns,
            cpu_user_ns: usage.cpu_ns,
            cpu_system_ns: 0,
            throttled_periods: 0,
            throttled_ns: usage.throttled_ns,
            memory_bytes: usage.memory_bytes,
            memory_peak_bytes: usage.memory_peak_bytes,
            memory_limit_bytes: usage.memory_limit_bytes,
            memory_cache_bytes: usage.memory_inactive_file_bytes,
            pids: usage.pids,
        })
    }

    async fn events(&self) -> RuntimeResult<mpsc::Receiver<RuntimeEvent>> {
        let mut events = self.sandbox.events();
        let (sender, receiver) = mpsc::channel(EVENT_QUEUE);
        tokio::spawn(async move {
            loop {
                let event = tokio::select! {
                    event = events.next() => event,
                    () = sender.closed() => return,
                };
                let told = match event {
                    Some(SandboxEvent::Started { container, at, .. }) => {
                        RuntimeEvent::Started { container, at: Timestamp::from_millis(at) }
                    }
                    Some(SandboxEvent::Exited { container, exit }) => {
                        let at = Timestamp::from_millis(exit.at);
                        RuntimeEvent::Exited { container, code: exit.code, oom: exit.oom, at }
                    }
                    Some(SandboxEvent::ShimGone { reason }) => RuntimeEvent::Lost { reason },
                    Some(SandboxEvent::LogGrew { .. }) => continue,
                    None => return,
                };
                if sender.send(told).await.is_err() {
                    return;
                }
            }
        });
        Ok(receiver)
    }

    async fn truth(&self) -> RuntimeResult<Vec<ContainerTruth>> {
        let truth = |status: gantry_engine::ContainerStatus| {
            let exit = status.exit.as_ref();
            ContainerTruth {
                state: match (status.phase, exit) {
                    (_, Some(exit)) => ContainerState::Exited { code: exit.code, oom: exit.oom },
                    (ContainerPhase::Running, None) => ContainerState::Running,
                    (ContainerPhase::Created, None) => ContainerState::Created,
                    // Its program never ran.
                    (ContainerPhase::Exited, None) => ContainerState::Exited { code: 128, oom: false },
                },
                reason: exit.and_then(|e| e.reason.clone()),
                image: None,
                created_at: None,
                started_at: status.started_at.map(Timestamp::from_millis),
                finished_at: exit.map(|e| Timestamp::from_millis(e.at)),
                name: status.name,
            }
        };
        Ok(self.sandbox.status().into_iter().map(truth).collect())
    }

    async fn logs(&self, container: &str, from_offset: u64) -> RuntimeResult<Box<dyn LogSource>> {
        let reader = self.sandbox.logs(container, Some(from_offset)).map_err(failed)?;
        Ok(Box::new(HostLog { sandbox: self.sandbox.clone(), container: container.to_owned(), reader }))
    }

    async fn destroy(&self) -> RuntimeResult<()> {
        self.sandbox.destroy().await.map_err(failed)
    }
}

struct HostLog {
    sandbox: Sandbox,
    container: String,
    reader: LogReader,
}

#[async_trait]
impl LogSource for HostLog {
    async fn next(&mut self, max: usize) -> RuntimeResult<Vec<LogPiece>> {
        let records = self.reader.next_batch(max).await.map_err(failed)?;
        let piece = |r: gantry_engine::LogRecord| LogPiece {
            at: r.at,
            bytes: r.bytes,
            stderr: r.stream == gantry_engine::LogStream::Stderr,
            ends_line: !r.partial,
            next_offset: r.next_offset,
        };
        Ok(records.into_iter().map(piece).collect())
    }

    async fn ack(&mut self, offset: u64) -> RuntimeResult<()> {
        self.sandbox.ack_log(&self.container, offset).await.map_err(failed)
    }
}

fn container_config(setup: &ContainerSetup, image: &Image, nofile: u64) -> RuntimeResult<ContainerConfig> {
    let spec = &setup.spec;
    if spec.privileged {
        return Err(RuntimeError::new("privileged containers are not supported"));
    }
    let run = &image.config().config;
    let mut config = ContainerConfig::new(&*spec.name, image);
    config.args = run.command(spec.entry_point.as_deref(), spec.command.as_deref());
    config.env = run.environment(&setup.environment);
    if let Some(user) = spec.user.as_ref().filter(|u| !u.is_empty()) {
        config.user.clone_from(user);
    }
    if let Some(dir) = spec.working_directory.as_ref().filter(|d| !d.is_empty()) {
        config.working_dir.clone_from(dir);
    }
    config.read_only_rootfs = spec.read_only_root;
    config.tmpfs = spec.tmpfs.iter().map(tmpfs).collect();
    config.ulimits = ulimits(spec, nofile);
    config.cpu_shares = Some(spec.cpu_units.max(LEAST_CPU_SHARES));
    config.memory_limit = mebibytes(spec.memory_mib);
    config.memory_reservation = mebibytes(spec.memory_reservation_mib);
    config.caps = capabilities(spec);
    config.init = spec.init_process;
    config.tty = spec.pseudo_terminal;
    if let Some(bytes) = mebibytes(spec.shared_memory_mib) {
        config.shm_bytes = bytes;
    }
    config.sysctls.clone_from(&spec.sysctls);
    config.log = match setup.output {
        OutputMode::Discard => LogMode::NonBlocking { max_buffer: DISCARD_BUFFER },
        OutputMode::Blocking => LogMode::Blocking,
        OutputMode::NonBlocking { buffer_bytes } => LogMode::NonBlocking { max_buffer: buffer_bytes as u64 },
    };
    config.hostname.clone_from(&spec.hostname);
    config.extra_hosts = hosts(&spec.extra_hosts)?;
    if !spec.dns_servers.is_empty() || !spec.dns_search_domains.is_empty() {
        let servers: Vec<String> = match spec.dns_servers.as_slice() {
            [] => vec![crate::environment::DNS_ADDRESS.to_string()],
            given => given.to_vec(),
        };
        config.dns = Some(resolv_conf(&servers, &spec.dns_search_domains)?);
    }
    Ok(config)
}

fn mebibytes(mib: u32) -> Option<u64> {
    (mib > 0).then(|| u64::from(mib) << 20)
}

fn tmpfs(given: &gantry_agent_api::Tmpfs) -> Tmpfs {
    Tmpfs {
        destination: PathBuf::from(&given.path),
        size_bytes: u64::from(given.size_mib) << 20,
        options: given.options.clone(),
    }
}

/// Fargate's limit, or this process's own hard limit where that is lower and may not be raised (without
/// `CAP_SYS_RESOURCE`, as inside another container). A definition's own limits are not bent like that: what
/// cannot be set then fails the container's start.
fn default_nofile() -> u64 {
    const CAP_SYS_RESOURCE: u32 = 24;
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    let status = read("/proc/self/status");
    let effective = status.lines().find_map(|l| l.strip_prefix("CapEff:"));
    let effective = effective.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or_default();
    if effective >> CAP_SYS_RESOURCE & 1 == 1 {
        return NOFILE;
    }
    let limits = read("/proc/self/limits");
    let line = limits.lines().find_map(|l| l.strip_prefix("Max open files"));
    let hard = line.and_then(|l| l.split_whitespace().nth(1)).and_then(|n| n.parse().ok());
    hard.unwrap_or(NOFILE).min(NOFILE)
}

/// The default for open files, then what the definition says; -1 is without limit.
fn ulimits(spec: &ContainerSpec, nofile: u64) -> Vec<Ulimit> {
    let mut all = BTreeMap::from([("nofile".to_owned(), (nofile, nofile))]);
    let value = |given: i64| u64::try_from(given).unwrap_or(u64::MAX);
    all.extend(spec.ulimits.iter().map(|u| (u.name.clone(), (value(u.soft), value(u.hard)))));
    all.into_iter().map(|(name, (soft, hard))| Ulimit { name, soft, hard }).collect()
}

/// Docker's default set, with what is added and without what is dropped; `ALL` drops the whole set.
fn capabilities(spec: &ContainerSpec) -> Vec<String> {
    let plain = |name: &String| name.to_ascii_uppercase().trim_start_matches("CAP_").to_owned();
    let dropped: Vec<String> = spec.capabilities_drop.iter().map(plain).collect();
    let keeps = |name: &String| !dropped.iter().any(|d| d == name || d == "ALL");
    let mut caps: Vec<String> = DEFAULT_CAPABILITIES.iter().map(|c| (*c).to_owned()).filter(keeps).collect();
    for added in spec.capabilities_add.iter().map(plain) {
        if !caps.contains(&added) && !dropped.contains(&added) {
            caps.push(added);
        }
    }
    caps
}

fn address(text: &str) -> RuntimeResult<IpAddr> {
    text.parse().map_err(|_| RuntimeError::new(format!("`{text}` is not an IP address")))
}

fn hosts(lines: &[(String, String)]) -> RuntimeResult<Vec<(IpAddr, Vec<String>)>> {
    lines.iter().map(|(name, at)| Ok((address(at)?, vec![name.clone()]))).collect()
}

fn resolv_conf(servers: &[String], search: &[String]) -> RuntimeResult<ResolvConf> {
    let nameservers = servers.iter().map(|s| address(s)).collect::<RuntimeResult<_>>()?;
    Ok(ResolvConf { nameservers, search: search.to_vec(), options: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_added_and_dropped() {
        let caps = |add: &[&str], drop: &[&str]| {
            let text = |list: &[&str]| list.iter().map(|c| (*c).to_owned()).collect();
            capabilities(&ContainerSpec {
                capabilities_add: text(add),
                capabilities_drop: text(drop),
                ..ContainerSpec::default()
            })
        };
        assert_eq!(caps(&[], &[]).len(), DEFAULT_CAPABILITIES.len());
        assert_eq!(caps(&["SYS_PTRACE"], &["ALL"]), ["SYS_PTRACE"]);
        assert!(!caps(&[], &["CAP_CHOWN"]).contains(&"CHOWN".to_owned()));
        assert!(caps(&["SYS_PTRACE"], &[]).contains(&"SYS_PTRACE".to_owned()));
    }

    #[test]
    fn open_files_are_limited_as_on_fargate() {
        let spec = ContainerSpec::default();
        assert_eq!(ulimits(&spec, NOFILE), [Ulimit { name: "nofile".to_owned(), soft: NOFILE, hard: NOFILE }]);
        let own = gantry_agent_api::Ulimit { name: "nofile".to_owned(), soft: 1024, hard: -1 };
        let spec = ContainerSpec { ulimits: vec![own], ..ContainerSpec::default() };
        assert_eq!(ulimits(&spec, NOFILE), [Ulimit { name: "nofile".to_owned(), soft: 1024, hard: u64::MAX }]);
    }
}
