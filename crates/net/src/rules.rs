//! The rules of one instance, as two tables called `gantry_<id>`.
//!
//! - `ip`: traffic that leaves the VPC is masqueraded; nothing enters from outside but answers; the
//!   host's own link-local services (a cloud's instance metadata above all) are out of reach.
//! - `bridge`: a port sends only from the MAC and address that its sandbox was given (the set
//!   `ports`); the empty chain `security_groups` sees everything that goes from port to port.
//!
//! Both are always made anew as a whole, in one transaction with the ports that are attached.

use nix::errno::Errno;

use crate::nft::{Batch, Field, Hook, Nf, Nft, PORT_KEY, Rule, Transport, port_key};
use crate::{Attachment, Ipv4Net, Result};

const PORTS: &str = "ports";
const PORTS_ID: u32 = 1;
const ETHER_IPV4: u16 = 0x0800;
const ETHER_ARP: u16 = 0x0806;
/// Where the sender's address is: in an IPv4 header, and in ARP for IPv4 (RFC 826).
const IPV4_SOURCE: u32 = 12;
const ARP_SENDER: u32 = 14;
/// As netfilter's own `srcnat`, `filter` and (for bridges) `dstnat` places.
const PRIORITY_SRCNAT: i32 = 100;
const PRIORITY_FILTER: i32 = 0;
const PRIORITY_BRIDGE_FIRST: i32 = -300;
/// The chain of what sandboxes may ask of the host itself.
const HOST_SERVICES: &str = "host_services";

/// What the rules are made from.
#[derive(Clone, Debug)]
pub struct RuleSet {
    pub table: String,
    pub bridge: String,
    /// What the names of all ports begin with.
    pub port_prefix: String,
    pub vpc: Ipv4Net,
    /// Whether other machines may open connections to sandboxes, if they have a route.
    pub routed_ingress: bool,
}

/// 169.254.0.0/16, RFC 3927.
pub fn link_local() -> Ipv4Net {
    Ipv4Net::around([169, 254, 0, 0].into(), 16).expect("16 is a prefix length")
}

pub fn key_of(port: &Attachment) -> Vec<u8> {
    port_key(&port.link, port.mac, port.address.octets())
}

impl RuleSet {
    fn ip(&self, batch: Batch) -> Batch {
        let (t, nf) = (self.table.as_str(), Nf::Ipv4);
        let leaving = Rule::new()
            .within(Field::Source, self.vpc)
            .not_within(Field::Destination, self.vpc)
            .not_out_name(&self.bridge)
            .masquerade();
        let batch = batch
            .fresh_table(nf, t)
            .base_chain(nf, t, "postrouting", "nat", Hook::Postrouting, PRIORITY_SRCNAT)
            .rule(nf, t, "postrouting", leaving)
            .base_chain(nf, t, "forward", "filter", Hook::Forward, PRIORITY_FILTER)
            .rule(nf, t, "forward", Rule::new().in_name(&self.bridge).out_name(&self.bridge).accept())
            .rule(nf, t, "forward", Rule::new().in_name(&self.bridge).within(Field::Destination, link_local()).drop());
        // A sandbox's router is the host, and a VPC's router serves nothing: whatever else listens on
        // the host, on whichever of its addresses, is not for sandboxes.
        let batch = batch
            .chain(nf, t, HOST_SERVICES)
            .base_chain(nf, t, "input", "filter", Hook::Input, PRIORITY_FILTER)
            .rule(nf, t, "input", Rule::new().in_name(&self.bridge).established().accept())
            .rule(nf, t, "input", Rule::new().in_name(&self.bridge).jump(HOST_SERVICES))
            .rule(nf, t, "input", Rule::new().in_name(&self.bridge).drop());
        if self.routed_ingress {
            return batch;
        }
        batch.rule(nf, t, "forward", Rule::new().out_name(&self.bridge).established().accept()).rule(
            nf,
            t,
            "forward",
            Rule::new().out_name(&self.bridge).drop(),
        )
    }

    fn bridge(&self, batch: Batch, ports: &[Vec<u8>]) -> Batch {
        let (t, nf) = (self.table.as_str(), Nf::Bridge);
        let port = || Rule::new().in_name_starts(&self.port_prefix);
        let (key_bytes, key_type) = PORT_KEY;
        batch
            .fresh_table(nf, t)
            .set(nf, t, PORTS, PORTS_ID, key_type, key_bytes)
            .base_chain(nf, t, "prerouting", "filter", Hook::Prerouting, PRIORITY_BRIDGE_FIRST)
            .rule(nf, t, "prerouting", port().ether_type(ETHER_IPV4).port_in(PORTS, PORTS_ID, IPV4_SOURCE).accept())
            .rule(nf, t, "prerouting", port().ether_type(ETHER_ARP).port_in(PORTS, PORTS_ID, ARP_SENDER).accept())
            .rule(nf, t, "prerouting", port().drop())
            .chain(nf, t, "security_groups")
            .base_chain(nf, t, "forward", "filter", Hook::Forward, PRIORITY_FILTER)
            .rule(nf, t, "forward", port().jump("security_groups"))
            .add_elements(nf, t, PORTS, ports)
    }

    /// Makes both tables what they should be, at once.
    pub fn apply(&self, nft: &mut Nft, ports: &[&Attachment]) -> Result<()> {
        let keys: Vec<_> = ports.iter().map(|p| key_of(p)).collect();
        let batch = self.bridge(self.ip(Batch::new()), &keys);
        nft.commit("install the rules of", &self.table, batch, &[])
    }

    /// Lets sandboxes connect to that port of the host by TCP.
    pub fn allow_host_port(&self, nft: &mut Nft, port: u16) -> Result<()> {
        let rule = Rule::new().port(Transport::Tcp, port).accept();
        let batch = Batch::new().rule(Nf::Ipv4, &self.table, HOST_SERVICES, rule);
        nft.commit("let sandboxes reach a port of the host by", &self.table, batch, &[])
    }

    pub fn add_port(&self, nft: &mut Nft, port: &Attachment) -> Result<()> {
        let batch = Batch::new().add_elements(Nf::Bridge, &self.table, PORTS, &[key_of(port)]);
        nft.commit("allow the port", &port.link, batch, &[])
    }

    pub fn remove_port(&self, nft: &mut Nft, port: &Attachment) -> Result<()> {
        let batch = Batch::new().delete_elements(Nf::Bridge, &self.table, PORTS, &[key_of(port)]);
        nft.commit("close the port", &port.link, batch, &[Errno::ENOENT])
    }

    pub fn remove(&self, nft: &mut Nft) -> Result<()> {
        for nf in [Nf::Ipv4, Nf::Bridge] {
            nft.commit(
                "remove the rules of",
                &self.table,
                Batch::new().delete_table(nf, &self.table),
                &[Errno::ENOENT],
            )?;
        }
        Ok(())
    }
}
