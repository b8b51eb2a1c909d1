//! Why a layer could not be looked at. Whatever leaves the rest of the image readable is a `Gap` instead.

use std::io;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller's reader failed: nothing is known about the layer; try again.
    #[error("reading layer {layer}: {source}")]
    Read { layer: String, source: io::Error },
    /// The bytes are no layer: wrong compression, a broken archive. Trying again will not help.
    #[error("layer {layer} is damaged: {reason}")]
    Damaged { layer: String, reason: String },
    /// More layers than [`crate::limits::MAX_LAYERS`].
    #[error("layer {layer} is one more than the {limit} that an image may have")]
    TooManyLayers { layer: String, limit: usize },
    #[error("writing a {format} document: {source}")]
    Write { format: &'static str, source: serde_json::Error },
}
