// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::AwsError;

pub fn decryption_failure(message: impl Into<String>) -> AwsError {
    AwsError::sender("DecryptionFailure", message)
}

pub fn encryption_failure(message: impl Into<String>) -> AwsError {
    AwsError::sender("EncryptionFailure", message)
}

pub fn internal_service_error(message: impl Into<String>) -> AwsError {
    AwsError::receiver("InternalServiceError", message)
}

pub fn invalid_next_token_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidNextTokenException", message)
}

pub fn invalid_parameter_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidParameterException", message)
}

pub fn invalid_request_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidRequestException", message)
}

pub fn limit_exceeded_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LimitExceededException", message)
}

pub fn malformed_policy_document_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("MalformedPolicyDocumentException", message)
}

pub fn precondition_not_met_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("PreconditionNotMetException", message)
}

pub fn public_policy_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("PublicPolicyException", message)
}

pub fn resource_exists_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ResourceExistsException", message)
}

pub fn resource_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ResourceNotFoundException", message)
}
