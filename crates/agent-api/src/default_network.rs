//! The default network of an account in a region: one VPC, a subnet in each of three zones, one
//! security group. Pure: the ids follow from account and region, so that no part has to store them
//! and all parts say the same.
//!
//! Source: Amazon VPC User Guide, "Default VPCs" (a /16, with a /20 subnet in each zone).

use std::net::Ipv4Addr;

use gantry_base::{AccountId, Region};

/// What AWS gives every default VPC, and what a host without its own setting uses.
pub const DEFAULT_VPC_CIDR: &str = "172.31.0.0/16";
/// The zones' last letters, in the order of the subnets.
pub const ZONES: [char; 3] = ['a', 'b', 'c'];
/// Of each subnet AWS keeps the first four addresses and the last for itself.
pub const RESERVED_FIRST: u32 = 4;
pub const RESERVED_LAST: u32 = 1;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultNetwork {
    pub vpc_id: String,
    pub vpc_cidr: String,
    pub subnets: Vec<DefaultSubnet>,
    pub security_group_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultSubnet {
    pub id: String,
    pub availability_zone: String,
    pub cidr: String,
}

/// `None` if `vpc_cidr` is not `a.b.c.d/prefix` with a prefix of 8 to 26 bits.
pub fn default_network(account: &AccountId, region: &Region, vpc_cidr: &str) -> Option<DefaultNetwork> {
    let (base, prefix) = parse_cidr(vpc_cidr)?;
    if !(8..=26).contains(&prefix) {
        return None;
    }
    // A /16 is cut into /20s as AWS does; what is smaller, into quarters.
    let subnet_prefix = if prefix <= 18 { 20 } else { prefix + 2 };
    let subnets = (0_u32..)
        .zip(ZONES)
        .map(|(at, zone)| DefaultSubnet {
            id: format!("subnet-{}", id(account, region, &format!("subnet-{zone}"))),
            availability_zone: format!("{region}{zone}"),
            cidr: format!("{}/{subnet_prefix}", Ipv4Addr::from(base + (at << (32 - subnet_prefix)))),
        })
        .collect();
    Some(DefaultNetwork {
        vpc_id: format!("vpc-{}", id(account, region, "vpc")),
        vpc_cidr: format!("{}/{prefix}", Ipv4Addr::from(base)),
        subnets,
        security_group_id: format!("sg-{}", id(account, region, "security-group")),
    })
}

impl DefaultNetwork {
    /// The subnet with this id; any other well-formed id is mapped onto one of the three by its hash.
    pub fn subnet_for(&self, subnet_id: &str) -> &DefaultSubnet {
        self.subnets.iter().find(|s| s.id == subnet_id).unwrap_or_else(|| {
            let at = fnv(subnet_id.as_bytes(), FNV_BASIS) % self.subnets.len() as u64;
            &self.subnets[at as usize]
        })
    }
}

/// Whether `text` is `<kind>-` and 8 or 17 lower-case hex digits, as EC2's ids are.
pub fn is_resource_id(text: &str, kind: &str) -> bool {
    text.strip_prefix(kind).and_then(|rest| rest.strip_prefix('-')).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// The network address (host bits cleared) and the prefix's length.
pub fn parse_cidr(cidr: &str) -> Option<(u32, u32)> {
    let (address, prefix) = cidr.split_once('/')?;
    let address = u32::from(address.parse::<Ipv4Addr>().ok()?);
    let prefix: u32 = prefix.parse().ok().filter(|p| *p <= 32)?;
    let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
    Some((address & mask, prefix))
}

/// The addresses of a subnet that may be given out, first to last.
pub fn usable_addresses(cidr: &str) -> Option<std::ops::RangeInclusive<u32>> {
    let (base, prefix) = parse_cidr(cidr)?;
    let size = 1_u64 << (32 - prefix);
    if size <= u64::from(RESERVED_FIRST + RESERVED_LAST) {
        return None;
    }
    let last = (u64::from(base) + size - 1 - u64::from(RESERVED_LAST)) as u32;
    Some(base + RESERVED_FIRST..=last)
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a; ids need to be the same every time, not hard to guess.
fn fnv(bytes: &[u8], basis: u64) -> u64 {
    bytes.iter().fold(basis, |hash, b| (hash ^ u64::from(*b)).wrapping_mul(0x0100_0000_01b3))
}

/// 17 hex digits.
fn id(account: &AccountId, region: &Region, what: &str) -> String {
    let text = format!("{account}/{region}/{what}");
    let first = fnv(text.as_bytes(), FNV_BASIS);
    let second = fnv(text.as_bytes(), first);
    format!("0{first:016x}{second:x}")[..17].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(cidr: &str) -> Option<DefaultNetwork> {
        default_network(&"123456789012".parse().ok()?, &"us-east-1".parse().ok()?, cidr)
    }

    #[test]
    fn three_zones_and_the_same_ids_every_time() {
        let net = network(DEFAULT_VPC_CIDR).expect("a network");
        assert_eq!(Some(&net), network(DEFAULT_VPC_CIDR).as_ref());
        let cidrs: Vec<_> = net.subnets.iter().map(|s| s.cidr.as_str()).collect();
        assert_eq!(cidrs, ["172.31.0.0/20", "172.31.16.0/20", "172.31.32.0/20"]);
        assert_eq!(net.subnets[1].availability_zone, "us-east-1b");
        for s in &net.subnets {
            assert!(is_resource_id(&s.id, "subnet"), "{}", s.id);
            assert_eq!(net.subnet_for(&s.id), s);
        }
        assert!(is_resource_id(&net.vpc_id, "vpc") && is_resource_id(&net.security_group_id, "sg"));
    }

    #[test]
    fn small_and_bad_networks() {
        assert_eq!(network("10.4.0.0/24").expect("a network").subnets[2].cidr, "10.4.0.128/26");
        for bad in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/28", "x/16"] {
            assert_eq!(network(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_first_four_and_the_last_address_are_kept() {
        let range = usable_addresses("172.31.0.0/24").expect("a range");
        assert_eq!(Ipv4Addr::from(*range.start()), Ipv4Addr::new(172, 31, 0, 4));
        assert_eq!(Ipv4Addr::from(*range.end()), Ipv4Addr::new(172, 31, 0, 254));
        assert_eq!(usable_addresses("10.0.0.0/30"), None);
    }

    #[test]
    fn ids_are_checked() {
        assert!(is_resource_id("subnet-0123456789abcdef0", "subnet"));
        assert!(is_resource_id("sg-0a1b2c3d", "sg"));
        for bad in ["subnet-", "subnet-xyz", "subnet-0123", "sg-0123456789abcdef0", "subnet-0123456789ABCDEF0"] {
            assert!(!is_resource_id(bad, "subnet"), "{bad}");
        }
    }
}
