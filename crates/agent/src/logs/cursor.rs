//! How far a container's output has come, kept so that a restart neither loses nor doubles anything.
//!
//! Before a batch is sent, its number and the offsets it spans are written down. Whoever comes back reads
//! just that span again and sends it under the same number, which the sink takes once only.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::record::{read_json, write_json};

/// The batch that was last about to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Intent {
    pub sequence: u64,
    pub start: u64,
    pub end: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct LogCursor {
    path: PathBuf,
}

impl LogCursor {
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    pub fn read(&self) -> Result<Option<Intent>> {
        read_json(&self.path)
    }

    pub fn write(&self, intent: Intent) -> Result<()> {
        write_json(&self.path, &intent)
    }
}
