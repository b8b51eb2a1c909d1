//! Repositories, tags and policies by the API.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Fixture};

#[tokio::test]
async fn a_repository_is_made_described_and_deleted() {
    let f = Fixture::new().await;
    let made = f.call("CreateRepository", json!({ "repositoryName": "team/app" })).await.unwrap();
    let repo = &made["repository"];
    assert_eq!(repo["repositoryArn"], format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/team/app"));
    assert_eq!(repo["repositoryUri"], format!("{}/team/app", f.host()));
    assert_eq!(repo["registryId"], ACCOUNT);
    assert_eq!(repo["imageTagMutability"], "MUTABLE");
    assert_eq!(repo["encryptionConfiguration"]["encryptionType"], "AES256");
    assert_eq!(repo["imageScanningConfiguration"]["scanOnPush"], false);
    let again = f.call("CreateRepository", json!({ "repositoryName": "team/app" })).await.unwrap_err();
    assert_eq!(again.code, "RepositoryAlreadyExistsException");
    assert_eq!(
        again.message,
        format!("The repository with name 'team/app' already exists in the registry with id '{ACCOUNT}'")
    );
    let named = json!({ "repositoryNames": ["team/app"] });
    let described = f.call("DescribeRepositories", named).await.unwrap();
    assert_eq!(described["repositories"][0], *repo);
    let missing = f.call("DescribeRepositories", json!({ "repositoryNames": ["x1"] })).await.unwrap_err();
    assert_eq!(missing.code, "RepositoryNotFoundException");
    f.push_image("team/app", Some("v1"), "x").await;
    let full = f.call("DeleteRepository", json!({ "repositoryName": "team/app" })).await.unwrap_err();
    assert_eq!(full.code, "RepositoryNotEmptyException");
    assert_eq!(
        full.message,
        format!(
            "The repository with name 'team/app' in registry with id '{ACCOUNT}' cannot be deleted because it still contains images"
        )
    );
    let gone = f.call("DeleteRepository", json!({ "repositoryName": "team/app", "force": true })).await.unwrap();
    assert_eq!(gone["repository"], *repo);
    assert_eq!(
        f.code("DeleteRepository", json!({ "repositoryName": "team/app" })).await,
        "RepositoryNotFoundException"
    );
}

#[tokio::test]
async fn repositories_come_in_pages_and_forged_tokens_are_refused() {
    let f = Fixture::new().await;
    for n in 0..7 {
        f.create(&format!("r{n}")).await;
    }
    let (mut seen, mut input, mut pages) = (Vec::new(), json!({ "maxResults": 3 }), 0);
    loop {
        let page = f.call("DescribeRepositories", input.clone()).await.unwrap();
        pages += 1;
        seen.extend(page["repositories"].as_array().unwrap().iter().map(|r| r["repositoryName"].clone()));
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => break,
        }
    }
    assert_eq!((seen.len(), pages), (7, 3));
    assert!(seen.is_sorted_by(|a, b| a.as_str() < b.as_str()));
    let token = input["nextToken"].clone();
    let forged = [json!("AAAA"), json!(format!("{}x", token.as_str().unwrap()))];
    for bad in forged {
        assert_eq!(f.code("DescribeRepositories", json!({ "nextToken": bad })).await, "InvalidParameterException");
    }
    let elsewhere = json!({ "nextToken": token, "repositoryName": "r1" });
    assert_eq!(f.code("ListImages", elsewhere).await, "InvalidParameterException");
}

