//! Every way for a signature to be wrong, with the code and wording it is answered by.

use gantry_base::Timestamp;
use gantry_sigv4::{
    Error, Kind, MAX_EXPIRES_SECS, PayloadHash, Presented, RequestView, Rules, SigningKey, verify_with_key,
};

use crate::support::{NOW, Owned, SECRET};

fn header() -> Owned {
    Owned::new("POST", "/", "", "{\"cluster\":\"c1\"}").signed("ecs", None)
}

fn presigned(expires_secs: u32) -> Owned {
    let mut request = Owned::new("GET", "/", "Action=GetCallerIdentity&Version=2011-06-15", "");
    request.headers = vec![("host".into(), "sts.localhost".into()), ("x-k8s-aws-id".into(), "c1".into())];
    request.presigned("sts", None, expires_secs)
}

#[test]
fn good_ones_pass() {
    assert_eq!(header().check(), Ok(()));
    assert_eq!(presigned(60).check(), Ok(()));
    let token = Owned::new("POST", "/", "", "").signed("ecs", Some("a+b/c=="));
    assert_eq!(token.presented().expect("parses").session_token.as_deref(), Some("a+b/c=="));
    assert_eq!(token.check(), Ok(()));
    let token = Owned::new("POST", "/", "", "").presigned("ecs", Some("a+b/c=="), 60);
    assert_eq!(token.presented().expect("parses").session_token.as_deref(), Some("a+b/c=="));
    assert_eq!(token.check(), Ok(()));
}

