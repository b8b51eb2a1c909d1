//! The layer API: pushing and pulling layers without `/v2/`. An upload here is the same as one there.

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_blobs::{Algorithm, Digest};
use gantry_registry::{Error, RepoId};

use crate::api::EcrApi;
use crate::errors::{aws, invalid};
use crate::token::GRANT_LIFETIME_MS;

/// Bytes of a part that clients are told to send: the largest that the API takes.
const PART_SIZE: i64 = 20 * 1024 * 1024;
/// Bytes that every part but an upload's last must have.
const MIN_PART: usize = 5 * 1024 * 1024;

pub(crate) async fn batch_check_layer_availability(
    api: &EcrApi,
    context: &Context,
    input: ecr::BatchCheckLayerAvailabilityRequest,
) -> Result<ecr::BatchCheckLayerAvailabilityResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    api.registry.repository(&repo).await.map_err(aws)?;
    let (mut layers, mut failures) = (Vec::new(), Vec::new());
    for text in input.layer_digests {
        let Ok(digest) = text.parse::<Digest>() else {
            failures.push(ecr::LayerFailure {
                layer_digest: Some(text),
                failure_code: Some("InvalidLayerDigest".to_owned()),
                failure_reason: Some("Invalid layer digest".to_owned()),
            });
            continue;
        };
        let size = match api.registry.promise_blob(&repo, &digest).await {
            Ok(size) => Some(size as i64),
            Err(Error::BlobNotFound(_)) => None,
            Err(e) => return Err(aws(e)),
        };
        let availability = if size.is_some() { "AVAILABLE" } else { "UNAVAILABLE" };
        layers.push(ecr::Layer {
            layer_digest: Some(text),
            layer_availability: Some(availability.to_owned()),
            layer_size: size,
            media_type: None,
        });
    }
    Ok(ecr::BatchCheckLayerAvailabilityResponse { layers: Some(layers), failures: Some(failures) })
}

pub(crate) async fn get_download_url_for_layer(
    api: &EcrApi,
    context: &Context,
    input: ecr::GetDownloadUrlForLayerRequest,
) -> Result<ecr::GetDownloadUrlForLayerResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    let digest = layer_digest(&input.layer_digest)?;
    api.have_layer(context, &repo, &digest).await.map_err(|e| match e {
        e @ Error::Upstream { .. } => errors::unable_to_get_upstream_layer_exception(e.to_string()),
        other => aws(other),
    })?;
    api.registry.blob_size(&repo, &digest).await.map_err(|e| match e {
        Error::BlobNotFound(_) => errors::layers_not_found_exception(format!(
            "The layer with digest '{digest}' does not exist in the repository with name '{}' in the registry with id '{}'",
            repo.name, repo.registry.account
        )),
        other => aws(other),
    })?;
    let expires = api.clock.now().plus_ms(GRANT_LIFETIME_MS);
    let grant = api
        .key
        .download(&repo.registry, &repo.name, digest.as_str(), expires)
        .map_err(|e| errors::server_exception(format!("failed to make a URL: {e}")))?;
    let scheme = if context.secure_transport { "https" } else { "http" };
    let endpoint = api.registry.names().endpoint(&repo.registry);
    // The name the client reached us by works for it again; ours may not.
    let host = if context.host.is_empty() { endpoint } else { context.host.clone() };
    Ok(ecr::GetDownloadUrlForLayerResponse {
        download_url: Some(format!("{scheme}://{host}/v2/{}/blobs/{digest}?grant={grant}", repo.name)),
        layer_digest: Some(input.layer_digest),
    })
}

pub(crate) async fn initiate_layer_upload(
    api: &EcrApi,
    context: &Context,
    input: ecr::InitiateLayerUploadRequest,
) -> Result<ecr::InitiateLayerUploadResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    api.registry.ensure_for_push(&repo).await.map_err(aws)?;
    let id = api.registry.start_upload(&repo, Algorithm::Sha256).await.map_err(aws)?;
    Ok(ecr::InitiateLayerUploadResponse { upload_id: Some(id), part_size: Some(PART_SIZE) })
}

