//! Small bounded memories beside the snapshot.

use std::collections::HashMap;
use std::sync::Arc;

use gantry_base::Timestamp;
use gantry_iam::{Policy, PolicyError, PolicyKind};
use parking_lot::Mutex;

/// Compiled policies that come as text with a call: session and resource policies.
const MAX_POLICIES: usize = 1024;
/// Access keys whose last use is remembered.
const MAX_KEYS: usize = 10_000;

#[derive(Default)]
pub(crate) struct PolicyCache(Mutex<HashMap<(bool, Arc<str>), Arc<Policy>>>);

impl PolicyCache {
    pub fn get(&self, text: &Arc<str>, kind: PolicyKind) -> Result<Arc<Policy>, PolicyError> {
        let key = (kind == PolicyKind::Resource, text.clone());
        if let Some(policy) = self.0.lock().get(&key) {
            return Ok(policy.clone());
        }
        let policy = Arc::new(Policy::parse(text, kind)?);
        let mut known = self.0.lock();
        // Simple and bounded: policies that are in use come back at once.
        if known.len() >= MAX_POLICIES {
            known.clear();
        }
        known.insert(key, policy.clone());
        Ok(policy)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Use {
    pub at: Timestamp,
    pub service: String,
    pub region: String,
}

/// When keys were last used, since this server started.
#[derive(Default)]
pub(crate) struct LastUsed(Mutex<HashMap<String, Use>>);

impl LastUsed {
    pub fn note(&self, key: &str, at: Timestamp, service: &str, region: &str) {
        let mut known = self.0.lock();
        if let Some(entry) = known.get_mut(key) {
            entry.at = at;
            if entry.service != service {
                service.clone_into(&mut entry.service);
            }
            if entry.region != region {
                region.clone_into(&mut entry.region);
            }
        } else if known.len() < MAX_KEYS {
            known.insert(key.to_owned(), Use { at, service: service.to_owned(), region: region.to_owned() });
        }
    }

    pub fn get(&self, key: &str) -> Option<Use> {
        self.0.lock().get(key).cloned()
    }
}
