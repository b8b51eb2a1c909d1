//! From a request to its handler: route, registry, principal, permission, in that order.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_blobs::Digest;
use http::header::{HOST, HeaderMap};
use http::{Request, StatusCode};
use http_body::Body;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;

use super::answer::{Answer, Build, answer, failure};
use super::query::Query;
use crate::{
    Access, AccessError, Endpoint, Error, Peer, Permit, Principal, Reference, Registry, RegistryHost, RegistryId,
    RepoId, ResolvedManifest, Result, Route, Upstream, limits,
};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
pub(super) type RequestBody = UnsyncBoxBody<Bytes, BoxError>;

/// The registry's wire. Cheap to clone.
#[derive(Clone)]
pub struct Wire {
    pub(super) registry: Registry,
    pub(super) access: Arc<dyn Access>,
    pub(super) upstream: Option<Arc<dyn Upstream>>,
}

/// Asks whoever decides about access on behalf of one request.
struct CallPermit<'a> {
    access: &'a dyn Access,
    principal: Option<&'a Principal>,
}

#[async_trait]
impl Permit for CallPermit<'_> {
    async fn permit(&self, repo: &RepoId, actions: &[&'static str]) -> Result<()> {
        let Some(principal) = self.principal else { return Err(Error::Unauthenticated) };
        Ok(self.access.authorize(principal, repo, actions).await?)
    }
}

/// A request that was let in.
pub(super) struct Call {
    pub(super) repo: RepoId,
    /// `None` for a redeemed download URL.
    pub(super) principal: Option<Principal>,
    pub(super) headers: HeaderMap,
    pub(super) query: Query,
    pub(super) head_only: bool,
    /// The registry whose replication this is.
    pub(super) source: Option<RegistryId>,
}

impl Call {
    /// The caller's ARN.
    pub(super) fn caller(&self) -> &str {
        self.principal.as_ref().map_or("", |p| &p.arn)
    }
}

impl Wire {
    /// A replication may do what it takes to copy and delete, by `ecr:ReplicateImage` alone: the caller
    /// must have it, and so must the account that it says it comes from.
    async fn let_in_replication(
        &self,
        principal: &Principal,
        source: &RegistryId,
        repo: &RepoId,
        endpoint: Endpoint,
    ) -> Result<()> {
        const ACTIONS: &[&str] = &["ecr:ReplicateImage"];
        if !endpoint.is_for_replication() {
            return Err(Error::Unsupported);
        }
        self.access.authorize(principal, repo, ACTIONS).await?;
        Ok(self.access.authorize_replication(source, repo, ACTIONS).await?)
    }
}

/// Reads [`REPLICATION_SOURCE`](crate::REPLICATION_SOURCE).
fn replication_source(headers: &HeaderMap) -> Result<Option<RegistryId>> {
    let Some(value) = headers.get(crate::REPLICATION_SOURCE) else { return Ok(None) };
    let bad = || Error::Denied(format!("{} must be <account>/<region>", crate::REPLICATION_SOURCE));
    let (account, region) = value.to_str().ok().and_then(|v| v.split_once('/')).ok_or_else(bad)?;
    let (account, region) = (account.parse().map_err(|_| bad())?, region.parse().map_err(|_| bad())?);
    Ok(Some(RegistryId { account, region }))
}

impl From<AccessError> for Error {
    fn from(e: AccessError) -> Self {
        match e {
            AccessError::Unauthenticated => Self::Unauthenticated,
            AccessError::Invalid(message) => Self::TokenInvalid(message),
            AccessError::Denied(message) => Self::Denied(message),
            AccessError::Failed(reason) => Self::Internal(reason),
        }
    }
}

impl Wire {
    pub(crate) fn new(registry: Registry, access: Arc<dyn Access>) -> Self {
        Self { registry, access, upstream: None }
    }

    /// Has images that cache rules promise fetched.
    #[must_use]
    pub fn with_upstream(mut self, upstream: Arc<dyn Upstream>) -> Self {
        self.upstream = Some(upstream);
        self
    }

