//! rtnetlink requests (rtnetlink(7)): links, addresses, routes, neighbours.

use std::io;
use std::net::Ipv4Addr;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;

use crate::nl::{F_CREATE, F_DUMP, F_EXCL, F_REPLACE, Family, Message, Socket, attrs, get_i32, get_text, get_u32};
use crate::{Error, Ipv4Net, Result};

const NEWLINK: u16 = 16;
const DELLINK: u16 = 17;
const GETLINK: u16 = 18;
const SETLINK: u16 = 19;
const NEWADDR: u16 = 20;
const DELADDR: u16 = 21;
const GETADDR: u16 = 22;
const NEWROUTE: u16 = 24;
const GETROUTE: u16 = 26;
const DELNEIGH: u16 = 29;

const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFLA_MASTER: u16 = 10;
const IFLA_OPERSTATE: u16 = 16;
const IFLA_LINKINFO: u16 = 18;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_GROUP: u16 = 27;
const IFLA_NET_NS_FD: u16 = 28;
const INFO_KIND: u16 = 1;
const INFO_DATA: u16 = 2;
const VETH_PEER: u16 = 1;
const BR_STP_STATE: u16 = 5;
const BR_MCAST_SNOOPING: u16 = 23;
const INET6_ADDR_GEN_MODE: u16 = 8;
const ADDR_GEN_NONE: u8 = 1;
const OPER_UP: u8 = 6;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IFF_UP: u32 = 1;
const SCOPE_UNIVERSE: u8 = 0;
const SCOPE_HOST: u8 = 254;
const TABLE_MAIN: u8 = 254;
const PROTO_STATIC: u8 = 4;
const TYPE_UNICAST: u8 = 1;
const TYPE_UNREACHABLE: u8 = 7;

fn ifinfo(index: u32, flags: u32, change: u32) -> [u8; 16] {
    let mut body = [0; 16];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    body[8..12].copy_from_slice(&flags.to_ne_bytes());
    body[12..16].copy_from_slice(&change.to_ne_bytes());
    body
}

/// A bridge without spanning tree and without multicast queries of its own.
pub fn new_bridge(name: &str, mac: [u8; 6], mtu: u32) -> Message {
    Message::new(NEWLINK, F_CREATE | F_EXCL, &ifinfo(0, 0, 0))
        .text(IFLA_IFNAME, name)
        .attr(IFLA_ADDRESS, &mac)
        .u32(IFLA_MTU, mtu)
        .nest(IFLA_LINKINFO, |m| {
            m.text(INFO_KIND, "bridge").nest(INFO_DATA, |m| m.u32(BR_STP_STATE, 0).attr(BR_MCAST_SNOOPING, &[0]))
        })
}

/// A veth pair: `name` here, `peer` in the namespace behind `peer_ns`, if one is given.
pub fn new_veth(name: &str, peer: &str, mtu: u32, peer_ns: Option<BorrowedFd<'_>>) -> Message {
    Message::new(NEWLINK, F_CREATE | F_EXCL, &ifinfo(0, 0, 0)).text(IFLA_IFNAME, name).u32(IFLA_MTU, mtu).nest(
        IFLA_LINKINFO,
        |m| {
            m.text(INFO_KIND, "veth").nest(INFO_DATA, |m| {
                m.nest(VETH_PEER, |m| {
                    let m = m.raw(&ifinfo(0, 0, 0)).text(IFLA_IFNAME, peer).u32(IFLA_MTU, mtu);
                    match peer_ns {
                        Some(fd) => m.u32(IFLA_NET_NS_FD, fd.as_raw_fd() as u32),
                        None => m,
                    }
                })
            })
        },
    )
}

pub fn set_up(index: u32) -> Message {
    Message::new(SETLINK, 0, &ifinfo(index, IFF_UP, IFF_UP))
}

pub fn set_mac(index: u32, mac: [u8; 6]) -> Message {
    Message::new(SETLINK, 0, &ifinfo(index, 0, 0)).attr(IFLA_ADDRESS, &mac)
}

