//! The cache as the registry asks it: who may have what fetched, and who waits for whom.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use gantry_base::{SharedClock, Timestamp};
use gantry_blobs::Digest;
use gantry_registry::{
    CacheRule, CredentialFault, Error, Found, MatchedRule, Permit, Reference, Registry, RegistryHost, RegistryId,
    RepoId, ResolvedManifest, Result, Upstream, UpstreamFault,
};
use gantry_upstream::{Basic, Client, Endpoint};
use parking_lot::Mutex;
use tokio::sync::Semaphore;

use crate::credentials::{Roles, Secrets, read_credentials};
use crate::fault::Fault;
use crate::fetch::Told;
use crate::flight::{Flights, outcome};
use crate::source::Source;

/// What the cache will not exceed.
pub mod limits {
    use std::time::Duration;

    /// Images, and blobs, in flight at once.
    pub const MAX_FLIGHTS: usize = 1024;
    /// Blobs that are being downloaded at once; others wait.
    pub const MAX_DOWNLOADS: usize = 16;
    /// Blobs of one image that are asked for at once.
    pub const BLOBS_AT_ONCE: usize = 3;
    /// How long a pull waits for upstream to say whether a cached tag is still right.
    pub const REFRESH_PATIENCE: Duration = Duration::from_secs(10);
    /// How long after a check that failed the next is made.
    pub const RETRY_MS: i64 = 5 * 60 * 1000;
    /// Failed checks that are remembered.
    pub const MAX_FAILURES: usize = 4096;
}

/// ECR's name for itself as an upstream.
const ECR: &str = "ecr";
/// What pulling an image that is not here asks for, beside pulling.
const IMPORT: &[&str] = &["ecr:BatchImportUpstreamImage"];
/// What it asks for where the repository is not here either.
const IMPORT_ANEW: &[&str] = &["ecr:CreateRepository", "ecr:BatchImportUpstreamImage"];

pub struct Config {
    pub registry: Registry,
    pub client: Client,
    pub secrets: Arc<dyn Secrets>,
    pub roles: Arc<dyn Roles>,
    pub clock: SharedClock,
}

/// The cache. Cheap to clone.
#[derive(Clone)]
pub struct PullThrough(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) registry: Registry,
    client: Client,
    secrets: Arc<dyn Secrets>,
    roles: Arc<dyn Roles>,
    clock: SharedClock,
    /// By repository, and tag or digest.
    manifests: Flights<(RepoId, String), Told>,
    pub(crate) blobs: Flights<(RepoId, Digest), Result<(), Fault>>,
    pub(crate) downloads: Semaphore,
    /// When checks of cached tags failed.
    failures: Mutex<HashMap<(RepoId, String), Timestamp>>,
}

impl PullThrough {
    pub fn new(config: Config) -> Self {
        Self(Arc::new(Inner {
            registry: config.registry,
            client: config.client,
            secrets: config.secrets,
            roles: config.roles,
            clock: config.clock,
            manifests: Flights::new(limits::MAX_FLIGHTS),
            blobs: Flights::new(limits::MAX_FLIGHTS),
            downloads: Semaphore::new(limits::MAX_DOWNLOADS),
            failures: Mutex::default(),
        }))
    }

    /// What upstream says, once for all who ask.
    async fn ask(&self, repo: &RepoId, reference: &Reference, matched: MatchedRule) -> Told {
        let key = (repo.clone(), reference.to_string());
        let flight = self
            .0
            .manifests
            .join(key, |landing| Arc::clone(&self.0).import(repo.clone(), reference.clone(), matched, landing));
        let told = outcome(flight.map_err(|_| Fault::Full)?).await;
        told.unwrap_or_else(|| Err(Fault::Local("an import ended without an outcome".to_owned())))
    }

    /// What is cached is served, whatever comes of the check.
    async fn refresh(
        &self,
        repo: &RepoId,
        reference: &Reference,
        matched: MatchedRule,
        permit: &dyn Permit,
    ) -> Option<ResolvedManifest> {
        if self.0.failed_lately(repo, reference) || permit.permit(repo, IMPORT).await.is_err() {
            return None;
        }
        let asked = tokio::time::timeout(limits::REFRESH_PATIENCE, self.ask(repo, reference, matched)).await;
        asked.ok()?.ok()?
    }
}

impl Inner {
    async fn credentials(&self, registry: &RegistryId, arn: &str) -> Result<Basic, CredentialFault> {
        read_credentials(&self.secrets.text(registry, arn).await?)
    }

