//! An open-loop load of signed awsJson calls: requests start on time whether or not the last was answered,
//! so that a slow answer counts against every call it held up.
//!
//! `gantry-bench load --url http://… --target X.DescribeTasks --bodies FILE --rate 500 --seconds 10`
//! reads one JSON body a line, sends them in turn, and prints one JSON object of latencies.
//! `gantry-bench registry` is the client of the registry's figures.

mod registry;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use bytes::Bytes;
use clap::Parser;
use gantry_base::{Clock as _, SystemClock};
use gantry_sigv4::{Credentials, PayloadHash, RequestView, sign};
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

/// Calls that may be under way at once; more would measure this program's own memory.
const MAX_IN_FLIGHT: usize = 4096;

#[derive(Parser)]
enum Args {
    Load(Load),
    Registry(registry::Args),
}

#[derive(Parser)]
struct Load {
    #[arg(long)]
    url: String,
    #[arg(long, default_value = "ecs")]
    service: String,
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// The `X-Amz-Target` header
    #[arg(long)]
    target: String,
    /// One JSON body a line
    #[arg(long)]
    bodies: std::path::PathBuf,
    /// Calls a second
    #[arg(long)]
    rate: u32,
    #[arg(long)]
    seconds: u32,
}

type Http = Client<HttpConnector, Full<Bytes>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let load = match Args::parse() {
        Args::Load(load) => load,
        Args::Registry(args) => return registry::run(args).await,
    };
    let text = std::fs::read_to_string(&load.bodies)?;
    let bodies: Vec<Bytes> = text.lines().map(|line| Bytes::copy_from_slice(line.as_bytes())).collect();
    if bodies.is_empty() {
        bail!("{} holds no body", load.bodies.display());
    }
    let variable = |name: &str| std::env::var(name).with_context(|| format!("{name} is not set"));
    let credentials = Credentials {
        access_key_id: variable("AWS_ACCESS_KEY_ID")?,
        secret_access_key: variable("AWS_SECRET_ACCESS_KEY")?,
        session_token: None,
    };
    let requests = Arc::new(Requests { load, bodies, credentials });
    let http: Http = Client::builder(TokioExecutor::new()).build_http();
    let total = requests.load.rate * requests.load.seconds;
    let gap = Duration::from_secs(1) / requests.load.rate;
    let slots = Arc::new(tokio::sync::Semaphore::new(MAX_IN_FLIGHT));
    let start = Instant::now();
    let mut calls = Vec::with_capacity(total as usize);
    for at in 0..total {
        let due = start + gap * at;
        tokio::time::sleep_until(due.into()).await;
        let slot = slots.clone().try_acquire_owned().context("too many calls under way: the server cannot keep up")?;
        let (http, requests) = (http.clone(), requests.clone());
        calls.push(tokio::spawn(async move {
            let size = call(&http, &requests, at as usize).await;
            drop(slot);
            // From when it was due, not from when it was sent: no coordinated omission.
            size.map(|bytes| (due.elapsed(), bytes))
        }));
    }
    let (mut took, mut bytes, mut failed) = (Vec::new(), 0, 0);
    for call in calls {
        match call.await? {
            Ok((time, size)) => {
                took.push(time);
                bytes += size;
            }
            Err(error) => {
                failed += 1;
                eprintln!("{error:#}");
            }
        }
    }
    took.sort();
    let ms = |q: f64| took.get(((took.len() as f64 - 1.0) * q) as usize).map_or(0.0, |t| t.as_secs_f64() * 1e3);
    let report = json!({
        "calls": took.len(), "failed": failed, "seconds": start.elapsed().as_secs_f64(),
        "mean_bytes": bytes / took.len().max(1),
        "p50_ms": ms(0.5), "p90_ms": ms(0.9), "p99_ms": ms(0.99), "max_ms": ms(1.0),
    });
    println!("{report}");
    Ok(())
}

struct Requests {
    load: Load,
    bodies: Vec<Bytes>,
    credentials: Credentials,
}

async fn call(http: &Http, requests: &Requests, at: usize) -> Result<usize> {
    let load = &requests.load;
    let body = requests.bodies[at % requests.bodies.len()].clone();
    let host = load.url.strip_prefix("http://").context("the URL is not http")?.trim_end_matches('/');
    let plain =
        [("host", host), ("content-type", "application/x-amz-json-1.1"), ("x-amz-target", load.target.as_str())];
    let view = RequestView { method: "POST", path: "/", query: "", headers: &plain };
    let signed =
        sign(&view, PayloadHash::of(&body), &requests.credentials, &load.region, &load.service, SystemClock.now());
    let mut request = Request::post(load.url.as_str());
    for (name, value) in plain.into_iter().chain(signed.headers.iter().map(|(n, v)| (n.as_str(), v.as_str()))) {
        request = request.header(name, value);
    }
    let answer = http.request(request.body(Full::new(body))?).await?;
    let status = answer.status();
    let bytes = answer.into_body().collect().await?.to_bytes();
    if !status.is_success() {
        bail!("{status}: {}", String::from_utf8_lossy(&bytes[..bytes.len().min(300)]));
    }
    Ok(bytes.len())
}
