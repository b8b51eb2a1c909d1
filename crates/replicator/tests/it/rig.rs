//! A server of its own: store, blobs, identity with real policies, ECR's API and the registry's wire on a
//! port that can be closed and opened again, and a replicator that can be killed.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gantry_aws_api::ecr::EcrService;
use gantry_aws_wire::{Defaults, Frontend, Limits, Service};
use gantry_base::{AccountId, Region, SharedClock, SharedEntropy, SystemClock, SystemEntropy, event};
use gantry_blobs::{Algorithm, Digest, FsBlobs};
use gantry_ecr::{EcrAccess, EcrApi, token_key};
use gantry_identity::Identity;
use gantry_registry::queue::Origin;
use gantry_registry::*;
use gantry_replicator::{Config, Parts, PeerConfig, Peers, Replicator};
use gantry_store::{Embedded, Store};
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

pub const HOME: &str = "111111111111";
pub const OTHER: &str = "222222222222";

pub fn id(account: &str, region: &str) -> RegistryId {
    RegistryId { account: account.parse::<AccountId>().unwrap(), region: region.parse::<Region>().unwrap() }
}

pub fn repo(region: &str, name: &str) -> RepoId {
    RepoId::new(id(HOME, region), name)
}

/// What comes over the wire.
#[derive(Default)]
pub struct Traffic {
    /// Bytes of blobs that came.
    pub blob_bytes: AtomicU64,
    /// Requests by method and path, without digests' and uploads' names.
    pub requests: AtomicU64,
    /// Bodies stop moving when so many bytes came.
    pub stall_at: Mutex<Option<u64>>,
}

pub struct Server {
    pub store: Store,
    pub registry: Registry,
    pub access: Arc<EcrAccess>,
    pub key: (String, String),
    pub traffic: Arc<Traffic>,
    pub address: SocketAddr,
    frontend: Arc<Frontend>,
    listener: Option<JoinHandle<()>>,
    clock: SharedClock,
    entropy: SharedEntropy,
    pub dir: tempfile::TempDir,
}

pub fn config() -> Config {
    Config {
        retry_first: Duration::from_millis(20),
        retry_most: Duration::from_millis(200),
        give_up: Duration::from_mins(5),
        chunk_bytes: 1 << 20,
    }
}

impl Server {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Embedded::in_memory();
        let (clock, entropy): (SharedClock, SharedEntropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let options = gantry_identity::Options { clock: clock.clone(), entropy: entropy.clone(), checked: true };
        let identity = Identity::open(store.clone(), options).await.unwrap();
        let home: AccountId = HOME.parse().unwrap();
        identity.set_home(home.clone(), "us-east-1".parse().unwrap());
        let admin = identity.bootstrap(&home).await.unwrap().unwrap();
        let authority = Arc::new(identity);
        let names = RegistryNames {
            default: id(HOME, "us-east-1"),
            hosts: vec!["localhost".into()],
            domain: None,
            domain_port: None,
        };
        let blobs = Arc::new(FsBlobs::open(dir.path().join("blobs")).unwrap());
        let registry = Registry::new(store.clone(), blobs, clock.clone(), entropy.clone(), names);
        let token_key = token_key(&store, &SystemEntropy).await.unwrap();
        let access = Arc::new(EcrAccess::new(registry.clone(), authority.clone(), token_key.clone(), clock.clone()));
        let api = Arc::new(EcrApi::new(registry.clone(), token_key, clock.clone()));
        let services: Vec<Arc<dyn Service>> = vec![Arc::new(EcrService(api))];
        let defaults = Defaults {
            account: home,
            region: "us-east-1".parse().unwrap(),
            clock: clock.clone(),
            entropy: entropy.clone(),
            limits: Limits::default(),
        };
        let frontend = Arc::new(Frontend::new(services, authority, defaults));
        let mut server = Self {
            store,
            registry,
            access,
            key: (admin.access_key_id, admin.secret_access_key),
            traffic: Arc::default(),
            address: ([127, 0, 0, 1], 0).into(),
            frontend,
            listener: None,
            clock,
            entropy,
            dir,
        };
        server.open().await;
        server
    }

