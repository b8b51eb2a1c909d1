//! What a caller must be allowed for each operation.
//!
//! Actions, resources and condition keys follow
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html>.

use gantry_aws_wire::{Access, Context};
use serde_json::Value;

use crate::id::SecretId;
use crate::records::Scope;
use crate::{Error, Secrets};

/// Operations about no secret in particular.
const ON_EVERYTHING: &[&str] = &["BatchGetSecretValue", "GetRandomPassword", "ListSecrets"];

/// Stands for the six random characters of a secret that is not there: policies for `name-*` and
/// `name-??????` match it, so that their holders are told that it is not there.
const NO_SUFFIX: &str = "??????";

impl Secrets {
    pub(crate) async fn accesses_of(
        &self,
        operation: &str,
        input: &Value,
        context: &Context,
    ) -> Result<Vec<Access>, Error> {
        let action = format!("secretsmanager:{operation}");
        if ON_EVERYTHING.contains(&operation) {
            let mut all = vec![Access::new(action, "*")];
            if operation == "BatchGetSecretValue" && input["Filters"].is_array() {
                all.push(Access::new("secretsmanager:ListSecrets", "*"));
            }
            return Ok(all);
        }
        if operation == "CreateSecret" {
            return Ok(Self::accesses_to_create(input, context));
        }
        let Some(id) = input["SecretId"].as_str() else {
            // ValidateResourcePolicy may name no secret.
            return Ok(vec![Access::new(action, "*")]);
        };
        let access = self.access_to(operation, id, context).await?;
        Ok(vec![with_input(access, input)])
    }

    fn accesses_to_create(input: &Value, context: &Context) -> Vec<Access> {
        let name = input["Name"].as_str().unwrap_or_default();
        let scope = Scope { account: context.account.clone(), region: context.region.clone() };
        let resource = scope.arn(&format!("{name}-{NO_SUFFIX}"));
        let create = Access::new("secretsmanager:CreateSecret", resource.clone());
        let mut all = vec![with_input(create, input).condition("secretsmanager:Name", vec![name.to_owned()])];
        if input["Tags"].as_array().is_some_and(|tags| !tags.is_empty()) {
            all.push(with_input(Access::new("secretsmanager:TagResource", resource), input));
        }
        all
    }

    /// One action on the secret that `id` means, which may not be there.
    pub(crate) async fn access_to(&self, operation: &str, id: &str, context: &Context) -> Result<Access, Error> {
        let action = format!("secretsmanager:{operation}");
        let Some(found) = self.look_up(id, context).await? else {
            let resource = match SecretId::parse(id, context) {
                Some(SecretId::Name(scope, name)) => scope.arn(&format!("{name}-{NO_SUFFIX}")),
                _ => id.to_owned(),
            };
            let mut access = Access::new(action, resource).condition("secretsmanager:SecretId", vec![id.to_owned()]);
            access.resource_account = SecretId::parse(id, context).map(|id| id.scope().account.clone());
            return Ok(access);
        };
        let arn = found.arn();
        let mut access = Access::new(action, arn.clone()).condition("secretsmanager:SecretId", vec![arn]);
        for (key, value) in &found.record.tags {
            access = access
                .condition(format!("aws:ResourceTag/{key}"), vec![value.clone()])
                .condition(format!("secretsmanager:ResourceTag/{key}"), vec![value.clone()]);
        }
        access = access.condition("secretsmanager:SecretPrimaryRegion", vec![found.scope.region.to_string()]);
        access.resource_policy = found.record.policy.as_deref().map(Into::into);
        access.resource_account = Some(found.scope.account);
        Ok(access)
    }
}

/// Condition keys that come from the request.
fn with_input(mut access: Access, input: &Value) -> Access {
    const MEMBERS: &[&str] = &[
        "BlockPublicPolicy",
        "Description",
        "ForceDeleteWithoutRecovery",
        "KmsKeyId",
        "RecoveryWindowInDays",
        "VersionId",
        "VersionStage",
    ];
    for member in MEMBERS {
        let text = match &input[*member] {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => input[*member].to_string(),
            _ => continue,
        };
        access = access.condition(format!("secretsmanager:{member}"), vec![text]);
    }
    let mut keys = Vec::new();
    for tag in input["Tags"].as_array().into_iter().flatten() {
        let (key, value) = (tag["Key"].as_str().unwrap_or_default(), tag["Value"].as_str().unwrap_or_default());
        access = access.condition(format!("aws:RequestTag/{key}"), vec![value.to_owned()]);
        keys.push(key.to_owned());
    }
    keys.extend(input["TagKeys"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
    if keys.is_empty() { access } else { access.condition("aws:TagKeys", keys) }
}
