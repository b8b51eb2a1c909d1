//! One task per sandbox: it feeds the machine, does what the machine says, and keeps the reporter and the
//! metadata endpoint up to date. Slow things run beside it and answer through its own queue.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use gantry_agent_api::{Assignment, CredentialSource, Isolation, LogSink, Phase, SandboxReport, keys};
use gantry_base::{SharedClock, SharedEntropy, uuid};
use gantry_store::Store;
use parking_lot::Mutex;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::logs::LogDestination;
use crate::machine::{Input, Machine};
use crate::metadata::{MetadataServer, TaskView};
use crate::record::{LocalRecord, Records};
use crate::runtime::{Attached, Networking, Runtime, RuntimeEvent, SandboxHandle};
use crate::users::UserRanges;
use crate::{Result, reporter};

/// Inputs that wait for the machine; senders wait when it is full.
const INPUT_QUEUE: usize = 256;
/// The longest sleep, so that a wrong clock cannot put a sandbox to sleep for ever.
const MAX_SLEEP_MS: i64 = 60_000;

/// What all sandboxes of an agent share.
pub(crate) struct Shared {
    pub host_id: String,
    pub store: Store,
    pub clock: SharedClock,
    pub entropy: SharedEntropy,
    pub credentials: Arc<dyn CredentialSource>,
    pub logs: Arc<dyn LogSink>,
    pub runtime: Arc<dyn Runtime>,
    pub networking: Arc<dyn Networking>,
    pub records: Records,
    pub users: Mutex<UserRanges>,
    /// Pulls that may run at once; images that are here already do not ask.
    pub pulls: Semaphore,
    pub isolation: Vec<Isolation>,
    pub user_namespaces: bool,
    pub inject_endpoint: Option<String>,
}

/// How a sandbox comes to the agent.
pub(crate) enum Arrival {
    Fresh,
    /// Taken up again, with what was reported last.
    Recovered {
        handle: Arc<dyn SandboxHandle>,
        before: Option<SandboxReport>,
    },
    /// It had been started, and is gone; `handle` if something of it is left to be taken away.
    Vanished {
        handle: Option<Arc<dyn SandboxHandle>>,
        before: SandboxReport,
    },
}

/// The agent's end of a sandbox.
pub(crate) struct SandboxActor {
    pub inputs: mpsc::Sender<Input>,
    pub phase: watch::Receiver<Arc<SandboxReport>>,
    pub task: JoinHandle<()>,
}

impl SandboxActor {
    pub fn spawn(shared: Arc<Shared>, assignment: Assignment, arrival: Arrival, record: Option<LocalRecord>) -> Self {
        let (inputs, queue) = mpsc::channel(INPUT_QUEUE);
        let assignment = Arc::new(assignment);
        let first = Arc::new(Machine::new(assignment.clone(), &*shared.host_id).report());
        let (reports, phase) = watch::channel(first);
        let sender = inputs.clone();
        let task = tokio::spawn(async move {
            let actor = Actor::new(shared, assignment, sender, record, reports);
            actor.run(arrival, queue).await;
        });
        Self { inputs, phase, task }
    }
}

pub(crate) struct Actor {
    pub(crate) shared: Arc<Shared>,
    pub(crate) assignment: Arc<Assignment>,
    pub(crate) inputs: mpsc::Sender<Input>,
    pub(crate) record: LocalRecord,
    /// Whether the record is on disk.
    recorded: bool,
    reports: watch::Sender<Arc<SandboxReport>>,
    pub(crate) handle: Option<Arc<dyn SandboxHandle>>,
    pub(crate) attached: Option<Attached>,
    pub(crate) view: Arc<TaskView>,
    pub(crate) guards: Arc<Mutex<Guards>>,
    /// Calls whose answers the machine counts on: they run to their end even while stopping.
    pub(crate) calls: JoinSet<()>,
    /// Pulls, log streams, pumps, probes: ended when the sandbox is destroyed.
    pub(crate) helpers: JoinSet<()>,
    pub(crate) destinations: HashMap<String, LogDestination>,
    pub(crate) answers: mpsc::UnboundedSender<Answer>,
    answer_queue: Option<mpsc::UnboundedReceiver<Answer>>,
}

/// What lives in the sandbox's namespace on the agent's behalf; dropping ends it.
#[derive(Default)]
pub(crate) struct Guards {
    pub metadata: Option<MetadataServer>,
    pub dns: Option<Box<dyn std::any::Any + Send + Sync>>,
}

/// A call's answer: what it means to the machine, and what the actor is to keep of it. One per action, so
/// the queue is bounded by the actions under way.
pub(crate) struct Answer {
    pub input: Input,
    pub keep: Keep,
}

pub(crate) enum Keep {
    Nothing,
    Attached(Attached),
    /// With its events from the very first on.
    Sandbox(Arc<dyn SandboxHandle>, mpsc::Receiver<RuntimeEvent>),
    Destination(String, LogDestination),
}

