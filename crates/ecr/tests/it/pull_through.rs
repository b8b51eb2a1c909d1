//! Pull-through cache rules by the API, with an upstream that a test scripts; and their cases for the walk
//! over the model.

use async_trait::async_trait;
use bytes::Bytes;
use gantry_blobs::Digest;
use gantry_registry::{
    CacheRule, CredentialFault, Error, Found, Permit, Reference, RegistryId, RepoId, ResolvedManifest, Upstream,
    UpstreamFault,
};
use serde_json::{Value, json};

use crate::model_cases::{Case, Missing, given};
use crate::support::{ACCOUNT, Fixture};

const NOT_FOUND: &str = "PullThroughCacheRuleNotFoundException";

/// Has the images `app`; knows secrets by what their names say.
pub struct Scripted;

#[async_trait]
impl Upstream for Scripted {
    async fn manifest(
        &self,
        repo: &RepoId,
        reference: &Reference,
        _: Option<&Found>,
        permit: &dyn Permit,
    ) -> Result<Option<ResolvedManifest>, Error> {
        if !repo.name.starts_with("hub/") {
            return Ok(None);
        }
        permit.permit(repo, &["ecr:BatchImportUpstreamImage"]).await?;
        match repo.name.as_str() {
            "hub/app" => {
                let bytes = Bytes::from_static(b"{}");
                Ok(Some(ResolvedManifest { digest: Digest::sha256(&bytes), media_type: "x/y".into(), bytes }))
            }
            "hub/down" => {
                Err(Error::Upstream { fault: UpstreamFault::Unreachable, reason: "upstream is not reached".into() })
            }
            name => Err(Error::ImageNotFound { name: name.into(), reference: reference.to_string() }),
        }
    }

    async fn blob(&self, _: &RepoId, _: &Digest, _: &dyn Permit) -> Result<bool, Error> {
        Ok(false)
    }

    async fn check_credentials(&self, _: &RegistryId, secret_arn: &str) -> Result<(), CredentialFault> {
        match secret_arn.rsplit('/').next() {
            Some(name) if name.starts_with("missing") => Err(CredentialFault::NotFound),
            Some(name) if name.starts_with("barred") => Err(CredentialFault::Inaccessible),
            Some(name) if name.starts_with("sealed") => Err(CredentialFault::Undecryptable),
            Some(name) if name.starts_with("odd") => Err(CredentialFault::Malformed),
            _ => Ok(()),
        }
    }

    async fn validate(&self, _: &RegistryId, rule: &CacheRule) -> Result<(), String> {
        if rule.upstream_url == "quay.io" { Err("no answer".into()) } else { Ok(()) }
    }
}

fn secret(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:ecr-pullthroughcache/{name}-AbCdEf")
}

fn prefix(prefix: &str) -> Value {
    json!({ "ecrRepositoryPrefix": prefix })
}

fn rule(prefix: &str, url: &str) -> Value {
    json!({ "ecrRepositoryPrefix": prefix, "upstreamRegistryUrl": url })
}

async fn made(f: &Fixture) -> Value {
    f.call("CreatePullThroughCacheRule", rule("hub", "public.ecr.aws")).await.unwrap();
    prefix("hub")
}

pub const CASES: &[Case] = &[
    Case {
        operation: "CreatePullThroughCacheRule",
        needs: &[("ecr:CreatePullThroughCacheRule", "*")],
        given: given!(|_f| rule("hub", "public.ecr.aws")),
        shows: "/createdAt",
        missing: Missing::Cases(&[(
            || {
                let secret = json!({ "credentialArn": secret("missing") });
                let mut input = rule("hub", "registry-1.docker.io");
                input["credentialArn"] = secret["credentialArn"].clone();
                input
            },
            "SecretNotFoundException",
        )]),
    },
    Case {
        operation: "DeletePullThroughCacheRule",
        needs: &[("ecr:DeletePullThroughCacheRule", "*")],
        given: given!(|f| made(f).await),
        shows: "/upstreamRegistryUrl",
        missing: Missing::Cases(&[(|| prefix("none"), NOT_FOUND)]),
    },
    Case {
        operation: "DescribePullThroughCacheRules",
        needs: &[("ecr:DescribePullThroughCacheRules", "*")],
        given: given!(|f| {
            made(f).await;
            json!({})
        }),
        shows: "/pullThroughCacheRules/0/upstreamRegistry",
        missing: Missing::Cases(&[(|| json!({ "ecrRepositoryPrefixes": ["none"] }), NOT_FOUND)]),
    },
    Case {
        operation: "UpdatePullThroughCacheRule",
        needs: &[("ecr:UpdatePullThroughCacheRule", "*")],
        given: given!(|f| {
            let mut input = made(f).await;
            input["credentialArn"] = secret("hub").into();
            input
        }),
        shows: "/updatedAt",
        missing: Missing::Cases(&[(
            || json!({ "ecrRepositoryPrefix": "none", "credentialArn": secret("hub") }),
            NOT_FOUND,
        )]),
    },
    Case {
        operation: "ValidatePullThroughCacheRule",
        needs: &[("ecr:ValidatePullThroughCacheRule", "*")],
        given: given!(|f| made(f).await),
        shows: "/isValid",
        missing: Missing::Cases(&[(|| prefix("none"), NOT_FOUND)]),
    },
];

