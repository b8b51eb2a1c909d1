//! Filling holes: a part of the data file becomes a part of the index.
//!
//! What is read and decoded is so without any lock; only putting it in takes the state's, for one
//! partition at a time. Readers do it one after the other, so that many that need the same read it once,
//! and take turns, so that one who reads everything does not keep the others waiting.

use std::sync::Arc;

use super::Shared;
use super::holes::Span;
use super::state::State;
use crate::{Error, Result};

/// Holes filled in one turn: about four megabytes.
const SPANS_A_TURN: usize = 16;

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

    /// Fills the holes that `needs` names until there is none, away from the tasks that wait for nothing.
    pub(super) async fn fill_for(self: &Arc<Self>, needs: impl Fn(&State) -> Vec<Span> + Send) -> Result<()> {
        loop {
            let _turn = self.filling.lock().await;
            let mut spans = needs(&self.state.read());
            if spans.is_empty() {
                return Ok(());
            }
            spans.truncate(SPANS_A_TURN);
            let shared = self.clone();
            let filled = tokio::task::spawn_blocking(move || shared.fill(&spans)).await;
            filled.map_err(|_| Error::Closed)??;
        }
    }
}
