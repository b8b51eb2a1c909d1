//! What is set for a registry as a whole: its policy, account settings, exclusions, configurations.

use std::sync::Arc;

use gantry_aws_wire::{Access, Caller, Context};
use gantry_iam::{Policy, PolicyKind};
use http::Request;
use http_body_util::Empty;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Fixture, context};

impl Fixture {
    /// The status of a request over the wire with a fresh token.
    pub async fn wire(&self, method: &str, path: &str) -> u16 {
        use base64::Engine as _;
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{}", self.password().await));
        let request = Request::builder().method(method).uri(path).header("host", self.host());
        let request = request.header("authorization", format!("Basic {basic}")).body(Empty::<bytes::Bytes>::new());
        let peer = gantry_registry::Peer { source_ip: self.address.ip(), secure_transport: false };
        self.wire.handle(request.unwrap(), peer).await.status().as_u16()
    }

    pub fn asked(&self) -> Vec<Access> {
        std::mem::take(&mut *self.authority.asked.lock().unwrap())
    }
}

fn statement(sid: &str, action: &str) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Principal": "*", "Action": action, "Resource": "*" })
}

#[tokio::test]
async fn the_registry_policy_is_part_of_every_decision() {
    let f = Fixture::new().await;
    f.create("app").await;
    for operation in ["GetRegistryPolicy", "DeleteRegistryPolicy"] {
        let refused = f.call(operation, json!({})).await.unwrap_err();
        assert_eq!(refused.code, "RegistryPolicyNotFoundException");
        assert_eq!(refused.message, format!("Registry policy does not exist in the registry with id '{ACCOUNT}'"));
    }
    let bad = json!({ "policyText": "{}" });
    assert_eq!(f.code("PutRegistryPolicy", bad).await, "InvalidParameterException");
    let own = json!({ "Version": "2012-10-17", "Statement": [statement("same", "ecr:ListImages")] }).to_string();
    let put = f.call("PutRegistryPolicy", json!({ "policyText": own })).await.unwrap();
    assert_eq!(put, json!({ "registryId": ACCOUNT, "policyText": own }));
    assert_eq!(f.call("GetRegistryPolicy", json!({})).await.unwrap(), put);

    f.asked();
    f.call("ListImages", json!({ "repositoryName": "app" })).await.unwrap();
    assert_eq!(f.wire("GET", "/v2/app/tags/list").await, 200);
    for access in f.asked() {
        assert_eq!((access.action.as_str(), access.resource_policy.as_deref()), ("ecr:ListImages", Some(&*own)));
    }
    // With the repository's own both count, whatever their statements are called.
    let mut repository = json!({ "Version": "2012-10-17", "Statement": statement("same", "ecr:BatchGetImage") });
    repository["Statement"].as_object_mut().unwrap().remove("Resource");
    let set = json!({ "repositoryName": "app", "policyText": repository.to_string() });
    f.call("SetRepositoryPolicy", set).await.unwrap();
    f.asked();
    f.call("ListImages", json!({ "repositoryName": "app" })).await.unwrap();
    let text = f.asked()[0].resource_policy.clone().unwrap();
    Policy::parse(&text, PolicyKind::Resource).unwrap();
    assert!(text.contains("ecr:ListImages") && text.contains("ecr:BatchGetImage"), "{text}");

    // Scope V1 is about three actions only.
    f.call("PutAccountSetting", json!({ "name": "REGISTRY_POLICY_SCOPE", "value": "V1" })).await.unwrap();
    f.asked();
    f.call("ListImages", json!({ "repositoryName": "app" })).await.unwrap();
    f.call("CreateRepository", json!({ "repositoryName": "new" })).await.unwrap();
    let asked = f.asked();
    assert!(!asked[0].resource_policy.as_ref().unwrap().contains("ecr:ListImages"));
    assert_eq!((asked[1].action.as_str(), asked[1].resource_policy.as_deref()), ("ecr:CreateRepository", Some(&*own)));
    assert_eq!(f.call("DeleteRegistryPolicy", json!({})).await.unwrap(), put);
    assert_eq!(f.code("GetRegistryPolicy", json!({})).await, "RegistryPolicyNotFoundException");
}

