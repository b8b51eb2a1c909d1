// Made by `cargo xtask codegen` from the public service model. Do not edit.

use gantry_aws_wire::shapes;
use std::collections::BTreeMap;

shapes! {
    pub struct CreateLogGroupRequest {
        "logGroupName" req log_group_name: String,
        "kmsKeyId" opt kms_key_id: String,
        "tags" opt tags: BTreeMap<String, String>,
        "logGroupClass" opt log_group_class: String,
        "deletionProtectionEnabled" opt deletion_protection_enabled: bool,
    }
    pub struct CreateLogStreamRequest {
        "logGroupName" req log_group_name: String,
        "logStreamName" req log_stream_name: String,
    }
    pub struct DeleteLogGroupRequest {
        "logGroupName" req log_group_name: String,
    }
    pub struct DeleteLogStreamRequest {
        "logGroupName" req log_group_name: String,
        "logStreamName" req log_stream_name: String,
    }
    pub struct DeleteRetentionPolicyRequest {
        "logGroupName" req log_group_name: String,
    }
    pub struct DescribeLogGroupsRequest {
        "accountIdentifiers" opt account_identifiers: Vec<String>,
        "logGroupNamePrefix" opt log_group_name_prefix: String,
        "logGroupNamePattern" opt log_group_name_pattern: String,
        "nextToken" opt next_token: String,
        "limit" opt limit: i32,
        "includeLinkedAccounts" opt include_linked_accounts: bool,
        "logGroupClass" opt log_group_class: String,
        "logGroupIdentifiers" opt log_group_identifiers: Vec<String>,
    }
    pub struct DescribeLogGroupsResponse {
        "logGroups" opt log_groups: Vec<LogGroup>,
        "nextToken" opt next_token: String,
    }
    pub struct DescribeLogStreamsRequest {
        "logGroupName" opt log_group_name: String,
        "logGroupIdentifier" opt log_group_identifier: String,
        "logStreamNamePrefix" opt log_stream_name_prefix: String,
        "orderBy" opt order_by: String,
        "descending" opt descending: bool,
        "nextToken" opt next_token: String,
        "limit" opt limit: i32,
    }
    pub struct DescribeLogStreamsResponse {
        "logStreams" opt log_streams: Vec<LogStream>,
        "nextToken" opt next_token: String,
    }
    pub struct Entity {
        "keyAttributes" opt key_attributes: BTreeMap<String, String>,
        "attributes" opt attributes: BTreeMap<String, String>,
    }
    pub struct FilterLogEventsRequest {
        "logGroupName" opt log_group_name: String,
        "logGroupIdentifier" opt log_group_identifier: String,
        "logStreamNames" opt log_stream_names: Vec<String>,
        "logStreamNamePrefix" opt log_stream_name_prefix: String,
        "startTime" opt start_time: i64,
        "endTime" opt end_time: i64,
        "filterPattern" opt filter_pattern: String,
        "nextToken" opt next_token: String,
        "limit" opt limit: i32,
        "startFromHead" opt start_from_head: bool,
        "interleaved" opt interleaved: bool,
        "unmask" opt unmask: bool,
    }
    pub struct FilterLogEventsResponse {
        "events" opt events: Vec<FilteredLogEvent>,
        "searchedLogStreams" opt searched_log_streams: Vec<SearchedLogStream>,
        "nextToken" opt next_token: String,
    }
    pub struct FilteredLogEvent {
        "logStreamName" opt log_stream_name: String,
        "timestamp" opt timestamp: i64,
        "message" opt message: String,
        "ingestionTime" opt ingestion_time: i64,
        "eventId" opt event_id: String,
    }
    pub struct GetLogEventsRequest {
        "logGroupName" opt log_group_name: String,
        "logGroupIdentifier" opt log_group_identifier: String,
        "logStreamName" req log_stream_name: String,
        "startTime" opt start_time: i64,
        "endTime" opt end_time: i64,
        "nextToken" opt next_token: String,
        "limit" opt limit: i32,
        "startFromHead" opt start_from_head: bool,
        "unmask" opt unmask: bool,
    }
    pub struct GetLogEventsResponse {
        "events" opt events: Vec<OutputLogEvent>,
        "nextForwardToken" opt next_forward_token: String,
        "nextBackwardToken" opt next_backward_token: String,
    }
    pub struct InputLogEvent {
        "timestamp" req timestamp: i64,
        "message" req message: String,
    }
    pub struct ListTagsForResourceRequest {
        "resourceArn" req resource_arn: String,
    }
    pub struct ListTagsForResourceResponse {
        "tags" opt tags: BTreeMap<String, String>,
    }
    pub struct ListTagsLogGroupRequest {
        "logGroupName" req log_group_name: String,
    }
    pub struct ListTagsLogGroupResponse {
        "tags" opt tags: BTreeMap<String, String>,
    }
    pub struct LiveTailSessionLogEvent {
        "logStreamName" opt log_stream_name: String,
        "logGroupIdentifier" opt log_group_identifier: String,
        "message" opt message: String,
        "timestamp" opt timestamp: i64,
        "ingestionTime" opt ingestion_time: i64,
    }
    pub struct LiveTailSessionMetadata {
        "sampled" opt sampled: bool,
    }
    pub struct LiveTailSessionStart {
        "requestId" opt request_id: String,
        "sessionId" opt session_id: String,
        "logGroupIdentifiers" opt log_group_identifiers: Vec<String>,
        "logStreamNames" opt log_stream_names: Vec<String>,
        "logStreamNamePrefixes" opt log_stream_name_prefixes: Vec<String>,
        "logEventFilterPattern" opt log_event_filter_pattern: String,
    }
    pub struct LiveTailSessionUpdate {
        "sessionMetadata" opt session_metadata: LiveTailSessionMetadata,
        "sessionResults" opt session_results: Vec<LiveTailSessionLogEvent>,
    }
    pub struct LogGroup {
        "logGroupName" opt log_group_name: String,
        "creationTime" opt creation_time: i64,
        "retentionInDays" opt retention_in_days: i32,
        "metricFilterCount" opt metric_filter_count: i32,
        "arn" opt arn: String,
        "storedBytes" opt stored_bytes: i64,
        "kmsKeyId" opt kms_key_id: String,
        "dataProtectionStatus" opt data_protection_status: String,
        "inheritedProperties" opt inherited_properties: Vec<String>,
        "logGroupClass" opt log_group_class: String,
        "logGroupArn" opt log_group_arn: String,
        "deletionProtectionEnabled" opt deletion_protection_enabled: bool,
        "bearerTokenAuthenticationEnabled" opt bearer_token_authentication_enabled: bool,
        "retentionPolicyName" opt retention_policy_name: String,
    }
    pub struct LogStream {
        "logStreamName" opt log_stream_name: String,
        "creationTime" opt creation_time: i64,
        "firstEventTimestamp" opt first_event_timestamp: i64,
        "lastEventTimestamp" opt last_event_timestamp: i64,
        "lastIngestionTime" opt last_ingestion_time: i64,
        "uploadSequenceToken" opt upload_sequence_token: String,
        "arn" opt arn: String,
        "storedBytes" opt stored_bytes: i64,
    }
    pub struct MetricFilterMatchRecord {
        "eventNumber" opt event_number: i64,
        "eventMessage" opt event_message: String,
        "extractedValues" opt extracted_values: BTreeMap<String, String>,
    }
    pub struct OutputLogEvent {
        "timestamp" opt timestamp: i64,
        "message" opt message: String,
        "ingestionTime" opt ingestion_time: i64,
    }
    pub struct PutLogEventsRequest {
        "logGroupName" req log_group_name: String,
        "logStreamName" req log_stream_name: String,
        "logEvents" req log_events: Vec<InputLogEvent>,
        "sequenceToken" opt sequence_token: String,
        "entity" opt entity: Entity,
    }
    pub struct PutLogEventsResponse {
        "nextSequenceToken" opt next_sequence_token: String,
        "rejectedLogEventsInfo" opt rejected_log_events_info: RejectedLogEventsInfo,
        "rejectedEntityInfo" opt rejected_entity_info: RejectedEntityInfo,
    }
    pub struct PutRetentionPolicyRequest {
        "logGroupName" req log_group_name: String,
        "retentionInDays" req retention_in_days: i32,
    }
    pub struct RejectedEntityInfo {
        "errorType" req error_type: String,
    }
    pub struct RejectedLogEventsInfo {
        "tooNewLogEventStartIndex" opt too_new_log_event_start_index: i32,
        "tooOldLogEventEndIndex" opt too_old_log_event_end_index: i32,
        "expiredLogEventEndIndex" opt expired_log_event_end_index: i32,
    }
    pub struct SearchedLogStream {
        "logStreamName" opt log_stream_name: String,
        "searchedCompletely" opt searched_completely: bool,
    }
    pub struct StartLiveTailRequest {
        "logGroupIdentifiers" req log_group_identifiers: Vec<String>,
        "logStreamNames" opt log_stream_names: Vec<String>,
        "logStreamNamePrefixes" opt log_stream_name_prefixes: Vec<String>,
        "logEventFilterPattern" opt log_event_filter_pattern: String,
    }
    pub struct StartLiveTailResponse {
    }
    pub struct TagLogGroupRequest {
        "logGroupName" req log_group_name: String,
        "tags" req tags: BTreeMap<String, String>,
    }
    pub struct TagResourceRequest {
        "resourceArn" req resource_arn: String,
        "tags" req tags: BTreeMap<String, String>,
    }
    pub struct TestMetricFilterRequest {
        "filterPattern" req filter_pattern: String,
        "logEventMessages" req log_event_messages: Vec<String>,
    }
    pub struct TestMetricFilterResponse {
        "matches" opt matches: Vec<MetricFilterMatchRecord>,
    }
    pub struct UntagLogGroupRequest {
        "logGroupName" req log_group_name: String,
        "tags" req tags: Vec<String>,
    }
    pub struct UntagResourceRequest {
        "resourceArn" req resource_arn: String,
        "tagKeys" req tag_keys: Vec<String>,
    }
}
