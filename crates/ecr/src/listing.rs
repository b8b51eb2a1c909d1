//! Lists of images, in pages.

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_blobs::Digest;
use gantry_registry::{Error, ImageEntry, ImageRecord, Reference, RepoId};

use crate::api::EcrApi;
use crate::errors::{aws, invalid};
use crate::images::Wanted;
use crate::scans::Scanning;

/// Images in a page where the request does not say.
const DEFAULT_PAGE: usize = 100;
/// Images that one call looks at for those its filter lets through; a page may come out short.
const MAX_SCAN: usize = 2000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum TagStatus {
    Tagged,
    Untagged,
    Any,
}

impl TagStatus {
    fn parse(text: Option<&str>) -> Self {
        match text {
            Some("TAGGED") => Self::Tagged,
            Some("UNTAGGED") => Self::Untagged,
            _ => Self::Any,
        }
    }

    fn fits(self, tags: &[String]) -> bool {
        match self {
            Self::Tagged => !tags.is_empty(),
            Self::Untagged => tags.is_empty(),
            Self::Any => true,
        }
    }
}

/// Restoring takes no time here, so no image is ever ACTIVATING.
fn status_fits(status: Option<&str>, record: &ImageRecord) -> bool {
    match status {
        None | Some("ANY") => true,
        Some("ACTIVE") => !record.archived,
        Some("ARCHIVED") => record.archived,
        Some(_) => false,
    }
}

fn scope(repo: &RepoId, tag_status: Option<&str>, image_status: Option<&str>) -> String {
    format!("{repo} {} {}", tag_status.unwrap_or_default(), image_status.unwrap_or_default())
}

/// Every image once for each of its tags: first by tag, then those without one by digest.
pub(crate) async fn list_images(
    api: &EcrApi,
    context: &Context,
    input: ecr::ListImagesRequest,
) -> Result<ecr::ListImagesResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    api.registry.repository(&repo).await.map_err(aws)?;
    let (tag_status, image_status) = input.filter.map_or((None, None), |f| (f.tag_status, f.image_status));
    let scope = scope(&repo, tag_status.as_deref(), image_status.as_deref());
    let status = TagStatus::parse(tag_status.as_deref());
    let from = api.open_page("ListImages", &scope, input.next_token.as_ref())?;
    let limit = input.max_results.map_or(DEFAULT_PAGE, |n| n.max(1) as usize);
    let bad = || invalid("nextToken", "Invalid pagination token");
    let from = from.as_deref().map(|f| f.split_once(':').ok_or_else(bad)).transpose()?;
    let mut ids = Vec::new();
    let untagged_after = match from {
        Some(("image", after)) => Some(after.to_owned()).filter(|a| !a.is_empty()),
        at if status != TagStatus::Untagged => {
            let page = api.registry.tags(&repo, at.map(|(_, tag)| tag), limit).await.map_err(aws)?;
            for (tag, digest) in page.items {
                if !matches!(image_status.as_deref(), None | Some("ANY")) {
                    // Gone since: the next listing does not have it.
                    let Ok((_, record)) = api.registry.locate(&repo, &Reference::Digest(digest.clone())).await else {
                        continue;
                    };
                    if !status_fits(image_status.as_deref(), &record) {
                        continue;
                    }
                }
                ids.push(ecr::ImageIdentifier { image_digest: Some(digest.to_string()), image_tag: Some(tag) });
            }
            if let Some(next) = page.next {
                let next_token = api.seal_page("ListImages", &scope, Some(format!("tag:{next}")));
                return Ok(ecr::ListImagesResponse { image_ids: Some(ids), next_token });
            }
            None
        }
        _ => None,
    };
    let mut next = None;
    if status != TagStatus::Tagged {
        let room = limit.saturating_sub(ids.len());
        let (found, more) =
            scan(api, &repo, untagged_after, room, TagStatus::Untagged, image_status.as_deref()).await?;
        ids.extend(
            found
                .into_iter()
                .map(|i| ecr::ImageIdentifier { image_digest: Some(i.digest.to_string()), image_tag: None }),
        );
        next = more.map(|digest| format!("image:{digest}"));
    }
    Ok(ecr::ListImagesResponse { image_ids: Some(ids), next_token: api.seal_page("ListImages", &scope, next) })
}

/// Up to `limit` images after `after` that fit, and where to go on (an empty text: from the start).
async fn scan(
    api: &EcrApi,
    repo: &RepoId,
    after: Option<String>,
    limit: usize,
    status: TagStatus,
    image_status: Option<&str>,
) -> Result<(Vec<ImageEntry>, Option<String>), AwsError> {
    if limit == 0 {
        return Ok((Vec::new(), Some(after.unwrap_or_default())));
    }
    let (mut found, mut after, mut seen) = (Vec::new(), after, 0);
    loop {
        let page = api.registry.images(repo, after.as_deref(), limit.min(MAX_SCAN)).await.map_err(aws)?;
        let (last, more) = (page.items.last().map(|i| i.digest.to_string()), page.next.is_some());
        for entry in page.items {
            seen += 1;
            if !status.fits(&entry.tags) || !status_fits(image_status, &entry.record) {
                continue;
            }
            let at = entry.digest.to_string();
            found.push(entry);
            if found.len() == limit {
                let done = !more && last.as_ref() == Some(&at);
                return Ok((found, (!done).then_some(at)));
            }
        }
        match last {
            Some(last) if more && seen < MAX_SCAN => after = Some(last),
            last => return Ok((found, last.filter(|_| more))),
        }
    }
}

