//! The plan by tables: where a request goes, and when it goes nowhere.

use std::collections::HashSet;

use gantry_agent_api::{Desired, Isolation, Placement};
use gantry_fargate::plan::{Action, HOST_LOST, NO_CAPACITY, Plan, Seat, plan};
use gantry_fargate::records::AddressClaim;
use gantry_fargate::snapshot::Snapshot;
use gantry_fargate::{CAPACITY_WAIT_MS, Config, HOST_GRACE_MS};

use crate::support::{START, host, request, subnets};

fn config() -> Config {
    Config::default()
}

fn seats(plan: &Plan) -> Vec<&Seat> {
    plan.actions
        .iter()
        .filter_map(|a| match a {
            Action::Place { seat, .. } => Some(seat),
            _ => None,
        })
        .collect()
}

fn claim(id: &str, host: &str, ip: [u8; 4]) -> AddressClaim {
    AddressClaim {
        sandbox_id: id.to_owned(),
        host_id: host.to_owned(),
        account: "123456789012".parse().expect("an account"),
        region: "us-east-1".parse().expect("a region"),
        eni_id: format!("eni-{id}"),
        private_ip: ip.into(),
        vpc_cidr: "172.31.0.0/16".to_owned(),
        cpu_units: 256,
        memory_mib: 512,
        availability_zone: "us-east-1a".to_owned(),
        claimed_at: START,
    }
}

fn placed(snapshot: &mut Snapshot, id: &str, host_id: &str, ip: [u8; 4], desired: Desired) {
    let claim = claim(id, host_id, ip);
    let mut env = request(id, &["subnet-0123456789abcdef0"]);
    env.desired = desired;
    env.placement = Some(Placement::Placed {
        host_id: host_id.to_owned(),
        network: gantry_agent_api::NetworkSpec {
            eni_id: claim.eni_id.clone(),
            attachment_id: String::new(),
            subnet_id: String::new(),
            vpc_id: String::new(),
            availability_zone: String::new(),
            security_groups: Vec::new(),
            private_ip: claim.private_ip,
            subnet_cidr: String::new(),
            vpc_cidr: claim.vpc_cidr.clone(),
            mac: String::new(),
            private_dns_name: String::new(),
        },
        isolation: Isolation::Namespace,
        placed_at: START,
    });
    snapshot.put_environment(env, 1);
    snapshot.put_claim(claim);
}

#[test]
fn the_first_address_is_behind_the_reserved_ones() {
    let mut snapshot = Snapshot::default();
    snapshot.put_host(host("h1", "us-east-1a", 4096, 8192));
    snapshot.put_environment(request("t1", &[&subnets()[0]]), 1);
    let plan = plan(&mut snapshot, &config(), START);
    let seats = seats(&plan);
    assert_eq!(seats[0].private_ip.octets(), [172, 31, 0, 4]);
    assert_eq!((seats[0].host_id.as_str(), seats[0].isolation), ("h1", Isolation::Namespace));
}

#[test]
fn a_batch_gets_addresses_of_its_own_and_no_host_is_overfilled() {
    let mut snapshot = Snapshot::default();
    snapshot.put_host(host("h1", "us-east-1a", 1024, 8192));
    snapshot.put_host(host("h2", "us-east-1a", 8192, 1024));
    for n in 0..10 {
        snapshot.put_environment(request(&format!("t{n}"), &[&subnets()[0]]), 1);
    }
    let plan = plan(&mut snapshot, &config(), START);
    let seats = seats(&plan);
    // Four by h1's CPU, two by h2's memory.
    assert_eq!(seats.iter().filter(|s| s.host_id == "h1").count(), 4);
    assert_eq!(seats.iter().filter(|s| s.host_id == "h2").count(), 2);
    let addresses: HashSet<_> = seats.iter().map(|s| s.private_ip).collect();
    assert_eq!(addresses.len(), 6);
    assert_eq!(plan.wake_at, Some(START.plus_ms(CAPACITY_WAIT_MS)));
}

