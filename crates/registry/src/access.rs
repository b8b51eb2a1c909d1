//! What the registry asks of whoever knows tokens and policies; the ECR service implements it.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use gantry_base::Timestamp;
use gantry_blobs::Digest;
use http::HeaderMap;

use crate::{RegistryId, RepoId, Scope};

/// The other end of the connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub source_ip: IpAddr,
    /// Whether the connection is TLS.
    pub secure_transport: bool,
}

/// Who calls, as a token proved it.
#[derive(Clone)]
pub struct Principal {
    pub arn: String,
    /// The registry the token was issued for: the one meant where the host names none.
    pub registry: RegistryId,
    /// What the [`Access`] needs to decide later; nobody else looks into it.
    pub detail: Arc<dyn Any + Send + Sync>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// No credentials, or none that are ours: answered with a challenge.
    #[error("Not Authorized")]
    Unauthenticated,
    /// Credentials that are none: answered with 400 and this message.
    #[error("{0}")]
    Invalid(String),
    /// Answered with 403 and this message.
    #[error("{0}")]
    Denied(String),
    #[error("failed to decide about access: {0}")]
    Failed(String),
}

/// A bearer token.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    pub token: String,
    pub expires: Timestamp,
}

#[async_trait]
pub trait Access: Send + Sync + 'static {
    async fn authenticate(&self, headers: &HeaderMap, peer: &Peer) -> Result<Principal, AccessError>;

    /// Every action must be allowed on the repository, which may not exist.
    async fn authorize(
        &self,
        principal: &Principal,
        repo: &RepoId,
        actions: &[&'static str],
    ) -> Result<(), AccessError>;

    /// A token that says the same of its bearer as the one that came, for `scopes` only where they are given.
    fn issue_token(&self, _: &Principal, _: Option<&[Scope]>) -> Result<IssuedToken, AccessError> {
        Err(AccessError::Denied("This registry gives out no bearer tokens.".to_owned()))
    }

    /// Every action must be allowed on the repository to the replication service that acts for the
    /// registry `source`; within one account it is.
    async fn authorize_replication(
        &self,
        source: &RegistryId,
        repo: &RepoId,
        actions: &[&'static str],
    ) -> Result<(), AccessError> {
        if source.account == repo.registry.account {
            return Ok(());
        }
        Err(AccessError::Denied(format!(
            "{} may not be asked of registry {}",
            actions.join(", "),
            repo.registry.account
        )))
    }

    /// Checks a download URL's `grant`, which stands for token and permission to get this one blob.
    async fn redeem(&self, repository: &str, digest: &Digest, grant: &str) -> Result<RegistryId, AccessError>;
}
