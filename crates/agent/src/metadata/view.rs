//! What the endpoint knows of its task: the assignment, the latest report, and a few things that the agent
//! learns on the way.

use std::collections::HashMap;
use std::sync::Arc;

use gantry_agent_api::{Assignment, CredentialSource, SandboxReport};
use gantry_base::{SharedClock, Timestamp};
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use super::credentials::TaskCredentials;
use super::rate::Bucket;
use crate::runtime::{Attached, ContainerStats, SandboxHandle};

/// A sample of a container's counters, kept because Docker's stats show the one before too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub at: Timestamp,
    pub stats: ContainerStats,
    pub system_cpu_ns: u64,
}

#[derive(Default)]
pub(super) struct Learned {
    pub attached: Option<Attached>,
    pub log_streams: HashMap<String, String>,
    pub image_ids: HashMap<String, String>,
}

pub(crate) struct TaskView {
    pub(super) assignment: Arc<Assignment>,
    reports: watch::Receiver<Arc<SandboxReport>>,
    pub(super) clock: SharedClock,
    pub(super) credentials: TaskCredentials,
    pub(super) learned: RwLock<Learned>,
    handle: RwLock<Option<Arc<dyn SandboxHandle>>>,
    pub(super) samples: Mutex<HashMap<String, Sample>>,
    pub(super) bucket: Mutex<Bucket>,
}

impl TaskView {
    pub fn new(
        assignment: Arc<Assignment>,
        credentials_id: String,
        reports: watch::Receiver<Arc<SandboxReport>>,
        clock: SharedClock,
        source: Arc<dyn CredentialSource>,
    ) -> Self {
        let credentials = TaskCredentials::new(credentials_id, assignment.clone(), source, clock.clone());
        Self {
            assignment,
            reports,
            clock,
            credentials,
            learned: RwLock::default(),
            handle: RwLock::default(),
            samples: Mutex::default(),
            bucket: Mutex::new(Bucket::new()),
        }
    }

    pub fn set_attached(&self, attached: &Attached) {
        self.learned.write().attached = Some(attached.clone());
    }

    pub fn set_handle(&self, handle: Arc<dyn SandboxHandle>) {
        *self.handle.write() = Some(handle);
    }

    pub fn set_log_stream(&self, container: &str, stream: &str) {
        self.learned.write().log_streams.insert(container.to_owned(), stream.to_owned());
    }

    pub fn set_image_id(&self, container: &str, image_id: &str) {
        self.learned.write().image_ids.insert(container.to_owned(), image_id.to_owned());
    }

    pub(super) fn handle(&self) -> Option<Arc<dyn SandboxHandle>> {
        self.handle.read().clone()
    }

    pub(super) fn report(&self) -> Arc<SandboxReport> {
        self.reports.borrow().clone()
    }
}
