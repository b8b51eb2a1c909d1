//! Running backfills: every image that was there when it started, one after another, in an order in which
//! it can be taken up again.

use gantry_base::Timestamp;
use gantry_registry::{
    BackfillProgress, BackfillRecord, BackfillResult, BackfillStatus, ImageEntry, QueuedBackfill, RegistryId,
    ReplicationRules, RepoId,
};
use gantry_store::Revision;

use crate::config::limits;
use crate::copy::Copied;
use crate::engine::Engine;
use crate::failure::{Cure, Failure};

/// Why a backfill as a whole failed.
const TOO_MANY_FAILED: &str = "ReplicationFailureThresholdExceeded";
const NOT_CONFIGURED: &str = "DestinationNotConfigured";

/// Runs one until it is over. It may be killed at any line: what is saved is not done again.
pub(crate) async fn run(engine: Engine, backfill: QueuedBackfill) {
    let mut failures = 0;
    loop {
        match step(&engine, &backfill).await {
            Ok(true) => failures = 0,
            Ok(false) => break,
            Err(error) => {
                failures += 1;
                tracing::warn!(id = %backfill.id, reason = %error.reason, "a backfill pauses");
                tokio::time::sleep(engine.config.wait(failures, &*engine.entropy)).await;
            }
        }
    }
    if let Err(error) = engine.registry.expire_backfills(&backfill.registry).await {
        tracing::warn!(%error, "failed to remove old backfills");
    }
}

/// Whether there is more to do.
async fn step(engine: &Engine, backfill: &QueuedBackfill) -> Result<bool, Failure> {
    let (registry, id) = (&backfill.registry, &backfill.id);
    let Some(found) = engine.registry.backfill(registry, id).await? else { return Ok(false) };
    let (mut record, seen) = (found.value, found.mod_revision);
    match record.status {
        BackfillStatus::Preparing => prepare(engine, registry, record, seen).await,
        BackfillStatus::InProgress => advance(engine, registry, record, seen).await,
        BackfillStatus::Stopping => {
            end(engine, &mut record, BackfillStatus::Stopped, None);
            engine.registry.save_backfill(registry, seen, &record, &[]).await?;
            Ok(true)
        }
        BackfillStatus::Complete | BackfillStatus::Failed | BackfillStatus::Stopped => Ok(false),
    }
}

fn end(engine: &Engine, record: &mut BackfillRecord, status: BackfillStatus, code: Option<&str>) {
    record.status = status;
    record.failure_code = code.map(str::to_owned);
    record.ended_at = Some(engine.clock.now());
}

/// Counts what there is to do.
async fn prepare(
    engine: &Engine,
    registry: &RegistryId,
    mut record: BackfillRecord,
    seen: Revision,
) -> Result<bool, Failure> {
    let rules = engine.registry.replication_rules(registry).await?;
    let destination = record.destination.registry();
    if !rules.names(&destination) {
        end(engine, &mut record, BackfillStatus::Failed, Some(NOT_CONFIGURED));
        engine.registry.save_backfill(registry, seen, &record, &[]).await?;
        return Ok(true);
    }
    let mut total = 0;
    let mut cursor = None;
    while let Some((repo, image)) = next(engine, registry, &rules, &destination, record.started_at, &cursor).await? {
        total += image.tags.len().max(1) as u64;
        cursor = Some((repo.name, Some(image.digest.to_string())));
    }
    record.progress = Some(BackfillProgress { total, ..BackfillProgress::default() });
    record.status = BackfillStatus::InProgress;
    engine.registry.save_backfill(registry, seen, &record, &[]).await?;
    Ok(true)
}

/// Copies the next image.
async fn advance(
    engine: &Engine,
    registry: &RegistryId,
    mut record: BackfillRecord,
    seen: Revision,
) -> Result<bool, Failure> {
    let rules = engine.registry.replication_rules(registry).await?;
    let destination = record.destination.registry();
    let mut progress = record.progress.take().unwrap_or_default();
    let found = next(engine, registry, &rules, &destination, record.started_at, &record.cursor).await?;
    let Some((repo, image)) = found else {
        // Images that went meanwhile are not missed.
        progress.total = progress.completed + progress.failed;
        record.progress = Some(progress);
        end(engine, &mut record, BackfillStatus::Complete, None);
        engine.registry.save_backfill(registry, seen, &record, &[]).await?;
        return Ok(true);
    };
    let results = copy_patiently(engine, registry, &record, &repo, &image).await?;
    let Some(results) = results else { return Ok(true) };
    for result in &results {
        match &result.failure_code {
            None => progress.completed += 1,
            Some(code) => {
                progress.failed += 1;
                progress.failure_codes.insert(code.clone());
            }
        }
    }
    let processed = progress.completed + progress.failed;
    progress.total = progress.total.max(processed);
    let hopeless = processed >= limits::BACKFILL_JUDGED_FROM && progress.failed * 2 >= processed;
    record.progress = Some(progress);
    record.cursor = Some((repo.name.clone(), Some(image.digest.to_string())));
    record.results += results.len() as u64;
    if hopeless {
        end(engine, &mut record, BackfillStatus::Failed, Some(TOO_MANY_FAILED));
    }
    if !engine.registry.save_backfill(registry, seen, &record, &results).await? {
        // A stop was asked for meanwhile: the copy counts before it stops.
        return count_late(engine, registry, record, &results).await;
    }
    Ok(true)
}

