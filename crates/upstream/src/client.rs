//! The client: sends requests, answers challenges, follows redirects, remembers authorisation.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Pool;
use parking_lot::Mutex;

use crate::auth::{Scope, SessionKey};
use crate::endpoint::{Endpoint, may_be_plain, resolve, same_origin};
use crate::error::{Failure, Kind, Step};
use crate::outgoing::{OutBody, Sent};
use crate::remote::Remote;
use crate::transport::{Connector, pool};

/// What the client will not exceed, whatever a registry does.
pub mod limits {
    use std::time::Duration;

    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
    /// From a request's last byte to its answer.
    pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
    /// From the end of an upload to its answer: the registry makes the bytes durable in between.
    pub const COMMIT_TIMEOUT: Duration = Duration::from_mins(10);
    /// A body, in either direction, that does not move for so long is broken.
    pub const IDLE_TIMEOUT: Duration = Duration::from_mins(1);
    pub const MAX_REDIRECTS: usize = 5;
    /// Bytes of one manifest (OCI Distribution's suggested limit).
    pub const MAX_MANIFEST: usize = 4 * 1024 * 1024;
    /// Bytes of a token server's answer.
    pub const MAX_TOKEN: usize = 1 << 20;
    /// Bytes of an error's text that are read.
    pub const MAX_ERROR: usize = 16 * 1024;
    /// Repositories whose authorisation is remembered.
    pub const MAX_SESSIONS: usize = 256;
    /// Connections to one host that wait for the next request, and how long.
    pub const IDLE_CONNECTIONS: usize = 8;
    pub const IDLE_CONNECTION: Duration = Duration::from_secs(30);
    /// How often one blob's stream is taken up again after a break without a byte in between.
    pub const MAX_RESUMES: usize = 4;
    /// How often one upload is taken up again after a break without a byte in between.
    pub const MAX_UPLOAD_BREAKS: usize = 6;
    /// The first wait after a break; it doubles with each.
    pub const BREAK_WAIT: Duration = Duration::from_millis(200);
    /// Pages of a referrers list.
    pub const MAX_PAGES: usize = 100;
    /// Referrers of one image.
    pub const MAX_REFERRERS: usize = 10_000;
}

/// How a client behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Hosts (`host[:port]`) that are asked over plain HTTP, as loopback is.
    pub insecure: Vec<String>,
    /// Bytes of one request of an upload. A registry's `OCI-Chunk-Min-Length` can raise it.
    pub chunk_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { insecure: Vec::new(), chunk_bytes: 64 * 1024 * 1024 }
    }
}

/// Cheap to clone; clones share connections and authorisations.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    pool: Pool<Connector, OutBody>,
    insecure: Arc<[String]>,
    chunk_bytes: u64,
    sessions: Mutex<HashMap<SessionKey, HeaderValue>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

/// A request that can be made again.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<Bytes>,
}

impl Call {
    pub(crate) fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Vec::new(), body: None }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Step<Self> {
        let value = HeaderValue::from_str(value)
            .map_err(|_| Failure::new(Kind::Refused, format!("{value:?} cannot be a header's value")))?;
        self.headers.push((name, value));
        Ok(self)
    }

    pub(crate) fn body(mut self, body: Bytes) -> Self {
        self.body = Some(body);
        self
    }
}

