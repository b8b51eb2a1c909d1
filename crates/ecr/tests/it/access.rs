//! Tokens on the wire, and what is asked of IAM.

use base64::Engine as _;
use gantry_aws_api::ecr::SERVICE;
use gantry_aws_wire::Context;
use gantry_ecr::TOKEN_LIFETIME_MS;
use gantry_registry::Peer;
use http::Request;
use http_body_util::{BodyExt, Empty};
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Fixture, context};

async fn get(f: &Fixture, path: &str, credentials: Option<(&str, &str)>) -> (u16, String) {
    get_at(f, &f.host(), path, credentials).await
}

async fn get_at(f: &Fixture, host: &str, path: &str, credentials: Option<(&str, &str)>) -> (u16, String) {
    let mut request = Request::get(path).header("host", host);
    if let Some((user, password)) = credentials {
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        request = request.header("authorization", format!("Basic {basic}"));
    }
    let peer = Peer { source_ip: f.address.ip(), secure_transport: false };
    let reply = f.wire.handle(request.body(Empty::new()).unwrap(), peer).await;
    let status = reply.status().as_u16();
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

#[tokio::test]
async fn a_token_lets_in_for_twelve_hours() {
    let f = Fixture::new().await;
    f.create("app").await;
    let password = f.password().await;
    assert_eq!(get(&f, "/v2/", None).await, (401, "Not Authorized\n".into()));
    assert_eq!(get(&f, "/v2/", Some(("", ""))).await.0, 401, "as some clients have it who bring nothing");
    for bad in [("AWS", "wrong"), ("root", &password), ("AWS", &password[1..])] {
        let (status, body) = get(&f, "/v2/", Some(bad)).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, body["errors"][0]["code"].as_str().unwrap()), (400, "DENIED"));
        assert_eq!(body["errors"][0]["message"], "Your Authorization Token is invalid.");
    }
    assert_eq!(get(&f, "/v2/", Some(("AWS", &password))).await.0, 200);
    assert_eq!(get(&f, "/v2/app/tags/list", Some(("AWS", &password))).await.0, 200);
    f.clock.advance_ms(TOKEN_LIFETIME_MS - 1);
    assert_eq!(get(&f, "/v2/", Some(("AWS", &password))).await.0, 200);
    f.clock.advance_ms(1);
    let (status, body) = get(&f, "/v2/", Some(("AWS", &password))).await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, body["errors"][0]["code"].as_str().unwrap()), (403, "DENIED"));
    assert_eq!(body["errors"][0]["message"], "Your authorization token has expired. Reauthenticate and try again.");
}

#[tokio::test]
async fn a_token_is_no_grant() {
    let f = Fixture::new().await;
    f.create("app").await;
    let password = f.password().await;
    f.authority.denied.lock().unwrap().insert("ecr:ListImages".into());
    let (status, body) = get(&f, "/v2/app/tags/list", Some(("AWS", &password))).await;
    assert_eq!(status, 403);
    assert!(body.contains(&format!(
        "User: arn:aws:iam::{ACCOUNT}:user/dev is not authorized to perform: ecr:ListImages on resource: arn:aws:ecr:us-east-1:{ACCOUNT}:repository/app"
    )));
    f.authority.denied.lock().unwrap().clear();
    assert_eq!(get(&f, "/v2/app/tags/list", Some(("AWS", &password))).await.0, 200);
}

/// A host that names account and region means that registry, whoever calls; others mean the token's.
#[tokio::test]
async fn the_host_says_which_registry() {
    let f = Fixture::new().await;
    f.create("app").await;
    let password = f.password().await;
    let credentials = Some(("AWS", password.as_str()));
    for (host, status, resource_account) in [
        (format!("{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com"), 200, None),
        ("some.other.name".to_owned(), 200, None),
        (format!("{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"), 404, None),
        ("999999999999.dkr.ecr.us-east-1.amazonaws.com".to_owned(), 404, Some("999999999999")),
    ] {
        f.authority.asked.lock().unwrap().clear();
        assert_eq!(get_at(&f, &host, "/v2/app/tags/list", credentials).await.0, status, "{host}");
        let asked = f.authority.asked.lock().unwrap().clone();
        assert_eq!(asked[0].resource_account.as_ref().map(|a| a.as_str()), resource_account, "{host}");
    }
}

