//! `/v2/`: the registry behind the one port.

use gantry_registry::{Peer as RegistryPeer, Wire};
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::listen::{Body, Peer};

pub struct RegistryEndpoint(Wire);

impl RegistryEndpoint {
    pub fn new(wire: Wire) -> Self {
        Self(wire)
    }

    pub async fn handle(&self, request: Request<Incoming>, peer: Peer) -> Response<Body> {
        let peer = RegistryPeer { source_ip: peer.address.ip(), secure_transport: peer.tls };
        self.0.handle(request, peer).await.map(|body| body.boxed_unsync())
    }
}
