// Made by `cargo xtask codegen` from the public service model. Do not edit.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_aws_wire::schema::{OperationSchema, ServiceSchema};
use gantry_aws_wire::{Access, AwsError, Context, Output, Service, Shape as _};
use serde_json::Value;

use super::{schema, types};
use crate::support::{empty, parse};

/// AWS Secrets Manager. An operation that is not overridden answers `501 NotImplemented` with its name.
#[async_trait]
pub trait SecretsManager: Send + Sync + 'static {
    /// What the caller must be allowed before `operation` runs; see [`Service::accesses`].
    async fn accesses(&self, operation: &str, input: &Value, context: &Context) -> Result<Vec<Access>, AwsError>;

    /// A whole answer that is ready as JSON, for operations where building it anew costs too much.
    async fn prerendered(&self, operation: &str, input: &Value, context: &Context) -> Option<Result<Bytes, AwsError>> {
        let _ = (operation, input, context);
        None
    }

    async fn associate_cross_account_replica(
        &self,
        context: &Context,
        input: types::AssociateCrossAccountReplicaRequest,
    ) -> Result<types::AssociateCrossAccountReplicaResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("AssociateCrossAccountReplica"))
    }

    async fn batch_get_secret_value(
        &self,
        context: &Context,
        input: types::BatchGetSecretValueRequest,
    ) -> Result<types::BatchGetSecretValueResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("BatchGetSecretValue"))
    }

    async fn cancel_rotate_secret(
        &self,
        context: &Context,
        input: types::CancelRotateSecretRequest,
    ) -> Result<types::CancelRotateSecretResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CancelRotateSecret"))
    }

    async fn create_secret(
        &self,
        context: &Context,
        input: types::CreateSecretRequest,
    ) -> Result<types::CreateSecretResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateSecret"))
    }

    async fn delete_resource_policy(
        &self,
        context: &Context,
        input: types::DeleteResourcePolicyRequest,
    ) -> Result<types::DeleteResourcePolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteResourcePolicy"))
    }

    async fn delete_secret(
        &self,
        context: &Context,
        input: types::DeleteSecretRequest,
    ) -> Result<types::DeleteSecretResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteSecret"))
    }

    async fn describe_secret(
        &self,
        context: &Context,
        input: types::DescribeSecretRequest,
    ) -> Result<types::DescribeSecretResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeSecret"))
    }

    async fn disassociate_cross_account_replica(
        &self,
        context: &Context,
        input: types::DisassociateCrossAccountReplicaRequest,
    ) -> Result<types::DisassociateCrossAccountReplicaResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DisassociateCrossAccountReplica"))
    }

    async fn get_random_password(
        &self,
        context: &Context,
        input: types::GetRandomPasswordRequest,
    ) -> Result<types::GetRandomPasswordResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetRandomPassword"))
    }

    async fn get_resource_policy(
        &self,
        context: &Context,
        input: types::GetResourcePolicyRequest,
    ) -> Result<types::GetResourcePolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetResourcePolicy"))
    }

    async fn get_secret_value(
        &self,
        context: &Context,
        input: types::GetSecretValueRequest,
    ) -> Result<types::GetSecretValueResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetSecretValue"))
    }

    async fn list_resource_policies(
        &self,
        context: &Context,
        input: types::ListResourcePoliciesRequest,
    ) -> Result<types::ListResourcePoliciesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListResourcePolicies"))
    }

    async fn list_secret_version_ids(
        &self,
        context: &Context,
        input: types::ListSecretVersionIdsRequest,
    ) -> Result<types::ListSecretVersionIdsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListSecretVersionIds"))
    }

    async fn list_secrets(
        &self,
        context: &Context,
        input: types::ListSecretsRequest,
    ) -> Result<types::ListSecretsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListSecrets"))
    }

    async fn put_resource_policy(
        &self,
        context: &Context,
        input: types::PutResourcePolicyRequest,
    ) -> Result<types::PutResourcePolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutResourcePolicy"))
    }

    async fn put_secret_value(
        &self,
        context: &Context,
        input: types::PutSecretValueRequest,
    ) -> Result<types::PutSecretValueResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutSecretValue"))
    }

    async fn remove_regions_from_replication(
        &self,
        context: &Context,
        input: types::RemoveRegionsFromReplicationRequest,
    ) -> Result<types::RemoveRegionsFromReplicationResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("RemoveRegionsFromReplication"))
    }

    async fn replicate_secret_to_regions(
        &self,
        context: &Context,
        input: types::ReplicateSecretToRegionsRequest,
    ) -> Result<types::ReplicateSecretToRegionsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ReplicateSecretToRegions"))
    }

    async fn restore_secret(
        &self,
        context: &Context,
        input: types::RestoreSecretRequest,
    ) -> Result<types::RestoreSecretResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("RestoreSecret"))
    }

    async fn rotate_secret(
        &self,
        context: &Context,
        input: types::RotateSecretRequest,
    ) -> Result<types::RotateSecretResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("RotateSecret"))
    }

    async fn stop_replication_to_replica(
        &self,
        context: &Context,
        input: types::StopReplicationToReplicaRequest,
    ) -> Result<types::StopReplicationToReplicaResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("StopReplicationToReplica"))
    }

    async fn tag_resource(&self, context: &Context, input: types::TagResourceRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("TagResource"))
    }

    async fn untag_resource(&self, context: &Context, input: types::UntagResourceRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UntagResource"))
    }

    async fn update_secret(
        &self,
        context: &Context,
        input: types::UpdateSecretRequest,
    ) -> Result<types::UpdateSecretResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateSecret"))
    }

    async fn update_secret_version_stage(
        &self,
        context: &Context,
        input: types::UpdateSecretVersionStageRequest,
    ) -> Result<types::UpdateSecretVersionStageResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateSecretVersionStage"))
    }

    async fn validate_resource_policy(
        &self,
        context: &Context,
        input: types::ValidateResourcePolicyRequest,
    ) -> Result<types::ValidateResourcePolicyResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ValidateResourcePolicy"))
    }
}

