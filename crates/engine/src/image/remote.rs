//! Registries elsewhere, over the OCI distribution protocol
//! (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md>).
//!
//! HTTPS always, but for loopback and hosts named as insecure. Credentials go to the registry and
//! to the token server it names, never along a redirect to another host. Every wait and every
//! body has a limit.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::StreamExt;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::manifest::MAX_MANIFEST_BYTES;
use super::reference::ImageRef;
use super::source::{BlobSource, ImageSource, ManifestBytes, RegistryAuth};
use crate::error::{Error, PullFailure, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// A blob's stream that says nothing for so long is broken.
const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
const MAX_REDIRECTS: usize = 5;
const MAX_TOKEN_BYTES: usize = 1 << 20;
/// Repositories whose authorisation is remembered.
const MAX_SESSIONS: usize = 256;

const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json";

/// How a repository wants to be asked, learned from its challenges.
#[derive(Clone, Default)]
struct Session {
    auth: Option<RegistryAuth>,
    header: Option<String>,
}

/// Pulls from any registry.
pub struct RemoteSource {
    tls: Arc<rustls::ClientConfig>,
    insecure: Vec<String>,
    sessions: Mutex<HashMap<(String, String), Session>>,
}

impl RemoteSource {
    /// `insecure` hosts (`host[:port]`) are asked over plain HTTP, as loopback is.
    pub fn new(tls: Arc<rustls::ClientConfig>, insecure: Vec<String>) -> Self {
        Self { tls, insecure, sessions: Mutex::default() }
    }

    /// Trusts what this host's certificate store trusts.
    ///
    /// # Errors
    /// The TLS provider does not offer a usable protocol version.
    pub fn with_system_roots(insecure: Vec<String>) -> Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        for certificate in rustls_native_certs::load_native_certs().certs {
            // A store may hold certificates that rustls does not take; the rest is still good.
            let _ = roots.add(certificate);
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| Error::Invalid { what: "TLS configuration", reason: e.to_string() })?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::new(Arc::new(tls), insecure))
    }

    fn plain(&self, authority: &str) -> bool {
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
            || self.insecure.iter().any(|i| i == authority)
    }

    fn url(&self, reference: &ImageRef, rest: &str) -> String {
        let host = match reference.registry.as_str() {
            "docker.io" => "registry-1.docker.io",
            other => other,
        };
        let scheme = if self.plain(host) { "http" } else { "https" };
        format!("{scheme}://{host}/v2/{}/{rest}", reference.repository)
    }

    fn session(&self, reference: &ImageRef) -> Session {
        let key = (reference.registry.clone(), reference.repository.clone());
        self.sessions.lock().get(&key).cloned().unwrap_or_default()
    }

    fn keep(&self, reference: &ImageRef, session: Session) {
        let mut sessions = self.sessions.lock();
        if sessions.len() >= MAX_SESSIONS {
            sessions.clear();
        }
        sessions.insert((reference.registry.clone(), reference.repository.clone()), session);
    }

    /// GETs with whatever authorisation the registry asks for.
    async fn get(&self, reference: &ImageRef, rest: &str, accept: &str) -> Step<Response<Incoming>> {
        let url = self.url(reference, rest);
        let mut session = self.session(reference);
        let response = self.follow(&url, accept, session.header.as_deref()).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return accepted(response);
        }
        session.header = Some(self.answer(reference, response.headers(), session.auth.as_ref()).await?);
        let response = self.follow(&url, accept, session.header.as_deref()).await?;
        let response = accepted(response)?;
        self.keep(reference, session);
        Ok(response)
    }

    /// The header that answers a challenge.
    async fn answer(&self, reference: &ImageRef, headers: &HeaderMap, auth: Option<&RegistryAuth>) -> Step<String> {
        let denied = |text: &str| Failure(PullFailure::Denied, text.to_owned());
        let basic = auth.map(|a| format!("Basic {}", STANDARD.encode(format!("{}:{}", a.username, a.password))));
        for value in headers.get_all(header::WWW_AUTHENTICATE) {
            let Ok(text) = value.to_str() else { continue };
            let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
            if scheme.eq_ignore_ascii_case("basic") {
                return basic.ok_or_else(|| denied("no basic auth credentials"));
            }
            if scheme.eq_ignore_ascii_case("bearer") {
                let fields = challenge(rest);
                let realm = fields.get("realm").ok_or_else(|| denied("a challenge without a realm"))?;
                let scope = format!("repository:{}:pull", reference.repository);
                let service = fields.get("service").map_or("", String::as_str);
                let quote = |s: &str| utf8_percent_encode(s, NON_ALPHANUMERIC).to_string();
                let join = if realm.contains('?') { '&' } else { '?' };
                let url = format!("{realm}{join}service={}&scope={}", quote(service), quote(&scope));
                let response = accepted(self.follow(&url, "application/json", basic.as_deref()).await?)?;
                let body = body(response, MAX_TOKEN_BYTES).await?;
                let json: serde_json::Value =
                    serde_json::from_slice(&body).map_err(|_| denied("the token server's answer is no JSON"))?;
                let token = json.get("token").or_else(|| json.get("access_token")).and_then(|t| t.as_str());
                return token.map(|t| format!("Bearer {t}")).ok_or_else(|| denied("the token server gave no token"));
            }
        }
        Err(denied("the registry asks for an authentication that is not supported"))
    }

    async fn follow(&self, url: &str, accept: &str, authorization: Option<&str>) -> Step<Response<Incoming>> {
        let mut uri: Uri = url.parse().map_err(|_| network(format!("bad address {url:?}")))?;
        let first = uri.authority().cloned();
        for _ in 0..=MAX_REDIRECTS {
            let same = uri.authority() == first.as_ref();
            let response = self.request(&uri, accept, authorization.filter(|_| same)).await?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let target = response.headers().get(header::LOCATION).and_then(|l| l.to_str().ok()).unwrap_or_default();
            let target: Uri = target.parse().map_err(|_| network("a redirect to nowhere"))?;
            let mut parts = uri.into_parts();
            let to = target.into_parts();
            if to.authority.is_some() {
                if parts.scheme == Some(http::uri::Scheme::HTTPS) && to.scheme != parts.scheme {
                    return Err(network("a redirect from HTTPS to HTTP"));
                }
                parts.scheme = to.scheme;
                parts.authority = to.authority;
            }
            parts.path_and_query = to.path_and_query;
            uri = Uri::from_parts(parts).map_err(|_| network("a redirect to nowhere"))?;
        }
        Err(network(format!("more than {MAX_REDIRECTS} redirects")))
    }

    async fn request(&self, uri: &Uri, accept: &str, authorization: Option<&str>) -> Step<Response<Incoming>> {
        let authority = uri.authority().ok_or_else(|| network("an address without a host"))?;
        let secure = uri.scheme_str() == Some("https");
        if !secure && !self.plain(authority.as_str()) {
            return Err(network(format!("{authority} is not allowed over plain HTTP")));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let dialled = tokio::time::timeout(CONNECT_TIMEOUT, async {
            let tcp = TcpStream::connect((host.as_str(), port)).await?;
            let _ = tcp.set_nodelay(true);
            if !secure {
                return Ok::<Box<dyn Io>, std::io::Error>(Box::new(tcp));
            }
            let name = rustls_pki_types::ServerName::try_from(host.clone()).map_err(std::io::Error::other)?;
            let tls = tokio_rustls::TlsConnector::from(Arc::clone(&self.tls)).connect(name, tcp).await?;
            Ok(Box::new(tls))
        });
        let stream = match dialled.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(e)) => return Err(network(format!("dial {authority}: {e}"))),
            Err(_) => return Err(network(format!("dial {authority}: i/o timeout"))),
        };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| network(format!("{authority}: {e}")))?;
        // Ends with the response's body or when it is dropped.
        tokio::spawn(async move { drop(connection.await) });
        let path = uri.path_and_query().map_or("/", |p| p.as_str());
        let mut request = Request::builder()
            .method(Method::GET)
            .uri(path)
            .header(header::HOST, authority.as_str())
            .header(header::ACCEPT, accept)
            .header(header::USER_AGENT, concat!("gantry/", env!("CARGO_PKG_VERSION")));
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|e| network(e.to_string()))?;
        match tokio::time::timeout(ANSWER_TIMEOUT, sender.send_request(request)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(e)) => Err(network(format!("{authority}: {e}"))),
            Err(_) => Err(network(format!("{authority}: no answer in {} s", ANSWER_TIMEOUT.as_secs()))),
        }
    }
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

