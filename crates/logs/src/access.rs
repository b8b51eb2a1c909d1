//! What a caller must be allowed for each operation.
//!
//! Actions and resources follow
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html>.
//! Where the service checks a group, the ARN it checks ends in `:log-stream:`, as its refusals say; policies
//! for `log-group:NAME:*` match it.

use gantry_aws_wire::{Access, Context};
use serde_json::Value;

use crate::Logs;
use crate::records::{GroupRecord, Scope};

impl Logs {
    pub(crate) async fn accesses_of(&self, operation: &str, input: &Value, context: &Context) -> Vec<Access> {
        let scope = Scope::of(context);
        let text = |name: &str| input[name].as_str().unwrap_or_default();
        let action = format!("logs:{operation}");
        let group = || {
            let named = text("logGroupName");
            let identifier = if named.is_empty() { text("logGroupIdentifier") } else { named };
            scope.group_of_identifier(identifier).unwrap_or_else(|_| identifier.to_owned())
        };
        let of_group = |group: &str| format!("{}:log-stream:", scope.group_arn(group));
        match operation {
            "DescribeLogGroups" => vec![Access::new(action, of_group(""))],
            "TestMetricFilter" => vec![Access::new(action, "*")],
            "CreateLogStream" | "DeleteLogStream" | "GetLogEvents" | "PutLogEvents" => {
                let group = group();
                let access = Access::new(action, scope.stream_arn(&group, text("logStreamName")));
                vec![self.with_resource_tags(scope, &group, access).await]
            }
            "CreateLogGroup" => {
                let resource = of_group(&group());
                let create = with_request_tags(Access::new(action, resource.clone()), &input["tags"]);
                match input["tags"].as_object() {
                    Some(tags) if !tags.is_empty() => {
                        let tag = with_request_tags(Access::new("logs:TagResource", resource), &input["tags"]);
                        vec![create, tag]
                    }
                    _ => vec![create],
                }
            }
            "TagResource" | "UntagResource" | "ListTagsForResource" => {
                let arn = text("resourceArn");
                let arn = arn.strip_suffix(":*").unwrap_or(arn);
                let access = with_request_tags(Access::new(action, arn), &input["tags"]);
                let access = with_tag_keys(access, &input["tagKeys"]);
                let group = scope.group_of_arn(arn).unwrap_or_default();
                vec![self.with_resource_tags(scope, &group, access).await]
            }
            "StartLiveTail" => {
                let mut accesses = Vec::new();
                for identifier in input["logGroupIdentifiers"].as_array().into_iter().flatten() {
                    let identifier = identifier.as_str().unwrap_or_default();
                    let group = scope.group_of_identifier(identifier).unwrap_or_else(|_| identifier.to_owned());
                    let access = Access::new(action.clone(), of_group(&group));
                    accesses.push(self.with_resource_tags(scope, &group, access).await);
                }
                accesses
            }
            _ => {
                let group = group();
                let access = with_request_tags(Access::new(action, of_group(&group)), &input["tags"]);
                vec![self.with_resource_tags(scope, &group, access).await]
            }
        }
    }

    /// `aws:ResourceTag/…` of a group that is there.
    async fn with_resource_tags(&self, scope: Scope<'_>, group: &str, access: Access) -> Access {
        let found = self.store.get_as::<GroupRecord>(&scope.group_key(group)).await.ok().flatten();
        let tags = found.map(|v| v.value.tags).unwrap_or_default();
        tags.into_iter()
            .fold(access, |access, (key, value)| access.condition(format!("aws:ResourceTag/{key}"), vec![value]))
    }
}

fn with_request_tags(access: Access, tags: &Value) -> Access {
    let Some(tags) = tags.as_object().filter(|tags| !tags.is_empty()) else { return access };
    let access = tags.iter().fold(access, |access, (key, value)| {
        access.condition(format!("aws:RequestTag/{key}"), vec![value.as_str().unwrap_or_default().to_owned()])
    });
    access.condition("aws:TagKeys", tags.keys().cloned().collect())
}

fn with_tag_keys(access: Access, keys: &Value) -> Access {
    let keys: Vec<String> =
        keys.as_array().into_iter().flatten().filter_map(|k| k.as_str().map(str::to_owned)).collect();
    if keys.is_empty() { access } else { access.condition("aws:TagKeys", keys) }
}
