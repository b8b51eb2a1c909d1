//! Who knows which names.

use std::net::Ipv4Addr;

use crate::{Ipv4Net, parse_private_dns_name, private_dns_name};

use super::{Kind, Record, RecordData};

/// How long an answer about an instance-style name may be kept: such a name never changes.
const PRIVATE_NAME_TTL_S: u32 = 60;

/// What is known about a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing: the host's resolvers are to be asked.
    NotMine,
    /// There is no such name, and nobody else is to be asked.
    NoSuchName,
    /// The name exists; it may have no record of the kind that was asked for.
    Records(Vec<Record>),
}

/// Knows names. Called for each question, from the resolver's own task: it must not block.
pub trait Names: Send + Sync + 'static {
    /// `name` is in lower case and has no final dot.
    fn lookup(&self, name: &str, kind: Kind) -> Answer;
}

/// Knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoNames;

impl Names for NoNames {
    fn lookup(&self, _: &str, _: Kind) -> Answer {
        Answer::NotMine
    }
}

/// `4.0.31.172.in-addr.arpa` (RFC 1035 section 3.5).
pub fn reverse_name(address: Ipv4Addr) -> String {
    let [a, b, c, d] = address.octets();
    format!("{d}.{c}.{b}.{a}.in-addr.arpa")
}

/// The address in a name that [`reverse_name`] made.
pub fn parse_reverse_name(name: &str) -> Option<Ipv4Addr> {
    let backwards: Ipv4Addr = name.strip_suffix(".in-addr.arpa")?.parse().ok()?;
    let [d, c, b, a] = backwards.octets();
    Some(Ipv4Addr::new(a, b, c, d))
}

/// The names that every address of a VPC has: `ip-172-31-0-4.ec2.internal` and its reverse.
#[derive(Clone, Debug)]
pub struct VpcNames {
    pub vpc: Ipv4Net,
    pub region: String,
}

impl Names for VpcNames {
    fn lookup(&self, name: &str, kind: Kind) -> Answer {
        let record = |data| vec![Record { ttl_secs: PRIVATE_NAME_TTL_S, data }];
        if let Some(address) = parse_private_dns_name(name, &self.region).filter(|a| self.vpc.contains(*a)) {
            let wanted = kind == Kind::A;
            return Answer::Records(if wanted { record(RecordData::A(address)) } else { Vec::new() });
        }
        match parse_reverse_name(name).filter(|a| self.vpc.contains(*a)) {
            Some(address) if kind == Kind::Ptr => {
                Answer::Records(record(RecordData::Ptr(private_dns_name(address, &self.region))))
            }
            Some(_) => Answer::Records(Vec::new()),
            None => Answer::NotMine,
        }
    }
}

/// `localhost` and what is below it never leaves the sandbox (RFC 6761 section 6.3).
pub(super) fn localhost(name: &str, kind: Kind) -> Answer {
    if name != "localhost" && !name.ends_with(".localhost") {
        return Answer::NotMine;
    }
    let here = Record { ttl_secs: PRIVATE_NAME_TTL_S, data: RecordData::A(Ipv4Addr::LOCALHOST) };
    Answer::Records(if kind == Kind::A { vec![here] } else { Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vpc_names() {
        let names = VpcNames { vpc: "172.31.0.0/16".parse().unwrap(), region: "us-east-1".to_owned() };
        let address = Ipv4Addr::new(172, 31, 0, 4);
        let a = |data| Answer::Records(vec![Record { ttl_secs: 60, data }]);
        assert_eq!(names.lookup("ip-172-31-0-4.ec2.internal", Kind::A), a(RecordData::A(address)));
        assert_eq!(names.lookup("ip-172-31-0-4.ec2.internal", Kind::Aaaa), Answer::Records(vec![]));
        assert_eq!(names.lookup("ip-10-0-0-4.ec2.internal", Kind::A), Answer::NotMine);
        let back = a(RecordData::Ptr("ip-172-31-0-4.ec2.internal".to_owned()));
        assert_eq!(names.lookup(&reverse_name(address), Kind::Ptr), back);
        assert_eq!(names.lookup("4.0.31.10.in-addr.arpa", Kind::Ptr), Answer::NotMine);
        assert_eq!(localhost("db.localhost", Kind::Aaaa), Answer::Records(vec![]));
        assert_eq!(localhost("notlocalhost", Kind::A), Answer::NotMine);
    }
}