struct Failure(PullFailure, String);
type Step<T> = std::result::Result<T, Failure>;

impl Failure {
    fn of(self, reference: &ImageRef) -> Error {
        Error::Pull { kind: self.0, image: reference.to_string(), reason: self.1 }
    }
}

fn network(reason: impl Into<String>) -> Failure {
    Failure(PullFailure::Network, reason.into())
}

fn accepted(response: Response<Incoming>) -> Step<Response<Incoming>> {
    let kind = match response.status() {
        StatusCode::OK => return Ok(response),
        StatusCode::NOT_FOUND => PullFailure::NotFound,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => PullFailure::Denied,
        _ => PullFailure::Network,
    };
    Err(Failure(kind, format!("unexpected status from GET request: {}", response.status())))
}

async fn body(response: Response<Incoming>, limit: usize) -> Step<Bytes> {
    let read = Limited::new(response.into_body(), limit).collect();
    match tokio::time::timeout(IDLE_TIMEOUT, read).await {
        Ok(Ok(all)) => Ok(all.to_bytes()),
        Ok(Err(e)) if e.is::<http_body_util::LengthLimitError>() => {
            Err(Failure(PullFailure::Limit, format!("an answer of more than {limit} bytes")))
        }
        Ok(Err(e)) => Err(network(e.to_string())),
        Err(_) => Err(network("the answer broke off")),
    }
}

