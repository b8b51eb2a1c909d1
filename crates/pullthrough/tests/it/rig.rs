//! A registry with a cache rule `hub` for an upstream on loopback, which wants bearer tokens and counts.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use gantry_base::{Clock as _, ManualClock, SystemEntropy, Timestamp};
use gantry_blobs::{Digest, FsBlobs};
use gantry_pullthrough::{Config, PullThrough, Roles, Secrets};
use gantry_registry::*;
use gantry_store::{Embedded, Store};
use gantry_upstream::{Client, Options, system_tls};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

pub const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub-AbCdEf";
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

pub fn registry_id() -> RegistryId {
    RegistryId { account: "123456789012".parse().unwrap(), region: "us-east-1".parse().unwrap() }
}

pub fn repo(name: &str) -> RepoId {
    RepoId::new(registry_id(), name)
}

/// Lets everybody do everything but what is in `denied`.
#[derive(Default)]
pub struct Gate(pub Mutex<HashSet<&'static str>>);

#[async_trait]
impl Access for Gate {
    async fn authenticate(&self, _: &HeaderMap, _: &Peer) -> Result<Principal, AccessError> {
        Ok(Principal {
            arn: "arn:aws:iam::123456789012:user/dev".into(),
            registry: registry_id(),
            detail: Arc::new(()),
        })
    }

    async fn authorize(&self, _: &Principal, _: &RepoId, actions: &[&'static str]) -> Result<(), AccessError> {
        let denied = self.0.lock().unwrap();
        match actions.iter().find(|a| denied.contains(*a)) {
            Some(action) => Err(AccessError::Denied(format!("not authorized to perform: {action}"))),
            None => Ok(()),
        }
    }

    async fn redeem(&self, _: &str, _: &Digest, _: &str) -> Result<RegistryId, AccessError> {
        Err(AccessError::Unauthenticated)
    }
}

/// What the rule's secret says.
pub struct Vault(pub Mutex<Result<String, CredentialFault>>);

#[async_trait]
impl Secrets for Vault {
    async fn text(&self, registry: &RegistryId, secret_arn: &str) -> Result<String, CredentialFault> {
        assert_eq!((registry, secret_arn), (&registry_id(), SECRET));
        self.0.lock().unwrap().clone()
    }
}

/// Lets the caches of one account pull from each other, and whoever has a role.
struct SameAccount;

#[async_trait]
impl Roles for SameAccount {
    async fn may_pull(&self, registry: &RegistryId, role_arn: Option<&str>, upstream: &RepoId) -> Result<(), String> {
        let may = registry.account == upstream.registry.account || role_arn.is_some();
        if may { Ok(()) } else { Err("no role".into()) }
    }
}

/// The registry elsewhere.
#[derive(Default)]
pub struct Hub {
    port: AtomicU16,
    /// Answers to GET, by path: media type and bytes.
    pub has: Mutex<HashMap<String, (String, Bytes)>>,
    /// `GET /v2/…`, each time it was asked for and let in.
    pub asked: Mutex<Vec<String>>,
    /// Answers everything with this.
    pub fault: Mutex<Option<u16>>,
    /// Blobs wait for a permit of this where there is one.
    pub gate: Mutex<Option<Arc<Semaphore>>>,
}

impl Hub {
    pub fn put(&self, path: &str, kind: &str, bytes: impl Into<Bytes>) {
        self.has.lock().unwrap().insert(format!("/v2/{path}"), (kind.to_owned(), bytes.into()));
    }

    pub fn blob(&self, name: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::sha256(bytes);
        self.put(&format!("{name}/blobs/{digest}"), "application/octet-stream", bytes.to_vec());
        digest
    }

    /// An image of one layer with this content; returns the digests of manifest and layer.
    pub fn image(&self, name: &str, tag: Option<&str>, layer: &[u8]) -> (Digest, Digest) {
        let config = self.blob(name, b"{}");
        let digest = self.blob(name, layer);
        let manifest = json!({ "schemaVersion": 2, "mediaType": IMAGE,
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2 },
            "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": layer.len() }] });
        (self.manifest(name, tag, IMAGE, &manifest), digest)
    }

    pub fn index(&self, name: &str, tag: &str, children: &[&Digest]) -> Digest {
        let children: Vec<_> = children.iter().map(|d| json!({ "mediaType": IMAGE, "digest": d, "size": 1 })).collect();
        self.manifest(name, Some(tag), INDEX, &json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": children }))
    }

    fn manifest(&self, name: &str, tag: Option<&str>, kind: &str, manifest: &Value) -> Digest {
        let bytes = Bytes::from(manifest.to_string());
        let digest = Digest::sha256(&bytes);
        self.put(&format!("{name}/manifests/{digest}"), kind, bytes.clone());
        if let Some(tag) = tag {
            self.put(&format!("{name}/manifests/{tag}"), kind, bytes);
        }
        digest
    }

    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    pub fn fail(&self, status: Option<u16>) {
        *self.fault.lock().unwrap() = status;
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port.load(Ordering::Relaxed))
    }

    async fn answer(&self, method: &Method, path: &str, authorization: &str) -> Response<Full<Bytes>> {
        let plain = |status: u16| Response::builder().status(status);
        if let Some(status) = *self.fault.lock().unwrap() {
            return plain(status).body(Full::default()).unwrap();
        }
        if path.starts_with("/token") {
            let good = authorization == format!("Basic {}", BASE64.encode("me:t0ken"));
            let body = if good { r#"{"token":"let-me-in"}"# } else { "" };
            return plain(if good { 200 } else { 401 }).body(Full::from(body)).unwrap();
        }
        if authorization != "Bearer let-me-in" {
            let realm = format!(r#"Bearer realm="http://{}/token",service="hub""#, self.address());
            return plain(401).header("www-authenticate", realm).body(Full::default()).unwrap();
        }
        self.asked.lock().unwrap().push(format!("{method} {path}"));
        if path == "/v2/" {
            return plain(200).body(Full::default()).unwrap();
        }
        let gate = self.gate.lock().unwrap().clone().filter(|_| path.contains("/blobs/"));
        if let Some(gate) = gate {
            gate.acquire().await.unwrap().forget();
        }
        let Some((kind, bytes)) = self.has.lock().unwrap().get(path).cloned() else {
            return plain(404).body(Full::default()).unwrap();
        };
        let mut answer = plain(200).header("content-type", kind).header("content-length", bytes.len());
        if path.contains("/manifests/") {
            answer = answer.header("docker-content-digest", Digest::sha256(&bytes).as_str());
        }
        answer.body(if method == Method::HEAD { Full::default() } else { Full::from(bytes) }).unwrap()
    }
}

async fn serve(listener: TcpListener, hub: Arc<Hub>) {
    while let Ok((stream, _)) = listener.accept().await {
        let hub = Arc::clone(&hub);
        let service = service_fn(move |request: Request<hyper::body::Incoming>| {
            let hub = Arc::clone(&hub);
            async move {
                let auth = request.headers().get("authorization").and_then(|v| v.to_str().ok()).unwrap_or_default();
                Ok::<_, Infallible>(hub.answer(request.method(), request.uri().path(), auth).await)
            }
        });
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

pub struct Rig {
    pub hub: Arc<Hub>,
    pub registry: Registry,
    pub cache: Arc<PullThrough>,
    pub wire: Wire,
    pub gate: Arc<Gate>,
    pub vault: Arc<Vault>,
    pub clock: Arc<ManualClock>,
    pub store: Store,
    _dir: tempfile::TempDir,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// OCI's error code.
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["errors"][0]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Rig {
    pub async fn new() -> Self {
        let hub = Arc::new(Hub::default());
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await.unwrap();
        hub.port.store(listener.local_addr().unwrap().port(), Ordering::Relaxed);
        tokio::spawn(serve(listener, Arc::clone(&hub)));
        let dir = tempfile::tempdir().unwrap();
        let names =
            RegistryNames { default: registry_id(), hosts: vec!["localhost".into()], domain: None, domain_port: None };
        let store = Embedded::in_memory();
        let clock = ManualClock::at(Timestamp::from_secs(1_800_000_000));
        let blobs = Arc::new(FsBlobs::open(dir.path().join("blobs")).unwrap());
        let registry = Registry::new(store.clone(), blobs, clock.clone(), Arc::new(SystemEntropy), names);
        let vault = Arc::new(Vault(Mutex::new(Ok(r#"{"username":"me","accessToken":"t0ken"}"#.to_owned()))));
        let cache = Arc::new(PullThrough::new(Config {
            registry: registry.clone(),
            client: Client::new(system_tls().unwrap(), Options::default()),
            secrets: vault.clone(),
            roles: Arc::new(SameAccount),
            clock: clock.clone(),
        }));
        let gate = Arc::new(Gate::default());
        let wire = registry.clone().with_access(gate.clone()).with_upstream(cache.clone());
        let rig = Self { hub, registry, cache, wire, gate, vault, clock, store, _dir: dir };
        assert!(rig.registry.create_cache_rule(&registry_id(), &rig.rule()).await.unwrap());
        rig
    }

    pub fn rule(&self) -> CacheRule {
        CacheRule {
            prefix: "hub".into(),
            upstream_url: self.hub.address(),
            upstream_registry: None,
            credential_arn: Some(SECRET.into()),
            custom_role_arn: None,
            upstream_prefix: None,
            created_at: self.clock.now(),
            updated_at: self.clock.now(),
        }
    }

    pub async fn ask(&self, method: &str, path: &str) -> Answer {
        ask(&self.wire, method, path).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path).await
    }

    /// Waits for an image to be stored.
    pub async fn stored(&self, name: &str, reference: &str) -> (Digest, ImageRecord) {
        let (repo, reference) = (repo(name), reference.parse().unwrap());
        for _ in 0..500 {
            if let Ok(found) = self.registry.locate(&repo, &reference).await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{repo} {reference} was not stored");
    }

    pub async fn is_stored(&self, name: &str, reference: &str) -> bool {
        self.registry.locate(&repo(name), &reference.parse().unwrap()).await.is_ok()
    }

    /// Details of the cache's events, once there are so many.
    pub async fn events(&self, count: usize) -> Vec<Value> {
        for _ in 0..500 {
            let all = self.store.list("/events/").await.unwrap();
            let events = all.kvs.iter().map(|kv| serde_json::from_slice::<Value>(&kv.value).unwrap());
            let ours: Vec<_> = events.filter(|e| e["detail-type"] == "ECR Pull Through Cache Action").collect();
            if ours.len() >= count {
                return ours;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("there are not {count} events");
    }
}

pub async fn ask(wire: &Wire, method: &str, path: &str) -> Answer {
    ask_at(wire, "localhost", method, path).await
}

pub async fn ask_at(wire: &Wire, host: &str, method: &str, path: &str) -> Answer {
    let request = Request::builder().method(method).uri(path).header("host", host);
    let peer = Peer { source_ip: Ipv4Addr::LOCALHOST.into(), secure_transport: false };
    let reply = wire.handle(request.body(Empty::new()).unwrap(), peer).await;
    let (status, headers): (StatusCode, _) = (reply.status(), reply.headers().clone());
    Answer { status: status.as_u16(), headers, body: reply.into_body().collect().await.unwrap().to_bytes() }
}
