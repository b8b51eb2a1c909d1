//! What callers must be allowed.

use gantry_aws_api::ecs::{Ecs as _, SERVICE};
use gantry_aws_wire::Access;
use serde_json::{Value, json};

use crate::support::Stack;

async fn accesses(stack: &Stack, operation: &str, input: Value) -> Vec<Access> {
    stack.api.accesses(operation, &input, &stack.context()).await.expect("accesses")
}

fn condition<'a>(access: &'a Access, key: &str) -> Option<&'a [String]> {
    access.conditions.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_slice())
}

#[tokio::test]
async fn no_operation_of_the_model_is_left_open() {
    let stack = Stack::new().await;
    for operation in SERVICE.operations {
        let asked = accesses(&stack, operation.name, json!({})).await;
        assert!(!asked.is_empty(), "{}", operation.name);
        assert_eq!(asked[0].action, format!("ecs:{}", operation.name));
    }
    let unknown = stack.api.accesses("DropTables", &json!({}), &stack.context()).await;
    assert_eq!(unknown.err().map(|e| e.status), Some(501));
}

#[tokio::test]
async fn resources_and_conditions_are_named() {
    let stack = Stack::with_app().await;
    let cluster = "arn:aws:ecs:us-east-1:123456789012:cluster/c1";
    let run = accesses(
        &stack,
        "RunTask",
        json!({"cluster": "c1", "taskDefinition": "app", "tags": [{"key": "team", "value": "a"}],
               "overrides": {"taskRoleArn": "arn:aws:iam::123456789012:role/t"}}),
    )
    .await;
    assert_eq!(run[0].resource, "arn:aws:ecs:us-east-1:123456789012:task-definition/app:1");
    assert_eq!(condition(&run[0], "ecs:cluster"), Some(&[cluster.to_owned()][..]));
    assert_eq!(condition(&run[0], "aws:RequestTag/team"), Some(&["a".to_owned()][..]));
    assert_eq!(condition(&run[0], "aws:TagKeys"), Some(&["team".to_owned()][..]));
    assert_eq!(
        (run[1].action.as_str(), run[1].resource.as_str()),
        ("ecs:TagResource", "arn:aws:ecs:us-east-1:123456789012:task/c1/*")
    );
    assert_eq!(condition(&run[1], "ecs:CreateAction"), Some(&["RunTask".to_owned()][..]));
    assert_eq!(
        (run[2].action.as_str(), run[2].resource.as_str()),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/t")
    );
    assert_eq!(condition(&run[2], "iam:PassedToService"), Some(&["ecs-tasks.amazonaws.com".to_owned()][..]));

    let task = stack.run(json!({"tags": [{"key": "team", "value": "a"}]})).await.remove(0);
    let id = crate::support::id_of(&task);
    for text in [task.as_str(), id] {
        let stop = accesses(&stack, "StopTask", json!({"cluster": "c1", "task": text})).await;
        assert_eq!(stop[0].resource, task);
        assert_eq!(condition(&stop[0], "aws:ResourceTag/team"), Some(&["a".to_owned()][..]));
    }
    let describe = accesses(&stack, "DescribeTasks", json!({"cluster": cluster, "tasks": [id, "x"]})).await;
    assert_eq!(describe.len(), 2);
    assert_eq!(describe[0].resource, task);
    assert_eq!(accesses(&stack, "CreateCluster", json!({})).await[0].resource.rsplit('/').next(), Some("default"));
    let list = accesses(&stack, "ListTasks", json!({"cluster": "c1"})).await;
    assert_eq!(list[0].resource, "arn:aws:ecs:us-east-1:123456789012:container-instance/c1/*");
}
