//! Resource policies: checked when put, and part of every decision about the secret.

use gantry_aws_api::secretsmanager::{
    DeleteResourcePolicyRequest, DeleteResourcePolicyResponse, GetResourcePolicyRequest, GetResourcePolicyResponse,
    PutResourcePolicyRequest, PutResourcePolicyResponse, ValidateResourcePolicyRequest, ValidateResourcePolicyResponse,
    ValidationErrorsEntry,
};
use gantry_aws_wire::Context;
use gantry_iam::{Policy, PolicyKind};
use serde_json::Value;

use crate::change::alive;
use crate::{Error, Secrets};

/// Whether a statement allows everybody without a condition: what BlockPublicPolicy refuses. AWS reasons about
/// conditions too; here any condition passes.
fn is_public(text: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(text) else { return false };
    let statements = match &policy["Statement"] {
        Value::Array(all) => all.iter().collect(),
        one => vec![one],
    };
    let anybody = |principal: &Value| match principal {
        Value::String(text) => text == "*",
        Value::Array(all) => all.iter().any(|p| p == "*"),
        _ => false,
    };
    statements.iter().any(|s| {
        let wide = anybody(&s["Principal"]) || anybody(&s["Principal"]["AWS"]) || !s["NotPrincipal"].is_null();
        s["Effect"] == "Allow" && wide && s["Condition"].as_object().is_none_or(serde_json::Map::is_empty)
    })
}

impl Secrets {
    /// PolicyName belongs to policies of managed secrets, which are not here.
    fn refuse_named(name: Option<&String>) -> Result<(), Error> {
        if name.is_some() { Err(Error::NotImplemented("a resource policy with a PolicyName")) } else { Ok(()) }
    }

    pub(crate) async fn put_policy(
        &self,
        context: &Context,
        input: PutResourcePolicyRequest,
    ) -> Result<PutResourcePolicyResponse, Error> {
        Self::refuse_named(input.policy_name.as_ref())?;
        if let Err(e) = Policy::parse(&input.resource_policy, PolicyKind::Resource) {
            return Err(Error::Malformed(format!("This resource policy contains invalid Json: {e}")));
        }
        if input.block_public_policy == Some(true) && is_public(&input.resource_policy) {
            return Err(Error::PublicPolicy);
        }
        let changed = self.change(&input.secret_id, context, |found| {
            alive(&found.record)?;
            found.record.policy = Some(input.resource_policy.clone());
            Ok((Vec::new(), ()))
        });
        let (found, ()) = changed.await?;
        Ok(PutResourcePolicyResponse { arn: Some(found.arn()), name: Some(found.record.name), policy_name: None })
    }

    pub(crate) async fn get_policy(
        &self,
        context: &Context,
        input: GetResourcePolicyRequest,
    ) -> Result<GetResourcePolicyResponse, Error> {
        Self::refuse_named(input.policy_name.as_ref())?;
        let found = self.living(&input.secret_id, context).await?;
        Ok(GetResourcePolicyResponse {
            arn: Some(found.arn()),
            resource_policy: found.record.policy,
            name: Some(found.record.name),
            policy_name: None,
        })
    }

    pub(crate) async fn delete_policy(
        &self,
        context: &Context,
        input: DeleteResourcePolicyRequest,
    ) -> Result<DeleteResourcePolicyResponse, Error> {
        Self::refuse_named(input.policy_name.as_ref())?;
        let changed = self.change(&input.secret_id, context, |found| {
            alive(&found.record)?;
            found.record.policy = None;
            Ok((Vec::new(), ()))
        });
        let (found, ()) = changed.await?;
        Ok(DeleteResourcePolicyResponse { arn: Some(found.arn()), name: Some(found.record.name), policy_name: None })
    }

    pub(crate) async fn validate_policy(
        &self,
        context: &Context,
        input: ValidateResourcePolicyRequest,
    ) -> Result<ValidateResourcePolicyResponse, Error> {
        if let Some(id) = &input.secret_id {
            self.living(id, context).await?;
        }
        if let Err(e) = Policy::parse(&input.resource_policy, PolicyKind::Resource) {
            return Err(Error::Malformed(format!("This resource policy contains invalid Json: {e}")));
        }
        let mut errors = Vec::new();
        if is_public(&input.resource_policy) {
            errors.push(ValidationErrorsEntry {
                check_name: Some("RESOURCE_POLICY_PUBLIC_ACCESS".to_owned()),
                error_message: Some(Error::PublicPolicy.to_string()),
            });
        }
        Ok(ValidateResourcePolicyResponse {
            policy_validation_passed: Some(errors.is_empty()),
            validation_errors: Some(errors),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broad_policies_are_told() {
        let policy = |principal: &str, more: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"secretsmanager:GetSecretValue","Resource":"*"{more}}}]}}"#
            )
        };
        for (text, expected) in [
            (policy("\"*\"", ""), true),
            (policy(r#"{"AWS":"*"}"#, ""), true),
            (policy(r#"{"AWS":["arn:aws:iam::123456789012:root","*"]}"#, ""), true),
            (policy(r#"{"AWS":"123456789012"}"#, ""), false),
            (policy("\"*\"", r#","Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}"#), false),
            (policy("\"*\"", "").replace("Allow", "Deny"), false),
            ("nothing".to_owned(), false),
        ] {
            assert_eq!(is_public(&text), expected, "{text}");
        }
    }
}
