// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::AwsError;

pub fn expired_token_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ExpiredTokenException", message)
}

pub fn expired_trade_in_token_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ExpiredTradeInTokenException", message)
}

pub fn idp_communication_error_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("IDPCommunicationError", message)
}

pub fn idp_rejected_claim_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("IDPRejectedClaim", message).with_status(403)
}

pub fn invalid_authorization_message_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidAuthorizationMessageException", message)
}

pub fn invalid_identity_token_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidIdentityToken", message)
}

pub fn jwt_payload_size_exceeded_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("JWTPayloadSizeExceededException", message)
}

pub fn malformed_policy_document_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("MalformedPolicyDocument", message)
}

pub fn outbound_web_identity_federation_disabled_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("OutboundWebIdentityFederationDisabledException", message).with_status(403)
}

pub fn packed_policy_too_large_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("PackedPolicyTooLarge", message)
}

pub fn region_disabled_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("RegionDisabledException", message).with_status(403)
}

pub fn session_duration_escalation_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("SessionDurationEscalationException", message).with_status(403)
}
