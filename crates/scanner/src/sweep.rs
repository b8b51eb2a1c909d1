//! What a registry holds already when its scanning configuration changes: enhanced scanning looks at it too.

use gantry_registry::{Registry, RegistryId, RepoId, ScanFrequency, ScanType};

use crate::Result;

/// Images pushed longer ago are scanned when they are pushed again (Inspector's own choice at first activation).
const MAX_AGE_MS: i64 = 30 * 24 * 3600 * 1000;
/// Repositories or images in one look.
const PAGE: usize = 200;

/// Puts into the queue what the configurations that have changed ask for. Done again it changes nothing.
pub(crate) async fn sweep(registry: &Registry, now: gantry_base::Timestamp) -> Result<()> {
    for (id, seen) in registry.registries_to_scan().await? {
        one(registry, &id, now).await?;
        registry.registry_queued(&id, seen).await?;
    }
    Ok(())
}

async fn one(registry: &Registry, id: &RegistryId, now: gantry_base::Timestamp) -> Result<()> {
    let configuration = registry.scanning_configuration(id).await?;
    // Basic scans are of pushes that come, and of what is asked for.
    if configuration.scan_type != ScanType::Enhanced {
        return Ok(());
    }
    let mut after: Option<String> = None;
    loop {
        let page = registry.repositories(id, after.as_deref(), PAGE).await?;
        for repository in &page.items {
            let (frequency, _) = configuration.frequency(&repository.name, repository.scan_on_push);
            if frequency != ScanFrequency::Manual {
                images(registry, &RepoId::new(id.clone(), repository.name.clone()), now).await?;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}

async fn images(registry: &Registry, repo: &RepoId, now: gantry_base::Timestamp) -> Result<()> {
    let mut after: Option<String> = None;
    loop {
        let page = match registry.images(repo, after.as_deref(), PAGE).await {
            // Deleted meanwhile.
            Err(gantry_registry::Error::RepositoryNotFound { .. }) => return Ok(()),
            other => other?,
        };
        let young = page.items.iter().filter(|i| now.since_ms(i.record.pushed_at) < MAX_AGE_MS && !i.record.archived);
        let digests: Vec<_> = young.map(|i| i.digest.clone()).collect();
        registry.queue_scans(repo, &digests).await?;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(()),
        }
    }
}
