// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::AwsError;

pub fn access_denied_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("AccessDeniedException", message)
}

pub fn data_already_accepted_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("DataAlreadyAcceptedException", message)
}

pub fn invalid_operation_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidOperationException", message)
}

pub fn invalid_parameter_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidParameterException", message)
}

pub fn invalid_sequence_token_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidSequenceTokenException", message)
}

pub fn limit_exceeded_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LimitExceededException", message)
}

pub fn operation_aborted_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("OperationAbortedException", message)
}

pub fn resource_already_exists_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ResourceAlreadyExistsException", message)
}

pub fn resource_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ResourceNotFoundException", message)
}

pub fn service_unavailable_exception(message: impl Into<String>) -> AwsError {
    AwsError::receiver("ServiceUnavailableException", message)
}

pub fn session_streaming_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("SessionStreamingException", message)
}

pub fn session_timeout_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("SessionTimeoutException", message)
}

pub fn too_many_tags_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("TooManyTagsException", message)
}

pub fn unrecognized_client_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UnrecognizedClientException", message)
}

pub fn validation_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ValidationException", message)
}