    /// Listens, at the same port as before.
    pub async fn open(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.address = listener.local_addr().unwrap();
        let wire = self.registry.clone().with_access(self.access.clone());
        let (frontend, traffic) = (self.frontend.clone(), self.traffic.clone());
        self.listener = Some(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, from)) = listener.accept().await {
                let (wire, frontend, traffic) = (wire.clone(), frontend.clone(), traffic.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (wire, frontend, traffic) = (wire.clone(), frontend.clone(), traffic.clone());
                    async move { Ok::<_, Infallible>(answer(request, from, wire, frontend, traffic).await) }
                });
                let serve = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                connections.spawn(async move { drop(serve.await) });
            }
        }));
    }

    /// Stops listening, and breaks every connection.
    pub async fn close(&mut self) {
        if let Some(listener) = self.listener.take() {
            listener.abort();
            let _ = listener.await;
        }
    }

    /// Replicates, with these servers as peers for their regions.
    pub fn replicate(&self, peers: &[(&str, &Server)]) -> Replicator {
        let peers = peers.iter().map(|(region, server)| server.as_peer(region, &server.key.1)).collect();
        self.replicate_to(peers)
    }

    pub fn replicate_to(&self, peers: Vec<PeerConfig>) -> Replicator {
        Replicator::start(Parts {
            store: self.store.clone(),
            registry: self.registry.clone(),
            access: self.access.clone(),
            peers: Peers::new(peers, &config(), &self.clock).unwrap(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            config: config(),
        })
    }

    pub fn as_peer(&self, region: &str, secret: &str) -> PeerConfig {
        PeerConfig {
            region: region.parse().unwrap(),
            accounts: None,
            endpoint: format!("http://{}", self.address),
            ca: None,
            access_key_id: self.key.0.clone(),
            secret_access_key: secret.to_owned(),
        }
    }

    pub async fn rules(&self, registry: &RegistryId, rules: Value) {
        let rules = serde_json::from_value(json!({ "rules": rules })).unwrap();
        self.registry.set_replication_rules(registry, &rules).await.unwrap();
    }

    pub async fn create(&self, repo: &RepoId, change: impl FnOnce(&mut RepositoryRecord)) {
        let mut record = RepositoryRecord {
            name: repo.name.clone(),
            created_at: self.clock.now(),
            mutability: Mutability::Mutable,
            exclusion_filters: Vec::new(),
            scan_on_push: false,
            encryption: EncryptionRecord { kind: "AES256".into(), kms_key: None },
            tags: Default::default(),
        };
        change(&mut record);
        self.registry.create_repository(&repo.registry, &record).await.unwrap();
    }

    pub async fn blob(&self, repo: &RepoId, bytes: &[u8]) -> Value {
        let digest = Digest::sha256(bytes);
        let upload = self.registry.start_upload(repo, Algorithm::Sha256).await.unwrap();
        let mut upload = self.registry.open_upload(repo, &upload).await.unwrap();
        upload.write(Bytes::copy_from_slice(bytes)).await.unwrap();
        self.registry.commit_upload(repo, upload, &digest).await.unwrap();
        json!({ "mediaType": "application/x.blob", "digest": digest, "size": bytes.len() })
    }

    pub async fn put(&self, repo: &RepoId, tags: &[&str], manifest: Value) -> Digest {
        let new = NewImage {
            manifest: manifest.to_string().into(),
            content_type: None,
            tags: tags.iter().map(|t| (*t).to_owned()).collect(),
            digest: None,
            origin: Origin::Push,
        };
        self.registry.put_image(repo, new).await.unwrap().digest
    }

    /// Pushes an image of these layers.
    pub async fn push(&self, repo: &RepoId, tags: &[&str], layers: &[&[u8]]) -> Digest {
        let config = self.blob(repo, b"{}").await;
        let mut all = Vec::new();
        for layer in layers {
            all.push(self.blob(repo, layer).await);
        }
        let media_type = MediaType::OciImage.as_str();
        self.put(repo, tags, json!({ "schemaVersion": 2, "mediaType": media_type, "config": config, "layers": all }))
            .await
    }

    pub async fn push_index(&self, repo: &RepoId, tags: &[&str], children: &[&Digest]) -> Digest {
        let child = |d: &&Digest| json!({ "mediaType": MediaType::OciImage.as_str(), "digest": d, "size": 2 });
        let children: Vec<Value> = children.iter().map(child).collect();
        let media_type = MediaType::OciIndex.as_str();
        self.put(repo, tags, json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": children })).await
    }

    /// The copies' states, `region account STATUS code`, once all are settled.
    pub async fn settled(&self, repo: &RepoId, digest: &Digest) -> Vec<String> {
        wait("the copies to be settled", || async {
            self.registry.replication_queued(repo, digest).await.unwrap().is_none()
        })
        .await;
        self.states(repo, digest).await
    }

    pub async fn states(&self, repo: &RepoId, digest: &Digest) -> Vec<String> {
        let known = self.registry.replications(repo, digest).await.unwrap();
        let text = |(id, r): &(RegistryId, ReplicationRecord)| {
            let code = r.failure_code.as_deref().map(|c| format!(" {c}")).unwrap_or_default();
            let account = if id.account.as_str() == HOME { "" } else { " other" };
            format!("{}{account} {}{code}", id.region, r.status.as_str())
        };
        known.iter().map(text).collect()
    }

    /// The tags of an image; `None` if it is not there.
    pub async fn tags(&self, repo: &RepoId, digest: &Digest) -> Option<Vec<String>> {
        match self.registry.locate(repo, &Reference::Digest(digest.clone())).await {
            Ok(_) => Some(self.registry.image_tags(repo, digest).await.unwrap()),
            Err(Error::ImageNotFound { .. } | Error::RepositoryNotFound { .. }) => None,
            Err(e) => panic!("{e}"),
        }
    }

    /// `detail` of the replication events, with the region that they were told in.
    pub async fn events(&self) -> Vec<(String, Value)> {
        let all = self.store.list(event::EVENTS).await.unwrap();
        let read = all.kvs.iter().map(|kv| serde_json::from_slice::<Value>(&kv.value).unwrap());
        read.filter(|e| e["detail-type"] == "ECR Replication Action")
            .map(|e| (e["region"].as_str().unwrap().to_owned(), e["detail"].clone()))
            .collect()
    }

    /// Files in the blob store.
    pub fn stored(&self) -> usize {
        fn count(dir: &std::path::Path) -> usize {
            let entries = std::fs::read_dir(dir).unwrap().flatten();
            entries.map(|e| if e.path().is_dir() { count(&e.path()) } else { 1 }).sum()
        }
        count(&self.dir.path().join("blobs"))
    }

    /// The password of a token of the administrator's.
    pub async fn token(&self) -> String {
        let client = gantry_upstream::Client::new(gantry_upstream::system_tls().unwrap(), Default::default());
        let endpoint: gantry_upstream::Endpoint = format!("http://{}", self.address).parse().unwrap();
        let body = Bytes::from("{}");
        let target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
        let plain =
            [("host", endpoint.authority()), ("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let view = gantry_sigv4::RequestView { method: "POST", path: "/", query: "", headers: &plain };
        let credentials = gantry_sigv4::Credentials {
            access_key_id: self.key.0.clone(),
            secret_access_key: self.key.1.clone(),
            session_token: None,
        };
        let hash = gantry_sigv4::PayloadHash::of(&body);
        let signed = gantry_sigv4::sign(&view, hash, &credentials, "us-east-1", "ecr", self.clock.now());
        let mut headers = plain.to_vec();
        headers.extend(signed.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let (_, answer) = client.exchange(&endpoint, http::Method::POST, "/", &headers, body, 1 << 20).await.unwrap();
        let json: Value = serde_json::from_slice(&answer).unwrap();
        let token = json["authorizationData"][0]["authorizationToken"].as_str().unwrap();
        let plain = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, token).unwrap();
        String::from_utf8(plain).unwrap().strip_prefix("AWS:").unwrap().to_owned()
    }

    pub fn blob_bytes(&self) -> u64 {
        self.traffic.blob_bytes.load(Ordering::Relaxed)
    }
}

pub async fn wait<F: Future<Output = bool>>(what: &str, probe: impl Fn() -> F) {
    // For a machine that is busy with other things.
    let until = Instant::now() + Duration::from_mins(1);
    while !probe().await {
        assert!(Instant::now() < until, "waited for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Long enough for what must not happen to have happened.
pub async fn a_while() {
    tokio::time::sleep(Duration::from_millis(400)).await;
}

type BoxBody = http_body_util::combinators::UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

async fn answer(
    request: Request<Incoming>,
    from: SocketAddr,
    wire: Wire,
    frontend: Arc<Frontend>,
    traffic: Arc<Traffic>,
) -> Response<BoxBody> {
    traffic.requests.fetch_add(1, Ordering::Relaxed);
    if request.uri().path().starts_with("/v2/") {
        let counted = request.uri().path().contains("/blobs/uploads/");
        let request = request.map(|body| Counted { body, traffic: counted.then_some(traffic) });
        let peer = Peer { source_ip: from.ip(), secure_transport: false };
        return wire.handle(request, peer).await.map(|body| body.map_err(Into::into).boxed_unsync());
    }
    let (parts, body) = request.into_parts();
    frontend.handle(parts, body, from, false).await.map(|body| body.map_err(Into::into).boxed_unsync())
}

/// Counts what comes, and stops moving where it is told to.
struct Counted {
    body: Incoming,
    traffic: Option<Arc<Traffic>>,
}

impl Body for Counted {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(traffic) = &self.traffic {
            let stall = traffic.stall_at.lock().unwrap();
            if stall.is_some_and(|at| traffic.blob_bytes.load(Ordering::Relaxed) >= at) {
                let waker = cx.waker().clone();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    waker.wake();
                });
                return Poll::Pending;
            }
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let (Some(traffic), Some(Ok(frame))) = (&self.traffic, &frame)
            && let Some(data) = frame.data_ref()
        {
            traffic.blob_bytes.fetch_add(data.len() as u64, Ordering::Relaxed);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes that are the same for the same seed and do not repeat.
pub fn some_bytes(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

pub fn to(region: &str) -> Value {
    json!([{ "destinations": [{ "region": region, "registryId": HOME }] }])
}