#[tokio::test]
async fn mutability_takes_its_filters_and_no_others() {
    let f = Fixture::new().await;
    let filter = json!([{ "filterType": "WILDCARD", "filter": "dev-*" }]);
    for (kind, filters, fits) in [
        ("IMMUTABLE", Value::Null, true),
        ("IMMUTABLE", filter.clone(), false),
        ("IMMUTABLE_WITH_EXCLUSION", Value::Null, false),
        ("IMMUTABLE_WITH_EXCLUSION", filter.clone(), true),
        ("MUTABLE_WITH_EXCLUSION", filter.clone(), true),
        ("SOMETHING", Value::Null, false),
    ] {
        let mut input = json!({ "repositoryName": "app", "imageTagMutability": kind });
        if !filters.is_null() {
            input["imageTagMutabilityExclusionFilters"] = filters;
        }
        let made = f.call("CreateRepository", input.clone()).await;
        assert_eq!(made.is_ok(), fits, "{kind}");
        match made {
            Ok(made) => {
                assert_eq!(made["repository"]["imageTagMutability"], kind);
                f.call("DeleteRepository", json!({ "repositoryName": "app" })).await.unwrap();
            }
            Err(e) => assert_eq!(e.code, "InvalidParameterException"),
        }
    }
    f.create("app").await;
    let changed = f
        .call("PutImageTagMutability", json!({ "repositoryName": "app", "imageTagMutability": "IMMUTABLE" }))
        .await
        .unwrap();
    assert_eq!(changed["imageTagMutability"], "IMMUTABLE");
    f.push_image("app", Some("v1"), "one").await;
    let manifest = f.manifest("app", "two").await;
    let moved = json!({ "repositoryName": "app", "imageTag": "v1", "imageManifest": manifest });
    assert_eq!(f.code("PutImage", moved).await, "ImageTagAlreadyExistsException");
    let scanning = json!({ "repositoryName": "app", "imageScanningConfiguration": { "scanOnPush": true } });
    f.call("PutImageScanningConfiguration", scanning).await.unwrap();
    let described = f.call("DescribeRepositories", json!({ "repositoryNames": ["app"] })).await.unwrap();
    assert_eq!(described["repositories"][0]["imageScanningConfiguration"]["scanOnPush"], true);
}

#[tokio::test]
async fn tags_are_kept_within_their_rules() {
    let f = Fixture::new().await;
    let input = json!({ "repositoryName": "app", "tags": [{ "Key": "team", "Value": "a" }] });
    let made = f.call("CreateRepository", input).await.unwrap();
    let arn = made["repository"]["repositoryArn"].clone();
    let tag = |key: &str, value: &str| json!({ "resourceArn": arn, "tags": [{ "Key": key, "Value": value }] });
    f.call("TagResource", tag("team", "b")).await.unwrap();
    f.call("TagResource", tag("env", "")).await.unwrap();
    f.call("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["none"] })).await.unwrap();
    let listed = f.call("ListTagsForResource", json!({ "resourceArn": arn })).await.unwrap();
    assert_eq!(listed["tags"], json!([{ "Key": "env", "Value": "" }, { "Key": "team", "Value": "b" }]));
    f.call("UntagResource", json!({ "resourceArn": arn, "tagKeys": ["team", "env"] })).await.unwrap();
    assert_eq!(f.call("ListTagsForResource", json!({ "resourceArn": arn })).await.unwrap()["tags"], json!([]));
    for bad in ["aws:x", "AWS:y"] {
        assert_eq!(f.code("TagResource", tag(bad, "x")).await, "InvalidTagParameterException");
    }
    let many: Vec<_> = (0..51).map(|n| json!({ "Key": format!("k{n}"), "Value": "" })).collect();
    assert_eq!(f.code("TagResource", json!({ "resourceArn": arn, "tags": many })).await, "TooManyTagsException");
    assert_eq!(f.call("ListTagsForResource", json!({ "resourceArn": arn })).await.unwrap()["tags"], json!([]));
    for bad in ["x", "arn:aws:ecs:us-east-1:123456789012:repository/app", "arn:aws:ecr:us-east-1:1:repository/app"] {
        assert_eq!(f.code("ListTagsForResource", json!({ "resourceArn": bad })).await, "InvalidParameterException");
    }
}

#[tokio::test]
async fn policies_are_checked_kept_and_removed() {
    let f = Fixture::new().await;
    f.create("app").await;
    let name = json!({ "repositoryName": "app" });
    assert_eq!(f.code("GetRepositoryPolicy", name.clone()).await, "RepositoryPolicyNotFoundException");
    let text = r#"{"Version":"2012-10-17","Statement":[{"Sid":"x","Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage"}]}"#;
    let set = f.call("SetRepositoryPolicy", json!({ "repositoryName": "app", "policyText": text })).await.unwrap();
    assert_eq!(set["policyText"], text);
    assert_eq!(f.call("GetRepositoryPolicy", name.clone()).await.unwrap()["policyText"], text);
    for bad in ["", "{}", "no JSON", r#"{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}"#] {
        let input = json!({ "repositoryName": "app", "policyText": bad });
        assert_eq!(f.code("SetRepositoryPolicy", input).await, "InvalidParameterException", "{bad}");
    }
    assert_eq!(f.call("DeleteRepositoryPolicy", name.clone()).await.unwrap()["policyText"], text);
    assert_eq!(f.code("DeleteRepositoryPolicy", name).await, "RepositoryPolicyNotFoundException");
    let missing = json!({ "repositoryName": "none", "policyText": text });
    assert_eq!(f.code("SetRepositoryPolicy", missing).await, "RepositoryNotFoundException");
}
