//! Getting, putting and deleting images by the API.

use bytes::Bytes;
use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_blobs::Digest;
use gantry_registry::queue::Origin;
use gantry_registry::{DeletedImage, Error, NewImage, Reference, RepoId, is_tag};

use crate::api::EcrApi;
use crate::errors::{aws, invalid};
use crate::translate::translated;

/// An image identifier that was read, or the failure code and reason of one that cannot be.
pub(crate) struct Wanted {
    pub(crate) tag: Option<String>,
    pub(crate) digest: Option<Digest>,
}

type Failure = (&'static str, String);

const NOT_FOUND: &str = "Requested image not found";

impl Wanted {
    pub(crate) fn parse(id: &ecr::ImageIdentifier) -> Result<Self, Failure> {
        let digest = match &id.image_digest {
            Some(text) => Some(text.parse().map_err(|_| {
                (
                    "InvalidImageDigest",
                    "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'"
                        .to_owned(),
                )
            })?),
            None => None,
        };
        let tag = id.image_tag.clone();
        if tag.as_deref().is_some_and(|t| !is_tag(t)) {
            return Err(("InvalidImageTag", "Invalid request parameters: invalid image tag".to_owned()));
        }
        if tag.is_none() && digest.is_none() {
            let text = "Invalid request parameters: both tag and digest cannot be null";
            return Err(("MissingDigestAndTag", text.to_owned()));
        }
        Ok(Self { tag, digest })
    }

    /// What to look up: the tag where there is one, so that it can be checked against the digest.
    pub(crate) fn reference(&self) -> Option<Reference> {
        let by_tag = self.tag.clone().map(Reference::Tag);
        by_tag.or_else(|| self.digest.clone().map(Reference::Digest))
    }
}

fn failure(id: ecr::ImageIdentifier, (code, reason): Failure) -> ecr::ImageFailure {
    ecr::ImageFailure { image_id: Some(id), failure_code: Some(code.to_owned()), failure_reason: Some(reason) }
}

fn image_id(digest: &Digest, tag: Option<String>) -> ecr::ImageIdentifier {
    ecr::ImageIdentifier { image_digest: Some(digest.to_string()), image_tag: tag }
}

pub(crate) async fn batch_get_image(
    api: &EcrApi,
    context: &Context,
    input: ecr::BatchGetImageRequest,
) -> Result<ecr::BatchGetImageResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    api.may_be_pulled(&repo).await.map_err(aws)?;
    let accepted = input.accepted_media_types.unwrap_or_default();
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in input.image_ids {
        match get_one(api, &repo, &id, &accepted, context).await? {
            Ok(image) => images.push(image),
            Err(why) => failures.push(failure(id, why)),
        }
    }
    Ok(ecr::BatchGetImageResponse { images: Some(images), failures: Some(failures) })
}

async fn get_one(
    api: &EcrApi,
    repo: &RepoId,
    id: &ecr::ImageIdentifier,
    accepted: &[String],
    context: &Context,
) -> Result<Result<ecr::Image, Failure>, AwsError> {
    let wanted = match Wanted::parse(id) {
        Ok(wanted) => wanted,
        Err(why) => return Ok(Err(why)),
    };
    let Some(reference) = wanted.reference() else { return Ok(Err(("ImageNotFound", NOT_FOUND.to_owned()))) };
    let found = match api.resolve(context, repo, &reference).await {
        Ok(found) => found,
        Err(Error::ImageNotFound { .. }) => return Ok(Err(("ImageNotFound", NOT_FOUND.to_owned()))),
        Err(e @ Error::Archived { .. }) => return Ok(Err(("ImageInaccessible", e.to_string()))),
        Err(e) => return Err(aws(e)),
    };
    if wanted.digest.as_ref().is_some_and(|d| *d != found.digest) {
        return Ok(Err(("ImageTagDoesNotMatchDigest", "The image tag does not match the image digest".to_owned())));
    }
    // Manifests are JSON, and JSON that was read is UTF-8.
    let mut manifest = String::from_utf8_lossy(&found.bytes).into_owned();
    let mut media_type = found.media_type;
    if !accepted.is_empty() && !accepted.contains(&media_type) {
        // By digest there is no other form: it would have another digest.
        let other = wanted.tag.as_ref().and_then(|_| translated(&manifest, &media_type, accepted));
        let Some((form, other)) = other else {
            let text = format!("{NOT_FOUND} with an accepted media type: it is {media_type}");
            return Ok(Err(("ImageNotFound", text)));
        };
        (media_type, manifest) = (form.to_owned(), other);
    }
    Ok(Ok(ecr::Image {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name.clone()),
        image_id: Some(image_id(&found.digest, wanted.tag)),
        image_manifest: Some(manifest),
        image_manifest_media_type: Some(media_type),
    }))
}

