//! Creation templates and what they do to pushes; referrers by the API.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Fixture};

fn lifecycle() -> String {
    let rule = json!({ "rulePriority": 1, "action": { "type": "expire" }, "description": "as many as there may be",
        "selection": { "tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 5 } });
    json!({ "rules": [rule] }).to_string()
}

fn policy() -> String {
    let statement = json!({ "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage" });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

#[tokio::test]
async fn templates_are_made_changed_listed_and_deleted() {
    let f = Fixture::new().await;
    let prod = json!({ "prefix": "prod" });
    for operation in ["UpdateRepositoryCreationTemplate", "DeleteRepositoryCreationTemplate"] {
        assert_eq!(f.code(operation, prod.clone()).await, "TemplateNotFoundException", "{operation}");
    }
    let whole = json!({ "prefix": "prod", "description": "d", "appliedFor": ["CREATE_ON_PUSH", "REPLICATION"],
        "imageTagMutability": "IMMUTABLE", "resourceTags": [{ "Key": "team", "Value": "a" }],
        "encryptionConfiguration": { "encryptionType": "AES256" },
        "repositoryPolicy": policy(), "lifecyclePolicy": lifecycle() });
    let made = f.call("CreateRepositoryCreationTemplate", whole.clone()).await.unwrap();
    assert_eq!(made["registryId"], ACCOUNT);
    let mut template = made["repositoryCreationTemplate"].clone();
    for time in ["createdAt", "updatedAt"] {
        assert!(template.as_object_mut().unwrap().remove(time).unwrap().is_number());
    }
    assert_eq!(template, whole);
    let code = async |change: Value| {
        let mut input = whole.clone();
        for (key, value) in change.as_object().unwrap() {
            input[key] = value.clone();
        }
        f.code("CreateRepositoryCreationTemplate", input).await
    };
    assert_eq!(code(json!({})).await, "TemplateAlreadyExistsException");
    assert_eq!(code(json!({ "prefix": "prod/" })).await, "TemplateAlreadyExistsException", "the same prefix");
    for bad in [
        json!({ "appliedFor": [] }),
        json!({ "repositoryPolicy": "{}" }),
        json!({ "lifecyclePolicy": "{}" }),
        json!({ "imageTagMutability": "MUTABLE_WITH_EXCLUSION" }),
        json!({ "customRoleArn": "x" }),
        json!({ "customRoleArn": format!("arn:aws:iam::{ACCOUNT}:user/u") }),
        json!({ "customRoleArn": "arn:aws:iam::111111111111:role/r" }),
    ] {
        assert_eq!(code(bad.clone()).await, "InvalidParameterException", "{bad}");
    }
    f.clock.advance_ms(5000);
    let update = json!({ "prefix": "prod", "imageTagMutability": "MUTABLE", "lifecyclePolicy": "" });
    let updated =
        f.call("UpdateRepositoryCreationTemplate", update).await.unwrap()["repositoryCreationTemplate"].clone();
    assert_eq!((&updated["imageTagMutability"], &updated["description"]), (&json!("MUTABLE"), &json!("d")));
    assert_eq!((updated.get("lifecyclePolicy"), &updated["repositoryPolicy"]), (None, &json!(policy())));
    assert!(updated["updatedAt"].as_f64() > updated["createdAt"].as_f64());
    let root = json!({ "prefix": "ROOT", "appliedFor": ["PULL_THROUGH_CACHE"] });
    f.call("CreateRepositoryCreationTemplate", root).await.unwrap();
    let list = "DescribeRepositoryCreationTemplates";
    let first = f.call(list, json!({ "maxResults": 1 })).await.unwrap();
    assert_eq!(first["repositoryCreationTemplates"][0]["prefix"], "ROOT");
    let rest = f.call(list, json!({ "maxResults": 1, "nextToken": first["nextToken"] })).await.unwrap();
    assert_eq!((&rest["repositoryCreationTemplates"][0], rest.get("nextToken")), (&updated, None));
    let named = f.call(list, json!({ "prefixes": ["prod", "none"] })).await.unwrap();
    assert_eq!(named["repositoryCreationTemplates"], json!([updated]));
    let gone = f.call("DeleteRepositoryCreationTemplate", prod.clone()).await.unwrap();
    assert_eq!(gone["repositoryCreationTemplate"], updated);
    assert_eq!(f.code("DeleteRepositoryCreationTemplate", prod).await, "TemplateNotFoundException");
}

#[tokio::test]
async fn a_push_makes_the_repository_by_the_longest_prefix() {
    let f = Fixture::new().await;
    let push = |name: &str| format!("/v2/{name}/blobs/uploads/");
    let template = |prefix: &str, team: &str, applied: &str| {
        json!({ "prefix": prefix, "appliedFor": [applied],
        "imageTagMutability": "IMMUTABLE", "resourceTags": [{ "Key": "team", "Value": team }],
        "repositoryPolicy": policy(), "lifecyclePolicy": lifecycle() })
    };
    assert_eq!(f.wire("POST", &push("prod/app")).await, 404);
    for (prefix, team, applied) in [
        ("prod", "short", "CREATE_ON_PUSH"),
        ("prod/web/", "long", "CREATE_ON_PUSH"),
        ("prod/web/api", "not for pushes", "REPLICATION"),
    ] {
        f.call("CreateRepositoryCreationTemplate", template(prefix, team, applied)).await.unwrap();
    }
    assert_eq!(f.wire("POST", &push("production/app")).await, 404, "a prefix ends at a slash");
    assert_eq!(f.wire("POST", &push("prod")).await, 404, "and something comes after it");
    f.authority.denied.lock().unwrap().insert("ecr:CreateRepository".into());
    assert_eq!(f.wire("POST", &push("prod/app")).await, 403);
    f.authority.denied.lock().unwrap().clear();
    assert_eq!(f.wire("GET", "/v2/prod/app/tags/list").await, 404, "a read makes nothing");
    for (name, team) in [("prod/app", "short"), ("prod/web/app", "long"), ("prod/web/api/x", "long")] {
        assert_eq!(f.wire("POST", &push(name)).await, 202, "{name}");
        let named = json!({ "repositoryNames": [name] });
        let repository = f.call("DescribeRepositories", named).await.unwrap()["repositories"][0].clone();
        assert_eq!(repository["imageTagMutability"], "IMMUTABLE");
        let arn = json!({ "resourceArn": repository["repositoryArn"] });
        assert_eq!(
            f.call("ListTagsForResource", arn).await.unwrap()["tags"],
            json!([{ "Key": "team", "Value": team }])
        );
        let named = json!({ "repositoryName": name });
        assert_eq!(f.call("GetRepositoryPolicy", named.clone()).await.unwrap()["policyText"], policy());
        assert_eq!(f.call("GetLifecyclePolicy", named).await.unwrap()["lifecyclePolicyText"], lifecycle());
    }
    let root = json!({ "prefix": "ROOT", "appliedFor": ["CREATE_ON_PUSH"] });
    f.call("CreateRepositoryCreationTemplate", root).await.unwrap();
    assert_eq!(f.wire("POST", &push("any")).await, 202);
}

#[tokio::test]
async fn referrers_are_listed_by_type_and_status() {
    let f = Fixture::new().await;
    f.create("app").await;
    let subject = f.push_image("app", Some("v1"), "layer").await;
    let list = |more: Value| {
        let mut input = json!({ "repositoryName": "app", "subjectId": { "imageDigest": subject } });
        for (key, value) in more.as_object().unwrap() {
            input[key] = value.clone();
        }
        input
    };
    assert_eq!(f.call("ListImageReferrers", list(json!({}))).await.unwrap()["referrers"], json!([]));
    let mut all = Vec::new();
    for (kind, content) in [("application/sig", "one"), ("application/sbom", "two")] {
        let mut manifest: Value = serde_json::from_str(&f.manifest("app", content).await).unwrap();
        manifest["subject"] =
            json!({ "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": subject, "size": 10 });
        manifest["artifactType"] = kind.into();
        manifest["annotations"] = json!({ "made": "by hand" });
        let put = json!({ "repositoryName": "app", "imageManifest": manifest.to_string() });
        let put = f.call("PutImage", put).await.unwrap()["image"]["imageId"]["imageDigest"].clone();
        all.push((put, kind));
    }
    all.sort_by_key(|(digest, _)| digest.to_string());
    let first = f.call("ListImageReferrers", list(json!({ "maxResults": 1 }))).await.unwrap();
    let rest = list(json!({ "maxResults": 1, "nextToken": first["nextToken"] }));
    let rest = f.call("ListImageReferrers", rest).await.unwrap();
    for (page, (digest, kind)) in [&first, &rest].into_iter().zip(&all) {
        let referrer = &page["referrers"][0];
        assert_eq!((&referrer["digest"], &referrer["artifactType"]), (digest, &json!(kind)));
        assert_eq!(
            (&referrer["artifactStatus"], &referrer["annotations"]["made"]),
            (&json!("ACTIVE"), &json!("by hand"))
        );
    }
    assert_eq!(rest.get("nextToken"), None);
    let signatures = list(json!({ "filter": { "artifactTypes": ["application/sig"] } }));
    let found = f.call("ListImageReferrers", signatures).await.unwrap()["referrers"].clone();
    assert_eq!((found.as_array().unwrap().len(), &found[0]["artifactType"]), (1, &json!("application/sig")));
    let archive =
        json!({ "repositoryName": "app", "imageId": { "imageDigest": all[0].0 }, "targetStorageClass": "ARCHIVE" });
    f.call("UpdateImageStorageClass", archive).await.unwrap();
    for (status, count) in [("ACTIVE", 1), ("ARCHIVED", 1), ("ANY", 2), ("ACTIVATING", 0)] {
        let found =
            f.call("ListImageReferrers", list(json!({ "filter": { "artifactStatus": status } }))).await.unwrap();
        assert_eq!(found["referrers"].as_array().unwrap().len(), count, "{status}");
    }
    let bad = json!({ "repositoryName": "app", "subjectId": { "imageDigest": "sha256:x" } });
    assert_eq!(f.code("ListImageReferrers", bad).await, "InvalidParameterException");
    let none = json!({ "repositoryName": "none", "subjectId": { "imageDigest": subject } });
    assert_eq!(f.code("ListImageReferrers", none).await, "RepositoryNotFoundException");
}
