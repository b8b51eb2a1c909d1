//! Which objects are known to have the right bytes, by their ETags.
//!
//! An ETag changes whenever somebody writes to an object, and a read can demand it (`If-Match`). So bytes
//! are compared with their digest when they come, or at the first read by this process, and from then on
//! the store itself says whether they are still those.

use std::collections::HashMap;

use std::sync::{Mutex, PoisonError};

use crate::Digest;

/// Blobs of one generation; two exist.
const GENERATION: usize = 8 * 1024;

/// An object as it was when its bytes were right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) etag: String,
    /// Bytes.
    pub(super) size: u64,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Digest, Seen>,
    old: HashMap<Digest, Seen>,
}

/// What is used stays; the rest is forgotten, and costs one more hash.
#[derive(Default)]
pub(super) struct Proven(Mutex<Generations>);

impl Proven {
    pub(super) fn get(&self, digest: &Digest) -> Option<Seen> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seen) = all.young.get(digest) {
            return Some(seen.clone());
        }
        let seen = all.old.remove(digest)?;
        all.insert(digest, seen.clone());
        Some(seen)
    }

    /// `etag` may be missing: such a store is asked for everything anew.
    pub(super) fn insert(&self, digest: &Digest, etag: Option<String>, size: u64) {
        if let Some(etag) = etag {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, Seen { etag, size });
        }
    }

    pub(super) fn forget(&self, digest: &Digest) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.young.remove(digest);
        all.old.remove(digest);
    }
}

impl Generations {
    fn insert(&mut self, digest: &Digest, seen: Seen) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(digest.clone(), seen);
    }
}
