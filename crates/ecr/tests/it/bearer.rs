//! Bearer tokens: from the token endpoint, narrowed, and as clients bring what they have.

use base64::Engine as _;
use gantry_ecr::TOKEN_LIFETIME_MS;
use serde_json::{Value, json};

use crate::routes::basic;
use crate::support::Fixture;

const MANIFEST: &str = "/v2/app/manifests/v1";

async fn token(f: &Fixture, path: &str, authorization: &str) -> String {
    let (status, body) = f.ask("GET", path, Some(authorization)).await;
    assert_eq!(status, 200, "{path}: {body}");
    assert_eq!(body["token"], body["access_token"]);
    body["token"].as_str().unwrap().to_owned()
}

async fn fixture() -> Fixture {
    let f = Fixture::new().await;
    f.create("app").await;
    f.create("other").await;
    f.push_image("app", Some("v1"), "layer").await;
    f
}

#[tokio::test]
async fn whatever_of_ours_a_bearer_brings_lets_it_in() {
    let f = fixture().await;
    let password = f.password().await;
    let whole = base64::engine::general_purpose::STANDARD.encode(format!("AWS:{password}"));
    let other = base64::engine::general_purpose::STANDARD.encode(format!("root:{password}"));
    let issued = token(&f, "/v2/token?service=ecr.amazonaws.com&account=AWS", &basic(&password)).await;
    for (given, status) in [
        (format!("Bearer {password}"), 200),
        (format!("bearer {password}"), 200),
        (format!("Bearer {whole}"), 200),
        (format!("Bearer {issued}"), 200),
        (format!("Bearer {other}"), 400),
        (format!("Bearer {}", &issued[1..]), 401),
        ("Bearer".to_owned(), 401),
        ("Bearer ".to_owned(), 401),
        ("Bearer !".to_owned(), 401),
    ] {
        assert_eq!(f.ask("GET", "/v2/", Some(&given)).await.0, status, "{given}");
        assert_eq!(f.ask("GET", MANIFEST, Some(&given)).await.0, status, "{given}");
    }
    // It is no more of a grant than the password.
    f.authority.denied.lock().unwrap().insert("ecr:BatchGetImage".into());
    assert_eq!(f.ask("GET", MANIFEST, Some(&format!("Bearer {issued}"))).await.0, 403);
}

#[tokio::test]
async fn the_endpoint_wants_a_proof_and_tells_how_long_it_holds() {
    let f = fixture().await;
    let mine = basic(&f.password().await);
    for path in ["/v2/token", "/token"] {
        assert_eq!(f.ask("GET", path, None).await.0, 401, "{path}");
        assert_eq!(f.ask("GET", path, Some("Basic QVdTOng=")).await.0, 400, "{path}");
        assert_eq!(f.ask("POST", path, Some(&mine)).await.0, 405, "{path}");
        let (status, body) = f.ask("GET", path, Some(&mine)).await;
        assert_eq!((status, &body["expires_in"]), (200, &json!(3600)), "{path}");
        assert_eq!(body["issued_at"], "2027-01-15T08:00:00Z", "{path}");
    }
    let bad = f.ask("GET", "/v2/token?scope=repository:APP:pull", Some(&mine)).await;
    assert_eq!((bad.0, &bad.1["errors"][0]["code"]), (400, &json!("UNSUPPORTED")));

    let bearer = format!("Bearer {}", token(&f, "/v2/token", &mine).await);
    f.clock.advance_ms(3600 * 1000 - 1);
    assert_eq!(f.ask("GET", "/v2/", Some(&bearer)).await.0, 200);
    f.clock.advance_ms(1);
    let (status, body) = f.ask("GET", "/v2/", Some(&bearer)).await;
    assert_eq!((status, &body["errors"][0]["code"]), (403, &json!("DENIED")), "{body}");
    // Never for longer than what it was made from.
    f.clock.advance_ms(TOKEN_LIFETIME_MS - 3600 * 1000 - 1000);
    let (_, body) = f.ask("GET", "/v2/token", Some(&mine)).await;
    assert_eq!(body["expires_in"], 1);
}

#[tokio::test]
async fn a_scope_only_narrows() {
    let f = fixture().await;
    let mine = basic(&f.password().await);
    let ask =
        async |token: &str, method: &str, path: &str| f.ask(method, path, Some(&format!("Bearer {token}"))).await.0;
    let upload = "/v2/app/blobs/uploads/";
    let pull = token(&f, "/v2/token?scope=repository:app:pull", &mine).await;
    for (method, path, status) in [
        ("GET", "/v2/", 200),
        ("GET", MANIFEST, 200),
        ("GET", "/v2/app/tags/list", 200),
        ("POST", upload, 403),
        ("DELETE", MANIFEST, 403),
        ("GET", "/v2/other/tags/list", 403),
    ] {
        assert_eq!(ask(&pull, method, path).await, status, "{method} {path}");
    }
    let (_, body) = f.ask("POST", upload, Some(&format!("Bearer {pull}"))).await;
    assert!(body["errors"][0]["message"].as_str().unwrap().starts_with("insufficient_scope"), "{body}");
    // A narrow token cannot ask for a wider one, not even as a password.
    for again in [format!("Bearer {pull}"), basic(&pull)] {
        for scope in ["", "?scope=repository:app:pull,push", "?scope=repository:other:pull&scope=repository:app:*"] {
            let wider = token(&f, &format!("/v2/token{scope}"), &again).await;
            assert_eq!(ask(&wider, "GET", MANIFEST).await, 200, "{scope}");
            assert_eq!(ask(&wider, "POST", upload).await, 403, "{scope}");
            assert_eq!(ask(&wider, "GET", "/v2/other/tags/list").await, 403, "{scope}");
        }
    }
    let both = token(&f, "/v2/token?scope=repository:app:pull,push+repository:other:pull", &mine).await;
    assert_eq!(ask(&both, "POST", upload).await, 202);
    assert_eq!(ask(&both, "GET", "/v2/other/tags/list").await, 200);
    let nothing = token(&f, "/v2/token?scope=registry:catalog:*", &mine).await;
    assert_eq!(ask(&nothing, "GET", "/v2/").await, 200);
    assert_eq!(ask(&nothing, "GET", MANIFEST).await, 403);
    // The pull of a mount's source counts as well.
    let push = token(&f, "/v2/token?scope=repository:other:push", &mine).await;
    let layer = gantry_blobs::Digest::sha256(b"layer");
    let mount = format!("/v2/other/blobs/uploads/?mount={layer}&from=app");
    assert_eq!(ask(&push, "POST", &mount).await, 202);
    let wider = token(&f, "/v2/token?scope=repository:other:push&scope=repository:app:pull", &mine).await;
    assert_eq!(ask(&wider, "POST", &mount).await, 201);
}

/// What a decision costs where nothing is looked up: printed, and held to an order of magnitude.
#[tokio::test]
async fn a_token_is_verified_without_a_lookup() {
    let f = fixture().await;
    let mine = basic(&f.password().await);
    let rounds = 2000;
    let started = std::time::Instant::now();
    for _ in 0..rounds {
        let (status, _): (u16, Value) = f.ask("GET", "/v2/", Some(&mine)).await;
        assert_eq!(status, 200);
    }
    let each = started.elapsed() / rounds;
    println!("GET /v2/ with a token, unoptimised: {} µs", each.as_micros());
    assert!(each.as_millis() < 5);
}