pub(crate) async fn put_image(
    api: &EcrApi,
    context: &Context,
    input: ecr::PutImageRequest,
) -> Result<ecr::PutImageResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let digest = match input.image_digest {
        Some(text) => Some(text.parse().map_err(|_| invalid("imageDigest", "Invalid digest"))?),
        None => None,
    };
    let new = NewImage {
        manifest: Bytes::from(input.image_manifest.clone()),
        content_type: input.image_manifest_media_type,
        tags: input.image_tag.iter().cloned().collect(),
        digest,
        origin: Origin::Push,
    };
    let put = api.registry.put_image(&repo, new).await.map_err(aws)?;
    if !put.changed {
        let tag = input.image_tag.map_or_else(|| "null".to_owned(), |t| format!("'{t}'"));
        return Err(errors::image_already_exists_exception(format!(
            "Image with digest '{}' and tag {tag} already exists in the repository with name '{}' in registry with id '{}'",
            put.digest, repo.name, repo.registry.account
        )));
    }
    Ok(ecr::PutImageResponse {
        image: Some(ecr::Image {
            registry_id: Some(repo.registry.account.to_string()),
            repository_name: Some(repo.name),
            image_id: Some(image_id(&put.digest, input.image_tag)),
            image_manifest: Some(input.image_manifest),
            image_manifest_media_type: Some(put.record.media_type),
        }),
    })
}

pub(crate) async fn batch_delete_image(
    api: &EcrApi,
    context: &Context,
    input: ecr::BatchDeleteImageRequest,
) -> Result<ecr::BatchDeleteImageResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    api.registry.repository(&repo).await.map_err(aws)?;
    let (mut image_ids, mut failures) = (Vec::new(), Vec::new());
    for id in input.image_ids {
        match delete_one(api, &repo, &id).await {
            Ok(Ok(gone)) if gone.tags.is_empty() => image_ids.push(image_id(&gone.digest, None)),
            Ok(Ok(gone)) => image_ids.extend(gone.tags.into_iter().map(|t| image_id(&gone.digest, Some(t)))),
            Ok(Err(why)) => failures.push(failure(id, why)),
            Err(e) => return Err(e),
        }
    }
    Ok(ecr::BatchDeleteImageResponse { image_ids: Some(image_ids), failures: Some(failures) })
}

async fn delete_one(
    api: &EcrApi,
    repo: &RepoId,
    id: &ecr::ImageIdentifier,
) -> Result<Result<DeletedImage, Failure>, AwsError> {
    let wanted = match Wanted::parse(id) {
        Ok(wanted) => wanted,
        Err(why) => return Ok(Err(why)),
    };
    let done = match (&wanted.tag, &wanted.digest) {
        (Some(tag), digest) => api.registry.delete_tagged(repo, tag, digest.as_ref()).await,
        (None, Some(digest)) => api.registry.delete_image(repo, digest, true).await,
        (None, None) => return Ok(Err(("ImageNotFound", NOT_FOUND.to_owned()))),
    };
    match done {
        Ok(gone) => Ok(Ok(gone)),
        Err(Error::ImageNotFound { .. }) => Ok(Err(("ImageNotFound", NOT_FOUND.to_owned()))),
        Err(Error::ReferencedByManifestList { parent, .. }) => Ok(Err((
            "ImageReferencedByManifestList",
            format!("Requested image referenced by manifest list: [{parent}]"),
        ))),
        Err(e) => Err(aws(e)),
    }
}
