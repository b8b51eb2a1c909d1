//! What can be done with a sandbox and its containers. All of it is asked of the shim.

use std::time::Duration;

use super::{ContainerConfig, ExecConfig, Sandbox, Started};
use crate::cgroup::Usage;
use crate::error::{Error, IoContext, Result};
use crate::proto::{Answer, ContainerPhase, ContainerState, ExecOp, ExecResult, Op};
use crate::remove::remove_tree;

/// A shim that does not shut down in this time is killed.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(25);
/// How long killed processes may take to leave their cgroups.
const EMPTY_TIMEOUT: Duration = Duration::from_secs(10);

impl Sandbox {
    async fn ask(&self, op: Op) -> Result<Answer> {
        self.link.ask(&self.shared, op).await
    }

    fn unexpected(&self) -> Error {
        self.shared.shim_error("the shim gave an answer to another question")
    }

    /// Makes a container up to the point where its program could run.
    ///
    /// # Errors
    /// [`Error::CannotStart`] with runc's wording for a missing program or user;
    /// [`Error::Exists`], [`Error::Invalid`], [`Error::Unsupported`], [`Error::Shim`].
    pub async fn create_container(&self, config: ContainerConfig) -> Result<()> {
        let image = config.image.clone();
        let op = config.wire()?;
        let name = op.name.clone();
        self.shared.images.hold(&self.shared.dir, &image).await?;
        // Known from here on, so that events find it.
        let fresh = ContainerState {
            name: name.clone(),
            phase: ContainerPhase::Created,
            pid: 0,
            started_at: None,
            exit: None,
            log_end: 0,
            log_acked: 0,
            log_dropped: 0,
        };
        if self.container_status(&name).is_some() {
            return Err(Error::Exists { kind: "container", name });
        }
        self.shared.learn(&fresh);
        match self.ask(Op::Create(Box::new(op))).await {
            Ok(_) => Ok(()),
            Err(e) => {
                self.shared.forget(&name);
                Err(name_start_error(e, &name))
            }
        }
    }

    /// Runs the container's program. Returns once it runs.
    ///
    /// # Errors
    /// [`Error::CannotStart`] when the program cannot be executed; [`Error::State`] if started before.
    pub async fn start(&self, name: &str) -> Result<Started> {
        match self.ask(Op::Start { name: name.to_owned() }).await {
            Ok(Answer::Started { pid, at }) => Ok(Started { pid, at }),
            Ok(_) => Err(self.unexpected()),
            Err(e) => Err(name_start_error(e, name)),
        }
    }

    /// Sends a signal to the container's first process. SIGKILL takes all its processes along.
    ///
    /// # Errors
    /// [`Error::State`] when it does not run.
    pub async fn kill(&self, name: &str, signal: i32) -> Result<()> {
        self.ask(Op::Kill { name: name.to_owned(), signal }).await.map(drop)
    }

    /// Runs a process inside a running container and waits for its end or the timeout.
    ///
    /// # Errors
    /// [`Error::CannotStart`] when the program cannot be executed; [`Error::State`] when the
    /// container does not run.
    pub async fn exec(&self, name: &str, config: ExecConfig) -> Result<ExecResult> {
        let op = ExecOp {
            name: name.to_owned(),
            args: config.args,
            env: config.env,
            user: config.user,
            working_dir: config.working_dir,
            timeout_ms: u64::try_from(config.timeout.as_millis()).unwrap_or(u64::MAX),
            output_limit: config.output_limit.min(256 << 10),
        };
        match self.ask(Op::Exec(Box::new(op))).await {
            Ok(Answer::Exec(result)) => Ok(result),
            Ok(_) => Err(self.unexpected()),
            Err(e) => Err(name_start_error(e, name)),
        }
    }

    /// What a container has used; the whole sandbox without a name.
    pub async fn stats(&self, name: Option<&str>) -> Result<Usage> {
        match self.ask(Op::Stats { name: name.map(str::to_owned) }).await? {
            Answer::Stats(usage) => Ok(usage),
            _ => Err(self.unexpected()),
        }
    }

    /// Removes a container that has ended or was never started, its output included.
    pub async fn remove(&self, name: &str) -> Result<()> {
        self.ask(Op::Remove { name: name.to_owned() }).await?;
        self.shared.forget(name);
        Ok(())
    }

    /// Everything of the container's log below `offset` has been taken care of and may go.
    pub async fn ack_log(&self, name: &str, offset: u64) -> Result<()> {
        self.ask(Op::AckLog { name: name.to_owned(), offset }).await?;
        if let Some(tracked) = self.shared.containers.lock().get(name) {
            tracked.status.send_if_modified(|s| {
                s.log_acked = s.log_acked.max(offset);
                false
            });
        }
        Ok(())
    }

    /// Makes (or finds) a directory for a task volume, owned by the sandbox's root user, and gone
    /// with the sandbox.
    pub async fn volume(&self, name: &str) -> Result<std::path::PathBuf> {
        super::check_name("volume name", name)?;
        let path = self.shared.dir.join("volumes").join(name);
        let owner = self.shared.record.init.userns.map_or(0, |u| u.host_start);
        let made = path.clone();
        tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&made)?;
            crate::sys::lchown(&made, owner, owner)
        })
        .await
        .map_err(std::io::Error::other)
        .and_then(|r| r)
        .during("make volume", path.display())?;
        Ok(path)
    }

    /// Ends the sandbox: kills what runs, and leaves no process, mount, cgroup or file of it.
    /// The network namespace is its maker's to end.
    ///
    /// # Errors
    /// Something could not be removed; calling again goes on.
    pub async fn destroy(&self) -> Result<()> {
        if self.gone().is_none() {
            // An error here is no reason to stop: the shim is killed next.
            let _ = tokio::time::timeout(SHUTDOWN_TIMEOUT, self.ask(Op::Shutdown)).await;
            let mut gone = self.shared.gone.subscribe();
            if tokio::time::timeout(Duration::from_secs(2), gone.wait_for(Option::is_some)).await.is_err() {
                self.link.kill_shim();
                let _ = tokio::time::timeout(Duration::from_secs(5), gone.wait_for(Option::is_some)).await;
            }
        }
        self.empty_cgroup().await?;
        let dir = self.shared.dir.clone();
        tokio::task::spawn_blocking(move || remove_tree(&dir))
            .await
            .map_err(std::io::Error::other)
            .and_then(|r| r)
            .during("remove", self.shared.dir.display())
    }

    async fn empty_cgroup(&self) -> Result<()> {
        let deadline = tokio::time::Instant::now() + EMPTY_TIMEOUT;
        loop {
            let cgroup = self.shared.cgroup.clone();
            let gone = tokio::task::spawn_blocking(move || {
                if !cgroup.pids().is_empty() {
                    cgroup.kill();
                }
                cgroup.remove()
            })
            .await
            .map_err(std::io::Error::other)
            .and_then(|r| r)
            .during("remove cgroup of", &self.shared.id)?;
            if gone {
                return Ok(());
            }
            if tokio::time::Instant::now() > deadline {
                return Err(self.shared.shim_error("processes of the sandbox could not be killed"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn name_start_error(e: Error, name: &str) -> Error {
    match e {
        Error::CannotStart { reason, .. } => Error::CannotStart { container: name.to_owned(), reason },
        other => other,
    }
}
