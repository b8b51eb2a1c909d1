//! A small cache of manifests' bytes, by digest. The bytes of a digest never change, so an entry is
//! never stale; whether a caller may see it is decided before it is asked.

use std::collections::HashMap;

use bytes::Bytes;
use gantry_blobs::Digest;
use parking_lot::Mutex;

/// Bytes of one generation; two exist.
const GENERATION_BYTES: usize = 2 * 1024 * 1024;
/// What one entry costs beside its bytes: keys, table slots, allocation heads.
const ENTRY_OVERHEAD: usize = 256;
/// Larger manifests are read anew each time.
const MAX_ENTRY: usize = 256 * 1024;

#[derive(Default)]
struct Generations {
    young: HashMap<Digest, Bytes>,
    old: HashMap<Digest, Bytes>,
    young_bytes: usize,
}

/// Two generations: what is used moves to the young one; when that is full the old one is dropped.
#[derive(Default)]
pub(crate) struct ManifestCache(Mutex<Generations>);

impl ManifestCache {
    pub(crate) fn get(&self, digest: &Digest) -> Option<Bytes> {
        let mut all = self.0.lock();
        if let Some(bytes) = all.young.get(digest) {
            return Some(bytes.clone());
        }
        let bytes = all.old.remove(digest)?;
        all.insert(digest, bytes.clone());
        Some(bytes)
    }

    pub(crate) fn insert(&self, digest: &Digest, bytes: Bytes) {
        if bytes.len() <= MAX_ENTRY {
            self.0.lock().insert(digest, bytes);
        }
    }
}

impl Generations {
    fn insert(&mut self, digest: &Digest, bytes: Bytes) {
        let cost = bytes.len() + ENTRY_OVERHEAD;
        if self.young_bytes + cost > GENERATION_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if self.young.insert(digest.clone(), bytes).is_none() {
            self.young_bytes += cost;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_stays_small_and_keeps_what_is_used() {
        let cache = ManifestCache::default();
        let hot = Digest::sha256(b"hot");
        cache.insert(&hot, Bytes::from_static(b"hot"));
        for n in 0..10_000_u32 {
            cache.insert(&Digest::sha256(&n.to_le_bytes()), Bytes::from(vec![0; 1000]));
            assert!(cache.get(&hot).is_some(), "{n}");
        }
        let all = cache.0.lock();
        assert!(all.young.len() + all.old.len() <= 2 * GENERATION_BYTES / (1000 + ENTRY_OVERHEAD) + 2);
    }

    #[test]
    fn a_large_manifest_is_not_kept() {
        let cache = ManifestCache::default();
        let digest = Digest::sha256(b"x");
        cache.insert(&digest, Bytes::from(vec![0; MAX_ENTRY + 1]));
        assert!(cache.get(&digest).is_none());
    }
}
