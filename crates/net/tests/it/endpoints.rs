//! The endpoints inside a sandbox, and containers that want the same ports.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use gantry_net::{Attachment, DNS_ADDRESS, METADATA_ADDRESS, NetConfig, Network, ports};
use tokio::io::AsyncWriteExt;

use crate::support::{Rig, WAIT, able, ask, ask_from, finish, inside, instance, request, rig, serve_mirror};

/// What the endpoint answers, told apart from any mirror's.
const ENDPOINT: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 80);

struct Endpoints(tokio::task::JoinHandle<()>, tokio::task::JoinHandle<()>);

impl Drop for Endpoints {
    fn drop(&mut self) {
        self.0.abort();
        self.1.abort();
    }
}

/// Listens as the agent does: metadata, and a resolver that sends back what it gets.
async fn serve(net: &Network, id: &str) -> (Endpoints, tokio::net::TcpListener) {
    let metadata = net.listen_tcp(id, (METADATA_ADDRESS, ports::METADATA).into()).await.unwrap();
    let udp = net.bind_udp(id, (DNS_ADDRESS, ports::DNS).into()).await.unwrap();
    let tcp = net.listen_tcp(id, (DNS_ADDRESS, ports::DNS).into()).await.unwrap();
    let answer = tokio::spawn(async move {
        while let Ok((mut stream, _)) = metadata.accept().await {
            let _ = stream.write_all(ENDPOINT.to_string().as_bytes()).await;
        }
    });
    let echo = tokio::spawn(async move {
        let mut buffer = [0; 512];
        while let Ok((n, from)) = udp.recv_from(&mut buffer).await {
            let _ = udp.send_to(&buffer[..n], from).await;
        }
    });
    (Endpoints(answer, echo), tcp)
}

