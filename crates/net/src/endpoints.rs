//! The endpoints that the server has inside each sandbox's namespace: task metadata and credentials
//! on 169.254.170.2 port 80 (AWS: "Task metadata endpoint version 4", "Task IAM role"), and the
//! resolver on 169.254.169.253 port 53 (VPC guide: "Amazon DNS server").
//!
//! The kernel refuses a listener on every address of a port while another one has that port on any
//! single address. A server listening on port 80 here would therefore keep every web server in the
//! sandbox from starting. So the listeners have ports that hardly anybody wants, and rules in the
//! namespace lead there whoever asks for the known ones, as the ECS agent's do on an instance.
//! A container that binds one of [`ports`] itself is still refused.
//!
//! The namespace belongs to the host's user namespace: root in a container's own user namespace has
//! no power over these rules. One that was given `CAP_NET_ADMIN` of the host's can remove them, and
//! harms nobody but its own sandbox.

use std::net::Ipv4Addr;

use crate::Result;
use crate::nft::{Batch, Field, Hook, Nf, Nft, Rule, Transport};

/// Where a sandbox finds task metadata and credentials, on port 80.
pub const METADATA_ADDRESS: Ipv4Addr = Ipv4Addr::new(169, 254, 170, 2);
/// Where a sandbox finds its resolver, on port 53.
pub const DNS_ADDRESS: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);

/// Where the server really listens inside a sandbox's namespace. Neither is ever given out as an
/// ephemeral port there.
pub mod ports {
    /// On [`METADATA_ADDRESS`](crate::METADATA_ADDRESS), TCP: what goes to port 80 arrives here. The
    /// port that the ECS agent has for it too.
    pub const METADATA: u16 = 51679;
    /// On [`DNS_ADDRESS`](crate::DNS_ADDRESS), UDP and TCP: what goes to port 53 arrives here.
    pub const DNS: u16 = 51653;
}

/// [`ports`] as the kernel's list of ports that are nobody's ephemeral ones: a container's socket
/// must not have one of them by chance when a server that was restarted comes back for it.
pub const RESERVED_PORTS: &str = "51653,51679";

const TABLE: &str = "gantry";
const CHAIN: &str = "output";
/// As netfilter's own `dstnat` place.
const PRIORITY_DSTNAT: i32 = -100;
const REDIRECTS: [(Ipv4Addr, Transport, u16, u16); 3] = [
    (METADATA_ADDRESS, Transport::Tcp, 80, ports::METADATA),
    (DNS_ADDRESS, Transport::Udp, 53, ports::DNS),
    (DNS_ADDRESS, Transport::Tcp, 53, ports::DNS),
];

/// Installs the rules in the calling thread's namespace, all or none.
pub fn redirect() -> Result<()> {
    let chain = Batch::new().fresh_table(Nf::Ipv4, TABLE).base_chain(
        Nf::Ipv4,
        TABLE,
        CHAIN,
        "nat",
        Hook::Output,
        PRIORITY_DSTNAT,
    );
    let batch = REDIRECTS.into_iter().fold(chain, |batch, (address, transport, from, to)| {
        let rule = Rule::new().is(Field::Destination, address).port(transport, from);
        batch.rule(Nf::Ipv4, TABLE, CHAIN, rule.redirect_port(to))
    });
    Nft::open()?.commit("install", "the redirection to a sandbox's endpoints", batch, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listeners_ports_are_reserved() {
        assert_eq!(RESERVED_PORTS, format!("{},{}", ports::DNS, ports::METADATA));
    }
}
