//! `gantry up`: every part in one process, wired together.
//!
//! Here and nowhere else services meet: each gets the store, and the traits of L1 and L2 that another
//! part implements. The order of [`Server::start`] is the order of need; [`Server::stop`] is its reverse.

pub mod clean;
mod control;
mod listen;
mod metrics;
mod pull_through;
mod registry;
mod route;
mod scans;
mod sources;
mod tls;
pub mod wiring;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use gantry_base::{AccountId, Region};
use tokio::net::{TcpListener, UnixListener};
use tokio_util::sync::CancellationToken;

use crate::datadir::{AdminKey, BlobPlace, DataDir, Endpoint, Lock};
use control::Control;
use metrics::Metrics;
use route::Router;
use wiring::Parts;

/// How long requests in flight may take to finish once the server is to stop.
const GRACE: Duration = Duration::from_secs(5);

pub struct Options {
    pub listen: SocketAddr,
    pub account_id: Option<AccountId>,
    pub region: Option<Region>,
    /// `false`: any signature passes.
    pub auth: bool,
    pub domain: Option<String>,
    pub fargate_vcpus: Option<u32>,
    pub fargate_memory_mib: Option<u32>,
    pub vpc_cidr: Option<String>,
    pub etcd: Option<String>,
    pub blobs: Option<BlobPlace>,
    pub price_book: Option<PathBuf>,
    /// Servers that other regions' registries are on.
    pub peers: Vec<gantry_replicator::PeerConfig>,
}

pub struct Server {
    data: DataDir,
    region: Region,
    url: String,
    authority: String,
    parts: Arc<Parts>,
    stop: CancellationToken,
    listeners: tokio_util::task::TaskTracker,
    _lock: Lock,
}

impl Server {
    pub async fn start(data: DataDir, options: Options) -> Result<Self> {
        let lock = data.lock()?;
        let listener = bind(options.listen).await?;
        let port = listener.local_addr()?.port();
        let parts = Arc::new(Parts::open(&data, &options, port).await?);
        let stop = CancellationToken::new();
        let control = Arc::new(Control::new(parts.clone(), stop.clone(), !options.auth));
        let router = Arc::new(Router {
            frontend: parts.frontend.clone(),
            registry: registry::RegistryEndpoint::new(parts.registry_wire.clone()),
            control: control.clone(),
            metrics: Arc::new(Metrics::new()),
        });
        let tls = tls::server_config(&data, names(&options, &parts))?;
        let listeners = tokio_util::task::TaskTracker::new();
        listeners.spawn(listen::serve(listener, tls.clone(), router.clone(), stop.clone()));
        // Tasks reach the APIs at their gateway; a listener on every interface is there already.
        if let Some(gateway) = parts.gateway().filter(|_| !options.listen.ip().is_unspecified()) {
            match TcpListener::bind((gateway, port)).await {
                Ok(inside) => drop(listeners.spawn(listen::serve(inside, tls, router.clone(), stop.clone()))),
                Err(error) => tracing::warn!(%error, %gateway, port, "tasks cannot reach the APIs"),
            }
        }
        let socket = data.control_socket();
        let _ = std::fs::remove_file(&socket);
        let unix = UnixListener::bind(&socket).with_context(|| format!("cannot make {}", socket.display()))?;
        listeners.spawn(listen::serve_unix(unix, control, stop.clone()));
        listeners.close();

        let host = if options.listen.ip().is_loopback() || options.listen.ip().is_unspecified() {
            "localhost".to_owned()
        } else {
            options.listen.ip().to_string()
        };
        let url = format!("http://{host}:{port}");
        let listen = options.listen.to_string();
        data.save_endpoint(&Endpoint { url: url.clone(), listen, pid: std::process::id(), auth: options.auth })?;
        let reach =
            if options.listen.ip().is_unspecified() { "127.0.0.1".to_owned() } else { options.listen.ip().to_string() };
        let region = parts.instance.region.clone();
        Ok(Self { data, region, url, authority: format!("{reach}:{port}"), parts, stop, listeners, _lock: lock })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// `host:port` for clients in this process.
    pub fn authority(&self) -> String {
        self.authority.clone()
    }

    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Serves until SIGINT, SIGTERM or `gantry down`. Tasks go on running unless `down` asked.
    pub async fn run_until_stopped(self) -> Result<()> {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
            () = self.stop.cancelled() => {}
        }
        self.stop().await;
        Ok(())
    }

    pub async fn stop(&self) {
        self.stop.cancel();
        let _ = tokio::time::timeout(GRACE, self.listeners.wait()).await;
        self.parts.close().await;
        self.data.forget_endpoint();
        let _ = std::fs::remove_file(self.data.control_socket());
    }
}

async fn bind(listen: SocketAddr) -> Result<TcpListener> {
    match TcpListener::bind(listen).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            bail!(
                "{listen} is in use by another program.\n  Stop that one, or choose another with --listen {}:PORT.",
                listen.ip()
            )
        }
        Err(error) => Err(error).with_context(|| format!("cannot listen on {listen}; choose another with --listen")),
    }
}

/// Names that the certificate is for.
fn names(options: &Options, parts: &Parts) -> Vec<String> {
    let instance = &parts.instance;
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned(), "*.localhost".to_owned()];
    let ip = options.listen.ip();
    if !ip.is_loopback() && !ip.is_unspecified() {
        names.push(ip.to_string());
    }
    names.extend(parts.gateway().map(|ip| ip.to_string()));
    for domain in options.domain.as_deref().into_iter().chain(["amazonaws.com"]) {
        names.push(format!("{}.dkr.ecr.{}.{domain}", instance.account_id, instance.region));
    }
    names.extend(options.domain.clone());
    names
}

/// The key that the CLI signs with: the administrator's, or with `--auth off` the account's number.
pub fn client_key(data: &DataDir) -> Result<AdminKey> {
    if let Some(key) = data.admin_key()? {
        return Ok(key);
    }
    let instance = data.instance()?.context("the data directory has no instance.json")?;
    Ok(AdminKey { access_key_id: instance.account_id.to_string(), secret_access_key: "test".to_owned() })
}
