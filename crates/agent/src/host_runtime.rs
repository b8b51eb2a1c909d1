//! [`Runtime`] by this host's own container engine: `gantry-engine`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use gantry_base::Timestamp;
use gantry_engine::{
    BindMount, ContainerPhase, Engine, Error, ExecConfig, Image, ImageRef, ImageSource, LogReader, PrunePolicy,
    PullFailure, RegistryAuth, Sandbox, SandboxConfig, SandboxEvent, UidRange,
};
use tokio::sync::mpsc;

use crate::host_config::{NOFILE, container_config, default_nofile, hosts, mebibytes, resolv_conf};
use crate::runtime::*;

/// Events that wait for the agent; the engine keeps more.
const EVENT_QUEUE: usize = 64;
/// Output of a health check that is kept: none of it is shown.
const PROBE_OUTPUT: usize = 1024;

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
    // One pulled long ago has no other digest than its manifest's, which names it as well.
    let image_id = if image.config_digest().is_empty() { image.digest() } else { image.config_digest() };
    PulledImage {
        reference: request.image.clone(),
        digest: image.digest().to_owned(),
        image_id: image_id.to_owned(),
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
        let image = self.engine.pull(&reference, &*source, auth.as_ref()).await.map_err(failed)?;
        Ok(pulled(request, &image))
    }

    async fn tidy(&self) -> RuntimeResult<()> {
        match self.engine.prune_images(PrunePolicy::default()).await.map_err(failed)? {
            None => tracing::debug!("images were not pruned: one is being pulled"),
            Some(done) if done.layers > 0 || done.images > 0 => tracing::info!(?done, "pruned images"),
            Some(_) => {}
        }
        Ok(())
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
