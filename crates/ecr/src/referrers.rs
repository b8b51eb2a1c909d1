//! What refers to an image: signatures, bills of materials and the like.

use gantry_aws_api::ecr;
use gantry_aws_wire::{AwsError, Context};
use gantry_blobs::Digest;
use gantry_registry::{Reference, ReferrerRecord};

use crate::api::EcrApi;
use crate::errors::{aws, invalid};

/// Referrers in a page where the request does not say.
const DEFAULT_PAGE: usize = 20;

/// Pages are cut before the filter, so one may come out short.
pub(crate) async fn list_image_referrers(
    api: &EcrApi,
    context: &Context,
    input: ecr::ListImageReferrersRequest,
) -> Result<ecr::ListImageReferrersResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    api.registry.repository(&repo).await.map_err(aws)?;
    let subject: Digest =
        input.subject_id.image_digest.parse().map_err(|_| invalid("subjectId.imageDigest", "Invalid digest"))?;
    let (types, status) = input.filter.map_or((None, None), |f| (f.artifact_types, f.artifact_status));
    let types = types.unwrap_or_default();
    let scope = format!("{repo} {subject} {} {}", types.join(","), status.as_deref().unwrap_or_default());
    let after = api.open_page("ListImageReferrers", &scope, input.next_token.as_ref())?;
    let limit = input.max_results.map_or(DEFAULT_PAGE, |n| n.max(1) as usize);
    let page = api.registry.referrers(&repo, &subject, after.as_deref(), limit).await.map_err(aws)?;
    let mut referrers = Vec::with_capacity(page.items.len());
    for referrer in page.items {
        if !types.is_empty() && !referrer.artifact_type.as_ref().is_some_and(|t| types.contains(t)) {
            continue;
        }
        // Gone since the page was read.
        let Ok((_, record)) = api.registry.locate(&repo, &Reference::Digest(referrer.digest.clone())).await else {
            continue;
        };
        let is = if record.archived { "ARCHIVED" } else { "ACTIVE" };
        if matches!(status.as_deref().unwrap_or("ACTIVE"), wanted if wanted == "ANY" || wanted == is) {
            referrers.push(view(referrer, is));
        }
    }
    Ok(ecr::ListImageReferrersResponse {
        referrers: Some(referrers),
        next_token: api.seal_page("ListImageReferrers", &scope, page.next),
    })
}

fn view(referrer: ReferrerRecord, status: &str) -> ecr::ImageReferrer {
    ecr::ImageReferrer {
        digest: referrer.digest.to_string(),
        media_type: referrer.media_type,
        artifact_type: referrer.artifact_type,
        size: referrer.size as i64,
        annotations: (!referrer.annotations.is_empty()).then_some(referrer.annotations),
        artifact_status: Some(status.to_owned()),
    }
}
