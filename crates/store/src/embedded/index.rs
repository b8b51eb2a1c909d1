//! The ordered multi-version index: every key's newest version, and the older ones still readable.
//!
//! What always holds: a key's versions are in ascending order of revision; values are shared, never
//! copied; a key with nothing left to read is not in the map.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use bytes::Bytes;

use crate::{KeyRange, KeyValue, Revision};

/// One version of a key; without a `kv` it is a tombstone. The revision stands beside the pointer
/// so that a reader decides what it sees without following it.
#[derive(Clone)]
struct Version {
    revision: Revision,
    kv: Option<Arc<KeyValue>>,
}

/// The newest version lies in the map's own node: most keys have no other.
struct Versions {
    newest: Version,
    older: Vec<Version>,
}

impl Versions {
    fn at(&self, revision: Revision) -> Option<&Arc<KeyValue>> {
        if self.newest.revision <= revision {
            return self.newest.kv.as_ref();
        }
        self.older.iter().rev().find(|v| v.revision <= revision).and_then(|v| v.kv.as_ref())
    }
}

#[derive(Default)]
pub(super) struct Index {
    keys: BTreeMap<Bytes, Versions>,
}

impl Index {
    pub(super) fn get(&self, key: &[u8], at: Revision) -> Option<&Arc<KeyValue>> {
        self.keys.get(key).and_then(|versions| versions.at(at))
    }

    /// The live keys of a range in ascending order, as they were at revision `at`.
    pub(super) fn range<'a>(
        &'a self,
        range: &KeyRange,
        at: Revision,
    ) -> impl DoubleEndedIterator<Item = &'a Arc<KeyValue>> + use<'a> {
        bounds(range)
            .map(|(start, end)| self.keys.range::<[u8], _>((start, end)))
            .into_iter()
            .flatten()
            .filter_map(move |(_, versions)| versions.at(at))
    }

    /// How many keys live between two bounds at revision `at`, counted up to `most`.
    pub(super) fn live_between(&self, lower: Bound<&Bytes>, upper: Bound<&[u8]>, at: Revision, most: usize) -> usize {
        let lower = lower.map(|key| &key[..]);
        if let (Bound::Included(lower), Bound::Excluded(upper)) = (lower, upper)
            && lower >= upper
        {
            return 0;
        }
        self.keys.range::<[u8], _>((lower, upper)).filter(|(_, versions)| versions.at(at).is_some()).take(most).count()
    }

    pub(super) fn put(&mut self, kv: Arc<KeyValue>) {
        let version = Version { revision: kv.mod_revision, kv: Some(kv.clone()) };
        self.add(kv.key.clone(), version);
    }

    /// Puts a key that is not there.
    pub(super) fn put_first(&mut self, kv: Arc<KeyValue>) {
        let key = kv.key.clone();
        let newest = Version { revision: kv.mod_revision, kv: Some(kv) };
        let before = self.keys.insert(key, Versions { newest, older: Vec::new() });
        debug_assert!(before.is_none(), "a hole has no key in memory");
    }

    pub(super) fn tombstone(&mut self, key: &Bytes, revision: Revision) {
        self.add(key.clone(), Version { revision, kv: None });
    }

    fn add(&mut self, key: Bytes, version: Version) {
        match self.keys.get_mut(&key) {
            None => {
                self.keys.insert(key, Versions { newest: version, older: Vec::new() });
            }
            Some(versions) => {
                let before = std::mem::replace(&mut versions.newest, version);
                versions.older.push(before);
            }
        }
    }

    /// Takes back every version of `key` above `revision`: its transaction did not reach the disk.
    pub(super) fn roll_back(&mut self, key: &[u8], revision: Revision) {
        let Some(versions) = self.keys.get_mut(key) else { return };
        while versions.newest.revision > revision {
            match versions.older.pop() {
                Some(before) => versions.newest = before,
                None => {
                    self.keys.remove(key);
                    return;
                }
            }
        }
    }

    /// Forgets what a reader at `revision` or later cannot see.
    pub(super) fn prune(&mut self, key: &[u8], revision: Revision) {
        let Some(versions) = self.keys.get_mut(key) else { return };
        if versions.newest.revision <= revision {
            if versions.newest.kv.is_none() {
                self.keys.remove(key);
            } else {
                versions.older = Vec::new();
            }
            return;
        }
        // The one version that a reader at exactly `revision` sees stays, unless it is a tombstone.
        if let Some(seen) = versions.older.iter().rposition(|v| v.revision <= revision) {
            let first_kept = if versions.older[seen].kv.is_none() { seen + 1 } else { seen };
            versions.older.drain(..first_kept);
            if versions.older.len() * 4 < versions.older.capacity() {
                versions.older.shrink_to_fit();
            }
        }
    }

    #[cfg(test)]
    pub(super) fn versions_held(&self) -> usize {
        self.keys.values().map(|v| 1 + v.older.len()).sum()
    }
}

