//! The operations.

use async_trait::async_trait;
use gantry_agent_api::default_network::is_resource_id;
use gantry_aws_api::ec2::{
    AccountAttribute, AccountAttributeValue, AttributeBooleanValue, DescribeAccountAttributesRequest,
    DescribeAccountAttributesResult, DescribeAvailabilityZonesRequest, DescribeAvailabilityZonesResult,
    DescribeNetworkInterfacesRequest, DescribeNetworkInterfacesResult, DescribeRegionsRequest, DescribeRegionsResult,
    DescribeSecurityGroupRulesRequest, DescribeSecurityGroupRulesResult, DescribeSecurityGroupsRequest,
    DescribeSecurityGroupsResult, DescribeSubnetsRequest, DescribeSubnetsResult, DescribeVpcAttributeRequest,
    DescribeVpcAttributeResult, DescribeVpcsRequest, DescribeVpcsResult, Ec2 as Api,
};
use gantry_aws_wire::{Access, AwsError, Context};
use serde_json::Value;

use crate::error::{Error, Refusal};
use crate::page::{self, GROUP, INTERFACE, Paging, RULE, SUBNET, VPC, page, pick, refuse_dry_run};
use crate::{Ec2, filter, interfaces, views, zones};

type Answer<T> = Result<T, AwsError>;

#[async_trait]
impl Api for Ec2 {
    /// EC2's Describe actions have no resource-level permissions.
    /// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html>
    async fn accesses(&self, operation: &str, _: &Value, context: &Context) -> Answer<Vec<Access>> {
        let access = Access::new(format!("ec2:{operation}"), "*");
        Ok(vec![access.condition("ec2:Region", vec![context.region.to_string()])])
    }

    async fn describe_vpcs(&self, context: &Context, input: DescribeVpcsRequest) -> Answer<DescribeVpcsResult> {
        refuse_dry_run(input.dry_run)?;
        let all = vec![views::vpc(&self.network(context)?, context)];
        let some = pick(all, input.vpc_ids.as_deref(), VPC, |v| v.vpc_id.as_ref())?;
        let some = filter::apply(some, input.filters.as_deref(), views::VPC_FILTERS)?;
        let paging = Paging {
            operation: "DescribeVpcs",
            token: input.next_token.as_deref(),
            max_results: input.max_results,
            filters: input.filters.as_deref(),
        };
        let (vpcs, next_token) = page(&self.tokens, context, some, &paging, |v| v.vpc_id.as_ref())?;
        Ok(DescribeVpcsResult { vpcs: Some(vpcs), next_token })
    }

    async fn describe_subnets(
        &self,
        context: &Context,
        input: DescribeSubnetsRequest,
    ) -> Answer<DescribeSubnetsResult> {
        refuse_dry_run(input.dry_run)?;
        let net = self.network(context)?;
        let interfaces = self.interfaces(context).await?;
        let view = |s| views::subnet(&net, s, Self::taken(&interfaces, &s.id), context);
        let all = net.subnets.iter().map(view).collect();
        let some = pick(all, input.subnet_ids.as_deref(), SUBNET, |s| s.subnet_id.as_ref())?;
        let some = filter::apply(some, input.filters.as_deref(), views::SUBNET_FILTERS)?;
        let paging = Paging {
            operation: "DescribeSubnets",
            token: input.next_token.as_deref(),
            max_results: input.max_results,
            filters: input.filters.as_deref(),
        };
        let (subnets, next_token) = page(&self.tokens, context, some, &paging, |s| s.subnet_id.as_ref())?;
        Ok(DescribeSubnetsResult { subnets: Some(subnets), next_token })
    }

