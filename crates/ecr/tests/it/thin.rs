//! Small things of the API where its documentation is exact.

use serde_json::{Value, json};

use crate::support::Fixture;

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

#[tokio::test]
async fn an_image_comes_in_an_accepted_form() {
    let f = Fixture::new().await;
    f.create("app").await;
    let digest = f.push_image("app", Some("v1"), "layer").await;
    let get = async |id: Value, accepted: Value| {
        let input = json!({ "repositoryName": "app", "imageIds": [id], "acceptedMediaTypes": accepted });
        f.call("BatchGetImage", input).await.unwrap()
    };
    let (by_tag, by_digest) = (json!({ "imageTag": "v1" }), json!({ "imageDigest": digest }));
    for accepted in [json!([]), json!([OCI]), json!([DOCKER, OCI])] {
        for id in [&by_tag, &by_digest] {
            assert_eq!(get(id.clone(), accepted.clone()).await["images"][0]["imageManifestMediaType"], OCI);
        }
    }
    let other = get(by_tag.clone(), json!([DOCKER])).await["images"][0].clone();
    assert_eq!((&other["imageManifestMediaType"], &other["imageId"]["imageDigest"]), (&json!(DOCKER), &json!(digest)));
    let manifest: Value = serde_json::from_str(other["imageManifest"].as_str().unwrap()).unwrap();
    assert_eq!(manifest["mediaType"], DOCKER);
    assert_eq!(manifest["layers"][0]["mediaType"], "application/vnd.docker.image.rootfs.diff.tar");
    // By digest nothing is turned into something else, and some forms are out of reach.
    for (id, accepted) in [(by_digest, DOCKER), (by_tag, "application/vnd.docker.distribution.manifest.v1+json")] {
        let got = get(id, json!([accepted])).await;
        assert_eq!((&got["images"], &got["failures"][0]["failureCode"]), (&json!([]), &json!("ImageNotFound")));
    }
}

#[tokio::test]
async fn the_first_layer_makes_the_repository_where_a_template_says_so() {
    let f = Fixture::new().await;
    let layer = json!({ "repositoryName": "prod/app" });
    assert_eq!(f.code("InitiateLayerUpload", layer.clone()).await, "RepositoryNotFoundException");
    let template = json!({ "prefix": "prod", "appliedFor": ["CREATE_ON_PUSH"], "imageTagMutability": "IMMUTABLE" });
    f.call("CreateRepositoryCreationTemplate", template).await.unwrap();
    f.authority.denied.lock().unwrap().insert("ecr:CreateRepository".into());
    assert_eq!(f.code("InitiateLayerUpload", layer.clone()).await, "AccessDeniedException");
    f.authority.denied.lock().unwrap().clear();
    f.call("InitiateLayerUpload", layer.clone()).await.unwrap();
    let made = f.call("DescribeRepositories", json!({ "repositoryNames": ["prod/app"] })).await.unwrap();
    assert_eq!(made["repositories"][0]["imageTagMutability"], "IMMUTABLE");
    f.authority.denied.lock().unwrap().insert("ecr:CreateRepository".into());
    f.call("InitiateLayerUpload", layer).await.unwrap();
}

/// The code, where the parameter is named, and ECR's own words where they are known.
#[tokio::test]
async fn documents_that_do_not_parse_say_where_and_change_nothing() {
    let f = Fixture::new().await;
    f.create("app").await;
    let rule = |priority: u32, status: &str, more: Value| {
        let mut selection = json!({ "tagStatus": status, "countType": "imageCountMoreThan", "countNumber": 1 });
        for (key, value) in more.as_object().unwrap() {
            selection[key] = value.clone();
        }
        json!({ "rulePriority": priority, "selection": selection, "action": { "type": "expire" } })
    };
    let rules = |rules: Vec<Value>| json!({ "rules": rules }).to_string();
    let none = || json!({});
    let lifecycle = "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: ";
    for (text, said) in [
        ("no JSON".to_owned(), "Could not map policyString into LifecyclePolicy."),
        ("[]".to_owned(), "Could not map policyString into LifecyclePolicy."),
        ("{}".to_owned(), "Could not map policyString into LifecyclePolicy."),
        (rules(vec![rule(1, "untagged", none()), rule(1, "any", none())]), "the rulePriority 1 is there twice"),
        (
            rules(vec![rule(1, "untagged", none()), rule(2, "untagged", none())]),
            "Only one rule can select Untagged images per storage class",
        ),
        (
            rules(vec![rule(1, "any", none()), rule(2, "untagged", none())]),
            "Rule for tagStatus=ANY must have the lowest priority per storage class",
        ),
        (
            rules(vec![rule(1, "tagged", none())]),
            "rule 1: Must specify tagPrefixList or tagPatternList when tagStatus=TAGGED.",
        ),
    ] {
        for operation in ["PutLifecyclePolicy", "StartLifecyclePolicyPreview"] {
            let input = json!({ "repositoryName": "app", "lifecyclePolicyText": text });
            let refused = f.call(operation, input).await.unwrap_err();
            assert_eq!(refused.code, "InvalidParameterException", "{text}");
            assert!(refused.message.starts_with(&format!("{lifecycle}{said}")), "{}", refused.message);
        }
    }
    assert_eq!(
        f.code("GetLifecyclePolicy", json!({ "repositoryName": "app" })).await,
        "LifecyclePolicyNotFoundException"
    );

    let statement = |more: Value| {
        let mut statement = json!({ "Effect": "Allow", "Principal": "*", "Action": "ecr:ListImages" });
        for (key, value) in more.as_object().unwrap() {
            statement[key] = value.clone();
        }
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    };
    for text in [
        "no JSON".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        statement(json!({ "Effect": "Maybe" })),
        statement(json!({ "Action": 1 })),
        statement(json!({ "Condition": { "NoSuchOperator": { "a": "b" } } })),
        statement(json!({ "Unknown": 1 })),
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"ecr:ListImages"}]}"#.to_owned(),
    ] {
        let input = json!({ "repositoryName": "app", "policyText": text });
        let refused = f.call("SetRepositoryPolicy", input).await.unwrap_err();
        assert_eq!(refused.code, "InvalidParameterException", "{text}");
        let said =
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided";
        assert!(refused.message.starts_with(said), "{}", refused.message);
        let refused = f.call("PutRegistryPolicy", json!({ "policyText": text })).await.unwrap_err();
        assert_eq!(refused.code, "InvalidParameterException", "{text}");
        let said = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid registry policy provided";
        assert!(refused.message.starts_with(said), "{}", refused.message);
    }
    assert_eq!(
        f.code("GetRepositoryPolicy", json!({ "repositoryName": "app" })).await,
        "RepositoryPolicyNotFoundException"
    );
    assert_eq!(f.code("GetRegistryPolicy", json!({})).await, "RegistryPolicyNotFoundException");
}

#[tokio::test]
async fn named_things_come_without_pages() {
    let f = Fixture::new().await;
    f.create("app").await;
    f.push_image("app", Some("v1"), "layer").await;
    let ids = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v1" }], "maxResults": 1 });
    assert_eq!(f.code("DescribeImages", ids).await, "InvalidParameterException");
    let names = json!({ "repositoryNames": ["app"], "maxResults": 1 });
    assert_eq!(f.code("DescribeRepositories", names).await, "InvalidParameterException");
}
