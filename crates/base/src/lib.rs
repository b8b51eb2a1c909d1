//! Words that every part of Gantry shares: identifiers, ARNs, time and randomness.
//!
//! Nothing here does I/O. Time and randomness come in through [`Clock`] and [`Entropy`], so that a
//! control plane can run under a seeded simulation and a failing seed replays.
#![forbid(unsafe_code)]

mod arn;
mod clock;
mod entropy;
pub mod event;
mod ids;
mod time;

pub use arn::{Arn, ArnError};
pub use clock::{Clock, ManualClock, SharedClock, SystemClock};
pub use entropy::{Entropy, SeededEntropy, SharedEntropy, SystemEntropy};
pub use ids::{AccountId, IdError, PARTITION, Region, hex_id, uuid};
pub use time::Timestamp;
