// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::AwsError;

pub fn access_denied_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("AccessDeniedException", message)
}

pub fn attribute_limit_exceeded_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("AttributeLimitExceededException", message)
}

pub fn blocked_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("BlockedException", message)
}

pub fn client_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ClientException", message)
}

pub fn cluster_contains_capacity_provider_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ClusterContainsCapacityProviderException", message)
}

pub fn cluster_contains_container_instances_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ClusterContainsContainerInstancesException", message)
}

pub fn cluster_contains_services_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ClusterContainsServicesException", message)
}

pub fn cluster_contains_tasks_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ClusterContainsTasksException", message)
}

pub fn cluster_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ClusterNotFoundException", message)
}

pub fn conflict_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ConflictException", message)
}

pub fn daemon_not_active_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("DaemonNotActiveException", message)
}

pub fn daemon_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("DaemonNotFoundException", message)
}

pub fn gateway_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("GatewayNotFoundException", message)
}

pub fn invalid_parameter_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("InvalidParameterException", message)
}

pub fn limit_exceeded_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("LimitExceededException", message)
}

pub fn missing_version_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("MissingVersionException", message)
}

pub fn namespace_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("NamespaceNotFoundException", message)
}

pub fn no_update_available_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("NoUpdateAvailableException", message)
}

pub fn platform_task_definition_incompatibility_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("PlatformTaskDefinitionIncompatibilityException", message)
}

pub fn platform_unknown_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("PlatformUnknownException", message)
}

pub fn resource_in_use_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ResourceInUseException", message)
}

pub fn resource_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ResourceNotFoundException", message)
}

pub fn server_exception(message: impl Into<String>) -> AwsError {
    AwsError::receiver("ServerException", message)
}

pub fn service_deployment_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ServiceDeploymentNotFoundException", message)
}

pub fn service_not_active_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ServiceNotActiveException", message)
}

pub fn service_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("ServiceNotFoundException", message)
}

pub fn target_not_connected_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("TargetNotConnectedException", message)
}

pub fn target_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("TargetNotFoundException", message)
}

pub fn task_set_not_found_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("TaskSetNotFoundException", message)
}

pub fn unsupported_feature_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UnsupportedFeatureException", message)
}

pub fn update_in_progress_exception(message: impl Into<String>) -> AwsError {
    AwsError::sender("UpdateInProgressException", message)
}
