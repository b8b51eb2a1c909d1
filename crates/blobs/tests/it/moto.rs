//! A real S3 server for the tests: `moto_server`, which `cargo xtask test` puts on the PATH.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use gantry_blobs::{S3Blobs, S3Key, S3Options};

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

pub const BUCKET: &str = "layers";

impl Moto {
    /// `None`, loudly, where there is no such program.
    pub fn start(test: &str) -> Option<Self> {
        let spawned = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut server) = spawned else {
            eprintln!("SKIP {test}: no moto_server on the PATH; `cargo xtask test` brings it");
            return None;
        };
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            let (_, rest) = line.split_once("http://127.0.0.1:")?;
            rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
        });
        // Somebody has to read its log, or it waits for room.
        std::thread::spawn(move || lines.for_each(drop));
        let moto = Self { server, port: port.expect("moto tells its port") };
        assert!(moto.request("PUT", &format!("/{BUCKET}"), b"").starts_with("HTTP/1.1 200"));
        Some(moto)
    }

    /// One request, whose signature moto does not check; returns head and body.
    pub fn request(&self, method: &str, path: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn options(&self, prefix: &str) -> S3Options {
        options(self.port, prefix)
    }

    /// The engine as a server that has just started sees it.
    pub async fn open(&self, prefix: &str) -> Arc<S3Blobs> {
        Arc::new(S3Blobs::open(&self.options(prefix)).await.unwrap())
    }

    /// Keys below a prefix.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        let answer = self.request("GET", &format!("/{BUCKET}?list-type=2&prefix={prefix}"), b"");
        answer.split("<Key>").skip(1).filter_map(|rest| Some(rest.split_once("</Key>")?.0.to_owned())).collect()
    }

    pub fn multiparts(&self) -> usize {
        self.request("GET", &format!("/{BUCKET}?uploads"), b"").matches("<UploadId>").count()
    }
}

pub fn options(port: u16, prefix: &str) -> S3Options {
    S3Options {
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        region: Some("us-east-1".into()),
        key: Some(S3Key { id: "test".into(), secret: "test".into() }),
        ..S3Options::parse(&format!("s3://{BUCKET}/{prefix}")).unwrap()
    }
}
