//! The pull-through cache's plugs: its credentials from Secrets Manager, and tasks that pull through it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use async_trait::async_trait;
use gantry_aws_wire::{Authority as _, Caller, CallerKind, Context};
use gantry_base::{SharedClock, SharedEntropy, uuid};
use gantry_ecr::EcrAccess;
use gantry_engine::{BlobSource, ImageRef, ImageSource, ManifestBytes, RegistryAuth};
use gantry_identity::Identity;
use gantry_pullthrough::PullThrough;
use gantry_registry::{Access as _, CredentialFault, Permit, Principal, Registry, RegistryId, RepoId, Upstream};
use gantry_secrets::Secrets;

use super::sources::{Sources, failed};

/// The role that AWS reads the cache's secrets with, and all that it may.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/slr-pullthroughcache.html>
const ROLE: &str = "AWSServiceRoleForECRPullThroughCache";
const ROLE_POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:*:*:secret:ecr-pullthroughcache/*","Condition":{"StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}}}]}"#;

pub fn open(
    registry: &Registry,
    secrets: Arc<Secrets>,
    (identity, access): (Identity, Arc<EcrAccess>),
    clock: SharedClock,
    entropy: SharedEntropy,
) -> Result<Arc<PullThrough>> {
    let tls = gantry_upstream::system_tls().context("read the host's certificates")?;
    Ok(Arc::new(PullThrough::new(gantry_pullthrough::Config {
        registry: registry.clone(),
        client: gantry_upstream::Client::new(tls, gantry_upstream::Options::default()),
        secrets: Arc::new(CacheSecrets { secrets, clock: clock.clone(), entropy }),
        roles: Arc::new(CacheRoles { identity, access }),
        clock,
    })))
}

/// Reads as the service-linked role would: the account's own secrets under `ecr-pullthroughcache/`, unless a
/// secret's policy denies it.
struct CacheSecrets {
    secrets: Arc<Secrets>,
    clock: SharedClock,
    entropy: SharedEntropy,
}

impl CacheSecrets {
    fn context(&self, registry: &RegistryId) -> Context {
        let account = &registry.account;
        Context {
            request_id: uuid(&*self.entropy),
            caller: Arc::new(Caller {
                arn: format!("arn:aws:sts::{account}:assumed-role/{ROLE}/ecr"),
                account: account.clone(),
                user_id: account.to_string(),
                // With a session policy, which is all that it can do.
                kind: CallerKind::Root,
                access_key_id: String::new(),
                session_context: Vec::new(),
                session_policies: vec![ROLE_POLICY.into()],
            }),
            account: account.clone(),
            region: registry.region.clone(),
            now: self.clock.now(),
            source_ip: Ipv4Addr::LOCALHOST.into(),
            user_agent: "pullthroughcache.ecr.amazonaws.com".to_owned(),
            secure_transport: true,
            host: String::new(),
        }
    }
}

#[async_trait]
impl gantry_pullthrough::Secrets for CacheSecrets {
    async fn text(&self, registry: &RegistryId, secret_arn: &str) -> Result<String, CredentialFault> {
        match self.secrets.value(&self.context(registry), secret_arn).await {
            Ok(value) => value.as_text().map(str::to_owned).ok_or(CredentialFault::Malformed),
            Err(e) => Err(match e.code.as_str() {
                "ResourceNotFoundException" => CredentialFault::NotFound,
                "DecryptionFailure" => CredentialFault::Undecryptable,
                _ => CredentialFault::Inaccessible,
            }),
        }
    }
}

/// Takes on a rule's role as ECR would, and asks whether that may pull.
struct CacheRoles {
    identity: Identity,
    access: Arc<EcrAccess>,
}

/// The service that a custom role must trust.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-private.html>
const SERVICE: &str = "pullthroughcache.ecr.amazonaws.com";
/// How long the role is taken on for: the decision alone.
const SESSION_SECS: i32 = 900;
const PULL: &[&str] = &["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

#[async_trait]
impl gantry_pullthrough::Roles for CacheRoles {
    async fn may_pull(&self, registry: &RegistryId, role_arn: Option<&str>, upstream: &RepoId) -> Result<(), String> {
        let Some(role) = role_arn else {
            if registry.account == upstream.registry.account {
                return Ok(());
            }
            return Err("the rule has no role to pull from another account with".to_owned());
        };
        let keys = self.identity.service_credentials(role, SERVICE, "ecr-pull-through-cache", SESSION_SECS);
        let keys = keys.map_err(|e| e.to_string())?;
        let proven = self.identity.credential(&keys.access_key_id, Some(&keys.session_token)).await;
        let caller = proven.map_err(|e| e.message)?.caller;
        let principal = self.access.principal(caller, upstream.registry.clone());
        self.access.authorize(&principal, upstream, PULL).await.map_err(|e| e.to_string())
    }
}

/// Who a task pulls as.
pub struct TaskPermit {
    pub access: Arc<EcrAccess>,
    /// `None`: a task without an execution role, pulling from its own account.
    pub principal: Option<Principal>,
}

#[async_trait]
impl Permit for TaskPermit {
    async fn permit(&self, repo: &RepoId, actions: &[&'static str]) -> gantry_registry::Result<()> {
        match &self.principal {
            Some(principal) => Ok(self.access.authorize(principal, repo, actions).await?),
            None => Ok(()),
        }
    }
}

/// The images of one task.
pub struct TaskSource {
    pub sources: Arc<Sources>,
    pub upstream: Arc<dyn Upstream>,
    pub permit: TaskPermit,
}

#[async_trait]
impl ImageSource for TaskSource {
    async fn resolve(&self, reference: &ImageRef, auth: Option<&RegistryAuth>) -> gantry_engine::Result<ManifestBytes> {
        let Some(image) = self.sources.local(reference) else { return self.sources.resolve(reference, auth).await };
        let registry = self.sources.registry();
        let found = registry.resolve_through(&image.repo, &image.reference, "", &*self.upstream, &self.permit).await;
        let found = found.map_err(|e| failed(reference, e))?;
        Ok(ManifestBytes { media_type: found.media_type, digest: found.digest.to_string(), bytes: found.bytes })
    }

    async fn open_blob(&self, reference: &ImageRef, digest: &str) -> gantry_engine::Result<BlobSource> {
        if let (Some(image), Ok(digest)) = (self.sources.local(reference), digest.parse()) {
            let brought = self.sources.registry().have_blob(&image.repo, &digest, &*self.upstream, &self.permit).await;
            brought.map_err(|e| failed(reference, e))?;
        }
        self.sources.open_blob(reference, digest).await
    }
}
