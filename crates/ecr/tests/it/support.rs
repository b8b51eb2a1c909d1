//! ECR in a temporary directory, with an authority that a test opens and closes.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use gantry_aws_api::ecr::{self, Ecr, EcrService};
use gantry_aws_wire::{Access, Authority, AwsError, Caller, CallerKind, Context, Credential, Output, Service};
use gantry_base::{ManualClock, SystemEntropy, Timestamp};
use gantry_blobs::{Digest, FsBlobs};
use gantry_ecr::{EcrAccess, EcrApi, token_key};
use gantry_registry::{Peer, Registry, RegistryId, RegistryNames, Wire};
use gantry_store::Embedded;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub const ACCOUNT: &str = "123456789012";

/// Allows everything but what is in `denied`, and remembers what it was asked. With `policies` it decides
/// by IAM's rules instead.
pub struct TestAuthority {
    /// The one identity policy of each caller, by ARN; who is not here has none.
    pub policies: Mutex<Option<HashMap<String, String>>>,
    pub denied: Mutex<HashSet<String>>,
    pub asked: Mutex<Vec<Access>>,
    pub checked: bool,
}

#[async_trait]
impl Authority for TestAuthority {
    async fn credential(&self, _: &str, _: Option<&str>) -> Result<Credential, AwsError> {
        Err(AwsError::sender("InvalidClientTokenId", "not used here"))
    }

    async fn authorize(&self, context: &Context, accesses: &[Access]) -> Result<(), AwsError> {
        self.asked.lock().unwrap().extend_from_slice(accesses);
        if let Some(policies) = &*self.policies.lock().unwrap() {
            return crate::judge::judge(context, accesses, policies.get(&context.caller.arn).map(String::as_str));
        }
        let denied = self.denied.lock().unwrap();
        match accesses.iter().find(|a| denied.contains(&a.action)) {
            Some(a) => Err(AwsError::access_denied(format!(
                "User: {} is not authorized to perform: {} on resource: {}",
                context.caller.arn, a.action, a.resource
            ))),
            None => Ok(()),
        }
    }

    fn signatures_checked(&self) -> bool {
        self.checked
    }
}

pub struct Fixture {
    pub api: Arc<EcrApi>,
    pub wire: Wire,
    pub authority: Arc<TestAuthority>,
    pub clock: Arc<ManualClock>,
    pub address: SocketAddr,
    pub dir: tempfile::TempDir,
}

