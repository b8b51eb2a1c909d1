//! Who may do what, and what repositories forbid.

use gantry_blobs::Digest;
use gantry_registry::{Error, Mutability, ROUTES, RepositoryDelete};

use crate::support::{Fixture, registry_id, repo};

fn fill(example: &str, digest: &Digest) -> String {
    example
        .replace("NAME", "app")
        .replace("DIGEST", digest.as_str())
        .replace("UPLOAD", "00000000-0000-4000-8000-000000000000")
        .replace("TAG", "v1")
}

/// Walks the table: no route answers a stranger, and each is refused if any one of its actions is.
#[tokio::test]
async fn every_route_is_refused_without_its_actions() {
    let f = Fixture::new(&["app"]).await;
    let digest = f.push_blob("app", b"layer").await;
    f.push_image("app", "v1", "layer").await;
    for rule in ROUTES {
        let path = fill(rule.example, &digest);
        let reply = f.send(rule.method, &path, &[("no-auth", "1")], "").await;
        assert_eq!(reply.status, 401, "{:?}", rule.endpoint);
        assert_eq!(
            reply.header("www-authenticate"),
            "Basic realm=\"https://localhost:4566/\",service=\"ecr.amazonaws.com\""
        );
        assert_eq!(reply.body, "Not Authorized\n");
        for action in rule.actions {
            f.access.denied.lock().unwrap().insert((*action).to_owned());
            let reply = f.send(rule.method, &path, &[], "layer").await;
            f.access.denied.lock().unwrap().clear();
            assert_eq!((reply.status.as_u16(), reply.code().as_str()), (403, "DENIED"), "{:?} {action}", rule.endpoint);
        }
        let reply = f.send(rule.method, &path, &[], "layer").await;
        assert!(!matches!(reply.status.as_u16(), 401 | 403), "{:?}: {}", rule.endpoint, reply.status);
    }
    assert_eq!(f.send("GET", "/v2/nowhere", &[("no-auth", "1")], "").await.status, 401, "strangers learn nothing");
    assert_eq!(f.send("POST", "/v2/app/tags/list", &[], "").await.code(), "UNSUPPORTED");
    assert_eq!(f.get("/v2/App/tags/list").await.code(), "NAME_INVALID");
    let base = f.get("/v2/").await;
    assert_eq!((base.status.as_u16(), base.header("docker-distribution-api-version")), (200, "registry/2.0"));
}

#[tokio::test]
async fn download_urls_need_their_grant() {
    let f = Fixture::new(&["app"]).await;
    let digest = f.push_blob("app", b"layer").await;
    let path = format!("/v2/app/blobs/{digest}?grant=");
    let ok = f.send("GET", &format!("{path}good"), &[("no-auth", "1")], "").await;
    assert_eq!((ok.status.as_u16(), &ok.body[..]), (200, &b"layer"[..]));
    assert_eq!(f.send("GET", &format!("{path}bad"), &[("no-auth", "1")], "").await.status, 403);
    assert_eq!(f.send("DELETE", &format!("{path}good"), &[("no-auth", "1")], "").await.status, 405);
}

#[tokio::test]
async fn an_immutable_tag_stays_where_it_is() {
    let f = Fixture::new(&[]).await;
    for (name, mutability, tag, moves) in [
        ("m", Mutability::Mutable, "v1", true),
        ("i", Mutability::Immutable, "v1", false),
        ("ie", Mutability::ImmutableWithExclusion, "v1", false),
        ("ie", Mutability::ImmutableWithExclusion, "dev-1", true),
        ("me", Mutability::MutableWithExclusion, "v1", true),
        ("me", Mutability::MutableWithExclusion, "dev-1", false),
    ] {
        if f.wire.registry().repository(&repo(name)).await.is_err() {
            f.create_with(name, |r| {
                r.mutability = mutability;
                r.exclusion_filters = vec!["dev-*".into()];
            })
            .await;
        }
        let first = f.push_image(name, tag, "one").await;
        f.push_image(name, tag, "one").await;
        let second = f.put(name, tag, &f.image_manifest(name, "two").await).await;
        let at = f.get(&format!("/v2/{name}/manifests/{tag}")).await;
        if moves {
            assert_eq!(second.status, 201, "{name} {tag}");
        } else {
            assert_eq!((second.status.as_u16(), second.code().as_str()), (400, "TAG_INVALID"), "{name} {tag}");
            assert_eq!(
                second.json()["errors"][0]["message"],
                format!(
                    "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the tag is immutable."
                )
            );
            assert_eq!(at.header("docker-content-digest"), first.as_str());
        }
    }
}

#[tokio::test]
async fn repositories_are_listed_changed_and_deleted() {
    let f = Fixture::new(&["a", "a/b", "a-b", "c"]).await;
    let registry = f.wire.registry();
    let page = registry.repositories(&registry_id(), None, 3).await.unwrap();
    let rest = registry.repositories(&registry_id(), page.next.as_deref(), 3).await.unwrap();
    let names: Vec<_> = page.items.iter().chain(&rest.items).map(|r| r.name.as_str()).collect();
    assert_eq!((names, rest.next), (vec!["a", "a-b", "a/b", "c"], None));

    f.push_image("a", "v1", "x").await;
    f.push_image("a/b", "v1", "x").await;
    registry.set_repository_policy(&repo("a"), Some("{}")).await.unwrap();
    let refused = registry.delete_repository(&repo("a"), RepositoryDelete::OnlyIfEmpty).await;
    assert!(matches!(refused, Err(Error::RepositoryNotEmpty { .. })));
    registry.delete_repository(&repo("a"), RepositoryDelete::WithImages).await.unwrap();
    assert_eq!(f.get("/v2/a/manifests/v1").await.code(), "NAME_UNKNOWN");
    assert_eq!(f.get("/v2/a/b/manifests/v1").await.status, 200, "another repository is untouched");
    assert_eq!(f.get("/v2/a/b/tags/list").await.json()["tags"], serde_json::json!(["v1"]));

    f.create("a").await;
    assert!(registry.images(&repo("a"), None, 9).await.unwrap().items.is_empty(), "a new one starts empty");
    assert_eq!(registry.repository_policy(&repo("a")).await.unwrap(), None);
    registry.delete_repository(&repo("a"), RepositoryDelete::OnlyIfEmpty).await.unwrap();
    let gone = registry.delete_repository(&repo("a"), RepositoryDelete::WithImages).await;
    assert!(matches!(gone, Err(Error::RepositoryNotFound { .. })));
    let c = repo("c");
    let changed = registry.update_repository(&c, |r| {
        r.scan_on_push = true;
        Ok(())
    });
    assert!(changed.await.unwrap().scan_on_push);
    assert!(matches!(
        registry.set_repository_policy(&repo("none"), Some("{}")).await,
        Err(Error::RepositoryNotFound { .. })
    ));
}
