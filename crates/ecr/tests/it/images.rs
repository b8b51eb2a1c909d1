//! Images by the API.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Fixture};

async fn all_ids(f: &Fixture, filter: Value, max: u32) -> (Vec<(bool, String)>, usize) {
    let mut input = json!({ "repositoryName": "app", "maxResults": max, "filter": filter });
    let (mut ids, mut pages) = (Vec::new(), 0);
    loop {
        let page = f.call("ListImages", input.clone()).await.unwrap();
        pages += 1;
        assert!(pages < 100, "the listing ends");
        for id in page["imageIds"].as_array().unwrap() {
            let tag = id.get("imageTag").and_then(Value::as_str);
            ids.push((tag.is_some(), tag.or(id["imageDigest"].as_str()).unwrap().to_owned()));
        }
        match page.get("nextToken") {
            Some(token) => input["nextToken"] = token.clone(),
            None => return (ids, pages),
        }
    }
}

#[tokio::test]
async fn images_are_listed_by_tag_and_without() {
    let f = Fixture::new().await;
    f.create("app").await;
    for n in 0..5 {
        f.push_image("app", Some(&format!("v{n}")), &format!("tagged {n}")).await;
        f.push_image("app", None, &format!("bare {n}")).await;
    }
    let same = f.manifest("app", "tagged 0").await;
    f.call("PutImage", json!({ "repositoryName": "app", "imageTag": "latest", "imageManifest": same })).await.unwrap();
    for (filter, expected) in [
        (json!({}), 11),
        (json!({ "tagStatus": "ANY" }), 11),
        (json!({ "tagStatus": "TAGGED" }), 6),
        (json!({ "tagStatus": "UNTAGGED" }), 5),
    ] {
        for max in [1, 2, 3, 6, 100] {
            let (mut ids, _) = all_ids(&f, filter.clone(), max).await;
            assert_eq!(ids.len(), expected, "{filter} by {max}");
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), expected, "{filter} by {max}: each once");
        }
    }
    for (filter, expected) in [("TAGGED", 5), ("UNTAGGED", 5), ("ANY", 10)] {
        let mut input = json!({ "repositoryName": "app", "maxResults": 2, "filter": { "tagStatus": filter } });
        let mut found = 0;
        loop {
            let page = f.call("DescribeImages", input.clone()).await.unwrap();
            found += page["imageDetails"].as_array().unwrap().len();
            match page.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => break,
            }
        }
        assert_eq!(found, expected, "{filter}");
    }
}

#[tokio::test]
async fn an_image_is_described_and_fetched() {
    let f = Fixture::new().await;
    f.create("app").await;
    let digest = f.push_image("app", Some("v1"), "content").await;
    let described =
        f.call("DescribeImages", json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v1" }] })).await.unwrap();
    let detail = &described["imageDetails"][0];
    assert_eq!(detail["imageDigest"], digest);
    assert_eq!(detail["imageTags"], json!(["v1"]));
    assert_eq!(detail["imageSizeInBytes"], 2 + 7);
    assert_eq!(detail["imagePushedAt"], 1_800_000_000.0);
    assert_eq!(detail["artifactMediaType"], "application/vnd.oci.image.config.v1+json");
    let missing = f
        .call("DescribeImages", json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v9" }] }))
        .await
        .unwrap_err();
    assert_eq!(missing.code, "ImageNotFoundException");
    assert_eq!(
        missing.message,
        format!(
            "The image with imageId {{imageDigest:'null', imageTag:'v9'}} does not exist within the repository with name 'app' in the registry with id '{ACCOUNT}'"
        )
    );
    let ids = json!([{ "imageTag": "v1" }, { "imageDigest": digest }, { "imageTag": "none" }, {}, { "imageDigest": "x" },
                     { "imageTag": "v1", "imageDigest": format!("sha256:{}", "0".repeat(64)) }]);
    let got = f.call("BatchGetImage", json!({ "repositoryName": "app", "imageIds": ids })).await.unwrap();
    assert_eq!(got["images"].as_array().unwrap().len(), 2);
    assert_eq!(got["images"][0]["imageManifest"], got["images"][1]["imageManifest"]);
    let codes: Vec<_> = got["failures"].as_array().unwrap().iter().map(|x| x["failureCode"].clone()).collect();
    assert_eq!(codes, ["ImageNotFound", "MissingDigestAndTag", "InvalidImageDigest", "ImageTagDoesNotMatchDigest"]);
    let refused = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v1" }],
                          "acceptedMediaTypes": ["application/vnd.docker.distribution.manifest.v1+json"] });
    assert_eq!(f.call("BatchGetImage", refused).await.unwrap()["failures"][0]["failureCode"], "ImageNotFound");
}

