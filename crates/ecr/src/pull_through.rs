//! Pull-through cache rules by the API, and what the API itself pulls through them.
//!
//! Beside the registries that ECR knows, a rule may name any other that speaks OCI Distribution, as
//! `host[:port]` with or without `https://` (or `http://`) before it: Gantry's own extension, to whose rules
//! DescribePullThroughCacheRules gives no `upstreamRegistry`. A rule for one of ECR's own registries means the
//! one of that account and region which this server has.
//!
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html>

use std::sync::Arc;

use async_trait::async_trait;
use gantry_aws_api::ecr::{self, errors};
use gantry_aws_wire::{Authority, AwsError, Context};
use gantry_blobs::Digest;
use gantry_registry::{
    CacheRule, CredentialFault, Error, MAX_CACHE_RULES, Permit, Reference, RegistryId, RepoId, ResolvedManifest,
    Upstream,
};
use http::uri::Authority as Host;

use crate::api::EcrApi;
use crate::errors::{aws, invalid};
use crate::rules;

const DEFAULT_PAGE: usize = 100;

/// Fetches what rules promise, and decides whether a caller may have it fetched.
#[derive(Clone)]
pub(crate) struct PullThrough {
    pub(crate) upstream: Arc<dyn Upstream>,
    pub(crate) authority: Arc<dyn Authority>,
}

/// A registry that ECR knows.
struct Kind {
    name: &'static str,
    /// The host, or with a dot before it how it ends.
    host: &'static str,
    /// Whether ECR asks for credentials.
    secret: bool,
}

const fn kind(name: &'static str, host: &'static str, secret: bool) -> Kind {
    Kind { name, host, secret }
}

const ECR: &str = "ecr";

const KINDS: &[Kind] = &[
    kind(ECR, ".amazonaws.com", false),
    kind("ecr-public", "public.ecr.aws", false),
    kind("quay", "quay.io", false),
    kind("k8s", "registry.k8s.io", false),
    kind("docker-hub", "registry-1.docker.io", true),
    kind("github-container-registry", "ghcr.io", true),
    kind("azure-container-registry", ".azurecr.io", true),
    kind("gitlab-container-registry", "registry.gitlab.com", true),
    kind("chainguard", "cgr.dev", true),
];

impl Kind {
    fn is_at(&self, host: &str) -> bool {
        if self.name == ECR {
            let account = host.split_once(".dkr.ecr.").map(|(account, _)| account);
            let is_account = account.is_some_and(|a| a.len() == 12 && a.bytes().all(|b| b.is_ascii_digit()));
            return is_account && host.ends_with(self.host);
        }
        if self.host.starts_with('.') { host.ends_with(self.host) && host != self.host } else { host == self.host }
    }
}

/// The host of `host[:port]`, `https://host[:port]` or `http://host[:port]`, in lower case.
fn host_of(url: &str) -> Option<String> {
    let rest = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") => rest,
        Some(_) => return None,
        None => url,
    };
    let host: Host = rest.strip_suffix('/').unwrap_or(rest).parse().ok()?;
    let plain = !host.as_str().contains('@') && !host.host().is_empty() && !host.host().starts_with('.');
    // A port that is none parses, and means nothing.
    let port = host.as_str().strip_prefix(host.host()).unwrap_or_default();
    let port = port.is_empty() || host.port_u16().is_some_and(|p| p > 0);
    (plain && port).then(|| host.host().to_ascii_lowercase())
}

/// The kind of registry at a URL; `None` for one that ECR does not know.
fn kind_of(url: &str, named: Option<&str>) -> Result<Option<&'static Kind>, AwsError> {
    let unsupported =
        || errors::unsupported_upstream_registry_exception("The specified upstream registry isn't supported.");
    let host = host_of(url).ok_or_else(unsupported)?;
    let found = KINDS.iter().find(|kind| kind.is_at(&host));
    match (named, found) {
        (Some(named), Some(kind)) if kind.name == named => Ok(found),
        (Some(_), _) => Err(unsupported()),
        (None, found) => Ok(found),
    }
}

