//! What a caller must be allowed for each operation: action, resource and condition keys.
//!
//! Every operation of the model has a row, also those not built; an operation without one is refused.
//! Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Elastic
//! Container Service".

use gantry_aws_wire::{Access, AwsError, Context};
use serde_json::Value;

use crate::api::EcsApi;
use crate::api::{definition_arn, tags_of};
use crate::names;
use crate::records::Scope;

/// Where an operation's resource is read from.
#[derive(Clone, Copy, Debug)]
enum Resource {
    /// The action has no resource-level permission.
    Any,
    /// A cluster by name or ARN, `default` where the member is absent.
    Cluster(&'static str),
    /// Several clusters; none named means `default`.
    Clusters(&'static str),
    /// A cluster that is to be made, by name.
    NewCluster,
    /// `<kind>/<cluster>/<id>`, one or several.
    InCluster(&'static str, &'static str),
    /// `<kind>/<id>`, one or several.
    Plain(&'static str, &'static str),
    /// A task definition as the member names it.
    Definition(&'static str),
    /// A task definition's family, any revision.
    Family,
    /// The member holds ARNs.
    Arns(&'static str),
    /// Container instances of a cluster, one if named and all if not.
    Instances,
    /// The cluster and the task in it.
    ClusterAndTask,
}
use Resource::{
    Any, Arns, Cluster, ClusterAndTask, Clusters, Definition, Family, InCluster, Instances, NewCluster, Plain,
};

/// Sorted by operation.
const TABLE: &[(&str, Resource)] = &[
    ("AssociateGatewayWithCluster", Cluster("cluster")),
    ("ContinueServiceDeployment", Arns("serviceDeploymentArn")),
    ("CreateCapacityProvider", Plain("capacity-provider", "name")),
    ("CreateCluster", NewCluster),
    ("CreateDaemon", InCluster("daemon", "daemonName")),
    ("CreateExpressGatewayService", InCluster("service", "serviceName")),
    ("CreateGateway", Plain("gateway", "name")),
    ("CreateService", InCluster("service", "serviceName")),
    ("CreateTaskSet", InCluster("task-set", "service")),
    ("DeleteAccountSetting", Any),
    ("DeleteAttributes", Instances),
    ("DeleteCapacityProvider", Plain("capacity-provider", "capacityProvider")),
    ("DeleteCluster", Cluster("cluster")),
    ("DeleteDaemon", Arns("daemonArn")),
    ("DeleteDaemonTaskDefinition", Plain("daemon-task-definition", "daemonTaskDefinition")),
    ("DeleteExpressGatewayService", Arns("serviceArn")),
    ("DeleteGateway", Plain("gateway", "gateway")),
    ("DeleteService", InCluster("service", "service")),
    ("DeleteTaskDefinitions", Definition("taskDefinitions")),
    ("DeleteTaskSet", InCluster("task-set", "taskSet")),
    ("DeregisterContainerInstance", Cluster("cluster")),
    ("DeregisterTaskDefinition", Any),
    ("DescribeCapacityProviders", Plain("capacity-provider", "capacityProviders")),
    ("DescribeClusters", Clusters("clusters")),
    ("DescribeContainerInstances", InCluster("container-instance", "containerInstances")),
    ("DescribeDaemon", Arns("daemonArn")),
    ("DescribeDaemonDeployments", Arns("daemonDeploymentArns")),
    ("DescribeDaemonRevisions", Arns("daemonRevisionArns")),
    ("DescribeDaemonTaskDefinition", Any),
    ("DescribeExpressGatewayService", Arns("serviceArn")),
    ("DescribeGateway", Plain("gateway", "gateway")),
    ("DescribeGatewayResources", Plain("gateway", "gateway")),
    ("DescribeGatewayRoute", Arns("gatewayRouteArn")),
    ("DescribeServiceDeployments", Arns("serviceDeploymentArns")),
    ("DescribeServiceRevisions", Arns("serviceRevisionArns")),
    ("DescribeServices", InCluster("service", "services")),
    ("DescribeTaskDefinition", Any),
    ("DescribeTaskSets", InCluster("task-set", "taskSets")),
    ("DescribeTasks", InCluster("task", "tasks")),
    ("DisassociateGatewayFromCluster", Cluster("cluster")),
    ("DiscoverPollEndpoint", Any),
    ("ExecuteCommand", ClusterAndTask),
    ("GetTaskProtection", InCluster("task", "tasks")),
    ("ListAccountSettings", Any),
    ("ListAttributes", Cluster("cluster")),
    ("ListClusters", Any),
    ("ListContainerInstances", Cluster("cluster")),
    ("ListDaemonDeployments", Arns("daemonArn")),
    ("ListDaemonTaskDefinitions", Any),
    ("ListDaemons", Any),
    ("ListGatewayClusterAssociations", Any),
    ("ListGatewayRoutes", Any),
    ("ListGateways", Any),
    ("ListServiceDeployments", InCluster("service", "service")),
    ("ListServices", Any),
    ("ListServicesByNamespace", Any),
    ("ListTagsForResource", Arns("resourceArn")),
    ("ListTaskDefinitionFamilies", Any),
    ("ListTaskDefinitions", Any),
    ("ListTasks", Instances),
    ("PutAccountSetting", Any),
    ("PutAccountSettingDefault", Any),
    ("PutAttributes", Instances),
    ("PutClusterCapacityProviders", Cluster("cluster")),
    ("RegisterContainerInstance", Cluster("cluster")),
    ("RegisterDaemonTaskDefinition", Plain("daemon-task-definition", "family")),
    ("RegisterTaskDefinition", Family),
    ("RunTask", Definition("taskDefinition")),
    ("StartTask", Definition("taskDefinition")),
    ("StopServiceDeployment", Arns("serviceDeploymentArn")),
    ("StopTask", InCluster("task", "task")),
    ("SubmitAttachmentStateChanges", Cluster("cluster")),
    ("SubmitContainerStateChange", Cluster("cluster")),
    ("SubmitTaskStateChange", Cluster("cluster")),
    ("TagResource", Arns("resourceArn")),
    ("UntagResource", Arns("resourceArn")),
    ("UpdateCapacityProvider", Plain("capacity-provider", "name")),
    ("UpdateCluster", Cluster("cluster")),
    ("UpdateClusterSettings", Cluster("cluster")),
    ("UpdateContainerAgent", InCluster("container-instance", "containerInstance")),
    ("UpdateContainerInstancesState", InCluster("container-instance", "containerInstances")),
    ("UpdateDaemon", Arns("daemonArn")),
    ("UpdateExpressGatewayService", Arns("serviceArn")),
    ("UpdateGateway", Plain("gateway", "gateway")),
    ("UpdateService", InCluster("service", "service")),
    ("UpdateServicePrimaryTaskSet", InCluster("service", "service")),
    ("UpdateTaskProtection", InCluster("task", "tasks")),
    ("UpdateTaskSet", InCluster("task-set", "taskSet")),
];

/// The operations that have a row, sorted.
pub fn covered_operations() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|(name, _)| *name)
}

/// A string or a list of them.
fn texts<'a>(input: &'a Value, member: &str) -> Vec<&'a str> {
    match input.get(member) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn arn_or(scope: &Scope, text: &str, resource: impl FnOnce() -> String) -> String {
    if text.starts_with("arn:") { text.to_owned() } else { scope.arn(resource()) }
}

fn cluster_arn(scope: &Scope, text: Option<&str>) -> String {
    let name = text.filter(|t| !t.is_empty()).unwrap_or(names::DEFAULT_CLUSTER);
    arn_or(scope, name, || format!("cluster/{name}"))
}

fn cluster_of(input: &Value) -> Option<&str> {
    input.get("cluster").or_else(|| input.get("clusterArn")).and_then(Value::as_str)
}

/// The cluster's plain name, for resources that lie in it.
fn cluster_name(input: &Value) -> &str {
    let text = cluster_of(input).filter(|t| !t.is_empty()).unwrap_or(names::DEFAULT_CLUSTER);
    text.rsplit('/').next().unwrap_or(text)
}

pub(crate) async fn accesses(
    api: &EcsApi,
    operation: &str,
    input: &Value,
    context: &Context,
) -> Result<Vec<Access>, AwsError> {
    let row = TABLE.binary_search_by(|(name, _)| (*name).cmp(operation)).map(|at| TABLE[at].1);
    let Ok(resource) = row else { return Err(AwsError::not_implemented(operation)) };
    let scope = Scope::of(context);
    let mut resources = resources(api, resource, input, &scope).await?;
    if resources.is_empty() {
        // Nothing named: the request will be refused for that, by whoever may ask at all.
        resources.push("*".to_owned());
    }
    let common = conditions(operation, resource, input, &scope);
    let mut out = Vec::with_capacity(resources.len() + 2);
    for arn in resources {
        let mut access = Access::new(format!("ecs:{operation}"), arn);
        access.conditions.clone_from(&common);
        for (key, value) in tags_of(api, &scope, &access.resource).await? {
            access.conditions.push((format!("aws:ResourceTag/{key}"), vec![value]));
        }
        out.push(access);
    }
    out.extend(tagging_at_creation(operation, input, &scope));
    out.extend(passed_roles(operation, input));
    Ok(out)
}

async fn resources(api: &EcsApi, resource: Resource, input: &Value, scope: &Scope) -> Result<Vec<String>, AwsError> {
    let cluster = cluster_name(input);
    let task = |text: &str| arn_or(scope, text, || format!("task/{cluster}/{text}"));
    Ok(match resource {
        Any => vec!["*".to_owned()],
        Cluster(member) => vec![cluster_arn(scope, input.get(member).and_then(Value::as_str))],
        Clusters(member) => {
            let asked = texts(input, member);
            let names = if asked.is_empty() { vec![names::DEFAULT_CLUSTER] } else { asked };
            names.into_iter().map(|text| cluster_arn(scope, Some(text))).collect()
        }
        NewCluster => vec![cluster_arn(scope, input.get("clusterName").and_then(Value::as_str))],
        InCluster("task", member) => texts(input, member).into_iter().map(task).collect(),
        InCluster(kind, member) => texts(input, member)
            .into_iter()
            .map(|text| arn_or(scope, text, || format!("{kind}/{cluster}/{text}")))
            .collect(),
        Plain(kind, member) => {
            texts(input, member).into_iter().map(|text| arn_or(scope, text, || format!("{kind}/{text}"))).collect()
        }
        Definition(member) => {
            let mut arns = Vec::new();
            for text in texts(input, member) {
                arns.push(definition_arn(api, scope, text).await?);
            }
            arns
        }
        Family => {
            let family = input.get("family").and_then(Value::as_str).unwrap_or_default();
            vec![scope.arn(format!("task-definition/{family}:*"))]
        }
        Arns(member) => texts(input, member).into_iter().map(str::to_owned).collect(),
        Instances => {
            let named = input.get("containerInstance").and_then(Value::as_str).unwrap_or("*");
            vec![arn_or(scope, named, || format!("container-instance/{cluster}/{named}"))]
        }
        ClusterAndTask => {
            let of = vec![cluster_arn(scope, cluster_of(input))];
            of.into_iter().chain(texts(input, "task").into_iter().map(task)).collect()
        }
    })
}

type Conditions = Vec<(String, Vec<String>)>;

/// Condition keys that the request itself gives.
fn conditions(operation: &str, resource: Resource, input: &Value, scope: &Scope) -> Conditions {
    let mut out = Conditions::new();
    let in_cluster = matches!(resource, InCluster(..) | Instances | ClusterAndTask)
        || matches!(operation, "RunTask" | "StartTask" | "ListServices");
    if in_cluster {
        out.push(("ecs:cluster".to_owned(), vec![cluster_arn(scope, cluster_of(input))]));
    }
    request_tags(input, &mut out);
    let keys = texts(input, "tagKeys");
    if !keys.is_empty() {
        out.push(("aws:TagKeys".to_owned(), keys.into_iter().map(str::to_owned).collect()));
    }
    match operation {
        "RunTask" | "CreateService" | "UpdateService" => run_conditions(input, &mut out),
        "RegisterTaskDefinition" => {
            text_condition(input, "/cpu", "ecs:task-cpu", &mut out);
            text_condition(input, "/memory", "ecs:task-memory", &mut out);
            list_condition(input.get("requiresCompatibilities"), "ecs:compute-compatibility", &mut out);
            let privileged = input.get("containerDefinitions").and_then(Value::as_array).into_iter().flatten();
            let any = privileged.into_iter().any(|c| c.get("privileged") == Some(&Value::Bool(true)));
            out.push(("ecs:privileged".to_owned(), vec![any.to_string()]));
        }
        "PutAccountSetting" | "PutAccountSettingDefault" | "DeleteAccountSetting" => {
            text_condition(input, "/name", "ecs:account-setting", &mut out);
        }
        _ => {}
    }
    out
}

fn run_conditions(input: &Value, out: &mut Conditions) {
    text_condition(input, "/overrides/cpu", "ecs:task-cpu", out);
    text_condition(input, "/overrides/memory", "ecs:task-memory", out);
    let exec = input.get("enableExecuteCommand").and_then(Value::as_bool).unwrap_or(false);
    out.push(("ecs:enable-execute-command".to_owned(), vec![exec.to_string()]));
    let vpc = input.pointer("/networkConfiguration/awsvpcConfiguration");
    list_condition(vpc.and_then(|v| v.get("subnets")), "ecs:subnet", out);
    let public = vpc.and_then(|v| v.get("assignPublicIp")).and_then(Value::as_str) == Some("ENABLED");
    out.push(("ecs:auto-assign-public-ip".to_owned(), vec![public.to_string()]));
    let strategy = input.get("capacityProviderStrategy").and_then(Value::as_array).into_iter().flatten();
    let providers: Vec<String> =
        strategy.filter_map(|item| item.get("capacityProvider")?.as_str().map(str::to_owned)).collect();
    if !providers.is_empty() {
        out.push(("ecs:capacity-provider".to_owned(), providers));
    }
    let volumes = input.get("volumeConfigurations").and_then(Value::as_array).is_some_and(|v| !v.is_empty());
    out.push(("ecs:enable-ebs-volumes".to_owned(), vec![volumes.to_string()]));
}

fn text_condition(input: &Value, pointer: &str, key: &str, out: &mut Conditions) {
    if let Some(text) = input.pointer(pointer).and_then(Value::as_str) {
        out.push((key.to_owned(), vec![text.to_owned()]));
    }
}

fn list_condition(value: Option<&Value>, key: &str, out: &mut Conditions) {
    let items: Vec<String> =
        value.and_then(Value::as_array).into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect();
    if !items.is_empty() {
        out.push((key.to_owned(), items));
    }
}

fn request_tags(input: &Value, out: &mut Conditions) {
    let mut keys = Vec::new();
    for tag in input.get("tags").and_then(Value::as_array).into_iter().flatten() {
        let Some(key) = tag.get("key").and_then(Value::as_str) else { continue };
        let value = tag.get("value").and_then(Value::as_str).unwrap_or_default();
        out.push((format!("aws:RequestTag/{key}"), vec![value.to_owned()]));
        keys.push(key.to_owned());
    }
    if !keys.is_empty() {
        out.push(("aws:TagKeys".to_owned(), keys));
    }
}

/// Who makes a resource with tags must also be allowed to tag what is made.
///
/// Source: Amazon ECS Developer Guide, "Grant permission to tag resources on creation".
fn tagging_at_creation(operation: &str, input: &Value, scope: &Scope) -> Option<Access> {
    let mut tags = Conditions::new();
    request_tags(input, &mut tags);
    if tags.is_empty() {
        return None;
    }
    let cluster = cluster_name(input);
    let resource =
        match operation {
            "CreateCluster" => cluster_arn(scope, input.get("clusterName").and_then(Value::as_str)),
            "RegisterTaskDefinition" => scope
                .arn(format!("task-definition/{}:*", input.get("family").and_then(Value::as_str).unwrap_or_default())),
            "RunTask" | "StartTask" => scope.arn(format!("task/{cluster}/*")),
            "CreateService" => {
                let name = input.get("serviceName").and_then(Value::as_str).unwrap_or_default();
                scope.arn(format!("service/{cluster}/{name}"))
            }
            "CreateTaskSet" => scope.arn(format!("task-set/{cluster}/*")),
            "CreateCapacityProvider" => scope
                .arn(format!("capacity-provider/{}", input.get("name").and_then(Value::as_str).unwrap_or_default())),
            "RegisterContainerInstance" => scope.arn(format!("container-instance/{cluster}/*")),
            _ => return None,
        };
    let mut access = Access::new("ecs:TagResource", resource);
    access.conditions = tags;
    Some(access.condition("ecs:CreateAction", vec![operation.to_owned()]))
}

/// `iam:PassRole` for every role that the request hands to tasks.
fn passed_roles(operation: &str, input: &Value) -> Vec<Access> {
    let (from, members): (&Value, &[&str]) = match operation {
        "RegisterTaskDefinition" | "RegisterDaemonTaskDefinition" => (input, &["taskRoleArn", "executionRoleArn"]),
        "RunTask" | "StartTask" => {
            (input.get("overrides").unwrap_or(&Value::Null), &["taskRoleArn", "executionRoleArn"])
        }
        "CreateExpressGatewayService" | "UpdateExpressGatewayService" => {
            (input, &["taskRoleArn", "executionRoleArn", "infrastructureRoleArn"])
        }
        "CreateGateway" | "UpdateGateway" => (input, &["infrastructureRoleArn"]),
        _ => return Vec::new(),
    };
    let roles = members.iter().filter_map(|m| from.get(*m).and_then(Value::as_str)).filter(|r| !r.is_empty());
    roles
        .map(|role| {
            Access::new("iam:PassRole", role)
                .condition("iam:PassedToService", vec!["ecs-tasks.amazonaws.com".to_owned()])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_model_has_a_row() {
        let modelled: Vec<&str> = gantry_aws_api::ecs::SERVICE.operations.iter().map(|op| op.name).collect();
        let covered: Vec<&str> = covered_operations().collect();
        assert_eq!(modelled, covered);
    }

    #[test]
    fn roles_are_passed_to_tasks() {
        let input = serde_json::json!({"taskRoleArn": "arn:aws:iam::123456789012:role/t"});
        let passed = passed_roles("RegisterTaskDefinition", &input);
        assert_eq!(passed.len(), 1);
        assert_eq!(passed[0].action, "iam:PassRole");
        assert_eq!(passed[0].conditions[0].1, ["ecs-tasks.amazonaws.com"]);
        assert!(passed_roles("RunTask", &input).is_empty());
    }
}
