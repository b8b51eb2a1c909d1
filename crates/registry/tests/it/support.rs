//! A registry in a temporary directory, an access that a test opens and closes, and short requests.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use gantry_base::{ManualClock, SharedClock, SystemClock, SystemEntropy, Timestamp};
use gantry_blobs::{Blobs, Digest, FsBlobs};
use gantry_registry::*;
use gantry_store::{Embedded, Store};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};

/// Lets in whoever brings an `Authorization` header; refuses what is in `denied`.
#[derive(Default)]
pub struct TestAccess {
    /// `action` or `action repository`.
    pub denied: Mutex<HashSet<String>>,
}

#[async_trait]
impl Access for TestAccess {
    async fn authenticate(&self, headers: &HeaderMap, _: &Peer) -> Result<Principal, AccessError> {
        headers.get("authorization").ok_or(AccessError::Unauthenticated)?;
        Ok(Principal { arn: "arn:aws:iam::000000000001:root".into(), registry: registry_id(), detail: Arc::new(()) })
    }

    async fn authorize(&self, _: &Principal, repo: &RepoId, actions: &[&'static str]) -> Result<(), AccessError> {
        let denied = self.denied.lock().unwrap();
        let refused = |a: &&&str| denied.contains(**a) || denied.contains(&format!("{a} {}", repo.name));
        match actions.iter().find(refused) {
            Some(action) => Err(AccessError::Denied(format!("not authorized to perform: {action}"))),
            None => Ok(()),
        }
    }

    async fn redeem(&self, _: &str, _: &Digest, grant: &str) -> Result<RegistryId, AccessError> {
        if grant == "good" { Ok(registry_id()) } else { Err(AccessError::Denied("bad grant".into())) }
    }
}

pub fn registry_id() -> RegistryId {
    RegistryId { account: "000000000001".parse().unwrap(), region: "us-east-1".parse().unwrap() }
}

pub fn repo(name: &str) -> RepoId {
    RepoId::new(registry_id(), name)
}

pub struct Fixture {
    pub wire: Wire,
    /// Moves only by hand.
    pub clock: Arc<ManualClock>,
    pub access: Arc<TestAccess>,
    pub dir: tempfile::TempDir,
    pub store: Store,
}

/// A registry over this store, its blobs under `dir`.
pub fn open(store: Store, dir: &Path) -> (Wire, Arc<TestAccess>) {
    open_at(store, dir, Arc::new(SystemClock))
}

pub fn open_at(store: Store, dir: &Path, clock: SharedClock) -> (Wire, Arc<TestAccess>) {
    open_over(store, Arc::new(FsBlobs::open(dir.join("blobs")).unwrap()), clock)
}

pub fn open_over(store: Store, blobs: Arc<dyn Blobs>, clock: SharedClock) -> (Wire, Arc<TestAccess>) {
    let names =
        RegistryNames { default: registry_id(), hosts: vec!["localhost:4566".into()], domain: None, domain_port: None };
    let registry = Registry::new(store, blobs, clock, Arc::new(SystemEntropy), names);
    let access = Arc::new(TestAccess::default());
    (registry.with_access(access.clone()), access)
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code of an error body.
    pub fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap().to_owned()
    }
}

pub const PEER: Peer = Peer { source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST), secure_transport: false };

impl Fixture {
    pub async fn new(repositories: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(Timestamp::from_secs(1_800_000_000));
        let store = Embedded::in_memory();
        let (wire, access) = open_at(store.clone(), dir.path(), clock.clone());
        let fixture = Self { wire, clock, access, dir, store };
        for name in repositories {
            fixture.create(name).await;
        }
        fixture
    }

    pub async fn create(&self, name: &str) {
        self.create_with(name, |_| {}).await;
    }

    pub async fn create_with(&self, name: &str, change: impl FnOnce(&mut RepositoryRecord)) {
        let mut record = RepositoryRecord {
            name: name.into(),
            created_at: Timestamp::from_secs(1),
            mutability: Mutability::Mutable,
            exclusion_filters: Vec::new(),
            scan_on_push: false,
            encryption: EncryptionRecord { kind: "AES256".into(), kms_key: None },
            tags: Default::default(),
        };
        change(&mut record);
        self.wire.registry().create_repository(&registry_id(), &record).await.unwrap();
    }

    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Reply {
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost:4566");
        if !headers.iter().any(|(n, _)| *n == "no-auth") {
            request = request.header("authorization", "Basic x");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let response = self.wire.handle(request, PEER).await;
        let (parts, body) = response.into_parts();
        Reply { status: parts.status, headers: parts.headers, body: body.collect().await.unwrap().to_bytes() }
    }

    pub fn now(&self) -> Timestamp {
        gantry_base::Clock::now(&*self.clock)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "").await
    }

    pub async fn push_blob(&self, name: &str, bytes: &[u8]) -> Digest {
        let digest = Digest::sha256(bytes);
        let path = format!("/v2/{name}/blobs/uploads/?digest={digest}");
        let reply = self.send("POST", &path, &[], bytes.to_vec()).await;
        assert_eq!(reply.status, 201, "{:?}", reply.body);
        digest
    }

    pub async fn put(&self, name: &str, reference: &str, manifest: &str) -> Reply {
        self.send("PUT", &format!("/v2/{name}/manifests/{reference}"), &[], manifest.to_owned()).await
    }

    /// Pushes an image of one layer; returns its digest.
    pub async fn push_image(&self, name: &str, tag: &str, content: &str) -> Digest {
        let manifest = self.image_manifest(name, content).await;
        let reply = self.put(name, tag, &manifest).await;
        assert_eq!(reply.status, 201, "{:?}", reply.body);
        Digest::sha256(manifest.as_bytes())
    }

    pub async fn image_manifest(&self, name: &str, content: &str) -> String {
        let config = self.push_blob(name, b"{}").await;
        let layer = self.push_blob(name, content.as_bytes()).await;
        manifest(&config, &layer, content.len(), "")
    }

    /// Files of the blob store that are not blobs.
    pub fn leftovers(&self) -> usize {
        ["uploads", "tmp"]
            .iter()
            .map(|d| std::fs::read_dir(self.dir.path().join("blobs").join(d)).unwrap().count())
            .sum()
    }
}

pub fn manifest(config: &Digest, layer: &Digest, layer_size: usize, more: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":2}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{layer}","size":{layer_size}}}]{more}}}"#,
        MediaType::OciImage.as_str(),
    )
}
