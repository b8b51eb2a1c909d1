// Made by `cargo xtask codegen` from the public service model. Do not edit.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_aws_wire::schema::{OperationSchema, ServiceSchema};
use gantry_aws_wire::{Access, AwsError, Context, Output, Service, Shape as _};
use serde_json::Value;

use super::{schema, types};
use crate::support::parse;

/// AWS Security Token Service. An operation that is not overridden answers `501 NotImplemented` with its name.
#[async_trait]
pub trait Sts: Send + Sync + 'static {
    /// What the caller must be allowed before `operation` runs; see [`Service::accesses`].
    async fn accesses(&self, operation: &str, input: &Value, context: &Context) -> Result<Vec<Access>, AwsError>;

    /// A whole answer that is ready as JSON, for operations where building it anew costs too much.
    async fn prerendered(&self, operation: &str, input: &Value, context: &Context) -> Option<Result<Bytes, AwsError>> {
        let _ = (operation, input, context);
        None
    }

    async fn assume_role(
        &self,
        context: &Context,
        input: types::AssumeRoleRequest,
    ) -> Result<types::AssumeRoleResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("AssumeRole"))
    }

    async fn assume_role_with_saml(
        &self,
        context: &Context,
        input: types::AssumeRoleWithSAMLRequest,
    ) -> Result<types::AssumeRoleWithSAMLResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("AssumeRoleWithSAML"))
    }

    async fn assume_role_with_web_identity(
        &self,
        context: &Context,
        input: types::AssumeRoleWithWebIdentityRequest,
    ) -> Result<types::AssumeRoleWithWebIdentityResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("AssumeRoleWithWebIdentity"))
    }

    async fn assume_root(
        &self,
        context: &Context,
        input: types::AssumeRootRequest,
    ) -> Result<types::AssumeRootResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("AssumeRoot"))
    }

    async fn decode_authorization_message(
        &self,
        context: &Context,
        input: types::DecodeAuthorizationMessageRequest,
    ) -> Result<types::DecodeAuthorizationMessageResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DecodeAuthorizationMessage"))
    }

    async fn get_access_key_info(
        &self,
        context: &Context,
        input: types::GetAccessKeyInfoRequest,
    ) -> Result<types::GetAccessKeyInfoResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetAccessKeyInfo"))
    }

    async fn get_caller_identity(
        &self,
        context: &Context,
        input: types::GetCallerIdentityRequest,
    ) -> Result<types::GetCallerIdentityResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetCallerIdentity"))
    }

    async fn get_delegated_access_token(
        &self,
        context: &Context,
        input: types::GetDelegatedAccessTokenRequest,
    ) -> Result<types::GetDelegatedAccessTokenResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetDelegatedAccessToken"))
    }

    async fn get_federation_token(
        &self,
        context: &Context,
        input: types::GetFederationTokenRequest,
    ) -> Result<types::GetFederationTokenResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetFederationToken"))
    }

    async fn get_session_token(
        &self,
        context: &Context,
        input: types::GetSessionTokenRequest,
    ) -> Result<types::GetSessionTokenResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetSessionToken"))
    }

    async fn get_web_identity_token(
        &self,
        context: &Context,
        input: types::GetWebIdentityTokenRequest,
    ) -> Result<types::GetWebIdentityTokenResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetWebIdentityToken"))
    }
}

/// Makes a [`Service`] of any [`Sts`].
pub struct StsService<T>(pub Arc<T>);

#[async_trait]
impl<T: Sts> Service for StsService<T> {
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
            "AssumeRole" => {
                let answer = api.assume_role(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "AssumeRoleWithSAML" => {
                let answer = api.assume_role_with_saml(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "AssumeRoleWithWebIdentity" => {
                let answer = api.assume_role_with_web_identity(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "AssumeRoot" => {
                let answer = api.assume_root(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DecodeAuthorizationMessage" => {
                let answer = api.decode_authorization_message(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetAccessKeyInfo" => {
                let answer = api.get_access_key_info(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetCallerIdentity" => {
                let answer = api.get_caller_identity(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetDelegatedAccessToken" => {
                let answer = api.get_delegated_access_token(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetFederationToken" => {
                let answer = api.get_federation_token(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetSessionToken" => {
                let answer = api.get_session_token(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetWebIdentityToken" => {
                let answer = api.get_web_identity_token(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            other => return Err(AwsError::not_implemented(other)),
        })
    }
}
