//! Manifests, tags, referrers, and pushes and deletes at the same moment.

use std::sync::Arc;

use gantry_blobs::{Algorithm, Digest};
use gantry_registry::{Error, MediaType, Reference, limits};

use crate::support::{Fixture, manifest, repo};

#[tokio::test]
async fn an_image_is_pushed_read_and_deleted() {
    let f = Fixture::new(&["team/app"]).await;
    let digest = f.push_image("team/app", "v1", "layer").await;
    let by_tag = f.get("/v2/team/app/manifests/v1").await;
    assert_eq!((by_tag.status.as_u16(), by_tag.header("docker-content-digest")), (200, digest.as_str()));
    assert_eq!(by_tag.header("content-type"), MediaType::OciImage.as_str());
    assert_eq!(Digest::sha256(&by_tag.body), digest);
    let by_digest = f.get(&format!("/v2/team/app/manifests/{digest}")).await;
    assert_eq!(by_digest.body, by_tag.body);
    let head = f.send("HEAD", "/v2/team/app/manifests/v1", &[], "").await;
    assert_eq!((head.header("content-length"), head.body.len()), (by_tag.body.len().to_string().as_str(), 0));
    let found = f.wire.registry().resolve(&repo("team/app"), &Reference::Tag("v1".into())).await.unwrap();
    assert_eq!((found.digest, found.bytes), (digest.clone(), by_tag.body));

    f.put("team/app", "v2", &f.image_manifest("team/app", "layer").await).await;
    assert_eq!(f.wire.registry().image_tags(&repo("team/app"), &digest).await.unwrap(), ["v1", "v2"]);
    assert_eq!(f.send("DELETE", "/v2/team/app/manifests/v1", &[], "").await.status, 202);
    assert_eq!(f.get("/v2/team/app/manifests/v1").await.code(), "MANIFEST_UNKNOWN");
    assert_eq!(f.get(&format!("/v2/team/app/manifests/{digest}")).await.status, 200, "the image stays");
    let gone = format!("/v2/team/app/manifests/{digest}");
    assert_eq!(f.send("DELETE", &gone, &[], "").await.status, 202);
    assert_eq!(f.send("DELETE", &gone, &[], "").await.code(), "MANIFEST_UNKNOWN");
    assert_eq!(f.get("/v2/team/app/manifests/v2").await.code(), "MANIFEST_UNKNOWN");
    assert_eq!(f.get("/v2/none/manifests/v2").await.code(), "NAME_UNKNOWN");
    assert_eq!(f.get("/v2/team/app/manifests/.bad").await.code(), "MANIFEST_UNKNOWN");
}

#[tokio::test]
async fn a_tag_moves_and_its_image_knows() {
    let f = Fixture::new(&["app"]).await;
    let one = f.push_image("app", "latest", "one").await;
    let two = f.push_image("app", "latest", "two").await;
    let registry = f.wire.registry();
    assert!(registry.image_tags(&repo("app"), &one).await.unwrap().is_empty());
    assert_eq!(registry.image_tags(&repo("app"), &two).await.unwrap(), ["latest"]);
    let all = registry.images(&repo("app"), None, 10).await.unwrap();
    assert_eq!((all.items.len(), all.next), (2, None));
}

#[tokio::test]
async fn several_tags_and_sha512_in_one_push() {
    let f = Fixture::new(&["app"]).await;
    let text = f.image_manifest("app", "wide").await;
    let digest = Digest::of(Algorithm::Sha512, text.as_bytes());
    let reply = f.put("app", &format!("{digest}?tag=a&tag=b"), &text).await;
    assert_eq!((reply.status.as_u16(), reply.header("docker-content-digest")), (201, digest.as_str()));
    assert_eq!(reply.headers.get_all("oci-tag").iter().count(), 2);
    for tag in ["a", "b"] {
        assert_eq!(f.get(&format!("/v2/app/manifests/{tag}")).await.header("docker-content-digest"), digest.as_str());
    }
    let wrong = f.put("app", Digest::sha256(b"no").as_str(), &text).await;
    assert_eq!((wrong.status.as_u16(), wrong.code().as_str()), (400, "DIGEST_INVALID"));
    assert_eq!(f.put("app", "bad%20tag", &text).await.code(), "TAG_INVALID");
    let tags = (0..=limits::MAX_PUSHED_TAGS).map(|n| format!("tag=t{n}")).collect::<Vec<_>>().join("&");
    assert_eq!(f.put("app", &format!("x?{tags}"), &text).await.code(), "TAG_INVALID");
}