    pub(crate) async fn source(&self, registry: &RegistryId, matched: &MatchedRule) -> Result<Source, Fault> {
        let rule = &matched.rule;
        let endpoint: Endpoint = rule.upstream_url.parse()?;
        let upstream = RegistryHost::parse(endpoint.authority(), self.registry.names());
        if rule.upstream_registry.as_deref() == Some(ECR) && upstream.named {
            // Every registry of ECR's is one of this server's.
            let repo = RepoId::new(upstream.registry, matched.upstream_name.clone());
            let may = self.roles.may_pull(registry, rule.custom_role_arn.as_deref(), &repo).await;
            may.map_err(|reason| Fault::Upstream { fault: UpstreamFault::Denied, reason })?;
            return Ok(Source::Here { registry: self.registry.clone(), repo });
        }
        let credentials = match &rule.credential_arn {
            Some(arn) => Some(self.credentials(registry, arn).await.map_err(Fault::Credentials)?),
            None => None,
        };
        let remote = self.client.remote(endpoint, matched.upstream_name.clone());
        Ok(Source::Elsewhere(remote.with_credentials(credentials)))
    }

    pub(crate) fn note_failure(&self, repo: &RepoId, reference: &Reference) {
        let mut failures = self.failures.lock();
        if failures.len() >= limits::MAX_FAILURES {
            failures.clear();
        }
        failures.insert((repo.clone(), reference.to_string()), self.clock.now());
    }

    fn failed_lately(&self, repo: &RepoId, reference: &Reference) -> bool {
        let failed = self.failures.lock().get(&(repo.clone(), reference.to_string())).copied();
        failed.is_some_and(|at| self.clock.now().since_ms(at) < limits::RETRY_MS)
    }
}

#[async_trait]
impl Upstream for PullThrough {
    async fn manifest(
        &self,
        repo: &RepoId,
        reference: &Reference,
        known: Option<&Found>,
        permit: &dyn Permit,
    ) -> Result<Option<ResolvedManifest>> {
        let Some(matched) = self.0.registry.cache_rule_for(repo).await? else { return Ok(None) };
        if known.is_some() {
            return Ok(self.refresh(repo, reference, matched, permit).await);
        }
        let actions = match self.0.registry.repository(repo).await {
            Ok(_) => IMPORT,
            Err(Error::RepositoryNotFound { .. }) => IMPORT_ANEW,
            Err(e) => return Err(e),
        };
        permit.permit(repo, actions).await?;
        match self.ask(repo, reference, matched).await {
            Ok(Some(manifest)) => Ok(Some(manifest)),
            // Another import ended just before: it is here now.
            Ok(None) => self.0.registry.resolve(repo, reference).await.map(Some),
            Err(fault) => Err(fault.about(repo, &reference.to_string())),
        }
    }

    async fn blob(&self, repo: &RepoId, digest: &Digest, permit: &dyn Permit) -> Result<bool> {
        let Some(matched) = self.0.registry.cache_rule_for(repo).await? else { return Ok(false) };
        // A repository is made by the pull of a manifest.
        match self.0.registry.repository(repo).await {
            Ok(_) => {}
            Err(Error::RepositoryNotFound { .. }) => return Ok(false),
            Err(e) => return Err(e),
        }
        permit.permit(repo, IMPORT).await?;
        let fetched = match self.0.source(&repo.registry, &matched).await {
            Ok(source) => self.0.have_blob(repo.clone(), digest.clone(), source).await,
            Err(fault) => Err(fault),
        };
        match fetched {
            Ok(()) => Ok(true),
            Err(Fault::NotFound) => Err(Error::BlobNotFound(digest.clone())),
            Err(fault) => Err(fault.about(repo, digest.as_str())),
        }
    }

    async fn check_credentials(&self, registry: &RegistryId, secret_arn: &str) -> Result<(), CredentialFault> {
        self.0.credentials(registry, secret_arn).await.map(drop)
    }

    async fn validate(&self, registry: &RegistryId, rule: &CacheRule) -> Result<(), String> {
        // Of a registry elsewhere its front door is asked; of one here, whether all of it may be pulled from.
        let is_here = rule.upstream_registry.as_deref() == Some(ECR);
        let upstream_name = if is_here { "*" } else { "" }.to_owned();
        let matched = MatchedRule { rule: rule.clone(), upstream_name };
        let asked = match self.0.source(registry, &matched).await {
            Ok(source) => source.ping().await,
            Err(fault) => Err(fault),
        };
        asked.map_err(|fault| fault.to_string())
    }
}