#[test]
fn hosts_in_the_asked_zone_come_first_and_the_emptiest_of_them() {
    let subnets = subnets();
    let mut snapshot = Snapshot::default();
    snapshot.put_host(host("a1", "us-east-1a", 4096, 8192));
    snapshot.put_host(host("b1", "us-east-1b", 4096, 8192));
    snapshot.put_host(host("b2", "us-east-1b", 4096, 8192));
    placed(&mut snapshot, "old", "b1", [172, 31, 16, 4], Desired::Running);
    snapshot.put_environment(request("t1", &[&subnets[1]]), 1);
    let first = plan(&mut snapshot, &config(), START);
    assert_eq!(seats(&first)[0].host_id, "b2");
    assert_eq!(seats(&first)[0].availability_zone, "us-east-1b");

    // Both zones asked for: the tasks are spread.
    let mut snapshot = Snapshot::default();
    snapshot.put_host(host("a1", "us-east-1a", 4096, 8192));
    snapshot.put_host(host("b1", "us-east-1b", 4096, 8192));
    for n in 0..4 {
        snapshot.put_environment(request(&format!("t{n}"), &[&subnets[0], &subnets[1]]), 1);
    }
    let spread = plan(&mut snapshot, &config(), START);
    for zone in ["us-east-1a", "us-east-1b"] {
        assert_eq!(seats(&spread).iter().filter(|s| s.availability_zone == zone).count(), 2, "{zone}");
    }
}

#[test]
fn one_machine_stands_for_every_zone() {
    let mut snapshot = Snapshot::default();
    snapshot.put_host(host("h1", "us-east-1a", 4096, 8192));
    snapshot.put_environment(request("t1", &[&subnets()[2]]), 1);
    // Any other well-formed id is the default network's too, and is shown as it was asked for.
    snapshot.put_environment(request("t2", &["subnet-00000000000000001"]), 1);
    let plan = plan(&mut snapshot, &config(), START);
    let seats = seats(&plan);
    assert_eq!(seats[0].availability_zone, "us-east-1c");
    assert_eq!(seats[1].subnet_id, "subnet-00000000000000001");
}

#[test]
fn an_address_given_back_is_not_the_next_one_given() {
    let mut snapshot = Snapshot::default();
    snapshot.put_host(host("h1", "us-east-1a", 4096, 8192));
    snapshot.put_environment(request("t1", &[&subnets()[0]]), 1);
    let first = seats(&plan(&mut snapshot, &config(), START))[0].private_ip;
    snapshot.remove_environment("t1");
    snapshot.put_environment(request("t2", &[&subnets()[0]]), 2);
    let second = seats(&plan(&mut snapshot, &config(), START))[0].private_ip;
    assert_eq!(u32::from(second), u32::from(first) + 1);
}

#[test]
fn a_full_subnet_gives_nothing() {
    let mut snapshot = Snapshot::default();
    let mut small = host("h1", "us-east-1a", 64_000, 64_000);
    small.vpc_cidr = "10.0.0.0/26".to_owned();
    snapshot.put_host(small);
    // A /28 has 16 addresses, five of them reserved.
    for n in 0..20 {
        snapshot.put_environment(request(&format!("t{n:02}"), &[&subnets()[0]]), 1);
    }
    let plan = plan(&mut snapshot, &config(), START);
    let got: HashSet<_> = seats(&plan).iter().map(|s| s.private_ip).collect();
    assert_eq!((got.len(), seats(&plan).len()), (11, 11));
}

#[test]
fn without_room_a_request_waits_and_is_then_refused() {
    let mut snapshot = Snapshot::default();
    snapshot.put_environment(request("t1", &[&subnets()[0]]), 1);
    let waiting = plan(&mut snapshot, &config(), START);
    assert_eq!(waiting, Plan { actions: Vec::new(), wake_at: Some(START.plus_ms(CAPACITY_WAIT_MS)) });
    let refused = plan(&mut snapshot, &config(), START.plus_ms(CAPACITY_WAIT_MS));
    assert_eq!(refused.actions, [Action::Refuse { sandbox_id: "t1".to_owned(), reason: NO_CAPACITY }]);

    // A host that comes in time takes it.
    let mut snapshot = Snapshot::default();
    snapshot.put_environment(request("t1", &[&subnets()[0]]), 1);
    plan(&mut snapshot, &config(), START);
    snapshot.put_host(host("h1", "us-east-1a", 256, 512));
    assert_eq!(seats(&plan(&mut snapshot, &config(), START)).len(), 1);
}

#[test]
fn no_task_is_promised_more_than_a_host_has() {
    let mut snapshot = Snapshot::default();
    snapshot.put_host(host("h1", "us-east-1a", 4096, 511));
    snapshot.put_environment(request("t1", &[&subnets()[0]]), 1);
    assert!(seats(&plan(&mut snapshot, &Config::default(), START)).is_empty());
}