/// Makes a [`Service`] of any [`SecretsManager`].
pub struct SecretsManagerService<T>(pub Arc<T>);

#[async_trait]
impl<T: SecretsManager> Service for SecretsManagerService<T> {
    fn schema(&self) -> &'static ServiceSchema {
        &schema::SERVICE
    }

    async fn accesses(
        &self,
        operation: &'static OperationSchema,
        input: &Value,
        context: &Context,
    ) -> Result<Vec<Access>, AwsError> {
        self.0.accesses(operation.name, input, context).await
    }

    async fn call(
        &self,
        operation: &'static OperationSchema,
        input: Value,
        context: &Context,
    ) -> Result<Output, AwsError> {
        let api = &*self.0;
        if let Some(ready) = api.prerendered(operation.name, &input, context).await {
            return ready.map(Output::Json);
        }
        Ok(match operation.name {
            "AssociateCrossAccountReplica" => {
                let answer = api.associate_cross_account_replica(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "BatchGetSecretValue" => {
                let answer = api.batch_get_secret_value(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CancelRotateSecret" => {
                let answer = api.cancel_rotate_secret(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateSecret" => {
                let answer = api.create_secret(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteResourcePolicy" => {
                let answer = api.delete_resource_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteSecret" => {
                let answer = api.delete_secret(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeSecret" => {
                let answer = api.describe_secret(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DisassociateCrossAccountReplica" => {
                let answer = api.disassociate_cross_account_replica(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetRandomPassword" => {
                let answer = api.get_random_password(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetResourcePolicy" => {
                let answer = api.get_resource_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetSecretValue" => {
                let answer = api.get_secret_value(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListResourcePolicies" => {
                let answer = api.list_resource_policies(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListSecretVersionIds" => {
                let answer = api.list_secret_version_ids(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListSecrets" => {
                let answer = api.list_secrets(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutResourcePolicy" => {
                let answer = api.put_resource_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutSecretValue" => {
                let answer = api.put_secret_value(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "RemoveRegionsFromReplication" => {
                let answer = api.remove_regions_from_replication(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ReplicateSecretToRegions" => {
                let answer = api.replicate_secret_to_regions(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "RestoreSecret" => {
                let answer = api.restore_secret(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "RotateSecret" => {
                let answer = api.rotate_secret(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "StopReplicationToReplica" => {
                let answer = api.stop_replication_to_replica(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "TagResource" => {
                let answer = api.tag_resource(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "UntagResource" => {
                let answer = api.untag_resource(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "UpdateSecret" => {
                let answer = api.update_secret(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateSecretVersionStage" => {
                let answer = api.update_secret_version_stage(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ValidateResourcePolicy" => {
                let answer = api.validate_resource_policy(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            other => return Err(AwsError::not_implemented(other)),
        })
    }
}
