//! Over a real connection: bodies that break off, uploads that stream, and how fast bytes go.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Instant;

use gantry_blobs::Digest;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{Fixture, PEER};

async fn serve(f: &Fixture) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let wire = f.wire.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let wire = wire.clone();
            let service = service_fn(move |request| {
                let wire = wire.clone();
                async move { Ok::<_, Infallible>(wire.handle(request, PEER).await) }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn send_raw(address: SocketAddr, head: &str, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{head}Host: localhost\r\nAuthorization: Basic x\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream
}

async fn reply(mut stream: TcpStream) -> String {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).await.unwrap();
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn a_broken_body_is_taken_up_where_it_broke() {
    let f = Fixture::new(&["app"]).await;
    let address = serve(&f).await;
    let at = f.send("POST", "/v2/app/blobs/uploads/", &[], "").await.header("location").to_owned();
    let bytes: Vec<u8> = (0..900_000_u32).map(|n| (n / 7) as u8).collect();
    let cut = send_raw(address, &format!("PATCH {at} HTTP/1.1\r\nContent-Length: 900000\r\n"), &bytes[..700_000]).await;
    drop(cut);
    // The server notices in its own time; until then the upload is busy or still growing.
    let have = loop {
        let status = f.get(&at).await;
        let have: usize = status.header("range").trim_start_matches("0-").parse::<usize>().unwrap() + 1;
        if have > 1 {
            let range = format!("{have}-{}", bytes.len() - 1);
            let sent = f.send("PATCH", &at, &[("content-range", &range)], bytes[have..].to_vec()).await;
            if sent.status == 202 {
                break have;
            }
            assert!(matches!(sent.status.as_u16(), 409 | 416), "{}", sent.status);
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert!(have <= 700_000);
    let digest = Digest::sha256(&bytes);
    assert_eq!(f.send("PUT", &format!("{at}?digest={digest}"), &[], "").await.status, 201);

    let whole = send_raw(
        address,
        &format!("POST /v2/app/blobs/uploads/?digest={digest} HTTP/1.1\r\nContent-Length: 900000\r\n"),
        &bytes[..100],
    )
    .await;
    drop(whole);
    let mut tries = 0;
    while f.leftovers() > 0 {
        tries += 1;
        assert!(tries < 1000, "a whole upload that broke off leaves nothing");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_stream_of_tiny_chunks_arrives() {
    let f = Fixture::new(&["app"]).await;
    let address = serve(&f).await;
    let at = f.send("POST", "/v2/app/blobs/uploads/", &[], "").await.header("location").to_owned();
    let mut body = Vec::new();
    for n in 0..3000_u32 {
        body.extend_from_slice(format!("1\r\n{}\r\n", n % 10).as_bytes());
    }
    body.extend_from_slice(b"0\r\n\r\n");
    let stream = send_raw(address, &format!("PATCH {at} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"), &body).await;
    assert!(reply(stream).await.starts_with("HTTP/1.1 202"));
    let bytes: Vec<u8> = (0..3000_u32).map(|n| b'0' + (n % 10) as u8).collect();
    let put = f.send("PUT", &format!("{at}?digest={}", Digest::sha256(&bytes)), &[], "").await;
    assert_eq!(put.status, 201);
}

/// A figure to look at, not a bar: the build is unoptimised and the machine shared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throughput_is_printed() {
    let megabytes = if std::env::var_os("GANTRY_LONG").is_some() { 500 } else { 200 };
    let f = Fixture::new(&["app"]).await;
    let address = serve(&f).await;
    let bytes = vec![7_u8; megabytes << 20];
    let digest = Digest::sha256(&bytes);
    let started = Instant::now();
    let head = format!("POST /v2/app/blobs/uploads/?digest={digest} HTTP/1.1\r\nContent-Length: {}\r\n", bytes.len());
    assert!(reply(send_raw(address, &head, &bytes).await).await.starts_with("HTTP/1.1 201"));
    let push = started.elapsed();
    let started = Instant::now();
    let mut stream = send_raw(address, &format!("GET /v2/app/blobs/{digest} HTTP/1.1\r\n"), b"").await;
    let (mut buffer, mut got) = (vec![0; 1 << 20], 0);
    loop {
        match stream.read(&mut buffer).await.unwrap() {
            0 => break,
            n => got += n,
        }
    }
    assert!(got > bytes.len());
    let rate = |took: std::time::Duration| megabytes as f64 / took.as_secs_f64();
    println!(
        "blob of {megabytes} MiB: push {:.0} MiB/s (hash and fsync), pull {:.0} MiB/s",
        rate(push),
        rate(started.elapsed())
    );
}
