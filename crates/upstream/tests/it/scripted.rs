//! Against registries that want tokens, redirect, stall, or lie.

use std::time::Duration;

use bytes::Bytes;
use futures_util::TryStreamExt;
use gantry_upstream::{Fetched, Kind, MANIFESTS};

use crate::rig::{Script, client};

type Answer = (u16, Vec<(&'static str, String)>, String);

fn ok(body: &str) -> Answer {
    (200, Vec::new(), body.to_owned())
}

#[tokio::test]
async fn tokens_are_asked_for_once_and_anew_when_they_expire() {
    let server = Script::new(|_, path, auth| {
        if path.starts_with("/token") {
            return if auth == Some("Basic bWU6c2VjcmV0") {
                ok(r#"{"token":"t"}"#)
            } else {
                (401, vec![], String::new())
            };
        }
        if auth == Some("Bearer t") && !path.ends_with("expired") {
            return ok("{}");
        }
        (401, vec![("www-authenticate", r#"Bearer realm="/token",service="s""#.to_owned())], String::new())
    })
    .await;
    // The realm must be absolute.
    assert_eq!(server.remote("a/b").get_manifest("v1", MANIFESTS).await.unwrap_err().kind, Kind::Network);

    let port = std::sync::Arc::new(std::sync::atomic::AtomicU16::new(0));
    let known = port.clone();
    let server = Script::new(move |_, path, auth| {
        if path.starts_with("/token") {
            return if auth == Some("Basic bWU6c2VjcmV0") {
                ok(r#"{"token":"t"}"#)
            } else {
                (401, vec![], String::new())
            };
        }
        if auth == Some("Bearer t") {
            return ok("{}");
        }
        let port = known.load(std::sync::atomic::Ordering::Relaxed);
        let realm = format!(r#"Bearer realm="http://127.0.0.1:{port}/token?x=y",service="s p""#);
        (401, vec![("www-authenticate", realm)], String::new())
    })
    .await;
    port.store(server.address.port(), std::sync::atomic::Ordering::Relaxed);
    let remote = server.remote("a/b");
    for _ in 0..3 {
        remote.get_manifest("v1", MANIFESTS).await.unwrap();
    }
    let seen = server.seen.lock().unwrap().clone();
    let tokens: Vec<_> = seen.iter().filter(|s| s.1.starts_with("/token")).collect();
    assert_eq!(tokens.len(), 1, "{seen:?}");
    assert_eq!(tokens[0].1, "/token?x=y&service=s%20p&scope=repository%3Aa%2Fb%3Apull");
    let other = remote.clone().with_credentials(None).get_manifest("v1", MANIFESTS).await.unwrap_err();
    assert_eq!(other.kind, Kind::Unauthorized, "nobody else gets this token");
}

#[tokio::test]
async fn credentials_stay_with_their_host() {
    let thief =
        Script::new(|_, _, _| (401, vec![("www-authenticate", r#"Basic realm="give""#.to_owned())], String::new()))
            .await;
    let to = format!("http://{}/take", thief.address);
    let server = Script::new(move |_, path, auth| match auth {
        None => (401, vec![("www-authenticate", "Basic realm=x".to_owned())], String::new()),
        Some(_) if path.contains("/blobs/") => (307, vec![("location", to.clone())], String::new()),
        Some(_) => ok("{}"),
    })
    .await;
    let header = (http::HeaderName::from_static("x-own"), http::HeaderValue::from_static("1"));
    let remote = server.remote("a").with_header(header.0, header.1);
    remote.get_manifest("v1", MANIFESTS).await.unwrap();
    let error = remote.open_blob("sha256:x", 0..u64::MAX).await.map(|_| ()).unwrap_err();
    assert_eq!(error.kind, Kind::Unauthorized);
    let seen = thief.seen.lock().unwrap();
    assert_eq!(seen.len(), 1, "its challenge is not answered: {seen:?}");
    assert_eq!(seen[0].2, None);
}

#[tokio::test]
async fn circles_floods_and_downgrades_end() {
    let server = Script::new(|_, path, _| match path.rsplit('/').next().unwrap() {
        "circle" => (302, vec![("location", path.to_owned())], String::new()),
        "flood" => (200, vec![], "x".repeat(5 << 20)),
        "busy" => (429, vec![("retry-after", "7".into())], r#"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#.into()),
        "ill" => (503, vec![], "x".repeat(1 << 20)),
        "same" => (304, vec![], String::new()),
        "far" => (302, vec![("location", "http://registry.example/".into())], String::new()),
        _ => (400, vec![], "<html>".into()),
    })
    .await;
    let remote = server.remote("a");
    for (reference, kind, temporary) in [
        ("circle", Kind::Malformed, false),
        ("flood", Kind::TooLarge, false),
        ("busy", Kind::TooManyRequests, true),
        ("ill", Kind::Unavailable, true),
        ("same", Kind::Malformed, false),
        ("far", Kind::Network, true),
        ("other", Kind::Refused, false),
    ] {
        let error = remote.get_manifest(reference, MANIFESTS).await.unwrap_err();
        assert_eq!((error.kind, error.is_temporary()), (kind, temporary), "{reference}: {error}");
    }
    let busy = remote.get_manifest("busy", MANIFESTS).await.unwrap_err();
    assert_eq!(busy.retry_after, Some(Duration::from_secs(7)));
    let same = remote.get_manifest_unless("same", MANIFESTS, Some("\"e\"")).await.unwrap();
    assert_eq!(same, Fetched::NotModified);
    for (address, kind) in [("127.0.0.1:1", Kind::Network), ("http://registry.example", Kind::Network)] {
        let remote = client(1).remote(address.parse().unwrap(), "a");
        assert_eq!(remote.ping().await.unwrap_err().kind, kind, "{address}");
    }
}

#[tokio::test]
async fn a_registry_without_ranges_or_referrers_does() {
    let server = Script::new(|_, path, _| {
        if path.contains("/blobs/") {
            return ok("0123456789");
        }
        if path.contains("/referrers/") {
            return (404, vec![], String::new());
        }
        if path.ends_with("/manifests/sha256-aa") {
            return ok(r#"{"manifests":[{"mediaType":"m","digest":"sha256:bb","size":3,"artifactType":"t"}]}"#);
        }
        (404, vec![], String::new())
    })
    .await;
    let remote = server.remote("a");
    let blob = remote.open_blob("sha256:x", 4..7).await.unwrap();
    let parts: Vec<Bytes> = blob.stream.try_collect().await.unwrap();
    assert_eq!(parts.concat(), b"456");
    let found = remote.referrers("sha256:aa", None).await.unwrap();
    assert_eq!((found.len(), found[0].digest.as_str()), (1, "sha256:bb"));
    assert!(remote.referrers("sha256:cc", None).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_list_does_not_lead_elsewhere_or_on_for_ever() {
    let server = Script::new(|_, path, _| {
        let next = if path.contains("far") { "http://127.0.0.1:1/x" } else { "/v2/a/referrers/round" };
        (200, vec![("link", format!("<{next}>; rel=\"next\""))], r#"{"manifests":[]}"#.to_owned())
    })
    .await;
    let remote = server.remote("a");
    assert_eq!(remote.referrers("far", None).await.unwrap_err().kind, Kind::Malformed);
    assert_eq!(remote.referrers("round", None).await.unwrap_err().kind, Kind::TooLarge);
}