/// The range as map bounds, or `None` where it can hold no key (`BTreeMap` panics on those).
fn bounds(range: &KeyRange) -> Option<(Bound<&[u8]>, Bound<&[u8]>)> {
    let start = &range.start[..];
    match &range.end {
        None => Some((Bound::Included(start), Bound::Included(start))),
        Some(end) if end[..] == [0] => Some((Bound::Included(start), Bound::Unbounded)),
        Some(end) if start < &end[..] => Some((Bound::Included(start), Bound::Excluded(&end[..]))),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kv(key: &'static str, revision: Revision) -> Arc<KeyValue> {
        Arc::new(KeyValue {
            key: Bytes::from_static(key.as_bytes()),
            value: Bytes::from(revision.to_string()),
            create_revision: revision,
            mod_revision: revision,
            version: 1,
            lease: 0,
        })
    }

    #[test]
    fn reads_see_the_version_of_their_revision() {
        let mut index = Index::default();
        index.put(kv("a", 2));
        index.put(kv("a", 4));
        index.tombstone(&Bytes::from_static(b"a"), 6);
        index.put(kv("a", 8));
        for (at, want) in [(1, None), (2, Some(2)), (3, Some(2)), (4, Some(4)), (6, None), (7, None), (9, Some(8))] {
            assert_eq!(index.get(b"a", at).map(|kv| kv.mod_revision), want, "at {at}");
        }
    }

    #[test]
    fn pruning_keeps_what_a_reader_at_the_revision_sees() {
        let mut index = Index::default();
        for revision in [2, 4, 6] {
            index.put(kv("a", revision));
        }
        index.prune(b"a", 5);
        assert_eq!(index.get(b"a", 5).map(|kv| kv.mod_revision), Some(4));
        assert_eq!(index.get(b"a", 6).map(|kv| kv.mod_revision), Some(6));
        assert_eq!(index.versions_held(), 2);
        index.tombstone(&Bytes::from_static(b"a"), 7);
        index.put(kv("a", 9));
        index.prune(b"a", 8);
        assert_eq!(index.versions_held(), 1);
        index.tombstone(&Bytes::from_static(b"a"), 10);
        index.prune(b"a", 10);
        assert_eq!(index.versions_held(), 0);
    }

    #[test]
    fn rolling_back_leaves_no_trace() {
        let mut index = Index::default();
        index.put(kv("a", 2));
        index.put(kv("a", 3));
        index.put(kv("b", 3));
        index.roll_back(b"a", 2);
        index.roll_back(b"b", 2);
        assert_eq!(index.get(b"a", 9).map(|kv| kv.mod_revision), Some(2));
        assert!(index.get(b"b", 9).is_none());
        assert_eq!(index.versions_held(), 1);
    }

    #[test]
    fn a_range_that_ends_before_it_starts_is_empty() {
        let mut index = Index::default();
        index.put(kv("b", 2));
        for (start, end) in [("c", "a"), ("b", "b"), ("b", "")] {
            assert_eq!(index.range(&KeyRange::span(start, end), 9).count(), 0, "{start}..{end}");
        }
        assert_eq!(index.range(&KeyRange::prefix(""), 9).count(), 1);
    }
}