#[tokio::test]
async fn what_cannot_be_put_is_refused_in_ecrs_words() {
    let f = Fixture::new().await;
    f.create("app").await;
    let manifest = f.manifest("app", "x").await;
    let put = |more: Value| {
        let mut input = json!({ "repositoryName": "app", "imageManifest": manifest, "imageTag": "v1" });
        for (key, value) in more.as_object().unwrap() {
            input[key] = value.clone();
        }
        input
    };
    f.call("PutImage", put(json!({}))).await.unwrap();
    let none = format!("sha256:{}", "0".repeat(64));
    for (more, code) in [
        (json!({}), "ImageAlreadyExistsException"),
        (json!({ "imageDigest": none }), "ImageDigestDoesNotMatchException"),
        (json!({ "imageManifest": "{" }), "InvalidParameterException"),
        (json!({ "imageManifest": manifest.replace("\"size\":1", "\"size\":-1") }), "InvalidParameterException"),
        (json!({ "imageTag": "bad tag" }), "InvalidParameterException"),
        (json!({ "repositoryName": "none" }), "RepositoryNotFoundException"),
        (json!({ "imageManifestMediaType": "text/plain" }), "InvalidParameterException"),
    ] {
        assert_eq!(f.code("PutImage", put(more.clone())).await, code, "{more}");
    }
    let mut lacking: Value = serde_json::from_str(&manifest).unwrap();
    lacking["layers"][0]["digest"] = none.clone().into();
    assert_eq!(
        f.code("PutImage", put(json!({ "imageManifest": lacking.to_string() }))).await,
        "LayersNotFoundException"
    );
    let index = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
                        "manifests": [{ "mediaType": "x", "digest": none, "size": 1 }] });
    assert_eq!(
        f.code("PutImage", put(json!({ "imageManifest": index.to_string() }))).await,
        "ReferencedImagesNotFoundException"
    );
}

#[tokio::test]
async fn an_image_goes_with_its_last_tag() {
    let f = Fixture::new().await;
    f.create("app").await;
    let digest = f.push_image("app", Some("a"), "x").await;
    let manifest = f.manifest("app", "x").await;
    f.call("PutImage", json!({ "repositoryName": "app", "imageTag": "b", "imageManifest": manifest })).await.unwrap();
    let delete = |id: Value| json!({ "repositoryName": "app", "imageIds": [id] });
    let first = f.call("BatchDeleteImage", delete(json!({ "imageTag": "a" }))).await.unwrap();
    assert_eq!(first["imageIds"], json!([{ "imageDigest": digest, "imageTag": "a" }]));
    f.call("DescribeImages", delete(json!({ "imageDigest": digest }))).await.unwrap();
    f.call("BatchDeleteImage", delete(json!({ "imageTag": "b" }))).await.unwrap();
    assert_eq!(f.code("DescribeImages", delete(json!({ "imageDigest": digest }))).await, "ImageNotFoundException");

    let child = f.push_image("app", None, "child").await;
    let index = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{ "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": child, "size": 1 }] });
    let input = json!({ "repositoryName": "app", "imageTag": "multi", "imageManifest": index.to_string() });
    f.call("PutImage", input).await.unwrap();
    let held = f.call("BatchDeleteImage", delete(json!({ "imageDigest": child }))).await.unwrap();
    assert_eq!(held["failures"][0]["failureCode"], "ImageReferencedByManifestList");
    f.call("BatchDeleteImage", delete(json!({ "imageTag": "multi" }))).await.unwrap();
    let gone = f.call("BatchDeleteImage", delete(json!({ "imageDigest": child }))).await.unwrap();
    assert_eq!(gone["imageIds"], json!([{ "imageDigest": child }]));
    let none = f.call("BatchDeleteImage", delete(json!({ "imageDigest": child }))).await.unwrap();
    assert_eq!(none["failures"][0]["failureCode"], "ImageNotFound");
}
