//! Copying one image: what it consists of first, its manifest then, its tags last. The same for every
//! kind of destination.

use async_trait::async_trait;
use bytes::Bytes;
use gantry_blobs::Digest;
use gantry_registry::{Original, Registry, RepoId};

use crate::config::limits;
use crate::failure::{Cure, Failure, INVALID, SUB_IMAGES};

/// The repository that copies go to.
#[async_trait]
pub trait Target: Send + Sync {
    /// Whether the image is there, whole and not archived.
    async fn has(&self, digest: &Digest) -> Result<bool, Failure>;
    /// Brings blobs there that are not.
    async fn bring(&self, blobs: &[Digest]) -> Result<(), Failure>;
    /// Puts a manifest whose blobs and children are there, under a tag or without.
    async fn put(&self, digest: &Digest, media_type: &str, bytes: Bytes, tag: Option<&str>) -> Result<(), Failure>;
    /// Deletes the image, or takes a tag off it. What is not there is as good as deleted.
    async fn delete(&self, digest: &Digest, tag: Option<&str>) -> Result<(), Failure>;
}

/// What became of one tag, or of the image if it has none.
#[derive(Debug)]
pub struct Copied {
    pub tag: Option<String>,
    pub failure: Option<Failure>,
}

/// Copies an image and its tags. A tag that the destination refuses keeps no other from being copied.
///
/// # Errors
/// The image itself did not come there, or a tag did not but may yet.
pub async fn copy(
    registry: &Registry,
    target: &dyn Target,
    repo: &RepoId,
    digest: &Digest,
    tags: &[String],
) -> Result<Vec<Copied>, Failure> {
    let (original, there) = parts(registry, target, repo, digest, 0).await?;
    let put = |tag| target.put(digest, &original.record.media_type, original.bytes.clone(), tag);
    let mut copied = Vec::with_capacity(tags.len().max(1));
    for tag in tags {
        let failure = match put(Some(tag.as_str())).await {
            Err(f) if f.is_temporary() => return Err(f),
            other => other.err(),
        };
        copied.push(Copied { tag: Some(tag.clone()), failure });
    }
    // An image whose every tag is refused comes without any.
    if !there && copied.iter().all(|c| c.failure.is_some()) {
        put(None).await?;
    }
    if copied.is_empty() {
        copied.push(Copied { tag: None, failure: None });
    }
    Ok(copied)
}

/// Copies what an image consists of, images that it names included, but not itself. Also tells whether it
/// is there already, and then so are its parts.
async fn parts(
    registry: &Registry,
    target: &dyn Target,
    repo: &RepoId,
    digest: &Digest,
    depth: usize,
) -> Result<(Original, bool), Failure> {
    if depth > limits::MAX_DEPTH {
        let reason = format!("indexes are {} deep", limits::MAX_DEPTH);
        return Err(Failure::new(INVALID, Cure::None, reason));
    }
    let Some(original) = registry.original(repo, digest).await? else { return Err(Failure::gone()) };
    if original.record.archived {
        return Err(Failure::new("ImageArchived", Cure::Gone, "the image is archived"));
    }
    if target.has(digest).await? {
        return Ok((original, true));
    }
    let mut failed = Vec::new();
    for child in &original.manifest.children {
        match Box::pin(whole(registry, target, repo, child, depth + 1)).await {
            Ok(()) => {}
            Err(f) if f.is_temporary() => return Err(f),
            Err(f) => failed.push(f),
        }
    }
    if !failed.is_empty() {
        let mut sub_images: Vec<_> = failed.iter().map(|f| f.code).collect();
        sub_images.sort_unstable();
        sub_images.dedup();
        let reason = format!("{} of the images that it names: {}", failed.len(), failed[0].reason);
        return Err(Failure { sub_images, ..Failure::new(SUB_IMAGES, Cure::None, reason) });
    }
    target.bring(&original.manifest.blobs).await?;
    Ok((original, false))
}

/// Copies an image without its tags.
async fn whole(
    registry: &Registry,
    target: &dyn Target,
    repo: &RepoId,
    digest: &Digest,
    depth: usize,
) -> Result<(), Failure> {
    let (original, there) = parts(registry, target, repo, digest, depth).await?;
    if there {
        return Ok(());
    }
    target.put(digest, &original.record.media_type, original.bytes, None).await
}
