//! Opening a network: from whatever is there, a clean host or one where a server was killed, to
//! exactly what should be there.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use parking_lot::Mutex;

use crate::ipam::overlap;
use crate::network::{Inner, NetConfig, Parts, limits};
use crate::nft::Nft;
use crate::pool::{Host, Pool, Slot};
use crate::reaper::Reaper;
use crate::record::{NetworkRecord, State};
use crate::rt::{self, Rt};
use crate::rules::RuleSet;
use crate::{Attachment, Error, Ipv4Net, Result, SubnetExt, default_subnets, netns, pick_cidr};

const MAX_MTU: u32 = 1500;
/// The least that an IPv4 host must take in one piece (RFC 791), with room to spare.
const MIN_MTU: u32 = 576;
const WIDEST_VPC: u8 = 16;
const NARROWEST_VPC: u8 = 26;
/// Instances that open at the same moment take turns, or two could choose the same CIDR.
const TURN_WAIT: Duration = Duration::from_secs(20);
const TURN_RETRY: Duration = Duration::from_millis(2);

/// This host's turn to open a network. An abstract socket is a lock that the kernel scopes to the
/// network namespace and frees when its holder dies.
fn take_turn() -> Result<UnixListener> {
    let subject = "the turn to open a network";
    let name = SocketAddr::from_abstract_name("gantry-net-open").map_err(|e| Error::kernel("name", subject, e))?;
    let until = Instant::now() + TURN_WAIT;
    loop {
        match UnixListener::bind_addr(&name) {
            Ok(turn) => return Ok(turn),
            Err(e) if e.raw_os_error() != Some(Errno::EADDRINUSE as i32) => {
                return Err(Error::kernel("take", subject, e));
            }
            Err(_) if Instant::now() > until => return Err(Error::OpenContended),
            Err(_) => std::thread::sleep(TURN_RETRY),
        }
    }
}

fn check(config: &NetConfig) -> Result<()> {
    let id = &config.instance_id;
    if id.len() != 8 || !id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        return Err(Error::InstanceId(id.chars().take(64).collect()));
    }
    match config.vpc_cidr.filter(|c| !(WIDEST_VPC..=NARROWEST_VPC).contains(&c.prefix())) {
        Some(cidr) => Err(Error::VpcSize(cidr)),
        None => Ok(()),
    }
}

/// The VPC's CIDR: as asked, or as before, or a free one.
fn choose_vpc(config: &NetConfig, was: Option<Ipv4Net>, in_use: bool, rt: &mut Rt, bridge: u32) -> Result<Ipv4Net> {
    let routes = rt.routes()?;
    let taken: Vec<_> = routes.iter().filter(|r| r.index != bridge).map(|r| r.to).collect();
    let cidr = match (config.vpc_cidr, was) {
        (Some(asked), Some(was)) if asked != was && in_use => return Err(Error::CidrChanged { was, asked }),
        (Some(asked), _) => asked,
        // What was chosen once may have been taken by somebody else since.
        (None, Some(was)) if in_use || overlap(was, &taken).is_none() => was,
        (None, _) => pick_cidr(&taken).ok_or(Error::NoFreeCidr)?,
    };
    match overlap(cidr, &taken) {
        // Running sandboxes are worth more than a route that came later: refusing to start would
        // lose them without giving the route its addresses back.
        Some(other) if in_use && was == Some(cidr) => {
            tracing::warn!(%cidr, %other, "the VPC overlaps another route of this host");
            Ok(cidr)
        }
        Some(other) => Err(Error::Overlap { cidr, taken: other }),
        None => Ok(cidr),
    }
}

fn choose_mtu(config: &NetConfig, rt: &mut Rt) -> Result<u32> {
    if let Some(mtu) = config.mtu {
        return Ok(mtu.clamp(MIN_MTU, 65_535));
    }
    let (routes, links) = (rt.routes()?, rt.links()?);
    let out = routes.iter().find(|r| r.to.prefix() == 0 && r.index != 0);
    let link = out.and_then(|r| links.iter().find(|l| l.index == r.index));
    Ok(link.map_or(MAX_MTU, |l| l.mtu).clamp(MIN_MTU, MAX_MTU))
}

