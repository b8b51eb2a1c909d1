//! The default VPC, its subnets and its security group as EC2 tells of them.

use gantry_agent_api::default_network::{DefaultNetwork, DefaultSubnet, usable_addresses};
use gantry_aws_api::ec2::{
    IpPermission, IpRange, PrivateDnsNameOptionsOnLaunch, ReferencedSecurityGroup, SecurityGroup, SecurityGroupRule,
    Subnet, UserIdGroupPair, Vpc, VpcCidrBlockAssociation, VpcCidrBlockState,
};
use gantry_aws_wire::Context;
use gantry_base::Arn;

use crate::filter::Filtered;
use crate::zones::zone_id;

pub const VPC_FILTERS: &[&str] = &[
    "cidr",
    "cidr-block",
    "cidr-block-association.association-id",
    "cidr-block-association.cidr-block",
    "cidr-block-association.state",
    "dhcp-options-id",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.ipv6-pool",
    "ipv6-cidr-block-association.state",
    "is-default",
    "isDefault",
    "owner-id",
    "state",
    "vpc-id",
];
pub const SUBNET_FILTERS: &[&str] = &[
    "availability-zone",
    "availabilityZone",
    "availability-zone-id",
    "availabilityZoneId",
    "available-ip-address-count",
    "cidr",
    "cidr-block",
    "cidrBlock",
    "customer-owned-ipv4-pool",
    "default-for-az",
    "defaultForAz",
    "enable-dns64",
    "enable-lni-at-device-index",
    "ipv6-cidr-block-association.association-id",
    "ipv6-cidr-block-association.ipv6-cidr-block",
    "ipv6-cidr-block-association.state",
    "ipv6-native",
    "map-customer-owned-ip-on-launch",
    "map-public-ip-on-launch",
    "outpost-arn",
    "owner-id",
    "private-dns-name-options-on-launch.hostname-type",
    "state",
    "subnet-arn",
    "subnet-id",
    "vpc-id",
];
pub const GROUP_FILTERS: &[&str] = &[
    "description",
    "egress.ip-permission.cidr",
    "egress.ip-permission.from-port",
    "egress.ip-permission.group-id",
    "egress.ip-permission.group-name",
    "egress.ip-permission.ipv6-cidr",
    "egress.ip-permission.prefix-list-id",
    "egress.ip-permission.protocol",
    "egress.ip-permission.to-port",
    "egress.ip-permission.user-id",
    "group-id",
    "group-name",
    "ip-permission.cidr",
    "ip-permission.from-port",
    "ip-permission.group-id",
    "ip-permission.group-name",
    "ip-permission.ipv6-cidr",
    "ip-permission.prefix-list-id",
    "ip-permission.protocol",
    "ip-permission.to-port",
    "ip-permission.user-id",
    "owner-id",
    "vpc-id",
];
pub const RULE_FILTERS: &[&str] = &["group-id", "security-group-rule-id"];

/// Every protocol, and every address.
const ALL: &str = "-1";
const ANYWHERE: &str = "0.0.0.0/0";

fn digits(id: &str) -> &str {
    id.split_once('-').map_or(id, |(_, digits)| digits)
}

pub fn vpc(net: &DefaultNetwork, context: &Context) -> Vpc {
    let association = VpcCidrBlockAssociation {
        association_id: Some(format!("vpc-cidr-assoc-{}", digits(&net.vpc_id))),
        cidr_block: Some(net.vpc_cidr.clone()),
        cidr_block_state: Some(VpcCidrBlockState { state: Some("associated".to_owned()), status_message: None }),
    };
    Vpc {
        owner_id: Some(context.account.to_string()),
        instance_tenancy: Some("default".to_owned()),
        cidr_block_association_set: Some(vec![association]),
        is_default: Some(true),
        vpc_id: Some(net.vpc_id.clone()),
        state: Some("available".to_owned()),
        cidr_block: Some(net.vpc_cidr.clone()),
        // EC2's own word for a VPC without DHCP options of its own.
        dhcp_options_id: Some("default".to_owned()),
        ..Vpc::default()
    }
}

