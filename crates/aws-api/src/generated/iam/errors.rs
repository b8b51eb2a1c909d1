// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::AwsError;

pub fn concurrent_modification_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ConcurrentModification", message).with_status(409)
}

pub fn delete_conflict_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("DeleteConflict", message).with_status(409)
}

pub fn entity_already_exists_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("EntityAlreadyExists", message).with_status(409)
}

pub fn entity_temporarily_unmodifiable_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("EntityTemporarilyUnmodifiable", message).with_status(409)
}

pub fn invalid_input_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidInput", message)
}

pub fn limit_exceeded_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LimitExceeded", message).with_status(409)
}

pub fn malformed_policy_document_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("MalformedPolicyDocument", message)
}

pub fn no_such_entity_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("NoSuchEntity", message).with_status(404)
}

pub fn policy_evaluation_exception(message: impl Into<String>) -> AwsError {
    AwsError::receiver("PolicyEvaluation", message)
}

pub fn policy_not_attachable_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("PolicyNotAttachable", message)
}

pub fn service_failure_exception(message: impl Into<String>) -> AwsError {
    AwsError::receiver("ServiceFailure", message)
}

pub fn unmodifiable_entity_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UnmodifiableEntity", message)
}
