//! The reconciler's thinking: a snapshot and the time in, actions out. Pure, so that tables and
//! properties can hold it against every state it may find itself in.
//!
//! What always holds: within one plan no address is given twice and no host is filled beyond its
//! limits; a plan over a state in which all earlier actions took effect is empty.

use std::collections::HashMap;
use std::net::Ipv4Addr;

use gantry_agent_api::default_network::{self, DefaultNetwork};
use gantry_agent_api::{Desired, HostRecord, Isolation, Placement};
use gantry_base::Timestamp;

use crate::config::Config;
use crate::records::AddressClaim;
use crate::snapshot::{Environment, Load, Snapshot};

/// As ECS words it for Fargate without room.
pub const NO_CAPACITY: &str =
    "Capacity is unavailable at this time. Please try again later or in a different availability zone";
/// Our own words: AWS has none for it, since its hosts are not to be seen.
pub const HOST_LOST: &str = "The Fargate capacity host that ran this task was lost";

/// Where a sandbox is to go; the ids of its interface are drawn when this is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    pub host_id: String,
    pub isolation: Isolation,
    pub private_ip: Ipv4Addr,
    pub subnet_id: String,
    pub subnet_cidr: String,
    pub vpc_id: String,
    pub vpc_cidr: String,
    pub availability_zone: String,
    pub default_security_group: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Place {
        sandbox_id: String,
        seat: Seat,
    },
    /// Final; takes back whatever the sandbox held.
    Refuse {
        sandbox_id: String,
        reason: &'static str,
    },
    /// The assignment's desired state follows the request's.
    SendStop {
        sandbox_id: String,
        host_id: String,
    },
    /// The request is gone: assignment, interface and address go too.
    Release {
        sandbox_id: String,
    },
}

/// What to do now, and when to look again if nothing happens before.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    pub actions: Vec<Action>,
    pub wake_at: Option<Timestamp>,
}

/// Looks at what changed and at what time has made due, and at nothing else.
pub fn plan(snapshot: &mut Snapshot, config: &Config, now: Timestamp) -> Plan {
    let mut plan = Plan::default();
    let mut dirty: Vec<String> = snapshot.dirty.drain().collect();
    dirty.sort_unstable();
    for sandbox_id in &dirty {
        plan.actions.extend(settle(snapshot, sandbox_id));
    }
    give_up_lost_hosts(snapshot, config, now, &mut plan);
    place_waiting(snapshot, config, now, &dirty, &mut plan);
    plan
}

/// All but placing: stopping and taking back.
fn settle(snapshot: &Snapshot, sandbox_id: &str) -> Option<Action> {
    let claim = snapshot.claims.get(sandbox_id);
    match (snapshot.environments.get(sandbox_id), claim) {
        (None, Some(_)) => Some(Action::Release { sandbox_id: sandbox_id.to_owned() }),
        (Some(env), Some(claim)) => match &env.request.placement {
            Some(Placement::Placed { .. }) if env.request.desired == Desired::Stopped && !env.stop_sent => {
                Some(Action::SendStop { sandbox_id: sandbox_id.to_owned(), host_id: claim.host_id.clone() })
            }
            Some(Placement::Placed { .. }) => None,
            // What it holds is from before: given back before anything new is given.
            Some(Placement::Refused { .. }) | None => Some(Action::Release { sandbox_id: sandbox_id.to_owned() }),
        },
        (_, None) => None,
    }
}

fn give_up_lost_hosts(snapshot: &Snapshot, config: &Config, now: Timestamp, plan: &mut Plan) {
    for (host, since) in &snapshot.lost {
        let due = since.plus_ms(config.host_grace_ms);
        if due > now {
            wake(plan, due);
            continue;
        }
        for sandbox_id in snapshot.on_host.get(host).into_iter().flatten() {
            let placed = snapshot
                .environments
                .get(sandbox_id)
                .is_some_and(|e| matches!(e.request.placement, Some(Placement::Placed { .. })));
            if placed {
                plan.actions.push(Action::Refuse { sandbox_id: sandbox_id.clone(), reason: HOST_LOST });
            }
        }
    }
}

fn wake(plan: &mut Plan, at: Timestamp) {
    plan.wake_at = Some(plan.wake_at.map_or(at, |known| known.min(at)));
}

/// What this plan has given away already, on top of the snapshot.
#[derive(Default)]
struct Given {
    loads: HashMap<String, Load>,
    addresses: std::collections::HashSet<(String, Ipv4Addr)>,
}

