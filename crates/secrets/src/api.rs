//! The operations, each a call of the part that does it. Those that are not here answer `501` by name.

use async_trait::async_trait;
use gantry_aws_api::secretsmanager::*;
use gantry_aws_wire::{Access, AwsError, Context};
use serde_json::Value;

use crate::Secrets;

macro_rules! operations {
    ($($name:ident => $does:ident($input:ident) -> $output:ty;)*) => {
        #[async_trait]
        impl SecretsManager for Secrets {
            async fn accesses(
                &self,
                operation: &str,
                input: &Value,
                context: &Context,
            ) -> Result<Vec<Access>, AwsError> {
                Ok(self.accesses_of(operation, input, context).await?)
            }

            async fn get_random_password(
                &self,
                _: &Context,
                input: GetRandomPasswordRequest,
            ) -> Result<GetRandomPasswordResponse, AwsError> {
                Ok(self.random_password(&input)?)
            }

            $(async fn $name(&self, context: &Context, input: $input) -> Result<$output, AwsError> {
                Ok(self.$does(context, input).await?)
            })*
        }
    };
}

operations! {
    batch_get_secret_value => batch_get(BatchGetSecretValueRequest) -> BatchGetSecretValueResponse;
    create_secret => create(CreateSecretRequest) -> CreateSecretResponse;
    delete_resource_policy => delete_policy(DeleteResourcePolicyRequest) -> DeleteResourcePolicyResponse;
    delete_secret => delete(DeleteSecretRequest) -> DeleteSecretResponse;
    describe_secret => describe(DescribeSecretRequest) -> DescribeSecretResponse;
    get_resource_policy => get_policy(GetResourcePolicyRequest) -> GetResourcePolicyResponse;
    get_secret_value => get_value(GetSecretValueRequest) -> GetSecretValueResponse;
    list_secret_version_ids => list_versions(ListSecretVersionIdsRequest) -> ListSecretVersionIdsResponse;
    list_secrets => list(ListSecretsRequest) -> ListSecretsResponse;
    put_resource_policy => put_policy(PutResourcePolicyRequest) -> PutResourcePolicyResponse;
    put_secret_value => put_value(PutSecretValueRequest) -> PutSecretValueResponse;
    restore_secret => restore(RestoreSecretRequest) -> RestoreSecretResponse;
    tag_resource => tag(TagResourceRequest) -> ();
    untag_resource => untag(UntagResourceRequest) -> ();
    update_secret => update(UpdateSecretRequest) -> UpdateSecretResponse;
    update_secret_version_stage => update_stage(UpdateSecretVersionStageRequest) -> UpdateSecretVersionStageResponse;
    validate_resource_policy => validate_policy(ValidateResourcePolicyRequest) -> ValidateResourcePolicyResponse;
}