#[tokio::test]
async fn with_authorisation_off_anybody_is_let_in() {
    let f = Fixture::with(false).await;
    f.create("app").await;
    for credentials in [None, Some(("AWS", "x")), Some(("any", "thing"))] {
        assert_eq!(get(&f, "/v2/app/tags/list", credentials).await.0, 200);
    }
    assert_eq!(get(&f, "/v2/app/tags/list", Some(("000000000009", "x"))).await.0, 404, "another account's");
}

#[tokio::test]
async fn decisions_get_tags_and_policy() {
    let f = Fixture::new().await;
    let input = json!({ "repositoryName": "app", "tags": [{ "Key": "team", "Value": "a" }] });
    f.call("CreateRepository", input).await.unwrap();
    let asked = std::mem::take(&mut *f.authority.asked.lock().unwrap());
    let actions: Vec<_> = asked.iter().map(|a| a.action.as_str()).collect();
    assert_eq!(actions, ["ecr:CreateRepository", "ecr:TagResource"]);
    let has = |access: &gantry_aws_wire::Access, key: &str, value: &str| {
        access.conditions.iter().any(|(k, v)| k == key && v == &[value])
    };
    assert!(has(&asked[0], "aws:RequestTag/team", "a") && has(&asked[0], "aws:TagKeys", "team"));
    let policy =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"ecr:ListImages"}]}"#;
    f.call("SetRepositoryPolicy", json!({ "repositoryName": "app", "policyText": policy })).await.unwrap();
    let password = f.password().await;
    f.authority.asked.lock().unwrap().clear();
    get(&f, "/v2/app/tags/list", Some(("AWS", &password))).await;
    f.call("ListImages", json!({ "repositoryName": "app" })).await.unwrap();
    let stranger = Context { account: "999999999999".parse().unwrap(), ..context() };
    let _ = f.call_as(&stranger, "ListImages", json!({ "repositoryName": "app", "registryId": "999999999999" })).await;
    let asked = f.authority.asked.lock().unwrap().clone();
    for access in &asked[..2] {
        assert_eq!(access.action, "ecr:ListImages");
        assert_eq!(access.resource, format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/app"));
        assert!(has(access, "aws:ResourceTag/team", "a") && has(access, "ecr:ResourceTag/team", "a"));
        assert_eq!(access.resource_policy.as_deref(), Some(policy));
        assert_eq!(access.resource_account, None);
    }
    assert_eq!(asked[2].resource_account.as_ref().unwrap().as_str(), "999999999999");
}

/// Walks the model: no operation runs, or says that it is not built, before its own action is allowed.
#[tokio::test]
async fn every_operation_of_the_model_is_authorised() {
    let f = Fixture::new().await;
    f.create("app").await;
    let input = json!({ "repositoryName": "app" });
    assert!(SERVICE.operations.len() >= 58);
    for operation in SERVICE.operations {
        // The one operation whose action has another name.
        let named = if operation.name == "ListImageReferrers" { "BatchGetImage" } else { operation.name };
        let action = format!("ecr:{named}");
        f.authority.denied.lock().unwrap().insert(action.clone());
        let mut input = input.clone();
        if operation.name.contains("Tag") && operation.name.contains("Resource") {
            input = json!({ "resourceArn": format!("arn:aws:ecr:us-east-1:{ACCOUNT}:repository/app") });
        }
        let refused = f.call(operation.name, input).await.unwrap_err();
        assert_eq!(refused.code, "AccessDeniedException", "{}", operation.name);
        assert!(refused.message.contains(&action), "{}", refused.message);
        f.authority.denied.lock().unwrap().clear();
    }
}