#[test]
fn a_host_of_another_architecture_is_no_host() {
    for (wanted, has, fits) in
        [("ARM64", "x86_64", false), ("ARM64", "arm64", true), ("X86_64", "x86_64", true), ("", "arm64", true)]
    {
        let mut snapshot = Snapshot::default();
        let mut record = host("h1", "us-east-1a", 4096, 8192);
        record.architecture = has.to_owned();
        snapshot.put_host(record);
        let mut asked = request("t1", &[&subnets()[0]]);
        asked.architecture = wanted.to_owned();
        snapshot.put_environment(asked, 1);
        assert_eq!(!seats(&plan(&mut snapshot, &config(), START)).is_empty(), fits, "{wanted} on {has}");
    }
}

#[test]
fn stops_are_passed_on_once_and_gone_requests_are_taken_back() {
    let mut snapshot = Snapshot::default();
    snapshot.put_host(host("h1", "us-east-1a", 4096, 8192));
    placed(&mut snapshot, "t1", "h1", [172, 31, 0, 4], Desired::Stopped);
    let told = plan(&mut snapshot, &config(), START);
    assert_eq!(told.actions, [Action::SendStop { sandbox_id: "t1".to_owned(), host_id: "h1".to_owned() }]);
    snapshot.environments.get_mut("t1").expect("there").stop_sent = true;
    snapshot.dirty.insert("t1".to_owned());
    assert!(plan(&mut snapshot, &config(), START).actions.is_empty());
    snapshot.remove_environment("t1");
    let back = plan(&mut snapshot, &config(), START);
    assert_eq!(back.actions, [Action::Release { sandbox_id: "t1".to_owned() }]);
}

#[test]
fn a_request_stopped_before_it_was_placed_is_left_alone() {
    let mut snapshot = Snapshot::default();
    snapshot.put_host(host("h1", "us-east-1a", 4096, 8192));
    let mut stopped = request("t1", &[&subnets()[0]]);
    stopped.desired = Desired::Stopped;
    snapshot.put_environment(stopped, 1);
    assert!(plan(&mut snapshot, &config(), START.plus_ms(CAPACITY_WAIT_MS)).actions.is_empty());
}

#[test]
fn a_lost_host_keeps_its_tasks_for_a_while() {
    let mut snapshot = Snapshot::default();
    snapshot.put_host(host("h1", "us-east-1a", 4096, 8192));
    placed(&mut snapshot, "t1", "h1", [172, 31, 0, 4], Desired::Running);
    plan(&mut snapshot, &config(), START);
    snapshot.remove_host("h1", START);
    let waiting = plan(&mut snapshot, &config(), START);
    assert_eq!(waiting, Plan { actions: Vec::new(), wake_at: Some(START.plus_ms(HOST_GRACE_MS)) });
    // Back in time: nothing happened.
    snapshot.put_host(host("h1", "us-east-1a", 4096, 8192));
    assert!(plan(&mut snapshot, &config(), START.plus_ms(HOST_GRACE_MS)).actions.is_empty());
    snapshot.remove_host("h1", START);
    let given_up = plan(&mut snapshot, &config(), START.plus_ms(HOST_GRACE_MS));
    assert_eq!(given_up.actions, [Action::Refuse { sandbox_id: "t1".to_owned(), reason: HOST_LOST }]);
}

#[test]
fn the_grade_asked_for_is_given_or_nothing() {
    for (asked, has, given) in [
        (None, vec![Isolation::Namespace], Some(Isolation::Namespace)),
        (None, vec![Isolation::Namespace, Isolation::Microvm], Some(Isolation::Microvm)),
        (Some(Isolation::Namespace), vec![Isolation::Namespace, Isolation::Microvm], Some(Isolation::Namespace)),
        (Some(Isolation::Microvm), vec![Isolation::Namespace], None),
        (None, vec![], None),
    ] {
        let mut snapshot = Snapshot::default();
        let mut host = host("h1", "us-east-1a", 4096, 8192);
        host.isolation.clone_from(&has);
        snapshot.put_host(host);
        snapshot.put_environment(request("t1", &[&subnets()[0]]), 1);
        let plan = plan(&mut snapshot, &Config { isolation: asked, ..config() }, START);
        assert_eq!(seats(&plan).first().map(|s| s.isolation), given, "{asked:?} {has:?}");
    }
}

#[test]
fn only_what_changed_is_looked_at() {
    let mut snapshot = Snapshot::default();
    snapshot.put_host(host("h1", "us-east-1a", 256, 512));
    for n in 0..100 {
        snapshot.put_environment(request(&format!("t{n:03}"), &[&subnets()[0]]), 1);
    }
    assert_eq!(seats(&plan(&mut snapshot, &config(), START)).len(), 1);
    assert!(snapshot.dirty.is_empty() && !snapshot.retry_waiting);
    // Nothing new: nothing is planned again, whatever waits.
    assert!(plan(&mut snapshot, &config(), START).actions.is_empty());
}
