//! The table of the wire's routes, walked: none is open without its actions, whoever calls.

use std::sync::Arc;

use base64::Engine as _;
use bytes::Bytes;
use gantry_aws_wire::{Caller, CallerKind, Context};
use gantry_ecr::TOKEN_LIFETIME_MS;
use gantry_registry::{Peer, ROUTES, RouteRule};
use http::Request;
use http_body_util::{BodyExt, Empty};
use serde_json::{Value, json};

use crate::judge::exactly;
use crate::support::{ACCOUNT, Fixture, context};

const STRANGER: &str = "999999999999";

/// A user of another account.
pub fn stranger() -> Context {
    let account: gantry_base::AccountId = STRANGER.parse().unwrap();
    let caller = Caller {
        arn: format!("arn:aws:iam::{STRANGER}:user/other"),
        account: account.clone(),
        user_id: "AIDB".into(),
        kind: CallerKind::User { name: "other".into() },
        access_key_id: "AKIB".into(),
        session_context: Vec::new(),
        session_policies: Vec::new(),
    };
    Context { caller: Arc::new(caller), account, ..context() }
}

pub fn app() -> String {
    format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/app")
}

impl Fixture {
    /// One request over the wire with this `Authorization` header, to the registry of [`ACCOUNT`] by name.
    pub async fn ask(&self, method: &str, path: &str, authorization: Option<&str>) -> (u16, Value) {
        let host = format!("{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com");
        let mut request = Request::builder().method(method).uri(path).header("host", host);
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        let peer = Peer { source_ip: self.address.ip(), secure_transport: false };
        let reply = self.wire.handle(request.body(Empty::<Bytes>::new()).unwrap(), peer).await;
        let status = reply.status().as_u16();
        let body = reply.into_body().collect().await.unwrap().to_bytes();
        let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
        (status, serde_json::from_slice(&body).unwrap_or_else(|_| text()))
    }
}

pub fn basic(password: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("AWS:{password}")))
}

fn filled(rule: &RouteRule, digest: &str) -> String {
    let path = rule.example.replace("NAME", "app").replace("DIGEST", digest).replace("TAG", "v1");
    path.replace("UPLOAD", "00000000-0000-4000-8000-000000000000")
}

fn let_in(status: u16) -> bool {
    status != 401 && status != 403
}

#[tokio::test]
async fn every_route_is_closed_without_its_actions() {
    let f = Fixture::new().await;
    f.create("app").await;
    f.create("other").await;
    f.push_image("app", Some("v1"), "layer").await;
    let digest = gantry_blobs::Digest::sha256(b"layer").to_string();
    let mine = basic(&f.password().await);
    let theirs = basic(&f.password_of(&stranger()).await);
    f.clock.advance_ms(TOKEN_LIFETIME_MS);
    let late = mine;
    let mine = basic(&f.password().await);
    let theirs_late = theirs;
    let theirs = basic(&f.password_of(&stranger()).await);
    let mut seen = 0;
    // Deletes last: the others need what they take.
    let (deletes, others): (Vec<_>, Vec<_>) = ROUTES.iter().partition(|r| r.method == "DELETE");
    for rule in others.into_iter().chain(deletes) {
        seen += 1;
        let path = filled(rule, &digest);
        let what = format!("{} {path}", rule.method);
        let ask = async |authorization: Option<&str>| f.ask(rule.method, &path, authorization).await;
        let code = |body: &Value| body["errors"][0]["code"].as_str().unwrap_or_default().to_owned();

        // Nobody, and somebody whose token is none of ours.
        for authorization in [None, Some("Bearer x.y"), Some("Digest x"), Some("Basic Og==")] {
            let (status, body) = ask(authorization).await;
            assert_eq!((status, body), (401, json!("Not Authorized\n")), "{what} {authorization:?}");
        }
        let (status, body) = ask(Some("Basic QVdTOng=")).await;
        assert_eq!((status, code(&body).as_str()), (400, "DENIED"), "{what}");
        assert!(body.to_string().contains("Your Authorization Token is invalid."), "{what}: {body}");
        // Past its twelve hours, whoever's it was.
        for expired in [&late, &theirs_late] {
            let (status, body) = ask(Some(expired)).await;
            assert_eq!(status, 403, "{what}");
            assert!(code(&body) == "DENIED" && body.to_string().contains("has expired"), "{what}: {body}");
        }
        if rule.actions.is_empty() {
            f.judge(Some((&context(), exactly([("ecr:None", "*")]))));
            assert_eq!(ask(Some(&mine)).await.0, 200, "{what} needs a token and no more");
            f.judge(None);
            continue;
        }
        // A principal that lacks one of the actions, or has it on another repository.
        let elsewhere = format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/other");
        for lacking in rule.actions {
            let rest: Vec<_> = rule.actions.iter().filter(|a| *a != lacking).map(|a| (*a, app())).collect();
            let mut moved = rest.clone();
            moved.push((lacking, elsewhere.clone()));
            // An empty policy is none.
            for policy in [Some(rest).filter(|r| !r.is_empty()), Some(moved)].into_iter().flatten() {
                f.judge(Some((&context(), exactly(policy))));
                let (status, body) = ask(Some(&mine)).await;
                assert_eq!((status, code(&body).as_str()), (403, "DENIED"), "{what} without {lacking}");
                let message = body["errors"][0]["message"].as_str().unwrap();
                let said = format!("is not authorized to perform: {lacking} on resource: {}", app());
                assert!(message.starts_with(&format!("User: {}", context().caller.arn)), "{message}");
                assert!(message.contains(&said), "{message}");
            }
        }
        // Another account's, whatever it allows itself, needs the repository's policy too.
        let all = || exactly(rule.actions.iter().map(|a| (*a, app())));
        f.judge(Some((&stranger(), all())));
        let (status, body) = ask(Some(&theirs)).await;
        assert_eq!((status, code(&body).as_str()), (403, "DENIED"), "{what} from another account");
        assert!(body.to_string().contains("no resource-based policy allows"), "{what}: {body}");
        let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow",
            "Principal": { "AWS": format!("arn:aws:iam::{STRANGER}:root") }, "Action": rule.actions }] });
        f.judge(None);
        let set = json!({ "repositoryName": "app", "policyText": policy.to_string(), "force": true });
        f.call("SetRepositoryPolicy", set).await.unwrap();
        // The policy alone does not do: the other account must allow its user as well.
        f.judge(Some((&stranger(), exactly([("ecr:None", "*")]))));
        assert_eq!(ask(Some(&theirs)).await.0, 403, "{what} without an identity policy");
        f.judge(Some((&stranger(), all())));
        let (status, body) = ask(Some(&theirs)).await;
        assert!(let_in(status), "{what} with a cross-account policy: {status} {body}");
        f.judge(None);
        f.call("DeleteRepositoryPolicy", json!({ "repositoryName": "app" })).await.unwrap();

        f.judge(Some((&context(), all())));
        let (status, body) = ask(Some(&mine)).await;
        assert!(let_in(status), "{what} with exactly its actions: {status} {body}");
        f.judge(None);
        // What a delete took is put back for the next.
        if rule.method == "DELETE" {
            f.push_image_again("app", "v1", "layer").await;
        }
    }
    assert_eq!(seen, ROUTES.len());
}