pub(crate) async fn upload_layer_part(
    api: &EcrApi,
    context: &Context,
    input: ecr::UploadLayerPartRequest,
) -> Result<ecr::UploadLayerPartResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    api.registry.repository(&repo).await.map_err(aws)?;
    let length = input.layer_part_blob.len() as i64;
    if input.part_last_byte.checked_sub(input.part_first_byte).and_then(|n| n.checked_add(1)) != Some(length) {
        return Err(invalid("layerPartBlob", "must have as many bytes as partFirstByte to partLastByte"));
    }
    let mut upload = api
        .registry
        .open_upload(&repo, &input.upload_id)
        .await
        .map_err(|e| upload_error(e, &repo, &input.upload_id))?;
    let have = upload.offset() as i64;
    if input.part_first_byte != have {
        let text = format!(
            "Layer part with first byte {} does not follow the last byte received, {}",
            input.part_first_byte,
            have - 1
        );
        return Err(errors::invalid_layer_part_exception(text)
            .with_field("registryId", repo.registry.account.as_str())
            .with_field("repositoryName", repo.name.as_str())
            .with_field("uploadId", input.upload_id.as_str())
            .with_field("lastValidByteReceived", have - 1));
    }
    let small = input.layer_part_blob.len() < MIN_PART;
    upload.write(input.layer_part_blob).await.map_err(|e| aws(e.into()))?;
    let size = upload.suspend().await.map_err(|e| aws(e.into()))?;
    if small {
        api.registry.note_small_part(&repo, &input.upload_id, size).await.map_err(aws)?;
    }
    Ok(ecr::UploadLayerPartResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        upload_id: Some(input.upload_id),
        last_byte_received: Some(size as i64 - 1),
    })
}

pub(crate) async fn complete_layer_upload(
    api: &EcrApi,
    context: &Context,
    input: ecr::CompleteLayerUploadRequest,
) -> Result<ecr::CompleteLayerUploadResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    api.registry.repository(&repo).await.map_err(aws)?;
    let Some(text) = input.layer_digests.first() else {
        return Err(invalid("layerDigests", "Member must have length greater than or equal to 1"));
    };
    let digest = layer_digest(text)?;
    let upload = api
        .registry
        .open_upload(&repo, &input.upload_id)
        .await
        .map_err(|e| upload_error(e, &repo, &input.upload_id))?;
    if upload.offset() == 0 {
        return Err(errors::empty_upload_exception("The specified layer upload does not contain any layer parts."));
    }
    let small = api.registry.first_small_part(&repo, &input.upload_id).await.map_err(aws)?;
    if small.is_some_and(|end| end < upload.offset()) {
        return Err(errors::layer_part_too_small_exception("Layer parts must be at least 5 MiB in size."));
    }
    if api.registry.blob_size(&repo, &digest).await.is_ok() {
        return Err(errors::layer_already_exists_exception(format!(
            "Layer with digest '{digest}' already exists in the repository with name '{}' in registry with id '{}'",
            repo.name, repo.registry.account
        )));
    }
    api.registry.commit_upload(&repo, upload, &digest).await.map_err(|e| match e {
        Error::UploadDigest { actual, .. } => errors::invalid_layer_exception(format!(
            "Layer digest '{actual}' does not match the specified digest '{digest}'"
        )),
        other => upload_error(other, &repo, &input.upload_id),
    })?;
    Ok(ecr::CompleteLayerUploadResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        upload_id: Some(input.upload_id),
        layer_digest: Some(digest.to_string()),
    })
}

fn layer_digest(text: &str) -> Result<Digest, AwsError> {
    text.parse()
        .map_err(|_| invalid("layerDigest", "must satisfy regular expression pattern: [a-zA-Z0-9-_+.]+:[a-fA-F0-9]+"))
}

fn upload_error(error: Error, repo: &RepoId, upload: &str) -> AwsError {
    match error {
        Error::UploadNotFound => errors::upload_not_found_exception(format!(
            "The upload with id '{upload}' could not be found in the repository with name '{}' in the registry with id '{}'",
            repo.name, repo.registry.account
        )),
        other => aws(other),
    }
}