    async fn describe_security_groups(
        &self,
        context: &Context,
        input: DescribeSecurityGroupsRequest,
    ) -> Answer<DescribeSecurityGroupsResult> {
        refuse_dry_run(input.dry_run)?;
        let all = vec![views::security_group(&self.network(context)?, context)];
        let some = pick(all, input.group_ids.as_deref(), GROUP, |g| g.group_id.as_ref())?;
        let some = pick_names(some, input.group_names.as_deref())?;
        let some = filter::apply(some, input.filters.as_deref(), views::GROUP_FILTERS)?;
        let paging = Paging {
            operation: "DescribeSecurityGroups",
            token: input.next_token.as_deref(),
            max_results: input.max_results,
            filters: input.filters.as_deref(),
        };
        let (groups, next_token) = page(&self.tokens, context, some, &paging, |g| g.group_id.as_ref())?;
        Ok(DescribeSecurityGroupsResult { security_groups: Some(groups), next_token })
    }

    async fn describe_security_group_rules(
        &self,
        context: &Context,
        input: DescribeSecurityGroupRulesRequest,
    ) -> Answer<DescribeSecurityGroupRulesResult> {
        refuse_dry_run(input.dry_run)?;
        let all = views::security_group_rules(&self.network(context)?, context);
        let some = pick(all, input.security_group_rule_ids.as_deref(), RULE, |r| r.security_group_rule_id.as_ref())?;
        let some = filter::apply(some, input.filters.as_deref(), views::RULE_FILTERS)?;
        let paging = Paging {
            operation: "DescribeSecurityGroupRules",
            token: input.next_token.as_deref(),
            max_results: input.max_results,
            filters: input.filters.as_deref(),
        };
        let (rules, next_token) = page(&self.tokens, context, some, &paging, |r| r.security_group_rule_id.as_ref())?;
        Ok(DescribeSecurityGroupRulesResult { security_group_rules: Some(rules), next_token })
    }

    async fn describe_network_interfaces(
        &self,
        context: &Context,
        input: DescribeNetworkInterfacesRequest,
    ) -> Answer<DescribeNetworkInterfacesResult> {
        refuse_dry_run(input.dry_run)?;
        let wanted = input.network_interface_ids.as_deref();
        if input.max_results.is_some() && wanted.is_some_and(|ids| !ids.is_empty()) {
            return Err(Error::from(Refusal::Combination("maxResults", "networkInterfaceIdSet")).into());
        }
        let all = self.interfaces(context).await?;
        let some = pick(all, wanted, INTERFACE, |i| i.network_interface_id.as_ref())?;
        let some = filter::apply(some, input.filters.as_deref(), interfaces::FILTERS)?;
        let paging = Paging {
            operation: "DescribeNetworkInterfaces",
            token: input.next_token.as_deref(),
            max_results: input.max_results,
            filters: input.filters.as_deref(),
        };
        let (found, next_token) = page(&self.tokens, context, some, &paging, |i| i.network_interface_id.as_ref())?;
        Ok(DescribeNetworkInterfacesResult { network_interfaces: Some(found), next_token })
    }

    async fn describe_availability_zones(
        &self,
        context: &Context,
        input: DescribeAvailabilityZonesRequest,
    ) -> Answer<DescribeAvailabilityZonesResult> {
        refuse_dry_run(input.dry_run)?;
        let all = zones::zones(&context.region);
        let some = named(all, input.zone_names.as_deref(), "availability zone", |z| z.zone_name.as_ref())?;
        let some = named(some, input.zone_ids.as_deref(), "availability zone-id", |z| z.zone_id.as_ref())?;
        let some = filter::apply(some, input.filters.as_deref(), zones::ZONE_FILTERS)?;
        Ok(DescribeAvailabilityZonesResult { availability_zones: Some(some) })
    }

    async fn describe_regions(
        &self,
        context: &Context,
        input: DescribeRegionsRequest,
    ) -> Answer<DescribeRegionsResult> {
        refuse_dry_run(input.dry_run)?;
        let all = zones::regions(&context.region);
        let some = named(all, input.region_names.as_deref(), "region", |r| r.region_name.as_ref())?;
        let some = filter::apply(some, input.filters.as_deref(), zones::REGION_FILTERS)?;
        Ok(DescribeRegionsResult { regions: Some(some) })
    }