fn none(registry: &RegistryId, prefix: &str) -> AwsError {
    errors::pull_through_cache_rule_not_found_exception(format!(
        "The pull through cache rule with prefix '{prefix}' does not exist in the registry with id '{}'",
        registry.account
    ))
}

fn credential_error(fault: &CredentialFault) -> AwsError {
    let text = fault.to_string();
    match fault {
        CredentialFault::NotFound => errors::secret_not_found_exception(text),
        CredentialFault::Inaccessible => errors::unable_to_access_secret_exception(text),
        CredentialFault::Undecryptable => errors::unable_to_decrypt_secret_value_exception(text),
        CredentialFault::Malformed => invalid("credentialArn", &text),
    }
}

impl EcrApi {
    /// Has images that cache rules promise fetched by `upstream`.
    #[must_use]
    pub fn with_upstream(mut self, upstream: Arc<dyn Upstream>, authority: Arc<dyn Authority>) -> Self {
        self.pull_through = Some(PullThrough { upstream, authority });
        self
    }

    /// The repository is there, or a rule would bring it.
    pub(crate) async fn may_be_pulled(&self, repo: &RepoId) -> Result<(), Error> {
        match self.registry.repository(repo).await {
            Err(e @ Error::RepositoryNotFound { .. }) if self.pull_through.is_some() => {
                if self.registry.cache_rule_for(repo).await?.is_some() { Ok(()) } else { Err(e) }
            }
            other => other.map(drop),
        }
    }

    /// A manifest for the caller, from upstream where a rule says so.
    pub(crate) async fn resolve(
        &self,
        context: &Context,
        repo: &RepoId,
        reference: &Reference,
    ) -> Result<ResolvedManifest, Error> {
        let caller = &context.caller.arn;
        let Some(pull_through) = &self.pull_through else {
            return self.registry.resolve_for(repo, reference, caller).await;
        };
        let permit = CallerPermit { api: self, context, authority: &*pull_through.authority };
        self.registry.resolve_through(repo, reference, caller, &*pull_through.upstream, &permit).await
    }

    /// Brings a layer that is not here, where a rule promises it.
    pub(crate) async fn have_layer(&self, context: &Context, repo: &RepoId, digest: &Digest) -> Result<(), Error> {
        let Some(pull_through) = &self.pull_through else { return Ok(()) };
        let permit = CallerPermit { api: self, context, authority: &*pull_through.authority };
        match self.registry.have_blob(repo, digest, &*pull_through.upstream, &permit).await {
            // The operation itself says so in its own words.
            Err(Error::BlobNotFound(_) | Error::RepositoryNotFound { .. }) => Ok(()),
            other => other,
        }
    }

    fn fetcher(&self, operation: &str) -> Result<&dyn Upstream, AwsError> {
        let fetcher = self.pull_through.as_ref().ok_or_else(|| AwsError::not_implemented(operation))?;
        Ok(&*fetcher.upstream)
    }

    async fn check_credentials(
        &self,
        operation: &str,
        registry: &RegistryId,
        arn: Option<&String>,
    ) -> Result<(), AwsError> {
        let Some(arn) = arn else { return Ok(()) };
        let checked = self.fetcher(operation)?.check_credentials(registry, arn).await;
        checked.map_err(|fault| credential_error(&fault))
    }
}

/// Another of ECR's registries is pulled from as a role, any other with credentials from a secret.
fn check_identity(
    registry: &RegistryId,
    is_ecr: bool,
    secret: Option<&String>,
    role: Option<&String>,
) -> Result<(), AwsError> {
    if !is_ecr && role.is_some() {
        return Err(invalid("customRoleArn", "can only be given for an Amazon ECR upstream"));
    }
    if is_ecr && secret.is_some() {
        return Err(invalid("credentialArn", "can not be given for an Amazon ECR upstream"));
    }
    rules::check_custom_role(role.map(String::as_str), registry)
}

