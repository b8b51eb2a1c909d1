//! Lifecycle policies and storage classes by the API.

use serde_json::{Value, json};

use crate::support::Fixture;

fn policy(number: u32) -> String {
    let rule = json!({ "rulePriority": 1, "description": "keep few",
        "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": number },
        "action": { "type": "expire" } });
    json!({ "rules": [rule] }).to_string()
}

#[tokio::test]
async fn policies_are_put_got_and_deleted() {
    let f = Fixture::new().await;
    let name = json!({ "repositoryName": "app" });
    let put = json!({ "repositoryName": "app", "lifecyclePolicyText": policy(2) });
    for operation in ["GetLifecyclePolicy", "DeleteLifecyclePolicy", "GetLifecyclePolicyPreview"] {
        assert_eq!(f.code(operation, name.clone()).await, "RepositoryNotFoundException", "{operation}");
    }
    for operation in ["PutLifecyclePolicy", "StartLifecyclePolicyPreview"] {
        assert_eq!(f.code(operation, put.clone()).await, "RepositoryNotFoundException", "{operation}");
    }
    f.create("app").await;
    for operation in ["GetLifecyclePolicy", "DeleteLifecyclePolicy", "StartLifecyclePolicyPreview"] {
        let refused = f.call(operation, name.clone()).await.unwrap_err();
        assert_eq!(refused.code, "LifecyclePolicyNotFoundException", "{operation}");
        assert_eq!(
            refused.message,
            "Lifecycle policy does not exist for the repository with name 'app' in the registry with id '123456789012'"
        );
    }
    assert_eq!(f.code("GetLifecyclePolicyPreview", name.clone()).await, "LifecyclePolicyPreviewNotFoundException");
    for bad in [policy(0), policy(2).replace("any", "some"), policy(2).replace("{\"rules\"", "{\"x\":1,\"rules\"")] {
        let input = json!({ "repositoryName": "app", "lifecyclePolicyText": bad });
        for operation in ["PutLifecyclePolicy", "StartLifecyclePolicyPreview"] {
            let refused = f.call(operation, input.clone()).await.unwrap_err();
            assert_eq!(refused.code, "InvalidParameterException", "{bad}");
            assert!(refused.message.contains("Lifecycle policy validation failure"), "{}", refused.message);
        }
    }
    let done = f.call("PutLifecyclePolicy", put.clone()).await.unwrap();
    assert_eq!(done["lifecyclePolicyText"], put["lifecyclePolicyText"]);
    assert_eq!(done["registryId"], "123456789012");
    let got = f.call("GetLifecyclePolicy", name.clone()).await.unwrap();
    assert_eq!((&got["lifecyclePolicyText"], got.get("lastEvaluatedAt")), (&put["lifecyclePolicyText"], None));
    f.wire.registry().housekeep().await;
    assert!(f.call("GetLifecyclePolicy", name.clone()).await.unwrap()["lastEvaluatedAt"].is_number());
    f.call("DeleteLifecyclePolicy", name.clone()).await.unwrap();
    assert_eq!(f.code("GetLifecyclePolicy", name.clone()).await, "LifecyclePolicyNotFoundException");
    // A policy does not outlive its repository.
    f.call("PutLifecyclePolicy", put).await.unwrap();
    f.call("DeleteRepository", name.clone()).await.unwrap();
    f.create("app").await;
    assert_eq!(f.code("GetLifecyclePolicy", name).await, "LifecyclePolicyNotFoundException");
}