/// The bridge's MAC stays the same whichever ports come and go.
fn bridge_mac(id: &str) -> [u8; 6] {
    let n = u32::from_str_radix(id, 16).unwrap_or(0).to_be_bytes();
    [0x02, 0x62, n[0], n[1], n[2], n[3]]
}

/// A link group of the instance's own, and never 0, the group of all other links.
fn doomed_group(id: &str) -> u32 {
    u32::from_str_radix(id, 16).unwrap_or(0).max(1)
}

/// The addresses of the bridge: the router's in each default subnet, the first with the whole VPC
/// behind it.
fn gateways(vpc: Ipv4Net) -> Vec<(Ipv4Addr, u8)> {
    let subnets = default_subnets(vpc);
    let mut list: Vec<_> = subnets.iter().map(|s| (s.router(), s.prefix())).collect();
    list[0].1 = vpc.prefix();
    list
}

fn make_bridge(config: &NetConfig, name: &str, mtu: u32, rt: &mut Rt) -> Result<u32> {
    let messages = vec![rt::new_bridge(name, bridge_mac(&config.instance_id), mtu)];
    rt.send("make the bridge", name, messages, &[Errno::EEXIST])?;
    let missing = || Error::kernel("find the bridge", name, Errno::ENODEV.into());
    rt.link(name)?.map(|l| l.index).ok_or_else(missing)
}

fn set_up_bridge(name: &str, index: u32, vpc: Ipv4Net, rt: &mut Rt) -> Result<()> {
    // Off before it is up, or it would announce itself over IPv6.
    netns::sysctl(&format!("ipv6/conf/{name}/disable_ipv6"), "1")?;
    // Subnets share one link: telling sandboxes to go direct would bypass nothing and confuse many.
    netns::sysctl(&format!("ipv4/conf/{name}/send_redirects"), "0")?;
    netns::sysctl(&format!("ipv4/conf/{name}/forwarding"), "1")?;
    let wanted = gateways(vpc);
    let stale = rt.addresses()?.into_iter().filter(|a| a.index == index && !wanted.contains(&(a.ip, a.prefix)));
    let mut messages: Vec<_> = stale.map(|a| rt::del_address(index, a.ip, a.prefix)).collect();
    messages.extend(wanted.iter().map(|(ip, prefix)| rt::add_address(index, *ip, *prefix)));
    messages.push(rt::set_up(index));
    rt.send("set up the bridge", name, messages, &[Errno::EADDRNOTAVAIL])
}

fn forward_packets() -> Result<()> {
    // Writing it, even the same value, resets other settings of every link.
    let path = "/proc/sys/net/ipv4/ip_forward";
    let now = std::fs::read_to_string(path).map_err(|e| Error::file("read", path, e))?;
    if now.trim() != "1" {
        netns::sysctl("ipv4/ip_forward", "1")?;
    }
    Ok(())
}

/// The recorded sandboxes whose namespace and link are still there; forgets the others.
fn surviving(state: &State, links: &HashSet<String>, port_prefix: &str) -> Result<Vec<Attachment>> {
    let mut alive = Vec::new();
    for record in state.sandboxes()? {
        let ours = record.link.starts_with(port_prefix) && record.netns == state.netns_path(&record.link);
        if ours && links.contains(&record.link) && netns::is_pinned(&record.netns) {
            alive.push(record);
        } else {
            tracing::info!(sandbox = record.sandbox_id, "a sandbox's network did not outlive the server");
            state.remove(&record.sandbox_id)?;
        }
    }
    Ok(alive)
}

/// Takes over the slots that nobody has, and removes those that are not whole.
fn adopt_rest(host: &Host, links: &HashSet<String>, attached: &[Attachment], want: usize) -> Result<Vec<Slot>> {
    let mut rest: HashSet<String> = host.state.slots()?.into_iter().collect();
    rest.extend(links.iter().filter(|l| l.starts_with(&host.port_prefix)).cloned());
    for attachment in attached {
        rest.remove(&attachment.link);
    }
    let (mut ready, mut broken) = (Vec::new(), Vec::new());
    for name in rest {
        let whole = ready.len() < want && links.contains(&name) && netns::is_pinned(&host.state.netns_path(&name));
        let adopted = if whole { host.adopt(&name).unwrap_or(None) } else { None };
        match adopted {
            Some(slot) => {
                host.join_bridge(&name)?;
                ready.push(slot);
            }
            None => broken.push(name),
        }
    }
    host.remove_all(&broken)?;
    Ok(ready)
}

