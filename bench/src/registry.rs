//! A registry's client, whichever registry: pushes, pulls and asks as fast as it is answered.
//!
//! `gantry-bench registry --url http://… [--auth "Basic …"] push|pull|seed|put|ask …` prints one JSON object.
//! Hashes of what is pushed are computed before the clock starts. The server's own time is read by the
//! caller, from /proc.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use bytes::Bytes;
use clap::{Subcommand, ValueEnum};
use futures_util::stream;
use gantry_blobs::{Algorithm, Digest, Hasher};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{Method, Request, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

/// Bytes that a push hands to the connection at once.
const PIECE: usize = 256 * 1024;
/// Blobs are this buffer again and again behind a head of their own.
const BUFFER: usize = 16 * 1024 * 1024;
const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";

#[derive(clap::Args)]
pub struct Args {
    #[arg(long)]
    url: String,
    /// The `Authorization` header
    #[arg(long)]
    auth: Option<String>,
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// One PUT of known length
    Whole,
    /// One PATCH without a length
    Streamed,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Question {
    /// A manifest by one of many tags
    Tag,
    /// A page of 100 tags
    List,
}

#[derive(Subcommand)]
enum What {
    /// Pushes new blobs, and tells their digests
    Push {
        #[arg(long)]
        repo: String,
        #[arg(long)]
        bytes: usize,
        #[arg(long, default_value_t = 1)]
        count: usize,
        #[arg(long, default_value_t = 1)]
        parallel: usize,
        #[arg(long, value_enum, default_value_t = Mode::Whole)]
        mode: Mode,
    },
    Pull {
        #[arg(long)]
        repo: String,
        #[arg(long, value_delimiter = ',')]
        digests: Vec<String>,
    },
    /// Fills repositories `<prefix><n>`, which must be there, with images tagged `t<n>`
    Seed {
        #[arg(long)]
        prefix: String,
        #[arg(long)]
        repos: usize,
        #[arg(long)]
        images: usize,
        /// The first image's number
        #[arg(long, default_value_t = 0)]
        from: usize,
        #[arg(long, default_value_t = 64)]
        parallel: usize,
    },
    /// PUTs new manifests under tags that go round
    Put {
        #[arg(long)]
        repo: String,
        #[arg(long)]
        tags: usize,
        #[arg(long, default_value_t = 8)]
        writers: usize,
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// Asks one question after the other
    Ask {
        #[arg(long)]
        repo: String,
        #[arg(long, value_enum)]
        question: Question,
        #[arg(long)]
        tags: usize,
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

#[derive(Clone)]
struct Registry {
    http: Client<HttpConnector, Body>,
    url: String,
    auth: Option<String>,
}

/// A blob to be pushed: cheap to make and to keep, whatever its size.
#[derive(Clone)]
struct Blob {
    buffer: Bytes,
    head: Bytes,
    len: usize,
}

impl Blob {
    fn new(buffer: &Bytes, len: usize) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        let head = format!("{now:032x}{:032x}", MADE.fetch_add(1, Ordering::Relaxed));
        Self { buffer: buffer.clone(), head: Bytes::from(head).slice(..len.min(64)), len }
    }

    fn pieces(&self) -> impl Iterator<Item = Bytes> + Send + 'static {
        let (buffer, mut left) = (self.buffer.clone(), self.len - self.head.len());
        let mut at = 0;
        let rest = std::iter::from_fn(move || {
            let len = left.min(PIECE);
            let piece = (len > 0).then(|| buffer.slice(at..at + len));
            left -= len;
            at = (at + len) % (BUFFER - PIECE);
            piece
        });
        std::iter::once(self.head.clone()).chain(rest)
    }

    fn digest(&self) -> Digest {
        let mut hasher = Hasher::new(Algorithm::Sha256);
        self.pieces().for_each(|piece| hasher.update(&piece));
        hasher.finish()
    }

    fn body(&self) -> Body {
        StreamBody::new(stream::iter(self.pieces().map(|piece| Ok(Frame::data(piece))))).boxed_unsync()
    }
}

fn noise() -> Bytes {
    let mut word = 0x9e37_79b9_7f4a_7c15_u64;
    let mut buffer = Vec::with_capacity(BUFFER);
    while buffer.len() < BUFFER {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        buffer.extend_from_slice(&word.to_le_bytes());
    }
    buffer.into()
}

fn empty() -> Body {
    Full::new(Bytes::new()).boxed_unsync()
}

impl Registry {
    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(http::HeaderName, String)],
        body: Body,
        expected: StatusCode,
    ) -> Result<http::Response<Incoming>> {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url) };
        let mut request = Request::builder().method(method.clone()).uri(&url);
        if let Some(auth) = &self.auth {
            request = request.header(AUTHORIZATION, auth);
        }
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = self.http.request(request.body(body)?).await.with_context(|| format!("{method} {url}"))?;
        if answer.status() != expected {
            let status = answer.status();
            let text = answer.into_body().collect().await?.to_bytes();
            bail!("{method} {url}: {status} {}", String::from_utf8_lossy(&text[..text.len().min(400)]));
        }
        Ok(answer)
    }

    async fn push(&self, repo: &str, blob: &Blob, digest: &Digest, mode: Mode) -> Result<()> {
        let start = format!("/v2/{repo}/blobs/uploads/");
        let length = [(CONTENT_LENGTH, blob.len.to_string())];
        let mut at = self.location(Method::POST, &start, &[(CONTENT_LENGTH, "0".into())], empty()).await?;
        if mode == Mode::Streamed {
            let kind = [(CONTENT_TYPE, "application/octet-stream".to_owned())];
            at = self.location(Method::PATCH, &at, &kind, blob.body()).await?;
        }
        let last = format!("{at}{}digest={digest}", if at.contains('?') { '&' } else { '?' });
        let (headers, body) = match mode {
            Mode::Whole => (&length[..], blob.body()),
            Mode::Streamed => (&[][..], empty()),
        };
        let done = self.send(Method::PUT, &last, headers, body, StatusCode::CREATED).await?;
        done.into_body().collect().await?;
        Ok(())
    }

    async fn location(
        &self,
        method: Method,
        path: &str,
        headers: &[(http::HeaderName, String)],
        body: Body,
    ) -> Result<String> {
        let answer = self.send(method, path, headers, body, StatusCode::ACCEPTED).await?;
        let at = answer.headers().get(LOCATION).context("no Location")?.to_str()?.to_owned();
        answer.into_body().collect().await?;
        Ok(at)
    }

    /// Reads an answer to its end; its bytes.
    async fn get(&self, path: &str) -> Result<usize> {
        let accept = [(http::header::ACCEPT, IMAGE.to_owned())];
        let mut body = self.send(Method::GET, path, &accept, empty(), StatusCode::OK).await?.into_body();
        let mut bytes = 0;
        while let Some(frame) = body.frame().await {
            bytes += frame?.data_ref().map_or(0, Bytes::len);
        }
        Ok(bytes)
    }

    async fn put_manifest(&self, repo: &str, tag: &str, manifest: String) -> Result<()> {
        let kind = [(CONTENT_TYPE, IMAGE.to_owned())];
        let path = format!("/v2/{repo}/manifests/{tag}");
        let body = Full::new(Bytes::from(manifest)).boxed_unsync();
        let done = self.send(Method::PUT, &path, &kind, body, StatusCode::CREATED).await?;
        done.into_body().collect().await?;
        Ok(())
    }

    /// Pushes what the images of a repository share.
    async fn base(&self, repo: &str) -> Result<(Digest, Digest)> {
        let (config, layer) = (Bytes::from_static(b"{}"), Bytes::from(vec![b'x'; 512]));
        let mut digests = Vec::new();
        for bytes in [config, layer] {
            let digest = Digest::sha256(&bytes);
            let blob = Blob { len: bytes.len(), head: bytes, buffer: Bytes::new() };
            self.push(repo, &blob, &digest, Mode::Whole).await?;
            digests.push(digest);
        }
        Ok((digests[0].clone(), digests[1].clone()))
    }
}