/// The new requests, all that wait if room may have come free, and those whose time is up.
fn place_waiting(snapshot: &mut Snapshot, config: &Config, now: Timestamp, dirty: &[String], plan: &mut Plan) {
    let all = std::mem::take(&mut snapshot.retry_waiting);
    let due = |requested: Timestamp| requested.plus_ms(config.capacity_wait_ms) <= now;
    let mut turn: std::collections::BTreeSet<(Timestamp, String)> = if all {
        snapshot.waiting.clone()
    } else {
        let fresh =
            dirty.iter().filter_map(|id| Some((snapshot.environments.get(id)?.request.requested_at, id.clone())));
        fresh.filter(|place| snapshot.waiting.contains(place)).collect()
    };
    turn.extend(snapshot.waiting.iter().take_while(|(at, _)| due(*at)).cloned());

    let mut given = Given::default();
    let mut cursors = std::mem::take(&mut snapshot.cursors);
    for (requested_at, sandbox_id) in turn {
        let Some(env) = snapshot.environments.get(&sandbox_id) else { continue };
        if snapshot.claims.contains_key(&sandbox_id) {
            continue;
        }
        if let Some(seat) = find_seat(snapshot, env, config, &mut given, &mut cursors) {
            plan.actions.push(Action::Place { sandbox_id, seat });
        } else if due(requested_at) {
            plan.actions.push(Action::Refuse { sandbox_id, reason: NO_CAPACITY });
        }
    }
    snapshot.cursors = cursors;
    if let Some((first, _)) = snapshot.waiting.iter().find(|(at, _)| !due(*at)) {
        wake(plan, first.plus_ms(config.capacity_wait_ms));
    }
}

fn load_of(snapshot: &Snapshot, given: &Given, host_id: &str) -> Load {
    let held = snapshot.loads.get(host_id).copied().unwrap_or_default();
    let more = given.loads.get(host_id).copied().unwrap_or_default();
    Load {
        cpu_units: held.cpu_units + more.cpu_units,
        memory_mib: held.memory_mib + more.memory_mib,
        sandboxes: held.sandboxes + more.sandboxes,
    }
}

/// The grade the host would give; `None` if it cannot give what is asked for.
fn grade(host: &HostRecord, config: &Config) -> Option<Isolation> {
    match config.isolation {
        Some(asked) => host.isolation.contains(&asked).then_some(asked),
        None if host.isolation.contains(&Isolation::Microvm) => Some(Isolation::Microvm),
        None => host.isolation.contains(&Isolation::Namespace).then_some(Isolation::Namespace),
    }
}

fn fits(host: &HostRecord, load: Load, env: &Environment, config: &Config) -> bool {
    let spec = &env.request.spec;
    let wanted = &env.request.architecture;
    if !wanted.is_empty() && !host.architecture.eq_ignore_ascii_case(wanted) {
        return false;
    }
    let cpu_limit = u64::from(host.cpu_units) * config.cpu_overcommit_percent / 100;
    let memory_limit = u64::from(host.memory_mib) * config.memory_overcommit_percent / 100;
    // No task may be promised more than a whole host does.
    spec.memory_mib <= host.memory_mib
        && load.cpu_units + u64::from(spec.cpu_units) <= cpu_limit
        && load.memory_mib + u64::from(spec.memory_mib) <= memory_limit
}

/// How full a host would be, in thousandths of what it may take; the fuller of CPU and memory counts.
fn fullness(host: &HostRecord, load: Load, config: &Config) -> u64 {
    let part = |used: u64, has: u32, percent: u64| used * 100_000 / (u64::from(has) * percent).max(1);
    part(load.cpu_units, host.cpu_units, config.cpu_overcommit_percent).max(part(
        load.memory_mib,
        host.memory_mib,
        config.memory_overcommit_percent,
    ))
}