fn resolver_answers(netns: &Path, from: SocketAddr) {
    inside(netns, move || {
        let socket = UdpSocket::bind(from).unwrap();
        socket.set_read_timeout(Some(WAIT)).unwrap();
        socket.send_to(b"hello", (DNS_ADDRESS, 53)).unwrap();
        let mut buffer = [0; 512];
        assert_eq!(socket.recv_from(&mut buffer).unwrap(), (5, (DNS_ADDRESS, 53).into()));
        // A connected socket is handed only what comes from its peer.
        socket.connect((DNS_ADDRESS, 53)).unwrap();
        socket.send(b"again").unwrap();
        assert_eq!(socket.recv(&mut buffer).unwrap(), 5);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn containers_may_listen_on_the_endpoints_known_ports() {
    if !able("containers_may_listen_on_the_endpoints_known_ports") {
        return;
    }
    let rig = rig(2, |_| {}).await;
    let at = rig.net.attach(request(&rig.net, "s", 1)).await.unwrap();
    let other = rig.net.attach(request(&rig.net, "other", 2)).await.unwrap();
    let (_serving, _dns_tcp) = serve(&rig.net, "s").await;
    let blocking = tokio::task::spawn_blocking(move || {
        let any = Ipv4Addr::UNSPECIFIED;
        let (web, _dns, dns_tcp) = inside(&at.netns, move || {
            let web = TcpListener::bind((any, 80)).unwrap();
            (web, UdpSocket::bind((any, 53)).unwrap(), TcpListener::bind((any, 53)).unwrap())
        });
        serve_mirror(web);
        serve_mirror(dns_tcp);
        // From inside, whichever address the client has: the endpoint at the endpoint's address,
        // the container at the sandbox's own.
        assert_eq!(ask_from(&at, (METADATA_ADDRESS, 80).into(), WAIT).unwrap(), ENDPOINT);
        assert_eq!(ask_from(&at, (at.address, 80).into(), WAIT).unwrap(), at.address);
        assert_eq!(ask_from(&at, (Ipv4Addr::LOCALHOST, 80).into(), WAIT).unwrap(), Ipv4Addr::LOCALHOST);
        assert_eq!(ask_from(&at, (at.address, 53).into(), WAIT).unwrap(), at.address);
        for from in [any, at.address, Ipv4Addr::LOCALHOST] {
            resolver_answers(&at.netns, (from, 0).into());
        }
        inside(&at.netns, || TcpStream::connect((DNS_ADDRESS, 53)).unwrap());
        // Another port of the same address is nobody's.
        ask_from(&at, (METADATA_ADDRESS, 81).into(), WAIT).unwrap_err();
        // From outside the container is there, and the endpoint is not.
        assert_eq!(ask((at.address, 80).into(), WAIT).unwrap(), at.gateway);
        assert_eq!(ask_from(&other, (at.address, 80).into(), WAIT).unwrap(), other.address);
        ask_from(&other, (at.address, ports::METADATA).into(), WAIT).unwrap_err();
        ask_from(&other, (METADATA_ADDRESS, 80).into(), WAIT).unwrap_err();
        // The one thing that a container cannot have, and nobody gets by chance.
        inside(&at.netns, move || {
            assert!(TcpListener::bind((any, ports::METADATA)).is_err());
            let path = "/proc/sys/net/ipv4/ip_local_reserved_ports";
            assert_eq!(std::fs::read_to_string(path).unwrap().trim(), "51653,51679");
        });
    });
    blocking.await.unwrap();
    finish(rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_come_back_while_containers_hold_the_known_ports() {
    if !able("endpoints_come_back_while_containers_hold_the_known_ports") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let config = NetConfig { pool_size: 1, ..NetConfig::new(instance(), dir.path().join("net")) };
    let net = Network::open(config.clone()).await.unwrap();
    let at = net.attach(request(&net, "s", 1)).await.unwrap();
    let serving = serve(&net, "s").await;
    serve_mirror(inside(&at.netns, || TcpListener::bind("0.0.0.0:80").unwrap()));
    let ask_metadata = |at: &Attachment| {
        let at = at.clone();
        tokio::task::spawn_blocking(move || ask_from(&at, (METADATA_ADDRESS, 80).into(), WAIT).unwrap())
    };
    assert_eq!(ask_metadata(&at).await.unwrap(), ENDPOINT);
    // Leaves a ready slot behind for the next server.
    let until = Instant::now() + WAIT;
    while net.ready() == 0 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(serving);
    drop(net);
    let net = Network::open(config.clone()).await.unwrap();
    assert_eq!(net.ready(), 1);
    let next = net.attach(request(&net, "next", 2)).await.unwrap();
    let serving = (serve(&net, "s").await, serve(&net, "next").await);
    assert_eq!(ask_metadata(&at).await.unwrap(), ENDPOINT);
    assert_eq!(ask_metadata(&next).await.unwrap(), ENDPOINT);
    drop(serving);
    finish(Rig { net, config, dir }).await;
}

/// Root in a user namespace of its own, as a container's is, against the sandbox's rules.
#[tokio::test(flavor = "multi_thread")]
async fn a_container_cannot_remove_the_rules() {
    const TEST: &str = "a_container_cannot_remove_the_rules";
    if !able(TEST) {
        return;
    }
    let rig = rig(1, |_| {}).await;
    let at = rig.net.attach(request(&rig.net, "s", 1)).await.unwrap();
    let nft = |own_users: bool, args: &'static [&'static str]| {
        inside(&at.netns, move || {
            let mut command = Command::new(if own_users { "unshare" } else { "nft" });
            if own_users {
                command.args(["--user", "--map-root-user", "nft"]);
            }
            command.args(args).output()
        })
    };
    match (nft(false, &["list", "table", "ip", "gantry"]), nft(true, &["--version"])) {
        (Ok(rules), Ok(able)) if able.status.success() => {
            let text = String::from_utf8_lossy(&rules.stdout).into_owned();
            assert!(text.contains("ip daddr 169.254.170.2 tcp dport 80 dnat to :51679"), "{text}");
            assert!(text.contains("ip daddr 169.254.169.253 udp dport 53 dnat to :51653"), "{text}");
            assert!(text.contains("ip daddr 169.254.169.253 tcp dport 53 dnat to :51653"), "{text}");
            for change in
                [&["delete", "table", "ip", "gantry"][..], &["flush", "ruleset"], &["add", "table", "ip", "x"]]
            {
                let done = nft(true, change).unwrap();
                assert!(!done.status.success(), "{change:?}");
                let said = String::from_utf8_lossy(&done.stderr).into_owned();
                assert!(said.contains("not permitted"), "{change:?}: {said}");
            }
            let after = nft(false, &["list", "table", "ip", "gantry"]).unwrap();
            assert_eq!(after.stdout, rules.stdout);
        }
        _ => eprintln!("SKIP {TEST}: needs `nft`, `unshare` and user namespaces"),
    }
    finish(rig).await;
}