/// The account of `<account>.dkr.ecr.<region>.amazonaws.com`.
fn account_of(url: &str) -> Option<String> {
    host_of(url)?.split('.').next().map(str::to_owned)
}

pub(crate) async fn create_pull_through_cache_rule(
    api: &EcrApi,
    context: &Context,
    input: ecr::CreatePullThroughCacheRuleRequest,
) -> Result<ecr::CreatePullThroughCacheRuleResponse, AwsError> {
    const OPERATION: &str = "CreatePullThroughCacheRule";
    let registry = EcrApi::registry_id(context, input.registry_id.as_ref())?;
    let kind = kind_of(&input.upstream_registry_url, input.upstream_registry.as_deref())?;
    let is_ecr = kind.is_some_and(|k| k.name == ECR);
    check_identity(&registry, is_ecr, input.credential_arn.as_ref(), input.custom_role_arn.as_ref())?;
    let is_own = account_of(&input.upstream_registry_url).as_deref() == Some(registry.account.as_str());
    if is_ecr && !is_own && input.custom_role_arn.is_none() {
        return Err(invalid("customRoleArn", "must be given for an upstream of another account"));
    }
    if input.credential_arn.is_none()
        && let Some(kind) = kind.filter(|k| k.secret)
    {
        return Err(invalid("credentialArn", &format!("must be given for the upstream registry {}", kind.name)));
    }
    api.check_credentials(OPERATION, &registry, input.credential_arn.as_ref()).await?;
    let there = api.registry.cache_rules(&registry, None, MAX_CACHE_RULES).await.map_err(aws)?.items;
    let same =
        |rule: &CacheRule| rule.prefix.trim_end_matches('/') == input.ecr_repository_prefix.trim_end_matches('/');
    let exists = || {
        errors::pull_through_cache_rule_already_exists_exception(format!(
            "A pull through cache rule with prefix '{}' already exists in the registry with id '{}'",
            input.ecr_repository_prefix, registry.account
        ))
    };
    if there.iter().any(same) {
        return Err(exists());
    }
    if there.len() >= MAX_CACHE_RULES {
        return Err(errors::limit_exceeded_exception(format!(
            "The registry with id '{}' already has the maximum allowed number of pull through cache rules which is '{MAX_CACHE_RULES}'",
            registry.account
        )));
    }
    let now = api.clock.now();
    let rule = CacheRule {
        prefix: input.ecr_repository_prefix.clone(),
        upstream_url: input.upstream_registry_url,
        upstream_registry: kind.map(|k| k.name.to_owned()),
        credential_arn: input.credential_arn,
        custom_role_arn: input.custom_role_arn,
        upstream_prefix: input.upstream_repository_prefix,
        created_at: now,
        updated_at: now,
    };
    if !api.registry.create_cache_rule(&registry, &rule).await.map_err(aws)? {
        return Err(exists());
    }
    Ok(ecr::CreatePullThroughCacheRuleResponse {
        ecr_repository_prefix: Some(rule.prefix),
        upstream_registry_url: Some(rule.upstream_url),
        created_at: Some(rule.created_at),
        registry_id: Some(registry.account.to_string()),
        upstream_registry: rule.upstream_registry,
        credential_arn: rule.credential_arn,
        custom_role_arn: rule.custom_role_arn,
        upstream_repository_prefix: rule.upstream_prefix,
    })
}

fn view(registry: &RegistryId, rule: CacheRule) -> ecr::PullThroughCacheRule {
    ecr::PullThroughCacheRule {
        ecr_repository_prefix: Some(rule.prefix),
        upstream_registry_url: Some(rule.upstream_url),
        created_at: Some(rule.created_at),
        registry_id: Some(registry.account.to_string()),
        credential_arn: rule.credential_arn,
        custom_role_arn: rule.custom_role_arn,
        upstream_repository_prefix: rule.upstream_prefix,
        upstream_registry: rule.upstream_registry,
        updated_at: Some(rule.updated_at),
    }
}

