//! Who calls the registry's wire, and what they may do there.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gantry_aws_wire::{Authority, Caller, CallerKind, Context};
use gantry_base::{AccountId, SharedClock, SharedEntropy};
use gantry_blobs::Digest;
use gantry_registry::{Access, AccessError, Peer, Principal, Registry, RegistryId, RepoId};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST, USER_AGENT};

use crate::rules;
use crate::token::{TokenError, TokenKey};

/// Characters of an `Authorization` header that is looked at.
const MAX_AUTHORIZATION: usize = 96 * 1024;
/// ECR's words for a token past its 12 hours.
const EXPIRED: &str = "Your authorization token has expired. Reauthenticate and try again.";

/// Verifies tokens by their MAC, and has [`Authority`] decide anew at every request.
pub struct EcrAccess {
    registry: Registry,
    authority: Arc<dyn Authority>,
    key: TokenKey,
    clock: SharedClock,
    entropy: SharedEntropy,
}

/// What a [`Principal`] of ours carries.
struct Detail {
    caller: Arc<Caller>,
    peer: Peer,
    host: String,
    user_agent: String,
}

impl EcrAccess {
    pub fn new(
        registry: Registry,
        authority: Arc<dyn Authority>,
        key: TokenKey,
        clock: SharedClock,
        entropy: SharedEntropy,
    ) -> Self {
        Self { registry, authority, key, clock, entropy }
    }

    /// The principal of a caller that needs no token, being in this process: a task's execution role.
    pub fn principal(&self, caller: Arc<Caller>, registry: RegistryId) -> Principal {
        let peer = Peer { source_ip: std::net::Ipv4Addr::LOCALHOST.into(), secure_transport: true };
        let arn = caller.arn.clone();
        let detail = Detail { caller, peer, host: String::new(), user_agent: "gantry".to_owned() };
        Principal { arn, registry, detail: Arc::new(detail) }
    }

    fn caller(&self, headers: &HeaderMap) -> Result<(RegistryId, Arc<Caller>), AccessError> {
        let basic = basic_credentials(headers);
        let opened = match &basic {
            Some((user, password)) if user == "AWS" => self.key.open_login(password, self.clock.now()),
            _ => Err(TokenError::Forged),
        };
        match opened {
            Ok(found) => Ok(found),
            // With authorisation off anybody is let in; a 12-digit user name names the account.
            Err(_) if !self.authority.signatures_checked() => {
                let mut registry = self.registry.names().default.clone();
                if let Some(account) = basic.and_then(|(user, _)| user.parse::<AccountId>().ok()) {
                    registry.account = account;
                }
                let caller = root_of(&registry.account);
                Ok((registry, Arc::new(caller)))
            }
            Err(TokenError::Expired) => Err(AccessError::Denied(EXPIRED.to_owned())),
            Err(TokenError::Forged) => Err(AccessError::Unauthenticated),
        }
    }
}

fn root_of(account: &AccountId) -> Caller {
    Caller {
        arn: format!("arn:aws:iam::{account}:root"),
        account: account.clone(),
        user_id: account.to_string(),
        kind: CallerKind::Root,
        access_key_id: String::new(),
        session_context: Vec::new(),
        session_policies: Vec::new(),
    }
}

/// User and password of a Basic `Authorization` header (RFC 7617).
fn basic_credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok().filter(|t| t.len() <= MAX_AUTHORIZATION)?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = plain.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn header(headers: &HeaderMap, name: http::HeaderName) -> String {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

#[async_trait]
impl Access for EcrAccess {
    async fn authenticate(&self, headers: &HeaderMap, peer: &Peer) -> Result<Principal, AccessError> {
        let (registry, caller) = self.caller(headers)?;
        let (host, user_agent) = (header(headers, HOST), header(headers, USER_AGENT));
        let arn = caller.arn.clone();
        Ok(Principal { arn, registry, detail: Arc::new(Detail { caller, peer: *peer, host, user_agent }) })
    }

    async fn authorize(
        &self,
        principal: &Principal,
        repo: &RepoId,
        actions: &[&'static str],
    ) -> Result<(), AccessError> {
        let Some(detail) = principal.detail.downcast_ref::<Detail>() else {
            return Err(AccessError::Unauthenticated);
        };
        let failed = |e: gantry_registry::Error| AccessError::Failed(e.to_string());
        let known = rules::surroundings(&self.registry, repo).await.map_err(failed)?;
        let accesses: Vec<_> = actions.iter().map(|a| known.access(a, repo, &detail.caller.account)).collect();
        let context = Context {
            request_id: gantry_base::uuid(&*self.entropy),
            caller: Arc::clone(&detail.caller),
            account: repo.registry.account.clone(),
            region: repo.registry.region.clone(),
            now: self.clock.now(),
            source_ip: detail.peer.source_ip,
            user_agent: detail.user_agent.clone(),
            secure_transport: detail.peer.secure_transport,
            host: detail.host.clone(),
        };
        self.authority.authorize(&context, &accesses).await.map_err(|e| {
            if e.status >= 500 { AccessError::Failed(e.to_string()) } else { AccessError::Denied(e.message) }
        })
    }

    async fn redeem(&self, repository: &str, digest: &Digest, grant: &str) -> Result<RegistryId, AccessError> {
        self.key.open_download(repository, digest.as_str(), grant, self.clock.now()).map_err(|e| match e {
            TokenError::Forged => AccessError::Denied("The download URL is not valid.".to_owned()),
            TokenError::Expired => AccessError::Denied("The download URL has expired.".to_owned()),
        })
    }
}
