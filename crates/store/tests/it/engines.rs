//! The engines under test. Each is a store and what must be cleaned up after it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gantry_store::{Embedded, EmbeddedOptions, Etcd, EtcdOptions, Store};
use tempfile::TempDir;

pub struct Running {
    pub store: Store,
    pub is_etcd: bool,
    _held: Vec<Box<dyn std::any::Any + Send>>,
}

pub fn in_memory() -> Running {
    Running { store: Embedded::in_memory(), is_etcd: false, _held: Vec::new() }
}

pub fn durable() -> Running {
    let dir = TempDir::new().unwrap();
    let store = Embedded::open(&dir.path().join("state"), EmbeddedOptions::default()).unwrap();
    Running { store, is_etcd: false, _held: vec![Box::new(dir)] }
}

/// A store on an etcd of its own under a prefix; `None` where there is no etcd to run.
pub async fn etcd(test: &str) -> Option<Running> {
    let server = EtcdServer::start(test)?;
    let options = EtcdOptions { prefix: "/ours/".into() };
    let store = Etcd::connect(&[server.address()], options).await.unwrap();
    Some(Running { store, is_etcd: true, _held: vec![Box::new(server)] })
}

pub struct EtcdServer {
    binary: PathBuf,
    child: Child,
    client_port: u16,
    peer_port: u16,
    dir: TempDir,
}

impl EtcdServer {
    pub fn start(test: &str) -> Option<Self> {
        let Some(binary) = etcd_program() else {
            eprintln!("SKIP {test}: there is no etcd on the PATH (Debian package etcd-server)");
            return None;
        };
        let dir = TempDir::new().unwrap();
        let (client_port, peer_port) = (free_port(), free_port());
        let child = spawn(&binary, dir.path(), client_port, peer_port);
        Some(Self { binary, child, client_port, peer_port, dir })
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.client_port)
    }

    /// Kills it and starts it again on the same data and port.
    pub fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::thread::sleep(Duration::from_millis(200));
        self.child = spawn(&self.binary, self.dir.path(), self.client_port, self.peer_port);
    }
}

impl Drop for EtcdServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn spawn(binary: &Path, dir: &Path, client_port: u16, peer_port: u16) -> Child {
    let client = format!("http://127.0.0.1:{client_port}");
    let peer = format!("http://127.0.0.1:{peer_port}");
    Command::new(binary)
        .arg("--data-dir")
        .arg(dir)
        .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("default={peer}"), "--logger", "zap", "--log-level", "fatal"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn etcd_program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join("etcd")).find(|file| file.is_file())
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The same test on every engine.
macro_rules! on_every_engine {
    ($($test:ident),* $(,)?) => {
        mod in_memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(&crate::engines::in_memory()).await;
            })*
        }
        mod durable {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(&crate::engines::durable()).await;
            })*
        }
        mod etcd {
            /// One etcd serves them all, one after the other: it takes longest to start.
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn every_one() {
                if let Some(running) = crate::engines::etcd(module_path!()).await {
                    $(eprintln!("  {}", stringify!($test)); super::$test(&running).await;)*
                }
            }
        }
    };
}
pub(crate) use on_every_engine;
