// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::AwsError;

pub fn blocked_by_organization_policy_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("BlockedByOrganizationPolicyException", message)
}

pub fn empty_upload_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("EmptyUploadException", message)
}

pub fn exclusion_already_exists_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ExclusionAlreadyExistsException", message)
}

pub fn exclusion_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ExclusionNotFoundException", message)
}

pub fn image_already_exists_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ImageAlreadyExistsException", message)
}

pub fn image_archived_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ImageArchivedException", message)
}

pub fn image_digest_does_not_match_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ImageDigestDoesNotMatchException", message)
}

pub fn image_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ImageNotFoundException", message)
}

pub fn image_storage_class_update_not_supported_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ImageStorageClassUpdateNotSupportedException", message)
}

pub fn image_tag_already_exists_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ImageTagAlreadyExistsException", message)
}

pub fn invalid_layer_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidLayerException", message)
}

pub fn invalid_layer_part_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidLayerPartException", message)
}

pub fn invalid_parameter_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidParameterException", message)
}

pub fn invalid_tag_parameter_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidTagParameterException", message)
}

pub fn kms_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("KmsException", message)
}

pub fn layer_already_exists_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LayerAlreadyExistsException", message)
}

pub fn layer_inaccessible_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LayerInaccessibleException", message)
}

pub fn layer_part_too_small_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LayerPartTooSmallException", message)
}

pub fn layers_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LayersNotFoundException", message)
}

pub fn lifecycle_policy_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LifecyclePolicyNotFoundException", message)
}

pub fn lifecycle_policy_preview_in_progress_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LifecyclePolicyPreviewInProgressException", message)
}

pub fn lifecycle_policy_preview_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LifecyclePolicyPreviewNotFoundException", message)
}

pub fn limit_exceeded_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LimitExceededException", message)
}

pub fn pull_through_cache_rule_already_exists_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("PullThroughCacheRuleAlreadyExistsException", message)
}

pub fn pull_through_cache_rule_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("PullThroughCacheRuleNotFoundException", message)
}

pub fn referenced_images_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ReferencedImagesNotFoundException", message)
}

pub fn registry_policy_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("RegistryPolicyNotFoundException", message)
}

pub fn replication_backfill_in_progress_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ReplicationBackfillInProgressException", message)
}

pub fn replication_backfill_invalid_status_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ReplicationBackfillInvalidStatusException", message)
}

pub fn replication_backfill_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ReplicationBackfillNotFoundException", message)
}

pub fn repository_already_exists_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("RepositoryAlreadyExistsException", message)
}

pub fn repository_not_empty_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("RepositoryNotEmptyException", message)
}

pub fn repository_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("RepositoryNotFoundException", message)
}

pub fn repository_policy_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("RepositoryPolicyNotFoundException", message)
}

pub fn scan_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ScanNotFoundException", message)
}

pub fn secret_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("SecretNotFoundException", message)
}

pub fn server_exception(message: impl Into<String>) -> AwsError {
    AwsError::receiver("ServerException", message)
}

pub fn signing_configuration_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("SigningConfigurationNotFoundException", message)
}

pub fn template_already_exists_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("TemplateAlreadyExistsException", message)
}

pub fn template_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("TemplateNotFoundException", message)
}

pub fn too_many_tags_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("TooManyTagsException", message)
}

pub fn unable_to_access_secret_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UnableToAccessSecretException", message)
}

pub fn unable_to_decrypt_secret_value_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UnableToDecryptSecretValueException", message)
}

pub fn unable_to_get_upstream_image_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UnableToGetUpstreamImageException", message)
}

pub fn unable_to_get_upstream_layer_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UnableToGetUpstreamLayerException", message)
}

pub fn unable_to_list_upstream_image_referrers_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UnableToListUpstreamImageReferrersException", message)
}

pub fn unsupported_image_type_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UnsupportedImageTypeException", message)
}

pub fn unsupported_upstream_registry_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UnsupportedUpstreamRegistryException", message)
}

pub fn upload_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UploadNotFoundException", message)
}

pub fn validation_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ValidationException", message)
}