fn next_number<'a>(names: impl Iterator<Item = &'a String>, prefix: &str) -> u32 {
    names
        .filter_map(|n| u32::from_str_radix(n.strip_prefix(prefix)?, 16).ok())
        .max()
        .map_or(0, |highest| highest.wrapping_add(1))
}

/// See [`crate::Network::open`].
pub(crate) fn open(config: &NetConfig) -> Result<Inner> {
    check(config)?;
    let id = &config.instance_id;
    let (bridge, port_prefix) = (format!("gt{id}"), format!("g{id}"));
    let state = Arc::new(State::open(&config.state)?);
    let (mut rt, mut nft) = (Rt::open()?, Nft::open()?);
    let links: HashSet<String> = rt.links()?.into_iter().map(|l| l.name).collect();
    let attached = surviving(&state, &links, &port_prefix)?;

    let turn = take_turn()?;
    let known = rt.link(&bridge)?.map_or(0, |l| l.index);
    let was = state.network()?.map(|n| n.vpc);
    let vpc = choose_vpc(config, was, !attached.is_empty(), &mut rt, known)?;
    let mtu = choose_mtu(config, &mut rt)?;
    let index = make_bridge(config, &bridge, mtu, &mut rt)?;
    set_up_bridge(&bridge, index, vpc, &mut rt)?;
    state.set_network(&NetworkRecord { vpc })?;
    drop(turn);

    forward_packets()?;
    let table = format!("gantry_{id}");
    let rules = RuleSet {
        table,
        bridge: bridge.clone(),
        port_prefix: port_prefix.clone(),
        vpc,
        routed_ingress: config.routed_ingress,
    };
    rules.apply(&mut nft, &attached.iter().collect::<Vec<_>>())?;
    let first = next_number(links.iter(), &port_prefix);
    let host = Arc::new(Host {
        rt: Mutex::new(rt),
        bridge: bridge.clone(),
        bridge_index: index,
        port_prefix,
        mtu,
        state: state.clone(),
        group: doomed_group(id),
        reaper: Mutex::new(Rt::open()?),
        doomed: Mutex::default(),
    });
    for attachment in &attached {
        host.join_bridge(&attachment.link)?;
    }
    let pool_size = config.pool_size.min(limits::MAX_POOL);
    let ready = adopt_rest(&host, &links, &attached, pool_size)?;
    let pool = Pool::start(host.clone(), ready, pool_size, first)?;
    let reaper = Reaper::start(host.clone(), limits::MAX_DOOMED)?;
    Ok(Inner::new(Parts { vpc, bridge, rules, host, nft, pool, reaper, state }, attached))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_are_the_routers_of_the_subnets() {
        let vpc = "172.31.0.0/16".parse().unwrap();
        let want = [([172, 31, 0, 1], 16), ([172, 31, 16, 1], 20), ([172, 31, 32, 1], 20)];
        assert_eq!(gateways(vpc), want.map(|(ip, prefix)| (Ipv4Addr::from(ip), prefix)));
    }

    #[test]
    fn configs_are_checked() {
        let good = NetConfig::new("00aabbcc", "/nowhere");
        assert!(check(&good).is_ok());
        for bad in ["", "00aabbc", "00AABBCC", "00aabbcg", "00aabbccd"] {
            assert!(matches!(check(&NetConfig::new(bad, "/nowhere")), Err(Error::InstanceId(_))), "{bad}");
        }
        for bad in ["10.0.0.0/8", "10.0.0.0/28"] {
            let config = NetConfig { vpc_cidr: bad.parse().ok(), ..good.clone() };
            assert!(matches!(check(&config), Err(Error::VpcSize(_))), "{bad}");
        }
    }

    #[test]
    fn slot_numbers_go_on() {
        let names = ["gabc000001", "gabc00000f", "other", "gabczz"].map(str::to_owned);
        assert_eq!(next_number(names.iter(), "gabc"), 16);
        assert_eq!(next_number([].iter(), "gabc"), 0);
    }
}
