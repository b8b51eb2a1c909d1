// Made by `cargo xtask codegen` from the public service model. Do not edit.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_aws_wire::schema::{OperationSchema, ServiceSchema};
use gantry_aws_wire::{Access, AwsError, Context, Output, Service, Shape as _};
use serde_json::Value;

use super::{schema, types};
use crate::support::{Events, empty, parse};

/// Amazon CloudWatch Logs. An operation that is not overridden answers `501 NotImplemented` with its name.
#[async_trait]
pub trait Logs: Send + Sync + 'static {
    /// What the caller must be allowed before `operation` runs; see [`Service::accesses`].
    async fn accesses(&self, operation: &str, input: &Value, context: &Context) -> Result<Vec<Access>, AwsError>;

    /// A whole answer that is ready as JSON, for operations where building it anew costs too much.
    async fn prerendered(&self, operation: &str, input: &Value, context: &Context) -> Option<Result<Bytes, AwsError>> {
        let _ = (operation, input, context);
        None
    }

    async fn create_log_group(&self, context: &Context, input: types::CreateLogGroupRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateLogGroup"))
    }

    async fn create_log_stream(&self, context: &Context, input: types::CreateLogStreamRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("CreateLogStream"))
    }

    async fn delete_log_group(&self, context: &Context, input: types::DeleteLogGroupRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteLogGroup"))
    }

    async fn delete_log_stream(&self, context: &Context, input: types::DeleteLogStreamRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteLogStream"))
    }

    async fn delete_retention_policy(
        &self,
        context: &Context,
        input: types::DeleteRetentionPolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DeleteRetentionPolicy"))
    }

    async fn describe_log_groups(
        &self,
        context: &Context,
        input: types::DescribeLogGroupsRequest,
    ) -> Result<types::DescribeLogGroupsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeLogGroups"))
    }

    async fn describe_log_streams(
        &self,
        context: &Context,
        input: types::DescribeLogStreamsRequest,
    ) -> Result<types::DescribeLogStreamsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("DescribeLogStreams"))
    }

    async fn filter_log_events(
        &self,
        context: &Context,
        input: types::FilterLogEventsRequest,
    ) -> Result<types::FilterLogEventsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("FilterLogEvents"))
    }

    async fn get_log_events(
        &self,
        context: &Context,
        input: types::GetLogEventsRequest,
    ) -> Result<types::GetLogEventsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("GetLogEvents"))
    }

    async fn list_tags_for_resource(
        &self,
        context: &Context,
        input: types::ListTagsForResourceRequest,
    ) -> Result<types::ListTagsForResourceResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListTagsForResource"))
    }

    async fn list_tags_log_group(
        &self,
        context: &Context,
        input: types::ListTagsLogGroupRequest,
    ) -> Result<types::ListTagsLogGroupResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("ListTagsLogGroup"))
    }

    async fn put_log_events(
        &self,
        context: &Context,
        input: types::PutLogEventsRequest,
    ) -> Result<types::PutLogEventsResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutLogEvents"))
    }

    async fn put_retention_policy(
        &self,
        context: &Context,
        input: types::PutRetentionPolicyRequest,
    ) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("PutRetentionPolicy"))
    }

    async fn start_live_tail(&self, context: &Context, input: types::StartLiveTailRequest) -> Result<Events, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("StartLiveTail"))
    }

    async fn tag_log_group(&self, context: &Context, input: types::TagLogGroupRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("TagLogGroup"))
    }

    async fn tag_resource(&self, context: &Context, input: types::TagResourceRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("TagResource"))
    }

    async fn test_metric_filter(
        &self,
        context: &Context,
        input: types::TestMetricFilterRequest,
    ) -> Result<types::TestMetricFilterResponse, AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("TestMetricFilter"))
    }

    async fn untag_log_group(&self, context: &Context, input: types::UntagLogGroupRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UntagLogGroup"))
    }

    async fn untag_resource(&self, context: &Context, input: types::UntagResourceRequest) -> Result<(), AwsError> {
        let _ = (context, input);
        Err(AwsError::not_implemented("UntagResource"))
    }
}

/// Makes a [`Service`] of any [`Logs`].
pub struct LogsService<T>(pub Arc<T>);

#[async_trait]
impl<T: Logs> Service for LogsService<T> {
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
            "CreateLogGroup" => {
                let answer = api.create_log_group(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "CreateLogStream" => {
                let answer = api.create_log_stream(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteLogGroup" => {
                let answer = api.delete_log_group(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteLogStream" => {
                let answer = api.delete_log_stream(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DeleteRetentionPolicy" => {
                let answer = api.delete_retention_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "DescribeLogGroups" => {
                let answer = api.describe_log_groups(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "DescribeLogStreams" => {
                let answer = api.describe_log_streams(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "FilterLogEvents" => {
                let answer = api.filter_log_events(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "GetLogEvents" => {
                let answer = api.get_log_events(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListTagsForResource" => {
                let answer = api.list_tags_for_resource(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "ListTagsLogGroup" => {
                let answer = api.list_tags_log_group(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutLogEvents" => {
                let answer = api.put_log_events(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "PutRetentionPolicy" => {
                let answer = api.put_retention_policy(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "StartLiveTail" => {
                let answer = api.start_live_tail(context, parse(input)?).await?;
                Output::Events(answer)
            }
            "TagLogGroup" => {
                let answer = api.tag_log_group(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "TagResource" => {
                let answer = api.tag_resource(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "TestMetricFilter" => {
                let answer = api.test_metric_filter(context, parse(input)?).await?;
                Output::Value(answer.to_value())
            }
            "UntagLogGroup" => {
                let answer = api.untag_log_group(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            "UntagResource" => {
                let answer = api.untag_resource(context, parse(input)?).await?;
                Output::Value(empty(answer))
            }
            other => return Err(AwsError::not_implemented(other)),
        })
    }
}
