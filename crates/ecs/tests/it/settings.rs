//! Tags and account settings.

use serde_json::json;

use crate::support::Stack;

#[tokio::test]
async fn tags_come_and_go() {
    let stack = Stack::with_app().await;
    let task = stack.run(json!({})).await.remove(0);
    for arn in [
        "arn:aws:ecs:us-east-1:123456789012:cluster/c1",
        "arn:aws:ecs:us-east-1:123456789012:task-definition/app:1",
        task.as_str(),
    ] {
        let tags = json!([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]);
        stack.ok("TagResource", json!({"resourceArn": arn, "tags": tags})).await;
        assert_eq!(stack.ok("ListTagsForResource", json!({"resourceArn": arn})).await["tags"], tags, "{arn}");
        stack.ok("UntagResource", json!({"resourceArn": arn, "tagKeys": ["a"]})).await;
        let left = stack.ok("ListTagsForResource", json!({"resourceArn": arn})).await;
        assert_eq!(left["tags"], json!([{"key": "b", "value": "2"}]), "{arn}");
    }
    assert_eq!(stack.describe(&task).await["tags"], json!([{"key": "b", "value": "2"}]));
    for bad in [
        "nonsense",
        "arn:aws:ecs:us-east-1:123456789012:cluster/nope",
        "arn:aws:ecs:us-east-1:210987654321:cluster/c1",
        "arn:aws:ecs:us-east-1:123456789012:task-definition/app",
        "arn:aws:ecs:us-east-1:123456789012:task/c1/0123456789abcdef0123456789abcdef",
    ] {
        for operation in ["ListTagsForResource", "TagResource", "UntagResource"] {
            let input = json!({"resourceArn": bad, "tags": [{"key": "a"}], "tagKeys": ["a"]});
            assert_eq!(stack.refused(operation, input).await.0, "InvalidParameterException", "{operation} {bad}");
        }
    }
    let reserved = json!({"resourceArn": task, "tags": [{"key": "aws:x", "value": "1"}]});
    assert_eq!(stack.refused("TagResource", reserved).await.0, "InvalidParameterException");
    let many: Vec<_> = (0..51).map(|n| json!({"key": format!("k{n}"), "value": ""})).collect();
    assert_eq!(
        stack.refused("TagResource", json!({"resourceArn": task, "tags": many})).await.0,
        "InvalidParameterException"
    );
}

#[tokio::test]
async fn settings_are_kept_for_each_principal() {
    let stack = Stack::new().await;
    let put = stack.ok("PutAccountSetting", json!({"name": "containerInsights", "value": "enabled"})).await;
    assert_eq!(put["setting"]["principalArn"], "arn:aws:iam::123456789012:user/u");
    stack.ok("PutAccountSettingDefault", json!({"name": "awsvpcTrunking", "value": "enabled"})).await;
    let own = stack.ok("ListAccountSettings", json!({})).await;
    assert_eq!(own["settings"].as_array().map(Vec::len), Some(1));
    let effective = stack.ok("ListAccountSettings", json!({"effectiveSettings": true})).await;
    let value = |name: &str| {
        effective["settings"].as_array().and_then(|s| s.iter().find(|x| x["name"] == name)).map(|s| s["value"].clone())
    };
    assert_eq!(value("containerInsights"), Some(json!("enabled")));
    assert_eq!(value("awsvpcTrunking"), Some(json!("enabled")));
    assert_eq!(value("taskLongArnFormat"), Some(json!("enabled")));
    stack.ok("DeleteAccountSetting", json!({"name": "containerInsights"})).await;
    assert_eq!(stack.ok("ListAccountSettings", json!({})).await["settings"], json!([]));
    for (operation, input) in [
        ("PutAccountSetting", json!({"name": "x", "value": "enabled"})),
        ("PutAccountSetting", json!({"name": "containerInsights", "value": "maybe"})),
        ("PutAccountSettingDefault", json!({"name": "guardDutyActivate", "value": "on"})),
        ("DeleteAccountSetting", json!({"name": "x"})),
        ("ListAccountSettings", json!({"principalArn": "x"})),
        ("ListAccountSettings", json!({"nextToken": "x"})),
    ] {
        assert_eq!(stack.refused(operation, input.clone()).await.0, "InvalidParameterException", "{operation} {input}");
    }
}
