//! Fetching: a manifest, the blobs that it names, and putting them down as an image.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use gantry_blobs::Digest;
use gantry_registry::queue::Origin;
use gantry_registry::{Error, Manifest, MatchedRule, MediaType, NewImage, Reference, RepoId, ResolvedManifest};
use gantry_upstream::RemoteManifest;

use crate::cache::{Inner, limits};
use crate::events;
use crate::fault::Fault;
use crate::flight::{Landing, outcome};
use crate::source::Source;

/// What is told of a manifest: upstream's, or `None` if what is here is right.
pub(crate) type Told = Result<Option<ResolvedManifest>, Fault>;

/// A manifest that upstream gave, verified and read.
struct Fetched {
    source: Source,
    manifest: Manifest,
    resolved: ResolvedManifest,
}

impl Inner {
    /// The whole import of one tag or digest; tells as soon as the manifest is known.
    pub(crate) async fn import(
        self: Arc<Self>,
        repo: RepoId,
        reference: Reference,
        matched: MatchedRule,
        mut landing: Landing<(RepoId, String), Told>,
    ) {
        let fetched = match self.manifest(&repo, &reference, &matched).await {
            Ok(None) => return landing.end(Ok(None)),
            Ok(Some(fetched)) => fetched,
            Err(fault) => {
                self.note_failure(&repo, &reference);
                landing.end(Err(fault.clone()));
                if fault != Fault::NotFound {
                    tracing::warn!(%repo, %reference, %fault, "an import failed");
                    events::tell(&self.registry, &repo, &matched, &reference, None, Err(&fault)).await;
                }
                return;
            }
        };
        let digest = fetched.resolved.digest.clone();
        // Clients that asked for a tag go on by digest.
        landing.also_for((repo.clone(), digest.to_string()));
        landing.tell(Ok(Some(fetched.resolved.clone())));
        let kept = self.keep(&repo, &reference, fetched).await;
        landing.leave();
        if let Err(fault) = &kept {
            self.note_failure(&repo, &reference);
            tracing::warn!(%repo, %reference, %fault, "an import failed");
        }
        events::tell(&self.registry, &repo, &matched, &reference, Some(&digest), kept.as_ref().copied()).await;
    }

    /// `None` if what is here is what upstream has, or need not be asked about.
    async fn manifest(
        &self,
        repo: &RepoId,
        reference: &Reference,
        matched: &MatchedRule,
    ) -> Result<Option<Fetched>, Fault> {
        // Looked up anew: another import may have ended between the look that led here and its start.
        let known = match self.registry.find(repo, reference).await {
            Ok(found) if !self.registry.is_due(&found) => return Ok(None),
            Ok(found) => Some(found.digest),
            Err(Error::ImageNotFound { .. } | Error::RepositoryNotFound { .. }) => None,
            Err(e) => return Err(e.into()),
        };
        let source = self.source(&repo.registry, matched).await?;
        if let (Some(known), Reference::Tag(tag)) = (&known, reference) {
            let fixed = self.registry.repository(repo).await?.value.is_immutable(tag);
            if fixed || source.digest_of(tag).await?.as_deref() == Some(known.as_str()) {
                self.registry.note_checked(repo, tag, known).await?;
                return Ok(None);
            }
        }
        let given = source.manifest(reference).await?;
        let (resolved, manifest) = verified(given, reference)?;
        if let (Some(known), Reference::Tag(tag)) = (&known, reference)
            && *known == resolved.digest
        {
            self.registry.note_checked(repo, tag, known).await?;
            return Ok(None);
        }
        self.registry.cache_repository(repo).await?;
        Ok(Some(Fetched { source, manifest, resolved }))
    }

    /// The blobs, then the image.
    async fn keep(self: &Arc<Self>, repo: &RepoId, reference: &Reference, fetched: Fetched) -> Result<(), Fault> {
        let Fetched { source, manifest, resolved } = fetched;
        stream::iter(manifest.blobs.into_iter().map(|digest| self.have_blob(repo.clone(), digest, source.clone())))
            .buffer_unordered(limits::BLOBS_AT_ONCE)
            .try_collect::<()>()
            .await?;
        let tags = match reference {
            Reference::Tag(tag) => vec![tag.clone()],
            Reference::Digest(_) => Vec::new(),
        };
        let new = NewImage {
            manifest: resolved.bytes,
            content_type: Some(resolved.media_type),
            tags,
            digest: Some(resolved.digest),
            origin: Origin::PullThrough,
        };
        self.registry.put_image(repo, new).await?;
        Ok(())
    }

    /// Waits until a blob is in the repository; fetches it if nobody does.
    pub(crate) async fn have_blob(self: &Arc<Self>, repo: RepoId, digest: Digest, source: Source) -> Result<(), Fault> {
        let inner = Arc::clone(self);
        let key = (repo.clone(), digest.clone());
        let flight = self.blobs.join(key, |landing| async move {
            let fetched = inner.fetch_blob(&repo, &digest, &source).await;
            landing.end(fetched);
        });
        let ended = outcome(flight.map_err(|_| Fault::Full)?).await;
        ended.unwrap_or_else(|| Err(Fault::Local("the fetch of a blob ended without an outcome".to_owned())))
    }

    async fn fetch_blob(&self, repo: &RepoId, digest: &Digest, source: &Source) -> Result<(), Fault> {
        let _turn = self.downloads.acquire().await.map_err(|e| Fault::Local(e.to_string()))?;
        match self.registry.blob_size(repo, digest).await {
            Ok(_) => return Ok(()),
            Err(Error::BlobNotFound(_)) => {}
            Err(e) => return Err(e.into()),
        }
        let mut chunks = source.blob(digest).await?;
        let uuid = self.registry.start_upload(repo, digest.algorithm()).await?;
        let mut upload = self.registry.open_upload(repo, &uuid).await?;
        loop {
            let written = match chunks.next().await {
                None => break,
                Some(Ok(chunk)) => upload.write(chunk).await.map_err(|e| Fault::from(Error::from(e))),
                Some(Err(e)) => Err(e.into()),
            };
            if let Err(fault) = written {
                // What came is of no use without the rest; a later fetch starts anew.
                let _ = upload.abort().await;
                return Err(fault);
            }
        }
        // Checks the digest before anything can be seen.
        self.registry.commit_upload(repo, upload, digest).await?;
        Ok(())
    }
}

/// Checks that the bytes are what was asked for, and that they are a manifest.
fn verified(given: RemoteManifest, reference: &Reference) -> Result<(ResolvedManifest, Manifest), Fault> {
    let RemoteManifest { media_type, digest, bytes, .. } = given;
    let digest: Digest = digest.parse().map_err(|e| Fault::Local(format!("{e}")))?;
    if let Reference::Digest(expected) = reference
        && *expected != digest
    {
        return Err(Fault::broken(format!("the manifest {expected} has the digest {digest}")));
    }
    // Some registries say nothing of use; the document itself then tells.
    let said = MediaType::from_name(&media_type).map(MediaType::as_str);
    let manifest = Manifest::parse(&bytes, said).map_err(|e| Fault::broken(format!("the manifest {digest}: {e}")))?;
    let media_type = manifest.media_type.as_str().to_owned();
    // A copy, since it is kept for as long as the import takes: the answer may be a slice of a larger buffer.
    let bytes = Bytes::copy_from_slice(&bytes);
    Ok((ResolvedManifest { digest, media_type, bytes }, manifest))
}
