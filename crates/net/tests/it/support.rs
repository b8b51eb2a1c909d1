//! What the tests share: networks that clean up after themselves, and sockets inside sandboxes.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use gantry_net::{AttachRequest, Attachment, NetConfig, Network, default_subnets, mac_for};
use nix::sched::{CloneFlags, setns};

pub const WAIT: Duration = Duration::from_secs(5);

/// Whether this process may do what the tests need; says so loudly if not.
pub fn able(test: &str) -> bool {
    if nix::unistd::geteuid().is_root() {
        return true;
    }
    eprintln!("SKIP {test}: needs root");
    false
}

/// An instance id that no other test and no other run has.
pub fn instance() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::SeqCst);
    format!("{:06x}{:02x}", std::process::id() & 0xff_ffff, n & 0xff)
}

pub struct Rig {
    pub net: Network,
    pub config: NetConfig,
    pub dir: tempfile::TempDir,
}

/// A test that fails midway must not leave its things on the host.
impl Drop for Rig {
    fn drop(&mut self) {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                runtime.block_on(self.net.destroy()).unwrap();
            });
        });
    }
}

pub async fn rig(pool_size: usize, change: impl FnOnce(&mut NetConfig)) -> Rig {
    let dir = tempfile::tempdir().unwrap();
    let mut config = NetConfig::new(instance(), dir.path().join("net"));
    config.pool_size = pool_size;
    change(&mut config);
    let net = Network::open(config.clone()).await.unwrap();
    Rig { net, config, dir }
}

/// A request for the `n`th assignable address of the first subnet.
pub fn request(net: &Network, id: &str, n: u64) -> AttachRequest {
    let subnet = default_subnets(net.vpc())[0];
    let address = subnet.nth(3 + n).unwrap();
    AttachRequest {
        sandbox_id: id.to_owned(),
        address,
        mac: mac_for(address),
        prefix_len: subnet.prefix(),
        gateway: subnet.nth(1).unwrap(),
        hostname: id.to_owned(),
        link_local: vec![Ipv4Addr::new(169, 254, 170, 2), Ipv4Addr::new(169, 254, 169, 253)],
    }
}

/// Runs `work` on a thread inside the namespace.
pub fn inside<T: Send + 'static>(netns: &Path, work: impl FnOnce() -> T + Send + 'static) -> T {
    let file = File::open(netns).unwrap();
    // Named: a thread without a name takes over its parent's.
    let thread = std::thread::Builder::new().name("in-sandbox".to_owned());
    let run = move || {
        setns(file, CloneFlags::CLONE_NEWNET).unwrap();
        work()
    };
    thread.spawn(run).unwrap().join().unwrap()
}

/// A listener inside the sandbox that answers each connection with the peer's address.
pub fn mirror(at: &Attachment, port: u16) {
    let ip = at.address;
    let listener = inside(&at.netns, move || TcpListener::bind((ip, port)).unwrap());
    serve_mirror(listener);
}

pub fn serve_mirror(listener: TcpListener) {
    std::thread::spawn(move || {
        while let Ok((mut stream, peer)) = listener.accept() {
            let _ = stream.write_all(peer.ip().to_string().as_bytes());
        }
    });
}

/// Connects from this thread's namespace and reads who the mirror saw.
pub fn ask(to: SocketAddr, wait: Duration) -> io::Result<IpAddr> {
    let mut stream = TcpStream::connect_timeout(&to, wait)?;
    stream.set_read_timeout(Some(wait))?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    text.parse().map_err(|_| io::ErrorKind::InvalidData.into())
}

pub fn ask_from(at: &Attachment, to: SocketAddr, wait: Duration) -> io::Result<IpAddr> {
    inside(&at.netns, move || ask(to, wait))
}

/// All links, mounts and nf_tables tables of the host that mention the instance or the directory.
pub fn traces(rig_id: &str, dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/sys/class/net").unwrap().flatten() {
        let name = entry.file_name().into_string().unwrap();
        if name.contains(rig_id) {
            found.push(format!("link {name}"));
        }
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    let dir = dir.to_string_lossy().into_owned();
    found.extend(mounts.lines().filter(|l| l.contains(&dir)).map(|l| format!("mount {l}")));
    match std::process::Command::new("nft").args(["list", "tables"]).output() {
        Ok(out) => {
            let text = String::from_utf8_lossy(&out.stdout).into_owned();
            found.extend(text.lines().filter(|l| l.contains(rig_id)).map(str::to_owned));
        }
        Err(_) => eprintln!("SKIP the look at nf_tables: no `nft` here"),
    }
    found
}

pub async fn finish(rig: Rig) {
    rig.net.destroy().await.unwrap();
    assert_eq!(traces(&rig.config.instance_id, rig.dir.path()), Vec::<String>::new());
    let left: Vec<_> = std::fs::read_dir(&rig.config.state).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}