pub fn set_master(name: &str, master: u32) -> Message {
    Message::new(SETLINK, 0, &ifinfo(0, 0, 0)).text(IFLA_IFNAME, name).u32(IFLA_MASTER, master)
}

/// Keeps the kernel from giving the link an IPv6 address of its own.
pub fn set_no_ipv6_address(name: &str) -> Message {
    Message::new(SETLINK, 0, &ifinfo(0, 0, 0))
        .text(IFLA_IFNAME, name)
        .nest(IFLA_AF_SPEC, |m| m.nest(u16::from(AF_INET6), |m| m.attr(INET6_ADDR_GEN_MODE, &[ADDR_GEN_NONE])))
}

pub fn set_up_named(name: &str) -> Message {
    Message::new(SETLINK, 0, &ifinfo(0, IFF_UP, IFF_UP)).text(IFLA_IFNAME, name)
}

pub fn del_link(name: &str) -> Message {
    Message::new(DELLINK, 0, &ifinfo(0, 0, 0)).text(IFLA_IFNAME, name)
}

/// Puts the link into a group.
pub fn set_group(name: &str, group: u32) -> Message {
    Message::new(SETLINK, 0, &ifinfo(0, 0, 0)).text(IFLA_IFNAME, name).u32(IFLA_GROUP, group)
}

/// Removes all links of a group. Group 0 is where every link begins, so it is never asked for.
pub fn del_group(group: u32) -> Message {
    debug_assert_ne!(group, 0, "that would remove every link");
    Message::new(DELLINK, 0, &ifinfo(0, 0, 0)).u32(IFLA_GROUP, group.max(1))
}

fn address(kind: u16, flags: u16, index: u32, address: Ipv4Addr, prefix: u8) -> Message {
    let scope =
        if address.is_loopback() || (address.is_link_local() && prefix == 32) { SCOPE_HOST } else { SCOPE_UNIVERSE };
    let mut body = [AF_INET, prefix, 0, scope, 0, 0, 0, 0];
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    let message = Message::new(kind, flags, &body).attr(2, &address.octets()).attr(1, &address.octets());
    match Ipv4Net::around(address, prefix).filter(|_| prefix < 31) {
        Some(net) => message.attr(4, &net.broadcast().octets()),
        None => message,
    }
}

pub fn add_address(index: u32, ip: Ipv4Addr, prefix: u8) -> Message {
    address(NEWADDR, F_CREATE | F_REPLACE, index, ip, prefix)
}

pub fn del_address(index: u32, ip: Ipv4Addr, prefix: u8) -> Message {
    address(DELADDR, 0, index, ip, prefix)
}

fn route(flags: u16, to: Ipv4Net, scope: u8, kind: u8) -> Message {
    let body = [AF_INET, to.prefix(), 0, 0, TABLE_MAIN, PROTO_STATIC, scope, kind, 0, 0, 0, 0];
    let message = Message::new(NEWROUTE, flags, &body);
    if to.prefix() == 0 { message } else { message.attr(1, &to.network().octets()) }
}

/// A route through `gateway`.
pub fn add_route(to: Ipv4Net, gateway: Ipv4Addr, index: u32) -> Message {
    route(F_CREATE | F_REPLACE, to, SCOPE_UNIVERSE, TYPE_UNICAST).attr(5, &gateway.octets()).u32(4, index)
}

/// Answers "no route to host" at once for `to`.
pub fn add_unreachable(to: Ipv4Net) -> Message {
    route(F_CREATE | F_REPLACE, to, SCOPE_UNIVERSE, TYPE_UNREACHABLE)
}

/// Forgets the MAC that was learnt for an address.
pub fn del_neighbour(index: u32, ip: Ipv4Addr) -> Message {
    let mut body = [0; 12];
    body[0] = AF_INET;
    body[4..8].copy_from_slice(&index.to_ne_bytes());
    Message::new(DELNEIGH, 0, &body).attr(1, &ip.octets())
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub index: u32,
    pub name: String,
    pub mtu: u32,
    /// Whether packets get through (RFC 2863, `ifOperStatus`), not only whether it was asked to be up.
    pub works: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    pub index: u32,
    pub ip: Ipv4Addr,
    pub prefix: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    pub to: Ipv4Net,
    /// The link it goes out by; 0 for none (an unreachable route).
    pub index: u32,
}

