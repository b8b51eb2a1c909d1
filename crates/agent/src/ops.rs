//! Doing what the machine says. Each call runs beside the actor, has a time limit, and is answered exactly
//! once; a call that panics is answered by its guard.

use std::net::SocketAddrV4;
use std::sync::Arc;
use std::time::Duration;

use gantry_agent_api::Assignment;
use tokio::sync::mpsc;

use crate::actor::{Actor, Answer, Guards, Keep, Shared};
use crate::destroy::destroy;
use crate::environment::{DNS_ADDRESS, DNS_PORT, METADATA_ADDRESS, METADATA_PORT, environment};
use crate::logs::LogDestination;
use crate::machine::{Action, ContainerInput, Input, health_argv, runtime_id};
use crate::metadata::{MetadataServer, TaskView};
use crate::runtime::*;
use crate::users::RANGE_SIZE;

/// Limits on calls to the runtime and the network.
const ATTACH_TIMEOUT: Duration = Duration::from_mins(1);
const SANDBOX_TIMEOUT: Duration = Duration::from_mins(1);
const CREATE_TIMEOUT: Duration = Duration::from_mins(2);
const START_TIMEOUT: Duration = Duration::from_mins(2);
const KILL_TIMEOUT: Duration = Duration::from_secs(30);
/// Pulls of one image for one container, while the registry cannot be reached.
const PULL_TRIES: u32 = 3;
const PULL_BACKOFF: Duration = Duration::from_secs(1);
const PULL_TIMEOUT: Duration = Duration::from_hours(1);

/// Sends its answer when dropped, whatever became of the call.
pub(crate) struct Answering {
    answers: mpsc::UnboundedSender<Answer>,
    answer: Option<Answer>,
}

impl Answering {
    /// `otherwise` is what is answered if nothing else is.
    fn new(answers: &mpsc::UnboundedSender<Answer>, otherwise: Input) -> Self {
        let answer = Some(Answer { input: otherwise, keep: Keep::Nothing });
        Self { answers: answers.clone(), answer }
    }

    fn give(self, input: Input) {
        self.give_and_keep(input, Keep::Nothing);
    }

    fn give_and_keep(mut self, input: Input, keep: Keep) {
        self.answer = Some(Answer { input, keep });
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        if let Some(answer) = self.answer.take() {
            // Nobody listens once the agent shuts down.
            let _ = self.answers.send(answer);
        }
    }
}

async fn limited<T>(limit: Duration, what: &str, call: impl Future<Output = RuntimeResult<T>>) -> RuntimeResult<T> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result,
        Err(_) => Err(RuntimeError::retryable(format!("{what} took longer than {} seconds", limit.as_secs()))),
    }
}

impl Actor {
    pub(crate) fn act(&mut self, action: Action) {
        match action {
            Action::AttachNetwork => self.attach_network(),
            Action::CreateSandbox => self.create_sandbox(),
            Action::Pull { container } => self.pull(container),
            Action::OpenLogs { container } => self.open_logs(container),
            Action::Create { container, image } => self.create(container, image),
            Action::Start { container } => self.start(container),
            Action::Kill { container, signal } => self.kill(container, signal),
            Action::Probe { container, timeout_secs } => self.probe(container, timeout_secs),
            Action::Destroy => self.destroy(),
        }
    }

    pub(crate) fn answering(&self, otherwise: Input) -> Answering {
        Answering::new(&self.answers, otherwise)
    }

    fn attach_network(&mut self) {
        let broke_off = "the attachment broke off".to_owned();
        let answer = self.answering(Input::NetworkFailed { reason: broke_off });
        if !self.shared.isolation.contains(&self.assignment.isolation) {
            // Never a weaker grade than was promised.
            let grade = self.assignment.isolation.as_str();
            let reason = format!("this host does not offer the isolation grade `{grade}`");
            return answer.give(Input::NetworkFailed { reason });
        }
        if let Err(error) = self.ensure_record() {
            return answer.give(Input::NetworkFailed { reason: error.to_string() });
        }
        let (shared, assignment) = (self.shared.clone(), self.assignment.clone());
        let (view, guards) = (self.view.clone(), self.guards.clone());
        self.calls.spawn(async move {
            let work = attach(&shared, &assignment, &view, &guards);
            match limited(ATTACH_TIMEOUT, "attaching the network", work).await {
                Ok(attached) => answer.give_and_keep(Input::NetworkAttached, Keep::Attached(attached)),
                Err(error) => answer.give(Input::NetworkFailed { reason: error.message }),
            }
        });
    }

