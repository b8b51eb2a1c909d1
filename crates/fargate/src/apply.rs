//! The reconciler's hands: each action is one transaction that holds only if what it was planned from
//! still does. Nothing here decides.

use gantry_agent_api::{Assignment, Desired, NetworkSpec, Placement, keys};
use gantry_base::{Entropy, Timestamp, hex_id};
use gantry_store::{Compare, Op, Store, Txn};

use crate::error::{Error, Result};
use crate::plan::{Action, Seat};
use crate::records::{AddressClaim, NetworkInterfaceRecord};
use crate::snapshot::{Environment, Snapshot};

/// A transaction made from the snapshot, ready to run without it.
#[derive(Debug)]
pub struct Step {
    pub sandbox_id: String,
    operation: &'static str,
    txn: Txn,
    /// What holds once the transaction has: told to the snapshot without waiting for the watch.
    pub effect: Effect,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    Claimed(Box<AddressClaim>, Box<gantry_agent_api::EnvironmentRequest>),
    Refused(Box<gantry_agent_api::EnvironmentRequest>),
    StopSent,
    Released,
}

/// `None` if the snapshot has moved on and there is nothing left to do.
pub async fn prepare(
    action: &Action,
    snapshot: &Snapshot,
    store: &Store,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<Option<Step>> {
    match action {
        Action::Place { sandbox_id, seat } => {
            snapshot.environments.get(sandbox_id).map(|env| place(env, seat, entropy, now)).transpose()
        }
        Action::Refuse { sandbox_id, reason } => {
            let claim = snapshot.claims.get(sandbox_id);
            snapshot.environments.get(sandbox_id).map(|env| refuse(env, claim, reason)).transpose()
        }
        Action::SendStop { sandbox_id, host_id } => send_stop(sandbox_id, host_id, store).await,
        Action::Release { sandbox_id } => Ok(snapshot.claims.get(sandbox_id).map(|claim| Step {
            sandbox_id: sandbox_id.clone(),
            operation: "take back",
            txn: take_back(Txn::new(), claim),
            effect: Effect::Released,
        })),
    }
}

/// Whether it took effect; if not, a newer state is on its way through the watches.
pub async fn run(step: &Step, store: &Store) -> Result<Option<gantry_store::Revision>> {
    let done = store.txn(step.txn.clone()).await.map_err(Error::store(step.operation, &step.sandbox_id))?;
    Ok(done.succeeded.then_some(done.revision))
}

fn place(env: &Environment, seat: &Seat, entropy: &dyn Entropy, now: Timestamp) -> Result<Step> {
    let request = &env.request;
    let network = network_spec(request, seat, entropy);
    let claim = AddressClaim {
        sandbox_id: request.sandbox_id.clone(),
        host_id: seat.host_id.clone(),
        account: request.account.clone(),
        region: request.region.clone(),
        eni_id: network.eni_id.clone(),
        private_ip: seat.private_ip,
        vpc_cidr: seat.vpc_cidr.clone(),
        cpu_units: request.spec.cpu_units,
        memory_mib: request.spec.memory_mib,
        availability_zone: seat.availability_zone.clone(),
        claimed_at: now,
    };
    let assignment = Assignment {
        sandbox_id: request.sandbox_id.clone(),
        host_id: seat.host_id.clone(),
        account: request.account.clone(),
        region: request.region.clone(),
        desired: request.desired,
        created_at: now,
        spec: request.spec.clone(),
        network: network.clone(),
        isolation: seat.isolation,
    };
    let interface =
        NetworkInterfaceRecord { network: network.clone(), sandbox_id: request.sandbox_id.clone(), created_at: now };
    let mut placed = request.clone();
    placed.placement =
        Some(Placement::Placed { host_id: seat.host_id.clone(), network, isolation: seat.isolation, placed_at: now });
    let env_key = keys::environment(&request.sandbox_id);
    let txn = Txn::new()
        .when(Compare::unchanged(env_key.clone(), env.mod_revision))
        .when(Compare::absent(claim.key()))
        .when(Compare::exists(keys::host(&seat.host_id)))
        .then(put(&env_key, &placed)?)
        .then(put(&keys::assignment(&seat.host_id, &request.sandbox_id), &assignment)?)
        .then(put(&claim.eni_key(), &interface)?)
        .then(put(&claim.key(), &claim)?);
    Ok(Step {
        sandbox_id: request.sandbox_id.clone(),
        operation: "place",
        txn,
        effect: Effect::Claimed(Box::new(claim), Box::new(placed)),
    })
}

fn network_spec(request: &gantry_agent_api::EnvironmentRequest, seat: &Seat, entropy: &dyn Entropy) -> NetworkSpec {
    let security_groups = if request.security_groups.is_empty() {
        vec![seat.default_security_group.clone()]
    } else {
        request.security_groups.clone()
    };
    let domain = if request.region.as_str() == "us-east-1" {
        "ec2.internal".to_owned()
    } else {
        format!("{}.compute.internal", request.region)
    };
    let [a, b, c, d] = seat.private_ip.octets();
    NetworkSpec {
        eni_id: format!("eni-{}", hex_id(entropy, 17)),
        attachment_id: gantry_base::uuid(entropy),
        subnet_id: seat.subnet_id.clone(),
        vpc_id: seat.vpc_id.clone(),
        availability_zone: seat.availability_zone.clone(),
        security_groups,
        private_ip: seat.private_ip,
        subnet_cidr: seat.subnet_cidr.clone(),
        vpc_cidr: seat.vpc_cidr.clone(),
        // Locally administered, and as unique as the address: no two interfaces of a VPC share one.
        mac: format!("02:{:02x}:{a:02x}:{b:02x}:{c:02x}:{d:02x}", fold(&seat.vpc_cidr)),
        private_dns_name: format!("ip-{a}-{b}-{c}-{d}.{domain}"),
    }
}

fn fold(text: &str) -> u8 {
    text.bytes().fold(0, |sum, b| sum.rotate_left(3) ^ b)
}

fn refuse(env: &Environment, claim: Option<&AddressClaim>, reason: &str) -> Result<Step> {
    let mut refused = env.request.clone();
    refused.placement = Some(Placement::Refused { reason: reason.to_owned() });
    let key = keys::environment(&refused.sandbox_id);
    let mut txn = Txn::new().when(Compare::unchanged(key.clone(), env.mod_revision)).then(put(&key, &refused)?);
    if let Some(claim) = claim {
        txn = take_back(txn, claim);
    }
    Ok(Step {
        sandbox_id: refused.sandbox_id.clone(),
        operation: "refuse",
        txn,
        effect: Effect::Refused(Box::new(refused)),
    })
}

fn take_back(txn: Txn, claim: &AddressClaim) -> Txn {
    txn.then(Op::delete(keys::assignment(&claim.host_id, &claim.sandbox_id)))
        .then(Op::delete(claim.eni_key()))
        .then(Op::delete(claim.key()))
}

async fn send_stop(sandbox_id: &str, host_id: &str, store: &Store) -> Result<Option<Step>> {
    let key = keys::assignment(host_id, sandbox_id);
    let read = store.get_as::<Assignment>(&key).await.map_err(Error::store("read", &key))?;
    let mut txn = Txn::new();
    if let Some(found) = read.filter(|found| found.value.desired != Desired::Stopped) {
        let stopped = Assignment { desired: Desired::Stopped, ..found.value };
        txn = txn.when(Compare::unchanged(key.clone(), found.mod_revision)).then(put(&key, &stopped)?);
    }
    Ok(Some(Step { sandbox_id: sandbox_id.to_owned(), operation: "stop", txn, effect: Effect::StopSent }))
}

fn put<T: serde::Serialize>(key: &str, value: &T) -> Result<Op> {
    Ok(Op::put(key.to_owned(), Store::encode(key, value).map_err(Error::store("encode", key))?))
}
