//! The durable half: redb holds the log and the snapshots. (First form: nothing is opened yet.)

use std::sync::Arc;

use super::Shared;
use super::committer::LeaseChange;
use crate::{Result, Revision, WatchBatch};

pub(super) struct Disk {}

impl Disk {
    pub(super) fn has_upkeep(&self) -> bool {
        false
    }

    pub(super) fn pinned(&self) -> Revision {
        Revision::MAX
    }

    pub(super) fn write(&mut self, _: &Shared, _: &[Arc<WatchBatch>], _: LeaseChange) -> Result<()> {
        Ok(())
    }

    pub(super) fn mark_compacted(&mut self, _: &Shared, _: Revision) -> Result<()> {
        Ok(())
    }
}
