//! The server is killed in the middle of work and started again.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use gantry_net::{Error, METADATA_ADDRESS, NetConfig, Network, ports};

use crate::support::{Rig, WAIT, able, ask, ask_from, finish, instance, mirror, request, serve_mirror};

const CHILD: &str = "GANTRY_NET_CRASH_CHILD";

/// Not a test by itself: what the child process of the next test does.
#[tokio::test(flavor = "multi_thread")]
async fn crash_child() {
    let Ok(arg) = std::env::var(CHILD) else { return };
    let (id, state) = arg.split_once(' ').unwrap();
    let mut config = NetConfig::new(id, state);
    config.pool_size = 4;
    let net = Network::open(config).await.unwrap();
    println!("opened");
    for n in 1.. {
        net.attach(request(&net, &format!("c{n}"), n)).await.unwrap();
        println!("attached c{n}");
        if n % 3 == 0 {
            net.detach(&format!("c{n}")).await.unwrap();
            println!("detached c{n}");
        }
        if n >= 60 {
            break;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sandboxes_outlive_a_killed_server() {
    if !able("sandboxes_outlive_a_killed_server") {
        return;
    }
    for kill_after in [1usize, 7, 12] {
        let dir = tempfile::tempdir().unwrap();
        let config = NetConfig { pool_size: 4, ..NetConfig::new(instance(), dir.path().join("net")) };
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::crash_child", "--nocapture"])
            .env(CHILD, format!("{} {}", config.instance_id, config.state.display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acked: std::collections::BTreeSet<String> = Default::default();
        let mut seen = 0;
        while seen < kill_after {
            let line = lines.next().unwrap().unwrap();
            if let Some(id) = line.strip_prefix("attached ") {
                acked.insert(id.to_owned());
                seen += 1;
            } else if let Some(id) = line.strip_prefix("detached ") {
                acked.remove(id);
                seen += 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What it said before it died counts too.
        for line in lines.map_while(Result::ok) {
            if let Some(id) = line.strip_prefix("attached ") {
                acked.insert(id.to_owned());
            } else if let Some(id) = line.strip_prefix("detached ") {
                acked.remove(id);
            }
        }

        let started = std::time::Instant::now();
        let net = Network::open(config.clone()).await.unwrap();
        eprintln!("killed after {kill_after}: {} sandboxes, opened again in {:?}", acked.len(), started.elapsed());
        let found = net.recover();
        for id in &acked {
            // A detach that was under way may be through without having been told.
            let at = found.iter().find(|a| &a.sandbox_id == id);
            if at.is_none() {
                assert_eq!(id.trim_start_matches('c').parse::<u32>().unwrap() % 3, 0, "{id} is lost");
            }
        }
        for at in &found {
            mirror(at, 80);
            assert_eq!(ask((at.address, 80).into(), WAIT).unwrap(), at.gateway, "{}", at.sandbox_id);
        }
        // Endpoints open again, in namespaces that had them and in one that was only ready.
        let fresh = net.attach(request(&net, "fresh", 90)).await.unwrap();
        for at in found.iter().chain([&fresh]) {
            let listener = net.listen_tcp(&at.sandbox_id, (METADATA_ADDRESS, ports::METADATA).into()).await.unwrap();
            serve_mirror(listener.into_std().and_then(|l| l.set_nonblocking(false).map(|()| l)).unwrap());
            assert_eq!(ask_from(at, (METADATA_ADDRESS, 80).into(), WAIT).unwrap(), METADATA_ADDRESS);
        }
        net.detach("fresh").await.unwrap();
        if let Some(kept) = found.first() {
            let mut changed = config.clone();
            changed.vpc_cidr = Some("10.77.0.0/16".parse().unwrap());
            drop(net);
            assert!(matches!(Network::open(changed).await, Err(Error::CidrChanged { .. })));
            let again = Network::open(config.clone()).await.unwrap();
            assert_eq!(again.recover().first(), Some(kept));
            finish(Rig { net: again, config, dir }).await;
        } else {
            finish(Rig { net, config, dir }).await;
        }
    }
}
