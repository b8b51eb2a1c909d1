//! IPv4 networks in CIDR notation (RFC 4632).

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A network: an address whose host bits are all zero, and a prefix length of 0 to 32.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ipv4Net {
    network: u32,
    prefix: u8,
}

/// Why a text is not a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CidrError {
    #[error("`{0}` is not a CIDR block: write it as in 172.31.0.0/16")]
    Form(String),
    #[error("`{0}` has bits set outside its prefix")]
    HostBits(String),
}

fn mask_of(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
}

impl Ipv4Net {
    /// The network of `prefix` bits that `address` is in; `None` for a prefix over 32.
    pub fn around(address: Ipv4Addr, prefix: u8) -> Option<Self> {
        (prefix <= 32).then(|| Self { network: address.to_bits() & mask_of(prefix), prefix })
    }

    pub fn network(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network)
    }

    pub fn prefix(self) -> u8 {
        self.prefix
    }

    pub fn mask(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(mask_of(self.prefix))
    }

    /// The last address of the network.
    pub fn broadcast(self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network | !mask_of(self.prefix))
    }

    /// How many addresses the network has.
    pub fn size(self) -> u64 {
        1 << (32 - u32::from(self.prefix))
    }

    pub fn contains(self, address: Ipv4Addr) -> bool {
        address.to_bits() & mask_of(self.prefix) == self.network
    }

    pub fn contains_net(self, other: Self) -> bool {
        self.prefix <= other.prefix && self.contains(other.network())
    }

    pub fn overlaps(self, other: Self) -> bool {
        self.contains_net(other) || other.contains_net(self)
    }

    /// The address `offset` places after the network's first; `None` past its end.
    pub fn nth(self, offset: u64) -> Option<Ipv4Addr> {
        let offset = (offset < self.size()).then_some(offset)?;
        Some(Ipv4Addr::from_bits(self.network + u32::try_from(offset).ok()?))
    }

    /// The networks of `prefix` bits that this one divides into, in order; none if it is smaller.
    pub fn subnets(self, prefix: u8) -> impl Iterator<Item = Self> {
        let count = if prefix <= 32 && prefix >= self.prefix { 1u64 << (prefix - self.prefix) } else { 0 };
        let step = if prefix <= 32 { 1u64 << (32 - prefix) } else { 0 };
        (0..count).filter_map(move |i| Some(Self { network: self.nth(i * step)?.to_bits(), prefix }))
    }
}

impl fmt::Display for Ipv4Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network(), self.prefix)
    }
}

impl fmt::Debug for Ipv4Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Ipv4Net {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let shown = || text.chars().take(64).collect::<String>();
        let form = || CidrError::Form(shown());
        let (address, prefix) = text.split_once('/').ok_or_else(form)?;
        let address: Ipv4Addr = address.parse().map_err(|_| form())?;
        // `u8::from_str` would take `+16` and `016`.
        if prefix.is_empty() || prefix.len() > 2 || !prefix.bytes().all(|b| b.is_ascii_digit()) {
            return Err(form());
        }
        if prefix.len() == 2 && prefix.starts_with('0') {
            return Err(form());
        }
        let prefix = prefix.parse().map_err(|_| form())?;
        let net = Self::around(address, prefix).ok_or_else(form)?;
        if net.network() == address { Ok(net) } else { Err(CidrError::HostBits(shown())) }
    }
}

impl TryFrom<String> for Ipv4Net {
    type Error = CidrError;
    fn try_from(text: String) -> Result<Self, CidrError> {
        text.parse()
    }
}

impl From<Ipv4Net> for String {
    fn from(net: Ipv4Net) -> String {
        net.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn net(text: &str) -> Ipv4Net {
        text.parse().unwrap()
    }

    #[test]
    fn forms() {
        for good in ["0.0.0.0/0", "10.0.0.0/8", "172.31.0.0/16", "192.168.1.4/30", "1.2.3.4/32"] {
            assert_eq!(net(good).to_string(), good);
        }
        for bad in [
            "",
            "/",
            "10.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "10.0.0/8",
            "::/0",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
        ] {
            assert!(matches!(bad.parse::<Ipv4Net>(), Err(CidrError::Form(_))), "{bad}");
        }
        assert!(matches!("10.0.0.1/8".parse::<Ipv4Net>(), Err(CidrError::HostBits(_))));
    }

    #[test]
    fn members() {
        assert!(net("10.0.0.0/8").contains(Ipv4Addr::new(10, 255, 255, 255)));
        assert!(!net("10.0.0.0/8").contains(Ipv4Addr::new(11, 0, 0, 0)));
        assert_eq!(net("172.31.16.0/20").broadcast(), Ipv4Addr::new(172, 31, 31, 255));
        assert_eq!(net("172.31.16.0/20").mask(), Ipv4Addr::new(255, 255, 240, 0));
        assert_eq!(net("172.31.0.0/16").subnets(20).count(), 16);
        assert_eq!(net("172.31.0.0/16").subnets(20).nth(1), Some(net("172.31.16.0/20")));
        assert_eq!(net("172.31.0.0/16").subnets(8).count(), 0);
        assert_eq!(net("0.0.0.0/0").subnets(40).count(), 0);
        assert_eq!(net("255.255.255.255/32").nth(1), None);
    }

    proptest! {
        #[test]
        fn overlap_is_symmetric_and_means_a_common_address(a: u32, p in 0u8..=32, b: u32, q in 0u8..=32) {
            let (x, y) = (Ipv4Net::around(a.into(), p).unwrap(), Ipv4Net::around(b.into(), q).unwrap());
            prop_assert_eq!(x.overlaps(y), y.overlaps(x));
            let common = x.network().max(y.network()) <= x.broadcast().min(y.broadcast());
            prop_assert_eq!(x.overlaps(y), common);
            prop_assert_eq!(x.to_string().parse::<Ipv4Net>(), Ok(x));
        }

        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            let _ = text.parse::<Ipv4Net>();
        }
    }
}
