// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::shapes;
use gantry_base::Timestamp;
use std::collections::BTreeMap;

shapes! {
    pub struct AcceleratorCountRequest {
        "min" opt min: i32,
        "max" opt max: i32,
    }
    pub struct AcceleratorTotalMemoryMiBRequest {
        "min" opt min: i32,
        "max" opt max: i32,
    }
    pub struct AdvancedConfiguration {
        "alternateTargetGroupArn" opt alternate_target_group_arn: String,
        "productionListenerRule" opt production_listener_rule: String,
        "testListenerRule" opt test_listener_rule: String,
        "roleArn" opt role_arn: String,
    }
    pub struct AssociateGatewayWithClusterRequest {
        "gateway" req gateway: String,
        "cluster" req cluster: String,
    }
    pub struct AssociateGatewayWithClusterResponse {
        "gatewayArn" opt gateway_arn: String,
        "clusterArn" opt cluster_arn: String,
        "status" opt status: String,
    }
    pub struct Attachment {
        "id" opt id: String,
        "type" opt r#type: String,
        "status" opt status: String,
        "details" opt details: Vec<KeyValuePair>,
    }
    pub struct AttachmentStateChange {
        "attachmentArn" req attachment_arn: String,
        "status" req status: String,
    }
    pub struct Attribute {
        "name" req name: String,
        "value" opt value: String,
        "targetType" opt target_type: String,
        "targetId" opt target_id: String,
    }
    pub struct AutoRepairConfiguration {
        "actionsStatus" opt actions_status: String,
    }
    pub struct AutoScalingGroupProvider {
        "autoScalingGroupArn" req auto_scaling_group_arn: String,
        "managedScaling" opt managed_scaling: ManagedScaling,
        "managedTerminationProtection" opt managed_termination_protection: String,
        "managedDraining" opt managed_draining: String,
    }
    pub struct AutoScalingGroupProviderUpdate {
        "managedScaling" opt managed_scaling: ManagedScaling,
        "managedTerminationProtection" opt managed_termination_protection: String,
        "managedDraining" opt managed_draining: String,
    }
    pub struct AwsVpcConfiguration {
        "subnets" req subnets: Vec<String>,
        "securityGroups" opt security_groups: Vec<String>,
        "assignPublicIp" opt assign_public_ip: String,
    }
    pub struct BaselineEbsBandwidthMbpsRequest {
        "min" opt min: i32,
        "max" opt max: i32,
    }
    pub struct CanaryConfiguration {
        "canaryPercent" opt canary_percent: f64,
        "canaryBakeTimeInMinutes" opt canary_bake_time_in_minutes: i32,
    }
    pub struct CapacityProvider {
        "capacityProviderArn" opt capacity_provider_arn: String,
        "name" opt name: String,
        "cluster" opt cluster: String,
        "status" opt status: String,
        "autoScalingGroupProvider" opt auto_scaling_group_provider: AutoScalingGroupProvider,
        "managedInstancesProvider" opt managed_instances_provider: ManagedInstancesProvider,
        "updateStatus" opt update_status: String,
        "updateStatusReason" opt update_status_reason: String,
        "tags" opt tags: Vec<Tag>,
        "type" opt r#type: String,
    }
    pub struct CapacityProviderStrategyItem {
        "capacityProvider" req capacity_provider: String,
        "weight" opt weight: i32,
        "base" opt base: i32,
    }
    pub struct CapacityReservationRequest {
        "reservationGroupArn" opt reservation_group_arn: String,
        "reservationPreference" opt reservation_preference: String,
    }
    pub struct Cluster {
        "clusterArn" opt cluster_arn: String,
        "clusterName" opt cluster_name: String,
        "configuration" opt configuration: ClusterConfiguration,
        "status" opt status: String,
        "registeredContainerInstancesCount" opt registered_container_instances_count: i32,
        "runningTasksCount" opt running_tasks_count: i32,
        "pendingTasksCount" opt pending_tasks_count: i32,
        "activeServicesCount" opt active_services_count: i32,
        "statistics" opt statistics: Vec<KeyValuePair>,
        "tags" opt tags: Vec<Tag>,
        "settings" opt settings: Vec<ClusterSetting>,
        "capacityProviders" opt capacity_providers: Vec<String>,
        "defaultCapacityProviderStrategy" opt default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        "attachments" opt attachments: Vec<Attachment>,
        "attachmentsStatus" opt attachments_status: String,
        "serviceConnectDefaults" opt service_connect_defaults: ClusterServiceConnectDefaults,
    }
    pub struct ClusterConfiguration {
        "executeCommandConfiguration" opt execute_command_configuration: ExecuteCommandConfiguration,
        "managedStorageConfiguration" opt managed_storage_configuration: ManagedStorageConfiguration,
    }
    pub struct ClusterServiceConnectDefaults {
        "namespace" opt namespace: String,
    }
    pub struct ClusterServiceConnectDefaultsRequest {
        "namespace" req namespace: String,
    }
    pub struct ClusterSetting {
        "name" opt name: String,
        "value" opt value: String,
    }
    pub struct Container {
        "containerArn" opt container_arn: String,
        "taskArn" opt task_arn: String,
        "name" opt name: String,
        "image" opt image: String,
        "imageDigest" opt image_digest: String,
        "runtimeId" opt runtime_id: String,
        "lastStatus" opt last_status: String,
        "exitCode" opt exit_code: i32,
        "reason" opt reason: String,
        "networkBindings" opt network_bindings: Vec<NetworkBinding>,
        "networkInterfaces" opt network_interfaces: Vec<NetworkInterface>,
        "healthStatus" opt health_status: String,
        "managedAgents" opt managed_agents: Vec<ManagedAgent>,
        "cpu" opt cpu: String,
        "memory" opt memory: String,
        "memoryReservation" opt memory_reservation: String,
        "gpuIds" opt gpu_ids: Vec<String>,
        "neuronDeviceIds" opt neuron_device_ids: Vec<String>,
        "gpuSharingStrategy" opt gpu_sharing_strategy: SharingStrategy,
    }
    pub struct ContainerDefinition {
        "name" opt name: String,
        "image" opt image: String,
        "repositoryCredentials" opt repository_credentials: RepositoryCredentials,
        "cpu" opt cpu: i32,
        "memory" opt memory: i32,
        "memoryReservation" opt memory_reservation: i32,
        "links" opt links: Vec<String>,
        "portMappings" opt port_mappings: Vec<PortMapping>,
        "essential" opt essential: bool,
        "restartPolicy" opt restart_policy: ContainerRestartPolicy,
        "entryPoint" opt entry_point: Vec<String>,
        "command" opt command: Vec<String>,
        "environment" opt environment: Vec<KeyValuePair>,
        "environmentFiles" opt environment_files: Vec<EnvironmentFile>,
        "mountPoints" opt mount_points: Vec<MountPoint>,
        "volumesFrom" opt volumes_from: Vec<VolumeFrom>,
        "linuxParameters" opt linux_parameters: LinuxParameters,
        "secrets" opt secrets: Vec<Secret>,
        "dependsOn" opt depends_on: Vec<ContainerDependency>,
        "startTimeout" opt start_timeout: i32,
        "stopTimeout" opt stop_timeout: i32,
        "versionConsistency" opt version_consistency: String,
        "hostname" opt hostname: String,
        "user" opt user: String,
        "workingDirectory" opt working_directory: String,
        "disableNetworking" opt disable_networking: bool,
        "privileged" opt privileged: bool,
        "readonlyRootFilesystem" opt readonly_root_filesystem: bool,
        "dnsServers" opt dns_servers: Vec<String>,
        "dnsSearchDomains" opt dns_search_domains: Vec<String>,
        "extraHosts" opt extra_hosts: Vec<HostEntry>,
        "dockerSecurityOptions" opt docker_security_options: Vec<String>,
        "interactive" opt interactive: bool,
        "pseudoTerminal" opt pseudo_terminal: bool,
        "dockerLabels" opt docker_labels: BTreeMap<String, String>,
        "ulimits" opt ulimits: Vec<Ulimit>,
        "logConfiguration" opt log_configuration: LogConfiguration,
        "healthCheck" opt health_check: HealthCheck,
        "systemControls" opt system_controls: Vec<SystemControl>,
        "resourceRequirements" opt resource_requirements: Vec<ResourceRequirement>,
        "firelensConfiguration" opt firelens_configuration: FirelensConfiguration,
        "credentialSpecs" opt credential_specs: Vec<String>,
    }
    pub struct ContainerDependency {
        "containerName" req container_name: String,
        "condition" req condition: String,
    }
    pub struct ContainerImage {
        "containerName" opt container_name: String,
        "imageDigest" opt image_digest: String,
        "image" opt image: String,
    }
    pub struct ContainerInstance {
        "containerInstanceArn" opt container_instance_arn: String,
        "ec2InstanceId" opt ec2_instance_id: String,
        "capacityProviderName" opt capacity_provider_name: String,
        "version" opt version: i64,
        "versionInfo" opt version_info: VersionInfo,
        "remainingResources" opt remaining_resources: Vec<Resource>,
        "registeredResources" opt registered_resources: Vec<Resource>,
        "status" opt status: String,
        "statusReason" opt status_reason: String,
        "agentConnected" opt agent_connected: bool,
        "runningTasksCount" opt running_tasks_count: i32,
        "pendingTasksCount" opt pending_tasks_count: i32,
        "agentUpdateStatus" opt agent_update_status: String,
        "attributes" opt attributes: Vec<Attribute>,
        "registeredAt" opt registered_at: Timestamp,
        "attachments" opt attachments: Vec<Attachment>,
        "tags" opt tags: Vec<Tag>,
        "healthStatus" opt health_status: ContainerInstanceHealthStatus,
        "gpuDevices" opt gpu_devices: Vec<GpuDevice>,
    }
    pub struct ContainerInstanceHealthStatus {
        "overallStatus" opt overall_status: String,
        "details" opt details: Vec<InstanceHealthCheckResult>,
    }
    pub struct ContainerOverride {
        "name" opt name: String,
        "command" opt command: Vec<String>,
        "environment" opt environment: Vec<KeyValuePair>,
        "environmentFiles" opt environment_files: Vec<EnvironmentFile>,
        "cpu" opt cpu: i32,
        "memory" opt memory: i32,
        "memoryReservation" opt memory_reservation: i32,
        "resourceRequirements" opt resource_requirements: Vec<ResourceRequirement>,
    }
    pub struct ContainerRestartPolicy {
        "enabled" req enabled: bool,
        "ignoredExitCodes" opt ignored_exit_codes: Vec<i32>,
        "restartAttemptPeriod" opt restart_attempt_period: i32,
    }
    pub struct ContainerStateChange {
        "containerName" opt container_name: String,
        "imageDigest" opt image_digest: String,
        "runtimeId" opt runtime_id: String,
        "exitCode" opt exit_code: i32,
        "networkBindings" opt network_bindings: Vec<NetworkBinding>,
        "reason" opt reason: String,
        "status" opt status: String,
    }
    pub struct ContinueServiceDeploymentRequest {
        "serviceDeploymentArn" req service_deployment_arn: String,
        "hookId" req hook_id: String,
        "action" opt action: String,
    }
    pub struct ContinueServiceDeploymentResponse {
        "serviceDeploymentArn" opt service_deployment_arn: String,
    }
    pub struct CreateCapacityProviderRequest {
        "name" req name: String,
        "cluster" opt cluster: String,
        "autoScalingGroupProvider" opt auto_scaling_group_provider: AutoScalingGroupProvider,
        "managedInstancesProvider" opt managed_instances_provider: CreateManagedInstancesProviderConfiguration,
        "tags" opt tags: Vec<Tag>,
    }
    pub struct CreateCapacityProviderResponse {
        "capacityProvider" opt capacity_provider: CapacityProvider,
    }
    pub struct CreateClusterRequest {
        "clusterName" opt cluster_name: String,
        "tags" opt tags: Vec<Tag>,
        "settings" opt settings: Vec<ClusterSetting>,
        "configuration" opt configuration: ClusterConfiguration,
        "capacityProviders" opt capacity_providers: Vec<String>,
        "defaultCapacityProviderStrategy" opt default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        "serviceConnectDefaults" opt service_connect_defaults: ClusterServiceConnectDefaultsRequest,
    }
    pub struct CreateClusterResponse {
        "cluster" opt cluster: Cluster,
    }
    pub struct CreateDaemonRequest {
        "daemonName" req daemon_name: String,
        "clusterArn" opt cluster_arn: String,
        "daemonTaskDefinitionArn" req daemon_task_definition_arn: String,
        "capacityProviderArns" req capacity_provider_arns: Vec<String>,
        "deploymentConfiguration" opt deployment_configuration: DaemonDeploymentConfiguration,
        "tags" opt tags: Vec<Tag>,
        "propagateTags" opt propagate_tags: String,
        "enableECSManagedTags" opt enable_ecs_managed_tags: bool,
        "enableExecuteCommand" opt enable_execute_command: bool,
        "clientToken" opt client_token: String,
        "critical" opt critical: bool,
    }
    pub struct CreateDaemonResponse {
        "daemonArn" opt daemon_arn: String,
        "status" opt status: String,
        "createdAt" opt created_at: Timestamp,
        "deploymentArn" opt deployment_arn: String,
    }
    pub struct CreateExpressGatewayServiceRequest {
        "executionRoleArn" opt execution_role_arn: String,
        "infrastructureRoleArn" req infrastructure_role_arn: String,
        "serviceName" opt service_name: String,
        "cluster" opt cluster: String,
        "healthCheckPath" opt health_check_path: String,
        "primaryContainer" opt primary_container: ExpressGatewayContainer,
        "taskRoleArn" opt task_role_arn: String,
        "networkConfiguration" opt network_configuration: ExpressGatewayServiceNetworkConfiguration,
        "cpu" opt cpu: String,
        "memory" opt memory: String,
        "cpuArchitecture" opt cpu_architecture: String,
        "scalingTarget" opt scaling_target: ExpressGatewayScalingTarget,
        "tags" opt tags: Vec<Tag>,
        "taskDefinitionArn" opt task_definition_arn: String,
    }
    pub struct CreateExpressGatewayServiceResponse {
        "service" opt service: ECSExpressGatewayService,
    }
    pub struct CreateGatewayRequest {
        "name" req name: String,
        "infrastructureRoleArn" req infrastructure_role_arn: String,
        "clientToken" opt client_token: String,
        "deletionProtection" opt deletion_protection: bool,
        "configuration" req configuration: GatewayConfiguration,
        "tags" opt tags: Vec<Tag>,
        "propagateTags" opt propagate_tags: String,
    }
    pub struct CreateGatewayResponse {
        "gatewayArn" opt gateway_arn: String,
        "name" opt name: String,
        "status" opt status: String,
    }
    pub struct CreateManagedInstancesProviderConfiguration {
        "infrastructureRoleArn" req infrastructure_role_arn: String,
        "instanceLaunchTemplate" req instance_launch_template: InstanceLaunchTemplate,
        "propagateTags" opt propagate_tags: String,
        "infrastructureOptimization" opt infrastructure_optimization: InfrastructureOptimization,
        "autoRepairConfiguration" opt auto_repair_configuration: AutoRepairConfiguration,
    }
    pub struct CreateServiceRequest {
        "cluster" opt cluster: String,
        "serviceName" req service_name: String,
        "taskDefinition" opt task_definition: String,
        "availabilityZoneRebalancing" opt availability_zone_rebalancing: String,
        "loadBalancers" opt load_balancers: Vec<LoadBalancer>,
        "serviceRegistries" opt service_registries: Vec<ServiceRegistry>,
        "desiredCount" opt desired_count: i32,
        "clientToken" opt client_token: String,
        "launchType" opt launch_type: String,
        "capacityProviderStrategy" opt capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        "platformVersion" opt platform_version: String,
        "role" opt role: String,
        "deploymentConfiguration" opt deployment_configuration: DeploymentConfiguration,
        "placementConstraints" opt placement_constraints: Vec<PlacementConstraint>,
        "placementStrategy" opt placement_strategy: Vec<PlacementStrategy>,
        "networkConfiguration" opt network_configuration: NetworkConfiguration,
        "healthCheckGracePeriodSeconds" opt health_check_grace_period_seconds: i32,
        "schedulingStrategy" opt scheduling_strategy: String,
        "deploymentController" opt deployment_controller: DeploymentController,
        "tags" opt tags: Vec<Tag>,
        "enableECSManagedTags" opt enable_ecs_managed_tags: bool,
        "propagateTags" opt propagate_tags: String,
        "enableExecuteCommand" opt enable_execute_command: bool,
        "serviceConnectConfiguration" opt service_connect_configuration: ServiceConnectConfiguration,
        "volumeConfigurations" opt volume_configurations: Vec<ServiceVolumeConfiguration>,
        "vpcLatticeConfigurations" opt vpc_lattice_configurations: Vec<VpcLatticeConfiguration>,
        "gatewayConnectors" opt gateway_connectors: Vec<GatewayConnector>,
        "monitoring" opt monitoring: MonitoringConfiguration,
    }
    pub struct CreateServiceResponse {
        "service" opt service: Service,
    }
    pub struct CreateTaskSetRequest {
        "service" req service: String,
        "cluster" req cluster: String,
        "externalId" opt external_id: String,
        "taskDefinition" req task_definition: String,
        "networkConfiguration" opt network_configuration: NetworkConfiguration,
        "loadBalancers" opt load_balancers: Vec<LoadBalancer>,
        "serviceRegistries" opt service_registries: Vec<ServiceRegistry>,
        "launchType" opt launch_type: String,
        "capacityProviderStrategy" opt capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        "platformVersion" opt platform_version: String,
        "scale" opt scale: Scale,
        "clientToken" opt client_token: String,
        "tags" opt tags: Vec<Tag>,
    }
    pub struct CreateTaskSetResponse {
        "taskSet" opt task_set: TaskSet,
    }
    pub struct CreatedAt {
        "before" opt before: Timestamp,
        "after" opt after: Timestamp,
    }
    pub struct DaemonAlarmConfiguration {
        "alarmNames" opt alarm_names: Vec<String>,
        "enable" opt enable: bool,
    }
    pub struct DaemonCapacityProvider {
        "arn" opt arn: String,
        "runningCount" opt running_count: i32,
        "withoutDaemonCount" opt without_daemon_count: i32,
    }
    pub struct DaemonCircuitBreaker {
        "failureCount" opt failure_count: i32,
        "status" opt status: String,
        "threshold" opt threshold: i32,
    }
    pub struct DaemonContainerDefinition {
        "name" opt name: String,
        "image" req image: String,
        "memory" opt memory: i32,
        "memoryReservation" opt memory_reservation: i32,
        "repositoryCredentials" opt repository_credentials: RepositoryCredentials,
        "healthCheck" opt health_check: HealthCheck,
        "cpu" opt cpu: i32,
        "essential" opt essential: bool,
        "entryPoint" opt entry_point: Vec<String>,
        "command" opt command: Vec<String>,
        "workingDirectory" opt working_directory: String,
        "environmentFiles" opt environment_files: Vec<EnvironmentFile>,
        "environment" opt environment: Vec<KeyValuePair>,
        "secrets" opt secrets: Vec<Secret>,
        "readonlyRootFilesystem" opt readonly_root_filesystem: bool,
        "mountPoints" opt mount_points: Vec<MountPoint>,
        "logConfiguration" opt log_configuration: LogConfiguration,
        "firelensConfiguration" opt firelens_configuration: FirelensConfiguration,
        "privileged" opt privileged: bool,
        "user" opt user: String,
        "ulimits" opt ulimits: Vec<Ulimit>,
        "linuxParameters" opt linux_parameters: DaemonLinuxParameters,
        "dependsOn" opt depends_on: Vec<ContainerDependency>,
        "startTimeout" opt start_timeout: i32,
        "stopTimeout" opt stop_timeout: i32,
        "systemControls" opt system_controls: Vec<SystemControl>,
        "interactive" opt interactive: bool,
        "pseudoTerminal" opt pseudo_terminal: bool,
        "restartPolicy" opt restart_policy: ContainerRestartPolicy,
    }
    pub struct DaemonContainerImage {
        "containerName" opt container_name: String,
        "imageDigest" opt image_digest: String,
        "image" opt image: String,
    }
    pub struct DaemonDeployment {
        "daemonDeploymentArn" opt daemon_deployment_arn: String,
        "clusterArn" opt cluster_arn: String,
        "status" opt status: String,
        "statusReason" opt status_reason: String,
        "targetDaemonRevision" opt target_daemon_revision: DaemonDeploymentRevisionDetail,
        "sourceDaemonRevisions" opt source_daemon_revisions: Vec<DaemonDeploymentRevisionDetail>,
        "circuitBreaker" opt circuit_breaker: DaemonCircuitBreaker,
        "alarms" opt alarms: DaemonDeploymentAlarms,
        "rollback" opt rollback: DaemonRollback,
        "deploymentConfiguration" opt deployment_configuration: DaemonDeploymentConfiguration,
        "createdAt" opt created_at: Timestamp,
        "startedAt" opt started_at: Timestamp,
        "stoppedAt" opt stopped_at: Timestamp,
        "finishedAt" opt finished_at: Timestamp,
    }
    pub struct DaemonDeploymentAlarms {
        "status" opt status: String,
        "alarmNames" opt alarm_names: Vec<String>,
        "triggeredAlarmNames" opt triggered_alarm_names: Vec<String>,
    }
    pub struct DaemonDeploymentCapacityProvider {
        "arn" opt arn: String,
        "runningInstanceCount" opt running_instance_count: i32,
        "withoutDaemonInstanceCount" opt without_daemon_instance_count: i32,
        "drainingInstanceCount" opt draining_instance_count: i32,
    }
    pub struct DaemonDeploymentConfiguration {
        "drainPercent" opt drain_percent: f64,
        "alarms" opt alarms: DaemonAlarmConfiguration,
        "bakeTimeInMinutes" opt bake_time_in_minutes: i32,
    }
    pub struct DaemonDeploymentRevisionDetail {
        "arn" opt arn: String,
        "capacityProviders" opt capacity_providers: Vec<DaemonDeploymentCapacityProvider>,
        "totalRunningInstanceCount" opt total_running_instance_count: i32,
        "totalWithoutDaemonInstanceCount" opt total_without_daemon_instance_count: i32,
        "totalDrainingInstanceCount" opt total_draining_instance_count: i32,
    }
    pub struct DaemonDeploymentSummary {
        "daemonDeploymentArn" opt daemon_deployment_arn: String,
        "daemonArn" opt daemon_arn: String,
        "clusterArn" opt cluster_arn: String,
        "status" opt status: String,
        "statusReason" opt status_reason: String,
        "targetDaemonRevisionArn" opt target_daemon_revision_arn: String,
        "createdAt" opt created_at: Timestamp,
        "startedAt" opt started_at: Timestamp,
        "stoppedAt" opt stopped_at: Timestamp,
        "finishedAt" opt finished_at: Timestamp,
    }
    pub struct DaemonDetail {
        "daemonArn" opt daemon_arn: String,
        "clusterArn" opt cluster_arn: String,
        "status" opt status: String,
        "currentRevisions" opt current_revisions: Vec<DaemonRevisionDetail>,
        "deploymentArn" opt deployment_arn: String,
        "createdAt" opt created_at: Timestamp,
        "updatedAt" opt updated_at: Timestamp,
    }
    pub struct DaemonLinuxParameters {
        "capabilities" opt capabilities: KernelCapabilities,
        "devices" opt devices: Vec<Device>,
        "initProcessEnabled" opt init_process_enabled: bool,
        "tmpfs" opt tmpfs: Vec<Tmpfs>,
    }
    pub struct DaemonRevision {
        "daemonRevisionArn" opt daemon_revision_arn: String,
        "clusterArn" opt cluster_arn: String,
        "daemonArn" opt daemon_arn: String,
        "daemonTaskDefinitionArn" opt daemon_task_definition_arn: String,
        "createdAt" opt created_at: Timestamp,
        "containerImages" opt container_images: Vec<DaemonContainerImage>,
        "propagateTags" opt propagate_tags: String,
        "enableECSManagedTags" opt enable_ecs_managed_tags: bool,
        "enableExecuteCommand" opt enable_execute_command: bool,
        "critical" opt critical: bool,
    }
    pub struct DaemonRevisionDetail {
        "arn" opt arn: String,
        "capacityProviders" opt capacity_providers: Vec<DaemonCapacityProvider>,
        "totalRunningCount" opt total_running_count: i32,
        "totalWithoutDaemonCount" opt total_without_daemon_count: i32,
    }
    pub struct DaemonRollback {
        "reason" opt reason: String,
        "startedAt" opt started_at: Timestamp,
        "rollbackTargetDaemonRevisionArn" opt rollback_target_daemon_revision_arn: String,
        "rollbackCapacityProviders" opt rollback_capacity_providers: Vec<String>,
    }
    pub struct DaemonSummary {
        "daemonArn" opt daemon_arn: String,
        "status" opt status: String,
        "createdAt" opt created_at: Timestamp,
        "updatedAt" opt updated_at: Timestamp,
    }
    pub struct DaemonTaskDefinition {
        "daemonTaskDefinitionArn" opt daemon_task_definition_arn: String,
        "family" opt family: String,
        "revision" opt revision: i32,
        "taskRoleArn" opt task_role_arn: String,
        "executionRoleArn" opt execution_role_arn: String,
        "containerDefinitions" opt container_definitions: Vec<DaemonContainerDefinition>,
        "volumes" opt volumes: Vec<DaemonVolume>,
        "cpu" opt cpu: String,
        "memory" opt memory: String,
        "status" opt status: String,
        "registeredAt" opt registered_at: Timestamp,
        "deleteRequestedAt" opt delete_requested_at: Timestamp,
        "registeredBy" opt registered_by: String,
        "pidMode" opt pid_mode: String,
        "ipcMode" opt ipc_mode: String,
    }
    pub struct DaemonTaskDefinitionSummary {
        "arn" opt arn: String,
        "registeredAt" opt registered_at: Timestamp,
        "registeredBy" opt registered_by: String,
        "deleteRequestedAt" opt delete_requested_at: Timestamp,
        "status" opt status: String,
    }
    pub struct DaemonVolume {
        "name" opt name: String,
        "host" opt host: HostVolumeProperties,
        "logDriverVolumeConfiguration" opt log_driver_volume_configuration: LogDriverVolumeConfiguration,
    }
    pub struct DeleteAccountSettingRequest {
        "name" req name: String,
        "principalArn" opt principal_arn: String,
    }
    pub struct DeleteAccountSettingResponse {
        "setting" opt setting: Setting,
    }
    pub struct DeleteAttributesRequest {
        "cluster" opt cluster: String,
        "attributes" req attributes: Vec<Attribute>,
    }
    pub struct DeleteAttributesResponse {
        "attributes" opt attributes: Vec<Attribute>,
    }
    pub struct DeleteCapacityProviderRequest {
        "capacityProvider" req capacity_provider: String,
        "cluster" opt cluster: String,
    }
    pub struct DeleteCapacityProviderResponse {
        "capacityProvider" opt capacity_provider: CapacityProvider,
    }
    pub struct DeleteClusterRequest {
        "cluster" req cluster: String,
    }
    pub struct DeleteClusterResponse {
        "cluster" opt cluster: Cluster,
    }
    pub struct DeleteDaemonRequest {
        "daemonArn" req daemon_arn: String,
    }
    pub struct DeleteDaemonResponse {
        "daemonArn" opt daemon_arn: String,
        "status" opt status: String,
        "createdAt" opt created_at: Timestamp,
        "updatedAt" opt updated_at: Timestamp,
        "deploymentArn" opt deployment_arn: String,
    }
    pub struct DeleteDaemonTaskDefinitionRequest {
        "daemonTaskDefinition" req daemon_task_definition: String,
    }
    pub struct DeleteDaemonTaskDefinitionResponse {
        "daemonTaskDefinitionArn" opt daemon_task_definition_arn: String,
    }
    pub struct DeleteExpressGatewayServiceRequest {
        "serviceArn" req service_arn: String,
    }
    pub struct DeleteExpressGatewayServiceResponse {
        "service" opt service: ECSExpressGatewayService,
    }
    pub struct DeleteGatewayRequest {
        "gateway" req gateway: String,
    }
    pub struct DeleteGatewayResponse {
        "gatewayArn" opt gateway_arn: String,
        "name" opt name: String,
        "status" opt status: String,
    }
    pub struct DeleteServiceRequest {
        "cluster" opt cluster: String,
        "service" req service: String,
        "force" opt force: bool,
    }
    pub struct DeleteServiceResponse {
        "service" opt service: Service,
    }
    pub struct DeleteTaskDefinitionsRequest {
        "taskDefinitions" req task_definitions: Vec<String>,
    }
    pub struct DeleteTaskDefinitionsResponse {
        "taskDefinitions" opt task_definitions: Vec<TaskDefinition>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct DeleteTaskSetRequest {
        "cluster" req cluster: String,
        "service" req service: String,
        "taskSet" req task_set: String,
        "force" opt force: bool,
    }
    pub struct DeleteTaskSetResponse {
        "taskSet" opt task_set: TaskSet,
    }
    pub struct Deployment {
        "id" opt id: String,
        "status" opt status: String,
        "taskDefinition" opt task_definition: String,
        "desiredCount" opt desired_count: i32,
        "pendingCount" opt pending_count: i32,
        "runningCount" opt running_count: i32,
        "failedTasks" opt failed_tasks: i32,
        "createdAt" opt created_at: Timestamp,
        "updatedAt" opt updated_at: Timestamp,
        "capacityProviderStrategy" opt capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        "launchType" opt launch_type: String,
        "platformVersion" opt platform_version: String,
        "platformFamily" opt platform_family: String,
        "networkConfiguration" opt network_configuration: NetworkConfiguration,
        "rolloutState" opt rollout_state: String,
        "rolloutStateReason" opt rollout_state_reason: String,
        "serviceConnectConfiguration" opt service_connect_configuration: ServiceConnectConfiguration,
        "serviceConnectResources" opt service_connect_resources: Vec<ServiceConnectServiceResource>,
        "volumeConfigurations" opt volume_configurations: Vec<ServiceVolumeConfiguration>,
        "fargateEphemeralStorage" opt fargate_ephemeral_storage: DeploymentEphemeralStorage,
        "vpcLatticeConfigurations" opt vpc_lattice_configurations: Vec<VpcLatticeConfiguration>,
    }
    pub struct DeploymentAlarms {
        "alarmNames" req alarm_names: Vec<String>,
        "rollback" req rollback: bool,
        "enable" req enable: bool,
    }
    pub struct DeploymentCircuitBreaker {
        "enable" req enable: bool,
        "rollback" req rollback: bool,
        "resetOnHealthyTask" opt reset_on_healthy_task: bool,
        "thresholdConfiguration" opt threshold_configuration: ThresholdConfiguration,
    }
    pub struct DeploymentConfiguration {
        "deploymentCircuitBreaker" opt deployment_circuit_breaker: DeploymentCircuitBreaker,
        "maximumPercent" opt maximum_percent: i32,
        "minimumHealthyPercent" opt minimum_healthy_percent: i32,
        "alarms" opt alarms: DeploymentAlarms,
        "strategy" opt strategy: String,
        "bakeTimeInMinutes" opt bake_time_in_minutes: i32,
        "lifecycleHooks" opt lifecycle_hooks: Vec<DeploymentLifecycleHook>,
        "linearConfiguration" opt linear_configuration: LinearConfiguration,
        "canaryConfiguration" opt canary_configuration: CanaryConfiguration,
        "earlySuccessCriteria" opt early_success_criteria: DeploymentEarlySuccessCriteria,
    }
    pub struct DeploymentController {
        "type" req r#type: String,
    }
    pub struct DeploymentEarlySuccessCriteria {
        "enable" req enable: bool,
        "healthyPercent" opt healthy_percent: i32,
        "sourceServiceRevisionCleanup" opt source_service_revision_cleanup: String,
    }
    pub struct DeploymentEphemeralStorage {
        "kmsKeyId" opt kms_key_id: String,
    }
    pub struct DeploymentLifecycleHook {
        "targetType" opt target_type: String,
        "hookTargetArn" opt hook_target_arn: String,
        "roleArn" opt role_arn: String,
        "lifecycleStages" opt lifecycle_stages: Vec<String>,
        "hookDetails" opt hook_details: HookDetails,
        "timeoutConfiguration" opt timeout_configuration: DeploymentLifecycleHookTimeoutConfiguration,
    }
    pub struct DeploymentLifecycleHookDetail {
        "hookId" opt hook_id: String,
        "targetType" opt target_type: String,
        "targetArn" opt target_arn: String,
        "status" opt status: String,
        "expiresAt" opt expires_at: Timestamp,
        "timeoutAction" opt timeout_action: String,
    }
    pub struct DeploymentLifecycleHookTimeoutConfiguration {
        "timeoutInMinutes" opt timeout_in_minutes: i32,
        "action" opt action: String,
    }
    pub struct DeregisterContainerInstanceRequest {
        "cluster" opt cluster: String,
        "containerInstance" req container_instance: String,
        "force" opt force: bool,
    }
    pub struct DeregisterContainerInstanceResponse {
        "containerInstance" opt container_instance: ContainerInstance,
    }
    pub struct DeregisterTaskDefinitionRequest {
        "taskDefinition" req task_definition: String,
    }
    pub struct DeregisterTaskDefinitionResponse {
        "taskDefinition" opt task_definition: TaskDefinition,
    }
    pub struct DescribeCapacityProvidersRequest {
        "capacityProviders" opt capacity_providers: Vec<String>,
        "cluster" opt cluster: String,
        "include" opt include: Vec<String>,
        "maxResults" opt max_results: i32,
        "nextToken" opt next_token: String,
    }
    pub struct DescribeCapacityProvidersResponse {
        "capacityProviders" opt capacity_providers: Vec<CapacityProvider>,
        "failures" opt failures: Vec<Failure>,
        "nextToken" opt next_token: String,
    }
    pub struct DescribeClustersRequest {
        "clusters" opt clusters: Vec<String>,
        "include" opt include: Vec<String>,
    }
    pub struct DescribeClustersResponse {
        "clusters" opt clusters: Vec<Cluster>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct DescribeContainerInstancesRequest {
        "cluster" opt cluster: String,
        "containerInstances" req container_instances: Vec<String>,
        "include" opt include: Vec<String>,
    }
    pub struct DescribeContainerInstancesResponse {
        "containerInstances" opt container_instances: Vec<ContainerInstance>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct DescribeDaemonDeploymentsRequest {
        "daemonDeploymentArns" req daemon_deployment_arns: Vec<String>,
    }
    pub struct DescribeDaemonDeploymentsResponse {
        "failures" opt failures: Vec<Failure>,
        "daemonDeployments" opt daemon_deployments: Vec<DaemonDeployment>,
    }
    pub struct DescribeDaemonRequest {
        "daemonArn" req daemon_arn: String,
    }
    pub struct DescribeDaemonResponse {
        "daemon" opt daemon: DaemonDetail,
    }
    pub struct DescribeDaemonRevisionsRequest {
        "daemonRevisionArns" req daemon_revision_arns: Vec<String>,
    }
    pub struct DescribeDaemonRevisionsResponse {
        "daemonRevisions" opt daemon_revisions: Vec<DaemonRevision>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct DescribeDaemonTaskDefinitionRequest {
        "daemonTaskDefinition" req daemon_task_definition: String,
    }
    pub struct DescribeDaemonTaskDefinitionResponse {
        "daemonTaskDefinition" opt daemon_task_definition: DaemonTaskDefinition,
    }
    pub struct DescribeExpressGatewayServiceRequest {
        "serviceArn" req service_arn: String,
        "include" opt include: Vec<String>,
    }
    pub struct DescribeExpressGatewayServiceResponse {
        "service" opt service: ECSExpressGatewayService,
    }
    pub struct DescribeGatewayAlbConfiguration {
        "networkConfiguration" opt network_configuration: GatewayElbNetworkConfiguration,
        "scheme" opt scheme: String,
        "accessLogs" opt access_logs: GatewayElbAccessLogConfiguration,
        "webACLArn" opt web_acl_arn: String,
        "port" opt port: i32,
        "protocol" opt protocol: String,
        "maxAlbCount" opt max_alb_count: i32,
        "currentAlbCount" opt current_alb_count: i32,
        "httpDesync" opt http_desync: String,
        "testTrafficRules" opt test_traffic_rules: GatewayAlbTestTrafficRules,
    }
    pub struct DescribeGatewayConfiguration {
        "hostSharedAlb" opt host_shared_alb: DescribeGatewayAlbConfiguration,
    }
    pub struct DescribeGatewayRequest {
        "gateway" req gateway: String,
    }
    pub struct DescribeGatewayResourcesRequest {
        "gateway" req gateway: String,
        "maxResults" opt max_results: i32,
        "nextToken" opt next_token: String,
    }
    pub struct DescribeGatewayResourcesResponse {
        "gatewayResources" opt gateway_resources: GatewayResources,
        "nextToken" opt next_token: String,
    }
    pub struct DescribeGatewayResponse {
        "gateway" opt gateway: Gateway,
    }
    pub struct DescribeGatewayRouteRequest {
        "gatewayRouteArn" req gateway_route_arn: String,
    }
    pub struct DescribeGatewayRouteResponse {
        "gatewayRoute" opt gateway_route: GatewayRoute,
    }
    pub struct DescribeServiceDeploymentsRequest {
        "serviceDeploymentArns" req service_deployment_arns: Vec<String>,
    }
    pub struct DescribeServiceDeploymentsResponse {
        "serviceDeployments" opt service_deployments: Vec<ServiceDeployment>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct DescribeServiceRevisionsRequest {
        "serviceRevisionArns" req service_revision_arns: Vec<String>,
    }
    pub struct DescribeServiceRevisionsResponse {
        "serviceRevisions" opt service_revisions: Vec<ServiceRevision>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct DescribeServicesRequest {
        "cluster" opt cluster: String,
        "services" req services: Vec<String>,
        "include" opt include: Vec<String>,
    }
    pub struct DescribeServicesResponse {
        "services" opt services: Vec<Service>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct DescribeTaskDefinitionRequest {
        "taskDefinition" req task_definition: String,
        "include" opt include: Vec<String>,
    }
    pub struct DescribeTaskDefinitionResponse {
        "taskDefinition" opt task_definition: TaskDefinition,
        "tags" opt tags: Vec<Tag>,
    }
    pub struct DescribeTaskSetsRequest {
        "cluster" req cluster: String,
        "service" req service: String,
        "taskSets" opt task_sets: Vec<String>,
        "include" opt include: Vec<String>,
    }
    pub struct DescribeTaskSetsResponse {
        "taskSets" opt task_sets: Vec<TaskSet>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct DescribeTasksRequest {
        "cluster" opt cluster: String,
        "tasks" req tasks: Vec<String>,
        "include" opt include: Vec<String>,
    }
    pub struct DescribeTasksResponse {
        "tasks" opt tasks: Vec<Task>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct Device {
        "hostPath" req host_path: String,
        "containerPath" opt container_path: String,
        "permissions" opt permissions: Vec<String>,
    }
    pub struct DisassociateGatewayFromClusterRequest {
        "gateway" req gateway: String,
        "cluster" req cluster: String,
    }
    pub struct DisassociateGatewayFromClusterResponse {
        "gatewayArn" opt gateway_arn: String,
        "clusterArn" opt cluster_arn: String,
        "status" opt status: String,
    }
    pub struct DiscoverPollEndpointRequest {
        "containerInstance" opt container_instance: String,
        "cluster" opt cluster: String,
    }
    pub struct DiscoverPollEndpointResponse {
        "endpoint" opt endpoint: String,
        "telemetryEndpoint" opt telemetry_endpoint: String,
        "serviceConnectEndpoint" opt service_connect_endpoint: String,
    }
    pub struct DockerVolumeConfiguration {
        "scope" opt scope: String,
        "autoprovision" opt autoprovision: bool,
        "driver" opt driver: String,
        "driverOpts" opt driver_opts: BTreeMap<String, String>,
        "labels" opt labels: BTreeMap<String, String>,
    }
    pub struct EBSTagSpecification {
        "resourceType" req resource_type: String,
        "tags" opt tags: Vec<Tag>,
        "propagateTags" opt propagate_tags: String,
    }
    pub struct ECSExpressGatewayService {
        "cluster" opt cluster: String,
        "serviceName" opt service_name: String,
        "serviceArn" opt service_arn: String,
        "infrastructureRoleArn" opt infrastructure_role_arn: String,
        "status" opt status: ExpressGatewayServiceStatus,
        "currentDeployment" opt current_deployment: String,
        "activeConfigurations" opt active_configurations: Vec<ExpressGatewayServiceConfiguration>,
        "tags" opt tags: Vec<Tag>,
        "createdAt" opt created_at: Timestamp,
        "updatedAt" opt updated_at: Timestamp,
    }
    pub struct ECSManagedResources {
        "ingressPaths" opt ingress_paths: Vec<ManagedIngressPath>,
        "autoScaling" opt auto_scaling: ManagedAutoScaling,
        "metricAlarms" opt metric_alarms: Vec<ManagedMetricAlarm>,
        "serviceSecurityGroups" opt service_security_groups: Vec<ManagedSecurityGroup>,
        "logGroups" opt log_groups: Vec<ManagedLogGroup>,
        "gatewayConnections" opt gateway_connections: Vec<GatewayConnection>,
    }
    pub struct EFSAuthorizationConfig {
        "accessPointId" opt access_point_id: String,
        "iam" opt iam: String,
    }
    pub struct EFSVolumeConfiguration {
        "fileSystemId" req file_system_id: String,
        "rootDirectory" opt root_directory: String,
        "transitEncryption" opt transit_encryption: String,
        "transitEncryptionPort" opt transit_encryption_port: i32,
        "authorizationConfig" opt authorization_config: EFSAuthorizationConfig,
    }
    pub struct ElbGatewayResources {
        "loadBalancerArn" opt load_balancer_arn: String,
        "listenerArn" opt listener_arn: String,
        "securityGroup" opt security_group: String,
        "gatewayRouteArns" opt gateway_route_arns: Vec<String>,
    }
    pub struct EnvironmentFile {
        "value" req value: String,
        "type" req r#type: String,
    }
    pub struct EphemeralStorage {
        "sizeInGiB" req size_in_gi_b: i32,
    }
    pub struct ExecuteCommandConfiguration {
        "kmsKeyId" opt kms_key_id: String,
        "logging" opt logging: String,
        "logConfiguration" opt log_configuration: ExecuteCommandLogConfiguration,
    }
    pub struct ExecuteCommandLogConfiguration {
        "cloudWatchLogGroupName" opt cloud_watch_log_group_name: String,
        "cloudWatchEncryptionEnabled" opt cloud_watch_encryption_enabled: bool,
        "s3BucketName" opt s3_bucket_name: String,
        "s3EncryptionEnabled" opt s3_encryption_enabled: bool,
        "s3KeyPrefix" opt s3_key_prefix: String,
    }
    pub struct ExecuteCommandRequest {
        "cluster" opt cluster: String,
        "container" opt container: String,
        "command" req command: String,
        "interactive" req interactive: bool,
        "task" req task: String,
    }
    pub struct ExecuteCommandResponse {
        "clusterArn" opt cluster_arn: String,
        "containerArn" opt container_arn: String,
        "containerName" opt container_name: String,
        "interactive" opt interactive: bool,
        "session" opt session: Session,
        "taskArn" opt task_arn: String,
    }
    pub struct ExpressGatewayContainer {
        "image" req image: String,
        "containerPort" opt container_port: i32,
        "awsLogsConfiguration" opt aws_logs_configuration: ExpressGatewayServiceAwsLogsConfiguration,
        "repositoryCredentials" opt repository_credentials: ExpressGatewayRepositoryCredentials,
        "command" opt command: Vec<String>,
        "environment" opt environment: Vec<KeyValuePair>,
        "secrets" opt secrets: Vec<Secret>,
    }
    pub struct ExpressGatewayRepositoryCredentials {
        "credentialsParameter" opt credentials_parameter: String,
    }
    pub struct ExpressGatewayScalingTarget {
        "minTaskCount" opt min_task_count: i32,
        "maxTaskCount" opt max_task_count: i32,
        "autoScalingMetric" opt auto_scaling_metric: String,
        "autoScalingTargetValue" opt auto_scaling_target_value: i32,
    }
    pub struct ExpressGatewayServiceAwsLogsConfiguration {
        "logGroup" req log_group: String,
        "logStreamPrefix" req log_stream_prefix: String,
    }
    pub struct ExpressGatewayServiceConfiguration {
        "serviceRevisionArn" opt service_revision_arn: String,
        "executionRoleArn" opt execution_role_arn: String,
        "taskRoleArn" opt task_role_arn: String,
        "taskDefinitionArn" opt task_definition_arn: String,
        "cpu" opt cpu: String,
        "memory" opt memory: String,
        "cpuArchitecture" opt cpu_architecture: String,
        "networkConfiguration" opt network_configuration: ExpressGatewayServiceNetworkConfiguration,
        "healthCheckPath" opt health_check_path: String,
        "primaryContainer" opt primary_container: ExpressGatewayContainer,
        "scalingTarget" opt scaling_target: ExpressGatewayScalingTarget,
        "ingressPaths" opt ingress_paths: Vec<IngressPathSummary>,
        "createdAt" opt created_at: Timestamp,
    }
    pub struct ExpressGatewayServiceNetworkConfiguration {
        "securityGroups" opt security_groups: Vec<String>,
        "subnets" opt subnets: Vec<String>,
    }
    pub struct ExpressGatewayServiceStatus {
        "statusCode" opt status_code: String,
        "statusReason" opt status_reason: String,
    }
    pub struct FSxWindowsFileServerAuthorizationConfig {
        "credentialsParameter" req credentials_parameter: String,
        "domain" req domain: String,
    }
    pub struct FSxWindowsFileServerVolumeConfiguration {
        "fileSystemId" req file_system_id: String,
        "rootDirectory" req root_directory: String,
        "authorizationConfig" req authorization_config: FSxWindowsFileServerAuthorizationConfig,
    }
    pub struct Failure {
        "arn" opt arn: String,
        "reason" opt reason: String,
        "detail" opt detail: String,
    }
    pub struct FirelensConfiguration {
        "type" req r#type: String,
        "options" opt options: BTreeMap<String, String>,
    }
    pub struct Gateway {
        "gatewayArn" opt gateway_arn: String,
        "name" opt name: String,
        "status" opt status: String,
        "statusReason" opt status_reason: String,
        "failures" opt failures: Vec<GatewayResourceFailure>,
        "infrastructureRoleArn" opt infrastructure_role_arn: String,
        "deletionProtection" opt deletion_protection: bool,
        "configuration" opt configuration: DescribeGatewayConfiguration,
        "accessType" opt access_type: String,
        "propagateTags" opt propagate_tags: String,
        "tags" opt tags: Vec<Tag>,
        "createdAt" opt created_at: Timestamp,
        "updatedAt" opt updated_at: Timestamp,
    }
    pub struct GatewayAlbTestTrafficRules {
        "header" opt header: GatewayTestTrafficHeader,
    }
    pub struct GatewayClusterAssociationSummary {
        "gatewayArn" opt gateway_arn: String,
        "clusterArn" opt cluster_arn: String,
        "status" opt status: String,
    }
    pub struct GatewayConfiguration {
        "hostSharedAlb" opt host_shared_alb: HostSharedAlbConfiguration,
    }
    pub struct GatewayConnection {
        "gatewayArn" opt gateway_arn: String,
        "gatewayRouteArn" opt gateway_route_arn: String,
        "portName" opt port_name: String,
        "serviceUrl" opt service_url: String,
        "accessType" opt access_type: String,
        "status" opt status: String,
        "resources" opt resources: GatewayConnectionResources,
    }
    pub struct GatewayConnectionAlbResources {
        "acmCertificateArn" opt acm_certificate_arn: String,
        "loadBalancerArn" opt load_balancer_arn: String,
        "loadBalancerSecurityGroupArns" opt load_balancer_security_group_arns: Vec<String>,
        "listenerArn" opt listener_arn: String,
        "listenerRuleArn" opt listener_rule_arn: String,
        "testListenerRuleArn" opt test_listener_rule_arn: String,
        "targetGroupArn" opt target_group_arn: String,
        "alternateTargetGroupArn" opt alternate_target_group_arn: String,
    }
    pub struct GatewayConnectionResources {
        "hostSharedAlb" opt host_shared_alb: Vec<GatewayConnectionAlbResources>,
    }
    pub struct GatewayConnector {
        "portName" req port_name: String,
        "healthCheck" opt health_check: GatewayConnectorHealthCheck,
        "filters" opt filters: GatewayConnectorFilters,
        "deregistrationDelay" opt deregistration_delay: GatewayConnectorDeregistrationDelay,
    }
    pub struct GatewayConnectorDeregistrationDelay {
        "timeoutSeconds" opt timeout_seconds: i32,
    }
    pub struct GatewayConnectorFilters {
        "accessTypes" opt access_types: Vec<String>,
    }
    pub struct GatewayConnectorHealthCheck {
        "healthCheckProtocol" opt health_check_protocol: String,
        "healthCheckPort" opt health_check_port: i32,
        "healthCheckPath" opt health_check_path: String,
        "healthCheckTimeoutSeconds" opt health_check_timeout_seconds: i32,
        "healthCheckIntervalSeconds" opt health_check_interval_seconds: i32,
        "healthyThresholdCount" opt healthy_threshold_count: i32,
        "unhealthyThresholdCount" opt unhealthy_threshold_count: i32,
        "matcher" opt matcher: GatewayConnectorHealthCheckMatcher,
    }
    pub struct GatewayConnectorHealthCheckMatcher {
        "httpCode" opt http_code: String,
        "grpcCode" opt grpc_code: String,
    }
    pub struct GatewayElbAccessLogConfiguration {
        "destination" opt destination: GatewayElbAccessLogDestination,
    }
    pub struct GatewayElbAccessLogDestination {
        "s3" opt s3: GatewayElbAccessLogS3Destination,
    }
    pub struct GatewayElbAccessLogS3Destination {
        "bucket" req bucket: String,
        "prefix" opt prefix: String,
    }
    pub struct GatewayElbNetworkConfiguration {
        "inboundSecurityGroup" opt inbound_security_group: String,
        "subnets" opt subnets: Vec<String>,
        "ipAddressType" opt ip_address_type: String,
    }
    pub struct GatewayInfrastructureResources {
        "hostSharedAlb" opt host_shared_alb: Vec<ElbGatewayResources>,
    }
    pub struct GatewayOperationError {
        "operation" opt operation: String,
        "code" opt code: String,
        "message" opt message: String,
    }
    pub struct GatewayResourceFailure {
        "arn" opt arn: String,
        "errors" opt errors: Vec<GatewayOperationError>,
    }
    pub struct GatewayResources {
        "gatewayArn" opt gateway_arn: String,
        "resources" opt resources: GatewayInfrastructureResources,
    }
    pub struct GatewayRoute {
        "gatewayRouteArn" opt gateway_route_arn: String,
        "serviceArn" opt service_arn: String,
        "serviceContainerPortName" opt service_container_port_name: String,
        "status" opt status: String,
        "serviceUrl" opt service_url: String,
        "resources" opt resources: GatewayRouteResources,
    }
    pub struct GatewayRouteAlbResources {
        "acmCertificateArn" opt acm_certificate_arn: String,
        "loadBalancerArn" opt load_balancer_arn: String,
        "listenerArn" opt listener_arn: String,
        "listenerRuleArn" opt listener_rule_arn: String,
        "testListenerRuleArns" opt test_listener_rule_arns: Vec<String>,
        "loadBalancerSecurityGroups" opt load_balancer_security_groups: Vec<GatewayRouteLoadBalancerSecurityGroup>,
        "serviceSecurityGroupArn" opt service_security_group_arn: String,
    }
    pub struct GatewayRouteLoadBalancerSecurityGroup {
        "arn" opt arn: String,
        "ruleArns" opt rule_arns: Vec<String>,
    }
    pub struct GatewayRouteResources {
        "hostSharedAlb" opt host_shared_alb: Vec<GatewayRouteAlbResources>,
    }
    pub struct GatewayRouteSummary {
        "gatewayRouteArn" opt gateway_route_arn: String,
        "gatewayArn" opt gateway_arn: String,
        "clusterArn" opt cluster_arn: String,
        "serviceArn" opt service_arn: String,
        "serviceContainerPortName" opt service_container_port_name: String,
        "status" opt status: String,
    }
    pub struct GatewaySummary {
        "gatewayArn" opt gateway_arn: String,
        "name" opt name: String,
        "status" opt status: String,
        "createdAt" opt created_at: Timestamp,
    }
    pub struct GatewayTestTrafficHeader {
        "name" req name: String,
        "values" req values: Vec<String>,
    }
    pub struct GetTaskProtectionRequest {
        "cluster" req cluster: String,
        "tasks" opt tasks: Vec<String>,
    }
    pub struct GetTaskProtectionResponse {
        "protectedTasks" opt protected_tasks: Vec<ProtectedTask>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct GpuDevice {
        "gpuId" opt gpu_id: String,
        "sharingMode" opt sharing_mode: String,
        "totalMemoryInMiB" opt total_memory_in_mi_b: i32,
        "remainingMemoryInMiB" opt remaining_memory_in_mi_b: i32,
        "containerCount" opt container_count: i32,
    }
    pub struct HealthCheck {
        "command" req command: Vec<String>,
        "interval" opt interval: i32,
        "timeout" opt timeout: i32,
        "retries" opt retries: i32,
        "startPeriod" opt start_period: i32,
    }
    pub struct HookDetails {
    }
    pub struct HostEntry {
        "hostname" req hostname: String,
        "ipAddress" req ip_address: String,
    }
    pub struct HostSharedAlbConfiguration {
        "networkConfiguration" opt network_configuration: GatewayElbNetworkConfiguration,
        "scheme" opt scheme: String,
        "webACLArn" opt web_acl_arn: String,
        "accessLogs" opt access_logs: GatewayElbAccessLogConfiguration,
        "port" opt port: i32,
        "protocol" opt protocol: String,
        "maxAlbCount" opt max_alb_count: i32,
        "httpDesync" opt http_desync: String,
        "testTrafficRules" opt test_traffic_rules: GatewayAlbTestTrafficRules,
    }
    pub struct HostVolumeProperties {
        "sourcePath" opt source_path: String,
    }
    pub struct InferenceAccelerator {
        "deviceName" req device_name: String,
        "deviceType" req device_type: String,
    }
    pub struct InferenceAcceleratorOverride {
        "deviceName" opt device_name: String,
        "deviceType" opt device_type: String,
    }
    pub struct InfrastructureOptimization {
        "scaleInAfter" opt scale_in_after: i32,
    }
    pub struct IngressPathSummary {
        "accessType" req access_type: String,
        "endpoint" req endpoint: String,
    }
    pub struct InstanceHealthCheckResult {
        "type" opt r#type: String,
        "status" opt status: String,
        "statusReason" opt status_reason: String,
        "lastUpdated" opt last_updated: Timestamp,
        "lastStatusChange" opt last_status_change: Timestamp,
    }
    pub struct InstanceLaunchTemplate {
        "ec2InstanceProfileArn" req ec2_instance_profile_arn: String,
        "networkConfiguration" req network_configuration: ManagedInstancesNetworkConfiguration,
        "storageConfiguration" opt storage_configuration: ManagedInstancesStorageConfiguration,
        "localStorageConfiguration" opt local_storage_configuration: ManagedInstancesLocalStorageConfiguration,
        "monitoring" opt monitoring: String,
        "capacityOptionType" opt capacity_option_type: String,
        "instanceMetadataTagsPropagation" opt instance_metadata_tags_propagation: bool,
        "instanceRequirements" opt instance_requirements: InstanceRequirementsRequest,
        "fipsEnabled" opt fips_enabled: bool,
        "capacityReservations" opt capacity_reservations: CapacityReservationRequest,
        "nitroEnclavesEnabled" opt nitro_enclaves_enabled: bool,
    }
    pub struct InstanceLaunchTemplateUpdate {
        "ec2InstanceProfileArn" opt ec2_instance_profile_arn: String,
        "networkConfiguration" opt network_configuration: ManagedInstancesNetworkConfiguration,
        "storageConfiguration" opt storage_configuration: ManagedInstancesStorageConfiguration,
        "instanceMetadataTagsPropagation" opt instance_metadata_tags_propagation: bool,
        "localStorageConfiguration" opt local_storage_configuration: ManagedInstancesLocalStorageConfiguration,
        "monitoring" opt monitoring: String,
        "instanceRequirements" opt instance_requirements: InstanceRequirementsRequest,
        "capacityReservations" opt capacity_reservations: CapacityReservationRequest,
    }
    pub struct InstanceRequirementsRequest {
        "vCpuCount" req v_cpu_count: VCpuCountRangeRequest,
        "memoryMiB" req memory_mi_b: MemoryMiBRequest,
        "cpuManufacturers" opt cpu_manufacturers: Vec<String>,
        "memoryGiBPerVCpu" opt memory_gi_b_per_v_cpu: MemoryGiBPerVCpuRequest,
        "excludedInstanceTypes" opt excluded_instance_types: Vec<String>,
        "instanceGenerations" opt instance_generations: Vec<String>,
        "spotMaxPricePercentageOverLowestPrice" opt spot_max_price_percentage_over_lowest_price: i32,
        "onDemandMaxPricePercentageOverLowestPrice" opt on_demand_max_price_percentage_over_lowest_price: i32,
        "bareMetal" opt bare_metal: String,
        "burstablePerformance" opt burstable_performance: String,
        "requireHibernateSupport" opt require_hibernate_support: bool,
        "networkInterfaceCount" opt network_interface_count: NetworkInterfaceCountRequest,
        "localStorage" opt local_storage: String,
        "localStorageTypes" opt local_storage_types: Vec<String>,
        "totalLocalStorageGB" opt total_local_storage_gb: TotalLocalStorageGBRequest,
        "baselineEbsBandwidthMbps" opt baseline_ebs_bandwidth_mbps: BaselineEbsBandwidthMbpsRequest,
        "acceleratorTypes" opt accelerator_types: Vec<String>,
        "acceleratorCount" opt accelerator_count: AcceleratorCountRequest,
        "acceleratorManufacturers" opt accelerator_manufacturers: Vec<String>,
        "acceleratorNames" opt accelerator_names: Vec<String>,
        "acceleratorTotalMemoryMiB" opt accelerator_total_memory_mi_b: AcceleratorTotalMemoryMiBRequest,
        "networkBandwidthGbps" opt network_bandwidth_gbps: NetworkBandwidthGbpsRequest,
        "allowedInstanceTypes" opt allowed_instance_types: Vec<String>,
        "maxSpotPriceAsPercentageOfOptimalOnDemandPrice" opt max_spot_price_as_percentage_of_optimal_on_demand_price: i32,
    }
    pub struct KernelCapabilities {
        "add" opt add: Vec<String>,
        "drop" opt drop: Vec<String>,
    }
    pub struct KeyValuePair {
        "name" opt name: String,
        "value" opt value: String,
    }
    pub struct LinearConfiguration {
        "stepPercent" opt step_percent: f64,
        "stepBakeTimeInMinutes" opt step_bake_time_in_minutes: i32,
    }
    pub struct LinuxParameters {
        "capabilities" opt capabilities: KernelCapabilities,
        "devices" opt devices: Vec<Device>,
        "initProcessEnabled" opt init_process_enabled: bool,
        "sharedMemorySize" opt shared_memory_size: i32,
        "tmpfs" opt tmpfs: Vec<Tmpfs>,
        "maxSwap" opt max_swap: i32,
        "swappiness" opt swappiness: i32,
    }
    pub struct ListAccountSettingsRequest {
        "name" opt name: String,
        "value" opt value: String,
        "principalArn" opt principal_arn: String,
        "effectiveSettings" opt effective_settings: bool,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct ListAccountSettingsResponse {
        "settings" opt settings: Vec<Setting>,
        "nextToken" opt next_token: String,
    }
    pub struct ListAttributesRequest {
        "cluster" opt cluster: String,
        "targetType" req target_type: String,
        "attributeName" opt attribute_name: String,
        "attributeValue" opt attribute_value: String,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct ListAttributesResponse {
        "attributes" opt attributes: Vec<Attribute>,
        "nextToken" opt next_token: String,
    }
    pub struct ListClustersRequest {
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct ListClustersResponse {
        "clusterArns" opt cluster_arns: Vec<String>,
        "nextToken" opt next_token: String,
    }
    pub struct ListContainerInstancesRequest {
        "cluster" opt cluster: String,
        "filter" opt filter: String,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
        "status" opt status: String,
    }
    pub struct ListContainerInstancesResponse {
        "containerInstanceArns" opt container_instance_arns: Vec<String>,
        "nextToken" opt next_token: String,
    }
    pub struct ListDaemonDeploymentsRequest {
        "daemonArn" req daemon_arn: String,
        "status" opt status: Vec<String>,
        "createdAt" opt created_at: CreatedAt,
        "maxResults" opt max_results: i32,
        "nextToken" opt next_token: String,
    }
    pub struct ListDaemonDeploymentsResponse {
        "nextToken" opt next_token: String,
        "daemonDeployments" opt daemon_deployments: Vec<DaemonDeploymentSummary>,
    }
    pub struct ListDaemonTaskDefinitionsRequest {
        "familyPrefix" opt family_prefix: String,
        "family" opt family: String,
        "revision" opt revision: String,
        "status" opt status: String,
        "sort" opt sort: String,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct ListDaemonTaskDefinitionsResponse {
        "daemonTaskDefinitions" opt daemon_task_definitions: Vec<DaemonTaskDefinitionSummary>,
        "nextToken" opt next_token: String,
    }
    pub struct ListDaemonsRequest {
        "clusterArn" opt cluster_arn: String,
        "capacityProviderArns" opt capacity_provider_arns: Vec<String>,
        "maxResults" opt max_results: i32,
        "nextToken" opt next_token: String,
    }
    pub struct ListDaemonsResponse {
        "daemonSummariesList" opt daemon_summaries_list: Vec<DaemonSummary>,
        "nextToken" opt next_token: String,
    }
    pub struct ListGatewayClusterAssociationsRequest {
        "gateway" opt gateway: String,
        "cluster" opt cluster: String,
        "status" opt status: Vec<String>,
        "maxResults" opt max_results: i32,
        "nextToken" opt next_token: String,
    }
    pub struct ListGatewayClusterAssociationsResponse {
        "gatewayClusterAssociations" opt gateway_cluster_associations: Vec<GatewayClusterAssociationSummary>,
        "nextToken" opt next_token: String,
    }
    pub struct ListGatewayRoutesRequest {
        "gateway" opt gateway: String,
        "cluster" opt cluster: String,
        "service" opt service: String,
        "serviceContainerPortName" opt service_container_port_name: String,
        "status" opt status: Vec<String>,
        "maxResults" opt max_results: i32,
        "nextToken" opt next_token: String,
    }
    pub struct ListGatewayRoutesResponse {
        "gatewayRoutes" opt gateway_routes: Vec<GatewayRouteSummary>,
        "nextToken" opt next_token: String,
    }
    pub struct ListGatewaysRequest {
        "names" opt names: Vec<String>,
        "status" opt status: Vec<String>,
        "maxResults" opt max_results: i32,
        "nextToken" opt next_token: String,
    }
    pub struct ListGatewaysResponse {
        "gateways" opt gateways: Vec<GatewaySummary>,
        "nextToken" opt next_token: String,
    }
    pub struct ListServiceDeploymentsRequest {
        "service" req service: String,
        "cluster" opt cluster: String,
        "status" opt status: Vec<String>,
        "createdAt" opt created_at: CreatedAt,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct ListServiceDeploymentsResponse {
        "serviceDeployments" opt service_deployments: Vec<ServiceDeploymentBrief>,
        "nextToken" opt next_token: String,
    }
    pub struct ListServicesByNamespaceRequest {
        "namespace" req namespace: String,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct ListServicesByNamespaceResponse {
        "serviceArns" opt service_arns: Vec<String>,
        "nextToken" opt next_token: String,
    }
    pub struct ListServicesRequest {
        "cluster" opt cluster: String,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
        "launchType" opt launch_type: String,
        "schedulingStrategy" opt scheduling_strategy: String,
        "resourceManagementType" opt resource_management_type: String,
    }
    pub struct ListServicesResponse {
        "serviceArns" opt service_arns: Vec<String>,
        "nextToken" opt next_token: String,
    }
    pub struct ListTagsForResourceRequest {
        "resourceArn" req resource_arn: String,
    }
    pub struct ListTagsForResourceResponse {
        "tags" opt tags: Vec<Tag>,
    }
    pub struct ListTaskDefinitionFamiliesRequest {
        "familyPrefix" opt family_prefix: String,
        "status" opt status: String,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct ListTaskDefinitionFamiliesResponse {
        "families" opt families: Vec<String>,
        "nextToken" opt next_token: String,
    }
    pub struct ListTaskDefinitionsRequest {
        "familyPrefix" opt family_prefix: String,
        "status" opt status: String,
        "sort" opt sort: String,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
    }
    pub struct ListTaskDefinitionsResponse {
        "taskDefinitionArns" opt task_definition_arns: Vec<String>,
        "nextToken" opt next_token: String,
    }
    pub struct ListTasksRequest {
        "cluster" opt cluster: String,
        "containerInstance" opt container_instance: String,
        "family" opt family: String,
        "nextToken" opt next_token: String,
        "maxResults" opt max_results: i32,
        "startedBy" opt started_by: String,
        "serviceName" opt service_name: String,
        "desiredStatus" opt desired_status: String,
        "launchType" opt launch_type: String,
        "daemonName" opt daemon_name: String,
    }
    pub struct ListTasksResponse {
        "taskArns" opt task_arns: Vec<String>,
        "nextToken" opt next_token: String,
    }
    pub struct LoadBalancer {
        "targetGroupArn" opt target_group_arn: String,
        "loadBalancerName" opt load_balancer_name: String,
        "containerName" opt container_name: String,
        "containerPort" opt container_port: i32,
        "advancedConfiguration" opt advanced_configuration: AdvancedConfiguration,
    }
    pub struct LogConfiguration {
        "logDriver" req log_driver: String,
        "options" opt options: BTreeMap<String, String>,
        "secretOptions" opt secret_options: Vec<Secret>,
    }
    pub struct LogDriverVolumeConfiguration {
        "driver" req driver: String,
    }
    pub struct ManagedAgent {
        "lastStartedAt" opt last_started_at: Timestamp,
        "name" opt name: String,
        "reason" opt reason: String,
        "lastStatus" opt last_status: String,
    }
    pub struct ManagedAgentStateChange {
        "containerName" req container_name: String,
        "managedAgentName" req managed_agent_name: String,
        "status" req status: String,
        "reason" opt reason: String,
    }
    pub struct ManagedApplicationAutoScalingPolicy {
        "arn" opt arn: String,
        "status" req status: String,
        "statusReason" opt status_reason: String,
        "updatedAt" req updated_at: Timestamp,
        "policyType" req policy_type: String,
        "targetValue" req target_value: f64,
        "metric" req metric: String,
    }
    pub struct ManagedAutoScaling {
        "scalableTarget" opt scalable_target: ManagedScalableTarget,
        "applicationAutoScalingPolicies" opt application_auto_scaling_policies: Vec<ManagedApplicationAutoScalingPolicy>,
    }
    pub struct ManagedCertificate {
        "arn" opt arn: String,
        "status" req status: String,
        "statusReason" opt status_reason: String,
        "updatedAt" req updated_at: Timestamp,
        "domainName" req domain_name: String,
    }
    pub struct ManagedIngressPath {
        "accessType" req access_type: String,
        "endpoint" req endpoint: String,
        "loadBalancer" opt load_balancer: ManagedLoadBalancer,
        "loadBalancerSecurityGroups" opt load_balancer_security_groups: Vec<ManagedSecurityGroup>,
        "certificate" opt certificate: ManagedCertificate,
        "listener" opt listener: ManagedListener,
        "rule" opt rule: ManagedListenerRule,
        "targetGroups" opt target_groups: Vec<ManagedTargetGroup>,
    }
    pub struct ManagedInstancesLocalStorageConfiguration {
        "useLocalStorage" opt use_local_storage: bool,
    }
    pub struct ManagedInstancesNetworkConfiguration {
        "subnets" opt subnets: Vec<String>,
        "securityGroups" opt security_groups: Vec<String>,
    }
    pub struct ManagedInstancesProvider {
        "infrastructureRoleArn" opt infrastructure_role_arn: String,
        "instanceLaunchTemplate" opt instance_launch_template: InstanceLaunchTemplate,
        "propagateTags" opt propagate_tags: String,
        "infrastructureOptimization" opt infrastructure_optimization: InfrastructureOptimization,
        "autoRepairConfiguration" opt auto_repair_configuration: AutoRepairConfiguration,
    }
    pub struct ManagedInstancesStorageConfiguration {
        "storageSizeGiB" opt storage_size_gi_b: i32,
    }
    pub struct ManagedListener {
        "arn" opt arn: String,
        "status" req status: String,
        "statusReason" opt status_reason: String,
        "updatedAt" req updated_at: Timestamp,
    }
    pub struct ManagedListenerRule {
        "arn" opt arn: String,
        "status" req status: String,
        "statusReason" opt status_reason: String,
        "updatedAt" req updated_at: Timestamp,
    }
    pub struct ManagedLoadBalancer {
        "arn" opt arn: String,
        "status" req status: String,
        "statusReason" opt status_reason: String,
        "updatedAt" req updated_at: Timestamp,
        "scheme" req scheme: String,
        "subnetIds" opt subnet_ids: Vec<String>,
        "securityGroupIds" opt security_group_ids: Vec<String>,
    }
    pub struct ManagedLogGroup {
        "arn" opt arn: String,
        "status" req status: String,
        "statusReason" opt status_reason: String,
        "updatedAt" req updated_at: Timestamp,
        "logGroupName" req log_group_name: String,
    }
    pub struct ManagedMetricAlarm {
        "arn" opt arn: String,
        "status" req status: String,
        "statusReason" opt status_reason: String,
        "updatedAt" req updated_at: Timestamp,
    }
    pub struct ManagedScalableTarget {
        "arn" opt arn: String,
        "status" req status: String,
        "statusReason" opt status_reason: String,
        "updatedAt" req updated_at: Timestamp,
        "minCapacity" req min_capacity: i32,
        "maxCapacity" req max_capacity: i32,
    }
    pub struct ManagedScaling {
        "status" opt status: String,
        "targetCapacity" opt target_capacity: i32,
        "minimumScalingStepSize" opt minimum_scaling_step_size: i32,
        "maximumScalingStepSize" opt maximum_scaling_step_size: i32,
        "instanceWarmupPeriod" opt instance_warmup_period: i32,
    }
    pub struct ManagedSecurityGroup {
        "arn" opt arn: String,
        "status" req status: String,
        "statusReason" opt status_reason: String,
        "updatedAt" req updated_at: Timestamp,
    }
    pub struct ManagedStorageConfiguration {
        "kmsKeyId" opt kms_key_id: String,
        "fargateEphemeralStorageKmsKeyId" opt fargate_ephemeral_storage_kms_key_id: String,
    }
    pub struct ManagedTargetGroup {
        "arn" opt arn: String,
        "status" req status: String,
        "statusReason" opt status_reason: String,
        "updatedAt" req updated_at: Timestamp,
        "healthCheckPath" req health_check_path: String,
        "healthCheckPort" req health_check_port: i32,
        "port" req port: i32,
    }
    pub struct MemoryGiBPerVCpuRequest {
        "min" opt min: f64,
        "max" opt max: f64,
    }
    pub struct MemoryMiBRequest {
        "min" req min: i32,
        "max" opt max: i32,
    }
    pub struct MetricConfiguration {
        "metricNames" req metric_names: Vec<String>,
        "resolutionSeconds" req resolution_seconds: i32,
    }
    pub struct MonitoringConfiguration {
        "metricConfigurations" opt metric_configurations: Vec<MetricConfiguration>,
    }
    pub struct MountPoint {
        "sourceVolume" opt source_volume: String,
        "containerPath" opt container_path: String,
        "readOnly" opt read_only: bool,
    }
    pub struct NetworkBandwidthGbpsRequest {
        "min" opt min: f64,
        "max" opt max: f64,
    }
    pub struct NetworkBinding {
        "bindIP" opt bind_ip: String,
        "containerPort" opt container_port: i32,
        "hostPort" opt host_port: i32,
        "protocol" opt protocol: String,
        "containerPortRange" opt container_port_range: String,
        "hostPortRange" opt host_port_range: String,
    }
    pub struct NetworkConfiguration {
        "awsvpcConfiguration" opt awsvpc_configuration: AwsVpcConfiguration,
    }
    pub struct NetworkInterface {
        "attachmentId" opt attachment_id: String,
        "privateIpv4Address" opt private_ipv4_address: String,
        "ipv6Address" opt ipv6_address: String,
    }
    pub struct NetworkInterfaceCountRequest {
        "min" opt min: i32,
        "max" opt max: i32,
    }
    pub struct NvidiaMpsAllocation {
        "memory" req memory: i32,
        "maxComputePercent" opt max_compute_percent: i32,
    }
    pub struct PlacementConstraint {
        "type" opt r#type: String,
        "expression" opt expression: String,
    }
    pub struct PlacementStrategy {
        "type" opt r#type: String,
        "field" opt field: String,
    }
    pub struct PlatformDevice {
        "id" req id: String,
        "type" req r#type: String,
    }
    pub struct PortMapping {
        "containerPort" opt container_port: i32,
        "hostPort" opt host_port: i32,
        "protocol" opt protocol: String,
        "name" opt name: String,
        "appProtocol" opt app_protocol: String,
        "containerPortRange" opt container_port_range: String,
    }
    pub struct ProtectedTask {
        "taskArn" opt task_arn: String,
        "protectionEnabled" opt protection_enabled: bool,
        "expirationDate" opt expiration_date: Timestamp,
    }
    pub struct ProxyConfiguration {
        "type" opt r#type: String,
        "containerName" req container_name: String,
        "properties" opt properties: Vec<KeyValuePair>,
    }
    pub struct PutAccountSettingDefaultRequest {
        "name" req name: String,
        "value" req value: String,
    }
    pub struct PutAccountSettingDefaultResponse {
        "setting" opt setting: Setting,
    }
    pub struct PutAccountSettingRequest {
        "name" req name: String,
        "value" req value: String,
        "principalArn" opt principal_arn: String,
    }
    pub struct PutAccountSettingResponse {
        "setting" opt setting: Setting,
    }
    pub struct PutAttributesRequest {
        "cluster" opt cluster: String,
        "attributes" req attributes: Vec<Attribute>,
    }
    pub struct PutAttributesResponse {
        "attributes" opt attributes: Vec<Attribute>,
    }
    pub struct PutClusterCapacityProvidersRequest {
        "cluster" req cluster: String,
        "capacityProviders" req capacity_providers: Vec<String>,
        "defaultCapacityProviderStrategy" req default_capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
    }
    pub struct PutClusterCapacityProvidersResponse {
        "cluster" opt cluster: Cluster,
    }
    pub struct RegisterContainerInstanceRequest {
        "cluster" opt cluster: String,
        "instanceIdentityDocument" opt instance_identity_document: String,
        "instanceIdentityDocumentSignature" opt instance_identity_document_signature: String,
        "totalResources" opt total_resources: Vec<Resource>,
        "versionInfo" opt version_info: VersionInfo,
        "containerInstanceArn" opt container_instance_arn: String,
        "attributes" opt attributes: Vec<Attribute>,
        "platformDevices" opt platform_devices: Vec<PlatformDevice>,
        "tags" opt tags: Vec<Tag>,
    }
    pub struct RegisterContainerInstanceResponse {
        "containerInstance" opt container_instance: ContainerInstance,
    }
    pub struct RegisterDaemonTaskDefinitionRequest {
        "family" req family: String,
        "taskRoleArn" opt task_role_arn: String,
        "executionRoleArn" opt execution_role_arn: String,
        "containerDefinitions" req container_definitions: Vec<DaemonContainerDefinition>,
        "cpu" opt cpu: String,
        "memory" opt memory: String,
        "volumes" opt volumes: Vec<DaemonVolume>,
        "tags" opt tags: Vec<Tag>,
        "pidMode" opt pid_mode: String,
        "ipcMode" opt ipc_mode: String,
    }
    pub struct RegisterDaemonTaskDefinitionResponse {
        "daemonTaskDefinitionArn" opt daemon_task_definition_arn: String,
    }
    pub struct RegisterTaskDefinitionRequest {
        "family" req family: String,
        "taskRoleArn" opt task_role_arn: String,
        "executionRoleArn" opt execution_role_arn: String,
        "networkMode" opt network_mode: String,
        "containerDefinitions" req container_definitions: Vec<ContainerDefinition>,
        "volumes" opt volumes: Vec<Volume>,
        "placementConstraints" opt placement_constraints: Vec<TaskDefinitionPlacementConstraint>,
        "requiresCompatibilities" opt requires_compatibilities: Vec<String>,
        "cpu" opt cpu: String,
        "memory" opt memory: String,
        "tags" opt tags: Vec<Tag>,
        "pidMode" opt pid_mode: String,
        "ipcMode" opt ipc_mode: String,
        "proxyConfiguration" opt proxy_configuration: ProxyConfiguration,
        "inferenceAccelerators" opt inference_accelerators: Vec<InferenceAccelerator>,
        "ephemeralStorage" opt ephemeral_storage: EphemeralStorage,
        "runtimePlatform" opt runtime_platform: RuntimePlatform,
        "enableFaultInjection" opt enable_fault_injection: bool,
        "trustedExecutionConfiguration" opt trusted_execution_configuration: TrustedExecutionConfiguration,
    }
    pub struct RegisterTaskDefinitionResponse {
        "taskDefinition" opt task_definition: TaskDefinition,
        "tags" opt tags: Vec<Tag>,
    }
    pub struct RepositoryCredentials {
        "credentialsParameter" req credentials_parameter: String,
    }
    pub struct ResolvedConfiguration {
        "loadBalancers" opt load_balancers: Vec<ServiceRevisionLoadBalancer>,
        "vpcLatticeConfigurations" opt vpc_lattice_configurations: Vec<ServiceRevisionVpcLatticeConfiguration>,
    }
    pub struct Resource {
        "name" opt name: String,
        "type" opt r#type: String,
        "doubleValue" opt double_value: f64,
        "longValue" opt long_value: i64,
        "integerValue" opt integer_value: i32,
        "stringSetValue" opt string_set_value: Vec<String>,
    }
    pub struct ResourceRequirement {
        "value" opt value: String,
        "type" req r#type: String,
        "sharingStrategy" opt sharing_strategy: SharingStrategy,
    }
    pub struct Rollback {
        "reason" opt reason: String,
        "startedAt" opt started_at: Timestamp,
        "serviceRevisionArn" opt service_revision_arn: String,
    }
    pub struct RunTaskRequest {
        "capacityProviderStrategy" opt capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        "cluster" opt cluster: String,
        "count" opt count: i32,
        "enableECSManagedTags" opt enable_ecs_managed_tags: bool,
        "enableExecuteCommand" opt enable_execute_command: bool,
        "group" opt group: String,
        "launchType" opt launch_type: String,
        "networkConfiguration" opt network_configuration: NetworkConfiguration,
        "overrides" opt overrides: TaskOverride,
        "placementConstraints" opt placement_constraints: Vec<PlacementConstraint>,
        "placementStrategy" opt placement_strategy: Vec<PlacementStrategy>,
        "platformVersion" opt platform_version: String,
        "propagateTags" opt propagate_tags: String,
        "referenceId" opt reference_id: String,
        "startedBy" opt started_by: String,
        "tags" opt tags: Vec<Tag>,
        "taskDefinition" req task_definition: String,
        "clientToken" opt client_token: String,
        "volumeConfigurations" opt volume_configurations: Vec<TaskVolumeConfiguration>,
    }
    pub struct RunTaskResponse {
        "tasks" opt tasks: Vec<Task>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct RuntimePlatform {
        "cpuArchitecture" opt cpu_architecture: String,
        "operatingSystemFamily" opt operating_system_family: String,
    }
    pub struct RuntimePlatformOverride {
        "cpuArchitecture" opt cpu_architecture: String,
    }
    pub struct S3FilesVolumeConfiguration {
        "fileSystemArn" req file_system_arn: String,
        "rootDirectory" opt root_directory: String,
        "transitEncryptionPort" opt transit_encryption_port: i32,
        "accessPointArn" opt access_point_arn: String,
    }
    pub struct Scale {
        "value" opt value: f64,
        "unit" opt unit: String,
    }
    pub struct Secret {
        "name" req name: String,
        "valueFrom" req value_from: String,
    }
    pub struct Service {
        "serviceArn" opt service_arn: String,
        "serviceName" opt service_name: String,
        "clusterArn" opt cluster_arn: String,
        "loadBalancers" opt load_balancers: Vec<LoadBalancer>,
        "serviceRegistries" opt service_registries: Vec<ServiceRegistry>,
        "status" opt status: String,
        "desiredCount" opt desired_count: i32,
        "runningCount" opt running_count: i32,
        "pendingCount" opt pending_count: i32,
        "launchType" opt launch_type: String,
        "capacityProviderStrategy" opt capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        "platformVersion" opt platform_version: String,
        "platformFamily" opt platform_family: String,
        "taskDefinition" opt task_definition: String,
        "deploymentConfiguration" opt deployment_configuration: DeploymentConfiguration,
        "taskSets" opt task_sets: Vec<TaskSet>,
        "deployments" opt deployments: Vec<Deployment>,
        "roleArn" opt role_arn: String,
        "events" opt events: Vec<ServiceEvent>,
        "createdAt" opt created_at: Timestamp,
        "currentServiceDeployment" opt current_service_deployment: String,
        "currentServiceRevisions" opt current_service_revisions: Vec<ServiceCurrentRevisionSummary>,
        "placementConstraints" opt placement_constraints: Vec<PlacementConstraint>,
        "placementStrategy" opt placement_strategy: Vec<PlacementStrategy>,
        "networkConfiguration" opt network_configuration: NetworkConfiguration,
        "healthCheckGracePeriodSeconds" opt health_check_grace_period_seconds: i32,
        "schedulingStrategy" opt scheduling_strategy: String,
        "deploymentController" opt deployment_controller: DeploymentController,
        "tags" opt tags: Vec<Tag>,
        "createdBy" opt created_by: String,
        "enableECSManagedTags" opt enable_ecs_managed_tags: bool,
        "propagateTags" opt propagate_tags: String,
        "enableExecuteCommand" opt enable_execute_command: bool,
        "availabilityZoneRebalancing" opt availability_zone_rebalancing: String,
        "resourceManagementType" opt resource_management_type: String,
    }
    pub struct ServiceConnectAccessLogConfiguration {
        "format" req format: String,
        "includeQueryParameters" opt include_query_parameters: String,
    }
    pub struct ServiceConnectClientAlias {
        "port" req port: i32,
        "dnsName" opt dns_name: String,
        "testTrafficRules" opt test_traffic_rules: ServiceConnectTestTrafficRules,
    }
    pub struct ServiceConnectConfiguration {
        "enabled" req enabled: bool,
        "namespace" opt namespace: String,
        "services" opt services: Vec<ServiceConnectService>,
        "logConfiguration" opt log_configuration: LogConfiguration,
        "accessLogConfiguration" opt access_log_configuration: ServiceConnectAccessLogConfiguration,
        "containerConfigurations" opt container_configurations: Vec<ServiceConnectContainerConfiguration>,
    }
    pub struct ServiceConnectContainerConfiguration {
        "logLevel" opt log_level: String,
    }
    pub struct ServiceConnectService {
        "portName" req port_name: String,
        "discoveryName" opt discovery_name: String,
        "clientAliases" opt client_aliases: Vec<ServiceConnectClientAlias>,
        "ingressPortOverride" opt ingress_port_override: i32,
        "timeout" opt timeout: TimeoutConfiguration,
        "tls" opt tls: ServiceConnectTlsConfiguration,
    }
    pub struct ServiceConnectServiceResource {
        "discoveryName" opt discovery_name: String,
        "discoveryArn" opt discovery_arn: String,
    }
    pub struct ServiceConnectTestTrafficHeaderMatchRules {
        "exact" req exact: String,
    }
    pub struct ServiceConnectTestTrafficHeaderRules {
        "name" req name: String,
        "value" opt value: ServiceConnectTestTrafficHeaderMatchRules,
    }
    pub struct ServiceConnectTestTrafficRules {
        "header" req header: ServiceConnectTestTrafficHeaderRules,
    }
    pub struct ServiceConnectTlsCertificateAuthority {
        "awsPcaAuthorityArn" opt aws_pca_authority_arn: String,
    }
    pub struct ServiceConnectTlsConfiguration {
        "issuerCertificateAuthority" req issuer_certificate_authority: ServiceConnectTlsCertificateAuthority,
        "kmsKey" opt kms_key: String,
        "roleArn" opt role_arn: String,
    }
    pub struct ServiceCurrentRevisionSummary {
        "arn" opt arn: String,
        "requestedTaskCount" opt requested_task_count: i32,
        "runningTaskCount" opt running_task_count: i32,
        "pendingTaskCount" opt pending_task_count: i32,
    }
    pub struct ServiceDeployment {
        "serviceDeploymentArn" opt service_deployment_arn: String,
        "serviceArn" opt service_arn: String,
        "clusterArn" opt cluster_arn: String,
        "createdAt" opt created_at: Timestamp,
        "startedAt" opt started_at: Timestamp,
        "finishedAt" opt finished_at: Timestamp,
        "stoppedAt" opt stopped_at: Timestamp,
        "updatedAt" opt updated_at: Timestamp,
        "sourceServiceRevisions" opt source_service_revisions: Vec<ServiceRevisionSummary>,
        "targetServiceRevision" opt target_service_revision: ServiceRevisionSummary,
        "status" opt status: String,
        "statusReason" opt status_reason: String,
        "lifecycleStage" opt lifecycle_stage: String,
        "lifecycleHookDetails" opt lifecycle_hook_details: Vec<DeploymentLifecycleHookDetail>,
        "deploymentConfiguration" opt deployment_configuration: DeploymentConfiguration,
        "rollback" opt rollback: Rollback,
        "deploymentCircuitBreaker" opt deployment_circuit_breaker: ServiceDeploymentCircuitBreaker,
        "alarms" opt alarms: ServiceDeploymentAlarms,
    }
    pub struct ServiceDeploymentAlarms {
        "status" opt status: String,
        "alarmNames" opt alarm_names: Vec<String>,
        "triggeredAlarmNames" opt triggered_alarm_names: Vec<String>,
    }
    pub struct ServiceDeploymentBrief {
        "serviceDeploymentArn" opt service_deployment_arn: String,
        "serviceArn" opt service_arn: String,
        "clusterArn" opt cluster_arn: String,
        "startedAt" opt started_at: Timestamp,
        "createdAt" opt created_at: Timestamp,
        "finishedAt" opt finished_at: Timestamp,
        "targetServiceRevisionArn" opt target_service_revision_arn: String,
        "status" opt status: String,
        "statusReason" opt status_reason: String,
    }
    pub struct ServiceDeploymentCircuitBreaker {
        "status" opt status: String,
        "failureCount" opt failure_count: i32,
        "threshold" opt threshold: i32,
    }
    pub struct ServiceEvent {
        "id" opt id: String,
        "createdAt" opt created_at: Timestamp,
        "message" opt message: String,
    }
    pub struct ServiceManagedEBSVolumeConfiguration {
        "encrypted" opt encrypted: bool,
        "kmsKeyId" opt kms_key_id: String,
        "volumeType" opt volume_type: String,
        "sizeInGiB" opt size_in_gi_b: i32,
        "snapshotId" opt snapshot_id: String,
        "volumeInitializationRate" opt volume_initialization_rate: i32,
        "iops" opt iops: i32,
        "throughput" opt throughput: i32,
        "tagSpecifications" opt tag_specifications: Vec<EBSTagSpecification>,
        "roleArn" req role_arn: String,
        "filesystemType" opt filesystem_type: String,
    }
    pub struct ServiceRegistry {
        "registryArn" opt registry_arn: String,
        "port" opt port: i32,
        "containerName" opt container_name: String,
        "containerPort" opt container_port: i32,
    }
    pub struct ServiceRevision {
        "serviceRevisionArn" opt service_revision_arn: String,
        "serviceArn" opt service_arn: String,
        "clusterArn" opt cluster_arn: String,
        "taskDefinition" opt task_definition: String,
        "capacityProviderStrategy" opt capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        "launchType" opt launch_type: String,
        "platformVersion" opt platform_version: String,
        "platformFamily" opt platform_family: String,
        "loadBalancers" opt load_balancers: Vec<LoadBalancer>,
        "serviceRegistries" opt service_registries: Vec<ServiceRegistry>,
        "networkConfiguration" opt network_configuration: NetworkConfiguration,
        "containerImages" opt container_images: Vec<ContainerImage>,
        "guardDutyEnabled" opt guard_duty_enabled: bool,
        "serviceConnectConfiguration" opt service_connect_configuration: ServiceConnectConfiguration,
        "volumeConfigurations" opt volume_configurations: Vec<ServiceVolumeConfiguration>,
        "fargateEphemeralStorage" opt fargate_ephemeral_storage: DeploymentEphemeralStorage,
        "createdAt" opt created_at: Timestamp,
        "vpcLatticeConfigurations" opt vpc_lattice_configurations: Vec<VpcLatticeConfiguration>,
        "resolvedConfiguration" opt resolved_configuration: ResolvedConfiguration,
        "ecsManagedResources" opt ecs_managed_resources: ECSManagedResources,
        "overrides" opt overrides: ServiceRevisionOverrides,
        "gatewayConnectors" opt gateway_connectors: Vec<GatewayConnector>,
        "monitoring" opt monitoring: MonitoringConfiguration,
    }
    pub struct ServiceRevisionLoadBalancer {
        "targetGroupArn" opt target_group_arn: String,
        "productionListenerRule" opt production_listener_rule: String,
    }
    pub struct ServiceRevisionOverrides {
        "runtimePlatform" opt runtime_platform: RuntimePlatformOverride,
    }
    pub struct ServiceRevisionSummary {
        "arn" opt arn: String,
        "requestedTaskCount" opt requested_task_count: i32,
        "runningTaskCount" opt running_task_count: i32,
        "pendingTaskCount" opt pending_task_count: i32,
        "requestedTestTrafficWeight" opt requested_test_traffic_weight: f64,
        "requestedProductionTrafficWeight" opt requested_production_traffic_weight: f64,
    }
    pub struct ServiceRevisionVpcLatticeConfiguration {
        "targetGroupArn" opt target_group_arn: String,
        "productionListenerRule" opt production_listener_rule: String,
    }
    pub struct ServiceVolumeConfiguration {
        "name" req name: String,
        "managedEBSVolume" opt managed_ebs_volume: ServiceManagedEBSVolumeConfiguration,
    }
    pub struct Session {
        "sessionId" opt session_id: String,
        "streamUrl" opt stream_url: String,
        "tokenValue" opt token_value: String,
    }
    pub struct Setting {
        "name" opt name: String,
        "value" opt value: String,
        "principalArn" opt principal_arn: String,
        "type" opt r#type: String,
    }
    pub struct SharingStrategy {
        "nvidiaMps" opt nvidia_mps: NvidiaMpsAllocation,
    }
    pub struct StartTaskRequest {
        "cluster" opt cluster: String,
        "containerInstances" req container_instances: Vec<String>,
        "enableECSManagedTags" opt enable_ecs_managed_tags: bool,
        "enableExecuteCommand" opt enable_execute_command: bool,
        "group" opt group: String,
        "networkConfiguration" opt network_configuration: NetworkConfiguration,
        "overrides" opt overrides: TaskOverride,
        "propagateTags" opt propagate_tags: String,
        "referenceId" opt reference_id: String,
        "startedBy" opt started_by: String,
        "tags" opt tags: Vec<Tag>,
        "taskDefinition" req task_definition: String,
        "volumeConfigurations" opt volume_configurations: Vec<TaskVolumeConfiguration>,
    }
    pub struct StartTaskResponse {
        "tasks" opt tasks: Vec<Task>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct StopServiceDeploymentRequest {
        "serviceDeploymentArn" req service_deployment_arn: String,
        "stopType" opt stop_type: String,
    }
    pub struct StopServiceDeploymentResponse {
        "serviceDeploymentArn" opt service_deployment_arn: String,
    }
    pub struct StopTaskRequest {
        "cluster" opt cluster: String,
        "task" req task: String,
        "reason" opt reason: String,
    }
    pub struct StopTaskResponse {
        "task" opt task: Task,
    }
    pub struct SubmitAttachmentStateChangesRequest {
        "cluster" opt cluster: String,
        "attachments" req attachments: Vec<AttachmentStateChange>,
    }
    pub struct SubmitAttachmentStateChangesResponse {
        "acknowledgment" opt acknowledgment: String,
    }
    pub struct SubmitContainerStateChangeRequest {
        "cluster" opt cluster: String,
        "task" opt task: String,
        "containerName" opt container_name: String,
        "runtimeId" opt runtime_id: String,
        "status" opt status: String,
        "exitCode" opt exit_code: i32,
        "reason" opt reason: String,
        "networkBindings" opt network_bindings: Vec<NetworkBinding>,
    }
    pub struct SubmitContainerStateChangeResponse {
        "acknowledgment" opt acknowledgment: String,
    }
    pub struct SubmitTaskStateChangeRequest {
        "cluster" opt cluster: String,
        "task" opt task: String,
        "status" opt status: String,
        "reason" opt reason: String,
        "containers" opt containers: Vec<ContainerStateChange>,
        "attachments" opt attachments: Vec<AttachmentStateChange>,
        "managedAgents" opt managed_agents: Vec<ManagedAgentStateChange>,
        "pullStartedAt" opt pull_started_at: Timestamp,
        "pullStoppedAt" opt pull_stopped_at: Timestamp,
        "executionStoppedAt" opt execution_stopped_at: Timestamp,
    }
    pub struct SubmitTaskStateChangeResponse {
        "acknowledgment" opt acknowledgment: String,
    }
    pub struct SystemControl {
        "namespace" opt namespace: String,
        "value" opt value: String,
    }
    pub struct Tag {
        "key" opt key: String,
        "value" opt value: String,
    }
    pub struct TagResourceRequest {
        "resourceArn" req resource_arn: String,
        "tags" req tags: Vec<Tag>,
    }
    pub struct TagResourceResponse {
    }
    pub struct Task {
        "attachments" opt attachments: Vec<Attachment>,
        "attributes" opt attributes: Vec<Attribute>,
        "availabilityZone" opt availability_zone: String,
        "capacityProviderName" opt capacity_provider_name: String,
        "clusterArn" opt cluster_arn: String,
        "connectivity" opt connectivity: String,
        "connectivityAt" opt connectivity_at: Timestamp,
        "containerInstanceArn" opt container_instance_arn: String,
        "containers" opt containers: Vec<Container>,
        "cpu" opt cpu: String,
        "createdAt" opt created_at: Timestamp,
        "desiredStatus" opt desired_status: String,
        "enableExecuteCommand" opt enable_execute_command: bool,
        "executionStoppedAt" opt execution_stopped_at: Timestamp,
        "group" opt group: String,
        "healthStatus" opt health_status: String,
        "inferenceAccelerators" opt inference_accelerators: Vec<InferenceAccelerator>,
        "lastStatus" opt last_status: String,
        "launchType" opt launch_type: String,
        "memory" opt memory: String,
        "overrides" opt overrides: TaskOverride,
        "platformVersion" opt platform_version: String,
        "platformFamily" opt platform_family: String,
        "pullStartedAt" opt pull_started_at: Timestamp,
        "pullStoppedAt" opt pull_stopped_at: Timestamp,
        "startedAt" opt started_at: Timestamp,
        "startedBy" opt started_by: String,
        "stopCode" opt stop_code: String,
        "stoppedAt" opt stopped_at: Timestamp,
        "stoppedReason" opt stopped_reason: String,
        "stoppingAt" opt stopping_at: Timestamp,
        "tags" opt tags: Vec<Tag>,
        "taskArn" opt task_arn: String,
        "taskDefinitionArn" opt task_definition_arn: String,
        "version" opt version: i64,
        "ephemeralStorage" opt ephemeral_storage: EphemeralStorage,
        "fargateEphemeralStorage" opt fargate_ephemeral_storage: TaskEphemeralStorage,
        "trustedExecutionSummary" opt trusted_execution_summary: TrustedExecutionSummary,
    }
    pub struct TaskDefinition {
        "taskDefinitionArn" opt task_definition_arn: String,
        "containerDefinitions" opt container_definitions: Vec<ContainerDefinition>,
        "family" opt family: String,
        "taskRoleArn" opt task_role_arn: String,
        "executionRoleArn" opt execution_role_arn: String,
        "networkMode" opt network_mode: String,
        "revision" opt revision: i32,
        "volumes" opt volumes: Vec<Volume>,
        "status" opt status: String,
        "requiresAttributes" opt requires_attributes: Vec<Attribute>,
        "placementConstraints" opt placement_constraints: Vec<TaskDefinitionPlacementConstraint>,
        "compatibilities" opt compatibilities: Vec<String>,
        "runtimePlatform" opt runtime_platform: RuntimePlatform,
        "requiresCompatibilities" opt requires_compatibilities: Vec<String>,
        "cpu" opt cpu: String,
        "memory" opt memory: String,
        "inferenceAccelerators" opt inference_accelerators: Vec<InferenceAccelerator>,
        "pidMode" opt pid_mode: String,
        "ipcMode" opt ipc_mode: String,
        "proxyConfiguration" opt proxy_configuration: ProxyConfiguration,
        "registeredAt" opt registered_at: Timestamp,
        "deregisteredAt" opt deregistered_at: Timestamp,
        "deleteRequestedAt" opt delete_requested_at: Timestamp,
        "registeredBy" opt registered_by: String,
        "ephemeralStorage" opt ephemeral_storage: EphemeralStorage,
        "enableFaultInjection" opt enable_fault_injection: bool,
        "trustedExecutionConfiguration" opt trusted_execution_configuration: TrustedExecutionConfiguration,
    }
    pub struct TaskDefinitionPlacementConstraint {
        "type" opt r#type: String,
        "expression" opt expression: String,
    }
    pub struct TaskEphemeralStorage {
        "sizeInGiB" opt size_in_gi_b: i32,
        "kmsKeyId" opt kms_key_id: String,
    }
    pub struct TaskManagedEBSVolumeConfiguration {
        "encrypted" opt encrypted: bool,
        "kmsKeyId" opt kms_key_id: String,
        "volumeType" opt volume_type: String,
        "sizeInGiB" opt size_in_gi_b: i32,
        "snapshotId" opt snapshot_id: String,
        "volumeInitializationRate" opt volume_initialization_rate: i32,
        "iops" opt iops: i32,
        "throughput" opt throughput: i32,
        "tagSpecifications" opt tag_specifications: Vec<EBSTagSpecification>,
        "roleArn" req role_arn: String,
        "terminationPolicy" opt termination_policy: TaskManagedEBSVolumeTerminationPolicy,
        "filesystemType" opt filesystem_type: String,
    }
    pub struct TaskManagedEBSVolumeTerminationPolicy {
        "deleteOnTermination" req delete_on_termination: bool,
    }
    pub struct TaskOverride {
        "containerOverrides" opt container_overrides: Vec<ContainerOverride>,
        "cpu" opt cpu: String,
        "inferenceAcceleratorOverrides" opt inference_accelerator_overrides: Vec<InferenceAcceleratorOverride>,
        "executionRoleArn" opt execution_role_arn: String,
        "memory" opt memory: String,
        "taskRoleArn" opt task_role_arn: String,
        "ephemeralStorage" opt ephemeral_storage: EphemeralStorage,
    }
    pub struct TaskSet {
        "id" opt id: String,
        "taskSetArn" opt task_set_arn: String,
        "serviceArn" opt service_arn: String,
        "clusterArn" opt cluster_arn: String,
        "startedBy" opt started_by: String,
        "externalId" opt external_id: String,
        "status" opt status: String,
        "taskDefinition" opt task_definition: String,
        "computedDesiredCount" opt computed_desired_count: i32,
        "pendingCount" opt pending_count: i32,
        "runningCount" opt running_count: i32,
        "createdAt" opt created_at: Timestamp,
        "updatedAt" opt updated_at: Timestamp,
        "launchType" opt launch_type: String,
        "capacityProviderStrategy" opt capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        "platformVersion" opt platform_version: String,
        "platformFamily" opt platform_family: String,
        "networkConfiguration" opt network_configuration: NetworkConfiguration,
        "loadBalancers" opt load_balancers: Vec<LoadBalancer>,
        "serviceRegistries" opt service_registries: Vec<ServiceRegistry>,
        "scale" opt scale: Scale,
        "stabilityStatus" opt stability_status: String,
        "stabilityStatusAt" opt stability_status_at: Timestamp,
        "tags" opt tags: Vec<Tag>,
        "fargateEphemeralStorage" opt fargate_ephemeral_storage: DeploymentEphemeralStorage,
    }
    pub struct TaskVolumeConfiguration {
        "name" req name: String,
        "managedEBSVolume" opt managed_ebs_volume: TaskManagedEBSVolumeConfiguration,
    }
    pub struct ThresholdConfiguration {
        "type" req r#type: String,
        "value" req value: i32,
    }
    pub struct TimeoutConfiguration {
        "idleTimeoutSeconds" opt idle_timeout_seconds: i32,
        "perRequestTimeoutSeconds" opt per_request_timeout_seconds: i32,
    }
    pub struct Tmpfs {
        "containerPath" req container_path: String,
        "size" req size: i32,
        "mountOptions" opt mount_options: Vec<String>,
    }
    pub struct TotalLocalStorageGBRequest {
        "min" opt min: f64,
        "max" opt max: f64,
    }
    pub struct TrustedExecutionConfiguration {
        "isolationMode" req isolation_mode: String,
        "attestationPolicy" opt attestation_policy: String,
    }
    pub struct TrustedExecutionSummary {
        "isolationMode" req isolation_mode: String,
        "attestationPolicyStatus" opt attestation_policy_status: String,
    }
    pub struct Ulimit {
        "name" req name: String,
        "softLimit" req soft_limit: i32,
        "hardLimit" req hard_limit: i32,
    }
    pub struct UntagResourceRequest {
        "resourceArn" req resource_arn: String,
        "tagKeys" req tag_keys: Vec<String>,
    }
    pub struct UntagResourceResponse {
    }
    pub struct UpdateCapacityProviderRequest {
        "name" req name: String,
        "cluster" opt cluster: String,
        "autoScalingGroupProvider" opt auto_scaling_group_provider: AutoScalingGroupProviderUpdate,
        "managedInstancesProvider" opt managed_instances_provider: UpdateManagedInstancesProviderConfiguration,
    }
    pub struct UpdateCapacityProviderResponse {
        "capacityProvider" opt capacity_provider: CapacityProvider,
    }
    pub struct UpdateClusterRequest {
        "cluster" req cluster: String,
        "settings" opt settings: Vec<ClusterSetting>,
        "configuration" opt configuration: ClusterConfiguration,
        "serviceConnectDefaults" opt service_connect_defaults: ClusterServiceConnectDefaultsRequest,
    }
    pub struct UpdateClusterResponse {
        "cluster" opt cluster: Cluster,
    }
    pub struct UpdateClusterSettingsRequest {
        "cluster" req cluster: String,
        "settings" req settings: Vec<ClusterSetting>,
    }
    pub struct UpdateClusterSettingsResponse {
        "cluster" opt cluster: Cluster,
    }
    pub struct UpdateContainerAgentRequest {
        "cluster" opt cluster: String,
        "containerInstance" req container_instance: String,
    }
    pub struct UpdateContainerAgentResponse {
        "containerInstance" opt container_instance: ContainerInstance,
    }
    pub struct UpdateContainerInstancesStateRequest {
        "cluster" opt cluster: String,
        "containerInstances" req container_instances: Vec<String>,
        "status" req status: String,
    }
    pub struct UpdateContainerInstancesStateResponse {
        "containerInstances" opt container_instances: Vec<ContainerInstance>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct UpdateDaemonRequest {
        "daemonArn" req daemon_arn: String,
        "daemonTaskDefinitionArn" req daemon_task_definition_arn: String,
        "capacityProviderArns" req capacity_provider_arns: Vec<String>,
        "deploymentConfiguration" opt deployment_configuration: DaemonDeploymentConfiguration,
        "propagateTags" opt propagate_tags: String,
        "enableECSManagedTags" opt enable_ecs_managed_tags: bool,
        "enableExecuteCommand" opt enable_execute_command: bool,
        "critical" opt critical: bool,
    }
    pub struct UpdateDaemonResponse {
        "daemonArn" opt daemon_arn: String,
        "status" opt status: String,
        "createdAt" opt created_at: Timestamp,
        "updatedAt" opt updated_at: Timestamp,
        "deploymentArn" opt deployment_arn: String,
    }
    pub struct UpdateExpressGatewayServiceRequest {
        "serviceArn" req service_arn: String,
        "executionRoleArn" opt execution_role_arn: String,
        "healthCheckPath" opt health_check_path: String,
        "primaryContainer" opt primary_container: ExpressGatewayContainer,
        "taskRoleArn" opt task_role_arn: String,
        "networkConfiguration" opt network_configuration: ExpressGatewayServiceNetworkConfiguration,
        "cpu" opt cpu: String,
        "memory" opt memory: String,
        "cpuArchitecture" opt cpu_architecture: String,
        "scalingTarget" opt scaling_target: ExpressGatewayScalingTarget,
        "taskDefinitionArn" opt task_definition_arn: String,
    }
    pub struct UpdateExpressGatewayServiceResponse {
        "service" opt service: UpdatedExpressGatewayService,
    }
    pub struct UpdateGatewayAlbConfiguration {
        "networkConfiguration" opt network_configuration: UpdateGatewayNetworkConfiguration,
        "maxAlbCount" opt max_alb_count: i32,
        "webACLArn" opt web_acl_arn: String,
        "accessLogs" opt access_logs: GatewayElbAccessLogConfiguration,
        "httpDesync" opt http_desync: String,
        "testTrafficRules" opt test_traffic_rules: GatewayAlbTestTrafficRules,
    }
    pub struct UpdateGatewayConfiguration {
        "hostSharedAlb" opt host_shared_alb: UpdateGatewayAlbConfiguration,
    }
    pub struct UpdateGatewayNetworkConfiguration {
        "inboundSecurityGroup" opt inbound_security_group: String,
    }
    pub struct UpdateGatewayRequest {
        "gateway" req gateway: String,
        "infrastructureRoleArn" opt infrastructure_role_arn: String,
        "deletionProtection" opt deletion_protection: bool,
        "configuration" opt configuration: UpdateGatewayConfiguration,
        "propagateTags" opt propagate_tags: String,
    }
    pub struct UpdateGatewayResponse {
        "gatewayArn" opt gateway_arn: String,
        "name" opt name: String,
        "status" opt status: String,
    }
    pub struct UpdateManagedInstancesProviderConfiguration {
        "infrastructureRoleArn" req infrastructure_role_arn: String,
        "instanceLaunchTemplate" req instance_launch_template: InstanceLaunchTemplateUpdate,
        "propagateTags" opt propagate_tags: String,
        "infrastructureOptimization" opt infrastructure_optimization: InfrastructureOptimization,
        "autoRepairConfiguration" opt auto_repair_configuration: AutoRepairConfiguration,
    }
    pub struct UpdateServicePrimaryTaskSetRequest {
        "cluster" req cluster: String,
        "service" req service: String,
        "primaryTaskSet" req primary_task_set: String,
    }
    pub struct UpdateServicePrimaryTaskSetResponse {
        "taskSet" opt task_set: TaskSet,
    }
    pub struct UpdateServiceRequest {
        "cluster" opt cluster: String,
        "service" req service: String,
        "desiredCount" opt desired_count: i32,
        "taskDefinition" opt task_definition: String,
        "capacityProviderStrategy" opt capacity_provider_strategy: Vec<CapacityProviderStrategyItem>,
        "deploymentConfiguration" opt deployment_configuration: DeploymentConfiguration,
        "availabilityZoneRebalancing" opt availability_zone_rebalancing: String,
        "networkConfiguration" opt network_configuration: NetworkConfiguration,
        "placementConstraints" opt placement_constraints: Vec<PlacementConstraint>,
        "placementStrategy" opt placement_strategy: Vec<PlacementStrategy>,
        "platformVersion" opt platform_version: String,
        "forceNewDeployment" opt force_new_deployment: bool,
        "healthCheckGracePeriodSeconds" opt health_check_grace_period_seconds: i32,
        "deploymentController" opt deployment_controller: DeploymentController,
        "enableExecuteCommand" opt enable_execute_command: bool,
        "enableECSManagedTags" opt enable_ecs_managed_tags: bool,
        "loadBalancers" opt load_balancers: Vec<LoadBalancer>,
        "propagateTags" opt propagate_tags: String,
        "serviceRegistries" opt service_registries: Vec<ServiceRegistry>,
        "serviceConnectConfiguration" opt service_connect_configuration: ServiceConnectConfiguration,
        "volumeConfigurations" opt volume_configurations: Vec<ServiceVolumeConfiguration>,
        "vpcLatticeConfigurations" opt vpc_lattice_configurations: Vec<VpcLatticeConfiguration>,
        "gatewayConnectors" opt gateway_connectors: Vec<GatewayConnector>,
        "monitoring" opt monitoring: MonitoringConfiguration,
    }
    pub struct UpdateServiceResponse {
        "service" opt service: Service,
    }
    pub struct UpdateTaskProtectionRequest {
        "cluster" req cluster: String,
        "tasks" req tasks: Vec<String>,
        "protectionEnabled" req protection_enabled: bool,
        "expiresInMinutes" opt expires_in_minutes: i32,
    }
    pub struct UpdateTaskProtectionResponse {
        "protectedTasks" opt protected_tasks: Vec<ProtectedTask>,
        "failures" opt failures: Vec<Failure>,
    }
    pub struct UpdateTaskSetRequest {
        "cluster" req cluster: String,
        "service" req service: String,
        "taskSet" req task_set: String,
        "scale" req scale: Scale,
    }
    pub struct UpdateTaskSetResponse {
        "taskSet" opt task_set: TaskSet,
    }
    pub struct UpdatedExpressGatewayService {
        "serviceArn" opt service_arn: String,
        "cluster" opt cluster: String,
        "serviceName" opt service_name: String,
        "status" opt status: ExpressGatewayServiceStatus,
        "targetConfiguration" opt target_configuration: ExpressGatewayServiceConfiguration,
        "createdAt" opt created_at: Timestamp,
        "updatedAt" opt updated_at: Timestamp,
    }
    pub struct VCpuCountRangeRequest {
        "min" req min: i32,
        "max" opt max: i32,
    }
    pub struct VersionInfo {
        "agentVersion" opt agent_version: String,
        "agentHash" opt agent_hash: String,
        "dockerVersion" opt docker_version: String,
    }
    pub struct Volume {
        "name" opt name: String,
        "host" opt host: HostVolumeProperties,
        "dockerVolumeConfiguration" opt docker_volume_configuration: DockerVolumeConfiguration,
        "efsVolumeConfiguration" opt efs_volume_configuration: EFSVolumeConfiguration,
        "s3filesVolumeConfiguration" opt s3files_volume_configuration: S3FilesVolumeConfiguration,
        "fsxWindowsFileServerVolumeConfiguration" opt fsx_windows_file_server_volume_configuration: FSxWindowsFileServerVolumeConfiguration,
        "configuredAtLaunch" opt configured_at_launch: bool,
    }
    pub struct VolumeFrom {
        "sourceContainer" opt source_container: String,
        "readOnly" opt read_only: bool,
    }
    pub struct VpcLatticeAdvancedConfiguration {
        "alternateTargetGroupArn" opt alternate_target_group_arn: String,
        "productionListenerRule" opt production_listener_rule: String,
        "testListenerRule" opt test_listener_rule: String,
    }
    pub struct VpcLatticeConfiguration {
        "roleArn" req role_arn: String,
        "targetGroupArn" req target_group_arn: String,
        "portName" req port_name: String,
        "advancedConfiguration" opt advanced_configuration: VpcLatticeAdvancedConfiguration,
    }
}
