// Made by `cargo xtask codegen` from the public service model. Do not edit.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_aws_wire::schema::{OperationSchema, ServiceSchema};
use gantry_aws_wire::{Access, AwsError, Context, Output, Service, Shape as _};
use serde_json::Value;

use super::{schema, types};
use crate::support::parse;

/// Amazon Elastic Compute Cloud. An operation that is not overridden answers `501 NotImplemented` with its name.
#[async_trait]
pub trait Ec2: Send + Sync + 'static {
    /// What the caller must be allowed before `operation` runs; see [`Service::accesses`].
    async fn accesses(&self, operation: &str, input: &Value, context: &Context) -> Result<Vec<Access>, AwsError>;

    /// A whole answer that is ready as JSON, for operations where building it anew costs too much.
    async fn prerendered(&self, operation: &str, input: &Value, context: &Context) -> Option<Result<Bytes, AwsError>> {
        let _ = (operation, input, context);
        None
    }

    async fn describe_account_attributes(
        &self,
        context: &Context,
        input: types::DescribeAccountAttributesRequest,
    ) -> Result<types::DescribeAccountAttributesResult, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeAccountAttributes"))
    }

    async fn describe_availability_zones(
        &self,
        context: &Context,
        input: types::DescribeAvailabilityZonesRequest,
    ) -> Result<types::DescribeAvailabilityZonesResult, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeAvailabilityZones"))
    }

    async fn describe_network_interfaces(
        &self,
        context: &Context,
        input: types::DescribeNetworkInterfacesRequest,
    ) -> Result<types::DescribeNetworkInterfacesResult, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeNetworkInterfaces"))
    }

    async fn describe_regions(
        &self,
        context: &Context,
        input: types::DescribeRegionsRequest,
    ) -> Result<types::DescribeRegionsResult, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeRegions"))
    }

    async fn describe_security_group_rules(
        &self,
        context: &Context,
        input: types::DescribeSecurityGroupRulesRequest,
    ) -> Result<types::DescribeSecurityGroupRulesResult, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeSecurityGroupRules"))
    }

    async fn describe_security_groups(
        &self,
        context: &Context,
        input: types::DescribeSecurityGroupsRequest,
    ) -> Result<types::DescribeSecurityGroupsResult, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeSecurityGroups"))
    }

    async fn describe_subnets(
        &self,
        context: &Context,
        input: types::DescribeSubnetsRequest,
    ) -> Result<types::DescribeSubnetsResult, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeSubnets"))
    }

    async fn describe_vpc_attribute(
        &self,
        context: &Context,
        input: types::DescribeVpcAttributeRequest,
    ) -> Result<types::DescribeVpcAttributeResult, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeVpcAttribute"))
    }

    async fn describe_vpcs(
        &self,
        context: &Context,
        input: types::DescribeVpcsRequest,
    ) -> Result<types::DescribeVpcsResult, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeVpcs"))
    }
}

/// Makes a [`Service`] of any [`Ec2`].
pub struct Ec2Service<T>(pub Arc<T>);

#[async_trait]
impl<T: Ec2> Service for Ec2Service<T> {
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
            "DescribeAccountAttributes" => {
                let answer = api.describe_account_attributes(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeAvailabilityZones" => {
                let answer = api.describe_availability_zones(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeNetworkInterfaces" => {
                let answer = api.describe_network_interfaces(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeRegions" => {
                let answer = api.describe_regions(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeSecurityGroupRules" => {
                let answer = api.describe_security_group_rules(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeSecurityGroups" => {
                let answer = api.describe_security_groups(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeSubnets" => {
                let answer = api.describe_subnets(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeVpcAttribute" => {
                let answer = api.describe_vpc_attribute(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeVpcs" => {
                let answer = api.describe_vpcs(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            other => return Err(AwsError::not_implemented(other)),
        })
    }
}