#[test]
fn refusals_by_code_and_wording() {
    let table: Vec<(&str, Owned, &str, &str)> = vec![
        (
            "nothing",
            Owned::new("POST", "/", "", ""),
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        ),
        (
            "another scheme",
            Owned::new("POST", "/", "", "").add("Authorization", "Bearer x"),
            "MissingAuthenticationToken",
            "Request is missing",
        ),
        (
            "SigV2",
            header().edit("AWS4-HMAC-SHA256", "AWS AKID:sig"),
            "MissingAuthenticationToken",
            "Request is missing",
        ),
        (
            "another algorithm",
            header().edit("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
            "IncompleteSignature",
            "Unsupported AWS 'algorithm'",
        ),
        (
            "no credential",
            header().edit("Credential=", "Kredential="),
            "IncompleteSignature",
            "requires 'Credential' parameter.",
        ),
        (
            "no signature",
            header().edit("Signature=", "Zignature="),
            "IncompleteSignature",
            "requires 'Signature' parameter.",
        ),
        (
            "no signed headers",
            header().edit("SignedHeaders=", "X="),
            "IncompleteSignature",
            "requires 'SignedHeaders' parameter.",
        ),
        (
            "no equal sign",
            header().edit("Signature=", "Signature"),
            "IncompleteSignature",
            "not a valid key=value pair",
        ),
        (
            "a part twice",
            header().edit("Signature=", "Signature=x, Signature="),
            "IncompleteSignature",
            "more than once",
        ),
        (
            "no date",
            header().without("x-amz-date"),
            "IncompleteSignature",
            "existence of either a 'X-Amz-Date' or a 'Date' header",
        ),
        ("a bad date", header().set("x-amz-date", "2026-11-22"), "IncompleteSignature", "ISO-8601 'basic format'"),
        (
            "two dates",
            header().add("x-amz-date", "20261122T100000Z"),
            "IncompleteSignature",
            "more than one X-Amz-Date",
        ),
        (
            "two authorizations",
            header().add("Authorization", "AWS4-HMAC-SHA256 x=y"),
            "IncompleteSignature",
            "more than one Authorization",
        ),
        (
            "four parts of credential",
            header().edit("/aws4_request", ""),
            "IncompleteSignature",
            "exactly 5 slash-delimited",
        ),
        (
            "six parts of credential",
            header().edit("/aws4_request", "/aws4_request/x"),
            "IncompleteSignature",
            "exactly 5 slash-delimited",
        ),
        (
            "an empty header name",
            header().edit("SignedHeaders=", "SignedHeaders=;"),
            "IncompleteSignature",
            "list of header names",
        ),
        (
            "both header and query",
            Owned { query: presigned(60).query, ..header() },
            "IncompleteSignature",
            "Only one auth mechanism",
        ),
        (
            "another terminator",
            header().edit("aws4_request", "aws5_request"),
            "SignatureDoesNotMatch",
            "valid terminator: 'aws4_request'",
        ),
        (
            "scope of another day",
            header().edit("20261122", "20261121"),
            "SignatureDoesNotMatch",
            "Date in Credential scope does not match YYYYMMDD",
        ),
        (
            "scope of another region",
            header().edit("us-east-1", "eu-west-1"),
            "SignatureDoesNotMatch",
            "The request signature we calculated",
        ),
        (
            "scope of another service",
            header().edit("/ecs/", "/ecr/"),
            "SignatureDoesNotMatch",
            "The request signature we calculated",
        ),
        (
            "host unsigned",
            header().edit("host;", ""),
            "SignatureDoesNotMatch",
            "'Host' or ':authority' must be a 'SignedHeader'",
        ),
        (
            "target unsigned",
            header().edit(";x-amz-target", ""),
            "SignatureDoesNotMatch",
            "'x-amz-target' must be a 'SignedHeader'",
        ),
        (
            "added x-amz- header",
            header().add("X-Amz-Extra", "1"),
            "SignatureDoesNotMatch",
            "'x-amz-extra' must be a 'SignedHeader'",
        ),
        (
            "signed header gone",
            header().without("content-type"),
            "SignatureDoesNotMatch",
            "The request signature we calculated",
        ),
        (
            "signature of other length",
            header().edit("Signature=", "Signature=0"),
            "SignatureDoesNotMatch",
            "The request signature we calculated",
        ),
        (
            "header changed",
            header().set("x-amz-target", "Other.Op"),
            "SignatureDoesNotMatch",
            "The request signature we calculated",
        ),
        ("host changed", header().set("host", "other"), "SignatureDoesNotMatch", "The request signature we calculated"),
        (
            "body changed",
            Owned { body: b"{}".to_vec(), ..header() },
            "SignatureDoesNotMatch",
            "The request signature we calculated",
        ),
        (
            "token added",
            header().add("X-Amz-Security-Token", "t"),
            "SignatureDoesNotMatch",
            "'x-amz-security-token' must be",
        ),
        (
            "presigned, no date",
            presigned(60).edit_query("X-Amz-Date", "X-Amz-Dote"),
            "IncompleteSignature",
            "query-string parameters must include",
        ),
        (
            "presigned, no signature",
            presigned(60).edit_query("X-Amz-Signature", "X"),
            "IncompleteSignature",
            "query-string parameters must include",
        ),
        (
            "presigned, a part twice",
            presigned(60).edit_query("&X-Amz-Expires=60", "&X-Amz-Expires=60&X-Amz-Expires=600"),
            "IncompleteSignature",
            "more than once",
        ),
        (
            "presigned, expires 0",
            presigned(60).edit_query("Expires=60", "Expires=0"),
            "IncompleteSignature",
            "at least 1 second",
        ),
        (
            "presigned, expires -1",
            presigned(60).edit_query("Expires=60", "Expires=-1"),
            "IncompleteSignature",
            "should be a number",
        ),
        (
            "presigned, expires 8 days",
            presigned(60).edit_query("Expires=60", "Expires=691200"),
            "IncompleteSignature",
            "less than a week",
        ),
        (
            "presigned, expires huge",
            presigned(60).edit_query("Expires=60", "Expires=99999999999999999999"),
            "IncompleteSignature",
            "less than a week",
        ),
        (
            "presigned, life stretched",
            presigned(60).edit_query("Expires=60", "Expires=600"),
            "SignatureDoesNotMatch",
            "The request signature we calculated",
        ),
        (
            "presigned, query changed",
            presigned(60).edit_query("GetCallerIdentity", "GetSessionToken"),
            "SignatureDoesNotMatch",
            "The request signature we calculated",
        ),
        (
            "presigned, header changed",
            presigned(60).set("x-k8s-aws-id", "c2"),
            "SignatureDoesNotMatch",
            "The request signature we calculated",
        ),
        (
            "presigned, header gone",
            presigned(60).without("x-k8s-aws-id"),
            "SignatureDoesNotMatch",
            "The request signature we calculated",
        ),
        (
            "too long",
            Owned::new("GET", "/", &format!("X-Amz-Signature={}", "a".repeat(70_000)), ""),
            "IncompleteSignature",
            "too long",
        ),
    ];
    for (name, request, code, wording) in table {
        let error = request.check().expect_err(name);
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.to_string().contains(wording), "{name}: {error}");
        assert!(!error.to_string().contains(SECRET), "{name}");
    }
}

