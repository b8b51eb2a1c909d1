//! The registry with its blobs in a bucket: pushes, collection, and kills.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use gantry_base::{ManualClock, Timestamp};
use gantry_blobs::{Blobs, Digest, S3Blobs, S3Key, S3Options};
use gantry_registry::limits;
use gantry_store::Embedded;

use crate::support::*;

/// `moto_server`, a real S3 server.
pub struct Moto {
    server: Child,
    pub port: u16,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Moto {
    /// `None`, loudly, where there is no such program.
    pub fn start(test: &str) -> Option<Self> {
        let mut command = Command::new("moto_server");
        command.args(["-H", "127.0.0.1", "-p", "0"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let Ok(mut server) = command.spawn() else {
            eprintln!("SKIP {test}: no moto_server on the PATH; `cargo xtask test` brings it");
            return None;
        };
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("http://127.0.0.1:")?;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        });
        std::thread::spawn(move || lines.for_each(drop));
        let moto = Self { server, port: port.expect("moto tells its port") };
        let mut stream = TcpStream::connect(("127.0.0.1", moto.port)).unwrap();
        write!(stream, "PUT /layers HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").unwrap();
        BufReader::new(stream).lines().next().unwrap().unwrap();
        Some(moto)
    }
}

pub async fn bucket(port: u16) -> Arc<S3Blobs> {
    let options = S3Options {
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        region: Some("us-east-1".into()),
        key: Some(S3Key { id: "test".into(), secret: "test".into() }),
        ..S3Options::parse("s3://layers").unwrap()
    };
    Arc::new(S3Blobs::open(&options).await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_pushed_to_pulled_from_and_collected() {
    let Some(moto) = Moto::start("a_bucket_is_pushed_to_pulled_from_and_collected") else { return };
    let blobs = bucket(moto.port).await;
    let (dir, store) = (tempfile::tempdir().unwrap(), Embedded::in_memory());
    let clock = ManualClock::at(Timestamp::from_secs(1_800_000_000));
    let (wire, access) = open_over(store.clone(), blobs.clone(), clock.clone());
    let f = Fixture { wire, clock, access, dir, store };
    f.create("app").await;
    f.push_image("app", "v1", "one").await;
    f.push_image("app", "v2", "two").await;
    let (one, two) = (Digest::sha256(b"one"), Digest::sha256(b"two"));
    for (layer, content) in [(&one, "one"), (&two, "two")] {
        assert_eq!(f.get(&format!("/v2/app/blobs/{layer}")).await.body, content);
    }
    // In chunks, and over a range.
    let start = f.send("POST", "/v2/app/blobs/uploads/", &[], "").await;
    let mut at = start.header("location").to_owned();
    for chunk in ["three ", "and more"] {
        let reply = f.send("PATCH", &at, &[], chunk).await;
        assert_eq!(reply.status, 202);
        at = reply.header("location").to_owned();
    }
    let three = Digest::sha256(b"three and more");
    assert_eq!(f.send("PUT", &format!("{at}?digest={three}"), &[], "").await.status, 201);
    let part = f.send("GET", &format!("/v2/app/blobs/{three}"), &[("range", "bytes=6-8")], "").await;
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &b"and"[..]));

    let v1 = f.get("/v2/app/manifests/v1").await.header("docker-content-digest").to_owned();
    assert_eq!(f.send("DELETE", &format!("/v2/app/manifests/{v1}"), &[], "").await.status, 202);
    f.clock.advance_ms(limits::UPLOADED_GRACE_MS + 1);
    f.wire.registry().collect().await.unwrap();
    for gone in [&one, &three] {
        assert!(
            matches!(blobs.stat(gone).await, Err(gantry_blobs::Error::NotFound(_))),
            "{gone} is needed by no image"
        );
    }
    assert!(blobs.stat(&two).await.is_ok());
    assert_eq!(f.get("/v2/app/manifests/v2").await.status, 200);
    assert_eq!(f.wire.registry().scrub().await.unwrap().wrong, 0);
}
