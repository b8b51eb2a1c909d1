//! A registry with ECR's API and a scanner, images written by the test, and a gate before blobs.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use gantry_aws_api::ecr::EcrService;
use gantry_aws_wire::{AwsError, Caller, CallerKind, Context, Output, Service};
use gantry_base::{ManualClock, SystemEntropy, Timestamp};
use gantry_blobs::{Algorithm, BlobReader, BlobStat, Blobs, Digest, FsBlobs, Upload, UploadId};
use gantry_ecr::{EcrApi, token_key};
use gantry_registry::queue::Origin;
use gantry_registry::{NewImage, Registry, RegistryId, RegistryNames, RepoId};
use gantry_scanner::{Scanner, SourceInfo, import};
use gantry_store::{Embedded, Store};
use serde_json::{Value, json};

pub const ACCOUNT: &str = "123456789012";
const PATIENCE: Duration = Duration::from_secs(20);

/// Blobs that are counted when they are opened, and kept back while the gate is shut for them.
pub struct Gated {
    inner: FsBlobs,
    pub opened: AtomicUsize,
    pub shut: Mutex<BTreeSet<Digest>>,
    pub bell: tokio::sync::Notify,
}

#[async_trait]
impl Blobs for Gated {
    async fn create_upload(&self, id: &UploadId, algorithm: Algorithm) -> gantry_blobs::Result<()> {
        self.inner.create_upload(id, algorithm).await
    }
    async fn open_upload(&self, id: &UploadId) -> gantry_blobs::Result<Box<dyn Upload>> {
        self.inner.open_upload(id).await
    }
    async fn upload_size(&self, id: &UploadId) -> gantry_blobs::Result<u64> {
        self.inner.upload_size(id).await
    }
    async fn expire_uploads(&self, idle_secs: u64) -> gantry_blobs::Result<usize> {
        self.inner.expire_uploads(idle_secs).await
    }
    async fn open(&self, digest: &Digest, span: Range<u64>) -> gantry_blobs::Result<BlobReader> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        while self.shut.lock().unwrap().contains(digest) {
            self.bell.notify_waiters();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.inner.open(digest, span).await
    }
    async fn local_file(&self, digest: &Digest) -> gantry_blobs::Result<Option<std::fs::File>> {
        self.inner.local_file(digest).await
    }
    async fn stat(&self, digest: &Digest) -> gantry_blobs::Result<BlobStat> {
        self.inner.stat(digest).await
    }
    async fn verify(&self, digest: &Digest) -> gantry_blobs::Result<bool> {
        self.inner.verify(digest).await
    }
    async fn delete(&self, digest: &Digest) -> gantry_blobs::Result<bool> {
        self.inner.delete(digest).await
    }
    async fn list(&self, after: Option<&Digest>, limit: usize) -> gantry_blobs::Result<Vec<BlobStat>> {
        self.inner.list(after, limit).await
    }
    async fn put(&self, digest: &Digest, bytes: Bytes) -> gantry_blobs::Result<()> {
        self.inner.put(digest, bytes).await
    }
}

pub struct Rig {
    pub api: Arc<EcrApi>,
    pub registry: Registry,
    pub store: Store,
    pub blobs: Arc<Gated>,
    pub clock: Arc<ManualClock>,
    pub dir: tempfile::TempDir,
    pub scanner: Option<Scanner>,
}

fn context() -> Context {
    Context {
        request_id: "r".into(),
        caller: Arc::new(Caller {
            arn: format!("arn:aws:iam::{ACCOUNT}:user/dev"),
            account: ACCOUNT.parse().unwrap(),
            user_id: "AIDA".into(),
            kind: CallerKind::User { name: "dev".into() },
            access_key_id: "AKIA".into(),
            session_context: Vec::new(),
            session_policies: Vec::new(),
        }),
        account: ACCOUNT.parse().unwrap(),
        region: "us-east-1".parse().unwrap(),
        now: Timestamp::from_secs(1),
        source_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_agent: "test".into(),
        secure_transport: false,
        host: String::new(),
    }
}

impl Rig {
    /// With a scanner that runs.
    pub async fn new() -> Self {
        let mut rig = Self::idle().await;
        rig.start();
        rig
    }

