// Made by `cargo xtask codegen` from the public service model. Do not edit.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_aws_wire::schema::{OperationSchema, ServiceSchema};
use gantry_aws_wire::{Access, AwsError, Context, Output, Service, Shape as _};
use serde_json::Value;

use super::{schema, types};
use crate::support::parse;

/// Amazon EC2 Container Service. An operation that is not overridden answers `501 NotImplemented` with its name.
#[async_trait]
pub trait Ecs: Send + Sync + 'static {
    /// What the caller must be allowed before `operation` runs; see [`Service::accesses`].
    async fn accesses(&self, operation: &str, input: &Value, context: &Context) -> Result<Vec<Access>, AwsError>;

    /// A whole answer that is ready as JSON, for operations where building it anew costs too much.
    async fn prerendered(&self, operation: &str, input: &Value, context: &Context) -> Option<Result<Bytes, AwsError>> {
        let _ = (operation, input, context);
        None
    }

    async fn associate_gateway_with_cluster(
        &self,
        context: &Context,
        input: types::AssociateGatewayWithClusterRequest,
    ) -> Result<types::AssociateGatewayWithClusterResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("AssociateGatewayWithCluster"))
    }

    async fn continue_service_deployment(
        &self,
        context: &Context,
        input: types::ContinueServiceDeploymentRequest,
    ) -> Result<types::ContinueServiceDeploymentResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ContinueServiceDeployment"))
    }

    async fn create_capacity_provider(
        &self,
        context: &Context,
        input: types::CreateCapacityProviderRequest,
    ) -> Result<types::CreateCapacityProviderResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateCapacityProvider"))
    }

    async fn create_cluster(
        &self,
        context: &Context,
        input: types::CreateClusterRequest,
    ) -> Result<types::CreateClusterResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateCluster"))
    }

    async fn create_daemon(
        &self,
        context: &Context,
        input: types::CreateDaemonRequest,
    ) -> Result<types::CreateDaemonResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateDaemon"))
    }

    async fn create_express_gateway_service(
        &self,
        context: &Context,
        input: types::CreateExpressGatewayServiceRequest,
    ) -> Result<types::CreateExpressGatewayServiceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateExpressGatewayService"))
    }

    async fn create_gateway(
        &self,
        context: &Context,
        input: types::CreateGatewayRequest,
    ) -> Result<types::CreateGatewayResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateGateway"))
    }

    async fn create_service(
        &self,
        context: &Context,
        input: types::CreateServiceRequest,
    ) -> Result<types::CreateServiceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateService"))
    }

    async fn create_task_set(
        &self,
        context: &Context,
        input: types::CreateTaskSetRequest,
    ) -> Result<types::CreateTaskSetResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateTaskSet"))
    }

    async fn delete_account_setting(
        &self,
        context: &Context,
        input: types::DeleteAccountSettingRequest,
    ) -> Result<types::DeleteAccountSettingResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteAccountSetting"))
    }

    async fn delete_attributes(
        &self,
        context: &Context,
        input: types::DeleteAttributesRequest,
    ) -> Result<types::DeleteAttributesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteAttributes"))
    }

    async fn delete_capacity_provider(
        &self,
        context: &Context,
        input: types::DeleteCapacityProviderRequest,
    ) -> Result<types::DeleteCapacityProviderResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteCapacityProvider"))
    }

    async fn delete_cluster(
        &self,
        context: &Context,
        input: types::DeleteClusterRequest,
    ) -> Result<types::DeleteClusterResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteCluster"))
    }

    async fn delete_daemon(
        &self,
        context: &Context,
        input: types::DeleteDaemonRequest,
    ) -> Result<types::DeleteDaemonResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteDaemon"))
    }

    async fn delete_daemon_task_definition(
        &self,
        context: &Context,
        input: types::DeleteDaemonTaskDefinitionRequest,
    ) -> Result<types::DeleteDaemonTaskDefinitionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteDaemonTaskDefinition"))
    }

    async fn delete_express_gateway_service(
        &self,
        context: &Context,
        input: types::DeleteExpressGatewayServiceRequest,
    ) -> Result<types::DeleteExpressGatewayServiceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteExpressGatewayService"))
    }

    async fn delete_gateway(
        &self,
        context: &Context,
        input: types::DeleteGatewayRequest,
    ) -> Result<types::DeleteGatewayResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteGateway"))
    }

    async fn delete_service(
        &self,
        context: &Context,
        input: types::DeleteServiceRequest,
    ) -> Result<types::DeleteServiceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteService"))
    }

    async fn delete_task_definitions(
        &self,
        context: &Context,
        input: types::DeleteTaskDefinitionsRequest,
    ) -> Result<types::DeleteTaskDefinitionsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteTaskDefinitions"))
    }

    async fn delete_task_set(
        &self,
        context: &Context,
        input: types::DeleteTaskSetRequest,
    ) -> Result<types::DeleteTaskSetResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteTaskSet"))
    }

    async fn deregister_container_instance(
        &self,
        context: &Context,
        input: types::DeregisterContainerInstanceRequest,
    ) -> Result<types::DeregisterContainerInstanceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeregisterContainerInstance"))
    }

    async fn deregister_task_definition(
        &self,
        context: &Context,
        input: types::DeregisterTaskDefinitionRequest,
    ) -> Result<types::DeregisterTaskDefinitionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeregisterTaskDefinition"))
    }

    async fn describe_capacity_providers(
        &self,
        context: &Context,
        input: types::DescribeCapacityProvidersRequest,
    ) -> Result<types::DescribeCapacityProvidersResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeCapacityProviders"))
    }

    async fn describe_clusters(
        &self,
        context: &Context,
        input: types::DescribeClustersRequest,
    ) -> Result<types::DescribeClustersResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeClusters"))
    }

    async fn describe_container_instances(
        &self,
        context: &Context,
        input: types::DescribeContainerInstancesRequest,
    ) -> Result<types::DescribeContainerInstancesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeContainerInstances"))
    }

    async fn describe_daemon(
        &self,
        context: &Context,
        input: types::DescribeDaemonRequest,
    ) -> Result<types::DescribeDaemonResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeDaemon"))
    }

    async fn describe_daemon_deployments(
        &self,
        context: &Context,
        input: types::DescribeDaemonDeploymentsRequest,
    ) -> Result<types::DescribeDaemonDeploymentsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeDaemonDeployments"))
    }

    async fn describe_daemon_revisions(
        &self,
        context: &Context,
        input: types::DescribeDaemonRevisionsRequest,
    ) -> Result<types::DescribeDaemonRevisionsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeDaemonRevisions"))
    }

    async fn describe_daemon_task_definition(
        &self,
        context: &Context,
        input: types::DescribeDaemonTaskDefinitionRequest,
    ) -> Result<types::DescribeDaemonTaskDefinitionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeDaemonTaskDefinition"))
    }

    async fn describe_express_gateway_service(
        &self,
        context: &Context,
        input: types::DescribeExpressGatewayServiceRequest,
    ) -> Result<types::DescribeExpressGatewayServiceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeExpressGatewayService"))
    }

    async fn describe_gateway(
        &self,
        context: &Context,
        input: types::DescribeGatewayRequest,
    ) -> Result<types::DescribeGatewayResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeGateway"))
    }

    async fn describe_gateway_resources(
        &self,
        context: &Context,
        input: types::DescribeGatewayResourcesRequest,
    ) -> Result<types::DescribeGatewayResourcesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeGatewayResources"))
    }

    async fn describe_gateway_route(
        &self,
        context: &Context,
        input: types::DescribeGatewayRouteRequest,
    ) -> Result<types::DescribeGatewayRouteResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeGatewayRoute"))
    }

    async fn describe_service_deployments(
        &self,
        context: &Context,
        input: types::DescribeServiceDeploymentsRequest,
    ) -> Result<types::DescribeServiceDeploymentsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeServiceDeployments"))
    }

    async fn describe_service_revisions(
        &self,
        context: &Context,
        input: types::DescribeServiceRevisionsRequest,
    ) -> Result<types::DescribeServiceRevisionsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeServiceRevisions"))
    }

    async fn describe_services(
        &self,
        context: &Context,
        input: types::DescribeServicesRequest,
    ) -> Result<types::DescribeServicesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeServices"))
    }

    async fn describe_task_definition(
        &self,
        context: &Context,
        input: types::DescribeTaskDefinitionRequest,
    ) -> Result<types::DescribeTaskDefinitionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeTaskDefinition"))
    }

    async fn describe_task_sets(
        &self,
        context: &Context,
        input: types::DescribeTaskSetsRequest,
    ) -> Result<types::DescribeTaskSetsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeTaskSets"))
    }

    async fn describe_tasks(
        &self,
        context: &Context,
        input: types::DescribeTasksRequest,
    ) -> Result<types::DescribeTasksResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeTasks"))
    }

    async fn disassociate_gateway_from_cluster(
        &self,
        context: &Context,
        input: types::DisassociateGatewayFromClusterRequest,
    ) -> Result<types::DisassociateGatewayFromClusterResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DisassociateGatewayFromCluster"))
    }

    async fn discover_poll_endpoint(
        &self,
        context: &Context,
        input: types::DiscoverPollEndpointRequest,
    ) -> Result<types::DiscoverPollEndpointResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DiscoverPollEndpoint"))
    }

    async fn execute_command(
        &self,
        context: &Context,
        input: types::ExecuteCommandRequest,
    ) -> Result<types::ExecuteCommandResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ExecuteCommand"))
    }

    async fn get_task_protection(
        &self,
        context: &Context,
        input: types::GetTaskProtectionRequest,
    ) -> Result<types::GetTaskProtectionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetTaskProtection"))
    }

    async fn list_account_settings(
        &self,
        context: &Context,
        input: types::ListAccountSettingsRequest,
    ) -> Result<types::ListAccountSettingsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListAccountSettings"))
    }

    async fn list_attributes(
        &self,
        context: &Context,
        input: types::ListAttributesRequest,
    ) -> Result<types::ListAttributesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListAttributes"))
    }

    async fn list_clusters(
        &self,
        context: &Context,
        input: types::ListClustersRequest,
    ) -> Result<types::ListClustersResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListClusters"))
    }

    async fn list_container_instances(
        &self,
        context: &Context,
        input: types::ListContainerInstancesRequest,
    ) -> Result<types::ListContainerInstancesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListContainerInstances"))
    }

    async fn list_daemon_deployments(
        &self,
        context: &Context,
        input: types::ListDaemonDeploymentsRequest,
    ) -> Result<types::ListDaemonDeploymentsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListDaemonDeployments"))
    }

    async fn list_daemon_task_definitions(
        &self,
        context: &Context,
        input: types::ListDaemonTaskDefinitionsRequest,
    ) -> Result<types::ListDaemonTaskDefinitionsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListDaemonTaskDefinitions"))
    }

    async fn list_daemons(
        &self,
        context: &Context,
        input: types::ListDaemonsRequest,
    ) -> Result<types::ListDaemonsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListDaemons"))
    }

    async fn list_gateway_cluster_associations(
        &self,
        context: &Context,
        input: types::ListGatewayClusterAssociationsRequest,
    ) -> Result<types::ListGatewayClusterAssociationsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListGatewayClusterAssociations"))
    }

    async fn list_gateway_routes(
        &self,
        context: &Context,
        input: types::ListGatewayRoutesRequest,
    ) -> Result<types::ListGatewayRoutesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListGatewayRoutes"))
    }

    async fn list_gateways(
        &self,
        context: &Context,
        input: types::ListGatewaysRequest,
    ) -> Result<types::ListGatewaysResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListGateways"))
    }

    async fn list_service_deployments(
        &self,
        context: &Context,
        input: types::ListServiceDeploymentsRequest,
    ) -> Result<types::ListServiceDeploymentsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListServiceDeployments"))
    }

    async fn list_services(
        &self,
        context: &Context,
        input: types::ListServicesRequest,
    ) -> Result<types::ListServicesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListServices"))
    }

    async fn list_services_by_namespace(
        &self,
        context: &Context,
        input: types::ListServicesByNamespaceRequest,
    ) -> Result<types::ListServicesByNamespaceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListServicesByNamespace"))
    }

    async fn list_tags_for_resource(
        &self,
        context: &Context,
        input: types::ListTagsForResourceRequest,
    ) -> Result<types::ListTagsForResourceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListTagsForResource"))
    }

    async fn list_task_definition_families(
        &self,
        context: &Context,
        input: types::ListTaskDefinitionFamiliesRequest,
    ) -> Result<types::ListTaskDefinitionFamiliesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListTaskDefinitionFamilies"))
    }

    async fn list_task_definitions(
        &self,
        context: &Context,
        input: types::ListTaskDefinitionsRequest,
    ) -> Result<types::ListTaskDefinitionsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListTaskDefinitions"))
    }

    async fn list_tasks(
        &self,
        context: &Context,
        input: types::ListTasksRequest,
    ) -> Result<types::ListTasksResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListTasks"))
    }

    async fn put_account_setting(
        &self,
        context: &Context,
        input: types::PutAccountSettingRequest,
    ) -> Result<types::PutAccountSettingResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutAccountSetting"))
    }

    async fn put_account_setting_default(
        &self,
        context: &Context,
        input: types::PutAccountSettingDefaultRequest,
    ) -> Result<types::PutAccountSettingDefaultResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutAccountSettingDefault"))
    }

    async fn put_attributes(
        &self,
        context: &Context,
        input: types::PutAttributesRequest,
    ) -> Result<types::PutAttributesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutAttributes"))
    }

    async fn put_cluster_capacity_providers(
        &self,
        context: &Context,
        input: types::PutClusterCapacityProvidersRequest,
    ) -> Result<types::PutClusterCapacityProvidersResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutClusterCapacityProviders"))
    }

    async fn register_container_instance(
        &self,
        context: &Context,
        input: types::RegisterContainerInstanceRequest,
    ) -> Result<types::RegisterContainerInstanceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("RegisterContainerInstance"))
    }

    async fn register_daemon_task_definition(
        &self,
        context: &Context,
        input: types::RegisterDaemonTaskDefinitionRequest,
    ) -> Result<types::RegisterDaemonTaskDefinitionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("RegisterDaemonTaskDefinition"))
    }

    async fn register_task_definition(
        &self,
        context: &Context,
        input: types::RegisterTaskDefinitionRequest,
    ) -> Result<types::RegisterTaskDefinitionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("RegisterTaskDefinition"))
    }

    async fn run_task(
        &self,
        context: &Context,
        input: types::RunTaskRequest,
    ) -> Result<types::RunTaskResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("RunTask"))
    }

    async fn start_task(
        &self,
        context: &Context,
        input: types::StartTaskRequest,
    ) -> Result<types::StartTaskResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("StartTask"))
    }

    async fn stop_service_deployment(
        &self,
        context: &Context,
        input: types::StopServiceDeploymentRequest,
    ) -> Result<types::StopServiceDeploymentResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("StopServiceDeployment"))
    }

    async fn stop_task(
        &self,
        context: &Context,
        input: types::StopTaskRequest,
    ) -> Result<types::StopTaskResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("StopTask"))
    }

    async fn submit_attachment_state_changes(
        &self,
        context: &Context,
        input: types::SubmitAttachmentStateChangesRequest,
    ) -> Result<types::SubmitAttachmentStateChangesResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("SubmitAttachmentStateChanges"))
    }

    async fn submit_container_state_change(
        &self,
        context: &Context,
        input: types::SubmitContainerStateChangeRequest,
    ) -> Result<types::SubmitContainerStateChangeResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("SubmitContainerStateChange"))
    }

    async fn submit_task_state_change(
        &self,
        context: &Context,
        input: types::SubmitTaskStateChangeRequest,
    ) -> Result<types::SubmitTaskStateChangeResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("SubmitTaskStateChange"))
    }

    async fn tag_resource(
        &self,
        context: &Context,
        input: types::TagResourceRequest,
    ) -> Result<types::TagResourceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("TagResource"))
    }

    async fn untag_resource(
        &self,
        context: &Context,
        input: types::UntagResourceRequest,
    ) -> Result<types::UntagResourceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UntagResource"))
    }

    async fn update_capacity_provider(
        &self,
        context: &Context,
        input: types::UpdateCapacityProviderRequest,
    ) -> Result<types::UpdateCapacityProviderResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateCapacityProvider"))
    }

    async fn update_cluster(
        &self,
        context: &Context,
        input: types::UpdateClusterRequest,
    ) -> Result<types::UpdateClusterResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateCluster"))
    }

    async fn update_cluster_settings(
        &self,
        context: &Context,
        input: types::UpdateClusterSettingsRequest,
    ) -> Result<types::UpdateClusterSettingsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateClusterSettings"))
    }

    async fn update_container_agent(
        &self,
        context: &Context,
        input: types::UpdateContainerAgentRequest,
    ) -> Result<types::UpdateContainerAgentResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateContainerAgent"))
    }

    async fn update_container_instances_state(
        &self,
        context: &Context,
        input: types::UpdateContainerInstancesStateRequest,
    ) -> Result<types::UpdateContainerInstancesStateResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateContainerInstancesState"))
    }

    async fn update_daemon(
        &self,
        context: &Context,
        input: types::UpdateDaemonRequest,
    ) -> Result<types::UpdateDaemonResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateDaemon"))
    }

    async fn update_express_gateway_service(
        &self,
        context: &Context,
        input: types::UpdateExpressGatewayServiceRequest,
    ) -> Result<types::UpdateExpressGatewayServiceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateExpressGatewayService"))
    }

    async fn update_gateway(
        &self,
        context: &Context,
        input: types::UpdateGatewayRequest,
    ) -> Result<types::UpdateGatewayResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateGateway"))
    }

    async fn update_service(
        &self,
        context: &Context,
        input: types::UpdateServiceRequest,
    ) -> Result<types::UpdateServiceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateService"))
    }

    async fn update_service_primary_task_set(
        &self,
        context: &Context,
        input: types::UpdateServicePrimaryTaskSetRequest,
    ) -> Result<types::UpdateServicePrimaryTaskSetResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateServicePrimaryTaskSet"))
    }

    async fn update_task_protection(
        &self,
        context: &Context,
        input: types::UpdateTaskProtectionRequest,
    ) -> Result<types::UpdateTaskProtectionResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateTaskProtection"))
    }

    async fn update_task_set(
        &self,
        context: &Context,
        input: types::UpdateTaskSetRequest,
    ) -> Result<types::UpdateTaskSetResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UpdateTaskSet"))
    }
}

