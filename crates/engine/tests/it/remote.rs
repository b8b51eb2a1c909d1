//! Pulling over the wire, from a registry that wants a token and redirects its blobs.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use gantry_engine::{Engine, EngineConfig, Error, ImageRef, PullFailure, RegistryAuth, RemoteSource};

use crate::rig::{self, OCI_GZIP, TarBuilder, digest, gzip};

type Files = Arc<HashMap<String, Vec<u8>>>;

fn serve(mut stream: TcpStream, files: &Files, port: u16) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut authorization = String::new();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header == "\r\n" {
            break;
        }
        if let Some(value) = header.strip_prefix("authorization: ") {
            authorization = value.trim().to_owned();
        }
    }
    let (status, extra, body): (&str, String, &[u8]) = if path.starts_with("/token?") {
        // "me:secret"
        let good = authorization == "Basic bWU6c2VjcmV0" && path.contains("scope=repository%3Ateam%2Fapp%3Apull");
        if good { ("200 OK", String::new(), br#"{"token":"t0k"}"#) } else { ("401 Unauthorized", String::new(), b"") }
    } else if path.starts_with("/store/") {
        let name = path.trim_start_matches("/store/");
        files.get(name).map_or(("404 Not Found", String::new(), &b""[..]), |b| ("200 OK", String::new(), b))
    } else if authorization != "Bearer t0k" {
        let realm = format!("www-authenticate: Bearer realm=\"http://127.0.0.1:{port}/token\",service=\"reg\"\r\n");
        ("401 Unauthorized", realm, b"")
    } else if let Some(blob) = path.strip_prefix("/v2/team/app/blobs/") {
        ("307 Temporary Redirect", format!("location: /store/{blob}\r\n"), b"")
    } else if let Some(name) = path.strip_prefix("/v2/team/app/manifests/") {
        files.get(name).map_or(("404 Not Found", String::new(), &b""[..]), |b| ("200 OK", String::new(), b))
    } else {
        ("302 Found", format!("location: {path}\r\n"), b"")
    };
    write!(stream, "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n{extra}\r\n", body.len())?;
    stream.write_all(body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_and_a_redirect_lead_to_the_image() {
    if !rig::able("a_token_and_a_redirect_lead_to_the_image") {
        return;
    }
    let mut tar = TarBuilder::default();
    let tar = tar.file("f", &vec![b'x'; 300_000]).finish();
    let packed = gzip(&tar);
    let config = serde_json::json!({"os": "linux", "rootfs": {"diff_ids": [digest(&tar)]}}).to_string().into_bytes();
    let manifest = serde_json::json!({"schemaVersion": 2, "config": {"digest": digest(&config), "size": config.len()},
        "layers": [{"mediaType": OCI_GZIP, "digest": digest(&packed), "size": packed.len()}]})
    .to_string()
    .into_bytes();
    let files = [(digest(&config), config), (digest(&packed), packed), ("v1".to_owned(), manifest.clone())];
    let files: Files = Arc::new(files.into_iter().collect());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = serve(stream, &files, port);
        }
    });
    let tmp = tempfile::Builder::new().prefix("gantry-engine-test").tempdir_in("/var/tmp").unwrap();
    let mut engine = EngineConfig::new(tmp.path(), "00000001", rig::shim_command());
    engine.warm_shims = 0;
    let engine = Engine::open(engine).await.unwrap();
    let source = RemoteSource::with_system_roots(Vec::new()).unwrap();
    let auth = |password: &str| RegistryAuth { username: "me".into(), password: password.into() };
    let name = |text: &str| format!("127.0.0.1:{port}/{text}").parse::<ImageRef>().unwrap();
    let kind = |result: Result<_, Error>| match result.map(|_: gantry_engine::Image| ()) {
        Err(Error::Pull { kind, .. }) => kind,
        other => panic!("{other:?}"),
    };
    assert_eq!(kind(engine.pull(&name("team/app:v1"), &source, None).await), PullFailure::Denied);
    assert_eq!(kind(engine.pull(&name("team/app:v1"), &source, Some(&auth("wrong"))).await), PullFailure::Denied);
    let image = engine.pull(&name("team/app:v1"), &source, Some(&auth("secret"))).await.unwrap();
    assert_eq!(image.digest(), digest(&manifest));
    assert_eq!(kind(engine.pull(&name("team/app:v2"), &source, Some(&auth("secret"))).await), PullFailure::NotFound);
    // Round and round: every answer but the first sends the client back to where it was.
    let circle: ImageRef = name("round/about:v1");
    assert!(engine.pull(&circle, &source, Some(&auth("secret"))).await.is_err());
    let shown = format!("{:?}", auth("secret"));
    assert!(!shown.contains("secret"), "{shown}");
    let nobody: ImageRef = "127.0.0.1:1/a:b".parse().unwrap();
    assert_eq!(kind(engine.pull(&nobody, &source, None).await), PullFailure::Network);
    let far: ImageRef = "http-only.example:80/a:b".parse().unwrap();
    assert_eq!(kind(engine.pull(&far, &source, None).await), PullFailure::Network);
}