#[tokio::test]
async fn rules_are_made_changed_listed_and_deleted() {
    let f = Fixture::new().await;
    let mut hub = rule("docker-hub", "registry-1.docker.io");
    hub["credentialArn"] = secret("hub").into();
    let made = f.call("CreatePullThroughCacheRule", hub.clone()).await.unwrap();
    let mut told = made.clone();
    assert!(told.as_object_mut().unwrap().remove("createdAt").unwrap().is_number());
    let mut expected = hub.clone();
    expected["registryId"] = ACCOUNT.into();
    expected["upstreamRegistry"] = "docker-hub".into();
    assert_eq!(told, expected);
    for again in ["docker-hub", "docker-hub/"] {
        let mut input = hub.clone();
        input["ecrRepositoryPrefix"] = again.into();
        let code = f.code("CreatePullThroughCacheRule", input).await;
        assert_eq!(code, "PullThroughCacheRuleAlreadyExistsException", "{again}");
    }
    // Any other registry: ours alone.
    let other = f.call("CreatePullThroughCacheRule", rule("mirror", "https://registry.example:5000")).await.unwrap();
    assert_eq!(
        (other["upstreamRegistry"].clone(), &other["upstreamRegistryUrl"]),
        (Value::Null, &json!("https://registry.example:5000"))
    );
    f.call("CreatePullThroughCacheRule", rule("ROOT", "quay.io")).await.unwrap();

    let all = f.call("DescribePullThroughCacheRules", json!({})).await.unwrap();
    let prefixes = |answer: &Value| -> Vec<String> {
        let rules = answer["pullThroughCacheRules"].as_array().unwrap();
        rules.iter().map(|r| r["ecrRepositoryPrefix"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(prefixes(&all), ["ROOT", "docker-hub", "mirror"]);
    let first = f.call("DescribePullThroughCacheRules", json!({ "maxResults": 2 })).await.unwrap();
    let rest = json!({ "maxResults": 2, "nextToken": first["nextToken"] });
    let rest = f.call("DescribePullThroughCacheRules", rest).await.unwrap();
    assert_eq!(
        (prefixes(&first), prefixes(&rest), &rest["nextToken"]),
        (vec!["ROOT".into(), "docker-hub".into()], vec!["mirror".into()], &Value::Null)
    );
    let named = json!({ "ecrRepositoryPrefixes": ["mirror", "ROOT"] });
    assert_eq!(prefixes(&f.call("DescribePullThroughCacheRules", named).await.unwrap()), ["mirror", "ROOT"]);

    f.clock.advance_ms(5000);
    let change = json!({ "ecrRepositoryPrefix": "docker-hub", "credentialArn": secret("other") });
    let changed = f.call("UpdatePullThroughCacheRule", change).await.unwrap();
    assert_eq!(changed["credentialArn"], secret("other"));
    assert!(changed["updatedAt"].as_f64() > made["createdAt"].as_f64());

    let good = f.call("ValidatePullThroughCacheRule", prefix("docker-hub")).await.unwrap();
    assert_eq!((&good["isValid"], good.get("failure")), (&json!(true), None));
    let bad = f.call("ValidatePullThroughCacheRule", prefix("ROOT")).await.unwrap();
    assert_eq!((&bad["isValid"], &bad["failure"]), (&json!(false), &json!("no answer")));
    f.call("DeletePullThroughCacheRule", prefix("docker-hub")).await.unwrap();
    assert_eq!(f.code("DeletePullThroughCacheRule", prefix("docker-hub")).await, NOT_FOUND);
}

#[tokio::test]
async fn rules_that_cannot_be_are_refused() {
    let f = Fixture::new().await;
    for (more, code) in [
        (json!({ "upstreamRegistryUrl": "ftp://x" }), "UnsupportedUpstreamRegistryException"),
        (json!({ "upstreamRegistryUrl": "x/y" }), "UnsupportedUpstreamRegistryException"),
        (json!({ "upstreamRegistry": "quay" }), "UnsupportedUpstreamRegistryException"),
        (json!({ "credentialArn": Value::Null }), "InvalidParameterException"),
        (json!({ "credentialArn": secret("missing") }), "SecretNotFoundException"),
        (json!({ "credentialArn": secret("barred") }), "UnableToAccessSecretException"),
        (json!({ "credentialArn": secret("sealed") }), "UnableToDecryptSecretValueException"),
        (json!({ "credentialArn": secret("odd") }), "InvalidParameterException"),
        (json!({ "upstreamRegistryUrl": "123456789012.dkr.ecr.eu-west-1.amazonaws.com" }), "InvalidParameterException"),
        (json!({ "customRoleArn": "arn:aws:iam::123456789012:role/r" }), "InvalidParameterException"),
    ] {
        let mut input = rule("docker-hub", "registry-1.docker.io");
        input["credentialArn"] = secret("hub").into();
        for (key, value) in more.as_object().unwrap() {
            input[key] = value.clone();
        }
        if input["credentialArn"].is_null() {
            input.as_object_mut().unwrap().remove("credentialArn");
        }
        assert_eq!(f.code("CreatePullThroughCacheRule", input).await, code, "{more}");
    }
    let all = f.call("DescribePullThroughCacheRules", json!({})).await.unwrap();
    assert_eq!(all["pullThroughCacheRules"], json!([]));
    for n in 0..50 {
        f.call("CreatePullThroughCacheRule", rule(&format!("p{n}"), "public.ecr.aws")).await.unwrap();
    }
    assert_eq!(
        f.code("CreatePullThroughCacheRule", rule("one-more", "public.ecr.aws")).await,
        "LimitExceededException"
    );
}

/// A rule for one of ECR's own registries has a role where others have a secret.
#[tokio::test]
async fn ecr_itself_can_be_upstream() {
    let f = Fixture::new().await;
    let role = format!("arn:aws:iam::{ACCOUNT}:role/puller");
    let made = f.call("CreatePullThroughCacheRule", rule("own", &format!("{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com")));
    assert_eq!(made.await.unwrap()["upstreamRegistry"], "ecr");
    let mut other = rule("other", "999999999999.dkr.ecr.us-east-1.amazonaws.com");
    assert_eq!(f.code("CreatePullThroughCacheRule", other.clone()).await, "InvalidParameterException");
    other["customRoleArn"] = "arn:aws:iam::999999999999:role/theirs".into();
    assert_eq!(f.code("CreatePullThroughCacheRule", other.clone()).await, "InvalidParameterException");
    other["customRoleArn"] = role.as_str().into();
    assert_eq!(f.call("CreatePullThroughCacheRule", other.clone()).await.unwrap()["customRoleArn"], role);
    let update = |more: Value| {
        let mut input = prefix("own");
        for (key, value) in more.as_object().unwrap() {
            input[key] = value.clone();
        }
        input
    };
    for bad in [json!({}), json!({ "credentialArn": secret("hub") })] {
        assert_eq!(f.code("UpdatePullThroughCacheRule", update(bad)).await, "InvalidParameterException");
    }
    let updated = f.call("UpdatePullThroughCacheRule", update(json!({ "customRoleArn": role }))).await.unwrap();
    assert_eq!(updated["customRoleArn"], role);
}

/// BatchGetImage pulls through a rule as the wire does.
#[tokio::test]
async fn the_api_pulls_through_rules() {
    let f = Fixture::new().await;
    made(&f).await;
    let get = |name: &str| json!({ "repositoryName": name, "imageIds": [{ "imageTag": "v1" }] });
    let got = f.call("BatchGetImage", get("hub/app")).await.unwrap();
    assert_eq!(got["images"][0]["imageManifest"], "{}");
    let lacking = f.call("BatchGetImage", get("hub/other")).await.unwrap();
    assert_eq!(lacking["failures"][0]["failureCode"], "ImageNotFound");
    assert_eq!(f.code("BatchGetImage", get("hub/down")).await, "UnableToGetUpstreamImageException");
    assert_eq!(f.code("BatchGetImage", get("other/app")).await, "RepositoryNotFoundException");
    f.authority.denied.lock().unwrap().insert("ecr:BatchImportUpstreamImage".into());
    assert_eq!(f.code("BatchGetImage", get("hub/app")).await, "AccessDeniedException");
}
