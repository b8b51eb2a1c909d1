//! Who writes to which upload, and the hash states of uploads that wait for their next chunk.
//!
//! What always holds: at most one [`Claim`] exists per upload of this engine. A hash state is given
//! back only together with what it describes (a size and the engine's own mark of the stored bytes);
//! one that does not fit what is stored is thrown away, and derived anew from the bytes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::IDLE_UPLOADS;
use crate::{Algorithm, Error, Hasher, Result, UploadId};

/// A hash state and the bytes that it is of.
pub(crate) struct Parked<M> {
    pub(crate) hasher: Hasher,
    /// Bytes of the upload.
    pub(crate) size: u64,
    /// How the engine tells that the stored bytes are still those: a time stamp, an ETag.
    pub(crate) mark: M,
}

enum Slot<M> {
    Busy,
    Idle(Parked<M>),
}

/// One table per engine.
pub(crate) struct Sessions<M>(Mutex<HashMap<UploadId, Slot<M>>>);

impl<M> Default for Sessions<M> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<M> Sessions<M> {
    fn slots(&self) -> MutexGuard<'_, HashMap<UploadId, Slot<M>>> {
        // Every change of the table is whole: a panic elsewhere leaves nothing half-done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An upload of no bytes.
    pub(crate) fn start(&self, id: &UploadId, algorithm: Algorithm, mark: M) {
        self.park(id, Parked { hasher: Hasher::new(algorithm), size: 0, mark });
    }

    fn park(&self, id: &UploadId, parked: Parked<M>) {
        let mut slots = self.slots();
        if slots.len() >= IDLE_UPLOADS {
            let idle = slots.iter().find(|(_, s)| matches!(s, Slot::Idle(_))).map(|(id, _)| id.clone());
            if let Some(idle) = idle {
                slots.remove(&idle);
            }
        }
        slots.insert(id.clone(), Slot::Idle(parked));
    }

    /// Drops an upload's state unless somebody is writing to it.
    pub(crate) fn forget_idle(&self, id: &UploadId) -> bool {
        let mut slots = self.slots();
        if matches!(slots.get(id), Some(Slot::Busy)) {
            return false;
        }
        slots.remove(id);
        true
    }
}

/// The one right to write to an upload; given back when it is dropped.
pub(crate) struct Claim<M> {
    sessions: Arc<Sessions<M>>,
    id: UploadId,
    back: Option<Parked<M>>,
}

impl<M> Claim<M> {
    /// Takes the upload, and its hash state if that is still known. [`Error::UploadBusy`].
    pub(crate) fn take(sessions: &Arc<Sessions<M>>, id: &UploadId) -> Result<(Self, Option<Parked<M>>)> {
        let mut slots = sessions.slots();
        let known = match slots.get(id) {
            Some(Slot::Busy) => return Err(Error::UploadBusy(id.clone())),
            _ => slots.insert(id.clone(), Slot::Busy),
        };
        drop(slots);
        let claim = Self { sessions: Arc::clone(sessions), id: id.clone(), back: None };
        let parked = match known {
            Some(Slot::Idle(parked)) => Some(parked),
            _ => None,
        };
        Ok((claim, parked))
    }

    /// What the next one to take the upload shall find.
    pub(crate) fn leave(&mut self, parked: Parked<M>) {
        self.back = Some(parked);
    }
}

impl<M> Drop for Claim<M> {
    fn drop(&mut self) {
        match self.back.take() {
            Some(parked) => self.sessions.park(&self.id, parked),
            None => drop(self.sessions.slots().remove(&self.id)),
        }
    }
}
