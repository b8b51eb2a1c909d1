//! The resolver inside a sandbox, with a fake one outside.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gantry_net::dns::{Answer, DnsServer, Kind, Names, Record, RecordData, Upstreams, VpcNames};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Rig, WAIT, able, finish, inside, request, rig};

const SERVER: &str = "169.254.169.253:53";

struct TestNames(VpcNames);

impl Names for TestNames {
    fn lookup(&self, name: &str, kind: Kind) -> Answer {
        match name {
            "db.task.internal" => {
                let data = RecordData::A(Ipv4Addr::new(172, 31, 0, 9));
                Answer::Records(vec![Record { ttl_secs: 5, data }])
            }
            "many.internal" => Answer::Records(
                (0..200).map(|n| Record { ttl_secs: 5, data: RecordData::A(Ipv4Addr::new(10, 0, 0, n)) }).collect(),
            ),
            "gone.internal" => Answer::NoSuchName,
            _ => self.0.lookup(name, kind),
        }
    }
}

/// A question for `name`, type A.
fn question(name: &str) -> Vec<u8> {
    let mut out = vec![0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        out.push(label.len() as u8);
        out.extend(label.bytes());
    }
    out.extend([0, 0, 1, 0, 1]);
    out
}

/// Answers everything with 192.0.2.7; over UDP, `cut.example` is cut.
async fn fake_upstream() -> SocketAddr {
    let tcp = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = tcp.local_addr().unwrap();
    let udp = tokio::net::UdpSocket::bind(at).await.unwrap();
    let reply = |question: &[u8], cut: bool| {
        let mut out = question.to_vec();
        out[2] = 0x81 | if cut { 2 } else { 0 };
        out[3] = 0x80;
        if !cut {
            out[7] = 1;
            out.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 7]);
        }
        out
    };
    tokio::spawn(async move {
        let mut buffer = [0; 2000];
        while let Ok((n, client)) = udp.recv_from(&mut buffer).await {
            let cut = buffer[..n].windows(4).any(|w| w == b"\x03cut");
            // A forged answer first: it must be passed over.
            let mut forged = reply(&buffer[..n], false);
            forged[0] ^= 1;
            let _ = udp.send_to(&forged, client).await;
            let _ = udp.send_to(&reply(&buffer[..n], cut), client).await;
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let length = stream.read_u16().await.unwrap();
            let mut message = vec![0; usize::from(length)];
            stream.read_exact(&mut message).await.unwrap();
            let out = reply(&message, false);
            stream.write_u16(out.len() as u16).await.unwrap();
            stream.write_all(&out).await.unwrap();
        }
    });
    at
}

async fn serve(rig: &Rig, upstreams: Vec<SocketAddr>) -> DnsServer {
    let at = SocketAddr::from((gantry_net::DNS_ADDRESS, gantry_net::ports::DNS));
    let udp = rig.net.bind_udp("s", at).await.unwrap();
    let tcp = rig.net.listen_tcp("s", at).await.unwrap();
    let names = TestNames(VpcNames { vpc: rig.net.vpc(), region: "us-east-1".to_owned() });
    DnsServer::serve(udp, tcp, Arc::new(names), Arc::new(Upstreams::fixed(upstreams)))
}

fn exchange(netns: &std::path::Path, message: Vec<u8>) -> std::io::Result<Vec<u8>> {
    inside(netns, move || {
        let socket = UdpSocket::bind("0.0.0.0:0")?;
        socket.set_read_timeout(Some(Duration::from_secs(1)))?;
        let mut buffer = vec![0; 65536];
        // A datagram may get lost on a busy machine: every resolver asks again.
        let mut got = Err(std::io::ErrorKind::NotConnected.into());
        for _ in 0..8 {
            socket.send_to(&message, SERVER)?;
            got = socket.recv_from(&mut buffer).map(|(n, from)| {
                // Resolvers pass over an answer that does not come from where they asked.
                assert_eq!(from, SERVER.parse().unwrap());
                n
            });
            if got.is_ok() {
                break;
            }
        }
        buffer.truncate(got?);
        Ok(buffer)
    })
}

