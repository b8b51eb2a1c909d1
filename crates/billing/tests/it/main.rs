//! Bills from a real store, through crashes and repeated writes.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by unwrapping")]

mod output;
mod replay;
