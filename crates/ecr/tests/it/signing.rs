//! The signing configuration, and what is said of images that nobody here can sign.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Fixture};

fn profile(name: &str) -> String {
    format!("arn:aws:signer:us-east-1:{ACCOUNT}:/signing-profiles/{name}")
}

fn rule(name: &str, filter: &str) -> Value {
    json!({ "signingProfileArn": profile(name),
            "repositoryFilters": [{ "filter": filter, "filterType": "WILDCARD_MATCH" }] })
}

impl Fixture {
    async fn signing(&self, rules: Value) {
        let put = json!({ "signingConfiguration": { "rules": rules } });
        let done = self.call("PutSigningConfiguration", put.clone()).await.unwrap();
        assert_eq!(done, put);
    }

    async fn statuses(&self, name: &str) -> Value {
        let input = json!({ "repositoryName": name, "imageId": { "imageTag": "v1" } });
        let found = self.call("DescribeImageSigningStatus", input).await.unwrap();
        assert_eq!((&found["repositoryName"], &found["registryId"]), (&json!(name), &json!(ACCOUNT)));
        assert!(found["imageId"]["imageDigest"].is_string() && found["imageId"]["imageTag"] == "v1");
        found["signingStatuses"].clone()
    }

    /// A signature as a Notary Project client attaches it.
    async fn sign(&self, name: &str, subject: &str, media_type: &str, envelope: &[u8]) {
        let config = self.push_layer(name, b"{}").await;
        let layer = self.push_layer(name, envelope).await;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "artifactType": "application/vnd.cncf.notary.signature",
            "config": { "mediaType": "application/vnd.oci.empty.v1+json", "digest": config, "size": 2 },
            "layers": [{ "mediaType": media_type, "digest": layer, "size": envelope.len() }],
            "subject": { "mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": subject, "size": 10 },
        });
        let put = json!({ "repositoryName": name, "imageManifest": manifest.to_string() });
        self.call("PutImage", put).await.unwrap();
    }
}

fn jws(profile: &str) -> Vec<u8> {
    let signed = json!({ "alg": "PS256", "com.amazonaws.signer.signingProfileVersion": format!("{profile}/Ab1") });
    json!({ "payload": "e30", "protected": URL_SAFE_NO_PAD.encode(signed.to_string()), "signature": "x" })
        .to_string()
        .into_bytes()
}

#[tokio::test]
async fn configurations_are_kept() {
    let f = Fixture::new().await;
    for operation in ["GetSigningConfiguration", "DeleteSigningConfiguration"] {
        assert_eq!(f.code(operation, json!({})).await, "SigningConfigurationNotFoundException");
    }
    let rules = json!([rule("Mine", "prod/*"), { "signingProfileArn": profile("All") }]);
    f.signing(rules.clone()).await;
    for operation in ["GetSigningConfiguration", "DeleteSigningConfiguration"] {
        let got = f.call(operation, json!({})).await.unwrap();
        assert_eq!(got, json!({ "registryId": ACCOUNT, "signingConfiguration": { "rules": rules } }));
    }
    assert_eq!(f.code("GetSigningConfiguration", json!({})).await, "SigningConfigurationNotFoundException");
}

#[tokio::test]
async fn an_image_is_signed_when_a_signature_by_the_profile_is_there() {
    let f = Fixture::new().await;
    for name in ["prod/app", "dev/app"] {
        f.create(name).await;
    }
    f.push_image("prod/app", Some("v1"), "old").await;
    f.clock.advance_ms(1000);
    let rules = json!([rule("Mine", "prod/*"), rule("Mine", "*app"), rule("Other", "prod/*"), rule("None", "x*")]);
    f.signing(rules.clone()).await;
    assert_eq!(f.statuses("prod/app").await, json!([]), "pushed before there were rules");
    f.clock.advance_ms(1000);
    let subject = f.push_image("prod/app", Some("v1"), "new").await;
    f.push_image("dev/app", Some("v1"), "new").await;
    // The rules once more: they have held since they came.
    f.clock.advance_ms(1000);
    f.signing(rules).await;
    let failed = |name: &str| {
        json!({ "signingProfileArn": profile(name), "status": "FAILED", "failureCode": "SignerUnavailable",
                "failureReason": "AWS Signer is not available to this registry. Sign the image with a Notary Project client and attach the signature to it." })
    };
    let complete = |name: &str| json!({ "signingProfileArn": profile(name), "status": "COMPLETE" });
    assert_eq!(f.statuses("prod/app").await, json!([failed("Mine"), failed("Other")]), "one for each profile");
    assert_eq!(f.statuses("dev/app").await, json!([failed("Mine")]));

    // By somebody else's profile, of another kind, and broken: none of them is a signature by ours.
    f.sign("prod/app", &subject, "application/jose+json", &jws(&profile("MineToo"))).await;
    f.sign("prod/app", &subject, "application/jose+json", b"not json").await;
    f.sign("prod/app", &subject, "application/jose+json", profile("Mine").as_bytes()).await;
    assert_eq!(f.statuses("prod/app").await, json!([failed("Mine"), failed("Other")]));
    f.sign("prod/app", &subject, "application/jose+json", &jws(&profile("Mine"))).await;
    assert_eq!(f.statuses("prod/app").await, json!([complete("Mine"), failed("Other")]));
    let cose = [&b"\xd2\x84\x58\x60"[..], format!("{}/Ab1", profile("Other")).as_bytes(), b"\x40"].concat();
    f.sign("prod/app", &subject, "application/cose", &cose).await;
    assert_eq!(f.statuses("prod/app").await, json!([complete("Mine"), complete("Other")]));
    // Signatures are not to be signed themselves, and looking at them is no pull.
    let referrers = json!({ "repositoryName": "prod/app", "subjectId": { "imageDigest": subject } });
    let referrers = f.call("ListImageReferrers", referrers).await.unwrap();
    for referrer in referrers["referrers"].as_array().unwrap() {
        let id = json!({ "repositoryName": "prod/app", "imageId": { "imageDigest": referrer["digest"] } });
        let found = f.call("DescribeImageSigningStatus", id).await.unwrap();
        assert_eq!(found["signingStatuses"], json!([]));
        let ids = json!({ "repositoryName": "prod/app", "imageIds": [{ "imageDigest": referrer["digest"] }] });
        let described = f.call("DescribeImages", ids).await.unwrap();
        assert_eq!(described["imageDetails"][0].get("lastRecordedPullTime"), None);
    }
    let missing = json!({ "repositoryName": "prod/app", "imageId": { "imageTag": "none" } });
    assert_eq!(f.code("DescribeImageSigningStatus", missing).await, "ImageNotFoundException");
}
