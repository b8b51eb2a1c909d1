//! The registry's errors in ECR's words.

use gantry_aws_api::ecr::errors;
use gantry_aws_wire::AwsError;
use gantry_registry::Error;

/// `InvalidParameterException` in ECR's form.
pub(crate) fn invalid(parameter: &str, constraint: &str) -> AwsError {
    errors::invalid_parameter_exception(format!(
        "Invalid parameter at '{parameter}' failed to satisfy constraint: '{constraint}'"
    ))
}

/// Maps what every operation may meet; operations with a wording of their own look first.
pub(crate) fn aws(error: Error) -> AwsError {
    let text = error.public_message();
    match error {
        Error::RepositoryNotFound { .. } => errors::repository_not_found_exception(text),
        Error::RepositoryExists { .. } => errors::repository_already_exists_exception(text),
        Error::RepositoryNotEmpty { .. } => errors::repository_not_empty_exception(text),
        Error::NameSyntax(_) => invalid("repositoryName", "must be a valid repository name"),
        Error::TagSyntax(_) => {
            invalid("imageTag", "must satisfy regular expression pattern: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
        }
        Error::Digest(_) => invalid("imageDigest", "Invalid digest"),
        Error::ImageNotFound { .. } | Error::Archived { .. } => errors::image_not_found_exception(text),
        Error::TagImmutable { tag, name } => errors::image_tag_already_exists_exception(format!(
            "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the tag is immutable."
        )),
        Error::TooManyTags { .. } => errors::limit_exceeded_exception(text),
        Error::ManifestInvalid(reason) => invalid("ImageManifest", &reason),
        Error::ManifestTooLarge { limit } => invalid("ImageManifest", &format!("at most {limit} bytes")),
        Error::ManifestDigest { .. } => errors::image_digest_does_not_match_exception(
            "The specified image digest does not match the digest of the image manifest.",
        ),
        Error::LayersNotFound { .. } => errors::layers_not_found_exception(text),
        Error::ReferencedImagesNotFound { .. } => errors::referenced_images_not_found_exception(text),
        Error::BlobNotFound(_) => errors::layers_not_found_exception(text),
        Error::UploadNotFound => errors::upload_not_found_exception("The upload could not be found."),
        Error::UploadDigest { .. } | Error::SizeInvalid(_) | Error::UploadInvalid(_) | Error::BlobTooLarge { .. } => {
            errors::invalid_layer_exception(text)
        }
        Error::UploadBusy | Error::UploadRange { .. } => errors::invalid_layer_part_exception(text),
        Error::Upstream { .. } => errors::unable_to_get_upstream_image_exception(text),
        Error::Denied(_) => AwsError::access_denied(text),
        Error::Contended { .. } => errors::limit_exceeded_exception(
            "The operation conflicted with too many others at the same time. Try again.",
        ),
        other => {
            tracing::error!(error = %other, "ECR operation failed");
            errors::server_exception("These errors are usually caused by a server-side issue.")
        }
    }
}
