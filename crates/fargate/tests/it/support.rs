//! Hosts, requests, and a store that fails on demand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use gantry_agent_api::{Desired, EnvironmentRequest, HostRecord, Isolation, SandboxSpec};
use gantry_base::Timestamp;
use gantry_store::{
    Engine, Error, KeyRange, LeaseId, RangeRequest, RangeResult, Result, Revision, Txn, TxnResult, Watch,
};

pub const START: Timestamp = Timestamp::from_secs(1_800_000_000);

pub fn host(id: &str, zone: &str, cpu_units: u32, memory_mib: u32) -> HostRecord {
    HostRecord {
        host_id: id.to_owned(),
        name: id.to_owned(),
        registered_at: START,
        cpu_units,
        memory_mib,
        availability_zone: zone.to_owned(),
        architecture: "x86_64".to_owned(),
        isolation: vec![Isolation::Namespace],
        vpc_cidr: "172.31.0.0/16".to_owned(),
    }
}

/// 256 CPU units and 512 MiB in the subnets named.
pub fn request(id: &str, subnets: &[&str]) -> EnvironmentRequest {
    EnvironmentRequest {
        sandbox_id: id.to_owned(),
        account: "123456789012".parse().expect("an account"),
        region: "us-east-1".parse().expect("a region"),
        desired: Desired::Running,
        requested_at: START,
        subnets: subnets.iter().map(|s| (*s).to_owned()).collect(),
        security_groups: Vec::new(),
        platform_version: "1.4.0".to_owned(),
        architecture: String::new(),
        spec: SandboxSpec { cpu_units: 256, memory_mib: 512, ..SandboxSpec::default() },
        placement: None,
    }
}

/// The default network's subnets, zone a first.
pub fn subnets() -> Vec<String> {
    let (account, region) = ("123456789012".parse().expect("an account"), "us-east-1".parse().expect("a region"));
    let net = gantry_agent_api::default_network::default_network(&account, &region, "172.31.0.0/16");
    net.expect("a network").subnets.into_iter().map(|s| s.id).collect()
}

/// Lets so many transactions through and then fails all: the store as a crash leaves it.
pub struct Failing {
    pub inner: Arc<dyn Engine>,
    pub left: AtomicI64,
}

impl Failing {
    pub fn allow(&self, transactions: i64) {
        self.left.store(transactions, Ordering::SeqCst);
    }
}

#[async_trait]
impl Engine for Failing {
    async fn range(&self, request: RangeRequest) -> Result<RangeResult> {
        self.inner.range(request).await
    }

    async fn txn(&self, txn: Txn) -> Result<TxnResult> {
        if self.left.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(Error::Io("cut off".to_owned()));
        }
        self.inner.txn(txn).await
    }

    async fn watch(&self, range: KeyRange, from: Revision) -> Result<Watch> {
        self.inner.watch(range, from).await
    }

    async fn lease_grant(&self, ttl_secs: i64) -> Result<LeaseId> {
        self.inner.lease_grant(ttl_secs).await
    }

    async fn lease_keep_alive(&self, lease: LeaseId) -> Result<()> {
        self.inner.lease_keep_alive(lease).await
    }

    async fn lease_revoke(&self, lease: LeaseId) -> Result<()> {
        self.inner.lease_revoke(lease).await
    }

    async fn compact(&self, revision: Revision) -> Result<()> {
        self.inner.compact(revision).await
    }

    async fn revision(&self) -> Result<Revision> {
        self.inner.revision().await
    }
}
