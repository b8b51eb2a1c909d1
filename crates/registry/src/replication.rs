//! Replication's records: which registries an image goes to, how far each copy is, and what is queued.
//!
//! What always holds: a registry's rules decide by the repository's name alone; an image's entry in
//! [`queue::REPLICATE`](crate::queue::REPLICATE) stays until every destination has a record that says
//! COMPLETE or FAILED for that entry; a delete that a rule wants replicated is queued by the
//! transaction that deletes; what came by replication is queued by neither.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/replication.html>

use gantry_base::{AccountId, Region, Timestamp};
use gantry_blobs::Digest;
use gantry_store::{Compare, KeyRange, KeyValue, Op, Revision, Store, Txn, Versioned};
use serde::{Deserialize, Serialize};

use crate::queue::Origin;
use crate::{Page, Registry, RegistryId, RepoId, Result, keys, limits, setting};

/// What a template applies to when a replication makes a repository.
pub const REPLICATION: &str = "REPLICATION";
/// The request header by which a peer's replicator says that a push is a replication, and of which
/// registry: `<account>/<region>`. Such a request needs `ecr:ReplicateImage` instead of a push's actions.
pub const REPLICATION_SOURCE: &str = "x-gantry-replication-source";
/// Tags and images whose deletion a rule wants replicated.
pub const REPLICATE_DELETE: &str = "/aws/ecr-queue/replicate-delete/";

/// A registry's replication configuration: ECR's `ReplicationConfiguration`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicationRules {
    #[serde(default)]
    pub rules: Vec<ReplicationRule>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationRule {
    pub destinations: Vec<ReplicationDestination>,
    /// Any of them must be a prefix of the repository's name; none means every repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_filters: Option<Vec<PrefixFilter>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delete_replication: Option<DeleteReplication>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicationDestination {
    pub region: Region,
    pub registry_id: AccountId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrefixFilter {
    pub filter: String,
    /// `PREFIX_MATCH`
    pub filter_type: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteReplication {
    pub enabled: bool,
}

impl ReplicationDestination {
    pub fn registry(&self) -> RegistryId {
        RegistryId { account: self.registry_id.clone(), region: self.region.clone() }
    }
}

impl From<&RegistryId> for ReplicationDestination {
    fn from(id: &RegistryId) -> Self {
        Self { region: id.region.clone(), registry_id: id.account.clone() }
    }
}

impl ReplicationRule {
    fn is_for(&self, repository: &str) -> bool {
        let Some(filters) = &self.repository_filters else { return true };
        filters.iter().any(|f| repository.starts_with(&f.filter))
    }

    fn deletes(&self) -> bool {
        self.delete_replication.is_some_and(|d| d.enabled)
    }
}

impl ReplicationRules {
    /// Where pushes to a repository go, each destination once.
    pub fn destinations(&self, repository: &str) -> Vec<RegistryId> {
        self.chosen(repository, |_| true)
    }

    /// Where deletes in a repository go.
    pub fn delete_destinations(&self, repository: &str) -> Vec<RegistryId> {
        self.chosen(repository, ReplicationRule::deletes)
    }

    /// Whether any rule names the destination, whatever its filters.
    pub fn names(&self, destination: &RegistryId) -> bool {
        self.rules.iter().any(|r| r.destinations.iter().any(|d| d.registry() == *destination))
    }

    fn chosen(&self, repository: &str, which: impl Fn(&ReplicationRule) -> bool) -> Vec<RegistryId> {
        let mut all: Vec<RegistryId> = Vec::new();
        for rule in self.rules.iter().filter(|r| which(r) && r.is_for(repository)) {
            for destination in &rule.destinations {
                let id = destination.registry();
                if !all.contains(&id) {
                    all.push(id);
                }
            }
        }
        all
    }
}

/// ECR's `ReplicationStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReplicationStatus {
    InProgress,
    Complete,
    Failed,
}

impl ReplicationStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
        }
    }
}

/// How an image's copy in one destination is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplicationRecord {
    pub status: ReplicationStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_code: Option<String>,
    /// In words, for the log of whoever looks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The queue's entry that this is about, by its revision: a push since asks for another round.
    pub seen: Revision,
    /// Tries that failed so far.
    #[serde(default)]
    pub attempts: u32,
    /// When the first try of this round was.
    pub since: Timestamp,
    pub updated_at: Timestamp,
}

impl ReplicationRecord {
    /// Nothing more is to be done for the queue's entry of this revision.
    pub fn is_settled(&self, seen: Revision) -> bool {
        self.seen >= seen && self.status != ReplicationStatus::InProgress
    }
}

