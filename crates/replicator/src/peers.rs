//! Other Gantry servers: which regions are theirs, and how to be let in.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use gantry_base::{AccountId, Region, SharedClock, Timestamp};
use gantry_registry::{REPLICATION_SOURCE, RegistryId};
use gantry_sigv4::{Credentials, PayloadHash, RequestView, sign};
use gantry_upstream::{Basic, Client, Endpoint, Options, Remote, system_tls, tls_trusting};
use http::header::{HeaderName, HeaderValue};
use http::{Method, StatusCode};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::config::{Config, limits};
use crate::failure::{ACCESS_DENIED, Cure, Failure, UNAVAILABLE};

const TARGET: &str = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("peer {peer}: {reason}")]
    Peer { peer: String, reason: String },
    #[error("the region {region} is given to more than one peer")]
    Twice { region: Region },
}

/// What an operator says of a peer.
#[derive(Clone)]
pub struct PeerConfig {
    pub region: Region,
    /// Registries of the region that are the peer's; without it all of them.
    pub accounts: Option<Vec<AccountId>>,
    /// `https://host:port`; plain HTTP for loopback only.
    pub endpoint: String,
    /// The authorities (PEM) that the peer's certificate must come from; without it this host's.
    pub ca: Option<Vec<u8>>,
    pub access_key_id: String,
    pub secret_access_key: String,
}

impl std::fmt::Debug for PeerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PeerConfig")
            .field("region", &self.region)
            .field("endpoint", &self.endpoint)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// A peer that can be spoken to.
pub struct Peer {
    config: PeerConfig,
    endpoint: Endpoint,
    client: Client,
    credentials: Credentials,
    clock: SharedClock,
    /// Passwords by the registry's account, with their end.
    tokens: Mutex<HashMap<AccountId, (String, Timestamp)>>,
}

/// All peers of this server.
#[derive(Clone, Default)]
pub struct Peers(Arc<[Arc<Peer>]>);

impl Peers {
    pub fn new(configs: Vec<PeerConfig>, config: &Config, clock: &SharedClock) -> Result<Self, Error> {
        let mut peers: Vec<Arc<Peer>> = Vec::new();
        for peer in configs {
            let shared = |other: &Arc<Peer>| match (&other.config.accounts, &peer.accounts) {
                _ if other.config.region != peer.region => false,
                (Some(a), Some(b)) => a.iter().any(|id| b.contains(id)),
                _ => true,
            };
            if peers.iter().any(shared) {
                return Err(Error::Twice { region: peer.region });
            }
            peers.push(Arc::new(Peer::new(peer, config, clock.clone())?));
        }
        Ok(Self(peers.into()))
    }

    /// The peer that has a registry; `None` if it is this server's own.
    pub fn of(&self, registry: &RegistryId) -> Option<&Arc<Peer>> {
        self.0.iter().find(|p| {
            p.config.region == registry.region
                && p.config.accounts.as_ref().is_none_or(|all| all.contains(&registry.account))
        })
    }
}

impl Peer {
    fn new(config: PeerConfig, settings: &Config, clock: SharedClock) -> Result<Self, Error> {
        let failed = |e: gantry_upstream::Error| Error::Peer { peer: config.endpoint.clone(), reason: e.to_string() };
        let endpoint: Endpoint = config.endpoint.parse().map_err(failed)?;
        let tls = match &config.ca {
            Some(pem) => tls_trusting(pem),
            None => system_tls(),
        }
        .map_err(failed)?;
        let client = Client::new(tls, Options { chunk_bytes: settings.chunk_bytes, ..Options::default() });
        let credentials = Credentials {
            access_key_id: config.access_key_id.clone(),
            secret_access_key: config.secret_access_key.clone(),
            session_token: None,
        };
        Ok(Self { config, endpoint, client, credentials, clock, tokens: Mutex::default() })
    }

    /// A repository of one of the peer's registries, asked in the name of the registry `source`.
    pub(crate) async fn remote(
        &self,
        registry: &RegistryId,
        repository: &str,
        source: &RegistryId,
    ) -> Result<Remote, Failure> {
        let password = self.token(registry).await?;
        let from = HeaderValue::from_str(&format!("{}/{}", source.account, source.region))
            .map_err(|e| Failure::new(ACCESS_DENIED, Cure::None, e.to_string()))?;
        let remote = self.client.remote(self.endpoint.clone(), repository);
        let remote = remote.with_credentials(Basic::new("AWS", password));
        Ok(remote.with_header(HeaderName::from_static(REPLICATION_SOURCE), from))
    }

    /// Lets the next request get a new token.
    pub(crate) fn forget_token(&self, registry: &RegistryId) {
        self.tokens.lock().remove(&registry.account);
    }

    async fn token(&self, registry: &RegistryId) -> Result<String, Failure> {
        let now = self.clock.now();
        let kept = self.tokens.lock().get(&registry.account).cloned();
        if let Some((password, _)) = kept.filter(|(_, end)| end.since_ms(now) > limits::TOKEN_MARGIN_MS) {
            return Ok(password);
        }
        let body = Bytes::from(json!({ "registryIds": [registry.account.as_str()] }).to_string());
        let plain = [
            ("host", self.endpoint.authority()),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", TARGET),
        ];
        let view = RequestView { method: "POST", path: "/", query: "", headers: &plain };
        let region = self.config.region.as_str();
        let signed = sign(&view, PayloadHash::of(&body), &self.credentials, region, "ecr", now);
        let mut headers: Vec<(&str, &str)> = plain.to_vec();
        headers.extend(signed.headers.iter().map(|(n, v)| (n.as_ref(), v.as_ref())));
        let answer = self.client.exchange(&self.endpoint, Method::POST, "/", &headers, body, limits::MAX_TOKEN).await?;
        let json: Value = serde_json::from_slice(&answer.1).unwrap_or_default();
        if answer.0 != StatusCode::OK {
            return Err(refusal(answer.0, &json));
        }
        let broken = || Failure::new(UNAVAILABLE, Cure::Retry(None), "the peer's token cannot be read");
        let data = &json["authorizationData"][0];
        let login = data["authorizationToken"].as_str().and_then(|t| BASE64.decode(t).ok()).ok_or_else(broken)?;
        let login = String::from_utf8(login).map_err(|_| broken())?;
        let password = login.split_once(':').ok_or_else(broken)?.1.to_owned();
        let end = data["expiresAt"].as_f64().map_or(now, Timestamp::from_epoch_seconds);
        self.tokens.lock().insert(registry.account.clone(), (password.clone(), end));
        Ok(password)
    }
}

/// Why the peer gave no token. What is said of credentials does not pass of itself; the rest may.
fn refusal(status: StatusCode, json: &Value) -> Failure {
    let text = |name: &str| json[name].as_str().unwrap_or_default().chars().take(300).collect::<String>();
    let reason = format!("GetAuthorizationToken: {status} {} {}{}", text("__type"), text("message"), text("Message"));
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Failure::new(UNAVAILABLE, Cure::Retry(None), reason);
    }
    Failure::new(ACCESS_DENIED, Cure::None, reason)
}
