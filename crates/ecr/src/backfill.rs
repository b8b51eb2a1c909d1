//! Replication backfills: started, stopped and shown here, run by the replicator.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication-backfill.html>

use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{AwsError, Context};
use gantry_registry::{
    BackfillProgress, BackfillRecord, BackfillResult, BackfillStart, BackfillStop, MAX_BACKFILLS, RegistryId,
};

use crate::api::EcrApi;
use crate::errors::{aws, invalid};
use crate::replication::{destination, view};

const DEFAULT_LIST: usize = 25;
const DEFAULT_RESULTS: usize = 100;
/// Results that one call looks at for those its filter lets through; a page may come out short.
const MAX_SCAN: usize = 5000;

fn not_found(registry: &RegistryId, id: &str) -> AwsError {
    errors::replication_backfill_not_found_exception(format!(
        "The replication backfill with id '{id}' does not exist in the registry with id '{}'",
        registry.account
    ))
}

pub(crate) async fn start_replication_backfill(
    api: &EcrApi,
    context: &Context,
    input: ecr::StartReplicationBackfillRequest,
) -> Result<ecr::StartReplicationBackfillResponse, AwsError> {
    let registry = EcrApi::registry_id(context, input.registry_id.as_ref())?;
    let to = destination(&input.destination, &registry, "destination")?;
    if !api.registry.replication_rules(&registry).await.map_err(aws)?.names(&to) {
        return Err(invalid("destination", "The destination must be in the registry's replication configuration"));
    }
    match api.registry.start_backfill(&registry, &to).await.map_err(aws)? {
        BackfillStart::Started(record) => Ok(ecr::StartReplicationBackfillResponse {
            replication_backfill_id: Some(record.id),
            registry_id: Some(registry.account.to_string()),
            destination: Some(view(&record.destination)),
            status: Some(record.status.as_str().to_owned()),
            started_at: Some(record.started_at),
        }),
        BackfillStart::InProgress => Err(errors::replication_backfill_in_progress_exception(format!(
            "A replication backfill is already in progress for the destination region '{}'",
            to.region
        ))),
        BackfillStart::TooMany => Err(errors::limit_exceeded_exception(format!(
            "The registry with id '{}' already has {MAX_BACKFILLS} replication backfills in progress",
            registry.account
        ))),
    }
}

pub(crate) async fn stop_replication_backfill(
    api: &EcrApi,
    context: &Context,
    input: ecr::StopReplicationBackfillRequest,
) -> Result<ecr::StopReplicationBackfillResponse, AwsError> {
    let registry = EcrApi::registry_id(context, input.registry_id.as_ref())?;
    let id = input.replication_backfill_id;
    match api.registry.stop_backfill(&registry, &id).await.map_err(aws)? {
        BackfillStop::Stopping(record) => Ok(ecr::StopReplicationBackfillResponse {
            registry_id: Some(registry.account.to_string()),
            replication_backfill_id: Some(record.id),
            destination: Some(view(&record.destination)),
            status: Some(record.status.as_str().to_owned()),
            started_at: Some(record.started_at),
        }),
        BackfillStop::NotFound => Err(not_found(&registry, &id)),
        BackfillStop::InvalidStatus(record) => Err(errors::replication_backfill_invalid_status_exception(format!(
            "The replication backfill with id '{id}' cannot be stopped because its status is {}",
            record.status.as_str()
        ))),
    }
}

fn count(n: u64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn progress(progress: &BackfillProgress) -> ecr::ReplicationBackfillProgress {
    ecr::ReplicationBackfillProgress {
        total_replication_count: count(progress.total),
        completed_replication_count: count(progress.completed),
        failed_replication_count: count(progress.failed),
        failure_codes: progress.failure_codes.iter().cloned().collect(),
    }
}

fn summary(record: BackfillRecord) -> ecr::ReplicationBackfillSummary {
    ecr::ReplicationBackfillSummary {
        destination: view(&record.destination),
        status: record.status.as_str().to_owned(),
        failure_code: record.failure_code,
        progress: record.progress.as_ref().map(progress),
        started_at: record.started_at,
        ended_at: record.ended_at,
        replication_backfill_id: record.id,
    }
}

pub(crate) async fn list_replication_backfills(
    api: &EcrApi,
    context: &Context,
    input: ecr::ListReplicationBackfillsRequest,
) -> Result<ecr::ListReplicationBackfillsResponse, AwsError> {
    let registry = EcrApi::registry_id(context, input.registry_id.as_ref())?;
    let scope = format!("{}/{}", registry.account, registry.region);
    let after = api.open_page("ListReplicationBackfills", &scope, input.next_token.as_ref())?;
    let limit = input.max_results.map_or(DEFAULT_LIST, |n| n.max(1) as usize);
    let page = api.registry.backfills(&registry, after.as_deref(), limit).await.map_err(aws)?;
    Ok(ecr::ListReplicationBackfillsResponse {
        registry_id: Some(registry.account.to_string()),
        backfills: Some(page.items.into_iter().map(summary).collect()),
        next_token: api.seal_page("ListReplicationBackfills", &scope, page.next),
    })
}

fn result(result: BackfillResult) -> ecr::ReplicationBackfillResult {
    ecr::ReplicationBackfillResult {
        repository_name: result.repository,
        image_id: ecr::ImageIdentifier { image_digest: Some(result.digest), image_tag: result.tag },
        status: if result.failure_code.is_some() { "FAILED" } else { "COMPLETE" }.to_owned(),
        failure_code: result.failure_code,
        sub_image_failure_codes: result.is_index.then_some(result.sub_image_failure_codes),
    }
}

pub(crate) async fn describe_replication_backfill_results(
    api: &EcrApi,
    context: &Context,
    input: ecr::DescribeReplicationBackfillResultsRequest,
) -> Result<ecr::DescribeReplicationBackfillResultsResponse, AwsError> {
    let registry = EcrApi::registry_id(context, input.registry_id.as_ref())?;
    let id = input.replication_backfill_id;
    let filter = input.result_status_filter;
    let scope = format!("{}/{} {id} {}", registry.account, registry.region, filter.as_deref().unwrap_or_default());
    let mut after = api.open_page("DescribeReplicationBackfillResults", &scope, input.next_token.as_ref())?;
    let found = api.registry.backfill(&registry, &id).await.map_err(aws)?;
    let record = found.ok_or_else(|| not_found(&registry, &id))?.value;
    let limit = input.max_results.map_or(DEFAULT_RESULTS, |n| n.max(1) as usize);
    let mut results = Vec::new();
    let mut looked_at = 0;
    while record.status.is_over() && looked_at < MAX_SCAN {
        let page = api.registry.backfill_results(&registry, &id, after.as_deref(), limit - results.len()).await;
        let page = page.map_err(aws)?;
        looked_at += page.items.len();
        results.extend(page.items.into_iter().map(result));
        if let Some(status) = &filter {
            results.retain(|r| r.status == *status);
        }
        after = page.next;
        if after.is_none() || results.len() >= limit {
            break;
        }
    }
    let next = if record.status.is_over() { after } else { None };
    Ok(ecr::DescribeReplicationBackfillResultsResponse {
        registry_id: Some(registry.account.to_string()),
        destination: Some(view(&record.destination)),
        status: Some(record.status.as_str().to_owned()),
        progress: record.progress.as_ref().map(progress),
        failure_code: record.failure_code,
        results: Some(results),
        started_at: Some(record.started_at),
        ended_at: record.ended_at,
        replication_backfill_id: Some(record.id),
        next_token: api.seal_page("DescribeReplicationBackfillResults", &scope, next),
    })
}