fn exchange_tcp(netns: &std::path::Path, message: Vec<u8>) -> std::io::Result<Vec<u8>> {
    use std::io::{Read, Write};
    inside(netns, move || {
        let mut stream = std::net::TcpStream::connect(SERVER)?;
        stream.set_read_timeout(Some(WAIT))?;
        stream.write_all(&(message.len() as u16).to_be_bytes())?;
        stream.write_all(&message)?;
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut out = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut out)?;
        Ok(out)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_its_names_and_forwards_the_rest() {
    if !able("answers_its_names_and_forwards_the_rest") {
        return;
    }
    let rig = rig(1, |_| {}).await;
    let at = rig.net.attach(request(&rig.net, "s", 1)).await.unwrap();
    let upstream = fake_upstream().await;
    // The first resolver is not there: the second is asked.
    let server = serve(&rig, vec!["127.0.0.1:9".parse().unwrap(), upstream]).await;
    let ns = at.netns.clone();
    tokio::task::spawn_blocking(move || {
        let last4 = |m: &[u8]| <[u8; 4]>::try_from(&m[m.len() - 4..]).unwrap();
        let own = exchange(&ns, question("DB.task.internal")).unwrap();
        assert_eq!((own[3] & 15, own[7], last4(&own)), (0, 1, [172, 31, 0, 9]));
        let host = gantry_net::private_dns_name(at.address, "us-east-1");
        assert_eq!(last4(&exchange(&ns, question(&host)).unwrap()), at.address.octets());
        assert_eq!(exchange(&ns, question("gone.internal")).unwrap()[3] & 15, 3);
        assert_eq!(last4(&exchange(&ns, question("localhost")).unwrap()), [127, 0, 0, 1]);
        let many = exchange(&ns, question("many.internal")).unwrap();
        assert!(many.len() <= 512 && many[2] & 2 != 0);
        assert_eq!(exchange_tcp(&ns, question("many.internal")).unwrap()[7], 64);
        assert_eq!(last4(&exchange(&ns, question("www.example")).unwrap()), [192, 0, 2, 7]);
        assert_eq!(exchange(&ns, question("cut.example")).unwrap()[2] & 2, 2);
        assert_eq!(last4(&exchange_tcp(&ns, question("cut.example")).unwrap()), [192, 0, 2, 7]);
        // Broken questions are refused, noise is ignored, and the server goes on.
        assert_eq!(exchange(&ns, vec![1, 2, 1, 0, 0, 9, 0, 0, 0, 0, 0, 0]).unwrap()[3] & 15, 1);
        inside(&ns, || {
            let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
            for n in 0..500usize {
                let noise: Vec<u8> = (0..n % 70).map(|i| (i * 37 + n * 101) as u8).collect();
                socket.send_to(&noise, SERVER).unwrap();
            }
        });
        assert_eq!(last4(&exchange(&ns, question("db.task.internal")).unwrap()), [172, 31, 0, 9]);
    })
    .await
    .unwrap();
    drop(server);
    finish(rig).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_resolvers_it_says_so_at_once() {
    if !able("without_resolvers_it_says_so_at_once") {
        return;
    }
    let rig = rig(1, |_| {}).await;
    let at = rig.net.attach(request(&rig.net, "s", 1)).await.unwrap();
    let _server = serve(&rig, vec![]).await;
    let begun = Instant::now();
    let netns = at.netns.clone();
    let reply = tokio::task::spawn_blocking(move || exchange(&netns, question("www.example"))).await.unwrap();
    assert_eq!(reply.unwrap()[3] & 15, 2);
    assert!(begun.elapsed() < Duration::from_secs(1));
    finish(rig).await;
}