impl Client {
    /// `tls`: [`crate::system_tls`] or [`crate::tls_trusting`].
    pub fn new(tls: Arc<rustls::ClientConfig>, options: Options) -> Self {
        let insecure: Arc<[String]> = options.insecure.into();
        let inner = Inner {
            pool: pool(tls, Arc::clone(&insecure)),
            insecure,
            chunk_bytes: options.chunk_bytes.max(1),
            sessions: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// One repository of a registry, asked without credentials until it is given some.
    pub fn remote(&self, endpoint: Endpoint, repository: impl Into<String>) -> Remote {
        Remote::new(self.clone(), endpoint, repository.into())
    }

    /// One request that the caller has signed, for what a registry answers besides OCI Distribution. No
    /// authorisation is added and no redirect followed; an answer of any status is one.
    ///
    /// A `host` among the headers goes out as it is.
    pub async fn exchange(
        &self,
        endpoint: &Endpoint,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
        limit: usize,
    ) -> Result<(StatusCode, Bytes), crate::Error> {
        let work = async {
            let mut call = Call::new(method, self.uri(endpoint, path)?);
            for (name, value) in headers {
                let name = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| Failure::new(Kind::Refused, format!("{name:?} cannot be a header's name")))?;
                call = call.header(name, value)?;
            }
            let request = request(&call, &call.uri, &[], None, OutBody::Bytes(Some(body)))?;
            let response = self.send(request, limits::ANSWER_TIMEOUT, None).await?;
            Ok((response.status(), self::body(response, limit).await?))
        };
        work.await.map_err(|f: Failure| f.during("ask", endpoint.to_string()))
    }

    pub(crate) fn chunk_bytes(&self) -> u64 {
        self.inner.chunk_bytes
    }

    /// `path` begins with a slash.
    pub(crate) fn uri(&self, endpoint: &Endpoint, path: &str) -> Step<Uri> {
        let plain = match endpoint.secure {
            Some(secure) => !secure,
            None => may_be_plain(&endpoint.authority, &self.inner.insecure),
        };
        let scheme = if plain { "http" } else { "https" };
        format!("{scheme}://{}{path}", endpoint.authority)
            .parse()
            .map_err(|_| Failure::new(Kind::Refused, format!("{path:?} is no path")))
    }

    /// Sends, with whatever authorisation the registry asks for; any status but 401 is an answer.
    pub(crate) async fn call(&self, remote: &Remote, scope: Scope, call: &Call) -> Step<Response<Incoming>> {
        let key = SessionKey::new(remote, scope);
        let known = self.inner.sessions.lock().get(&key).cloned();
        let (response, own) = self.follow(call, &remote.headers, known.as_ref()).await?;
        if response.status() != StatusCode::UNAUTHORIZED || !own {
            return Ok(response);
        }
        let header = self.answer(remote, scope, &call.uri, response.headers()).await?;
        drain(response).await;
        let (response, own) = self.follow(call, &remote.headers, Some(&header)).await?;
        if response.status() == StatusCode::UNAUTHORIZED && own {
            self.inner.sessions.lock().remove(&key);
        } else {
            let mut sessions = self.inner.sessions.lock();
            if sessions.len() >= limits::MAX_SESSIONS {
                sessions.clear();
            }
            sessions.insert(key, header);
        }
        Ok(response)
    }

    /// Sends a span of something: once, and with the authorisation that is known by now.
    pub(crate) async fn send_span(
        &self,
        remote: &Remote,
        call: Call,
        body: OutBody,
        sent: &Sent,
    ) -> Step<Response<Incoming>> {
        let key = SessionKey::new(remote, Scope::Push);
        let own = self.uri(&remote.endpoint, "/").is_ok_and(|base| same_origin(&base, &call.uri));
        let known = self.inner.sessions.lock().get(&key).cloned().filter(|_| own);
        let extra: &[_] = if own { &remote.headers } else { &[] };
        let request = request(&call, &call.uri, extra, known.as_ref(), body)?;
        let response = self.send(request, limits::COMMIT_TIMEOUT, Some(sent)).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            // The next request, which can be made again, asks anew.
            self.inner.sessions.lock().remove(&key);
        }
        Ok(response)
    }

    /// Sends and follows redirects. The flag says whether the answer is that of the first host itself.
    pub(crate) async fn follow(
        &self,
        call: &Call,
        extra: &[(HeaderName, HeaderValue)],
        authorization: Option<&HeaderValue>,
    ) -> Step<(Response<Incoming>, bool)> {
        let wait = if call.body.is_some() { limits::COMMIT_TIMEOUT } else { limits::ANSWER_TIMEOUT };
        let mut uri = call.uri.clone();
        for _ in 0..=limits::MAX_REDIRECTS {
            let own = same_origin(&uri, &call.uri);
            let (extra, authorization) = if own { (extra, authorization) } else { (&[][..], None) };
            let make = || request(call, &uri, extra, authorization, OutBody::Bytes(call.body.clone()));
            let response = match self.send(make()?, wait, None).await {
                // A kept connection that the other side has just closed: nothing was answered.
                Err(e) if e.kind == Kind::Network && e.reason.contains(CLOSED) && call.method.is_safe() => {
                    self.send(make()?, wait, None).await?
                }
                other => other?,
            };
            let redirect = response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED;
            if !redirect || !call.method.is_safe() {
                return Ok((response, own));
            }
            let location = response.headers().get(header::LOCATION).and_then(|l| l.to_str().ok()).unwrap_or_default();
            uri = resolve(&uri, location)?;
            drain(response).await;
        }
        Err(Failure::malformed(format!("more than {} redirects", limits::MAX_REDIRECTS)))
    }

