//! The worked examples of AWS's documentation.

use gantry_base::Timestamp;
use gantry_sigv4::{Credentials, PayloadHash, Presented, RequestView, presign, sign, verify};

/// IAM's ListUsers, from "Create a signed AWS API request" in the IAM user guide and, before that,
/// the general reference's "Examples of the complete Signature Version 4 signing process".
#[test]
fn iam_list_users() {
    let headers = [
        ("Host", "iam.amazonaws.com"),
        ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("X-Amz-Date", "20150830T123600Z"),
        (
            "Authorization",
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
        ),
    ];
    let view =
        RequestView { method: "GET", path: "/", query: "Action=ListUsers&Version=2010-05-08", headers: &headers };
    let presented = Presented::parse(&view).expect("a complete signature");
    assert_eq!(presented.access_key_id, "AKIDEXAMPLE");
    assert_eq!(presented.scope(), "20150830/us-east-1/iam/aws4_request");
    assert_eq!(presented.check_scope("us-east-1", "iam"), Ok(()));
    let now = Timestamp::parse_amz_date("20150830T123900Z").expect("a date");
    let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
    assert_eq!(verify(&presented, &view, PayloadHash::of(b""), secret, now), Ok(()));
}

/// "Authenticating Requests: Using Query Parameters" of the S3 API reference.
#[test]
fn s3_presigned_get() {
    let credentials = Credentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
        session_token: None,
    };
    let headers = [("host", "examplebucket.s3.amazonaws.com")];
    let view = RequestView { method: "GET", path: "/test.txt", query: "", headers: &headers };
    let now = Timestamp::parse_amz_date("20130524T000000Z").expect("a date");
    let query = presign(&view, PayloadHash::of(b""), &credentials, "us-east-1", "s3", 86_400, now);
    assert!(
        query.ends_with("&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"),
        "{query}"
    );
    let signed = RequestView { query: &query, ..view };
    let presented = Presented::parse(&signed).expect("a complete signature");
    let secret = &credentials.secret_access_key;
    assert_eq!(verify(&presented, &signed, PayloadHash::of(b"whatever"), secret, now.plus_ms(86_000_000)), Ok(()));
    assert!(verify(&presented, &signed, PayloadHash::of(b""), secret, now.plus_ms(86_401_000)).is_err());
}

/// "Authenticating Requests: Using the Authorization Header" of the S3 API reference: GET Object and
/// PUT Object, whose key has a character that S3 paths encode.
#[test]
fn s3_headers() {
    let credentials = Credentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
        secret_access_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
        session_token: None,
    };
    let now = Timestamp::parse_amz_date("20130524T000000Z").expect("a date");
    let headers = [
        ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("Host", "examplebucket.s3.amazonaws.com"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
    ];
    let view = RequestView { method: "PUT", path: "/test%24file.text", query: "", headers: &headers };
    let signed = sign(&view, PayloadHash::of(b"Welcome to Amazon S3."), &credentials, "us-east-1", "s3", now);
    let authorization = &signed.headers.last().expect("authorization").1;
    assert!(
        authorization.ends_with("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
        "{authorization}"
    );
}