/// `taken`: addresses in use in the subnet.
pub fn subnet(net: &DefaultNetwork, subnet: &DefaultSubnet, taken: usize, context: &Context) -> Subnet {
    let usable = usable_addresses(&subnet.cidr).map_or(0, |range| range.count());
    Subnet {
        availability_zone_id: Some(zone_id(&subnet.availability_zone)),
        map_customer_owned_ip_on_launch: Some(false),
        owner_id: Some(context.account.to_string()),
        assign_ipv6_address_on_creation: Some(false),
        ipv6_cidr_block_association_set: Some(Vec::new()),
        subnet_arn: Some(arn(context, format!("subnet/{}", subnet.id))),
        enable_dns64: Some(false),
        ipv6_native: Some(false),
        private_dns_name_options_on_launch: Some(PrivateDnsNameOptionsOnLaunch {
            hostname_type: Some("ip-name".to_owned()),
            enable_resource_name_dns_a_record: Some(false),
            enable_resource_name_dns_aaaa_record: Some(false),
        }),
        subnet_id: Some(subnet.id.clone()),
        state: Some("available".to_owned()),
        vpc_id: Some(net.vpc_id.clone()),
        cidr_block: Some(subnet.cidr.clone()),
        available_ip_address_count: i32::try_from(usable.saturating_sub(taken)).ok(),
        availability_zone: Some(subnet.availability_zone.clone()),
        default_for_az: Some(true),
        // Task addresses are the host's to route; there are no public ones to map.
        map_public_ip_on_launch: Some(false),
        ..Subnet::default()
    }
}

fn arn(context: &Context, resource: String) -> String {
    Arn::new("ec2", &context.region, &context.account, resource).to_string()
}

pub fn security_group(net: &DefaultNetwork, context: &Context) -> SecurityGroup {
    let id = net.security_group_id.clone();
    let within = UserIdGroupPair {
        group_id: Some(id.clone()),
        user_id: Some(context.account.to_string()),
        ..UserIdGroupPair::default()
    };
    let all = || IpPermission {
        ip_protocol: Some(ALL.to_owned()),
        user_id_group_pairs: Some(Vec::new()),
        ip_ranges: Some(Vec::new()),
        ipv6_ranges: Some(Vec::new()),
        prefix_list_ids: Some(Vec::new()),
        ..IpPermission::default()
    };
    let anywhere = IpRange { cidr_ip: Some(ANYWHERE.to_owned()), description: None };
    SecurityGroup {
        group_id: Some(id.clone()),
        ip_permissions_egress: Some(vec![IpPermission { ip_ranges: Some(vec![anywhere]), ..all() }]),
        vpc_id: Some(net.vpc_id.clone()),
        security_group_arn: Some(arn(context, format!("security-group/{id}"))),
        owner_id: Some(context.account.to_string()),
        group_name: Some("default".to_owned()),
        description: Some("default VPC security group".to_owned()),
        ip_permissions: Some(vec![IpPermission { user_id_group_pairs: Some(vec![within]), ..all() }]),
        tags: None,
    }
}

/// The same two rules, one by one.
pub fn security_group_rules(net: &DefaultNetwork, context: &Context) -> Vec<SecurityGroupRule> {
    let id = &net.security_group_id;
    let rule = |mark: char, is_egress: bool| {
        let rule_id = format!("sgr-{mark}{}", &digits(id)[1..]);
        SecurityGroupRule {
            security_group_rule_arn: Some(arn(context, format!("security-group-rule/{rule_id}"))),
            security_group_rule_id: Some(rule_id),
            group_id: Some(id.clone()),
            group_owner_id: Some(context.account.to_string()),
            is_egress: Some(is_egress),
            ip_protocol: Some(ALL.to_owned()),
            from_port: Some(-1),
            to_port: Some(-1),
            ..SecurityGroupRule::default()
        }
    };
    let own = ReferencedSecurityGroup {
        group_id: Some(id.clone()),
        user_id: Some(context.account.to_string()),
        ..ReferencedSecurityGroup::default()
    };
    vec![
        SecurityGroupRule { referenced_group_info: Some(own), ..rule('1', false) },
        SecurityGroupRule { cidr_ipv4: Some(ANYWHERE.to_owned()), ..rule('2', true) },
    ]
}

