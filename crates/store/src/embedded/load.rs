//! Filling holes: a part of the data file becomes a part of the index.
//!
//! What is read and decoded is so without any lock; only putting it in takes the state's, for one
//! partition at a time. Readers do it one after the other, so that many that need the same read it once.

use std::sync::Arc;

use super::Shared;
use super::holes::Span;
use super::state::State;
use crate::{Error, Result};

impl Shared {
    /// Fills holes; those that are filled already cost nothing.
    pub(super) fn fill(&self, spans: &[Span]) -> Result<()> {
        let Some(data) = &self.data else { return Ok(()) };
        for span in spans {
            if self.state.read().has_hole(span) {
                let kvs = data.read(span)?;
                self.state.write().fill(span, kvs);
            }
        }
        Ok(())
    }

    /// Fills the holes that `needs` names, away from the tasks that wait for nothing.
    pub(super) async fn fill_for(self: &Arc<Self>, needs: impl Fn(&State) -> Vec<Span> + Send) -> Result<()> {
        let _turn = self.filling.lock().await;
        let spans = needs(&self.state.read());
        if spans.is_empty() {
            return Ok(());
        }
        let shared = self.clone();
        let filled = tokio::task::spawn_blocking(move || shared.fill(&spans)).await;
        filled.map_err(|_| Error::Closed)?
    }
}
