//! One task per sandbox: it feeds the machine, does what the machine says, and keeps the reporter and the
//! metadata endpoint up to date. Slow things run beside it and answer through its own queue.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
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
/// Why a task stopped that the agent itself let down.
pub(crate) const BROKEN: &str = "the agent's care of the task broke off by a fault of its own";
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
    /// The actor before this one panicked: what it had is taken away, and the task told stopped for that.
    Broken {
        handle: Option<Arc<dyn SandboxHandle>>,
        before: SandboxReport,
    },
}

/// The sandbox's handle, where it outlives an actor that panics.
pub(crate) type HandleSlot = Arc<Mutex<Option<Arc<dyn SandboxHandle>>>>;

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
        // Weak: the queue closes when the agent lets go of the sandbox and the actor is through.
        let care = Care { shared, assignment, inputs: inputs.downgrade(), reports };
        let task = tokio::spawn(care.run(arrival, record, queue));
        Self { inputs, phase, task }
    }
}

/// Runs a sandbox's actor, and what follows if it panics: nothing of a sandbox may go on unwatched, and
/// nobody may think it runs when it does not.
struct Care {
    shared: Arc<Shared>,
    assignment: Arc<Assignment>,
    inputs: mpsc::WeakSender<Input>,
    reports: watch::Sender<Arc<SandboxReport>>,
}

impl Care {
    async fn run(self, arrival: Arrival, record: Option<LocalRecord>, mut queue: mpsc::Receiver<Input>) {
        let handle = HandleSlot::default();
        if self.attempt(arrival, record, handle.clone(), &mut queue).await {
            return;
        }
        let sandbox_id = &*self.assignment.sandbox_id;
        let record = self.shared.records.read(sandbox_id).unwrap_or_else(|error| {
            tracing::error!(sandbox_id, %error, "the record of a sandbox cannot be read");
            None
        });
        let before = (**self.reports.borrow()).clone();
        if before.phase == Phase::Stopped {
            // Told already; all that is left is to be forgotten.
            return await_forgotten(&self.shared, sandbox_id, false, &mut queue).await;
        }
        let broken = Arrival::Broken { handle: handle.lock().clone(), before };
        if self.attempt(broken, record, handle, &mut queue).await {
            return;
        }
        // Not even taking it away worked. The truth is told; the agent's next start takes what is left.
        let mut report = (**self.reports.borrow()).clone();
        report.phase = Phase::Stopped;
        report.stop_reason.get_or_insert_with(|| BROKEN.to_owned());
        self.reports.send_replace(Arc::new(report));
        reporter::report(self.shared.store.clone(), self.reports.subscribe(), None).await;
        await_forgotten(&self.shared, sandbox_id, false, &mut queue).await;
    }

    /// False if the actor panicked.
    async fn attempt(
        &self,
        arrival: Arrival,
        record: Option<LocalRecord>,
        slot: HandleSlot,
        queue: &mut mpsc::Receiver<Input>,
    ) -> bool {
        // Without a sender the agent has let go of the sandbox already.
        let Some(inputs) = self.inputs.upgrade() else { return true };
        let actor =
            Actor::new(self.shared.clone(), self.assignment.clone(), inputs, record, self.reports.clone(), slot);
        // The actor is not looked at again, and what it shares is behind locks that do not poison.
        let ended = AssertUnwindSafe(actor.run(arrival, queue)).catch_unwind().await;
        if let Err(panic) = &ended {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
            tracing::error!(sandbox = self.assignment.sandbox_id, panic = text, "the care of a sandbox broke off");
        }
        ended.is_ok()
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
    slot: HandleSlot,
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
        slot: HandleSlot,
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
            slot,
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

    async fn run(mut self, arrival: Arrival, queue: &mut mpsc::Receiver<Input>) {
        let Some(mut answers) = self.answer_queue.take() else { return };
        let (mut machine, before) = self.arrive(arrival).await;
        // In a set: a panic takes it along.
        let mut reporter = JoinSet::new();
        reporter.spawn(reporter::report(
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
            next = self.wait(&machine, queue, &mut answers).await;
        }
        // The calls that are left can only be answers nobody waits for.
        self.helpers.abort_all();
        drop(self.reports);
        drop(self.inputs);
        if matches!(reporter.join_next().await, Some(Err(_))) {
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
                self.hold(Some(handle));
            }
            Keep::Destination(container, destination) => {
                self.view.set_log_stream(&container, destination.stream());
                self.destinations.insert(container, destination);
            }
        }
        answer.input
    }

    pub(crate) fn hold(&mut self, handle: Option<Arc<dyn SandboxHandle>>) {
        self.slot.lock().clone_from(&handle);
        self.handle = handle;
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
async fn await_forgotten(shared: &Shared, sandbox_id: &str, forgotten: bool, queue: &mut mpsc::Receiver<Input>) {
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