    /// Waits for the answer for `wait` after the last byte was sent.
    async fn send(&self, request: Request<OutBody>, wait: Duration, sent: Option<&Sent>) -> Step<Response<Incoming>> {
        let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let total = http_body::Body::size_hint(request.body()).exact().unwrap_or(0);
        let start = sent.map_or(0, |s| s.bytes.load(Ordering::Relaxed));
        // What is not counted is small, and as good as sent.
        let moved = || sent.map_or(total, |s| s.bytes.load(Ordering::Relaxed) - start);
        let mut answer = std::pin::pin!(self.inner.pool.request(request));
        loop {
            let before = moved();
            let patience = if before >= total { wait } else { limits::IDLE_TIMEOUT };
            match tokio::time::timeout(patience, &mut answer).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(e)) if sent.is_some_and(|s| s.source_failed.load(Ordering::Relaxed)) => {
                    return Err(Failure::new(Kind::Source, causes(&e)));
                }
                Ok(Err(e)) => return Err(Failure::network(format!("{host}: {}", causes(&e)))),
                Err(_) if moved() != before => {}
                Err(_) => return Err(Failure::network(format!("{host}: no answer in {} s", patience.as_secs()))),
            }
        }
    }
}

/// What hyper calls a connection that ended before an answer.
const CLOSED: &str = "connection closed";

fn request(
    call: &Call,
    uri: &Uri,
    extra: &[(HeaderName, HeaderValue)],
    authorization: Option<&HeaderValue>,
    body: OutBody,
) -> Step<Request<OutBody>> {
    let mut request = Request::builder()
        .method(call.method.clone())
        .uri(uri.clone())
        .header(header::USER_AGENT, concat!("gantry/", env!("CARGO_PKG_VERSION")));
    for (name, value) in call.headers.iter().chain(extra) {
        request = request.header(name, value);
    }
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    request.body(body).map_err(|e| Failure::new(Kind::Refused, e.to_string()))
}

/// An error with what caused it: hyper's own text says little.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// A whole body of at most `limit` bytes.
pub(crate) async fn body(response: Response<Incoming>, limit: usize) -> Step<Bytes> {
    let read = Limited::new(response.into_body(), limit).collect();
    match tokio::time::timeout(limits::IDLE_TIMEOUT, read).await {
        Ok(Ok(all)) => Ok(all.to_bytes()),
        Ok(Err(e)) if e.is::<LengthLimitError>() => {
            Err(Failure::new(Kind::TooLarge, format!("an answer of more than {limit} bytes")))
        }
        Ok(Err(e)) => Err(Failure::network(e.to_string())),
        Err(_) => Err(Failure::network("the answer broke off")),
    }
}

/// Reads a short rest, so that the connection can be used again.
pub(crate) async fn drain(response: Response<Incoming>) {
    let _ = body(response, limits::MAX_ERROR).await;
}

/// The answer, if it has one of the statuses; else what it says.
pub(crate) async fn expect(
    method: &Method,
    response: Response<Incoming>,
    good: &[StatusCode],
) -> Step<Response<Incoming>> {
    if good.contains(&response.status()) {
        return Ok(response);
    }
    Err(refused(method, response).await)
}

pub(crate) async fn refused(method: &Method, response: Response<Incoming>) -> Failure {
    let (status, headers): (_, HeaderMap) = (response.status(), response.headers().clone());
    let said = body(response, limits::MAX_ERROR).await.unwrap_or_default();
    Failure::answer(method, status, &headers, &said)
}
