//! Which addresses and networks are free: pure functions over what is used already.
//!
//! A subnet's first four addresses and its last are never given out, as in AWS (VPC guide, "Subnet
//! sizing"): network, router, DNS, reserved, broadcast.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use crate::Ipv4Net;

/// AWS's default VPC.
pub const DEFAULT_VPC: &str = "172.31.0.0/16";

/// A route this wide (a default route, or a VPN's two halves of one) says nothing about what is taken.
const MIN_TAKEN_PREFIX: u8 = 8;

/// What a VPC's subnet knows about its own addresses.
pub trait SubnetExt {
    /// The VPC router's address, `.1`.
    fn router(&self) -> Ipv4Addr;
    /// Whether a sandbox may have this address.
    fn assignable(&self, address: Ipv4Addr) -> bool;
    /// The lowest assignable address that is not in `used`.
    fn next_free(&self, used: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr>;
    /// How many more addresses can be given out, as `DescribeSubnets` reports.
    fn free_count(&self, used: &BTreeSet<Ipv4Addr>) -> u64;
}

const RESERVED_FIRST: u64 = 4;
const RESERVED_TOTAL: u64 = 5;

impl SubnetExt for Ipv4Net {
    fn router(&self) -> Ipv4Addr {
        self.nth(1).unwrap_or(self.network())
    }

    fn assignable(&self, address: Ipv4Addr) -> bool {
        let offset = u64::from(address.to_bits().wrapping_sub(self.network().to_bits()));
        self.contains(address) && offset >= RESERVED_FIRST && address != self.broadcast()
    }

    fn next_free(&self, used: &BTreeSet<Ipv4Addr>) -> Option<Ipv4Addr> {
        let first = self.nth(RESERVED_FIRST).filter(|a| self.assignable(*a))?;
        // Walk the used ones in order: the first gap is the answer, however full the subnet is.
        let mut candidate = first;
        for taken in used.range(first..=self.broadcast()) {
            if *taken != candidate {
                break;
            }
            candidate = Ipv4Addr::from_bits(candidate.to_bits().checked_add(1)?);
        }
        self.assignable(candidate).then_some(candidate)
    }

    fn free_count(&self, used: &BTreeSet<Ipv4Addr>) -> u64 {
        let taken = used.range(self.network()..=self.broadcast()).filter(|a| self.assignable(**a)).count();
        self.size().saturating_sub(RESERVED_TOTAL).saturating_sub(taken as u64)
    }
}

/// The three subnets, one per zone, that a VPC starts with: /20 in a /16, as AWS's default VPC has
/// them, and quarters of a smaller one. The VPC must be /30 or wider (a network only opens on /16 to
/// /26); a narrower one is answered with itself.
pub fn default_subnets(vpc: Ipv4Net) -> [Ipv4Net; 3] {
    let prefix = (vpc.prefix() + 2).max(20);
    let mut subnets = vpc.subnets(prefix);
    [(); 3].map(|()| subnets.next().unwrap_or(vpc))
}

/// The VPC's CIDR when nobody names one: AWS's default if no network in `taken` overlaps it, else
/// the first free /16 of 10.128 to 10.255, then of 10.0 to 10.127 (low ones are the likeliest to be
/// somebody's office). Routes wider than /8 are not counted.
pub fn pick_cidr(taken: &[Ipv4Net]) -> Option<Ipv4Net> {
    let default = DEFAULT_VPC.parse().ok();
    let tens = (128..=255).chain(0..=127).filter_map(|x| Ipv4Net::around(Ipv4Addr::new(10, x, 0, 0), 16));
    default.into_iter().chain(tens).find(|c| overlap(*c, taken).is_none())
}

/// The first of `taken` that overlaps `cidr`.
pub(crate) fn overlap(cidr: Ipv4Net, taken: &[Ipv4Net]) -> Option<Ipv4Net> {
    taken.iter().copied().find(|t| t.prefix() >= MIN_TAKEN_PREFIX && t.overlaps(cidr))
}

/// The MAC of an address: locally administered, and the same each time, so that an address used
/// again is found at once by whoever still remembers it.
pub fn mac_for(address: Ipv4Addr) -> [u8; 6] {
    let [a, b, c, d] = address.octets();
    [0x02, 0x67, a, b, c, d]
}

/// `02:67:ac:1f:00:04`.
pub fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

/// Reads [`mac_text`]'s form, in either case.
pub fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let mut parts = text.split(':').map(|part| {
        let fits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_hexdigit());
        u8::from_str_radix(part, 16).ok().filter(|_| fits)
    });
    let mut mac = [0; 6];
    for byte in &mut mac {
        *byte = parts.next()??;
    }
    parts.next().is_none().then_some(mac)
}

fn private_dns_domain(region: &str) -> String {
    if region == "us-east-1" { "ec2.internal".to_owned() } else { format!("{region}.compute.internal") }
}

/// `ip-172-31-0-5.ec2.internal`, or `ip-….<region>.compute.internal` outside us-east-1 (VPC guide,
/// "DNS hostnames").
pub fn private_dns_name(address: Ipv4Addr, region: &str) -> String {
    let [a, b, c, d] = address.octets();
    format!("ip-{a}-{b}-{c}-{d}.{}", private_dns_domain(region))
}