#[tokio::test]
async fn a_preview_lists_in_pages_and_touches_nothing() {
    let f = Fixture::new().await;
    f.create("app").await;
    let mut digests = Vec::new();
    for n in 0..5 {
        let tag = format!("v{n}");
        digests.push(f.push_image("app", Some(&tag).filter(|_| n != 1).map(String::as_str), &format!("l{n}")).await);
        f.clock.advance_ms(1000);
    }
    let start = json!({ "repositoryName": "app", "lifecyclePolicyText": policy(2) });
    assert_eq!(f.call("StartLifecyclePolicyPreview", start).await.unwrap()["status"], "IN_PROGRESS");
    let get = |more: Value| {
        let mut input = json!({ "repositoryName": "app" });
        for (key, value) in more.as_object().unwrap() {
            input[key] = value.clone();
        }
        input
    };
    let all = f.call("GetLifecyclePolicyPreview", get(json!({}))).await.unwrap();
    assert_eq!((&all["status"], &all["summary"]["expiringImageTotalCount"]), (&json!("COMPLETE"), &json!(3)));
    let results = all["previewResults"].as_array().unwrap();
    let of = |results: &[Value]| results.iter().map(|r| r["imageDigest"].clone()).collect::<Vec<_>>();
    let mut expected: Vec<Value> = digests[..3].iter().map(|d| json!(d)).collect();
    expected.sort_by_key(Value::to_string);
    assert_eq!(of(results), expected);
    assert_eq!(results[0]["action"], json!({ "type": "EXPIRE" }));
    assert_eq!((&results[0]["appliedRulePriority"], &results[0]["storageClass"]), (&json!(1), &json!("STANDARD")));
    let first = f.call("GetLifecyclePolicyPreview", get(json!({ "maxResults": 2 }))).await.unwrap();
    let rest = get(json!({ "maxResults": 2, "nextToken": first["nextToken"] }));
    let rest = f.call("GetLifecyclePolicyPreview", rest).await.unwrap();
    assert_eq!(of(&[&first, &rest].map(|p| p["previewResults"].as_array().unwrap().clone()).concat()), expected);
    assert_eq!(rest.get("nextToken"), None);
    let untagged = get(json!({ "filter": { "tagStatus": "UNTAGGED" } }));
    let untagged = f.call("GetLifecyclePolicyPreview", untagged).await.unwrap();
    assert_eq!(of(untagged["previewResults"].as_array().unwrap()), [json!(digests[1])]);
    let one = get(json!({ "imageIds": [{ "imageTag": "v2" }, { "imageTag": "v4" }] }));
    let one = f.call("GetLifecyclePolicyPreview", one).await.unwrap();
    assert_eq!(of(one["previewResults"].as_array().unwrap()), [json!(digests[2])]);
    let bad = get(json!({ "nextToken": "x" }));
    assert_eq!(f.code("GetLifecyclePolicyPreview", bad).await, "InvalidParameterException");
    let listed = f.call("DescribeImages", json!({ "repositoryName": "app" })).await.unwrap();
    assert_eq!(listed["imageDetails"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn images_go_into_the_archive_and_come_back() {
    let f = Fixture::new().await;
    f.create("app").await;
    let digest = f.push_image("app", Some("v1"), "layer").await;
    f.push_image("app", Some("v2"), "other").await;
    let to = |class: &str, tag: &str| json!({ "repositoryName": "app", "imageId": { "imageTag": tag }, "targetStorageClass": class });
    let status = |filter: &str| json!({ "repositoryName": "app", "filter": { "imageStatus": filter } });
    let count = async |filter: &str| {
        let listed = f.call("ListImages", status(filter)).await.unwrap()["imageIds"].as_array().unwrap().len();
        let described = f.call("DescribeImages", status(filter)).await.unwrap();
        assert_eq!(described["imageDetails"].as_array().unwrap().len(), listed, "{filter}");
        listed
    };
    let unsupported = "ImageStorageClassUpdateNotSupportedException";
    assert_eq!(f.code("UpdateImageStorageClass", to("STANDARD", "v1")).await, unsupported);
    assert_eq!(f.code("UpdateImageStorageClass", to("ARCHIVE", "none")).await, "ImageNotFoundException");
    let mut elsewhere = to("ARCHIVE", "v1");
    elsewhere["repositoryName"] = "none".into();
    assert_eq!(f.code("UpdateImageStorageClass", elsewhere).await, "RepositoryNotFoundException");
    let done = f.call("UpdateImageStorageClass", to("ARCHIVE", "v1")).await.unwrap();
    assert_eq!((&done["imageStatus"], &done["imageId"]["imageDigest"]), (&json!("ARCHIVED"), &json!(digest)));
    assert_eq!(f.code("UpdateImageStorageClass", to("ARCHIVE", "v1")).await, unsupported);
    let pull = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v1" }, { "imageTag": "v2" }] });
    let pulled = f.call("BatchGetImage", pull.clone()).await.unwrap();
    assert_eq!(
        (pulled["images"].as_array().unwrap().len(), pulled["failures"][0]["failureCode"].as_str()),
        (1, Some("ImageInaccessible"))
    );
    assert_eq!(
        [count("ARCHIVED").await, count("ACTIVE").await, count("ANY").await, count("ACTIVATING").await],
        [1, 1, 2, 0]
    );
    let described = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v1" }] });
    let detail = f.call("DescribeImages", described.clone()).await.unwrap()["imageDetails"][0].clone();
    assert_eq!((&detail["imageStatus"], detail["lastArchivedAt"].is_number()), (&json!("ARCHIVED"), true));
    assert_eq!(f.call("UpdateImageStorageClass", to("STANDARD", "v1")).await.unwrap()["imageStatus"], "ACTIVE");
    assert_eq!(f.call("BatchGetImage", pull).await.unwrap()["failures"], json!([]));
    let detail = f.call("DescribeImages", described).await.unwrap()["imageDetails"][0].clone();
    assert!(detail["lastActivatedAt"].is_number() && detail["lastRecordedPullTime"].is_number());
}