#[tokio::test]
async fn what_a_manifest_names_must_be_there() {
    let f = Fixture::new(&["app"]).await;
    let (none, config) = (Digest::sha256(b"none"), f.push_blob("app", b"{}").await);
    let reply = f.put("app", "v1", &manifest(&config, &none, 4, "")).await;
    assert_eq!((reply.status.as_u16(), reply.code().as_str()), (404, "MANIFEST_BLOB_UNKNOWN"));
    assert_eq!(reply.json()["errors"][0]["detail"][0], none.as_str());
    let index = |child: &Digest| {
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","manifests":[{{"mediaType":"{}","digest":"{child}","size":1}}]}}"#,
            MediaType::OciIndex.as_str(),
            MediaType::OciImage.as_str()
        )
    };
    assert_eq!(f.put("app", "v1", &index(&none)).await.code(), "MANIFEST_BLOB_UNKNOWN");
    let child = f.push_image("app", "child", "x").await;
    let text = index(&child);
    assert_eq!(f.put("app", "multi", &text).await.status, 201);
    let registry = f.wire.registry();
    let (repo, parent) = (repo("app"), Digest::sha256(text.as_bytes()));
    let (_, record) = registry.locate(&repo, &Reference::Digest(parent.clone())).await.unwrap();
    assert_eq!(record.image_size, 3, "an index counts its largest image");
    assert!(matches!(
        registry.delete_image(&repo, &child, true).await,
        Err(Error::ReferencedByManifestList { parent: p, .. }) if p == parent
    ));
    registry.delete_image(&repo, &parent, true).await.unwrap();
    registry.delete_image(&repo, &child, true).await.unwrap();

    let own = "{}".to_owned();
    for (text, status, code) in [
        (own, 400, "MANIFEST_INVALID"),
        (" ".repeat(limits::MAX_MANIFEST + 1), 413, "SIZE_INVALID"),
        (manifest(&config, &config, 2, "").replace("vnd.oci.image.manifest", "vnd.other"), 400, "MANIFEST_INVALID"),
    ] {
        let reply = f.put("app", "v1", &text).await;
        assert_eq!((reply.status.as_u16(), reply.code().as_str()), (status, code));
    }
    assert_eq!(f.get("/v2/app/manifests/v1").await.status, 404, "nothing half-written");
}

#[tokio::test]
async fn tags_are_listed_in_pages() {
    let f = Fixture::new(&["app", "empty"]).await;
    let text = f.image_manifest("app", "x").await;
    let mut expected: Vec<String> = (0..25).map(|n| format!("v{n}")).collect();
    for tag in &expected {
        f.put("app", tag, &text).await;
    }
    expected.sort();
    let all = f.get("/v2/app/tags/list").await;
    assert_eq!(all.json()["name"], "app");
    assert_eq!(all.json()["tags"], serde_json::json!(expected));
    assert_eq!(all.header("link"), "");
    let (mut seen, mut path, mut pages) = (Vec::new(), "/v2/app/tags/list?n=7".to_owned(), 0);
    loop {
        let page = f.get(&path).await;
        seen.extend(page.json()["tags"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()));
        pages += 1;
        match page.header("link") {
            "" => break,
            link => path = link.trim_start_matches('<').split('>').next().unwrap().to_owned(),
        }
    }
    assert_eq!((seen, pages), (expected, 4));
    let none = f.get("/v2/app/tags/list?n=0").await;
    assert_eq!((none.json()["tags"].clone(), none.header("link")), (serde_json::json!([]), ""));
    assert_eq!(f.get("/v2/app/tags/list?n=x").await.status, 400);
    assert_eq!(f.get("/v2/empty/tags/list").await.json()["tags"], serde_json::json!([]));
    assert_eq!(f.get("/v2/none/tags/list").await.code(), "NAME_UNKNOWN");
}

