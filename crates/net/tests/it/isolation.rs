//! Who may talk to whom: masquerading, instances side by side, spoofed senders, metadata.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::support::{WAIT, able, ask, ask_from, finish, inside, mirror, request, rig, serve_mirror};

const REFUSED_WAIT: Duration = Duration::from_millis(400);

#[tokio::test(flavor = "multi_thread")]
async fn traffic_that_leaves_is_masqueraded_and_instances_keep_apart() {
    if !able("traffic_that_leaves_is_masqueraded_and_instances_keep_apart") {
        return;
    }
    // The other instance plays the world outside: another network, reached through the host.
    let inner = rig(1, |_| {}).await;
    let outer = rig(1, |c| c.routed_ingress = true).await;
    assert!(!inner.net.vpc().overlaps(outer.net.vpc()));
    let a = inner.net.attach(request(&inner.net, "a", 1)).await.unwrap();
    let out = outer.net.attach(request(&outer.net, "out", 1)).await.unwrap();
    mirror(&a, 80);
    mirror(&out, 80);
    let seen = ask_from(&a, (out.address, 80).into(), WAIT).unwrap();
    assert_eq!(seen, out.gateway, "the outside must see the host, not {}", a.address);
    // Nobody outside opens a connection to a sandbox.
    let refused = ask_from(&out, (a.address, 80).into(), REFUSED_WAIT).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::TimedOut, "{refused}");
    finish(inner).await;
    // The other one goes on.
    assert_eq!(ask_from(&out, (out.address, 80).into(), WAIT).unwrap(), out.address);
    finish(outer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_cannot_send_as_another() {
    if !able("a_sandbox_cannot_send_as_another") {
        return;
    }
    let rig = rig(2, |_| {}).await;
    let thief = rig.net.attach(request(&rig.net, "thief", 1)).await.unwrap();
    let victim = rig.net.attach(request(&rig.net, "victim", 2)).await.unwrap();
    let judge = rig.net.attach(request(&rig.net, "judge", 3)).await.unwrap();
    let (from, to) = (thief.address, judge.address);
    let receiver = inside(&judge.netns, move || UdpSocket::bind((to, 0)).unwrap());
    receiver.set_read_timeout(Some(REFUSED_WAIT)).unwrap();
    let to = receiver.local_addr().unwrap();
    let send = move |source: Ipv4Addr| {
        inside(&thief.netns.clone(), move || {
            // A raw IPv4 packet carries whatever source its sender writes.
            let socket = nix::sys::socket::socket(
                nix::sys::socket::AddressFamily::Inet,
                nix::sys::socket::SockType::Raw,
                nix::sys::socket::SockFlag::empty(),
                nix::sys::socket::SockProtocol::Raw,
            )
            .unwrap();
            let packet = udp_packet(source, to);
            let SocketAddr::V4(to) = to else { unreachable!("an IPv4 socket") };
            let target = nix::sys::socket::SockaddrIn::from(to);
            let fd = std::os::fd::AsRawFd::as_raw_fd(&socket);
            nix::sys::socket::sendto(fd, &packet, &target, nix::sys::socket::MsgFlags::empty()).unwrap();
        });
    };
    let mut buffer = [0; 16];
    send(from);
    assert_eq!(receiver.recv_from(&mut buffer).unwrap().1.ip(), from);
    send(victim.address);
    send(Ipv4Addr::new(8, 8, 8, 8));
    let nothing = receiver.recv_from(&mut buffer);
    assert!(nothing.is_err(), "a spoofed packet came through: {nothing:?}");
    finish(rig).await;
}

fn udp_packet(source: Ipv4Addr, to: SocketAddr) -> Vec<u8> {
    let SocketAddr::V4(to) = to else { unreachable!("an IPv4 socket") };
    let mut packet = vec![0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0];
    packet.extend_from_slice(&source.octets());
    packet.extend_from_slice(&to.ip().octets());
    packet.extend_from_slice(&4000u16.to_be_bytes());
    packet.extend_from_slice(&to.port().to_be_bytes());
    packet.extend_from_slice(&[0, 12, 0, 0]);
    packet.extend_from_slice(b"boo!");
    packet
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_answers_only_at_ports_that_were_allowed() {
    if !able("the_host_answers_only_at_ports_that_were_allowed") {
        return;
    }
    let rig = rig(1, |_| {}).await;
    let at = rig.net.attach(request(&rig.net, "a", 1)).await.unwrap();
    // A service of the host's for whoever comes, as most are; the API is another one.
    let service = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let api = std::net::TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let (closed, open) = (service.local_addr().unwrap().port(), api.local_addr().unwrap().port());
    serve_mirror(service);
    serve_mirror(api);
    rig.net.allow_host_port(open).await.unwrap();
    let elsewhere = gantry_net::default_subnets(rig.net.vpc())[1].nth(1).unwrap();
    for host in [at.gateway, elsewhere] {
        assert_eq!(ask_from(&at, (host, open).into(), WAIT).unwrap(), at.address);
        let refused = ask_from(&at, (host, closed).into(), REFUSED_WAIT).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::TimedOut, "{host}: {refused}");
    }
    // The host itself can connect to a sandbox, and is answered.
    mirror(&at, 80);
    assert_eq!(ask((at.address, 80).into(), WAIT).unwrap(), at.gateway);
    finish(rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn link_local_services_of_the_host_are_refused_at_once() {
    if !able("link_local_services_of_the_host_are_refused_at_once") {
        return;
    }
    let rig = rig(1, |_| {}).await;
    let at = rig.net.attach(request(&rig.net, "a", 1)).await.unwrap();
    let begun = Instant::now();
    let refused = ask_from(&at, "169.254.169.254:80".parse().unwrap(), WAIT).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::HostUnreachable, "{refused}");
    assert!(begun.elapsed() < Duration::from_secs(1));
    finish(rig).await;
}
