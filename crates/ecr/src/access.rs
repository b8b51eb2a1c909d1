//! Who calls the registry's wire, and what they may do there.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use gantry_aws_wire::{Authority, Caller, CallerKind, Context};
use gantry_base::{AccountId, SharedClock, Timestamp};
use gantry_blobs::Digest;
use gantry_registry::{Access, AccessError, IssuedToken, Peer, Principal, Registry, RegistryId, RepoId, Scope};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HOST, USER_AGENT};

use crate::rules;
use crate::token::{Opened, TokenError, TokenKey};

/// Characters of an `Authorization` header that is looked at.
const MAX_AUTHORIZATION: usize = 96 * 1024;
/// ECR's words for a password that is no token.
const INVALID: &str = "Your Authorization Token is invalid.";
/// ECR's words for a token past its 12 hours.
const EXPIRED: &str = "Your authorization token has expired. Reauthenticate and try again.";

/// How long a bearer token of the token endpoint holds, or as long as what it was made from if that is less.
const BEARER_LIFETIME_MS: i64 = 3600 * 1000;
/// ECR's only user name.
const USER: &str = "AWS";

/// Verifies tokens by their MAC, and has [`Authority`] decide anew at every request.
pub struct EcrAccess {
    registry: Registry,
    authority: Arc<dyn Authority>,
    key: TokenKey,
    clock: SharedClock,
}

/// What a [`Principal`] of ours carries.
struct Detail {
    caller: Arc<Caller>,
    peer: Peer,
    host: String,
    user_agent: String,
    /// What a bearer token is narrowed to.
    scopes: Option<Arc<[Scope]>>,
    expires: Timestamp,
}

impl EcrAccess {
    pub fn new(registry: Registry, authority: Arc<dyn Authority>, key: TokenKey, clock: SharedClock) -> Self {
        Self { registry, authority, key, clock }
    }

    /// The principal of a caller that needs no token, being in this process: a task's execution role.
    pub fn principal(&self, caller: Arc<Caller>, registry: RegistryId) -> Principal {
        let peer = Peer { source_ip: std::net::Ipv4Addr::LOCALHOST.into(), secure_transport: true };
        let arn = caller.arn.clone();
        let user_agent = "gantry".to_owned();
        let expires = self.clock.now().plus_ms(BEARER_LIFETIME_MS);
        let detail = Detail { caller, peer, host: String::new(), user_agent, scopes: None, expires };
        Principal { arn, registry, detail: Arc::new(detail) }
    }

    fn caller(&self, headers: &HeaderMap) -> Result<Opened, AccessError> {
        let given = Credentials::read(headers);
        let now = self.clock.now();
        let opened = match &given {
            Some(Credentials { user: Some(user), .. }) if user != USER => Err(TokenError::Forged),
            Some(Credentials { secret, .. }) => self.key.open_login(secret, now),
            None => Err(TokenError::Forged),
        };
        match opened {
            Ok(found) => Ok(found),
            // With authorisation off anybody is let in; a 12-digit user name names the account.
            Err(_) if !self.authority.signatures_checked() => {
                let mut registry = self.registry.names().default.clone();
                let user = given.as_ref().and_then(|g| g.user.as_ref());
                if let Some(account) = user.and_then(|u| u.parse::<AccountId>().ok()) {
                    registry.account = account;
                }
                let caller = Arc::new(root_of(&registry.account));
                Ok(Opened { registry, caller, scopes: None, expires: now.plus_ms(BEARER_LIFETIME_MS) })
            }
            Err(TokenError::Expired) => Err(AccessError::Denied(EXPIRED.to_owned())),
            // As ECR: who brings a password that is none of its own is told so, and everybody else is challenged.
            Err(TokenError::Forged) if given.is_some_and(|g| g.user.is_some() && !g.secret.is_empty()) => {
                Err(AccessError::Invalid(INVALID.to_owned()))
            }
            Err(TokenError::Forged) => Err(AccessError::Unauthenticated),
        }
    }
}

/// What an `Authorization` header brings.
struct Credentials {
    /// `None` with a bearer token.
    user: Option<String>,
    secret: String,
}

