//! Storage classes of images: the archive, and back.

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};

use crate::api::EcrApi;
use crate::errors::aws;
use crate::listing::located;

pub(crate) async fn update_image_storage_class(
    api: &EcrApi,
    context: &Context,
    input: ecr::UpdateImageStorageClassRequest,
) -> Result<ecr::UpdateImageStorageClassResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    api.registry.repository(&repo).await.map_err(aws)?;
    let (digest, record) = located(api, &repo, &input.image_id).await?;
    let archive = input.target_storage_class == "ARCHIVE";
    if record.archived == archive {
        let class = if archive { "ARCHIVE" } else { "STANDARD" };
        return Err(errors::image_storage_class_update_not_supported_exception(format!(
            "The image with digest '{digest}' is in the storage class {class} already."
        )));
    }
    let changed = if archive {
        api.registry.archive_image(&repo, &digest, None).await
    } else {
        api.registry.restore_image(&repo, &digest).await
    };
    let record = changed.map_err(aws)?;
    Ok(ecr::UpdateImageStorageClassResponse {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name),
        image_id: Some(ecr::ImageIdentifier {
            image_digest: Some(digest.to_string()),
            image_tag: input.image_id.image_tag,
        }),
        image_status: Some(if record.archived { "ARCHIVED" } else { "ACTIVE" }.to_owned()),
    })
}
