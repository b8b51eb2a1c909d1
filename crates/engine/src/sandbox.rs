//! A sandbox and its containers, as server and agent handle them.
//!
//! A [`Sandbox`] is a handle to a shim process. It keeps what the shim tells it (phases, exits,
//! how far logs reach), so questions about state need no round trip, and it reconnects when the
//! connection breaks while the shim lives. When the shim dies, containers are killed and reported
//! as ended with that as the reason: never as running.

mod config;
mod link;
mod ops;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{broadcast, watch};

pub use config::{ContainerConfig, DEFAULT_CAPABILITIES, ExecConfig, ResolvConf, SandboxConfig};
pub(crate) use config::{SandboxRecord, check_name};
pub(crate) use link::{Link, connect};

use crate::cgroup::Cgroup;
use crate::error::{Error, Result};
use crate::image::ImageStore;
use crate::logs::{LogMark, LogReader};
use crate::proto::{ContainerPhase, ContainerState, Event, Exit};

/// Events a slow subscriber may fall behind by before it gets the present state instead.
const EVENT_BACKLOG: usize = 1024;

/// Something that happened in a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SandboxEvent {
    /// The program runs. `at` in milliseconds since the epoch.
    Started { container: String, pid: i32, at: i64 },
    /// The container ended, and all it wrote can be read.
    Exited { container: String, exit: Exit },
    /// The log reaches `end` now.
    LogGrew { container: String, end: u64 },
    /// The shim is gone; `Exited` follows for each container that was running.
    ShimGone { reason: String },
}

/// A container as last told by the shim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerStatus {
    pub name: String,
    pub phase: ContainerPhase,
    /// Host pid of the first process while it runs.
    pub pid: i32,
    /// Milliseconds since the epoch.
    pub started_at: Option<i64>,
    /// Set once `phase` is [`ContainerPhase::Exited`], unless the program never ran.
    pub exit: Option<Exit>,
    /// Everything below was acknowledged.
    pub log_acked: u64,
    /// Bytes dropped in non-blocking mode, as of the last connection.
    pub log_dropped: u64,
}

/// A container was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    pub pid: i32,
    /// Milliseconds since the epoch.
    pub at: i64,
}

struct Tracked {
    status: watch::Sender<ContainerStatus>,
    log: watch::Sender<LogMark>,
}

/// What a sandbox is known to be, shared by its handles and its connection's task.
pub(crate) struct Shared {
    pub(crate) id: String,
    pub(crate) dir: PathBuf,
    pub(crate) record: SandboxRecord,
    pub(crate) cgroup: Cgroup,
    containers: Mutex<BTreeMap<String, Tracked>>,
    events: broadcast::Sender<SandboxEvent>,
    /// Why there is no shim any more.
    gone: watch::Sender<Option<String>>,
    now: gantry_base::SharedClock,
    pub(crate) images: Arc<ImageStore>,
}

/// A handle; clones are the same sandbox.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) shared: Arc<Shared>,
    pub(crate) link: Arc<Link>,
}

impl Shared {
    pub(crate) fn new(
        dir: PathBuf,
        record: SandboxRecord,
        cgroup: Cgroup,
        now: gantry_base::SharedClock,
        images: Arc<ImageStore>,
    ) -> Arc<Self> {
        Arc::new(Self {
            id: record.id.clone(),
            dir,
            record,
            cgroup,
            containers: Mutex::default(),
            events: broadcast::Sender::new(EVENT_BACKLOG),
            gone: watch::Sender::new(None),
            now,
            images,
        })
    }

    pub(crate) fn log_dir(&self, container: &str) -> PathBuf {
        self.dir.join("containers").join(container).join("logs")
    }

    fn shim_error(&self, reason: impl Into<String>) -> Error {
        Error::Shim { sandbox: self.id.clone(), reason: reason.into() }
    }

