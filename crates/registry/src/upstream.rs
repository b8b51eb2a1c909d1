//! What the registry asks of whoever fetches images from registries elsewhere; the pull-through cache
//! implements it.

use async_trait::async_trait;
use gantry_base::Timestamp;
use gantry_blobs::Digest;
use http::StatusCode;

use crate::queue::Origin;
use crate::records::{RepositoryRecord, TagRecord};
use crate::{
    CacheRule, EncryptionRecord, Error, Found, Mutability, OciCode, PULL_THROUGH_CACHE, Reference, Registry,
    RegistryId, RepoId, ResolvedManifest, Result, TemplateRecord, keys,
};

/// How long a tag is served before upstream is asked whether it still is what it was (ECR: at least once
/// in 24 hours).
pub const REFRESH_MS: i64 = 24 * 3600 * 1000;

/// What is wrong with the registry elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamFault {
    /// It does not take the rule's credentials, or they cannot be read.
    Denied,
    /// It asks to come back later.
    Busy,
    /// It is not reached, or ails.
    Unreachable,
    /// What it sent is not what it said.
    Broken,
}

impl UpstreamFault {
    pub(crate) fn oci(self) -> (StatusCode, OciCode) {
        match self {
            Self::Denied => (StatusCode::FORBIDDEN, OciCode::Denied),
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, OciCode::TooManyRequests),
            Self::Unreachable | Self::Broken => (StatusCode::BAD_GATEWAY, OciCode::Unknown),
        }
    }
}

/// Why a rule's credentials cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CredentialFault {
    #[error(
        "The ARN of the secret specified in the pull through cache rule was not found. Update the pull through cache rule with a valid secret ARN and try again."
    )]
    NotFound,
    #[error("The secret is unable to be accessed. Verify the resource permissions for the secret and try again.")]
    Inaccessible,
    #[error("The secret is accessible but is unable to be decrypted. Verify the resource permissions and try again.")]
    Undecryptable,
    #[error(
        "The secret's value must be JSON with the keys `username` and `accessToken`. Update the secret and try again."
    )]
    Malformed,
}

/// Whether whoever pulls may have something fetched.
#[async_trait]
pub trait Permit: Send + Sync {
    /// Every action must be allowed on the repository. [`Error::Denied`].
    async fn permit(&self, repo: &RepoId, actions: &[&'static str]) -> Result<()>;
}

/// Fetches what cache rules promise.
#[async_trait]
pub trait Upstream: Send + Sync + 'static {
    /// To be asked before a manifest is answered that is not here, or whose tag is due for a check (`known`,
    /// see [`Registry::is_due`]). Returns upstream's manifest, whose import may be going on; `None`: answer
    /// with what is here.
    ///
    /// [`Error::ImageNotFound`], [`Error::Upstream`], [`Error::Denied`].
    async fn manifest(
        &self,
        repo: &RepoId,
        reference: &Reference,
        known: Option<&Found>,
        permit: &dyn Permit,
    ) -> Result<Option<ResolvedManifest>>;

    /// Brings a blob that is not here; false if no rule promises it.
    ///
    /// [`Error::BlobNotFound`], [`Error::Upstream`], [`Error::Denied`].
    async fn blob(&self, repo: &RepoId, digest: &Digest, permit: &dyn Permit) -> Result<bool>;

    /// Whether a secret holds credentials, and may be read for `registry`.
    async fn check_credentials(&self, registry: &RegistryId, secret_arn: &str) -> Result<(), CredentialFault>;

    /// Whether upstream lets us in by this rule; if not, why.
    async fn validate(&self, registry: &RegistryId, rule: &CacheRule) -> Result<(), String>;
}

impl Registry {
    /// Whether it is time to ask upstream about a tag that a cache rule brought.
    pub fn is_due(&self, found: &Found) -> bool {
        found.checked_at.is_some_and(|at| self.clock.now().since_ms(at) >= REFRESH_MS)
    }

    /// What [`Registry::resolve_for`] does, with upstream asked first where that is due.
    pub async fn resolve_through(
        &self,
        repo: &RepoId,
        reference: &Reference,
        caller: &str,
        upstream: &dyn Upstream,
        permit: &dyn Permit,
    ) -> Result<ResolvedManifest> {
        let found = self.find(repo, reference).await;
        let asked = match &found {
            Ok(known) if self.is_due(known) => upstream.manifest(repo, reference, Some(known), permit).await?,
            Err(Error::ImageNotFound { .. } | Error::RepositoryNotFound { .. }) => {
                upstream.manifest(repo, reference, None, permit).await?
            }
            _ => None,
        };
        match asked {
            Some(manifest) => Ok(manifest),
            None => self.resolve_found(repo, found?, caller).await,
        }
    }

    /// Brings a blob that is not here, where a rule promises it.
    pub async fn have_blob(
        &self,
        repo: &RepoId,
        digest: &Digest,
        upstream: &dyn Upstream,
        permit: &dyn Permit,
    ) -> Result<()> {
        match self.blob_size(repo, digest).await {
            Err(e @ (Error::BlobNotFound(_) | Error::RepositoryNotFound { .. })) => {
                if upstream.blob(repo, digest, permit).await? { Ok(()) } else { Err(e) }
            }
            other => other.map(drop),
        }
    }

    /// Upstream was asked, and a tag is still what it was.
    pub async fn note_checked(&self, repo: &RepoId, tag: &str, digest: &Digest) -> Result<()> {
        let now = self.clock.now();
        let key = keys::tag(repo, tag);
        let noted = self.store.update::<TagRecord, Error, _>(&key, |record| {
            // One that was pushed meanwhile is nobody's to check.
            let same = record.filter(|r| r.digest == *digest && r.checked_at.is_some());
            Ok(same.map(|record| TagRecord { checked_at: Some(now), ..record }))
        });
        noted.await.map(|_| ())
    }

    pub(crate) async fn tag_record(&self, repo: &RepoId, tag: &str) -> Result<Option<TagRecord>> {
        Ok(self.store.get_as::<TagRecord>(&keys::tag(repo, tag)).await?.map(|found| found.value))
    }

    pub(crate) fn checked_at(&self, origin: Origin) -> Option<Timestamp> {
        (origin == Origin::PullThrough).then(|| self.clock.now())
    }

    /// The repository for what a cache rule brings: there, or made by the template for it, or by ECR's
    /// defaults.
    pub async fn cache_repository(&self, repo: &RepoId) -> Result<RepositoryRecord> {
        match self.repository(repo).await {
            Err(Error::RepositoryNotFound { .. }) => {}
            other => return other.map(|found| found.value),
        }
        let now = self.clock.now();
        let template = self.template_for(repo, PULL_THROUGH_CACHE).await?.unwrap_or_else(|| TemplateRecord {
            prefix: String::new(),
            description: None,
            encryption: EncryptionRecord { kind: "AES256".to_owned(), kms_key: None },
            tags: Default::default(),
            mutability: Mutability::Mutable,
            exclusion_filters: Vec::new(),
            repository_policy: None,
            lifecycle_policy: None,
            applied_for: Vec::new(),
            custom_role_arn: None,
            created_at: now,
            updated_at: now,
        });
        match self.create_by_template(repo, template).await {
            // Another image of it came first.
            Ok(()) | Err(Error::RepositoryExists { .. }) => Ok(self.repository(repo).await?.value),
            Err(e) => Err(e),
        }
    }
}