impl Fixture {
    /// Pushes an image that may be there.
    async fn push_image_again(&self, name: &str, tag: &str, content: &str) {
        let manifest = self.manifest(name, content).await;
        let put = json!({ "repositoryName": name, "imageManifest": manifest, "imageTag": tag });
        match self.call("PutImage", put).await {
            Err(e) => assert_eq!(e.code, "ImageAlreadyExistsException"),
            Ok(put) => assert!(put["image"].is_object()),
        }
    }
}

#[tokio::test]
async fn an_archived_image_is_out_of_reach_however_it_is_asked_for() {
    let f = Fixture::new().await;
    f.create("app").await;
    f.push_image("app", Some("v1"), "layer").await;
    let archive = json!({ "repositoryName": "app", "imageId": { "imageTag": "v1" }, "targetStorageClass": "ARCHIVE" });
    f.call("UpdateImageStorageClass", archive).await.unwrap();
    for method in ["HEAD", "GET"] {
        assert_eq!(f.wire(method, "/v2/app/manifests/v1").await, 404, "{method}");
    }
    let get = json!({ "repositoryName": "app", "imageIds": [{ "imageTag": "v1" }] });
    let got = f.call("BatchGetImage", get).await.unwrap();
    assert_eq!(got["failures"][0]["failureCode"], "ImageInaccessible");
}

/// A registry's policy lets other accounts in as a repository's does, in its scope.
#[tokio::test]
async fn the_registry_policy_lets_another_account_in() {
    let f = Fixture::new().await;
    f.create("app").await;
    f.push_image("app", Some("v1"), "layer").await;
    let theirs = basic(&f.password_of(&stranger()).await);
    let identity = || exactly([("ecr:BatchGetImage", app()), ("ecr:ListImages", app())]);
    let policy = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Resource": app(),
        "Principal": { "AWS": STRANGER }, "Action": "ecr:BatchGetImage" }] });
    f.call("PutRegistryPolicy", json!({ "policyText": policy.to_string() })).await.unwrap();
    f.judge(Some((&stranger(), identity())));
    assert_eq!(f.ask("GET", "/v2/app/manifests/v1", Some(&theirs)).await.0, 200);
    assert_eq!(f.ask("GET", "/v2/app/tags/list", Some(&theirs)).await.0, 403, "of which it says nothing");
    // In scope V1 it is not about pulls.
    f.judge(None);
    f.call("PutAccountSetting", json!({ "name": "REGISTRY_POLICY_SCOPE", "value": "V1" })).await.unwrap();
    f.judge(Some((&stranger(), identity())));
    assert_eq!(f.ask("GET", "/v2/app/manifests/v1", Some(&theirs)).await.0, 403);
    f.judge(None);
    f.call("PutAccountSetting", json!({ "name": "REGISTRY_POLICY_SCOPE", "value": "V2" })).await.unwrap();
    // What the repository's own policy denies stays denied.
    let deny = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Deny",
        "Principal": "*", "Action": "ecr:BatchGetImage" }] });
    f.call("SetRepositoryPolicy", json!({ "repositoryName": "app", "policyText": deny.to_string() })).await.unwrap();
    f.judge(Some((&stranger(), identity())));
    assert_eq!(f.ask("GET", "/v2/app/manifests/v1", Some(&theirs)).await.0, 403);
}
