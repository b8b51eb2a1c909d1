//! How a sandbox comes under an actor's care, fresh or from before; and what then runs beside it for as long
//! as it lives: its events and its containers' output.

use std::sync::Arc;

use gantry_agent_api::SandboxReport;
use tokio::sync::{mpsc, oneshot};

use crate::actor::{Actor, Answer, Arrival, BROKEN, Keep};
use crate::agent::has_started;
use crate::logs::{LogCursor, LogDestination, LogPump};
use crate::machine::{ContainerInput, Input, Machine};
use crate::runtime::{ContainerTruth, RuntimeEvent, SandboxHandle};

impl Actor {
    /// Makes the machine that fits the arrival.
    pub(crate) async fn arrive(&mut self, arrival: Arrival) -> (Machine, Option<SandboxReport>) {
        let (assignment, host) = (self.assignment.clone(), self.shared.host_id.clone());
        let now = self.shared.clock.now();
        match arrival {
            Arrival::Fresh => (Machine::new(assignment, host), None),
            Arrival::Vanished { handle, before } => {
                self.hold(handle);
                (Machine::vanished(assignment, host, &before, now), Some(before))
            }
            Arrival::Broken { handle, before } => {
                self.hold(handle);
                // Reported anew, whatever the last one said: it may not have been written.
                (Machine::ended(assignment, host, &before, now, BROKEN), None)
            }
            Arrival::Recovered { handle, before } => {
                self.hold(Some(handle.clone()));
                self.view.set_handle(handle.clone());
                // Listen first, then ask: an exit in between is heard twice rather than never.
                let truths = match handle.events().await {
                    Ok(events) => {
                        self.forward_events(events);
                        handle.truth().await
                    }
                    Err(error) => Err(error),
                };
                let begun = before.as_ref().is_some_and(has_started);
                match truths {
                    Ok(mut truths) if begun || handle.lost().is_none() => {
                        self.resume(&handle, &mut truths);
                        let machine = Machine::recovered(assignment, host, &truths, before.as_ref(), now);
                        (machine, before)
                    }
                    Ok(_) => {
                        // It came no further than its shim: begin anew.
                        if let Err(error) = handle.destroy().await {
                            tracing::warn!(sandbox = self.assignment.sandbox_id, %error, "failed to destroy a remnant");
                        }
                        self.helpers.abort_all();
                        self.hold(None);
                        (Machine::new(assignment, host), before)
                    }
                    Err(error) => {
                        let mut machine = Machine::new(assignment, host);
                        machine.handle(now, Input::Lost { reason: error.message });
                        (machine, before)
                    }
                }
            }
        }
    }

    fn resume(&mut self, handle: &Arc<dyn SandboxHandle>, truths: &mut [ContainerTruth]) {
        for truth in truths {
            truth.image = truth.image.take().or_else(|| self.record.images.get(&truth.name).cloned());
            if let Some(image) = &truth.image {
                self.view.set_image_id(&truth.name, &image.image_id);
            }
            let spec = self.assignment.spec.containers.iter().find(|c| c.name == truth.name);
            let Some(Ok(Some(destination))) = spec.map(|s| LogDestination::parse(&self.assignment, s)) else {
                continue;
            };
            self.view.set_log_stream(&truth.name, destination.stream());
            self.destinations.insert(truth.name.clone(), destination);
            self.pump(handle.clone(), &truth.name);
        }
    }

    /// Passes the runtime's events on until the sandbox is destroyed.
    pub(crate) fn forward_events(&mut self, mut events: mpsc::Receiver<RuntimeEvent>) {
        // Weak: the queue must close when the agent lets go of the sandbox.
        let inputs = self.inputs.downgrade();
        self.helpers.spawn(async move {
            loop {
                let input = match events.recv().await {
                    Some(RuntimeEvent::Started { container, at }) => ContainerInput::Started { at }.of(container),
                    Some(RuntimeEvent::Exited { container, code, oom, at }) => {
                        ContainerInput::Exited { code, oom, at }.of(container)
                    }
                    Some(RuntimeEvent::Lost { reason }) => Input::Lost { reason },
                    None => Input::Lost { reason: "its event stream ended".to_owned() },
                };
                let last = matches!(input, Input::Lost { .. });
                let Some(inputs) = inputs.upgrade() else { return };
                if inputs.send(input).await.is_err() || last {
                    return;
                }
            }
        });
    }

    fn pump(&mut self, handle: Arc<dyn SandboxHandle>, container: &str) {
        if let Some(begin) = self.prepare_pump(handle, container) {
            let _ = begin.send(());
        }
    }

    /// A pump that waits for the container to be there.
    pub(crate) fn prepare_pump(
        &mut self,
        handle: Arc<dyn SandboxHandle>,
        container: &str,
    ) -> Option<oneshot::Sender<()>> {
        let destination = self.destinations.get(container)?.clone();
        let drained = self.answering(ContainerInput::LogsDrained.of(container));
        let (begin, begun) = oneshot::channel();
        let dir = self.shared.records.dir(&self.assignment.sandbox_id).ok()?;
        let index = self.assignment.spec.containers.iter().position(|c| c.name == container)?;
        let cursor = LogCursor::at(dir.join(format!("log-{index}.json")));
        let (sink, answers, name) = (self.shared.logs.clone(), self.answers.clone(), container.to_owned());
        let moved = move || {
            let _ = answers.send(Answer { input: ContainerInput::LogsMoved.of(&*name), keep: Keep::Nothing });
        };
        let container = container.to_owned();
        self.helpers.spawn(async move {
            if begun.await.is_ok() {
                LogPump::new(destination, sink, cursor, moved).run(&*handle, &container).await;
                drop(drained);
            }
        });
        Some(begin)
    }
}