pub(crate) async fn describe_pull_through_cache_rules(
    api: &EcrApi,
    context: &Context,
    input: ecr::DescribePullThroughCacheRulesRequest,
) -> Result<ecr::DescribePullThroughCacheRulesResponse, AwsError> {
    const OPERATION: &str = "DescribePullThroughCacheRules";
    let registry = EcrApi::registry_id(context, input.registry_id.as_ref())?;
    if let Some(prefixes) = input.ecr_repository_prefixes.filter(|p| !p.is_empty()) {
        if input.next_token.is_some() || input.max_results.is_some() {
            return Err(invalid("maxResults", "can not be given with ecrRepositoryPrefixes"));
        }
        let mut rules = Vec::with_capacity(prefixes.len());
        for prefix in prefixes {
            let rule = api.registry.cache_rule(&registry, &prefix).await.map_err(aws)?;
            rules.push(view(&registry, rule.ok_or_else(|| none(&registry, &prefix))?));
        }
        return Ok(ecr::DescribePullThroughCacheRulesResponse {
            pull_through_cache_rules: Some(rules),
            next_token: None,
        });
    }
    let scope = format!("{}/{}", registry.account, registry.region);
    let after = api.open_page(OPERATION, &scope, input.next_token.as_ref())?;
    let limit = input.max_results.map_or(DEFAULT_PAGE, |n| n.max(1) as usize);
    let page = api.registry.cache_rules(&registry, after.as_deref(), limit).await.map_err(aws)?;
    Ok(ecr::DescribePullThroughCacheRulesResponse {
        pull_through_cache_rules: Some(page.items.into_iter().map(|rule| view(&registry, rule)).collect()),
        next_token: api.seal_page(OPERATION, &scope, page.next),
    })
}

pub(crate) async fn delete_pull_through_cache_rule(
    api: &EcrApi,
    context: &Context,
    input: ecr::DeletePullThroughCacheRuleRequest,
) -> Result<ecr::DeletePullThroughCacheRuleResponse, AwsError> {
    let registry = EcrApi::registry_id(context, input.registry_id.as_ref())?;
    let prefix = input.ecr_repository_prefix;
    let gone = api.registry.delete_cache_rule(&registry, &prefix).await.map_err(aws)?;
    let rule = gone.ok_or_else(|| none(&registry, &prefix))?;
    Ok(ecr::DeletePullThroughCacheRuleResponse {
        ecr_repository_prefix: Some(rule.prefix),
        upstream_registry_url: Some(rule.upstream_url),
        created_at: Some(rule.created_at),
        registry_id: Some(registry.account.to_string()),
        credential_arn: rule.credential_arn,
        custom_role_arn: rule.custom_role_arn,
        upstream_repository_prefix: rule.upstream_prefix,
    })
}

pub(crate) async fn update_pull_through_cache_rule(
    api: &EcrApi,
    context: &Context,
    input: ecr::UpdatePullThroughCacheRuleRequest,
) -> Result<ecr::UpdatePullThroughCacheRuleResponse, AwsError> {
    const OPERATION: &str = "UpdatePullThroughCacheRule";
    let registry = EcrApi::registry_id(context, input.registry_id.as_ref())?;
    let prefix = input.ecr_repository_prefix;
    let rule = api.registry.cache_rule(&registry, &prefix).await.map_err(aws)?;
    let rule = rule.ok_or_else(|| none(&registry, &prefix))?;
    let is_ecr = rule.upstream_registry.as_deref() == Some(ECR);
    let (secret, role) = (input.credential_arn, input.custom_role_arn);
    check_identity(&registry, is_ecr, secret.as_ref(), role.as_ref())?;
    if secret.is_none() && role.is_none() {
        let parameter = if is_ecr { "customRoleArn" } else { "credentialArn" };
        return Err(invalid(parameter, "must be given"));
    }
    api.check_credentials(OPERATION, &registry, secret.as_ref()).await?;
    let now = api.clock.now();
    let changed = api.registry.update_cache_rule(&registry, &prefix, |rule| {
        rule.credential_arn.clone_from(&secret);
        rule.custom_role_arn.clone_from(&role);
        rule.updated_at = now;
    });
    let rule = changed.await.map_err(aws)?.ok_or_else(|| none(&registry, &prefix))?;
    Ok(ecr::UpdatePullThroughCacheRuleResponse {
        ecr_repository_prefix: Some(rule.prefix),
        registry_id: Some(registry.account.to_string()),
        updated_at: Some(rule.updated_at),
        credential_arn: rule.credential_arn,
        custom_role_arn: rule.custom_role_arn,
        upstream_repository_prefix: rule.upstream_prefix,
    })
}

