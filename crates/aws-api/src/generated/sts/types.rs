// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::shapes;
use gantry_base::Timestamp;

shapes! {
    pub struct AssumeRoleRequest {
        "RoleArn" req role_arn: String,
        "RoleSessionName" req role_session_name: String,
        "PolicyArns" opt policy_arns: Vec<PolicyDescriptorType>,
        "Policy" opt policy: String,
        "DurationSeconds" opt duration_seconds: i32,
        "Tags" opt tags: Vec<Tag>,
        "TransitiveTagKeys" opt transitive_tag_keys: Vec<String>,
        "ExternalId" opt external_id: String,
        "SerialNumber" opt serial_number: String,
        "TokenCode" opt token_code: String,
        "SourceIdentity" opt source_identity: String,
        "ProvidedContexts" opt provided_contexts: Vec<ProvidedContext>,
        "MinimumSessionTokenSize" opt minimum_session_token_size: i32,
    }
    pub struct AssumeRoleResponse {
        "Credentials" opt credentials: Credentials,
        "AssumedRoleUser" opt assumed_role_user: AssumedRoleUser,
        "PackedPolicySize" opt packed_policy_size: i32,
        "SourceIdentity" opt source_identity: String,
        "SessionTokenUtilization" opt session_token_utilization: i32,
        "SessionTokenSize" opt session_token_size: i32,
    }
    pub struct AssumeRoleWithSAMLRequest {
        "RoleArn" req role_arn: String,
        "PrincipalArn" req principal_arn: String,
        "SAMLAssertion" req saml_assertion: String,
        "PolicyArns" opt policy_arns: Vec<PolicyDescriptorType>,
        "Policy" opt policy: String,
        "DurationSeconds" opt duration_seconds: i32,
        "MinimumSessionTokenSize" opt minimum_session_token_size: i32,
    }
    pub struct AssumeRoleWithSAMLResponse {
        "Credentials" opt credentials: Credentials,
        "AssumedRoleUser" opt assumed_role_user: AssumedRoleUser,
        "PackedPolicySize" opt packed_policy_size: i32,
        "Subject" opt subject: String,
        "SubjectType" opt subject_type: String,
        "Issuer" opt issuer: String,
        "Audience" opt audience: String,
        "NameQualifier" opt name_qualifier: String,
        "SourceIdentity" opt source_identity: String,
        "SessionTokenUtilization" opt session_token_utilization: i32,
        "SessionTokenSize" opt session_token_size: i32,
    }
    pub struct AssumeRoleWithWebIdentityRequest {
        "RoleArn" req role_arn: String,
        "RoleSessionName" req role_session_name: String,
        "WebIdentityToken" req web_identity_token: String,
        "ProviderId" opt provider_id: String,
        "PolicyArns" opt policy_arns: Vec<PolicyDescriptorType>,
        "Policy" opt policy: String,
        "DurationSeconds" opt duration_seconds: i32,
        "MinimumSessionTokenSize" opt minimum_session_token_size: i32,
    }
    pub struct AssumeRoleWithWebIdentityResponse {
        "Credentials" opt credentials: Credentials,
        "SubjectFromWebIdentityToken" opt subject_from_web_identity_token: String,
        "AssumedRoleUser" opt assumed_role_user: AssumedRoleUser,
        "PackedPolicySize" opt packed_policy_size: i32,
        "Provider" opt provider: String,
        "Audience" opt audience: String,
        "SourceIdentity" opt source_identity: String,
        "SessionTokenUtilization" opt session_token_utilization: i32,
        "SessionTokenSize" opt session_token_size: i32,
    }
    pub struct AssumeRootRequest {
        "TargetPrincipal" req target_principal: String,
        "TaskPolicyArn" req task_policy_arn: PolicyDescriptorType,
        "DurationSeconds" opt duration_seconds: i32,
        "MinimumSessionTokenSize" opt minimum_session_token_size: i32,
    }
    pub struct AssumeRootResponse {
        "Credentials" opt credentials: Credentials,
        "SourceIdentity" opt source_identity: String,
        "SessionTokenUtilization" opt session_token_utilization: i32,
        "SessionTokenSize" opt session_token_size: i32,
    }
    pub struct AssumedRoleUser {
        "AssumedRoleId" req assumed_role_id: String,
        "Arn" req arn: String,
    }
    pub struct Credentials {
        "AccessKeyId" req access_key_id: String,
        "SecretAccessKey" req secret_access_key: String,
        "SessionToken" req session_token: String,
        "Expiration" req expiration: Timestamp,
    }
    pub struct DecodeAuthorizationMessageRequest {
        "EncodedMessage" req encoded_message: String,
    }
    pub struct DecodeAuthorizationMessageResponse {
        "DecodedMessage" opt decoded_message: String,
    }
    pub struct FederatedUser {
        "FederatedUserId" req federated_user_id: String,
        "Arn" req arn: String,
    }
    pub struct GetAccessKeyInfoRequest {
        "AccessKeyId" req access_key_id: String,
    }
    pub struct GetAccessKeyInfoResponse {
        "Account" opt account: String,
    }
    pub struct GetCallerIdentityRequest {
    }
    pub struct GetCallerIdentityResponse {
        "UserId" opt user_id: String,
        "Account" opt account: String,
        "Arn" opt arn: String,
    }
    pub struct GetDelegatedAccessTokenRequest {
        "TradeInToken" req trade_in_token: String,
    }
    pub struct GetDelegatedAccessTokenResponse {
        "Credentials" opt credentials: Credentials,
        "PackedPolicySize" opt packed_policy_size: i32,
        "AssumedPrincipal" opt assumed_principal: String,
    }
    pub struct GetFederationTokenRequest {
        "Name" req name: String,
        "Policy" opt policy: String,
        "PolicyArns" opt policy_arns: Vec<PolicyDescriptorType>,
        "DurationSeconds" opt duration_seconds: i32,
        "Tags" opt tags: Vec<Tag>,
        "MinimumSessionTokenSize" opt minimum_session_token_size: i32,
    }
    pub struct GetFederationTokenResponse {
        "Credentials" opt credentials: Credentials,
        "FederatedUser" opt federated_user: FederatedUser,
        "PackedPolicySize" opt packed_policy_size: i32,
        "SessionTokenUtilization" opt session_token_utilization: i32,
        "SessionTokenSize" opt session_token_size: i32,
    }
    pub struct GetSessionTokenRequest {
        "DurationSeconds" opt duration_seconds: i32,
        "SerialNumber" opt serial_number: String,
        "TokenCode" opt token_code: String,
        "MinimumSessionTokenSize" opt minimum_session_token_size: i32,
    }
    pub struct GetSessionTokenResponse {
        "Credentials" opt credentials: Credentials,
        "SessionTokenUtilization" opt session_token_utilization: i32,
        "SessionTokenSize" opt session_token_size: i32,
    }
    pub struct GetWebIdentityTokenRequest {
        "Audience" req audience: Vec<String>,
        "DurationSeconds" opt duration_seconds: i32,
        "SigningAlgorithm" req signing_algorithm: String,
        "Tags" opt tags: Vec<Tag>,
    }
    pub struct GetWebIdentityTokenResponse {
        "WebIdentityToken" opt web_identity_token: String,
        "Expiration" opt expiration: Timestamp,
    }
    pub struct PolicyDescriptorType {
        "arn" opt arn: String,
    }
    pub struct ProvidedContext {
        "ProviderArn" opt provider_arn: String,
        "ContextAssertion" opt context_assertion: String,
    }
    pub struct Tag {
        "Key" req key: String,
        "Value" req value: String,
    }
}
