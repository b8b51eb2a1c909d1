//! Repository creation templates: what a repository is like that comes into being by a push.

use std::collections::BTreeMap;

use gantry_base::Timestamp;
use gantry_store::{Compare, Op, Store, Txn};
use serde::{Deserialize, Serialize};

use crate::records::RepositoryRecord;
use crate::{EncryptionRecord, Error, Mutability, Registry, RegistryId, RepoId, Result, keys};

/// The prefix of the template for names that no other fits.
pub const ROOT: &str = "ROOT";
/// What a template applies to when a push makes a repository.
pub const CREATE_ON_PUSH: &str = "CREATE_ON_PUSH";
/// What a template applies to when a cache rule makes a repository.
pub const PULL_THROUGH_CACHE: &str = "PULL_THROUGH_CACHE";
const SETTING: &str = "template/";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateRecord {
    /// As it was given; a slash at its end makes no difference.
    pub prefix: String,
    pub description: Option<String>,
    pub encryption: EncryptionRecord,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default)]
    pub mutability: Mutability,
    #[serde(default)]
    pub exclusion_filters: Vec<String>,
    pub repository_policy: Option<String>,
    pub lifecycle_policy: Option<String>,
    pub applied_for: Vec<String>,
    pub custom_role_arn: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

fn name(prefix: &str) -> String {
    format!("{SETTING}{}", prefix.trim_end_matches('/'))
}

fn read(text: &str) -> Result<TemplateRecord> {
    serde_json::from_str(text).map_err(|e| Error::Internal(format!("failed to read a creation template: {e}")))
}

fn write(record: &TemplateRecord) -> Result<String> {
    serde_json::to_string(record).map_err(|e| Error::Internal(format!("failed to write a creation template: {e}")))
}

impl Registry {
    pub async fn template(&self, registry: &RegistryId, prefix: &str) -> Result<Option<TemplateRecord>> {
        self.setting(registry, &name(prefix)).await?.map(|text| read(&text)).transpose()
    }

    /// False if there is one for the prefix.
    pub async fn create_template(&self, registry: &RegistryId, record: &TemplateRecord) -> Result<bool> {
        self.create_setting(registry, &name(&record.prefix), &write(record)?).await
    }

    /// Changes a template by compare-and-swap; `None` if there is none.
    pub async fn update_template(
        &self,
        registry: &RegistryId,
        prefix: &str,
        mut change: impl FnMut(&mut TemplateRecord) + Send,
    ) -> Result<Option<TemplateRecord>> {
        self.store
            .update(&keys::setting(registry, &name(prefix)), |record: Option<TemplateRecord>| {
                Ok::<_, Error>(record.map(|mut record| {
                    change(&mut record);
                    record
                }))
            })
            .await
    }

    pub async fn delete_template(&self, registry: &RegistryId, prefix: &str) -> Result<Option<TemplateRecord>> {
        self.set_setting(registry, &name(prefix), None).await?.map(|text| read(&text)).transpose()
    }

    /// Templates in the order of their prefixes, after `after`.
    pub async fn templates(
        &self,
        registry: &RegistryId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<crate::Page<TemplateRecord>> {
        let page = self.settings(registry, SETTING, after, limit).await?;
        let items = page.items.iter().map(|(_, text)| read(text)).collect::<Result<_>>()?;
        Ok(crate::Page { items, next: page.next })
    }

    /// The template by which a push to `repo` makes it: that of the longest prefix.
    pub async fn template_for_push(&self, repo: &RepoId) -> Result<Option<TemplateRecord>> {
        self.template_for(repo, CREATE_ON_PUSH).await
    }

    /// The template by which `repo` comes into being for `what`, such as [`CREATE_ON_PUSH`].
    pub async fn template_for(&self, repo: &RepoId, what: &str) -> Result<Option<TemplateRecord>> {
        let applies = |template: &TemplateRecord| template.applied_for.iter().any(|a| a == what);
        let mut prefix = repo.name.as_str();
        while let Some((shorter, _)) = prefix.rsplit_once('/') {
            prefix = shorter;
            if let Some(found) = self.template(&repo.registry, prefix).await?.filter(&applies) {
                return Ok(Some(found));
            }
        }
        Ok(self.template(&repo.registry, ROOT).await?.filter(&applies))
    }

    /// Makes the repository of a push if it is not there and a template says so. Whether the caller may make
    /// one has been seen to.
    ///
    /// [`Error::RepositoryNotFound`] where no template does.
    pub async fn ensure_for_push(&self, repo: &RepoId) -> Result<()> {
        let missing = match self.repository(repo).await {
            Err(e @ Error::RepositoryNotFound { .. }) => e,
            other => return other.map(drop),
        };
        let Some(template) = self.template_for_push(repo).await? else { return Err(missing) };
        match self.create_by_template(repo, template).await {
            // Another layer of the same push came first.
            Ok(()) | Err(Error::RepositoryExists { .. }) => Ok(()),
            Err(e) => Err(e),
        }
    }

    /// Makes a repository as a template says, policies and all, in one transaction.
    ///
    /// [`Error::RepositoryExists`].
    pub async fn create_by_template(&self, repo: &RepoId, template: TemplateRecord) -> Result<()> {
        if !crate::is_repository_name(&repo.name) {
            return Err(Error::NameSyntax(repo.name.clone()));
        }
        let record = RepositoryRecord {
            name: repo.name.clone(),
            created_at: self.clock.now(),
            mutability: template.mutability,
            exclusion_filters: template.exclusion_filters,
            scan_on_push: false,
            encryption: template.encryption,
            tags: template.tags,
        };
        let key = keys::repository(repo);
        let mut txn =
            Txn::new().when(Compare::absent(key.clone())).then(Op::put(key.clone(), Store::encode(&key, &record)?));
        if let Some(text) = template.repository_policy {
            txn = txn.then(Op::put(keys::policy(repo), text));
        }
        if let Some(text) = template.lifecycle_policy {
            let key = keys::lifecycle(repo);
            let policy = crate::LifecycleRecord { text, evaluated_at: None };
            txn = txn.then(Op::put(key.clone(), Store::encode(&key, &policy)?));
        }
        if self.store.txn(txn).await?.succeeded {
            return Ok(());
        }
        Err(Error::RepositoryExists { name: repo.name.clone(), account: repo.registry.account.clone() })
    }
}