#[test]
fn scopes_are_checked_by_name() {
    let presented = header().presented().expect("parses");
    assert_eq!(presented.check_scope("us-east-1", "ecs"), Ok(()));
    let region = presented.check_scope("eu-west-1", "ecs").expect_err("another region");
    assert_eq!(region.to_string(), "Credential should be scoped to a valid region, not 'us-east-1'. ");
    let service = presented.check_scope("us-east-1", "sts").expect_err("another service");
    assert_eq!(service.to_string(), "Credential should be scoped to correct service: 'sts'. ");
}

#[test]
fn clocks_may_differ_by_five_minutes() {
    for (offset_ms, passes) in [(-300_000, true), (300_000, true), (-300_001, false), (300_001, false)] {
        assert_eq!(header().check_at(NOW.plus_ms(offset_ms)).is_ok(), passes, "{offset_ms}");
    }
    assert_eq!(
        header().check_at(NOW.plus_ms(301_000)).expect_err("old").to_string(),
        "Signature expired: 20261122T100000Z is now earlier than 20261122T100001Z (20261122T100501Z - 5 min.)"
    );
    assert_eq!(
        header().check_at(NOW.plus_ms(-301_000)).expect_err("of the future").to_string(),
        "Signature not yet current: 20261122T100000Z is still later than 20261122T095959Z (20261122T095459Z + 5 min.)"
    );
}

#[test]
fn presigned_requests_live_as_long_as_they_say() {
    let request = presigned(600);
    for (offset_ms, passes) in [(0, true), (599_000, true), (600_000, true), (600_001, false), (-300_001, false)] {
        assert_eq!(request.check_at(NOW.plus_ms(offset_ms)).is_ok(), passes, "{offset_ms}");
    }
    let week = presigned(MAX_EXPIRES_SECS);
    assert_eq!(week.check_at(NOW.plus_ms(i64::from(MAX_EXPIRES_SECS) * 1000)), Ok(()));
    // EKS: tokens say 60 seconds and are good for 15 minutes.
    let rules = Rules { presigned_min_ms: 15 * 60_000, ..Rules::default() };
    presigned(60).view(|view| {
        let presented = Presented::parse(view).expect("parses");
        let key = SigningKey::derive(SECRET, &presented.scope_date, &presented.region, &presented.service);
        let at = |ms| verify_with_key(&presented, view, PayloadHash::of(b""), &key, NOW.plus_ms(ms), &rules);
        assert_eq!(at(899_000), Ok(()));
        assert_eq!(at(901_000).expect_err("old").json_code(), "InvalidSignatureException");
    });
}

#[test]
fn expires_may_be_left_out() {
    let request = presigned(60);
    let presented = Owned { query: request.query.replace("&X-Amz-Expires=60", ""), ..request }.presented();
    assert_eq!(presented.expect("parses").kind, Kind::Presigned { expires_secs: None });
}

/// What `x-amz-content-sha256` says, and for which service.
#[test]
fn declared_payloads() {
    let declare = |value: &str, service| {
        Owned::new("PUT", "/x", "", "body").add("x-amz-content-sha256", value).signed(service, None).check()
    };
    let right = PayloadHash::of(b"body").hex();
    assert_eq!(declare(&right, "ecs"), Ok(()));
    assert_eq!(declare(&right, "s3"), Ok(()));
    assert_eq!(declare(&PayloadHash::of(b"other").hex(), "ecs"), Err(Error::PayloadMismatch));
    assert_eq!(declare("UNSIGNED-PAYLOAD", "s3"), Ok(()));
    for (value, service) in [
        ("UNSIGNED-PAYLOAD", "ecs"),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "s3"),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", "s3"),
        ("STREAMING-AWS4-HMAC-SHA256-EVENTS", "logs"),
    ] {
        assert_eq!(declare(value, service), Err(Error::UnsupportedPayload(value.into())), "{value}");
    }
}

#[test]
fn date_header_will_do() {
    let headers = [
        ("host", "h"),
        ("date", "Sun, 22 Nov 2026 10:00:00 GMT"),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=A/20261122/us-east-1/ecs/aws4_request,SignedHeaders=date;host,Signature=00",
        ),
    ];
    let view = RequestView { method: "GET", path: "/", query: "", headers: &headers };
    let presented = Presented::parse(&view).expect("parses");
    assert_eq!(presented.date, NOW);
    assert_eq!(presented.date, Timestamp::from_secs(NOW.secs()));
}

#[test]
fn nothing_secret_is_printed() {
    let key = SigningKey::derive(SECRET, "20261122", "us-east-1", "ecs");
    let shown = format!("{key:?} {:?}", crate::support::credentials(Some("token")));
    assert!(!shown.contains(SECRET) && !shown.contains("token"), "{shown}");
}
