//! boto3 through the real frontend over HTTP: paginators, paging by token, filters, live tail.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use gantry_aws_api::logs::LogsService;
use gantry_aws_wire::{Access, Authority, AwsError, Context, Credential, Defaults, Frontend, Limits, Service};
use gantry_base::{SystemClock, SystemEntropy};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};

use crate::world::{World, caller};

const SCRIPT: &str = include_str!("clients.py");

struct Anyone;

#[async_trait]
impl Authority for Anyone {
    async fn credential(&self, _: &str, _: Option<&str>) -> Result<Credential, AwsError> {
        Ok(Credential { secret: "secret".into(), caller: Arc::new(caller()) })
    }

    async fn authorize(&self, _: &Context, accesses: &[Access]) -> Result<(), AwsError> {
        assert!(!accesses.is_empty(), "every operation asks for something");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn boto3_reads_and_writes() {
    let found = Command::new("python3").args(["-c", "import boto3"]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        eprintln!("SKIP boto3_reads_and_writes: python3 has no boto3");
        return;
    }
    let world = World::new().await;
    let services: Vec<Arc<dyn Service>> = vec![Arc::new(LogsService(world.logs.clone()))];
    let defaults = Defaults {
        account: "123456789012".parse().expect("an account"),
        region: "us-east-1".parse().expect("a region"),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        limits: Limits::default(),
    };
    let frontend = Frontend::new(services, Arc::new(Anyone), defaults);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, peer)) = listener.accept().await {
            let frontend = frontend.clone();
            let answer = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let frontend = frontend.clone();
                async move {
                    let (parts, body) = request.into_parts();
                    Ok::<_, std::convert::Infallible>(frontend.handle(parts, body, peer, false).await)
                }
            });
            tokio::spawn(async move {
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                drop(server.serve_connection(TokioIo::new(stream), answer).await);
            });
        }
    });
    let done = tokio::task::spawn_blocking(move || {
        let mut child = Command::new("python3")
            .args(["-", &format!("http://127.0.0.1:{port}")])
            .env_remove("AWS_PROFILE")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3");
        child.stdin.take().expect("standard input").write_all(SCRIPT.as_bytes()).expect("the script is read");
        child.wait_with_output().expect("python3 ends")
    });
    let done = done.await.expect("the client's thread");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{said}\n{}", String::from_utf8_lossy(&done.stderr));
    println!("{said}");
    assert!(said.contains("all done"));
}