impl Credentials {
    /// Basic (RFC 7617) or Bearer (RFC 6750). A bearer may bring GetAuthorizationToken's `authorizationToken`
    /// as it is, which has user and password in it.
    fn read(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(AUTHORIZATION)?.to_str().ok().filter(|t| t.len() <= MAX_AUTHORIZATION)?;
        let (scheme, value) = text.split_once(' ')?;
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("basic") {
            return Self::pair(value);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        // Ours has a point, base64 never.
        if value.contains('.') { Some(Self { user: None, secret: value.to_owned() }) } else { Self::pair(value) }
    }

    fn pair(encoded: &str) -> Option<Self> {
        let plain = String::from_utf8(BASE64.decode(encoded).ok()?).ok()?;
        let (user, secret) = plain.split_once(':')?;
        Some(Self { user: Some(user.to_owned()), secret: secret.to_owned() })
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

fn header(headers: &HeaderMap, name: http::HeaderName) -> String {
    headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

#[async_trait]
impl Access for EcrAccess {
    async fn authenticate(&self, headers: &HeaderMap, peer: &Peer) -> Result<Principal, AccessError> {
        let Opened { registry, caller, scopes, expires } = self.caller(headers)?;
        let (host, user_agent) = (header(headers, HOST), header(headers, USER_AGENT));
        let arn = caller.arn.clone();
        let detail = Detail { caller, peer: *peer, host, user_agent, scopes, expires };
        Ok(Principal { arn, registry, detail: Arc::new(detail) })
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
        if let Some(scopes) = &detail.scopes
            && let Some(action) = actions.iter().find(|a| !scopes.iter().any(|s| s.covers(&repo.name, a)))
        {
            return Err(AccessError::Denied(format!(
                "insufficient_scope: the bearer token is not for {action} on repository/{}",
                repo.name
            )));
        }
        let failed = |e: gantry_registry::Error| AccessError::Failed(e.to_string());
        let known = rules::surroundings(&self.registry, repo).await.map_err(failed)?;
        let accesses: Vec<_> = actions.iter().map(|a| known.access(a, repo, &detail.caller.account)).collect();
        let context = Context {
            // OCI Distribution has no request ids.
            request_id: String::new(),
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

    async fn authorize_replication(
        &self,
        source: &RegistryId,
        repo: &RepoId,
        actions: &[&'static str],
    ) -> Result<(), AccessError> {
        if source.account == repo.registry.account {
            return Ok(());
        }
        // Policies name the source account, for which the service acts there.
        let service = self.principal(Arc::new(root_of(&source.account)), source.clone());
        self.authorize(&service, repo, actions).await
    }

    fn issue_token(&self, principal: &Principal, scopes: Option<&[Scope]>) -> Result<IssuedToken, AccessError> {
        let detail = principal.detail.downcast_ref::<Detail>().ok_or(AccessError::Unauthenticated)?;
        // A token never says more than the one it was made from, and never for longer.
        let scopes = match (scopes, &detail.scopes) {
            (Some(asked), Some(had)) => Some(asked.iter().map(|s| s.narrowed(had)).collect()),
            (Some(asked), None) => Some(asked.to_vec()),
            (None, had) => had.as_ref().map(|had| had.to_vec()),
        };
        let expires = detail.expires.min(self.clock.now().plus_ms(BEARER_LIFETIME_MS));
        let made = self.key.bearer(&principal.registry, &detail.caller, scopes, expires);
        let token = made.map_err(|e| AccessError::Failed(format!("failed to make a token: {e}")))?;
        Ok(IssuedToken { token, expires })
    }

    async fn redeem(&self, repository: &str, digest: &Digest, grant: &str) -> Result<RegistryId, AccessError> {
        self.key.open_download(repository, digest.as_str(), grant, self.clock.now()).map_err(|e| match e {
            TokenError::Forged => AccessError::Denied("The download URL is not valid.".to_owned()),
            TokenError::Expired => AccessError::Denied("The download URL has expired.".to_owned()),
        })
    }
}
