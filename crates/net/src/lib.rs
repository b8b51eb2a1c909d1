//! Host networking for sandboxes: one bridge and one set of nf_tables rules per Gantry instance, one
//! network namespace and veth pair per sandbox, and a small DNS server inside each.
//!
//! What always holds:
//! - Nothing is done by running `ip`, `nft` or `mount`: the kernel is spoken to over netlink.
//! - Everything an instance makes carries its eight-digit id in its name (`gt<id>`, `g<id><slot>`,
//!   table `gantry_<id>`), so that instances on one host never touch each other's things.
//! - A thread that enters another namespace is made for that and ends there, or returns before it
//!   does anything else; the runtime's own threads never leave the host's namespace.
//! - What is on disk under the state directory describes what is in the kernel, never the other way
//!   round: opening the network after a crash mends or removes whatever was half made.
//! - A packet leaves a sandbox's port only with that sandbox's own MAC and address.
#![forbid(unsafe_code)]

mod attach;
mod cidr;
pub mod dns;
mod endpoints;
mod error;
mod ipam;
mod netns;
mod network;
mod nft;
mod nl;
mod open;
mod pool;
mod probe;
mod reaper;
mod record;
mod rt;
mod rules;

pub use attach::{AttachRequest, Attachment};
pub use cidr::{CidrError, Ipv4Net};
pub use endpoints::{DNS_ADDRESS, METADATA_ADDRESS, ports};
pub use error::{Error, Result};
pub use ipam::{
    DEFAULT_VPC, SubnetExt, default_subnets, mac_for, mac_text, parse_mac, parse_private_dns_name, pick_cidr,
    private_dns_name,
};
pub use network::{NetConfig, Network, limits};
pub use probe::{Check, probe};
