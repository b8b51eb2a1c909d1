//! Where the engine's images come from: our own registry by file handle, others over their protocol.

use std::sync::Arc;

use async_trait::async_trait;
use gantry_agent::{Images, PullRequest, RuntimeError, RuntimeResult};
use gantry_agent_api::CredentialSource as _;
use gantry_aws_wire::Authority as _;
use gantry_ecr::EcrAccess;
use gantry_engine::{BlobSource, Error, ImageRef, ImageSource, ManifestBytes, PullFailure, RegistryAuth, Result};
use gantry_identity::Identity;
use gantry_registry::{Access as _, LocalImage, Principal, Registry, Upstream, resolve_image_ref};

use super::pull_through::{TaskPermit, TaskSource};

/// Resolves `localhost:<port>/…` and `<account>.dkr.ecr.<region>.…/…` here, all else elsewhere.
pub struct Sources {
    registry: Registry,
    elsewhere: Arc<dyn ImageSource>,
}

impl Sources {
    pub fn new(registry: Registry, elsewhere: Arc<dyn ImageSource>) -> Self {
        Self { registry, elsewhere }
    }

    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(super) fn local(&self, reference: &ImageRef) -> Option<LocalImage> {
        resolve_image_ref(&reference.to_string(), self.registry.names())
    }
}

pub(super) fn failed(reference: &ImageRef, error: gantry_registry::Error) -> Error {
    use gantry_registry::Error as Registry;
    let kind = match &error {
        Registry::RepositoryNotFound { .. } | Registry::ImageNotFound { .. } | Registry::BlobNotFound(_) => {
            PullFailure::NotFound
        }
        _ => PullFailure::Storage,
    };
    Error::Pull { kind, image: reference.to_string(), reason: error.to_string() }
}

#[async_trait]
impl ImageSource for Sources {
    async fn resolve(&self, reference: &ImageRef, auth: Option<&RegistryAuth>) -> Result<ManifestBytes> {
        let Some(image) = self.local(reference) else {
            return self.elsewhere.resolve(reference, auth).await;
        };
        let found = self.registry.resolve(&image.repo, &image.reference).await.map_err(|e| failed(reference, e))?;
        Ok(ManifestBytes { media_type: found.media_type, digest: found.digest.to_string(), bytes: found.bytes })
    }

    async fn open_blob(&self, reference: &ImageRef, digest: &str) -> Result<BlobSource> {
        let Some(image) = self.local(reference) else {
            return self.elsewhere.open_blob(reference, digest).await;
        };
        let broken = |kind, reason: String| Error::Pull { kind, image: reference.to_string(), reason };
        let digest =
            digest.parse().map_err(|_| broken(PullFailure::Malformed, format!("`{digest}` is not a digest")))?;
        let file = self.registry.local_blob(&image.repo, &digest).await.map_err(|e| failed(reference, e))?;
        if let Some(file) = file {
            return Ok(BlobSource::File(file));
        }
        let opened = self.registry.open_blob(&image.repo, &digest, 0..u64::MAX).await;
        let mut reader = opened.map_err(|e| failed(reference, e))?;
        Ok(BlobSource::Stream(Box::pin(futures_util::stream::poll_fn(move |cx| reader.poll_chunk(cx)))))
    }
}

/// Whether a task may pull an image, and where from.
pub struct Pulls {
    pub registry: Registry,
    pub sources: Arc<Sources>,
    pub access: Arc<EcrAccess>,
    pub identity: Identity,
    pub upstream: Arc<dyn Upstream>,
}

/// What pulling asks of ECR, and what AmazonECSTaskExecutionRolePolicy allows.
const PULL_ACTIONS: &[&str] = &["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"];

impl Pulls {
    /// The execution role must be allowed to pull. A task without one may pull what its own account has: AWS
    /// demands a role for names of the form `<account>.dkr.ecr.…` when the task definition is registered.
    async fn allow(&self, request: &PullRequest, image: &LocalImage) -> RuntimeResult<Option<Principal>> {
        let denied = |reason: String| RuntimeError::new(format!("pull access denied for {}: {reason}", request.image));
        let Some(role) = &request.execution_role_arn else {
            let own = image.repo.registry.account == request.account;
            return if own { Ok(None) } else { Err(denied("the repository is another account's".to_owned())) };
        };
        let keys = self.identity.role_credentials(&request.account, role, "ecs-pull").await;
        let keys = keys.map_err(|e| denied(e.message))?;
        let proven = self.identity.credential(&keys.access_key_id, Some(&keys.session_token)).await;
        let caller = proven.map_err(|e| denied(e.message))?.caller;
        let principal = self.access.principal(caller, image.repo.registry.clone());
        self.access.authorize(&principal, &image.repo, PULL_ACTIONS).await.map_err(|e| denied(e.to_string()))?;
        Ok(Some(principal))
    }
}

#[async_trait]
impl Images for Pulls {
    async fn source(
        &self,
        request: &PullRequest,
        reference: &ImageRef,
    ) -> RuntimeResult<(Arc<dyn ImageSource>, Option<RegistryAuth>)> {
        let Some(image) = resolve_image_ref(&reference.to_string(), self.registry.names()) else {
            return Ok((self.sources.clone(), None));
        };
        let permit = TaskPermit { access: self.access.clone(), principal: self.allow(request, &image).await? };
        let source = TaskSource { sources: self.sources.clone(), upstream: self.upstream.clone(), permit };
        Ok((Arc::new(source), None))
    }
}
