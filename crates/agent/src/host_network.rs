//! [`Networking`] by this host's own bridge, namespaces and resolvers: `gantry-net`.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::sync::Arc;

use async_trait::async_trait;
use gantry_agent_api::NetworkSpec;
use gantry_net::dns::{Answer, DnsServer, Kind, Names, Record, RecordData, Upstreams, VpcNames};
use gantry_net::{AttachRequest, Error, Ipv4Net, Network, SubnetExt};

use crate::environment::{DNS_ADDRESS, METADATA_ADDRESS};
use crate::runtime::{Attached, Networking, RuntimeError, RuntimeResult};

/// How long a task's own names may be kept by its resolver.
const NAME_TTL_SECS: u32 = 60;

/// Sandboxes on this host's network.
pub struct HostNetworking {
    network: Arc<Network>,
    upstreams: Arc<Upstreams>,
    region: String,
}

impl HostNetworking {
    /// `region` decides what the VPC's names look like.
    pub fn new(network: Arc<Network>, upstreams: Arc<Upstreams>, region: impl Into<String>) -> Self {
        Self { network, upstreams, region: region.into() }
    }
}

fn refused(error: Error) -> RuntimeError {
    let not_found = matches!(error, Error::NotAttached(_));
    let retryable = matches!(error, Error::Kernel { .. } | Error::File { .. } | Error::Thread { .. });
    RuntimeError { message: error.to_string(), retryable, not_found }
}

fn mac(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next().filter(|p| p.len() == 2)?, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}

#[async_trait]
impl Networking for HostNetworking {
    async fn attach(&self, sandbox_id: &str, spec: &NetworkSpec) -> RuntimeResult<Attached> {
        let wrong = |what: &str, value: &str| RuntimeError::new(format!("`{value}` is not a {what}"));
        let subnet: Ipv4Net = spec.subnet_cidr.parse().map_err(|_| wrong("subnet's CIDR", &spec.subnet_cidr))?;
        let request = AttachRequest {
            sandbox_id: sandbox_id.to_owned(),
            address: spec.private_ip,
            mac: mac(&spec.mac).ok_or_else(|| wrong("MAC", &spec.mac))?,
            prefix_len: subnet.prefix(),
            gateway: subnet.router(),
            hostname: spec.private_dns_name.clone(),
            link_local: vec![METADATA_ADDRESS, DNS_ADDRESS],
        };
        let made = self.network.attach(request).await.map_err(refused)?;
        Ok(Attached { netns: Some(made.netns), gateway: made.gateway, prefix_len: made.prefix_len })
    }

    async fn detach(&self, sandbox_id: &str) -> RuntimeResult<()> {
        self.network.detach(sandbox_id).await.map_err(refused)
    }

    async fn attached(&self) -> RuntimeResult<Vec<String>> {
        Ok(self.network.recover().into_iter().map(|a| a.sandbox_id).collect())
    }

    async fn listen_tcp(&self, sandbox_id: &str, at: SocketAddrV4) -> RuntimeResult<tokio::net::TcpListener> {
        self.network.listen_tcp(sandbox_id, SocketAddr::V4(at)).await.map_err(refused)
    }

    async fn serve_dns(
        &self,
        sandbox_id: &str,
        at: SocketAddrV4,
        names: Vec<(String, Ipv4Addr)>,
    ) -> RuntimeResult<Box<dyn std::any::Any + Send + Sync>> {
        let at = SocketAddr::V4(at);
        let udp = self.network.bind_udp(sandbox_id, at).await.map_err(refused)?;
        let tcp = self.network.listen_tcp(sandbox_id, at).await.map_err(refused)?;
        let vpc = VpcNames { vpc: self.network.vpc(), region: self.region.clone() };
        let names = Arc::new(TaskNames { own: names, vpc });
        Ok(Box::new(DnsServer::serve(udp, tcp, names, self.upstreams.clone())))
    }
}

/// The task's own names, then those of the VPC.
struct TaskNames {
    own: Vec<(String, Ipv4Addr)>,
    vpc: VpcNames,
}

impl Names for TaskNames {
    fn lookup(&self, name: &str, kind: Kind) -> Answer {
        match self.own.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, address)) if kind == Kind::A => {
                Answer::Records(vec![Record { ttl_secs: NAME_TTL_SECS, data: RecordData::A(*address) }])
            }
            Some(_) => Answer::Records(Vec::new()),
            None => self.vpc.lookup(name, kind),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_are_read() {
        assert_eq!(mac("02:67:ac:1f:00:04"), Some([2, 0x67, 0xac, 0x1f, 0, 4]));
        for bad in ["", "02:67:ac:1f:00", "02:67:ac:1f:00:04:05", "2:67:ac:1f:0:4", "zz:67:ac:1f:00:04"] {
            assert_eq!(mac(bad), None, "{bad}");
        }
    }
}