/// The least loaded host in a zone of the asked subnets, the emptiest zone first; any host if those
/// zones have none, since one machine must stand for all zones when there is no other.
fn find_seat(
    snapshot: &Snapshot,
    env: &Environment,
    config: &Config,
    given: &mut Given,
    cursors: &mut HashMap<String, u32>,
) -> Option<Seat> {
    let request = &env.request;
    let mut best: Option<((bool, u64, u64, String), Seat)> = None;
    // Hosts mostly share one CIDR; naming its network once is enough.
    let mut networks: HashMap<&str, Option<DefaultNetwork>> = HashMap::new();
    for host in snapshot.hosts.values() {
        let load = load_of(snapshot, given, &host.host_id);
        let Some(isolation) = grade(host, config) else { continue };
        if !fits(host, load, env, config) {
            continue;
        }
        let network = networks
            .entry(&host.vpc_cidr)
            .or_insert_with_key(|cidr| default_network::default_network(&request.account, &request.region, cidr));
        let Some(net) = network.as_ref() else { continue };
        let Some((subnet_id, in_zone)) = choose_subnet(request, net, host, load) else { continue };
        let rank = (!in_zone, fullness(host, load, config), load.sandboxes, host.host_id.clone());
        if best.as_ref().is_some_and(|(known, _)| *known <= rank) {
            continue;
        }
        let subnet = net.subnet_for(&subnet_id);
        let Some(private_ip) = free_address(snapshot, given, cursors, &net.vpc_cidr, &subnet.cidr) else { continue };
        let seat = Seat {
            host_id: host.host_id.clone(),
            isolation,
            private_ip,
            subnet_cidr: subnet.cidr.clone(),
            availability_zone: subnet.availability_zone.clone(),
            subnet_id,
            vpc_id: net.vpc_id.clone(),
            vpc_cidr: net.vpc_cidr.clone(),
            default_security_group: net.security_group_id.clone(),
        };
        best = Some((rank, seat));
    }
    let (_, seat) = best?;
    let load = given.loads.entry(seat.host_id.clone()).or_default();
    load.cpu_units += u64::from(request.spec.cpu_units);
    load.memory_mib += u64::from(request.spec.memory_mib);
    load.sandboxes += 1;
    given.addresses.insert((seat.vpc_cidr.clone(), seat.private_ip));
    cursors.insert(seat.subnet_cidr.clone(), u32::from(seat.private_ip).wrapping_add(1));
    Some(seat)
}

/// A subnet in the host's own zone if one was asked for; otherwise the asked ones in turn.
fn choose_subnet(
    request: &gantry_agent_api::EnvironmentRequest,
    net: &DefaultNetwork,
    host: &HostRecord,
    load: Load,
) -> Option<(String, bool)> {
    let own = request.subnets.iter().find(|id| net.subnet_for(id).availability_zone == host.availability_zone);
    match own {
        Some(id) => Some((id.clone(), true)),
        None if request.subnets.is_empty() => None,
        None => {
            let turn = load.sandboxes as usize % request.subnets.len();
            request.subnets.get(turn).map(|id| (id.clone(), false))
        }
    }
}

/// The next free address after the last one given in this subnet, so that none is used again at once.
fn free_address(
    snapshot: &Snapshot,
    given: &Given,
    cursors: &HashMap<String, u32>,
    vpc_cidr: &str,
    subnet_cidr: &str,
) -> Option<Ipv4Addr> {
    let range = default_network::usable_addresses(subnet_cidr)?;
    let (first, last) = (*range.start(), *range.end());
    let start = cursors.get(subnet_cidr).copied().filter(|at| range.contains(at)).unwrap_or(first);
    (start..=last).chain(first..start).map(Ipv4Addr::from).find(|ip| {
        let key = (vpc_cidr.to_owned(), *ip);
        !snapshot.addresses.contains_key(&key) && !given.addresses.contains(&key)
    })
}

/// Where the search for addresses goes on after a restart: behind the claim made last.
pub fn resume_cursors(snapshot: &mut Snapshot) {
    let mut latest: HashMap<String, (Timestamp, u32)> = HashMap::new();
    for claim in snapshot.claims.values() {
        let Some(cidr) = subnet_of(claim) else { continue };
        let at = (claim.claimed_at, u32::from(claim.private_ip));
        let known = latest.entry(cidr).or_insert(at);
        *known = (*known).max(at);
    }
    snapshot.cursors = latest.into_iter().map(|(cidr, (_, ip))| (cidr, ip.wrapping_add(1))).collect();
}

fn subnet_of(claim: &AddressClaim) -> Option<String> {
    let net = default_network::default_network(&claim.account, &claim.region, &claim.vpc_cidr)?;
    let ip = u32::from(claim.private_ip);
    net.subnets
        .into_iter()
        .find(|s| default_network::usable_addresses(&s.cidr).is_some_and(|range| range.contains(&ip)))
        .map(|s| s.cidr)
}
