//! What each operation needs: its action, the repository it is about, and the condition keys of both
//! (Service Authorization Reference, "Actions, resources, and condition keys for Amazon ECR").

use std::collections::BTreeMap;
use std::sync::Arc;

use gantry_aws_wire::{Access, AwsError};
use gantry_base::{AccountId, Arn, Region};
use gantry_registry::{Error, Registry, RegistryId, RepoId};
use serde_json::Value;

use crate::errors::{aws, invalid};
use crate::registry_policy::RegistryPolicy;

/// Everything that is known about a repository for a decision.
pub(crate) struct Surroundings {
    tags: BTreeMap<String, String>,
    policy: Option<Arc<str>>,
    registry_policy: RegistryPolicy,
    exists: bool,
}

/// A repository's tags and policy; nothing of either where it does not exist, so that who may not ask
/// does not learn whether it does.
pub(crate) async fn surroundings(registry: &Registry, repo: &RepoId) -> Result<Surroundings, Error> {
    let registry_policy = RegistryPolicy::of(registry, &repo.registry).await?;
    match registry.repository(repo).await {
        Ok(record) => {
            let policy = match registry.repository_policy(repo).await {
                Ok(policy) => policy.map(Arc::from),
                Err(Error::RepositoryNotFound { .. }) => None,
                Err(e) => return Err(e),
            };
            Ok(Surroundings { tags: record.value.tags, policy, registry_policy, exists: true })
        }
        Err(Error::RepositoryNotFound { .. }) => {
            Ok(Surroundings { tags: BTreeMap::new(), policy: None, registry_policy, exists: false })
        }
        Err(e) => Err(e),
    }
}

impl Surroundings {
    /// One action on the repository. `caller` is the caller's account.
    pub(crate) fn access(&self, action: &str, repo: &RepoId, caller: &AccountId) -> Access {
        let mut access = Access::new(action, repo.arn().to_string());
        for (key, value) in &self.tags {
            access = access
                .condition(format!("aws:ResourceTag/{key}"), vec![value.clone()])
                .condition(format!("ecr:ResourceTag/{key}"), vec![value.clone()]);
        }
        access.resource_policy = self.registry_policy.with(action, self.policy.as_ref());
        if repo.registry.account != *caller {
            access.resource_account = Some(repo.registry.account.clone());
        }
        access
    }
}

/// The registry that a request means.
pub(crate) fn registry_of(
    registry_id: Option<&str>,
    account: &AccountId,
    region: &Region,
) -> Result<RegistryId, AwsError> {
    let account = match registry_id {
        Some(id) => {
            id.parse().map_err(|_| invalid("registryId", "must satisfy regular expression pattern: [0-9]{12}"))?
        }
        None => account.clone(),
    };
    Ok(RegistryId { account, region: region.clone() })
}

/// The repository that a tagging operation's ARN names.
pub(crate) fn repo_of_arn(text: &str) -> Result<RepoId, AwsError> {
    let bad = || invalid("resourceArn", "Invalid ARN");
    let arn: Arn = text.parse().map_err(|_| bad())?;
    let name = arn.resource.strip_prefix("repository/").filter(|_| arn.service == "ecr").ok_or_else(bad)?;
    let account = arn.account.parse().map_err(|_| bad())?;
    let region = arn.region.parse().map_err(|_| bad())?;
    Ok(RepoId::new(RegistryId { account, region }, name))
}

/// A role that ECR is to take on: one of the registry's own account, since no role can be passed to another.
pub(crate) fn check_custom_role(arn: Option<&str>, registry: &RegistryId) -> Result<(), AwsError> {
    let Some(text) = arn else { return Ok(()) };
    let is_role = |arn: &Arn| {
        let name = arn.resource.strip_prefix("role/");
        arn.service == "iam" && arn.account == registry.account.as_str() && name.is_some_and(|n| !n.is_empty())
    };
    match text.parse::<Arn>() {
        Ok(arn) if is_role(&arn) => Ok(()),
        _ => Err(invalid("customRoleArn", "must be the ARN of an IAM role of the registry's account")),
    }
}

/// Operations about the registry as a whole, where ECR knows no resource.
const ON_EVERYTHING: &[&str] = &["GetAuthorizationToken", "DescribeRegistry"];

/// Operations whose action has another name.
const ACTIONS: &[(&str, &str)] = &[("ListImageReferrers", "BatchGetImage")];

