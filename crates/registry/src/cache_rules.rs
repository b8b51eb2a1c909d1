//! Pull-through cache rules: which names mean images of a registry elsewhere, and what they are called there.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-working-pulling.html>

use gantry_base::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Error, Page, ROOT, Registry, RegistryId, RepoId, Result, keys};

/// Rules of one registry (ECR's quota).
pub const MAX_CACHE_RULES: usize = 50;
const SETTING: &str = "cache-rule/";

/// At `…/ecr/setting/cache-rule/<prefix>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheRule {
    /// As it was given; a slash at its end makes no difference. [`ROOT`]: names that no other rule is for.
    pub prefix: String,
    /// As it was given: `host[:port]`, with or without a scheme.
    pub upstream_url: String,
    /// ECR's name for the kind of registry; `None` for one that ECR does not know.
    pub upstream_registry: Option<String>,
    pub credential_arn: Option<String>,
    pub custom_role_arn: Option<String>,
    /// What stands before the rest of the name upstream; [`ROOT`] or none: nothing. Kept as it was given,
    /// since who compares what is with what was asked for tells the two apart.
    pub upstream_prefix: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A rule and the repository that it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedRule {
    pub rule: CacheRule,
    /// The repository's name upstream.
    pub upstream_name: String,
}

impl CacheRule {
    /// The upstream name of a repository; `None` if the rule is not for it.
    pub fn upstream_name(&self, repository: &str) -> Option<String> {
        let rest = match self.prefix.trim_end_matches('/') {
            ROOT => repository,
            prefix => repository.strip_prefix(prefix)?.strip_prefix('/').filter(|rest| !rest.is_empty())?,
        };
        Some(match self.upstream_prefix.as_deref().unwrap_or(ROOT).trim_end_matches('/') {
            ROOT => rest.to_owned(),
            prefix => format!("{prefix}/{rest}"),
        })
    }
}

fn name(prefix: &str) -> String {
    format!("{SETTING}{}", prefix.trim_end_matches('/'))
}

fn read(text: &str) -> Result<CacheRule> {
    serde_json::from_str(text).map_err(|e| Error::Internal(format!("failed to read a cache rule: {e}")))
}

impl Registry {
    pub async fn cache_rule(&self, registry: &RegistryId, prefix: &str) -> Result<Option<CacheRule>> {
        self.setting(registry, &name(prefix)).await?.map(|text| read(&text)).transpose()
    }

    /// False if there is one for the prefix.
    pub async fn create_cache_rule(&self, registry: &RegistryId, rule: &CacheRule) -> Result<bool> {
        let text = serde_json::to_string(rule).map_err(|e| Error::Internal(format!("failed to write a rule: {e}")))?;
        self.create_setting(registry, &name(&rule.prefix), &text).await
    }

    /// Changes a rule by compare-and-swap; `None` if there is none.
    pub async fn update_cache_rule(
        &self,
        registry: &RegistryId,
        prefix: &str,
        mut change: impl FnMut(&mut CacheRule) + Send,
    ) -> Result<Option<CacheRule>> {
        self.store
            .update(&keys::setting(registry, &name(prefix)), |rule: Option<CacheRule>| {
                Ok::<_, Error>(rule.map(|mut rule| {
                    change(&mut rule);
                    rule
                }))
            })
            .await
    }

    /// What was cached stays.
    pub async fn delete_cache_rule(&self, registry: &RegistryId, prefix: &str) -> Result<Option<CacheRule>> {
        self.set_setting(registry, &name(prefix), None).await?.map(|text| read(&text)).transpose()
    }

    /// Rules in the order of their prefixes, after `after`.
    pub async fn cache_rules(
        &self,
        registry: &RegistryId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Page<CacheRule>> {
        let page = self.settings(registry, SETTING, after, limit).await?;
        let items = page.items.iter().map(|(_, text)| read(text)).collect::<Result<_>>()?;
        Ok(Page { items, next: page.next })
    }

    /// The rule for a repository: that of the longest prefix.
    pub async fn cache_rule_for(&self, repo: &RepoId) -> Result<Option<MatchedRule>> {
        let rules = self.cache_rules(&repo.registry, None, MAX_CACHE_RULES).await?.items;
        let best = rules
            .into_iter()
            .filter_map(|rule| rule.upstream_name(&repo.name).map(|upstream_name| MatchedRule { rule, upstream_name }))
            .max_by_key(|m| if m.rule.prefix == ROOT { 0 } else { m.rule.prefix.trim_end_matches('/').len() });
        Ok(best)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_translated() {
        for (prefix, upstream, name, expected) in [
            ("docker-hub", ROOT, "docker-hub/library/nginx", Some("library/nginx")),
            ("docker-hub/", ROOT, "docker-hub/library/nginx", Some("library/nginx")),
            ("docker-hub", ROOT, "docker-hub", None),
            ("docker-hub", ROOT, "docker-hubs/x", None),
            ("team", "prod/images", "team/app", Some("prod/images/app")),
            ("team/a", "b", "team/a/x/y", Some("b/x/y")),
            (ROOT, ROOT, "library/nginx", Some("library/nginx")),
            (ROOT, "mirror", "nginx", Some("mirror/nginx")),
        ] {
            let rule = CacheRule {
                prefix: prefix.into(),
                upstream_url: "registry-1.docker.io".into(),
                upstream_registry: None,
                credential_arn: None,
                custom_role_arn: None,
                upstream_prefix: Some(upstream.into()),
                created_at: Timestamp::from_secs(0),
                updated_at: Timestamp::from_secs(0),
            };
            assert_eq!(rule.upstream_name(name).as_deref(), expected, "{prefix} {upstream} {name}");
        }
    }
}
