//! The records that are Fargate's own: who holds which address, and the interface EC2 shows for it.

use std::net::Ipv4Addr;

use gantry_agent_api::{NetworkSpec, keys};
use gantry_base::{AccountId, Region, Timestamp};
use serde::{Deserialize, Serialize};

/// Every address in use lies under this, whatever the account: hosts share their bridge among accounts.
pub const ADDRESSES: &str = "/fargate/addresses/";

/// At [`address_key`]. Written with the placement and deleted with it, so it is also the list of what
/// Fargate must take back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressClaim {
    pub sandbox_id: String,
    pub host_id: String,
    pub account: AccountId,
    pub region: Region,
    pub eni_id: String,
    pub private_ip: Ipv4Addr,
    pub vpc_cidr: String,
    pub cpu_units: u32,
    pub memory_mib: u32,
    pub availability_zone: String,
    pub claimed_at: Timestamp,
}

impl AddressClaim {
    pub fn key(&self) -> String {
        address_key(&self.vpc_cidr, self.private_ip)
    }

    pub fn eni_key(&self) -> String {
        eni_key(&self.account, &self.region, &self.eni_id)
    }
}

pub fn address_key(vpc_cidr: &str, ip: Ipv4Addr) -> String {
    format!("{ADDRESSES}{}/{ip}", vpc_cidr.replace('/', "_"))
}

/// What [`address_key`] was made of.
pub fn parse_address_key(key: &[u8]) -> Option<(String, Ipv4Addr)> {
    let (cidr, ip) = std::str::from_utf8(key).ok()?.strip_prefix(ADDRESSES)?.split_once('/')?;
    Some((cidr.replace('_', "/"), ip.parse().ok()?))
}

pub fn eni_key(account: &AccountId, region: &Region, eni_id: &str) -> String {
    keys::aws(account, region, "ec2", "network-interface", eni_id)
}

/// At [`eni_key`]: what EC2's DescribeNetworkInterfaces tells of a task's interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInterfaceRecord {
    pub network: NetworkSpec,
    /// The task that it belongs to.
    pub sandbox_id: String,
    pub created_at: Timestamp,
}
