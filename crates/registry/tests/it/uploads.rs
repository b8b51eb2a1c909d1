//! Blobs: every way up, ranges down, mounts, and what is refused.

use gantry_blobs::{Algorithm, Digest};

use crate::support::Fixture;

async fn start(f: &Fixture, name: &str) -> String {
    let reply = f.send("POST", &format!("/v2/{name}/blobs/uploads/"), &[], "").await;
    assert_eq!(reply.status, 202);
    assert_eq!(reply.header("range"), "0-0");
    assert!(!reply.header("docker-upload-uuid").is_empty());
    reply.header("location").to_owned()
}

#[tokio::test]
async fn chunks_go_up_in_order() {
    let f = Fixture::new(&["app"]).await;
    let at = start(&f, "app").await;
    let digest = Digest::sha256(b"hello world");
    let first = f.send("PATCH", &at, &[("content-range", "0-4"), ("content-length", "5")], "hello").await;
    assert_eq!((first.status.as_u16(), first.header("range")), (202, "0-4"));
    let status = f.get(&at).await;
    assert_eq!((status.status.as_u16(), status.header("range")), (204, "0-4"));
    assert_eq!(status.header("location"), at);
    let again = f.send("PATCH", &at, &[("content-range", "0-4")], "hello").await;
    assert_eq!((again.status.as_u16(), again.header("range")), (416, "0-4"), "a chunk sent twice");
    let gap = f.send("PATCH", &at, &[("content-range", "7-9")], "rld").await;
    assert_eq!(gap.status, 416);
    let wrong_length = f.send("PATCH", &at, &[("content-range", "5-6")], " wor").await;
    assert_eq!((wrong_length.status.as_u16(), wrong_length.code().as_str()), (400, "SIZE_INVALID"));
    let garbled = f.send("PATCH", &at, &[("content-range", "abc")], "x").await;
    assert_eq!((garbled.status.as_u16(), garbled.code().as_str()), (400, "BLOB_UPLOAD_INVALID"));
    assert_eq!(f.send("PATCH", &at, &[], " wor").await.status, 202, "streamed");
    let out_of_order = f.send("PUT", &format!("{at}?digest={digest}"), &[("content-range", "0-1")], "ld").await;
    assert_eq!(out_of_order.status, 416);
    let done = f.send("PUT", &format!("{at}?digest={digest}"), &[("content-range", "9-10")], "ld").await;
    assert_eq!((done.status.as_u16(), done.header("docker-content-digest")), (201, digest.as_str()));
    assert_eq!(f.get(done.header("location")).await.body, "hello world");
    assert_eq!(f.get(&at).await.code(), "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(f.leftovers(), 0);
}

#[tokio::test]
async fn whole_blobs_go_up_either_way_and_may_be_empty() {
    let f = Fixture::new(&["app"]).await;
    for bytes in ["", "x", "some bytes"] {
        f.push_blob("app", bytes.as_bytes()).await;
        let digest = Digest::of(Algorithm::Sha512, bytes.as_bytes());
        let at = start(&f, "app").await;
        let done = f.send("PUT", &format!("{at}?digest={digest}"), &[], bytes).await;
        assert_eq!(done.status, 201);
        let got = f.get(&format!("/v2/app/blobs/{digest}")).await;
        assert_eq!((got.status.as_u16(), &got.body[..]), (200, bytes.as_bytes()));
        assert_eq!(got.header("content-length"), bytes.len().to_string());
    }
}

#[tokio::test]
async fn a_wrong_digest_leaves_nothing() {
    let f = Fixture::new(&["app"]).await;
    let wrong = Digest::sha256(b"other");
    let whole = f.send("POST", &format!("/v2/app/blobs/uploads/?digest={wrong}"), &[], "bytes").await;
    assert_eq!((whole.status.as_u16(), whole.code().as_str()), (400, "DIGEST_INVALID"));
    let at = start(&f, "app").await;
    let put = f.send("PUT", &format!("{at}?digest={wrong}"), &[], "bytes").await;
    assert_eq!((put.status.as_u16(), put.code().as_str()), (400, "DIGEST_INVALID"));
    for digest in [wrong, Digest::sha256(b"bytes")] {
        let got = f.get(&format!("/v2/app/blobs/{digest}")).await;
        assert_eq!((got.status.as_u16(), got.code().as_str()), (404, "BLOB_UNKNOWN"));
    }
    for query in ["", "?digest=", "?digest=sha256:zz", "?digest=md5:00"] {
        let at = start(&f, "app").await;
        assert_eq!(f.send("PUT", &format!("{at}{query}"), &[], "bytes").await.code(), "DIGEST_INVALID");
        assert_eq!(f.send("DELETE", &at, &[], "").await.status, 204, "cancelled");
        assert_eq!(f.send("DELETE", &at, &[], "").await.code(), "BLOB_UPLOAD_UNKNOWN");
    }
    assert_eq!(f.leftovers(), 0);
}

#[tokio::test]
async fn an_upload_belongs_to_its_repository() {
    let f = Fixture::new(&["app", "other"]).await;
    let at = start(&f, "app").await;
    let elsewhere = at.replace("/app/", "/other/");
    assert_eq!(f.send("PATCH", &elsewhere, &[], "x").await.code(), "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(f.get("/v2/app/blobs/uploads/..%2f..").await.code(), "NAME_UNKNOWN");
    assert_eq!(f.get("/v2/app/blobs/uploads/nothing").await.code(), "BLOB_UPLOAD_UNKNOWN");
    let missing = f.send("POST", "/v2/none/blobs/uploads/", &[], "").await;
    assert_eq!((missing.status.as_u16(), missing.code().as_str()), (404, "NAME_UNKNOWN"));
    assert_eq!(
        missing.json()["errors"][0]["message"],
        "The repository with name 'none' does not exist in the registry with id '000000000001'"
    );
}

#[tokio::test]
async fn ranges_come_down() {
    let f = Fixture::new(&["app"]).await;
    let digest = f.push_blob("app", b"0123456789").await;
    let path = format!("/v2/app/blobs/{digest}");
    for (range, status, content_range, body) in [
        ("bytes=2-4", 206, "bytes 2-4/10", "234"),
        ("bytes=7-", 206, "bytes 7-9/10", "789"),
        ("bytes=-2", 206, "bytes 8-9/10", "89"),
        ("bytes=0-99", 206, "bytes 0-9/10", "0123456789"),
        ("bytes=0-1,3-4", 200, "", "0123456789"),
    ] {
        let reply = f.send("GET", &path, &[("range", range)], "").await;
        assert_eq!(
            (reply.status.as_u16(), reply.header("content-range"), &reply.body[..]),
            (status, content_range, body.as_bytes()),
            "{range}"
        );
    }
    let past = f.send("GET", &path, &[("range", "bytes=10-")], "").await;
    assert_eq!((past.status.as_u16(), past.header("content-range")), (416, "bytes */10"));
    let head = f.send("HEAD", &path, &[], "").await;
    assert_eq!((head.status.as_u16(), head.header("content-length"), head.body.len()), (200, "10", 0));
    assert_eq!(head.header("docker-content-digest"), digest.as_str());
}

#[tokio::test]
async fn mounts_share_what_the_caller_may_read() {
    let f = Fixture::new(&["from", "to"]).await;
    let digest = f.push_blob("from", b"shared").await;
    let mount = |digest: &Digest, from: &str| format!("/v2/to/blobs/uploads/?mount={digest}&from={from}");
    assert_eq!(f.send("HEAD", &format!("/v2/to/blobs/{digest}"), &[], "").await.status, 404);

    f.access.denied.lock().unwrap().insert("ecr:GetDownloadUrlForLayer from".into());
    assert_eq!(f.send("POST", &mount(&digest, "from"), &[], "").await.status, 202, "not one's to read");
    f.access.denied.lock().unwrap().clear();
    for (digest, from) in [(&Digest::sha256(b"none"), "from"), (&digest, "nowhere")] {
        let reply = f.send("POST", &mount(digest, from), &[], "").await;
        assert_eq!(reply.status, 202);
        f.send("DELETE", reply.header("location"), &[], "").await;
    }
    assert_eq!(f.send("POST", &format!("/v2/to/blobs/uploads/?mount={digest}"), &[], "").await.status, 202);
    assert_eq!(f.send("POST", &mount(&digest, "from"), &[], "").await.status, 202, "in no image yet");
    let image = f.push_image("from", "v1", "shared").await;
    let done = f.send("POST", &mount(&digest, "from"), &[], "").await;
    assert_eq!((done.status.as_u16(), done.header("docker-content-digest")), (201, digest.as_str()));
    assert_eq!(f.get(done.header("location")).await.body, "shared");

    assert_eq!(f.send("DELETE", &format!("/v2/to/blobs/{digest}"), &[], "").await.status, 202);
    assert_eq!(f.get(&format!("/v2/to/blobs/{digest}")).await.code(), "BLOB_UNKNOWN");
    assert_eq!(f.get(&format!("/v2/from/blobs/{digest}")).await.status, 200);

    let used = f.send("DELETE", &format!("/v2/from/blobs/{digest}"), &[], "").await;
    assert_eq!((used.status.as_u16(), used.code().as_str()), (405, "UNSUPPORTED"), "an image would be broken");
    f.send("DELETE", &format!("/v2/from/manifests/{image}"), &[], "").await;
    assert_eq!(f.send("DELETE", &format!("/v2/from/blobs/{digest}"), &[], "").await.status, 202);
}