pub fn context() -> Context {
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

impl Fixture {
    pub async fn new() -> Self {
        Self::with(true).await
    }

    /// `checked` is whether signatures are: `--auth off` if not.
    pub async fn with(checked: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let names = RegistryNames {
            default: RegistryId { account: ACCOUNT.parse().unwrap(), region: "us-east-1".parse().unwrap() },
            hosts: vec![format!("localhost:{}", address.port())],
            domain: None,
            domain_port: None,
        };
        let store = Embedded::in_memory();
        let clock = ManualClock::at(Timestamp::from_secs(1_800_000_000));
        let blobs = Arc::new(FsBlobs::open(dir.path().join("blobs")).unwrap());
        let registry = Registry::new(store.clone(), blobs, clock.clone(), Arc::new(SystemEntropy), names);
        let key = token_key(&store, &SystemEntropy).await.unwrap();
        let authority = Arc::new(TestAuthority {
            policies: Mutex::default(),
            denied: Mutex::default(),
            asked: Mutex::default(),
            checked,
        });
        let access = EcrAccess::new(registry.clone(), authority.clone(), key.clone(), clock.clone());
        let wire = registry.clone().with_access(Arc::new(access));
        tokio::spawn(serve(listener, wire.clone()));
        let api = EcrApi::new(registry, key, clock.clone());
        let api = Arc::new(api.with_upstream(Arc::new(crate::pull_through::Scripted), authority.clone()));
        Self { api, wire, authority, clock, address, dir }
    }

    /// One operation as the front end would run it: authorised, then called.
    pub async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        self.call_as(&context(), operation, input).await
    }

    pub async fn call_as(&self, context: &Context, operation: &str, input: Value) -> Result<Value, AwsError> {
        let service = EcrService(Arc::clone(&self.api));
        let schema = service.schema().operation(operation).unwrap();
        let accesses = service.accesses(schema, &input, context).await?;
        assert!(!accesses.is_empty(), "{operation} asks for nothing");
        self.authority.authorize(context, &accesses).await?;
        match service.call(schema, input, context).await? {
            Output::Value(value) => Ok(value),
            _ => panic!("{operation} answers with a value"),
        }
    }

    /// The code of an operation's error.
    pub async fn code(&self, operation: &str, input: Value) -> String {
        self.call(operation, input).await.map_or_else(|e| e.code, |v| panic!("{operation} answered {v}"))
    }

    pub async fn create(&self, name: &str) {
        self.call("CreateRepository", json!({ "repositoryName": name })).await.unwrap();
    }

    /// The password of a fresh token.
    pub async fn password(&self) -> String {
        self.password_of(&context()).await
    }

    /// The password of a fresh token for somebody else.
    pub async fn password_of(&self, context: &Context) -> String {
        let input = ecr::GetAuthorizationTokenRequest { registry_ids: None };
        let data = self.api.get_authorization_token(context, input).await.unwrap().authorization_data.unwrap();
        let plain = base64::engine::general_purpose::STANDARD.decode(data[0].authorization_token.clone().unwrap());
        String::from_utf8(plain.unwrap()).unwrap().strip_prefix("AWS:").unwrap().to_owned()
    }

    /// From here on IAM's rules decide, and this caller has this policy; `None`: everything goes again.
    pub fn judge(&self, policy: Option<(&Context, Value)>) {
        let policies =
            policy.map(|(context, policy)| HashMap::from([(context.caller.arn.clone(), policy.to_string())]));
        *self.authority.policies.lock().unwrap() = policies;
    }

    pub fn host(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// Pushes a layer by the API; returns its digest.
    pub async fn push_layer(&self, name: &str, bytes: &[u8]) -> Digest {
        let started = self.call("InitiateLayerUpload", json!({ "repositoryName": name })).await.unwrap();
        let upload = started["uploadId"].as_str().unwrap();
        let part = base64::engine::general_purpose::STANDARD.encode(bytes);
        self.call(
            "UploadLayerPart",
            json!({ "repositoryName": name, "uploadId": upload, "partFirstByte": 0,
                    "partLastByte": bytes.len() - 1, "layerPartBlob": part }),
        )
        .await
        .unwrap();
        let digest = Digest::sha256(bytes);
        let done = self
            .call(
                "CompleteLayerUpload",
                json!({ "repositoryName": name, "uploadId": upload, "layerDigests": [digest] }),
            )
            .await;
        match done {
            Err(e) if e.code == "LayerAlreadyExistsException" => {}
            other => assert_eq!(other.unwrap()["layerDigest"], digest.as_str()),
        }
        digest
    }

    pub async fn manifest(&self, name: &str, content: &str) -> String {
        let config = self.push_layer(name, b"{}").await;
        let layer = self.push_layer(name, content.as_bytes()).await;
        json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": { "mediaType": "application/vnd.oci.image.config.v1+json", "digest": config, "size": 2 },
            "layers": [{ "mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer, "size": content.len() }],
        })
        .to_string()
    }

    /// Pushes an image by the API; returns its digest.
    pub async fn push_image(&self, name: &str, tag: Option<&str>, content: &str) -> String {
        let manifest = self.manifest(name, content).await;
        let mut input = json!({ "repositoryName": name, "imageManifest": manifest });
        if let Some(tag) = tag {
            input["imageTag"] = tag.into();
        }
        let put = self.call("PutImage", input).await.unwrap();
        put["image"]["imageId"]["imageDigest"].as_str().unwrap().to_owned()
    }
}

async fn serve(listener: TcpListener, wire: Wire) {
    while let Ok((stream, peer)) = listener.accept().await {
        let wire = wire.clone();
        let service = service_fn(move |request| {
            let wire = wire.clone();
            let peer = Peer { source_ip: peer.ip(), secure_transport: false };
            async move { Ok::<_, Infallible>(wire.handle(request, peer).await) }
        });
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