pub(crate) async fn validate_pull_through_cache_rule(
    api: &EcrApi,
    context: &Context,
    input: ecr::ValidatePullThroughCacheRuleRequest,
) -> Result<ecr::ValidatePullThroughCacheRuleResponse, AwsError> {
    let registry = EcrApi::registry_id(context, input.registry_id.as_ref())?;
    let prefix = input.ecr_repository_prefix;
    let rule = api.registry.cache_rule(&registry, &prefix).await.map_err(aws)?;
    let rule = rule.ok_or_else(|| none(&registry, &prefix))?;
    let failure = api.fetcher("ValidatePullThroughCacheRule")?.validate(&registry, &rule).await.err();
    Ok(ecr::ValidatePullThroughCacheRuleResponse {
        ecr_repository_prefix: Some(rule.prefix),
        registry_id: Some(registry.account.to_string()),
        upstream_registry_url: Some(rule.upstream_url),
        credential_arn: rule.credential_arn,
        custom_role_arn: rule.custom_role_arn,
        upstream_repository_prefix: rule.upstream_prefix,
        is_valid: Some(failure.is_none()),
        failure,
    })
}

/// A caller of the API, asked about as a caller of the wire is.
struct CallerPermit<'a> {
    api: &'a EcrApi,
    context: &'a Context,
    authority: &'a dyn Authority,
}

#[async_trait]
impl Permit for CallerPermit<'_> {
    async fn permit(&self, repo: &RepoId, actions: &[&'static str]) -> Result<(), Error> {
        let known = rules::surroundings(&self.api.registry, repo).await?;
        let account = &self.context.caller.account;
        let accesses: Vec<_> = actions.iter().map(|action| known.access(action, repo, account)).collect();
        self.authority
            .authorize(self.context, &accesses)
            .await
            .map_err(|e| if e.status >= 500 { Error::Internal(e.to_string()) } else { Error::Denied(e.message) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upstream_registries_are_told_by_their_hosts() {
        for (url, named, expected) in [
            ("public.ecr.aws", None, Some(Some("ecr-public"))),
            ("https://public.ecr.aws", None, Some(Some("ecr-public"))),
            ("registry-1.docker.io", Some("docker-hub"), Some(Some("docker-hub"))),
            ("registry-1.docker.io", Some("quay"), None),
            ("mine.azurecr.io", None, Some(Some("azure-container-registry"))),
            (".azurecr.io", None, None),
            ("123456789012.dkr.ecr.us-east-1.amazonaws.com", None, Some(Some("ecr"))),
            ("GHCR.io/", None, Some(Some("github-container-registry"))),
            ("cgr.dev", None, Some(Some("chainguard"))),
            ("registry.example:5000", None, Some(None)),
            ("http://127.0.0.1:5000", None, Some(None)),
            ("registry.example", Some("quay"), None),
            ("ftp://registry.example", None, None),
            ("registry.example/path", None, None),
            ("user@registry.example", None, None),
            ("registry.example:x", None, None),
            ("", None, None),
            ("https://", None, None),
        ] {
            let found = kind_of(url, named).map(|kind| kind.map(|k| k.name)).ok();
            assert_eq!(found, expected, "{url} {named:?}");
        }
    }
}
