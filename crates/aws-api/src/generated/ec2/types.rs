// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::shapes;
use gantry_base::Timestamp;

shapes! {
    pub struct AccountAttribute {
        "AttributeName" opt attribute_name: String,
        "AttributeValues" opt attribute_values: Vec<AccountAttributeValue>,
    }
    pub struct AccountAttributeValue {
        "AttributeValue" opt attribute_value: String,
    }
    pub struct AttachmentEnaSrdSpecification {
        "EnaSrdEnabled" opt ena_srd_enabled: bool,
        "EnaSrdUdpSpecification" opt ena_srd_udp_specification: AttachmentEnaSrdUdpSpecification,
    }
    pub struct AttachmentEnaSrdUdpSpecification {
        "EnaSrdUdpEnabled" opt ena_srd_udp_enabled: bool,
    }
    pub struct AttributeBooleanValue {
        "Value" opt value: bool,
    }
    pub struct AvailabilityZone {
        "OptInStatus" opt opt_in_status: String,
        "Messages" opt messages: Vec<AvailabilityZoneMessage>,
        "RegionName" opt region_name: String,
        "ZoneName" opt zone_name: String,
        "ZoneId" opt zone_id: String,
        "GroupName" opt group_name: String,
        "NetworkBorderGroup" opt network_border_group: String,
        "ZoneType" opt zone_type: String,
        "ParentZoneName" opt parent_zone_name: String,
        "ParentZoneId" opt parent_zone_id: String,
        "GroupLongName" opt group_long_name: String,
        "Geography" opt geography: Vec<AvailabilityZoneGeography>,
        "SubGeography" opt sub_geography: Vec<AvailabilityZoneSubGeography>,
        "State" opt state: String,
    }
    pub struct AvailabilityZoneGeography {
        "Name" opt name: String,
    }
    pub struct AvailabilityZoneMessage {
        "Message" opt message: String,
    }
    pub struct AvailabilityZoneSubGeography {
        "Name" opt name: String,
    }
    pub struct BlockPublicAccessStates {
        "InternetGatewayBlockMode" opt internet_gateway_block_mode: String,
    }
    pub struct ConnectionTrackingConfiguration {
        "TcpEstablishedTimeout" opt tcp_established_timeout: i32,
        "UdpStreamTimeout" opt udp_stream_timeout: i32,
        "UdpTimeout" opt udp_timeout: i32,
    }
    pub struct DescribeAccountAttributesRequest {
        "DryRun" opt dry_run: bool,
        "AttributeNames" opt attribute_names: Vec<String>,
    }
    pub struct DescribeAccountAttributesResult {
        "AccountAttributes" opt account_attributes: Vec<AccountAttribute>,
    }
    pub struct DescribeAvailabilityZonesRequest {
        "ZoneNames" opt zone_names: Vec<String>,
        "ZoneIds" opt zone_ids: Vec<String>,
        "AllAvailabilityZones" opt all_availability_zones: bool,
        "DryRun" opt dry_run: bool,
        "Filters" opt filters: Vec<Filter>,
    }
    pub struct DescribeAvailabilityZonesResult {
        "AvailabilityZones" opt availability_zones: Vec<AvailabilityZone>,
    }
    pub struct DescribeNetworkInterfacesRequest {
        "NextToken" opt next_token: String,
        "MaxResults" opt max_results: i32,
        "IncludeManagedResources" opt include_managed_resources: bool,
        "DryRun" opt dry_run: bool,
        "NetworkInterfaceIds" opt network_interface_ids: Vec<String>,
        "Filters" opt filters: Vec<Filter>,
    }
    pub struct DescribeNetworkInterfacesResult {
        "NetworkInterfaces" opt network_interfaces: Vec<NetworkInterface>,
        "NextToken" opt next_token: String,
    }
    pub struct DescribeRegionsRequest {
        "RegionNames" opt region_names: Vec<String>,
        "AllRegions" opt all_regions: bool,
        "DryRun" opt dry_run: bool,
        "Filters" opt filters: Vec<Filter>,
    }
    pub struct DescribeRegionsResult {
        "Regions" opt regions: Vec<Region>,
    }
    pub struct DescribeSecurityGroupRulesRequest {
        "Filters" opt filters: Vec<Filter>,
        "SecurityGroupRuleIds" opt security_group_rule_ids: Vec<String>,
        "DryRun" opt dry_run: bool,
        "NextToken" opt next_token: String,
        "MaxResults" opt max_results: i32,
    }
    pub struct DescribeSecurityGroupRulesResult {
        "SecurityGroupRules" opt security_group_rules: Vec<SecurityGroupRule>,
        "NextToken" opt next_token: String,
    }
    pub struct DescribeSecurityGroupsRequest {
        "GroupIds" opt group_ids: Vec<String>,
        "GroupNames" opt group_names: Vec<String>,
        "NextToken" opt next_token: String,
        "MaxResults" opt max_results: i32,
        "DryRun" opt dry_run: bool,
        "Filters" opt filters: Vec<Filter>,
    }
    pub struct DescribeSecurityGroupsResult {
        "NextToken" opt next_token: String,
        "SecurityGroups" opt security_groups: Vec<SecurityGroup>,
    }
    pub struct DescribeSubnetsRequest {
        "Filters" opt filters: Vec<Filter>,
        "SubnetIds" opt subnet_ids: Vec<String>,
        "NextToken" opt next_token: String,
        "MaxResults" opt max_results: i32,
        "DryRun" opt dry_run: bool,
    }
    pub struct DescribeSubnetsResult {
        "NextToken" opt next_token: String,
        "Subnets" opt subnets: Vec<Subnet>,
    }
    pub struct DescribeVpcAttributeRequest {
        "Attribute" req attribute: String,
        "VpcId" req vpc_id: String,
        "DryRun" opt dry_run: bool,
    }
    pub struct DescribeVpcAttributeResult {
        "EnableDnsHostnames" opt enable_dns_hostnames: AttributeBooleanValue,
        "EnableDnsSupport" opt enable_dns_support: AttributeBooleanValue,
        "EnableNetworkAddressUsageMetrics" opt enable_network_address_usage_metrics: AttributeBooleanValue,
        "VpcId" opt vpc_id: String,
    }
    pub struct DescribeVpcsRequest {
        "Filters" opt filters: Vec<Filter>,
        "VpcIds" opt vpc_ids: Vec<String>,
        "NextToken" opt next_token: String,
        "MaxResults" opt max_results: i32,
        "DryRun" opt dry_run: bool,
    }
    pub struct DescribeVpcsResult {
        "NextToken" opt next_token: String,
        "Vpcs" opt vpcs: Vec<Vpc>,
    }
    pub struct Filter {
        "Name" opt name: String,
        "Values" opt values: Vec<String>,
    }
    pub struct GroupIdentifier {
        "GroupId" opt group_id: String,
        "GroupName" opt group_name: String,
    }
    pub struct IpPermission {
        "IpProtocol" opt ip_protocol: String,
        "FromPort" opt from_port: i32,
        "ToPort" opt to_port: i32,
        "UserIdGroupPairs" opt user_id_group_pairs: Vec<UserIdGroupPair>,
        "IpRanges" opt ip_ranges: Vec<IpRange>,
        "Ipv6Ranges" opt ipv6_ranges: Vec<Ipv6Range>,
        "PrefixListIds" opt prefix_list_ids: Vec<PrefixListId>,
    }
    pub struct IpRange {
        "Description" opt description: String,
        "CidrIp" opt cidr_ip: String,
    }
    pub struct Ipv4PrefixSpecification {
        "Ipv4Prefix" opt ipv4_prefix: String,
    }
    pub struct Ipv6PrefixSpecification {
        "Ipv6Prefix" opt ipv6_prefix: String,
    }
    pub struct Ipv6Range {
        "Description" opt description: String,
        "CidrIpv6" opt cidr_ipv6: String,
    }
    pub struct NetworkInterface {
        "Association" opt association: NetworkInterfaceAssociation,
        "Attachment" opt attachment: NetworkInterfaceAttachment,
        "AvailabilityZone" opt availability_zone: String,
        "ConnectionTrackingConfiguration" opt connection_tracking_configuration: ConnectionTrackingConfiguration,
        "Description" opt description: String,
        "Groups" opt groups: Vec<GroupIdentifier>,
        "InterfaceType" opt interface_type: String,
        "Ipv6Addresses" opt ipv6_addresses: Vec<NetworkInterfaceIpv6Address>,
        "MacAddress" opt mac_address: String,
        "NetworkInterfaceId" opt network_interface_id: String,
        "OutpostArn" opt outpost_arn: String,
        "OwnerId" opt owner_id: String,
        "PrivateDnsName" opt private_dns_name: String,
        "PublicDnsName" opt public_dns_name: String,
        "PublicIpDnsNameOptions" opt public_ip_dns_name_options: PublicIpDnsNameOptions,
        "PrivateIpAddress" opt private_ip_address: String,
        "PrivateIpAddresses" opt private_ip_addresses: Vec<NetworkInterfacePrivateIpAddress>,
        "Ipv4Prefixes" opt ipv4_prefixes: Vec<Ipv4PrefixSpecification>,
        "Ipv6Prefixes" opt ipv6_prefixes: Vec<Ipv6PrefixSpecification>,
        "RequesterId" opt requester_id: String,
        "RequesterManaged" opt requester_managed: bool,
        "SourceDestCheck" opt source_dest_check: bool,
        "Status" opt status: String,
        "SubnetId" opt subnet_id: String,
        "TagSet" opt tag_set: Vec<Tag>,
        "VpcId" opt vpc_id: String,
        "DenyAllIgwTraffic" opt deny_all_igw_traffic: bool,
        "Ipv6Native" opt ipv6_native: bool,
        "Ipv6Address" opt ipv6_address: String,
        "Operator" opt operator: OperatorResponse,
        "AssociatedSubnets" opt associated_subnets: Vec<String>,
        "AvailabilityZoneId" opt availability_zone_id: String,
    }
    pub struct NetworkInterfaceAssociation {
        "AllocationId" opt allocation_id: String,
        "AssociationId" opt association_id: String,
        "IpOwnerId" opt ip_owner_id: String,
        "PublicDnsName" opt public_dns_name: String,
        "PublicIp" opt public_ip: String,
        "CustomerOwnedIp" opt customer_owned_ip: String,
        "CarrierIp" opt carrier_ip: String,
    }
    pub struct NetworkInterfaceAttachment {
        "AttachTime" opt attach_time: Timestamp,
        "AttachmentId" opt attachment_id: String,
        "DeleteOnTermination" opt delete_on_termination: bool,
        "DeviceIndex" opt device_index: i32,
        "NetworkCardIndex" opt network_card_index: i32,
        "InstanceId" opt instance_id: String,
        "InstanceOwnerId" opt instance_owner_id: String,
        "Status" opt status: String,
        "EnaSrdSpecification" opt ena_srd_specification: AttachmentEnaSrdSpecification,
        "EnaQueueCount" opt ena_queue_count: i32,
    }
    pub struct NetworkInterfaceIpv6Address {
        "Ipv6Address" opt ipv6_address: String,
        "PublicIpv6DnsName" opt public_ipv6_dns_name: String,
        "IsPrimaryIpv6" opt is_primary_ipv6: bool,
    }
    pub struct NetworkInterfacePrivateIpAddress {
        "Association" opt association: NetworkInterfaceAssociation,
        "Primary" opt primary: bool,
        "PrivateDnsName" opt private_dns_name: String,
        "PrivateIpAddress" opt private_ip_address: String,
    }
    pub struct OperatorResponse {
        "Managed" opt managed: bool,
        "Principal" opt principal: String,
        "HiddenByDefault" opt hidden_by_default: bool,
    }
    pub struct PrefixListId {
        "Description" opt description: String,
        "PrefixListId" opt prefix_list_id: String,
    }
    pub struct PrivateDnsNameOptionsOnLaunch {
        "HostnameType" opt hostname_type: String,
        "EnableResourceNameDnsARecord" opt enable_resource_name_dns_a_record: bool,
        "EnableResourceNameDnsAAAARecord" opt enable_resource_name_dns_aaaa_record: bool,
    }
    pub struct PublicIpDnsNameOptions {
        "DnsHostnameType" opt dns_hostname_type: String,
        "PublicIpv4DnsName" opt public_ipv4_dns_name: String,
        "PublicIpv6DnsName" opt public_ipv6_dns_name: String,
        "PublicDualStackDnsName" opt public_dual_stack_dns_name: String,
    }
    pub struct ReferencedSecurityGroup {
        "GroupId" opt group_id: String,
        "PeeringStatus" opt peering_status: String,
        "UserId" opt user_id: String,
        "VpcId" opt vpc_id: String,
        "VpcPeeringConnectionId" opt vpc_peering_connection_id: String,
    }
    pub struct Region {
        "OptInStatus" opt opt_in_status: String,
        "Geography" opt geography: Vec<RegionGeography>,
        "RegionName" opt region_name: String,
        "Endpoint" opt endpoint: String,
    }
    pub struct RegionGeography {
        "Name" opt name: String,
    }
    pub struct SecurityGroup {
        "GroupId" opt group_id: String,
        "IpPermissionsEgress" opt ip_permissions_egress: Vec<IpPermission>,
        "Tags" opt tags: Vec<Tag>,
        "VpcId" opt vpc_id: String,
        "SecurityGroupArn" opt security_group_arn: String,
        "OwnerId" opt owner_id: String,
        "GroupName" opt group_name: String,
        "Description" opt description: String,
        "IpPermissions" opt ip_permissions: Vec<IpPermission>,
    }
    pub struct SecurityGroupRule {
        "SecurityGroupRuleId" opt security_group_rule_id: String,
        "GroupId" opt group_id: String,
        "GroupOwnerId" opt group_owner_id: String,
        "IsEgress" opt is_egress: bool,
        "IpProtocol" opt ip_protocol: String,
        "FromPort" opt from_port: i32,
        "ToPort" opt to_port: i32,
        "CidrIpv4" opt cidr_ipv4: String,
        "CidrIpv6" opt cidr_ipv6: String,
        "PrefixListId" opt prefix_list_id: String,
        "ReferencedGroupInfo" opt referenced_group_info: ReferencedSecurityGroup,
        "Description" opt description: String,
        "Tags" opt tags: Vec<Tag>,
        "SecurityGroupRuleArn" opt security_group_rule_arn: String,
    }
    pub struct Subnet {
        "AvailabilityZoneId" opt availability_zone_id: String,
        "EnableLniAtDeviceIndex" opt enable_lni_at_device_index: i32,
        "MapCustomerOwnedIpOnLaunch" opt map_customer_owned_ip_on_launch: bool,
        "CustomerOwnedIpv4Pool" opt customer_owned_ipv4_pool: String,
        "OwnerId" opt owner_id: String,
        "AssignIpv6AddressOnCreation" opt assign_ipv6_address_on_creation: bool,
        "Ipv6CidrBlockAssociationSet" opt ipv6_cidr_block_association_set: Vec<SubnetIpv6CidrBlockAssociation>,
        "Tags" opt tags: Vec<Tag>,
        "SubnetArn" opt subnet_arn: String,
        "OutpostArn" opt outpost_arn: String,
        "EnableDns64" opt enable_dns64: bool,
        "Ipv6Native" opt ipv6_native: bool,
        "PrivateDnsNameOptionsOnLaunch" opt private_dns_name_options_on_launch: PrivateDnsNameOptionsOnLaunch,
        "BlockPublicAccessStates" opt block_public_access_states: BlockPublicAccessStates,
        "Type" opt r#type: String,
        "SubnetId" opt subnet_id: String,
        "State" opt state: String,
        "VpcId" opt vpc_id: String,
        "CidrBlock" opt cidr_block: String,
        "AvailableIpAddressCount" opt available_ip_address_count: i32,
        "AvailabilityZone" opt availability_zone: String,
        "DefaultForAz" opt default_for_az: bool,
        "MapPublicIpOnLaunch" opt map_public_ip_on_launch: bool,
    }
    pub struct SubnetCidrBlockState {
        "State" opt state: String,
        "StatusMessage" opt status_message: String,
    }
    pub struct SubnetIpv6CidrBlockAssociation {
        "AssociationId" opt association_id: String,
        "Ipv6CidrBlock" opt ipv6_cidr_block: String,
        "Ipv6CidrBlockState" opt ipv6_cidr_block_state: SubnetCidrBlockState,
        "Ipv6AddressAttribute" opt ipv6_address_attribute: String,
        "IpSource" opt ip_source: String,
    }
    pub struct Tag {
        "Key" opt key: String,
        "Value" opt value: String,
    }
    pub struct UserIdGroupPair {
        "Description" opt description: String,
        "UserId" opt user_id: String,
        "GroupName" opt group_name: String,
        "GroupId" opt group_id: String,
        "VpcId" opt vpc_id: String,
        "VpcPeeringConnectionId" opt vpc_peering_connection_id: String,
        "PeeringStatus" opt peering_status: String,
    }
    pub struct Vpc {
        "OwnerId" opt owner_id: String,
        "InstanceTenancy" opt instance_tenancy: String,
        "Ipv6CidrBlockAssociationSet" opt ipv6_cidr_block_association_set: Vec<VpcIpv6CidrBlockAssociation>,
        "CidrBlockAssociationSet" opt cidr_block_association_set: Vec<VpcCidrBlockAssociation>,
        "IsDefault" opt is_default: bool,
        "EncryptionControl" opt encryption_control: VpcEncryptionControl,
        "Tags" opt tags: Vec<Tag>,
        "BlockPublicAccessStates" opt block_public_access_states: BlockPublicAccessStates,
        "VpcId" opt vpc_id: String,
        "State" opt state: String,
        "CidrBlock" opt cidr_block: String,
        "DhcpOptionsId" opt dhcp_options_id: String,
    }
    pub struct VpcCidrBlockAssociation {
        "AssociationId" opt association_id: String,
        "CidrBlock" opt cidr_block: String,
        "CidrBlockState" opt cidr_block_state: VpcCidrBlockState,
    }
    pub struct VpcCidrBlockState {
        "State" opt state: String,
        "StatusMessage" opt status_message: String,
    }
    pub struct VpcEncryptionControl {
        "VpcId" opt vpc_id: String,
        "VpcEncryptionControlId" opt vpc_encryption_control_id: String,
        "Mode" opt mode: String,
        "State" opt state: String,
        "StateMessage" opt state_message: String,
        "ResourceExclusions" opt resource_exclusions: VpcEncryptionControlExclusions,
        "Tags" opt tags: Vec<Tag>,
    }
    pub struct VpcEncryptionControlExclusion {
        "State" opt state: String,
        "StateMessage" opt state_message: String,
    }
    pub struct VpcEncryptionControlExclusions {
        "InternetGateway" opt internet_gateway: VpcEncryptionControlExclusion,
        "EgressOnlyInternetGateway" opt egress_only_internet_gateway: VpcEncryptionControlExclusion,
        "NatGateway" opt nat_gateway: VpcEncryptionControlExclusion,
        "VirtualPrivateGateway" opt virtual_private_gateway: VpcEncryptionControlExclusion,
        "VpcPeering" opt vpc_peering: VpcEncryptionControlExclusion,
        "Lambda" opt lambda: VpcEncryptionControlExclusion,
        "VpcLattice" opt vpc_lattice: VpcEncryptionControlExclusion,
        "ElasticFileSystem" opt elastic_file_system: VpcEncryptionControlExclusion,
        "GlobalAccelerator" opt global_accelerator: VpcEncryptionControlExclusion,
        "ApiGatewayV2" opt api_gateway_v2: VpcEncryptionControlExclusion,
    }
    pub struct VpcIpv6CidrBlockAssociation {
        "AssociationId" opt association_id: String,
        "Ipv6CidrBlock" opt ipv6_cidr_block: String,
        "Ipv6CidrBlockState" opt ipv6_cidr_block_state: VpcCidrBlockState,
        "NetworkBorderGroup" opt network_border_group: String,
        "Ipv6Pool" opt ipv6_pool: String,
        "Ipv6AddressAttribute" opt ipv6_address_attribute: String,
        "IpSource" opt ip_source: String,
    }
}