fn one<T: ToString>(value: Option<&T>) -> Vec<String> {
    value.map(ToString::to_string).into_iter().collect()
}

impl Filtered for Vpc {
    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "cidr" | "cidr-block" | "cidr-block-association.cidr-block" => one(self.cidr_block.as_ref()),
            "cidr-block-association.association-id" => {
                self.cidr_block_association_set.iter().flatten().filter_map(|a| a.association_id.clone()).collect()
            }
            "cidr-block-association.state" => vec!["associated".to_owned()],
            "dhcp-options-id" => one(self.dhcp_options_id.as_ref()),
            "is-default" | "isDefault" => one(self.is_default.as_ref()),
            "owner-id" => one(self.owner_id.as_ref()),
            "state" => one(self.state.as_ref()),
            "vpc-id" => one(self.vpc_id.as_ref()),
            name if VPC_FILTERS.contains(&name) => Vec::new(),
            _ => return None,
        })
    }
}

impl Filtered for Subnet {
    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "availability-zone" | "availabilityZone" => one(self.availability_zone.as_ref()),
            "availability-zone-id" | "availabilityZoneId" => one(self.availability_zone_id.as_ref()),
            "available-ip-address-count" => one(self.available_ip_address_count.as_ref()),
            "cidr" | "cidr-block" | "cidrBlock" => one(self.cidr_block.as_ref()),
            "default-for-az" | "defaultForAz" => one(self.default_for_az.as_ref()),
            "enable-dns64" => one(self.enable_dns64.as_ref()),
            "ipv6-native" => one(self.ipv6_native.as_ref()),
            "map-customer-owned-ip-on-launch" => one(self.map_customer_owned_ip_on_launch.as_ref()),
            "map-public-ip-on-launch" => one(self.map_public_ip_on_launch.as_ref()),
            "owner-id" => one(self.owner_id.as_ref()),
            "private-dns-name-options-on-launch.hostname-type" => vec!["ip-name".to_owned()],
            "state" => one(self.state.as_ref()),
            "subnet-arn" => one(self.subnet_arn.as_ref()),
            "subnet-id" => one(self.subnet_id.as_ref()),
            "vpc-id" => one(self.vpc_id.as_ref()),
            name if SUBNET_FILTERS.contains(&name) => Vec::new(),
            _ => return None,
        })
    }
}

impl Filtered for SecurityGroup {
    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "description" => one(self.description.as_ref()),
            "egress.ip-permission.cidr" => vec![ANYWHERE.to_owned()],
            "egress.ip-permission.protocol" | "ip-permission.protocol" => vec![ALL.to_owned()],
            "group-id" | "ip-permission.group-id" => one(self.group_id.as_ref()),
            "group-name" | "ip-permission.group-name" => one(self.group_name.as_ref()),
            "owner-id" | "ip-permission.user-id" => one(self.owner_id.as_ref()),
            "vpc-id" => one(self.vpc_id.as_ref()),
            name if GROUP_FILTERS.contains(&name) => Vec::new(),
            _ => return None,
        })
    }
}

impl Filtered for SecurityGroupRule {
    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "group-id" => one(self.group_id.as_ref()),
            "security-group-rule-id" => one(self.security_group_rule_id.as_ref()),
            _ => return None,
        })
    }
}