    /// Takes over what a shim says (or said, on disk) about a container.
    pub(crate) fn learn(&self, state: &ContainerState) {
        let status = ContainerStatus {
            name: state.name.clone(),
            phase: state.phase,
            pid: state.pid,
            started_at: state.started_at,
            exit: state.exit.clone(),
            log_acked: state.log_acked,
            log_dropped: state.log_dropped,
        };
        let mark = LogMark { end: state.log_end, closed: state.phase == ContainerPhase::Exited };
        let mut told = Vec::new();
        {
            let mut containers = self.containers.lock();
            match containers.get(&state.name) {
                Some(tracked) => {
                    let before = tracked.status.send_replace(status.clone());
                    tracked.log.send_replace(mark);
                    // Events missed while there was no connection.
                    if before.started_at.is_none()
                        && let Some(at) = status.started_at
                    {
                        told.push(SandboxEvent::Started { container: status.name.clone(), pid: status.pid, at });
                    }
                    if before.phase != ContainerPhase::Exited
                        && let Some(exit) = &status.exit
                    {
                        told.push(SandboxEvent::Exited { container: status.name.clone(), exit: exit.clone() });
                    }
                }
                None => {
                    let tracked = Tracked { status: watch::Sender::new(status), log: watch::Sender::new(mark) };
                    containers.insert(state.name.clone(), tracked);
                }
            }
        }
        for event in told {
            let _ = self.events.send(event);
        }
    }

    fn on_event(&self, event: Event) {
        let mut containers = self.containers.lock();
        let told = match event {
            Event::Started { name, pid, at } => {
                let tracked = containers.entry(name.clone()).or_insert_with(|| Tracked::new(&name));
                tracked.status.send_modify(|s| {
                    s.phase = ContainerPhase::Running;
                    s.pid = pid;
                    s.started_at = Some(at);
                });
                SandboxEvent::Started { container: name, pid, at }
            }
            Event::Exited { name, exit } => {
                let tracked = containers.entry(name.clone()).or_insert_with(|| Tracked::new(&name));
                tracked.log.send_replace(LogMark { end: exit.log_end, closed: true });
                tracked.status.send_modify(|s| {
                    s.phase = ContainerPhase::Exited;
                    s.exit = Some(exit.clone());
                });
                SandboxEvent::Exited { container: name, exit }
            }
            Event::LogGrew { name, end } => {
                if let Some(tracked) = containers.get(&name) {
                    tracked.log.send_if_modified(|mark| {
                        let grew = end > mark.end;
                        mark.end = mark.end.max(end);
                        grew
                    });
                }
                SandboxEvent::LogGrew { container: name, end }
            }
        };
        drop(containers);
        let _ = self.events.send(told);
    }

    fn forget(&self, name: &str) {
        self.containers.lock().remove(name);
    }

    /// The shim is gone: nothing of the sandbox may be left running, and nobody may think it is.
    pub(crate) fn shim_is_gone(&self, reason: &str) {
        self.cgroup.kill();
        self.gone.send_replace(Some(reason.to_owned()));
        let _ = self.events.send(SandboxEvent::ShimGone { reason: reason.to_owned() });
        let at = self.now.now().millis();
        let mut told = Vec::new();
        for (name, tracked) in self.containers.lock().iter() {
            let log_end = crate::logs::scan_end(&self.log_dir(name));
            let ended = tracked.status.send_if_modified(|s| {
                if s.phase == ContainerPhase::Exited {
                    return false;
                }
                let code = 128 + libc::SIGKILL;
                let reason = Some(reason.to_owned());
                s.exit = Some(Exit { code, signal: Some(libc::SIGKILL), oom: false, at, log_end, reason });
                s.phase = ContainerPhase::Exited;
                true
            });
            tracked.log.send_replace(LogMark { end: log_end, closed: true });
            if ended && let Some(exit) = tracked.status.borrow().exit.clone() {
                told.push(SandboxEvent::Exited { container: name.clone(), exit });
            }
        }
        for event in told {
            let _ = self.events.send(event);
        }
    }