/// The address in a name that [`private_dns_name`] made; `name` in lower case without a final dot.
pub fn parse_private_dns_name(name: &str, region: &str) -> Option<Ipv4Addr> {
    let host = name.strip_suffix(&private_dns_domain(region))?.strip_suffix('.')?;
    let address: Ipv4Addr = host.strip_prefix("ip-")?.replace('-', ".").parse().ok()?;
    (private_dns_name(address, region) == name).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn net(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn picks_a_free_cidr() {
        let all_tens = "10.0.0.0/8";
        let table: &[(&[&str], Option<&str>)] = &[
            (&[], Some("172.31.0.0/16")),
            (&["0.0.0.0/0", "192.0.2.0/24", "127.0.0.0/8"], Some("172.31.0.0/16")),
            (&["0.0.0.0/1", "128.0.0.0/1"], Some("172.31.0.0/16")),
            (&["172.31.7.3/32"], Some("10.128.0.0/16")),
            (&["172.16.0.0/12"], Some("10.128.0.0/16")),
            (&["172.31.0.0/16", "10.128.0.0/16", "10.129.4.0/24"], Some("10.130.0.0/16")),
            (&["172.31.0.0/16", "10.128.0.0/9"], Some("10.0.0.0/16")),
            (&["172.31.0.0/16", all_tens], None),
            (&[all_tens], Some("172.31.0.0/16")),
        ];
        for (taken, want) in table {
            let taken: Vec<_> = taken.iter().map(|t| net(t)).collect();
            assert_eq!(pick_cidr(&taken), want.map(net), "{taken:?}");
        }
    }

    #[test]
    fn subnets_are_those_of_the_default_vpc() {
        let got = default_subnets(net(DEFAULT_VPC));
        assert_eq!(got, ["172.31.0.0/20", "172.31.16.0/20", "172.31.32.0/20"].map(net));
        let small = default_subnets(net("10.1.2.0/24"));
        assert_eq!(small, ["10.1.2.0/26", "10.1.2.64/26", "10.1.2.128/26"].map(net));
    }

    #[test]
    fn reserved_addresses_are_never_given() {
        let subnet = net("10.0.0.0/28");
        let mut used = BTreeSet::new();
        let mut got = Vec::new();
        while let Some(address) = subnet.next_free(&used) {
            used.insert(address);
            got.push(address.octets()[3]);
        }
        assert_eq!(got, (4..=14).collect::<Vec<_>>());
        assert_eq!(subnet.free_count(&used), 0);
        assert_eq!(net("10.0.0.0/31").next_free(&BTreeSet::new()), None);
        assert_eq!(net("255.255.255.255/32").next_free(&BTreeSet::new()), None);
        assert_eq!(net("255.255.255.240/28").free_count(&BTreeSet::new()), 11);
    }

    #[test]
    fn macs() {
        let mac = mac_for(Ipv4Addr::new(172, 31, 0, 4));
        assert_eq!(mac_text(mac), "02:67:ac:1f:00:04");
        assert_eq!(parse_mac("02:67:AC:1f:00:04"), Some(mac));
        for bad in ["", "02:67:ac:1f:00", "02:67:ac:1f:00:04:05", "2:67:ac:1f:0:4", "+2:67:ac:1f:00:04"] {
            assert_eq!(parse_mac(bad), None, "{bad}");
        }
    }

    #[test]
    fn private_names() {
        let address = Ipv4Addr::new(10, 0, 0, 5);
        assert_eq!(private_dns_name(address, "us-east-1"), "ip-10-0-0-5.ec2.internal");
        assert_eq!(private_dns_name(address, "eu-west-1"), "ip-10-0-0-5.eu-west-1.compute.internal");
        assert_eq!(parse_private_dns_name("ip-10-0-0-5.ec2.internal", "us-east-1"), Some(address));
        for bad in [
            "ip-10-0-0.ec2.internal",
            "ip-010-0-0-5.ec2.internal",
            "ip-10-0-0-5.ec2.internal.",
            "x.ec2.internal",
            "ec2.internal",
            "ip-10.0-0-5.ec2.internal",
        ] {
            assert_eq!(parse_private_dns_name(bad, "us-east-1"), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn next_free_is_the_lowest_free(offsets in proptest::collection::btree_set(0u64..64, 0..64)) {
            let subnet = net("10.9.8.0/26");
            let used: BTreeSet<_> = offsets.iter().filter_map(|o| subnet.nth(*o)).collect();
            let want = (4..63).filter_map(|o| subnet.nth(o)).find(|a| !used.contains(a));
            prop_assert_eq!(subnet.next_free(&used), want);
            prop_assert_eq!(subnet.free_count(&used) == 0, want.is_none());
        }

        #[test]
        fn a_picked_cidr_overlaps_nothing(taken in proptest::collection::vec((any::<u32>(), 8u8..=32), 0..40)) {
            let taken: Vec<_> = taken.into_iter().filter_map(|(a, p)| Ipv4Net::around(a.into(), p)).collect();
            if let Some(cidr) = pick_cidr(&taken) {
                prop_assert!(taken.iter().all(|t| !t.overlaps(cidr)));
            }
        }

        #[test]
        fn names_round_trip(bits: u32) {
            let address = Ipv4Addr::from_bits(bits);
            let name = private_dns_name(address, "eu-central-1");
            prop_assert_eq!(parse_private_dns_name(&name, "eu-central-1"), Some(address));
        }
    }
}
