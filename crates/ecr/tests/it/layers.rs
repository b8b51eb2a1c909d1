//! The layer API, and download URLs.

use base64::Engine as _;
use gantry_blobs::Digest;
use http_body_util::{BodyExt, Empty};
use serde_json::json;

use crate::support::Fixture;

#[tokio::test]
async fn a_layer_goes_up_in_parts_and_comes_down_by_url() {
    let f = Fixture::new().await;
    f.create("app").await;
    let started = f.call("InitiateLayerUpload", json!({ "repositoryName": "app" })).await.unwrap();
    assert_eq!(started["partSize"], 20 * 1024 * 1024);
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let upload = f.call("InitiateLayerUpload", json!({ "repositoryName": "app" })).await.unwrap()["uploadId"].clone();
    let part = |first: usize, last: usize, bytes: &[u8]| {
        json!({ "repositoryName": "app", "uploadId": upload, "partFirstByte": first, "partLastByte": last,
                "layerPartBlob": encode(bytes) })
    };
    let complete = |digest: &Digest| json!({ "repositoryName": "app", "uploadId": upload, "layerDigests": [digest] });
    let digest = Digest::sha256(b"hello layer");
    assert_eq!(f.code("CompleteLayerUpload", complete(&digest)).await, "EmptyUploadException");
    let first = f.call("UploadLayerPart", part(0, 4, b"hello")).await.unwrap();
    assert_eq!(first["lastByteReceived"], 4);
    let gap = f.call("UploadLayerPart", part(9, 10, b"er")).await.unwrap_err();
    assert_eq!((gap.code.as_str(), &gap.fields["lastValidByteReceived"]), ("InvalidLayerPartException", &json!(4)));
    assert_eq!(f.code("UploadLayerPart", part(5, 6, b" layer")).await, "InvalidParameterException");
    assert_eq!(f.code("UploadLayerPart", part(5, usize::MAX >> 1, b" layer")).await, "InvalidParameterException");
    f.call("UploadLayerPart", part(5, 10, b" layer")).await.unwrap();
    assert_eq!(f.code("CompleteLayerUpload", complete(&digest)).await, "LayerPartTooSmallException");
    assert_eq!(f.push_layer("app", b"hello layer").await, digest);

    let none = Digest::sha256(b"none");
    let checked = f
        .call("BatchCheckLayerAvailability", json!({ "repositoryName": "app", "layerDigests": [digest, none, "bad"] }))
        .await
        .unwrap();
    assert_eq!(checked["layers"][0]["layerAvailability"], "AVAILABLE");
    assert_eq!(checked["layers"][0]["layerSize"], 11);
    assert_eq!(checked["layers"][1]["layerAvailability"], "UNAVAILABLE");
    assert_eq!(checked["failures"][0]["failureCode"], "InvalidLayerDigest");

    let url = f
        .call("GetDownloadUrlForLayer", json!({ "repositoryName": "app", "layerDigest": digest }))
        .await
        .unwrap()["downloadUrl"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(get(&f, &url).await, (200, "hello layer".to_owned()));
    assert_eq!(get(&f, &url.replace(digest.hex(), none.hex())).await.0, 403);
    f.clock.advance_ms(3600 * 1000);
    assert_eq!(get(&f, &url).await.0, 403, "after an hour");
    let missing = json!({ "repositoryName": "app", "layerDigest": none });
    assert_eq!(f.code("GetDownloadUrlForLayer", missing).await, "LayersNotFoundException");

    // Two parts, of which the first is as small as it may be.
    let least = vec![7; 5 * 1024 * 1024];
    let upload = &started["uploadId"];
    let end = least.len();
    for (first, bytes) in [(0, &least[..]), (end, b"end")] {
        let input = json!({ "repositoryName": "app", "uploadId": upload, "partFirstByte": first,
                            "partLastByte": first + bytes.len() - 1, "layerPartBlob": encode(bytes) });
        f.call("UploadLayerPart", input).await.unwrap();
    }
    let whole = Digest::sha256(&[&least[..], b"end"].concat());
    let complete = json!({ "repositoryName": "app", "uploadId": upload, "layerDigests": [whole] });
    f.call("CompleteLayerUpload", complete.clone()).await.unwrap();
    assert_eq!(f.code("CompleteLayerUpload", complete).await, "UploadNotFoundException");

    let other = f.call("InitiateLayerUpload", json!({ "repositoryName": "app" })).await.unwrap()["uploadId"].clone();
    let mut wrong = part(0, 0, b"x");
    wrong["uploadId"] = other.clone();
    f.call("UploadLayerPart", wrong).await.unwrap();
    let wrong = json!({ "repositoryName": "app", "uploadId": other, "layerDigests": [none] });
    assert_eq!(f.code("CompleteLayerUpload", wrong).await, "InvalidLayerException");
    assert_eq!(f.push_layer("app", b"hello layer").await, digest, "what is there already is no harm");
}

/// A GET without credentials.
async fn get(f: &Fixture, url: &str) -> (u16, String) {
    let stream = tokio::net::TcpStream::connect(f.address).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let path = url.strip_prefix(&format!("http://{}", f.host())).unwrap();
    let request = http::Request::get(path).header("host", f.host()).body(Empty::<bytes::Bytes>::new()).unwrap();
    let reply = sender.send_request(request).await.unwrap();
    let status = reply.status().as_u16();
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}