    fn create_sandbox(&mut self) {
        let answer = self.answering(Input::SandboxFailed { reason: "the creation broke off".to_owned() });
        let setup = self.sandbox_setup();
        let shared = self.shared.clone();
        self.calls.spawn(async move {
            let work = async {
                let handle = shared.runtime.create_sandbox(setup).await?;
                // Before any container is made, so that no event is missed.
                let events = handle.events().await?;
                Ok((handle, events))
            };
            match limited(SANDBOX_TIMEOUT, "creating the sandbox", work).await {
                Ok((handle, events)) => {
                    answer.give_and_keep(Input::SandboxCreated, Keep::Sandbox(handle, events));
                }
                Err(error) => answer.give(Input::SandboxFailed { reason: error.message }),
            }
        });
    }

    fn sandbox_setup(&self) -> SandboxSetup {
        let (spec, network) = (&self.assignment.spec, &self.assignment.network);
        SandboxSetup {
            id: self.assignment.sandbox_id.clone(),
            hostname: network.private_dns_name.clone(),
            netns: self.attached.as_ref().and_then(|a| a.netns.clone()),
            cpu_units: spec.cpu_units,
            memory_mib: spec.memory_mib,
            pids_limit: spec.pids_limit,
            users: self.record.user_base.map(|base| UserRange { base, size: RANGE_SIZE }),
            dns_servers: vec![DNS_ADDRESS.to_string()],
            dns_search: Vec::new(),
            hosts: vec![(network.private_dns_name.clone(), network.private_ip.to_string())],
            volumes: spec.volumes.clone(),
            shared_pid_namespace: spec.shared_pid_namespace,
        }
    }

    fn pull(&mut self, container: String) {
        let broke_off = ContainerInput::PullFailed { reason: "the pull broke off".to_owned() };
        let answer = self.answering(broke_off.of(&*container));
        let Some(spec) = self.assignment.spec.containers.iter().find(|c| c.name == container) else { return };
        let request = PullRequest {
            image: spec.image.clone(),
            account: self.assignment.account.clone(),
            region: self.assignment.region.clone(),
            execution_role_arn: self.assignment.spec.execution_role_arn.clone(),
        };
        let (shared, view) = (self.shared.clone(), self.view.clone());
        self.helpers.spawn(async move {
            let pulled = limited(PULL_TIMEOUT, "pulling the image", pull(&shared, &request)).await;
            let what = match pulled {
                Ok(image) => {
                    view.set_image_id(&container, &image.image_id);
                    ContainerInput::Pulled(image)
                }
                Err(error) => ContainerInput::PullFailed { reason: error.message },
            };
            answer.give(what.of(container));
        });
    }

    fn open_logs(&mut self, container: String) {
        let broke_off = ContainerInput::LogsFailed { reason: "opening the log stream broke off".to_owned() };
        let answer = self.answering(broke_off.of(&*container));
        let Some(spec) = self.assignment.spec.containers.iter().find(|c| c.name == container) else { return };
        let destination = LogDestination::parse(&self.assignment, spec);
        let logs = self.shared.logs.clone();
        self.helpers.spawn(async move {
            let opened = match destination {
                Ok(Some(destination)) => destination.open(&*logs).await.map(|()| Some(destination)),
                Ok(None) => Ok(None),
                Err(reason) => Err(reason),
            };
            let what = |what: ContainerInput| what.of(&*container);
            match opened {
                Ok(Some(destination)) => {
                    let keep = Keep::Destination(container.clone(), destination);
                    answer.give_and_keep(what(ContainerInput::LogsOpened), keep);
                }
                Ok(None) => answer.give(what(ContainerInput::LogsOpened)),
                Err(reason) => answer.give(what(ContainerInput::LogsFailed { reason })),
            }
        });
    }

    fn create(&mut self, container: String, image: PulledImage) {
        let broke_off = ContainerInput::CreateFailed { reason: "the creation broke off".to_owned() };
        let answer = self.answering(broke_off.of(&*container));
        let spec = self.assignment.spec.containers.iter().find(|c| c.name == container).cloned();
        let (Some(spec), Some(handle)) = (spec, self.handle.clone()) else { return };
        self.record.images.insert(container.clone(), image.clone());
        if let Err(error) = self.shared.records.write(&self.record) {
            return answer.give(ContainerInput::CreateFailed { reason: error.to_string() }.of(container));
        }
        let endpoint = self.shared.inject_endpoint.as_deref();
        let setup = ContainerSetup {
            environment: environment(&self.assignment, &spec, &self.record.credentials_id, endpoint),
            runtime_id: runtime_id(&self.assignment.sandbox_id, &container),
            output: self.destinations.get(&container).map_or(OutputMode::Discard, |d| d.mode),
            spec,
            image,
        };
        self.pump_when_created(handle, setup, answer);
    }