fn ipv4(value: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(value).ok().map(Ipv4Addr::from)
}

fn parse_link(body: &[u8]) -> Option<Link> {
    let mut link = Link { index: get_i32(body, 4)?.try_into().ok()?, name: String::new(), mtu: 0, works: false };
    for (kind, value) in attrs(body.get(16..)?) {
        match kind {
            IFLA_IFNAME => link.name = get_text(value),
            IFLA_MTU => link.mtu = get_u32(value, 0)?,
            IFLA_OPERSTATE => link.works = value == [OPER_UP],
            _ => {}
        }
    }
    Some(link)
}

fn parse_address(body: &[u8]) -> Option<Address> {
    let (prefix, index) = (*body.get(1)?, get_u32(body, 4)?);
    let local = attrs(body.get(8..)?).find(|(kind, _)| *kind == 2)?.1;
    Some(Address { index, ip: ipv4(local)?, prefix })
}

fn parse_route(body: &[u8]) -> Option<Route> {
    let (mut to, mut index) = (Ipv4Addr::UNSPECIFIED, 0);
    for (kind, value) in attrs(body.get(12..)?) {
        match kind {
            1 => to = ipv4(value)?,
            4 => index = get_u32(value, 0)?,
            _ => {}
        }
    }
    Some(Route { to: Ipv4Net::around(to, *body.get(1)?)?, index })
}

/// An rtnetlink socket and what is asked over it.
#[derive(Debug)]
pub struct Rt(Socket);

impl Rt {
    /// In the namespace of the calling thread.
    pub fn open() -> Result<Self> {
        Socket::open(Family::Route).map(Self).map_err(|e| Error::kernel("open", "an rtnetlink socket", e))
    }

    /// Sends `messages` together; the first error that is not in `fine` is the answer.
    pub fn send(
        &mut self,
        operation: &'static str,
        subject: &str,
        messages: Vec<Message>,
        fine: &[Errno],
    ) -> Result<()> {
        let wrap = |e: io::Error| Error::kernel(operation, subject, e);
        let outcomes = self.0.request(messages).map_err(wrap)?;
        match outcomes.into_iter().filter_map(Result::err).find(|e| !fine.contains(e)) {
            Some(errno) => Err(wrap(errno.into())),
            None => Ok(()),
        }
    }

    /// The link called `name`; `None` if there is none.
    pub fn link(&mut self, name: &str) -> Result<Option<Link>> {
        let ask = Message::new(GETLINK, 0, &ifinfo(0, 0, 0)).text(IFLA_IFNAME, name);
        match self.0.dump(ask) {
            Ok(bodies) => Ok(bodies.iter().find_map(|b| parse_link(b))),
            Err(e) if e.raw_os_error() == Some(Errno::ENODEV as i32) => Ok(None),
            Err(e) => Err(Error::kernel("look up", name, e)),
        }
    }

    pub fn links(&mut self) -> Result<Vec<Link>> {
        let bodies = self.0.dump(Message::new(GETLINK, F_DUMP, &ifinfo(0, 0, 0)));
        Ok(bodies.map_err(|e| Error::kernel("list", "links", e))?.iter().filter_map(|b| parse_link(b)).collect())
    }

    pub fn addresses(&mut self) -> Result<Vec<Address>> {
        let bodies = self.0.dump(Message::new(GETADDR, F_DUMP, &[AF_INET, 0, 0, 0, 0, 0, 0, 0]));
        Ok(bodies.map_err(|e| Error::kernel("list", "addresses", e))?.iter().filter_map(|b| parse_address(b)).collect())
    }

    /// IPv4 routes of every table.
    pub fn routes(&mut self) -> Result<Vec<Route>> {
        let bodies = self.0.dump(Message::new(GETROUTE, F_DUMP, &[AF_INET, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
        Ok(bodies.map_err(|e| Error::kernel("list", "routes", e))?.iter().filter_map(|b| parse_route(b)).collect())
    }
}
