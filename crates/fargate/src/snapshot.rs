//! What the controller knows: the store's records as its watches have told them, and sums over them.
//!
//! What always holds: everything here follows from records alone, so a controller that starts anew
//! comes to the same snapshot; each sum changes in the same call as the record it sums.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::Ipv4Addr;

use gantry_agent_api::{Desired, EnvironmentRequest, HostRecord};
use gantry_base::Timestamp;
use gantry_store::Revision;

use crate::records::AddressClaim;

#[derive(Clone, Debug)]
pub struct Environment {
    pub request: EnvironmentRequest,
    pub mod_revision: Revision,
    /// The assignment was told to stop; unknown (false) after a restart, and telling it again is harmless.
    pub stop_sent: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    pub cpu_units: u64,
    pub memory_mib: u64,
    pub sandboxes: u64,
}

#[derive(Debug, Default)]
pub struct Snapshot {
    pub hosts: BTreeMap<String, HostRecord>,
    /// Hosts that hold claims and have no record, and when that was first seen.
    pub lost: BTreeMap<String, Timestamp>,
    pub environments: HashMap<String, Environment>,
    /// By sandbox.
    pub claims: HashMap<String, AddressClaim>,
    /// By VPC CIDR and address: who holds it.
    pub addresses: HashMap<(String, Ipv4Addr), String>,
    pub loads: HashMap<String, Load>,
    /// Sandboxes on each host.
    pub on_host: HashMap<String, BTreeSet<String>>,
    /// Where the next address is looked for, by subnet CIDR.
    pub cursors: HashMap<String, u32>,
    /// Requests without a placement, oldest first.
    pub waiting: BTreeSet<(Timestamp, String)>,
    /// What changed since the last plan.
    pub dirty: HashSet<String>,
    /// Room may have come free: the waiting are to be looked at again.
    pub retry_waiting: bool,
}

impl Snapshot {
    pub fn put_host(&mut self, host: HostRecord) {
        self.lost.remove(&host.host_id);
        self.hosts.insert(host.host_id.clone(), host);
        self.retry_waiting = true;
    }

    pub fn remove_host(&mut self, host_id: &str, now: Timestamp) {
        if self.hosts.remove(host_id).is_some() && self.on_host.get(host_id).is_some_and(|s| !s.is_empty()) {
            self.lost.entry(host_id.to_owned()).or_insert(now);
        }
    }

    pub fn put_environment(&mut self, request: EnvironmentRequest, mod_revision: Revision) {
        let id = request.sandbox_id.clone();
        let stop_sent = match self.environments.get(&id) {
            Some(known) if known.mod_revision >= mod_revision => return,
            Some(known) => known.stop_sent,
            None => false,
        };
        let waits = request.placement.is_none() && request.desired == Desired::Running;
        let place_in_line = (request.requested_at, id.clone());
        if waits {
            self.waiting.insert(place_in_line);
        } else {
            self.waiting.remove(&place_in_line);
        }
        self.dirty.insert(id.clone());
        self.environments.insert(id, Environment { request, mod_revision, stop_sent });
    }

    pub fn remove_environment(&mut self, sandbox_id: &str) {
        if let Some(gone) = self.environments.remove(sandbox_id) {
            self.waiting.remove(&(gone.request.requested_at, sandbox_id.to_owned()));
        }
        self.dirty.insert(sandbox_id.to_owned());
    }

    pub fn put_claim(&mut self, claim: AddressClaim) {
        if self.claims.get(&claim.sandbox_id) == Some(&claim) {
            return;
        }
        self.remove_claim(&claim.sandbox_id.clone());
        let load = self.loads.entry(claim.host_id.clone()).or_default();
        load.cpu_units += u64::from(claim.cpu_units);
        load.memory_mib += u64::from(claim.memory_mib);
        load.sandboxes += 1;
        self.addresses.insert((claim.vpc_cidr.clone(), claim.private_ip), claim.sandbox_id.clone());
        self.on_host.entry(claim.host_id.clone()).or_default().insert(claim.sandbox_id.clone());
        self.dirty.insert(claim.sandbox_id.clone());
        self.claims.insert(claim.sandbox_id.clone(), claim);
    }

    pub fn remove_claim(&mut self, sandbox_id: &str) {
        let Some(claim) = self.claims.remove(sandbox_id) else { return };
        if let Some(load) = self.loads.get_mut(&claim.host_id) {
            load.cpu_units = load.cpu_units.saturating_sub(u64::from(claim.cpu_units));
            load.memory_mib = load.memory_mib.saturating_sub(u64::from(claim.memory_mib));
            load.sandboxes = load.sandboxes.saturating_sub(1);
        }
        self.addresses.remove(&(claim.vpc_cidr.clone(), claim.private_ip));
        if let Some(sandboxes) = self.on_host.get_mut(&claim.host_id) {
            sandboxes.remove(sandbox_id);
            if sandboxes.is_empty() {
                self.on_host.remove(&claim.host_id);
                self.lost.remove(&claim.host_id);
                if !self.hosts.contains_key(&claim.host_id) {
                    self.loads.remove(&claim.host_id);
                }
            }
        }
        self.dirty.insert(sandbox_id.to_owned());
        self.retry_waiting = true;
    }

    /// After a load from the store: hosts that hold something and are not there.
    pub fn find_lost(&mut self, now: Timestamp) {
        for host in self.on_host.keys() {
            if !self.hosts.contains_key(host) {
                self.lost.entry(host.clone()).or_insert(now);
            }
        }
    }
}
