//! The operations, each a call of the part that does it.

use async_trait::async_trait;
use gantry_aws_api::Events;
use gantry_aws_api::logs::*;
use gantry_aws_wire::{Access, AwsError, Context};
use serde_json::Value;

use crate::error::{Error, Refusal};
use crate::pattern::Pattern;
use crate::records::Scope;

type Answer<T> = Result<T, AwsError>;

#[async_trait]
impl Logs for crate::Logs {
    async fn accesses(&self, operation: &str, input: &Value, context: &Context) -> Answer<Vec<Access>> {
        Ok(self.accesses_of(operation, input, context).await)
    }

    async fn create_log_group(&self, context: &Context, input: CreateLogGroupRequest) -> Answer<()> {
        Ok(self.create_group(context, input).await?)
    }

    async fn delete_log_group(&self, context: &Context, input: DeleteLogGroupRequest) -> Answer<()> {
        Ok(self.delete_group(context, &input.log_group_name).await?)
    }

    async fn describe_log_groups(
        &self,
        context: &Context,
        input: DescribeLogGroupsRequest,
    ) -> Answer<DescribeLogGroupsResponse> {
        Ok(self.describe_groups(context, input).await?)
    }

    async fn put_retention_policy(&self, context: &Context, input: PutRetentionPolicyRequest) -> Answer<()> {
        Ok(self.put_retention(context, input).await?)
    }

    async fn delete_retention_policy(&self, context: &Context, input: DeleteRetentionPolicyRequest) -> Answer<()> {
        let forget = self.change_group(context, &input.log_group_name, |group| {
            group.retention_days = None;
            Ok(())
        });
        Ok(forget.await?)
    }

    async fn create_log_stream(&self, context: &Context, input: CreateLogStreamRequest) -> Answer<()> {
        let scope = Scope::of(context);
        Ok(self.create_stream(scope, &input.log_group_name, &input.log_stream_name, context.now).await?)
    }

    async fn delete_log_stream(&self, context: &Context, input: DeleteLogStreamRequest) -> Answer<()> {
        Ok(self.delete_stream(context, &input.log_group_name, &input.log_stream_name).await?)
    }

    async fn describe_log_streams(
        &self,
        context: &Context,
        input: DescribeLogStreamsRequest,
    ) -> Answer<DescribeLogStreamsResponse> {
        Ok(self.describe_streams(context, input).await?)
    }

    async fn put_log_events(&self, context: &Context, input: PutLogEventsRequest) -> Answer<PutLogEventsResponse> {
        Ok(self.put_events(context, input).await?)
    }

    async fn get_log_events(&self, context: &Context, input: GetLogEventsRequest) -> Answer<GetLogEventsResponse> {
        Ok(self.get_events(context, input).await?)
    }

    async fn filter_log_events(
        &self,
        context: &Context,
        input: FilterLogEventsRequest,
    ) -> Answer<FilterLogEventsResponse> {
        Ok(self.filter_events(context, input).await?)
    }

    async fn start_live_tail(&self, context: &Context, input: StartLiveTailRequest) -> Answer<Events> {
        Ok(self.live_tail(context, input).await?)
    }

    async fn tag_log_group(&self, context: &Context, input: TagLogGroupRequest) -> Answer<()> {
        Ok(self.tag(context, &input.log_group_name, input.tags).await?)
    }

    async fn untag_log_group(&self, context: &Context, input: UntagLogGroupRequest) -> Answer<()> {
        Ok(self.untag(context, &input.log_group_name, input.tags).await?)
    }

    async fn list_tags_log_group(
        &self,
        context: &Context,
        input: ListTagsLogGroupRequest,
    ) -> Answer<ListTagsLogGroupResponse> {
        let group = self.group(Scope::of(context), &input.log_group_name).await?;
        Ok(ListTagsLogGroupResponse { tags: Some(group.value.tags) })
    }

    async fn tag_resource(&self, context: &Context, input: TagResourceRequest) -> Answer<()> {
        Ok(self.tag_arn(context, &input.resource_arn, input.tags).await?)
    }

    async fn untag_resource(&self, context: &Context, input: UntagResourceRequest) -> Answer<()> {
        Ok(self.untag_arn(context, &input.resource_arn, input.tag_keys).await?)
    }

    async fn list_tags_for_resource(
        &self,
        context: &Context,
        input: ListTagsForResourceRequest,
    ) -> Answer<ListTagsForResourceResponse> {
        Ok(ListTagsForResourceResponse { tags: Some(self.tags_of_arn(context, &input.resource_arn).await?) })
    }

    async fn test_metric_filter(
        &self,
        _: &Context,
        input: TestMetricFilterRequest,
    ) -> Answer<TestMetricFilterResponse> {
        let pattern =
            Pattern::parse(&input.filter_pattern).map_err(|e| Error::from(Refusal::invalid(e.to_string())))?;
        let numbered = (1_i64..).zip(input.log_event_messages).filter(|(_, message)| pattern.matches(message));
        let record = |(number, message): (i64, String)| MetricFilterMatchRecord {
            event_number: Some(number),
            extracted_values: Some(pattern.extract(&message)),
            event_message: Some(message),
        };
        Ok(TestMetricFilterResponse { matches: Some(numbered.map(record).collect()) })
    }
}