#[tokio::test]
async fn referrers_are_found_and_filtered() {
    let f = Fixture::new(&["app"]).await;
    let subject = Digest::sha256(b"not even pushed");
    let (config, layer) = (f.push_blob("app", b"{}").await, f.push_blob("app", b"sig").await);
    let mut digests = Vec::new();
    for n in 0..limits::MAX_REFERRER_PAGE + 10 {
        let kind = if n % 2 == 0 { "sig/v1" } else { "sbom/v1" };
        let more = format!(
            r#","artifactType":"{kind}","subject":{{"mediaType":"{}","digest":"{subject}","size":15}},"annotations":{{"n":"{n}"}}"#,
            MediaType::OciImage.as_str()
        );
        let text = manifest(&config, &layer, 3, &more);
        let digest = Digest::sha256(text.as_bytes());
        let reply = f.put("app", digest.as_str(), &text).await;
        assert_eq!((reply.status.as_u16(), reply.header("oci-subject")), (201, subject.as_str()));
        digests.push(digest);
    }
    for (query, expected) in [("", digests.len()), ("?artifactType=sig/v1", digests.len() / 2), ("?artifactType=x", 0)]
    {
        let (mut path, mut seen) = (format!("/v2/app/referrers/{subject}{query}"), 0);
        loop {
            let page = f.get(&path).await;
            assert_eq!(page.header("content-type"), MediaType::OciIndex.as_str());
            assert_eq!(page.header("oci-filters-applied").is_empty(), query.is_empty());
            seen += page.json()["manifests"].as_array().unwrap().len();
            match page.header("link") {
                "" => break,
                link => path = link.trim_start_matches('<').split('>').next().unwrap().to_owned(),
            }
        }
        assert_eq!(seen, expected, "{query}");
    }
    f.send("DELETE", &format!("/v2/app/manifests/{}", digests[0]), &[], "").await;
    let left = f.get(&format!("/v2/app/referrers/{subject}?artifactType=sig/v1")).await.json();
    assert!(left["manifests"].as_array().unwrap().iter().all(|m| m["digest"] != digests[0].as_str()));
    let empty = f.get(&format!("/v2/app/referrers/{}", Digest::sha256(b"lonely"))).await;
    assert_eq!((empty.status.as_u16(), empty.json()["manifests"].clone()), (200, serde_json::json!([])));
}

/// Pushes of tags race with deletes of their image: afterwards every tag leads to an image that knows it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pushes_and_deletes_at_once_leave_a_whole_picture() {
    let f = Arc::new(Fixture::new(&["app"]).await);
    let texts = [f.image_manifest("app", "one").await, f.image_manifest("app", "two").await];
    let mut tasks = Vec::new();
    for writer in 0..6_usize {
        let (f, texts) = (Arc::clone(&f), texts.clone());
        tasks.push(tokio::spawn(async move {
            for n in 0..40_usize {
                let tag = format!("t{}", (writer + n) % 9);
                let reply = f.put("app", &tag, &texts[(writer + n / 3) % 2]).await;
                assert_eq!(reply.status, 201, "{:?}", reply.body);
            }
        }));
    }
    for text in texts.clone() {
        let f = Arc::clone(&f);
        tasks.push(tokio::spawn(async move {
            for _ in 0..25 {
                let path = format!("/v2/app/manifests/{}", Digest::sha256(text.as_bytes()));
                let reply = f.send("DELETE", &path, &[], "").await;
                assert!(matches!(reply.status.as_u16(), 202 | 404), "{:?}", reply.body);
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let registry = f.wire.registry();
    let tags = registry.tags(&repo("app"), None, 1000).await.unwrap().items;
    let mut from_tags: Vec<(Digest, String)> = Vec::new();
    for (tag, digest) in tags {
        let found = registry.resolve(&repo("app"), &Reference::Tag(tag.clone())).await.unwrap();
        assert_eq!(found.digest, digest);
        from_tags.push((digest, tag));
    }
    let images = registry.images(&repo("app"), None, 1000).await.unwrap().items;
    let mut from_images: Vec<(Digest, String)> =
        images.into_iter().flat_map(|i| i.tags.into_iter().map(move |t| (i.digest.clone(), t))).collect();
    from_tags.sort();
    from_images.sort();
    assert_eq!(from_tags, from_images);
}

#[tokio::test]
async fn an_image_with_many_tags_goes_whole() {
    let f = Fixture::new(&["app"]).await;
    let text = f.image_manifest("app", "x").await;
    for n in 0..130 {
        f.put("app", &format!("t{n}"), &text).await;
    }
    let digest = Digest::sha256(text.as_bytes());
    let gone = f.wire.registry().delete_image(&repo("app"), &digest, true).await.unwrap();
    assert_eq!((gone.tags.len(), gone.image_gone), (130, true));
    assert_eq!(f.get("/v2/app/tags/list").await.json()["tags"], serde_json::json!([]));
}