pub(crate) async fn describe_images(
    api: &EcrApi,
    context: &Context,
    input: ecr::DescribeImagesRequest,
) -> Result<ecr::DescribeImagesResponse, AwsError> {
    let repo = EcrApi::repo(context, input.registry_id.as_ref(), input.repository_name)?;
    api.registry.repository(&repo).await.map_err(aws)?;
    if let Some(ids) = input.image_ids.filter(|ids| !ids.is_empty()) {
        if input.next_token.is_some() || input.max_results.is_some() {
            return Err(invalid("maxResults", "can not be given with imageIds"));
        }
        let scanning = Scanning::of(api, &repo).await?;
        let mut details = Vec::with_capacity(ids.len());
        for id in ids {
            details.push(describe_one(api, &repo, &scanning, &id).await?);
        }
        return Ok(ecr::DescribeImagesResponse { image_details: Some(details), next_token: None });
    }
    let (tag_status, image_status) = input.filter.map_or((None, None), |f| (f.tag_status, f.image_status));
    let scope = scope(&repo, tag_status.as_deref(), image_status.as_deref());
    let after = api.open_page("DescribeImages", &scope, input.next_token.as_ref())?;
    let limit = input.max_results.map_or(DEFAULT_PAGE, |n| n.max(1) as usize);
    let tags = TagStatus::parse(tag_status.as_deref());
    let (found, next) = scan(api, &repo, after, limit, tags, image_status.as_deref()).await?;
    let scanning = Scanning::of(api, &repo).await?;
    let mut details = Vec::with_capacity(found.len());
    for entry in found {
        details.push(view(api, &repo, &scanning, entry).await?);
    }
    Ok(ecr::DescribeImagesResponse {
        image_details: Some(details),
        next_token: api.seal_page("DescribeImages", &scope, next),
    })
}

/// The image that an identifier means. `ImageNotFoundException`, also where tag and digest differ.
pub(crate) async fn located(
    api: &EcrApi,
    repo: &RepoId,
    id: &ecr::ImageIdentifier,
) -> Result<(Digest, ImageRecord), AwsError> {
    let missing = || {
        let part = |text: &Option<String>| text.as_deref().unwrap_or("null").to_owned();
        errors::image_not_found_exception(format!(
            "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name '{}' in the registry with id '{}'",
            part(&id.image_digest),
            part(&id.image_tag),
            repo.name,
            repo.registry.account
        ))
    };
    let wanted = Wanted::parse(id).map_err(|(_, reason)| errors::invalid_parameter_exception(reason))?;
    let reference = wanted.reference().ok_or_else(missing)?;
    let (digest, record) = api.registry.locate(repo, &reference).await.map_err(|e| match e {
        Error::ImageNotFound { .. } => missing(),
        other => aws(other),
    })?;
    if wanted.digest.is_some_and(|d| d != digest) {
        return Err(missing());
    }
    Ok((digest, record))
}

async fn describe_one(
    api: &EcrApi,
    repo: &RepoId,
    scanning: &Scanning,
    id: &ecr::ImageIdentifier,
) -> Result<ecr::ImageDetail, AwsError> {
    let (digest, record) = located(api, repo, id).await?;
    let tags = api.registry.image_tags(repo, &digest).await.map_err(aws)?;
    view(api, repo, scanning, ImageEntry { digest, record, tags }).await
}

async fn view(
    api: &EcrApi,
    repo: &RepoId,
    scanning: &Scanning,
    entry: ImageEntry,
) -> Result<ecr::ImageDetail, AwsError> {
    let last_pull = api.registry.last_pull(repo, &entry.digest).await.map_err(aws)?;
    let (image_scan_status, image_scan_findings_summary) = scanning.summary(api, repo, &entry).await?;
    Ok(ecr::ImageDetail {
        registry_id: Some(repo.registry.account.to_string()),
        repository_name: Some(repo.name.clone()),
        image_digest: Some(entry.digest.to_string()),
        image_tags: (!entry.tags.is_empty()).then_some(entry.tags),
        image_size_in_bytes: Some(entry.record.image_size as i64),
        image_pushed_at: Some(entry.record.pushed_at),
        image_scan_status,
        image_scan_findings_summary,
        image_manifest_media_type: Some(entry.record.media_type),
        artifact_media_type: entry.record.artifact_type,
        last_recorded_pull_time: last_pull,
        subject_manifest_digest: entry.record.subject.map(String::from),
        image_status: Some(if entry.record.archived { "ARCHIVED" } else { "ACTIVE" }.to_owned()),
        last_archived_at: entry.record.last_archived_at,
        last_activated_at: entry.record.last_activated_at,
    })
}