/// Makes a [`Service`] of any [`Ecs`].
pub struct EcsService<T>(pub Arc<T>);

#[async_trait]
impl<T: Ecs> Service for EcsService<T> {
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
            "AssociateGatewayWithCluster" => {
                let answer = api.associate_gateway_with_cluster(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ContinueServiceDeployment" => {
                let answer = api.continue_service_deployment(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateCapacityProvider" => {
                let answer = api.create_capacity_provider(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateCluster" => {
                let answer = api.create_cluster(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateDaemon" => {
                let answer = api.create_daemon(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateExpressGatewayService" => {
                let answer = api.create_express_gateway_service(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateGateway" => {
                let answer = api.create_gateway(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateService" => {
                let answer = api.create_service(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "CreateTaskSet" => {
                let answer = api.create_task_set(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteAccountSetting" => {
                let answer = api.delete_account_setting(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteAttributes" => {
                let answer = api.delete_attributes(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteCapacityProvider" => {
                let answer = api.delete_capacity_provider(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteCluster" => {
                let answer = api.delete_cluster(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteDaemon" => {
                let answer = api.delete_daemon(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteDaemonTaskDefinition" => {
                let answer = api.delete_daemon_task_definition(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteExpressGatewayService" => {
                let answer = api.delete_express_gateway_service(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteGateway" => {
                let answer = api.delete_gateway(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteService" => {
                let answer = api.delete_service(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteTaskDefinitions" => {
                let answer = api.delete_task_definitions(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeleteTaskSet" => {
                let answer = api.delete_task_set(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeregisterContainerInstance" => {
                let answer = api.deregister_container_instance(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DeregisterTaskDefinition" => {
                let answer = api.deregister_task_definition(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeCapacityProviders" => {
                let answer = api.describe_capacity_providers(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeClusters" => {
                let answer = api.describe_clusters(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeContainerInstances" => {
                let answer = api.describe_container_instances(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeDaemon" => {
                let answer = api.describe_daemon(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeDaemonDeployments" => {
                let answer = api.describe_daemon_deployments(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeDaemonRevisions" => {
                let answer = api.describe_daemon_revisions(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeDaemonTaskDefinition" => {
                let answer = api.describe_daemon_task_definition(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeExpressGatewayService" => {
                let answer = api.describe_express_gateway_service(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeGateway" => {
                let answer = api.describe_gateway(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeGatewayResources" => {
                let answer = api.describe_gateway_resources(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeGatewayRoute" => {
                let answer = api.describe_gateway_route(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeServiceDeployments" => {
                let answer = api.describe_service_deployments(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeServiceRevisions" => {
                let answer = api.describe_service_revisions(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeServices" => {
                let answer = api.describe_services(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeTaskDefinition" => {
                let answer = api.describe_task_definition(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeTaskSets" => {
                let answer = api.describe_task_sets(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeTasks" => {
                let answer = api.describe_tasks(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DisassociateGatewayFromCluster" => {
                let answer = api.disassociate_gateway_from_cluster(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DiscoverPollEndpoint" => {
                let answer = api.discover_poll_endpoint(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ExecuteCommand" => {
                let answer = api.execute_command(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetTaskProtection" => {
                let answer = api.get_task_protection(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListAccountSettings" => {
                let answer = api.list_account_settings(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListAttributes" => {
                let answer = api.list_attributes(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListClusters" => {
                let answer = api.list_clusters(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListContainerInstances" => {
                let answer = api.list_container_instances(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListDaemonDeployments" => {
                let answer = api.list_daemon_deployments(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListDaemonTaskDefinitions" => {
                let answer = api.list_daemon_task_definitions(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListDaemons" => {
                let answer = api.list_daemons(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListGatewayClusterAssociations" => {
                let answer = api.list_gateway_cluster_associations(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListGatewayRoutes" => {
                let answer = api.list_gateway_routes(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListGateways" => {
                let answer = api.list_gateways(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListServiceDeployments" => {
                let answer = api.list_service_deployments(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListServices" => {
                let answer = api.list_services(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListServicesByNamespace" => {
                let answer = api.list_services_by_namespace(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListTagsForResource" => {
                let answer = api.list_tags_for_resource(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListTaskDefinitionFamilies" => {
                let answer = api.list_task_definition_families(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListTaskDefinitions" => {
                let answer = api.list_task_definitions(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListTasks" => {
                let answer = api.list_tasks(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutAccountSetting" => {
                let answer = api.put_account_setting(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutAccountSettingDefault" => {
                let answer = api.put_account_setting_default(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutAttributes" => {
                let answer = api.put_attributes(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutClusterCapacityProviders" => {
                let answer = api.put_cluster_capacity_providers(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "RegisterContainerInstance" => {
                let answer = api.register_container_instance(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "RegisterDaemonTaskDefinition" => {
                let answer = api.register_daemon_task_definition(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "RegisterTaskDefinition" => {
                let answer = api.register_task_definition(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "RunTask" => {
                let answer = api.run_task(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "StartTask" => {
                let answer = api.start_task(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "StopServiceDeployment" => {
                let answer = api.stop_service_deployment(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "StopTask" => {
                let answer = api.stop_task(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "SubmitAttachmentStateChanges" => {
                let answer = api.submit_attachment_state_changes(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "SubmitContainerStateChange" => {
                let answer = api.submit_container_state_change(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "SubmitTaskStateChange" => {
                let answer = api.submit_task_state_change(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "TagResource" => {
                let answer = api.tag_resource(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UntagResource" => {
                let answer = api.untag_resource(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateCapacityProvider" => {
                let answer = api.update_capacity_provider(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateCluster" => {
                let answer = api.update_cluster(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateClusterSettings" => {
                let answer = api.update_cluster_settings(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateContainerAgent" => {
                let answer = api.update_container_agent(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateContainerInstancesState" => {
                let answer = api.update_container_instances_state(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateDaemon" => {
                let answer = api.update_daemon(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateExpressGatewayService" => {
                let answer = api.update_express_gateway_service(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateGateway" => {
                let answer = api.update_gateway(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateService" => {
                let answer = api.update_service(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateServicePrimaryTaskSet" => {
                let answer = api.update_service_primary_task_set(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateTaskProtection" => {
                let answer = api.update_task_protection(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UpdateTaskSet" => {
                let answer = api.update_task_set(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            other => return Err(AwsError::not_implemented(other)),
        })
    }
}
