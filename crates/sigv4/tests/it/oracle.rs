//! What the AWS SDK's own signer signs, we accept; and what was changed after signing, we refuse.

use std::time::{Duration, UNIX_EPOCH};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use proptest::prelude::*;

use crate::support::{NOW, Owned, SECRET};

fn sdk_sign(mut request: Owned, service: &str, token: Option<&str>, presign: bool) -> Owned {
    let identity = Credentials::new("AKIDEXAMPLE", SECRET, token.map(str::to_owned), None, "test").into();
    let mut settings = SigningSettings::default();
    if presign {
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_mins(1));
    }
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name(service)
        .time(UNIX_EPOCH + Duration::from_secs(NOW.secs() as u64))
        .settings(settings)
        .build()
        .expect("all is set")
        .into();
    let joint = if request.query.is_empty() { "" } else { "?" };
    let uri = format!("http://localhost:4566{}{joint}{}", request.path, request.query);
    let headers = request.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()));
    let body =
        if presign && service == "s3" { SignableBody::UnsignedPayload } else { SignableBody::Bytes(&request.body) };
    let signable = SignableRequest::new(&request.method, &uri, headers, body).expect("a request");
    let (instructions, _) = sign(signable, &params).expect("signs").into_parts();
    let (headers, pairs) = instructions.into_parts();
    for header in headers {
        request.headers.push((header.name().to_owned(), header.value().to_owned()));
    }
    for (name, value) in pairs {
        let joint = if request.query.is_empty() { "" } else { "&" };
        let value: String = form_encode(&value);
        request.query += &format!("{joint}{name}={value}");
    }
    request
}

fn form_encode(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => (b as char).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}

/// A path as clients send it: segments already percent-encoded.
fn path() -> impl Strategy<Value = String> {
    let segment = prop_oneof![
        "[a-zA-Z0-9._~-]{1,8}",
        Just("arn%3Aaws%3Aeks%3Aus-east-1%3A123456789012%3Acluster%2Fc".to_owned()),
        Just("..".to_owned()),
        Just(".".to_owned()),
        Just("caf%C3%A9".to_owned()),
        Just("a:b@c".to_owned()),
    ];
    (prop::collection::vec(segment, 0..5), any::<bool>()).prop_map(|(segments, open)| {
        let tail = if open && !segments.is_empty() { "/" } else { "" };
        format!("/{}{tail}", segments.join("/"))
    })
}

fn query() -> impl Strategy<Value = String> {
    let word = prop_oneof!["[a-zA-Z0-9._~-]{1,6}", Just("%20".to_owned()), Just("%2B%2F%3D".to_owned())];
    let pair = (word.clone(), prop::option::of(word)).prop_map(|(n, v)| match v {
        Some(v) => format!("{n}={v}"),
        None => format!("{n}="),
    });
    prop::collection::vec(pair, 0..6).prop_map(|pairs| pairs.join("&"))
}

fn request() -> impl Strategy<Value = Owned> {
    let value = "[!-~]{1,6}([ ]{1,3}[!-~]{1,6}){0,2}";
    let method = prop_oneof![Just("GET"), Just("POST"), Just("PUT"), Just("DELETE")];
    (method, path(), query(), ".{0,40}", value).prop_map(|(method, path, query, body, value)| {
        Owned::new(method, &path, &query, &body).add("X-Amz-Meta-Note", &value).add("X-Other", &value)
    })
}

/// The SDK's signer knows S3's query and path form; ours must agree on both.
fn service() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("ecs"), Just("eks"), Just("sts")]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_the_sdk_signs_verifies(request in request(), service in service(),
                                   token in prop::option::of("[A-Za-z0-9+/=]{1,80}"), presign: bool) {
        let signed = sdk_sign(request, service, token.as_deref(), presign);
        let presented = signed.presented().expect("parses");
        prop_assert_eq!(&presented.session_token, &token);
        prop_assert_eq!(signed.check(), Ok(()), "{:?}", signed);
    }

    #[test]
    fn ours_and_the_sdks_signatures_are_the_same(request in request(), service in service()) {
        let theirs = sdk_sign(request.clone(), service, None, false).presented().expect("parses");
        let ours = request.signed(service, None).presented().expect("parses");
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn a_change_after_signing_is_refused(request in request(), presign: bool, what in 0..6usize) {
        let signed = sdk_sign(request, "ecs", None, presign);
        prop_assert!(signed.check().is_ok());
        let mut bad = signed.clone();
        match what {
            0 => bad.method.push('X'),
            1 => bad.path.push_str("/more"),
            2 => bad.query.push_str("&more=1"),
            3 => bad.body.push(0),
            4 => bad = bad.set("x-other", "something else"),
            _ => bad = bad.set("host", "evil.example"),
        }
        prop_assert!(bad.check().is_err(), "{what}: {bad:?}");
    }

    #[test]
    fn parsing_never_panics(query in ".{0,200}", authorization in "(AWS4-HMAC-SHA256 )?.{0,200}", date in ".{0,20}") {
        let request = Owned::new("GET", "/", &query, "").add("Authorization", &authorization).add("X-Amz-Date", &date);
        let _ = request.check();
    }
}

#[test]
fn s3_paths_are_encoded_once() {
    for path in ["/a%20b/c", "/plus%2Bsign/x", "/a//b/../c", "/"] {
        let signed = sdk_sign(Owned::new("GET", path, "list-type=2&prefix=a%2Fb", ""), "s3", None, true);
        assert_eq!(signed.check(), Ok(()), "{path}");
    }
}