#[tokio::test]
async fn account_settings_have_defaults_and_values() {
    let f = Fixture::new().await;
    for (name, default, other) in [
        ("BASIC_SCAN_TYPE_VERSION", "AWS_NATIVE", "AWS_NATIVE"),
        ("REGISTRY_POLICY_SCOPE", "V2", "V1"),
        ("BLOB_MOUNTING", "ENABLED", "DISABLED"),
    ] {
        let got = async || f.call("GetAccountSetting", json!({ "name": name })).await.unwrap();
        assert_eq!(got().await, json!({ "name": name, "value": default }));
        let put = f.call("PutAccountSetting", json!({ "name": name, "value": other })).await.unwrap();
        assert_eq!((got().await, &put), (put.clone(), &json!({ "name": name, "value": other })));
        let bad = json!({ "name": name, "value": "V3" });
        assert_eq!(f.code("PutAccountSetting", bad).await, "InvalidParameterException");
    }
    assert_eq!(f.code("GetAccountSetting", json!({ "name": "OTHER" })).await, "InvalidParameterException");
    let bad = json!({ "name": "OTHER", "value": "V1" });
    assert_eq!(f.code("PutAccountSetting", bad).await, "InvalidParameterException");
}

#[tokio::test]
async fn blobs_are_mounted_as_the_account_wants() {
    let f = Fixture::new().await;
    f.create("from").await;
    f.create("to").await;
    let other = json!({ "repositoryName": "kms", "encryptionConfiguration": { "encryptionType": "KMS" } });
    f.call("CreateRepository", other).await.unwrap();
    let layer = f.push_layer("from", b"layer").await;
    let mount = |to: &str| format!("/v2/{to}/blobs/uploads/?mount={layer}&from=from");
    f.call("PutAccountSetting", json!({ "name": "BLOB_MOUNTING", "value": "DISABLED" })).await.unwrap();
    assert_eq!(f.wire("POST", &mount("to")).await, 202);
    f.call("PutAccountSetting", json!({ "name": "BLOB_MOUNTING", "value": "ENABLED" })).await.unwrap();
    assert_eq!(f.wire("POST", &mount("to")).await, 202, "in no image yet");
    f.push_image("from", None, "layer").await;
    assert_eq!(f.wire("POST", &mount("kms")).await, 202, "encrypted in another way");
    let rule = json!({ "ecrRepositoryPrefix": "ROOT", "upstreamRegistryUrl": "public.ecr.aws" });
    f.call("CreatePullThroughCacheRule", rule).await.unwrap();
    assert_eq!(f.wire("POST", &mount("to")).await, 202, "a cache's");
    f.call("DeletePullThroughCacheRule", json!({ "ecrRepositoryPrefix": "ROOT" })).await.unwrap();
    assert_eq!(f.wire("POST", &mount("to")).await, 201);
    assert_eq!(f.wire("HEAD", &format!("/v2/to/blobs/{layer}")).await, 200);
}

#[tokio::test]
async fn pulls_of_excluded_principals_leave_no_trace() {
    let f = Fixture::new().await;
    f.create("app").await;
    f.push_image("app", Some("v1"), "layer").await;
    let user = context().caller.arn.clone();
    let role = format!("arn:aws:iam::{ACCOUNT}:role/ci/scanner");
    for arn in [&user, &role] {
        let input = json!({ "principalArn": arn });
        assert_eq!(f.code("DeregisterPullTimeUpdateExclusion", input.clone()).await, "ExclusionNotFoundException");
        let made = f.call("RegisterPullTimeUpdateExclusion", input.clone()).await.unwrap();
        assert!(made["principalArn"] == json!(arn) && made["createdAt"].is_number());
        assert_eq!(f.code("RegisterPullTimeUpdateExclusion", input).await, "ExclusionAlreadyExistsException");
    }
    let first = f.call("ListPullTimeUpdateExclusions", json!({ "maxResults": 1 })).await.unwrap();
    assert_eq!(first["pullTimeUpdateExclusions"], json!([role]));
    let rest = json!({ "nextToken": first["nextToken"] });
    let rest = f.call("ListPullTimeUpdateExclusions", rest).await.unwrap();
    assert_eq!((&rest["pullTimeUpdateExclusions"], rest.get("nextToken")), (&json!([user]), None));

    let pull = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v1" }] });
    let last = async || {
        let described = f.call("DescribeImages", pull.clone()).await.unwrap();
        described["imageDetails"][0].get("lastRecordedPullTime").cloned()
    };
    let assumed = format!("arn:aws:sts::{ACCOUNT}:assumed-role/scanner/session");
    let scanner = Context { caller: Arc::new(Caller { arn: assumed, ..(*context().caller).clone() }), ..context() };
    f.call("BatchGetImage", pull.clone()).await.unwrap();
    assert_eq!(f.wire("GET", "/v2/app/manifests/v1").await, 200);
    f.call_as(&scanner, "BatchGetImage", pull.clone()).await.unwrap();
    assert_eq!(last().await, None);
    f.call("DeregisterPullTimeUpdateExclusion", json!({ "principalArn": user })).await.unwrap();
    assert_eq!(f.wire("GET", "/v2/app/manifests/v1").await, 200);
    assert!(last().await.unwrap().is_number());
}