    fn pump_when_created(&mut self, handle: Arc<dyn SandboxHandle>, setup: ContainerSetup, answer: Answering) {
        let container = setup.spec.name.clone();
        let pump = self.prepare_pump(handle.clone(), &container);
        self.calls.spawn(async move {
            let what = match limited(CREATE_TIMEOUT, "creating the container", handle.create_container(setup)).await {
                Ok(()) => {
                    // There is something to read from now on; let the pump begin.
                    if let Some(begin) = pump {
                        let _ = begin.send(());
                    }
                    ContainerInput::Created
                }
                Err(error) => ContainerInput::CreateFailed { reason: error.message },
            };
            answer.give(what.of(container));
        });
    }

    fn start(&mut self, container: String) {
        let broke_off = ContainerInput::StartFailed { reason: "the start broke off".to_owned() };
        let answer = self.answering(broke_off.of(&*container));
        let Some(handle) = self.handle.clone() else { return };
        let clock = self.shared.clock.clone();
        self.calls.spawn(async move {
            let what = match limited(START_TIMEOUT, "starting the container", handle.start(&container)).await {
                Ok(()) => ContainerInput::Started { at: clock.now() },
                Err(error) => ContainerInput::StartFailed { reason: error.message },
            };
            answer.give(what.of(container));
        });
    }

    fn kill(&mut self, container: String, signal: i32) {
        let Some(handle) = self.handle.clone() else { return };
        self.calls.spawn(async move {
            let sent = limited(KILL_TIMEOUT, "sending a signal", handle.kill(&container, signal)).await;
            if let Err(error) = sent.or_else(|e| if e.not_found { Ok(()) } else { Err(e) }) {
                // SIGKILL follows, and then destruction; nothing hangs on this one.
                tracing::warn!(container, signal, %error, "failed to signal a container");
            }
        });
    }

    fn probe(&mut self, container: String, timeout_secs: u32) {
        let answer = self.answering(ContainerInput::Probed { healthy: false }.of(&*container));
        let spec = self.assignment.spec.containers.iter().find(|c| c.name == container);
        let argv = spec.and_then(|s| s.health_check.as_ref()).and_then(health_argv);
        let (Some(argv), Some(handle)) = (argv, self.handle.clone()) else { return };
        let limit = Duration::from_secs(u64::from(timeout_secs));
        self.helpers.spawn(async move {
            // The runtime kills what takes too long; should it not answer at all, the check has failed.
            let outcome = tokio::time::timeout(limit * 2, handle.exec(&container, argv, limit)).await;
            let healthy = matches!(outcome, Ok(ExecOutcome::Exited { code: 0 }));
            answer.give(ContainerInput::Probed { healthy }.of(container));
        });
    }

    fn destroy(&mut self) {
        let answer = self.answering(Input::DestroyFailed);
        self.helpers.abort_all();
        let (shared, handle) = (self.shared.clone(), self.handle.clone());
        let (record, guards) = (self.record.clone(), std::mem::take(&mut *self.guards.lock()));
        self.calls.spawn(async move {
            drop(guards);
            match destroy(&shared, handle, &record).await {
                Ok(()) => answer.give(Input::Destroyed),
                Err(error) => {
                    tracing::warn!(sandbox = record.sandbox_id, %error, "failed to destroy a sandbox");
                    answer.give(Input::DestroyFailed);
                }
            }
        });
    }
}

async fn pull(shared: &Shared, request: &PullRequest) -> RuntimeResult<PulledImage> {
    // A cached image starts at once, whatever queue there is; if looking failed, the pull says why.
    if let Ok(Some(image)) = shared.runtime.cached(request).await {
        return Ok(image);
    }
    let Ok(_permit) = shared.pulls.acquire().await else {
        return Err(RuntimeError::retryable("the agent is shutting down"));
    };
    let mut tries = 1;
    loop {
        match shared.runtime.pull(request).await {
            Err(error) if error.retryable && tries < PULL_TRIES => {
                tracing::debug!(image = request.image, %error, tries, "pulling again");
                tokio::time::sleep(PULL_BACKOFF * tries).await;
                tries += 1;
            }
            done => return done,
        }
    }
}

async fn attach(
    shared: &Shared,
    assignment: &Assignment,
    view: &Arc<TaskView>,
    guards: &parking_lot::Mutex<Guards>,
) -> RuntimeResult<Attached> {
    let (id, network) = (&assignment.sandbox_id, &assignment.network);
    let attached = shared.networking.attach(id, network).await?;
    let names = vec![(network.private_dns_name.clone(), network.private_ip)];
    let at = SocketAddrV4::new(DNS_ADDRESS, DNS_PORT);
    let dns = shared.networking.serve_dns(id, at, names).await?;
    guards.lock().dns = Some(dns);
    let at = SocketAddrV4::new(METADATA_ADDRESS, METADATA_PORT);
    let listener = shared.networking.listen_tcp(id, at).await?;
    guards.lock().metadata = Some(MetadataServer::spawn(listener, view.clone()));
    Ok(attached)
}