/// `key="value",key=value` of RFC 9110 section 11.2.
fn challenge(text: &str) -> HashMap<String, String> {
    let mut fields = HashMap::new();
    let mut rest = text.trim();
    while let Some((key, after)) = rest.split_once('=') {
        let key = key.trim_matches([',', ' ']).to_ascii_lowercase();
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(',').unwrap_or((after, "")),
        };
        fields.insert(key, value.trim().to_owned());
        rest = after;
    }
    fields
}

#[async_trait]
impl ImageSource for RemoteSource {
    async fn resolve(&self, reference: &ImageRef, auth: Option<&RegistryAuth>) -> Result<ManifestBytes> {
        let mut session = self.session(reference);
        if session.auth.as_ref() != auth {
            session = Session { auth: auth.cloned(), header: None };
            self.keep(reference, session);
        }
        let rest = format!("manifests/{}", reference.manifest_name());
        let response = self.get(reference, &rest, ACCEPT).await.map_err(|f| f.of(reference))?;
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let media_type = kind.unwrap_or("application/octet-stream").to_owned();
        let bytes = body(response, MAX_MANIFEST_BYTES).await.map_err(|f| f.of(reference))?;
        let digest = format!("sha256:{}", hex::encode(Sha256::digest(&bytes)));
        Ok(ManifestBytes { media_type, digest, bytes })
    }

    async fn open_blob(&self, reference: &ImageRef, digest: &str) -> Result<BlobSource> {
        let response = self.get(reference, &format!("blobs/{digest}"), "*/*").await.map_err(|f| f.of(reference))?;
        let stream = futures_util::stream::unfold(response.into_body().into_data_stream(), |mut data| async move {
            let chunk = match tokio::time::timeout(IDLE_TIMEOUT, data.next()).await {
                Ok(chunk) => chunk?.map_err(std::io::Error::other),
                Err(_) => Err(std::io::Error::other("the registry stopped sending")),
            };
            Some((chunk, data))
        });
        Ok(BlobSource::Stream(Box::pin(stream)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let got =
            challenge(r#"realm="https://auth.example/token",service="reg.example",scope="repository:a/b:pull,push""#);
        assert_eq!(got["realm"], "https://auth.example/token");
        assert_eq!(got["scope"], "repository:a/b:pull,push");
        assert_eq!(challenge("Realm=x, service=y")["service"], "y");
        assert!(challenge("").is_empty());
    }

    #[test]
    fn plain_http_is_for_loopback_and_named_hosts() {
        let remote = RemoteSource::with_system_roots(vec!["reg.lan:5000".into()]).unwrap();
        for (host, plain) in [
            ("localhost:4566", true),
            ("127.0.0.1:5000", true),
            ("[::1]:5000", true),
            ("reg.lan:5000", true),
            ("reg.lan", false),
            ("localhost.evil.example", false),
            ("10.0.0.1:80", false),
        ] {
            assert_eq!(remote.plain(host), plain, "{host}");
        }
        let r: ImageRef = "nginx".parse().unwrap();
        assert_eq!(remote.url(&r, "x"), "https://registry-1.docker.io/v2/library/nginx/x");
    }
}