    pub(super) async fn resolve(&self, call: &Call, reference: &Reference) -> Result<ResolvedManifest> {
        match &self.upstream {
            None => self.registry.resolve_for(&call.repo, reference, call.caller()).await,
            Some(upstream) => {
                let permit = self.permit(call);
                self.registry.resolve_through(&call.repo, reference, call.caller(), &**upstream, &permit).await
            }
        }
    }

    /// For HEAD: what a tag or digest names, and how long the manifest is.
    pub(super) async fn locate(&self, call: &Call, reference: &Reference) -> Result<(Digest, String, u64)> {
        let found = self.registry.find(&call.repo, reference).await;
        let known = match &found {
            Ok(known) if self.registry.is_due(known) => Some(Some(known)),
            Err(Error::ImageNotFound { .. } | Error::RepositoryNotFound { .. }) => Some(None),
            _ => None,
        };
        if let (Some(upstream), Some(known)) = (&self.upstream, known)
            && let Some(new) = upstream.manifest(&call.repo, reference, known, &self.permit(call)).await?
        {
            return Ok((new.digest, new.media_type, new.bytes.len() as u64));
        }
        let found = found?;
        if found.record.archived {
            return Err(Error::Archived { digest: found.digest });
        }
        Ok((found.digest, found.record.media_type, found.record.manifest_size))
    }

    /// Brings a blob that is not here; false if no rule promises it.
    pub(super) async fn bring_blob(&self, call: &Call, digest: &Digest) -> Result<bool> {
        match &self.upstream {
            None => Ok(false),
            Some(upstream) => upstream.blob(&call.repo, digest, &self.permit(call)).await,
        }
    }

