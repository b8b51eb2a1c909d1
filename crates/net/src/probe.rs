//! What this host can do, found out by doing it: in namespaces that are gone when the probe ends, so
//! that nothing on the host is touched.

use crate::nft::{Batch, Field, Hook, Nf, Nft, Rule};
use crate::rt::{self, Rt};
use crate::{Ipv4Net, Result, netns};

/// One thing that the network needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub name: &'static str,
    pub ok: bool,
    /// What was found, for a reader.
    pub detail: String,
    /// What to do about it; empty where all is well.
    pub mend: &'static str,
}

fn check(name: &'static str, mend: &'static str, found: Result<String>) -> Check {
    match found {
        Ok(detail) => Check { name, ok: true, detail, mend: "" },
        Err(error) => Check { name, ok: false, detail: error.to_string(), mend },
    }
}

/// Runs in a namespace of its own, on a thread that ends with it.
fn in_scratch(work: fn() -> Result<String>) -> Result<String> {
    netns::on_own_thread("a probe", move || {
        netns::enter_new("a probe")?;
        work()
    })
}

fn bridge() -> Result<String> {
    Rt::open()?.send("make", "a bridge", vec![rt::new_bridge("probe0", [2, 0, 0, 0, 0, 1], 1500)], &[])?;
    Ok("a bridge can be made".to_owned())
}

fn veth() -> Result<String> {
    Rt::open()?.send("make", "a veth pair", vec![rt::new_veth("probe0", "probe1", 1500, None)], &[])?;
    Ok("a veth pair can be made".to_owned())
}

fn nat() -> Result<String> {
    let net = Ipv4Net::around([10, 0, 0, 0].into(), 8).unwrap_or(crate::rules::link_local());
    let batch = Batch::new()
        .fresh_table(Nf::Ipv4, "probe")
        .base_chain(Nf::Ipv4, "probe", "post", "nat", Hook::Postrouting, 100)
        .rule(Nf::Ipv4, "probe", "post", Rule::new().within(Field::Source, net).masquerade())
        .base_chain(Nf::Ipv4, "probe", "forward", "filter", Hook::Forward, 0)
        .rule(Nf::Ipv4, "probe", "forward", Rule::new().established().accept());
    Nft::open()?.commit("install", "a masquerading rule", batch, &[])?;
    Ok("rules with masquerading and connection tracking can be installed".to_owned())
}

fn endpoints() -> Result<String> {
    crate::endpoints::redirect()?;
    Ok("connections to a sandbox's endpoints can be redirected".to_owned())
}

fn bridge_filter() -> Result<String> {
    let (key_bytes, key_type) = crate::nft::PORT_KEY;
    let batch = Batch::new()
        .fresh_table(Nf::Bridge, "probe")
        .set(Nf::Bridge, "probe", "ports", 1, key_type, key_bytes)
        .base_chain(Nf::Bridge, "probe", "pre", "filter", Hook::Prerouting, -300)
        .rule(Nf::Bridge, "probe", "pre", Rule::new().port_in("ports", 1, 12).accept());
    Nft::open()?.commit("install", "a bridge rule", batch, &[])?;
    Ok("bridge rules with sets can be installed".to_owned())
}

/// Other programs' rules on the host that would drop what sandboxes send and get.
fn forwarding() -> Result<String> {
    let forward = Hook::Forward as u32;
    // 1: inet, 2: IPv4.
    let drops = |c: &crate::nft::BaseChain| c.drops && c.hook == forward && [1, 2].contains(&c.family);
    match Nft::open()?.base_chains()?.into_iter().find(drops) {
        None => Ok("no other program's rules drop forwarded packets by default".to_owned()),
        Some(chain) => {
            let subject = format!("packets of sandboxes: chain {} of table {} drops them", chain.name, chain.table);
            Err(crate::Error::kernel("forward", subject, std::io::ErrorKind::PermissionDenied.into()))
        }
    }
}

fn settings() -> Result<String> {
    let path = "/proc/sys/net/ipv4/ip_forward";
    let value = std::fs::read_to_string(path).map_err(|e| crate::Error::file("read", path, e))?;
    Ok(format!("ip_forward is {} and is switched on when a network opens", value.trim()))
}

/// Tries everything that a network needs. Blocks for some tens of milliseconds.
pub fn probe() -> Vec<Check> {
    const ROOT: &str = "run as root (CAP_NET_ADMIN and CAP_SYS_ADMIN)";
    let namespace = in_scratch(|| Ok("a network namespace can be made".to_owned()));
    vec![
        check("network namespaces", ROOT, namespace),
        check("bridge", "load or build in the kernel module `bridge`", in_scratch(bridge)),
        check("veth", "load or build in the kernel module `veth`", in_scratch(veth)),
        check(
            "nf_tables NAT",
            "load or build in `nf_tables`, `nft_masq`, `nft_ct` and `nft_chain_nat`",
            in_scratch(nat),
        ),
        check(
            "nf_tables redirection",
            "load or build in `nf_tables`, `nft_nat` and `nft_chain_nat`",
            in_scratch(endpoints),
        ),
        check("nf_tables bridge", "load or build in `nf_tables` with bridge support", in_scratch(bridge_filter)),
        check("forwarding settings", "mount /proc with /proc/sys/net", settings()),
        check(
            "forwarding rules",
            "let the bridge through, for example: iptables -I DOCKER-USER -i gt+ -j ACCEPT; iptables -I DOCKER-USER -o gt+ -j ACCEPT",
            forwarding(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_failed_check_has_a_mend() {
        for check in super::probe() {
            eprintln!("{check:?}");
            assert_eq!(check.ok, check.mend.is_empty());
        }
    }
}