    async fn describe_account_attributes(
        &self,
        context: &Context,
        input: DescribeAccountAttributesRequest,
    ) -> Answer<DescribeAccountAttributesResult> {
        refuse_dry_run(input.dry_run)?;
        let net = self.network(context)?;
        let attribute = |name: &str, value: &str| AccountAttribute {
            attribute_name: Some(name.to_owned()),
            attribute_values: Some(vec![AccountAttributeValue { attribute_value: Some(value.to_owned()) }]),
        };
        let mut all = vec![
            attribute("supported-platforms", "VPC"),
            attribute("default-vpc", &net.vpc_id),
            // ECS's own limit on the groups of a network configuration.
            attribute("vpc-max-security-groups-per-interface", "5"),
        ];
        if let Some(names) = input.attribute_names.filter(|names| !names.is_empty()) {
            all.retain(|a| a.attribute_name.as_ref().is_some_and(|name| names.contains(name)));
        }
        Ok(DescribeAccountAttributesResult { account_attributes: Some(all) })
    }

    async fn describe_vpc_attribute(
        &self,
        context: &Context,
        input: DescribeVpcAttributeRequest,
    ) -> Answer<DescribeVpcAttributeResult> {
        refuse_dry_run(input.dry_run)?;
        let net = self.network(context)?;
        let id = input.vpc_id;
        if !is_resource_id(&id, page::VPC.prefix) {
            return Err(Error::from(Refusal::Malformed { code: VPC.malformed, id, prefix: VPC.prefix }).into());
        }
        if id != net.vpc_id {
            return Err(Error::from(Refusal::NotFound { code: VPC.not_found, kind: VPC.word, id }).into());
        }
        let mut answer = DescribeVpcAttributeResult { vpc_id: Some(id), ..DescribeVpcAttributeResult::default() };
        let flag = |value| Some(AttributeBooleanValue { value: Some(value) });
        match input.attribute.as_str() {
            "enableDnsSupport" => answer.enable_dns_support = flag(true),
            "enableDnsHostnames" => answer.enable_dns_hostnames = flag(true),
            "enableNetworkAddressUsageMetrics" => answer.enable_network_address_usage_metrics = flag(false),
            other => {
                let message = format!("Value ({other}) for parameter attribute is invalid. Unknown VPC attribute.");
                return Err(Error::from(Refusal::Value(message)).into());
            }
        }
        Ok(answer)
    }
}

/// Keeps the things of the names asked for; each must be there.
fn named<T>(
    items: Vec<T>,
    wanted: Option<&[String]>,
    word: &str,
    name_of: impl Fn(&T) -> Option<&String>,
) -> Result<Vec<T>, Error> {
    let wanted = wanted.unwrap_or_default();
    if wanted.is_empty() {
        return Ok(items);
    }
    if let Some(stranger) = wanted.iter().find(|name| !items.iter().any(|item| name_of(item) == Some(name))) {
        return Err(Refusal::Value(format!("Invalid {word}: [{stranger}]")).into());
    }
    Ok(items.into_iter().filter(|item| name_of(item).is_some_and(|name| wanted.contains(name))).collect())
}

/// By name, in the default VPC.
fn pick_names(
    groups: Vec<gantry_aws_api::ec2::SecurityGroup>,
    wanted: Option<&[String]>,
) -> Result<Vec<gantry_aws_api::ec2::SecurityGroup>, Error> {
    let wanted = wanted.unwrap_or_default();
    if wanted.is_empty() {
        return Ok(groups);
    }
    for name in wanted {
        if !groups.iter().any(|g| g.group_name.as_ref() == Some(name)) {
            let refusal = Refusal::NotFound { code: GROUP.not_found, kind: GROUP.word, id: name.clone() };
            return Err(refusal.into());
        }
    }
    Ok(groups.into_iter().filter(|g| g.group_name.as_ref().is_some_and(|n| wanted.contains(n))).collect())
}
