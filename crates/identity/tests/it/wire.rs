//! Over the wire's front end, signed: from bytes to bytes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use gantry_aws_api::{iam, sts};
use gantry_aws_wire::{Defaults, Frontend, Limits, Service};
use gantry_base::SystemEntropy;
use gantry_sigv4::{Credentials, PayloadHash, RequestView, presign, sign};
use http::Request;
use http_body_util::{BodyExt as _, Full};

use crate::support::{NOW, World, account};

fn frontend(world: &World) -> Frontend {
    let identity = Arc::new(world.identity.clone());
    let services: Vec<Arc<dyn Service>> =
        vec![Arc::new(iam::IamService(identity.clone())), Arc::new(sts::StsService(identity.clone()))];
    let defaults = Defaults {
        account: account(),
        region: "us-east-1".parse().expect("a region"),
        clock: world.clock.clone(),
        entropy: Arc::new(SystemEntropy),
        limits: Limits::default(),
    };
    Frontend::new(services, identity, defaults)
}

fn keys(world: &World) -> Credentials {
    Credentials {
        access_key_id: world.admin.access_key_id.clone(),
        secret_access_key: world.admin.secret_access_key.clone(),
        session_token: None,
    }
}

/// Signs a query-protocol call; `sent` is the body that then goes out.
async fn post(front: &Frontend, keys: &Credentials, service: &str, signed: &str, sent: &str) -> (u16, String) {
    let headers = [("host", "localhost:4566"), ("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
    let view = RequestView { method: "POST", path: "/", query: "", headers: &headers };
    let added = sign(&view, PayloadHash::of(signed.as_bytes()), keys, "us-east-1", service, NOW);
    let mut request = Request::post("/");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    for (name, value) in &added.headers {
        request = request.header(name, value);
    }
    send(front, request.body(sent.to_owned()).expect("a request")).await
}

async fn send(front: &Frontend, request: Request<String>) -> (u16, String) {
    let (parts, body) = request.into_parts();
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let answer = front.handle(parts, Full::from(body), peer, false).await;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

#[tokio::test]
async fn calls_are_signed_judged_and_answered() {
    let world = World::new().await;
    let (front, admin) = (frontend(&world), keys(&world));
    let call = async |service: &str, body: &str| post(&front, &admin, service, body, body).await;
    let (status, body) = call("sts", "Action=GetCallerIdentity&Version=2011-06-15").await;
    assert!(status == 200 && body.contains("<Arn>arn:aws:iam::123456789012:user/admin</Arn>"), "{status} {body}");
    let (status, body) =
        call("iam", "Action=CreateUser&Version=2010-05-08&UserName=ann&Tags.member.1.Key=team&Tags.member.1.Value=red")
            .await;
    assert!(
        status == 200 && body.contains("<UserName>ann</UserName>") && body.contains("<Value>red</Value>"),
        "{body}"
    );
    let (status, body) = call("iam", "Action=CreateUser&Version=2010-05-08&UserName=ann").await;
    assert!(status == 409 && body.contains("<Code>EntityAlreadyExists</Code>"), "{status} {body}");
    let (status, body) = call("iam", "Action=GetUser&Version=2010-05-08&UserName=bob").await;
    assert!(status == 404 && body.contains("<Code>NoSuchEntity</Code>"), "{status} {body}");
    assert!(body.contains("<Message>The user with name bob cannot be found.</Message>"), "{body}");
    let (status, body) = call("iam", "Action=CreateUser&Version=2010-05-08&UserName=a%20b").await;
    assert!(status == 400 && body.contains("ValidationError"), "{status} {body}");
    let (status, body) = call("iam", "Action=GetAccountSummary&Version=2010-05-08").await;
    assert!(status == 200 && body.contains("<key>Users</key><value>2</value>"), "{status} {body}");
    let (status, body) = call("iam", "Action=CreateLoginProfile&Version=2010-05-08&UserName=ann").await;
    assert!(status == 501 && body.contains("CreateLoginProfile"), "{status} {body}");
}

#[tokio::test]
async fn what_is_not_rightly_signed_is_refused() {
    let world = World::new().await;
    let (front, admin) = (frontend(&world), keys(&world));
    let body = "Action=CreateUser&Version=2010-05-08&UserName=ann";
    let changed = body.replace("ann", "bob");
    let (status, answer) = post(&front, &admin, "iam", body, &changed).await;
    assert!(status == 403 && answer.contains("SignatureDoesNotMatch"), "{status} {answer}");
    let wrong = Credentials { secret_access_key: "wrong".into(), ..admin.clone() };
    let (status, answer) = post(&front, &wrong, "iam", body, body).await;
    assert!(
        status == 403 && answer.contains("The request signature we calculated does not match"),
        "{status} {answer}"
    );
    let nobody = Credentials { access_key_id: "AKIAIOSFODNN7EXAMPLE".into(), ..admin.clone() };
    let (status, answer) = post(&front, &nobody, "iam", body, body).await;
    assert!(status == 403 && answer.contains("InvalidClientTokenId"), "{status} {answer}");
    let (status, answer) = post(&front, &admin, "sts", body, body).await;
    assert!(status >= 400 && !answer.contains("<UserName>"), "{status} {answer}");
    world.clock.advance_ms(301_000);
    let (status, answer) = post(&front, &admin, "iam", body, body).await;
    assert!(status == 403 && answer.contains("Signature expired"), "{status} {answer}");
}

#[tokio::test]
async fn denials_and_sessions() {
    let world = World::new().await;
    let (front, admin) = (frontend(&world), keys(&world));
    let body = "Action=GetSessionToken&Version=2011-06-15&DurationSeconds=900";
    let (status, answer) = post(&front, &admin, "sts", body, body).await;
    assert_eq!(status, 200, "{answer}");
    let part = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>")).expect(name);
        rest.split_once("</").expect(name).0.to_owned()
    };
    let session = Credentials {
        access_key_id: part("AccessKeyId"),
        secret_access_key: part("SecretAccessKey"),
        session_token: Some(part("SessionToken")),
    };
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    let (status, answer) = post(&front, &session, "sts", body, body).await;
    assert!(status == 200 && answer.contains("user/admin"), "{status} {answer}");
    // As `aws eks get-token` makes them.
    let headers = [("host", "sts.localhost"), ("x-k8s-aws-id", "c1")];
    let query = "Action=GetCallerIdentity&Version=2011-06-15";
    let view = RequestView { method: "GET", path: "/", query, headers: &headers };
    let query = presign(&view, PayloadHash::of(b""), &session, "us-east-1", "sts", 60, NOW);
    let request = Request::get(format!("/?{query}")).header("host", "sts.localhost").header("x-k8s-aws-id", "c1");
    let (status, answer) = send(&front, request.body(String::new()).expect("a request")).await;
    assert!(status == 200 && answer.contains("user/admin"), "{status} {answer}");
    world.clock.advance_ms(900_000);
    let (status, answer) = post(&front, &session, "sts", body, body).await;
    assert!(status == 403 && answer.contains("<Code>ExpiredToken</Code>"), "{status} {answer}");
}
