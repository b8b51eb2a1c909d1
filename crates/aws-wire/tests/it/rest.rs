//! restJson1, which no generated service speaks yet.

use gantry_aws_wire::AwsError;
use gantry_aws_wire::protocol::{self, rest};
use http::HeaderMap;
use serde_json::{Value, json};

use crate::model::REST;

fn decode(method: &str, path: &str, query: &str, headers: &HeaderMap, body: &[u8]) -> Result<Value, AwsError> {
    let operation = rest::route(&REST, method, path, query).expect("a route");
    rest::decode(&REST, operation, &rest::RestRequest { path, query, headers, body })
}

#[test]
fn routes() {
    for (method, path, query, expected) in [
        ("GET", "/b/one/two/three", "", Some("Get")),
        ("GET", "/b/literal/x", "", Some("Literal")),
        ("GET", "/b/one", "list", Some("GetList")),
        ("GET", "/b/one", "", None),
        ("GET", "/b//x", "", None),
        ("PUT", "/upload", "", Some("Upload")),
        ("PUT", "/upload/", "", Some("Upload")),
        ("POST", "/upload", "", None),
        ("GET", "/", "", None),
        ("GET", "upload", "", None),
        ("GET", "/b", "", None),
    ] {
        assert_eq!(rest::route(&REST, method, path, query).map(|o| o.name), expected, "{method} {path}?{query}");
    }
}

#[test]
fn requests() {
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-token", "t".parse().expect("a value"));
    headers.insert("if-modified-since", "Sun, 22 Nov 2026 10:00:00 GMT".parse().expect("a value"));
    headers.insert("x-amz-meta-colour", "red".parse().expect("a value"));
    let body = br#"{"theNote":"n","when":1.5,"either":{"left":"l"},"bucket":"not from here"}"#;
    let input =
        decode("GET", "/b/my%20bucket/a/b%2Fc", "max-keys=5&tag=x&tag=y%20z", &headers, body).expect("an input");
    assert_eq!(
        input,
        json!({
            "bucket": "my bucket", "key": "a/b/c", "limit": 5, "tags": ["x", "y z"], "token": "t",
            "since": 1_795_341_600, "meta": {"colour": "red"}, "note": "n", "when": 1.5, "either": {"left": "l"},
        })
    );
    let none = HeaderMap::new();
    assert_eq!(decode("PUT", "/upload", "", &none, b"hi").expect("an input"), json!({"data": "aGk="}));
    assert_eq!(
        decode("GET", "/all", "one=1&two=2&three=3", &none, b"").expect("an input"),
        json!({"one": "1", "rest": {"two": "2", "three": "3"}})
    );
    for (query, body) in [("max-keys=many", &b""[..]), ("", br#"{"either":{"left":"l","right":1}}"#), ("", b"{")] {
        let error = decode("GET", "/b/x/y", query, &none, body).expect_err(query);
        assert_eq!(error.code, "SerializationException");
    }
}

#[test]
fn answers() {
    let get = REST.operation("Get").expect("Get");
    let output = json!({
        "status": 206, "etag": "e", "meta": {"size": "big"}, "note": "n", "when": 1_795_341_600.5, "ratio": "Infinity"
    });
    let reply = protocol::encode(&REST, get, &output, "id").expect("an answer");
    assert_eq!(reply.status, 206);
    assert_eq!(
        (&reply.headers["etag"], &reply.headers["x-amz-meta-size"]),
        (&"e".parse().expect("e"), &"big".parse().expect("big"))
    );
    assert_eq!(&reply.body[..], br#"{"theNote":"n","when":1795341600.5,"ratio":"Infinity"}"#);
    let upload = REST.operation("Upload").expect("Upload");
    let reply = protocol::encode(&REST, upload, &json!({"kind": "k", "data": "aGk="}), "id").expect("an answer");
    assert_eq!(
        (&reply.body[..], &reply.headers["content-type"]),
        (&b"hi"[..], &"application/octet-stream".parse().expect("a type"))
    );
    let error = protocol::encode_error(&REST, &AwsError::sender("NoSuchThing", "m").with_status(404), "id");
    assert_eq!(error.headers["x-amzn-errortype"], "NoSuchThing");
    assert_eq!(error.status, 404);
}