    fn snapshot(&self) -> Vec<ContainerStatus> {
        self.containers.lock().values().map(|t| t.status.borrow().clone()).collect()
    }
}

impl Tracked {
    fn new(name: &str) -> Self {
        let status = ContainerStatus {
            name: name.to_owned(),
            phase: ContainerPhase::Created,
            pid: 0,
            started_at: None,
            exit: None,
            log_acked: 0,
            log_dropped: 0,
        };
        Self { status: watch::Sender::new(status), log: watch::Sender::new(LogMark::default()) }
    }
}

impl Sandbox {
    pub fn id(&self) -> &str {
        &self.shared.id
    }

    /// The sandbox's directory: `volumes/` below it is the agent's to use and goes with the sandbox.
    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    /// Path of the network namespace the sandbox was made with.
    pub fn netns(&self) -> &Path {
        &self.shared.record.netns
    }

    /// Why the sandbox has no shim any more, if so.
    pub fn gone(&self) -> Option<String> {
        self.shared.gone.borrow().clone()
    }

    /// All containers as last told.
    pub fn status(&self) -> Vec<ContainerStatus> {
        self.shared.snapshot()
    }

    pub fn container_status(&self, name: &str) -> Option<ContainerStatus> {
        self.shared.containers.lock().get(name).map(|t| t.status.borrow().clone())
    }

    /// Everything that happens from now on. Subscribe first, then read [`Sandbox::status`].
    pub fn events(&self) -> EventStream {
        EventStream {
            receiver: self.shared.events.subscribe(),
            shared: Arc::clone(&self.shared),
            caught_up: VecDeque::new(),
        }
    }

    /// Waits until the container has ended.
    ///
    /// # Errors
    /// No such container, or it is removed meanwhile.
    pub async fn wait(&self, name: &str) -> Result<Exit> {
        let missing = || Error::NotFound { kind: "container", name: name.to_owned() };
        let mut status = {
            let containers = self.shared.containers.lock();
            containers.get(name).ok_or_else(missing)?.status.subscribe()
        };
        let ended = status.wait_for(|s| s.exit.is_some()).await.map_err(|_| missing())?;
        ended.exit.clone().ok_or_else(missing)
    }

    /// Follows a container's output from `offset`, or from what was last acknowledged.
    ///
    /// # Errors
    /// No such container.
    pub fn logs(&self, name: &str, offset: Option<u64>) -> Result<LogReader> {
        let containers = self.shared.containers.lock();
        let tracked =
            containers.get(name).ok_or_else(|| Error::NotFound { kind: "container", name: name.to_owned() })?;
        let from = offset.unwrap_or(tracked.status.borrow().log_acked);
        Ok(LogReader::new(self.shared.log_dir(name), from, tracked.log.subscribe()))
    }
}

/// Events of one sandbox. A subscriber that falls far behind loses single events but not the
/// truth: it gets `Started` and `Exited` as they stand.
pub struct EventStream {
    receiver: broadcast::Receiver<SandboxEvent>,
    shared: Arc<Shared>,
    caught_up: VecDeque<SandboxEvent>,
}

impl EventStream {
    /// The next event; `None` once every handle of the sandbox is gone.
    pub async fn next(&mut self) -> Option<SandboxEvent> {
        loop {
            if let Some(event) = self.caught_up.pop_front() {
                return Some(event);
            }
            match self.receiver.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Closed) => return None,
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    for s in self.shared.snapshot() {
                        if let Some(at) = s.started_at {
                            self.caught_up.push_back(SandboxEvent::Started {
                                container: s.name.clone(),
                                pid: s.pid,
                                at,
                            });
                        }
                        if let Some(exit) = s.exit {
                            self.caught_up.push_back(SandboxEvent::Exited { container: s.name, exit });
                        }
                    }
                }
            }
        }
    }
}