/// What `operation` needs. Also for operations that are not built: they are refused before they say so.
pub(crate) async fn accesses(
    registry: &Registry,
    operation: &str,
    input: &Value,
    account: &AccountId,
    region: &Region,
    caller: &AccountId,
) -> Result<Vec<Access>, AwsError> {
    let named = ACTIONS.iter().find(|(name, _)| *name == operation).map_or(operation, |(_, action)| *action);
    let action = format!("ecr:{named}");
    if ON_EVERYTHING.contains(&operation) {
        return Ok(vec![Access::new(action, "*")]);
    }
    if let Some(arn) = input["resourceArn"].as_str() {
        let repo = repo_of_arn(arn)?;
        let access = surroundings(registry, &repo).await.map_err(aws)?.access(&action, &repo, caller);
        return Ok(vec![with_requested_tags(access, input)]);
    }
    let id = registry_of(input["registryId"].as_str(), account, region)?;
    if let Some(names) = input["repositoryNames"].as_array().filter(|names| !names.is_empty()) {
        let mut all = Vec::with_capacity(names.len());
        for name in names.iter().filter_map(Value::as_str) {
            let repo = RepoId::new(id.clone(), name);
            all.push(surroundings(registry, &repo).await.map_err(aws)?.access(&action, &repo, caller));
        }
        return Ok(all);
    }
    let Some(name) = input["repositoryName"].as_str() else {
        // Lists of all repositories are allowed on all of them; the rest has no resource.
        let resource = match operation {
            "DescribeRepositories" => RepoId::new(id.clone(), "*").arn().to_string(),
            _ => "*".to_owned(),
        };
        let mut access = Access::new(action, resource);
        if let Some(setting) = input["name"].as_str().filter(|_| operation.ends_with("AccountSetting")) {
            access = access.condition("ecr:AccountSetting", vec![setting.to_owned()]);
        }
        access.resource_account = (id.account != *caller).then(|| id.account.clone());
        let mut all = vec![access];
        all.extend(dependent(operation, input, &id));
        return Ok(all);
    };
    let repo = RepoId::new(id, name);
    if operation != "CreateRepository" {
        let known = surroundings(registry, &repo).await.map_err(aws)?;
        let mut all = vec![known.access(&action, &repo, caller)];
        // The first layer of a push makes the repository where a template says so.
        if operation == "InitiateLayerUpload"
            && !known.exists
            && registry.template_for_push(&repo).await.map_err(aws)?.is_some()
        {
            all.push(known.access("ecr:CreateRepository", &repo, caller));
        }
        return Ok(all);
    }
    // A repository that is to be made has no tags or policy to decide by, even if one is there already.
    let registry_policy = RegistryPolicy::of(registry, &repo.registry).await.map_err(aws)?;
    let bare = Surroundings { tags: BTreeMap::new(), policy: None, registry_policy, exists: false };
    let mut all = vec![with_requested_tags(bare.access(&action, &repo, caller), input)];
    if input["tags"].as_array().is_some_and(|tags| !tags.is_empty()) {
        all.push(with_requested_tags(bare.access("ecr:TagResource", &repo, caller), input));
    }
    Ok(all)
}

/// What the Service Authorization Reference has these operations need beside their own action: who writes a
/// template must be allowed what it will do, and who names a role may hand it to ECR.
fn dependent(operation: &str, input: &Value, registry: &RegistryId) -> Vec<Access> {
    let mut all = Vec::new();
    let is_given = |name: &str| input[name].as_str().is_some_and(|text| !text.is_empty());
    if operation.ends_with("RepositoryCreationTemplate") && !operation.starts_with("Delete") {
        let repositories = match input["prefix"].as_str().map(|p| p.trim_end_matches('/')) {
            None | Some("ROOT") => "*".to_owned(),
            Some(prefix) => format!("{prefix}/*"),
        };
        let on = RepoId::new(registry.clone(), repositories).arn().to_string();
        all.push(Access::new("ecr:CreateRepository", on.clone()));
        if is_given("lifecyclePolicy") {
            all.push(Access::new("ecr:PutLifecyclePolicy", on.clone()));
        }
        if is_given("repositoryPolicy") {
            all.push(Access::new("ecr:SetRepositoryPolicy", on));
        }
    }
    if let Some(role) = input["customRoleArn"].as_str() {
        let pass = Access::new("iam:PassRole", role);
        all.push(pass.condition("iam:PassedToService", vec!["ecr.amazonaws.com".to_owned()]));
    }
    all
}

fn with_requested_tags(mut access: Access, input: &Value) -> Access {
    let mut keys = Vec::new();
    for tag in input["tags"].as_array().into_iter().flatten() {
        let (Some(key), Some(value)) = (tag["Key"].as_str(), tag["Value"].as_str()) else { continue };
        access = access.condition(format!("aws:RequestTag/{key}"), vec![value.to_owned()]);
        keys.push(key.to_owned());
    }
    keys.extend(input["tagKeys"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    if keys.is_empty() { access } else { access.condition("aws:TagKeys", keys) }
}