impl Actor {
    fn new(
        shared: Arc<Shared>,
        assignment: Arc<Assignment>,
        inputs: mpsc::Sender<Input>,
        record: Option<LocalRecord>,
        reports: watch::Sender<Arc<SandboxReport>>,
    ) -> Self {
        let (answers, answer_queue) = mpsc::unbounded_channel();
        let recorded = record.is_some();
        let record = record.unwrap_or_else(|| LocalRecord::new(&*assignment.sandbox_id, uuid(&*shared.entropy)));
        let view = Arc::new(TaskView::new(
            assignment.clone(),
            record.credentials_id.clone(),
            reports.subscribe(),
            shared.clock.clone(),
            shared.credentials.clone(),
        ));
        Self {
            shared,
            assignment,
            inputs,
            record,
            recorded,
            reports,
            handle: None,
            attached: None,
            view,
            guards: Arc::default(),
            calls: JoinSet::new(),
            helpers: JoinSet::new(),
            destinations: HashMap::new(),
            answers,
            answer_queue: Some(answer_queue),
        }
    }

    async fn run(mut self, arrival: Arrival, mut queue: mpsc::Receiver<Input>) {
        let Some(mut answers) = self.answer_queue.take() else { return };
        let (mut machine, before) = self.arrive(arrival).await;
        let reporter = tokio::spawn(reporter::report(
            self.shared.store.clone(),
            self.reports.subscribe(),
            // A report is written at the first turn, unless it says what is there already.
            before,
        ));
        // First of all: a fresh assignment may already be one to stop.
        let mut next = Some(Input::Desired(self.assignment.desired));
        loop {
            let now = self.shared.clock.now();
            let actions = machine.handle(now, next.take().unwrap_or(Input::Tick));
            self.publish(&machine);
            for action in actions {
                self.act(action);
            }
            if machine.phase() == Phase::Stopped {
                break;
            }
            next = self.wait(&machine, &mut queue, &mut answers).await;
        }
        // The calls that are left can only be answers nobody waits for.
        self.helpers.abort_all();
        drop(self.reports);
        drop(self.inputs);
        if reporter.await.is_err() {
            tracing::error!(sandbox = self.assignment.sandbox_id, "the reporter of a sandbox broke off");
        }
        await_forgotten(&self.shared, &self.assignment.sandbox_id, machine.forgotten(), queue).await;
    }

    async fn wait(
        &mut self,
        machine: &Machine,
        queue: &mut mpsc::Receiver<Input>,
        answers: &mut mpsc::UnboundedReceiver<Answer>,
    ) -> Option<Input> {
        let sleep_ms =
            machine.deadline().map_or(MAX_SLEEP_MS, |at| at.since_ms(self.shared.clock.now()).clamp(0, MAX_SLEEP_MS));
        tokio::select! {
            // The runtime's events and the agent's word come through one queue, answers through another;
            // neither may starve the other, so the choice is left to chance.
            input = queue.recv() => input,
            answer = answers.recv() => answer.map(|a| self.keep(a)),
            () = tokio::time::sleep(Duration::from_millis(sleep_ms as u64)) => Some(Input::Tick),
            Some(ended) = self.calls.join_next(), if !self.calls.is_empty() => {
                log_panic(&self.assignment.sandbox_id, ended);
                Some(Input::Tick)
            }
            Some(ended) = self.helpers.join_next(), if !self.helpers.is_empty() => {
                log_panic(&self.assignment.sandbox_id, ended);
                Some(Input::Tick)
            }
        }
    }

    /// Keeps what the answer brought before the machine hears of it.
    fn keep(&mut self, answer: Answer) -> Input {
        match answer.keep {
            Keep::Nothing => {}
            Keep::Attached(attached) => {
                self.view.set_attached(&attached);
                self.attached = Some(attached);
            }
            Keep::Sandbox(handle, events) => {
                self.forward_events(events);
                self.view.set_handle(handle.clone());
                self.handle = Some(handle);
            }
            Keep::Destination(container, destination) => {
                self.view.set_log_stream(&container, destination.stream());
                self.destinations.insert(container, destination);
            }
        }
        answer.input
    }

    fn publish(&mut self, machine: &Machine) {
        let report = machine.report();
        self.reports.send_if_modified(|current| {
            let changed = **current != report;
            if changed {
                *current = Arc::new(report);
            }
            changed
        });
    }

    /// Gives the sandbox its record and its user range, before anything is made that needs them.
    pub(crate) fn ensure_record(&mut self) -> Result<()> {
        if self.recorded {
            return Ok(());
        }
        if self.shared.user_namespaces && self.record.user_base.is_none() {
            self.record.user_base = Some(self.shared.users.lock().take()?.base);
        }
        self.shared.records.write(&self.record)?;
        self.recorded = true;
        Ok(())
    }
}

/// A stopped sandbox's report stays until its assignment goes.
async fn await_forgotten(shared: &Shared, sandbox_id: &str, forgotten: bool, mut queue: mpsc::Receiver<Input>) {
    let mut forgotten = forgotten;
    while !forgotten {
        match queue.recv().await {
            Some(input) => forgotten = input == Input::Forgotten,
            None => return,
        }
    }
    if let Err(error) = shared.store.delete(keys::report(sandbox_id)).await {
        // The next start of the agent deletes reports without assignments.
        tracing::warn!(sandbox = sandbox_id, %error, "failed to delete a report");
    }
}

fn log_panic(sandbox: &str, ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!(sandbox, %error, "a call of a sandbox broke off");
    }
}