#[tokio::test]
async fn a_registry_has_no_more_exclusions_than_its_quota() {
    let f = Fixture::new().await;
    for n in 0..100 {
        let input = json!({ "principalArn": format!("arn:aws:iam::{ACCOUNT}:user/u{n}") });
        f.call("RegisterPullTimeUpdateExclusion", input).await.unwrap();
    }
    let input = json!({ "principalArn": format!("arn:aws:iam::{ACCOUNT}:user/more") });
    assert_eq!(f.code("RegisterPullTimeUpdateExclusion", input).await, "LimitExceededException");
}

#[tokio::test]
async fn scanning_configurations_are_kept_and_matched() {
    let f = Fixture::new().await;
    f.create("prod/app").await;
    f.call(
        "CreateRepository",
        json!({ "repositoryName": "own", "imageScanningConfiguration": { "scanOnPush": true } }),
    )
    .await
    .unwrap();
    let none = f.call("GetRegistryScanningConfiguration", json!({})).await.unwrap();
    assert_eq!(none, json!({ "registryId": ACCOUNT, "scanningConfiguration": { "scanType": "BASIC", "rules": [] } }));
    let rule = |frequency: &str, filter: &str| {
        json!({ "scanFrequency": frequency,
        "repositoryFilters": [{ "filter": filter, "filterType": "WILDCARD" }] })
    };
    for (kind, rules) in [
        ("BASIC", json!([rule("CONTINUOUS_SCAN", "*")])),
        ("ENHANCED", json!([rule("MANUAL", "*")])),
        ("BASIC", json!([rule("MANUAL", "a"), rule("MANUAL", "b")])),
    ] {
        let put = json!({ "scanType": kind, "rules": rules });
        assert_eq!(f.code("PutRegistryScanningConfiguration", put).await, "InvalidParameterException");
    }
    let put =
        json!({ "scanType": "ENHANCED", "rules": [rule("SCAN_ON_PUSH", "*"), rule("CONTINUOUS_SCAN", "prod/*")] });
    let done = f.call("PutRegistryScanningConfiguration", put.clone()).await.unwrap();
    assert_eq!(done["registryScanningConfiguration"], put);
    let got = f.call("GetRegistryScanningConfiguration", json!({})).await.unwrap();
    assert_eq!(got["scanningConfiguration"], put);
    let names = json!({ "repositoryNames": ["prod/app", "own", "none"] });
    let found = f.call("BatchGetRepositoryScanningConfiguration", names.clone()).await.unwrap();
    assert_eq!(found["scanningConfigurations"][0]["scanFrequency"], "CONTINUOUS_SCAN");
    assert_eq!(
        found["scanningConfigurations"][0]["appliedScanFilters"],
        json!([{ "filter": "prod/*", "filterType": "WILDCARD" }])
    );
    assert_eq!(found["scanningConfigurations"][1]["scanFrequency"], "SCAN_ON_PUSH");
    assert_eq!(found["failures"][0]["failureCode"], "REPOSITORY_NOT_FOUND");
    f.call("PutRegistryScanningConfiguration", json!({ "scanType": "BASIC", "rules": [] })).await.unwrap();
    let found = f.call("BatchGetRepositoryScanningConfiguration", names).await.unwrap();
    let frequencies = [0, 1].map(|n| found["scanningConfigurations"][n]["scanFrequency"].clone());
    assert_eq!(frequencies, ["MANUAL", "SCAN_ON_PUSH"]);
}