    pub async fn idle() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let id = RegistryId { account: ACCOUNT.parse().unwrap(), region: "us-east-1".parse().unwrap() };
        let names =
            RegistryNames { default: id, hosts: vec!["localhost:4566".into()], domain: None, domain_port: None };
        let store = Embedded::in_memory();
        let clock = ManualClock::at(Timestamp::from_secs(1_800_000_000));
        let blobs = Arc::new(Gated {
            inner: FsBlobs::open(dir.path().join("blobs")).unwrap(),
            opened: AtomicUsize::new(0),
            shut: Mutex::default(),
            bell: tokio::sync::Notify::new(),
        });
        let registry = Registry::new(store.clone(), blobs.clone(), clock.clone(), Arc::new(SystemEntropy), names);
        let key = token_key(&store, &SystemEntropy).await.unwrap();
        let api = Arc::new(EcrApi::new(registry.clone(), key, clock.clone()));
        Self { api, registry, store, blobs, clock, dir, scanner: None }
    }

    pub fn start(&mut self) {
        self.scanner = Some(Scanner::start(self.registry.clone(), &self.db(), self.clock.clone()).unwrap());
    }

    pub fn db(&self) -> std::path::PathBuf {
        self.dir.path().join("scan-db")
    }

    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        let service = EcrService(Arc::clone(&self.api));
        let schema = service.schema().operation(operation).unwrap();
        match service.call(schema, input, &context()).await? {
            Output::Value(value) => Ok(value),
            _ => panic!("{operation} answers with a value"),
        }
    }

    pub async fn code(&self, operation: &str, input: Value) -> (String, String) {
        let error = self.call(operation, input).await.expect_err(operation);
        (error.code, error.message)
    }

    pub async fn create(&self, name: &str, scan_on_push: bool) {
        let input = json!({ "repositoryName": name, "imageScanningConfiguration": { "scanOnPush": scan_on_push } });
        self.call("CreateRepository", input).await.unwrap();
    }

    pub fn repo(&self, name: &str) -> RepoId {
        RepoId::new(self.registry.names().default.clone(), name)
    }

    pub async fn blob(&self, name: &str, bytes: &[u8]) -> Digest {
        let (repo, digest) = (self.repo(name), Digest::sha256(bytes));
        let upload = self.registry.start_upload(&repo, Algorithm::Sha256).await.unwrap();
        let mut upload = self.registry.open_upload(&repo, &upload).await.unwrap();
        upload.write(Bytes::copy_from_slice(bytes)).await.unwrap();
        self.registry.commit_upload(&repo, upload, &digest).await.unwrap();
        digest
    }

    pub async fn manifest(&self, name: &str, tag: &str, manifest: Value) -> Digest {
        let new = NewImage {
            manifest: manifest.to_string().into(),
            content_type: None,
            tags: vec![tag.to_owned()],
            digest: None,
            origin: Origin::Push,
        };
        self.registry.put_image(&self.repo(name), new).await.unwrap().digest
    }

    /// An image of these layers.
    pub async fn push(&self, name: &str, tag: &str, layers: &[Vec<u8>]) -> Digest {
        let config = json!({ "architecture": "amd64", "os": "linux", "x": tag }).to_string();
        let mut described = Vec::new();
        for layer in layers {
            let digest = self.blob(name, layer).await;
            described.push(
                json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": layer.len() }),
            );
        }
        let digest = self.blob(name, config.as_bytes()).await;
        let config =
            json!({ "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": config.len() });
        let manifest = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config, "layers": described });
        self.manifest(name, tag, manifest).await
    }

    pub async fn findings(&self, name: &str, tag: &str) -> Value {
        let input = json!({ "repositoryName": name, "imageId": { "imageTag": tag } });
        self.call("DescribeImageScanFindings", input).await.unwrap()
    }

    /// Waits until `fits` says so of what DescribeImageScanFindings answers.
    pub async fn until(&self, name: &str, tag: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let give_up = tokio::time::Instant::now() + PATIENCE;
        loop {
            let input = json!({ "repositoryName": name, "imageId": { "imageTag": tag } });
            let seen = self.call("DescribeImageScanFindings", input).await;
            if let Ok(seen) = &seen
                && fits(seen)
            {
                return seen.clone();
            }
            assert!(tokio::time::Instant::now() < give_up, "still {seen:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn scanned(&self, name: &str, tag: &str) -> Value {
        self.until(name, tag, |seen| !matches!(status(seen), "IN_PROGRESS" | "PENDING")).await
    }

    pub async fn import(&self, name: &str, text: &str) -> SourceInfo {
        let file = self.dir.path().join(name);
        std::fs::write(&file, text).unwrap();
        let done = run_import(&self.db(), &file, None).unwrap();
        if let Some(scanner) = &self.scanner {
            scanner.reload().await.unwrap();
        }
        done
    }

    pub async fn keys(&self, needle: &str) -> usize {
        let all = self.store.list("/").await.unwrap();
        all.kvs.iter().filter(|kv| String::from_utf8_lossy(&kv.key).contains(needle)).count()
    }
}

pub fn run_import(db: &Path, from: &Path, name: Option<&str>) -> gantry_scanner::Result<SourceInfo> {
    let request = import::Request { name: name.map(str::to_owned) };
    import::import(db, from, &request, (&gantry_base::SystemClock, &SystemEntropy), &mut ())
}

pub fn status(seen: &Value) -> &str {
    seen["imageScanStatus"]["status"].as_str().unwrap_or_default()
}

pub fn description(seen: &Value) -> &str {
    seen["imageScanStatus"]["description"].as_str().unwrap_or_default()
}

/// A layer of these files.
pub fn layer(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, text) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap()
}