/// Saves the progress of a backfill whose status changed under it.
async fn count_late(
    engine: &Engine,
    registry: &RegistryId,
    mut record: BackfillRecord,
    results: &[BackfillResult],
) -> Result<bool, Failure> {
    let Some(found) = engine.registry.backfill(registry, &record.id).await? else { return Ok(false) };
    (record.status, record.ended_at, record.failure_code) =
        (found.value.status, found.value.ended_at, found.value.failure_code);
    engine.registry.save_backfill(registry, found.mod_revision, &record, results).await?;
    Ok(true)
}

/// Copies one image, with pauses while the destination is out of reach; `None` if a stop was asked for.
async fn copy_patiently(
    engine: &Engine,
    registry: &RegistryId,
    record: &BackfillRecord,
    repo: &RepoId,
    image: &ImageEntry,
) -> Result<Option<Vec<BackfillResult>>, Failure> {
    let mut tries = 0;
    let is_index = gantry_registry::MediaType::from_name(&image.record.media_type).is_some_and(|m| m.is_index());
    let result = |tag: Option<String>, failure: Option<&Failure>| BackfillResult {
        repository: repo.name.clone(),
        digest: image.digest.to_string(),
        tag,
        failure_code: failure.map(|f| f.code.to_owned()),
        sub_image_failure_codes: failure
            .map(|f| f.sub_images.iter().map(|c| (*c).to_owned()).collect())
            .unwrap_or_default(),
        is_index,
    };
    let failure = loop {
        match engine.copy_now(repo, &image.digest, &record.destination.registry()).await {
            Ok(copied) => {
                let results = copied.into_iter().map(|Copied { tag, failure }| result(tag, failure.as_ref()));
                return Ok(Some(results.collect()));
            }
            Err(f) if f.cure == Cure::Gone => return Ok(Some(Vec::new())),
            Err(f) => {
                tries += 1;
                if !f.is_temporary() || tries >= limits::BACKFILL_TRIES {
                    break f;
                }
                tracing::info!(id = %record.id, reason = %f.reason, "a backfill waits for its destination");
                tokio::time::sleep(engine.config.wait(tries, &*engine.entropy)).await;
                let now = engine.registry.backfill(registry, &record.id).await?;
                if now.is_none_or(|r| r.value.status != BackfillStatus::InProgress) {
                    return Ok(None);
                }
            }
        }
    };
    if image.tags.is_empty() {
        return Ok(Some(vec![result(None, Some(&failure))]));
    }
    Ok(Some(image.tags.iter().map(|tag| result(Some(tag.clone()), Some(&failure))).collect()))
}

/// The next image after the cursor that a rule sends to the destination: no replica, not archived, there
/// when the backfill started, and no mere part of an index, with which it goes.
async fn next(
    engine: &Engine,
    registry: &RegistryId,
    rules: &ReplicationRules,
    destination: &RegistryId,
    started_at: Timestamp,
    cursor: &Option<(String, Option<String>)>,
) -> Result<Option<(RepoId, ImageEntry)>, Failure> {
    const ONE: usize = 1;
    let (mut name, mut after) = cursor.clone().map_or((None, None), |(name, after)| (Some(name), after));
    loop {
        if let Some(current) = name.as_ref().filter(|n| rules.destinations(n).contains(destination)) {
            let repo = RepoId::new(registry.clone(), current.clone());
            loop {
                let page = match engine.registry.images(&repo, after.as_deref(), ONE).await {
                    Err(gantry_registry::Error::RepositoryNotFound { .. }) => break,
                    other => other?,
                };
                let Some(image) = page.items.into_iter().next() else { break };
                after = Some(image.digest.to_string());
                if image.record.replica || image.record.archived || image.record.pushed_at > started_at {
                    continue;
                }
                let is_part =
                    image.tags.is_empty() && engine.registry.referencing_index(&repo, &image.digest).await?.is_some();
                if !is_part {
                    return Ok(Some((repo, image)));
                }
            }
        }
        let page = engine.registry.repositories(registry, name.as_deref(), ONE).await?;
        let Some(record) = page.items.into_iter().next() else { return Ok(None) };
        (name, after) = (Some(record.name), None);
    }
}
