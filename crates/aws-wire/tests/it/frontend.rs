//! The door: who gets in, what it costs, and what a handler's trouble looks like from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_aws_wire::schema::{OperationSchema, ServiceSchema};
use gantry_aws_wire::{
    Access, Authority, AwsError, Caller, CallerKind, Context, Credential, Defaults, Frontend, Limits, Output, Service,
};
use gantry_base::{Clock as _, ManualClock, SeededEntropy, Timestamp};
use gantry_sigv4::{Credentials, PayloadHash, RequestView};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};

use crate::model::{EC2, JSON, QUERY, REST};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "secret";

struct Door {
    schema: &'static ServiceSchema,
    calls: Arc<AtomicUsize>,
}

#[async_trait]
impl Service for Door {
    fn schema(&self) -> &'static ServiceSchema {
        self.schema
    }

    async fn accesses(&self, op: &'static OperationSchema, _: &Value, _: &Context) -> Result<Vec<Access>, AwsError> {
        Ok(vec![Access::new(format!("{}:{}", self.schema.name, op.name), "*")])
    }

    async fn call(&self, op: &'static OperationSchema, input: Value, _: &Context) -> Result<Output, AwsError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        match (op.name, input["Name"].as_str()) {
            ("Panic", _) => panic!("a secret of the inside"),
            (_, Some("ready")) => Ok(Output::Json(Bytes::from_static(br#"{"Name":"as is"}"#))),
            _ => Ok(Output::Value(input)),
        }
    }
}

struct Gate {
    checked: bool,
    allowed: bool,
}

#[async_trait]
impl Authority for Gate {
    async fn credential(&self, key: &str, token: Option<&str>) -> Result<Credential, AwsError> {
        if token == Some("old") {
            return Err(AwsError::sender("ExpiredToken", "The security token included in the request is expired"));
        }
        let named = !self.checked && key.len() == 12;
        if key != KEY && !named {
            let message = "The security token included in the request is invalid.";
            return Err(AwsError::sender("UnrecognizedClientException", message));
        }
        let caller = Caller {
            arn: "arn:aws:iam::123456789012:root".into(),
            account: if named { key } else { "123456789012" }.parse().expect("an account"),
            user_id: "123456789012".into(),
            kind: CallerKind::Root,
            access_key_id: key.into(),
            session_context: Vec::new(),
            session_policies: Vec::new(),
        };
        Ok(Credential { secret: SECRET.into(), caller: Arc::new(caller) })
    }

    async fn authorize(&self, _: &Context, accesses: &[Access]) -> Result<(), AwsError> {
        if self.allowed {
            return Ok(());
        }
        Err(AwsError::access_denied(format!("User: x is not authorized to perform: {}", accesses[0].action)))
    }

    fn signatures_checked(&self) -> bool {
        self.checked
    }
}

struct House {
    frontend: Frontend,
    clock: Arc<ManualClock>,
    calls: Arc<AtomicUsize>,
}

impl House {
    fn new(gate: Gate) -> Self {
        let clock = ManualClock::at(Timestamp::from_secs(1_795_341_600));
        let calls = Arc::new(AtomicUsize::new(0));
        let services = [&JSON, &QUERY, &EC2, &REST]
            .map(|schema| Arc::new(Door { schema, calls: calls.clone() }) as Arc<dyn Service>)
            .to_vec();
        let defaults = Defaults {
            account: "000000000000".parse().expect("an account"),
            region: "us-east-1".parse().expect("a region"),
            clock: clock.clone(),
            entropy: SeededEntropy::new(1),
            limits: Limits {
                body_bytes: 2000,
                body_timeout: Duration::from_millis(200),
                bodies_bytes: 4 * 64 * 1024,
                ..Limits::default()
            },
        };
        Self { frontend: Frontend::new(services, Arc::new(gate), defaults), clock, calls }
    }

    fn open() -> Self {
        Self::new(Gate { checked: true, allowed: true })
    }

    fn sign(&self, request: Request<()>, service: &str, body: &str) -> Request<Full<Bytes>> {
        self.sign_as(
            request,
            service,
            body,
            &Credentials { access_key_id: KEY.into(), secret_access_key: SECRET.into(), session_token: None },
        )
    }

    fn sign_as(&self, request: Request<()>, service: &str, body: &str, who: &Credentials) -> Request<Full<Bytes>> {
        let (mut parts, ()) = request.into_parts();
        let headers: Vec<(String, String)> =
            parts.headers.iter().map(|(k, v)| (k.to_string(), v.to_str().expect("text").to_owned())).collect();
        let view: Vec<(&str, &str)> = headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let request = RequestView {
            method: parts.method.as_str(),
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &view,
        };
        let signed =
            gantry_sigv4::sign(&request, PayloadHash::of(body.as_bytes()), who, "eu-west-1", service, self.clock.now());
        for (name, value) in signed.headers {
            let name = http::HeaderName::from_bytes(name.as_bytes()).expect("a name");
            parts.headers.insert(name, value.parse().expect("a value"));
        }
        Request::from_parts(parts, Full::new(Bytes::from(body.to_owned())))
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> (u16, String) {
        let (parts, body) = request.into_parts();
        let peer = "127.0.0.1:9".parse().expect("an address");
        let response = self.frontend.handle(parts, body, peer, false).await;
        assert!(response.headers().contains_key("x-amzn-requestid"));
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn target(operation: &str) -> Request<()> {
    let target = format!("Thing_20200102.{operation}");
    Request::post("/").header("host", "localhost").header("x-amz-target", target).body(()).expect("a request")
}

fn form() -> Request<()> {
    let kind = "application/x-www-form-urlencoded";
    Request::post("/").header("host", "localhost").header("content-type", kind).body(()).expect("a request")
}

#[tokio::test]
async fn signed_requests_reach_their_handlers() {
    let house = House::open();
    let (status, body) = house.send(house.sign(target("Put"), "jthing", r#"{"Name":"n"}"#)).await;
    assert_eq!((status, body.as_str()), (200, r#"{"Name":"n"}"#));
    let (status, body) = house.send(house.sign(target("Put"), "jthing", r#"{"Name":"ready"}"#)).await;
    assert_eq!((status, body.as_str()), (200, r#"{"Name":"as is"}"#));
    let (status, body) = house.send(house.sign(form(), "qthing", "Action=Put&Version=2020-01-02&Name=n")).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains("<PutResult><Name>n</Name></PutResult>"), "{body}");
    let (_, body) = house.send(house.sign(form(), "ec2thing", "Action=Put&Version=2020-01-02&Name=ready")).await;
    assert!(body.contains("<Name>as is</Name>"), "{body}");
    let get = Request::get("/b/x/y?max-keys=3").header("host", "localhost").body(()).expect("a request");
    let (status, _) = house.send(house.sign(get, "rthing", "")).await;
    assert_eq!((status, house.calls()), (200, 5));
}

#[tokio::test]
async fn what_is_not_the_senders_is_refused() {
    let house = House::open();
    let body = r#"{"Name":"n"}"#;
    let swap = |mut request: Request<Full<Bytes>>, body: &'static str| {
        *request.body_mut() = Full::new(Bytes::from_static(body.as_bytes()));
        request
    };
    let with = |name: &str, value: &str| {
        let mut request = house.sign(target("Put"), "jthing", body);
        request
            .headers_mut()
            .insert(http::HeaderName::from_bytes(name.as_bytes()).expect("a name"), value.parse().expect("a value"));
        request
    };
    let who = |key: &str, secret: &str, token: Option<&str>| Credentials {
        access_key_id: key.into(),
        secret_access_key: secret.into(),
        session_token: token.map(str::to_owned),
    };
    let query = "Action=Put&Version=2020-01-02";
    for (name, request, status, code) in [
        (
            "replayed with another body",
            swap(house.sign(target("Put"), "jthing", body), "{}"),
            400,
            "InvalidSignatureException",
        ),
        (
            "the same over query",
            swap(house.sign(form(), "qthing", query), "Action=Put&Version=2020-01-02&Count=1"),
            403,
            "<Code>SignatureDoesNotMatch</Code>",
        ),
        (
            "the same over EC2",
            swap(house.sign(form(), "ec2thing", query), "Action=Put&Version=2020-01-02&Count=1"),
            401,
            "<Code>AuthFailure</Code>",
        ),
        ("an unsigned x-amz header", with("x-amz-meta", "x"), 400, "InvalidSignatureException"),
        ("another body hash", with("x-amz-content-sha256", "00"), 400, "InvalidSignatureException"),
        (
            "half a signature",
            with("authorization", "AWS4-HMAC-SHA256 Credential=x"),
            400,
            "IncompleteSignatureException",
        ),
        ("no signature", target("Put").map(|()| Full::default()), 400, "MissingAuthenticationTokenException"),
        (
            "no signature over query",
            form().map(|()| Full::new(Bytes::from_static(query.as_bytes()))),
            403,
            "<Code>MissingAuthenticationToken</Code>",
        ),
        (
            "unknown key",
            house.sign_as(target("Put"), "jthing", body, &who("AKIAX", SECRET, None)),
            400,
            "UnrecognizedClientException",
        ),
        (
            "unknown key over query",
            house.sign_as(form(), "qthing", query, &who("AKIAX", SECRET, None)),
            403,
            "<Code>InvalidClientTokenId</Code>",
        ),
        (
            "wrong secret",
            house.sign_as(target("Put"), "jthing", body, &who(KEY, "x", None)),
            400,
            "InvalidSignatureException",
        ),
        (
            "expired token",
            house.sign_as(target("Put"), "jthing", body, &who(KEY, SECRET, Some("old"))),
            400,
            "ExpiredTokenException",
        ),
        (
            "expired token over query",
            house.sign_as(form(), "qthing", query, &who(KEY, SECRET, Some("old"))),
            403,
            "<Code>ExpiredToken</Code>",
        ),
        (
            "scope of another service",
            house.sign(target("Put"), "qthing", body),
            400,
            "Credential should be scoped to correct service: 'jthing'",
        ),
        ("unknown operation", house.sign(target("Nothing"), "jthing", body), 400, "UnknownOperationException"),
        (
            "unknown action",
            house.sign(form(), "qthing", "Action=No&Version=2020-01-02"),
            400,
            "Could not find operation No for version 2020-01-02",
        ),
        (
            "unknown EC2 action",
            house.sign(form(), "ec2thing", "Action=No&Version=2020-01-02"),
            400,
            "The action No is not valid for this web service.",
        ),
        (
            "unknown version",
            house.sign(form(), "ec2thing", "Action=Put&Version=1999"),
            400,
            "<Code>NoSuchVersion</Code>",
        ),
        ("not modelled", house.sign(target("Later"), "jthing", ""), 501, "Gantry does not implement Later."),
        ("unknown service", house.sign(form(), "s3", ""), 501, "Gantry does not implement the service s3."),
        ("malformed JSON", house.sign(target("Put"), "jthing", "{"), 400, "SerializationException"),
        (
            "malformed query",
            house.sign(form(), "qthing", "Action=Put&Version=2020-01-02&Count=x"),
            400,
            "MalformedInput",
        ),
    ] {
        let (got, body) = house.send(request).await;
        assert!(got == status && body.contains(code), "{name}: {got} {body}");
    }
    let old = house.sign(target("Put"), "jthing", body);
    house.clock.advance_ms(16 * 60 * 1000);
    let (status, text) = house.send(old).await;
    assert!(status == 400 && text.contains("Signature expired"), "{text}");
    let old = house.sign(form(), "ec2thing", query);
    house.clock.advance_ms(16 * 60 * 1000);
    let (status, text) = house.send(old).await;
    assert!(status == 400 && text.contains("RequestExpired"), "{text}");
    assert_eq!(house.calls(), 0, "no handler ran");
}

#[tokio::test]
async fn presigned_requests_pass() {
    let house = House::open();
    let who = Credentials { access_key_id: KEY.into(), secret_access_key: SECRET.into(), session_token: None };
    let view = RequestView {
        method: "GET",
        path: "/",
        query: "Action=Put&Version=2020-01-02&Name=n",
        headers: &[("host", "localhost")],
    };
    let query = gantry_sigv4::presign(&view, PayloadHash::of(b""), &who, "eu-west-1", "qthing", 60, house.clock.now());
    let request =
        || Request::get(format!("/?{query}")).header("host", "localhost").body(Full::default()).expect("a request");
    assert!(house.frontend.claims(&request().into_parts().0));
    let (status, body) = house.send(request()).await;
    assert!(status == 200 && body.contains("<Name>n</Name>"), "{body}");
    house.clock.advance_ms(61_000);
    let (status, body) = house.send(request()).await;
    assert!(status == 403 && body.contains("Signature expired"), "{body}");
}

#[tokio::test]
async fn a_denied_call_is_not_made() {
    let house = House::new(Gate { checked: true, allowed: false });
    let (status, body) = house.send(house.sign(target("Put"), "jthing", "{}")).await;
    assert_eq!(status, 400);
    assert_eq!(
        body,
        r#"{"Message":"User: x is not authorized to perform: jthing:Put","__type":"AccessDeniedException"}"#
    );
    let (status, body) = house.send(house.sign(form(), "qthing", "Action=Put&Version=2020-01-02")).await;
    assert!(status == 403 && body.contains("<Code>AccessDenied</Code>"), "{body}");
    let get = Request::get("/b/x/y").header("host", "localhost").body(()).expect("a request");
    let (status, body) = house.send(house.sign(get, "rthing", "")).await;
    assert!(status == 403 && body.contains("AccessDeniedException"), "{body}");
    assert_eq!(house.calls(), 0);
}

#[tokio::test]
async fn with_auth_off_any_signature_names_its_account() {
    let house = House::new(Gate { checked: false, allowed: true });
    let who =
        Credentials { access_key_id: "999999999999".into(), secret_access_key: "any".into(), session_token: None };
    let (status, body) = house.send(house.sign_as(target("Put"), "jthing", "{}", &who)).await;
    assert_eq!(status, 200, "{body}");
    let mut loose = target("Put").map(|()| Full::default());
    let header = "AWS4-HMAC-SHA256 Credential=999999999999/x".parse().expect("a value");
    loose.headers_mut().insert("authorization", header);
    assert_eq!(house.send(loose).await.0, 200);
    assert_eq!(house.send(target("Put").map(|()| Full::default())).await.0, 200, "nobody is the first account");
    assert_eq!(house.calls(), 3);
}

#[tokio::test]
async fn trouble_inside_stays_inside() {
    let house = House::open();
    let (status, body) = house.send(house.sign(target("Panic"), "jthing", "{}")).await;
    assert_eq!(status, 500);
    assert!(body.contains("InternalFailure") && !body.contains("secret"), "{body}");
    // And the door still opens.
    assert_eq!(house.send(house.sign(target("Put"), "jthing", "{}")).await.0, 200);
}

#[tokio::test]
async fn bodies_have_a_size_and_a_time() {
    let house = House::open();
    let long = format!(r#"{{"Name":"{}"}}"#, "x".repeat(3000));
    let (status, body) = house.send(house.sign(target("Put"), "jthing", &long)).await;
    assert!(status == 413 && body.contains("RequestEntityTooLarge"), "{body}");
    // In pieces, without a declared length.
    let (parts, _) = house.sign(target("Put"), "jthing", "{}").into_parts();
    let endless = futures_body(|| Some(Bytes::from(vec![b' '; 500])));
    let peer = "127.0.0.1:9".parse().expect("an address");
    let response = house.frontend.handle(parts.clone(), endless, peer, false).await;
    assert_eq!(response.status(), 413);
    let silent = futures_body(|| None);
    let response = house.frontend.handle(parts.clone(), silent, peer, false).await;
    assert_eq!(response.status(), 408);
    let pieces = std::sync::Mutex::new(vec!["}", "\"n\"", "{\"Name\":"]);
    let whole = r#"{"Name":"n"}"#;
    let (parts, _) = house.sign(target("Put"), "jthing", whole).into_parts();
    let body = Pieces(Box::new(move || Some(pieces.lock().expect("a lock").pop().map(Bytes::from))));
    assert_eq!(house.frontend.handle(parts, body, peer, false).await.status(), 200);
}

/// `Some(None)` ends the body, `None` leaves it hanging.
struct Pieces(Box<dyn FnMut() -> Option<Option<Bytes>> + Send>);

fn futures_body(mut next: impl FnMut() -> Option<Bytes> + Send + 'static) -> Pieces {
    Pieces(Box::new(move || next().map(Some)))
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        match (self.0)() {
            Some(piece) => std::task::Poll::Ready(piece.map(|p| Ok(http_body::Frame::data(p)))),
            None => std::task::Poll::Pending,
        }
    }
}

#[tokio::test]
async fn calls_from_inside_take_the_same_way() {
    let house = House::open();
    let gate = Gate { checked: true, allowed: true };
    let caller = gate.credential(KEY, None).await.expect("a key").caller;
    let region = "us-east-1".parse().expect("a region");
    let answer = house.frontend.invoke(caller.clone(), &region, "qthing", "Put", json!({"Name": "n"})).await;
    assert_eq!(answer, Ok(json!({"Name": "n"})));
    let error = house.frontend.invoke(caller, &region, "jthing", "Later", json!({})).await.expect_err("not modelled");
    assert_eq!(error.status, 501);
}

#[test]
fn other_paths_are_left_to_others() {
    let house = House::open();
    for (method, uri, claimed) in [
        ("GET", "/healthz", false),
        ("GET", "/v2/", false),
        ("POST", "/", true),
        ("GET", "/?Action=X", true),
        ("GET", "/", false),
    ] {
        let request =
            Request::builder().method(method).uri(uri).header("host", "localhost").body(()).expect("a request");
        assert_eq!(house.frontend.claims(&request.into_parts().0), claimed, "{method} {uri}");
    }
    let by_host = Request::get("/x").header("host", "rthing.eu-west-1.amazonaws.com").body(()).expect("a request");
    assert!(house.frontend.claims(&by_host.into_parts().0));
}