pub fn debian() -> Vec<u8> {
    layer(&[
        (
            "etc/os-release",
            "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n",
        ),
        (
            "var/lib/dpkg/status",
            "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nSource: openssl\nVersion: 3.0.11-1~deb12u1\n\n\
             Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.11-1~deb12u1\n\n\
             Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2.15-2+b2\nSource: bash (5.2.15-2)\n\n\
             Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\nVersion: 1\n\n",
        ),
    ])
}

pub fn alpine() -> Vec<u8> {
    layer(&[
        ("etc/os-release", "ID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME=\"Alpine Linux v3.19\"\n"),
        ("etc/apk/repositories", "https://example.test/alpine/v3.19/main\n"),
        (
            "lib/apk/db/installed",
            "P:ssl_client\nV:1.36.1-r2\nA:x86_64\no:busybox\n\nP:busybox\nV:1.36.1-r2\nA:x86_64\no:busybox\n\n",
        ),
    ])
}

pub fn npm() -> Vec<u8> {
    let lock = json!({ "name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {
        "": { "name": "app", "version": "1.0.0" },
        "node_modules/left": { "version": "1.2.0" },
        "node_modules/@scope/right": { "version": "2.0.0" } } });
    layer(&[("app/package-lock.json", &lock.to_string())])
}

/// Debian's tracker: one fixed, one open, one never there.
pub const TRACKER: &str = r#"{"openssl":{
  "CVE-2099-0001":{"description":"A made-up flaw.","releases":{"bookworm":{"status":"resolved","fixed_version":"3.0.11-1~deb12u2","urgency":"high"}}},
  "CVE-2099-0002":{"releases":{"bookworm":{"status":"resolved","fixed_version":"3.0.11-1~deb12u1","urgency":"high"}}},
  "CVE-2099-0003":{"releases":{"bookworm":{"status":"resolved","fixed_version":"0","urgency":"high"}}}},
 "bash":{"CVE-2099-0004":{"description":"Another.","releases":{"bookworm":{"status":"open","urgency":"not yet assigned","nodsa":"Minor issue"}}},
  "CVE-2099-0005":{"releases":{"bookworm":{"status":"open","urgency":"unimportant"}}}},
 "gone":{"CVE-2099-0006":{"releases":{"bookworm":{"status":"open","urgency":"high"}}}}}"#;

/// A CVE's own record: no package, but a score.
pub const SCORE: &str = r#"{"id":"CVE-2099-0004","modified":"2026-01-01T00:00:00Z",
  "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
  "affected":[{"package":{"ecosystem":"Debian:99","name":"none"},"versions":["1"]}]}"#;

pub const SECDB: &str = r#"{"distroversion":"v3.19","reponame":"main","packages":[
  {"pkg":{"name":"busybox","secfixes":{"1.36.1-r3":["CVE-2099-0010"],"1.36.1-r2":["CVE-2099-0011"],"0":["CVE-2099-0012"]}}}]}"#;

pub const NPM: &str = r#"[{"id":"GHSA-xxxx-yyyy-zzzz","aliases":["CVE-2099-0020"],"summary":"Left leans","modified":"2026-02-01T00:00:00Z",
  "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N"}],
  "affected":[{"package":{"ecosystem":"npm","name":"left"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.3.0"}]}]}],
  "references":[{"type":"WEB","url":"https://example.test/left"}],"database_specific":{"severity":"MODERATE"}}]"#;
