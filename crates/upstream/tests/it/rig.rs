//! Our registry's wire on a port of its own, behind a line that counts and breaks; and a server that
//! answers by a script.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use gantry_base::{SystemClock, SystemEntropy, Timestamp};
use gantry_blobs::{Digest, FsBlobs};
use gantry_registry::*;
use gantry_store::Embedded;
use gantry_upstream::{Basic, Client, Options, Remote, system_tls};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

struct Open;

pub fn registry_id() -> RegistryId {
    RegistryId { account: "000000000001".parse().unwrap(), region: "us-east-1".parse().unwrap() }
}

#[async_trait]
impl Access for Open {
    async fn authenticate(&self, headers: &HeaderMap, _: &Peer) -> Result<Principal, AccessError> {
        // "me:secret"
        match headers.get("authorization").and_then(|v| v.to_str().ok()) {
            Some("Basic bWU6c2VjcmV0") => {}
            _ => return Err(AccessError::Unauthenticated),
        }
        Ok(Principal { arn: "arn:aws:iam::000000000001:root".into(), registry: registry_id(), detail: Arc::new(()) })
    }

    async fn authorize(&self, _: &Principal, _: &RepoId, _: &[&'static str]) -> Result<(), AccessError> {
        Ok(())
    }

    async fn redeem(&self, _: &str, _: &Digest, _: &str) -> Result<RegistryId, AccessError> {
        Err(AccessError::Unauthenticated)
    }
}

/// A registry, and a line to it.
pub struct Rig {
    pub line: Arc<Line>,
    pub address: SocketAddr,
    _dir: tempfile::TempDir,
}

/// What passes through, and when it breaks.
#[derive(Default)]
pub struct Line {
    pub up: AtomicU64,
    pub connections: AtomicU64,
    /// Connections break after so many bytes up, or down; once each.
    pub break_up: Mutex<Vec<u64>>,
    pub break_down: Mutex<Vec<u64>>,
}

impl Rig {
    pub async fn new(repositories: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let names =
            RegistryNames { default: registry_id(), hosts: vec!["localhost".into()], domain: None, domain_port: None };
        let blobs = Arc::new(FsBlobs::open(dir.path().join("blobs")).unwrap());
        let registry =
            Registry::new(Embedded::in_memory(), blobs, Arc::new(SystemClock), Arc::new(SystemEntropy), names);
        for name in repositories {
            let record = RepositoryRecord {
                name: (*name).into(),
                created_at: Timestamp::from_secs(1),
                mutability: Mutability::Mutable,
                exclusion_filters: Vec::new(),
                scan_on_push: false,
                encryption: EncryptionRecord { kind: "AES256".into(), kms_key: None },
                tags: Default::default(),
            };
            registry.create_repository(&registry_id(), &record).await.unwrap();
        }
        let wire = registry.with_access(Arc::new(Open));
        let behind = serve(move |request| {
            let wire = wire.clone();
            async move {
                let peer = Peer { source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST), secure_transport: false };
                wire.handle(request, peer).await
            }
        })
        .await;
        let line = Arc::new(Line::default());
        let address = line_to(behind, line.clone()).await;
        Self { line, address, _dir: dir }
    }

    pub fn remote(&self, repository: &str) -> Remote {
        client(1 << 20)
            .remote(self.address.to_string().parse().unwrap(), repository)
            .with_credentials(Basic::new("me", "secret"))
    }
}

pub fn client(chunk_bytes: u64) -> Client {
    Client::new(system_tls().unwrap(), Options { chunk_bytes, ..Options::default() })
}

async fn serve<F, R, B>(handle: F) -> SocketAddr
where
    F: Fn(Request<hyper::body::Incoming>) -> R + Clone + Send + 'static,
    R: Future<Output = Response<B>> + Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let handle = handle.clone();
            let service = service_fn(move |request| {
                let answer = handle(request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
        }
    });
    address
}

async fn line_to(behind: SocketAddr, line: Arc<Line>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((front, _)) = listener.accept().await {
            line.connections.fetch_add(1, Ordering::Relaxed);
            let Ok(back) = TcpStream::connect(behind).await else { continue };
            let (line, (mut fr, mut fw), (mut br, mut bw)) = (line.clone(), front.into_split(), back.into_split());
            tokio::spawn(async move {
                let up = async { copy(&mut fr, &mut bw, &line.break_up, Some(&line.up)).await };
                let down = async { copy(&mut br, &mut fw, &line.break_down, None).await };
                // Whichever side breaks takes the other along.
                tokio::select! { () = up => {}, () = down => {} }
            });
        }
    });
    address
}

async fn copy(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    breaks: &Mutex<Vec<u64>>,
    count: Option<&AtomicU64>,
) {
    let (mut buffer, mut passed) = (vec![0; 16 * 1024], 0_u64);
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        passed += n as u64;
        if let Some(count) = count {
            count.fetch_add(n as u64, Ordering::Relaxed);
        }
        if to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
        let mut breaks = breaks.lock().unwrap();
        if breaks.last().is_some_and(|at| passed >= *at) {
            breaks.pop();
            return;
        }
    }
}

/// Requests that a scripted server has seen: method, path with query, authorisation.
pub type Seen = Arc<Mutex<Vec<(String, String, Option<String>)>>>;

pub struct Script {
    pub address: SocketAddr,
    pub seen: Seen,
}

impl Script {
    /// `answer` sees method, path and authorisation, and says status, headers and body.
    pub async fn new(
        answer: impl Fn(&str, &str, Option<&str>) -> (u16, Vec<(&'static str, String)>, String)
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let seen = Seen::default();
        let log = seen.clone();
        let address = serve(move |request: Request<hyper::body::Incoming>| {
            let (answer, log) = (answer.clone(), log.clone());
            async move {
                let (parts, body) = request.into_parts();
                let _ = body.collect().await;
                let path = parts.uri.path_and_query().unwrap().as_str().to_owned();
                let auth = parts.headers.get("authorization").map(|v| v.to_str().unwrap().to_owned());
                log.lock().unwrap().push((parts.method.to_string(), path.clone(), auth.clone()));
                let (status, headers, body) = answer(parts.method.as_str(), &path, auth.as_deref());
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Full::new(Bytes::from(body))).unwrap()
            }
        })
        .await;
        Self { address, seen }
    }

    pub fn remote(&self, repository: &str) -> Remote {
        client(1 << 20)
            .remote(self.address.to_string().parse().unwrap(), repository)
            .with_credentials(Basic::new("me", "secret"))
    }
}