/// A queued deletion: of one tag, or of the image with all its tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedDelete {
    pub repo: RepoId,
    pub digest: Digest,
    /// `None`: the image is gone.
    pub tag: Option<String>,
    pub key: String,
    pub seen: Revision,
}

impl QueuedDelete {
    /// `None` if the key is no entry's.
    pub fn read(kv: &KeyValue) -> Option<Self> {
        let key = std::str::from_utf8(&kv.key).ok()?;
        let (repo, rest) = key.strip_prefix(REPLICATE_DELETE)?.split_once(':')?;
        let (digest, tag) = rest.rsplit_once(':')?;
        Some(Self {
            repo: repo.parse().ok()?,
            digest: digest.parse().ok()?,
            tag: (!tag.is_empty()).then(|| tag.to_owned()),
            key: key.to_owned(),
            seen: kv.mod_revision,
        })
    }
}

fn statuses(repo: &RepoId, digest: &Digest) -> String {
    format!("{}{digest}:", keys::replications(repo))
}

fn upload_key(repo: &RepoId, blob: &Digest, destination: &RegistryId) -> String {
    format!("{}{blob}:{}:{}", keys::replication_uploads(repo), destination.region, destination.account)
}

/// Removes what is known of an image's copies, with the image.
pub(crate) fn forget(repo: &RepoId, digest: &Digest) -> Op {
    Op::Delete(KeyRange::prefix(statuses(repo, digest)))
}

impl Registry {
    /// The registry's rules; none if there is no configuration.
    pub async fn replication_rules(&self, registry: &RegistryId) -> Result<ReplicationRules> {
        let Some(text) = self.setting(registry, setting::REPLICATION).await? else {
            return Ok(ReplicationRules::default());
        };
        serde_json::from_str(&text)
            .map_err(|e| crate::Error::Internal(format!("failed to read a replication configuration: {e}")))
    }

    /// Replaces the rules. They have been checked.
    pub async fn set_replication_rules(&self, registry: &RegistryId, rules: &ReplicationRules) -> Result<()> {
        let text = serde_json::to_string(rules)
            .map_err(|e| crate::Error::Internal(format!("failed to write a replication configuration: {e}")))?;
        let value = (!rules.rules.is_empty()).then_some(text.as_str());
        self.set_setting(registry, setting::REPLICATION, value).await.map(drop)
    }

    /// What is known of an image's copies, by destination.
    pub async fn replications(&self, repo: &RepoId, digest: &Digest) -> Result<Vec<(RegistryId, ReplicationRecord)>> {
        let prefix = statuses(repo, digest);
        let mut all = Vec::new();
        for kv in &self.store.list(prefix.clone()).await?.kvs {
            let rest = crate::images::after_prefix(kv, &prefix);
            let Some((region, account)) = rest.split_once(':') else { continue };
            let (Ok(region), Ok(account)) = (region.parse(), account.parse()) else { continue };
            all.push((RegistryId { account, region }, Versioned::<ReplicationRecord>::decode(kv)?.value));
        }
        Ok(all)
    }

    /// Keeps how a copy is, as long as the image is there. `with`: what else the same transaction does.
    pub async fn set_replication(
        &self,
        repo: &RepoId,
        digest: &Digest,
        destination: &RegistryId,
        record: &ReplicationRecord,
        with: Vec<Op>,
    ) -> Result<bool> {
        let key = format!("{}{}:{}", statuses(repo, digest), destination.region, destination.account);
        let mut txn = Txn::new()
            .when(Compare::exists(keys::image(repo, digest)))
            .then(Op::put(key.clone(), Store::encode(&key, record)?));
        txn.success.extend(with);
        Ok(self.store.txn(txn).await?.succeeded)
    }

    /// Whether the queue has an entry of the image, and of which revision.
    pub async fn replication_queued(&self, repo: &RepoId, digest: &Digest) -> Result<Option<Revision>> {
        let key = crate::queue::key(crate::queue::REPLICATE, repo, digest);
        Ok(self.store.get(key).await?.map(|kv| kv.mod_revision))
    }

    /// Where an upload of a blob to a peer goes on, if one was started.
    pub async fn replication_upload(
        &self,
        repo: &RepoId,
        blob: &Digest,
        destination: &RegistryId,
    ) -> Result<Option<String>> {
        let kept = self.store.get(upload_key(repo, blob, destination)).await?;
        Ok(kept.map(|kv| String::from_utf8_lossy(&kv.value).into_owned()))
    }

