//! What a sandbox asks of the network, and what it got.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Error, Ipv4Net, Result, SubnetExt};

const MAX_SANDBOX_ID: usize = 128;
const MAX_HOSTNAME: usize = 253;
/// Link-local addresses that one sandbox may be given on its loopback.
const MAX_EXTRA: usize = 8;

/// A sandbox's wish for a namespace with an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachRequest {
    /// 1 to 128 letters, digits, dashes and underscores; the key of everything else.
    pub sandbox_id: String,
    /// An assignable address of the VPC that no other sandbox has.
    pub address: Ipv4Addr,
    /// [`crate::mac_for`] gives one.
    pub mac: [u8; 6],
    /// Of the subnet that the address is in.
    pub prefix_len: u8,
    /// In the same subnet; for a default subnet its `.1`, which the bridge has.
    pub gateway: Ipv4Addr,
    pub hostname: String,
    /// For the loopback inside: 169.254.170.2 (task metadata), 169.254.169.253 (DNS).
    pub link_local: Vec<Ipv4Addr>,
}

/// A sandbox's place in the network. Lives until it is detached, whatever becomes of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub sandbox_id: String,
    /// A file to give to setns(2) or to name in an OCI runtime spec.
    pub netns: PathBuf,
    pub address: Ipv4Addr,
    pub mac: [u8; 6],
    pub prefix_len: u8,
    pub gateway: Ipv4Addr,
    pub hostname: String,
    pub link_local: Vec<Ipv4Addr>,
    /// The host's end of the veth pair.
    pub link: String,
}

impl Attachment {
    /// `02:67:ac:1f:00:04`.
    pub fn mac_text(&self) -> String {
        crate::mac_text(self.mac)
    }

    pub(crate) fn answers(&self, request: &AttachRequest) -> bool {
        self.address == request.address && self.mac == request.mac && self.prefix_len == request.prefix_len
    }
}

/// A sandbox id is also a file's name, so nothing else may be in it.
pub(crate) fn check_sandbox_id(id: &str) -> Result<()> {
    let fits = (1..=MAX_SANDBOX_ID).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits { Ok(()) } else { Err(Error::SandboxId(id.chars().take(MAX_SANDBOX_ID).collect())) }
}

impl AttachRequest {
    pub(crate) fn check(&self, vpc: Ipv4Net) -> Result<()> {
        check_sandbox_id(&self.sandbox_id)?;
        let wrong = |reason| Err(Error::Request { sandbox: self.sandbox_id.clone(), reason });
        let Some(subnet) = Ipv4Net::around(self.address, self.prefix_len).filter(|s| vpc.contains_net(*s)) else {
            return Err(Error::Address { address: self.address, vpc });
        };
        if !subnet.assignable(self.address) {
            return Err(Error::Address { address: self.address, vpc });
        }
        if !subnet.contains(self.gateway) || self.gateway == self.address {
            return wrong("the gateway must be another address of the same subnet");
        }
        if self.mac[0] & 1 != 0 || self.mac == [0; 6] {
            return wrong("the MAC must be that of one station");
        }
        if self.hostname.len() > MAX_HOSTNAME {
            return wrong("the host name is longer than 253 bytes");
        }
        if self.link_local.len() > MAX_EXTRA || !self.link_local.iter().all(Ipv4Addr::is_link_local) {
            return wrong("at most 8 extra addresses, all of 169.254.0.0/16");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> AttachRequest {
        AttachRequest {
            sandbox_id: "t-1".to_owned(),
            address: Ipv4Addr::new(172, 31, 16, 4),
            mac: [2, 0, 0, 0, 0, 1],
            prefix_len: 20,
            gateway: Ipv4Addr::new(172, 31, 16, 1),
            hostname: "h".to_owned(),
            link_local: vec![Ipv4Addr::new(169, 254, 170, 2)],
        }
    }

    #[test]
    fn requests_are_checked() {
        let vpc = "172.31.0.0/16".parse().unwrap();
        assert!(request().check(vpc).is_ok());
        let changes: [fn(&mut AttachRequest); 11] = [
            |r| r.sandbox_id = String::new(),
            |r| r.sandbox_id = "../x".to_owned(),
            |r| r.sandbox_id = "a".repeat(129),
            |r| r.address = Ipv4Addr::new(172, 31, 16, 3),
            |r| r.address = Ipv4Addr::new(10, 0, 0, 9),
            |r| r.prefix_len = 8,
            |r| r.prefix_len = 77,
            |r| r.gateway = Ipv4Addr::new(172, 31, 32, 1),
            |r| r.mac = [1, 0, 0, 0, 0, 0],
            |r| r.hostname = "h".repeat(254),
            |r| r.link_local = vec![Ipv4Addr::new(8, 8, 8, 8)],
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut bad = request();
            change(&mut bad);
            assert!(bad.check(vpc).is_err(), "change {at}");
        }
    }
}