    fn permit<'a>(&'a self, call: &'a Call) -> CallPermit<'a> {
        CallPermit { access: &*self.access, principal: call.principal.as_ref() }
    }

    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Answers a request under `/v2/`. Never fails: what goes wrong is an answer too.
    pub async fn handle<B>(&self, request: Request<B>, peer: Peer) -> http::Response<crate::RegistryBody>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let body = body.map_err(Into::into).boxed_unsync();
        let authority = parts.uri.authority().map(|a| a.as_str().to_owned());
        let host = authority.or_else(|| parts.headers.get(HOST).and_then(|h| h.to_str().ok()).map(str::to_owned));
        let host = host.unwrap_or_default();
        match self.dispatch(&host, parts, body, peer).await {
            Ok(response) => response,
            Err(e) => failure(&e, &host),
        }
    }

    async fn dispatch(&self, host: &str, parts: http::request::Parts, body: RequestBody, peer: Peer) -> Result<Answer> {
        let route = Route::parse(parts.uri.path());
        let query = Query::parse(parts.uri.query());
        if let (Ok(Route::Blob { name, digest }), Some(grant)) = (&route, query.get("grant")) {
            return self.download(name, digest, grant, &parts).await;
        }
        if super::token::is_token_path(parts.uri.path()) {
            return self.give_token(&parts, &query, peer).await;
        }
        // A stranger learns nothing about which paths there are.
        let principal = self.access.authenticate(&parts.headers, &peer).await?;
        let route = route?;
        let endpoint = route.endpoint(&parts.method, query.get("digest").is_some())?;
        let Some(name) = route.name() else {
            return answer(StatusCode::OK).json(&serde_json::json!({}));
        };
        let repo = RepoId::new(meant_registry(host, self.registry.names(), &principal), name);
        let source = replication_source(&parts.headers)?;
        match &source {
            None => self.access.authorize(&principal, &repo, endpoint.actions()).await?,
            Some(source) => self.let_in_replication(&principal, source, &repo, endpoint).await?,
        }
        let call = Call {
            repo,
            principal: Some(principal),
            headers: parts.headers,
            query,
            head_only: parts.method == http::Method::HEAD,
            source,
        };
        self.run(endpoint, &route, &call, body).await
    }

    async fn run(&self, endpoint: Endpoint, route: &Route, call: &Call, body: RequestBody) -> Result<Answer> {
        match (endpoint, route) {
            (Endpoint::HeadBlob | Endpoint::GetBlob, Route::Blob { digest, .. }) => self.get_blob(call, digest).await,
            (Endpoint::DeleteBlob, Route::Blob { digest, .. }) => self.delete_blob(call, digest).await,
            (Endpoint::StartUpload, _) => self.start_upload(call).await,
            (Endpoint::UploadWhole, _) => self.upload_whole(call, body).await,
            (Endpoint::UploadStatus, Route::Upload { id, .. }) => self.upload_status(call, id).await,
            (Endpoint::UploadChunk, Route::Upload { id, .. }) => self.upload_chunk(call, body, id).await,
            (Endpoint::FinishUpload, Route::Upload { id, .. }) => self.finish_upload(call, body, id).await,
            (Endpoint::CancelUpload, Route::Upload { id, .. }) => self.cancel_upload(call, id).await,
            (Endpoint::HeadManifest | Endpoint::GetManifest, Route::Manifest { reference, .. }) => {
                self.get_manifest(call, reference).await
            }
            (Endpoint::PutManifest, Route::Manifest { reference, .. }) => {
                self.put_manifest(call, body, reference).await
            }
            (Endpoint::DeleteManifest, Route::Manifest { reference, .. }) => {
                self.delete_manifest(call, reference).await
            }
            (Endpoint::ListTags, _) => self.list_tags(call).await,
            (Endpoint::ListReferrers, Route::Referrers { digest, .. }) => self.list_referrers(call, digest).await,
            _ => Err(Error::Unsupported),
        }
    }

    /// A URL that GetDownloadUrlForLayer gave out.
    async fn download(&self, name: &str, digest: &str, grant: &str, parts: &http::request::Parts) -> Result<Answer> {
        let head_only = parts.method == http::Method::HEAD;
        if !head_only && parts.method != http::Method::GET {
            return Err(Error::Unsupported);
        }
        let digest = digest.parse().map_err(Error::Digest)?;
        let registry = self.access.redeem(name, &digest, grant).await?;
        let repo = RepoId::new(registry, name);
        self.send_blob(&repo, &digest, &parts.headers, head_only).await
    }
}

/// The registry that the host names; where it names none, the one that the token is for.
fn meant_registry(host: &str, names: &crate::RegistryNames, principal: &Principal) -> RegistryId {
    let host = RegistryHost::parse(host, names);
    if host.named { host.registry } else { principal.registry.clone() }
}

/// The next piece of a body; `None` at its end. An error is the client's: it went away, stalled, or
/// sent fewer bytes than it had said.
pub(super) async fn next_piece(body: &mut RequestBody) -> Result<Option<Bytes>> {
    let idle = Duration::from_secs(limits::BODY_IDLE_SECS);
    loop {
        let frame = tokio::time::timeout(idle, body.frame())
            .await
            .map_err(|_| Error::SizeInvalid(format!("the body stalled for {} s", idle.as_secs())))?;
        match frame {
            None => return Ok(None),
            Some(Err(e)) => return Err(Error::SizeInvalid(format!("the body broke off: {e}"))),
            // Trailers say nothing that matters here.
            Some(Ok(frame)) => match frame.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Ok(Some(data)),
                Err(_) => {}
            },
        }
    }
}

/// A whole body of at most `limit` bytes.
pub(super) async fn whole_body(body: &mut RequestBody, limit: usize) -> Result<Bytes> {
    let too_large = || Error::ManifestTooLarge { limit };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    let mut whole = bytes::BytesMut::new();
    while let Some(piece) = next_piece(body).await? {
        if whole.len() + piece.len() > limit {
            return Err(too_large());
        }
        if whole.is_empty() && body.is_end_stream() {
            return Ok(piece);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}