    /// Keeps or, with `None`, forgets where an upload goes on; the peer forgets it too in time.
    pub async fn set_replication_upload(
        &self,
        repo: &RepoId,
        blob: &Digest,
        destination: &RegistryId,
        location: Option<&str>,
    ) -> Result<()> {
        let key = upload_key(repo, blob, destination);
        let Some(location) = location else {
            self.store.delete(key).await?;
            return Ok(());
        };
        let lease = self.store.engine().lease_grant(limits::UPLOAD_IDLE_SECS as i64).await?;
        let put = Op::Put { key: key.into(), value: location.to_owned().into(), lease };
        self.store.txn(Txn::new().when(Compare::exists(keys::repository(repo))).then(put)).await?;
        Ok(())
    }

    /// Queued deletions in the order of their keys, after `after` (a key).
    pub async fn queued_deletes(&self, after: Option<&str>, limit: usize) -> Result<Page<QueuedDelete>> {
        let after = after.and_then(|key| key.strip_prefix(REPLICATE_DELETE));
        let (kvs, more) = self.page(REPLICATE_DELETE, after, limit).await?;
        let next = kvs.last().filter(|_| more).map(|kv| String::from_utf8_lossy(&kv.key).into_owned());
        Ok(Page { items: kvs.iter().filter_map(|kv| QueuedDelete::read(kv)).collect(), next })
    }

    /// Takes an entry of any queue out, unless it was put anew since `seen`.
    pub async fn unqueue_at(&self, key: &str, seen: Revision) -> Result<bool> {
        let txn = Txn::new().when(Compare::unchanged(key.to_owned(), seen)).then(Op::delete(key.to_owned()));
        Ok(self.store.txn(txn).await?.succeeded)
    }

    /// What a delete leaves for the replicator.
    pub(crate) async fn delete_follow_ups(
        &self,
        repo: &RepoId,
        digest: &Digest,
        tags: &[String],
        image_gone: bool,
        origin: Origin,
    ) -> Result<Vec<Op>> {
        if origin == Origin::Replication {
            return Ok(Vec::new());
        }
        let rules = self.replication_rules(&repo.registry).await?;
        if rules.delete_destinations(&repo.name).is_empty() {
            return Ok(Vec::new());
        }
        let put = |tag: &str| Op::put(format!("{REPLICATE_DELETE}{repo}:{digest}:{tag}"), "");
        Ok(if image_gone { vec![put("")] } else { tags.iter().map(|tag| put(tag)).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> ReplicationRules {
        serde_json::from_str(
            r#"{"rules":[
                {"destinations":[{"region":"eu-west-1","registryId":"111111111111"},
                                 {"region":"us-west-2","registryId":"222222222222"}],
                 "repositoryFilters":[{"filter":"prod","filterType":"PREFIX_MATCH"},
                                      {"filter":"team/","filterType":"PREFIX_MATCH"}],
                 "deleteReplication":{"enabled":true}},
                {"destinations":[{"region":"eu-west-1","registryId":"111111111111"},
                                 {"region":"eu-west-3","registryId":"111111111111"}]}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn names_choose_destinations() {
        for (name, all, deletes) in [
            ("prod/app", "eu-west-1 us-west-2 eu-west-3", "eu-west-1 us-west-2"),
            ("production", "eu-west-1 us-west-2 eu-west-3", "eu-west-1 us-west-2"),
            ("team/x", "eu-west-1 us-west-2 eu-west-3", "eu-west-1 us-west-2"),
            ("team", "eu-west-1 eu-west-3", ""),
            ("dev/prod", "eu-west-1 eu-west-3", ""),
        ] {
            let text =
                |ids: Vec<RegistryId>| ids.iter().map(|i| i.region.as_str().to_owned()).collect::<Vec<_>>().join(" ");
            assert_eq!(text(rules().destinations(name)), all, "{name}");
            assert_eq!(text(rules().delete_destinations(name)), deletes, "{name}");
        }
        assert!(ReplicationRules::default().destinations("x").is_empty());
    }

    #[test]
    fn delete_entries_come_back() {
        let digest = Digest::sha256(b"x");
        for tag in ["", "v1"] {
            let key = format!("{REPLICATE_DELETE}000000000001/us-east-1/a/b:{digest}:{tag}");
            let kv = KeyValue {
                key: key.clone().into(),
                value: Default::default(),
                create_revision: 1,
                mod_revision: 7,
                version: 2,
                lease: 0,
            };
            let read = QueuedDelete::read(&kv).unwrap();
            assert_eq!((read.repo.name.as_str(), read.tag.as_deref().unwrap_or(""), read.seen), ("a/b", tag, 7));
            assert_eq!((read.digest, read.key), (digest.clone(), key));
        }
    }
}