fn manifest((config, layer): &(Digest, Digest), name: &str) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{IMAGE}","config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{config}","size":2}},"layers":[{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{layer}","size":512}}],"annotations":{{"name":"{name}"}}}}"#
    )
}

/// Runs `job` for each number below `count`, so many at once.
async fn each<F>(count: usize, parallel: usize, job: impl Fn(usize) -> F) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let mut running = tokio::task::JoinSet::new();
    for at in 0..count {
        if running.len() >= parallel
            && let Some(done) = running.join_next().await
        {
            done??;
        }
        running.spawn(job(at));
    }
    while let Some(done) = running.join_next().await {
        done??;
    }
    Ok(())
}

fn report(mut took: Vec<Duration>, seconds: f64) -> serde_json::Value {
    took.sort();
    let ms = |q: f64| took.get(((took.len() as f64 - 1.0) * q) as usize).map_or(0.0, |t| t.as_secs_f64() * 1e3);
    json!({ "calls": took.len(), "seconds": seconds, "per_second": took.len() as f64 / seconds,
        "p50_ms": ms(0.5), "p99_ms": ms(0.99), "max_ms": ms(1.0) })
}

pub async fn run(args: Args) -> Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let http = Client::builder(TokioExecutor::new()).build(connector);
    let registry = Registry { http, url: args.url.trim_end_matches('/').to_owned(), auth: args.auth };
    let answer = match args.what {
        What::Push { repo, bytes, count, parallel, mode } => {
            let buffer = noise();
            let blobs: Vec<Blob> = (0..count).map(|_| Blob::new(&buffer, bytes)).collect();
            let digests: Arc<Vec<Digest>> = Arc::new(blobs.iter().map(Blob::digest).collect());
            let began = Instant::now();
            let known = digests.clone();
            each(count, parallel, move |at| {
                let (registry, repo, blob, digests) =
                    (registry.clone(), repo.clone(), blobs[at].clone(), known.clone());
                async move { registry.push(&repo, &blob, &digests[at], mode).await }
            })
            .await?;
            json!({ "seconds": began.elapsed().as_secs_f64(), "bytes": bytes * count,
                "digests": digests.iter().map(Digest::as_str).collect::<Vec<_>>() })
        }
        What::Pull { repo, digests } => {
            let (began, mut bytes) = (Instant::now(), 0);
            for digest in &digests {
                bytes += registry.get(&format!("/v2/{repo}/blobs/{digest}")).await?;
            }
            json!({ "seconds": began.elapsed().as_secs_f64(), "bytes": bytes })
        }
        What::Seed { prefix, repos, images, from, parallel } => {
            let began = Instant::now();
            each(repos, parallel, move |at| {
                let (registry, repo) = (registry.clone(), format!("{prefix}{at}"));
                async move {
                    let base = Arc::new(registry.base(&repo).await?);
                    // One large repository is filled side by side, many small ones each in a row.
                    let within = if repos < parallel { parallel / repos } else { 1 };
                    each(images, within, move |n| {
                        let (registry, repo, tag) = (registry.clone(), repo.clone(), format!("t{}", from + n));
                        let manifest = manifest(&base, &format!("{repo} {tag}"));
                        async move { registry.put_manifest(&repo, &tag, manifest).await }
                    })
                    .await
                }
            })
            .await?;
            let seconds = began.elapsed().as_secs_f64();
            json!({ "seconds": seconds, "per_second": (repos * images) as f64 / seconds })
        }
        What::Put { repo, tags, writers, seconds } => {
            let base = Arc::new(registry.base(&repo).await?);
            let (next, began) = (Arc::new(AtomicUsize::new(0)), Instant::now());
            let took = Arc::new(std::sync::Mutex::new(Vec::new()));
            let all = took.clone();
            each(writers, writers, move |_| {
                let (registry, repo, base) = (registry.clone(), repo.clone(), base.clone());
                let (next, all) = (next.clone(), all.clone());
                async move {
                    while began.elapsed().as_secs() < seconds {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let manifest = manifest(&base, &format!("{began:?} {n}"));
                        let since = Instant::now();
                        registry.put_manifest(&repo, &format!("t{}", n % tags), manifest).await?;
                        all.lock().map_err(|_| anyhow::anyhow!("a writer broke off"))?.push(since.elapsed());
                    }
                    Ok(())
                }
            })
            .await?;
            let took = std::mem::take(&mut *took.lock().map_err(|_| anyhow::anyhow!("a writer broke off"))?);
            report(took, began.elapsed().as_secs_f64())
        }
        What::Ask { repo, question, tags, seconds } => {
            ensure!(tags > 0, "there must be a tag");
            let (began, mut took, mut word) = (Instant::now(), Vec::new(), 88_172_645_463_325_252_u64);
            while began.elapsed().as_secs() < seconds {
                word ^= word << 13;
                word ^= word >> 7;
                word ^= word << 17;
                let tag = word as usize % tags;
                let path = match question {
                    Question::Tag => format!("/v2/{repo}/manifests/t{tag}"),
                    Question::List => format!("/v2/{repo}/tags/list?n=100&last=t{tag}"),
                };
                let since = Instant::now();
                registry.get(&path).await?;
                took.push(since.elapsed());
            }
            report(took, began.elapsed().as_secs_f64())
        }
    };
    println!("{answer}");
    Ok(())
}
