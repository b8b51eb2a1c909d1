//! Attaching, reaching, detaching, and what is left afterwards.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_net::{Error, Network, ports};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{WAIT, able, ask, ask_from, finish, inside, mirror, request, rig, traces};

#[tokio::test(flavor = "multi_thread")]
async fn sandboxes_reach_each_other_and_the_host() {
    if !able("sandboxes_reach_each_other_and_the_host") {
        return;
    }
    let rig = rig(2, |_| {}).await;
    let a = rig.net.attach(request(&rig.net, "a", 1)).await.unwrap();
    // In another subnet, so that packets go through the router's address.
    let mut other = request(&rig.net, "b", 1);
    other.address = gantry_net::default_subnets(rig.net.vpc())[1].nth(9).unwrap();
    other.gateway = gantry_net::default_subnets(rig.net.vpc())[1].nth(1).unwrap();
    other.mac = gantry_net::mac_for(other.address);
    let b = rig.net.attach(other).await.unwrap();
    mirror(&b, 8080);
    assert_eq!(ask_from(&a, (b.address, 8080).into(), WAIT).unwrap(), a.address);
    // The host reaches a sandbox, and a sandbox the host by its gateway.
    assert_eq!(ask((b.address, 8080).into(), WAIT).unwrap(), b.gateway);
    let host = std::net::TcpListener::bind((a.gateway, 0)).unwrap();
    let port = host.local_addr().unwrap().port();
    crate::support::serve_mirror(host);
    rig.net.allow_host_port(port).await.unwrap();
    assert_eq!(ask_from(&a, (a.gateway, port).into(), WAIT).unwrap(), a.address);
    // Inside: own loopback, low ports for everybody, no IPv6 on the link.
    let settings = inside(&a.netns, || {
        let v6 = std::fs::read_to_string("/proc/sys/net/ipv6/conf/eth0/disable_ipv6").unwrap_or("1".to_owned());
        let low = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
        (v6.trim().to_owned(), low.trim().to_owned())
    });
    assert_eq!(settings, ("1".to_owned(), "0".to_owned()));
    finish(rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_open_inside_the_sandbox() {
    if !able("sockets_open_inside_the_sandbox") {
        return;
    }
    let rig = rig(1, |_| {}).await;
    let at = rig.net.attach(request(&rig.net, "s", 1)).await.unwrap();
    let metadata = SocketAddr::from((Ipv4Addr::new(169, 254, 170, 2), 80));
    let listener = rig.net.listen_tcp("s", (metadata.ip(), ports::METADATA).into()).await.unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"10.0.0.1").await.unwrap();
    });
    let netns = at.netns.clone();
    let got = tokio::task::spawn_blocking(move || inside(&netns, move || ask(metadata, WAIT))).await.unwrap();
    assert_eq!(got.unwrap(), Ipv4Addr::new(10, 0, 0, 1));
    server.await.unwrap();
    let resolver = SocketAddr::from((gantry_net::DNS_ADDRESS, ports::DNS));
    let udp = rig.net.bind_udp("s", resolver).await.unwrap();
    assert_eq!(udp.local_addr().unwrap().port(), ports::DNS);
    // The address is there only inside.
    assert!(std::net::UdpSocket::bind(resolver).is_err());
    let taken = rig.net.bind_udp("s", resolver).await;
    assert!(matches!(taken, Err(Error::Socket { .. })), "{taken:?}");
    let unknown = rig.net.bind_udp("nobody", "127.0.0.1:0".parse().unwrap()).await;
    assert!(matches!(unknown, Err(Error::NotAttached(_))));
    // The runtime's threads are all still in the host's namespace.
    let home = std::fs::read_link("/proc/self/ns/net").unwrap();
    for task in std::fs::read_dir("/proc/self/task").unwrap().flatten() {
        let name = std::fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        if name.starts_with("tokio") {
            assert_eq!(std::fs::read_link(task.path().join("ns/net")).unwrap(), home);
        }
    }
    // Something else on the wire does not hang a reader.
    let mut stream = tokio::net::TcpStream::connect((at.address, 9)).await.err();
    assert!(stream.take().is_some());
    let _ = tokio::io::empty().read(&mut [0; 1]).await;
    finish(rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_can_be_used_again_at_once() {
    if !able("an_address_can_be_used_again_at_once") {
        return;
    }
    let rig = rig(2, |_| {}).await;
    let watcher = rig.net.attach(request(&rig.net, "watcher", 1)).await.unwrap();
    for round in 0..8u8 {
        let mut wish = request(&rig.net, &format!("r{round}"), 2);
        // The same MAC again while the last link may be there still, and another one: the worst
        // case for whoever remembers the last.
        wish.mac[5] = round / 2;
        let at = rig.net.attach(wish).await.unwrap();
        mirror(&at, 80);
        let started = Instant::now();
        assert_eq!(ask((at.address, 80).into(), WAIT).unwrap(), at.gateway);
        assert_eq!(ask_from(&watcher, (at.address, 80).into(), WAIT).unwrap(), watcher.address);
        assert!(started.elapsed() < Duration::from_millis(900), "{:?}", started.elapsed());
        rig.net.detach(&at.sandbox_id).await.unwrap();
        assert!(!at.netns.exists());
    }
    finish(rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_and_repeated_requests() {
    if !able("wrong_and_repeated_requests") {
        return;
    }
    let rig = rig(1, |_| {}).await;
    let wish = request(&rig.net, "x", 1);
    let at = rig.net.attach(wish.clone()).await.unwrap();
    assert_eq!(rig.net.attach(wish.clone()).await.unwrap(), at);
    let moved = request(&rig.net, "x", 2);
    assert!(matches!(rig.net.attach(moved).await, Err(Error::AlreadyAttached(_))));
    let same_address = request(&rig.net, "y", 1);
    assert!(matches!(rig.net.attach(same_address).await, Err(Error::AddressInUse { .. })));
    assert!(matches!(rig.net.detach("../../etc").await, Err(Error::SandboxId(_))));
    rig.net.detach("never-attached").await.unwrap();
    // A second user of the same state is turned away; a second instance id on it too.
    assert!(matches!(Network::open(rig.config.clone()).await, Err(Error::InUse(_))));
    // Attach and detach of one sandbox at the same moment end detached, or attached whole.
    let net = Arc::new(rig);
    for _ in 0..5 {
        let (one, two) = (net.clone(), net.clone());
        let wish = request(&net.net, "race", 5);
        let attach = tokio::spawn(async move { one.net.attach(wish).await });
        let detach = tokio::spawn(async move { two.net.detach("race").await });
        let at = attach.await.unwrap().unwrap();
        detach.await.unwrap().unwrap();
        assert_eq!(at.netns.exists(), net.net.recover().iter().any(|a| a.sandbox_id == "race"));
        net.net.detach("race").await.unwrap();
    }
    finish(Arc::into_inner(net).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once() {
    if !able("fifty_at_once") {
        return;
    }
    for pool in [0, 60] {
        let rig = rig(pool, |_| {}).await;
        let until = Instant::now() + Duration::from_secs(20);
        while rig.net.ready() < pool && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let rig = Arc::new(rig);
        let started = Instant::now();
        let tasks: Vec<_> = (0..50)
            .map(|n| {
                let rig = rig.clone();
                tokio::spawn(async move {
                    let wish = request(&rig.net, &format!("t{n}"), n + 1);
                    let begun = Instant::now();
                    rig.net.attach(wish).await.unwrap();
                    begun.elapsed()
                })
            })
            .collect();
        let mut times = Vec::new();
        for task in tasks {
            times.push(task.await.unwrap());
        }
        times.sort();
        eprintln!(
            "50 attaches at once, {pool} ready: median {:?}, max {:?}, all {:?}",
            times[25],
            times[49],
            started.elapsed()
        );
        assert_eq!(rig.net.recover().len(), 50);
        let one = Instant::now();
        rig.net.detach("t0").await.unwrap();
        eprintln!("one detach: {:?}", one.elapsed());
        let one = Instant::now();
        rig.net.attach(request(&rig.net, "lone", 70)).await.unwrap();
        eprintln!("one attach, {} ready: {:?}", rig.net.ready(), one.elapsed());
        let churn = Instant::now();
        for round in 0..20 {
            rig.net.detach("lone").await.unwrap();
            rig.net.attach(request(&rig.net, "lone", 70 + round % 2)).await.unwrap();
        }
        eprintln!("20 times detached and attached again: {:?}", churn.elapsed());
        // The links go by themselves.
        let links = || traces(&rig.config.instance_id, rig.dir.path());
        let links = || links().iter().filter(|t| t.starts_with("link g") && !t.starts_with("link gt")).count();
        let until = Instant::now() + WAIT;
        while (rig.net.ready() < pool || links() > 50 + pool) && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(links(), 50 + pool);
        let down = Instant::now();
        finish(Arc::into_inner(rig).unwrap()).await;
        eprintln!("destroy of 50: {:?}", down.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn destroy_is_final_and_leaves_nothing() {
    if !able("destroy_is_final_and_leaves_nothing") {
        return;
    }
    let rig = rig(3, |_| {}).await;
    rig.net.attach(request(&rig.net, "a", 1)).await.unwrap();
    assert!(!traces(&rig.config.instance_id, rig.dir.path()).is_empty());
    rig.net.destroy().await.unwrap();
    assert!(matches!(rig.net.attach(request(&rig.net, "b", 2)).await, Err(Error::Closed)));
    finish(rig).await;
}
